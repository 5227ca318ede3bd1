/* Breakouts of a long channel, let through by three filters.
 *
 * Rule    flat and close > highest high of the `entry` bars before is a signal. It is let through
 *         when close > simple average of `trend` bars, when the instrument's momentum of `momentum`
 *         bars ranks at or above `rank` of the universe (0 .. 1, its share of weaker ones), and
 *         when RSI(14) <= `rsi_max`. Then: buy, with a stop `stop` ATR(20) below the fill. Long and
 *         close < lowest low of the `exit` bars before: sell. Long only.
 * Source  the breakout of the earlier bot; the 55-day channel is the Turtles' second system (Faith
 *         2003); the rank is relative strength as in Levy, Relative Strength as a Criterion for
 *         Investment Selection (1967).
 * Limits  few trades, most of them small losses. In a universe of one the rank is 0.5, so a rank
 *         above that lets nothing through. */
#include "strategies/strategies.h"

#include <math.h>

enum { ENTRY, EXIT, TREND, MOMENTUM, RANK, RSI_MAX, STOP, PARAM_COUNT };

static const qb_param params_table[PARAM_COUNT] = {
    [ENTRY] = QB_INTEGER("entry", 55, 1, 10000, 1, "Bars of the channel that is broken"),
    [EXIT] = QB_INTEGER("exit", 20, 1, 10000, 1, "Bars of the channel that ends it"),
    [TREND] = QB_INTEGER("trend", 200, 1, 10000, 10, "Bars of the average to be above"),
    [MOMENTUM] = QB_INTEGER("momentum", 126, 1, 10000, 21, "Bars of the momentum that is ranked"),
    [RANK] = QB_NUMBER("rank", 0.5, 0, 1, 0.1, "Least rank in the universe"),
    [RSI_MAX] = QB_NUMBER("rsi_max", 80, 1, 100, 1, "Most that the RSI may be"),
    [STOP] = QB_NUMBER("stop", 2, 0, 100, 0.25, "ATR from the fill to the stop; 0: none"),
};

#define RSI_PERIOD 14
#define ATR_PERIOD 20

typedef struct gauges {
    qb_extremes entry, exit;
    qb_sma trend;
    qb_rsi rsi;
    qb_atr atr;
    uint64_t order; /* the last entry */
} gauges;

typedef struct trend_breakout {
    gauges *gauges;           /* [count] */
    double *momentum, *ranks; /* [count], of the instant */
    uint32_t *order, *room;   /* [count] */
    uint32_t count;
    size_t lookback;
    double rank, rsi_max, stop;
    qb_size size;
    int64_t last_us;
} trend_breakout;

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t warmup(const double *params)
{
    const size_t channels = larger((size_t)params[ENTRY], (size_t)params[EXIT]);
    const size_t averages = larger((size_t)params[TREND], (size_t)params[MOMENTUM]);
    const size_t settled = qb_wilder_settled(larger(RSI_PERIOD, ATR_PERIOD));
    return larger(larger(channels, averages), settled) + 1;
}

static qb_status init_gauges(const qb_setup *setup, gauges *gauges)
{
    const size_t entry = (size_t)setup->params[ENTRY], exit = (size_t)setup->params[EXIT];
    const size_t trend = (size_t)setup->params[TREND];
    const size_t entry_room = qb_extremes_room(entry), exit_room = qb_extremes_room(exit);
    double *room = setup->alloc(setup, entry_room + exit_room + trend, sizeof *room);
    if (room == NULL)
        return QB_NO_MEMORY;
    qb_extremes_init(&gauges->entry, room, entry);
    qb_extremes_init(&gauges->exit, room + entry_room, exit);
    qb_sma_init(&gauges->trend, room + entry_room + exit_room, trend);
    qb_rsi_init(&gauges->rsi, NULL, RSI_PERIOD, QB_AVERAGE_WILDER, QB_SEED_SMA);
    qb_atr_init(&gauges->atr, NULL, ATR_PERIOD, QB_AVERAGE_WILDER, false);
    return QB_OK;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    const double *params = setup->params;
    const uint32_t count = setup->instrument_count;
    trend_breakout *self = setup->alloc(setup, 1, sizeof *self);
    gauges *gauges = setup->alloc(setup, count, sizeof *gauges);
    double *columns = setup->alloc(setup, count, 2 * sizeof *columns);
    uint32_t *places = setup->alloc(setup, count, 2 * sizeof *places);
    if (self == NULL || gauges == NULL || columns == NULL || places == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        if (init_gauges(setup, &gauges[i]) != QB_OK)
            return QB_NO_MEMORY;
    qb_rank_start(places, count);
    *self = (trend_breakout){
        .gauges = gauges,
        .momentum = columns,
        .ranks = columns + count,
        .order = places,
        .room = places + count,
        .count = count,
        .lookback = (size_t)params[MOMENTUM],
        .rank = params[RANK],
        .rsi_max = params[RSI_MAX],
        .stop = params[STOP],
        .size = setup->size,
        .last_us = INT64_MIN,
    };
    *out_state = self;
    return QB_OK;
}

/* Where everybody stands at this instant. */
static void rank_universe(trend_breakout *self, const qb_context *context)
{
    for (uint32_t i = 0; i < self->count; i++) {
        const qb_history *history = &context->history[i];
        self->momentum[i] = NAN;
        if (history->count > self->lookback) {
            const double *newest = &history->close[history->count - 1];
            self->momentum[i] = newest[0] / newest[-(ptrdiff_t)self->lookback] - 1.0;
        }
    }
    qb_rank_sort(self->momentum, self->order, self->count, self->room);
    qb_rank_percentiles(self->momentum, self->order, self->count, self->ranks);
}

/* The filter that stands in the way, or NULL. */
static const char *filter_of(const trend_breakout *self, uint32_t instrument, double close)
{
    const gauges *gauges = &self->gauges[instrument];
    if (!(close > qb_sma_value(&gauges->trend)))
        return "trend";
    if (!(self->ranks[instrument] >= self->rank))
        return "rank";
    return qb_rsi_value(&gauges->rsi) <= self->rsi_max ? NULL : "rsi";
}

static void enter(const trend_breakout *self, const qb_context *context, uint32_t instrument)
{
    gauges *gauges = &self->gauges[instrument];
    const strategies_entry entry = {
        .instrument = instrument,
        .side = QB_BUY,
        .size = self->size,
        .stop_distance = self->stop * qb_atr_value(&gauges->atr),
    };
    strategies_enter(context, &entry, &gauges->order);
}

static void decide(const trend_breakout *self, const qb_context *context, uint32_t instrument,
                   double close)
{
    gauges *gauges = &self->gauges[instrument];
    if (context->host->position(context, instrument) > 0.0) {
        if (close < gauges->exit.lowest)
            strategies_leave(context, instrument, &gauges->order);
        return;
    }
    if (!(close > gauges->entry.highest))
        return;
    const char *filter = filter_of(self, instrument, close);
    if (filter == NULL)
        enter(self, context, instrument);
    else
        context->host->filtered(context, instrument, 1.0, filter);
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    trend_breakout *self = state;
    const qb_history *history = &context->history[instrument];
    const size_t row = history->count - 1;
    const double close = history->close[row];
    gauges *gauges = &self->gauges[instrument];
    if (strategies_instant_begins(context, &self->last_us))
        rank_universe(self, context);
    qb_sma_add(&gauges->trend, close);
    qb_rsi_add(&gauges->rsi, close);
    qb_atr_add(&gauges->atr, history->high[row], history->low[row], close);
    const bool ready = qb_extremes_ready(&gauges->entry) && qb_extremes_ready(&gauges->exit) &&
                       qb_sma_ready(&gauges->trend) && qb_atr_ready(&gauges->atr);
    if (ready)
        decide(self, context, instrument, close);
    qb_extremes_add(&gauges->entry, history->high[row], history->low[row]);
    qb_extremes_add(&gauges->exit, history->high[row], history->low[row]);
}

const qb_strategy strategies_trend_breakout = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "trend_breakout",
    .summary = "Breakouts of a long channel, filtered by trend, rank and RSI",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_HIGH | QB_READ_LOW | QB_READ_CLOSE,
};
