#include "core/metrics/periods.h"

#include <math.h>
#include <string.h>

/* ---- months --------------------------------------------------------------------------------- */

static double growth(double from, double to)
{
    return from > 0 ? (to - from) / from : NAN;
}

size_t qb_month_returns(const qb_curve *periods, const int32_t *dates, qb_month_return *out,
                        size_t limit)
{
    size_t count = 0;
    double before = periods->count > 0 ? periods->value[0] : NAN;
    for (size_t i = 1; i < periods->count; i++) {
        const qb_civil now = qb_civil_from_date(dates[i]);
        if (i + 1 < periods->count) {
            const qb_civil next = qb_civil_from_date(dates[i + 1]);
            if (next.year == now.year && next.month == now.month)
                continue;
        }
        if (count < limit)
            out[count] = (qb_month_return){now.year, now.month, growth(before, periods->value[i])};
        before = periods->value[i];
        count++;
    }
    return count;
}

double qb_year_return(const qb_month_return *months, size_t count, int32_t year)
{
    double factor = NAN;
    for (size_t i = 0; i < count; i++)
        if (months[i].year == year)
            factor = (isnan(factor) ? 1 : factor) *
                     (isnan(months[i].value) ? -INFINITY : 1 + months[i].value);
    return isfinite(factor) ? factor - 1 : NAN;
}

/* ---- drawdowns ------------------------------------------------------------------------------ */

/* Into its place among those kept; the last one falls out where there is no room. */
static size_t keep_deepest(qb_drawdown *out, size_t count, size_t limit, const qb_drawdown *fresh)
{
    size_t place = count;
    while (place > 0 && out[place - 1].depth < fresh->depth)
        place--;
    if (place >= limit)
        return count;
    const size_t moved = (count < limit ? count : limit - 1) - place;
    memmove(&out[place + 1], &out[place], moved * sizeof *out);
    out[place] = *fresh;
    return count < limit ? count + 1 : limit;
}

static void finish(qb_drawdown *now, double peak, double trough, int64_t end_us, bool recovered)
{
    now->depth = (peak - trough) / peak;
    now->longest_us = end_us - now->peak_us;
    now->recovery_us = recovered ? end_us : 0;
}

size_t qb_drawdowns(const qb_curve *curve, qb_drawdown *out, size_t limit)
{
    const double *value = curve->value;
    const int64_t *ts_us = curve->ts_us;
    double peak = value[0], trough = value[0];
    qb_drawdown now = {.peak_us = ts_us[0], .trough_us = ts_us[0]};
    size_t count = 0;
    for (size_t i = 1; i < curve->count; i++) {
        if (value[i] < trough) {
            trough = value[i];
            now.trough_us = ts_us[i];
        }
        if (value[i] < peak)
            continue;
        if (trough < peak) {
            finish(&now, peak, trough, ts_us[i], true);
            count = keep_deepest(out, count, limit, &now);
        }
        peak = trough = value[i];
        now = (qb_drawdown){.peak_us = ts_us[i], .trough_us = ts_us[i]};
    }
    if (trough < peak) {
        finish(&now, peak, trough, ts_us[curve->count - 1], false);
        count = keep_deepest(out, count, limit, &now);
    }
    return count;
}
