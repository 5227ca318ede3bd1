#include "core/base/base.h"

/* ---- dates -------------------------------------------------------------------------------- */

/* Both conversions count from a 1 March, so that the leap day comes last and the months before it
 * follow a line, and far enough in the past that no division meets a negative number. Formulas:
 * C. Neri and L. Schneider, Euclidean affine functions and their application to calendar
 * algorithms (2023), propositions 6.2 and 6.3. */
#define ERA_YEARS 400
#define ERA_DAYS 146097
#define ERAS 14704                                   /* their days reach below INT32_MIN */
#define EPOCH_DAYS (719468 + INT64_C(146097) * ERAS) /* from that 1 March to 1970-01-01 */

int32_t qb_date_from_civil(qb_civil civil)
{
    bool late = civil.month <= 2; /* January and February end the year before */
    uint32_t year = (uint32_t)(civil.year + ERA_YEARS * ERAS - late);
    uint32_t month = (uint32_t)civil.month + (late ? 12 : 0);
    uint32_t century = year / 100;
    uint64_t year_days = UINT64_C(1461) * year / 4 - century + century / 4;
    uint32_t month_days = (979 * month - 2919) / 32;
    return (int32_t)((int64_t)year_days + month_days + civil.day - 1 - EPOCH_DAYS);
}

qb_civil qb_civil_from_date(int32_t date)
{
    uint64_t quarters = 4 * (uint64_t)(date + EPOCH_DAYS) + 3;
    uint32_t century = (uint32_t)(quarters / ERA_DAYS);
    uint32_t of_century = (uint32_t)(quarters % ERA_DAYS) / 4;

    uint64_t product = UINT64_C(2939745) * (4 * of_century + 3); /* 2^32 / 1461 */
    uint32_t year = 100 * century + (uint32_t)(product >> 32);
    uint32_t of_year = (uint32_t)product / 2939745 / 4;

    uint32_t line = 2141 * of_year + 197913; /* 2^16 / 30.6, from March */
    uint32_t month = line >> 16, day = (line & 0xffff) / 2141;
    bool late = of_year >= 306;
    return (qb_civil){
        .year = (int32_t)(year + late) - ERA_YEARS * ERAS,
        .month = (int32_t)(late ? month - 12 : month),
        .day = (int32_t)day + 1,
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
    /* 1970-01-01 was a Thursday; whole weeks lift every date above zero. */
    return (int32_t)((uint64_t)((int64_t)date + 3 + INT64_C(7) * 400000000) % 7);
}

int32_t qb_date_from_us(int64_t instant_us)
{
    return (int32_t)(instant_us / QB_DAY_US - (instant_us % QB_DAY_US < 0));
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
