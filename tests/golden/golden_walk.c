/* Workloads whose results several programs agree on: WALK64, a walk in whole 64ths on which no order
 * of summation can change a crossing. The fills and equities are those of vectorbt, backtrader and of
 * plain loops over the same bars; amounts of the integer ledger may be off by one unit of its last
 * place for each fill. */
#include "run.h"

#include "walk64.h"

enum { UNIVERSE = 500, DAYS = 5040 };

typedef struct w1_result {
    size_t bars, fills;
    double equity, drawdown, sharpe, fees;
    double fees_printed; /* half of the last printed digit */
} w1_result;

/* Of the bars' own returns, the first of which is 0; 525,600 minutes a year. */
static double sharpe_of_bars(const golden_run *run, double start)
{
    const double n = (double)run->equity_count;
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < run->equity_count; i++)
        sum += run->equity[i] / (i == 0 ? start : run->equity[i - 1]) - 1.0;
    for (size_t i = 0; i < run->equity_count; i++) {
        const double r = run->equity[i] / (i == 0 ? start : run->equity[i - 1]) - 1.0;
        squares += (r - sum / n) * (r - sum / n);
    }
    return sum / n / sqrt(squares / (n - 1.0)) * sqrt(525600.0);
}

static double deepest_drawdown(const golden_run *run, double start)
{
    double peak = start, deepest = 0.0;
    for (size_t i = 0; i < run->equity_count; i++) {
        peak = fmax(peak, run->equity[i]);
        deepest = fmin(deepest, run->equity[i] / peak - 1.0);
    }
    return deepest;
}

/* One unit while the average of 10 is above that of 30. */
static golden_spec one_unit(const char *cash, qb_interval interval)
{
    return (golden_spec){
        .calendar = "24/7",
        .strategy = "sma_cross",
        .interval = interval,
        .params = {"fast=10", "slow=30", "trigger=state", "side=long"},
        .cash = cash,
        .fee_rate = "0.001",
        .slippage = "0.0005",
        .size = {QB_SIZE_UNITS, QB_SIZE_AT_DECISION, 1.0},
        .lot = "0.00000001",
    };
}

static void check_w1(const w1_result *want)
{
    const golden_spec spec = one_unit("10000000", QB_1M);
    qb_series series = {0};
    CHECK_OK(walk64_append(&series, WALK64_SEED, want->bars, WALK64_MINUTES, QB_MINUTE_US));
    golden_run run = golden_run_series(&spec, &series);
    const double ledger = 1e-8 * (double)want->fills;
    CHECK_INT(run.fill_count, want->fills);
    CHECK_INT(run.equity_count, want->bars);
    CHECK_NEAR(qb_raw_to_double(run.totals.equity.raw), want->equity, ledger);
    CHECK_NEAR(qb_raw_to_double(run.totals.fees.raw), want->fees, ledger + want->fees_printed);
    CHECK_NEAR(deepest_drawdown(&run, 1e7), want->drawdown, 1e-10);
    CHECK_NEAR(sharpe_of_bars(&run, 1e7), want->sharpe, 1e-9 * fabs(want->sharpe));
    golden_run_clear(&run);
    qb_series_clear(&series);
}

static void w1_short(void)
{
    check_w1(&(w1_result){.bars = 100000,
                          .fills = 3841,
                          .equity = 9938055.36539300,
                          .drawdown = -0.006203429672,
                          .sharpe = -82.232333004,
                          .fees = 42510.955912,
                          .fees_printed = 5e-7});
}

static void w1_long(void)
{
    check_w1(&(w1_result){.bars = 1000000,
                          .fills = 38941,
                          .equity = 9294505.3375801574,
                          .drawdown = -0.070551924054,
                          .sharpe = -85.200526256,
                          .fees = 469917.453482,
                          .fees_printed = 5e-7});
}

/* Each 21 days the 50 of 500 with the best momentum, at 0.99/50 of the equity valued at the next
 * open, sales first. */
static void w3(void)
{
    const golden_spec spec = {
        .calendar = "24/7",
        .strategy = "momentum_rotation",
        .interval = QB_1D,
        .params = {"bars=21", "lookback=252", "skip=21", "top=50", "invest=0.99"},
        .cash = "1000000",
        .fee_rate = "0.001",
        .size = {QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 1.0},
        .lot = "0.00000001",
    };
    static qb_series series[UNIVERSE];
    for (uint32_t i = 0; i < UNIVERSE; i++)
        CHECK_OK(walk64_append(&series[i], 1000 + i, DAYS, WALK64_DAYS, QB_DAY_US));
    golden_run run = golden_run_universe(&spec, series, UNIVERSE);
    CHECK_INT(run.fill_count, 14703);
    CHECK_INT(run.totals.rejected, 0);
    golden_run_clear(&run);
    for (uint32_t i = 0; i < UNIVERSE; i++)
        qb_series_clear(&series[i]);
}

/* Two instruments in one account: the minutes 0 .. 1259 and 5000 .. 6259 of the walk, as days. */
static void w4(void)
{
    const golden_spec spec = one_unit("1000000", QB_1D);
    qb_series minutes = {0}, days[2] = {{0}, {0}};
    CHECK_OK(walk64_append(&minutes, WALK64_SEED, 6260, WALK64_MINUTES, QB_MINUTE_US));
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < 1260; i++) {
            qb_bar bar = qb_series_bar(&minutes, 5000 * k + i);
            bar.ts_us = WALK64_START_US + (int64_t)i * QB_DAY_US;
            CHECK_OK(qb_series_append(&days[k], &bar));
        }
    golden_run run = golden_run_universe(&spec, days, 2);
    CHECK_INT(run.fill_count, 99);
    CHECK_NEAR(qb_raw_to_double(run.totals.equity.raw), 998343.66201246, 99e-8);
    golden_run_clear(&run);
    qb_series_clear(&minutes);
    qb_series_clear(&days[0]);
    qb_series_clear(&days[1]);
}

static const tap_case cases[] = {
    {"/golden/walk/w1-100000", w1_short},
    {"/golden/walk/w1-1000000", w1_long},
    {"/golden/walk/w3", w3},
    {"/golden/walk/w4", w4},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
