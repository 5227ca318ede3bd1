/* Writes down the closes of a run, and reads them ahead in the next one. */
#include "oracle.h"

static double seen[ORACLE_ROWS];

CHEAT_WARMUP(1)
CHEAT_EMPTY

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    (void)state;
    uint64_t bar = context->history[instrument].total - 1;
    double close = qb_close_now(context, instrument);
    if (bar + 1 >= ORACLE_ROWS)
        return;
    seen[bar] = close;
    context->host->signal(context, instrument, seen[bar + 1] > close);
}

CHEAT("last_run", "Remembers the run before");
