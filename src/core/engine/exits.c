/* What a fill does to other orders: the children of a bracket begin to live and grow, the others of
 * an OCO group shrink, and what protected a position ends with it. */
#include "core/engine/engine-private.h"

static const qb_purpose purposes[EXITS] = {
    [TAKE_PROFIT] = QB_FOR_TAKE_PROFIT,
    [STOP_LOSS] = QB_FOR_STOP_LOSS,
    [TRAILING_STOP] = QB_FOR_TRAILING_STOP,
    [TIME_STOP] = QB_FOR_TIME_STOP,
};
static const qb_order_type types[EXITS] = {
    [TAKE_PROFIT] = QB_LIMIT,
    [STOP_LOSS] = QB_STOP,
    [TRAILING_STOP] = QB_TRAILING_STOP,
    [TIME_STOP] = QB_MARKET,
};

/* ---- trailing stops ----------------------------------------------------------------------- */

void trail_level(order_slot *slot)
{
    qb_order *order = &slot->order;
    int64_t level = 0;
    qb_status status;
    if (order->trail.raw != 0)
        status = qb_add(slot->best.raw, order->side * order->trail.raw, &level);
    else
        status = qb_muldiv(slot->best.raw, QB_ONE + order->side * order->trail_rate.raw, QB_ONE,
                           &level);
    /* A level beyond the range of prices is one that no price reaches. */
    order->stop.raw = status == QB_OK && level > 0 ? level : order->side == QB_BUY ? INT64_MAX : 0;
}

void trail_move(order_slot *slot, qb_price price)
{
    bool better = slot->order.side == QB_BUY ? price.raw < slot->best.raw
                                             : price.raw > slot->best.raw;
    if (!better)
        return;
    slot->best = price;
    trail_level(slot);
}

/* ---- children are born -------------------------------------------------------------------- */

static uint32_t add_child(qb_engine *engine, uint32_t parent, int which)
{
    order_book *book = &engine->book;
    const qb_order whole = book->slots[parent].order;
    const qb_order order = {
        .instrument = whole.instrument,
        .side = (qb_side)-whole.side,
        .reduce_only = true,
        .size = {.kind = QB_SIZE_UNITS, .when = QB_SIZE_AT_FILL},
        .submitted_us = engine->context.now_us,
        .type = types[which],
        .purpose = purposes[which],
        .owner = whole.owner,
        .good_until_us = INT64_MAX,
        .group = whole.id,
        .parent = whole.id,
    };
    uint32_t index = book_append(engine, &order);
    order_slot *child = &book->slots[index];
    child->sleeping = true;
    child->parent_slot = parent;
    child->on_path = which != TIME_STOP;
    engine->states[whole.instrument].on_path += child->on_path;
    book->slots[parent].children[which] = index;
    book->slots[parent].child_count++;
    return index;
}

static void submit_child(qb_engine *engine, uint32_t parent, int which, const exit_terms *exit)
{
    order_slot *child = &engine->book.slots[add_child(engine, parent, which)];
    child->exit = *exit;
    if (which == TRAILING_STOP) {
        child->order.trail = exit->price;
        child->order.trail_rate = exit->rate;
    } else if (which == TAKE_PROFIT && exit->kind == QB_EXIT_PRICE) {
        child->order.limit = exit->price;
    } else if (exit->kind == QB_EXIT_PRICE) {
        child->order.stop = exit->price;
    }
    child->order.id = ++engine->totals.orders;
    book_tell(engine, &child->order);
}

void exits_submit(qb_engine *engine, uint32_t parent, const bracket *bracket)
{
    for (int i = 0; i < EXITS; i++)
        engine->book.slots[parent].children[i] = NO_SLOT;
    for (int i = 0; i < TIME_STOP; i++)
        if (bracket->exits[i].kind != QB_EXIT_NONE)
            submit_child(engine, parent, i, &bracket->exits[i]);
    if (bracket->time_stop_bars > 0)
        engine->book.slots[add_child(engine, parent, TIME_STOP)].bars_left =
            bracket->time_stop_bars;
}

/* ---- and grow ----------------------------------------------------------------------------- */

/* The exit's price, `sign` of it away from the average. False: there is none. */
static bool price_away(const exit_terms *exit, qb_price average, int sign, qb_price *out)
{
    int64_t price = 0;
    qb_status status = QB_OK;
    if (exit->kind == QB_EXIT_PRICE)
        price = exit->price.raw;
    else if (exit->kind == QB_EXIT_DISTANCE)
        status = qb_add(average.raw, sign * exit->price.raw, &price);
    else
        status = qb_muldiv(average.raw, QB_ONE + sign * exit->rate.raw, QB_ONE, &price);
    out->raw = price;
    return status == QB_OK && price > 0;
}

static bool set_price(order_slot *child, qb_price average)
{
    int gain = -(int)child->order.side; /* the way the parent went */
    switch (child->order.purpose) {
    case QB_FOR_TAKE_PROFIT:
        return price_away(&child->exit, average, gain, &child->order.limit);
    case QB_FOR_STOP_LOSS:
        return price_away(&child->exit, average, -gain, &child->order.stop);
    default:
        return true;
    }
}

/* A pessimist's targets wait for the next bar. */
static void begin_to_live(const qb_engine *engine, order_slot *child, const fill_news *news)
{
    child->born = true;
    child->sleeping = child->order.purpose == QB_FOR_TIME_STOP;
    /* The bar that closes here is the first, and has been counted. */
    if (child->sleeping && engine->counted && child->bars_left > 1)
        child->bars_left--;
    if (child->order.purpose == QB_FOR_TAKE_PROFIT && engine->fill_model == QB_PESSIMISTIC &&
        news->in_bar)
        child->idle = path_bar_end(engine, news->instrument);
    if (child->order.purpose == QB_FOR_TRAILING_STOP) {
        child->best = news->price;
        trail_level(child);
    }
}

static void grow(qb_engine *engine, uint32_t index, qb_price average, const fill_news *news)
{
    order_slot *child = &engine->book.slots[index];
    if (!child->born)
        begin_to_live(engine, child, news);
    if (qb_add(child->order.quantity.raw, news->opened, &child->order.quantity.raw) != QB_OK)
        engine_fail(engine, QB_OVERFLOW);
    else if (!set_price(child, average))
        orders_turn_away(engine, index, QB_REASON_BAD_PRICE);
}

/* Half-even; both > 0. */
static int64_t average_of(__int128 paid, int64_t units)
{
    __int128 whole = paid / units, twice = 2 * (paid % units);
    return (int64_t)(whole + (twice > units || (twice == units && (whole & 1))));
}

void exits_grow(qb_engine *engine, uint32_t index, const fill_news *news)
{
    order_slot *parent = &engine->book.slots[index];
    if (news->opened == 0)
        return;
    parent->paid += (__int128)news->price.raw * news->opened;
    if (qb_add(parent->opened.raw, news->opened, &parent->opened.raw) != QB_OK) {
        engine_fail(engine, QB_OVERFLOW);
        return;
    }
    const qb_price average = {average_of(parent->paid, parent->opened.raw)};
    for (int i = 0; i < EXITS; i++)
        if (parent->children[i] != NO_SLOT)
            grow(engine, parent->children[i], average, news);
}

/* ---- OCO ---------------------------------------------------------------------------------- */

static bool in_group(const qb_order *order, const fill_news *news)
{
    return order->id != news->id && order->group == news->group && order->parent == news->parent &&
           order->owner == news->owner;
}

/* One that is left with nothing ends, but a child stays for a parent that may still grow. Of an
 * order without a size nothing can be taken: it ends. */
static void take_off(qb_engine *engine, uint32_t index, int64_t units)
{
    order_slot *slot = &engine->book.slots[index];
    if (slot->order.parent != 0 && !slot->born)
        return;
    bool some = slot_rest(slot) > units;
    if (some || book_parent_is_open(&engine->book, slot))
        slot->order.quantity.raw -= some ? units : slot_rest(slot);
    else
        orders_end(engine, index, QB_ORDER_CANCELLED, QB_REASON_OCO);
}

static void shrink_group(qb_engine *engine, const fill_news *news)
{
    const order_book *book = &engine->book;
    for (uint32_t i = engine->states[news->instrument].first, next; i != NO_SLOT; i = next) {
        next = book->slots[i].after;
        if (!in_group(&book->slots[i].order, news))
            continue;
        next = book_after(book, i);
        take_off(engine, i, news->units);
    }
}

/* ---- the end of a position ---------------------------------------------------------------- */

/* All that an open parent has brought along is exhausted: it waits for the parent to grow. A time
 * stop that only counts has its units too. */
static bool group_waits(const qb_engine *engine, const order_slot *child)
{
    const order_book *book = &engine->book;
    if (!book_parent_is_open(&engine->book, child))
        return false;
    const order_slot *parent = &book->slots[child->parent_slot];
    for (int i = 0; i < EXITS; i++)
        if (parent->children[i] != NO_SLOT && slot_rest(&book->slots[parent->children[i]]) != 0)
            return false;
    return true;
}

/* Judged before any of a group is ended: what stands before must not decide for what stands after. */
void exits_close(qb_engine *engine, uint32_t instrument)
{
    order_book *book = &engine->book;
    for (uint32_t i = engine->states[instrument].first; i != NO_SLOT; i = book->slots[i].after)
        book->slots[i].closes = book->slots[i].born && !group_waits(engine, &book->slots[i]);
    for (uint32_t i = engine->states[instrument].first, next; i != NO_SLOT; i = next) {
        next = book->slots[i].after; /* a child has none that end with it */
        if (book->slots[i].closes)
            orders_end(engine, i, QB_ORDER_CANCELLED, QB_REASON_CLOSED);
    }
}

/* ---- time stops --------------------------------------------------------------------------- */

static void submit_time_stop(qb_engine *engine, uint32_t index)
{
    order_slot *slot = &engine->book.slots[index];
    book_renew(engine, index);
    slot->sleeping = false;
    slot->order.id = ++engine->totals.orders;
    slot->order.submitted_us = engine->context.now_us;
    slot->order.size.amount = qb_raw_to_double(slot->order.quantity.raw);
    book_tell(engine, &slot->order);
}

/* Every bar counts from the one that holds the first fill, also where a sibling has left nothing to
 * stop: then the order is submitted as soon as the parent has grown again. Those that become orders
 * move to the end of the list: so many slots are looked at, and no more. */
void exits_count(qb_engine *engine, uint32_t instrument)
{
    const instrument_state *state = &engine->states[instrument];
    uint32_t i = state->first;
    for (uint32_t left = state->open_orders, next; left > 0 && i != NO_SLOT; left--, i = next) {
        order_slot *slot = &engine->book.slots[i];
        next = slot->after;
        if (slot->order.purpose != QB_FOR_TIME_STOP || !slot->sleeping || !slot->born)
            continue;
        slot->bars_left -= slot->bars_left > 0;
        if (slot->bars_left == 0 && slot_rest(slot) != 0)
            submit_time_stop(engine, i);
    }
}

void exits_after(qb_engine *engine, const fill_news *news)
{
    if (news->group != 0)
        shrink_group(engine, news);
    if (engine->states[news->instrument].open_orders > 0 &&
        engine_held(engine, news->instrument) == 0)
        exits_close(engine, news->instrument);
}
