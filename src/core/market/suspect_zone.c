/* Stamps that are whole hours off the session.
 *
 * A source that stamps in its own wall clock, or in the exchange's without its daylight saving,
 * gives stretches of days that fit the session only when they are moved by hours: all of a summer,
 * or the weeks in which America and Europe disagree. A day says so when its bars, as they stand,
 * miss the session, and moved by one number of hours lie within. Days with pre-market and
 * after-hours bars do not: moved, they stick out on the other side. Daily bars bear dates, and
 * sessions of more than half a day have no outside to speak of. */
#include "core/market/suspect-private.h"

#define HOURS_MOST 12
#define DAY_BARS 3      /* fewer say nothing */
#define DAYS_IN_A_ROW 3 /* that say the same; one odd day has other reasons */

typedef enum zone_verdict {
    ZONE_SILENT, /* too few bars, or no session */
    ZONE_FITS,
    ZONE_STRANGE, /* neither as it stands nor moved */
    ZONE_MOVED,
} zone_verdict;

/* The bars of one date on the exchange's wall clock. */
typedef struct zone_day {
    size_t first, count, outside; /* places */
    int64_t from_us, to_us;       /* stamps of the first and the last */
} zone_day;

/* Days in a row that say the same. */
typedef struct zone_stretch {
    int hours; /* 0: none */
    size_t first, end, days;
} zone_stretch;

static int64_t stamp(const qb_suspicion *self, size_t place)
{
    return self->series->ts_us[self->rows[place]];
}

static zone_day read_day(const qb_suspicion *self, size_t first, qb_session_cursor *cursor)
{
    zone_day day = {.first = first, .from_us = stamp(self, first)};
    int64_t offset_us = qb_calendar_offset_us(self->calendar, day.from_us);
    int64_t end_us = (qb_calendar_date(self->calendar, day.from_us) + INT64_C(1)) * QB_DAY_US -
                     offset_us;
    for (size_t place = first; place < self->count && stamp(self, place) < end_us; place++) {
        qb_bar_time times;
        day.to_us = stamp(self, place);
        day.count++;
        day.outside += !qb_bar_times_next(self->calendar, self->interval, day.to_us, cursor,
                                          &times);
    }
    return day;
}

static bool fits_moved(const qb_suspicion *self, const zone_day *day, int hours)
{
    qb_bar_time times;
    return qb_bar_times(self->calendar, self->interval, day->from_us - hours * QB_HOUR_US,
                        &times) &&
           qb_bar_times(self->calendar, self->interval, day->to_us - hours * QB_HOUR_US, &times);
}

/* A day moved by so many hours has that share of the session outside; half of it is enough. */
static bool misses_enough(const zone_day *day, const qb_session *session, int hours)
{
    double length_us = (double)(session->close_us - session->open_us);
    double share = (double)(hours < 0 ? -hours : hours) * (double)QB_HOUR_US / length_us;
    return (double)day->outside >= 0.5 * (share < 1 ? share : 1) * (double)day->count;
}

static zone_verdict judge_day(const qb_suspicion *self, const zone_day *day, int *out_hours)
{
    qb_session session;
    int32_t date = qb_calendar_date(self->calendar, day->from_us);
    if (day->count < DAY_BARS || !qb_calendar_session(self->calendar, date, &session) ||
        session.close_us - session.open_us > QB_DAY_US / 2)
        return ZONE_SILENT;
    if (day->outside == 0)
        return ZONE_FITS;
    for (int distance = 1; distance <= HOURS_MOST; distance++) {
        for (int hours = distance; hours >= -distance; hours -= 2 * distance) {
            if (!fits_moved(self, day, hours))
                continue;
            *out_hours = hours;
            return misses_enough(day, &session, hours) ? ZONE_MOVED : ZONE_STRANGE;
        }
    }
    return ZONE_STRANGE;
}

static void end_stretch(qb_suspicion *self, zone_stretch *stretch)
{
    if (stretch->hours != 0 && stretch->days >= DAYS_IN_A_ROW)
        qb_suspect_report(self, QB_DEFECT_ZONE_SHIFT, stretch->first, stretch->end - stretch->first,
                          stretch->hours, "ts");
    *stretch = (zone_stretch){0};
}

void qb_suspect_zone(qb_suspicion *self)
{
    qb_session_cursor cursor = {0};
    zone_stretch stretch = {0};
    if (self->interval >= QB_1D)
        return;
    for (size_t place = 0; place < self->count;) {
        zone_day day = read_day(self, place, &cursor);
        int hours = 0;
        zone_verdict verdict = judge_day(self, &day, &hours);
        if (verdict != ZONE_SILENT && (verdict != ZONE_MOVED || hours != stretch.hours))
            end_stretch(self, &stretch);
        if (verdict == ZONE_MOVED) {
            if (stretch.days == 0)
                stretch = (zone_stretch){.hours = hours, .first = day.first};
            stretch.days++;
            stretch.end = day.first + day.count;
        }
        place = day.first + day.count;
    }
    end_stretch(self, &stretch);
}
