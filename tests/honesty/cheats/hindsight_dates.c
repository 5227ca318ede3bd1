/* Knows by heart when it went down. */
#include "oracle.h"

CHEAT_WARMUP(1)
CHEAT_EMPTY

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    (void)state;
    const qb_history *history = &context->history[instrument];
    int32_t day = (int32_t)(history->ts_us[history->count - 1] / QB_DAY_US);
    bool bad = day >= oracle_day(2015, 7, 20) && day <= oracle_day(2016, 5, 12);
    context->host->signal(context, instrument, !bad);
}

CHEAT("hindsight_dates", "Stays out of a fall whose dates it knows");
