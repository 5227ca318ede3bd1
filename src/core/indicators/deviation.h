/* Mean, variance, standard deviation and z-score of the last `period` values.
 *
 * Sums of (x - K) and (x - K)^2, K being a value of the window itself or its neighbour, over a
 * suffix of one block and a prefix of the next (see rolling.h). K is never further away than the
 * window is wide, so nothing cancels: 1e9 plus noise keeps its digits, a jump leaves no trace once
 * it is out, a flat window is exactly 0, and nothing drifts however long the run.
 *
 * Variance is divided by period - ddof: ddof 0 is the population's, 1 the sample's. Deviation has
 * the values' unit, >= 0. z is (last value - mean) / deviation, 0 in a flat window. Defined from
 * value number `period` on; with ddof 1 and period 1 the variance is 0.
 * Chan, Golub and LeVeque, Algorithms for Computing the Sample Variance (1983), for the shift. */
#ifndef QB_DEVIATION_H
#define QB_DEVIATION_H

#include <stdbool.h>
#include <stddef.h>

typedef struct qb_deviation {
    double *first;  /* [period]: values below next, suffix sums of x - K from there on */
    double *second; /* [period]: suffix sums of (x - K)^2 */
    size_t period;  /* >= 1 */
    size_t next;
    bool full;
    double shift;                  /* K */
    double part_sum, part_squares; /* of the newer block */
    double sum, squares;           /* of the window, about K */
    double last;                   /* value */
} qb_deviation;

static inline size_t qb_deviation_room(size_t period)
{
    return 2 * period;
}

/* room: qb_deviation_room doubles, any contents. */
static inline void qb_deviation_init(qb_deviation *deviation, double *room, size_t period)
{
    *deviation = (qb_deviation){.first = room, .second = room + period, .period = period};
}

static inline void qb_deviation_wrap(qb_deviation *deviation)
{
    double sum = 0.0, squares = 0.0;
    deviation->shift = deviation->last;
    for (size_t i = deviation->period; i-- > 0;) {
        const double away = deviation->first[i] - deviation->shift;
        deviation->first[i] = sum += away;
        deviation->second[i] = squares += away * away;
    }
    deviation->sum = sum;
    deviation->squares = squares;
    deviation->part_sum = deviation->part_squares = 0.0;
    deviation->next = 0;
    deviation->full = true;
}

static inline void qb_deviation_add(qb_deviation *deviation, double value)
{
    if (!deviation->full && deviation->next == 0)
        deviation->shift = value;
    const double away = value - deviation->shift;
    deviation->last = value;
    deviation->first[deviation->next] = value;
    deviation->part_sum += away;
    deviation->part_squares += away * away;
    if (++deviation->next == deviation->period) {
        qb_deviation_wrap(deviation);
        return;
    }
    deviation->sum = deviation->part_sum;
    deviation->squares = deviation->part_squares;
    if (deviation->full) {
        deviation->sum += deviation->first[deviation->next];
        deviation->squares += deviation->second[deviation->next];
    }
}

static inline bool qb_deviation_ready(const qb_deviation *deviation)
{
    return deviation->full;
}

/* Values in the window: period once ready. */
static inline size_t qb_deviation_count(const qb_deviation *deviation)
{
    return deviation->full ? deviation->period : deviation->next;
}

static inline double qb_deviation_mean(const qb_deviation *deviation)
{
    return deviation->shift + deviation->sum / (double)qb_deviation_count(deviation);
}

/* ddof 0 or 1. */
static inline double qb_deviation_variance(const qb_deviation *deviation, size_t ddof)
{
    const double count = (double)qb_deviation_count(deviation);
    const double squares = deviation->squares - deviation->sum * deviation->sum / count;
    return squares > 0.0 && count > (double)ddof ? squares / (count - (double)ddof) : 0.0;
}

static inline double qb_deviation_value(const qb_deviation *deviation, size_t ddof)
{
    return __builtin_sqrt(qb_deviation_variance(deviation, ddof));
}

static inline double qb_deviation_zscore(const qb_deviation *deviation, size_t ddof)
{
    const double width = qb_deviation_value(deviation, ddof);
    /* last - mean, without rounding the mean to the last's magnitude first. */
    const double away = (deviation->last - deviation->shift) -
                        deviation->sum / (double)qb_deviation_count(deviation);
    return width > 0.0 ? away / width : 0.0;
}

#endif
