/* data export as a person runs it, and back again through data import. */
#include "program.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define assert_contains(text, part)                                                  \
    do {                                                                             \
        if (strstr((text), (part)) == NULL)                                          \
            g_error("%d: \"%s\" does not contain \"%s\"", __LINE__, (text), (part)); \
    } while (0)

#define HEADER "ts,open,high,low,close,volume,dividend,split_factor,bid,ask,flags\n"

static char *content(const program *self, const char *name)
{
    g_autofree char *path = g_build_filename(self->folder, name, NULL);
    char *text = NULL;
    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

/* ---- there and back ------------------------------------------------------------------------- */

static double random_price(GRand *random)
{
    switch (g_rand_int(random) % 4) {
    case 0:
        return g_rand_int_range(random, 1, 100000) / 100.0;
    case 1:
        return g_rand_double_range(random, 1e-9, 1e-3);
    case 2:
        return g_rand_double_range(random, 1e6, 1e15);
    default:
        return g_rand_double(random) + 0.1;
    }
}

static void put(GString *row, double value, gboolean blank)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append_c(row, ',');
    if (!blank)
        g_string_append(row, g_ascii_formatd(text, sizeof text, "%.17g", value));
}

/* Hours with holes over more than a year, so that several stretches are joined; each column may
 * hold anything that import takes. */
static char *random_bars(guint32 seed, gboolean quotes)
{
    GRand *random = g_rand_new_with_seed(seed);
    GString *text = g_string_new(HEADER);
    g_autoptr(GDateTime) start = g_date_time_new_utc(2019, 11, 5, 0, 0, 0);
    for (int hour = 0; hour < 12000; hour += g_rand_int_range(random, 1, 60)) {
        g_autoptr(GDateTime) at = g_date_time_add_hours(start, hour);
        g_autofree char *stamp = g_date_time_format(at, "%Y-%m-%dT%H:%M:%SZ");
        const double low = random_price(random);
        const double high = low * g_rand_double_range(random, 1, 1.2);
        const double open = CLAMP(low * 1.01, low, high), close = CLAMP(low * 1.1, low, high);
        g_string_append(text, stamp);
        put(text, open, FALSE);
        put(text, high, FALSE);
        put(text, low, FALSE);
        put(text, close, FALSE);
        put(text, g_rand_int(random) % 3 == 0 ? 0 : random_price(random),
            g_rand_int(random) % 4 == 0);
        put(text, g_rand_int(random) % 9 == 0 ? g_rand_double(random) : 0, FALSE);
        put(text, g_rand_int(random) % 9 == 0 ? g_rand_double_range(random, 0.1, 9) : 1, FALSE);
        put(text, close, !quotes || g_rand_int(random) % 2 == 0);
        put(text, close * 1.0001, !quotes || g_rand_int(random) % 2 == 0);
        g_string_append_printf(text, ",%d\n",
                               g_rand_int(random) % 5 == 0 ? g_rand_int_range(random, 0, 8) : 0);
    }
    g_rand_free(random);
    return g_string_free(text, FALSE);
}

/* Cell by cell: the same double, or nothing in both; stamps as text. */
static void assert_same_cells(const char *got, const char *want)
{
    g_auto(GStrv) got_rows = g_strsplit(got, "\n", -1);
    g_auto(GStrv) want_rows = g_strsplit(want, "\n", -1);
    g_assert_cmpuint(g_strv_length(got_rows), ==, g_strv_length(want_rows));
    for (guint i = 1; want_rows[i] != NULL; i++) {
        g_auto(GStrv) a = g_strsplit(got_rows[i], ",", -1);
        g_auto(GStrv) b = g_strsplit(want_rows[i], ",", -1);
        g_assert_cmpuint(g_strv_length(a), ==, g_strv_length(b));
        for (guint c = 0; b[c] != NULL; c++) {
            const gboolean same = c == 0 || *a[c] == '\0' || *b[c] == '\0'
                                      ? strcmp(a[c], b[c]) == 0
                                      : g_ascii_strtod(a[c], NULL) == g_ascii_strtod(b[c], NULL);
            if (!same)
                g_error("row %u, column %u: %s, want %s", i, c, a[c], b[c]);
            if (strchr(a[c], 'e') == NULL && strlen(a[c]) > strlen(b[c])) /* the shortest */
                g_error("row %u, column %u: %s is longer than %s", i, c, a[c], b[c]);
        }
    }
}

static void test_round_trip(void)
{
    for (guint32 seed = 1; seed <= 6; seed++) {
        g_autoptr(program) one = program_new();
        g_autoptr(program) two = program_new();
        g_autofree char *text = random_bars(seed, seed % 2 == 0);
        program_write(one, "bars.csv", text);
        program_expect(one, 0, "data", "import", "bars.csv", "--asset", "crypto", "--symbol", "btc",
                       "--interval", "1h");
        program_expect(one, 0, "data", "export", "btc");
        assert_same_cells(one->out, text);
        program_write(two, "again.csv", one->out);
        program_expect(two, 0, "data", "import", "again.csv", "--asset", "crypto", "--symbol",
                       "btc", "--interval", "1h");
        program_expect(two, 0, "data", "export", "btc");
        g_assert_cmpstr(two->out, ==, one->out);
    }
}

/* Stored again in the place where the cache looks, a Parquet export is those bars. */
static void test_parquet(void)
{
    g_autoptr(program) self = program_new();
    g_autofree char *text = random_bars(77, TRUE);
    program_write(self, "bars.csv", text);
    program_expect(self, 0, "data", "import", "bars.csv", "--asset", "crypto", "--symbol", "btc",
                   "--interval", "1h");
    program_expect(self, 0, "data", "export", "btc", "--start", "2020-03-01", "--end", "2020-03-31",
                   "--out", "data/cache/crypto/ETH-USD/1h/2020/2020-03.parquet", "--json");
    json_t *root = program_json(self);
    json_t *file = json_array_get(json_object_get(root, "files"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(file, "format")), ==, "parquet");
    g_assert_cmpstr(json_string_value(json_object_get(file, "symbol")), ==, "BTC-USD");
    json_decref(root);
    program_expect(self, 0, "data", "export", "btc", "--start", "2020-03-01", "--end",
                   "2020-03-31");
    g_autofree char *want = g_strdup(self->out);
    program_expect(self, 0, "data", "export", "eth");
    g_assert_cmpstr(self->out, ==, want);
}

/* ---- formats -------------------------------------------------------------------------------- */

static const char two_days[] = "date,open,high,low,close,volume,dividend,split,flags\n"
                               "2020-01-02,10,12,9,11,100,0.25,1,0\n"
                               "2020-01-03,5.5,6,5,5.75,,0,2,1\n";

static program *program_with_days(void)
{
    program *self = program_new();
    program_write(self, "days.csv", two_days);
    program_expect(self, 0, "data", "import", "days.csv", "--symbol", "spy");
    program_expect(self, 0, "data", "import", "days.csv", "--symbol", "^spx", "--asset", "index");
    return self;
}

static void test_csv(void)
{
    static const char rows[] = HEADER "2020-01-02T00:00:00Z,10,12,9,11,100,0.25,1,,,0\n"
                                      "2020-01-03T00:00:00Z,5.5,6,5,5.75,,0,2,,,1\n";
    g_autoptr(program) self = program_with_days();
    program_expect(self, 0, "data", "export", "SPY");
    g_assert_cmpstr(self->out, ==, rows);
    program_expect(self, 0, "data", "export", "spy", "--out", "-", "--format", "CSV");
    g_assert_cmpstr(self->out, ==, rows);
    program_expect(self, 0, "data", "export", "spy", "--out", "made/here/spy.csv");
    assert_contains(self->out, "SPY 1d: 2 rows to made/here/spy.csv (");
    g_autofree char *file = content(self, "made/here/spy.csv");
    g_assert_cmpstr(file, ==, rows);
    program_expect(self, 0, "data", "export", "spy", "--start", "2020-01-03", "--end", "2020-01-03",
                   "--columns", "CLOSE,ts");
    g_assert_cmpstr(self->out, ==, "close,ts\n5.75,2020-01-03T00:00:00Z\n");
    program_expect(self, 0, "data", "export", "spy,^spx", "--columns", "symbol,close", "--end",
                   "2020-01-02T00:00:00Z");
    g_assert_cmpstr(self->out, ==, "symbol,close\nSPY,11\n^SPX,11\n");
}

static void test_json_lines(void)
{
    g_autoptr(program) self = program_with_days();
    program_expect(self, 0, "data", "export", "spy", "^spx", "--format", "jsonl");
    g_auto(GStrv) lines = g_strsplit(self->out, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4 + 1);
    g_assert_cmpstr(lines[3], ==,
                    "{\"symbol\":\"^SPX\",\"ts\":\"2020-01-03T00:00:00Z\",\"open\":5.5,\"high\":6,"
                    "\"low\":5,\"close\":5.75,\"volume\":null,\"dividend\":0,\"split_factor\":2,"
                    "\"bid\":null,\"ask\":null,\"flags\":1}");
    for (int i = 0; i < 4; i++) {
        json_t *row = json_loads(lines[i], JSON_REJECT_DUPLICATES, NULL);
        g_assert_true(json_is_object(row));
        json_decref(row);
    }
    program_expect(self, 0, "data", "export", "spy", "--out", "spy.ndjson");
    g_autofree char *file = content(self, "spy.ndjson");
    g_assert_true(g_str_has_prefix(file, "{\"ts\":\"2020-01-02T00:00:00Z\",\"open\":10,"));
}

static void test_many_files(void)
{
    g_autoptr(program) self = program_with_days();
    program_write(self, "symbols.txt", "spy\n^SPX\n");
    program_expect(self, 2, "data", "export", "@symbols.txt", "--out", "all.parquet");
    assert_contains(self->err, "holds numbers, hence one symbol (expected '{symbol}.parquet'");
    program_expect(self, 0, "data", "export", "@symbols.txt", "--out", "out/{symbol}.parquet");
    program_expect(self, 0, "data", "export", "@symbols.txt", "--out", "out/{symbol}.csv");
    g_autofree char *index = content(self, "out/^SPX.csv");
    g_assert_true(g_str_has_prefix(index, HEADER));
    g_autofree char *table = content(self, "out/SPY.parquet");
    g_assert_true(g_str_has_prefix(table, "PAR1"));
    /* One that is there already: none is written. */
    g_autofree char *path = g_build_filename(self->folder, "out/SPY.csv", NULL);
    g_assert_cmpint(g_remove(path), ==, 0);
    program_expect(self, 2, "data", "export", "@symbols.txt", "--out", "out/{symbol}.csv");
    assert_contains(self->err, "out/^SPX.csv: is there already (expected --force to replace it)");
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    program_expect(self, 0, "data", "export", "@symbols.txt", "--out", "out/{symbol}.csv",
                   "--force");
}

static void test_refusals(void)
{
    g_autoptr(program) self = program_with_days();
    program_write(self, "there.csv", "mine");
    static const struct {
        const char *words[8];
        int exit_code;
        const char *message;
    } cases[] = {
        {{"data", "export"}, 2, "symbol: is missing"},
        {{"data", "export", "qqq"}, 5, "\"qqq\" is not in the cache"},
        {{"data", "export", "spy", "--format", "xls"}, 2, "--format: \"xls\" (expected csv, jsonl"},
        {{"data", "export", "spy", "--columns", "ts,x"}, 2, "--columns: \"x\" is no column"},
        {{"data", "export", "spy", "--columns", ""}, 2, "--columns: \"\" is no column"},
        {{"data", "export", "spy", "--columns", "ts,TS"}, 2, "--columns: \"TS\" is given twice"},
        {{"data", "export", "spy", "--start", "x"}, 2, "--start: \"x\" is not a date"},
        {{"data", "export", "spy", "--start", "2021-01-01"}, 5, "no rows of SPY"},
        {{"data", "export", "spy", "--json"}, 2, "--json: tells of the files"},
        {{"data", "export", "spy", "--out", "there.csv"}, 2, "there.csv: is there already"},
        {{"data", "export", "spy", "--out", "days.csv/x.csv"}, 6, "days.csv"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (program_run_vector(self, cases[i].words) != cases[i].exit_code)
            g_error("case %zu: exit %d: %s", i, self->exit_code, self->err);
        assert_contains(self->err, cases[i].message);
        g_assert_cmpstr(self->out, ==, "");
    }
    g_autofree char *kept = content(self, "there.csv");
    g_assert_cmpstr(kept, ==, "mine");
    program_expect(self, 0, "data", "export", "spy", "--out", "there.csv", "--force");

    /* Two series of one symbol, and two intervals in one file. */
    program_expect(self, 0, "data", "resample", "spy", "--to", "1w");
    program_expect(self, 2, "data", "export", "spy");
    assert_contains(self->err, "symbol: SPY is stored as equity 1d, equity 1w (say which");
    program_expect(self, 0, "data", "import", "days.csv", "--symbol", "qqq", "--interval", "1w",
                   "--skip-bad");
    program_expect(self, 2, "data", "export", "qqq,^spx");
    assert_contains(self->err, "QQQ is equity 1w and ^SPX is index 1d (expected series of one");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/export/round-trip", test_round_trip);
    g_test_add_func("/commands/export/parquet", test_parquet);
    g_test_add_func("/commands/export/csv", test_csv);
    g_test_add_func("/commands/export/json-lines", test_json_lines);
    g_test_add_func("/commands/export/many-files", test_many_files);
    g_test_add_func("/commands/export/refusals", test_refusals);
    return g_test_run();
}
