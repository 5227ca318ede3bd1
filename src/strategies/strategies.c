#include "strategies/strategies.h"

#include <string.h>

const qb_strategy *const strategies_builtin[] = {
    &strategies_buy_and_hold,
    &strategies_sma_cross,
    NULL,
};

const qb_strategy *strategies_find(const char *name)
{
    for (size_t i = 0; strategies_builtin[i] != NULL; i++)
        if (strcmp(strategies_builtin[i]->name, name) == 0)
            return strategies_builtin[i];
    return NULL;
}
