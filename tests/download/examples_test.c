/* The worked examples of DATA_SETUP.md, carried out: each command in a folder of its own, against
 * the fake vendors. An example that is no command any more, or brings nothing, fails. */
#include "beside.h"
#include "program.h"

#include <string.h>

/* The examples that download. */
static GPtrArray *read_examples(void)
{
    static const char *const kinds[] = {"quantbot data crypto ", "quantbot data equities ",
                                        "quantbot data macro "};
    GPtrArray *examples = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = program_source("DATA_SETUP.md");
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        for (gsize kind = 0; kind < G_N_ELEMENTS(kinds); kind++)
            if (g_str_has_prefix(lines[i], kinds[kind]))
                g_ptr_array_add(examples, g_strdup(lines[i]));
    return examples;
}

/* The series of a JSON account: each is done, and has brought something. */
static void assert_account(const char *example, const json_t *root)
{
    const json_t *list = json_object_get(root, "series"), *one;
    gsize i;
    g_assert_cmpuint(json_array_size(list), >, 0);
    json_array_foreach(list, i, one)
    {
        const json_t *account = json_object_get(one, "account");
        const char *state = json_string_value(json_object_get(one, "state"));
        const json_int_t added = json_integer_value(json_object_get(account, "added"));
        if (g_strcmp0(state, "done") != 0 || added < 1)
            g_error("%s: %s, %" JSON_INTEGER_FORMAT " bars", example, state, added);
        g_test_message("%s: %" JSON_INTEGER_FORMAT, example, added);
    }
}

static void run_example(const char *example)
{
    g_autoptr(program) self = program_new();
    g_autofree char *log = g_build_filename(self->folder, "requests.log", NULL);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_auto(GStrv) parts = g_strsplit(example, " ", -1);
    GPid vendors;
    g_autofree char *settings = beside_settings(beside_start(log, NULL, &vendors));
    program_write(self, ".env", settings);
    for (guint i = 1; parts[i] != NULL; i++)
        if (*parts[i] != '\0')
            g_ptr_array_add(words, parts[i]);
    g_ptr_array_add(words, (char *)"--json");
    /* Five requests a minute would be kept, and waited for. */
    if (strstr(example, "polygon") != NULL)
        g_ptr_array_add(words, (char *)"--paid");
    g_ptr_array_add(words, NULL);
    if (program_run_vector(self, (const char *const *)words->pdata) != 0)
        g_error("%s: exit %d\n%s%s", example, self->exit_code, self->out, self->err);
    json_t *root = program_json(self);
    assert_account(example, root);
    json_decref(root);
    beside_stop(vendors);
}

static void test_examples(void)
{
    g_autoptr(GPtrArray) examples = read_examples();
    g_assert_cmpuint(examples->len, >=, 9); /* each provider's own, and the first of all */
    for (guint i = 0; i < examples->len; i++)
        run_example(g_ptr_array_index(examples, i));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/download/examples", test_examples);
    return g_test_run();
}
