/* Ratios against published values and those of other programs, where the definition is ours. What
 * is left out, and why:
 *
 * empyrical vectors: simple_returns, cum_returns, aggregate_returns and roll_max_drawdown are
 *   series, not ratios; one Sharpe case takes a series as risk-free rate, ours is a constant; its
 *   infinite Sharpe ratio of a constant rate is undefined here; Calmar there counts periods, so it
 *   is compared to cagr_count / max_drawdown.
 * real series: omega, stability, tail ratio, value at risk: no such ratio here.
 * managers, edhec: value at risk; drawdowns after the worst.
 * Bacon: mean absolute deviation, upside risk, pain, Martin, Burke, Bernardo-Ledoit: no such
 *   ratio; kurtosis there has a sample correction, ours is of the population.
 * ffn: log returns, rebased and drawdown series, weights, month to date: no such ratio.
 * backtesting.py: Sharpe, Sortino, Calmar and volatility rest on a geometric mean, alpha and beta
 *   on log returns, exposure counts both end bars; its profit factor adds up returns where ours
 *   adds up money, so it is compared on trades whose profit is their return. */
#include "published.h"
#include "tap.h"

/* ---- input --------------------------------------------------------------------------------- */

static qb_kpis compute(const published_curve *equity, const published_curve *benchmark,
                       double periods_per_year, double risk_free)
{
    qb_kpi_input input = {.periods = {equity->ts_us, equity->value, equity->count},
                          .periods_per_year = periods_per_year,
                          .risk_free = risk_free,
                          .traded = NAN};
    if (benchmark != NULL)
        input.benchmark = (qb_curve){benchmark->ts_us, benchmark->value, benchmark->count};
    qb_kpis out;
    CHECK_OK(qb_kpis_compute(&input, &out));
    return out;
}

static qb_kpis compute_returns(const double *returns, const int64_t *ts_us, size_t count,
                               double periods_per_year, double risk_free)
{
    published_curve equity = published_curve_of_returns(returns, ts_us, count);
    const qb_kpis out = compute(&equity, NULL, periods_per_year, risk_free);
    published_curve_free(&equity);
    return out;
}

static double calmar_by_count(const qb_kpis *k)
{
    return k->cagr_count.value / k->max_drawdown.value;
}

/* ---- empyrical ----------------------------------------------------------------------------- */

/* empyrical counts a day without a return for annualising, and for nothing else. */
static qb_kpis kpis_of_case(const json_t *root, const json_t *test, bool count_missing)
{
    published_series returns = published_series_of(root, json_object_get(test, "returns"));
    for (size_t i = 0; count_missing && i < returns.count; i++)
        if (isnan(returns.value[i]))
            returns.value[i] = 0;
    const json_t *benchmark = json_object_get(test, "benchmark");
    if (benchmark == NULL)
        return compute_returns(returns.value, returns.ts_us, returns.count, published_periods(test),
                               0);
    published_series other = published_series_of(root, benchmark);
    published_keep_common(&returns, &other);
    published_curve a = published_curve_of_returns(returns.value, returns.ts_us, returns.count);
    published_curve b = published_curve_of_returns(other.value, other.ts_us, other.count);
    const qb_kpis out = compute(&a, &b, 252, 0);
    published_curve_free(&a);
    published_curve_free(&b);
    return out;
}

/* NaN and infinity there are undefined here, and with a reason. */
static void check_case(qb_ratio got, const json_t *expected, const json_t *test, const char *what)
{
    const json_t *decimals = json_object_get(test, "decimal_places");
    const double want = published_number(expected);
    int places = decimals ? (int)json_integer_value(decimals) : 8;
    if (strcmp(what, "test_cum_returns_final") == 0)
        places = 4; /* typed so in the source */
    if (isfinite(want))
        published_decimals(got.value, want, places, what);
    else
        CHECK(isnan(got.value) && got.undefined != NULL);
}

static size_t check_group(const json_t *root, const char *name,
                          qb_ratio (*ratio)(const qb_kpis *kpis), bool count_missing)
{
    const json_t *tests = json_object_get(json_object_get(json_object_get(root, "tests"), name),
                                          "cases");
    size_t index, checked = 0;
    json_t *test;
    json_array_foreach(tests, index, test)
    {
        const json_t *start = json_object_get(test, "starting_value");
        if (json_is_string(json_object_get(test, "risk_free")) ||
            (start != NULL && json_number_value(start) != 0))
            continue;
        const qb_kpis k = kpis_of_case(root, test, count_missing);
        check_case(ratio(&k), json_object_get(test, "expected"), test, name);
        checked++;
    }
    return checked;
}

static qb_ratio pick_total_return(const qb_kpis *k)
{
    return k->total_return;
}
static qb_ratio pick_cagr_count(const qb_kpis *k)
{
    return k->cagr_count;
}
static qb_ratio pick_sharpe(const qb_kpis *k)
{
    return k->sharpe;
}
static qb_ratio pick_alpha(const qb_kpis *k)
{
    return k->alpha;
}
static qb_ratio pick_beta(const qb_kpis *k)
{
    return k->beta;
}
static qb_ratio pick_drawdown(const qb_kpis *k)
{
    return (qb_ratio){-k->max_drawdown.value, k->max_drawdown.undefined};
}
static qb_ratio pick_calmar(const qb_kpis *k)
{
    return k->calmar.undefined != NULL ? k->calmar : (qb_ratio){calmar_by_count(k), NULL};
}

static void test_empyrical(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is absent");
    json_t *root = published_load("kpi_vectors_empyrical.json");
    CHECK_INT(check_group(root, "test_cum_returns_final", pick_total_return, false), 4);
    CHECK_INT(check_group(root, "test_annual_ret", pick_cagr_count, true), 3);
    CHECK_INT(check_group(root, "test_cagr", pick_cagr_count, true), 5);
    CHECK_INT(check_group(root, "test_max_drawdown", pick_drawdown, false), 8);
    CHECK_INT(check_group(root, "test_calmar", pick_calmar, true), 5);
    CHECK_INT(check_group(root, "test_sharpe_ratio", pick_sharpe, false), 6);
    CHECK_INT(check_group(root, "test_alpha", pick_alpha, false), 5);
    CHECK_INT(check_group(root, "test_beta", pick_beta, false), 9);

    const json_t *tests = json_object_get(
        json_object_get(json_object_get(root, "tests"), "test_alpha_beta"), "cases");
    size_t index;
    json_t *test;
    json_array_foreach(tests, index, test)
    {
        const qb_kpis k = kpis_of_case(root, test, false);
        const json_t *expected = json_object_get(test, "expected");
        check_case(k.alpha, json_array_get(expected, 0), test, "alpha of alpha_beta");
        check_case(k.beta, json_array_get(expected, 1), test, "beta of alpha_beta");
    }
    CHECK_INT(json_array_size(tests), 5);
    json_decref(root);
}

/* ---- real series --------------------------------------------------------------------------- */

static void test_real_series(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is absent");
    json_t *root = published_load("kpi_real_series.json");
    size_t index;
    json_t *test;
    json_array_foreach(json_object_get(root, "cases"), index, test)
    {
        published_curve equity =
            published_real_curve(json_string_value(json_object_get(test, "input")));
        const qb_kpis k = compute(&equity, NULL, 252, 0);
        published_curve_free(&equity);
        const json_t *values = json_object_get(test, "values");
        const struct {
            const char *name;
            double got;
        } ratios[] = {
            {"cum_returns_final", k.total_return.value},
            {"annual_return", k.cagr_count.value},
            {"annual_volatility", k.volatility.value},
            {"sharpe_ratio_rf0", k.sharpe.value},
            {"sortino_ratio_mar0", k.sortino.value},
            {"calmar_ratio", calmar_by_count(&k)},
            {"max_drawdown", -k.max_drawdown.value},
            {"downside_risk_mar0", k.sharpe.value * k.volatility.value / k.sortino.value},
            {"skew_biased", k.skew.value},
            {"excess_kurtosis_biased", k.kurtosis.value - 3},
        };
        for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++)
            published_close(ratios[i].got,
                            json_number_value(json_object_get(values, ratios[i].name)), 1e-11,
                            ratios[i].name);
    }
    CHECK_INT(json_array_size(json_object_get(root, "cases")), 5);
    json_decref(root);
}

/* ---- PerformanceAnalytics ------------------------------------------------------------------ */

static double manager_ratio(const qb_kpis *k, const qb_kpis *excess, const char *metric)
{
    if (strstr(metric, "geometric, 12/year") != NULL)
        return k->cagr_count.value;
    if (strstr(metric, "arithmetic") != NULL)
        return k->sharpe.value * k->volatility.value;
    if (strstr(metric, "cumulative return") != NULL)
        return k->total_return.value;
    if (strstr(metric, "Sortino") != NULL)
        return k->sortino.value / sqrt(12);
    if (strcmp(metric, "max drawdown") == 0)
        return k->max_drawdown.value;
    if (strstr(metric, "Calmar") != NULL)
        return calmar_by_count(k);
    if (strstr(metric, "annualised Sharpe, Rf = 0.035/12") != NULL)
        return excess->sharpe.value;
    if (strcmp(metric, "annualised standard deviation") == 0)
        return k->volatility.value;
    return NAN;
}

static size_t check_managers(const json_t *metrics, columns *table)
{
    int64_t *ts_us = columns_times(table, "date");
    size_t index, checked = 0;
    json_t *metric;
    json_array_foreach(metrics, index, metric)
    {
        const char *name = json_string_value(json_object_get(metric, "metric"));
        const char *column;
        json_t *want;
        json_t *expected = json_object_get(metric, "expected");
        if (!json_is_object(expected) || strstr(name, "VaR") != NULL)
            continue;
        json_object_foreach(expected, column, want)
        {
            double *returns = columns_numbers(table, column);
            const size_t count = columns_rows(table);
            const qb_kpis k = compute_returns(returns, ts_us, count, 12, 0);
            const qb_kpis excess = compute_returns(returns, ts_us, count, 12, 0.035);
            /* the source cuts at four decimals as often as it rounds */
            const double value = json_number_value(want);
            published_close(manager_ratio(&k, &excess, name), value, 1e-4 / fmax(1, value), name);
            free(returns);
            checked++;
        }
    }
    free(ts_us);
    return checked;
}

static int64_t time_of(const char *text)
{
    int64_t ts_us = 0;
    CHECK_OK(qb_time_from_text(text, strlen(text), &ts_us));
    return ts_us;
}

static void test_managers(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is absent");
    json_t *root = published_load("kpi_managers_edhec.json");
    columns *managers = published_returns("managers.csv"), *edhec = published_returns("edhec.csv");
    CHECK_INT(check_managers(json_object_get(root, "managers"), managers), 6 * 8 + 6 - 2);
    CHECK_INT(check_managers(json_object_get(root, "edhec"), edhec), 13);

    /* The worst drawdown of Convertible Arbitrage; their "from" is the first month under water,
     * 23 months in all; and that of the funds of funds. */
    int64_t *ts_us = columns_times(edhec, "date");
    double *returns = columns_numbers(edhec, "Convertible Arbitrage");
    qb_kpis k = compute_returns(returns, ts_us, columns_rows(edhec), 12, 0);
    published_decimals(k.max_drawdown.value, 0.2927, 4, "worst drawdown");
    CHECK_INT(k.drawdown.peak_us, time_of("2007-10-31"));
    CHECK_INT(k.drawdown.trough_us, time_of("2008-11-30"));
    CHECK_INT(k.drawdown.recovery_us, time_of("2009-09-30"));
    CHECK_INT(k.drawdown.longest_us, time_of("2009-09-30") - time_of("2007-10-31"));
    free(returns);
    returns = columns_numbers(edhec, "Funds of Funds");
    k = compute_returns(returns, ts_us, columns_rows(edhec), 12, 0);
    published_decimals(k.max_drawdown.value, 0.2059, 4, "Funds of Funds");
    free(returns);
    free(ts_us);
    columns_free(managers);
    columns_free(edhec);
    json_decref(root);
}

static double bacon_value(const json_t *root, const char *name)
{
    size_t index;
    json_t *value;
    json_array_foreach(
        json_object_get(root, "values"), index,
        value) if (strcmp(json_string_value(json_object_get(value, "metric")), name) ==
                   0) return json_number_value(json_object_get(value, "expected"));
    return NAN;
}

static void test_bacon(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is absent");
    json_t *root = published_load("kpi_bacon_portfolio.json");
    columns *table = published_returns("portfolio_bacon.csv");
    int64_t *ts_us = columns_times(table, "date");
    double *returns = columns_numbers(table, "portfolio");
    double *other = columns_numbers(table, "benchmark");
    published_curve equity = published_curve_of_returns(returns, ts_us, columns_rows(table));
    published_curve benchmark = published_curve_of_returns(other, ts_us, columns_rows(table));

    /* Downside deviation under 0.005 a month, from the ratios that divide by it. */
    const qb_kpis k = compute(&equity, &benchmark, 12, 0.005 * 12);
    const double deviation = k.volatility.value / sqrt(12);
    published_decimals(k.sharpe.value * deviation / k.sortino.value,
                       bacon_value(root, "DownsideDeviation"), 4, "downside deviation");
    const qb_kpis b = compute(&benchmark, NULL, 12, 0);
    published_decimals(k.beta.value * b.volatility.value,
                       bacon_value(root, "SystematicRisk annualised (beta x benchmark sd)"), 2,
                       "systematic risk");
    published_curve_free(&equity);
    published_curve_free(&benchmark);
    free(ts_us);
    free(returns);
    free(other);
    columns_free(table);
    json_decref(root);
}

/* ---- ffn ----------------------------------------------------------------------------------- */

static const json_t *ffn_values(const json_t *root, const char *what)
{
    size_t index;
    json_t *value;
    json_array_foreach(json_object_get(root, "values"), index,
                       value) if (strcmp(json_string_value(json_object_get(value, "what")), what) ==
                                  0) return value;
    return NULL;
}

static void test_ffn(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is absent");
    json_t *root = published_load("kpi_ffn_AAPL_MSFT_C.json");
    columns *table = published_returns("ffn_AAPL_MSFT_C_close.csv");
    static const char *const symbols[] = {"AAPL", "MSFT", "C"};
    int64_t *ts_us = columns_times(table, "date");
    for (size_t i = 0; i < 3; i++) {
        double *close = columns_numbers(table, symbols[i]);
        const published_curve all = {ts_us, close, columns_rows(table)}, ten = {ts_us, close, 10};
        const qb_kpis k = compute(&all, NULL, 252, 0), first = compute(&ten, NULL, 252, 0);
        const json_t *want = ffn_values(root, "CAGR over the whole file (actual days / 365.25)");
        published_decimals(k.cagr.value, json_number_value(json_object_get(want, symbols[i])), 3,
                           symbols[i]);
        want = ffn_values(root, "max drawdown of the first 10 rows");
        published_decimals(-first.max_drawdown.value,
                           json_number_value(json_object_get(want, symbols[i])), 3, symbols[i]);
        want = ffn_values(root, "rebased to 100, row 10");
        published_decimals(100 * (1 + first.total_return.value),
                           json_number_value(json_object_get(want, symbols[i])), 3, symbols[i]);
        if (i == 0) {
            want = ffn_values(root, "CAGR of the first 10 rows");
            published_decimals(first.cagr.value, json_number_value(json_object_get(want, "AAPL")),
                               3, "first 10 rows");
        }
        free(close);
    }
    free(ts_us);
    columns_free(table);
    json_decref(root);
}

/* ---- backtesting.py ------------------------------------------------------------------------ */

static void check_run(const char *run, const json_t *statistics)
{
    published_curve equity = published_equity(run);
    size_t count;
    qb_trade_result *trades = published_trades(run, &count);
    qb_kpi_input input = {.periods = {equity.ts_us, equity.value, equity.count},
                          .trades = trades,
                          .trade_count = count,
                          .periods_per_year = 252,
                          .traded = NAN};
    qb_kpis k, by_return;
    CHECK_OK(qb_kpis_compute(&input, &k));
    for (size_t i = 0; i < count; i++)
        trades[i].profit = trades[i].return_fraction;
    CHECK_OK(qb_kpis_compute(&input, &by_return));

    const struct {
        const char *name;
        double got;
    } ratios[] = {
        {"Return [%]", 100 * k.total_return.value},
        {"CAGR [%]", 100 * k.cagr.value},
        {"Max. Drawdown [%]", -100 * k.max_drawdown.value},
        {"# Trades", (double)k.trades},
        {"Win Rate [%]", 100 * k.win_rate.value},
        {"Avg. Trade [%]", 100 * k.average_trade.value},
        {"Expectancy [%]", 100 * k.expectancy_fraction.value},
        {"SQN", k.sqn.value},
        {"Profit Factor", by_return.profit_factor.value},
    };
    for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++)
        published_close(ratios[i].got,
                        json_number_value(json_object_get(statistics, ratios[i].name)), 1e-11,
                        ratios[i].name);
    CHECK_INT(k.drawdown.longest_us, published_duration_us(json_string_value(
                                         json_object_get(statistics, "Max. Drawdown Duration"))));
    free(trades);
    published_curve_free(&equity);
}

static void test_backtest_runs(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is absent");
    json_t *root = published_load("backtest_runs/RUNS.json");
    size_t index;
    json_t *run;
    json_array_foreach(json_object_get(root, "runs"), index, run)
    {
        const char *name = json_string_value(json_object_get(run, "name"));
        printf("# %s\n", name);
        check_run(name, json_object_get(run, "statistics"));
    }
    CHECK_INT(json_array_size(json_object_get(root, "runs")), 5);
    json_decref(root);
}

int main(void)
{
    static const tap_case cases[] = {
        {"/metrics/published/empyrical", test_empyrical},
        {"/metrics/published/real-series", test_real_series},
        {"/metrics/published/managers-edhec", test_managers},
        {"/metrics/published/bacon", test_bacon},
        {"/metrics/published/ffn", test_ffn},
        {"/metrics/published/backtesting-py", test_backtest_runs},
    };
    return tap_run(cases, sizeof cases / sizeof cases[0]);
}
