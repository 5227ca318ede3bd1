/* The engine's parts: what one run remembers, and who may do what to it.
 *
 *   setup.c    a new run: configuration, memory, the strategy's init
 *   engine.c   the life of an instant: histories, marks, decisions, equity
 *   host.c     what a strategy may call
 *   orders.c   submission, the gate at admission, targets, cancellation
 *   fills.c    orders that meet a price: sizing, the gate at the fill, fees
 *   decide.c   decisions as runs of equal outcomes
 *
 * Failures are latched in `status`: the host functions return nothing, so every part checks it
 * before it goes on, and the step returns it. */
#ifndef QB_ENGINE_PRIVATE_H
#define QB_ENGINE_PRIVATE_H

#include "core/engine/engine.h"

#include <math.h>

#define LIKELY(condition) __builtin_expect((condition), 1)
#define UNLIKELY(condition) __builtin_expect((condition), 0)
/* Kept out of line, so that what runs on every bar need not save registers for what does not. */
#define RARE __attribute__((noinline))
/* The parts of an instant, which are laid out once for any number of bars and once for one. */
#define INLINED __attribute__((always_inline))

/* ---- orders ------------------------------------------------------------------------------- */

#define NO_SLOT UINT32_MAX

/* An open order. Slots form one list in order of submission; the unused ones another. */
typedef struct order_slot {
    qb_order order;
    bool by_target; /* made by a target or signal: the next one replaces it */
    bool is_target; /* its size is what to hold, not what to trade; until resolved */
    qb_side target; /* the side to hold that on: the order's own is the one expected to get there */
    qb_money fee_uncut; /* of its fills so far, without the minimum */
    qb_money fee_paid;
    uint32_t previous, next;
} order_slot;

/* An order that may fill at this instant: slots are reused, ids never are. */
typedef struct candidate {
    uint64_t id;
    uint32_t slot;
} candidate;

typedef struct order_book {
    order_slot *slots; /* [capacity] */
    uint32_t capacity, count;
    uint32_t first, last, unused;
    candidate *candidates; /* [capacity] */
} order_book;

/* ---- instruments -------------------------------------------------------------------------- */

/* A price at which waiting orders may fill at the instant `at_us`, and at no other. */
typedef struct quote {
    int64_t at_us;
    qb_price price;
    double volume; /* of the whole bar; NaN: unknown */
    int64_t bar_ts_us;
} quote;

/* What came of a bar. At QB_STAGE_HELD and below only the stage counts, for it is all that the
 * common bar writes: the signal is then the wish, and the reason follows from the stage. */
typedef struct outcome {
    double signal;
    uint64_t order_id;
    qb_stage stage;
    qb_reason reason;
} outcome;

typedef struct instrument_state {
    /* The engine's own columns behind the read-only history. */
    int64_t *ts_us;
    double *open, *high, *low, *close, *volume;
    double price_factor, volume_factor; /* product of past splits, and its inverse */

    double price;         /* last known; 0 before the first */
    double wish;          /* the strength last acted upon; NaN: none */
    outcome outcome;      /* of the bar being decided */
    qb_decision run;      /* of equal outcomes, not yet sunk; bars 0: none */
    int64_t closed_us;    /* when its last bar became known */
    int64_t opened_ts_us; /* stamp of the bar that opened last */
    uint32_t open_orders;
    quote quote;
} instrument_state;

/* ---- the run ------------------------------------------------------------------------------ */

struct qb_engine {
    qb_context context; /* first, so that the host functions find the engine */
    qb_arena arena;
    qb_sink sink;
    const qb_instrument *instruments;
    const qb_strategy *strategy;
    void *strategy_state;
    bool strategy_ready; /* init has succeeded, clear is due */

    qb_costs costs;
    qb_costs costs_uncut; /* the same without the minimum fee */
    qb_costs costs_gate;  /* fees times leverage: what a fee takes from the margin */
    qb_size size;
    qb_fill_at fill_at;
    qb_rate leverage;
    uint32_t patience;
    uint64_t warmup;
    size_t keep, rows; /* history: rows kept, rows of memory */

    qb_portfolio portfolio;
    qb_history *histories;    /* [instrument_count] */
    instrument_state *states; /* [instrument_count] */
    order_book book;
    qb_random random;
    qb_engine_totals totals; /* what can be summed up at the end is not counted on every bar */
    qb_money sizing_equity;  /* what QB_SIZE_AT_FILL sizes are of, at the instant being filled */
    qb_status status;
    uint32_t owner; /* of the orders made now, where several strategies trade */
    bool telling;   /* the strategy is being told of a fill: it decides no bar */
    bool finished;
    bool stopped; /* failed, bankrupt or finished */
};

static inline void engine_fail(qb_engine *engine, qb_status status)
{
    if (engine->status == QB_OK)
        engine->status = status;
    engine->stopped = true;
}

/* For the sink's answers. */
static inline void engine_heard(qb_engine *engine, qb_status answer)
{
    if (UNLIKELY(answer != QB_OK))
        engine_fail(engine, QB_SINK_FAILED);
}

/* The stamp of the instrument's last bar. */
static inline int64_t engine_closed_ts_us(const qb_engine *engine, uint32_t instrument)
{
    const qb_history *history = &engine->histories[instrument];
    return history->count > 0 ? history->ts_us[history->count - 1] : INT64_MIN;
}

static inline int64_t engine_held(const qb_engine *engine, uint32_t instrument)
{
    return engine->portfolio.positions[instrument].quantity.raw;
}

/* The last known price; 0 before the first. Only what is held is marked in the portfolio, so that
 * a large universe costs no more than its positions. */
static inline qb_price engine_price(const qb_engine *engine, uint32_t instrument)
{
    qb_price price = {0};
    if (qb_price_from_double(engine->states[instrument].price, &price) != QB_OK)
        price.raw = 0;
    return price;
}

static inline int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

/* What one unit of the instrument is worth at a price. */
QB_CHECKED static inline qb_status engine_unit(const qb_engine *engine, uint32_t instrument,
                                               qb_price price, qb_price *out)
{
    return qb_unit_value(engine->instruments[instrument].multiplier, price, out);
}

static inline int64_t whole_lots(const qb_instrument *instrument, int64_t quantity)
{
    return quantity - quantity % instrument->lot.raw;
}

/* decide.c: what a wish came to. */
void decide_note(qb_engine *engine, uint32_t instrument, outcome outcome);
/* The outcome of a bar joins its run, or begins a new one. */
void decide_record_other(qb_engine *engine, instrument_state *state);
static inline void decide_record(qb_engine *engine, instrument_state *state)
{
    qb_decision *run = &state->run;
    if (UNLIKELY(state->outcome.stage != QB_STAGE_HELD || run->stage != QB_STAGE_HELD ||
                 run->signal != state->wish)) {
        decide_record_other(engine, state);
        return;
    }
    run->last_us = engine->context.now_us;
    run->bars++;
}
void decide_flush(qb_engine *engine);

/* orders.c */
QB_CHECKED qb_status orders_init(order_book *book, qb_arena *arena, uint32_t instrument_count);
/* True when the size is one; a size that is none disables the strategy. */
bool orders_accept_size(qb_engine *engine, qb_size size);
/* Both answer what to note as the outcome; signal is for the caller. */
outcome orders_target(qb_engine *engine, uint32_t instrument, qb_side side, qb_size size);
outcome orders_submit(qb_engine *engine, uint32_t instrument, qb_side side, qb_size size);
/* Ends an open order and frees its slot. */
void orders_end(qb_engine *engine, uint32_t slot, qb_order_status status, qb_reason reason);
void orders_end_all(qb_engine *engine, qb_order_status status, qb_reason reason);
/* Bars of the instrument that did not come use up the patience of its orders. */
void orders_miss(qb_engine *engine, uint32_t instrument, uint32_t bars);
/* A split changes what is not yet filled. */
void orders_split(qb_engine *engine, uint32_t instrument, qb_split split);

/* What a size comes to: units for `size` at that equity, fees included, and the signed change
 * (of the position's size, + more) from `held` units of the same side to a target. */
QB_CHECKED qb_status size_units(const qb_engine *engine, uint32_t instrument, qb_side side,
                                qb_size size, qb_money equity, qb_price reference,
                                int64_t *out_units);
QB_CHECKED qb_status size_change(const qb_engine *engine, uint32_t instrument, qb_side side,
                                 qb_size size, qb_money equity, qb_price reference, int64_t held,
                                 int64_t *out_change);

/* The gate: how many of `units`, worth `unit` each, may be added to `held` of the same side. All of
 * them, or on shortfall none (sizes in units) or as many as the margin allows (cash and weight). */
QB_CHECKED qb_status gate_allow(const qb_engine *engine, uint32_t instrument, qb_side side,
                                qb_size_kind kind, qb_price unit, int64_t held, qb_money others,
                                qb_money equity, int64_t units, int64_t *out_allowed);

/* fills.c: fills what waits for the quotes of this instant. */
void fills_run(qb_engine *engine);

/* host.c */
extern const qb_host engine_host;
/* The strategy's call-backs, guarded. */
void host_on_fill(qb_engine *engine, const qb_fill *fill);

#endif
