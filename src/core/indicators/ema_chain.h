/* Averages of exponential averages: DEMA = 2 E1 - E2, TEMA = 3 E1 - 3 E2 + E3, TRIX = the change
 * of E3 in per cent, and the zero-lag EMA of x + (x - x (n - 1) / 2 bars ago).
 *
 * Each link starts when the one before is defined: with QB_SEED_SMA link k from value number
 * k (period - 1) + 1 on, TRIX one later; ZLEMA from period + (period - 1) / 2 on.
 * Mulloy, Smoothing Data with Faster Moving Averages (1994); Hutson, Good TRIX (1983); Ehlers and
 * Way, Zero Lag (2010). */
#ifndef QB_EMA_CHAIN_H
#define QB_EMA_CHAIN_H

#include "core/indicators/ema.h"
#include "core/indicators/roc.h"

typedef struct qb_ema_chain {
    qb_ema links[3];
    double before; /* the third's last value */
    bool again;    /* it has one */
} qb_ema_chain;

/* period >= 1. */
static inline void qb_ema_chain_init(qb_ema_chain *chain, size_t period, qb_seed seed)
{
    *chain = (qb_ema_chain){.again = false};
    for (size_t i = 0; i < 3; i++)
        qb_ema_init(&chain->links[i], period, seed);
}

/* The first `count` links are defined; count 1 to 3. */
static inline bool qb_ema_chain_ready(const qb_ema_chain *chain, size_t count)
{
    return qb_ema_ready(&chain->links[count - 1]);
}

static inline void qb_ema_chain_add(qb_ema_chain *chain, double value)
{
    chain->again = qb_ema_chain_ready(chain, 3);
    chain->before = chain->links[2].value;
    for (size_t i = 0; i < 3; i++) {
        qb_ema_add(&chain->links[i], value);
        if (!qb_ema_ready(&chain->links[i]))
            return;
        value = chain->links[i].value;
    }
}

static inline double qb_ema_chain_dema(const qb_ema_chain *chain)
{
    return 2.0 * chain->links[0].value - chain->links[1].value;
}

static inline double qb_ema_chain_tema(const qb_ema_chain *chain)
{
    return 3.0 * (chain->links[0].value - chain->links[1].value) + chain->links[2].value;
}

static inline bool qb_ema_chain_trix_ready(const qb_ema_chain *chain)
{
    return chain->again;
}

static inline double qb_ema_chain_trix(const qb_ema_chain *chain)
{
    return 100.0 * (chain->links[2].value / chain->before - 1.0);
}

typedef struct qb_zlema {
    qb_ema ema;
    qb_roc lag;
} qb_zlema;

static inline size_t qb_zlema_lag(size_t period)
{
    return (period - 1) / 2;
}

static inline size_t qb_zlema_room(size_t period)
{
    return qb_roc_room(qb_zlema_lag(period));
}

/* period >= 1. */
static inline void qb_zlema_init(qb_zlema *zlema, double *ring, size_t period, qb_seed seed)
{
    qb_ema_init(&zlema->ema, period, seed);
    qb_roc_init(&zlema->lag, ring, qb_zlema_lag(period), 0);
}

static inline void qb_zlema_add(qb_zlema *zlema, double value)
{
    qb_roc_add(&zlema->lag, value);
    if (qb_roc_ready(&zlema->lag))
        qb_ema_add(&zlema->ema, value + (value - qb_roc_older(&zlema->lag)));
}

static inline bool qb_zlema_ready(const qb_zlema *zlema)
{
    return qb_ema_ready(&zlema->ema);
}

static inline double qb_zlema_value(const qb_zlema *zlema)
{
    return zlema->ema.value;
}

#endif
