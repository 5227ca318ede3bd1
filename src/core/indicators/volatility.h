/* Volatility of the last `period` bars per bar, as a fraction: 0.01 is 1 %. Times the square root
 * of the bars in a year it is annual. >= 0; a flat window is 0.
 *
 * Close to close: the deviation of log returns, from bar number period + 1 on (ddof as in
 * deviation.h). Parkinson: sqrt(mean(ln(high / low)^2) / (4 ln 2)). Garman and Klass:
 * sqrt(mean(ln(high / low)^2 / 2 - (2 ln 2 - 1) ln(close / open)^2)), both from bar number `period`
 * on. The range estimators assume no gaps and no drift, and are biased low on few trades a bar.
 * Prices must be > 0.
 * Parkinson, The Extreme Value Method (1980); Garman and Klass, On the Estimation of Security Price
 * Volatilities from Historical Data (1980). */
#ifndef QB_VOLATILITY_H
#define QB_VOLATILITY_H

#include "core/indicators/deviation.h"
#include "core/indicators/rolling.h"

#include <math.h>

#define QB_LN_2 0.69314718055994530942

typedef struct qb_close_volatility {
    qb_deviation deviation; /* of log returns */
    bool started;
    double last;
} qb_close_volatility;

static inline size_t qb_close_volatility_room(size_t period)
{
    return qb_deviation_room(period);
}

static inline void qb_close_volatility_init(qb_close_volatility *volatility, double *room,
                                            size_t period)
{
    *volatility = (qb_close_volatility){.started = false};
    qb_deviation_init(&volatility->deviation, room, period);
}

static inline void qb_close_volatility_add(qb_close_volatility *volatility, double close)
{
    if (volatility->started)
        qb_deviation_add(&volatility->deviation, log(close / volatility->last));
    volatility->last = close;
    volatility->started = true;
}

static inline bool qb_close_volatility_ready(const qb_close_volatility *volatility)
{
    return volatility->deviation.full;
}

static inline double qb_close_volatility_value(const qb_close_volatility *volatility, size_t ddof)
{
    return qb_deviation_value(&volatility->deviation, ddof);
}

/* What a bar adds to Parkinson's and to Garman and Klass's variance. */
static inline double qb_parkinson_term(double high, double low)
{
    const double range = log(high / low);
    return range * range / (4.0 * QB_LN_2);
}

static inline double qb_garman_klass_term(double open, double high, double low, double close)
{
    const double range = log(high / low), move = log(close / open);
    return 0.5 * range * range - (2.0 * QB_LN_2 - 1.0) * move * move;
}

/* Of the mean of either's terms in a qb_rolling; Garman and Klass's can be negative: then 0. */
static inline double qb_range_volatility(const qb_rolling *terms)
{
    const double variance = qb_rolling_mean(terms);
    return variance > 0.0 ? __builtin_sqrt(variance) : 0.0;
}

#endif
