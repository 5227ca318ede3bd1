/* kill -9 at random moments: what was acknowledged (exit 0) is there afterwards, the cache and
 * the database verify, and the same work done again ends as if nothing had happened.
 *
 * The moments come from a seed that is printed; QUANTBOT_KILL_SEED replays one. */
#include "program.h"

#include "core/base/base.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 100 /* of each kind: 200 kills together */

static guint64 seed_from_environment(void)
{
    const char *text = g_getenv("QUANTBOT_KILL_SEED");
    const guint64 seed = text != NULL ? g_ascii_strtoull(text, NULL, 10) : 20130513;
    g_test_message("QUANTBOT_KILL_SEED=%" G_GUINT64_FORMAT, seed);
    return seed;
}

/* Starts the program and kills it after a while; TRUE when it had ended with exit 0 before. */
static gboolean run_and_kill(program *self, const char *const *words, gint64 after_us)
{
    const GPid pid = program_start(self, words);
    const gint64 until = g_get_monotonic_time() + after_us;
    int status = 0;
    pid_t ended = 0;
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && g_get_monotonic_time() < until)
        g_usleep(50);
    if (ended == 0) {
        kill(pid, SIGKILL);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        g_error("%s %s ended with %d by itself", words[0], words[1], WEXITSTATUS(status));
    return WIFEXITED(status);
}

/* The shortest of three: what a kill must fall into. */
static gint64 duration_us(program *self, const char *const *words)
{
    gint64 best = G_MAXINT64;
    for (int i = 0; i < 3; i++) {
        const gint64 start = g_get_monotonic_time();
        g_assert_cmpint(program_run_vector(self, words), ==, 0);
        best = MIN(best, g_get_monotonic_time() - start);
    }
    return best;
}

/* ---- import -------------------------------------------------------------------------------- */

/* The sample with every volume changed, so that each import rewrites each month. */
static char *variant(program *self, int which)
{
    g_autofree char *path = program_source("samples/AAPL-2013-2018.csv");
    g_autofree char *text = NULL;
    g_autofree char *name = g_strdup_printf("variant%d.csv", which);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    if (which > 0) {
        g_auto(GStrv) parts = g_strsplit(text, "00\n", -1);
        g_free(text);
        text = g_strjoinv("01\n", parts);
    }
    program_write(self, name, text);
    return g_steal_pointer(&name);
}

static char **variants(program *self)
{
    char **names = g_new0(char *, 3);
    names[0] = variant(self, 0);
    names[1] = variant(self, 1);
    return names;
}

static gint64 stored_rows(program *self)
{
    if (program_run(self, "data", "list", "--json", NULL) != 0)
        return 0;
    json_t *root = program_json(self);
    json_t *series = json_is_array(root) ? root : json_object_get(root, "series");
    gint64 rows = 0;
    for (gsize i = 0; i < json_array_size(series); i++)
        rows += json_integer_value(json_object_get(json_array_get(series, i), "rows"));
    json_decref(root);
    return rows;
}

static void test_import(void)
{
    g_autoptr(program) self = program_new();
    qb_random random = {seed_from_environment()};
    g_auto(GStrv) files = variants(self);
    const char *words[] = {"data", "import", files[0], "--symbol", "AAPL", NULL};
    const gint64 whole_us = duration_us(self, words);
    const gint64 all_rows = stored_rows(self);
    g_assert_cmpint(all_rows, ==, 1260); /* wc -l of the sample, without its header */

    g_autoptr(program) fresh = program_new();
    g_auto(GStrv) fresh_files = variants(fresh);
    gint64 least = 0;
    for (int round = 0; round < ROUNDS; round++) {
        words[2] = fresh_files[round % 2];
        const gint64 after_us = (gint64)(qb_random_unit(&random) * 1.2 * (double)whole_us);
        const gboolean done = run_and_kill(fresh, words, after_us);
        const gint64 rows = stored_rows(fresh);
        if (done)
            least = all_rows;
        /* Files are merged, never shortened: rows only grow. */
        if (rows < least || rows > all_rows)
            g_error("round %d, kill after %" G_GINT64_FORMAT " us: %" G_GINT64_FORMAT
                    " rows, at least %" G_GINT64_FORMAT " were stored",
                    round, after_us, rows, least);
        least = MAX(least, rows);
        if (rows > 0)
            program_expect(fresh, 0, "data", "verify");
    }
    program_expect(fresh, 0, "data", "import", fresh_files[0], "--symbol", "AAPL");
    program_expect(fresh, 0, "data", "verify");
    g_assert_cmpint(stored_rows(fresh), ==, all_rows);
}

/* ---- backtest ------------------------------------------------------------------------------ */

/* Every run that the log shows has ended, with ratios; returns how many there are. */
static gint64 whole_runs(program *self)
{
    if (program_run(self, "runs", "list", "--limit", "1000", "--json", NULL) != 0)
        return 0;
    json_t *root = program_json(self);
    json_t *runs = json_is_array(root) ? root : json_object_get(root, "runs");
    const gsize count = json_array_size(runs);
    for (gsize i = 0; i < count; i++) {
        json_t *run = json_array_get(runs, i);
        g_assert_true(json_is_string(json_object_get(run, "ended_at")));
    }
    json_decref(root);
    return (gint64)count;
}

static void test_backtest(void)
{
    g_autoptr(program) self = program_new();
    qb_random random = {seed_from_environment()};
    g_autofree char *sample = program_source("samples/AAPL-2013-2018.csv");
    const char *const words[] = {"backtest", "--symbols", "AAPL", "--beside", "none", NULL};
    program_expect(self, 0, "data", "import", sample, "--symbol", "AAPL");
    const gint64 whole_us = duration_us(self, words);
    gint64 acknowledged = whole_runs(self);
    g_assert_cmpint(acknowledged, ==, 3);
    for (int round = 0; round < ROUNDS; round++) {
        const gint64 after_us = (gint64)(qb_random_unit(&random) * 1.2 * (double)whole_us);
        acknowledged += run_and_kill(self, words, after_us);
        /* A kill between the commit and the exit leaves a whole run that nobody was told of. */
        const gint64 runs = whole_runs(self);
        if (runs < acknowledged)
            g_error("round %d, kill after %" G_GINT64_FORMAT " us: %" G_GINT64_FORMAT
                    " runs, %" G_GINT64_FORMAT " were acknowledged",
                    round, after_us, runs, acknowledged);
        acknowledged = runs;
    }
    program_expect(self, 0, "db", "status");
    program_expect(self, 0, "runs", "reproduce", "last");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/kill/import", test_import);
    g_test_add_func("/commands/kill/backtest", test_backtest);
    return g_test_run();
}
