#include "core/metrics/metrics.h"

/* One drawdown under way: it begins at a peak and ends at the first value at or above it. */
typedef struct episode {
    double peak, trough;
    int64_t peak_us, trough_us;
} episode;

static void close_episode(qb_drawdown *worst, const episode *now, int64_t end_us, bool recovered)
{
    const double depth = (now->peak - now->trough) / now->peak;
    if (end_us - now->peak_us > worst->longest_us)
        worst->longest_us = end_us - now->peak_us;
    if (depth > worst->depth) {
        worst->depth = depth;
        worst->peak_us = now->peak_us;
        worst->trough_us = now->trough_us;
        worst->recovery_us = recovered ? end_us : 0;
    }
}

/* The depth is divided out once per episode: within one, the lowest value is the deepest. */
qb_drawdown qb_max_drawdown(const qb_curve *curve)
{
    const double *value = curve->value;
    const int64_t *ts_us = curve->ts_us;
    qb_drawdown worst = {.peak_us = ts_us[0], .trough_us = ts_us[0]};
    episode now = {value[0], value[0], ts_us[0], ts_us[0]};

    for (size_t i = 1; i < curve->count; i++) {
        if (value[i] >= now.peak) {
            if (now.trough < now.peak)
                close_episode(&worst, &now, ts_us[i], true);
            now = (episode){value[i], value[i], ts_us[i], ts_us[i]};
        } else if (value[i] < now.trough) {
            now.trough = value[i];
            now.trough_us = ts_us[i];
        }
    }
    if (now.trough < now.peak)
        close_episode(&worst, &now, ts_us[curve->count - 1], false);
    return worst;
}

void qb_curve_sample(const qb_curve *curve, double start, int64_t start_us, const int64_t *ends,
                     size_t end_count, int64_t *out_ts_us, double *out_value)
{
    double last = start;
    size_t next = 0;

    out_ts_us[0] = start_us;
    out_value[0] = start;
    for (size_t i = 0; i < end_count; i++) {
        while (next < curve->count && curve->ts_us[next] <= ends[i])
            last = curve->value[next++];
        out_ts_us[i + 1] = ends[i];
        out_value[i + 1] = last;
    }
}
