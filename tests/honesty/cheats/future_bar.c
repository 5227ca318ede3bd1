/* Looks the bar up by its stamp, and is long when the next close is higher. */
#include "oracle.h"

CHEAT_WARMUP(1)
CHEAT_READS

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const oracle *oracle = state;
    const qb_history *history = &context->history[instrument];
    int row = oracle_find(oracle, history->ts_us[history->count - 1]);
    bool rises = row >= 0 && row + 1 < oracle->count && oracle->close[row + 1] > oracle->close[row];
    context->host->signal(context, instrument, rises);
}

CHEAT("future_bar", "Knows the next bar by the stamp of this one");
