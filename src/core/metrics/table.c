#include "core/metrics/metrics.h"

#define ROW(key, title, meaning, unit, group, better)                                       \
    {                                                                                       \
#key, title, meaning, QB_KPI_##unit, QB_KPI_##group, better, offsetof(qb_kpis, key) \
    }

const qb_kpi_info qb_kpi_table[] = {
    ROW(total_return, "Total return", "last equity / first - 1", FRACTION, RETURN, true),
    ROW(cagr, "CAGR", "growth a year of 365.25 days", FRACTION, RETURN, true),
    ROW(cagr_count, "CAGR by count", "growth a year of N periods", FRACTION, RETURN, true),
    ROW(volatility, "Volatility", "sample deviation x sqrt(N)", FRACTION, RISK, false),
    ROW(max_drawdown, "Max drawdown", "largest (peak - equity) / peak", FRACTION, RISK, false),
    ROW(sharpe, "Sharpe ratio", "mean excess return x sqrt(N) / deviation", NUMBER, RISK, true),
    ROW(sortino, "Sortino ratio", "the same / root mean square of losses", NUMBER, RISK, true),
    ROW(calmar, "Calmar ratio", "CAGR / max drawdown", NUMBER, RISK, true),
    ROW(alpha, "Alpha", "yearly return that beta leaves unexplained", FRACTION, BENCHMARK, true),
    ROW(beta, "Beta", "covariance / variance of the benchmark", NUMBER, BENCHMARK, false),
    ROW(win_rate, "Win rate", "winning trades / all closed ones", FRACTION, TRADES, false),
    ROW(profit_factor, "Profit factor", "gains / losses, after fees", NUMBER, TRADES, false),
    ROW(expectancy, "Expectancy", "mean profit of a trade", MONEY, TRADES, true),
    ROW(expectancy_fraction, "Expectancy %", "mean return of a trade", FRACTION, TRADES, true),
    ROW(average_trade, "Average trade", "geometric mean return of a trade", FRACTION, TRADES, true),
    ROW(sqn, "SQN", "sqrt(trades) x mean profit / deviation", NUMBER, TRADES, true),
    ROW(exposure, "Exposure", "bars with a position / all bars", FRACTION, TRADES, false),
    ROW(turnover, "Turnover a year", "traded value / mean equity", NUMBER, TRADES, false),
    ROW(psr, "Prob. Sharpe > 0", "probabilistic Sharpe ratio", FRACTION, EVIDENCE, false),
    ROW(minimum_track_record, "Track record", "periods until Sharpe > 0 at 95 %", PERIODS, EVIDENCE,
        false),
    ROW(skew, "Skew", "of period returns, population", NUMBER, EVIDENCE, false),
    ROW(kurtosis, "Kurtosis", "raw: a normal distribution has 3", NUMBER, EVIDENCE, false),
};
const size_t qb_kpi_table_count = sizeof qb_kpi_table / sizeof qb_kpi_table[0];
