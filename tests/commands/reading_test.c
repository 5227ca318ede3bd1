/* What other programs see: the snippets of docs/READING.md, run as they stand there, and the
 * cache's own files in other readers. QUANTBOT_PYTHON and QUANTBOT_HYPARQUET as in
 * tests/parquet/interop_test.c. */
#include "program.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define MISSING_PACKAGE 77

/* Three days of another symbol, in a month whose file has quotes and flags. */
static const char other[] = "date,open,high,low,close,volume,bid,ask,flags\n"
                            "2014-06-06,195,196,194,195.5,,195.4,195.6,0\n"
                            "2014-06-09,195.5,197,195,196.25,100,,,1\n"
                            "2014-06-10,196,197,195,196,100,195.9,,0\n";
/* A day of the sample once more, now with a flag: one month of many has the column. */
static const char flagged[] = "Date,Open,High,Low,Close,Volume,flags\n"
                              "2013-05-13,64.501427,65.414284,64.500000,64.962860,79237200,1\n";
static const char gdp[] = "ts,value,known_from\n"
                          "2015-01-01,100,2015-04-29\n2015-01-01,99.5,2015-05-29\n"
                          "2015-01-01,101,2015-07-30\n2015-04-01,102,2015-07-30\n"
                          "2014-10-01,98,2015-01-30\n2014-10-01,,2015-02-27\n";

static const char *python(void)
{
    const char *path = g_getenv("QUANTBOT_PYTHON");
    if (path != NULL && *path != '\0')
        return path;
    g_test_skip("QUANTBOT_PYTHON is not set to a Python with pandas, polars and duckdb");
    return NULL;
}

/* In the program's folder; skips the test when the judge lacks a package. */
static void run_judge(const program *self, const char *const *words)
{
    g_autofree char *output = NULL, *errors = NULL;
    g_autoptr(GError) error = NULL;
    int status;
    g_spawn_sync(self->folder, (char **)words, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
                 &errors, &status, &error);
    g_assert_no_error(error);
    if (g_spawn_check_wait_status(status, &error))
        g_test_message("%s", g_strstrip(output));
    else if (g_error_matches(error, G_SPAWN_EXIT_ERROR, MISSING_PACKAGE))
        g_test_skip(g_strstrip(output));
    else
        g_error("%s%s", output, errors);
}

static program *program_with_data(void)
{
    program *self = program_new();
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    program_write(self, "other.csv", other);
    program_write(self, "flagged.csv", flagged);
    program_write(self, "gdp.csv", gdp);
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL");
    program_expect(self, 0, "data", "import", "flagged.csv", "--symbol", "AAPL", "--adjustment",
                   "split");
    program_expect(self, 0, "data", "import", "other.csv", "--symbol", "SPY");
    program_expect(self, 0, "data", "import", "gdp.csv", "--asset", "macro", "--symbol", "GDPC1",
                   "--interval", "1q");
    return self;
}

/* ---- snippets ------------------------------------------------------------------------------- */

/* expected.json: what the sample's text and the program say. */
static void write_expected(program *self)
{
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--json");
    json_auto_t *run = program_json(self);
    json_t *beside = json_object_get(run, "beside");
    const json_int_t fills = json_integer_value(json_object_get(run, "fills")) +
                             json_integer_value(json_object_get(beside, "fills"));
    /* Buy and hold decides on the first close and is filled at the next open. */
    json_auto_t *expected =
        json_pack("{s:i, s:s, s:s, s:f, s:f, s:i, s:I, s:O, s:s, s:O, s:i, s:f}", "rows", 1260,
                  "first", "2013-05-13T00:00:00Z", "day", "2014-06-09T00:00:00Z", "close",
                  93.699997, "close_spy", 196.25, "rows_spy", 3, "fills", fills, "run",
                  json_object_get(beside, "run"), "first_fill", "2013-05-14T13:30:00Z", "fees",
                  json_object_get(beside, "fees"), "known", 2, "known_last", 99.5);
    g_autofree char *text = json_dumps(expected, JSON_REAL_PRECISION(17));
    program_write(self, "expected.json", text);
}

static void test_snippet(gconstpointer heading)
{
    if (python() == NULL)
        return;
    g_autoptr(program) self = program_with_data();
    write_expected(self);
    g_autofree char *script = program_source("tests/commands/judge_reading.py");
    g_autofree char *page = program_source("docs/READING.md");
    const char *words[] = {python(), script, "snippet", page, heading, NULL};
    run_judge(self, words);
}

/* ---- the cache's own files ------------------------------------------------------------------ */

static const struct {
    const char *file, *symbol, *interval, *start, *end;
} months[] = {
    {"equity/AAPL/1d/2013/2013-05.parquet", "AAPL", "1d", "2013-05-01", "2013-05-31"},
    {"equity/AAPL/1d/2014/2014-06.parquet", "AAPL", "1d", "2014-06-01", "2014-06-30"},
    {"equity/SPY/1d/2014/2014-06.parquet", "SPY", "1d", "2014-06-01", "2014-06-30"},
    {"equity/AAPL/1w/2014/2014-06.parquet", "AAPL", "1w", "2014-06-01", "2014-06-30"},
    {"macro/GDPC1/1q/2014/2014-10.parquet", "GDPC1", "1q", "2014-10-01", "2014-10-31"},
    {"macro/GDPC1/1q/2015/2015-01.parquet", "GDPC1", "1q", "2015-01-01", "2015-01-31"},
};

/* judged/N.parquet, and N.csv of what data export says is in it. */
static program *program_with_judged_files(void)
{
    program *self = program_with_data();
    program_expect(self, 0, "data", "resample", "AAPL", "--to", "1w");
    g_autofree char *folder = g_build_filename(self->folder, "judged", NULL);
    g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
    for (gsize i = 0; i < G_N_ELEMENTS(months); i++) {
        g_autofree char *csv = g_strdup_printf("judged/%zu.csv", i);
        g_autofree char *name = g_strdup_printf("%zu.parquet", i);
        g_autofree char *from = g_build_filename(self->folder, "data/cache", months[i].file, NULL);
        g_autofree char *to = g_build_filename(folder, name, NULL);
        program_expect(self, 0, "data", "export", months[i].symbol, "--interval",
                       months[i].interval, "--start", months[i].start, "--end", months[i].end,
                       "--out", csv);
        g_assert_cmpint(link(from, to), ==, 0);
    }
    return self;
}

static void test_cache_files(void)
{
    if (python() == NULL)
        return;
    g_autoptr(program) self = program_with_judged_files();
    g_autofree char *script = program_source("tests/commands/judge_reading.py");
    const char *words[] = {python(), script, "cache", "judged", NULL};
    run_judge(self, words);
}

static void test_cache_files_hyparquet(void)
{
    const char *modules = g_getenv("QUANTBOT_HYPARQUET");
    if (modules == NULL || *modules == '\0') {
        g_test_skip("QUANTBOT_HYPARQUET is not set to a node_modules folder with hyparquet");
        return;
    }
    g_autoptr(program) self = program_with_judged_files();
    g_autofree char *script = program_source("tests/parquet/judge.mjs");
    const char *words[] = {"node", script, modules, "cache", "judged", NULL};
    run_judge(self, words);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/commands/reading/pandas", "pandas", test_snippet);
    g_test_add_data_func("/commands/reading/polars", "polars", test_snippet);
    g_test_add_data_func("/commands/reading/duckdb", "DuckDB", test_snippet);
    g_test_add_data_func("/commands/reading/macro", "Macro series", test_snippet);
    g_test_add_func("/commands/reading/cache-files", test_cache_files);
    g_test_add_func("/commands/reading/cache-files-hyparquet", test_cache_files_hyparquet);
    return g_test_run();
}
