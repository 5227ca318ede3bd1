/* data show, for bars: one row a bar, optional columns where the series has them. */
#include "commands/show-private.h"

#include <math.h>

typedef struct bar_column {
    const char *name;
    const double *values;
    double standard; /* of a row whose column is absent */
    int priority;
} bar_column;

#define COLUMNS 9

/* The columns that the series has; returns how many. */
static guint columns_of(const qb_series *bars, bar_column out[COLUMNS])
{
    const bar_column all[COLUMNS] = {
        {"open", bars->open, NAN, 0},        {"high", bars->high, NAN, 0},
        {"low", bars->low, NAN, 0},          {"close", bars->close, NAN, 0},
        {"volume", bars->volume, NAN, 1},    {"dividend", bars->dividend, 0, 3},
        {"split", bars->split_factor, 1, 2}, {"bid", bars->bid, NAN, 4},
        {"ask", bars->ask, NAN, 4},
    };
    guint count = 0;
    for (guint i = 0; i < COLUMNS; i++)
        if (all[i].values != NULL)
            out[count++] = all[i];
    return count;
}

static char *flags_text(gint32 flags)
{
    return g_strdup_printf("%s%s%s", (flags & QB_BAR_REPAIRED) != 0 ? "repaired " : "",
                           (flags & QB_BAR_SYNTHETIC) != 0 ? "synthetic " : "",
                           (flags & QB_BAR_SAMPLED) != 0 ? "sampled" : "");
}

static void add_row(report_table *table, qb_interval interval, const qb_series *bars,
                    const bar_column *columns, guint count, gsize row)
{
    const char *cells[COLUMNS + 3] = {NULL};
    g_autofree char *time = show_time(bars->ts_us[row], interval < QB_1D);
    g_autofree char *flags = bars->flags != NULL ? flags_text(bars->flags[row]) : NULL;
    cells[0] = time;
    char *texts[COLUMNS];
    for (guint c = 0; c < count; c++)
        cells[c + 1] = texts[c] = show_number(columns[c].values[row]);
    cells[count + 1] = flags;
    report_table_row(table, cells);
    for (guint c = 0; c < count; c++)
        g_free(texts[c]);
}

void show_bars_table(const char *title, qb_interval interval, const qb_series *bars, gsize first,
                     gsize rows)
{
    const report_style style = report_style_of(1);
    bar_column columns[COLUMNS];
    const guint count = columns_of(bars, columns);
    g_autoptr(report_table) table = report_table_new(title);
    report_table_column(table, interval < QB_1D ? "time (UTC)" : "date", REPORT_LEFT, 0);
    for (guint c = 0; c < count; c++)
        report_table_column(table, columns[c].name, REPORT_RIGHT, columns[c].priority);
    if (bars->flags != NULL)
        report_table_column(table, "flags", REPORT_LEFT, 5);
    for (gsize i = first; i < first + rows; i++)
        add_row(table, interval, bars, columns, count, i);
    report_table_print(table, &style, stdout);
}

static void print_table(const cache_key *key, const qb_series *bars, const show_options *options)
{
    gsize first, rows;
    g_autofree char *title = g_strdup_printf("%s %s %s", qb_asset_text(key->asset), key->symbol,
                                             qb_interval_text(key->interval));
    show_window(options, bars->count, &first, &rows);
    show_bars_table(title, key->interval, bars, first, rows);
    show_left_out(rows, bars->count);
}

char *show_bar_json(const qb_series *bars, gsize row)
{
    bar_column columns[COLUMNS];
    const guint count = columns_of(bars, columns);
    GString *text = g_string_new(NULL);
    show_add_time(text, "ts", bars->ts_us[row]);
    for (guint c = 0; c < count; c++)
        show_add_number(text, columns[c].name, columns[c].values[row]);
    if (bars->flags != NULL)
        show_add_number(text, "flags", bars->flags[row]);
    return g_string_free(text, FALSE);
}

static void print_json(const cache_key *key, const qb_series *bars, const show_options *options)
{
    json_auto_t *head = data_key_json(key);
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
    gsize first, shown;
    show_window(options, bars->count, &first, &shown);
    for (gsize i = first; i < first + shown; i++)
        g_ptr_array_add(rows, show_bar_json(bars, i));
    json_object_set_new(head, "count", json_integer((json_int_t)bars->count));
    show_print_json(head, rows);
}

gboolean show_bars(cache *cache, const cache_key *key, const show_options *options, GError **error)
{
    qb_series bars = {0};
    if (!cache_read(cache, key, options->from_us, options->to_us, CACHE_ALL, &bars, NULL, error))
        return FALSE;
    if (options->json)
        print_json(key, &bars, options);
    else
        print_table(key, &bars, options);
    qb_series_clear(&bars);
    return TRUE;
}
