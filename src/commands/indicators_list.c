/* indicators list: what there is, from the indicators' own table. */
#include "commands/commands-private.h"
#include "commands/data-private.h"
#include "commands/indicators-private.h"
#include "commands/param-private.h"
#include "reports/reports.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME_LIMIT 60

static const char about[] =
    "Lists the indicators: what each reads, its outputs, and its parameters with their defaults.\n"
    "docs/INDICATORS.md says which parameters give which tool's numbers.\n"
    "\n"
    "Examples:\n"
    "  quantbot indicators list\n"
    "  quantbot indicators list rsi\n"
    "  quantbot indicators list --json\n";

static const struct {
    unsigned bit;
    const char *name;
} inputs[] = {
    {QB_INPUT_TIME, "ts"},       {QB_INPUT_OPEN, "open"},   {QB_INPUT_HIGH, "high"},
    {QB_INPUT_LOW, "low"},       {QB_INPUT_CLOSE, "close"}, {QB_INPUT_VOLUME, "volume"},
    {QB_INPUT_SECOND, "second"},
};

const qb_indicator *indicators_find(const char *name, GError **error)
{
    g_autofree char *plain = g_ascii_strdown(name, -1);
    g_strdelimit(plain, "-% ", '_');
    const qb_indicator *found = qb_indicator_find(plain), *nearest = NULL;
    guint best = (guint)MIN(strlen(plain), NAME_LIMIT) / 2 + 1;
    for (gsize i = 0; found == NULL && strlen(plain) < NAME_LIMIT && i < qb_indicator_count();
         i++) {
        const guint away = command_distance(plain, qb_indicator_at(i)->name);
        if (away < best) {
            best = away;
            nearest = qb_indicator_at(i);
        }
    }
    if (found != NULL)
        return found;
    g_autofree char *quoted = failure_quote(name, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "no indicator %s (%s%s%s)", quoted,
                nearest != NULL ? "did you mean " : "quantbot indicators list names them",
                nearest != NULL ? nearest->name : "", nearest != NULL ? "?" : "");
    return NULL;
}

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *indicator_json(const qb_indicator *indicator)
{
    json_t *reads = json_array(), *outputs = json_array(), *params = json_array();
    for (gsize i = 0; i < G_N_ELEMENTS(inputs); i++)
        if (indicator->inputs & inputs[i].bit)
            json_array_append_new(reads, json_string(inputs[i].name));
    for (gsize i = 0; indicator->outputs[i] != NULL; i++)
        json_array_append_new(outputs, json_string(indicator->outputs[i]));
    for (gsize i = 0; i < indicator->param_count; i++)
        json_array_append_new(params, param_json(&indicator->params[i]));
    return json_pack("{s:s, s:s, s:o, s:o, s:o}", "name", indicator->name, "summary",
                     indicator->summary, "inputs", reads, "outputs", outputs, "params", params);
}

/* ---- words --------------------------------------------------------------------------------- */

/* Caller frees. */
static char *reads_text(const qb_indicator *indicator)
{
    GString *text = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(inputs); i++)
        if (indicator->inputs & inputs[i].bit)
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", inputs[i].name);
    return g_string_free(text, FALSE);
}

/* "period=14 seed=sma". Caller frees. */
static char *params_text(const qb_indicator *indicator)
{
    GString *text = g_string_new(NULL);
    for (gsize i = 0; i < indicator->param_count; i++) {
        const qb_param *param = &indicator->params[i];
        char value[64];
        g_string_append_printf(text, "%s%s=%s", i > 0 ? " " : "", param->name,
                               qb_param_to_text(param, param->standard, value, sizeof value));
    }
    return g_string_free(text, FALSE);
}

static void print_list(void)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "indicator", REPORT_LEFT, 0);
    report_table_column(table, "what it is", REPORT_LEFT, 0);
    report_table_column(table, "parameters", REPORT_LEFT, 1);
    report_table_column(table, "reads", REPORT_LEFT, 2);
    for (gsize i = 0; i < qb_indicator_count(); i++) {
        const qb_indicator *indicator = qb_indicator_at(i);
        g_autofree char *params = params_text(indicator), *reads = reads_text(indicator);
        const char *const cells[] = {indicator->name, indicator->summary, params, reads};
        report_table_row(table, cells);
        report_table_tone(table, 0, REPORT_STRONG);
    }
    report_table_print(table, &style, stdout);
}

static void print_one(const qb_indicator *indicator)
{
    g_autofree char *reads = reads_text(indicator);
    g_autofree char *outputs = g_strjoinv(" ", (char **)indicator->outputs);
    printf("%s: %s\n\n  reads    %s\n  outputs  %s\n", indicator->name, indicator->summary, reads,
           outputs);
    for (gsize i = 0; i < indicator->param_count; i++) {
        const qb_param *param = &indicator->params[i];
        char value[64];
        g_autofree char *range = param_range_text(param);
        printf("\n  %s=%s  (%s)\n      %s\n", param->name,
               qb_param_to_text(param, param->standard, value, sizeof value), range, param->help);
    }
}

static void print_json(const qb_indicator *one)
{
    json_auto_t *root = one != NULL ? indicator_json(one) : json_array();
    for (gsize i = 0; one == NULL && i < qb_indicator_count(); i++)
        json_array_append_new(root, indicator_json(qb_indicator_at(i)));
    data_print_json(root);
}

int command_indicators_list(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    int exit_code = 0;
    GError *error = NULL;
    if (!command_options(&argc, &argv, "[NAME]", about, entries, &exit_code))
        return exit_code;
    if (argc > 2)
        return command_usage("indicators list", "unexpected \"%s\"", argv[2]);
    const qb_indicator *one = argc == 2 ? indicators_find(argv[1], &error) : NULL;
    if (error != NULL)
        return command_fail(error);
    if (json)
        print_json(one);
    else if (one != NULL)
        print_one(one);
    else
        print_list();
    return 0;
}
