/* Sessions: when an exchange trades, and where a bar stands in time.
 *
 * In: a date, an instant, or a bar's stamp. Out: sessions, and the moment a bar became known.
 * Built-in calendars are rules and cost no memory; the user's are lists of sessions, or a built-in
 * one with other hours on some dates. Included by market.h. */
#ifndef QB_CALENDAR_H
#define QB_CALENDAR_H

typedef struct qb_session {
    int32_t date; /* the exchange's own date */
    int64_t open_us, close_us;
    int64_t break_start_us, break_end_us; /* without trading, at midday; equal: none */
    bool early_close;
} qb_session;

typedef struct qb_calendar qb_calendar;
#define QB_CALENDAR_NAME_SIZE 16 /* bytes with the terminating zero */

/* ---- which calendar ----------------------------------------------------------------------- */

/* "XNYS", "24/7", "weekdays" (any case); NULL when unknown. Static objects. */
const qb_calendar *qb_calendar_find(const char *name);
const qb_calendar *qb_calendar_default(qb_asset asset);
const char *qb_calendar_name(const qb_calendar *calendar);
/* Periods a year for ratios: 252 or 365; of the user's calendars what they were made with. */
int qb_calendar_periods(const qb_calendar *calendar);

/* The user's calendars beside the built-in ones; each may bear a built-in name and then takes its
 * place. Borrowed. */
typedef struct qb_calendars {
    const qb_calendar *const *items;
    size_t count;
} qb_calendars;
/* One of `calendars` (NULL: none), else qb_calendar_find. */
const qb_calendar *qb_calendars_find(const qb_calendars *calendars, const char *name);

/* A calendar that is a list: ascending dates and times, sessions that do not overlap, each open
 * before its close with its break inside, and within QB_SESSION_REACH days of its date: futures
 * open on the day before. offsets_us: of the exchange's wall clock from UTC in each session, less
 * than a day, which intraday grids start from; NULL: 0. Everything is copied. It covers the dates
 * from its first session to its last. periods: 1..366. QB_OUT_OF_ORDER, QB_OUT_OF_RANGE (also: no
 * session, a name that is empty or too long), QB_NO_MEMORY. */
#define QB_SESSION_REACH 10
QB_CHECKED qb_status qb_calendar_new(const char *name, const qb_session *sessions,
                                     const int64_t *offsets_us, size_t count, int periods,
                                     qb_calendar **out);
/* `base` with other hours on some dates, under its own name; over what base was changed before.
 * Ascending dates. close_minute: of the exchange's day, 780 for 13:00, at most 1440; 0: closed all
 * day. A date on which base has no session stays without. Errors as above; QB_OUT_OF_RANGE also
 * for a close that is not after that session's open, or later than the next one's, and for a list
 * of which nothing is left. */
typedef struct qb_session_change {
    int32_t date;
    int32_t close_minute;
} qb_session_change;
QB_CHECKED qb_status qb_calendar_amend(const qb_calendar *base, const qb_session_change *changes,
                                       size_t count, qb_calendar **out);
/* Of the two above; NULL is fine. */
void qb_calendar_free(qb_calendar *calendar);

/* ---- sessions ----------------------------------------------------------------------------- */

/* Whether the calendar vouches for that date: XNYS 1990-01-01 .. 2030-12-31, a list from its first
 * session to its last, others always. Outside, XNYS goes on by rule and a list has no sessions. */
bool qb_calendar_covers(const qb_calendar *calendar, int32_t date);
/* Beyond these days of 1970 (some 290,000 years) no calendar has sessions, so that instants in and
 * around one never overflow. */
#define QB_CALENDAR_DAYS 106000000
/* The session of that date; false when there is none. Of built-in calendars, 24/7: 00:00 to 24:00
 * UTC. Weekdays: the UTC day Monday to Friday. XNYS: 09:30 to 16:00 (13:00, 14:00) New York. */
bool qb_calendar_session(const qb_calendar *calendar, int32_t date, qb_session *out);
/* The exchange's date of an instant: New York for XNYS, UTC for the other rules. Of a list, the
 * date of the session under way, else that of the wall clock. */
int32_t qb_calendar_date(const qb_calendar *calendar, int64_t instant_us);
/* The offset of the calendar's wall clock from UTC at that instant, in microseconds (XNYS -4 h or
 * -5 h by the US rules of 1967, 1987 and 2007; a list: that of the nearest session; 0 else). */
int64_t qb_calendar_offset_us(const qb_calendar *calendar, int64_t instant_us);

/* ---- bars in sessions --------------------------------------------------------------------- */

/* Where a bar stands in time, after semantics.md: trading in it starts at open_us and it is
 * known at known_us (= ts + interval, or the session's close if that is first; daily: the
 * session's open and close; weekly: first open and last close of the week's sessions).
 * Intraday grids start at midnight on the calendar's wall clock: the first hourly bar of XNYS is
 * 09:00, holds 09:30-10:00 and so opens at 09:30; its first 4h bar is 08:00. A bar that lies
 * wholly in a break holds no trading and is none; one that holds the end of a session and the
 * start of the next (CME's 16:00 of four hours, about 17:00) is one bar, known with its last part.
 * False when the stamp lies in no session, or does not stand on the interval's grid; out is
 * untouched then. */
typedef struct qb_bar_time {
    int64_t open_us, known_us;
} qb_bar_time;
bool qb_bar_times(const qb_calendar *calendar, qb_interval interval, int64_t ts_us,
                  qb_bar_time *out);
/* The same for a walk through many bars: the cursor remembers the session it saw last, which
 * makes ascending bars several times cheaper. Start from {0}; one calendar per cursor. */
typedef struct qb_session_cursor {
    /* Stamps it answers for; equal: none yet. Of a rule the day's two midnights, of a list from the
     * close of the session before to the close of this one. */
    int64_t from_us, to_us;
    int64_t grid_us;                      /* the midnight on the wall clock that grids start from */
    int64_t open_us, close_us;            /* of the session; equal where there is none */
    int64_t break_start_us, break_end_us; /* both close_us where it has no break */
    int64_t next_open_us;                 /* of the session after, in lists; else INT64_MAX */
    size_t next_index;                    /* in lists, the session after a daily bar's */
} qb_session_cursor;
bool qb_bar_times_next(const qb_calendar *calendar, qb_interval interval, int64_t ts_us,
                       qb_session_cursor *cursor, qb_bar_time *out);
/* Why qb_bar_times says false. */
typedef enum qb_stamp_fit {
    QB_STAMP_FITS,
    QB_STAMP_OFF_GRID,        /* not where a bar of this interval may start */
    QB_STAMP_NO_SESSION,      /* on the grid, on a day (week) without a session */
    QB_STAMP_OUTSIDE_SESSION, /* on a session day: before its open, in its break, after its close */
} qb_stamp_fit;
qb_stamp_fit qb_stamp_check(const qb_calendar *calendar, qb_interval interval, int64_t ts_us);
/* Bars that the calendar expects with from_us <= ts < to_us: as many stamps as qb_bar_times takes
 * there, so coverage never passes 100 %. Some ns for 24/7 and weekdays, else some per day. */
size_t qb_expected_bars(const qb_calendar *calendar, qb_interval interval, int64_t from_us,
                        int64_t to_us);

#endif
