/* Rules that reduce an order: what is held afterwards may move equity by no more than a share.
 *
 *   per-trade   units x distance to the stop          <= share x equity
 *   atr-size    units x ATR                           <= share x equity
 *   volatility  units x price x yearly volatility     <= share x equity
 *   kelly       sum of |value| of all positions       <= max(0, c mean / variance) x equity
 *
 * Units include what is held already, and are rounded down to whole lots; nothing left refuses.
 * A distance is money per unit (price x multiplier); 0 limits nothing: a market that does not move.
 *
 * Fixed fractional risk: Vince, Portfolio Management Formulas (1990). ATR units: the "N" of the
 * Turtles, Faith, Way of the Turtle (2007). Volatility: Moreira and Muir, Volatility-Managed
 * Portfolios, Journal of Finance 72 (2017), here for each position by itself. Kelly: Kelly, A New
 * Interpretation of Information Rate (1956); mean / variance is its continuous form, Thorp, The
 * Kelly Criterion in Blackjack, Sports Betting, and the Stock Market (2006). */
#include "core/risk/risk-private.h"

#include <math.h>

#define KELLY_MOST 100.0 /* times equity: the largest leverage there is */

static int64_t clamp(__int128 value)
{
    return value > INT64_MAX ? INT64_MAX : value < -INT64_MAX ? -INT64_MAX : (int64_t)value;
}

/* A total of so many units on the order's side leaves this many for the order. */
static int64_t left_of(const qb_risk_ask *ask, __int128 total)
{
    return clamp((__int128)clamp(total) - (__int128)ask->held.raw * (int)ask->side);
}

/* Units x distance within the share of equity of that row. */
static void size_by_distance(risk_gate *gate, qb_risk_rule rule, enum risk_place place,
                             double distance)
{
    const qb_risk_ask *ask = gate->ask;
    const double limit = gate->risk->values[place];
    int64_t raw;
    if (qb_raw_from_double(distance, &raw) != QB_OK || raw < 0) {
        risk_halt(gate, rule, limit);
        return;
    }
    if (raw == 0)
        return;
    raw += qb_raw_to_double(raw) < distance; /* rounded up: never too many */
    const __int128 total = ask->equity.raw > 0
                               ? (__int128)ask->equity.raw * gate->risk->rates[place] / raw
                               : 0;
    const double after = qb_raw_to_double(risk_units_after(ask, gate->units));
    risk_reduce(gate, rule, limit, risk_of_equity(ask, after * distance), left_of(ask, total));
}

static double multiplier(const risk_gate *gate)
{
    return qb_raw_to_double(gate->instrument->multiplier.raw);
}

/* The order's own stop; else the one that the rules will attach; an order without any risks all
 * that it costs. */
void risk_size_per_trade(risk_gate *gate)
{
    const qb_risk *risk = gate->risk;
    const qb_risk_ask *ask = gate->ask;
    double distance = ask->stop_distance;
    if (isinf(distance)) {
        risk_halt(gate, QB_RISK_PER_TRADE, risk->values[RISK_PER_TRADE]);
        return;
    }
    if (!(distance > 0) && risk_has_stop(risk)) {
        distance = risk_stop_distance(risk, ask->instrument);
        if (isnan(distance)) {
            risk_refuse_unknown(gate, QB_RISK_PER_TRADE, risk->values[RISK_PER_TRADE]);
            return;
        }
    }
    distance = distance > 0 ? distance * multiplier(gate) : qb_raw_to_double(ask->unit.raw);
    size_by_distance(gate, QB_RISK_PER_TRADE, RISK_PER_TRADE, distance);
}

void risk_size_atr(risk_gate *gate)
{
    const double atr = risk_atr(gate->risk, gate->ask->instrument);
    if (isnan(atr))
        risk_refuse_unknown(gate, QB_RISK_ATR_SIZE, gate->risk->values[RISK_ATR_SIZE]);
    else
        size_by_distance(gate, QB_RISK_ATR_SIZE, RISK_ATR_SIZE, atr * multiplier(gate));
}

void risk_size_volatility(risk_gate *gate)
{
    const double volatility = risk_yearly_volatility(gate->risk, gate->ask->instrument);
    if (isnan(volatility))
        risk_refuse_unknown(gate, QB_RISK_VOLATILITY, gate->risk->values[RISK_VOLATILITY]);
    else
        size_by_distance(gate, QB_RISK_VOLATILITY, RISK_VOLATILITY,
                         qb_raw_to_double(gate->ask->unit.raw) * volatility);
}

/* It waits: before there are returns enough, and while they are all alike, it limits nothing. */
void risk_size_kelly(risk_gate *gate)
{
    const qb_risk *risk = gate->risk;
    const qb_risk_ask *ask = gate->ask;
    const risk_equity *past = &risk->equity;
    if ((double)past->returns < risk->values[RISK_KELLY_DAYS] || !(past->squares > 0))
        return;
    const double variance = past->squares / ((double)past->returns - 1);
    double multiple = fmin(fmax(risk->values[RISK_KELLY] * past->mean / variance, 0), KELLY_MOST);
    int64_t rate, others;
    if (qb_raw_from_double(multiple, &rate) != QB_OK || risk_gross_others(gate, &others) != QB_OK) {
        risk_halt(gate, QB_RISK_KELLY, risk->values[RISK_KELLY]);
        return;
    }
    const __int128 room = (__int128)ask->equity.raw * rate - (__int128)others * QB_ONE;
    const double after = qb_raw_to_double(others) +
                         qb_raw_to_double(risk_units_after(ask, gate->units)) *
                             qb_raw_to_double(ask->unit.raw);
    risk_reduce(gate, QB_RISK_KELLY, multiple, risk_of_equity(ask, after),
                left_of(ask, room > 0 ? room / ask->unit.raw : 0));
}
