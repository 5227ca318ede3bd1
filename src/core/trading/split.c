#include "core/trading/trading.h"

#include <math.h>

#define SPLIT_DENOMINATOR_MAX 32
#define SPLIT_TOLERANCE 1e-5

qb_status qb_split_from_factor(double factor, qb_split *out)
{
    if (!isfinite(factor))
        return QB_NOT_FINITE;
    if (factor < QB_SPLIT_MIN || factor > QB_SPLIT_MAX)
        return QB_OUT_OF_RANGE;
    for (int64_t old = 1; old <= SPLIT_DENOMINATOR_MAX; old++) {
        double fresh = nearbyint(factor * (double)old);
        if (fresh >= 1.0 && fabs(factor - fresh / (double)old) <= SPLIT_TOLERANCE) {
            *out = (qb_split){.fresh = (int64_t)fresh, .old = old};
            return QB_OK;
        }
    }
    *out = (qb_split){.fresh = llrint(factor * (double)QB_ONE), .old = QB_ONE};
    return QB_OK;
}

double qb_split_factor(qb_split split)
{
    return (double)split.fresh / (double)split.old;
}

qb_status qb_split_apply(qb_split split, qb_quantity quantity, qb_quantity lot,
                         qb_quantity *out_whole, int64_t *out_rest)
{
    if (lot.raw <= 0 || split.fresh <= 0 || split.old <= 0)
        return QB_OUT_OF_RANGE;
    /* C divides towards zero: what a short position has below the lot is negative too. */
    __int128 exact = (__int128)quantity.raw * split.fresh; /* 1e-8 / old units */
    __int128 lot_size = (__int128)lot.raw * split.old;
    __int128 lots = exact / lot_size;
    __int128 rest = exact % lot_size;
    __int128 whole = lots * lot.raw;
    if (whole > INT64_MAX || whole < -INT64_MAX || rest > INT64_MAX || rest < -INT64_MAX)
        return QB_OVERFLOW;
    out_whole->raw = (int64_t)whole;
    *out_rest = (int64_t)rest;
    return QB_OK;
}
