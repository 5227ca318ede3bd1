/* The ratios in which companies do split their shares. */
#ifndef QB_ACTIONS_PRIVATE_H
#define QB_ACTIONS_PRIVATE_H

#include "core/market/market.h"

typedef struct qb_ratio {
    int32_t fresh, old; /* new shares for so many old ones */
} qb_ratio;

static inline double qb_ratio_factor(qb_ratio ratio)
{
    return (double)ratio.fresh / (double)ratio.old;
}

/* The usual ratios, index < QB_RATIOS: each after its reverse. */
#define QB_RATIOS 32
qb_ratio qb_ratio_usual(size_t index);

#endif
