/* Killed at each mutation of a file, or the disk failing there, in the journal, control and the
 * outbox: after it and the work done again, all is as if nothing had happened; what had been
 * acknowledged is there; and nothing is admitted once a journal has failed. A failure names its
 * point. Every point is tried. */
#include "../runlog/fault_memory.h"
#include "../runlog/fault_vfs.h"
#include "lab.h"

#include "platform/files.h"
#include "platform/log.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Work that may be killed anywhere and done again: returns 0. It says each thing that is durable by
 * a byte in the pipe. */
typedef int (*work)(const lab *lab, int acknowledge);

static gboolean say(int acknowledge)
{
    return acknowledge < 0 || write(acknowledge, "c", 1) == 1;
}

/* ---- dying ---------------------------------------------------------------------------------- */

static int files_countdown;

static int die_in_files(const char *what, const char *path)
{
    if (--files_countdown == 0)
        kill(getpid(), SIGKILL);
    return 0;
}

typedef struct death {
    const char *name;
    fault_kind kind; /* FAULT_NONE: in a mutation of our own files instead */
} death;
static const death deaths[] = {
    {"killed", FAULT_KILL}, {"torn", FAULT_TORN}, {"killed in files", FAULT_NONE}};

/* TRUE when it died there; *out_said: what was durable for others. */
static gboolean die_at(const lab *lab, work work, const death *death, int at, int *out_said)
{
    int ends[2], status = 0;
    char byte;
    g_assert_cmpint(pipe(ends), ==, 0);
    const pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        close(ends[0]);
        if (death->kind != FAULT_NONE)
            fault_vfs_arm(death->kind, at);
        files_countdown = death->kind == FAULT_NONE ? at : 0;
        files_before_mutation = die_in_files;
        _exit(work(lab, ends[1]));
    }
    close(ends[1]);
    for (*out_said = 0; read(ends[0], &byte, 1) == 1;)
        ++*out_said;
    close(ends[0]);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    if (WIFEXITED(status))
        g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    return WIFSIGNALED(status);
}

typedef struct scene {
    const char *path;
    int (*prepare)(const lab *lab, int unused); /* before, undisturbed; NULL: from nothing */
    work work;
    char *(*state)(const lab *lab); /* what must be the same in the end. Caller frees */
    void (*check)(const lab *lab, int said, const char *where); /* right after the death */
} scene;

static void prepare(const scene *scene, lab *lab)
{
    lab_open(lab, NULL);
    g_assert_true(scene->prepare == NULL || scene->prepare(lab, -1) == 0);
}

static char *undisturbed(const scene *scene)
{
    lab lab;
    prepare(scene, &lab);
    g_assert_cmpint(scene->work(&lab, -1), ==, 0);
    char *state = scene->state(&lab);
    lab_close(&lab, NULL);
    return state;
}

static void test_deaths(gconstpointer data)
{
    const scene *scene = data;
    g_autofree char *expected = undisturbed(scene);
    for (gsize i = 0; i < G_N_ELEMENTS(deaths); i++) {
        gboolean died = TRUE;
        int at = 1;
        for (; died; at++) {
            lab lab;
            int said = 0;
            prepare(scene, &lab);
            g_autofree char *where = g_strdup_printf("%s: %s at mutation %d", scene->path,
                                                     deaths[i].name, at);
            died = die_at(&lab, scene->work, &deaths[i], at, &said);
            scene->check(&lab, said, where);
            if (scene->work(&lab, -1) != 0)
                g_error("%s: cannot be done again", where);
            g_autofree char *state = scene->state(&lab);
            if (strcmp(state, expected) != 0)
                g_error("%s: %s (expected %s)", where, state, expected);
            lab_close(&lab, NULL);
        }
        g_test_message("%s: %d points", deaths[i].name, at - 2);
    }
}

/* ---- appending to a journal ----------------------------------------------------------------- */

#define COMMITS 4
#define STEPS_A_COMMIT 3

static int append(const lab *lab, int acknowledge)
{
    g_autoptr(journal) journal = journal_open(lab->paper, LAB_RUN, NULL, NULL);
    if (journal == NULL || !lab_start(journal, NULL))
        return 1;
    for (guint64 n = 1; n <= COMMITS * STEPS_A_COMMIT; n++) {
        if (!lab_step(journal, n, NULL))
            return 2;
        if (n % STEPS_A_COMMIT == 0 &&
            (!journal_commit(journal, LAB_NOW_US, NULL) || !say(acknowledge)))
            return 3;
    }
    return 0;
}

/* The end of the chain: equal when every event is. */
static char *chain_state(const lab *lab)
{
    journal_free(lab_journal(lab, NULL)); /* proven */
    return lab_ask(lab->journal, "SELECT seq || ' ' || chain FROM head");
}

/* What had been acknowledged, and at most one commit more, whole. */
static void check_events(const lab *lab, int said, const char *where)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(journal) journal = journal_open(lab->paper, LAB_RUN, NULL, &error);
    if (journal == NULL)
        g_error("%s: %s", where, error->message);
    const gint64 events = MAX(journal_last(journal) - 1, 0); /* without the start */
    const gint64 a_commit = STEPS_A_COMMIT * LAB_STEP_EVENTS;
    if (events % a_commit != 0 || events < said * a_commit || events > (said + 1) * a_commit)
        g_error("%s: %d events after %d commits", where, (int)events, said);
}

/* ---- commands ------------------------------------------------------------------------------- */

static gboolean press(control *control, const char *id, control_action action, const char *run)
{
    const control_request request = {
        .id = id, .actor = "user:ann", .rights = CONTROL_MAY_CHANGE, .action = action, .run = run};
    g_autoptr(control_command) command = control_send(control, &request, LAB_NOW_US, NULL);
    return command != NULL;
}

static int halt(const lab *lab, int acknowledge)
{
    g_autoptr(control) control = control_open(lab->control, NULL);
    return control != NULL && press(control, "halt", CONTROL_HALT, NULL) && say(acknowledge) ? 0
                                                                                             : 1;
}

static int resume(const lab *lab, int acknowledge)
{
    g_autoptr(control) control = control_open(lab->control, NULL);
    return control != NULL && press(control, "resume", CONTROL_RESUME, NULL) && say(acknowledge)
               ? 0
               : 1;
}

static char *control_state_text_of(const lab *lab)
{
    return lab_ask(lab->control,
                   "SELECT (SELECT group_concat(number || id || state || coalesce(claimed_by, '')"
                   " || coalesce(effect, '')) FROM (SELECT * FROM commands ORDER BY number)) || "
                   "'; ' || coalesce((SELECT group_concat(run || closed || command || digest)"
                   " FROM latch), '')");
}

/* The latch is where its last row says, and an acknowledged press has moved it. */
static void check_latch(const lab *lab, int said, const char *where, guint before, guint after,
                        const char *id)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(control) control = control_open(lab->control, &error);
    if (control == NULL)
        g_error("%s: %s", where, error->message);
    const guint bits = control_latch(control, "any");
    g_autoptr(control_command) row = control_find(control, id, NULL);
    if (bits != (row != NULL ? after : before) || (said > 0 && row == NULL))
        g_error("%s: latch %u, %s", where, bits, row != NULL ? "a row" : "no row");
}

static void check_halt(const lab *lab, int said, const char *where)
{
    check_latch(lab, said, where, 0, CONTROL_CLOSED, "halt");
}

static void check_resume(const lab *lab, int said, const char *where)
{
    check_latch(lab, said, where, CONTROL_CLOSED, 0, "resume");
}

#define QUEUED 3

static int queue(const lab *lab, int unused)
{
    g_autoptr(control) control = control_open(lab->control, NULL);
    for (int i = 0; i < QUEUED; i++) {
        g_autofree char *id = g_strdup_printf("stop-%d", i);
        if (control == NULL || !press(control, id, CONTROL_STOP, LAB_RUN))
            return 1;
    }
    return 0;
}

/* The effect of a command is its row in the journal; it is done when that is durable. */
static gboolean carry_out(control *control, journal *journal, const control_command *command)
{
    return journal_append(journal, JOURNAL_COMMAND, (guint64)command->number, LAB_NOW_US,
                          command->id, strlen(command->id), NULL) &&
           journal_commit(journal, LAB_NOW_US, NULL) &&
           control_finish(control, command->id, CONTROL_DONE, "done", LAB_NOW_US, NULL);
}

static int take_commands(const lab *lab, int acknowledge)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(control) control = control_open(lab->control, NULL);
    g_autoptr(journal) journal = control != NULL ? journal_open(lab->paper, LAB_RUN, control, NULL)
                                                 : NULL;
    g_autoptr(GPtrArray) begun = journal != NULL ? control_unfinished(control, LAB_RUN, NULL)
                                                 : NULL;
    if (begun == NULL)
        return 1;
    for (guint i = 0; i < begun->len; i++)
        if (!carry_out(control, journal, begun->pdata[i]))
            return 2;
    for (;;) {
        g_autoptr(control_command)
            command = control_claim(control, LAB_RUN, "trader", LAB_NOW_US, &error);
        if (command == NULL)
            return error != NULL ? 3 : 0;
        if (!carry_out(control, journal, command) || !say(acknowledge))
            return 4;
    }
}

/* Of the people's commands: a journal that fails halts the run by a row of its own. */
static char *commands_state(const lab *lab)
{
    g_autofree char *control = lab_ask(
        lab->control, "SELECT group_concat(id || state || claimed_by || effect) FROM"
                      " (SELECT * FROM commands WHERE actor <> 'quantbot' ORDER BY number)");
    g_autofree char *journal = lab_ask(lab->journal,
                                       "SELECT count(*) || ' ' || group_concat(body) FROM events");
    return g_strconcat(control, "; ", journal, NULL);
}

static void check_commands(const lab *lab, int said, const char *where)
{
    const gint64 done = lab_count(lab->control,
                                  "SELECT count(*) FROM commands WHERE state = 'done'");
    const gint64 claimed = lab_count(lab->control,
                                     "SELECT count(*) FROM commands WHERE state = 'claimed'");
    if (done < said || done > said + 1 || claimed > 1)
        g_error("%s: %d said, %d done, %d claimed", where, said, (int)done, (int)claimed);
}

/* ---- the outbox ----------------------------------------------------------------------------- */

static int fill(const lab *lab, int unused)
{
    g_autoptr(runlog) log = runlog_open(lab->log, NULL);
    return log != NULL ? append(lab, -1) : 1;
}

static int carry(const lab *lab, int acknowledge)
{
    gint64 next_us = 0;
    g_autoptr(runlog) log = runlog_open(lab->log, NULL);
    if (log == NULL)
        return 1;
    const outbox_target target = outbox_target_of(log);
    g_autoptr(outbox) box = outbox_new(lab->paper, LAB_RUN, &target, 1, NULL);
    if (box == NULL || !outbox_step(box, LAB_NOW_US, &next_us, NULL) || outbox_trouble(box) != NULL)
        return 2;
    return say(acknowledge) ? 0 : 3;
}

static char *carried_state(const lab *lab)
{
    g_autofree char *rows = lab_found(lab->log);
    g_autofree char *expected = lab_expected(COMMITS * STEPS_A_COMMIT);
    g_assert_cmpstr(rows, ==, expected);
    return lab_ask(lab->journal, "SELECT seq || ' ' || chain FROM outbox");
}

/* All of the batch or nothing; never a position beyond the rows. */
static void check_carried(const lab *lab, int said, const char *where)
{
    const gint64 fills = lab_count(lab->log, "SELECT count(*) FROM fills");
    const gint64 position = lab_count(lab->journal, "SELECT max(seq) FROM outbox");
    if ((fills != 0 && fills != COMMITS * STEPS_A_COMMIT) || (position > 0 && fills == 0) ||
        (said > 0 && position == 0))
        g_error("%s: %d fills, position %d", where, (int)fills, (int)position);
}

/* ---- the disk fails ------------------------------------------------------------------------- */

typedef struct disk_case {
    const char *path;
    fault_kind kind;
    const char *says;
} disk_case;

/* The first failure is reported, closes the latch, and is the last; what was durable stays. */
static gboolean fail_at(const disk_case *disk, int at)
{
    lab lab;
    g_autoptr(GError) error = NULL;
    lab_open(&lab, NULL);
    g_autoptr(control) control = lab_control(&lab);
    g_autoptr(journal) journal = lab_journal(&lab, control);
    g_assert_true(lab_step(journal, 1, &error) && journal_commit(journal, LAB_NOW_US, &error));
    fault_vfs_arm(disk->kind, at);
    guint64 done = 1;
    for (guint64 n = 2; n <= 4 && error == NULL; n++)
        if (lab_step(journal, n, &error) && journal_commit(journal, LAB_NOW_US, &error))
            done = n;
    const gboolean reached = fault_vfs_count() >= at;
    const guint bits = control_latch(control, LAB_RUN);
    fault_vfs_arm(FAULT_NONE, 0);
    if (error != NULL) {
        g_autoptr(GError) again = NULL;
        if (bits == 0 || strstr(error->message, disk->says) == NULL ||
            strstr(error->message, lab.journal) == NULL)
            g_error("%s at mutation %d: latch %u, %s", disk->path, at, bits, error->message);
        g_assert_false(journal_commit(journal, LAB_NOW_US, &again));
        g_assert_cmpstr(again->message, ==, error->message);
        /* Now that the disk works, the closing is written for all to see. */
        g_assert_cmpuint(control_latch(control, LAB_RUN), ==, CONTROL_CLOSED);
        g_assert_cmpint(lab_count(lab.control, "SELECT count(*) FROM latch WHERE closed"), ==, 1);
    }
    g_clear_pointer(&journal, journal_free);
    journal = lab_journal(&lab, NULL);
    const guint64 stands = (guint64)journal_last(journal) / LAB_STEP_EVENTS;
    if (stands < done || stands > done + 1)
        g_error("%s at mutation %d: %d steps of %d", disk->path, at, (int)stands, (int)done);
    lab_close(&lab, NULL);
    return reached;
}

static void test_disk(gconstpointer data)
{
    int at = 1;
    while (fail_at(data, at))
        at++;
    g_test_message("%d points", at - 1);
    g_assert_cmpint(at, >, 5);
}

/* ---- memory fails --------------------------------------------------------------------------- */

/* SQLite's k-th allocation fails, for many k: the work ends or says that it failed, gives all
 * memory back, and can be done again. */
static int fail_allocations(const scene *scene, const char *expected)
{
    int failures = 0;
    gboolean reached = TRUE;
    fault_memory_install();
    fault_vfs_install();
    for (int at = 1; reached; at += g_test_slow() ? 1 : 1 + at / 25) {
        lab lab;
        prepare(scene, &lab);
        fault_memory_arm(at);
        failures += scene->work(&lab, -1) != 0;
        reached = fault_memory_count() >= at;
        fault_memory_arm(0);
        if (sqlite3_memory_used() != 0)
            g_error("%s: allocation %d: memory is kept", scene->path, at);
        if (scene->work(&lab, -1) != 0)
            g_error("%s: allocation %d: cannot be done again", scene->path, at);
        g_autofree char *state = scene->state(&lab);
        if (strcmp(state, expected) != 0)
            g_error("%s: allocation %d: %s (expected %s)", scene->path, at, state, expected);
        lab_close(&lab, NULL);
    }
    return failures > 5 ? 0 : 1;
}

static void test_memory(gconstpointer data)
{
    int status = 0;
    g_autofree char *expected = undisturbed(data);
    const pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        _exit(fail_allocations(data, expected));
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
}

int main(int argc, char **argv)
{
    static const scene scenes[] = {
        {"/crash/append", NULL, append, chain_state, check_events},
        {"/crash/halt", NULL, halt, control_state_text_of, check_halt},
        {"/crash/resume", halt, resume, control_state_text_of, check_resume},
        {"/crash/claim", queue, take_commands, commands_state, check_commands},
        {"/crash/outbox", fill, carry, carried_state, check_carried},
    };
    static const disk_case disks[] = {
        {"/crash/disk/full", FAULT_FULL, "disk is full"},
        {"/crash/disk/io-error-once", FAULT_IO_ONCE, "disk I/O error"},
        {"/crash/disk/io-error-always", FAULT_IO_ALWAYS, "disk I/O error"},
    };
    lab_in_memory();
    g_test_init(&argc, &argv, NULL);
    log_set_level(LOG_CRITICAL);
    fault_vfs_install();
    for (gsize i = 0; i < G_N_ELEMENTS(scenes); i++)
        g_test_add_data_func(scenes[i].path, &scenes[i], test_deaths);
    for (gsize i = 0; i < G_N_ELEMENTS(scenes); i++) {
        g_autofree char *path = g_strconcat(scenes[i].path, "/memory", NULL);
        g_test_add_data_func(path, &scenes[i], test_memory);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(disks); i++)
        g_test_add_data_func(disks[i].path, &disks[i], test_disk);
    return g_test_run();
}
