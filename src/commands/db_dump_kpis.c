#include "commands/log-private.h"

#include <string.h>
#include <unistd.h>

static const char about[] =
    "Prints the stored ratios of the newest runs, or of one run: as a table, as JSON,\n"
    "or as CSV for a spreadsheet. Empty cells are ratios undefined for a run.\n"
    "\n"
    "Examples:\n"
    "  quantbot db dump-kpis --limit 5\n"
    "  quantbot db dump-kpis --run last --json\n"
    "  quantbot db dump-kpis --csv > kpis.csv\n";

#define LIMIT_DEFAULT 20
#define LIMIT_MAXIMUM 1000000

/* ---- JSON and CSV --------------------------------------------------------------------------- */

static void print_json(const GPtrArray *runs)
{
    g_autoptr(GString) text = g_string_new("[");
    for (guint i = 0; i < runs->len; i++) {
        g_string_append(text, i > 0 ? ",{" : "{");
        log_put_run(text, runs->pdata[i]);
        g_string_append_c(text, '}');
    }
    printf("%s]\n", text->str);
}

/* Quoted where it must be; what a spreadsheet would take for a formula gets an apostrophe. */
static void put_cell(GString *line, const char *text)
{
    if (line->len > 0)
        g_string_append_c(line, ',');
    report_csv_field(line, text);
}

static void put_numbers(GString *line, const qb_kpis *kpis)
{
    for (gsize i = 0; i < qb_kpi_table_count; i++) {
        char number[32];
        const qb_ratio *ratio = qb_kpi_of(kpis, &qb_kpi_table[i]);
        g_string_append_printf(
            line, ",%s", ratio->undefined == NULL ? report_json_number(ratio->value, number) : "");
    }
}

static void print_csv(const GPtrArray *runs)
{
    g_autoptr(GString) line = g_string_new("id,started_at,mode,strategy,universe");
    for (gsize i = 0; i < qb_kpi_table_count; i++)
        g_string_append_printf(line, ",%s", qb_kpi_table[i].key);
    puts(line->str);
    for (guint i = 0; i < runs->len; i++) {
        const runlog_summary *run = runs->pdata[i];
        char started[QB_TIME_TEXT];
        qb_kpis kpis;
        json_auto_t *json = log_json_object(run->kpis);
        g_autofree char *strategy = log_strategy_text(run);
        log_kpis_read(json, &kpis);
        g_string_truncate(line, 0);
        put_cell(line, run->id);
        put_cell(line, qb_time_to_text(run->started_us, started));
        put_cell(line, run->mode != NULL ? run->mode : "");
        put_cell(line, strcmp(strategy, "-") != 0 ? strategy : "");
        put_cell(line, run->universe != NULL ? run->universe : "");
        put_numbers(line, &kpis);
        puts(line->str);
    }
}

/* ---- tables --------------------------------------------------------------------------------- */

/* The ratios of the table of several runs, and which leave first in a narrow window. */
static const struct {
    const char *key, *heading;
    int priority;
} shown[] = {
    {"total_return", "return", 0},     {"cagr", "CAGR", 2},
    {"sharpe", "Sharpe", 0},           {"sortino", "Sortino", 3},
    {"max_drawdown", "drawdown", 0},   {"calmar", "Calmar", 4},
    {"volatility", "volatility", 5},   {"win_rate", "win rate", 6},
    {"profit_factor", "profit f.", 7}, {"exposure", "exposure", 8},
};

/* What a window of this width has room for, so that names are not cut for the sake of figures. */
static int priority_limit(const report_style *style)
{
    return style->width < 100 ? 2 : style->width < 130 ? 5 : 9;
}

static void add_run(report_table *table, const runlog_summary *run, int id_width, int limit)
{
    qb_kpis kpis;
    json_auto_t *json = log_json_object(run->kpis);
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    log_kpis_read(json, &kpis);
    g_ptr_array_add(cells, g_strndup(run->id, (gsize)id_width));
    g_ptr_array_add(cells, log_strategy_text(run));
    g_ptr_array_add(cells, log_universe_text(run));
    for (gsize i = 0; i < G_N_ELEMENTS(shown); i++) {
        const qb_kpi_info *info = log_kpi_named(shown[i].key);
        if (shown[i].priority > limit)
            continue;
        g_ptr_array_add(cells, report_ratio_text(info, qb_kpi_of(&kpis, info)));
    }
    report_table_row(table, (const char *const *)cells->pdata);
}

static void print_table(const GPtrArray *runs, const report_style *style)
{
    const int id_width = log_id_width(runs), limit = priority_limit(style);
    g_autoptr(report_table) table = report_table_new(NULL);
    log_id_column(table, id_width);
    report_table_column(table, "strategy", REPORT_LEFT, 0);
    report_table_column(table, "universe", REPORT_LEFT, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(shown); i++)
        if (shown[i].priority <= limit)
            report_table_column(table, shown[i].heading, REPORT_RIGHT, shown[i].priority);
    for (guint i = 0; i < runs->len; i++)
        add_run(table, runs->pdata[i], id_width, limit);
    report_table_print(table, style, stdout);
}

static void print_one(const runlog_summary *run, const report_style *style)
{
    qb_kpis kpis;
    json_auto_t *json = log_json_object(run->kpis);
    g_autofree char *strategy = log_strategy_text(run);
    g_autofree char *universe = log_universe_text(run);
    if (json == NULL) {
        printf("Run %s has no ratios.\n", run->id);
        return;
    }
    log_kpis_read(json, &kpis);
    printf("Run  %s  %s\n\n", run->id, universe);
    const report_run column = {.name = strategy, .kpis = &kpis};
    report_kpis_print(&column, 1, style, stdout);
}

/* ---- command -------------------------------------------------------------------------------- */

static GPtrArray *choose(runlog *log, const char *id, int limit, GError **error)
{
    if (id == NULL)
        return runlog_list(log, NULL, (guint)limit, error);
    runlog_summary *run = runlog_find(log, id, error);
    if (run == NULL)
        return NULL;
    GPtrArray *runs = g_ptr_array_new_with_free_func((GDestroyNotify)runlog_summary_free);
    g_ptr_array_add(runs, run);
    return runs;
}

int command_db_dump_kpis(int argc, char **argv)
{
    g_autofree char *id = NULL;
    gboolean json = FALSE, csv = FALSE;
    int limit = LIMIT_DEFAULT, exit_code = 0;
    GError *error = NULL;
    const GOptionEntry entries[] = {
        {"run", 0, 0, G_OPTION_ARG_STRING, &id, "One run: its id, the first characters, or last",
         "ID"},
        {"limit", 0, 0, G_OPTION_ARG_INT, &limit, "The newest N runs (default: 20)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {"csv", 0, 0, G_OPTION_ARG_NONE, &csv, "Print CSV", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("db dump-kpis", "unexpected argument %s", argv[1]);
    if (json && csv)
        return command_usage("db dump-kpis", "--json and --csv exclude each other");
    if (limit < 1 || limit > LIMIT_MAXIMUM)
        return command_usage("db dump-kpis", "--limit: %d (expected 1 to %d)", limit,
                             LIMIT_MAXIMUM);
    g_autoptr(runlog) log = log_open_readonly(&exit_code);
    if (log == NULL)
        return exit_code;
    g_autoptr(GPtrArray) runs = choose(log, id, limit, &error);
    if (runs == NULL)
        return command_fail(error);
    const report_style style = report_style_of(STDOUT_FILENO);
    if (json)
        print_json(runs);
    else if (csv)
        print_csv(runs);
    else if (runs->len == 0)
        printf("No run is logged yet; quantbot backtest --help shows how.\n");
    else if (id != NULL)
        print_one(runs->pdata[0], &style);
    else
        print_table(runs, &style);
    return 0;
}
