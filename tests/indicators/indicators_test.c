/* Indicators against themselves in other words: plain formulas over each window, both forms, both
 * instruction sets, prefixes, flat windows, short series, and columns that are hard on doubles. */
#include "core/indicators/indicators.h"
#include "core/indicators/kernels.h"
#include "core/indicators/table.h"
#include "tap.h"

#include <float.h>

#define BARS 600

typedef struct bars {
    int64_t ts_us[BARS];
    double open[BARS], high[BARS], low[BARS], close[BARS], volume[BARS], second[BARS];
} bars;

typedef enum kind { RANDOM, FLAT_PARTS, FLAT, RISING, KINDS } kind;

static double unit(qb_random *random)
{
    return qb_random_unit(random);
}

static bool is_flat(kind kind, size_t i)
{
    return kind == FLAT || (kind == FLAT_PARTS && i / 100 % 2 == 1);
}

static void fill(bars *out, kind kind, uint64_t seed)
{
    qb_random random = {seed};
    double price = 100.0, other = 40.0;
    for (size_t i = 0; i < BARS; i++) {
        const bool flat = is_flat(kind, i);
        const double open = price;
        if (!flat) {
            price *= kind == RISING ? 1.001 : 1.0 + 0.04 * (unit(&random) - 0.5);
            other *= 1.0 + 0.03 * (unit(&random) - 0.5);
        }
        out->ts_us[i] = (int64_t)i * QB_HOUR_US;
        out->open[i] = open;
        out->close[i] = price;
        out->high[i] = fmax(open, price) * (flat ? 1.0 : 1.0 + 0.01 * unit(&random));
        out->low[i] = fmin(open, price) * (flat ? 1.0 : 1.0 - 0.01 * unit(&random));
        out->volume[i] = i % 37 == 5 ? NAN : floor(1000.0 * unit(&random));
        out->second[i] = other;
    }
}

static qb_columns columns_of(const bars *bars, size_t count)
{
    return (qb_columns){.ts_us = bars->ts_us,
                        .open = bars->open,
                        .high = bars->high,
                        .low = bars->low,
                        .close = bars->close,
                        .volume = bars->volume,
                        .second = bars->second,
                        .count = count};
}

/* Outputs of one indicator, in memory of exactly their size, so that a sanitizer sees a step over
 * the end. Without texts: the defaults. */
typedef struct outputs {
    double params[QB_PARAM_LIMIT];
    size_t count;
    double *values[QB_OUTPUT_LIMIT];
} outputs;

static outputs compute(const qb_indicator *indicator, const qb_columns *in,
                       const char *const *texts, size_t text_count)
{
    outputs out = {.count = qb_indicator_outputs(indicator)};
    size_t bad = 0;
    const char *problem = qb_params_parse(indicator->params, indicator->param_count, texts,
                                          text_count, out.params, &bad);
    CHECK(problem == NULL);
    const size_t room = indicator->room != NULL ? indicator->room(out.params) : 0;
    double *workspace = malloc((room + 1) * sizeof *workspace);
    for (size_t i = 0; i < room + 1; i++)
        workspace[i] = NAN; /* any contents */
    for (size_t k = 0; k < out.count; k++)
        out.values[k] = malloc((in->count > 0 ? in->count : 1) * sizeof(double));
    qb_indicator_compute(indicator, in, out.params, workspace, out.values);
    free(workspace);
    return out;
}

static void outputs_free(outputs *self)
{
    for (size_t k = 0; k < self->count; k++)
        free(self->values[k]);
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* ---- the table ----------------------------------------------------------------------------- */

static void test_table(void)
{
    for (size_t i = 0; i < qb_indicator_count(); i++) {
        const qb_indicator *row = qb_indicator_at(i);
        CHECK(qb_param_is_name(row->name));
        CHECK(qb_indicator_find(row->name) == row);
        CHECK(qb_params_problem(row->params, row->param_count) == NULL);
        CHECK(qb_indicator_outputs(row) >= 1 && qb_indicator_outputs(row) <= QB_OUTPUT_LIMIT);
        CHECK(row->summary[0] != '\0' && row->inputs != 0);
        for (size_t k = 0; row->outputs[k] != NULL; k++)
            CHECK(qb_param_is_name(row->outputs[k]));
    }
    CHECK(qb_indicator_find("no_such") == NULL);
}

/* Some outputs wait for an event, not for a number of bars. */
static bool waits(const qb_indicator *indicator)
{
    return strcmp(indicator->name, "psar") == 0 || strcmp(indicator->name, "fractal") == 0;
}

static void test_warmup(void)
{
    static bars bars;
    fill(&bars, RANDOM, 1);
    const qb_columns in = columns_of(&bars, BARS);
    for (size_t i = 0; i < qb_indicator_count(); i++) {
        const qb_indicator *row = qb_indicator_at(i);
        outputs out = compute(row, &in, NULL, 0);
        const size_t warmup = row->warmup(out.params);
        bool all = true, before = warmup > 1;
        for (size_t k = 0; k < out.count; k++) {
            all = all && !isnan(out.values[k][warmup - 1]);
            before = before && !isnan(out.values[k][warmup - 2]);
        }
        if (!waits(row) && (!all || before)) {
            printf("# %s: warm-up %zu\n", row->name, warmup);
            CHECK(all && !before);
        }
        outputs_free(&out);
    }
}

/* What is known of a bar does not depend on later ones: every prefix, to the last bit. */
static void test_prefixes(void)
{
    static bars bars;
    for (kind kind = 0; kind < KINDS; kind++) {
        fill(&bars, kind, 7);
        const qb_columns all = columns_of(&bars, BARS);
        for (size_t i = 0; i < qb_indicator_count(); i++) {
            const qb_indicator *row = qb_indicator_at(i);
            outputs whole = compute(row, &all, NULL, 0);
            for (size_t count = 0; count < BARS; count += count < 130 ? 1 : 61) {
                const qb_columns in = columns_of(&bars, count);
                outputs part = compute(row, &in, NULL, 0);
                bool equal = true;
                for (size_t k = 0; k < part.count; k++)
                    for (size_t at = 0; at < count; at++)
                        equal = equal && same(part.values[k][at], whole.values[k][at]);
                if (!equal)
                    printf("# %s: %zu bars\n", row->name, count);
                CHECK(equal);
                outputs_free(&part);
            }
            outputs_free(&whole);
        }
    }
}

static bool fits(const qb_indicator *indicator, const char *const *texts)
{
    double params[QB_PARAM_LIMIT];
    size_t bad = 0;
    return qb_params_parse(indicator->params, indicator->param_count, texts, 1, params, &bad) ==
               NULL &&
           (indicator->check == NULL || indicator->check(params) == NULL);
}

/* Every choice of every parameter, small and large periods: finite or NaN, never a crash. */
static void test_parameters(void)
{
    static bars bars;
    fill(&bars, FLAT_PARTS, 3);
    const qb_columns in = columns_of(&bars, BARS);
    for (size_t i = 0; i < qb_indicator_count(); i++) {
        const qb_indicator *row = qb_indicator_at(i);
        for (size_t p = 0; p < row->param_count; p++) {
            const qb_param *param = &row->params[p];
            const double values[] = {param->minimum, param->minimum + 1, 2 * param->standard};
            for (size_t v = 0; v < 3; v++) {
                char text[128], value[64];
                if (values[v] > param->maximum)
                    continue;
                snprintf(text, sizeof text, "%s=%s", param->name,
                         qb_param_to_text(param, values[v], value, sizeof value));
                const char *texts[] = {text};
                if (!fits(row, texts))
                    continue;
                outputs out = compute(row, &in, texts, 1);
                bool sound = true;
                for (size_t k = 0; k < out.count; k++)
                    for (size_t at = 0; at < BARS; at++)
                        sound = sound && !isinf(out.values[k][at]);
                if (!sound)
                    printf("# %s %s\n", row->name, text);
                CHECK(sound);
                outputs_free(&out);
            }
        }
    }
}

/* ---- plain formulas ------------------------------------------------------------------------ */

typedef struct window {
    const bars *bars;
    size_t from, to; /* [from, to] */
} window;

static double mean_of(const double *values, window w)
{
    long double sum = 0;
    for (size_t i = w.from; i <= w.to; i++)
        sum += values[i];
    return (double)(sum / (w.to - w.from + 1));
}

static double product_of(const double *x, const double *y, window w)
{
    const long double a = mean_of(x, w), b = mean_of(y, w);
    long double sum = 0;
    for (size_t i = w.from; i <= w.to; i++)
        sum += (x[i] - a) * (y[i] - b);
    return (double)sum;
}

static double plain_sma(window w)
{
    return mean_of(w.bars->close, w);
}

static double plain_wma(window w)
{
    long double sum = 0, weights = 0;
    for (size_t i = w.from; i <= w.to; i++) {
        sum += (long double)(i - w.from + 1) * w.bars->close[i];
        weights += i - w.from + 1;
    }
    return (double)(sum / weights);
}

static double plain_variance(window w)
{
    return product_of(w.bars->close, w.bars->close, w) / (double)(w.to - w.from + 1);
}

static double plain_zscore(window w)
{
    const double deviation = sqrt(plain_variance(w));
    const double away = w.bars->close[w.to] - mean_of(w.bars->close, w);
    return deviation > 1e-12 ? away / deviation : 0.0;
}

static double plain_upper(window w)
{
    return plain_sma(w) + 2.0 * sqrt(plain_variance(w));
}

static double plain_highest(window w)
{
    double highest = w.bars->high[w.from];
    for (size_t i = w.from; i <= w.to; i++)
        highest = fmax(highest, w.bars->high[i]);
    return highest;
}

static double plain_lowest(window w)
{
    double lowest = w.bars->low[w.from];
    for (size_t i = w.from; i <= w.to; i++)
        lowest = fmin(lowest, w.bars->low[i]);
    return lowest;
}

static double plain_stochastic(window w)
{
    const double high = plain_highest(w), low = plain_lowest(w);
    return high > low ? 100.0 * (w.bars->close[w.to] - low) / (high - low) : 50.0;
}

static double plain_correlation(window w)
{
    const double *x = w.bars->second, *y = w.bars->close;
    const double both = sqrt(product_of(x, x, w)) * sqrt(product_of(y, y, w));
    return both > 1e-12 ? product_of(x, y, w) / both : 0.0;
}

static double plain_slope(window w)
{
    double at[BARS];
    for (size_t i = w.from; i <= w.to; i++)
        at[i] = (double)i;
    return product_of(at, w.bars->close, w) / product_of(at, at, w);
}

static double plain_cci(window w)
{
    double prices[BARS] = {0}, sum = 0.0;
    for (size_t i = w.from; i <= w.to; i++)
        prices[i] = (w.bars->high[i] + w.bars->low[i] + w.bars->close[i]) / 3.0;
    const double mean = mean_of(prices, w);
    for (size_t i = w.from; i <= w.to; i++)
        sum += fabs(prices[i] - mean);
    sum /= (double)(w.to - w.from + 1);
    return sum > 1e-10 ? (prices[w.to] - mean) / (0.015 * sum) : 0.0;
}

static double plain_vwma(window w)
{
    double value = 0.0, volume = 0.0;
    for (size_t i = w.from; i <= w.to; i++)
        if (!isnan(w.bars->volume[i])) {
            value += w.bars->close[i] * w.bars->volume[i];
            volume += w.bars->volume[i];
        }
    return volume > 0.0 ? value / volume : NAN;
}

static double plain_parkinson(window w)
{
    double sum = 0.0;
    for (size_t i = w.from; i <= w.to; i++)
        sum += pow(log(w.bars->high[i] / w.bars->low[i]), 2.0);
    return sqrt(252.0 * sum / (double)(w.to - w.from + 1) / (4.0 * log(2.0)));
}

static double plain_garman_klass(window w)
{
    double sum = 0.0;
    for (size_t i = w.from; i <= w.to; i++)
        sum += 0.5 * pow(log(w.bars->high[i] / w.bars->low[i]), 2.0) -
               (2.0 * log(2.0) - 1.0) * pow(log(w.bars->close[i] / w.bars->open[i]), 2.0);
    return sqrt(252.0 * fmax(sum, 0.0) / (double)(w.to - w.from + 1));
}

static double plain_aroon(window w)
{
    size_t at = w.from;
    for (size_t i = w.from; i <= w.to; i++)
        at = w.bars->high[i] >= w.bars->high[at] ? i : at;
    const double period = (double)(w.to - w.from);
    return 100.0 * (period - (double)(w.to - at)) / period;
}

static double plain_change(window w)
{
    return 100.0 * (w.bars->close[w.to] / w.bars->close[w.from] - 1.0);
}

static double plain_median(window w)
{
    double sorted[BARS];
    const size_t count = w.to - w.from + 1;
    for (size_t i = 0; i < count; i++) {
        size_t k = i;
        for (; k > 0 && sorted[k - 1] > w.bars->close[w.from + i]; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = w.bars->close[w.from + i];
    }
    return 0.5 * (sorted[(count - 1) / 2] + sorted[count / 2]);
}

static const struct {
    const char *name, *output;
    double (*plain)(window w);
    size_t more; /* bars in the window beyond the period */
    double tolerance;
} plains[] = {
    {"sma", "sma", plain_sma, 0, 1e-12},
    {"wma", "wma", plain_wma, 0, 1e-12},
    {"deviation", "variance", plain_variance, 0, 1e-12},
    {"deviation", "mean", plain_sma, 0, 1e-12},
    {"zscore", "zscore", plain_zscore, 0, 1e-9},
    {"bollinger", "upper", plain_upper, 0, 1e-12},
    {"donchian", "upper", plain_highest, 0, 0},
    {"donchian", "lower", plain_lowest, 0, 0},
    {"stochastic", "raw", plain_stochastic, 0, 1e-12},
    {"correlation", "correlation", plain_correlation, 0, 1e-10},
    {"slope", "slope", plain_slope, 0, 1e-12},
    {"cci", "cci", plain_cci, 0, 1e-9},
    {"vwma", "vwma", plain_vwma, 0, 1e-12},
    {"parkinson", "volatility", plain_parkinson, 0, 1e-12},
    {"garman_klass", "volatility", plain_garman_klass, 0, 1e-9},
    {"aroon", "up", plain_aroon, 1, 1e-12},
    {"roc", "percent", plain_change, 1, 1e-12},
    {"median", "median", plain_median, 0, 0},
};

static const double *output_of(const qb_indicator *row, const outputs *out, const char *name)
{
    size_t k = 0;
    while (strcmp(row->outputs[k], name) != 0)
        k++;
    return out->values[k];
}

static void test_plain_formulas(void)
{
    static bars bars;
    static const size_t periods[] = {2, 3, 14, 50};
    for (kind kind = 0; kind < KINDS; kind++)
        for (size_t c = 0; c < sizeof plains / sizeof plains[0]; c++)
            for (size_t p = 0; p < 4; p++) {
                char text[32];
                const char *texts[] = {text};
                const qb_indicator *row = qb_indicator_find(plains[c].name);
                fill(&bars, kind, 11 + p);
                const qb_columns in = columns_of(&bars, BARS);
                snprintf(text, sizeof text, "period=%zu", periods[p]);
                outputs out = compute(row, &in, texts, 1);
                const double *got = output_of(row, &out, plains[c].output);
                double worst = 0.0;
                for (size_t i = periods[p] - 1 + plains[c].more; i < BARS; i++) {
                    const window w = {&bars, i + 1 - periods[p] - plains[c].more, i};
                    const double want = plains[c].plain(w);
                    if (!same(got[i], want))
                        worst = fmax(worst, fabs(got[i] - want) / fmax(1.0, fabs(want)));
                }
                if (!(worst <= plains[c].tolerance))
                    printf("# %s %s period %zu kind %d: %g\n", plains[c].name, plains[c].output,
                           periods[p], (int)kind, worst);
                CHECK(worst <= plains[c].tolerance);
                outputs_free(&out);
            }
}

/* ---- both forms, both instruction sets ----------------------------------------------------- */

static void check_near(const char *what, const double *got, const double *want, size_t count,
                       double scale)
{
    double worst = 0.0;
    for (size_t i = 0; i < count; i++)
        if (!same(got[i], want[i]))
            worst = isnan(got[i]) != isnan(want[i]) ? INFINITY
                                                    : fmax(worst, fabs(got[i] - want[i]) / scale);
    if (!(worst <= 1e-12))
        printf("# %s: %g\n", what, worst);
    CHECK(worst <= 1e-12);
}

static void check_forms(const qb_kernels *kernels, const bars *bars, size_t count, size_t period)
{
    double got[3][BARS] = {{0}}, want[3][BARS] = {{0}}, ring[2 * BARS] = {0};
    qb_sma sma;
    qb_ema ema;
    qb_rsi rsi;
    qb_atr atr;
    qb_macd macd;
    qb_bollinger bands;
    qb_sma_init(&sma, ring, period);
    kernels->sma(bars->close, count, period, got[0]);
    for (size_t i = 0; i < count; i++) {
        qb_sma_add(&sma, bars->close[i]);
        want[0][i] = qb_sma_ready(&sma) ? qb_sma_value(&sma) : NAN;
    }
    check_near("sma", got[0], want[0], count, 100.0);
    qb_ema_init(&ema, period, QB_SEED_SMA);
    kernels->ema(bars->close, count, ema.alpha, period, got[0]);
    for (size_t i = 0; i < count; i++) {
        qb_ema_add(&ema, bars->close[i]);
        want[0][i] = qb_ema_ready(&ema) ? qb_ema_value(&ema) : NAN;
    }
    check_near("ema", got[0], want[0], count, 100.0);
    qb_rsi_init(&rsi, NULL, period, QB_AVERAGE_WILDER, QB_SEED_SMA);
    kernels->rsi(bars->close, count, period, got[0]);
    for (size_t i = 0; i < count; i++) {
        qb_rsi_add(&rsi, bars->close[i]);
        want[0][i] = qb_rsi_ready(&rsi) ? qb_rsi_value(&rsi) : NAN;
    }
    check_near("rsi", got[0], want[0], count, 100.0);
    qb_atr_init(&atr, NULL, period, QB_AVERAGE_WILDER, false);
    kernels->atr(bars->high, bars->low, bars->close, count, period, got[0]);
    for (size_t i = 0; i < count; i++) {
        qb_atr_add(&atr, bars->high[i], bars->low[i], bars->close[i]);
        want[0][i] = qb_atr_ready(&atr) ? qb_atr_value(&atr) : NAN;
    }
    check_near("atr", got[0], want[0], count, 100.0);
    qb_macd_init(&macd, period, 2 * period, 9, QB_SEED_SMA, false);
    kernels->macd(bars->close, count, period, 2 * period, 9, got[0], got[1], got[2]);
    for (size_t i = 0; i < count; i++) {
        qb_macd_add(&macd, bars->close[i]);
        const bool ready = qb_macd_ready(&macd);
        want[0][i] = ready ? qb_macd_line(&macd) : NAN;
        want[1][i] = ready ? qb_macd_signal(&macd) : NAN;
        want[2][i] = ready ? qb_macd_histogram(&macd) : NAN;
    }
    for (size_t k = 0; k < 3; k++)
        check_near("macd", got[k], want[k], count, 100.0);
    qb_bollinger_init(&bands, ring, period, 2.0, 0);
    kernels->bollinger(bars->close, count, period, 2.0, 0, got[0], got[1], got[2]);
    for (size_t i = 0; i < count; i++) {
        qb_bollinger_add(&bands, bars->close[i]);
        const bool ready = qb_bollinger_ready(&bands);
        want[0][i] = ready ? qb_bollinger_middle(&bands) : NAN;
        want[1][i] = ready ? qb_bollinger_upper(&bands) : NAN;
        want[2][i] = ready ? qb_bollinger_lower(&bands) : NAN;
    }
    for (size_t k = 0; k < 3; k++)
        check_near("bollinger", got[k], want[k], count, 100.0);
}

static void test_forms_agree(void)
{
    static bars bars;
    static const size_t counts[] = {0, 1, 2, 7, 19, 20, 21, 60, 61, 67, 333, BARS};
    static const size_t periods[] = {1, 2, 5, 20, 64, 700};
    for (kind kind = 0; kind < KINDS; kind++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
            for (size_t p = 0; p < 5; p++) {
                fill(&bars, kind, 5);
                check_forms(&qb_kernels_plain, &bars, counts[c], periods[p]);
                check_forms(qb_kernels_best(), &bars, counts[c], periods[p]);
            }
}

static void test_same_bits_on_every_path(void)
{
    static bars bars;
    static double a[3][BARS], b[3][BARS];
    const qb_kernels *kernels[] = {&qb_kernels_plain, qb_kernels_best()};
    fill(&bars, RANDOM, 21);
    for (size_t period = 1; period < 90; period += 4)
        for (size_t which = 0; which < 6; which++) {
            for (size_t path = 0; path < 2; path++) {
                double(*out)[BARS] = path == 0 ? a : b;
                const qb_kernels *k = kernels[path];
                memset(out, 0, sizeof a);
                if (which == 0)
                    k->sma(bars.close, BARS, period, out[0]);
                else if (which == 1)
                    k->ema(bars.close, BARS, 1.0 / (double)period, period, out[0]);
                else if (which == 2)
                    k->rsi(bars.close, BARS, period, out[0]);
                else if (which == 3)
                    k->atr(bars.high, bars.low, bars.close, BARS, period, out[0]);
                else if (which == 4)
                    k->macd(bars.close, BARS, period, period + 3, 9, out[0], out[1], out[2]);
                else
                    k->bollinger(bars.close, BARS, period, 2.0, 1, out[0], out[1], out[2]);
            }
            bool equal = true;
            for (size_t i = 0; i < 3 * BARS; i++)
                equal = equal && same(a[i / BARS][i % BARS], b[i / BARS][i % BARS]);
            CHECK(equal);
        }
}

/* ---- columns that are hard on doubles ------------------------------------------------------ */

/* 1e9 plus thousandths, a million values: the textbook formula has no digit left here. */
static void test_deviation_far_from_zero(void)
{
    double room[40], last[20];
    qb_deviation deviation;
    qb_random random = {9};
    qb_deviation_init(&deviation, room, 20);
    for (size_t i = 0; i < 1000000; i++) {
        const double value = 1e9 + floor(1024.0 * unit(&random)) / 1024.0;
        last[i % 20] = value - 1e9;
        qb_deviation_add(&deviation, value);
        if (i < 19 || (i > 5000 && i < 990000))
            continue;
        double sum = 0.0, squares = 0.0;
        for (size_t k = 0; k < 20; k++)
            sum += last[k];
        for (size_t k = 0; k < 20; k++)
            squares += (last[k] - sum / 20.0) * (last[k] - sum / 20.0);
        CHECK(fabs(qb_deviation_variance(&deviation, 0) / (squares / 20.0) - 1.0) < 1e-12);
    }
}

/* A value of 1e15 passes through: once it is out, nothing of it is left. */
static void test_a_jump_leaves_no_trace(void)
{
    double a[40], b[40], c[20], d[50], e[50];
    qb_deviation with, without;
    qb_rolling sum;
    qb_pair pair, other;
    qb_random random = {10};
    qb_deviation_init(&with, a, 20);
    qb_deviation_init(&without, b, 20);
    qb_rolling_init(&sum, c, 20);
    qb_pair_init(&pair, d, 10);
    qb_pair_init(&other, e, 10);
    for (size_t i = 0; i < 200; i++) {
        const double value = 1.0 + unit(&random), jump = i == 33 ? 1e15 : value;
        qb_deviation_add(&with, jump);
        qb_deviation_add(&without, value);
        qb_rolling_add(&sum, jump);
        qb_pair_add(&pair, jump, -2.0 * value);
        qb_pair_add(&other, value, -2.0 * value);
        if (i < 33 + 20)
            continue;
        CHECK_NEAR(qb_deviation_value(&with, 1), qb_deviation_value(&without, 1), 0);
        CHECK(sum.sum > 20.0 && sum.sum < 40.0);
        CHECK_NEAR(qb_pair_beta(&pair), -2.0, 1e-12);
        CHECK_NEAR(qb_pair_beta(&pair), qb_pair_beta(&other), 0);
    }
}

/* Prices that do not fit a double exactly, again and again the same: deviation exactly 0. */
static void test_flat_windows(void)
{
    static bars bars;
    static const struct {
        const char *name, *output;
        double want;
    } cases[] = {
        {"rsi", "rsi", 50},
        {"zscore", "zscore", 0},
        {"deviation", "deviation", 0},
        {"bollinger", "percent_b", 0.5},
        {"bollinger", "bandwidth", 0},
        {"stochastic", "raw", 50},
        {"stochastic", "d", 50},
        {"williams_r", "williams_r", -50},
        {"cci", "cci", 0},
        {"atr", "atr", 0},
        {"adx", "adx", 0},
        {"adx", "plus_di", 0},
        {"roc", "percent", 0},
        {"macd", "line", 0},
        {"slope", "slope", 0},
        {"slope", "r_squared", 0},
        {"ulcer", "ulcer", 0},
        {"volatility", "volatility", 0},
        {"parkinson", "volatility", 0},
        {"garman_klass", "volatility", 0},
        {"correlation", "correlation", 0},
        {"beta", "beta", 0},
        {"obv", "obv", 0},
        {"accumulation", "accumulation", 0},
        {"mfi", "mfi", 50},
        {"percentile", "percentile", 0},
        {"aroon", "up", 100},
        {"kama", "efficiency", 0},
        {"donchian", "width", 0},
    };
    fill(&bars, FLAT, 2);
    for (size_t i = 0; i < BARS; i++)
        bars.open[i] = bars.high[i] = bars.low[i] = bars.close[i] = 100.1;
    const qb_columns in = columns_of(&bars, BARS);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const qb_indicator *row = qb_indicator_find(cases[c].name);
        outputs out = compute(row, &in, NULL, 0);
        const double *got = output_of(row, &out, cases[c].output);
        const double tolerance = strcmp(cases[c].name, "macd") == 0 ? 1e-12 : 0;
        for (size_t i = row->warmup(out.params) - 1; i < BARS; i++)
            CHECK_NEAR(got[i], cases[c].want, tolerance);
        outputs_free(&out);
    }
}

/* ---- by hand ------------------------------------------------------------------------------- */

static void test_by_hand(void)
{
    double ring[64];
    qb_ema ema;
    qb_ema_init(&ema, 3, QB_SEED_SMA); /* alpha 1/2: mean(1 2 6) = 3, then 3 + (7 - 3) / 2 = 5 */
    const double values[] = {1, 2, 6, 7};
    for (size_t i = 0; i < 4; i++)
        qb_ema_add(&ema, values[i]);
    CHECK_NEAR(qb_ema_value(&ema), 5, 0);
    qb_wma wma;
    qb_wma_init(&wma, ring, 3); /* (2 + 12 + 21) / 6; slope (7 - 2) / 2 */
    for (size_t i = 0; i < 4; i++)
        qb_wma_add(&wma, values[i]);
    CHECK_NEAR(qb_wma_value(&wma), 35.0 / 6.0, 1e-15);
    CHECK_NEAR(qb_wma_slope(&wma), 2.5, 1e-15);
    CHECK_NEAR(qb_wma_line(&wma), 7.5, 1e-15);
    qb_rsi rsi;
    qb_rsi_init(&rsi, NULL, 3, QB_AVERAGE_WILDER, QB_SEED_SMA);
    const double prices[] = {10, 11, 10, 13, 12}; /* U 4/3, D 1/3: 80; then 8/9, 5/9: 800/13 */
    for (size_t i = 0; i < 4; i++)
        qb_rsi_add(&rsi, prices[i]);
    CHECK_NEAR(qb_rsi_value(&rsi), 80, 1e-12);
    qb_rsi_add(&rsi, prices[4]);
    CHECK_NEAR(qb_rsi_value(&rsi), 800.0 / 13.0, 1e-12);
    CHECK_NEAR(qb_true_range(11, 10, 12), 2, 0);
    CHECK_NEAR(qb_true_range(11, 10, 9), 2, 0);
    qb_roc roc;
    qb_roc_init(&roc, ring, 4, 1); /* value[t - 1] / value[t - 4] - 1 */
    for (size_t i = 1; i <= 7; i++)
        qb_roc_add(&roc, (double)(i * i));
    CHECK_NEAR(qb_roc_value(&roc), 36.0 / 9.0 - 1.0, 0);
    CHECK_NEAR(qb_accumulation(12, 8, 11, 100), 50, 0); /* (3 - 1) / 4 */
}

/* A volume that is not known: no weight, no direction, no trace. */
static void test_unknown_volume(void)
{
    double ring[8];
    qb_vwma vwma;
    qb_obv obv;
    qb_vwap vwap;
    qb_vwma_init(&vwma, ring, 2);
    qb_obv_init(&obv, true);
    qb_vwap_reset(&vwap);
    qb_obv_add(&obv, 10, NAN);
    qb_obv_add(&obv, 11, 5);
    qb_obv_add(&obv, 12, NAN);
    CHECK_NEAR(qb_obv_value(&obv), 5, 0);
    qb_vwma_add(&vwma, 10, NAN);
    qb_vwma_add(&vwma, 20, NAN);
    CHECK(isnan(qb_vwma_value(&vwma)));
    qb_vwma_add(&vwma, 30, 2);
    CHECK_NEAR(qb_vwma_value(&vwma), 30, 0);
    CHECK(isnan(qb_vwap_value(&vwap)));
    qb_vwap_add(&vwap, 10, 1);
    qb_vwap_add(&vwap, 99, NAN);
    qb_vwap_add(&vwap, 20, 3);
    CHECK_NEAR(qb_vwap_value(&vwap), 17.5, 0);
}

/* ---- rank ---------------------------------------------------------------------------------- */

static void test_rank_by_hand(void)
{
    const double values[] = {3, NAN, 5, 3, 1};
    const uint32_t want[] = {2, 0, 3, 4, 1};
    const double shares[] = {0.5, NAN, 1, 0.5, 0};
    uint32_t order[5], room[5];
    double percentiles[5];
    qb_rank_start(order, 5);
    qb_rank_sort(values, order, 5, room);
    qb_rank_percentiles(values, order, 5, percentiles);
    for (size_t i = 0; i < 5; i++) {
        CHECK_INT(order[i], want[i]);
        CHECK_NEAR(percentiles[i], shares[i], 0);
    }
    const double one[] = {7};
    qb_rank_start(order, 1);
    qb_rank_sort(one, order, 1, room);
    qb_rank_percentiles(one, order, 1, percentiles);
    CHECK_NEAR(percentiles[0], 0.5, 0);
}

/* Same values, same order, whatever the order before was. */
static void test_rank_random(void)
{
    enum { COUNT = 300 };
    qb_random random = {31};
    uint32_t order[COUNT], again[COUNT], room[COUNT];
    double values[COUNT] = {0};
    qb_rank_start(again, COUNT);
    for (size_t round = 0; round < 200; round++) {
        const size_t count = round < 40 ? round : COUNT;
        for (size_t i = 0; i < count; i++)
            values[i] = unit(&random) < 0.1 ? NAN : floor(50.0 * unit(&random));
        qb_rank_start(order, count);
        if (count < COUNT)
            qb_rank_start(again, count);
        qb_rank_sort(values, order, count, room);
        qb_rank_sort(values, again, count, room);
        for (size_t i = 0; i < count; i++) {
            CHECK_INT(order[i], again[i]);
            CHECK(i == 0 || qb_rank_before(values, order[i - 1], order[i]));
        }
        if (count < COUNT)
            qb_rank_start(again, COUNT);
    }
}

int main(void)
{
    static const tap_case cases[] = {
        {"/indicators/table", test_table},
        {"/indicators/warmup", test_warmup},
        {"/indicators/prefixes", test_prefixes},
        {"/indicators/parameters", test_parameters},
        {"/indicators/plain-formulas", test_plain_formulas},
        {"/indicators/forms-agree", test_forms_agree},
        {"/indicators/same-bits-on-every-path", test_same_bits_on_every_path},
        {"/indicators/deviation-far-from-zero", test_deviation_far_from_zero},
        {"/indicators/jump-leaves-no-trace", test_a_jump_leaves_no_trace},
        {"/indicators/flat-windows", test_flat_windows},
        {"/indicators/by-hand", test_by_hand},
        {"/indicators/unknown-volume", test_unknown_volume},
        {"/indicators/rank/by-hand", test_rank_by_hand},
        {"/indicators/rank/random", test_rank_random},
    };
    return tap_run(cases, sizeof cases / sizeof cases[0]);
}
