/* Calendars that the user brings: lists of sessions, and known ones with changes. */
#include "allocations.h"
#include "core/market/market.h"
#include "tap.h"

#include <time.h>
#include <zlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static int64_t instant_of(const char *text)
{
    int64_t us = 0;
    CHECK_OK(qb_time_from_text(text, strlen(text), &us));
    return us;
}

static int32_t date_of(const char *text)
{
    return qb_date_from_us(instant_of(text));
}

/* ---- lists from the shared data ----------------------------------------------------------- */

/* The expected sessions of exchange_calendars (Apache-2.0), and the wall clock of each. */
typedef struct list {
    qb_session *sessions;
    int64_t *offsets_us;
    size_t count;
} list;

#define LIST_ROWS 20000

static void list_clear(list *self)
{
    free(self->sessions);
    free(self->offsets_us);
}

/* Of a zone of the system's database, which TZ names. */
static int64_t zone_offset_us(int64_t instant_us)
{
    time_t at = instant_us / QB_SECOND_US;
    struct tm tm;
    localtime_r(&at, &tm);
    return tm.tm_gmtoff * QB_SECOND_US;
}

static bool has_zone(const char *zone, int summer_hours)
{
    setenv("TZ", zone, 1);
    tzset();
    return zone_offset_us(instant_of("2020-07-01")) == summer_hours * QB_HOUR_US;
}

static bool read_list(const char *name, list *out)
{
    char path[4096], line[256];
    snprintf(path, sizeof path, "%s/data/calendars/%s_sessions.csv.gz", tap_shared(), name);
    gzFile file = gzopen(path, "rb");
    CHECK(file != NULL);
    if (file == NULL)
        return false;
    *out = (list){calloc(LIST_ROWS, sizeof *out->sessions), calloc(LIST_ROWS, sizeof(int64_t)), 0};
    CHECK(gzgets(file, line, sizeof line) != NULL);
    CHECK_TEXT(line, "session,open,close,break_start,break_end\n");
    while (gzgets(file, line, sizeof line) != NULL && out->count < LIST_ROWS) {
        char *rest = line;
        line[strcspn(line, "\r\n")] = '\0';
        qb_session *session = &out->sessions[out->count];
        session->date = date_of(strsep(&rest, ","));
        session->open_us = instant_of(strsep(&rest, ","));
        session->close_us = instant_of(strsep(&rest, ","));
        char *start = strsep(&rest, ","), *end = strsep(&rest, ",");
        session->break_start_us = *start != '\0' ? instant_of(start) : 0;
        session->break_end_us = *end != '\0' ? instant_of(end) : 0;
        out->offsets_us[out->count++] = zone_offset_us(session->open_us);
    }
    gzclose(file);
    return out->count > 0;
}

static const struct {
    const char *name, *zone;
    int summer_hours; /* of the zone, from UTC */
    size_t rows;
    int periods;
} shared_lists[] = {
    {"XLON", "Europe/London", 1, 8515, 252},     {"XHKG", "Asia/Hong_Kong", 8, 8803, 252},
    {"CMES", "America/Chicago", -5, 9682, 252},  {"24-7", "UTC", 0, 366, 365},
    {"XNYS", "America/New_York", -4, 8324, 252},
};

/* ---- the plain walk ----------------------------------------------------------------------- */

/* Minutes with trading in them, one byte each: nothing of the code under test. */
typedef struct minutes {
    uint8_t *trading;
    int64_t from_us, count;
} minutes;

static minutes minutes_of(const list *list)
{
    minutes all = {.from_us = list->sessions[0].open_us - 3 * QB_DAY_US};
    all.from_us -= all.from_us % QB_DAY_US;
    all.count = (list->sessions[list->count - 1].close_us + 3 * QB_DAY_US - all.from_us) /
                QB_MINUTE_US;
    all.trading = calloc((size_t)all.count, 1);
    for (size_t i = 0; i < list->count; i++) {
        const qb_session *session = &list->sessions[i];
        for (int64_t at = session->open_us; at < session->close_us; at += QB_MINUTE_US)
            if (at < session->break_start_us || at >= session->break_end_us)
                all.trading[(at - all.from_us) / QB_MINUTE_US] = 1;
    }
    return all;
}

/* The bar's times from its minutes. *hint: the first session that closes after ts. */
static bool bar_plainly(const list *list, const minutes *all, int64_t ts_us, int64_t length_us,
                        size_t *hint, qb_bar_time *out)
{
    while (*hint < list->count && list->sessions[*hint].close_us <= ts_us)
        ++*hint;
    if (*hint == list->count)
        return false;
    int64_t wall_us = ts_us + list->offsets_us[*hint] + 10000 * QB_DAY_US;
    if (wall_us % QB_DAY_US % length_us != 0)
        return false;
    int64_t first = (ts_us - all->from_us) / QB_MINUTE_US, length = length_us / QB_MINUTE_US;
    int64_t open = -1, last = -1;
    for (int64_t m = first; m < first + length && m < all->count; m++) {
        if (all->trading[m] == 0)
            continue;
        open = open < 0 ? m : open;
        last = m;
    }
    if (open < 0)
        return false;
    size_t session = *hint;
    while (list->sessions[session].close_us <= all->from_us + last * QB_MINUTE_US)
        session++;
    int64_t end_us = ts_us + length_us, close_us = list->sessions[session].close_us;
    *out = (qb_bar_time){all->from_us + open * QB_MINUTE_US, end_us < close_us ? end_us : close_us};
    return true;
}

/* Every stamp at that step from the first session to the last: its bar, and the months' counts. */
static void walk_whole(const list *list, const minutes *all, const qb_calendar *calendar,
                       qb_interval interval, int64_t step_us)
{
    int64_t length_us = qb_interval_us(interval), month_us = all->from_us;
    int64_t end_us = all->from_us + all->count * QB_MINUTE_US - length_us;
    size_t hint = 0, in_month = 0, wrong = 0, total = 0;
    qb_session_cursor cursor = {0};
    for (int64_t ts_us = all->from_us; ts_us <= end_us; ts_us += step_us) {
        if (ts_us - month_us >= 30 * QB_DAY_US || ts_us + step_us > end_us) {
            /* The last stamps of all are days after the last session. */
            wrong += qb_expected_bars(calendar, interval, month_us, ts_us) != in_month;
            month_us = ts_us;
            in_month = 0;
        }
        qb_bar_time want = {0}, got = {0};
        bool fits = bar_plainly(list, all, ts_us, length_us, &hint, &want);
        wrong += qb_bar_times_next(calendar, interval, ts_us, &cursor, &got) != fits;
        wrong += got.open_us != want.open_us || got.known_us != want.known_us;
        in_month += fits;
        total += fits;
    }
    CHECK_INT(wrong, 0);
    CHECK_INT(qb_expected_bars(calendar, interval, INT64_MIN, INT64_MAX), total);
}

/* Sessions, their absence, dates and coverage, day by day. */
static void walk_days(const list *list, const qb_calendar *calendar)
{
    size_t next = 0, wrong = 0, weeks = 0;
    int32_t first = list->sessions[0].date, last = list->sessions[list->count - 1].date;
    int32_t counted_monday = INT32_MIN;
    qb_session_cursor cursor = {0};
    for (int32_t date = first - 40; date <= last + 40; date++) {
        qb_session session;
        qb_bar_time day = {0};
        bool listed = next < list->count && list->sessions[next].date == date;
        wrong += qb_calendar_session(calendar, date, &session) != listed;
        wrong += qb_calendar_covers(calendar, date) != (date >= first && date <= last);
        wrong += qb_bar_times_next(calendar, QB_1D, date * QB_DAY_US, &cursor, &day) != listed;
        if (!listed)
            continue;
        const qb_session *want = &list->sessions[next++];
        wrong += memcmp(want, &session, sizeof session) != 0;
        wrong += day.open_us != want->open_us || day.known_us != want->close_us;
        wrong += qb_calendar_date(calendar, want->open_us) != date;
        wrong += qb_calendar_date(calendar, want->close_us - 1) != date;
        wrong += qb_calendar_offset_us(calendar, want->open_us) != list->offsets_us[next - 1];
        weeks += date - qb_weekday(date) != counted_monday;
        counted_monday = date - qb_weekday(date);
    }
    CHECK_INT(wrong, 0);
    CHECK_INT(next, list->count);
    CHECK_INT(qb_expected_bars(calendar, QB_1D, INT64_MIN, INT64_MAX), list->count);
    CHECK_INT(qb_expected_bars(calendar, QB_1W, INT64_MIN, INT64_MAX), weeks);
}

static void shared_sessions(void)
{
    if (tap_shared() == NULL)
        SKIP("no shared data: QUANTBOT_SHARED");
    for (size_t i = 0; i < COUNT_OF(shared_lists); i++) {
        list list = {0};
        qb_calendar *calendar = NULL;
        if (!has_zone(shared_lists[i].zone, shared_lists[i].summer_hours))
            SKIP("no zone database: tzdata");
        if (!read_list(shared_lists[i].name, &list))
            return;
        CHECK_INT(list.count, shared_lists[i].rows);
        CHECK_OK(qb_calendar_new(shared_lists[i].name, list.sessions, list.offsets_us, list.count,
                                 shared_lists[i].periods, &calendar));
        CHECK_TEXT(qb_calendar_name(calendar), shared_lists[i].name);
        CHECK_INT(qb_calendar_periods(calendar), shared_lists[i].periods);
        walk_days(&list, calendar);
        minutes all = minutes_of(&list);
        walk_whole(&list, &all, calendar, QB_1M, QB_MINUTE_US);
        for (qb_interval interval = QB_5M; interval < QB_1D; interval++)
            walk_whole(&list, &all, calendar, interval, 5 * QB_MINUTE_US);
        free(all.trading);
        qb_calendar_free(calendar);
        list_clear(&list);
    }
}

/* The list of XNYS and its rules say the same of every bar and every count. */
static void list_equals_rule(void)
{
    if (tap_shared() == NULL)
        SKIP("no shared data: QUANTBOT_SHARED");
    if (!has_zone("America/New_York", -4))
        SKIP("no zone database: tzdata");
    list list = {0};
    qb_calendar *listed = NULL;
    const qb_calendar *rule = qb_calendar_find("XNYS");
    if (!read_list("XNYS", &list))
        return;
    CHECK_OK(qb_calendar_new("XNYS", list.sessions, list.offsets_us, list.count, 252, &listed));
    const qb_calendars mine = {(const qb_calendar *const[]){listed}, 1};
    CHECK(qb_calendars_find(&mine, "xnys") == listed);
    CHECK(qb_calendars_find(&mine, "24/7") == qb_calendar_find("24/7"));
    CHECK(qb_calendars_find(NULL, "XNYS") == rule);
    qb_random random = {3};
    int64_t first_us = instant_of("1990-01-02"),
            days = date_of("2023-01-13") - date_of("1990-01-02");
    for (int round = 0; round < 2000; round++) {
        qb_interval interval = (qb_interval)(round % QB_INTERVAL_COUNT);
        int64_t from_us = first_us +
                          (int64_t)(qb_random_unit(&random) * (double)days * 1440) * QB_MINUTE_US;
        int64_t to_us = from_us + (int64_t)(qb_random_next(&random) % 100000) * QB_MINUTE_US;
        to_us = to_us < instant_of("2023-01-13") ? to_us : instant_of("2023-01-13");
        CHECK_INT(qb_expected_bars(listed, interval, from_us, to_us),
                  qb_expected_bars(rule, interval, from_us, to_us));
        qb_bar_time a = {0}, b = {0};
        CHECK_INT(qb_bar_times(listed, interval, from_us, &a),
                  qb_bar_times(rule, interval, from_us, &b));
        CHECK(a.open_us == b.open_us && a.known_us == b.known_us);
        CHECK_INT(qb_stamp_check(listed, interval, from_us),
                  qb_stamp_check(rule, interval, from_us));
    }
    qb_calendar_free(listed);
    list_clear(&list);
}

/* ---- by hand ------------------------------------------------------------------------------ */

#define AT(text) instant_of(text)

typedef struct bar_case {
    qb_interval interval;
    const char *ts, *open, *known; /* open NULL: none, known says why */
} bar_case;

static void check_bars(const qb_calendar *calendar, const bar_case *cases, size_t count)
{
    static const char *const why[] = {"fits", "grid", "closed", "outside"};
    for (size_t i = 0; i < count; i++) {
        qb_bar_time times = {1, 2};
        int failed_before = tap_failed;
        int64_t ts_us = instant_of(cases[i].ts);
        bool fits = qb_bar_times(calendar, cases[i].interval, ts_us, &times);
        CHECK_INT(fits, cases[i].open != NULL);
        CHECK_INT(times.open_us, fits ? instant_of(cases[i].open) : 1);
        CHECK_INT(times.known_us, fits ? instant_of(cases[i].known) : 2);
        CHECK_TEXT(why[qb_stamp_check(calendar, cases[i].interval, ts_us)],
                   fits ? "fits" : cases[i].known);
        if (tap_failed > failed_before)
            printf("# in case %s %s\n", qb_interval_text(cases[i].interval), cases[i].ts);
    }
}

/* Hong Kong, 2024-01-02 and -03: 09:30 to 16:00 with a break 12:00 to 13:00, UTC+8; then a half
 * day, as the shared list has 2024-02-09. */
static void lunch(void)
{
    const qb_session sessions[] = {
        {date_of("2024-01-02"), AT("2024-01-02T01:30"), AT("2024-01-02T08:00"),
         AT("2024-01-02T04:00"), AT("2024-01-02T05:00"), false},
        {date_of("2024-01-03"), AT("2024-01-03T01:30"), AT("2024-01-03T04:00"), 0, 0, true},
    };
    const int64_t offsets_us[] = {8 * QB_HOUR_US, 8 * QB_HOUR_US};
    qb_calendar *calendar = NULL;
    CHECK_OK(qb_calendar_new("XHKG", sessions, offsets_us, 2, 252, &calendar));
    static const bar_case cases[] = {
        {QB_1H, "2024-01-02T01:00", "2024-01-02T01:30", "2024-01-02T02:00"},
        {QB_1H, "2024-01-02T03:00", "2024-01-02T03:00", "2024-01-02T04:00"},
        {QB_1H, "2024-01-02T04:00", NULL, "outside"}, /* wholly in the break */
        {QB_1H, "2024-01-02T05:00", "2024-01-02T05:00", "2024-01-02T06:00"},
        {QB_1H, "2024-01-02T08:00", NULL, "outside"},
        {QB_30M, "2024-01-02T04:30", NULL, "outside"},
        {QB_1M, "2024-01-02T04:59", NULL, "outside"},
        {QB_1M, "2024-01-02T05:00", "2024-01-02T05:00", "2024-01-02T05:01"},
        {QB_4H, "2024-01-02T00:00", "2024-01-02T01:30", "2024-01-02T04:00"}, /* 08:00 to noon */
        {QB_4H, "2024-01-02T04:00", "2024-01-02T05:00", "2024-01-02T08:00"}, /* from the break on */
        {QB_4H, "2024-01-03T00:00", "2024-01-03T01:30", "2024-01-03T04:00"},
        {QB_4H, "2024-01-03T04:00", NULL, "outside"},
        {QB_1D, "2024-01-03", "2024-01-03T01:30", "2024-01-03T04:00"},
        {QB_1D, "2024-01-04", NULL, "closed"},
        {QB_1W, "2024-01-01", "2024-01-02T01:30", "2024-01-03T04:00"},
        {QB_1W, "2024-01-08", NULL, "closed"},
    };
    check_bars(calendar, cases, COUNT_OF(cases));
    /* Five and a half hours of minutes, 330, and two and a half, 150; of hours 6 and 3. */
    CHECK_INT(qb_expected_bars(calendar, QB_1M, AT("2024-01-02"), AT("2024-01-03")), 330);
    CHECK_INT(qb_expected_bars(calendar, QB_1M, AT("2024-01-03"), AT("2024-01-04")), 150);
    CHECK_INT(qb_expected_bars(calendar, QB_1H, AT("2024-01-02"), AT("2024-01-03")), 6);
    CHECK_INT(qb_expected_bars(calendar, QB_1H, AT("2024-01-03"), AT("2024-01-04")), 3);
    qb_calendar_free(calendar);
}

/* CME, 17:00 to 17:00 of Chicago: the session of Tuesday 2024-01-09 opens on Monday at 23:00 UTC.
 * A bar of four hours stands at 16:00 and holds both sides of 17:00. */
static void opens_the_day_before(void)
{
    const qb_session sessions[] = {
        {date_of("2024-01-08"), AT("2024-01-07T23:00"), AT("2024-01-08T23:00"), 0, 0, false},
        {date_of("2024-01-09"), AT("2024-01-08T23:00"), AT("2024-01-09T23:00"), 0, 0, false},
    };
    const int64_t offsets_us[] = {-6 * QB_HOUR_US, -6 * QB_HOUR_US};
    qb_calendar *calendar = NULL;
    CHECK_OK(qb_calendar_new("CMES", sessions, offsets_us, 2, 252, &calendar));
    static const bar_case cases[] = {
        {QB_1D, "2024-01-08", "2024-01-07T23:00", "2024-01-08T23:00"},
        {QB_1D, "2024-01-09", "2024-01-08T23:00", "2024-01-09T23:00"},
        {QB_1W, "2024-01-08", "2024-01-07T23:00", "2024-01-09T23:00"},
        {QB_1H, "2024-01-07T22:00", NULL, "closed"},
        {QB_1H, "2024-01-07T23:00", "2024-01-07T23:00", "2024-01-08T00:00"},
        {QB_1H, "2024-01-08T22:00", "2024-01-08T22:00", "2024-01-08T23:00"},
        {QB_1H, "2024-01-08T23:00", "2024-01-08T23:00", "2024-01-09T00:00"},
        {QB_1H, "2024-01-09T23:00", NULL, "outside"},
        {QB_4H, "2024-01-07T22:00", "2024-01-07T23:00", "2024-01-08T02:00"},
        {QB_4H, "2024-01-08T22:00", "2024-01-08T22:00", "2024-01-09T02:00"}, /* both sides */
        {QB_4H, "2024-01-09T22:00", "2024-01-09T22:00", "2024-01-09T23:00"},
        {QB_4H, "2024-01-08T23:00", NULL, "grid"},
    };
    check_bars(calendar, cases, COUNT_OF(cases));
    CHECK_INT(qb_expected_bars(calendar, QB_1H, INT64_MIN, INT64_MAX), 48);
    /* 16:00 of Sunday to 16:00 of Tuesday, every four hours. */
    CHECK_INT(qb_expected_bars(calendar, QB_4H, INT64_MIN, INT64_MAX), 13);
    CHECK_INT(qb_calendar_date(calendar, AT("2024-01-08T22:59:59")), date_of("2024-01-08"));
    CHECK_INT(qb_calendar_date(calendar, AT("2024-01-08T23:00")), date_of("2024-01-09"));
    CHECK_INT(qb_calendar_date(calendar, AT("2024-01-07T12:00")), date_of("2024-01-07"));
    qb_calendar_free(calendar);
}

/* Clocks change: New York on 2024-03-10 and 2024-11-03, Europe on 2024-03-31 and 2024-10-27. The
 * sessions about them keep their wall clock, so their bars move by an hour of UTC. */
static void clocks_change(void)
{
    static const bar_case new_york[] = {
        {QB_1H, "2024-03-08T14:00", "2024-03-08T14:30", "2024-03-08T15:00"},
        {QB_1H, "2024-03-08T13:00", NULL, "outside"},
        {QB_1H, "2024-03-10T14:00", NULL, "closed"},
        {QB_1H, "2024-03-11T13:00", "2024-03-11T13:30", "2024-03-11T14:00"},
        {QB_1H, "2024-03-11T20:00", NULL, "outside"},
        {QB_4H, "2024-03-08T13:00", "2024-03-08T14:30", "2024-03-08T17:00"},
        {QB_4H, "2024-03-11T12:00", "2024-03-11T13:30", "2024-03-11T16:00"},
        {QB_1H, "2024-11-01T13:00", "2024-11-01T13:30", "2024-11-01T14:00"},
        {QB_1H, "2024-11-04T14:00", "2024-11-04T14:30", "2024-11-04T15:00"},
        {QB_1H, "2024-11-04T13:00", NULL, "outside"},
        {QB_1H, "2024-11-04T20:00", "2024-11-04T20:00", "2024-11-04T21:00"},
        {QB_4H, "2024-11-04T13:00", "2024-11-04T14:30", "2024-11-04T17:00"},
    };
    check_bars(qb_calendar_find("XNYS"), new_york, COUNT_OF(new_york));

    const qb_session sessions[] = {
        {date_of("2024-03-28"), AT("2024-03-28T08:00"), AT("2024-03-28T16:30"), 0, 0, false},
        {date_of("2024-04-02"), AT("2024-04-02T07:00"), AT("2024-04-02T15:30"), 0, 0, false},
        {date_of("2024-10-25"), AT("2024-10-25T07:00"), AT("2024-10-25T15:30"), 0, 0, false},
        {date_of("2024-10-28"), AT("2024-10-28T08:00"), AT("2024-10-28T16:30"), 0, 0, false},
    };
    const int64_t offsets_us[] = {0, QB_HOUR_US, QB_HOUR_US, 0};
    qb_calendar *london = NULL;
    CHECK_OK(qb_calendar_new("XLON", sessions, offsets_us, 4, 252, &london));
    static const bar_case bars[] = {
        {QB_4H, "2024-03-28T08:00", "2024-03-28T08:00", "2024-03-28T12:00"},
        {QB_4H, "2024-03-28T16:00", "2024-03-28T16:00", "2024-03-28T16:30"},
        {QB_4H, "2024-04-02T07:00", "2024-04-02T07:00", "2024-04-02T11:00"},
        {QB_4H, "2024-04-02T08:00", NULL, "grid"},
        {QB_1H, "2024-04-02T15:00", "2024-04-02T15:00", "2024-04-02T15:30"},
        {QB_1H, "2024-10-25T07:00", "2024-10-25T07:00", "2024-10-25T08:00"},
        {QB_1H, "2024-10-28T07:00", NULL, "outside"},
        {QB_4H, "2024-10-28T08:00", "2024-10-28T08:00", "2024-10-28T12:00"},
        {QB_1H, "2024-10-28T16:00", "2024-10-28T16:00", "2024-10-28T16:30"},
    };
    check_bars(london, bars, COUNT_OF(bars));
    qb_calendar_free(london);
}

/* ---- what is refused ---------------------------------------------------------------------- */

static void refused(void)
{
    const int64_t hour = QB_HOUR_US, day = QB_DAY_US;
    const struct {
        const char *what;
        qb_session sessions[2];
        size_t count;
        qb_status status;
    } cases[] = {
        {"none", {{0}}, 0, QB_OUT_OF_RANGE},
        {"closes as it opens", {{1, day, day, 0, 0, 0}}, 1, QB_OUT_OF_ORDER},
        {"closes before it opens", {{1, day + hour, day, 0, 0, 0}}, 1, QB_OUT_OF_ORDER},
        {"one date twice",
         {{1, day, day + 1, 0, 0, 0}, {1, day + 1, day + 2, 0, 0, 0}},
         2,
         QB_OUT_OF_ORDER},
        {"dates descend",
         {{2, day, day + 1, 0, 0, 0}, {1, day + 1, day + 2, 0, 0, 0}},
         2,
         QB_OUT_OF_ORDER},
        {"they overlap",
         {{1, day, day + 2, 0, 0, 0}, {2, day + 1, day + 3, 0, 0, 0}},
         2,
         QB_OUT_OF_ORDER},
        {"far from its date", {{100, day, day + hour, 0, 0, 0}}, 1, QB_OUT_OF_RANGE},
        {"break outside",
         {{1, day, day + hour, day + hour, day + 2 * hour, 0}},
         1,
         QB_OUT_OF_ORDER},
        {"break backwards",
         {{1, day, day + 5 * hour, day + 2 * hour, day + hour, 0}},
         1,
         QB_OUT_OF_ORDER},
        {"break from the open", {{1, day, day + 5 * hour, day, day + hour, 0}}, 1, QB_OUT_OF_ORDER},
        {"date without end", {{INT32_MAX, day, day + hour, 0, 0, 0}}, 1, QB_OUT_OF_RANGE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        qb_calendar *calendar = NULL;
        int failed_before = tap_failed;
        CHECK_INT(qb_calendar_new("X", cases[i].sessions, NULL, cases[i].count, 252, &calendar),
                  cases[i].status);
        CHECK(calendar == NULL);
        if (tap_failed > failed_before)
            printf("# in case %s\n", cases[i].what);
    }
    const qb_session one = {1, day, day + hour, 0, 0, false};
    const int64_t offset_us = day;
    qb_calendar *calendar = NULL;
    CHECK_INT(qb_calendar_new("", &one, NULL, 1, 252, &calendar), QB_OUT_OF_RANGE);
    CHECK_INT(qb_calendar_new("1234567890123456", &one, NULL, 1, 252, &calendar), QB_OUT_OF_RANGE);
    CHECK_INT(qb_calendar_new("X", &one, NULL, 1, 0, &calendar), QB_OUT_OF_RANGE);
    CHECK_INT(qb_calendar_new("X", &one, NULL, 1, 367, &calendar), QB_OUT_OF_RANGE);
    CHECK_INT(qb_calendar_new("X", &one, &offset_us, 1, 252, &calendar), QB_OUT_OF_RANGE);
    CHECK(calendar == NULL);
    qb_calendar_free(NULL);
}

/* ---- changes ------------------------------------------------------------------------------ */

static void amended_rule(void)
{
    const qb_calendar *xnys = qb_calendar_find("XNYS");
    const qb_session_change changes[] = {
        {date_of("2027-01-08"), 0},
        {date_of("2027-01-09"), 0}, /* a Saturday */
        {date_of("2027-07-02"), 13 * 60},
    };
    qb_calendar *calendar = NULL, *again = NULL;
    CHECK_OK(qb_calendar_amend(xnys, changes, COUNT_OF(changes), &calendar));
    CHECK_TEXT(qb_calendar_name(calendar), "XNYS");
    int differ = 0;
    for (int32_t date = date_of("1989-01-01"); date <= date_of("2031-12-31"); date++) {
        qb_session ours = {0}, theirs = {0};
        bool open = qb_calendar_session(calendar, date, &ours);
        differ += open != qb_calendar_session(xnys, date, &theirs) ||
                  memcmp(&ours, &theirs, sizeof ours) != 0;
        CHECK_INT(qb_calendar_covers(calendar, date), qb_calendar_covers(xnys, date));
    }
    CHECK_INT(differ, 2);
    static const bar_case bars[] = {
        {QB_1D, "2027-01-08", NULL, "closed"},
        {QB_1H, "2027-01-08T15:00", NULL, "closed"},
        {QB_1D, "2027-07-02", "2027-07-02T13:30", "2027-07-02T17:00"},
        {QB_1H, "2027-07-02T16:00", "2027-07-02T16:00", "2027-07-02T17:00"},
        {QB_1H, "2027-07-02T17:00", NULL, "outside"},
        {QB_1W, "2027-01-04", "2027-01-04T14:30", "2027-01-07T21:00"},
    };
    check_bars(calendar, bars, COUNT_OF(bars));
    int64_t from_us = AT("2027-01-01"), to_us = AT("2028-01-01");
    CHECK_INT(qb_expected_bars(calendar, QB_1M, from_us, to_us),
              qb_expected_bars(xnys, QB_1M, from_us, to_us) - 390 - 180);

    /* A change over a change: the newer holds. */
    const qb_session_change more[] = {{date_of("2027-01-08"), 14 * 60},
                                      {date_of("2027-12-31"), 13 * 60}};
    qb_session session = {0};
    CHECK_OK(qb_calendar_amend(calendar, more, COUNT_OF(more), &again));
    CHECK(qb_calendar_session(again, date_of("2027-01-08"), &session) && session.early_close);
    CHECK_INT(session.close_us, AT("2027-01-08T19:00"));
    CHECK(qb_calendar_session(again, date_of("2027-07-02"), &session) && session.early_close);
    CHECK(qb_calendar_session(again, date_of("2027-12-31"), &session) && session.early_close);
    qb_calendar_free(again);
    qb_calendar_free(calendar);

    CHECK_OK(qb_calendar_amend(xnys, NULL, 0, &calendar));
    CHECK_INT(qb_expected_bars(calendar, QB_1D, from_us, to_us),
              qb_expected_bars(xnys, QB_1D, from_us, to_us));
    qb_calendar_free(calendar);
}

static void amended_always(void)
{
    const qb_session_change changes[] = {{date_of("2024-05-01"), 0}, {date_of("2024-05-03"), 90}};
    qb_calendar *calendar = NULL;
    CHECK_OK(qb_calendar_amend(qb_calendar_find("24/7"), changes, 2, &calendar));
    CHECK_INT(qb_calendar_periods(calendar), 365);
    int64_t from_us = AT("2024-05-01"), to_us = AT("2024-05-08");
    CHECK_INT(qb_expected_bars(calendar, QB_1D, from_us, to_us), 6);
    CHECK_INT(qb_expected_bars(calendar, QB_1H, from_us, to_us), 5 * 24 + 2);
    CHECK_INT(qb_expected_bars(calendar, QB_1M, from_us, to_us), 5 * 1440 + 90);
    static const bar_case bars[] = {
        {QB_1H, "2024-05-03T01:00", "2024-05-03T01:00", "2024-05-03T01:30"},
        {QB_1H, "2024-05-03T02:00", NULL, "outside"},
        {QB_1H, "2024-05-01T02:00", NULL, "closed"},
        {QB_1D, "2024-05-03", "2024-05-03", "2024-05-03T01:30"},
    };
    check_bars(calendar, bars, COUNT_OF(bars));
    qb_calendar_free(calendar);
}

static void amended_list(void)
{
    const qb_session sessions[] = {
        {date_of("2024-01-02"), AT("2024-01-02T01:30"), AT("2024-01-02T08:00"),
         AT("2024-01-02T04:00"), AT("2024-01-02T05:00"), false},
        {date_of("2024-01-03"), AT("2024-01-03T01:30"), AT("2024-01-03T08:00"),
         AT("2024-01-03T04:00"), AT("2024-01-03T05:00"), false},
        {date_of("2024-01-04"), AT("2024-01-04T01:30"), AT("2024-01-04T08:00"),
         AT("2024-01-04T04:00"), AT("2024-01-04T05:00"), false},
    };
    const int64_t offsets_us[] = {8 * QB_HOUR_US, 8 * QB_HOUR_US, 8 * QB_HOUR_US};
    const qb_session_change changes[] = {
        {date_of("2024-01-02"), 12 * 60 + 30}, /* in the break: it ends at noon */
        {date_of("2024-01-03"), 0},
        {date_of("2024-01-04"), 15 * 60},
    };
    qb_calendar *base = NULL, *calendar = NULL;
    qb_session session = {0};
    CHECK_OK(qb_calendar_new("XHKG", sessions, offsets_us, 3, 252, &base));
    CHECK_OK(qb_calendar_amend(base, changes, 3, &calendar));
    CHECK(qb_calendar_session(calendar, date_of("2024-01-02"), &session) && session.early_close);
    CHECK_INT(session.close_us, AT("2024-01-02T04:00"));
    CHECK_INT(session.break_end_us - session.break_start_us, 0);
    CHECK(!qb_calendar_session(calendar, date_of("2024-01-03"), &session));
    CHECK(qb_calendar_session(calendar, date_of("2024-01-04"), &session));
    CHECK_INT(session.close_us, AT("2024-01-04T07:00"));
    CHECK_INT(session.break_end_us - session.break_start_us, QB_HOUR_US);
    qb_calendar_free(calendar);

    const qb_session_change all[] = {
        {date_of("2024-01-02"), 0}, {date_of("2024-01-03"), 0}, {date_of("2024-01-04"), 0}};
    calendar = NULL;
    CHECK_INT(qb_calendar_amend(base, all, 3, &calendar), QB_OUT_OF_RANGE);
    CHECK(calendar == NULL);
    qb_calendar_free(base);
}

static void changes_refused(void)
{
    const qb_calendar *xnys = qb_calendar_find("XNYS");
    const struct {
        qb_session_change changes[2];
        size_t count;
        qb_status status;
    } cases[] = {
        {{{20000, -1}}, 1, QB_OUT_OF_RANGE},
        {{{20000, 1441}}, 1, QB_OUT_OF_RANGE},
        {{{20000, 9 * 60 + 30}}, 1, QB_OUT_OF_RANGE}, /* 2024-10-04, as it opens */
        {{{20000, 0}, {20000, 0}}, 2, QB_OUT_OF_ORDER},
        {{{20000, 0}, {19999, 0}}, 2, QB_OUT_OF_ORDER},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        qb_calendar *calendar = NULL;
        CHECK_INT(qb_calendar_amend(xnys, cases[i].changes, cases[i].count, &calendar),
                  cases[i].status);
        CHECK(calendar == NULL);
    }
}

/* ---- anything at all ---------------------------------------------------------------------- */

/* A list of odd sessions: long and short ones, breaks, gaps or none, clocks that move. */
static void make_list(qb_random *random, list *out)
{
    *out = (list){calloc(40, sizeof *out->sessions), calloc(40, sizeof(int64_t)), 0};
    int64_t at = 19700 * QB_DAY_US;
    int32_t date = 19700;
    static const int64_t offsets[] = {0, -6 * 60, 8 * 60, 5 * 60 + 30, -210, 13 * 60};
    int64_t offset = offsets[qb_random_next(random) % COUNT_OF(offsets)];
    for (int i = 0; i < 40; i++) {
        int64_t length = 1 + (int64_t)(qb_random_next(random) % (i % 3 == 0 ? 200 : 1700));
        qb_session *session = &out->sessions[out->count];
        if (at < (date - 2) * QB_DAY_US) /* labels run ahead of what they name */
            at = (date - 2) * QB_DAY_US;
        *session =
            (qb_session){.date = date, .open_us = at, .close_us = at + length * QB_MINUTE_US};
        if (length > 10 && qb_random_next(random) % 2) {
            int64_t pause = 1 + (int64_t)(qb_random_next(random) % (uint64_t)(length - 3));
            session->break_start_us = at + pause * QB_MINUTE_US;
            session->break_end_us =
                session->break_start_us +
                (1 + (int64_t)(qb_random_next(random) % (uint64_t)(length - pause - 1))) *
                    QB_MINUTE_US;
        }
        if (qb_random_next(random) % 8 == 0)
            offset += 60 * ((int64_t)(qb_random_next(random) % 3) - 1);
        out->offsets_us[out->count++] = offset * QB_MINUTE_US;
        at = session->close_us;
        at += qb_random_next(random) % 2 ? (int64_t)(qb_random_next(random) % 900) * QB_MINUTE_US
                                         : 0;
        date = qb_date_from_us(at) > date ? qb_date_from_us(at) : date + 1;
    }
}

static void any_list(void)
{
    qb_random random = {21};
    for (int round = 0; round < 60; round++) {
        list list;
        qb_calendar *calendar = NULL;
        make_list(&random, &list);
        CHECK_OK(
            qb_calendar_new("odd", list.sessions, list.offsets_us, list.count, 252, &calendar));
        minutes all = minutes_of(&list);
        for (qb_interval interval = QB_1M; interval < QB_1D; interval++)
            walk_whole(&list, &all, calendar, interval, QB_MINUTE_US);
        walk_days(&list, calendar);
        for (int i = 0; i < 200; i++) {
            qb_interval interval = (qb_interval)(qb_random_next(&random) % QB_INTERVAL_COUNT);
            int64_t ts_us = all.from_us +
                            (int64_t)(qb_random_next(&random) % (uint64_t)all.count) * QB_MINUTE_US;
            qb_bar_time times;
            CHECK_INT(qb_stamp_check(calendar, interval, ts_us) == QB_STAMP_FITS,
                      qb_bar_times(calendar, interval, ts_us, &times));
            CHECK_INT(qb_expected_bars(calendar, interval, ts_us, ts_us + 1),
                      qb_bar_times(calendar, interval, ts_us, &times));
        }
        free(all.trading);
        qb_calendar_free(calendar);
        list_clear(&list);
    }
}

/* Instants at both ends of time overflow nothing (the sanitizer sees to that). */
static void extremes(void)
{
    const int32_t far = QB_CALENDAR_DAYS - QB_SESSION_REACH - 1;
    const qb_session sessions[] = {
        {-far, -far * QB_DAY_US, -far * QB_DAY_US + QB_HOUR_US, 0, 0, false},
        {far, far * QB_DAY_US, far * QB_DAY_US + QB_HOUR_US, 0, 0, false},
    };
    static const int64_t instants[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX};
    qb_calendar *calendar = NULL;
    CHECK_OK(qb_calendar_new("far", sessions, NULL, 2, 252, &calendar));
    for (size_t i = 0; i < COUNT_OF(instants); i++) {
        CHECK_INT(qb_calendar_date(calendar, instants[i]), qb_date_from_us(instants[i]));
        for (qb_interval interval = QB_1M; interval < QB_INTERVAL_COUNT; interval++) {
            qb_bar_time times;
            CHECK(!qb_bar_times(calendar, interval, instants[i], &times));
            qb_stamp_check(calendar, interval, instants[i]);
        }
    }
    CHECK_INT(qb_expected_bars(calendar, QB_1M, INT64_MIN, INT64_MAX), 120);
    CHECK_INT(qb_expected_bars(calendar, QB_1W, INT64_MIN, INT64_MAX), 2);
    qb_session session;
    CHECK(!qb_calendar_session(calendar, INT32_MIN, &session));
    CHECK(!qb_calendar_session(calendar, INT32_MAX, &session));
    qb_calendar_free(calendar);
}

/* ---- memory ------------------------------------------------------------------------------- */

static void allocations_fail(void)
{
    const qb_session session = {1, QB_DAY_US, QB_DAY_US + QB_HOUR_US, 0, 0, false};
    const qb_session_change change = {1, 0}, early = {1, 30};
    for (int failing = 0;; failing++) {
        qb_calendar *list = NULL, *shorter = NULL, *rule = NULL;
        allocations_begin(failing);
        qb_status status = qb_calendar_new("X", &session, NULL, 1, 252, &list);
        if (status == QB_OK)
            status = qb_calendar_amend(list, &early, 1, &shorter);
        if (status == QB_OK)
            status = qb_calendar_amend(qb_calendar_find("XNYS"), &change, 1, &rule);
        CHECK_INT(status, allocations_failed() ? QB_NO_MEMORY : QB_OK);
        bool failed = allocations_failed();
        qb_calendar_free(list);
        qb_calendar_free(shorter);
        qb_calendar_free(rule);
        CHECK_INT(allocations_end(), 0);
        if (!failed)
            break;
    }
}

int main(void)
{
    static const tap_case cases[] = {
        {"/calendar/list/shared", shared_sessions},
        {"/calendar/list/equals-rule", list_equals_rule},
        {"/calendar/list/lunch", lunch},
        {"/calendar/list/opens-the-day-before", opens_the_day_before},
        {"/calendar/list/clocks-change", clocks_change},
        {"/calendar/list/refused", refused},
        {"/calendar/list/any", any_list},
        {"/calendar/list/extremes", extremes},
        {"/calendar/amended/rule", amended_rule},
        {"/calendar/amended/always", amended_always},
        {"/calendar/amended/list", amended_list},
        {"/calendar/amended/refused", changes_refused},
        {"/calendar/memory", allocations_fail},
    };
    return tap_run(cases, COUNT_OF(cases));
}
