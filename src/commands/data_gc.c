/* data gc: removes what no reader of the cache needs. In: the folders. Out: the names of what would
 * go, or with --yes of what went. */
#include "commands/data-private.h"

static const char about[] =
    "Lists the leftovers of interrupted writes (.tmp-*); with --damaged also damaged files that\n"
    "were set aside, copies of foreign files that were merged, and series that made room for\n"
    "another (INTERVAL.replaced-N). Nothing is removed without --yes, and never a series' bars.\n"
    "\n"
    "Examples:\n"
    "  quantbot data gc\n"
    "  quantbot data gc --damaged spy\n"
    "  quantbot data gc --damaged --yes\n";

static void print_result(const GPtrArray *removed, gsize bytes, gboolean yes)
{
    g_autofree char *size = data_bytes_text(bytes);
    for (guint i = 0; i < removed->len; i++)
        printf("%s\n", (const char *)g_ptr_array_index(removed, i));
    if (removed->len == 0)
        printf("Nothing to remove.\n");
    else
        printf("%u file%s, %s%s\n", removed->len, removed->len == 1 ? "" : "s", size,
               yes ? " removed." : " would go; --yes removes them.");
}

static void print_json(const GPtrArray *removed, gsize bytes, gboolean yes)
{
    json_auto_t *root = json_object();
    json_object_set_new(root, "removed", json_boolean(yes));
    json_object_set_new(root, "bytes", json_integer((json_int_t)bytes));
    json_object_set_new(root, "files", data_lines_json(removed));
    data_print_json(root);
}

int command_data_gc(int argc, char **argv)
{
    g_auto(data_query) query = {.folders = TRUE};
    g_autoptr(GPtrArray) removed = g_ptr_array_new_with_free_func(g_free);
    gboolean damaged = FALSE, yes = FALSE;
    gsize bytes = 0;
    int exit_code = 0;
    const GOptionEntry more[] = {
        {"damaged", 0, 0, G_OPTION_ARG_NONE, &damaged, "Also what was set aside, and copies", NULL},
        {"yes", 0, 0, G_OPTION_ARG_NONE, &yes, "Remove them", NULL},
        {NULL},
    };
    if (!data_query_read_more(argc, argv, about, more, &query, &exit_code))
        return exit_code;
    for (guint i = 0; i < query.keys->len; i++) {
        GError *error = NULL;
        gsize here = 0;
        if (!cache_gc(query.cache, &g_array_index(query.keys, cache_key, i), damaged, !yes, removed,
                      &here, &error))
            exit_code = command_fail(error); /* the others all the same */
        bytes += here;
    }
    if (query.json)
        print_json(removed, bytes, yes);
    else
        print_result(removed, bytes, yes);
    return exit_code;
}
