/* Buys at the first opportunity and holds to the end: what every other strategy must beat. Each
 * instrument gets the run's size, as with every signal of strength 1. */
#include "strategies/strategies.h"

static size_t warmup(const double *params)
{
    return 1;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    *out_state = NULL;
    return QB_OK;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    context->host->signal(context, instrument, 1.0);
}

const qb_strategy strategies_buy_and_hold = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "buy_and_hold",
    .summary = "Buys at the first opportunity and holds to the end",
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_CLOSE,
};
