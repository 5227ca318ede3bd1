/* The halt latch: what closes and opens it, for whom, and that every doubt is a closed latch. */
#include "desk.h"

#include "platform/clock.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>

#define ALL NULL

static void test_open_at_first(desk *desk, gconstpointer unused)
{
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, 0);
    g_assert_null(control_latch_error(desk->control));
}

static void test_all_and_one(desk *desk, gconstpointer unused)
{
    control *control = desk->control;
    desk_assert_send(control, "1", CONTROL_HALT, ALL, CONTROL_DONE, "closed for all runs");
    g_assert_cmpuint(control_latch(control, "a"), ==, CONTROL_CLOSED);
    g_assert_cmpuint(control_latch(control, "b"), ==, CONTROL_CLOSED);
    desk_assert_send(control, "2", CONTROL_FREEZE, "a", CONTROL_DONE,
                     "closed for run a; protective exits stopped");
    g_assert_cmpuint(control_latch(control, "a"), ==, CONTROL_CLOSED | CONTROL_FROZEN);
    g_assert_cmpuint(control_latch(control, "b"), ==, CONTROL_CLOSED);
    /* A resume opens the scope that it names. */
    desk_assert_send(control, "3", CONTROL_RESUME, "a", CONTROL_DONE,
                     "opened for run a; all runs are still halted by user:ann");
    g_assert_cmpuint(control_latch(control, "a"), ==, CONTROL_CLOSED);
    desk_assert_send(control, "4", CONTROL_RESUME, ALL, CONTROL_DONE, "opened for all runs");
    g_assert_cmpuint(control_latch(control, "a"), ==, 0);
    desk_assert_send(control, "5", CONTROL_RESUME, ALL, CONTROL_DONE, "was open for all runs");
}

/* A closing adds; only a resume takes away. */
static void test_adds(desk *desk, gconstpointer unused)
{
    control *control = desk->control;
    desk_assert_send(control, "1", CONTROL_FREEZE, "a", CONTROL_DONE,
                     "closed for run a; protective exits stopped");
    desk_assert_send(control, "2", CONTROL_HALT, "a", CONTROL_DONE,
                     "was closed for run a by user:ann; protective exits stopped");
    desk_assert_send(control, "3", CONTROL_FLATTEN, "a", CONTROL_DONE,
                     "was closed for run a by user:ann; protective exits stopped;"
                     " positions to be closed");
    g_assert_cmpuint(control_latch(control, "a"), ==,
                     CONTROL_CLOSED | CONTROL_FROZEN | CONTROL_TO_FLAT);
    g_assert_cmpuint(control_latch(control, "b"), ==, 0);
    desk_assert_send(control, "4", CONTROL_RESUME, "a", CONTROL_DONE, "opened for run a");
    desk_assert_send(control, "5", CONTROL_HALT, "a", CONTROL_DONE, "closed for run a");
    g_assert_cmpuint(control_latch(control, "a"), ==, CONTROL_CLOSED);
}

/* The press of another process is seen by the next look. */
static void test_two_handles(desk *desk, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(control) other = control_open(desk->path, &error);
    g_assert_no_error(error);
    for (int i = 0; i < 3; i++) {
        g_autoptr(control_command) halt = desk_send(other, NULL, CONTROL_HALT, ALL);
        g_assert_cmpuint(control_latch(desk->control, "a"), ==, CONTROL_CLOSED);
        g_autoptr(control_command) resume = desk_send(other, NULL, CONTROL_RESUME, ALL);
        g_assert_cmpuint(control_latch(desk->control, "a"), ==, 0);
        g_assert_cmpstr(halt->id, !=, resume->id);
    }
}

static void test_survives_restart(desk *desk, gconstpointer unused)
{
    desk_assert_send(desk->control, "1", CONTROL_FREEZE, "a", CONTROL_DONE,
                     "closed for run a; protective exits stopped");
    desk_reopen(desk);
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, CONTROL_CLOSED | CONTROL_FROZEN);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) halts = control_halts(desk->control, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(halts->len, ==, 1);
    const control_halt *halt = halts->pdata[0];
    g_assert_cmpstr(halt->run, ==, "a");
    g_assert_cmpstr(halt->actor, ==, "user:ann");
    g_assert_cmpstr(halt->command, ==, "1");
    g_assert_cmpint(halt->since_us, ==, DESK_NOW_US);
    g_assert_true(halt->closed && halt->frozen && !halt->flatten);
}

/* ---- by itself ------------------------------------------------------------------------------ */

static void test_closes_itself(desk *desk, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 2; i++) { /* the second time changes nothing */
        control_close(desk->control, "a", CONTROL_CAUSE_DRAWDOWN, "21% (limit 20%)", DESK_NOW_US,
                      &error);
        g_assert_no_error(error);
    }
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, CONTROL_CLOSED);
    g_assert_cmpuint(control_latch(desk->control, "b"), ==, 0);
    g_assert_cmpint(desk_count(desk->path, "SELECT count(*) FROM commands"), ==, 1);
    g_autofree char *reason = desk_ask(desk->path, "SELECT actor || '; ' || reason FROM latch");
    g_assert_cmpstr(reason, ==, "quantbot; drawdown kill switch: 21% (limit 20%)");
    g_autofree char *args = desk_ask(desk->path, "SELECT args FROM commands");
    g_assert_cmpstr(args, ==, "{\"reason\":\"drawdown kill switch: 21% (limit 20%)\"}");
    /* Opening all runs does not open this one. */
    desk_assert_send(desk->control, "1", CONTROL_RESUME, ALL, CONTROL_DONE,
                     "was open for all runs");
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, CONTROL_CLOSED);
    desk_assert_send(desk->control, "2", CONTROL_RESUME, "a", CONTROL_DONE, "opened for run a");
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, 0);
}

/* A writer that does not let go: the closing is remembered, and written once it can be. */
static void test_cannot_be_written(desk *desk, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(control) other = control_open(desk->path, &error);
    g_assert_no_error(error);
    control_set_wait_ms(other, 10);
    control_set_wait_ms(desk->control, 10);
    /* The lock of an unfinished transaction, held by a third connection. */
    sqlite3 *db = NULL;
    g_assert_cmpint(sqlite3_open(desk->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
    g_assert_false(
        control_close(desk->control, "a", CONTROL_CAUSE_LEDGER, "off by 1", DESK_NOW_US, &error));
    g_assert_error(error, FAILURE, FAILURE_LOCKED);
    g_assert_nonnull(strstr(error->message, desk->path));
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, CONTROL_CLOSED);
    g_assert_cmpuint(control_latch(desk->control, "b"), ==, 0);
    g_assert_cmpuint(control_latch(other, "a"), ==, 0); /* nobody else can know */
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(db);
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, CONTROL_CLOSED);
    g_assert_cmpuint(control_latch(other, "a"), ==, CONTROL_CLOSED);
}

/* ---- doubts --------------------------------------------------------------------------------- */

static void assert_unreadable(desk *desk, const char *says)
{
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, CONTROL_CLOSED | CONTROL_UNREADABLE);
    const GError *why = control_latch_error(desk->control);
    g_assert_nonnull(why);
    if (strstr(why->message, says) == NULL || strstr(why->message, desk->path) == NULL)
        g_error("%s (expected %s)", why->message, says);
}

static void test_forged(desk *desk, gconstpointer unused)
{
    desk_assert_send(desk->control, "1", CONTROL_HALT, ALL, CONTROL_DONE, "closed for all runs");
    desk_sql(desk->path, "UPDATE latch SET closed = 0");
    assert_unreadable(desk, "a digest does not fit");
    g_autoptr(GError) error = NULL;
    g_assert_null(control_halts(desk->control, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    /* Opening what cannot be read is refused; closing it is not. */
    g_clear_error(&error);
    const control_request resume = {
        .actor = "a", .rights = CONTROL_MAY_CHANGE, .action = CONTROL_RESUME};
    g_assert_null(control_send(desk->control, &resume, DESK_NOW_US, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    desk_assert_send(desk->control, "2", CONTROL_HALT, ALL, CONTROL_DONE, "closed for all runs");
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, CONTROL_CLOSED);
}

/* Gone, or another file in its place: halted, and closed for all once the file is back. */
static void test_moved(desk *desk, gconstpointer unused)
{
    g_autofree char *away = g_strconcat(desk->path, ".old", NULL);
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, 0);
    g_assert_cmpint(g_rename(desk->path, away), ==, 0);
    assert_unreadable(desk, "was moved away");
    g_assert_true(g_file_set_contents(desk->path, "another file", -1, NULL));
    assert_unreadable(desk, "was moved away");
    g_assert_cmpint(g_rename(away, desk->path), ==, 0);
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, CONTROL_CLOSED);
    g_autofree char *reason = desk_ask(desk->path, "SELECT reason FROM latch WHERE run = ''");
    g_assert_true(g_str_has_prefix(reason, "unreadable control: "));
    desk_assert_send(desk->control, "1", CONTROL_RESUME, ALL, CONTROL_DONE, "opened for all runs");
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, 0);
}

/* Each byte of the file, turned over: the latch is closed, or it cannot be read. */
static void test_every_byte(desk *desk, gconstpointer unused)
{
    gsize size = 0;
    g_autofree char *bytes = NULL;
    g_autoptr(GError) error = NULL;
    desk_assert_send(desk->control, "1", CONTROL_HALT, ALL, CONTROL_DONE, "closed for all runs");
    g_clear_pointer(&desk->control, control_free); /* into one file */
    g_assert_true(g_file_get_contents(desk->path, &bytes, &size, NULL));
    const gsize stride = g_test_slow() ? 1 : 61;
    guint refused = 0;
    for (gsize at = 0; at < size; at += stride) {
        bytes[at] = (char)~bytes[at];
        g_assert_true(g_file_set_contents_full(desk->path, bytes, (gssize)size,
                                               G_FILE_SET_CONTENTS_NONE, 0600, NULL));
        bytes[at] = (char)~bytes[at];
        g_autoptr(control) damaged = control_open(desk->path, &error);
        refused += damaged == NULL;
        if (damaged != NULL && (control_latch(damaged, "a") & CONTROL_CLOSED) == 0)
            g_error("byte %d of %d opens the latch", (int)at, (int)size);
        g_assert_true((damaged == NULL) == (error != NULL));
        g_clear_error(&error);
        g_clear_pointer(&damaged, control_free);
        g_autofree char *wal = g_strconcat(desk->path, "-wal", NULL);
        g_autofree char *shm = g_strconcat(desk->path, "-shm", NULL);
        g_unlink(wal);
        g_unlink(shm);
    }
    g_test_message("%u of %u damaged files refused at opening", refused,
                   (guint)((size + stride - 1) / stride));
}

/* ---- cost ----------------------------------------------------------------------------------- */

static int compare_times(gconstpointer a, gconstpointer b)
{
    const gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;
    return (left > right) - (left < right);
}

/* Printed; the bound that is asserted is far above it. */
static void test_cost(desk *desk, gconstpointer unused)
{
    enum { BATCHES = 200, READS = 50 };
    gint64 times[BATCHES];
    for (int i = 0; i < BATCHES; i++) {
        const gint64 start_us = clock_monotonic_us();
        for (int k = 0; k < READS; k++)
            g_assert_cmpuint(control_latch(desk->control, "a"), ==, 0);
        times[i] = clock_monotonic_us() - start_us;
    }
    qsort(times, BATCHES, sizeof times[0], compare_times);
    const double median_us = (double)times[BATCHES / 2] / READS;
    g_test_message("reading the latch: median %.2f us", median_us);
    g_assert_cmpfloat(median_us, <, 1000);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(desk *, gconstpointer);
    } tests[] = {
        {"/control/latch/open-at-first", test_open_at_first},
        {"/control/latch/all-and-one", test_all_and_one},
        {"/control/latch/adds", test_adds},
        {"/control/latch/two-handles", test_two_handles},
        {"/control/latch/survives-restart", test_survives_restart},
        {"/control/latch/closes-itself", test_closes_itself},
        {"/control/latch/cannot-be-written", test_cannot_be_written},
        {"/control/latch/forged", test_forged},
        {"/control/latch/moved", test_moved},
        {"/control/latch/every-byte", test_every_byte},
        {"/control/latch/cost", test_cost},
    };
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, desk, NULL, desk_open, tests[i].run, desk_close);
    return g_test_run();
}
