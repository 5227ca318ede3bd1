#include "core/base/base.h"

double qb_random_unit(qb_random *random)
{
    return (double)(qb_random_next(random) >> 11) * 0x1p-53;
}
