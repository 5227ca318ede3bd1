/* Ranks across a universe: which instruments are strongest on one bar.
 *
 * Highest value first; equal values by the lower index; NaN (not defined yet, no bar) last. The
 * order of the bar before is the best start: what is nearly sorted costs O(count), anything else
 * O(count log count). Same input, same order, whatever the start.
 * `percentile` is the share of the defined others that are weaker, ties half: 0 .. 1, 0.5 alone. */
#ifndef QB_RANK_H
#define QB_RANK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QB_RANK_RUN 8 /* sorted by insertion before runs are merged */

/* i stands before k. */
static inline bool qb_rank_before(const double *values, uint32_t i, uint32_t k)
{
    const double a = values[i], b = values[k];
    if (a > b || a < b)
        return a > b;
    if ((a != a) != (b != b))
        return b != b;
    return i < k;
}

static inline void qb_rank_insert(const double *values, uint32_t *order, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        const uint32_t moved = order[i];
        size_t k = i;
        for (; k > 0 && qb_rank_before(values, moved, order[k - 1]); k--)
            order[k] = order[k - 1];
        order[k] = moved;
    }
}

/* Merges order[0 .. half) and order[half .. count); nothing to do where they already follow. */
static inline void qb_rank_merge(const double *values, uint32_t *order, size_t half, size_t count,
                                 uint32_t *room)
{
    if (qb_rank_before(values, order[half - 1], order[half]))
        return;
    for (size_t i = 0; i < half; i++)
        room[i] = order[i];
    for (size_t i = 0, k = half, at = 0; i < half;)
        order[at++] = k < count && qb_rank_before(values, order[k], room[i]) ? order[k++]
                                                                             : room[i++];
}

/* order: [count] indices into values, each once, in any order; sorted in place. room: [count]. */
static inline void qb_rank_sort(const double *values, uint32_t *order, size_t count, uint32_t *room)
{
    for (size_t i = 0; i < count; i += QB_RANK_RUN)
        qb_rank_insert(values, order + i, count - i < QB_RANK_RUN ? count - i : QB_RANK_RUN);
    for (size_t run = QB_RANK_RUN; run < count; run *= 2)
        for (size_t i = 0; i + run < count; i += 2 * run)
            qb_rank_merge(values, order + i, run, count - i < 2 * run ? count - i : 2 * run, room);
}

/* 0, 1, 2 ...: where an order starts. */
static inline void qb_rank_start(uint32_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
}

/* out[i]: the percentile of instrument i, NaN where its value is. order as sorted above. */
static inline void qb_rank_percentiles(const double *values, const uint32_t *order, size_t count,
                                       double *out)
{
    size_t defined = count;
    while (defined > 0 && values[order[defined - 1]] != values[order[defined - 1]])
        out[order[--defined]] = __builtin_nan("");
    for (size_t from = 0, to = 0; from < defined; from = to) {
        for (to = from + 1; to < defined && values[order[to]] == values[order[from]];)
            to++;
        const double weaker = (double)(defined - to), equal = (double)(to - from - 1);
        const double others = (double)defined - 1.0;
        for (size_t i = from; i < to; i++)
            out[order[i]] = others > 0.0 ? (weaker + 0.5 * equal) / others : 0.5;
    }
}

#endif
