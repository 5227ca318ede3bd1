/* Which stretches of time are asked for. */
#include "download/download-private.h"

#define LOOK_BACK_US \
    (14 * QB_DAY_US) /* longer than any pause of an exchange but 1914's and 2001's */

static gint64 round_down(gint64 at_us, gint64 unit_us)
{
    return at_us - ((at_us % unit_us) + unit_us) % unit_us;
}

gint64 ranges_closed_us(const qb_calendar *calendar, qb_interval interval, gint64 now_us)
{
    const gint64 length_us = qb_interval_us(interval);
    /* Stamps are dates, or whole minutes of some wall clock. */
    const gint64 step_us = interval >= QB_1D ? QB_DAY_US : QB_MINUTE_US;
    const gint64 start_us = round_down(now_us, step_us);
    for (gint64 ts_us = start_us; ts_us > start_us - LOOK_BACK_US - length_us; ts_us -= step_us) {
        qb_bar_time times;
        if (qb_bar_times(calendar, interval, ts_us, &times) && times.known_us <= now_us)
            return ts_us + length_us;
    }
    return now_us;
}

static gint compare_starts(gconstpointer a, gconstpointer b)
{
    const download_range *left = a, *right = b;
    return left->from_us < right->from_us ? -1 : left->from_us > right->from_us;
}

void ranges_unite(GArray *ranges)
{
    guint kept = 0;
    g_array_sort(ranges, compare_starts);
    for (guint i = 0; i < ranges->len; i++) {
        const download_range next = g_array_index(ranges, download_range, i);
        download_range *last = kept > 0 ? &g_array_index(ranges, download_range, kept - 1) : NULL;
        if (last != NULL && next.from_us <= last->to_us)
            last->to_us = MAX(last->to_us, next.to_us);
        else
            g_array_index(ranges, download_range, kept++) = next;
    }
    g_array_set_size(ranges, kept);
}

static guint requests_of(const provider_job *job, const download_range *range)
{
    provider_job part = *job;
    part.from_us = range->from_us;
    part.to_us = range->to_us;
    return part.provider->estimate(&part);
}

GArray *ranges_join(const GArray *wanted, const provider_job *job)
{
    GArray *joined = g_array_new(FALSE, FALSE, sizeof(download_range));
    guint last_requests = 0;
    for (guint i = 0; i < wanted->len; i++) {
        const download_range *next = &g_array_index(wanted, download_range, i);
        const guint requests = requests_of(job, next);
        if (joined->len > 0) {
            download_range *last = &g_array_index(joined, download_range, joined->len - 1);
            const download_range both = {last->from_us, next->to_us};
            const guint together = requests_of(job, &both);
            if (together < last_requests + requests) {
                *last = both;
                last_requests = together;
                continue;
            }
        }
        g_array_append_val(joined, *next);
        last_requests = requests;
    }
    return joined;
}

/* *at moves on with ascending stamps; start from 0. */
gboolean ranges_hold(const GArray *ranges, guint *at, gint64 ts_us)
{
    while (*at < ranges->len && g_array_index(ranges, download_range, *at).to_us <= ts_us)
        (*at)++;
    return *at < ranges->len && g_array_index(ranges, download_range, *at).from_us <= ts_us;
}
