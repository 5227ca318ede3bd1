/* What the files of this room share. Every change is made on copies and stored when all of it has
 * succeeded, so a failure in the middle leaves the portfolio as it was. */
#ifndef QB_PORTFOLIO_PRIVATE_H
#define QB_PORTFOLIO_PRIVATE_H

#include "core/portfolio/portfolio.h"

static inline int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

/* sum += change, stopping at the first failure: *status is read and written. */
static inline void accumulate(int64_t *sum, int64_t change, qb_status *status)
{
    if (*status == QB_OK)
        *status = qb_add(*sum, change, sum);
}

/* The new value of a position whose quantity has changed, or that changes its mark. */
static inline qb_status revalue(qb_portfolio *portfolio, qb_position *position, qb_price price)
{
    qb_price unit;
    qb_money value = {0};
    qb_status status = qb_unit_value(position->multiplier, price, &unit);
    if (status == QB_OK)
        status = qb_notional(unit, position->quantity, &value);
    int64_t before = position->value.raw;
    if (status == QB_OK)
        accumulate(&portfolio->exposure.raw, magnitude(value.raw) - magnitude(before), &status);
    if (status != QB_OK)
        return status;
    portfolio->value.raw += value.raw - before;
    position->mark = price;
    position->value = value;
    return QB_OK;
}

/* ---- trades (trades.c) ---------------------------------------------------------------------- */

/* A flat position begins a trade. */
void trade_begin(qb_position *position, int64_t at_us, qb_purpose purpose, uint32_t owner);
/* Before anything about the position changes at a price: what it has stood at so far goes into its
 * excursions, and it starts to look anew. */
void trade_fold(qb_position *position, qb_price at);
/* Of a position that has just become flat: `held` are the units before. NULL: nobody asks. The
 * position forgets its trade. */
typedef struct trade_end {
    uint32_t instrument;
    int64_t held;
    int64_t at_us;
    qb_purpose exit;
} trade_end;
QB_CHECKED qb_status trade_close(qb_portfolio *portfolio, qb_position *position,
                                 const trade_end *end, qb_trade *out);

#endif
