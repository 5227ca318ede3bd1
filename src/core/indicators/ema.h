/* Exponential averages: y += alpha (x - y), so that a flat series stays exactly where it is.
 *
 * EMA of `period` n has alpha = 2 / (n + 1); Wilder's average (RMA, SMMA) has alpha = 1 / n.
 * Unit and range are those of the values. The start is a convention and a parameter:
 *   QB_SEED_SMA    the mean of the first n values, defined from the n-th value on (Wilder; TA-Lib,
 *                  TTR, backtrader, LEAN)
 *   QB_SEED_FIRST  the first value, defined from the first on (pandas ewm with adjust=False)
 * What the start was matters less than 1e-16 after about 18 n values (36 n for Wilder's).
 * Wilder, New Concepts in Technical Trading Systems (1978); Kaufman, Trading Systems and
 * Methods. */
#ifndef QB_EMA_H
#define QB_EMA_H

#include <stdbool.h>
#include <stddef.h>

typedef enum qb_seed {
    QB_SEED_SMA,
    QB_SEED_FIRST,
} qb_seed;

/* How ranges and changes are averaged, where an indicator leaves the choice. */
typedef enum qb_average {
    QB_AVERAGE_WILDER,
    QB_AVERAGE_EXPONENTIAL,
    QB_AVERAGE_SIMPLE,
} qb_average;

typedef struct qb_ema {
    double alpha; /* 0 < alpha <= 1 */
    double value;
    double sum;    /* of the first values, until there are `period` */
    size_t period; /* of the seed, >= 1 */
    size_t count;  /* values in, up to `period` */
} qb_ema;

/* alpha in (0, 1]; period >= 1 values make the seed. */
static inline void qb_ema_init_alpha(qb_ema *ema, double alpha, size_t period, qb_seed seed)
{
    *ema = (qb_ema){.alpha = alpha, .period = seed == QB_SEED_FIRST ? 1 : period};
}

static inline void qb_ema_init(qb_ema *ema, size_t period, qb_seed seed)
{
    qb_ema_init_alpha(ema, 2.0 / ((double)period + 1.0), period, seed);
}

/* Wilder's average of `period`. */
static inline void qb_wilder_init(qb_ema *ema, size_t period, qb_seed seed)
{
    qb_ema_init_alpha(ema, 1.0 / (double)period, period, seed);
}

/* Values after which the start matters less than a part in 10^7 (e^-16): what a strategy should
 * wait for, so that its decisions do not depend on where its data begin. */
static inline size_t qb_ema_settled(size_t period)
{
    return 8 * period;
}

static inline size_t qb_wilder_settled(size_t period)
{
    return 16 * period;
}

static inline void qb_ema_add(qb_ema *ema, double value)
{
    if (ema->count == ema->period) {
        ema->value += ema->alpha * (value - ema->value);
        return;
    }
    ema->sum += value;
    ema->value = ema->sum / (double)++ema->count;
}

static inline bool qb_ema_ready(const qb_ema *ema)
{
    return ema->count == ema->period;
}

/* Before it is ready: the mean of what there is. */
static inline double qb_ema_value(const qb_ema *ema)
{
    return ema->value;
}

#endif
