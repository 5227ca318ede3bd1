/* Keltner's channel: an average of the price, and `multiple` average true ranges above and below.
 *
 * Unit of the prices. The middle is an exponential average seeded by the mean of its first values,
 * or a simple one; the ranges are averaged in one of the three ways of atr.h. Defined as soon as
 * both are. A flat window has both bands on the middle.
 * Keltner, How to Make Money in Commodities (1960), took the typical price and simple averages;
 * Raschke's later form is the EMA of the close with Wilder's ranges. */
#ifndef QB_KELTNER_H
#define QB_KELTNER_H

#include "core/indicators/atr.h"

typedef struct qb_keltner {
    qb_ema ema;
    qb_rolling sma;
    qb_atr atr;
    bool simple;
    double multiple;
} qb_keltner;

typedef struct qb_keltner_rules {
    size_t period, atr_period; /* >= 1 */
    double multiple;
    bool simple; /* the middle */
    qb_average atr_average;
    bool first_is_range;
} qb_keltner_rules;

static inline size_t qb_keltner_room(const qb_keltner_rules *rules)
{
    return (rules->simple ? rules->period : 0) + qb_atr_room(rules->atr_period, rules->atr_average);
}

/* room: qb_keltner_room doubles, any contents. */
static inline void qb_keltner_init(qb_keltner *keltner, double *room, const qb_keltner_rules *rules)
{
    *keltner = (qb_keltner){.simple = rules->simple, .multiple = rules->multiple};
    if (rules->simple) {
        qb_rolling_init(&keltner->sma, room, rules->period);
        room += rules->period;
    } else {
        qb_ema_init(&keltner->ema, rules->period, QB_SEED_SMA);
    }
    qb_atr_init(&keltner->atr, room, rules->atr_period, rules->atr_average, rules->first_is_range);
}

/* price: what the middle averages, the close or the typical price. */
static inline void qb_keltner_add(qb_keltner *keltner, double high, double low, double close,
                                  double price)
{
    if (keltner->simple)
        qb_rolling_add(&keltner->sma, price);
    else
        qb_ema_add(&keltner->ema, price);
    qb_atr_add(&keltner->atr, high, low, close);
}

static inline bool qb_keltner_ready(const qb_keltner *keltner)
{
    return qb_atr_ready(&keltner->atr) &&
           (keltner->simple ? keltner->sma.full : qb_ema_ready(&keltner->ema));
}

static inline double qb_keltner_middle(const qb_keltner *keltner)
{
    return keltner->simple ? qb_rolling_mean(&keltner->sma) : keltner->ema.value;
}

/* From the middle to either band. */
static inline double qb_keltner_reach(const qb_keltner *keltner)
{
    return keltner->multiple * qb_atr_value(&keltner->atr);
}

#endif
