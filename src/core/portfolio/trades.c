/* Round trips: flat to flat, with the worst and the best that they stood at on the way. */
#include "core/portfolio/portfolio-private.h"

#include <math.h>

/* ---- excursions ----------------------------------------------------------------------------- */

/* What the trade has made by now, were all that is held worth `price`: measured, not booked. */
static double stood_at(const qb_position *position, double price)
{
    const double units = qb_raw_to_double(position->multiplier.raw) *
                         qb_raw_to_double(position->quantity.raw);
    const double made = (double)position->trade_realised.raw + (double)position->trade_income.raw -
                        (double)position->cost.raw;
    return price * units + made / (double)QB_ONE;
}

static void see_anew(qb_position *position)
{
    position->lowest = INFINITY;
    position->highest = -INFINITY;
}

void trade_fold(qb_position *position, qb_price at)
{
    if (position->quantity.raw == 0)
        return;
    qb_position_seen(position, qb_raw_to_double(at.raw), qb_raw_to_double(at.raw));
    double low = stood_at(position, position->lowest), high = stood_at(position, position->highest);
    double worst = low < high ? low : high, best = low < high ? high : low;
    if (-worst > position->adverse)
        position->adverse = -worst;
    if (best > position->favourable)
        position->favourable = best;
    see_anew(position);
}

/* ---- round trips ---------------------------------------------------------------------------- */

static void forget(qb_position *position)
{
    *position = (qb_position){
        .multiplier = position->multiplier,
        .quantity = position->quantity,
        .mark = position->mark,
        .value = position->value,
        .cost = position->cost,
    };
}

void trade_begin(qb_position *position, int64_t at_us, qb_purpose purpose, uint32_t owner)
{
    forget(position);
    position->entry_us = at_us;
    position->entry = purpose;
    position->owner = owner;
    see_anew(position);
}

static qb_price average_price(qb_money notional, qb_quantity quantity, qb_rate multiplier)
{
    qb_price unit = {0}, price = {0};
    /* No average is possible only where amounts of nearly nothing met: the price is unknown. */
    if (quantity.raw == 0 || qb_muldiv(notional.raw, QB_ONE, quantity.raw, &unit.raw) != QB_OK ||
        qb_muldiv(unit.raw, QB_ONE, multiplier.raw, &price.raw) != QB_OK)
        price.raw = 0;
    return price;
}

static qb_status trade_of(const qb_position *position, const trade_end *end, qb_trade *out)
{
    qb_money profit = position->trade_realised;
    qb_status status = QB_OK;
    accumulate(&profit.raw, -position->trade_fees.raw, &status);
    accumulate(&profit.raw, position->trade_income.raw, &status);
    if (status != QB_OK)
        return status;
    *out = (qb_trade){
        .instrument = end->instrument,
        .side = end->held > 0 ? QB_BUY : QB_SELL,
        .entry_us = position->entry_us,
        .exit_us = end->at_us,
        .quantity = position->entered,
        .entry_price = average_price(position->entry_notional, position->entered,
                                     position->multiplier),
        .exit_price = average_price(position->exit_notional, position->left, position->multiplier),
        .profit = profit,
        .fees = position->trade_fees,
        .return_fraction = position->entry_notional.raw != 0
                               ? (double)profit.raw / (double)position->entry_notional.raw
                               : 0.0,
        .bars = position->bars,
        .entry = position->entry,
        .exit = end->exit,
        .owner = position->owner,
        .adverse = position->adverse,
        .favourable = position->favourable,
    };
    return QB_OK;
}

qb_status trade_close(qb_portfolio *portfolio, qb_position *position, const trade_end *end,
                      qb_trade *out)
{
    qb_status status = out != NULL ? trade_of(position, end, out) : QB_OK;
    if (status != QB_OK)
        return status;
    portfolio->bars_closed += position->bars;
    forget(position);
    return QB_OK;
}
