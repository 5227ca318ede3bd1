/* Allocation failure on demand: the k-th allocation of core fails, and what is left over counts.
 * A freed block never counts as an allocation. */
#ifndef ALLOCATIONS_H
#define ALLOCATIONS_H

#include "core/base/base.h"

#include <stdlib.h>

/* From here on allocation number failing (0 is the next one) fails; negative: none does. */
void allocations_begin(int failing);
/* Back to the system's realloc. Blocks still held since begin. */
int allocations_end(void);
/* Allocations and growths since begin. */
int allocations_made(void);
/* Whether the chosen allocation was reached and failed. */
bool allocations_failed(void);

#endif
