/* The doctor's words: one sentence a symptom, with the trades concerned. */
#include "commands/log-private.h"
#include "commands/run-private.h"

#include <math.h>

static char *trade_text(const run_result *result, gsize index)
{
    char from[QB_TIME_TEXT], to[QB_TIME_TEXT];
    const runlog_trade *trade = &g_array_index(result->closed, runlog_trade, index);
    return g_strdup_printf("trade %" G_GSIZE_FORMAT " (%s, %s to %s)", index + 1, trade->symbol,
                           qb_date_to_text(qb_date_from_us(trade->entry_us), from),
                           qb_date_to_text(qb_date_from_us(trade->exit_us), to));
}

#define TRADES_NAMED 3u

/* ": trade 8 (AAPL, ...), trade 9 (...) and 4 more", or nothing. */
static char *trades_text(const run_result *result, const qb_symptom *symptom)
{
    GString *text = g_string_new(NULL);
    const gsize named = MIN(symptom->trades, TRADES_NAMED);
    for (gsize i = 0; i < named; i++) {
        g_autofree char *trade = trade_text(result, symptom->shown[i]);
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : ": ", trade);
    }
    if (symptom->trades > named)
        g_string_append_printf(text, " and %zu more", symptom->trades - named);
    return g_string_free(text, FALSE);
}

static char *few_trades(gsize count)
{
    if (count == 0)
        return g_strdup("no trade was closed: the result is that of what is held");
    return g_strdup_printf("%zu closed trade%s few: luck decides below %d", count,
                           count == 1 ? " is" : "s are", QB_DOCTOR_TRADES);
}

static char *most_of(const char *what, double share, const char *of)
{
    if (share >= 1)
        return g_strdup_printf("%s made %.0f %% of %s: without it there would be a loss", what,
                               100 * share, of);
    return g_strdup_printf("%s made %.0f %% of %s", what, 100 * share, of);
}

static char *costs(const qb_symptom *symptom, const run_result *result)
{
    g_autofree char *paid = report_money_text(run_result_costs(result));
    g_autofree char *earned = report_money_text(run_result_earned(result));
    if (symptom->value >= 1)
        return g_strdup_printf("the edge is below its cost: %s were earned before costs of %s",
                               earned, paid);
    return g_strdup_printf("costs took %s of the %s earned before them: costs %.1f times as high "
                           "would leave nothing",
                           paid, earned, 1 / symptom->value);
}

static char *month_text(const qb_symptom *symptom)
{
    return g_strdup_printf("%04d-%02d", (int)symptom->month.year, (int)symptom->month.month);
}

static char *fills_text(const qb_symptom *symptom, const run_result *result, const char *what)
{
    g_autofree char *trades = trades_text(result, symptom);
    return g_strdup_printf("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " fills %s%s",
                           symptom->fills, result->totals.fills, what, trades);
}

static char *large_fills(const run_plan *plan, const qb_symptom *symptom, const run_result *result)
{
    g_autofree char *what = g_strdup_printf(
        "took more than %.1f %% of their bar's volume, %s at most %.1f %%, and prices would have "
        "moved",
        100 * symptom->threshold, plan->symbols[symptom->instrument], 100 * symptom->value);
    return fills_text(symptom, result, what);
}

static char *flagged_bars(const qb_symptom *symptom, const run_result *result)
{
    g_autofree char *trades = trades_text(result, symptom);
    return g_strdup_printf("%zu trade%s held over repaired or synthetic bars%s", symptom->trades,
                           symptom->trades == 1 ? " was" : "s were", trades);
}

static char *interval_text(const qb_bootstrap *intervals, const char *verdict)
{
    char courses[16];
    g_autofree char *count = log_count_text((gint64)intervals->replicates);
    const char *what = intervals->sharpe.undefined;
    if (what != NULL)
        return g_strdup_printf("no interval of the ratios: %s", what);
    g_snprintf(courses, sizeof courses, "%.0f %%", 100 * intervals->level);
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text,
                           "resampled %s times in blocks of %.1f periods, %s of the courses have a "
                           "Sharpe ratio of %.2f to %.2f",
                           count, intervals->mean_block, courses, intervals->sharpe.low,
                           intervals->sharpe.high);
    if (intervals->cagr.undefined == NULL)
        g_string_append_printf(text, ", a CAGR of %.1f %% to %.1f %%", 100 * intervals->cagr.low,
                               100 * intervals->cagr.high);
    g_string_append_printf(text, " and a largest drawdown of %.1f %% to %.1f %%%s",
                           100 * intervals->max_drawdown.low, 100 * intervals->max_drawdown.high,
                           verdict);
    return g_steal_pointer(&text->str);
}

char *run_doctor_text(const run_plan *plan, const run_result *result, const qb_symptom *symptom)
{
    switch (symptom->kind) {
    case QB_SYMPTOM_FEW_TRADES:
        return few_trades(result->closed->len);
    case QB_SYMPTOM_ONE_TRADE: {
        g_autofree char *trade = trade_text(result, symptom->shown[0]);
        return most_of(trade, symptom->value, "the profit");
    }
    case QB_SYMPTOM_ONE_MONTH: {
        g_autofree char *month = month_text(symptom);
        return most_of(month, symptom->value, "the growth");
    }
    case QB_SYMPTOM_ONE_INSTRUMENT:
        return most_of(g_ptr_array_index(result->names, symptom->instrument), symptom->value,
                       "the profit");
    case QB_SYMPTOM_COSTS:
        return costs(symptom, result);
    case QB_SYMPTOM_LARGE_FILLS:
        return large_fills(plan, symptom, result);
    case QB_SYMPTOM_LATE_FILLS:
        return fills_text(symptom, result,
                          "came after expected bars were missing: their prices are stale");
    case QB_SYMPTOM_IDLE_FILLS:
        return fills_text(symptom, result, "stand on bars in which nothing traded");
    case QB_SYMPTOM_FLAGGED_BARS:
        return flagged_bars(symptom, result);
    case QB_SYMPTOM_NO_EDGE:
        return interval_text(&result->intervals, ": an edge is not told from none");
    case QB_SYMPTOM_COUNT:
        break;
    }
    g_assert_not_reached();
}

char *run_doctor_interval(const run_result *result)
{
    return interval_text(&result->intervals, "");
}
