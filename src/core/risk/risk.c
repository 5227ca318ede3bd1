/* A run's rules: which are on, what they are told, and their order at the gate. */
#include "core/risk/risk-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* In this order: what stops all entries, what depends on time and number, what reduces; and the
 * limits look at what is left. */
static const struct {
    enum risk_place place;
    risk_check *check;
} checks_in_order[] = {
    {RISK_BLACKOUT, risk_check_blackout},
    {RISK_DAY_TRADES, risk_check_day_trades},
    {RISK_COOL_DOWN, risk_check_cool_down},
    {RISK_ORDER_RATE, risk_check_order_rate},
    {RISK_PER_TRADE, risk_size_per_trade},
    {RISK_ATR_SIZE, risk_size_atr},
    {RISK_KELLY, risk_size_kelly},
    {RISK_VOLATILITY, risk_size_volatility},
    {RISK_GROSS, risk_limit_gross},
    {RISK_NAME, risk_limit_name},
    {RISK_SECTOR, risk_limit_sector},
    {RISK_CRYPTO, risk_limit_crypto},
    {RISK_ADV, risk_limit_adv},
    {RISK_MINIMUM, risk_limit_minimum},
};
_Static_assert(sizeof checks_in_order / sizeof *checks_in_order < RISK_CHECKS, "and the latch");

/* ---- a new run ----------------------------------------------------------------------------- */

static qb_status take_values(qb_risk *risk, const qb_risk_config *config)
{
    for (size_t i = 0; i < RISK_PLACES; i++) {
        const double value = config->values[i];
        const bool off = qb_risk_keys[i].is_limit && isnan(value);
        if (!off && !risk_value_fits(&qb_risk_keys[i], value))
            return QB_OUT_OF_RANGE;
        risk->values[i] = value;
        qb_status status = off ? QB_OK : qb_raw_from_double(value, &risk->rates[i]);
        if (status != QB_OK)
            return status;
    }
    return QB_OK;
}

static qb_status take_blackouts(qb_risk *risk, const qb_risk_config *config)
{
    for (size_t i = 0; i < config->blackout_count; i++) {
        const qb_blackout *window = &config->blackouts[i];
        if (window->from_us >= window->to_us ||
            window->from_us < -(int64_t)QB_CALENDAR_DAYS * QB_DAY_US ||
            window->to_us > (int64_t)QB_CALENDAR_DAYS * QB_DAY_US ||
            (window->instrument != UINT32_MAX && window->instrument >= risk->count))
            return QB_OUT_OF_RANGE;
        if (i > 0 && window->from_us < window[-1].from_us)
            return QB_OUT_OF_ORDER;
    }
    risk->blackouts = config->blackouts;
    risk->blackout_count = config->blackout_count;
    return QB_OK;
}

static int by_sector(const void *a, const void *b)
{
    const qb_instrument *const *left = a, *const *right = b;
    return strcmp((*left)->sector, (*right)->sector);
}

/* Sectors get numbers, so that the gate compares those. */
static qb_status number_sectors(qb_risk *risk, qb_arena *arena)
{
    const qb_instrument **sorted = qb_arena_alloc(arena, risk->count, sizeof(*sorted));
    if (sorted == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < risk->count; i++)
        sorted[i] = &risk->instruments[i];
    qsort(sorted, risk->count, sizeof(*sorted), by_sector);
    uint32_t sector = 0;
    for (uint32_t i = 0; i < risk->count; i++) {
        sector += i > 0 && by_sector(&sorted[i - 1], &sorted[i]) != 0;
        risk->states[sorted[i] - risk->instruments].sector = sorted[i]->sector[0] != '\0'
                                                                 ? sector
                                                                 : RISK_NO_SECTOR;
    }
    return QB_OK;
}

static qb_status init_states(qb_risk *risk, qb_arena *arena)
{
    risk->states = qb_arena_alloc(arena, risk->count, sizeof *risk->states);
    risk->held = qb_arena_alloc(arena, risk->count, sizeof *risk->held);
    if (risk->states == NULL || risk->held == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < risk->count; i++)
        risk->states[i] = (risk_instrument){
            .sector = RISK_NO_SECTOR, .place = RISK_NOT_HELD, .opened_date = RISK_NO_DATE};
    return risk_is_on(risk, RISK_SECTOR) ? number_sectors(risk, arena) : QB_OK;
}

static void choose_checks(qb_risk *risk)
{
    risk->checks[risk->check_count++] = risk_check_latch;
    for (size_t i = 0; i < sizeof checks_in_order / sizeof *checks_in_order; i++)
        if (risk_is_on(risk, checks_in_order[i].place))
            risk->checks[risk->check_count++] = checks_in_order[i].check;
}

qb_status qb_risk_new(const qb_risk_config *config, const qb_instrument *instruments,
                      uint32_t instrument_count, qb_arena *arena, qb_risk **out_risk)
{
    if (instrument_count == 0)
        return QB_OUT_OF_RANGE;
    qb_risk *risk = qb_arena_alloc(arena, 1, sizeof *risk);
    if (risk == NULL)
        return QB_NO_MEMORY;
    *risk = (qb_risk){.instruments = instruments, .count = instrument_count};
    qb_status status = take_values(risk, config);
    if (status == QB_OK)
        status = take_blackouts(risk, config);
    if (status == QB_OK)
        status = init_states(risk, arena);
    if (status == QB_OK)
        status = risk_averages_init(risk, arena);
    if (status == QB_OK)
        status = risk_throttles_init(risk, arena);
    if (status == QB_OK)
        status = risk_equity_init(risk);
    if (status != QB_OK)
        return status;
    choose_checks(risk);
    *out_risk = risk;
    return QB_OK;
}

/* ---- what is held -------------------------------------------------------------------------- */

static void hold(qb_risk *risk, uint32_t instrument, bool is_long)
{
    risk_instrument *state = &risk->states[instrument];
    state->direction = is_long ? 1 : -1;
    state->place = risk->held_count;
    risk->held[risk->held_count++] = instrument;
}

static void release(qb_risk *risk, uint32_t instrument)
{
    risk_instrument *state = &risk->states[instrument];
    if (state->place == RISK_NOT_HELD)
        return;
    const uint32_t last = risk->held[--risk->held_count];
    risk->held[state->place] = last;
    risk->states[last].place = state->place;
    state->place = RISK_NOT_HELD;
    state->direction = 0;
}

void qb_risk_hold(qb_risk *risk, uint32_t instrument, qb_quantity quantity)
{
    if (quantity.raw != 0 && risk->states[instrument].place == RISK_NOT_HELD)
        hold(risk, instrument, quantity.raw > 0);
}

void qb_risk_fill(qb_risk *risk, const qb_fill *fill, const qb_instrument *instrument)
{
    if (risk->states[fill->instrument].place == RISK_NOT_HELD)
        hold(risk, fill->instrument, fill->quantity.raw > 0);
    risk_count_fill(risk, fill, instrument);
}

void qb_risk_trade(qb_risk *risk, const qb_trade *trade)
{
    release(risk, trade->instrument);
    risk_count_trade(risk, trade);
}

/* ---- verdicts ------------------------------------------------------------------------------ */

static void decide(risk_gate *gate, qb_risk_rule rule, qb_risk_action action, double limit,
                   double value)
{
    gate->out->rule = rule;
    gate->out->action = action;
    gate->out->limit = limit;
    gate->out->value = value;
    gate->out->until_us = 0;
    gate->out->what = NULL;
}

void risk_refuse(risk_gate *gate, qb_risk_rule rule, double limit, double value)
{
    decide(gate, rule, QB_RISK_REFUSED, limit, value);
    gate->units = 0;
    gate->done = true;
}

void risk_refuse_unknown(risk_gate *gate, qb_risk_rule rule, double limit)
{
    risk_refuse(gate, rule, limit, NAN);
    gate->out->what = "no history";
}

void risk_reduce(risk_gate *gate, qb_risk_rule rule, double limit, double value, int64_t cap)
{
    if (cap >= gate->units)
        return;
    const int64_t whole = cap > 0 ? cap - cap % gate->instrument->lot.raw : 0;
    if (whole == 0) {
        risk_refuse(gate, rule, limit, value);
        return;
    }
    decide(gate, rule, QB_RISK_REDUCED, limit, value);
    gate->units = whole;
}

void risk_close_latch(qb_risk *risk, qb_risk_rule rule, double limit, double value,
                      int64_t until_us)
{
    if (until_us > risk->latch.until_us || risk->latch.rule == QB_RISK_NONE)
        risk->latch = (risk_latch){rule, limit, value, until_us};
}

void risk_halt(risk_gate *gate, qb_risk_rule rule, double limit)
{
    risk_refuse(gate, rule, limit, NAN);
    gate->out->action = QB_RISK_HALT;
    gate->out->what = "cannot be evaluated";
    risk_close_latch(gate->risk, rule, limit, NAN, INT64_MAX);
}

int64_t risk_units_after(const qb_risk_ask *ask, int64_t units)
{
    const __int128 after = (__int128)ask->held.raw + (__int128)units * (int)ask->side;
    const __int128 amount = after < 0 ? -after : after;
    return amount > INT64_MAX ? INT64_MAX : (int64_t)amount;
}

double risk_of_equity(const qb_risk_ask *ask, double amount)
{
    return ask->equity.raw > 0 ? amount / qb_raw_to_double(ask->equity.raw) : NAN;
}

/* ---- the gate ------------------------------------------------------------------------------ */

void qb_risk_ask_gate(qb_risk *risk, const qb_risk_ask *ask, qb_risk_event *out)
{
    *out = (qb_risk_event){
        .at_us = ask->now_us,
        .instrument = ask->instrument,
        .action = QB_RISK_PASSED,
        .asked = ask->units,
    };
    risk_gate gate = {.risk = risk,
                      .ask = ask,
                      .instrument = &risk->instruments[ask->instrument],
                      .units = ask->units.raw,
                      .out = out};
    for (size_t i = 0; i < risk->check_count && !gate.done; i++)
        risk->checks[i](&gate);
    out->allowed.raw = gate.units;
    if (!gate.done && !ask->at_fill)
        risk_count_order(risk, ask->now_us);
}

qb_risk_rule qb_risk_stopped(const qb_risk *risk, int64_t now_us)
{
    return now_us < risk->latch.until_us ? risk->latch.rule : QB_RISK_NONE;
}
