/* Its conventions, as a run of ours: orders made at a close fill at the next close; the price moves
 * by 0.1 x (shares / volume)^2 of itself; at most 2.5 % of a day's volume; 0.0075 a share, at least
 * 1.00 an order; splits change what is held and what waits; dividends are not paid.
 *
 * Ten shares of tens of millions move the price by less than its eighth decimal, and 2.5 % is never
 * reached here: large orders, where both bite, are in golden_peers.c. */
#include "buyapple.h"

#define SHARES 10.0

static size_t warmup(const double *params)
{
    (void)params;
    return 1;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    (void)setup;
    *out_state = NULL;
    return QB_OK;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    (void)state;
    const qb_size size = {QB_SIZE_UNITS, QB_SIZE_AT_DECISION, SHARES};
    context->host->order(context, instrument, QB_BUY, size);
}

static const qb_strategy buy_daily = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "buy_daily",
    .summary = "Buys ten shares at each close",
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
};

static void check_fills(const char *folder, const golden_run *run)
{
    columns *file = columns_read(folder, "expected/zipline_runs/buyapple_fills.csv");
    int64_t *ts_us = columns_times(file, "ts");
    double *shares = columns_numbers(file, "shares"), *price = columns_numbers(file, "price");
    double *fee = columns_numbers(file, "order_commission_total");
    CHECK_INT(run->fill_count, columns_rows(file));
    for (size_t i = 0; i < columns_rows(file) && i < run->fill_count; i++) {
        const qb_fill *fill = &run->fills[i];
        CHECK_INT(fill->ts_us, ts_us[i]); /* the close of that session, in UTC */
        CHECK_NEAR(qb_raw_to_double(fill->quantity.raw), shares[i], 0);
        CHECK_NEAR(qb_raw_to_double(fill->price.raw), price[i], 1e-8);
        CHECK_NEAR(qb_raw_to_double(fill->fee.raw), fee[i], 0);
    }
    free(ts_us);
    free(shares);
    free(price);
    free(fee);
    columns_free(file);
}

static void check_days(const char *folder, const golden_run *run, const double *dividends)
{
    columns *file = columns_read(folder, "expected/zipline_runs/buyapple_daily.csv");
    double *value = columns_numbers(file, "portfolio_value");
    double *cash = columns_numbers(file, "ending_cash");
    const size_t days = columns_rows(file);
    CHECK_INT(run->equity_count, days);
    for (size_t i = 0; i < days && i < run->equity_count; i++)
        CHECK_NEAR(run->equity[i], value[i] + (dividends != NULL ? dividends[i] : 0.0), 1e-6);
    const double paid = dividends != NULL ? dividends[days - 1] : 0.0;
    CHECK_NEAR(qb_raw_to_double(run->totals.cash.raw), cash[days - 1] + paid, 1e-6);
    free(value);
    free(cash);
    columns_free(file);
}

golden_run buyapple_run(const qb_series *series)
{
    const golden_spec spec = {
        .calendar = "XNYS",
        .own = &buy_daily,
        .fill_at = QB_FILL_NEXT_CLOSE,
        .interval = QB_1D,
        .cash = "10000000",
        .fee_per_unit = "0.0075",
        .fee_minimum = "1",
        .quadratic_impact = "0.1",
        .volume_cap = "0.025",
        .size = {QB_SIZE_UNITS, QB_SIZE_AT_DECISION, 1.0},
    };
    return golden_run_series(&spec, series);
}

void buyapple_check(const golden_run *run, const char *folder, const double *dividends)
{
    CHECK_INT(run->skipped, 0);
    check_fills(folder, run);
    check_days(folder, run, dividends);
}
