/* data resample as a person runs it. */
#include "program.h"

#include <string.h>

#define assert_contains(text, part)                                                  \
    do {                                                                             \
        if (strstr((text), (part)) == NULL)                                          \
            g_error("%d: \"%s\" does not contain \"%s\"", __LINE__, (text), (part)); \
    } while (0)

/* Two weeks of XNYS, the first with Martin Luther King's day and without its Wednesday, the second
 * up to its Tuesday; 7:1 before the Thursday's open. */
static const char days[] = "date,open,high,low,close,volume,dividend,split\n"
                           "2020-01-21,70,77,63,70,100,7,1\n"
                           "2020-01-23,11,12,10,11,1000,0,7\n"
                           "2020-01-24,11,14,11,13,1000,0,1\n"
                           "2020-01-27,13,14,12,13,1000,0,1\n"
                           "2020-01-28,13,15,13,14,1000,0,1\n";

static program *program_with_days(void)
{
    program *self = program_new();
    program_write(self, "days.csv", days);
    program_expect(self, 0, "data", "import", "days.csv", "--symbol", "spy");
    return self;
}

static json_t *first_series(const program *self, json_t **out_root)
{
    *out_root = program_json(self);
    return json_array_get(json_object_get(*out_root, "series"), 0);
}

static void assert_integer(const json_t *object, const char *name, json_int_t want)
{
    if (json_integer_value(json_object_get(object, name)) != want)
        g_error("%s is %" JSON_INTEGER_FORMAT ", want %" JSON_INTEGER_FORMAT, name,
                json_integer_value(json_object_get(object, name)), want);
}

static void assert_text(const json_t *object, const char *name, const char *want)
{
    g_assert_cmpstr(json_string_value(json_object_get(object, name)), ==, want);
}

static void test_weeks(void)
{
    g_autoptr(program) self = program_with_days();
    json_t *root, *series;
    program_expect(self, 0, "data", "resample", "SPY", "--to", "1w", "--dry-run");
    assert_contains(self->out, "Nothing was stored");
    g_assert_cmpint(program_run(self, "data", "export", "spy", "--interval", "1w", NULL), ==, 5);

    program_expect(self, 0, "data", "resample", "SPY", "--to", "1w", "--json");
    series = first_series(self, &root);
    assert_text(series, "interval", "1w");
    assert_text(series, "from", "1d");
    assert_text(series, "provider", "resampled-1d");
    assert_text(series, "adjustment", "raw");
    assert_text(series, "first", "2020-01-20T00:00:00Z");
    assert_integer(series, "rows", 5);
    assert_integer(series, "bars", 1);
    assert_integer(series, "partial", 1);
    assert_integer(series, "unfinished", 2);
    assert_integer(series, "added", 1);
    g_assert_cmpuint(json_array_size(json_object_get(series, "source_files")), ==, 1);
    json_decref(root);
    /* Tuesday in shares of after the split: 10 11 9 10, 700 of them, a dollar each. */
    program_expect(self, 0, "data", "export", "spy", "--interval", "1w");
    g_assert_cmpstr(self->out, ==,
                    "ts,open,high,low,close,volume,dividend,split_factor,bid,ask,flags\n"
                    "2020-01-20T00:00:00Z,10,14,9,13,2700,1,7,,,0\n");

    /* Later days complete the second week; what is stored already stays. */
    program_write(self, "more.csv",
                  "date,open,high,low,close,volume\n2020-01-29,14,15,13,14,1\n"
                  "2020-01-30,14,15,13,14,1\n2020-01-31,14,15,13,14,1\n");
    program_expect(self, 0, "data", "import", "more.csv", "--symbol", "spy");
    program_expect(self, 0, "data", "resample", "SPY", "--to", "1w", "--json");
    series = first_series(self, &root);
    assert_integer(series, "added", 1);
    assert_integer(series, "unchanged", 1);
    assert_integer(series, "unfinished", 0);
    json_decref(root);
    program_expect(self, 0, "data", "verify");
}

static void test_origins_are_not_mixed(void)
{
    g_autoptr(program) self = program_with_days();
    program_write(self, "weeks.csv",
                  "date,open,high,low,close\n2020-01-13,10,12,9,11\n"
                  "2020-01-20,10,14,9,13.5\n");
    program_expect(self, 0, "data", "import", "weeks.csv", "--symbol", "spy", "--interval", "1w",
                   "--provider", "vendor");
    program_expect(self, 4, "data", "resample", "spy", "--to", "1w");
    assert_contains(self->err, "equity/SPY/1w: holds bars of vendor, and bars of resampled-1d are "
                               "not mixed with them");
    program_expect(self, 0, "data", "resample", "spy", "--to", "1w", "--replace");
    assert_contains(self->out, "SPY: the 1w bars that were stored are kept in "
                               "equity/SPY/1w.replaced-1\n");
    program_expect(self, 0, "data", "export", "spy", "--interval", "1w", "--columns", "ts,close");
    g_assert_cmpstr(self->out, ==, "ts,close\n2020-01-20T00:00:00Z,13\n");
    program_expect(self, 0, "data", "verify");

    /* The other way round as well. */
    program_expect(self, 4, "data", "import", "weeks.csv", "--symbol", "spy", "--interval", "1w");
    assert_contains(self->err, "equity/SPY/1w: holds bars of resampled-1d, and bars of csv");
    /* What was set aside is whole: put back, it is the series again. */
    g_autofree char *cache = g_build_filename(self->folder, "data/cache/equity/SPY", NULL);
    g_autofree char *weeks = g_build_filename(cache, "1w", NULL);
    g_autofree char *gone = g_build_filename(cache, "gone", NULL);
    g_autofree char *aside = g_build_filename(cache, "1w.replaced-1", NULL);
    g_assert_cmpint(rename(weeks, gone), ==, 0);
    g_assert_cmpint(rename(aside, weeks), ==, 0);
    program_expect(self, 0, "data", "verify");
    program_expect(self, 0, "data", "export", "spy", "--interval", "1w", "--columns", "close");
    g_assert_cmpstr(self->out, ==, "close\n11\n13.5\n");
}

static void test_refusals(void)
{
    g_autoptr(program) self = program_with_days();
    program_expect(self, 2, "data", "resample", "--to", "1w");
    assert_contains(self->err, "symbol: is missing");
    program_expect(self, 2, "data", "resample", "spy");
    assert_contains(self->err, "--to: is missing");
    program_expect(self, 2, "data", "resample", "spy", "--to", "1M");
    assert_contains(self->err, "--to: \"1M\" (expected 1m 5m");
    program_expect(self, 2, "data", "resample", "spy", "--from", "1d", "--to", "1h");
    assert_contains(self->err, "--from: 1d is not shorter than --to 1h");
    program_expect(self, 5, "data", "resample", "spy", "--to", "4h");
    assert_contains(self->err, "no bars of a shorter interval in the cache to make 4h from "
                               "(stored: 1d)");
    program_expect(self, 5, "data", "resample", "qqq", "--to", "1w");
    /* The bars that a run lacks can be made. */
    program_expect(self, 5, "backtest", "--symbols", "spy", "--interval", "1w");
    assert_contains(self->err, "quantbot data resample SPY --from 1d --to 1w");

    /* Two finer series: which one is not guessed at. */
    program_write(self, "hours.csv", "ts,open,high,low,close\n2020-01-21T15:00:00Z,10,12,9,11\n");
    program_expect(self, 0, "data", "import", "hours.csv", "--symbol", "spy", "--interval", "1h");
    program_expect(self, 2, "data", "resample", "spy", "--to", "1w");
    assert_contains(self->err, "several series could be resampled: 1h, 1d (expected --from");
    program_expect(self, 0, "data", "resample", "spy", "--to", "1w", "--from", "1d");
    /* One of several symbols that cannot be made: none is. */
    program_expect(self, 0, "data", "import", "days.csv", "--symbol", "qqq");
    program_expect(self, 5, "data", "resample", "spy,qqq", "--to", "4h", "--from", "1h");
    assert_contains(self->err, "QQQ: no bars of 1h in the cache to make 4h from (stored: 1d)");
    g_assert_cmpint(program_run(self, "data", "export", "spy", "--interval", "4h", NULL), ==, 5);
}

/* Several symbols from a file, and bars of hours across a change of New York's clocks: 09:00 there
 * is 14:00 UTC on Friday and 13:00 on Monday. */
static void test_many(void)
{
    g_autoptr(program) self = program_new();
    g_autoptr(GString) text = g_string_new("ts,open,high,low,close,volume\n");
    static const char *const starts[] = {"2014-03-07T14:30:00Z", "2014-03-10T13:30:00Z"};
    for (gsize d = 0; d < G_N_ELEMENTS(starts); d++) {
        g_autoptr(GDateTime) at = g_date_time_new_from_iso8601(starts[d], NULL);
        for (int minute = 0; minute < 390; minute += 15) {
            g_autoptr(GDateTime) then = g_date_time_add_minutes(at, minute);
            g_autofree char *stamp = g_date_time_format(then, "%Y-%m-%dT%H:%M:%SZ");
            g_string_append_printf(text, "%s,%d,%d,%d,%d,1\n", stamp, 100 + minute, 101 + minute,
                                   99 + minute, 100 + minute);
        }
    }
    program_write(self, "quarters.csv", text->str);
    program_write(self, "symbols.txt", "spy # one\nQQQ\n");
    program_expect(self, 0, "data", "import", "quarters.csv", "--symbol", "spy", "--interval",
                   "15m");
    program_expect(self, 0, "data", "import", "quarters.csv", "--symbol", "qqq", "--interval",
                   "15m");
    program_expect(self, 0, "data", "resample", "@symbols.txt", "--to", "4h");
    assert_contains(self->out, "SPY");
    assert_contains(self->out, "QQQ");
    program_expect(self, 0, "data", "export", "qqq", "--interval", "4h", "--columns",
                   "ts,open,close,volume");
    g_assert_cmpstr(self->out, ==,
                    "ts,open,close,volume\n2014-03-07T13:00:00Z,100,235,10\n"
                    "2014-03-07T17:00:00Z,250,475,16\n2014-03-10T12:00:00Z,100,235,10\n"
                    "2014-03-10T16:00:00Z,250,475,16\n");
    /* Once 4h bars were made, 1d ones still come from the source's. */
    program_expect(self, 0, "data", "resample", "spy", "--to", "1d", "--json");
    json_t *root;
    assert_text(first_series(self, &root), "from", "15m");
    json_decref(root);
}

/* ---- the same run --------------------------------------------------------------------------- */

static char *state_hash(program *self)
{
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--interval", "1w", "--strategy",
                   "sma_cross", "--param", "fast=3", "--param", "slow=8", "--json");
    json_t *root = program_json(self);
    char *hash = g_strdup(json_string_value(json_object_get(root, "state_hash")));
    g_assert_cmpint(json_integer_value(json_object_get(root, "fills")), >, 20);
    json_decref(root);
    return hash;
}

/* A run on made bars is the run on those bars as a source would give them. */
static void test_same_run(void)
{
    g_autoptr(program) made = program_new();
    g_autoptr(program) given = program_new();
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    g_autofree char *weeks = g_build_filename(given->folder, "weeks.csv", NULL);
    program_expect(made, 0, "data", "import", sample, "--symbol", "AAPL");
    program_expect(made, 0, "data", "resample", "AAPL", "--to", "1w");
    program_expect(made, 0, "data", "export", "AAPL", "--interval", "1w", "--out", weeks);
    program_expect(given, 0, "data", "import", "weeks.csv", "--symbol", "AAPL", "--interval", "1w",
                   "--adjustment", "split");
    g_autofree char *first = state_hash(made), *second = state_hash(given);
    g_assert_cmpstr(first, ==, second);
}

/* ---- pandas --------------------------------------------------------------------------------- */

/* The cache's own files, read and resampled by pandas: judge_resample.py. */
static void test_pandas(void)
{
    const char *python = g_getenv("QUANTBOT_PYTHON");
    if (python == NULL || *python == '\0') {
        g_test_skip("QUANTBOT_PYTHON is not set to a Python with pandas");
        return;
    }
    static const struct {
        const char *symbol, *asset;
    } cases[] = {{"BTC-USD", "crypto"}, {"SPY", "equity"}};
    static const char *const intervals[] = {"5m", "15m", "30m", "1h", "4h", "1d", "1w"};
    g_autoptr(program) self = program_new();
    g_autofree char *script = program_source("tests/commands/judge_resample.py");
    const char *make[] = {python, script, "make", self->folder, NULL};
    g_autoptr(GError) error = NULL;
    int status;
    g_spawn_sync(NULL, (char **)make, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status,
                 &error);
    g_assert_true(error == NULL && g_spawn_check_wait_status(status, NULL));
    for (gsize c = 0; c < G_N_ELEMENTS(cases); c++) {
        g_autofree char *file = g_strconcat(cases[c].symbol, ".csv", NULL);
        program_expect(self, 0, "data", "import", file, "--asset", cases[c].asset, "--symbol",
                       cases[c].symbol, "--interval", "1m");
        for (gsize i = 0; i < G_N_ELEMENTS(intervals); i++)
            program_expect(self, 0, "data", "resample", cases[c].symbol, "--from", "1m", "--to",
                           intervals[i]);
    }
    g_autofree char *output = NULL, *errors = NULL;
    const char *judge[] = {python, script, "judge", self->folder, NULL};
    g_spawn_sync(NULL, (char **)judge, NULL, G_SPAWN_DEFAULT, NULL, NULL, &output, &errors, &status,
                 &error);
    if (error != NULL || !g_spawn_check_wait_status(status, NULL))
        g_error("judge_resample.py: %s%s", output, errors);
    g_test_message("judge_resample.py: %s", g_strstrip(output));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/resample/weeks", test_weeks);
    g_test_add_func("/commands/resample/origins", test_origins_are_not_mixed);
    g_test_add_func("/commands/resample/refusals", test_refusals);
    g_test_add_func("/commands/resample/many", test_many);
    g_test_add_func("/commands/resample/same-run", test_same_run);
    g_test_add_func("/commands/resample/pandas", test_pandas);
    return g_test_run();
}
