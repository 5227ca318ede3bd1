#include "commands/log-private.h"
#include "commands/run-private.h"
#include "platform/clock.h"
#include "strategies/strategies.h"

#include <string.h>

static const char about[] =
    "Runs a strategy over bars of the cache, with the engine that also trades on paper, and logs\n"
    "the run. Each run is shown beside buy-and-hold with the same cash and costs.\n"
    "\n"
    "Examples:\n"
    "  quantbot backtest --symbols AAPL --strategy sma_cross --param fast=20 --param slow=100\n"
    "  quantbot backtest --symbols btc,eth --cash 25000 --fee-bps 25 --start 2021-01-01\n"
    "  quantbot backtest --symbols AAPL --size 10% --risk standard --risk drawdown=15%\n"
    "  quantbot backtest --config examples/sma_cross.ini --chart out.png\n"
    "  quantbot backtest --symbols AAPL --trades --by exit,year --monthly --drawdowns\n"
    "  quantbot backtest --symbols AAPL --metrics-as quantstats\n";

typedef struct backtest_flags {
    char **params, **risks;
    char *config, *chart, *beside, *metrics_as;
    sheet_wish wish;
    gboolean json, no_log, no_check, fill_band;
} backtest_flags;

/* ---- flags --------------------------------------------------------------------------------- */

/* One option per run key, then our own. */
static GOptionEntry *option_entries(backtest_flags *flags, run_slot *slots)
{
    const GOptionEntry own[] = {
        {"param", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &flags->params,
         "A parameter of the strategy; may be repeated", "NAME=VALUE"},
        {"risk", 0, 0, G_OPTION_ARG_STRING_ARRAY, &flags->risks,
         "standard, off or NAME=VALUE of quantbot risk list; may be repeated", "RULE"},
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &flags->config, "A run file; flags go over it",
         "FILE"},
        {"beside", 0, 0, G_OPTION_ARG_STRING, &flags->beside,
         "The strategy to compare with (default: buy_and_hold)", "NAME|none"},
        {"chart", 0, 0, G_OPTION_ARG_FILENAME, &flags->chart, "Write equity and drawdown as PNG",
         "FILE"},
        METRICS_AS_ENTRY(&flags->metrics_as),
        {"fill-band", 0, 0, G_OPTION_ARG_NONE, &flags->fill_band,
         "Also run the pessimistic and the optimistic fill model: each figure as an interval",
         NULL},
        {"no-check", 0, 0, G_OPTION_ARG_NONE, &flags->no_check,
         "Do not make the run's beginning again to see whether it decides the same", NULL},
        {"no-log", 0, 0, G_OPTION_ARG_NONE, &flags->no_log, "Do not store the run", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &flags->json, "Results as JSON", NULL},
        {NULL},
    };
    const gsize count = run_keys_count();
    GOptionEntry *entries = g_new0(GOptionEntry, count + SHEET_ENTRIES + G_N_ELEMENTS(own));
    run_slots_entries(slots, entries);
    sheet_wish_entries(&flags->wish, entries + count);
    memcpy(entries + count + SHEET_ENTRIES, own, sizeof own);
    return entries;
}

static void flags_clear(backtest_flags *flags)
{
    g_strfreev(flags->params);
    g_strfreev(flags->risks);
    g_free(flags->config);
    g_free(flags->chart);
    g_free(flags->beside);
    g_free(flags->metrics_as);
    sheet_wish_clear(&flags->wish);
}

static run_texts *read_texts(const backtest_flags *flags, const run_slot *slots, GError **error)
{
    g_autoptr(run_texts) texts = run_texts_new();
    run_texts_set_slots(texts, slots);
    for (char **param = flags->params; param != NULL && *param != NULL; param++)
        run_texts_set_param(texts, *param, "--param");
    for (char **risk = flags->risks; risk != NULL && *risk != NULL; risk++)
        run_texts_set_risk(texts, *risk, "--risk");
    if (flags->config != NULL && !run_texts_read_file(texts, flags->config, error))
        return NULL;
    return g_steal_pointer(&texts);
}

/* ---- the command --------------------------------------------------------------------------- */

static gboolean find_beside(const backtest_flags *flags, const run_plan *plan,
                            run_plan **out_beside, GError **error)
{
    const char *name = flags->beside != NULL ? flags->beside : "buy_and_hold";
    *out_beside = NULL;
    if (strcmp(name, "none") == 0 || (flags->beside == NULL && strcmp(name, plan->name) == 0))
        return TRUE;
    const qb_strategy *strategy = strategies_find(name);
    if (strategy == NULL) {
        g_autofree char *quoted = failure_quote(name, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--beside: %s is no strategy (expected a name of quantbot strategy list)",
                    quoted);
        return FALSE;
    }
    *out_beside = run_plan_beside(plan, strategy);
    return TRUE;
}

static gboolean backtest(const backtest_flags *flags, const run_slot *slots,
                         const settings *settings, GError **error)
{
    qb_dialect dialect = QB_DIALECT_COUNT;
    if (flags->metrics_as != NULL && !metrics_as_parse(flags->metrics_as, &dialect, error))
        return FALSE;
    const gint64 began_us = clock_now_us();
    g_autoptr(run_texts) texts = read_texts(flags, slots, error);
    if (texts == NULL)
        return FALSE;
    g_autoptr(market) market = market_open(settings, error);
    if (market == NULL)
        return FALSE;
    g_autoptr(run_plan) plan = run_plan_new(texts, market, error);
    g_autoptr(run_plan) beside_plan = NULL;
    /* A list looks at nothing; and the proof's own runs would lack the finer bars. */
    if (plan != NULL)
        plan->check = !flags->no_check && plan->orders == NULL && !plan->detailed;
    if (plan == NULL || !find_beside(flags, plan, &beside_plan, error))
        return FALSE;
    g_autoptr(run_bars) bars = run_bars_load(plan, market->cache, error);
    if (bars == NULL)
        return FALSE;
    g_autoptr(runlog) log = flags->no_log ? NULL : log_open_or_refuge(settings, error);
    if (log == NULL && !flags->no_log)
        return FALSE;
    g_autoptr(run_result) result = run_execute(plan, bars, log, error);
    if (result == NULL)
        return FALSE;
    g_autoptr(run_band) band = NULL;
    if (flags->fill_band && (band = run_band_new(plan, bars, result, error)) == NULL)
        return FALSE;
    g_autoptr(run_result) beside = NULL;
    if (beside_plan != NULL) {
        /* Before the run that was asked for, which stays the last one. */
        beside_plan->started_us = began_us;
        beside = run_execute(beside_plan, bars, log, error);
        if (beside == NULL)
            return FALSE;
    }
    if (flags->chart != NULL &&
        !run_report_chart(plan, result, beside_plan, beside, flags->chart, error))
        return FALSE;
    if (log != NULL)
        log_warn_of_refuge(log);
    metrics_as figures;
    const metrics_as *as = flags->metrics_as != NULL ? &figures : NULL;
    const qb_kpi_input input = run_result_input(plan, result);
    if (as != NULL &&
        !metrics_as_of_run(dialect, &input, plan->fill_at != QB_FILL_NEXT_OPEN, &figures, error))
        return FALSE;
    if (flags->json)
        run_report_json(plan, bars, result, beside_plan, beside, as, band, &flags->wish);
    else
        run_report_print(plan, bars, result, beside_plan, beside, as, band, &flags->wish,
                         log != NULL ? runlog_path(log) : settings_runlog_path(settings));
    if (flags->chart != NULL && !flags->json)
        printf("Chart     %s\n", flags->chart);
    return TRUE;
}

int command_backtest(int argc, char **argv)
{
    backtest_flags flags = {0};
    g_autofree run_slot *slots = g_new0(run_slot, run_keys_count());
    g_autofree GOptionEntry *entries = option_entries(&flags, slots);
    int exit_code = 0;
    if (command_options(&argc, &argv, NULL, about, entries, &exit_code)) {
        GError *error = NULL;
        g_autoptr(settings) settings = NULL;
        if (argc > 1)
            exit_code = command_usage("backtest", "unexpected \"%s\"", argv[1]);
        else if (sheet_wish_check(&flags.wish, "backtest", &exit_code) &&
                 (settings = command_settings(&exit_code)) != NULL &&
                 !backtest(&flags, slots, settings, &error))
            exit_code = command_fail(error);
    }
    run_slots_clear(slots);
    flags_clear(&flags);
    return exit_code;
}
