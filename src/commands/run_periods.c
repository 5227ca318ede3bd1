/* Where the periods of a run end, of which its ratios are made. */
#include "commands/run-private.h"

static gint64 close_before(const qb_calendar *calendar, int32_t date)
{
    qb_session session;
    for (int32_t back = 1; back <= 14; back++)
        if (qb_calendar_session(calendar, date - back, &session))
            return session.close_us;
    return date * QB_DAY_US;
}

GArray *run_period_ends(const qb_calendar *calendar, gint64 first_us, gint64 last_us,
                        gint64 *out_start_us)
{
    GArray *ends = g_array_new(FALSE, FALSE, sizeof(gint64));
    /* A bar known at midnight belongs to the day that ends there. */
    const int32_t first_date = qb_calendar_date(calendar, first_us - 1);
    const int32_t last_date = qb_calendar_date(calendar, last_us);
    *out_start_us = close_before(calendar, first_date);
    for (int32_t date = first_date; date <= last_date; date++) {
        qb_session session;
        if (!qb_calendar_session(calendar, date, &session) || session.close_us < first_us)
            continue;
        const gint64 close_us = MIN(session.close_us, last_us);
        if (ends->len == 0 || close_us > g_array_index(ends, gint64, ends->len - 1))
            g_array_append_val(ends, close_us);
    }
    if (ends->len == 0 || g_array_index(ends, gint64, ends->len - 1) < last_us)
        g_array_append_val(ends, last_us);
    return ends;
}
