/* zipline's buyapple over the bars of its own files: fills, values, and the ratios of each day. */
#include "buyapple.h"

#include "core/metrics/metrics.h"

/* 2014, with the split as that program's file has it: the ratio of the prices. */
static qb_series apple(const char *folder)
{
    qb_series all = golden_series(folder, "equities/daily_raw_2004_2014/AAPL.csv", "date");
    columns *file = columns_read(folder, "equities/daily_raw_2004_2014/splits.csv");
    int64_t *dates = columns_times(file, "effective_date");
    double *ratios = columns_numbers(file, "ratio");
    qb_series part = {0};
    const size_t end = qb_series_lower_bound(&all, golden_time(BUYAPPLE_TO));
    for (size_t i = qb_series_lower_bound(&all, golden_time(BUYAPPLE_FROM)); i < end; i++) {
        qb_bar bar = qb_series_bar(&all, i);
        for (size_t k = 0; k < columns_rows(file); k++)
            if (dates[k] == bar.ts_us)
                bar.split_factor = 1.0 / ratios[k];
        CHECK_OK(qb_series_append(&part, &bar));
    }
    free(dates);
    free(ratios);
    columns_free(file);
    qb_series_clear(&all);
    return part;
}

/* ---- ratios, cumulative to the end of each day --------------------------------------------- */

typedef struct published_days {
    int64_t *ts_us;
    double *returns, *total, *drawdown, *sharpe, *sortino, *alpha, *beta, *volatility, *leverage;
    size_t count;
} published_days;

static published_days days_read(const char *folder)
{
    columns *file = columns_read(folder, "expected/zipline_runs/buyapple_daily.csv");
    const published_days days = {
        .ts_us = columns_times(file, "date"),
        .returns = columns_numbers(file, "returns"),
        .total = columns_numbers(file, "algorithm_period_return"),
        .drawdown = columns_numbers(file, "max_drawdown"),
        .sharpe = columns_numbers(file, "sharpe"),
        .sortino = columns_numbers(file, "sortino"),
        .alpha = columns_numbers(file, "alpha"),
        .beta = columns_numbers(file, "beta"),
        .volatility = columns_numbers(file, "algo_volatility"),
        .leverage = columns_numbers(file, "gross_leverage"),
        .count = columns_rows(file),
    };
    columns_free(file);
    return days;
}

static void days_clear(published_days *days)
{
    free(days->ts_us);
    free(days->returns);
    free(days->total);
    free(days->drawdown);
    free(days->sharpe);
    free(days->sortino);
    free(days->alpha);
    free(days->beta);
    free(days->volatility);
    free(days->leverage);
}

/* The benchmark: a price made of the published daily returns of SPY, from the day before on. */
static double *benchmark_of(const char *folder, const published_days *days)
{
    columns *file = columns_read(folder, "returns/SPY_daily_returns_1993.csv");
    int64_t *ts_us = columns_times(file, "date");
    double *returns = columns_numbers(file, "return");
    double *price = malloc((days->count + 1) * sizeof *price);
    size_t row = 0;
    price[0] = 100.0;
    for (size_t i = 0; i < days->count; i++) {
        while (row < columns_rows(file) && ts_us[row] < days->ts_us[i])
            row++;
        CHECK(row < columns_rows(file) && ts_us[row] == days->ts_us[i]);
        price[i + 1] = price[i] * (1.0 + returns[row]);
    }
    free(ts_us);
    free(returns);
    columns_free(file);
    return price;
}

/* Within 1e-9 of what is printed, or of 1 where that is more; blank is undefined. */
static void check_ratio(const qb_ratio *got, double want)
{
    if (isnan(want))
        CHECK(got->undefined != NULL);
    else
        CHECK(got->undefined == NULL && fabs(got->value - want) <= 1e-9 * fmax(1.0, fabs(want)));
}

static void check_day(const qb_kpi_input *input, const published_days *want, size_t day)
{
    qb_kpis got;
    CHECK_OK(qb_kpis_compute(input, &got));
    check_ratio(&got.total_return, want->total[day]);
    check_ratio(&got.max_drawdown, -want->drawdown[day]);
    check_ratio(&got.volatility, want->volatility[day]);
    check_ratio(&got.beta, want->beta[day]);
    check_ratio(&got.alpha, want->alpha[day]);
    check_ratio(&got.sharpe, want->sharpe[day]);
    check_ratio(&got.sortino, want->sortino[day]);
}

static void check_ratios(const char *folder, const golden_run *run)
{
    published_days days = days_read(folder);
    double *benchmark = benchmark_of(folder, &days);
    const size_t count = days.count < run->equity_count ? days.count : run->equity_count;
    double *equity = malloc((count + 1) * sizeof *equity);
    int64_t *ts_us = malloc((count + 1) * sizeof *ts_us);
    equity[0] = 1e7;
    ts_us[0] = golden_time("2013-12-31");
    for (size_t i = 0; i < count; i++) {
        equity[i + 1] = run->equity[i];
        ts_us[i + 1] = days.ts_us[i];
        CHECK_NEAR(equity[i + 1] / equity[i] - 1.0, days.returns[i], 1e-13);
        const qb_kpi_input input = {.periods = {ts_us, equity, i + 2},
                                    .benchmark = {ts_us, benchmark, i + 2},
                                    .periods_per_year = 252,
                                    .traded = NAN};
        check_day(&input, &days, i);
    }
    const double held = qb_raw_to_double(run->totals.equity.raw - run->totals.cash.raw);
    CHECK_NEAR(held / equity[count], days.leverage[days.count - 1], 1e-13);
    free(equity);
    free(ts_us);
    free(benchmark);
    days_clear(&days);
}

static void buyapple(void)
{
    const char *folder = golden_shared();
    if (folder == NULL)
        SKIP(GOLDEN_ABSENT);
    qb_series series = apple(folder);
    golden_run run = buyapple_run(&series);
    buyapple_check(&run, folder, NULL);
    check_ratios(folder, &run);
    golden_run_clear(&run);
    qb_series_clear(&series);
}

static const tap_case cases[] = {
    {"/golden/zipline/buyapple", buyapple},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
