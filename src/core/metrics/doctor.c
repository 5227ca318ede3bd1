#include "core/metrics/doctor.h"

#include <math.h>

static const char *const kind_texts[QB_SYMPTOM_COUNT] = {
    "few-trades",  "one-trade",  "one-month",  "one-instrument", "costs",
    "large-fills", "late-fills", "idle-fills", "flagged-bars",   "no-edge",
};

const char *qb_symptom_text(qb_symptom_kind kind)
{
    return kind_texts[kind];
}

const char *qb_grade_text(qb_grade grade)
{
    static const char *const texts[] = {"warning", "serious"};
    return texts[grade];
}

/* ---- trades concerned ----------------------------------------------------------------------- */

static void concern(qb_symptom *symptom, size_t trade)
{
    if (symptom->trades < QB_SYMPTOM_SHOWN)
        symptom->shown[symptom->trades] = trade;
    symptom->trades++;
}

static void concern_touched(qb_symptom *symptom, const qb_doctor_input *in, qb_touch touch)
{
    for (size_t i = 0; i < in->trade_count; i++)
        if ((in->trades[i].touched & touch) != 0)
            concern(symptom, i);
}

/* ---- rules: each fills a symptom and says whether there is one ------------------------------- */

static bool few_trades(const qb_doctor_input *in, qb_symptom *out)
{
    out->value = (double)in->trade_count;
    out->threshold = QB_DOCTOR_TRADES;
    return in->trade_count < QB_DOCTOR_TRADES;
}

static bool one_trade(const qb_doctor_input *in, qb_symptom *out)
{
    double profit = 0;
    size_t best = 0;
    for (size_t i = 0; i < in->trade_count; i++) {
        profit += in->trades[i].profit;
        if (in->trades[i].profit > in->trades[best].profit)
            best = i;
    }
    if (in->trade_count < 2 || !(profit > 0))
        return false;
    out->value = in->trades[best].profit / profit;
    out->threshold = QB_DOCTOR_SHARE;
    out->grade = out->value >= 1 ? QB_GRADE_SERIOUS : QB_GRADE_WARNING;
    concern(out, best);
    return out->value >= out->threshold;
}

static bool one_month(const qb_doctor_input *in, qb_symptom *out)
{
    double growth = 0;
    size_t best = 0;
    for (size_t i = 0; i < in->month_count; i++) {
        growth += log1p(in->months[i].value);
        if (in->months[i].value > in->months[best].value)
            best = i;
    }
    if (in->month_count < 3 || !(growth > 0) || !isfinite(growth))
        return false;
    out->value = log1p(in->months[best].value) / growth;
    out->threshold = QB_DOCTOR_SHARE;
    out->grade = out->value >= 1 ? QB_GRADE_SERIOUS : QB_GRADE_WARNING;
    out->month = in->months[best];
    return out->value >= out->threshold;
}

static bool best_group(const qb_trade_group *groups, size_t count, qb_symptom *out)
{
    double profit = 0;
    size_t best = 0;
    for (size_t i = 0; i < count; i++) {
        profit += groups[i].profit;
        if (groups[i].profit > groups[best].profit)
            best = i;
    }
    if (count < 3 || !(profit > 0))
        return false;
    out->value = groups[best].profit / profit;
    out->threshold = QB_DOCTOR_SHARE;
    out->grade = out->value >= 1 ? QB_GRADE_SERIOUS : QB_GRADE_WARNING;
    out->instrument = (uint32_t)groups[best].key;
    return out->value >= out->threshold;
}

static bool costs(const qb_doctor_input *in, qb_symptom *out)
{
    if (!(in->earned > 0) || !(in->costs > 0))
        return false;
    out->value = in->costs / in->earned;
    out->threshold = QB_DOCTOR_COST_SHARE;
    out->grade = out->value >= 1 ? QB_GRADE_SERIOUS : QB_GRADE_WARNING;
    return out->value >= out->threshold;
}

static bool large_fills(const qb_doctor_input *in, qb_symptom *out)
{
    out->value = in->largest_share;
    out->threshold = QB_DOCTOR_VOLUME_SHARE;
    out->fills = in->large_fills;
    out->instrument = in->largest_instrument;
    concern_touched(out, in, QB_TOUCH_LARGE);
    return in->large_fills > 0;
}

static bool late_fills(const qb_doctor_input *in, qb_symptom *out)
{
    out->value = (double)in->late_fills;
    out->threshold = 1;
    out->fills = in->late_fills;
    concern_touched(out, in, QB_TOUCH_LATE);
    return in->late_fills > 0;
}

static bool idle_fills(const qb_doctor_input *in, qb_symptom *out)
{
    out->value = (double)in->idle_fills;
    out->threshold = 1;
    out->fills = in->idle_fills;
    concern_touched(out, in, QB_TOUCH_IDLE);
    return in->idle_fills > 0;
}

static bool flagged_bars(const qb_doctor_input *in, qb_symptom *out)
{
    concern_touched(out, in, QB_TOUCH_FLAGGED);
    out->value = (double)out->trades;
    out->threshold = 1;
    return out->trades > 0;
}

/* A ratio that is below 0 for sure is no good news either, but then the result says so itself. */
static bool no_edge(const qb_doctor_input *in, qb_symptom *out)
{
    const qb_bootstrap *intervals = in->intervals;
    if (intervals == NULL || intervals->sharpe.undefined != NULL)
        return false;
    out->value = intervals->sharpe.low;
    out->threshold = 0;
    return intervals->sharpe.low <= 0 && intervals->sharpe.high > 0;
}

static const struct {
    qb_symptom_kind kind;
    bool (*found)(const qb_doctor_input *in, qb_symptom *out);
} rules[] = {
    {QB_SYMPTOM_FEW_TRADES, few_trades},   {QB_SYMPTOM_ONE_TRADE, one_trade},
    {QB_SYMPTOM_ONE_MONTH, one_month},     {QB_SYMPTOM_COSTS, costs},
    {QB_SYMPTOM_LARGE_FILLS, large_fills}, {QB_SYMPTOM_LATE_FILLS, late_fills},
    {QB_SYMPTOM_IDLE_FILLS, idle_fills},   {QB_SYMPTOM_FLAGGED_BARS, flagged_bars},
    {QB_SYMPTOM_NO_EDGE, no_edge},
};

qb_status qb_doctor_examine(const qb_doctor_input *input, qb_symptom *out, size_t *out_count)
{
    qb_trade_group *groups = NULL;
    size_t group_count = 0, count = 0;
    const qb_status status = qb_trades_by(input->trades, input->trade_count, QB_BY_INSTRUMENT,
                                          &groups, &group_count);
    if (status != QB_OK)
        return status;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        qb_symptom symptom = {.kind = rules[i].kind, .grade = QB_GRADE_WARNING};
        if (rules[i].found(input, &symptom))
            out[count++] = symptom;
        qb_symptom concentrated = {.kind = QB_SYMPTOM_ONE_INSTRUMENT, .grade = QB_GRADE_WARNING};
        if (rules[i].kind == QB_SYMPTOM_ONE_MONTH && best_group(groups, group_count, &concentrated))
            out[count++] = concentrated;
    }
    qb_realloc(groups, 0);
    *out_count = count;
    return QB_OK;
}
