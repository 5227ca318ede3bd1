/* The .env parser and the run-file parser on the same bytes, and what holds for any input. */
#include "config/config.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* A message is one line per problem, short, and steers no terminal. */
static void check_message(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), <=, FAILURE_LINES + 1);
    for (char **line = lines; *line != NULL; line++) {
        g_assert_cmpuint(strlen(*line), <, 4096);
        for (const guchar *c = (const guchar *)*line; *c != '\0'; c++)
            g_assert_true(*c >= 0x20 && *c != 0x7f);
    }
}

/* Only a key of the table is unset, has its default, or passed the table's check. */
static void check_settings(const settings *parsed)
{
    for (gsize i = 0; i < settings_table_count; i++) {
        const char *value = settings_get(parsed, settings_table[i].name);
        if (value == NULL)
            continue;
        g_assert_true(*value != '\0' && g_utf8_validate(value, -1, NULL));
        for (const guchar *c = (const guchar *)value; *c != '\0'; c++)
            g_assert_true(*c >= 0x20 && *c != 0x7f);
        if (settings_table[i].type == SETTING_INTEGER) {
            gint64 number = settings_integer(parsed, settings_table[i].name);
            g_assert_true(number >= settings_table[i].minimum &&
                          number <= settings_table[i].maximum);
        }
    }
    g_assert_cmpstr(settings_get(parsed, "RUN_MODE"), ==, "paper");
    g_assert_true(g_path_is_absolute(settings_data_dir(parsed)));
    g_assert_true(g_path_is_absolute(settings_runlog_path(parsed)));
    GArray *hosts = settings_hosts(parsed);
    g_assert_cmpuint(hosts->len, >, 0);
    g_array_unref(hosts);
}

/* No secret file is read: a fuzzer must not open what it makes up. */
static gboolean names_files(const char *text, gsize size)
{
    return memmem(text, size, "_FILE", 5) != NULL;
}

static void fuzz_env(const char *text, gsize size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    if (names_files(text, size))
        return;
    g_autoptr(settings) parsed = settings_parse(".env", text, size, NULL, warnings, &error);
    g_assert_true((parsed != NULL) == (error == NULL));
    g_assert_cmpuint(warnings->len, <=, 101);
    for (guint i = 0; i < warnings->len; i++)
        check_message(g_ptr_array_index(warnings, i));
    if (parsed != NULL)
        check_settings(parsed);
    else
        check_message(error->message);
}

static void fuzz_run_file(const char *text, gsize size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(run_file) file = run_file_parse("run.ini", text, size, &error);
    g_assert_true((file != NULL) == (error == NULL));
    if (file == NULL) {
        check_message(error->message);
        return;
    }
    g_autofree char *place = run_file_place(file, "run", "symbols");
    const char *value = run_file_get(file, "run", "symbols");
    g_assert_true((value == NULL) == (strcmp(place, "run.ini") == 0));
    g_auto(GStrv) keys = run_file_keys(file, "params");
    for (char **key = keys; *key != NULL; key++)
        g_assert_nonnull(run_file_get(file, "params", *key));
    if (!run_file_finish(file, &error))
        check_message(error->message);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    /* A copy without room behind it, so that a read past the end is seen. */
    g_autofree char *text = g_memdup2(data, size);
    fuzz_env(text != NULL ? text : "", size);
    fuzz_run_file(text != NULL ? text : "", size);
    return 0;
}
