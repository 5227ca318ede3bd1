/* Kaufman's adaptive average: an exponential one whose speed is (e (f - s) + s)^2, with e the
 * efficiency |change over `period` bars| / sum of |changes|, f = 2 / (fast + 1) and
 * s = 2 / (slow + 1). Unit of the values; e is 0 .. 1, 0 where nothing moved.
 *
 * QB_SEED_FIRST: it starts with value number `period`, which is its first (Kaufman, TA-Lib,
 * StockCharts). QB_SEED_SMA: with the mean of the last `period` values, one value later
 * (backtrader). The efficiency is defined from value number period + 1 on.
 * Kaufman, Smarter Trading (1995). */
#ifndef QB_KAMA_H
#define QB_KAMA_H

#include "core/indicators/ema.h"
#include "core/indicators/roc.h"
#include "core/indicators/rolling.h"

typedef struct qb_kama {
    qb_roc change;
    qb_rolling path;
    double fast, slow; /* alphas */
    double last, value, efficiency;
    qb_seed seed;
    bool started; /* value is an average, not a seed to come */
} qb_kama;

static inline size_t qb_kama_room(size_t period)
{
    return qb_roc_room(period) + period;
}

/* room: qb_kama_room doubles, any contents; periods >= 1. */
static inline void qb_kama_init(qb_kama *kama, double *room, size_t period, size_t fast,
                                size_t slow, qb_seed seed)
{
    *kama = (qb_kama){
        .fast = 2.0 / ((double)fast + 1.0), .slow = 2.0 / ((double)slow + 1.0), .seed = seed};
    qb_roc_init(&kama->change, room, period, 0);
    qb_rolling_init(&kama->path, room + qb_roc_room(period), period);
}

/* The mean of the newest `period` values. */
static inline void qb_kama_start(qb_kama *kama)
{
    double sum = 0.0;
    for (size_t i = 0; i <= kama->change.period; i++)
        sum += i == kama->change.next ? 0.0 : kama->change.ring[i];
    kama->value = sum / (double)kama->change.period;
}

static inline void qb_kama_add(qb_kama *kama, double value)
{
    const bool started = kama->change.count > 0;
    qb_roc_add(&kama->change, value);
    if (started)
        qb_rolling_add(&kama->path, __builtin_fabs(value - kama->last));
    kama->last = value;
    if (!kama->path.full) {
        kama->value = value;
        return;
    }
    const double change = __builtin_fabs(qb_roc_change(&kama->change));
    kama->efficiency = kama->path.sum > 0.0 ? change / kama->path.sum : 0.0;
    if (!kama->started && kama->seed == QB_SEED_SMA) {
        qb_kama_start(kama);
        kama->started = true;
        return;
    }
    kama->started = true;
    const double speed = kama->efficiency * (kama->fast - kama->slow) + kama->slow;
    kama->value += speed * speed * (value - kama->value);
}

static inline bool qb_kama_ready(const qb_kama *kama)
{
    return kama->started ||
           (kama->seed == QB_SEED_FIRST && kama->change.count >= kama->change.period);
}

static inline bool qb_kama_efficiency_ready(const qb_kama *kama)
{
    return kama->path.full;
}

static inline double qb_kama_value(const qb_kama *kama)
{
    return kama->value;
}

#endif
