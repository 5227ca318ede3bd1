/* What an order meets, case by case: short series by hand, and what must come of them. */
#include "lab.h"

/* ---- scripts ------------------------------------------------------------------------------ */

static void buy_first_sell_third(const qb_context *context, uint32_t instrument)
{
    uint64_t bar = lab_bar_index(context, instrument);
    context->host->signal(context, instrument, bar < 2 ? 1.0 : 0.0);
}

static void long_short_flat(const qb_context *context, uint32_t instrument)
{
    static const double wishes[] = {1.0, -1.0, 0.0};
    uint64_t bar = lab_bar_index(context, instrument);
    context->host->signal(context, instrument, wishes[bar < 2 ? bar : 2]);
}

/* ---- when --------------------------------------------------------------------------------- */

static void next_open(void)
{
    lab_use(buy_first_sell_third);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = lab_stairs(5);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.fill_count, 2);
    lab_check_fill(&lab, 0, 1, 1, 20);
    lab_check_fill(&lab, 1, 3, -1, 40);
    CHECK_INT(lab.totals.cash.raw, LAB_RAW(10020));
    CHECK_INT(lab.trade_count, 1);
    CHECK_INT(lab.trades[0].bars, 2); /* the closes of days 1 and 2 */
    CHECK_INT(lab.totals.bars_held, 2);
    CHECK_INT(lab.equity_count, 5);
    CHECK_INT(lab.equity[0].equity, LAB_RAW(10000));
    CHECK_INT(lab.equity[1].equity, LAB_RAW(10001)); /* 21 - 20 */
    CHECK_INT(lab.equity[2].equity, LAB_RAW(10011));
    CHECK_INT(lab.equity[4].equity, LAB_RAW(10020));
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void at_close(void)
{
    lab_use(buy_first_sell_third);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.fill_at = QB_FILL_CLOSE;
    qb_series series = lab_stairs(3);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 2);
    lab_check_fill(&lab, 0, 0, 1, 11);
    lab_check_fill(&lab, 1, 2, -1, 31); /* also on the last bar: its close is the price */
    CHECK_INT(lab.fills[0].ts_us, LAB_START + QB_DAY_US);
    CHECK_INT(lab.totals.equity.raw, LAB_RAW(10020));
    CHECK_INT(lab.equity[2].equity, LAB_RAW(10020));
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void at_next_close(void)
{
    lab_use(buy_first_sell_third);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.fill_at = QB_FILL_NEXT_CLOSE;
    qb_series series = lab_stairs(4);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 2);
    lab_check_fill(&lab, 0, 1, 1, 21);
    lab_check_fill(&lab, 1, 3, -1, 41);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void last_bar(void)
{
    lab_use(buy_first_sell_third);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = lab_stairs(1);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 0);
    lab_check_order(&lab, 0, QB_ORDER_EXPIRED, QB_REASON_END_OF_DATA);
    CHECK_INT(lab.totals.expired, 1);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* Nobody traded at a repaired or synthetic price: the order waits for the next real bar. */
static void flagged_bars(void)
{
    lab_use(lab_always_long);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = {0};
    for (int day = 0; day < 5; day++) {
        qb_bar bar = {
            .ts_us = LAB_START + day * QB_DAY_US,
            .open = 10 + day,
            .high = 10 + day,
            .low = 10 + day,
            .close = 10 + day,
            .volume = NAN,
            .split_factor = 1,
            .flags = day == 1   ? QB_BAR_SYNTHETIC
                     : day == 2 ? QB_BAR_REPAIRED | QB_BAR_SAMPLED
                                : QB_BAR_SAMPLED,
        };
        CHECK_OK(qb_series_append(&series, &bar));
    }
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 1);
    lab_check_fill(&lab, 0, 3, 1, 13);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void patience(void)
{
    static const struct {
        int gap; /* days missing after the first */
        bool fills;
    } gaps[] = {{0, true}, {4, true}, {5, false}, {40, false}};
    lab_use(lab_always_long);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++) {
        qb_series series = {0};
        int after = gaps[i].gap + 1;
        lab_day(&series, 0, 10, 10);
        lab_day(&series, after, 20, 20);
        lab_day(&series, after + 1, 30, 30);
        lab lab = lab_run(&config, &series);
        CHECK_INT(lab.fill_count, 1);
        if (gaps[i].fills) {
            lab_check_fill(&lab, 0, after, 1, 20);
        } else {
            /* The same wish is tried again on the next bar. */
            lab_check_order(&lab, 0, QB_ORDER_EXPIRED, QB_REASON_NO_DATA);
            lab_check_fill(&lab, 0, after + 1, 1, 30);
        }
        lab_clear(&lab);
        qb_series_clear(&series);
    }
}

/* A weekend is no gap to the exchange: 2020-01-03 was a Friday. */
static void patience_counts_sessions(void)
{
    lab_use(lab_always_long);
    qb_instrument share = lab_share();
    qb_engine_config config = lab_config(&share, 1);
    config.patience = 1;
    qb_series series = {0};
    lab_day(&series, 2, 10, 10);
    lab_day(&series, 5, 20, 20);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 1);
    lab_check_fill(&lab, 0, 5, 1, 20);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* ---- how much ----------------------------------------------------------------------------- */

static void crossing_zero(void)
{
    lab_use(long_short_flat);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = lab_stairs(5);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.order_count, 4);
    CHECK(lab.orders[1].first.reduce_only && !lab.orders[2].first.reduce_only);
    CHECK_INT(lab.fill_count, 4);
    lab_check_fill(&lab, 0, 1, 1, 20);
    lab_check_fill(&lab, 1, 2, -1, 30); /* closes, */
    lab_check_fill(&lab, 2, 2, -1, 30); /* then opens */
    lab_check_fill(&lab, 3, 3, 1, 40);
    CHECK_INT(lab.trade_count, 2);
    CHECK_INT(lab.trades[0].profit.raw, LAB_RAW(10));
    CHECK_INT(lab.trades[1].profit.raw, LAB_RAW(-10));
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* An order that crosses zero by itself is filled in two parts, and pays its fee for both. */
static void sell_twice(const qb_context *context, uint32_t instrument)
{
    uint64_t bar = lab_bar_index(context, instrument);
    if (bar < 2)
        context->host->order(context, instrument, bar == 0 ? QB_BUY : QB_SELL,
                             lab_units(bar == 0 ? 2 : 5));
}

static void order_across_zero(void)
{
    lab_use(sell_twice);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.costs.fee_rate.raw = QB_ONE / 100;
    qb_series series = lab_stairs(4);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.order_count, 2);
    CHECK_INT(lab.fill_count, 3);
    lab_check_fill(&lab, 1, 2, -2, 30);
    lab_check_fill(&lab, 2, 2, -3, 30);
    CHECK_INT(lab.fills[1].order_id, lab.fills[2].order_id);
    CHECK_INT(lab.fills[1].fee.raw, LAB_RAW(0.6));
    CHECK_INT(lab.fills[2].fee.raw, LAB_RAW(0.9));
    lab_clear(&lab);
    qb_series_clear(&series);
}

static const struct {
    const char *name;
    qb_size size;
    qb_side side;
    const char *fee_rate; /* 0, or 1 % */
    double leverage;
    double filled; /* 0: refused */
    qb_reason reason;
} gate_cases[] = {
    /* Close 100, next open 125, cash 10,000. */
    {"units that fit", {QB_SIZE_UNITS, 0, 80}, QB_BUY, "0", 1, 80, 0},
    {"units too many at the fill", {QB_SIZE_UNITS, 0, 81}, QB_BUY, "0", 1, 0, QB_REASON_CASH},
    {"units too many at admission", {QB_SIZE_UNITS, 0, 101}, QB_BUY, "0", 1, 0, QB_REASON_CASH},
    {"fees count", {QB_SIZE_UNITS, 0, 80}, QB_BUY, "0.01", 1, 0, QB_REASON_CASH},
    {"leverage", {QB_SIZE_UNITS, 0, 160}, QB_BUY, "0", 2, 160, 0},
    {"leverage ends", {QB_SIZE_UNITS, 0, 161}, QB_BUY, "0", 2, 0, QB_REASON_CASH},
    {"short proceeds buy nothing", {QB_SIZE_UNITS, 0, 81}, QB_SELL, "0", 1, 0, QB_REASON_CASH},
    {"short within equity", {QB_SIZE_UNITS, 0, 80}, QB_SELL, "0", 1, -80, 0},
    /* 100 shares by the close, of which 80 can be paid at the open */
    {"weight at decision is reduced", {QB_SIZE_WEIGHT, 0, 1.0}, QB_BUY, "0", 1, 80, 0},
    {"weight at decision below it", {QB_SIZE_WEIGHT, 0, 0.5}, QB_BUY, "0", 1, 50, 0},
    {"weight at fill", {QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 0.5}, QB_BUY, "0", 1, 40, 0},
    /* 10,000 / (125 x 1.01) = 79.2 */
    {"weight at fill, fees included",
     {QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 1.0},
     QB_BUY,
     "0.01",
     1,
     79,
     0},
    {"short weight at fill", {QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 1.0}, QB_SELL, "0.01", 1, -79, 0},
    {"cash", {QB_SIZE_CASH, 0, 1000}, QB_BUY, "0", 1, 10, 0},
    {"cash at fill", {QB_SIZE_CASH, QB_SIZE_AT_FILL, 1000}, QB_BUY, "0", 1, 8, 0},
    {"cash beyond the account is reduced",
     {QB_SIZE_CASH, QB_SIZE_AT_FILL, 50000},
     QB_BUY,
     "0",
     1,
     80,
     0},
    {"less than a lot", {QB_SIZE_CASH, 0, 99}, QB_BUY, "0", 1, 0, QB_REASON_BELOW_LOT},
    {"less than a lot at the fill",
     {QB_SIZE_CASH, QB_SIZE_AT_FILL, 124},
     QB_BUY,
     "0",
     1,
     0,
     QB_REASON_BELOW_LOT},
    {"units below the lot", {QB_SIZE_UNITS, 0, 0.9}, QB_BUY, "0", 1, 0, QB_REASON_BELOW_LOT},
    {"units rounded down to the lot", {QB_SIZE_UNITS, 0, 2.9}, QB_BUY, "0", 1, 2, 0},
};

static void gate(void)
{
    lab_use(lab_order_once);
    qb_instrument coin = lab_coin(QB_1D);
    for (size_t i = 0; i < sizeof gate_cases / sizeof *gate_cases; i++) {
        int failed = tap_failed;
        qb_engine_config config = lab_config(&coin, 1);
        CHECK_OK(qb_raw_from_text(gate_cases[i].fee_rate, strlen(gate_cases[i].fee_rate),
                                  &config.costs.fee_rate.raw));
        config.leverage.raw = LAB_RAW(gate_cases[i].leverage);
        lab_once_side = gate_cases[i].side;
        lab_once_size = gate_cases[i].size;
        qb_series series = {0};
        lab_day(&series, 0, 100, 100);
        lab_day(&series, 1, 125, 125);
        lab lab = lab_run(&config, &series);
        CHECK_INT(lab.order_count, 1);
        CHECK_INT(lab_once_id, 1);
        if (gate_cases[i].filled != 0.0) {
            CHECK_INT(lab.fill_count, 1);
            lab_check_fill(&lab, 0, 1, gate_cases[i].filled, 125);
            lab_check_order(&lab, 0, QB_ORDER_FILLED, QB_REASON_NONE);
        } else {
            CHECK_INT(lab.fill_count, 0);
            lab_check_order(&lab, 0, QB_ORDER_REJECTED, gate_cases[i].reason);
        }
        if (tap_failed != failed)
            printf("# in: %s\n", gate_cases[i].name);
        lab_clear(&lab);
        qb_series_clear(&series);
    }
}

static void volume_cap(void)
{
    lab_use(lab_order_once);
    lab_once_side = QB_BUY;
    lab_once_size = lab_units(10);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.costs.volume_cap.raw = QB_ONE / 20; /* 5 % */
    config.costs.fee_per_unit.raw = QB_ONE / 100;
    config.costs.fee_minimum.raw = QB_ONE; /* per order: paid once */
    static const double volumes[] = {1000, 79, 19, 0, 1000};
    qb_series series = {0};
    for (int day = 0; day < 5; day++)
        CHECK_OK(qb_series_append(&series, &(qb_bar){
                                               .ts_us = LAB_START + day * QB_DAY_US,
                                               .open = 10,
                                               .high = 10,
                                               .low = 10,
                                               .close = 10,
                                               .volume = volumes[day],
                                               .split_factor = 1,
                                           }));
    lab lab = lab_run(&config, &series);
    /* 5 % of 79 is 3; of 19 less than one; unknown or zero volume: no cap */
    CHECK_INT(lab.fill_count, 2);
    lab_check_fill(&lab, 0, 1, 3, 10);
    lab_check_fill(&lab, 1, 3, 7, 10);
    CHECK_INT(lab.fills[0].fee.raw, QB_ONE);
    CHECK_INT(lab.fills[1].fee.raw, 0);
    CHECK_INT(lab.totals.fees.raw, QB_ONE);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* A new target takes the place of what is left of the old one. */
static void target_down(const qb_context *context, uint32_t instrument)
{
    uint64_t bar = lab_bar_index(context, instrument);
    if (bar == 0)
        CHECK_INT(context->host->target(context, instrument, QB_BUY, lab_units(10)), 1);
    if (bar == 1)
        CHECK_INT(context->host->target(context, instrument, QB_BUY, lab_units(2)), 2);
    if (bar == 2) /* it holds 2 of them now */
        CHECK_INT(context->host->target(context, instrument, QB_BUY, lab_units(2)), 0);
}

static void target_replaces(void)
{
    lab_use(target_down);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.costs.volume_cap.raw = QB_ONE / 2;
    qb_series series = {0};
    for (int day = 0; day < 4; day++)
        CHECK_OK(qb_series_append(&series, &(qb_bar){
                                               .ts_us = LAB_START + day * QB_DAY_US,
                                               .open = 10,
                                               .high = 10,
                                               .low = 10,
                                               .close = 10,
                                               .volume = 8,
                                               .split_factor = 1,
                                           }));
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.order_count, 2);
    lab_check_order(&lab, 0, QB_ORDER_CANCELLED, QB_REASON_REPLACED);
    CHECK_INT(lab.orders[0].last.filled.raw, LAB_RAW(4));
    lab_check_order(&lab, 1, QB_ORDER_FILLED, QB_REASON_NONE);
    lab_check_fill(&lab, 0, 1, 4, 10);
    lab_check_fill(&lab, 1, 2, -2, 10);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* All of the equity, and costs: asked again, it is content and does not trim itself. */
static void full_weight_again(const qb_context *context, uint32_t instrument)
{
    context->host->target(context, instrument, QB_BUY,
                          (qb_size){QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 1.0});
}

static void full_weight_is_stable(void)
{
    lab_use(full_weight_again);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.costs = (qb_costs){.fee_rate = {QB_ONE / 500}, .slippage = {QB_ONE / 1000}};
    qb_series series = {0};
    for (int day = 0; day < 30; day++)
        lab_day(&series, day, 7 + day % 5, 7 + day % 3);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 1);
    for (size_t i = 1; i + 1 < lab.order_count; i++)
        lab_check_order(&lab, i, QB_ORDER_CANCELLED, QB_REASON_UNCHANGED);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* ---- many instruments --------------------------------------------------------------------- */

/* Instrument 0 is bought first; on the third bar its money goes to instrument 1. The buy is asked
 * before the sale, and still the sale fills first. */
static void rotate(const qb_context *context, uint32_t instrument)
{
    const qb_size all = {QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 1.0};
    const qb_size none = {QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 0.0};
    uint64_t bar = lab_bar_index(context, instrument);
    if (instrument != 1)
        return;
    if (bar == 0)
        context->host->target(context, 0, QB_BUY, all);
    if (bar == 2) {
        context->host->target(context, 1, QB_BUY, all);
        context->host->target(context, 0, QB_BUY, none);
    }
}

static void reducing_first(void)
{
    lab_use(rotate);
    qb_instrument coins[] = {lab_coin(QB_1D), lab_coin(QB_1D)};
    qb_engine_config config = lab_config(coins, 2);
    qb_series series[2] = {{0}, {0}};
    for (int day = 0; day < 5; day++) {
        lab_day(&series[0], day, 100, 100);
        lab_day(&series[1], day, 50, 50);
    }
    lab lab = lab_run(&config, series);
    CHECK_INT(lab.fill_count, 3);
    CHECK_INT(lab.fills[1].instrument, 0);
    lab_check_fill(&lab, 1, 3, -100, 100);
    CHECK_INT(lab.fills[2].instrument, 1);
    lab_check_fill(&lab, 2, 3, 200, 50);
    lab_clear(&lab);
    qb_series_clear(&series[0]);
    qb_series_clear(&series[1]);
}

/* Halves of the equity at the opens of one instant are halves of the same equity, whatever fees
 * the first of them pays. */
static void halves(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) == 0)
        context->host->target(context, instrument, QB_BUY,
                              (qb_size){QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 0.5});
}

static void same_equity_for_all(void)
{
    lab_use(halves);
    qb_instrument coins[] = {lab_coin(QB_1D), lab_coin(QB_1D)};
    coins[0].lot.raw = coins[1].lot.raw = 1;
    qb_engine_config config = lab_config(coins, 2);
    config.costs.fee_rate.raw = QB_ONE / 100;
    qb_series series[2] = {{0}, {0}};
    for (int day = 0; day < 3; day++) {
        lab_day(&series[0], day, 100, 100);
        lab_day(&series[1], day, 100, 100);
    }
    lab lab = lab_run(&config, series);
    CHECK_INT(lab.fill_count, 2);
    CHECK_INT(lab.fills[0].quantity.raw, lab.fills[1].quantity.raw);
    CHECK_INT(lab.fills[0].quantity.raw, 4950495049); /* 5000 / (100 x 1.01) */
    lab_clear(&lab);
    qb_series_clear(&series[0]);
    qb_series_clear(&series[1]);
}

/* A position to be cut and one to be opened, both sized at the open and the second asked first:
 * the cut comes first, and the opening is sized on what its fee has left. */
static void rebalance(const qb_context *context, uint32_t instrument)
{
    uint64_t bar = lab_bar_index(context, instrument);
    if (instrument == 0 && bar == 0)
        context->host->order(context, 0, QB_BUY, lab_units(50));
    if (instrument == 1 && bar == 2) {
        const qb_size half = {QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 0.5};
        const qb_size quarter = {QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 0.25};
        context->host->target(context, 1, QB_BUY, half);
        context->host->target(context, 0, QB_BUY, quarter);
    }
}

static void sized_on_what_is_left(void)
{
    lab_use(rebalance);
    qb_instrument coins[] = {lab_coin(QB_1D), lab_coin(QB_1D)};
    coins[0].lot.raw = coins[1].lot.raw = 1;
    qb_engine_config config = lab_config(coins, 2);
    config.costs.fee_rate.raw = QB_ONE / 100;
    qb_series series[2] = {{0}, {0}};
    for (int day = 0; day < 5; day++) {
        lab_day(&series[0], day, 100, 100);
        lab_day(&series[1], day, 50, 50);
    }
    lab lab = lab_run(&config, series);
    CHECK_INT(lab.fill_count, 3);
    /* Equity 9,950: a quarter is 24.875 units at 100, so 25.125 are sold, for a fee of 25.125. */
    CHECK_INT(lab.fills[1].instrument, 0);
    lab_check_fill(&lab, 1, 3, -25.125, 100);
    /* Half of 9,924.875 pays for 4962.4375 / (50 x 1.01) units. */
    CHECK_INT(lab.fills[2].instrument, 1);
    CHECK_INT(lab.fills[2].quantity.raw, 9826608910);
    lab_clear(&lab);
    qb_series_clear(&series[0]);
    qb_series_clear(&series[1]);
}

/* The margin counts every position: two that fit alone do not fit together. */
static void margin_is_shared(void)
{
    lab_use(lab_always_long);
    qb_instrument coins[] = {lab_coin(QB_1D), lab_coin(QB_1D)};
    qb_engine_config config = lab_config(coins, 2);
    config.size = lab_units(60);
    qb_series series[2] = {{0}, {0}};
    for (int day = 0; day < 4; day++) {
        lab_day(&series[0], day, 100, 100);
        lab_day(&series[1], day, 100, 100);
    }
    lab lab = lab_run(&config, series);
    CHECK_INT(lab.fill_count, 1);
    lab_check_order(&lab, 1, QB_ORDER_REJECTED, QB_REASON_CASH);
    CHECK_INT(lab.order_count, 2); /* refused for want of cash: not asked on every bar */
    lab_clear(&lab);
    qb_series_clear(&series[0]);
    qb_series_clear(&series[1]);
}

/* ---- corporate actions -------------------------------------------------------------------- */

static double seen_first_close, seen_last_close, seen_last_volume;

static void buy_three_and_look(const qb_context *context, uint32_t instrument)
{
    const qb_history *history = &context->history[instrument];
    seen_first_close = history->close[0];
    seen_last_close = history->close[history->count - 1];
    seen_last_volume = history->volume[history->count - 1];
    if (history->total == 1)
        context->host->order(context, instrument, QB_BUY, lab_units(3));
}

static void action_day(qb_series *series, int day, double price, double dividend, double split)
{
    CHECK_OK(qb_series_append(series, &(qb_bar){
                                          .ts_us = LAB_START + day * QB_DAY_US,
                                          .open = price,
                                          .high = price,
                                          .low = price,
                                          .close = price,
                                          .volume = 600,
                                          .dividend = dividend,
                                          .split_factor = split,
                                      }));
}

static void split_and_dividend(void)
{
    lab_use(buy_three_and_look);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = {0};
    action_day(&series, 0, 100, 0, 1);
    action_day(&series, 1, 120, 0, 1);  /* three at 120 */
    action_day(&series, 2, 80, 0, 1.5); /* 4.5: four and 40 in cash */
    action_day(&series, 3, 80, 2, 1);   /* 8 */
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.totals.in_lieu.raw, LAB_RAW(40));
    CHECK_INT(lab.totals.dividends.raw, LAB_RAW(8));
    CHECK_INT(lab.totals.cash.raw, LAB_RAW(10000 - 360 + 40 + 8));
    CHECK_INT(lab.totals.equity.raw, LAB_RAW(10000 - 360 + 40 + 8 + 320));
    CHECK_INT(lab.equity[2].equity, LAB_RAW(10000)); /* 120 = 80 x 1.5: nothing was gained */
    /* Indicators see no jump, and the past as it was. */
    CHECK_NEAR(seen_first_close, 100.0, 0.0);
    CHECK_NEAR(seen_last_close, 120.0, 1e-12);
    CHECK_NEAR(seen_last_volume, 400.0, 1e-12);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* A resting order is split with the share, before it fills. */
static void split_of_resting_order(void)
{
    lab_use(lab_order_once);
    lab_once_side = QB_BUY;
    lab_once_size = lab_units(3);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = {0};
    action_day(&series, 0, 100, 0, 1);
    action_day(&series, 1, 50, 0, 2);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 1);
    lab_check_fill(&lab, 0, 1, 6, 50);
    lab_clear(&lab);
    qb_series_clear(&series);

    series = (qb_series){0};
    action_day(&series, 0, 100, 0, 1);
    action_day(&series, 1, 1000, 0, 0.1); /* three tenths of a share are none */
    lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 0);
    lab_check_order(&lab, 0, QB_ORDER_CANCELLED, QB_REASON_BELOW_LOT);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* ---- the end of an account ---------------------------------------------------------------- */

static void short_once(const qb_context *context, uint32_t instrument)
{
    uint64_t bar = lab_bar_index(context, instrument);
    if (bar == 0)
        context->host->signal(context, instrument, -1.0);
    if (bar == 1)
        context->host->order(context, instrument, QB_BUY, lab_units(1));
}

static void bankrupt(void)
{
    lab_use(short_once);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.size = lab_units(100);
    qb_series series = {0};
    lab_day(&series, 0, 100, 100);
    lab_day(&series, 1, 100, 150);
    lab_day(&series, 2, 201, 100); /* 20,000 - 20,100: ruined at the open */
    lab_day(&series, 3, 100, 100);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK(lab.totals.bankrupt);
    CHECK_INT(lab.fill_count, 1);
    lab_check_order(&lab, 1, QB_ORDER_CANCELLED, QB_REASON_BANKRUPT);
    CHECK_INT(lab.equity_count, 3);
    CHECK_INT(lab.equity[2].equity, LAB_RAW(-100));
    CHECK_INT(lab.equity[2].at_us, LAB_START + 2 * QB_DAY_US);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void bankrupt_at_a_close(void)
{
    lab_use(short_once);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.size = lab_units(100);
    qb_series series = {0};
    lab_day(&series, 0, 100, 100);
    lab_day(&series, 1, 100, 200); /* exactly nothing left */
    lab_day(&series, 2, 100, 100);
    lab lab = lab_run(&config, &series);
    CHECK(lab.totals.bankrupt);
    CHECK_INT(lab.equity_count, 2);
    CHECK_INT(lab.equity[1].equity, 0);
    CHECK_INT(lab.order_count, 1);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static const tap_case cases[] = {
    {"/engine/fill/next-open", next_open},
    {"/engine/fill/close", at_close},
    {"/engine/fill/next-close", at_next_close},
    {"/engine/fill/last-bar", last_bar},
    {"/engine/fill/flagged-bars", flagged_bars},
    {"/engine/fill/patience", patience},
    {"/engine/fill/patience-counts-sessions", patience_counts_sessions},
    {"/engine/size/crossing-zero", crossing_zero},
    {"/engine/size/order-across-zero", order_across_zero},
    {"/engine/size/gate", gate},
    {"/engine/size/volume-cap", volume_cap},
    {"/engine/size/target-replaces", target_replaces},
    {"/engine/size/full-weight-is-stable", full_weight_is_stable},
    {"/engine/many/reducing-first", reducing_first},
    {"/engine/many/same-equity-for-all", same_equity_for_all},
    {"/engine/many/sized-on-what-is-left", sized_on_what_is_left},
    {"/engine/many/margin-is-shared", margin_is_shared},
    {"/engine/actions/split-and-dividend", split_and_dividend},
    {"/engine/actions/split-of-resting-order", split_of_resting_order},
    {"/engine/end/bankrupt", bankrupt},
    {"/engine/end/bankrupt-at-a-close", bankrupt_at_a_close},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
