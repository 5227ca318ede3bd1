/* Exits that an entry has to bring along: the triple barrier (target, stop, time) of Lopez de
 * Prado, Advances in Financial Machine Learning (2018), chapter 3, in units of the average true
 * range at the entry; and a trailing stop in the same unit. */
#include "core/risk/risk-private.h"

#include <math.h>

static double distance(const qb_risk *risk, enum risk_place place, double atr)
{
    return risk_is_on(risk, place) ? risk->values[place] * atr : 0;
}

/* The first rule that needs the average true range. */
static qb_risk_rule rule_of_atr(const qb_risk *risk)
{
    return risk_is_on(risk, RISK_STOP_LOSS)     ? QB_RISK_STOP_LOSS
           : risk_is_on(risk, RISK_TAKE_PROFIT) ? QB_RISK_TAKE_PROFIT
           : risk_is_on(risk, RISK_TRAILING)    ? QB_RISK_TRAILING
                                                : QB_RISK_NONE;
}

bool qb_risk_exits_of(const qb_risk *risk, uint32_t instrument, qb_risk_exits *out,
                      qb_risk_rule *out_rule)
{
    const qb_risk_rule rule = rule_of_atr(risk);
    const double atr = rule != QB_RISK_NONE ? risk_atr(risk, instrument) : 0;
    if (rule != QB_RISK_NONE && !(atr > 0)) {
        *out_rule = rule;
        return false;
    }
    *out = (qb_risk_exits){
        .take_profit = distance(risk, RISK_TAKE_PROFIT, atr),
        .stop_loss = distance(risk, RISK_STOP_LOSS, atr),
        .trailing = distance(risk, RISK_TRAILING, atr),
        .time_stop_bars = risk_is_on(risk, RISK_TIME_STOP) ? (uint32_t)risk->values[RISK_TIME_STOP]
                                                           : 0,
    };
    return true;
}

bool risk_has_stop(const qb_risk *risk)
{
    return risk_is_on(risk, RISK_STOP_LOSS) || risk_is_on(risk, RISK_TRAILING);
}

double risk_stop_distance(const qb_risk *risk, uint32_t instrument)
{
    const double atr = risk_atr(risk, instrument);
    if (!(atr > 0))
        return NAN;
    const double stop = distance(risk, RISK_STOP_LOSS, atr);
    const double trail = distance(risk, RISK_TRAILING, atr);
    return stop > 0 && (trail <= 0 || stop < trail) ? stop : trail;
}
