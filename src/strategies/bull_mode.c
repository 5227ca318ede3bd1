/* Trend following that sizes itself by volatility and stands aside in bear markets.
 *
 * Rule    the regime is bull while the close of instrument number `regime` is above its simple
 *         average of `regime_period` bars. In a bull regime an instrument whose close is above its
 *         own average of `trend` bars is held with strength min(1, target / volatility), where
 *         volatility is the sample deviation of the last `days` log returns x sqrt(periods). The
 *         strength is set right only when it is off by more than `band`. Else flat.
 * Source  the bull mode of the earlier bot; Faber, A Quantitative Approach to Tactical Asset
 *         Allocation (2007) for the average as regime; Moreira and Muir, Volatility-Managed
 *         Portfolios (2017) for the target.
 * Limits  leaves late and comes back late, by design; sideways markets cost a round trip each
 *         time the average is crossed. */
#include "strategies/strategies.h"

#include <math.h>

enum { REGIME, REGIME_PERIOD, TREND, TARGET, DAYS, PERIODS, BAND, PARAM_COUNT };

static const qb_param params_table[PARAM_COUNT] = {
    [REGIME] = QB_INTEGER("regime", 1, 1, 10000, 1, "Number of the instrument, as listed"),
    [REGIME_PERIOD] = QB_INTEGER("regime_period", 200, 1, 10000, 10, "Bars of its average"),
    [TREND] = QB_INTEGER("trend", 50, 1, 10000, 5, "Bars of each instrument's own average"),
    [TARGET] = QB_NUMBER("target", 0.12, 0.001, 10, 0.01, "Volatility a year that is aimed at"),
    [DAYS] = QB_INTEGER("days", 20, 2, 10000, 1, "Bars of the volatility"),
    [PERIODS] = QB_NUMBER("periods", 252, 1, 1000000, 1, "Bars a year, to annualise"),
    [BAND] = QB_NUMBER("band", 0.1, 0, 1, 0.05, "Change of strength that is let be"),
};

typedef struct gauges {
    qb_sma trend;
    qb_deviation returns;
    double last;     /* close; 0 before the first */
    double strength; /* last wished while held */
} gauges;

typedef struct bull_mode {
    gauges *gauges; /* [count] */
    qb_sma regime;
    uint32_t leader, count;
    uint64_t leader_total; /* bars of it that the average has seen */
    double target, root, band;
} bull_mode;

static size_t warmup(const double *params)
{
    double most = params[TREND] > params[DAYS] + 1.0 ? params[TREND] : params[DAYS] + 1.0;
    return (size_t)(most > params[REGIME_PERIOD] ? most : params[REGIME_PERIOD]);
}

static qb_status init_gauges(const qb_setup *setup, gauges *gauges)
{
    const size_t trend = (size_t)setup->params[TREND], days = (size_t)setup->params[DAYS];
    double *room = setup->alloc(setup, trend + qb_deviation_room(days), sizeof *room);
    if (room == NULL)
        return QB_NO_MEMORY;
    qb_sma_init(&gauges->trend, room, trend);
    qb_deviation_init(&gauges->returns, room + trend, days);
    return QB_OK;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    const double *params = setup->params;
    const uint32_t count = setup->instrument_count;
    const size_t period = (size_t)params[REGIME_PERIOD];
    if (params[REGIME] > (double)count)
        return QB_OUT_OF_RANGE;
    bull_mode *self = setup->alloc(setup, 1, sizeof *self);
    gauges *gauges = setup->alloc(setup, count, sizeof *gauges);
    double *ring = setup->alloc(setup, period, sizeof *ring);
    if (self == NULL || gauges == NULL || ring == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        if (init_gauges(setup, &gauges[i]) != QB_OK)
            return QB_NO_MEMORY;
    *self = (bull_mode){
        .gauges = gauges,
        .leader = (uint32_t)params[REGIME] - 1,
        .count = count,
        .target = params[TARGET],
        .root = sqrt(params[PERIODS]),
        .band = params[BAND],
    };
    qb_sma_init(&self->regime, ring, period);
    *out_state = self;
    return QB_OK;
}

/* The leader's bar counts before anybody of the instant is judged, whatever its place. */
static void see_leader(bull_mode *self, const qb_context *context)
{
    const qb_history *history = &context->history[self->leader];
    if (history->total == self->leader_total)
        return;
    self->leader_total = history->total;
    qb_sma_add(&self->regime, history->close[history->count - 1]);
}

static bool is_bull(const bull_mode *self, const qb_context *context)
{
    return qb_sma_ready(&self->regime) &&
           qb_close_now(context, self->leader) > qb_sma_value(&self->regime);
}

static double strength_of(const bull_mode *self, const gauges *gauges, double held)
{
    const double volatility = qb_deviation_value(&gauges->returns, 1) * self->root;
    const double wanted = volatility > self->target ? self->target / volatility : 1.0;
    const bool near = held != 0.0 && fabs(wanted - gauges->strength) <= self->band;
    return near ? gauges->strength : wanted;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    bull_mode *self = state;
    gauges *gauges = &self->gauges[instrument];
    const double close = qb_close_now(context, instrument);
    see_leader(self, context);
    qb_sma_add(&gauges->trend, close);
    if (gauges->last > 0.0)
        qb_deviation_add(&gauges->returns, log(close / gauges->last));
    gauges->last = close;
    if (!qb_sma_ready(&gauges->trend) || !qb_deviation_ready(&gauges->returns))
        return;
    const double held = context->host->position(context, instrument);
    const bool rises = close > qb_sma_value(&gauges->trend), bull = is_bull(self, context);
    gauges->strength = rises && bull ? strength_of(self, gauges, held) : 0.0;
    context->host->signal(context, instrument, gauges->strength);
    if (rises && !bull && held == 0.0)
        context->host->filtered(context, instrument, 1.0, "regime");
}

const qb_strategy strategies_bull_mode = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "bull_mode",
    .summary = "Follows trends in bull markets, sized by volatility",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_CLOSE,
};
