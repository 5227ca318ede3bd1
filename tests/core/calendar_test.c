#include "core/market/market.h"
#include "tap.h"

#include <time.h>
#include <zlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const qb_calendar *xnys(void)
{
    return qb_calendar_find("XNYS");
}

static int32_t date_of(const char *text)
{
    int64_t us = 0;
    CHECK_OK(qb_time_from_text(text, strlen(text), &us));
    return qb_date_from_us(us);
}

static int64_t instant_of(const char *text)
{
    int64_t us = 0;
    CHECK_OK(qb_time_from_text(text, strlen(text), &us));
    return us;
}

/* ---- names -------------------------------------------------------------------------------- */

static void names(void)
{
    CHECK_TEXT(qb_calendar_name(qb_calendar_find("xnys")), "XNYS");
    CHECK_TEXT(qb_calendar_name(qb_calendar_find("24/7")), "24/7");
    CHECK_TEXT(qb_calendar_name(qb_calendar_find("Weekdays")), "weekdays");
    CHECK(qb_calendar_find("XLON") == NULL);
    CHECK(qb_calendar_find("") == NULL);
    CHECK_INT(qb_calendar_periods(qb_calendar_find("24/7")), 365);
    CHECK_INT(qb_calendar_periods(qb_calendar_find("XNYS")), 252);
    CHECK_INT(qb_calendar_periods(qb_calendar_find("weekdays")), 252);
    CHECK(qb_calendar_default(QB_EQUITY) == xnys());
    CHECK(qb_calendar_default(QB_INDEX) == xnys());
    CHECK(qb_calendar_default(QB_CRYPTO) == qb_calendar_find("24/7"));
    CHECK(qb_calendar_default(QB_FX) == qb_calendar_find("weekdays"));
}

static void covers(void)
{
    CHECK(!qb_calendar_covers(xnys(), date_of("1989-12-31")));
    CHECK(qb_calendar_covers(xnys(), date_of("1990-01-01")));
    CHECK(qb_calendar_covers(xnys(), date_of("2030-12-31")));
    CHECK(!qb_calendar_covers(xnys(), date_of("2031-01-01")));
    CHECK(qb_calendar_covers(qb_calendar_find("24/7"), INT32_MIN));
    CHECK(qb_calendar_covers(qb_calendar_find("weekdays"), INT32_MAX));
}

/* ---- XNYS against what others say --------------------------------------------------------- */

/* The session list of the project exchange_calendars (Apache-2.0, tests/resources/xnys.csv),
 * counted by year and reduced to its early closes: the whole list is in the shared data. */
static const short sessions_by_year[] = {
    253, 253, 254, 253, 252, 252, 254, 253, 252, 252, 252, /* 1990 .. 2000 */
    248, 252, 252, 252, 252, 251, 251, 253, 252, 252, 252, /* 2001 .. 2011 */
    250, 252, 252, 252, 252, 251, 251, 252, 253, 252, 251, /* 2012 .. 2022 */
};

static const char *const early_closes[] = {
    "1990-12-24 14", "1991-12-24 14", "1992-11-27 14", "1992-12-24 14", "1993-11-26 13",
    "1994-11-25 13", "1995-07-03 13", "1995-11-24 13", "1996-07-05 13", "1996-11-29 13",
    "1996-12-24 13", "1997-07-03 13", "1997-11-28 13", "1997-12-24 13", "1997-12-26 13",
    "1998-11-27 13", "1998-12-24 13", "1999-11-26 13", "1999-12-31 13", "2000-07-03 13",
    "2000-11-24 13", "2001-07-03 13", "2001-11-23 13", "2001-12-24 13", "2002-07-05 13",
    "2002-11-29 13", "2002-12-24 13", "2003-07-03 13", "2003-11-28 13", "2003-12-24 13",
    "2003-12-26 13", "2004-11-26 13", "2005-11-25 13", "2006-07-03 13", "2006-11-24 13",
    "2007-07-03 13", "2007-11-23 13", "2007-12-24 13", "2008-07-03 13", "2008-11-28 13",
    "2008-12-24 13", "2009-11-27 13", "2009-12-24 13", "2010-11-26 13", "2011-11-25 13",
    "2012-07-03 13", "2012-11-23 13", "2012-12-24 13", "2013-07-03 13", "2013-11-29 13",
    "2013-12-24 13", "2014-07-03 13", "2014-11-28 13", "2014-12-24 13", "2015-11-27 13",
    "2015-12-24 13", "2016-11-25 13", "2017-07-03 13", "2017-11-24 13", "2018-07-03 13",
    "2018-11-23 13", "2018-12-24 13", "2019-07-03 13", "2019-11-29 13", "2019-12-24 13",
    "2020-11-27 13", "2020-12-24 13", "2021-11-26 13", "2022-11-25 13",
};

static void xnys_golden(void)
{
    size_t early = 0;
    for (int32_t year = 1990; year <= 2022; year++) {
        int sessions = 0;
        int32_t end = qb_date_from_civil((qb_civil){year + 1, 1, 1});
        for (int32_t date = qb_date_from_civil((qb_civil){year, 1, 1}); date < end; date++) {
            qb_session session;
            if (!qb_calendar_session(xnys(), date, &session))
                continue;
            sessions++;
            if (!session.early_close)
                continue;
            char text[64], day[QB_TIME_TEXT];
            int64_t offset_us = qb_calendar_offset_us(xnys(), session.close_us);
            int64_t of_day_us = session.close_us + offset_us - date * QB_DAY_US;
            snprintf(text, sizeof text, "%s %d", qb_date_to_text(date, day),
                     (int)(of_day_us / QB_HOUR_US));
            CHECK(early < COUNT_OF(early_closes));
            if (early < COUNT_OF(early_closes))
                CHECK_TEXT(text, early_closes[early]);
            early++;
        }
        CHECK_INT(sessions, sessions_by_year[year - 1990]);
    }
    CHECK_INT(early, COUNT_OF(early_closes));
}

/* Weekdays without a session and short ones after that list's end, as NYSE Group announced them
 * (press releases of holiday and early closings calendars of November 2024 for 2025 to 2027 and
 * of December 2025 for 2026 to 2028). */
static const char *const announced_closed[] = {
    "2025-01-01", "2025-01-09", "2025-01-20", "2025-02-17", "2025-04-18", "2025-05-26",
    "2025-06-19", "2025-07-04", "2025-09-01", "2025-11-27", "2025-12-25", "2026-01-01",
    "2026-01-19", "2026-02-16", "2026-04-03", "2026-05-25", "2026-06-19", "2026-07-03",
    "2026-09-07", "2026-11-26", "2026-12-25", "2027-01-01", "2027-01-18", "2027-02-15",
    "2027-03-26", "2027-05-31", "2027-06-18", "2027-07-05", "2027-09-06", "2027-11-25",
    "2027-12-24", "2028-01-17", "2028-02-21", "2028-04-14", "2028-05-29", "2028-06-19",
    "2028-07-04", "2028-09-04", "2028-11-23", "2028-12-25",
};
static const char *const announced_early[] = {
    "2025-07-03", "2025-11-28", "2025-12-24", "2026-11-27",
    "2026-12-24", "2027-11-26", "2028-07-03", "2028-11-24",
};

static bool is_listed(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(text, list[i]) == 0)
            return true;
    }
    return false;
}

static void xnys_announced(void)
{
    for (int32_t date = date_of("2025-01-01"); date <= date_of("2028-12-31"); date++) {
        char text[QB_TIME_TEXT];
        qb_date_to_text(date, text);
        bool want_open = qb_weekday(date) < 5 &&
                         !is_listed(text, announced_closed, COUNT_OF(announced_closed));
        bool want_early = is_listed(text, announced_early, COUNT_OF(announced_early));
        qb_session session = {0};
        CHECK_INT(qb_calendar_session(xnys(), date, &session), want_open);
        CHECK_INT(session.early_close, want_early);
        if (want_open) {
            CHECK_INT(session.date, date);
            CHECK_INT(session.close_us - session.open_us,
                      (want_early ? 7 : 13) * 30 * QB_MINUTE_US);
        }
    }
}

/* Reads the next line without its end; false at the end of the file. */
static bool next_line(gzFile file, char *line, int size)
{
    if (gzgets(file, line, size) == NULL)
        return false;
    line[strcspn(line, "\r\n")] = '\0';
    return true;
}

/* Every date from the first to the last of the list: session or none, open, close. */
static void xnys_oracle(void)
{
    if (tap_shared() == NULL)
        SKIP("no shared data: QUANTBOT_SHARED");
    char path[4096], line[256];
    snprintf(path, sizeof path, "%s/data/calendars/XNYS_sessions.csv.gz", tap_shared());
    gzFile file = gzopen(path, "rb");
    CHECK(file != NULL);
    if (file == NULL)
        return;
    CHECK(next_line(file, line, sizeof line));
    CHECK_TEXT(line, "session,open,close,break_start,break_end");
    int32_t date = date_of("1990-01-01");
    int rows = 0;
    for (; next_line(file, line, sizeof line); rows++) {
        char *rest = line;
        int32_t listed = date_of(strsep(&rest, ","));
        int64_t open_us = instant_of(strsep(&rest, ","));
        int64_t close_us = instant_of(strsep(&rest, ","));
        qb_session session;
        for (; date < listed; date++)
            CHECK(!qb_calendar_session(xnys(), date, &session));
        CHECK(qb_calendar_session(xnys(), date++, &session));
        CHECK_INT(session.date, listed);
        CHECK_INT(session.open_us, open_us);
        CHECK_INT(session.close_us, close_us);
    }
    gzclose(file);
    CHECK_INT(rows, 8324);
}

/* The section on US equities of QuantConnect/Lean's market hours (Apache-2.0); free it. */
static char *lean_hours(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/data/calendars/market_hours_lean.json.gz", tap_shared());
    gzFile file = gzopen(path, "rb");
    CHECK(file != NULL);
    if (file == NULL)
        return NULL;
    enum { SIZE = 4 << 20 };
    char *text = calloc(1, SIZE);
    CHECK(gzread(file, text, SIZE - 1) > 0);
    gzclose(file);
    char *section = strstr(text, "\"Equity-usa-[*]\"");
    CHECK(section != NULL);
    if (section != NULL)
        memmove(text, section, strlen(section) + 1);
    return text;
}

/* The weekdays that it calls holidays, from 1998 to 2028, and no others, are without a session. */
static void xnys_lean_holidays(void)
{
    if (tap_shared() == NULL)
        SKIP("no shared data: QUANTBOT_SHARED");
    char *text = lean_hours();
    const char *at = text != NULL ? strstr(text, "\"holidays\"") : NULL;
    int32_t first = date_of("1998-01-01"), last = date_of("2028-12-31");
    bool *closed = calloc((size_t)(last - first + 1), sizeof *closed);
    int checked = 0;
    for (at = at != NULL ? strchr(at, '[') : ""; *at != ']' && *at != '\0'; at++) {
        qb_civil civil;
        if (sscanf(at, "\"%d/%d/%d\"", &civil.month, &civil.day, &civil.year) != 3)
            continue;
        int32_t date = qb_date_from_civil(civil);
        CHECK(date >= first && date <= last);
        closed[date - first] = true;
        checked++;
    }
    CHECK_INT(checked, 293);
    for (int32_t date = first; date <= last; date++) {
        qb_session session;
        bool want = qb_weekday(date) < 5 && !closed[date - first];
        char day[QB_TIME_TEXT];
        if (qb_calendar_session(xnys(), date, &session) != want)
            printf("# Lean has %s session on %s\n", want ? "a" : "no", qb_date_to_text(date, day));
        CHECK_INT(qb_calendar_session(xnys(), date, &session), want);
    }
    free(closed);
    free(text);
}

/* Lean's early closes are ours, but for four dates. It misses three, which the session list of
 * exchange_calendars has and NYSE observed: 1998-11-27, 1998-12-24 (its table of early closes
 * begins in November 1999) and 1999-12-31. And 2017-12-24, which it lists, was a Sunday. */
static void xnys_lean_early(void)
{
    if (tap_shared() == NULL)
        SKIP("no shared data: QUANTBOT_SHARED");
    static const char *const missing[] = {"1998-11-27", "1998-12-24", "1999-12-31"};
    char *text = lean_hours();
    const char *at = text != NULL ? strstr(text, "\"earlyCloses\"") : NULL;
    int32_t first = date_of("1998-01-01"), last = date_of("2028-12-31");
    bool *early = calloc((size_t)(last - first + 1), sizeof *early);
    int checked = 0;
    for (at = at != NULL ? strchr(at, '{') : ""; *at != '}' && *at != '\0'; at++) {
        qb_civil civil;
        int hour, minute;
        qb_session session = {0};
        if (sscanf(at, "\"%d/%d/%d\": \"%d:%d", &civil.month, &civil.day, &civil.year, &hour,
                   &minute) != 5 &&
            sscanf(at, "\"%d/%d/%d\":\"%d:%d", &civil.month, &civil.day, &civil.year, &hour,
                   &minute) != 5)
            continue;
        int32_t date = qb_date_from_civil(civil);
        checked++;
        if (date == date_of("2017-12-24")) {
            CHECK(!qb_calendar_session(xnys(), date, &session));
            continue;
        }
        CHECK(qb_calendar_session(xnys(), date, &session) && session.early_close);
        int64_t midnight_us = date * QB_DAY_US - qb_calendar_offset_us(xnys(), session.open_us);
        CHECK_INT(session.close_us, midnight_us + (hour * 60 + minute) * QB_MINUTE_US);
        early[date - first] = true;
    }
    CHECK_INT(checked, 65);
    for (int32_t date = first; date <= last; date++) {
        char day[QB_TIME_TEXT];
        qb_session session = {0};
        qb_date_to_text(date, day);
        bool want = early[date - first] || is_listed(day, missing, COUNT_OF(missing));
        if (qb_calendar_session(xnys(), date, &session) && session.early_close != want)
            printf("# %s\n", day);
        CHECK_INT(session.early_close, want);
    }
    free(early);
    free(text);
}

/* ---- New York's clock --------------------------------------------------------------------- */

/* The zone database of the system, hour by hour and about each change. */
static void daylight_saving(void)
{
    setenv("TZ", "America/New_York", 1);
    tzset();
    time_t summer = 1593561600; /* 2020-07-01 */
    struct tm tm;
    localtime_r(&summer, &tm);
    if (tm.tm_gmtoff != -4 * 3600)
        SKIP("no zone database: tzdata");
    int changes = 0;
    int64_t before_us = 0;
    time_t end = instant_of("2031-01-01") / QB_SECOND_US;
    for (time_t at = instant_of("1976-01-01") / QB_SECOND_US; at < end; at += 1800) {
        localtime_r(&at, &tm);
        int64_t offset_us = qb_calendar_offset_us(xnys(), at * QB_SECOND_US);
        CHECK_INT(offset_us, tm.tm_gmtoff * QB_SECOND_US);
        int32_t date = qb_date_from_civil((qb_civil){tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday});
        CHECK_INT(qb_calendar_date(xnys(), at * QB_SECOND_US), date);
        if (before_us != 0 && offset_us != before_us) {
            CHECK_INT(qb_calendar_offset_us(xnys(), at * QB_SECOND_US - 1), before_us);
            changes++;
        }
        before_us = offset_us;
    }
    CHECK_INT(changes, 2 * (2030 - 1976 + 1));
}

/* Extremes do not overflow (the sanitizer sees to that). */
static void extremes(void)
{
    static const int64_t instants[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX};
    static const char *const calendar_names[] = {"24/7", "weekdays", "XNYS"};
    for (size_t c = 0; c < COUNT_OF(calendar_names); c++) {
        const qb_calendar *calendar = qb_calendar_find(calendar_names[c]);
        qb_session session;
        CHECK(!qb_calendar_session(calendar, INT32_MAX, &session));
        CHECK(!qb_calendar_session(calendar, INT32_MIN, &session));
        for (size_t i = 0; i < COUNT_OF(instants); i++) {
            int64_t of_day = instants[i] % QB_DAY_US;
            CHECK(qb_calendar_date(calendar, instants[i]) >= qb_date_from_us(instants[i]) - 1);
            CHECK(of_day <= QB_DAY_US);
            for (qb_interval interval = QB_1M; interval < QB_INTERVAL_COUNT; interval++) {
                qb_bar_time times = {1, 2};
                bool fits = qb_bar_times(calendar, interval, instants[i], &times);
                if (i == 0 || i == COUNT_OF(instants) - 1)
                    CHECK(!fits && times.open_us == 1 && times.known_us == 2);
                qb_stamp_check(calendar, interval, instants[i]);
            }
        }
        CHECK_INT(qb_expected_bars(calendar, QB_1D, 5, 5), 0);
        CHECK_INT(qb_expected_bars(calendar, QB_1D, INT64_MAX, INT64_MIN), 0);
    }
    /* 212,000,000 days, five sevenths of them weekdays: 24/7 and weekdays answer at once. */
    size_t days = qb_expected_bars(qb_calendar_find("24/7"), QB_1D, INT64_MIN, INT64_MAX);
    CHECK_INT(days, 2 * (size_t)QB_CALENDAR_DAYS);
    size_t weekdays = qb_expected_bars(qb_calendar_find("weekdays"), QB_1D, INT64_MIN, INT64_MAX);
    CHECK(llabs((long long)weekdays - (long long)days / 7 * 5) <= 5);
}

/* ---- bars --------------------------------------------------------------------------------- */

/* By hand from semantics.md. XNYS on 2024-07-03 closes at 13:00 (17:00 UTC, daylight time), on
 * 2024-01-02 at 16:00 (21:00 UTC, standard time). */
static void bar_time_cases(void)
{
    static const struct {
        const char *calendar;
        qb_interval interval;
        const char *ts, *open, *known; /* open NULL: no bar, known says why */
    } cases[] = {
        {"XNYS", QB_1H, "2024-01-02T14:00", "2024-01-02T14:30", "2024-01-02T15:00"},
        {"XNYS", QB_1H, "2024-01-02T15:00", "2024-01-02T15:00", "2024-01-02T16:00"},
        {"XNYS", QB_1H, "2024-01-02T20:00", "2024-01-02T20:00", "2024-01-02T21:00"},
        {"XNYS", QB_1H, "2024-01-02T21:00", NULL, "outside"},
        {"XNYS", QB_1H, "2024-01-02T13:00", NULL, "outside"},
        {"XNYS", QB_1H, "2024-01-02T14:30", NULL, "grid"},
        {"XNYS", QB_1H, "2024-01-01T15:00", NULL, "closed"},
        {"XNYS", QB_1H, "2024-07-03T13:00", "2024-07-03T13:30", "2024-07-03T14:00"},
        {"XNYS", QB_1H, "2024-07-03T16:00", "2024-07-03T16:00", "2024-07-03T17:00"},
        {"XNYS", QB_1H, "2024-07-03T17:00", NULL, "outside"},
        {"XNYS", QB_4H, "2024-01-02T13:00", "2024-01-02T14:30", "2024-01-02T17:00"},
        {"XNYS", QB_4H, "2024-01-02T17:00", "2024-01-02T17:00", "2024-01-02T21:00"},
        {"XNYS", QB_4H, "2024-01-02T21:00", NULL, "outside"},
        {"XNYS", QB_4H, "2024-01-02T16:00", NULL, "grid"},
        {"XNYS", QB_4H, "2024-07-03T12:00", "2024-07-03T13:30", "2024-07-03T16:00"},
        {"XNYS", QB_4H, "2024-07-03T16:00", "2024-07-03T16:00", "2024-07-03T17:00"},
        {"XNYS", QB_30M, "2024-01-02T14:30", "2024-01-02T14:30", "2024-01-02T15:00"},
        {"XNYS", QB_30M, "2024-01-02T14:00", NULL, "outside"},
        {"XNYS", QB_15M, "2024-01-02T20:45", "2024-01-02T20:45", "2024-01-02T21:00"},
        {"XNYS", QB_5M, "2024-01-02T20:55", "2024-01-02T20:55", "2024-01-02T21:00"},
        {"XNYS", QB_1M, "2024-01-02T20:59", "2024-01-02T20:59", "2024-01-02T21:00"},
        {"XNYS", QB_1M, "2024-01-02T20:59:30", NULL, "grid"},
        {"XNYS", QB_1M, "2024-01-02T14:29", NULL, "outside"},
        {"XNYS", QB_1M, "2024-01-06T15:00", NULL, "closed"},
        {"XNYS", QB_1D, "2024-01-02", "2024-01-02T14:30", "2024-01-02T21:00"},
        {"XNYS", QB_1D, "2024-07-03", "2024-07-03T13:30", "2024-07-03T17:00"},
        {"XNYS", QB_1D, "2024-07-04", NULL, "closed"},
        {"XNYS", QB_1D, "2024-01-02T05:00", NULL, "grid"},
        {"XNYS", QB_1W, "2024-01-01", "2024-01-02T14:30", "2024-01-05T21:00"},
        {"XNYS", QB_1W, "2024-03-25", "2024-03-25T13:30", "2024-03-28T20:00"}, /* Good Friday */
        {"XNYS", QB_1W, "2024-01-02", NULL, "grid"},
        {"24/7", QB_1M, "2024-01-06T23:59", "2024-01-06T23:59", "2024-01-07"},
        {"24/7", QB_4H, "2024-01-06T04:00", "2024-01-06T04:00", "2024-01-06T08:00"},
        {"24/7", QB_4H, "2024-01-06T05:00", NULL, "grid"},
        {"24/7", QB_1D, "2024-01-06", "2024-01-06", "2024-01-07"},
        {"24/7", QB_1W, "2024-01-01", "2024-01-01", "2024-01-08"},
        {"weekdays", QB_1H, "2024-01-05T23:00", "2024-01-05T23:00", "2024-01-06"},
        {"weekdays", QB_1H, "2024-01-06T00:00", NULL, "closed"},
        {"weekdays", QB_1D, "2024-01-07", NULL, "closed"},
        {"weekdays", QB_1W, "2024-01-01", "2024-01-01", "2024-01-06"},
    };
    static const char *const why[] = {"fits", "grid", "closed", "outside"};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const qb_calendar *calendar = qb_calendar_find(cases[i].calendar);
        int64_t ts_us = instant_of(cases[i].ts);
        qb_bar_time times = {1, 2};
        bool fits = qb_bar_times(calendar, cases[i].interval, ts_us, &times);
        int failed_before = tap_failed;
        CHECK_INT(fits, cases[i].open != NULL);
        CHECK_INT(times.open_us, cases[i].open != NULL ? instant_of(cases[i].open) : 1);
        CHECK_INT(times.known_us, cases[i].open != NULL ? instant_of(cases[i].known) : 2);
        CHECK_TEXT(why[qb_stamp_check(calendar, cases[i].interval, ts_us)],
                   fits ? "fits" : cases[i].known);
        if (tap_failed > failed_before)
            printf("# in case %s %s %s\n", cases[i].calendar, qb_interval_text(cases[i].interval),
                   cases[i].ts);
    }
}

/* A bar's times from the definition alone: the wall clock of its stamp, its session's hours. */
static bool bar_times_plainly(const qb_calendar *calendar, qb_interval interval, int64_t ts_us,
                              qb_bar_time *out)
{
    qb_session session;
    int64_t length_us = qb_interval_us(interval);
    if (interval >= QB_1D) {
        int32_t date = qb_date_from_us(ts_us), days = interval == QB_1D ? 1 : 7;
        bool any = false;
        if (ts_us != date * QB_DAY_US || (days == 7 && qb_weekday(date) != 0))
            return false;
        for (int32_t day = 0; day < days; day++) {
            if (!qb_calendar_session(calendar, date + day, &session))
                continue;
            out->open_us = any ? out->open_us : session.open_us;
            out->known_us = session.close_us;
            any = true;
        }
        return any;
    }
    int64_t wall_us = ts_us + qb_calendar_offset_us(calendar, ts_us);
    if (wall_us % QB_DAY_US % length_us != 0 ||
        !qb_calendar_session(calendar, qb_date_from_us(wall_us), &session))
        return false;
    int64_t from_us = ts_us > session.open_us ? ts_us : session.open_us;
    int64_t to_us = ts_us + length_us < session.close_us ? ts_us + length_us : session.close_us;
    *out = (qb_bar_time){from_us, to_us};
    return from_us < to_us;
}

/* Minute by minute over random weeks of 1990 to 2030: bar times with and without a cursor equal
 * the plain ones, and the count of expected bars is the count of stamps that fit. */
static void expected_equals_count(void)
{
    static const char *const calendar_names[] = {"24/7", "weekdays", "XNYS"};
    qb_random random = {11};
    for (int round = 0; round < 120; round++) {
        const qb_calendar *calendar = qb_calendar_find(calendar_names[round % 3]);
        qb_interval interval = (qb_interval)(round / 3 % QB_INTERVAL_COUNT);
        int64_t from_us = (7305 + (int64_t)(qb_random_next(&random) % 14900)) * QB_DAY_US +
                          (int64_t)(qb_random_next(&random) % 1440) * QB_MINUTE_US;
        int64_t to_us = from_us + (int64_t)(qb_random_next(&random) % 33000) * QB_MINUTE_US;
        /* Ends between minutes must round the right way as well. */
        int64_t shift_us = (int64_t)(qb_random_next(&random) % 3) - 1;
        qb_session_cursor cursor = {0};
        size_t count = 0;
        for (int64_t ts_us = from_us; ts_us < to_us; ts_us += QB_MINUTE_US) {
            qb_bar_time plain = {0}, times = {0}, next = {0};
            bool fits = bar_times_plainly(calendar, interval, ts_us, &plain);
            CHECK_INT(qb_bar_times(calendar, interval, ts_us, &times), fits);
            CHECK_INT(qb_bar_times_next(calendar, interval, ts_us, &cursor, &next), fits);
            CHECK_INT(qb_stamp_check(calendar, interval, ts_us) == QB_STAMP_FITS, fits);
            if (fits) {
                CHECK(times.open_us == plain.open_us && times.known_us == plain.known_us);
                CHECK(next.open_us == plain.open_us && next.known_us == plain.known_us);
                CHECK(times.open_us >= ts_us || interval >= QB_1D);
                CHECK(times.known_us > times.open_us);
                bool cut = shift_us > 0 && ts_us == from_us;
                count += !cut;
            }
        }
        qb_bar_time at_end;
        bool more = shift_us > 0 && qb_bar_times(calendar, interval, to_us, &at_end);
        CHECK_INT(
            qb_expected_bars(calendar, interval, from_us + (shift_us > 0), to_us + (shift_us > 0)),
            count + more);
    }
}

/* The same over decades, by days, and before 1970 where divisions change their sign. */
static void expected_days_and_weeks(void)
{
    static const char *const calendar_names[] = {"24/7", "weekdays", "XNYS"};
    qb_random random = {12};
    for (int round = 0; round < 300; round++) {
        const qb_calendar *calendar = qb_calendar_find(calendar_names[round % 3]);
        qb_interval interval = round & 1 ? QB_1D : QB_1W;
        int64_t from = (int64_t)(qb_random_next(&random) % 40000) - 20000;
        int64_t days = (int64_t)(qb_random_next(&random) % 8000);
        int64_t off_us = (int64_t)(qb_random_next(&random) % 3) - 1;
        int64_t from_us = from * QB_DAY_US + off_us, to_us = (from + days) * QB_DAY_US + off_us;
        size_t count = 0;
        for (int64_t date = from - 1; date <= from + days + 1; date++) {
            qb_bar_time times;
            int64_t ts_us = date * QB_DAY_US;
            if (ts_us >= from_us && ts_us < to_us)
                count += bar_times_plainly(calendar, interval, ts_us, &times);
        }
        CHECK_INT(qb_expected_bars(calendar, interval, from_us, to_us), count);
    }
    /* Whole sessions: 1990 to 2022 by the list's own counts. */
    size_t sessions = 0;
    for (size_t i = 0; i < COUNT_OF(sessions_by_year); i++)
        sessions += (size_t)sessions_by_year[i];
    CHECK_INT(qb_expected_bars(xnys(), QB_1D, instant_of("1990-01-01"), instant_of("2023-01-01")),
              sessions);
    /* 390 minutes a session, 210 on the 65 days that end at 13:00, 270 on the 4 of 14:00. */
    CHECK_INT(qb_expected_bars(xnys(), QB_1M, instant_of("1990-01-01"), instant_of("2023-01-01")),
              sessions * 390 - 65 * 180 - 4 * 120);
}

/* Known times never run backwards as stamps go on, and no two bars of a grid overlap. */
static void bars_follow_each_other(void)
{
    static const char *const calendar_names[] = {"24/7", "weekdays", "XNYS"};
    for (size_t c = 0; c < COUNT_OF(calendar_names); c++) {
        const qb_calendar *calendar = qb_calendar_find(calendar_names[c]);
        for (qb_interval interval = QB_1M; interval < QB_INTERVAL_COUNT; interval++) {
            int64_t known_us = INT64_MIN, step_us = interval < QB_1D ? QB_MINUTE_US : QB_HOUR_US;
            int64_t end_us = instant_of(interval < QB_1D ? "2024-03-20" : "2026-01-01");
            qb_session_cursor cursor = {0};
            for (int64_t ts_us = instant_of("2024-03-01"); ts_us < end_us; ts_us += step_us) {
                qb_bar_time times;
                if (!qb_bar_times_next(calendar, interval, ts_us, &cursor, &times))
                    continue;
                CHECK(times.open_us >= known_us);
                known_us = times.known_us;
            }
        }
    }
}

int main(void)
{
    static const tap_case cases[] = {
        {"/calendar/names", names},
        {"/calendar/covers", covers},
        {"/calendar/xnys/golden", xnys_golden},
        {"/calendar/xnys/announced", xnys_announced},
        {"/calendar/xnys/oracle", xnys_oracle},
        {"/calendar/xnys/lean-holidays", xnys_lean_holidays},
        {"/calendar/xnys/lean-early-closes", xnys_lean_early},
        {"/calendar/xnys/daylight-saving", daylight_saving},
        {"/calendar/extremes", extremes},
        {"/calendar/bars/cases", bar_time_cases},
        {"/calendar/bars/expected-minutes", expected_equals_count},
        {"/calendar/bars/expected-days", expected_days_and_weeks},
        {"/calendar/bars/follow", bars_follow_each_other},
    };
    return tap_run(cases, COUNT_OF(cases));
}
