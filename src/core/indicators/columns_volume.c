/* Rows of the table: who buys, who sells, and at what volume. */
#include "core/indicators/table-private.h"

static const char *const starts[] = {"zero", "volume", NULL};
static const qb_param obv_params[] = {
    CHOICE("start", 0, starts, "the first value: 0, or the first bar's volume")};

static void column_obv(const qb_columns *in, const double *params, double *room, double *const *out)
{
    qb_obv obv;
    qb_obv_init(&obv, params[0] != 0.0);
    for (size_t i = 0; i < in->count; i++) {
        qb_obv_add(&obv, in->close[i], in->volume[i]);
        out[0][i] = qb_obv_value(&obv);
    }
}

static void column_accumulation(const qb_columns *in, const double *params, double *room,
                                double *const *out)
{
    double sum = 0.0;
    for (size_t i = 0; i < in->count; i++)
        out[0][i] = sum += qb_accumulation(in->high[i], in->low[i], in->close[i], in->volume[i]);
}

static const char *const prices[] = {"typical", "close", "average", NULL};
#define PRICE(standard) \
    CHOICE("price", standard, prices, "(h + l + c) / 3, the close, or (o + h + l + c) / 4")

/* The close against the true low of a rise, the true high of a fall; no volume. Williams, How I
 * Made One Million Dollars (1973). */
static void column_williams_ad(const qb_columns *in, const double *params, double *room,
                               double *const *out)
{
    double sum = 0.0;
    for (size_t i = 1; i < in->count; i++) {
        const double last = in->close[i - 1], close = in->close[i];
        if (close > last)
            sum += close - qb_lower(in->low[i], last);
        else if (close < last)
            sum += close - qb_higher(in->high[i], last);
        out[0][i] = sum;
    }
}

static size_t warmup_two(const double *params)
{
    return 2;
}

/* Where a new average starts: dates are those of the stamps, UTC. */
static const char *const anchors[] = {"day", "week", "month", "none", NULL};
static const qb_param vwap_params[] = {
    CHOICE("anchor", 0, anchors, "what starts the average anew (dates in UTC)"), PRICE(0)};

static double price_of(const qb_columns *in, size_t i, double choice)
{
    if (choice == 0.0)
        return qb_typical(in->high[i], in->low[i], in->close[i]);
    if (choice == 1.0)
        return in->close[i];
    return 0.25 * (in->open[i] + in->high[i] + in->low[i] + in->close[i]);
}

static int64_t anchor_of(int64_t ts_us, double choice)
{
    const int32_t date = qb_date_from_us(ts_us);
    if (choice == 0.0)
        return date;
    if (choice == 1.0)
        return date - qb_weekday(date);
    const qb_civil civil = qb_civil_from_date(date);
    return choice == 2.0 ? (int64_t)civil.year * 12 + civil.month : 0;
}

static void column_vwap(const qb_columns *in, const double *params, double *room,
                        double *const *out)
{
    qb_vwap vwap;
    int64_t anchor = 0;
    qb_vwap_reset(&vwap);
    for (size_t i = 0; i < in->count; i++) {
        const int64_t here = anchor_of(in->ts_us[i], params[0]);
        if (here != anchor)
            qb_vwap_reset(&vwap);
        anchor = here;
        qb_vwap_add(&vwap, price_of(in, i, params[1]), in->volume[i]);
        out[0][i] = qb_vwap_value(&vwap);
    }
}

static const qb_param vwma_params[] = {PERIOD(20), PRICE(1)};

static void column_vwma(const qb_columns *in, const double *params, double *room,
                        double *const *out)
{
    qb_vwma vwma;
    qb_vwma_init(&vwma, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_vwma_add(&vwma, price_of(in, i, params[1]), in->volume[i]);
        if (qb_vwma_ready(&vwma))
            out[0][i] = qb_vwma_value(&vwma);
    }
}

static const qb_param mfi_params[] = {PERIOD(14)};

static void column_mfi(const qb_columns *in, const double *params, double *room, double *const *out)
{
    qb_mfi mfi;
    qb_mfi_init(&mfi, room, period_of(params[0]));
    for (size_t i = 0; i < in->count; i++) {
        qb_mfi_add(&mfi, in->high[i], in->low[i], in->close[i], in->volume[i]);
        if (qb_mfi_ready(&mfi))
            out[0][i] = qb_mfi_value(&mfi);
    }
}

static const qb_indicator rows[] = {
    {"obv", "volume summed by the direction of the close", QB_INPUT_CLOSE | QB_INPUT_VOLUME,
     PARAMS(obv_params), OUTPUTS("obv"), warmup_one, NULL, column_obv},
    {"accumulation", "volume summed by where the close stands in its bar",
     QB_INPUT_BARS | QB_INPUT_VOLUME, NULL, 0, OUTPUTS("accumulation"), warmup_one, NULL,
     column_accumulation},
    {"williams_ad", "Williams' accumulation, without volume", QB_INPUT_BARS, NULL, 0,
     OUTPUTS("williams_ad"), warmup_two, NULL, column_williams_ad},
    {"vwap", "volume-weighted average price since the day, week or month began",
     QB_INPUT_TIME | QB_INPUT_OPEN | QB_INPUT_BARS | QB_INPUT_VOLUME, PARAMS(vwap_params),
     OUTPUTS("vwap"), warmup_one, NULL, column_vwap},
    {"vwma", "volume-weighted average of the last bars",
     QB_INPUT_OPEN | QB_INPUT_BARS | QB_INPUT_VOLUME, PARAMS(vwma_params), OUTPUTS("vwma"),
     warmup_period, room_two_periods, column_vwma},
    {"mfi", "money flow index", QB_INPUT_BARS | QB_INPUT_VOLUME, PARAMS(mfi_params), OUTPUTS("mfi"),
     warmup_after_period, room_two_periods, column_mfi},
};
const qb_indicator_family qb_volumes = {rows, COUNT_OF(rows)};
