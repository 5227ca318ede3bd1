/* empyrical 0.5.5 and its successor empyrical-reloaded 0.7.1: empyrical/stats.py, figures under
 * the names of its functions, with period 'daily' (N = 252) unless told. The risk-free rate there
 * is a period's; it is given rf / N. It enters Sharpe, Omega, alpha and beta alone.
 *
 * Undefined there is nan: no return, fewer than 2 for deviations, no drawdown for Calmar, no loss
 * for Omega, a variance of the benchmark below 1e-30. A Sharpe or Sortino ratio over nothing is inf
 * (nan where the mean is 0 too). */
#include "core/metrics/dialects-private.h"

#include <math.h>

#define FLAT_BENCHMARK 1e-30

static double free_rate(const dialect_facts *facts)
{
    return facts->risk_free / facts->years;
}

static double total_return(const dialect_facts *facts)
{
    return dialect_growth(facts) - 1;
}

static double volatility(const dialect_facts *facts)
{
    return facts->deviation * sqrt(facts->years);
}

static double max_drawdown(const dialect_facts *facts)
{
    return facts->count == 0 ? NAN : -dialect_drawdown(facts, 0);
}

static double calmar(const dialect_facts *facts)
{
    const double ratio = dialect_growth_by_count(facts) / dialect_drawdown(facts, 0);
    return isfinite(ratio) ? ratio : NAN;
}

static double sharpe(const dialect_facts *facts)
{
    return (facts->mean - free_rate(facts)) / facts->deviation * sqrt(facts->years);
}

static double downside_risk(const dialect_facts *facts)
{
    return dialect_downside(facts->r, facts->count, 0) * sqrt(facts->years);
}

static double sortino(const dialect_facts *facts)
{
    return facts->count < 2 ? NAN : facts->mean * facts->years / downside_risk(facts);
}

static double omega(const dialect_facts *facts)
{
    double gain, loss;
    dialect_sides(facts->r, facts->count, free_rate(facts), &gain, &loss);
    return facts->count < 2 ? NAN : dialect_safe_ratio(gain, loss);
}

/* Squared correlation of the cumulative log return with time; 0 for a curve that stands still. */
static double stability(const dialect_facts *facts)
{
    const double *value = facts->in->periods.value, n = (double)facts->count;
    if (facts->count < 2)
        return NAN;
    double mean = 0, xy = 0, yy = 0;
    for (size_t i = 0; i < facts->count; i++)
        mean += log(value[i + 1] / value[0]) / n;
    for (size_t i = 0; i < facts->count; i++) {
        const double x = (double)i - (n - 1) / 2, y = log(value[i + 1] / value[0]) - mean;
        xy += x * y;
        yy += y * y;
    }
    const double xx = n * (n * n - 1) / 12;
    return yy == 0 ? 0 : fmin(xy * xy / (xx * yy), 1);
}

static double tail_ratio(const dialect_facts *facts)
{
    return fabs(dialect_quantile(facts, 0.95)) / fabs(dialect_quantile(facts, 0.05));
}

static double value_at_risk(const dialect_facts *facts)
{
    return dialect_quantile(facts, 0.05);
}

static double expected_shortfall(const dialect_facts *facts)
{
    if (facts->count == 0)
        return NAN;
    const size_t last = (size_t)((double)(facts->count - 1) * 0.05);
    return dialect_mean(facts->order, last + 1);
}

static double beta(const dialect_facts *facts)
{
    return dialect_beta(facts, FLAT_BENCHMARK);
}

static double alpha(const dialect_facts *facts)
{
    const double rate = free_rate(facts), other = dialect_mean(facts->b, facts->count);
    const double rest = facts->mean - rate - beta(facts) * (other - rate);
    return pow(1 + rest, facts->years) - 1;
}

static const dialect_row rows[] = {
    {"total_return", "cum_returns_final", NULL, QB_KPI_FRACTION, false, NEEDS_CURVE, total_return},
    {"cagr", "annual_return", "counts returns / N as years, not calendar days", QB_KPI_FRACTION,
     false, NEEDS_CURVE, dialect_growth_by_count},
    {"volatility", "annual_volatility", NULL, QB_KPI_FRACTION, false, NEEDS_CURVE, volatility},
    {"max_drawdown", "max_drawdown", "negative, and of the periods alone", QB_KPI_FRACTION, false,
     NEEDS_CURVE, max_drawdown},
    {"sharpe", "sharpe_ratio", NULL, QB_KPI_NUMBER, false, NEEDS_CURVE, sharpe},
    {"sortino", "sortino_ratio", "against 0, not against the risk-free rate", QB_KPI_NUMBER, false,
     NEEDS_CURVE, sortino},
    {"calmar", "calmar_ratio", "its annual return, which counts periods", QB_KPI_NUMBER, false,
     NEEDS_CURVE, calmar},
    {"alpha", "alpha", "the risk-free rate is taken off both sides", QB_KPI_FRACTION, false,
     NEEDS_BENCHMARK, alpha},
    {"beta", "beta", NULL, QB_KPI_NUMBER, false, NEEDS_BENCHMARK, beta},
    {"skew", "skew", NULL, QB_KPI_NUMBER, false, NEEDS_CURVE, dialect_skew},
    {"kurtosis", "kurtosis", "less 3: a normal distribution has 0", QB_KPI_NUMBER, false,
     NEEDS_CURVE, dialect_kurtosis},
    {"downside_risk", "downside_risk", "root mean square of losses x sqrt(N)", QB_KPI_FRACTION,
     false, NEEDS_CURVE, downside_risk},
    {"omega", "omega_ratio", "sum of gains / sum of losses of periods", QB_KPI_NUMBER, false,
     NEEDS_CURVE, omega},
    {"stability", "stability_of_timeseries", "R squared of log equity against time", QB_KPI_NUMBER,
     false, NEEDS_CURVE, stability},
    {"tail_ratio", "tail_ratio", "|95 % quantile| / |5 % quantile|", QB_KPI_NUMBER, false,
     NEEDS_CURVE, tail_ratio},
    {"value_at_risk", "value_at_risk", "5 % quantile of the returns", QB_KPI_FRACTION, false,
     NEEDS_CURVE, value_at_risk},
    {"expected_shortfall", "conditional_value_at_risk", "mean of the smallest 5 % of returns",
     QB_KPI_FRACTION, false, NEEDS_CURVE, expected_shortfall},
};
_Static_assert(sizeof rows / sizeof rows[0] <= QB_DIALECT_KPIS_LIMIT, "raise the limit");

const dialect_table dialect_empyrical = {
    .name = "empyrical",
    .version = "0.7.1",
    .manner = "counts periods, not days, for annual return and Calmar; Sortino is against 0",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
    .standard_years = 252,
};
