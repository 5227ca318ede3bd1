/* The same share of equity in each instrument, set right on a schedule.
 *
 * Rule    when nothing is held, and at the first bar of each period: invest / count of equity in
 *         each instrument that has a price, valued at the next one. With a band an instrument is
 *         left alone while its weight is within band of its share (0.2: 20 % of the share).
 * Source  DeMiguel, Garlappi and Uppal, Optimal Versus Naive Diversification (2009).
 * Limits  sells winners and buys losers by design; a universe of survivors flatters it. */
#include "strategies/strategies.h"

#include <math.h>

enum { INVEST, BAND, EVERY, PARAM_COUNT };

static const qb_param params_table[PARAM_COUNT] = {
    [INVEST] = QB_NUMBER("invest", 0.99, 0.01, 1, 0.01, "Share of equity that is invested"),
    [BAND] = QB_NUMBER("band", 0, 0, 1, 0.05, "Relative deviation that is let be"),
    [EVERY] = QB_CHOICE("every", STRATEGIES_MONTHLY, strategies_periods, "Schedule"),
};

typedef struct equal_weight {
    double invest, band;
    uint32_t count;
    int every;
    int64_t period;
} equal_weight;

static size_t warmup(const double *params)
{
    return 1;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    equal_weight *self = setup->alloc(setup, 1, sizeof *self);
    if (self == NULL)
        return QB_NO_MEMORY;
    *self = (equal_weight){
        .invest = setup->params[INVEST],
        .band = setup->params[BAND],
        .count = setup->instrument_count,
        .every = (int)setup->params[EVERY],
        .period = STRATEGIES_NO_PERIOD,
    };
    *out_state = self;
    return QB_OK;
}

/* Instruments that have a price; *out_held says whether any is held. */
static uint32_t count_priced(const equal_weight *self, const qb_context *context, bool *out_held)
{
    uint32_t priced = 0;
    *out_held = false;
    for (uint32_t i = 0; i < self->count; i++) {
        priced += context->history[i].total > 0;
        *out_held |= context->host->position(context, i) != 0.0;
    }
    return priced;
}

static void rebalance(const equal_weight *self, const qb_context *context, double weight)
{
    const qb_host *host = context->host;
    const qb_size share = {.kind = QB_SIZE_WEIGHT, .when = QB_SIZE_AT_FILL, .amount = weight};
    const double wanted = weight * host->equity(context);
    for (uint32_t i = 0; i < self->count; i++) {
        if (context->history[i].total == 0)
            continue;
        const double value = host->value(context, i);
        if (value == 0.0 || fabs(value - wanted) > self->band * wanted)
            host->target(context, i, QB_BUY, share);
    }
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    equal_weight *self = state;
    const qb_history *history = &context->history[instrument];
    bool held;
    if (instrument != context->last_closed)
        return;
    const bool begins = strategies_period_begins(self->every, history->ts_us[history->count - 1],
                                                 &self->period);
    const uint32_t priced = count_priced(self, context, &held);
    if (begins || !held)
        rebalance(self, context, self->invest / (double)priced);
}

const qb_strategy strategies_equal_weight = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "equal_weight",
    .summary = "The same share of equity in each instrument, set right on a schedule",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_CLOSE,
    .once_per_instant = true,
};
