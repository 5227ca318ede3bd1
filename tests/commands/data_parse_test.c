/* data parse as its users run it. Expected values were read from the recorded answers themselves;
 * what needs none is made up here. */
#include "program.h"

#include <string.h>

static char *fixture(const char *name)
{
    const char *shared = g_getenv("QUANTBOT_SHARED");
    char *path = g_build_filename(shared != NULL ? shared : "", "fixtures", name, NULL);
    if (shared != NULL && g_file_test(path, G_FILE_TEST_EXISTS))
        return path;
    g_test_skip("the recorded answers are absent (QUANTBOT_SHARED)");
    g_free(path);
    return NULL;
}

static void contains(const char *text, const char *want)
{
    if (strstr(text, want) == NULL)
        g_error("no \"%s\" in:\n%s", want, text);
}

static const char *string(json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* ---- recorded answers ----------------------------------------------------------------------- */

static const struct recorded {
    const char *file, *provider, *kind;
    const char *more[9]; /* further words; NULL-terminated */
    const char *class;
    gsize bars, values, matches;
    double close; /* of the last bar */
} recorded[] = {
    {"tiingo/daily_googl_range_2018-01.json",
     "tiingo",
     "daily",
     {"--symbol", "GOOGL"},
     "fine",
     10,
     .close = 1143.5},
    {"tiingo/daily_googl_range_2018-01.csv",
     "tiingo",
     "daily",
     {"--symbol", "googl"},
     "fine",
     10,
     .close = 1143.5},
    {"tiingo/error_429_hourly.json", "tiingo", "daily", {"--status", "429"}, "rate-limit"},
    {"tiingo/error_200_csv_ticker_not_found.txt", "tiingo", "daily", {NULL}, "not-found"},
    {"tiingo/supported_tickers_sample.csv", "tiingo", "supported", {NULL}, "fine", .matches = 2},
    {"coingecko/ohlc_bitcoin_usd_30d_sample.json",
     "coingecko",
     "ohlc",
     {"--symbol", "btc", "--interval", "4h"},
     "fine",
     3,
     .close = 62068},
    {"coingecko/error_401_history_beyond_365_days.json",
     "coingecko",
     "range",
     {"--status", "401"},
     "plan"},
    {"polygon/aggs_aapl_page1_with_next_url.json",
     "polygon",
     "bars",
     {"--symbol", "AAPL"},
     "fine",
     2,
     .close = 74.3575},
    {"polygon/error_401_unknown_key.json", "polygon", "bars", {"--status", "401"}, "auth"},
    {"alphavantage/time_series_intraday_msft_1min_2017.json",
     "alphavantage",
     "intraday",
     {"--symbol", "MSFT", "--interval", "1m"},
     "fine",
     100,
     .close = 86.5},
    {"alphavantage/error_200_information_25_per_day.json",
     "alphavantage",
     "daily",
     {NULL},
     "rate-limit"},
    {"cryptocompare/histoday_btc_usd_tots_2017.json",
     "cryptocompare",
     "histo",
     {"--symbol", "BTC-USD", "--interval", "1d"},
     "fine",
     31,
     .close = 3871.62},
    {"cryptocompare/error_200_no_market.json", "cryptocompare", "histo", {NULL}, "not-found"},
    {"fred/observations_gdp_all_vintages_head.json",
     "fred",
     "observations",
     {"--symbol", "GDP"},
     "fine",
     .values = 160},
    {"fred/error_400_key_not_set.json", "fred", "observations", {"--status", "400"}, "auth"},
    {"quandl/datatable_wiki_prices_aapl_2017-11-22.json",
     "quandl",
     "table",
     {"--symbol", "AAPL"},
     "fine",
     1,
     .close = 174.96},
    {"quandl/error_500_server.json", "quandl", "table", {"--status", "500"}, "server"},
};

static void check_recorded(program *self, const struct recorded *of, const char *path)
{
    const char *words[24] = {"data",      "parse",  "--provider", of->provider,
                             "--request", of->kind, "--json",     path};
    gsize count = 8;
    for (const char *const *more = of->more; *more != NULL; more++)
        words[count++] = *more;
    const gboolean fine = strcmp(of->class, "fine") == 0;
    if (program_run_vector(self, words) != (fine ? 0 : 7))
        g_error("%s: exit %d\n%s%s", of->file, self->exit_code, self->out, self->err);
    json_auto_t *root = program_json(self);
    json_t *bars = json_object_get(root, "bars");
    const gsize bar_count = json_array_size(bars);
    g_assert_cmpstr(string(root, "class"), ==, of->class);
    if (!fine)
        g_assert_cmpuint(strlen(string(root, "words")), >, 0);
    if (bar_count != of->bars)
        g_error("%s: %zu bars (expected %zu)", of->file, bar_count, of->bars);
    g_assert_cmpuint(json_array_size(json_object_get(root, "values")), ==, of->values);
    g_assert_cmpuint(json_array_size(json_object_get(root, "matches")), ==, of->matches);
    if (bar_count > 0)
        g_assert_cmpfloat(
            json_number_value(json_object_get(json_array_get(bars, bar_count - 1), "close")), ==,
            of->close);
}

static void test_recorded(void)
{
    g_autoptr(program) self = program_new();
    for (gsize i = 0; i < G_N_ELEMENTS(recorded); i++) {
        g_autofree char *path = fixture(recorded[i].file);
        if (path == NULL)
            return;
        check_recorded(self, &recorded[i], path);
    }
}

/* ---- made-up ones --------------------------------------------------------------------------- */

#define DAILY                                                                                   \
    "[{\"date\":\"2031-03-03T00:00:00.000Z\",\"open\":10,\"high\":12,\"low\":9.5,\"close\":11," \
    "\"volume\":100},"                                                                          \
    "{\"date\":\"2031-03-04T00:00:00.000Z\",\"open\":11,\"high\":9,\"low\":9,\"close\":11,"     \
    "\"volume\":100},"                                                                          \
    "{\"date\":\"2031-03-05T00:00:00.000Z\",\"open\":11,\"high\":12,\"low\":9,\"close\":11.25," \
    "\"volume\":7}]"

/* At 20:59 UTC in winter the session of the 5th still runs. */
static void test_text(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "answer.json", DAILY);
    program_expect(self, 0, "data", "parse", "--provider", "Tiingo", "--request", "daily",
                   "--symbol", "acme", "--now", "2031-03-05T20:59:00Z", "answer.json");
    contains(self->out, "Tiingo, daily, read as equity ACME 1d");
    contains(self->out, "2031-03-03");
    contains(self->out, "3 rows in the answer: 1 bars");
    contains(self->out, "Refused: 1 unfinished, 1 impossible");
    g_assert_cmpstr(self->err, ==, "");
}

static void test_kinds(void)
{
    g_autoptr(program) self = program_new();
    program_expect(self, 0, "data", "parse", "--provider", "fred");
    contains(self->out, "observations");
    program_expect(self, 0, "data", "parse", "--provider", "fred", "--json");
    json_auto_t *root = program_json(self);
    g_assert_cmpuint(json_array_size(json_object_get(root, "kinds")), ==, 4);
}

static void test_failures(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "broken.json", "[{\"date\":\"2031-03-03\",\"open\":1");
    program_expect(self, 4, "data", "parse", "--provider", "tiingo", "--request", "daily",
                   "broken.json");
    contains(self->err, "broken.json: Tiingo: byte 30");
    program_expect(self, 4, "data", "parse", "--provider", "tiingo", "--request", "daily", "--json",
                   "broken.json");
    json_auto_t *root = program_json(self);
    g_assert_true(json_is_null(json_object_get(root, "class")));
    contains(string(root, "error"), "byte 30");
    program_expect(self, 5, "data", "parse", "--provider", "tiingo", "--request", "daily",
                   "absent.json");
    program_expect(self, 2, "data", "parse", "--provider", "nobody");
    contains(self->err, "polygon, tiingo");
    program_expect(self, 2, "data", "parse", "--provider", "tiingo", "--request", "dayly",
                   "broken.json");
    contains(self->err, "daily, iex");
    program_expect(self, 2, "data", "parse", "--provider", "tiingo", "--request", "daily",
                   "--status", "42", "broken.json");
    program_expect(self, 2, "data", "parse", "--provider", "coingecko", "--request", "ohlc",
                   "--symbol", "nosuchcoin", "broken.json");
    contains(self->err, "=ID");
}

/* A provider that echoes the key: it must not come out, in no form. */
static void test_secret(void)
{
    static const char key[] = "k3y-0123456789abcdef";
    g_autoptr(program) self = program_new();
    g_autofree char *settings = g_strdup_printf("TIINGO_API_KEY=%s\n", key);
    g_autofree char *error = g_strdup_printf("{\"detail\":\"Invalid token %s was given\"}", key);
    g_autofree char *match = g_strdup_printf("[{\"ticker\":\"X\",\"name\":\"about %s\"}]", key);
    program_write(self, ".env", settings);
    program_write(self, "error.json", error);
    program_write(self, "match.json", match);
    static const char *const forms[] = {"--json", "--status=401"};
    for (gsize i = 0; i < G_N_ELEMENTS(forms); i++) {
        program_expect(self, 7, "data", "parse", "--provider", "tiingo", "--request", "daily",
                       forms[i], "error.json");
        g_assert_null(strstr(self->out, key));
        g_assert_null(strstr(self->err, key));
        contains(self->out, "Invalid token");
        program_expect(self, 0, "data", "parse", "--provider", "tiingo", "--request", "search",
                       i == 0 ? "--json" : "--status=200", "match.json");
        g_assert_null(strstr(self->out, key));
        contains(self->out, "about");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/data-parse/recorded", test_recorded);
    g_test_add_func("/data-parse/text", test_text);
    g_test_add_func("/data-parse/kinds", test_kinds);
    g_test_add_func("/data-parse/failures", test_failures);
    g_test_add_func("/data-parse/secret", test_secret);
    return g_test_run();
}
