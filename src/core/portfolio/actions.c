/* Splits, dividends and cash in lieu, on the ex-date before the open. */
#include "core/portfolio/portfolio-private.h"

static bool splits(qb_split split)
{
    return split.fresh != split.old;
}

/* What is below the lot (`rest`, in 1e-8 / old units) leaves as if it had been sold at the open:
 * its cost is realised, its cash is in_lieu, and the trade counts it among the units left. */
static void pay_in_lieu(qb_portfolio *portfolio, qb_position *position, const qb_actions *actions,
                        int64_t rest, qb_status *status)
{
    int64_t units = magnitude(rest) / actions->split.old;
    int64_t kept = magnitude(position->quantity.raw);
    int64_t cash = 0, removed = position->cost.raw, divisor = QB_ONE;
    qb_price unit = {0};
    if (*status == QB_OK)
        *status = qb_unit_value(position->multiplier, actions->open, &unit);
    if (*status == QB_OK && __builtin_mul_overflow(actions->split.old, QB_ONE, &divisor))
        *status = QB_OVERFLOW;
    if (*status == QB_OK)
        *status = qb_muldiv(unit.raw, rest, divisor, &cash);
    if (*status == QB_OK && kept != 0)
        *status = qb_muldiv(position->cost.raw, units, kept + units, &removed);
    accumulate(&portfolio->cash.raw, cash, status);
    accumulate(&portfolio->in_lieu.raw, cash, status);
    accumulate(&position->trade_income.raw, cash, status);
    accumulate(&portfolio->cost.raw, -removed, status);
    accumulate(&position->cost.raw, -removed, status);
    accumulate(&portfolio->realised.raw, -removed, status);
    accumulate(&position->trade_realised.raw, -removed, status);
    accumulate(&position->left.raw, units, status);
    accumulate(&position->exit_notional.raw, magnitude(cash), status);
}

/* The units of a trade so far; some stay some, however small a reverse split makes them. */
static void scale(int64_t *units, qb_split split, qb_status *status)
{
    bool some = *units > 0;
    if (*status == QB_OK)
        *status = qb_muldiv(*units, split.fresh, split.old, units);
    if (some && *units == 0)
        *units = 1;
}

static void apply_split(qb_portfolio *portfolio, qb_position *position, const qb_actions *actions,
                        qb_status *status)
{
    int64_t rest = 0;
    *status = qb_split_apply(actions->split, position->quantity, actions->lot, &position->quantity,
                             &rest);
    scale(&position->entered.raw, actions->split, status);
    scale(&position->left.raw, actions->split, status);
    if (rest != 0)
        pay_in_lieu(portfolio, position, actions, rest, status);
}

static void pay_dividend(qb_portfolio *portfolio, qb_position *position, qb_price dividend,
                         qb_status *status)
{
    qb_money cash = {0};
    if (*status == QB_OK)
        *status = qb_notional_at_rate(dividend, position->quantity, position->multiplier, &cash);
    accumulate(&portfolio->cash.raw, cash.raw, status);
    accumulate(&portfolio->dividends.raw, cash.raw, status);
    accumulate(&position->trade_income.raw, cash.raw, status);
}

qb_status qb_portfolio_apply_actions(qb_portfolio *portfolio, const qb_actions *actions,
                                     bool *out_closed, qb_trade *out_trade)
{
    if (actions->open.raw <= 0 || actions->split.fresh <= 0 || actions->split.old <= 0 ||
        actions->lot.raw <= 0)
        return QB_OUT_OF_RANGE;
    qb_portfolio next = *portfolio;
    qb_position position = portfolio->positions[actions->instrument];
    int64_t held = position.quantity.raw;
    qb_status status = QB_OK;
    /* Until now it stood at prices of the old unit; the mark is the last of them. */
    trade_fold(&position, position.mark);
    if (held != 0 && splits(actions->split))
        apply_split(&next, &position, actions, &status);
    if (held != 0 && actions->dividend.raw != 0)
        pay_dividend(&next, &position, actions->dividend, &status);
    if (status == QB_OK)
        status = revalue(&next, &position, actions->open);

    bool closed = status == QB_OK && held != 0 && position.quantity.raw == 0;
    const trade_end end = {actions->instrument, held, actions->at_us, QB_FOR_ACTION};
    if (closed)
        status = trade_close(&next, &position, &end, out_trade);
    if (status != QB_OK)
        return status;
    portfolio->positions[actions->instrument] = position;
    *portfolio = next;
    *out_closed = closed;
    return QB_OK;
}
