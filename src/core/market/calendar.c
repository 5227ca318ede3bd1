/* Trading sessions, by rule.
 *
 * Nothing is stored or cached: the session of a date follows from the date in some ten
 * nanoseconds, so built-in calendars are constants that any thread may use. What the rules cannot
 * know (days of mourning, hurricanes, early closes that some year did not have) is one switch over
 * dates. Sources: the rules and the table are those of semantics.md; the United States' daylight
 * saving follows the Uniform Time Act of 1966 and its amendments of 1986 and 2005. */
#include "core/market/calendar-private.h"

#include <string.h>
#include <strings.h>

static const qb_calendar built_in[] = {
    [CALENDAR_ALWAYS] = {.name = "24/7", .kind = CALENDAR_ALWAYS, .periods = 365},
    [CALENDAR_WEEKDAYS] = {.name = "weekdays", .kind = CALENDAR_WEEKDAYS, .periods = 252},
    [CALENDAR_XNYS] = {.name = "XNYS", .kind = CALENDAR_XNYS, .periods = 252},
};

const qb_calendar *qb_calendar_find(const char *name)
{
    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++) {
        if (strcasecmp(name, built_in[i].name) == 0)
            return &built_in[i];
    }
    return NULL;
}

const qb_calendar *qb_calendars_find(const qb_calendars *calendars, const char *name)
{
    for (size_t i = 0; calendars != NULL && i < calendars->count; i++) {
        if (strcasecmp(name, calendars->items[i]->name) == 0)
            return calendars->items[i];
    }
    return qb_calendar_find(name);
}

const qb_calendar *qb_calendar_default(qb_asset asset)
{
    switch (asset) {
    case QB_CRYPTO:
        return &built_in[CALENDAR_ALWAYS];
    case QB_FX:
        return &built_in[CALENDAR_WEEKDAYS];
    default:
        return &built_in[CALENDAR_XNYS];
    }
}

const char *qb_calendar_name(const qb_calendar *calendar)
{
    return calendar->name;
}

int qb_calendar_periods(const qb_calendar *calendar)
{
    return calendar->periods;
}

int qb_calendar_days_a_week(const qb_calendar *calendar)
{
    static const int days[] = {
        [CALENDAR_ALWAYS] = 7, [CALENDAR_WEEKDAYS] = 5, [CALENDAR_XNYS] = 0, [CALENDAR_LIST] = 0};
    return calendar->change_count == 0 ? days[calendar->kind] : 0;
}

bool qb_calendar_covers(const qb_calendar *calendar, int32_t date)
{
    enum { FIRST = 7305, LAST = 22279 }; /* 1990-01-01, 2030-12-31 */
    if (calendar->kind == CALENDAR_LIST)
        return date >= calendar->sessions[0].date &&
               date <= calendar->sessions[calendar->count - 1].date;
    return calendar->kind != CALENDAR_XNYS || (date >= FIRST && date <= LAST);
}

/* ---- New York's clock --------------------------------------------------------------------- */

enum { MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY };

/* Whether daylight saving is in force at the end of that day. Clocks go forward and back on a
 * Sunday of the month, so the latest Sunday up to the day tells. */
static bool is_daylight(qb_civil civil, int32_t weekday)
{
    int32_t sunday = civil.day - (weekday + 1) % 7; /* may lie in the month before */
    switch (civil.month) {
    case 3: /* the second Sunday of March */
        return civil.year >= 2007 && sunday >= 8;
    case 4: /* before that the first of April, and before that the last */
        return civil.year >= 2007 || sunday >= (civil.year >= 1987 ? 1 : 24);
    case 10: /* the last Sunday of October */
        return civil.year >= 2007 || sunday < 25;
    case 11: /* the first of November */
        return civil.year >= 2007 && sunday < 1;
    default:
        return civil.month > 4 && civil.month < 10;
    }
}

#define STANDARD_US (-5 * QB_HOUR_US)
#define DAYLIGHT_US (-4 * QB_HOUR_US)

/* The offset at the end of a day, which is that of its trading hours: clocks change at night. */
static int64_t new_york_day_offset_us(qb_civil civil, int32_t weekday)
{
    return is_daylight(civil, weekday) ? DAYLIGHT_US : STANDARD_US;
}

/* Clocks go forward at 02:00 standard time, which is 07:00 UTC, and back at 02:00 daylight time,
 * 06:00 UTC: days that begin at those hours hold one offset each. */
static int64_t new_york_offset_us(int64_t instant_us)
{
    int32_t date = qb_date_from_us(instant_us);
    int64_t of_day_us = instant_us % QB_DAY_US;
    of_day_us += of_day_us < 0 ? QB_DAY_US : 0;
    qb_civil civil = qb_civil_from_date(date);
    int64_t change_us = (civil.month < 7 ? 7 : 6) * QB_HOUR_US;
    if (of_day_us < change_us)
        civil = qb_civil_from_date(--date);
    return new_york_day_offset_us(civil, qb_weekday(date));
}

int64_t qb_calendar_offset_us(const qb_calendar *calendar, int64_t instant_us)
{
    if (calendar->kind == CALENDAR_LIST)
        return qb_list_offset_us(calendar, instant_us);
    return calendar->kind == CALENDAR_XNYS ? new_york_offset_us(instant_us) : 0;
}

int64_t qb_calendar_midnight_us(const qb_calendar *calendar, int32_t date)
{
    if (calendar->kind != CALENDAR_XNYS)
        return date * QB_DAY_US;
    /* Clocks that change, do so two hours later. */
    qb_civil before = qb_civil_from_date(date - 1);
    return date * QB_DAY_US - new_york_day_offset_us(before, qb_weekday(date - 1));
}

int32_t qb_calendar_date(const qb_calendar *calendar, int64_t instant_us)
{
    if (calendar->kind == CALENDAR_LIST)
        return qb_list_date(calendar, instant_us);
    /* The offset may not be added to the instant itself, which may be the earliest there is. */
    int64_t of_day_us = instant_us % QB_DAY_US;
    of_day_us += (of_day_us < 0 ? QB_DAY_US : 0) + qb_calendar_offset_us(calendar, instant_us);
    return qb_date_from_us(instant_us) - (of_day_us < 0);
}

/* ---- XNYS --------------------------------------------------------------------------------- */

enum {
    CLOSED = 0,
    EARLY = 13 * 60,
    EARLY_14 = 14 * 60,
    REGULAR = 16 * 60
}; /* minutes of the day */
enum { BY_RULE = -1 };

#define OPEN_US (9 * QB_HOUR_US + 30 * QB_MINUTE_US)

/* What the rules do not give. */
static int xnys_exception(qb_civil civil)
{
    switch (civil.year * 10000 + civil.month * 100 + civil.day) {
    case 19940427: /* funeral of Richard Nixon */
    case 20010911: /* attacks on New York */
    case 20010912:
    case 20010913:
    case 20010914:
    case 20040611: /* mourning for Ronald Reagan */
    case 20070102: /* Gerald Ford */
    case 20121029: /* hurricane Sandy */
    case 20121030:
    case 20181205: /* George H. W. Bush */
    case 20250109: /* Jimmy Carter */
        return CLOSED;
    case 19971226:
    case 19991231:
    case 20031226:
        return EARLY;
    case 19901224:
    case 19911224:
    case 19921127:
    case 19921224:
        return EARLY_14;
    case 19900703: /* early by rule, but were not */
    case 19901123:
    case 19910705:
    case 19911129:
        return REGULAR;
    default:
        return BY_RULE;
    }
}

/* Gregorian Easter Sunday; the algorithm of Nature, 20 April 1876 (J. Meeus, Astronomical
 * Algorithms, chapter 8). */
static int32_t easter(int32_t year)
{
    int32_t golden = year % 19, century = year / 100, rest = year % 100;
    int32_t correction = (century - (century + 8) / 25 + 1) / 3;
    int32_t epact = (19 * golden + century - century / 4 - correction + 15) % 30;
    int32_t sunday = (32 + 2 * (century % 4) + 2 * (rest / 4) - epact - rest % 4) % 7;
    int32_t late = (golden + 11 * epact + 22 * sunday) / 451;
    int32_t sum = epact + sunday - 7 * late + 114;
    return qb_date_from_civil((qb_civil){year, sum / 31, sum % 31 + 1});
}

/* A holiday of fixed date, kept on Friday when it falls on Saturday, on Monday when on Sunday. */
static bool is_observed(int32_t day, int32_t weekday, int32_t holiday)
{
    return day == holiday || (weekday == FRIDAY && day == holiday - 1) ||
           (weekday == MONDAY && day == holiday + 1);
}

static bool is_nth(int32_t day, int32_t weekday, int32_t nth, int32_t wanted)
{
    return weekday == wanted && (day - 1) / 7 == nth - 1;
}

static bool is_xnys_holiday(int32_t date, qb_civil civil, int32_t weekday)
{
    int32_t day = civil.day;
    switch (civil.month) {
    case 1: /* New Year (a Saturday one is not moved into the old year), Martin Luther King */
        return day == 1 || (day == 2 && weekday == MONDAY) ||
               (civil.year >= 1998 && is_nth(day, weekday, 3, MONDAY));
    case 2: /* Washington */
        return is_nth(day, weekday, 3, MONDAY);
    case 3:
    case 4: /* Good Friday */
        return weekday == FRIDAY && date == easter(civil.year) - 2;
    case 5: /* Memorial: the last Monday */
        return weekday == MONDAY && day > 31 - 7;
    case 6: /* Juneteenth */
        return civil.year >= 2022 && is_observed(day, weekday, 19);
    case 7: /* Independence */
        return is_observed(day, weekday, 4);
    case 9: /* Labor */
        return is_nth(day, weekday, 1, MONDAY);
    case 11: /* Thanksgiving */
        return is_nth(day, weekday, 4, THURSDAY);
    case 12: /* Christmas */
        return is_observed(day, weekday, 25);
    default:
        return false;
    }
}

/* A session that is no holiday: is it a short one? */
static bool is_xnys_early(qb_civil civil, int32_t weekday)
{
    int32_t day = civil.day;
    switch (civil.month) {
    case 7: /* around Independence Day */
        if (day == 5)
            return weekday == FRIDAY && civil.year < 2013;
        return day == 3 && (weekday != WEDNESDAY || civil.year >= 2013);
    case 11: /* the day after Thanksgiving, which is 22..28 */
        return weekday == FRIDAY && day >= 23 && day <= 29;
    case 12:
        return day == 24;
    default:
        return false;
    }
}

#define DAYS(from, to) ((UINT32_C(2) << (to)) - (UINT32_C(1) << (from)))

/* The days of a month, as bits, on which a weekday can be anything but a regular session: it
 * spares most dates the questions below. */
static const uint32_t irregular_days[13] = {
    [1] = DAYS(1, 2) | DAYS(9, 9) | DAYS(15, 21),    /* New Year, 2025, Martin Luther King */
    [2] = DAYS(15, 21),                              /* Washington */
    [3] = DAYS(20, 31),                              /* Good Friday: 20 March to 23 April */
    [4] = DAYS(1, 23) | DAYS(27, 27),                /* and 1994 */
    [5] = DAYS(25, 31),                              /* Memorial */
    [6] = DAYS(11, 11) | DAYS(18, 20),               /* 2004, Juneteenth */
    [7] = DAYS(3, 5),                                /* Independence */
    [9] = DAYS(1, 14),                               /* Labor, and 2001 */
    [10] = DAYS(29, 30),                             /* 2012 */
    [11] = DAYS(22, 29),                             /* Thanksgiving and the day after */
    [12] = DAYS(5, 5) | DAYS(24, 26) | DAYS(31, 31), /* 2018, Christmas, 1999 */
};

/* The close in minutes of New York's day, or CLOSED. */
static int xnys_close_minute(int32_t date, qb_civil civil, int32_t weekday)
{
    if (weekday >= SATURDAY)
        return CLOSED;
    if ((irregular_days[civil.month] >> civil.day & 1) == 0)
        return REGULAR;
    int exception = xnys_exception(civil);
    if (exception != BY_RULE)
        return exception;
    if (is_xnys_holiday(date, civil, weekday))
        return CLOSED;
    return is_xnys_early(civil, weekday) ? EARLY : REGULAR;
}

/* ---- sessions ----------------------------------------------------------------------------- */

static bool xnys_session(int32_t date, qb_session *out)
{
    qb_civil civil = qb_civil_from_date(date);
    int32_t weekday = qb_weekday(date);
    int close_minute = xnys_close_minute(date, civil, weekday);
    if (close_minute == CLOSED)
        return false;
    int64_t midnight_us = date * QB_DAY_US - new_york_day_offset_us(civil, weekday);
    *out = (qb_session){
        .date = date,
        .open_us = midnight_us + OPEN_US,
        .close_us = midnight_us + close_minute * QB_MINUTE_US,
        .early_close = close_minute != REGULAR,
    };
    return true;
}

static bool rule_session(const qb_calendar *calendar, int32_t date, qb_session *out)
{
    if (calendar->kind == CALENDAR_XNYS)
        return xnys_session(date, out);
    if (calendar->kind == CALENDAR_WEEKDAYS && qb_weekday(date) >= SATURDAY)
        return false;
    *out = (qb_session){
        .date = date,
        .open_us = date * QB_DAY_US,
        .close_us = (date + 1) * QB_DAY_US,
    };
    return true;
}

static const qb_session_change *find_change(const qb_calendar *calendar, int32_t date)
{
    size_t low = 0, high = calendar->change_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (calendar->changes[middle].date < date)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < calendar->change_count && calendar->changes[low].date == date;
    return found ? &calendar->changes[low] : NULL;
}

bool qb_session_close_at(qb_session *session, int64_t midnight_us, int32_t close_minute)
{
    if (close_minute == CLOSED)
        return false;
    int64_t close_us = midnight_us + close_minute * QB_MINUTE_US;
    session->early_close = close_us < session->close_us;
    session->close_us = close_us;
    if (close_us > session->break_end_us)
        return true;
    /* Nobody comes back after the break. */
    if (session->break_start_us < session->break_end_us && close_us > session->break_start_us)
        session->close_us = session->break_start_us;
    session->break_start_us = session->break_end_us = 0;
    return true;
}

bool qb_calendar_session(const qb_calendar *calendar, int32_t date, qb_session *out)
{
    if (date < -QB_CALENDAR_DAYS || date >= QB_CALENDAR_DAYS)
        return false;
    if (calendar->kind == CALENDAR_LIST)
        return qb_list_session(calendar, date, out);
    if (calendar->change_count == 0)
        return rule_session(calendar, date, out);
    qb_session session;
    if (!rule_session(calendar, date, &session))
        return false;
    const qb_session_change *change = find_change(calendar, date);
    if (change != NULL && !qb_session_close_at(&session, qb_calendar_midnight_us(calendar, date),
                                               change->close_minute))
        return false;
    *out = session;
    return true;
}
