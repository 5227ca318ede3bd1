/* Pairs that are cointegrated: when they part, the dear leg is sold short and the cheap one bought.
 *
 * Rule    at the first bar of each period, from the last `formation` closes that both have: log a =
 *         alpha + beta log b + residual by least squares, either way round; the residual is tested by
 *         Dickey and Fuller with one lag; below the critical value the pair is cointegrated. The
 *         strongest pairs that share no instrument are taken, `pairs` at most. Then z = residual of
 *         the newest closes / its deviation: flat and z > enter: short a, long b; z < -enter: the
 *         reverse. Left when |z| < leave, or given up when |z| > stop. A pair that is held keeps its fit
 *         until it is left. The legs share the run's size as 1 to |beta|.
 * Source  Engle and Granger, Co-Integration and Error Correction (1987); critical values MacKinnon,
 *         Critical Values for Cointegration Tests (2010), table 2, two variables with a constant;
 *         Gatev, Goetzmann and Rouwenhorst, Pairs Trading (2006).
 * Limits  200 instruments. Testing thousands of pairs at 5 % finds some by chance alone. Needs shorts:
 *         their cost is --borrow. Bars of a pair count where both have one. */
#include "strategies/strategies.h"

#include <math.h>

enum { FORMATION, PAIRS, LEVEL, ENTER, LEAVE, STOP, EVERY, PARAM_COUNT };

static const char *const levels[] = {"1", "5", "10", NULL};

static const qb_param params_table[PARAM_COUNT] = {
    [FORMATION] = QB_INTEGER("formation", 252, 30, 100000, 21, "Closes that a pair is judged by"),
    [PAIRS] = QB_INTEGER("pairs", 5, 1, 100, 1, "Pairs at once, at most"),
    [LEVEL] = QB_CHOICE("level", 1, levels, "Level of the test for cointegration, in per cent"),
    [ENTER] = QB_NUMBER("enter", 2, 0.1, 20, 0.1, "Deviations apart at which it enters"),
    [LEAVE] = QB_NUMBER("leave", 0.5, 0, 20, 0.1, "Deviations apart at which it leaves"),
    [STOP] = QB_NUMBER("stop", 4, 0.1, 100, 0.5, "Deviations apart at which it gives up"),
    [EVERY] = QB_CHOICE("every", STRATEGIES_QUARTERLY, strategies_periods, "When pairs are chosen"),
};

#define COUNT_MAX 200u
#define QUARTER_BARS 66 /* sessions of the longest quarter */

/* log a = alpha + beta log b; deviation of the residual (ddof 2); its Dickey-Fuller t. */
typedef struct fit {
    double alpha, beta, deviation, t;
} fit;

typedef struct pair {
    uint32_t a, b;
    fit fit;
    bool given_up; /* until pairs are chosen again */
} pair;

typedef struct market_neutral {
    uint32_t count, pair_max, pair_count;
    size_t formation;
    double critical; /* of the test, at this formation */
    double enter, leave, stop;
    int every;
    int64_t period;
    pair *pairs, *candidates; /* [pair_max]; [count (count - 1) / 2] */
    double *x, *y, *residual; /* [formation] */
    bool *taken;              /* [count] */
} market_neutral;

static const char *check(const double *params)
{
    if (!(params[LEAVE] < params[ENTER]))
        return "leave must be less than enter";
    return params[ENTER] < params[STOP] ? NULL : "enter must be less than stop";
}

static size_t warmup(const double *params)
{
    /* Whoever starts later has seen the last choice of pairs too. */
    return (size_t)params[FORMATION] + QUARTER_BARS;
}

/* MacKinnon's response surface: what the test's t is below by chance in that share of cases. */
static double critical_value(int level, double count)
{
    static const double surface[][3] = {
        {-3.89644, -10.9519, -22.527},
        {-3.33613, -6.1101, -6.823},
        {-3.04445, -4.2412, -2.720},
    };
    const double *row = surface[level];
    return row[0] + row[1] / count + row[2] / (count * count);
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    const double *params = setup->params;
    const uint32_t count = setup->instrument_count;
    const size_t formation = (size_t)params[FORMATION];
    if (count < 2 || count > COUNT_MAX)
        return QB_OUT_OF_RANGE;
    const uint32_t pair_max = (uint32_t)params[PAIRS];
    market_neutral *self = setup->alloc(setup, 1, sizeof *self);
    pair *pairs = setup->alloc(setup, pair_max, sizeof *pairs);
    pair *candidates = setup->alloc(setup, (size_t)count * (count - 1) / 2, sizeof *candidates);
    double *columns = setup->alloc(setup, 3 * formation, sizeof *columns);
    bool *taken = setup->alloc(setup, count, sizeof *taken);
    if (self == NULL || pairs == NULL || candidates == NULL || columns == NULL || taken == NULL)
        return QB_NO_MEMORY;
    *self = (market_neutral){
        .count = count,
        .pair_max = pair_max,
        .formation = formation,
        .critical = critical_value((int)params[LEVEL], (double)formation),
        .enter = params[ENTER],
        .leave = params[LEAVE],
        .stop = params[STOP],
        .every = (int)params[EVERY],
        .period = STRATEGIES_NO_PERIOD,
        .pairs = pairs,
        .candidates = candidates,
        .x = columns,
        .y = columns + formation,
        .residual = columns + 2 * formation,
        .taken = taken,
    };
    *out_state = self;
    return QB_OK;
}

/* ---- one pair, judged ---------------------------------------------------------------------- */

/* The last `formation` closes that stand on the same stamps, as logarithms. */
static bool gather(market_neutral *self, const qb_history *a, const qb_history *b)
{
    size_t i = a->count, k = b->count, left = self->formation;
    while (left > 0 && i > 0 && k > 0) {
        if (a->ts_us[i - 1] > b->ts_us[k - 1]) {
            i--;
        } else if (a->ts_us[i - 1] < b->ts_us[k - 1]) {
            k--;
        } else {
            left--;
            self->y[left] = log(a->close[--i]);
            self->x[left] = log(b->close[--k]);
        }
    }
    return left == 0;
}

static double mean(const double *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += values[i];
    return sum / (double)count;
}

/* y = alpha + beta x by least squares; the residuals stay in self->residual. False when x or the
 * residual is flat. */
static bool regress(market_neutral *self, const double *y, const double *x, fit *out)
{
    const size_t count = self->formation;
    const double mean_x = mean(x, count), mean_y = mean(y, count);
    double xx = 0.0, xy = 0.0, squares = 0.0;
    for (size_t i = 0; i < count; i++) {
        xx += (x[i] - mean_x) * (x[i] - mean_x);
        xy += (x[i] - mean_x) * (y[i] - mean_y);
    }
    if (!(xx > 0.0))
        return false;
    out->beta = xy / xx;
    out->alpha = mean_y - out->beta * mean_x;
    for (size_t i = 0; i < count; i++) {
        self->residual[i] = y[i] - out->alpha - out->beta * x[i];
        squares += self->residual[i] * self->residual[i];
    }
    out->deviation = sqrt(squares / (double)(count - 2));
    return out->deviation > 0.0;
}

/* t of rho in e[t] - e[t-1] = rho e[t-1] + phi (e[t-1] - e[t-2]) + u, without a constant: e is a
 * residual and has none. 0 where it cannot be told. */
static double dickey_fuller(const double *e, size_t count)
{
    double aa = 0.0, ab = 0.0, bb = 0.0, ay = 0.0, by = 0.0, yy = 0.0;
    for (size_t i = 2; i < count; i++) {
        const double level = e[i - 1], lag = e[i - 1] - e[i - 2], step = e[i] - e[i - 1];
        aa += level * level;
        ab += level * lag;
        bb += lag * lag;
        ay += level * step;
        by += lag * step;
        yy += step * step;
    }
    const double determinant = aa * bb - ab * ab;
    if (!(determinant > 0.0))
        return 0.0;
    const double rho = (ay * bb - by * ab) / determinant;
    const double phi = (by * aa - ay * ab) / determinant;
    const double rest = yy - rho * ay - phi * by;
    const double variance = rest / (double)(count - 4) * bb / determinant;
    return variance > 0.0 ? rho / sqrt(variance) : 0.0;
}

/* Both ways round; the one that rejects more strongly is kept, as (a, b) or (b, a). */
static bool judge(market_neutral *self, const qb_context *context, uint32_t i, uint32_t k,
                  pair *out)
{
    fit one, other;
    if (!gather(self, &context->history[i], &context->history[k]) ||
        !regress(self, self->y, self->x, &one))
        return false;
    one.t = dickey_fuller(self->residual, self->formation);
    if (!regress(self, self->x, self->y, &other))
        return false;
    other.t = dickey_fuller(self->residual, self->formation);
    *out = one.t <= other.t ? (pair){.a = i, .b = k, .fit = one}
                            : (pair){.a = k, .b = i, .fit = other};
    return out->fit.t < self->critical && out->fit.beta > 0.0;
}

/* ---- the choice ---------------------------------------------------------------------------- */

static bool is_held(const qb_context *context, const pair *pair)
{
    return context->host->position(context, pair->a) != 0.0 ||
           context->host->position(context, pair->b) != 0.0;
}

/* With one leg alone the pair is a bet on a direction: the other was refused, or closed by a rule. */
static bool is_whole(const qb_context *context, const pair *pair)
{
    return context->host->position(context, pair->a) != 0.0 &&
           context->host->position(context, pair->b) != 0.0;
}

/* side 1: long a, short b. */
static void hold(const qb_context *context, const pair *pair, double side)
{
    const double total = 1.0 + fabs(pair->fit.beta);
    context->host->signal(context, pair->a, side / total);
    context->host->signal(context, pair->b, -side * fabs(pair->fit.beta) / total);
}

static void keep_held(market_neutral *self, const qb_context *context)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < self->count; i++)
        self->taken[i] = false;
    for (uint32_t i = 0; i < self->pair_count; i++) {
        if (!is_held(context, &self->pairs[i])) {
            hold(context, &self->pairs[i], 0.0); /* an order may still wait for a bar */
            continue;
        }
        self->taken[self->pairs[i].a] = self->taken[self->pairs[i].b] = true;
        self->pairs[kept++] = self->pairs[i];
    }
    self->pair_count = kept;
}

static size_t find_candidates(market_neutral *self, const qb_context *context)
{
    size_t found = 0;
    for (uint32_t i = 0; i < self->count; i++)
        for (uint32_t k = i + 1; k < self->count && !self->taken[i]; k++)
            if (!self->taken[k])
                found += judge(self, context, i, k, &self->candidates[found]);
    return found;
}

static void choose(market_neutral *self, const qb_context *context)
{
    keep_held(self, context);
    const size_t found = find_candidates(self, context);
    while (self->pair_count < self->pair_max) {
        const pair *best = NULL;
        for (size_t i = 0; i < found; i++) {
            const pair *candidate = &self->candidates[i];
            if (!self->taken[candidate->a] && !self->taken[candidate->b] &&
                (best == NULL || candidate->fit.t < best->fit.t))
                best = candidate;
        }
        if (best == NULL)
            return;
        self->taken[best->a] = self->taken[best->b] = true;
        self->pairs[self->pair_count++] = *best;
    }
}

/* ---- trading ------------------------------------------------------------------------------- */

/* The dear leg is sold. */
static double side_against(double z)
{
    return z > 0.0 ? -1.0 : 1.0;
}

static void trade(const market_neutral *self, const qb_context *context, pair *pair)
{
    const qb_history *a = &context->history[pair->a], *b = &context->history[pair->b];
    if (a->ts_us[a->count - 1] != b->ts_us[b->count - 1])
        return; /* prices of different times say nothing about their difference */
    const double residual = log(qb_close_now(context, pair->a)) - pair->fit.alpha -
                            pair->fit.beta * log(qb_close_now(context, pair->b));
    const double z = residual / pair->fit.deviation;
    const bool held = is_held(context, pair);
    if (fabs(z) > self->stop || (held && !is_whole(context, pair)))
        pair->given_up = true;
    if (pair->given_up || (held && fabs(z) < self->leave))
        hold(context, pair, 0.0);
    else if (!held && fabs(z) > self->enter)
        hold(context, pair, side_against(z));
    else if (!held)
        hold(context, pair, 0.0);
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    market_neutral *self = state;
    const qb_history *history = &context->history[instrument];
    if (instrument != context->last_closed)
        return;
    if (strategies_period_begins(self->every, history->ts_us[history->count - 1], &self->period))
        choose(self, context);
    for (uint32_t i = 0; i < self->pair_count; i++)
        trade(self, context, &self->pairs[i]);
}

const qb_strategy strategies_market_neutral = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "market_neutral",
    .summary = "Trades cointegrated pairs, the dear leg short and the cheap one long",
    .params = params_table,
    .param_count = PARAM_COUNT,
    .check = check,
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .columns = QB_READ_CLOSE,
    .once_per_instant = true,
};
