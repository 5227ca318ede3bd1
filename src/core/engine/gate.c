/* The gate: how much of an order that increases exposure may pass.
 *
 * Always on: after the fill the sum of |position value| is at most leverage x equity, both as the
 * ledger has them then, but with this instrument at the fill's price. Products are compared in 128
 * bits, so that what fits exactly, fits. */
#include "core/engine/engine-private.h"

typedef __int128 wide;

/* ---- margin ------------------------------------------------------------------------------- */

/* True when the need is far enough below the budget to see it in doubles, whose error is a part in
 * 10^15. The usual order asks no more of the gate than this. */
static bool fits_clearly(const qb_engine *engine, const qb_costs *costs, const gate_ask *ask)
{
    const double scale = 1.0 / (double)QB_ONE; /* products are quicker than quotients */
    double units = (double)ask->units, unit = (double)ask->unit.raw * scale;
    double notional = units * unit; /* 1e-8 of money */
    double rate = (double)(costs->fee_rate.raw + costs->sell_rate.raw) * scale;
    double per_unit = (double)(costs->fee_per_unit.raw + costs->sell_per_unit.raw) * scale;
    double fee = notional * rate + units * per_unit + (double)costs->fee_minimum.raw;
    double exposure = notional + (double)ask->held * unit + (double)ask->others.raw;
    double margin = (double)engine->leverage.raw * scale * ((double)ask->equity.raw - fee);
    return exposure * (1.0 + 1e-9) + 1000.0 < margin;
}

/* The value of held + units is rounded once, what is paid for the units by itself: the last digit of
 * equity depends on it. */
static bool fits(const qb_engine *engine, const qb_costs *costs, const gate_ask *ask, int64_t units)
{
    qb_fee_account fees = ask->fees != NULL ? *ask->fees : (qb_fee_account){0};
    qb_money value, before, paid, fee;
    qb_quantity all;
    qb_status status = qb_add(ask->held, units, &all.raw);
    if (status == QB_OK)
        status = qb_notional(ask->unit, all, &value);
    if (status == QB_OK)
        status = qb_notional(ask->unit, (qb_quantity){ask->held}, &before);
    if (status == QB_OK)
        status = qb_notional(ask->unit, (qb_quantity){units}, &paid);
    if (status == QB_OK)
        status = qb_fee_charge(costs, ask->side, false, ask->unit, (qb_quantity){units}, &fees,
                               &fee);
    /* A need beyond the ledger's range is a shortfall as well. */
    if (status != QB_OK)
        return false;
    wide exposure = (wide)value.raw + ask->others.raw;
    wide rounded = (wide)value.raw - before.raw - paid.raw;
    wide equity = (wide)ask->equity.raw + ask->side * rounded - fee.raw;
    return exposure * QB_ONE <= (wide)engine->leverage.raw * equity;
}

/* The most whole lots that fit, found by halving; but for the last digit of rounding, more of them
 * fit worse. */
static int64_t most_that_fits(const qb_engine *engine, const qb_costs *costs, const gate_ask *ask)
{
    int64_t lot = engine->instruments[ask->instrument].lot.raw;
    int64_t few = 0, many = ask->units / lot;
    many += ask->units % lot != 0;
    while (many - few > 1) {
        int64_t middle = few + (many - few) / 2;
        if (fits(engine, costs, ask, middle * lot))
            few = middle;
        else
            many = middle;
    }
    return few * lot;
}

int64_t gate_margin(const qb_engine *engine, const gate_ask *ask)
{
    const qb_costs *costs = engine_costs(engine, ask->instrument);
    if (LIKELY(fits_clearly(engine, costs, ask)) || fits(engine, costs, ask, ask->units))
        return ask->units;
    return ask->reducible ? most_that_fits(engine, costs, ask) : 0;
}

/* ---- the rules of risk -------------------------------------------------------------------- */

static void tell_risk(qb_engine *engine, const qb_risk_event *event)
{
    if (engine->sink.risk != NULL && engine->status == QB_OK)
        engine_heard(engine, engine->sink.risk(engine->sink.self, event));
}

RARE static gate_answer ask_rules(qb_engine *engine, const gate_ask *ask, int64_t units,
                                  qb_order *order)
{
    qb_risk_event event;
    const qb_risk_ask question = {
        .now_us = engine->context.now_us,
        .instrument = ask->instrument,
        .side = ask->side,
        .held = {ask->held * ask->side},
        .units = {units},
        .unit = ask->unit,
        .equity = ask->equity,
        .portfolio = &engine->portfolio,
        .stop_distance = ask->stop_distance,
        .at_fill = ask->at_fill,
    };
    bool stopped = qb_risk_stopped(engine->risk, engine->context.now_us) != QB_RISK_NONE;
    qb_risk_ask_gate(engine->risk, &question, &event);
    if (event.action == QB_RISK_PASSED)
        return (gate_answer){.allowed = units};
    event.order_id = order->id;
    tell_risk(engine, &event);
    if (event.action == QB_RISK_REDUCED)
        return (gate_answer){.allowed = event.allowed.raw};
    order->risk_rule = event.rule;
    order->risk_limit = event.limit;
    order->risk_value = event.value;
    bool closed = stopped || event.action == QB_RISK_HALT;
    return (gate_answer){.reason = closed ? QB_REASON_HALTED : QB_REASON_RISK};
}

gate_answer gate_pass(qb_engine *engine, const gate_ask *ask, qb_order *order)
{
    int64_t units = gate_margin(engine, ask);
    if (units == 0)
        return (gate_answer){.reason = QB_REASON_CASH};
    if (LIKELY(engine->risk == NULL))
        return (gate_answer){.allowed = units};
    return ask_rules(engine, ask, units, order);
}
