/* strategy list and strategy show: what there is to run, from the strategies' own tables. */
#include "commands/commands-private.h"
#include "commands/param-private.h"
#include "commands/strategy-private.h"
#include "reports/reports.h"
#include "strategies/strategies.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

static const char about_list[] =
    "Lists the strategies that are built in, and those in files that are named.\n"
    "\n"
    "Examples:\n"
    "  quantbot strategy list\n"
    "  quantbot strategy list ./my_idea.c ./other.so\n"
    "  quantbot strategy list --json\n";

static const char about_show[] =
    "Shows a strategy's parameters: default, range, the step that sweeps walk by, and what each\n"
    "is for.\n"
    "\n"
    "Examples:\n"
    "  quantbot strategy show sma_cross\n"
    "  quantbot strategy show ./my_idea.c\n"
    "  quantbot strategy show sma_cross --json\n";

/* ---- JSON ---------------------------------------------------------------------------------- */

static json_t *strategy_json(const qb_strategy *strategy)
{
    json_t *params = json_array();
    for (size_t i = 0; i < strategy->param_count; i++)
        json_array_append_new(params, param_json(&strategy->params[i]));
    return json_pack("{s:s, s:s, s:o}", "name", strategy->name, "summary", strategy->summary,
                     "params", params);
}

static void print_json(json_t *root)
{
    g_autofree char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    puts(text);
    json_decref(root);
}

/* ---- tables -------------------------------------------------------------------------------- */

static void print_list(const GPtrArray *strategies)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "strategy", REPORT_LEFT, 0);
    report_table_column(table, "what it does", REPORT_LEFT, 0);
    for (guint i = 0; i < strategies->len; i++) {
        const qb_strategy *strategy = g_ptr_array_index(strategies, i);
        const char *const cells[] = {strategy->name, strategy->summary};
        report_table_row(table, cells);
        report_table_tone(table, 0, REPORT_STRONG);
    }
    report_table_print(table, &style, stdout);
}

static void print_params(const qb_strategy *strategy)
{
    printf("%s: %s\n", strategy->name, strategy->summary);
    if (strategy->param_count == 0)
        puts("It has no parameters.");
    for (size_t i = 0; i < strategy->param_count; i++) {
        const qb_param *param = &strategy->params[i];
        char standard[64];
        g_autofree char *range = param_range_text(param);
        printf("\n  %s=%s  (%s)\n      %s\n", param->name,
               qb_param_to_text(param, param->standard, standard, sizeof standard), range,
               param->help);
    }
}

/* ---- commands ------------------------------------------------------------------------------ */

/* The built-in ones, then those of the files. NULL with the failure. */
static GPtrArray *collect(char **files, const char *data_dir, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    for (const qb_strategy *const *at = strategies_builtin; *at != NULL; at++)
        g_ptr_array_add(all, (gpointer)*at);
    for (; *files != NULL; files++) {
        g_autoptr(loaded_strategy) loaded = strategy_load(*files, data_dir, error);
        if (loaded == NULL)
            return NULL;
        g_ptr_array_add(all, (gpointer)loaded->strategy);
    }
    return g_steal_pointer(&all);
}

int command_strategy_list(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "As JSON", NULL},
        {NULL},
    };
    int exit_code = 0;
    if (!command_options(&argc, &argv, "[FILE ...]", about_list, entries, &exit_code))
        return exit_code;
    for (int i = 1; i < argc; i++)
        if (!loader_is_file(argv[i]))
            return command_usage(argv[0], "unexpected \"%s\"", argv[i]);
    GError *error = NULL;
    g_autoptr(settings) settings = argc > 1 ? command_settings(&exit_code) : NULL;
    if (argc > 1 && settings == NULL)
        return exit_code;
    g_autoptr(GPtrArray) strategies =
        collect(argv + 1, settings != NULL ? settings_data_dir(settings) : NULL, &error);
    if (strategies == NULL)
        return command_fail(error);
    if (!json) {
        print_list(strategies);
        return 0;
    }
    json_t *root = json_array();
    for (guint i = 0; i < strategies->len; i++)
        json_array_append_new(root, strategy_json(g_ptr_array_index(strategies, i)));
    print_json(root);
    return 0;
}

int command_strategy_show(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "As JSON", NULL},
        {NULL},
    };
    int exit_code = 0;
    if (!command_options(&argc, &argv, "NAME|FILE", about_show, entries, &exit_code))
        return exit_code;
    if (argc != 2)
        return command_usage(argv[0], "give one strategy");
    GError *error = NULL;
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    g_autoptr(loaded_strategy) loaded = NULL;
    const qb_strategy *strategy = strategy_find(argv[1], settings_data_dir(settings), &loaded,
                                                &error);
    if (strategy == NULL)
        return command_fail(error);
    if (json)
        print_json(strategy_json(strategy));
    else
        print_params(strategy);
    return 0;
}
