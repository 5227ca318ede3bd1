/* Open orders: the lists they stand in, and how they end. */
#include "core/engine/engine-private.h"

#include <string.h>

#define BOOK_BASE 512u         /* open orders any run may have, */
#define BOOK_PER_INSTRUMENT 8u /* and more for each instrument; */
#define BOOK_FORCED 2u         /* for risk and margin, on top of that */

qb_status book_init(order_book *book, qb_arena *arena, uint32_t instrument_count)
{
    if (instrument_count > (NO_SLOT - BOOK_BASE) / (BOOK_PER_INSTRUMENT + BOOK_FORCED))
        return QB_OUT_OF_RANGE;
    uint32_t most = BOOK_BASE + BOOK_PER_INSTRUMENT * instrument_count;
    uint32_t capacity = most + BOOK_FORCED * instrument_count;
    *book = (order_book){
        .slots = qb_arena_reserve(arena, capacity, sizeof *book->slots),
        .candidates = qb_arena_reserve(arena, capacity, sizeof *book->candidates),
        .capacity = capacity,
        .most = most,
        .first = NO_SLOT,
        .last = NO_SLOT,
        .unused = NO_SLOT,
        .next_end_us = INT64_MAX,
    };
    return book->slots != NULL && book->candidates != NULL ? QB_OK : QB_NO_MEMORY;
}

bool book_has_room(const order_book *book, uint32_t count)
{
    return book->count + count <= book->most;
}

/* ---- lists -------------------------------------------------------------------------------- */

static void link_last(qb_engine *engine, uint32_t index)
{
    order_book *book = &engine->book;
    order_slot *slot = &book->slots[index];
    instrument_state *state = &engine->states[slot->order.instrument];
    slot->previous = book->last;
    slot->before = state->last;
    slot->next = slot->after = NO_SLOT;
    *(book->last != NO_SLOT ? &book->slots[book->last].next : &book->first) = index;
    *(state->last != NO_SLOT ? &book->slots[state->last].after : &state->first) = index;
    book->last = state->last = index;
}

static void unlink_slot(qb_engine *engine, uint32_t index)
{
    order_book *book = &engine->book;
    const order_slot *slot = &book->slots[index];
    instrument_state *state = &engine->states[slot->order.instrument];
    *(slot->previous != NO_SLOT ? &book->slots[slot->previous].next : &book->first) = slot->next;
    *(slot->next != NO_SLOT ? &book->slots[slot->next].previous : &book->last) = slot->previous;
    *(slot->before != NO_SLOT ? &book->slots[slot->before].after : &state->first) = slot->after;
    *(slot->after != NO_SLOT ? &book->slots[slot->after].before : &state->last) = slot->before;
}

uint32_t book_append(qb_engine *engine, const qb_order *order)
{
    order_book *book = &engine->book;
    uint32_t index = book->unused;
    if (index == NO_SLOT)
        index = book->fresh++;
    else
        book->unused = book->slots[index].next;
    book->slots[index] = (order_slot){
        .order = *order,
        .parent_slot = NO_SLOT,
        .stop_distance = NAN,
    };
    link_last(engine, index);
    book->count++;
    engine->states[order->instrument].open_orders++;
    return index;
}

static void remove_slot(qb_engine *engine, uint32_t index)
{
    order_book *book = &engine->book;
    order_slot *slot = &book->slots[index];
    instrument_state *state = &engine->states[slot->order.instrument];
    unlink_slot(engine, index);
    state->open_orders--;
    state->on_path -= slot->on_path;
    slot->order.id = 0;
    slot->next = book->unused;
    book->unused = index;
    book->count--;
}

/* A child that never lived, or waits for its parent to grow. */
static bool ends_with(const order_slot *child, uint32_t parent)
{
    return child->parent_slot == parent && slot_rest(child) == 0;
}

uint32_t book_after(const order_book *book, uint32_t slot)
{
    uint32_t i = book->slots[slot].after;
    while (i != NO_SLOT && ends_with(&book->slots[i], slot))
        i = book->slots[i].after;
    return i;
}

uint32_t book_next(const order_book *book, uint32_t slot)
{
    uint32_t i = book->slots[slot].next;
    while (i != NO_SLOT && ends_with(&book->slots[i], slot))
        i = book->slots[i].next;
    return i;
}

void book_renew(qb_engine *engine, uint32_t slot)
{
    unlink_slot(engine, slot);
    link_last(engine, slot);
}

uint32_t book_find(const order_book *book, uint64_t id)
{
    for (uint32_t i = id != 0 ? book->first : NO_SLOT; i != NO_SLOT; i = book->slots[i].next)
        if (book->slots[i].order.id == id)
            return i;
    return NO_SLOT;
}

bool book_parent_is_open(const order_book *book, const order_slot *child)
{
    return child->parent_slot != NO_SLOT &&
           book->slots[child->parent_slot].order.id == child->order.parent;
}

/* ---- the end of an order ------------------------------------------------------------------ */

void book_tell(qb_engine *engine, const qb_order *order)
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

/* One slot alone. A time stop that is no order yet goes in silence. */
static void end_slot(qb_engine *engine, uint32_t index, qb_order_status status, qb_reason reason)
{
    order_slot *slot = &engine->book.slots[index];
    instrument_state *state = &engine->states[slot->order.instrument];
    if (slot->order.id != 0) {
        slot->order.status = status;
        slot->order.reason = reason;
        slot->order.final_us = engine->context.now_us;
        count_end(&engine->totals, status);
        book_tell(engine, &slot->order);
        /* What could not be filled for want of data may be wished again. */
        if (status == QB_ORDER_EXPIRED && slot->by_target)
            state->wish = NAN;
    }
    if (slot->parent_slot != NO_SLOT)
        for (uint32_t i = 0; i < EXITS; i++)
            if (engine->book.slots[slot->parent_slot].children[i] == index)
                engine->book.slots[slot->parent_slot].children[i] = NO_SLOT;
    remove_slot(engine, index);
}

/* Without a fill of the parent they never live; one that another has left with nothing waited only
 * for the parent to grow. */
static void end_child(qb_engine *engine, uint32_t index, qb_order_status status, qb_reason reason)
{
    order_slot *child = &engine->book.slots[index];
    child->parent_slot = NO_SLOT;
    if (slot_rest(child) != 0)
        return;
    if (!child->born) {
        bool all = reason == QB_REASON_END_OF_DATA || reason == QB_REASON_BANKRUPT;
        end_slot(engine, index, all ? status : QB_ORDER_CANCELLED, all ? reason : QB_REASON_PARENT);
    } else {
        end_slot(engine, index, QB_ORDER_CANCELLED, QB_REASON_OCO);
    }
}

void orders_end(qb_engine *engine, uint32_t index, qb_order_status status, qb_reason reason)
{
    const order_slot *slot = &engine->book.slots[index];
    if (LIKELY(slot->child_count == 0)) {
        end_slot(engine, index, status, reason);
        return;
    }
    uint32_t children[EXITS];
    memcpy(children, slot->children, sizeof children);
    end_slot(engine, index, status, reason);
    for (uint32_t i = 0; i < EXITS; i++)
        if (children[i] != NO_SLOT)
            end_child(engine, children[i], status, reason);
}

void orders_end_all(qb_engine *engine, qb_order_status status, qb_reason reason)
{
    while (engine->book.first != NO_SLOT)
        orders_end(engine, engine->book.first, status, reason);
}

void orders_turn_away(qb_engine *engine, uint32_t slot, qb_reason reason)
{
    bool partly = engine->book.slots[slot].order.filled.raw != 0;
    orders_end(engine, slot, partly ? QB_ORDER_CANCELLED : QB_ORDER_REJECTED, reason);
}

bool slot_only_reduces(const qb_engine *engine, const order_slot *slot)
{
    int64_t against = -engine_held(engine, slot->order.instrument) * slot->order.side;
    return slot->order.reduce_only || (slot->order.quantity.raw != 0 && slot_rest(slot) <= against);
}

void orders_cancel_entries(qb_engine *engine, qb_reason reason)
{
    for (uint32_t i = engine->book.first, next; i != NO_SLOT; i = next) {
        const order_slot *slot = &engine->book.slots[i];
        next = book_next(&engine->book, i);
        if (slot->sleeping || slot_only_reduces(engine, slot))
            continue;
        if (slot->by_target)
            engine->states[slot->order.instrument].wish_halted = true;
        orders_end(engine, i, QB_ORDER_CANCELLED, reason);
    }
}

/* ---- time --------------------------------------------------------------------------------- */

void orders_miss(qb_engine *engine, uint32_t instrument, uint32_t bars)
{
    for (uint32_t i = engine->states[instrument].first, next; i != NO_SLOT; i = next) {
        const order_slot *slot = &engine->book.slots[i];
        qb_order *order = &engine->book.slots[i].order;
        next = book_after(&engine->book, i);
        if (order->type != QB_MARKET || !slot_is_live(slot))
            continue;
        if (__builtin_add_overflow(order->bars_missed, bars, &order->bars_missed))
            order->bars_missed = UINT32_MAX;
        if (order->bars_missed >= engine->patience)
            orders_end(engine, i, QB_ORDER_EXPIRED, QB_REASON_NO_DATA);
    }
}

void orders_expire(qb_engine *engine)
{
    order_book *book = &engine->book;
    int64_t next_us = INT64_MAX;
    for (uint32_t i = book->first, next; i != NO_SLOT; i = next) {
        int64_t end_us = book->slots[i].order.good_until_us;
        next = book_next(book, i);
        if (end_us <= engine->context.now_us)
            orders_end(engine, i, QB_ORDER_EXPIRED, QB_REASON_TIME);
        else
            next_us = end_us < next_us ? end_us : next_us;
    }
    book->next_end_us = next_us;
}

/* ---- splits ------------------------------------------------------------------------------- */

static void split_price(qb_engine *engine, qb_price *price, qb_split split)
{
    qb_status status = qb_muldiv(price->raw, split.old, split.fresh, &price->raw);
    if (status != QB_OK)
        engine_fail(engine, status);
}

static void split_prices(qb_engine *engine, order_slot *slot, qb_split split)
{
    split_price(engine, &slot->order.limit, split);
    if (slot->order.type != QB_TRAILING_STOP)
        split_price(engine, &slot->order.stop, split);
    split_price(engine, &slot->order.trail, split);
    split_price(engine, &slot->best, split);
    split_price(engine, &slot->exit.price, split);
    slot->stop_distance /= qb_split_factor(split);
    if (slot->order.type == QB_TRAILING_STOP)
        trail_level(slot);
    if (slot->child_count > 0 &&
        qb_muldiv(slot->opened.raw, split.fresh, split.old, &slot->opened.raw) != QB_OK)
        engine_fail(engine, QB_OVERFLOW);
}

/* The remainder in whole lots; what was filled stays as it was filled. A child that is left with
 * nothing waits for an open parent to grow. */
static void split_units(qb_engine *engine, uint32_t index, qb_split split)
{
    order_slot *slot = &engine->book.slots[index];
    qb_order *order = &slot->order;
    qb_quantity lot = engine->instruments[order->instrument].lot, remainder;
    int64_t rest, quantity;
    qb_status status = qb_split_apply(split, (qb_quantity){slot_rest(slot)}, lot, &remainder,
                                      &rest);
    if (status == QB_OK)
        status = qb_add(order->filled.raw, remainder.raw, &quantity);
    if (status != QB_OK)
        engine_fail(engine, status);
    else if (remainder.raw == 0 && !book_parent_is_open(&engine->book, slot))
        orders_end(engine, index, QB_ORDER_CANCELLED, QB_REASON_BELOW_LOT);
    else
        order->quantity.raw = quantity;
}

void orders_split(qb_engine *engine, uint32_t instrument, qb_split split)
{
    order_book *book = &engine->book;
    for (uint32_t i = engine->states[instrument].first; i != NO_SLOT; i = book->slots[i].after)
        split_prices(engine, &book->slots[i], split);
    for (uint32_t i = engine->states[instrument].first, next; i != NO_SLOT; i = next) {
        next = book_after(book, i);
        if (slot_rest(&book->slots[i]) != 0)
            split_units(engine, i, split);
    }
}
