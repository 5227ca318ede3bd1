/* The engine's parts: what one run remembers, and who may do what to it.
 *
 *   setup.c     a new run: configuration, memory, the strategy's init
 *   engine.c    the life of an instant: histories, marks, decisions, equity
 *   sheet.c     the same for a universe whose bars come together
 *   stretch.c   the same for bars of one instrument that follow each other
 *   account.c   money that no order moves: charges, flows, maintenance, the risk rules' verdicts
 *   host.c      what a strategy may call
 *   book.c      open orders: lists, ends, splits, patience, ends of time
 *   sizes.c     from a size to units
 *   gate.c      how much of an order may pass, at admission and at the fill
 *   orders.c    submission: requests, targets, cancellation
 *   exits.c     brackets and OCO groups: what a fill does to other orders
 *   fills.c     orders that meet the price of an opening or a close
 *   path.c      orders that meet the prices within a bar
 *   sessions.c  sessions, where an order's life depends on them
 *   decide.c    decisions as runs of equal outcomes
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
/* Asked on every bar or every fill, and no call there. */
#define INLINED __attribute__((always_inline))

/* ---- orders ------------------------------------------------------------------------------- */

#define NO_SLOT UINT32_MAX

/* The children of a bracket, in the order of their submission. */
enum { TAKE_PROFIT, STOP_LOSS, TRAILING_STOP, TIME_STOP, EXITS };

/* An exit in money of the day. By price: `price`; by distance: `price` away from the average
 * price of the parent's fills; by fraction: `rate` of it away. */
typedef struct exit_terms {
    qb_exit_kind kind;
    qb_price price;
    qb_rate rate;
} exit_terms;

/* An open order. Slots form one list in order of submission, and one more for each instrument;
 * the unused ones yet another.
 *
 * A child of a bracket is submitted with its parent and sleeps until the parent's first fill. A
 * time stop is no order yet while it sleeps or counts: it has no id, and nobody is told of it. */
typedef struct order_slot {
    qb_order order;
    bool by_target; /* made by a target or signal: the next one replaces it */
    bool is_target; /* its size is what to hold, not what to trade; until resolved */
    bool on_path;   /* of a type that is filled along paths */
    bool sleeping;  /* a child whose parent has not filled, or a time stop that counts */
    bool born;      /* a child whose parent has filled */
    bool triggered; /* a stop that was reached; of a stop-limit the limit is live */
    bool waited;    /* a limit that has seen a price that did not reach it */
    bool closes;    /* marked to end with its position (exits_close) */
    qb_side target; /* the side to hold that on: the order's own is the one expected to get there */
    qb_fee_account fees;
    qb_price best;        /* of a trailing stop; order.stop is its level */
    exit_terms exit;      /* of a child: where its price comes from */
    uint64_t idle;        /* on paths it does nothing up to this piece of one (path_piece) */
    double stop_distance; /* to its own stop-loss, for the risk rules; NaN: none */
    /* of a parent */
    uint32_t children[EXITS]; /* slots; NO_SLOT: none, or ended */
    uint32_t child_count;
    qb_quantity opened; /* units that its fills have opened, after splits */
    __int128 paid;      /* for them: sum of price x units, in 1e-16 */
    /* of a child */
    uint32_t parent_slot; /* NO_SLOT: none, or ended */
    uint32_t bars_left;   /* of a time stop */

    uint32_t previous, next; /* by submission */
    uint32_t before, after;  /* of the same instrument */
} order_slot;

/* An order that may fill at this instant: slots are reused, ids never are. */
typedef struct candidate {
    uint64_t id;
    uint32_t slot;
} candidate;

typedef struct order_book {
    order_slot *slots; /* [capacity] */
    uint32_t capacity, count;
    uint32_t most; /* that a strategy may have; the rest is for forced orders */
    uint32_t first, last;
    uint32_t unused, fresh; /* slots that were used once, and the first that never was */
    candidate *candidates;  /* [capacity] */
    uint32_t candidate_count;
    int64_t next_end_us; /* no order's time is over before this */
} order_book;

/* ---- instruments -------------------------------------------------------------------------- */

/* The price of an opening or a close, at the instant `at_us` and at no other. */
typedef struct quote {
    int64_t at_us;
    qb_price buy, sell; /* ask and bid, or the price for both */
    double volume;      /* of the whole bar; NaN: unknown */
    int64_t bar_ts_us;
    bool in_bar; /* an opening */
} quote;

/* What came of a bar. At QB_STAGE_HELD and below only the stage counts, for it is all that the
 * common bar writes: the signal is then the wish, and the reason follows from the stage. */
typedef struct outcome {
    double signal;
    uint64_t order_id;
    qb_stage stage;
    qb_reason reason;
    const char *filter; /* QB_STAGE_FILTERED */
} outcome;

/* Every bar writes the second line of the cache and the third, and no more. */
typedef struct instrument_state {
    /* The engine's own columns behind the read-only history; those not read are `unread`. */
    int64_t *ts_us;
    double *open, *high, *low, *close, *volume;
    double price_factor, volume_factor; /* product of past splits, and its inverse */

    double price;         /* last known; 0 before the first */
    double wish;          /* the strength last acted upon; NaN: none */
    outcome outcome;      /* of the bar being decided */
    int64_t closed_us;    /* when its last bar became known */
    int64_t opened_ts_us; /* stamp of the bar that opened last */

    qb_decision run; /* of equal outcomes, not yet sunk; bars 0: none */

    int64_t opened_us; /* when it opened */

    uint32_t first, last; /* its open orders */
    uint32_t open_orders;
    uint32_t on_path; /* of these, as they say */
    /* of the bar under way, kept only while there are orders */
    quote quote;
    qb_side oldest;     /* of the oldest live order once the opening had been met; 0: none */
    int64_t session_us; /* when the last bar opened that was not made */
    qb_quantity taken;  /* of the volume of the bar taken_ts_us */
    int64_t taken_ts_us;
    qb_quantity taken_finer;          /* of the finer bar under way */
    uint64_t walked;                  /* the bar that was walked last (its number, from 1) */
    bool wish_halted;                 /* its wish was refused or undone by a closed gate */
    double risk_split;                /* fresh per old since its last bar */
    uint64_t rows_recorded, row_seen; /* of a sheet: see there */
    uint32_t held_place;              /* in the engine's list of what is held; NOT_HELD */
    int64_t *own_ts_us;               /* its column of stamps, also while it shares another's */
} __attribute__((aligned(64))) instrument_state;

#define NOT_HELD UINT32_MAX
#define SHEET_AHEAD 8u /* rows of closes: a line of the cache */

/* One instrument's bar on its way along the path. */
typedef struct walk {
    uint32_t instrument;
    bool detailed;
    int64_t bar_ts_us;   /* of the whole bar */
    bool under_way;      /* in this round */
    size_t place, count; /* of the (finer) bar under way, and all of them */
    const qb_bar *bars;  /* [count] */
    qb_price points[4];  /* open, one extreme, the other, close */
} walk;

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
    const qb_costs *own_costs; /* [instrument_count], or NULL: costs for all */
    qb_size size;
    qb_fill_at fill_at;
    qb_fill_model fill_model;
    qb_rate leverage;
    uint32_t patience;
    qb_rate borrow, interest;
    qb_rate maintain_long, maintain_short; /* shares of what is held; 0: nobody is called */
    const qb_deposit *deposits;            /* [deposit_count]: those not booked yet */
    size_t deposit_count;
    const qb_holding *holdings; /* [holding_count]: until the first instant */
    size_t holding_count;
    const qb_macro_feed *macros; /* [macro_count] */
    uint32_t macro_count;
    qb_risk *risk; /* NULL: every rule off */
    uint64_t warmup;
    size_t keep, rows; /* history: rows kept, rows of memory */

    qb_portfolio portfolio;
    qb_history *histories;    /* [instrument_count] */
    instrument_state *states; /* [instrument_count] */
    order_book book;
    walk *walks;    /* [instrument_count] */
    uint32_t *held; /* [held_count] of instrument_count: those with a position */
    uint32_t held_count;
    double *unread;       /* [rows] */
    double *ahead;        /* [SHEET_AHEAD][instrument_count] closes of a sheet */
    const double *closes; /* of the row under way */
    uint32_t *seen;       /* [seen_count] of instrument_count: whose outcomes are their own */
    uint32_t seen_count;
    uint64_t rows_done; /* of all sheets; the last of them at row_before_us */
    int64_t row_before_us;
    bool in_row;           /* the strategy is asked about a row of a sheet */
    bool same_totals;      /* all histories are of one length */
    bool one_clock;        /* and share one column of stamps */
    bool has_split;        /* some price factor is not 1 */
    uint32_t columns;      /* of the histories: QB_READ_... */
    qb_closed_bar *closed; /* [instrument_count], for rows of a sheet that orders wait for */
    qb_opening *openings;  /* [instrument_count] */
    qb_random random;
    qb_engine_totals totals; /* what can be summed up at the end is not counted on every bar */
    qb_money sizing_equity;  /* what QB_SIZE_AT_FILL sizes are of, at the instant being filled */
    qb_status status;
    uint32_t owner; /* of the orders made now, where several strategies trade */
    bool telling;   /* the strategy is being told of a fill: it decides no bar */
    bool counted;   /* the time stops have counted the bars that close here */
    bool busy;      /* one of the next two */
    bool watches;   /* risk rules look at each close, or it fills what was decided there */
    bool opens_day; /* something is due at the start of an instant: charges, flows, holdings */
    bool halted;    /* the risk rules have closed the gate, and entries were cancelled */
    qb_money flows; /* since the risk rules last looked at equity */
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

INLINED static inline void engine_sink_equity(qb_engine *engine)
{
    qb_money equity;
    qb_status status = qb_portfolio_equity(&engine->portfolio, &equity);
    if (UNLIKELY(status != QB_OK))
        engine_fail(engine, status);
    if (engine->sink.equity != NULL && LIKELY(!engine->stopped || engine->status == QB_OK))
        engine_heard(engine,
                     engine->sink.equity(engine->sink.self, engine->context.now_us, equity));
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
void decide_note(qb_engine *engine, uint32_t instrument, const outcome *outcome);
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

/* ---- costs and models (inline, for they are asked on every fill) ---------------------------- */

static inline const qb_costs *engine_costs(const qb_engine *engine, uint32_t instrument)
{
    return engine->own_costs != NULL ? &engine->own_costs[instrument] : &engine->costs;
}

static inline bool slot_is_stop(const order_slot *slot)
{
    return slot->order.type == QB_STOP || slot->order.type == QB_TRAILING_STOP;
}

/* It fills as a limit order, now. */
static inline bool slot_is_limit(const order_slot *slot)
{
    return slot->order.type == QB_LIMIT || (slot->order.type == QB_STOP_LIMIT && slot->triggered);
}

/* How often slippage counts. */
static inline uint32_t engine_slips(const qb_engine *engine, qb_order_type type)
{
    if ((type != QB_STOP && type != QB_TRAILING_STOP) || engine->fill_model == QB_NEUTRAL)
        return 1;
    return engine->fill_model == QB_PESSIMISTIC ? 2 : 0;
}

static inline int64_t slot_rest(const order_slot *slot)
{
    return slot->order.quantity.raw - slot->order.filled.raw;
}

/* A child without units has nothing to trade; an order without them is sized at its fill. */
static inline bool slot_is_live(const order_slot *slot)
{
    return !slot->sleeping && (slot->order.parent == 0 || slot_rest(slot) != 0);
}

/* An order of known size that cannot increase what is held. */
bool slot_only_reduces(const qb_engine *engine, const order_slot *slot);

/* ---- book.c -------------------------------------------------------------------------------- */

QB_CHECKED qb_status book_init(order_book *book, qb_arena *arena, uint32_t instrument_count);
/* Whether so many more fit. */
bool book_has_room(const order_book *book, uint32_t count);
/* The order in a slot of its own, at the end of both lists. */
uint32_t book_append(qb_engine *engine, const qb_order *order);
/* What follows in the instrument's list, or in the book's, once this one and the children that
 * would end with it are gone. */
uint32_t book_after(const order_book *book, uint32_t slot);
uint32_t book_next(const order_book *book, uint32_t slot);
/* A time stop becomes an order, the newest of all. */
void book_renew(qb_engine *engine, uint32_t slot);
/* Of a child: it may still grow. */
bool book_parent_is_open(const order_book *book, const order_slot *child);
/* The slot of an open order; NO_SLOT: none such. */
uint32_t book_find(const order_book *book, uint64_t id);
void book_tell(qb_engine *engine, const qb_order *order);
/* Ends an open order and frees its slot; what sleeps under it ends with it. */
void orders_end(qb_engine *engine, uint32_t slot, qb_order_status status, qb_reason reason);
void orders_end_all(qb_engine *engine, qb_order_status status, qb_reason reason);
/* Turned away at a price: rejected if nothing of it has filled, else its rest is cancelled. */
void orders_turn_away(qb_engine *engine, uint32_t slot, qb_reason reason);
/* Bars of the instrument that did not come use up the patience of its market orders. */
void orders_miss(qb_engine *engine, uint32_t instrument, uint32_t bars);
/* A split changes what is not yet filled, and all prices. */
void orders_split(qb_engine *engine, uint32_t instrument, qb_split split);
/* Those whose time is over. */
void orders_expire(qb_engine *engine);
/* All that would increase exposure. */
void orders_cancel_entries(qb_engine *engine, qb_reason reason);

/* ---- sizes.c ------------------------------------------------------------------------------- */

/* The price that a size counts on: with a limit the limit itself, else the reference, slipped. */
typedef struct price_basis {
    qb_price reference;
    qb_price limit; /* 0: none */
    uint32_t slips;
} price_basis;

/* True when the size is one; a size that is none disables the strategy. */
bool orders_accept_size(qb_engine *engine, qb_size size);
/* What one unit costs that side. */
QB_CHECKED qb_status size_unit(const qb_engine *engine, uint32_t instrument, qb_side side,
                               const price_basis *basis, qb_price *out);
/* What a size comes to: units for `size` at that equity, fees included, and the signed change
 * (of the position's size, + more) from `held` units of the same side to a target. */
QB_CHECKED qb_status size_units(const qb_engine *engine, uint32_t instrument, qb_side side,
                                qb_size size, qb_money equity, const price_basis *basis,
                                int64_t *out_units);
QB_CHECKED qb_status size_change(const qb_engine *engine, uint32_t instrument, qb_side side,
                                 qb_size size, qb_money equity, const price_basis *basis,
                                 int64_t held, int64_t *out_change);

/* ---- gate.c -------------------------------------------------------------------------------- */

/* An order, or a part of one, that asks to increase exposure. */
typedef struct gate_ask {
    uint32_t instrument;
    qb_side side;
    bool reducible;  /* on shortfall to what fits; else refused */
    int64_t held;    /* units of the same side in front of it, >= 0 */
    int64_t units;   /* > 0, to be added */
    qb_price unit;   /* what one is worth */
    qb_money others; /* sum of |value| of the other positions that count */
    qb_money equity;
    const qb_fee_account *fees; /* of the order's fills so far */
    bool at_fill;
    double stop_distance;
} gate_ask;

/* How many units may pass. The risk rules' verdict goes to the sink, and into the order. */
typedef struct gate_answer {
    int64_t allowed;
    qb_reason reason; /* of a refusal */
} gate_answer;
gate_answer gate_pass(qb_engine *engine, const gate_ask *ask, qb_order *order);
/* The same without the risk rules: nothing is told or counted. */
int64_t gate_margin(const qb_engine *engine, const gate_ask *ask);

/* ---- orders.c ------------------------------------------------------------------------------ */

/* Both answer what to note as the outcome; signal is for the caller. */
outcome orders_target(qb_engine *engine, uint32_t instrument, qb_side side, qb_size size);
outcome orders_submit(qb_engine *engine, uint32_t instrument, qb_side side, qb_size size);
outcome orders_request(qb_engine *engine, const qb_order_request *request);
bool orders_cancel(qb_engine *engine, uint64_t id);
/* A reduce-only market order for all that is held, unless one of that purpose is open. */
void orders_force(qb_engine *engine, uint32_t instrument, qb_purpose purpose);
/* The open order of that purpose; NULL: none. */
const order_slot *orders_forced(const qb_engine *engine, uint32_t instrument, qb_purpose purpose);

/* ---- exits.c ------------------------------------------------------------------------------- */

/* What an order brings along. */
typedef struct bracket {
    exit_terms exits[TIME_STOP];
    uint32_t time_stop_bars;
} bracket;
static inline uint32_t bracket_count(const bracket *bracket)
{
    uint32_t count = bracket->time_stop_bars > 0;
    for (int i = 0; i < TIME_STOP; i++)
        count += bracket->exits[i].kind != QB_EXIT_NONE;
    return count;
}
void exits_submit(qb_engine *engine, uint32_t parent, const bracket *bracket);
/* A fill as the other orders have to know it. */
typedef struct fill_news {
    uint64_t id, group, parent; /* of the order */
    uint32_t instrument, owner;
    qb_price price;
    int64_t units, opened; /* of these: that opened exposure */
    bool in_bar;           /* the bar that holds it has not closed yet */
} fill_news;
/* An open order's children begin to live, and grow. Before the order is ended. */
void exits_grow(qb_engine *engine, uint32_t parent, const fill_news *news);
/* Its group shrinks; with the position go its exits. The order itself may have ended. */
void exits_after(qb_engine *engine, const fill_news *news);
/* The position is flat: what protected it has nothing left to do. */
void exits_close(qb_engine *engine, uint32_t instrument);
/* A bar of the instrument has closed: time stops count. */
void exits_count(qb_engine *engine, uint32_t instrument);
/* The level of a trailing stop from its best price. */
void trail_level(order_slot *slot);
/* A trailing stop sees a price. */
void trail_move(order_slot *slot, qb_price price);

/* ---- fills.c ------------------------------------------------------------------------------- */

/* A price that an order meets. */
typedef struct offer {
    qb_price buy, sell; /* before slippage */
    qb_price limit;     /* 0: none */
    uint32_t slips;
    bool maker;
    bool in_bar;   /* as in fill_news */
    bool finer;    /* on a finer bar, whose volume is its own */
    double volume; /* NaN: unknown */
    int64_t bar_ts_us;
} offer;

/* Lets an order of the book meet a price: it fills, ends, or stays with what is left. */
void fills_meet(qb_engine *engine, candidate candidate, const offer *offer);
/* NULL: it has ended. */
order_slot *fills_find(const qb_engine *engine, candidate candidate);
/* Sizes at the fill are of the equity as it is now. */
void fills_value_account(qb_engine *engine);
/* Orders of one instrument that wait for the opening, or the close, quoted now join the candidates.
 * decided: of the bar that the strategy has just decided on. */
void fills_gather_opening(qb_engine *engine, uint32_t instrument);
void fills_gather_close(qb_engine *engine, uint32_t instrument, bool decided);
/* Fills the candidates, reducing ones first, then by submission. */
void fills_run(qb_engine *engine);

/* ---- path.c -------------------------------------------------------------------------------- */

/* Pieces of a path, numbered through an instrument's run, before its bar has closed: so many
 * bars, so many finer ones. */
#define PATH_PLACES 24
static inline uint64_t path_piece(const qb_engine *engine, uint32_t instrument, uint32_t place)
{
    return ((engine->histories[instrument].total + 1) << PATH_PLACES) | place;
}
/* The last that its bar can have. */
static inline uint64_t path_bar_end(const qb_engine *engine, uint32_t instrument)
{
    return path_piece(engine, instrument, (1u << PATH_PLACES) - 1);
}
/* Whether a limit, or a stop, is reached at a price. */
bool path_limit_reached(const qb_engine *engine, const order_slot *slot, qb_price price);
bool path_stop_reached(const order_slot *slot, qb_price price);
void path_walk(qb_engine *engine, const qb_closed_bar *bars, size_t count);
/* The side of the oldest live order of an instrument; 0: none. */
qb_side path_oldest(const qb_engine *engine, uint32_t instrument);

/* ---- sessions.c ---------------------------------------------------------------------------- */

/* The end of the session under way, else of the next one; INT64_MAX where there is none. */
int64_t session_end_us(const qb_instrument *instrument, int64_t now_us);
/* Whether a bar that opens now is the first of its session, the one before having opened then. */
bool session_opens(const qb_instrument *instrument, int64_t before_us, int64_t now_us);
/* Whether a session of the instrument closes now. */
bool session_closes(const qb_instrument *instrument, int64_t now_us);

/* ---- account.c ----------------------------------------------------------------------------- */

/* At the start of an instant: charges for the days begun, deposits and withdrawals. */
void account_begin(qb_engine *engine, int64_t before_us);
/* At a close where equity may be short: ruin ends the run, a call closes positions. */
void account_review(qb_engine *engine);
/* Before the strategy decides, and after: the risk rules look at equity, and what they ask for is
 * done. */
void account_reopen(qb_engine *engine);
void account_risk(qb_engine *engine);
void account_end_ruined(qb_engine *engine);

/* True when nothing is left: the run ends here. */
static inline bool account_is_ruined(const qb_engine *engine)
{
    const qb_portfolio *portfolio = &engine->portfolio;
    return portfolio->cash.raw <= -portfolio->value.raw;
}

/* Whether the ledger can hold its equity. */
static inline bool account_is_within_range(const qb_engine *engine)
{
    qb_money equity;
    return qb_portfolio_equity(&engine->portfolio, &equity) == QB_OK;
}

/* Without debt and shorts no price can ruin the account, or call for margin. */
static inline bool account_is_safe(const qb_engine *engine)
{
    const qb_portfolio *portfolio = &engine->portfolio;
    return portfolio->cash.raw > 0 && portfolio->value.raw == portfolio->exposure.raw;
}

/* ---- engine.c ------------------------------------------------------------------------------ */

/* After a position has changed: what is held is in the list, and nothing else. */
void engine_note_held(qb_engine *engine, uint32_t instrument);
/* Makes room at the end of a full history. */
void engine_slide(const qb_engine *engine, instrument_state *state);
/* The parts of an instant, for sheet.c and stretch.c. */
void engine_begin_instant(qb_engine *engine, int64_t at_us);
void engine_end_orders(qb_engine *engine);
void engine_close_bars(qb_engine *engine, const qb_closed_bar *bars, size_t count);
void engine_open_bars(qb_engine *engine, const qb_opening *openings, size_t count);
bool engine_settle_account(qb_engine *engine);
void engine_mark(qb_engine *engine, qb_position *position, double price);
void engine_sink_trade(qb_engine *engine, const qb_trade *trade);

/* ---- sheet.c ------------------------------------------------------------------------------- */

/* Whether the run can take whole universes at once. */
bool sheet_fits(const qb_engine *engine);
/* Of the row under way: before anything is known or said of an instrument. */
void sheet_look_at(qb_engine *engine, uint32_t instrument);
/* Bars come that belong to no sheet: each instrument has its own column of stamps again. */
void sheet_part_clocks(qb_engine *engine);
QB_CHECKED qb_status sheet_run(qb_engine *engine, const qb_sheet *sheet);

/* ---- stretch.c ----------------------------------------------------------------------------- */

QB_CHECKED qb_status stretch_run(qb_engine *engine, const qb_stretch *stretch);

/* host.c */
extern const qb_host engine_host;
extern const qb_host engine_row_host; /* while a strategy is asked about a row of a sheet */
/* The strategy's call-backs, guarded. */
void host_on_fill(qb_engine *engine, const qb_fill *fill);

#endif
