/* Wilder's parabolic stop and reverse: a stop that follows the trend, faster with each new extreme.
 *
 * Unit of the prices. The factor starts at `step`, grows by it with each new extreme up to `limit`,
 * and starts again at each reversal. The first trend is a guess (rising, from the first bar's low),
 * so it is defined from the first reversal on. A stop never lies inside the last two bars' range.
 * Wilder, New Concepts in Technical Trading Systems (1978). */
#ifndef QB_PSAR_H
#define QB_PSAR_H

#include <stdbool.h>
#include <stddef.h>

typedef struct qb_psar {
    double step, limit;
    bool rising, reversed; /* reversed: on this bar */
    bool settled;          /* there was a reversal */
    size_t count;          /* bars in, up to 2 */
    double factor, extreme, value;
    double high[2], low[2]; /* of the last two bars, newest first */
} qb_psar;

/* 0 < step <= limit. */
static inline void qb_psar_init(qb_psar *psar, double step, double limit)
{
    *psar = (qb_psar){.step = step, .limit = limit, .rising = true, .factor = step};
}

static inline void qb_psar_turn(qb_psar *psar, double extreme)
{
    psar->value = psar->extreme;
    psar->rising = !psar->rising;
    psar->extreme = extreme;
    psar->factor = psar->step;
    psar->reversed = psar->settled = true;
}

static inline void qb_psar_reach(qb_psar *psar, double extreme)
{
    psar->extreme = extreme;
    psar->factor += psar->step;
    if (psar->factor > psar->limit)
        psar->factor = psar->limit;
}

static inline void qb_psar_rise(qb_psar *psar, double high, double low)
{
    for (size_t i = 0; i < psar->count; i++)
        psar->value = psar->low[i] < psar->value ? psar->low[i] : psar->value;
    if (low < psar->value)
        qb_psar_turn(psar, low);
    else if (high > psar->extreme)
        qb_psar_reach(psar, high);
}

static inline void qb_psar_fall(qb_psar *psar, double high, double low)
{
    for (size_t i = 0; i < psar->count; i++)
        psar->value = psar->high[i] > psar->value ? psar->high[i] : psar->value;
    if (high > psar->value)
        qb_psar_turn(psar, high);
    else if (low < psar->extreme)
        qb_psar_reach(psar, low);
}

static inline void qb_psar_add(qb_psar *psar, double high, double low)
{
    psar->reversed = false;
    if (psar->count == 0) {
        psar->value = low;
        psar->extreme = high;
    } else {
        psar->value += psar->factor * (psar->extreme - psar->value);
        if (psar->rising)
            qb_psar_rise(psar, high, low);
        else
            qb_psar_fall(psar, high, low);
    }
    psar->high[1] = psar->high[0];
    psar->low[1] = psar->low[0];
    psar->high[0] = high;
    psar->low[0] = low;
    psar->count += psar->count < 2;
}

static inline bool qb_psar_ready(const qb_psar *psar)
{
    return psar->settled;
}

static inline double qb_psar_value(const qb_psar *psar)
{
    return psar->value;
}

#endif
