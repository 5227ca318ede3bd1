/* Reads a file of bars: each row is taken, left out or refused where it is read (bar_row.c); then
 * the rows are put in order, and what the whole of them shows is told: rows out of order,
 * duplicates, repeats. */
#include "csv/bars-private.h"

#include <math.h>
#include <string.h>

/* ---- options -------------------------------------------------------------------------------- */

static gboolean option_error(GError **error, const char *flag, const char *text,
                             const char *expected)
{
    g_autofree char *value = failure_quote(text, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "%s: %s (expected %s)", flag, value, expected);
    return FALSE;
}

/* Only a bar within a day has a clock that could be its end, or that could lack its date. */
static gboolean parse_clock(csv_reader *r, GError **error)
{
    const csv_bars_options *options = r->options;
    if (options->stamp_close && r->labels)
        return option_error(error, "--stamp", "close",
                            "open: a daily or weekly bar bears the date of its session");
    if (options->date == NULL)
        return TRUE;
    if (options->interval >= QB_1D)
        return option_error(error, "--date", options->date,
                            "bars within a day, --interval 1m to 4h");
    if (!csv_date_scan(options->date, strlen(options->date), r->order, &r->date))
        return option_error(error, "--date", options->date, "a date such as 2014-06-09");
    return TRUE;
}

#define SCALE_MIN 1e-9
#define SCALE_MAX 1e9

static gboolean parse_scale(csv_reader *r, GError **error)
{
    const double scale = r->options->scale;
    if (scale != 0 && !(scale >= SCALE_MIN && scale <= SCALE_MAX)) {
        g_autofree char *text = g_strdup_printf("%g", scale);
        return option_error(error, "--scale", text, "1e-9 to 1e9, for example 0.0001");
    }
    r->scale = scale != 0 ? scale : 1;
    double inverse = round(1 / r->scale);
    if (r->scale < 1 && 1 / inverse == r->scale)
        r->divisor = inverse;
    return TRUE;
}

static gboolean is_always_open(const qb_calendar *calendar)
{
    return strcmp(qb_calendar_name(calendar), "24/7") == 0;
}

static failures *lists_of(csv_reader *r, int index)
{
    failures *lists[] = {&r->bad,         &r->late,    &r->early, &r->outside,
                         &r->non_session, &r->doubled, &r->filled};
    return index < (int)G_N_ELEMENTS(lists) ? lists[index] : NULL;
}

static csv_reader *reader_new(const char *name, const csv_bars_options *options)
{
    csv_reader *r = g_new0(csv_reader, 1);
    r->options = options;
    r->file = failure_path(name);
    r->labels = options->interval >= QB_1D && !is_always_open(options->calendar);
    r->taken = g_array_new(FALSE, FALSE, sizeof(csv_taken));
    r->adjusted = g_array_new(FALSE, FALSE, sizeof(double));
    r->latest_us = G_MININT64;
    r->earliest_us = G_MAXINT64;
    r->report.notes = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; lists_of(r, i) != NULL; i++)
        failures_init(lists_of(r, i));
    return r;
}

static void reader_free(csv_reader *r)
{
    for (int i = 0; lists_of(r, i) != NULL; i++)
        if (lists_of(r, i)->lines != NULL)
            g_string_free(lists_of(r, i)->lines, TRUE);
    csv_rows_free(r->rows);
    csv_columns_clear(&r->columns);
    csv_zone_free(r->zone);
    g_clear_error(&r->fatal);
    g_free(r->symbol_cell);
    g_free(r->other_cell);
    qb_series_clear(&r->series);
    g_array_unref(r->taken);
    g_array_unref(r->adjusted);
    csv_bars_report_clear(&r->report);
    g_free(r->file);
    g_free(r);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(csv_reader, reader_free)

void csv_bars_report_clear(csv_bars_report *report)
{
    g_clear_pointer(&report->notes, g_ptr_array_unref);
    g_free(report->columns);
    g_free(report->adjusted_close);
    g_free(report->split_column);
    g_free(report->dividend_column);
    g_free(report->adjusted);
    *report = (csv_bars_report){0};
}

static void note(csv_reader *r, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void note(csv_reader *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(r->report.notes, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/* ---- head of the file ----------------------------------------------------------------------- */

static gboolean refuse(const csv_reader *r, GError **error, const char *why)
{
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: %s", r->file, why);
    return FALSE;
}

static gboolean next_row(csv_reader *r, gboolean *out_more, GError **error)
{
    GError *problem = NULL;
    *out_more = csv_rows_next(r->rows, &problem);
    if (problem != NULL)
        g_propagate_error(error, problem);
    return problem == NULL;
}

/* The ticker stands over each column. */
static gboolean check_tickers(const csv_reader *r, GError **error)
{
    const csv_field *fields = r->rows->fields;
    char normal[QB_SYMBOL_SIZE];
    if (r->rows->count < 2 || !csv_text_is(fields[0].text, fields[0].length, "ticker"))
        return refuse(r, error,
                      "no column of dates (expected one, or yfinance's three heading rows)");
    for (guint i = 2; i < r->rows->count; i++)
        if (fields[i].length != fields[1].length ||
            memcmp(fields[i].text, fields[1].text, fields[1].length) != 0)
            return refuse(r, error, "the file holds several tickers side by side (expected one)");
    g_autofree char *ticker = g_strndup(fields[1].text, fields[1].length);
    if (r->options->symbol == NULL ||
        (qb_symbol_normalise(ticker, r->options->asset, normal) == QB_OK &&
         strcmp(normal, r->options->symbol) == 0))
        return TRUE;
    g_autofree char *value = failure_quote(ticker, -1);
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s:%" G_GSIZE_FORMAT ": the ticker is %s (expected %s)", r->file, r->rows->line,
                value, r->options->symbol);
    return FALSE;
}

/* yfinance writes the ticker into a second heading row and the name of the index into a third. */
static gboolean read_yahoo_heads(csv_reader *r, GError **error)
{
    gboolean more;
    const csv_field *first = &r->rows->fields[0];
    if (!next_row(r, &more, error) || !check_tickers(r, error) || !next_row(r, &more, error))
        return FALSE;
    if (!more || (!csv_text_is(first->text, first->length, "date") &&
                  !csv_text_is(first->text, first->length, "datetime")))
        return refuse(r, error, "no third heading row (expected Date, as yfinance writes it)");
    return TRUE;
}

static char *describe_columns(const csv_columns *columns)
{
    GString *text = g_string_new(NULL);
    for (int kind = 0; kind < CSV_KIND_COUNT; kind++)
        if (columns->at[kind] >= 0)
            g_string_append_printf(text, "%s%s=%s", text->len > 0 ? " " : "", csv_kind_name(kind),
                                   columns->label[kind]);
    return g_string_free(text, FALSE);
}

#define HEAD_ROWS 40

/* A row that names columns is the header, though the rows below may have more fields: numbers
 * with commas do that, and shall be reported as such. */
static void find_header(csv_reader *r)
{
    csv_layout start = r->layout;
    start.offset = r->length >= 3 && memcmp(r->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    start.line = 1;
    g_autoptr(csv_rows) rows = csv_rows_new(r->text, r->length, &start, r->file);
    for (int i = 0; i < HEAD_ROWS; i++) {
        gsize offset = (gsize)(rows->at - r->text), line = rows->next_line;
        if (!csv_rows_next(rows, NULL))
            return;
        if (csv_columns_named(rows)) {
            r->layout.offset = offset;
            r->layout.line = line;
            return;
        }
    }
}

static gboolean read_head(csv_reader *r, GError **error)
{
    gboolean more;
    r->layout = csv_layout_find(r->text, r->length);
    if (!r->options->no_header)
        find_header(r);
    r->rows = csv_rows_new(r->text, r->length, &r->layout, r->file);
    if (!next_row(r, &more, error))
        return FALSE;
    if (!more)
        return refuse(r, error, "there is no table");
    if (!csv_columns_find(r->rows, r->options, &r->columns, error))
        return FALSE;
    r->layout.columns = r->rows->count;
    if (r->columns.yahoo_heads && !read_yahoo_heads(r, error))
        return FALSE;
    if (r->options->date != NULL && r->columns.at[CSV_TIME] >= 0)
        return option_error(error, "--date", r->options->date,
                            "no such option: the file has a column of dates");
    r->report.yfinance = r->columns.yahoo_heads;
    r->report.columns = describe_columns(&r->columns);
    r->report.adjusted_close = g_strdup(r->columns.adjusted_close);
    r->report.split_column = g_strdup(r->columns.label[CSV_SPLIT]);
    r->report.dividend_column = g_strdup(r->columns.label[CSV_DIVIDEND]);
    if (r->columns.left_out != NULL)
        note(r, "%s", r->columns.left_out);
    return TRUE;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static gboolean set_quote(qb_series *series, double **column, double value)
{
    if (*column == NULL) {
        *column = qb_realloc(NULL, series->capacity * sizeof(double));
        if (*column == NULL)
            return FALSE;
        for (gsize i = 0; i < series->count; i++)
            (*column)[i] = NAN;
    }
    (*column)[series->count - 1] = value;
    return TRUE;
}

static void note_order(csv_reader *r, gint64 ts_us)
{
    guint count = r->taken->len;
    if (count > 0) {
        gint64 above_us = g_array_index(r->taken, csv_taken, count - 1).ts_us;
        r->rises += ts_us > above_us;
        r->falls += ts_us < above_us;
        if (ts_us < r->latest_us)
            csv_remark(r, &r->late, r->rows->line, ts_us, "stands below a later row: sorted");
        if (ts_us > r->earliest_us)
            csv_remark(r, &r->early, r->rows->line, ts_us,
                       "stands below an earlier row of a file from new to old: sorted");
    }
    r->latest_us = MAX(r->latest_us, ts_us);
    r->earliest_us = MIN(r->earliest_us, ts_us);
}

static gboolean take_bar(csv_reader *r, const csv_bar_cells *cells)
{
    if (qb_series_append(&r->series, &cells->bar) != QB_OK ||
        (r->columns.at[CSV_BID] >= 0 && !set_quote(&r->series, &r->series.bid, cells->bid)) ||
        (r->columns.at[CSV_ASK] >= 0 && !set_quote(&r->series, &r->series.ask, cells->ask))) {
        failure_from_status(&r->fatal, QB_NO_MEMORY, r->file);
        return FALSE;
    }
    if (r->columns.at[CSV_ADJUSTED] >= 0)
        g_array_append_val(r->adjusted, cells->adjusted);
    note_order(r, cells->bar.ts_us);
    csv_taken item = {
        .ts_us = cells->bar.ts_us, .row = r->taken->len, .line = (guint32)r->rows->line};
    g_array_append_val(r->taken, item);
    return TRUE;
}

static void count_faults(csv_reader *r)
{
    r->bad_rows++;
    for (int fault = 0; fault < CSV_FAULT_COUNT; fault++)
        r->report.faults[fault] += (r->faults >> fault) & 1;
    r->report.high_low += (r->faults & (1u << CSV_FAULT_HIGH | 1u << CSV_FAULT_LOW)) != 0;
}

static gboolean read_row(csv_reader *r, GError **error)
{
    csv_bar_cells cells;
    if (csv_bar_row(r, &cells))
        take_bar(r, &cells);
    if (r->fatal != NULL) {
        g_propagate_error(error, g_steal_pointer(&r->fatal));
        return FALSE;
    }
    if (r->faults != 0)
        count_faults(r);
    return TRUE;
}

static gboolean read_rows(csv_reader *r, GError **error)
{
    gboolean more = TRUE;
    /* A row counts some 40 bytes at least; the series grows by itself beyond a poor guess. */
    if (qb_series_reserve(&r->series, r->length / 64 + 1) != QB_OK)
        return failure_from_status(error, QB_NO_MEMORY, r->file);
    if (r->columns.header && !next_row(r, &more, error))
        return FALSE;
    while (more)
        if (!read_row(r, error) || !next_row(r, &more, error))
            return FALSE;
    return TRUE;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static gboolean check_decimals(const csv_reader *r, GError **error)
{
    if (r->point_line == 0 || r->comma_line == 0)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s: numbers with a decimal comma (line %" G_GSIZE_FORMAT
                ") and with a decimal point (line %" G_GSIZE_FORMAT ") (expected one kind)",
                r->file, r->comma_line, r->point_line);
    return FALSE;
}

/* Wall clocks of New York read as UTC put most bars outside the session, and the rest in wrong
 * hours of it. */
static gboolean check_zone(const csv_reader *r, GError **error)
{
    const csv_bars_options *options = r->options;
    if (r->naive == 0 || options->zone != NULL || r->report.outside_session * 2 <= r->report.rows)
        return TRUE;
    g_set_error(
        error, FAILURE, FAILURE_BAD_DATA,
        "%s: %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " bars lie outside the session of %s "
        "when their stamps, which have no zone, are read as UTC (expected --tz, for example "
        "--tz America/New_York, or --tz UTC if that is right)",
        r->file, r->report.outside_session, r->report.rows, qb_calendar_name(options->calendar));
    return FALSE;
}

static gboolean check_any_left(const csv_reader *r, GError **error)
{
    if (r->series.count > 0)
        return TRUE;
    if (r->report.other_symbols > 0 && r->report.rows == 0) {
        g_autofree char *value = failure_quote(r->other_cell, -1);
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: %s: none of %" G_GSIZE_FORMAT " rows is %s, the first is %s (expected "
                    "--symbol as in the column, or --map symbol=none to ignore it)",
                    r->file, r->columns.label[CSV_SYMBOL], r->report.other_symbols,
                    r->options->symbol, value);
        return FALSE;
    }
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s: no bar is left of %" G_GSIZE_FORMAT " rows (%" G_GSIZE_FORMAT
                " bad, %" G_GSIZE_FORMAT " outside the session)",
                r->file, r->report.rows, r->bad_rows, r->report.outside_session);
    return FALSE;
}

static gint by_stamp_then_row(gconstpointer a, gconstpointer b)
{
    const csv_taken *left = a, *right = b;
    if (left->ts_us != right->ts_us)
        return left->ts_us < right->ts_us ? -1 : 1;
    return left->row < right->row ? -1 : left->row > right->row;
}

static gboolean same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static gboolean same_bar(const qb_series *series, guint32 one, guint32 other)
{
    qb_bar a = qb_series_bar(series, one), b = qb_series_bar(series, other);
    return a.open == b.open && a.high == b.high && a.low == b.low && a.close == b.close &&
           same_number(a.volume, b.volume) && a.dividend == b.dividend &&
           a.split_factor == b.split_factor;
}

static void note_duplicate(csv_reader *r, const csv_taken *dropped, const csv_taken *kept)
{
    gboolean same = same_bar(&r->series, dropped->row, kept->row);
    r->report.duplicates++;
    r->report.duplicates_other += !same;
    if (csv_only_counted(&r->doubled))
        return;
    g_autofree char *text = g_strdup_printf("stands again in line %u, which is kept (%s)",
                                            kept->line, same ? "the same values" : "other values");
    csv_remark(r, &r->doubled, dropped->line, dropped->ts_us, text);
}

/* Leaves in `taken` the rows that are kept, in the order of the sorted series. */
static void find_duplicates(csv_reader *r)
{
    guint kept = 0;
    csv_taken *rows = (csv_taken *)(gpointer)r->taken->data;
    g_array_sort(r->taken, by_stamp_then_row);
    for (guint i = 0; i < r->taken->len; i++) {
        guint last = i;
        while (last + 1 < r->taken->len && rows[last + 1].ts_us == rows[i].ts_us)
            last++;
        for (; i < last; i++)
            note_duplicate(r, &rows[i], &rows[last]);
        rows[kept++] = rows[last];
    }
    g_array_set_size(r->taken, kept);
}

static gboolean settle(csv_reader *r, GError **error)
{
    gsize moved, dropped;
    r->report.newest_first = r->falls > r->rises;
    r->report.moved = r->report.newest_first ? r->early.count : r->late.count;
    if (r->rises + 1 == r->taken->len)
        return TRUE;
    find_duplicates(r);
    qb_status status = qb_series_sort(&r->series, &moved, &dropped);
    if (status != QB_OK)
        return failure_from_status(error, status, r->file);
    g_assert(dropped == r->report.duplicates && r->series.count == r->taken->len);
    return TRUE;
}

/* The adjusted closes in the order of the bars that are left. */
static void settle_adjusted(csv_reader *r)
{
    if (r->columns.at[CSV_ADJUSTED] < 0)
        return;
    r->report.adjusted = g_new(double, r->taken->len);
    for (guint i = 0; i < r->taken->len; i++) {
        guint row = g_array_index(r->taken, csv_taken, i).row;
        r->report.adjusted[i] = g_array_index(r->adjusted, double, row);
    }
    r->report.adjusted_step = pow(10, r->adjusted_last) * r->scale;
}

static void note_fills(csv_reader *r, const qb_defects *defects)
{
    for (gsize i = 0; i < defects->stored; i++) {
        const qb_defect *defect = &defects->items[i];
        if (defect->kind == QB_DEFECT_FORWARD_FILL)
            csv_remark(r, &r->filled, g_array_index(r->taken, csv_taken, defect->row).line,
                       defect->ts_us,
                       "repeats the close before it and nothing was traded: filled forward?");
    }
}

/* The rules of core over the sorted bars: what is unfit was refused row by row, what repeats is
 * known only now. */
static gboolean validate(csv_reader *r, GError **error)
{
    const csv_bars_options *options = r->options;
    qb_defects defects = {0};
    qb_status status = qb_validate(&r->series, options->calendar, options->interval, &defects);
    if (status != QB_OK)
        return failure_from_status(error, status, r->file);
    for (int kind = 0; kind < QB_DEFECT_KIND_COUNT; kind++)
        if (qb_defect_is_fatal(kind))
            g_assert(defects.by_kind[kind] == 0);
    r->report.forward_filled = defects.by_kind[QB_DEFECT_FORWARD_FILL];
    if (r->report.forward_filled == 0)
        return TRUE;
    defects.capacity = defects.count;
    g_autofree qb_defect *items = g_new(qb_defect, defects.capacity);
    defects.items = items;
    status = qb_validate(&r->series, options->calendar, options->interval, &defects);
    if (status != QB_OK)
        return failure_from_status(error, status, r->file);
    note_fills(r, &defects);
    return TRUE;
}

/* ---- notes ---------------------------------------------------------------------------------- */

static void note_list(csv_reader *r, const failures *list, const char *suffix, const char *what)
{
    g_auto(GStrv) lines = g_strsplit(list->lines->str, "\n", -1);
    for (char **line = lines; list->count > 0 && *line != NULL; line++)
        note(r, "%s%s", *line, suffix);
    if (list->count > FAILURE_LINES)
        note(r, "%s: ... and %u more %s", r->file, list->count - FAILURE_LINES, what);
}

static char *span_text(gint64 us)
{
    static const struct {
        gint64 us;
        const char *name;
    } units[] = {{QB_DAY_US, "d"}, {QB_HOUR_US, "h"}, {QB_MINUTE_US, "m"}, {QB_SECOND_US, "s"}};
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (us % units[i].us == 0)
            return g_strdup_printf("%" G_GINT64_FORMAT "%s", us / units[i].us, units[i].name);
    return g_strdup_printf("%" G_GINT64_FORMAT " us", us);
}

/* Weekly bars fit the grid of days, and hours that of minutes: only their distance tells. */
static void note_spacing(csv_reader *r)
{
    gint64 least_us = G_MAXINT64;
    if (r->series.count < 10)
        return;
    for (gsize i = 1; i < r->series.count; i++)
        least_us = MIN(least_us, r->series.ts_us[i] - r->series.ts_us[i - 1]);
    if (least_us <= qb_interval_us(r->options->interval))
        return;
    g_autofree char *least = span_text(least_us);
    note(r, "%s: no two bars stand %s apart, the closest %s: is --interval right?", r->file,
         qb_interval_text(r->options->interval), least);
}

static void write_notes(csv_reader *r)
{
    const csv_bars_report *report = &r->report;
    if (report->other_symbols > 0)
        note(r, "%s: %" G_GSIZE_FORMAT " rows of other symbols left out", r->file,
             report->other_symbols);
    if (report->newest_first)
        note(r, "%s: the newest row came first: turned round", r->file);
    if (r->weeks_moved > 0)
        note(r, "%s: %" G_GSIZE_FORMAT " weekly stamps moved to the Monday of their week", r->file,
             r->weeks_moved);
    note_spacing(r);
    note_list(r, &r->bad, ": left out", "problems in rows left out");
    note_list(r, report->newest_first ? &r->early : &r->late, "", "rows out of order");
    note_list(r, &r->doubled, "", "duplicates");
    note_list(r, &r->outside, "", "bars outside the regular session");
    note_list(r, &r->non_session, "", "bars on days without a session");
    note_list(r, &r->filled, "", "bars that repeat the close before them");
}

/* ---- entry ---------------------------------------------------------------------------------- */

/* Always FALSE: the problems, and how many rows have one. */
static gboolean refuse_rows(csv_reader *r, GError **error)
{
    GError *problems = NULL;
    failures_finish(&r->bad, FAILURE_BAD_DATA, &problems);
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s\n%s: %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
                " rows are bad (--skip-bad leaves them out)",
                problems->message, r->file, r->bad_rows, r->report.rows);
    g_error_free(problems);
    return FALSE;
}

static gboolean read_all(csv_reader *r, GError **error)
{
    if (!read_head(r, error) || !read_rows(r, error) || !check_decimals(r, error))
        return FALSE;
    if (r->bad.count > 0 && !r->options->skip_bad)
        return refuse_rows(r, error);
    r->report.skipped_bad = r->bad_rows;
    if (!check_zone(r, error) || !check_any_left(r, error))
        return FALSE;
    if (!settle(r, error) || !validate(r, error))
        return FALSE;
    settle_adjusted(r);
    r->report.kept = r->series.count;
    write_notes(r);
    return TRUE;
}

gboolean csv_read_bars(GBytes *bytes, const char *name, const csv_bars_options *options,
                       qb_series *out_series, csv_bars_report *out_report, GError **error)
{
    g_autoptr(csv_reader) r = reader_new(name, options);
    r->text = g_bytes_get_data(bytes, &r->length);
    if (r->length > CSV_FILE_LIMIT) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: more than %u bytes", r->file,
                    CSV_FILE_LIMIT);
        return FALSE;
    }
    if (!csv_text_check(r->text, r->length, name, error) ||
        !csv_order_parse(options->date_order, &r->order, error) || !parse_clock(r, error) ||
        !parse_scale(r, error))
        return FALSE;
    if (options->zone != NULL && (r->zone = csv_zone_new(options->zone, error)) == NULL)
        return FALSE;
    if (!read_all(r, error))
        return FALSE;
    *out_series = r->series;
    *out_report = r->report;
    r->series = (qb_series){0};
    r->report = (csv_bars_report){0};
    return TRUE;
}
