/* data list: what the cache holds. In: manifests. Out: a table, or JSON. */
#include "commands/data-private.h"

#include <string.h>

static const char about[] =
    "Shows every stored series: rows, first and last bar, coverage (bars that stand where the\n"
    "calendar expects one, of those it expects from the first to the last), how prices are\n"
    "adjusted, and who gave them.\n"
    "\n"
    "Examples:\n"
    "  quantbot data list\n"
    "  quantbot data list spy,btc --interval 1d\n"
    "  quantbot data list --asset crypto --json\n";

/* The day is enough for a table; JSON has the whole stamp. Caller frees. */
static char *day_text(gint64 ts_us)
{
    char text[QB_TIME_TEXT];
    return g_strdup(qb_date_to_text(qb_date_from_us(ts_us), text));
}

static void add_row(report_table *table, const cache_entry *entry)
{
    g_autofree char *rows = g_strdup_printf("%" G_GSIZE_FORMAT, entry->rows);
    g_autofree char *files = g_strdup_printf("%" G_GSIZE_FORMAT, entry->files);
    g_autofree char *first = day_text(entry->first_us);
    g_autofree char *last = day_text(entry->last_us);
    g_autofree char *coverage = data_coverage_text(entry->present, entry->expected);
    const gboolean macro = entry->key.asset == QB_MACRO;
    const char *const cells[] = {entry->key.symbol,
                                 qb_asset_text(entry->key.asset),
                                 qb_interval_text(entry->key.interval),
                                 rows,
                                 first,
                                 last,
                                 coverage,
                                 macro ? "-" : cache_adjustment_text(entry->adjustment),
                                 entry->provider,
                                 macro ? "-" : entry->calendar,
                                 files};
    report_table_row(table, cells);
    report_table_tone(table, 0, REPORT_STRONG);
    report_table_tone(table, 6, data_coverage_tone(entry->present, entry->expected));
}

static void print_table(const GArray *entries, const char *folder)
{
    const report_style style = report_style_of(1);
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "asset", REPORT_LEFT, 0);
    report_table_column(table, "bar", REPORT_LEFT, 0);
    report_table_column(table, "rows", REPORT_RIGHT, 0);
    report_table_column(table, "first", REPORT_LEFT, 0);
    report_table_column(table, "last", REPORT_LEFT, 0);
    report_table_column(table, "coverage", REPORT_RIGHT, 0);
    report_table_column(table, "prices", REPORT_LEFT, 1);
    report_table_column(table, "provider", REPORT_LEFT, 2);
    report_table_column(table, "calendar", REPORT_LEFT, 3);
    report_table_column(table, "files", REPORT_RIGHT, 4);
    for (guint i = 0; i < entries->len; i++)
        add_row(table, &g_array_index(entries, cache_entry, i));
    if (entries->len > 0)
        report_table_print(table, &style, stdout);
    else
        printf("No series stored yet; quantbot data import --help shows how.\n");
    printf("Cache: %s\n", folder);
}

static json_t *entry_json(const cache_entry *entry)
{
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT], fetched[QB_TIME_TEXT];
    json_t *object = data_key_json(&entry->key);
    json_object_set_new(object, "rows", json_integer((json_int_t)entry->rows));
    json_object_set_new(object, "files", json_integer((json_int_t)entry->files));
    json_object_set_new(object, "bytes", json_integer((json_int_t)entry->bytes));
    json_object_set_new(object, "first", json_string(qb_time_to_text(entry->first_us, first)));
    json_object_set_new(object, "last", json_string(qb_time_to_text(entry->last_us, last)));
    json_object_set_new(object, "present", json_integer((json_int_t)entry->present));
    json_object_set_new(object, "expected", json_integer((json_int_t)entry->expected));
    json_object_set_new(object, "coverage", data_coverage_json(entry->present, entry->expected));
    const gboolean macro = entry->key.asset == QB_MACRO;
    json_object_set_new(object, "adjustment",
                        macro ? json_null()
                              : json_string(cache_adjustment_text(entry->adjustment)));
    json_object_set_new(object, "calendar", macro ? json_null() : json_string(entry->calendar));
    json_object_set_new(object, "provider", json_string(entry->provider));
    json_object_set_new(object, "fetched_at",
                        json_string(qb_time_to_text(entry->fetched_us, fetched)));
    return object;
}

static void print_json(const GArray *entries, const char *folder)
{
    json_auto_t *root = json_object();
    json_t *series = json_array();
    for (guint i = 0; i < entries->len; i++)
        json_array_append_new(series, entry_json(&g_array_index(entries, cache_entry, i)));
    json_object_set_new(root, "cache", json_string(folder));
    json_object_set_new(root, "series", series);
    data_print_json(root);
}

/* The entries that can be told; the others are printed as errors. Returns the exit code. */
static int stat_all(cache *cache, const GArray *keys, GArray *entries)
{
    int exit_code = 0;
    for (guint i = 0; i < keys->len; i++) {
        GError *error = NULL;
        cache_entry entry;
        if (cache_stat(cache, &g_array_index(keys, cache_key, i), &entry, &error))
            g_array_append_val(entries, entry);
        else if (g_error_matches(error, FAILURE, FAILURE_MISSING))
            g_clear_error(&error); /* a first import ended before its first file */
        else
            exit_code = command_fail(error);
    }
    return exit_code;
}

int command_data_list(int argc, char **argv)
{
    g_auto(data_query) query = {0};
    int exit_code = 0;
    if (!data_query_read(argc, argv, about, &query, &exit_code))
        return exit_code;
    g_autofree char *folder = g_build_filename(settings_data_dir(query.settings), "cache", NULL);
    g_autoptr(GArray) stored = g_array_new(FALSE, TRUE, sizeof(cache_entry));
    exit_code = stat_all(query.cache, query.keys, stored);
    if (query.json)
        print_json(stored, folder);
    else
        print_table(stored, folder);
    return exit_code;
}
