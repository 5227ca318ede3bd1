/* data list, verify and coverage as a person runs them. */
#include "program.h"

#include <glib/gstdio.h>
#include <string.h>

#define assert_contains(text, part)                                                  \
    do {                                                                             \
        if (strstr((text), (part)) == NULL)                                          \
            g_error("%d: \"%s\" does not contain \"%s\"", __LINE__, (text), (part)); \
    } while (0)

/* The XNYS sessions of a week with a holiday: 2020-01-20 was Martin Luther King's day. The 22nd is
 * missing, so 7 of 8 expected sessions are there; the 18th is a Saturday. */
static const char week[] = "date,open,high,low,close,volume\n"
                           "2020-01-15,10,12,9,11,100\n"
                           "2020-01-16,11,12,10,11,100\n"
                           "2020-01-17,11,13,10,12,100\n"
                           "2020-01-18,12,13,10,11,100\n"
                           "2020-01-21,11,12,10,10,100\n"
                           "2020-01-23,10,12,9,11,100\n"
                           "2020-01-24,11,12,10,11.5,100\n"
                           "2020-01-27,11,12,10,11,100\n";
static const char coin[] = "date,open,high,low,close\n"
                           "2019-12-31,1,2,0.5,1\n"
                           "2020-01-01,1,2,0.5,1.5\n"
                           "2020-01-02,1,2,0.5,1\n";

static program *program_with_data(void)
{
    program *self = program_new();
    program_write(self, "week.csv", week);
    program_write(self, "coin.csv", coin);
    program_expect(self, 0, "data", "import", "week.csv", "--asset", "equity", "--symbol", "spy",
                   "--interval", "1d");
    program_expect(self, 0, "data", "import", "coin.csv", "--asset", "crypto", "--symbol", "btc",
                   "--interval", "1d");
    return self;
}

static void assert_integer(const json_t *object, const char *name, json_int_t want)
{
    g_assert_cmpint(json_integer_value(json_object_get(object, name)), ==, want);
}

static void assert_text(const json_t *object, const char *name, const char *want)
{
    g_assert_cmpstr(json_string_value(json_object_get(object, name)), ==, want);
}

/* ---- list ----------------------------------------------------------------------------------- */

static void test_empty(void)
{
    g_autoptr(program) self = program_new();
    program_expect(self, 0, "data", "list");
    assert_contains(self->out, "No series stored yet");
    assert_contains(self->out, self->folder); /* the absolute path */
    program_expect(self, 0, "data", "verify");
    g_assert_cmpstr(self->out, ==, "0 series, 0 files, 0 rows verified\n");
    program_expect(self, 0, "data", "coverage", "--json");
}

static void test_list(void)
{
    g_autoptr(program) self = program_with_data();
    program_expect(self, 0, "data", "list");
    assert_contains(self->out, "SPY");
    assert_contains(self->out, "BTC-USD");
    assert_contains(self->out, "87.5 %"); /* 7 of 8 */
    assert_contains(self->out, "100.0 %");
    program_expect(self, 0, "data", "list", "--json");
    json_auto_t *root = program_json(self);
    const json_t *series = json_object_get(root, "series");
    g_assert_cmpuint(json_array_size(series), ==, 2);
    const json_t *spy = json_array_get(series, 0);
    assert_text(spy, "asset", "equity");
    assert_text(spy, "symbol", "SPY");
    assert_text(spy, "interval", "1d");
    assert_text(spy, "first", "2020-01-15T00:00:00Z");
    assert_text(spy, "last", "2020-01-27T00:00:00Z");
    assert_text(spy, "calendar", "XNYS");
    assert_text(spy, "provider", "csv");
    assert_integer(spy, "rows", 8);
    assert_integer(spy, "present", 7);
    assert_integer(spy, "expected", 8);
    g_assert_cmpfloat(json_number_value(json_object_get(spy, "coverage")), ==, 0.875);
    assert_integer(json_array_get(series, 1), "files", 2);
}

static void test_choice(void)
{
    g_autoptr(program) self = program_with_data();
    program_expect(self, 0, "data", "list", "BTC/USD", "--json");
    json_auto_t *root = program_json(self);
    g_assert_cmpuint(json_array_size(json_object_get(root, "series")), ==, 1);
    program_expect(self, 0, "data", "verify", "spy,btc", "spy");
    assert_contains(self->out, "2 series, 3 files, 11 rows verified: 1 note\n");
    program_expect(self, 0, "data", "verify", "--asset", "crypto");
    g_assert_cmpstr(self->out, ==, "1 series, 2 files, 3 rows verified\n");
    program_expect(self, 5, "data", "list", "qqq");
    assert_contains(self->err, "\"qqq\" is not in the cache");
    program_expect(self, 5, "data", "coverage", "spy", "--interval", "1h");
    program_expect(self, 2, "data", "verify", "--interval", "7m");
    assert_contains(self->err, "--interval: \"7m\"");
    g_assert_cmpstr(self->out, ==, "");
}

/* ---- verify --------------------------------------------------------------------------------- */

/* The finding of that kind in the JSON of the first series, or NULL. */
static const json_t *find_finding(const json_t *root, const char *kind)
{
    const json_t *series = json_array_get(json_object_get(root, "series"), 0), *finding;
    gsize i;
    json_array_foreach(json_object_get(series, "findings"), i, finding)
    {
        if (strcmp(json_string_value(json_object_get(finding, "kind")), kind) == 0)
            return finding;
    }
    return NULL;
}

static void test_notes(void)
{
    g_autoptr(program) self = program_with_data();
    program_expect(self, 0, "data", "verify", "spy");
    assert_contains(self->out, "equity/SPY/1d\n  note: non-session (1): ");
    assert_contains(self->out, "    2020/2020-01.parquet:4  2020-01-18  ts\n");
    g_assert_true(g_str_has_suffix(self->out, "1 series, 1 file, 8 rows verified: 1 note\n"));
    program_expect(self, 0, "data", "verify", "spy", "--json", "--strict", "--deep");
    json_auto_t *root = program_json(self);
    assert_integer(root, "notes", 1);
    assert_integer(root, "errors", 0);
    const json_t *finding = find_finding(root, "non-session");
    assert_integer(finding, "count", 1);
    const json_t *place = json_array_get(json_object_get(finding, "places"), 0);
    assert_integer(place, "row", 4);
    g_assert_cmpstr(json_string_value(json_object_get(place, "ts")), ==, "2020-01-18T00:00:00Z");
    g_assert_cmpstr(json_string_value(json_object_get(finding, "severity")), ==, "note");
}

static void flip(const program *self, const char *name)
{
    g_autofree char *path = g_build_filename(self->folder, "data", "cache", name, NULL);
    g_autofree char *bytes = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    bytes[size / 2] ^= 1;
    g_assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
}

static void test_damage(void)
{
    g_autoptr(program) self = program_with_data();
    flip(self, "crypto/BTC-USD/1d/2020/2020-01.parquet");
    program_expect(self, 1, "data", "verify");
    assert_contains(self->out, "crypto/BTC-USD/1d\n  error: damaged (1): ");
    assert_contains(self->out, "\n    2020/2020-01.parquet  ");
    assert_contains(self->out, ": 1 error, 1 note\n");
    program_expect(self, 1, "data", "verify", "btc", "--json");
    json_auto_t *root = program_json(self);
    assert_integer(root, "errors", 1);
    assert_integer(find_finding(root, "damaged"), "count", 1);
    /* The same file again cures it; what was damaged is kept and named. */
    program_expect(self, 0, "data", "import", "coin.csv", "--asset", "crypto", "--symbol", "btc",
                   "--interval", "1d");
    assert_contains(self->err, "2020-01.parquet.damaged-1");
    program_expect(self, 0, "data", "verify", "btc");
}

static void test_bad_manifest(void)
{
    g_autoptr(program) self = program_with_data();
    program_write(self, "data/cache/equity/SPY/1d/manifest.json", "{");
    program_expect(self, 4, "data", "list");
    assert_contains(self->err, "manifest.json:1:");
    assert_contains(self->out, "BTC-USD"); /* the others are shown all the same */
    program_expect(self, 1, "data", "verify");
    assert_contains(self->out, "  error: manifest (1): ");
    assert_contains(self->out, "\n    manifest.json  1:");
}

/* The manifest is gone: told, tried, done; then a month is damaged and set aside. */
static void test_fix(void)
{
    g_autoptr(program) self = program_with_data();
    g_autofree char *listed = g_build_filename(self->folder, "data", "cache", "crypto", "BTC-USD",
                                               "1d", "manifest.json", NULL);
    g_assert_cmpint(g_remove(listed), ==, 0);
    program_expect(self, 0, "data", "verify", "btc");
    assert_contains(self->out, "  note: foreign (");
    program_expect(self, 0, "data", "verify", "btc", "--fix", "--dry-run");
    assert_contains(self->out, "  would be rebuilt: manifest.json: ");
    g_assert_false(g_file_test(listed, G_FILE_TEST_EXISTS));
    program_expect(self, 0, "data", "verify", "btc", "--fix", "--json");
    g_assert_true(g_file_test(listed, G_FILE_TEST_EXISTS));
    json_auto_t *root = program_json(self);
    assert_integer(root, "notes", 0);
    const json_t *series = json_array_get(json_object_get(root, "series"), 0);
    const json_t *repair = json_array_get(json_object_get(series, "repairs"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(repair, "action")), ==, "adopted");

    flip(self, "crypto/BTC-USD/1d/2020/2020-01.parquet");
    program_expect(self, 1, "data", "verify", "btc", "--fix");
    assert_contains(self->out, "  left: 2020/2020-01.parquet: damaged: ");
    program_expect(self, 0, "data", "verify", "btc", "--fix", "--set-aside");
    assert_contains(self->out, "  set-aside: 2020/2020-01.parquet: kept as "
                               "2020-01.parquet.damaged-1: damaged: ");
    assert_contains(self->out, "  note: set-aside (1): ");
    program_expect(self, 0, "data", "verify", "btc", "--deep");
}

static void test_verify_usage(void)
{
    g_autoptr(program) self = program_with_data();
    program_expect(self, 2, "data", "verify", "--set-aside");
    assert_contains(self->err, "--dry-run, --set-aside and --adjustment need --fix");
    program_expect(self, 2, "data", "verify", "--fix", "--adjustment", "dividends");
    assert_contains(self->err, "--adjustment: \"dividends\" (expected raw, split or full)");
    program_expect(self, 0, "data", "verify", "--help");
    assert_contains(self->out, "quantbot data verify spy --fix --dry-run");
}

/* ---- coverage ------------------------------------------------------------------------------- */

static void test_coverage(void)
{
    g_autoptr(program) self = program_with_data();
    program_expect(self, 0, "data", "coverage");
    assert_contains(self->out, "SPY ");
    assert_contains(self->out, "87.5 %");
    program_expect(self, 0, "data", "coverage", "--months");
    assert_contains(self->out, "equity SPY 1d");
    assert_contains(self->out, "2019-12");
    program_expect(self, 0, "data", "coverage", "spy");
    assert_contains(self->out, "2020-01         8        7    87.5 %     8\n");
    program_expect(self, 0, "data", "coverage", "btc", "--json");
    json_auto_t *root = program_json(self);
    const json_t *series = json_array_get(json_object_get(root, "series"), 0);
    const json_t *months = json_object_get(series, "months");
    g_assert_cmpuint(json_array_size(months), ==, 2);
    assert_text(json_array_get(months, 0), "month", "2019-12");
    assert_integer(json_array_get(months, 0), "expected", 1);
    assert_integer(json_array_get(months, 1), "present", 2);
    assert_integer(series, "expected", 3);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/data/empty", test_empty);
    g_test_add_func("/commands/data/list", test_list);
    g_test_add_func("/commands/data/choice", test_choice);
    g_test_add_func("/commands/data/notes", test_notes);
    g_test_add_func("/commands/data/damage", test_damage);
    g_test_add_func("/commands/data/bad-manifest", test_bad_manifest);
    g_test_add_func("/commands/data/fix", test_fix);
    g_test_add_func("/commands/data/verify-usage", test_verify_usage);
    g_test_add_func("/commands/data/coverage", test_coverage);
    return g_test_run();
}
