/* One order meets one price: sizes, gate, cap, fee, and what a fill does to the others. */
#include "reference-private.h"

#include <math.h>

const qb_costs *ref_costs(const ref_world *world, uint32_t instrument)
{
    const qb_engine_config *config = &world->play->config;
    return config->instrument_costs != NULL ? &config->instrument_costs[instrument]
                                            : &config->costs;
}

int64_t ref_equity(const ref_world *world)
{
    int64_t equity = world->cash;
    for (uint32_t i = 0; i < world->play->config.instrument_count; i++)
        equity += world->at[i].value;
    return equity;
}

static void revalue(ref_world *world, uint32_t i)
{
    ref_state *state = &world->at[i];
    int64_t unit = ref_unit(&world->play->config.instruments[i], state->mark);
    state->value = ref_value(unit, state->quantity);
}

void ref_mark(ref_world *world, uint32_t instrument, int64_t price)
{
    world->at[instrument].mark = price;
    revalue(world, instrument);
}

void ref_end(ref_world *world, ref_order *order, qb_order_status status, qb_reason reason)
{
    order->status = status;
    order->reason = reason;
    order->final_us = world->now_us;
    /* What could not be filled for want of data may be wished again. */
    if (status == QB_ORDER_EXPIRED && order->target)
        world->at[order->instrument].wish = NAN;
    /* Children that never lived, and those that waited for their parent to grow. */
    size_t self = (size_t)(order - world->out->orders);
    for (size_t i = self + 1; i < world->out->order_count; i++) {
        ref_order *child = &world->out->orders[i];
        if (child->parent != self || !ref_open(child))
            continue;
        if (!child->live)
            ref_end(world, child, QB_ORDER_CANCELLED, QB_REASON_PARENT);
        else if (ref_rest(child) == 0)
            ref_end(world, child, QB_ORDER_CANCELLED, QB_REASON_OCO);
    }
}

/* Of a target sized at the fill, which is a market order: as ref_target_change. */
static int64_t change_at_fill(const ref_world *world, const ref_order *order)
{
    const ref_state *state = &world->at[order->instrument];
    return ref_target_change(world, order->instrument, order->hold, order->size,
                             order->hold > 0 ? state->now_buy : state->now_sell);
}

bool ref_only_reduces(const ref_world *world, const ref_order *order)
{
    int64_t held = world->at[order->instrument].quantity;
    if (order->reduce_only)
        return true;
    int side = order->side;
    int64_t rest = ref_rest(order);
    if (order->hold != 0 && world->together) {
        rest = change_at_fill(world, order) * order->hold;
        side = rest > 0 ? 1 : -1;
        rest = ref_abs(rest);
    } else if (order->quantity == 0 && world->together) {
        const ref_state *state = &world->at[order->instrument];
        rest = ref_resolve(world, order, order->side > 0 ? state->now_buy : state->now_sell,
                           order->limit);
    }
    bool opposite = held != 0 && (held > 0) == (side < 0);
    return opposite && rest > 0 && rest <= ref_abs(held);
}

int ref_slips(const ref_world *world, const ref_order *order)
{
    bool stop = order->type == QB_STOP || order->type == QB_TRAILING_STOP;
    qb_fill_model model = world->play->config.fill_model;
    return !stop ? 1 : model == QB_PESSIMISTIC ? 2 : model == QB_OPTIMISTIC ? 0 : 1;
}

wide ref_budget(const ref_world *world, qb_size size)
{
    int64_t equity = world->together ? world->equity_then : ref_equity(world);
    int64_t amount = ref_raw(size.amount);
    return size.kind == QB_SIZE_WEIGHT ? ref_round((wide)amount * equity, QB_ONE) : amount;
}

int64_t ref_resolve(const ref_world *world, const ref_order *order, int64_t reference,
                    int64_t limit)
{
    const qb_instrument *instrument = &world->play->config.instruments[order->instrument];
    const qb_costs *costs = ref_costs(world, order->instrument);
    int64_t amount = ref_raw(order->size.amount);
    if (order->size.kind == QB_SIZE_UNITS)
        return ref_lots(amount, instrument->lot.raw);
    int64_t price = ref_price(instrument, costs, order->side, reference, 0, 0.0,
                              ref_slips(world, order), limit);
    return ref_affordable(instrument, costs, order->side, ref_unit(instrument, price),
                          ref_budget(world, order->size));
}

/* The sum of |position value| after the fill is at most leverage x equity after it: the instrument
 * counts at the fill's price (`own`: units kept), others at their marks. */
static bool fits(const ref_world *world, const ref_order *order, int64_t price, int64_t own,
                 int64_t units)
{
    const qb_engine_config *config = &world->play->config;
    uint32_t i = order->instrument;
    int64_t unit = ref_unit(&config->instruments[i], price);
    ref_order copy = *order;
    int64_t fee = ref_fee(ref_costs(world, i), &copy, order->side, false, unit, units);
    wide exposure = ref_value(unit, own + units), equity = ref_equity(world) - fee;
    for (uint32_t k = 0; k < config->instrument_count; k++)
        exposure += k == i || world->admitting ? 0 : ref_abs(world->at[k].value);
    if (!world->admitting)
        equity += ref_value(unit, world->at[i].quantity) - world->at[i].value;
    /* Each amount is rounded by itself. */
    equity += order->side *
              (ref_value(unit, own + units) - ref_value(unit, own) - ref_value(unit, units));
    return exposure * QB_ONE <= (wide)config->leverage.raw * equity;
}

int64_t ref_gate(const ref_world *world, const ref_order *order, int64_t price, int64_t own,
                 int64_t units)
{
    if (fits(world, order, price, own, units))
        return units;
    int64_t lot = world->play->config.instruments[order->instrument].lot.raw;
    int64_t few = 0, many = (units + lot - 1) / lot;
    while (many - few > 1) {
        int64_t middle = few + (many - few) / 2;
        if (fits(world, order, price, own, middle * lot))
            few = middle;
        else
            many = middle;
    }
    return few * lot;
}

/* ---- what a fill does --------------------------------------------------------------------- */

static int64_t exit_price(const ref_order *child, int64_t from, int sign)
{
    if (child->exit == QB_EXIT_PRICE)
        return child->away;
    if (child->exit == QB_EXIT_DISTANCE)
        return from + sign * child->away;
    return ref_round((wide)from * (QB_ONE + sign * (wide)child->away), QB_ONE);
}

/* Distances count from the average price of the parent's fills that count. */
static void grow(ref_world *world, ref_order *parent, ref_order *child, int64_t units,
                 int64_t price)
{
    int64_t average = ref_round(parent->fill_value, parent->fill_units);
    if (child->role == REF_TAKE_PROFIT)
        child->limit = exit_price(child, average, parent->side);
    if (child->role == REF_STOP_LOSS)
        child->stop = exit_price(child, average, -parent->side);
    if (!child->live) {
        child->best = price;
        /* A pessimist's targets wait for the next bar. */
        bool waits = child->role == REF_TAKE_PROFIT &&
                     world->play->config.fill_model == QB_PESSIMISTIC;
        child->from_bar = world->at[child->instrument].bar + (waits ? 1 : 0);
    }
    child->live = true;
    child->quantity += units;
    bool no_price = (child->role == REF_TAKE_PROFIT && child->limit <= 0) ||
                    (child->role == REF_STOP_LOSS && child->stop <= 0);
    if (no_price)
        ref_end(world, child, QB_ORDER_REJECTED, QB_REASON_BAD_PRICE);
}

static void tell_children(ref_world *world, ref_order *parent, int64_t units, int64_t price)
{
    size_t self = (size_t)(parent - world->out->orders);
    if (parent->fill_units == 0)
        parent->first_bar = world->at[parent->instrument].bar;
    parent->fill_value += (wide)price * units;
    parent->fill_units += units;
    parent->stop_left += units;
    for (size_t i = 0; i < world->out->order_count; i++) {
        ref_order *child = &world->out->orders[i];
        if (child->parent == self && ref_open(child))
            grow(world, parent, child, units, price);
    }
}

/* A fill of one takes as many units off each of the others. */
static void tell_group(ref_world *world, ref_order *order, int64_t units)
{
    for (size_t i = 0; i < world->out->order_count; i++) {
        ref_order *other = &world->out->orders[i];
        if (other == order || !ref_open(other) || other->group != order->group ||
            other->instrument != order->instrument)
            continue;
        bool unknown = other->quantity == 0 && other->parent == SIZE_MAX;
        bool may_grow = other->parent != SIZE_MAX && ref_open(&world->out->orders[other->parent]);
        other->quantity -= units < ref_rest(other) ? units : ref_rest(other);
        if (unknown || (ref_rest(other) == 0 && !may_grow))
            ref_end(world, other, QB_ORDER_CANCELLED, QB_REASON_OCO);
    }
    if (order->parent != SIZE_MAX)
        world->out->orders[order->parent].stop_left -= units;
}

/* Whether the parent is open and all exits of it are left with nothing, a time stop that only counts
 * among them: they wait for it to grow. */
static bool group_waits(const ref_world *world, size_t parent, const ref_order *besides)
{
    const ref_order *whole = &world->out->orders[parent];
    bool counts = whole->stop_bars > 0 && !whole->stopped && whole->stop_left > 0;
    bool spent = ref_open(whole) && !counts;
    for (size_t i = 0; i < world->out->order_count; i++) {
        const ref_order *child = &world->out->orders[i];
        if (child->parent == parent && child != besides && ref_open(child) && ref_rest(child) > 0)
            spent = false;
    }
    return spent;
}

void ref_flat(ref_world *world, uint32_t instrument, const ref_order *order)
{
    bool closed[REF_ORDERS] = {false}, stops[REF_ORDERS] = {false};
    for (size_t i = 0; i < world->out->order_count; i++) {
        const ref_order *other = &world->out->orders[i];
        stops[i] = other->instrument == instrument && other->fill_units > 0 &&
                   !group_waits(world, i, order);
        closed[i] = other->parent != SIZE_MAX && other != order && ref_open(other) &&
                    other->instrument == instrument && other->live &&
                    !group_waits(world, other->parent, order);
    }
    for (size_t i = 0; i < world->out->order_count; i++) {
        ref_order *other = &world->out->orders[i];
        if (stops[i])
            other->stopped = true;
        if (closed[i])
            ref_end(world, other, QB_ORDER_CANCELLED, QB_REASON_CLOSED);
    }
}

static void book(ref_world *world, ref_order *order, int64_t units, int64_t price,
                 const ref_spot *spot)
{
    uint32_t i = order->instrument;
    ref_state *state = &world->at[i];
    int64_t unit = ref_unit(&world->play->config.instruments[i], price);
    int64_t fee = ref_fee(ref_costs(world, i), order, order->side, spot->maker, unit, units);
    world->cash -= order->side * ref_value(unit, units) + fee;
    state->quantity += order->side * units;
    *(state->in_finer ? &state->finer_taken : &state->taken) += units;
    if (state->mark == 0)
        state->mark = price;
    revalue(world, i);
    if (world->out->fill_count == REF_FILLS) {
        world->out->full = true;
        return;
    }
    world->out->fills[world->out->fill_count++] = (ref_fill){
        .order = (size_t)(order - world->out->orders),
        .ts_us = world->now_us,
        .bar_ts_us = state->in_finer ? state->finer_ts_us : state->bar_ts_us,
        .quantity = order->side * units,
        .price = price,
        .reference = spot->reference,
        .fee = fee,
        .maker = spot->maker,
        .on_path = spot->on_path,
    };
    order->filled += units;
    if ((state->quantity > 0) == (order->side > 0) && state->quantity != 0)
        tell_children(world, order, units, price);
    if (order->group != 0)
        tell_group(world, order, units);
    if (state->quantity == 0)
        ref_flat(world, i, order);
    if (ref_rest(order) == 0)
        ref_end(world, order, QB_ORDER_FILLED, QB_REASON_NONE);
    ref_play_fill(world);
}

int64_t ref_cap_left(const ref_world *world, uint32_t instrument)
{
    const ref_state *state = &world->at[instrument];
    double volume = state->in_finer ? state->finer_volume : state->volume;
    wide cap = ref_costs(world, instrument)->volume_cap.raw;
    qb_fill_model model = world->play->config.fill_model;
    if (cap == 0 || model == QB_OPTIMISTIC || !(volume > 0))
        return INT64_MAX;
    int64_t half = model == QB_PESSIMISTIC ? 2 : 1;
    wide share = ref_raw(volume) * cap / ((wide)QB_ONE * half);
    int64_t lot = world->play->config.instruments[instrument].lot.raw;
    int64_t left = ref_lots((int64_t)share, lot);
    left -= state->in_finer ? state->finer_taken : state->taken;
    return left > 0 ? left : 0;
}

static void refuse(ref_world *world, ref_order *order, qb_reason reason)
{
    ref_end(world, order, order->filled > 0 ? QB_ORDER_CANCELLED : QB_ORDER_REJECTED, reason);
}

bool ref_cut_to_position(ref_world *world, ref_order *order)
{
    int64_t held = world->at[order->instrument].quantity;
    int64_t reducible = held != 0 && (held > 0) == (order->side < 0) ? ref_abs(held) : 0;
    if (reducible == 0) {
        refuse(world, order, QB_REASON_REDUCE_ONLY);
        return false;
    }
    if (ref_rest(order) > reducible)
        order->quantity = order->filled + reducible;
    return true;
}

/* The part that increases exposure, at the gate. */
static void open_part(ref_world *world, ref_order *order, int64_t units, int64_t price,
                      const ref_spot *spot)
{
    int64_t own = ref_abs(world->at[order->instrument].quantity);
    int64_t allowed = ref_gate(world, order, price, own, units);
    if (allowed < units) {
        bool whole = order->size.kind == QB_SIZE_UNITS || order->time_in_force == QB_FOK;
        if (whole || allowed == 0) {
            refuse(world, order, QB_REASON_CASH);
            return;
        }
        order->quantity = order->filled + allowed;
    }
    book(world, order, allowed, price, spot);
}

/* Whether all of it could fill: what opens, once the rest has closed and paid its fee. */
static bool all_fits(ref_world *world, const ref_order *order, int64_t closing, int64_t opening,
                     int64_t price)
{
    uint32_t i = order->instrument;
    int64_t unit = ref_unit(&world->play->config.instruments[i], price), cash = world->cash;
    ref_order after = *order;
    if (closing > 0)
        world->cash -= ref_fee(ref_costs(world, i), &after, order->side, false, unit, closing);
    int64_t own = closing > 0 ? 0 : ref_abs(world->at[i].quantity);
    bool all = opening == 0 || ref_gate(world, &after, price, own, opening) == opening;
    world->cash = cash;
    return all;
}

/* Where a target is held already there is nothing to do. */
static void resolve_target(ref_world *world, ref_order *order)
{
    int64_t change = change_at_fill(world, order) * order->hold;
    if (change == 0 && world->at[order->instrument].quantity != 0)
        ref_end(world, order, QB_ORDER_CANCELLED, QB_REASON_UNCHANGED);
    else if (change == 0)
        refuse(world, order, QB_REASON_BELOW_LOT);
    order->side = change > 0 ? 1 : -1;
    order->quantity = ref_abs(change);
    order->hold = 0;
}

void ref_meet(ref_world *world, ref_order *order, const ref_spot *at)
{
    uint32_t i = order->instrument;
    ref_spot moved = *at, *spot = &moved;
    if (order->hold != 0) {
        resolve_target(world, order);
        moved.reference = order->side > 0 ? world->at[i].now_buy : world->at[i].now_sell;
        if (!ref_open(order))
            return;
    }
    if (order->quantity == 0) {
        order->quantity = ref_resolve(world, order, spot->reference, spot->limit);
        if (order->quantity == 0) {
            refuse(world, order, QB_REASON_BELOW_LOT);
            return;
        }
    }
    if (order->reduce_only && !ref_cut_to_position(world, order))
        return;
    int64_t rest = ref_rest(order), units = rest, left = ref_cap_left(world, i);
    units = units < left ? units : left;
    if (order->time_in_force == QB_FOK && units < rest) {
        ref_end(world, order, QB_ORDER_CANCELLED, QB_REASON_NOT_FILLED);
        return;
    }
    if (units == 0)
        return;
    int64_t held = world->at[i].quantity, closing = 0;
    if (held != 0 && (held > 0) == (order->side < 0))
        closing = ref_abs(held) < units ? ref_abs(held) : units;
    double volume = world->at[i].in_finer ? world->at[i].finer_volume : world->at[i].volume;
    int64_t price = ref_price(&world->play->config.instruments[i], ref_costs(world, i), order->side,
                              spot->reference, units, volume, ref_slips(world, order), spot->limit);
    if (price <= 0) {
        refuse(world, order, QB_REASON_BAD_PRICE);
        return;
    }
    if (order->time_in_force == QB_FOK &&
        !all_fits(world, order, closing, units - closing, price)) {
        refuse(world, order, QB_REASON_CASH);
        return;
    }
    if (closing > 0)
        book(world, order, closing, price, spot);
    if (units > closing && ref_open(order))
        open_part(world, order, units - closing, price, spot);
}
