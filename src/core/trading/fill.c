/* The price, the fee and the size of a fill, in integers: each product is taken in 128 bits and
 * rounded once. */
#include "core/trading/trading.h"

typedef unsigned __int128 wide;

/* ---- price -------------------------------------------------------------------------------- */

static int64_t price_unit(int decimals)
{
    int64_t unit = 1;
    for (int place = decimals; place < 8; place++)
        unit *= 10;
    return unit;
}

/* Whole multiples of `unit` in a price given in 1e-16; the rest is below one unit. */
static wide round_against(qb_side side, wide units, wide rest)
{
    return side == QB_BUY && rest > 0 ? units + 1 : units;
}

static wide round_half_even(wide units, wide rest, wide divisor)
{
    return units + (2 * rest > divisor || (2 * rest == divisor && (units & 1)));
}

qb_status qb_fill_price(const qb_instrument *instrument, const qb_costs *costs, qb_side side,
                        qb_price reference, qb_price *out)
{
    if (reference.raw <= 0)
        return QB_OUT_OF_RANGE;
    int64_t slipped = side == QB_BUY ? QB_ONE + costs->slippage.raw : QB_ONE - costs->slippage.raw;
    if (costs->slippage.raw < 0 || slipped <= 0 || slipped > 2 * QB_ONE)
        return QB_OUT_OF_RANGE;

    bool ticked = instrument->tick.raw > 0;
    if (!ticked && instrument->price_decimals == 8) {
        /* reference x slipped / 1e8, half-even: the same arithmetic as price x quantity. */
        qb_money raw;
        qb_status status = qb_notional(reference, (qb_quantity){slipped}, &raw);
        if (status == QB_OK && raw.raw == 0)
            return QB_OUT_OF_RANGE;
        if (status == QB_OK)
            out->raw = raw.raw;
        return status;
    }
    int64_t unit = ticked ? instrument->tick.raw : price_unit(instrument->price_decimals);
    wide exact = (wide)(uint64_t)reference.raw * (uint64_t)slipped; /* 1e-16 */
    wide divisor = (wide)(uint64_t)unit * (uint64_t)QB_ONE;
    wide units = exact / divisor, rest = exact % divisor;
    units = ticked ? round_against(side, units, rest) : round_half_even(units, rest, divisor);

    wide raw = units * (uint64_t)unit;
    if (raw == 0)
        return QB_OUT_OF_RANGE;
    if (raw > INT64_MAX)
        return QB_OVERFLOW;
    out->raw = (int64_t)raw;
    return QB_OK;
}

/* ---- fee ---------------------------------------------------------------------------------- */

static qb_quantity absolute(qb_quantity quantity)
{
    return (qb_quantity){quantity.raw < 0 ? -quantity.raw : quantity.raw};
}

qb_status qb_fill_fee(const qb_costs *costs, qb_price unit, qb_quantity quantity, qb_money *out)
{
    qb_quantity units = absolute(quantity);
    if (units.raw == 0) {
        out->raw = 0;
        return QB_OK;
    }
    qb_money by_notional, by_units = {0}, fee;
    qb_status status = qb_notional_at_rate(unit, units, costs->fee_rate, &by_notional);
    if (status == QB_OK && costs->fee_per_unit.raw != 0)
        status = qb_notional((qb_price){costs->fee_per_unit.raw}, units, &by_units);
    if (status == QB_OK)
        status = qb_add(by_notional.raw, by_units.raw, &fee.raw);
    if (status != QB_OK)
        return status;
    *out = fee.raw > costs->fee_minimum.raw ? fee : costs->fee_minimum;
    return QB_OK;
}

/* ---- size --------------------------------------------------------------------------------- */

/* Far above any fee, and low enough for the products below: the margin gate scales fees by the
 * leverage. */
#define FEE_RATE_MAX (100 * QB_ONE)

static qb_status cost_of(const qb_costs *costs, qb_price unit, qb_quantity quantity, qb_money *out)
{
    qb_money notional, fee;
    qb_status status = qb_notional(unit, quantity, &notional);
    if (status == QB_OK)
        status = qb_fill_fee(costs, unit, quantity, &fee);
    return status == QB_OK ? qb_add(notional.raw, fee.raw, &out->raw) : status;
}

/* Lots that `budget` pays for if nothing were rounded: the fee is the larger of two, so the
 * size is the smaller of what each would leave. */
static int64_t exact_lots(int64_t lot, const qb_costs *costs, qb_price unit, int64_t budget)
{
    wide per_unit = (wide)(uint64_t)unit.raw * (uint64_t)(QB_ONE + costs->fee_rate.raw) +
                    (wide)(uint64_t)costs->fee_per_unit.raw * (uint64_t)QB_ONE; /* 1e-16 */
    int64_t after_minimum = budget - costs->fee_minimum.raw;
    if (budget <= 0 || after_minimum <= 0)
        return 0;
    wide with_rate = (wide)(uint64_t)budget * (uint64_t)QB_ONE * (uint64_t)QB_ONE / per_unit;
    wide with_minimum = (wide)(uint64_t)after_minimum * (uint64_t)QB_ONE / (uint64_t)unit.raw;
    wide units = with_rate < with_minimum ? with_rate : with_minimum;
    /* One lot is kept back, so that a caller may look one lot further. */
    wide most = (wide)INT64_MAX - (uint64_t)lot;
    return (int64_t)((units < most ? units : most) / (uint64_t)lot);
}

qb_status qb_quantity_for_budget(const qb_instrument *instrument, const qb_costs *costs,
                                 qb_side side, qb_price unit, qb_money budget, qb_quantity *out)
{
    int64_t lot = instrument->lot.raw;
    if (unit.raw <= 0 || lot <= 0 || lot > INT64_MAX / 4 || costs->fee_rate.raw < 0 ||
        costs->fee_rate.raw > FEE_RATE_MAX || costs->fee_per_unit.raw < 0 ||
        costs->fee_minimum.raw < 0)
        return QB_OUT_OF_RANGE;
    if (budget.raw <= 0) {
        out->raw = 0;
        return QB_OK;
    }

    /* Notional and fee are rounded to a unit of money each, so the true answer lies between what
     * two units less and two units more would buy. Nearly always that is one and the same lot. */
    const int64_t rounding = 2;
    int64_t fits = exact_lots(lot, costs, unit, budget.raw - rounding);
    int64_t more = budget.raw > INT64_MAX - rounding ? budget.raw : budget.raw + rounding;
    int64_t fails = exact_lots(lot, costs, unit, more) + 1;
    while (fails - fits > 1) {
        int64_t middle = fits + (fails - fits) / 2;
        qb_money cost;
        qb_status status = cost_of(costs, unit, (qb_quantity){middle * lot}, &cost);
        if (status == QB_OK && cost.raw <= budget.raw)
            fits = middle;
        else
            fails = middle;
    }
    out->raw = fits * lot;
    return QB_OK;
}
