/* From a size (units, cash, a share of equity) to whole lots, fees and slippage included. */
#include "core/engine/engine-private.h"

static bool size_is_one(qb_size size)
{
    bool known = (unsigned)size.kind <= QB_SIZE_WEIGHT && (unsigned)size.when <= QB_SIZE_AT_FILL;
    return known && size.amount >= 0.0 && size.amount <= QB_PRICE_MAX; /* NaN fails */
}

bool orders_accept_size(qb_engine *engine, qb_size size)
{
    if (LIKELY(size_is_one(size)))
        return true;
    engine->totals.disabled = true;
    return false;
}

static qb_status size_budget(qb_size size, qb_money equity, qb_money *out)
{
    if (size.kind == QB_SIZE_CASH)
        return qb_money_from_double(size.amount, out);
    qb_rate weight;
    qb_status status = qb_rate_from_double(size.amount, &weight);
    return status == QB_OK ? qb_muldiv(equity.raw, weight.raw, QB_ONE, &out->raw) : status;
}

/* Impact by volume is not counted in advance. */
qb_status size_unit(const qb_engine *engine, uint32_t instrument, qb_side side,
                    const price_basis *basis, qb_price *out)
{
    const qb_fill_terms terms = {
        .side = side,
        .reference = basis->reference,
        .volume = NAN,
        .slips = basis->slips,
        .limit = basis->limit,
    };
    qb_price price;
    qb_status status = qb_fill_price_at(&engine->instruments[instrument],
                                        engine_costs(engine, instrument), &terms, &price);
    return status == QB_OK ? engine_unit(engine, instrument, price, out) : status;
}

qb_status size_units(const qb_engine *engine, uint32_t instrument, qb_side side, qb_size size,
                     qb_money equity, const price_basis *basis, int64_t *out_units)
{
    const qb_instrument *about = &engine->instruments[instrument];
    qb_quantity units;
    qb_price unit;
    qb_money budget;
    qb_status status;
    if (size.kind == QB_SIZE_UNITS) {
        status = qb_quantity_from_double(size.amount, &units);
        if (status == QB_OK)
            *out_units = whole_lots(about, units.raw);
        return status;
    }
    status = size_unit(engine, instrument, side, basis, &unit);
    if (status == QB_OK)
        status = size_budget(size, equity, &budget);
    if (status == QB_OK)
        status = qb_quantity_for_budget(about, engine_costs(engine, instrument), side, unit, budget,
                                        &units);
    if (status == QB_OK)
        *out_units = units.raw;
    return status;
}

/* What is held counts at the bare price and only the change pays fees and slippage. Otherwise a
 * position bought with all of the equity would be trimmed by its own fees, again and again. */
static qb_status change_to_budget(const qb_engine *engine, uint32_t instrument, qb_side side,
                                  qb_money budget, const price_basis *basis, int64_t held,
                                  int64_t *out_change)
{
    const qb_instrument *about = &engine->instruments[instrument];
    qb_money value;
    qb_price unit;
    qb_quantity units;
    qb_status status = engine_unit(engine, instrument, basis->reference, &unit);
    if (status == QB_OK)
        status = qb_notional(unit, (qb_quantity){held}, &value);
    if (status != QB_OK)
        return status;
    if (value.raw > budget.raw) {
        const qb_costs none = {0};
        status = qb_quantity_for_budget(about, &none, side, unit, budget, &units);
        if (status == QB_OK)
            *out_change = units.raw < held ? units.raw - held : 0;
        return status;
    }
    status = size_unit(engine, instrument, side, basis, &unit);
    if (status == QB_OK)
        status = qb_quantity_for_budget(about, engine_costs(engine, instrument), side, unit,
                                        (qb_money){budget.raw - value.raw}, &units);
    if (status == QB_OK)
        *out_change = units.raw;
    return status;
}

qb_status size_change(const qb_engine *engine, uint32_t instrument, qb_side side, qb_size size,
                      qb_money equity, const price_basis *basis, int64_t held, int64_t *out_change)
{
    if (size.kind == QB_SIZE_UNITS) {
        int64_t wanted;
        qb_status status = size_units(engine, instrument, side, size, equity, basis, &wanted);
        if (status == QB_OK)
            *out_change = wanted - held;
        return status;
    }
    qb_money budget;
    qb_status status = size_budget(size, equity, &budget);
    if (status != QB_OK)
        return status;
    return change_to_budget(engine, instrument, side, budget, basis, held, out_change);
}
