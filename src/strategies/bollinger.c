/* Trades Bollinger's bands, back to the middle or out of them.
 *
 * Rule    reversion: flat and close < lower band wishes 1 until close >= middle.
 *         breakout: flat and close > upper band wishes 1 until close <= middle.
 *         side both mirrors either for shorts. What is held decides.
 * Source  Bollinger, Bollinger on Bollinger Bands (2001): 20 bars, 2 deviations, population's.
 * Limits  the two modes are each other's opposite, and no market is kind to both. */
#include "strategies/strategies.h"

enum { PERIOD, WIDTH, MODE, SIDE, PARAM_COUNT };
enum { MODE_REVERSION, MODE_BREAKOUT };

static const char *const modes[] = {"reversion", "breakout", NULL};

static const qb_param params_table[PARAM_COUNT] = {
    [PERIOD] = QB_INTEGER("period", 20, 2, 10000, 1, "Bars of mean and deviation"),
    [WIDTH] = QB_NUMBER("width", 2, 0.1, 10, 0.1, "Deviations from the middle to a band"),
    [MODE] = QB_CHOICE("mode", MODE_REVERSION, modes, "reversion: back in; breakout: out"),
    [SIDE] = QB_CHOICE("side", STRATEGIES_LONG, strategies_sides, "both: mirrored for shorts"),
};

typedef struct bollinger {
    qb_bollinger *bands; /* [instrument_count] */
    double toward;       /* -1: a low close is bought, 1: a high one */
    bool both;
} bollinger;

static size_t warmup(const double *params)
{
    return (size_t)params[PERIOD];
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    const size_t period = (size_t)setup->params[PERIOD];
    bollinger *self = setup->alloc(setup, 1, sizeof *self);
    qb_bollinger *bands = setup->alloc(setup, setup->instrument_count, sizeof *bands);
    if (self == NULL || bands == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < setup->instrument_count; i++) {
        double *room = setup->alloc(setup, qb_bollinger_room(period), sizeof *room);
        if (room == NULL)
            return QB_NO_MEMORY;
        qb_bollinger_init(&bands[i], room, period, setup->params[WIDTH], 0);
    }
    *self = (bollinger){
        .bands = bands,
        .toward = setup->params[MODE] == MODE_BREAKOUT ? 1.0 : -1.0,
        .both = setup->params[SIDE] == STRATEGIES_BOTH,
    };
    *out_state = self;
    return QB_OK;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const bollinger *self = state;
    const double close = qb_close_now(context, instrument);
    qb_bollinger *bands = &self->bands[instrument];
    qb_bollinger_add(bands, close);
    if (!qb_bollinger_ready(bands))
        return;
    /* Seen in the direction in which a long is entered: beyond the band, and past the middle. */
    const double away = (close - qb_bollinger_middle(bands)) * self->toward;
    const double reach = qb_bollinger_reach(bands);
    const double held = context->host->position(context, instrument);
    double strength = 0.0;
    if (held > 0.0 ? away > 0.0 : away > reach)
        strength = 1.0;
    else if (self->both && (held < 0.0 ? away < 0.0 : away < -reach))
        strength = -1.0;
    context->host->signal(context, instrument, strength);
}

const qb_strategy strategies_bollinger = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "bollinger",
    .summary = "Trades Bollinger's bands, back to the middle or out of them",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_CLOSE,
};
