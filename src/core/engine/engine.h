/* The event loop that backtest, replay and paper share.
 *
 * In: instants, each with the bars that became known and the first prices of new bars. Out:
 * orders, fills, trades, equity and decisions, to a sink. The engine is a pure function of
 * (instants, strategy, parameters, costs, seed): it has no clock, no files, no threads. Time is
 * what the instants say; they must ascend.
 *
 * Within one instant: (1) bars that became known are appended to the histories and mark their
 * instruments; (2) orders that fill at a close do; (3) equity is sunk; (4) the strategy decides,
 * instrument by instrument; (5) bars that open fill the waiting orders, reducing ones first. */
#ifndef QB_ENGINE_H
#define QB_ENGINE_H

#include "core/engine/strategy.h"
#include "core/portfolio/portfolio.h"

/* ---- what comes in ------------------------------------------------------------------------ */

typedef struct qb_closed_bar {
    uint32_t instrument;
    uint32_t bars_missed; /* expected by the calendar since the bar before, and absent */
    qb_bar bar;
} qb_closed_bar;

/* The first price of a new bar: its open in a backtest, the first price seen in paper. */
typedef struct qb_opening {
    uint32_t instrument;
    uint32_t bars_missed;
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

/* A source of instants. next returns false at the end. The instant is borrowed until the next
 * call. Live feeds do not use this: they push into qb_engine_step. */
typedef struct qb_feed {
    void *self;
    bool (*next)(void *self, qb_instant *out_instant);
} qb_feed;

/* Merges series by the moment their bars become known; ties by instrument. Bars outside the
 * calendar's sessions are skipped and counted. The series are borrowed and must stay. */
typedef struct qb_series_feed qb_series_feed;
QB_CHECKED qb_status qb_series_feed_new(const qb_instrument *instruments, const qb_series *series,
                                        size_t instrument_count, qb_series_feed **out_feed);
void qb_series_feed_free(qb_series_feed *feed);
qb_feed qb_series_feed_as_feed(qb_series_feed *feed);
/* Bars left out because they stand in no session. */
uint64_t qb_series_feed_skipped(const qb_series_feed *feed, uint32_t instrument);

/* ---- what goes out ------------------------------------------------------------------------ */

typedef enum qb_stage {
    QB_STAGE_WARMUP,
    QB_STAGE_NO_SIGNAL,
    QB_STAGE_HELD,
    QB_STAGE_REFUSED,
    QB_STAGE_ORDERED
} qb_stage;
const char *qb_stage_text(qb_stage stage);

/* Consecutive bars of one instrument with the same outcome. */
typedef struct qb_decision {
    uint32_t instrument;
    int64_t first_us, last_us; /* when the first and last of these bars were known */
    uint64_t bars;
    double signal; /* what the strategy wished; NaN: nothing yet */
    qb_stage stage;
    qb_reason reason;
    uint64_t order_id; /* QB_STAGE_ORDERED and QB_STAGE_REFUSED */
} qb_decision;

/* Every member may be NULL. A status other than QB_OK stops the run with QB_SINK_FAILED.
 * Pointers are borrowed until the call returns. */
typedef struct qb_sink {
    void *self;
    qb_status (*order)(void *self, const qb_order *order); /* on submission and on its end */
    qb_status (*fill)(void *self, const qb_fill *fill);
    qb_status (*trade)(void *self, const qb_trade *trade); /* closed: flat to flat */
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
    qb_rate leverage;  /* 1.0: none */
    uint32_t patience; /* k: missed bars after which a market order expires; 5 */
    uint64_t seed;
} qb_engine_config;

typedef struct qb_engine_totals {
    uint64_t bars, orders, fills, trades, rejected, expired, cancelled;
    uint64_t bars_held; /* bars with a position, summed over instruments */
    qb_money cash, equity, realised, unrealised, fees;
    qb_money traded; /* both sides' notional */
    bool bankrupt;
    int64_t first_us, last_us; /* first and last instant with a bar */
} qb_engine_totals;

typedef struct qb_engine qb_engine;

/* QB_OUT_OF_RANGE for a configuration that cannot be run, QB_BAD_STRATEGY when init fails. */
QB_CHECKED qb_status qb_engine_new(const qb_engine_config *config, const qb_sink *sink,
                                   qb_engine **out_engine);
QB_CHECKED qb_status qb_engine_step(qb_engine *engine, const qb_instant *instant);
/* Steps until the feed ends or the account is bankrupt. */
QB_CHECKED qb_status qb_engine_run(qb_engine *engine, const qb_feed *feed);
/* Ends open orders (end-of-data), flushes decisions. Positions stay open and marked. */
QB_CHECKED qb_status qb_engine_finish(qb_engine *engine);
void qb_engine_totals_get(const qb_engine *engine, qb_engine_totals *out);
const qb_portfolio *qb_engine_portfolio(const qb_engine *engine);
void qb_engine_free(qb_engine *engine);

#endif
