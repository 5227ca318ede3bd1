/* data import as its users run it: what is stored, what is refused, what is said. */
#include "program.h"

#include <string.h>

#define COIN_HEAD "ts,open,high,low,close,volume\n"

static void contains(const char *text, const char *want)
{
    if (strstr(text, want) == NULL)
        g_error("no \"%s\" in:\n%s", want, text);
}

static json_int_t count_of(const program *self, const char *name)
{
    json_auto_t *root = program_json(self);
    json_t *file = json_array_get(json_object_get(root, "files"), 0);
    json_t *value = json_object_get(file, name);
    g_assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static gboolean has_cache(const program *self)
{
    g_autofree char *path = g_build_filename(self->folder, "data", "cache", NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void test_sample(void)
{
    g_autoptr(program) self = program_new();
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    /* 1,260 lines below the header; first and last as they stand in the file. */
    program_expect(self, 0, "data", "import", sample, "--symbol", "aapl", "--json");
    g_assert_cmpint(count_of(self, "rows"), ==, 1260);
    g_assert_cmpint(count_of(self, "added"), ==, 1260);
    contains(self->out, "\"first\": \"2013-05-13T00:00:00Z\"");
    contains(self->out, "\"last\": \"2018-05-11T00:00:00Z\"");
    contains(self->out, "\"adjustment\": \"split\"");
    contains(self->out, "Adj Close is not used");

    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL", "--json");
    g_assert_cmpint(count_of(self, "added"), ==, 0);
    g_assert_cmpint(count_of(self, "unchanged"), ==, 1260);

    program_expect(self, 4, "data", "import", sample, "--symbol", "AAPL", "--adjustment", "raw");
    contains(self->err, "split");
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL");
    contains(self->out, "adjustment  split: Open to Close as Yahoo adjusts them; Adj Close is not");
}

static void test_nothing_is_written(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "good.csv", COIN_HEAD "2021-05-27T00:00Z,2,3,1,2,5\n");
    program_write(self, "bad.csv",
                  COIN_HEAD "2021-05-27T00:00Z,2,3,1,2,5\n2021-05-27T01:00Z,2,3,1,abc,5\n");
    program_expect(self, 4, "data", "import", "good.csv", "bad.csv", "--symbol", "btc", "--asset",
                   "crypto", "--interval", "1h");
    g_assert_cmpstr(self->out, ==, "");
    contains(self->err, "quantbot: error: bad.csv:3: close: \"abc\" is not a number (expected ");
    contains(self->err,
             "quantbot: error: bad.csv: 1 of 2 rows are bad (--skip-bad leaves them out)");
    contains(self->err, "nothing was stored");
    g_assert_false(has_cache(self));

    program_expect(self, 0, "data", "import", "good.csv", "--symbol", "btc", "--asset", "crypto",
                   "--interval", "1h", "--dry-run");
    contains(self->out, "nothing (--dry-run)");
    g_assert_false(has_cache(self));

    program_expect(self, 0, "data", "import", "bad.csv", "--symbol", "btc", "--asset", "crypto",
                   "--interval", "1h", "--skip-bad");
    contains(self->out, "left out    1 bad");
    contains(self->out, "bad.csv:3: close: \"abc\" is not a number");
    g_assert_true(has_cache(self));
}

static void test_symbols_in_names(void)
{
    static const struct {
        const char *file, *asset, *symbol; /* NULL: the name tells none */
    } cases[] = {
        {"AAPL.csv", "equity", "AAPL"},
        {"BRK.B.csv", "equity", "BRK.B"},
        {"^SPX.csv", "index", "^SPX"},
        {"aapl.us.txt", "equity", "AAPL"},   /* Stooq, bulk */
        {"aapl_us_d.csv", "equity", "AAPL"}, /* Stooq, page */
        {"AAPL-2013-2018.csv", "equity", NULL},
        {"prices.csv", "equity", NULL},
        {"Binance_BTCUSDT_d.csv", "crypto", "BTC-USDT"}, /* CryptoDataDownload */
        {"BTC-USD.csv", "crypto", "BTC-USD"},            /* Yahoo */
        {"coins.csv", "crypto", NULL},
        {"EURUSD.csv", "fx", "EUR-USD"},
        {"daily_EURUSD.csv", "fx", "EUR-USD"},
        {"export.csv.1", "fx", NULL},
    };
    g_autoptr(program) self = program_new();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].file);
        program_write(self, cases[i].file, "date,open,high,low,close\n2021-05-27,2,3,1,2\n");
        int code = program_run(self, "data", "import", cases[i].file, "--asset", cases[i].asset,
                               "--dry-run", NULL);
        if (cases[i].symbol == NULL) {
            g_assert_cmpint(code, ==, 2);
            contains(self->err, "(expected --symbol)");
            continue;
        }
        g_autofree char *want = g_strdup_printf("symbol      %s, from the name of the file",
                                                cases[i].symbol);
        g_assert_cmpint(code, ==, 0);
        contains(self->out, want);
    }
}

static void test_adjustments(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "yf.csv",
                  "Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
                  "2020-08-28,2,3,1,2,5,0,0\n2020-08-31,2,3,1,2,5,0.5,4\n");
    program_expect(self, 2, "data", "import", "yf.csv", "--symbol", "AAPL");
    contains(self->err, "the columns are yfinance's, whose prices are adjusted (expected "
                        "--adjustment full");
    program_write(self, "heads.csv",
                  "Price,Close,High,Low,Open,Volume\nTicker,A,A,A,A,A\nDate,,,,,\n"
                  "2020-08-28,2,3,1,2,5\n");
    program_expect(self, 2, "data", "import", "heads.csv", "--symbol", "A");
    contains(self->err, "the columns are yfinance's");
    program_expect(self, 0, "data", "import", "yf.csv", "--symbol", "AAPL", "--adjustment", "full");
    contains(self->out, "adjustment  full");
    contains(self->out, "dividends and splits are not stored");
    program_write(self, "av.csv",
                  "timestamp,open,high,low,close,adjusted_close,volume,"
                  "dividend_amount,split_coefficient\n2020-08-31,2,3,1,2,1,5,0.5,4\n");
    program_expect(self, 0, "data", "import", "av.csv", "--symbol", "IBM");
    contains(self->out, "adjustment  raw: adjusted_close is not used; --adjustment split if");
    contains(self->out, "dividend=dividend_amount split=split_coefficient");
}

static void test_usage(void)
{
    static const struct {
        const char *words[10];
        const char *message;
    } cases[] = {
        {{"data", "import"}, "no file is named"},
        {{"data", "import", "X.csv", "--asset", "bond"},
         "--asset: \"bond\" is unknown (expected equity, index, crypto or fx)"},
        {{"data", "import", "X.csv", "--interval", "2h"}, "--interval: \"2h\" is unknown"},
        {{"data", "import", "X.csv", "--calendar", "XLON"},
         "--calendar: \"XLON\" is no known calendar (expected XNYS, 24/7, weekdays, or a section"},
        {{"data", "import", "X.csv", "--adjustment", "some"}, "--adjustment: \"some\" is unknown"},
        {{"data", "import", "X.csv", "--provider", "A/B"}, "--provider: \"A/B\" is unknown"},
        {{"data", "import", "X.csv", "--symbol", "../x"}, "--symbol: \"../x\" is no symbol"},
        {{"data", "import", "X.csv", "--date-order", "x"}, "--date-order: \"x\" is unknown"},
        {{"data", "import", "X.csv", "--stamp", "end"},
         "--stamp: \"end\" is unknown (expected open or close)"},
        {{"data", "import", "X.csv", "--stamp", "close"}, "--stamp: \"close\" (expected open: a"},
        {{"data", "import", "X.csv", "--date", "2021-05-27"}, "--date: \"2021-05-27\" (expected"},
        {{"data", "import", "X.csv", "--scale", "-1"}, "--scale: \"-1\" (expected 1e-9 to 1e9"},
        {{"data", "import", "X.csv", "--tz", "Nowhere"}, "--tz: \"Nowhere\" is not a known"},
        {{"data", "import", "X.csv", "--map", "ts"}, "--map: \"ts\" is not KEY=COLUMN"},
        {{"data", "import", "X.csv", "--colour"}, "--colour"},
    };
    g_autoptr(program) self = program_new();
    program_write(self, "X.csv", "date,open,high,low,close\n2021-05-27,2,3,1,2\n");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].message);
        g_assert_cmpint(program_run_vector(self, cases[i].words), ==, 2);
        contains(self->err, cases[i].message);
        g_assert_cmpstr(self->out, ==, "");
    }
    program_expect(self, 5, "data", "import", "NONE.csv");
    program_expect(self, 0, "data", "import", "--help");
    contains(self->out, "Examples:");
}

/* docs/IMPORT.md names these options and keys: the help of bars or that of statistics knows them
 * all. */
static void test_documented(void)
{
    g_autoptr(program) self = program_new();
    g_autofree char *path = program_source("docs/IMPORT.md");
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    program_expect(self, 0, "data", "import", "--help");
    g_autofree char *bars = g_strdup(self->out);
    program_expect(self, 0, "data", "import", "--asset", "macro", "--help");
    g_autofree char *both = g_strconcat(bars, self->out, NULL);
    g_autoptr(GRegex) regex = g_regex_new("--[a-z][a-z-]+", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    for (g_regex_match(regex, text, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        g_autofree char *flag = g_match_info_fetch(match, 0);
        contains(both, flag);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/import/sample", test_sample);
    g_test_add_func("/commands/import/nothing-is-written", test_nothing_is_written);
    g_test_add_func("/commands/import/symbols-in-names", test_symbols_in_names);
    g_test_add_func("/commands/import/adjustments", test_adjustments);
    g_test_add_func("/commands/import/usage", test_usage);
    g_test_add_func("/commands/import/documented", test_documented);
    return g_test_run();
}
