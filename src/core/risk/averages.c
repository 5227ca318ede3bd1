/* What bars leave behind, per instrument and in O(1) a bar: the average true range of the run's
 * bars (Wilder's, 14; Wilder 1978), and of whole days the average volume (20) and the deviation of
 * close-to-close returns (20, ddof 1), a year's by the root of the calendar's periods.
 *
 * A day is a session of the instrument's calendar (24/7: a UTC day) and counts when it is over: at
 * its close, or when a bar of a later one comes. A weekly bar is a day of seven or five parts, and
 * 52 of them are a year. A day of which one bar's volume is unknown has none. */
#include "core/risk/risk-private.h"

#include <math.h>

#define WEEKS_A_YEAR 52.0

static double periods(const qb_instrument *instrument)
{
    return instrument->interval == QB_1W ? WEEKS_A_YEAR
                                         : (double)qb_calendar_periods(instrument->calendar);
}

/* Sessions that one of the days here stands for. */
static double sessions(const qb_instrument *instrument)
{
    return instrument->interval == QB_1W
               ? nearbyint(qb_calendar_periods(instrument->calendar) / WEEKS_A_YEAR)
               : 1;
}

/* ---- memory -------------------------------------------------------------------------------- */

static bool needs_atr(const qb_risk *risk)
{
    return risk_is_on(risk, RISK_ATR_SIZE) || risk_is_on(risk, RISK_TRAILING) ||
           risk_is_on(risk, RISK_TAKE_PROFIT) || risk_is_on(risk, RISK_STOP_LOSS);
}

qb_status risk_averages_init(qb_risk *risk, qb_arena *arena)
{
    risk->keeps_atr = needs_atr(risk);
    risk->keeps_volume = risk_is_on(risk, RISK_ADV);
    risk->keeps_returns = risk_is_on(risk, RISK_VOLATILITY);
    if (!risk->keeps_atr && !risk->keeps_volume && !risk->keeps_returns)
        return QB_OK;
    const size_t days = risk->keeps_volume ? (size_t)risk->values[RISK_ADV_DAYS] : 0;
    const size_t room = risk->keeps_returns
                            ? qb_deviation_room((size_t)risk->values[RISK_VOLATILITY_DAYS])
                            : 0;
    risk->averages = qb_arena_alloc(arena, risk->count, sizeof *risk->averages);
    double *rings = qb_arena_alloc(arena, risk->count, (days + room) * sizeof *rings);
    if (risk->averages == NULL || rings == NULL)
        return QB_NO_MEMORY;
    for (uint32_t i = 0; i < risk->count; i++, rings += days + room) {
        risk_average *average = &risk->averages[i];
        average->last_close = NAN;
        qb_atr_init(&average->atr, NULL, (size_t)risk->values[RISK_ATR_BARS], QB_AVERAGE_WILDER,
                    false);
        if (risk->keeps_volume)
            qb_rolling_init(&average->volume, rings, days);
        if (risk->keeps_returns)
            qb_deviation_init(&average->returns, rings + days,
                              (size_t)risk->values[RISK_VOLATILITY_DAYS]);
    }
    return QB_OK;
}

/* ---- bars ---------------------------------------------------------------------------------- */

/* To fresh units: prices are divided, volumes multiplied. All that is kept is linear in them. */
static void apply_split(const qb_risk *risk, risk_average *average, double split)
{
    average->atr.last /= split;
    average->atr.smooth.value /= split;
    average->atr.smooth.sum /= split;
    average->last_close /= split;
    average->day_close /= split;
    average->day_volume *= split;
    if (!risk->keeps_volume)
        return;
    qb_rolling *volume = &average->volume;
    const size_t filled = volume->full ? volume->period : volume->next;
    for (size_t i = 0; i < filled; i++)
        volume->ring[i] *= split;
    volume->part *= split;
    volume->sum *= split;
}

/* The end of the day that what is known at known_us belongs to: an instant at a day's end belongs
 * to that day. */
static int64_t day_end_us(const qb_instrument *instrument, int64_t known_us)
{
    qb_session session;
    const int32_t date = qb_calendar_date(instrument->calendar, known_us - 1);
    if (instrument->interval >= QB_1D ||
        !qb_calendar_session(instrument->calendar, date, &session) || session.close_us < known_us)
        return known_us;
    return session.close_us;
}

static void close_day(const qb_risk *risk, const qb_instrument *instrument, risk_average *average)
{
    average->day_open = false;
    if (risk->keeps_volume)
        qb_rolling_add(&average->volume, average->day_volume / sessions(instrument));
    if (risk->keeps_returns && !isnan(average->last_close))
        qb_deviation_add(&average->returns, average->day_close / average->last_close - 1);
    average->last_close = average->day_close;
}

static void add_to_day(const qb_risk *risk, const qb_instrument *instrument, risk_average *average,
                       const qb_bar *bar, int64_t known_us)
{
    if (average->day_open && known_us > average->day_end_us)
        close_day(risk, instrument, average);
    if (!average->day_open) {
        average->day_open = true;
        average->day_end_us = day_end_us(instrument, known_us);
        average->day_volume = 0;
    }
    average->day_volume += bar->volume;
    average->day_close = bar->close;
    if (known_us >= average->day_end_us)
        close_day(risk, instrument, average);
}

void qb_risk_bar(qb_risk *risk, uint32_t instrument, const qb_bar *bar, double split,
                 int64_t known_us)
{
    if (risk->averages == NULL)
        return;
    risk_average *average = &risk->averages[instrument];
    if (split != 1)
        apply_split(risk, average, split);
    if (risk->keeps_atr)
        qb_atr_add(&average->atr, bar->high, bar->low, bar->close);
    if (risk->keeps_volume || risk->keeps_returns)
        add_to_day(risk, &risk->instruments[instrument], average, bar, known_us);
}

/* ---- what they say ------------------------------------------------------------------------- */

double risk_atr(const qb_risk *risk, uint32_t instrument)
{
    const qb_atr *atr = &risk->averages[instrument].atr;
    return qb_atr_ready(atr) ? qb_atr_value(atr) : NAN;
}

double risk_daily_volume(const qb_risk *risk, uint32_t instrument)
{
    const qb_rolling *volume = &risk->averages[instrument].volume;
    return qb_rolling_ready(volume) ? qb_rolling_mean(volume) : NAN;
}

double risk_yearly_volatility(const qb_risk *risk, uint32_t instrument)
{
    const qb_deviation *returns = &risk->averages[instrument].returns;
    if (!qb_deviation_ready(returns))
        return NAN;
    return qb_deviation_value(returns, 1) * sqrt(periods(&risk->instruments[instrument]));
}
