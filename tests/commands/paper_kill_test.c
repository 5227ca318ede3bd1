/* The commands that press, killed at each mutation of a file, or the disk failing there: after it the
 * whole press stands or nothing of it, what was said is there, and the same press again ends as if
 * nothing had happened. Every point is tried; a failure names its point. */
#include "../control/desk.h"
#include "../journal/lab.h"
#include "../runlog/fault_vfs.h"

#include "commands/commands.h"
#include "platform/files.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- one run of a command ------------------------------------------------------------------- */

static int files_countdown;

static int die_in_files(const char *what, const char *path)
{
    if (--files_countdown == 0)
        kill(getpid(), SIGKILL);
    return 0;
}

typedef struct fault {
    const char *name;
    fault_kind kind; /* FAULT_NONE: killed in a mutation of our own files instead */
} fault;
static const fault deaths[] = {
    {"killed", FAULT_KILL}, {"torn", FAULT_TORN}, {"killed in files", FAULT_NONE}};
static const fault disks[] = {
    {"full", FAULT_FULL}, {"one I/O error", FAULT_IO_ONCE}, {"I/O errors", FAULT_IO_ALWAYS}};

/* In a process of its own, which may die in it. */
static int run_command(const lab *lab, const char *const *words, int out)
{
    char *argv[16] = {(char *)"quantbot paper"};
    int argc = 1;
    for (const char *const *word = words + 1; *word != NULL; word++)
        argv[argc++] = (char *)*word;
    if (chdir(lab->folder) != 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO) < 0)
        return 99;
    setenv("QUANTBOT_DATA_DIR", lab->folder, 1);
    for (const command *c = commands_table; c->name != NULL; c++)
        if (strcmp(c->name, "paper") == 0 && strcmp(c->verb, words[0]) == 0) {
            const int code = c->run(argc, argv);
            fflush(stdout);
            return code;
        }
    return 98;
}

typedef struct ending {
    gboolean died, said; /* said: "Command ID" was printed */
    int code;
    gboolean reached; /* the fault */
} ending;

/* at 0: undisturbed. */
static ending run_with(const lab *lab, const char *const *words, const fault *fault, int at)
{
    int ends[2], status = 0;
    g_autoptr(GString) text = g_string_new(NULL);
    char piece[512];
    g_assert_cmpint(pipe(ends), ==, 0);
    const pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        close(ends[0]);
        if (at > 0 && fault->kind != FAULT_NONE)
            fault_vfs_arm(fault->kind, at);
        files_countdown = at > 0 && fault->kind == FAULT_NONE ? at : 0;
        files_before_mutation = die_in_files;
        const int code = run_command(lab, words, ends[1]);
        if (at > 0 && fault->kind != FAULT_NONE && fault_vfs_count() >= at)
            dprintf(ends[1], "\nREACHED\n");
        _exit(code);
    }
    close(ends[1]);
    for (ssize_t size; (size = read(ends[0], piece, sizeof piece)) > 0;)
        g_string_append_len(text, piece, size);
    close(ends[0]);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    return (ending){.died = WIFSIGNALED(status),
                    .said = strstr(text->str, "Command the-press of ") != NULL,
                    .code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                    .reached = strstr(text->str, "\nREACHED\n") != NULL};
}

/* ---- what must hold ------------------------------------------------------------------------- */

typedef struct scene {
    const char *path;
    const char *words[10]; /* after "paper"; the id is the-press */
    gboolean from_nothing; /* else from a file with a closed latch of run a */
    guint before, after;   /* control_latch of run a */
    const char *row;       /* state and effect of a press that stands */
} scene;

static void prepare(const scene *scene, lab *lab)
{
    lab_open(lab, NULL);
    if (scene->from_nothing)
        return;
    g_autoptr(control) control = lab_control(lab);
    g_autoptr(control_command) command = desk_send(control, "before", CONTROL_HALT, "a");
    g_assert_nonnull(command);
}

/* TRUE: the press stands. The latch and the row agree, whichever it is. */
static gboolean stands(const scene *scene, const lab *lab, const char *where)
{
    g_autoptr(GError) error = NULL;
    if (!g_file_test(lab->control, G_FILE_TEST_EXISTS))
        return FALSE;
    g_autoptr(control) control = control_open(lab->control, &error);
    if (control == NULL)
        g_error("%s: %s", where, error->message);
    g_autoptr(control_command) row = control_find(control, "the-press", NULL);
    const guint bits = control_latch(control, "a");
    if (bits != (row != NULL ? scene->after : scene->before))
        g_error("%s: latch %u, %s", where, bits, row != NULL ? "a row" : "no row");
    if (row != NULL) {
        g_autofree char *text = g_strdup_printf("%s %s", control_state_text(row->state),
                                                row->effect != NULL ? row->effect : "-");
        if (strcmp(text, scene->row) != 0)
            g_error("%s: %s", where, text);
    }
    g_assert_true(control_check(control, &error));
    return row != NULL;
}

static void again(const scene *scene, const lab *lab, const char *where)
{
    const ending done = run_with(lab, scene->words, NULL, 0);
    if (done.code != 0 || !done.said || !stands(scene, lab, where))
        g_error("%s: cannot be pressed again: exit %d", where, done.code);
    g_assert_cmpint(lab_count(lab->control, "SELECT count(*) FROM commands WHERE id = 'the-press'"),
                    ==, 1);
}

static void test_deaths(gconstpointer data)
{
    const scene *scene = data;
    for (gsize i = 0; i < G_N_ELEMENTS(deaths); i++) {
        gboolean died = TRUE;
        int at = 1, stood = 0;
        for (; died; at++) {
            lab lab;
            g_autofree char *where = g_strdup_printf("%s: %s at mutation %d", scene->path,
                                                     deaths[i].name, at);
            prepare(scene, &lab);
            const ending ending = run_with(&lab, scene->words, &deaths[i], at);
            const gboolean stood_here = stands(scene, &lab, where);
            died = ending.died;
            stood += stood_here;
            if ((ending.said || !died) && !stood_here)
                g_error("%s: said, and lost", where);
            again(scene, &lab, where);
            lab_close(&lab, NULL);
        }
        g_test_message("%s: %d points, after %d of them the press stood", deaths[i].name, at - 2,
                       stood - 1);
        /* A file that is there is changed by SQLite only. */
        g_assert_true(at > 3 || (deaths[i].kind == FAULT_NONE && !scene->from_nothing));
    }
}

/* Said and exit 0 only when it stands. A commit whose last sync failed for good may stand unsaid: what
 * the kernel kept of it is seen by the next reader. */
static void test_disks(gconstpointer data)
{
    const scene *scene = data;
    for (gsize i = 0; i < G_N_ELEMENTS(disks); i++) {
        gboolean reached = TRUE;
        int at = 1, failures = 0;
        for (; reached; at++) {
            lab lab;
            g_autofree char *where = g_strdup_printf("%s: %s at mutation %d", scene->path,
                                                     disks[i].name, at);
            prepare(scene, &lab);
            const ending ending = run_with(&lab, scene->words, &disks[i], at);
            const gboolean stood_here = stands(scene, &lab, where);
            reached = ending.reached;
            failures += ending.code != 0;
            const gboolean unsaid = stood_here && ending.code != 0;
            if (ending.died || (ending.code == 0 && !stood_here) ||
                ending.said != (ending.code == 0) || (unsaid && disks[i].kind != FAULT_IO_ALWAYS) ||
                (ending.code != 0 && ending.code != 6 && ending.code != 8))
                g_error("%s: exit %d, %s", where, ending.code, stood_here ? "stands" : "does not");
            again(scene, &lab, where);
            lab_close(&lab, NULL);
        }
        g_test_message("%s: %d points, %d failures", disks[i].name, at - 2, failures);
        g_assert_cmpint(failures, >, 0);
    }
}

int main(int argc, char **argv)
{
    static const scene scenes[] = {
        {"halt-from-nothing",
         {"halt", "--freeze", "--id", "the-press", "--reason", "CPI"},
         TRUE,
         0,
         CONTROL_CLOSED | CONTROL_FROZEN,
         "done closed for all runs; protective exits stopped"},
        {"halt",
         {"halt", "--flatten", "--id", "the-press"},
         FALSE,
         CONTROL_CLOSED,
         CONTROL_CLOSED | CONTROL_TO_FLAT,
         "done closed for all runs; positions to be closed"},
        {"resume",
         {"resume", "--run", "a", "--id", "the-press"},
         FALSE,
         CONTROL_CLOSED,
         0,
         "done opened for run a"},
        {"stop",
         {"stop", "--run", "a", "--id", "the-press"},
         FALSE,
         CONTROL_CLOSED,
         CONTROL_CLOSED,
         "queued -"},
    };
    lab_in_memory();
    g_test_init(&argc, &argv, NULL);
    fault_vfs_install();
    for (gsize i = 0; i < G_N_ELEMENTS(scenes); i++) {
        g_autofree char *killed = g_strconcat("/paper/killed/", scenes[i].path, NULL);
        g_autofree char *disk = g_strconcat("/paper/disk/", scenes[i].path, NULL);
        g_test_add_data_func(killed, &scenes[i], test_deaths);
        g_test_add_data_func(disk, &scenes[i], test_disks);
    }
    return g_test_run();
}
