/* backtrader's own test of a strategy (tests/test_strategy_unoptimized.py): one unit, long when
 * the close crosses above its average of 15, on the days of 2006 of the EURO STOXX 50. */
#include "run.h"

static void check_fills(const json_t *expected, const golden_run *run, int64_t fee)
{
    CHECK_INT(run->fill_count, json_array_size(expected));
    for (size_t i = 0; i < run->fill_count && i < json_array_size(expected); i++) {
        const json_t *row = json_array_get(expected, i);
        const qb_fill *fill = &run->fills[i];
        int64_t price_raw = 0;
        CHECK_OK(qb_raw_from_double(golden_number(row, "price"), &price_raw));
        CHECK_INT(fill->bar_ts_us, golden_time(golden_text(row, "date")));
        CHECK_INT(fill->price.raw, price_raw);
        CHECK_INT(fill->quantity.raw,
                  strcmp(golden_text(row, "side"), "BUY") == 0 ? QB_ONE : -QB_ONE);
        CHECK_INT(fill->fee.raw, fee);
    }
}

/* The published price texts of one side, against every second fill. */
static void check_prices(const json_t *expected, const golden_run *run, size_t first)
{
    CHECK_INT(json_array_size(expected), (run->fill_count + 1 - first) / 2);
    for (size_t i = 0; i < json_array_size(expected) && first + 2 * i < run->fill_count; i++)
        CHECK_INT(run->fills[first + 2 * i].price.raw,
                  golden_raw(json_string_value(json_array_get(expected, i))));
}

static void backtrader_stock(void)
{
    const char *folder = golden_shared();
    if (folder == NULL)
        SKIP(GOLDEN_ABSENT);
    const golden_spec spec = {
        .calendar = "weekdays",
        .strategy = "sma_cross",
        .interval = QB_1D,
        .params = {"fast=1", "slow=15", "trigger=sign", "side=long"},
        .cash = "10000",
        .size = {QB_SIZE_UNITS, QB_SIZE_AT_DECISION, 1.0},
    };
    json_t *root = golden_json(folder, "expected/strategy_sma15_cross_eurostoxx50_2006.json");
    qb_series series = golden_series(folder, "index/EUROSTOXX50_daily_2006.csv", "date");
    golden_run run = golden_run_series(&spec, &series);
    const json_t *published = json_object_get(root, "published");
    const json_t *stock = json_object_get(published, "case_stock");
    CHECK_INT(run.skipped, 0);
    check_fills(json_object_get(root, "computed_fills"), &run, 0);
    check_prices(json_object_get(published, "buy_fill_prices"), &run, 0);
    check_prices(json_object_get(published, "sell_fill_prices"), &run, 1);
    CHECK_INT(run.totals.equity.raw, golden_raw(golden_text(stock, "final_value")));
    CHECK_INT(run.totals.cash.raw, golden_raw(golden_text(stock, "final_cash")));
    golden_run_clear(&run);
    qb_series_clear(&series);
    json_decref(root);
}

/* sqrt(n) mean / population deviation of the trades' profits, as the file defines it. */
static double system_quality(const golden_run *run)
{
    double n = (double)run->trade_count, sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < run->trade_count; i++)
        sum += qb_raw_to_double(run->trades[i].profit.raw);
    for (size_t i = 0; i < run->trade_count; i++) {
        double off = qb_raw_to_double(run->trades[i].profit.raw) - sum / n;
        squares += off * off;
    }
    return sqrt(n) * (sum / n) / sqrt(squares / n);
}

/* The same with a future of ten units and 2.00 a contract and side. backtrader blocks 1000 of
 * margin instead of paying the contract, so leverage stands in for it, and its cash is the value
 * less the margin of the contract that is open at the end. */
static void backtrader_futures(void)
{
    const char *folder = golden_shared();
    if (folder == NULL)
        SKIP(GOLDEN_ABSENT);
    const golden_spec spec = {
        .calendar = "weekdays",
        .strategy = "sma_cross",
        .interval = QB_1D,
        .params = {"fast=1", "slow=15", "trigger=sign", "side=long"},
        .cash = "10000",
        .fee_per_unit = "2",
        .multiplier = "10",
        .leverage = "10",
        .size = {QB_SIZE_UNITS, QB_SIZE_AT_DECISION, 1.0},
    };
    json_t *root = golden_json(folder, "expected/strategy_sma15_cross_eurostoxx50_2006.json");
    qb_series series = golden_series(folder, "index/EUROSTOXX50_daily_2006.csv", "date");
    golden_run run = golden_run_series(&spec, &series);
    const json_t *futures = json_object_get(json_object_get(root, "published"), "case_futures");
    check_fills(json_object_get(root, "computed_fills"), &run, 2 * QB_ONE);
    CHECK_INT(run.totals.equity.raw, golden_raw(golden_text(futures, "final_value")));
    CHECK_INT(run.totals.equity.raw - 1000 * QB_ONE,
              golden_raw(golden_text(futures, "final_cash")));
    CHECK_INT(run.trade_count, (int64_t)golden_number(futures, "closed_trades"));
    CHECK_NEAR(system_quality(&run), strtod(golden_text(futures, "sqn"), NULL), 1e-12);
    golden_run_clear(&run);
    qb_series_clear(&series);
    json_decref(root);
}

static const tap_case cases[] = {
    {"/golden/backtrader/sma15-stock", backtrader_stock},
    {"/golden/backtrader/sma15-futures", backtrader_futures},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
