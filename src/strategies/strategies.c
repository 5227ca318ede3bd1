#include "strategies/strategies.h"

#include <string.h>

/* clang-format off */
const qb_strategy *const strategies_builtin[] = {
    &strategies_buy_and_hold,
    &strategies_dollar_cost_average,
    &strategies_equal_weight,
    &strategies_hrp,
    &strategies_momentum_rotation,
    &strategies_sma_cross,
    &strategies_ema_cross,
    &strategies_macd,
    &strategies_donchian,
    &strategies_trend_breakout,
    &strategies_bull_mode,
    &strategies_rsi_reversion,
    &strategies_bollinger,
    &strategies_scalper_sigma,
    &strategies_gamma_reversal,
    &strategies_market_neutral,
    NULL,
};
/* clang-format on */

const qb_strategy *strategies_find(const char *name)
{
    for (size_t i = 0; strategies_builtin[i] != NULL; i++)
        if (strcmp(strategies_builtin[i]->name, name) == 0)
            return strategies_builtin[i];
    return NULL;
}

const char *const strategies_sides[3] = {"long", "both", NULL};

/* ---- one position at a time ---------------------------------------------------------------- */

void strategies_enter(const qb_context *context, const strategies_entry *entry, uint64_t *order)
{
    qb_order_request request = {
        .struct_size = sizeof request,
        .instrument = entry->instrument,
        .side = entry->side,
        .size = entry->size,
        .time_stop_bars = entry->time_stop_bars,
    };
    if (entry->stop_distance > 0.0)
        request.stop_loss = (qb_exit){QB_EXIT_DISTANCE, entry->stop_distance};
    context->host->cancel(context, *order);
    *order = context->host->submit(context, &request);
}

void strategies_leave(const qb_context *context, uint32_t instrument, uint64_t *order)
{
    context->host->cancel(context, *order);
    *order = 0;
    context->host->target(context, instrument, QB_BUY, qb_size_units(0.0));
}

/* ---- schedules ----------------------------------------------------------------------------- */

const char *const strategies_periods[6] = {"day", "week", "month", "quarter", "year", NULL};

/* A number that is the same for all instants of a period, and another one in the next. */
static int64_t period_of(int every, int64_t ts_us)
{
    const int32_t date = qb_date_from_us(ts_us);
    const qb_civil civil = qb_civil_from_date(date);
    switch (every) {
    case STRATEGIES_DAILY:
        return date;
    case STRATEGIES_WEEKLY:
        return date - qb_weekday(date);
    case STRATEGIES_MONTHLY:
        return civil.year * INT64_C(12) + civil.month;
    case STRATEGIES_QUARTERLY:
        return civil.year * INT64_C(4) + (civil.month - 1) / 3;
    default:
        return civil.year;
    }
}

bool strategies_period_begins(int every, int64_t ts_us, int64_t *period)
{
    const int64_t now = period_of(every, ts_us), before = *period;
    *period = now;
    return now != before && before != STRATEGIES_NO_PERIOD;
}

bool strategies_instant_begins(const qb_context *context, int64_t *last_us)
{
    if (context->now_us == *last_us)
        return false;
    *last_us = context->now_us;
    return true;
}
