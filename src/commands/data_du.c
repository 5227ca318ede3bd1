/* data du: how much room does the cache take? In: the folders. Out: a table or JSON, and whether
 * it is above QUANTBOT_CACHE_MAX_MB. */
#include "commands/data-private.h"

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

static void add_row(report_table *table, const char *symbol, const char *asset,
                    const char *interval, const cache_usage *usage)
{
    g_autofree char *files = g_strdup_printf("%" G_GSIZE_FORMAT, usage->files);
    g_autofree char *bars = data_bytes_text(usage->bars);
    g_autofree char *manifests = data_bytes_text(usage->manifests);
    g_autofree char *damaged = data_bytes_text(usage->damaged);
    g_autofree char *copies = data_bytes_text(usage->copies);
    g_autofree char *leftovers = data_bytes_text(usage->leftovers);
    g_autofree char *other = data_bytes_text(usage->other);
    g_autofree char *total = data_bytes_text(cache_usage_bytes(usage));
    const char *const cells[] = {symbol,  asset,  interval,  files, bars, manifests,
                                 damaged, copies, leftovers, other, total};
    report_table_row(table, cells);
    report_table_tone(table, 0, REPORT_STRONG);
    for (int column = 6; column < 9; column++)
        report_table_tone(table, column,
                          g_str_has_prefix(cells[column], "0 ") ? REPORT_DIM : REPORT_PLAIN);
}

static void print_table(const GArray *all, const cache_usage *sum)
{
    const report_style style = report_style_of(1);
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "asset", REPORT_LEFT, 3);
    report_table_column(table, "bar", REPORT_LEFT, 0);
    report_table_column(table, "files", REPORT_RIGHT, 2);
    report_table_column(table, "bars", REPORT_RIGHT, 0);
    report_table_column(table, "manifests", REPORT_RIGHT, 4);
    report_table_column(table, "set aside", REPORT_RIGHT, 1);
    report_table_column(table, "copies", REPORT_RIGHT, 2);
    report_table_column(table, "leftovers", REPORT_RIGHT, 1);
    report_table_column(table, "other", REPORT_RIGHT, 3);
    report_table_column(table, "total", REPORT_RIGHT, 0);
    for (guint i = 0; i < all->len; i++) {
        const series_usage *one = &g_array_index(all, series_usage, i);
        add_row(table, one->key.symbol, qb_asset_text(one->key.asset),
                qb_interval_text(one->key.interval), &one->usage);
    }
    report_table_rule(table);
    add_row(table, "all", "", "", sum);
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
