/* Statistics as their offices publish them: a period, perhaps the date on which the value was
 * published, and values in one column or many. */
#include "csv/values-private.h"

#include <math.h>
#include <string.h>

typedef struct reading {
    const csv_table *table;
    const csv_values_options *options;
    csv_order order;
    value_columns columns;
    GArray *cells; /* of cell_value, in the order of the file */
    failures problems;
    csv_values out;
} reading;

/* A value before it is known which period its date stands for. */
typedef struct cell_value {
    csv_period period;
    gint64 known_from_us;
    double value; /* NaN: blank */
    gsize row;
} cell_value;

void csv_values_clear(csv_values *values)
{
    g_free(values->name);
    g_clear_pointer(&values->items, g_array_unref);
    *values = (csv_values){0};
}

/* ---- rows ----------------------------------------------------------------------------------- */

static gboolean is_wanted(const reading *self, gsize row)
{
    for (guint i = 0; i < self->columns.filters->len; i++) {
        const value_filter *filter = &g_array_index(self->columns.filters, value_filter, i);
        gsize length;
        const char *text = csv_table_cell(self->table, row, filter->at, &length);
        if (!csv_text_is(text, length, filter->text))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_period(reading *self, gsize row, int column, csv_period *out)
{
    gsize length;
    const char *text = csv_table_cell(self->table, row, column, &length);
    const csv_stamp_status status = csv_period_scan(text, length, self->order, out);
    if (status == CSV_STAMP_OK)
        return TRUE;
    return csv_table_complain(self->table, row, column, &self->problems,
                              status == CSV_STAMP_ORDER
                                  ? csv_stamp_complaint(status)
                                  : "is no period (expected 2002-01-31, 2002-01, 2002Q1, "
                                    "2002-W05 or 2002)");
}

static gboolean read_known(reading *self, gsize row, gint64 *out_us)
{
    gsize length;
    const int column = self->columns.known_from;
    const char *text = csv_table_cell(self->table, row, column, &length);
    csv_stamp stamp;
    const csv_stamp_status status = csv_stamp_scan(text, length, self->order, &stamp);
    if (status != CSV_STAMP_OK)
        return csv_table_complain(self->table, row, column, &self->problems,
                                  csv_stamp_complaint(status));
    const gboolean bare = !stamp.clock && !stamp.zoned;
    *out_us = stamp.wall_us - stamp.offset_us + (bare ? self->options->known_time_us : 0);
    return TRUE;
}

static void read_cell(reading *self, const value_column *column, const cell_value *row)
{
    gsize length;
    cell_value cell = *row;
    const char *text = csv_table_cell(self->table, row->row, column->at, &length);
    if (column->known_from_us != CSV_NOT_TOLD)
        cell.known_from_us = column->known_from_us;
    cell.value = NAN;
    if (csv_value_is_blank(text, length))
        self->out.blanks++;
    else if (!csv_number_scan(text, length, &cell.value) &&
             !csv_number_scan_grouped(text, length, &cell.value)) {
        csv_table_complain(self->table, row->row, column->at, &self->problems,
                           "is not a number (expected for example 12.5, or nothing)");
        return;
    }
    g_array_append_val(self->cells, cell);
}

static void read_row(reading *self, const GArray *values, gsize row)
{
    cell_value cell = {.known_from_us = CSV_NOT_TOLD, .row = row};
    if (!is_wanted(self, row)) {
        self->out.other_rows++;
        return;
    }
    self->out.rows++;
    if (!read_period(self, row, self->columns.ts, &cell.period) ||
        (self->columns.known_from >= 0 && !read_known(self, row, &cell.known_from_us)))
        return;
    for (guint i = 0; i < values->len; i++)
        read_cell(self, &g_array_index(values, value_column, i), &cell);
}

static gboolean read_rows(reading *self, const char *name, GError **error)
{
    g_autoptr(GArray)
        values = value_columns_of(self->table, &self->columns, self->options, name, error);
    if (values == NULL)
        return FALSE;
    self->out.name = g_strdup(name);
    self->out.vintages = self->columns.known_from >= 0 ||
                         g_array_index(values, value_column, 0).known_from_us != CSV_NOT_TOLD;
    failures_init(&self->problems);
    for (gsize row = 0; row < csv_table_rows(self->table); row++)
        read_row(self, values, row);
    if (!failures_finish(&self->problems, FAILURE_BAD_DATA, error))
        return FALSE;
    if (self->out.rows > 0)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: no row%s", csv_table_name(self->table),
                self->options->where != NULL ? " has the cells that --where asks for" : "s");
    return FALSE;
}

/* ---- the interval --------------------------------------------------------------------------- */

static int compare_dates(gconstpointer a, gconstpointer b)
{
    const gint32 x = *(const gint32 *)a, y = *(const gint32 *)b;
    return (x > y) - (x < y);
}

/* The dates of all periods, ascending, each once; of gint32. */
static GArray *distinct_dates(const reading *self)
{
    GArray *dates = g_array_new(FALSE, FALSE, sizeof(gint32));
    guint count = 0;
    for (guint i = 0; i < self->cells->len; i++)
        g_array_append_val(dates, g_array_index(self->cells, cell_value, i).period.date);
    g_array_sort(dates, compare_dates);
    for (guint i = 0; i < dates->len; i++)
        if (count == 0 ||
            g_array_index(dates, gint32, i) != g_array_index(dates, gint32, count - 1))
            g_array_index(dates, gint32, count++) = g_array_index(dates, gint32, i);
    g_array_set_size(dates, count);
    return dates;
}

static gboolean fail_rhythm(const reading *self, const GArray *dates, qb_interval found,
                            GError **error)
{
    const gint32 second = g_array_index(dates, gint32, 1), first = g_array_index(dates, gint32, 0);
    g_autofree char *heading = failure_path(csv_table_heading(self->table, self->columns.ts));
    gsize row = 0;
    for (guint i = 0; i < self->cells->len; i++)
        if (g_array_index(self->cells, cell_value, i).period.date == second) {
            row = g_array_index(self->cells, cell_value, i).row;
            break;
        }
    char from[QB_TIME_TEXT], to[QB_TIME_TEXT];
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s:%" G_GSIZE_FORMAT ": %s: %s is %d days after %s, and most rows follow each "
                "other like that: the series is %s (expected --interval %s)",
                csv_table_name(self->table), csv_table_line(self->table, row), heading,
                qb_date_to_text(second, to), second - first, qb_date_to_text(first, from),
                qb_interval_text(found), qb_interval_text(found));
    return FALSE;
}

/* Quarters and months in one column are two series. */
static gboolean check_precision(const reading *self, GError **error)
{
    for (guint i = 1; i < self->cells->len; i++) {
        const cell_value *first = &g_array_index(self->cells, cell_value, 0);
        const cell_value *cell = &g_array_index(self->cells, cell_value, i);
        if (cell->period.precision == first->period.precision)
            continue;
        gsize length, first_length;
        const int column = self->columns.ts;
        const char *text = csv_table_cell(self->table, cell->row, column, &length);
        const char *first_text = csv_table_cell(self->table, first->row, column, &first_length);
        g_autofree char *heading = failure_path(csv_table_heading(self->table, column));
        g_autofree char *quoted = failure_quote(text, (gssize)length);
        g_autofree char *first_quoted = failure_quote(first_text, (gssize)first_length);
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s:%" G_GSIZE_FORMAT ": %s: %s below %s (expected periods of one length; "
                    "several series in one table: --where COLUMN=TEXT)",
                    csv_table_name(self->table), csv_table_line(self->table, cell->row), heading,
                    quoted, first_quoted);
        return FALSE;
    }
    return TRUE;
}

static gboolean settle_interval(reading *self, GError **error)
{
    if (!check_precision(self, error))
        return FALSE;
    g_autoptr(GArray) dates = distinct_dates(self);
    const qb_interval asked = self->options->interval;
    const qb_interval found = csv_period_rhythm((const gint32 *)(void *)dates->data, dates->len);
    if (asked == QB_MACRO_INTERVAL_COUNT && found == QB_MACRO_INTERVAL_COUNT) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "%s: the periods follow no rhythm that tells their length (expected "
                    "--interval 1d 1w 1mo 1q or 1y)",
                    csv_table_name(self->table));
        return FALSE;
    }
    if (asked != QB_MACRO_INTERVAL_COUNT && found != QB_MACRO_INTERVAL_COUNT && asked != found)
        return fail_rhythm(self, dates, found, error);
    self->out.interval = asked != QB_MACRO_INTERVAL_COUNT ? asked : found;
    return TRUE;
}

/* ---- values --------------------------------------------------------------------------------- */

static const char *period_complaint(qb_interval interval, gboolean last)
{
    if (interval == QB_1MO)
        return last
                   ? "is not the last day of a month (expected with --stamp close)"
                   : "is not the first day of a month (expected for 1mo; last days: --stamp close)";
    if (interval == QB_1Q)
        return last ? "does not end a quarter (expected with --stamp close)"
                    : "does not begin a quarter (expected for 1q; last days: --stamp close)";
    if (interval == QB_1Y)
        return last ? "does not end a year (expected with --stamp close)"
                    : "does not begin a year (expected for 1y; last days: --stamp close)";
    return "is a longer period than the series has (expected a date)";
}

static void place_values(reading *self)
{
    for (guint i = 0; i < self->cells->len; i++) {
        const cell_value *cell = &g_array_index(self->cells, cell_value, i);
        const gboolean last = self->options->stamp_last;
        gint32 start;
        if (!csv_period_start(&cell->period, self->out.interval, last, &start)) {
            csv_table_complain(self->table, cell->row, self->columns.ts, &self->problems,
                               period_complaint(self->out.interval, last));
            continue;
        }
        const csv_value value = {.ts_us = start * QB_DAY_US,
                                 .known_from_us = cell->known_from_us,
                                 .value = cell->value,
                                 .line = csv_table_line(self->table, cell->row)};
        g_array_append_val(self->out.items, value);
    }
}

static int compare_values(gconstpointer a, gconstpointer b)
{
    const csv_value *x = a, *y = b;
    if (x->ts_us != y->ts_us)
        return x->ts_us < y->ts_us ? -1 : 1;
    return (x->known_from_us > y->known_from_us) - (x->known_from_us < y->known_from_us);
}

static void count_moved(reading *self)
{
    const csv_value *latest = NULL;
    for (guint i = 0; i < self->out.items->len; i++) {
        const csv_value *value = &g_array_index(self->out.items, csv_value, i);
        if (latest != NULL && compare_values(value, latest) < 0)
            self->out.moved++;
        else
            latest = value;
    }
}

static gboolean same_value(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void complain_double(reading *self, const csv_value *value, const csv_value *other)
{
    char text[QB_TIME_TEXT];
    g_autofree char *heading = failure_path(self->out.name);
    failures_add(&self->problems,
                 "%s:%" G_GSIZE_FORMAT
                 ": %s: %.10g for %s, which has %.10g in line %" G_GSIZE_FORMAT
                 " (expected one value%s; several series in one table: --where COLUMN=TEXT)",
                 csv_table_name(self->table), value->line, heading, value->value,
                 qb_date_to_text(qb_date_from_us(value->ts_us), text), other->value, other->line,
                 self->out.vintages ? " a vintage" : "");
}

/* Each pair of period and vintage once; blanks only where a value was withdrawn. */
static void keep_values(reading *self)
{
    GArray *items = self->out.items;
    guint count = 0;
    for (guint i = 0; i < items->len; i++) {
        const csv_value value = g_array_index(items, csv_value, i);
        const csv_value *above = count > 0 ? &g_array_index(items, csv_value, count - 1) : NULL;
        const gboolean same_period = above != NULL && above->ts_us == value.ts_us;
        const gboolean blank = isnan(value.value);
        if (same_period && compare_values(above, &value) == 0) {
            if (!blank && !same_value(above->value, value.value))
                complain_double(self, &value, above);
            self->out.duplicates += !blank;
            continue;
        }
        if (blank && (!same_period || isnan(above->value)))
            continue;
        self->out.withdrawn += blank;
        g_array_index(items, csv_value, count++) = value;
    }
    g_array_set_size(items, count);
}

/* ---- entry ---------------------------------------------------------------------------------- */

static gboolean read_values(reading *self, const char *name, GError **error)
{
    if (!csv_order_parse(self->options->date_order, &self->order, error) ||
        !value_columns_find(self->table, self->options, &self->columns, error) ||
        !read_rows(self, name, error) || !settle_interval(self, error))
        return FALSE;
    failures_init(&self->problems);
    place_values(self);
    if (!failures_finish(&self->problems, FAILURE_BAD_DATA, error))
        return FALSE;
    count_moved(self);
    g_array_sort(self->out.items, compare_values);
    failures_init(&self->problems);
    keep_values(self);
    return failures_finish(&self->problems, FAILURE_BAD_DATA, error);
}

gboolean csv_read_values(const csv_table *table, const char *name,
                         const csv_values_options *options, csv_values *out, GError **error)
{
    reading self = {.table = table, .options = options};
    self.cells = g_array_new(FALSE, FALSE, sizeof(cell_value));
    self.out.items = g_array_new(FALSE, FALSE, sizeof(csv_value));
    const gboolean ok = read_values(&self, name, error);
    if (ok)
        *out = self.out;
    else
        csv_values_clear(&self.out);
    value_columns_clear(&self.columns);
    g_array_unref(self.cells);
    return ok;
}

char **csv_values_names(const csv_table *table, const csv_values_options *options, GError **error)
{
    value_columns columns = {0};
    char **names = NULL;
    if (value_columns_find(table, options, &columns, error))
        names = value_columns_names(table, &columns, options, error);
    value_columns_clear(&columns);
    return names;
}
