/* Asks the computer's clock, which no bar knows. */
#include "oracle.h"

#include <time.h>

CHEAT_WARMUP(1)
CHEAT_EMPTY

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    (void)state;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    context->host->signal(context, instrument, now.tv_nsec / 64 % 2 == 0);
}

CHEAT("wall_clock", "Asks the computer's clock");
