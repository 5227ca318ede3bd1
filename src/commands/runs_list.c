#include "commands/log-private.h"

#include <string.h>
#include <unistd.h>

static const char about[] =
    "Shows the logged runs, newest first. Times are UTC. As many first characters of\n"
    "an id as fit no other run name it elsewhere.\n"
    "\n"
    "Examples:\n"
    "  quantbot runs list\n"
    "  quantbot runs list --mode backtest --limit 5\n"
    "  quantbot runs list --json\n";

#define LIMIT_DEFAULT 20
#define LIMIT_MAXIMUM 1000000

static char *ratio_text(const qb_kpis *kpis, const char *key)
{
    const qb_kpi_info *info = log_kpi_named(key);
    return report_ratio_text(info, qb_kpi_of(kpis, info));
}

/* In a narrow window the day must do, and mode and trades stay out. */
#define WIDE 100

static void add_run(report_table *table, const runlog_summary *run, int id_width, gboolean wide)
{
    qb_kpis kpis;
    json_auto_t *json = log_json_object(run->kpis);
    log_kpis_read(json, &kpis);
    g_autofree char *id = g_strndup(run->id, (gsize)id_width);
    g_autofree char *started = log_time_text(run->started_us);
    if (!wide && strlen(started) > 10)
        started[10] = '\0';
    g_autofree char *strategy = log_strategy_text(run);
    g_autofree char *universe = log_universe_text(run);
    g_autofree char *trades = log_count_text(run->trades);
    g_autofree char *gain = ratio_text(&kpis, "total_return");
    g_autofree char *sharpe = ratio_text(&kpis, "sharpe");
    g_autofree char *drawdown = ratio_text(&kpis, "max_drawdown");
    const char *const cells[] = {id,     started,  strategy,  universe, gain,
                                 sharpe, drawdown, run->mode, trades};
    report_table_row(table, cells);
    report_table_tone(table, 0, REPORT_STRONG);
    if (kpis.total_return.undefined == NULL)
        report_table_tone(table, 4, kpis.total_return.value < 0 ? REPORT_BAD : REPORT_GOOD);
}

static void print_table(const GPtrArray *runs)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    const gboolean wide = style.width >= WIDE;
    const int id_width = log_id_width(runs);
    g_autoptr(report_table) table = report_table_new(NULL);
    log_id_column(table, id_width);
    report_table_column(table, "started", REPORT_LEFT, 1);
    report_table_column(table, "strategy", REPORT_LEFT, 0);
    report_table_column(table, "universe", REPORT_LEFT, 0);
    report_table_column(table, "return", REPORT_RIGHT, 0);
    report_table_column(table, "Sharpe", REPORT_RIGHT, 0);
    report_table_column(table, "drawdown", REPORT_RIGHT, 2);
    if (wide) {
        report_table_column(table, "mode", REPORT_LEFT, 4);
        report_table_column(table, "trades", REPORT_RIGHT, 3);
    }
    for (guint i = 0; i < runs->len; i++)
        add_run(table, runs->pdata[i], id_width, wide);
    report_table_print(table, &style, stdout);
}

static void print_json(const GPtrArray *runs, const char *path)
{
    g_autoptr(GString) text = g_string_new("{");
    log_put_text(text, "path", path);
    g_string_append(text, ",\"runs\":[");
    for (guint i = 0; i < runs->len; i++) {
        g_string_append(text, i > 0 ? ",{" : "{");
        log_put_run(text, runs->pdata[i]);
        g_string_append_c(text, '}');
    }
    printf("%s]}\n", text->str);
}

static gboolean known_mode(const char *mode)
{
    static const char *const modes[] = {"backtest", "replay", "paper", NULL};
    return g_strv_contains(modes, mode);
}

int command_runs_list(int argc, char **argv)
{
    g_autofree char *mode = NULL;
    gboolean json = FALSE;
    int limit = LIMIT_DEFAULT, exit_code = 0;
    GError *error = NULL;
    const GOptionEntry entries[] = {
        {"mode", 0, 0, G_OPTION_ARG_STRING, &mode, "Only backtest, replay or paper", "MODE"},
        {"limit", 0, 0, G_OPTION_ARG_INT, &limit, "The newest N runs (default: 20)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("runs list", "unexpected argument %s", argv[1]);
    if (limit < 1 || limit > LIMIT_MAXIMUM)
        return command_usage("runs list", "--limit: %d (expected 1 to %d)", limit, LIMIT_MAXIMUM);
    if (mode != NULL && !known_mode(mode)) {
        g_autofree char *quoted = failure_quote(mode, -1);
        return command_usage("runs list", "--mode: %s (expected backtest, replay or paper)",
                             quoted);
    }
    g_autoptr(runlog) log = log_open_readonly(&exit_code);
    if (log == NULL)
        return exit_code;
    g_autoptr(GPtrArray) runs = runlog_list(log, mode, (guint)limit, &error);
    if (runs == NULL)
        return command_fail(error);
    if (json)
        print_json(runs, runlog_path(log));
    else if (runs->len == 0)
        printf("No such run is logged yet; quantbot backtest --help shows how.\n");
    else
        print_table(runs);
    return 0;
}
