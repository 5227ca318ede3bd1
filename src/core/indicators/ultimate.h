/* Williams' ultimate oscillator: 100 (4 a + 2 b + c) / 7, each being the sum of buying pressure
 * over the sum of true ranges in one of three windows, shortest first. Buying pressure is
 * close - min(low, last close). 0 .. 100, no unit; a window without any range counts 0.5. Defined
 * from bar number longest period + 1 on.
 * Williams, The Ultimate Oscillator (1985). */
#ifndef QB_ULTIMATE_H
#define QB_ULTIMATE_H

#include "core/indicators/atr.h"

typedef struct qb_ultimate {
    qb_rolling pressure[3], range[3];
    bool started;
    double last; /* close */
} qb_ultimate;

static inline size_t qb_ultimate_room(const size_t periods[3])
{
    return 2 * (periods[0] + periods[1] + periods[2]);
}

/* room: qb_ultimate_room doubles, any contents; periods >= 1, shortest first. */
static inline void qb_ultimate_init(qb_ultimate *ultimate, double *room, const size_t periods[3])
{
    *ultimate = (qb_ultimate){.started = false};
    for (size_t i = 0; i < 3; i++) {
        qb_rolling_init(&ultimate->pressure[i], room, periods[i]);
        qb_rolling_init(&ultimate->range[i], room + periods[i], periods[i]);
        room += 2 * periods[i];
    }
}

static inline void qb_ultimate_add(qb_ultimate *ultimate, double high, double low, double close)
{
    const double last = ultimate->last;
    for (size_t i = 0; ultimate->started && i < 3; i++) {
        qb_rolling_add(&ultimate->pressure[i], close - (low < last ? low : last));
        qb_rolling_add(&ultimate->range[i], qb_true_range(high, low, last));
    }
    ultimate->last = close;
    ultimate->started = true;
}

static inline bool qb_ultimate_ready(const qb_ultimate *ultimate)
{
    return ultimate->range[0].full && ultimate->range[1].full && ultimate->range[2].full;
}

static inline double qb_ultimate_value(const qb_ultimate *ultimate)
{
    double sum = 0.0, weight = 4.0;
    for (size_t i = 0; i < 3; i++, weight *= 0.5) {
        const double range = ultimate->range[i].sum;
        sum += weight * (range > 0.0 ? ultimate->pressure[i].sum / range : 0.5);
    }
    return 100.0 * sum / 7.0;
}

#endif
