/* kill -9 of the program while it stores runs: after each kill the log holds whole runs only, every
 * one whose commit had returned among them, and it goes on. The points are the messages of the
 * protocol that the program sends to PostgreSQL (crash_test.c has SQLite's), and moments of the
 * clock in either. */
#include "homes.h"
#include "relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS 300
#define EVERY 5
#define RANDOM_KILLS 50
#define POINTS_QUICK 40 /* of each case, about */

typedef struct child {
    pid_t pid;
    int acknowledged; /* read end: a byte for each commit that returned; closed by its death */
} child;

/* Opens, logs, closes. Exit 0 when all went well. place NULL: the home's own. */
static int work(const home *self, const runlog_server *place, int acknowledge, int runs)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(runlog) log = place != NULL ? runlog_open_server(place, TRUE, NULL, &error)
                                          : home_try(self, TRUE, &error);
    if (log == NULL)
        return 1;
    for (int i = 0; i < runs; i++) {
        g_autofree char *id = sample_log_run(log, NULL, "backtest", SAMPLE_START_US, STEPS, EVERY,
                                             &error);
        if (id == NULL)
            return 1;
        if (write(acknowledge, "c", 1) != 1)
            return 2;
    }
    return 0;
}

static child start(const home *self, const runlog_server *place, int runs)
{
    int ends[2];
    g_assert_cmpint(pipe(ends), ==, 0);
    const child child = {fork(), ends[0]};
    g_assert_cmpint(child.pid, >=, 0);
    if (child.pid == 0) {
        close(ends[0]);
        _exit(work(self, place, ends[1], runs));
    }
    close(ends[1]);
    return child;
}

/* Waits for the end; commits that returned. */
static int finish(const child *child, int *out_status)
{
    char byte;
    int commits = 0;
    while (read(child->acknowledged, &byte, 1) == 1)
        commits++;
    close(child->acknowledged);
    g_assert_cmpint(waitpid(child->pid, out_status, 0), ==, child->pid);
    return commits;
}

static void assert_goes_on(const home *self, gint64 runs)
{
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, NULL, "backtest", SAMPLE_START_US, STEPS, EVERY);
    g_clear_pointer(&log, runlog_free);
    home_expect_runs(self, runs + 1, runs + 1, STEPS, "after the fault");
}

/* ---- at each message ------------------------------------------------------------------------ */

typedef struct point_case {
    const char *name;
    gboolean after;        /* the server has the message, but nobody its answer */
    gboolean from_nothing; /* the child makes the tables */
} point_case;

/* A child's life of open, two runs, close, with a kill at its at-th message. Returns how many
 * messages were seen; fewer than `at`: it was not killed. */
static int live(const home *self, relay *relay, const point_case *point, int at, int *out_commits)
{
    int status = 0, stop[2];
    const relay_plan plan = {.fault = RELAY_KILL, .at = at, .after = point->after};
    const runlog_server *place = relay_place(relay, self->schema, NULL);
    g_assert_cmpint(pipe(stop), ==, 0);
    const child child = start(self, place, 2); /* it holds the pipe's end until it dies */
    close(stop[1]);
    const int messages = relay_serve(relay, &plan, stop[0]);
    close(stop[0]);
    *out_commits = finish(&child, &status);
    const gboolean ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (messages < at ? !ended : !WIFSIGNALED(status) && !ended)
        g_error("%s at message %d of %d: status %d", point->name, at, messages, status);
    return messages;
}

static void kill_at(const home *self, relay *relay, const point_case *point, int at)
{
    int commits = 0;
    gint64 before = 0;
    home fresh = *self;
    g_autofree char *where = g_strdup_printf("%s at message %d", point->name, at);
    if (point->from_nothing)
        fresh.schema = server_new_schema(homes_server());
    else
        before = home_count(self, "SELECT count(*) FROM runs");
    live(&fresh, relay, point, at, &commits);
    runlog_free(home_open(&fresh));
    /* A commit that was not acknowledged may stand, or not. */
    const gint64 runs = home_expect_runs(&fresh, before + commits, before + MIN(commits + 1, 2),
                                         STEPS, where);
    if (point->from_nothing) {
        assert_goes_on(&fresh, runs);
        g_free(fresh.schema);
    }
}

static void test_points(home *self, gconstpointer data)
{
    const point_case *point = data;
    int commits = 0;
    relay *relay = relay_new(homes_server());
    if (!point->from_nothing)
        runlog_free(home_open(self));
    const int messages = live(self, relay, point, G_MAXINT, &commits);
    g_assert_cmpint(commits, ==, 2);
    const int step = g_test_thorough() ? 1 : (messages + POINTS_QUICK - 1) / POINTS_QUICK;
    for (int at = 1; at <= messages; at += step)
        kill_at(self, relay, point, at);
    assert_goes_on(self, home_count(self, "SELECT count(*) FROM runs"));
    g_test_message("%s: %d messages, each %d.", point->name, messages, step);
    relay_free(relay);
}

/* ---- at moments of the clock ---------------------------------------------------------------- */

/* Until the server has ended the work of those who were killed. */
static void wait_for_server(const home *self)
{
    while (self->store == RUNLOG_POSTGRES &&
           home_count(self, "SELECT count(*) FROM pg_stat_activity WHERE application_name ="
                            " 'quantbot'") > 0)
        continue;
}

/* As a person or the kernel kills. */
static void test_random_moments(home *self, gconstpointer unused)
{
    qb_random random = {20240601};
    gint64 known = 0;
    runlog_free(home_open(self));
    for (int i = 0; i < RANDOM_KILLS; i++) {
        int status = 0;
        const child child = start(self, NULL, 1000);
        const struct timespec pause = {0, (long)(qb_random_next(&random) % 25000000)};
        g_autofree char *where = g_strdup_printf("random kill %d", i);
        ppoll(NULL, 0, &pause, NULL);
        kill(child.pid, SIGKILL);
        const int commits = finish(&child, &status);
        wait_for_server(self);
        runlog_free(home_open(self));
        known = home_expect_runs(self, known + commits, known + commits + 1, STEPS, where);
    }
    g_test_message("%d runs stored by killed processes", (int)known);
    assert_goes_on(self, known);
}

int main(int argc, char **argv)
{
    static const point_case points[] = {
        {"killed-before", FALSE, FALSE},
        {"killed-after", TRUE, FALSE},
        {"killed-while-making", FALSE, TRUE},
    };
    g_test_init(&argc, &argv, NULL);
    homes_add("kill/random-moments", test_random_moments, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(points); i++) {
        g_autofree char *name = g_strconcat("kill/", points[i].name, NULL);
        homes_add_to(RUNLOG_POSTGRES, name, test_points, &points[i]);
    }
    return homes_run();
}
