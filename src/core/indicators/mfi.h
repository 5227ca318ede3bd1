/* Money flow index: 100 P / (P + N), P and N the sums of typical price times volume over the last
 * `period` bars whose typical price rose and fell. 0 .. 100, no unit; 50 without any flow. Defined
 * from bar number period + 1 on. A NaN volume is unknown and counts as 0.
 * Quong and Soudack, Volume-weighted RSI (1989). */
#ifndef QB_MFI_H
#define QB_MFI_H

#include "core/indicators/cci.h"
#include "core/indicators/obv.h"

typedef struct qb_mfi {
    qb_rolling up, down;
    bool started;
    double last; /* typical price */
} qb_mfi;

static inline size_t qb_mfi_room(size_t period)
{
    return 2 * period;
}

/* room: qb_mfi_room doubles, any contents; period >= 1. */
static inline void qb_mfi_init(qb_mfi *mfi, double *room, size_t period)
{
    *mfi = (qb_mfi){.started = false};
    qb_rolling_init(&mfi->up, room, period);
    qb_rolling_init(&mfi->down, room + period, period);
}

static inline void qb_mfi_add(qb_mfi *mfi, double high, double low, double close, double volume)
{
    const double price = qb_typical(high, low, close);
    const double flow = price * qb_known_volume(volume);
    if (mfi->started) {
        qb_rolling_add(&mfi->up, price > mfi->last ? flow : 0.0);
        qb_rolling_add(&mfi->down, price < mfi->last ? flow : 0.0);
    }
    mfi->last = price;
    mfi->started = true;
}

static inline bool qb_mfi_ready(const qb_mfi *mfi)
{
    return mfi->up.full;
}

static inline double qb_mfi_value(const qb_mfi *mfi)
{
    const double all = mfi->up.sum + mfi->down.sum;
    return all > 0.0 ? 100.0 * (mfi->up.sum / all) : 50.0;
}

#endif
