/* Returns that deposits and withdrawals do not touch. */
#include "core/metrics/metrics.h"

#include <math.h>

static bool is_sound(const qb_curve_flow *flow)
{
    return isfinite(flow->before) && isfinite(flow->after) && flow->before > 0.0 &&
           flow->after > 0.0;
}

qb_status qb_curve_time_weighted(const qb_curve *curve, const qb_curve_flow *flows,
                                 size_t flow_count, double *out_value)
{
    for (size_t k = 0; k < flow_count; k++) {
        if (!is_sound(&flows[k]))
            return QB_OUT_OF_RANGE;
        if (k > 0 && flows[k].at_us < flows[k - 1].at_us)
            return QB_OUT_OF_ORDER;
    }
    double factor = 1.0;
    size_t next = 0;
    for (size_t i = 0; i < curve->count; i++) {
        for (; next < flow_count && flows[next].at_us <= curve->ts_us[i]; next++)
            factor *= flows[next].before / flows[next].after;
        out_value[i] = curve->value[i] * factor;
    }
    return QB_OK;
}
