/* What the script asks for, from the wish to an order that has been admitted. */
#include "reference-private.h"

#include <math.h>

/* ---- orders ------------------------------------------------------------------------------- */

ref_order *ref_new_order(ref_world *world, size_t action, ref_role role, uint32_t instrument,
                         int side)
{
    ref_result *out = world->out;
    if (out->order_count == REF_ORDERS) {
        out->full = true;
        out->order_count--; /* the case is worth nothing from here on */
    }
    ref_order *order = &out->orders[out->order_count++];
    *order = (ref_order){
        .action = action,
        .role = role,
        .instrument = instrument,
        .side = side,
        .submitted_us = world->now_us,
        .good_until_us = INT64_MAX,
        .parent = SIZE_MAX,
        .live = true,
    };
    return order;
}

/* The end of the session under way, else of the next one. */
static int64_t end_of_session(const qb_calendar *calendar, int64_t now_us)
{
    int32_t date = qb_calendar_date(calendar, now_us) - 1;
    qb_session session;
    for (int days = 0; days < 30; days++, date++)
        if (qb_calendar_session(calendar, date, &session) && session.close_us > now_us)
            return session.close_us;
    return INT64_MAX;
}

/* From the units of the history to money of the day. */
static double of_the_day(const ref_world *world, const qb_order_request *request, double price)
{
    const ref_state *state = &world->at[request->instrument];
    return request->raw_prices ? price : price * (double)state->old / (double)state->fresh;
}

static int64_t price_of_the_day(const ref_world *world, const qb_order_request *request,
                                double price)
{
    return ref_raw(of_the_day(world, request, price));
}

static void add_child(ref_world *world, size_t parent, const qb_order_request *request,
                      ref_role role, qb_exit exit)
{
    if (exit.kind == QB_EXIT_NONE)
        return;
    const ref_order *whole = &world->out->orders[parent];
    ref_order *child = ref_new_order(world, whole->action, role, whole->instrument, -whole->side);
    if (exit.kind != QB_EXIT_FRACTION)
        exit.amount = of_the_day(world, request, exit.amount);
    child->type = role == REF_TAKE_PROFIT ? QB_LIMIT
                  : role == REF_STOP_LOSS ? QB_STOP
                                          : QB_TRAILING_STOP;
    child->parent = parent;
    child->group = ((uint64_t)parent + 1) << 32;
    child->reduce_only = true;
    child->live = false;
    child->exit = exit.kind;
    child->away = ref_raw(exit.amount);
    if (role == REF_TRAILING && exit.kind == QB_EXIT_FRACTION)
        child->trail_rate = ref_raw(exit.amount);
    else if (role == REF_TRAILING)
        child->trail = ref_raw(exit.amount);
}

/* Why its parts do not go together; QB_REASON_NONE: they do. */
static qb_reason fault_of(const ref_order *order)
{
    bool limit = order->type == QB_LIMIT || order->type == QB_STOP_LIMIT;
    bool stop = order->type == QB_STOP || order->type == QB_STOP_LIMIT;
    bool at_once = order->time_in_force == QB_IOC || order->time_in_force == QB_FOK;
    if (at_once && order->type != QB_MARKET && order->type != QB_LIMIT)
        return QB_REASON_BAD_ORDER;
    if ((limit && order->limit <= 0) || (stop && order->stop <= 0))
        return QB_REASON_BAD_PRICE;
    return QB_REASON_NONE;
}

/* Sizes at the decision, and the gate with the last close. */
static void admit(ref_world *world, ref_order *order)
{
    const qb_engine_config *config = &world->play->config;
    const qb_instrument *instrument = &config->instruments[order->instrument];
    const ref_state *state = &world->at[order->instrument];
    qb_reason fault = fault_of(order);
    if (fault != QB_REASON_NONE) {
        ref_end(world, order, QB_ORDER_REJECTED, fault);
        return;
    }
    bool later = order->size.when == QB_SIZE_AT_FILL && order->size.kind != QB_SIZE_UNITS;
    bool limit = order->type == QB_LIMIT || order->type == QB_STOP_LIMIT;
    int64_t count_on = limit                             ? order->limit
                       : order->type == QB_STOP          ? order->stop
                       : order->type == QB_TRAILING_STOP ? ref_level(order)
                                                         : state->mark;
    if (order->quantity == 0 && !later)
        order->quantity = ref_resolve(world, order, count_on, limit ? order->limit : 0);
    if (order->quantity == 0 && !later) {
        ref_end(world, order, QB_ORDER_REJECTED, QB_REASON_BELOW_LOT);
        return;
    }
    bool nothing = state->quantity == 0 || (state->quantity > 0) == (order->side > 0);
    if (order->reduce_only && nothing)
        ref_end(world, order, QB_ORDER_REJECTED, QB_REASON_REDUCE_ONLY);
    if (order->reduce_only || later)
        return;
    int64_t held = state->quantity, closing = 0;
    if (order->role == REF_OPENER) /* its other half will have closed */
        held = 0;
    if (held != 0 && (held > 0) == (order->side < 0))
        closing = ref_abs(held) < order->quantity ? ref_abs(held) : order->quantity;
    int64_t opening = order->quantity - closing;
    if (opening == 0)
        return;
    int64_t price = ref_price(instrument, ref_costs(world, order->instrument), order->side,
                              state->mark, 0, 0.0, ref_slips(world, order), 0);
    int64_t kept = closing > 0 ? 0 : ref_abs(held);
    world->admitting = true;
    int64_t allowed = ref_gate(world, order, price, kept, opening);
    world->admitting = false;
    if (allowed == opening)
        return;
    if (order->size.kind == QB_SIZE_UNITS || allowed + closing == 0)
        ref_end(world, order, QB_ORDER_REJECTED, QB_REASON_CASH);
    else
        order->quantity = closing + allowed;
}

static void submit(ref_world *world, size_t action, const qb_order_request *request)
{
    ref_order *order = ref_new_order(world, action, REF_SELF, request->instrument, request->side);
    size_t self = (size_t)(order - world->out->orders);
    order->type = request->type;
    order->time_in_force = request->time_in_force;
    order->reduce_only = request->reduce_only;
    order->size = request->size;
    order->group = request->group;
    order->stop_bars = request->time_stop_bars;
    order->limit = price_of_the_day(world, request, request->limit);
    order->stop = price_of_the_day(world, request, request->stop);
    if (request->trail.kind == QB_EXIT_DISTANCE)
        order->trail = price_of_the_day(world, request, request->trail.amount);
    if (request->trail.kind == QB_EXIT_FRACTION)
        order->trail_rate = ref_raw(request->trail.amount);
    order->best = world->at[request->instrument].mark;
    if (order->time_in_force == QB_GTD)
        order->good_until_us = request->good_until_us;
    if (order->time_in_force == QB_DAY)
        order->good_until_us = end_of_session(
            world->play->config.instruments[order->instrument].calendar, world->now_us);
    world->made[action] = self + 1;
    admit(world, order);
    if (!ref_open(order))
        return;
    add_child(world, self, request, REF_TAKE_PROFIT, request->take_profit);
    add_child(world, self, request, REF_STOP_LOSS, request->stop_loss);
    add_child(world, self, request, REF_TRAILING, request->trailing_stop);
}

static void cancel(ref_world *world, size_t of)
{
    if (world->made[of] == 0)
        return;
    ref_order *order = &world->out->orders[world->made[of] - 1];
    if (ref_open(order))
        ref_end(world, order, QB_ORDER_CANCELLED, QB_REASON_ASKED);
}

/* ---- targets ------------------------------------------------------------------------------ */

int64_t ref_target_change(const ref_world *world, uint32_t instrument, int side, qb_size size,
                          int64_t reference)
{
    const qb_instrument *about = &world->play->config.instruments[instrument];
    const qb_costs none = {0}, *costs = ref_costs(world, instrument);
    int64_t held = world->at[instrument].quantity * side, amount = ref_raw(size.amount);
    held = held > 0 ? held : 0;
    if (size.kind == QB_SIZE_UNITS)
        return ref_lots(amount, about->lot.raw) - held;
    wide budget = ref_budget(world, size);
    int64_t unit = ref_unit(about, reference), value = ref_value(unit, held);
    if (value > budget) {
        int64_t kept = ref_affordable(about, &none, side, unit, budget);
        return kept < held ? kept - held : 0;
    }
    int64_t price = ref_price(about, costs, side, reference, 0, 0.0, 1, 0);
    return ref_affordable(about, costs, side, ref_unit(about, price), budget - value);
}

static ref_order *target_order(ref_world *world, size_t action, ref_role role, qb_size size,
                               int side, int64_t units)
{
    const ref_action *asked = &world->play->actions[action];
    ref_order *order = ref_new_order(world, action, role, asked->request.instrument, side);
    order->target = true;
    order->size = size;
    order->quantity = units;
    /* The host tells nobody the orders of a signal. */
    if (world->made[action] == 0 && asked->verb != REF_SIGNAL)
        world->made[action] = (size_t)(order - world->out->orders) + 1;
    return order;
}

static void close_for_target(ref_world *world, size_t action, qb_size size, int64_t held)
{
    ref_order *order = target_order(world, action, REF_SELF, size, held > 0 ? -1 : 1,
                                    ref_abs(held));
    order->reduce_only = true;
    admit(world, order);
}

/* From what is held, which is not on the other side (or is closed before), to the target. */
static void change_for_target(ref_world *world, size_t action, int side, qb_size size, bool crosses)
{
    uint32_t instrument = world->play->actions[action].request.instrument;
    ref_state *state = &world->at[instrument];
    bool later = size.when == QB_SIZE_AT_FILL && size.kind != QB_SIZE_UNITS;
    int64_t change = ref_target_change(world, instrument, side, size, state->mark);
    if (change == 0 && !later && state->quantity != 0 && !crosses)
        return;
    ref_order *order = target_order(world, action, crosses ? REF_OPENER : REF_SELF, size,
                                    change < 0 ? -side : side, later ? 0 : ref_abs(change));
    order->reduce_only = change < 0 && !later;
    order->hold = later ? side : 0;
    admit(world, order);
}

/* Crossing zero closes first, then opens. */
static void target(ref_world *world, size_t action, int side, qb_size size)
{
    uint32_t instrument = world->play->actions[action].request.instrument;
    for (size_t i = 0; i < world->out->order_count; i++) {
        ref_order *before = &world->out->orders[i];
        if (before->target && before->instrument == instrument && ref_open(before))
            ref_end(world, before, QB_ORDER_CANCELLED, QB_REASON_REPLACED);
    }
    int64_t held = world->at[instrument].quantity;
    bool crosses = held != 0 && (held > 0) != (side > 0);
    if (held != 0 && (crosses || size.amount == 0.0))
        close_for_target(world, action, size, held);
    if (size.amount != 0.0)
        change_for_target(world, action, side, size, crosses);
}

/* A wish that has not changed does nothing. */
static void signal(ref_world *world, size_t action)
{
    const qb_order_request *request = &world->play->actions[action].request;
    ref_state *state = &world->at[request->instrument];
    double strength = request->size.amount * (double)request->side;
    if (state->wish == strength)
        return;
    qb_size size = world->play->config.size;
    size.amount *= fabs(strength);
    state->wish = strength;
    target(world, action, strength < 0 ? -1 : 1, size);
}

/* ---- the script ---------------------------------------------------------------------------- */

void ref_play(ref_world *world, size_t action)
{
    const ref_action *asked = &world->play->actions[action];
    bool together = world->together;
    /* A fill may ask for an instrument of which no bar has closed yet: nobody listens. */
    if (!world->at[asked->request.instrument].known)
        return;
    world->together = false; /* weights are of the equity of now */
    switch (asked->verb) {
    case REF_CANCEL:
        cancel(world, asked->of);
        break;
    case REF_SIGNAL:
        signal(world, action);
        break;
    case REF_TARGET:
        world->at[asked->request.instrument].wish = NAN;
        target(world, action, asked->request.side, asked->request.size);
        break;
    default:
        submit(world, action, &asked->request);
    }
    world->together = together;
}

void ref_play_fill(ref_world *world)
{
    for (size_t i = 0; i < world->play->action_count; i++)
        if (world->play->actions[i].fill == world->out->fill_count)
            ref_play(world, i);
}
