/* Ratios against the vectors of semantics.md, published examples, and a slow plain version. */
#include "tap.h"
#include "vectors.h"

/* A number given to so many decimals. */
#define CHECK_DECIMALS(got, want, decimals) \
    CHECK_NEAR((got), (want), 0.5000001 * pow(10, -(decimals)))
#define CHECK_UNDEFINED(ratio, why)         \
    do {                                    \
        CHECK(isnan((ratio).value));        \
        CHECK_TEXT((ratio).undefined, why); \
    } while (0)

static qb_kpis compute(const qb_kpi_input *input)
{
    qb_kpis kpis;
    CHECK_OK(qb_kpis_compute(input, &kpis));
    return kpis;
}

/* Daily points from 2023-01-02 on, N = 252, nothing else. */
static qb_kpis compute_values(const double *value, size_t count)
{
    static int64_t ts_us[4096];
    for (size_t i = 0; i < count; i++)
        ts_us[i] = (19359 + (int64_t)i) * QB_DAY_US;
    return compute(
        &(qb_kpi_input){.periods = {ts_us, value, count}, .periods_per_year = 252, .traded = NAN});
}

/* ---- the vectors of semantics.md ----------------------------------------------------------- */

static void test_curve_itself(void)
{
    vectors v;
    vectors_fill(&v);
    CHECK_DECIMALS(v.equity[503], 131962.05944, 5);
    CHECK_INT(v.ts_us[0], qb_date_from_civil((qb_civil){2023, 1, 2}) * QB_DAY_US);
    CHECK_INT(v.ts_us[503], qb_date_from_civil((qb_civil){2024, 12, 5}) * QB_DAY_US);
    CHECK_INT((v.ts_us[503] - v.ts_us[0]) / QB_DAY_US, 703);
}

static void test_curve_ratios(void)
{
    vectors v;
    vectors_fill(&v);
    const qb_kpi_input input = vectors_input(&v);
    const qb_kpis k = compute(&input);
    const struct {
        const char *name;
        qb_ratio got;
        double want;
        int decimals;
    } cases[] = {
        /* column "ours" */
        {"sharpe", k.sharpe, 0.981531, 6},
        {"sortino", k.sortino, 1.438545, 6},
        {"cagr", k.cagr, .154996, 6},
        {"cagr, backtesting.py's digits", k.cagr, .15499581, 8},
        {"cagr by count", k.cagr_count, .149064, 6},
        {"cagr by count, backtesting.py's digits", k.cagr_count, .14906414, 8},
        {"calmar", k.calmar, 1.258801, 6},
        {"alpha", k.alpha, .219747, 6},
        {"beta", k.beta, .577614, 6},
        {"max drawdown", k.max_drawdown, .12312968, 8},
        /* "More of EQ. Ours" */
        {"volatility", k.volatility, .153598, 6},
        /* the curve's own figures: s, and m through volatility and Sharpe */
        {"s", {k.volatility.value / sqrt(252), NULL}, .00967575549, 11},
        {"m", {k.sharpe.value * k.volatility.value / 252, NULL}, .00059825841, 11},
        {"total return", k.total_return, 0.3196205944, 10},
        /* backtesting.py and freqtrade (the money figures), same definitions */
        {"win rate", k.win_rate, .56, 8},
        {"profit factor", k.profit_factor, 1.641642, 6},
        {"expectancy", k.expectancy, 649.36, 2},
        {"expectancy, fraction", k.expectancy_fraction, .00598177, 8},
        {"average trade", k.average_trade, .00563928, 8},
        {"sqn", k.sqn, 1.453103, 6},
        /* textbook */
        {"skew", k.skew, -.104763, 6},
        {"kurtosis", k.kurtosis, 3.013098, 6},
        {"psr", k.psr, .916138, 6},
        {"minimum track record", k.minimum_track_record, 714.6, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CHECK(cases[i].got.undefined == NULL);
        if (fabs(cases[i].got.value - cases[i].want) > 0.5000001 * pow(10, -cases[i].decimals))
            printf("# %s\n", cases[i].name);
        CHECK_DECIMALS(cases[i].got.value, cases[i].want, cases[i].decimals);
    }
    const double sr = k.sharpe.value / sqrt(252);
    CHECK_DECIMALS(qb_psr(sr, 1 / sqrt(252), 503, k.skew.value, k.kurtosis.value), .489645, 6);
    CHECK_INT(k.drawdown.longest_us / QB_DAY_US, 260); /* backtesting.py */
    CHECK_INT(k.periods, 503);
    CHECK_INT(k.trades, 50);
    CHECK_UNDEFINED(k.exposure, "no bars were counted");
    CHECK_UNDEFINED(k.turnover, "traded value not given");
}

static void test_deflated_sharpe(void)
{
    /* annual SR 2.5, 1250 days of 250, 100 trials, annual variance 0.5, skew -3, kurtosis 10 */
    const double threshold = qb_expected_max_sr(0.5 / 250, 100);
    CHECK_DECIMALS(threshold, 0.113172, 6);
    CHECK_DECIMALS(qb_psr(2.5 / sqrt(250), threshold, 1250, -3, 10), 0.900397, 6);
    CHECK_NEAR(qb_expected_max_sr(0.5, 1), 0, 0);
    CHECK(isnan(qb_expected_max_sr(0.5, 0.5)));
    CHECK(isnan(qb_psr(0.1, 0, 1, 0, 3)));
    CHECK(isnan(qb_minimum_track_record(0.1, 0.1, 0.95, 0, 3)));
}

static void test_minimum_track_record_inverts_psr(void)
{
    const double periods = qb_minimum_track_record(0.07, 0.01, 0.95, -0.4, 4.5);
    CHECK_NEAR(qb_psr(0.07, 0.01, periods, -0.4, 4.5), 0.95, 1e-14);
}

/* ---- probability of overfitting ------------------------------------------------------------ */

enum { PBO_ROWS = 240, PBO_COLUMNS = 8, PBO_WAYS = 70 };

static void fill_pbo(double *returns)
{
    for (int k = 0; k < PBO_COLUMNS; k++) {
        uint32_t state = 1000 + (uint32_t)k;
        for (int row = 0; row < PBO_ROWS; row++)
            returns[row * PBO_COLUMNS + k] = 0.0001 * k + 0.01 * vectors_normal(&state);
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void test_pbo(void)
{
    static double returns[PBO_ROWS * PBO_COLUMNS];
    double lambda[PBO_WAYS], pbo, total = 0;
    size_t chosen[PBO_COLUMNS];
    static const size_t wanted[PBO_COLUMNS] = {0, 12, 16, 3, 3, 36, 0, 0};
    fill_pbo(returns);
    CHECK_INT(qb_pbo_combinations(8), PBO_WAYS);
    CHECK_OK(qb_pbo(returns, PBO_ROWS, PBO_COLUMNS, 8, &pbo, lambda, chosen));
    CHECK_DECIMALS(pbo, 15.0 / 70, 15);
    for (int i = 0; i < PBO_WAYS; i++)
        total += lambda[i];
    CHECK_DECIMALS(total / PBO_WAYS, 0.3705323, 7);
    qsort(lambda, PBO_WAYS, sizeof lambda[0], ascending);
    CHECK_DECIMALS((lambda[34] + lambda[35]) / 2, 0.6931472, 7);
    for (int k = 0; k < PBO_COLUMNS; k++)
        CHECK_INT(chosen[k], wanted[k]);
}

static void test_pbo_shapes(void)
{
    static double returns[PBO_ROWS * PBO_COLUMNS];
    double pbo = 7;
    fill_pbo(returns);
    CHECK_INT(qb_pbo(returns, 240, 8, 7, &pbo, NULL, NULL), QB_OUT_OF_RANGE);
    CHECK_INT(qb_pbo(returns, 240, 8, 0, &pbo, NULL, NULL), QB_OUT_OF_RANGE);
    CHECK_INT(qb_pbo(returns, 240, 8, 26, &pbo, NULL, NULL), QB_OUT_OF_RANGE);
    CHECK_INT(qb_pbo(returns, 239, 8, 8, &pbo, NULL, NULL), QB_OUT_OF_RANGE);
    CHECK_INT(qb_pbo(returns, 240, 1, 8, &pbo, NULL, NULL), QB_OUT_OF_RANGE);
    CHECK_INT(qb_pbo(returns, 2, 8, 2, &pbo, NULL, NULL), QB_OUT_OF_RANGE);
    returns[17] = NAN;
    CHECK_INT(qb_pbo(returns, 240, 8, 8, &pbo, NULL, NULL), QB_NOT_FINITE);
    CHECK_NEAR(pbo, 7, 0);
    CHECK_INT(qb_pbo_combinations(16), 12870);
    CHECK_INT(qb_pbo_combinations(24), 2704156);
}

static void test_pbo_of_equal_columns(void)
{
    /* Two copies of one strategy: the winner's rank is the middle, lambda 0, always "overfitted";
     * so are strategies that never trade. */
    static double returns[8 * 2] = {0.1, 0.1, 0.2, 0.2, -0.1, -0.1, 0.3, 0.3,
                                    0.1, 0.1, 0.0, 0.0, 0.2,  0.2,  0.1, 0.1};
    static const double nothing[8 * 2] = {0};
    double pbo, lambda[6];
    CHECK_OK(qb_pbo(returns, 8, 2, 4, &pbo, lambda, NULL));
    CHECK_NEAR(pbo, 1, 0);
    CHECK_NEAR(lambda[0], 0, 0);
    CHECK_OK(qb_pbo(nothing, 8, 2, 4, &pbo, lambda, NULL));
    CHECK_NEAR(pbo, 1, 0);
}

static int allocations_left;

static void *failing_realloc(void *memory, size_t size)
{
    if (size == 0) {
        free(memory);
        return NULL;
    }
    return allocations_left-- > 0 ? realloc(memory, size) : NULL;
}

static void test_pbo_without_memory(void)
{
    static double returns[PBO_ROWS * PBO_COLUMNS];
    double pbo;
    fill_pbo(returns);
    void *(*const system_realloc)(void *, size_t) = qb_realloc;
    qb_realloc = failing_realloc;
    for (int k = 0; k < 2; k++) {
        allocations_left = k;
        CHECK_INT(qb_pbo(returns, PBO_ROWS, PBO_COLUMNS, 8, &pbo, NULL, NULL), QB_NO_MEMORY);
    }
    allocations_left = 2;
    CHECK_OK(qb_pbo(returns, PBO_ROWS, PBO_COLUMNS, 8, &pbo, NULL, NULL));
    qb_realloc = system_realloc;
}

/* ---- normal distribution ------------------------------------------------------------------- */

/* 20 digits for the double nearest to p, by mpmath 1.4.1 (50 digits, root of log cdf). */
static const struct {
    double p, x;
} quantiles[] = {
    {1e-300, -37.047096299361199237},        {1e-100, -21.273453560965324294},
    {1e-20, -9.2623400897984075796},         {1e-10, -6.3613409024040561991},
    {1e-5, -4.2648907939228246102},          {0.001, -3.0902323061678135354},
    {0.01, -2.3263478740408410931},          {0.025, -1.9599639845400542118},
    {0.05, -1.644853626951472688},           {0.075, -1.4395314709384559349},
    {0.0750000001, -1.4395314702320187914},  {0.1, -1.2815515655446004353},
    {0.25, -0.6744897501960817432},          {0.4, -0.25334710313579974132},
    {0.49, -0.025068908258711058033},        {0.4999999, -2.5066282747031065135e-7},
    {0.5000001, 2.5066282733116483012e-7},   {0.6, 0.25334710313579974132},
    {0.75, 0.6744897501960817432},           {0.9, 1.2815515655446005935},
    {0.925, 1.4395314709384562291},          {0.95, 1.6448536269514722843},
    {0.975, 1.9599639845400538556},          {0.99, 2.3263478740408407676},
    {0.999, 3.0902323061678132778},          {0.9999999, 5.1993375822906610937},
    {0.999999999999, 7.0344869100478352057},
};

static void test_normal_quantile(void)
{
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
        CHECK_NEAR(qb_normal_quantile(quantiles[i].p), quantiles[i].x,
                   1e-15 * fabs(quantiles[i].x));
    CHECK_NEAR(qb_normal_quantile(0.5), 0, 0);
    CHECK(isnan(qb_normal_quantile(0)));
    CHECK(isnan(qb_normal_quantile(1)));
    CHECK(isnan(qb_normal_quantile(-0.1)));
    CHECK(isnan(qb_normal_quantile(NAN)));
}

static void test_normal_cdf(void)
{
    CHECK_NEAR(qb_normal_cdf(0), 0.5, 0);
    CHECK(isnan(qb_normal_cdf(NAN)));
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        /* x is only good to half a unit in its last place, which the tail magnifies by x^2 */
        const double x = quantiles[i].x, p = quantiles[i].p;
        CHECK_NEAR(qb_normal_cdf(x), p, p * 2e-16 * (3 + x * x));
    }
}

/* ---- drawdowns ----------------------------------------------------------------------------- */

static void test_drawdown(void)
{
    /* By hand. Days 1 to 5 lie under 110, days 6 to 8 under 120, days 10 to 11 under 130. */
    static const double value[] = {110, 100, 99, 105, 104, 109, 120, 96, 108, 130, 129, 128};
    const qb_kpis k = compute_values(value, 12);
    const int64_t day_0 = 19359;
    CHECK_NEAR(k.max_drawdown.value, 0.2, 1e-16); /* (120 - 96) / 120 */
    CHECK_INT(k.drawdown.peak_us / QB_DAY_US - day_0, 6);
    CHECK_INT(k.drawdown.trough_us / QB_DAY_US - day_0, 7);
    CHECK_INT(k.drawdown.recovery_us / QB_DAY_US - day_0, 9);
    CHECK_INT(k.drawdown.longest_us / QB_DAY_US, 6); /* days 0 to 6 */
}

static void test_drawdown_edges(void)
{
    static const double rising[] = {1, 2, 2, 3}, falling[] = {4, 4, 2, 1}, one[] = {5};
    qb_kpis k = compute_values(rising, 4);
    CHECK_NEAR(k.max_drawdown.value, 0, 0);
    CHECK_UNDEFINED(k.calmar, "no drawdown");
    CHECK_INT(k.drawdown.longest_us, 0);
    k = compute_values(falling, 4);
    CHECK_NEAR(k.max_drawdown.value, 0.75, 0);
    CHECK_INT(k.drawdown.recovery_us, 0);
    /* from the last day at the peak */
    CHECK_INT(k.drawdown.peak_us, 19360 * QB_DAY_US);
    CHECK_INT(k.drawdown.longest_us, 2 * QB_DAY_US);
    k = compute_values(one, 1);
    CHECK_NEAR(k.max_drawdown.value, 0, 0);
    CHECK_INT(k.drawdown.peak_us, 19359 * QB_DAY_US);
}

static void test_drawdown_from_full_resolution(void)
{
    static const int64_t days[] = {0, QB_DAY_US}, hours[] = {0, QB_HOUR_US, QB_DAY_US};
    static const double closes[] = {100, 101}, full[] = {100, 80, 101};
    const qb_kpis k = compute(&(qb_kpi_input){.periods = {days, closes, 2},
                                              .full = {hours, full, 3},
                                              .periods_per_year = 365,
                                              .traded = NAN});
    CHECK_NEAR(k.max_drawdown.value, 0.2, 1e-16);
    CHECK_INT(k.drawdown.trough_us, QB_HOUR_US);
}

/* ---- edges --------------------------------------------------------------------------------- */

static void check_all(const qb_kpis *k, const char *why)
{
    for (size_t i = 0; i < qb_kpi_table_count; i++) {
        const qb_ratio *ratio = qb_kpi_of(k, &qb_kpi_table[i]);
        CHECK(isnan(ratio->value) == (ratio->undefined != NULL));
        CHECK(!isinf(ratio->value));
    }
    if (why != NULL)
        CHECK_UNDEFINED(k->total_return, why);
}

static void test_few_points(void)
{
    static const double value[] = {100, 110, 99};
    qb_kpis k = compute_values(value, 0);
    check_all(&k, "no equity points");
    CHECK_UNDEFINED(k.max_drawdown, "no equity points");
    CHECK_UNDEFINED(k.sharpe, "no equity points");
    CHECK_INT(k.periods, 0);
    k = compute_values(value, 1);
    check_all(&k, "fewer than 2 points");
    CHECK_UNDEFINED(k.sharpe, "fewer than 2 points");
    k = compute_values(value, 2);
    check_all(&k, NULL);
    CHECK_NEAR(k.total_return.value, 0.1, 1e-15);
    CHECK_UNDEFINED(k.sharpe, "fewer than 3 points");
    CHECK_UNDEFINED(k.volatility, "fewer than 3 points");
    CHECK_UNDEFINED(k.sortino, "no return below the risk-free rate");
    k = compute_values(value, 3);
    check_all(&k, NULL);
    /* by hand: r = 0.1, -0.1; m = 0, s = 0.1 sqrt(2) */
    CHECK_NEAR(k.sharpe.value, 0, 1e-13);
    CHECK_NEAR(k.volatility.value, 0.1 * sqrt(2) * sqrt(252), 1e-14);
    CHECK_NEAR(k.skew.value, 0, 1e-14);
    CHECK_NEAR(k.kurtosis.value, 1, 1e-14);
}

static void test_constant(void)
{
    double value[1000];
    for (int i = 0; i < 1000; i++)
        value[i] = 123456.78;
    qb_kpis k = compute_values(value, 1000);
    check_all(&k, NULL);
    CHECK_NEAR(k.total_return.value, 0, 0);
    CHECK_NEAR(k.volatility.value, 0, 0);
    CHECK_UNDEFINED(k.sharpe, "no variation");
    CHECK_UNDEFINED(k.skew, "no variation");
    CHECK_UNDEFINED(k.psr, "no variation");
    CHECK_UNDEFINED(k.sortino, "no return below the risk-free rate");
    CHECK_UNDEFINED(k.calmar, "no drawdown");
}

/* A constant rate leaves rounding noise in the returns, which is no variation. */
static void test_constant_rate(void)
{
    static const double rates[] = {0.01, 1e-5, 1e-9, 0.5, -0.003, 1.0 / 3};
    static const double starts[] = {1, 100000, 3.3e-7};
    for (size_t r = 0; r < 6; r++)
        for (size_t s = 0; s < 3; s++) {
            double value[400];
            value[0] = starts[s];
            for (int i = 1; i < 400; i++)
                value[i] = value[i - 1] * (1 + rates[r]);
            const qb_kpis k = compute_values(value, 400);
            CHECK_NEAR(k.volatility.value, 0, 0);
            CHECK_UNDEFINED(k.sharpe, "no variation");
        }
}

static void test_ruin(void)
{
    static const double low_end[] = {100, 110, -5}, zero[] = {100, 0, 0}, low_start[] = {0, 1, 2},
                        not_number[] = {100, NAN, 101}, infinite[] = {100, INFINITY, 101};
    qb_kpis k = compute_values(low_end, 3);
    check_all(&k, NULL);
    CHECK_NEAR(k.total_return.value, -1.05, 1e-15);
    CHECK_NEAR(k.max_drawdown.value, 115.0 / 110, 1e-15);
    CHECK_UNDEFINED(k.cagr, "the equity fell to 0 or below");
    CHECK_UNDEFINED(k.cagr_count, "the equity fell to 0 or below");
    CHECK_UNDEFINED(k.calmar, "the equity fell to 0 or below");
    CHECK_UNDEFINED(k.sharpe, "the equity fell to 0 or below");
    CHECK_UNDEFINED(k.kurtosis, "the equity fell to 0 or below");
    k = compute_values(zero, 3);
    check_all(&k, NULL);
    CHECK_NEAR(k.total_return.value, -1, 0);
    CHECK_NEAR(k.max_drawdown.value, 1, 0);
    CHECK_UNDEFINED(k.sharpe, "the equity fell to 0 or below");
    k = compute_values(low_start, 3);
    check_all(&k, "the equity starts at 0 or below");
    CHECK_UNDEFINED(k.max_drawdown, "the equity starts at 0 or below");
    k = compute_values(not_number, 3);
    check_all(&k, "the equity is not a number somewhere");
    k = compute_values(infinite, 3);
    check_all(&k, "the equity is not a number somewhere");
    CHECK_UNDEFINED(k.volatility, "the equity is not a number somewhere");
}

static void test_time(void)
{
    static const int64_t same[] = {5, 5, 5}, close[] = {0, QB_SECOND_US, 2 * QB_SECOND_US};
    static const double value[] = {100, 200, 400};
    qb_kpi_input in = {.periods = {same, value, 3}, .periods_per_year = 252, .traded = 500};
    qb_kpis k = compute(&in);
    check_all(&k, NULL);
    CHECK_UNDEFINED(k.cagr, "no time passed");
    CHECK_UNDEFINED(k.turnover, "no time passed");
    in.periods.ts_us = close;
    k = compute(&in);
    CHECK_UNDEFINED(k.cagr, "too large to annualise");
    in.periods_per_year = 0;
    k = compute(&in);
    check_all(&k, NULL);
    CHECK_UNDEFINED(k.cagr_count, "periods per year are not positive");
    CHECK_UNDEFINED(k.sharpe, "periods per year are not positive");
}

static void test_benchmark_flaws(void)
{
    vectors v;
    vectors_fill(&v);
    qb_kpi_input in = vectors_input(&v);
    in.benchmark.count = 0;
    CHECK_UNDEFINED(compute(&in).beta, "no benchmark");
    in.benchmark.count = 503;
    CHECK_UNDEFINED(compute(&in).alpha, "the benchmark has other points than the equity");
    in.benchmark.count = 504;
    static int64_t shifted[VECTOR_POINTS];
    for (int i = 0; i < VECTOR_POINTS; i++)
        shifted[i] = v.ts_us[i] + (i == 77);
    in.benchmark.ts_us = shifted;
    CHECK_UNDEFINED(compute(&in).beta, "the benchmark has other points than the equity");
    in.benchmark.ts_us = v.ts_us;
    v.price[3] = 0;
    CHECK_UNDEFINED(compute(&in).beta, "the benchmark has a price that is not above 0");
    for (int i = 0; i < VECTOR_POINTS; i++)
        v.price[i] = 250;
    CHECK_UNDEFINED(compute(&in).beta, "the benchmark does not vary");
    CHECK_UNDEFINED(compute(&in).alpha, "the benchmark does not vary");
    for (int i = 1; i < VECTOR_POINTS; i++)
        v.price[i] = v.price[i - 1] * 1.0001;
    CHECK_UNDEFINED(compute(&in).beta, "the benchmark does not vary");
    /* itself */
    memcpy(v.price, v.equity, sizeof v.price);
    CHECK_NEAR(compute(&in).beta.value, 1, 1e-15);
    CHECK_NEAR(compute(&in).alpha.value, 0, 1e-15);
}

static void test_trades(void)
{
    static const double value[] = {100, 100};
    static const int64_t ts_us[] = {0, QB_DAY_US};
    static const qb_trade_result draws[] = {{0, 1, 0, 0}, {2, 3, 0, 0}},
                                 winners[] = {{0, 1, 10, 0.1}, {2, 3, 10, 0.1}, {4, 5, 10, 0.1}},
                                 mixed[] = {{0, 1, 30, 0.3},
                                            {2, 3, -10, -0.1},
                                            {4, 5, 0, 0},
                                            {6, 7, -5, -0.05}},
                                 wiped[] = {{0, 1, -100, -1}, {2, 3, 50, 0.5}};
    qb_kpi_input in = {.periods = {ts_us, value, 2}, .periods_per_year = 252, .traded = NAN};
    qb_kpis k = compute(&in);
    CHECK_UNDEFINED(k.win_rate, "no closed trade");
    CHECK_UNDEFINED(k.profit_factor, "no closed trade");
    CHECK_UNDEFINED(k.sqn, "no closed trade");

    in.trades = draws, in.trade_count = 2;
    k = compute(&in);
    CHECK_NEAR(k.win_rate.value, 0, 0);
    CHECK_UNDEFINED(k.profit_factor, "no losing trade");
    CHECK_NEAR(k.expectancy.value, 0, 0);
    CHECK_UNDEFINED(k.sqn, "all trades earn the same");

    in.trades = winners, in.trade_count = 1;
    CHECK_UNDEFINED(compute(&in).sqn, "fewer than 2 closed trades");
    in.trade_count = 3;
    k = compute(&in);
    CHECK_NEAR(k.win_rate.value, 1, 0);
    CHECK_UNDEFINED(k.profit_factor, "no losing trade");
    CHECK_UNDEFINED(k.sqn, "all trades earn the same");
    CHECK_NEAR(k.average_trade.value, 0.1, 1e-15);

    in.trades = mixed, in.trade_count = 4;
    k = compute(&in);
    /* by hand; squares about 3.75: 26.25, 13.75, 3.75, 8.75 */
    CHECK_NEAR(k.win_rate.value, 0.25, 0);
    CHECK_NEAR(k.profit_factor.value, 2, 0);
    CHECK_NEAR(k.expectancy.value, 3.75, 0);
    CHECK_NEAR(k.expectancy_fraction.value, 0.0375, 1e-16);
    CHECK_NEAR(k.average_trade.value, pow(1.3 * 0.9 * 0.95, 0.25) - 1, 1e-15);
    CHECK_NEAR(k.sqn.value,
               2 * 3.75 / sqrt((26.25 * 26.25 + 13.75 * 13.75 + 3.75 * 3.75 + 8.75 * 8.75) / 3),
               1e-15);

    in.trades = wiped, in.trade_count = 2;
    CHECK_UNDEFINED(compute(&in).average_trade, "a trade lost all of its stake or more");
}

static void test_exposure_and_turnover(void)
{
    static const int64_t ts_us[] = {0, 1461 * QB_DAY_US}; /* four years of 365.25 days */
    static const double value[] = {100, 300};
    const qb_kpis k = compute(&(qb_kpi_input){.periods = {ts_us, value, 2},
                                              .periods_per_year = 252,
                                              .bars_held = 30,
                                              .bars = 120,
                                              .traded = 1600});
    CHECK_NEAR(k.exposure.value, 0.25, 0);
    CHECK_NEAR(k.turnover.value, 2, 0); /* 1600 / mean equity 200 / 4 years */
    CHECK_NEAR(k.cagr.value, pow(3, 0.25) - 1, 1e-15);
}

static void test_risk_free(void)
{
    vectors v;
    vectors_fill(&v);
    qb_kpi_input in = vectors_input(&v);
    const qb_kpis plain = compute(&in);
    in.risk_free = 0.02;
    const qb_kpis k = compute(&in);
    /* (m - rf/N) sqrt(N) / s = Sharpe - rf / volatility */
    CHECK_NEAR(k.sharpe.value, plain.sharpe.value - 0.02 / plain.volatility.value, 1e-14);
    CHECK_NEAR(k.volatility.value, plain.volatility.value, 0);
    CHECK_NEAR(k.alpha.value, plain.alpha.value, 0);
    CHECK(k.sortino.value < plain.sortino.value);
    CHECK_NEAR(k.risk_free, 0.02, 0);
}

/* ---- a slow plain version ------------------------------------------------------------------ */

typedef struct plain {
    long double mean, deviation, downside, skew, kurtosis, beta, alpha, drawdown;
} plain;

static long double step(const double *value, size_t i)
{
    return (long double)value[i + 1] / value[i] - 1;
}

static plain compute_plainly(const double *equity, const double *price, size_t count, double rate)
{
    plain p = {0};
    const size_t n = count - 1;
    long double price_mean = 0, m2 = 0, m3 = 0, m4 = 0, below = 0, cross = 0, price_m2 = 0;
    for (size_t i = 0; i < n; i++) {
        p.mean += step(equity, i) / n;
        price_mean += step(price, i) / n;
    }
    for (size_t i = 0; i < n; i++) {
        const long double d = step(equity, i) - p.mean, e = step(price, i) - price_mean;
        const long double excess = step(equity, i) - rate;
        m2 += d * d, m3 += d * d * d, m4 += d * d * d * d;
        below += excess < 0 ? excess * excess : 0;
        cross += d * e, price_m2 += e * e;
    }
    p.deviation = sqrtl(m2 / (n - 1));
    p.downside = sqrtl(below / n);
    p.skew = m3 / n / powl(m2 / n, 1.5L);
    p.kurtosis = m4 / n / (m2 / n * (m2 / n));
    p.beta = cross / price_m2;
    p.alpha = powl(1 + p.mean - p.beta * price_mean, 252) - 1;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i; j < count; j++)
            p.drawdown = fmaxl(p.drawdown, (equity[i] - (long double)equity[j]) / equity[i]);
    return p;
}

static void check_relative(double got, long double want)
{
    CHECK_NEAR(got, (double)want, 1e-13 * (1 + fabs((double)want)));
}

static void test_against_a_plain_version(void)
{
    enum { LONGEST = 1500 };
    static double equity[LONGEST], price[LONGEST];
    static int64_t ts_us[LONGEST];
    qb_random random = {20240101};
    static const size_t lengths[] = {3, 4, 9, 255, 256, 257, 258, 511, 512, 513, 514, 1000, 1500};
    for (size_t c = 0; c < sizeof lengths / sizeof lengths[0]; c++) {
        const double scale = pow(10, -(double)(c % 5)), rate = c % 2 ? 0.0001 : 0;
        equity[0] = 1e5, price[0] = 37;
        for (size_t i = 0; i < LONGEST; i++) {
            ts_us[i] = (int64_t)i * QB_DAY_US;
            if (i == 0)
                continue;
            equity[i] = equity[i - 1] * (1 + 0.3 * scale * (qb_random_unit(&random) - 0.49));
            price[i] = price[i - 1] * (1 + 0.2 * scale * (qb_random_unit(&random) - 0.49));
        }
        const size_t count = lengths[c];
        const qb_kpis k = compute(&(qb_kpi_input){.periods = {ts_us, equity, count},
                                                  .benchmark = {ts_us, price, count},
                                                  .periods_per_year = 252,
                                                  .risk_free = rate * 252,
                                                  .traded = NAN});
        const plain p = compute_plainly(equity, price, count, rate * 252 / 252);
        check_relative(k.volatility.value, p.deviation * sqrtl(252));
        check_relative(k.sharpe.value, (p.mean - rate) * sqrtl(252) / p.deviation);
        if (p.downside > 0)
            check_relative(k.sortino.value, (p.mean - rate) * sqrtl(252) / p.downside);
        check_relative(k.skew.value, p.skew);
        check_relative(k.kurtosis.value, p.kurtosis);
        check_relative(k.beta.value, p.beta);
        CHECK_NEAR(k.alpha.value, (double)p.alpha, 1e-11 * (1 + fabs((double)p.alpha)));
        check_relative(k.max_drawdown.value, p.drawdown);
    }
}

/* A long quiet curve, on which plain sums would have lost digits: +a, -a in turns. */
static void test_long_curve(void)
{
    enum { COUNT = 1000001 };
    double *value = malloc(COUNT * sizeof *value);
    int64_t *ts_us = malloc(COUNT * sizeof *ts_us);
    for (int i = 0; i < COUNT; i++) {
        value[i] = i % 2 ? 1.25 : 1.0; /* returns 0.25 and -0.2, exactly 0.25 and -0.2 rounded */
        ts_us[i] = i * QB_MINUTE_US;
    }
    const qb_kpis k = compute(
        &(qb_kpi_input){.periods = {ts_us, value, COUNT}, .periods_per_year = 252, .traded = NAN});
    /* by hand: m = 0.025, deviations +-0.225, s = 0.225 sqrt(n/(n-1)) */
    const double s = 0.225 * sqrt(1e6 / (1e6 - 1));
    CHECK_NEAR(k.volatility.value, s * sqrt(252), 1e-14);
    CHECK_NEAR(k.sharpe.value, 0.025 * sqrt(252) / s, 1e-14);
    CHECK_NEAR(k.kurtosis.value, 1, 1e-14);
    CHECK_NEAR(k.max_drawdown.value, 0.2, 1e-16);
    free(value);
    free(ts_us);
}

/* ---- sampling, table ----------------------------------------------------------------------- */

static void test_sample(void)
{
    static const int64_t ts_us[] = {10, 20, 20, 35, 50};
    static const double value[] = {1, 2, 3, 4, 5};
    static const int64_t ends[] = {5, 20, 30, 40, 60, 70};
    static const double wanted[] = {100, 100, 3, 3, 4, 5, 5};
    int64_t out_ts_us[7];
    double out[7];
    qb_curve_sample(&(qb_curve){ts_us, value, 5}, 100, 2, ends, 6, out_ts_us, out);
    CHECK_INT(out_ts_us[0], 2);
    for (int i = 0; i < 7; i++) {
        CHECK_NEAR(out[i], wanted[i], 0);
        if (i > 0)
            CHECK_INT(out_ts_us[i], ends[i - 1]);
    }
    qb_curve_sample(&(qb_curve){NULL, NULL, 0}, 100, 2, ends, 2, out_ts_us, out);
    CHECK_NEAR(out[2], 100, 0);
}

static void test_table(void)
{
    const size_t ratios = offsetof(qb_kpis, drawdown) / sizeof(qb_ratio);
    CHECK_INT(qb_kpi_table_count, ratios);
    for (size_t i = 0; i < qb_kpi_table_count; i++) {
        const qb_kpi_info *info = &qb_kpi_table[i];
        CHECK(info->offset % sizeof(qb_ratio) == 0 && info->offset < offsetof(qb_kpis, drawdown));
        CHECK(strlen(info->title) <= 16 && strlen(info->meaning) <= 42);
        CHECK(i == 0 || info->group >= qb_kpi_table[i - 1].group);
        for (size_t j = 0; j < i; j++)
            CHECK(qb_kpi_table[j].offset != info->offset &&
                  strcmp(qb_kpi_table[j].key, info->key) != 0);
    }
}

int main(void)
{
    static const tap_case cases[] = {
        {"/metrics/vectors/curve", test_curve_itself},
        {"/metrics/vectors/ratios", test_curve_ratios},
        {"/metrics/vectors/deflated-sharpe", test_deflated_sharpe},
        {"/metrics/vectors/pbo", test_pbo},
        {"/metrics/track-record/inverts-psr", test_minimum_track_record_inverts_psr},
        {"/metrics/pbo/shapes", test_pbo_shapes},
        {"/metrics/pbo/equal-columns", test_pbo_of_equal_columns},
        {"/metrics/pbo/no-memory", test_pbo_without_memory},
        {"/metrics/normal/quantile", test_normal_quantile},
        {"/metrics/normal/cdf", test_normal_cdf},
        {"/metrics/drawdown/by-hand", test_drawdown},
        {"/metrics/drawdown/edges", test_drawdown_edges},
        {"/metrics/drawdown/full-resolution", test_drawdown_from_full_resolution},
        {"/metrics/edges/few-points", test_few_points},
        {"/metrics/edges/constant", test_constant},
        {"/metrics/edges/constant-rate", test_constant_rate},
        {"/metrics/edges/ruin", test_ruin},
        {"/metrics/edges/time", test_time},
        {"/metrics/edges/benchmark", test_benchmark_flaws},
        {"/metrics/trades", test_trades},
        {"/metrics/activity", test_exposure_and_turnover},
        {"/metrics/risk-free", test_risk_free},
        {"/metrics/plain-version", test_against_a_plain_version},
        {"/metrics/long-curve", test_long_curve},
        {"/metrics/sample", test_sample},
        {"/metrics/table", test_table},
    };
    return tap_run(cases, sizeof cases / sizeof cases[0]);
}
