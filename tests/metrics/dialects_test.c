/* What other tools would print, against the vectors of semantics.md ("Test vectors", "More of EQ"),
 * against values that those projects published, and against their own answers to what is
 * undefined. */
#include "allocations.h"
#include "published.h"
#include "tap.h"
#include "vectors.h"

#include "core/metrics/dialects.h"

static qb_dialect_sheet compute(qb_dialect dialect, const qb_kpi_input *input, double years)
{
    qb_dialect_sheet sheet;
    CHECK_OK(qb_dialect_compute(dialect, input, years, &sheet));
    return sheet;
}

static double value_of(const qb_dialect_sheet *sheet, const char *key)
{
    const qb_dialect_kpi *kpi = qb_dialect_find(sheet, key);
    if (kpi == NULL)
        printf("# %s has no %s\n", qb_dialect_text(sheet->dialect), key);
    CHECK(kpi != NULL);
    return kpi != NULL ? kpi->ratio.value : NAN;
}

/* ---- the vectors of semantics.md ----------------------------------------------------------- */

static void test_vectors(void)
{
    static vectors v;
    vectors_fill(&v);
    const qb_kpi_input input = vectors_input(&v);
    static const struct {
        qb_dialect dialect;
        double years; /* 0: the tool's own */
        const char *key;
        double want;
        int decimals;
    } cases[] = {
        {QB_DIALECT_EMPYRICAL, 0, "sharpe", .981531, 6},
        {QB_DIALECT_EMPYRICAL, 0, "sortino", 1.438545, 6},
        {QB_DIALECT_EMPYRICAL, 0, "cagr", .149064, 6},
        {QB_DIALECT_EMPYRICAL, 0, "calmar", 1.210627, 6},
        {QB_DIALECT_EMPYRICAL, 0, "alpha", .219747, 6},
        {QB_DIALECT_EMPYRICAL, 0, "beta", .577614, 6},
        {QB_DIALECT_EMPYRICAL, 0, "max_drawdown", -.12312968, 8},
        {QB_DIALECT_EMPYRICAL, 0, "volatility", .153598, 6},

        {QB_DIALECT_QUANTSTATS, 0, "sharpe", .981531, 6},
        {QB_DIALECT_QUANTSTATS, 0, "sortino", 1.438545, 6},
        {QB_DIALECT_QUANTSTATS, 0, "cagr", .149064, 6},
        {QB_DIALECT_QUANTSTATS, 0, "calmar", 1.210627, 6},
        {QB_DIALECT_QUANTSTATS, 0, "alpha", .198722, 6},
        {QB_DIALECT_QUANTSTATS, 0, "beta", .577614, 6},
        {QB_DIALECT_QUANTSTATS, 0, "win_rate", .528827, 6},
        {QB_DIALECT_QUANTSTATS, 0, "profit_factor", 1.169176, 6},

        {QB_DIALECT_VECTORBT, 0, "sharpe", 1.181273, 6},
        {QB_DIALECT_VECTORBT, 0, "cagr", .222935, 6},
        {QB_DIALECT_VECTORBT, 252, "sharpe", .981531, 6},
        {QB_DIALECT_VECTORBT, 252, "sortino", 1.438545, 6},
        {QB_DIALECT_VECTORBT, 252, "cagr", .149064, 6},
        {QB_DIALECT_VECTORBT, 252, "calmar", 1.210627, 6},
        {QB_DIALECT_VECTORBT, 252, "alpha", .219747, 6},
        {QB_DIALECT_VECTORBT, 252, "beta", .577614, 6},

        {QB_DIALECT_BACKTESTING, 0, "sharpe", .840098, 6},
        {QB_DIALECT_BACKTESTING, 0, "sortino", 1.422353, 6},
        {QB_DIALECT_BACKTESTING, 0, "cagr_count", .14906414, 8},
        {QB_DIALECT_BACKTESTING, 0, "cagr", .15499581, 8},
        {QB_DIALECT_BACKTESTING, 0, "calmar", 1.210627, 6},
        {QB_DIALECT_BACKTESTING, 0, "alpha", .4193, 4},
        {QB_DIALECT_BACKTESTING, 0, "beta", .57818, 5},
        {QB_DIALECT_BACKTESTING, 0, "volatility", .177437, 6},
        {QB_DIALECT_BACKTESTING, 0, "win_rate", .56, 8},
        {QB_DIALECT_BACKTESTING, 0, "profit_factor", 1.721667, 6},
        {QB_DIALECT_BACKTESTING, 0, "sqn", 1.453103, 6},
        {QB_DIALECT_BACKTESTING, 0, "expectancy_fraction", .00598177, 8},
        {QB_DIALECT_BACKTESTING, 0, "average_trade", .00563928, 8},
        {QB_DIALECT_BACKTESTING, 0, "kelly", .218878, 6},
        {QB_DIALECT_BACKTESTING, 0, "longest_drawdown", 260, 8},

        {QB_DIALECT_LEAN, 0, "sharpe", 1.059041, 6},
        {QB_DIALECT_LEAN, 0, "sortino", 1.700178, 6},
        {QB_DIALECT_LEAN, 0, "cagr", .154882, 6},
        {QB_DIALECT_LEAN, 0, "alpha", .208697, 6},
        {QB_DIALECT_LEAN, 0, "beta", .577614, 6},

        {QB_DIALECT_FREQTRADE, 0, "sharpe", .282072, 6},
        {QB_DIALECT_FREQTRADE, 0, "sortino", .584262, 6},
        {QB_DIALECT_FREQTRADE, 0, "cagr", .154882, 6},
        {QB_DIALECT_FREQTRADE, 0, "calmar", 10.941705, 6},
        {QB_DIALECT_FREQTRADE, 0, "profit_factor", 1.641642, 6},
        {QB_DIALECT_FREQTRADE, 0, "expectancy", 649.36, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const qb_dialect_sheet sheet = compute(cases[i].dialect, &input, cases[i].years);
        char what[64];
        snprintf(what, sizeof what, "%s %s", qb_dialect_text(cases[i].dialect), cases[i].key);
        published_decimals(value_of(&sheet, cases[i].key), cases[i].want, cases[i].decimals, what);
    }
}

/* kpi explain shows its figures on this curve; the two were written apart. */
static void test_example(void)
{
    static vectors v;
    static qb_kpi_example example;
    vectors_fill(&v);
    qb_kpi_example_fill(&example);
    for (int i = 0; i < VECTOR_POINTS; i++) {
        CHECK_INT(example.ts_us[i], v.ts_us[i]);
        CHECK_NEAR(example.equity[i], v.equity[i], 0);
        CHECK_NEAR(example.price[i], v.price[i], 0);
    }
    for (int i = 0; i < VECTOR_TRADES; i++) {
        CHECK_INT(example.trades[i].exit_us, v.trades[i].exit_us);
        CHECK_NEAR(example.trades[i].profit, v.trades[i].profit, 0);
        CHECK_NEAR(example.trades[i].return_fraction, v.trades[i].return_fraction, 0);
    }
    CHECK_INT(qb_kpi_example_input(&example).trade_count, VECTOR_TRADES);
}

/* ---- names --------------------------------------------------------------------------------- */

static void test_names(void)
{
    static const char *const names[] = {"quantstats", "empyrical", "backtesting.py",
                                        "freqtrade",  "lean",      "vectorbt"};
    qb_dialect dialect = QB_DIALECT_LEAN;
    for (int i = 0; i < QB_DIALECT_COUNT; i++) {
        CHECK_TEXT(qb_dialect_text((qb_dialect)i), names[i]);
        CHECK_OK(qb_dialect_from_text(names[i], &dialect));
        CHECK_INT(dialect, i);
    }
    CHECK_OK(qb_dialect_from_text("LEAN", &dialect));
    CHECK_INT(dialect, QB_DIALECT_LEAN);
    CHECK_INT(qb_dialect_from_text("quantstat", &dialect), QB_BAD_FORMAT);
    CHECK_INT(dialect, QB_DIALECT_LEAN);
}

/* Keys are single within a tool, and every line fits a terminal. */
static void test_tables(void)
{
    static vectors v;
    vectors_fill(&v);
    const qb_kpi_input input = vectors_input(&v);
    for (int d = 0; d < QB_DIALECT_COUNT; d++) {
        const qb_dialect_sheet sheet = compute((qb_dialect)d, &input, 0);
        CHECK(sheet.count > 10);
        for (size_t i = 0; i < sheet.count; i++) {
            const qb_dialect_kpi *kpi = &sheet.kpis[i];
            CHECK(qb_dialect_find(&sheet, kpi->key) == kpi);
            CHECK(kpi->title != NULL && strlen(kpi->title) <= 27);
            CHECK(kpi->differs == NULL || strlen(kpi->differs) <= 64);
            CHECK(!kpi->missing && kpi->ratio.undefined == NULL && isfinite(kpi->ratio.value));
            bool ours = false;
            for (size_t k = 0; k < qb_kpi_table_count; k++)
                ours |= strcmp(qb_kpi_table[k].key, kpi->key) == 0;
            CHECK(ours || kpi->differs != NULL); /* which then says what it is */
        }
        CHECK(qb_dialect_find(&sheet, "nothing") == NULL);
    }
    for (size_t k = 0; k < qb_kpi_table_count; k++) {
        const qb_kpi_lesson *lesson = qb_kpi_lesson_of(qb_kpi_table[k].key);
        CHECK(lesson != NULL && lesson->formula != NULL && lesson->enters != NULL &&
              lesson->undefined != NULL && lesson->source != NULL);
    }
    CHECK(qb_kpi_lesson_of("sharp") == NULL);
}

/* ---- empyrical ----------------------------------------------------------------------------- */

/* A day without a return counts for annualising there, and for nothing else: as a return of 0. */
static qb_dialect_sheet sheet_of_case(const json_t *root, const json_t *test, bool count_missing)
{
    published_series returns = published_series_of(root, json_object_get(test, "returns"));
    for (size_t i = 0; count_missing && i < returns.count; i++)
        if (isnan(returns.value[i]))
            returns.value[i] = 0;
    const json_t *benchmark = json_object_get(test, "benchmark");
    published_series other = {0};
    if (benchmark != NULL) {
        other = published_series_of(root, benchmark);
        published_keep_common(&returns, &other);
    }
    published_curve a = published_curve_of_returns(returns.value, returns.ts_us, returns.count);
    published_curve b = published_curve_of_returns(other.value, other.ts_us, other.count);
    const qb_kpi_input input = {.periods = {a.ts_us, a.value, a.count},
                                .benchmark = {b.ts_us, b.value, b.count},
                                .periods_per_year = 252};
    const qb_dialect_sheet sheet = compute(QB_DIALECT_EMPYRICAL, &input, published_periods(test));
    published_curve_free(&a);
    published_curve_free(&b);
    return sheet;
}

/* NaN and infinity are its answers, and have to be given. */
static void check_case(double got, const json_t *expected, const json_t *test, const char *what)
{
    const double want = published_number(expected);
    const json_t *places = json_object_get(test, "decimal_places");
    int decimals = places != NULL ? (int)json_integer_value(places) : 8;
    if (strcmp(what, "test_cum_returns_final") == 0)
        decimals = 4; /* typed so in the source */
    if (isinf(want))
        CHECK(isinf(got) && (got > 0) == (want > 0));
    else if (isnan(want))
        CHECK(isnan(got));
    else
        published_decimals(got, want, decimals, what);
}

static size_t check_group(const json_t *root, const char *name, const char *key, bool count_missing)
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
            continue; /* a series as risk-free rate; the value of the curve */
        const qb_dialect_sheet sheet = sheet_of_case(root, test, count_missing);
        check_case(value_of(&sheet, key), json_object_get(test, "expected"), test, name);
        checked++;
    }
    return checked;
}

static void test_empyrical(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is absent");
    json_t *root = published_load("kpi_vectors_empyrical.json");
    CHECK_INT(check_group(root, "test_cum_returns_final", "total_return", false), 4);
    CHECK_INT(check_group(root, "test_annual_ret", "cagr", true), 3);
    CHECK_INT(check_group(root, "test_cagr", "cagr", true), 5);
    CHECK_INT(check_group(root, "test_max_drawdown", "max_drawdown", false), 8);
    CHECK_INT(check_group(root, "test_calmar", "calmar", true), 5);
    CHECK_INT(check_group(root, "test_sharpe_ratio", "sharpe", false), 6);
    CHECK_INT(check_group(root, "test_alpha", "alpha", false), 5);
    CHECK_INT(check_group(root, "test_beta", "beta", false), 9);

    const json_t *tests = json_object_get(
        json_object_get(json_object_get(root, "tests"), "test_alpha_beta"), "cases");
    size_t index;
    json_t *test;
    json_array_foreach(tests, index, test)
    {
        const qb_dialect_sheet sheet = sheet_of_case(root, test, false);
        const json_t *expected = json_object_get(test, "expected");
        check_case(value_of(&sheet, "alpha"), json_array_get(expected, 0), test, "alpha");
        check_case(value_of(&sheet, "beta"), json_array_get(expected, 1), test, "beta");
    }
    CHECK_INT(json_array_size(tests), 5);
    json_decref(root);
}

static void test_real_series(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is absent");
    static const char *const measures[][2] = {
        {"cum_returns_final", "total_return"},
        {"annual_return", "cagr"},
        {"annual_volatility", "volatility"},
        {"sharpe_ratio_rf0", "sharpe"},
        {"sortino_ratio_mar0", "sortino"},
        {"calmar_ratio", "calmar"},
        {"max_drawdown", "max_drawdown"},
        {"omega_ratio_0", "omega"},
        {"downside_risk_mar0", "downside_risk"},
        {"stability_of_timeseries", "stability"},
        {"tail_ratio", "tail_ratio"},
        {"value_at_risk_5pct", "value_at_risk"},
        {"conditional_value_at_risk_5pct", "expected_shortfall"},
        {"skew_biased", "skew"},
        {"excess_kurtosis_biased", "kurtosis"},
    };
    json_t *root = published_load("kpi_real_series.json");
    size_t index;
    json_t *test;
    json_array_foreach(json_object_get(root, "cases"), index, test)
    {
        published_curve equity =
            published_real_curve(json_string_value(json_object_get(test, "input")));
        const qb_kpi_input input = {.periods = {equity.ts_us, equity.value, equity.count},
                                    .periods_per_year = 365};
        const qb_dialect_sheet sheet = compute(QB_DIALECT_EMPYRICAL, &input, 0);
        CHECK_NEAR(sheet.periods_per_year, 252, 0);
        const json_t *values = json_object_get(test, "values");
        CHECK_INT(json_object_size(values), sizeof measures / sizeof measures[0]);
        for (size_t i = 0; i < sizeof measures / sizeof measures[0]; i++)
            published_close(value_of(&sheet, measures[i][1]),
                            json_number_value(json_object_get(values, measures[i][0])), 1e-11,
                            measures[i][0]);
        published_curve_free(&equity);
    }
    CHECK_INT(json_array_size(json_object_get(root, "cases")), 5);
    json_decref(root);
}

/* ---- backtesting.py ------------------------------------------------------------------------ */

/* The closes that its benchmark was, at the stamps of the equity. */
static double *closes_of(const json_t *run, const published_curve *equity)
{
    char path[256], file[128];
    CHECK(sscanf(json_string_value(json_object_get(run, "input")), "%127[^ ]", file) == 1);
    snprintf(path, sizeof path, "data/%s", file);
    columns *table = columns_read(tap_shared(), path);
    int64_t *ts_us = columns_times(table, strstr(file, "hourly") != NULL ? "ts" : "date");
    double *close = columns_numbers(table, "close");
    double *out = malloc(equity->count * sizeof *out);
    size_t from = 0;
    for (size_t i = 0; i < equity->count; i++) {
        /* The hourly file has six hours out of order. */
        size_t at = from;
        while (at < columns_rows(table) && ts_us[at] != equity->ts_us[i])
            at++;
        for (size_t k = 0; at == columns_rows(table) && k < from; k++)
            if (ts_us[k] == equity->ts_us[i])
                at = k;
        CHECK(at < columns_rows(table));
        out[i] = at < columns_rows(table) ? close[at] : NAN;
        from = at < columns_rows(table) && at >= 12 ? at - 11 : 0;
    }
    free(ts_us);
    free(close);
    columns_free(table);
    return out;
}

static double days_of(const json_t *statistics, const char *name)
{
    const char *text = json_string_value(json_object_get(statistics, name));
    return (double)published_duration_us(text) / (double)QB_DAY_US;
}

static void check_statistics(const qb_dialect_sheet *sheet, const json_t *want)
{
    size_t checked = 0;
    for (size_t i = 0; i < sheet->count; i++) {
        const qb_dialect_kpi *kpi = &sheet->kpis[i];
        const json_t *value = json_object_get(want, kpi->title);
        if (json_is_string(value))
            CHECK_NEAR(kpi->ratio.value, days_of(want, kpi->title), 1e-9);
        else if (strcmp(kpi->key, "alpha") != 0 && strcmp(kpi->key, "benchmark_return") != 0)
            published_close(kpi->ratio.value * (kpi->percent ? 100 : 1), json_number_value(value),
                            1e-10, kpi->title);
        checked += value != NULL;
    }
    CHECK_INT(checked, sheet->count);
    /* Buy and hold starts after the warm-up there and at the first price here: the alphas differ
     * by beta times that difference. */
    const double held = json_number_value(json_object_get(want, "Buy & Hold Return [%]"));
    published_close(100 * (value_of(sheet, "alpha") +
                           value_of(sheet, "beta") * value_of(sheet, "benchmark_return")) -
                        value_of(sheet, "beta") * held,
                    json_number_value(json_object_get(want, "Alpha [%]")), 1e-10, "Alpha [%]");
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
        size_t trade_count;
        published_curve equity = published_equity(name);
        qb_trade_result *trades = published_trades(name, &trade_count);
        double *close = closes_of(run, &equity);
        const qb_kpi_input input = {.periods = {equity.ts_us, equity.value, equity.count},
                                    .benchmark = {equity.ts_us, close, equity.count},
                                    .trades = trades,
                                    .trade_count = trade_count,
                                    .periods_per_year = 252};
        const qb_dialect_sheet sheet = compute(QB_DIALECT_BACKTESTING, &input, 0);
        printf("# %s\n", name);
        CHECK_NEAR(sheet.periods_per_year, strstr(name, "BTC") != NULL ? 365 : 252, 0);
        check_statistics(&sheet, json_object_get(run, "statistics"));
        free(close);
        free(trades);
        published_curve_free(&equity);
    }
    CHECK_INT(json_array_size(json_object_get(root, "runs")), 5);
    json_decref(root);
}

/* ---- LEAN ---------------------------------------------------------------------------------- */

/* SPY as LEAN saw it: raw closes, and those by the factors for the benchmark. */
typedef struct spy {
    int64_t *ts_us, *factor_us;
    double *open, *close, *factor;
    size_t count, factor_count;
} spy;

static spy spy_read(void)
{
    columns *bars = columns_read(tap_shared(), "data/equities/daily_raw/SPY.csv");
    columns *factors = columns_read(tap_shared(),
                                    "data/equities/corporate_actions/factor_files/SPY.csv");
    const spy out = {
        .ts_us = columns_times(bars, "date"),
        .factor_us = columns_times(factors, "date"),
        .open = columns_numbers(bars, "open"),
        .close = columns_numbers(bars, "close"),
        .factor = columns_numbers(factors, "price_factor"),
        .count = columns_rows(bars),
        .factor_count = columns_rows(factors),
    };
    columns_free(bars);
    columns_free(factors);
    return out;
}

static void spy_clear(spy *self)
{
    free(self->ts_us);
    free(self->factor_us);
    free(self->open);
    free(self->close);
    free(self->factor);
}

static double factor_of(const spy *spy, int64_t ts_us)
{
    for (size_t i = 0; i < spy->factor_count; i++)
        if (spy->factor_us[i] >= ts_us)
            return spy->factor[i];
    return 1;
}

static size_t bar_of(const spy *spy, const char *date)
{
    int64_t ts_us = 0;
    CHECK_OK(qb_time_from_text(date, strlen(date), &ts_us));
    for (size_t i = 0; i < spy->count; i++)
        if (spy->ts_us[i] == ts_us)
            return i;
    CHECK(false);
    return 0;
}

/* "17.304", "-0.249", "96.710%" as a number of so many digits. */
static void check_printed(const qb_dialect_sheet *sheet, const json_t *want, const char *name)
{
    const char *text = json_string_value(json_object_get(want, name));
    for (size_t i = 0; i < sheet->count; i++)
        if (strcmp(sheet->kpis[i].title, name) == 0) {
            const double scale = sheet->kpis[i].percent ? 100 : 1;
            const double got = scale * sheet->kpis[i].ratio.value;
            const int before = tap_failed;
            CHECK_NEAR(got, strtod(text, NULL), 0.0005001);
            if (tap_failed != before)
                printf("# %s\n", name);
            return;
        }
    CHECK(false);
}

static const json_t *lean_case(const json_t *root, const char *name)
{
    size_t index;
    json_t *item;
    json_array_foreach(json_object_get(root, "cases"), index, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "name")), name) == 0)
            return json_object_get(item, "statistics");
    }
    CHECK(false);
    return NULL;
}

static const char *const lean_figures[] = {
    "Compounding Annual Return",
    "Drawdown",
    "Net Profit",
    "Sharpe Ratio",
    "Sortino Ratio",
    "Probabilistic Sharpe Ratio",
    "Alpha",
    "Beta",
    "Annual Standard Deviation",
    "Annual Variance",
    "Tracking Error",
    "Information Ratio",
    "Treynor Ratio",
    "Drawdown Recovery",
};

/* The daily curve of a run as LEAN samples it: the equity at each close and again at each midnight,
 * weekends too; returns and benchmark at the midnights, of which the first day's is left out. The
 * points of its charts, and so returns in per cent and benchmark, have 7 significant digits
 * (SmartRounding). */
typedef struct lean_curve {
    int64_t full_us[64], ts_us[32];
    double full[64], equity[32], price[32];
    size_t full_count, count;
} lean_curve;

static double seven_digits(double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.7g", value);
    return strtod(text, NULL);
}

/* Of shares that are held from the close of bar `held_from` on, and 100,000 before. */
static lean_curve lean_sample(const spy *spy, size_t first, size_t last, size_t held_from,
                              double cash, double shares)
{
    const double factor = factor_of(spy, spy->ts_us[first]);
    lean_curve out = {.full_us = {spy->ts_us[first]}, .full = {100000}, .full_count = 1};
    double sampled = 100000;
    for (size_t bar = first; bar <= last; bar++) {
        const double before = out.full[out.full_count - 1];
        const double equity = bar < held_from ? 100000 : cash + shares * spy->close[bar] * factor;
        sampled *= 1 + seven_digits(100 * (equity - before) / before) / 100;
        out.full_us[out.full_count] = spy->ts_us[bar] + 16 * QB_HOUR_US;
        out.full[out.full_count++] = equity;
        int64_t midnight = spy->ts_us[bar] + QB_DAY_US;
        do {
            out.ts_us[out.count] = midnight;
            out.equity[out.count] = sampled;
            out.price[out.count++] = seven_digits(spy->close[bar] * factor);
            if (bar < last) {
                out.full_us[out.full_count] = midnight;
                out.full[out.full_count++] = equity;
            }
            midnight += QB_DAY_US;
        } while (bar < last && midnight <= spy->ts_us[bar + 1]);
    }
    return out;
}

static qb_kpi_input lean_input(const lean_curve *curve)
{
    return (qb_kpi_input){.periods = {curve->ts_us, curve->equity, curve->count},
                          .full = {curve->full_us, curve->full, curve->full_count},
                          .benchmark = {curve->ts_us, curve->price, curve->count},
                          .periods_per_year = 252,
                          .risk_free = 0.0075}; /* US primary credit rate since 2010-02 */
}

/* The fill is that of "verified" beside the statistics: 697 shares at the open of 9 October. */
static void test_lean_week(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is absent");
    json_t *root = published_load("published_lean_statistics.json");
    spy spy = spy_read();
    const size_t first = bar_of(&spy, "2013-10-08"), last = bar_of(&spy, "2013-10-17");
    const double paid = 697 * spy.open[first + 1] * factor_of(&spy, spy.ts_us[first]) + 3.485;
    const lean_curve curve = lean_sample(&spy, first, last, first + 1, 100000 - paid, 697);
    static const qb_trade_result none[1];
    qb_kpi_input input = lean_input(&curve);
    input.trades = none;
    CHECK_INT(curve.count, 10); /* nine returns, two of them of a weekend */
    const qb_dialect_sheet sheet = compute(QB_DIALECT_LEAN, &input, 0);
    const json_t *want = lean_case(root, "BasicTemplateDailyAlgorithm");
    for (size_t i = 0; i < sizeof lean_figures / sizeof lean_figures[0]; i++)
        check_printed(&sheet, want, lean_figures[i]);
    CHECK_NEAR(value_of(&sheet, "end_equity"), 104486.22, 0.005);
    static const char *const of_trades[] = {"Average Win", "Average Loss", "Expectancy",
                                            "Win Rate",    "Loss Rate",    "Profit-Loss Ratio"};
    for (size_t i = 0; i < sizeof of_trades / sizeof of_trades[0]; i++)
        check_printed(&sheet, want, of_trades[i]);
    spy_clear(&spy);
    json_decref(root);
}

/* 688 shares at 167.45, bought in the first minute of 7 October and held. Its drawdown is one of
 * minutes, which are not here. */
static void test_lean_minutes(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is absent");
    json_t *root = published_load("published_lean_statistics.json");
    spy spy = spy_read();
    const size_t first = bar_of(&spy, "2013-10-07"), last = bar_of(&spy, "2013-10-11");
    const double paid = 688 * 167.45 * factor_of(&spy, spy.ts_us[first]) + 3.44;
    const lean_curve curve = lean_sample(&spy, first, last, first, 100000 - paid, 688);
    const qb_kpi_input input = lean_input(&curve);
    CHECK_INT(curve.count, 5);
    const qb_dialect_sheet sheet = compute(QB_DIALECT_LEAN, &input, 0);
    const json_t *want = lean_case(root, "BasicTemplateAlgorithm");
    for (size_t i = 0; i < sizeof lean_figures / sizeof lean_figures[0]; i++)
        if (strncmp(lean_figures[i], "Drawdown", 8) != 0)
            check_printed(&sheet, want, lean_figures[i]);
    CHECK(qb_dialect_find(&sheet, "win_rate")->missing);
    spy_clear(&spy);
    json_decref(root);
}

/* ---- undefined: the tool's own answer ------------------------------------------------------ */

static void check_answers(const char *name, const double *value, size_t count,
                          const double want[QB_DIALECT_COUNT][2])
{
    int64_t ts_us[16];
    for (size_t i = 0; i < count; i++)
        ts_us[i] = (19359 + (int64_t)i) * QB_DAY_US;
    const qb_trade_result none[1] = {{0}};
    const qb_kpi_input input = {
        .periods = {ts_us, value, count}, .trades = none, .periods_per_year = 252};
    for (int d = 0; d < QB_DIALECT_COUNT; d++) {
        const qb_dialect_sheet sheet = compute((qb_dialect)d, &input, 252);
        const double got[] = {value_of(&sheet, "sharpe"), value_of(&sheet, "sortino")};
        for (int k = 0; k < 2; k++) {
            const bool same = isnan(want[d][k]) ? isnan(got[k])
                              : isinf(want[d][k])
                                  ? isinf(got[k]) && (got[k] > 0) == (want[d][k] > 0)
                                  : fabs(got[k] - want[d][k]) < 1e-9;
            CHECK(same);
            if (!same)
                printf("# %s: %s %s: %g, not %g\n", name, qb_dialect_text((qb_dialect)d),
                       k == 0 ? "sharpe" : "sortino", got[k], want[d][k]);
        }
    }
}

/* Run with the versions named in dialect_*.c; freqtrade with profits of no trade. */
static void test_undefined(void)
{
    const double flat[] = {100, 100, 100, 100, 100}, one[] = {100, 101};
    const double rising[] = {100, 200, 400, 800, 1600};
    const double answers_flat[QB_DIALECT_COUNT][2] = {
        [QB_DIALECT_QUANTSTATS] = {NAN, NAN},
        [QB_DIALECT_EMPYRICAL] = {NAN, NAN},
        [QB_DIALECT_BACKTESTING] = {NAN, NAN},
        [QB_DIALECT_FREQTRADE] = {0, 0},
        [QB_DIALECT_LEAN] = {0, 0},
        [QB_DIALECT_VECTORBT] = {INFINITY, INFINITY},
    };
    const double answers_one[QB_DIALECT_COUNT][2] = {
        [QB_DIALECT_QUANTSTATS] = {NAN, NAN},
        [QB_DIALECT_EMPYRICAL] = {NAN, NAN},
        [QB_DIALECT_BACKTESTING] = {NAN, INFINITY},
        [QB_DIALECT_FREQTRADE] = {0, 0},
        [QB_DIALECT_LEAN] = {0, 0},
        [QB_DIALECT_VECTORBT] = {NAN, NAN},
    };
    const double answers_rising[QB_DIALECT_COUNT][2] = {
        [QB_DIALECT_QUANTSTATS] = {INFINITY, NAN},
        [QB_DIALECT_EMPYRICAL] = {INFINITY, INFINITY},
        [QB_DIALECT_BACKTESTING] = {NAN, INFINITY},
        [QB_DIALECT_FREQTRADE] = {0, 0},
        [QB_DIALECT_LEAN] = {0, 0},
        [QB_DIALECT_VECTORBT] = {INFINITY, INFINITY},
    };
    check_answers("flat", flat, 5, answers_flat);
    check_answers("one return", one, 2, answers_one);
    check_answers("rising", rising, 5, answers_rising);
}

/* -100 where the trades do not vary or none lost, 0 where there are none. */
static void test_freqtrade_undefined(void)
{
    const int64_t ts_us[] = {0, 100 * QB_DAY_US};
    const double equity[] = {1000, 1100};
    const qb_trade_result trades[] = {{0, QB_DAY_US, 50, 0.05}, {0, 2 * QB_DAY_US, 50, 0.05}};
    qb_kpi_input input = {
        .periods = {ts_us, equity, 2}, .trades = trades, .trade_count = 2, .periods_per_year = 365};
    qb_dialect_sheet sheet = compute(QB_DIALECT_FREQTRADE, &input, 0);
    CHECK_NEAR(value_of(&sheet, "sharpe"), -100, 0);
    CHECK_NEAR(value_of(&sheet, "sortino"), -100, 0);
    CHECK_NEAR(value_of(&sheet, "calmar"), -100, 0);
    CHECK_NEAR(value_of(&sheet, "profit_factor"), 0, 0);
    CHECK_NEAR(value_of(&sheet, "expectancy_ratio"), 100, 0);
    CHECK_NEAR(value_of(&sheet, "total_return"), 0.1, 1e-15);
    input.trade_count = 0;
    sheet = compute(QB_DIALECT_FREQTRADE, &input, 0);
    CHECK_NEAR(value_of(&sheet, "sharpe"), 0, 0);
    CHECK_NEAR(value_of(&sheet, "calmar"), 0, 0);
    CHECK_NEAR(value_of(&sheet, "expectancy_ratio"), 100, 0);
    input.trades = NULL;
    sheet = compute(QB_DIALECT_FREQTRADE, &input, 0);
    CHECK(qb_dialect_find(&sheet, "sharpe")->missing);
    CHECK_TEXT(qb_dialect_find(&sheet, "sharpe")->ratio.undefined, "no trades given");
    CHECK(!qb_dialect_find(&sheet, "cagr")->missing);
}

static void test_bad_input(void)
{
    const int64_t ts_us[] = {0, QB_DAY_US, 2 * QB_DAY_US};
    const double nan[] = {100, NAN, 100}, low[] = {0, 1, 2}, ruin[] = {100, -5, 10};
    const double price[] = {1, 2, -3};
    const struct {
        qb_curve curve, benchmark;
        const char *key, *why; /* NULL: a value of some kind */
    } cases[] = {
        {{0}, {0}, "sharpe", "no equity points"},
        {{ts_us, nan, 3}, {0}, "sharpe", "the equity is not a number somewhere"},
        {{ts_us, low, 3}, {0}, "sharpe", "the equity starts at 0 or below"},
        {{ts_us, ruin, 3}, {0}, "beta", "no benchmark"},
        {{ts_us, ruin, 3},
         {ts_us, ruin, 2},
         "beta",
         "the benchmark has other points than the equity"},
        {{ts_us, ruin, 3},
         {ts_us, price, 3},
         "beta",
         "the benchmark has a price that is not above 0"},
        {{ts_us, ruin, 3}, {0}, "sharpe", NULL},
        {{ts_us, ruin, 1}, {0}, "sharpe", NULL},
    };
    static const qb_dialect with_beta[] = {QB_DIALECT_QUANTSTATS, QB_DIALECT_EMPYRICAL,
                                           QB_DIALECT_BACKTESTING, QB_DIALECT_LEAN,
                                           QB_DIALECT_VECTORBT};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t d = 0; d < sizeof with_beta / sizeof with_beta[0]; d++) {
            const qb_kpi_input input = {.periods = cases[i].curve,
                                        .benchmark = cases[i].benchmark,
                                        .periods_per_year = 252};
            const qb_dialect_sheet sheet = compute(with_beta[d], &input, 0);
            const qb_dialect_kpi *kpi = qb_dialect_find(&sheet, cases[i].key);
            CHECK_INT(kpi->missing, cases[i].why != NULL);
            if (cases[i].why != NULL)
                CHECK_TEXT(kpi->ratio.undefined, cases[i].why);
        }
}

/* Every allocation fails in turn: a status, nothing left over, the sheet as it was. */
static void test_memory(void)
{
    static vectors v;
    vectors_fill(&v);
    const qb_kpi_input input = vectors_input(&v);
    for (int failing = 0; failing < 100; failing++) {
        qb_dialect_sheet sheet = {.count = 7};
        allocations_begin(failing);
        const qb_status status = qb_dialect_compute(QB_DIALECT_LEAN, &input, 0, &sheet);
        const bool failed = allocations_failed();
        CHECK_INT(allocations_end(), 0);
        CHECK_INT(status, failed ? QB_NO_MEMORY : QB_OK);
        CHECK(!failed || sheet.count == 7);
        if (!failed) {
            CHECK(failing > 0);
            return;
        }
    }
    CHECK(false);
}

int main(void)
{
    static const tap_case cases[] = {
        {"/metrics/dialects/vectors", test_vectors},
        {"/metrics/dialects/example", test_example},
        {"/metrics/dialects/names", test_names},
        {"/metrics/dialects/tables", test_tables},
        {"/metrics/dialects/empyrical", test_empyrical},
        {"/metrics/dialects/real-series", test_real_series},
        {"/metrics/dialects/backtesting-py", test_backtest_runs},
        {"/metrics/dialects/lean-week", test_lean_week},
        {"/metrics/dialects/lean-minutes", test_lean_minutes},
        {"/metrics/dialects/undefined", test_undefined},
        {"/metrics/dialects/freqtrade-undefined", test_freqtrade_undefined},
        {"/metrics/dialects/bad-input", test_bad_input},
        {"/metrics/dialects/memory", test_memory},
    };
    return tap_run(cases, sizeof cases / sizeof cases[0]);
}
