/* Runs of backtesting.py: every trade, the whole equity curve, its statistics, and a grid.
 *
 * Its default size is all cash but one part in 2^52; at the fill, floor(cash / (price x (1 +
 * commission))) units for shorts as for longs gives every size that it published. That is a
 * weight of 1 sized at the fill, with fees included. Its `crossover` is trigger=cross.
 *
 * One difference of definition: it closes the last open trade on the last bar, and takes the
 * commission of that. Here a position stays open and is marked at the last close. RUNS.json says
 * that the closing is at the last close too, but all its trades that were still open (three runs
 * and the grid) show the last bar's OPEN as their exit price, and the last value of the equity
 * curves is made with it. So the position that we hold is closed at that open on paper, with that
 * fee, for the last trade, the last value of the curve and the final equity; nothing else is
 * adjusted. (Without this the last value alone differs, by the bar's own move and the fee.)
 * Where the strategy crosses on the very last bar (row 20, 30 of the grid) the closing there also
 * fills its new order at the open of that bar, before the close that decided it, and leaves that
 * position marked at the close. Here the data have ended and the order expires; on paper, for the
 * final equity of that row, it is filled as there.
 */
#include "run.h"

/* Ours are sums of amounts rounded to 1e-8, theirs of doubles. */
#define EQUITY_TOLERANCE 1e-11 /* relative */
#define PROFIT_TOLERANCE 1e-11 /* of the trade's notional */

typedef struct published_trades {
    double *size, *entry_price, *exit_price, *profit, *commission, *fraction;
    int64_t *entry_us, *exit_us;
    size_t count;
} published_trades;

static published_trades trades_read(const char *folder, const char *path)
{
    columns *file = columns_read(folder, path);
    const published_trades trades = {
        .size = columns_numbers(file, "size"),
        .entry_price = columns_numbers(file, "entry_price"),
        .exit_price = columns_numbers(file, "exit_price"),
        .profit = columns_numbers(file, "pnl"),
        .commission = columns_numbers(file, "commission"),
        .fraction = columns_numbers(file, "return_fraction"),
        .entry_us = columns_times(file, "entry_ts"),
        .exit_us = columns_times(file, "exit_ts"),
        .count = columns_rows(file),
    };
    columns_free(file);
    return trades;
}

static void trades_clear(published_trades *trades)
{
    free(trades->size);
    free(trades->entry_price);
    free(trades->exit_price);
    free(trades->profit);
    free(trades->commission);
    free(trades->fraction);
    free(trades->entry_us);
    free(trades->exit_us);
}

/* The position left at the end, closed on paper at the last bar's open. */
typedef struct closing {
    bool open;      /* something is left to close */
    qb_trade trade; /* the trade that it becomes */
    int64_t equity; /* of the account after it, raw */
} closing;

/* The change of equity from an order of the last bar that is filled at that bar's own open. */
static int64_t gain_of_overtaken(const golden_run *run, const qb_costs *costs, qb_price open,
                                 int64_t equity)
{
    qb_instrument instrument;
    qb_quantity units = {0};
    qb_money paid = {0}, worth = {0}, fee = {0};
    CHECK_OK(qb_instrument_default("GOLDEN", QB_INDEX, QB_1D, &instrument));
    CHECK_OK(qb_quantity_for_budget(&instrument, costs, QB_BUY, open, (qb_money){equity}, &units));
    CHECK_OK(qb_notional(open, units, &paid));
    CHECK_OK(qb_notional(run->position.mark, units, &worth));
    CHECK_OK(qb_fill_fee(costs, open, units, &fee));
    return run->overtaken * (worth.raw - paid.raw) - fee.raw;
}

static closing close_on_paper(const golden_run *run, const golden_spec *spec,
                              const qb_series *series)
{
    const qb_position *held = &run->position;
    const size_t last = series->count - 1;
    const qb_costs costs = {.fee_rate = {spec->fee_rate != NULL ? golden_raw(spec->fee_rate) : 0}};
    closing closing = {.open = held->quantity.raw != 0, .equity = run->totals.equity.raw};
    if (!closing.open)
        return closing;
    qb_price price;
    qb_money fee, value;
    CHECK_OK(qb_price_from_double(series->open[last], &price));
    CHECK_OK(qb_fill_fee(&costs, price, held->quantity, &fee));
    CHECK_OK(qb_notional(price, held->quantity, &value));
    const int64_t profit = value.raw - held->cost.raw - held->trade_fees.raw - fee.raw;
    const int64_t notional = llabs(held->entry_notional.raw);
    closing.equity += value.raw - held->value.raw - fee.raw;
    if (run->overtaken != 0)
        closing.equity += gain_of_overtaken(run, &costs, price, closing.equity);
    closing.trade = (qb_trade){
        .side = held->quantity.raw > 0 ? QB_BUY : QB_SELL,
        .entry_us = held->entry_us,
        .exit_us = series->ts_us[last],
        .quantity = held->entered,
        /* One fill of whole units made it, so this division has no rest. */
        .entry_price = {notional / (held->entered.raw / QB_ONE)},
        .exit_price = price,
        .profit = {profit},
        .fees = {held->trade_fees.raw + fee.raw},
        .return_fraction = (double)profit / (double)notional,
    };
    return closing;
}

/* The bar of the fill that was known at this instant: a stop within a bar is known at its end, and
 * told there with the bar's own stamp. The instant itself when there is none. */
static int64_t bar_at(const golden_run *run, int64_t at_us)
{
    for (size_t i = 0; i < run->fill_count; i++)
        if (run->fills[i].ts_us == at_us)
            return run->fills[i].bar_ts_us;
    return at_us;
}

static void check_trade(const published_trades *want, size_t i, const qb_trade *got,
                        const golden_run *run)
{
    const double notional = fabs(want->size[i]) * want->entry_price[i];
    CHECK_INT(got->quantity.raw * (int)got->side, llrint(want->size[i]) * QB_ONE);
    CHECK_INT(got->entry_us, want->entry_us[i]);
    CHECK_INT(bar_at(run, got->exit_us), want->exit_us[i]);
    CHECK_INT(got->entry_price.raw, llrint(want->entry_price[i] * QB_ONE));
    CHECK_INT(got->exit_price.raw, llrint(want->exit_price[i] * QB_ONE));
    CHECK_NEAR(qb_raw_to_double(got->fees.raw), want->commission[i], notional * PROFIT_TOLERANCE);
    CHECK_NEAR(qb_raw_to_double(got->profit.raw), want->profit[i], notional * PROFIT_TOLERANCE);
    CHECK_NEAR(got->return_fraction, want->fraction[i], 1e-11);
}

static void check_trades(const char *folder, const char *path, const golden_run *run,
                         const closing *closing)
{
    published_trades want = trades_read(folder, path);
    CHECK_INT(run->trade_count + closing->open, want.count);
    for (size_t i = 0; i < run->trade_count && i < want.count; i++)
        check_trade(&want, i, &run->trades[i], run);
    if (closing->open && want.count == run->trade_count + 1)
        check_trade(&want, want.count - 1, &closing->trade, run);
    trades_clear(&want);
}

static void check_equity(const char *folder, const char *path, const qb_series *series,
                         const golden_run *run, const closing *closing)
{
    columns *file = columns_read(folder, path);
    double *want = columns_numbers(file, "equity");
    int64_t *ts_us = columns_times(file, "ts");
    const size_t count = columns_rows(file);
    CHECK_INT(run->equity_count, count);
    CHECK_INT(series->count, count);
    for (size_t i = 0; i < count && i < run->equity_count && i < series->count; i++) {
        const double got = i + 1 < count ? run->equity[i] : qb_raw_to_double(closing->equity);
        CHECK_INT(series->ts_us[i], ts_us[i]);
        CHECK_NEAR(got, want[i], want[i] * EQUITY_TOLERANCE);
    }
    free(want);
    free(ts_us);
    columns_free(file);
}

static const json_t *find_run(const json_t *root, const char *name)
{
    size_t i;
    json_t *run;
    json_array_foreach(json_object_get(root, "runs"), i,
                       run) if (strcmp(golden_text(run, "name"), name) == 0) return run;
    printf("Bail out! RUNS.json has no run %s\n", name);
    exit(1);
}

static void check_run(const char *name, const char *input, const char *stamp, golden_spec spec)
{
    const char *folder = golden_shared();
    if (folder == NULL)
        SKIP(GOLDEN_ABSENT);
    char path[256];
    if (spec.own == NULL) {
        spec.strategy = "sma_cross";
        spec.size = (qb_size){QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 1.0};
    }
    json_t *root = golden_json(folder, "expected/backtest_runs/RUNS.json");
    const json_t *statistics = json_object_get(find_run(root, name), "statistics");
    qb_series series = golden_series(folder, input, stamp);
    golden_run run = golden_run_series(&spec, &series);
    const closing closing = close_on_paper(&run, &spec, &series);
    CHECK_INT(run.skipped, 0);
    CHECK_INT(run.totals.rejected, 0);
    snprintf(path, sizeof path, "expected/backtest_runs/%s_trades.csv", name);
    check_trades(folder, path, &run, &closing);
    snprintf(path, sizeof path, "expected/backtest_runs/%s_equity.csv", name);
    check_equity(folder, path, &series, &run, &closing);
    const double final = golden_number(statistics, "Equity Final [$]");
    CHECK_NEAR(qb_raw_to_double(closing.equity), final, final * EQUITY_TOLERANCE);
    golden_run_clear(&run);
    qb_series_clear(&series);
    json_decref(root);
}

static void eurostoxx50(void)
{
    check_run("sma_reverse_10_30_EUROSTOXX50", "index/EUROSTOXX50_daily_2005_2006.csv", "date",
              (golden_spec){.calendar = "weekdays",
                            .interval = QB_1D,
                            .params = {"fast=10", "slow=30", "trigger=cross", "side=both"},
                            .cash = "100000",
                            .fee_rate = "0"});
}

static void nvidia(void)
{
    check_run("sma_reverse_10_30_NVDA_comm20bp", "equities/daily_yahoo/NVDA.csv", "date",
              (golden_spec){.calendar = "weekdays",
                            .interval = QB_1D,
                            .params = {"fast=10", "slow=30", "trigger=cross", "side=both"},
                            .cash = "10000",
                            .fee_rate = "0.002"});
}

static void sp500(void)
{
    check_run("sma_long_50_200_SPX", "index/SPX_daily_1990_2022.csv", "date",
              (golden_spec){.calendar = "weekdays",
                            .interval = QB_1D,
                            .params = {"fast=50", "slow=200", "trigger=cross", "side=long"},
                            .cash = "100000",
                            .fee_rate = "0.001"});
}

/* The file has six hours out of order around 2017-11-11 and no stamp twice; the published equity
 * is of the bars sorted by time. */
static void bitcoin(void)
{
    check_run("sma_long_24_168_BTCUSD_hourly", "crypto/hourly/BTCUSD_coinbase.csv", "ts",
              (golden_spec){.calendar = "24/7",
                            .interval = QB_1H,
                            .params = {"fast=24", "slow=168", "trigger=cross", "side=long"},
                            .cash = "10000000",
                            .fee_rate = "0.001"});
}

/* ---- stop-loss and take-profit -------------------------------------------------------------- */

/* When flat and the fast average crosses over the slow one: 100 units at market, with a stop at
 * 0.95 and a target at 1.10 of the signal's close. backtesting.py looks at stops and targets from
 * the entry's own bar on, and takes the stop where a bar holds both. No bar here holds both, so
 * that the `neutral` path agrees; 16 of the 67 trades end in the bar that they began in, six of
 * them at the target, which `pessimistic` would not have. */
static struct {
    qb_sma fast, slow;
    double fast_ring[10], slow_ring[30];
    int before;
} crossing;

static size_t sltp_warmup(const double *params)
{
    (void)params;
    return 30;
}

static qb_status sltp_init(const qb_setup *setup, void **out_state)
{
    (void)setup;
    memset(&crossing, 0, sizeof crossing);
    qb_sma_init(&crossing.fast, crossing.fast_ring, 10);
    qb_sma_init(&crossing.slow, crossing.slow_ring, 30);
    *out_state = NULL;
    return QB_OK;
}

static void sltp_bar(void *state, const qb_context *context, uint32_t instrument)
{
    (void)state;
    const double close = qb_close_now(context, instrument);
    qb_sma_add(&crossing.fast, close);
    qb_sma_add(&crossing.slow, close);
    if (!qb_sma_ready(&crossing.slow))
        return;
    const int above = qb_sma_compare(&crossing.fast, &crossing.slow);
    const bool crosses = above > 0 && crossing.before < 0;
    crossing.before = above;
    if (!crosses || context->host->position(context, instrument) != 0.0)
        return;
    const qb_order_request entry = {
        .struct_size = sizeof entry,
        .instrument = instrument,
        .side = QB_BUY,
        .type = QB_MARKET,
        .size = qb_size_units(100),
        .stop_loss = {QB_EXIT_PRICE, 0.95 * close},
        .take_profit = {QB_EXIT_PRICE, 1.10 * close},
    };
    CHECK(context->host->submit(context, &entry) != 0);
}

static const qb_strategy sltp = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "stop_and_target",
    .summary = "Crossings with a stop and a target",
    .warmup = sltp_warmup,
    .init = sltp_init,
    .on_bar = sltp_bar,
};

static void stop_and_target(void)
{
    check_run("sma_sltp_10_30_NVDA", "equities/daily_yahoo/NVDA.csv", "date",
              (golden_spec){.calendar = "weekdays",
                            .interval = QB_1D,
                            .own = &sltp,
                            .size = {QB_SIZE_UNITS, QB_SIZE_AT_DECISION, 1.0},
                            .cash = "100000",
                            .fee_rate = "0"});
}

/* ---- the grid ------------------------------------------------------------------------------ */

static double deepest_drawdown(const golden_run *run, double last_equity)
{
    double peak = -INFINITY, deepest = 0.0;
    for (size_t i = 0; i < run->equity_count; i++) {
        const double equity = i + 1 < run->equity_count ? run->equity[i] : last_equity;
        peak = fmax(peak, equity);
        deepest = fmin(deepest, equity / peak - 1.0);
    }
    return deepest;
}

static size_t trades_won(const golden_run *run, const closing *closing)
{
    size_t won = closing->open && closing->trade.profit.raw > 0;
    for (size_t i = 0; i < run->trade_count; i++)
        won += run->trades[i].profit.raw > 0;
    return won;
}

typedef struct grid_row {
    double fast, slow, final, trades, drawdown, won;
} grid_row;

static void check_grid_row(const qb_series *series, const grid_row *want)
{
    char fast[32], slow[32];
    snprintf(fast, sizeof fast, "fast=%.0f", want->fast);
    snprintf(slow, sizeof slow, "slow=%.0f", want->slow);
    const golden_spec spec = {
        .calendar = "weekdays",
        .strategy = "sma_cross",
        .interval = QB_1D,
        .params = {fast, slow, "trigger=cross", "side=both"},
        .cash = "100000",
        .size = {QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 1.0},
    };
    golden_run run = golden_run_series(&spec, series);
    const closing closing = close_on_paper(&run, &spec, series);
    const double final = qb_raw_to_double(closing.equity);
    const size_t count = run.trade_count + closing.open;
    CHECK_NEAR(final, want->final, want->final * EQUITY_TOLERANCE);
    CHECK_INT(count, want->trades);
    CHECK_NEAR(100.0 * deepest_drawdown(&run, final), want->drawdown, 1e-9);
    CHECK_NEAR(100.0 * (double)trades_won(&run, &closing) / (double)count, want->won, 1e-9);
    golden_run_clear(&run);
}

static void grid(void)
{
    const char *folder = golden_shared();
    if (folder == NULL)
        SKIP(GOLDEN_ABSENT);
    columns *file = columns_read(folder, "expected/backtest_runs/grid_sma_reverse_EUROSTOXX50.csv");
    static const char *const names[] = {
        "fast", "slow", "equity_final", "trades", "max_drawdown_pct", "win_rate_pct"};
    double *column[6];
    for (size_t i = 0; i < 6; i++)
        column[i] = columns_numbers(file, names[i]);
    qb_series series = golden_series(folder, "index/EUROSTOXX50_daily_2005_2006.csv", "date");
    CHECK_INT(columns_rows(file), 26);
    for (size_t i = 0; i < columns_rows(file); i++) {
        const grid_row want = {column[0][i], column[1][i], column[2][i],
                               column[3][i], column[4][i], column[5][i]};
        check_grid_row(&series, &want);
    }
    qb_series_clear(&series);
    for (size_t i = 0; i < 6; i++)
        free(column[i]);
    columns_free(file);
}

static const tap_case cases[] = {
    {"/golden/backtesting/reverse-10-30-eurostoxx50", eurostoxx50},
    {"/golden/backtesting/reverse-10-30-nvda-costs", nvidia},
    {"/golden/backtesting/long-50-200-spx", sp500},
    {"/golden/backtesting/long-24-168-btcusd-hourly", bitcoin},
    {"/golden/backtesting/stop-and-target-nvda", stop_and_target},
    {"/golden/backtesting/grid-eurostoxx50", grid},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
