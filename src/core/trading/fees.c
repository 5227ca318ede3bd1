/* The fee of an order, charged fill by fill: after each fill it has paid what an order of that size
 * owes. Minimum and cap are the order's, so a fill pays the difference. */
#include "core/trading/trading.h"

static bool within(int64_t raw, int64_t most)
{
    return raw >= 0 && raw <= most;
}

bool qb_costs_are_sound(const qb_costs *costs)
{
    const int64_t amount_max = 1000000 * QB_ONE;
    return within(costs->fee_rate.raw, QB_ONE) && within(costs->fee_per_unit.raw, amount_max) &&
           within(costs->fee_minimum.raw, amount_max) &&
           within(costs->maker_discount.raw, costs->fee_rate.raw) &&
           within(costs->fee_cap.raw, QB_ONE) && within(costs->sell_rate.raw, QB_ONE) &&
           within(costs->sell_per_unit.raw, amount_max) &&
           within(costs->slippage.raw, QB_ONE - 1) && within(costs->volume_cap.raw, QB_ONE) &&
           (unsigned)costs->impact <= QB_IMPACT_QUADRATIC &&
           within(costs->impact_rate.raw, 10 * QB_ONE);
}

/* notional x rate + units x per_unit, each rounded once. */
static qb_status by_schedule(qb_price unit, qb_quantity units, qb_rate rate, qb_money per_unit,
                             qb_money *out)
{
    qb_money by_notional = {0}, by_units = {0};
    qb_status status = QB_OK;
    if (rate.raw != 0)
        status = qb_notional_at_rate(unit, units, rate, &by_notional);
    if (status == QB_OK && per_unit.raw != 0)
        status = qb_notional((qb_price){per_unit.raw}, units, &by_units);
    return status == QB_OK ? qb_add(by_notional.raw, by_units.raw, &out->raw) : status;
}

static void accumulate(qb_money *sum, qb_money change, qb_status *status)
{
    if (*status == QB_OK)
        *status = qb_add(sum->raw, change.raw, &sum->raw);
}

/* Each of minimum, schedule and cap can only grow with the order, and so does this: no fill is
 * ever paid for by the broker. */
static qb_status owed(const qb_costs *costs, const qb_fee_account *account, qb_money *out)
{
    qb_money fee = account->uncut.raw > costs->fee_minimum.raw ? account->uncut
                                                               : costs->fee_minimum;
    if (costs->fee_cap.raw != 0) {
        qb_money cap;
        qb_status status = qb_muldiv(account->notional.raw, costs->fee_cap.raw, QB_ONE, &cap.raw);
        /* A cap beyond the range of money caps nothing. */
        if (status != QB_OK && status != QB_OVERFLOW)
            return status;
        if (status == QB_OK && cap.raw < fee.raw)
            fee = cap;
    }
    return qb_add(fee.raw, account->sale.raw, &out->raw);
}

qb_status qb_fee_charge(const qb_costs *costs, qb_side side, bool maker, qb_price unit,
                        qb_quantity units, qb_fee_account *account, qb_money *out_fee)
{
    qb_fee_account next = *account;
    const qb_rate rate = {costs->fee_rate.raw - (maker ? costs->maker_discount.raw : 0)};
    qb_money notional, uncut = {0}, sale = {0}, total = {0};
    qb_status status = qb_notional(unit, units, &notional);
    if (status == QB_OK)
        status = by_schedule(unit, units, rate, costs->fee_per_unit, &uncut);
    if (status == QB_OK && side == QB_SELL)
        status = by_schedule(unit, units, costs->sell_rate, costs->sell_per_unit, &sale);
    if (status != QB_OK)
        return status;
    accumulate(&next.notional, notional, &status);
    accumulate(&next.uncut, uncut, &status);
    accumulate(&next.sale, sale, &status);
    if (status == QB_OK)
        status = owed(costs, &next, &total);
    if (status != QB_OK)
        return status;
    next.paid = total;
    out_fee->raw = total.raw - account->paid.raw;
    *account = next;
    return QB_OK;
}

qb_status qb_fill_fee(const qb_costs *costs, qb_price unit, qb_quantity quantity, qb_money *out)
{
    if (quantity.raw == 0) {
        out->raw = 0;
        return QB_OK;
    }
    qb_fee_account account = {0};
    bool sale = quantity.raw < 0;
    return qb_fee_charge(costs, sale ? QB_SELL : QB_BUY, false, unit,
                         (qb_quantity){sale ? -quantity.raw : quantity.raw}, &account, out);
}
