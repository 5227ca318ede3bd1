/* Aroon: how long ago the highest high and the lowest low of the last period + 1 bars were, as
 * 100 (period - bars since) / period. 0 .. 100, no unit; of equal extremes the newest counts, or
 * with `oldest` the oldest: a flat window is 100 both ways, or 0. Defined from bar number
 * period + 1 on. O(1) amortised, as extremes.h.
 * Chande, Aroon (1995). */
#ifndef QB_AROON_H
#define QB_AROON_H

#include "core/indicators/extremes.h"

typedef struct qb_aroon {
    double *high, *high_at, *low,
        *low_at;       /* [period + 1]: suffix extremes and where, from next on */
    size_t size, next; /* size: period + 1 */
    bool full, oldest;
    size_t part_high, part_low; /* where the newer block's extremes stand */
    size_t since_high, since_low;
} qb_aroon;

static inline size_t qb_aroon_room(size_t period)
{
    return 4 * (period + 1);
}

/* room: qb_aroon_room doubles, any contents; period >= 1. */
static inline void qb_aroon_init(qb_aroon *aroon, double *room, size_t period, bool oldest)
{
    const size_t size = period + 1;
    *aroon = (qb_aroon){.high = room,
                        .high_at = room + size,
                        .low = room + 2 * size,
                        .low_at = room + 3 * size,
                        .size = size,
                        .oldest = oldest};
}

/* A later value stands for the extreme: it is more extreme, or equal and newer ones count. */
static inline bool qb_aroon_takes(const qb_aroon *aroon, double later, double earlier)
{
    return later > earlier || (later == earlier && !aroon->oldest);
}

/* A complete block: its values become suffix extremes. */
static inline void qb_aroon_wrap(qb_aroon *aroon)
{
    for (size_t i = aroon->size; i-- > 0;) {
        const bool last = i + 1 == aroon->size;
        aroon->high_at[i] = aroon->low_at[i] = (double)i;
        if (!last && qb_aroon_takes(aroon, aroon->high[i + 1], aroon->high[i])) {
            aroon->high[i] = aroon->high[i + 1];
            aroon->high_at[i] = aroon->high_at[i + 1];
        }
        if (!last && qb_aroon_takes(aroon, -aroon->low[i + 1], -aroon->low[i])) {
            aroon->low[i] = aroon->low[i + 1];
            aroon->low_at[i] = aroon->low_at[i + 1];
        }
    }
    aroon->next = 0;
    aroon->full = true;
}

static inline void qb_aroon_add(qb_aroon *aroon, double high, double low)
{
    const size_t at = aroon->next, older = at + 1;
    aroon->high[at] = high;
    aroon->low[at] = low;
    if (at == 0 || qb_aroon_takes(aroon, high, aroon->high[aroon->part_high]))
        aroon->part_high = at;
    if (at == 0 || qb_aroon_takes(aroon, -low, -aroon->low[aroon->part_low]))
        aroon->part_low = at;
    aroon->since_high = at - aroon->part_high;
    aroon->since_low = at - aroon->part_low;
    if (aroon->full && older < aroon->size) {
        if (!qb_aroon_takes(aroon, aroon->high[aroon->part_high], aroon->high[older]))
            aroon->since_high = aroon->size + at - (size_t)aroon->high_at[older];
        if (!qb_aroon_takes(aroon, -aroon->low[aroon->part_low], -aroon->low[older]))
            aroon->since_low = aroon->size + at - (size_t)aroon->low_at[older];
    }
    if (++aroon->next == aroon->size)
        qb_aroon_wrap(aroon);
}

static inline bool qb_aroon_ready(const qb_aroon *aroon)
{
    return aroon->full;
}

static inline double qb_aroon_up(const qb_aroon *aroon)
{
    const double period = (double)(aroon->size - 1);
    return 100.0 * (period - (double)aroon->since_high) / period;
}

static inline double qb_aroon_down(const qb_aroon *aroon)
{
    const double period = (double)(aroon->size - 1);
    return 100.0 * (period - (double)aroon->since_low) / period;
}

#endif
