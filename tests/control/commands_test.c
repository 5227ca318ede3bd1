/* Commands: who may, what is refused, once only, too late, kept. */
#include "desk.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>

#define RUN "0190a0b0-0000-7000-8000-000000000001"

/* ---- what is refused ------------------------------------------------------------------------ */

static void test_usage(desk *desk, gconstpointer unused)
{
    static const struct {
        const char *name, *id, *actor, *run, *args;
        control_action action;
        const char *says;
    } cases[] = {
        {"id", "a b", "x", NULL, NULL, CONTROL_HALT, "id: \"a b\""},
        {"empty id", "", "x", NULL, NULL, CONTROL_HALT, "id: \"\""},
        {"actor", "1", "", NULL, NULL, CONTROL_HALT, "actor: \"\""},
        {"no actor", "1", NULL, NULL, NULL, CONTROL_HALT, "actor"},
        {"actor's line", "1", "a\nb", NULL, NULL, CONTROL_HALT, "actor: \"a\\"},
        {"run", "1", "x", "../a", NULL, CONTROL_HALT, "run: \"../a\""},
        {"hidden run", "1", "x", ".a", NULL, CONTROL_HALT, "run: \".a\""},
        {"stop needs a run", "1", "x", NULL, NULL, CONTROL_STOP, "the id of one run"},
        {"no JSON", "1", "x", NULL, "{", CONTROL_HALT, "a JSON object"},
        {"no object", "1", "x", NULL, "[]", CONTROL_HALT, "a JSON object"},
        {"unknown key", "1", "x", NULL, "{\"a\":1}", CONTROL_HALT, "\"a\" (expected reason)"},
        {"twice", "1", "x", NULL, "{\"reason\":\"a\",\"reason\":\"b\"}", CONTROL_HALT, "JSON"},
        {"no text", "1", "x", NULL, "{\"reason\":1}", CONTROL_HALT, "one line"},
        {"a separator", "1", "x", NULL, "{\"reason\":\"a\xe2\x80\xa8z\"}", CONTROL_HALT,
         "one line"},
        {"two lines", "1", "x", NULL, "{\"reason\":\"a\\nb\"}", CONTROL_HALT, "one line"},
        {"a note says something", "1", "x", RUN, NULL, CONTROL_NOTE, "a text"},
        {"action", "1", "x", NULL, NULL, (control_action)99, "halt, freeze, flatten"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const control_request request = {.id = cases[i].id,
                                         .actor = cases[i].actor,
                                         .rights = CONTROL_MAY_CHANGE,
                                         .action = cases[i].action,
                                         .run = cases[i].run,
                                         .args = cases[i].args};
        g_assert_null(control_send(desk->control, &request, DESK_NOW_US, &error));
        g_assert_error(error, FAILURE, FAILURE_USAGE);
        if (strstr(error->message, cases[i].says) == NULL)
            g_error("%s: %s", cases[i].name, error->message);
    }
    g_assert_cmpint(desk_count(desk->path, "SELECT count(*) FROM commands"), ==, 0);
}

static void test_long_text(desk *desk, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strnfill(CONTROL_TEXT_LIMIT, 'x');
    g_autofree char *fits = g_strdup_printf("{\"reason\":\"%s\"}", text);
    g_autofree char *over = g_strdup_printf("{\"reason\":\"%sx\"}", text);
    control_request request = {
        .actor = "x", .rights = CONTROL_MAY_HALT, .action = CONTROL_HALT, .args = over};
    g_assert_null(control_send(desk->control, &request, DESK_NOW_US, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_clear_error(&error);
    request.args = fits;
    g_autoptr(control_command) command = control_send(desk->control, &request, DESK_NOW_US, &error);
    g_assert_no_error(error);
    g_assert_cmpint(command->state, ==, CONTROL_DONE);
}

/* Every action with every set of rights. A refusal is a row, and moves nothing. */
static void test_rights(desk *desk, gconstpointer unused)
{
    static const guint rights[] = {0, CONTROL_MAY_HALT, CONTROL_MAY_CHANGE};
    static const char may[CONTROL_ACTIONS][3] = {
        [CONTROL_HALT] = {0, 1, 1},    [CONTROL_FREEZE] = {0, 1, 1},
        [CONTROL_FLATTEN] = {0, 0, 1}, [CONTROL_RESUME] = {0, 0, 1},
        [CONTROL_STOP] = {0, 0, 1},    [CONTROL_CHECKPOINT] = {0, 0, 1},
        [CONTROL_NOTE] = {0, 0, 1}};
    for (int action = 0; action < CONTROL_ACTIONS; action++)
        for (gsize k = 0; k < G_N_ELEMENTS(rights); k++) {
            g_autoptr(GError) error = NULL;
            const control_request request = {.actor = "discord:1",
                                             .rights = rights[k],
                                             .action = (control_action)action,
                                             .run = "r",
                                             .args = action == CONTROL_NOTE ? "{\"text\":\"a\"}"
                                                                            : "{}"};
            g_autoptr(control_command)
                command = control_send(desk->control, &request, DESK_NOW_US, &error);
            g_assert_no_error(error);
            g_assert_cmpint(command->state != CONTROL_REFUSED, ==, may[action][k]);
            if (command->state == CONTROL_REFUSED)
                g_assert_cmpstr(command->effect, ==, "not allowed");
        }
    g_assert_cmpint(desk_count(desk->path, "SELECT count(*) FROM commands"), ==,
                    3 * CONTROL_ACTIONS);
}

static void test_denied_resume(desk *desk, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    desk_assert_send(desk->control, "1", CONTROL_HALT, NULL, CONTROL_DONE, "closed for all runs");
    const control_request resume = {
        .actor = "discord:1", .rights = CONTROL_MAY_HALT, .action = CONTROL_RESUME};
    g_autoptr(control_command) command = control_send(desk->control, &resume, DESK_NOW_US, &error);
    g_assert_no_error(error);
    g_assert_cmpint(command->state, ==, CONTROL_REFUSED);
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, CONTROL_CLOSED);
}

/* ---- once ----------------------------------------------------------------------------------- */

static void test_same_id(desk *desk, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    desk_assert_send(desk->control, "1", CONTROL_HALT, NULL, CONTROL_DONE, "closed for all runs");
    desk_assert_send(desk->control, "2", CONTROL_RESUME, NULL, CONTROL_DONE, "opened for all runs");
    /* The first press comes again, late: nothing is closed. */
    g_autoptr(control_command) again = desk_send(desk->control, "1", CONTROL_HALT, NULL);
    g_assert_true(again->repeated);
    g_assert_cmpint(again->number, ==, 1);
    g_assert_cmpuint(control_latch(desk->control, "a"), ==, 0);
    g_assert_cmpint(desk_count(desk->path, "SELECT count(*) FROM commands"), ==, 2);
    const control_request other = {
        .id = "1", .actor = "user:bob", .rights = CONTROL_MAY_HALT, .action = CONTROL_HALT};
    g_assert_null(control_send(desk->control, &other, DESK_NOW_US, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
}

static void test_claim(desk *desk, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    control *control = desk->control;
    g_assert_null(control_claim(control, RUN, "p1", DESK_NOW_US, &error));
    g_assert_no_error(error);
    desk_assert_send(control, "1", CONTROL_NOTE, RUN, CONTROL_QUEUED, NULL);
    desk_assert_send(control, "2", CONTROL_STOP, RUN, CONTROL_QUEUED, NULL);
    desk_assert_send(control, "3", CONTROL_STOP, "other", CONTROL_QUEUED, NULL);
    g_autoptr(control_command) first = control_claim(control, RUN, "p1", DESK_NOW_US + 5, &error);
    g_autoptr(control_command) second = control_claim(control, RUN, "p2", DESK_NOW_US + 6, &error);
    g_assert_null(control_claim(control, RUN, "p1", DESK_NOW_US, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(first->id, ==, "1");
    g_assert_cmpstr(first->args, ==, "{\"text\":\"hm\"}");
    g_assert_cmpstr(first->claimed_by, ==, "p1");
    g_assert_cmpint(first->claimed_us, ==, DESK_NOW_US + 5);
    g_assert_cmpint(first->created_us, ==, DESK_NOW_US);
    g_assert_cmpstr(second->id, ==, "2");
    control_finish(control, "1", CONTROL_DONE, "noted", DESK_NOW_US + 7, &error);
    g_assert_no_error(error);
    control_finish(control, "1", CONTROL_DONE, "noted", DESK_NOW_US + 8, &error);
    g_assert_no_error(error);
    g_assert_false(control_finish(control, "1", CONTROL_REFUSED, "no", DESK_NOW_US, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_clear_error(&error);
    g_assert_false(control_finish(control, "3", CONTROL_DONE, "", DESK_NOW_US, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE); /* not claimed */
    g_clear_error(&error);
    g_assert_false(control_finish(control, "nobody", CONTROL_DONE, "", DESK_NOW_US, &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
}

/* What a holder that died had begun is shown to the next one, and to nobody else. */
static void test_unfinished(desk *desk, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    desk_assert_send(desk->control, "1", CONTROL_STOP, RUN, CONTROL_QUEUED, NULL);
    g_autoptr(control_command)
        command = control_claim(desk->control, RUN, "p1", DESK_NOW_US, &error);
    g_assert_nonnull(command);
    desk_reopen(desk);
    g_autoptr(GPtrArray) begun = control_unfinished(desk->control, RUN, &error);
    g_autoptr(GPtrArray) others = control_unfinished(desk->control, "other", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(begun->len, ==, 1);
    g_assert_cmpuint(others->len, ==, 0);
    g_assert_cmpstr(((control_command *)begun->pdata[0])->id, ==, "1");
}

/* ---- too late ------------------------------------------------------------------------------- */

static void test_expiry(desk *desk, gconstpointer unused)
{
    static const struct {
        control_action action;
        gint64 age_us;
        control_state state;
    } cases[] = {
        {CONTROL_RESUME, CONTROL_EXPIRY_US - 1, CONTROL_DONE},
        {CONTROL_RESUME, CONTROL_EXPIRY_US, CONTROL_EXPIRED},
        {CONTROL_FLATTEN, CONTROL_EXPIRY_US, CONTROL_EXPIRED},
        {CONTROL_HALT, 1000 * CONTROL_EXPIRY_US, CONTROL_DONE},
        {CONTROL_FREEZE, 1000 * CONTROL_EXPIRY_US, CONTROL_DONE},
        {CONTROL_STOP, CONTROL_EXPIRY_US, CONTROL_EXPIRED},
        {CONTROL_STOP, CONTROL_EXPIRY_US - 1, CONTROL_QUEUED},
        {CONTROL_STOP, -CONTROL_EXPIRY_US, CONTROL_QUEUED},
        {CONTROL_STOP, -CONTROL_EXPIRY_US - 1, CONTROL_REFUSED},
        {CONTROL_HALT, -1000 * CONTROL_EXPIRY_US, CONTROL_DONE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        const control_request request = {.actor = "x",
                                         .rights = CONTROL_MAY_CHANGE,
                                         .created_us = DESK_NOW_US - cases[i].age_us,
                                         .action = cases[i].action,
                                         .run = "r"};
        g_autoptr(control_command)
            command = control_send(desk->control, &request, DESK_NOW_US, &error);
        g_assert_no_error(error);
        if (command->state != cases[i].state)
            g_error("case %d: %s", (int)i, control_state_text(command->state));
    }
}

static void test_nobody_took_it(desk *desk, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    desk_assert_send(desk->control, "1", CONTROL_STOP, RUN, CONTROL_QUEUED, NULL);
    g_assert_null(control_claim(desk->control, RUN, "p", DESK_NOW_US + CONTROL_EXPIRY_US, &error));
    g_assert_no_error(error);
    g_autoptr(control_command) command = control_find(desk->control, "1", &error);
    g_assert_no_error(error);
    g_assert_cmpint(command->state, ==, CONTROL_EXPIRED);
    g_assert_cmpstr(command->effect, ==, "nobody took it in time");
    g_assert_null(control_claim(desk->control, RUN, "p", DESK_NOW_US, &error));
}

/* ---- kept ----------------------------------------------------------------------------------- */

static void test_fixed(desk *desk, gconstpointer unused)
{
    static const char *const forbidden[] = {
        "UPDATE commands SET actor = 'somebody else'",
        "UPDATE commands SET state = 'queued' WHERE id = '1'",
        "DELETE FROM commands WHERE id = '2'",
        "DELETE FROM latch",
        "UPDATE commands SET state = 'wished' WHERE id = '2'",
    };
    desk_assert_send(desk->control, "1", CONTROL_HALT, NULL, CONTROL_DONE, "closed for all runs");
    desk_assert_send(desk->control, "2", CONTROL_STOP, RUN, CONTROL_QUEUED, NULL);
    sqlite3 *db = NULL;
    g_assert_cmpint(sqlite3_open(desk->path, &db), ==, SQLITE_OK);
    for (gsize i = 0; i < G_N_ELEMENTS(forbidden); i++)
        if (sqlite3_exec(db, forbidden[i], NULL, NULL, NULL) != SQLITE_CONSTRAINT)
            g_error("%s: %s", forbidden[i], sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void test_prune(desk *desk, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    gint64 count = 0;
    desk_assert_send(desk->control, "halt", CONTROL_HALT, "a", CONTROL_DONE, "closed for run a");
    desk_assert_send(desk->control, "resume", CONTROL_RESUME, NULL, CONTROL_DONE,
                     "was open for all runs");
    desk_assert_send(desk->control, "stop", CONTROL_STOP, "a", CONTROL_QUEUED, NULL);
    g_autoptr(control_command) taken = control_claim(desk->control, "a", "p", DESK_NOW_US, &error);
    g_assert_cmpstr(taken->id, ==, "stop");
    desk_assert_send(desk->control, "late", CONTROL_STOP, "a", CONTROL_QUEUED, NULL);
    const gint64 later_us = DESK_NOW_US + CONTROL_PRUNE_MIN_US;
    g_assert_false(
        control_prune(desk->control, CONTROL_PRUNE_MIN_US - 1, later_us, FALSE, &count, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_clear_error(&error);
    control_prune(desk->control, CONTROL_PRUNE_MIN_US, later_us, FALSE, &count, &error);
    g_assert_no_error(error);
    g_assert_cmpint(count, ==, 0); /* exactly as old is not older */
    const gint64 older_us = later_us + 1;
    control_prune(desk->control, CONTROL_PRUNE_MIN_US, older_us, TRUE, &count, &error);
    g_assert_no_error(error);
    g_assert_cmpint(count, ==, 2);
    g_assert_cmpint(desk_count(desk->path, "SELECT count(*) FROM commands"), ==, 4);
    control_prune(desk->control, CONTROL_PRUNE_MIN_US, older_us, FALSE, &count, &error);
    g_assert_no_error(error);
    g_assert_cmpint(count, ==, 2); /* not what the latch speaks of, not what is open */
    g_autoptr(GPtrArray) left = control_list(desk->control, &(control_filter){0}, later_us, &error);
    g_assert_cmpuint(left->len, ==, 2);
    g_assert_cmpstr(((control_command *)left->pdata[0])->id, ==, "stop");
    g_assert_cmpstr(((control_command *)left->pdata[1])->id, ==, "halt");
    /* Numbers go on. */
    g_autoptr(control_command) next = desk_send(desk->control, "next", CONTROL_HALT, "a");
    g_assert_cmpint(next->number, ==, 5);
}

static void assert_listed(desk *desk, control_filter filter, gint64 now_us, const char *ids)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) found = g_string_new(NULL);
    g_autoptr(GPtrArray) commands = control_list(desk->control, &filter, now_us, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < commands->len; i++)
        g_string_append_printf(found, "%s%s", i > 0 ? " " : "",
                               ((control_command *)commands->pdata[i])->id);
    g_assert_cmpstr(found->str, ==, ids);
}

static void test_list(desk *desk, gconstpointer unused)
{
    const guint queued = 1u << CONTROL_QUEUED, expired = 1u << CONTROL_EXPIRED;
    const gint64 now_us = DESK_NOW_US, late_us = DESK_NOW_US + CONTROL_EXPIRY_US;
    g_autoptr(GError) error = NULL;
    desk_assert_send(desk->control, "halt", CONTROL_HALT, NULL, CONTROL_DONE,
                     "closed for all runs");
    desk_assert_send(desk->control, "note-a", CONTROL_NOTE, "a", CONTROL_QUEUED, NULL);
    desk_assert_send(desk->control, "note-b", CONTROL_NOTE, "b", CONTROL_QUEUED, NULL);
    g_autoptr(control_command) taken = control_claim(desk->control, "b", "p", now_us, &error);
    g_assert_cmpstr(taken->id, ==, "note-b");
    assert_listed(desk, (control_filter){0}, now_us, "note-b note-a halt");
    assert_listed(desk, (control_filter){.limit = 2}, now_us, "note-b note-a");
    assert_listed(desk, (control_filter){.before = 3}, now_us, "note-a halt");
    assert_listed(desk, (control_filter){.before = 3, .limit = 1}, now_us, "note-a");
    assert_listed(desk, (control_filter){.run = "a"}, now_us, "note-a halt");
    assert_listed(desk, (control_filter){.run = "c"}, now_us, "halt");
    assert_listed(desk, (control_filter){.states = queued}, now_us, "note-a");
    assert_listed(desk, (control_filter){.states = queued | 1u << CONTROL_CLAIMED}, now_us,
                  "note-b note-a");
    assert_listed(desk, (control_filter){.states = 1u << CONTROL_DONE}, now_us, "halt");
    /* Too old by now, though no trader has looked. */
    assert_listed(desk, (control_filter){.states = queued}, late_us - 1, "note-a");
    assert_listed(desk, (control_filter){.states = queued}, late_us, "");
    assert_listed(desk, (control_filter){.states = expired}, late_us, "note-a");
    assert_listed(desk, (control_filter){.states = 1u << CONTROL_REFUSED}, late_us, "");
    g_autoptr(GPtrArray) all = control_list(desk->control, &(control_filter){0}, late_us, &error);
    const control_command *old = all->pdata[1];
    g_assert_cmpstr(old->effect, ==, "nobody took it in time");
    g_assert_cmpint(old->state, ==, CONTROL_EXPIRED);
    g_autofree char *stored = desk_ask(desk->path, "SELECT state FROM commands WHERE number = 2");
    g_assert_cmpstr(stored, ==, "queued"); /* looking changes nothing */
}

/* As docs/CONTROL.md shows it. */
static void test_views(desk *desk, gconstpointer unused)
{
    desk_assert_send(desk->control, "1", CONTROL_HALT, NULL, CONTROL_DONE, "closed for all runs");
    g_autofree char *halt = desk_ask(
        desk->path, "SELECT run || ' ' || latch || ' ' || actor || ' ' || since FROM halts");
    g_assert_cmpstr(halt, ==, "all closed user:ann 2023-11-14 22:13:20");
    g_autofree char *log = desk_ask(
        desk->path, "SELECT recorded || ' ' || action || ' ' || run || ' ' || state FROM log");
    g_assert_cmpstr(log, ==, "2023-11-14 22:13:20 halt all done");
}

/* ---- the file ------------------------------------------------------------------------------- */

static void test_private(desk *desk, gconstpointer unused)
{
    struct stat info;
    g_assert_cmpint(stat(desk->path, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, 0600);
    g_autofree char *mode = desk_ask(desk->path, "PRAGMA journal_mode");
    g_assert_cmpstr(mode, ==, "wal");
}

static void assert_refused(desk *desk, const char *says)
{
    gsize before = 0, after = 0;
    g_autofree char *old = NULL, *now = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_true(g_file_get_contents(desk->path, &old, &before, NULL));
    g_assert_null(control_open(desk->path, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    if (strstr(error->message, says) == NULL || strstr(error->message, desk->path) == NULL)
        g_error("%s (expected %s)", error->message, says);
    g_assert_true(g_file_get_contents(desk->path, &now, &after, NULL));
    g_assert_cmpmem(old, before, now, after);
}

static void test_newer(desk *desk, gconstpointer unused)
{
    g_clear_pointer(&desk->control, control_free);
    desk_sql(desk->path, "PRAGMA user_version = 2");
    assert_refused(desk, "newer than this program's 1");
}

static void test_foreign(desk *desk, gconstpointer unused)
{
    g_clear_pointer(&desk->control, control_free);
    desk_sql(desk->path, "PRAGMA application_id = 5");
    assert_refused(desk, "a database of something else");
    g_assert_true(g_file_set_contents(desk->path, "no database at all", -1, NULL));
    assert_refused(desk, "not a SQLite database");
}

static void test_readonly(desk *desk, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *none = g_build_filename(desk->folder, "none.db", NULL);
    g_assert_null(control_open_readonly(none, &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
    g_clear_error(&error);
    g_autoptr(control) reader = control_open_readonly(desk->path, &error);
    g_assert_no_error(error);
    const control_request halt = {.actor = "x", .rights = CONTROL_MAY_HALT, .action = CONTROL_HALT};
    g_assert_null(control_send(reader, &halt, DESK_NOW_US, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_assert_cmpuint(control_latch(reader, "a"), ==, 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*run)(desk *, gconstpointer);
    } tests[] = {
        {"/control/refused/usage", test_usage},
        {"/control/refused/long-text", test_long_text},
        {"/control/rights/matrix", test_rights},
        {"/control/rights/denied-resume", test_denied_resume},
        {"/control/once/same-id", test_same_id},
        {"/control/once/claim", test_claim},
        {"/control/once/unfinished", test_unfinished},
        {"/control/late/expiry", test_expiry},
        {"/control/late/nobody-took-it", test_nobody_took_it},
        {"/control/kept/fixed", test_fixed},
        {"/control/kept/prune", test_prune},
        {"/control/kept/list", test_list},
        {"/control/kept/views", test_views},
        {"/control/file/private", test_private},
        {"/control/file/newer", test_newer},
        {"/control/file/foreign", test_foreign},
        {"/control/file/readonly", test_readonly},
    };
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, desk, NULL, desk_open, tests[i].run, desk_close);
    return g_test_run();
}
