/* Reads on behind the newest bar. The future is not there; what is, depends on the bar's number. */
#include "oracle.h"

CHEAT_WARMUP(1)
CHEAT_EMPTY

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    (void)state;
    const qb_history *history = &context->history[instrument];
    double ahead = history->close[history->count];
    context->host->signal(context, instrument, ahead > 0.8 * history->close[history->count - 1]);
}

CHEAT("beyond_count", "Reads behind the newest bar");
