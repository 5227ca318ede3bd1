/* SQLite's file when its process is killed, out of disk, out of memory: it holds whole runs only,
 * and every run whose commit had returned. The points are SQLite's own mutations of its files, so
 * they are the same in every run of the test; a failure names its point. */
#include "fault_memory.h"
#include "fault_vfs.h"
#include "sample.h"

#include "platform/failure.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS 300
#define EVERY 5
#define ROWS_OF_A_RUN 300 /* equity points */

static char *log_one(runlog *log, GError **error)
{
    return sample_log_run(log, NULL, "backtest", SAMPLE_START_US, STEPS, EVERY, error);
}

/* Opens, logs, closes; says each commit through the pipe. Exit 0 when all went well. */
static int work(const char *path, int acknowledge, int runs)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(runlog) log = runlog_open(path, &error);
    if (log == NULL)
        return 1;
    for (int i = 0; i < runs; i++) {
        g_autofree char *id = log_one(log, &error);
        if (id == NULL)
            return 1;
        if (write(acknowledge, "c", 1) != 1)
            return 2;
    }
    return 0;
}

typedef struct child {
    pid_t pid;
    int acknowledged; /* read end */
} child;

static child start(const char *path, fault_kind kind, int at, int runs)
{
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    const child child = {fork(), ends[0]};
    g_assert_cmpint(child.pid, >=, 0);
    if (child.pid == 0) {
        close(ends[0]);
        fault_vfs_arm(kind, at);
        _exit(work(path, ends[1], runs));
    }
    close(ends[1]);
    return child;
}

/* Waits for the end; commits that returned. */
static int finish(child *child, int *out_status)
{
    char byte;
    int commits = 0;
    while (read(child->acknowledged, &byte, 1) == 1)
        commits++;
    close(child->acknowledged);
    g_assert_cmpint(waitpid(child->pid, out_status, 0), ==, child->pid);
    return commits;
}

/* Whole runs only, at least `least` and at most `most`; the file is sound and can be written. */
static void assert_sound(const char *path, int least, int most, const char *where)
{
    g_autofree char *sound = sample_ask(path, "PRAGMA integrity_check");
    const gint64 runs = sample_count(path, "SELECT count(*) FROM runs");
    const gint64 points = sample_count(path, "SELECT count(*) FROM equity_points");
    const gint64 whole = sample_count(
        path, "SELECT count(*) FROM runs WHERE state_hash IS NOT NULL AND kpis IS NOT NULL"
              " AND order_count = (SELECT count(*) FROM orders WHERE run_id = runs.id)"
              " AND fill_count = (SELECT count(*) FROM fills WHERE run_id = runs.id)"
              " AND trade_count = (SELECT count(*) FROM trades WHERE run_id = runs.id)"
              " AND point_count = (SELECT count(*) FROM equity_points WHERE run_id = runs.id)");
    if (g_strcmp0(sound, "ok") != 0 || runs != whole || points != runs * ROWS_OF_A_RUN ||
        runs < least || runs > most)
        g_error("%s: integrity %s, runs %d of %d..%d, whole %d, points %d", where, sound, (int)runs,
                least, most, (int)whole, (int)points);
}

static void make_first(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(runlog) log = runlog_open(path, &error);
    g_assert_no_error(error);
    sample_log(log, NULL, "backtest", SAMPLE_START_US, STEPS, EVERY);
}

/* ---- killed --------------------------------------------------------------------------------- */

typedef struct point_case {
    const char *name;
    fault_kind kind;
    gboolean from_nothing; /* the child makes the file */
} point_case;

/* Every seventh point, or with -m slow every one, in a life of: open, two runs, close. */
static void test_points(sample_folder *folder, gconstpointer data)
{
    const point_case *point = data;
    for (int at = 1;; at += g_test_slow() ? 1 : 7) {
        int status = 0;
        sample_folder each;
        sample_folder_make(&each, NULL);
        if (!point->from_nothing)
            make_first(each.path);
        const int before = point->from_nothing ? 0 : 1;
        g_autofree char *where = g_strdup_printf("%s at mutation %d", point->name, at);
        child child = start(each.path, point->kind, at, 2);
        const int commits = finish(&child, &status);
        const gboolean ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        g_assert_cmpint(WIFSIGNALED(status), ==, !ended);
        g_autoptr(GError) error = NULL;
        g_autoptr(runlog) log = runlog_open(each.path, &error);
        if (log == NULL)
            g_error("%s: %s", where, error->message);
        g_clear_pointer(&log, runlog_free);
        /* A commit that was not acknowledged may stand, or not. */
        assert_sound(each.path, before + commits, before + MIN(commits + 1, 2), where);
        make_first(each.path); /* life goes on */
        sample_folder_remove(&each, NULL);
        if (ended) { /* the fault was never reached */
            g_test_message("%s: up to mutation %d", point->name, at - 1);
            return;
        }
    }
}

/* ---- failing disk --------------------------------------------------------------------------- */

typedef struct disk_case {
    const char *name;
    fault_kind kind;
    const char *says;
} disk_case;

/* In one process: the error names the file, old rows stay, and nothing of the run is there. */
static void test_disk(sample_folder *folder, gconstpointer data)
{
    const disk_case *disk = data;
    make_first(folder->path);
    int runs = 1, failures = 0;
    for (int at = 1; at < 200; at++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(runlog) log = runlog_open(folder->path, &error);
        g_assert_no_error(error);
        fault_vfs_arm(disk->kind, at);
        g_autofree char *id = log_one(log, &error);
        const gboolean reached = fault_vfs_count() >= at;
        fault_vfs_arm(FAULT_NONE, 0);
        runs += id != NULL;
        g_assert_true((id == NULL) == (error != NULL));
        if (error != NULL) {
            failures++;
            g_assert_cmpint(error->code, ==, FAILURE_DATABASE);
            g_assert_true(strstr(error->message, folder->path) != NULL);
            g_assert_true(strstr(error->message, disk->says) != NULL);
            g_clear_error(&error);
        }
        g_clear_pointer(&log, runlog_free);
        g_autofree char *where = g_strdup_printf("%s at mutation %d", disk->name, at);
        assert_sound(folder->path, runs, runs, where);
        if (!reached)
            break;
    }
    g_assert_cmpint(failures, >, 3);
}

/* The kernel's own limit on a file's size, as a full disk that only this process sees. */
static void test_file_limit(sample_folder *folder, gconstpointer unused)
{
    make_first(folder->path);
    const pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        const struct rlimit limit = {60000, 60000};
        GError *error = NULL;
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        runlog *log = runlog_open(folder->path, &error);
        char *id = log != NULL ? log_one(log, &error) : NULL;
        const gboolean clear = id == NULL && error->code == FAILURE_DATABASE &&
                               strstr(error->message, folder->path) != NULL;
        if (!clear)
            fprintf(stderr, "# %s\n", error != NULL ? error->message : "no error");
        runlog_free(log);
        _exit(clear ? 0 : 1);
    }
    int status = 0;
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
    assert_sound(folder->path, 1, 1, "file limit");
}

/* ---- failing memory ------------------------------------------------------------------------- */

/* The k-th allocation of SQLite fails: an error or a whole run, and all memory is given back. */
static int fail_allocations(const char *path)
{
    int runs = 1, step = 1;
    fault_memory_install();
    fault_vfs_install();
    for (int at = 1;; at += step) {
        GError *error = NULL;
        fault_memory_arm(at);
        runlog *log = runlog_open(path, &error);
        char *id = log != NULL ? log_one(log, &error) : NULL;
        const gboolean done = fault_memory_count() < at;
        fault_memory_arm(0);
        runlog_free(log);
        runs += id != NULL;
        if ((id == NULL) != (error != NULL) || sqlite3_memory_used() != 0) {
            fprintf(stderr, "# allocation %d: id %s, error %s, %d bytes left\n", at, id,
                    error != NULL ? error->message : "none", (int)sqlite3_memory_used());
            return 1;
        }
        g_clear_error(&error);
        g_free(id);
        g_autofree char *where = g_strdup_printf("allocation %d", at);
        if (at % 20 == 1 || done)
            assert_sound(path, runs, runs, where);
        if (done)
            break;
        step = 1 + at / 400;
    }
    return 0;
}

static void test_memory(sample_folder *folder, gconstpointer unused)
{
    make_first(folder->path);
    const pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        _exit(fail_allocations(folder->path));
    int status = 0;
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
}

/* ---- main ----------------------------------------------------------------------------------- */

static void add(const char *path, void (*run)(sample_folder *, gconstpointer), gconstpointer data)
{
    g_test_add(path, sample_folder, data, sample_folder_make, run, sample_folder_remove);
}

int main(int argc, char **argv)
{
    static const point_case kills[] = {
        {"killed", FAULT_KILL, FALSE},
        {"killed-while-making", FAULT_KILL, TRUE},
        {"torn", FAULT_TORN, FALSE},
    };
    static const disk_case disks[] = {
        {"full", FAULT_FULL, "disk is full"},
        {"io-error-once", FAULT_IO_ONCE, "disk I/O error"},
        {"io-error-always", FAULT_IO_ALWAYS, "disk I/O error"},
    };
    g_test_init(&argc, &argv, NULL);
    /* What is killed is a process, not the machine: memory serves, and spares the disk. */
    if (g_getenv("TMPDIR") == NULL && g_file_test("/dev/shm", G_FILE_TEST_IS_DIR))
        g_setenv("TMPDIR", "/dev/shm", TRUE);
    fault_vfs_install();
    for (gsize i = 0; i < G_N_ELEMENTS(kills); i++) {
        g_autofree char *path = g_strconcat("/runlog/sqlite/kill/", kills[i].name, NULL);
        add(path, test_points, &kills[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(disks); i++) {
        g_autofree char *path = g_strconcat("/runlog/sqlite/disk/", disks[i].name, NULL);
        add(path, test_disk, &disks[i]);
    }
    add("/runlog/sqlite/disk/file-limit", test_file_limit, NULL);
    add("/runlog/sqlite/memory", test_memory, NULL);
    return g_test_run();
}
