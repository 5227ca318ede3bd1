/* backtesting.py at commit 9c2b8e1 and version 0.6.6: backtesting/_stats.py, compute_stats(), and
 * _data_period() of _util.py. Equity is resampled to days (weeks, months, years when its stamps are
 * so far apart), N is 252, or 365 where weekends have bars, and g is the geometric mean of those
 * returns. Its curve begins at the first bar's close. It has no idea of a warm-up here: buy and
 * hold is taken from the benchmark's first price, and the fees that it prints are not known.
 *
 * Undefined there is nan: a ratio over 0, anything of no trades; Sortino is inf without a losing
 * day. A geometric mean with a return of -100 % or worse is 0. */
#include "core/metrics/dialects-private.h"

#include <math.h>

/* ---- time ---------------------------------------------------------------------------------- */

/* Half of the distances in [0, count) are at most this; the mean of the middle two when even. */
static double median(double *x, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && x[k] < x[k - 1]; k--) {
            const double swap = x[k];
            x[k] = x[k - 1];
            x[k - 1] = swap;
        }
    if (count == 0)
        return NAN;
    return count % 2 == 1 ? x[count / 2] : (x[count / 2 - 1] + x[count / 2]) / 2;
}

/* Median distance of the last 100 stamps, in microseconds; NaN with a single one. */
static double data_period(const qb_curve *curve)
{
    double distance[99];
    const size_t count = curve->count < 100 ? curve->count - 1 : 99;
    for (size_t i = 0; i < count; i++) {
        const size_t at = curve->count - count + i;
        distance[i] = (double)(curve->ts_us[at] - curve->ts_us[at - 1]);
    }
    return median(distance, count);
}

typedef enum bin { BIN_DAY, BIN_WEEK, BIN_MONTH, BIN_YEAR } bin;

static bin bin_of(const qb_curve *curve)
{
    const double days = floor(data_period(curve) / (double)QB_DAY_US);
    return days == 7 ? BIN_WEEK : days == 31 ? BIN_MONTH : days == 365 ? BIN_YEAR : BIN_DAY;
}

/* Equal for stamps that fall into one bin; weeks end on Sunday. */
static int64_t bin_number(bin bin, int64_t ts_us)
{
    const int32_t date = qb_date_from_us(ts_us);
    const qb_civil civil = qb_civil_from_date(date);
    switch (bin) {
    case BIN_WEEK:
        return date - qb_weekday(date);
    case BIN_MONTH:
        return civil.year * 12 + civil.month;
    case BIN_YEAR:
        return civil.year;
    default:
        return date;
    }
}

static double years_of(const dialect_facts *facts)
{
    const qb_curve *curve = &facts->bars;
    static const double standard[] = {
        [BIN_DAY] = 252, [BIN_WEEK] = 52, [BIN_MONTH] = 12, [BIN_YEAR] = 1};
    size_t weekend = 0;
    for (size_t i = 0; i < curve->count; i++)
        weekend += qb_weekday(qb_date_from_us(curve->ts_us[i])) >= 5;
    const bin bin = bin_of(curve);
    const bool whole_week = (double)weekend / (double)curve->count > 2.0 / 7 * .6;
    return bin == BIN_DAY && whole_week ? 365 : standard[bin];
}

/* ---- returns of days ----------------------------------------------------------------------- */

typedef struct day_returns {
    double count, mean, squares; /* squares of the distance from the mean */
    double logs, below;          /* sum of log(1 + r); of the squares of losses */
    bool ruined;                 /* one of -100 % or worse */
} day_returns;

static void add_return(day_returns *self, double r)
{
    const double d = r - self->mean;
    self->count++;
    self->mean += d / self->count;
    self->squares += d * (r - self->mean);
    self->below += r < 0 ? r * r : 0;
    self->ruined |= r <= -1;
    self->logs += log1p(r);
}

static day_returns day_returns_of(const dialect_facts *facts)
{
    const qb_curve *curve = &facts->bars;
    const bin bin = bin_of(curve);
    day_returns all = {0};
    double before = NAN;
    for (size_t i = 0; i < curve->count; i++) {
        if (i + 1 < curve->count &&
            bin_number(bin, curve->ts_us[i]) == bin_number(bin, curve->ts_us[i + 1]))
            continue;
        if (!isnan(before))
            add_return(&all, curve->value[i] / before - 1);
        before = curve->value[i];
    }
    return all;
}

static double geometric_mean(const day_returns *days)
{
    return days->ruined ? 0 : expm1(days->logs / days->count);
}

static double annual_return(const dialect_facts *facts)
{
    const day_returns days = day_returns_of(facts);
    return pow(1 + geometric_mean(&days), facts->years) - 1;
}

static double volatility(const dialect_facts *facts)
{
    const day_returns days = day_returns_of(facts);
    const double g = 1 + geometric_mean(&days), n = facts->years;
    const double variance = days.squares / (days.count - 1);
    return sqrt(pow(variance + g * g, n) - pow(g, 2 * n));
}

static double sharpe(const dialect_facts *facts)
{
    return dialect_safe_ratio(annual_return(facts) - facts->risk_free, volatility(facts));
}

static double sortino(const dialect_facts *facts)
{
    const day_returns days = day_returns_of(facts);
    const double downside = sqrt(days.below / days.count) * sqrt(facts->years);
    return (annual_return(facts) - facts->risk_free) / downside;
}

/* ---- the curve ----------------------------------------------------------------------------- */

static double end_equity(const dialect_facts *facts)
{
    return facts->bars.value[facts->bars.count - 1];
}

static double peak_equity(const dialect_facts *facts)
{
    double peak = facts->bars.value[0];
    for (size_t i = 1; i < facts->bars.count; i++)
        peak = fmax(peak, facts->bars.value[i]);
    return peak;
}

static double total_return(const dialect_facts *facts)
{
    return end_equity(facts) / facts->bars.value[0] - 1;
}

static double cagr(const dialect_facts *facts)
{
    const double years = dialect_calendar_days(&facts->bars) / 365.25;
    return years == 0 ? NAN : pow(end_equity(facts) / facts->bars.value[0], 1 / years) - 1;
}

static double max_drawdown(const dialect_facts *facts)
{
    return -qb_max_drawdown(&facts->bars).depth;
}

static double calmar(const dialect_facts *facts)
{
    return dialect_safe_ratio(annual_return(facts), -max_drawdown(facts));
}

/* Drawdowns run from one value at the peak to the next, or to the end. */
typedef struct episodes {
    double count, depths, days, longest;
} episodes;

static episodes episodes_of(const qb_curve *curve)
{
    episodes all = {0};
    double peak = curve->value[0], depth = 0;
    size_t start = 0;
    for (size_t i = 1; i < curve->count; i++) {
        const bool recovered = curve->value[i] >= peak, last = i + 1 == curve->count;
        if (!recovered)
            depth = fmax(depth, 1 - curve->value[i] / peak);
        if (!recovered && !last)
            continue;
        if (i > start + 1) {
            const double days = (double)(curve->ts_us[i] - curve->ts_us[start]) / (double)QB_DAY_US;
            all.count++;
            all.depths += depth;
            all.days += days;
            all.longest = fmax(all.longest, days);
        }
        peak = fmax(peak, curve->value[i]);
        start = i;
        depth = 0;
    }
    return all;
}

/* Up to a whole day, hour, minute or second: the largest that divides the distance of the bars. */
static double up_to_resolution(const dialect_facts *facts, double days)
{
    static const int64_t units[] = {QB_DAY_US, QB_HOUR_US, QB_MINUTE_US, QB_SECOND_US};
    const double period = data_period(&facts->bars);
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        const double unit = (double)units[i];
        if (fmod(period, unit) == 0)
            return ceil(days * (double)QB_DAY_US / unit - 1e-9) * unit / (double)QB_DAY_US;
    }
    return days;
}

/* The last bar's fall is no episode to it, and counts only where there is no other. */
static double average_drawdown(const dialect_facts *facts)
{
    const episodes all = episodes_of(&facts->bars);
    const double last = 1 - end_equity(facts) / peak_equity(facts);
    return all.count > 0 ? -all.depths / all.count : last > 0 ? -last : NAN;
}

static double longest_drawdown(const dialect_facts *facts)
{
    const episodes all = episodes_of(&facts->bars);
    return all.count == 0 ? NAN : up_to_resolution(facts, all.longest);
}

static double average_drawdown_days(const dialect_facts *facts)
{
    const episodes all = episodes_of(&facts->bars);
    return all.count == 0 ? NAN : up_to_resolution(facts, all.days / all.count);
}

/* ---- benchmark ----------------------------------------------------------------------------- */

static double buy_and_hold(const dialect_facts *facts)
{
    const qb_curve *price = &facts->in->benchmark;
    return price->value[price->count - 1] / price->value[0] - 1;
}

static double log_step(const double *value, size_t i)
{
    return log(value[i + 1] / value[i]);
}

/* Of log returns, from stamp to stamp of the benchmark. */
static double beta(const dialect_facts *facts)
{
    const double *equity = facts->in->periods.value, *price = facts->in->benchmark.value;
    const double n = (double)facts->count;
    const double mean = log(equity[facts->count] / equity[0]) / n;
    const double other = log(price[facts->count] / price[0]) / n;
    double covariance = 0, variance = 0;
    for (size_t i = 0; i < facts->count; i++) {
        const double d = log_step(price, i) - other;
        covariance += (log_step(equity, i) - mean) * d;
        variance += d * d;
    }
    return facts->count < 2 ? NAN : covariance / variance;
}

static double alpha(const dialect_facts *facts)
{
    const double rate = facts->risk_free;
    return total_return(facts) - rate - beta(facts) * (buy_and_hold(facts) - rate);
}

/* ---- trades -------------------------------------------------------------------------------- */

/* Bars from a trade's entry to its exit, both counted; bars that two trades share count once. Back
 * from the last bar: of the trades that end at it or later, the one that began first decides. */
static double exposure(const dialect_facts *facts)
{
    const qb_curve *bars = &facts->bars;
    size_t held = 0, trade = facts->in->trade_count;
    int64_t entry_us = INT64_MAX;
    for (size_t i = bars->count; i-- > 0;) {
        for (; trade > 0 && facts->trades[trade - 1].exit_us >= bars->ts_us[i]; trade--)
            if (facts->trades[trade - 1].entry_us < entry_us)
                entry_us = facts->trades[trade - 1].entry_us;
        held += entry_us <= bars->ts_us[i];
    }
    return (double)held / (double)bars->count;
}

static double trade_count(const dialect_facts *facts)
{
    return (double)facts->in->trade_count;
}

static double win_rate(const dialect_facts *facts)
{
    const dialect_trades t = dialect_trades_of(facts);
    return t.winners / t.count;
}

typedef struct fractions {
    double sum, gain, loss, best, worst, logs, days, longest;
    bool ruined;
} fractions;

static fractions fractions_of(const dialect_facts *facts)
{
    fractions f = {.best = NAN, .worst = NAN, .longest = NAN};
    for (size_t i = 0; i < facts->in->trade_count; i++) {
        const qb_trade_result *trade = &facts->trades[i];
        const double r = trade->return_fraction;
        const double days = (double)(trade->exit_us - trade->entry_us) / (double)QB_DAY_US;
        f.sum += r;
        f.gain += fmax(r, 0);
        f.loss += fmax(-r, 0);
        f.best = fmax(f.best, r);
        f.worst = fmin(f.worst, r);
        f.ruined |= r <= -1;
        f.logs += log1p(r);
        f.days += days;
        f.longest = fmax(f.longest, days);
    }
    return f;
}

static double best_trade(const dialect_facts *facts)
{
    return fractions_of(facts).best;
}

static double worst_trade(const dialect_facts *facts)
{
    return fractions_of(facts).worst;
}

static double average_trade(const dialect_facts *facts)
{
    const fractions f = fractions_of(facts);
    return f.ruined ? 0 : expm1(f.logs / trade_count(facts));
}

static double longest_trade(const dialect_facts *facts)
{
    return up_to_resolution(facts, fractions_of(facts).longest);
}

static double average_trade_days(const dialect_facts *facts)
{
    return up_to_resolution(facts, fractions_of(facts).days / trade_count(facts));
}

static double profit_factor(const dialect_facts *facts)
{
    const fractions f = fractions_of(facts);
    return dialect_safe_ratio(f.gain, f.loss);
}

static double expectancy(const dialect_facts *facts)
{
    return fractions_of(facts).sum / trade_count(facts);
}

static double sqn(const dialect_facts *facts)
{
    const dialect_trades t = dialect_trades_of(facts);
    const double mean = t.profit / t.count;
    double squares = 0;
    for (size_t i = 0; i < facts->in->trade_count; i++)
        squares += (facts->trades[i].profit - mean) * (facts->trades[i].profit - mean);
    return sqrt(t.count) * dialect_safe_ratio(mean, sqrt(squares / (t.count - 1)));
}

static double kelly(const dialect_facts *facts)
{
    const dialect_trades t = dialect_trades_of(facts);
    const double won = t.winners / t.count;
    return won - (1 - won) / ((t.gain / t.winners) / (t.loss / t.losers));
}

static const dialect_row rows[] = {
    {"exposure", "Exposure Time [%]", "bars from entry to exit, both counted", QB_KPI_FRACTION,
     true, NEEDS_TRADES, exposure},
    {"end_equity", "Equity Final [$]", "equity at the end", QB_KPI_MONEY, false, NEEDS_CURVE,
     end_equity},
    {"peak_equity", "Equity Peak [$]", "highest equity", QB_KPI_MONEY, false, NEEDS_CURVE,
     peak_equity},
    {"total_return", "Return [%]", NULL, QB_KPI_FRACTION, true, NEEDS_CURVE, total_return},
    {"benchmark_return", "Buy & Hold Return [%]", "last price of the benchmark / first - 1",
     QB_KPI_FRACTION, true, NEEDS_BENCHMARK, buy_and_hold},
    {"cagr_count", "Return (Ann.) [%]", "(1 + geometric mean of days)^N - 1", QB_KPI_FRACTION, true,
     NEEDS_CURVE, annual_return},
    {"volatility", "Volatility (Ann.) [%]", "of compounded returns: grows with g, not with sqrt(N)",
     QB_KPI_FRACTION, true, NEEDS_CURVE, volatility},
    {"cagr", "CAGR [%]", NULL, QB_KPI_FRACTION, true, NEEDS_CURVE, cagr},
    {"sharpe", "Sharpe Ratio", "its annual return / its volatility", QB_KPI_NUMBER, false,
     NEEDS_CURVE, sharpe},
    {"sortino", "Sortino Ratio", "its annual return above the line, losses against 0",
     QB_KPI_NUMBER, false, NEEDS_CURVE, sortino},
    {"calmar", "Calmar Ratio", "its annual return, which counts periods", QB_KPI_NUMBER, false,
     NEEDS_CURVE, calmar},
    {"alpha", "Alpha [%]", "of the whole time: return - beta x buy and hold, not a year's",
     QB_KPI_FRACTION, true, NEEDS_BENCHMARK, alpha},
    {"beta", "Beta", "of log returns", QB_KPI_NUMBER, false, NEEDS_BENCHMARK, beta},
    {"max_drawdown", "Max. Drawdown [%]", "negative", QB_KPI_FRACTION, true, NEEDS_CURVE,
     max_drawdown},
    {"average_drawdown", "Avg. Drawdown [%]", "mean depth of the drawdowns", QB_KPI_FRACTION, true,
     NEEDS_CURVE, average_drawdown},
    {"longest_drawdown", "Max. Drawdown Duration", "from peak to peak, at most", QB_KPI_DAYS, false,
     NEEDS_CURVE, longest_drawdown},
    {"average_drawdown_days", "Avg. Drawdown Duration", "from peak to peak, in the mean",
     QB_KPI_DAYS, false, NEEDS_CURVE, average_drawdown_days},
    {"trades", "# Trades", "closed trades", QB_KPI_COUNT, false, NEEDS_TRADES, trade_count},
    {"win_rate", "Win Rate [%]", NULL, QB_KPI_FRACTION, true, NEEDS_TRADES, win_rate},
    {"best_trade", "Best Trade [%]", "largest return of a trade", QB_KPI_FRACTION, true,
     NEEDS_TRADES, best_trade},
    {"worst_trade", "Worst Trade [%]", "smallest return of a trade", QB_KPI_FRACTION, true,
     NEEDS_TRADES, worst_trade},
    {"average_trade", "Avg. Trade [%]", NULL, QB_KPI_FRACTION, true, NEEDS_TRADES, average_trade},
    {"longest_trade", "Max. Trade Duration", "from entry to exit, at most", QB_KPI_DAYS, false,
     NEEDS_TRADES, longest_trade},
    {"average_trade_days", "Avg. Trade Duration", "from entry to exit, in the mean", QB_KPI_DAYS,
     false, NEEDS_TRADES, average_trade_days},
    {"profit_factor", "Profit Factor", "sums returns of trades, not money", QB_KPI_NUMBER, false,
     NEEDS_TRADES, profit_factor},
    {"expectancy_fraction", "Expectancy [%]", NULL, QB_KPI_FRACTION, true, NEEDS_TRADES,
     expectancy},
    {"sqn", "SQN", NULL, QB_KPI_NUMBER, false, NEEDS_TRADES, sqn},
    {"kelly", "Kelly Criterion", "W - (1 - W) / (mean gain / mean loss)", QB_KPI_NUMBER, false,
     NEEDS_TRADES, kelly},
};
_Static_assert(sizeof rows / sizeof rows[0] <= QB_DIALECT_KPIS_LIMIT, "raise the limit");

const dialect_table dialect_backtesting = {
    .name = "backtesting.py",
    .version = "0.6.6",
    .manner = "annualises the geometric mean of days, and adds up returns where ours adds up money",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
    .standard_years = 252,
    .fixed_years = true,
    .find_years = years_of,
};
