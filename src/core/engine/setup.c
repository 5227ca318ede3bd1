/* A run begins: its configuration is judged, and all of its memory taken. */
#include "core/engine/engine-private.h"

/* ---- a new run ---------------------------------------------------------------------------- */

#define HISTORY_KEEP_MIN 64 /* bars that stay visible at least */
#define HISTORY_ROWS_MIN 256
#define WARMUP_MAX ((size_t)1 << 24) /* 16.8 million bars: 32 years of minutes */
#define LEVERAGE_MAX (100 * QB_ONE)
#define YEARLY_MAX (10 * QB_ONE) /* 1,000 % */

static bool within(int64_t raw, int64_t least, int64_t most)
{
    return raw >= least && raw <= most;
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

static bool all_costs_are_sound(const qb_engine_config *config)
{
    const qb_costs *own = config->instrument_costs;
    for (uint32_t i = 0; own != NULL && i < config->instrument_count; i++)
        if (!qb_costs_are_sound(&own[i]))
            return false;
    return qb_costs_are_sound(&config->costs);
}

/* What it has, owes and begins with. */
static bool account_is_sound(const qb_engine_config *config)
{
    for (size_t i = 1; i < config->deposit_count; i++)
        if (config->deposits[i].at_us < config->deposits[i - 1].at_us)
            return false;
    for (size_t i = 0; i < config->holding_count; i++)
        if (config->holdings[i].instrument >= config->instrument_count)
            return false;
    return config->cash.raw > 0 && within(config->leverage.raw, 1, LEVERAGE_MAX) &&
           within(config->borrow.raw, 0, YEARLY_MAX) &&
           within(config->interest.raw, 0, YEARLY_MAX) &&
           within(config->maintenance.raw, 0, QB_ONE);
}

static bool config_is_sound(const qb_engine_config *config)
{
    qb_size size = config->size;
    return instruments_are_sound(config->instruments, config->instrument_count) &&
           all_costs_are_sound(config) && account_is_sound(config) && config->patience > 0 &&
           (unsigned)config->fill_model <= QB_OPTIMISTIC &&
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

/* The next column of the block; those that nobody reads are one, for all instruments. */
static double *column_of(const qb_engine *engine, uint32_t which, double **last)
{
    if ((engine->columns & which) == 0)
        return engine->unread;
    *last += engine->rows;
    return *last;
}

static qb_status histories_init(qb_engine *engine)
{
    uint32_t count = engine->context.instrument_count;
    size_t width = 1 + (size_t)__builtin_popcount(engine->columns);
    engine->histories = qb_arena_alloc(&engine->arena, count, sizeof *engine->histories);
    engine->states = qb_arena_alloc(&engine->arena, count, sizeof *engine->states);
    engine->unread = qb_arena_alloc(&engine->arena, engine->rows, sizeof(double));
    if (engine->histories == NULL || engine->states == NULL || engine->unread == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        instrument_state *state = &engine->states[i];
        double *columns = qb_arena_alloc(&engine->arena, engine->rows, width * sizeof(double));
        if (columns == NULL)
            return QB_NO_MEMORY;
        double *next = columns;
        *state = (instrument_state){
            .ts_us = (int64_t *)columns,
            .own_ts_us = (int64_t *)columns,
            .open = column_of(engine, QB_READ_OPEN, &next),
            .high = column_of(engine, QB_READ_HIGH, &next),
            .low = column_of(engine, QB_READ_LOW, &next),
            .close = column_of(engine, QB_READ_CLOSE, &next),
            .volume = column_of(engine, QB_READ_VOLUME, &next),
            .price_factor = 1.0,
            .volume_factor = 1.0,
            .run.stage = QB_STAGE_ORDERED,
            .wish = NAN,
            .closed_us = INT64_MIN,
            .opened_ts_us = INT64_MIN,
            .opened_us = INT64_MIN,
            .first = NO_SLOT,
            .last = NO_SLOT,
            .quote.at_us = INT64_MIN,
            .session_us = INT64_MIN,
            .taken_ts_us = INT64_MIN,
            .risk_split = 1.0,
            .held_place = NOT_HELD,
        };
        engine->histories[i] = (qb_history){
            .ts_us = state->ts_us,
            .open = engine->columns & QB_READ_OPEN ? state->open : NULL,
            .high = engine->columns & QB_READ_HIGH ? state->high : NULL,
            .low = engine->columns & QB_READ_LOW ? state->low : NULL,
            .close = engine->columns & QB_READ_CLOSE ? state->close : NULL,
            .volume = engine->columns & QB_READ_VOLUME ? state->volume : NULL,
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
                .macro_count = engine->macro_count,
            },
        .arena = &engine->arena,
    };
    qb_status status = strategy->init(&setup.base, &engine->strategy_state);
    if (status == QB_NO_MEMORY)
        return status;
    engine->strategy_ready = status == QB_OK;
    return status == QB_OK ? QB_OK : QB_BAD_STRATEGY;
}

/* FINRA rule 4210(c): 25 % of what is long, 30 % of what is short; and never more than half of what
 * a position could be entered with. */
static void set_maintenance(qb_engine *engine, const qb_engine_config *config)
{
    const int64_t long_rate = QB_ONE / 4, short_rate = 3 * QB_ONE / 10;
    int64_t most = QB_ONE;
    if (config->maintenance_off)
        return;
    if (config->maintenance.raw != 0) {
        engine->maintain_long = engine->maintain_short = config->maintenance;
        return;
    }
    if (qb_muldiv(QB_ONE, QB_ONE, 2 * engine->leverage.raw, &most) != QB_OK)
        most = QB_ONE;
    engine->maintain_long.raw = long_rate < most ? long_rate : most;
    engine->maintain_short.raw = short_rate < most ? short_rate : most;
}

static qb_status own_costs_init(qb_engine *engine, const qb_engine_config *config)
{
    if (config->instrument_costs == NULL)
        return QB_OK;
    qb_costs *costs = qb_arena_alloc(&engine->arena, config->instrument_count, sizeof *costs);
    if (costs == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < config->instrument_count; i++)
        costs[i] = config->instrument_costs[i];
    engine->own_costs = costs;
    return QB_OK;
}

static qb_status account_init(qb_engine *engine, const qb_engine_config *config)
{
    qb_status status = qb_portfolio_init(&engine->portfolio, &engine->arena,
                                         config->instrument_count, config->cash);
    for (uint32_t i = 0; status == QB_OK && i < config->instrument_count; i++)
        engine->portfolio.positions[i].multiplier = config->instruments[i].multiplier;
    /* They are dated at the first instant. */
    for (size_t i = 0; status == QB_OK && i < config->holding_count; i++) {
        const qb_holding *holding = &config->holdings[i];
        status = qb_portfolio_open(&engine->portfolio, holding->instrument, holding->quantity,
                                   holding->price, 0);
        if (status == QB_OK)
            engine_note_held(engine, holding->instrument);
    }
    if (status == QB_OK && account_is_ruined(engine))
        status = QB_OUT_OF_RANGE;
    return status;
}

static qb_status risk_init(qb_engine *engine, const qb_engine_config *config)
{
    if (config->risk == NULL || qb_risk_config_is_off(config->risk))
        return QB_OK;
    qb_status status = qb_risk_new(config->risk, config->instruments, config->instrument_count,
                                   &engine->arena, &engine->risk);
    for (size_t i = 0; status == QB_OK && i < config->holding_count; i++)
        qb_risk_hold(engine->risk, config->holdings[i].instrument, config->holdings[i].quantity);
    return status;
}

/* What one instant may need of each instrument. */
static qb_status lists_init(qb_engine *engine)
{
    uint32_t count = engine->context.instrument_count;
    engine->walks = qb_arena_reserve(&engine->arena, count, sizeof *engine->walks);
    engine->held = qb_arena_alloc(&engine->arena, count, sizeof *engine->held);
    engine->closed = qb_arena_reserve(&engine->arena, count, sizeof *engine->closed);
    engine->openings = qb_arena_reserve(&engine->arena, count, sizeof *engine->openings);
    engine->ahead = qb_arena_reserve(&engine->arena, count, SHEET_AHEAD * sizeof *engine->ahead);
    engine->seen = qb_arena_alloc(&engine->arena, count, sizeof *engine->seen);
    bool complete = engine->seen != NULL && engine->ahead != NULL && engine->walks != NULL &&
                    engine->held != NULL && engine->closed != NULL && engine->openings != NULL;
    return complete ? QB_OK : QB_NO_MEMORY;
}

static qb_status engine_init(qb_engine *engine, const qb_engine_config *config)
{
    set_maintenance(engine, config);
    qb_status status = own_costs_init(engine, config);
    if (status == QB_OK)
        status = lists_init(engine);
    if (status == QB_OK)
        status = strategy_init(engine, config->params);
    if (status == QB_OK)
        status = histories_init(engine);
    if (status == QB_OK)
        status = book_init(&engine->book, &engine->arena, config->instrument_count);
    if (status == QB_OK)
        status = account_init(engine, config);
    if (status == QB_OK)
        status = risk_init(engine, config);
    engine->watches = engine->risk != NULL || engine->fill_at == QB_FILL_CLOSE;
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
        .fill_model = config->fill_model,
        .leverage = config->leverage,
        .patience = config->patience,
        .borrow = config->borrow,
        .interest = config->interest,
        .deposits = config->deposits,
        .deposit_count = config->deposit_count,
        .holdings = config->holdings,
        .holding_count = config->holding_count,
        .macros = config->macros,
        .macro_count = config->macro_count,
        .opens_day = true,
        .busy = true,
        .columns = config->strategy->columns != 0 ? config->strategy->columns : QB_READ_ALL,
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
