/* Mean reversion on z-scores, with a stop by the average true range and one by time.
 *
 * Rule    z = (close - mean) / deviation of the last `period` closes. Flat and z < -enter: buy,
 *         with a stop `stop` ATR below the fill and a time stop of `hold` bars. Long and z > -leave:
 *         sell. side both mirrors it for shorts.
 * Source  the scalper of the earlier bot; Chan, Algorithmic Trading (2013), on z-score entries.
 * Limits  needs a market that comes back. On minutes the costs of a round trip are of the size of
 *         what is gained: look at the edge per trade before believing in it. */
#include "strategies/strategies.h"

enum { PERIOD, ENTER, LEAVE, STOP, ATR, HOLD, SIDE, PARAM_COUNT };

static const qb_param params_table[PARAM_COUNT] = {
    [PERIOD] = QB_INTEGER("period", 20, 2, 10000, 1, "Bars of mean and deviation"),
    [ENTER] = QB_NUMBER("enter", 2, 0.1, 10, 0.1, "Deviations away at which it enters"),
    [LEAVE] = QB_NUMBER("leave", 0.5, -10, 10, 0.1, "Deviations away at which it leaves"),
    [STOP] = QB_NUMBER("stop", 1.5, 0, 100, 0.25, "ATR from the fill to the stop; 0: none"),
    [ATR] = QB_INTEGER("atr", 14, 1, 1000, 1, "Period of the average true range"),
    [HOLD] = QB_INTEGER("hold", 20, 0, 100000, 1, "Bars until it leaves anyway; 0: no end"),
    [SIDE] = QB_CHOICE("side", STRATEGIES_LONG, strategies_sides, "both: mirrored for shorts"),
};

typedef struct gauges {
    qb_deviation closes;
    qb_atr atr;
    uint64_t order; /* the last entry */
} gauges;

typedef struct scalper_sigma {
    gauges *gauges; /* [instrument_count] */
    double enter, leave, stop;
    uint32_t hold;
    qb_size size;
    bool both;
} scalper_sigma;

static const char *check(const double *params)
{
    return params[LEAVE] < params[ENTER] ? NULL : "leave must be less than enter";
}

static size_t warmup(const double *params)
{
    const size_t period = (size_t)params[PERIOD];
    const size_t settled = qb_wilder_settled((size_t)params[ATR]) + 1;
    return settled > period ? settled : period;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    const double *params = setup->params;
    const size_t period = (size_t)params[PERIOD];
    scalper_sigma *self = setup->alloc(setup, 1, sizeof *self);
    gauges *gauges = setup->alloc(setup, setup->instrument_count, sizeof *gauges);
    if (self == NULL || gauges == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < setup->instrument_count; i++) {
        double *room = setup->alloc(setup, qb_deviation_room(period), sizeof *room);
        if (room == NULL)
            return QB_NO_MEMORY;
        qb_deviation_init(&gauges[i].closes, room, period);
        qb_atr_init(&gauges[i].atr, NULL, (size_t)params[ATR], QB_AVERAGE_WILDER, false);
    }
    *self = (scalper_sigma){
        .gauges = gauges,
        .enter = params[ENTER],
        .leave = params[LEAVE],
        .stop = params[STOP],
        .hold = (uint32_t)params[HOLD],
        .size = setup->size,
        .both = params[SIDE] == STRATEGIES_BOTH,
    };
    *out_state = self;
    return QB_OK;
}

static void enter(const scalper_sigma *self, const qb_context *context, uint32_t instrument,
                  qb_side side)
{
    gauges *gauges = &self->gauges[instrument];
    const strategies_entry entry = {
        .instrument = instrument,
        .side = side,
        .size = self->size,
        .stop_distance = self->stop * qb_atr_value(&gauges->atr),
        .time_stop_bars = self->hold,
    };
    strategies_enter(context, &entry, &gauges->order);
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const scalper_sigma *self = state;
    const qb_history *history = &context->history[instrument];
    const size_t row = history->count - 1;
    gauges *gauges = &self->gauges[instrument];
    qb_deviation_add(&gauges->closes, history->close[row]);
    qb_atr_add(&gauges->atr, history->high[row], history->low[row], history->close[row]);
    if (!qb_deviation_ready(&gauges->closes) || !qb_atr_ready(&gauges->atr))
        return;
    const double z = qb_deviation_zscore(&gauges->closes, 0);
    const double held = context->host->position(context, instrument);
    if (held == 0.0 && z < -self->enter)
        enter(self, context, instrument, QB_BUY);
    else if (held == 0.0 && self->both && z > self->enter)
        enter(self, context, instrument, QB_SELL);
    else if ((held > 0.0 && z > -self->leave) || (held < 0.0 && z < self->leave))
        strategies_leave(context, instrument, &gauges->order);
}

const qb_strategy strategies_scalper_sigma = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "scalper_sigma",
    .summary = "Mean reversion on z-scores, with ATR and time stops",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .check = check,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_HIGH | QB_READ_LOW | QB_READ_CLOSE,
};
