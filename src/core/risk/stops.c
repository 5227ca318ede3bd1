/* Equity through days and weeks: the kill switch, the stops of day and week, and past returns.
 *
 *   drawdown   (highest - equity) / highest               >= limit: halted for good, all is sold
 *   day-stop   (at the end of the day before - equity) / that  >= limit: until the next session
 *   week-stop  the same from the end of the week before   >= limit: until the next week's first
 *
 * Reaching a limit is passing it. Losses are compared as integers. Money from outside is no gain:
 * it moves every reference in the proportion in which it moved equity (time-weighted).
 *
 * Days are the sessions of the instruments' calendar, or UTC days where instruments have different
 * ones; an instant at a day's end belongs to that day; weeks begin on Monday. */
#include "core/risk/risk-private.h"

#include <math.h>

#define LONGEST_BREAK 400 /* days without a session that are looked through, at most */

qb_status risk_equity_init(qb_risk *risk)
{
    const qb_calendar *calendar = risk->instruments[0].calendar;
    for (uint32_t i = 1; i < risk->count; i++)
        if (risk->instruments[i].calendar != calendar)
            calendar = qb_calendar_find("24/7");
    risk->equity = (risk_equity){.calendar = calendar, .date = RISK_NO_DATE};
    return calendar != NULL ? QB_OK : QB_NOT_FOUND;
}

/* ---- days ---------------------------------------------------------------------------------- */

/* The open of the first session on that date or later; INT64_MAX where none is known. */
static int64_t next_open_us(const qb_calendar *calendar, int32_t date)
{
    qb_session session;
    for (int32_t last = date + LONGEST_BREAK; date < last; date++)
        if (qb_calendar_session(calendar, date, &session))
            return session.open_us;
    return INT64_MAX;
}

/* A day's return joins the mean and the sum of squares (Welford 1962). Days on which equity did not
 * move say nothing of what the strategy does when it is in the market. */
static void count_return(risk_equity *equity)
{
    equity->day_counted = true;
    if (equity->last == equity->day_start || equity->day_start <= 0)
        return;
    const double value = (double)equity->last / (double)equity->day_start - 1;
    const double before = value - equity->mean;
    equity->mean += before / (double)++equity->returns;
    equity->squares += before * (value - equity->mean);
}

static void begin_day(risk_equity *equity, int64_t at_us)
{
    qb_session session;
    if (!equity->day_counted)
        count_return(equity);
    const int32_t date = qb_calendar_date(equity->calendar, at_us - 1);
    const int32_t monday = date - qb_weekday(date);
    const bool has_session = qb_calendar_session(equity->calendar, date, &session);
    equity->day_end_us = has_session && session.close_us >= at_us ? session.close_us : at_us;
    if (date != equity->date) {
        equity->date = date;
        equity->day_counted = false;
        equity->day_start = equity->last;
        equity->day_tripped = false;
    }
    if (monday != equity->monday) {
        equity->monday = monday;
        equity->week_start = equity->last;
        equity->week_tripped = false;
    }
}

/* ---- losses -------------------------------------------------------------------------------- */

static bool has_lost(int64_t from, int64_t to, int64_t rate)
{
    return ((__int128)from - to) * QB_ONE >= (__int128)from * rate;
}

static void tell(qb_risk_event *out, int64_t at_us, qb_risk_rule rule, qb_risk_action action)
{
    *out = (qb_risk_event){
        .at_us = at_us, .instrument = UINT32_MAX, .rule = rule, .action = action, .flatten = true};
}

static void trip(qb_risk *risk, qb_risk_event *out, double limit, int64_t from, int64_t to,
                 int64_t until_us)
{
    out->limit = limit;
    out->value = ((double)from - (double)to) / (double)from;
    out->until_us = until_us == INT64_MAX ? 0 : until_us;
    risk_close_latch(risk, out->rule, limit, out->value, until_us);
}

static bool check_losses(qb_risk *risk, int64_t at_us, int64_t equity, qb_risk_event *out)
{
    risk_equity *past = &risk->equity;
    if (risk_is_on(risk, RISK_DRAWDOWN) &&
        has_lost(past->peak, equity, risk->rates[RISK_DRAWDOWN])) {
        tell(out, at_us, QB_RISK_DRAWDOWN, QB_RISK_HALT);
        trip(risk, out, risk->values[RISK_DRAWDOWN], past->peak, equity, INT64_MAX);
        return true;
    }
    if (risk_is_on(risk, RISK_WEEK_STOP) && !past->week_tripped &&
        has_lost(past->week_start, equity, risk->rates[RISK_WEEK_STOP])) {
        past->week_tripped = past->day_tripped = true;
        tell(out, at_us, QB_RISK_WEEK_STOP, QB_RISK_SUSPENDED);
        trip(risk, out, risk->values[RISK_WEEK_STOP], past->week_start, equity,
             next_open_us(past->calendar, past->monday + 7));
        return true;
    }
    if (risk_is_on(risk, RISK_DAY_STOP) && !past->day_tripped &&
        has_lost(past->day_start, equity, risk->rates[RISK_DAY_STOP])) {
        past->day_tripped = true;
        tell(out, at_us, QB_RISK_DAY_STOP, QB_RISK_SUSPENDED);
        trip(risk, out, risk->values[RISK_DAY_STOP], past->day_start, equity,
             next_open_us(past->calendar, past->date + 1));
        return true;
    }
    return false;
}

/* ---- equity -------------------------------------------------------------------------------- */

/* What equity was before the flows, and the references as they are after them. */
static qb_status carry(const risk_equity *past, int64_t before, int64_t after, risk_equity *out)
{
    *out = *past;
    if (before == after || before <= 0 || after <= 0)
        return QB_OK;
    qb_status status = qb_muldiv(past->peak, after, before, &out->peak);
    if (status == QB_OK)
        status = qb_muldiv(past->day_start, after, before, &out->day_start);
    if (status == QB_OK)
        status = qb_muldiv(past->week_start, after, before, &out->week_start);
    return status;
}

/* The rule that is asked first of those that look at equity. */
static qb_risk_rule first_rule(const qb_risk *risk)
{
    return risk_is_on(risk, RISK_DRAWDOWN)    ? QB_RISK_DRAWDOWN
           : risk_is_on(risk, RISK_WEEK_STOP) ? QB_RISK_WEEK_STOP
           : risk_is_on(risk, RISK_DAY_STOP)  ? QB_RISK_DAY_STOP
           : risk_is_on(risk, RISK_KELLY)     ? QB_RISK_KELLY
                                              : QB_RISK_NONE;
}

static bool fail(qb_risk *risk, int64_t at_us, qb_risk_event *out)
{
    const qb_risk_rule rule = first_rule(risk);
    tell(out, at_us, rule, QB_RISK_HALT);
    out->limit = out->value = NAN;
    out->what = "cannot be evaluated";
    risk_close_latch(risk, rule, NAN, NAN, INT64_MAX);
    return true;
}

/* Nobody looks at equity, or what they say would change nothing. */
static bool is_settled(const qb_risk *risk)
{
    return first_rule(risk) == QB_RISK_NONE || risk->latch.until_us == INT64_MAX;
}

bool qb_risk_equity_unknown(qb_risk *risk, int64_t at_us, qb_risk_event *out)
{
    return !is_settled(risk) && fail(risk, at_us, out);
}

bool qb_risk_equity(qb_risk *risk, int64_t at_us, qb_money equity, qb_money flows,
                    qb_risk_event *out)
{
    risk_equity *past = &risk->equity;
    int64_t before;
    if (is_settled(risk))
        return false;
    if (equity.raw == INT64_MIN || flows.raw == INT64_MIN ||
        qb_add(equity.raw, -flows.raw, &before) != QB_OK)
        return fail(risk, at_us, out);
    const bool first = !past->started;
    if (first) {
        past->started = past->day_counted = true;
        past->last = past->peak = before;
        past->day_end_us = INT64_MIN;
    }
    if (at_us > past->day_end_us)
        begin_day(past, at_us);
    if (before > past->peak)
        past->peak = before;
    const bool tripped = check_losses(risk, at_us, before, out);
    risk_equity carried;
    if (carry(past, before, equity.raw, &carried) != QB_OK)
        return fail(risk, at_us, out);
    *past = carried;
    past->last = equity.raw;
    if (first && at_us == past->day_end_us)
        past->day_counted = true;
    if (at_us >= past->day_end_us && !past->day_counted)
        count_return(past);
    return tripped;
}
