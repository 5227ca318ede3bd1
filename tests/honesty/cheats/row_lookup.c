/* Takes the n-th row of its table at the n-th bar. */
#include "oracle.h"

CHEAT_WARMUP(20)
CHEAT_READS

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const oracle *oracle = state;
    uint64_t row = context->history[instrument].total - 1;
    bool rises = row + 1 < (uint64_t)oracle->count && oracle->close[row + 1] > oracle->close[row];
    context->host->signal(context, instrument, rises);
}

CHEAT("row_lookup", "Finds the bar in a table by its number");
