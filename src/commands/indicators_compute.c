/* indicators compute: one indicator over the bars of a file. */
#include "commands/commands-private.h"
#include "commands/indicators-private.h"
#include "commands/param-private.h"
#include "reports/reports.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char about[] =
    "Computes an indicator over the rows of a CSV file (plain or gzip, with a header line) and\n"
    "prints CSV: the stamps as they are in the file, then one column per output, blank where it\n"
    "is not defined. Rows are taken in the file's order, oldest first. A blank volume is unknown;\n"
    "any other blank is an error.\n"
    "\n"
    "Columns are found by name (ts or date, open, high, low, close, volume, in any case), or as\n"
    "--columns says. An indicator of one series reads the close, or what --price says: median is\n"
    "(high + low) / 2, typical (high + low + close) / 3, average that of all four.\n"
    "\n"
    "Examples:\n"
    "  quantbot indicators compute rsi --input AAPL.csv\n"
    "  quantbot indicators compute macd --param fast=8 --param seed=first --input AAPL.csv --json\n"
    "  quantbot indicators compute bollinger --price typical --input AAPL.csv\n"
    "  quantbot indicators compute beta --input AAPL.csv --second SPY.csv\n";

typedef struct flags {
    char **params;
    char *input, *second, *columns, *price;
    gboolean json;
} flags;

static void flags_clear(flags *self)
{
    g_strfreev(self->params);
    g_free(self->input);
    g_free(self->second);
    g_free(self->columns);
    g_free(self->price);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(flags, flags_clear)

/* An indicator, its parameters and what came out. */
typedef struct result {
    const qb_indicator *indicator;
    double params[QB_PARAM_LIMIT];
    indicator_columns columns;
    gsize outputs;
    double *out[QB_OUTPUT_LIMIT];
} result;

static void result_clear(result *self)
{
    indicator_columns_clear(&self->columns);
    for (gsize i = 0; i < G_N_ELEMENTS(self->out); i++)
        g_free(self->out[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(result, result_clear)

/* ---- parameters ---------------------------------------------------------------------------- */

static gboolean read_params(const flags *flags, result *out, GError **error)
{
    const qb_indicator *indicator = out->indicator;
    gsize bad = 0;
    const gsize count = flags->params != NULL ? g_strv_length(flags->params) : 0;
    const char *problem = qb_params_parse(indicator->params, indicator->param_count,
                                          (const char *const *)flags->params, count, out->params,
                                          &bad);
    const gboolean each = problem == NULL;
    if (each && indicator->check != NULL)
        problem = indicator->check(out->params);
    if (problem == NULL)
        return TRUE;
    if (each) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "--param: %s", problem);
        return FALSE;
    }
    g_autofree char *text = failure_quote(flags->params[bad], -1);
    for (gsize i = 0; i < indicator->param_count; i++) {
        const qb_param *param = &indicator->params[i];
        const gsize length = strlen(param->name);
        if (strncmp(flags->params[bad], param->name, length) != 0 ||
            flags->params[bad][length] != '=')
            continue;
        g_autofree char *range = param_range_text(param);
        g_set_error(error, FAILURE, FAILURE_USAGE, "--param %s: %s (expected %s)", text, problem,
                    range);
        return FALSE;
    }
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "--param %s: %s (quantbot indicators list %s shows them)", text, problem,
                indicator->name);
    return FALSE;
}

/* ---- the run ------------------------------------------------------------------------------- */

static gboolean compute(const char *name, const flags *flags, result *out, GError **error)
{
    const indicator_source source = {.path = flags->input,
                                     .second = flags->second,
                                     .map = flags->columns,
                                     .price = flags->price};
    out->indicator = indicators_find(name, error);
    if (out->indicator == NULL || !read_params(flags, out, error) ||
        !indicator_columns_read(&source, out->indicator, &out->columns, error))
        return FALSE;
    const qb_indicator *indicator = out->indicator;
    g_autofree double *room = g_new(double,
                                    indicator->room != NULL ? indicator->room(out->params) : 1);
    out->outputs = qb_indicator_outputs(indicator);
    for (gsize i = 0; i < out->outputs; i++)
        out->out[i] = g_new(double, MAX(out->columns.in.count, 1));
    qb_indicator_compute(indicator, &out->columns.in, out->params, room, out->out);
    return TRUE;
}

/* ---- output -------------------------------------------------------------------------------- */

/* A stamp of the file, quoted where it must be. */
static void print_stamp(const char *text)
{
    if (strpbrk(text, ",\"\n\r") == NULL) {
        fputs(text, stdout);
        return;
    }
    g_auto(GStrv) parts = g_strsplit(text, "\"", -1);
    g_autofree char *doubled = g_strjoinv("\"\"", parts);
    printf("\"%s\"", doubled);
}

static void print_csv(const result *result)
{
    char number[32];
    fputs("ts", stdout);
    for (gsize k = 0; k < result->outputs; k++)
        printf(",%s", result->indicator->outputs[k]);
    putchar('\n');
    for (gsize i = 0; i < result->columns.in.count; i++) {
        print_stamp(g_ptr_array_index(result->columns.stamps, i));
        for (gsize k = 0; k < result->outputs; k++) {
            const double value = result->out[k][i];
            printf(",%s", isfinite(value) ? report_json_number(value, number) : "");
        }
        putchar('\n');
    }
}

static void print_json_column(const double *values, gsize count)
{
    char number[32];
    for (gsize i = 0; i < count; i++)
        printf("%s%s", i > 0 ? ", " : "", report_json_number(values[i], number));
}

static void print_json(const result *result)
{
    const qb_indicator *indicator = result->indicator;
    json_auto_t *params = json_object(), *stamps = json_array();
    for (gsize i = 0; i < indicator->param_count; i++)
        json_object_set_new(params, indicator->params[i].name,
                            param_value_json(&indicator->params[i], result->params[i]));
    for (gsize i = 0; i < result->columns.in.count; i++)
        json_array_append_new(stamps, json_string(g_ptr_array_index(result->columns.stamps, i)));
    g_autofree char *params_text = json_dumps(params, JSON_REAL_PRECISION(15));
    g_autofree char *stamps_text = json_dumps(stamps, 0);
    printf("{\"indicator\": \"%s\", \"params\": %s, \"warmup\": %" G_GSIZE_FORMAT
           ",\n \"ts\": %s,\n \"outputs\": {",
           indicator->name, params_text, indicator->warmup(result->params), stamps_text);
    for (gsize k = 0; k < result->outputs; k++) {
        printf("%s\n  \"%s\": [", k > 0 ? "," : "", indicator->outputs[k]);
        print_json_column(result->out[k], result->columns.in.count);
        fputs("]", stdout);
    }
    puts("}}");
}

int command_indicators_compute(int argc, char **argv)
{
    g_auto(flags) flags = {0};
    g_auto(result) result = {0};
    const GOptionEntry entries[] = {
        {"param", 0, 0, G_OPTION_ARG_STRING_ARRAY, &flags.params, "A parameter; may be repeated",
         "NAME=VALUE"},
        {"input", 0, 0, G_OPTION_ARG_FILENAME, &flags.input, "The bars", "FILE.csv"},
        {"second", 0, 0, G_OPTION_ARG_FILENAME, &flags.second,
         "A second series with the same stamps, for correlation and beta", "FILE.csv"},
        {"columns", 0, 0, G_OPTION_ARG_STRING, &flags.columns,
         "Names of columns that are not called so", "close=Last,..."},
        {"price", 0, 0, G_OPTION_ARG_STRING, &flags.price, "What stands in for the close",
         "typical"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &flags.json, "Print JSON", NULL},
        {NULL},
    };
    int exit_code = 0;
    GError *error = NULL;
    if (!command_options(&argc, &argv, "NAME", about, entries, &exit_code))
        return exit_code;
    if (argc != 2)
        return command_usage("indicators compute", "give one indicator");
    if (flags.input == NULL)
        return command_usage("indicators compute", "--input FILE.csv is missing");
    if (!compute(argv[1], &flags, &result, &error))
        return command_fail(error);
    if (flags.json)
        print_json(&result);
    else
        print_csv(&result);
    return 0;
}
