/* Values that other projects published, out of the shared folder, for the tests of metrics: curves,
 * trades, small series of returns. A file that is odd ends the test program. */
#ifndef METRICS_PUBLISHED_H
#define METRICS_PUBLISHED_H

#include "columns.h"

#include "core/metrics/metrics.h"

#include <jansson.h>

/* A file below data/expected. Caller owns. */
json_t *published_load(const char *name);
/* A table below data/returns. Caller frees. */
columns *published_returns(const char *name);

/* A curve that owns its arrays. */
typedef struct published_curve {
    int64_t *ts_us;
    double *value;
    size_t count;
} published_curve;
void published_curve_free(published_curve *self);
/* Compounds returns from 1; NaN ones (not started) are left out. A day apart unless ts_us is
 * given. No returns: no points. */
published_curve published_curve_of_returns(const double *returns, const int64_t *ts_us,
                                           size_t count);
/* A curve of kpi_real_series.json: "returns/FILE", "..., 2008-01-01..2009-12-31 only", or
 * "... column NAME, simple ..." of prices. */
published_curve published_real_curve(const char *input);

/* ---- backtesting.py: runs of RUNS.json ----------------------------------------------------- */

published_curve published_equity(const char *run);
/* Caller frees. */
qb_trade_result *published_trades(const char *run, size_t *out_count);
/* "307 days 00:00:00" */
int64_t published_duration_us(const char *text);

/* ---- empyrical: small series --------------------------------------------------------------- */

typedef struct published_series {
    double value[1024];
    int64_t ts_us[1024];
    size_t count;
} published_series;
/* A number, or "nan", "inf", "-inf". */
double published_number(const json_t *value);
/* "@name", or the series itself; a frame's first column. */
published_series published_series_of(const json_t *root, const json_t *given);
/* Only the days that both have, as empyrical does. */
void published_keep_common(published_series *a, published_series *b);
/* Periods a year of a case: of its "period", 252 where it names none. */
double published_periods(const json_t *test);

/* ---- checks -------------------------------------------------------------------------------- */

/* Names what failed. The first is relative to values above 1. */
void published_close(double got, double want, double relative, const char *what);
void published_decimals(double got, double want, int decimals, const char *what);

#endif
