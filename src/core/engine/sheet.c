/* Instants of a universe whose bars all come together: what a row needs of each instrument is one
 * close (or the columns that the strategy reads), and what it needs of the account is done for what
 * is held alone. Openings at which nobody waits are passed over, as in a stretch. Rows that orders
 * wait for are made into instants like any other. */
#include "core/engine/engine-private.h"

/* Nobody looks at anything but closes, and at nothing between an opening and the next close. */
bool sheet_fits(const qb_engine *engine)
{
    return engine->strategy->on_fill == NULL && !engine->watches;
}

/* ---- rows that close ---------------------------------------------------------------------- */

static double volume_at(const qb_series *series, size_t row)
{
    return series->volume != NULL ? series->volume[row] : NAN;
}

RARE static void close_with_orders(qb_engine *engine, const qb_sheet *sheet, size_t row)
{
    uint32_t count = engine->context.instrument_count;
    for (uint32_t i = 0; i < count; i++) {
        const qb_series *series = &sheet->series[i];
        engine->closed[i] = (qb_closed_bar){
            .instrument = i,
            .bar =
                {
                    .ts_us = series->ts_us[row],
                    .open = series->open[row],
                    .high = series->high[row],
                    .low = series->low[row],
                    .close = series->close[row],
                    .volume = volume_at(series, row),
                    .split_factor = 1.0,
                },
        };
    }
    engine_close_bars(engine, engine->closed, count);
}

/* Columns of a universe lie far apart, often at the same place of their pages, and one row of them
 * would find no cache line of the row before. So some rows of closes are fetched at once into the
 * engine's own memory: the strategy's has only what is known. */
static void fetch_closes(qb_engine *engine, const qb_sheet *sheet, size_t place)
{
    size_t count = engine->context.instrument_count;
    size_t rows = sheet->count - place < SHEET_AHEAD ? sheet->count - place : SHEET_AHEAD;
    for (size_t i = 0; i < count; i++) {
        const double *close = sheet->series[i].close + sheet->first + place;
        for (size_t row = 0; row < rows; row++)
            engine->ahead[row * count + i] = close[row];
    }
}

/* Such feeds have no splits, but the run may have had some before. */
RARE static void append_columns(const qb_engine *engine, const instrument_state *state,
                                const qb_series *series, size_t from, size_t to)
{
    double factor = state->price_factor;
    if (engine->columns & QB_READ_OPEN)
        state->open[to] = series->open[from] * factor;
    if (engine->columns & QB_READ_HIGH)
        state->high[to] = series->high[from] * factor;
    if (engine->columns & QB_READ_LOW)
        state->low[to] = series->low[from] * factor;
    if (engine->columns & QB_READ_CLOSE)
        state->close[to] = series->close[from] * factor;
    if (engine->columns & QB_READ_VOLUME)
        state->volume[to] = volume_at(series, from) * state->volume_factor;
}

/* A row of one instrument: its stamp and close, and what the strategy reads beside. */
static inline void take_close(qb_engine *engine, const qb_sheet *sheet, uint32_t instrument,
                              size_t row, int64_t ts_us, double close)
{
    instrument_state *state = &engine->states[instrument];
    qb_history *history = &engine->histories[instrument];
    size_t to = history->count;
    if (UNLIKELY(to == engine->rows)) {
        engine_slide(engine, state);
        to = engine->keep;
    }
    ((int64_t *)history->ts_us)[to] = ts_us;
    if (LIKELY(engine->columns == QB_READ_CLOSE && !engine->has_split))
        ((double *)history->close)[to] = close;
    else
        append_columns(engine, state, &sheet->series[instrument], row, to);
    history->count = to + 1;
    history->total++;
    state->closed_us = engine->context.now_us;
    state->outcome.stage = history->total >= engine->warmup ? QB_STAGE_NO_SIGNAL : QB_STAGE_WARMUP;
    state->price = close;
}

static void mark_held(qb_engine *engine, const qb_sheet *sheet, size_t row)
{
    for (uint32_t i = 0; i < engine->held_count; i++) {
        uint32_t instrument = engine->held[i];
        const qb_series *series = &sheet->series[instrument];
        qb_position *position = &engine->portfolio.positions[instrument];
        engine_mark(engine, position, series->close[row]);
        position->bars++;
        qb_position_seen(position, series->low[row], series->high[row]);
    }
}

static void ask_strategy(qb_engine *engine)
{
    const qb_strategy *strategy = engine->strategy;
    uint32_t count = engine->context.instrument_count;
    engine->context.last_closed = count - 1;
    for (uint32_t i = strategy->once_per_instant ? count - 1 : 0; i < count; i++)
        if (LIKELY(!engine->totals.disabled))
            strategy->on_bar(engine->strategy_state, &engine->context, i);
}

static void close_row(qb_engine *engine, const qb_sheet *sheet, size_t place)
{
    uint32_t count = engine->context.instrument_count;
    size_t row = sheet->first + place;
    const double *closes = engine->ahead + place % SHEET_AHEAD * count;
    int64_t ts_us = sheet->series[0].ts_us[row];
    if (place % SHEET_AHEAD == 0)
        fetch_closes(engine, sheet, place);
    if (UNLIKELY(engine->book.count > 0)) {
        close_with_orders(engine, sheet, row);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        take_close(engine, sheet, i, row, ts_us, closes[i]);
    mark_held(engine, sheet, row);
    if (!engine_settle_account(engine))
        return;
    ask_strategy(engine);
    for (uint32_t i = 0; i < count; i++)
        decide_record(engine, &engine->states[i]);
    engine_sink_equity(engine);
}

/* ---- rows that open ----------------------------------------------------------------------- */

static qb_opening opening_of(const qb_sheet *sheet, uint32_t instrument, size_t row,
                             uint32_t missed)
{
    const qb_series *series = &sheet->series[instrument];
    return (qb_opening){
        .instrument = instrument,
        .bars_missed = missed,
        .price = series->open[row],
        .volume = volume_at(series, row),
        .bar_ts_us = series->ts_us[row],
        .split_factor = 1.0,
    };
}

/* What waits for this opening, and what is held; after the last row of a sheet all of them. The opening
 * before may have been passed over. */
static void open_row(qb_engine *engine, const qb_sheet *sheet, size_t place, bool all)
{
    size_t opened = 0, row = sheet->first + place;
    for (uint32_t i = 0; i < engine->context.instrument_count; i++) {
        instrument_state *state = &engine->states[i];
        if (!all && state->open_orders == 0 && state->held_place == NOT_HELD)
            continue;
        state->session_us = sheet->times[place - 1].open_us;
        engine->openings[opened++] = opening_of(sheet, i, row, sheet->missed[place]);
    }
    engine_open_bars(engine, engine->openings, opened);
}

/* An opening that nobody can see: the next event of every instrument is its own close. */
static bool opening_is_moot(const qb_engine *engine)
{
    return engine->book.count == 0 && account_is_safe(engine);
}

/* ---- the sheet ---------------------------------------------------------------------------- */

static void run_row(qb_engine *engine, const qb_sheet *sheet, size_t place)
{
    bool last = place + 1 == sheet->count;
    int64_t opens_us = last && sheet->last ? INT64_MAX : sheet->times[place + 1].open_us;
    engine_begin_instant(engine, sheet->times[place].known_us);
    if (!engine->stopped)
        close_row(engine, sheet, place);
    engine_end_orders(engine);
    if (engine->stopped || opens_us == INT64_MAX)
        return;
    if (opens_us != engine->context.now_us) {
        engine_begin_instant(engine, opens_us);
        engine_end_orders(engine);
    }
    if ((last || !opening_is_moot(engine)) && !engine->stopped)
        open_row(engine, sheet, place + 1, last);
}

qb_status sheet_run(qb_engine *engine, const qb_sheet *sheet)
{
    if (sheet->count == 0 || sheet->times[0].known_us <= engine->context.now_us ||
        sheet->series[0].ts_us[sheet->first] <= engine_closed_ts_us(engine, 0))
        return QB_OUT_OF_ORDER;
    for (size_t place = 0; place < sheet->count && LIKELY(!engine->stopped); place++)
        run_row(engine, sheet, place);
    return engine->status;
}
