/* A laboratory for engine tests: short series by hand, a strategy that is a function of the test,
 * and a listener that keeps every event and checks, at each of them, what must always hold:
 *
 *   - the ledger, with all sums taken anew;
 *   - an order is told open once, or refused once, and ends exactly once; its fills add up to
 *     what it says was filled, and it is FILLED exactly when nothing is left of it;
 *   - ids count 1, 2, 3; times never go back. */
#ifndef LAB_H
#define LAB_H

#include "core/engine/engine.h"
#include "strategies/strategies.h"
#include "tap.h"

typedef void (*lab_on_bar)(const qb_context *context, uint32_t instrument);
typedef void (*lab_on_fill)(const qb_context *context, const qb_fill *fill);

typedef struct lab_order {
    qb_order first, last; /* as told first and last */
    int told;
    int64_t filled; /* sum of its fills, unsigned */
} lab_order;

typedef struct lab_point {
    int64_t at_us;
    int64_t equity;
} lab_point;

typedef struct lab {
    lab_order *orders;
    qb_fill *fills;
    qb_trade *trades;
    lab_point *equity;
    qb_decision *decisions;
    qb_flow *flows;
    qb_risk_event *risks;
    size_t flow_count, risk_count;
    size_t order_count, fill_count, trade_count, equity_count, decision_count;
    qb_engine_totals totals;
    qb_status status;
    uint64_t hash; /* of every event, in order */
    qb_engine *engine;
    int64_t last_us;
    int broken; /* checks failed, told once */
} lab;

/* A run as tests like it: 10,000 of cash, no costs, one unit per signal, next open, patience 5.
 * The strategy is `lab_strategy`, which calls what the test has set below. */
qb_engine_config lab_config(const qb_instrument *instruments, uint32_t count);
extern const qb_strategy lab_strategy;
extern lab_on_bar lab_bar;
extern lab_on_fill lab_fill; /* NULL: none */
extern size_t lab_warmup;

/* A coin with whole lots on the 24/7 calendar, or the same with the exchange's days. */
qb_instrument lab_coin(qb_interval interval);
qb_instrument lab_share(void);

/* One bar a day from 2020-01-01 on (0 is that day), open and close as given, volume unknown. */
void lab_day(qb_series *series, int day, double open, double close);

/* The same with extremes and volume. */
void lab_bar_day(qb_series *series, int day, double open, double high, double low, double close,
                 double volume);

/* Runs to the end of the series and finishes. Clear the result. */
lab lab_run(const qb_engine_config *config, const qb_series *series);
/* The same, but every instant goes through qb_engine_step: no stretches, no sheets. */
lab lab_run_stepwise(const qb_engine_config *config, const qb_series *series);
void lab_clear(lab *lab);

#define LAB_RAW(amount) ((int64_t)((amount)*1e8 + ((amount) < 0 ? -0.5 : 0.5)))
#define LAB_START INT64_C(1577836800000000) /* 2020-01-01 */

/* ---- words of the cases ------------------------------------------------------------------- */

/* The test's strategy from here on: warm-up 1, no on_fill. */
void lab_use(lab_on_bar bar);
/* The bar being decided: total - 1 of the instrument that asks. */
uint64_t lab_bar_index(const qb_context *context, uint32_t instrument);
/* Signals 1 on every bar. */
void lab_always_long(const qb_context *context, uint32_t instrument);
/* One order on the first bar: what, the test says in these. */
extern qb_side lab_once_side;
extern qb_size lab_once_size;
extern uint64_t lab_once_id;
void lab_order_once(const qb_context *context, uint32_t instrument);
qb_size lab_units(double amount);
/* Opens 10, 20, 30 ...; closes one above. The caller clears it. */
qb_series lab_stairs(int count);
void lab_check_fill(const lab *lab, size_t index, int day, double units_signed, double price);
void lab_check_order(const lab *lab, size_t index, qb_order_status status, qb_reason reason);

#endif
