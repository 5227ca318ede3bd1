/* Buys what is cheap against its price of today, adjusted for all later dividends. */
#include "oracle.h"

CHEAT_WARMUP(1)
CHEAT_READS

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const oracle *oracle = state;
    const qb_history *history = &context->history[instrument];
    int row = oracle_find(oracle, history->ts_us[history->count - 1]);
    if (row >= 0)
        context->host->signal(context, instrument,
                              oracle->adjusted[row] < 0.93 * oracle->close[row]);
}

CHEAT("adjusted_prices", "Decides by prices that later dividends have adjusted");
