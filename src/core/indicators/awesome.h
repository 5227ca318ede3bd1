/* Williams' awesome oscillator: simple average of (high + low) / 2 over `fast` bars less that over
 * `slow`; and its acceleration: that less its own average over `fast` values. Unit of the prices, 0
 * in a flat window. Defined from bar number `slow` on, the acceleration fast - 1 bars later.
 * Williams, New Trading Dimensions (1998). */
#ifndef QB_AWESOME_H
#define QB_AWESOME_H

#include "core/indicators/deviation.h"

typedef struct qb_awesome {
    qb_deviation fast, slow, smooth; /* for their means, which are exact in a flat window */
    double value;
} qb_awesome;

static inline size_t qb_awesome_room(size_t fast, size_t slow)
{
    return 2 * qb_deviation_room(fast) + qb_deviation_room(slow);
}

/* room: qb_awesome_room doubles, any contents; periods >= 1. */
static inline void qb_awesome_init(qb_awesome *awesome, double *room, size_t fast, size_t slow)
{
    awesome->value = 0.0;
    qb_deviation_init(&awesome->fast, room, fast);
    qb_deviation_init(&awesome->smooth, room + qb_deviation_room(fast), fast);
    qb_deviation_init(&awesome->slow, room + 2 * qb_deviation_room(fast), slow);
}

static inline bool qb_awesome_ready(const qb_awesome *awesome)
{
    return qb_deviation_ready(&awesome->fast) && qb_deviation_ready(&awesome->slow);
}

static inline void qb_awesome_add(qb_awesome *awesome, double high, double low)
{
    qb_deviation_add(&awesome->fast, 0.5 * (high + low));
    qb_deviation_add(&awesome->slow, 0.5 * (high + low));
    if (!qb_awesome_ready(awesome))
        return;
    awesome->value = qb_deviation_mean(&awesome->fast) - qb_deviation_mean(&awesome->slow);
    qb_deviation_add(&awesome->smooth, awesome->value);
}

static inline bool qb_awesome_acceleration_ready(const qb_awesome *awesome)
{
    return qb_deviation_ready(&awesome->smooth);
}

static inline double qb_awesome_acceleration(const qb_awesome *awesome)
{
    return awesome->value - qb_deviation_mean(&awesome->smooth);
}

#endif
