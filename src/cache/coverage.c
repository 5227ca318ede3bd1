/* What is stored of a series, and how much that is of what its calendar expects. */
#include "cache/ledger-private.h"

/* ---- the whole ------------------------------------------------------------------------------ */

static void add_state(cache_entry *entry, const file_state *state)
{
    entry->first_us = entry->rows == 0 ? state->first_us : MIN(entry->first_us, state->first_us);
    entry->last_us = entry->rows == 0 ? state->last_us : MAX(entry->last_us, state->last_us);
    if (entry->files == 0 || state->fetched_us >= entry->fetched_us) {
        entry->fetched_us = state->fetched_us;
        g_strlcpy(entry->provider, state->provider, sizeof entry->provider);
    }
    entry->rows += state->rows;
    entry->files++;
    entry->bytes += (gsize)state->bytes;
    entry->present += state->present;
}

gboolean series_files_stat(series_files *files, GArray *out_months, cache_entry *out,
                           GError **error)
{
    cache_entry entry = {.key = files->key};
    const qb_calendar *calendar;
    if (!series_files_facts(files, &entry.adjustment, &calendar, error))
        return FALSE;
    if (calendar != NULL)
        g_strlcpy(entry.calendar, qb_calendar_name(calendar), sizeof entry.calendar);
    for (guint i = 0; i < files->months->len; i++) {
        month_state month = {.id = g_array_index(files->months, month_id, i)};
        gboolean absent;
        if (!series_files_look(files, month.id, calendar, &month.state, &absent, error))
            return FALSE;
        if (absent)
            continue;
        add_state(&entry, &month.state);
        if (out_months != NULL)
            g_array_append_val(out_months, month);
    }
    if (entry.files == 0)
        return cache_fail_missing(&files->key, error);
    entry.expected = cache_expected(&entry.key, calendar, entry.first_us, entry.last_us + 1);
    *out = entry;
    return TRUE;
}

gboolean cache_stat(cache *self, const cache_key *key, cache_entry *out, GError **error)
{
    series_files files = {0};
    if (!series_files_open(self, key, NULL, &files, error))
        return FALSE;
    const gboolean ok = series_files_stat(&files, NULL, out, error);
    series_files_clear(&files);
    return ok;
}

/* ---- month by month ------------------------------------------------------------------------- */

static month_id next_month(month_id id)
{
    return id.month == 12 ? (month_id){id.year + 1, 1} : (month_id){id.year, id.month + 1};
}

static GArray *cover_months(const GArray *states, const cache_entry *whole,
                            const qb_calendar *calendar)
{
    GArray *months = g_array_new(FALSE, TRUE, sizeof(cache_month));
    const month_id last = month_of(whole->last_us);
    guint at = 0;
    for (month_id id = month_of(whole->first_us); month_compare(id, last) <= 0;
         id = next_month(id)) {
        cache_month month = {.year = id.year, .month = id.month};
        month.expected = cache_expected(&whole->key, calendar,
                                        MAX(month_start_us(id), whole->first_us),
                                        MIN(month_end_us(id), whole->last_us + 1));
        const month_state *state = at < states->len ? &g_array_index(states, month_state, at)
                                                    : NULL;
        if (state != NULL && month_compare(state->id, id) == 0) {
            month.rows = state->state.rows;
            month.present = state->state.present;
            at++;
        }
        g_array_append_val(months, month);
    }
    return months;
}

GArray *cache_coverage(cache *self, const cache_key *key, cache_entry *out_whole, GError **error)
{
    cache_entry whole;
    series_files files = {0};
    GArray *months = NULL;
    if (!series_files_open(self, key, NULL, &files, error))
        return NULL;
    g_autoptr(GArray) states = g_array_new(FALSE, FALSE, sizeof(month_state));
    if (series_files_stat(&files, states, &whole, error)) {
        months = cover_months(states, &whole, qb_calendars_find(self->calendars, whole.calendar));
        if (out_whole != NULL)
            *out_whole = whole;
    }
    series_files_clear(&files);
    return months;
}
