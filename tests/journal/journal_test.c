/* The journal: one writer, in order, once; what is not what was written is refused. */
#include "lab.h"

#include <glib/gstdio.h>
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void commit_steps(journal *journal, guint64 from, guint64 to)
{
    g_autoptr(GError) error = NULL;
    for (guint64 n = from; n <= to; n++)
        g_assert_true(lab_step(journal, n, &error));
    journal_commit(journal, LAB_NOW_US, &error);
    g_assert_no_error(error);
}

/* ---- writing and reading -------------------------------------------------------------------- */

static gboolean list(const journal_event *event, gpointer data, GError **error)
{
    g_string_append_printf(data, "%d %s %d; ", (int)event->seq, journal_kind_text(event->kind),
                           (int)event->number);
    return TRUE;
}

static char *list_after(const lab *lab, gint64 after, gint64 limit)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(journal_reader) reader = journal_reader_open(lab->paper, LAB_RUN, &error);
    g_assert_no_error(error);
    journal_reader_each(reader, after, limit, list, text, &error);
    g_assert_no_error(error);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void test_order(lab *lab, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    g_assert_true(lab_start(journal, &error));
    g_assert_cmpint(journal_last(journal), ==, 0); /* nothing is durable before the commit */
    commit_steps(journal, 1, 1);
    g_assert_cmpint(journal_last(journal), ==, 5);
    g_assert_cmpuint(journal_number(journal, JOURNAL_FILL), ==, 1);
    g_autofree char *all = list_after(lab, 0, 0);
    g_assert_cmpstr(all, ==, "1 start 1; 2 order 1; 3 fill 1; 4 order-end 1; 5 equity 1; ");
    g_autofree char *some = list_after(lab, 2, 2);
    g_assert_cmpstr(some, ==, "3 fill 1; 4 order-end 1; ");
}

static char *list_last(const lab *lab, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(journal_reader) reader = journal_reader_open(lab->paper, LAB_RUN, error);
    g_assert_no_error(*error);
    return journal_reader_last(reader, list, text, error)
               ? g_string_free(g_steal_pointer(&text), FALSE)
               : NULL;
}

static void test_last(lab *lab, gconstpointer unused)
{
    static const char *const losses[] = {"UPDATE head SET seq = 8",
                                         "DELETE FROM events WHERE seq > 6", "DELETE FROM head"};
    g_autoptr(GError) error = NULL;
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    g_autofree char *none = list_last(lab, &error);
    g_assert_cmpstr(none, ==, "");
    commit_steps(journal, 1, 2);
    g_clear_pointer(&journal, journal_free);
    g_autofree char *last = list_last(lab, &error);
    g_assert_cmpstr(last, ==, "8 equity 2; ");
    lab_sql(lab->journal, "DROP TRIGGER events_kept; DELETE FROM events WHERE seq = 8;"
                          "UPDATE head SET seq = 7");
    g_assert_null(list_last(lab, &error)); /* the end of the chain is of another event */
    for (gsize i = 0; i < G_N_ELEMENTS(losses); i++) {
        g_clear_error(&error);
        lab_sql(lab->journal, losses[i]);
        g_assert_null(list_last(lab, &error));
        g_assert_error(error, FAILURE, FAILURE_DATABASE);
    }
}

static void test_goes_on(lab *lab, gconstpointer unused)
{
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    commit_steps(journal, 1, 2);
    g_clear_pointer(&journal, journal_free);
    journal = lab_journal(lab, NULL);
    g_assert_cmpint(journal_last(journal), ==, 8);
    g_assert_cmpuint(journal_number(journal, JOURNAL_EQUITY), ==, 2);
    commit_steps(journal, 3, 3);
    g_assert_cmpint(journal_last(journal), ==, 12);
}

static gboolean keep_bytes(const journal_event *event, gpointer data, GError **error)
{
    if (event->kind == JOURNAL_CHECKPOINT)
        *(GBytes **)data = g_bytes_new(event->body, event->size);
    return TRUE;
}

static void test_checkpoint(lab *lab, gconstpointer unused)
{
    static const char state[] = {0, 1, (char)255, 0, '\'', 0};
    GBytes *found = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    g_assert_true(
        journal_append(journal, JOURNAL_CHECKPOINT, 1, LAB_NOW_US, state, sizeof state, &error));
    g_assert_true(journal_append(journal, JOURNAL_COMMAND, 1, LAB_NOW_US, "press-1", 7, &error));
    g_assert_true(journal_append(journal, JOURNAL_FLOW, 1, LAB_NOW_US, "", 0, &error));
    g_assert_true(journal_commit(journal, LAB_NOW_US, &error));
    g_autoptr(journal_reader) reader = journal_reader_open(lab->paper, LAB_RUN, &error);
    g_assert_true(journal_reader_each(reader, 0, 0, keep_bytes, &found, &error));
    g_assert_cmpmem(g_bytes_get_data(found, NULL), g_bytes_get_size(found), state, sizeof state);
    g_bytes_unref(found);
}

/* What a restart does again is there once; the same name with another content is a failure. */
static void test_again(lab *lab, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(control) control = lab_control(lab);
    g_autoptr(journal) journal = lab_journal(lab, control);
    commit_steps(journal, 1, 3);
    commit_steps(journal, 2, 4);
    g_assert_cmpint(journal_last(journal), ==, 16);
    g_assert_true(journal_append(journal, JOURNAL_FILL, 2, LAB_NOW_US, "{}", 2, &error));
    g_assert_false(journal_commit(journal, LAB_NOW_US, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_assert_nonnull(strstr(error->message, "fill 2 is there already"));
    g_assert_cmpuint(control_latch(control, LAB_RUN), ==, CONTROL_CLOSED);
    g_assert_cmpuint(control_latch(control, "other"), ==, 0);
    /* The first failure is the last. */
    g_autoptr(GError) later = NULL;
    g_assert_false(journal_append(journal, JOURNAL_FLOW, 1, 0, "x", 1, &later));
    g_assert_cmpstr(later->message, ==, error->message);
    g_clear_error(&later);
    g_assert_false(journal_commit(journal, LAB_NOW_US, &later));
    g_assert_cmpstr(later->message, ==, error->message);
    g_assert_cmpint(lab_count(lab->journal, "SELECT count(*) FROM events"), ==, 16);
}

static void test_bad_data(lab *lab, gconstpointer unused)
{
    static const char not_text[] = {(char)0xff};
    g_autoptr(GError) error = NULL;
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    g_autofree char *large = g_malloc0(JOURNAL_BODY_LIMIT + 1);
    const struct {
        journal_kind kind;
        guint64 number;
        const char *bytes;
        gsize size;
    } cases[] = {
        {JOURNAL_FLOW, 0, "x", 1},
        {JOURNAL_FLOW, 1, not_text, 1},
        {JOURNAL_FLOW, 1, "a\0b", 3},
        {JOURNAL_CHECKPOINT, 1, large, JOURNAL_BODY_LIMIT + 1},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_false(journal_append(journal, cases[i].kind, cases[i].number, 0, cases[i].bytes,
                                      cases[i].size, &error));
        g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
        g_clear_error(&error);
    }
    runlog_cell cells[RUNLOG_COLUMNS_MAX] = {0};
    const runlog_table *table = journal_kind_table(JOURNAL_METRIC);
    for (guint i = 0; i < table->count; i++)
        if (table->columns[i].kind == RUNLOG_REAL)
            cells[i].number = INFINITY;
        else
            cells[i].text = "x";
    g_assert_false(journal_row(journal, JOURNAL_METRIC, 1, 0, cells, &error));
    g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    commit_steps(journal, 1, 1); /* none of it did harm */
}

/* ---- one writer ----------------------------------------------------------------------------- */

static void test_two_writers(lab *lab, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(control) control = lab_control(lab);
    g_autoptr(journal) journal = lab_journal(lab, control);
    g_assert_cmpstr(journal_run(journal), ==, LAB_RUN);
    g_assert_null(journal_open(lab->paper, LAB_RUN, control, &error));
    g_assert_error(error, FAILURE, FAILURE_LOCKED);
    g_autofree char *pid = g_strdup_printf("process %d", (int)getpid());
    g_assert_nonnull(strstr(error->message, pid));
    g_assert_cmpuint(control_latch(control, LAB_RUN), ==, 0);
    g_clear_error(&error);
    g_autoptr(GError) none = NULL;
    struct journal *other = journal_open(lab->paper, "other", control, &none);
    g_assert_no_error(none); /* each run has its own */
    journal_free(other);
}

static void test_names(lab *lab, gconstpointer unused)
{
    static const char *const names[] = {"", "../a", "a/b", ".a", "a b", "a\n"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(journal_open(lab->paper, names[i], NULL, &error));
        g_assert_error(error, FAILURE, FAILURE_USAGE);
    }
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    g_assert_cmpstr(journal_path(journal), ==, lab->journal);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) runs = journal_runs(lab->paper, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_strv_length(runs), ==, 1);
    g_assert_cmpstr(runs[0], ==, LAB_RUN);
    g_auto(GStrv) none = journal_runs("/nowhere/at/all", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(g_strv_length(none), ==, 0);
    struct stat info;
    g_assert_cmpint(stat(lab->journal, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
}

/* Somebody else's transaction: a wait, a clear error, and the same events may be committed
 * later. */
static void test_locked(lab *lab, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(control) control = lab_control(lab);
    g_autoptr(journal) journal = lab_journal(lab, control);
    sqlite3 *db = NULL;
    journal_set_wait_ms(journal, 10);
    g_assert_cmpint(sqlite3_open(lab->journal, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
    g_assert_true(lab_step(journal, 1, &error));
    g_assert_false(journal_commit(journal, LAB_NOW_US, &error));
    g_assert_error(error, FAILURE, FAILURE_LOCKED);
    g_assert_nonnull(strstr(error->message, lab->journal));
    g_clear_error(&error);
    sqlite3_close(db);
    g_assert_true(journal_commit(journal, LAB_NOW_US, &error));
    g_assert_cmpint(journal_last(journal), ==, LAB_STEP_EVENTS);
    g_assert_cmpuint(control_latch(control, LAB_RUN), ==, 0);
}

/* ---- damage --------------------------------------------------------------------------------- */

static void assert_refused(const lab *lab, const char *says)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(control) control = lab_control(lab);
    g_assert_null(journal_open(lab->paper, LAB_RUN, control, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    if (strstr(error->message, says) == NULL || strstr(error->message, lab->journal) == NULL)
        g_error("%s (expected %s)", error->message, says);
    g_assert_cmpuint(control_latch(control, LAB_RUN), ==, CONTROL_CLOSED);
}

static void test_forged(lab *lab, gconstpointer data)
{
    const char *const *forgery = data; /* SQL, and what is said of it */
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    commit_steps(journal, 1, 5);
    g_clear_pointer(&journal, journal_free);
    lab_sql(lab->journal, "DROP TRIGGER events_fixed; DROP TRIGGER events_kept");
    lab_sql(lab->journal, forgery[0]);
    assert_refused(lab, forgery[1]);
}

static void test_other_run(lab *lab, gconstpointer unused)
{
    g_autofree char *from = g_build_filename(lab->paper, "other.db", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(journal) journal = journal_open(lab->paper, "other", NULL, &error);
    g_assert_no_error(error);
    commit_steps(journal, 1, 1);
    g_clear_pointer(&journal, journal_free);
    g_assert_cmpint(g_rename(from, lab->journal), ==, 0);
    assert_refused(lab, "an event is not what was written");
}

static void test_moved(lab *lab, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *away = g_strconcat(lab->journal, ".old", NULL);
    g_autoptr(control) control = lab_control(lab);
    g_autoptr(journal) journal = lab_journal(lab, control);
    commit_steps(journal, 1, 1);
    g_assert_cmpint(g_rename(lab->journal, away), ==, 0);
    g_assert_true(lab_step(journal, 2, &error));
    g_assert_false(journal_commit(journal, LAB_NOW_US, &error));
    g_assert_nonnull(strstr(error->message, "was moved away"));
    g_assert_cmpuint(control_latch(control, LAB_RUN), ==, CONTROL_CLOSED);
}

static gboolean digest_events(const journal_event *event, gpointer data, GError **error)
{
    g_checksum_update(data, (const guchar *)event->body, (gssize)event->size);
    g_checksum_update(data, (const guchar *)&event->ts_us, sizeof event->ts_us);
    return TRUE;
}

/* NULL when it is refused. */
static char *read_digest(const lab *lab)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autoptr(journal) journal = journal_open(lab->paper, LAB_RUN, NULL, NULL);
    if (journal == NULL)
        return NULL;
    g_autoptr(journal_reader) reader = journal_reader_open(lab->paper, LAB_RUN, NULL);
    if (reader == NULL || !journal_reader_each(reader, 0, 0, digest_events, sum, NULL))
        return NULL;
    return g_strdup(g_checksum_get_string(sum));
}

static void write_file(const lab *lab, const char *bytes, gsize size)
{
    g_autofree char *wal = g_strconcat(lab->journal, "-wal", NULL);
    g_autofree char *shm = g_strconcat(lab->journal, "-shm", NULL);
    g_unlink(wal);
    g_unlink(shm);
    g_assert_true(g_file_set_contents_full(lab->journal, bytes, (gssize)size,
                                           G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* Each byte of the file turned over, and each length: refused, or the same events. */
static void test_every_byte(lab *lab, gconstpointer unused)
{
    gsize size = 0;
    guint refused = 0, tried = 0;
    g_autofree char *bytes = NULL;
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    commit_steps(journal, 1, 20);
    g_clear_pointer(&journal, journal_free); /* into one file */
    g_assert_true(g_file_get_contents(lab->journal, &bytes, &size, NULL));
    g_autofree char *sound = read_digest(lab);
    const gsize stride = g_test_slow() ? 1 : 97;
    for (gsize at = 0; at < size; at += stride, tried++) {
        bytes[at] = (char)~bytes[at];
        write_file(lab, bytes, size);
        bytes[at] = (char)~bytes[at];
        g_autofree char *found = read_digest(lab);
        refused += found == NULL;
        if (found != NULL && strcmp(found, sound) != 0)
            g_error("byte %d of %d makes other events", (int)at, (int)size);
    }
    g_test_message("%u of %u damaged files refused, the others read the same", refused, tried);
    for (gsize length = 0; length < size; length += g_test_slow() ? 512 : 4096) {
        write_file(lab, bytes, length);
        g_autofree char *found = read_digest(lab);
        if (found != NULL && length > 0)
            g_error("cut to %d of %d bytes, it is read", (int)length, (int)size);
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(lab *, gconstpointer);
        const char *forgery[2];
    } tests[] = {
        {"/journal/order", test_order, {0}},
        {"/journal/last", test_last, {0}},
        {"/journal/goes-on", test_goes_on, {0}},
        {"/journal/checkpoint", test_checkpoint, {0}},
        {"/journal/again", test_again, {0}},
        {"/journal/bad-data", test_bad_data, {0}},
        {"/journal/two-writers", test_two_writers, {0}},
        {"/journal/names", test_names, {0}},
        {"/journal/locked", test_locked, {0}},
        {"/journal/damage/price",
         test_forged,
         {"UPDATE events SET body = replace(body, '\"SPY\"', '\"SPX\"') WHERE seq = 7",
          "not what was written"}},
        {"/journal/damage/time",
         test_forged,
         {"UPDATE events SET ts_us = ts_us + 1 WHERE seq = 7", "not what was written"}},
        {"/journal/damage/kind",
         test_forged,
         {"UPDATE events SET kind = 'wish' WHERE seq = 7", "an unknown kind"}},
        {"/journal/damage/middle",
         test_forged,
         {"DELETE FROM events WHERE seq = 7", "an event is missing"}},
        {"/journal/damage/end",
         test_forged,
         {"DELETE FROM events WHERE seq > 18", "missing at the end"}},
        {"/journal/damage/head", test_forged, {"DELETE FROM head", "missing at the end"}},
        {"/journal/damage/version",
         test_forged,
         {"PRAGMA user_version = 2", "newer than this program's 1"}},
        {"/journal/damage/other-run", test_other_run, {0}},
        {"/journal/damage/moved", test_moved, {0}},
        {"/journal/damage/every-byte", test_every_byte, {0}},
    };
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, lab, tests[i].forgery, lab_open, tests[i].run, lab_close);
    return g_test_run();
}
