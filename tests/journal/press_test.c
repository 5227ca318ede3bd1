/* Several processes at once: one halts while another trades as fast as it can; many claim the same
 * commands; many press the same button. */
#include "lab.h"

#include "platform/clock.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRESSES 100

static void *share(gsize size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    g_assert_true(memory != MAP_FAILED);
    return memory;
}

static void wait_well(pid_t pid)
{
    int status = 0;
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
}

static gboolean press(control *control, control_action action)
{
    const control_request request = {
        .actor = "user:ann", .rights = CONTROL_MAY_CHANGE, .action = action};
    g_autoptr(control_command) command = control_send(control, &request, clock_now_us(), NULL);
    return command != NULL && command->state == CONTROL_DONE;
}

/* ---- halt under load ------------------------------------------------------------------------ */

typedef struct floor_state {
    gint phase; /* odd: a halt is durable, and no resume has been asked for */
    gint stop;
    gint admitted, refused;
    gint violations; /* orders let through by a look that began and ended in an odd phase */
    gint commits;
} floor_state;

/* A trader: it looks at the latch before each order, and commits each. Exit 0. */
static int trade(const lab *lab, floor_state *state)
{
    g_autoptr(control) control = control_open(lab->control, NULL);
    g_autoptr(journal) journal = journal_open(lab->paper, LAB_RUN, control, NULL);
    if (journal == NULL)
        return 1;
    for (guint64 n = 1; g_atomic_int_get(&state->stop) == 0; n++) {
        const gint phase = g_atomic_int_get(&state->phase);
        const guint bits = control_latch(control, LAB_RUN);
        if ((bits & CONTROL_UNREADABLE) != 0)
            return 2;
        if (bits != 0) {
            g_atomic_int_inc(&state->refused);
            continue;
        }
        if (phase % 2 != 0 && g_atomic_int_get(&state->phase) == phase)
            g_atomic_int_inc(&state->violations);
        g_atomic_int_inc(&state->admitted);
        if (!lab_step(journal, n, NULL) || !journal_commit(journal, clock_now_us(), NULL))
            return 3;
        g_atomic_int_inc(&state->commits);
    }
    return 0;
}

static void await_more(const gint *counter)
{
    const gint before = g_atomic_int_get(counter);
    while (g_atomic_int_get(counter) < before + 2)
        g_thread_yield();
}

static int compare_times(gconstpointer a, gconstpointer b)
{
    const gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;
    return (left > right) - (left < right);
}

/* Press to durable latch is printed; what is asserted is that nothing is let through after it. */
static void test_halt_under_load(lab *lab, gconstpointer unused)
{
    gint64 times_us[PRESSES];
    floor_state *state = share(sizeof *state);
    g_autoptr(control) control = lab_control(lab);
    const pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        _exit(trade(lab, state));
    for (int i = 0; i < PRESSES; i++) {
        await_more(&state->admitted);
        const gint64 start_us = clock_monotonic_us();
        g_assert_true(press(control, CONTROL_HALT));
        times_us[i] = clock_monotonic_us() - start_us;
        g_atomic_int_inc(&state->phase);
        await_more(&state->refused);
        g_atomic_int_inc(&state->phase);
        g_assert_true(press(control, CONTROL_RESUME));
    }
    g_atomic_int_set(&state->stop, 1);
    wait_well(pid);
    qsort(times_us, PRESSES, sizeof times_us[0], compare_times);
    g_test_message("press to durable latch, of %d beside %d commits: median %.1f ms, p99 %.1f ms",
                   PRESSES, state->commits, (double)times_us[PRESSES / 2] / 1e3,
                   (double)times_us[PRESSES * 99 / 100 - 1] / 1e3);
    g_assert_cmpint(state->violations, ==, 0);
    g_assert_cmpint(state->admitted, >=, PRESSES);
    g_assert_cmpint(times_us[PRESSES * 99 / 100 - 1], <, 10 * LAB_SECOND_US);
    munmap(state, sizeof *state);
}

/* As whoever starts next sees it. */
static void assert_halted(const lab *lab)
{
    g_autoptr(control) control = lab_control(lab);
    g_assert_cmpuint(control_latch(control, LAB_RUN), ==, CONTROL_CLOSED);
}

/* The trader is killed and started again between press and look: it stays halted. */
static void test_halt_survives_kill(lab *lab, gconstpointer unused)
{
    g_autoptr(control) control = lab_control(lab);
    for (int i = 0; i < 10; i++) {
        floor_state *state = share(sizeof *state);
        const pid_t pid = fork();
        g_assert_cmpint(pid, >=, 0);
        if (pid == 0) {
            g_autofree char *paper = g_strdup_printf("%s-%d", lab->paper, i);
            struct lab own = *lab;
            own.paper = paper;
            _exit(trade(&own, state));
        }
        await_more(&state->commits);
        g_assert_true(press(control, CONTROL_HALT));
        kill(pid, SIGKILL);
        g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
        assert_halted(lab);
        g_assert_true(press(control, CONTROL_RESUME));
        munmap(state, sizeof *state);
    }
}

/* ---- claiming ------------------------------------------------------------------------------- */

#define COMMANDS 60
#define HOLDERS 4

static int claim_all(const lab *lab, gint *claims, gint *go)
{
    g_autoptr(control) control = control_open(lab->control, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *holder = g_strdup_printf("process %d", (int)getpid());
    while (control != NULL && g_atomic_int_get(go) == 0)
        g_thread_yield();
    while (control != NULL) {
        g_autoptr(control_command)
            command = control_claim(control, LAB_RUN, holder, LAB_NOW_US, &error);
        if (command == NULL)
            return error != NULL ? 1 : 0;
        g_atomic_int_inc(&claims[command->number]);
        if (!control_finish(control, command->id, CONTROL_DONE, holder, LAB_NOW_US, &error))
            return 2;
    }
    return 3;
}

static void test_claimed_once(lab *lab, gconstpointer unused)
{
    pid_t pids[HOLDERS];
    gint *claims = share((COMMANDS + 2) * sizeof *claims);
    g_autoptr(control) control = lab_control(lab);
    for (int i = 0; i < COMMANDS; i++) {
        const control_request request = {.actor = "user:ann",
                                         .rights = CONTROL_MAY_CHANGE,
                                         .action = CONTROL_CHECKPOINT,
                                         .run = LAB_RUN};
        g_autoptr(control_command) sent = control_send(control, &request, LAB_NOW_US, NULL);
        g_assert_cmpint(sent->number, ==, i + 1);
    }
    for (int i = 0; i < HOLDERS; i++) {
        pids[i] = fork();
        g_assert_cmpint(pids[i], >=, 0);
        if (pids[i] == 0)
            _exit(claim_all(lab, claims, &claims[0]));
    }
    g_atomic_int_set(&claims[0], 1);
    for (int i = 0; i < HOLDERS; i++)
        wait_well(pids[i]);
    for (int i = 1; i <= COMMANDS; i++)
        g_assert_cmpint(claims[i], ==, 1);
    g_assert_cmpint(lab_count(lab->control, "SELECT count(*) FROM commands WHERE state = 'done'"
                                            " AND claimed_by = effect"),
                    ==, COMMANDS);
    munmap(claims, (COMMANDS + 2) * sizeof *claims);
}

/* The same press from many processes is one command; the founders of the file meet as well. */
static void test_same_press(lab *lab, gconstpointer unused)
{
    pid_t pids[HOLDERS];
    for (int i = 0; i < HOLDERS; i++) {
        pids[i] = fork();
        g_assert_cmpint(pids[i], >=, 0);
        if (pids[i] == 0) {
            const control_request request = {.id = "press-1",
                                             .actor = "discord:1",
                                             .rights = CONTROL_MAY_HALT,
                                             .action = CONTROL_HALT};
            g_autoptr(control) control = control_open(lab->control, NULL);
            g_autoptr(control_command)
                sent = control != NULL ? control_send(control, &request, LAB_NOW_US, NULL) : NULL;
            _exit(sent != NULL && sent->number == 1 ? 0 : 1);
        }
    }
    for (int i = 0; i < HOLDERS; i++)
        wait_well(pids[i]);
    g_assert_cmpint(lab_count(lab->control, "SELECT count(*) FROM commands"), ==, 1);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(lab *, gconstpointer);
    } tests[] = {
        {"/press/halt-under-load", test_halt_under_load},
        {"/press/halt-survives-kill", test_halt_survives_kill},
        {"/press/claimed-once", test_claimed_once},
        {"/press/same-press", test_same_press},
    };
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, lab, NULL, lab_open, tests[i].run, lab_close);
    return g_test_run();
}
