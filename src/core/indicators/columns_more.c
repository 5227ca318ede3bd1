/* Rows of the table: oscillators of several windows, and lines of several channels. */
#include "core/indicators/table-private.h"

/* ---- ultimate, vortex, awesome ------------------------------------------------------------- */

static const qb_param ultimate_params[] = {
    PERIOD_NAMED("short", 7, 1, "bars of the first window"),
    PERIOD_NAMED("middle", 14, 1, "bars of the second"),
    PERIOD_NAMED("long", 28, 1, "bars of the third"),
};

static void ultimate_periods(const double *params, size_t out[3])
{
    for (size_t i = 0; i < 3; i++)
        out[i] = period_of(params[i]);
}

static size_t warmup_ultimate(const double *params)
{
    size_t longest = 1;
    for (size_t i = 0; i < 3; i++)
        longest = period_of(params[i]) > longest ? period_of(params[i]) : longest;
    return longest + 1;
}

static size_t room_ultimate(const double *params)
{
    size_t periods[3];
    ultimate_periods(params, periods);
    return qb_ultimate_room(periods);
}

static void column_ultimate(const qb_columns *in, const double *params, double *room,
                            double *const *out)
{
    size_t periods[3];
    qb_ultimate ultimate;
    ultimate_periods(params, periods);
    qb_ultimate_init(&ultimate, room, periods);
    for (size_t i = 0; i < in->count; i++) {
        qb_ultimate_add(&ultimate, in->high[i], in->low[i], in->close[i]);
        if (qb_ultimate_ready(&ultimate))
            out[0][i] = qb_ultimate_value(&ultimate);
    }
}

static const qb_param period_14[] = {PERIOD(14)};

static size_t room_vortex(const double *params)
{
    return qb_vortex_room(period_of(params[0]));
}

static void column_vortex(const qb_columns *in, const double *params, double *room,
                          double *const *out)
{
    qb_vortex vortex;
    qb_vortex_init(&vortex, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_vortex_add(&vortex, in->high[i], in->low[i], in->close[i]);
        if (!qb_vortex_ready(&vortex))
            continue;
        out[0][i] = qb_vortex_plus(&vortex);
        out[1][i] = qb_vortex_minus(&vortex);
    }
}

static const qb_param awesome_params[] = {
    PERIOD_NAMED("fast", 5, 1, "bars of the fast average"),
    PERIOD_NAMED("slow", 34, 1, "bars of the slow average"),
};

static size_t warmup_awesome(const double *params)
{
    const size_t fast = period_of(params[0]), slow = period_of(params[1]);
    return (slow > fast ? slow : fast) + fast - 1;
}

static size_t room_awesome(const double *params)
{
    return qb_awesome_room(period_of(params[0]), period_of(params[1]));
}

static void column_awesome(const qb_columns *in, const double *params, double *room,
                           double *const *out)
{
    qb_awesome awesome;
    qb_awesome_init(&awesome, room, period_of(params[0]), period_of(params[1]));
    for (size_t i = 0; i < in->count; i++) {
        qb_awesome_add(&awesome, in->high[i], in->low[i]);
        if (qb_awesome_ready(&awesome))
            out[0][i] = awesome.value;
        if (qb_awesome_acceleration_ready(&awesome))
            out[1][i] = qb_awesome_acceleration(&awesome);
    }
}

/* ---- momentum index, good oscillator, DV2 -------------------------------------------------- */

static const qb_param rmi_params[] = {
    PERIOD(20), PERIOD_NAMED("lookback", 5, 1, "bars between the two values of a change")};

static size_t warmup_rmi(const double *params)
{
    return period_of(params[0]) + period_of(params[1]);
}

static size_t room_rmi(const double *params)
{
    return qb_roc_room(period_of(params[1]));
}

/* Wilder's RSI of changes over several bars. Altman, A Modified RSI (1993). */
static void column_rmi(const qb_columns *in, const double *params, double *room, double *const *out)
{
    qb_roc lag;
    qb_ema up, down;
    qb_roc_init(&lag, room, period_of(params[1]), 0);
    qb_wilder_init(&up, period_of(params[0]), QB_SEED_SMA);
    qb_wilder_init(&down, period_of(params[0]), QB_SEED_SMA);
    for (size_t i = 0; i < in->count; i++) {
        qb_roc_add(&lag, in->close[i]);
        if (!qb_roc_ready(&lag))
            continue;
        const double change = qb_roc_change(&lag);
        qb_ema_add(&up, change > 0.0 ? change : 0.0);
        qb_ema_add(&down, change < 0.0 ? -change : 0.0);
        const double all = up.value + down.value;
        if (qb_ema_ready(&up))
            out[0][i] = all > 0.0 ? 100.0 * (up.value / all) : 50.0;
    }
}

/* How many average ranges the close is from its mean; 0 without any range. Johnson, in Kaufman. */
static void column_pgo(const qb_columns *in, const double *params, double *room, double *const *out)
{
    qb_deviation mean;
    qb_atr atr;
    qb_deviation_init(&mean, room, period_of(params[0]));
    qb_atr_init(&atr, NULL, period_of(params[0]), QB_AVERAGE_WILDER, false);
    for (size_t i = 0; i < in->count; i++) {
        qb_deviation_add(&mean, in->close[i]);
        qb_atr_add(&atr, in->high[i], in->low[i], in->close[i]);
        const double range = qb_atr_value(&atr);
        if (qb_atr_ready(&atr))
            out[0][i] = range > 0.0 ? (in->close[i] - qb_deviation_mean(&mean)) / range : 0.0;
    }
}

static const qb_param dv2_params[] = {
    PERIOD(252), PERIOD_NAMED("average", 2, 1, "bars of the mean that is ranked")};

static size_t warmup_dv2(const double *params)
{
    return period_of(params[0]) + period_of(params[1]) - 1;
}

static size_t room_dv2(const double *params)
{
    return qb_ordered_room(period_of(params[0])) + period_of(params[1]);
}

/* Percentile of the mean of close / ((high + low) / 2). Varadi, CSS Analytics (2009). */
static void column_dv2(const qb_columns *in, const double *params, double *room, double *const *out)
{
    qb_ordered ordered;
    qb_rolling mean;
    qb_ordered_init(&ordered, room, period_of(params[0]));
    qb_rolling_init(&mean, room + qb_ordered_room(period_of(params[0])), period_of(params[1]));
    for (size_t i = 0; i < in->count; i++) {
        qb_rolling_add(&mean, in->close[i] / (0.5 * (in->high[i] + in->low[i])));
        if (!qb_rolling_ready(&mean))
            continue;
        qb_ordered_add(&ordered, qb_rolling_mean(&mean));
        if (qb_ordered_ready(&ordered))
            out[0][i] = 100.0 * qb_ordered_percentile(&ordered);
    }
}

/* ---- Ichimoku ------------------------------------------------------------------------------ */

static const qb_param ichimoku_params[] = {
    PERIOD_NAMED("conversion", 9, 1, "bars of the conversion line"),
    PERIOD_NAMED("base", 26, 1, "bars of the base line"),
    PERIOD_NAMED("span", 52, 1, "bars of the second span"),
    PERIOD_NAMED("lead", 26, 1, "bars that both spans are drawn ahead"),
};

static size_t warmup_ichimoku(const double *params)
{
    size_t longest = 1;
    for (size_t i = 0; i < 3; i++)
        longest = period_of(params[i]) > longest ? period_of(params[i]) : longest;
    return longest + period_of(params[3]);
}

static size_t room_ichimoku(const double *params)
{
    return qb_extremes_room(period_of(params[0]) + period_of(params[1]) + period_of(params[2]));
}

/* Middles of three channels. The lagging span is the close of a later bar and left out. Hosoda,
 * Ichimoku Kinko Hyo (1969). */
static void column_ichimoku(const qb_columns *in, const double *params, double *room,
                            double *const *out)
{
    const size_t lead = period_of(params[3]);
    qb_extremes lines[3];
    for (size_t k = 0; k < 3; k++) {
        qb_extremes_init(&lines[k], room, period_of(params[k]));
        room += qb_extremes_room(period_of(params[k]));
    }
    for (size_t i = 0; i < in->count; i++) {
        for (size_t k = 0; k < 3; k++)
            qb_extremes_add(&lines[k], in->high[i], in->low[i]);
        for (size_t k = 0; k < 2; k++)
            if (qb_extremes_ready(&lines[k]))
                out[k][i] = qb_extremes_middle(&lines[k]);
        if (i + lead >= in->count)
            continue;
        if (qb_extremes_ready(&lines[0]) && qb_extremes_ready(&lines[1]))
            out[2][i + lead] = 0.5 * (out[0][i] + out[1][i]);
        if (qb_extremes_ready(&lines[2]))
            out[3][i + lead] = qb_extremes_middle(&lines[2]);
    }
}

static const qb_indicator rows[] = {
    {"ultimate", "Williams' ultimate oscillator", QB_INPUT_BARS, PARAMS(ultimate_params),
     OUTPUTS("ultimate"), warmup_ultimate, room_ultimate, column_ultimate},
    {"vortex", "movement up and down against the range", QB_INPUT_BARS, PARAMS(period_14),
     OUTPUTS("plus", "minus"), warmup_after_period, room_vortex, column_vortex},
    {"awesome", "awesome oscillator and its acceleration", QB_INPUT_HIGH | QB_INPUT_LOW,
     PARAMS(awesome_params), OUTPUTS("awesome", "acceleration"), warmup_awesome, room_awesome,
     column_awesome},
    {"rmi", "RSI of changes over several bars", QB_INPUT_CLOSE, PARAMS(rmi_params), OUTPUTS("rmi"),
     warmup_rmi, room_rmi, column_rmi},
    {"pgo", "average ranges between the close and its mean", QB_INPUT_BARS, PARAMS(period_14),
     OUTPUTS("pgo"), warmup_after_period, room_two_periods, column_pgo},
    {"dv2", "percentile of the close in its bar, averaged", QB_INPUT_BARS, PARAMS(dv2_params),
     OUTPUTS("dv2"), warmup_dv2, room_dv2, column_dv2},
    {"ichimoku", "middles of three channels, two drawn ahead", QB_INPUT_HIGH | QB_INPUT_LOW,
     PARAMS(ichimoku_params), OUTPUTS("conversion", "base", "span_a", "span_b"), warmup_ichimoku,
     room_ichimoku, column_ichimoku},
};
const qb_indicator_family qb_mores = {rows, COUNT_OF(rows)};
