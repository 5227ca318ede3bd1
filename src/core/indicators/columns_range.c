/* Rows of the table: ranges, channels and trends of high, low and close. */
#include "core/indicators/kernels.h"
#include "core/indicators/table-private.h"

static const char *const averages[] = {"wilder", "exponential", "simple", NULL};
static const char *const firsts[] = {"skip", "range", NULL};
#define FIRST CHOICE("first", 0, firsts, "the first bar, without a close before it: its high - low")

/* ---- ranges -------------------------------------------------------------------------------- */

static const qb_param true_range_params[] = {FIRST};

static size_t warmup_true_range(const double *params)
{
    return params[0] == 0.0 ? 2 : 1;
}

static void column_true_range(const qb_columns *in, const double *params, double *room,
                              double *const *out)
{
    if (params[0] != 0.0 && in->count > 0)
        out[0][0] = in->high[0] - in->low[0];
    for (size_t i = 1; i < in->count; i++)
        out[0][i] = qb_true_range(in->high[i], in->low[i], in->close[i - 1]);
}

static const qb_param atr_params[] = {
    PERIOD(14), CHOICE("average", 0, averages, "how ranges are averaged"), FIRST};

static size_t warmup_atr(const double *params)
{
    return period_of(params[0]) + (params[2] == 0.0);
}

static size_t room_atr(const double *params)
{
    return qb_atr_room(period_of(params[0]), (qb_average)params[1]);
}

static void stream_atr(const qb_columns *in, const double *params, double *room, double *out)
{
    qb_atr atr;
    qb_atr_init(&atr, room, period_of(params[0]), (qb_average)params[1], params[2] != 0.0);
    for (size_t i = 0; i < in->count; i++) {
        qb_atr_add(&atr, in->high[i], in->low[i], in->close[i]);
        if (qb_atr_ready(&atr))
            out[i] = qb_atr_value(&atr);
    }
}

static void column_atr(const qb_columns *in, const double *params, double *room, double *const *out)
{
    if (params[1] == QB_AVERAGE_WILDER && params[2] == 0.0)
        qb_column_atr(in->high, in->low, in->close, in->count, period_of(params[0]), out[0]);
    else
        stream_atr(in, params, room, out[0]);
    for (size_t i = 0; i < in->count; i++)
        out[1][i] = 100.0 * out[0][i] / in->close[i];
}

/* ---- channels ------------------------------------------------------------------------------ */

static const char *const newest[] = {"in", "out", NULL};
static const char *const partials[] = {"no", "yes", NULL};
static const qb_param donchian_params[] = {
    PERIOD(20),
    CHOICE("newest", 0, newest, "is the newest bar part of the channel, or does it meet it?"),
    CHOICE("partial", 0, partials, "from the first bar on, of the bars so far"),
};

static size_t warmup_donchian(const double *params)
{
    return (params[2] != 0.0 ? 1 : period_of(params[0])) + (params[1] != 0.0);
}

static void column_donchian(const qb_columns *in, const double *params, double *room,
                            double *const *out)
{
    qb_extremes extremes;
    const size_t late = params[1] != 0.0;
    qb_extremes_init(&extremes, room, period_of(params[0]));
    for (size_t i = 0; i + late < in->count; i++) {
        qb_extremes_add(&extremes, in->high[i], in->low[i]);
        if (!qb_extremes_ready(&extremes) && params[2] == 0.0)
            continue;
        out[0][i + late] = extremes.highest;
        out[1][i + late] = qb_extremes_middle(&extremes);
        out[2][i + late] = extremes.lowest;
        out[3][i + late] = (extremes.highest - extremes.lowest) / out[1][i + late];
    }
}

static void column_extremes(const qb_columns *in, const double *params, double *room,
                            double *const *out)
{
    qb_extremes extremes;
    qb_extremes_init(&extremes, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_extremes_add(&extremes, in->close[i], in->close[i]);
        if (qb_extremes_ready(&extremes)) {
            out[0][i] = extremes.highest;
            out[1][i] = extremes.lowest;
        }
    }
}

static const char *const middles[] = {"exponential", "simple", NULL};
static const char *const prices[] = {"close", "typical", NULL};
static const qb_param keltner_params[] = {
    PERIOD(20),
    {"multiple", QB_PARAM_NUMBER, 2, 0, 100, 0.5, NULL, "average ranges to either side"},
    PERIOD_NAMED("atr_period", 10, 1, "bars of the average range"),
    CHOICE("average", 0, middles, "of the middle"),
    CHOICE("price", 0, prices, "what the middle averages"),
    CHOICE("atr_average", 0, averages, "how ranges are averaged"),
    FIRST,
};

static qb_keltner_rules keltner_rules(const double *params)
{
    return (qb_keltner_rules){.period = period_of(params[0]),
                              .atr_period = period_of(params[2]),
                              .multiple = params[1],
                              .simple = params[3] != 0.0,
                              .atr_average = (qb_average)params[5],
                              .first_is_range = params[6] != 0.0};
}

static size_t warmup_keltner(const double *params)
{
    const size_t middle = period_of(params[0]);
    const size_t reach = period_of(params[2]) + (params[6] == 0.0);
    return middle > reach ? middle : reach;
}

static size_t room_keltner(const double *params)
{
    const qb_keltner_rules rules = keltner_rules(params);
    return qb_keltner_room(&rules);
}

static void column_keltner(const qb_columns *in, const double *params, double *room,
                           double *const *out)
{
    const qb_keltner_rules rules = keltner_rules(params);
    qb_keltner keltner;
    qb_keltner_init(&keltner, room, &rules);
    for (size_t i = 0; i < in->count; i++) {
        const double high = in->high[i], low = in->low[i], close = in->close[i];
        const double price = params[4] == 0.0 ? close : qb_typical(high, low, close);
        qb_keltner_add(&keltner, high, low, close, price);
        if (!qb_keltner_ready(&keltner))
            continue;
        const double middle = qb_keltner_middle(&keltner), reach = qb_keltner_reach(&keltner);
        out[0][i] = middle + reach;
        out[1][i] = middle;
        out[2][i] = middle - reach;
        out[3][i] = 2.0 * reach / middle;
    }
}

/* ---- trends -------------------------------------------------------------------------------- */

static const qb_param period_20[] = {PERIOD(20)};
static const char *const ties[] = {"newest", "oldest", NULL};
static const qb_param aroon_params[] = {PERIOD(25),
                                        CHOICE("equal", 0, ties, "which of equal extremes counts")};

static const char *const adx_seeds[] = {"whole", "short", NULL};
static const char *const lags[] = {"period", "less_one", NULL};
static const qb_param adx_params[] = {
    PERIOD_NAMED("period", 14, 1, "bars of each average"),
    CHOICE("seed", 0, adx_seeds, "start: the mean of period values, or a 0 and all but one"),
    CHOICE("adxr_lag", 0, lags, "bars back to the other ADX of ADXR: period, or period - 1"),
};

static size_t adxr_lag(const double *params)
{
    return period_of(params[0]) - (params[2] != 0.0);
}

static size_t warmup_adx(const double *params)
{
    return 2 * period_of(params[0]) + adxr_lag(params);
}

static size_t room_adx(const double *params)
{
    return qb_roc_room(adxr_lag(params));
}

static void column_adx(const qb_columns *in, const double *params, double *room, double *const *out)
{
    qb_adx adx;
    qb_roc before;
    qb_adx_init(&adx, period_of(params[0]), params[1] != 0.0);
    qb_roc_init(&before, room, adxr_lag(params), 0);
    for (size_t i = 0; i < in->count; i++) {
        qb_adx_add(&adx, in->high[i], in->low[i], in->close[i]);
        if (!qb_adx_di_ready(&adx))
            continue;
        out[0][i] = qb_adx_plus(&adx);
        out[1][i] = qb_adx_minus(&adx);
        out[2][i] = qb_adx_dx(&adx);
        if (!qb_adx_ready(&adx))
            continue;
        out[3][i] = qb_adx_value(&adx);
        qb_roc_add(&before, out[3][i]);
        if (qb_roc_ready(&before))
            out[4][i] = 0.5 * (out[3][i] + qb_roc_older(&before));
    }
}

static size_t room_aroon(const double *params)
{
    return qb_aroon_room(period_of(params[0]));
}

static void column_aroon(const qb_columns *in, const double *params, double *room,
                         double *const *out)
{
    qb_aroon aroon;
    qb_aroon_init(&aroon, room, period_of(params[0]), params[1] != 0.0);
    for (size_t i = 0; i < in->count; i++) {
        qb_aroon_add(&aroon, in->high[i], in->low[i]);
        if (!qb_aroon_ready(&aroon))
            continue;
        out[0][i] = qb_aroon_up(&aroon);
        out[1][i] = qb_aroon_down(&aroon);
        out[2][i] = out[0][i] - out[1][i];
    }
}

static const qb_param psar_params[] = {
    {"step", QB_PARAM_NUMBER, 0.02, 0.0001, 1, 0.01, NULL, "factor at first, and its growth"},
    {"limit", QB_PARAM_NUMBER, 0.2, 0.0001, 1, 0.1, NULL, "largest factor"},
};

static const char *check_psar(const double *params)
{
    return params[0] <= params[1] ? NULL : "step must not be above limit";
}

static void column_psar(const qb_columns *in, const double *params, double *room,
                        double *const *out)
{
    qb_psar psar;
    qb_psar_init(&psar, params[0], params[1]);
    for (size_t i = 0; i < in->count; i++) {
        qb_psar_add(&psar, in->high[i], in->low[i]);
        if (!qb_psar_ready(&psar))
            continue;
        out[0][i] = qb_psar_value(&psar);
        out[1][i] = psar.reversed ? 1.0 : 0.0;
    }
}

/* A turning point shows `span` bars later, and only then is it written: never in the past. */
static const qb_param fractal_params[] = {
    PERIOD_NAMED("span", 2, 1, "bars on either side that are less extreme")};

static size_t warmup_fractal(const double *params)
{
    return 2 * period_of(params[0]) + 1;
}

static void column_fractal(const qb_columns *in, const double *params, double *room,
                           double *const *out)
{
    const size_t span = period_of(params[0]);
    for (size_t i = 2 * span; i < in->count; i++) {
        const size_t at = i - span;
        bool top = true, bottom = true;
        for (size_t k = i - 2 * span; k <= i; k++) {
            top = top && (k == at || in->high[k] < in->high[at]);
            bottom = bottom && (k == at || in->low[k] > in->low[at]);
        }
        if (top)
            out[0][i] = in->high[at];
        if (bottom)
            out[1][i] = in->low[at];
    }
}

static void column_heikin_ashi(const qb_columns *in, const double *params, double *room,
                               double *const *out)
{
    double open = in->count > 0 ? 0.5 * (in->open[0] + in->close[0]) : 0.0;
    for (size_t i = 0; i < in->count; i++) {
        const double close = 0.25 * (in->open[i] + in->high[i] + in->low[i] + in->close[i]);
        out[0][i] = open;
        out[1][i] = qb_higher(in->high[i], qb_higher(open, close));
        out[2][i] = qb_lower(in->low[i], qb_lower(open, close));
        out[3][i] = close;
        open = 0.5 * (open + close);
    }
}

static const qb_indicator rows[] = {
    {"true_range", "range of a bar, the gap before it included", QB_INPUT_BARS,
     PARAMS(true_range_params), OUTPUTS("true_range"), warmup_true_range, NULL, column_true_range},
    {"atr", "average true range, and in per cent of the close (NATR)", QB_INPUT_BARS,
     PARAMS(atr_params), OUTPUTS("atr", "percent"), warmup_atr, room_atr, column_atr},
    {"donchian", "highest high and lowest low", QB_INPUT_HIGH | QB_INPUT_LOW,
     PARAMS(donchian_params), OUTPUTS("upper", "middle", "lower", "width"), warmup_donchian,
     room_two_periods, column_donchian},
    {"extremes", "highest and lowest of one series", QB_INPUT_CLOSE, PARAMS(period_20),
     OUTPUTS("highest", "lowest"), warmup_period, room_two_periods, column_extremes},
    {"keltner", "an average, and average ranges to either side", QB_INPUT_BARS,
     PARAMS(keltner_params), OUTPUTS("upper", "middle", "lower", "width"), warmup_keltner,
     room_keltner, column_keltner},
    {"adx", "Wilder's directional movement", QB_INPUT_BARS, PARAMS(adx_params),
     OUTPUTS("plus_di", "minus_di", "dx", "adx", "adxr"), warmup_adx, room_adx, column_adx},
    {"aroon", "how long ago the highest high and the lowest low were", QB_INPUT_HIGH | QB_INPUT_LOW,
     PARAMS(aroon_params), OUTPUTS("up", "down", "oscillator"), warmup_after_period, room_aroon,
     column_aroon},
    {"psar", "Wilder's parabolic stop and reverse", QB_INPUT_HIGH | QB_INPUT_LOW,
     PARAMS(psar_params), OUTPUTS("sar", "reversal"), warmup_one, NULL, column_psar, check_psar},
    {"fractal", "turning points, written when they show", QB_INPUT_HIGH | QB_INPUT_LOW,
     PARAMS(fractal_params), OUTPUTS("top", "bottom"), warmup_fractal, NULL, column_fractal},
    {"heikin_ashi", "smoothed bars", QB_INPUT_OPEN | QB_INPUT_BARS, NULL, 0,
     OUTPUTS("open", "high", "low", "close"), warmup_one, NULL, column_heikin_ashi},
};
const qb_indicator_family qb_ranges = {rows, COUNT_OF(rows)};
