/* Bars that one series has and the other has not, in what both cover. */
#include "core/market/compare-private.h"

#include <math.h>

static qb_cause cause_of(const qb_match *self, int64_t ts_us)
{
    const bool fits = qb_stamp_check(self->how->calendar, self->how->interval, ts_us) ==
                      QB_STAMP_FITS;
    return fits ? QB_CAUSE_MISSING : QB_CAUSE_SESSION;
}

static void flush(qb_match *self, qb_difference *run)
{
    if (run->rows > 0)
        qb_match_add(self, run);
    run->rows = 0;
}

/* A bar of `series`, which the side lacks. A stretch is broken by any other bar. */
static void note(qb_match *self, qb_difference *run, const qb_series *series, size_t row,
                 qb_which lacks)
{
    const int64_t ts_us = series->ts_us[row];
    const qb_cause cause = cause_of(self, ts_us);
    if (run->rows > 0 && (run->cause != cause || run->which != lacks))
        flush(self, run);
    if (run->rows == 0) {
        const double close = series->close[row];
        *run = (qb_difference){
            .cause = cause,
            .which = lacks,
            .from_us = ts_us,
            .field = "ts",
            .first = lacks == QB_FIRST ? (double)NAN : close,
            .second = lacks == QB_FIRST ? close : (double)NAN,
            .factor = (double)NAN,
            .last_factor = (double)NAN,
        };
    }
    run->to_us = ts_us;
    run->rows++;
}

void qb_match_absent(qb_match *self, size_t *out_only_first, size_t *out_only_second)
{
    const qb_series *first = self->first, *second = self->second;
    qb_difference run = {0};
    *out_only_first = *out_only_second = 0;
    if (first->count == 0 || second->count == 0)
        return;
    size_t a = qb_series_lower_bound(first, second->ts_us[0]);
    size_t b = qb_series_lower_bound(second, first->ts_us[0]);
    while (a < first->count && b < second->count) {
        if (first->ts_us[a] == second->ts_us[b]) {
            flush(self, &run);
            a++;
            b++;
        } else if (first->ts_us[a] < second->ts_us[b]) {
            note(self, &run, first, a++, QB_SECOND);
            (*out_only_first)++;
        } else {
            note(self, &run, second, b++, QB_FIRST);
            (*out_only_second)++;
        }
    }
    flush(self, &run);
}
