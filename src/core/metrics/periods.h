/* A curve cut into months and years, and into drawdowns. */
#ifndef QB_METRICS_PERIODS_H
#define QB_METRICS_PERIODS_H

#include "core/metrics/metrics.h"

typedef struct qb_month_return {
    int32_t year, month; /* 1..12 */
    double value;        /* last period end of the month / last one before it - 1 */
} qb_month_return;

/* Returns of calendar months from the period ends that the ratios are made of: date[i] is the day
 * that point i ends, in the zone of the portfolio's calendar; point 0 is E_0 and belongs to none.
 * The months' growth together is the total growth. A month without a period end is left out, and
 * one is NaN where the curve is not above 0 before it. Writes at most `limit`, returns how many
 * there are. */
size_t qb_month_returns(const qb_curve *periods, const int32_t *dates, qb_month_return *out,
                        size_t limit);
/* Of the months of this year together, by linking; NaN where there is none or one is NaN. */
double qb_year_return(const qb_month_return *months, size_t count, int32_t year);

/* The deepest `limit` drawdowns, deepest first, the earlier of equals first; each from a peak to the
 * first value at or above it. longest_us is the time under water of that one: to recovery, or to
 * the curve's end where recovery_us is 0. For a curve that qb_max_drawdown takes, whose result
 * stands first. Returns how many were written. */
size_t qb_drawdowns(const qb_curve *curve, qb_drawdown *out, size_t limit);

#endif
