/* data coverage: which months miss bars? In: manifests and the calendar. Out: a table per series,
 * or JSON. */
#include "commands/data-private.h"

#include <string.h>

static const char about[] =
    "Shows month by month how many bars the calendar expects, how many of those are stored, and\n"
    "how many rows there are in all (bars outside sessions are stored and never counted as\n"
    "coverage). The first and the last month count from the first and to the last bar.\n"
    "\n"
    "Examples:\n"
    "  quantbot data coverage spy\n"
    "  quantbot data coverage --asset crypto --interval 1h --json\n";

static void sum_months(const GArray *months, gsize *out_present, gsize *out_expected)
{
    *out_present = *out_expected = 0;
    for (guint i = 0; i < months->len; i++) {
        *out_present += g_array_index(months, cache_month, i).present;
        *out_expected += g_array_index(months, cache_month, i).expected;
    }
}

static void add_row(report_table *table, const char *name, gsize present, gsize expected,
                    gsize rows)
{
    g_autofree char *present_text = g_strdup_printf("%" G_GSIZE_FORMAT, present);
    g_autofree char *expected_text = g_strdup_printf("%" G_GSIZE_FORMAT, expected);
    g_autofree char *rows_text = g_strdup_printf("%" G_GSIZE_FORMAT, rows);
    g_autofree char *coverage = data_coverage_text(present, expected);
    const char *const cells[] = {name, expected_text, present_text, coverage, rows_text};
    report_table_row(table, cells);
    report_table_tone(table, 3, data_coverage_tone(present, expected));
}

static void print_table(const cache_key *key, const GArray *months)
{
    const report_style style = report_style_of(1);
    g_autofree char *title = g_strdup_printf("%s %s %s", qb_asset_text(key->asset), key->symbol,
                                             qb_interval_text(key->interval));
    g_autoptr(report_table) table = report_table_new(title);
    gsize present, expected, rows = 0;
    report_table_column(table, "month", REPORT_LEFT, 0);
    report_table_column(table, "expected", REPORT_RIGHT, 0);
    report_table_column(table, "present", REPORT_RIGHT, 0);
    report_table_column(table, "coverage", REPORT_RIGHT, 0);
    report_table_column(table, "rows", REPORT_RIGHT, 1);
    for (guint i = 0; i < months->len; i++) {
        const cache_month *month = &g_array_index(months, cache_month, i);
        g_autofree char *name = g_strdup_printf("%04d-%02d", month->year, month->month);
        add_row(table, name, month->present, month->expected, month->rows);
        rows += month->rows;
    }
    sum_months(months, &present, &expected);
    report_table_rule(table);
    add_row(table, "all", present, expected, rows);
    report_table_print(table, &style, stdout);
}

static json_t *month_json(const cache_month *month)
{
    g_autofree char *name = g_strdup_printf("%04d-%02d", month->year, month->month);
    return json_pack("{s:s, s:I, s:I, s:I, s:o}", "month", name, "expected",
                     (json_int_t)month->expected, "present", (json_int_t)month->present, "rows",
                     (json_int_t)month->rows, "coverage",
                     data_coverage_json(month->present, month->expected));
}

static json_t *series_json(const cache_key *key, const GArray *months)
{
    gsize present, expected;
    json_t *object = data_key_json(key), *array = json_array();
    for (guint i = 0; i < months->len; i++)
        json_array_append_new(array, month_json(&g_array_index(months, cache_month, i)));
    sum_months(months, &present, &expected);
    json_object_set_new(object, "expected", json_integer((json_int_t)expected));
    json_object_set_new(object, "present", json_integer((json_int_t)present));
    json_object_set_new(object, "coverage", data_coverage_json(present, expected));
    json_object_set_new(object, "months", array);
    return object;
}

static int cover_all(cache *cache, const GArray *keys, gboolean json)
{
    json_auto_t *root = json_object();
    json_t *series = json_array();
    json_object_set_new(root, "series", series);
    for (guint i = 0; i < keys->len; i++) {
        GError *error = NULL;
        const cache_key *key = &g_array_index(keys, cache_key, i);
        g_autoptr(GArray) months = cache_coverage(cache, key, NULL, &error);
        if (months == NULL && g_error_matches(error, FAILURE, FAILURE_MISSING)) {
            g_clear_error(&error); /* a first import ended before its first file */
            continue;
        }
        if (months == NULL)
            return command_fail(error);
        if (json)
            json_array_append_new(series, series_json(key, months));
        else
            print_table(key, months);
    }
    if (json)
        data_print_json(root);
    return 0;
}

int command_data_coverage(int argc, char **argv)
{
    g_auto(data_query) query = {0};
    int exit_code = 0;
    if (!data_query_read(argc, argv, about, &query, &exit_code))
        return exit_code;
    return cover_all(query.cache, query.keys, query.json);
}
