/* Bollinger bands: the mean of the last `period` values, and `width` deviations above and below.
 *
 * Unit of the values. Bollinger takes the population's deviation (ddof 0). %b is where the last
 * value stands, 0 at the lower and 1 at the upper band; bandwidth is (upper - lower) / middle. A
 * flat window: both bands on the middle, %b 0.5, bandwidth 0. Defined from value number `period`.
 * Bollinger, Bollinger on Bollinger Bands (2001). */
#ifndef QB_BOLLINGER_H
#define QB_BOLLINGER_H

#include "core/indicators/deviation.h"

typedef struct qb_bollinger {
    qb_deviation deviation;
    double width;
    size_t ddof;
} qb_bollinger;

static inline size_t qb_bollinger_room(size_t period)
{
    return qb_deviation_room(period);
}

static inline void qb_bollinger_init(qb_bollinger *bands, double *room, size_t period, double width,
                                     size_t ddof)
{
    bands->width = width;
    bands->ddof = ddof;
    qb_deviation_init(&bands->deviation, room, period);
}

static inline void qb_bollinger_add(qb_bollinger *bands, double value)
{
    qb_deviation_add(&bands->deviation, value);
}

static inline bool qb_bollinger_ready(const qb_bollinger *bands)
{
    return qb_deviation_ready(&bands->deviation);
}

static inline double qb_bollinger_middle(const qb_bollinger *bands)
{
    return qb_deviation_mean(&bands->deviation);
}

/* From the middle to either band. */
static inline double qb_bollinger_reach(const qb_bollinger *bands)
{
    return bands->width * qb_deviation_value(&bands->deviation, bands->ddof);
}

static inline double qb_bollinger_upper(const qb_bollinger *bands)
{
    return qb_bollinger_middle(bands) + qb_bollinger_reach(bands);
}

static inline double qb_bollinger_lower(const qb_bollinger *bands)
{
    return qb_bollinger_middle(bands) - qb_bollinger_reach(bands);
}

static inline double qb_bollinger_percent(const qb_bollinger *bands)
{
    const double z = qb_deviation_zscore(&bands->deviation, bands->ddof);
    return bands->width > 0.0 ? 0.5 + 0.5 * z / bands->width : 0.5;
}

static inline double qb_bollinger_bandwidth(const qb_bollinger *bands)
{
    return 2.0 * qb_bollinger_reach(bands) / qb_bollinger_middle(bands);
}

#endif
