/* Turns orders into fills. In: orders, the price they meet, cost models. Out: fills and final
 * states with a reason, in order. Never touches cash: portfolio does. */
#ifndef QB_TRADING_H
#define QB_TRADING_H

#include "core/market/market.h"

typedef enum qb_side { QB_BUY = 1, QB_SELL = -1 } qb_side;

typedef enum qb_order_status {
    QB_ORDER_OPEN, /* the only state that is not final */
    QB_ORDER_FILLED,
    QB_ORDER_CANCELLED,
    QB_ORDER_REJECTED,
    QB_ORDER_EXPIRED,
} qb_order_status;

/* Why an order is where it is: a closed list, with stable texts that the run log stores. */
typedef enum qb_reason {
    QB_REASON_NONE,
    QB_REASON_WARMUP,      /* the strategy's indicators have not settled */
    QB_REASON_UNCHANGED,   /* the signal is the one already acted upon */
    QB_REASON_BELOW_LOT,   /* the size rounds down to nothing */
    QB_REASON_CASH,        /* not enough equity for the exposure (gate) */
    QB_REASON_BAD_PRICE,   /* price not positive or not finite (gate) */
    QB_REASON_BAD_SIZE,    /* size not finite or negative (gate) */
    QB_REASON_REDUCE_ONLY, /* nothing left to reduce */
    QB_REASON_REPLACED,    /* a newer target took its place */
    QB_REASON_NO_DATA,     /* expected bars did not come */
    QB_REASON_END_OF_DATA, /* the run ended first */
    QB_REASON_BANKRUPT,    /* equity <= 0 ended the run */
    QB_REASON_TOO_MANY,    /* more orders open than the run allows (gate) */
    QB_REASON_DISABLED,    /* the strategy gave a size that is none: it is not asked any more */
    QB_REASON_COUNT,
} qb_reason;

/* "filled", "cash", ...; static, stable. */
const char *qb_order_status_text(qb_order_status status);
const char *qb_reason_text(qb_reason reason);

/* How much, and when that is turned into units. Weight is of equity: 1.0 is all of it. */
typedef enum qb_size_kind { QB_SIZE_UNITS, QB_SIZE_CASH, QB_SIZE_WEIGHT } qb_size_kind;
typedef enum qb_size_when { QB_SIZE_AT_DECISION, QB_SIZE_AT_FILL } qb_size_when;
typedef struct qb_size {
    qb_size_kind kind;
    qb_size_when when;
    double amount; /* >= 0: units, currency, or a fraction of equity */
} qb_size;

/* "100%", "0.5w" (weights), "10u" or "10" (units), "5000cash". QB_BAD_FORMAT; QB_OUT_OF_RANGE
 * for nothing at all, and for a weight above 100 (10,000 %). */
QB_CHECKED qb_status qb_size_from_text(const char *text, qb_size_when when, qb_size *out);

/* When a market order decided at the close of bar t is filled. */
typedef enum qb_fill_at { QB_FILL_NEXT_OPEN, QB_FILL_CLOSE, QB_FILL_NEXT_CLOSE } qb_fill_at;
QB_CHECKED qb_status qb_fill_at_from_text(const char *text, qb_fill_at *out);
const char *qb_fill_at_text(qb_fill_at fill_at);

typedef struct qb_order {
    uint64_t id; /* 1, 2, 3 ... within the run */
    uint32_t instrument;
    qb_side side; /* of a target sized at the fill: as expected, until it is resolved */
    bool reduce_only;
    qb_size size;         /* as asked */
    qb_quantity quantity; /* > 0 once resolved; 0 before (QB_SIZE_AT_FILL) */
    qb_quantity filled;   /* 0 .. quantity; a split changes only what is not yet filled */
    qb_order_status status;
    qb_reason reason;
    int64_t submitted_us; /* the decision */
    int64_t final_us;     /* when status became final; 0 before */
    uint32_t bars_missed; /* bars that the calendar expected since, and that did not come */
} qb_order;

typedef struct qb_fill {
    uint64_t id; /* 1, 2, 3 ... within the run */
    uint64_t order_id;
    uint32_t instrument;
    int64_t ts_us;
    qb_quantity quantity; /* signed: sells < 0 */
    qb_price price;       /* what was paid, after slippage and tick */
    qb_price reference;   /* the bar's own price, before slippage */
    qb_money fee;         /* >= 0 */
    int64_t bar_ts_us;    /* the bar that gave the price */
} qb_fill;

/* Costs of trading, both sides. fee = max(minimum, notional x rate + units x per_unit); the
 * minimum is per order: an order filled in parts pays it once. */
typedef struct qb_costs {
    qb_rate fee_rate; /* 0 .. 1.0 */
    qb_money fee_per_unit;
    qb_money fee_minimum;
    qb_rate slippage;   /* adverse, of the reference price; 0 .. below 1.0 */
    qb_rate volume_cap; /* share of the bar's volume that one order may take; 0: off */
} qb_costs;

/* The reference moved by slippage against the side, then rounded: to the tick against the
 * trader, or without a tick half-even to the instrument's price decimals. QB_OUT_OF_RANGE when
 * the reference is not positive, or nothing is left of it. */
QB_CHECKED qb_status qb_fill_price(const qb_instrument *instrument, const qb_costs *costs,
                                   qb_side side, qb_price reference, qb_price *out);
/* What one unit of an instrument is worth at a price: price x multiplier, half-even (exact where
 * the two have eight decimals together). Fills and quotes are told in the price; fees, sizes,
 * values and profits are counted in this. QB_OUT_OF_RANGE when nothing is left of it. */
QB_CHECKED static inline qb_status qb_unit_value(qb_rate multiplier, qb_price price, qb_price *out)
{
    if (__builtin_expect(multiplier.raw == QB_ONE, 1)) {
        *out = price;
        return QB_OK;
    }
    qb_money value;
    qb_status status = qb_notional(price, (qb_quantity){multiplier.raw}, &value);
    if (status == QB_OK && value.raw == 0 && price.raw != 0)
        status = QB_OUT_OF_RANGE;
    if (status == QB_OK)
        out->raw = value.raw;
    return status;
}
/* Of one fill at a unit's value; the sign of the quantity does not matter. */
QB_CHECKED qb_status qb_fill_fee(const qb_costs *costs, qb_price unit, qb_quantity quantity,
                                 qb_money *out);
/* The largest whole number of lots whose notional plus fee, as rounded, is at most budget; 0 when
 * none. `unit` is what one unit is worth. */
QB_CHECKED qb_status qb_quantity_for_budget(const qb_instrument *instrument, const qb_costs *costs,
                                            qb_price unit, qb_money budget, qb_quantity *out);

/* ---- splits ------------------------------------------------------------------------------- */

/* So many fresh units for so many old ones. */
typedef struct qb_split {
    int64_t fresh, old; /* > 0 */
} qb_split;

#define QB_SPLIT_MIN 1e-6
#define QB_SPLIT_MAX 1e6

/* The p/q that a factor (new units per old) stands for: snapped when within 1e-5 of one with
 * q <= 32 (data sources write 7.000007 and 0.142857), the smallest q first; else the factor in
 * 1e-8. QB_NOT_FINITE, QB_OUT_OF_RANGE. */
QB_CHECKED qb_status qb_split_from_factor(double factor, qb_split *out);
double qb_split_factor(qb_split split);
/* quantity x fresh / old in whole lots, towards zero; *out_rest is what is below the lot, in
 * units of 1e-8 / old, with the quantity's sign. */
QB_CHECKED qb_status qb_split_apply(qb_split split, qb_quantity quantity, qb_quantity lot,
                                    qb_quantity *out_whole, int64_t *out_rest);

#endif
