/* Whole columns of the indicators that everything else is made of, several values at a time.
 *
 * In: columns of `count` finite values. Out: columns of `count`, NaN where the indicator is not
 * defined; never the same memory as an input. Nothing is allocated, nothing is read past the end.
 * Definitions, ranges and edge cases are those of the streaming forms (sma.h, ema.h, rsi.h, atr.h,
 * macd.h, bollinger.h). The order of operations differs, so the two agree within 1e-12 of the
 * largest value in the window, not to the last bit (SMA of dyadic prices: to the last bit).
 *
 * A recurrence y = b y + a x waits for itself: each value costs the latency of a multiplication
 * and an addition. Eight values are therefore combined with powers of b first, and the chain is
 * entered once for all eight (Kogge and Stone 1973; Blelloch, Prefix Sums and Their Applications,
 * 1990). A value does not depend on where the column ends, to the last bit. One source is compiled
 * for plain machines and for AVX2 without fused operations: the same bits on every path. Every
 * other indicator's column is its streaming form in a loop, see table.h. */
#ifndef QB_KERNELS_H
#define QB_KERNELS_H

#include "core/indicators/ema.h"

#include <stddef.h>

typedef struct qb_kernels {
    const char *name; /* "plain", "avx2" */
    /* period >= 1 in all of them. */
    void (*sma)(const double *values, size_t count, size_t period, double *out);
    /* alpha in (0, 1]; the mean of the first `period` values is the seed. */
    void (*ema)(const double *values, size_t count, double alpha, size_t period, double *out);
    /* Wilder's. */
    void (*rsi)(const double *values, size_t count, size_t period, double *out);
    /* Wilder's, without the first bar. */
    void (*atr)(const double *high, const double *low, const double *close, size_t count,
                size_t period, double *out);
    /* Each output is NaN until the signal is defined. */
    void (*macd)(const double *values, size_t count, size_t fast, size_t slow, size_t signal,
                 double *out_line, double *out_signal, double *out_histogram);
    void (*bollinger)(const double *values, size_t count, size_t period, double width, size_t ddof,
                      double *out_middle, double *out_upper, double *out_lower);
} qb_kernels;

/* For any machine. */
extern const qb_kernels qb_kernels_plain;
/* The fastest that this machine runs; static. */
const qb_kernels *qb_kernels_best(void);

/* The same through the best path. */
void qb_column_sma(const double *values, size_t count, size_t period, double *out);
void qb_column_ema(const double *values, size_t count, size_t period, qb_seed seed, double *out);
void qb_column_wilder(const double *values, size_t count, size_t period, qb_seed seed, double *out);
void qb_column_rsi(const double *values, size_t count, size_t period, double *out);
void qb_column_atr(const double *high, const double *low, const double *close, size_t count,
                   size_t period, double *out);
void qb_column_macd(const double *values, size_t count, size_t fast, size_t slow, size_t signal,
                    double *out_line, double *out_signal, double *out_histogram);
void qb_column_bollinger(const double *values, size_t count, size_t period, double width,
                         size_t ddof, double *out_middle, double *out_upper, double *out_lower);

#endif
