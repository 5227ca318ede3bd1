/* Sum of the last `period` values, without ever subtracting one that leaves.
 *
 * The window straddles two blocks of `period` values: what is left of the older one is a suffix,
 * the newer one is a prefix, and the sum is theirs. When a block is complete its values become
 * suffix sums in place. So nothing drifts, a huge value leaves no trace once it is out, and the
 * cost is O(1) amortised: one pass over the ring each time it wraps.
 * The same idea carries the extremes, the deviation and the pair. */
#ifndef QB_ROLLING_H
#define QB_ROLLING_H

#include <stdbool.h>
#include <stddef.h>

typedef struct qb_rolling {
    double *ring;  /* [period]: values below next, suffix sums of the older block from there on */
    size_t period; /* >= 1 */
    size_t next;
    bool full;
    double part; /* sum of ring[0 .. next) */
    double sum;  /* of the window; before it is full, of all values so far */
} qb_rolling;

/* ring: the caller's, `period` doubles, any contents. */
static inline void qb_rolling_init(qb_rolling *rolling, double *ring, size_t period)
{
    *rolling = (qb_rolling){.ring = ring, .period = period};
}

static inline void qb_rolling_wrap(qb_rolling *rolling)
{
    double *ring = rolling->ring, sum = 0.0;
    for (size_t i = rolling->period; i-- > 0;)
        ring[i] = sum += ring[i];
    rolling->sum = sum;
    rolling->part = 0.0;
    rolling->next = 0;
    rolling->full = true;
}

static inline void qb_rolling_add(qb_rolling *rolling, double value)
{
    rolling->ring[rolling->next] = value;
    rolling->part += value;
    if (++rolling->next == rolling->period)
        qb_rolling_wrap(rolling);
    else
        rolling->sum = rolling->part + (rolling->full ? rolling->ring[rolling->next] : 0.0);
}

static inline bool qb_rolling_ready(const qb_rolling *rolling)
{
    return rolling->full;
}

/* Values in the window: period once ready. */
static inline size_t qb_rolling_count(const qb_rolling *rolling)
{
    return rolling->full ? rolling->period : rolling->next;
}

static inline double qb_rolling_mean(const qb_rolling *rolling)
{
    return rolling->sum / (double)qb_rolling_count(rolling);
}

#endif
