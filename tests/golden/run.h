/* Runs instruments through the engine and keeps what a published run can be compared with. A
 * test describes the run as a user would: texts for parameters and amounts. Anything that cannot
 * be run ends the test program, for the cases are known. */
#ifndef GOLDEN_RUN_H
#define GOLDEN_RUN_H

#include "columns.h"
#include "core/engine/engine.h"
#include "tap.h"

#include <jansson.h>

typedef struct golden_spec {
    const char *calendar, *strategy;
    qb_interval interval;
    const char *params[6];                                    /* "name=value", NULL-terminated */
    const char *cash, *fee_rate, *fee_per_unit, *fee_minimum; /* NULL: 0 */
    qb_size size;
    const qb_strategy *own; /* of the test, without parameters; NULL: the built-in `strategy` */
    qb_fill_at fill_at;     /* next open unless set */
    const char *multiplier, *leverage; /* NULL: 1 */
    qb_fill_model fill_model;          /* neutral unless set */
    const char *slippage;              /* fraction of the price; NULL: 0 */
    const char *quadratic_impact;      /* zipline's price_impact; NULL: 0 */
    const char *volume_cap;            /* share of a bar's volume; NULL: off */
    const char *lot;                   /* NULL: 1 */
} golden_spec;

typedef struct golden_run {
    qb_order *orders; /* each as it ended, [id - 1] */
    qb_fill *fills;
    qb_trade *trades; /* closed ones */
    double *equity;   /* after each bar */
    size_t order_count, fill_count, trade_count, equity_count;
    qb_engine_totals totals;
    qb_position position; /* at the end */
    int overtaken;        /* side of an opening order that the end of the data overtook; 0: none */
    uint64_t skipped;     /* bars that the calendar refused, or without a price */
} golden_run;

/* The caller clears the run. */
golden_run golden_run_series(const golden_spec *spec, const qb_series *series);
/* Several instruments of equal kind; equity has a value per instant, skipped counts all of them. */
golden_run golden_run_universe(const golden_spec *spec, const qb_series *series, uint32_t count);
void golden_run_clear(golden_run *run);

/* The folder of the shared data, or NULL with a line for SKIP. */
const char *golden_shared(void);
#define GOLDEN_ABSENT "needs the shared data (QUANTBOT_SHARED with a folder data)"
/* tests/golden/data of the source tree, which every clone has. */
const char *golden_own(void);

/* Bars from a CSV file with columns `stamp`, open, high, low, close and perhaps volume, in the
 * file's order but sorted where that is not ascending. */
qb_series golden_series(const char *folder, const char *path, const char *stamp);
json_t *golden_json(const char *folder, const char *path);
/* Member `key`, which must be there; the text is borrowed. */
const char *golden_text(const json_t *object, const char *key);
double golden_number(const json_t *object, const char *key);
/* Exact decimal text in 1e-8 units. */
int64_t golden_raw(const char *text);
/* "2006-01-27" as the instant its day begins. */
int64_t golden_time(const char *text);

#endif
