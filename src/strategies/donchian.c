/* Enters when the close leaves the channel of the bars before, exits by a shorter channel.
 *
 * Rule    flat and close > highest high of the `entry` bars before: buy, with a stop `stop` ATR
 *         below the fill (0: none). Long and close < lowest low of the `exit` bars before: sell.
 *         side both mirrors it for shorts.
 * Source  Donchian (1960); Faith, The Original Turtle Trading Rules (2003): 20 in, 10 out, stop
 *         2 N with N the 20-day average true range. The Turtles pyramided and skipped winners'
 *         successors; this does neither.
 * Limits  signals are read at the close and filled at the next price, not intraday at the channel. */
#include "strategies/strategies.h"

enum { ENTRY, EXIT, STOP, ATR, SIDE, PARAM_COUNT };

static const qb_param params_table[PARAM_COUNT] = {
    [ENTRY] = QB_INTEGER("entry", 20, 1, 10000, 1, "Bars of the channel that is broken"),
    [EXIT] = QB_INTEGER("exit", 10, 1, 10000, 1, "Bars of the channel that ends it"),
    [STOP] = QB_NUMBER("stop", 2, 0, 100, 0.25, "ATR from the fill to the stop; 0: none"),
    [ATR] = QB_INTEGER("atr", 20, 1, 1000, 1, "Period of the average true range"),
    [SIDE] = QB_CHOICE("side", STRATEGIES_LONG, strategies_sides, "both: mirrored for shorts"),
};

typedef struct channels {
    qb_extremes entry, exit;
    qb_atr atr;
    uint64_t order; /* the last entry */
} channels;

typedef struct donchian {
    channels *channels; /* [instrument_count] */
    double stop;
    qb_size size;
    bool both;
} donchian;

static size_t warmup(const double *params)
{
    const size_t entry = (size_t)params[ENTRY], exit = (size_t)params[EXIT];
    const size_t channel = (entry > exit ? entry : exit) + 1;
    const size_t settled = params[STOP] > 0.0 ? qb_wilder_settled((size_t)params[ATR]) + 1 : 0;
    return settled > channel ? settled : channel;
}

static qb_status init_channels(const qb_setup *setup, channels *channels)
{
    const size_t entry = (size_t)setup->params[ENTRY], exit = (size_t)setup->params[EXIT];
    const size_t entry_room = qb_extremes_room(entry);
    double *room = setup->alloc(setup, entry_room + qb_extremes_room(exit), sizeof *room);
    if (room == NULL)
        return QB_NO_MEMORY;
    qb_extremes_init(&channels->entry, room, entry);
    qb_extremes_init(&channels->exit, room + entry_room, exit);
    qb_atr_init(&channels->atr, NULL, (size_t)setup->params[ATR], QB_AVERAGE_WILDER, false);
    return QB_OK;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    donchian *self = setup->alloc(setup, 1, sizeof *self);
    channels *channels = setup->alloc(setup, setup->instrument_count, sizeof *channels);
    if (self == NULL || channels == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < setup->instrument_count; i++)
        if (init_channels(setup, &channels[i]) != QB_OK)
            return QB_NO_MEMORY;
    *self = (donchian){
        .channels = channels,
        .stop = setup->params[STOP],
        .size = setup->size,
        .both = setup->params[SIDE] == STRATEGIES_BOTH,
    };
    *out_state = self;
    return QB_OK;
}

/* The side that a close breaks out to; 0: none. The channels are still those of the bars before. */
static int broken(const donchian *self, const channels *channels, double close)
{
    if (!qb_extremes_ready(&channels->entry))
        return 0;
    if (close > channels->entry.highest)
        return QB_BUY;
    return self->both && close < channels->entry.lowest ? QB_SELL : 0;
}

static bool is_over(const channels *channels, double held, double close)
{
    return held > 0.0 ? close < channels->exit.lowest : close > channels->exit.highest;
}

static void enter(const donchian *self, const qb_context *context, uint32_t instrument,
                  qb_side side)
{
    channels *channels = &self->channels[instrument];
    const strategies_entry entry = {
        .instrument = instrument,
        .side = side,
        .size = self->size,
        .stop_distance = self->stop * qb_atr_value(&channels->atr),
    };
    strategies_enter(context, &entry, &channels->order);
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const donchian *self = state;
    const qb_history *history = &context->history[instrument];
    const size_t row = history->count - 1;
    const double high = history->high[row], low = history->low[row], close = history->close[row];
    channels *channels = &self->channels[instrument];
    const double held = context->host->position(context, instrument);
    const int side = broken(self, channels, close);
    qb_atr_add(&channels->atr, high, low, close);
    if (held == 0.0 && side != 0)
        enter(self, context, instrument, (qb_side)side);
    else if (held != 0.0 && is_over(channels, held, close))
        strategies_leave(context, instrument, &channels->order);
    qb_extremes_add(&channels->entry, high, low);
    qb_extremes_add(&channels->exit, high, low);
}

const qb_strategy strategies_donchian = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "donchian",
    .summary = "Breaks out of one channel, leaves by a shorter one, with an ATR stop",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_HIGH | QB_READ_LOW | QB_READ_CLOSE,
};
