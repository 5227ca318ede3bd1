#include "core/base/base.h"

uint64_t qb_random_next(qb_random *random)
{
    uint64_t mixed = random->state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

double qb_random_unit(qb_random *random)
{
    return (double)(qb_random_next(random) >> 11) * 0x1p-53;
}
