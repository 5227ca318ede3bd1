/* Orders that meet the prices within a bar.
 *
 * A bar is walked from its open by one extreme to the other and to its close; where there are
 * finer bars, these are walked one after the other. On a leg the price moves monotonically, so
 * of the live orders the one that is reached first is the one nearest to where the walk stands.
 * It is met, and the walk goes on from there with what is live then, until nothing more is
 * reached.
 *
 * That ends: whatever was met has ended, or is idle for the rest of its piece of the path (it
 * has taken what the volume allows), or was a stop-limit that is a limit from there on; and new
 * orders of the strategy take part only from the next bar that opens. */
#include "core/engine/engine-private.h"

/* ---- levels ------------------------------------------------------------------------------- */

/* The smallest difference of price. */
static int64_t step_of(const qb_instrument *instrument)
{
    int64_t step = instrument->tick.raw > 0 ? instrument->tick.raw : 1;
    for (int place = instrument->price_decimals; instrument->tick.raw <= 0 && place < 8; place++)
        step *= 10;
    return step;
}

/* A pessimist's limit has to be passed. */
static int64_t limit_level(const qb_engine *engine, const order_slot *slot)
{
    const qb_order *order = &slot->order;
    if (engine->fill_model != QB_PESSIMISTIC)
        return order->limit.raw;
    return order->limit.raw - order->side * step_of(&engine->instruments[order->instrument]);
}

bool path_limit_reached(const qb_engine *engine, const order_slot *slot, qb_price price)
{
    int64_t level = limit_level(engine, slot);
    return slot->order.side == QB_BUY ? price.raw <= level : price.raw >= level;
}

bool path_stop_reached(const order_slot *slot, qb_price price)
{
    int64_t level = slot->order.stop.raw;
    return slot->order.side == QB_BUY ? price.raw >= level : price.raw <= level;
}

/* ---- which orders live -------------------------------------------------------------------- */

/* Whether it takes part in the walk; it may be idle on this piece. */
static bool is_live(const qb_engine *engine, const order_slot *slot, const walk *walk)
{
    const qb_order *order = &slot->order;
    if (!slot->on_path || !slot_is_live(slot))
        return false;
    int64_t opened_us = walk->detailed ? walk->bars[walk->place].ts_us
                                       : engine->states[walk->instrument].opened_us;
    return order->submitted_us <= opened_us && order->good_until_us >= engine->context.now_us;
}

qb_side path_oldest(const qb_engine *engine, uint32_t instrument)
{
    const order_book *book = &engine->book;
    for (uint32_t i = engine->states[instrument].first; i != NO_SLOT; i = book->slots[i].after) {
        if (slot_is_live(&book->slots[i]))
            return book->slots[i].order.side;
    }
    return (qb_side)0;
}

/* ---- a leg -------------------------------------------------------------------------------- */

/* An order that is reached, and where. */
typedef struct reach {
    candidate order;
    qb_price at;
} reach;

/* Where the order does something on the way from `from` to `to`. */
static bool reached(const qb_engine *engine, const order_slot *slot, qb_price from, qb_price to,
                    qb_price *out)
{
    bool now, later;
    int64_t level;
    if (slot_is_limit(slot)) {
        level = limit_level(engine, slot);
        now = path_limit_reached(engine, slot, from);
        later = path_limit_reached(engine, slot, to);
    } else {
        level = slot->order.stop.raw;
        now = slot->triggered || path_stop_reached(slot, from);
        later = path_stop_reached(slot, to);
    }
    out->raw = now ? from.raw : level;
    return now || later;
}

/* The nearest; at the same price one that reduces before one that does not, then the older. */
static bool next_reached(qb_engine *engine, const walk *walk, qb_price from, qb_price to,
                         reach *out)
{
    const order_book *book = &engine->book;
    int64_t nearest = INT64_MAX;
    uint64_t piece = path_piece(engine, walk->instrument, (uint32_t)walk->place);
    bool reduces = false;
    uint32_t i = engine->states[walk->instrument].first;
    for (; i != NO_SLOT; i = book->slots[i].after) {
        order_slot *slot = &book->slots[i];
        qb_price at;
        if (!is_live(engine, slot, walk))
            continue;
        if (!path_limit_reached(engine, slot, from))
            slot->waited = true;
        if (slot->idle >= piece || !reached(engine, slot, from, to, &at))
            continue;
        int64_t distance = magnitude(at.raw - from.raw);
        bool this_reduces = slot_only_reduces(engine, slot);
        if (distance < nearest || (distance == nearest && this_reduces && !reduces)) {
            nearest = distance;
            reduces = this_reduces;
            *out = (reach){.order = {.id = slot->order.id, .slot = i}, .at = at};
        }
    }
    return nearest != INT64_MAX;
}

static offer offer_at(const qb_engine *engine, const walk *walk, const order_slot *slot,
                      qb_price price)
{
    const qb_bar *bar = &walk->bars[walk->place];
    return (offer){
        .buy = price,
        .sell = price,
        .slips = engine_slips(engine, slot->order.type),
        .in_bar = true,
        .finer = walk->detailed,
        .volume = bar->volume,
        .bar_ts_us = bar->ts_us,
    };
}

static void meet(qb_engine *engine, candidate candidate, const offer *offer)
{
    fills_value_account(engine);
    fills_meet(engine, candidate, offer);
}

/* Met for good on this piece: what is left of it waits for the next. */
static void rest(const qb_engine *engine, const walk *walk, candidate candidate)
{
    order_slot *slot = fills_find(engine, candidate);
    uint64_t piece = path_piece(engine, walk->instrument, (uint32_t)walk->place);
    if (slot != NULL && slot->idle < piece)
        slot->idle = piece;
}

static void meet_limit(qb_engine *engine, const walk *walk, const reach *reach)
{
    const order_slot *slot = fills_find(engine, reach->order);
    bool came = slot->waited && reach->at.raw == limit_level(engine, slot);
    offer offer = offer_at(engine, walk, slot, came ? slot->order.limit : reach->at);
    offer.limit = slot->order.limit;
    offer.maker = slot->waited;
    meet(engine, reach->order, &offer);
    rest(engine, walk, reach->order);
}

/* From here on it is a limit that became live here: on the next bar for a pessimist, on the
 * whole bar for an optimist. */
static void trigger_limit(qb_engine *engine, const walk *walk, const reach *reach)
{
    order_slot *slot = fills_find(engine, reach->order);
    qb_price extreme = walk->points[1];
    bool low_first = walk->points[1].raw < walk->points[2].raw;
    slot->triggered = true;
    slot->waited = false;
    if (engine->fill_model == QB_PESSIMISTIC)
        slot->idle = path_bar_end(engine, walk->instrument);
    if (engine->fill_model != QB_OPTIMISTIC || path_limit_reached(engine, slot, reach->at))
        return;
    if (low_first != (slot->order.side == QB_BUY))
        extreme = walk->points[2];
    if (!path_limit_reached(engine, slot, extreme))
        return;
    offer offer = offer_at(engine, walk, slot, slot->order.limit);
    offer.limit = slot->order.limit;
    offer.maker = true;
    meet(engine, reach->order, &offer);
    rest(engine, walk, reach->order);
}

static void meet_stop(qb_engine *engine, const walk *walk, const reach *reach)
{
    order_slot *slot = fills_find(engine, reach->order);
    slot->triggered = true;
    const offer offer = offer_at(engine, walk, slot, reach->at);
    meet(engine, reach->order, &offer);
    rest(engine, walk, reach->order);
}

static void act(qb_engine *engine, const walk *walk, const reach *reach)
{
    const order_slot *slot = fills_find(engine, reach->order);
    if (slot_is_limit(slot))
        meet_limit(engine, walk, reach);
    else if (slot->order.type == QB_STOP_LIMIT)
        trigger_limit(engine, walk, reach);
    else
        meet_stop(engine, walk, reach);
}

/* What is held stands at these prices on its way. */
static void see(qb_engine *engine, uint32_t instrument, qb_price from, qb_price to)
{
    qb_position *position = &engine->portfolio.positions[instrument];
    double a = qb_raw_to_double(from.raw), b = qb_raw_to_double(to.raw);
    if (position->quantity.raw != 0)
        qb_position_seen(position, a < b ? a : b, a < b ? b : a);
}

/* A leg in its favour moves a trailing stop; a leg against it met the level of its start. */
static void trail_along(qb_engine *engine, const walk *walk, qb_price to)
{
    const order_book *book = &engine->book;
    uint32_t i = engine->states[walk->instrument].first;
    for (; i != NO_SLOT && engine->fill_model != QB_PESSIMISTIC; i = book->slots[i].after) {
        order_slot *slot = &book->slots[i];
        if (slot->order.type == QB_TRAILING_STOP && is_live(engine, slot, walk))
            trail_move(slot, to);
    }
}

static void walk_leg(qb_engine *engine, const walk *walk, int leg)
{
    qb_price from = walk->points[leg - 1], to = walk->points[leg];
    reach reach = {.at = from};
    while (engine->status == QB_OK && next_reached(engine, walk, from, to, &reach)) {
        see(engine, walk->instrument, from, reach.at);
        from = reach.at;
        act(engine, walk, &reach);
    }
    see(engine, walk->instrument, from, to);
    trail_along(engine, walk, to);
}

/* ---- a bar -------------------------------------------------------------------------------- */

/* Which extreme comes first, known before any of them. */
static bool high_is_first(const qb_engine *engine, const walk *walk, int64_t up, int64_t down)
{
    int64_t held = engine_held(engine, walk->instrument);
    qb_side oldest = walk->detailed ? path_oldest(engine, walk->instrument)
                                    : engine->states[walk->instrument].oldest;
    bool adverse = held != 0 ? held < 0 : oldest == QB_BUY;
    switch (engine->fill_model) {
    case QB_PESSIMISTIC:
        return adverse;
    case QB_OPTIMISTIC:
        return !adverse;
    default:
        return up == down ? adverse : up < down;
    }
}

/* False where a price is none: nothing happens on such a piece. A bar's extremes hold its open and
 * close, whatever they say. */
static bool set_points(const qb_engine *engine, walk *walk)
{
    const qb_bar *bar = &walk->bars[walk->place];
    qb_price open, high, low, close;
    if ((bar->flags & (QB_BAR_REPAIRED | QB_BAR_SYNTHETIC)) != 0 ||
        qb_price_from_double(bar->open, &open) != QB_OK || open.raw <= 0 ||
        qb_price_from_double(bar->high, &high) != QB_OK || high.raw <= 0 ||
        qb_price_from_double(bar->low, &low) != QB_OK || low.raw <= 0 ||
        qb_price_from_double(bar->close, &close) != QB_OK || close.raw <= 0)
        return false;
    int64_t top = open.raw > close.raw ? open.raw : close.raw;
    int64_t bottom = open.raw < close.raw ? open.raw : close.raw;
    high.raw = high.raw > top ? high.raw : top;
    low.raw = low.raw < bottom ? low.raw : bottom;
    bool high_first = high_is_first(engine, walk, high.raw - open.raw, open.raw - low.raw);
    walk->points[0] = open;
    walk->points[1] = high_first ? high : low;
    walk->points[2] = high_first ? low : high;
    walk->points[3] = close;
    return true;
}

static void begin_piece(qb_engine *engine, walk *walk)
{
    walk->under_way = set_points(engine, walk);
    if (walk->detailed)
        engine->states[walk->instrument].taken_finer.raw = 0;
}

/* ---- all of them together ----------------------------------------------------------------- */

static uint32_t begin_walks(qb_engine *engine, const qb_closed_bar *bars, size_t count)
{
    uint32_t walking = 0;
    for (size_t i = 0; i < count; i++) {
        const qb_closed_bar *closed = &bars[i];
        instrument_state *state = &engine->states[closed->instrument];
        if (state->on_path == 0 || (closed->bar.flags & (QB_BAR_REPAIRED | QB_BAR_SYNTHETIC)) != 0)
            continue;
        bool detailed = closed->details != NULL && closed->detail_count > 0;
        engine->walks[walking++] = (walk){
            .instrument = closed->instrument,
            .detailed = detailed,
            .bars = detailed ? closed->details : &closed->bar,
            .count = detailed ? closed->detail_count : 1,
        };
        state->walked = engine->histories[closed->instrument].total + 1;
    }
    return walking;
}

static int64_t first_stamp(const walk *walks, uint32_t walking)
{
    int64_t stamp = INT64_MAX;
    for (uint32_t i = 0; i < walking; i++) {
        int64_t ts_us = walks[i].bars[walks[i].place].ts_us;
        stamp = ts_us < stamp ? ts_us : stamp;
    }
    return stamp;
}

/* The pieces with that stamp, leg by leg. Walks that have come to their end go; the others keep
 * their order. */
static uint32_t walk_round(qb_engine *engine, uint32_t walking, int64_t stamp)
{
    walk *walks = engine->walks;
    for (uint32_t i = 0; i < walking; i++) {
        walks[i].under_way = false;
        if (walks[i].bars[walks[i].place].ts_us == stamp)
            begin_piece(engine, &walks[i]);
    }
    for (int leg = 1; leg <= 3; leg++)
        for (uint32_t i = 0; i < walking; i++)
            if (walks[i].under_way)
                walk_leg(engine, &walks[i], leg);
    uint32_t left = 0;
    for (uint32_t i = 0; i < walking; i++) {
        walk walk = walks[i];
        walk.place += walk.bars[walk.place].ts_us == stamp;
        if (walk.place < walk.count)
            walks[left++] = walk;
    }
    return left;
}

void path_walk(qb_engine *engine, const qb_closed_bar *bars, size_t count)
{
    uint32_t walking = begin_walks(engine, bars, count);
    while (walking > 0 && engine->status == QB_OK)
        walking = walk_round(engine, walking, first_stamp(engine->walks, walking));
}
