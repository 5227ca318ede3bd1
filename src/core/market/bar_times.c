/* Where bars may stand: the grids of the intervals laid over a calendar's sessions. */
#include "core/market/calendar-private.h"

#define LIMIT_US (QB_CALENDAR_DAYS * QB_DAY_US)
#define WEEK_US (7 * QB_DAY_US)
#define MONDAY_US (-3 * QB_DAY_US) /* 1969-12-29, the Monday that weeks are counted from */

/* ---- one bar ------------------------------------------------------------------------------ */

/* value / length is a multiplication for the constants here, and a slow division for a variable. */
static bool is_multiple(int64_t value, qb_interval interval)
{
    switch (interval) {
    case QB_1M:
        return value % QB_MINUTE_US == 0;
    case QB_5M:
        return value % (5 * QB_MINUTE_US) == 0;
    case QB_15M:
        return value % (15 * QB_MINUTE_US) == 0;
    case QB_30M:
        return value % (30 * QB_MINUTE_US) == 0;
    case QB_1H:
        return value % QB_HOUR_US == 0;
    case QB_4H:
        return value % (4 * QB_HOUR_US) == 0;
    case QB_1D:
        return value % QB_DAY_US == 0;
    default:
        return value % WEEK_US == 0;
    }
}

/* First open and last close of the seven days from a Monday. */
static bool week_times(const qb_calendar *calendar, int32_t monday, qb_bar_time *out)
{
    qb_session first, last;
    int32_t from = monday, to = monday + 6;
    while (!qb_calendar_session(calendar, from, &first)) {
        if (from++ == to)
            return false;
    }
    while (!qb_calendar_session(calendar, to, &last))
        to--;
    *out = (qb_bar_time){.open_us = first.open_us, .known_us = last.close_us};
    return true;
}

static bool session_times(const qb_session *session, qb_bar_time *out)
{
    *out = (qb_bar_time){.open_us = session->open_us, .known_us = session->close_us};
    return true;
}

static bool day_times(const qb_calendar *calendar, int32_t date, qb_session_cursor *cursor,
                      qb_bar_time *out)
{
    qb_session session;
    if (calendar->kind != CALENDAR_LIST)
        return qb_calendar_session(calendar, date, &session) && session_times(&session, out);
    size_t index = cursor->next_index;
    if (index >= calendar->count || calendar->sessions[index].date != date)
        index = qb_list_from_date(calendar, date);
    if (index == calendar->count || calendar->sessions[index].date != date)
        return false;
    cursor->next_index = index + 1;
    return session_times(&calendar->sessions[index], out);
}

static void cursor_take_session(qb_session_cursor *cursor, const qb_session *session)
{
    bool pauses = session->break_start_us < session->break_end_us;
    cursor->open_us = session->open_us;
    cursor->close_us = session->close_us;
    cursor->break_start_us = pauses ? session->break_start_us : session->close_us;
    cursor->break_end_us = pauses ? session->break_end_us : session->close_us;
}

/* To the session that the stamp belongs to: the first that closes after it. */
static void move_in_list(const qb_calendar *list, int64_t ts_us, qb_session_cursor *cursor)
{
    size_t index = qb_list_closing_after(list, ts_us);
    int64_t from_us = index > 0 ? list->sessions[index - 1].close_us : INT64_MIN;
    *cursor = (qb_session_cursor){
        .from_us = from_us,
        .to_us = INT64_MAX,
        .open_us = INT64_MAX, /* after the last one, no bar reaches it */
        .close_us = INT64_MAX,
        .break_start_us = INT64_MAX,
        .break_end_us = INT64_MAX,
        .next_open_us = INT64_MAX,
    };
    if (index == list->count)
        return;
    cursor->to_us = list->sessions[index].close_us;
    cursor->grid_us = qb_list_grid_us(list, index);
    cursor_take_session(cursor, &list->sessions[index]);
    if (index + 1 < list->count)
        cursor->next_open_us = list->sessions[index + 1].open_us;
}

/* Moves the cursor to the exchange's day that holds the instant, session or none. */
static void move_cursor(const qb_calendar *calendar, int64_t ts_us, qb_session_cursor *cursor)
{
    if (calendar->kind == CALENDAR_LIST) {
        move_in_list(calendar, ts_us, cursor);
        return;
    }
    qb_session session;
    int32_t date = qb_calendar_date(calendar, ts_us);
    int64_t day_us = qb_calendar_midnight_us(calendar, date);
    *cursor = (qb_session_cursor){
        .from_us = day_us,
        .to_us = qb_calendar_midnight_us(calendar, date + 1),
        .grid_us = day_us,
        .open_us = day_us,
        .close_us = day_us, /* nothing lies before it: no session */
        .break_start_us = day_us,
        .break_end_us = day_us,
        .next_open_us = INT64_MAX,
    };
    if (qb_calendar_session(calendar, date, &session))
        cursor_take_session(cursor, &session);
}

/* When the last session that opens before the instant closes, or the instant if that is first. */
static int64_t known_by(const qb_calendar *list, int64_t end_us)
{
    size_t index = qb_list_closing_after(list, end_us);
    if (index < list->count && list->sessions[index].open_us < end_us)
        return end_us;
    return list->sessions[index - 1].close_us;
}

static bool intraday_times(const qb_calendar *calendar, qb_interval interval, int64_t ts_us,
                           qb_session_cursor *cursor, qb_bar_time *out)
{
    if (ts_us < cursor->from_us || ts_us >= cursor->to_us)
        move_cursor(calendar, ts_us, cursor);
    int64_t end_us = ts_us + qb_interval_us(interval);
    /* The grid is measured from the day's midnight, which is right on session days: the one day of
     * a year that skips or repeats an hour is a Sunday. */
    if (ts_us >= cursor->close_us || end_us <= cursor->open_us ||
        !is_multiple(ts_us - cursor->grid_us, interval))
        return false;
    int64_t open_us = ts_us > cursor->open_us ? ts_us : cursor->open_us;
    if (open_us >= cursor->break_start_us && open_us < cursor->break_end_us) {
        if (end_us <= cursor->break_end_us)
            return false;
        open_us = cursor->break_end_us;
    }
    out->open_us = open_us;
    out->known_us = end_us < cursor->close_us ? end_us : cursor->close_us;
    if (end_us > cursor->next_open_us)
        out->known_us = known_by(calendar, end_us);
    return true;
}

bool qb_bar_times_next(const qb_calendar *calendar, qb_interval interval, int64_t ts_us,
                       qb_session_cursor *cursor, qb_bar_time *out)
{
    if (ts_us < -LIMIT_US || ts_us >= LIMIT_US)
        return false;
    if (interval == QB_1D)
        return is_multiple(ts_us, QB_1D) &&
               day_times(calendar, qb_date_from_us(ts_us), cursor, out);
    if (interval == QB_1W)
        return is_multiple(ts_us - MONDAY_US, QB_1W) &&
               week_times(calendar, qb_date_from_us(ts_us), out);
    return intraday_times(calendar, interval, ts_us, cursor, out);
}

bool qb_bar_times(const qb_calendar *calendar, qb_interval interval, int64_t ts_us,
                  qb_bar_time *out)
{
    qb_session_cursor cursor = {0};
    return qb_bar_times_next(calendar, interval, ts_us, &cursor, out);
}

qb_stamp_fit qb_stamp_check(const qb_calendar *calendar, qb_interval interval, int64_t ts_us)
{
    qb_bar_time times;
    qb_session session;
    if (qb_bar_times(calendar, interval, ts_us, &times))
        return QB_STAMP_FITS;
    /* Only the time of day is shifted, and whole days do not matter to a grid. */
    int64_t on_grid_us = interval == QB_1W ? ts_us % WEEK_US - MONDAY_US
                         : interval == QB_1D
                             ? ts_us
                             : ts_us % QB_DAY_US + qb_calendar_offset_us(calendar, ts_us);
    if (!is_multiple(on_grid_us, interval))
        return QB_STAMP_OFF_GRID;
    if (interval >= QB_1D ||
        !qb_calendar_session(calendar, qb_calendar_date(calendar, ts_us), &session))
        return QB_STAMP_NO_SESSION;
    return QB_STAMP_OUTSIDE_SESSION;
}

/* ---- how many ----------------------------------------------------------------------------- */

static int64_t divide_up(int64_t value, int64_t divisor)
{
    return value / divisor + (value % divisor > 0);
}

/* Stamps before an instant, counted from a Monday long ago, where every week has the same days of
 * 24 hours: its first seven or five. */
static int64_t stamps_before(int64_t days_a_week, qb_interval interval, int64_t instant_us)
{
    int64_t length_us = qb_interval_us(interval);
    int64_t since_us = instant_us - MONDAY_US;
    int64_t weeks = since_us / WEEK_US - (since_us % WEEK_US < 0);
    int64_t into_week = divide_up(since_us - weeks * WEEK_US, length_us);
    int64_t a_week = interval == QB_1W ? 1 : days_a_week * (QB_DAY_US / length_us);
    return weeks * a_week + (into_week < a_week ? into_week : a_week);
}

/* Stamps first_us, first_us + length_us ... before end_us that lie in [from_us, to_us). */
static int64_t stamps_within(int64_t first_us, int64_t length_us, int64_t end_us, int64_t from_us,
                             int64_t to_us)
{
    int64_t skipped = from_us > first_us ? divide_up(from_us - first_us, length_us) : 0;
    end_us = end_us < to_us ? end_us : to_us;
    int64_t before_end = end_us > first_us ? divide_up(end_us - first_us, length_us) : 0;
    return before_end > skipped ? before_end - skipped : 0;
}

static size_t count_intraday(const qb_calendar *calendar, qb_interval interval, int64_t from_us,
                             int64_t to_us)
{
    int64_t length_us = qb_interval_us(interval), count = 0;
    int32_t last = qb_calendar_date(calendar, to_us - 1);
    for (int32_t date = qb_calendar_date(calendar, from_us); date <= last; date++) {
        qb_session session;
        if (!qb_calendar_session(calendar, date, &session))
            continue;
        int64_t day_us = qb_calendar_midnight_us(calendar, date);
        int64_t before_us = (session.open_us - day_us) / length_us * length_us;
        count += stamps_within(day_us + before_us, length_us, session.close_us, from_us, to_us);
    }
    return (size_t)count;
}

/* Stamps of one of a list's sessions: from the bar that holds its open, unless the session before
 * has it already, to its close, without those that lie wholly in its break. */
static int64_t count_in_session(const qb_calendar *list, size_t index, int64_t length_us,
                                int64_t from_us, int64_t to_us)
{
    const qb_session *session = &list->sessions[index];
    int64_t grid_us = qb_list_grid_us(list, index);
    int64_t first_us = grid_us + (session->open_us - grid_us) / length_us * length_us;
    int64_t own_us = index > 0 ? session[-1].close_us : INT64_MIN;
    own_us = own_us > from_us ? own_us : from_us;
    int64_t count = stamps_within(first_us, length_us, session->close_us, own_us, to_us);
    if (session->break_start_us >= session->break_end_us)
        return count;
    int64_t pause_us = grid_us +
                       divide_up(session->break_start_us - grid_us, length_us) * length_us;
    return count -
           stamps_within(pause_us, length_us, session->break_end_us - length_us + 1, own_us, to_us);
}

static size_t count_intraday_in_list(const qb_calendar *list, qb_interval interval, int64_t from_us,
                                     int64_t to_us)
{
    int64_t length_us = qb_interval_us(interval), count = 0;
    for (size_t i = qb_list_closing_after(list, from_us); i < list->count; i++) {
        if (list->sessions[i].open_us - length_us >= to_us)
            break;
        count += count_in_session(list, i, length_us, from_us, to_us);
    }
    return (size_t)count;
}

/* Sessions with from_us <= their date's label < to_us. */
static size_t count_days_in_list(const qb_calendar *list, int64_t from_us, int64_t to_us)
{
    return qb_list_from_date(list, (int32_t)divide_up(to_us, QB_DAY_US)) -
           qb_list_from_date(list, (int32_t)divide_up(from_us, QB_DAY_US));
}

static size_t count_weeks_in_list(const qb_calendar *list, int64_t from_us, int64_t to_us)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        int32_t monday = list->sessions[i].date - qb_weekday(list->sessions[i].date);
        bool counted = i > 0 && list->sessions[i - 1].date >= monday;
        count += !counted && monday * QB_DAY_US >= from_us && monday * QB_DAY_US < to_us;
    }
    return count;
}

static size_t count_in_list(const qb_calendar *list, qb_interval interval, int64_t from_us,
                            int64_t to_us)
{
    if (interval == QB_1W)
        return count_weeks_in_list(list, from_us, to_us);
    if (interval == QB_1D)
        return count_days_in_list(list, from_us, to_us);
    return count_intraday_in_list(list, interval, from_us, to_us);
}

static size_t count_days(const qb_calendar *calendar, int64_t from_us, int64_t to_us)
{
    size_t count = 0;
    int32_t end = (int32_t)divide_up(to_us, QB_DAY_US);
    for (int32_t date = (int32_t)divide_up(from_us, QB_DAY_US); date < end; date++) {
        qb_session session;
        count += qb_calendar_session(calendar, date, &session);
    }
    return count;
}

static size_t count_weeks(const qb_calendar *calendar, int64_t from_us, int64_t to_us)
{
    size_t count = 0;
    int64_t monday_us = MONDAY_US + divide_up(from_us - MONDAY_US, WEEK_US) * WEEK_US;
    for (; monday_us < to_us; monday_us += WEEK_US) {
        qb_bar_time times;
        count += week_times(calendar, qb_date_from_us(monday_us), &times);
    }
    return count;
}

size_t qb_expected_bars(const qb_calendar *calendar, qb_interval interval, int64_t from_us,
                        int64_t to_us)
{
    from_us = from_us > -LIMIT_US ? from_us : -LIMIT_US;
    to_us = to_us < LIMIT_US ? to_us : LIMIT_US;
    if (from_us >= to_us)
        return 0;
    if (calendar->kind == CALENDAR_LIST)
        return count_in_list(calendar, interval, from_us, to_us);
    int days_a_week = qb_calendar_days_a_week(calendar);
    if (days_a_week > 0)
        return (size_t)(stamps_before(days_a_week, interval, to_us) -
                        stamps_before(days_a_week, interval, from_us));
    if (interval == QB_1W)
        return count_weeks(calendar, from_us, to_us);
    if (interval == QB_1D)
        return count_days(calendar, from_us, to_us);
    return count_intraday(calendar, interval, from_us, to_us);
}
