/* Rows of the table: averages of one series, and the line through it. */
#include "core/indicators/kernels.h"
#include "core/indicators/table-private.h"

static const char *const seeds[] = {"sma", "first", NULL};
#define SEED CHOICE("seed", 0, seeds, "start: the mean of the first values, or the first one")

static const qb_param period_20[] = {PERIOD(20)};
static const qb_param period_14[] = {PERIOD(14)};

static qb_seed seed_of(double param)
{
    return param == 0.0 ? QB_SEED_SMA : QB_SEED_FIRST;
}

static size_t warmup_seed(const double *params)
{
    return seed_of(params[1]) == QB_SEED_FIRST ? 1 : period_of(params[0]);
}

static void column_sma(const qb_columns *in, const double *params, double *room, double *const *out)
{
    qb_column_sma(in->close, in->count, period_of(params[0]), out[0]);
}

/* ---- exponential --------------------------------------------------------------------------- */

static const qb_param ema_params[] = {PERIOD(20), SEED};
static const qb_param wilder_params[] = {PERIOD(14), SEED};

static void column_ema(const qb_columns *in, const double *params, double *room, double *const *out)
{
    qb_column_ema(in->close, in->count, period_of(params[0]), seed_of(params[1]), out[0]);
}

static void column_wilder(const qb_columns *in, const double *params, double *room,
                          double *const *out)
{
    qb_column_wilder(in->close, in->count, period_of(params[0]), seed_of(params[1]), out[0]);
}

static const qb_param chain_params[] = {PERIOD(30), SEED};

static size_t warmup_links(const double *params, size_t links)
{
    return (warmup_seed(params) - 1) * links + 1;
}

static size_t warmup_dema(const double *params)
{
    return warmup_links(params, 2);
}

static size_t warmup_tema(const double *params)
{
    return warmup_links(params, 3);
}

static size_t warmup_trix(const double *params)
{
    return warmup_links(params, 3) + 1;
}

static void column_dema(const qb_columns *in, const double *params, double *room,
                        double *const *out)
{
    qb_ema_chain chain;
    qb_ema_chain_init(&chain, period_of(params[0]), seed_of(params[1]));
    for (size_t i = 0; i < in->count; i++) {
        qb_ema_chain_add(&chain, in->close[i]);
        if (qb_ema_chain_ready(&chain, 2))
            out[0][i] = qb_ema_chain_dema(&chain);
    }
}

static void column_tema(const qb_columns *in, const double *params, double *room,
                        double *const *out)
{
    qb_ema_chain chain;
    qb_ema_chain_init(&chain, period_of(params[0]), seed_of(params[1]));
    for (size_t i = 0; i < in->count; i++) {
        qb_ema_chain_add(&chain, in->close[i]);
        if (qb_ema_chain_ready(&chain, 3))
            out[0][i] = qb_ema_chain_tema(&chain);
    }
}

static const qb_param trix_params[] = {PERIOD(15), SEED};

static void column_trix(const qb_columns *in, const double *params, double *room,
                        double *const *out)
{
    qb_ema_chain chain;
    qb_ema_chain_init(&chain, period_of(params[0]), seed_of(params[1]));
    for (size_t i = 0; i < in->count; i++) {
        qb_ema_chain_add(&chain, in->close[i]);
        if (qb_ema_chain_trix_ready(&chain))
            out[0][i] = qb_ema_chain_trix(&chain);
    }
}

static size_t warmup_zlema(const double *params)
{
    return warmup_seed(params) + qb_zlema_lag(period_of(params[0]));
}

static size_t room_zlema(const double *params)
{
    return qb_zlema_room(period_of(params[0]));
}

static void column_zlema(const qb_columns *in, const double *params, double *room,
                         double *const *out)
{
    qb_zlema zlema;
    qb_zlema_init(&zlema, room, period_of(params[0]), seed_of(params[1]));
    for (size_t i = 0; i < in->count; i++) {
        qb_zlema_add(&zlema, in->close[i]);
        if (qb_zlema_ready(&zlema))
            out[0][i] = qb_zlema_value(&zlema);
    }
}

static const char *const kama_seeds[] = {"value", "sma", NULL};
static const qb_param kama_params[] = {
    PERIOD(10),
    PERIOD_NAMED("fast", 2, 1, "period of the fastest average"),
    PERIOD_NAMED("slow", 30, 1, "period of the slowest average"),
    CHOICE("seed", 0, kama_seeds, "start: value number period, or the mean one value later"),
};

static size_t room_kama(const double *params)
{
    return qb_kama_room(period_of(params[0]));
}

static void column_kama(const qb_columns *in, const double *params, double *room,
                        double *const *out)
{
    qb_kama kama;
    qb_kama_init(&kama, room, period_of(params[0]), period_of(params[1]), period_of(params[2]),
                 params[3] == 0.0 ? QB_SEED_FIRST : QB_SEED_SMA);
    for (size_t i = 0; i < in->count; i++) {
        qb_kama_add(&kama, in->close[i]);
        if (qb_kama_ready(&kama))
            out[0][i] = qb_kama_value(&kama);
        if (qb_kama_efficiency_ready(&kama))
            out[1][i] = kama.efficiency;
    }
}

/* ---- weighted ------------------------------------------------------------------------------ */

static size_t room_wma(const double *params)
{
    return qb_wma_room(period_of(params[0]));
}

static void column_wma(const qb_columns *in, const double *params, double *room, double *const *out)
{
    qb_wma wma;
    qb_wma_init(&wma, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_wma_add(&wma, in->close[i]);
        if (qb_wma_ready(&wma))
            out[0][i] = qb_wma_value(&wma);
    }
}

static const qb_param hma_params[] = {PERIOD_NAMED("period", 20, 2, "bars in the window")};

static size_t warmup_hma(const double *params)
{
    return period_of(params[0]) + qb_hull_smooth(period_of(params[0])) - 1;
}

static size_t room_hma(const double *params)
{
    return qb_hull_room(period_of(params[0]));
}

static void column_hma(const qb_columns *in, const double *params, double *room, double *const *out)
{
    qb_hull hull;
    qb_hull_init(&hull, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_hull_add(&hull, in->close[i]);
        if (qb_hull_ready(&hull))
            out[0][i] = qb_hull_value(&hull);
    }
}

static size_t room_slope(const double *params)
{
    return qb_slope_room(period_of(params[0]));
}

static void column_slope(const qb_columns *in, const double *params, double *room,
                         double *const *out)
{
    qb_slope slope;
    qb_slope_init(&slope, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_slope_add(&slope, in->close[i]);
        if (!qb_slope_ready(&slope))
            continue;
        out[0][i] = qb_slope_value(&slope);
        out[1][i] = qb_wma_line(&slope.wma);
        out[2][i] = out[1][i] - out[0][i] * (double)(i + 1);
        out[3][i] = qb_slope_r_squared(&slope);
    }
}

static const qb_indicator rows[] = {
    {"sma", "simple moving average", QB_INPUT_CLOSE, PARAMS(period_20), OUTPUTS("sma"),
     warmup_period, NULL, column_sma},
    {"ema", "exponential average, alpha 2 / (period + 1)", QB_INPUT_CLOSE, PARAMS(ema_params),
     OUTPUTS("ema"), warmup_seed, NULL, column_ema},
    {"wilder", "Wilder's average (RMA, SMMA), alpha 1 / period", QB_INPUT_CLOSE,
     PARAMS(wilder_params), OUTPUTS("wilder"), warmup_seed, NULL, column_wilder},
    {"wma", "weighted average, newest heaviest", QB_INPUT_CLOSE, PARAMS(period_20), OUTPUTS("wma"),
     warmup_period, room_wma, column_wma},
    {"hma", "Hull's average", QB_INPUT_CLOSE, PARAMS(hma_params), OUTPUTS("hma"), warmup_hma,
     room_hma, column_hma},
    {"dema", "double exponential average", QB_INPUT_CLOSE, PARAMS(chain_params), OUTPUTS("dema"),
     warmup_dema, NULL, column_dema},
    {"tema", "triple exponential average", QB_INPUT_CLOSE, PARAMS(chain_params), OUTPUTS("tema"),
     warmup_tema, NULL, column_tema},
    {"zlema", "zero-lag exponential average", QB_INPUT_CLOSE, PARAMS(chain_params),
     OUTPUTS("zlema"), warmup_zlema, room_zlema, column_zlema},
    {"trix", "change of the triple smoothed average, per cent", QB_INPUT_CLOSE, PARAMS(trix_params),
     OUTPUTS("trix"), warmup_trix, NULL, column_trix},
    {"kama", "Kaufman's adaptive average", QB_INPUT_CLOSE, PARAMS(kama_params),
     OUTPUTS("kama", "efficiency"), warmup_after_period, room_kama, column_kama},
    {"slope", "straight line through the window, by least squares", QB_INPUT_CLOSE,
     PARAMS(period_14), OUTPUTS("slope", "line", "intercept", "r_squared"), warmup_period,
     room_slope, column_slope},
};
const qb_indicator_family qb_averages = {rows, COUNT_OF(rows)};
