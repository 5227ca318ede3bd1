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
    QB_REASON_BAD_ORDER,   /* its parts do not go together (gate) */
    QB_REASON_TIME,        /* its time in force is over */
    QB_REASON_NOT_FILLED,  /* IOC or FOK: not, or not all, at the first price */
    QB_REASON_OCO,         /* another one of its group has filled */
    QB_REASON_PARENT,      /* its parent ended without a fill */
    QB_REASON_CLOSED,      /* the position that it protects is closed */
    QB_REASON_ASKED,       /* the strategy cancelled it */
    QB_REASON_MARGIN,      /* equity is below maintenance */
    QB_REASON_FILTERED,    /* a filter of the strategy stood in the way */
    QB_REASON_RISK,        /* a risk rule refused it: the order names rule, limit and value */
    QB_REASON_HALTED,      /* a risk rule has closed the gate */
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

typedef enum qb_order_type {
    QB_MARKET,
    QB_LIMIT,
    QB_STOP,
    QB_STOP_LIMIT,
    QB_TRAILING_STOP,
    QB_MARKET_ON_OPEN,
    QB_MARKET_ON_CLOSE,
    QB_ORDER_TYPE_COUNT,
} qb_order_type;

typedef enum qb_time_in_force {
    QB_GTC,
    QB_DAY,
    QB_GTD,
    QB_IOC,
    QB_FOK,
    QB_TIME_IN_FORCE_COUNT,
} qb_time_in_force;

/* What an order is for: why a trade was entered or left. */
typedef enum qb_purpose {
    QB_FOR_SIGNAL, /* a signal or target of the strategy */
    QB_FOR_ORDER,  /* an order of the strategy, or of a list */
    QB_FOR_TAKE_PROFIT,
    QB_FOR_STOP_LOSS,
    QB_FOR_TRAILING_STOP,
    QB_FOR_TIME_STOP,
    QB_FOR_RISK,   /* a risk rule flattens */
    QB_FOR_MARGIN, /* forced: equity below maintenance */
    QB_FOR_START,  /* a position that the run began with */
    QB_FOR_ACTION, /* a corporate action that left nothing */
    QB_PURPOSE_COUNT,
} qb_purpose;

/* How a bar's prices are read where they leave a choice; docs/FILLS.md has the rules. */
typedef enum qb_fill_model { QB_NEUTRAL, QB_PESSIMISTIC, QB_OPTIMISTIC } qb_fill_model;

/* "stop-limit", "GTD", "take-profit", "pessimistic"; static, stable. From text: any case, "_" and
 * "-" alike; QB_BAD_FORMAT. */
const char *qb_order_type_text(qb_order_type type);
QB_CHECKED qb_status qb_order_type_from_text(const char *text, qb_order_type *out);
const char *qb_time_in_force_text(qb_time_in_force time_in_force);
QB_CHECKED qb_status qb_time_in_force_from_text(const char *text, qb_time_in_force *out);
const char *qb_purpose_text(qb_purpose purpose);
const char *qb_fill_model_text(qb_fill_model model);
QB_CHECKED qb_status qb_fill_model_from_text(const char *text, qb_fill_model *out);

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
    qb_order_type type;
    qb_time_in_force time_in_force;
    qb_purpose purpose;
    uint32_t owner;                /* which of the run's strategies; 0 when there is one */
    qb_price limit, stop;          /* in money of the day; 0: none */
    qb_price trail;                /* distance of a trailing stop; 0: none, or by rate */
    qb_rate trail_rate;            /* the same as a share of the best price */
    int64_t good_until_us;         /* QB_DAY once known, QB_GTD; INT64_MAX else */
    uint64_t group;                /* OCO; 0: none */
    uint64_t parent;               /* of a bracket's child; 0: none */
    uint32_t risk_rule;            /* QB_REASON_RISK, QB_REASON_HALTED: qb_risk_rule; else 0 */
    double risk_limit, risk_value; /* what it allows, and what the order came to */
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
    qb_purpose purpose;   /* of the order */
    uint32_t owner;       /* of the order */
    bool maker;
    double volume; /* of that bar; NaN: unknown */
} qb_fill;

#include "core/trading/costs.h"

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
