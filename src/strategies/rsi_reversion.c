/* Buys what has fallen too fast, as Wilder's relative strength index sees it, and sells when it has
 * recovered.
 *
 * Rule    flat: RSI < buy (and, with a trend, close > its simple average) wishes 1; long: held
 *         until RSI > exit. side both mirrors it about 50: short above 100 - buy (below the
 *         trend), until RSI < 100 - exit. What is held decides, so a position that a stop has
 *         closed may be entered anew.
 * Source  Wilder, New Concepts in Technical Trading Systems (1978); period 2, buy 10, exit 65 and
 *         trend 200 come near Connors and Alvarez, Short Term Trading Strategies That Work (2009).
 * Limits  no stop of its own: in a crash it buys and waits. Set one with --risk. */
#include "strategies/strategies.h"

enum { PERIOD, BUY, EXIT, TREND, SIDE, PARAM_COUNT };

static const qb_param params_table[PARAM_COUNT] = {
    [PERIOD] = QB_INTEGER("period", 14, 1, 1000, 1, "Period of the index"),
    [BUY] = QB_NUMBER("buy", 30, 1, 50, 1, "Enters below this"),
    [EXIT] = QB_NUMBER("exit", 50, 1, 99, 1, "Leaves above this; more than buy"),
    [TREND] = QB_INTEGER("trend", 0, 0, 10000, 1, "Buys only above this simple average; 0: always"),
    [SIDE] = QB_CHOICE("side", STRATEGIES_LONG, strategies_sides, "both: mirrored for shorts"),
};

typedef struct gauges {
    qb_rsi rsi;
    qb_sma trend;
} gauges;

typedef struct rsi_reversion {
    gauges *gauges; /* [instrument_count] */
    double buy, exit;
    bool has_trend, both;
} rsi_reversion;

static const char *check(const double *params)
{
    return params[BUY] < params[EXIT] ? NULL : "exit must be more than buy";
}

static size_t warmup(const double *params)
{
    const size_t settled = qb_wilder_settled((size_t)params[PERIOD]) + 1;
    const size_t trend = (size_t)params[TREND];
    return settled > trend ? settled : trend;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    const double *params = setup->params;
    const size_t trend = (size_t)params[TREND];
    rsi_reversion *self = setup->alloc(setup, 1, sizeof *self);
    gauges *gauges = setup->alloc(setup, setup->instrument_count, sizeof *gauges);
    if (self == NULL || gauges == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < setup->instrument_count; i++) {
        qb_rsi_init(&gauges[i].rsi, NULL, (size_t)params[PERIOD], QB_AVERAGE_WILDER, QB_SEED_SMA);
        double *ring = trend > 0 ? setup->alloc(setup, trend, sizeof *ring) : NULL;
        if (trend > 0 && ring == NULL)
            return QB_NO_MEMORY;
        qb_sma_init(&gauges[i].trend, ring, trend);
    }
    *self = (rsi_reversion){
        .gauges = gauges,
        .buy = params[BUY],
        .exit = params[EXIT],
        .has_trend = trend > 0,
        .both = params[SIDE] == STRATEGIES_BOTH,
    };
    *out_state = self;
    return QB_OK;
}

/* Both sides in one: `level` is the index as that side sees it (for shorts 100 - RSI), `with` says
 * that the trend is with it. */
static bool wants(const rsi_reversion *self, bool held, double level, bool with)
{
    return held ? level <= self->exit : level < self->buy && with;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    const rsi_reversion *self = state;
    const qb_host *host = context->host;
    gauges *gauges = &self->gauges[instrument];
    const double close = qb_close_now(context, instrument);
    qb_rsi_add(&gauges->rsi, close);
    if (self->has_trend)
        qb_sma_add(&gauges->trend, close);
    if (!qb_rsi_ready(&gauges->rsi) || (self->has_trend && !qb_sma_ready(&gauges->trend)))
        return;
    const double rsi = qb_rsi_value(&gauges->rsi), held = host->position(context, instrument);
    const double trend = self->has_trend ? qb_sma_value(&gauges->trend) : close;
    const bool with_long = !self->has_trend || close > trend;
    const bool with_short = !self->has_trend || close < trend;
    double strength = 0.0;
    if (wants(self, held > 0.0, rsi, with_long))
        strength = 1.0;
    else if (self->both && wants(self, held < 0.0, 100.0 - rsi, with_short))
        strength = -1.0;
    host->signal(context, instrument, strength);
    if (held == 0.0 && rsi < self->buy && !with_long)
        host->filtered(context, instrument, 1.0, "trend");
}

const qb_strategy strategies_rsi_reversion = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "rsi_reversion",
    .summary = "Buys when the RSI is low, sells when it has recovered",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .check = check,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_CLOSE,
};
