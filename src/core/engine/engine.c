/* The life of an instant. All memory was taken in setup.c; nothing here allocates. */
#include "core/engine/engine-private.h"

#include <string.h>

/* ---- what an instant must be -------------------------------------------------------------- */

static inline bool is_price(double price)
{
    return price >= QB_PRICE_MIN && price <= QB_PRICE_MAX; /* NaN fails */
}

RARE static bool actions_are_sound(const qb_opening *opening)
{
    return opening->split_factor >= QB_SPLIT_MIN && opening->split_factor <= QB_SPLIT_MAX &&
           opening->dividend >= 0.0 && opening->dividend <= QB_PRICE_MAX;
}

static inline bool has_actions(const qb_opening *opening)
{
    return opening->split_factor != 1.0 || opening->dividend != 0.0;
}

/* Each bar closes once, and not after a later one has opened. */
static inline qb_status check_bar(const qb_engine *engine, const qb_closed_bar *closed)
{
    const instrument_state *state = &engine->states[closed->instrument];
    int64_t ts_us = closed->bar.ts_us;
    if (UNLIKELY(ts_us <= engine_closed_ts_us(engine, closed->instrument) ||
                 ts_us < state->opened_ts_us))
        return QB_OUT_OF_ORDER;
    return LIKELY(is_price(closed->bar.close)) ? QB_OK : QB_OUT_OF_RANGE;
}

static inline qb_status check_opening(const qb_engine *engine, const qb_opening *opening)
{
    const instrument_state *state = &engine->states[opening->instrument];
    if (UNLIKELY(opening->bar_ts_us <= state->opened_ts_us ||
                 opening->bar_ts_us <= engine_closed_ts_us(engine, opening->instrument)))
        return QB_OUT_OF_ORDER;
    if (UNLIKELY(has_actions(opening)) && !actions_are_sound(opening))
        return QB_OUT_OF_RANGE;
    return LIKELY(is_price(opening->price)) ? QB_OK : QB_OUT_OF_RANGE;
}

static inline qb_status check_instant(const qb_engine *engine, const qb_instant *instant)
{
    uint64_t count = engine->context.instrument_count, least = 0;
    qb_status status = QB_OK;
    if (UNLIKELY(instant->at_us <= engine->context.now_us))
        return QB_OUT_OF_ORDER;
    const qb_closed_bar *bar = instant->bars, *last_bar = bar + instant->bar_count;
    for (; bar < last_bar && status == QB_OK; least = (uint64_t)bar->instrument + 1, bar++) {
        if (UNLIKELY(bar->instrument < least || bar->instrument >= count))
            return QB_OUT_OF_ORDER;
        status = check_bar(engine, bar);
    }
    const qb_opening *opening = instant->openings, *last_opening = opening + instant->opening_count;
    for (least = 0; opening < last_opening && status == QB_OK;
         least = (uint64_t)opening->instrument + 1, opening++) {
        if (UNLIKELY(opening->instrument < least || opening->instrument >= count))
            return QB_OUT_OF_ORDER;
        status = check_opening(engine, opening);
    }
    return status;
}

/* ---- money at an instant ------------------------------------------------------------------ */

/* The parts of one instrument, looked up once. */
typedef struct seat {
    instrument_state *state;
    qb_history *history;
    qb_position *position;
} seat;

static inline seat seat_of(const qb_engine *engine, uint32_t instrument)
{
    return (seat){
        .state = &engine->states[instrument],
        .history = &engine->histories[instrument],
        .position = &engine->portfolio.positions[instrument],
    };
}

INLINED static inline void mark(qb_engine *engine, qb_position *position, double price)
{
    qb_price exact;
    qb_status status = qb_price_from_double(price, &exact);
    if (UNLIKELY(status == QB_OK && exact.raw <= 0))
        status = QB_OUT_OF_RANGE;
    if (LIKELY(status == QB_OK))
        status = qb_portfolio_mark(&engine->portfolio, position, exact);
    if (UNLIKELY(status != QB_OK))
        engine_fail(engine, status);
}

void engine_mark(qb_engine *engine, qb_position *position, double price)
{
    mark(engine, position, price);
}

void engine_note_held(qb_engine *engine, uint32_t instrument)
{
    instrument_state *state = &engine->states[instrument];
    bool held = engine_held(engine, instrument) != 0;
    if (held == (state->held_place != NOT_HELD))
        return;
    if (held) {
        state->held_place = engine->held_count;
        engine->held[engine->held_count++] = instrument;
        return;
    }
    uint32_t last = engine->held[--engine->held_count];
    engine->held[state->held_place] = last;
    engine->states[last].held_place = state->held_place;
    state->held_place = NOT_HELD;
}

void engine_sink_trade(qb_engine *engine, const qb_trade *trade)
{
    engine->totals.trades++;
    if (engine->sink.trade != NULL && engine->status == QB_OK)
        engine_heard(engine, engine->sink.trade(engine->sink.self, trade));
    if (UNLIKELY(engine->risk != NULL))
        qb_risk_trade(engine->risk, trade);
}

/* What is paid at this instant: the price, or ask and bid where they are known. */
static void set_quote(qb_engine *engine, quote *quote, double price, double bid, double ask)
{
    quote->at_us = engine->context.now_us;
    qb_status status = qb_price_from_double(is_price(ask) ? ask : price, &quote->buy);
    if (status == QB_OK)
        status = qb_price_from_double(is_price(bid) ? bid : price, &quote->sell);
    if (UNLIKELY(status != QB_OK))
        engine_fail(engine, status);
}

/* Nobody traded at a price that was repaired or made up. */
static inline bool is_unreal(int32_t flags)
{
    return (flags & (QB_BAR_REPAIRED | QB_BAR_SYNTHETIC)) != 0;
}

/* ---- bars that close ---------------------------------------------------------------------- */

static void slide(double *column, size_t rows, size_t keep)
{
    memmove(column, column + rows - keep, keep * sizeof *column);
}

RARE void engine_slide(const qb_engine *engine, instrument_state *state)
{
    size_t rows = engine->rows, keep = engine->keep;
    /* A column that is shared slides with the first who has it. */
    if (state->ts_us == state->own_ts_us)
        memmove(state->ts_us, state->ts_us + rows - keep, keep * sizeof *state->ts_us);
    double *const columns[] = {state->open, state->high, state->low, state->close, state->volume};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (columns[i] != engine->unread)
            slide(columns[i], rows, keep);
}

/* Where the next bar's values go: the history has one row more from here on. */
INLINED static inline size_t room_for_row(const qb_engine *engine, seat seat)
{
    size_t row = seat.history->count;
    if (UNLIKELY(row == engine->rows)) {
        engine_slide(engine, seat.state);
        row = engine->keep;
    }
    return row;
}

INLINED static inline void append(const qb_engine *engine, seat seat, const qb_bar *bar, size_t row)
{
    const instrument_state *state = seat.state;
    state->ts_us[row] = bar->ts_us;
    double factor = state->price_factor;
    state->open[row] = bar->open * factor;
    state->high[row] = bar->high * factor;
    state->low[row] = bar->low * factor;
    state->close[row] = bar->close * factor;
    state->volume[row] = bar->volume * state->volume_factor;
}

/* The bar is in the history: what comes of it has to be said anew. */
INLINED static inline void begin_outcome(const qb_engine *engine, seat seat, size_t row)
{
    const uint64_t total = seat.history->total + 1;
    seat.history->count = row + 1;
    seat.history->total = total;
    seat.state->closed_us = engine->context.now_us;
    seat.state->outcome.stage = LIKELY(total >= engine->warmup) ? QB_STAGE_NO_SIGNAL
                                                                : QB_STAGE_WARMUP;
}

INLINED static inline void take_bar(qb_engine *engine, seat seat, const qb_bar *bar)
{
    instrument_state *state = seat.state;
    size_t row = room_for_row(engine, seat);
    append(engine, seat, bar, row);
    begin_outcome(engine, seat, row);
    state->price = bar->close;
    if (seat.position->quantity.raw != 0) {
        mark(engine, seat.position, bar->close);
        seat.position->bars++;
        if (LIKELY(state->walked != seat.history->total))
            qb_position_seen(seat.position, bar->low, bar->high);
    }
}

INLINED static inline void ask_strategy(qb_engine *engine, uint32_t instrument)
{
    if (LIKELY(!engine->totals.disabled))
        engine->strategy->on_bar(engine->strategy_state, &engine->context, instrument);
}

/* What the bar's close is worth to those that wait for it; `decided` as for fills_gather_close. */
static void quote_close(qb_engine *engine, const qb_closed_bar *closed, bool decided)
{
    const qb_bar *bar = &closed->bar;
    quote *quote = &engine->states[closed->instrument].quote;
    quote->volume = bar->volume;
    quote->bar_ts_us = bar->ts_us;
    quote->in_bar = false;
    set_quote(engine, quote, bar->close, closed->bid, closed->ask);
    fills_gather_close(engine, closed->instrument, decided);
}

/* Trailing stops see the close once, before anything is filled at it. */
static void trail_close(qb_engine *engine, const qb_closed_bar *closed)
{
    const order_book *book = &engine->book;
    const qb_bar *bar = &closed->bar;
    for (uint32_t i = engine->states[closed->instrument].first; i != NO_SLOT;
         i = book->slots[i].after) {
        order_slot *slot = &book->slots[i];
        qb_price close = {0};
        if (slot->order.type == QB_TRAILING_STOP && slot_is_live(slot) &&
            qb_price_from_double(bar->close, &close) == QB_OK)
            trail_move(slot, close);
    }
}

RARE static void fill_closes(qb_engine *engine, const qb_closed_bar *bars, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (engine->states[bars[i].instrument].open_orders == 0 || is_unreal(bars[i].bar.flags))
            continue;
        trail_close(engine, &bars[i]);
        quote_close(engine, &bars[i], false);
    }
    fills_run(engine);
    for (size_t i = 0; i < count && engine->status == QB_OK; i++)
        if (engine->states[bars[i].instrument].open_orders > 0)
            exits_count(engine, bars[i].instrument);
}

/* With fills at the close of the deciding bar. */
RARE static void fill_decided(qb_engine *engine, const qb_closed_bar *bars, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (engine->states[bars[i].instrument].open_orders == 0 || is_unreal(bars[i].bar.flags))
            continue;
        quote_close(engine, &bars[i], true);
    }
    engine->counted = true;
    fills_run(engine);
    engine->counted = false;
}

RARE static void tell_risk(qb_engine *engine, const qb_closed_bar *bars, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        instrument_state *state = &engine->states[bars[i].instrument];
        qb_risk_bar(engine->risk, bars[i].instrument, &bars[i].bar, state->risk_split,
                    engine->context.now_us);
        state->risk_split = 1.0;
    }
    account_reopen(engine);
}

/* False when the run has ended. */
INLINED static inline bool settle_account(qb_engine *engine)
{
    if (UNLIKELY(engine->totals.first_us == INT64_MIN))
        engine->totals.first_us = engine->context.now_us;
    if (UNLIKELY(!account_is_safe(engine)))
        account_review(engine);
    return LIKELY(!engine->stopped);
}

/* Between taking the bars and deciding. */
INLINED static inline bool settle_closes(qb_engine *engine, const qb_closed_bar *bars, size_t count)
{
    if (UNLIKELY(engine->book.count > 0))
        fill_closes(engine, bars, count);
    if (UNLIKELY(engine->risk != NULL))
        tell_risk(engine, bars, count);
    return settle_account(engine);
}

INLINED static inline void settle_decisions(qb_engine *engine, const qb_closed_bar *bars,
                                            size_t count)
{
    if (UNLIKELY(engine->fill_at == QB_FILL_CLOSE) && engine->book.count > 0)
        fill_decided(engine, bars, count);
    /* An equity beyond the ledger ends the run, but not before the rules have halted it. */
    if (UNLIKELY(engine->risk != NULL) && !account_is_within_range(engine))
        account_risk(engine);
    engine_sink_equity(engine);
    if (UNLIKELY(engine->risk != NULL))
        account_risk(engine);
}

static void close_bars(qb_engine *engine, const qb_closed_bar *first, size_t count)
{
    const qb_closed_bar *end = first + count;
    if (UNLIKELY(engine->book.count > 0))
        path_walk(engine, first, count);
    for (const qb_closed_bar *bar = first; bar < end; bar++)
        take_bar(engine, seat_of(engine, bar->instrument), &bar->bar);
    if (!settle_closes(engine, first, count))
        return;
    engine->context.last_closed = end[-1].instrument;
    for (const qb_closed_bar *bar = engine->strategy->once_per_instant ? end - 1 : first; bar < end;
         bar++)
        ask_strategy(engine, bar->instrument);
    for (const qb_closed_bar *bar = first; bar < end; bar++)
        decide_record(engine, &engine->states[bar->instrument]);
    settle_decisions(engine, first, count);
}

/* ---- bars that open ----------------------------------------------------------------------- */

RARE static void apply_actions(qb_engine *engine, const qb_opening *opening)
{
    instrument_state *state = &engine->states[opening->instrument];
    qb_actions actions = {
        .instrument = opening->instrument,
        .lot = engine->instruments[opening->instrument].lot,
        .at_us = engine->context.now_us,
    };
    bool closed = false;
    qb_trade trade;
    qb_status status = qb_split_from_factor(opening->split_factor, &actions.split);
    if (status == QB_OK)
        status = qb_price_from_double(opening->dividend, &actions.dividend);
    if (status == QB_OK)
        status = qb_price_from_double(opening->price, &actions.open);
    if (status == QB_OK)
        status = qb_portfolio_apply_actions(&engine->portfolio, &actions, &closed, &trade);
    if (status == QB_OK && !qb_portfolio_balances(&engine->portfolio))
        status = QB_BROKEN;
    if (status != QB_OK) {
        engine_fail(engine, status);
        return;
    }
    engine_note_held(engine, opening->instrument);
    if (closed) {
        engine_sink_trade(engine, &trade);
        exits_close(engine, opening->instrument);
    }
    if (actions.split.fresh == actions.split.old)
        return;
    /* The first bar has the factor 1, whatever happened before it. */
    if (engine->histories[opening->instrument].total > 0) {
        state->price_factor *= qb_split_factor(actions.split);
        state->volume_factor = 1.0 / state->price_factor;
        engine->has_split = true;
        state->risk_split *= qb_split_factor(actions.split);
    }
    orders_split(engine, opening->instrument, actions.split);
}

static void miss_bars(qb_engine *engine, const qb_opening *opening)
{
    uint32_t missed = opening->bars_missed;
    if (is_unreal(opening->flags) && missed < UINT32_MAX)
        missed++;
    if (missed > 0)
        orders_miss(engine, opening->instrument, missed);
}

static void quote_opening(qb_engine *engine, const qb_opening *opening)
{
    instrument_state *state = &engine->states[opening->instrument];
    quote *quote = &state->quote;
    if (state->open_orders == 0 || is_unreal(opening->flags))
        return;
    quote->volume = opening->volume;
    quote->bar_ts_us = opening->bar_ts_us;
    quote->in_bar = true;
    set_quote(engine, quote, opening->price, opening->bid, opening->ask);
    fills_gather_opening(engine, opening->instrument);
}

/* Orders wait for these bars: how long have they, and what is it worth? */
RARE static void meet_openings(qb_engine *engine, const qb_opening *openings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        miss_bars(engine, &openings[i]);
    for (size_t i = 0; i < count; i++)
        quote_opening(engine, &openings[i]);
    if (engine->book.candidate_count > 0)
        fills_run(engine);
}

static inline void take_opening(qb_engine *engine, const qb_opening *opening)
{
    seat seat = seat_of(engine, opening->instrument);
    seat.state->opened_ts_us = opening->bar_ts_us;
    seat.state->opened_us = engine->context.now_us;
    seat.state->price = opening->price;
    if (UNLIKELY(has_actions(opening)))
        apply_actions(engine, opening);
    else if (seat.position->quantity.raw != 0)
        mark(engine, seat.position, opening->price);
}

/* The last bar of each that somebody traded in. */
static inline void note_sessions(qb_engine *engine, const qb_opening *openings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (LIKELY(!is_unreal(openings[i].flags)))
            engine->states[openings[i].instrument].session_us = engine->context.now_us;
}

/* What a path has to know of its start. */
static void remember_openings(qb_engine *engine, const qb_opening *openings, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        instrument_state *state = &engine->states[openings[i].instrument];
        state->oldest = state->on_path > 0 ? path_oldest(engine, openings[i].instrument)
                                           : (qb_side)0;
    }
}

static void open_bars(qb_engine *engine, const qb_opening *openings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        take_opening(engine, &openings[i]);
    if (UNLIKELY(engine->stopped))
        return;
    if (UNLIKELY(account_is_ruined(engine))) {
        account_end_ruined(engine);
        return;
    }
    if (UNLIKELY(engine->book.count > 0))
        meet_openings(engine, openings, count);
    note_sessions(engine, openings, count);
    if (UNLIKELY(engine->book.count > 0))
        remember_openings(engine, openings, count);
}

/* ---- the run ------------------------------------------------------------------------------ */

RARE static qb_status status_when_stopped(const qb_engine *engine)
{
    if (engine->status != QB_OK || engine->totals.bankrupt)
        return engine->status;
    return QB_OUT_OF_ORDER;
}

INLINED static inline void begin_instant(qb_engine *engine, int64_t at_us)
{
    int64_t before_us = engine->context.now_us;
    engine->context.now_us = at_us;
    if (UNLIKELY(engine->opens_day))
        account_begin(engine, before_us);
}

INLINED static inline void end_orders(qb_engine *engine)
{
    if (UNLIKELY(engine->book.next_end_us <= engine->context.now_us) && !engine->stopped)
        orders_expire(engine);
}

void engine_begin_instant(qb_engine *engine, int64_t at_us)
{
    begin_instant(engine, at_us);
}

void engine_end_orders(qb_engine *engine)
{
    end_orders(engine);
}

void engine_close_bars(qb_engine *engine, const qb_closed_bar *bars, size_t count)
{
    close_bars(engine, bars, count);
}

void engine_open_bars(qb_engine *engine, const qb_opening *openings, size_t count)
{
    open_bars(engine, openings, count);
}

bool engine_settle_account(qb_engine *engine)
{
    return settle_account(engine);
}

qb_status qb_engine_step(qb_engine *engine, const qb_instant *instant)
{
    if (UNLIKELY(engine->stopped))
        return status_when_stopped(engine);
    qb_status status = check_instant(engine, instant);
    if (UNLIKELY(status != QB_OK))
        return status;
    begin_instant(engine, instant->at_us);
    if (UNLIKELY(engine->one_clock) && instant->bar_count > 0)
        sheet_part_clocks(engine);
    if (instant->bar_count > 0 && LIKELY(!engine->stopped))
        close_bars(engine, instant->bars, instant->bar_count);
    end_orders(engine);
    if (instant->opening_count > 0 && LIKELY(!engine->stopped))
        open_bars(engine, instant->openings, instant->opening_count);
    return engine->status;
}

qb_status qb_engine_run(qb_engine *engine, const qb_feed *feed)
{
    qb_status status = engine->stopped ? status_when_stopped(engine) : QB_OK;
    bool sheets = feed->sheet != NULL && sheet_fits(engine);
    while (status == QB_OK && !engine->stopped) {
        qb_stretch stretch;
        qb_sheet sheet;
        qb_instant instant;
        if (sheets && feed->sheet(feed->self, &sheet))
            status = sheet_run(engine, &sheet);
        else if (feed->stretch != NULL && feed->stretch(feed->self, &stretch))
            status = stretch_run(engine, &stretch);
        else if (feed->next(feed->self, &instant))
            status = qb_engine_step(engine, &instant);
        else
            break;
    }
    return status;
}

qb_status qb_engine_finish(qb_engine *engine)
{
    if (engine->status != QB_OK || engine->finished)
        return engine->status;
    orders_end_all(engine, QB_ORDER_EXPIRED, QB_REASON_END_OF_DATA);
    decide_flush(engine);
    engine->finished = engine->stopped = true;
    qb_status status = qb_portfolio_check(&engine->portfolio);
    if (status != QB_OK)
        engine_fail(engine, status);
    return engine->status;
}

static void sum_bars(const qb_engine *engine, qb_engine_totals *out)
{
    const qb_portfolio *portfolio = &engine->portfolio;
    out->bars = 0;
    out->bars_held = portfolio->bars_closed;
    out->last_us = INT64_MIN;
    for (uint32_t i = 0; i < engine->context.instrument_count; i++) {
        int64_t closed_us = engine->states[i].closed_us;
        out->bars += engine->histories[i].total;
        out->bars_held += portfolio->positions[i].bars;
        out->last_us = closed_us > out->last_us ? closed_us : out->last_us;
    }
    if (out->bars == 0)
        out->first_us = out->last_us = 0;
}

void qb_engine_totals_get(const qb_engine *engine, qb_engine_totals *out)
{
    const qb_portfolio *portfolio = &engine->portfolio;
    *out = engine->totals;
    sum_bars(engine, out);
    out->cash = portfolio->cash;
    /* A run has ended where its equity is beyond the ledger: as much as that can hold. */
    if (qb_portfolio_equity(portfolio, &out->equity) != QB_OK)
        out->equity.raw = portfolio->cash.raw > 0 ? INT64_MAX : INT64_MIN;
    out->unrealised.raw = portfolio->value.raw - portfolio->cost.raw;
    out->realised = portfolio->realised;
    out->fees = portfolio->fees;
    out->dividends = portfolio->dividends;
    out->in_lieu = portfolio->in_lieu;
    out->traded = portfolio->traded;
    out->deposits = portfolio->deposits;
    out->borrow = portfolio->borrow;
    out->interest = portfolio->interest;
}

const qb_portfolio *qb_engine_portfolio(const qb_engine *engine)
{
    return &engine->portfolio;
}
