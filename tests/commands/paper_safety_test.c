/* The paper commands where something is against them: hostile words, damaged and locked files, secrets
 * near by, several at once, no run log. A press that did not come through must never look like a
 * halt, and nothing that is a halt must look like none. */
#include "../control/desk.h"
#include "program.h"

#include "config/config.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CONTROL "data/runtime/control.db"
#define UNREADABLE "control cannot be read, which means that every run is halted"
#define OPEN "the press failed: the latch of all runs is OPEN"

static program *with_control(void)
{
    program *self = program_new();
    program_setenv(self, "COLUMNS", "200");
    program_expect(self, 0, "paper", "halt");
    program_expect(self, 0, "paper", "resume");
    return self;
}

static char *path_of(const program *self)
{
    return g_build_filename(self->folder, CONTROL, NULL);
}

static gint64 count(const program *self, const char *sql)
{
    g_autofree char *path = path_of(self);
    return desk_count(path, sql);
}

static void assert_says(const char *text, const char *said)
{
    if (strstr(text, said) == NULL)
        g_error("%s\n(expected %s)", text, said);
}

/* Nothing that moves a cursor or turns a line around. */
static void assert_harmless(const char *text)
{
    static const char *const bidi[] = {"\xe2\x80\xae", "\xe2\x80\xa8", "\xe2\x81\xa6"};
    for (const char *c = text; *c != '\0'; c++)
        if (((guchar)*c < 0x20 && *c != '\n') || *c == 0x7f)
            g_error("byte %02x in %s", (guchar)*c, text);
    for (gsize i = 0; i < G_N_ELEMENTS(bidi); i++)
        g_assert_null(strstr(text, bidi[i]));
}

/* ---- words ---------------------------------------------------------------------------------- */

#define SQL "'; DROP TABLE latch; --"

static void test_hostile(void)
{
    g_autofree char *thousand = g_strnfill(1000, 'x');
    const struct {
        const char *verb, *option, *value;
        int code;
    } cases[] = {
        {"halt", "--reason", "a\x1b[2Jb", 2},
        {"halt", "--reason", "a\nb", 2},
        {"halt", "--reason", "a\x7f", 2},
        {"halt", "--reason",
         "a\xe2\x80\xae"
         "b",
         2}, /* right to left from here */
        {"halt", "--reason",
         "a\xe2\x80\xa8"
         "b",
         2}, /* line separator */
        {"halt", "--reason",
         "a\xe2\x81\xa6"
         "b",
         2}, /* isolate */
        {"halt", "--reason", "a\xff", 2},
        {"halt", "--reason", thousand, 2},
        {"halt", "--run", "a\x1b[2J", 2},
        {"halt", "--run", "../../etc/passwd", 2},
        {"halt", "--run", SQL, 2},
        {"halt", "--run", thousand, 2},
        {"halt", "--run", "a\xe2\x80\xae", 2},
        {"halt", "--id", SQL, 2},
        {"halt", "--id", thousand, 2},
        {"halt", "--id", "a\r", 2},
        {"resume", "--reason", "a\x1b[2Jb", 2},
        {"commands", "--run", "a\x1b[2J", 2},
        {"commands", "--state", "\x1b[2J\xe2\x80\xae", 2},
        {"commands", "--run", SQL, 2},
        {"halt", "--reason", SQL, 0}, /* text like any other */
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(program) self = with_control();
        const int code = program_run(self, "paper", cases[i].verb, cases[i].option, cases[i].value,
                                     NULL);
        if (code != cases[i].code)
            g_error("case %d: exit %d\n%s", (int)i, code, self->err);
        assert_harmless(self->out);
        assert_harmless(self->err);
        g_assert_cmpuint(strlen(self->err), <, 400);
        const gint64 closed = count(self, "SELECT count(*) FROM latch WHERE closed");
        g_assert_cmpint(closed, ==, code == 0 ? 1 : 0);
        g_assert_cmpint(count(self, "SELECT count(*) FROM commands"), ==, code == 0 ? 3 : 2);
    }
    g_autoptr(program) self = with_control();
    program_expect(self, 2, "paper", "note", "--run", "a", "x\x1b]0;y\x07");
    program_expect(self, 2, "paper", "note", "--run", "a", thousand);
    assert_harmless(self->err);
}

/* What somebody wrote into the file without us. */
static void test_hostile_rows(void)
{
    g_autoptr(program) self = with_control();
    g_autofree char *path = path_of(self);
    desk_sql(path, "INSERT INTO commands (id, actor, created_us, recorded_us, action, run, args,"
                   " state, claimed_by, claimed_us) SELECT char(27) || '[2J', char(8238) || 'x',"
                   " created_us, recorded_us, 'note', char(27) || '[31m', '{\"text\":\"' ||"
                   " char(8294) || '\"}', 'claimed', char(13) || char(7), created_us"
                   " FROM commands WHERE number = 1");
    program_expect(self, 0, "paper", "commands");
    assert_harmless(self->out);
    program_expect(self, 0, "paper", "status");
    assert_harmless(self->out);
    program_expect(self, 0, "paper", "commands", "--json");
    g_assert_null(strchr(self->out, '\x1b'));
    json_decref(program_json(self));
}

/* ---- secrets -------------------------------------------------------------------------------- */

#define CANARY "canary-pencil77"

static const char *canary_of(const setting_info *info)
{
    switch (info->type) {
    case SETTING_DATABASE_URL:
        return "postgresql://ann:" CANARY "@127.0.0.1:1/none";
    case SETTING_URL:
        return "https://discord.com/api/webhooks/123456789012345678/" CANARY;
    default:
        return CANARY;
    }
}

/* Every secret there is in the environment; all that the commands say is without them. */
static void test_canary(void)
{
    static const char *const lines[] = {"halt --reason CPI --json",
                                        "halt --run a --freeze",
                                        "resume",
                                        "resume --run a --json",
                                        "stop --run a",
                                        "checkpoint --run a",
                                        "status",
                                        "status --json",
                                        "commands",
                                        "commands --json",
                                        "halt --id x --reason " CANARY,
                                        "note --run a " CANARY,
                                        "halt --run " CANARY "!",
                                        "commands --state " CANARY};
    g_autoptr(program) self = with_control();
    guint secrets = 0;
    for (gsize i = 0; i < settings_table_count; i++)
        if (settings_table[i].secret) {
            program_setenv(self, settings_table[i].name, canary_of(&settings_table[i]));
            secrets++;
        }
    g_assert_cmpuint(secrets, >, 10);
    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *line = g_strconcat("paper ", lines[i], NULL);
        g_auto(GStrv) words = g_strsplit(line, " ", -1);
        const int code = program_run_vector(self, (const char *const *)words);
        g_assert_cmpint(code, ==, strstr(lines[i], CANARY) != NULL ? 2 : code < 2 ? code : 0);
        if (strstr(self->out, "pencil77") != NULL || strstr(self->err, "pencil77") != NULL)
            g_error("%s: %s%s", line, self->out, self->err);
    }
    /* Nor did a row keep one that was typed. */
    g_assert_cmpint(count(self, "SELECT count(*) FROM commands WHERE args LIKE '%pencil77%'"), ==,
                    0);
}

/* ---- nothing else works --------------------------------------------------------------------- */

static void test_alone(void)
{
    g_autoptr(program) self = program_new();
    program_setenv(self, "COLUMNS", "200");
    program_setenv(self, "DATABASE_URL", "postgresql://ann:x@127.0.0.1:1/none");
    program_write(self, ".env", "QUANTBOT_DATA_DIR = elsewhere\nLOG_LEVEL=loud\nQUANTBOT_NO=1\n");
    program_expect(self, 0, "paper", "halt");
    assert_says(self->err, ".env:2: LOG_LEVEL");
    assert_says(self->err, ".env:3: QUANTBOT_NO");
    assert_says(self->err, "of the settings only QUANTBOT_DATA_DIR was read");
    assert_says(self->out, "elsewhere/runtime/control.db");
    program_write(self, "elsewhere/runtime/quantbot.db", "not a run log at all");
    program_expect(self, 0, "paper", "status");
    assert_says(self->out, "Every run is halted.");
    program_expect(self, 0, "paper", "resume");
    /* The environment goes over the file, as ever. */
    program_setenv(self, "QUANTBOT_DATA_DIR", "third");
    program_expect(self, 0, "paper", "halt");
    assert_says(self->out, "third/runtime/control.db");
}

/* ---- damage --------------------------------------------------------------------------------- */

static void assert_unread(program *self)
{
    program_expect(self, 8, "paper", "status");
    assert_says(self->err, UNREADABLE);
    g_assert_null(strstr(self->out, "Nothing is halted"));
    program_expect(self, 8, "paper", "status", "--json");
    json_auto_t *root = program_json(self);
    g_assert_true(json_is_string(json_object_get(root, "control_error")));
    g_assert_null(json_object_get(root, "latches"));
}

/* Nothing can be pressed, nothing is touched, and it is said what that means. */
static void assert_dead(program *self)
{
    static const char *const verbs[] = {"halt", "resume"};
    gsize before = 0, after = 0;
    g_autofree char *path = path_of(self);
    g_autofree char *old = NULL, *now = NULL;
    g_assert_true(g_file_get_contents(path, &old, &before, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(verbs); i++) {
        program_expect(self, 8, "paper", verbs[i]);
        assert_says(self->err, path);
        assert_says(self->err, UNREADABLE);
        g_assert_cmpstr(self->out, ==, "");
    }
    program_expect(self, 8, "paper", "stop", "--run", "a");
    program_expect(self, 8, "paper", "commands");
    program_expect(self, 8, "paper", "commands", "--prune", "30", "--yes");
    assert_unread(self);
    g_assert_true(g_file_get_contents(path, &now, &after, NULL));
    g_assert_cmpmem(old, before, now, after);
}

static void test_foreign(void)
{
    static const char *const marks[] = {"PRAGMA user_version = 2", "PRAGMA application_id = 5"};
    for (gsize i = 0; i < G_N_ELEMENTS(marks) + 1; i++) {
        g_autoptr(program) self = with_control();
        g_autofree char *path = path_of(self);
        if (i < G_N_ELEMENTS(marks))
            desk_sql(path, marks[i]);
        else
            program_write(self, CONTROL, "no database at all, but longer than a header");
        assert_dead(self);
        if (i == 0)
            assert_says(self->err, "newer than this program's 1");
    }
}

/* All pages but the first are noise: where a press needs one it fails, and says so. */
static void test_noise(void)
{
    gsize size = 0;
    g_autofree char *bytes = NULL;
    g_autoptr(program) self = with_control();
    g_autofree char *path = path_of(self);
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    memset(bytes + 4096, 0xa5, size - 4096);
    g_assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
    program_expect(self, 8, "paper", "halt");
    assert_says(self->err, UNREADABLE);
    assert_unread(self);
}

/* A flipped bit opens nothing; a halt closes what cannot be read. */
static void test_forged(void)
{
    g_autoptr(program) self = with_control();
    g_autofree char *path = path_of(self);
    program_expect(self, 0, "paper", "halt");
    desk_sql(path, "UPDATE latch SET closed = 0");
    assert_unread(self);
    program_expect(self, 8, "paper", "resume");
    assert_says(self->err, UNREADABLE);
    program_expect(self, 0, "paper", "halt");
    program_expect(self, 0, "paper", "status");
    assert_says(self->out, "Every run is halted.");
}

/* ---- locked --------------------------------------------------------------------------------- */

static sqlite3 *hold(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    return db;
}

static void test_locked(void)
{
    g_autoptr(program) self = with_control();
    g_autofree char *path = path_of(self);
    g_autofree char *holder = g_strdup_printf("process %d holds it", (int)getpid());
    sqlite3 *db = hold(path, "BEGIN IMMEDIATE");
    program_expect(self, 9, "paper", "halt");
    assert_says(self->err, "control.db: locked by");
    assert_says(self->err, OPEN);
    if (g_access("/proc/locks", R_OK) == 0)
        assert_says(self->err, holder);
    program_expect(self, 0, "paper", "status"); /* looking waits for nobody */
    assert_says(self->out, "Nothing is halted.");
    sqlite3_close(db);
    program_expect(self, 0, "paper", "halt");
    /* One that lets nobody read either. */
    db = hold(path, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    program_expect(self, 9, "paper", "status");
    assert_says(self->err, UNREADABLE);
    if (g_access("/proc/locks", R_OK) == 0)
        assert_says(self->err, holder);
    sqlite3_close(db);
    program_expect(self, 0, "paper", "status");
    assert_says(self->out, "Every run is halted.");
}

/* ---- read only ------------------------------------------------------------------------------ */

#define NOBODY 65534
#define CANNOT 77

/* In a process of its own, which is nobody for good: where ids are mixed sanitizers see no options. */
static int press_as_nobody(program *self)
{
    if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
        return CANNOT;
    if (g_access(g_getenv("QUANTBOT_BINARY"), X_OK) != 0)
        return CANNOT;
    program_expect(self, 8, "paper", "halt");
    g_assert_true(strstr(self->err, UNREADABLE) != NULL || strstr(self->err, OPEN) != NULL);
    g_assert_cmpstr(self->out, ==, "");
    program_run(self, "paper", "status", NULL);
    g_assert_true(self->exit_code == 8 || strstr(self->out, "Nothing is halted.") != NULL);
    program_setenv(self, "QUANTBOT_DATA_DIR", "data/new"); /* a folder that cannot be made */
    program_expect(self, 8, "paper", "halt");
    assert_says(self->err, OPEN);
    return 0;
}

static void test_readonly(void)
{
    int status = 0;
    g_autoptr(program) self = with_control();
    g_autofree char *line = g_strdup_printf("chown -R %d %s && chmod -R a-w %s/data || true",
                                            geteuid() == 0 ? NOBODY : (int)geteuid(), self->folder,
                                            self->folder);
    g_autofree char *back = g_strdup_printf("chmod -R u+w %s/data", self->folder);
    const char *words[] = {"/bin/sh", "-c", line, NULL};
    g_assert_true(g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL,
                               NULL, NULL));
    const pid_t pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        _exit(press_as_nobody(self));
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    words[2] = back;
    g_assert_true(g_spawn_sync(NULL, (char **)words, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL,
                               NULL, NULL));
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT)
        g_test_skip("the program cannot be run by another user here");
    else
        g_assert_cmpint(status, ==, 0);
}

/* ---- several at once ------------------------------------------------------------------------ */

#define HANDS 4
#define ROUNDS 25

/* Started together, waited for together; all end well. */
static void press_together(program *self, int round, gboolean same)
{
    GPid pids[HANDS];
    for (int i = 0; i < HANDS; i++) {
        g_autofree char *id = same ? g_strdup("same") : g_strdup_printf("p-%d-%d", round, i);
        const char *const halt[] = {"paper", "halt", "--id", id, NULL};
        const char *const note[] = {"paper", "note", "--run", "a", "hm", "--id", id, NULL};
        pids[i] = program_start(self, i % 2 == 0 || same ? halt : note);
    }
    for (int i = 0; i < HANDS; i++) {
        int status = 0;
        g_assert_cmpint(waitpid(pids[i], &status, 0), ==, pids[i]);
        if (status != 0)
            g_error("round %d, hand %d: status %d", round, i, status);
    }
}

/* The first round makes the file, by all of them. */
static void test_together(void)
{
    g_autoptr(program) self = program_new();
    for (int round = 0; round < ROUNDS; round++)
        press_together(self, round, FALSE);
    program_expect(self, 0, "paper", "commands", "--last", "1000", "--json");
    json_auto_t *root = program_json(self);
    const json_t *commands = json_object_get(root, "commands");
    g_autoptr(GHashTable) ids = g_hash_table_new(g_str_hash, g_str_equal);
    g_assert_cmpuint(json_array_size(commands), ==, HANDS * ROUNDS);
    for (gsize i = 0; i < HANDS * ROUNDS; i++) {
        const json_t *command = json_array_get(commands, i);
        const char *id = json_string_value(json_object_get(command, "id"));
        g_assert_cmpint(json_integer_value(json_object_get(command, "number")), ==,
                        (int)(HANDS * ROUNDS - i));
        g_assert_true(g_hash_table_add(ids, (gpointer)id));
    }
    for (int i = 0; i < HANDS * ROUNDS; i++) {
        g_autofree char *id = g_strdup_printf("p-%d-%d", i / HANDS, i % HANDS);
        g_assert_true(g_hash_table_contains(ids, id));
    }
    g_assert_cmpint(count(self, "SELECT count(*) FROM commands WHERE effect = 'closed for all"
                                " runs'"),
                    ==, 1); /* the first; the others found it closed */
}

static void test_same_together(void)
{
    g_autoptr(program) self = program_new();
    for (int round = 0; round < 5; round++)
        press_together(self, round, TRUE);
    g_assert_cmpint(count(self, "SELECT count(*) FROM commands"), ==, 1);
    g_assert_cmpint(count(self, "SELECT count(*) FROM latch WHERE closed"), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/paper/safety/hostile-words", test_hostile);
    g_test_add_func("/paper/safety/hostile-rows", test_hostile_rows);
    g_test_add_func("/paper/safety/canary", test_canary);
    g_test_add_func("/paper/safety/alone", test_alone);
    g_test_add_func("/paper/safety/foreign", test_foreign);
    g_test_add_func("/paper/safety/noise", test_noise);
    g_test_add_func("/paper/safety/forged", test_forged);
    g_test_add_func("/paper/safety/locked", test_locked);
    g_test_add_func("/paper/safety/readonly", test_readonly);
    g_test_add_func("/paper/safety/together", test_together);
    g_test_add_func("/paper/safety/same-together", test_same_together);
    return g_test_run();
}
