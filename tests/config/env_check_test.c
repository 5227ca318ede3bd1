/* env check as a person runs it: exit codes, what is said, and that no secret is. */
#include "config/config.h"
#include "scratch.h"

#include <gio/gio.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

typedef struct folder {
    char *path;
} folder;

static void folder_open(folder *self, gconstpointer data)
{
    self->path = g_dir_make_tmp("quantbot-env-XXXXXX", NULL);
    g_assert_nonnull(self->path);
}

static void folder_close(folder *self, gconstpointer data)
{
    scratch_remove(self->path);
    g_free(self->path);
}

static void write_file(const folder *self, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(self->path, name, NULL);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(chmod(path, 0600), ==, 0);
}

typedef struct answer {
    int code;
    char *out, *err;
} answer;

static void answer_clear(answer *self)
{
    g_free(self->out);
    g_free(self->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(answer, answer_clear)

/* quantbot ARGUMENTS in the folder, with an environment of PATH and the pairs alone. */
static answer run(const folder *self, const char *arguments, const char *const *pairs)
{
    answer got = {0};
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autofree char *line = g_strdup_printf("%s %s", g_getenv("QUANTBOT_BINARY"), arguments);
    g_auto(GStrv) argv = g_strsplit(line, " ", -1);
    g_auto(GStrv) environment = NULL;
    for (gsize i = 0; i < 2; i++) {
        static const char *const kept[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS"};
        environment = g_environ_setenv(environment, kept[i],
                                       g_getenv(kept[i]) ? g_getenv(kept[i]) : "", 1);
    }
    environment = g_environ_setenv(environment, "LC_ALL", "C.UTF-8", TRUE);
    for (; pairs != NULL && *pairs != NULL; pairs += 2)
        environment = g_environ_setenv(environment, pairs[0], pairs[1], TRUE);
    g_subprocess_launcher_set_cwd(launcher, self->path);
    g_subprocess_launcher_set_environ(launcher, environment);
    g_autoptr(GSubprocess)
        process = g_subprocess_launcher_spawnv(launcher, (const char *const *)argv, NULL);
    g_assert_nonnull(process);
    g_assert_true(g_subprocess_communicate_utf8(process, NULL, NULL, &got.out, &got.err, NULL));
    g_assert_true(g_subprocess_get_if_exited(process));
    got.code = g_subprocess_get_exit_status(process);
    return got;
}

static gboolean have_binary(void)
{
    if (g_getenv("QUANTBOT_BINARY") != NULL)
        return TRUE;
    g_test_skip("QUANTBOT_BINARY does not name the program");
    return FALSE;
}

static json_t *parse_json(const char *text)
{
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    g_assert_nonnull(root);
    return root;
}

static gboolean has_warning(json_t *root, const char *part)
{
    json_t *warnings = json_object_get(root, "warnings"), *item;
    size_t i;
    json_array_foreach(warnings, i, item) if (strstr(json_string_value(item), part)) return TRUE;
    return FALSE;
}

/* ---- cases ---------------------------------------------------------------------------------- */

static void test_empty(folder *self, gconstpointer data)
{
    if (!have_binary())
        return;
    g_auto(answer) text = run(self, "env check", NULL);
    g_assert_cmpint(text.code, ==, 0);
    g_assert_cmpstr(text.err, ==, "");
    g_assert_true(g_str_has_suffix(text.out, "\nDB OK (sqlite)\n"));
    g_assert_null(strchr(text.out, '\033'));

    g_auto(answer) json = run(self, "env check --json", NULL);
    g_assert_cmpint(json.code, ==, 0);
    json_t *root = parse_json(json.out);
    g_assert_true(json_is_true(json_object_get(root, "ok")));
    g_assert_cmpstr(json_string_value(json_object_get(root, "mode")), ==, "paper");
    json_t *preferred = json_object_get(root, "preferred_provider");
    g_assert_true(json_is_null(json_object_get(preferred, "equities")));
    g_assert_cmpstr(json_string_value(json_object_get(preferred, "crypto")), ==, "coingecko");
    g_assert_true(has_warning(root, "POLYGON_API_KEY"));
    g_assert_true(has_warning(root, "DISCORD_BOT_TOKEN"));
    json_decref(root);
}

/* The file that is shipped, unedited. */
static void test_example(folder *self, gconstpointer data)
{
    if (!have_binary())
        return;
    g_auto(answer) example = run(self, "env example", NULL);
    g_autofree char *want = settings_example();
    g_assert_cmpstr(example.out, ==, want);
    write_file(self, ".env", example.out);
    g_auto(answer) text = run(self, "env check", NULL);
    g_assert_cmpint(text.code, ==, 0);
    g_assert_null(strstr(text.out, "Warnings\n"));
}

static void test_postgres(folder *self, gconstpointer data)
{
    if (!have_binary())
        return;
    write_file(self, "pg.env",
               /* nobody listens on this port of ours */
               "DATABASE_URL=postgresql+psycopg2://me:pencil77@ep-a-1-pooler.eu.aws.neon.tech:1/d"
               "?hostaddr=127.0.0.1\n"
               "OPENAI_API_KEY=sk-abcdefghijklmnop\nTIINGO_API_KEY=0123456789abcdef\n"
               "ALPACA_API_KEY=PK00000000\n");
    g_auto(answer) text = run(self, "env check --env pg.env", NULL);
    g_assert_cmpint(text.code, ==, 0);
    g_assert_nonnull(strstr(text.out, "ep-a-1-pooler.eu.aws.neon.tech"));
    g_assert_nonnull(strstr(text.out, "port 1 failed"));
    g_assert_nonnull(strstr(text.out, "Neon host is a pooler"));
    g_assert_nonnull(strstr(text.out, "****mnop without OPENAI_MODEL"));
    g_assert_nonnull(strstr(text.out, "****cdef"));
    g_assert_nonnull(strstr(text.out, "used for nothing"));
    g_assert_null(strstr(text.out, "pencil77"));
    g_assert_true(g_str_has_suffix(text.out, "\nDB OK (sqlite)\n"));

    g_auto(answer) json = run(self, "env check --env pg.env --json", NULL);
    json_t *root = parse_json(json.out), *database = json_object_get(root, "database");
    g_assert_true(json_is_true(json_object_get(database, "pooler")));
    g_assert_cmpstr(json_string_value(json_object_get(database, "kind")), ==, "sqlite");
    g_assert_cmpstr(
        json_string_value(json_object_get(json_object_get(root, "openai"), "narration")), ==,
        "template");
    json_decref(root);
}

static void test_refused(folder *self, gconstpointer data)
{
    static const struct {
        const char *arguments, *name, *value, *part;
        int code;
    } cases[] = {
        {"env check", "RUN_MODE", "live", "environment: RUN_MODE: \"live\" is refused", 3},
        {"env check --json", "RUN_MODE", "live", "environment: RUN_MODE: \"live\" is refused", 3},
        {"env check", "QUANTBOT_TYPO", "1", "environment: QUANTBOT_TYPO: unknown setting", 3},
        {"env check --env absent", NULL, NULL, "absent: cannot open: No such file", 5},
        {"env check more", NULL, NULL, "unexpected \"more\"", 2},
        {"env check", "DATABASE_URL", "sqlite:///.not-a-database", "not-a-database: ", 8},
        {"env check", "QUANTBOT_DATA_DIR", ".not-a-database", "cannot make the folder", 8},
    };
    if (!have_binary())
        return;
    write_file(self, ".not-a-database", "this is text, and long enough to be looked at");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const char *const pairs[] = {cases[i].name, cases[i].value, NULL};
        g_auto(answer) got = run(self, cases[i].arguments, pairs);
        g_test_message("%s: %s", cases[i].arguments, got.err);
        g_assert_cmpint(got.code, ==, cases[i].code);
        g_assert_nonnull(strstr(got.err, cases[i].part));
        g_assert_null(strstr(got.out, "DB OK"));
        if (strstr(cases[i].arguments, "--json")) {
            json_t *root = parse_json(got.out);
            g_assert_true(json_is_false(json_object_get(root, "ok")));
            json_decref(root);
        }
    }
}

static void test_width(folder *self, gconstpointer data)
{
    static const char *const widths[] = {"40", "80", "120"};
    if (!have_binary())
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(widths); i++) {
        const char *const pairs[] = {"COLUMNS", widths[i], "POLYGON_API_KEY", "0123456789abcdef",
                                     NULL};
        g_auto(answer) got = run(self, "env check", pairs);
        g_auto(GStrv) lines = g_strsplit(got.out, "\n", -1);
        for (char **line = lines; *line != NULL; line++)
            g_assert_cmpint(g_utf8_strlen(*line, -1), <=, g_ascii_strtoll(widths[i], NULL, 10));
    }
}

/* ---- canary --------------------------------------------------------------------------------- */

/* Plain characters, so that URLs take it; no two runs of eight are alike in other output. */
#define CANARY "qZ7canary-3fX9-kW5b-0pL8vT2s"
#define CANARY_PART 8

static void assert_no_part(const char *text, const char *form)
{
    for (gsize at = 0; at + CANARY_PART <= strlen(form); at++) {
        g_autofree char *part = g_strndup(form + at, CANARY_PART);
        g_assert_null(strstr(text, part));
    }
}

static void assert_clean(const answer *got)
{
    GString *hex = g_string_new(NULL);
    for (const char *c = CANARY; *c != '\0'; c++)
        g_string_append_printf(hex, "%02x", *c);
    const char *const sinks[] = {got->out, got->err};
    for (gsize i = 0; i < G_N_ELEMENTS(sinks); i++) {
        assert_no_part(sinks[i], CANARY);
        assert_no_part(sinks[i], hex->str);
        for (gsize shift = 0; shift < 3; shift++) {
            g_autofree char *whole = g_strdup_printf("%.*s" CANARY, (int)shift, "xy");
            g_autofree char *base64 = g_base64_encode((const guchar *)whole, strlen(whole));
            assert_no_part(sinks[i], base64 + (8 * shift + 5) / 6);
        }
    }
    g_string_free(hex, TRUE);
}

static char *canary_value(const setting_info *info)
{
    if (info->type == SETTING_URL)
        return g_strdup("https://hooks.example.com/api/" CANARY);
    if (info->type == SETTING_DATABASE_URL)
        return g_strdup("postgresql://me:" CANARY "@db.example.com/d?password=" CANARY);
    return g_strdup(CANARY);
}

/* Each secret in the environment, in .env and in a file of its own; then with settings beside them
 * that are refused and show their values. */
static void test_canary(folder *self, gconstpointer data)
{
    static const char *const commands[] = {"env check", "env check --json"};
    static const char *const beside[] = {"", "RUN_MODE=" CANARY "\n", "TZ='x " CANARY "'\n",
                                         CANARY "\n", "DISCORD_GUILD_ID=" CANARY "\n"};
    g_autoptr(GPtrArray) pairs = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) plain = g_string_new(NULL);
    g_autoptr(GString) files = g_string_new(NULL);
    if (!have_binary())
        return;
    for (gsize i = 0; i < settings_table_count; i++) {
        const setting_info *info = &settings_table[i];
        if (!info->secret)
            continue;
        g_autofree char *value = canary_value(info);
        write_file(self, info->name, value);
        g_ptr_array_add(pairs, g_strdup(info->name));
        g_ptr_array_add(pairs, g_strdup(value));
        g_string_append_printf(plain, "%s='%s'\n", info->name, value);
        g_string_append_printf(files, "%s_FILE=%s\n", info->name, info->name);
    }
    g_ptr_array_add(pairs, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        for (gsize j = 0; j < G_N_ELEMENTS(beside); j++) {
            g_autofree char *in_env = g_strconcat(plain->str, beside[j], NULL);
            g_autofree char *in_files = g_strconcat(files->str, beside[j], NULL);
            write_file(self, ".env", in_env);
            g_auto(answer) from_env = run(self, commands[i], NULL);
            assert_clean(&from_env);
            write_file(self, ".env", in_files);
            g_auto(answer) from_files = run(self, commands[i], NULL);
            assert_clean(&from_files);
            write_file(self, ".env", beside[j]);
            g_auto(answer)
                from_environment = run(self, commands[i], (const char *const *)pairs->pdata);
            assert_clean(&from_environment);
            g_assert_cmpint(from_environment.code, ==, j == 0 ? 0 : 3);
            g_assert_cmpint(from_env.code, ==, from_environment.code);
            g_assert_cmpint(from_files.code, ==, from_environment.code);
        }
}

#define ADD(name, function) \
    g_test_add("/env-check/" name, folder, NULL, folder_open, function, folder_close)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("empty", test_empty);
    ADD("example", test_example);
    ADD("postgresql", test_postgres);
    ADD("refused", test_refused);
    ADD("width", test_width);
    ADD("canary", test_canary);
    return g_test_run();
}
