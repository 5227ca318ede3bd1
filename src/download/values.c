/* Values of statistics, with their vintages. */
#include "download/download-private.h"

#include "platform/clock.h"

#include <stdlib.h>

static gint compare_values(gconstpointer a, gconstpointer b)
{
    const provider_value *left = a, *right = b;
    if (left->ts_us != right->ts_us)
        return left->ts_us < right->ts_us ? -1 : 1;
    return (left->known_from_us > right->known_from_us) -
           (left->known_from_us < right->known_from_us);
}

static gboolean is_same_vintage(const provider_value *a, const provider_value *b)
{
    return a->ts_us == b->ts_us && a->known_from_us == b->known_from_us;
}

/* Sorted, the last of equal vintages, in columns. */
static macro_series columns_of(GArray *values)
{
    const gsize count = values->len;
    macro_series rows = {
        .ts_us = g_new(gint64, count),
        .value = g_new(double, count),
        .known_from_us = g_new(gint64, count),
        .known_to_us = g_new(gint64, count),
        .basis = MACRO_GIVEN,
    };
    g_array_sort(values, compare_values);
    for (gsize i = 0; i < count; i++) {
        const provider_value *value = &g_array_index(values, provider_value, i);
        if (i + 1 < count && is_same_vintage(value, value + 1))
            continue;
        rows.ts_us[rows.count] = value->ts_us;
        rows.value[rows.count] = value->value;
        rows.known_from_us[rows.count] = value->known_from_us;
        rows.known_to_us[rows.count] = value->known_to_us;
        rows.count++;
    }
    return rows;
}

/* ---- how often ------------------------------------------------------------------------------ */

static int compare_steps(const void *a, const void *b)
{
    const gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;
    return left < right ? -1 : left > right;
}

static qb_interval interval_of_step(gint64 step_us)
{
    const gint64 days = step_us / QB_DAY_US;
    return days <= 4     ? QB_1D
           : days <= 16  ? QB_1W
           : days <= 45  ? QB_1MO
           : days <= 135 ? QB_1Q
                         : QB_1Y;
}

/* The interval names the folder: a quarterly series under 1mo would look full of holes. The middle
 * step between observations tells; of fewer than three nothing does. */
static gboolean check_interval(const series *self, const macro_series *rows, GError **error)
{
    g_autofree gint64 *steps = g_new(gint64, rows->count);
    gsize count = 0;
    for (gsize i = 1; i < rows->count; i++)
        if (rows->ts_us[i] != rows->ts_us[i - 1])
            steps[count++] = rows->ts_us[i] - rows->ts_us[i - 1];
    if (count < 2)
        return TRUE;
    qsort(steps, count, sizeof *steps, compare_steps);
    const qb_interval found = interval_of_step(steps[count / 2]);
    if (found == self->job.interval)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s has %s at intervals of %s (expected --interval %s, not %s)",
                self->job.provider->title, self->job.symbol, qb_interval_text(found),
                qb_interval_text(found), qb_interval_text(self->job.interval));
    return FALSE;
}

/* ---- stored --------------------------------------------------------------------------------- */

static gboolean merge(series *self, const macro_series *rows, const char *hash, GError **error)
{
    cache_change change = {0}, *sum = &self->item.change;
    const cache_provenance provenance = {
        .provider = self->job.provider->name,
        .provider_symbol = self->job.vendor_symbol,
        .adjustment = CACHE_RAW,
        .source_hash = hash,
        .fetched_us = clock_now_us(),
    };
    if (!cache_macro_merge(self->owner->options.cache, &self->item.wish.key, rows, &provenance,
                           &change, error))
        return FALSE;
    sum->added += change.added;
    sum->changed += change.changed;
    sum->unchanged += change.unchanged;
    sum->files_written += change.files_written;
    sum->moved_aside += change.moved_aside;
    return TRUE;
}

gboolean values_store(series *self, const provider_page *page, const char *hash, GError **error)
{
    if (page->values->len == 0)
        return TRUE;
    macro_series rows = columns_of(page->values);
    const gboolean good = check_interval(self, &rows, error) && merge(self, &rows, hash, error);
    macro_series_clear(&rows);
    return good;
}
