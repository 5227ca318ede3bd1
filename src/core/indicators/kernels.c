/* Which of the two compilations of wide-private.h runs. */
#include "core/indicators/kernels.h"

#include "core/indicators/atr.h"
#include "core/indicators/macd.h"
#include "core/indicators/rsi.h"
#include "core/indicators/sma.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Vectors only go between static functions of one instruction set. */
#pragma GCC diagnostic ignored "-Wpsabi"

typedef double four __attribute__((vector_size(32)));
typedef long long four_masks __attribute__((vector_size(32)));

#define WIDE_TARGET
#define WIDE_PIECEWISE
#define WIDE(name) plain_##name
#include "core/indicators/wide-private.h"
#undef WIDE_PIECEWISE
#undef WIDE_TARGET
#undef WIDE

const qb_kernels qb_kernels_plain = {"plain",   plain_sma,  plain_ema,      plain_rsi,
                                     plain_atr, plain_macd, plain_bollinger};

#ifdef __x86_64__
#define WIDE_TARGET __attribute__((target("avx2")))
#define WIDE(name) avx2_##name
#include "core/indicators/wide-private.h"
#undef WIDE_TARGET
#undef WIDE

static const qb_kernels kernels_avx2 = {"avx2",   avx2_sma,  avx2_ema,      avx2_rsi,
                                        avx2_atr, avx2_macd, avx2_bollinger};

const qb_kernels *qb_kernels_best(void)
{
    return __builtin_cpu_supports("avx2") ? &kernels_avx2 : &qb_kernels_plain;
}
#else
const qb_kernels *qb_kernels_best(void)
{
    return &qb_kernels_plain;
}
#endif

void qb_column_sma(const double *values, size_t count, size_t period, double *out)
{
    qb_kernels_best()->sma(values, count, period, out);
}

void qb_column_ema(const double *values, size_t count, size_t period, qb_seed seed, double *out)
{
    qb_kernels_best()->ema(values, count, 2.0 / ((double)period + 1.0),
                           seed == QB_SEED_FIRST ? 1 : period, out);
}

void qb_column_wilder(const double *values, size_t count, size_t period, qb_seed seed, double *out)
{
    qb_kernels_best()->ema(values, count, 1.0 / (double)period, seed == QB_SEED_FIRST ? 1 : period,
                           out);
}

void qb_column_rsi(const double *values, size_t count, size_t period, double *out)
{
    qb_kernels_best()->rsi(values, count, period, out);
}

void qb_column_atr(const double *high, const double *low, const double *close, size_t count,
                   size_t period, double *out)
{
    qb_kernels_best()->atr(high, low, close, count, period, out);
}

void qb_column_macd(const double *values, size_t count, size_t fast, size_t slow, size_t signal,
                    double *out_line, double *out_signal, double *out_histogram)
{
    qb_kernels_best()->macd(values, count, fast, slow, signal, out_line, out_signal, out_histogram);
}

void qb_column_bollinger(const double *values, size_t count, size_t period, double width,
                         size_t ddof, double *out_middle, double *out_upper, double *out_lower)
{
    qb_kernels_best()->bollinger(values, count, period, width, ddof, out_middle, out_upper,
                                 out_lower);
}
