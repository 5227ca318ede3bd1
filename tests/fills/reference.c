/* One instant after the other, in the steps of docs/FILLS.md. */
#include "reference-private.h"

#include <math.h>

static void fill_at_close(ref_world *world, ref_order *order)
{
    const ref_state *state = &world->at[order->instrument];
    if (!state->closing)
        return;
    int64_t price = order->side > 0 ? state->now_buy : state->now_sell;
    ref_meet(world, order, &(ref_spot){.reference = price});
    bool at_once = order->time_in_force == QB_IOC || order->time_in_force == QB_FOK;
    if (at_once && ref_open(order))
        ref_end(world, order, QB_ORDER_CANCELLED, QB_REASON_NOT_FILLED);
}

/* ---- the steps of an instant -------------------------------------------------------------- */

static void charge(ref_world *world, int64_t before_us)
{
    const qb_engine_config *config = &world->play->config;
    int64_t days = qb_date_from_us(world->now_us) - qb_date_from_us(before_us);
    wide year = (wide)QB_ONE * 365;
    int64_t longs = 0, due = 0;
    for (uint32_t i = 0; i < config->instrument_count; i++) {
        int64_t value = world->at[i].value;
        longs += value > 0 ? value : 0;
        if (value < 0)
            due += ref_round((wide)-value * config->borrow.raw * days, year);
    }
    int64_t debit = longs - ref_equity(world);
    if (debit > 0)
        due += ref_round((wide)debit * config->interest.raw * days, year);
    world->cash -= due;
}

static void deposits(ref_world *world)
{
    const qb_engine_config *config = &world->play->config;
    for (; world->deposits_booked < config->deposit_count; world->deposits_booked++) {
        const qb_deposit *deposit = &config->deposits[world->deposits_booked];
        if (deposit->at_us > world->now_us)
            return;
        if (deposit->amount.raw > 0 || -deposit->amount.raw < ref_equity(world))
            world->cash += deposit->amount.raw;
    }
}

/* From the newest on, for children have the reason of all and not that of a parent that has ended;
 * but those that are left with nothing end as they would have. */
static void end_all(ref_world *world, qb_order_status status, qb_reason reason)
{
    for (size_t i = world->out->order_count; i-- > 0;) {
        ref_order *order = &world->out->orders[i];
        bool spent = order->parent != SIZE_MAX && order->live && ref_rest(order) == 0;
        if (ref_open(order))
            ref_end(world, order, spent ? QB_ORDER_CANCELLED : status,
                    spent ? QB_REASON_OCO : reason);
    }
}

static bool ruined(ref_world *world)
{
    if (ref_equity(world) > 0)
        return false;
    world->out->bankrupt = true;
    end_all(world, QB_ORDER_CANCELLED, QB_REASON_BANKRUPT);
    return true;
}

/* Calls fill(order) for those that wait here: what only reduces when its turn comes, by submission;
 * then the others. */
static void in_turn(ref_world *world, bool (*waits)(const ref_world *, const ref_order *),
                    void (*fill)(ref_world *, ref_order *))
{
    size_t count = world->out->order_count;
    bool here[REF_ORDERS];
    world->together = true;
    for (size_t i = 0; i < count; i++) {
        const ref_order *order = &world->out->orders[i];
        here[i] = ref_waits(order) && waits(world, order);
    }
    for (int turn = 0; turn < 3; turn++) {
        world->equity_then = ref_equity(world);
        for (size_t i = 0; i < count; i++) {
            ref_order *order = &world->out->orders[i];
            if (!here[i] || !ref_waits(order) ||
                (turn == 0 && order->quantity == 0 && !order->reduce_only) ||
                (turn < 2 && !ref_only_reduces(world, order)))
                continue;
            here[i] = false;
            fill(world, order);
        }
    }
    world->together = false;
}

static bool session_ends(const ref_world *world, const ref_order *order)
{
    const qb_calendar *calendar = world->play->config.instruments[order->instrument].calendar;
    qb_session session;
    return qb_calendar_session(calendar, qb_calendar_date(calendar, world->now_us - 1), &session) &&
           session.close_us == world->now_us;
}

static bool waits_for_close(const ref_world *world, const ref_order *order)
{
    if (!world->at[order->instrument].closing || order->submitted_us >= world->now_us ||
        order->good_until_us < world->now_us)
        return false;
    if (order->type == QB_MARKET_ON_CLOSE)
        return session_ends(world, order);
    return order->type == QB_MARKET && world->play->config.fill_at != QB_FILL_NEXT_OPEN;
}

/* With --fill-at close: what was decided now. */
static bool waits_for_this_close(const ref_world *world, const ref_order *order)
{
    return world->at[order->instrument].closing && order->type == QB_MARKET &&
           order->good_until_us >= world->now_us;
}

/* Exits after so many bars, counted from the one that holds the first fill. */
static void time_stops(ref_world *world, const qb_instant *instant)
{
    size_t count = world->out->order_count;
    for (size_t b = 0; b < instant->bar_count; b++)
        for (size_t i = 0; i < count; i++) {
            ref_order *parent = &world->out->orders[i];
            uint64_t last = parent->first_bar + parent->stop_bars - 1;
            if (parent->stop_bars == 0 || parent->stop_left <= 0 || parent->stopped ||
                parent->instrument != instant->bars[b].instrument ||
                world->at[parent->instrument].bar < last)
                continue;
            parent->stopped = true;
            ref_order *child = ref_new_order(world, parent->action, REF_TIME_STOP,
                                             parent->instrument, -parent->side);
            child->parent = i;
            child->group = ((uint64_t)i + 1) << 32;
            child->reduce_only = true;
            child->quantity = world->out->orders[i].stop_left;
        }
}

static void closes(ref_world *world, const qb_instant *instant)
{
    for (size_t b = 0; b < instant->bar_count; b++) {
        const qb_closed_bar *closed = &instant->bars[b];
        ref_state *state = &world->at[closed->instrument];
        int64_t close = ref_raw(closed->bar.close);
        ref_mark(world, closed->instrument, close);
        state->closing = !state->flagged;
        state->known = true;
        state->now_buy = closed->ask > 0 ? ref_raw(closed->ask) : close;
        state->now_sell = closed->bid > 0 ? ref_raw(closed->bid) : close;
        for (size_t i = 0; i < world->out->order_count; i++) {
            ref_order *order = &world->out->orders[i];
            bool better = order->side > 0 ? close < order->best : close > order->best;
            if (order->type == QB_TRAILING_STOP && better && state->closing &&
                order->instrument == closed->instrument && ref_waits(order))
                order->best = close;
        }
    }
    in_turn(world, waits_for_close, fill_at_close);
    time_stops(world, instant);
}

/* ---- maintenance -------------------------------------------------------------------------- */

static wide requirement(const ref_world *world)
{
    const qb_engine_config *config = &world->play->config;
    int64_t most = ref_round((wide)QB_ONE * QB_ONE, 2 * (wide)config->leverage.raw);
    wide sum = 0; /* x 1e8 */
    for (uint32_t i = 0; i < config->instrument_count; i++) {
        int64_t value = world->at[i].value;
        int64_t rate = value > 0 ? QB_ONE / 4 : QB_ONE * 3 / 10;
        rate = rate < most ? rate : most;
        sum += (wide)ref_abs(value) *
               (config->maintenance.raw > 0 ? config->maintenance.raw : rate);
    }
    return sum;
}

static bool increases(const ref_world *world, const ref_order *order)
{
    return !ref_only_reduces(world, order);
}

static void call_margin(ref_world *world)
{
    const qb_engine_config *config = &world->play->config;
    if (config->maintenance_off || (wide)ref_equity(world) * QB_ONE >= requirement(world))
        return;
    for (size_t i = 0; i < world->out->order_count; i++) {
        ref_order *order = &world->out->orders[i];
        if (ref_open(order) && increases(world, order))
            ref_end(world, order, QB_ORDER_CANCELLED, QB_REASON_MARGIN);
    }
    bool called[REF_INSTRUMENTS] = {false};
    for (size_t i = 0; i < world->out->order_count; i++)
        if (ref_open(&world->out->orders[i]) && world->out->orders[i].role == REF_FORCED)
            called[world->out->orders[i].instrument] = true;
    for (;;) {
        wide remains = 0;
        uint32_t largest = UINT32_MAX;
        for (uint32_t i = 0; i < config->instrument_count; i++) {
            int64_t value = ref_abs(world->at[i].value);
            if (called[i] || value == 0)
                continue;
            remains += value;
            if (largest == UINT32_MAX || value > ref_abs(world->at[largest].value))
                largest = i;
        }
        wide allowed = (wide)config->leverage.raw * ref_equity(world);
        if (remains * QB_ONE <= allowed || largest == UINT32_MAX)
            return;
        called[largest] = true;
        int64_t held = world->at[largest].quantity;
        ref_order *forced = ref_new_order(world, largest, REF_FORCED, largest, held > 0 ? -1 : 1);
        forced->quantity = ref_abs(held);
        forced->reduce_only = true;
    }
}

/* ---- decisions, ends of time, openings ----------------------------------------------------- */

static void decide(ref_world *world, const qb_instant *instant)
{
    const ref_case *play = world->play;
    for (size_t b = 0; b < instant->bar_count; b++)
        for (size_t i = 0; i < play->action_count; i++) {
            const ref_action *action = &play->actions[i];
            if (action->fill != 0 || action->at_us != world->now_us ||
                action->asker != instant->bars[b].instrument)
                continue;
            ref_play(world, i);
        }
    if (play->config.fill_at == QB_FILL_CLOSE)
        in_turn(world, waits_for_this_close, fill_at_close);
}

static void end_of_time(ref_world *world)
{
    for (size_t i = 0; i < world->out->order_count; i++) {
        ref_order *order = &world->out->orders[i];
        if (ref_open(order) && order->good_until_us <= world->now_us)
            ref_end(world, order, QB_ORDER_EXPIRED, QB_REASON_TIME);
    }
}

static void split_orders(ref_world *world, uint32_t instrument, int64_t fresh, int64_t old)
{
    int64_t lot = world->play->config.instruments[instrument].lot.raw;
    for (size_t i = 0; i < world->out->order_count; i++) {
        ref_order *order = &world->out->orders[i];
        if (order->instrument != instrument)
            continue;
        order->stop_left = ref_lots((int64_t)((wide)order->stop_left * fresh / old), lot);
        order->fill_units = ref_round((wide)order->fill_units * fresh, old);
        if (!ref_open(order))
            continue;
        int64_t rest = ref_rest(order);
        order->quantity = order->filled + ref_lots((int64_t)((wide)rest * fresh / old), lot);
        order->limit = ref_round((wide)order->limit * old, fresh);
        order->stop = ref_round((wide)order->stop * old, fresh);
        order->trail = ref_round((wide)order->trail * old, fresh);
        order->best = ref_round((wide)order->best * old, fresh);
        if (order->exit == QB_EXIT_PRICE || order->exit == QB_EXIT_DISTANCE)
            order->away = ref_round((wide)order->away * old, fresh);
        bool may_grow = order->parent != SIZE_MAX && ref_open(&world->out->orders[order->parent]);
        if (rest > 0 && ref_rest(order) == 0 && !may_grow)
            ref_end(world, order, QB_ORDER_CANCELLED, QB_REASON_BELOW_LOT);
    }
}

static void actions_of(ref_world *world, const qb_opening *opening)
{
    uint32_t i = opening->instrument;
    ref_state *state = &world->at[i];
    const qb_instrument *instrument = &world->play->config.instruments[i];
    int64_t open = ref_raw(opening->price);
    if (opening->split_factor != 1.0) {
        int64_t fresh, old;
        ref_split(opening->split_factor, &fresh, &old);
        wide units = (wide)state->quantity * fresh; /* in 1e-8 / old */
        wide lots = units / ((wide)instrument->lot.raw * old);
        wide rest = units - lots * instrument->lot.raw * old;
        state->quantity = (int64_t)(lots * instrument->lot.raw);
        world->cash += ref_round(rest * ref_unit(instrument, open), (wide)old * QB_ONE);
        state->fresh *= fresh;
        state->old *= old;
        if (state->quantity == 0 && units != 0)
            ref_flat(world, i, NULL);
        split_orders(world, i, fresh, old);
    }
    if (opening->dividend != 0.0)
        world->cash += ref_value(ref_unit(instrument, ref_raw(opening->dividend)), state->quantity);
    ref_mark(world, i, open);
}

static void missed(ref_world *world, const qb_opening *opening)
{
    uint32_t more = opening->bars_missed + (world->at[opening->instrument].flagged ? 1 : 0);
    for (size_t i = 0; i < world->out->order_count; i++) {
        ref_order *order = &world->out->orders[i];
        if (!ref_waits(order) || order->type != QB_MARKET ||
            order->instrument != opening->instrument)
            continue;
        order->missed += more;
        if (order->missed >= world->play->config.patience)
            ref_end(world, order, QB_ORDER_EXPIRED, QB_REASON_NO_DATA);
    }
}

/* The openings of the instant under way, for in_turn. */
static const qb_opening *openings[REF_INSTRUMENTS];
static bool first_of_session[REF_INSTRUMENTS];

static bool waits_for_opening(const ref_world *world, const ref_order *order)
{
    if (openings[order->instrument] == NULL || world->at[order->instrument].flagged)
        return false;
    if (order->type == QB_MARKET_ON_OPEN)
        return first_of_session[order->instrument];
    if (order->type == QB_MARKET_ON_CLOSE)
        return false;
    return order->type != QB_MARKET || world->play->config.fill_at == QB_FILL_NEXT_OPEN;
}

static void meet_opening(ref_world *world, ref_order *order)
{
    const ref_state *state = &world->at[order->instrument];
    bool limit = order->type == QB_LIMIT || order->type == QB_STOP_LIMIT;
    ref_spot spot = {.reference = order->side > 0 ? state->now_buy : state->now_sell,
                     .limit = limit ? order->limit : 0};
    ref_meet(world, order, &spot);
    bool at_once = order->time_in_force == QB_IOC || order->time_in_force == QB_FOK;
    if (at_once && ref_open(order))
        ref_end(world, order, QB_ORDER_CANCELLED, QB_REASON_NOT_FILLED);
}

static bool reached_by_opening(const ref_world *world, const ref_order *order)
{
    return waits_for_opening(world, order) && order->reached;
}

/* Whom the openings reach, before any of them is filled. */
static void look_at_openings(ref_world *world)
{
    for (size_t i = 0; i < world->out->order_count; i++) {
        ref_order *order = &world->out->orders[i];
        const ref_state *state = &world->at[order->instrument];
        int64_t price = order->side > 0 ? state->now_buy : state->now_sell;
        if (!ref_waits(order) || !waits_for_opening(world, order))
            continue;
        order->reached = ref_opening_reaches(world, order, price);
        bool at_once = order->time_in_force == QB_IOC || order->time_in_force == QB_FOK;
        if (!order->reached && at_once)
            ref_end(world, order, QB_ORDER_CANCELLED, QB_REASON_NOT_FILLED);
    }
}

static void new_bar(ref_world *world, const qb_opening *opening)
{
    ref_state *state = &world->at[opening->instrument];
    const qb_calendar *calendar = world->play->config.instruments[opening->instrument].calendar;
    state->bar++;
    state->opened_us = world->now_us;
    state->bar_ts_us = opening->bar_ts_us;
    state->flagged = (opening->flags & (QB_BAR_REPAIRED | QB_BAR_SYNTHETIC)) != 0;
    state->now_buy = ref_raw(opening->ask > 0 ? opening->ask : opening->price);
    state->now_sell = ref_raw(opening->bid > 0 ? opening->bid : opening->price);
    state->volume = opening->volume;
    state->taken = 0;
    int32_t session = qb_calendar_date(calendar, world->now_us);
    first_of_session[opening->instrument] = !state->flagged && session != state->session;
    if (!state->flagged)
        state->session = session;
    openings[opening->instrument] = opening;
}

static void remember_opening(ref_world *world, uint32_t i)
{
    ref_state *state = &world->at[i];
    state->held = (state->quantity > 0) - (state->quantity < 0);
    state->oldest = 0;
    for (size_t k = 0; k < world->out->order_count && state->oldest == 0; k++) {
        const ref_order *order = &world->out->orders[k];
        if (ref_open(order) && order->live && order->instrument == i)
            state->oldest = order->side;
    }
}

/* False: the account is ruined. */
static bool open_bars(ref_world *world, const qb_instant *instant)
{
    for (size_t i = 0; i < REF_INSTRUMENTS; i++)
        openings[i] = NULL;
    for (size_t i = 0; i < instant->opening_count; i++) {
        new_bar(world, &instant->openings[i]);
        actions_of(world, &instant->openings[i]);
    }
    if (instant->opening_count > 0 && ruined(world))
        return false;
    for (size_t i = 0; i < instant->opening_count; i++)
        missed(world, &instant->openings[i]);
    look_at_openings(world);
    in_turn(world, reached_by_opening, meet_opening);
    for (size_t i = 0; i < instant->opening_count; i++)
        remember_opening(world, instant->openings[i].instrument);
    return true;
}

/* False: nothing happens any more. */
static bool live_through(ref_world *world, const qb_instant *instant, bool first)
{
    int64_t before_us = world->now_us;
    world->now_us = instant->at_us;
    if (!first)
        charge(world, before_us);
    deposits(world);
    for (size_t i = 0; i < REF_INSTRUMENTS; i++)
        world->at[i].closing = false;
    ref_walk(world, instant);
    closes(world, instant);
    if (instant->bar_count > 0) {
        if (ruined(world))
            return false;
        call_margin(world);
        decide(world, instant);
    }
    end_of_time(world);
    return open_bars(world, instant);
}

void ref_run(const ref_case *play, ref_point *points, ref_result *out)
{
    static ref_world world;
    world = (ref_world){.play = play, .out = out, .cash = play->config.cash.raw};
    out->order_count = out->fill_count = out->instants = 0;
    out->bankrupt = out->full = false;
    out->points = points;
    for (uint32_t i = 0; i < play->config.instrument_count; i++) {
        world.at[i].fresh = world.at[i].old = 1;
        world.at[i].wish = NAN;
        world.at[i].session = INT32_MIN;
    }
    for (size_t i = 0; i < play->config.holding_count; i++) {
        const qb_holding *holding = &play->config.holdings[i];
        world.at[holding->instrument].quantity = holding->quantity.raw;
        ref_mark(&world, holding->instrument, holding->price.raw);
    }
    bool goes_on = true;
    for (size_t i = 0; i < play->instant_count && goes_on; i++) {
        goes_on = live_through(&world, &play->instants[i], i == 0);
        points[out->instants++] = (ref_point){world.cash, ref_equity(&world)};
    }
    if (goes_on)
        end_all(&world, QB_ORDER_EXPIRED, QB_REASON_END_OF_DATA);
}
