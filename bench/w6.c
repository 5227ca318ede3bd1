/* W6 of the performance page: SMA 30, EMA 30, RSI 14, ATR 14, MACD 12/26/9 and Bollinger 20/2 on
 * 1,000,000 bars of WALK64, as whole columns.
 *
 * Prints nanoseconds per value (median and least of several runs) of the kernels, beside a plain
 * loop of the same run, and checks that every path gives the plain loop's values within 1e-12 of
 * the price (of 100 for RSI) after 2,000 values. Where QUANTBOT_PYTHON names a Python with TA-Lib,
 * w6_talib.py times that and compares with its values. Exits 1 when an equality fails. */
#include "core/indicators/kernels.h"
#include "walk64.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BARS 1000000u
#define RUNS 21
#define SETTLED 2000u
#define TOLERANCE 1e-12
#define OUTPUTS 3

typedef struct bars {
    const double *high, *low, *close;
} bars;

/* ---- plain loops, as anybody would write them ---------------------------------------------- */

static void plain_sma(const bars *in, double **out)
{
    double sum = 0.0;
    for (size_t i = 0; i < BARS; i++) {
        sum += in->close[i] - (i >= 30 ? in->close[i - 30] : 0.0);
        out[0][i] = sum / 30.0;
    }
}

static void plain_smooth(const double *values, double alpha, double *out)
{
    double y = values[0];
    for (size_t i = 0; i < BARS; i++)
        out[i] = y += alpha * (values[i] - y);
}

static void plain_ema(const bars *in, double **out)
{
    plain_smooth(in->close, 2.0 / 31.0, out[0]);
}

static void plain_rsi(const bars *in, double **out)
{
    double up = 0.0, down = 0.0;
    out[0][0] = 50.0;
    for (size_t i = 1; i < BARS; i++) {
        const double change = in->close[i] - in->close[i - 1];
        up += ((change > 0.0 ? change : 0.0) - up) / 14.0;
        down += ((change < 0.0 ? -change : 0.0) - down) / 14.0;
        out[0][i] = 100.0 * (up / (up + down));
    }
}

static void plain_atr(const bars *in, double **out)
{
    double mean = in->high[0] - in->low[0];
    out[0][0] = mean;
    for (size_t i = 1; i < BARS; i++) {
        const double last = in->close[i - 1];
        const double range = fmax(in->high[i], last) - fmin(in->low[i], last);
        out[0][i] = mean += (range - mean) / 14.0;
    }
}

static void plain_macd(const bars *in, double **out)
{
    double fast = in->close[0], slow = fast, mean = 0.0;
    for (size_t i = 0; i < BARS; i++) {
        fast += 2.0 / 13.0 * (in->close[i] - fast);
        slow += 2.0 / 27.0 * (in->close[i] - slow);
        out[0][i] = fast - slow;
        out[1][i] = mean += 2.0 / 10.0 * (out[0][i] - mean);
        out[2][i] = out[0][i] - mean;
    }
}

/* Two passes over each window: slow, but it cannot cancel. */
static void plain_bollinger(const bars *in, double **out)
{
    for (size_t i = 19; i < BARS; i++) {
        double sum = 0.0, squares = 0.0;
        for (size_t k = i - 19; k <= i; k++)
            sum += in->close[k];
        const double mean = sum / 20.0;
        for (size_t k = i - 19; k <= i; k++)
            squares += (in->close[k] - mean) * (in->close[k] - mean);
        const double reach = 2.0 * sqrt(squares / 20.0);
        out[0][i] = mean;
        out[1][i] = mean + reach;
        out[2][i] = mean - reach;
    }
}

/* ---- the kernels --------------------------------------------------------------------------- */

static void wide_sma(const qb_kernels *kernels, const bars *in, double **out)
{
    kernels->sma(in->close, BARS, 30, out[0]);
}

static void wide_ema(const qb_kernels *kernels, const bars *in, double **out)
{
    kernels->ema(in->close, BARS, 2.0 / 31.0, 30, out[0]);
}

static void wide_rsi(const qb_kernels *kernels, const bars *in, double **out)
{
    kernels->rsi(in->close, BARS, 14, out[0]);
}

static void wide_atr(const qb_kernels *kernels, const bars *in, double **out)
{
    kernels->atr(in->high, in->low, in->close, BARS, 14, out[0]);
}

static void wide_macd(const qb_kernels *kernels, const bars *in, double **out)
{
    kernels->macd(in->close, BARS, 12, 26, 9, out[0], out[1], out[2]);
}

static void wide_bollinger(const qb_kernels *kernels, const bars *in, double **out)
{
    kernels->bollinger(in->close, BARS, 20, 2.0, 0, out[0], out[1], out[2]);
}

/* must: TA-Lib's time as measured for the performance page; aim: half of it. */
static const struct work {
    const char *name;
    size_t outputs;
    double must;
    void (*plain)(const bars *in, double **out);
    void (*wide)(const qb_kernels *kernels, const bars *in, double **out);
    bool percent; /* compared on a scale of 100, not of the price */
} works[] = {
    {"SMA30", 1, 1.1, plain_sma, wide_sma, false},
    {"EMA30", 1, 2.1, plain_ema, wide_ema, false},
    {"RSI14", 1, 5.8, plain_rsi, wide_rsi, true},
    {"ATR14", 1, 5.0, plain_atr, wide_atr, false},
    {"MACD12_26_9", 3, 8.0, plain_macd, wide_macd, false},
    {"BBANDS20_2", 3, 4.5, plain_bollinger, wide_bollinger, false},
};
#define WORKS (sizeof works / sizeof works[0])

/* ---- time and equality --------------------------------------------------------------------- */

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

typedef struct timing {
    double median, least;
} timing;

/* kernels NULL: the plain loop. */
static timing measure(const struct work *work, const qb_kernels *kernels, const bars *in,
                      double **out)
{
    double ns[RUNS];
    for (int run = 0; run < RUNS; run++) {
        const double start = now_ns();
        if (kernels != NULL)
            work->wide(kernels, in, out);
        else
            work->plain(in, out);
        ns[run] = (now_ns() - start) / BARS;
    }
    qsort(ns, RUNS, sizeof *ns, ascending);
    return (timing){ns[RUNS / 2], ns[0]};
}

static double worst(const struct work *work, const bars *in, double **got, double **want)
{
    double worst = 0.0;
    for (size_t k = 0; k < work->outputs; k++)
        for (size_t i = SETTLED; i < BARS; i++) {
            const double away = fabs(got[k][i] - want[k][i]);
            const double scaled = away / (work->percent ? 100.0 : in->close[i]);
            worst = scaled <= worst ? worst : scaled; /* NaN counts */
        }
    return worst;
}

static int report(const struct work *work, const bars *in, double **got, double **want)
{
    const qb_kernels *best = qb_kernels_best();
    const timing plain = measure(work, NULL, in, want);
    const timing scalar = measure(work, &qb_kernels_plain, in, got);
    double away = worst(work, in, got, want);
    const timing wide = measure(work, best, in, got);
    away = fmax(away, worst(work, in, got, want));
    printf("W6 %-11s %.2f ns/value (least %.2f) with %s, %.2f (%.2f) without, plain loop %.2f "
           "(%.2f), ratio %.2f; must %.1f, aim %.2f; apart %.1e, %s\n",
           work->name, wide.median, wide.least, best->name, scalar.median, scalar.least,
           plain.median, plain.least, wide.median / plain.median, work->must, work->must / 2, away,
           away <= TOLERANCE ? "equal" : "NOT EQUAL");
    return !(away <= TOLERANCE);
}

/* ---- TA-Lib -------------------------------------------------------------------------------- */

static bool write_column(FILE *file, const double *column)
{
    return fwrite(column, sizeof *column, BARS, file) == BARS;
}

/* Columns in a file of their own: high, low, close, then every output in the table's order. */
static bool write_columns(const char *path, const bars *in, double **out)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return false;
    bool fine = write_column(file, in->high) && write_column(file, in->low) &&
                write_column(file, in->close);
    for (size_t w = 0; w < WORKS; w++) {
        works[w].wide(qb_kernels_best(), in, out);
        for (size_t k = 0; k < works[w].outputs; k++)
            fine = fine && write_column(file, out[k]);
    }
    return fclose(file) == 0 && fine;
}

static int ask_talib(const bars *in, double **out)
{
    const char *python = getenv("QUANTBOT_PYTHON");
    char path[] = P_tmpdir "/quantbot-w6-XXXXXX", command[4096];
    if (python == NULL) {
        puts("W6 TA-Lib: not asked (QUANTBOT_PYTHON names no Python that has it)");
        return 0;
    }
    const int descriptor = mkstemp(path);
    if (descriptor < 0 || close(descriptor) != 0 || !write_columns(path, in, out))
        return 1;
    snprintf(command, sizeof command, "'%s' '%s' '%s' %u %u %g", python, W6_JUDGE, path, BARS,
             SETTLED, TOLERANCE);
    fflush(stdout);
    const int status = system(command);
    remove(path);
    return status != 0;
}

int main(void)
{
    qb_series series = {0};
    double *columns[2][OUTPUTS];
    if (walk64_append(&series, WALK64_SEED, BARS, WALK64_MINUTES, QB_MINUTE_US) != QB_OK)
        return 1;
    for (size_t k = 0; k < OUTPUTS; k++)
        for (size_t which = 0; which < 2; which++)
            if ((columns[which][k] = calloc(BARS, sizeof(double))) == NULL)
                return 1;
    const bars in = {series.high, series.low, series.close};
    int failures = 0;
    for (size_t w = 0; w < WORKS; w++)
        failures += report(&works[w], &in, columns[0], columns[1]);
    failures += ask_talib(&in, columns[0]);
    for (size_t k = 0; k < OUTPUTS; k++) {
        free(columns[0][k]);
        free(columns[1][k]);
    }
    qb_series_clear(&series);
    return failures != 0;
}
