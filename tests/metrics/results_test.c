/* Trades, months, drawdowns, resampling and the doctor: worked by hand, published by backtesting.py,
 * computed by pandas and by arch (the Python package of that name, 8.0.0). */
#include "core/metrics/doctor.h"
#include "published.h"
#include "vectors.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define DAY(year, month, day) qb_date_from_civil((qb_civil){year, month, day})

static void close_to(double got, double want, double relative, const char *what)
{
    if (fabs(got - want) > relative * fmax(1, fabs(want)))
        g_error("%s: %.17g (expected %.17g)", what, got, want);
}

static qb_closed_trade *published_closed(const char *run, size_t *out_count)
{
    g_autofree char *path = g_strdup_printf("data/expected/backtest_runs/%s_trades.csv", run);
    columns *table = columns_read(g_getenv("QUANTBOT_SHARED"), path);
    const size_t count = columns_rows(table);
    g_autofree double *profit = columns_numbers(table, "pnl");
    g_autofree double *fees = columns_numbers(table, "commission");
    g_autofree double *fraction = columns_numbers(table, "return_fraction");
    g_autofree double *size = columns_numbers(table, "size");
    g_autofree double *entry = columns_numbers(table, "entry_bar");
    g_autofree double *exit = columns_numbers(table, "exit_bar");
    g_autofree int64_t *entry_us = columns_times(table, "entry_ts");
    g_autofree int64_t *exit_us = columns_times(table, "exit_ts");
    qb_closed_trade *trades = g_new0(qb_closed_trade, count);
    for (size_t i = 0; i < count; i++)
        trades[i] = (qb_closed_trade){
            .is_short = size[i] < 0,
            .exit_date = qb_date_from_us(exit_us[i]),
            .entry_us = entry_us[i],
            .exit_us = exit_us[i],
            .profit = profit[i],
            .fees = fees[i],
            .return_fraction = fraction[i],
            .bars = (uint64_t)(exit[i] - entry[i]),
        };
    columns_free(table);
    *out_count = count;
    return trades;
}

static gboolean skips(void)
{
    const char *shared = g_getenv("QUANTBOT_SHARED");
    if (shared != NULL && g_file_test(shared, G_FILE_TEST_IS_DIR))
        return FALSE;
    g_test_skip("QUANTBOT_SHARED is not set: the published runs are there");
    return TRUE;
}

/* ---- trades --------------------------------------------------------------------------------- */

/* Monday 2024-01-01 to Wednesday 2025-02-05. */
static const qb_closed_trade few[] = {
    {.instrument = 3,
     .exit = 1,
     .exit_date = 19723,
     .profit = 30,
     .fees = 1,
     .return_fraction = 0.03,
     .adverse = 5,
     .favourable = 40,
     .bars = 4,
     .entry_us = 0,
     .exit_us = 4 * QB_DAY_US},
    {.instrument = 1,
     .exit = 2,
     .exit_date = 19723,
     .profit = -10,
     .fees = 1,
     .return_fraction = -0.01,
     .adverse = 12,
     .favourable = 3,
     .bars = 1,
     .entry_us = 0,
     .exit_us = QB_DAY_US,
     .is_short = true},
    {.instrument = 3,
     .exit = 2,
     .exit_date = 19725,
     .profit = 0,
     .fees = 2,
     .return_fraction = 0,
     .adverse = 2,
     .favourable = 6,
     .bars = 2,
     .entry_us = 0,
     .exit_us = 2 * QB_DAY_US},
    {.instrument = 1,
     .exit = 1,
     .exit_date = 20124,
     .profit = 20,
     .fees = 1,
     .return_fraction = 0.05,
     .adverse = 7,
     .favourable = 21,
     .bars = 9,
     .entry_us = 0,
     .exit_us = 9 * QB_DAY_US},
};

static void test_groups_by_hand(void)
{
    static const struct {
        qb_trade_key key;
        size_t groups;
        int64_t first_key;
        size_t count, wins;
        double profit, fees, share;
    } cases[] = {
        {QB_BY_INSTRUMENT, 2, 1, 2, 1, 10, 2, 0.25}, {QB_BY_EXIT, 2, 1, 2, 2, 50, 2, 1.25},
        {QB_BY_ENTRY, 1, 0, 4, 2, 40, 5, 1},         {QB_BY_STRATEGY, 1, 0, 4, 2, 40, 5, 1},
        {QB_BY_WEEKDAY, 2, 0, 2, 1, 20, 2, 0.5},     {QB_BY_MONTH, 2, 12 * 2024, 3, 1, 20, 4, 0.5},
        {QB_BY_YEAR, 2, 2024, 3, 1, 20, 4, 0.5},     {QB_BY_SIDE, 2, 0, 3, 2, 50, 4, 1.25},
    };
    G_STATIC_ASSERT(G_N_ELEMENTS(cases) == QB_TRADE_KEY_COUNT);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        qb_trade_group *groups = NULL;
        size_t count = 0;
        g_assert_cmpint(qb_trades_by(few, 4, cases[i].key, &groups, &count), ==, QB_OK);
        g_assert_cmpuint(count, ==, cases[i].groups);
        g_assert_cmpint(groups[0].key, ==, cases[i].first_key);
        g_assert_cmpuint(groups[0].count, ==, cases[i].count);
        g_assert_cmpuint(groups[0].wins, ==, cases[i].wins);
        g_assert_cmpfloat(groups[0].profit, ==, cases[i].profit);
        g_assert_cmpfloat(groups[0].fees, ==, cases[i].fees);
        g_assert_cmpfloat(groups[0].share.value, ==, cases[i].share);
        qb_realloc(groups, 0);
    }
    const qb_trade_group all = qb_trades_together(few, 4);
    g_assert_cmpfloat(all.win_rate.value, ==, 0.5);
    g_assert_cmpfloat(all.profit_factor.value, ==, 5); /* 50 / 10 */
    g_assert_cmpfloat(all.expectancy.value, ==, 10);
    g_assert_cmpfloat_with_epsilon(all.expectancy_fraction.value, 0.0175, 1e-15);
    g_assert_cmpfloat(all.best, ==, 30);
    g_assert_cmpfloat(all.worst, ==, -10);
}

static void test_nothing_closed(void)
{
    qb_trade_group *groups = NULL;
    qb_trade_summary summary;
    size_t count = 7;
    g_assert_cmpint(qb_trades_by(NULL, 0, QB_BY_YEAR, &groups, &count), ==, QB_OK);
    g_assert_null(groups);
    g_assert_cmpuint(count, ==, 0);
    const qb_trade_group none = qb_trades_together(NULL, 0);
    g_assert_cmpstr(none.win_rate.undefined, ==, "no closed trade");
    g_assert_cmpstr(none.profit_factor.undefined, ==, "no closed trade");
    g_assert_cmpint(qb_trades_summarise(NULL, 0, &summary), ==, QB_OK);
    g_assert_true(isnan(summary.held_days.median));
    g_assert_cmpstr(summary.captured.undefined, ==, "no winning trade");
    const qb_trade_group win = qb_trades_together(few, 1);
    g_assert_cmpstr(win.profit_factor.undefined, ==, "no losing trade");
}

static void test_summary_by_hand(void)
{
    qb_trade_summary s;
    g_assert_cmpint(qb_trades_summarise(few, 4, &s), ==, QB_OK);
    g_assert_cmpuint(s.longest_wins, ==, 1);
    g_assert_cmpuint(s.longest_losses, ==, 1);
    g_assert_cmpuint(s.best, ==, 0);
    g_assert_cmpuint(s.worst, ==, 1);
    g_assert_cmpfloat(s.average_win.value, ==, 25);
    g_assert_cmpfloat(s.average_loss.value, ==, 10);
    g_assert_cmpfloat(s.payoff.value, ==, 2.5);
    g_assert_cmpfloat(s.adverse.median, ==, 6); /* 2 5 7 12 */
    g_assert_cmpfloat(s.adverse.most, ==, 12);
    g_assert_cmpfloat(s.winners_adverse.median, ==, 6); /* 5 7 */
    g_assert_cmpfloat(s.favourable.mean, ==, 17.5);
    g_assert_cmpfloat_with_epsilon(s.captured.value, 52.0 / 61.0, 1e-15);
    g_assert_cmpfloat(s.held_bars.quarter, ==, 1.75); /* 1 2 4 9 at 0.75 */
    g_assert_cmpfloat(s.held_days.most, ==, 9);
}

static void test_keys(void)
{
    for (int i = 0; i < QB_TRADE_KEY_COUNT; i++) {
        qb_trade_key key = QB_TRADE_KEY_COUNT;
        g_assert_cmpint(qb_trade_key_from_text(qb_trade_key_text((qb_trade_key)i), &key), ==,
                        QB_OK);
        g_assert_cmpint(key, ==, i);
    }
    qb_trade_key key = QB_BY_SIDE;
    g_assert_cmpint(qb_trade_key_from_text("hour", &key), ==, QB_BAD_FORMAT);
    g_assert_cmpint(key, ==, QB_BY_SIDE);
}

/* pandas 3.1: the published trades grouped by year of exit: count, wins, sum of pnl, of commission,
 * gains / losses (-1: no loss), mean return, largest pnl. */
static const struct {
    int64_t year;
    size_t count, wins;
    double profit, fees, factor, mean, best;
} years[] = {
    {1999, 7, 2, -1787.2477564620003, 291.34216146200004, 0.51468715378956709,
     -0.024249455383063199, 948.52923404399928},
    {2000, 13, 3, -6284.9510631279982, 334.957519128, 0.56575289365788362, -0.064496191728392632,
     4622.1819280000009},
    {2006, 2, 2, 7394.7877322959976, 108.027975704, -1, 0.32140654095410726, 5053.7702060719994},
    {2008, 10, 4, -15990.109510684013, 1394.6338966840001, 0.66280154305711692,
     -0.026353625074516902, 13614.0916},
    {2014, 14, 2, -3545.8095439500025, 503.03212094999998, 0.18730086181044409,
     -0.026421688591533706, 434.22895850400073},
};
static const struct {
    size_t count, wins;
    double profit;
} weekdays[] = {{28, 11, 14366.072117643989},
                {34, 16, 10013.036483871998},
                {28, 8, -21140.450368577993},
                {29, 12, -2588.7878055020028},
                {28, 11, -3085.7419637279963}};

static const qb_trade_group *group_of(const qb_trade_group *groups, size_t count, int64_t key)
{
    for (size_t i = 0; i < count; i++)
        if (groups[i].key == key)
            return &groups[i];
    g_error("no group %d", (int)key);
}

static void test_groups_of_published_trades(void)
{
    if (skips())
        return;
    size_t count, group_count;
    g_autofree qb_closed_trade *trades = published_closed("sma_reverse_10_30_NVDA_comm20bp",
                                                          &count);
    qb_trade_group *groups = NULL;
    g_assert_cmpint(qb_trades_by(trades, count, QB_BY_YEAR, &groups, &group_count), ==, QB_OK);
    g_assert_cmpuint(group_count, ==, 16);
    for (size_t i = 0; i < G_N_ELEMENTS(years); i++) {
        const qb_trade_group *group = group_of(groups, group_count, years[i].year);
        g_assert_cmpuint(group->count, ==, years[i].count);
        g_assert_cmpuint(group->wins, ==, years[i].wins);
        close_to(group->profit, years[i].profit, 1e-12, "profit");
        close_to(group->fees, years[i].fees, 1e-12, "fees");
        close_to(group->expectancy_fraction.value, years[i].mean, 1e-12, "mean return");
        close_to(group->best, years[i].best, 1e-12, "best");
        if (years[i].factor < 0)
            g_assert_cmpstr(group->profit_factor.undefined, ==, "no losing trade");
        else
            close_to(group->profit_factor.value, years[i].factor, 1e-12, "profit factor");
    }
    qb_realloc(groups, 0);
    g_assert_cmpint(qb_trades_by(trades, count, QB_BY_WEEKDAY, &groups, &group_count), ==, QB_OK);
    g_assert_cmpuint(group_count, ==, G_N_ELEMENTS(weekdays));
    for (size_t i = 0; i < group_count; i++) {
        g_assert_cmpuint(groups[i].count, ==, weekdays[i].count);
        g_assert_cmpuint(groups[i].wins, ==, weekdays[i].wins);
        close_to(groups[i].profit, weekdays[i].profit, 1e-12, "profit of a weekday");
    }
    qb_realloc(groups, 0);
    g_assert_cmpint(qb_trades_by(trades, count, QB_BY_SIDE, &groups, &group_count), ==, QB_OK);
    g_assert_cmpuint(groups[0].count, ==, 73);
    close_to(groups[1].profit, -16500.497726358004, 1e-12, "profit of shorts");
    qb_realloc(groups, 0);
}

static void test_summary_of_published_trades(void)
{
    if (skips())
        return;
    size_t count;
    qb_trade_summary s;
    g_autofree qb_closed_trade *trades = published_closed("sma_reverse_10_30_NVDA_comm20bp",
                                                          &count);
    g_assert_cmpint(qb_trades_summarise(trades, count, &s), ==, QB_OK);
    /* pandas 3.1; the longest and the mean stand in RUNS.json as 194 and 40 (rounded up) days. */
    g_assert_cmpuint(s.longest_wins, ==, 5);
    g_assert_cmpuint(s.longest_losses, ==, 10);
    g_assert_cmpuint(s.best, ==, 78);
    g_assert_cmpuint(s.worst, ==, 81);
    close_to(s.average_win.value, 2403.1376008739999, 1e-12, "average win");
    close_to(s.average_loss.value, 1593.4590155840901, 1e-12, "average loss");
    g_assert_cmpfloat(s.held_days.least, ==, 2);
    g_assert_cmpfloat(s.held_days.quarter, ==, 14.5);
    g_assert_cmpfloat(s.held_days.median, ==, 32);
    g_assert_cmpfloat(s.held_days.three_quarters, ==, 50);
    g_assert_cmpfloat(s.held_days.most, ==, 194);
    close_to(s.held_days.mean, 39.19047619047619, 1e-12, "mean days");
    g_assert_cmpfloat(s.held_bars.median, ==, 21);
    g_assert_cmpfloat(s.held_bars.most, ==, 132);
}

/* ---- months --------------------------------------------------------------------------------- */

static void test_months_by_hand(void)
{
    static const double value[] = {100, 110, 121, 60.5, 0, 10};
    const int32_t dates[] = {DAY(2023, 12, 29), DAY(2024, 1, 2), DAY(2024, 1, 31),
                             DAY(2024, 3, 1),   DAY(2025, 1, 2), DAY(2025, 2, 3)};
    int64_t ts_us[6];
    for (int i = 0; i < 6; i++)
        ts_us[i] = dates[i] * QB_DAY_US;
    const qb_curve curve = {ts_us, value, 6};
    qb_month_return months[8];
    g_assert_cmpuint(qb_month_returns(&curve, dates, months, 8), ==, 4);
    g_assert_cmpint(months[0].month, ==, 1);
    g_assert_cmpfloat_with_epsilon(months[0].value, 0.21, 1e-15);
    g_assert_cmpint(months[1].month, ==, 3);
    g_assert_cmpfloat(months[1].value, ==, -0.5);
    g_assert_cmpfloat(months[2].value, ==, -1);
    g_assert_true(isnan(months[3].value));
    g_assert_cmpfloat_with_epsilon(qb_year_return(months, 4, 2024), 1.21 * 0.5 - 1, 1e-15);
    g_assert_true(isnan(qb_year_return(months, 4, 2025)));
    g_assert_true(isnan(qb_year_return(months, 4, 2026)));
    g_assert_cmpfloat(qb_year_return(months, 3, 2025), ==, -1);
    /* The limit bounds what is written, not what is told. */
    months[1].month = 99;
    g_assert_cmpuint(qb_month_returns(&curve, dates, months, 1), ==, 4);
    g_assert_cmpint(months[1].month, ==, 99);
    const qb_curve start = {ts_us, value, 1}, empty = {NULL, NULL, 0};
    g_assert_cmpuint(qb_month_returns(&start, dates, months, 8), ==, 0);
    g_assert_cmpuint(qb_month_returns(&empty, NULL, months, 8), ==, 0);
}

/* pandas 3.1: equity.resample("ME").last().pct_change(), and the same by year. */
static void test_months_of_published_equity(void)
{
    if (skips())
        return;
    published_curve spx = published_equity("sma_long_50_200_SPX");
    const qb_curve curve = {spx.ts_us, spx.value, spx.count};
    g_autofree int32_t *dates = g_new(int32_t, spx.count);
    g_autofree qb_month_return *months = g_new(qb_month_return, 400);
    for (size_t i = 0; i < spx.count; i++)
        dates[i] = qb_date_from_us(spx.ts_us[i]);
    const size_t count = qb_month_returns(&curve, dates, months, 400);
    g_assert_cmpuint(count, ==, 387);
    double factor = 1;
    size_t worst = 0, best = 0;
    for (size_t i = 0; i < count; i++) {
        factor *= 1 + months[i].value;
        worst = months[i].value < months[worst].value ? i : worst;
        best = months[i].value > months[best].value ? i : best;
    }
    close_to(factor, spx.value[spx.count - 1] / spx.value[0], 1e-12, "months linked");
    g_assert_cmpint(months[worst].year, ==, 1998);
    g_assert_cmpint(months[worst].month, ==, 8);
    close_to(months[worst].value, -0.14568152587585614, 1e-12, "1998-08");
    g_assert_cmpint(months[best].year * 12 + months[best].month, ==, 1991 * 12 + 12);
    close_to(months[best].value, 0.11046446111825525, 1e-12, "1991-12");
    close_to(qb_year_return(months, count, 1998), 0.12044535650114097, 1e-12, "1998");
    close_to(qb_year_return(months, count, 2013), 0.29572697070532628, 1e-12, "2013");
    published_curve_free(&spx);
}

/* ---- drawdowns ------------------------------------------------------------------------------ */

static void test_drawdowns_by_hand(void)
{
    static const double value[] = {100, 90, 100, 120, 60, 118, 130, 117, 130, 65, 70};
    int64_t ts_us[11];
    for (int i = 0; i < 11; i++)
        ts_us[i] = i * QB_DAY_US;
    const qb_curve curve = {ts_us, value, 11};
    static const struct {
        double depth;
        int peak, trough, recovery, length;
    } want[] = {{0.5, 3, 4, 6, 3}, {0.5, 8, 9, 0, 2}, {0.1, 0, 1, 2, 2}, {0.1, 6, 7, 8, 2}};
    qb_drawdown got[8];
    for (size_t limit = 1; limit <= 8; limit++) {
        const size_t count = qb_drawdowns(&curve, got, limit);
        g_assert_cmpuint(count, ==, MIN(limit, 4));
        for (size_t i = 0; i < count; i++) {
            g_assert_cmpfloat_with_epsilon(got[i].depth, want[i].depth, 1e-15);
            g_assert_cmpint(got[i].peak_us, ==, want[i].peak * QB_DAY_US);
            g_assert_cmpint(got[i].trough_us, ==, want[i].trough * QB_DAY_US);
            g_assert_cmpint(got[i].recovery_us, ==, want[i].recovery * QB_DAY_US);
            g_assert_cmpint(got[i].longest_us, ==, want[i].length * QB_DAY_US);
        }
    }
    const qb_curve rising = {ts_us, value + 2, 2}, point = {ts_us, value, 1};
    g_assert_cmpuint(qb_drawdowns(&rising, got, 8), ==, 0);
    g_assert_cmpuint(qb_drawdowns(&point, got, 8), ==, 0);
}

/* "Max. Drawdown", "Avg. Drawdown" and "Max. Drawdown Duration" of RUNS.json. */
static void test_drawdowns_of_published_runs(void)
{
    static const struct {
        const char *run;
        double deepest, mean;
        int64_t longest_us;
    } runs[] = {
        {"sma_reverse_10_30_EUROSTOXX50", 10.678866030948608, 3.377586651268954, 307 * QB_DAY_US},
        {"sma_reverse_10_30_NVDA_comm20bp", 89.2869328831064, 13.508539129025014, 2260 * QB_DAY_US},
        {"sma_long_50_200_SPX", 33.90360829866137, 1.9558143644880646, 1258 * QB_DAY_US},
        {"sma_long_24_168_BTCUSD_hourly", 41.900845854899856, 3.1184199685776677,
         510 * QB_DAY_US + 10 * QB_HOUR_US},
        {"sma_sltp_10_30_NVDA", 0.4693791077599417, 0.11632932229325085, 2751 * QB_DAY_US},
    };
    if (skips())
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
        published_curve equity = published_equity(runs[i].run);
        const qb_curve curve = {equity.ts_us, equity.value, equity.count};
        qb_drawdown all[400];
        const size_t count = qb_drawdowns(&curve, all, 400);
        double sum = 0;
        int64_t longest_us = 0;
        for (size_t k = 0; k < count; k++) {
            sum += all[k].depth;
            longest_us = MAX(longest_us, all[k].longest_us);
            g_assert_true(k == 0 || all[k].depth <= all[k - 1].depth);
        }
        close_to(100 * all[0].depth, runs[i].deepest, 1e-12, runs[i].run);
        close_to(100 * sum / (double)count, runs[i].mean, 1e-12, runs[i].run);
        g_assert_cmpint(longest_us, ==, runs[i].longest_us);
        const qb_drawdown worst = qb_max_drawdown(&curve);
        g_assert_cmpfloat(worst.depth, ==, all[0].depth);
        g_assert_cmpint(worst.peak_us, ==, all[0].peak_us);
        g_assert_cmpint(worst.longest_us, ==, longest_us);
        published_curve_free(&equity);
    }
}

/* ---- resampling ----------------------------------------------------------------------------- */

static void vector_returns(double *out)
{
    vectors curve;
    vectors_fill(&curve);
    for (int i = 0; i + 1 < VECTOR_POINTS; i++)
        out[i] = curve.equity[i + 1] / curve.equity[i] - 1;
}

/* arch.bootstrap.optimal_block_length, column "stationary": the returns, sums of them that forget at
 * phi, and the whole sum. */
static void test_block_length(void)
{
    static const struct {
        double phi;
        size_t count;
        double want;
    } cases[] = {{0, 503, 2.0861267943599429},
                 {0.3, 503, 6.1220797239782714},
                 {0.7, 503, 10.397656267565434},
                 {1, 503, 37.005116036727806},
                 {0, 40, 2.8349623946564906}};
    double returns[VECTOR_POINTS], values[VECTOR_POINTS];
    vector_returns(returns);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (size_t k = 0; k < cases[i].count; k++)
            values[k] = returns[k] + (k > 0 ? cases[i].phi * values[k - 1] : 0);
        close_to(qb_block_length(values, cases[i].count), cases[i].want, 1e-9, "block length");
    }
    static const double flat[100] = {0};
    g_assert_cmpfloat(qb_block_length(flat, 100), ==, 1);
    g_assert_cmpfloat(qb_block_length(returns, 3), ==, 1);
    for (size_t count = 4; count < 40; count++) {
        const double length = qb_block_length(returns, count);
        g_assert_true(length >= 1 &&
                      length <= ceil(fmin(3 * sqrt((double)count), (double)count / 3)));
    }
}

static void test_block_length_of_published_equity(void)
{
    static const struct {
        const char *run;
        double want;
    } runs[] = {{"sma_long_50_200_SPX", 30.114498517853338},
                {"sma_reverse_10_30_NVDA_comm20bp", 2.9827447493454256}};
    if (skips())
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(runs); i++) {
        published_curve equity = published_equity(runs[i].run);
        g_autofree double *returns = g_new(double, equity.count);
        for (size_t k = 0; k + 1 < equity.count; k++)
            returns[k] = equity.value[k + 1] / equity.value[k] - 1;
        close_to(qb_block_length(returns, equity.count - 1), runs[i].want, 1e-9, runs[i].run);
        published_curve_free(&equity);
    }
}

/* Blocks have the mean asked for, every index is drawn equally often, the end joins the beginning. */
static void test_indices(void)
{
    enum { COUNT = 200, COURSES = 4000 };
    static const double means[] = {1, 5, 20};
    for (size_t m = 0; m < G_N_ELEMENTS(means); m++) {
        qb_random random = {11};
        uint32_t index[COUNT];
        size_t drawn[COUNT] = {0}, breaks = 0, wraps = 0;
        for (int i = 0; i < COURSES; i++) {
            qb_stationary_indices(&random, means[m], COUNT, index);
            for (size_t k = 0; k < COUNT; k++) {
                g_assert_cmpuint(index[k], <, COUNT);
                drawn[index[k]]++;
                if (k == 0)
                    continue;
                breaks += index[k] != (index[k - 1] + 1) % COUNT;
                wraps += index[k] == 0 && index[k - 1] == COUNT - 1;
            }
        }
        /* A break is not seen where the next block happens to go on: once in COUNT. */
        const double steps = (double)COURSES * (COUNT - 1);
        const double want = 1 / means[m] * (1 - 1.0 / COUNT);
        g_assert_cmpfloat_with_epsilon((double)breaks / steps, want, 0.003);
        g_assert_cmpuint(wraps, >, 0);
        for (size_t k = 0; k < COUNT; k++)
            g_assert_cmpfloat_with_epsilon((double)drawn[k] / COURSES, 1, 0.35);
    }
}

/* arch.bootstrap.StationaryBootstrap(2.0861 days).conf_int(percentile, 95 %) of 20,000 courses, by
 * two seeds, whose ends differ from each other by up to 0.04, 0.009 and 0.002. */
static void test_intervals(void)
{
    vectors curve;
    qb_bootstrap got;
    vectors_fill(&curve);
    const qb_curve periods = {curve.ts_us, curve.equity, VECTOR_POINTS};
    g_assert_cmpint(qb_bootstrap_run(&periods, 252, 0, 5, 20000, 0.95, &got), ==, QB_OK);
    close_to(got.mean_block, 2.0861267943599429, 1e-9, "mean block");
    g_assert_cmpuint(got.returns, ==, 503);
    g_assert_cmpfloat_with_epsilon(got.sharpe.low, -0.3836, 0.05);
    g_assert_cmpfloat_with_epsilon(got.sharpe.high, 2.361, 0.05);
    g_assert_cmpfloat_with_epsilon(got.cagr.low, -0.0718, 0.011);
    g_assert_cmpfloat_with_epsilon(got.cagr.high, 0.4348, 0.011);
    g_assert_cmpfloat_with_epsilon(got.max_drawdown.low, 0.0795, 0.003);
    g_assert_cmpfloat_with_epsilon(got.max_drawdown.high, 0.2920, 0.004);
}

/* The courses are those of the indices: each figure again, slowly, from them. */
static void test_courses(void)
{
    enum { REPLICATES = 10, RETURNS = VECTOR_POINTS - 1 };
    vectors curve;
    qb_bootstrap got;
    double returns[VECTOR_POINTS], least_sharpe = INFINITY, least_cagr = INFINITY;
    double least_drawdown = INFINITY;
    vectors_fill(&curve);
    vector_returns(returns);
    const qb_curve periods = {curve.ts_us, curve.equity, VECTOR_POINTS};
    /* So close to 100 % that the interval goes from the least to the most. */
    g_assert_cmpint(qb_bootstrap_run(&periods, 252, 0.02, 99, REPLICATES, 1 - 1e-12, &got), ==,
                    QB_OK);
    qb_random seeds = {99};
    for (int i = 0; i < REPLICATES; i++) {
        qb_random random = {qb_random_next(&seeds)};
        uint32_t index[RETURNS];
        double sum = 0, squares = 0, value = 1, peak = 1, drawdown = 0;
        qb_stationary_indices(&random, got.mean_block, RETURNS, index);
        for (int k = 0; k < RETURNS; k++) {
            sum += returns[index[k]];
            value *= 1 + returns[index[k]];
            peak = fmax(peak, value);
            drawdown = fmax(drawdown, 1 - value / peak);
        }
        for (int k = 0; k < RETURNS; k++)
            squares += pow(returns[index[k]] - sum / RETURNS, 2);
        const double deviation = sqrt(squares / (RETURNS - 1));
        least_sharpe = fmin(least_sharpe, (sum / RETURNS - 0.02 / 252) / deviation * sqrt(252));
        least_cagr = fmin(least_cagr, pow(value, 365.25 / 703) - 1);
        least_drawdown = fmin(least_drawdown, drawdown);
    }
    close_to(got.sharpe.low, least_sharpe, 1e-9, "Sharpe");
    close_to(got.cagr.low, least_cagr, 1e-9, "CAGR");
    close_to(got.max_drawdown.low, least_drawdown, 1e-9, "drawdown");
}

static void test_intervals_undefined(void)
{
    vectors curve;
    qb_bootstrap got, again;
    double flat[40];
    vectors_fill(&curve);
    const qb_curve few_points = {curve.ts_us, curve.equity, QB_BOOTSTRAP_RETURNS};
    g_assert_cmpint(qb_bootstrap_run(&few_points, 252, 0, 1, 100, 0.95, &got), ==, QB_OK);
    g_assert_cmpstr(got.sharpe.undefined, ==, "fewer than 30 returns");
    for (int i = 0; i < 40; i++)
        flat[i] = 100;
    const qb_curve level = {curve.ts_us, flat, 40};
    g_assert_cmpint(qb_bootstrap_run(&level, 252, 0, 1, 100, 0.95, &got), ==, QB_OK);
    g_assert_cmpstr(got.sharpe.undefined, ==, "no variation");
    g_assert_cmpfloat(got.cagr.low, ==, 0);
    g_assert_cmpfloat(got.max_drawdown.high, ==, 0);
    flat[20] = -1;
    g_assert_cmpint(qb_bootstrap_run(&level, 252, 0, 1, 100, 0.95, &got), ==, QB_OK);
    g_assert_cmpstr(got.cagr.undefined, ==, "the equity fell to 0 or below");
    const qb_curve periods = {curve.ts_us, curve.equity, VECTOR_POINTS};
    g_assert_cmpint(qb_bootstrap_run(&periods, 252, 0, 1, 9, 0.95, &got), ==, QB_OUT_OF_RANGE);
    g_assert_cmpint(qb_bootstrap_run(&periods, 252, 0, 1, 10, 1, &got), ==, QB_OUT_OF_RANGE);
    g_assert_cmpint(qb_bootstrap_run(&periods, 252, 0, 1, 100, 0.95, &got), ==, QB_OK);
    g_assert_cmpint(qb_bootstrap_run(&periods, 252, 0, 1, 100, 0.95, &again), ==, QB_OK);
    g_assert_cmpfloat(got.sharpe.low, ==, again.sharpe.low);
    g_assert_cmpint(qb_bootstrap_run(&periods, 252, 0, 2, 100, 0.95, &again), ==, QB_OK);
    g_assert_cmpfloat(got.sharpe.low, !=, again.sharpe.low);
}

/* ---- the doctor ----------------------------------------------------------------------------- */

/* 40 trades of 4 instruments that earn 1 each. */
static void healthy(qb_closed_trade trades[40], qb_month_return months[4], qb_bootstrap *intervals,
                    qb_doctor_input *out)
{
    for (uint32_t i = 0; i < 40; i++)
        trades[i] = (qb_closed_trade){.instrument = i % 4, .profit = 1};
    for (int i = 0; i < 4; i++)
        months[i] = (qb_month_return){2024, i + 1, 0.01};
    *intervals = (qb_bootstrap){.sharpe = {0.2, 2, NULL}};
    *out = (qb_doctor_input){.trades = trades,
                             .trade_count = 40,
                             .months = months,
                             .month_count = 4,
                             .earned = 100,
                             .costs = 49,
                             .intervals = intervals};
}

typedef struct patient {
    qb_closed_trade trades[40];
    qb_month_return months[4];
    qb_bootstrap intervals;
    qb_doctor_input in;
} patient;

static void without_trades(patient *p)
{
    p->in.trade_count = 29;
}
static void one_instrument_only(patient *p)
{
    for (int i = 0; i < 40; i++)
        p->trades[i].instrument = 0;
}
static void one_trade(patient *p)
{
    one_instrument_only(p);
    p->trades[7].profit = 39; /* as much as the other 39 */
}
static void nearly_one_trade(patient *p)
{
    one_instrument_only(p);
    p->trades[7].profit = 38;
}
static void one_trade_and_losses(patient *p)
{
    one_instrument_only(p);
    p->trades[0].profit = -38;
    p->trades[7].profit = 1.5;
}
static void one_month(patient *p)
{
    p->months[2].value = 0.01 * 3.04; /* log: 0.02994 of 0.05979 */
}
static void nearly_one_month(patient *p)
{
    p->months[2].value = 0.03; /* log: 0.02956 of 0.05941 */
}
static void losing_months(patient *p)
{
    for (int i = 0; i < 3; i++)
        p->months[i].value = -0.05;
}
static void one_instrument(patient *p)
{
    for (int i = 0; i < 40; i += 4)
        p->trades[i].profit = 3; /* 30 of 60 */
}
static void two_instruments(patient *p)
{
    for (int i = 0; i < 40; i++)
        p->trades[i].instrument = i % 2;
}
static void half_costs(patient *p)
{
    p->in.costs = 50;
}
static void all_costs(patient *p)
{
    p->in.costs = 101;
}
static void costs_of_a_loser(patient *p)
{
    p->in.earned = -5;
}
static void large(patient *p)
{
    p->in.large_fills = 2;
    p->in.largest_share = 0.04;
    p->trades[3].touched = QB_TOUCH_LARGE | QB_TOUCH_LATE;
}
static void late(patient *p)
{
    p->in.late_fills = 1;
}
static void idle(patient *p)
{
    p->in.idle_fills = 1;
}
static void flagged(patient *p)
{
    for (int i = 10; i < 20; i++)
        p->trades[i].touched = QB_TOUCH_FLAGGED;
}
static void no_edge(patient *p)
{
    p->intervals.sharpe.low = 0;
}
static void sure_loss(patient *p)
{
    p->intervals.sharpe = (qb_range){-2, -1, NULL};
}
static void no_interval(patient *p)
{
    p->intervals.sharpe = (qb_range){NAN, NAN, "no variation"};
}
static void nothing(patient *p)
{
    (void)p;
}

static void test_doctor(void)
{
    static const struct {
        void (*change)(patient *p);
        int kind; /* -1: healthy */
        qb_grade grade;
        size_t trades, first;
    } cases[] = {
        {nothing, -1, 0, 0, 0},
        {without_trades, QB_SYMPTOM_FEW_TRADES, QB_GRADE_WARNING, 0, 0},
        {one_trade, QB_SYMPTOM_ONE_TRADE, QB_GRADE_WARNING, 1, 7},
        {nearly_one_trade, -1, 0, 0, 0},
        {one_trade_and_losses, QB_SYMPTOM_ONE_TRADE, QB_GRADE_SERIOUS, 1, 7},
        {one_month, QB_SYMPTOM_ONE_MONTH, QB_GRADE_WARNING, 0, 0},
        {nearly_one_month, -1, 0, 0, 0},
        {losing_months, -1, 0, 0, 0},
        {one_instrument, QB_SYMPTOM_ONE_INSTRUMENT, QB_GRADE_WARNING, 0, 0},
        {two_instruments, -1, 0, 0, 0},
        {half_costs, QB_SYMPTOM_COSTS, QB_GRADE_WARNING, 0, 0},
        {all_costs, QB_SYMPTOM_COSTS, QB_GRADE_SERIOUS, 0, 0},
        {costs_of_a_loser, -1, 0, 0, 0},
        {large, QB_SYMPTOM_LARGE_FILLS, QB_GRADE_WARNING, 1, 3},
        {late, QB_SYMPTOM_LATE_FILLS, QB_GRADE_WARNING, 0, 0},
        {idle, QB_SYMPTOM_IDLE_FILLS, QB_GRADE_WARNING, 0, 0},
        {flagged, QB_SYMPTOM_FLAGGED_BARS, QB_GRADE_WARNING, 10, 10},
        {no_edge, QB_SYMPTOM_NO_EDGE, QB_GRADE_WARNING, 0, 0},
        {sure_loss, -1, 0, 0, 0},
        {no_interval, -1, 0, 0, 0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        patient p = {0};
        qb_symptom found[QB_SYMPTOM_COUNT];
        size_t count = 99;
        healthy(p.trades, p.months, &p.intervals, &p.in);
        cases[i].change(&p);
        g_assert_cmpint(qb_doctor_examine(&p.in, found, &count), ==, QB_OK);
        g_test_message("case %zu", i);
        g_assert_cmpuint(count, ==, cases[i].kind >= 0);
        if (cases[i].kind < 0)
            continue;
        g_assert_cmpint(found[0].kind, ==, cases[i].kind);
        g_assert_cmpint(found[0].grade, ==, cases[i].grade);
        g_assert_cmpuint(found[0].trades, ==, cases[i].trades);
        if (cases[i].trades > 0)
            g_assert_cmpuint(found[0].shown[0], ==, cases[i].first);
    }
}

static void test_doctor_of_nothing(void)
{
    const qb_doctor_input in = {0};
    qb_symptom found[QB_SYMPTOM_COUNT];
    size_t count = 0;
    g_assert_cmpint(qb_doctor_examine(&in, found, &count), ==, QB_OK);
    g_assert_cmpuint(count, ==, 1);
    g_assert_cmpint(found[0].kind, ==, QB_SYMPTOM_FEW_TRADES);
    for (int i = 0; i < QB_SYMPTOM_COUNT; i++)
        g_assert_cmpuint(strlen(qb_symptom_text((qb_symptom_kind)i)), >, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metrics/trades/groups", test_groups_by_hand);
    g_test_add_func("/metrics/trades/none", test_nothing_closed);
    g_test_add_func("/metrics/trades/summary", test_summary_by_hand);
    g_test_add_func("/metrics/trades/keys", test_keys);
    g_test_add_func("/metrics/trades/published/groups", test_groups_of_published_trades);
    g_test_add_func("/metrics/trades/published/summary", test_summary_of_published_trades);
    g_test_add_func("/metrics/months/by-hand", test_months_by_hand);
    g_test_add_func("/metrics/months/published", test_months_of_published_equity);
    g_test_add_func("/metrics/drawdowns/by-hand", test_drawdowns_by_hand);
    g_test_add_func("/metrics/drawdowns/published", test_drawdowns_of_published_runs);
    g_test_add_func("/metrics/bootstrap/block-length", test_block_length);
    g_test_add_func("/metrics/bootstrap/block-length/published",
                    test_block_length_of_published_equity);
    g_test_add_func("/metrics/bootstrap/indices", test_indices);
    g_test_add_func("/metrics/bootstrap/intervals", test_intervals);
    g_test_add_func("/metrics/bootstrap/courses", test_courses);
    g_test_add_func("/metrics/bootstrap/undefined", test_intervals_undefined);
    g_test_add_func("/metrics/doctor/rules", test_doctor);
    g_test_add_func("/metrics/doctor/nothing", test_doctor_of_nothing);
    return g_test_run();
}
