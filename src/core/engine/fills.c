/* Orders that meet a price. All orders whose instruments are quoted at this instant are handled
 * together, in three rounds:
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

static order_slot *find(qb_engine *engine, candidate candidate)
{
    order_slot *slot = &engine->book.slots[candidate.slot];
    return slot->order.id == candidate.id ? slot : NULL;
}

static uint32_t collect(qb_engine *engine)
{
    const order_book *book = &engine->book;
    uint32_t count = 0;
    for (uint32_t i = book->first; i != NO_SLOT; i = book->slots[i].next) {
        const qb_order *order = &book->slots[i].order;
        if (engine->states[order->instrument].quote.at_us == engine->context.now_us)
            book->candidates[count++] = (candidate){.id = order->id, .slot = i};
    }
    return count;
}

/* An order that the gate turns away was rejected if nothing of it has filled, else its rest is
 * cancelled. */
static void turn_away(qb_engine *engine, uint32_t index, qb_reason reason)
{
    bool partly = engine->book.slots[index].order.filled.raw != 0;
    orders_end(engine, index, partly ? QB_ORDER_CANCELLED : QB_ORDER_REJECTED, reason);
}

/* ---- sizing at the fill ------------------------------------------------------------------- */

/* The signed units (buy > 0) that an unsized order comes to at its quote. */
static qb_status size_at_quote(const qb_engine *engine, const order_slot *slot, int64_t *out_units)
{
    const qb_order *order = &slot->order;
    qb_price reference = engine->states[order->instrument].quote.price;
    qb_side side = slot->is_target ? slot->target : order->side;
    int64_t held = engine_held(engine, order->instrument) * side, units = 0;
    qb_status status;
    if (slot->is_target)
        status = size_change(engine, order->instrument, side, order->size, engine->sizing_equity,
                             reference, held > 0 ? held : 0, &units);
    else
        status = size_units(engine, order->instrument, side, order->size, engine->sizing_equity,
                            reference, &units);
    if (status == QB_OK)
        *out_units = units * side;
    return status;
}

/* Fixes the size. False when the order came to nothing and has ended. */
static bool resolve(qb_engine *engine, uint32_t index)
{
    order_slot *slot = &engine->book.slots[index];
    int64_t units = 0;
    qb_status status = size_at_quote(engine, slot, &units);
    if (status != QB_OK) {
        turn_away(engine, index,
                  status == QB_OUT_OF_RANGE ? QB_REASON_BAD_PRICE : QB_REASON_BAD_SIZE);
        return false;
    }
    if (units == 0) {
        bool content = slot->is_target && engine_held(engine, slot->order.instrument) != 0;
        if (content)
            orders_end(engine, index, QB_ORDER_CANCELLED, QB_REASON_UNCHANGED);
        else
            turn_away(engine, index, QB_REASON_BELOW_LOT);
        return false;
    }
    slot->order.side = units > 0 ? QB_BUY : QB_SELL;
    slot->order.quantity.raw = magnitude(units);
    slot->is_target = false;
    return true;
}

/* ---- one fill ----------------------------------------------------------------------------- */

/* What an order is offered: a price, and what one unit is worth at it. */
typedef struct offer {
    qb_price price, unit;
} offer;

/* The minimum is per order: each fill pays what the order as a whole owes by now. */
static qb_status order_fee(const qb_engine *engine, const order_slot *slot, qb_price unit,
                           qb_quantity quantity, qb_money *out_fee, qb_money *out_uncut)
{
    qb_money uncut, total;
    qb_status status = qb_fill_fee(&engine->costs_uncut, unit, quantity, &uncut);
    if (status == QB_OK)
        status = qb_add(slot->fee_uncut.raw, uncut.raw, &total.raw);
    if (status != QB_OK)
        return status;
    *out_uncut = total;
    int64_t owed = total.raw > engine->costs.fee_minimum.raw ? total.raw
                                                             : engine->costs.fee_minimum.raw;
    out_fee->raw = owed - slot->fee_paid.raw;
    return QB_OK;
}

static void sink_fill(qb_engine *engine, const qb_fill *fill, const qb_trade *trade)
{
    const qb_sink *sink = &engine->sink;
    if (sink->fill != NULL && engine->status == QB_OK)
        engine_heard(engine, sink->fill(sink->self, fill));
    if (trade == NULL)
        return;
    engine->totals.trades++;
    if (sink->trade != NULL && engine->status == QB_OK)
        engine_heard(engine, sink->trade(sink->self, trade));
}

/* `units` > 0 of the order trade at the offer: ledger, listeners, strategy. */
static void execute(qb_engine *engine, uint32_t index, offer offer, int64_t units)
{
    order_slot *slot = &engine->book.slots[index];
    qb_order *order = &slot->order;
    const quote *quote = &engine->states[order->instrument].quote;
    qb_fill fill = {
        .id = engine->totals.fills + 1,
        .order_id = order->id,
        .instrument = order->instrument,
        .ts_us = engine->context.now_us,
        .quantity = {units * order->side},
        .price = offer.price,
        .reference = quote->price,
        .bar_ts_us = quote->bar_ts_us,
    };
    bool closed = false;
    qb_trade trade;
    qb_money uncut;
    qb_portfolio *portfolio = &engine->portfolio;
    qb_status status = order_fee(engine, slot, offer.unit, (qb_quantity){units}, &fill.fee, &uncut);
    /* Nothing held, nothing marked so far; what is held has this mark already. */
    if (status == QB_OK)
        status = qb_portfolio_mark(portfolio, &portfolio->positions[order->instrument],
                                   quote->price);
    if (status == QB_OK)
        status = qb_portfolio_apply_fill(portfolio, &fill, &closed,
                                         engine->sink.trade != NULL ? &trade : NULL);
    if (status == QB_OK && !qb_portfolio_balances(portfolio))
        status = QB_BROKEN;
    if (status != QB_OK) {
        engine_fail(engine, status);
        return;
    }
    engine->totals.fills++;
    slot->fee_uncut = uncut;
    slot->fee_paid.raw += fill.fee.raw;
    order->filled.raw += units;
    sink_fill(engine, &fill, closed ? &trade : NULL);
    if (order->filled.raw == order->quantity.raw)
        orders_end(engine, index, QB_ORDER_FILLED, QB_REASON_NONE);
    host_on_fill(engine, &fill);
}

/* ---- one order ---------------------------------------------------------------------------- */

/* Units that one order may take of this bar; all where the cap is off or the volume unknown. */
static int64_t volume_limit(const qb_engine *engine, const qb_order *order)
{
    double volume = engine->states[order->instrument].quote.volume;
    int64_t units;
    if (engine->costs.volume_cap.raw == 0 || !(volume > 0.0))
        return INT64_MAX;
    double share = volume * qb_raw_to_double(engine->costs.volume_cap.raw);
    if (qb_raw_from_double(share, &units) != QB_OK)
        return INT64_MAX;
    return whole_lots(&engine->instruments[order->instrument], units);
}

/* The gate at the fill: everybody else at their marks, this instrument at the fill's price. */
static qb_status allow_increase(const qb_engine *engine, const qb_order *order, qb_price unit,
                                int64_t held, int64_t units, int64_t *out_allowed)
{
    const qb_portfolio *portfolio = &engine->portfolio;
    const qb_position *position = &portfolio->positions[order->instrument];
    qb_money equity, at_price, others;
    qb_status status = qb_portfolio_equity(portfolio, &equity);
    if (status == QB_OK && position->quantity.raw != 0) {
        status = qb_value(unit, position->quantity, &at_price);
        if (status == QB_OK)
            status = qb_add(equity.raw, at_price.raw - position->value.raw, &equity.raw);
    }
    if (status != QB_OK)
        return status;
    others.raw = portfolio->exposure.raw - magnitude(position->value.raw);
    return gate_allow(engine, order->instrument, order->side, order->size.kind, unit, held, others,
                      equity, units, out_allowed);
}

/* Trades up to `limit` units without crossing zero. Returns the units traded; 0 when the order
 * has ended or nothing can be done. */
static int64_t fill_part(qb_engine *engine, uint32_t index, offer offer, int64_t limit)
{
    qb_order *order = &engine->book.slots[index].order;
    int64_t units = order->quantity.raw - order->filled.raw;
    int64_t same_side = engine_held(engine, order->instrument) * order->side;
    units = units < limit ? units : limit;
    if (same_side < 0) {
        units = units < -same_side ? units : -same_side;
        /* Nothing more to reduce after this: the order shrinks to what there was. */
        if (order->reduce_only && order->quantity.raw - order->filled.raw > -same_side)
            order->quantity.raw = order->filled.raw - same_side;
        execute(engine, index, offer, units);
        return units;
    }
    if (order->reduce_only) {
        turn_away(engine, index, QB_REASON_REDUCE_ONLY);
        return 0;
    }
    int64_t allowed = 0;
    qb_status status = allow_increase(engine, order, offer.unit, same_side, units, &allowed);
    if (status != QB_OK || allowed == 0) {
        turn_away(engine, index, QB_REASON_CASH);
        return 0;
    }
    if (allowed < units)
        order->quantity.raw = order->filled.raw + allowed;
    execute(engine, index, offer, allowed);
    return allowed;
}

static void fill_order(qb_engine *engine, candidate candidate)
{
    const qb_order *order = &engine->book.slots[candidate.slot].order;
    offer offer;
    if (qb_fill_price(&engine->instruments[order->instrument], &engine->costs, order->side,
                      engine->states[order->instrument].quote.price, &offer.price) != QB_OK ||
        engine_unit(engine, order->instrument, offer.price, &offer.unit) != QB_OK) {
        turn_away(engine, candidate.slot, QB_REASON_BAD_PRICE);
        return;
    }
    int64_t limit = volume_limit(engine, order);
    while (limit > 0 && engine->status == QB_OK && find(engine, candidate) != NULL) {
        int64_t traded = fill_part(engine, candidate.slot, offer, limit);
        limit = traded > 0 ? limit - traded : 0;
    }
}

/* ---- the rounds --------------------------------------------------------------------------- */

static bool only_reduces(const qb_engine *engine, const qb_order *order)
{
    int64_t against = -engine_held(engine, order->instrument) * order->side;
    int64_t rest = order->quantity.raw - order->filled.raw;
    return order->quantity.raw != 0 && (order->reduce_only || rest <= against);
}

/* Whether an unsized order will reduce; false also where it cannot be sized. */
static bool will_reduce(const qb_engine *engine, const order_slot *slot)
{
    int64_t units = 0;
    int64_t held = engine_held(engine, slot->order.instrument);
    if (slot->order.quantity.raw != 0 || held == 0 || size_at_quote(engine, slot, &units) != QB_OK)
        return false;
    return (units > 0) != (held > 0) && units != 0 && magnitude(units) <= magnitude(held);
}

static bool belongs(const qb_engine *engine, const order_slot *slot, int round)
{
    switch (round) {
    case 1:
        return only_reduces(engine, &slot->order);
    case 2:
        return will_reduce(engine, slot);
    default:
        return true;
    }
}

static void fill_candidate(qb_engine *engine, candidate candidate)
{
    if (engine->book.slots[candidate.slot].order.quantity.raw != 0 ||
        resolve(engine, candidate.slot))
        fill_order(engine, candidate);
}

static void value_account(qb_engine *engine)
{
    qb_status status = qb_portfolio_equity(&engine->portfolio, &engine->sizing_equity);
    if (status != QB_OK)
        engine_fail(engine, status);
}

static void fill_round(qb_engine *engine, uint32_t count, int round)
{
    value_account(engine);
    for (uint32_t i = 0; i < count && engine->status == QB_OK; i++) {
        candidate candidate = engine->book.candidates[i];
        const order_slot *slot = find(engine, candidate);
        if (slot != NULL && belongs(engine, slot, round))
            fill_candidate(engine, candidate);
    }
}

void fills_run(qb_engine *engine)
{
    uint32_t count = collect(engine);
    if (LIKELY(count == 1)) { /* nobody to wait for */
        value_account(engine);
        fill_candidate(engine, engine->book.candidates[0]);
        return;
    }
    for (int round = 1; round <= 3 && count > 0; round++)
        fill_round(engine, count, round);
}
