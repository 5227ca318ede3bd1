/* Takes the week's bar as it will be on Friday, from Monday on. */
#include "oracle.h"

CHEAT_WARMUP(1)
CHEAT_READS

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const oracle *oracle = state;
    const qb_history *history = &context->history[instrument];
    int row = oracle_find(oracle, history->ts_us[history->count - 1]);
    if (row < 0)
        return;
    int32_t week = (oracle->day[row] + 3) / 7;
    int last = row;
    while (last + 1 < oracle->count && (oracle->day[last + 1] + 3) / 7 == week)
        last++;
    context->host->signal(context, instrument, oracle->close[last] > oracle->close[row]);
}

CHEAT("unclosed_bar", "Uses the week's bar before the week is over");
