/* A run begins: its configuration is judged, and all of its memory taken. */
#include "core/engine/engine-private.h"

/* ---- a new run ---------------------------------------------------------------------------- */

#define HISTORY_KEEP_MIN 64 /* bars that stay visible at least */
#define HISTORY_ROWS_MIN 256
#define WARMUP_MAX ((size_t)1 << 24) /* 16.8 million bars: 32 years of minutes */
#define LEVERAGE_MAX (100 * QB_ONE)
#define VOLUME_CAP_MAX QB_ONE

static bool within(int64_t raw, int64_t least, int64_t most)
{
    return raw >= least && raw <= most;
}

static bool costs_are_sound(const qb_costs *costs)
{
    /* A fee of all the notional, or a million a share, is a slip of the keyboard. */
    const int64_t fee_max = 1000000 * QB_ONE;
    return within(costs->fee_rate.raw, 0, QB_ONE) && within(costs->fee_per_unit.raw, 0, fee_max) &&
           within(costs->fee_minimum.raw, 0, fee_max) &&
           within(costs->slippage.raw, 0, QB_ONE - 1) &&
           within(costs->volume_cap.raw, 0, VOLUME_CAP_MAX);
}

static bool instruments_are_sound(const qb_instrument *instruments, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const qb_instrument *about = &instruments[i];
        if (about->calendar == NULL || (unsigned)about->interval >= QB_INTERVAL_COUNT ||
            !within(about->lot.raw, 1, INT64_MAX / 4) || about->tick.raw < 0 ||
            about->multiplier.raw <= 0 || about->price_decimals < 0 || about->price_decimals > 8)
            return false;
    }
    return count > 0;
}

static bool config_is_sound(const qb_engine_config *config)
{
    qb_size size = config->size;
    return instruments_are_sound(config->instruments, config->instrument_count) &&
           costs_are_sound(&config->costs) && config->cash.raw > 0 && config->patience > 0 &&
           within(config->leverage.raw, 1, LEVERAGE_MAX) &&
           (unsigned)config->fill_at <= QB_FILL_NEXT_CLOSE &&
           (unsigned)size.kind <= QB_SIZE_WEIGHT && (unsigned)size.when <= QB_SIZE_AT_FILL &&
           size.amount > 0.0 && size.amount <= QB_PRICE_MAX;
}

static bool params_are_sound(const qb_strategy *strategy, const double *params)
{
    for (size_t i = 0; i < strategy->param_count; i++) {
        const qb_param *param = &strategy->params[i];
        if (!(params[i] >= param->minimum && params[i] <= param->maximum) ||
            (param->type != QB_PARAM_NUMBER && params[i] != nearbyint(params[i])))
            return false;
    }
    return strategy->check == NULL || strategy->check(params) == NULL;
}

static qb_status histories_init(qb_engine *engine)
{
    uint32_t count = engine->context.instrument_count;
    engine->histories = qb_arena_alloc(&engine->arena, count, sizeof *engine->histories);
    engine->states = qb_arena_alloc(&engine->arena, count, sizeof *engine->states);
    if (engine->histories == NULL || engine->states == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        instrument_state *state = &engine->states[i];
        double *columns = qb_arena_alloc(&engine->arena, engine->rows, 6 * sizeof(double));
        if (columns == NULL)
            return QB_NO_MEMORY;
        *state = (instrument_state){
            .ts_us = (int64_t *)columns,
            .open = columns + engine->rows,
            .high = columns + 2 * engine->rows,
            .low = columns + 3 * engine->rows,
            .close = columns + 4 * engine->rows,
            .volume = columns + 5 * engine->rows,
            .price_factor = 1.0,
            .volume_factor = 1.0,
            .run.stage = QB_STAGE_ORDERED,
            .wish = NAN,
            .closed_us = INT64_MIN,
            .opened_ts_us = INT64_MIN,
            .quote.at_us = INT64_MIN,
        };
        engine->histories[i] = (qb_history){
            .ts_us = state->ts_us,
            .open = state->open,
            .high = state->high,
            .low = state->low,
            .close = state->close,
            .volume = state->volume,
        };
    }
    engine->context.history = engine->histories;
    return QB_OK;
}

struct setup {
    qb_setup base; /* first */
    qb_arena *arena;
};

static void *setup_alloc(const qb_setup *setup, size_t count, size_t size)
{
    return qb_arena_alloc(((const struct setup *)setup)->arena, count, size);
}

static qb_status strategy_init(qb_engine *engine, const double *params)
{
    const qb_strategy *strategy = engine->strategy;
    size_t warmup = strategy->warmup(params);
    if (warmup < 1 || warmup > WARMUP_MAX)
        return QB_BAD_STRATEGY;
    engine->warmup = warmup;
    engine->keep = warmup + 1 > HISTORY_KEEP_MIN ? warmup + 1 : HISTORY_KEEP_MIN;
    engine->rows = 2 * engine->keep > HISTORY_ROWS_MIN ? 2 * engine->keep : HISTORY_ROWS_MIN;

    const struct setup setup = {
        .base =
            {
                .abi_version = QB_STRATEGY_ABI,
                .struct_size = sizeof(qb_setup),
                .params = params,
                .instrument_count = engine->context.instrument_count,
                .instruments = engine->instruments,
                .alloc = setup_alloc,
                .strategy = strategy,
                .size = engine->size,
            },
        .arena = &engine->arena,
    };
    qb_status status = strategy->init(&setup.base, &engine->strategy_state);
    if (status == QB_NO_MEMORY)
        return status;
    engine->strategy_ready = status == QB_OK;
    return status == QB_OK ? QB_OK : QB_BAD_STRATEGY;
}

static qb_status scale_costs(qb_engine *engine)
{
    engine->costs_uncut = engine->costs;
    engine->costs_uncut.fee_minimum.raw = 0;
    qb_costs *gate = &engine->costs_gate;
    *gate = engine->costs;
    int64_t leverage = engine->leverage.raw;
    qb_status status = qb_muldiv(gate->fee_rate.raw, leverage, QB_ONE, &gate->fee_rate.raw);
    if (status == QB_OK)
        status = qb_muldiv(gate->fee_per_unit.raw, leverage, QB_ONE, &gate->fee_per_unit.raw);
    if (status == QB_OK)
        status = qb_muldiv(gate->fee_minimum.raw, leverage, QB_ONE, &gate->fee_minimum.raw);
    return status;
}

static qb_status engine_init(qb_engine *engine, const qb_engine_config *config)
{
    qb_status status = scale_costs(engine);
    if (status == QB_OK)
        status = strategy_init(engine, config->params);
    if (status == QB_OK)
        status = histories_init(engine);
    if (status == QB_OK)
        status = orders_init(&engine->book, &engine->arena, config->instrument_count);
    if (status == QB_OK)
        status = qb_portfolio_init(&engine->portfolio, &engine->arena, config->instrument_count,
                                   config->cash);
    for (uint32_t i = 0; status == QB_OK && i < config->instrument_count; i++)
        engine->portfolio.positions[i].multiplier = config->instruments[i].multiplier;
    return status;
}

qb_status qb_engine_new(const qb_engine_config *config, const qb_sink *sink, qb_engine **out_engine)
{
    const char *why;
    if (!config_is_sound(config))
        return QB_OUT_OF_RANGE;
    if (qb_strategy_check(config->strategy, &why) != QB_OK ||
        !params_are_sound(config->strategy, config->params))
        return QB_BAD_STRATEGY;

    qb_arena arena = {0};
    qb_engine *engine = qb_arena_alloc(&arena, 1, sizeof *engine);
    if (engine == NULL)
        return QB_NO_MEMORY;
    *engine = (qb_engine){
        .context =
            {
                .abi_version = QB_STRATEGY_ABI,
                .struct_size = sizeof(qb_context),
                .host = &engine_host,
                .instrument_count = config->instrument_count,
                .now_us = INT64_MIN,
            },
        .arena = arena,
        .instruments = config->instruments,
        .strategy = config->strategy,
        .costs = config->costs,
        .size = config->size,
        .fill_at = config->fill_at,
        .leverage = config->leverage,
        .patience = config->patience,
        .random = {config->seed},
        .totals.first_us = INT64_MIN,
    };
    if (sink != NULL)
        engine->sink = *sink;
    qb_status status = engine_init(engine, config);
    if (status != QB_OK) {
        qb_engine_free(engine);
        return status;
    }
    *out_engine = engine;
    return QB_OK;
}

void qb_engine_free(qb_engine *engine)
{
    if (engine == NULL)
        return;
    if (engine->strategy_ready && engine->strategy->clear != NULL)
        engine->strategy->clear(engine->strategy_state);
    /* The engine lies in its own arena. */
    qb_arena arena = engine->arena;
    qb_arena_clear(&arena);
}
