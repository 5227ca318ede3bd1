/* No recorded answer is forgotten: each file that the table of the shared folder names, and each
 * that lies there, is a case of its vendor's test. */
#include <glib.h>
#include <string.h>

#define ANSWERS 135

static char *shared_path(const char *name)
{
    const char *shared = g_getenv("QUANTBOT_SHARED");
    char *path = g_build_filename(shared != NULL ? shared : "", "fixtures", name, NULL);
    if (shared != NULL && g_file_test(path, G_FILE_TEST_EXISTS))
        return path;
    g_test_skip("the recorded answers are absent (QUANTBOT_SHARED)");
    g_free(path);
    return NULL;
}

static char *read_text(const char *path)
{
    char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

/* "tiingo/daily.json" is written so, or as JSON("daily"). */
static void check_case(const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, "/", 2);
    g_autofree char *file = g_strdup_printf("%s_test.c", parts[0]);
    g_autofree char *path = g_build_filename(g_getenv("QUANTBOT_SOURCE"), "tests", "providers",
                                             file, NULL);
    g_autofree char *text = read_text(path);
    char *ending = strrchr(parts[1], '.');
    g_assert_nonnull(ending);
    g_autofree char *whole = g_strdup_printf("\"%s\"", name);
    *ending++ = '\0';
    g_autofree char *upper = g_ascii_strup(ending, -1);
    g_autofree char *macro = g_strdup_printf("%s(\"%s\")", upper, parts[1]);
    if (strstr(text, whole) == NULL && strstr(text, macro) == NULL)
        g_error("%s is no case of tests/providers/%s", name, file);
}

/* Rows begin with "| tiingo/daily.json |". */
static void test_table(void)
{
    g_autofree char *path = shared_path("README.md");
    guint count = 0;
    if (path == NULL)
        return;
    g_autofree char *text = read_text(path);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        if (!g_str_has_prefix(*line, "| ") || strchr(*line, '/') == NULL)
            continue;
        g_auto(GStrv) cells = g_strsplit(*line, " | ", 2);
        if (strchr(cells[0], '/') == NULL)
            continue;
        check_case(cells[0] + strlen("| "));
        count++;
    }
    g_assert_cmpuint(count, ==, ANSWERS);
}

static guint check_folder(const char *folder, const char *vendor)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    guint count = 0;
    g_assert_nonnull(dir);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL; count++) {
        g_autofree char *whole = g_strdup_printf("%s/%s", vendor, name);
        check_case(whole);
    }
    return count;
}

static void test_files(void)
{
    static const char *const vendors[] = {"alphavantage", "coingecko", "cryptocompare", "fred",
                                          "polygon",      "quandl",    "tiingo"};
    guint count = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(vendors); i++) {
        g_autofree char *folder = shared_path(vendors[i]);
        if (folder == NULL)
            return;
        count += check_folder(folder, vendors[i]);
    }
    g_assert_cmpuint(count, ==, ANSWERS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/providers/complete/table", test_table);
    g_test_add_func("/providers/complete/files", test_files);
    return g_test_run();
}
