/* Stamps as files have them: ISO dates and times, day and month first, month names, digits alone
 * (20210527, 20210527110000), epoch numbers, and the hours of CryptoDataDownload (11-AM).
 *
 * A run of digits alone is a calendar date where it reads as one (8, 12 or 14 digits), else an
 * epoch number, whose unit follows from its size: since 1973 seconds have at most 11 digits,
 * milliseconds 12 to 14, microseconds 15 to 17, nanoseconds more. Fewer than 9 digits could be
 * anything and are refused. */
#include "csv/csv-private.h"

#include <string.h>

#define YEAR_FIRST 1800
#define YEAR_LAST 2199
/* Two-digit years as POSIX strptime reads them: 69..99 are 1969..1999. */
#define PIVOT 69

typedef struct scan {
    const char *at, *end;
} scan;

static gboolean is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static gboolean take(scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return FALSE;
    s->at++;
    return TRUE;
}

static void skip_blanks(scan *s)
{
    while (take(s, ' '))
        continue;
}

/* A run of at most nine digits; its length in out_width, 0 when there is none or it is longer. */
static gint64 take_digits(scan *s, int *out_width)
{
    gint64 value = 0;
    const char *start = s->at;
    while (s->at < s->end && is_digit(*s->at) && s->at - start < 10)
        value = value * 10 + (*s->at++ - '0');
    gssize width = s->at - start;
    *out_width = width <= 9 ? (int)width : 0;
    return value;
}

static gboolean take_two(scan *s, int *out)
{
    int width;
    *out = (int)take_digits(s, &width);
    return width == 1 || width == 2;
}

static gboolean take_word(scan *s, const char *word)
{
    gsize length = strlen(word);
    if ((gsize)(s->end - s->at) < length || g_ascii_strncasecmp(s->at, word, length) != 0)
        return FALSE;
    s->at += length;
    return TRUE;
}

/* ---- dates ---------------------------------------------------------------------------------- */

static csv_stamp_status make_date(int year, int month, int day, gint32 *out_date)
{
    if (month < 1 || month > 12 || day < 1)
        return CSV_STAMP_UNREADABLE;
    if (year < YEAR_FIRST || year > YEAR_LAST)
        return CSV_STAMP_RANGE;
    if (day > qb_days_in_month(year, month))
        return CSV_STAMP_UNREADABLE;
    *out_date = qb_date_from_civil((qb_civil){.year = year, .month = month, .day = day});
    return CSV_STAMP_OK;
}

static gboolean take_year(scan *s, int *out_year)
{
    int width;
    int year = (int)take_digits(s, &width);
    if (width == 2)
        year += year >= PIVOT ? 1900 : 2000;
    *out_year = year;
    return width == 2 || width == 4;
}

static gboolean take_month_name(scan *s, int *out_month)
{
    static const char *const names[][2] = {
        {"january", "jan"},   {"february", "feb"}, {"march", "mar"},    {"april", "apr"},
        {"may", "may"},       {"june", "jun"},     {"july", "jul"},     {"august", "aug"},
        {"september", "sep"}, {"october", "oct"},  {"november", "nov"}, {"december", "dec"},
    };
    for (int i = 0; i < 12; i++)
        if (take_word(s, names[i][0]) || take_word(s, names[i][1])) {
            *out_month = i + 1;
            return s->at == s->end || !g_ascii_isalpha(*s->at);
        }
    return FALSE;
}

/* "May 27, 2021" */
static csv_stamp_status scan_month_first(scan *s, gint32 *out_date)
{
    int month, day, year;
    if (!take_month_name(s, &month))
        return CSV_STAMP_UNREADABLE;
    take(s, '.');
    skip_blanks(s);
    if (!take_two(s, &day))
        return CSV_STAMP_UNREADABLE;
    take(s, ',');
    skip_blanks(s);
    if (!take_year(s, &year))
        return CSV_STAMP_UNREADABLE;
    return make_date(year, month, day, out_date);
}

static gboolean is_date_separator(char c)
{
    return c == '-' || c == '/' || c == '.';
}

/* The first two numbers of "27/05/2021" after order; two-digit years come last unless order says
 * that they come first. */
static csv_stamp_status scan_small_first(scan *s, int first, csv_order order, gint32 *out_date)
{
    char separator = *s->at++;
    int second, third, month;
    if (s->at < s->end && g_ascii_isalpha(*s->at)) { /* 27-May-2021 */
        if (!take_month_name(s, &month) || !take(s, separator) || !take_year(s, &third))
            return CSV_STAMP_UNREADABLE;
        return make_date(third, month, first, out_date);
    }
    if (separator == ' ' || !take_two(s, &second) || !take(s, separator))
        return CSV_STAMP_UNREADABLE;
    const char *before = s->at;
    if (!take_year(s, &third))
        return CSV_STAMP_UNREADABLE;
    if (order == CSV_ORDER_YMD && s->at - before == 2) {
        int day = third % 100;
        return make_date(first + (first >= PIVOT ? 1900 : 2000), second, day, out_date);
    }
    if (order == CSV_ORDER_DMY)
        return make_date(third, second, first, out_date);
    if (order == CSV_ORDER_MDY)
        return make_date(third, first, second, out_date);
    return CSV_STAMP_ORDER;
}

static csv_stamp_status scan_date(scan *s, csv_order order, gint32 *out_date)
{
    if (s->at < s->end && g_ascii_isalpha(*s->at))
        return scan_month_first(s, out_date);
    int width, month, day;
    int first = (int)take_digits(s, &width);
    if (width == 8)
        return make_date(first / 10000, first / 100 % 100, first % 100, out_date);
    if (s->at == s->end)
        return CSV_STAMP_UNREADABLE;
    if (width == 4 && is_date_separator(*s->at)) {
        char separator = *s->at++;
        if (!take_two(s, &month) || !take(s, separator) || !take_two(s, &day))
            return CSV_STAMP_UNREADABLE;
        return make_date(first, month, day, out_date);
    }
    if ((width == 1 || width == 2) && (is_date_separator(*s->at) || *s->at == ' '))
        return scan_small_first(s, first, order, out_date);
    return CSV_STAMP_UNREADABLE;
}

/* ---- time of day ---------------------------------------------------------------------------- */

/* Up to microseconds, and beyond them only zeros. */
static csv_stamp_status scan_fraction(scan *s, gint64 *out_us)
{
    gint64 sum = 0, unit = QB_SECOND_US / 10;
    const char *start = s->at;
    for (; s->at < s->end && is_digit(*s->at); s->at++) {
        if (unit == 0 && *s->at != '0')
            return CSV_STAMP_FINE;
        sum += unit * (*s->at - '0');
        unit /= 10;
    }
    *out_us = sum;
    return s->at > start ? CSV_STAMP_OK : CSV_STAMP_UNREADABLE;
}

/* "AM" or "PM", with a blank or, after a bare hour, a hyphen before it. */
static gboolean take_half(scan *s, gboolean hyphen, gboolean *out_pm)
{
    scan ahead = *s;
    if (!(hyphen && take(&ahead, '-')))
        skip_blanks(&ahead);
    *out_pm = ahead.at < ahead.end && (*ahead.at | 0x20) == 'p';
    if (!take_word(&ahead, "am") && !take_word(&ahead, "pm"))
        return FALSE;
    *s = ahead;
    return TRUE;
}

static csv_stamp_status make_clock(int hour, int minute, int second, gint64 fraction_us,
                                   gint64 *out_us)
{
    if (hour > 23 || minute > 59 || second > 59)
        return CSV_STAMP_UNREADABLE;
    *out_us = hour * QB_HOUR_US + minute * QB_MINUTE_US + second * QB_SECOND_US + fraction_us;
    return CSV_STAMP_OK;
}

static csv_stamp_status finish_clock(scan *s, int hour, int minute, int second, gint64 fraction_us,
                                     gboolean bare_hour, gint64 *out_us)
{
    gboolean pm;
    if (!take_half(s, bare_hour, &pm))
        return bare_hour ? CSV_STAMP_UNREADABLE
                         : make_clock(hour, minute, second, fraction_us, out_us);
    if (hour < 1 || hour > 12)
        return CSV_STAMP_UNREADABLE;
    return make_clock(hour % 12 + (pm ? 12 : 0), minute, second, fraction_us, out_us);
}

/* 11:00, 11:00:00.25, 11:00 AM, 11-AM, 1100, 110000. */
static csv_stamp_status scan_clock(scan *s, gint64 *out_us)
{
    int width, minute, second = 0;
    int first = (int)take_digits(s, &width);
    gint64 fraction_us = 0;
    if (width == 4)
        return make_clock(first / 100, first % 100, 0, 0, out_us);
    if (width == 6)
        return make_clock(first / 10000, first / 100 % 100, first % 100, 0, out_us);
    if (width != 1 && width != 2)
        return CSV_STAMP_UNREADABLE;
    if (!take(s, ':'))
        return finish_clock(s, first, 0, 0, 0, TRUE, out_us);
    if (!take_two(s, &minute))
        return CSV_STAMP_UNREADABLE;
    if (take(s, ':')) {
        if (!take_two(s, &second))
            return CSV_STAMP_UNREADABLE;
        if (take(s, '.')) {
            csv_stamp_status status = scan_fraction(s, &fraction_us);
            if (status != CSV_STAMP_OK)
                return status;
        }
    }
    return finish_clock(s, first, minute, second, fraction_us, FALSE, out_us);
}

/* Z, UTC, GMT, +hh, +hhmm, +hh:mm, or nothing; then the text must end. */
static csv_stamp_status scan_offset(scan *s, csv_stamp *out)
{
    out->zoned = FALSE;
    out->offset_us = 0;
    skip_blanks(s);
    if (s->at == s->end)
        return CSV_STAMP_OK;
    out->zoned = TRUE;
    if (take_word(s, "z") || take_word(s, "utc") || take_word(s, "gmt"))
        return s->at == s->end ? CSV_STAMP_OK : CSV_STAMP_UNREADABLE;
    gboolean west = *s->at == '-';
    if (!take(s, '+') && !take(s, '-'))
        return CSV_STAMP_UNREADABLE;
    int width, minute = 0;
    int hour = (int)take_digits(s, &width);
    if (width == 4) {
        minute = hour % 100;
        hour /= 100;
    } else if (width != 2 || (take(s, ':') && (!take_two(s, &minute) || s->at[-2] == ':'))) {
        return CSV_STAMP_UNREADABLE;
    }
    if (s->at != s->end || hour > 15 || minute > 59)
        return CSV_STAMP_UNREADABLE;
    out->offset_us = (hour * QB_HOUR_US + minute * QB_MINUTE_US) * (west ? -1 : 1);
    return CSV_STAMP_OK;
}

/* ---- epoch numbers -------------------------------------------------------------------------- */

static csv_stamp_status epoch_stamp(gint64 us, csv_stamp *out)
{
    int year = qb_civil_from_date(qb_date_from_us(us)).year;
    if (year < YEAR_FIRST || year > YEAR_LAST)
        return CSV_STAMP_RANGE;
    *out = (csv_stamp){.wall_us = us, .clock = TRUE, .zoned = TRUE};
    return CSV_STAMP_OK;
}

static csv_stamp_status scan_epoch(guint64 value, int width, scan *s, csv_stamp *out)
{
    gint64 fraction_us = 0;
    if (width < 9 || width > 19)
        return CSV_STAMP_UNREADABLE;
    if (take(s, '.')) {
        csv_stamp_status status = scan_fraction(s, &fraction_us);
        if (status != CSV_STAMP_OK)
            return status;
        if (fraction_us != 0 && width > 11)
            return CSV_STAMP_UNREADABLE;
    }
    if (s->at != s->end)
        return CSV_STAMP_UNREADABLE;
    if (width <= 11)
        return epoch_stamp((gint64)value * QB_SECOND_US + fraction_us, out);
    if (width <= 14)
        return epoch_stamp((gint64)value * 1000, out);
    if (width <= 17)
        return epoch_stamp((gint64)value, out);
    return value % 1000 == 0 ? epoch_stamp((gint64)(value / 1000), out) : CSV_STAMP_FINE;
}

/* 202105271100 and 20210527110000, where they are calendar dates. */
static gboolean scan_compact(guint64 value, int width, csv_stamp *out)
{
    if (width == 12)
        value *= 100;
    else if (width != 14)
        return FALSE;
    int year = (int)(value / G_GUINT64_CONSTANT(10000000000));
    int day = (int)(value / 1000000 % 10000), clock = (int)(value % 1000000);
    gint32 date;
    gint64 clock_us;
    if (year < 1900 || year > 2099 ||
        make_date(year, day / 100, day % 100, &date) != CSV_STAMP_OK ||
        make_clock(clock / 10000, clock / 100 % 100, clock % 100, 0, &clock_us) != CSV_STAMP_OK)
        return FALSE;
    *out = (csv_stamp){.wall_us = date * QB_DAY_US + clock_us, .clock = TRUE};
    return TRUE;
}

/* A stamp that starts with nine digits or more. */
static csv_stamp_status scan_long(const char *text, gsize length, csv_stamp *out)
{
    scan s = {text, text + length};
    guint64 value = 0;
    int width = 0;
    for (; s.at < s.end && is_digit(*s.at) && width < 20; s.at++, width++)
        value = value * 10 + (guint64)(*s.at - '0');
    if (s.at == s.end && scan_compact(value, width, out))
        return CSV_STAMP_OK;
    return scan_epoch(value, width, &s, out);
}

/* 1.62207E+12: what a spreadsheet leaves of an epoch number. */
static gboolean has_exponent(const char *text, gsize length)
{
    double value;
    return (memchr(text, 'E', length) != NULL || memchr(text, 'e', length) != NULL) &&
           csv_number_scan(text, length, &value);
}

/* ---- whole stamps --------------------------------------------------------------------------- */

static gsize leading_digits(const char *text, gsize length)
{
    gsize count = 0;
    while (count < length && is_digit(text[count]))
        count++;
    return count;
}

static csv_stamp_status scan_rest(scan *s, gint32 date, csv_stamp *out)
{
    gint64 clock_us = 0;
    csv_stamp stamp = {.clock = s->at != s->end};
    if (stamp.clock) {
        take(s, ',');
        if (!take(s, 'T') && !take(s, 't') && !take(s, ' '))
            return CSV_STAMP_UNREADABLE;
        skip_blanks(s);
        csv_stamp_status status = scan_clock(s, &clock_us);
        if (status == CSV_STAMP_OK)
            status = scan_offset(s, &stamp);
        if (status != CSV_STAMP_OK)
            return status;
    }
    stamp.wall_us = date * QB_DAY_US + clock_us;
    *out = stamp;
    return CSV_STAMP_OK;
}

csv_stamp_status csv_stamp_scan(const char *text, gsize length, csv_order order, csv_stamp *out)
{
    if (leading_digits(text, length) >= 9)
        return scan_long(text, length, out);
    scan s = {text, text + length};
    gint32 date;
    csv_stamp_status status = scan_date(&s, order, &date);
    if (status == CSV_STAMP_OK)
        status = scan_rest(&s, date, out);
    if (status == CSV_STAMP_UNREADABLE && length > 0 && leading_digits(text, length) == length)
        return CSV_STAMP_DIGITS;
    if (status == CSV_STAMP_UNREADABLE && has_exponent(text, length))
        return CSV_STAMP_EXPONENT;
    return status;
}

csv_stamp_status csv_stamp_scan_pair(const char *date, gsize date_length, const char *time,
                                     gsize time_length, csv_order order, csv_stamp *out)
{
    scan day = {date, date + date_length}, clock = {time, time + time_length};
    gint32 number;
    gint64 clock_us;
    csv_stamp stamp = {.clock = TRUE};
    csv_stamp_status status = scan_date(&day, order, &number);
    if (status == CSV_STAMP_OK && day.at != day.end)
        status = CSV_STAMP_UNREADABLE;
    if (status == CSV_STAMP_OK)
        status = scan_clock(&clock, &clock_us);
    if (status == CSV_STAMP_OK)
        status = scan_offset(&clock, &stamp);
    if (status != CSV_STAMP_OK)
        return status;
    stamp.wall_us = number * QB_DAY_US + clock_us;
    *out = stamp;
    return CSV_STAMP_OK;
}

csv_stamp_status csv_stamp_scan_on(gint32 date, const char *text, gsize length, csv_stamp *out)
{
    scan s = {text, text + length};
    gint64 clock_us;
    csv_stamp stamp = {.clock = TRUE};
    if (length > 0 && leading_digits(text, length) == length) {
        int width;
        clock_us = take_digits(&s, &width) * 1000;
        if (width == 0 || clock_us >= QB_DAY_US)
            return CSV_STAMP_CLOCK;
    } else if (scan_clock(&s, &clock_us) != CSV_STAMP_OK ||
               scan_offset(&s, &stamp) != CSV_STAMP_OK) {
        return CSV_STAMP_CLOCK;
    }
    stamp.wall_us = date * QB_DAY_US + clock_us;
    *out = stamp;
    return CSV_STAMP_OK;
}

gboolean csv_date_scan(const char *text, gsize length, csv_order order, gint32 *out)
{
    scan s = {text, text + length};
    gint32 date;
    if (scan_date(&s, order, &date) != CSV_STAMP_OK || s.at != s.end)
        return FALSE;
    *out = date;
    return TRUE;
}

const char *csv_stamp_complaint(csv_stamp_status status)
{
    switch (status) {
    case CSV_STAMP_ORDER:
        return "may be day/month or month/day (expected --date-order dmy or mdy)";
    case CSV_STAMP_DIGITS:
        return "is no date, and too short for an epoch number (expected for example 20200131, or "
               "9 digits or more since 1970)";
    case CSV_STAMP_EXPONENT:
        return "has lost its last digits, as spreadsheets do to epoch numbers (expected all "
               "digits; is there another column of dates? --map ts=COLUMN)";
    case CSV_STAMP_RANGE:
        return "is out of range (expected a year from 1800 to 2199)";
    case CSV_STAMP_FINE:
        return "is finer than a microsecond (expected at most 6 decimals)";
    case CSV_STAMP_GAP:
        return "does not exist in this zone: the clock went forward over it (expected UTC, or an "
               "offset such as -05:00 in the stamp)";
    case CSV_STAMP_FOLD:
        return "happens twice in this zone: the clock went back (expected UTC, or an offset such "
               "as -05:00 in the stamp)";
    case CSV_STAMP_CLOCK:
        return "is no time of day, which --date adds to (expected for example 09:30:00, or "
               "milliseconds since midnight)";
    case CSV_STAMP_OK:
    case CSV_STAMP_UNREADABLE:
        break;
    }
    return "is not a date or time (expected for example 2020-01-31, 2020-01-31T14:30:00Z or "
           "1580481000)";
}

csv_order csv_stamp_witness(const char *text, gsize length)
{
    scan s = {text, text + length};
    int first, second, year;
    if (!take_two(&s, &first) || s.at == s.end || !is_date_separator(*s.at))
        return CSV_ORDER_UNKNOWN;
    char separator = *s.at++;
    if (!take_two(&s, &second) || !take(&s, separator) || !take_year(&s, &year))
        return CSV_ORDER_UNKNOWN;
    if (first > 12 && first <= 31 && second >= 1 && second <= 12)
        return CSV_ORDER_DMY;
    if (second > 12 && second <= 31 && first >= 1 && first <= 12)
        return CSV_ORDER_MDY;
    return CSV_ORDER_UNKNOWN;
}

gboolean csv_order_parse(const char *text, csv_order *out, GError **error)
{
    static const char *const names[] = {
        [CSV_ORDER_YMD] = "ymd", [CSV_ORDER_DMY] = "dmy", [CSV_ORDER_MDY] = "mdy"};
    if (text == NULL)
        return TRUE;
    for (int order = CSV_ORDER_YMD; order <= CSV_ORDER_MDY; order++)
        if (g_ascii_strcasecmp(text, names[order]) == 0) {
            *out = (csv_order)order;
            return TRUE;
        }
    g_autofree char *value = failure_quote(text, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "--date-order: %s is unknown (expected ymd, dmy or mdy)", value);
    return FALSE;
}

/* ---- zones ---------------------------------------------------------------------------------- */

/* Offsets are asked for once per day of the wall clock: on a day well inside one offset's reign
 * that offset holds throughout. */
struct csv_zone {
    GTimeZone *zone;
    gint32 day;       /* of the wall clock, INT32_MIN at first */
    gint64 before_us; /* offset before that day */
    gint64 after_us;  /* offset after it */
};

csv_zone *csv_zone_new(const char *name, GError **error)
{
    gboolean plain = *name != '\0' && *name != '/' && strstr(name, "..") == NULL &&
                     strlen(name) <= 64 &&
                     strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_+-/:") == strlen(name);
    GTimeZone *zone = plain ? g_time_zone_new_identifier(name) : NULL;
    if (zone == NULL) {
        g_autofree char *value = failure_quote(name, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--tz: %s is not a known time zone (expected UTC or a name such as "
                    "America/New_York; the package tzdata holds them)",
                    value);
        return NULL;
    }
    csv_zone *self = g_new0(csv_zone, 1);
    self->zone = zone;
    self->day = G_MININT32;
    return self;
}

void csv_zone_free(csv_zone *zone)
{
    if (zone == NULL)
        return;
    g_time_zone_unref(zone->zone);
    g_free(zone);
}

static gint64 offset_at(const csv_zone *self, gint64 utc_us)
{
    gint64 second = utc_us / QB_SECOND_US - (utc_us % QB_SECOND_US < 0);
    gint interval = g_time_zone_find_interval(self->zone, G_TIME_TYPE_UNIVERSAL, second);
    return g_time_zone_get_offset(self->zone, interval) * QB_SECOND_US;
}

/* Offsets lie within a day of UTC, so instants two days away are surely before and after the
 * whole day. No zone has changed its clock twice within four days. */
static void look_up_day(csv_zone *self, gint32 day)
{
    self->day = day;
    self->before_us = offset_at(self, (day - 1) * QB_DAY_US);
    self->after_us = offset_at(self, (day + 2) * QB_DAY_US);
}

csv_stamp_status csv_zone_to_utc(csv_zone *zone, gint64 wall_us, gint64 *out_us)
{
    gint32 day = qb_date_from_us(wall_us);
    if (day != zone->day)
        look_up_day(zone, day);
    gint64 early = wall_us - zone->before_us, late = wall_us - zone->after_us;
    if (zone->before_us == zone->after_us) {
        *out_us = early;
        return CSV_STAMP_OK;
    }
    gboolean is_early = offset_at(zone, early) == zone->before_us;
    gboolean is_late = offset_at(zone, late) == zone->after_us;
    if (is_early && is_late)
        return CSV_STAMP_FOLD;
    if (!is_early && !is_late)
        return CSV_STAMP_GAP;
    *out_us = is_early ? early : late;
    return CSV_STAMP_OK;
}
