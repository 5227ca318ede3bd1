/* What must not get through: strategies that misbehave, instants and configurations that are
 * none, a listener that fails. */
#include "lab.h"

/* ---- strategies that misbehave ------------------------------------------------------------ */

static void not_a_number(const qb_context *context, uint32_t instrument)
{
    uint64_t bar = lab_bar_index(context, instrument);
    if (bar == 0)
        context->host->signal(context, instrument, 1.0);
    else
        context->host->signal(context, instrument, NAN);
}

static void nan_disables(void)
{
    lab_use(not_a_number);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = lab_stairs(6);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK(lab.totals.disabled);
    CHECK_INT(lab.fill_count, 1);
    CHECK_INT(lab.equity_count, 6); /* the run goes on, and marks what is held */
    CHECK_INT(lab.decision_count, 3);
    CHECK_INT(lab.decisions[1].stage, QB_STAGE_REFUSED);
    CHECK_INT(lab.decisions[1].reason, QB_REASON_BAD_SIZE);
    CHECK_INT(lab.decisions[2].reason, QB_REASON_DISABLED);
    CHECK_INT(lab.decisions[2].bars, 4);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static const double bad_amounts[] = {NAN, INFINITY, -1.0, 1e12};
static size_t bad_index;

static void bad_order(const qb_context *context, uint32_t instrument)
{
    CHECK_INT(context->host->order(context, instrument, QB_BUY, lab_units(bad_amounts[bad_index])),
              0);
    CHECK_INT(context->host->order(context, 77, QB_BUY, lab_units(1)), 0); /* no such instrument */
}

static void bad_sizes(void)
{
    lab_use(bad_order);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = lab_stairs(3);
    for (bad_index = 0; bad_index < sizeof bad_amounts / sizeof *bad_amounts; bad_index++) {
        lab lab = lab_run(&config, &series);
        CHECK_OK(lab.status);
        CHECK(lab.totals.disabled);
        CHECK_INT(lab.order_count, 0);
        lab_clear(&lab);
    }
    qb_series_clear(&series);
}

static void flood(const qb_context *context, uint32_t instrument)
{
    for (int i = 0; i < 1000; i++)
        context->host->order(context, instrument, QB_BUY, lab_units(1));
}

static void too_many_orders(void)
{
    lab_use(flood);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = lab_stairs(3);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.order_count, 3000);
    lab_check_order(&lab, 999, QB_ORDER_REJECTED, QB_REASON_TOO_MANY);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void during_warmup(const qb_context *context, uint32_t instrument)
{
    context->host->signal(context, instrument, 1.0);
    if (lab_bar_index(context, instrument) == 0)
        CHECK_INT(context->host->order(context, instrument, QB_BUY, lab_units(1)), 0);
}

static void warmup_refuses(void)
{
    lab_use(during_warmup);
    lab_warmup = 3;
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = lab_stairs(6);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.order_count, 1);
    lab_check_fill(&lab, 0, 3, 1, 40); /* decided on the third bar */
    CHECK_INT(lab.decision_count, 3);
    CHECK_INT(lab.decisions[0].stage, QB_STAGE_WARMUP);
    CHECK_INT(lab.decisions[0].bars, 2);
    CHECK_INT(lab.decisions[1].stage, QB_STAGE_ORDERED);
    CHECK_INT(lab.decisions[1].order_id, 1);
    CHECK_NEAR(lab.decisions[1].signal, 1.0, 0.0);
    CHECK_INT(lab.decisions[2].stage, QB_STAGE_HELD);
    CHECK_INT(lab.decisions[2].bars, 3);
    CHECK_INT(lab.decisions[2].last_us, LAB_START + 6 * QB_DAY_US);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* A strategy that says nothing warms up all the same. */
static void silent(const qb_context *context, uint32_t instrument)
{
}

static void warmup_in_silence(void)
{
    lab_use(silent);
    lab_warmup = 3;
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = lab_stairs(6);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.decision_count, 2);
    CHECK_INT(lab.decisions[0].stage, QB_STAGE_WARMUP);
    CHECK_INT(lab.decisions[0].bars, 2);
    CHECK_INT(lab.decisions[1].stage, QB_STAGE_NO_SIGNAL);
    CHECK_INT(lab.decisions[1].reason, QB_REASON_NONE);
    CHECK_INT(lab.decisions[1].bars, 4);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* Orders made while a fill is told wait for the next price, and cancelling the order that is
 * just being filled does no harm. */
static void sell_on_fill(const qb_context *context, const qb_fill *fill)
{
    if (fill->quantity.raw > 0)
        context->host->target(context, fill->instrument, QB_SELL, lab_units(2));
}

static void orders_from_on_fill(void)
{
    lab_use(lab_order_once);
    lab_fill = sell_on_fill;
    lab_once_side = QB_BUY;
    lab_once_size = lab_units(3);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = lab_stairs(5);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 3);
    lab_check_fill(&lab, 0, 1, 3, 20);
    lab_check_fill(&lab, 1, 2, -3, 30);
    lab_check_fill(&lab, 2, 2, -2, 30);
    /* A day's open is the moment of the last one's close, and still no bar decided this. */
    size_t beside_bars = 0;
    for (size_t k = 0; k < lab.decision_count; k++)
        beside_bars += lab.decisions[k].bars == 0;
    CHECK_INT(beside_bars, 1);
    CHECK_INT(lab.decisions[1].bars, 0);
    CHECK_INT(lab.decisions[1].stage, QB_STAGE_ORDERED);
    CHECK_INT(lab.decisions[1].order_id, 2);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* ---- what enters -------------------------------------------------------------------------- */

static qb_engine *new_engine(const qb_engine_config *config)
{
    qb_engine *engine = NULL;
    CHECK_OK(qb_engine_new(config, NULL, &engine));
    return engine;
}

static void refused_instants(void)
{
    lab_use(lab_always_long);
    qb_instrument coins[] = {lab_coin(QB_1D), lab_coin(QB_1D)};
    qb_engine_config config = lab_config(coins, 2);
    qb_engine *engine = new_engine(&config);
    qb_closed_bar bars[2] = {
        {.instrument = 0, .bar = {.ts_us = 0, .open = 1, .high = 1, .low = 1, .close = 1}},
        {.instrument = 1, .bar = {.ts_us = 0, .open = 1, .high = 1, .low = 1, .close = 1}},
    };
    qb_instant instant = {.at_us = 100, .bars = bars, .bar_count = 2};
    CHECK_OK(qb_engine_step(engine, &instant));
    CHECK_INT(qb_engine_step(engine, &instant), QB_OUT_OF_ORDER); /* the same moment */
    instant.at_us = 200;
    CHECK_INT(qb_engine_step(engine, &instant), QB_OUT_OF_ORDER); /* the same bars */
    bars[0].bar.ts_us = bars[1].bar.ts_us = 100;
    bars[1].instrument = 0;
    CHECK_INT(qb_engine_step(engine, &instant), QB_OUT_OF_ORDER); /* twice the same one */
    bars[1].instrument = 2;
    CHECK_INT(qb_engine_step(engine, &instant), QB_OUT_OF_ORDER); /* no such instrument */
    bars[1].instrument = 1;
    static const double none[] = {NAN, INFINITY, 0.0, -1.0, 1e11, 1e-9};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        bars[1].bar.close = none[i];
        CHECK_INT(qb_engine_step(engine, &instant), QB_OUT_OF_RANGE);
    }
    bars[1].bar.close = 1;
    qb_opening opening = {.instrument = 0, .price = 1, .bar_ts_us = 200, .split_factor = 0};
    instant.openings = &opening;
    instant.opening_count = 1;
    CHECK_INT(qb_engine_step(engine, &instant), QB_OUT_OF_RANGE);
    opening.split_factor = 1;
    opening.dividend = -1;
    CHECK_INT(qb_engine_step(engine, &instant), QB_OUT_OF_RANGE);
    opening.dividend = 0;
    opening.bar_ts_us = 0;
    CHECK_INT(qb_engine_step(engine, &instant), QB_OUT_OF_ORDER);
    /* None of it left a trace: the sound instant is taken. */
    opening.bar_ts_us = 200;
    CHECK_OK(qb_engine_step(engine, &instant));
    qb_engine_totals totals;
    qb_engine_totals_get(engine, &totals);
    CHECK_INT(totals.bars, 4);
    CHECK_OK(qb_engine_finish(engine));
    CHECK_OK(qb_engine_finish(engine));
    instant.at_us = 300;
    CHECK_INT(qb_engine_step(engine, &instant), QB_OUT_OF_ORDER); /* it is over */
    qb_engine_free(engine);
    qb_engine_free(NULL);
}

static void refused_configs(void)
{
    lab_use(lab_always_long);
    qb_instrument coin = lab_coin(QB_1D);
    const qb_engine_config sound = lab_config(&coin, 1);
    qb_engine *engine = NULL;
    qb_engine_config config;
#define REFUSED(change, status)                                   \
    do {                                                          \
        config = sound;                                           \
        change;                                                   \
        CHECK_INT(qb_engine_new(&config, NULL, &engine), status); \
    } while (0)
    REFUSED(config.cash.raw = 0, QB_OUT_OF_RANGE);
    REFUSED(config.cash.raw = -1, QB_OUT_OF_RANGE);
    REFUSED(config.instrument_count = 0, QB_OUT_OF_RANGE);
    REFUSED(config.patience = 0, QB_OUT_OF_RANGE);
    REFUSED(config.leverage.raw = 0, QB_OUT_OF_RANGE);
    REFUSED(config.leverage.raw = 101 * QB_ONE, QB_OUT_OF_RANGE);
    REFUSED(config.costs.fee_rate.raw = -1, QB_OUT_OF_RANGE);
    REFUSED(config.costs.slippage.raw = QB_ONE, QB_OUT_OF_RANGE);
    REFUSED(config.costs.volume_cap.raw = QB_ONE + 1, QB_OUT_OF_RANGE);
    REFUSED(config.size.amount = 0, QB_OUT_OF_RANGE);
    REFUSED(config.size.amount = NAN, QB_OUT_OF_RANGE);
    REFUSED(config.fill_at = (qb_fill_at)9, QB_OUT_OF_RANGE);
    REFUSED(config.strategy = NULL, QB_BAD_STRATEGY);
    const double crossed[] = {30, 10, 0, 0}, above[] = {1, 1e9, 0, 0}, broken[] = {1.5, 10, 0, 0};
    REFUSED(config.strategy = strategies_find("sma_cross");
            config.params = crossed, QB_BAD_STRATEGY);
    REFUSED(config.strategy = strategies_find("sma_cross"); config.params = above, QB_BAD_STRATEGY);
    REFUSED(config.strategy = strategies_find("sma_cross");
            config.params = broken, QB_BAD_STRATEGY);
#undef REFUSED
    CHECK(engine == NULL);
}

/* A listener that cannot take an event stops the run, for good. */
static qb_status refuse_fill(void *self, const qb_fill *fill)
{
    (*(int *)self)++;
    return QB_NO_MEMORY;
}

static void sink_failure(void)
{
    lab_use(lab_always_long);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = lab_stairs(5);
    qb_series_feed *feed = NULL;
    qb_engine *engine = NULL;
    int told = 0;
    const qb_sink sink = {.self = &told, .fill = refuse_fill};
    CHECK_OK(qb_series_feed_new(&coin, &series, 1, &feed));
    CHECK_OK(qb_engine_new(&config, &sink, &engine));
    const qb_feed source = qb_series_feed_as_feed(feed);
    CHECK_INT(qb_engine_run(engine, &source), QB_SINK_FAILED);
    CHECK_INT(qb_engine_run(engine, &source), QB_SINK_FAILED);
    CHECK_INT(qb_engine_finish(engine), QB_SINK_FAILED);
    CHECK_INT(told, 1);
    qb_engine_free(engine);
    qb_series_feed_free(feed);
    qb_series_clear(&series);
}

/* Memory beyond the newest bar never holds anything of the future. */
static uint64_t looked_ahead;

static void look_ahead(const qb_context *context, uint32_t instrument)
{
    const qb_history *history = &context->history[instrument];
    double newest = history->close[history->count - 1];
    CHECK(history->total < 70 || history->count >= 64);
    /* The row after the newest is unused, or older: prices only rise in this series. */
    if (history->count < 256 && history->close[history->count] > newest)
        looked_ahead++;
}

static void no_future_in_memory(void)
{
    lab_use(look_ahead);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = lab_stairs(1000);
    looked_ahead = 0;
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(looked_ahead, 0);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static const tap_case cases[] = {
    {"/engine/strategy/nan-disables", nan_disables},
    {"/engine/strategy/bad-sizes", bad_sizes},
    {"/engine/strategy/too-many-orders", too_many_orders},
    {"/engine/strategy/warmup-refuses", warmup_refuses},
    {"/engine/strategy/warmup-in-silence", warmup_in_silence},
    {"/engine/strategy/orders-from-on-fill", orders_from_on_fill},
    {"/engine/strategy/no-future-in-memory", no_future_in_memory},
    {"/engine/input/refused-instants", refused_instants},
    {"/engine/input/refused-configs", refused_configs},
    {"/engine/input/sink-failure", sink_failure},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
