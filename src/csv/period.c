/* Observed periods as statistics name them: a date, 2002-01 or 2002M01, 2002Q1, 2002-W05, 2002. */
#include "csv/csv-private.h"

#include <string.h>

#define YEAR_FIRST 1800
#define YEAR_LAST 2199

typedef struct scan {
    const char *at, *end;
} scan;

/* Exactly width digits. */
static gboolean take_number(scan *s, int width, int *out)
{
    int value = 0;
    if (s->end - s->at < width)
        return FALSE;
    for (int i = 0; i < width; i++, s->at++) {
        if (!g_ascii_isdigit(*s->at))
            return FALSE;
        value = value * 10 + (*s->at - '0');
    }
    *out = value;
    return TRUE;
}

static gboolean take_any(scan *s, const char *set)
{
    if (s->at == s->end || strchr(set, *s->at) == NULL)
        return FALSE;
    s->at++;
    return TRUE;
}

static gint32 date_of(int year, int month, int day)
{
    return qb_date_from_civil((qb_civil){.year = year, .month = month, .day = day});
}

/* The Monday of an ISO week: week 1 is the one of 4 January. */
static gboolean week_start(int year, int week, gint32 *out_date)
{
    const gint32 first = date_of(year, 1, 4) - qb_weekday(date_of(year, 1, 4));
    const gint32 next = date_of(year + 1, 1, 4) - qb_weekday(date_of(year + 1, 1, 4));
    const gint32 start = first + 7 * (week - 1);
    if (week < 1 || start >= next)
        return FALSE;
    *out_date = start;
    return TRUE;
}

/* What follows the year: "Q1", "M01", "01", "W05". */
static gboolean scan_part(scan *s, int year, csv_period *out)
{
    int part;
    const gboolean separated = take_any(s, "-/ .");
    const gboolean quarter = take_any(s, "Qq"), week = !quarter && take_any(s, "Ww");
    const gboolean month = !quarter && !week && (take_any(s, "Mm") || separated);
    if (quarter && take_number(s, 1, &part) && part >= 1 && part <= 4) {
        *out = (csv_period){date_of(year, 3 * part - 2, 1), QB_1Q};
        return TRUE;
    }
    if (week && take_number(s, 2, &part)) {
        out->precision = QB_1W;
        return week_start(year, part, &out->date);
    }
    if (month && take_number(s, s->end - s->at == 1 ? 1 : 2, &part) && part >= 1 && part <= 12) {
        *out = (csv_period){date_of(year, part, 1), QB_1MO};
        return TRUE;
    }
    return FALSE;
}

static gboolean scan_named(const char *text, gsize length, csv_period *out)
{
    int year;
    scan s = {text, text + length};
    csv_period period;
    if (!take_number(&s, 4, &year) || year < YEAR_FIRST || year > YEAR_LAST)
        return FALSE;
    if (s.at == s.end)
        period = (csv_period){date_of(year, 1, 1), QB_1Y};
    else if (!scan_part(&s, year, &period) || s.at != s.end)
        return FALSE;
    *out = period;
    return TRUE;
}

csv_stamp_status csv_period_scan(const char *text, gsize length, csv_order order, csv_period *out)
{
    csv_stamp stamp;
    if (scan_named(text, length, out))
        return CSV_STAMP_OK;
    const csv_stamp_status status = csv_stamp_scan(text, length, order, &stamp);
    if (status != CSV_STAMP_OK)
        return status;
    const gint64 us = stamp.wall_us - stamp.offset_us;
    if (us % QB_DAY_US != 0)
        return CSV_STAMP_UNREADABLE;
    *out = (csv_period){qb_date_from_us(us), QB_1D};
    return CSV_STAMP_OK;
}

/* ---- which period a date stands for --------------------------------------------------------- */

/* Months of one period; 0 for days and weeks. */
static int months_of(qb_interval interval)
{
    return interval == QB_1MO ? 1 : interval == QB_1Q ? 3 : interval == QB_1Y ? 12 : 0;
}

/* With last, the date (or month) is the period's last day (or month). */
static gboolean start_of_months(const csv_period *period, int months, gboolean last,
                                gint32 *out_start)
{
    qb_civil civil = qb_civil_from_date(period->date);
    const int day = !last || period->precision != QB_1D ? 1
                                                        : qb_days_in_month(civil.year, civil.month);
    const int month = last ? civil.month - months + 1 : civil.month;
    if (civil.day != day || month < 1 || (month - 1) % months != 0)
        return FALSE;
    *out_start = date_of(civil.year, month, 1);
    return TRUE;
}

gboolean csv_period_start(const csv_period *period, qb_interval interval, gboolean last,
                          gint32 *out_start)
{
    const int months = months_of(interval);
    if (period->precision == interval && interval != QB_1D) {
        *out_start = period->date;
        return TRUE;
    }
    if (period->precision != QB_1D && !(period->precision == QB_1MO && months > 1))
        return FALSE;
    if (months > 0)
        return start_of_months(period, months, last, out_start);
    *out_start = interval == QB_1W && last ? period->date - 6 : period->date;
    return TRUE;
}

qb_interval csv_period_rhythm(const gint32 *dates, gsize count)
{
    static const struct {
        int least, most;
        qb_interval interval;
    } steps[] = {
        {1, 4, QB_1D}, {6, 8, QB_1W}, {28, 31, QB_1MO}, {89, 93, QB_1Q}, {364, 367, QB_1Y},
    };
    gsize fits[G_N_ELEMENTS(steps)] = {0};
    for (gsize i = 1; i < count; i++)
        for (gsize s = 0; s < G_N_ELEMENTS(steps); s++)
            fits[s] += dates[i] - dates[i - 1] >= steps[s].least &&
                       dates[i] - dates[i - 1] <= steps[s].most;
    for (gsize s = 0; s < G_N_ELEMENTS(steps); s++)
        if (count > 3 && fits[s] * 5 >= (count - 1) * 4)
            return steps[s].interval;
    return QB_MACRO_INTERVAL_COUNT;
}
