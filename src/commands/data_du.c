/* data du: how much room does the cache take? In: the folders. Out: a table or JSON, and whether
 * it is above QUANTBOT_CACHE_MAX_MB. */
#include "commands/data-private.h"

#include <stddef.h>

static const char about[] =
    "Shows the size of every series by kind of file: bars, manifests (with gap ledger and lock),\n"
    "files set aside because they were damaged, copies of foreign files that were merged,\n"
    "leftovers of interrupted writes, and files that are not ours. Sizes are lengths of files.\n"
    "quantbot data gc removes leftovers, with --damaged also what was set aside and copies.\n"
    "\n"
    "Examples:\n"
    "  quantbot data du\n"
    "  quantbot data du --asset crypto --json\n";

#define MEGABYTE 1000000u

typedef struct series_usage {
    cache_key key;
    cache_usage usage;
} series_usage;

static void add_to(cache_usage *sum, const cache_usage *usage)
{
    sum->files += usage->files;
    sum->bars += usage->bars;
    sum->manifests += usage->manifests;
    sum->damaged += usage->damaged;
    sum->copies += usage->copies;
    sum->leftovers += usage->leftovers;
    sum->other += usage->other;
}

typedef struct du_kind {
    const char *heading;
    gsize offset; /* in cache_usage */
    int priority;
    gboolean always; /* else only where there is any */
} du_kind;

static const du_kind kinds[] = {
    {"bars", offsetof(cache_usage, bars), 0, TRUE},
    {"manifests", offsetof(cache_usage, manifests), 3, TRUE},
    {"set aside", offsetof(cache_usage, damaged), 1, FALSE},
    {"copies", offsetof(cache_usage, copies), 1, FALSE},
    {"leftovers", offsetof(cache_usage, leftovers), 1, FALSE},
    {"other", offsetof(cache_usage, other), 2, FALSE},
};

static gsize bytes_of(const cache_usage *usage, const du_kind *kind)
{
    return *(const gsize *)(const void *)((const char *)usage + kind->offset);
}

static gboolean is_shown(const cache_usage *sum, const du_kind *kind)
{
    return kind->always || bytes_of(sum, kind) > 0;
}

/* names: symbol, asset, interval. */
static void add_row(report_table *table, const char *const names[3], const cache_usage *usage,
                    const cache_usage *sum)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < 3; i++)
        g_ptr_array_add(cells, g_strdup(names[i]));
    g_ptr_array_add(cells, g_strdup_printf("%" G_GSIZE_FORMAT, usage->files));
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (is_shown(sum, &kinds[i]))
            g_ptr_array_add(cells, data_bytes_text(bytes_of(usage, &kinds[i])));
    g_ptr_array_add(cells, data_bytes_text(cache_usage_bytes(usage)));
    report_table_row(table, (const char *const *)cells->pdata);
    report_table_tone(table, 0, REPORT_STRONG);
}

static void print_table(const GArray *all, const cache_usage *sum)
{
    const report_style style = report_style_of(1);
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "asset", REPORT_LEFT, 2);
    report_table_column(table, "bar", REPORT_LEFT, 0);
    report_table_column(table, "files", REPORT_RIGHT, 2);
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (is_shown(sum, &kinds[i]))
            report_table_column(table, kinds[i].heading, REPORT_RIGHT, kinds[i].priority);
    report_table_column(table, "total", REPORT_RIGHT, 0);
    for (guint i = 0; i < all->len; i++) {
        const series_usage *one = &g_array_index(all, series_usage, i);
        const char *const names[] = {one->key.symbol, qb_asset_text(one->key.asset),
                                     qb_interval_text(one->key.interval)};
        add_row(table, names, &one->usage, sum);
    }
    report_table_rule(table);
    add_row(table, (const char *const[3]){"all", "", ""}, sum, sum);
    if (all->len > 0)
        report_table_print(table, &style, stdout);
}

static json_t *usage_json(json_t *object, const cache_usage *usage)
{
    json_object_set_new(object, "files", json_integer((json_int_t)usage->files));
    json_object_set_new(object, "bytes", json_integer((json_int_t)cache_usage_bytes(usage)));
    json_object_set_new(object, "bars", json_integer((json_int_t)usage->bars));
    json_object_set_new(object, "manifests", json_integer((json_int_t)usage->manifests));
    json_object_set_new(object, "set_aside", json_integer((json_int_t)usage->damaged));
    json_object_set_new(object, "copies", json_integer((json_int_t)usage->copies));
    json_object_set_new(object, "leftovers", json_integer((json_int_t)usage->leftovers));
    json_object_set_new(object, "other", json_integer((json_int_t)usage->other));
    return object;
}

/* What was asked for, and whether the whole cache is above its bound: known of the whole only. */
typedef struct du_result {
    GArray *all; /* of series_usage */
    cache_usage sum;
    char *folder;
    gsize limit; /* bytes, 0: none */
    gboolean above;
} du_result;

static void print_json(const du_result *self)
{
    json_auto_t *root = json_object();
    json_t *series = json_array();
    for (guint i = 0; i < self->all->len; i++) {
        const series_usage *one = &g_array_index(self->all, series_usage, i);
        json_array_append_new(series, usage_json(data_key_json(&one->key), &one->usage));
    }
    json_object_set_new(root, "cache", json_string(self->folder));
    json_object_set_new(root, "series", series);
    json_object_set_new(root, "all", usage_json(json_object(), &self->sum));
    if (self->limit > 0) {
        json_object_set_new(root, "limit_bytes", json_integer((json_int_t)self->limit));
        json_object_set_new(root, "above_limit", json_boolean(self->above));
    }
    data_print_json(root);
}

static gboolean measure(const data_query *query, du_result *out, GError **error)
{
    for (guint i = 0; i < query->keys->len; i++) {
        series_usage one = {.key = g_array_index(query->keys, cache_key, i)};
        if (!cache_du(query->cache, &one.key, &one.usage, error))
            return FALSE;
        add_to(&out->sum, &one.usage);
        g_array_append_val(out->all, one);
    }
    return TRUE;
}

/* The bound is one on the whole cache, whatever was asked for. */
static gboolean is_above(const data_query *query, gsize limit, gboolean *out, GError **error)
{
    gsize bytes = 0;
    *out = FALSE;
    if (limit == 0)
        return TRUE;
    g_autoptr(GArray) folders = cache_folders(query->cache, error);
    for (guint i = 0; folders != NULL && i < folders->len; i++) {
        cache_usage usage;
        if (!cache_du(query->cache, &g_array_index(folders, cache_key, i), &usage, error))
            return FALSE;
        bytes += cache_usage_bytes(&usage);
    }
    *out = bytes > limit;
    return folders != NULL;
}

int command_data_du(int argc, char **argv)
{
    g_auto(data_query) query = {.folders = TRUE};
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(series_usage));
    GError *error = NULL;
    int exit_code = 0;
    if (!data_query_read(argc, argv, about, &query, &exit_code))
        return exit_code;
    g_autofree char *folder = g_build_filename(settings_data_dir(query.settings), "cache", NULL);
    du_result result = {.all = all, .folder = folder};
    result.limit = (gsize)settings_integer(query.settings, "QUANTBOT_CACHE_MAX_MB") * MEGABYTE;
    if (!measure(&query, &result, &error) || !is_above(&query, result.limit, &result.above, &error))
        return command_fail(error);
    if (query.json) {
        print_json(&result);
    } else {
        print_table(all, &result.sum);
        printf("Cache: %s\n", folder);
    }
    if (result.above) {
        g_autofree char *limit = data_bytes_text(result.limit);
        command_warn("the cache is above QUANTBOT_CACHE_MAX_MB (%s)", limit);
    }
    return 0;
}
