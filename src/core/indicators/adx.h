/* Wilder's directional movement: +DI, -DI, DX, ADX.
 *
 * +DM is the rise of the high where it is larger than the fall of the low, else 0; -DM likewise.
 * DI = 100 average(DM) / average(true range), DX = 100 |+DI - -DI| / (+DI + -DI), ADX the average
 * of DX. Averages are Wilder's, each seeded by the mean of its first `period` values. 0 .. 100, no
 * unit; without any range or movement DI and DX are 0. The first bar has no bar before it, so DI
 * and DX are defined from bar number period + 1 on and ADX from bar number 2 period on. With
 * `short_seed` the averages start one value earlier, as if a 0 had come first (TA-Lib, TTR): the
 * difference decays.
 * Wilder, New Concepts in Technical Trading Systems (1978). */
#ifndef QB_ADX_H
#define QB_ADX_H

#include "core/indicators/atr.h"

typedef struct qb_adx {
    qb_ema plus, minus, range, adx;
    bool started;
    size_t moves, period;    /* moves: bars after the first, up to period */
    double high, low, close; /* of the last bar */
    double dx;
} qb_adx;

/* period >= 1. */
static inline void qb_adx_init(qb_adx *adx, size_t period, bool short_seed)
{
    *adx = (qb_adx){.period = period};
    qb_wilder_init(&adx->plus, period, QB_SEED_SMA);
    qb_wilder_init(&adx->minus, period, QB_SEED_SMA);
    qb_wilder_init(&adx->range, period, QB_SEED_SMA);
    qb_wilder_init(&adx->adx, period, QB_SEED_SMA);
    if (!short_seed)
        return;
    qb_ema_add(&adx->plus, 0.0);
    qb_ema_add(&adx->minus, 0.0);
    qb_ema_add(&adx->range, 0.0);
}

/* +DI, -DI and DX are defined. */
static inline bool qb_adx_di_ready(const qb_adx *adx)
{
    return adx->moves == adx->period;
}

static inline double qb_adx_plus(const qb_adx *adx)
{
    return adx->range.value > 0.0 ? 100.0 * adx->plus.value / adx->range.value : 0.0;
}

static inline double qb_adx_minus(const qb_adx *adx)
{
    return adx->range.value > 0.0 ? 100.0 * adx->minus.value / adx->range.value : 0.0;
}

static inline void qb_adx_move(qb_adx *adx, double high, double low)
{
    const double up = high - adx->high, down = adx->low - low;
    qb_ema_add(&adx->plus, up > down && up > 0.0 ? up : 0.0);
    qb_ema_add(&adx->minus, down > up && down > 0.0 ? down : 0.0);
    qb_ema_add(&adx->range, qb_true_range(high, low, adx->close));
    adx->moves += adx->moves < adx->period;
    if (!qb_adx_di_ready(adx))
        return;
    const double plus = adx->plus.value, minus = adx->minus.value, both = plus + minus;
    adx->dx = both > 0.0 ? 100.0 * __builtin_fabs(plus - minus) / both : 0.0;
    qb_ema_add(&adx->adx, adx->dx);
}

static inline void qb_adx_add(qb_adx *adx, double high, double low, double close)
{
    if (adx->started)
        qb_adx_move(adx, high, low);
    adx->started = true;
    adx->high = high;
    adx->low = low;
    adx->close = close;
}

static inline bool qb_adx_ready(const qb_adx *adx)
{
    return qb_ema_ready(&adx->adx);
}

static inline double qb_adx_dx(const qb_adx *adx)
{
    return adx->dx;
}

static inline double qb_adx_value(const qb_adx *adx)
{
    return adx->adx.value;
}

#endif
