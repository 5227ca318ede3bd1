/* Long while the MACD line is above its signal line.
 *
 * Rule    line = EMA(fast) - EMA(slow) of the closes, signal = EMA of the line; line > signal
 *         wishes 1, line < signal 0 (side both: -1), equal 0.
 * Source  Appel, The Moving Average Convergence-Divergence Trading Method (1979).
 * Limits  a second smoothing on top of the first: late at turns, busy where nothing moves. */
#include "strategies/strategies.h"

enum { FAST, SLOW, SIGNAL, SIDE, PARAM_COUNT };

static const qb_param params_table[PARAM_COUNT] = {
    [FAST] = QB_INTEGER("fast", 12, 1, 10000, 1, "Period of the fast average"),
    [SLOW] = QB_INTEGER("slow", 26, 2, 10000, 1, "Period of the slow average; more than fast"),
    [SIGNAL] = QB_INTEGER("signal", 9, 1, 10000, 1, "Period of the average of the line"),
    [SIDE] = QB_CHOICE("side", STRATEGIES_LONG, strategies_sides,
                       "long: flat when below; both: short when below"),
};

typedef struct macd {
    qb_macd *lines; /* [instrument_count] */
    double below;   /* strength when the line is below its signal */
} macd;

static const char *check(const double *params)
{
    return params[FAST] < params[SLOW] ? NULL : "fast must be less than slow";
}

static size_t warmup(const double *params)
{
    return qb_ema_settled((size_t)params[SLOW]) + qb_ema_settled((size_t)params[SIGNAL]);
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    const double *params = setup->params;
    macd *self = setup->alloc(setup, 1, sizeof *self);
    qb_macd *lines = setup->alloc(setup, setup->instrument_count, sizeof *lines);
    if (self == NULL || lines == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < setup->instrument_count; i++)
        qb_macd_init(&lines[i], (size_t)params[FAST], (size_t)params[SLOW], (size_t)params[SIGNAL],
                     QB_SEED_SMA, false);
    *self = (macd){.lines = lines, .below = params[SIDE] == STRATEGIES_BOTH ? -1.0 : 0.0};
    *out_state = self;
    return QB_OK;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const macd *self = state;
    qb_macd *line = &self->lines[instrument];
    qb_macd_add(line, qb_close_now(context, instrument));
    if (!qb_macd_ready(line))
        return;
    const double gap = qb_macd_histogram(line);
    context->host->signal(context, instrument, gap > 0.0 ? 1.0 : gap < 0.0 ? self->below : 0.0);
}

const qb_strategy strategies_macd = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "macd",
    .summary = "Long while the MACD line is above its signal line",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .check = check,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_CLOSE,
};
