/* An exponential average of 200 bars that is believed after 10. */
#include "oracle.h"

typedef struct averages {
    double fast, slow;
    bool begun;
} averages;

CHEAT_WARMUP(10)

static qb_status init(const qb_setup *setup, void **out_state)
{
    *out_state = setup->alloc(setup, setup->instrument_count, sizeof(averages));
    return *out_state != NULL ? QB_OK : QB_NO_MEMORY;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    averages *mine = (averages *)state + instrument;
    double close = qb_close_now(context, instrument);
    mine->fast = mine->begun ? mine->fast + (close - mine->fast) * 2 / 21 : close;
    mine->slow = mine->begun ? mine->slow + (close - mine->slow) * 2 / 201 : close;
    mine->begun = true;
    context->host->signal(context, instrument, mine->fast > mine->slow);
}

CHEAT("unsettled", "Believes an average before it has settled");
