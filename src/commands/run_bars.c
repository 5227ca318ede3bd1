#include "commands/run-private.h"

static gboolean has_volume(const qb_series *series)
{
    for (gsize i = 0; series->volume != NULL && i < series->count; i++)
        if (series->volume[i] > 0.0)
            return TRUE;
    return FALSE;
}

/* Bars before the start are not used to warm up: what a run saw is what its row names. */
static gboolean load_instrument(const run_plan *plan, cache *cache, guint32 index, run_bars *bars,
                                GError **error)
{
    const cache_key *key = &plan->keys[index];
    if (!cache_stat(cache, key, &bars->entries[index], error) ||
        !cache_read(cache, key, plan->start_us, plan->end_us, CACHE_ALL, &bars->series[index],
                    bars->hashes, error))
        return FALSE;
    if (bars->series[index].count == 0) {
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "no bars of %s between --start and --end (quantbot data list shows what there "
                    "is)",
                    key->symbol);
        return FALSE;
    }
    bars->rows += bars->series[index].count;
    bars->has_volume[index] = has_volume(&bars->series[index]);
    return TRUE;
}

static gboolean is_stored(cache *cache, const cache_key *key)
{
    cache_entry entry;
    return cache_stat(cache, key, &entry, NULL) && entry.rows > 0;
}

/* Where an instrument has none its bars are walked whole; where nobody has any, nothing was meant. */
static gboolean load_finer(const run_plan *plan, cache *cache, run_bars *bars, GError **error)
{
    guint32 found = 0;
    if (!plan->detailed)
        return TRUE;
    bars->finer = g_new0(qb_series, plan->count);
    for (guint32 i = 0; i < plan->count; i++) {
        cache_key key = plan->keys[i];
        key.interval = plan->detail;
        if (!is_stored(cache, &key))
            continue;
        if (!cache_read(cache, &key, plan->start_us, plan->end_us,
                        CACHE_OHLC | CACHE_VOLUME | CACHE_FLAGS, &bars->finer[i], bars->hashes,
                        error))
            return FALSE;
        found += bars->finer[i].count > 0;
    }
    if (found > 0)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_MISSING,
                "--detail: no bars of %s in the cache for these instruments and days",
                qb_interval_text(plan->detail));
    return FALSE;
}

/* The benchmark starts with the close before the first bar, where there is one. */
static gboolean load_benchmark(const run_plan *plan, cache *cache, run_bars *bars, GError **error)
{
    for (guint32 i = 0; i < plan->count; i++)
        if (g_strcmp0(plan->benchmark.symbol, plan->symbols[i]) == 0 &&
            plan->benchmark.interval == plan->keys[i].interval && plan->start_us == INT64_MIN)
            return TRUE; /* its own bars serve */
    return cache_read(cache, &plan->benchmark, INT64_MIN, plan->end_us, CACHE_OHLC,
                      &bars->benchmark, bars->hashes, error);
}

run_bars *run_bars_load(const run_plan *plan, cache *cache, GError **error)
{
    g_autoptr(run_bars) bars = g_new0(run_bars, 1);
    bars->count = plan->count;
    bars->series = g_new0(qb_series, plan->count);
    bars->entries = g_new0(cache_entry, plan->count);
    bars->has_volume = g_new0(gboolean, plan->count);
    bars->hashes = g_ptr_array_new_with_free_func(g_free);
    for (guint32 i = 0; i < plan->count; i++)
        if (!load_instrument(plan, cache, i, bars, error))
            return NULL;
    if (plan->has_benchmark && !load_benchmark(plan, cache, bars, error)) {
        g_prefix_error(error, "benchmark: ");
        return NULL;
    }
    if (!load_finer(plan, cache, bars, error) || !run_macros_load(plan, cache, bars, error))
        return NULL;
    return run_orders_place(plan, bars, error) ? g_steal_pointer(&bars) : NULL;
}

void run_bars_free(run_bars *self)
{
    if (self == NULL)
        return;
    for (guint32 i = 0; i < self->count; i++)
        qb_series_clear(&self->series[i]);
    for (guint32 i = 0; self->finer != NULL && i < self->count; i++)
        qb_series_clear(&self->finer[i]);
    qb_series_clear(&self->benchmark);
    run_macros_free(self);
    g_free(self->series);
    g_free(self->entries);
    g_free(self->finer);
    g_free(self->has_volume);
    g_clear_pointer(&self->hashes, g_ptr_array_unref);
    g_free(self);
}
