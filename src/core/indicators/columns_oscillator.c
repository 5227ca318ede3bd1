/* Rows of the table: oscillators. */
#include "core/indicators/kernels.h"
#include "core/indicators/table-private.h"

static const char *const averages[] = {"wilder", "exponential", "simple", NULL};
static const char *const seeds[] = {"sma", "first", NULL};

/* ---- RSI ----------------------------------------------------------------------------------- */

static const qb_param rsi_params[] = {
    PERIOD(14),
    CHOICE("average", 0, averages, "how rises and falls are averaged"),
    CHOICE("seed", 0, seeds, "start: the mean of the first changes, or a change of 0"),
};

static size_t warmup_rsi(const double *params)
{
    const bool first = params[1] != QB_AVERAGE_SIMPLE && params[2] != 0.0;
    return period_of(params[0]) + !first;
}

static size_t room_rsi(const double *params)
{
    return qb_rsi_room(period_of(params[0]), (qb_average)params[1]);
}

static void column_rsi(const qb_columns *in, const double *params, double *room, double *const *out)
{
    if (params[1] == QB_AVERAGE_WILDER && params[2] == 0.0) {
        qb_column_rsi(in->close, in->count, period_of(params[0]), out[0]);
        return;
    }
    qb_rsi rsi;
    qb_rsi_init(&rsi, room, period_of(params[0]), (qb_average)params[1],
                params[2] == 0.0 ? QB_SEED_SMA : QB_SEED_FIRST);
    for (size_t i = 0; i < in->count; i++) {
        qb_rsi_add(&rsi, in->close[i]);
        if (qb_rsi_ready(&rsi))
            out[0][i] = qb_rsi_value(&rsi);
    }
}

/* ---- MACD ---------------------------------------------------------------------------------- */

static const qb_param macd_params[] = {
    PERIOD_NAMED("fast", 12, 1, "period of the fast average"),
    PERIOD_NAMED("slow", 26, 1, "period of the slow average"),
    PERIOD_NAMED("signal", 9, 1, "period of the signal"),
    CHOICE("seed", 0, seeds, "start: the mean of the first values, or the first one"),
};

static size_t slower(const double *params)
{
    return period_of(params[0] > params[1] ? params[0] : params[1]);
}

static size_t warmup_macd(const double *params)
{
    return params[3] != 0.0 ? 1 : slower(params) + period_of(params[2]) - 1;
}

static void stream_macd(const qb_columns *in, size_t count, const double *params, bool percent,
                        double *const *out)
{
    qb_macd macd;
    qb_macd_init(&macd, period_of(params[0]), period_of(params[1]), period_of(params[2]),
                 params[3] == 0.0 ? QB_SEED_SMA : QB_SEED_FIRST, percent);
    for (size_t i = 0; i < count; i++) {
        qb_macd_add(&macd, in->close[i]);
        if (qb_macd_line_ready(&macd))
            out[0][i] = qb_macd_line(&macd);
        if (qb_macd_ready(&macd)) {
            out[1][i] = qb_macd_signal(&macd);
            out[2][i] = qb_macd_histogram(&macd);
        }
    }
}

/* The kernel leaves the line out until the signal is defined: that much is streamed. */
static void column_macd(const qb_columns *in, const double *params, double *room,
                        double *const *out)
{
    const size_t head = warmup_macd(params);
    if (params[3] == 0.0) {
        qb_column_macd(in->close, in->count, period_of(params[0]), period_of(params[1]),
                       period_of(params[2]), out[0], out[1], out[2]);
        stream_macd(in, head < in->count ? head : in->count, params, false, out);
    } else {
        stream_macd(in, in->count, params, false, out);
    }
}

static const char *const bases[] = {"slow", "fast", NULL};
static const qb_param ppo_params[] = {
    PERIOD_NAMED("fast", 12, 1, "period of the fast average"),
    PERIOD_NAMED("slow", 26, 1, "period of the slow average"),
    PERIOD_NAMED("signal", 9, 1, "period of the signal"),
    CHOICE("seed", 0, seeds, "start: the mean of the first values, or the first one"),
    CHOICE("of", 0, bases, "what the line is a percentage of"),
};

/* 100 (f - s) / f from 100 (f - s) / s, and the signal again. */
static void rebase_ppo(const qb_columns *in, const double *params, double *const *out)
{
    qb_ema signal;
    qb_ema_init(&signal, period_of(params[2]), params[3] == 0.0 ? QB_SEED_SMA : QB_SEED_FIRST);
    for (size_t i = 0; i < in->count; i++) {
        if (isnan(out[0][i]))
            continue;
        out[0][i] /= 1.0 + out[0][i] / 100.0;
        qb_ema_add(&signal, out[0][i]);
        if (!qb_ema_ready(&signal))
            continue;
        out[1][i] = qb_ema_value(&signal);
        out[2][i] = out[0][i] - out[1][i];
    }
}

static void column_ppo(const qb_columns *in, const double *params, double *room, double *const *out)
{
    stream_macd(in, in->count, params, true, out);
    if (params[4] != 0.0)
        rebase_ppo(in, params, out);
}

/* ---- change -------------------------------------------------------------------------------- */

static const qb_param roc_params[] = {
    PERIOD_NAMED("period", 14, 1, "bars back"),
    {"skip", QB_PARAM_INTEGER, 0, 0, PERIOD_LIMIT, 1, NULL,
     "newest bars left out, fewer than period"},
};

static size_t room_roc(const double *params)
{
    return qb_roc_room(period_of(params[0]));
}

static const char *check_roc(const double *params)
{
    return params[1] < params[0] ? NULL : "skip must be below period";
}

static void column_roc(const qb_columns *in, const double *params, double *room, double *const *out)
{
    qb_roc roc;
    qb_roc_init(&roc, room, period_of(params[0]), period_of(params[1]));
    for (size_t i = 0; i < in->count; i++) {
        qb_roc_add(&roc, in->close[i]);
        if (!qb_roc_ready(&roc))
            continue;
        out[0][i] = 100.0 * qb_roc_value(&roc);
        out[1][i] = qb_roc_change(&roc);
    }
}

/* ---- where the close stands ---------------------------------------------------------------- */

static const qb_param stochastic_params[] = {
    PERIOD(14),
    PERIOD_NAMED("smooth", 3, 1, "bars of the mean that is %K; 1: the fast stochastic"),
    PERIOD_NAMED("signal", 3, 1, "bars of the mean of %K that is %D"),
};

static size_t warmup_stochastic(const double *params)
{
    return period_of(params[0]) + period_of(params[1]) + period_of(params[2]) - 2;
}

static size_t room_stochastic(const double *params)
{
    return qb_stochastic_room(period_of(params[0]), period_of(params[1]), period_of(params[2]));
}

static void column_stochastic(const qb_columns *in, const double *params, double *room,
                              double *const *out)
{
    qb_stochastic stochastic;
    qb_stochastic_init(&stochastic, room, period_of(params[0]), period_of(params[1]),
                       period_of(params[2]));
    for (size_t i = 0; i < in->count; i++) {
        qb_stochastic_add(&stochastic, in->high[i], in->low[i], in->close[i]);
        if (qb_stochastic_raw_ready(&stochastic))
            out[0][i] = stochastic.raw;
        if (qb_stochastic_k_ready(&stochastic))
            out[1][i] = qb_stochastic_k(&stochastic);
        if (qb_stochastic_ready(&stochastic)) {
            out[2][i] = qb_stochastic_d(&stochastic);
            out[3][i] = 3.0 * out[1][i] - 2.0 * out[2][i];
        }
    }
}

static const qb_param period_14[] = {PERIOD(14)};
static const qb_param period_20[] = {PERIOD(20)};

static void column_williams(const qb_columns *in, const double *params, double *room,
                            double *const *out)
{
    qb_extremes extremes;
    qb_extremes_init(&extremes, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_extremes_add(&extremes, in->high[i], in->low[i]);
        if (qb_extremes_ready(&extremes))
            out[0][i] = qb_stochastic_place(in->close[i], extremes.lowest, extremes.highest) -
                        100.0;
    }
}

static void column_cci(const qb_columns *in, const double *params, double *room, double *const *out)
{
    qb_cci cci;
    qb_cci_init(&cci, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_cci_add(&cci, qb_typical(in->high[i], in->low[i], in->close[i]));
        if (qb_cci_ready(&cci))
            out[0][i] = qb_cci_value(&cci);
    }
}

static const qb_indicator rows[] = {
    {"rsi", "Wilder's relative strength index", QB_INPUT_CLOSE, PARAMS(rsi_params), OUTPUTS("rsi"),
     warmup_rsi, room_rsi, column_rsi},
    {"macd", "difference of two averages, and its own average", QB_INPUT_CLOSE, PARAMS(macd_params),
     OUTPUTS("line", "signal", "histogram"), warmup_macd, NULL, column_macd},
    {"ppo", "MACD in per cent of the slow average", QB_INPUT_CLOSE, PARAMS(ppo_params),
     OUTPUTS("line", "signal", "histogram"), warmup_macd, NULL, column_ppo},
    {"roc", "change against an older value, in per cent and as a difference", QB_INPUT_CLOSE,
     PARAMS(roc_params), OUTPUTS("percent", "change"), warmup_after_period, room_roc, column_roc,
     check_roc},
    {"stochastic", "Lane's stochastic", QB_INPUT_BARS, PARAMS(stochastic_params),
     OUTPUTS("raw", "k", "d", "j"), warmup_stochastic, room_stochastic, column_stochastic},
    {"williams_r", "Williams' %R", QB_INPUT_BARS, PARAMS(period_14), OUTPUTS("williams_r"),
     warmup_period, room_two_periods, column_williams},
    {"cci", "commodity channel index", QB_INPUT_BARS, PARAMS(period_20), OUTPUTS("cci"),
     warmup_period, room_two_periods, column_cci},
};
const qb_indicator_family qb_oscillators = {rows, COUNT_OF(rows)};
