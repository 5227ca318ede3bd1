/* zipline's buyapple, wherever its bars come from: each day of ten months of 2014 ten more shares
 * of AAPL, across the 7:1 split. */
#ifndef GOLDEN_BUYAPPLE_H
#define GOLDEN_BUYAPPLE_H

#include "run.h"

#define BUYAPPLE_FROM "2014-01-01"
#define BUYAPPLE_TO "2014-11-01" /* not in */

/* Runs it over bars of that time, with the split on its date. */
golden_run buyapple_run(const qb_series *series);
/* Every published fill, and every day's value and cash; folder is that of the shared data.
 * dividends: what the run was paid beyond the published one by the end of each day; NULL: 0. */
void buyapple_check(const golden_run *run, const char *folder, const double *dividends);

#endif
