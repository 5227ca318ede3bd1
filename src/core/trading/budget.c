/* How much a budget buys: the closed form gives a bracket of a lot or two, and the fee as it is
 * really rounded decides within it. */
#include "core/trading/trading.h"

typedef unsigned __int128 wide;

/* Far above any fee, and low enough for the products below: the margin gate scales fees by the
 * leverage. */
#define RATE_MAX (100 * QB_ONE)
#define AMOUNT_MAX (INT64_MAX / 4)

static bool is_rate(qb_rate rate)
{
    return rate.raw >= 0 && rate.raw <= RATE_MAX;
}

static bool is_amount(qb_money amount)
{
    return amount.raw >= 0 && amount.raw <= AMOUNT_MAX;
}

static bool are_costs(const qb_costs *costs)
{
    return is_rate(costs->fee_rate) && is_rate(costs->fee_cap) && is_rate(costs->sell_rate) &&
           is_amount(costs->fee_per_unit) && is_amount(costs->fee_minimum) &&
           is_amount(costs->sell_per_unit);
}

static qb_status cost_of(const qb_costs *costs, qb_side side, qb_price unit, qb_quantity units,
                         qb_money *out)
{
    qb_money notional, fee;
    qb_status status = qb_notional(unit, units, &notional);
    if (status == QB_OK)
        status = qb_fill_fee(costs, unit, (qb_quantity){units.raw * side}, &fee);
    return status == QB_OK ? qb_add(notional.raw, fee.raw, &out->raw) : status;
}

/* Units (1e-8) for money at so much a unit: rate is of the price, per_unit on top. */
static wide units_for(int64_t money, qb_price unit, int64_t rate, int64_t per_unit)
{
    if (money <= 0)
        return 0;
    wide each = (wide)(uint64_t)unit.raw * (uint64_t)(QB_ONE + rate) +
                (wide)(uint64_t)per_unit * (uint64_t)QB_ONE; /* 1e-16 */
    return (wide)(uint64_t)money * (uint64_t)QB_ONE * (uint64_t)QB_ONE / each;
}

/* Lots that the budget pays for if nothing were rounded. Of min(max(minimum, schedule), cap) the
 * budget must bear the cap, or both of the others. */
static int64_t exact_lots(int64_t lot, const qb_costs *costs, qb_side side, qb_price unit,
                          int64_t budget)
{
    bool sale = side == QB_SELL;
    int64_t rate = sale ? costs->sell_rate.raw : 0;
    int64_t per_unit = sale ? costs->sell_per_unit.raw : 0;
    wide units = units_for(budget, unit, rate + costs->fee_rate.raw,
                           per_unit + costs->fee_per_unit.raw);
    wide with_minimum = units_for(budget - costs->fee_minimum.raw, unit, rate, per_unit);
    if (with_minimum < units)
        units = with_minimum;
    if (costs->fee_cap.raw != 0) {
        wide with_cap = units_for(budget, unit, rate + costs->fee_cap.raw, per_unit);
        if (with_cap > units)
            units = with_cap;
    }
    /* One lot is kept back, so that a caller may look one lot further. */
    wide most = (wide)INT64_MAX - (uint64_t)lot;
    return (int64_t)((units < most ? units : most) / (uint64_t)lot);
}

qb_status qb_quantity_for_budget(const qb_instrument *instrument, const qb_costs *costs,
                                 qb_side side, qb_price unit, qb_money budget, qb_quantity *out)
{
    int64_t lot = instrument->lot.raw;
    if (unit.raw <= 0 || lot <= 0 || lot > INT64_MAX / 4 || !are_costs(costs))
        return QB_OUT_OF_RANGE;
    if (budget.raw <= 0) {
        out->raw = 0;
        return QB_OK;
    }

    /* Five products are rounded by half a unit of money each, and the cap is of a rounded amount: so
     * the true answer lies between what so much less and so much more would buy. Nearly always that
     * is one and the same lot. */
    const int64_t rounding = 3 + costs->fee_cap.raw / QB_ONE;
    int64_t fits = exact_lots(lot, costs, side, unit, budget.raw - rounding);
    int64_t more = budget.raw > INT64_MAX - rounding ? INT64_MAX : budget.raw + rounding;
    int64_t fails = exact_lots(lot, costs, side, unit, more) + 1;
    while (fails - fits > 1) {
        int64_t middle = fits + (fails - fits) / 2;
        qb_money cost;
        qb_status status = cost_of(costs, side, unit, (qb_quantity){middle * lot}, &cost);
        if (status == QB_OK && cost.raw <= budget.raw)
            fits = middle;
        else
            fails = middle;
    }
    out->raw = fits * lot;
    return QB_OK;
}
