/* Files of dividends and splits: which column holds what, one action a date, nothing guessed. */
#include "csv/csv-private.h"

#include <math.h>
#include <string.h>

/* Names of columns in any case; the first that the file has is taken. Dates of payment, record and
 * declaration are none: prices change on the ex-date. */
static const char *const date_names[] = {"ex_date",
                                         "ex-date",
                                         "ex date",
                                         "exdate",
                                         "ex_dividend_date",
                                         "exdivdate",
                                         "ex-dividend date",
                                         "ex dividend date",
                                         "effective_date",
                                         "effective date",
                                         "date",
                                         "ts",
                                         "timestamp",
                                         "datetime",
                                         NULL};
static const char *const dividend_names[] = {"dividend", "dividends",   "amount", "dividend_amount",
                                             "divcash",  "cash_amount", NULL};
static const char *const factor_names[] = {"split_factor", "splitfactor",  "split_coefficient",
                                           "stock splits", "stock_splits", NULL};
static const char *const split_names[] = {"split",       "splits",      "ratio",
                                          "split_ratio", "split ratio", NULL};
static const char *const symbol_names[] = {"symbol", "ticker", "sym", "act_symbol", NULL};

typedef struct reader {
    const csv_actions_options *options;
    const csv_table *table;
    char *file;                        /* as in messages */
    int date, dividend, split, symbol; /* columns; -1: none */
    csv_order order;
    failures problems;
    csv_actions found;
} reader;

static int find_column(const csv_table *table, const char *const *names)
{
    int column = -1;
    for (; *names != NULL && column < 0; names++)
        column = csv_table_column(table, *names);
    return column;
}

static gboolean find_columns(reader *r, GError **error)
{
    r->date = find_column(r->table, date_names);
    r->dividend = find_column(r->table, dividend_names);
    r->split = find_column(r->table, factor_names);
    r->found.split_as = r->split >= 0 ? CSV_SPLIT_FACTOR : CSV_SPLIT_UNKNOWN;
    if (r->split < 0)
        r->split = find_column(r->table, split_names);
    r->symbol = find_column(r->table, symbol_names);
    r->found.has_symbols = r->symbol >= 0;
    if (r->date >= 0 && (r->dividend >= 0 || r->split >= 0))
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s: no column for %s (expected a header with date or ex_date, and dividend or "
                "amount, or split, split_factor or ratio)",
                r->file, r->date < 0 ? "the ex-date" : "dividends or splits");
    return FALSE;
}

/* ---- cells ---------------------------------------------------------------------------------- */

static const char *cell_of(const reader *r, gsize row, int column, gsize *out_length)
{
    *out_length = 0;
    return column >= 0 ? csv_table_cell(r->table, row, column, out_length) : "";
}

/* Always FALSE. */
static gboolean complain(reader *r, gsize row, int column, const char *complaint)
{
    gsize length;
    const char *text = csv_table_cell(r->table, row, column, &length);
    g_autofree char *value = failure_quote(text, (gssize)length);
    failures_add(&r->problems, "%s:%" G_GSIZE_FORMAT ": %s: %s %s", r->file,
                 csv_table_line(r->table, row),
                 column == r->date       ? "date"
                 : column == r->dividend ? "dividend"
                                         : "split",
                 value, complaint);
    return FALSE;
}

static gboolean read_date(reader *r, gsize row, gint32 *out)
{
    gsize length;
    csv_stamp stamp;
    const char *text = cell_of(r, row, r->date, &length);
    csv_stamp_status status = csv_stamp_scan(text, length, r->order, &stamp);
    if (status != CSV_STAMP_OK)
        return complain(r, row, r->date, csv_stamp_complaint(status));
    gint64 us = stamp.wall_us - stamp.offset_us;
    gboolean label = !stamp.zoned || us % QB_DAY_US == 0;
    *out = label ? qb_date_from_us(stamp.wall_us) : qb_calendar_date(r->options->calendar, us);
    return TRUE;
}

static gboolean is_blank(const char *text, gsize length)
{
    return length == 0 || csv_text_is(text, length, "nan") || csv_text_is(text, length, "null");
}

static gboolean read_dividend(reader *r, gsize row, double *out)
{
    gsize length;
    const char *text = cell_of(r, row, r->dividend, &length);
    double value = 0;
    if (!is_blank(text, length) && (!csv_number_scan(text, length, &value) || value < 0))
        return complain(r, row, r->dividend, "is no dividend (expected cash per share, >= 0)");
    *out = value;
    return TRUE;
}

/* "7:1" and "7/1": new shares and old. */
static gboolean read_pair(const char *text, gsize length, double *out)
{
    const char *stop = memchr(text, ':', length);
    if (stop == NULL)
        stop = memchr(text, '/', length);
    double more, less;
    if (stop == NULL || !csv_number_scan(text, (gsize)(stop - text), &more) ||
        !csv_number_scan(stop + 1, length - (gsize)(stop - text) - 1, &less) || less <= 0)
        return FALSE;
    *out = more / less;
    return TRUE;
}

/* A split outside these is a mistake; the widest known were 1:2000 or so. */
#define SPLIT_MIN 1e-5
#define SPLIT_MAX 1e5

static gboolean read_split(reader *r, gsize row, csv_action *out)
{
    gsize length;
    const char *text = cell_of(r, row, r->split, &length);
    double value = 0;
    out->is_factor = read_pair(text, length, &value);
    if (!is_blank(text, length) && !out->is_factor && !csv_number_scan(text, length, &value))
        return complain(r, row, r->split, "is no split (expected for example 7, 0.142857 or 7:1)");
    if (value != 0 && !(value >= SPLIT_MIN && value <= SPLIT_MAX))
        return complain(r, row, r->split, "is no split (expected 1e-5 to 1e5)");
    out->split = value == 1 ? 0 : value; /* lists of all days write 1, yfinance 0 */
    return TRUE;
}

static gboolean is_other_symbol(const reader *r, gsize row)
{
    gsize length;
    char normal[QB_SYMBOL_SIZE];
    if (r->symbol < 0 || r->options->symbol == NULL)
        return FALSE;
    const char *text = cell_of(r, row, r->symbol, &length);
    g_autofree char *cell = g_strndup(text, length);
    return qb_symbol_normalise(cell, r->options->asset, normal) != QB_OK ||
           strcmp(normal, r->options->symbol) != 0;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void read_row(reader *r, gsize row)
{
    csv_action action = {.line = (guint32)csv_table_line(r->table, row)};
    if (is_other_symbol(r, row)) {
        r->found.other_symbols++;
        return;
    }
    r->found.rows++;
    gboolean good = read_date(r, row, &action.date);
    good &= read_dividend(r, row, &action.dividend);
    good &= read_split(r, row, &action);
    if (good && (action.dividend > 0 || action.split > 0))
        g_array_append_val(r->found.items, action);
}

static int compare(double a, double b)
{
    return a < b ? -1 : a > b;
}

/* Within a date by dividend, so that the same one twice stands side by side. */
static gint by_date(gconstpointer a, gconstpointer b)
{
    const csv_action *left = a, *right = b;
    int order = compare(left->date, right->date);
    if (order == 0)
        order = compare(left->dividend, right->dividend);
    return order != 0 ? order : compare(left->line, right->line);
}

static void complain_twice(reader *r, const csv_action *again, const csv_action *first,
                           const char *what)
{
    char date[QB_TIME_TEXT];
    failures_add(&r->problems, "%s:%u: %s of %s, after line %u (expected one)", r->file,
                 again->line, what, qb_date_to_text(again->date, date), first->line);
}

/* above: the row before, as it stands in the file. Special dividends share a date with regular
 * ones; a doubled row looks different. */
static void join(reader *r, csv_action *into, const csv_action *more, const csv_action *above)
{
    if (more->split > 0 && into->split > 0)
        complain_twice(r, more, into, "a second split");
    if (more->dividend > 0 && more->dividend == above->dividend)
        complain_twice(r, more, above, "the same dividend again");
    r->found.summed += more->dividend > 0 && into->dividend > 0;
    into->dividend += more->dividend;
    if (more->split > 0) {
        into->split = more->split;
        into->is_factor = more->is_factor;
        into->line = more->line;
    }
}

static void join_dates(reader *r)
{
    GArray *items = r->found.items;
    csv_action *all = (csv_action *)(gpointer)items->data;
    guint kept = 0;
    g_array_sort(items, by_date);
    for (guint i = 0; i < items->len; i++) {
        csv_action above = all[i > 0 ? i - 1 : 0];
        if (kept > 0 && all[kept - 1].date == all[i].date)
            join(r, &all[kept - 1], &all[i], &above);
        else
            all[kept++] = all[i];
    }
    g_array_set_size(items, kept);
}

/* ---- entry ---------------------------------------------------------------------------------- */

void csv_actions_clear(csv_actions *actions)
{
    g_clear_pointer(&actions->items, g_array_unref);
    g_free(actions->split_column);
    *actions = (csv_actions){0};
}

static gboolean read_all(reader *r, GError **error)
{
    if (!find_columns(r, error))
        return FALSE;
    for (gsize row = 0; row < csv_table_rows(r->table); row++)
        read_row(r, row);
    join_dates(r);
    return failures_finish(&r->problems, FAILURE_BAD_DATA, error);
}

static char *split_name(const reader *r)
{
    for (const char *const *name = factor_names; r->split >= 0 && *name != NULL; name++)
        if (csv_table_column(r->table, *name) == r->split)
            return g_strdup(*name);
    for (const char *const *name = split_names; r->split >= 0 && *name != NULL; name++)
        if (csv_table_column(r->table, *name) == r->split)
            return g_strdup(*name);
    return NULL;
}

gboolean csv_read_actions(GBytes *bytes, const char *name, const csv_actions_options *options,
                          csv_actions *out, GError **error)
{
    reader r = {.options = options};
    if (!csv_order_parse(options->date_order, &r.order, error))
        return FALSE;
    g_autoptr(csv_table) table = csv_table_parse(bytes, name, error);
    if (table == NULL)
        return FALSE;
    r.table = table;
    r.file = failure_path(name);
    r.found.items = g_array_new(FALSE, FALSE, sizeof(csv_action));
    failures_init(&r.problems);
    gboolean good = read_all(&r, error);
    r.found.split_column = good ? split_name(&r) : NULL;
    if (r.problems.lines != NULL)
        g_string_free(r.problems.lines, TRUE);
    g_free(r.file);
    if (good)
        *out = r.found;
    else
        csv_actions_clear(&r.found);
    return good;
}
