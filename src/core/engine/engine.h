/* The event loop that backtest, replay and paper share.
 *
 * In: instants, each with the bars that became known and the first prices of new bars. Out:
 * orders, fills, trades, equity and decisions, to a sink. The engine is a pure function of
 * (instants, strategy, parameters, costs, seed): it has no clock, no files, no threads. Time is
 * what the instants say; they must ascend.
 *
 * Within one instant: (1) bars that became known are appended to the histories and mark their
 * instruments; (2) orders that wait for a close are filled; (3) the strategy decides, instrument
 * by instrument, and with QB_FILL_CLOSE its orders are filled; (4) equity is sunk; (5) bars that
 * open bring splits and dividends, mark their instruments and fill the waiting orders. Orders
 * that fill together go reducing ones first, then in order of submission. Equity <= 0 after (2)
 * or at the openings of (5) ends the run. */
#ifndef QB_ENGINE_H
#define QB_ENGINE_H

#include "core/engine/strategy.h"
#include "core/portfolio/portfolio.h"

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
} qb_stretch;

/* A source of instants. next returns false at the end. The instant is borrowed until the next
 * call. Where `stretch` is not NULL it is asked first, and false means: not here, call next. Live
 * feeds do not use this: they push into qb_engine_step. */
typedef struct qb_feed {
    void *self;
    bool (*next)(void *self, qb_instant *out_instant);
    bool (*stretch)(void *self, qb_stretch *out_stretch);
} qb_feed;

/* Merges series by the moment their bars become known; ties by instrument. Bars outside the
 * calendar's sessions, and bars with a price that is none, are left out and counted. The series
 * are borrowed and must stay. */
typedef struct qb_series_feed qb_series_feed;
QB_CHECKED qb_status qb_series_feed_new(const qb_instrument *instruments, const qb_series *series,
                                        size_t instrument_count, qb_series_feed **out_feed);
void qb_series_feed_free(qb_series_feed *feed);
qb_feed qb_series_feed_as_feed(qb_series_feed *feed);
/* Bars left out so far because they stand in no session. */
uint64_t qb_series_feed_skipped(const qb_series_feed *feed, uint32_t instrument);
/* Bars left out so far because a price of theirs is not finite or not positive. */
uint64_t qb_series_feed_unpriced(const qb_series_feed *feed, uint32_t instrument);

/* ---- what goes out ------------------------------------------------------------------------ */

typedef enum qb_stage {
    QB_STAGE_WARMUP,
    QB_STAGE_NO_SIGNAL,
    QB_STAGE_HELD,
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
    uint64_t order_id; /* QB_STAGE_ORDERED and QB_STAGE_REFUSED: the first order; 0: none made */
} qb_decision;

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
} qb_sink;

/* ---- the run ------------------------------------------------------------------------------ */

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
} qb_engine_config;

typedef struct qb_engine_totals {
    uint64_t bars, orders, fills, trades, rejected, expired, cancelled;
    uint64_t bars_held; /* bars with a position, summed over instruments */
    qb_money cash, equity, realised, unrealised, fees, dividends, in_lieu;
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
