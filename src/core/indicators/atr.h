/* True range and its average.
 *
 * True range: max(high, last close) - min(low, last close), in the prices' unit, >= 0. The first
 * bar has no last close: it is left out (TA-Lib, TTR, Stock.Indicators), or its high - low stands
 * in (`first_is_range`: StockCharts). The average is Wilder's, seeded by the mean of the first
 * `period` ranges, or a simple or exponential one; with the first bar left out it is defined from
 * bar number period + 1 on, else one earlier.
 * Wilder, New Concepts in Technical Trading Systems (1978). */
#ifndef QB_ATR_H
#define QB_ATR_H

#include "core/indicators/ema.h"
#include "core/indicators/rolling.h"

static inline double qb_true_range(double high, double low, double last_close)
{
    const double top = high > last_close ? high : last_close;
    const double bottom = low < last_close ? low : last_close;
    return top - bottom;
}

typedef struct qb_atr {
    qb_ema smooth;
    qb_rolling rolling; /* of the simple average */
    qb_average average;
    bool first_is_range;
    bool started;
    double last;  /* close */
    double range; /* true range of the last bar */
} qb_atr;

static inline size_t qb_atr_room(size_t period, qb_average average)
{
    return average == QB_AVERAGE_SIMPLE ? period : 0;
}

/* period >= 1; room of qb_atr_room doubles, may be NULL where none is needed. */
static inline void qb_atr_init(qb_atr *atr, double *room, size_t period, qb_average average,
                               bool first_is_range)
{
    *atr = (qb_atr){.average = average, .first_is_range = first_is_range};
    if (average == QB_AVERAGE_SIMPLE)
        qb_rolling_init(&atr->rolling, room, period);
    else if (average == QB_AVERAGE_WILDER)
        qb_wilder_init(&atr->smooth, period, QB_SEED_SMA);
    else
        qb_ema_init(&atr->smooth, period, QB_SEED_SMA);
}

static inline void qb_atr_add(qb_atr *atr, double high, double low, double close)
{
    atr->range = atr->started ? qb_true_range(high, low, atr->last) : high - low;
    if (atr->started || atr->first_is_range) {
        if (atr->average == QB_AVERAGE_SIMPLE)
            qb_rolling_add(&atr->rolling, atr->range);
        else
            qb_ema_add(&atr->smooth, atr->range);
    }
    atr->last = close;
    atr->started = true;
}

static inline bool qb_atr_ready(const qb_atr *atr)
{
    return atr->average == QB_AVERAGE_SIMPLE ? atr->rolling.full : qb_ema_ready(&atr->smooth);
}

static inline double qb_atr_value(const qb_atr *atr)
{
    return atr->average == QB_AVERAGE_SIMPLE ? qb_rolling_mean(&atr->rolling) : atr->smooth.value;
}

#endif
