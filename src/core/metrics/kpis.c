/* Two passes over the returns, which are divided out anew in each instead of being stored: a
 * block of them fits the first cache, a fresh page costs more than its divisions. The first pass
 * gives the means, the second the powers of the deviations from them. Within a block eight sums
 * run side by side; across blocks the sums are compensated, so the error does not grow with
 * the length of the curve. */
#include "core/metrics/metrics.h"

#include <float.h>
#include <math.h>

#define YEAR_DAYS 365.25

static const char no_points[] = "no equity points";
static const char not_numbers[] = "the equity is not a number somewhere";
static const char starts_low[] = "the equity starts at 0 or below";
static const char fell[] = "the equity fell to 0 or below";
static const char no_returns[] = "fewer than 2 points";
static const char few_returns[] = "fewer than 3 points";
static const char no_variation[] = "no variation";
static const char no_year[] = "periods per year are not positive";
static const char no_time[] = "no time passed";
static const char too_large[] = "too large to annualise";
static const char no_number[] = "not a finite number";

static qb_ratio defined(double value)
{
    return isfinite(value) ? (qb_ratio){value, NULL} : (qb_ratio){NAN, no_number};
}

static qb_ratio undefined(const char *why)
{
    return (qb_ratio){NAN, why};
}

/* growth per year of a whole that grew by this factor in `years`. */
static qb_ratio annualised(double factor, double years)
{
    const double value = expm1(log(factor) / years);
    return isfinite(value) ? defined(value) : undefined(too_large);
}

/* ---- sums ---------------------------------------------------------------------------------- */

#define BLOCK 256

/* Neumaier's compensated sum (1974). */
typedef struct sum {
    double high, low;
} sum;

static void sum_add(sum *self, double x)
{
    const double total = self->high + x;
    self->low += fabs(self->high) >= fabs(x) ? (self->high - total) + x : (x - total) + self->high;
    self->high = total;
}

static double sum_of(const sum *self)
{
    return self->high + self->low;
}

/* The narrowest vector register; wider types spill where the machine lacks them. Unaligned, since
 * curves are. */
typedef double pair __attribute__((vector_size(16), aligned(8), may_alias));

static double block_dot(const double x[BLOCK], const double y[BLOCK])
{
    const pair *a = (const pair *)x, *b = (const pair *)y;
    pair t0 = {0}, t1 = {0}, t2 = {0}, t3 = {0};
    for (size_t i = 0; i < BLOCK / 2; i += 4) {
        t0 += a[i] * b[i];
        t1 += a[i + 1] * b[i + 1];
        t2 += a[i + 2] * b[i + 2];
        t3 += a[i + 3] * b[i + 3];
    }
    t0 = (t0 + t2) + (t1 + t3);
    return t0[0] + t0[1];
}

static double block_sum(const double x[BLOCK])
{
    const pair *a = (const pair *)x;
    pair t0 = {0}, t1 = {0}, t2 = {0}, t3 = {0};
    for (size_t i = 0; i < BLOCK / 2; i += 4) {
        t0 += a[i];
        t1 += a[i + 1];
        t2 += a[i + 2];
        t3 += a[i + 3];
    }
    t0 = (t0 + t2) + (t1 + t3);
    return t0[0] + t0[1];
}

/* ---- returns ------------------------------------------------------------------------------- */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Returns less `shift` from point first on; the rest of the block is 0 and adds nothing. The
 * difference of neighbours is exact where neither is twice the other, so the division is the only
 * rounding. */
static void block_returns(const double *value, size_t first, size_t count, double shift,
                          double out[BLOCK])
{
    const double *from = value + first;
    size_t i = 0;
    for (; i + 2 <= count; i += 2) {
        const pair before = *(const pair *)(from + i), after = *(const pair *)(from + i + 1);
        *(pair *)(out + i) = (after - before) / before - shift;
    }
    for (; i < count; i++)
        out[i] = (from[i + 1] - from[i]) / from[i] - shift;
    for (; i < BLOCK; i++)
        out[i] = 0;
}

/* Shifted by the first return, so that equal returns have exactly that mean. */
static double mean_return(const double *value, size_t returns)
{
    const double shift = (value[1] - value[0]) / value[0];
    double block[BLOCK];
    sum total = {0};
    for (size_t first = 0; first < returns; first += BLOCK) {
        block_returns(value, first, smaller(BLOCK, returns - first), shift, block);
        sum_add(&total, block_sum(block));
    }
    return shift + sum_of(&total) / (double)returns;
}

typedef struct moments {
    double count, mean;
    double deviation; /* sample; 0 when only rounding varies */
    double downside;  /* root mean square below the risk-free rate */
    double skew, kurtosis;
} moments;

/* Sums of powers of deviations from the mean, and of squares below the risk-free rate. */
typedef struct powers {
    sum first, second, third, fourth, below;
} powers;

static void powers_add(powers *self, const double d[BLOCK], double excess_mean, size_t count)
{
    double square[BLOCK], below[BLOCK];
    for (size_t i = 0; i < BLOCK; i++)
        square[i] = d[i] * d[i];
    for (size_t i = 0; i < BLOCK; i++) {
        const double excess = d[i] + excess_mean;
        below[i] = excess < 0 ? excess : 0;
    }
    for (size_t i = count; i < BLOCK; i++)
        below[i] = 0;
    sum_add(&self->first, block_sum(d));
    sum_add(&self->second, block_sum(square));
    sum_add(&self->third, block_dot(square, d));
    sum_add(&self->fourth, block_dot(square, square));
    sum_add(&self->below, block_dot(below, below));
}

/* What rounding leaves of equal returns: each value of the curve is good to half a unit in its
 * last place, and so is each step of the division. */
static double noise(double mean)
{
    return 4 * DBL_EPSILON * (1 + fabs(mean));
}

static moments moments_of(const double *value, size_t returns, double free_rate)
{
    moments m = {.count = (double)returns, .mean = mean_return(value, returns)};
    double d[BLOCK];
    powers p = {0};
    for (size_t first = 0; first < returns; first += BLOCK) {
        const size_t count = smaller(BLOCK, returns - first);
        block_returns(value, first, count, m.mean, d);
        powers_add(&p, d, m.mean - free_rate, count);
    }
    /* What the rounded mean missed. */
    const double rest = sum_of(&p.first) / m.count;
    const double squares = fmax(sum_of(&p.second) - m.count * rest * rest, 0);

    m.deviation = returns > 1 ? sqrt(squares / (m.count - 1)) : 0;
    if (m.deviation <= noise(m.mean))
        m.deviation = 0;
    m.downside = sqrt(sum_of(&p.below) / m.count);
    if (m.downside <= noise(m.mean))
        m.downside = 0;
    const double variance = squares / m.count;
    m.skew = sum_of(&p.third) / m.count / (variance * sqrt(variance));
    m.kurtosis = sum_of(&p.fourth) / m.count / (variance * variance);
    return m;
}

/* ---- curves -------------------------------------------------------------------------------- */

static bool all_finite(const double *value, size_t count)
{
    bool finite = true;
    for (size_t i = 0; i < count; i++)
        finite &= fabs(value[i]) <= DBL_MAX;
    return finite;
}

static bool all_positive(const double *value, size_t count)
{
    bool positive = true;
    for (size_t i = 0; i < count; i++)
        positive &= value[i] > 0;
    return positive;
}

/* Why the curve has no start to divide by, or NULL. */
static const char *curve_flaw(const qb_curve *curve)
{
    if (curve->count == 0)
        return no_points;
    if (!all_finite(curve->value, curve->count))
        return not_numbers;
    return curve->value[0] > 0 ? NULL : starts_low;
}

static double years_of(const qb_curve *curve)
{
    const int64_t span_us = curve->ts_us[curve->count - 1] - curve->ts_us[0];
    return (double)span_us / (double)QB_DAY_US / YEAR_DAYS;
}

static double mean_value(const qb_curve *curve)
{
    sum total = {0};
    for (size_t i = 0; i < curve->count; i++)
        sum_add(&total, curve->value[i]);
    return sum_of(&total) / (double)curve->count;
}

/* ---- groups of ratios ---------------------------------------------------------------------- */

static void growth_ratios(const qb_kpi_input *in, qb_kpis *out)
{
    const qb_curve *curve = &in->periods;
    const char *flaw = curve_flaw(curve);
    if (flaw == NULL && curve->count < 2)
        flaw = no_returns;
    if (flaw != NULL) {
        out->total_return = out->cagr = out->cagr_count = undefined(flaw);
        return;
    }
    const double start = curve->value[0], end = curve->value[curve->count - 1];
    const double factor = end / start, years = years_of(curve);
    out->total_return = defined((end - start) / start);
    out->cagr = factor <= 0  ? undefined(fell)
                : years <= 0 ? undefined(no_time)
                             : annualised(factor, years);
    out->cagr_count = factor <= 0 ? undefined(fell)
                      : !(in->periods_per_year > 0.)
                          ? undefined(no_year)
                          : annualised(factor, (double)out->periods / in->periods_per_year);
}

static void drawdown_ratios(const qb_kpi_input *in, qb_kpis *out)
{
    const qb_curve *curve = in->full.count > 0 ? &in->full : &in->periods;
    const char *flaw = curve_flaw(curve);
    if (flaw != NULL) {
        out->max_drawdown = out->calmar = undefined(flaw);
        return;
    }
    out->drawdown = qb_max_drawdown(curve);
    out->max_drawdown = defined(out->drawdown.depth);
    out->calmar = out->cagr.undefined != NULL  ? undefined(out->cagr.undefined)
                  : out->drawdown.depth == 0.0 ? undefined("no drawdown")
                                               : defined(out->cagr.value / out->drawdown.depth);
}

static void undefine_returns(qb_kpis *out, const char *why)
{
    out->sharpe = out->sortino = out->volatility = undefined(why);
    out->psr = out->minimum_track_record = out->skew = out->kurtosis = undefined(why);
}

static void evidence_ratios(const moments *m, double free_rate, qb_kpis *out)
{
    const double confidence = 0.95, sr = (m->mean - free_rate) / m->deviation;
    out->skew = defined(m->skew);
    out->kurtosis = defined(m->kurtosis);
    out->psr = defined(qb_psr(sr, 0, m->count, m->skew, m->kurtosis));
    out->minimum_track_record =
        sr > 0 ? defined(qb_minimum_track_record(sr, 0, confidence, m->skew, m->kurtosis))
               : undefined("the Sharpe ratio is not above 0");
}

static void return_ratios(const moments *m, double periods_per_year, double risk_free, qb_kpis *out)
{
    const double free_rate = risk_free / periods_per_year, root = sqrt(periods_per_year);
    undefine_returns(out, few_returns);
    out->sortino = m->downside > 0 ? defined((m->mean - free_rate) * root / m->downside)
                                   : undefined("no return below the risk-free rate");
    if (m->count < 2)
        return;
    out->volatility = defined(m->deviation * root);
    if (m->deviation == 0) {
        out->sharpe = out->psr = out->minimum_track_record = undefined(no_variation);
        out->skew = out->kurtosis = undefined(no_variation);
        return;
    }
    out->sharpe = defined((m->mean - free_rate) * root / m->deviation);
    evidence_ratios(m, free_rate, out);
}

/* Why the benchmark cannot be set against the periods, or NULL. */
static const char *benchmark_flaw(const qb_curve *benchmark, const qb_curve *periods)
{
    if (benchmark->count == 0)
        return "no benchmark";
    if (benchmark->count != periods->count)
        return "the benchmark has other points than the equity";
    bool same = true;
    for (size_t i = 0; i < periods->count; i++)
        same &= benchmark->ts_us[i] == periods->ts_us[i];
    if (!same)
        return "the benchmark has other points than the equity";
    if (!all_finite(benchmark->value, benchmark->count) ||
        !all_positive(benchmark->value, benchmark->count))
        return "the benchmark has a price that is not above 0";
    return NULL;
}

static void benchmark_ratios(const qb_kpi_input *in, const moments *m, qb_kpis *out)
{
    const double *equity = in->periods.value, *price = in->benchmark.value;
    const size_t returns = in->periods.count - 1;
    const double benchmark_mean = mean_return(price, returns);
    double d[BLOCK], e[BLOCK];
    sum ee = {0}, de = {0}, e_sum = {0}, d_sum = {0};
    for (size_t first = 0; first < returns; first += BLOCK) {
        const size_t count = smaller(BLOCK, returns - first);
        block_returns(equity, first, count, m->mean, d);
        block_returns(price, first, count, benchmark_mean, e);
        sum_add(&ee, block_dot(e, e));
        sum_add(&de, block_dot(d, e));
        sum_add(&d_sum, block_sum(d));
        sum_add(&e_sum, block_sum(e));
    }
    const double rest = sum_of(&e_sum) / m->count;
    const double squares = sum_of(&ee) - rest * sum_of(&e_sum);
    if (squares <= 0 || sqrt(squares / (m->count - 1)) <= noise(benchmark_mean)) {
        out->alpha = out->beta = undefined("the benchmark does not vary");
        return;
    }
    const double beta = (sum_of(&de) - rest * sum_of(&d_sum)) / squares;
    const double alpha = m->mean - beta * benchmark_mean;
    out->beta = defined(beta);
    out->alpha = alpha > -1 ? defined(expm1(log1p(alpha) * in->periods_per_year))
                            : undefined("loses everything in a period");
    if (out->alpha.undefined == no_number)
        out->alpha = undefined(too_large);
}

static void series_ratios(const qb_kpi_input *in, qb_kpis *out)
{
    const qb_curve *curve = &in->periods;
    const char *flaw = curve_flaw(curve);
    if (flaw == NULL && !all_positive(curve->value, curve->count))
        flaw = fell;
    if (flaw == NULL && curve->count < 2)
        flaw = no_returns;
    if (flaw == NULL && !(in->periods_per_year > 0 && isfinite(in->periods_per_year)))
        flaw = no_year;
    const char *benchmark = benchmark_flaw(&in->benchmark, curve);
    if (benchmark == NULL && flaw == NULL && curve->count < 3)
        benchmark = few_returns;
    out->alpha = out->beta = undefined(benchmark != NULL ? benchmark : flaw);
    if (flaw != NULL) {
        undefine_returns(out, flaw);
        return;
    }
    const moments m = moments_of(curve->value, curve->count - 1,
                                 in->risk_free / in->periods_per_year);
    return_ratios(&m, in->periods_per_year, in->risk_free, out);
    if (benchmark == NULL)
        benchmark_ratios(in, &m, out);
}

/* ---- trades -------------------------------------------------------------------------------- */

typedef struct trade_sums {
    sum profit, gains, losses, fractions, logs;
    size_t wins, losers;
    double largest;
    bool wiped_out; /* a return of -100 % or worse has no geometric mean */
} trade_sums;

static trade_sums trades_add_up(const qb_trade_result *trades, size_t count)
{
    trade_sums s = {0};
    for (size_t i = 0; i < count; i++) {
        const double profit = trades[i].profit, fraction = trades[i].return_fraction;
        sum_add(&s.profit, profit);
        sum_add(&s.fractions, fraction);
        s.largest = fmax(s.largest, fabs(profit));
        if (profit > 0) {
            sum_add(&s.gains, profit);
            s.wins++;
        } else if (profit < 0) {
            sum_add(&s.losses, -profit);
            s.losers++;
        }
        if (fraction <= -1)
            s.wiped_out = true;
        else
            sum_add(&s.logs, log1p(fraction));
    }
    return s;
}

static qb_ratio system_quality(const qb_trade_result *trades, size_t count, double mean,
                               double largest)
{
    if (count < 2)
        return undefined("fewer than 2 closed trades");
    sum squares = {0}, rest = {0};
    for (size_t i = 0; i < count; i++) {
        const double d = trades[i].profit - mean;
        sum_add(&squares, d * d);
        sum_add(&rest, d);
    }
    const double missed = sum_of(&rest) * sum_of(&rest) / (double)count;
    const double deviation = sqrt(fmax(sum_of(&squares) - missed, 0) / ((double)count - 1));
    if (deviation <= 4 * DBL_EPSILON * largest)
        return undefined("all trades earn the same");
    return defined(sqrt((double)count) * mean / deviation);
}

static void trade_ratios(const qb_kpi_input *in, qb_kpis *out)
{
    const size_t count = in->trade_count;
    if (count == 0) {
        const qb_ratio none = undefined("no closed trade");
        out->win_rate = out->profit_factor = out->expectancy = none;
        out->expectancy_fraction = out->average_trade = out->sqn = none;
        return;
    }
    const trade_sums s = trades_add_up(in->trades, count);
    const double n = (double)count, mean = sum_of(&s.profit) / n;
    out->win_rate = defined((double)s.wins / n);
    out->profit_factor = s.losers == 0 ? undefined("no losing trade")
                                       : defined(sum_of(&s.gains) / sum_of(&s.losses));
    out->expectancy = defined(mean);
    out->expectancy_fraction = defined(sum_of(&s.fractions) / n);
    out->average_trade = s.wiped_out ? undefined("a trade lost all of its stake or more")
                                     : defined(expm1(sum_of(&s.logs) / n));
    out->sqn = system_quality(in->trades, count, mean, s.largest);
}

static const qb_curve *money_curve(const qb_kpi_input *in)
{
    return in->money.count > 0 ? &in->money : &in->periods;
}

static void activity_ratios(const qb_kpi_input *in, qb_kpis *out)
{
    out->exposure = in->bars > 0 ? defined(in->bars_held / in->bars)
                                 : undefined("no bars were counted");
    const char *flaw = curve_flaw(&in->periods);
    if (isnan(in->traded))
        flaw = "traded value not given";
    if (flaw != NULL) {
        out->turnover = undefined(flaw);
        return;
    }
    const double mean = mean_value(money_curve(in)), years = years_of(&in->periods);
    out->turnover = years <= 0  ? undefined(no_time)
                    : mean <= 0 ? undefined("the mean equity is 0 or below")
                                : defined(in->traded / mean / years);
}

qb_status qb_kpis_compute(const qb_kpi_input *input, qb_kpis *out)
{
    const qb_curve *curve = &input->periods, *money = money_curve(input);
    const bool empty = curve->count == 0;
    *out = (qb_kpis){
        .periods = empty ? 0 : curve->count - 1,
        .trades = input->trade_count,
        .start_us = empty ? 0 : curve->ts_us[0],
        .end_us = empty ? 0 : curve->ts_us[curve->count - 1],
        .start = empty ? NAN : money->value[0],
        .end = empty ? NAN : money->value[money->count - 1],
        .periods_per_year = input->periods_per_year,
        .risk_free = input->risk_free,
    };
    growth_ratios(input, out);
    drawdown_ratios(input, out);
    series_ratios(input, out);
    trade_ratios(input, out);
    activity_ratios(input, out);
    return QB_OK;
}
