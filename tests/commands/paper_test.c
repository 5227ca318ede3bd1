/* The paper commands on real files: what they do, say, and return. */
#include "../control/desk.h"
#include "../journal/lab.h"
#include "program.h"

#include <string.h>

#define CONTROL "data/runtime/control.db"
#define NOW "1700000000000000"         /* 2023-11-14 22:13:20 UTC */
#define TEN_LATER "1700000600000000"   /* as old as a queued command may not be */
#define MONTH_LATER "1702592000000001" /* 30 days and a microsecond */

static program *at(const char *clock_us)
{
    program *self = program_new();
    program_setenv(self, "QUANTBOT_CLOCK_US", clock_us);
    program_setenv(self, "COLUMNS", "200"); /* sentences in one line */
    return self;
}

static char *control_path(const program *self)
{
    return g_build_filename(self->folder, CONTROL, NULL);
}

static gint64 count(const program *self, const char *sql)
{
    g_autofree char *path = control_path(self);
    return desk_count(path, sql);
}

static void assert_says(const char *text, const char *said)
{
    if (strstr(text, said) == NULL)
        g_error("%s\n(expected %s)", text, said);
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* Of a scope in "latches"; NULL: all runs. */
static const json_t *latch_of(const json_t *root, const char *run)
{
    size_t index;
    const json_t *latch;
    json_array_foreach(json_object_get(root, "latches"), index, latch)
    {
        if (g_strcmp0(text_of(latch, "run"), run) == 0)
            return latch;
    }
    return NULL;
}

static gboolean is_closed(program *self, const char *run)
{
    program_expect(self, 0, "paper", "status", "--json");
    json_auto_t *root = program_json(self);
    return json_is_true(json_object_get(latch_of(root, run), "closed"));
}

/* ---- nothing there -------------------------------------------------------------------------- */

/* Looking makes nothing. */
static void test_nothing(void)
{
    g_autoptr(program) self = at(NOW);
    g_autofree char *data = g_build_filename(self->folder, "data", NULL);
    program_expect(self, 0, "paper", "status");
    assert_says(self->out, "Nothing was ever halted");
    program_expect(self, 0, "paper", "status", "--json");
    assert_says(self->out,
                "\"exists\":false,\"control_error\":null,\"latches\":[],\"commands\":[]");
    program_expect(self, 0, "paper", "commands");
    assert_says(self->out, "No such command was given.");
    program_expect(self, 0, "paper", "commands", "--prune", "30", "--yes", "--json");
    g_assert_cmpstr(self->out, ==, "{\"deleted\":true,\"commands\":0}\n");
    g_assert_false(g_file_test(data, G_FILE_TEST_EXISTS));
}

static void test_usage(void)
{
    static const struct {
        const char *words[8];
        const char *says;
    } cases[] = {
        {{"paper"}, "quantbot paper halt"},
        {{"paper", "start"}, "paper needs one of"},
        {{"paper", "halt", "now"}, "unexpected argument \"now\""},
        {{"paper", "halt", "--freeze", "--flatten"}, "--freeze stops the orders"},
        {{"paper", "halt", "--id", "a b"}, "id: \"a b\""},
        {{"paper", "halt", "--reason", ""}, "reason: \"\""},
        {{"paper", "resume", "--run", ".a"}, "run: \".a\""},
        {{"paper", "stop"}, "--run"},
        {{"paper", "stop", "--run", "a", "b"}, "unexpected argument \"b\""},
        {{"paper", "checkpoint", "--run", ""}, "run: \"\""},
        {{"paper", "note", "--run", "a"}, "give one text"},
        {{"paper", "note", "--run", "a", "b", "c"}, "give one text"},
        {{"paper", "note", "b"}, "--run"},
        {{"paper", "commands", "--state", "wished"}, "expected queued, claimed, done"},
        {{"paper", "commands", "--last", "0"}, "--last: 0"},
        {{"paper", "commands", "--before", "-1"}, "--before"},
        {{"paper", "commands", "--run", "a/b"}, "--run: \"a/b\""},
        {{"paper", "commands", "--prune", "29"}, "--prune: 29 days (expected 30"},
        {{"paper", "commands", "--prune", "-30"}, "--prune: -30 days"},
        {{"paper", "commands", "--yes"}, "--yes goes with --prune"},
        {{"paper", "commands", "--prune", "30", "--run", "a"}, "--prune goes with"},
        {{"paper", "status", "a"}, "unexpected argument \"a\""},
    };
    g_autoptr(program) self = at(NOW);
    g_autofree char *data = g_build_filename(self->folder, "data", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *words[9] = {NULL};
        memcpy(words, cases[i].words, sizeof cases[i].words);
        if (program_run_vector(self, words) != 2 || strstr(self->err, cases[i].says) == NULL)
            g_error("case %d: exit %d, want 2 and %s in:\n%s", (int)i, self->exit_code,
                    cases[i].says, self->err);
        g_assert_cmpstr(self->out, ==, "");
    }
    g_assert_false(g_file_test(data, G_FILE_TEST_EXISTS)); /* and no file was made for it */
}

/* ---- the latch ------------------------------------------------------------------------------ */

static void test_halt(void)
{
    g_autoptr(program) self = at(NOW);
    program_expect(self, 0, "paper", "halt", "--reason", "CPI at 14:30, caf\xc3\xa9", "--id", "p1");
    assert_says(self->out, "All runs are halted: entries are refused");
    assert_says(self->out, "protective exits stay live; positions stay.");
    assert_says(self->out, "Command p1 of user:");
    assert_says(self->out, ": closed for all runs.");
    assert_says(self->out, CONTROL);
    assert_says(self->out, "2023-11-14 22:13:20");
    assert_says(self->out, "all runs: CPI at 14:30, caf\xc3\xa9\n");
    assert_says(self->err, "was not there before"); /* is it the traders' data directory? */
    g_assert_true(is_closed(self, NULL));
    g_assert_cmpint(count(self, "SELECT count(*) FROM commands WHERE state = 'done'"), ==, 1);
    /* by whom: the real user, whatever the environment says */
    g_autofree char *path = control_path(self);
    g_autofree char *expected = g_strconcat("user:", g_get_user_name(), NULL);
    g_autofree char *actor = desk_ask(path, "SELECT actor FROM latch");
    g_assert_cmpstr(actor, ==, expected);
    program_setenv(self, "USER", "mallory");
    program_setenv(self, "LOGNAME", "mallory");
    program_expect(self, 0, "paper", "halt", "--freeze");
    assert_says(self->out, "exits are stopped too");
    g_assert_cmpint(count(self, "SELECT count(DISTINCT actor) FROM commands"), ==, 1);
    /* A closing adds. */
    program_expect(self, 0, "paper", "halt", "--flatten", "--json");
    json_auto_t *root = program_json(self);
    g_assert_true(json_is_true(json_object_get(latch_of(root, NULL), "frozen")));
    g_assert_true(json_is_true(json_object_get(latch_of(root, NULL), "flatten")));
    program_expect(self, 0, "paper", "halt");
    assert_says(self->out, "was closed for all runs by user:");
    program_expect(self, 0, "paper", "status");
    assert_says(self->out, "Every run is halted.");
    assert_says(self->out, "frozen, to be flat");
}

static void test_same_id(void)
{
    g_autoptr(program) self = at(NOW);
    program_expect(self, 0, "paper", "halt", "--id", "p1");
    g_assert_null(strstr(self->out, "the same command"));
    program_expect(self, 0, "paper", "halt", "--id", "p1");
    assert_says(self->out, "the same command as at 2023-11-14 22:13:20 UTC");
    program_expect(self, 0, "paper", "halt", "--id", "p1", "--json");
    assert_says(self->out, "\"answered\":true,\"repeated\":true");
    g_assert_cmpint(count(self, "SELECT count(*) FROM commands"), ==, 1);
    program_expect(self, 2, "paper", "halt", "--id", "p1", "--reason", "another");
    assert_says(self->err, "is that of another command");
    program_expect(self, 0, "paper", "resume", "--id", "p2");
    program_expect(self, 0, "paper", "resume", "--id", "p2"); /* the answer of before was lost */
    /* The first press again, late: it closes nothing, and must not look as if it did. */
    program_expect(self, 1, "paper", "halt", "--id", "p1");
    assert_says(self->out, "Nothing is halted.");
    assert_says(self->out, "another --id presses again");
    g_assert_false(is_closed(self, NULL));
    program_expect(self, 0, "paper", "halt");
    program_expect(self, 1, "paper", "resume", "--id", "p2");
    g_assert_true(is_closed(self, NULL));
}

static void test_resume(void)
{
    g_autoptr(program) self = at(NOW);
    program_expect(self, 1, "paper", "resume");
    assert_says(self->out, "was open for all runs");
    program_expect(self, 0, "paper", "halt", "--run", "a", "--flatten");
    program_expect(self, 0, "paper", "halt", "--run", "b");
    program_expect(self, 0, "paper", "halt");
    /* One run: open, but the latch of all holds it. */
    program_expect(self, 1, "paper", "resume", "--run", "a");
    assert_says(self->out, "a is STILL HALTED, by the latch of all runs");
    g_assert_false(is_closed(self, "a"));
    g_assert_true(is_closed(self, "b"));
    /* All runs: that latch only. */
    program_expect(self, 0, "paper", "resume", "--reason", "looked at it");
    assert_says(self->out, "Still halted: b;");
    g_assert_false(is_closed(self, NULL));
    g_assert_true(is_closed(self, "b"));
    program_expect(self, 0, "paper", "resume", "--run", "b");
    assert_says(self->out, "b is not halted.");
    program_expect(self, 1, "paper", "resume", "--run", "b");
    program_expect(self, 1, "paper", "resume", "--run", "nobody");
    assert_says(self->err, "no run nobody has a journal in");
    program_expect(self, 0, "paper", "status");
    assert_says(self->out, "Nothing is halted.");
    program_expect(self, 0, "paper", "halt", "--run", "a");
    program_expect(self, 0, "paper", "status");
    assert_says(self->out, "Some runs are halted by a latch of their own");
}

/* ---- the queue ------------------------------------------------------------------------------ */

static void test_queue(void)
{
    g_autoptr(program) self = at(NOW);
    program_expect(self, 0, "paper", "stop", "--run", "a", "--reason", "month end", "--id", "s");
    assert_says(self->out, "Queued for run a: stop. Expires at 2023-11-14 22:23:20 UTC.");
    assert_says(self->err, "no run a has a journal in");
    program_expect(self, 0, "paper", "note", "--run", "a", "--", "-5 % \"fees\" today");
    program_expect(self, 0, "paper", "checkpoint", "--run", "b", "--json");
    assert_says(self->out, "\"repeated\":false,\"command\":{\"number\":3,");
    assert_says(self->out, "\"state\":\"queued\"");
    assert_says(self->out, "\"expires_at\":\"2023-11-14T22:23:20Z\"");
    g_autofree char *path = control_path(self);
    g_autofree char *rows = desk_ask(
        path, "SELECT group_concat(action || ' ' || run || ' ' || args, '; ') FROM commands");
    g_assert_cmpstr(rows, ==,
                    "stop a {\"reason\":\"month end\"}; "
                    "note a {\"text\":\"-5 % \\\"fees\\\" today\"}; checkpoint b {}");
    program_setenv(self, "QUANTBOT_CLOCK_US", "1700000060000000"); /* a minute later */
    program_expect(self, 0, "paper", "status");
    assert_says(self->out, "Commands that wait\n");
    assert_says(self->out, "60 s  stop        a    queued");
    assert_says(self->out, "expires in 9 min");
    program_setenv(self, "QUANTBOT_CLOCK_US", TEN_LATER);
    program_expect(self, 0, "paper", "status");
    g_assert_null(strstr(self->out, "Commands that wait")); /* nobody can take them now */
    program_expect(self, 0, "paper", "commands", "--state", "expired", "--json");
    assert_says(self->out, "\"effect\":\"nobody took it in time\"");
    program_expect(self, 0, "paper", "stop", "--run", "a", "--reason", "month end", "--id", "s");
    assert_says(self->out, "the same command as at 2023-11-14 22:13:20 UTC");
}

static void assert_listed(program *self, const char *numbers, const char *option, const char *value)
{
    const char *words[] = {"paper", "commands", "--json", option, value, NULL};
    g_autoptr(GString) found = g_string_new(NULL);
    g_assert_cmpint(program_run_vector(self, words), ==, 0);
    json_auto_t *root = program_json(self);
    size_t index;
    const json_t *command;
    json_array_foreach(json_object_get(root, "commands"), index, command)
    {
        g_string_append_printf(found, "%d ",
                               (int)json_integer_value(json_object_get(command, "number")));
    }
    g_assert_cmpstr(found->str, ==, numbers);
}

static void test_commands(void)
{
    g_autoptr(program) self = at(NOW);
    program_expect(self, 0, "paper", "halt", "--reason", "CPI");
    program_expect(self, 0, "paper", "note", "--run", "a", "hm");
    program_expect(self, 0, "paper", "halt", "--run", "b");
    assert_listed(self, "3 2 1 ", NULL, NULL);
    assert_listed(self, "3 2 ", "--last", "2");
    assert_listed(self, "2 1 ", "--before", "3");
    assert_listed(self, "2 1 ", "--run", "a"); /* what was for all runs was for a, too */
    assert_listed(self, "3 1 ", "--run", "b");
    assert_listed(self, "2 ", "--state", "queued");
    assert_listed(self, "3 1 ", "--state", "done");
    assert_listed(self, "", "--state", "refused");
    program_expect(self, 0, "paper", "commands", "--last", "2");
    assert_says(self->out, "Older ones: --before 2");
    program_expect(self, 0, "paper", "commands");
    assert_says(self->out, "1  2023-11-14 22:13:20  halt     all runs  done");
}

static void test_prune(void)
{
    g_autoptr(program) self = at(NOW);
    program_expect(self, 0, "paper", "halt");
    program_expect(self, 0, "paper", "resume");
    program_expect(self, 0, "paper", "stop", "--run", "a");
    program_setenv(self, "QUANTBOT_CLOCK_US", MONTH_LATER);
    program_expect(self, 0, "paper", "commands", "--prune", "30");
    g_assert_cmpstr(self->out, ==,
                    "2 ended commands recorded more than 30 days ago\n"
                    "Nothing was deleted: --yes does it.\n");
    g_assert_cmpint(count(self, "SELECT count(*) FROM commands"), ==, 3);
    program_expect(self, 0, "paper", "commands", "--prune", "31", "--yes");
    g_assert_cmpint(count(self, "SELECT count(*) FROM commands"), ==, 3);
    program_expect(self, 0, "paper", "commands", "--prune", "30", "--yes", "--json");
    g_assert_cmpstr(self->out, ==, "{\"deleted\":true,\"commands\":2}\n");
    assert_listed(self, "2 ", NULL, NULL); /* of it the latch speaks */
    g_assert_false(is_closed(self, NULL));
}

/* ---- journals, widths ----------------------------------------------------------------------- */

static void make_journal(const lab *lab)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(journal) journal = lab_journal(lab, NULL);
    g_assert_true(lab_start(journal, &error) && lab_step(journal, 1, &error) &&
                  journal_commit(journal, LAB_NOW_US, &error));
}

static void test_journals(void)
{
    lab lab;
    lab_open(&lab, NULL);
    make_journal(&lab);
    g_autoptr(program) self = at("1700000012500000"); /* 12.5 s later */
    program_setenv(self, "QUANTBOT_DATA_DIR", lab.folder);
    program_expect(self, 0, "paper", "status");
    assert_says(self->out, LAB_RUN "  open   -   -\n");
    assert_says(self->out, LAB_RUN "       5  equity 2023-11-14 22:13      5  12.5 s\n");
    program_expect(self, 0, "paper", "status", "--json");
    assert_says(self->out, "\"last_seq\":5,\"last_kind\":\"equity\","
                           "\"last_at\":\"2023-11-14T22:13:21Z\","
                           "\"events_waiting\":5,\"behind_us\":12500000,\"error\":null}]}");
    program_expect(self, 0, "paper", "halt", "--run", LAB_RUN);
    g_assert_null(strstr(self->err, "has a journal"));
    program_expect(self, 0, "paper", "halt", "--run", "trend-l");
    assert_says(self->err, "no run trend-l has a journal in");
    assert_says(self->err, "; there are: " LAB_RUN);
    /* A journal that is none is told in its place; the others and the latch are shown. */
    g_assert_true(
        g_file_set_contents(lab.journal, "no database, but longer than a page is", -1, NULL));
    program_expect(self, 0, "paper", "status");
    assert_says(self->out, "unreadable");
    assert_says(self->out, "not a SQLite database");
    lab_close(&lab, NULL);
}

static void assert_narrow(const char *text, int width)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        if (strchr(*line, '/') == NULL && g_utf8_strlen(*line, -1) > width)
            g_error("wider than %d: %s", width, *line);
}

/* But for paths, which are never cut. */
static void test_widths(void)
{
    static const int widths[] = {60, 80, 120};
    g_autofree char *reason = g_strnfill(CONTROL_TEXT_LIMIT, 'x');
    g_autofree char *run = g_strnfill(CONTROL_RUN_LIMIT, 'r');
    g_autoptr(program) self = at(NOW);
    program_expect(self, 0, "paper", "halt", "--reason", reason);
    program_expect(self, 0, "paper", "halt", "--run", LAB_RUN, "--freeze");
    program_expect(self, 0, "paper", "stop", "--run", LAB_RUN, "--reason", "a look at it");
    for (gsize i = 0; i < G_N_ELEMENTS(widths) + 1; i++) {
        if (i == G_N_ELEMENTS(widths)) { /* the longest name there may be */
            program_expect(self, 0, "paper", "note", "--run", run, "hm");
            continue;
        }
        g_autofree char *columns = g_strdup_printf("%d", widths[i]);
        program_setenv(self, "COLUMNS", columns);
        program_expect(self, 0, "paper", "status");
        assert_narrow(self->out, widths[i]);
        assert_says(self->out, LAB_RUN);
        program_expect(self, 0, "paper", "commands");
        assert_narrow(self->out, widths[i]);
        assert_says(self->out, LAB_RUN);
        program_expect(self, 0, "paper", "halt", "--reason", reason);
        assert_narrow(self->out, widths[i]);
    }
    program_setenv(self, "COLUMNS", "60");
    program_expect(self, 0, "paper", "commands");
    assert_narrow(self->out, 60);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/paper/nothing", test_nothing);
    g_test_add_func("/paper/usage", test_usage);
    g_test_add_func("/paper/halt", test_halt);
    g_test_add_func("/paper/same-id", test_same_id);
    g_test_add_func("/paper/resume", test_resume);
    g_test_add_func("/paper/queue", test_queue);
    g_test_add_func("/paper/commands", test_commands);
    g_test_add_func("/paper/prune", test_prune);
    g_test_add_func("/paper/journals", test_journals);
    g_test_add_func("/paper/widths", test_widths);
    return g_test_run();
}
