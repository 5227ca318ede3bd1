/* data compare as a person runs it: each way to name the other series, what is shown, what is
 * refused. What causes are found is tested with core. */
#include "core/base/base.h"
#include "program.h"

#include <string.h>

#define assert_contains(text, part)                                                  \
    do {                                                                             \
        if (strstr((text), (part)) == NULL)                                          \
            g_error("%d: \"%s\" does not contain \"%s\"", __LINE__, (text), (part)); \
    } while (0)

#define DAYS 40
#define SPLIT 25 /* the first day after a split of 2:1 */

/* Days of 2020-01 and 2020-02 as a file; `adjusted`: prices before the split are halved, volumes
 * doubled, one close is wrong and one bar missing. */
static char *days(gboolean adjusted)
{
    GString *text = g_string_new("date,open,high,low,close,volume\n");
    qb_random random = {4};
    double close = 100;
    for (int day = 0; day < DAYS; day++) {
        const int month = day < 31 ? 1 : 2, of_month = day < 31 ? day + 1 : day - 30;
        const double open = close;
        close *= 0.98 + 0.04 * qb_random_unit(&random);
        const double factor = adjusted && day < SPLIT ? 0.5 : 1;
        const double shown = adjusted && day == 30 ? 1.3 * close : close;
        if (adjusted && day == 35)
            continue;
        g_string_append_printf(text, "2020-%02d-%02d,%.4f,%.4f,%.4f,%.4f,%.0f\n", month, of_month,
                               factor * open, factor * MAX(MAX(open, close), shown),
                               factor * MIN(open, close), factor * shown, 1e6 / factor);
    }
    return g_string_free(text, FALSE);
}

static program *program_with_files(void)
{
    program *self = program_new();
    g_autofree char *raw = days(FALSE), *adjusted = days(TRUE);
    program_write(self, "raw.csv", raw);
    program_write(self, "adjusted.csv", adjusted);
    program_expect(self, 0, "data", "import", "raw.csv", "--asset", "crypto", "--symbol", "btc",
                   "--provider", "coingecko");
    return self;
}

/* The same differences, whichever way the other series is named. */
static void check_differences(program *self)
{
    json_auto_t *root = program_json(self);
    const json_t *items = json_object_get(root, "differences");
    g_assert_cmpint(json_array_size(items), ==, 3);
    static const struct {
        const char *cause, *from, *to;
        double ratio; /* 0: null */
    } want[] = {{"adjustment", "2020-01-01T00:00:00Z", "2020-01-25T00:00:00Z", 0.5},
                {"bad-tick", "2020-01-31T00:00:00Z", "2020-01-31T00:00:00Z", 1.3},
                {"missing", "2020-02-05T00:00:00Z", "2020-02-05T00:00:00Z", 0}};
    for (gsize i = 0; i < G_N_ELEMENTS(want); i++) {
        const json_t *item = json_array_get(items, i);
        g_assert_cmpstr(json_string_value(json_object_get(item, "cause")), ==, want[i].cause);
        g_assert_cmpstr(json_string_value(json_object_get(item, "from")), ==, want[i].from);
        g_assert_cmpstr(json_string_value(json_object_get(item, "to")), ==, want[i].to);
        const json_t *ratio = json_object_get(item, "ratio");
        if (want[i].ratio > 0)
            g_assert_cmpfloat_with_epsilon(json_real_value(ratio), want[i].ratio, 1e-4);
        else
            g_assert_true(json_is_null(ratio));
    }
    g_assert_cmpint(json_integer_value(json_object_get(root, "shared")), ==, DAYS - 1);
    g_assert_cmpint(json_integer_value(json_object_get(root, "only_first")), ==, 1);
}

static void test_ways(void)
{
    g_autoptr(program) self = program_with_files();
    program_expect(self, 0, "data", "compare", "btc", "--file", "adjusted.csv", "--json");
    check_differences(self);
    program_expect(self, 0, "data", "import", "adjusted.csv", "--asset", "crypto", "--symbol",
                   "eth", "--adjustment", "split");
    program_expect(self, 0, "data", "compare", "btc", "eth", "--json");
    check_differences(self);
}

/* Another data folder, and one of a provider below the usual one. */
static void test_folders(void)
{
    g_autoptr(program) self = program_with_files();
    static const char *const folders[] = {"other", "data/providers/tiingo"};
    for (gsize i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *line = g_strdup_printf("QUANTBOT_DATA_DIR=%s\n", folders[i]);
        program_write(self, ".env", line);
        program_expect(self, 0, "data", "import", "adjusted.csv", "--asset", "crypto", "--symbol",
                       "btc", "--adjustment", "split", "--provider", "tiingo");
    }
    program_write(self, ".env", "");
    program_expect(self, 0, "data", "compare", "btc", "--with", "other", "--json");
    check_differences(self);
    program_expect(self, 0, "data", "compare", "btc", "--providers", "coingecko,tiingo", "--json");
    check_differences(self);
    program_expect(self, 5, "data", "compare", "btc", "--providers", "coingecko,polygon");
    assert_contains(self->err, "BTC-USD 1d of polygon is not stored");
    assert_contains(self->err, "data/providers/polygon' quantbot data crypto --provider polygon "
                               "--symbols BTC-USD --interval 1d --start 20");
    program_expect(self, 5, "data", "compare", "btc", "--providers", "coingecko,fred");
    assert_contains(self->err, "FRED has no 1d bars of that kind (crypto)");
    program_expect(self, 5, "data", "compare", "btc", "--providers", "coingecko,csv");
    assert_contains(self->err, "data import FILE --asset crypto --symbol BTC-USD --provider csv");
    program_expect(self, 5, "data", "compare", "nothing", "--providers", "tiingo,polygon");
    assert_contains(self->err, "quantbot data equities --provider tiingo --symbols nothing");
}

/* What the data folder itself lacks may be in both folders below. */
static void test_provider_folders(void)
{
    g_autoptr(program) self = program_with_files();
    static const char *const names[] = {"tiingo", "polygon"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *line = g_strdup_printf("QUANTBOT_DATA_DIR=data/providers/%s\n", names[i]);
        program_write(self, ".env", line);
        program_expect(self, 0, "data", "import", "adjusted.csv", "--asset", "crypto", "--symbol",
                       "eth", "--adjustment", "split", "--provider", names[i]);
    }
    program_write(self, ".env", "");
    program_expect(self, 0, "data", "compare", "eth", "--providers", "tiingo,polygon", "--json");
    program_expect(self, 5, "data", "compare", "eth", "--providers", "coingecko,polygon");
    assert_contains(self->err, "--provider coingecko --symbols ETH-USD --interval 1d --start 20");
}

static glong longest_line(const char *text)
{
    glong longest = 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        longest = MAX(longest, g_utf8_strlen(*line, -1));
    return longest;
}

static void test_table(void)
{
    g_autoptr(program) self = program_with_files();
    static const char *const widths[] = {"60", "80", "140"};
    for (gsize i = 0; i < G_N_ELEMENTS(widths); i++) {
        g_setenv("PROGRAM_COLUMNS", widths[i], TRUE);
        program_expect(self, 0, "data", "compare", "btc", "--file", "adjusted.csv");
        g_assert_cmpint(longest_line(self->out), <=, g_ascii_strtoll(widths[i], NULL, 10));
        assert_contains(self->out, "2020-01-01  2020-01-25    25  adjustment");
        assert_contains(self->out, "0.500000");
        assert_contains(self->out, "39 bars in both");
    }
    assert_contains(self->out, "a split of 2:1, in the prices of the second only");
    assert_contains(self->out, "close of the second is far from its neighbours");
    assert_contains(self->out, "not in the second");
    g_unsetenv("PROGRAM_COLUMNS");
}

static void test_narrowed(void)
{
    g_autoptr(program) self = program_with_files();
    program_expect(self, 0, "data", "compare", "btc", "--file", "adjusted.csv", "--cause",
                   "missing");
    g_assert_null(strstr(self->out, "adjustment "));
    assert_contains(self->out, "missing");
    program_expect(self, 0, "data", "compare", "btc", "--file", "adjusted.csv", "--limit", "1");
    assert_contains(self->out, "and 2 more");
    program_expect(self, 0, "data", "compare", "btc", "--file", "adjusted.csv", "--start",
                   "2020-02-06", "--end", "2020-02-09");
    assert_contains(self->out, "No differences.");
    assert_contains(self->out, "4 bars in both, 4 of");
    program_expect(self, 0, "data", "compare", "btc", "--file", "adjusted.csv", "--start",
                   "2030-01-01");
    assert_contains(self->out, "They cover no time in common.");
}

static void test_refused(void)
{
    g_autoptr(program) self = program_with_files();
    static const struct {
        const char *words[6];
        int exit_code;
        const char *message;
    } cases[] = {
        {{"btc"}, 2, "there is nothing to compare with"},
        {{"btc", "--file", "raw.csv", "--with", "x"}, 2, "there is too much to compare with"},
        {{"btc", "btc"}, 2, "is the same series twice"},
        {{"nosuch", "--file", "raw.csv"}, 5, "not in the cache"},
        {{"btc", "--file", "nosuch.csv"}, 5, "nosuch.csv"},
        {{"btc", "--with", "nosuch"}, 5, "nosuch: "},
        {{"btc", "--file", "raw.csv", "--tolerance", "0"}, 2, "--tolerance: 0 is out of range"},
        {{"btc", "--file", "raw.csv", "--cause", "weather"}, 2, "--cause: \"weather\" is none"},
        {{"btc", "--providers", "one"}, 2, "expected two, such as"},
        {{"btc", "--providers", "../a,b"}, 2, "expected two, such as"},
        {{"btc", "--file", "raw.csv", "--start", "soon"}, 2, "--start: \"soon\""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *words[10] = {"data", "compare"};
        for (gsize k = 0; k < G_N_ELEMENTS(cases[i].words); k++)
            words[k + 2] = cases[i].words[k];
        g_assert_cmpint(program_run_vector(self, words), ==, cases[i].exit_code);
        assert_contains(self->err, cases[i].message);
        g_assert_cmpstr(self->out, ==, "");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/compare/ways", test_ways);
    g_test_add_func("/compare/folders", test_folders);
    g_test_add_func("/compare/provider-folders", test_provider_folders);
    g_test_add_func("/compare/table", test_table);
    g_test_add_func("/compare/narrowed", test_narrowed);
    g_test_add_func("/compare/refused", test_refused);
    return g_test_run();
}
