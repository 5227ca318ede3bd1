/* Rules that refuse an order for its time or number.
 *
 *   blackout    within a window of the run's file for the instrument, or for all
 *   day-trades  an equity, once so many day trades were made within the last sessions, while equity
 *               is below the threshold. FINRA rule 4210(f)(8)(B): who makes four or more within
 *               five business days is a pattern day trader and needs 25,000 dollars. One is what
 *               was opened, or added to, and reduced on one date; more reductions of the same
 *               opening are no further one. Since exits are never refused, entries are: any might
 *               become the fourth.
 *   cool-down   for some hours after so many losing trades in a row; then counting starts anew
 *   order-rate  entries admitted within any 60 seconds; fills are not counted again */
#include "core/risk/risk-private.h"

#include <math.h>

#define LONGEST_BREAK 400 /* days without a session that are looked through, at most */

/* ---- the latch ----------------------------------------------------------------------------- */

void risk_check_latch(risk_gate *gate)
{
    const risk_latch *latch = &gate->risk->latch;
    if (latch->rule == QB_RISK_NONE || gate->ask->now_us >= latch->until_us)
        return;
    risk_refuse(gate, latch->rule, latch->limit, latch->value);
    gate->out->until_us = latch->until_us == INT64_MAX ? 0 : latch->until_us;
}

/* ---- blackouts ----------------------------------------------------------------------------- */

/* Windows ascend by their start, not their end: those before blackouts_over have all ended. */
static const qb_blackout *blackout_at(qb_risk *risk, uint32_t instrument, int64_t now_us,
                                      int64_t around_us)
{
    if (now_us < risk->blackouts_asked_us)
        risk->blackouts_over = 0;
    risk->blackouts_asked_us = now_us;
    while (risk->blackouts_over < risk->blackout_count &&
           risk->blackouts[risk->blackouts_over].to_us + around_us <= now_us)
        risk->blackouts_over++;
    for (size_t i = risk->blackouts_over; i < risk->blackout_count; i++) {
        const qb_blackout *window = &risk->blackouts[i];
        if (window->from_us - around_us > now_us)
            return NULL;
        if (now_us < window->to_us + around_us &&
            (window->instrument == UINT32_MAX || window->instrument == instrument))
            return window;
    }
    return NULL;
}

void risk_check_blackout(risk_gate *gate)
{
    qb_risk *risk = gate->risk;
    const double minutes = risk->values[RISK_BLACKOUT];
    const int64_t around_us = (int64_t)(minutes * (double)QB_MINUTE_US);
    const int64_t now_us = gate->ask->now_us;
    const qb_blackout *window = blackout_at(risk, gate->ask->instrument, now_us, around_us);
    if (window == NULL)
        return;
    const int64_t left_us = window->to_us + around_us - now_us;
    risk_refuse(gate, QB_RISK_BLACKOUT, minutes, (double)left_us / (double)QB_MINUTE_US);
    gate->out->until_us = window->to_us + around_us;
    gate->out->what = window->what;
}

/* ---- day trades ---------------------------------------------------------------------------- */

static bool is_daily(const qb_instrument *instrument)
{
    return instrument->interval >= QB_1D;
}

/* A stamp of a daily bar is a date; any other is an instant on the exchange's clock. */
static int32_t fill_date(const qb_fill *fill, const qb_instrument *instrument)
{
    return is_daily(instrument) ? qb_date_from_us(fill->bar_ts_us)
                                : qb_calendar_date(instrument->calendar, fill->bar_ts_us);
}

static void count_day_trade(qb_risk *risk, int32_t date)
{
    const size_t size = (size_t)risk->values[RISK_DAY_TRADES_DAYS];
    risk_day_trades *newest = &risk->day_trades[(risk->day_trades_next + size - 1) % size];
    if (newest->count == 0 || newest->date != date) {
        newest = &risk->day_trades[risk->day_trades_next];
        risk->day_trades_next = (risk->day_trades_next + 1) % size;
        *newest = (risk_day_trades){.date = date};
    }
    newest->count++;
}

void risk_count_fill(qb_risk *risk, const qb_fill *fill, const qb_instrument *instrument)
{
    if (risk->day_trades == NULL || instrument->asset != QB_EQUITY)
        return;
    risk_instrument *state = &risk->states[fill->instrument];
    const int32_t date = fill_date(fill, instrument);
    const bool adds = (fill->quantity.raw > 0) == (state->direction > 0);
    if (adds) {
        state->opened_date = date;
    } else if (state->opened_date == date) {
        state->opened_date = RISK_NO_DATE;
        count_day_trade(risk, date);
    }
}

/* The session in which an order of now may fill: of an admission, the first that is not over. */
static int32_t session_date(const qb_risk_ask *ask, const qb_calendar *calendar)
{
    int32_t date = qb_calendar_date(calendar, ask->now_us);
    qb_session session;
    if (ask->at_fill)
        return date;
    for (int32_t last = date + LONGEST_BREAK; date < last; date++)
        if (qb_calendar_session(calendar, date, &session) && session.close_us > ask->now_us)
            break;
    return date;
}

/* The first of so many sessions that end with that of `date`. */
static int32_t sessions_back(const qb_calendar *calendar, int32_t date, size_t sessions)
{
    qb_session session;
    for (int32_t first = date - LONGEST_BREAK - 2 * (int32_t)sessions; date > first; date--)
        if (qb_calendar_session(calendar, date, &session) && --sessions == 0)
            break;
    return date;
}

void risk_check_day_trades(risk_gate *gate)
{
    const qb_risk *risk = gate->risk;
    const qb_risk_ask *ask = gate->ask;
    const size_t days = (size_t)risk->values[RISK_DAY_TRADES_DAYS];
    if (gate->instrument->asset != QB_EQUITY ||
        ask->equity.raw >= risk->rates[RISK_DAY_TRADES_EQUITY])
        return;
    const qb_calendar *calendar = gate->instrument->calendar;
    const int32_t first = sessions_back(calendar, session_date(ask, calendar), days);
    double made = 0;
    for (size_t i = 0; i < days; i++)
        if (risk->day_trades[i].count > 0 && risk->day_trades[i].date >= first)
            made += risk->day_trades[i].count;
    if (made >= risk->values[RISK_DAY_TRADES])
        risk_refuse(gate, QB_RISK_DAY_TRADES, risk->values[RISK_DAY_TRADES], made);
}

/* ---- losses -------------------------------------------------------------------------------- */

void risk_count_trade(qb_risk *risk, const qb_trade *trade)
{
    if (!risk_is_on(risk, RISK_COOL_DOWN) || trade->profit.raw == 0)
        return;
    risk->losses = trade->profit.raw < 0 ? risk->losses + 1 : 0;
    if ((double)risk->losses < risk->values[RISK_COOL_DOWN])
        return;
    const double hours = risk->values[RISK_COOL_DOWN_HOURS];
    risk->cool_until_us = trade->exit_us + (int64_t)(hours * (double)QB_HOUR_US);
    risk->losses = 0;
}

void risk_check_cool_down(risk_gate *gate)
{
    const qb_risk *risk = gate->risk;
    const double limit = risk->values[RISK_COOL_DOWN];
    if (gate->ask->now_us >= risk->cool_until_us)
        return;
    risk_refuse(gate, QB_RISK_COOL_DOWN, limit, limit);
    gate->out->until_us = risk->cool_until_us;
}

/* ---- orders a minute ----------------------------------------------------------------------- */

#define NEVER_US (INT64_MIN / 2)

void risk_check_order_rate(risk_gate *gate)
{
    const qb_risk *risk = gate->risk;
    const double limit = risk->values[RISK_ORDER_RATE];
    const int64_t oldest_us = risk->order_times[risk->order_next];
    if (gate->ask->at_fill || gate->ask->now_us - oldest_us >= QB_MINUTE_US)
        return;
    risk_refuse(gate, QB_RISK_ORDER_RATE, limit, limit + 1);
    gate->out->until_us = oldest_us + QB_MINUTE_US;
}

void risk_count_order(qb_risk *risk, int64_t now_us)
{
    if (risk->order_times == NULL)
        return;
    risk->order_times[risk->order_next] = now_us;
    risk->order_next = (risk->order_next + 1) % (size_t)risk->values[RISK_ORDER_RATE];
}

qb_status risk_throttles_init(qb_risk *risk, qb_arena *arena)
{
    risk->cool_until_us = NEVER_US;
    risk->blackouts_asked_us = NEVER_US;
    if (risk_is_on(risk, RISK_DAY_TRADES)) {
        risk->day_trades = qb_arena_alloc(arena, (size_t)risk->values[RISK_DAY_TRADES_DAYS],
                                          sizeof *risk->day_trades);
        if (risk->day_trades == NULL)
            return QB_NO_MEMORY;
    }
    if (risk_is_on(risk, RISK_ORDER_RATE)) {
        const size_t size = (size_t)risk->values[RISK_ORDER_RATE];
        risk->order_times = qb_arena_alloc(arena, size, sizeof *risk->order_times);
        if (risk->order_times == NULL)
            return QB_NO_MEMORY;
        for (size_t i = 0; i < size; i++)
            risk->order_times[i] = NEVER_US;
    }
    return QB_OK;
}
