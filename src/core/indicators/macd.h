/* MACD: line = fast EMA - slow EMA, signal = EMA of the line, histogram = line - signal.
 *
 * Unit of the values; with `percent` the line is 100 (fast / slow - 1), which is the PPO (and the
 * MACD of R's TTR). With QB_SEED_SMA each EMA starts with the mean of its own first values: the
 * line is defined from value number max(fast, slow) on, the signal `signal` - 1 values later. With
 * QB_SEED_FIRST everything is defined from the first value on.
 * Appel, The Moving Average Convergence-Divergence Trading Method (1979). */
#ifndef QB_MACD_H
#define QB_MACD_H

#include "core/indicators/ema.h"

typedef struct qb_macd {
    qb_ema fast, slow, signal;
    bool percent;
    double line;
} qb_macd;

/* Periods >= 1. */
static inline void qb_macd_init(qb_macd *macd, size_t fast, size_t slow, size_t signal,
                                qb_seed seed, bool percent)
{
    *macd = (qb_macd){.percent = percent};
    qb_ema_init(&macd->fast, fast, seed);
    qb_ema_init(&macd->slow, slow, seed);
    qb_ema_init(&macd->signal, signal, seed);
}

/* The line is defined. */
static inline bool qb_macd_line_ready(const qb_macd *macd)
{
    return qb_ema_ready(&macd->fast) && qb_ema_ready(&macd->slow);
}

static inline void qb_macd_add(qb_macd *macd, double value)
{
    qb_ema_add(&macd->fast, value);
    qb_ema_add(&macd->slow, value);
    if (!qb_macd_line_ready(macd))
        return;
    const double fast = macd->fast.value, slow = macd->slow.value;
    macd->line = macd->percent ? 100.0 * (fast / slow - 1.0) : fast - slow;
    qb_ema_add(&macd->signal, macd->line);
}

/* Line, signal and histogram are defined. */
static inline bool qb_macd_ready(const qb_macd *macd)
{
    return qb_macd_line_ready(macd) && qb_ema_ready(&macd->signal);
}

static inline double qb_macd_line(const qb_macd *macd)
{
    return macd->line;
}

static inline double qb_macd_signal(const qb_macd *macd)
{
    return macd->signal.value;
}

static inline double qb_macd_histogram(const qb_macd *macd)
{
    return macd->line - macd->signal.value;
}

#endif
