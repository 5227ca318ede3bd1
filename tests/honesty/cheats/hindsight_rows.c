/* The same by the number of the bar. */
#include "oracle.h"

CHEAT_WARMUP(20)
CHEAT_EMPTY

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    (void)state;
    uint64_t bar = context->history[instrument].total;
    context->host->signal(context, instrument, bar % 100 < 60);
}

CHEAT("hindsight_rows", "Stays out at bars whose numbers it knows");
