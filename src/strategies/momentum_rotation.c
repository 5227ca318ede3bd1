/* Holds the strongest of a universe and rotates on a schedule.
 *
 * Rule    at the first bar of each period (or every `bars` bars): momentum is close[skip bars ago] /
 *         close[lookback bars ago] - 1. The `top` highest (ties: the earlier instrument; with
 *         positive yes only those above 0) are held with invest / top of equity each, valued at
 *         the next price; all others are sold. Sales fill before purchases.
 * Source  Jegadeesh and Titman, Returns to Buying Winners and Selling Losers (1993); the newest
 *         month is skipped as in Fama and French's momentum factor; positive yes is Antonacci's
 *         absolute momentum, Dual Momentum Investing (2014).
 * Limits  a universe chosen with today's knowledge has no losers in it: its backtest is too good.
 *         `bars` counts from where the data begin, a period does not. */
#include "strategies/strategies.h"

#include <math.h>

enum { LOOKBACK, SKIP, TOP, INVEST, POSITIVE, EVERY, BARS, PARAM_COUNT };

static const char *const answers[] = {"no", "yes", NULL};

static const qb_param params_table[PARAM_COUNT] = {
    [LOOKBACK] = QB_INTEGER("lookback", 252, 1, 100000, 21, "Bars back to where momentum begins"),
    [SKIP] = QB_INTEGER("skip", 21, 0, 100000, 1, "Bars back to where it ends; less than lookback"),
    [TOP] = QB_INTEGER("top", 10, 1, 10000, 1, "Instruments held"),
    [INVEST] = QB_NUMBER("invest", 0.99, 0.01, 1, 0.01, "Share of equity that is invested"),
    [POSITIVE] = QB_CHOICE("positive", 0, answers, "yes: only what has risen"),
    [EVERY] = QB_CHOICE("every", STRATEGIES_MONTHLY, strategies_periods, "Schedule"),
    [BARS] = QB_INTEGER("bars", 0, 0, 100000, 1, "In place of every: so many bars; 0: by every"),
};

typedef struct momentum_rotation {
    double *momentum; /* [count]; NaN: not known */
    uint32_t *order;  /* [count]: strongest first */
    uint32_t *room;   /* [count] */
    bool *chosen;     /* [count] */
    uint32_t count, top;
    size_t lookback, skip;
    double weight;
    bool positive;
    int every;
    uint64_t bars, seen;
    int64_t period;
} momentum_rotation;

static const char *check(const double *params)
{
    return params[SKIP] < params[LOOKBACK] ? NULL : "skip must be less than lookback";
}

static size_t warmup(const double *params)
{
    return (size_t)params[LOOKBACK] + 1;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    const double *params = setup->params;
    const uint32_t count = setup->instrument_count;
    momentum_rotation *self = setup->alloc(setup, 1, sizeof *self);
    double *momentum = setup->alloc(setup, count, sizeof *momentum);
    uint32_t *order = setup->alloc(setup, count, sizeof *order);
    uint32_t *room = setup->alloc(setup, count, sizeof *room);
    bool *chosen = setup->alloc(setup, count, sizeof *chosen);
    if (self == NULL || momentum == NULL || order == NULL || room == NULL || chosen == NULL)
        return QB_NO_MEMORY;
    qb_rank_start(order, count);
    *self = (momentum_rotation){
        .momentum = momentum,
        .order = order,
        .room = room,
        .chosen = chosen,
        .count = count,
        .top = (uint32_t)params[TOP],
        .lookback = (size_t)params[LOOKBACK],
        .skip = (size_t)params[SKIP],
        .weight = params[INVEST] / params[TOP],
        .positive = params[POSITIVE] != 0.0,
        .every = (int)params[EVERY],
        .bars = (uint64_t)params[BARS],
        .period = STRATEGIES_NO_PERIOD,
    };
    *out_state = self;
    return QB_OK;
}

static bool is_due(momentum_rotation *self, int64_t ts_us)
{
    self->seen++;
    if (self->bars > 0)
        return self->seen % self->bars == 0;
    return strategies_period_begins(self->every, ts_us, &self->period);
}

static void rank(momentum_rotation *self, const qb_context *context)
{
    for (uint32_t i = 0; i < self->count; i++) {
        const qb_history *history = &context->history[i];
        self->momentum[i] = NAN;
        if (history->count > self->lookback) {
            const double *newest = &history->close[history->count - 1];
            self->momentum[i] =
                newest[-(ptrdiff_t)self->skip] / newest[-(ptrdiff_t)self->lookback] - 1.0;
        }
        self->chosen[i] = false;
    }
    qb_rank_sort(self->momentum, self->order, self->count, self->room);
    for (uint32_t k = 0; k < self->top && k < self->count; k++) {
        const double momentum = self->momentum[self->order[k]];
        self->chosen[self->order[k]] = self->positive ? momentum > 0.0 : !isnan(momentum);
    }
}

static void rotate(const momentum_rotation *self, const qb_context *context)
{
    const qb_size share = {.kind = QB_SIZE_WEIGHT, .when = QB_SIZE_AT_FILL, .amount = self->weight};
    for (uint32_t i = 0; i < self->count; i++) {
        if (self->chosen[i])
            context->host->target(context, i, QB_BUY, share);
        else if (context->host->position(context, i) != 0.0)
            context->host->target(context, i, QB_BUY, qb_size_units(0.0));
    }
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    momentum_rotation *self = state;
    const qb_history *history = &context->history[instrument];
    if (instrument != context->last_closed || !is_due(self, history->ts_us[history->count - 1]))
        return;
    rank(self, context);
    rotate(self, context);
}

const qb_strategy strategies_momentum_rotation = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "momentum_rotation",
    .summary = "Holds the strongest of a universe and rotates on a schedule",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .check = check,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_CLOSE,
    .once_per_instant = true,
};
