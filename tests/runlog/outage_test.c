/* The server goes away in the middle of things: it crashes, ends a link, or says nothing any more.
 * Every run is stored once or not at all, what was acknowledged is there, and the program is
 * told. */
#include "homes.h"
#include "relay.h"

#include <string.h>

#define POINTS 20000
#define EVERY 100

static gboolean log_run(runlog *log, const char *id, GError **error)
{
    g_autofree char *stored = sample_log_run(log, id, "backtest", SAMPLE_START_US, POINTS, EVERY,
                                             error);
    return stored != NULL;
}

static void assert_says(const GError *error, const char *part)
{
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_assert_nonnull(strstr(error->message, SERVER_NAME));
    if (strstr(error->message, part) == NULL)
        g_error("\"%s\" does not say \"%s\"", error->message, part);
}

#define NOTHING "nothing was stored; try again"
#define PERHAPS "it may be stored; quantbot runs list tells"

/* ---- at a step of a run's way --------------------------------------------------------------- */

typedef struct stage {
    const char *name;
    char type;
    const char *begins;
    int at;
    gboolean after;
    gboolean stored; /* by the server, though it could not say so */
} stage;

static const stage stages[] = {
    {"begin", 'Q', "BEGIN; SET LOCAL", 1, FALSE, FALSE},
    {"begun", 'Q', "BEGIN; SET LOCAL", 1, TRUE, FALSE},
    {"first-row", 'P', "INSERT INTO runs", 1, TRUE, FALSE},
    {"copying", 'd', NULL, 12, TRUE, FALSE},
    {"copied", 'c', NULL, 1, TRUE, FALSE},
    {"commit", 'Q', "COMMIT", 1, FALSE, FALSE},
    {"committed", 'Q', "COMMIT", 1, TRUE, TRUE},
};

static relay_plan plan_of(const stage *stage, relay_fault fault)
{
    return (relay_plan){.fault = fault,
                        .type = stage->type,
                        .begins = stage->begins,
                        .at = stage->at,
                        .after = stage->after};
}

/* What one stage is met with: a way for the log, open before the fault. */
typedef struct scene {
    relay *relay;
    runlog *log;
} scene;

static scene begin_scene(const home *self, const relay_plan *plan)
{
    GError *error = NULL;
    scene made = {.relay = relay_new(homes_server())};
    relay_start(made.relay, plan);
    made.log = runlog_open_server(relay_place(made.relay, self->schema, NULL), TRUE, NULL, &error);
    g_assert_no_error(error);
    return made;
}

static void end_scene(scene *self)
{
    runlog_free(self->log);
    relay_stop(self->relay);
    relay_free(self->relay);
}

static void crash(gpointer unused)
{
    server_stop(homes_server(), "immediate");
}

static void crash_and_return(gpointer unused)
{
    crash(NULL);
    server_go_on(homes_server());
}

static gint64 runs_on_server(const home *self, const char *id)
{
    g_autofree char *sql = g_strdup_printf("SELECT count(*) FROM runs WHERE id = '%s'", id);
    return home_count(self, sql);
}

/* Without a refuge: the error says whether it may be stored, and the next try, over the same log,
 * is right either way. */
static void assert_told(const home *self, const stage *stage, relay_plan plan, const char *why)
{
    GError *error = NULL;
    plan.then = plan.fault == RELAY_CUT ? crash_and_return : NULL;
    scene scene = begin_scene(self, &plan);
    runlog_set_answer_ms(scene.log, plan.fault == RELAY_SILENT ? 100 : RUNLOG_ANSWER_MS);
    g_assert_false(log_run(scene.log, stage->name, &error));
    assert_says(error, g_str_has_prefix(stage->begins != NULL ? stage->begins : "", "COMMIT")
                           ? PERHAPS
                           : NOTHING);
    assert_says(error, why);
    g_clear_error(&error);
    g_assert_cmpint(runlog_reach_of(scene.log), ==, RUNLOG_AWAY);
    runlog_set_answer_ms(scene.log, RUNLOG_ANSWER_MS);
    g_assert_cmpint(runs_on_server(self, stage->name), ==, stage->stored);
    g_assert_cmpint(log_run(scene.log, stage->name, &error), ==, !stage->stored);
    g_clear_error(&error); /* the id is taken, where it is */
    g_assert_cmpint(runs_on_server(self, stage->name), ==, 1);
    end_scene(&scene);
}

static void test_crashed_at(home *self, gconstpointer data)
{
    const stage *stage = data;
    runlog_free(home_open(self));
    assert_told(self, stage, plan_of(stage, RELAY_CUT), "link");
    home_expect_runs(self, 1, 1, POINTS, stage->name);
}

static void test_silent_at(home *self, gconstpointer data)
{
    const stage *stage = data;
    runlog_free(home_open(self));
    assert_told(self, stage, plan_of(stage, RELAY_SILENT), "no answer within 0.1 s");
    home_expect_runs(self, 1, 1, POINTS, stage->name);
}

/* With a refuge, and a server that is back at once: it is asked for the run, and has it once. */
static void test_back_at(home *self, gconstpointer data)
{
    GError *error = NULL;
    const stage *stage = data;
    relay_plan plan = plan_of(stage, RELAY_CUT);
    runlog_free(home_open(self));
    scene scene = begin_scene(self, &plan);
    runlog_set_refuge(scene.log, self->folder.path);
    g_assert_true(log_run(scene.log, stage->name, &error));
    g_assert_no_error(error);
    g_assert_null(runlog_refuge_reason(scene.log));
    g_assert_false(g_file_test(self->folder.path, G_FILE_TEST_EXISTS));
    home_expect_runs(self, 1, 1, POINTS, stage->name);
    end_scene(&scene);
}

/* With a refuge, and a server that stays away: the run is in the file, and carried over it is on
 * the server once. */
static void test_away_at(home *self, gconstpointer data)
{
    GError *error = NULL;
    gboolean carried = FALSE;
    const stage *stage = data;
    relay_plan plan = plan_of(stage, RELAY_CUT);
    plan.then = crash;
    runlog_free(home_open(self));
    scene scene = begin_scene(self, &plan);
    runlog_set_refuge(scene.log, self->folder.path);
    g_assert_true(log_run(scene.log, stage->name, &error));
    g_assert_no_error(error);
    g_assert_nonnull(runlog_refuge_reason(scene.log));
    g_assert_cmpstr(runlog_path(scene.log), ==, self->folder.path);
    server_go_on(homes_server());
    home_expect_runs(self, stage->stored, stage->stored, POINTS, stage->name);
    g_autoptr(runlog) file = runlog_open(self->folder.path, &error);
    g_assert_true(runlog_carry(file, scene.log, stage->name, &carried, &error));
    g_assert_no_error(error);
    g_assert_cmpint(carried, ==, !stage->stored);
    home_expect_runs(self, 1, 1, POINTS, stage->name);
    end_scene(&scene);
}

/* One that takes connections and says nothing more is away, and soon: a backtest takes refuge. */
static void test_silent_opening(home *self, gconstpointer unused)
{
    GError *error = NULL;
    runlog_reach reach = RUNLOG_REACHED;
    const relay_plan plan = {.fault = RELAY_SILENT, .type = 'Q', .at = 1};
    if (!g_test_slow()) {
        g_test_skip("waits for 10 seconds (-m slow)");
        return;
    }
    runlog_free(home_open(self));
    relay *relay = relay_new(homes_server());
    relay_start(relay, &plan);
    g_assert_null(runlog_open_server(relay_place(relay, self->schema, NULL), TRUE, &reach, &error));
    assert_says(error, "no answer within 10 s");
    g_assert_cmpint(reach, ==, RUNLOG_AWAY);
    g_clear_error(&error);
    relay_stop(relay);
    relay_free(relay);
}

/* A reader too is told within the wait, and reads when the server talks again. */
static void test_silent_reading(home *self, gconstpointer unused)
{
    GError *error = NULL;
    const relay_plan plan = {.fault = RELAY_SILENT, .type = 'P', .begins = "SELECT ts", .at = 1};
    runlog *log = home_open(self);
    g_assert_true(log_run(log, "run-1", &error));
    runlog_free(log);
    scene scene = begin_scene(self, &plan);
    runlog_set_answer_ms(scene.log, 100);
    g_autoptr(GArray) none = runlog_equity(scene.log, "run-1", &error);
    g_assert_null(none);
    assert_says(error, "no answer within 0.1 s");
    assert_says(error, "try again");
    g_clear_error(&error);
    g_autoptr(GArray) points = runlog_equity(scene.log, "run-1", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(points->len, ==, POINTS);
    end_scene(&scene);
}

static gboolean stop_at_once(const runlog_cell *cells, gpointer data, GError **error)
{
    g_set_error_literal(error, FAILURE, FAILURE_IO, "enough");
    return FALSE;
}

/* A long answer that is not wanted to its end is left without waiting for anybody. */
static void test_left_reading(home *self, gconstpointer unused)
{
    GError *error = NULL;
    const runlog_view *view = runlog_view_find("equity");
    g_autoptr(runlog) log = home_open(self);
    g_assert_true(log_run(log, "run-1", &error));
    server_freeze(homes_server(), TRUE);
    g_assert_false(runlog_view_read(log, view, "run-1", stop_at_once, NULL, &error));
    server_freeze(homes_server(), FALSE);
    g_assert_error(error, FAILURE, FAILURE_IO);
    g_clear_error(&error);
    g_assert_cmpint(runlog_reach_of(log), ==, RUNLOG_REACHED);
    g_autoptr(GArray) points = runlog_equity(log, "run-1", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(points->len, ==, POINTS);
    sample_log(log, "run-2", "backtest", SAMPLE_START_US, POINTS, EVERY);
    home_expect_runs(self, 2, 2, POINTS, "left");
}

/* ---- at any time ---------------------------------------------------------------------------- */

#define OTHERS                                                      \
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity" \
    " WHERE application_name = 'quantbot' AND pid <> pg_backend_pid()"

static void test_terminated(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, "run-1", "backtest", SAMPLE_START_US, 100, 10);
    server_sql(homes_server(), NULL, OTHERS);
    g_autoptr(GArray) lost = runlog_equity(log, "run-1", &error);
    g_assert_null(lost);
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_assert_cmpint(runlog_reach_of(log), ==, RUNLOG_AWAY);
    g_clear_error(&error);
    g_autoptr(GArray) found = runlog_equity(log, "run-1", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found->len, ==, 100);
    /* in the middle of a batch: all of it is gone, and the next one holds */
    g_assert_true(runlog_batch_begin(log, &error));
    server_sql(homes_server(), NULL, OTHERS);
    g_assert_false(runlog_batch_end(log, TRUE, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_clear_error(&error);
    sample_log(log, "run-2", "backtest", SAMPLE_START_US, 100, 10);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM runs"), ==, 2);
}

static void test_crashed(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, "run-1", "backtest", SAMPLE_START_US, 100, 10);
    server_stop(homes_server(), "immediate");
    g_autofree char *none = sample_log_run(log, "run-2", "backtest", SAMPLE_START_US, 100, 10,
                                           &error);
    g_assert_null(none);
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_assert_cmpint(runlog_reach_of(log), ==, RUNLOG_AWAY);
    g_clear_error(&error);
    runlog_reach reach = RUNLOG_REACHED;
    g_assert_null(runlog_open_server(home_place(self), TRUE, &reach, &error));
    g_assert_cmpint(reach, ==, RUNLOG_AWAY);
    g_clear_error(&error);
    server_go_on(homes_server());
    sample_log(log, "run-2", "backtest", SAMPLE_START_US, 100, 10);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM equity_points"), ==, 200);
}

#define ROUNDS 8

typedef struct writing {
    runlog *log;
    gint number, done; /* atomic */
} writing;

static gpointer write_round(gpointer data)
{
    writing *self = data;
    GError *error = NULL;
    g_autofree char *id = g_strdup_printf("round-%d", self->number);
    g_assert_true(log_run(self->log, id, &error));
    g_assert_no_error(error);
    g_atomic_int_set(&self->done, TRUE);
    return NULL;
}

/* The link is cut again and again while runs are stored: each is on the server or in the refuge,
 * whole, and once both are brought together each is there once. */
static void test_cut_while_writing(home *self, gconstpointer unused)
{
    GError *error = NULL;
    int refuges = 0;
    runlog_free(runlog_open(self->folder.path, &error));
    for (int i = 0; i < ROUNDS; i++) {
        g_autoptr(runlog) log = home_open(self);
        runlog_set_refuge(log, self->folder.path);
        writing work = {.log = log, .number = i};
        GThread *thread = g_thread_new("writer", write_round, &work);
        for (int cuts = 0; !g_atomic_int_get(&work.done); cuts++)
            if (i % 4 == 0 || cuts == i) /* for ever, or once somewhere in it */
                server_sql(homes_server(), NULL, OTHERS);
            else
                server_sql(homes_server(), NULL, "SELECT 1");
        g_thread_join(thread);
        refuges += runlog_refuge_reason(log) != NULL;
    }
    g_test_message("%d of %d runs took refuge", refuges, ROUNDS);
    g_autoptr(runlog) log = home_open(self);
    g_autoptr(runlog) file = runlog_open(self->folder.path, &error);
    g_autoptr(GPtrArray) kept = runlog_list(file, NULL, 0, &error);
    g_assert_cmpuint(kept->len, ==, (guint)refuges);
    for (guint i = 0; i < kept->len; i++) {
        gboolean carried = FALSE;
        const runlog_summary *run = kept->pdata[i];
        g_assert_true(runlog_carry(file, log, run->id, &carried, &error));
        g_assert_no_error(error);
    }
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM runs"), ==, ROUNDS);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM equity_points"), ==, ROUNDS * POINTS);
    g_assert_cmpint(home_count(self, "SELECT count(DISTINCT state_hash) FROM runs"), ==, 1);
}

static void add_stages(const char *group, home_test test)
{
    for (gsize i = 0; i < G_N_ELEMENTS(stages); i++) {
        g_autofree char *name = g_strdup_printf("outage/%s/%s", group, stages[i].name);
        homes_add_to(RUNLOG_POSTGRES, name, test, &stages[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_stages("crashed", test_crashed_at);
    add_stages("back", test_back_at);
    add_stages("away", test_away_at);
    add_stages("silent", test_silent_at);
    homes_add_to(RUNLOG_POSTGRES, "outage/silent/reading", test_silent_reading, NULL);
    homes_add_to(RUNLOG_POSTGRES, "outage/silent/opening", test_silent_opening, NULL);
    homes_add_to(RUNLOG_POSTGRES, "outage/left-reading", test_left_reading, NULL);
    homes_add_to(RUNLOG_POSTGRES, "outage/terminated", test_terminated, NULL);
    homes_add_to(RUNLOG_POSTGRES, "outage/crashed", test_crashed, NULL);
    homes_add_to(RUNLOG_POSTGRES, "outage/cut-while-writing", test_cut_while_writing, NULL);
    return homes_run();
}
