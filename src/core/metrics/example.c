/* The curve of kpi explain: a linear congruential generator (x <- 1664525 x + 1013904223 mod
 * 2^32), u = x / 2^32, and z = sqrt(3) (u1 + u2 + u3 + u4 - 2), which has mean 0 and variance 1.
 * The benchmark's returns are b = 0.0004 + 0.010 z from seed 7, the strategy's 0.0003 + 0.6 b +
 * 0.008 z from seed 42. */
#include "core/metrics/dialects.h"

#include <math.h>

#define TRADE_POINTS 10

static double draw(uint32_t *state)
{
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        *state = UINT32_C(1664525) * *state + UINT32_C(1013904223);
        sum += *state / 4294967296.0;
    }
    return sqrt(3.0) * (sum - 2.0);
}

static void fill_trades(qb_kpi_example *out)
{
    for (size_t i = 0; i < QB_EXAMPLE_TRADES; i++) {
        const size_t entry = i * TRADE_POINTS, exit = entry + TRADE_POINTS;
        out->trades[i] = (qb_trade_result){
            .entry_us = out->ts_us[entry],
            .exit_us = out->ts_us[exit],
            .profit = out->equity[exit] - out->equity[entry],
            .return_fraction = out->equity[exit] / out->equity[entry] - 1,
        };
    }
}

void qb_kpi_example_fill(qb_kpi_example *out)
{
    uint32_t benchmark = 7, strategy = 42;
    int32_t date = qb_date_from_civil((qb_civil){2023, 1, 2});
    out->ts_us[0] = date * QB_DAY_US;
    out->equity[0] = 100000;
    out->price[0] = 100;
    for (size_t i = 1; i < QB_EXAMPLE_POINTS; i++) {
        do
            date++;
        while (qb_weekday(date) >= 5);
        const double b = 0.0004 + 0.010 * draw(&benchmark);
        const double r = 0.0003 + 0.6 * b + 0.008 * draw(&strategy);
        out->ts_us[i] = date * QB_DAY_US;
        out->equity[i] = out->equity[i - 1] * (1 + r);
        out->price[i] = out->price[i - 1] * (1 + b);
    }
    fill_trades(out);
}

qb_kpi_input qb_kpi_example_input(const qb_kpi_example *example)
{
    return (qb_kpi_input){
        .periods = {example->ts_us, example->equity, QB_EXAMPLE_POINTS},
        .benchmark = {example->ts_us, example->price, QB_EXAMPLE_POINTS},
        .trades = example->trades,
        .trade_count = QB_EXAMPLE_TRADES,
        .periods_per_year = 252,
        .traded = NAN,
    };
}
