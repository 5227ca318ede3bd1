/* The outbox before a real PostgreSQL that is stopped, crashed and started while a writer goes on:
 * nothing lost, nothing doubled, equal to what an undisturbed run log holds. The writer's clock is
 * the test's; the server's stops and starts are real. */
#include "../runlog/server.h"
#include "lab.h"

#include "platform/log.h"

#include <string.h>

static server *postgres;

static void carry(outbox *box, gint64 now_us)
{
    gint64 next_us = 0;
    g_autoptr(GError) error = NULL;
    do {
        outbox_step(box, now_us, &next_us, &error);
        g_assert_no_error(error);
    } while (next_us == now_us);
}

static void write_steps(journal *journal, guint64 from, guint64 to, gint64 now_us)
{
    g_autoptr(GError) error = NULL;
    for (guint64 n = from; n <= to; n++)
        g_assert_true(lab_step(journal, n, &error));
    journal_commit(journal, now_us, &error);
    g_assert_no_error(error);
}

static gint64 waiting(const lab *lab, gint64 now_us)
{
    outbox_lag lag;
    g_autoptr(GError) error = NULL;
    outbox_lag_of(lab->paper, LAB_RUN, now_us, &lag, &error);
    g_assert_no_error(error);
    return lag.events;
}

static char *digest(runlog *log)
{
    g_autoptr(GError) error = NULL;
    char *hex = runlog_digest(log, LAB_RUN, &error);
    g_assert_no_error(error);
    return hex;
}

typedef struct life {
    journal *journal;
    outbox *box;
    guint64 written;
    gint64 now_us;
} life;

#define TICK_US INT64_C(100000)

/* 1,000 rows a second: 25 steps of four rows each tenth. */
static void tick(life *self)
{
    enum { STEPS = 25 };
    write_steps(self->journal, self->written + 1, self->written + STEPS, self->now_us);
    self->written += STEPS;
    carry(self->box, self->now_us);
    self->now_us += TICK_US;
}

/* How long after the server's return all was carried, by the writer's clock. */
static gint64 lose_and_regain(const lab *lab, life *self, const char *mode, int ticks)
{
    server_stop(postgres, mode);
    for (int i = 0; i < ticks; i++)
        tick(self);
    if (ticks * TICK_US > OUTBOX_IDLE_US) /* a shorter loss may pass unnoticed */
        g_assert_nonnull(outbox_trouble(self->box));
    server_go_on(postgres);
    const gint64 returned_us = self->now_us;
    while (waiting(lab, self->now_us) > 0) {
        tick(self);
        g_assert_cmpint(self->now_us - returned_us, <=, 5 * LAB_SECOND_US);
    }
    g_assert_null(outbox_trouble(self->box));
    return self->now_us - returned_us;
}

static void test_rounds(lab *lab, gconstpointer unused)
{
    const int rounds = g_test_slow() ? 50 : 5;
    qb_random random = {20240601};
    gint64 worst_us = 0;
    g_autoptr(GError) error = NULL;
    g_autofree char *schema = server_new_schema(postgres);
    g_autoptr(runlog) log = runlog_open_server(server_place(postgres, schema), TRUE, NULL, &error);
    g_assert_no_error(error);
    const outbox_target target = outbox_target_of(log);
    life self = {.journal = lab_journal(lab, NULL), .now_us = LAB_NOW_US};
    g_assert_true(lab_start(self.journal, &error));
    g_assert_true(journal_commit(self.journal, self.now_us, &error));
    self.box = outbox_new(lab->paper, LAB_RUN, &target, 7, &error);
    g_assert_no_error(error);
    for (int round = 0; round < rounds; round++) {
        tick(&self);
        const int ticks = 1 + (int)(qb_random_next(&random) % 40);
        const char *mode = round % 2 == 0 ? "immediate" : "fast";
        worst_us = MAX(worst_us, lose_and_regain(lab, &self, mode, ticks));
    }
    g_assert_true(lab_end(self.journal, &error));
    g_assert_true(journal_commit(self.journal, self.now_us, &error));
    for (; waiting(lab, self.now_us) > 0; self.now_us += LAB_SECOND_US)
        carry(self.box, self.now_us);
    outbox_free(self.box);
    journal_free(self.journal);
    g_autofree char *there = digest(log);
    /* The judge: a file that was never away, filled from the first event by another outbox. */
    lab_sql(lab->journal, "DELETE FROM outbox");
    lab_carry(lab);
    g_autoptr(runlog) file = lab_log(lab);
    g_autofree char *here = digest(file);
    g_assert_cmpstr(there, ==, here);
    g_autofree char *expected = lab_expected(self.written);
    g_autofree char *found = lab_found(lab->log);
    g_assert_cmpstr(found, ==, expected);
    g_test_message("%d rounds, %d rows, at worst caught up after %.1f s", rounds,
                   (int)self.written * LAB_STEP_EVENTS, (double)worst_us / LAB_SECOND_US);
}

/* One point of an instant after another in one batch, which is one statement there. */
static void test_equal_keys(lab *lab, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *schema = server_new_schema(postgres);
    g_autoptr(runlog) log = runlog_open_server(server_place(postgres, schema), TRUE, NULL, &error);
    g_assert_no_error(error);
    const runlog_table *table = &runlog_tables[RUNLOG_EQUITY_POINTS];
    g_autofree runlog_cell *cells = g_new0(runlog_cell, 3 * table->count);
    for (guint i = 0; i < 3 * table->count; i++) {
        const guint row = i / table->count;
        const runlog_column *column = &table->columns[i % table->count];
        cells[i].text = g_str_equal(column->name, "id") ? &"abc"[row] : "run";
        cells[i].number = row;
        cells[i].integer = column->kind == RUNLOG_STAMP ? LAB_NOW_US : (gint64)row;
    }
    g_assert_true(runlog_batch_begin(log, &error));
    const gboolean put = runlog_rows_replace(log, table, cells, 3, &error);
    g_assert_no_error(error);
    g_assert_true(runlog_batch_end(log, put, &error));
    g_autofree char *found = server_ask(postgres, schema,
                                        "SELECT count(*) || ' ' || max(id) || ' ' || max(equity_e8)"
                                        " FROM equity_points");
    g_assert_cmpstr(found, ==, "1 c 2");
}

static lab_answer sync_all(const lab *lab, const char *url)
{
    static const char *const words[] = {"db", "sync", "--json", NULL};
    return lab_program(lab, url, words);
}

/* What a trader that died has left, carried by the program; again, there is nothing to carry; and a
 * journal that an outbox serves is left to it. */
static void test_db_sync(lab *lab, gconstpointer unused)
{
    static const char *const says[] = {"\"journal_events\":9}", "\"journal_events\":0}"};
    g_autoptr(GError) error = NULL;
    g_autofree char *schema = server_new_schema(postgres);
    g_autofree char *url = g_strdup_printf("postgresql://quantbot:pencil77@/postgres?host=%s"
                                           "&options=-c%%20search_path%%3D%s",
                                           server_folder(postgres), schema);
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    g_assert_true(lab_start(journal, &error));
    write_steps(journal, 1, 2, LAB_NOW_US);
    for (gsize i = 0; i < G_N_ELEMENTS(says); i++) {
        g_auto(lab_answer) sync = sync_all(lab, url);
        if (sync.code != 0 || strstr(sync.out, says[i]) == NULL)
            g_error("%s%s(expected %s)", sync.out, sync.errors, says[i]);
        g_autofree char *fills = server_ask(postgres, schema, "SELECT count(*) FROM fills");
        g_assert_cmpstr(fills, ==, "2");
    }
    const outbox_target none = {.name = "nowhere"};
    g_autoptr(outbox) box = outbox_new(lab->paper, LAB_RUN, &none, 1, &error);
    g_assert_no_error(error);
    g_assert_null(outbox_trouble(box));
    write_steps(journal, 3, 3, LAB_NOW_US);
    g_auto(lab_answer) served = sync_all(lab, url);
    g_assert_cmpint(served.code, ==, 0);
    g_assert_nonnull(strstr(served.out, says[1]));
    g_assert_cmpint(waiting(lab, LAB_NOW_US), ==, LAB_STEP_EVENTS);
}

/* An adopted table of equity knows no key but its id. */
static void test_adopted(lab *lab, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *schema = server_new_schema(postgres);
    server_sql(postgres, schema,
               "CREATE TABLE runs (id varchar PRIMARY KEY, started_at timestamptz, ended_at"
               " timestamptz, mode varchar, universe text, params jsonb, kpis jsonb);"
               "CREATE TABLE orders (id varchar PRIMARY KEY, run_id varchar, ts timestamptz, symbol"
               " varchar, side varchar, qty double precision, price double precision, status text);"
               "CREATE TABLE fills (id varchar PRIMARY KEY, run_id varchar, order_id varchar, ts"
               " timestamptz, symbol varchar, qty double precision, price double precision,"
               " commission double precision);"
               "CREATE TABLE equity_points (id varchar PRIMARY KEY, run_id varchar, ts timestamptz,"
               " equity double precision);"
               "CREATE TABLE metrics (id varchar PRIMARY KEY, run_id varchar, ts timestamptz, name"
               " varchar, value double precision);"
               "CREATE TABLE error_logs (id varchar PRIMARY KEY, run_id varchar, ts timestamptz,"
               " level varchar, message text, meta jsonb)");
    g_autoptr(runlog) log = runlog_open_server(server_place(postgres, schema), TRUE, NULL, &error);
    g_assert_no_error(error);
    const outbox_target target = outbox_target_of(log);
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    g_assert_true(lab_start(journal, &error));
    write_steps(journal, 1, 3, LAB_NOW_US);
    g_autoptr(outbox) box = outbox_new(lab->paper, LAB_RUN, &target, 1, &error);
    for (int again = 0; again < 2; again++) {
        carry(box, LAB_NOW_US);
        if (outbox_trouble(box) != NULL)
            g_error("%s", outbox_trouble(box)->message);
        g_assert_cmpint(waiting(lab, LAB_NOW_US), ==, 0);
        g_autofree char *points = server_ask(
            postgres, schema, "SELECT count(*) || ' ' || max(equity_e8) FROM equity_points");
        g_assert_cmpstr(points, ==, "3 10000000000003");
        g_assert_true(outbox_rewind(box, &error));
    }
}

int main(int argc, char **argv)
{
    const char *why = NULL;
    g_test_init(&argc, &argv, NULL);
    log_set_level(LOG_ERROR);
    postgres = server_start(&why);
    if (postgres == NULL) {
        g_print("1..0 # SKIP %s\n", why);
        return 0;
    }
    g_test_add("/outbox/server/equal-keys", lab, NULL, lab_open, test_equal_keys, lab_close);
    g_test_add("/outbox/server/adopted", lab, NULL, lab_open, test_adopted, lab_close);
    g_test_add("/outbox/server/db-sync", lab, NULL, lab_open, test_db_sync, lab_close);
    g_test_add("/outbox/server/rounds", lab, NULL, lab_open, test_rounds, lab_close);
    const int status = g_test_run();
    server_free(postgres);
    return status;
}
