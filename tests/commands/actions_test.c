/* Dividends and splits on the way that a user's take: imported beside raw bars, kept in the cache,
 * met by a backtest. Two published runs across them come out to the cent; what is missing is said
 * under the result and by data actions. */
#include "buyapple.h"
#include "cache/cache.h"
#include "program.h"

#include <string.h>

#define RAW "equities/daily_raw_2004_2014/"
#define SKIP_SHARED(folder)             \
    do {                                \
        if ((folder) == NULL) {         \
            g_test_skip(GOLDEN_ABSENT); \
            return;                     \
        }                               \
    } while (0)

static char *shared_path(const char *path)
{
    return g_build_filename(golden_shared(), path, NULL);
}

static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    g_assert_true(json_is_number(value));
    return json_number_value(value);
}

static gint64 cents(double amount)
{
    return (gint64)round(amount * 100.0);
}

/* The texts of an array member, joined by lines. Caller frees. */
static char *lines_of(const json_t *object, const char *key)
{
    const json_t *array = json_object_get(object, key);
    GString *text = g_string_new(NULL);
    g_assert_true(json_is_array(array));
    for (gsize i = 0; i < json_array_size(array); i++)
        g_string_append_printf(text, "%s\n", json_string_value(json_array_get(array, i)));
    return g_string_free(text, FALSE);
}

/* ---- AAPL, 7:1 on 2014-06-09 ---------------------------------------------------------------- */

static void import_apple(program *self, const char *actions)
{
    g_autofree char *bars = shared_path(RAW "AAPL.csv.gz");
    program_expect(self, 0, "data", "import", bars, "--symbol", "AAPL");
    if (actions == NULL)
        return;
    g_autofree char *path = shared_path(actions);
    program_expect(self, 0, "data", "import", "--actions", path, "--symbol", "AAPL");
}

static qb_series read_apple(const program *self)
{
    g_autofree char *data = g_build_filename(self->folder, "data", NULL);
    cache *cache = cache_new(data, NULL);
    const cache_key key = {.asset = QB_EQUITY, .symbol = "AAPL", .interval = QB_1D};
    qb_series series = {0};
    GError *error = NULL;
    cache_read(cache, &key, golden_time(BUYAPPLE_FROM), golden_time(BUYAPPLE_TO), CACHE_ALL,
               &series, NULL, &error);
    g_assert_no_error(error);
    cache_free(cache);
    return series;
}

/* zipline's 209 fills and 210 days, from what the program has stored. */
static void test_published_split(void)
{
    const char *folder = golden_shared();
    SKIP_SHARED(folder);
    g_autoptr(program) self = program_new();
    import_apple(self, RAW "splits.csv");
    qb_series series = read_apple(self);
    golden_run run = buyapple_run(&series);
    tap_failed = 0;
    buyapple_check(&run, folder, NULL);
    g_assert_cmpint(tap_failed, ==, 0);
    golden_run_clear(&run);
    qb_series_clear(&series);
}

/* The same with the dividends of the file beside, which zipline did not pay: each day's value is
 * the published one and what the shares held at each ex-date brought. */
static void test_published_split_with_dividends(void)
{
    const char *folder = golden_shared();
    SKIP_SHARED(folder);
    g_autoptr(program) self = program_new();
    import_apple(self, RAW "splits.csv");
    g_autofree char *path = shared_path(RAW "dividends.csv");
    program_expect(self, 0, "data", "import", "--actions", path, "--symbol", "AAPL");
    qb_series series = read_apple(self);
    golden_run run = buyapple_run(&series);
    g_assert_nonnull(series.dividend);
    double *paid = g_new0(double, series.count);
    gsize ex_dates = 0;
    for (gsize day = 0, fill = 0; day < series.count; day++) {
        double held = 0.0;
        for (fill = 0; fill < run.fill_count && run.fills[fill].ts_us < series.ts_us[day]; fill++)
            held += qb_raw_to_double(run.fills[fill].quantity.raw) *
                    (run.fills[fill].ts_us < golden_time("2014-06-09") &&
                             series.ts_us[day] >= golden_time("2014-06-09")
                         ? 7.0
                         : 1.0);
        paid[day] = (day > 0 ? paid[day - 1] : 0.0) + series.dividend[day] * held;
        ex_dates += series.dividend[day] > 0.0;
    }
    g_assert_cmpuint(ex_dates, ==, 3); /* 3.05, 3.29 before the split; 0.47 after it */
    tap_failed = 0;
    buyapple_check(&run, folder, paid);
    g_assert_cmpint(tap_failed, ==, 0);
    g_assert_cmpint(cents(qb_raw_to_double(run.totals.dividends.raw)), ==,
                    cents(paid[series.count - 1]));
    g_free(paid);
    golden_run_clear(&run);
    qb_series_clear(&series);
}

static json_t *hold_apple(program *self)
{
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--strategy", "buy_and_hold",
                   "--start", BUYAPPLE_FROM, "--end", BUYAPPLE_TO, "--cash", "10000000", "--size",
                   "10u", "--fill-at", "next-close", "--fee-bps", "0", "--fee-per-unit", "0.0075",
                   "--fee-minimum", "1", "--slippage-bps", "0", "--volume-cap", "off", "--no-log",
                   "--json");
    return program_json(self);
}

/* The first of those orders alone, by the program itself: ten shares at the first published price
 * are seventy at the last close, 108.00. Without the split the program says so, and by how much it
 * is wrong is a matter of ten shares instead of seventy. */
static void test_backtest_across_split(void)
{
    const char *folder = golden_shared();
    SKIP_SHARED(folder);
    columns *fills = columns_read(folder, "expected/zipline_runs/buyapple_fills.csv");
    double *prices = columns_numbers(fills, "price");
    const double paid = 10.0 * prices[0] + 1.0;
    g_autoptr(program) self = program_new();
    import_apple(self, NULL);
    json_auto_t *without = hold_apple(self);
    g_assert_cmpint(cents(number_of(without, "equity")), ==, cents(1e7 - paid + 10.0 * 108.00));
    g_autofree char *warnings = lines_of(without, "warnings");
    g_assert_nonnull(strstr(warnings, "AAPL opens on 2014-06-09 at 0.1436 times the close before, "
                                      "as after a 7:1 split that is not declared"));

    g_autofree char *path = shared_path(RAW "splits.csv");
    program_expect(self, 0, "data", "import", "--actions", path, "--symbol", "AAPL");
    json_auto_t *with = hold_apple(self);
    g_assert_cmpint(cents(number_of(with, "equity")), ==, cents(1e7 - paid + 70.0 * 108.00));
    g_autofree char *none = lines_of(with, "warnings");
    g_assert_cmpstr(none, ==, "");
    free(prices);
    columns_free(fills);
}

/* ---- SPY, eight years of dividends ---------------------------------------------------------- */

/* LEAN's factor file as a file of dividends: cash is reference price x (1 - factor / next factor),
 * to the cent, on the first session after the row's date. */
static char *dividends_of_factors(void)
{
    columns *file = columns_read(golden_shared(),
                                 "equities/corporate_actions/factor_files/SPY.csv");
    qb_series bars = golden_series(golden_shared(), "equities/daily_raw/SPY.csv", "date");
    gint64 *dates = columns_times(file, "date");
    double *factor = columns_numbers(file, "price_factor");
    double *reference = columns_numbers(file, "reference_price");
    GString *text = g_string_new("ex_date,amount\n");
    for (gsize k = 0; k + 1 < columns_rows(file); k++) {
        const double amount = round(reference[k] * (1.0 - factor[k] / factor[k + 1]) * 100) / 100;
        const gsize row = qb_series_lower_bound(&bars, dates[k] + QB_DAY_US);
        char date[QB_TIME_TEXT];
        if (amount > 0.0 && row < bars.count && row > 0)
            g_string_append_printf(text, "%s,%.2f\n",
                                   qb_date_to_text(qb_date_from_us(bars.ts_us[row]), date), amount);
    }
    free(dates);
    free(factor);
    free(reference);
    columns_free(file);
    qb_series_clear(&bars);
    return g_string_free(text, FALSE);
}

/* DividendRegressionAlgorithm, by the program alone: 120462.08. */
static void test_published_dividends(void)
{
    SKIP_SHARED(golden_shared());
    g_autoptr(program) self = program_new();
    g_autofree char *bars = shared_path("equities/daily_raw/SPY.csv.gz");
    g_autofree char *dividends = dividends_of_factors();
    program_write(self, "dividends.csv", dividends);
    program_expect(self, 0, "data", "import", bars, "--symbol", "SPY", "--actions",
                   "dividends.csv");
    program_expect(self, 0, "backtest", "--symbols", "SPY", "--strategy", "buy_and_hold", "--start",
                   "1998-01-01", "--end", "2006-01-01", "--cash", "100000", "--size", "49.875%",
                   "--fee-bps", "0", "--fee-per-unit", "0.005", "--fee-minimum", "1",
                   "--slippage-bps", "0", "--volume-cap", "off", "--no-log", "--json");
    json_auto_t *result = program_json(self);
    g_assert_cmpint(cents(number_of(result, "equity")), ==, 12046208);
    g_assert_cmpint(cents(number_of(result, "fees")), ==, 256);
}

/* ---- data actions --------------------------------------------------------------------------- */

static void test_listed(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "x.csv",
                  "date,open,high,low,close,volume,dividend,split\n"
                  "2020-01-02,100,101,99,100,1000,0,1\n"
                  "2020-01-03,100,101,99,100,1000,0.255,1\n"
                  "2020-01-06,50,51,49,50,2000,0.5,2\n"
                  "2020-01-07,50,51,49,50,2000,0,1\n"
                  "2020-01-08,50,51,49,50,2000,0,1\n");
    program_expect(self, 0, "data", "import", "x.csv", "--symbol", "X");
    program_expect(self, 0, "data", "actions", "x");
    g_assert_nonnull(strstr(self->out, "2020-01-03  dividend  0.255  0.26 %"));
    g_assert_nonnull(strstr(self->out, "2020-01-06  split       2:1"));
    g_assert_nonnull(strstr(self->out, "2020-01-06  dividend   0.50  1.00 %")); /* of 50 */
    g_assert_nonnull(strstr(self->out, "X 1d: 2 dividends, 1 split\n"));
    program_expect(self, 0, "data", "actions", "x", "--json");
    json_auto_t *root = program_json(self);
    const json_t *series = json_array_get(root, 0), *list = json_object_get(series, "actions");
    g_assert_cmpint((int)number_of(series, "dividends"), ==, 2);
    g_assert_cmpint((int)number_of(series, "undeclared"), ==, 0);
    g_assert_cmpuint(json_array_size(list), ==, 3);
    const json_t *split = json_array_get(list, 1), *dividend = json_array_get(list, 2);
    g_assert_cmpstr(json_string_value(json_object_get(split, "kind")), ==, "split");
    g_assert_cmpstr(json_string_value(json_object_get(split, "split")), ==, "2:1");
    g_assert_cmpfloat(number_of(dividend, "yield"), ==, 0.01);
    g_assert_cmpfloat(number_of(dividend, "close_before"), ==, 100.0);
    program_expect(self, 5, "data", "actions", "nobody");
}

static void test_undeclared_listed(void)
{
    SKIP_SHARED(golden_shared());
    g_autoptr(program) self = program_new();
    import_apple(self, NULL);
    program_expect(self, 0, "data", "actions", "aapl", "--json");
    json_auto_t *root = program_json(self);
    const json_t *series = json_array_get(root, 0), *list = json_object_get(series, "actions");
    g_assert_cmpint((int)number_of(series, "undeclared"), ==, 2);
    const json_t *seven = json_array_get(list, 1);
    g_assert_cmpstr(json_string_value(json_object_get(seven, "kind")), ==, "undeclared");
    g_assert_cmpstr(json_string_value(json_object_get(seven, "split")), ==, "7:1");
    g_assert_cmpstr(json_string_value(json_object_get(seven, "ex_date")), ==,
                    "2014-06-09T00:00:00Z");
    program_expect(self, 0, "data", "actions");
    g_assert_nonnull(strstr(self->out, "2 more that nobody declared"));
    /* Adjusted prices are not looked at. */
    g_autofree char *bars = shared_path(RAW "AAPL.csv.gz");
    program_expect(self, 0, "data", "import", bars, "--symbol", "ADJ", "--adjustment", "split");
    program_expect(self, 0, "data", "actions", "adj");
    g_assert_cmpstr(self->out, ==, "ADJ 1d: 0 dividends, 0 splits\n");
    program_expect(self, 0, "backtest", "--symbols", "ADJ", "--no-log", "--json");
    json_auto_t *result = program_json(self);
    g_autofree char *warnings = lines_of(result, "warnings");
    g_assert_cmpstr(warnings, ==, "prices are split-adjusted: dividends are missing\n");
}

/* ---- what else a result warns of ------------------------------------------------------------ */

/* Samples, and fills on bars in which nothing traded; the figures are the same with or without. */
static void test_warnings(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "x.csv",
                  "date,open,high,low,close,volume\n"
                  "2020-01-02,100,101,99,100,1000\n"
                  "2020-01-03,100,100,100,100,0\n"
                  "2020-01-06,101,102,100,101,1000\n");
    program_expect(self, 0, "data", "import", "x.csv", "--symbol", "X");
    program_expect(self, 0, "backtest", "--symbols", "X", "--strategy", "buy_and_hold", "--no-log",
                   "--json");
    json_auto_t *result = program_json(self);
    const json_t *idle = json_array_get(json_object_get(result, "doctor"), 1);
    g_assert_cmpstr(json_string_value(json_object_get(idle, "kind")), ==, "idle-fills");
    g_assert_cmpstr(json_string_value(json_object_get(idle, "text")), ==,
                    "1 of 1 fills stand on bars in which nothing traded");
    program_expect(self, 0, "backtest", "--symbols", "X", "--strategy", "buy_and_hold", "--no-log");
    g_assert_nonnull(strstr(self->out, "          1 of 1 fills stand on bars"));

    program_write(self, "c.csv",
                  "ts,price\n"
                  "2020-01-02T00:00:00Z,100\n"
                  "2020-01-02T01:00:00Z,101\n"
                  "2020-01-02T02:00:00Z,102\n");
    program_expect(self, 0, "data", "import", "c.csv", "--symbol", "btc", "--asset", "crypto",
                   "--interval", "1h", "--map",
                   "ts=ts,open=price,high=price,low=price,close=price,volume=none");
    program_expect(self, 0, "backtest", "--symbols", "btc", "--strategy", "buy_and_hold",
                   "--no-log", "--json");
    json_auto_t *samples = program_json(self);
    g_autofree char *told = lines_of(samples, "warnings");
    g_assert_cmpstr(told, ==,
                    "BTC-USD: 3 of 3 bars are samples of the price: orders fill at the sample, "
                    "volume is unknown\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/actions/published/split", test_published_split);
    g_test_add_func("/actions/published/split-with-dividends", test_published_split_with_dividends);
    g_test_add_func("/actions/published/dividends", test_published_dividends);
    g_test_add_func("/actions/backtest-across-split", test_backtest_across_split);
    g_test_add_func("/actions/listed", test_listed);
    g_test_add_func("/actions/undeclared-listed", test_undeclared_listed);
    g_test_add_func("/actions/warnings", test_warnings);
    return g_test_run();
}
