/* quantstats 0.0.86: quantstats/stats.py under the titles of quantstats/reports.py, metrics() in
 * full mode, on equity.pct_change().dropna(). It prints two decimals.
 *
 * Undefined there: Sortino, Omega, gain/pain, tail and payoff ratio are nan where the divisor is
 * 0, Calmar inf, the profit factor inf without a losing day (in its report 0) and 0 without any
 * that moved, as the win rate; the Sharpe ratio without variation is what pandas divides, inf or
 * nan; alpha and beta of a benchmark without variation are 0. Not followed: returns that are never
 * below 0 and once above 100 % it takes for prices. */
#include "core/metrics/dialects-private.h"

#include <math.h>

/* It de-annualises geometrically, and only a rate above 0. */
static double free_rate(const dialect_facts *facts)
{
    return facts->risk_free > 0 ? pow(1 + facts->risk_free, 1 / facts->years) - 1 : 0;
}

static double total_return(const dialect_facts *facts)
{
    return dialect_growth(facts) - 1;
}

static double sharpe_a_period(const dialect_facts *facts)
{
    return (facts->mean - free_rate(facts)) / facts->deviation;
}

static double sharpe(const dialect_facts *facts)
{
    return sharpe_a_period(facts) * sqrt(facts->years);
}

static double probability(const dialect_facts *facts)
{
    const double sr = sharpe_a_period(facts), skew = dialect_sample_skew(facts);
    return qb_psr(sr, 0, (double)facts->count, skew, dialect_sample_kurtosis(facts) + 3);
}

static double sortino(const dialect_facts *facts)
{
    const double rate = free_rate(facts);
    return dialect_safe_ratio((facts->mean - rate) * sqrt(facts->years),
                              dialect_downside(facts->r, facts->count, rate));
}

static double omega(const dialect_facts *facts)
{
    double gain, loss;
    dialect_sides(facts->r, facts->count, free_rate(facts), &gain, &loss);
    return facts->count < 2 ? NAN : dialect_safe_ratio(gain, loss);
}

static double max_drawdown(const dialect_facts *facts)
{
    return -dialect_drawdown(facts, 0);
}

static double volatility(const dialect_facts *facts)
{
    return facts->deviation * sqrt(facts->years);
}

static double calmar(const dialect_facts *facts)
{
    return dialect_growth_by_count(facts) / dialect_drawdown(facts, 0);
}

/* ---- of days ------------------------------------------------------------------------------- */

typedef struct days {
    double up, down, gain, loss; /* count and sum of returns above and below 0; loss positive */
} days;

static days days_of(const dialect_facts *facts)
{
    days d = {0};
    dialect_sides(facts->r, facts->count, 0, &d.gain, &d.loss);
    for (size_t i = 0; i < facts->count; i++) {
        d.up += facts->r[i] > 0;
        d.down += facts->r[i] < 0;
    }
    return d;
}

/* The share of days that moved, rounded up to a per cent. */
static double time_in_market(const dialect_facts *facts)
{
    const days d = days_of(facts);
    return facts->count == 0 ? 0 : ceil((d.up + d.down) / (double)facts->count * 100) / 100;
}

static double win_rate(const dialect_facts *facts)
{
    const days d = days_of(facts);
    return d.up + d.down == 0 ? 0 : d.up / (d.up + d.down);
}

static double payoff(const dialect_facts *facts)
{
    const days d = days_of(facts);
    return (d.gain / d.up) / (d.loss / d.down); /* nan where one side is empty */
}

static double profit_factor(const dialect_facts *facts)
{
    const days d = days_of(facts);
    return d.loss > 0 ? d.gain / d.loss : d.gain > 0 ? INFINITY : 0;
}

static double gain_to_pain(const dialect_facts *facts)
{
    const days d = days_of(facts);
    return dialect_safe_ratio(d.gain - d.loss, d.loss);
}

static double kelly(const dialect_facts *facts)
{
    const double ratio = payoff(facts), won = win_rate(facts);
    return ratio == 0 ? NAN : won - (1 - won) / ratio;
}

/* ---- tails --------------------------------------------------------------------------------- */

static double value_at_risk(const dialect_facts *facts)
{
    return -fabs(facts->mean + facts->deviation * qb_normal_quantile(0.05));
}

static double expected_shortfall(const dialect_facts *facts)
{
    const double z = qb_normal_quantile(0.05), density = exp(-z * z / 2) / sqrt(2 * M_PI);
    return -fabs(facts->mean - facts->deviation * density / 0.05);
}

static double tail_ratio(const dialect_facts *facts)
{
    return fabs(dialect_safe_ratio(dialect_quantile(facts, 0.95), dialect_quantile(facts, 0.05)));
}

/* Root mean square of the drawdowns, the start being a peak and no part of the mean. */
static double ulcer(const dialect_facts *facts)
{
    const double *value = facts->in->periods.value;
    double peak = value[0], sum = 0;
    for (size_t i = 1; i <= facts->count; i++) {
        peak = fmax(peak, value[i]);
        sum += (value[i] / peak - 1) * (value[i] / peak - 1);
    }
    return sqrt(sum / ((double)facts->count - 1));
}

/* ---- benchmark ----------------------------------------------------------------------------- */

static double zero_for_nan(double value)
{
    return isnan(value) ? 0 : value;
}

static double beta(const dialect_facts *facts)
{
    return zero_for_nan(dialect_beta(facts, 0));
}

static double alpha(const dialect_facts *facts)
{
    const double other = dialect_mean(facts->b, facts->count);
    return zero_for_nan((facts->mean - dialect_beta(facts, 0) * other) * facts->years);
}

static const dialect_row rows[] = {
    {"total_return", "Cumulative Return", NULL, QB_KPI_FRACTION, true, NEEDS_CURVE, total_return},
    {"cagr", "CAGR", "counts returns / N as years, not calendar days", QB_KPI_FRACTION, true,
     NEEDS_CURVE, dialect_growth_by_count},
    {"volatility", "Volatility (ann.)", NULL, QB_KPI_FRACTION, true, NEEDS_CURVE, volatility},
    {"max_drawdown", "Max Drawdown", "negative, and of the periods alone", QB_KPI_FRACTION, true,
     NEEDS_CURVE, max_drawdown},
    {"sharpe", "Sharpe", "the risk-free rate a period is (1 + rf)^(1/N) - 1", QB_KPI_NUMBER, false,
     NEEDS_CURVE, sharpe},
    {"sortino", "Sortino", "the risk-free rate a period is (1 + rf)^(1/N) - 1", QB_KPI_NUMBER,
     false, NEEDS_CURVE, sortino},
    {"calmar", "Calmar", "its CAGR, which counts periods", QB_KPI_NUMBER, false, NEEDS_CURVE,
     calmar},
    {"alpha", "Alpha", "arithmetic: N x what beta leaves of the mean", QB_KPI_FRACTION, false,
     NEEDS_BENCHMARK, alpha},
    {"beta", "Beta", NULL, QB_KPI_NUMBER, false, NEEDS_BENCHMARK, beta},
    {"win_rate", "Win Days", "rising days / days that moved, not trades", QB_KPI_FRACTION, true,
     NEEDS_CURVE, win_rate},
    {"profit_factor", "Profit Factor", "sums the returns of days, not the money of trades",
     QB_KPI_NUMBER, false, NEEDS_CURVE, profit_factor},
    {"exposure", "Time in Market", "days that moved / all days, rounded up to 1 %", QB_KPI_FRACTION,
     true, NEEDS_CURVE, time_in_market},
    {"psr", "Prob. Sharpe Ratio", "skew and kurtosis corrected for a sample", QB_KPI_FRACTION, true,
     NEEDS_CURVE, probability},
    {"skew", "Skew", "corrected for a sample", QB_KPI_NUMBER, false, NEEDS_CURVE,
     dialect_sample_skew},
    {"kurtosis", "Kurtosis", "corrected for a sample, and less 3", QB_KPI_NUMBER, false,
     NEEDS_CURVE, dialect_sample_kurtosis},
    {"omega", "Omega", "sum of gains / sum of losses of days", QB_KPI_NUMBER, false, NEEDS_CURVE,
     omega},
    {"gain_pain", "Gain/Pain Ratio", "sum of returns / sum of losses", QB_KPI_NUMBER, false,
     NEEDS_CURVE, gain_to_pain},
    {"payoff", "Payoff Ratio", "mean rising day / mean falling day", QB_KPI_NUMBER, false,
     NEEDS_CURVE, payoff},
    {"kelly", "Kelly Criterion", "W - (1 - W) / payoff, of days", QB_KPI_FRACTION, true,
     NEEDS_CURVE, kelly},
    {"value_at_risk", "Daily Value-at-Risk", "5 % quantile of a normal distribution",
     QB_KPI_FRACTION, true, NEEDS_CURVE, value_at_risk},
    {"expected_shortfall", "Expected Shortfall (cVaR)", "mean below it, of a normal distribution",
     QB_KPI_FRACTION, true, NEEDS_CURVE, expected_shortfall},
    {"tail_ratio", "Tail Ratio", "|95 % quantile / 5 % quantile|", QB_KPI_NUMBER, false,
     NEEDS_CURVE, tail_ratio},
    {"ulcer", "Ulcer Index", "root mean square of the drawdowns", QB_KPI_NUMBER, false, NEEDS_CURVE,
     ulcer},
};
_Static_assert(sizeof rows / sizeof rows[0] <= QB_DIALECT_KPIS_LIMIT, "raise the limit");

const dialect_table dialect_quantstats = {
    .name = "quantstats",
    .version = "0.0.86",
    .manner = "counts periods, not days, for CAGR and Calmar; win rate and profit factor are of "
              "days, not of trades",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
    .standard_years = 252,
};
