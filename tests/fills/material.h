/* Real bars for cases: the repository's sample and, where the shared data set is there, days and
 * minutes of it. Read once, kept to the end of the program. */
#ifndef FILLS_MATERIAL_H
#define FILLS_MATERIAL_H

#include "core/market/market.h"

typedef struct material {
    const char *name; /* of the family */
    bool share;       /* on the exchange's calendar, else 24/7 */
    qb_interval interval;
    double grid; /* a step of price that means something there */
    qb_series series;
} material;

/* NULL: random bars, after the seed's last digit. */
const material *material_for(uint64_t seed);

#endif
