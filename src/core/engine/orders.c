/* Orders from wish to book: requests, targets, the gate at admission, cancellation. */
#include "core/engine/engine-private.h"

/* What the gate is asked to admit. */
typedef struct request {
    qb_order order; /* as it would stand in the book; its quantity 0: sized at the fill */
    int64_t held;   /* signed units in front of it, once the orders before it have filled */
    qb_price price; /* last known of its instrument; 0: none */
    qb_side target; /* of a target sized at the fill */
    bool by_target, is_target;
    qb_reason refusal; /* found before the gate */
    bracket bracket;
} request;

/* ---- admission ---------------------------------------------------------------------------- */

/* The price that a size counts on. */
static price_basis basis_of(const qb_engine *engine, const request *request)
{
    const qb_order *order = &request->order;
    price_basis basis = {
        .reference = request->price,
        .slips = engine_slips(engine, order->type),
    };
    if (order->type == QB_LIMIT || order->type == QB_STOP_LIMIT)
        basis.reference = basis.limit = order->limit;
    else if (order->type == QB_STOP || order->type == QB_TRAILING_STOP)
        basis.reference = order->stop;
    return basis;
}

/* From where it would be entered to its own stop-loss; NaN: it has none. */
static double stop_distance(const qb_engine *engine, const request *request)
{
    const exit_terms *stop = &request->bracket.exits[STOP_LOSS];
    double entry = qb_raw_to_double(basis_of(engine, request).reference.raw);
    switch (stop->kind) {
    case QB_EXIT_PRICE:
        return fabs(entry - qb_raw_to_double(stop->price.raw));
    case QB_EXIT_DISTANCE:
        return qb_raw_to_double(stop->price.raw);
    case QB_EXIT_FRACTION:
        return entry * qb_raw_to_double(stop->rate.raw);
    default:
        return NAN;
    }
}

/* Units that close what is held, and units that increase exposure. */
static int64_t increase_of(const request *request)
{
    int64_t same_side = request->held * request->order.side;
    return request->order.quantity.raw + (same_side < 0 ? same_side : 0);
}

static bool is_entry(const request *request)
{
    return !request->order.reduce_only &&
           (request->order.quantity.raw == 0 || increase_of(request) > 0);
}

static void add_distance(exit_terms *exit, double distance, qb_reason *refusal)
{
    if (!(distance > 0.0) || exit->kind != QB_EXIT_NONE)
        return;
    exit->kind = QB_EXIT_DISTANCE;
    if (qb_price_from_double(distance, &exit->price) != QB_OK || exit->price.raw == 0)
        *refusal = QB_REASON_BAD_PRICE;
}

/* Exits that the risk rules want an entry to have. */
RARE static void add_exits(qb_engine *engine, request *request)
{
    qb_risk_exits exits;
    qb_risk_rule rule = QB_RISK_NONE;
    bracket *bracket = &request->bracket;
    if (!qb_risk_exits_of(engine->risk, request->order.instrument, &exits, &rule)) {
        request->refusal = QB_REASON_RISK;
        request->order.risk_rule = rule;
        request->order.risk_limit = request->order.risk_value = NAN;
        const qb_risk_event event = {
            .at_us = engine->context.now_us,
            .instrument = request->order.instrument,
            .order_id = request->order.id,
            .rule = rule,
            .action = QB_RISK_REFUSED,
            .limit = NAN,
            .value = NAN,
            .asked = request->order.quantity,
            .what = "no history",
        };
        if (engine->sink.risk != NULL && engine->status == QB_OK)
            engine_heard(engine, engine->sink.risk(engine->sink.self, &event));
        return;
    }
    add_distance(&bracket->exits[TAKE_PROFIT], exits.take_profit, &request->refusal);
    add_distance(&bracket->exits[STOP_LOSS], exits.stop_loss, &request->refusal);
    add_distance(&bracket->exits[TRAILING_STOP], exits.trailing, &request->refusal);
    if (bracket->time_stop_bars == 0)
        bracket->time_stop_bars = exits.time_stop_bars;
}

/* At admission an order is held against the whole account alone: what else is open or about to be
 * sold is known only at the fill, where the gate looks again and counts everything. */
static qb_reason pass_gate(qb_engine *engine, request *request)
{
    qb_order *order = &request->order;
    int64_t increase = increase_of(request), same_side = request->held * order->side;
    const price_basis basis = {
        .reference = request->price,
        .slips = engine_slips(engine, order->type),
    };
    gate_ask ask = {
        .instrument = order->instrument,
        .side = order->side,
        .reducible = order->size.kind != QB_SIZE_UNITS,
        .held = same_side > 0 ? same_side : 0,
        .units = increase,
        .stop_distance = engine->risk != NULL ? stop_distance(engine, request) : NAN,
    };
    if (size_unit(engine, order->instrument, order->side, &basis, &ask.unit) != QB_OK)
        return QB_REASON_BAD_PRICE;
    if (qb_portfolio_equity(&engine->portfolio, &ask.equity) != QB_OK)
        return QB_REASON_CASH;
    gate_answer answer = gate_pass(engine, &ask, order);
    bool keeps_closing = answer.reason == QB_REASON_CASH && ask.reducible && same_side < 0;
    if (answer.allowed == 0 && !keeps_closing)
        return answer.reason;
    order->quantity.raw += answer.allowed - increase;
    return QB_REASON_NONE;
}

static qb_reason admit(qb_engine *engine, request *request)
{
    const qb_order *order = &request->order;
    if (request->refusal != QB_REASON_NONE)
        return request->refusal;
    if (UNLIKELY(!book_has_room(&engine->book, 1 + bracket_count(&request->bracket))))
        return QB_REASON_TOO_MANY;
    if (request->price.raw <= 0)
        return QB_REASON_BAD_PRICE;
    if (order->reduce_only)
        return request->held * order->side < 0 ? QB_REASON_NONE : QB_REASON_REDUCE_ONLY;
    if (order->quantity.raw == 0 || increase_of(request) <= 0)
        return QB_REASON_NONE;
    return pass_gate(engine, request);
}

static outcome refuse(qb_engine *engine, qb_order *order, qb_reason reason)
{
    order->status = QB_ORDER_REJECTED;
    order->reason = reason;
    order->final_us = engine->context.now_us;
    engine->totals.rejected++;
    book_tell(engine, order);
    return (outcome){.stage = QB_STAGE_REFUSED, .reason = reason, .order_id = order->id};
}

static bool walks_paths(const qb_order *order)
{
    bool at_once = order->time_in_force == QB_IOC || order->time_in_force == QB_FOK;
    return !at_once && (order->type == QB_LIMIT || order->type == QB_STOP ||
                        order->type == QB_STOP_LIMIT || order->type == QB_TRAILING_STOP);
}

INLINED static inline uint32_t enter_book(qb_engine *engine, const request *request)
{
    const qb_order *order = &request->order;
    order_book *book = &engine->book;
    uint32_t index = book_append(engine, order);
    order_slot *slot = &book->slots[index];
    slot->by_target = request->by_target;
    slot->is_target = request->is_target;
    slot->target = request->target;
    slot->on_path = walks_paths(order);
    engine->states[order->instrument].on_path += slot->on_path;
    if (order->type == QB_TRAILING_STOP)
        slot->best = request->price;
    if (UNLIKELY(engine->risk != NULL))
        slot->stop_distance = stop_distance(engine, request);
    if (order->good_until_us < book->next_end_us)
        book->next_end_us = order->good_until_us;
    return index;
}

static outcome submit(qb_engine *engine, request *request)
{
    qb_order *order = &request->order;
    order->id = ++engine->totals.orders;
    order->submitted_us = engine->context.now_us;
    order->owner = engine->owner;
    if (UNLIKELY(engine->risk != NULL) && request->refusal == QB_REASON_NONE && is_entry(request))
        add_exits(engine, request);
    qb_reason reason = admit(engine, request);
    if (UNLIKELY(reason != QB_REASON_NONE))
        return refuse(engine, order, reason);
    uint64_t id = order->id;
    bool brings_exits = bracket_count(&request->bracket) > 0;
    uint32_t index = enter_book(engine, request);
    book_tell(engine, order);
    if (UNLIKELY(brings_exits))
        exits_submit(engine, index, &request->bracket);
    return (outcome){.stage = QB_STAGE_ORDERED, .order_id = id};
}

/* ---- market orders and targets ------------------------------------------------------------ */

INLINED static inline request market_request(const qb_engine *engine, uint32_t instrument,
                                             qb_side side, qb_size size, int64_t held,
                                             qb_purpose purpose)
{
    return (request){
        .order =
            {
                .instrument = instrument,
                .side = side,
                .size = size,
                .type = QB_MARKET,
                .purpose = purpose,
                .good_until_us = INT64_MAX,
            },
        .held = held,
        .price = engine_price(engine, instrument),
    };
}

static void cancel_targets(qb_engine *engine, uint32_t instrument)
{
    if (engine->states[instrument].open_orders == 0)
        return;
    for (uint32_t i = engine->states[instrument].first, next; i != NO_SLOT; i = next) {
        next = book_after(&engine->book, i);
        if (engine->book.slots[i].by_target)
            orders_end(engine, i, QB_ORDER_CANCELLED, QB_REASON_REPLACED);
    }
}

static outcome held(void)
{
    return (outcome){.stage = QB_STAGE_HELD, .reason = QB_REASON_UNCHANGED};
}

/* The position's whole size in one reduce-only order. */
static outcome submit_close(qb_engine *engine, uint32_t instrument, int64_t position, qb_size size)
{
    request close = market_request(engine, instrument, position > 0 ? QB_SELL : QB_BUY, size,
                                   position, QB_FOR_SIGNAL);
    close.order.quantity.raw = magnitude(position);
    close.order.reduce_only = true;
    close.by_target = true;
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
    request request = market_request(engine, instrument, side, size, position, QB_FOR_SIGNAL);
    const price_basis basis = {.reference = request.price, .slips = 1};
    int64_t change = 0;
    qb_money equity = {0};
    qb_status status = qb_portfolio_equity(&engine->portfolio, &equity);
    if (status == QB_OK)
        status = size_change(engine, instrument, side, size, equity, &basis, magnitude(position),
                             &change);
    if (change < 0)
        request.order.side = (qb_side)-side;
    request.order.quantity.raw = magnitude(change);
    request.order.reduce_only = change < 0;
    request.by_target = true;
    request.refusal = size_problem(status);
    if (sized_at_fill(size)) {
        request.order.quantity.raw = 0;
        request.order.reduce_only = false;
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

/* Units on top of what is held, unless the size waits for the fill. */
static void size_request(qb_engine *engine, request *request)
{
    qb_order *order = &request->order;
    if (sized_at_fill(order->size) || request->refusal != QB_REASON_NONE)
        return;
    const price_basis basis = basis_of(engine, request);
    qb_money equity = {0};
    qb_status status = qb_portfolio_equity(&engine->portfolio, &equity);
    if (status == QB_OK)
        status = size_units(engine, order->instrument, order->side, order->size, equity, &basis,
                            &order->quantity.raw);
    request->refusal = size_problem(status);
    if (status == QB_OK && order->quantity.raw == 0)
        request->refusal = QB_REASON_BELOW_LOT;
}

outcome orders_submit(qb_engine *engine, uint32_t instrument, qb_side side, qb_size size)
{
    request request = market_request(engine, instrument, side, size,
                                     engine_held(engine, instrument), QB_FOR_ORDER);
    size_request(engine, &request);
    return submit(engine, &request);
}

/* ---- requests ----------------------------------------------------------------------------- */

/* Prices come in the units of the history and go on in money of the day. */
typedef struct reader {
    double factor;
    qb_reason problem;
} reader;

static qb_price read_price(reader *reader, double value)
{
    qb_price price = {0};
    if (qb_price_from_double(value / reader->factor, &price) != QB_OK || price.raw <= 0)
        reader->problem = QB_REASON_BAD_PRICE;
    return price;
}

static exit_terms read_exit(reader *reader, qb_exit exit, bool may_be_price)
{
    exit_terms terms = {.kind = exit.kind};
    switch (exit.kind) {
    case QB_EXIT_NONE:
        break;
    case QB_EXIT_PRICE:
    case QB_EXIT_DISTANCE:
        if (exit.kind == QB_EXIT_PRICE && !may_be_price)
            reader->problem = QB_REASON_BAD_ORDER;
        else
            terms.price = read_price(reader, exit.amount);
        break;
    case QB_EXIT_FRACTION:
        if (qb_rate_from_double(exit.amount, &terms.rate) != QB_OK || terms.rate.raw <= 0)
            reader->problem = QB_REASON_BAD_PRICE;
        break;
    default:
        reader->problem = QB_REASON_BAD_ORDER;
    }
    return terms;
}

/* What a database column holds. */
#define GROUP_MAX ((uint64_t)INT64_MAX)

static bool parts_go_together(const qb_order_request *asked)
{
    bool at_once = asked->time_in_force == QB_IOC || asked->time_in_force == QB_FOK;
    bool brings = asked->take_profit.kind != QB_EXIT_NONE ||
                  asked->stop_loss.kind != QB_EXIT_NONE ||
                  asked->trailing_stop.kind != QB_EXIT_NONE || asked->time_stop_bars != 0;
    bool trails = asked->trail.kind != QB_EXIT_NONE;
    if ((unsigned)asked->type >= QB_ORDER_TYPE_COUNT ||
        (unsigned)asked->time_in_force >= QB_TIME_IN_FORCE_COUNT || asked->group > GROUP_MAX)
        return false;
    if (at_once && asked->type != QB_MARKET && asked->type != QB_LIMIT)
        return false;
    return trails == (asked->type == QB_TRAILING_STOP) && !(asked->reduce_only && brings);
}

static void read_prices(reader *reader, const qb_order_request *asked, qb_order *order)
{
    if (asked->type == QB_LIMIT || asked->type == QB_STOP_LIMIT)
        order->limit = read_price(reader, asked->limit);
    if (asked->type == QB_STOP || asked->type == QB_STOP_LIMIT)
        order->stop = read_price(reader, asked->stop);
    if (asked->type != QB_TRAILING_STOP)
        return;
    exit_terms trail = read_exit(reader, asked->trail, false);
    order->trail = trail.price;
    order->trail_rate = trail.rate;
}

static void read_request(qb_engine *engine, const qb_order_request *asked, request *request)
{
    qb_order *order = &request->order;
    reader reader = {.factor = asked->raw_prices ? 1.0
                                                 : engine->states[asked->instrument].price_factor};
    if (!parts_go_together(asked)) {
        request->refusal = QB_REASON_BAD_ORDER;
        return;
    }
    order->type = asked->type;
    order->time_in_force = asked->time_in_force;
    order->reduce_only = asked->reduce_only;
    order->group = asked->group;
    if (asked->time_in_force == QB_GTD)
        order->good_until_us = asked->good_until_us;
    else if (asked->time_in_force == QB_DAY)
        order->good_until_us = session_end_us(&engine->instruments[asked->instrument],
                                              engine->context.now_us);
    read_prices(&reader, asked, order);
    bracket *bracket = &request->bracket;
    bracket->exits[TAKE_PROFIT] = read_exit(&reader, asked->take_profit, true);
    bracket->exits[STOP_LOSS] = read_exit(&reader, asked->stop_loss, true);
    bracket->exits[TRAILING_STOP] = read_exit(&reader, asked->trailing_stop, false);
    bracket->time_stop_bars = asked->time_stop_bars;
    request->refusal = reader.problem;
}

/* A trailing stop's level before its first bar. */
static void set_first_level(const qb_engine *engine, request *request)
{
    order_slot trailing = {
        .order = request->order,
        .best = request->price,
    };
    trail_level(&trailing);
    request->order.stop = trailing.order.stop;
    if (request->order.stop.raw <= 0)
        request->refusal = QB_REASON_BAD_PRICE;
}

outcome orders_request(qb_engine *engine, const qb_order_request *asked)
{
    request request = market_request(engine, asked->instrument, asked->side, asked->size,
                                     engine_held(engine, asked->instrument), QB_FOR_ORDER);
    read_request(engine, asked, &request);
    if (request.refusal == QB_REASON_NONE && asked->type == QB_TRAILING_STOP)
        set_first_level(engine, &request);
    size_request(engine, &request);
    return submit(engine, &request);
}

bool orders_cancel(qb_engine *engine, uint64_t id)
{
    uint32_t slot = book_find(&engine->book, id);
    if (slot == NO_SLOT)
        return false;
    orders_end(engine, slot, QB_ORDER_CANCELLED, QB_REASON_ASKED);
    return true;
}

/* ---- forced orders ------------------------------------------------------------------------ */

const order_slot *orders_forced(const qb_engine *engine, uint32_t instrument, qb_purpose purpose)
{
    const order_book *book = &engine->book;
    for (uint32_t i = engine->states[instrument].first; i != NO_SLOT; i = book->slots[i].after)
        if (book->slots[i].order.purpose == purpose)
            return &book->slots[i];
    return NULL;
}

void orders_force(qb_engine *engine, uint32_t instrument, qb_purpose purpose)
{
    int64_t position = engine_held(engine, instrument);
    if (position == 0 || orders_forced(engine, instrument, purpose) != NULL)
        return;
    const qb_size size = {.kind = QB_SIZE_UNITS, .amount = qb_raw_to_double(magnitude(position))};
    request close = market_request(engine, instrument, position > 0 ? QB_SELL : QB_BUY, size,
                                   position, purpose);
    close.order.quantity.raw = magnitude(position);
    close.order.reduce_only = true;
    close.order.id = ++engine->totals.orders;
    close.order.submitted_us = engine->context.now_us;
    enter_book(engine, &close);
    book_tell(engine, &close.order);
}
