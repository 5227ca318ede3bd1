/* The formulas of costs.h, portfolio.h and base.h once more, from their comments. */
#include "reference.h"

#include <math.h>

int64_t ref_round(wide num, wide den)
{
    wide down = num / den;
    if (num % den < 0)
        down--; /* floor */
    wide twice = 2 * (num - down * den);
    if (twice > den || (twice == den && down % 2 != 0))
        down++;
    return (int64_t)down;
}

int64_t ref_raw(double value)
{
    int exponent;
    double fraction = frexp(value, &exponent); /* value = fraction x 2^exponent */
    wide whole = (wide)(int64_t)ldexp(fraction, 53) * QB_ONE;
    exponent -= 53;
    if (exponent >= 0)
        return (int64_t)(whole << exponent);
    return exponent < -120 ? 0 : ref_round(whole, (wide)1 << -exponent);
}

int64_t ref_lots(int64_t quantity, int64_t lot)
{
    return quantity / lot * lot;
}

int64_t ref_unit(const qb_instrument *instrument, int64_t price)
{
    return ref_round((wide)price * instrument->multiplier.raw, QB_ONE);
}

int64_t ref_value(int64_t unit, int64_t quantity)
{
    return ref_round((wide)unit * quantity, QB_ONE);
}

static int64_t impact(const qb_costs *costs, int64_t units, double volume)
{
    if (costs->impact == QB_IMPACT_NONE || units == 0 || !(volume > 0))
        return 0;
    double share = (double)units / (double)QB_ONE / volume;
    double shape = costs->impact == QB_IMPACT_SQUARE_ROOT ? sqrt(share) : share * share;
    return ref_raw((double)costs->impact_rate.raw / (double)QB_ONE * shape);
}

int64_t ref_price(const qb_instrument *instrument, const qb_costs *costs, int side,
                  int64_t reference, int64_t units, double volume, int slips, int64_t limit)
{
    wide rate = limit > 0 ? 0 : slips * (wide)(costs->slippage.raw + impact(costs, units, volume));
    wide moved = reference * (QB_ONE + side * rate); /* in units of 1e-16 */
    int64_t price;
    if (instrument->tick.raw > 0) {
        wide tick = (wide)instrument->tick.raw * QB_ONE;
        wide ticks = moved / tick;
        if (side > 0 && moved % tick != 0)
            ticks++;
        price = (int64_t)(ticks * instrument->tick.raw);
    } else {
        int64_t step = 1;
        for (int decimal = instrument->price_decimals; decimal < 8; decimal++)
            step *= 10;
        price = ref_round(moved, (wide)QB_ONE * step) * step;
    }
    if (limit > 0 && (side > 0 ? price > limit : price < limit))
        price = limit;
    return price;
}

int64_t ref_fee(const qb_costs *costs, ref_order *order, int side, bool maker, int64_t unit,
                int64_t units)
{
    int64_t rate = costs->fee_rate.raw - (maker ? costs->maker_discount.raw : 0);
    order->fee_notional += ref_value(unit, units);
    order->fee_uncut += ref_round((wide)unit * units * rate, (wide)QB_ONE * QB_ONE) +
                        ref_round((wide)costs->fee_per_unit.raw * units, QB_ONE);
    if (side < 0)
        order->fee_sale += ref_round((wide)unit * units * costs->sell_rate.raw,
                                     (wide)QB_ONE * QB_ONE) +
                           ref_round((wide)costs->sell_per_unit.raw * units, QB_ONE);
    int64_t fee = order->fee_uncut;
    if (fee < costs->fee_minimum.raw)
        fee = costs->fee_minimum.raw;
    if (costs->fee_cap.raw > 0) {
        int64_t cap = ref_round((wide)order->fee_notional * costs->fee_cap.raw, QB_ONE);
        fee = fee < cap ? fee : cap;
    }
    int64_t due = fee + order->fee_sale - order->fee_paid;
    order->fee_paid += due;
    return due;
}

int64_t ref_fee_alone(const qb_costs *costs, int side, int64_t unit, int64_t units)
{
    ref_order fresh = {0};
    return ref_fee(costs, &fresh, side, false, unit, units);
}

int64_t ref_affordable(const qb_instrument *instrument, const qb_costs *costs, int side,
                       int64_t unit, wide budget)
{
    if (budget <= 0 || unit <= 0)
        return 0;
    int64_t lot = instrument->lot.raw;
    /* few fit, many do not: not even a value that is rounded down. */
    wide few = 0, many = (budget + 1) * QB_ONE / ((wide)unit * lot) + 2;
    while (many - few > 1) {
        wide middle = (few + many) / 2;
        int64_t units = (int64_t)(middle * lot);
        if ((wide)ref_value(unit, units) + ref_fee_alone(costs, side, unit, units) <= budget)
            few = middle;
        else
            many = middle;
    }
    return (int64_t)(few * lot);
}

void ref_split(double factor, int64_t *out_fresh, int64_t *out_old)
{
    for (int old = 1; old <= 32; old++) {
        double fresh = nearbyint(factor * old);
        if (fresh >= 1 && fabs(factor - fresh / old) <= 1e-5) {
            *out_fresh = (int64_t)fresh;
            *out_old = old;
            return;
        }
    }
    *out_fresh = ref_raw(factor);
    *out_old = QB_ONE;
}
