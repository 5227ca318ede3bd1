/* Money that no trade moves: what comes from outside, what the run begins with, and what holding
 * positions costs from day to day. */
#include "core/portfolio/portfolio-private.h"

#define DAYS_PER_YEAR 365

qb_status qb_portfolio_deposit(qb_portfolio *portfolio, qb_money amount)
{
    qb_portfolio next = *portfolio;
    qb_money equity;
    qb_status status = qb_portfolio_equity(portfolio, &equity);
    accumulate(&next.cash.raw, amount.raw, &status);
    accumulate(&next.deposits.raw, amount.raw, &status);
    accumulate(&equity.raw, amount.raw, &status);
    if (status != QB_OK)
        return status;
    if (amount.raw < 0 && equity.raw <= 0)
        return QB_OUT_OF_RANGE;
    *portfolio = next;
    return QB_OK;
}

qb_status qb_portfolio_open(qb_portfolio *portfolio, uint32_t instrument, qb_quantity quantity,
                            qb_price price, int64_t at_us)
{
    if (instrument >= portfolio->count || quantity.raw == 0 || price.raw <= 0 ||
        portfolio->positions[instrument].quantity.raw != 0)
        return QB_OUT_OF_RANGE;
    qb_portfolio next = *portfolio;
    qb_position position = portfolio->positions[instrument];
    trade_begin(&position, at_us, QB_FOR_START, 0);
    position.quantity = quantity;
    position.entered.raw = magnitude(quantity.raw);
    qb_status status = revalue(&next, &position, price);
    position.cost = position.value;
    position.entry_notional.raw = magnitude(position.value.raw);
    accumulate(&next.start.raw, position.cost.raw, &status);
    accumulate(&next.cost.raw, position.cost.raw, &status);
    if (status != QB_OK)
        return status;
    portfolio->positions[instrument] = position;
    *portfolio = next;
    return QB_OK;
}

/* ---- borrow and interest --------------------------------------------------------------------- */

/* amount x rate x days / 365, rounded once. */
static qb_status for_days(int64_t amount, qb_rate rate, uint32_t days, int64_t *out)
{
    int64_t share;
    if (__builtin_mul_overflow(rate.raw, (int64_t)days, &share))
        return QB_OVERFLOW;
    return qb_muldiv(amount, share, DAYS_PER_YEAR * QB_ONE, out);
}

/* A lender charges each stock by itself, so each is rounded by itself. */
static qb_status borrow_fee(const qb_portfolio *portfolio, uint32_t days, qb_rate rate,
                            int64_t *out)
{
    int64_t sum = 0;
    qb_status status = QB_OK;
    bool any_short = portfolio->exposure.raw != portfolio->value.raw;
    for (uint32_t i = 0; any_short && i < portfolio->count && status == QB_OK; i++) {
        const qb_position *position = &portfolio->positions[i];
        int64_t fee = 0;
        if (position->quantity.raw >= 0)
            continue;
        status = for_days(-position->value.raw, rate, days, &fee);
        accumulate(&sum, fee, &status);
    }
    if (status == QB_OK)
        *out = sum;
    return status;
}

/* longs - equity = longs - (cash + longs - shorts) = shorts - cash. */
static qb_status debit_of(const qb_portfolio *portfolio, int64_t *out)
{
    /* Exposure is longs + shorts, value longs - shorts: the difference is even, and below 2^64. */
    int64_t shorts =
        (int64_t)(((uint64_t)portfolio->exposure.raw - (uint64_t)portfolio->value.raw) / 2);
    int64_t debit;
    qb_status status = qb_add(shorts, -portfolio->cash.raw, &debit);
    if (status == QB_OK)
        *out = debit > 0 ? debit : 0;
    return status;
}

qb_status qb_portfolio_charge(qb_portfolio *portfolio, uint32_t days, qb_rate borrow,
                              qb_rate interest)
{
    if (borrow.raw < 0 || interest.raw < 0)
        return QB_OUT_OF_RANGE;
    qb_portfolio next = *portfolio;
    int64_t debit = 0, lent = 0, owed = 0;
    qb_status status = QB_OK;
    if (borrow.raw != 0)
        status = borrow_fee(portfolio, days, borrow, &lent);
    if (status == QB_OK && interest.raw != 0)
        status = debit_of(portfolio, &debit);
    if (status == QB_OK)
        status = for_days(debit, interest, days, &owed);
    accumulate(&next.borrow.raw, lent, &status);
    accumulate(&next.interest.raw, owed, &status);
    accumulate(&next.cash.raw, -lent, &status);
    accumulate(&next.cash.raw, -owed, &status);
    if (status == QB_OK)
        *portfolio = next;
    return status;
}
