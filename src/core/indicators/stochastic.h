/* Lane's stochastic: where the close stands between the lowest low and the highest high of the
 * last `period` bars, 0 .. 100, no unit; a flat window is 50.
 *
 * raw is that figure; K is its mean over `smooth` bars (1: the fast stochastic), D the mean of K
 * over `signal`. raw is defined from bar number `period` on, K smooth - 1 bars later, D signal - 1
 * after that. Williams' %R is raw - 100.
 * Lane, Lane's Stochastics (1984); Williams, How I Made One Million Dollars (1973). */
#ifndef QB_STOCHASTIC_H
#define QB_STOCHASTIC_H

#include "core/indicators/extremes.h"
#include "core/indicators/rolling.h"

typedef struct qb_stochastic {
    qb_extremes extremes;
    qb_rolling k, d;
    double raw;
} qb_stochastic;

static inline size_t qb_stochastic_room(size_t period, size_t smooth, size_t signal)
{
    return qb_extremes_room(period) + smooth + signal;
}

/* Periods >= 1. */
static inline void qb_stochastic_init(qb_stochastic *stochastic, double *room, size_t period,
                                      size_t smooth, size_t signal)
{
    *stochastic = (qb_stochastic){.raw = 0.0};
    qb_extremes_init(&stochastic->extremes, room, period);
    qb_rolling_init(&stochastic->k, room + qb_extremes_room(period), smooth);
    qb_rolling_init(&stochastic->d, room + qb_extremes_room(period) + smooth, signal);
}

/* Where close stands between low and high, 0 .. 100; 50 where they are equal. */
static inline double qb_stochastic_place(double close, double low, double high)
{
    return high > low ? 100.0 * (close - low) / (high - low) : 50.0;
}

static inline void qb_stochastic_add(qb_stochastic *stochastic, double high, double low,
                                     double close)
{
    const qb_extremes *extremes = &stochastic->extremes;
    qb_extremes_add(&stochastic->extremes, high, low);
    if (!extremes->full)
        return;
    stochastic->raw = qb_stochastic_place(close, extremes->lowest, extremes->highest);
    qb_rolling_add(&stochastic->k, stochastic->raw);
    if (stochastic->k.full)
        qb_rolling_add(&stochastic->d, qb_rolling_mean(&stochastic->k));
}

static inline bool qb_stochastic_raw_ready(const qb_stochastic *stochastic)
{
    return stochastic->extremes.full;
}

static inline bool qb_stochastic_k_ready(const qb_stochastic *stochastic)
{
    return stochastic->k.full;
}

/* All three are defined. */
static inline bool qb_stochastic_ready(const qb_stochastic *stochastic)
{
    return stochastic->d.full;
}

static inline double qb_stochastic_k(const qb_stochastic *stochastic)
{
    return qb_rolling_mean(&stochastic->k);
}

static inline double qb_stochastic_d(const qb_stochastic *stochastic)
{
    return qb_rolling_mean(&stochastic->d);
}

#endif
