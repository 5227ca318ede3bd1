#include "core/base/base.h"

/* ---- dates -------------------------------------------------------------------------------- */

/* A year that begins in March has its leap day last, and the months before it follow the line
 * (153 m + 2) / 5. Eras are the calendar's own cycle of 400 years, 146,097 days; day 0 of era 0 is
 * 0000-03-01. After H. Hinnant, chrono-Compatible Low-Level Date Algorithms (2013). */
#define ERA_YEARS 400
#define ERA_DAYS 146097
#define EPOCH_DAYS 719468 /* from 0000-03-01 to 1970-01-01 */

static int64_t floor_divide(int64_t value, int64_t divisor)
{
    return value / divisor - (value % divisor < 0);
}

int32_t qb_date_from_civil(qb_civil civil)
{
    int64_t year = (int64_t)civil.year - (civil.month <= 2);
    int64_t month = civil.month + (civil.month <= 2 ? 9 : -3); /* 0 is March */
    int64_t era = floor_divide(year, ERA_YEARS);
    int64_t year_of_era = year - era * ERA_YEARS;
    int64_t day_of_year = (153 * month + 2) / 5 + civil.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return (int32_t)(era * ERA_DAYS + day_of_era - EPOCH_DAYS);
}

qb_civil qb_civil_from_date(int32_t date)
{
    int64_t days = (int64_t)date + EPOCH_DAYS;
    int64_t era = floor_divide(days, ERA_DAYS);
    uint32_t day_of_era = (uint32_t)(days - era * ERA_DAYS);
    uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t month = (5 * day_of_year + 2) / 153; /* 0 is March */
    return (qb_civil){
        .year = (int32_t)(era * ERA_YEARS + year_of_era + (month >= 10)),
        .month = (int32_t)(month < 10 ? month + 3 : month - 9),
        .day = (int32_t)(day_of_year - (153 * month + 2) / 5 + 1),
    };
}

int32_t qb_days_in_month(int32_t year, int32_t month)
{
    if (month == 2)
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

int32_t qb_weekday(int32_t date)
{
    int32_t day = (int32_t)(((int64_t)date + 3) % 7); /* 1970-01-01 was a Thursday */
    return day < 0 ? day + 7 : day;
}

int32_t qb_date_from_us(int64_t instant_us)
{
    return (int32_t)floor_divide(instant_us, QB_DAY_US);
}

/* ---- to text ------------------------------------------------------------------------------ */

/* Exactly width digits, more where the number needs them. Returns the end. */
static char *put_number(char *at, uint32_t number, int width)
{
    char reversed[10];
    int count = 0;
    do
        reversed[count++] = (char)('0' + number % 10);
    while ((number /= 10) != 0);
    for (int pad = width - count; pad > 0; pad--)
        *at++ = '0';
    while (count > 0)
        *at++ = reversed[--count];
    return at;
}

static char *put_date(char *at, int32_t date)
{
    qb_civil civil = qb_civil_from_date(date);
    if (civil.year < 0)
        *at++ = '-';
    at = put_number(at, (uint32_t)(civil.year < 0 ? -civil.year : civil.year), 4);
    *at++ = '-';
    at = put_number(at, (uint32_t)civil.month, 2);
    *at++ = '-';
    return put_number(at, (uint32_t)civil.day, 2);
}

char *qb_date_to_text(int32_t date, char buffer[QB_TIME_TEXT])
{
    *put_date(buffer, date) = '\0';
    return buffer;
}

char *qb_time_to_text(int64_t instant_us, char buffer[QB_TIME_TEXT])
{
    int32_t date = qb_date_from_us(instant_us);
    int64_t of_day_us = instant_us % QB_DAY_US;
    if (of_day_us < 0)
        of_day_us += QB_DAY_US;
    uint32_t second = (uint32_t)(of_day_us / QB_SECOND_US);
    uint32_t micro = (uint32_t)(of_day_us % QB_SECOND_US);

    char *at = put_date(buffer, date);
    *at++ = 'T';
    at = put_number(at, second / 3600, 2);
    *at++ = ':';
    at = put_number(at, second / 60 % 60, 2);
    *at++ = ':';
    at = put_number(at, second % 60, 2);
    if (micro != 0) {
        *at++ = '.';
        at = put_number(at, micro, 6);
    }
    *at++ = 'Z';
    *at = '\0';
    return buffer;
}

/* ---- from text ---------------------------------------------------------------------------- */

typedef struct text_scan {
    const char *at, *end;
} text_scan;

static bool scan_char(text_scan *scan, char want)
{
    if (scan->at == scan->end || *scan->at != want)
        return false;
    scan->at++;
    return true;
}

/* Exactly width digits that make a number from least to most. */
static bool scan_number(text_scan *scan, int width, int32_t least, int32_t most, int32_t *out)
{
    if (scan->end - scan->at < width)
        return false;
    int32_t number = 0;
    for (int i = 0; i < width; i++) {
        unsigned digit = (unsigned char)*scan->at++ - (unsigned)'0';
        if (digit > 9)
            return false;
        number = number * 10 + (int32_t)digit;
    }
    *out = number;
    return number >= least && number <= most;
}

static bool scan_date(text_scan *scan, int32_t *out_date)
{
    qb_civil civil;
    if (!scan_number(scan, 4, 1000, 9999, &civil.year) || !scan_char(scan, '-') ||
        !scan_number(scan, 2, 1, 12, &civil.month) || !scan_char(scan, '-') ||
        !scan_number(scan, 2, 1, qb_days_in_month(civil.year, civil.month), &civil.day))
        return false;
    *out_date = qb_date_from_civil(civil);
    return true;
}

/* The digits after a point, as microseconds. */
static bool scan_fraction(text_scan *scan, int64_t *out_us)
{
    const char *from = scan->at;
    int64_t sum = 0, unit = QB_SECOND_US / 10;
    for (; scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'; scan->at++) {
        if (unit == 0 && *scan->at != '0')
            return false;
        sum += unit * (*scan->at - '0');
        unit /= 10;
    }
    *out_us = sum;
    return scan->at > from;
}

static bool scan_clock(text_scan *scan, int64_t *out_us)
{
    int32_t hour, minute, second = 0;
    int64_t fraction_us = 0;
    if (!scan_number(scan, 2, 0, 23, &hour) || !scan_char(scan, ':') ||
        !scan_number(scan, 2, 0, 59, &minute))
        return false;
    if (scan_char(scan, ':')) {
        if (!scan_number(scan, 2, 0, 59, &second))
            return false;
        if (scan_char(scan, '.') && !scan_fraction(scan, &fraction_us))
            return false;
    }
    *out_us = hour * QB_HOUR_US + minute * QB_MINUTE_US + second * QB_SECOND_US + fraction_us;
    return true;
}

/* Z, +hh:mm, -hh:mm or nothing. */
static bool scan_offset(text_scan *scan, int64_t *out_us)
{
    *out_us = 0;
    if (scan->at == scan->end || scan_char(scan, 'Z'))
        return true;
    bool west = scan_char(scan, '-');
    if (!west && !scan_char(scan, '+'))
        return false;
    int32_t hour, minute;
    if (!scan_number(scan, 2, 0, 23, &hour) || !scan_char(scan, ':') ||
        !scan_number(scan, 2, 0, 59, &minute))
        return false;
    int64_t offset_us = hour * QB_HOUR_US + minute * QB_MINUTE_US;
    *out_us = west ? -offset_us : offset_us;
    return true;
}

qb_status qb_time_from_text(const char *text, size_t length, int64_t *out_us)
{
    text_scan scan = {text, text + length};
    int32_t date;
    int64_t clock_us = 0, offset_us = 0;
    if (!scan_date(&scan, &date))
        return QB_BAD_FORMAT;
    if (scan.at != scan.end) {
        if (!scan_char(&scan, 'T') && !scan_char(&scan, ' '))
            return QB_BAD_FORMAT;
        if (!scan_clock(&scan, &clock_us) || !scan_offset(&scan, &offset_us) || scan.at != scan.end)
            return QB_BAD_FORMAT;
    }
    *out_us = date * QB_DAY_US + clock_us - offset_us;
    return QB_OK;
}
