/* Positions, orders and indicators across splits of every kind. The price steps exactly as the
 * split says, so nobody gains or loses by it: what must hold is the same for all of them. */
#include "lab.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void share_day(qb_series *series, int day, double price, double split, double dividend,
                      double volume)
{
    CHECK_OK(qb_series_append(series, &(qb_bar){
                                          .ts_us = LAB_START + day * QB_DAY_US,
                                          .open = price,
                                          .high = price,
                                          .low = price,
                                          .close = price,
                                          .volume = volume,
                                          .dividend = dividend,
                                          .split_factor = split,
                                      }));
}

/* ---- kinds of splits, kinds of positions -------------------------------------------------- */

/* As sources write the factor, and the p/q that it is taken for. 0.3333 is 3.3e-5 off a third:
 * beyond the tolerance, so it is what it says. */
static const struct kind {
    double factor;
    int64_t fresh, old;
} kinds[] = {
    {2, 2, 1},
    {1.5, 3, 2},
    {1.4999993, 3, 2},
    {7, 7, 1},
    {7.000007, 7, 1},
    {0.05, 1, 20},
    {0.142857, 1, 7},
    {0.03125, 1, 32},
    {1.0 / 3.0, 1, 3},
    {0.3333, 33330000, 100000000},
    {1.589, 158900000, 100000000},
    {1.05, 21, 20},
    {50, 50, 1},
};

static const struct holding {
    const char *what;
    double units; /* < 0: short */
    double lot, multiplier;
} holdings[] = {
    {"long", 100, 1, 1},
    {"short", -100, 1, 1},
    {"odd", 7, 1, 1},
    {"short and odd", -7, 1, 1},
    {"one", 1, 1, 1},
    {"fractional", 12.34567891, 1e-8, 1},
    {"short and fractional", -0.00000007, 1e-8, 1},
    {"in lots of ten", 90, 10, 1},
    {"contracts", 3, 1, 50},
    {"short contracts", -5, 1, 0.1},
};

typedef __int128 wide;

static wide rounded(wide amount, wide divisor)
{
    wide whole = amount / divisor, rest = amount % divisor;
    wide doubled = 2 * (rest < 0 ? -rest : rest);
    if (doubled > divisor || (doubled == divisor && whole % 2 != 0))
        whole += amount < 0 ? -1 : 1;
    return whole;
}

static const struct holding *held;

static void take_position(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) == 0)
        context->host->order(context, instrument, held->units > 0 ? QB_BUY : QB_SELL,
                             lab_units(fabs(held->units)));
}

static void check_position(const struct kind *kind)
{
    const double before = 420.0; /* divisible by 2, 3, 5, 7, 20 */
    qb_instrument share = lab_coin(QB_1D);
    share.lot.raw = LAB_RAW(held->lot);
    share.multiplier.raw = LAB_RAW(held->multiplier);
    qb_engine_config config = lab_config(&share, 1);
    config.cash.raw = 1000000 * QB_ONE;
    double factor = (double)kind->fresh / (double)kind->old, after = before / factor;
    qb_series series = {0};
    for (int day = 0; day < 6; day++)
        share_day(&series, day, day < 3 ? before : after, day == 3 ? kind->factor : 1.0, 0.0, NAN);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.fill_count, 1);
    CHECK_INT(lab.equity_count, 6);

    /* By hand: whole lots stay, the rest is paid at the open. */
    int64_t open_raw = 0;
    CHECK_OK(qb_raw_from_double(after, &open_raw));
    wide units = LAB_RAW(held->units), lot = share.lot.raw;
    wide exact = units * kind->fresh, lots = exact / (lot * kind->old);
    wide rest = exact - lots * lot * kind->old; /* 1e-8 / old units */
    wide unit = rounded((wide)open_raw * share.multiplier.raw, QB_ONE);
    wide in_lieu = rounded(unit * rest, (wide)kind->old * QB_ONE);
    wide value = rounded(unit * lots * lot, QB_ONE);
    CHECK_INT(lab.totals.in_lieu.raw, (int64_t)in_lieu);
    CHECK_INT(lab.totals.equity.raw - lab.totals.cash.raw, (int64_t)value);
    wide paid = rounded(units * 420 * share.multiplier.raw, QB_ONE);
    CHECK_INT(lab.totals.cash.raw, 1000000 * QB_ONE - (int64_t)(paid - in_lieu));

    /* Nothing is gained: but for the price's own rounding to 1e-8, times the units. */
    double room = 2.0 + fabs(held->units) * factor * fmax(held->multiplier, 1.0);
    CHECK_NEAR((double)(lab.equity[3].equity - lab.equity[2].equity), 0.0, room);
    CHECK_INT(lab.equity[5].equity, lab.equity[3].equity);
    /* Less than a lot closes the trade, and the trade counts what was paid. */
    CHECK_INT(lab.trade_count, lots == 0);
    if (lots == 0 && lab.trade_count == 1)
        CHECK_INT(lab.trades[0].profit.raw, lab.totals.realised.raw + lab.totals.in_lieu.raw);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void every_position(void)
{
    lab_use(take_position);
    for (size_t k = 0; k < COUNT_OF(kinds); k++) {
        for (size_t h = 0; h < COUNT_OF(holdings); h++) {
            int failed = tap_failed;
            held = &holdings[h];
            check_position(&kinds[k]);
            if (tap_failed != failed)
                printf("# %s, factor %.9g\n", held->what, kinds[k].factor);
        }
    }
}

/* ---- orders ------------------------------------------------------------------------------- */

/* Buy 100 of a share that trades 600 a day, 5 % of it: 30 on day 1. The 2:1 of day 2 makes 60 of
 * them and 140 of the 70 that wait, of which that day's 1200 new shares fill 60. */
static void cap_across_split(void)
{
    lab_use(lab_order_once);
    lab_once_side = QB_BUY;
    lab_once_size = lab_units(100);
    qb_instrument share = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&share, 1);
    config.costs.volume_cap.raw = QB_ONE / 20;
    qb_series series = {0};
    share_day(&series, 0, 20, 1, 0, 600);
    share_day(&series, 1, 20, 1, 0, 600);
    share_day(&series, 2, 10, 2, 0, 1200);
    share_day(&series, 3, 10, 1, 0, 1200);
    share_day(&series, 4, 10, 1, 0, 1200);
    share_day(&series, 5, 10, 1, 0, 1200);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 4);
    lab_check_fill(&lab, 0, 1, 30, 20);
    lab_check_fill(&lab, 1, 2, 60, 10);
    lab_check_fill(&lab, 2, 3, 60, 10);
    lab_check_fill(&lab, 3, 4, 20, 10);
    lab_check_order(&lab, 0, QB_ORDER_FILLED, QB_REASON_NONE);
    CHECK_INT(lab.orders[0].last.quantity.raw, 170 * QB_ONE); /* 30 as filled, 140 new ones */
    CHECK_INT(lab.totals.equity.raw, lab.equity[0].equity);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void close_at_split(const qb_context *context, uint32_t instrument)
{
    uint64_t bar = lab_bar_index(context, instrument);
    context->host->signal(context, instrument, bar >= 2 ? 0.0 : 1.0);
}

/* A reduce-only order for all of the position waits through the split and still closes all of it:
 * 7 become 10 and half a share in cash, and the order for 7 becomes one for 10. */
static void closing_across_split(void)
{
    lab_use(close_at_split);
    qb_instrument share = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&share, 1);
    config.size = lab_units(7);
    qb_series series = {0};
    for (int day = 0; day < 5; day++)
        share_day(&series, day, day < 3 ? 30 : 20, day == 3 ? 1.5 : 1, 0, NAN);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 2);
    lab_check_fill(&lab, 1, 3, -10, 20);
    lab_check_order(&lab, 1, QB_ORDER_FILLED, QB_REASON_NONE);
    CHECK_INT(lab.trade_count, 1);
    CHECK_INT(lab.totals.in_lieu.raw, LAB_RAW(10));
    CHECK_INT(lab.totals.cash.raw, LAB_RAW(10000));
    CHECK_INT(lab.trades[0].profit.raw, 0);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* A weight decided before the split and sized at the fill, after it: of the new shares. */
static void weight_across_split(void)
{
    lab_use(lab_order_once);
    lab_once_side = QB_BUY;
    lab_once_size = (qb_size){QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 0.5};
    qb_instrument share = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&share, 1);
    qb_series series = {0};
    share_day(&series, 0, 100, 1, 0, NAN);
    share_day(&series, 1, 20, 5, 0, NAN);
    lab lab = lab_run(&config, &series);
    lab_check_fill(&lab, 0, 1, 250, 20);
    lab_clear(&lab);
    /* Decided before, in units: 50 old shares are 250 new ones. */
    lab_once_size.when = QB_SIZE_AT_DECISION;
    lab = lab_run(&config, &series);
    lab_check_fill(&lab, 0, 1, 250, 20);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* ---- days --------------------------------------------------------------------------------- */

/* 3:2 and 0.50 per new share on one day: 7 at 30 become 10 and half a share at 20; the dividend is
 * paid on the ten, and charged to who is short. The share opens without it, at 19.50. */
static void split_and_dividend(void)
{
    static const struct holding sides[] = {{"long", 7, 1, 1}, {"short", -7, 1, 1}};
    lab_use(take_position);
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        held = &sides[i];
        double sign = held->units > 0 ? 1.0 : -1.0;
        qb_instrument share = lab_coin(QB_1D);
        qb_engine_config config = lab_config(&share, 1);
        qb_series series = {0};
        for (int day = 0; day < 5; day++)
            share_day(&series, day, day < 3 ? 30 : 19.5, day == 3 ? 1.5 : 1, day == 3 ? 0.5 : 0,
                      NAN);
        lab lab = lab_run(&config, &series);
        CHECK_INT(lab.totals.in_lieu.raw, LAB_RAW(sign * 9.75));
        CHECK_INT(lab.totals.dividends.raw, LAB_RAW(sign * 5));
        /* The half share paid in cash gets no dividend: a quarter less than before. */
        CHECK_INT(lab.totals.equity.raw, LAB_RAW(10000 - sign * 0.25));
        lab_clear(&lab);
        qb_series_clear(&series);
    }
}

static double first_close, last_close;

static void look(const qb_context *context, uint32_t instrument)
{
    const qb_history *history = &context->history[instrument];
    first_close = history->close[0];
    last_close = history->close[history->count - 1];
    take_position(context, instrument);
}

/* On the first bar nobody holds anything, and the first bar has the factor 1. On the bar of the
 * decision the order is one of new shares already. */
static void first_bars(void)
{
    static const struct holding ten = {"ten", 10, 1, 1};
    held = &ten;
    lab_use(look);
    qb_instrument share = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&share, 1);
    qb_series series = {0};
    share_day(&series, 0, 50, 2, 1, NAN);
    share_day(&series, 1, 51, 1, 0, NAN);
    lab lab = lab_run(&config, &series);
    CHECK_NEAR(first_close, 50, 0);
    CHECK_NEAR(last_close, 51, 0);
    lab_check_fill(&lab, 0, 1, 10, 51);
    CHECK_INT(lab.totals.dividends.raw, 0);
    lab_clear(&lab);
    /* A second one then counts from there. */
    share_day(&series, 2, 17, 3, 0, NAN);
    lab = lab_run(&config, &series);
    CHECK_NEAR(first_close, 50, 0);
    CHECK_NEAR(last_close, 51, 1e-12);
    CHECK_INT(lab.totals.equity.raw, LAB_RAW(10000));
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void hold_both(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) == 0)
        context->host->order(context, instrument, instrument == 0 ? QB_BUY : QB_SELL,
                             lab_units(30));
}

/* Two on one day, one long and one short, and a third whose own day it is not. */
static void two_instruments(void)
{
    lab_use(hold_both);
    qb_instrument shares[] = {lab_share(), lab_share(), lab_share()};
    qb_engine_config config = lab_config(shares, COUNT_OF(shares));
    qb_series series[COUNT_OF(shares)] = {0};
    for (int day = 1; day < 8; day++) { /* 2020-01-02 is a Thursday */
        bool after = day >= 6;          /* Tuesday */
        share_day(&series[0], day, after ? 15 : 60, day == 6 ? 4 : 1, 0, NAN);
        share_day(&series[1], day, after ? 200 : 10, day == 6 ? 0.05 : 1, 0, NAN);
        share_day(&series[2], day, 25, 1, 0, NAN);
    }
    lab lab = lab_run(&config, series);
    CHECK_INT(lab.fill_count, 3);
    CHECK_INT(lab.totals.in_lieu.raw, LAB_RAW(-100)); /* short 1.5 shares: the half at 200 */
    for (size_t i = 0; i < lab.equity_count; i++)
        CHECK_INT(lab.equity[i].equity, LAB_RAW(10000));
    lab_clear(&lab);
    for (size_t i = 0; i < COUNT_OF(shares); i++)
        qb_series_clear(&series[i]);
}

/* Hours and days of XNYS in one run: both split at the session's open, 14:30 UTC, and not at the
 * label of the day, midnight. */
static void hours_and_days(void)
{
    lab_use(hold_both);
    qb_instrument shares[] = {lab_share(), lab_share()};
    shares[0].interval = QB_1H;
    qb_engine_config config = lab_config(shares, COUNT_OF(shares));
    qb_series series[COUNT_OF(shares)] = {0};
    for (int day = 1; day < 3; day++) {
        for (int hour = 14; hour <= 20; hour++) {
            bool first = day == 2 && hour == 14;
            qb_bar bar = {
                .ts_us = LAB_START + day * QB_DAY_US + hour * QB_HOUR_US,
                .open = day < 2 ? 60 : 20,
                .volume = NAN,
                .split_factor = first ? 3 : 1,
            };
            bar.high = bar.low = bar.close = bar.open;
            CHECK_OK(qb_series_append(&series[0], &bar));
        }
    }
    share_day(&series[1], 1, 50, 1, 0, NAN);
    share_day(&series[1], 2, 25, 2, 0, NAN);
    share_day(&series[1], 3, 25, 1, 0, NAN);
    lab lab = lab_run(&config, series);
    CHECK_INT(lab.fill_count, 2);
    for (size_t i = 0; i < lab.equity_count; i++)
        CHECK_INT(lab.equity[i].equity, LAB_RAW(10000));
    CHECK_INT(lab.fills[0].quantity.raw, 30 * QB_ONE);
    /* The short of the daily share was decided at the close of day 1 and filled on day 2, split. */
    CHECK_INT(lab.fills[1].quantity.raw, -60 * QB_ONE);
    CHECK_INT(lab.fills[1].ts_us, LAB_START + 2 * QB_DAY_US + 14 * QB_HOUR_US + 30 * QB_MINUTE_US);
    lab_clear(&lab);
    for (size_t i = 0; i < COUNT_OF(shares); i++)
        qb_series_clear(&series[i]);
}

/* ---- indicators --------------------------------------------------------------------------- */

#define WALK 240
#define SPLITS_AT(row) ((row) == 60 ? 2.0 : (row) == 110 ? 1.589 : (row) == 170 ? 0.05 : 1.0)

/* A walk in cents, with three splits in it; and the same as somebody would have adjusted it by hand
 * on each day, knowing the splits up to that day only: later prices times the factor so far. */
static qb_series walk(bool adjusted, size_t count)
{
    qb_series series = {0};
    qb_random random = {2014};
    double price = 100.0, factor = 1.0;
    for (size_t row = 0; row < count; row++) {
        double split = SPLITS_AT(row);
        double open = nearbyint(price / split * 100.0) / 100.0;
        price = nearbyint(open * (0.97 + 0.0605 * qb_random_unit(&random)) * 100.0) / 100.0;
        factor *= split;
        double by = adjusted ? factor : 1.0;
        qb_bar bar = {
            .ts_us = LAB_START + (int64_t)row * QB_DAY_US,
            .open = open * by,
            .close = price * by,
            .high = fmax(open, price) * by,
            .low = fmin(open, price) * by,
            .volume = 1000.0 * (adjusted ? 1.0 / factor : 1.0),
            .split_factor = adjusted ? 1.0 : split,
        };
        CHECK_OK(qb_series_append(&series, &bar));
    }
    return series;
}

/* All that a strategy saw at each bar, as one word. */
static uint64_t seen[WALK];

static uint64_t hash_column(uint64_t hash, const double *column, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, &column[i], sizeof word);
        qb_random random = {hash ^ word};
        hash = qb_random_next(&random);
    }
    return hash;
}

static void see_all(const qb_context *context, uint32_t instrument)
{
    const qb_history *history = &context->history[instrument];
    uint64_t hash = hash_column(history->count, history->open, history->count);
    hash = hash_column(hash, history->high, history->count);
    hash = hash_column(hash, history->low, history->count);
    hash = hash_column(hash, history->close, history->count);
    seen[history->total - 1] = hash_column(hash, history->volume, history->count);
}

/* To the last bit, what is seen on a day is the hand-adjusted series of that day, and it is the
 * same whether the run ends there or goes on through later splits. */
static void nothing_is_rewritten(void)
{
    static uint64_t by_hand[WALK];
    lab_use(see_all);
    qb_instrument share = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&share, 1);
    qb_series adjusted = walk(true, WALK), raw = walk(false, WALK);
    lab lab = lab_run(&config, &adjusted);
    memcpy(by_hand, seen, sizeof seen);
    lab_clear(&lab);
    memset(seen, 0, sizeof seen);
    lab = lab_run(&config, &raw);
    CHECK(memcmp(seen, by_hand, sizeof seen) == 0);
    lab_clear(&lab);
    static const size_t ends[] = {1, 59, 60, 61, 109, 110, 111, 170, 171, 239};
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        qb_series part = walk(false, ends[i]);
        memset(seen, 0, sizeof seen);
        lab = lab_run(&config, &part);
        CHECK(memcmp(seen, by_hand, ends[i] * sizeof *seen) == 0);
        lab_clear(&lab);
        qb_series_clear(&part);
    }
    qb_series_clear(&adjusted);
    qb_series_clear(&raw);
}

/* A built-in strategy makes the same decisions on both, and trades them at the raw prices. */
static void same_decisions(void)
{
    qb_instrument share = lab_coin(QB_1D);
    share.lot.raw = 1;
    qb_engine_config config = lab_config(&share, 1);
    config.strategy = strategies_find("sma_cross");
    CHECK(config.strategy != NULL);
    double params[16] = {0};
    static const char *const texts[] = {"fast=3", "slow=9"};
    size_t bad;
    const char *why;
    CHECK_OK(qb_params_from_text(config.strategy, texts, 2, params, &bad, &why));
    config.params = params;
    config.size = (qb_size){QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 0.9};
    qb_series adjusted = walk(true, WALK), raw = walk(false, WALK);
    lab by_hand = lab_run(&config, &adjusted), lab = lab_run(&config, &raw);
    CHECK(lab.fill_count > 20);
    CHECK_INT(lab.fill_count, by_hand.fill_count);
    CHECK_INT(lab.decision_count, by_hand.decision_count);
    for (size_t i = 0; i < lab.decision_count && i < by_hand.decision_count; i++) {
        CHECK_INT(lab.decisions[i].first_us, by_hand.decisions[i].first_us);
        CHECK_INT(lab.decisions[i].last_us, by_hand.decisions[i].last_us);
        CHECK_INT(lab.decisions[i].stage, by_hand.decisions[i].stage);
        CHECK_NEAR(lab.decisions[i].signal, by_hand.decisions[i].signal, 0);
    }
    double factor = 1.0;
    for (size_t row = 0, fill = 0; row < WALK; row++) {
        factor *= SPLITS_AT(row);
        for (; fill < lab.fill_count && lab.fills[fill].bar_ts_us == raw.ts_us[row]; fill++) {
            CHECK_INT(lab.fills[fill].price.raw, LAB_RAW(raw.open[row]));
            CHECK_NEAR((double)lab.fills[fill].quantity.raw /
                           (double)by_hand.fills[fill].quantity.raw / factor,
                       1.0, 1e-6);
        }
    }
    /* Both accounts end alike, but for the lots of 1e-8 and prices in 1e-8. */
    CHECK_NEAR((double)lab.totals.equity.raw / (double)by_hand.totals.equity.raw, 1.0, 1e-7);
    lab_clear(&lab);
    lab_clear(&by_hand);
    qb_series_clear(&adjusted);
    qb_series_clear(&raw);
}

static const tap_case cases[] = {
    {"/engine/splits/every-position", every_position},
    {"/engine/splits/cap", cap_across_split},
    {"/engine/splits/closing", closing_across_split},
    {"/engine/splits/weight", weight_across_split},
    {"/engine/splits/and-dividend", split_and_dividend},
    {"/engine/splits/first-bars", first_bars},
    {"/engine/splits/two-instruments", two_instruments},
    {"/engine/splits/hours-and-days", hours_and_days},
    {"/engine/splits/nothing-is-rewritten", nothing_is_rewritten},
    {"/engine/splits/same-decisions", same_decisions},
};

int main(void)
{
    return tap_run(cases, COUNT_OF(cases));
}
