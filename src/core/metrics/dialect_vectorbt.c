/* vectorbt 1.2.0: vectorbt/returns/nb.py under the titles of vectorbt/returns/accessors.py
 * (ReturnsAccessor.stats), and the trades' part of vectorbt/portfolio/base.py
 * (Portfolio.stats). A year has 365 periods unless year_freq says otherwise, whatever the days of
 * the index are. The risk-free rate there is a period's; it is given rf / N.
 *
 * Undefined there: fewer than 2 returns or no drawdown nan; a Sharpe, Sortino or Omega ratio over
 * nothing is inf; the profit factor is inf without a loser and nan without a trade. Its drawdown
 * begins with the first return's end, not with the start. */
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

static double benchmark_return(const dialect_facts *facts)
{
    const qb_curve *price = &facts->in->benchmark;
    return price->value[price->count - 1] / price->value[0] - 1;
}

static double volatility(const dialect_facts *facts)
{
    return facts->deviation * sqrt(facts->years);
}

/* nan where nothing ever fell. */
static double max_drawdown(const dialect_facts *facts)
{
    const double depth = dialect_drawdown(facts, 1);
    return depth > 0 ? depth : NAN;
}

static double sharpe(const dialect_facts *facts)
{
    if (facts->count < 2)
        return NAN;
    return facts->deviation == 0
               ? INFINITY
               : (facts->mean - free_rate(facts)) / facts->deviation * sqrt(facts->years);
}

static double calmar(const dialect_facts *facts)
{
    return dialect_growth_by_count(facts) / max_drawdown(facts);
}

static double omega(const dialect_facts *facts)
{
    double gain, loss;
    dialect_sides(facts->r, facts->count, free_rate(facts), &gain, &loss);
    return loss == 0 ? INFINITY : gain / loss;
}

static double sortino(const dialect_facts *facts)
{
    if (facts->count < 2)
        return NAN;
    const double downside = dialect_downside(facts->r, facts->count, 0);
    return downside == 0 ? INFINITY : facts->mean * sqrt(facts->years) / downside;
}

static double tail_ratio(const dialect_facts *facts)
{
    const double low = fabs(dialect_quantile(facts, 0.05));
    return low == 0 ? INFINITY : fabs(dialect_quantile(facts, 0.95)) / low;
}

static double common_sense(const dialect_facts *facts)
{
    return tail_ratio(facts) * (1 + dialect_growth_by_count(facts));
}

static double value_at_risk(const dialect_facts *facts)
{
    return dialect_quantile(facts, 0.05);
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

static double win_rate(const dialect_facts *facts)
{
    const dialect_trades t = dialect_trades_of(facts);
    return t.winners / t.count;
}

static double profit_factor(const dialect_facts *facts)
{
    const dialect_trades t = dialect_trades_of(facts);
    return t.gain / t.loss;
}

static double expectancy(const dialect_facts *facts)
{
    const dialect_trades t = dialect_trades_of(facts);
    return t.profit / t.count;
}

static const dialect_row rows[] = {
    {"total_return", "Total Return [%]", NULL, QB_KPI_FRACTION, true, NEEDS_CURVE, total_return},
    {"benchmark_return", "Benchmark Return [%]", "last price of the benchmark / first - 1",
     QB_KPI_FRACTION, true, NEEDS_BENCHMARK, benchmark_return},
    {"cagr", "Annualized Return [%]", "counts returns / N as years; N is 365 unless told",
     QB_KPI_FRACTION, true, NEEDS_CURVE, dialect_growth_by_count},
    {"volatility", "Annualized Volatility [%]", "N is 365 unless told", QB_KPI_FRACTION, true,
     NEEDS_CURVE, volatility},
    {"max_drawdown", "Max Drawdown [%]", "of the periods alone, without the start", QB_KPI_FRACTION,
     true, NEEDS_CURVE, max_drawdown},
    {"sharpe", "Sharpe Ratio", "N is 365 unless told", QB_KPI_NUMBER, false, NEEDS_CURVE, sharpe},
    {"sortino", "Sortino Ratio", "N is 365 unless told; against 0, not the risk-free rate",
     QB_KPI_NUMBER, false, NEEDS_CURVE, sortino},
    {"calmar", "Calmar Ratio", "its annualised return, which counts periods; N is 365",
     QB_KPI_NUMBER, false, NEEDS_CURVE, calmar},
    {"alpha", "Alpha", "N is 365 unless told; the risk-free rate is taken off both sides",
     QB_KPI_FRACTION, false, NEEDS_BENCHMARK, alpha},
    {"beta", "Beta", NULL, QB_KPI_NUMBER, false, NEEDS_BENCHMARK, beta},
    {"win_rate", "Win Rate [%]", NULL, QB_KPI_FRACTION, true, NEEDS_TRADES, win_rate},
    {"profit_factor", "Profit Factor", NULL, QB_KPI_NUMBER, false, NEEDS_TRADES, profit_factor},
    {"expectancy", "Expectancy", NULL, QB_KPI_MONEY, false, NEEDS_TRADES, expectancy},
    {"skew", "Skew", "corrected for a sample", QB_KPI_NUMBER, false, NEEDS_CURVE,
     dialect_sample_skew},
    {"kurtosis", "Kurtosis", "corrected for a sample, and less 3", QB_KPI_NUMBER, false,
     NEEDS_CURVE, dialect_sample_kurtosis},
    {"omega", "Omega Ratio", "sum of gains / sum of losses of periods", QB_KPI_NUMBER, false,
     NEEDS_CURVE, omega},
    {"tail_ratio", "Tail Ratio", "|95 % quantile| / |5 % quantile|", QB_KPI_NUMBER, false,
     NEEDS_CURVE, tail_ratio},
    {"common_sense", "Common Sense Ratio", "tail ratio x (1 + annualised return)", QB_KPI_NUMBER,
     false, NEEDS_CURVE, common_sense},
    {"value_at_risk", "Value at Risk", "5 % quantile of the returns", QB_KPI_FRACTION, false,
     NEEDS_CURVE, value_at_risk},
};
_Static_assert(sizeof rows / sizeof rows[0] <= QB_DIALECT_KPIS_LIMIT, "raise the limit");

const dialect_table dialect_vectorbt = {
    .name = "vectorbt",
    .version = "1.2.0",
    .manner = "annualises with 365 periods unless told, whatever the days of the curve are",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
    .standard_years = 365,
};
