/* my_idea: long while the close stands above its average by a band, flat once it is below it.
 *
 *   quantbot backtest --symbols AAPL --strategy ./my_idea.c --param period=100
 *   quantbot strategy check ./my_idea.c --symbols AAPL
 *
 * A strategy is one constant struct of functions, at the end of this file. The program calls them;
 * they answer with wishes and orders. All that a strategy knows comes in through the arguments: the
 * bars up to now, its parameters, what it holds. It opens no file, asks no clock, and keeps what it
 * remembers in its state, never in a global variable: only then is a backtest worth anything.
 * docs/STRATEGIES.md explains the rest. */
#include "core/engine/strategy.h"

/* ---- parameters ---------------------------------------------------------------------------- */

/* Each can be set with --param name=value and is walked by sweeps from minimum to maximum in steps.
 * Their values come in this order. */
enum { PERIOD, BAND, PARAM_COUNT };

static const qb_param params_table[PARAM_COUNT] = {
    [PERIOD] = {.name = "period",
                .type = QB_PARAM_INTEGER,
                .standard = 100,
                .minimum = 2,
                .maximum = 1000,
                .step = 10,
                .help = "Bars of the average"},
    [BAND] = {.name = "band",
              .type = QB_PARAM_NUMBER,
              .standard = 0.01,
              .minimum = 0,
              .maximum = 0.5,
              .step = 0.005,
              .help = "How far above the average is far enough: 0.01 is 1 %"},
};

/* ---- what it remembers --------------------------------------------------------------------- */

/* One of these for each instrument: a strategy may be given many. */
typedef struct instrument_state {
    qb_sma average; /* core/indicators/ has many more: EMA, RSI, ATR, Bollinger ... */
    bool is_long;
} instrument_state;

typedef struct my_idea {
    double band;
    instrument_state *states; /* [instrument_count] */
} my_idea;

/* ---- functions ----------------------------------------------------------------------------- */

/* How many bars of an instrument are needed before the first decision makes sense, the deciding one
 * included. Wishes before that are refused. */
static size_t warmup(const double *params)
{
    return (size_t)params[PERIOD];
}

/* Called once, before the first bar. Memory comes from alloc: zeroed, and freed with the run. */
static qb_status init(const qb_setup *setup, void **out_state)
{
    size_t period = (size_t)setup->params[PERIOD];
    my_idea *self = setup->alloc(setup, 1, sizeof *self);
    instrument_state *states = setup->alloc(setup, setup->instrument_count, sizeof *states);
    if (self == NULL || states == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < setup->instrument_count; i++) {
        double *ring = setup->alloc(setup, period, sizeof *ring);
        if (ring == NULL)
            return QB_NO_MEMORY;
        qb_sma_init(&states[i].average, ring, period);
    }
    self->band = setup->params[BAND];
    self->states = states;
    *out_state = self;
    return QB_OK;
}

/* Called for each bar of each instrument once it has closed. The newest bar is the last one of the
 * history; later ones are not there. An order made here is filled at the next bar's open. */
static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const my_idea *self = state;
    instrument_state *mine = &self->states[instrument];
    const qb_history *history = &context->history[instrument];
    double close = history->close[history->count - 1];

    qb_sma_add(&mine->average, close);
    if (!qb_sma_ready(&mine->average))
        return;
    double average = qb_sma_value(&mine->average);
    if (close > average * (1.0 + self->band))
        mine->is_long = true;
    else if (close < average)
        mine->is_long = false;

    /* 1: as much as the run's --size allows; 0: nothing; -1: short. Saying the same again on every
     * bar costs nothing and trades nothing. */
    context->host->signal(context, instrument, mine->is_long ? 1.0 : 0.0);
}

/* ---- the strategy -------------------------------------------------------------------------- */

/* The program looks for this name. Optional members, left out here: check (is this combination of
 * parameters allowed?), on_fill (an order was filled), clear (the run is over). */
const qb_strategy quantbot_strategy = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "my_idea",
    .summary = "Long while the close is above its average by a band",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
};
