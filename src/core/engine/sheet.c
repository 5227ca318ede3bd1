/* Instants of a universe whose bars all come together: what a row needs of each instrument is one
 * close (or the columns that the strategy reads), and what it needs of the account is done for what
 * is held alone. Openings at which nobody waits are passed over, as in a stretch. Rows that orders
 * wait for are made into instants like any other. */
#include "core/engine/engine-private.h"

#include <string.h>

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
 * engine's own memory: the strategy's has only what is known. Meanwhile the line that the closes of
 * these rows go to is called for, and the one that the next closes come from. */
static void fetch_closes(qb_engine *engine, const qb_sheet *sheet, size_t place)
{
    size_t count = engine->context.instrument_count;
    size_t left = sheet->count - place, rows = left < SHEET_AHEAD ? left : SHEET_AHEAD;
    size_t beyond = left - rows < SHEET_AHEAD ? left : rows + SHEET_AHEAD;
    for (size_t i = 0; i < count; i++) {
        const double *close = sheet->series[i].close + sheet->first + place;
        const qb_history *history = &engine->histories[i];
        if (LIKELY(history->close != NULL && history->count + SHEET_AHEAD <= engine->rows))
            __builtin_prefetch(&history->close[history->count + SHEET_AHEAD - 1], 1);
        __builtin_prefetch(&close[beyond - 1]);
        for (size_t row = 0; row < rows; row++)
            engine->ahead[row * count + i] = close[row];
    }
}

/* Such feeds have no splits, but the run may have had some before. */
RARE static void append_columns(const instrument_state *state, const qb_series *series, size_t from,
                                size_t to)
{
    double factor = state->price_factor;
    state->open[to] = series->open[from] * factor;
    state->high[to] = series->high[from] * factor;
    state->low[to] = series->low[from] * factor;
    state->close[to] = series->close[from] * factor;
    state->volume[to] = volume_at(series, from) * state->volume_factor;
}

/* The place of the next bar in histories that are all of one length. */
static size_t room_for_row(const qb_engine *engine)
{
    const size_t to = engine->histories[0].count;
    if (LIKELY(to < engine->rows))
        return to;
    for (uint32_t i = 0; i < engine->context.instrument_count; i++)
        engine_slide(engine, &engine->states[i]);
    return engine->keep;
}

/* What the histories of a row have in common: its stamp is written once, and counted alike. */
static void take_common_row(qb_engine *engine, const qb_sheet *sheet, size_t row)
{
    const uint32_t count = engine->context.instrument_count;
    const double *closes = engine->closes;
    const bool only_close = engine->columns == QB_READ_CLOSE && !engine->has_split;
    const size_t to = room_for_row(engine);
    const uint64_t total = engine->histories[0].total + 1;
    qb_history *histories = engine->histories;
    engine->states[0].ts_us[to] = sheet->series[0].ts_us[row];
    for (uint32_t i = 0; i < count; i++) {
        /* The same memory as the state's own pointer: of a history only its reader's is const. */
        if (LIKELY(only_close))
            ((double *)histories[i].close)[to] = closes[i];
        else
            append_columns(&engine->states[i], &sheet->series[i], row, to);
        histories[i].count = to + 1;
        histories[i].total = total;
    }
}

/* A row joins the histories: of each instrument its stamp and close, and what else is read. */
static void take_row(qb_engine *engine, const qb_sheet *sheet, size_t row)
{
    const int64_t ts_us = sheet->series[0].ts_us[row];
    if (LIKELY(engine->one_clock)) {
        take_common_row(engine, sheet, row);
        return;
    }
    for (uint32_t i = 0; i < engine->context.instrument_count; i++) {
        qb_history *history = &engine->histories[i];
        instrument_state *state = &engine->states[i];
        size_t to = history->count;
        if (UNLIKELY(to == engine->rows)) {
            engine_slide(engine, state);
            to = engine->keep;
        }
        state->ts_us[to] = ts_us;
        append_columns(state, &sheet->series[i], row, to);
        history->count = to + 1;
        history->total++;
    }
}

/* ---- one clock ---------------------------------------------------------------------------- */

/* As long as all bars of a run come in sheets, the instruments have one column of stamps: the first
 * one's. */
static void share_clock(qb_engine *engine)
{
    for (uint32_t i = 0; i < engine->context.instrument_count; i++)
        engine->histories[i].ts_us = engine->states[i].ts_us = engine->states[0].own_ts_us;
    engine->one_clock = true;
}

RARE void sheet_part_clocks(qb_engine *engine)
{
    for (uint32_t i = 1; i < engine->context.instrument_count; i++) {
        instrument_state *state = &engine->states[i];
        memcpy(state->own_ts_us, state->ts_us, engine->rows * sizeof *state->ts_us);
        engine->histories[i].ts_us = state->ts_us = state->own_ts_us;
    }
    engine->one_clock = false;
}

/* ---- decisions ---------------------------------------------------------------------------- */

/* Nearly all instruments are told nothing on nearly all rows: their outcome is the one of the
 * row before. So a row looks only at those of which the strategy said something, and at those of
 * which it did on the row before, for whom another run begins. The others catch up when they are
 * looked at. */

static void catch_up(const qb_engine *engine, instrument_state *state)
{
    state->run.bars += engine->rows_done - state->rows_recorded;
    if (engine->rows_done != state->rows_recorded)
        state->run.last_us = engine->row_before_us;
    state->rows_recorded = engine->rows_done;
}

void sheet_look_at(qb_engine *engine, uint32_t instrument)
{
    instrument_state *state = &engine->states[instrument];
    if (state->row_seen == engine->rows_done + 1)
        return;
    catch_up(engine, state);
    state->row_seen = engine->rows_done + 1;
    state->closed_us = engine->context.now_us;
    state->price = engine->closes[instrument];
    state->outcome.stage = engine->histories[instrument].total >= engine->warmup
                               ? QB_STAGE_NO_SIGNAL
                               : QB_STAGE_WARMUP;
    engine->seen[engine->seen_count++] = instrument;
}

static void look_at_all(qb_engine *engine)
{
    for (uint32_t i = 0; i < engine->context.instrument_count; i++)
        sheet_look_at(engine, i);
}

/* Decisions are told in the order of instruments. */
static void sort_seen(qb_engine *engine)
{
    uint32_t *seen = engine->seen;
    if (engine->seen_count == engine->context.instrument_count) {
        for (uint32_t i = 0; i < engine->seen_count; i++)
            seen[i] = i;
        return;
    }
    for (uint32_t i = 1; i < engine->seen_count; i++) {
        uint32_t instrument = seen[i], place = i;
        for (; place > 0 && seen[place - 1] > instrument; place--)
            seen[place] = seen[place - 1];
        seen[place] = instrument;
    }
}

/* Those whose run is not that of an instrument told nothing are looked at on the next row again:
 * they stay in the list. */
static void record_row(qb_engine *engine)
{
    uint32_t left = 0;
    sort_seen(engine);
    for (uint32_t i = 0; i < engine->seen_count; i++) {
        instrument_state *state = &engine->states[engine->seen[i]];
        decide_record(engine, state);
        state->rows_recorded = engine->rows_done + 1;
        if (state->run.stage > QB_STAGE_NO_SIGNAL)
            engine->seen[left++] = engine->seen[i];
    }
    engine->seen_count = left;
    engine->rows_done++;
    engine->row_before_us = engine->context.now_us;
}

static void look_at_seen(qb_engine *engine)
{
    uint32_t count = engine->seen_count;
    engine->seen_count = 0;
    for (uint32_t i = 0; i < count; i++)
        sheet_look_at(engine, engine->seen[i]);
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
        if (LIKELY(row + SHEET_AHEAD < series->count)) {
            __builtin_prefetch(&series->low[row + SHEET_AHEAD]);
            __builtin_prefetch(&series->high[row + SHEET_AHEAD]);
        }
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

/* On the first row, on the one that ends a warm-up, and once the strategy is disabled, the
 * outcome of all of them may be another one. */
static bool all_change(const qb_engine *engine, size_t place)
{
    return place == 0 || engine->totals.disabled || !engine->same_totals ||
           engine->histories[0].total == engine->warmup;
}

/* The row has closed, but nothing came of it: the run has ended. */
RARE static void close_in_vain(qb_engine *engine)
{
    for (uint32_t i = 0; i < engine->context.instrument_count; i++)
        engine->states[i].closed_us = engine->context.now_us;
}

static void close_quietly(qb_engine *engine, const qb_sheet *sheet, size_t place)
{
    size_t row = sheet->first + place;
    take_row(engine, sheet, row);
    mark_held(engine, sheet, row);
    if (UNLIKELY(!engine_settle_account(engine))) {
        close_in_vain(engine);
        return;
    }
    look_at_seen(engine);
    if (!engine->strategy->once_per_instant || all_change(engine, place))
        look_at_all(engine);
    engine->in_row = true;
    engine->context.host = &engine_row_host;
    ask_strategy(engine);
    engine->context.host = &engine_host;
    engine->in_row = false;
    if (UNLIKELY(engine->totals.disabled))
        look_at_all(engine);
    record_row(engine);
    engine_sink_equity(engine);
}

static void catch_up_all(qb_engine *engine)
{
    for (uint32_t i = 0; i < engine->context.instrument_count; i++)
        catch_up(engine, &engine->states[i]);
    engine->seen_count = 0;
}

/* After the last row: all that the others know of an instrument is as if its rows had come one by
 * one. */
static void settle_rows(qb_engine *engine)
{
    catch_up_all(engine);
    for (uint32_t i = 0; i < engine->context.instrument_count; i++) {
        engine->states[i].closed_us = engine->row_before_us;
        engine->states[i].price = engine->closes[i];
    }
}

static void close_row(qb_engine *engine, const qb_sheet *sheet, size_t place)
{
    const uint32_t count = engine->context.instrument_count;
    if (place % SHEET_AHEAD == 0)
        fetch_closes(engine, sheet, place);
    engine->closes = engine->ahead + place % SHEET_AHEAD * (size_t)count;
    if (LIKELY(engine->book.count == 0)) {
        close_quietly(engine, sheet, place);
        return;
    }
    catch_up_all(engine);
    close_with_orders(engine, sheet, sheet->first + place);
    if (engine->stopped)
        return;
    engine->rows_done++;
    engine->row_before_us = engine->context.now_us;
    for (uint32_t i = 0; i < count; i++) {
        engine->states[i].rows_recorded = engine->rows_done;
        engine->seen[engine->seen_count++] = i;
    }
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

/* What waits for this opening, and what is held; after the last row of a sheet all of them. The
 * opening before may have been passed over. */
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
    if (last && !engine->stopped)
        settle_rows(engine);
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
    engine->same_totals = true;
    for (uint32_t i = 1; i < engine->context.instrument_count; i++)
        engine->same_totals = engine->same_totals &&
                              engine->histories[i].total == engine->histories[0].total;
    if (engine->same_totals && engine->histories[0].total == 0)
        share_clock(engine);
    for (size_t place = 0; place < sheet->count && LIKELY(!engine->stopped); place++)
        run_row(engine, sheet, place);
    if (engine->stopped)
        catch_up_all(engine);
    return engine->status;
}
