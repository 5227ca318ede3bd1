/* What the reference's files share: the account under way, and who does what in it. */
#ifndef REFERENCE_PRIVATE_H
#define REFERENCE_PRIVATE_H

#include "reference.h"

typedef struct ref_state {
    int64_t quantity, mark, value;
    int64_t fresh, old; /* all splits so far: history price = price x fresh / old */
    /* The newest bar that has opened. */
    uint64_t bar; /* 1, 2, 3 ... */
    int64_t opened_us, bar_ts_us;
    bool flagged;    /* repaired or made: nothing fills on it */
    int32_t session; /* the last date on which a sound bar opened */
    /* What has been had of the bar's volume, and of the finer bar's that is under way. */
    double volume, finer_volume;
    int64_t taken, finer_taken, finer_ts_us;
    bool in_finer;
    /* After the opening's fills: the sign of what is held, the side of the oldest live order. */
    int held, oldest;
    bool known;                /* a bar of it has closed */
    double wish;               /* the strength of its last signal; NaN: none */
    bool closing;              /* a sound bar of it closes at this instant */
    int64_t now_buy, now_sell; /* the price that orders meet: the opening, or the close */
} ref_state;

typedef struct ref_world {
    const ref_case *play;
    ref_result *out;
    ref_state at[REF_INSTRUMENTS];
    int64_t cash, now_us;
    bool admitting;
    bool together; /* orders fill at one moment, whose equity is this: */
    int64_t equity_then;
    size_t deposits_booked, next_action;
    size_t made[4096]; /* the first order of each action + 1; 0: none */
} ref_world;

/* A price that orders meet. */
typedef struct ref_spot {
    int64_t reference;
    int64_t limit; /* 0: none */
    bool maker, on_path;
} ref_spot;

/* ---- reference_ask.c */
ref_order *ref_new_order(ref_world *world, size_t action, ref_role role, uint32_t instrument,
                         int side);
/* One line of the script; those that wait for the last fill. */
void ref_play(ref_world *world, size_t action);
void ref_play_fill(ref_world *world);
/* Units from what is held on that side to a target, > 0: more. */
int64_t ref_target_change(const ref_world *world, uint32_t instrument, int side, qb_size size,
                          int64_t reference);

/* ---- reference_fill.c */
const qb_costs *ref_costs(const ref_world *world, uint32_t instrument);
int64_t ref_equity(const ref_world *world);
void ref_mark(ref_world *world, uint32_t instrument, int64_t price);
void ref_end(ref_world *world, ref_order *order, qb_order_status status, qb_reason reason);
bool ref_only_reduces(const ref_world *world, const ref_order *order);
int ref_slips(const ref_world *world, const ref_order *order);
/* Of cash or a weight: money. */
wide ref_budget(const ref_world *world, qb_size size);
/* Of a size: units at that price, fees and slippage included. */
int64_t ref_resolve(const ref_world *world, const ref_order *order, int64_t reference,
                    int64_t limit);
/* Units that can still be had of the bar, or of the finer bar under way; INT64_MAX: any. */
int64_t ref_cap_left(const ref_world *world, uint32_t instrument);
/* How many of so many units that increase exposure may pass at that price; `own` is the units held
 * of the instrument by then. */
int64_t ref_gate(const ref_world *world, const ref_order *order, int64_t price, int64_t own,
                 int64_t units);
/* What is left of a reduce-only order once it is cut to the position; false when it has ended. */
bool ref_cut_to_position(ref_world *world, ref_order *order);
/* The position is flat: its exits are closed, but for the order that did it (NULL: none). */
void ref_flat(ref_world *world, uint32_t instrument, const ref_order *order);
/* The order meets a price: it fills, ends, or stays with what is left. */
void ref_meet(ref_world *world, ref_order *order, const ref_spot *spot);

/* ---- reference_path.c */
void ref_walk(ref_world *world, const qb_instant *instant);
/* Whether the order fills at an opening of that price; triggers it, or moves a trailing stop. */
bool ref_opening_reaches(ref_world *world, ref_order *order, int64_t price);
int64_t ref_level(const ref_order *order);

static inline int64_t ref_abs(int64_t value)
{
    return value < 0 ? -value : value;
}
static inline int64_t ref_rest(const ref_order *order)
{
    return order->quantity - order->filled;
}
static inline bool ref_open(const ref_order *order)
{
    return order->status == QB_ORDER_OPEN;
}
/* Open, live, and not a child that was left with nothing. */
static inline bool ref_waits(const ref_order *order)
{
    bool spent = order->parent != SIZE_MAX && ref_rest(order) == 0;
    return ref_open(order) && order->live && !spent;
}

#endif
