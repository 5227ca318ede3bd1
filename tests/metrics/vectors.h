/* The test curve of semantics.md, "Test vectors: one curve through many tools", written from its
 * text: a linear congruential generator, four draws a normal-ish value, a benchmark and a
 * strategy that follows it. */
#ifndef METRICS_VECTORS_H
#define METRICS_VECTORS_H

#include "core/metrics/metrics.h"

#include <math.h>

#define VECTOR_POINTS 504
#define VECTOR_TRADES 50

typedef struct vectors {
    int64_t ts_us[VECTOR_POINTS];
    double equity[VECTOR_POINTS], price[VECTOR_POINTS];
    qb_trade_result trades[VECTOR_TRADES];
} vectors;

static inline double vectors_normal(uint32_t *state)
{
    double total = 0;
    for (int i = 0; i < 4; i++) {
        *state = UINT32_C(1664525) * *state + UINT32_C(1013904223);
        total += *state / 4294967296.0;
    }
    return sqrt(3.0) * (total - 2.0);
}

static inline void vectors_fill(vectors *out)
{
    uint32_t benchmark_state = 7, strategy_state = 42;
    int32_t date = qb_date_from_civil((qb_civil){2023, 1, 2});
    out->equity[0] = 100000;
    out->price[0] = 100;
    out->ts_us[0] = date * QB_DAY_US;
    for (int t = 1; t < VECTOR_POINTS; t++) {
        do
            date++;
        while (qb_weekday(date) >= 5);
        const double b = 0.0004 + 0.010 * vectors_normal(&benchmark_state);
        const double r = 0.0003 + 0.6 * b + 0.008 * vectors_normal(&strategy_state);
        out->ts_us[t] = date * QB_DAY_US;
        out->equity[t] = out->equity[t - 1] * (1 + r);
        out->price[t] = out->price[t - 1] * (1 + b);
    }
    /* 50 blocks of 10 returns as trades, the last 3 returns unused. */
    for (int i = 0; i < VECTOR_TRADES; i++) {
        const double entry = out->equity[10 * i], exit = out->equity[10 * i + 10];
        out->trades[i] = (qb_trade_result){.entry_us = out->ts_us[10 * i],
                                           .exit_us = out->ts_us[10 * i + 10],
                                           .profit = exit - entry,
                                           .return_fraction = exit / entry - 1};
    }
}

static inline qb_kpi_input vectors_input(const vectors *v)
{
    return (qb_kpi_input){
        .periods = {v->ts_us, v->equity, VECTOR_POINTS},
        .benchmark = {v->ts_us, v->price, VECTOR_POINTS},
        .trades = v->trades,
        .trade_count = VECTOR_TRADES,
        .periods_per_year = 252,
        .traded = NAN,
    };
}

#endif
