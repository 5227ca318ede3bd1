/* The price that a fill pays: the reference moved against the trader, rounded once, and never worse
 * than a limit. Products are taken in 128 bits. */
#include "core/trading/trading.h"

#include <math.h>

typedef unsigned __int128 wide;

static int64_t price_unit(int decimals)
{
    int64_t unit = 1;
    for (int place = decimals; place < 8; place++)
        unit *= 10;
    return unit;
}

/* ---- how far it moves --------------------------------------------------------------------- */

/* Volumes are measurements, so the share is a double; IEEE division, product and square root are
 * exact to the last place everywhere, and the rate enters the ledger by its one door. */
static qb_status impact_of(const qb_costs *costs, const qb_fill_terms *terms, int64_t *out_rate)
{
    *out_rate = 0;
    if (costs->impact == QB_IMPACT_NONE || terms->units.raw <= 0 || !(terms->volume > 0.0))
        return QB_OK;
    double share = qb_raw_to_double(terms->units.raw) / terms->volume;
    double shape = costs->impact == QB_IMPACT_SQUARE_ROOT ? sqrt(share) : share * share;
    return qb_raw_from_double(qb_raw_to_double(costs->impact_rate.raw) * shape, out_rate);
}

/* What one unit of the reference becomes: QB_ONE + adverse for a buy, QB_ONE - adverse for a sale. */
static qb_status slipped_one(const qb_costs *costs, const qb_fill_terms *terms, int64_t *out)
{
    int64_t impact = 0, adverse;
    if (costs->slippage.raw < 0 || costs->slippage.raw >= QB_ONE || costs->impact_rate.raw < 0)
        return QB_OUT_OF_RANGE;
    if (terms->slips == 0) {
        *out = QB_ONE;
        return QB_OK;
    }
    qb_status status = impact_of(costs, terms, &impact);
    if (status == QB_OK)
        status = qb_add(costs->slippage.raw, impact, &adverse);
    if (status == QB_OK && __builtin_mul_overflow(adverse, (int64_t)terms->slips, &adverse))
        status = QB_OVERFLOW;
    if (status == QB_OK)
        status = qb_add(QB_ONE, terms->side == QB_BUY ? adverse : -adverse, &adverse);
    if (status == QB_OK && adverse <= 0)
        status = QB_OUT_OF_RANGE; /* a sale for nothing */
    if (status == QB_OK)
        *out = adverse;
    return status;
}

/* ---- rounding ------------------------------------------------------------------------------ */

static wide round_half_even(wide units, wide rest, wide divisor)
{
    return units + (2 * rest > divisor || (2 * rest == divisor && (units & 1)));
}

/* reference x slipped in whole ticks, or whole units of the last price decimal. *out may be 0. */
static qb_status rounded(const qb_instrument *instrument, qb_side side, qb_price reference,
                         int64_t slipped, int64_t *out)
{
    bool ticked = instrument->tick.raw > 0;
    if (!ticked && instrument->price_decimals == 8) {
        /* reference x slipped / 1e8, half-even: the same arithmetic as price x quantity. */
        qb_money raw;
        qb_status status = qb_notional(reference, (qb_quantity){slipped}, &raw);
        if (status == QB_OK)
            *out = raw.raw;
        return status;
    }
    int64_t unit = ticked ? instrument->tick.raw : price_unit(instrument->price_decimals);
    wide exact = (wide)(uint64_t)reference.raw * (uint64_t)slipped; /* 1e-16 */
    wide divisor = (wide)(uint64_t)unit * (uint64_t)QB_ONE;
    wide units = exact / divisor, rest = exact % divisor;
    if (!ticked)
        units = round_half_even(units, rest, divisor);
    else if (side == QB_BUY && rest > 0)
        units++; /* against the trader */
    if (units > (uint64_t)INT64_MAX / (uint64_t)unit)
        return QB_OVERFLOW;
    *out = (int64_t)units * unit;
    return QB_OK;
}

static int64_t within_limit(qb_side side, int64_t price, int64_t limit)
{
    bool worse = side == QB_BUY ? price > limit : price < limit;
    return worse ? limit : price;
}

qb_status qb_fill_price_at(const qb_instrument *instrument, const qb_costs *costs,
                           const qb_fill_terms *terms, qb_price *out)
{
    if (terms->reference.raw <= 0)
        return QB_OUT_OF_RANGE;
    bool limited = terms->limit.raw > 0;
    int64_t slipped = QB_ONE, price = 0;
    qb_status status = limited ? QB_OK : slipped_one(costs, terms, &slipped);
    if (status == QB_OK)
        status = rounded(instrument, terms->side, terms->reference, slipped, &price);
    if (status != QB_OK)
        return status;
    if (limited)
        price = within_limit(terms->side, price, terms->limit.raw);
    if (price == 0)
        return QB_OUT_OF_RANGE;
    out->raw = price;
    return QB_OK;
}

qb_status qb_fill_price(const qb_instrument *instrument, const qb_costs *costs, qb_side side,
                        qb_price reference, qb_price *out)
{
    const qb_fill_terms terms = {.side = side, .reference = reference, .slips = 1};
    return qb_fill_price_at(instrument, costs, &terms, out);
}
