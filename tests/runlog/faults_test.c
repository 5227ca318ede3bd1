/* Faults of the place where a log lives, in either store: a full disk, a read-only one, a lock, two
 * writers. Each is shown with what it says, with what is there afterwards, and with the next try
 * once it is gone. */
#include "mounts.h"
#include "program.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *no_mounts; /* why; NULL: there are */

static void log_small(runlog *log, const char *id)
{
    sample_log(log, id, "backtest", SAMPLE_START_US, 20, 2);
}

static void assert_fails(const home *self, GError *error, int code, const char *const *says)
{
    g_assert_error(error, FAILURE, code);
    g_assert_nonnull(strstr(error->message, home_name(self)));
    for (const char *const *text = says; *text != NULL; text++)
        if (strstr(error->message, *text) == NULL)
            g_error("\"%s\" does not say \"%s\"", error->message, *text);
    g_error_free(error);
}

/* ---- a disk --------------------------------------------------------------------------------- */

/* A folder that can become a disk of its own, with the log's rows in it: a SQLite file, or a
 * tablespace of the server. */
typedef struct disk {
    home home;
    char *folder;
} disk;

static disk make_disk(const home *self)
{
    disk made = {.home = *self};
    made.folder = self->store == RUNLOG_SQLITE
                      ? g_build_filename(self->folder.folder, "disk", NULL)
                      : g_build_filename(server_folder(homes_server()), self->schema, NULL);
    g_assert_cmpint(g_mkdir(made.folder, 0700), ==, 0);
    if (self->store == RUNLOG_POSTGRES)
        server_owns(homes_server(), made.folder);
    else
        made.home.folder.path = g_build_filename(made.folder, "quantbot.db", NULL);
    return made;
}

/* Its log is made on a disk of so many bytes. */
static disk make_small_disk(const home *self, gsize bytes)
{
    GError *error = NULL;
    disk made = make_disk(self);
    mounts_small(made.folder, bytes);
    if (self->store == RUNLOG_SQLITE) {
        runlog_free(home_open(&made.home));
        return made;
    }
    g_autofree char *sql = g_strdup_printf("CREATE TABLESPACE small LOCATION '%s'", made.folder);
    server_sql(homes_server(), NULL, sql);
    const runlog_server *place = server_place_via(homes_server(), self->schema, NULL,
                                                  "-c default_tablespace=small");
    runlog_free(runlog_open_server(place, TRUE, NULL, &error));
    g_assert_no_error(error);
    return made;
}

static void end_disk(disk *self)
{
    if (self->home.store == RUNLOG_POSTGRES) {
        g_autofree char *sql = g_strdup_printf("DROP SCHEMA %s CASCADE", self->home.schema);
        server_sql(homes_server(), NULL, sql);
        server_sql(homes_server(), NULL, "DROP TABLESPACE small");
    }
    mounts_end(self->folder);
    if (self->home.store == RUNLOG_SQLITE)
        g_free(self->home.folder.path);
    g_rmdir(self->folder);
    g_free(self->folder);
}

static gboolean skip_without_mounts(void)
{
    if (no_mounts != NULL)
        g_test_skip(no_mounts);
    return no_mounts != NULL;
}

/* ---- a full disk ---------------------------------------------------------------------------- */

#define DISK_BYTES (12 * 1024 * 1024)
#define LEFT_BYTES (128 * 1024)
#define POINTS 20000 /* some 4 MB of rows */

static void test_full(home *self, gconstpointer unused)
{
    GError *error = NULL;
    static const char *const sqlite[] = {"disk is full", "nothing was stored",
                                         "make room and try again", NULL};
    static const char *const server[] = {"No space left on device", "the server's disk is full",
                                         "nothing was stored", "make room there and try again",
                                         NULL};
    if (skip_without_mounts())
        return;
    program_import(self);
    disk disk = make_small_disk(self, DISK_BYTES);
    home *home = &disk.home;
    const char *const *says = self->store == RUNLOG_SQLITE ? sqlite : server;
    runlog *log = home_open(home);
    log_small(log, "before");
    mounts_fill(disk.folder, LEFT_BYTES);
    g_assert_null(sample_log_run(log, "big", "backtest", SAMPLE_START_US, POINTS, 10, &error));
    assert_fails(home, g_steal_pointer(&error), FAILURE_DATABASE, says);
    home_expect_runs(home, 1, 1, 20, "full");
    program_fails(home, PROGRAM_BACKTEST, 8, says);
    home_expect_runs(home, 1, 1, 20, "full for the program");
    mounts_make_room(disk.folder);
    sample_log(log, "big", "backtest", SAMPLE_START_US, POINTS, 10);
    g_assert_cmpint(home_count(home, "SELECT count(*) FROM equity_points"), ==, POINTS + 20);
    runlog_free(log);
    g_auto(answer) again = program_do(home, PROGRAM_BACKTEST);
    g_assert_cmpint(again.code, ==, 0);
    g_assert_cmpint(home_count(home, "SELECT count(*) FROM runs"), ==, 3);
    end_disk(&disk);
}

/* Not even a page: what is there is read, or the message says that the disk is full. */
static void test_no_byte_left(home *self, gconstpointer unused)
{
    static const char *const says[] = {"disk is full", "make room", NULL};
    GError *error = NULL;
    if (skip_without_mounts())
        return;
    disk disk = make_small_disk(self, DISK_BYTES);
    home *home = &disk.home;
    runlog *log = home_open(home);
    log_small(log, "before");
    runlog_free(log);
    mounts_fill(disk.folder, 0);
    log = home_try(home, TRUE, &error);
    if (log != NULL)
        g_assert_null(sample_log_run(log, "big", "backtest", SAMPLE_START_US, 20000, 2, &error));
    runlog_free(log);
    assert_fails(home, g_steal_pointer(&error), FAILURE_DATABASE, says);
    mounts_make_room(disk.folder);
    log = home_open(home);
    log_small(log, "after");
    runlog_free(log);
    home_expect_runs(home, 2, 2, 20, "after");
    end_disk(&disk);
}

/* ---- a read-only one ------------------------------------------------------------------------ */

static void test_read_only_file(home *self, gconstpointer unused)
{
    static const char *const says[] = {"cannot be written", "mounted read-only", NULL};
    GError *error = NULL;
    if (skip_without_mounts())
        return;
    program_import(self);
    disk disk = make_disk(self);
    home *home = &disk.home;
    runlog *log = home_open(home);
    log_small(log, "run-before");
    runlog_free(log);
    mounts_read_only(disk.folder);
    g_assert_null(home_try(home, TRUE, &error));
    assert_fails(home, g_steal_pointer(&error), FAILURE_DATABASE, says);
    program_fails(home, PROGRAM_BACKTEST, 8, says);
    program_fails(home, "db init", 8, says);
    g_autofree char *absent = g_build_filename(disk.folder, "absent.db", NULL);
    g_assert_null(runlog_open(absent, &error));
    g_assert_nonnull(strstr(error->message, absent));
    ASSERT_FAILS(error, FAILURE_DATABASE, "Read-only file system");
    /* it is one file at rest, which can be read where it is */
    log = home_try(home, FALSE, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) points = runlog_equity(log, "run-before", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(points->len, ==, 20);
    runlog_free(log);
    g_auto(answer) list = program_do(home, "runs list");
    g_assert_cmpstr(list.errors, ==, "");
    g_assert_cmpint(list.code, ==, 0);
    g_assert_nonnull(strstr(list.out, "run-before"));
    mounts_end(disk.folder);
    log = home_open(home);
    log_small(log, "run-after");
    runlog_free(log);
    home_expect_runs(home, 2, 2, 20, "after");
    g_free(disk.home.folder.path);
    g_free(disk.folder);
}

/* A process that was killed has left rows in the write-ahead log, which cannot be moved into the
 * file there: they are read, or the message says what to do; never is the file read without
 * them. */
static void test_read_only_with_log(home *self, gconstpointer unused)
{
    static const char *const says[] = {"-wal", "copy", NULL};
    GError *error = NULL;
    int status = 0;
    if (skip_without_mounts())
        return;
    disk disk = make_disk(self);
    home *home = &disk.home;
    const pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        log_small(home_open(home), "run-before");
        kill(getpid(), SIGKILL);
    }
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status));
    g_autofree char *wal = g_strconcat(home->folder.path, "-wal", NULL);
    g_autofree char *shared = g_strconcat(home->folder.path, "-shm", NULL);
    g_assert_true(g_file_test(wal, G_FILE_TEST_EXISTS));
    for (int without_index = 0; without_index < 2; without_index++) {
        if (without_index)
            g_unlink(shared);
        mounts_read_only(disk.folder);
        runlog *log = home_try(home, FALSE, &error);
        g_autoptr(runlog_summary) run = log != NULL ? runlog_find(log, "last", &error) : NULL;
        if (run != NULL)
            g_assert_cmpstr(run->id, ==, "run-before");
        else
            assert_fails(home, g_steal_pointer(&error), FAILURE_DATABASE, says);
        g_test_message("%s its index: %s", without_index ? "without" : "with",
                       run != NULL ? "read" : "refused");
        runlog_free(log);
        mounts_end(disk.folder);
    }
    home_expect_runs(home, 1, 1, 20, "at last");
    g_free(disk.home.folder.path);
    g_free(disk.folder);
}

/* A server that takes no writes, as a standby. */
static void test_read_only_server(home *self, gconstpointer unused)
{
    static const char *const says[] = {"read-only transaction", "takes no writes",
                                       "name the primary in DATABASE_URL", NULL};
    GError *error = NULL;
    runlog *made = home_open(self);
    log_small(made, "run-before");
    runlog_free(made);
    const runlog_server *standby = server_place_via(homes_server(), self->schema, NULL,
                                                    "-c default_transaction_read_only=on");
    g_autoptr(runlog) log = runlog_open_server(standby, TRUE, NULL, &error);
    g_assert_no_error(error); /* the tables are there: nothing had to be written */
    g_assert_null(sample_log_run(log, "run-2", "backtest", SAMPLE_START_US, 20, 2, &error));
    g_assert_cmpint(runlog_reach_of(log), ==, RUNLOG_REFUSED);
    assert_fails(self, g_steal_pointer(&error), FAILURE_DATABASE, says);
    g_assert_false(runlog_check_writable(log, &error));
    assert_fails(self, g_steal_pointer(&error), FAILURE_DATABASE, says);
    g_autoptr(GArray) points = runlog_equity(log, "run-before", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(points->len, ==, 20);
    /* and where the tables are not there, none can be made */
    g_autofree char *empty = server_new_schema(homes_server());
    standby = server_place_via(homes_server(), empty, NULL, "-c default_transaction_read_only=on");
    g_assert_null(runlog_open_server(standby, TRUE, NULL, &error));
    assert_fails(self, g_steal_pointer(&error), FAILURE_DATABASE, says);
    home_expect_runs(self, 1, 1, 20, "read only");
}

/* ---- a lock --------------------------------------------------------------------------------- */

/* Another writer, who has a run's row in its transaction and does not end. */
static runlog *hold(const home *self, const char *id)
{
    GError *error = NULL;
    const runlog_cell none = {.none = TRUE};
    const runlog_cell row[] = {{.text = id}, {.integer = 1}, none, {.text = "paper"},
                               {.text = ""}, {.text = "{}"}, none, none,
                               none,         none,           none, none,
                               none,         none,           none};
    runlog *holder = home_open(self);
    g_assert_cmpuint(runlog_tables[RUNLOG_RUNS].count, ==, G_N_ELEMENTS(row));
    g_assert_true(runlog_batch_begin(holder, &error));
    g_assert_true(runlog_rows_put(holder, &runlog_tables[RUNLOG_RUNS], row, 1, &error));
    return holder;
}

/* The same run is what two writers want; in a file it may be any. */
static void test_locked(home *self, gconstpointer unused)
{
    static const char *const says[] = {"locked by another", "try again when it has ended", NULL};
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    runlog *holder = hold(self, "run");
    runlog_set_wait_ms(log, 50);
    g_assert_null(sample_log_run(log, "run", "backtest", SAMPLE_START_US, 20, 2, &error));
    assert_fails(self, g_steal_pointer(&error), FAILURE_LOCKED, says);
    g_assert_cmpint(runlog_reach_of(log), !=, RUNLOG_AWAY);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM runs"), ==, 0);
    g_assert_false(runlog_batch_end(holder, FALSE, &error));
    runlog_free(holder);
    log_small(log, "run");
    home_expect_runs(self, 1, 1, 20, "unlocked");
}

/* Somebody has locked a table by hand, and forgot it. */
static void test_table_locked(home *self, gconstpointer unused)
{
    static const char *const says[] = {"locked by another", "try again when it has ended", NULL};
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    gpointer holder = server_hold(homes_server(), self->schema, "BEGIN; LOCK TABLE equity_points");
    runlog_set_wait_ms(log, 50);
    g_assert_null(sample_log_run(log, "run", "backtest", SAMPLE_START_US, 20, 2, &error));
    assert_fails(self, g_steal_pointer(&error), FAILURE_LOCKED, says);
    server_release(holder);
    log_small(log, "run");
    home_expect_runs(self, 1, 1, 20, "unlocked");
}

/* The program waits as long as it always does; then its exit code tells a lock from other
 * faults. */
static void test_locked_program(home *self, gconstpointer unused)
{
    static const char *const says[] = {"locked by another", "try again when it has ended", NULL};
    if (!g_test_slow()) {
        g_test_skip("it waits ten seconds (-m slow)");
        return;
    }
    program_import(self);
    runlog_free(home_open(self));
    runlog *holder = self->store == RUNLOG_SQLITE ? hold(self, "run") : NULL;
    gpointer session = holder == NULL
                           ? server_hold(homes_server(), self->schema, "BEGIN; LOCK TABLE orders")
                           : NULL;
    program_fails(self, PROGRAM_BACKTEST, 9, says);
    if (holder != NULL)
        runlog_batch_end(holder, FALSE, NULL);
    else
        server_release(session);
    runlog_free(holder);
    home_expect_runs(self, 0, 0, 0, "locked");
    g_auto(answer) again = program_do(self, PROGRAM_BACKTEST);
    g_assert_cmpint(again.code, ==, 0);
}

/* ---- two writers ---------------------------------------------------------------------------- */

#define WRITERS 2
#define RUNS_EACH 20

static int write_runs(const home *self, int writer)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(runlog) log = home_try(self, TRUE, &error);
    for (int i = 0; log != NULL && i < RUNS_EACH; i++) {
        g_autofree char *id = g_strdup_printf("%d-%02d", writer, i);
        g_autofree char *stored = sample_log_run(log, id, "backtest", SAMPLE_START_US, 300, 5,
                                                 &error);
        if (stored == NULL)
            return 1;
    }
    return log != NULL ? 0 : 1;
}

/* Each is a process of its own; they make the tables too. */
static void test_two_writers(home *self, gconstpointer unused)
{
    pid_t writers[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = fork();
        g_assert_cmpint(writers[i], >=, 0);
        if (writers[i] == 0)
            _exit(write_runs(self, i));
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = 0;
        g_assert_cmpint(waitpid(writers[i], &status, 0), ==, writers[i]);
        g_assert_cmpint(status, ==, 0);
    }
    home_expect_runs(self, WRITERS * RUNS_EACH, WRITERS * RUNS_EACH, 300, "two writers");
    g_assert_cmpint(home_count(self, "SELECT count(DISTINCT state_hash) FROM runs"), ==, 1);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM schema_version"), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    mounts_begin(&no_mounts);
    homes_add("fault/full", test_full, NULL);
    homes_add("fault/no-byte-left", test_no_byte_left, NULL);
    homes_add_to(RUNLOG_SQLITE, "fault/read-only", test_read_only_file, NULL);
    homes_add_to(RUNLOG_SQLITE, "fault/read-only-with-log", test_read_only_with_log, NULL);
    homes_add_to(RUNLOG_POSTGRES, "fault/read-only", test_read_only_server, NULL);
    homes_add("fault/locked", test_locked, NULL);
    homes_add_to(RUNLOG_POSTGRES, "fault/table-locked", test_table_locked, NULL);
    homes_add("fault/locked-program", test_locked_program, NULL);
    homes_add("fault/two-writers", test_two_writers, NULL);
    return homes_run();
}
