/* The whole way of a command: a person gives it on the command line, a trader in another process takes
 * it, once, and writes its effect into its journal; it ends, or it expires; and the audit keeps all
 * of it. The trader is a script over the headers of control and journal, as the paper loop will be. */
#include "../control/desk.h"
#include "../journal/lab.h"
#include "program.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the trader ----------------------------------------------------------------------------- */

/* What it is told to do by a byte; it answers each with one. */
enum { TAKE = 't', TAKE_AND_HANG = 'h', LOOK = 'l', END = 'e' };

typedef struct trader {
    pid_t pid;
    int ask, answer;
} trader;

typedef struct floor_of {
    control *control;
    journal *journal;
    const char *holder;
    gint64 now_us;
} floor_of;

static const char *effect_of(control_action action)
{
    return action == CONTROL_NOTE ? "noted" : action == CONTROL_STOP ? "ended" : "checkpointed";
}

/* TRUE: its effect is in the journal already, by a trader that died before it could say so. */
static gboolean find_effect(const journal_event *event, gpointer data, GError **error)
{
    gpointer *search = data; /* id, found */
    if (event->kind == JOURNAL_COMMAND && strcmp(event->body, search[0]) == 0)
        search[1] = GINT_TO_POINTER(TRUE);
    return TRUE;
}

static gboolean is_in_journal(const lab *lab, const char *id)
{
    gpointer search[] = {(gpointer)id, NULL};
    g_autoptr(journal_reader) reader = journal_reader_open(lab->paper, LAB_RUN, NULL);
    return reader != NULL && journal_reader_each(reader, 0, 0, find_effect, search, NULL) &&
           search[1] != NULL;
}

static gboolean take_effect(const floor_of *floor, const control_command *command)
{
    return journal_append(floor->journal, JOURNAL_COMMAND, (guint64)command->number, floor->now_us,
                          command->id, strlen(command->id), NULL) &&
           journal_commit(floor->journal, floor->now_us, NULL);
}

/* At the start: what a trader that died had claimed. */
static gboolean settle(const lab *lab, const floor_of *floor)
{
    g_autoptr(GPtrArray) begun = control_unfinished(floor->control, LAB_RUN, NULL);
    for (guint i = 0; begun != NULL && i < begun->len; i++) {
        const control_command *command = begun->pdata[i];
        if ((!is_in_journal(lab, command->id) && !take_effect(floor, command)) ||
            !control_finish(floor->control, command->id, CONTROL_DONE, effect_of(command->action),
                            floor->now_us, NULL))
            return FALSE;
    }
    return begun != NULL;
}

/* 'y': took one, 'n': there was none, 'x': failed. */
static char take(const floor_of *floor, gboolean hang)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(control_command)
        command = control_claim(floor->control, LAB_RUN, floor->holder, floor->now_us, &error);
    if (command == NULL)
        return error != NULL ? 'x' : 'n';
    if (!take_effect(floor, command))
        return 'x';
    if (hang) /* between the effect and its end */
        return 'y';
    return control_finish(floor->control, command->id, CONTROL_DONE, effect_of(command->action),
                          floor->now_us, NULL)
               ? 'y'
               : 'x';
}

static int trade(const lab *lab, const char *holder, gint64 now_us, int ask, int answer)
{
    char question;
    g_autoptr(control) control = control_open(lab->control, NULL);
    g_autoptr(journal) journal = control != NULL ? journal_open(lab->paper, LAB_RUN, control, NULL)
                                                 : NULL;
    const floor_of floor = {control, journal, holder, now_us};
    if (journal == NULL || !settle(lab, &floor) || write(answer, "r", 1) != 1)
        return 1;
    while (read(ask, &question, 1) == 1 && question != END) {
        const char said = question == LOOK ? (char)('0' + (int)control_latch(control, LAB_RUN))
                                           : take(&floor, question == TAKE_AND_HANG);
        if (write(answer, &said, 1) != 1)
            return 2;
    }
    return 0;
}

static char hear(const trader *self)
{
    char said = '-';
    g_assert_cmpint(read(self->answer, &said, 1), ==, 1);
    return said;
}

static trader start(const lab *lab, const char *holder, gint64 now_us)
{
    int asks[2], answers[2];
    g_assert_cmpint(pipe(asks), ==, 0);
    g_assert_cmpint(pipe(answers), ==, 0);
    const pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        close(asks[1]);
        close(answers[0]);
        _exit(trade(lab, holder, now_us, asks[0], answers[1]));
    }
    close(asks[0]);
    close(answers[1]);
    const trader self = {pid, asks[1], answers[0]};
    g_assert_cmpint(hear(&self), ==, 'r');
    return self;
}

static void tell(const trader *self, char question, char expected)
{
    g_assert_cmpint(write(self->ask, &question, 1), ==, 1);
    const char said = hear(self);
    if (said != expected)
        g_error("told '%c', the trader said '%c' (expected '%c')", question, said, expected);
}

/* expected: exit 0, or by SIGKILL. */
static void stop(trader *self, gboolean kill_it)
{
    int status = 0;
    const char question = END;
    if (kill_it)
        kill(self->pid, SIGKILL);
    else
        g_assert_cmpint(write(self->ask, &question, 1), ==, 1);
    g_assert_cmpint(waitpid(self->pid, &status, 0), ==, self->pid);
    g_assert_true(kill_it ? WIFSIGNALED(status) : status == 0);
    close(self->ask);
    close(self->answer);
}

/* ---- the person ----------------------------------------------------------------------------- */

static program *person(const lab *lab, gint64 now_us)
{
    program *self = program_new();
    g_autofree char *clock = g_strdup_printf("%" G_GINT64_FORMAT, now_us);
    program_setenv(self, "QUANTBOT_DATA_DIR", lab->folder);
    program_setenv(self, "QUANTBOT_CLOCK_US", clock);
    program_setenv(self, "COLUMNS", "200");
    return self;
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* The audit, oldest first: "number action state: effect (holder)" in lines. Caller frees. */
static char *audit(program *self)
{
    g_autoptr(GString) text = g_string_new(NULL);
    program_expect(self, 0, "paper", "commands", "--last", "100", "--json");
    json_auto_t *root = program_json(self);
    const json_t *commands = json_object_get(root, "commands");
    for (gsize i = json_array_size(commands); i-- > 0;) {
        const json_t *command = json_array_get(commands, i);
        const char *effect = text_of(command, "effect");
        const char *holder = text_of(command, "claimed_by");
        g_string_append_printf(text, "%d %s %s: %s (%s)\n",
                               (int)json_integer_value(json_object_get(command, "number")),
                               text_of(command, "action"), text_of(command, "state"),
                               effect != NULL ? effect : "-", holder != NULL ? holder : "-");
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static gint64 effects(const lab *lab)
{
    return lab_count(lab->journal, "SELECT count(*) FROM events WHERE kind = 'command'");
}

/* ---- the story ------------------------------------------------------------------------------ */

static void test_story(lab *lab, gconstpointer unused)
{
    const gint64 morning_us = LAB_NOW_US, late_us = LAB_NOW_US + CONTROL_EXPIRY_US;
    g_autoptr(program) ann = person(lab, morning_us);
    trader first = start(lab, "trader 1", morning_us);

    /* Commands are rows: given while the trader runs, they wait until it takes them. */
    program_expect(ann, 0, "paper", "note", "--run", LAB_RUN, "new fees today", "--id", "n1");
    g_assert_cmpstr(ann->err, ==, "");
    program_expect(ann, 0, "paper", "status", "--json");
    g_assert_nonnull(strstr(ann->out, "\"id\":\"n1\""));
    tell(&first, TAKE, 'y');
    tell(&first, TAKE, 'n'); /* claimed once */
    program_expect(ann, 0, "paper", "note", "--run", LAB_RUN, "new fees today", "--id", "n1");
    g_assert_nonnull(strstr(ann->out, "the same command")); /* given twice, it is one */
    tell(&first, TAKE, 'n');
    g_assert_cmpint(effects(lab), ==, 1);

    /* Halt: on disk when the command returns, whatever becomes of the trader. */
    tell(&first, LOOK, '0');
    program_expect(ann, 0, "paper", "halt", "--reason", "CPI at 14:30");
    tell(&first, LOOK, '1');
    program_expect(ann, 0, "paper", "checkpoint", "--run", LAB_RUN);
    tell(&first, TAKE_AND_HANG, 'y'); /* the effect is in, its end is not */
    stop(&first, TRUE);
    program_expect(ann, 0, "paper", "status");
    g_assert_nonnull(strstr(ann->out, "Every run is halted."));
    g_assert_nonnull(strstr(ann->out, "claimed"));
    g_assert_nonnull(strstr(ann->out, "taken 0 s ago by trader 1"));

    /* The next one finds what was claimed, and that its effect is in: it ends it, and does it not
     * again. */
    trader second = start(lab, "trader 2", morning_us);
    tell(&second, LOOK, '1');
    tell(&second, TAKE, 'n');
    g_assert_cmpint(effects(lab), ==, 2);
    program_expect(ann, 0, "paper", "resume", "--reason", "it was dull");
    tell(&second, LOOK, '0');
    stop(&second, FALSE);

    /* A stop pressed while nothing runs does not end tomorrow's run. */
    program_expect(ann, 0, "paper", "stop", "--run", LAB_RUN);
    g_autofree char *clock = g_strdup_printf("%" G_GINT64_FORMAT, late_us);
    program_setenv(ann, "QUANTBOT_CLOCK_US", clock);
    program_expect(ann, 0, "paper", "commands", "--state", "queued", "--json");
    g_assert_nonnull(strstr(ann->out, "\"commands\":[]")); /* too old, before anybody looked */
    trader third = start(lab, "trader 3", late_us);
    tell(&third, TAKE, 'n');
    program_expect(ann, 0, "paper", "stop", "--run", LAB_RUN, "--reason", "now");
    tell(&third, TAKE, 'y');
    stop(&third, FALSE);
    g_assert_cmpint(effects(lab), ==, 3);

    /* The audit is kept: all that was asked, and what came of each. */
    g_autofree char *kept = audit(ann);
    g_assert_cmpstr(kept, ==,
                    "1 note done: noted (trader 1)\n"
                    "2 halt done: closed for all runs (-)\n"
                    "3 checkpoint done: checkpointed (trader 1)\n"
                    "4 resume done: opened for all runs (-)\n"
                    "5 stop expired: nobody took it in time (-)\n"
                    "6 stop done: ended (trader 3)\n");
    g_assert_cmpint(desk_count(lab->control, "SELECT count(*) FROM commands WHERE state IN"
                                             " ('done', 'expired') AND ended_us IS NOT NULL"),
                    ==, 6);
}

#define GIVEN 30
#define TRADERS 3

static int take_all(const lab *lab, const char *holder)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(control) control = control_open(lab->control, &error);
    while (control != NULL) {
        g_autoptr(control_command)
            command = control_claim(control, LAB_RUN, holder, LAB_NOW_US, &error);
        if (command == NULL)
            break;
        if (!control_finish(control, command->id, CONTROL_DONE, holder, LAB_NOW_US, &error))
            break;
    }
    return error != NULL ? 1 : 0;
}

/* Claimed once, however many ask. */
static void test_race(lab *lab, gconstpointer unused)
{
    pid_t pids[TRADERS];
    g_autoptr(program) ann = person(lab, LAB_NOW_US);
    for (int given = 0; given < GIVEN; given++)
        program_expect(ann, 0, "paper", "checkpoint", "--run", LAB_RUN);
    for (int i = 0; i < TRADERS; i++) {
        g_autofree char *holder = g_strdup_printf("trader %d", i);
        pids[i] = fork();
        g_assert_cmpint(pids[i], >=, 0);
        if (pids[i] == 0)
            _exit(take_all(lab, holder));
    }
    for (int i = 0; i < TRADERS; i++) {
        int status = 0;
        g_assert_cmpint(waitpid(pids[i], &status, 0), ==, pids[i]);
        g_assert_cmpint(status, ==, 0);
    }
    program_expect(ann, 0, "paper", "commands", "--last", "100", "--state", "done", "--json");
    json_auto_t *root = program_json(ann);
    const json_t *commands = json_object_get(root, "commands");
    g_assert_cmpuint(json_array_size(commands), ==, GIVEN);
    for (gsize i = 0; i < GIVEN; i++) { /* whoever claimed it is who ended it */
        const json_t *command = json_array_get(commands, i);
        g_assert_cmpstr(text_of(command, "claimed_by"), ==, text_of(command, "effect"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/paper/story", lab, NULL, lab_open, test_story, lab_close);
    g_test_add("/paper/race", lab, NULL, lab_open, test_race, lab_close);
    return g_test_run();
}
