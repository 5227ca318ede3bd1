/* Rows of one instrument that follow each other without a gap. While nobody but the strategy looks
 * at them, what an instant asks of the calendar, the account and the book is asked once for many;
 * the other rows are made into instants like any other. */
#include "core/engine/engine-private.h"

static inline double volume_at(const qb_stretch *stretch, size_t row)
{
    return stretch->volume != NULL ? stretch->volume[row] : NAN;
}

/* ---- rows as instants --------------------------------------------------------------------- */

RARE static void close_row(qb_engine *engine, const qb_stretch *stretch, size_t row)
{
    const qb_closed_bar closed = {
        .instrument = stretch->instrument,
        .bar =
            {
                .ts_us = stretch->ts_us[row],
                .open = stretch->open[row],
                .high = stretch->high[row],
                .low = stretch->low[row],
                .close = stretch->close[row],
                .volume = volume_at(stretch, row),
                .split_factor = 1.0,
            },
    };
    engine_begin_instant(engine, stretch->ts_us[row + 1]);
    if (!engine->stopped)
        engine_close_bars(engine, &closed, 1);
}

RARE static void open_row(qb_engine *engine, const qb_stretch *stretch, size_t row)
{
    const qb_opening opening = {
        .instrument = stretch->instrument,
        .price = stretch->open[row],
        .volume = volume_at(stretch, row),
        .bar_ts_us = stretch->ts_us[row],
        .split_factor = 1.0,
    };
    engine_end_orders(engine);
    /* The opening before may have been passed over. */
    if (row > 0)
        engine->states[stretch->instrument].session_us = stretch->ts_us[row - 1];
    engine_open_bars(engine, &opening, 1);
}

/* ---- calm rows ---------------------------------------------------------------------------- */

/* An opening that nobody can see: no order waits for it, the only instrument's next event is its
 * own close, and without debt and shorts no price can ruin the account. */
static inline bool opening_is_moot(const qb_engine *engine)
{
    return engine->book.count == 0 && engine->context.instrument_count == 1 &&
           account_is_safe(engine);
}

/* Nobody looks at the close either, but the strategy. */
static inline bool is_calm(const qb_engine *engine)
{
    return opening_is_moot(engine) && !engine->busy;
}

/* What stays as it is from one calm row to the next. */
typedef struct calm {
    instrument_state *state;
    qb_history *history;
    qb_position *position;
    int64_t
        units; /* held, where each is worth the price: whole ones at a multiplier of 1; else 0 */
} calm;

static calm calm_of(const qb_engine *engine, uint32_t instrument)
{
    qb_position *position = &engine->portfolio.positions[instrument];
    const int64_t units = position->quantity.raw / QB_ONE;
    const bool plain = units * QB_ONE == position->quantity.raw &&
                       position->multiplier.raw == QB_ONE;
    return (calm){
        .state = &engine->states[instrument],
        .history = &engine->histories[instrument],
        .position = position,
        .units = plain ? units : 0,
    };
}

/* As qb_portfolio_mark does it: the value of the only position, a long one, is the sum of all
 * values, and the exposure. What does not fit is left to it. */
INLINED static inline void revalue(qb_engine *engine, const calm *calm, double close)
{
    qb_price price;
    int64_t value;
    if (UNLIKELY(calm->units == 0 || qb_price_from_double(close, &price) != QB_OK ||
                 price.raw <= 0 || __builtin_mul_overflow(price.raw, calm->units, &value))) {
        engine_mark(engine, calm->position, close);
        return;
    }
    calm->position->mark = price;
    calm->position->value.raw = value;
    engine->portfolio.value.raw = value;
    engine->portfolio.exposure.raw = value;
}

RARE static void append_columns(const instrument_state *state, const qb_stretch *stretch,
                                size_t from, size_t to)
{
    const double factor = state->price_factor;
    state->open[to] = stretch->open[from] * factor;
    state->high[to] = stretch->high[from] * factor;
    state->low[to] = stretch->low[from] * factor;
    state->close[to] = stretch->close[from] * factor;
    state->volume[to] = volume_at(stretch, from) * state->volume_factor;
}

/* The next stretch, line by line while this one is run: its feed looks at every price of it at once,
 * and would wait for memory. */
#define LINE 8u         /* rows of a column in a line of the cache */
#define AHEAD_MAX 4096u /* rows that surely stay in it until they are needed */

INLINED static inline void call_for(const qb_stretch *stretch, size_t row)
{
    const size_t ahead = row + (stretch->count < AHEAD_MAX ? stretch->count : AHEAD_MAX);
    if (row % LINE != 0 || ahead > stretch->count + stretch->beyond)
        return;
    __builtin_prefetch(&stretch->ts_us[ahead]);
    __builtin_prefetch(&stretch->open[ahead]);
    __builtin_prefetch(&stretch->high[ahead]);
    __builtin_prefetch(&stretch->low[ahead]);
    __builtin_prefetch(&stretch->close[ahead]);
}

/* Rows as long as all is calm; the first that is not taken is returned. */
static size_t run_calmly(qb_engine *engine, const qb_stretch *stretch, size_t row)
{
    const calm calm = calm_of(engine, stretch->instrument);
    instrument_state *const state = calm.state;
    const bool held = calm.position->quantity.raw != 0;
    const bool only_close = engine->columns == QB_READ_CLOSE;
    const int64_t *const ts_us = stretch->ts_us;
    size_t to = calm.history->count;
    uint64_t total = calm.history->total;
    if (UNLIKELY(engine->totals.first_us == INT64_MIN))
        engine->totals.first_us = ts_us[row + 1];
    do {
        const int64_t known_us = ts_us[row + 1];
        const double close = stretch->close[row];
        call_for(stretch, row);
        if (UNLIKELY(known_us - ts_us[row] != stretch->interval_us))
            return row;
        if (UNLIKELY(to == engine->rows)) {
            engine_slide(engine, state);
            to = engine->keep;
        }
        state->ts_us[to] = ts_us[row];
        if (LIKELY(only_close))
            state->close[to] = close * state->price_factor;
        else
            append_columns(state, stretch, row, to);
        calm.history->count = ++to;
        calm.history->total = ++total;
        engine->context.now_us = state->closed_us = known_us;
        state->price = close;
        state->outcome.stage = LIKELY(total >= engine->warmup) ? QB_STAGE_NO_SIGNAL
                                                               : QB_STAGE_WARMUP;
        if (held) {
            revalue(engine, &calm, close);
            calm.position->bars++;
            qb_position_seen(calm.position, stretch->low[row], stretch->high[row]);
            if (UNLIKELY(engine->stopped))
                return row + 1;
        }
        row++;
        if (LIKELY(!engine->totals.disabled))
            engine->strategy->on_bar(engine->strategy_state, &engine->context, stretch->instrument);
        decide_record(engine, state);
        engine_sink_equity(engine);
    } while (row < stretch->count && engine->book.count == 0 && LIKELY(!engine->stopped));
    return row;
}

/* Prices are the feed's promise here; what is none fails when it reaches the ledger. */
qb_status stretch_run(qb_engine *engine, const qb_stretch *stretch)
{
    if (stretch->count == 0 || stretch->interval_us <= 0 ||
        stretch->instrument >= engine->context.instrument_count ||
        stretch->ts_us[0] <= engine_closed_ts_us(engine, stretch->instrument) ||
        stretch->ts_us[1] <= engine->context.now_us)
        return QB_OUT_OF_ORDER;
    if (UNLIKELY(engine->one_clock))
        sheet_part_clocks(engine);
    for (size_t row = 0; row < stretch->count && LIKELY(!engine->stopped);) {
        if (UNLIKELY(stretch->ts_us[row + 1] - stretch->ts_us[row] != stretch->interval_us))
            return QB_OUT_OF_ORDER;
        if (LIKELY(is_calm(engine)))
            row = run_calmly(engine, stretch, row);
        else
            close_row(engine, stretch, row++);
        if ((row == stretch->count || !opening_is_moot(engine)) && !engine->stopped)
            open_row(engine, stretch, row);
    }
    return engine->status;
}
