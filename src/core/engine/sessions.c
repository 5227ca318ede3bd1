/* Sessions, where an order's life depends on them. Asked only of orders that do: the calendar is
 * never looked at for the others. */
#include "core/engine/engine-private.h"

/* Days without a session that are looked through, at most: markets have closed for months. */
#define LONGEST_BREAK 400

/* Each date may have its session on days before it: futures open on the evening before. */
int64_t session_end_us(const qb_instrument *instrument, int64_t now_us)
{
    int32_t date = qb_calendar_date(instrument->calendar, now_us) - 1;
    qb_session session;
    for (int32_t day = 0; day <= LONGEST_BREAK; day++)
        if (qb_calendar_session(instrument->calendar, date + day, &session) &&
            session.close_us > now_us)
            return session.close_us;
    return INT64_MAX;
}

static bool session_at(const qb_instrument *instrument, int64_t at_us, qb_session *out)
{
    return qb_calendar_session(instrument->calendar, qb_calendar_date(instrument->calendar, at_us),
                               out);
}

bool session_opens(const qb_instrument *instrument, int64_t before_us, int64_t now_us)
{
    qb_session session;
    return session_at(instrument, now_us, &session) && before_us < session.open_us &&
           session.open_us <= now_us;
}

bool session_closes(const qb_instrument *instrument, int64_t now_us)
{
    qb_session session;
    return session_at(instrument, now_us - 1, &session) && session.close_us == now_us;
}
