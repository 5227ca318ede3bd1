/* Adding to a list of defects, which the rules of rows and of series share. */
#ifndef QB_QUALITY_PRIVATE_H
#define QB_QUALITY_PRIVATE_H

#include "core/market/market.h"

/* Counts it, and stores it while there is room. */
void qb_defects_add(qb_defects *defects, const qb_defect *defect);

#endif
