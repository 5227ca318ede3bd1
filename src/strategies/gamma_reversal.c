/* Short-horizon reversal: what has moved too far within a few bars tends to come part of the way
 * back, and the position is given only a few bars for it.
 *
 * Rule    move = log(close / close[horizon bars ago]) / (deviation of the last `period` one-bar log
 *         returns x sqrt(horizon)). Flat and move < -threshold: buy, leave after `hold` bars, with
 *         a stop `stop` ATR away. side both: sell what has risen as far.
 * Source  the reversal of the earlier bot; Lehmann, Fads, Martingales, and Market Efficiency (1990);
 *         Jegadeesh, Evidence of Predictable Behavior of Security Returns (1990).
 * Limits  the name has nothing to do with options: it knows no dealer's gamma. It trades often, and
 *         most of the published effect is smaller than the spread of small companies. */
#include "strategies/strategies.h"

#include <math.h>

enum { HORIZON, THRESHOLD, PERIOD, HOLD, STOP, SIDE, PARAM_COUNT };

static const qb_param params_table[PARAM_COUNT] = {
    [HORIZON] = QB_INTEGER("horizon", 3, 1, 1000, 1, "Bars of the move"),
    [THRESHOLD] = QB_NUMBER("threshold", 1.5, 0.1, 10, 0.1, "Deviations at which it enters"),
    [PERIOD] = QB_INTEGER("period", 60, 2, 10000, 1, "Bars of the deviation"),
    [HOLD] = QB_INTEGER("hold", 3, 1, 1000, 1, "Bars until it leaves"),
    [STOP] = QB_NUMBER("stop", 2, 0, 100, 0.25, "ATR(14) from the fill to the stop; 0: none"),
    [SIDE] = QB_CHOICE("side", STRATEGIES_LONG, strategies_sides, "both: mirrored for shorts"),
};

#define ATR_PERIOD 14

typedef struct gauges {
    qb_deviation returns;
    qb_atr atr;
    double last;    /* close; 0 before the first */
    uint64_t order; /* the last entry */
} gauges;

typedef struct gamma_reversal {
    gauges *gauges; /* [instrument_count] */
    size_t horizon;
    double threshold, stop;
    uint32_t hold;
    qb_size size;
    bool both;
} gamma_reversal;

static size_t warmup(const double *params)
{
    const size_t most = (size_t)(params[PERIOD] > params[HORIZON] ? params[PERIOD]
                                                                  : params[HORIZON]);
    const size_t settled = qb_wilder_settled(ATR_PERIOD);
    return (most > settled ? most : settled) + 1;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    const double *params = setup->params;
    const size_t period = (size_t)params[PERIOD];
    gamma_reversal *self = setup->alloc(setup, 1, sizeof *self);
    gauges *gauges = setup->alloc(setup, setup->instrument_count, sizeof *gauges);
    if (self == NULL || gauges == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < setup->instrument_count; i++) {
        double *room = setup->alloc(setup, qb_deviation_room(period), sizeof *room);
        if (room == NULL)
            return QB_NO_MEMORY;
        qb_deviation_init(&gauges[i].returns, room, period);
        qb_atr_init(&gauges[i].atr, NULL, ATR_PERIOD, QB_AVERAGE_WILDER, false);
    }
    *self = (gamma_reversal){
        .gauges = gauges,
        .horizon = (size_t)params[HORIZON],
        .threshold = params[THRESHOLD],
        .stop = params[STOP],
        .hold = (uint32_t)params[HOLD],
        .size = setup->size,
        .both = params[SIDE] == STRATEGIES_BOTH,
    };
    *out_state = self;
    return QB_OK;
}

/* The move in deviations; 0 where it cannot be told. */
static double move_of(const gamma_reversal *self, const gauges *gauges, const qb_history *history)
{
    const double *newest = &history->close[history->count - 1];
    if (!qb_deviation_ready(&gauges->returns) || !qb_atr_ready(&gauges->atr) ||
        history->count <= self->horizon)
        return 0.0;
    const double width = qb_deviation_value(&gauges->returns, 1) * sqrt((double)self->horizon);
    return width > 0.0 ? log(newest[0] / newest[-(ptrdiff_t)self->horizon]) / width : 0.0;
}

static void enter(const gamma_reversal *self, const qb_context *context, uint32_t instrument,
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
    const gamma_reversal *self = state;
    const qb_history *history = &context->history[instrument];
    const size_t row = history->count - 1;
    const double close = history->close[row];
    gauges *gauges = &self->gauges[instrument];
    if (gauges->last > 0.0)
        qb_deviation_add(&gauges->returns, log(close / gauges->last));
    gauges->last = close;
    qb_atr_add(&gauges->atr, history->high[row], history->low[row], close);
    const double move = move_of(self, gauges, history);
    if (context->host->position(context, instrument) != 0.0)
        return;
    if (move < -self->threshold)
        enter(self, context, instrument, QB_BUY);
    else if (self->both && move > self->threshold)
        enter(self, context, instrument, QB_SELL);
}

const qb_strategy strategies_gamma_reversal = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "gamma_reversal",
    .summary = "Bets that a sharp move of a few bars comes part of the way back",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_HIGH | QB_READ_LOW | QB_READ_CLOSE,
};
