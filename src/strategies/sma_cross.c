/* Long while a fast simple moving average of the closes is above a slow one.
 *
 * What "above" has to mean is a parameter, for the tools that people compare with differ:
 *   state  long on every bar whose fast average is above the slow one; equal is neither;
 *   cross  long from a bar with fast > slow right after a bar with fast < slow; a bar of equality
 *          in between hides the crossing (backtesting.py's crossover);
 *   sign   as cross, but bars of equality are looked through (backtrader's CrossUp).
 * A fast period of 1 is the close itself. */
#include "strategies/strategies.h"

enum { FAST, SLOW, TRIGGER, SIDE, PARAM_COUNT };
enum { TRIGGER_STATE, TRIGGER_CROSS, TRIGGER_SIGN };
enum { SIDE_LONG, SIDE_BOTH };

static const char *const triggers[] = {"state", "cross", "sign", NULL};
static const char *const sides[] = {"long", "both", NULL};

static const qb_param params_table[PARAM_COUNT] = {
    [FAST] = {.name = "fast",
              .type = QB_PARAM_INTEGER,
              .standard = 20,
              .minimum = 1,
              .maximum = 100000,
              .step = 1,
              .help = "Bars of the fast average; 1 is the close itself"},
    [SLOW] = {.name = "slow",
              .type = QB_PARAM_INTEGER,
              .standard = 50,
              .minimum = 2,
              .maximum = 100000,
              .step = 1,
              .help = "Bars of the slow average; more than fast"},
    [TRIGGER] = {.name = "trigger",
                 .type = QB_PARAM_CHOICE,
                 .standard = TRIGGER_STATE,
                 .maximum = TRIGGER_SIGN,
                 .step = 1,
                 .choices = triggers,
                 .help = "state: while above; cross: from a crossing; sign: looks through ties"},
    [SIDE] = {.name = "side",
              .type = QB_PARAM_CHOICE,
              .standard = SIDE_LONG,
              .maximum = SIDE_BOTH,
              .step = 1,
              .choices = sides,
              .help = "long: flat when below; both: short when below"},
};

typedef struct averages {
    qb_sma fast, slow;
    int before;    /* which was above on the bar before: 1 fast, -1 slow; sign: when last unequal */
    double wanted; /* strength, for the triggers that remember */
} averages;

typedef struct sma_cross {
    averages *averages; /* [instrument_count] */
    int trigger;
    double strength[3]; /* when fast is below slow, equal, above */
} sma_cross;

static const char *check(const double *params)
{
    return params[FAST] < params[SLOW] ? NULL : "fast must be less than slow";
}

static size_t warmup(const double *params)
{
    /* A crossing needs the averages of two bars. */
    return (size_t)params[SLOW] + (params[TRIGGER] != TRIGGER_STATE);
}

static bool init_averages(const qb_setup *setup, averages *averages)
{
    size_t fast = (size_t)setup->params[FAST], slow = (size_t)setup->params[SLOW];
    double *rings = setup->alloc(setup, fast + slow, sizeof *rings);
    if (rings == NULL)
        return false;
    qb_sma_init(&averages->fast, rings, fast);
    qb_sma_init(&averages->slow, rings + fast, slow);
    return true;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    sma_cross *self = setup->alloc(setup, 1, sizeof *self);
    averages *averages = setup->alloc(setup, setup->instrument_count, sizeof *averages);
    if (self == NULL || averages == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < setup->instrument_count; i++)
        if (!init_averages(setup, &averages[i]))
            return QB_NO_MEMORY;
    *self = (sma_cross){
        .averages = averages,
        .trigger = (int)setup->params[TRIGGER],
        .strength = {setup->params[SIDE] == SIDE_BOTH ? -1.0 : 0.0, 0.0, 1.0},
    };
    *out_state = self;
    return QB_OK;
}

/* The strength wished after a bar on which `above` is 1 (fast above), -1 (below) or 0. */
static inline double wish(const sma_cross *self, averages *averages, int above)
{
    if (self->trigger == TRIGGER_STATE)
        return self->strength[above + 1];
    if (above != 0 && above == -averages->before)
        averages->wanted = self->strength[above + 1];
    if (above != 0 || self->trigger == TRIGGER_CROSS)
        averages->before = above;
    return averages->wanted;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const sma_cross *self = state;
    averages *averages = &self->averages[instrument];
    const qb_history *history = &context->history[instrument];
    double close = history->close[history->count - 1];
    qb_sma_add(&averages->fast, close);
    qb_sma_add(&averages->slow, close);
    if (!qb_sma_ready(&averages->slow))
        return;
    int above = qb_sma_compare(&averages->fast, &averages->slow);
    context->host->signal(context, instrument, wish(self, averages, above));
}

const qb_strategy strategies_sma_cross = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "sma_cross",
    .summary = "Long while a fast average is above a slow one, else flat or short",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .check = check,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_CLOSE,
};
