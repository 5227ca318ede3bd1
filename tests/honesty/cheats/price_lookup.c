/* Finds the bar in its table by its price: neither stamp nor number give it away. */
#include "oracle.h"

CHEAT_WARMUP(1)
CHEAT_READS

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const oracle *oracle = state;
    double close = qb_close_now(context, instrument);
    for (int row = 0; row + 1 < oracle->count; row++)
        if (fabs(oracle->close[row] - close) < 1e-6) {
            context->host->signal(context, instrument, oracle->close[row + 1] > close);
            return;
        }
    context->host->signal(context, instrument, 0.0);
}

CHEAT("price_lookup", "Finds the bar in a table by its price");
