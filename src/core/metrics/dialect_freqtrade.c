/* freqtrade 2024.10-dev at commit c9ae5e1: freqtrade/data/metrics.py, under the names of
 * optimize_reports/bt_output.py. Its ratios know no curve: they take one value per closed trade,
 * profit / starting balance, sum them over the days of the backtest, divide by the population
 * deviation of the trades, and annualise with sqrt(365). The balance at the end is the curve's.
 *
 * Undefined there: Sharpe and Sortino without deviation and Calmar without a drawdown -100; without
 * any trade or time 0, and the expectancy ratio 100; the profit factor without a loser 0. Its
 * drawdown is one of closed trades, and cannot begin with the first. */
#include "core/metrics/dialects-private.h"

#include <math.h>

#define YEAR_DAYS 365.0
#define NOT_OPTIMAL (-100.0)

static double start_balance(const dialect_facts *facts)
{
    return facts->in->periods.value[0];
}

static double final_balance(const dialect_facts *facts)
{
    return facts->in->periods.value[facts->in->periods.count - 1];
}

static double whole_days(const dialect_facts *facts)
{
    return fmax(floor(dialect_calendar_days(&facts->in->periods)), 1);
}

/* No trade, or no time for one. */
static bool is_idle(const dialect_facts *facts)
{
    return facts->in->trade_count == 0 || dialect_calendar_days(&facts->in->periods) == 0;
}

static double absolute_profit(const dialect_facts *facts)
{
    return dialect_trades_of(facts).profit;
}

static double total_profit(const dialect_facts *facts)
{
    return absolute_profit(facts) / start_balance(facts);
}

static double profit_a_day(const dialect_facts *facts)
{
    return total_profit(facts) / whole_days(facts);
}

static double cagr(const dialect_facts *facts)
{
    const double growth = final_balance(facts) / start_balance(facts);
    return growth < 0 ? 0 : pow(growth, YEAR_DAYS / whole_days(facts)) - 1;
}

/* Population deviation of the trades' profits, of losers alone where asked; NaN without any. */
static double deviation(const dialect_facts *facts, bool losers_only)
{
    double count = 0, mean = 0, squares = 0;
    for (size_t i = 0; i < facts->in->trade_count; i++) {
        const double share = facts->trades[i].profit / start_balance(facts);
        if (losers_only && !(share < 0))
            continue;
        const double d = share - mean;
        count++;
        mean += d / count;
        squares += d * (share - mean);
    }
    return sqrt(squares / count);
}

static double annualised(const dialect_facts *facts, double risk)
{
    if (is_idle(facts))
        return 0;
    return risk > 0 ? profit_a_day(facts) / risk * sqrt(YEAR_DAYS) : NOT_OPTIMAL;
}

static double sharpe(const dialect_facts *facts)
{
    return annualised(facts, deviation(facts, false));
}

static double sortino(const dialect_facts *facts)
{
    return annualised(facts, deviation(facts, true));
}

/* ---- drawdown ------------------------------------------------------------------------------ */

typedef struct fall {
    double money, share; /* the largest in money, and what it was of the balance at its peak */
    double underwater;   /* the largest share of any */
} fall;

static fall fall_of(const dialect_facts *facts)
{
    fall worst = {0};
    const double start = start_balance(facts);
    double sum = 0, high = -INFINITY;
    for (size_t i = 0; i < facts->in->trade_count; i++) {
        sum += facts->trades[i].profit;
        high = fmax(high, sum);
        const double share = (high - sum) / (start + high);
        if (high - sum > worst.money) {
            worst.money = high - sum;
            worst.share = share;
        }
        worst.underwater = fmax(worst.underwater, share);
    }
    return worst;
}

static double max_drawdown(const dialect_facts *facts)
{
    return fall_of(facts).share;
}

static double absolute_drawdown(const dialect_facts *facts)
{
    return fall_of(facts).money;
}

static double underwater(const dialect_facts *facts)
{
    return fall_of(facts).underwater;
}

/* The daily profit in per cent, and not annualised but for the root. */
static double calmar(const dialect_facts *facts)
{
    return annualised(facts, max_drawdown(facts) / 100);
}

/* ---- trades -------------------------------------------------------------------------------- */

static double trade_count(const dialect_facts *facts)
{
    return (double)facts->in->trade_count;
}

static double win_rate(const dialect_facts *facts)
{
    const dialect_trades t = dialect_trades_of(facts);
    return t.count > 0 ? t.winners / t.count : 0;
}

static double profit_factor(const dialect_facts *facts)
{
    const dialect_trades t = dialect_trades_of(facts);
    return t.loss > 0 ? t.gain / t.loss : 0;
}

static double expectancy(const dialect_facts *facts)
{
    const dialect_trades t = dialect_trades_of(facts);
    return t.count > 0 ? t.profit / t.count : 0;
}

static double expectancy_ratio(const dialect_facts *facts)
{
    const dialect_trades t = dialect_trades_of(facts);
    if (!(t.loss > 0))
        return 100;
    const double gain = t.winners > 0 ? t.gain / t.winners : 0;
    return (1 + gain / (t.loss / t.losers)) * t.winners / t.count - 1;
}

static double mean_return(const dialect_facts *facts)
{
    double sum = 0;
    for (size_t i = 0; i < facts->in->trade_count; i++)
        sum += facts->trades[i].return_fraction;
    return facts->in->trade_count == 0 ? 0 : sum / trade_count(facts);
}

static const dialect_row rows[] = {
    {"start_equity", "Starting balance", "equity at the start", QB_KPI_MONEY, false, NEEDS_CURVE,
     start_balance},
    {"end_equity", "Final balance", "equity at the end", QB_KPI_MONEY, false, NEEDS_CURVE,
     final_balance},
    {"profit", "Absolute profit", "of the closed trades", QB_KPI_MONEY, false, NEEDS_TRADES,
     absolute_profit},
    {"total_return", "Total profit %", "of the closed trades, not of the curve", QB_KPI_FRACTION,
     true, NEEDS_TRADES, total_profit},
    {"cagr", "CAGR %", "years of 365 whole days, not of 365.25", QB_KPI_FRACTION, true, NEEDS_CURVE,
     cagr},
    {"sortino", "Sortino", "profit of trades a day / deviation of the losing trades", QB_KPI_NUMBER,
     false, NEEDS_TRADES, sortino},
    {"sharpe", "Sharpe", "profit of trades a day / deviation of trades, x sqrt(365)", QB_KPI_NUMBER,
     false, NEEDS_TRADES, sharpe},
    {"calmar", "Calmar", "profit of trades a day in % x sqrt(365) / their drawdown", QB_KPI_NUMBER,
     false, NEEDS_TRADES, calmar},
    {"profit_factor", "Profit factor", NULL, QB_KPI_NUMBER, false, NEEDS_TRADES, profit_factor},
    {"expectancy", "Expectancy", NULL, QB_KPI_MONEY, false, NEEDS_TRADES, expectancy},
    {"expectancy_ratio", "Expectancy (Ratio)", "(1 + mean gain / mean loss) x win rate - 1",
     QB_KPI_NUMBER, false, NEEDS_TRADES, expectancy_ratio},
    {"profit_a_day", "Avg. daily profit %", "total profit / days", QB_KPI_FRACTION, true,
     NEEDS_TRADES, profit_a_day},
    {"trades", "Total trades", "closed trades", QB_KPI_COUNT, false, NEEDS_TRADES, trade_count},
    {"win_rate", "Win%", NULL, QB_KPI_FRACTION, true, NEEDS_TRADES, win_rate},
    {"expectancy_fraction", "Avg Profit %", NULL, QB_KPI_FRACTION, true, NEEDS_TRADES, mean_return},
    {"underwater", "Max % of account underwater", "largest fall after closed trades",
     QB_KPI_FRACTION, true, NEEDS_TRADES, underwater},
    {"max_drawdown", "Absolute Drawdown (Account)", "after closed trades: the largest in money",
     QB_KPI_FRACTION, true, NEEDS_TRADES, max_drawdown},
    {"drawdown_money", "Absolute Drawdown", "that fall in money", QB_KPI_MONEY, false, NEEDS_TRADES,
     absolute_drawdown},
};
_Static_assert(sizeof rows / sizeof rows[0] <= QB_DIALECT_KPIS_LIMIT, "raise the limit");

const dialect_table dialect_freqtrade = {
    .name = "freqtrade",
    .version = "2024.10",
    .manner = "knows closed trades and no curve, spreads them over calendar days, and gives -100 "
              "where a ratio is undefined",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
    .standard_years = YEAR_DAYS,
    .fixed_years = true,
};
