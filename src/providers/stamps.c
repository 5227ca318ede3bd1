#include "providers/providers-private.h"

#include <string.h>

gboolean provider_date(const scan_text *text, gint64 *out_us)
{
    int64_t at_us;
    if (text->escaped || text->length != strlen("2031-03-03") ||
        qb_time_from_text(text->text, text->length, &at_us) != QB_OK)
        return FALSE;
    *out_us = at_us;
    return TRUE;
}

/* Digits beyond the microsecond are cut off, which core's reader would refuse. */
gboolean provider_time(const scan_text *text, gint64 *out_us)
{
    char plain[40];
    gsize used = 0, digits = 0;
    gboolean fraction = FALSE;
    int64_t at_us;
    if (text->escaped || text->length >= sizeof plain)
        return FALSE;
    for (gsize i = 0; i < text->length; i++) {
        const char c = text->text[i];
        fraction = c == '.' || (fraction && g_ascii_isdigit(c));
        digits = fraction ? digits + (c != '.') : 0;
        if (digits <= 6)
            plain[used++] = c;
        if (digits > 9)
            return FALSE;
    }
    if (qb_time_from_text(plain, used, &at_us) != QB_OK)
        return FALSE;
    *out_us = at_us;
    return TRUE;
}

void provider_read_time(scan *at, gint64 *out_us)
{
    scan_text text;
    if (scan_peek(at) != SCAN_STRING)
        scan_skip(at);
    else if (scan_string(at, &text))
        provider_time(&text, out_us);
}

gboolean provider_new_york(gint64 wall_us, gint64 *out_us)
{
    static const char name[] = "XNYS";
    const qb_calendar *clock = qb_calendar_find(name);
    /* Both offsets that New York has; the right one is in force at the instant it leads to. */
    const gint64 offsets[] = {-4 * QB_HOUR_US, -5 * QB_HOUR_US};
    guint found = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(offsets); i++) {
        const gint64 instant_us = wall_us - offsets[i];
        if (qb_calendar_offset_us(clock, instant_us) != offsets[i])
            continue;
        *out_us = instant_us;
        found++;
    }
    return found == 1;
}

gint64 provider_session_stamp(const provider_job *job, gint64 instant_us)
{
    return (gint64)qb_calendar_date(job->calendar, instant_us) * QB_DAY_US;
}
