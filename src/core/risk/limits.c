/* Rules that refuse an order for its size.
 *
 *   gross, single-name, sector, crypto   sum of |value| after the order / equity <= limit
 *   adv                                  units of the order / average daily volume <= limit
 *   minimum-value                        units x price >= limit
 *
 * What is held after the order counts at the price that the order is asked at, other positions at
 * their marks. Sums run over what is held, never over the universe. */
#include "core/risk/risk-private.h"

#include <math.h>

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

/* ---- sums ---------------------------------------------------------------------------------- */

qb_status risk_gross_others(const risk_gate *gate, int64_t *out)
{
    const qb_portfolio *portfolio = gate->ask->portfolio;
    const int64_t own = magnitude(portfolio->positions[gate->ask->instrument].value.raw);
    return qb_add(portfolio->exposure.raw, -own, out);
}

typedef bool is_member(const risk_gate *gate, uint32_t instrument);

static bool in_sector(const risk_gate *gate, uint32_t instrument)
{
    const risk_instrument *states = gate->risk->states;
    return states[instrument].sector == states[gate->ask->instrument].sector;
}

static bool in_crypto(const risk_gate *gate, uint32_t instrument)
{
    return gate->risk->instruments[instrument].asset == QB_CRYPTO;
}

static qb_status members_others(const risk_gate *gate, is_member *counts, int64_t *out)
{
    const qb_risk *risk = gate->risk;
    const qb_position *positions = gate->ask->portfolio->positions;
    int64_t sum = 0;
    qb_status status = QB_OK;
    for (uint32_t i = 0; i < risk->held_count && status == QB_OK; i++) {
        const uint32_t instrument = risk->held[i];
        if (instrument != gate->ask->instrument && counts(gate, instrument))
            status = qb_add(sum, magnitude(positions[instrument].value.raw), &sum);
    }
    if (status == QB_OK)
        *out = sum;
    return status;
}

/* ---- shares of equity ---------------------------------------------------------------------- */

static void limit_share(risk_gate *gate, qb_risk_rule rule, enum risk_place place, qb_status status,
                        int64_t others)
{
    const qb_risk_ask *ask = gate->ask;
    const double limit = gate->risk->values[place];
    qb_money own = {0};
    int64_t after = 0;
    if (status == QB_OK)
        status = qb_notional(ask->unit, (qb_quantity){risk_units_after(ask, gate->units)}, &own);
    if (status == QB_OK)
        status = qb_add(others, own.raw, &after);
    if (status != QB_OK)
        risk_halt(gate, rule, limit);
    else if ((__int128)after * QB_ONE > (__int128)ask->equity.raw * gate->risk->rates[place])
        risk_refuse(gate, rule, limit, risk_of_equity(ask, qb_raw_to_double(after)));
}

void risk_limit_gross(risk_gate *gate)
{
    int64_t others = 0;
    const qb_status status = risk_gross_others(gate, &others);
    limit_share(gate, QB_RISK_GROSS, RISK_GROSS, status, others);
}

void risk_limit_name(risk_gate *gate)
{
    limit_share(gate, QB_RISK_NAME, RISK_NAME, QB_OK, 0);
}

void risk_limit_sector(risk_gate *gate)
{
    int64_t others = 0;
    if (gate->risk->states[gate->ask->instrument].sector == RISK_NO_SECTOR)
        return;
    const qb_status status = members_others(gate, in_sector, &others);
    limit_share(gate, QB_RISK_SECTOR, RISK_SECTOR, status, others);
}

void risk_limit_crypto(risk_gate *gate)
{
    int64_t others = 0;
    if (gate->instrument->asset != QB_CRYPTO)
        return;
    const qb_status status = members_others(gate, in_crypto, &others);
    limit_share(gate, QB_RISK_CRYPTO, RISK_CRYPTO, status, others);
}

/* ---- the order itself ---------------------------------------------------------------------- */

void risk_limit_adv(risk_gate *gate)
{
    const double limit = gate->risk->values[RISK_ADV];
    const double volume = risk_daily_volume(gate->risk, gate->ask->instrument);
    if (!(volume > 0)) {
        risk_refuse_unknown(gate, QB_RISK_ADV, limit);
        return;
    }
    const double share = qb_raw_to_double(gate->units) / volume;
    if (share > limit)
        risk_refuse(gate, QB_RISK_ADV, limit, share);
}

void risk_limit_minimum(risk_gate *gate)
{
    const double limit = gate->risk->values[RISK_MINIMUM];
    qb_money value;
    if (qb_notional(gate->ask->unit, (qb_quantity){gate->units}, &value) != QB_OK)
        risk_halt(gate, QB_RISK_MINIMUM, limit);
    else if (value.raw < gate->risk->rates[RISK_MINIMUM])
        risk_refuse(gate, QB_RISK_MINIMUM, limit, qb_raw_to_double(value.raw));
}
