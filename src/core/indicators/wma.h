/* Weighted averages: WMA (weights 1 .. period, newest heaviest), Hull's average and the straight
 * line through the last `period` values.
 *
 * Sums are about a value of the window and made of a suffix and a prefix (see rolling.h,
 * deviation.h): nothing cancels, nothing drifts. WMA and the line's end have the values' unit, the
 * slope that per bar. A flat window has slope 0 and r squared 0. Defined from value number `period`
 * on; Hull's from number period + floor(sqrt(period)) - 1 on.
 * Kaufman, Trading Systems and Methods; Hull (2005), WMA(2 WMA(n / 2) - WMA(n), sqrt(n)). */
#ifndef QB_WMA_H
#define QB_WMA_H

#include "core/indicators/deviation.h"

typedef struct qb_wma {
    double *first;  /* [period]: values below next, suffix sums of x - K from there on */
    double *second; /* [period]: suffix sums weighted 1, 2, 3 ... */
    size_t period;  /* >= 1 */
    size_t next;
    bool full;
    double shift; /* K */
    double last;
    double part_sum, part_weighted; /* of the newer block */
    double sum, weighted;           /* of the window, the oldest has weight 1 */
} qb_wma;

static inline size_t qb_wma_room(size_t period)
{
    return 2 * period;
}

/* room: qb_wma_room doubles, any contents. */
static inline void qb_wma_init(qb_wma *wma, double *room, size_t period)
{
    *wma = (qb_wma){.first = room, .second = room + period, .period = period};
}

static inline void qb_wma_wrap(qb_wma *wma)
{
    double sum = 0.0, weighted = 0.0;
    wma->shift = wma->last;
    for (size_t i = wma->period; i-- > 0;) {
        sum += wma->first[i] - wma->shift;
        wma->first[i] = sum;
        wma->second[i] = weighted += sum;
    }
    wma->sum = sum;
    wma->weighted = weighted;
    wma->part_sum = wma->part_weighted = 0.0;
    wma->next = 0;
    wma->full = true;
}

static inline void qb_wma_add(qb_wma *wma, double value)
{
    if (!wma->full && wma->next == 0)
        wma->shift = value;
    const double away = value - wma->shift;
    wma->last = value;
    wma->first[wma->next] = value;
    wma->part_sum += away;
    wma->part_weighted += (double)(wma->next + 1) * away;
    if (++wma->next == wma->period) {
        qb_wma_wrap(wma);
        return;
    }
    wma->sum = wma->part_sum;
    wma->weighted = wma->part_weighted;
    if (wma->full) {
        const double older = (double)(wma->period - wma->next);
        wma->sum += wma->first[wma->next];
        wma->weighted += wma->second[wma->next] + older * wma->part_sum;
    }
}

static inline bool qb_wma_ready(const qb_wma *wma)
{
    return wma->full;
}

/* Defined when ready. */
static inline double qb_wma_value(const qb_wma *wma)
{
    const double period = (double)wma->period;
    return wma->shift + wma->weighted / (0.5 * period * (period + 1.0));
}

/* Least squares over bars 1 .. period: change per bar; 0 for period 1. Defined when ready. */
static inline double qb_wma_slope(const qb_wma *wma)
{
    const double period = (double)wma->period;
    const double products = wma->weighted - 0.5 * (period + 1.0) * wma->sum;
    return period > 1.0 ? 12.0 * products / (period * (period * period - 1.0)) : 0.0;
}

/* The line's value at the newest bar. Defined when ready. */
static inline double qb_wma_line(const qb_wma *wma)
{
    const double period = (double)wma->period;
    return wma->shift + (wma->sum / period + 0.5 * (period - 1.0) * qb_wma_slope(wma));
}

/* ---- the line and how well it fits -------------------------------------------------------- */

typedef struct qb_slope {
    qb_wma wma;
    qb_deviation deviation;
} qb_slope;

static inline size_t qb_slope_room(size_t period)
{
    return qb_wma_room(period) + qb_deviation_room(period);
}

static inline void qb_slope_init(qb_slope *slope, double *room, size_t period)
{
    qb_wma_init(&slope->wma, room, period);
    qb_deviation_init(&slope->deviation, room + qb_wma_room(period), period);
}

static inline void qb_slope_add(qb_slope *slope, double value)
{
    qb_wma_add(&slope->wma, value);
    qb_deviation_add(&slope->deviation, value);
}

static inline bool qb_slope_ready(const qb_slope *slope)
{
    return slope->wma.full;
}

static inline double qb_slope_value(const qb_slope *slope)
{
    return qb_wma_slope(&slope->wma);
}

/* Share of the variance that the line explains, 0 .. 1. */
static inline double qb_slope_r_squared(const qb_slope *slope)
{
    const double period = (double)slope->wma.period, change = qb_slope_value(slope);
    const double variance = qb_deviation_variance(&slope->deviation, 0);
    const double share = variance > 0.0
                             ? change * change * (period * period - 1.0) / 12.0 / variance
                             : 0.0;
    return share < 1.0 ? share : 1.0;
}

/* ---- Hull's ------------------------------------------------------------------------------- */

typedef struct qb_hull {
    qb_wma half, whole, smooth;
} qb_hull;

static inline size_t qb_hull_smooth(size_t period)
{
    return (size_t)__builtin_sqrt((double)period);
}

static inline size_t qb_hull_room(size_t period)
{
    return qb_wma_room(period / 2) + qb_wma_room(period) + qb_wma_room(qb_hull_smooth(period));
}

/* period >= 2. */
static inline void qb_hull_init(qb_hull *hull, double *room, size_t period)
{
    qb_wma_init(&hull->half, room, period / 2);
    room += qb_wma_room(period / 2);
    qb_wma_init(&hull->whole, room, period);
    qb_wma_init(&hull->smooth, room + qb_wma_room(period), qb_hull_smooth(period));
}

static inline void qb_hull_add(qb_hull *hull, double value)
{
    qb_wma_add(&hull->half, value);
    qb_wma_add(&hull->whole, value);
    if (hull->whole.full)
        qb_wma_add(&hull->smooth, 2.0 * qb_wma_value(&hull->half) - qb_wma_value(&hull->whole));
}

static inline bool qb_hull_ready(const qb_hull *hull)
{
    return hull->smooth.full;
}

static inline double qb_hull_value(const qb_hull *hull)
{
    return qb_wma_value(&hull->smooth);
}

#endif
