/* One row of a file of bars: cells to numbers and stamp, or a complaint about each that is none. */
#include "csv/bars-private.h"

#include <math.h>
#include <string.h>

gboolean csv_only_counted(failures *list)
{
    if (list->count < FAILURE_LINES)
        return FALSE;
    list->count++;
    return TRUE;
}

static const csv_field *field_of(const csv_reader *r, csv_kind kind)
{
    return &r->rows->fields[r->columns.at[kind]];
}

const char *csv_fault_text(csv_fault fault)
{
    static const char *const texts[CSV_FAULT_COUNT] = {
        [CSV_FAULT_STAMP] = "no date or time",    [CSV_FAULT_OFF_GRID] = "off the grid",
        [CSV_FAULT_NO_PRICE] = "without a price", [CSV_FAULT_NOT_POSITIVE] = "not positive",
        [CSV_FAULT_HIGH] = "high too low",        [CSV_FAULT_LOW] = "low too high",
        [CSV_FAULT_OTHER] = "otherwise bad",
    };
    return texts[fault];
}

/* Always FALSE. */
static gboolean complain(csv_reader *r, csv_fault fault, csv_kind kind, const char *complaint)
{
    r->faults |= 1u << fault;
    if (csv_only_counted(&r->bad))
        return FALSE;
    const csv_field *field = field_of(r, kind);
    g_autofree char *value = failure_quote(field->text, field->length);
    failures_add(&r->bad, "%s:%" G_GSIZE_FORMAT ": %s: %s %s", r->file, r->rows->line,
                 r->columns.label[kind], value, complaint);
    return FALSE;
}

void csv_remark(const csv_reader *r, failures *list, gsize line, gint64 ts_us, const char *what)
{
    char text[QB_TIME_TEXT];
    if (csv_only_counted(list))
        return;
    if (r->options->interval >= QB_1D)
        qb_date_to_text(qb_date_from_us(ts_us), text);
    else
        qb_time_to_text(ts_us, text);
    failures_add(list, "%s:%" G_GSIZE_FORMAT ": %s: %s %s", r->file, line, r->columns.label[CSV_TS],
                 text, what);
}

/* ",,,,," as spreadsheets leave below a table: one complaint, not one per column. */
static gboolean check_not_blank(csv_reader *r)
{
    for (guint i = 0; i < r->rows->count; i++)
        if (r->rows->fields[i].length > 0)
            return TRUE;
    r->faults |= 1u << CSV_FAULT_NO_PRICE;
    if (!csv_only_counted(&r->bad))
        failures_add(&r->bad,
                     "%s:%" G_GSIZE_FORMAT ": every field of the row is blank (expected a bar)",
                     r->file, r->rows->line);
    return FALSE;
}

/* A row may end in empty fields that no column claims, and may lack columns that nobody reads. */
static gboolean check_width(csv_reader *r)
{
    guint want = r->layout.columns, got = r->rows->count;
    while (got > want && r->rows->fields[got - 1].length == 0)
        got--;
    if (got <= want && got >= r->columns.needed)
        return TRUE;
    r->faults |= 1u << CSV_FAULT_OTHER;
    if (csv_only_counted(&r->bad))
        return FALSE;
    failures_add(&r->bad, "%s:%" G_GSIZE_FORMAT ": the row has %u fields (expected %u%s)", r->file,
                 r->rows->line, got, want,
                 got > want && r->rows->separator == ','
                     ? "; numbers with a comma inside need quotes, or ; between the columns"
                     : "");
    return FALSE;
}

/* ---- symbol --------------------------------------------------------------------------------- */

/* "BTC/USD" and "BTCUSD" are BTC-USD; Stooq's "AAPL.US" is AAPL. */
static gboolean is_symbol(const csv_reader *r, const char *cell)
{
    char normal[QB_SYMBOL_SIZE];
    if (g_ascii_strcasecmp(cell, r->options->symbol) == 0)
        return TRUE;
    if (qb_symbol_normalise(cell, r->options->asset, normal) != QB_OK)
        return FALSE;
    if (strcmp(normal, r->options->symbol) == 0)
        return TRUE;
    gsize length = strlen(r->options->symbol);
    return strncmp(normal, r->options->symbol, length) == 0 && strcmp(normal + length, ".US") == 0;
}

/* FALSE when the row is another symbol's. */
static gboolean check_symbol(csv_reader *r)
{
    if (r->columns.at[CSV_SYMBOL] < 0)
        return TRUE;
    const csv_field *field = field_of(r, CSV_SYMBOL);
    if (r->symbol_cell != NULL && strlen(r->symbol_cell) == field->length &&
        memcmp(r->symbol_cell, field->text, field->length) == 0)
        return TRUE;
    g_autofree char *cell = g_strndup(field->text, field->length);
    if (r->options->symbol != NULL ? is_symbol(r, cell) : r->symbol_cell == NULL) {
        g_free(r->symbol_cell);
        r->symbol_cell = g_steal_pointer(&cell);
        return TRUE;
    }
    if (r->options->symbol == NULL) {
        g_autofree char *first = failure_quote(r->symbol_cell, -1);
        g_autofree char *value = failure_quote(cell, -1);
        g_set_error(&r->fatal, FAILURE, FAILURE_BAD_DATA,
                    "%s:%" G_GSIZE_FORMAT ": %s: %s follows %s (expected one symbol in a file; "
                    "--symbol chooses one of several)",
                    r->file, r->rows->line, r->columns.label[CSV_SYMBOL], value, first);
    }
    if (r->other_cell == NULL)
        r->other_cell = g_steal_pointer(&cell);
    return FALSE;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static gboolean is_null(const csv_field *field)
{
    static const char *const words[] = {"null", "nan", "na", "n/a", "#n/a", "none", "-"};
    if (field->length == 0)
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (csv_text_is(field->text, field->length, words[i]))
            return TRUE;
    return FALSE;
}

/* Where columns are parted by ; or tab a comma is a decimal comma, else it parts thousands in a
 * quoted number. */
static gboolean read_number(csv_reader *r, const char *text, gsize length, gboolean quoted,
                            double *out)
{
    if (r->rows->separator == ',')
        return csv_number_scan(text, length, out) ||
               (quoted && csv_number_scan_grouped(text, length, out));
    if (csv_number_scan(text, length, out)) {
        if (r->point_line == 0 && memchr(text, '.', length) != NULL)
            r->point_line = r->rows->line;
        return TRUE;
    }
    if (!csv_number_scan_comma(text, length, out))
        return FALSE;
    if (r->comma_line == 0)
        r->comma_line = r->rows->line;
    return TRUE;
}

static gboolean not_a_number(csv_reader *r, csv_fault fault, csv_kind kind)
{
    const csv_field *field = field_of(r, kind);
    if (memchr(field->text, ',', field->length) == NULL)
        return complain(r, fault, kind, "is not a number (expected for example 12.5)");
    if (r->rows->separator == ',')
        return complain(r, fault, kind,
                        "is not a number (expected for example 1234.5 or \"1,234.5\"; decimal "
                        "commas need ; between the columns)");
    return complain(r, fault, kind, "is not a number (expected for example 1234.5 or 1234,5)");
}

static double scaled(const csv_reader *r, double price)
{
    return r->divisor > 0 ? price / r->divisor : price * r->scale;
}

static gboolean read_price(csv_reader *r, csv_kind kind, double *out)
{
    const csv_field *field = field_of(r, kind);
    gboolean dollar = field->length > 1 && field->text[0] == '$';
    double price;
    if (!read_number(r, field->text + dollar, field->length - dollar, field->quoted, &price)) {
        if (is_null(field))
            return complain(r, CSV_FAULT_NO_PRICE, kind, "is missing (expected a price > 0)");
        return not_a_number(r, CSV_FAULT_NO_PRICE, kind);
    }
    price = scaled(r, price);
    if (!isfinite(price))
        return complain(r, CSV_FAULT_NO_PRICE, kind, "is out of range (expected a price)");
    if (price <= 0)
        return complain(r, CSV_FAULT_NOT_POSITIVE, kind, "is not positive (expected a price > 0)");
    *out = price;
    return TRUE;
}

/* A cell that may be absent or blank: standard then. */
static gboolean read_optional(csv_reader *r, csv_kind kind, double standard, double *out)
{
    *out = standard;
    if (r->columns.at[kind] < 0)
        return TRUE;
    const csv_field *field = field_of(r, kind);
    double value;
    if (!read_number(r, field->text, field->length, field->quoted, &value))
        return is_null(field) || not_a_number(r, CSV_FAULT_OTHER, kind);
    if (value < 0)
        return complain(r, CSV_FAULT_NOT_POSITIVE, kind,
                        "is negative (expected >= 0, or blank where unknown)");
    *out = value;
    return TRUE;
}

static gboolean read_dividend(csv_reader *r, double *out)
{
    if (!read_optional(r, CSV_DIVIDEND, 0, out))
        return FALSE;
    *out = scaled(r, *out);
    return isfinite(*out) || complain(r, CSV_FAULT_OTHER, CSV_DIVIDEND, "is out of range");
}

/* A zero in a quote stands for none, but not everywhere: it is not guessed at. */
static gboolean read_quote(csv_reader *r, csv_kind kind, double *out)
{
    if (!read_optional(r, kind, NAN, out) || isnan(*out))
        return r->columns.at[kind] < 0 || is_null(field_of(r, kind));
    *out = scaled(r, *out);
    return (*out > 0 && isfinite(*out)) ||
           complain(r, CSV_FAULT_NOT_POSITIVE, kind,
                    "is not positive (expected a price > 0, or blank)");
}

static gboolean read_flags(csv_reader *r, int32_t *out)
{
    static const int all = QB_BAR_REPAIRED | QB_BAR_SYNTHETIC | QB_BAR_SAMPLED;
    double value;
    if (!read_optional(r, CSV_FLAGS, 0, &value))
        return FALSE;
    if (value > all || value != floor(value))
        return complain(r, CSV_FAULT_OTHER, CSV_FLAGS,
                        "is no set of flags (expected the sum of 1 repaired, 2 synthetic, "
                        "4 sampled; --map flags=none leaves the column out)");
    *out = (int32_t)value;
    return TRUE;
}

/* Notes how finely these closes are printed: of those with the most digits, the coarsest. */
static void note_digits(csv_reader *r)
{
    const csv_field *field = field_of(r, CSV_ADJUSTED);
    gboolean dollar = field->length > 0 && field->text[0] == '$';
    int digits, last;
    if (!csv_number_digits(field->text + dollar, field->length - dollar, &digits, &last) ||
        digits < r->adjusted_digits)
        return;
    r->adjusted_last = digits > r->adjusted_digits ? last : MAX(last, r->adjusted_last);
    r->adjusted_digits = digits;
}

static gboolean read_adjusted(csv_reader *r, double *out)
{
    *out = NAN;
    if (r->columns.at[CSV_ADJUSTED] < 0 || is_null(field_of(r, CSV_ADJUSTED)))
        return TRUE;
    if (!read_price(r, CSV_ADJUSTED, out))
        return FALSE;
    note_digits(r);
    return TRUE;
}

/* kind's cell stands on the wrong side ("below the close") of another's. */
static void misplaced(csv_reader *r, csv_fault fault, csv_kind kind, csv_kind other)
{
    static const char *const names[] = {
        [CSV_OPEN] = "open", [CSV_LOW] = "low", [CSV_CLOSE] = "close"};
    const csv_field *field = field_of(r, other);
    g_autofree char *value = g_strndup(field->text, MIN(field->length, 40));
    g_autofree char *text = g_strdup_printf("is %s the %s, %s (expected the %s price of the bar)",
                                            kind == CSV_HIGH ? "below" : "above", names[other],
                                            value, kind == CSV_HIGH ? "highest" : "lowest");
    complain(r, fault, kind, text);
}

/* A high below the low is told once, whichever of the two is wrong. */
static gboolean check_relations(csv_reader *r, const qb_bar *bar)
{
    gboolean high = bar->high < MAX(bar->open, bar->close);
    gboolean low = bar->low > MIN(bar->open, bar->close);
    gboolean crossed = bar->high < bar->low;
    if (crossed)
        misplaced(r, high ? CSV_FAULT_HIGH : CSV_FAULT_LOW, CSV_HIGH, CSV_LOW);
    if (high && !crossed)
        misplaced(r, CSV_FAULT_HIGH, CSV_HIGH, bar->high < bar->open ? CSV_OPEN : CSV_CLOSE);
    if (low && !crossed)
        misplaced(r, CSV_FAULT_LOW, CSV_LOW, bar->low > bar->open ? CSV_OPEN : CSV_CLOSE);
    if (low)
        r->faults |= 1u << CSV_FAULT_LOW;
    return !high && !low;
}

/* One column read as all four prices: the source gave a sample, not a bar. */
static gboolean is_sampled(const csv_columns *columns)
{
    int at = columns->at[CSV_CLOSE];
    return columns->at[CSV_OPEN] == at && columns->at[CSV_HIGH] == at && columns->at[CSV_LOW] == at;
}

static gboolean read_numbers(csv_reader *r, csv_bar_cells *out)
{
    qb_bar *bar = &out->bar;
    gboolean good = read_price(r, CSV_OPEN, &bar->open);
    good &= read_price(r, CSV_HIGH, &bar->high);
    good &= read_price(r, CSV_LOW, &bar->low);
    good &= read_price(r, CSV_CLOSE, &bar->close);
    if (good)
        good = check_relations(r, bar);
    good &= read_optional(r, CSV_VOLUME, NAN, &bar->volume);
    good &= read_dividend(r, &bar->dividend);
    good &= read_optional(r, CSV_SPLIT, 1, &bar->split_factor);
    good &= read_quote(r, CSV_BID, &out->bid);
    good &= read_quote(r, CSV_ASK, &out->ask);
    good &= read_flags(r, &bar->flags);
    good &= read_adjusted(r, &out->adjusted);
    if (bar->split_factor == 0)
        bar->split_factor = 1; /* yfinance writes 0 on days without a split */
    if (is_sampled(&r->columns)) {
        bar->flags |= QB_BAR_SAMPLED;
        bar->volume = NAN;
    }
    return good;
}

/* ---- stamp ---------------------------------------------------------------------------------- */

/* Day or month first: what all numeric dates of the file allow. */
static void find_order(csv_reader *r)
{
    gsize first_line[CSV_ORDER_MDY + 1] = {0};
    g_autoptr(csv_rows) rows = csv_rows_new(r->text, r->length, &r->layout, r->file);
    guint column = (guint)r->columns.at[CSV_TS];
    while (csv_rows_next(rows, NULL)) {
        if (column >= rows->count)
            continue;
        csv_field *field = &rows->fields[column];
        const char *stop = memchr(field->text, ' ', field->length);
        gsize length = stop != NULL ? (gsize)(stop - field->text) : field->length;
        csv_order order = csv_stamp_witness(field->text, length);
        if (first_line[order] == 0)
            first_line[order] = rows->line;
    }
    gsize day = first_line[CSV_ORDER_DMY], month = first_line[CSV_ORDER_MDY];
    if (day != 0 && month != 0)
        g_set_error(&r->fatal, FAILURE, FAILURE_BAD_DATA,
                    "%s: %s: line %" G_GSIZE_FORMAT " has the day first, line %" G_GSIZE_FORMAT
                    " the month (expected one order, or --date-order dmy or mdy)",
                    r->file, r->columns.label[CSV_TS], day, month);
    else if (day != 0 || month != 0)
        r->order = day != 0 ? CSV_ORDER_DMY : CSV_ORDER_MDY;
    else
        complain(r, CSV_FAULT_STAMP, CSV_TS,
                 "may be day/month or month/day, as all dates of the file (expected "
                 "--date-order dmy or mdy)");
    if (r->fatal == NULL && r->order == CSV_ORDER_UNKNOWN)
        failures_finish(&r->bad, FAILURE_BAD_DATA, &r->fatal);
}

static csv_stamp_status scan_stamp(const csv_reader *r, csv_stamp *out)
{
    const csv_field *date = field_of(r, CSV_TS);
    if (r->options->date != NULL)
        return csv_stamp_scan_on(r->date, date->text, date->length, out);
    if (r->columns.at[CSV_TIME] < 0)
        return csv_stamp_scan(date->text, date->length, r->order, out);
    const csv_field *time = field_of(r, CSV_TIME);
    return csv_stamp_scan_pair(date->text, date->length, time->text, time->length, r->order, out);
}

static csv_stamp_status to_utc(const csv_reader *r, const csv_stamp *stamp, gint64 *out_us)
{
    if (!stamp->zoned && r->zone != NULL)
        return csv_zone_to_utc(r->zone, stamp->wall_us, out_us);
    *out_us = stamp->wall_us - stamp->offset_us;
    return CSV_STAMP_OK;
}

/* The session date that a stamp of a daily or weekly exchange bar means, as 00:00 UTC. */
static csv_stamp_status to_label(csv_reader *r, const csv_stamp *stamp, gint64 *out_us)
{
    gint32 date = qb_date_from_us(stamp->wall_us);
    gboolean midnight = stamp->wall_us == date * QB_DAY_US;
    /* A bare date is a label in any zone; a naive clock is the exchange's unless --tz says else. */
    if (stamp->zoned || (r->zone != NULL && !midnight)) {
        gint64 us;
        csv_stamp_status status = to_utc(r, stamp, &us);
        if (status != CSV_STAMP_OK)
            return status;
        date = qb_date_from_us(us);
        if (us != date * QB_DAY_US)
            date = qb_calendar_date(r->options->calendar, us);
    }
    *out_us = date * QB_DAY_US;
    return CSV_STAMP_OK;
}

/* Two stamps of one day or week are no duplicate but another interval. */
static gboolean check_label(csv_reader *r, gint64 label_us, gint64 raw_us)
{
    if (r->label_line != 0 && label_us == r->label_us && raw_us != r->label_raw_us) {
        char date[QB_TIME_TEXT];
        g_autofree char *text =
            g_strdup_printf("is a second bar of the %s %s, beside line %" G_GSIZE_FORMAT
                            " (expected one; is --interval right?)",
                            r->options->interval == QB_1W ? "week of" : "session",
                            qb_date_to_text(qb_date_from_us(label_us), date), r->label_line);
        return complain(r, CSV_FAULT_STAMP, CSV_TS, text);
    }
    r->label_us = label_us;
    r->label_raw_us = raw_us;
    r->label_line = r->rows->line;
    return TRUE;
}

/* An exchange's week is stamped with any of its days; clear as long as it is a weekday. */
static gint64 to_monday(csv_reader *r, gint64 label_us)
{
    gint32 weekday = qb_weekday(qb_date_from_us(label_us));
    if (weekday == 0 || weekday > 4)
        return label_us;
    r->weeks_moved++;
    return label_us - weekday * QB_DAY_US;
}

static gboolean read_stamp(csv_reader *r, gint64 *out_us)
{
    csv_stamp stamp;
    csv_stamp_status status = scan_stamp(r, &stamp);
    if (status == CSV_STAMP_ORDER && r->order == CSV_ORDER_UNKNOWN) {
        find_order(r);
        if (r->fatal != NULL)
            return FALSE;
        status = scan_stamp(r, &stamp);
    }
    if (status == CSV_STAMP_OK)
        status = r->labels ? to_label(r, &stamp, out_us) : to_utc(r, &stamp, out_us);
    if (status != CSV_STAMP_OK)
        return complain(r, CSV_FAULT_STAMP, CSV_TS,
                        field_of(r, CSV_TS)->length == 0 ? "is missing (expected a date or time)"
                                                         : csv_stamp_complaint(status));
    r->naive += !stamp.zoned;
    if (r->options->stamp_close)
        *out_us -= qb_interval_us(r->options->interval);
    if (!r->labels)
        return TRUE;
    if (r->options->interval == QB_1W)
        *out_us = to_monday(r, *out_us);
    return check_label(r, *out_us, stamp.wall_us - stamp.offset_us);
}

static gboolean off_grid(csv_reader *r)
{
    g_autofree char *text = g_strdup_printf(
        "is off the grid of %s bars (expected %s?)", qb_interval_text(r->options->interval),
        r->options->interval == QB_1W ? "a Monday; is --interval right"
        : r->options->interval == QB_1D
            ? "00:00 UTC; is --interval right"
            : "a stamp at the open of its bar; is --interval right, or are "
              "these trades");
    return complain(r, CSV_FAULT_OFF_GRID, CSV_TS, text);
}

/* FALSE when the bar is not to be stored. */
static gboolean check_session(csv_reader *r, gint64 ts_us)
{
    const csv_bars_options *options = r->options;
    qb_bar_time times;
    if (qb_bar_times_next(options->calendar, options->interval, ts_us, &r->cursor, &times))
        return TRUE;
    switch (qb_stamp_check(options->calendar, options->interval, ts_us)) {
    case QB_STAMP_OFF_GRID:
        return off_grid(r);
    case QB_STAMP_OUTSIDE_SESSION:
        r->report.outside_session++;
        csv_remark(r, &r->outside, r->rows->line, ts_us,
                   options->extended ? "is outside the regular session: stored"
                                     : "is outside the regular session: left out");
        return options->extended;
    case QB_STAMP_NO_SESSION:
        r->report.non_session++;
        csv_remark(r, &r->non_session, r->rows->line, ts_us,
                   "has no session: stored, never seen by the engine");
        break;
    case QB_STAMP_FITS:
        break;
    }
    return TRUE;
}

gboolean csv_bar_row(csv_reader *r, csv_bar_cells *out)
{
    csv_bar_cells cells = {.bar = {.split_factor = 1}};
    r->faults = 0;
    if (r->columns.at[CSV_SYMBOL] < (int)r->rows->count && !check_symbol(r)) {
        r->report.other_symbols++;
        return FALSE;
    }
    r->report.rows++;
    if (!check_not_blank(r) || !check_width(r))
        return FALSE;
    gboolean good = read_stamp(r, &cells.bar.ts_us);
    if (r->fatal != NULL)
        return FALSE;
    good &= read_numbers(r, &cells);
    if (!good || !check_session(r, cells.bar.ts_us))
        return FALSE;
    *out = cells;
    return TRUE;
}
