/* Coverage: per month, the bars that the calendar expects and those that are stored. */
#include "cache/cache-private.h"

static month_id next_month(month_id id)
{
    return id.month == 12 ? (month_id){id.year + 1, 1} : (month_id){id.year, id.month + 1};
}

static gboolean cover_months(series_files *files, const cache_entry *whole, GArray *months,
                             GError **error)
{
    const qb_calendar *calendar = qb_calendars_find(files->cache->calendars, whole->calendar);
    const month_id last = month_of(whole->last_us);
    guint at = 0;
    for (month_id id = month_of(whole->first_us); month_compare(id, last) <= 0;
         id = next_month(id)) {
        cache_month month = {.year = id.year, .month = id.month};
        file_state state;
        gboolean absent = TRUE;
        while (at < files->months->len &&
               month_compare(g_array_index(files->months, month_id, at), id) < 0)
            at++;
        if (at < files->months->len &&
            month_compare(g_array_index(files->months, month_id, at), id) == 0 &&
            !series_files_look(files, id, calendar, &state, &absent, error))
            return FALSE;
        month.rows = absent ? 0 : state.rows;
        month.present = absent ? 0 : state.present;
        month.expected = qb_expected_bars(calendar, whole->key.interval,
                                          MAX(month_start_us(id), whole->first_us),
                                          MIN(month_end_us(id), whole->last_us + 1));
        g_array_append_val(months, month);
    }
    return TRUE;
}

GArray *cache_coverage(cache *self, const cache_key *key, GError **error)
{
    cache_entry whole;
    series_files files = {0};
    if (!cache_stat(self, key, &whole, error) || !series_files_open(self, key, NULL, &files, error))
        return NULL;
    g_autoptr(GArray) months = g_array_new(FALSE, TRUE, sizeof(cache_month));
    const gboolean ok = cover_months(&files, &whole, months, error);
    series_files_clear(&files);
    return ok ? g_steal_pointer(&months) : NULL;
}
