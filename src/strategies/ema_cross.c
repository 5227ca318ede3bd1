/* Long while a fast exponential average of the closes is above a slow one.
 *
 * Rule    after each close: fast > slow wishes 1, fast < slow wishes 0 (side both: -1), equal 0.
 * Source  Appel, The Moving Average Convergence-Divergence Trading Method (1979); Kaufman, Trading
 *         Systems and Methods, the chapter on trends.
 * Limits  pays for every false crossing in a market that goes nowhere. An exponential average
 *         never forgets its start: it trades only after it has settled, 8 slow periods. */
#include "strategies/strategies.h"

enum { FAST, SLOW, SIDE, PARAM_COUNT };

static const qb_param params_table[PARAM_COUNT] = {
    [FAST] = QB_INTEGER("fast", 12, 1, 10000, 1, "Period of the fast average"),
    [SLOW] = QB_INTEGER("slow", 26, 2, 10000, 1, "Period of the slow average; more than fast"),
    [SIDE] = QB_CHOICE("side", STRATEGIES_LONG, strategies_sides,
                       "long: flat when below; both: short when below"),
};

typedef struct averages {
    qb_ema fast, slow;
} averages;

typedef struct ema_cross {
    averages *averages; /* [instrument_count] */
    double below;       /* strength when fast is below slow */
} ema_cross;

static const char *check(const double *params)
{
    return params[FAST] < params[SLOW] ? NULL : "fast must be less than slow";
}

static size_t warmup(const double *params)
{
    return qb_ema_settled((size_t)params[SLOW]);
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    ema_cross *self = setup->alloc(setup, 1, sizeof *self);
    averages *averages = setup->alloc(setup, setup->instrument_count, sizeof *averages);
    if (self == NULL || averages == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < setup->instrument_count; i++) {
        qb_ema_init(&averages[i].fast, (size_t)setup->params[FAST], QB_SEED_SMA);
        qb_ema_init(&averages[i].slow, (size_t)setup->params[SLOW], QB_SEED_SMA);
    }
    *self = (ema_cross){
        .averages = averages,
        .below = setup->params[SIDE] == STRATEGIES_BOTH ? -1.0 : 0.0,
    };
    *out_state = self;
    return QB_OK;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const ema_cross *self = state;
    averages *averages = &self->averages[instrument];
    const double close = qb_close_now(context, instrument);
    qb_ema_add(&averages->fast, close);
    qb_ema_add(&averages->slow, close);
    if (!qb_ema_ready(&averages->slow))
        return;
    const double gap = qb_ema_value(&averages->fast) - qb_ema_value(&averages->slow);
    context->host->signal(context, instrument, gap > 0.0 ? 1.0 : gap < 0.0 ? self->below : 0.0);
}

const qb_strategy strategies_ema_cross = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "ema_cross",
    .summary = "Long while a fast exponential average is above a slow one",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .check = check,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_CLOSE,
};
