/* The data set WALK64: a random walk in whole 64ths, so that every window sum of its prices is
 * exact in a double and no order of summation can change a crossing. In: a seed and a length.
 * Out: a series. Used by benchmarks and tests; nothing here is market data. */
#ifndef WALK64_H
#define WALK64_H

#include "core/market/market.h"

#define WALK64_SEED 42u
#define WALK64_START_US (INT64_C(1577836800) * QB_SECOND_US) /* 2020-01-01 */

typedef enum walk64_variant { WALK64_MINUTES, WALK64_DAYS } walk64_variant;

static inline int64_t walk64_highest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Appends `count` bars from the walk's start, `step_us` apart from WALK64_START_US on. */
QB_CHECKED static inline qb_status walk64_append(qb_series *series, uint64_t seed, size_t count,
                                                 walk64_variant variant, int64_t step_us)
{
    qb_random random = {seed};
    qb_status status = qb_series_reserve(series, series->count + count);
    int shift = variant == WALK64_MINUTES ? 26 : 21;
    int64_t half = INT64_C(1) << (shift - 1), price = 640000;
    for (size_t i = 0; i < count && status == QB_OK; i++) {
        uint64_t r1 = qb_random_next(&random), r2 = qb_random_next(&random);
        int64_t d =
            (int64_t)((r1 & 0xffff) + ((r1 >> 16) & 0xffff) + ((r1 >> 32) & 0xffff) + (r1 >> 48)) -
            131070;
        int64_t open = i == 0 ? price : price + (int64_t)(r2 % 13) - 6;
        int64_t move = (open * d + half) >> shift;
        int64_t close = open + move;
        if (close < 64000 || close > 6400000)
            close = open - move;
        int64_t high = walk64_highest(open, close) + (int64_t)((r2 >> 8) & 63);
        int64_t low = -walk64_highest(-open, -close) - (int64_t)((r2 >> 16) & 63);
        status = qb_series_append(series, &(qb_bar){
                                              .ts_us = WALK64_START_US + step_us * (int64_t)i,
                                              .open = (double)open / 64.0,
                                              .high = (double)high / 64.0,
                                              .low = (double)low / 64.0,
                                              .close = (double)close / 64.0,
                                              .volume = (double)(1 + (r2 >> 24) % 1000),
                                              .split_factor = 1.0,
                                          });
        price = close;
    }
    return status;
}

#endif
