/* What a strategy may call. The context is the engine's first member, and no strategy ever sees
 * more of it. */
#include "core/engine/engine-private.h"

static qb_engine *engine_of(const qb_context *context)
{
    return (qb_engine *)context;
}

static void refuse_size(qb_engine *engine, uint32_t instrument, double signal)
{
    decide_note(engine, instrument,
                &(outcome){
                    .signal = signal,
                    .stage = QB_STAGE_REFUSED,
                    .reason = QB_REASON_BAD_SIZE,
                });
}

/* True when the strategy may trade this instrument now; notes why not. */
static bool may_trade(qb_engine *engine, uint32_t instrument, double signal)
{
    if (engine->histories[instrument].total >= engine->warmup)
        return true;
    decide_note(engine, instrument,
                &(outcome){
                    .signal = signal,
                    .stage = QB_STAGE_WARMUP,
                    .reason = QB_REASON_WARMUP,
                });
    return false;
}

static bool is_side(qb_side side)
{
    return side == QB_BUY || side == QB_SELL;
}

/* An instrument that does not exist is a bug of the strategy; so is trading while disabled, or
 * after the run has failed. */
static bool is_heard(qb_engine *engine, uint32_t instrument)
{
    if (instrument >= engine->context.instrument_count)
        return false;
    if (UNLIKELY(engine->in_row))
        sheet_look_at(engine, instrument);
    return !engine->totals.disabled && engine->status == QB_OK && !engine->finished;
}

RARE static void signal_changed(qb_engine *engine, uint32_t instrument, double strength)
{
    if (!is_heard(engine, instrument) || !may_trade(engine, instrument, strength))
        return;
    const bool within = strength >= -1.0 && strength <= 1.0;
    const qb_size size = {
        .kind = engine->size.kind,
        .when = engine->size.when,
        .amount = within ? engine->size.amount * fabs(strength) : NAN,
    };
    if (!orders_accept_size(engine, size)) {
        refuse_size(engine, instrument, strength);
        return;
    }
    engine->states[instrument].wish = strength;
    outcome outcome = orders_target(engine, instrument, strength < 0.0 ? QB_SELL : QB_BUY, size);
    outcome.signal = strength;
    if (outcome.reason == QB_REASON_HALTED)
        engine->states[instrument].wish_halted = true;
    decide_note(engine, instrument, &outcome);
}

/* The common case is the wish of the bar before: it comes on every bar, and changes nothing but
 * that the bar has had its say. */
static void host_signal(const qb_context *context, uint32_t instrument, double strength)
{
    qb_engine *engine = engine_of(context);
    if (UNLIKELY(instrument >= context->instrument_count))
        return;
    instrument_state *state = &engine->states[instrument];
    if (UNLIKELY(strength != state->wish))
        signal_changed(engine, instrument, strength);
    else if (state->outcome.stage < QB_STAGE_HELD)
        state->outcome.stage = QB_STAGE_HELD;
}

/* The same on a row of a sheet, where the instrument may not have been looked at. */
static void host_row_signal(const qb_context *context, uint32_t instrument, double strength)
{
    if (instrument < context->instrument_count)
        sheet_look_at(engine_of(context), instrument);
    host_signal(context, instrument, strength);
}

typedef outcome (*submission)(qb_engine *engine, uint32_t instrument, qb_side side, qb_size size);

static uint64_t submit_size(const qb_context *context, uint32_t instrument, qb_side side,
                            qb_size size, submission submission)
{
    qb_engine *engine = engine_of(context);
    if (!is_heard(engine, instrument) || !may_trade(engine, instrument, size.amount))
        return 0;
    if (!is_side(side))
        size.amount = NAN;
    if (!orders_accept_size(engine, size)) {
        refuse_size(engine, instrument, size.amount);
        return 0;
    }
    outcome outcome = submission(engine, instrument, side, size);
    outcome.signal = size.amount * (double)side;
    decide_note(engine, instrument, &outcome);
    return outcome.order_id;
}

static uint64_t host_target(const qb_context *context, uint32_t instrument, qb_side side,
                            qb_size size)
{
    qb_engine *engine = engine_of(context);
    if (is_heard(engine, instrument))
        engine->states[instrument].wish = NAN; /* a later signal is a new wish */
    return submit_size(context, instrument, side, size, orders_target);
}

static uint64_t host_order(const qb_context *context, uint32_t instrument, qb_side side,
                           qb_size size)
{
    return submit_size(context, instrument, side, size, orders_submit);
}

static uint64_t host_submit(const qb_context *context, const qb_order_request *request)
{
    qb_engine *engine = engine_of(context);
    qb_order_request asked;
    if (request->struct_size < sizeof asked)
        return 0;
    asked = *request;
    if (!is_heard(engine, asked.instrument) ||
        !may_trade(engine, asked.instrument, asked.size.amount))
        return 0;
    if (!is_side(asked.side))
        asked.size.amount = NAN;
    if (!orders_accept_size(engine, asked.size)) {
        refuse_size(engine, asked.instrument, asked.size.amount);
        return 0;
    }
    outcome outcome = orders_request(engine, &asked);
    outcome.signal = asked.size.amount * (double)asked.side;
    decide_note(engine, asked.instrument, &outcome);
    return outcome.order_id;
}

static bool host_cancel(const qb_context *context, uint64_t order)
{
    qb_engine *engine = engine_of(context);
    return is_heard(engine, 0) && orders_cancel(engine, order);
}

static void host_filtered(const qb_context *context, uint32_t instrument, double strength,
                          const char *filter)
{
    qb_engine *engine = engine_of(context);
    if (!is_heard(engine, instrument) || !may_trade(engine, instrument, strength))
        return;
    decide_note(engine, instrument,
                &(outcome){
                    .signal = strength,
                    .stage = QB_STAGE_FILTERED,
                    .reason = QB_REASON_FILTERED,
                    .filter = filter,
                });
}

static double host_macro(const qb_context *context, uint32_t series)
{
    const qb_engine *engine = engine_of(context);
    if (series >= engine->macro_count)
        return NAN;
    const qb_macro_feed *feed = &engine->macros[series];
    return feed->at(feed->self, context->now_us);
}

static double host_position(const qb_context *context, uint32_t instrument)
{
    const qb_engine *engine = engine_of(context);
    if (instrument >= context->instrument_count)
        return 0.0;
    return qb_raw_to_double(engine_held(engine, instrument));
}

static double host_equity(const qb_context *context)
{
    const qb_portfolio *portfolio = &engine_of(context)->portfolio;
    return qb_raw_to_double(portfolio->cash.raw) + qb_raw_to_double(portfolio->value.raw);
}

static double host_cash(const qb_context *context)
{
    return qb_raw_to_double(engine_of(context)->portfolio.cash.raw);
}

static void host_owner(const qb_context *context, uint32_t owner)
{
    engine_of(context)->owner = owner;
}

static double host_value(const qb_context *context, uint32_t instrument)
{
    const qb_engine *engine = engine_of(context);
    if (instrument >= context->instrument_count)
        return 0.0;
    return qb_raw_to_double(engine->portfolio.positions[instrument].value.raw);
}

/* The history's prices have the splits of the past in them, the ledger's cost has not. */
static double host_entry(const qb_context *context, uint32_t instrument)
{
    const qb_engine *engine = engine_of(context);
    if (instrument >= context->instrument_count || engine_held(engine, instrument) == 0)
        return 0.0;
    const qb_position *position = &engine->portfolio.positions[instrument];
    const double units = qb_raw_to_double(position->quantity.raw) *
                         qb_raw_to_double(position->multiplier.raw);
    return qb_raw_to_double(position->cost.raw) / units * engine->states[instrument].price_factor;
}

static double host_factor(const qb_context *context, uint32_t instrument)
{
    const qb_engine *engine = engine_of(context);
    return instrument < context->instrument_count ? engine->states[instrument].price_factor : 1.0;
}

static double host_random(const qb_context *context)
{
    return qb_random_unit(&engine_of(context)->random);
}

/* All but the signal. */
#define HOST_FUNCTIONS                                                                            \
    .struct_size = sizeof(qb_host), .target = host_target, .order = host_order,                   \
    .position = host_position, .equity = host_equity, .cash = host_cash, .random = host_random,   \
    .submit = host_submit, .cancel = host_cancel, .filtered = host_filtered, .macro = host_macro, \
    .owner = host_owner, .value = host_value, .entry = host_entry, .factor = host_factor

const qb_host engine_host = {HOST_FUNCTIONS, .signal = host_signal};
const qb_host engine_row_host = {HOST_FUNCTIONS, .signal = host_row_signal};

void host_on_fill(qb_engine *engine, const qb_fill *fill)
{
    const qb_strategy *strategy = engine->strategy;
    if (strategy->on_fill == NULL || engine->totals.disabled || engine->status != QB_OK)
        return;
    engine->telling = true;
    strategy->on_fill(engine->strategy_state, &engine->context, fill);
    engine->telling = false;
}
