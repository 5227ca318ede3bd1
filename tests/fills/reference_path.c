/* A bar walked from its open by one extreme to the other and to its close. */
#include "reference-private.h"

/* A bar, or a finer bar, on its way. */
typedef struct piece {
    uint32_t instrument;
    int64_t ts_us;
    bool finer;
    int64_t known_us; /* of the bar as a whole */
    int64_t open, high, low, close;
    double volume;
    bool high_first;
} piece;

int64_t ref_level(const ref_order *order)
{
    if (order->trail > 0)
        return order->best + order->side * order->trail;
    return ref_round((wide)order->best * (QB_ONE + order->side * (wide)order->trail_rate), QB_ONE);
}

static int64_t step_of(const qb_instrument *instrument)
{
    int64_t step = 1;
    for (int decimal = instrument->price_decimals; decimal < 8; decimal++)
        step *= 10;
    return instrument->tick.raw > 0 ? instrument->tick.raw : step;
}

/* At or below this a buyer's limit counts as reached; of a seller's, at or above. */
static int64_t limit_reached_at(const ref_world *world, const ref_order *order)
{
    bool beyond = world->play->config.fill_model == QB_PESSIMISTIC;
    const qb_instrument *instrument = &world->play->config.instruments[order->instrument];
    return order->limit - (beyond ? order->side * step_of(instrument) : 0);
}

static bool acts_as_limit(const ref_order *order)
{
    return order->type == QB_LIMIT || (order->type == QB_STOP_LIMIT && order->triggered);
}

/* ---- at an opening ------------------------------------------------------------------------ */

static bool stop_reached(const ref_order *order, int64_t level, int64_t price)
{
    return order->side > 0 ? price >= level : price <= level;
}

static bool limit_reached(const ref_order *order, int64_t level, int64_t price)
{
    return order->side > 0 ? price <= level : price >= level;
}

bool ref_opening_reaches(ref_world *world, ref_order *order, int64_t price)
{
    ref_state *state = &world->at[order->instrument];
    qb_fill_model model = world->play->config.fill_model;
    if (order->type == QB_STOP_LIMIT && !order->triggered) {
        if (!stop_reached(order, order->stop, price))
            return false;
        order->triggered = true;
        order->from_bar = state->bar + (model == QB_PESSIMISTIC ? 1 : 0);
    }
    if (acts_as_limit(order)) {
        bool reached = limit_reached(order, limit_reached_at(world, order), price);
        order->seen = order->seen || !reached || state->bar < order->from_bar;
        return reached && state->bar >= order->from_bar;
    }
    if (order->type == QB_STOP || order->type == QB_TRAILING_STOP) {
        int64_t level = order->type == QB_STOP ? order->stop : ref_level(order);
        order->triggered = order->triggered || stop_reached(order, level, price);
        bool better = order->side > 0 ? price < order->best : price > order->best;
        if (order->type == QB_TRAILING_STOP && !order->triggered && better &&
            model != QB_PESSIMISTIC)
            order->best = price;
        return order->triggered;
    }
    return true;
}

/* ---- along the path ----------------------------------------------------------------------- */

static bool on_path(const ref_world *world, const ref_order *order, const piece *bar)
{
    const ref_state *state = &world->at[order->instrument];
    bool type = order->type == QB_LIMIT || order->type == QB_STOP || order->type == QB_STOP_LIMIT ||
                order->type == QB_TRAILING_STOP;
    bool waits = order->time_in_force != QB_IOC && order->time_in_force != QB_FOK;
    int64_t opened_us = bar->finer ? bar->ts_us : state->opened_us;
    bool in_time = order->good_until_us >= bar->known_us && order->submitted_us <= opened_us;
    return order->instrument == bar->instrument && ref_waits(order) && type && waits && in_time;
}

/* Where the order does something on the way from price to `to`; false: nowhere. */
static bool reach(const ref_world *world, const ref_order *order, int64_t price, int64_t to,
                  int64_t *out_at)
{
    bool limit = acts_as_limit(order);
    /* Where nothing can be had, an order may still get its size, or be cut to the position. */
    int64_t held = world->at[order->instrument].quantity * -order->side;
    bool cut = order->reduce_only && ref_rest(order) > (held > 0 ? held : 0);
    bool nothing = ref_cap_left(world, order->instrument) == 0 && order->quantity > 0 && !cut;
    if ((limit || order->triggered) && nothing)
        return false;
    if (limit) {
        int64_t level = limit_reached_at(world, order);
        if (world->at[order->instrument].bar < order->from_bar)
            return false;
        *out_at = limit_reached(order, level, price) ? price : level;
        return limit_reached(order, level, price) || limit_reached(order, level, to);
    }
    int64_t level = order->type == QB_TRAILING_STOP ? ref_level(order) : order->stop;
    bool now = order->triggered || stop_reached(order, level, price);
    *out_at = now ? price : level;
    return now || stop_reached(order, level, to);
}

/* An optimist's stop-limit may use the whole bar once it is triggered. */
static void trigger_limit(ref_world *world, ref_order *order, const piece *bar, int64_t price)
{
    qb_fill_model model = world->play->config.fill_model;
    order->triggered = true;
    order->seen = false;
    if (model == QB_PESSIMISTIC)
        order->from_bar = world->at[order->instrument].bar + 1;
    if (model != QB_OPTIMISTIC)
        return;
    int64_t extreme = order->side > 0 ? bar->low : bar->high;
    bool within = limit_reached(order, order->limit, price);
    ref_spot spot = {.reference = within ? price : order->limit,
                     .limit = order->limit,
                     .maker = !within,
                     .on_path = true};
    if (within || limit_reached(order, order->limit, extreme))
        ref_meet(world, order, &spot);
}

static void act(ref_world *world, ref_order *order, const piece *bar, int64_t price)
{
    ref_spot spot = {.reference = price, .on_path = true};
    if (order->type == QB_STOP_LIMIT && !order->triggered) {
        trigger_limit(world, order, bar, price);
        return;
    }
    if (acts_as_limit(order)) {
        /* Already waiting when the price came: at the limit. Live, or a finer bar begun, beyond
         * it: at the price of that moment. */
        bool came = order->seen && price == limit_reached_at(world, order);
        spot.limit = order->limit;
        spot.maker = order->seen;
        spot.reference = came ? order->limit : price;
    }
    order->triggered = true;
    ref_meet(world, order, &spot);
}

/* The order that is reached first; reducing ones first at the same price, then the older. */
static ref_order *next_reached(ref_world *world, const piece *bar, int64_t price, int64_t to,
                               int64_t *out_at)
{
    ref_order *first = NULL;
    for (size_t i = 0; i < world->out->order_count; i++) {
        ref_order *order = &world->out->orders[i];
        int64_t at;
        if (!on_path(world, order, bar))
            continue;
        if (!limit_reached(order, limit_reached_at(world, order), price))
            order->seen = true;
        if (!reach(world, order, price, to, &at))
            continue;
        bool nearer = first == NULL || ref_abs(at - price) < ref_abs(*out_at - price);
        bool same = first != NULL && at == *out_at;
        if (nearer || (same && ref_only_reduces(world, order) && !ref_only_reduces(world, first))) {
            first = order;
            *out_at = at;
        }
    }
    return first;
}

static void walk_leg(ref_world *world, const piece *bar, int64_t from, int64_t to)
{
    int64_t price = from, at = from;
    ref_order *order;
    while ((order = next_reached(world, bar, price, to, &at)) != NULL) {
        price = at;
        act(world, order, bar, price);
    }
    for (size_t i = 0; i < world->out->order_count; i++) {
        order = &world->out->orders[i];
        bool better = order->side > 0 ? to < order->best : to > order->best;
        if (order->type == QB_TRAILING_STOP && on_path(world, order, bar) && better &&
            world->play->config.fill_model != QB_PESSIMISTIC)
            order->best = to;
    }
}

/* Which extreme comes first. */
static bool high_comes_first(const ref_world *world, const piece *bar)
{
    const ref_state *state = &world->at[bar->instrument];
    int held = state->held, oldest = state->oldest;
    if (bar->finer) {
        held = (state->quantity > 0) - (state->quantity < 0);
        oldest = 0;
        for (size_t i = 0; i < world->out->order_count && oldest == 0; i++) {
            const ref_order *order = &world->out->orders[i];
            if (ref_open(order) && order->live && order->instrument == bar->instrument)
                oldest = order->side;
        }
    }
    bool adverse = held != 0 ? held < 0 : oldest > 0;
    int64_t up = bar->high - bar->open, down = bar->open - bar->low;
    switch (world->play->config.fill_model) {
    case QB_PESSIMISTIC:
        return adverse;
    case QB_OPTIMISTIC:
        return !adverse;
    default:
        return up == down ? adverse : up < down;
    }
}

static void walk_together(ref_world *world, piece *bars, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ref_state *state = &world->at[bars[i].instrument];
        bars[i].high_first = high_comes_first(world, &bars[i]);
        state->in_finer = bars[i].finer;
        state->finer_volume = bars[i].volume;
        state->finer_taken = 0;
        state->finer_ts_us = bars[i].ts_us;
    }
    for (int leg = 1; leg <= 3; leg++)
        for (size_t i = 0; i < count; i++) {
            const piece *bar = &bars[i];
            int64_t first = bar->high_first ? bar->high : bar->low;
            int64_t second = bar->high_first ? bar->low : bar->high;
            int64_t from = leg == 1 ? bar->open : leg == 2 ? first : second;
            walk_leg(world, bar, from, leg == 1 ? first : leg == 2 ? second : bar->close);
        }
    for (size_t i = 0; i < count; i++)
        world->at[bars[i].instrument].in_finer = false;
}

static piece piece_of(const qb_closed_bar *closed, const qb_bar *bar, bool finer, int64_t known_us)
{
    return (piece){
        .instrument = closed->instrument,
        .ts_us = bar->ts_us,
        .finer = finer,
        .known_us = known_us,
        .open = ref_raw(bar->open),
        .high = ref_raw(bar->high),
        .low = ref_raw(bar->low),
        .close = ref_raw(bar->close),
        .volume = bar->volume,
    };
}

/* Sound bars of the instant, by stamp, then by instrument. */
void ref_walk(ref_world *world, const qb_instant *instant)
{
    enum { MOST = 512 };
    static piece pieces[MOST];
    size_t count = 0;
    for (size_t i = 0; i < instant->bar_count; i++) {
        const qb_closed_bar *closed = &instant->bars[i];
        if (world->at[closed->instrument].flagged)
            continue;
        for (size_t k = 0; k < closed->detail_count && count < MOST; k++)
            pieces[count++] = piece_of(closed, &closed->details[k], true, instant->at_us);
        if (closed->detail_count == 0 && count < MOST)
            pieces[count++] = piece_of(closed, &closed->bar, false, instant->at_us);
    }
    world->out->full = world->out->full || count == MOST;
    for (size_t i = 1; i < count; i++) /* by insertion: stable, so instruments keep their order */
        for (size_t k = i; k > 0 && pieces[k].ts_us < pieces[k - 1].ts_us; k--) {
            piece swapped = pieces[k];
            pieces[k] = pieces[k - 1];
            pieces[k - 1] = swapped;
        }
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && pieces[to].ts_us == pieces[from].ts_us; to++)
            ;
        walk_together(world, &pieces[from], to - from);
    }
}
