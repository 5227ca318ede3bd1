/* Volume summed by direction.
 *
 * OBV adds the volume of a bar that closes higher than the one before and takes that of one that
 * closes lower; it starts at 0 or at the first bar's volume. The accumulation line adds volume
 * times ((close - low) - (high - close)) / (high - low), 0 where high equals low. Unit of the
 * volume; only changes mean anything. Defined from the first bar on. A NaN volume is unknown and
 * counts as 0.
 * Granville, New Key to Stock Market Profits (1963); Chaikin, in Achelis, Technical Analysis from A
 * to Z. */
#ifndef QB_OBV_H
#define QB_OBV_H

#include <stdbool.h>

/* 0 where the volume is unknown. */
static inline double qb_known_volume(double volume)
{
    return volume == volume ? volume : 0.0;
}

typedef struct qb_obv {
    bool from_volume; /* start at the first bar's volume */
    bool started;
    double last; /* close */
    double value;
} qb_obv;

static inline void qb_obv_init(qb_obv *obv, bool from_volume)
{
    *obv = (qb_obv){.from_volume = from_volume};
}

static inline void qb_obv_add(qb_obv *obv, double close, double volume)
{
    const double known = qb_known_volume(volume);
    if (!obv->started)
        obv->value = obv->from_volume ? known : 0.0;
    else if (close != obv->last)
        obv->value += close > obv->last ? known : -known;
    obv->last = close;
    obv->started = true;
}

static inline double qb_obv_value(const qb_obv *obv)
{
    return obv->value;
}

/* What a bar adds to the accumulation line. */
static inline double qb_accumulation(double high, double low, double close, double volume)
{
    const double place = high > low ? ((close - low) - (high - close)) / (high - low) : 0.0;
    return place * qb_known_volume(volume);
}

#endif
