/* data gaps, coverage with its picture, du and gc as a person runs them; and gaps of real files
 * against what was counted when they were collected. */
#include "program.h"

#include <glib/gstdio.h>
#include <string.h>

#define assert_contains(text, part)                                                  \
    do {                                                                             \
        if (strstr((text), (part)) == NULL)                                          \
            g_error("%d: \"%s\" does not contain \"%s\"", __LINE__, (text), (part)); \
    } while (0)

/* XNYS sessions of a week with a holiday (2020-01-20); the 16th and the 22nd are missing. */
static const char week[] = "date,open,high,low,close,volume\n"
                           "2020-01-15,10,12,9,11,100\n"
                           "2020-01-17,11,13,10,12,100\n"
                           "2020-01-21,11,12,10,10,100\n"
                           "2020-01-23,10,12,9,11,100\n"
                           "2020-01-24,11,12,10,11.5,100\n";

static program *program_with_week(void)
{
    program *self = program_new();
    program_write(self, "week.csv", week);
    program_expect(self, 0, "data", "import", "week.csv", "--asset", "equity", "--symbol", "spy",
                   "--interval", "1d");
    return self;
}

static json_int_t integer(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    g_assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static const char *text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

static const json_t *first_series(const json_t *root)
{
    return json_array_get(json_object_get(root, "series"), 0);
}

/* ---- gaps ----------------------------------------------------------------------------------- */

static void test_gaps(void)
{
    g_autoptr(program) self = program_with_week();
    program_expect(self, 0, "data", "gaps");
    assert_contains(self->out, "2020-01-16  2020-01-16     1  unknown\n");
    assert_contains(self->out, "2 gaps, 2 bars: 2 unknown\n");
    program_expect(self, 0, "data", "gaps", "spy", "--json", "--limit", "1");
    json_auto_t *root = program_json(self);
    const json_t *series = first_series(root);
    g_assert_cmpint(integer(series, "gap_count"), ==, 2);
    g_assert_cmpuint(json_array_size(json_object_get(series, "gaps")), ==, 1);
    const json_t *gap = json_array_get(json_object_get(series, "gaps"), 0);
    g_assert_cmpstr(text(gap, "from"), ==, "2020-01-16T00:00:00Z");
    g_assert_cmpstr(text(gap, "to"), ==, "2020-01-17T00:00:00Z");
    g_assert_cmpstr(text(gap, "last"), ==, "2020-01-16T00:00:00Z");
}

static void test_say(void)
{
    g_autoptr(program) self = program_with_week();
    program_expect(self, 0, "data", "gaps", "spy", "--say", "confirmed-empty", "--from",
                   "2020-01-16", "--to", "2020-01-16", "--why", "exchange was down");
    g_assert_cmpstr(self->out, ==, "equity SPY 1d: 1 missing bar: confirmed-empty\n");
    program_expect(self, 0, "data", "gaps", "spy", "--say", "market-closed", "--from", "2020-01-18",
                   "--to", "2020-01-31");
    g_assert_cmpstr(self->out, ==, "equity SPY 1d: 6 missing bars: market-closed\n");
    program_expect(self, 0, "data", "gaps");
    assert_contains(self->out, "confirmed-empty  user");
    assert_contains(self->out, "exchange w");
    assert_contains(self->out, "market-closed *");
    assert_contains(self->out, "2 gaps, 2 bars: 1 confirmed-empty, 1 market-closed\n");
    program_expect(self, 0, "data", "gaps", "--state", "confirmed-empty", "--json");
    json_auto_t *root = program_json(self);
    const json_t *gaps = json_object_get(first_series(root), "gaps");
    g_assert_cmpuint(json_array_size(gaps), ==, 1);
    g_assert_cmpstr(text(json_array_get(gaps, 0), "why"), ==, "exchange was down");
    g_assert_cmpstr(text(json_array_get(gaps, 0), "who"), ==, "user");
    program_expect(self, 0, "data", "coverage", "spy", "--json");
    json_auto_t *covered = program_json(self);
    const json_t *missing = json_object_get(first_series(covered), "missing");
    g_assert_cmpint(integer(missing, "unknown"), ==, 0);
    g_assert_cmpint(integer(missing, "confirmed-empty"), ==, 1);
    g_assert_cmpint(integer(missing, "market-closed"), ==, 1);
    program_expect(self, 0, "data", "gaps", "spy", "--say", "unknown", "--from", "2020-01-01",
                   "--to", "2020-02-01");
    program_expect(self, 0, "data", "gaps");
    assert_contains(self->out, "2 gaps, 2 bars: 2 unknown\n");
    program_expect(self, 0, "data", "verify");
}

static void test_say_refused(void)
{
    g_autoptr(program) self = program_with_week();
    program_expect(self, 2, "data", "gaps", "spy", "--say", "lost", "--from", "2020-01-16", "--to",
                   "2020-01-16");
    assert_contains(self->err, "--say: \"lost\" (expected unknown, confirmed-empty,");
    program_expect(self, 2, "data", "gaps", "spy", "--say", "to-retry", "--from", "2020-01-16");
    program_expect(self, 2, "data", "gaps", "spy", "--say", "to-retry", "--from", "2020-01-16",
                   "--to", "2020-01-15");
    program_expect(self, 2, "data", "gaps", "--say", "to-retry", "--from", "2020-01-16", "--to",
                   "2020-01-16");
    program_expect(self, 2, "data", "gaps", "spy", "--say", "confirmed-empty", "--from",
                   "2099-01-16", "--to", "2099-01-16");
    program_expect(self, 2, "data", "gaps", "spy", "--from", "2020-01-16");
    program_expect(self, 2, "data", "gaps", "spy", "--state", "x");
    program_expect(self, 1, "data", "gaps", "spy", "--say", "to-retry", "--from", "2020-01-17",
                   "--to", "2020-01-17");
    assert_contains(self->err, "no expected bar is missing from 2020-01-17 to 2020-01-17");
    program_expect(self, 5, "data", "gaps", "qqq");
    program_expect(self, 0, "data", "gaps");
    assert_contains(self->out, "2 gaps, 2 bars: 2 unknown\n");
}

/* ---- coverage ------------------------------------------------------------------------------- */

static void check_png(const program *self, const char *name)
{
    static const char signature[] = "\211PNG\r\n\032\n";
    g_autofree char *path = g_build_filename(self->folder, name, NULL);
    g_autofree char *bytes = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    g_assert_cmpuint(size, >, 1000);
    g_assert_cmpmem(bytes, 8, signature, 8);
}

static void test_coverage(void)
{
    g_autoptr(program) self = program_with_week();
    program_expect(self, 0, "data", "coverage", "--png", "one.png");
    assert_contains(self->out, "all             7        5    71.4 %     5\n");
    assert_contains(self->out, "2 missing, 0 of them known");
    assert_contains(self->out, "Heat map: one.png\n");
    check_png(self, "one.png");
    program_expect(self, 0, "data", "import", "week.csv", "--asset", "equity", "--symbol", "qqq",
                   "--interval", "1d");
    program_expect(self, 0, "data", "coverage", "--json", "--png", "two.png");
    json_auto_t *root = program_json(self);
    g_assert_cmpuint(json_array_size(json_object_get(root, "series")), ==, 2);
    g_assert_null(json_object_get(first_series(root), "months"));
    g_assert_cmpstr(text(root, "png"), ==, "two.png");
    check_png(self, "two.png");
    program_expect(self, 0, "data", "coverage");
    assert_contains(self->out, "QQQ ");
    assert_contains(self->out, "\nall ");
    program_expect(self, 6, "data", "coverage", "--png", "week.csv/no.png");
}

/* ---- du and gc ------------------------------------------------------------------------------ */

static void test_du_gc(void)
{
    g_autoptr(program) self = program_with_week();
    program_write(self, "data/cache/equity/SPY/1d/2020/.tmp-2020-01.parquet-1-1", "1234567890");
    program_write(self, "data/cache/equity/SPY/1d/2020/2020-01.parquet.damaged-1", "12345");
    program_expect(self, 0, "data", "du", "--json");
    json_auto_t *root = program_json(self);
    const json_t *all = json_object_get(root, "all");
    g_assert_cmpint(integer(all, "leftovers"), ==, 10);
    g_assert_cmpint(integer(all, "set_aside"), ==, 5);
    g_assert_cmpint(integer(all, "bytes"), ==,
                    integer(all, "bars") + integer(all, "manifests") + 15);
    g_assert_true(g_path_is_absolute(text(root, "cache")));
    program_expect(self, 0, "data", "du");
    assert_contains(self->out, "leftovers");
    assert_contains(self->out, self->folder);
    g_assert_cmpstr(self->err, ==, "");

    program_expect(self, 0, "data", "gc");
    assert_contains(self->out, "1 file, 10 B would go; --yes removes them.\n");
    program_expect(self, 0, "data", "gc", "--yes");
    assert_contains(self->out,
                    "equity/SPY/1d/2020/.tmp-2020-01.parquet-1-1\n1 file, 10 B removed.");
    program_expect(self, 0, "data", "gc", "--damaged", "--yes", "--json");
    json_auto_t *gone = program_json(self);
    g_assert_cmpint(integer(gone, "bytes"), ==, 5);
    program_expect(self, 0, "data", "gc", "--damaged");
    g_assert_cmpstr(self->out, ==, "Nothing to remove.\n");
    program_expect(self, 0, "data", "verify");
}

static void test_limit(void)
{
    g_autoptr(program) self = program_with_week();
    g_autofree char *path = g_build_filename(self->folder, "data", "cache", "equity", "SPY", "1d",
                                             "2020", "2020-01.parquet.damaged-1", NULL);
    g_autofree char *million = g_strnfill(1000001, 'x');
    program_write(self, ".env", "QUANTBOT_CACHE_MAX_MB=1\n");
    program_expect(self, 0, "data", "du");
    g_assert_cmpstr(self->err, ==, "");
    g_assert_true(g_file_set_contents(path, million, -1, NULL));
    program_expect(self, 0, "data", "du");
    assert_contains(self->err, "above QUANTBOT_CACHE_MAX_MB (1.0 MB)");
}

/* ---- real files ----------------------------------------------------------------------------- */

/* "gaps=63912; missing_intervals=233809; longest_gap=61 days, 0:00:00 after 2016-04-01 00:00:00" */
static guint64 fact(const char *facts, const char *name)
{
    const char *at = strstr(facts, name);
    return at != NULL ? g_ascii_strtoull(at + strlen(name), NULL, 10) : 0;
}

/* The facts of a file in the inventory. Caller frees. */
static char *facts_of(const char *shared, const char *file)
{
    g_autofree char *path = g_build_filename(shared, "data", "INVENTORY.csv", NULL);
    g_autofree char *all = NULL;
    g_assert_true(g_file_get_contents(path, &all, NULL, NULL));
    const char *at = strstr(all, file);
    g_assert_nonnull(at);
    return g_strndup(at, strcspn(at, "\n"));
}

static void test_inventory(void)
{
    static const struct {
        const char *file, *symbol, *interval;
    } cases[] = {
        {"crypto/minute_bitfinex/BTCUSD_2016.csv.gz", "BTCUSD", "1m"},
        {"crypto/minute_bitfinex/ETHUSD_2016.csv.gz", "ETHUSD", "1m"},
        {"crypto/minute_bitfinex/LTCUSD_2016.csv.gz", "LTCUSD", "1m"},
        {"crypto/candles_bittrex_2018/ETH_BTC_5m.csv.gz", "ETHBTC", "5m"},
        {"crypto/candles_bittrex_2018/LTC_BTC_5m.csv.gz", "LTCBTC", "5m"},
        {"crypto/candles_bittrex_2018/XLM_BTC_5m.csv.gz", "XLMBTC", "5m"},
        {"crypto/candles_bittrex_2018/XMR_BTC_5m.csv.gz", "XMRBTC", "5m"},
        {"crypto/candles_bittrex_2018/ZEC_BTC_5m.csv.gz", "ZECBTC", "5m"},
        {"crypto/candles_bittrex_2018/XRP_ETH_5m.csv.gz", "XRPETH", "5m"},
        {"crypto/candles_bittrex_2018/XRP_ETH_1m.csv.gz", "XRPETH", "1m"},
    };
    const char *shared = g_getenv("QUANTBOT_SHARED");
    if (shared == NULL || !g_file_test(shared, G_FILE_TEST_IS_DIR)) {
        g_test_skip("the shared data set is absent (QUANTBOT_SHARED)");
        return;
    }
    g_autoptr(program) self = program_new();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_build_filename(shared, "data", cases[i].file, NULL);
        g_autofree char *facts = facts_of(shared, cases[i].file);
        program_expect(self, 0, "data", "import", path, "--asset", "crypto", "--symbol",
                       cases[i].symbol, "--interval", cases[i].interval);
        program_expect(self, 0, "data", "gaps", cases[i].symbol, "--interval", cases[i].interval,
                       "--json");
        json_auto_t *root = program_json(self);
        const json_t *series = first_series(root);
        g_assert_cmpuint((guint64)integer(series, "gap_count"), ==, fact(facts, "gaps="));
        g_assert_cmpuint((guint64)integer(series, "bar_count"), ==,
                         fact(facts, "missing_intervals="));
    }
    /* April and May are missing but for one minute; the exchange was down after 2 August. */
    program_expect(self, 0, "data", "gaps", "btcusd", "--longest", "--json", "--limit", "2");
    json_auto_t *root = program_json(self);
    const json_t *gaps = json_object_get(first_series(root), "gaps");
    g_assert_cmpstr(text(json_array_get(gaps, 0), "from"), ==, "2016-04-01T00:01:00Z");
    g_assert_cmpstr(text(json_array_get(gaps, 0), "to"), ==, "2016-06-01T00:00:00Z");
    g_assert_true(g_str_has_prefix(text(json_array_get(gaps, 1), "from"), "2016-08-02T18:"));
    g_assert_true(g_str_has_prefix(text(json_array_get(gaps, 1), "to"), "2016-08-10T"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/gaps/show", test_gaps);
    g_test_add_func("/commands/gaps/say", test_say);
    g_test_add_func("/commands/gaps/say-refused", test_say_refused);
    g_test_add_func("/commands/coverage", test_coverage);
    g_test_add_func("/commands/du-gc", test_du_gc);
    g_test_add_func("/commands/du-limit", test_limit);
    g_test_add_func("/commands/gaps/inventory", test_inventory);
    return g_test_run();
}
