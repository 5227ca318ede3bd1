/* Macro series as users meet them: imports of real and small files, and what data show says. The
 * counts and values of real files are taken from the files by plain code here, and the rows from
 * INVENTORY.csv of the shared folder. */
#include "program.h"

#include <glib/gstdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static void contains(const char *text, const char *want)
{
    if (strstr(text, want) == NULL)
        g_error("no \"%s\" in:\n%s", want, text);
}

/* ---- real files ----------------------------------------------------------------------------- */

static char *shared(const char *name)
{
    const char *folder = g_getenv("QUANTBOT_SHARED");
    char *path = g_build_filename(folder != NULL ? folder : "", "data", name, NULL);
    if (folder != NULL && g_file_test(path, G_FILE_TEST_EXISTS))
        return path;
    g_test_skip("QUANTBOT_SHARED names no folder with such data");
    g_free(path);
    return NULL;
}

/* The lines of a file, plain or gzip. */
static char **lines_of(const char *path)
{
    gzFile file = gzopen(path, "rb");
    g_assert_nonnull(file);
    g_autoptr(GString) text = g_string_new(NULL);
    char piece[65536];
    for (int count; (count = gzread(file, piece, sizeof piece)) > 0;)
        g_string_append_len(text, piece, count);
    gzclose(file);
    while (text->len > 0 && text->str[text->len - 1] == '\n')
        g_string_truncate(text, text->len - 1);
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        g_strchomp(*line);
    return g_steal_pointer(&lines);
}

/* "macro/fred/GDP.csv,3748,183,..." */
static gint64 inventory_rows(const char *name)
{
    g_autofree char *path = shared("INVENTORY.csv");
    g_auto(GStrv) lines = lines_of(path);
    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) cells = g_strsplit(*line, ",", 4);
        if (strcmp(cells[0], name) == 0)
            return g_ascii_strtoll(cells[2], NULL, 10);
    }
    g_error("%s is not in INVENTORY.csv", name);
}

/* The date and value of a row, TRUE when it has one. */
static gboolean row_of(const char *line, int column, char **out_date, double *out_value)
{
    g_auto(GStrv) cells = g_strsplit(line, ",", -1);
    const char *cell = cells[column];
    *out_date = g_strdup_printf("%sT00:00:00Z", cells[0]);
    *out_value = g_ascii_strtod(cell, NULL);
    return *cell != '\0' && strcmp(cell, ".") != 0;
}

static json_int_t integer(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    g_assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static const char *string(json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));
    g_assert_nonnull(value);
    return value;
}

static double number(json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

/* Every value of that column of the file is stored, and no other. */
static void check_stored(program *self, const char *symbol, char **lines, int column)
{
    program_expect(self, 0, "data", "show", symbol, "--asset", "macro", "--json");
    json_auto_t *root = program_json(self);
    json_t *rows = json_object_get(root, "rows");
    gsize row = 0;
    for (char **line = lines + 1; *line != NULL; line++) {
        g_autofree char *date = NULL;
        double value;
        if (!row_of(*line, column, &date, &value))
            continue;
        json_t *stored = json_array_get(rows, row++);
        g_assert_cmpstr(string(stored, "ts"), ==, date);
        g_assert_cmpfloat(number(stored, "value"), ==, value);
    }
    g_assert_cmpuint(json_array_size(rows), ==, row);
}

static gint64 blanks_of(char **lines, int column)
{
    gint64 blanks = 0;
    for (char **line = lines + 1; *line != NULL; line++) {
        g_autofree char *date = NULL;
        double value;
        blanks += !row_of(*line, column, &date, &value);
    }
    return blanks;
}

static void check_counts(json_t *series, char **lines, int column)
{
    const gint64 rows = (gint64)g_strv_length(lines) - 1;
    const gint64 blanks = blanks_of(lines, column);
    g_assert_cmpint(integer(series, "rows"), ==, rows);
    g_assert_cmpint(integer(series, "blanks"), ==, blanks);
    g_assert_cmpint(integer(series, "values"), ==, rows - blanks);
    g_assert_cmpint(integer(series, "added"), ==, rows - blanks);
}

static void test_fred(void)
{
    static const struct {
        const char *file, *symbol, *interval;
    } files[] = {
        {"CPIAUCSL.csv", "CPIAUCSL", "1mo"},
        {"CPILFESL.csv", "CPILFESL", "1mo"},
        {"DCOILWTICO.csv.gz", "DCOILWTICO", "1d"},
        {"DGORDER.csv", "DGORDER", "1mo"},
        {"DGS10.csv.gz", "DGS10", "1d"},
        {"DGS2.csv.gz", "DGS2", "1d"},
        {"DTWEXBGS.csv.gz", "DTWEXBGS", "1d"},
        {"FEDFUNDS.csv", "FEDFUNDS", "1mo"},
        {"GDP.csv", "GDP", "1q"},
        {"GDPC1.csv", "GDPC1", "1q"},
        {"HOUST.csv", "HOUST", "1mo"},
        {"ICSA.csv", "ICSA", "1w"},
        {"INDPRO.csv", "INDPRO", "1mo"},
        {"JTSJOL.csv", "JTSJOL", "1mo"},
        {"M2SL.csv", "M2SL", "1mo"},
        {"MORTGAGE30US.csv", "MORTGAGE30US", "1w"},
        {"PAYEMS.csv", "PAYEMS", "1mo"},
        {"RRPONTSYD.csv.gz", "RRPONTSYD", "1d"},
        {"RSXFS.csv", "RSXFS", "1mo"},
        {"STLFSI4.csv", "STLFSI4", "1w"},
        {"T10Y2Y.csv.gz", "T10Y2Y", "1d"},
        {"UNRATE.csv", "UNRATE", "1mo"},
        {"USREC.csv", "USREC", "1mo"},
        {"WALCL.csv", "WALCL", "1w"},
    };
    g_autoptr(program) self = program_new();
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *name = g_strconcat("macro/fred/", files[i].file, NULL);
        g_autofree char *path = shared(name);
        if (path == NULL)
            return;
        g_auto(GStrv) lines = lines_of(path);
        g_assert_cmpint(inventory_rows(name), ==, (gint64)g_strv_length(lines) - 1);
        program_expect(self, 0, "data", "import", path, "--asset", "macro", "--lag", "30d",
                       "--json");
        json_auto_t *root = program_json(self);
        json_t *series = json_array_get(json_object_get(root, "series"), 0);
        g_assert_cmpstr(string(series, "symbol"), ==, files[i].symbol);
        g_assert_cmpstr(string(series, "interval"), ==, files[i].interval);
        g_assert_cmpstr(string(series, "known_from"), ==, "assumed");
        check_counts(series, lines, 1);
        check_stored(self, files[i].symbol, lines, 1);
    }
    program_expect(self, 0, "data", "verify");
    program_expect(self, 0, "data", "list", "--asset", "macro", "--json");
    json_auto_t *root = program_json(self);
    g_assert_cmpuint(json_array_size(json_object_get(root, "series")), ==, G_N_ELEMENTS(files));
}

/* A wide table: each column a series of its own. */
static void check_wide(const char *name, const char *prefix, const char *lag, const char *interval)
{
    g_autofree char *path = shared(name);
    if (path == NULL)
        return;
    g_autoptr(program) self = program_new();
    g_auto(GStrv) lines = lines_of(path);
    g_auto(GStrv) heads = g_strsplit(lines[0], ",", -1);
    g_assert_cmpint(inventory_rows(name), ==, (gint64)g_strv_length(lines) - 1);
    program_expect(self, 2, "data", "import", path, "--asset", "macro", "--symbol", prefix);
    contains(self->err, "several columns of numbers");
    program_expect(self, 0, "data", "import", path, "--asset", "macro", "--symbol", prefix,
                   "--column", "all", "--lag", lag, "--json");
    json_auto_t *root = program_json(self);
    json_t *series = json_object_get(root, "series");
    g_assert_cmpuint(json_array_size(series), ==, g_strv_length(heads) - 1);
    for (int column = 1; heads[column] != NULL; column++) {
        json_t *one = json_array_get(series, (gsize)column - 1);
        g_autofree char *upper = g_ascii_strup(heads[column], -1);
        g_autofree char *symbol = g_strdup_printf("%s.%s", prefix, upper);
        g_assert_cmpstr(string(one, "symbol"), ==, symbol);
        g_assert_cmpstr(string(one, "interval"), ==, interval);
        check_counts(one, lines, column);
        if (column % 4 == 1)
            check_stored(self, symbol, lines, column);
    }
}

static void test_treasury_curve(void)
{
    check_wide("macro/us_treasury_curve_daily_1990_2017.csv.gz", "UST", "1d", "1d");
}

static void test_shiller(void)
{
    check_wide("macro/shiller_sp500_monthly.csv.gz", "SHILLER", "90d", "1mo");
}

static void test_credit_rate(void)
{
    g_autofree char *path = shared("macro/us_primary_credit_rate_changes.csv");
    if (path == NULL)
        return;
    g_autoptr(program) self = program_new();
    g_auto(GStrv) lines = lines_of(path);
    program_expect(self, 2, "data", "import", path, "--asset", "macro", "--symbol", "PCREDIT");
    contains(self->err, "follow no rhythm");
    program_expect(self, 0, "data", "import", path, "--asset", "macro", "--symbol", "PCREDIT",
                   "--interval", "1d", "--lag", "0d", "--json");
    json_auto_t *root = program_json(self);
    check_counts(json_array_get(json_object_get(root, "series"), 0), lines, 1);
    check_stored(self, "PCREDIT", lines, 1);
    g_free(path);
    path = shared("macro/policy_dates_fed.csv"); /* dates without any value */
    program_expect(self, 4, "data", "import", path, "--asset", "macro", "--symbol", "FED");
    contains(self->err, "no column of numbers among date");
}

/* All series of a long table, each by its country and frequency. */
static void test_oecd(void)
{
    const char *name = "macro/oecd_short_term_interest.csv.gz";
    g_autofree char *path = shared(name);
    if (path == NULL)
        return;
    g_autoptr(program) self = program_new();
    g_auto(GStrv) lines = lines_of(path);
    g_autoptr(GHashTable) counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (char **line = lines + 1; *line != NULL; line++) {
        g_auto(GStrv) cells = g_strsplit(*line, ",", -1);
        char *key = g_strdup_printf("%s,%s", cells[0], cells[1]);
        const gint count = GPOINTER_TO_INT(g_hash_table_lookup(counts, key));
        g_hash_table_insert(counts, key, GINT_TO_POINTER(count + 1));
    }
    program_expect(self, 4, "data", "import", path, "--asset", "macro", "--symbol", "STIR");
    contains(self->err, "several series in one table");
    GHashTableIter iter;
    gpointer key, count;
    gint64 rows = 0;
    g_hash_table_iter_init(&iter, counts);
    while (g_hash_table_iter_next(&iter, &key, &count)) {
        g_auto(GStrv) parts = g_strsplit(key, ",", -1);
        g_autofree char *where = g_strdup_printf("location=%s,frequency=%s", parts[0], parts[1]);
        const char *interval = *parts[1] == 'A' ? "1y" : *parts[1] == 'Q' ? "1q" : "1mo";
        program_expect(self, 0, "data", "import", path, "--asset", "macro", "--symbol", "STIR",
                       "--where", where, "--interval", interval, "--lag", "60d", "--dry-run",
                       "--json");
        json_auto_t *root = program_json(self);
        json_t *series = json_array_get(json_object_get(root, "series"), 0);
        g_assert_cmpint(integer(series, "rows"), ==, GPOINTER_TO_INT(count));
        g_assert_cmpint(integer(series, "values"), ==, GPOINTER_TO_INT(count));
        rows += integer(series, "rows");
    }
    g_assert_cmpint(rows, ==, inventory_rows(name));
    g_test_message("%u series", g_hash_table_size(counts));
}

/* The 89 vintages of GDP: what show says of some days is what the file says, counted here. */
static void test_gdp_vintages(void)
{
    const char *name = "macro/vintages/GDP_US_vintages.csv.gz";
    static const char *const days[] = {"2002-09-30", "2002-10-01", "2009-02-14",
                                       "2013-07-01", "2024-10-01", "2030-01-01"};
    g_autofree char *path = shared(name);
    if (path == NULL)
        return;
    g_autoptr(program) self = program_new();
    g_auto(GStrv) lines = lines_of(path);
    program_expect(self, 0, "data", "import", path, "--asset", "macro", "--symbol", "GDPC1",
                   "--interval", "1q", "--map",
                   "ts=observation_quarter,value=value,known_from=vintage_date", "--json");
    json_auto_t *imported = program_json(self);
    json_t *series = json_array_get(json_object_get(imported, "series"), 0);
    g_assert_cmpint(integer(series, "rows"), ==, inventory_rows(name));
    g_assert_cmpint(integer(series, "added"), ==, inventory_rows(name));
    g_assert_cmpstr(string(series, "known_from"), ==, "given");
    for (gsize d = 0; d < G_N_ELEMENTS(days); d++) {
        /* Dates of one form, so their text compares as they do; the last vintage wins. */
        g_autoptr(GHashTable) values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        g_autoptr(GHashTable)
            vintages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
        for (char **line = lines + 1; *line != NULL; line++) {
            g_auto(GStrv) cells = g_strsplit(*line, ",", -1);
            const char *old = g_hash_table_lookup(vintages, cells[0]);
            if (strcmp(cells[1], days[d]) > 0 || (old != NULL && strcmp(old, cells[1]) > 0))
                continue;
            g_hash_table_insert(vintages, g_strdup(cells[0]), g_strdup(cells[1]));
            g_hash_table_insert(values, g_strdup(cells[0]), *line);
        }
        program_expect(self, 0, "data", "show", "gdpc1", "--as-of", days[d], "--json");
        json_auto_t *root = program_json(self);
        json_t *rows = json_object_get(root, "rows"), *row;
        gsize i;
        g_assert_cmpuint(json_array_size(rows), ==, g_hash_table_size(values));
        json_array_foreach(rows, i, row)
        {
            g_autofree char *quarter = g_strndup(string(row, "ts"), 10);
            const char *line = g_hash_table_lookup(values, quarter);
            g_assert_nonnull(line);
            g_assert_cmpfloat(number(row, "value"), ==,
                              g_ascii_strtod(strrchr(line, ',') + 1, NULL));
        }
    }
}

/* ---- small files ---------------------------------------------------------------------------- */

static char *shown(program *self, const char *symbol, const char *as_of)
{
    g_autoptr(GString) text = g_string_new(NULL);
    if (as_of != NULL)
        program_expect(self, 0, "data", "show", symbol, "--json", "--as-of", as_of);
    else
        program_expect(self, 0, "data", "show", symbol, "--json");
    json_auto_t *root = program_json(self);
    json_t *row;
    gsize i;
    json_array_foreach(json_object_get(root, "rows"), i, row)
    {
        g_string_append_printf(text, "%s%.10s=%g", i > 0 ? " " : "", string(row, "ts"),
                               number(row, "value"));
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

#define assert_shown(self, symbol, as_of, want)               \
    do {                                                      \
        char *assert_text = shown((self), (symbol), (as_of)); \
        g_assert_cmpstr(assert_text, ==, (want));             \
        g_free(assert_text);                                  \
    } while (0)

static void test_moment_of_import(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "CPI.csv",
                  "DATE,CPIAUCSL\n2020-01-01,258.7\n2020-02-01,.\n2020-03-01,\n"
                  "2020-04-01,256.1\n");
    program_expect(self, 0, "data", "import", "CPI.csv", "--asset", "macro", "--interval", "1mo");
    contains(self->out, "CPIAUCSL macro 1mo from CPI.csv, column CPIAUCSL");
    contains(self->out, "values      2 of 4 rows");
    contains(self->out, "2 blank");
    contains(self->out, "of no use for the past");
    contains(self->out, "--lag 45d");
    contains(self->out, "--known-from DATE");
    assert_shown(self, "cpiaucsl", NULL, "2020-01-01=258.7 2020-04-01=256.1");
    assert_shown(self, "cpiaucsl", "2021-01-01", "");
    /* The same again is no news; a revision is, beside what was known. */
    program_expect(self, 0, "data", "import", "CPI.csv", "--asset", "macro", "--interval", "1mo");
    contains(self->out, "stored      0 new, 0 changed, 2 as before, in 0 files");
    program_write(self, "CPI.csv", "DATE,CPIAUCSL\n2020-01-01,258.7\n2020-04-01,256.2\n");
    program_expect(self, 0, "data", "import", "CPI.csv", "--asset", "macro", "--interval", "1mo");
    contains(self->out, "stored      1 new, 0 changed, 1 as before, in 1 files");
    program_expect(self, 0, "data", "show", "cpiaucsl", "--vintages", "2020-04-15", "--json");
    json_auto_t *root = program_json(self);
    json_t *rows = json_object_get(root, "rows");
    g_assert_cmpuint(json_array_size(rows), ==, 2);
    g_assert_cmpstr(string(json_array_get(rows, 0), "known_to"), ==,
                    string(json_array_get(rows, 1), "known_from"));
    g_assert_true(json_is_null(json_object_get(json_array_get(rows, 1), "known_to")));
}

static void test_lag(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "GDPC1.csv",
                  "quarter,value\n2020Q1,10\n2020-Q2,20\n2020Q3,30\n2020-q4,40\n2021Q1,50\n");
    program_expect(self, 0, "data", "import", "GDPC1.csv", "--asset", "macro", "--lag", "30d");
    contains(self->out, "GDPC1 macro 1q");
    contains(self->out, "assumed");
    /* The first quarter ends on 31 March: known on 1 April + 30 days. */
    assert_shown(self, "gdpc1", "2020-04-30T23:59:59Z", "");
    assert_shown(self, "gdpc1", "2020-05-01", "2020-01-01=10");
    assert_shown(self, "gdpc1", "2020-07-31", "2020-01-01=10 2020-04-01=20");
    program_expect(self, 0, "data", "show", "gdpc1");
    contains(self->out, "is assumed");
    /* A revision later does not change what was known then. */
    program_write(self, "GDPC1.csv",
                  "quarter,value\n2020Q1,11\n2020-Q2,20\n2020Q3,30\n2020-q4,40\n2021Q1,50\n");
    program_expect(self, 0, "data", "import", "GDPC1.csv", "--asset", "macro", "--lag", "30d");
    contains(self->out, "stored      1 new, 0 changed, 4 as before");
    assert_shown(self, "gdpc1", "2020-07-31", "2020-01-01=10 2020-04-01=20");
    assert_shown(self, "gdpc1", NULL,
                 "2020-01-01=11 2020-04-01=20 2020-07-01=30 2020-10-01=40 2021-01-01=50");
}

static void test_known_from(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "X.csv",
                  "date,value\n2020-01-01,1\n2020-02-01,2\n2020-03-01,3\n2020-04-01,4\n");
    program_expect(self, 0, "data", "import", "X.csv", "--asset", "macro", "--known-from",
                   "2020-05-01");
    assert_shown(self, "X", "2020-04-30", "");
    assert_shown(self, "X", "2020-05-01", "2020-01-01=1 2020-02-01=2 2020-03-01=3 2020-04-01=4");
    program_expect(self, 4, "data", "import", "X.csv", "--asset", "macro", "--known-from",
                   "2020-02-15");
    contains(self->err, "X.csv:4: known_from: 2020-02-15T00:00:00Z is before the period began "
                        "(expected 2020-03-01 or later)");
    contains(self->err, "nothing was stored");
    program_expect(self, 2, "data", "import", "X.csv", "--asset", "macro", "--known-from",
                   "2020-05-01", "--lag", "3d");
    program_expect(self, 2, "data", "import", "X.csv", "--asset", "macro", "--lag", "3 days");
    contains(self->err, "--lag: \"3 days\"");
}

static void test_vintage_tables(void)
{
    g_autoptr(program) self = program_new();
    /* ALFRED: the vintages are the columns. */
    program_write(self, "alfred.csv",
                  "observation_date,GDPC1_20200429,GDPC1_20200730,GDPC1_20201029\n"
                  "2020-01-01,10,11,.\n2020-04-01,.,20,21\n2020-07-01,,,30\n2020-10-01,,,\n");
    program_expect(self, 0, "data", "import", "alfred.csv", "--asset", "macro", "--interval", "1q");
    contains(self->out, "GDPC1 macro 1q");
    contains(self->out, "1 withdrawn (kept)");
    assert_shown(self, "gdpc1", "2020-04-29", "2020-01-01=10");
    assert_shown(self, "gdpc1", "2020-07-30", "2020-01-01=11 2020-04-01=20");
    assert_shown(self, "gdpc1", "2020-10-29", "2020-01-01=nan 2020-04-01=21 2020-07-01=30");
    program_expect(self, 2, "data", "import", "alfred.csv", "--asset", "macro", "--lag", "3d");
    contains(self->err, "the table tells its vintages");
    /* A column of vintages, its bare dates at a time of day; unsorted, with a repeated row. */
    program_write(self, "U.csv",
                  "date,realtime_start,realtime_end,value\n2020-02-01,2020-03-06,9999-12-31,3.6\n"
                  "2020-01-01,2020-02-07,2020-03-05,3.5\n2020-01-01,2020-03-06,9999-12-31,3.4\n"
                  "2020-01-01,2020-02-07,2020-03-05,3.5\n");
    program_expect(self, 0, "data", "import", "U.csv", "--asset", "macro", "--interval", "1mo",
                   "--symbol", "UNRATE", "--known-time", "13:30");
    contains(self->out, "1 repeated");
    contains(self->out, "out of order (sorted)");
    assert_shown(self, "unrate", "2020-02-07T13:29:59Z", "");
    assert_shown(self, "unrate", "2020-02-07T13:30:00Z", "2020-01-01=3.5");
    assert_shown(self, "unrate", "2020-03-06T13:30:00Z", "2020-01-01=3.4 2020-02-01=3.6");
    program_write(self, "U.csv",
                  "date,vintage,value\n2020-01-01,2020-02-07,3.5\n2020-01-01,2020-02-07,3.6\n");
    program_expect(self, 4, "data", "import", "U.csv", "--asset", "macro", "--interval", "1mo");
    contains(self->err, "U.csv:3: value: 3.6 for 2020-01-01, which has 3.5 in line 2");
}

static void test_periods(void)
{
    static const struct {
        const char *text, *interval, *stamp, *want;
    } cases[] = {
        {"2020-01,1\n2020-02,2\n", "1mo", "open", "2020-01-01=1 2020-02-01=2"},
        {"2020M01,1\n2020m02,2\n", "1mo", "open", "2020-01-01=1 2020-02-01=2"},
        {"2020-01-31,1\n2020-02-29,2\n", "1mo", "close", "2020-01-01=1 2020-02-01=2"},
        {"2020-03-31,1\n2020-06-30,2\n", "1q", "close", "2020-01-01=1 2020-04-01=2"},
        {"2020-01,1\n2020-04,2\n", "1q", "open", "2020-01-01=1 2020-04-01=2"},
        {"2020 Q1,1\n2020 Q2,2\n", "1q", "open", "2020-01-01=1 2020-04-01=2"},
        {"2020,1\n2021,2\n", "1y", "open", "2020-01-01=1 2021-01-01=2"},
        {"2020-12-31,1\n2021-12-31,2\n", "1y", "close", "2020-01-01=1 2021-01-01=2"},
        /* ISO 8601: 30 December 2019 is the Monday of week 1 of 2020, which has 53. */
        {"2020-W01,1\n2020-W53,2\n", "1w", "open", "2019-12-30=1 2020-12-28=2"},
        {"2020-01-04,1\n2020-01-11,2\n", "1w", "close", "2019-12-29=1 2020-01-05=2"},
        {"2020-01-04,1\n2020-01-11,2\n", "1w", "open", "2020-01-04=1 2020-01-11=2"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(program) self = program_new();
        g_autofree char *text = g_strconcat("period,value\n", cases[i].text, NULL);
        g_test_message("%s", cases[i].text);
        program_write(self, "X.csv", text);
        program_expect(self, 0, "data", "import", "X.csv", "--asset", "macro", "--interval",
                       cases[i].interval, "--stamp", cases[i].stamp, "--lag", "1d");
        assert_shown(self, "X", NULL, cases[i].want);
    }
}

static void test_refused(void)
{
    static const struct {
        const char *text, *interval;
        int code;
        const char *message;
    } cases[] = {
        {"date,value\n2020-01-01,1\n2020-02-01,2\n2020-03-01,3\n2020-04-01,4\n", "1d", 4,
         "X.csv:3: date: 2020-02-01 is 31 days after 2020-01-01, and most rows follow each other "
         "like that: the series is 1mo (expected --interval 1mo)"},
        {"date,value\n2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n2020-01-06,4\n", "1q", 4,
         "the series is 1d"},
        {"date,value\n2020-01-01,1\n2020-02-02,2\n", "1mo", 4,
         "X.csv:3: date: \"2020-02-02\" is not the first day of a month"},
        {"date,value\n2020-01-31,1\n2020-02-29,2\n", "1mo", 4, "--stamp close"},
        {"date,value\n2020-01-01,1\n2020-02-01,2\n", "1q", 4, "does not begin a quarter"},
        {"date,value\n2020Q1,1\n2020-02,2\n", "1q", 4,
         "X.csv:3: date: \"2020-02\" below \"2020Q1\" (expected periods of one length"},
        {"date,value\n2020Q5,1\n", "1q", 4, "X.csv:2: date: \"2020Q5\" is no period"},
        {"date,value\n2021-W53,1\n", "1w", 4, "\"2021-W53\" is no period"},
        {"date,value\n2020-01-01,12a\n2020-02-01,1\n", "1mo", 4,
         "X.csv:2: value: \"12a\" is not a number"},
        {"date,value\n2020-01-01,1\n2020-01-01,2\n", "1mo", 4, "--where COLUMN=TEXT"},
        {"what,value\n2020-01-01,1\n", "1mo", 4, "no column of periods among what, value"},
        {"date,value\n", "1mo", 4, "X.csv: no rows"},
        {"date,value\n2020-01-01,1\n", "1h", 2, "--interval: \"1h\" (expected 1d 1w 1mo 1q or 1y)"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(program) self = program_new();
        program_write(self, "X.csv", cases[i].text);
        program_expect(self, cases[i].code, "data", "import", "X.csv", "--asset", "macro",
                       "--interval", cases[i].interval, "--lag", "1d");
        contains(self->err, cases[i].message);
        g_assert_cmpstr(self->out, ==, "");
        g_autofree char *path = g_build_filename(self->folder, "data", "cache", NULL);
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    }
}

static void test_columns(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "fredgraph.csv",
                  "observation_date,DGS2,DGS10,note\n2020-01-02,1.5,1.8,a\n"
                  "2020-01-03,1.6,,b\n2020-01-06,1.7,1.9,c\n");
    program_expect(self, 2, "data", "import", "fredgraph.csv", "--asset", "macro");
    contains(self->err, "several columns of numbers: \"DGS2, DGS10\"");
    program_expect(self, 0, "data", "import", "fredgraph.csv", "--asset", "macro", "--column",
                   "all", "--interval", "1d", "--lag", "0d");
    assert_shown(self, "dgs2", NULL, "2020-01-02=1.5 2020-01-03=1.6 2020-01-06=1.7");
    assert_shown(self, "dgs10", NULL, "2020-01-02=1.8 2020-01-06=1.9");
    program_expect(self, 0, "data", "import", "fredgraph.csv", "--asset", "macro", "--column",
                   "DGS10", "--symbol", "TEN", "--interval", "1d", "--lag", "0d");
    assert_shown(self, "ten", NULL, "2020-01-02=1.8 2020-01-06=1.9");
    program_expect(self, 0, "data", "import", "fredgraph.csv", "--asset", "macro", "--map",
                   "value=DGS2,ts=1", "--symbol", "TWO", "--interval", "1d", "--lag", "0d");
    program_expect(self, 2, "data", "import", "fredgraph.csv", "--asset", "macro", "--column", "X",
                   "--interval", "1d");
    contains(self->err, "no column \"X\" (expected observation_date, DGS2, DGS10, note)");
    program_expect(self, 2, "data", "import", "fredgraph.csv", "--asset", "macro", "--where",
                   "where=a");
    program_expect(self, 2, "data", "import", "fredgraph.csv", "--asset=macro", "--map", "open=2");
    contains(self->err, "\"open\" is no key of a macro series");
    program_expect(self, 2, "data", "import", "fredgraph.csv", "--asset", "macro", "--extended");
    program_expect(self, 0, "data", "import", "--asset", "macro", "--help");
    contains(self->out, "--known-from");
}

/* ---- data show ------------------------------------------------------------------------------ */

static void test_show_bars(void)
{
    g_autoptr(program) self = program_new();
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL");
    program_expect(self, 0, "data", "show", "aapl");
    contains(self->out, "2018-05-11");
    contains(self->out, "20 of 1260 rows");
    program_expect(self, 0, "data", "show", "aapl", "--start", "2018-05-10", "--end", "2018-05-11",
                   "--json");
    json_auto_t *root = program_json(self);
    json_t *rows = json_object_get(root, "rows");
    g_assert_cmpuint(json_array_size(rows), ==, 2);
    /* The last line of the sample. */
    g_assert_cmpfloat(number(json_array_get(rows, 1), "close"), ==, 188.589996);
    program_expect(self, 2, "data", "show", "aapl", "--as-of", "2018-01-01");
    contains(self->err, "AAPL has bars, which have no vintages");
    program_expect(self, 2, "data", "show");
    program_expect(self, 2, "data", "show", "aapl", "--head", "2", "--tail", "2");
    program_expect(self, 5, "data", "show", "zzz");
    /* What is made for bars says so of values. */
    program_write(self, "GDP.csv", "date,value\n2020-01-01,1\n2020-04-01,2\n");
    program_expect(self, 0, "data", "import", "GDP.csv", "--asset", "macro", "--interval", "1q",
                   "--lag", "1d");
    program_expect(self, 0, "data", "list");
    contains(self->out, "GDP ");
    program_expect(self, 0, "data", "verify", "gdp");
    program_expect(self, 2, "data", "resample", "gdp", "--to", "1w");
}

int main(int argc, char **argv)
{
    /* Thousands of synced files: in memory where there is such a place. */
    if (g_access("/dev/shm", W_OK) == 0)
        g_setenv("TMPDIR", "/dev/shm", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/macro/fred", test_fred);
    g_test_add_func("/macro/treasury-curve", test_treasury_curve);
    g_test_add_func("/macro/shiller", test_shiller);
    g_test_add_func("/macro/credit-rate", test_credit_rate);
    g_test_add_func("/macro/oecd", test_oecd);
    g_test_add_func("/macro/gdp-vintages", test_gdp_vintages);
    g_test_add_func("/macro/moment-of-import", test_moment_of_import);
    g_test_add_func("/macro/lag", test_lag);
    g_test_add_func("/macro/known-from", test_known_from);
    g_test_add_func("/macro/vintage-tables", test_vintage_tables);
    g_test_add_func("/macro/periods", test_periods);
    g_test_add_func("/macro/refused", test_refused);
    g_test_add_func("/macro/columns", test_columns);
    g_test_add_func("/macro/show-bars", test_show_bars);
    return g_test_run();
}
