/* The built-in strategies, one file each; they see only core/engine/strategy.h, and each is a
 * struct like any user's, put through the same checks. */
#ifndef STRATEGIES_STRATEGIES_H
#define STRATEGIES_STRATEGIES_H

#include "core/engine/strategy.h"

extern const qb_strategy strategies_buy_and_hold;
extern const qb_strategy strategies_sma_cross;

/* NULL-terminated, in the order in which they are listed. */
extern const qb_strategy *const strategies_builtin[];
/* NULL when there is none of that name. */
const qb_strategy *strategies_find(const char *name);

#endif
