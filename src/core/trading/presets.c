/* Fee schedules of brokers and venues. docs/COSTS.md says what each source states, and what of it
 * is not modelled. */
#include "core/trading/trading.h"

#include <string.h>

const qb_fee_preset qb_fee_presets[] = {
    {0},
};

const qb_fee_preset *qb_fee_preset_find(const char *name)
{
    for (const qb_fee_preset *preset = qb_fee_presets; preset->name != NULL; preset++)
        if (strcmp(preset->name, name) == 0)
            return preset;
    return NULL;
}
