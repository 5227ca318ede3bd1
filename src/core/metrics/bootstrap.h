/* How far luck may have carried a result: the stationary bootstrap of its period returns.
 *
 * Blocks of neighbouring returns are drawn with random starts and geometric lengths, the end joined
 * to the beginning, until there are as many returns as before; each such course gives a ratio, and
 * the spread of many is the interval. Politis and Romano, The Stationary Bootstrap (1994). It says
 * what another sample of the same returns would have given, not what other markets would. */
#ifndef QB_METRICS_BOOTSTRAP_H
#define QB_METRICS_BOOTSTRAP_H

#include "core/metrics/metrics.h"

#define QB_BOOTSTRAP_REPLICATES 1000
#define QB_BOOTSTRAP_LEVEL 0.95
/* Fewer returns have no interval: blocks of them would repeat a handful of days. */
#define QB_BOOTSTRAP_RETURNS 30
#define QB_BOOTSTRAP_RETURNS_LIMIT 100000

typedef struct qb_range {
    double low, high;      /* NaN exactly when undefined is not NULL */
    const char *undefined; /* static */
} qb_range;

typedef struct qb_bootstrap {
    double level; /* 0.95 */
    size_t replicates, returns;
    double mean_block;                   /* periods */
    qb_range sharpe, cagr, max_drawdown; /* as in qb_kpis; the drawdown of period ends alone */
} qb_bootstrap;

/* Percentile intervals (2.5 % and 97.5 % of the courses at level 0.95), the same for the same seed.
 * Course k draws from a generator that the k-th number of the run's generator begins. The mean
 * block is qb_block_length of the returns. Courses without variation have no Sharpe ratio
 * and are left out of its interval. QB_NO_MEMORY; QB_OUT_OF_RANGE unless 0 < level < 1 and
 * replicates >= 10. */
QB_CHECKED qb_status qb_bootstrap_run(const qb_curve *periods, double periods_per_year,
                                      double risk_free, uint64_t seed, size_t replicates,
                                      double level, qb_bootstrap *out);

/* Mean block of the stationary bootstrap for the mean of these values, >= 1 and at most
 * ceil(min(3 sqrt(n), n / 3)): Politis and White, Automatic Block-Length Selection for the Dependent
 * Bootstrap (2004), corrected by Patton, Politis and White (2009): flat-top window, band 2 m where
 * after lag m the next max(5, log10 n) autocorrelations lie within 2 sqrt(log10(n) / n). 1 for fewer
 * than 4 values and for values that do not vary. */
double qb_block_length(const double *values, size_t count);

/* The indices 0 .. count - 1 of one course. */
void qb_stationary_indices(qb_random *random, double mean_block, size_t count, uint32_t *out);

#endif
