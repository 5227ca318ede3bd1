/* What the dialects share: the returns of a curve, the usual sums over them, and the shape of a
 * table of figures. */
#ifndef QB_DIALECTS_PRIVATE_H
#define QB_DIALECTS_PRIVATE_H

#include "core/metrics/dialects.h"

/* What is computed once for all figures of a sheet. */
typedef struct dialect_facts {
    const qb_kpi_input *in;
    qb_curve bars;                 /* the fullest curve there is */
    size_t count;                  /* of returns */
    const double *r;               /* [count] of the periods */
    const double *b;               /* [count] of the benchmark; NULL: none that fits */
    const double *order;           /* r in ascending order */
    const qb_trade_result *trades; /* by exit, the input's order among equals */
    double years;                  /* periods_per_year: N */
    double risk_free;              /* per year */
    double mean, deviation;        /* of r; the sample deviation, 0 where only rounding varies */
} dialect_facts;

typedef enum dialect_need { NEEDS_CURVE, NEEDS_BENCHMARK, NEEDS_TRADES } dialect_need;

/* A row of a dialect's table. value gives NaN and infinity where the tool does. */
typedef struct dialect_row {
    const char *key, *title, *differs;
    qb_kpi_unit unit;
    bool percent;
    dialect_need need;
    double (*value)(const dialect_facts *facts);
} dialect_row;

typedef struct dialect_table {
    const char *name, *version, *manner;
    const dialect_row *rows;
    size_t count;
    double standard_years; /* N unless told */
    bool fixed_years;      /* and it cannot be told */
    /* N of the curve; NULL: standard_years. */
    double (*find_years)(const dialect_facts *facts);
} dialect_table;
extern const dialect_table dialect_quantstats, dialect_empyrical, dialect_backtesting,
    dialect_freqtrade, dialect_lean, dialect_vectorbt;

/* ---- sums over returns --------------------------------------------------------------------- */

double dialect_mean(const double *x, size_t count);
/* Mean of (x - mean)^power. */
double dialect_moment(const double *x, size_t count, double mean, int power);
/* Sample deviation about their own mean; NaN below 2 values, 0 where only rounding varies. */
double dialect_deviation(const double *x, size_t count);
/* sqrt(mean(min(x - threshold, 0)^2)) over all. */
double dialect_downside(const double *x, size_t count, double threshold);
/* Sum of x - threshold above it, and of its negative below. */
void dialect_sides(const double *x, size_t count, double threshold, double *out_gain,
                   double *out_loss);
/* Of the sample, corrected for bias as pandas and MathNet do; NaN without variation or below 3
 * (4) values. Kurtosis is excess. Joanes and Gill: Comparing Measures of Sample Skewness and
 * Kurtosis (1998). */
double dialect_sample_skew(const dialect_facts *facts);
double dialect_sample_kurtosis(const dialect_facts *facts);
/* Of the population; kurtosis is excess; NaN without variation. */
double dialect_skew(const dialect_facts *facts);
double dialect_kurtosis(const dialect_facts *facts);
/* Between neighbours by line, as numpy and pandas do: place (count - 1) share. NaN without any. */
double dialect_quantile(const dialect_facts *facts, double share);
/* Sample covariance over sample variance of the benchmark; NaN where that is below the limit. */
double dialect_beta(const dialect_facts *facts, double variance_limit);

/* ---- of the curve -------------------------------------------------------------------------- */

/* Last value of the periods over the first; NaN without returns. */
double dialect_growth(const dialect_facts *facts);
/* (growth)^(N / returns) - 1. */
double dialect_growth_by_count(const dialect_facts *facts);
double dialect_calendar_days(const qb_curve *curve);
/* Largest (peak - value) / peak of the periods from this point on. */
double dialect_drawdown(const dialect_facts *facts, size_t first);

double dialect_safe_ratio(double above, double below); /* NaN where below is 0 */

/* ---- of trades ----------------------------------------------------------------------------- */

typedef struct dialect_trades {
    double profit, gain, loss; /* money: sum, of the winners, of the losers as a positive number */
    double count, winners, losers;
} dialect_trades;
dialect_trades dialect_trades_of(const dialect_facts *facts);

#endif
