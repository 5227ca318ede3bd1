/* The event loop that backtest, replay and paper share.
 *
 * In: instants, each with the bars that became known and the first prices of new bars. Out:
 * orders, fills, trades, equity and decisions, to a sink. The engine is a pure function of
 * (instants, strategy, parameters, costs, seed): it has no clock, no files, no threads. Time is
 * what the instants say; they must ascend.
 *
 * docs/FILLS.md says what happens within one instant, in which order, and when an order fills. */
#ifndef QB_ENGINE_H
#define QB_ENGINE_H

#include "core/engine/strategy.h"
#include "core/portfolio/portfolio.h"
#include "core/risk/risk.h"

/* ---- what comes in ------------------------------------------------------------------------ */

/* Prices lie within QB_PRICE_MIN and QB_PRICE_MAX: a price that is none belongs refused before it
 * gets here. */
#define QB_PRICE_MIN 1e-8
#define QB_PRICE_MAX 9e10

/* Its dividend and split_factor are not read: the opening has brought them. */
typedef struct qb_closed_bar {
    uint32_t instrument;
    uint32_t bars_missed; /* expected by the calendar since the bar before, and absent */
    qb_bar bar;
    double bid, ask;       /* at the close; 0, NaN: unknown, the close stands for both */
    const qb_bar *details; /* the finer bars within it, oldest first; NULL: it is walked itself */
    size_t detail_count;
} qb_closed_bar;

/* The first price of a new bar: its open in a backtest, the first price seen in paper. Every bar
 * has one, before the instant that closes it. */
typedef struct qb_opening {
    uint32_t instrument;
    uint32_t bars_missed; /* as above; they use up the patience of waiting orders */
    double price;
    double volume; /* of the whole bar where it is known, for the volume cap; NaN else */
    int64_t bar_ts_us;
    double dividend, split_factor; /* in force from this opening on; 0 and 1 else */
    int32_t flags;
    double bid, ask; /* 0, NaN: unknown, the price stands for both */
} qb_opening;

typedef struct qb_instant {
    int64_t at_us;
    const qb_closed_bar *bars; /* ascending instrument */
    size_t bar_count;
    const qb_opening *openings; /* ascending instrument */
    size_t opening_count;
} qb_instant;

/* Many instants of one instrument at once: rows that follow each other without a gap, each
 * becoming known (at ts + interval) as the next one opens; no dividends, splits or flags. Row 0
 * has opened before; rows 0 .. count - 1 close, rows 1 .. count open. It means the same as its
 * instants one by one, and only spares their making. Columns are borrowed until the next call. */
typedef struct qb_stretch {
    uint32_t instrument;
    int64_t interval_us;
    const int64_t *ts_us;                    /* [count + 1] */
    const double *open, *high, *low, *close; /* [count + 1] */
    const double *volume;                    /* [count + 1], or NULL: unknown */
    size_t count;
    size_t beyond; /* rows that stand behind these: called for ahead of time, and not looked at */
} qb_stretch;

/* Many instants of a whole universe at once: rows that all its instruments have, with the same
 * stamps, and that stand in each series at the same place; no dividends, splits, flags or quotes.
 * Row `first` has opened before; rows first .. first + count - 1 close, each at its time, and after
 * each the next one opens. It means the same as its instants one by one, and only spares their making.
 * Borrowed until the next call. */
typedef struct qb_sheet {
    const qb_series *series;  /* [instrument_count] */
    const qb_bar_time *times; /* [count + 1] */
    const uint32_t *missed;   /* [count + 1]: bars expected before that row, and absent */
    size_t first, count;
    bool last; /* no row opens after the last of them: times and missed have [count] entries */
} qb_sheet;

/* A source of instants. next returns false at the end. The instant is borrowed until the next
 * call. `stretch` and `sheet` may be NULL; they are asked first, and false means: not here, call
 * next. Live feeds do not use this: they push into qb_engine_step. */
typedef struct qb_feed {
    void *self;
    bool (*next)(void *self, qb_instant *out_instant);
    bool (*stretch)(void *self, qb_stretch *out_stretch);
    bool (*sheet)(void *self, qb_sheet *out_sheet);
} qb_feed;

/* Merges series by the moment their bars become known; ties by instrument. Bars outside the
 * calendar's sessions, and bars with a price that is none, are left out and counted. bid and ask of
 * a series are those at a bar's close: openings have none. The series are borrowed and must stay. */
typedef struct qb_series_feed qb_series_feed;
QB_CHECKED qb_status qb_series_feed_new(const qb_instrument *instruments, const qb_series *series,
                                        size_t instrument_count, qb_series_feed **out_feed);
void qb_series_feed_free(qb_series_feed *feed);
qb_feed qb_series_feed_as_feed(qb_series_feed *feed);
/* Finer bars of the same instruments, for the paths of their bars: [instrument_count], all of that
 * interval; a series may be empty. Those that open within a bar's own time and are over with it, stand
 * in a session and have prices are its details, where together they reach just its high and low; a
 * bar that they do not cover has none, and is counted. Before the first instant; borrowed as above.
 * QB_OUT_OF_RANGE for an interval that is not finer than each instrument's, QB_NO_MEMORY. */
QB_CHECKED qb_status qb_series_feed_detail(qb_series_feed *feed, const qb_series *finer,
                                           qb_interval interval);
/* Bars left out so far because they stand in no session. */
uint64_t qb_series_feed_skipped(const qb_series_feed *feed, uint32_t instrument);
/* Bars so far without details. */
uint64_t qb_series_feed_uncovered(const qb_series_feed *feed, uint32_t instrument);
/* Bars left out so far because a price of theirs is not finite or not positive. */
uint64_t qb_series_feed_unpriced(const qb_series_feed *feed, uint32_t instrument);

/* ---- what goes out ------------------------------------------------------------------------ */

typedef enum qb_stage {
    QB_STAGE_WARMUP,
    QB_STAGE_NO_SIGNAL,
    QB_STAGE_HELD,
    QB_STAGE_FILTERED,
    QB_STAGE_REFUSED,
    QB_STAGE_ORDERED
} qb_stage;
const char *qb_stage_text(qb_stage stage);

/* Consecutive bars of one instrument with the same outcome. A wish that is overtaken on the same
 * bar, or made while no bar of its instrument closed, has a record of its own with bars 0. */
typedef struct qb_decision {
    uint32_t instrument;
    int64_t first_us, last_us; /* when the first and last of these bars were known */
    uint64_t bars;
    double signal; /* what the strategy wished: strength, or signed amount; NaN: nothing yet */
    qb_stage stage;
    qb_reason reason;
    uint64_t order_id;  /* QB_STAGE_ORDERED and QB_STAGE_REFUSED: the first order; 0: none made */
    const char *filter; /* QB_STAGE_FILTERED: the strategy's name for it; else NULL */
} qb_decision;

/* Money that came from outside or went there. */
typedef struct qb_flow {
    int64_t at_us;
    qb_money amount; /* < 0: withdrawn */
    qb_money equity; /* before it */
    bool refused;    /* a withdrawal that there was no equity for */
} qb_flow;

/* Every member may be NULL. A status other than QB_OK stops the run with QB_SINK_FAILED.
 * Pointers are borrowed until the call returns. */
typedef struct qb_sink {
    void *self;
    /* On submission and on its end; an order refused at once is told once. */
    qb_status (*order)(void *self, const qb_order *order);
    qb_status (*fill)(void *self, const qb_fill *fill);
    qb_status (*trade)(void *self, const qb_trade *trade); /* closed: flat to flat */
    /* After the decisions of each instant at which a bar closed. An opening that ruins the account
     * tells it once more: the last point then may have the stamp of the one before. */
    qb_status (*equity)(void *self, int64_t at_us, qb_money equity);
    qb_status (*decision)(void *self, const qb_decision *decision);
    qb_status (*flow)(void *self, const qb_flow *flow);
    /* A rule refused, reduced, flattened, suspended or halted. */
    qb_status (*risk)(void *self, const qb_risk_event *event);
} qb_sink;

/* ---- the run ------------------------------------------------------------------------------ */

typedef struct qb_deposit {
    int64_t at_us;   /* booked at the first instant at or after it */
    qb_money amount; /* < 0: a withdrawal */
} qb_deposit;

typedef struct qb_holding {
    uint32_t instrument;
    qb_quantity quantity;
    qb_price price; /* average cost */
} qb_holding;

/* A macro series as known at an instant: NaN for nothing yet. Pure. */
typedef struct qb_macro_feed {
    void *self;
    double (*at)(void *self, int64_t at_us);
} qb_macro_feed;

typedef struct qb_engine_config {
    const qb_instrument *instruments; /* borrowed for the run */
    uint32_t instrument_count;
    const qb_strategy *strategy;
    const double *params; /* [strategy->param_count], copied */
    qb_money cash;
    qb_costs costs;
    qb_size size; /* of a signal of strength 1, per instrument */
    qb_fill_at fill_at;
    qb_rate leverage;  /* 1.0: none; at most 100 */
    uint32_t patience; /* k >= 1: missed bars after which a market order expires; 5 */
    uint64_t seed;
    /* What follows is off when zero. */
    qb_fill_model fill_model;
    const qb_costs
        *instrument_costs;      /* [instrument_count], in place of costs; NULL: costs for all */
    qb_rate borrow, interest;   /* a year: on shorts, on debit */
    bool maintenance_off;       /* nobody is called */
    qb_rate maintenance;        /* 0: the rule of docs/FILLS.md */
    const qb_deposit *deposits; /* [deposit_count], ascending at_us, borrowed for the run */
    size_t deposit_count;
    const qb_holding *holdings; /* [holding_count]: what the run begins with */
    size_t holding_count;
    const qb_risk_config *risk;  /* NULL: every rule off */
    const qb_macro_feed *macros; /* [macro_count] */
    uint32_t macro_count;
} qb_engine_config;

typedef struct qb_engine_totals {
    uint64_t bars, orders, fills, trades, rejected, expired, cancelled;
    uint64_t bars_held; /* bars with a position, summed over instruments */
    qb_money cash, equity, realised, unrealised, fees, dividends, in_lieu;
    qb_money deposits, borrow, interest;
    qb_money traded; /* both sides' notional */
    bool bankrupt;
    bool disabled;             /* the strategy gave a size that is none and was asked no more */
    int64_t first_us, last_us; /* first and last instant with a bar; 0 when there was none */
} qb_engine_totals;

typedef struct qb_engine qb_engine;

/* QB_OUT_OF_RANGE for a configuration that cannot be run; QB_BAD_STRATEGY when the strategy, its
 * parameters or its init are at fault, QB_NO_MEMORY. sink is copied; NULL: nobody listens. */
QB_CHECKED qb_status qb_engine_new(const qb_engine_config *config, const qb_sink *sink,
                                   qb_engine **out_engine);
/* QB_OUT_OF_ORDER (time, or instruments within the instant) and QB_OUT_OF_RANGE (a price, split
 * or dividend that is none) refuse the instant whole: the engine is as before and goes on. Any
 * other failure is final, and every later call returns it. After bankruptcy nothing happens. */
QB_CHECKED qb_status qb_engine_step(qb_engine *engine, const qb_instant *instant);
/* Steps until the feed ends or the account is bankrupt. */
QB_CHECKED qb_status qb_engine_run(qb_engine *engine, const qb_feed *feed);
/* Ends open orders (end-of-data), flushes decisions, checks the ledger in full (QB_BROKEN).
 * Positions stay open and marked. No step may follow; again does nothing. */
QB_CHECKED qb_status qb_engine_finish(qb_engine *engine);
void qb_engine_totals_get(const qb_engine *engine, qb_engine_totals *out);
const qb_portfolio *qb_engine_portfolio(const qb_engine *engine);
void qb_engine_free(qb_engine *engine);

#endif
