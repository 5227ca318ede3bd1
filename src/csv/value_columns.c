/* Which columns of a table of statistics hold what: periods, vintages, values. */
#include "csv/values-private.h"

#include <string.h>

/* Rows looked at to tell a column of numbers from one of words. */
#define LOOK_ROWS 1000

static const char *const ts_names[] = {"ts",
                                       "date",
                                       "observation_date",
                                       "obs_date",
                                       "period",
                                       "time_period",
                                       "observation_quarter",
                                       "quarter",
                                       "month",
                                       "year",
                                       "time",
                                       NULL};
static const char *const known_names[] = {
    "known_from", "vintage_date", "vintage", "realtime_start", "release_date", "published", NULL};
/* Ends of vintages follow from their starts. */
static const char *const end_names[] = {"known_to", "realtime_end", NULL};

/* ---- naming columns ------------------------------------------------------------------------- */

static int find_named(const csv_table *table, const char *const *names)
{
    for (; *names != NULL; names++)
        if (csv_table_column(table, *names) >= 0)
            return csv_table_column(table, *names);
    return -1;
}

static char *all_headings(const csv_table *table)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < 20 && csv_table_heading(table, i) != NULL; i++) {
        g_autofree char *name = failure_path(csv_table_heading(table, i));
        g_string_append_printf(text, "%s%s", i > 0 ? ", " : "", name);
    }
    return g_string_free(text, FALSE);
}

/* A name, or a number from 1. */
static gboolean column_called(const csv_table *table, const char *flag, const char *text, int *out,
                              GError **error)
{
    gint64 number = 0;
    int at = csv_table_column(table, text);
    if (at < 0 && g_ascii_string_to_signed(text, 10, 1, CSV_COLUMN_LIMIT, &number, NULL) &&
        csv_table_heading(table, (int)number - 1) != NULL)
        at = (int)number - 1;
    if (at >= 0) {
        *out = at;
        return TRUE;
    }
    g_autofree char *quoted = failure_quote(text, -1);
    g_autofree char *names = all_headings(table);
    g_set_error(error, FAILURE, FAILURE_USAGE, "%s: %s: the table has no column %s (expected %s)",
                csv_table_name(table), flag, quoted, names);
    return FALSE;
}

/* ---- what the options say ------------------------------------------------------------------- */

/* Calls with each "key=value" of a list. */
typedef gboolean (*pair_function)(const csv_table *table, const char *key, const char *value,
                                  gpointer data, GError **error);

static gboolean each_pair(const csv_table *table, const char *flag, const char *list,
                          pair_function function, gpointer data, GError **error)
{
    g_auto(GStrv) pairs = g_strsplit(list, ",", -1);
    for (char **pair = pairs; *pair != NULL; pair++) {
        char *equals = strchr(*pair, '=');
        if (equals == NULL || equals == *pair) {
            g_autofree char *quoted = failure_quote(*pair, -1);
            g_set_error(error, FAILURE, FAILURE_USAGE, "%s: %s (expected NAME=COLUMN,... )", flag,
                        quoted);
            return FALSE;
        }
        *equals = '\0';
        if (!function(table, *pair, equals + 1, data, error))
            return FALSE;
    }
    return TRUE;
}

typedef struct mapped {
    int ts, known_from, value; /* -1: not mapped */
    gboolean no_known_from;
} mapped;

static gboolean add_mapped(const csv_table *table, const char *key, const char *value,
                           gpointer data, GError **error)
{
    mapped *map = data;
    int *to = g_ascii_strcasecmp(key, "ts") == 0           ? &map->ts
              : g_ascii_strcasecmp(key, "known_from") == 0 ? &map->known_from
              : g_ascii_strcasecmp(key, "value") == 0      ? &map->value
                                                           : NULL;
    if (to == NULL) {
        g_autofree char *quoted = failure_quote(key, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--map: %s is no key of a macro series (expected ts, known_from or value)",
                    quoted);
        return FALSE;
    }
    if (to == &map->known_from && g_ascii_strcasecmp(value, "none") == 0) {
        map->no_known_from = TRUE;
        return TRUE;
    }
    return column_called(table, "--map", value, to, error);
}

static gboolean read_map(const csv_table *table, const csv_values_options *options, mapped *out,
                         GError **error)
{
    *out = (mapped){-1, -1, -1, FALSE};
    return options->map == NULL || each_pair(table, "--map", options->map, add_mapped, out, error);
}

static gboolean add_filter(const csv_table *table, const char *key, const char *value,
                           gpointer data, GError **error)
{
    value_columns *self = data;
    value_filter filter = {0};
    if (!column_called(table, "--where", key, &filter.at, error))
        return FALSE;
    filter.text = g_strdup(value);
    g_array_append_val(self->filters, filter);
    return TRUE;
}

static void clear_filter(gpointer item)
{
    value_filter *filter = item;
    g_free(filter->text);
}

gboolean value_columns_find(const csv_table *table, const csv_values_options *options,
                            value_columns *out, GError **error)
{
    mapped map;
    out->filters = g_array_new(FALSE, FALSE, sizeof(value_filter));
    g_array_set_clear_func(out->filters, clear_filter);
    if (!read_map(table, options, &map, error) ||
        (options->where != NULL &&
         !each_pair(table, "--where", options->where, add_filter, out, error)))
        return FALSE;
    out->ts = map.ts >= 0 ? map.ts : find_named(table, ts_names);
    out->known_from = map.known_from >= 0 || map.no_known_from ? map.known_from
                                                               : find_named(table, known_names);
    if (out->ts >= 0)
        return TRUE;
    g_autofree char *names = all_headings(table);
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s: no column of periods among %s (expected date or the like, or --map ts=COLUMN)",
                csv_table_name(table), names);
    return FALSE;
}

void value_columns_clear(value_columns *self)
{
    g_clear_pointer(&self->filters, g_array_unref);
}

/* ---- columns of values ---------------------------------------------------------------------- */

gboolean csv_value_is_blank(const char *text, gsize length)
{
    static const char *const words[] = {"", ".", "na", "n/a", "#n/a", "nan", "null", "-"};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (csv_text_is(text, length, words[i]))
            return TRUE;
    return FALSE;
}

/* A column of words (a country, a unit) is none of values; one without any cell may be. */
static gboolean holds_numbers(const csv_table *table, int column)
{
    gsize words = 0;
    for (gsize i = 0; i < MIN(csv_table_rows(table), LOOK_ROWS); i++) {
        gsize length;
        double number;
        const char *text = csv_table_cell(table, i, column, &length);
        if (csv_number_scan(text, length, &number))
            return TRUE;
        words += !csv_value_is_blank(text, length);
    }
    return words == 0;
}

static gboolean is_value_column(const csv_table *table, const value_columns *self, int column)
{
    if (column == self->ts || column == self->known_from)
        return FALSE;
    for (guint i = 0; i < self->filters->len; i++)
        if (g_array_index(self->filters, value_filter, i).at == column)
            return FALSE;
    for (const char *const *name = end_names; *name != NULL; name++)
        if (csv_table_column(table, *name) == column)
            return FALSE;
    return holds_numbers(table, column);
}

static GArray *value_columns_all(const csv_table *table, const value_columns *self)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(value_column));
    for (int i = 0; csv_table_heading(table, i) != NULL; i++) {
        const value_column column = {i, CSV_NOT_TOLD};
        if (is_value_column(table, self, i))
            g_array_append_val(all, column);
    }
    return all;
}

/* "GDPC1_20021031": the series' name and the vintage's date. */
static gboolean is_vintage(const char *heading, gsize *out_name, gint64 *out_known_us)
{
    const char *line = strrchr(heading, '_');
    csv_period period;
    if (line == NULL || line == heading || strlen(line + 1) != 8 ||
        csv_period_scan(line + 1, 8, CSV_ORDER_YMD, &period) != CSV_STAMP_OK ||
        period.precision != QB_1D)
        return FALSE;
    *out_name = (gsize)(line - heading);
    *out_known_us = period.date * QB_DAY_US;
    return TRUE;
}

/* The name that all columns have before their vintage, or NULL; then they know their vintage. */
static char *vintages_of(const csv_table *table, const value_columns *self,
                         const csv_values_options *options, GArray *columns)
{
    g_autofree char *name = NULL;
    for (guint i = 0; self->known_from < 0 && i < columns->len; i++) {
        value_column *column = &g_array_index(columns, value_column, i);
        const char *heading = csv_table_heading(table, column->at);
        gsize length;
        if (!is_vintage(heading, &length, &column->known_from_us))
            return NULL;
        column->known_from_us += options->known_time_us;
        if (name == NULL)
            name = g_strndup(heading, length);
        if (strlen(name) != length || strncmp(name, heading, length) != 0)
            return NULL;
    }
    return g_steal_pointer(&name);
}

char **value_columns_names(const csv_table *table, const value_columns *self,
                           const csv_values_options *options, GError **error)
{
    mapped map;
    if (!read_map(table, options, &map, error))
        return NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) all = value_columns_all(table, self);
    g_autofree char *series = map.value < 0 ? vintages_of(table, self, options, all) : NULL;
    if (map.value >= 0)
        g_ptr_array_add(names, g_strdup(csv_table_heading(table, map.value)));
    else if (series != NULL)
        g_ptr_array_add(names, g_strdup(series));
    for (guint i = 0; names->len == i && series == NULL && map.value < 0 && i < all->len; i++)
        g_ptr_array_add(names,
                        g_strdup(csv_table_heading(table, g_array_index(all, value_column, i).at)));
    if (names->len == 0) {
        g_autofree char *headings = all_headings(table);
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: no column of numbers among %s (expected value, or --map value=COLUMN)",
                    csv_table_name(table), headings);
        return NULL;
    }
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}

GArray *value_columns_of(const csv_table *table, const value_columns *self,
                         const csv_values_options *options, const char *name, GError **error)
{
    value_column column = {-1, CSV_NOT_TOLD};
    g_autoptr(GArray) all = value_columns_all(table, self);
    g_autofree char *series = vintages_of(table, self, options, all);
    if (series != NULL && g_ascii_strcasecmp(series, name) == 0)
        return g_steal_pointer(&all);
    if (!column_called(table, "--column", name, &column.at, error))
        return NULL;
    g_array_set_size(all, 0);
    g_array_append_val(all, column);
    return g_steal_pointer(&all);
}
