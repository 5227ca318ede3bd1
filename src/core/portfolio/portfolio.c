/* The account's beginning, its fills and the ledger identity. */
#include "core/portfolio/portfolio-private.h"

qb_status qb_portfolio_init(qb_portfolio *portfolio, qb_arena *arena, uint32_t count, qb_money cash)
{
    if (cash.raw <= 0 || count == 0)
        return QB_OUT_OF_RANGE;
    qb_position *positions = qb_arena_alloc(arena, count, sizeof *positions);
    if (positions == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++)
        positions[i].multiplier.raw = QB_ONE;
    *portfolio = (qb_portfolio){
        .start = cash,
        .cash = cash,
        .positions = positions,
        .count = count,
    };
    return QB_OK;
}

/* ---- fills -------------------------------------------------------------------------------- */

static void open_units(qb_portfolio *portfolio, qb_position *position, const qb_fill *fill,
                       qb_money notional, qb_status *status)
{
    if (position->quantity.raw == 0)
        trade_begin(position, fill->ts_us, fill->purpose, fill->owner);
    accumulate(&portfolio->cost.raw, notional.raw, status);
    accumulate(&position->cost.raw, notional.raw, status);
    accumulate(&position->entered.raw, magnitude(fill->quantity.raw), status);
    accumulate(&position->entry_notional.raw, magnitude(notional.raw), status);
}

/* `units` of what is held (signed as the position) go away with their share of the cost, for
 * `proceeds` (< 0: paid to cover a short). What is left over is profit. */
static void close_units(qb_portfolio *portfolio, qb_position *position, int64_t units,
                        qb_money proceeds, qb_status *status)
{
    int64_t removed = position->cost.raw;
    if (units != position->quantity.raw && *status == QB_OK)
        *status = qb_muldiv(position->cost.raw, magnitude(units), magnitude(position->quantity.raw),
                            &removed);
    int64_t profit = proceeds.raw;
    accumulate(&profit, -removed, status);
    accumulate(&portfolio->cost.raw, -removed, status);
    accumulate(&position->cost.raw, -removed, status);
    accumulate(&portfolio->realised.raw, profit, status);
    accumulate(&position->trade_realised.raw, profit, status);
}

static void charge(qb_portfolio *portfolio, qb_position *position, const qb_fill *fill,
                   qb_money notional, qb_status *status)
{
    accumulate(&portfolio->cash.raw, -notional.raw, status);
    accumulate(&portfolio->cash.raw, -fill->fee.raw, status);
    accumulate(&portfolio->fees.raw, fill->fee.raw, status);
    accumulate(&portfolio->traded.raw, magnitude(notional.raw), status);
    accumulate(&position->trade_fees.raw, fill->fee.raw, status);
    accumulate(&position->quantity.raw, fill->quantity.raw, status);
}

qb_status qb_portfolio_apply_fill(qb_portfolio *portfolio, const qb_fill *fill, bool *out_closed,
                                  qb_trade *out_trade)
{
    qb_position *position = &portfolio->positions[fill->instrument];
    int64_t held = position->quantity.raw, change = fill->quantity.raw;
    bool reducing = (held > 0 && change < 0) || (held < 0 && change > 0);
    if (change == 0 || (reducing && magnitude(change) > magnitude(held)))
        return QB_OUT_OF_RANGE;

    qb_price unit;
    qb_money notional;
    qb_status status = qb_unit_value(position->multiplier, fill->price, &unit);
    if (status == QB_OK)
        status = qb_notional(unit, fill->quantity, &notional);
    if (status != QB_OK)
        return status;
    const qb_portfolio before = *portfolio;
    const qb_position position_before = *position;
    trade_fold(position, fill->price);
    if (reducing) {
        close_units(portfolio, position, -change, (qb_money){-notional.raw}, &status);
        accumulate(&position->left.raw, magnitude(change), &status);
        accumulate(&position->exit_notional.raw, magnitude(notional.raw), &status);
    } else {
        open_units(portfolio, position, fill, notional, &status);
    }
    charge(portfolio, position, fill, notional, &status);
    if (status == QB_OK)
        status = revalue(portfolio, position,
                         position->mark.raw > 0 ? position->mark : fill->price);

    bool closed = status == QB_OK && position->quantity.raw == 0;
    const trade_end end = {fill->instrument, held, fill->ts_us, fill->purpose};
    if (closed)
        status = trade_close(portfolio, position, &end, out_trade);
    if (status != QB_OK) {
        *portfolio = before;
        *position = position_before;
        return status;
    }
    *out_closed = closed;
    return QB_OK;
}

/* ---- the identity ------------------------------------------------------------------------- */

/* Unrealised profit is value - cost, so the identity is the same as
 * cash + cost = start + deposits + realised - fees - borrow - interest + dividends + in_lieu, which
 * no mark can disturb. Sums are taken modulo 2^64: they are equal there exactly when they are
 * equal. */
bool qb_portfolio_balances(const qb_portfolio *portfolio)
{
    uint64_t left = (uint64_t)portfolio->cash.raw + (uint64_t)portfolio->cost.raw;
    uint64_t right = (uint64_t)portfolio->start.raw + (uint64_t)portfolio->deposits.raw +
                     (uint64_t)portfolio->realised.raw - (uint64_t)portfolio->fees.raw -
                     (uint64_t)portfolio->borrow.raw - (uint64_t)portfolio->interest.raw +
                     (uint64_t)portfolio->dividends.raw + (uint64_t)portfolio->in_lieu.raw;
    return left == right;
}

qb_status qb_portfolio_check(const qb_portfolio *portfolio)
{
    qb_money cost = {0}, value = {0}, exposure = {0};
    qb_status status = QB_OK;
    for (uint32_t i = 0; i < portfolio->count && status == QB_OK; i++) {
        const qb_position *position = &portfolio->positions[i];
        qb_price unit;
        qb_money worth = {0};
        status = qb_unit_value(position->multiplier, position->mark, &unit);
        if (status == QB_OK)
            status = qb_notional(unit, position->quantity, &worth);
        if (status == QB_OK && worth.raw != position->value.raw)
            return QB_BROKEN;
        if (position->quantity.raw == 0 && position->cost.raw != 0)
            return QB_BROKEN;
        accumulate(&cost.raw, position->cost.raw, &status);
        accumulate(&value.raw, position->value.raw, &status);
        accumulate(&exposure.raw, magnitude(position->value.raw), &status);
    }
    bool holds = status == QB_OK && cost.raw == portfolio->cost.raw &&
                 value.raw == portfolio->value.raw && exposure.raw == portfolio->exposure.raw &&
                 qb_portfolio_balances(portfolio);
    return holds ? QB_OK : QB_BROKEN;
}
