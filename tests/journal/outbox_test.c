/* The outbox: in order, exactly once, through every way in which a server can be lost. Time is the
 * test's: nothing sleeps. */
#include "lab.h"

#include "platform/log.h"

#include <string.h>

/* ---- a server that comes and goes ----------------------------------------------------------- */

typedef struct server {
    outbox_target real;
    gboolean down;
    gboolean mute; /* takes rows, and its answer is lost */
    guint puts, taken;
    gint64 last_seq; /* of the last batch that was taken */
} server;

static gboolean server_put(void *data, const char *run, const journal_event *events, gsize count,
                           GError **error)
{
    server *self = data;
    self->puts++;
    for (gsize i = 1; i < count; i++)
        g_assert_cmpint(events[i].seq, >, events[i - 1].seq);
    if (!self->down && !self->real.put(self->real.self, run, events, count, error))
        return FALSE;
    if (self->down || self->mute) {
        g_set_error(error, FAILURE, FAILURE_DATABASE, "server: connection lost");
        return FALSE;
    }
    self->taken += (guint)count;
    self->last_seq = events[count - 1].seq;
    return TRUE;
}

typedef struct bench {
    lab lab;
    journal *journal;
    runlog *log;
    server server;
    outbox *box;
    gint64 now_us;
} bench;

static void bench_box(bench *self)
{
    g_autoptr(GError) error = NULL;
    const outbox_target target = {"server", &self->server, server_put};
    self->box = outbox_new(self->lab.paper, LAB_RUN, &target, 7, &error);
    g_assert_no_error(error);
}

static void bench_open(bench *self, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    lab_open(&self->lab, NULL);
    self->now_us = LAB_NOW_US;
    self->journal = lab_journal(&self->lab, NULL);
    self->log = lab_log(&self->lab);
    self->server = (server){.real = outbox_target_of(self->log)};
    g_assert_true(lab_start(self->journal, &error));
    g_assert_true(journal_commit(self->journal, self->now_us, &error));
    bench_box(self);
}

static void bench_close(bench *self, gconstpointer unused)
{
    outbox_free(self->box);
    journal_free(self->journal);
    runlog_free(self->log);
    lab_close(&self->lab, NULL);
}

static void write_steps(bench *self, guint64 from, guint64 to)
{
    g_autoptr(GError) error = NULL;
    for (guint64 n = from; n <= to; n++)
        g_assert_true(lab_step(self->journal, n, &error));
    journal_commit(self->journal, self->now_us, &error);
    g_assert_no_error(error);
}

static gint64 step(bench *self)
{
    gint64 next_us = 0;
    g_autoptr(GError) error = NULL;
    outbox_step(self->box, self->now_us, &next_us, &error);
    g_assert_no_error(error);
    return next_us;
}

static outbox_lag lag(bench *self)
{
    outbox_lag lag;
    g_autoptr(GError) error = NULL;
    outbox_lag_of(self->lab.paper, LAB_RUN, self->now_us, &lag, &error);
    g_assert_no_error(error);
    return lag;
}

static void assert_equal(const bench *self, guint64 steps)
{
    g_autofree char *expected = lab_expected(steps);
    g_autofree char *found = lab_found(self->lab.log);
    g_assert_cmpstr(found, ==, expected);
}

/* ---- carrying ------------------------------------------------------------------------------- */

static void test_carries(bench *self, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    write_steps(self, 1, 600); /* 2,400 events and the start: three batches */
    self->now_us += 3 * LAB_SECOND_US;
    g_assert_cmpint(lag(self).events, ==, 2401);
    g_assert_cmpint(lag(self).behind_us, ==, 3 * LAB_SECOND_US);
    g_assert_cmpint(step(self), ==, self->now_us);
    g_assert_cmpint(step(self), ==, self->now_us);
    g_assert_cmpint(lag(self).events, ==, 401);
    g_assert_cmpint(step(self), ==, self->now_us + OUTBOX_IDLE_US);
    g_assert_cmpint(lag(self).events, ==, 0);
    g_assert_cmpint(lag(self).behind_us, ==, 0);
    assert_equal(self, 600);
    g_assert_cmpuint(self->server.puts, ==, 3);
    /* The rest of the row is what the script wrote. */
    g_autofree char *row = lab_ask(self->lab.log,
                                   "SELECT mode || ' ' || universe || ' ' || params || ' ' ||"
                                   " started_at || ' ' || (ended_at IS NULL) FROM runs");
    g_assert_cmpstr(row, ==, "paper SPY {\"note\":\"\xc3\xa4\"} 2023-11-14 22:13:20.000000 1");
    g_autofree char *fill = lab_ask(self->lab.log,
                                    "SELECT qty || ' ' || price || ' ' || commission || ' ' ||"
                                    " order_id FROM fills WHERE id = '" LAB_RUN ":f:00000002'");
    g_assert_cmpstr(fill, ==, "-3.0 100.02 0.1 " LAB_RUN ":o:00000002");
    g_assert_true(lab_end(self->journal, &error));
    g_assert_true(journal_commit(self->journal, self->now_us, &error));
    self->now_us += OUTBOX_IDLE_US;
    step(self);
    g_autofree char *end = lab_ask(self->lab.log, "SELECT kpis || ' ' || ended_at FROM runs");
    g_assert_cmpstr(end, ==, "{\"sharpe\":1} 2023-11-14 22:13:20.000001");
}

/* What is not the run log's passes by. */
static void test_not_carried(bench *self, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    step(self);
    g_assert_true(journal_append(self->journal, JOURNAL_INPUT, 1, self->now_us, "bar", 3, &error));
    g_assert_true(journal_append(self->journal, JOURNAL_FLOW, 1, self->now_us, "cash", 4, &error));
    g_assert_true(journal_commit(self->journal, self->now_us, &error));
    g_assert_cmpint(lag(self).events, ==, 2);
    self->now_us += OUTBOX_IDLE_US;
    step(self);
    g_assert_cmpint(lag(self).events, ==, 0);
    g_assert_cmpuint(self->server.puts, ==, 1);
}

/* A second point of the same instant counts. */
static void test_equity_twice(bench *self, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    const runlog_table *table = &runlog_tables[RUNLOG_EQUITY_POINTS];
    for (int k = 1; k <= 2; k++) {
        runlog_cell cells[RUNLOG_COLUMNS_MAX] = {0};
        for (guint i = 0; i < table->count; i++)
            if (strcmp(table->columns[i].name, "ts") == 0)
                cells[i].integer = LAB_NOW_US;
            else
                cells[i] = (runlog_cell){.integer = k, .number = k, .text = ""};
        g_assert_true(
            journal_row(self->journal, JOURNAL_EQUITY, (guint64)k, LAB_NOW_US, cells, &error));
        g_assert_true(journal_commit(self->journal, self->now_us, &error));
        step(self);
        self->now_us += OUTBOX_IDLE_US;
    }
    g_autofree char *found = lab_ask(self->lab.log,
                                     "SELECT count(*) || ' ' || max(equity_e8) FROM equity_points");
    g_assert_cmpstr(found, ==, "1 2");
}

/* ---- losing the server ---------------------------------------------------------------------- */

/* Each wait lies within its ceiling, and the ceilings double up to the last. */
static void test_backoff(bench *self, gconstpointer unused)
{
    gint64 longest_us = 0;
    self->server.down = TRUE;
    for (guint n = 0; n < 200; n++) {
        const gint64 next_us = step(self);
        const gint64 ceiling_us = MIN(OUTBOX_BACKOFF_US << MIN(n, 10u), OUTBOX_BACKOFF_MAX_US);
        g_assert_cmpint(next_us, >=, self->now_us);
        g_assert_cmpint(next_us, <=, self->now_us + ceiling_us);
        longest_us = MAX(longest_us, next_us - self->now_us);
        g_assert_nonnull(outbox_trouble(self->box));
        if (next_us > self->now_us) { /* asked too early, it does not try */
            const guint puts = self->server.puts;
            self->now_us = next_us - 1;
            g_assert_cmpint(step(self), ==, next_us);
            g_assert_cmpuint(self->server.puts, ==, puts);
        }
        self->now_us = next_us;
    }
    g_assert_cmpint(longest_us, >, OUTBOX_BACKOFF_MAX_US / 2);
    g_assert_cmpuint(self->server.puts, ==, 200);
    self->server.down = FALSE;
    step(self);
    g_assert_null(outbox_trouble(self->box));
    g_assert_cmpint(lag(self).events, ==, 0);
}

/* The rows are in, the answer is lost: they go again and are there once. */
static void test_lost_answer(bench *self, gconstpointer unused)
{
    self->server.mute = TRUE;
    write_steps(self, 1, 100);
    self->now_us = step(self);
    assert_equal(self, 100);
    g_assert_cmpint(lag(self).events, ==, 401);
    self->server.mute = FALSE;
    step(self);
    g_assert_cmpint(lag(self).events, ==, 0);
    assert_equal(self, 100);
}

/* Half of it was carried before; the outbox goes on where it was. */
static void test_restart(bench *self, gconstpointer unused)
{
    write_steps(self, 1, 400);
    step(self);
    g_clear_pointer(&self->box, outbox_free);
    bench_box(self);
    step(self);
    g_assert_cmpuint(self->server.taken, ==, 1601);
    assert_equal(self, 400);
}

static void test_rewind(bench *self, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    write_steps(self, 1, 50);
    step(self);
    lab_sql(self->lab.log, "DELETE FROM fills WHERE id > '" LAB_RUN ":f:00000020';"
                           "DELETE FROM equity_points; UPDATE orders SET status = 'open'");
    g_assert_true(outbox_rewind(self->box, &error));
    g_assert_cmpint(lag(self).events, ==, 201);
    step(self);
    assert_equal(self, 50);
}

static void test_second_outbox(bench *self, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    const outbox_target target = {"server", &self->server, server_put};
    g_assert_null(outbox_new(self->lab.paper, LAB_RUN, &target, 1, &error));
    g_assert_error(error, FAILURE, FAILURE_LOCKED);
    g_clear_error(&error);
    g_assert_null(outbox_new(self->lab.paper, "nobody", &target, 1, &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
}

/* A position that the journal does not bear out is refused, not trusted. */
static void test_forged_position(bench *self, gconstpointer unused)
{
    static const char *const forgeries[] = {
        "UPDATE outbox SET seq = seq + 1000",
        "UPDATE outbox SET chain = chain + 1",
    };
    write_steps(self, 1, 3);
    step(self);
    g_clear_pointer(&self->box, outbox_free);
    for (gsize i = 0; i < G_N_ELEMENTS(forgeries); i++) {
        g_autoptr(GError) error = NULL;
        const outbox_target target = {"server", &self->server, server_put};
        lab_sql(self->lab.journal, "CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM outbox");
        lab_sql(self->lab.journal, forgeries[i]);
        g_assert_null(outbox_new(self->lab.paper, LAB_RUN, &target, 1, &error));
        g_assert_error(error, FAILURE, FAILURE_DATABASE);
        lab_sql(self->lab.journal, "DELETE FROM outbox; INSERT INTO outbox SELECT * FROM kept");
    }
    bench_box(self);
}

/* Rounds of losing and regaining the server, while 1,000 rows a second are written: each time all
 * is carried within 5 s of its return, and in the end the rows are those of the script. */
static void test_rounds(bench *self, gconstpointer unused)
{
    enum { TICK_US = 100000, STEPS = 25 }; /* 25 steps of 4 rows each 0.1 s */
    qb_random random = {20240601};
    const int rounds = g_test_slow() ? 50 : 5;
    gint64 worst_us = 0, next_us = 0;
    guint64 written = 0;
    for (int round = 0; round < rounds; round++) {
        const int lost = 5 + (int)(qb_random_next(&random) % 40);
        gint64 returned_us = 0;
        for (int tick = 0; returned_us == 0 || lag(self).events > 0; tick++) {
            if (tick == lost)
                returned_us = self->now_us;
            self->server.down = tick < lost && round % 2 == 0;
            self->server.mute = tick < lost && round % 2 != 0;
            write_steps(self, written + 1, written + STEPS);
            written += STEPS;
            for (next_us = step(self); next_us == self->now_us; next_us = step(self))
                continue;
            self->now_us += TICK_US;
            g_assert_cmpint(returned_us == 0 ? 0 : self->now_us - returned_us, <=,
                            5 * LAB_SECOND_US);
        }
        worst_us = MAX(worst_us, self->now_us - returned_us);
    }
    assert_equal(self, written);
    g_test_message("%d rounds, %d rows, at worst caught up after %.1f s", rounds,
                   (int)written * LAB_STEP_EVENTS, (double)worst_us / LAB_SECOND_US);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(bench *, gconstpointer);
    } tests[] = {
        {"/outbox/carries", test_carries},
        {"/outbox/not-carried", test_not_carried},
        {"/outbox/equity-twice", test_equity_twice},
        {"/outbox/backoff", test_backoff},
        {"/outbox/lost-answer", test_lost_answer},
        {"/outbox/restart", test_restart},
        {"/outbox/rewind", test_rewind},
        {"/outbox/second-outbox", test_second_outbox},
        {"/outbox/forged-position", test_forged_position},
        {"/outbox/rounds", test_rounds},
    };
    lab_in_memory();
    g_test_init(&argc, &argv, NULL);
    log_set_level(LOG_ERROR);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, bench, NULL, bench_open, tests[i].run, bench_close);
    return g_test_run();
}
