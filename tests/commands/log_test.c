/* db and runs, as a person asks them: an absent, an empty and a filled run log. */
#include "program.h"

#include <string.h>

static void expect_says(const program *self, const char *text)
{
    if (strstr(self->out, text) == NULL && strstr(self->err, text) == NULL)
        g_error("\"%s\" is not in:\n%s%s", text, self->out, self->err);
}

static void expect_narrow(const program *self)
{
    g_auto(GStrv) lines = g_strsplit(self->out, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (g_utf8_strlen(*line, -1) > 80)
            g_error("wider than 80 columns: %s", *line);
}

static void import_sample(program *self)
{
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL", "--asset", "equity",
                   "--interval", "1d");
}

/* Two runs: sma_cross and buy-and-hold beside it. */
static program *program_with_runs(void)
{
    program *self = program_new();
    import_sample(self);
    program_expect(self, 0, "backtest", "--symbols", "AAPL", "--strategy", "sma_cross", "--param",
                   "fast=10", "--param", "slow=30");
    return self;
}

static char *log_path(const program *self)
{
    return g_build_filename(self->folder, "data", "runtime", "quantbot.db", NULL);
}

/* ---- absent and empty ----------------------------------------------------------------------- */

static void test_absent(void)
{
    static const char *const commands[][4] = {
        {"db", "status"},          {"db", "purge-sim", "--yes"}, {"db", "dump-kpis"},
        {"runs", "list"},          {"runs", "show", "last"},     {"runs", "list", "--json"},
        {"db", "status", "--json"}};
    g_autoptr(program) self = program_new();
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        const char *words[5] = {NULL};
        memcpy(words, commands[i], sizeof commands[i]);
        g_assert_cmpint(program_run_vector(self, words), ==, 5);
        expect_says(self, "quantbot db init");
        g_assert_cmpstr(self->out, ==, "");
    }
    g_autofree char *path = log_path(self);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS)); /* asking makes nothing */
}

static void test_init(void)
{
    g_autoptr(program) self = program_new();
    g_autofree char *path = log_path(self);
    program_expect(self, 0, "db", "init", "--json");
    json_auto_t *made = program_json(self);
    g_assert_cmpstr(json_string_value(json_object_get(made, "result")), ==, "made");
    g_assert_cmpstr(json_string_value(json_object_get(made, "path")), ==, path);
    g_assert_cmpint(json_integer_value(json_object_get(made, "schema_version")), ==, 5);
    program_expect(self, 0, "db", "init");
    expect_says(self, "is there already");
    expect_says(self, path);
    program_expect(self, 0, "db", "status");
    expect_says(self, "none yet");
    expect_narrow(self);
    program_expect(self, 0, "runs", "list");
    expect_says(self, "No such run is logged yet");
    program_expect(self, 0, "runs", "list", "--json");
    json_auto_t *list = program_json(self);
    g_assert_cmpint(json_array_size(json_object_get(list, "runs")), ==, 0);
    program_expect(self, 0, "db", "dump-kpis", "--json");
    json_auto_t *kpis = program_json(self);
    g_assert_true(json_is_array(kpis));
    program_expect(self, 0, "db", "purge-sim");
    expect_says(self, "Nothing to delete.");
    program_expect(self, 5, "runs", "show", "last");
}

static void test_not_a_log(void)
{
    g_autoptr(program) self = program_new();
    g_autofree char *runtime = g_build_filename(self->folder, "data", "runtime", NULL);
    g_assert_cmpint(g_mkdir_with_parents(runtime, 0700), ==, 0);
    program_write(self, "data/runtime/quantbot.db", "this is text, and long enough to be read\n");
    program_expect(self, 8, "db", "init");
    expect_says(self, "not a SQLite database");
    program_expect(self, 8, "db", "status");
    g_autofree char *path = log_path(self);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "this is text, and long enough to be read\n");
}

static void test_usage(void)
{
    static const struct {
        const char *words[5];
        const char *says;
    } cases[] = {
        {{"db", "init", "more"}, "unexpected argument more"},
        {{"db", "purge-sim", "--mode", "paper"}, "\"paper\""},
        {{"db", "purge-sim", "--before", "soon"}, "--before: \"soon\""},
        {{"db", "dump-kpis", "--json", "--csv"}, "exclude each other"},
        {{"db", "dump-kpis", "--limit", "0"}, "--limit: 0"},
        {{"runs", "list", "--mode", "live"}, "\"live\""},
        {{"runs", "list", "--limit", "-1"}, "--limit: -1"},
        {{"runs", "show"}, "which run?"},
        {{"runs", "show", "abc"}, "at least 4 characters"},
        {{"runs", "show", "last", "--trades=0"}, "--trades: \"0\""},
    };
    g_autoptr(program) self = program_new();
    program_expect(self, 0, "db", "init");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *words[6] = {NULL};
        memcpy(words, cases[i].words, sizeof cases[i].words);
        if (program_run_vector(self, words) != 2)
            g_error("case %" G_GSIZE_FORMAT ": exit %d\n%s", i, self->exit_code, self->err);
        expect_says(self, cases[i].says);
        g_assert_cmpstr(self->out, ==, "");
    }
}

/* ---- filled --------------------------------------------------------------------------------- */

static void test_list_and_show(void)
{
    g_autoptr(program) self = program_with_runs();
    program_expect(self, 0, "runs", "list");
    expect_says(self, "sma_cross");
    expect_says(self, "buy_and_hold");
    expect_narrow(self);
    program_expect(self, 0, "runs", "list", "--json");
    json_auto_t *list = program_json(self);
    json_t *runs = json_object_get(list, "runs");
    g_assert_cmpint(json_array_size(runs), ==, 2);
    json_t *sma = json_array_get(runs, 0); /* newest first: the one that was asked for */
    const char *id = json_string_value(json_object_get(sma, "id"));
    g_assert_cmpstr(json_string_value(json_object_get(sma, "strategy")), ==, "sma_cross");

    program_expect(self, 0, "runs", "show", id);
    expect_says(self, id);
    expect_says(self, "fast=10 slow=30");
    expect_says(self, "Sharpe ratio");
    expect_says(self, "Last 5 of ");
    expect_narrow(self);
    program_expect(self, 0, "runs", "show", id, "--json", "--trades", "3");
    json_auto_t *shown = program_json(self);
    g_assert_cmpint(json_array_size(json_object_get(shown, "trade_list")), ==, 3);
    g_assert_cmpint(json_integer_value(json_object_get(shown, "equity_points")), ==, 1260);
    g_assert_true(json_equal(json_object_get(shown, "kpis"), json_object_get(sma, "kpis")));
    g_assert_nonnull(json_object_get(json_object_get(shown, "params"), "data"));

    g_autofree char *prefix = g_strndup(id, 4); /* of both runs */
    program_expect(self, 2, "runs", "show", prefix);
    expect_says(self, "fits several");
    program_expect(self, 5, "runs", "show", "ffff");
    program_expect(self, 0, "runs", "list", "--mode", "paper");
    expect_says(self, "No such run");
}

static void test_kpis(void)
{
    g_autoptr(program) self = program_with_runs();
    program_expect(self, 0, "db", "dump-kpis");
    expect_says(self, "drawdown");
    expect_narrow(self);
    program_expect(self, 0, "db", "dump-kpis", "--run", "last");
    expect_says(self, "Total return");
    expect_narrow(self);
    program_expect(self, 0, "db", "dump-kpis", "--csv");
    g_auto(GStrv) lines = g_strsplit(g_strchomp(self->out), "\n", -1);
    g_assert_cmpint(g_strv_length(lines), ==, 3);
    g_assert_true(g_str_has_prefix(lines[0], "id,started_at,mode,strategy,universe,total_return,"));
    g_auto(GStrv) heads = g_strsplit(lines[0], ",", -1);
    for (int i = 1; i <= 2; i++) {
        g_auto(GStrv) cells = g_strsplit(lines[i], ",", -1);
        g_assert_cmpint(g_strv_length(cells), ==, g_strv_length(heads));
    }
    program_expect(self, 0, "db", "dump-kpis", "--limit", "1", "--json");
    json_auto_t *one = program_json(self);
    g_assert_cmpint(json_array_size(one), ==, 1);
    program_expect(self, 0, "runs", "show", "last", "--json");
    json_auto_t *last = program_json(self);
    g_assert_true(
        json_equal(json_object_get(json_array_get(one, 0), "kpis"), json_object_get(last, "kpis")));
}

static void test_purge(void)
{
    g_autoptr(program) self = program_with_runs();
    program_expect(self, 2, "db", "purge-sim"); /* no terminal, no --yes */
    expect_says(self, "nothing was deleted: --yes is needed");
    expect_says(self, "2,520"); /* equity points of two runs of 1,260 bars */
    program_expect(self, 2, "db", "purge-sim", "--json");
    json_auto_t *asked = program_json(self);
    g_assert_true(json_is_false(json_object_get(asked, "deleted")));
    program_expect(self, 0, "db", "purge-sim", "--yes", "--before", "2001-01-01");
    expect_says(self, "Nothing to delete.");
    program_expect(self, 0, "db", "purge-sim", "--yes", "--mode", "replay");
    program_expect(self, 0, "runs", "list", "--json");
    json_auto_t *list = program_json(self);
    g_assert_cmpint(json_array_size(json_object_get(list, "runs")), ==, 2);
    program_expect(self, 0, "db", "purge-sim", "--yes", "--json");
    json_auto_t *done = program_json(self);
    g_assert_true(json_is_true(json_object_get(done, "deleted")));
    g_assert_cmpint(json_integer_value(json_object_get(json_object_get(done, "rows"), "runs")), ==,
                    2);
    program_expect(self, 0, "db", "status", "--json");
    json_auto_t *status = program_json(self);
    g_assert_true(json_is_null(json_object_get(status, "last_run")));
    program_expect(self, 0, "data", "verify"); /* the cache was not touched */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log/absent", test_absent);
    g_test_add_func("/log/init", test_init);
    g_test_add_func("/log/not-a-log", test_not_a_log);
    g_test_add_func("/log/usage", test_usage);
    g_test_add_func("/log/list-and-show", test_list_and_show);
    g_test_add_func("/log/kpis", test_kpis);
    g_test_add_func("/log/purge", test_purge);
    return g_test_run();
}
