/* Orders that meet a price. All orders that the openings of one instant (or its closes) reach are
 * handled together, in three rounds:
 *
 *   1. orders of known size that only reduce, in order of submission;
 *   2. orders still without a size, sized on the equity that round 1 left: those that turn out to
 *      reduce;
 *   3. all others, in order of submission; sizes are of the equity that round 2 left, the same
 *      for all of them, so that the order of instruments does not decide who gets more.
 *
 * Slots are reused, and a strategy may cancel and submit from on_fill: so the rounds walk a list
 * of (slot, id) taken before the first, and skip what is no longer there. */
#include "core/engine/engine-private.h"

order_slot *fills_find(const qb_engine *engine, candidate candidate)
{
    order_slot *slot = &engine->book.slots[candidate.slot];
    return slot->order.id == candidate.id ? slot : NULL;
}

void fills_value_account(qb_engine *engine)
{
    qb_status status = qb_portfolio_equity(&engine->portfolio, &engine->sizing_equity);
    if (status != QB_OK)
        engine_fail(engine, status);
}

static qb_price reference_of(const offer *offer, qb_side side)
{
    return side == QB_BUY ? offer->buy : offer->sell;
}

/* ---- sizing at the fill ------------------------------------------------------------------- */

/* The signed units (buy > 0) that an unsized order comes to. */
static qb_status size_at_offer(const qb_engine *engine, const order_slot *slot, const offer *offer,
                               int64_t *out_units)
{
    const qb_order *order = &slot->order;
    qb_side side = slot->is_target ? slot->target : order->side;
    const price_basis basis = {
        .reference = reference_of(offer, side),
        .limit = offer->limit,
        .slips = offer->slips,
    };
    int64_t held = engine_held(engine, order->instrument) * side, units = 0;
    qb_status status;
    if (slot->is_target)
        status = size_change(engine, order->instrument, side, order->size, engine->sizing_equity,
                             &basis, held > 0 ? held : 0, &units);
    else
        status = size_units(engine, order->instrument, side, order->size, engine->sizing_equity,
                            &basis, &units);
    if (status == QB_OK)
        *out_units = units * side;
    return status;
}

/* Fixes the size. False when the order came to nothing and has ended. */
static bool resolve(qb_engine *engine, uint32_t index, const offer *offer)
{
    order_slot *slot = &engine->book.slots[index];
    int64_t units = 0;
    qb_status status = size_at_offer(engine, slot, offer, &units);
    if (status != QB_OK) {
        orders_turn_away(engine, index,
                         status == QB_OUT_OF_RANGE ? QB_REASON_BAD_PRICE : QB_REASON_BAD_SIZE);
        return false;
    }
    if (units == 0) {
        bool content = slot->is_target && engine_held(engine, slot->order.instrument) != 0;
        if (content)
            orders_end(engine, index, QB_ORDER_CANCELLED, QB_REASON_UNCHANGED);
        else
            orders_turn_away(engine, index, QB_REASON_BELOW_LOT);
        return false;
    }
    slot->order.side = units > 0 ? QB_BUY : QB_SELL;
    slot->order.quantity.raw = magnitude(units);
    slot->is_target = false;
    return true;
}

/* ---- the volume of a bar ------------------------------------------------------------------ */

/* The share of a volume that all orders of an instrument may have together. */
static int64_t share_of(const qb_engine *engine, uint32_t instrument, double volume)
{
    int64_t cap = engine_costs(engine, instrument)->volume_cap.raw, units;
    int64_t parts = engine->fill_model == QB_PESSIMISTIC ? 2 : 1;
    if (cap == 0 || engine->fill_model == QB_OPTIMISTIC || !(volume > 0.0))
        return INT64_MAX;
    /* A volume beyond the range of quantities may have a share within. */
    if (qb_raw_from_double(volume, &units) == QB_OK)
        units = (int64_t)((__int128)units * cap / (QB_ONE * parts));
    else if (qb_raw_from_double(volume * qb_raw_to_double(cap) / (double)parts, &units) != QB_OK)
        return INT64_MAX;
    return whole_lots(&engine->instruments[instrument], units);
}

/* What has been taken of the bar so far. */
static qb_quantity *taken_of(qb_engine *engine, uint32_t instrument, const offer *offer)
{
    instrument_state *state = &engine->states[instrument];
    if (offer->finer)
        return &state->taken_finer;
    if (state->taken_ts_us != offer->bar_ts_us) {
        state->taken_ts_us = offer->bar_ts_us;
        state->taken.raw = 0;
    }
    return &state->taken;
}

static int64_t room_left(qb_engine *engine, uint32_t instrument, const offer *offer)
{
    int64_t share = share_of(engine, instrument, offer->volume);
    int64_t taken = taken_of(engine, instrument, offer)->raw;
    return share == INT64_MAX ? share : share > taken ? share - taken : 0;
}

/* ---- one fill ----------------------------------------------------------------------------- */

/* What an order pays: a price, and what one unit is worth at it. */
typedef struct terms {
    qb_price price, unit;
} terms;

static void sink_fill(qb_engine *engine, const qb_fill *fill, const qb_trade *trade)
{
    const qb_sink *sink = &engine->sink;
    if (sink->fill != NULL && engine->status == QB_OK)
        engine_heard(engine, sink->fill(sink->self, fill));
    if (UNLIKELY(engine->risk != NULL))
        qb_risk_fill(engine->risk, fill, &engine->instruments[fill->instrument]);
    if (trade != NULL)
        engine_sink_trade(engine, trade);
}

/* Into the ledger. A flat position has not been marked for a while. */
static qb_status book_fill(qb_engine *engine, const qb_fill *fill, bool *out_closed,
                           qb_trade *out_trade)
{
    qb_portfolio *portfolio = &engine->portfolio;
    qb_position *position = &portfolio->positions[fill->instrument];
    qb_status status = QB_OK;
    bool asked = engine->sink.trade != NULL || engine->risk != NULL;
    if (position->quantity.raw == 0)
        status = qb_portfolio_mark(portfolio, position, engine_price(engine, fill->instrument));
    if (status == QB_OK)
        status = qb_portfolio_apply_fill(portfolio, fill, out_closed, asked ? out_trade : NULL);
    if (status == QB_OK && !qb_portfolio_balances(portfolio))
        status = QB_BROKEN;
    return status;
}

/* `units` > 0 of the order trade: ledger, listeners, other orders, strategy. */
static void execute(qb_engine *engine, uint32_t index, const offer *offer, const terms *terms,
                    int64_t units)
{
    order_slot *slot = &engine->book.slots[index];
    qb_order *order = &slot->order;
    qb_fill fill = {
        .id = engine->totals.fills + 1,
        .order_id = order->id,
        .instrument = order->instrument,
        .ts_us = engine->context.now_us,
        .quantity = {units * order->side},
        .price = terms->price,
        .reference = reference_of(offer, order->side),
        .bar_ts_us = offer->bar_ts_us,
        .purpose = order->purpose,
        .owner = order->owner,
        .maker = offer->maker,
        .volume = offer->volume,
    };
    const fill_news news = {
        .id = order->id,
        .group = order->group,
        .parent = order->parent,
        .instrument = order->instrument,
        .owner = order->owner,
        .price = terms->price,
        .units = units,
        .opened = engine_held(engine, order->instrument) * order->side < 0 ? 0 : units,
        .in_bar = offer->in_bar,
    };
    bool closed = false;
    qb_trade trade;
    qb_status status = qb_fee_charge(engine_costs(engine, order->instrument), order->side,
                                     offer->maker, terms->unit, (qb_quantity){units}, &slot->fees,
                                     &fill.fee);
    if (status == QB_OK)
        status = book_fill(engine, &fill, &closed, &trade);
    if (status != QB_OK) {
        engine_fail(engine, status);
        return;
    }
    engine_note_held(engine, order->instrument);
    engine->totals.fills++;
    order->filled.raw += units;
    taken_of(engine, order->instrument, offer)->raw += units;
    if (UNLIKELY(slot->child_count > 0))
        exits_grow(engine, index, &news);
    sink_fill(engine, &fill, closed ? &trade : NULL);
    if (order->filled.raw == order->quantity.raw)
        orders_end(engine, index, QB_ORDER_FILLED, QB_REASON_NONE);
    if (UNLIKELY(news.group != 0) || engine->states[news.instrument].open_orders > 0)
        exits_after(engine, &news);
    host_on_fill(engine, &fill);
}

/* ---- one order ---------------------------------------------------------------------------- */

/* The gate at the fill: everybody else at their marks, this instrument at the fill's price. */
static qb_status ask_of(const qb_engine *engine, const order_slot *slot, qb_price unit,
                        int64_t units, gate_ask *out)
{
    const qb_order *order = &slot->order;
    const qb_portfolio *portfolio = &engine->portfolio;
    const qb_position *position = &portfolio->positions[order->instrument];
    qb_money equity, at_price;
    qb_status status = qb_portfolio_equity(portfolio, &equity);
    if (status == QB_OK && position->quantity.raw != 0) {
        status = qb_notional(unit, position->quantity, &at_price);
        if (status == QB_OK)
            status = qb_add(equity.raw, at_price.raw - position->value.raw, &equity.raw);
    }
    if (status != QB_OK)
        return status;
    *out = (gate_ask){
        .instrument = order->instrument,
        .side = order->side,
        .reducible = order->size.kind != QB_SIZE_UNITS && order->time_in_force != QB_FOK,
        .held = position->quantity.raw * order->side,
        .units = units,
        .unit = unit,
        .others = {portfolio->exposure.raw - magnitude(position->value.raw)},
        .equity = equity,
        .fees = &slot->fees,
        .at_fill = true,
        .stop_distance = slot->stop_distance,
    };
    return QB_OK;
}

static gate_answer ask_gate(qb_engine *engine, uint32_t index, qb_price unit, int64_t units)
{
    order_slot *slot = &engine->book.slots[index];
    gate_ask ask;
    if (ask_of(engine, slot, unit, units, &ask) != QB_OK)
        return (gate_answer){.reason = QB_REASON_CASH};
    return gate_pass(engine, &ask, &slot->order);
}

/* What the gate would say once `closing` units have been traded: tried on a copy of the account. */
static gate_answer ask_gate_after(qb_engine *engine, uint32_t index, const terms *terms,
                                  int64_t closing, int64_t units)
{
    order_slot *slot = &engine->book.slots[index];
    const qb_order *order = &slot->order;
    const qb_portfolio portfolio = engine->portfolio;
    const qb_position position = portfolio.positions[order->instrument];
    const qb_fee_account fees = slot->fees;
    qb_fill fill = {
        .instrument = order->instrument,
        .ts_us = engine->context.now_us,
        .quantity = {closing * order->side},
        .price = terms->price,
    };
    bool closed;
    gate_answer answer = {.reason = QB_REASON_CASH};
    if (qb_fee_charge(engine_costs(engine, order->instrument), order->side, false, terms->unit,
                      (qb_quantity){closing}, &slot->fees, &fill.fee) == QB_OK &&
        qb_portfolio_apply_fill(&engine->portfolio, &fill, &closed, NULL) == QB_OK)
        answer = ask_gate(engine, index, terms->unit, units);
    slot->fees = fees;
    engine->portfolio = portfolio;
    engine->portfolio.positions[order->instrument] = position;
    return answer;
}

/* All of the order or nothing: `closing` units of what is held, and `opening` more. */
static void fill_or_kill(qb_engine *engine, candidate candidate, const offer *offer,
                         const terms *terms, int64_t closing, int64_t opening)
{
    gate_answer answer = {.allowed = opening};
    if (opening > 0)
        answer = closing > 0 ? ask_gate_after(engine, candidate.slot, terms, closing, opening)
                             : ask_gate(engine, candidate.slot, terms->unit, opening);
    if (answer.allowed < opening) {
        orders_turn_away(engine, candidate.slot,
                         answer.allowed > 0 ? QB_REASON_NOT_FILLED : answer.reason);
        return;
    }
    if (closing > 0)
        execute(engine, candidate.slot, offer, terms, closing);
    if (opening > 0 && engine->status == QB_OK && fills_find(engine, candidate) != NULL)
        execute(engine, candidate.slot, offer, terms, opening);
}

static void open_units(qb_engine *engine, uint32_t index, const offer *offer, const terms *terms,
                       int64_t units)
{
    qb_order *order = &engine->book.slots[index].order;
    gate_answer answer = ask_gate(engine, index, terms->unit, units);
    if (answer.allowed == 0) {
        orders_turn_away(engine, index, answer.reason);
        return;
    }
    if (answer.allowed < units)
        order->quantity.raw = order->filled.raw + answer.allowed;
    execute(engine, index, offer, terms, answer.allowed);
}

/* What is left of a reduce-only order is cut to what there is to reduce; false when there is
 * nothing, and it has ended. */
static bool cut_to_position(qb_engine *engine, uint32_t index)
{
    qb_order *order = &engine->book.slots[index].order;
    int64_t against = -engine_held(engine, order->instrument) * order->side;
    if (against <= 0) {
        orders_turn_away(engine, index, QB_REASON_REDUCE_ONLY);
        return false;
    }
    if (order->quantity.raw - order->filled.raw > against)
        order->quantity.raw = order->filled.raw + against;
    return true;
}

static bool price_of(const qb_engine *engine, const qb_order *order, const offer *offer,
                     int64_t units, terms *out)
{
    const qb_fill_terms terms = {
        .side = order->side,
        .reference = reference_of(offer, order->side),
        .units = {units},
        .volume = offer->volume,
        .slips = offer->slips,
        .limit = offer->limit,
    };
    return qb_fill_price_at(&engine->instruments[order->instrument],
                            engine_costs(engine, order->instrument), &terms,
                            &out->price) == QB_OK &&
           engine_unit(engine, order->instrument, out->price, &out->unit) == QB_OK;
}

/* An order that crosses zero does so in two fills: the ledger knows no other way. */
void fills_meet(qb_engine *engine, candidate candidate, const offer *offer)
{
    order_slot *slot = fills_find(engine, candidate);
    uint32_t index = candidate.slot;
    terms terms;
    if (slot == NULL || !slot_is_live(slot) ||
        (slot->order.quantity.raw == 0 && !resolve(engine, index, offer)) ||
        (slot->order.reduce_only && !cut_to_position(engine, index)))
        return;
    const qb_order *order = &slot->order;
    int64_t room = room_left(engine, order->instrument, offer);
    int64_t units = slot_rest(slot) < room ? slot_rest(slot) : room;
    bool kill = order->time_in_force == QB_FOK;
    if (kill && units < slot_rest(slot)) {
        orders_end(engine, index, QB_ORDER_CANCELLED, QB_REASON_NOT_FILLED);
        return;
    }
    if (units == 0)
        return;
    if (!price_of(engine, order, offer, units, &terms)) {
        orders_turn_away(engine, index, QB_REASON_BAD_PRICE);
        return;
    }
    int64_t against = -engine_held(engine, order->instrument) * order->side;
    int64_t closing = against <= 0 ? 0 : against < units ? against : units;
    if (UNLIKELY(kill)) {
        fill_or_kill(engine, candidate, offer, &terms, closing, units - closing);
        return;
    }
    if (closing > 0)
        execute(engine, index, offer, &terms, closing);
    if (units > closing && engine->status == QB_OK && fills_find(engine, candidate) != NULL)
        open_units(engine, index, offer, &terms, units - closing);
}

/* ---- who waits ---------------------------------------------------------------------------- */

static void add_candidate(qb_engine *engine, uint32_t index)
{
    order_book *book = &engine->book;
    book->candidates[book->candidate_count++] = (candidate){.id = book->slots[index].order.id,
                                                            .slot = index};
}

static bool at_once(const qb_order *order)
{
    return order->time_in_force == QB_IOC || order->time_in_force == QB_FOK;
}

/* A stop that the opening reaches, and a trailing one that follows it. */
static bool stop_meets(const qb_engine *engine, order_slot *slot, qb_price price)
{
    if (!slot->triggered && path_stop_reached(slot, price))
        slot->triggered = true;
    if (!slot->triggered && slot->order.type == QB_TRAILING_STOP &&
        engine->fill_model != QB_PESSIMISTIC)
        trail_move(slot, price);
    return slot->triggered;
}

static bool stop_limit_meets(const qb_engine *engine, order_slot *slot, qb_price price)
{
    if (!slot->triggered && path_stop_reached(slot, price)) {
        slot->triggered = true;
        if (engine->fill_model == QB_PESSIMISTIC)
            slot->idle = path_bar_end(engine, slot->order.instrument);
    }
    return slot->triggered && path_piece(engine, slot->order.instrument, 0) > slot->idle &&
           path_limit_reached(engine, slot, price);
}

/* Whether the order fills at this opening. */
static bool opening_meets(const qb_engine *engine, order_slot *slot)
{
    const instrument_state *state = &engine->states[slot->order.instrument];
    const qb_instrument *instrument = &engine->instruments[slot->order.instrument];
    qb_price price = slot->order.side == QB_BUY ? state->quote.buy : state->quote.sell;
    switch (slot->order.type) {
    case QB_MARKET:
        return engine->fill_at == QB_FILL_NEXT_OPEN;
    case QB_MARKET_ON_OPEN:
        return session_opens(instrument, state->session_us, engine->context.now_us);
    case QB_LIMIT:
        return path_limit_reached(engine, slot, price);
    case QB_STOP:
    case QB_TRAILING_STOP:
        return stop_meets(engine, slot, price);
    case QB_STOP_LIMIT:
        return stop_limit_meets(engine, slot, price);
    default:
        return false;
    }
}

void fills_gather_opening(qb_engine *engine, uint32_t instrument)
{
    const order_book *book = &engine->book;
    for (uint32_t i = engine->states[instrument].first, next; i != NO_SLOT; i = next) {
        order_slot *slot = &book->slots[i];
        next = slot->after;
        if (!slot_is_live(slot))
            continue;
        if (opening_meets(engine, slot)) {
            add_candidate(engine, i);
        } else if (at_once(&slot->order) && slot->order.type == QB_LIMIT) {
            next = book_after(book, i);
            orders_end(engine, i, QB_ORDER_CANCELLED, QB_REASON_NOT_FILLED);
        } else if (slot_is_limit(slot)) {
            slot->waited = true;
        }
    }
}

void fills_gather_close(qb_engine *engine, uint32_t instrument, bool decided)
{
    const order_book *book = &engine->book;
    int64_t now_us = engine->context.now_us;
    for (uint32_t i = engine->states[instrument].first; i != NO_SLOT; i = book->slots[i].after) {
        const order_slot *slot = &book->slots[i];
        const qb_order *order = &slot->order;
        bool meets = order->type == QB_MARKET && engine->fill_at != QB_FILL_NEXT_OPEN;
        if (!slot_is_live(slot) || order->good_until_us < now_us ||
            (!decided && order->submitted_us == now_us))
            continue;
        if (order->type == QB_MARKET_ON_CLOSE && !decided)
            meets = session_closes(&engine->instruments[instrument], now_us);
        if (meets)
            add_candidate(engine, i);
    }
}

/* ---- the rounds --------------------------------------------------------------------------- */

/* Sifts the candidate at `root` down: the largest id on top. */
static void sift(candidate *heap, uint32_t root, uint32_t count)
{
    candidate moved = heap[root];
    for (uint32_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && heap[child + 1].id > heap[child].id)
            child++;
        if (heap[child].id <= moved.id)
            break;
        heap[root] = heap[child];
    }
    heap[root] = moved;
}

/* By submission. Those of one instrument come so. */
static void sort_candidates(candidate *candidates, uint32_t count)
{
    uint32_t sorted = 1;
    while (sorted < count && candidates[sorted - 1].id <= candidates[sorted].id)
        sorted++;
    if (sorted >= count)
        return;
    for (uint32_t i = count / 2; i > 0; i--)
        sift(candidates, i - 1, count);
    for (uint32_t last = count - 1; last > 0; last--) {
        candidate largest = candidates[0];
        candidates[0] = candidates[last];
        candidates[last] = largest;
        sift(candidates, 0, last);
    }
}

INLINED static inline offer offer_of(const qb_engine *engine, const order_slot *slot)
{
    const quote *quote = &engine->states[slot->order.instrument].quote;
    offer offer = {
        .buy = quote->buy,
        .sell = quote->sell,
        .slips = engine_slips(engine, slot->order.type),
        .in_bar = quote->in_bar,
        .volume = quote->volume,
        .bar_ts_us = quote->bar_ts_us,
    };
    if (slot_is_limit(slot))
        offer.limit = slot->order.limit;
    return offer;
}

/* Whether an unsized order will reduce; false also where it cannot be sized. */
static bool will_reduce(const qb_engine *engine, const order_slot *slot)
{
    int64_t units = 0;
    int64_t held = engine_held(engine, slot->order.instrument);
    const offer offer = offer_of(engine, slot);
    if (slot->order.quantity.raw != 0 || held == 0 ||
        size_at_offer(engine, slot, &offer, &units) != QB_OK)
        return false;
    return (units > 0) != (held > 0) && units != 0 && magnitude(units) <= magnitude(held);
}

/* One that another has left with nothing may have grown by the last round. */
static bool belongs(const qb_engine *engine, const order_slot *slot, int round)
{
    if (!slot_is_live(slot))
        return false;
    switch (round) {
    case 1:
        return slot_only_reduces(engine, slot);
    case 2:
        return will_reduce(engine, slot);
    default:
        return true;
    }
}

static void fill_candidate(qb_engine *engine, candidate candidate)
{
    const order_slot *slot = fills_find(engine, candidate);
    bool judged = at_once(&slot->order);
    const offer offer = offer_of(engine, slot);
    fills_meet(engine, candidate, &offer);
    if (UNLIKELY(judged) && fills_find(engine, candidate) != NULL && engine->status == QB_OK)
        orders_end(engine, candidate.slot, QB_ORDER_CANCELLED, QB_REASON_NOT_FILLED);
}

/* Each candidate is met once: in the first round that it belongs to. */
static void fill_round(qb_engine *engine, uint32_t count, int round)
{
    fills_value_account(engine);
    for (uint32_t i = 0; i < count && engine->status == QB_OK; i++) {
        candidate *candidate = &engine->book.candidates[i];
        const order_slot *slot = fills_find(engine, *candidate);
        if (candidate->id == 0 || slot == NULL || !belongs(engine, slot, round))
            continue;
        fill_candidate(engine, *candidate);
        candidate->id = 0;
    }
}

void fills_run(qb_engine *engine)
{
    order_book *book = &engine->book;
    uint32_t count = book->candidate_count;
    book->candidate_count = 0;
    if (LIKELY(count == 1)) { /* nobody to wait for */
        fills_value_account(engine);
        fill_candidate(engine, book->candidates[0]);
        return;
    }
    sort_candidates(book->candidates, count);
    for (int round = 1; round <= 3 && count > 0; round++)
        fill_round(engine, count, round);
}
