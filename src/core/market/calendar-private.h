/* What a calendar is made of, and what it tells the grids beside its sessions.
 *
 * A calendar is a rule (always, weekdays, XNYS), a rule with changes on some dates, or a list.
 * A list's sessions follow each other in dates and in time, so whatever is asked of it is a binary
 * search: the session that an instant belongs to is the first one that closes after it. */
#ifndef QB_CALENDAR_PRIVATE_H
#define QB_CALENDAR_PRIVATE_H

#include "core/market/market.h"

typedef enum calendar_kind {
    CALENDAR_ALWAYS,
    CALENDAR_WEEKDAYS,
    CALENDAR_XNYS,
    CALENDAR_LIST
} calendar_kind;

struct qb_calendar {
    char name[QB_CALENDAR_NAME_SIZE];
    calendar_kind kind;
    int periods;
    qb_session_change *changes; /* of a rule; ascending dates */
    size_t change_count;
    qb_session *sessions; /* of a list */
    int64_t *offsets_us;
    size_t count; /* >= 1 */
};

/* Where every week is the same and every session a UTC day: 7, or 5 from Monday; 0 elsewhere. */
int qb_calendar_days_a_week(const qb_calendar *calendar);

/* When the date of a rule begins on its own wall clock. */
int64_t qb_calendar_midnight_us(const qb_calendar *calendar, int32_t date);

/* ---- lists -------------------------------------------------------------------------------- */

/* First session that closes after the instant; count when none does. */
size_t qb_list_closing_after(const qb_calendar *list, int64_t instant_us);
/* First session of that date or a later one; count when there is none. */
size_t qb_list_from_date(const qb_calendar *list, int32_t date);
/* The wall clock's midnight from which the grids of a session start: at or before its open. */
int64_t qb_list_grid_us(const qb_calendar *list, size_t index);
bool qb_list_session(const qb_calendar *list, int32_t date, qb_session *out);
int32_t qb_list_date(const qb_calendar *list, int64_t instant_us);
int64_t qb_list_offset_us(const qb_calendar *list, int64_t instant_us);

/* How a session changes when it closes at that minute of its day, which begins at midnight_us.
 * False: it is no session any more. QB_OUT_OF_RANGE callers have excluded: it is after the open. */
bool qb_session_close_at(qb_session *session, int64_t midnight_us, int32_t close_minute);

#endif
