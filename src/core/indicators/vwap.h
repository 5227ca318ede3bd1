/* Volume-weighted average price: sum(price volume) / sum(volume), in the prices' unit.
 *
 * Anchored (qb_vwap): since the last reset, which the caller gives at the start of a session or
 * whatever else anchors it. Rolling (qb_vwma): over the last `period` bars; of closes it is called
 * VWMA. A bar of unknown (NaN) volume has no weight; without any volume there is no average: NaN.
 * The price is usually the typical one, (high + low + close) / 3.
 * Berkowitz, Logue and Noser, The Total Cost of Transactions on the NYSE (1988). */
#ifndef QB_VWAP_H
#define QB_VWAP_H

#include "core/indicators/obv.h"
#include "core/indicators/rolling.h"

typedef struct qb_vwap {
    double value_sum, volume_sum;
} qb_vwap;

static inline void qb_vwap_reset(qb_vwap *vwap)
{
    *vwap = (qb_vwap){0};
}

static inline void qb_vwap_add(qb_vwap *vwap, double price, double volume)
{
    const double known = qb_known_volume(volume);
    vwap->value_sum += price * known;
    vwap->volume_sum += known;
}

static inline bool qb_vwap_ready(const qb_vwap *vwap)
{
    return vwap->volume_sum > 0.0;
}

static inline double qb_vwap_value(const qb_vwap *vwap)
{
    return qb_vwap_ready(vwap) ? vwap->value_sum / vwap->volume_sum : __builtin_nan("");
}

typedef struct qb_vwma {
    qb_rolling values, volumes;
} qb_vwma;

static inline size_t qb_vwma_room(size_t period)
{
    return 2 * period;
}

/* room: qb_vwma_room doubles, any contents; period >= 1. */
static inline void qb_vwma_init(qb_vwma *vwma, double *room, size_t period)
{
    qb_rolling_init(&vwma->values, room, period);
    qb_rolling_init(&vwma->volumes, room + period, period);
}

static inline void qb_vwma_add(qb_vwma *vwma, double price, double volume)
{
    const double known = qb_known_volume(volume);
    qb_rolling_add(&vwma->values, price * known);
    qb_rolling_add(&vwma->volumes, known);
}

static inline bool qb_vwma_ready(const qb_vwma *vwma)
{
    return vwma->volumes.full;
}

static inline double qb_vwma_value(const qb_vwma *vwma)
{
    const double volume = vwma->volumes.sum;
    return volume > 0.0 ? vwma->values.sum / volume : __builtin_nan("");
}

#endif
