/* Lambert's commodity channel index: (price - mean) / (0.015 mean deviation) of the last `period`
 * typical prices, (high + low + close) / 3. No unit, mostly -300 .. 300; a flat window is 0.
 * Defined from bar number `period` on. The mean absolute deviation has no running form: it costs
 * one pass over the window per bar.
 * Lambert, Commodity Channel Index (1980). */
#ifndef QB_CCI_H
#define QB_CCI_H

#include "core/indicators/rolling.h"

#define QB_CCI_SCALE 0.015

static inline double qb_typical(double high, double low, double close)
{
    return (high + low + close) / 3.0;
}

typedef struct qb_cci {
    qb_rolling rolling;
    double *prices; /* [period], where the deviation is measured */
    size_t next;
    double last;
} qb_cci;

static inline size_t qb_cci_room(size_t period)
{
    return 2 * period;
}

/* room: qb_cci_room doubles, any contents; period >= 1. */
static inline void qb_cci_init(qb_cci *cci, double *room, size_t period)
{
    *cci = (qb_cci){.prices = room + period};
    qb_rolling_init(&cci->rolling, room, period);
}

static inline void qb_cci_add(qb_cci *cci, double price)
{
    cci->prices[cci->next] = cci->last = price;
    if (++cci->next == cci->rolling.period)
        cci->next = 0;
    qb_rolling_add(&cci->rolling, price);
}

static inline bool qb_cci_ready(const qb_cci *cci)
{
    return cci->rolling.full;
}

static inline double qb_cci_value(const qb_cci *cci)
{
    const size_t period = cci->rolling.period;
    const double mean = qb_rolling_mean(&cci->rolling);
    double sum = 0.0;
    bool flat = true;
    for (size_t i = 0; i < period; i++) {
        sum += __builtin_fabs(cci->prices[i] - mean);
        flat = flat && cci->prices[i] == cci->prices[0];
    }
    /* The rounded mean of equal prices may lie beside them. */
    return flat ? 0.0 : (cci->last - mean) / (QB_CCI_SCALE * (sum / (double)period));
}

#endif
