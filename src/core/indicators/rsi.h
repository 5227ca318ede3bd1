/* Wilder's relative strength index: 100 U / (U + D), U and D the averages of the rises and of the
 * falls from bar to bar. 0 .. 100, no unit; a window without any change is 50.
 *
 * average: Wilder's (alpha 1/n), exponential (2/(n+1)) or simple (Cutler's). With QB_SEED_SMA and
 * for the simple one it is defined from value number period + 1 on, since the first change needs
 * two values. With QB_SEED_FIRST the first bar counts as a change of 0, as in Python's ta, and it
 * is defined from value number `period` on.
 * Wilder, New Concepts in Technical Trading Systems (1978). */
#ifndef QB_RSI_H
#define QB_RSI_H

#include "core/indicators/ema.h"
#include "core/indicators/rolling.h"

typedef struct qb_rsi {
    qb_ema up, down;
    qb_rolling rises, falls; /* of the simple average */
    qb_average average;
    qb_seed seed;
    double last;
    size_t period;
    size_t count; /* values in, up to what makes it ready */
} qb_rsi;

/* Doubles of room: only the simple average needs any. */
static inline size_t qb_rsi_room(size_t period, qb_average average)
{
    return average == QB_AVERAGE_SIMPLE ? 2 * period : 0;
}

/* period >= 1; room may be NULL where none is needed. */
static inline void qb_rsi_init(qb_rsi *rsi, double *room, size_t period, qb_average average,
                               qb_seed seed)
{
    *rsi = (qb_rsi){.average = average, .seed = seed, .period = period};
    const double alpha = average == QB_AVERAGE_WILDER ? 1.0 / (double)period
                                                      : 2.0 / ((double)period + 1.0);
    qb_ema_init_alpha(&rsi->up, alpha, period, seed);
    qb_ema_init_alpha(&rsi->down, alpha, period, seed);
    if (average == QB_AVERAGE_SIMPLE) {
        rsi->seed = QB_SEED_SMA;
        qb_rolling_init(&rsi->rises, room, period);
        qb_rolling_init(&rsi->falls, room + period, period);
    }
}

static inline void qb_rsi_change(qb_rsi *rsi, double change)
{
    const double up = change > 0.0 ? change : 0.0, down = change < 0.0 ? -change : 0.0;
    if (rsi->average == QB_AVERAGE_SIMPLE) {
        qb_rolling_add(&rsi->rises, up);
        qb_rolling_add(&rsi->falls, down);
    } else {
        qb_ema_add(&rsi->up, up);
        qb_ema_add(&rsi->down, down);
    }
}

/* Bars before it is defined, the defined one included. */
static inline size_t qb_rsi_warmup(const qb_rsi *rsi)
{
    return rsi->seed == QB_SEED_FIRST ? rsi->period : rsi->period + 1;
}

static inline void qb_rsi_add(qb_rsi *rsi, double value)
{
    if (rsi->count > 0)
        qb_rsi_change(rsi, value - rsi->last);
    else if (rsi->seed == QB_SEED_FIRST)
        qb_rsi_change(rsi, 0.0);
    rsi->last = value;
    rsi->count += rsi->count < qb_rsi_warmup(rsi);
}

static inline bool qb_rsi_ready(const qb_rsi *rsi)
{
    return rsi->count == qb_rsi_warmup(rsi);
}

static inline double qb_rsi_value(const qb_rsi *rsi)
{
    const bool simple = rsi->average == QB_AVERAGE_SIMPLE;
    const double up = simple ? rsi->rises.sum : rsi->up.value;
    const double all = up + (simple ? rsi->falls.sum : rsi->down.value);
    return all > 0.0 ? 100.0 * (up / all) : 50.0;
}

#endif
