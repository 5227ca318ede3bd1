/* What needs the whole window at each value: the median, the percentile of the newest value and
 * Martin's ulcer index. One pass over the window per value, so O(period), not O(1).
 *
 * Median: the middle one, or the mean of the middle two; the values' unit. Percentile: the share of
 * the window that is below the newest value, 0 .. 1. Ulcer: the root mean square of the drawdown
 * from the highest value of the window so far, in per cent. Defined from value number `period` on;
 * values must not be NaN, for the ulcer > 0. A flat window: that value, 0, 0.
 * Martin and McCann, The Investor's Guide to Fidelity Funds (1989), for the ulcer index. */
#ifndef QB_ORDERED_H
#define QB_ORDERED_H

#include <stdbool.h>
#include <stddef.h>

typedef struct qb_ordered {
    double *ring;   /* [period], oldest at next once full */
    double *sorted; /* [period], ascending */
    size_t period, next;
    size_t count; /* values in, up to period */
    double last;
} qb_ordered;

static inline size_t qb_ordered_room(size_t period)
{
    return 2 * period;
}

/* room: qb_ordered_room doubles, any contents; period >= 1. */
static inline void qb_ordered_init(qb_ordered *ordered, double *room, size_t period)
{
    *ordered = (qb_ordered){.ring = room, .sorted = room + period, .period = period};
}

static inline void qb_ordered_add(qb_ordered *ordered, double value)
{
    double *sorted = ordered->sorted;
    size_t hole = ordered->count;
    if (ordered->count == ordered->period) {
        const double gone = ordered->ring[ordered->next];
        for (hole = 0; hole + 1 < ordered->count && sorted[hole] != gone;)
            hole++;
    } else {
        ordered->count++;
    }
    for (; hole > 0 && sorted[hole - 1] > value; hole--)
        sorted[hole] = sorted[hole - 1];
    for (; hole + 1 < ordered->count && sorted[hole + 1] < value; hole++)
        sorted[hole] = sorted[hole + 1];
    sorted[hole] = value;
    ordered->ring[ordered->next] = ordered->last = value;
    if (++ordered->next == ordered->period)
        ordered->next = 0;
}

static inline bool qb_ordered_ready(const qb_ordered *ordered)
{
    return ordered->count == ordered->period;
}

static inline double qb_ordered_median(const qb_ordered *ordered)
{
    const size_t half = ordered->count / 2;
    return ordered->count % 2 == 1 ? ordered->sorted[half]
                                   : 0.5 * (ordered->sorted[half - 1] + ordered->sorted[half]);
}

static inline double qb_ordered_percentile(const qb_ordered *ordered)
{
    size_t below = 0;
    while (below < ordered->count && ordered->sorted[below] < ordered->last)
        below++;
    return (double)below / (double)ordered->count;
}

static inline double qb_ordered_ulcer(const qb_ordered *ordered)
{
    const size_t period = ordered->period;
    double highest = ordered->ring[ordered->next], sum = 0.0;
    for (size_t i = 0, at = ordered->next; i < period; i++) {
        const double value = ordered->ring[at];
        highest = value > highest ? value : highest;
        const double depth = 100.0 * (value - highest) / highest;
        sum += depth * depth;
        at = at + 1 == period ? 0 : at + 1;
    }
    return __builtin_sqrt(sum / (double)period);
}

#endif
