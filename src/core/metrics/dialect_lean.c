/* LEAN at commit 2486390: Common/Statistics/PortfolioStatistics.cs and Statistics.cs, under the
 * names of StatisticsBuilder.GetSummary. Returns are annualised as (1 + mean)^N - 1, N = 252
 * (365 on a crypto brokerage). Growth and drawdown are of the fullest curve there is.
 *
 * LEAN samples at every midnight, weekends too, and leaves out the first day; whoever wants that
 * gives such periods. Undefined there is 0 throughout, with fewer than 2 returns everything but
 * the equities; its kurtosis is excess where the formula means raw, and its probability is that of
 * a yearly Sharpe ratio above 1. */
#include "core/metrics/dialects-private.h"

#include <math.h>

static double finite_or_zero(double value)
{
    return isfinite(value) ? value : 0;
}

/* Half to even at so many decimals, as Math.Round of a decimal. */
static double rounded(double value, double scale)
{
    return rint(value * scale) / scale;
}

/* ---- growth and drawdown ------------------------------------------------------------------- */

static double start_equity(const dialect_facts *facts)
{
    return facts->bars.value[0];
}

static double end_equity(const dialect_facts *facts)
{
    return facts->bars.value[facts->bars.count - 1];
}

static double net_profit(const dialect_facts *facts)
{
    return facts->count < 2 ? 0 : end_equity(facts) / start_equity(facts) - 1;
}

static double annual_return(const dialect_facts *facts)
{
    const double years = dialect_calendar_days(&facts->bars) / 365;
    if (facts->count < 2 || years == 0)
        return 0;
    return finite_or_zero(pow(end_equity(facts) / start_equity(facts), 1 / years) - 1);
}

static double drawdown(const dialect_facts *facts)
{
    return facts->count < 2 ? 0 : rounded(qb_max_drawdown(&facts->bars).depth, 1000);
}

/* Longest way from a peak to the next in whole days; a drawdown that has not recovered has none. */
static double drawdown_recovery(const dialect_facts *facts)
{
    const qb_curve *curve = &facts->bars;
    double peak = curve->value[0];
    int64_t peak_us = curve->ts_us[0], longest_us = 0;
    bool under = false;
    for (size_t i = 0; i < curve->count && facts->count >= 2; i++) {
        if (curve->value[i] < peak) {
            under = true;
            continue;
        }
        if (under && curve->ts_us[i] - peak_us > longest_us)
            longest_us = curve->ts_us[i] - peak_us;
        under = false;
        peak = curve->value[i];
        peak_us = curve->ts_us[i];
    }
    return (double)(longest_us / QB_DAY_US);
}

/* ---- returns ------------------------------------------------------------------------------- */

static double annual_performance(const dialect_facts *facts, const double *returns)
{
    return pow(1 + dialect_mean(returns, facts->count), facts->years) - 1;
}

static double variance(const dialect_facts *facts)
{
    return finite_or_zero(facts->deviation * facts->deviation * facts->years);
}

static double deviation(const dialect_facts *facts)
{
    return sqrt(variance(facts));
}

static double over(const dialect_facts *facts, double risk)
{
    const double performance = annual_performance(facts, facts->r) - facts->risk_free;
    return facts->count < 2 || !(risk > 0) ? 0 : finite_or_zero(performance / risk);
}

static double sharpe(const dialect_facts *facts)
{
    return over(facts, deviation(facts));
}

/* The losses about their own mean: the first of them in ascending order. */
static double sortino(const dialect_facts *facts)
{
    size_t losses = 0;
    while (losses < facts->count && facts->order[losses] < 0)
        losses++;
    return over(facts, dialect_deviation(facts->order, losses) * sqrt(facts->years));
}

static double probability(const dialect_facts *facts)
{
    if (facts->count < 2 || !(facts->deviation > 0))
        return facts->count < 2 ? 0 : 0.5;
    const double sr = (facts->mean - facts->risk_free / facts->years) / facts->deviation;
    const double psr = qb_psr(sr, 1 / sqrt(facts->years), (double)facts->count,
                              dialect_sample_skew(facts), dialect_sample_kurtosis(facts));
    return finite_or_zero(psr);
}

/* ---- benchmark ----------------------------------------------------------------------------- */

static double beta(const dialect_facts *facts)
{
    return finite_or_zero(dialect_beta(facts, 0));
}

static double alpha(const dialect_facts *facts)
{
    const double rate = facts->risk_free, slope = beta(facts);
    if (slope == 0)
        return 0;
    return annual_performance(facts, facts->r) -
           (rate + slope * (annual_performance(facts, facts->b) - rate));
}

static double tracking_error(const dialect_facts *facts)
{
    const size_t n = facts->count;
    double sum = 0, rest = 0;
    if (n < 2)
        return 0;
    const double mean = facts->mean - dialect_mean(facts->b, n);
    for (size_t i = 0; i < n; i++) {
        const double d = facts->r[i] - facts->b[i] - mean;
        sum += d * d;
        rest += d;
    }
    const double squares = fmax(sum - rest * rest / (double)n, 0);
    return sqrt(squares / ((double)n - 1) * facts->years);
}

static double information_ratio(const dialect_facts *facts)
{
    const double error = tracking_error(facts);
    if (error == 0)
        return 0;
    return (annual_performance(facts, facts->r) - annual_performance(facts, facts->b)) / error;
}

static double treynor(const dialect_facts *facts)
{
    const double slope = beta(facts);
    return slope == 0 ? 0 : (annual_performance(facts, facts->r) - facts->risk_free) / slope;
}

/* ---- trades -------------------------------------------------------------------------------- */

/* Mean profit over the capital made by the trades before, of winners or of the rest; out_share is
 * their share of all trades. */
static double average(const dialect_facts *facts, bool winners, double *out_share)
{
    double capital = start_equity(facts), sum = 0, count = 0;
    for (size_t i = 0; i < facts->in->trade_count; i++) {
        const double profit = facts->trades[i].profit;
        if ((profit > 0) == winners) {
            sum += profit / capital;
            count++;
        }
        capital += profit;
    }
    const double all = (double)facts->in->trade_count;
    *out_share = facts->count < 2 || all == 0 ? 0 : count / all;
    return facts->count < 2 || count == 0 ? 0 : sum / count;
}

static double average_win(const dialect_facts *facts)
{
    double share;
    return average(facts, true, &share);
}

static double average_loss(const dialect_facts *facts)
{
    double share;
    return average(facts, false, &share);
}

static double win_rate(const dialect_facts *facts)
{
    double share;
    average(facts, true, &share);
    return share;
}

static double loss_rate(const dialect_facts *facts)
{
    double share;
    average(facts, false, &share);
    return share;
}

static double profit_loss_ratio(const dialect_facts *facts)
{
    const double loss = average_loss(facts);
    return loss == 0 ? 0 : average_win(facts) / fabs(loss);
}

static double expectancy(const dialect_facts *facts)
{
    return win_rate(facts) * profit_loss_ratio(facts) - loss_rate(facts);
}

static const dialect_row rows[] = {
    {"start_equity", "Start Equity", "equity at the start", QB_KPI_MONEY, false, NEEDS_CURVE,
     start_equity},
    {"end_equity", "End Equity", "equity at the end", QB_KPI_MONEY, false, NEEDS_CURVE, end_equity},
    {"total_return", "Net Profit", NULL, QB_KPI_FRACTION, true, NEEDS_CURVE, net_profit},
    {"cagr", "Compounding Annual Return", "years of 365 days, not 365.25", QB_KPI_FRACTION, true,
     NEEDS_CURVE, annual_return},
    {"volatility", "Annual Standard Deviation", NULL, QB_KPI_FRACTION, false, NEEDS_CURVE,
     deviation},
    {"variance", "Annual Variance", "the square of that", QB_KPI_NUMBER, false, NEEDS_CURVE,
     variance},
    {"max_drawdown", "Drawdown", "rounded to a tenth of a per cent", QB_KPI_FRACTION, true,
     NEEDS_CURVE, drawdown},
    {"drawdown_recovery", "Drawdown Recovery", "whole days from a peak to the next, at most",
     QB_KPI_DAYS, false, NEEDS_CURVE, drawdown_recovery},
    {"sharpe", "Sharpe Ratio", "(1 + mean)^N - 1 above the line, not mean x N", QB_KPI_NUMBER,
     false, NEEDS_CURVE, sharpe},
    {"sortino", "Sortino Ratio", "the same over the losses' deviation about their own mean",
     QB_KPI_NUMBER, false, NEEDS_CURVE, sortino},
    {"psr", "Probabilistic Sharpe Ratio", "against a yearly Sharpe of 1, with excess kurtosis",
     QB_KPI_FRACTION, true, NEEDS_CURVE, probability},
    {"alpha", "Alpha", "difference of compounded returns, less beta's part", QB_KPI_FRACTION, false,
     NEEDS_BENCHMARK, alpha},
    {"beta", "Beta", NULL, QB_KPI_NUMBER, false, NEEDS_BENCHMARK, beta},
    {"information_ratio", "Information Ratio", "return above the benchmark / tracking error",
     QB_KPI_NUMBER, false, NEEDS_BENCHMARK, information_ratio},
    {"tracking_error", "Tracking Error", "deviation of the difference x sqrt(N)", QB_KPI_FRACTION,
     false, NEEDS_BENCHMARK, tracking_error},
    {"treynor", "Treynor Ratio", "annual return above the risk-free rate / beta", QB_KPI_NUMBER,
     false, NEEDS_BENCHMARK, treynor},
    {"win_rate", "Win Rate", NULL, QB_KPI_FRACTION, true, NEEDS_TRADES, win_rate},
    {"loss_rate", "Loss Rate", "trades without a gain / all", QB_KPI_FRACTION, true, NEEDS_TRADES,
     loss_rate},
    {"average_win", "Average Win", "mean gain / capital before it", QB_KPI_FRACTION, true,
     NEEDS_TRADES, average_win},
    {"average_loss", "Average Loss", "mean loss / capital before it", QB_KPI_FRACTION, true,
     NEEDS_TRADES, average_loss},
    {"payoff", "Profit-Loss Ratio", "average win / average loss", QB_KPI_NUMBER, false,
     NEEDS_TRADES, profit_loss_ratio},
    {"expectancy", "Expectancy", "win rate x payoff - loss rate: a ratio, not money", QB_KPI_NUMBER,
     false, NEEDS_TRADES, expectancy},
};
_Static_assert(sizeof rows / sizeof rows[0] <= QB_DIALECT_KPIS_LIMIT, "raise the limit");

const dialect_table dialect_lean = {
    .name = "lean",
    .version = "2486390",
    .manner = "compounds the mean return, takes the losses' deviation about their own mean, and "
              "gives 0 for what is undefined",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
    .standard_years = 252,
};
