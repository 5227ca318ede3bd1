/* Simple moving average of the last `period` values: sum / period.
 *
 * The running sum is rebuilt from the ring each time the ring wraps, so rounding never piles up
 * over a long run and sums of dyadic prices are exact; that costs one addition per value. */
#ifndef QB_SMA_H
#define QB_SMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct qb_sma {
    double *ring;   /* [period], the caller's memory, zeroed */
    size_t period;  /* >= 1 */
    size_t next;    /* where the next value goes */
    double length;  /* period */
    bool full;      /* period values are in */
    double sum;     /* of the window */
    double rebuilt; /* of ring[0 .. next) */
} qb_sma;

static inline void qb_sma_init(qb_sma *sma, double *ring, size_t period)
{
    *sma = (qb_sma){.ring = ring, .period = period, .length = (double)period};
}

static inline void qb_sma_add(qb_sma *sma, double value)
{
    sma->sum += value - sma->ring[sma->next];
    sma->ring[sma->next] = value;
    sma->rebuilt += value;
    if (++sma->next == sma->period) {
        sma->next = 0;
        sma->sum = sma->rebuilt;
        sma->rebuilt = 0.0;
        sma->full = true;
    }
}

/* True once `period` values are in. */
static inline bool qb_sma_ready(const qb_sma *sma)
{
    return sma->full;
}

/* 1 when a's average is above b's, -1 when below, 0 when equal; defined only when both are ready.
 * The sums are multiplied crosswise, which is quicker than two divisions and as exact: for prices
 * that are multiples of a power of two nothing is rounded at all. */
static inline int qb_sma_compare(const qb_sma *a, const qb_sma *b)
{
    double left = a->sum * b->length, right = b->sum * a->length;
    return (left > right) - (left < right);
}

/* The average; defined only when ready. */
static inline double qb_sma_value(const qb_sma *sma)
{
    return sma->sum / sma->length;
}

#endif
