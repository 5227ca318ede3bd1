/* Calendars that the user brings: lists of sessions, and known ones with changes. */
#include "core/market/calendar-private.h"

#include <string.h>

/* ---- asking a list ------------------------------------------------------------------------ */

size_t qb_list_closing_after(const qb_calendar *list, int64_t instant_us)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->sessions[middle].close_us <= instant_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t qb_list_from_date(const qb_calendar *list, int32_t date)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (list->sessions[middle].date < date)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* value / divisor, down. divisor > 0. */
static int64_t divide_down(int64_t value, int64_t divisor)
{
    return value / divisor - (value % divisor < 0);
}

int64_t qb_list_grid_us(const qb_calendar *list, size_t index)
{
    int64_t offset_us = list->offsets_us[index];
    int64_t wall_us = list->sessions[index].open_us + offset_us;
    return divide_down(wall_us, QB_DAY_US) * QB_DAY_US - offset_us;
}

bool qb_list_session(const qb_calendar *list, int32_t date, qb_session *out)
{
    size_t index = qb_list_from_date(list, date);
    if (index == list->count || list->sessions[index].date != date)
        return false;
    *out = list->sessions[index];
    return true;
}

/* The session whose clock is read at an instant: the one under way, else the nearer one. */
static size_t nearest_session(const qb_calendar *list, int64_t instant_us)
{
    size_t index = qb_list_closing_after(list, instant_us);
    if (index == list->count)
        return index - 1;
    if (index == 0 || instant_us >= list->sessions[index].open_us)
        return index;
    /* Both are positive, but may be too far for int64. */
    uint64_t since_us = (uint64_t)instant_us - (uint64_t)list->sessions[index - 1].close_us;
    uint64_t until_us = (uint64_t)list->sessions[index].open_us - (uint64_t)instant_us;
    return index - (since_us < until_us);
}

int64_t qb_list_offset_us(const qb_calendar *list, int64_t instant_us)
{
    return list->offsets_us[nearest_session(list, instant_us)];
}

int32_t qb_list_date(const qb_calendar *list, int64_t instant_us)
{
    size_t index = nearest_session(list, instant_us);
    const qb_session *session = &list->sessions[index];
    if (instant_us >= session->open_us && instant_us < session->close_us)
        return session->date;
    /* The offset may not be added to the instant itself, which may be the last there is. */
    int64_t of_day_us = instant_us % QB_DAY_US;
    of_day_us += (of_day_us < 0 ? QB_DAY_US : 0) + list->offsets_us[index];
    return qb_date_from_us(instant_us) + (int32_t)divide_down(of_day_us, QB_DAY_US);
}

/* ---- checking what a list is made of ------------------------------------------------------ */

static bool is_within_reach(const qb_session *session)
{
    return session->date > -QB_CALENDAR_DAYS + QB_SESSION_REACH &&
           session->date < QB_CALENDAR_DAYS - QB_SESSION_REACH &&
           session->open_us >= (session->date - QB_SESSION_REACH) * QB_DAY_US &&
           session->close_us <= (session->date + QB_SESSION_REACH) * QB_DAY_US;
}

static bool is_break_inside(const qb_session *session)
{
    return session->break_start_us == session->break_end_us ||
           (session->open_us < session->break_start_us &&
            session->break_start_us < session->break_end_us &&
            session->break_end_us < session->close_us);
}

static qb_status check_sessions(const qb_session *sessions, const int64_t *offsets_us, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const qb_session *session = &sessions[i];
        int64_t offset_us = offsets_us != NULL ? offsets_us[i] : 0;
        if (!is_within_reach(session) || offset_us <= -QB_DAY_US || offset_us >= QB_DAY_US)
            return QB_OUT_OF_RANGE;
        if (session->open_us >= session->close_us || !is_break_inside(session))
            return QB_OUT_OF_ORDER;
        if (i > 0 && (session[-1].date >= session->date || session[-1].close_us > session->open_us))
            return QB_OUT_OF_ORDER;
    }
    return QB_OK;
}

static bool is_name(const char *name)
{
    size_t length = strnlen(name, QB_CALENDAR_NAME_SIZE);
    return length > 0 && length < QB_CALENDAR_NAME_SIZE;
}

/* ---- making one --------------------------------------------------------------------------- */

void qb_calendar_free(qb_calendar *calendar)
{
    if (calendar == NULL)
        return;
    qb_realloc(calendar->changes, 0);
    qb_realloc(calendar->sessions, 0);
    qb_realloc(calendar->offsets_us, 0);
    qb_realloc(calendar, 0);
}

static qb_calendar *new_calendar(const char *name, calendar_kind kind, int periods)
{
    qb_calendar *calendar = qb_realloc(NULL, sizeof *calendar);
    if (calendar == NULL)
        return NULL;
    *calendar = (qb_calendar){.kind = kind, .periods = periods};
    memcpy(calendar->name, name, strlen(name) + 1);
    return calendar;
}

/* *out points to count items of which `from` are copied, where there are any. */
static bool copy_items(const void *from, size_t count, size_t size, void *out)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return false;
    void *copy = qb_realloc(NULL, bytes);
    if (copy == NULL)
        return false;
    if (from != NULL)
        memcpy(copy, from, bytes);
    else
        memset(copy, 0, bytes);
    memcpy(out, &copy, sizeof copy);
    return true;
}

qb_status qb_calendar_new(const char *name, const qb_session *sessions, const int64_t *offsets_us,
                          size_t count, int periods, qb_calendar **out)
{
    if (!is_name(name) || count == 0 || periods < 1 || periods > 366)
        return QB_OUT_OF_RANGE;
    qb_status status = check_sessions(sessions, offsets_us, count);
    if (status != QB_OK)
        return status;
    qb_calendar *calendar = new_calendar(name, CALENDAR_LIST, periods);
    if (calendar == NULL)
        return QB_NO_MEMORY;
    calendar->count = count;
    if (!copy_items(sessions, count, sizeof *sessions, &calendar->sessions) ||
        !copy_items(offsets_us, count, sizeof *offsets_us, &calendar->offsets_us)) {
        qb_calendar_free(calendar);
        return QB_NO_MEMORY;
    }
    *out = calendar;
    return QB_OK;
}

/* ---- changing one ------------------------------------------------------------------------- */

/* Built-in days end by their own midnight, so that a close within the day cannot meet the next
 * session; an amended list is checked as a whole. */
static qb_status check_changes(const qb_calendar *base, const qb_session_change *changes,
                               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        qb_session session;
        int32_t minute = changes[i].close_minute, date = changes[i].date;
        if (minute < 0 || minute > 24 * 60)
            return QB_OUT_OF_RANGE;
        if (i > 0 && date <= changes[i - 1].date)
            return QB_OUT_OF_ORDER;
        if (minute == 0 || !qb_calendar_session(base, date, &session))
            continue;
        int64_t offset_us = qb_calendar_offset_us(base, session.open_us);
        if (date * QB_DAY_US - offset_us + minute * QB_MINUTE_US <= session.open_us)
            return QB_OUT_OF_RANGE;
    }
    return QB_OK;
}

static void apply_to_list(qb_calendar *list, const qb_session_change *changes, size_t count)
{
    size_t kept = 0, next = 0;
    for (size_t i = 0; i < list->count; i++) {
        qb_session session = list->sessions[i];
        while (next < count && changes[next].date < session.date)
            next++;
        if (next < count && changes[next].date == session.date &&
            !qb_session_close_at(&session, session.date * QB_DAY_US - list->offsets_us[i],
                                 changes[next].close_minute))
            continue;
        list->offsets_us[kept] = list->offsets_us[i];
        list->sessions[kept++] = session;
    }
    list->count = kept;
}

static qb_status amend_list(const qb_calendar *base, const qb_session_change *changes, size_t count,
                            qb_calendar **out)
{
    qb_calendar *list = NULL;
    qb_status status = qb_calendar_new(base->name, base->sessions, base->offsets_us, base->count,
                                       base->periods, &list);
    if (status != QB_OK)
        return status;
    apply_to_list(list, changes, count);
    if (list->count == 0 ||
        check_sessions(list->sessions, list->offsets_us, list->count) != QB_OK) {
        qb_calendar_free(list);
        return QB_OUT_OF_RANGE;
    }
    *out = list;
    return QB_OK;
}

/* Both are ascending; of one date the newer change holds. Returns how many there are. */
static size_t merge_changes(const qb_calendar *base, const qb_session_change *changes, size_t count,
                            qb_session_change *into)
{
    size_t old = 0, new = 0, merged = 0;
    while (old < base->change_count || new < count) {
        bool take_new = new < count &&
                        (old == base->change_count || changes[new].date <= base->changes[old].date);
        if (take_new && old < base->change_count && changes[new].date == base->changes[old].date)
            old++;
        into[merged++] = take_new ? changes[new ++] : base->changes[old++];
    }
    return merged;
}

static qb_status amend_rule(const qb_calendar *base, const qb_session_change *changes, size_t count,
                            qb_calendar **out)
{
    qb_calendar *calendar = new_calendar(base->name, base->kind, base->periods);
    if (calendar == NULL)
        return QB_NO_MEMORY;
    size_t most; /* and one more: a block of no bytes is none */
    if (__builtin_add_overflow(base->change_count + 1, count, &most) ||
        !copy_items(NULL, most, sizeof *changes, &calendar->changes)) {
        qb_calendar_free(calendar);
        return QB_NO_MEMORY;
    }
    calendar->change_count = merge_changes(base, changes, count, calendar->changes);
    *out = calendar;
    return QB_OK;
}

qb_status qb_calendar_amend(const qb_calendar *base, const qb_session_change *changes, size_t count,
                            qb_calendar **out)
{
    qb_status status = check_changes(base, changes, count);
    if (status != QB_OK)
        return status;
    return base->kind == CALENDAR_LIST ? amend_list(base, changes, count, out)
                                       : amend_rule(base, changes, count, out);
}
