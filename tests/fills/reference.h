/* A second implementation of docs/FILLS.md, written from that page and from the formulas in the
 * headers alone: slow, plain, without any of the engine's code. The tests run it beside the engine.
 *
 * In: instants, as the engine gets them, a configuration, and a script of what is asked for at
 * which decision. Out: every fill, every order with its one final state, and cash and equity after
 * each instant. Arrays are scanned from the first to the last; products are taken in 128 bits. */
#ifndef REFERENCE_H
#define REFERENCE_H

#include "core/engine/engine.h"

enum { REF_INSTRUMENTS = 4, REF_ORDERS = 400, REF_FILLS = 1200 };

typedef enum ref_verb { REF_SUBMIT, REF_ORDER, REF_TARGET, REF_SIGNAL, REF_CANCEL } ref_verb;

/* One line of a script. */
typedef struct ref_action {
    int64_t at_us;  /* the decision's instant */
    uint32_t asker; /* the instrument whose bar is decided on */
    uint64_t fill;  /* asked when so many fills have been told; 0: at the decision */
    ref_verb verb;
    qb_order_request request; /* but for REF_SUBMIT instrument, side, size alone; REF_SIGNAL: the
                               * amount is the strength */
    size_t of;                /* REF_CANCEL: the action whose order it is */
} ref_action;

typedef struct ref_case {
    qb_engine_config config; /* its strategy is the player of the script */
    const qb_instant *instants;
    size_t instant_count;
    const ref_action *actions; /* in the order of their decisions */
    size_t action_count;
} ref_case;

/* Which order it is, whatever its number: the child of a bracket belongs to its parent's action. */
typedef enum ref_role {
    REF_SELF,
    REF_OPENER, /* of a target that crosses zero: the second order */
    REF_TAKE_PROFIT,
    REF_STOP_LOSS,
    REF_TRAILING,
    REF_TIME_STOP,
    REF_FORCED, /* a margin call; its action is the instrument */
} ref_role;

typedef struct ref_order {
    size_t action;
    ref_role role;
    uint32_t instrument;
    int side; /* 1, -1 */
    qb_order_type type;
    qb_time_in_force time_in_force;
    bool reduce_only, target;
    int hold; /* of a target sized at the fill: the side to hold that on */
    qb_size size;
    int64_t quantity, filled; /* quantity 0: not resolved yet */
    qb_order_status status;
    qb_reason reason;
    int64_t submitted_us, final_us, good_until_us;
    uint32_t missed;
    int64_t limit, stop;
    int64_t trail, trail_rate, best; /* trailing stops */
    uint64_t group;
    size_t parent;     /* SIZE_MAX: none */
    qb_exit_kind exit; /* of a child: where its price comes from */
    int64_t away;
    bool live, triggered, seen, stopped, reached;
    uint64_t from_bar;  /* its limit is live in this bar and later ones */
    uint32_t stop_bars; /* of a parent: the time stop */
    /* Of a parent: the bar that holds the first fill that counts for its children, those fills'
     * units and price x units, and what a time stop would have to close. */
    uint64_t first_bar;
    __int128 fill_value;
    int64_t fill_units, stop_left;
    int64_t fee_notional, fee_uncut, fee_sale, fee_paid;
} ref_order;

typedef struct ref_fill {
    size_t order; /* its place in orders */
    int64_t ts_us, bar_ts_us;
    int64_t quantity, price, reference, fee;
    bool maker, on_path;
} ref_fill;

typedef struct ref_point {
    int64_t cash, equity;
} ref_point;

typedef struct ref_result {
    ref_order orders[REF_ORDERS];
    size_t order_count;
    ref_fill fills[REF_FILLS];
    size_t fill_count;
    ref_point *points; /* [instant_count], the caller's */
    size_t instants;   /* lived through: fewer than there are after ruin */
    bool bankrupt;
    bool full; /* a table was too small: the case is worth nothing */
} ref_result;

void ref_run(const ref_case *play, ref_point *points, ref_result *out);

/* ---- numbers (reference_money.c) ------------------------------------------------------------ */

typedef __int128 wide;

/* num / den, half to even; den > 0. */
int64_t ref_round(wide num, wide den);
/* value x 1e8 from the exact binary value, half to even. */
int64_t ref_raw(double value);
/* Towards zero, to whole lots. */
int64_t ref_lots(int64_t quantity, int64_t lot);
int64_t ref_unit(const qb_instrument *instrument, int64_t price);
int64_t ref_value(int64_t unit, int64_t quantity);
/* What is paid: `limit` 0 for none. */
int64_t ref_price(const qb_instrument *instrument, const qb_costs *costs, int side,
                  int64_t reference, int64_t units, double volume, int slips, int64_t limit);
/* Of this fill, by all the order has come to before it (its fee_... are brought up to date). */
int64_t ref_fee(const qb_costs *costs, ref_order *order, int side, bool maker, int64_t unit,
                int64_t units);
int64_t ref_fee_alone(const qb_costs *costs, int side, int64_t unit, int64_t units);
/* The most whole lots with value + fee <= budget. */
int64_t ref_affordable(const qb_instrument *instrument, const qb_costs *costs, int side,
                       int64_t unit, wide budget);
/* Fresh for old of a factor; 1, 1: none. */
void ref_split(double factor, int64_t *out_fresh, int64_t *out_old);

#endif
