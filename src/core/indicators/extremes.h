/* Highest and lowest of the last `period` bars, of two series (highs and lows) or of one.
 *
 * Suffix maxima of the older block and the maximum of the newer one (see rolling.h; van Herk 1992,
 * Gil and Werman 1993): O(1) amortised like a monotone deque, but without a branch that depends on
 * the data. Before the window is full: of all bars so far. Values must not be NaN.
 *
 * Donchian's channel is just this, with the middle half way between. A breakout rule compares with
 * the channel of the bars before: read it before adding the bar.
 * Donchian (1960), in Kaufman, Trading Systems and Methods. */
#ifndef QB_EXTREMES_H
#define QB_EXTREMES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct qb_extremes {
    double *high, *low; /* [period]: values below next, suffix extremes from there on */
    size_t period;      /* >= 1 */
    size_t next;
    bool full;
    double part_high, part_low; /* of the newer block */
    double highest, lowest;
} qb_extremes;

static inline size_t qb_extremes_room(size_t period)
{
    return 2 * period;
}

/* room: qb_extremes_room doubles, any contents. */
static inline void qb_extremes_init(qb_extremes *extremes, double *room, size_t period)
{
    *extremes = (qb_extremes){.high = room, .low = room + period, .period = period};
}

static inline double qb_higher(double a, double b)
{
    return a > b ? a : b;
}

static inline double qb_lower(double a, double b)
{
    return a < b ? a : b;
}

static inline void qb_extremes_wrap(qb_extremes *extremes)
{
    double *high = extremes->high, *low = extremes->low;
    for (size_t i = extremes->period - 1; i-- > 0;) {
        high[i] = qb_higher(high[i], high[i + 1]);
        low[i] = qb_lower(low[i], low[i + 1]);
    }
    extremes->highest = high[0];
    extremes->lowest = low[0];
    extremes->next = 0;
    extremes->full = true;
}

static inline void qb_extremes_add(qb_extremes *extremes, double high, double low)
{
    const size_t at = extremes->next;
    extremes->high[at] = high;
    extremes->low[at] = low;
    extremes->part_high = at == 0 ? high : qb_higher(high, extremes->part_high);
    extremes->part_low = at == 0 ? low : qb_lower(low, extremes->part_low);
    if (++extremes->next == extremes->period) {
        qb_extremes_wrap(extremes);
        return;
    }
    extremes->highest = extremes->part_high;
    extremes->lowest = extremes->part_low;
    if (extremes->full) {
        extremes->highest = qb_higher(extremes->highest, extremes->high[at + 1]);
        extremes->lowest = qb_lower(extremes->lowest, extremes->low[at + 1]);
    }
}

static inline bool qb_extremes_ready(const qb_extremes *extremes)
{
    return extremes->full;
}

static inline double qb_extremes_middle(const qb_extremes *extremes)
{
    return 0.5 * (extremes->highest + extremes->lowest);
}

#endif
