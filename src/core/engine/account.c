/* Money that no order moves, and what the account as a whole does to orders: charges and flows
 * at the start of an instant, ruin and margin calls at a close, the risk rules' word at its end. */
#include "core/engine/engine-private.h"

/* ---- the start of an instant -------------------------------------------------------------- */

static void check_ledger(qb_engine *engine, qb_status status)
{
    if (status == QB_OK && !qb_portfolio_balances(&engine->portfolio))
        status = QB_BROKEN;
    if (status != QB_OK)
        engine_fail(engine, status);
}

static void charge_days(qb_engine *engine, int64_t before_us)
{
    int32_t days = qb_date_from_us(engine->context.now_us) - qb_date_from_us(before_us);
    if (days > 0)
        check_ledger(engine, qb_portfolio_charge(&engine->portfolio, (uint32_t)days, engine->borrow,
                                                 engine->interest));
}

static void book_flow(qb_engine *engine, qb_money amount)
{
    qb_flow flow = {.at_us = engine->context.now_us, .amount = amount};
    qb_status status = qb_portfolio_equity(&engine->portfolio, &flow.equity);
    if (status == QB_OK)
        status = qb_portfolio_deposit(&engine->portfolio, amount);
    flow.refused = status == QB_OUT_OF_RANGE;
    check_ledger(engine, flow.refused ? QB_OK : status);
    if (!flow.refused && qb_add(engine->flows.raw, amount.raw, &engine->flows.raw) != QB_OK)
        engine_fail(engine, QB_OVERFLOW);
    if (engine->sink.flow != NULL && engine->status == QB_OK)
        engine_heard(engine, engine->sink.flow(engine->sink.self, &flow));
}

/* What the run began with has been held since its first instant. */
static void date_holdings(qb_engine *engine)
{
    for (size_t i = 0; i < engine->holding_count; i++)
        engine->portfolio.positions[engine->holdings[i].instrument].entry_us =
            engine->context.now_us;
    engine->holding_count = 0;
}

void account_begin(qb_engine *engine, int64_t before_us)
{
    bool charged = engine->borrow.raw != 0 || engine->interest.raw != 0;
    date_holdings(engine);
    if (charged && before_us != INT64_MIN)
        charge_days(engine, before_us);
    while (engine->deposit_count > 0 && engine->deposits->at_us <= engine->context.now_us &&
           engine->status == QB_OK) {
        book_flow(engine, engine->deposits->amount);
        engine->deposits++;
        engine->deposit_count--;
    }
    engine->opens_day = charged || engine->deposit_count > 0;
    engine->busy = engine->watches || engine->opens_day;
}

/* ---- ruin --------------------------------------------------------------------------------- */

void account_end_ruined(qb_engine *engine)
{
    engine->totals.bankrupt = true;
    engine->stopped = true;
    engine->book.candidate_count = 0;
    orders_end_all(engine, QB_ORDER_CANCELLED, QB_REASON_BANKRUPT);
    engine_sink_equity(engine);
}

/* ---- maintenance -------------------------------------------------------------------------- */

typedef __int128 wide;

/* Equity below the shares of longs and shorts that it has to be. */
static bool is_called(const qb_engine *engine, qb_money equity)
{
    const qb_portfolio *portfolio = &engine->portfolio;
    wide twice_longs = (wide)portfolio->exposure.raw + portfolio->value.raw;
    wide twice_shorts = (wide)portfolio->exposure.raw - portfolio->value.raw;
    return 2 * (wide)equity.raw * QB_ONE <
           twice_longs * engine->maintain_long.raw + twice_shorts * engine->maintain_short.raw;
}

/* |value| that is not being closed already. */
static int64_t value_left(const qb_engine *engine, uint32_t instrument)
{
    const qb_position *position = &engine->portfolio.positions[instrument];
    if (position->quantity.raw == 0 || orders_forced(engine, instrument, QB_FOR_MARGIN) != NULL)
        return 0;
    return magnitude(position->value.raw);
}

/* The largest position is closed first, until what remains is within leverage x equity. */
static void call_margin(qb_engine *engine, qb_money equity)
{
    wide allowed = (wide)engine->leverage.raw * equity.raw, remains = 0;
    for (uint32_t i = 0; i < engine->context.instrument_count; i++)
        remains += value_left(engine, i);
    while (remains * QB_ONE > allowed) {
        uint32_t largest = 0;
        int64_t most = 0;
        for (uint32_t i = 0; i < engine->context.instrument_count; i++) {
            int64_t value = value_left(engine, i);
            if (value > most) {
                most = value;
                largest = i;
            }
        }
        if (most == 0)
            return;
        orders_force(engine, largest, QB_FOR_MARGIN);
        remains -= most;
    }
}

void account_review(qb_engine *engine)
{
    qb_money equity;
    if (engine->stopped)
        return;
    if (account_is_ruined(engine)) {
        account_end_ruined(engine);
        return;
    }
    if (qb_portfolio_equity(&engine->portfolio, &equity) != QB_OK || !is_called(engine, equity))
        return;
    orders_cancel_entries(engine, QB_REASON_MARGIN);
    call_margin(engine, equity);
}

/* ---- risk --------------------------------------------------------------------------------- */

static void flatten(qb_engine *engine)
{
    for (uint32_t i = 0; i < engine->context.instrument_count; i++) {
        if (engine_held(engine, i) == 0)
            continue;
        engine->states[i].wish_halted = true;
        orders_force(engine, i, QB_FOR_RISK);
    }
}

/* Where the gate has opened again: what it refused, or undid, may be wished anew. */
void account_reopen(qb_engine *engine)
{
    if (!engine->halted || qb_risk_stopped(engine->risk, engine->context.now_us) != QB_RISK_NONE)
        return;
    engine->halted = false;
    for (uint32_t i = 0; i < engine->context.instrument_count; i++) {
        instrument_state *state = &engine->states[i];
        if (state->wish_halted)
            state->wish = NAN;
        state->wish_halted = false;
    }
}

void account_risk(qb_engine *engine)
{
    qb_money equity;
    qb_risk_event event;
    int64_t now_us = engine->context.now_us;
    if (engine->status != QB_OK)
        return;
    bool tripped = qb_portfolio_equity(&engine->portfolio, &equity) == QB_OK
                       ? qb_risk_equity(engine->risk, now_us, equity, engine->flows, &event)
                       : qb_risk_equity_unknown(engine->risk, now_us, &event);
    engine->flows.raw = 0;
    if (tripped && engine->sink.risk != NULL)
        engine_heard(engine, engine->sink.risk(engine->sink.self, &event));
    /* A day that ends with the bar that tripped its rule has a gate that opens at once. */
    bool closed = tripped || qb_risk_stopped(engine->risk, now_us) != QB_RISK_NONE;
    if (closed && !engine->halted)
        orders_cancel_entries(engine, QB_REASON_HALTED);
    engine->halted = engine->halted || closed;
    if (tripped && event.flatten)
        flatten(engine);
}
