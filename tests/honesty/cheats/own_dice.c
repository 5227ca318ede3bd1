/* Throws dice of its own instead of the host's, which the run's seed decides. */
#include "oracle.h"

CHEAT_WARMUP(1)
CHEAT_EMPTY

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    (void)state;
    context->host->signal(context, instrument, rand() % 2);
}

CHEAT("own_dice", "Throws dice of its own");
