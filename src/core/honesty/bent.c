/* Runs on bars that were changed. Slices and other prices are other series; other times are laid
 * over the feed's instants, so that no calendar has to know them. */
#include "core/honesty/honesty-private.h"

#include <string.h>

/* ---- the bars as they are ------------------------------------------------------------------- */

static size_t count_rows(const qb_engine_config *config, const qb_series *series)
{
    size_t rows = 0;
    for (uint32_t i = 0; i < config->instrument_count; i++)
        rows += series[i].count;
    return rows;
}

static qb_status base_alloc(base *base)
{
    uint32_t count = base->config->instrument_count;
    size_t rows = count_rows(base->config, base->series);
    /* Each row opens and closes at most once. */
    base->instants = qb_arena_alloc(&base->arena, 2 * rows + 1, sizeof *base->instants);
    base->closes = qb_arena_alloc(&base->arena, 2 * rows + 1, sizeof *base->closes);
    base->known = qb_arena_alloc(&base->arena, count, sizeof *base->known);
    base->ts = qb_arena_alloc(&base->arena, count, sizeof *base->ts);
    base->bar_counts = qb_arena_alloc(&base->arena, count, sizeof *base->bar_counts);
    if (base->instants == NULL || base->closes == NULL || base->known == NULL || base->ts == NULL ||
        base->bar_counts == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        size_t room = base->series[i].count;
        base->known[i] = qb_arena_alloc(&base->arena, room, sizeof **base->known);
        base->ts[i] = qb_arena_alloc(&base->arena, room, sizeof **base->ts);
        if (base->known[i] == NULL || base->ts[i] == NULL)
            return QB_NO_MEMORY;
    }
    return QB_OK;
}

static qb_status read_times(base *base)
{
    qb_series_feed *feed;
    qb_status status = qb_series_feed_new(base->config->instruments, base->series,
                                          base->config->instrument_count, &feed);
    if (status != QB_OK)
        return status;
    const qb_feed source = qb_series_feed_as_feed(feed);
    qb_instant instant;
    base->lag = 1;
    while (source.next(source.self, &instant)) {
        base->closes[base->instant_count] = instant.bar_count > 0;
        base->instants[base->instant_count++] = instant.at_us;
        /* Where bars open by themselves, a bar's worth is two instants. */
        if (instant.bar_count == 0 && base->instant_count > 1)
            base->lag = 2;
        for (size_t k = 0; k < instant.bar_count; k++) {
            uint32_t i = instant.bars[k].instrument;
            base->known[i][base->bar_counts[i]] = instant.at_us;
            base->ts[i][base->bar_counts[i]++] = instant.bars[k].bar.ts_us;
        }
    }
    qb_series_feed_free(feed);
    return QB_OK;
}

qb_status base_init(base *base, const qb_engine_config *config, const qb_series *series)
{
    *base = (struct base){.config = config, .series = series};
    qb_status status = base_alloc(base);
    if (status == QB_OK)
        status = read_times(base);
    if (status == QB_OK)
        status = bent_run(base, &bend_none, &base->notes);
    if (status == QB_OK)
        base->warmup = config->strategy->warmup(config->params);
    return status;
}

void base_clear(base *base)
{
    notes_clear(&base->notes);
    qb_arena_clear(&base->arena);
}

size_t base_known(const base *base, uint32_t instrument, int64_t at_us)
{
    size_t low = 0, high = base->bar_counts[instrument];
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (base->known[instrument][middle] <= at_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t base_row(const base *base, uint32_t instrument, size_t bar)
{
    const qb_series *series = &base->series[instrument];
    if (bar >= base->bar_counts[instrument])
        return series->count;
    return qb_series_lower_bound(series, base->ts[instrument][bar]);
}

/* ---- other times ---------------------------------------------------------------------------- */

#define LAG_MAX 2

/* One instant, kept until its time comes. */
typedef struct held {
    qb_closed_bar *bars;  /* [instrument_count] */
    qb_opening *openings; /* [instrument_count] */
    size_t bar_count, opening_count;
} held;

typedef struct bent_feed {
    qb_feed inner;
    bend bend;
    held held[LAG_MAX + 1];
    uint64_t taken; /* from inner */
} bent_feed;

static void hold(bent_feed *feed, held *held, const qb_instant *instant)
{
    held->bar_count = instant->bar_count;
    held->opening_count = instant->opening_count;
    for (size_t i = 0; i < instant->bar_count; i++) {
        held->bars[i] = instant->bars[i];
        held->bars[i].bar.ts_us += feed->bend.shift_us;
        held->bars[i].details = NULL;
        held->bars[i].detail_count = 0;
    }
    for (size_t i = 0; i < instant->opening_count; i++) {
        held->openings[i] = instant->openings[i];
        held->openings[i].bar_ts_us += feed->bend.shift_us;
    }
}

/* What came `lag` instants ago, at the time of the one that comes now. */
static bool bent_next(void *self, qb_instant *out_instant)
{
    bent_feed *feed = self;
    uint32_t slots = feed->bend.lag + 1;
    qb_instant instant;
    do {
        if (!feed->inner.next(feed->inner.self, &instant))
            return false;
        hold(feed, &feed->held[feed->taken % slots], &instant);
        feed->taken++;
    } while (feed->taken < slots);
    const held *due = &feed->held[feed->taken % slots];
    *out_instant = (qb_instant){
        .at_us = instant.at_us + feed->bend.shift_us,
        .bars = due->bars,
        .bar_count = due->bar_count,
        .openings = due->openings,
        .opening_count = due->opening_count,
    };
    return true;
}

static qb_status bent_feed_init(bent_feed *feed, qb_arena *arena, uint32_t count, const bend *bend,
                                qb_feed inner)
{
    *feed = (bent_feed){.inner = inner, .bend = *bend};
    for (uint32_t i = 0; i <= bend->lag; i++) {
        feed->held[i].bars = qb_arena_alloc(arena, count, sizeof *feed->held[i].bars);
        feed->held[i].openings = qb_arena_alloc(arena, count, sizeof *feed->held[i].openings);
        if (feed->held[i].bars == NULL || feed->held[i].openings == NULL)
            return QB_NO_MEMORY;
    }
    return QB_OK;
}

/* ---- other money ---------------------------------------------------------------------------- */

typedef struct bent_macro {
    qb_macro_feed inner;
    const bend *bend;
    const base *base;
} bent_macro;

static double bent_macro_at(void *self, int64_t at_us)
{
    const bent_macro *macro = self;
    return macro->inner.at(macro->inner.self, bend_unbend(macro->bend, macro->base, at_us));
}

static qb_status bend_macros(qb_engine_config *config, qb_arena *arena, const base *base,
                             const bend *bend)
{
    if (config->macro_count == 0 || (bend->lag == 0 && bend->shift_us == 0))
        return QB_OK;
    qb_macro_feed *macros = qb_arena_alloc(arena, config->macro_count, sizeof *macros);
    bent_macro *bent = qb_arena_alloc(arena, config->macro_count, sizeof *bent);
    if (macros == NULL || bent == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < config->macro_count; i++) {
        bent[i] = (bent_macro){config->macros[i], bend, base};
        macros[i] = (qb_macro_feed){&bent[i], bent_macro_at};
    }
    config->macros = macros;
    return QB_OK;
}

static int64_t doubled(int64_t raw, double scale)
{
    return scale == 1.0 || raw > INT64_MAX / 2 ? raw : 2 * raw;
}

static void scale_costs(qb_costs *costs, double scale)
{
    costs->fee_per_unit.raw = doubled(costs->fee_per_unit.raw, scale);
    costs->fee_minimum.raw = doubled(costs->fee_minimum.raw, scale);
    costs->sell_per_unit.raw = doubled(costs->sell_per_unit.raw, scale);
}

/* Copies of what the configuration borrows and a scale changes. */
static qb_status scale_config(qb_engine_config *config, qb_arena *arena, double scale)
{
    uint32_t count = config->instrument_count;
    qb_instrument *instruments = qb_arena_alloc(arena, count, sizeof *instruments);
    qb_costs *costs = config->instrument_costs != NULL ? qb_arena_alloc(arena, count, sizeof *costs)
                                                       : NULL;
    qb_holding *holdings = qb_arena_alloc(arena, config->holding_count, sizeof *holdings);
    if (instruments == NULL || holdings == NULL || (config->instrument_costs != NULL && !costs))
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        instruments[i] = config->instruments[i];
        instruments[i].tick.raw = doubled(instruments[i].tick.raw, scale);
        if (costs != NULL) {
            costs[i] = config->instrument_costs[i];
            scale_costs(&costs[i], scale);
        }
    }
    for (size_t i = 0; i < config->holding_count; i++) {
        holdings[i] = config->holdings[i];
        holdings[i].price.raw = doubled(holdings[i].price.raw, scale);
    }
    config->instruments = instruments;
    config->instrument_costs = costs;
    config->holdings = holdings;
    config->cash.raw = doubled(config->cash.raw, scale);
    scale_costs(&config->costs, scale);
    if (config->size.kind == QB_SIZE_CASH)
        config->size.amount *= scale;
    return QB_OK;
}

/* ---- the run -------------------------------------------------------------------------------- */

static qb_status run_engine(const qb_engine_config *config, const qb_feed *feed)
{
    qb_engine *engine = NULL;
    qb_status status = qb_engine_new(config, NULL, &engine);
    if (status == QB_OK)
        status = qb_engine_run(engine, feed);
    if (status == QB_OK)
        status = qb_engine_finish(engine);
    qb_engine_free(engine);
    return status;
}

qb_status bent_run(const base *base, const bend *bend, notes *out)
{
    qb_engine_config config = *base->config;
    const qb_series *series = bend->series != NULL ? bend->series : base->series;
    qb_arena arena = {0};
    qb_series_feed *feed = NULL;
    bent_feed bent;
    tap tap;
    config.risk = NULL;
    config.deposits = NULL;
    config.deposit_count = 0;
    qb_status status = notes_init(out, config.instrument_count);
    if (status == QB_OK && bend->scale != 1.0)
        status = scale_config(&config, &arena, bend->scale);
    if (status == QB_OK)
        status = bend_macros(&config, &arena, base, bend);
    if (status == QB_OK)
        status = qb_series_feed_new(config.instruments, series, config.instrument_count, &feed);
    if (status == QB_OK) {
        qb_feed source = qb_series_feed_as_feed(feed);
        if (bend->lag > 0 || bend->shift_us != 0) {
            status = bent_feed_init(&bent, &arena, config.instrument_count, bend, source);
            source = (qb_feed){.self = &bent, .next = bent_next};
        }
        tap_init(&tap, config.strategy, out, base, bend);
        config.strategy = &tap.shown;
        if (status == QB_OK)
            status = run_engine(&config, &source);
    }
    qb_series_feed_free(feed);
    qb_arena_clear(&arena);
    return status;
}
