/* Orders from wish to book: sizes, targets, the gate at admission, cancellation. */
#include "core/engine/engine-private.h"

/* ---- the book ----------------------------------------------------------------------------- */

#define BOOK_BASE 64u          /* open orders any run may have, */
#define BOOK_PER_INSTRUMENT 8u /* and more for each instrument */

qb_status orders_init(order_book *book, qb_arena *arena, uint32_t instrument_count)
{
    if (instrument_count > (NO_SLOT - BOOK_BASE) / BOOK_PER_INSTRUMENT)
        return QB_OUT_OF_RANGE;
    uint32_t capacity = BOOK_BASE + BOOK_PER_INSTRUMENT * instrument_count;
    *book = (order_book){
        .slots = qb_arena_alloc(arena, capacity, sizeof *book->slots),
        .candidates = qb_arena_alloc(arena, capacity, sizeof *book->candidates),
        .capacity = capacity,
        .first = NO_SLOT,
        .last = NO_SLOT,
    };
    if (book->slots == NULL || book->candidates == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < capacity; i++)
        book->slots[i].next = i + 1 < capacity ? i + 1 : NO_SLOT;
    return QB_OK;
}

/* A slot at the end of the list; the caller fills in the order. */
static order_slot *book_append(order_book *book)
{
    uint32_t index = book->unused;
    order_slot *slot = &book->slots[index];
    book->unused = slot->next;
    slot->previous = book->last;
    slot->next = NO_SLOT;
    if (book->last != NO_SLOT)
        book->slots[book->last].next = index;
    else
        book->first = index;
    book->last = index;
    book->count++;
    return slot;
}

static void book_remove(order_book *book, uint32_t index)
{
    order_slot *slot = &book->slots[index];
    if (slot->previous != NO_SLOT)
        book->slots[slot->previous].next = slot->next;
    else
        book->first = slot->next;
    if (slot->next != NO_SLOT)
        book->slots[slot->next].previous = slot->previous;
    else
        book->last = slot->previous;
    slot->order.id = 0;
    slot->next = book->unused;
    book->unused = index;
    book->count--;
}

/* ---- the end of an order ------------------------------------------------------------------ */

static void sink_order(qb_engine *engine, const qb_order *order)
{
    if (engine->sink.order != NULL && engine->status == QB_OK)
        engine_heard(engine, engine->sink.order(engine->sink.self, order));
}

static void count_end(qb_engine_totals *totals, qb_order_status status)
{
    totals->cancelled += status == QB_ORDER_CANCELLED;
    totals->rejected += status == QB_ORDER_REJECTED;
    totals->expired += status == QB_ORDER_EXPIRED;
}

void orders_end(qb_engine *engine, uint32_t slot, qb_order_status status, qb_reason reason)
{
    order_slot *ended = &engine->book.slots[slot];
    instrument_state *state = &engine->states[ended->order.instrument];
    ended->order.status = status;
    ended->order.reason = reason;
    ended->order.final_us = engine->context.now_us;
    count_end(&engine->totals, status);
    sink_order(engine, &ended->order);
    /* What could not be filled for want of data may be wished again. */
    if (status == QB_ORDER_EXPIRED && ended->by_target)
        state->wish = NAN;
    state->open_orders--;
    book_remove(&engine->book, slot);
}

void orders_end_all(qb_engine *engine, qb_order_status status, qb_reason reason)
{
    while (engine->book.first != NO_SLOT)
        orders_end(engine, engine->book.first, status, reason);
}

void orders_miss(qb_engine *engine, uint32_t instrument, uint32_t bars)
{
    for (uint32_t i = engine->book.first, next; i != NO_SLOT; i = next) {
        qb_order *order = &engine->book.slots[i].order;
        next = engine->book.slots[i].next;
        if (order->instrument != instrument)
            continue;
        if (__builtin_add_overflow(order->bars_missed, bars, &order->bars_missed))
            order->bars_missed = UINT32_MAX;
        if (order->bars_missed >= engine->patience)
            orders_end(engine, i, QB_ORDER_EXPIRED, QB_REASON_NO_DATA);
    }
}

/* The remainder in whole lots; what was filled stays as it was filled. */
static void split_order(qb_engine *engine, uint32_t index, qb_split split)
{
    qb_order *order = &engine->book.slots[index].order;
    qb_quantity lot = engine->instruments[order->instrument].lot, remainder;
    int64_t rest, quantity;
    qb_status status = qb_split_apply(split, (qb_quantity){order->quantity.raw - order->filled.raw},
                                      lot, &remainder, &rest);
    if (status == QB_OK)
        status = qb_add(order->filled.raw, remainder.raw, &quantity);
    if (status != QB_OK)
        engine_fail(engine, status);
    else if (remainder.raw == 0)
        orders_end(engine, index, QB_ORDER_CANCELLED, QB_REASON_BELOW_LOT);
    else
        order->quantity.raw = quantity;
}

void orders_split(qb_engine *engine, uint32_t instrument, qb_split split)
{
    for (uint32_t i = engine->book.first, next; i != NO_SLOT; i = next) {
        const qb_order *order = &engine->book.slots[i].order;
        next = engine->book.slots[i].next;
        if (order->instrument == instrument && order->quantity.raw != 0)
            split_order(engine, i, split);
    }
}

static void cancel_targets(qb_engine *engine, uint32_t instrument)
{
    if (engine->states[instrument].open_orders == 0)
        return;
    for (uint32_t i = engine->book.first, next; i != NO_SLOT; i = next) {
        const order_slot *slot = &engine->book.slots[i];
        next = slot->next;
        if (slot->order.instrument == instrument && slot->by_target)
            orders_end(engine, i, QB_ORDER_CANCELLED, QB_REASON_REPLACED);
    }
}

/* ---- sizes -------------------------------------------------------------------------------- */

static bool size_is_one(qb_size size)
{
    bool known = (unsigned)size.kind <= QB_SIZE_WEIGHT && (unsigned)size.when <= QB_SIZE_AT_FILL;
    return known && size.amount >= 0.0 && size.amount <= QB_PRICE_MAX; /* NaN fails */
}

bool orders_accept_size(qb_engine *engine, qb_size size)
{
    if (LIKELY(size_is_one(size)))
        return true;
    engine->totals.disabled = true;
    return false;
}

static qb_status size_budget(qb_size size, qb_money equity, qb_money *out)
{
    if (size.kind == QB_SIZE_CASH)
        return qb_money_from_double(size.amount, out);
    qb_rate weight;
    qb_status status = qb_rate_from_double(size.amount, &weight);
    return status == QB_OK ? qb_muldiv(equity.raw, weight.raw, QB_ONE, &out->raw) : status;
}

/* What one unit costs that side when it is filled at that reference. */
static qb_status fill_unit(const qb_engine *engine, uint32_t instrument, qb_side side,
                           qb_price reference, qb_price *out)
{
    qb_price price;
    qb_status status = qb_fill_price(&engine->instruments[instrument], &engine->costs, side,
                                     reference, &price);
    return status == QB_OK ? engine_unit(engine, instrument, price, out) : status;
}

qb_status size_units(const qb_engine *engine, uint32_t instrument, qb_side side, qb_size size,
                     qb_money equity, qb_price reference, int64_t *out_units)
{
    const qb_instrument *about = &engine->instruments[instrument];
    qb_quantity units;
    qb_price unit;
    qb_money budget;
    qb_status status;
    if (size.kind == QB_SIZE_UNITS) {
        status = qb_quantity_from_double(size.amount, &units);
        if (status == QB_OK)
            *out_units = whole_lots(about, units.raw);
        return status;
    }
    status = fill_unit(engine, instrument, side, reference, &unit);
    if (status == QB_OK)
        status = size_budget(size, equity, &budget);
    if (status == QB_OK)
        status = qb_quantity_for_budget(about, &engine->costs, side, unit, budget, &units);
    if (status == QB_OK)
        *out_units = units.raw;
    return status;
}

/* What is held counts at the bare price and only the change pays fees and slippage. Otherwise a
 * position bought with all of the equity would be trimmed by its own fees, again and again. */
static qb_status change_to_budget(const qb_engine *engine, uint32_t instrument, qb_side side,
                                  qb_money budget, qb_price reference, int64_t held,
                                  int64_t *out_change)
{
    const qb_instrument *about = &engine->instruments[instrument];
    qb_money value;
    qb_price unit;
    qb_quantity units;
    qb_status status = engine_unit(engine, instrument, reference, &unit);
    if (status == QB_OK)
        status = qb_value(unit, (qb_quantity){held}, &value);
    if (status != QB_OK)
        return status;
    if (value.raw > budget.raw) {
        const qb_costs none = {0};
        status = qb_quantity_for_budget(about, &none, side, unit, budget, &units);
        if (status == QB_OK)
            *out_change = units.raw < held ? units.raw - held : 0;
        return status;
    }
    status = fill_unit(engine, instrument, side, reference, &unit);
    if (status == QB_OK)
        status = qb_quantity_for_budget(about, &engine->costs, side, unit,
                                        (qb_money){budget.raw - value.raw}, &units);
    if (status == QB_OK)
        *out_change = units.raw;
    return status;
}

qb_status size_change(const qb_engine *engine, uint32_t instrument, qb_side side, qb_size size,
                      qb_money equity, qb_price reference, int64_t held, int64_t *out_change)
{
    if (size.kind == QB_SIZE_UNITS) {
        int64_t wanted;
        qb_status status = size_units(engine, instrument, side, size, equity, reference, &wanted);
        if (status == QB_OK)
            *out_change = wanted - held;
        return status;
    }
    qb_money budget;
    qb_status status = size_budget(size, equity, &budget);
    if (status != QB_OK)
        return status;
    return change_to_budget(engine, instrument, side, budget, reference, held, out_change);
}

/* ---- the gate ----------------------------------------------------------------------------- */

/* After a fill that increases exposure the sum of |position value|, this one at the fill's price,
 * may not exceed equity x leverage:
 *     others + (held + units) unit  <=  leverage (equity - fee)
 * and so units unit + leverage fee <= leverage equity - others - held unit. */
static qb_status gate_budget(const qb_engine *engine, qb_price unit, int64_t held, qb_money others,
                             qb_money equity, qb_money *out)
{
    qb_money held_value = {0};
    int64_t budget = equity.raw;
    qb_status status = QB_OK;
    if (engine->leverage.raw != QB_ONE)
        status = qb_muldiv(equity.raw, engine->leverage.raw, QB_ONE, &budget);
    if (status == QB_OK && held != 0)
        status = qb_value(unit, (qb_quantity){held}, &held_value);
    if (status == QB_OK)
        status = qb_add(budget, -others.raw, &budget);
    if (status == QB_OK)
        status = qb_add(budget, -held_value.raw, &budget);
    if (status == QB_OK)
        out->raw = budget;
    return status;
}

/* True when the need is far enough below the budget to see it in doubles, whose error is a part in
 * 10^15. The usual order asks no more of the gate than this. */
static bool fits_clearly(const qb_costs *costs, qb_price unit, int64_t units, qb_money budget)
{
    double quantity = qb_raw_to_double(units);
    double notional = (double)unit.raw * quantity; /* 1e-8 */
    double fee = notional * qb_raw_to_double(costs->fee_rate.raw) +
                 quantity * (double)costs->fee_per_unit.raw + (double)costs->fee_minimum.raw;
    return (notional + fee) * (1.0 + 1e-9) + 100.0 < (double)budget.raw;
}

qb_status gate_allow(const qb_engine *engine, uint32_t instrument, qb_side side, qb_size_kind kind,
                     qb_price unit, int64_t held, qb_money others, qb_money equity, int64_t units,
                     int64_t *out_allowed)
{
    qb_money budget, notional, fee, need;
    qb_status status = gate_budget(engine, unit, held, others, equity, &budget);
    if (status != QB_OK)
        return status;
    if (fits_clearly(&engine->costs_gate, unit, units, budget)) {
        *out_allowed = units;
        return QB_OK;
    }
    status = qb_value(unit, (qb_quantity){units}, &notional);
    if (status == QB_OK)
        status = qb_fill_fee(&engine->costs_gate, unit, (qb_quantity){units}, &fee);
    if (status == QB_OK)
        status = qb_add(notional.raw, fee.raw, &need.raw);
    if (status == QB_OK && need.raw <= budget.raw) {
        *out_allowed = units;
        return QB_OK;
    }
    /* A need beyond the ledger's range is a shortfall as well. */
    if (kind == QB_SIZE_UNITS || budget.raw <= 0) {
        *out_allowed = 0;
        return QB_OK;
    }
    qb_quantity most;
    status = qb_quantity_for_budget(&engine->instruments[instrument], &engine->costs_gate, side,
                                    unit, budget, &most);
    if (status == QB_OK)
        *out_allowed = most.raw < units ? most.raw : units;
    return status;
}

/* ---- submission --------------------------------------------------------------------------- */

/* What the gate is asked to admit. */
typedef struct request {
    uint32_t instrument;
    qb_side side, target;
    qb_size size;
    int64_t units; /* 0: sized at the fill */
    int64_t held;  /* signed units in front of it, once the orders before it have filled */
    bool reduce_only, by_target, is_target;
    qb_reason refusal; /* found before the gate */
} request;

/* At admission an order is held against the whole account alone: what else is open or about to be
 * sold is known only at the fill, where the gate looks again and counts everything. */
static qb_reason admit(qb_engine *engine, request *request)
{
    const qb_price reference = engine_price(engine, request->instrument);
    qb_price unit;
    qb_money equity;
    if (request->refusal != QB_REASON_NONE)
        return request->refusal;
    if (engine->book.unused == NO_SLOT)
        return QB_REASON_TOO_MANY;
    if (reference.raw <= 0)
        return QB_REASON_BAD_PRICE;
    int64_t same_side = request->held * request->side;
    int64_t reducing = same_side < 0 ? -same_side : 0;
    int64_t increasing = request->units - reducing;
    if (request->reduce_only || increasing <= 0)
        return QB_REASON_NONE;
    if (fill_unit(engine, request->instrument, request->side, reference, &unit) != QB_OK)
        return QB_REASON_BAD_PRICE;

    int64_t allowed = 0;
    qb_status status = qb_portfolio_equity(&engine->portfolio, &equity);
    if (status == QB_OK)
        status = gate_allow(engine, request->instrument, request->side, request->size.kind, unit,
                            same_side > 0 ? same_side : 0, (qb_money){0}, equity, increasing,
                            &allowed);
    if (status != QB_OK || allowed == 0)
        return QB_REASON_CASH;
    request->units = reducing + allowed;
    return QB_REASON_NONE;
}

static qb_order order_of(qb_engine *engine, const request *request)
{
    return (qb_order){
        .id = ++engine->totals.orders,
        .instrument = request->instrument,
        .side = request->side,
        .reduce_only = request->reduce_only,
        .size = request->size,
        .quantity = {request->units},
        .submitted_us = engine->context.now_us,
        .owner = engine->owner,
    };
}

static outcome refuse(qb_engine *engine, const request *request, qb_reason reason)
{
    qb_order order = order_of(engine, request);
    order.status = QB_ORDER_REJECTED;
    order.reason = reason;
    order.final_us = engine->context.now_us;
    engine->totals.rejected++;
    sink_order(engine, &order);
    return (outcome){.stage = QB_STAGE_REFUSED, .reason = reason, .order_id = order.id};
}

static outcome submit(qb_engine *engine, request *request)
{
    qb_reason reason = admit(engine, request);
    if (UNLIKELY(reason != QB_REASON_NONE))
        return refuse(engine, request, reason);
    order_slot *slot = book_append(&engine->book);
    slot->order = order_of(engine, request);
    slot->by_target = request->by_target;
    slot->is_target = request->is_target;
    slot->target = request->target;
    slot->fee_uncut.raw = slot->fee_paid.raw = 0;
    engine->states[request->instrument].open_orders++;
    sink_order(engine, &slot->order);
    return (outcome){.stage = QB_STAGE_ORDERED, .order_id = slot->order.id};
}

static outcome held(void)
{
    return (outcome){.stage = QB_STAGE_HELD, .reason = QB_REASON_UNCHANGED};
}

/* The position's whole size in one reduce-only order. */
static outcome submit_close(qb_engine *engine, uint32_t instrument, int64_t position, qb_size size)
{
    request close = {
        .instrument = instrument,
        .side = position > 0 ? QB_SELL : QB_BUY,
        .size = size,
        .units = magnitude(position),
        .held = position,
        .reduce_only = true,
        .by_target = true,
    };
    return submit(engine, &close);
}

static bool sized_at_fill(qb_size size)
{
    return size.when == QB_SIZE_AT_FILL && size.kind != QB_SIZE_UNITS;
}

/* A size that the ledger cannot hold is no size; an unknown price leaves it open, and the gate
 * says so. */
static qb_reason size_problem(qb_status status)
{
    return status == QB_OK             ? QB_REASON_NONE
           : status == QB_OUT_OF_RANGE ? QB_REASON_BAD_PRICE
                                       : QB_REASON_BAD_SIZE;
}

/* From `position`, which is not on the other side, to the target. */
static outcome submit_change(qb_engine *engine, uint32_t instrument, qb_side side, qb_size size,
                             int64_t position)
{
    int64_t change = 0;
    qb_money equity = {0};
    qb_status status = qb_portfolio_equity(&engine->portfolio, &equity);
    if (status == QB_OK)
        status = size_change(engine, instrument, side, size, equity,
                             engine_price(engine, instrument), magnitude(position), &change);
    request request = {
        .instrument = instrument,
        .side = change < 0 ? (qb_side)-side : side,
        .size = size,
        .units = magnitude(change),
        .held = position,
        .reduce_only = change < 0,
        .by_target = true,
        .refusal = size_problem(status),
    };
    if (sized_at_fill(size)) {
        request.units = 0;
        request.reduce_only = false;
        request.is_target = true;
        request.target = side;
    } else if (status == QB_OK && change == 0) {
        if (position != 0)
            return held();
        request.refusal = QB_REASON_BELOW_LOT;
    }
    return submit(engine, &request);
}

outcome orders_target(qb_engine *engine, uint32_t instrument, qb_side side, qb_size size)
{
    cancel_targets(engine, instrument);
    int64_t position = engine_held(engine, instrument);
    if (size.amount == 0.0)
        return position == 0 ? held() : submit_close(engine, instrument, position, size);
    if (position * side >= 0)
        return submit_change(engine, instrument, side, size, position);

    outcome closing = submit_close(engine, instrument, position, size);
    outcome opening = submit_change(engine, instrument, side, size, 0);
    /* The refusal of the second leg is the news; the id is that of the first order made. */
    if (opening.stage == QB_STAGE_REFUSED) {
        opening.order_id = closing.order_id;
        return opening;
    }
    return closing;
}

outcome orders_submit(qb_engine *engine, uint32_t instrument, qb_side side, qb_size size)
{
    request request = {
        .instrument = instrument,
        .side = side,
        .size = size,
        .held = engine_held(engine, instrument),
    };
    if (!sized_at_fill(size)) {
        qb_money equity = {0};
        qb_status status = qb_portfolio_equity(&engine->portfolio, &equity);
        if (status == QB_OK)
            status = size_units(engine, instrument, side, size, equity,
                                engine_price(engine, instrument), &request.units);
        request.refusal = size_problem(status);
        if (status == QB_OK && request.units == 0)
            request.refusal = QB_REASON_BELOW_LOT;
    }
    return submit(engine, &request);
}
