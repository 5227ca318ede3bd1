/* Rows of the table: deviation, volatility and what two series have in common. */
#include "core/indicators/kernels.h"
#include "core/indicators/table-private.h"

static const char *const divisors[] = {"population", "sample", NULL};
#define DIVISOR(standard) \
    CHOICE("divisor", standard, divisors, "period, or period - 1 as for a sample")

/* ---- one series ---------------------------------------------------------------------------- */

static const qb_param deviation_params[] = {PERIOD(20), DIVISOR(0)};

static void column_deviation(const qb_columns *in, const double *params, double *room,
                             double *const *out)
{
    const size_t ddof = (size_t)params[1];
    qb_deviation deviation;
    qb_deviation_init(&deviation, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_deviation_add(&deviation, in->close[i]);
        if (!qb_deviation_ready(&deviation))
            continue;
        out[0][i] = qb_deviation_value(&deviation, ddof);
        out[1][i] = qb_deviation_variance(&deviation, ddof);
        out[2][i] = qb_deviation_mean(&deviation);
        out[3][i] = qb_deviation_zscore(&deviation, ddof);
    }
}

static void column_zscore(const qb_columns *in, const double *params, double *room,
                          double *const *out)
{
    qb_deviation deviation;
    qb_deviation_init(&deviation, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_deviation_add(&deviation, in->close[i]);
        if (qb_deviation_ready(&deviation))
            out[0][i] = qb_deviation_zscore(&deviation, (size_t)params[1]);
    }
}

static const qb_param bollinger_params[] = {
    PERIOD(20),
    {"width", QB_PARAM_NUMBER, 2, 0, 100, 0.5, NULL, "deviations to either side"},
    DIVISOR(0),
};

static void column_bollinger(const qb_columns *in, const double *params, double *room,
                             double *const *out)
{
    qb_column_bollinger(in->close, in->count, period_of(params[0]), params[1], (size_t)params[2],
                        out[0], out[1], out[2]);
    for (size_t i = 0; i < in->count; i++) {
        const double width = out[1][i] - out[2][i];
        out[3][i] = width == 0.0 ? 0.5 : (in->close[i] - out[2][i]) / width;
        out[4][i] = width / out[0][i];
    }
}

static const qb_param period_10[] = {PERIOD(10)};
static const qb_param period_14[] = {PERIOD(14)};
static const qb_param period_50[] = {PERIOD(50)};

static void column_median(const qb_columns *in, const double *params, double *room,
                          double *const *out)
{
    qb_ordered ordered;
    qb_ordered_init(&ordered, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_ordered_add(&ordered, in->close[i]);
        if (qb_ordered_ready(&ordered))
            out[0][i] = qb_ordered_median(&ordered);
    }
}

static void column_percentile(const qb_columns *in, const double *params, double *room,
                              double *const *out)
{
    qb_ordered ordered;
    qb_ordered_init(&ordered, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_ordered_add(&ordered, in->close[i]);
        if (qb_ordered_ready(&ordered))
            out[0][i] = qb_ordered_percentile(&ordered);
    }
}

static void column_ulcer(const qb_columns *in, const double *params, double *room,
                         double *const *out)
{
    qb_ordered ordered;
    qb_ordered_init(&ordered, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_ordered_add(&ordered, in->close[i]);
        if (qb_ordered_ready(&ordered))
            out[0][i] = qb_ordered_ulcer(&ordered);
    }
}

/* ---- volatility ---------------------------------------------------------------------------- */

#define ANNUAL                                                                               \
    {                                                                                        \
        "annual", QB_PARAM_NUMBER, 252, 1, 1e8, 1, NULL, "bars in a year; 1: not annualised" \
    }
static const char *const means[] = {"window", "own", NULL};
static const qb_param volatility_params[] = {
    PERIOD_NAMED("period", 20, 1, "returns in the window"), ANNUAL, DIVISOR(1),
    CHOICE("mean", 0, means,
           "what is taken off: the window's mean, or each bar's mean of its own")};
static const qb_param range_params[] = {PERIOD(20), ANNUAL};

static size_t warmup_volatility(const double *params)
{
    return period_of(params[0]) + 1 + (params[3] != 0.0 ? period_of(params[0]) - 1 : 0);
}

/* TTR's: from every return the mean of the window that ends with it. */
static void column_own_means(const qb_columns *in, const double *params, double *room, double *out)
{
    const size_t period = period_of(params[0]);
    const double freedom = (double)period - params[2];
    qb_rolling returns, squares;
    qb_rolling_init(&returns, room, period);
    qb_rolling_init(&squares, room + period, period);
    for (size_t i = 1; i < in->count; i++) {
        const double change = log(in->close[i] / in->close[i - 1]);
        qb_rolling_add(&returns, change);
        if (!qb_rolling_ready(&returns))
            continue;
        const double away = change - qb_rolling_mean(&returns);
        qb_rolling_add(&squares, away * away);
        if (qb_rolling_ready(&squares) && freedom > 0.0)
            out[i] = sqrt(params[1] * squares.sum / freedom);
    }
}

static void column_volatility(const qb_columns *in, const double *params, double *room,
                              double *const *out)
{
    const double year = sqrt(params[1]);
    qb_close_volatility volatility;
    if (params[3] != 0.0) {
        column_own_means(in, params, room, out[0]);
        return;
    }
    qb_close_volatility_init(&volatility, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_close_volatility_add(&volatility, in->close[i]);
        if (qb_close_volatility_ready(&volatility))
            out[0][i] = year * qb_close_volatility_value(&volatility, (size_t)params[2]);
    }
}

static void column_parkinson(const qb_columns *in, const double *params, double *room,
                             double *const *out)
{
    const double year = sqrt(params[1]);
    qb_rolling terms;
    qb_rolling_init(&terms, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_rolling_add(&terms, qb_parkinson_term(in->high[i], in->low[i]));
        if (qb_rolling_ready(&terms))
            out[0][i] = year * qb_range_volatility(&terms);
    }
}

static void column_garman_klass(const qb_columns *in, const double *params, double *room,
                                double *const *out)
{
    const double year = sqrt(params[1]);
    qb_rolling terms;
    qb_rolling_init(&terms, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_rolling_add(&terms,
                       qb_garman_klass_term(in->open[i], in->high[i], in->low[i], in->close[i]));
        if (qb_rolling_ready(&terms))
            out[0][i] = year * qb_range_volatility(&terms);
    }
}

/* ---- two series ---------------------------------------------------------------------------- */

static const char *const feeds[] = {"prices", "returns", NULL};
static const qb_param correlation_params[] = {
    PERIOD(20), CHOICE("of", 0, feeds, "the values themselves, or their changes in per unit"),
    DIVISOR(0)};
static const qb_param beta_params[] = {
    PERIOD(60), CHOICE("of", 1, feeds, "the values themselves, or their changes in per unit")};

static size_t warmup_pair(const double *params)
{
    return period_of(params[0]) + (params[1] != 0.0);
}

static size_t room_pair(const double *params)
{
    return qb_pair_room(period_of(params[0]));
}

/* Adds bar i: the second series is x, the first is y. */
static void add_pair(qb_pair *pair, const qb_columns *in, size_t i, bool returns)
{
    if (!returns)
        qb_pair_add(pair, in->second[i], in->close[i]);
    else if (i > 0)
        qb_pair_add(pair, in->second[i] / in->second[i - 1] - 1.0,
                    in->close[i] / in->close[i - 1] - 1.0);
}

static void column_correlation(const qb_columns *in, const double *params, double *room,
                               double *const *out)
{
    qb_pair pair;
    qb_pair_init(&pair, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        add_pair(&pair, in, i, params[1] != 0.0);
        if (!qb_pair_ready(&pair))
            continue;
        out[0][i] = qb_pair_correlation(&pair);
        out[1][i] = out[0][i] * out[0][i];
        if (pair.period > (size_t)params[2])
            out[2][i] = qb_pair_covariance(&pair, (size_t)params[2]);
    }
}

static void column_beta(const qb_columns *in, const double *params, double *room,
                        double *const *out)
{
    qb_pair pair;
    qb_pair_init(&pair, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        add_pair(&pair, in, i, params[1] != 0.0);
        if (!qb_pair_ready(&pair))
            continue;
        out[0][i] = qb_pair_beta(&pair);
        out[1][i] = qb_pair_alpha(&pair);
    }
}

static const qb_indicator rows[] = {
    {"deviation", "standard deviation, variance, mean and z-score", QB_INPUT_CLOSE,
     PARAMS(deviation_params), OUTPUTS("deviation", "variance", "mean", "zscore"), warmup_period,
     room_two_periods, column_deviation},
    {"zscore", "deviations between the value and its mean", QB_INPUT_CLOSE,
     PARAMS(deviation_params), OUTPUTS("zscore"), warmup_period, room_two_periods, column_zscore},
    {"bollinger", "a mean, and deviations to either side", QB_INPUT_CLOSE, PARAMS(bollinger_params),
     OUTPUTS("middle", "upper", "lower", "percent_b", "bandwidth"), warmup_period, NULL,
     column_bollinger},
    {"median", "the middle value", QB_INPUT_CLOSE, PARAMS(period_10), OUTPUTS("median"),
     warmup_period, room_two_periods, column_median},
    {"percentile", "share of the window below the newest value", QB_INPUT_CLOSE, PARAMS(period_50),
     OUTPUTS("percentile"), warmup_period, room_two_periods, column_percentile},
    {"ulcer", "root mean square of the drawdown in the window, per cent", QB_INPUT_CLOSE,
     PARAMS(period_14), OUTPUTS("ulcer"), warmup_period, room_two_periods, column_ulcer},
    {"volatility", "deviation of log returns, close to close", QB_INPUT_CLOSE,
     PARAMS(volatility_params), OUTPUTS("volatility"), warmup_volatility, room_two_periods,
     column_volatility},
    {"parkinson", "volatility from high and low", QB_INPUT_HIGH | QB_INPUT_LOW,
     PARAMS(range_params), OUTPUTS("volatility"), warmup_period, room_period, column_parkinson},
    {"garman_klass", "volatility from open, high, low and close", QB_INPUT_OPEN | QB_INPUT_BARS,
     PARAMS(range_params), OUTPUTS("volatility"), warmup_period, room_period, column_garman_klass},
    {"correlation", "correlation with a second series", QB_INPUT_CLOSE | QB_INPUT_SECOND,
     PARAMS(correlation_params), OUTPUTS("correlation", "r_squared", "covariance"), warmup_pair,
     room_pair, column_correlation},
    {"beta", "beta and alpha against a second series", QB_INPUT_CLOSE | QB_INPUT_SECOND,
     PARAMS(beta_params), OUTPUTS("beta", "alpha"), warmup_pair, room_pair, column_beta},
};
const qb_indicator_family qb_spreads = {rows, COUNT_OF(rows)};
