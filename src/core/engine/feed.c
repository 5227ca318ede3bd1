/* Series merged by the moment their bars become known.
 *
 * Each instrument has one next event: its row opens, or its row closes. next_us holds when; the
 * earliest of them is the next instant, and every instrument whose event is at it belongs to it.
 * They are found by scanning, not by a heap: bars of a universe nearly always come together, and
 * then a scan costs one comparison per event. For universes that do not, the minimum of each
 * block of 64 is kept, and only blocks that take part are scanned. */
#include "core/engine/engine.h"

#define BLOCK 64u
#define NEVER INT64_MAX

typedef struct cursor {
    const qb_series *series;
    const qb_calendar *calendar;
    qb_interval interval;
    int64_t interval_us;
    size_t row;  /* whose event is next; series->count at the end */
    bool opened; /* the row has opened: its close is next */
    bool started;
    qb_bar_time time; /* of the row */
    uint32_t missed;  /* bars expected between the row before and this one */
    qb_session_cursor session;
    uint64_t skipped, unpriced;
} cursor;

struct qb_series_feed {
    qb_arena arena;
    cursor *cursors;      /* [count] */
    int64_t *next_us;     /* [count] */
    int64_t *block_us;    /* [blocks]: the minimum of each block */
    qb_closed_bar *bars;  /* [count] */
    qb_opening *openings; /* [count] */
    uint32_t count, blocks;
};

/* ---- one series --------------------------------------------------------------------------- */

static inline bool is_price(double price)
{
    return price >= QB_PRICE_MIN && price <= QB_PRICE_MAX;
}

static inline bool is_priced(const qb_series *series, size_t row)
{
    return is_price(series->open[row]) && is_price(series->high[row]) &&
           is_price(series->low[row]) && is_price(series->close[row]);
}

/* Right after a whole bar and inside the same session the next whole bar needs no calendar. */
static inline bool follows_on(const cursor *cursor, int64_t ts_us, int64_t before_us)
{
    return cursor->interval < QB_1D && ts_us == before_us + cursor->interval_us &&
           cursor->time.open_us == before_us && cursor->time.known_us == ts_us &&
           ts_us + cursor->interval_us <= cursor->session.close_us;
}

static uint32_t count_missed(const cursor *cursor, int64_t ts_us, int64_t before_us)
{
    int64_t expected_us = before_us + cursor->interval_us;
    if (ts_us <= expected_us)
        return 0;
    size_t missed = qb_expected_bars(cursor->calendar, cursor->interval, expected_us, ts_us);
    return missed < UINT32_MAX ? (uint32_t)missed : UINT32_MAX;
}

/* Looks for the first row from `row` on that can be delivered. */
static void seek(cursor *cursor, size_t row)
{
    const qb_series *series = cursor->series;
    int64_t before_us = cursor->started ? series->ts_us[cursor->row] : 0;
    for (; row < series->count; row++) {
        int64_t ts_us = series->ts_us[row];
        if (!is_priced(series, row)) {
            cursor->unpriced++;
            continue;
        }
        cursor->missed = 0;
        if (cursor->started && follows_on(cursor, ts_us, before_us)) {
            cursor->time = (qb_bar_time){ts_us, ts_us + cursor->interval_us};
            break;
        }
        if (!qb_bar_times_next(cursor->calendar, cursor->interval, ts_us, &cursor->session,
                               &cursor->time)) {
            cursor->skipped++;
            continue;
        }
        if (cursor->started)
            cursor->missed = count_missed(cursor, ts_us, before_us);
        break;
    }
    cursor->row = row;
    cursor->opened = false;
    cursor->started = true;
}

static inline int64_t next_event_us(const cursor *cursor)
{
    if (cursor->row >= cursor->series->count)
        return NEVER;
    return cursor->opened ? cursor->time.known_us : cursor->time.open_us;
}

static inline void close_row(const cursor *cursor, uint32_t instrument, qb_closed_bar *out)
{
    const qb_series *series = cursor->series;
    size_t row = cursor->row;
    out->instrument = instrument;
    out->bars_missed = cursor->missed;
    out->bar = (qb_bar){
        .ts_us = series->ts_us[row],
        .open = series->open[row],
        .high = series->high[row],
        .low = series->low[row],
        .close = series->close[row],
        .volume = series->volume != NULL ? series->volume[row] : __builtin_nan(""),
        .dividend = series->dividend != NULL ? series->dividend[row] : 0.0,
        .split_factor = series->split_factor != NULL ? series->split_factor[row] : 1.0,
        .flags = series->flags != NULL ? series->flags[row] : 0,
    };
}

static inline void open_row(const cursor *cursor, uint32_t instrument, qb_opening *out)
{
    const qb_series *series = cursor->series;
    size_t row = cursor->row;
    *out = (qb_opening){
        .instrument = instrument,
        .bars_missed = cursor->missed,
        .price = series->open[row],
        .volume = series->volume != NULL ? series->volume[row] : __builtin_nan(""),
        .bar_ts_us = series->ts_us[row],
        .dividend = series->dividend != NULL ? series->dividend[row] : 0.0,
        .split_factor = series->split_factor != NULL ? series->split_factor[row] : 1.0,
        .flags = series->flags != NULL ? series->flags[row] : 0,
    };
}

/* ---- the merge ---------------------------------------------------------------------------- */

/* Everything that one instrument has at this instant: the close of a row, then the opening of
 * the next. */
static inline void deliver(qb_series_feed *feed, uint32_t instrument, qb_instant *instant)
{
    cursor *cursor = &feed->cursors[instrument];
    if (cursor->opened) {
        close_row(cursor, instrument, &feed->bars[instant->bar_count++]);
        seek(cursor, cursor->row + 1);
    }
    if (next_event_us(cursor) == instant->at_us) {
        open_row(cursor, instrument, &feed->openings[instant->opening_count++]);
        cursor->opened = true;
    }
    feed->next_us[instrument] = next_event_us(cursor);
}

static inline int64_t earliest(const int64_t *instants, uint32_t count)
{
    int64_t least = NEVER;
    for (uint32_t i = 0; i < count; i++)
        least = instants[i] < least ? instants[i] : least;
    return least;
}

static void update_block(qb_series_feed *feed, uint32_t block)
{
    uint32_t from = block * BLOCK, left = feed->count - from;
    feed->block_us[block] = earliest(feed->next_us + from, left < BLOCK ? left : BLOCK);
}

static void deliver_block(qb_series_feed *feed, uint32_t block, qb_instant *instant)
{
    uint32_t from = block * BLOCK, left = feed->count - from;
    uint32_t end = from + (left < BLOCK ? left : BLOCK);
    for (uint32_t i = from; i < end; i++)
        if (feed->next_us[i] == instant->at_us)
            deliver(feed, i, instant);
    update_block(feed, block);
}

static bool feed_next(void *self, qb_instant *out_instant)
{
    qb_series_feed *feed = self;
    *out_instant = (qb_instant){
        .at_us = earliest(feed->block_us, feed->blocks),
        .bars = feed->bars,
        .openings = feed->openings,
    };
    if (out_instant->at_us == NEVER)
        return false;
    for (uint32_t block = 0; block < feed->blocks; block++)
        if (feed->block_us[block] == out_instant->at_us)
            deliver_block(feed, block, out_instant);
    return true;
}

/* The same for one series, which needs no merging. */
static bool feed_next_single(void *self, qb_instant *out_instant)
{
    qb_series_feed *feed = self;
    int64_t at_us = feed->next_us[0];
    *out_instant = (qb_instant){.at_us = at_us, .bars = feed->bars, .openings = feed->openings};
    if (at_us == NEVER)
        return false;
    deliver(feed, 0, out_instant);
    return true;
}

/* ---- the public side ---------------------------------------------------------------------- */

static qb_status feed_alloc(qb_series_feed *feed)
{
    feed->cursors = qb_arena_alloc(&feed->arena, feed->count, sizeof *feed->cursors);
    feed->next_us = qb_arena_alloc(&feed->arena, feed->count, sizeof *feed->next_us);
    feed->block_us = qb_arena_alloc(&feed->arena, feed->blocks, sizeof *feed->block_us);
    feed->bars = qb_arena_alloc(&feed->arena, feed->count, sizeof *feed->bars);
    feed->openings = qb_arena_alloc(&feed->arena, feed->count, sizeof *feed->openings);
    bool complete = feed->cursors != NULL && feed->next_us != NULL && feed->block_us != NULL &&
                    feed->bars != NULL && feed->openings != NULL;
    return complete ? QB_OK : QB_NO_MEMORY;
}

qb_status qb_series_feed_new(const qb_instrument *instruments, const qb_series *series,
                             size_t instrument_count, qb_series_feed **out_feed)
{
    if (instrument_count == 0 || instrument_count > UINT32_MAX - BLOCK)
        return QB_OUT_OF_RANGE;
    qb_arena arena = {0};
    qb_series_feed *feed = qb_arena_alloc(&arena, 1, sizeof *feed);
    if (feed == NULL)
        return QB_NO_MEMORY;
    feed->arena = arena;
    feed->count = (uint32_t)instrument_count;
    feed->blocks = (feed->count + BLOCK - 1) / BLOCK;
    qb_status status = feed_alloc(feed);
    if (status != QB_OK) {
        qb_series_feed_free(feed);
        return status;
    }
    for (uint32_t i = 0; i < feed->count; i++) {
        feed->cursors[i] = (cursor){
            .series = &series[i],
            .calendar = instruments[i].calendar,
            .interval = instruments[i].interval,
            .interval_us = qb_interval_us(instruments[i].interval),
        };
        seek(&feed->cursors[i], 0);
        feed->next_us[i] = next_event_us(&feed->cursors[i]);
    }
    for (uint32_t block = 0; block < feed->blocks; block++)
        update_block(feed, block);
    *out_feed = feed;
    return QB_OK;
}

void qb_series_feed_free(qb_series_feed *feed)
{
    if (feed == NULL)
        return;
    qb_arena arena = feed->arena; /* the feed lies in it */
    qb_arena_clear(&arena);
}

qb_feed qb_series_feed_as_feed(qb_series_feed *feed)
{
    return (qb_feed){.self = feed, .next = feed->count == 1 ? feed_next_single : feed_next};
}

uint64_t qb_series_feed_skipped(const qb_series_feed *feed, uint32_t instrument)
{
    return feed->cursors[instrument].skipped;
}

uint64_t qb_series_feed_unpriced(const qb_series_feed *feed, uint32_t instrument)
{
    return feed->cursors[instrument].unpriced;
}
