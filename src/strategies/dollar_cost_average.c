/* Buys for the same amount of money at the first bar of each period, and never sells.
 *
 * Rule    the first bar of a period, or the first bar at all while nothing is held: buy for
 *         `amount` of each instrument, fees included, at the next price.
 * Source  Graham, The Intelligent Investor (1949); Constantinides, A Note on the Suboptimality of
 *         Dollar-Cost Averaging (1979), on what it costs against buying at once.
 * Limits  when the cash is spent the orders are cut, then refused; give --deposit to go on. */
#include "strategies/strategies.h"

enum { AMOUNT, EVERY, PARAM_COUNT };

static const qb_param params_table[PARAM_COUNT] = {
    [AMOUNT] = QB_NUMBER("amount", 1000, 0.01, 1e9, 100, "Money for each instrument and purchase"),
    [EVERY] = QB_CHOICE("every", STRATEGIES_MONTHLY, strategies_periods, "Schedule"),
};

typedef struct dollar_cost_average {
    int64_t *periods; /* [instrument_count] */
    double amount;
    int every;
} dollar_cost_average;

static size_t warmup(const double *params)
{
    return 1;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    dollar_cost_average *self = setup->alloc(setup, 1, sizeof *self);
    int64_t *periods = setup->alloc(setup, setup->instrument_count, sizeof *periods);
    if (self == NULL || periods == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < setup->instrument_count; i++)
        periods[i] = STRATEGIES_NO_PERIOD;
    *self = (dollar_cost_average){
        .periods = periods,
        .amount = setup->params[AMOUNT],
        .every = (int)setup->params[EVERY],
    };
    *out_state = self;
    return QB_OK;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const dollar_cost_average *self = state;
    const qb_history *history = &context->history[instrument];
    const bool begins = strategies_period_begins(self->every, history->ts_us[history->count - 1],
                                                 &self->periods[instrument]);
    if (begins || context->host->position(context, instrument) == 0.0)
        context->host->order(context, instrument, QB_BUY, qb_size_cash(self->amount));
}

const qb_strategy strategies_dollar_cost_average = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "dollar_cost_average",
    .summary = "Buys for the same amount of money in each period",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_CLOSE,
};
