/* strategy check: does a strategy decide by what it could know, and by nothing else? */
#include "commands/commands-private.h"
#include "commands/run-private.h"
#include "platform/clock.h"
#include "reports/reports.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char about[] =
    "Runs a strategy again and again on bars that an honest one must not notice to have been\n"
    "changed, or must follow: repeated, cut short, with another future, one bar late, on other\n"
    "dates, at twice the price, and after 1, 2 and 4 times its warm-up. Says for each check\n"
    "whether it passed, and where not: the first bar, instrument and value. It also looks at the\n"
    "bars: are they adjusted with knowledge of later events, over, and stamped as they should be?\n"
    "docs/STRATEGIES.md says what each check can prove. Nothing is logged.\n"
    "\n"
    "Exit 0: no check failed. 1: one did, or none could be judged.\n"
    "\n"
    "Examples:\n"
    "  quantbot strategy check sma_cross --symbols AAPL\n"
    "  quantbot strategy check ./my_idea.c --symbols AAPL,MSFT --param period=50 --cuts all\n"
    "  quantbot strategy check ./my_idea.c --config run.ini --allow levels --json\n";

#define CUTS_MAX 1000000u

/* Of the bars themselves, in the order in which they are shown after the strategy's. */
enum { DATA_ADJUSTED, DATA_UNFINISHED, DATA_STAMPS, DATA_COUNT };
static const struct {
    const char *name, *meaning;
} data_texts[DATA_COUNT] = {
    [DATA_ADJUSTED] = {"adjusted", "prices are not adjusted for what came later"},
    [DATA_UNFINISHED] = {"unfinished", "the last bars are over"},
    [DATA_STAMPS] = {"stamps", "bars are known when their sessions say so"},
};

#define CHECK_COUNT ((guint)QB_CHECK_COUNT + DATA_COUNT)

typedef struct check_flags {
    char **params, **risks;
    char *config, *cuts, *allow;
    gboolean json;
} check_flags;

typedef struct check_row {
    const char *name, *meaning;
    qb_finding finding;
    gboolean allowed; /* by --allow: a failure does not count */
} check_row;

/* ---- the bars -------------------------------------------------------------------------------- */

static void fail_bar(check_row *row, guint32 instrument, gint64 at_us, const char *why)
{
    if (row->finding.verdict == QB_VERDICT_FAILED)
        return;
    row->finding = (qb_finding){
        .verdict = QB_VERDICT_FAILED,
        .why = why,
        .located = TRUE,
        .instrument = instrument,
        .at_us = at_us,
        .wanted = NAN,
        .got = NAN,
    };
}

/* Up to any bar, an adjusted series is the raw one times a number that the future has chosen. Who
 * decides by the level of prices decides by that number. */
static void check_adjusted(const run_bars *bars, gboolean by_level, check_row *row)
{
    for (guint32 i = 0; i < bars->count; i++) {
        const cache_adjustment adjustment = bars->entries[i].adjustment;
        if (adjustment == CACHE_FULL)
            fail_bar(row, i, bars->series[i].ts_us[0],
                     "prices are adjusted for later dividends and splits");
        else if (adjustment == CACHE_SPLIT && by_level)
            fail_bar(row, i, bars->series[i].ts_us[0],
                     "prices are adjusted for later splits, and it decides by their level");
        else if (adjustment == CACHE_SPLIT && row->finding.why == NULL)
            row->finding.why = "they are for later splits, but it does not decide by their level";
    }
}

static void check_unfinished(const run_plan *plan, const run_bars *bars, check_row *row)
{
    const gint64 now_us = clock_now_us();
    for (guint32 i = 0; i < plan->count; i++) {
        const qb_instrument *about_it = &plan->instruments[i];
        const qb_series *series = &bars->series[i];
        qb_bar_time when;
        if (qb_bar_times(about_it->calendar, about_it->interval, series->ts_us[series->count - 1],
                         &when) &&
            when.known_us > now_us)
            fail_bar(row, i, series->ts_us[series->count - 1],
                     "its last bar is not over yet: what it holds now is not what it will hold");
    }
}

/* Stamps that are hours off their sessions make bars known too early. */
static gboolean check_stamps(const run_plan *plan, const run_bars *bars, check_row *row,
                             GError **error)
{
    for (guint32 i = 0; i < plan->count; i++) {
        const qb_instrument *about_it = &plan->instruments[i];
        qb_defect first[QB_DEFECT_KIND_COUNT];
        qb_defects defects = {.items = first, .capacity = G_N_ELEMENTS(first), .per_kind = 1};
        const qb_status status = qb_suspect(&bars->series[i], about_it->calendar,
                                            about_it->interval, TRUE, &defects);
        if (status != QB_OK)
            return failure_from_status(error, status, plan->symbols[i]);
        for (gsize k = 0; k < defects.stored; k++)
            if (first[k].kind == QB_DEFECT_ZONE_SHIFT)
                fail_bar(row, i, first[k].ts_us,
                         "stamps are whole hours off the session: bars are known at a wrong time");
    }
    return TRUE;
}

/* ---- the checks ------------------------------------------------------------------------------ */

static gboolean parse_allow(const char *text, check_row rows[], GError **error)
{
    g_auto(GStrv) names = g_strsplit(text != NULL ? text : "", ",", -1);
    for (char **name = names; *name != NULL; name++) {
        gboolean found = **name == '\0';
        for (guint i = 0; i < CHECK_COUNT; i++)
            if (strcmp(rows[i].name, *name) == 0)
                found = rows[i].allowed = TRUE;
        if (found)
            continue;
        g_autofree char *quoted = failure_quote(*name, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--allow: %s is no check (quantbot strategy check shows their names)", quoted);
        return FALSE;
    }
    return TRUE;
}

static gboolean parse_cuts(const char *text, guint32 *out, GError **error)
{
    guint64 count = 0;
    if (text == NULL)
        return TRUE;
    if (strcmp(text, "all") == 0) {
        *out = 0;
        return TRUE;
    }
    if (g_ascii_string_to_unsigned(text, 10, 1, CUTS_MAX, &count, NULL)) {
        *out = (guint32)count;
        return TRUE;
    }
    g_autofree char *quoted = failure_quote(text, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "--cuts: %s is not valid (expected all, or 1 to %u)",
                quoted, CUTS_MAX);
    return FALSE;
}

static void name_rows(check_row rows[])
{
    for (guint i = 0; i < QB_CHECK_COUNT; i++) {
        rows[i].name = qb_check_text((qb_check)i);
        rows[i].meaning = qb_check_meaning((qb_check)i);
    }
    for (guint i = 0; i < DATA_COUNT; i++) {
        rows[QB_CHECK_COUNT + i].name = data_texts[i].name;
        rows[QB_CHECK_COUNT + i].meaning = data_texts[i].meaning;
    }
}

static gboolean run_checks(const run_plan *plan, const run_bars *bars, guint32 cuts,
                           check_row rows[], GError **error)
{
    qb_honesty_limits limits = QB_HONESTY_LIMITS;
    qb_finding findings[QB_CHECK_COUNT];
    const qb_engine_config config = run_plan_config(plan, bars);
    limits.cuts = cuts;
    const qb_status status = qb_honesty_check(&config, bars->series, &limits, findings);
    if (status != QB_OK)
        return failure_from_status(error, status, plan->strategy->name);
    for (guint i = 0; i < QB_CHECK_COUNT; i++)
        rows[i].finding = findings[i];
    check_adjusted(bars, findings[QB_CHECK_LEVELS].verdict != QB_VERDICT_PASSED,
                   &rows[QB_CHECK_COUNT + DATA_ADJUSTED]);
    check_unfinished(plan, bars, &rows[QB_CHECK_COUNT + DATA_UNFINISHED]);
    return check_stamps(plan, bars, &rows[QB_CHECK_COUNT + DATA_STAMPS], error);
}

static gboolean has_failed(const check_row *row)
{
    return row->finding.verdict == QB_VERDICT_FAILED && !row->allowed;
}

/* The strategy's own checks decide: bars alone prove nothing of it. */
static gboolean is_honest(const check_row rows[])
{
    gboolean judged = FALSE;
    for (guint i = 0; i < CHECK_COUNT; i++) {
        if (has_failed(&rows[i]))
            return FALSE;
        judged |= i < QB_CHECK_COUNT && rows[i].finding.verdict != QB_VERDICT_UNDECIDED;
    }
    return judged;
}

/* ---- showing --------------------------------------------------------------------------------- */

static const char *verdict_text(const check_row *row)
{
    return row->finding.verdict == QB_VERDICT_FAILED && row->allowed
               ? "allowed"
               : qb_verdict_text(row->finding.verdict);
}

static char *what_text(const run_plan *plan, const check_row *row)
{
    const qb_finding *finding = &row->finding;
    char time[QB_TIME_TEXT];
    if (finding->verdict == QB_VERDICT_PASSED && finding->why == NULL)
        return g_strdup(row->meaning);
    if (!finding->located)
        return g_strdup(finding->why);
    g_autofree char *place = isnan(finding->wanted) && isnan(finding->got)
                                 ? g_strdup_printf("%s, %s", plan->symbols[finding->instrument],
                                                   qb_time_to_text(finding->at_us, time))
                                 : run_check_place(plan, finding);
    return g_strdup_printf("%s. %s", finding->why, place);
}

static void print_rows(const run_plan *plan, const check_row rows[])
{
    const report_style style = report_style_of(STDOUT_FILENO);
    guint failed = 0;
    for (guint i = 0; i < CHECK_COUNT; i++) {
        g_autofree char *what = what_text(plan, &rows[i]);
        g_autofree char *lead = g_strdup_printf("%-11s %-10s ", rows[i].name,
                                                verdict_text(&rows[i]));
        command_print_wrapped(lead, what, style.width);
        failed += has_failed(&rows[i]);
    }
    if (is_honest(rows))
        printf("\n%s: no check failed.\n", plan->strategy->name);
    else if (failed > 0)
        printf("\n%s: %u of %u checks failed.\n", plan->strategy->name, failed, CHECK_COUNT);
    else
        printf("\n%s: nothing could be judged.\n", plan->strategy->name);
}

static json_t *row_json(const run_plan *plan, const check_row *row)
{
    json_t *object = run_check_json(plan, &row->finding);
    json_object_set_new(object, "check", json_string(row->name));
    json_object_set_new(object, "verdict", json_string(verdict_text(row)));
    return object;
}

static void print_json(const run_plan *plan, const check_row rows[])
{
    json_t *checks = json_array();
    for (guint i = 0; i < CHECK_COUNT; i++)
        json_array_append_new(checks, row_json(plan, &rows[i]));
    json_t *root = json_pack("{s:s, s:b, s:o}", "strategy", plan->strategy->name, "honest",
                             is_honest(rows), "checks", checks);
    g_autofree char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    puts(text);
    json_decref(root);
}

/* ---- the command ----------------------------------------------------------------------------- */

static GOptionEntry *option_entries(check_flags *flags, run_slot *slots)
{
    const GOptionEntry own[] = {
        {"param", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &flags->params,
         "A parameter of the strategy; may be repeated", "NAME=VALUE"},
        {"risk", 0, 0, G_OPTION_ARG_STRING_ARRAY, &flags->risks,
         "As for a backtest; the checks leave risk rules out", "RULE"},
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &flags->config, "A run file; flags go over it",
         "FILE"},
        {"cuts", 0, 0, G_OPTION_ARG_STRING, &flags->cuts,
         "Where to cut the bars short: at each change of mind, or at so many (default: 100)",
         "all|N"},
        {"allow", 0, 0, G_OPTION_ARG_STRING, &flags->allow,
         "Checks that may fail: a rule in absolute prices fails levels quite honestly",
         "CHECK,..."},
        {"json", 0, 0, G_OPTION_ARG_NONE, &flags->json, "As JSON", NULL},
        {NULL},
    };
    const gsize count = run_keys_count();
    GOptionEntry *entries = g_new0(GOptionEntry, count + G_N_ELEMENTS(own));
    run_slots_entries(slots, entries);
    memcpy(entries + count, own, sizeof own);
    return entries;
}

static void flags_clear(check_flags *flags)
{
    g_strfreev(flags->params);
    g_strfreev(flags->risks);
    g_free(flags->config);
    g_free(flags->cuts);
    g_free(flags->allow);
}

static run_texts *read_texts(const check_flags *flags, const run_slot *slots, const char *strategy,
                             GError **error)
{
    g_autoptr(run_texts) texts = run_texts_new();
    run_texts_set_slots(texts, slots);
    run_texts_set(texts, "strategy", strategy, "the strategy");
    for (char **param = flags->params; param != NULL && *param != NULL; param++)
        run_texts_set_param(texts, *param, "--param");
    for (char **risk = flags->risks; risk != NULL && *risk != NULL; risk++)
        run_texts_set_risk(texts, *risk, "--risk");
    if (flags->config != NULL && !run_texts_read_file(texts, flags->config, error))
        return NULL;
    return g_steal_pointer(&texts);
}

static gboolean check_strategy(const check_flags *flags, const run_slot *slots,
                               const char *strategy, const settings *settings, gboolean *out_honest,
                               GError **error)
{
    check_row rows[CHECK_COUNT] = {0};
    guint32 cuts = QB_HONESTY_LIMITS.cuts;
    name_rows(rows);
    if (!parse_allow(flags->allow, rows, error) || !parse_cuts(flags->cuts, &cuts, error))
        return FALSE;
    g_autoptr(run_texts) texts = read_texts(flags, slots, strategy, error);
    g_autoptr(market) market = texts != NULL ? market_open(settings, error) : NULL;
    g_autoptr(run_plan) plan = market != NULL ? run_plan_new(texts, market, error) : NULL;
    g_autoptr(run_bars) bars = plan != NULL ? run_bars_load(plan, market->cache, error) : NULL;
    if (bars == NULL || !run_checks(plan, bars, cuts, rows, error))
        return FALSE;
    *out_honest = is_honest(rows);
    if (flags->json)
        print_json(plan, rows);
    else
        print_rows(plan, rows);
    return TRUE;
}

int command_strategy_check(int argc, char **argv)
{
    check_flags flags = {0};
    g_autofree run_slot *slots = g_new0(run_slot, run_keys_count());
    g_autofree GOptionEntry *entries = option_entries(&flags, slots);
    int exit_code = 0;
    if (command_options(&argc, &argv, "NAME|FILE", about, entries, &exit_code)) {
        GError *error = NULL;
        gboolean honest = FALSE;
        g_autoptr(settings) settings = NULL;
        if (argc != 2)
            exit_code = command_usage(argv[0], "give one strategy");
        else if ((settings = command_settings(&exit_code)) != NULL) {
            if (!check_strategy(&flags, slots, argv[1], settings, &honest, &error))
                exit_code = command_fail(error);
            else
                exit_code = honest ? 0 : FAILURE_NO;
        }
    }
    run_slots_clear(slots);
    flags_clear(&flags);
    return exit_code;
}
