/* The same by the time that it is. */
#include "oracle.h"

CHEAT_WARMUP(1)
CHEAT_READS

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const oracle *oracle = state;
    int row = oracle_find(oracle, context->now_us);
    bool rises = row >= 0 && row + 1 < oracle->count && oracle->close[row + 1] > oracle->close[row];
    context->host->signal(context, instrument, rises);
}

CHEAT("future_by_clock", "Knows the next bar by the time of day");
