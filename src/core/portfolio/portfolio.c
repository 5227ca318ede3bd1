/* Every change is made on copies and stored when all of it has succeeded, so a failure in the
 * middle leaves the portfolio as it was. */
#include "core/portfolio/portfolio.h"

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

static int64_t magnitude(int64_t value)
{
    return value < 0 ? -value : value;
}

/* sum += change, stopping at the first failure: *status is read and written. */
static void accumulate(int64_t *sum, int64_t change, qb_status *status)
{
    if (*status == QB_OK)
        *status = qb_add(*sum, change, sum);
}

/* ---- value -------------------------------------------------------------------------------- */

/* After the quantity has changed. */
static qb_status revalue(qb_portfolio *portfolio, qb_position *position, qb_price price)
{
    qb_price unit;
    qb_money value = {0};
    qb_status status = qb_unit_value(position->multiplier, price, &unit);
    if (status == QB_OK)
        status = qb_value(unit, position->quantity, &value);
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

/* ---- trades ------------------------------------------------------------------------------- */

static qb_price average_price(qb_money notional, qb_quantity quantity, qb_rate multiplier)
{
    qb_price unit = {0}, price = {0};
    /* No average is possible only where amounts of nearly nothing met: the price is unknown. */
    if (quantity.raw == 0 || qb_muldiv(notional.raw, QB_ONE, quantity.raw, &unit.raw) != QB_OK ||
        qb_muldiv(unit.raw, QB_ONE, multiplier.raw, &price.raw) != QB_OK)
        price.raw = 0;
    return price;
}

static qb_status trade_of(const qb_position *position, uint32_t instrument, qb_side side,
                          int64_t exit_us, qb_trade *out)
{
    qb_money profit = position->trade_realised;
    qb_status status = QB_OK;
    accumulate(&profit.raw, -position->trade_fees.raw, &status);
    accumulate(&profit.raw, position->trade_income.raw, &status);
    if (status != QB_OK)
        return status;
    *out = (qb_trade){
        .instrument = instrument,
        .side = side,
        .entry_us = position->entry_us,
        .exit_us = exit_us,
        .quantity = position->entered,
        .entry_price = average_price(position->entry_notional, position->entered,
                                     position->multiplier),
        .exit_price = average_price(position->exit_notional, position->left, position->multiplier),
        .profit = profit,
        .fees = position->trade_fees,
        .return_fraction = position->entry_notional.raw != 0
                               ? (double)profit.raw / (double)position->entry_notional.raw
                               : 0.0,
        .bars = position->bars,
    };
    return QB_OK;
}

static void forget_trade(qb_position *position)
{
    *position = (qb_position){
        .multiplier = position->multiplier,
        .quantity = position->quantity,
        .mark = position->mark,
        .value = position->value,
        .cost = position->cost,
    };
}

/* ---- fills -------------------------------------------------------------------------------- */

static void open_units(qb_portfolio *portfolio, qb_position *position, const qb_fill *fill,
                       qb_money notional, qb_status *status)
{
    if (position->quantity.raw == 0) {
        forget_trade(position);
        position->entry_us = fill->ts_us;
    }
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
    qb_portfolio next = *portfolio;
    qb_position position = portfolio->positions[fill->instrument];
    int64_t held = position.quantity.raw, change = fill->quantity.raw;
    bool reducing = (held > 0 && change < 0) || (held < 0 && change > 0);
    if (change == 0 || (reducing && magnitude(change) > magnitude(held)))
        return QB_OUT_OF_RANGE;

    qb_price unit;
    qb_money notional;
    qb_status status = qb_unit_value(position.multiplier, fill->price, &unit);
    if (status == QB_OK)
        status = qb_value(unit, fill->quantity, &notional);
    if (status != QB_OK)
        return status;
    if (reducing) {
        close_units(&next, &position, -change, (qb_money){-notional.raw}, &status);
        accumulate(&position.left.raw, magnitude(change), &status);
        accumulate(&position.exit_notional.raw, magnitude(notional.raw), &status);
    } else {
        open_units(&next, &position, fill, notional, &status);
    }
    charge(&next, &position, fill, notional, &status);
    if (status == QB_OK)
        status = revalue(&next, &position, position.mark.raw > 0 ? position.mark : fill->price);

    bool closed = status == QB_OK && position.quantity.raw == 0;
    if (closed) {
        if (out_trade != NULL)
            status = trade_of(&position, fill->instrument, held > 0 ? QB_BUY : QB_SELL, fill->ts_us,
                              out_trade);
        next.bars_closed += position.bars;
        forget_trade(&position);
    }
    if (status != QB_OK)
        return status;
    portfolio->positions[fill->instrument] = position;
    *portfolio = next;
    *out_closed = closed;
    return QB_OK;
}

/* ---- corporate actions -------------------------------------------------------------------- */

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
    if (held != 0 && splits(actions->split))
        apply_split(&next, &position, actions, &status);
    if (held != 0 && actions->dividend.raw != 0)
        pay_dividend(&next, &position, actions->dividend, &status);
    if (status == QB_OK)
        status = revalue(&next, &position, actions->open);

    bool closed = status == QB_OK && held != 0 && position.quantity.raw == 0;
    if (closed) {
        if (out_trade != NULL)
            status = trade_of(&position, actions->instrument, held > 0 ? QB_BUY : QB_SELL,
                              actions->at_us, out_trade);
        next.bars_closed += position.bars;
        forget_trade(&position);
    }
    if (status != QB_OK)
        return status;
    portfolio->positions[actions->instrument] = position;
    *portfolio = next;
    *out_closed = closed;
    return QB_OK;
}

/* ---- the identity ------------------------------------------------------------------------- */

/* Unrealised profit is value - cost, so the identity is the same as
 * cash + cost = start + realised - fees + dividends + in_lieu, which no mark can disturb. Sums
 * are taken modulo 2^64: they are equal there exactly when they are equal. */
bool qb_portfolio_balances(const qb_portfolio *portfolio)
{
    uint64_t left = (uint64_t)portfolio->cash.raw + (uint64_t)portfolio->cost.raw;
    uint64_t right = (uint64_t)portfolio->start.raw + (uint64_t)portfolio->realised.raw -
                     (uint64_t)portfolio->fees.raw + (uint64_t)portfolio->dividends.raw +
                     (uint64_t)portfolio->in_lieu.raw;
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
