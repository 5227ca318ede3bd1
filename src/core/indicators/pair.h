/* Covariance, correlation and beta of the last `period` pairs (x, y).
 *
 * Sums about a pair of the window itself, over a suffix of one block and a prefix of the next (see
 * rolling.h and deviation.h): no cancellation, no drift. Correlation is -1 .. 1, and beta is what y
 * moves per unit of x: covariance / variance of x. Where x or y is flat the correlation is 0, and
 * where x is flat beta is 0. Covariance is divided by period - ddof. Defined from pair number
 * `period` on. Feed returns for the beta of the capital asset pricing model.
 * Sharpe, Capital Asset Prices (1964). */
#ifndef QB_PAIR_H
#define QB_PAIR_H

#include <stdbool.h>
#include <stddef.h>

/* Sums over some pairs, about (shift_x, shift_y). */
typedef struct qb_pair_sums {
    double x, y, xx, yy, xy;
} qb_pair_sums;

typedef struct qb_pair {
    double *x, *y, *xx, *yy, *xy; /* [period]: pairs below next, suffix sums from there on */
    size_t period;                /* >= 1 */
    size_t next;
    bool full;
    double shift_x, shift_y;
    qb_pair_sums part;   /* of the newer block */
    qb_pair_sums window; /* of all */
} qb_pair;

static inline size_t qb_pair_room(size_t period)
{
    return 5 * period;
}

/* room: qb_pair_room doubles, any contents. */
static inline void qb_pair_init(qb_pair *pair, double *room, size_t period)
{
    *pair = (qb_pair){.x = room,
                      .y = room + period,
                      .xx = room + 2 * period,
                      .yy = room + 3 * period,
                      .xy = room + 4 * period,
                      .period = period};
}

static inline void qb_pair_sums_add(qb_pair_sums *sums, double x, double y)
{
    sums->x += x;
    sums->y += y;
    sums->xx += x * x;
    sums->yy += y * y;
    sums->xy += x * y;
}

static inline void qb_pair_wrap(qb_pair *pair)
{
    qb_pair_sums sums = {0};
    pair->shift_x = pair->x[pair->period - 1];
    pair->shift_y = pair->y[pair->period - 1];
    for (size_t i = pair->period; i-- > 0;) {
        qb_pair_sums_add(&sums, pair->x[i] - pair->shift_x, pair->y[i] - pair->shift_y);
        pair->x[i] = sums.x;
        pair->y[i] = sums.y;
        pair->xx[i] = sums.xx;
        pair->yy[i] = sums.yy;
        pair->xy[i] = sums.xy;
    }
    pair->window = sums;
    pair->part = (qb_pair_sums){0};
    pair->next = 0;
    pair->full = true;
}

static inline void qb_pair_add(qb_pair *pair, double x, double y)
{
    size_t at = pair->next;
    if (!pair->full && at == 0) {
        pair->shift_x = x;
        pair->shift_y = y;
    }
    pair->x[at] = x;
    pair->y[at] = y;
    qb_pair_sums_add(&pair->part, x - pair->shift_x, y - pair->shift_y);
    if (++pair->next == pair->period) {
        qb_pair_wrap(pair);
        return;
    }
    pair->window = pair->part;
    if (pair->full) {
        at++;
        pair->window.x += pair->x[at];
        pair->window.y += pair->y[at];
        pair->window.xx += pair->xx[at];
        pair->window.yy += pair->yy[at];
        pair->window.xy += pair->xy[at];
    }
}

static inline bool qb_pair_ready(const qb_pair *pair)
{
    return pair->full;
}

static inline double qb_pair_count(const qb_pair *pair)
{
    return (double)(pair->full ? pair->period : pair->next);
}

/* Sums of squares and products about the means; never below 0 for squares. */
static inline double qb_pair_xx(const qb_pair *pair)
{
    const double value = pair->window.xx - pair->window.x * pair->window.x / qb_pair_count(pair);
    return value > 0.0 ? value : 0.0;
}

static inline double qb_pair_yy(const qb_pair *pair)
{
    const double value = pair->window.yy - pair->window.y * pair->window.y / qb_pair_count(pair);
    return value > 0.0 ? value : 0.0;
}

static inline double qb_pair_xy(const qb_pair *pair)
{
    return pair->window.xy - pair->window.x * pair->window.y / qb_pair_count(pair);
}

/* ddof 0 or 1; period > ddof. */
static inline double qb_pair_covariance(const qb_pair *pair, size_t ddof)
{
    return qb_pair_xy(pair) / (qb_pair_count(pair) - (double)ddof);
}

static inline double qb_pair_correlation(const qb_pair *pair)
{
    const double both = __builtin_sqrt(qb_pair_xx(pair)) * __builtin_sqrt(qb_pair_yy(pair));
    const double value = both > 0.0 ? qb_pair_xy(pair) / both : 0.0;
    return value > 1.0 ? 1.0 : value < -1.0 ? -1.0 : value;
}

static inline double qb_pair_beta(const qb_pair *pair)
{
    const double xx = qb_pair_xx(pair);
    return xx > 0.0 ? qb_pair_xy(pair) / xx : 0.0;
}

/* Mean of y - beta * mean of x. */
static inline double qb_pair_alpha(const qb_pair *pair)
{
    const double count = qb_pair_count(pair);
    return (pair->shift_y + pair->window.y / count) -
           qb_pair_beta(pair) * (pair->shift_x + pair->window.x / count);
}

#endif
