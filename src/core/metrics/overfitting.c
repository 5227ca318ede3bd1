/* Combinatorially symmetric cross-validation. The rows are cut into blocks; each way to take half
 * of the blocks is a sample in which one strategy wins; the rest of the rows says what the winner
 * is worth there. Each block is reduced to mean and squared deviations once, and a half's figures
 * are merged from those of its blocks. */
#include "core/metrics/metrics.h"

#include <math.h>

/* Mean and sum of squared deviations of one column over some rows. */
typedef struct spread {
    double count, mean, squares;
} spread;

/* Relative to the first value, so that equal values have exactly no deviation. */
static spread spread_of(const double *first, size_t rows, size_t stride)
{
    double sum = 0, squares = 0, rest = 0;
    for (size_t i = 0; i < rows; i++)
        sum += first[i * stride] - first[0];
    const double mean = first[0] + sum / (double)rows;
    for (size_t i = 0; i < rows; i++) {
        const double d = first[i * stride] - mean;
        squares += d * d;
        rest += d;
    }
    return (spread){(double)rows, mean, squares - rest * rest / (double)rows};
}

/* Chan, Golub, LeVeque: Updating Formulae and a Pairwise Algorithm for Computing Sample Variances
 * (1979). */
static spread merge(spread a, spread b)
{
    if (a.count == 0)
        return b;
    const double count = a.count + b.count, d = b.mean - a.mean;
    return (spread){count, a.mean + d * b.count / count,
                    a.squares + b.squares + d * d * a.count * b.count / count};
}

static double metric(spread s)
{
    if (s.squares <= 0)
        return s.mean > 0 ? INFINITY : s.mean < 0 ? -INFINITY : 0;
    return s.mean / sqrt(s.squares / (s.count - 1.0));
}

/* Of one column over the blocks whose bit in `half` is `wanted`. */
static double half_metric(const spread *blocks, size_t block_count, size_t columns, size_t column,
                          uint32_t half, bool wanted)
{
    spread all = {0};
    for (size_t b = 0; b < block_count; b++)
        if (((half >> b & 1u) != 0) == wanted)
            all = merge(all, blocks[b * columns + column]);
    return metric(all);
}

static size_t first_maximum(const double *metrics, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (metrics[i] > metrics[best])
            best = i;
    return best;
}

/* 1 for the smallest; equals share the mean of their ranks. */
static double rank_of(const double *metrics, size_t count, size_t index)
{
    size_t below = 0, equal = 0;
    for (size_t i = 0; i < count; i++) {
        below += metrics[i] < metrics[index];
        equal += metrics[i] == metrics[index];
    }
    return (double)below + ((double)equal + 1.0) / 2.0;
}

size_t qb_pbo_combinations(size_t blocks)
{
    if (blocks < 2 || blocks % 2 != 0 || blocks > QB_PBO_BLOCKS_LIMIT)
        return 0;
    size_t ways = 1;
    for (size_t i = 1; i <= blocks / 2; i++)
        ways = ways * (blocks - blocks / 2 + i) / i;
    return ways;
}

/* Bit b of the mask is block b; the smallest block changes slowest in lexical order, so the walk
 * is over index lists rather than over masks. FALSE after the last. */
static bool next_combination(uint8_t *index, size_t taken, size_t from)
{
    for (size_t i = taken; i-- > 0;) {
        if (index[i] == from - taken + i)
            continue;
        index[i]++;
        for (size_t j = i + 1; j < taken; j++)
            index[j] = (uint8_t)(index[j - 1] + 1);
        return true;
    }
    return false;
}

static double logit_of_winner(const spread *blocks, size_t block_count, size_t columns,
                              uint32_t half, double *metrics, size_t *out_winner)
{
    for (size_t c = 0; c < columns; c++)
        metrics[c] = half_metric(blocks, block_count, columns, c, half, true);
    const size_t winner = first_maximum(metrics, columns);
    for (size_t c = 0; c < columns; c++)
        metrics[c] = half_metric(blocks, block_count, columns, c, half, false);
    const double omega = rank_of(metrics, columns, winner) / ((double)columns + 1.0);
    *out_winner = winner;
    return log(omega / (1.0 - omega));
}

qb_status qb_pbo(const double *returns, size_t rows, size_t columns, size_t blocks, double *out_pbo,
                 double *out_lambda, size_t *out_chosen)
{
    const size_t combinations = qb_pbo_combinations(blocks);
    if (combinations == 0 || columns < 2 || rows == 0 || rows % blocks != 0 || rows < 4 ||
        columns > SIZE_MAX / sizeof(spread) / QB_PBO_BLOCKS_LIMIT)
        return QB_OUT_OF_RANGE;
    for (size_t i = 0; i < rows * columns; i++)
        if (!isfinite(returns[i]))
            return QB_NOT_FINITE;

    spread *block = qb_realloc(NULL, blocks * columns * sizeof *block);
    double *metrics = qb_realloc(NULL, columns * sizeof *metrics);
    if (block == NULL || metrics == NULL) {
        qb_realloc(block, 0);
        qb_realloc(metrics, 0);
        return QB_NO_MEMORY;
    }
    const size_t height = rows / blocks;
    for (size_t b = 0; b < blocks; b++)
        for (size_t c = 0; c < columns; c++)
            block[b * columns + c] = spread_of(returns + b * height * columns + c, height, columns);
    for (size_t c = 0; out_chosen != NULL && c < columns; c++)
        out_chosen[c] = 0;

    uint8_t index[QB_PBO_BLOCKS_LIMIT / 2];
    for (size_t i = 0; i < blocks / 2; i++)
        index[i] = (uint8_t)i;
    size_t overfitted = 0, done = 0;
    do {
        uint32_t half = 0;
        for (size_t i = 0; i < blocks / 2; i++)
            half |= 1u << index[i];
        size_t winner;
        const double lambda = logit_of_winner(block, blocks, columns, half, metrics, &winner);
        overfitted += lambda <= 0;
        if (out_lambda != NULL)
            out_lambda[done] = lambda;
        if (out_chosen != NULL)
            out_chosen[winner]++;
        done++;
    } while (next_combination(index, blocks / 2, blocks));

    qb_realloc(block, 0);
    qb_realloc(metrics, 0);
    *out_pbo = (double)overfitted / (double)combinations;
    return QB_OK;
}
