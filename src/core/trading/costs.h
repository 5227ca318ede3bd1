/* What trading costs: fees, slippage, the share of a bar's volume that can be had. In: a price, units,
 * a side. Out: the price paid and the fee, in integers, rounded once. Included by trading.h, whose
 * sides and units it uses. */
#ifndef QB_COSTS_H
#define QB_COSTS_H

/* How the price moves with the share of the bar's volume that a fill takes (s = units / volume):
 * impact_rate x sqrt(s) (the square-root law of Barra and of Almgren et al. 2005), or
 * impact_rate x s^2 (the volume share model of zipline). Nothing where the volume is unknown or 0. */
typedef enum qb_impact { QB_IMPACT_NONE, QB_IMPACT_SQUARE_ROOT, QB_IMPACT_QUADRATIC } qb_impact;

/* Of an order as a whole, however many fills it takes:
 *     fee = min(max(minimum, notional x rate + units x per_unit), notional x cap) + sale fees
 * rate is fee_rate less maker_discount for what a maker fills; a sale pays sell_rate and
 * sell_per_unit on top (in the US the fees of SEC and FINRA), outside minimum and cap. */
typedef struct qb_costs {
    qb_rate fee_rate;      /* 0 .. 1.0 */
    qb_money fee_per_unit; /* amounts: 0 .. 1,000,000 */
    qb_money fee_minimum;
    qb_rate slippage;       /* adverse, of the reference price; 0 .. below 1.0 */
    qb_rate volume_cap;     /* share of a bar's volume that can be had; 0: off */
    qb_rate maker_discount; /* 0 .. fee_rate */
    qb_rate fee_cap;        /* 0: none */
    qb_rate sell_rate;      /* 0 .. 1.0 */
    qb_money sell_per_unit;
    qb_impact impact;
    qb_rate impact_rate; /* 0 .. 10.0 */
} qb_costs;

/* Whether every member lies within its range. What is beyond is a slip of the keyboard. */
bool qb_costs_are_sound(const qb_costs *costs);

/* What a fill is about to be. */
typedef struct qb_fill_terms {
    qb_side side;
    qb_price reference;
    qb_quantity units; /* > 0: those about to trade; 0: impact is not counted */
    double volume;     /* of the bar; NaN or 0: unknown */
    uint32_t slips;    /* times slippage and impact: 1; a pessimistic stop 2, an optimistic one 0 */
    qb_price limit;    /* > 0: an order with a limit. No slippage, and never worse than it */
} qb_fill_terms;

/* The reference moved by slippage and impact against the side, then rounded: to the tick against
 * the trader, or without a tick half-even to the instrument's price decimals; with a limit not
 * moved, rounded in the same way and then cut to the limit. QB_OUT_OF_RANGE when the reference is
 * not positive, or nothing is left of it. */
QB_CHECKED qb_status qb_fill_price_at(const qb_instrument *instrument, const qb_costs *costs,
                                      const qb_fill_terms *terms, qb_price *out);
/* The same for a market order without impact. */
QB_CHECKED qb_status qb_fill_price(const qb_instrument *instrument, const qb_costs *costs,
                                   qb_side side, qb_price reference, qb_price *out);

/* What an order has come to so far; zero before its first fill. */
typedef struct qb_fee_account {
    /* Of all its fills: value, fee before minimum and cap, sale fees. */
    qb_money notional, uncut, sale;
    qb_money paid;
} qb_fee_account;

/* What one more fill of an order costs: `unit` is what one unit is worth at the fill's price.
 * account is brought up to date, or on failure (QB_OVERFLOW) left untouched. */
QB_CHECKED qb_status qb_fee_charge(const qb_costs *costs, qb_side side, bool maker, qb_price unit,
                                   qb_quantity units, qb_fee_account *account, qb_money *out_fee);
/* Of an order filled at once by a taker's fill; the sign of the quantity is its side. */
QB_CHECKED qb_status qb_fill_fee(const qb_costs *costs, qb_price unit, qb_quantity quantity,
                                 qb_money *out);
/* The largest whole number of lots that can be bought (sold short) so that notional plus fee, as
 * rounded, is at most budget; 0 when none. `unit` is what one unit is worth. */
QB_CHECKED qb_status qb_quantity_for_budget(const qb_instrument *instrument, const qb_costs *costs,
                                            qb_side side, qb_price unit, qb_money budget,
                                            qb_quantity *out);

/* Named schedules of brokers and venues, with the day on which they were read and where. */
typedef struct qb_fee_preset {
    const char *name; /* "ibkr-fixed" */
    const char *what; /* one line for people */
    const char *since, *source;
    qb_costs costs; /* fees alone: slippage and cap are 0 */
} qb_fee_preset;
extern const qb_fee_preset qb_fee_presets[]; /* ends with a NULL name */
/* NULL when there is none of that name. */
const qb_fee_preset *qb_fee_preset_find(const char *name);

#endif
