/* Series merged by the moment their bars become known.
 *
 * Each instrument has one next event: its row opens, or its row closes. next_us holds when; the
 * earliest of them is the next instant, and every instrument whose event is at it belongs to it.
 * They are found by scanning, not by a heap: bars of a universe nearly always come together, and
 * then a scan costs one comparison per event. For universes that do not, the minimum of each
 * block of 64 is kept, and only blocks that take part are scanned. */
#include "core/engine/engine.h"

#include <string.h>

#define LIKELY(condition) __builtin_expect((condition), 1)
#define UNLIKELY(condition) __builtin_expect((condition), 0)

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
    bool plain;       /* no dividends, splits, flags or quotes in any series of the feed */
    qb_bar_time time; /* of the row */
    uint32_t missed;  /* bars expected between the row before and this one */
    /* A whole intraday bar at follow_us, right after this one and within the same session, needs
     * no calendar; from follow_end_us on one has to look again. */
    int64_t follow_us, follow_end_us;
    qb_session_cursor session;
    uint64_t skipped, unpriced;
} cursor;

/* Rows of a sheet at a time. */
#define SHEET_ROWS 256u

/* The finer bars of one instrument, and those of the bar that closes. */
typedef struct finer {
    const qb_series *series;
    size_t row; /* the first that belongs to no earlier bar */
    qb_session_cursor session;
    qb_bar *bars; /* [capacity] */
    size_t capacity;
    uint64_t uncovered;
} finer;

struct qb_series_feed {
    qb_arena arena;
    cursor *cursors;      /* [count] */
    int64_t *next_us;     /* [count] */
    int64_t *block_us;    /* [blocks]: the minimum of each block */
    qb_closed_bar *bars;  /* [count] */
    qb_opening *openings; /* [count] */
    finer *finer;         /* [count], or NULL */
    qb_interval finer_interval;
    bool aligned;             /* every series has the same rows, all of them delivered */
    qb_bar_time *sheet_times; /* [SHEET_ROWS + 1] */
    uint32_t *sheet_missed;   /* [SHEET_ROWS + 1] */
    uint32_t count, blocks;
};

/* ---- one series --------------------------------------------------------------------------- */

static inline bool is_price(double price)
{
    return price >= QB_PRICE_MIN && price <= QB_PRICE_MAX; /* NaN fails */
}

static inline bool is_priced(const qb_series *series, size_t row)
{
    return is_price(series->open[row]) && is_price(series->high[row]) &&
           is_price(series->low[row]) && is_price(series->close[row]);
}

/* The same for nearly every row at half the cost: all four are large enough if the least is, and
 * small enough if even their sum is. False proves nothing. */
static inline bool is_surely_priced(const qb_series *series, size_t row)
{
    double open = series->open[row], high = series->high[row];
    double low = series->low[row], close = series->close[row];
    double a = open < high ? open : high, b = low < close ? low : close;
    double least = a < b ? a : b, sum = (open + high) + (low + close); /* NaN if any is */
    return (least >= QB_PRICE_MIN) & (sum <= QB_PRICE_MAX);
}

/* Two doubles of a column, and what a comparison of them says: all bits set, or none. */
typedef double pair __attribute__((vector_size(16), aligned(8)));
typedef int64_t verdict __attribute__((vector_size(16)));
typedef int64_t stamps __attribute__((vector_size(16), aligned(8)));

static inline verdict are_prices(const double *at)
{
    const pair prices = *(const pair *)at;
    return (prices >= QB_PRICE_MIN) & (prices <= QB_PRICE_MAX); /* NaN fails */
}

#define BATCH ((size_t)8)

/* A batch of prices of one column. */
static inline verdict batch_is_priced(const double *at)
{
    return are_prices(at) & are_prices(at + 2) & are_prices(at + 4) & are_prices(at + 6);
}

static inline bool holds(verdict verdict)
{
    return (verdict[0] & verdict[1]) != 0;
}

static uint32_t count_missed(const cursor *cursor, int64_t ts_us, int64_t before_us)
{
    int64_t expected_us = before_us + cursor->interval_us;
    if (ts_us <= expected_us)
        return 0;
    size_t missed = qb_expected_bars(cursor->calendar, cursor->interval, expected_us, ts_us);
    return missed < UINT32_MAX ? (uint32_t)missed : UINT32_MAX;
}

static bool stands(cursor *cursor, size_t row)
{
    if (!is_priced(cursor->series, row)) {
        cursor->unpriced++;
        return false;
    }
    if (!qb_bar_times_next(cursor->calendar, cursor->interval, cursor->series->ts_us[row],
                           &cursor->session, &cursor->time)) {
        cursor->skipped++;
        return false;
    }
    return true;
}

static void expect_follower(cursor *cursor, int64_t ts_us)
{
    bool whole = cursor->interval < QB_1D && cursor->time.open_us == ts_us &&
                 cursor->time.known_us == ts_us + cursor->interval_us;
    /* Trading goes on until the break, or after it until the close. */
    const qb_session_cursor *session = &cursor->session;
    int64_t stop_us = ts_us < session->break_start_us ? session->break_start_us : session->close_us;
    cursor->follow_us = whole ? cursor->time.known_us : NEVER;
    cursor->follow_end_us = whole ? stop_us - cursor->interval_us + 1 : 0;
}

/* The first row from `row` on that can be delivered, by asking the calendar. */
__attribute__((noinline)) static void seek(cursor *cursor, size_t row)
{
    const qb_series *series = cursor->series;
    int64_t before_us = cursor->started ? series->ts_us[cursor->row] : 0;
    while (row < series->count && !stands(cursor, row))
        row++;
    cursor->missed = 0;
    if (row < series->count) {
        if (cursor->started)
            cursor->missed = count_missed(cursor, series->ts_us[row], before_us);
        expect_follower(cursor, series->ts_us[row]);
    }
    cursor->row = row;
    cursor->opened = false;
    cursor->started = true;
}

static inline void advance(cursor *cursor)
{
    const qb_series *series = cursor->series;
    size_t row = cursor->row + 1;
    if (UNLIKELY(row >= series->count || series->ts_us[row] != cursor->follow_us ||
                 cursor->follow_us >= cursor->follow_end_us || !is_surely_priced(series, row))) {
        seek(cursor, row);
        return;
    }
    cursor->row = row;
    cursor->opened = false;
    cursor->missed = 0;
    cursor->time.open_us = cursor->follow_us;
    cursor->time.known_us = cursor->follow_us += cursor->interval_us;
}

static inline int64_t next_event_us(const cursor *cursor)
{
    if (UNLIKELY(cursor->row >= cursor->series->count))
        return NEVER;
    return cursor->opened ? cursor->time.known_us : cursor->time.open_us;
}

/* The optional columns of a plain series have been set to their defaults once and for all, as
 * long as every series of the feed is plain. */
static inline void close_row(const cursor *cursor, uint32_t instrument, qb_closed_bar *out)
{
    const qb_series *series = cursor->series;
    size_t row = cursor->row;
    out->instrument = instrument;
    out->bars_missed = cursor->missed;
    out->bar.ts_us = series->ts_us[row];
    out->bar.open = series->open[row];
    out->bar.high = series->high[row];
    out->bar.low = series->low[row];
    out->bar.close = series->close[row];
    out->bar.volume = series->volume != NULL ? series->volume[row] : __builtin_nan("");
    if (LIKELY(cursor->plain))
        return;
    out->bar.dividend = series->dividend != NULL ? series->dividend[row] : 0.0;
    out->bar.split_factor = series->split_factor != NULL ? series->split_factor[row] : 1.0;
    out->bar.flags = series->flags != NULL ? series->flags[row] : 0;
    out->bid = series->bid != NULL ? series->bid[row] : 0.0;
    out->ask = series->ask != NULL ? series->ask[row] : 0.0;
}

static inline void open_row(const cursor *cursor, uint32_t instrument, qb_opening *out)
{
    const qb_series *series = cursor->series;
    size_t row = cursor->row;
    out->instrument = instrument;
    out->bars_missed = cursor->missed;
    out->price = series->open[row];
    out->volume = series->volume != NULL ? series->volume[row] : __builtin_nan("");
    out->bar_ts_us = series->ts_us[row];
    if (LIKELY(cursor->plain))
        return;
    out->dividend = series->dividend != NULL ? series->dividend[row] : 0.0;
    out->split_factor = series->split_factor != NULL ? series->split_factor[row] : 1.0;
    out->flags = series->flags != NULL ? series->flags[row] : 0;
}

/* ---- details ------------------------------------------------------------------------------ */

/* Prices of one source agree to the last digits of their decimals. */
static inline bool agrees(double price, double with)
{
    return price >= with * (1.0 - 1e-9) && price <= with * (1.0 + 1e-9);
}

/* Together they reach just as high and as low as the bar: nothing of importance is missing. */
static bool cover(const qb_bar *finer, size_t count, const qb_bar *bar)
{
    double high = 0.0, low = QB_PRICE_MAX;
    for (size_t i = 0; i < count; i++) {
        high = finer[i].high > high ? finer[i].high : high;
        low = finer[i].low < low ? finer[i].low : low;
    }
    return agrees(high, bar->high) && agrees(low, bar->low);
}

/* The finer bars that open within the row's own time and are over with it. */
static size_t find_details(qb_series_feed *feed, uint32_t instrument, const qb_bar_time *time)
{
    finer *finer = &feed->finer[instrument];
    const qb_series *series = finer->series;
    const qb_calendar *calendar = feed->cursors[instrument].calendar;
    size_t count = 0;
    for (; finer->row < series->count && series->ts_us[finer->row] < time->known_us; finer->row++) {
        qb_bar_time at;
        if (count < finer->capacity && is_priced(series, finer->row) &&
            qb_bar_times_next(calendar, feed->finer_interval, series->ts_us[finer->row],
                              &finer->session, &at) &&
            at.open_us >= time->open_us && at.known_us <= time->known_us)
            finer->bars[count++] = qb_series_bar(series, finer->row);
    }
    return count;
}

static void add_details(qb_series_feed *feed, uint32_t instrument, const qb_bar_time *time,
                        qb_closed_bar *out)
{
    finer *finer = &feed->finer[instrument];
    size_t count = find_details(feed, instrument, time);
    bool covered = cover(finer->bars, count, &out->bar);
    out->details = covered ? finer->bars : NULL;
    out->detail_count = covered ? count : 0;
    finer->uncovered += !covered;
}

qb_status qb_series_feed_detail(qb_series_feed *feed, const qb_series *series, qb_interval interval)
{
    finer *all = qb_arena_alloc(&feed->arena, feed->count, sizeof *all);
    if (all == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < feed->count; i++) {
        if ((unsigned)interval >= QB_INTERVAL_COUNT || interval >= feed->cursors[i].interval)
            return QB_OUT_OF_RANGE;
        size_t most = (size_t)(feed->cursors[i].interval_us / qb_interval_us(interval));
        all[i] = (finer){.series = &series[i], .capacity = most};
        all[i].bars = qb_arena_alloc(&feed->arena, most, sizeof *all[i].bars);
        if (all[i].bars == NULL)
            return QB_NO_MEMORY;
    }
    feed->finer = all;
    feed->finer_interval = interval;
    return QB_OK;
}

/* ---- the merge ---------------------------------------------------------------------------- */

/* Everything that one instrument has at this instant: the close of a row, then the opening of
 * the next. */
static inline void deliver(qb_series_feed *feed, uint32_t instrument, qb_instant *instant)
{
    cursor *cursor = &feed->cursors[instrument];
    if (cursor->opened) {
        qb_closed_bar *closed = &feed->bars[instant->bar_count++];
        close_row(cursor, instrument, closed);
        if (UNLIKELY(feed->finer != NULL))
            add_details(feed, instrument, &cursor->time, closed);
        advance(cursor);
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

/* Whether a batch of rows opens at at_us and then at each interval, with nothing but prices. */
static inline bool batch_follows(const qb_series *series, size_t row, int64_t at_us,
                                 int64_t interval_us)
{
    verdict expected = {at_us, at_us + interval_us}, strange = {0, 0};
    for (size_t i = 0; i < BATCH; i += 2, expected += 2 * interval_us)
        strange |= *(const stamps *)(series->ts_us + row + i) ^ expected;
    return (strange[0] | strange[1]) == 0 &&
           holds(batch_is_priced(series->open + row) & batch_is_priced(series->high + row) &
                 batch_is_priced(series->low + row) & batch_is_priced(series->close + row));
}

/* Rows as far as each follows on the one before, within one session. The last of them has opened
 * then, and its close is the next event, as after any instant. */
static bool feed_stretch_single(void *self, qb_stretch *out_stretch)
{
    qb_series_feed *feed = self;
    cursor *cursor = &feed->cursors[0];
    const qb_series *series = cursor->series;
    size_t first = cursor->row, row = first;
    if (!cursor->plain || !cursor->opened || feed->finer != NULL)
        return false;
    const int64_t interval_us = cursor->interval_us, end_us = cursor->follow_end_us;
    const int64_t rest_us = (int64_t)(BATCH - 1) * interval_us; /* of a batch after its first */
    int64_t follow_us = cursor->follow_us;
    while (series->count - row > BATCH && follow_us < end_us - rest_us &&
           batch_follows(series, row + 1, follow_us, interval_us)) {
        /* Only fills look at volumes, now and then: nothing else would call for them in time. */
        if (series->volume != NULL)
            __builtin_prefetch(&series->volume[row + BATCH]);
        row += BATCH;
        follow_us += (int64_t)BATCH * interval_us;
    }
    while (row + 1 < series->count && series->ts_us[row + 1] == follow_us && follow_us < end_us &&
           is_priced(series, row + 1)) {
        row++;
        follow_us += interval_us;
    }
    if (row == first)
        return false;
    *out_stretch = (qb_stretch){
        .instrument = 0,
        .interval_us = cursor->interval_us,
        .ts_us = series->ts_us + first,
        .open = series->open + first,
        .high = series->high + first,
        .low = series->low + first,
        .close = series->close + first,
        .volume = series->volume != NULL ? series->volume + first : NULL,
        .count = row - first,
        .beyond = series->count - 1 - row,
    };
    cursor->row = row;
    cursor->missed = 0;
    cursor->time.open_us = series->ts_us[row];
    cursor->time.known_us = cursor->follow_us = follow_us;
    feed->next_us[0] = follow_us;
    return true;
}

/* ---- a whole universe --------------------------------------------------------------------- */

/* Whether all prices of a column may be delivered. */
static bool all_priced(const double *prices, size_t count)
{
    const size_t batches = count / BATCH * BATCH;
    verdict verdict = {-1, -1};
    bool rest = true;
    for (size_t i = 0; i < batches; i += BATCH)
        verdict &= batch_is_priced(prices + i);
    for (size_t i = batches; i < count; i++)
        rest = rest && is_price(prices[i]);
    return rest && holds(verdict);
}

static bool same_rows(const qb_series_feed *feed, uint32_t instrument)
{
    const cursor *cursor = &feed->cursors[instrument], *model = &feed->cursors[0];
    const qb_series *series = cursor->series;
    return cursor->calendar == model->calendar && cursor->interval == model->interval &&
           series->count == model->series->count &&
           memcmp(series->ts_us, model->series->ts_us, series->count * sizeof *series->ts_us) ==
               0 &&
           all_priced(series->open, series->count) && all_priced(series->high, series->count) &&
           all_priced(series->low, series->count) && all_priced(series->close, series->count);
}

/* Looked at once, so that no row need be looked at again. */
static qb_status align(qb_series_feed *feed)
{
    const qb_series *model = feed->cursors[0].series;
    cursor walker = feed->cursors[0];
    bool aligned = walker.plain && feed->count > 1 && model->count > 0;
    for (uint32_t i = 0; aligned && i < feed->count; i++)
        aligned = same_rows(feed, i);
    for (size_t row = 0; aligned && row < model->count; row++, advance(&walker))
        aligned = walker.row == row;
    if (!aligned)
        return QB_OK;
    feed->sheet_times = qb_arena_alloc(&feed->arena, SHEET_ROWS + 1, sizeof *feed->sheet_times);
    feed->sheet_missed = qb_arena_alloc(&feed->arena, SHEET_ROWS + 1, sizeof *feed->sheet_missed);
    feed->aligned = feed->sheet_times != NULL && feed->sheet_missed != NULL;
    return feed->aligned ? QB_OK : QB_NO_MEMORY;
}

/* The first cursor walks for all of them. */
static bool feed_sheet(void *self, qb_sheet *out_sheet)
{
    qb_series_feed *feed = self;
    cursor *walker = &feed->cursors[0];
    size_t rows = walker->series->count;
    if (!walker->opened || walker->row >= rows || feed->finer != NULL)
        return false;
    *out_sheet = (qb_sheet){
        .series = walker->series,
        .times = feed->sheet_times,
        .missed = feed->sheet_missed,
        .first = walker->row,
    };
    size_t count = 0;
    for (; count < SHEET_ROWS && walker->row < rows; count++, advance(walker)) {
        feed->sheet_times[count] = walker->time;
        feed->sheet_missed[count] = walker->missed;
    }
    out_sheet->count = count;
    out_sheet->last = walker->row >= rows;
    for (uint32_t block = 0; out_sheet->last && block < feed->blocks; block++)
        feed->block_us[block] = NEVER;
    if (!out_sheet->last) {
        feed->sheet_times[count] = walker->time;
        feed->sheet_missed[count] = walker->missed;
        walker->opened = true;
    }
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

static bool is_plain(const qb_series *series)
{
    return series->dividend == NULL && series->split_factor == NULL && series->flags == NULL &&
           series->bid == NULL && series->ask == NULL;
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
    bool plain = true;
    for (uint32_t i = 0; i < feed->count; i++)
        plain = plain && is_plain(&series[i]);
    for (uint32_t i = 0; i < feed->count; i++) {
        feed->cursors[i] = (cursor){
            .series = &series[i],
            .calendar = instruments[i].calendar,
            .interval = instruments[i].interval,
            .interval_us = qb_interval_us(instruments[i].interval),
            .plain = plain,
            .follow_us = NEVER,
        };
        feed->bars[i].bar.split_factor = feed->openings[i].split_factor = 1.0;
        seek(&feed->cursors[i], 0);
        feed->next_us[i] = next_event_us(&feed->cursors[i]);
    }
    for (uint32_t block = 0; block < feed->blocks; block++)
        update_block(feed, block);
    status = align(feed);
    if (status != QB_OK) {
        qb_series_feed_free(feed);
        return status;
    }
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
    if (feed->count > 1)
        return (qb_feed){
            .self = feed, .next = feed_next, .sheet = feed->aligned ? feed_sheet : NULL};
    return (qb_feed){.self = feed, .next = feed_next_single, .stretch = feed_stretch_single};
}

uint64_t qb_series_feed_skipped(const qb_series_feed *feed, uint32_t instrument)
{
    return feed->cursors[instrument].skipped;
}

uint64_t qb_series_feed_unpriced(const qb_series_feed *feed, uint32_t instrument)
{
    return feed->cursors[instrument].unpriced;
}

uint64_t qb_series_feed_uncovered(const qb_series_feed *feed, uint32_t instrument)
{
    return feed->finer != NULL ? feed->finer[instrument].uncovered : 0;
}
