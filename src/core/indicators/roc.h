/* Change against the value `period` bars ago: the difference (momentum) and the ratio - 1 (rate of
 * change; times 100 for per cent). Defined from value number period + 1 on; the ratio is NaN where
 * the older value is 0. `skip` leaves the newest bars out: value[t - skip] / value[t - period] - 1
 * is the momentum of Jegadeesh and Titman, Returns to Buying Winners and Selling Losers (1993). */
#ifndef QB_ROC_H
#define QB_ROC_H

#include <stdbool.h>
#include <stddef.h>

typedef struct qb_roc {
    double *ring;  /* [period + 1] */
    size_t period; /* > skip */
    size_t next;
    size_t count; /* values in, up to period + 1 */
    size_t newer; /* where the value `skip` bars ago stands */
} qb_roc;

static inline size_t qb_roc_room(size_t period)
{
    return period + 1;
}

/* ring: qb_roc_room doubles, any contents; period >= 1, skip < period. */
static inline void qb_roc_init(qb_roc *roc, double *ring, size_t period, size_t skip)
{
    *roc = (qb_roc){.ring = ring, .period = period, .newer = (period + 1 - skip) % (period + 1)};
}

static inline void qb_roc_add(qb_roc *roc, double value)
{
    roc->ring[roc->next] = value;
    roc->count += roc->count <= roc->period;
    if (roc->count > 1 && ++roc->newer > roc->period)
        roc->newer = 0;
    if (++roc->next > roc->period)
        roc->next = 0;
}

static inline bool qb_roc_ready(const qb_roc *roc)
{
    return roc->count > roc->period;
}

/* The value `period` bars ago; defined when ready. */
static inline double qb_roc_older(const qb_roc *roc)
{
    return roc->ring[roc->next];
}

static inline double qb_roc_change(const qb_roc *roc)
{
    return roc->ring[roc->newer] - qb_roc_older(roc);
}

static inline double qb_roc_value(const qb_roc *roc)
{
    const double older = qb_roc_older(roc);
    return older != 0.0 ? roc->ring[roc->newer] / older - 1.0 : __builtin_nan("");
}

#endif
