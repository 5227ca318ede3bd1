/* The vortex indicator: sums of |high - last low| (plus) and |low - last high| (minus) over the sum
 * of true ranges of the last `period` bars. About 1, no unit; 1 where there was no range. Defined
 * from bar number period + 1 on.
 * Botes and Siepman, The Vortex Indicator (2010). */
#ifndef QB_VORTEX_H
#define QB_VORTEX_H

#include "core/indicators/atr.h"

typedef struct qb_vortex {
    qb_rolling plus, minus, range;
    bool started;
    double high, low, close; /* of the last bar */
} qb_vortex;

static inline size_t qb_vortex_room(size_t period)
{
    return 3 * period;
}

/* room: qb_vortex_room doubles, any contents; period >= 1. */
static inline void qb_vortex_init(qb_vortex *vortex, double *room, size_t period)
{
    *vortex = (qb_vortex){.started = false};
    qb_rolling_init(&vortex->plus, room, period);
    qb_rolling_init(&vortex->minus, room + period, period);
    qb_rolling_init(&vortex->range, room + 2 * period, period);
}

static inline void qb_vortex_add(qb_vortex *vortex, double high, double low, double close)
{
    if (vortex->started) {
        qb_rolling_add(&vortex->plus, __builtin_fabs(high - vortex->low));
        qb_rolling_add(&vortex->minus, __builtin_fabs(low - vortex->high));
        qb_rolling_add(&vortex->range, qb_true_range(high, low, vortex->close));
    }
    vortex->started = true;
    vortex->high = high;
    vortex->low = low;
    vortex->close = close;
}

static inline bool qb_vortex_ready(const qb_vortex *vortex)
{
    return vortex->range.full;
}

static inline double qb_vortex_plus(const qb_vortex *vortex)
{
    return vortex->range.sum > 0.0 ? vortex->plus.sum / vortex->range.sum : 1.0;
}

static inline double qb_vortex_minus(const qb_vortex *vortex)
{
    return vortex->range.sum > 0.0 ? vortex->minus.sum / vortex->range.sum : 1.0;
}

#endif
