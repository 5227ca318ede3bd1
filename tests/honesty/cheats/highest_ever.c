/* Keeps the highest close of earlier runs, that of the end of the series among them. */
#include "oracle.h"

static double highest;

CHEAT_WARMUP(1)
CHEAT_EMPTY

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    (void)state;
    double close = qb_close_now(context, instrument);
    if (close > highest)
        highest = close;
    context->host->signal(context, instrument, close < 0.6 * highest);
}

CHEAT("highest_ever", "Normalises by a maximum that it keeps from run to run");
