/* The bodies of the kernels; no header of its own: kernels.c includes it once per instruction set,
 * with WIDE(name) and WIDE_TARGET. Four doubles are a vector, which a machine without such wide
 * registers works through in parts: same operations, same bits. */

static inline WIDE_TARGET four WIDE(load)(const double *at)
{
    four values;
    memcpy(&values, at, sizeof values);
    return values;
}

static inline WIDE_TARGET void WIDE(store)(double *at, four values)
{
    memcpy(at, &values, sizeof values);
}

static inline WIDE_TARGET four WIDE(all)(double value)
{
    return (four){value, value, value, value};
}

/* yes where a > b, else no. Without wide registers a compiler takes such a vector to pieces anyway,
 * and does it worse than this. */
static inline WIDE_TARGET four WIDE(choose)(four a, four b, four yes, four no)
{
#ifdef WIDE_PIECEWISE
    return (four){a[0] > b[0] ? yes[0] : no[0], a[1] > b[1] ? yes[1] : no[1],
                  a[2] > b[2] ? yes[2] : no[2], a[3] > b[3] ? yes[3] : no[3]};
#else
    const four_masks where = a > b;
    return (four)(((four_masks)yes & where) | ((four_masks)no & ~where));
#endif
}

/* 0 x0 x1 x2 */
static inline WIDE_TARGET four WIDE(later)(four x)
{
    return __builtin_shufflevector(x, (four){0}, 4, 0, 1, 2);
}

/* 0 0 x0 x1 */
static inline WIDE_TARGET four WIDE(later_by_two)(four x)
{
    return __builtin_shufflevector(x, (four){0}, 4, 5, 0, 1);
}

static inline WIDE_TARGET four WIDE(newest)(four x)
{
    return __builtin_shufflevector(x, x, 3, 3, 3, 3);
}

static WIDE_TARGET void WIDE(undefined)(double *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = NAN;
}

/* ---- y = b y + a x, eight at a time ------------------------------------------------------- */

typedef struct WIDE(scan) {
    double a, b, last;    /* last: y before the next value */
    double eighth;        /* b^8 */
    four b1, b2;          /* b, b^2 */
    four near, far, gain; /* b^1 .. b^4, b^5 .. b^8, a */
} WIDE(scan);

static WIDE_TARGET WIDE(scan) WIDE(scan_start)(double alpha, double last)
{
    const double b = 1.0 - alpha, bb = b * b, b4 = bb * bb;
    const four near = {b, bb, bb * b, b4};
    return (WIDE(scan)){.a = alpha,
                        .b = b,
                        .last = last,
                        .eighth = b4 * b4,
                        .b1 = WIDE(all)(b),
                        .b2 = WIDE(all)(bb),
                        .near = near,
                        .far = near * WIDE(all)(b4),
                        .gain = WIDE(all)(alpha)};
}

/* *low, *high: eight values in, eight averages out. */
static inline WIDE_TARGET void WIDE(scan_eight)(WIDE(scan) * scan, four *low, four *high)
{
    four x = *low * scan->gain, y = *high * scan->gain;
    x += scan->b1 * WIDE(later)(x);
    y += scan->b1 * WIDE(later)(y);
    x += scan->b2 * WIDE(later_by_two)(x);
    y += scan->b2 * WIDE(later_by_two)(y);
    y += scan->near * WIDE(newest)(x);
    const four last = WIDE(all)(scan->last);
    *low = x + scan->near * last;
    *high = y + scan->far * last;
    scan->last = y[3] + scan->eighth * scan->last;
}

/* The last values of a column, fewer than eight, go through the same steps, padded with zeros that
 * no earlier value sees: so the first n values of a column do not depend on where it ends. */
#define WIDE_EIGHT 8

static inline WIDE_TARGET void WIDE(ema_eight)(WIDE(scan) * scan, const double *values, double *out)
{
    four low = WIDE(load)(values), high = WIDE(load)(values + 4);
    WIDE(scan_eight)(scan, &low, &high);
    WIDE(store)(out, low);
    WIDE(store)(out + 4, high);
}

static WIDE_TARGET void WIDE(ema)(const double *values, size_t count, double alpha, size_t period,
                                  double *out)
{
    qb_ema ema;
    size_t i = 0;
    qb_ema_init_alpha(&ema, alpha, period, QB_SEED_SMA);
    for (; i < count && !qb_ema_ready(&ema); i++) {
        qb_ema_add(&ema, values[i]);
        out[i] = qb_ema_ready(&ema) ? ema.value : NAN;
    }
    WIDE(scan) scan = WIDE(scan_start)(alpha, ema.value);
    for (; i + WIDE_EIGHT <= count; i += WIDE_EIGHT)
        WIDE(ema_eight)(&scan, values + i, out + i);
    double last[WIDE_EIGHT] = {0}, last_out[WIDE_EIGHT];
    memcpy(last, values + i, (count - i) * sizeof *last);
    WIDE(ema_eight)(&scan, last, last_out);
    memcpy(out + i, last_out, (count - i) * sizeof *out);
}

/* ---- RSI ---------------------------------------------------------------------------------- */

static inline WIDE_TARGET four WIDE(strength)(four up, four all)
{
    const four ratio = WIDE(all)(100.0) * (up / all);
    return WIDE(choose)(all, WIDE(all)(0.0), ratio, WIDE(all)(50.0));
}

/* The rise, and its or the fall's size: (|d| + d) / 2 is exact, and has no branch to guess. */
static inline WIDE_TARGET void WIDE(changes)(const double *at, four *up, four *all)
{
    const four change = WIDE(load)(at) - WIDE(load)(at - 1);
    const four_masks size = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX};
    *all = (four)((four_masks)change & size);
    *up = WIDE(all)(0.5) * (*all + change);
}

/* values[-1] .. values[7] */
static inline WIDE_TARGET void WIDE(rsi_eight)(WIDE(scan) * up, WIDE(scan) * all,
                                               const double *values, double *out)
{
    four up_low, up_high, all_low, all_high;
    WIDE(changes)(values, &up_low, &all_low);
    WIDE(changes)(values + 4, &up_high, &all_high);
    WIDE(scan_eight)(up, &up_low, &up_high);
    WIDE(scan_eight)(all, &all_low, &all_high);
    WIDE(store)(out, WIDE(strength)(up_low, all_low));
    WIDE(store)(out + 4, WIDE(strength)(up_high, all_high));
}

static WIDE_TARGET void WIDE(rsi)(const double *values, size_t count, size_t period, double *out)
{
    qb_rsi rsi;
    size_t i = 0;
    qb_rsi_init(&rsi, NULL, period, QB_AVERAGE_WILDER, QB_SEED_SMA);
    for (; i < count && !qb_rsi_ready(&rsi); i++) {
        qb_rsi_add(&rsi, values[i]);
        out[i] = qb_rsi_ready(&rsi) ? qb_rsi_value(&rsi) : NAN;
    }
    if (i == count)
        return;
    WIDE(scan) up = WIDE(scan_start)(rsi.up.alpha, rsi.up.value);
    WIDE(scan) all = WIDE(scan_start)(rsi.up.alpha, rsi.up.value + rsi.down.value);
    for (; i + WIDE_EIGHT <= count; i += WIDE_EIGHT)
        WIDE(rsi_eight)(&up, &all, values + i, out + i);
    double last[WIDE_EIGHT + 1] = {0}, last_out[WIDE_EIGHT];
    memcpy(last, values + i - 1, (count - i + 1) * sizeof *last);
    WIDE(rsi_eight)(&up, &all, last + 1, last_out);
    memcpy(out + i, last_out, (count - i) * sizeof *out);
}

/* ---- ATR ---------------------------------------------------------------------------------- */

static inline WIDE_TARGET four WIDE(ranges)(const double *high, const double *low,
                                            const double *last)
{
    const four top = WIDE(load)(high), bottom = WIDE(load)(low), close = WIDE(load)(last);
    return WIDE(choose)(top, close, top, close) - WIDE(choose)(close, bottom, bottom, close);
}

static inline WIDE_TARGET void WIDE(atr_eight)(WIDE(scan) * scan, const double *high,
                                               const double *low, const double *last, double *out)
{
    four near = WIDE(ranges)(high, low, last);
    four far = WIDE(ranges)(high + 4, low + 4, last + 4);
    WIDE(scan_eight)(scan, &near, &far);
    WIDE(store)(out, near);
    WIDE(store)(out + 4, far);
}

static WIDE_TARGET void WIDE(atr)(const double *high, const double *low, const double *close,
                                  size_t count, size_t period, double *out)
{
    qb_atr atr;
    size_t i = 0;
    qb_atr_init(&atr, NULL, period, QB_AVERAGE_WILDER, false);
    for (; i < count && !qb_atr_ready(&atr); i++) {
        qb_atr_add(&atr, high[i], low[i], close[i]);
        out[i] = qb_atr_ready(&atr) ? qb_atr_value(&atr) : NAN;
    }
    if (i == count)
        return;
    WIDE(scan) scan = WIDE(scan_start)(atr.smooth.alpha, atr.smooth.value);
    for (; i + WIDE_EIGHT <= count; i += WIDE_EIGHT)
        WIDE(atr_eight)(&scan, high + i, low + i, close + i - 1, out + i);
    double tops[WIDE_EIGHT] = {0}, bottoms[WIDE_EIGHT] = {0}, before[WIDE_EIGHT] = {0};
    double last_out[WIDE_EIGHT];
    memcpy(tops, high + i, (count - i) * sizeof *tops);
    memcpy(bottoms, low + i, (count - i) * sizeof *bottoms);
    memcpy(before, close + i - 1, (count - i) * sizeof *before);
    WIDE(atr_eight)(&scan, tops, bottoms, before, last_out);
    memcpy(out + i, last_out, (count - i) * sizeof *out);
}

/* ---- MACD --------------------------------------------------------------------------------- */

typedef struct WIDE(three) {
    WIDE(scan) fast, slow, signal;
} WIDE(three);

static inline WIDE_TARGET void WIDE(macd_eight)(WIDE(three) * scans, const double *values,
                                                double *line, double *signal, double *histogram)
{
    four low = WIDE(load)(values), high = WIDE(load)(values + 4);
    four slow_low = low, slow_high = high;
    WIDE(scan_eight)(&scans->fast, &low, &high);
    WIDE(scan_eight)(&scans->slow, &slow_low, &slow_high);
    low -= slow_low;
    high -= slow_high;
    four mean_low = low, mean_high = high;
    WIDE(scan_eight)(&scans->signal, &mean_low, &mean_high);
    WIDE(store)(line, low);
    WIDE(store)(line + 4, high);
    WIDE(store)(signal, mean_low);
    WIDE(store)(signal + 4, mean_high);
    WIDE(store)(histogram, low - mean_low);
    WIDE(store)(histogram + 4, high - mean_high);
}

static WIDE_TARGET void WIDE(macd)(const double *values, size_t count, size_t fast, size_t slow,
                                   size_t signal, double *out_line, double *out_signal,
                                   double *out_histogram)
{
    qb_macd macd;
    size_t i = 0;
    qb_macd_init(&macd, fast, slow, signal, QB_SEED_SMA, false);
    for (; i < count && !qb_macd_ready(&macd); i++) {
        qb_macd_add(&macd, values[i]);
        const bool ready = qb_macd_ready(&macd);
        out_line[i] = ready ? qb_macd_line(&macd) : NAN;
        out_signal[i] = ready ? qb_macd_signal(&macd) : NAN;
        out_histogram[i] = ready ? qb_macd_histogram(&macd) : NAN;
    }
    WIDE(three)
    scans = {WIDE(scan_start)(macd.fast.alpha, macd.fast.value),
             WIDE(scan_start)(macd.slow.alpha, macd.slow.value),
             WIDE(scan_start)(macd.signal.alpha, macd.signal.value)};
    for (; i + WIDE_EIGHT <= count; i += WIDE_EIGHT)
        WIDE(macd_eight)(&scans, values + i, out_line + i, out_signal + i, out_histogram + i);
    double last[WIDE_EIGHT] = {0}, line[WIDE_EIGHT], mean[WIDE_EIGHT], histogram[WIDE_EIGHT];
    memcpy(last, values + i, (count - i) * sizeof *last);
    WIDE(macd_eight)(&scans, last, line, mean, histogram);
    memcpy(out_line + i, line, (count - i) * sizeof *line);
    memcpy(out_signal + i, mean, (count - i) * sizeof *mean);
    memcpy(out_histogram + i, histogram, (count - i) * sizeof *histogram);
}

/* ---- SMA ---------------------------------------------------------------------------------- */

/* Values between two sums that are made afresh, so that rounding never piles up. */
#define WIDE_REBUILD 1024

static WIDE_TARGET double WIDE(sum)(const double *values, size_t count)
{
    four sums = WIDE(all)(0.0);
    size_t i = 0;
    for (; i + 4 <= count; i += 4)
        sums += WIDE(load)(values + i);
    double sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    for (; i < count; i++)
        sum += values[i];
    return sum;
}

/* Eight averages; *sum is that of the window before, and after it of the last one. */
static inline WIDE_TARGET void WIDE(sma_eight)(const double *values, const double *older,
                                               four divisor, double *sum, double *out)
{
    four x = WIDE(load)(values) - WIDE(load)(older);
    four y = WIDE(load)(values + 4) - WIDE(load)(older + 4);
    x += WIDE(later)(x);
    y += WIDE(later)(y);
    x += WIDE(later_by_two)(x);
    y += WIDE(later_by_two)(y);
    y += WIDE(newest)(x);
    const four before = WIDE(all)(*sum);
    WIDE(store)(out, (x + before) / divisor);
    WIDE(store)(out + 4, (y + before) / divisor);
    *sum += y[3];
}

/* Averages at [from, to), sum being that of the window before `from`. */
static WIDE_TARGET void WIDE(slide)(const double *values, size_t from, size_t to, size_t period,
                                    double sum, double *out)
{
    const four divisor = WIDE(all)((double)period);
    size_t i = from;
    for (; i + WIDE_EIGHT <= to; i += WIDE_EIGHT)
        WIDE(sma_eight)(values + i, values + i - period, divisor, &sum, out + i);
    double last[WIDE_EIGHT] = {0}, older[WIDE_EIGHT] = {0}, last_out[WIDE_EIGHT];
    memcpy(last, values + i, (to - i) * sizeof *last);
    memcpy(older, values + i - period, (to - i) * sizeof *older);
    WIDE(sma_eight)(last, older, divisor, &sum, last_out);
    memcpy(out + i, last_out, (to - i) * sizeof *out);
}

static WIDE_TARGET void WIDE(sma)(const double *values, size_t count, size_t period, double *out)
{
    const size_t stride = period > WIDE_REBUILD ? period : WIDE_REBUILD;
    WIDE(undefined)(out, count < period - 1 ? count : period - 1);
    for (size_t i = period - 1; i < count; i += stride) {
        const double sum = WIDE(sum)(values + i + 1 - period, period);
        out[i] = sum / (double)period;
        WIDE(slide)(values, i + 1, count - i < stride ? count : i + stride, period, sum, out);
    }
}

/* ---- Bollinger ---------------------------------------------------------------------------- */

#define WIDE_CHUNK 32

/* Suffix sums of the block values[0 .. period) about its last value, each where the window that
 * starts there ends: sums[0 .. room) and squares[0 .. room). */
static WIDE_TARGET void WIDE(suffixes)(const double *values, size_t period, size_t room,
                                       double *sums, double *squares)
{
    const double shift = values[period - 1];
    double sum = 0.0, square = 0.0;
    for (size_t i = period; i-- > 0;) {
        const double away = values[i] - shift;
        sum += away;
        square += away * away;
        if (i < room) {
            sums[i] = sum;
            squares[i] = square;
        }
    }
}

typedef struct WIDE(band) {
    double shift, per_value, per_freedom, width;
} WIDE(band);

/* From sums about the shift to bands, in place: sums in lower, squares in upper. */
static inline WIDE_TARGET void WIDE(bands)(const WIDE(band) * band, const double *sums,
                                           const double *squares, double *middle, double *upper,
                                           double *lower)
{
    const four sum = WIDE(load)(sums) + WIDE(load)(lower);
    const four square = WIDE(load)(squares) + WIDE(load)(upper);
    const four away = sum * WIDE(all)(band->per_value);
    four variance = (square - sum * away) * WIDE(all)(band->per_freedom);
    variance = WIDE(choose)(variance, WIDE(all)(0.0), variance, WIDE(all)(0.0));
    four reach = {__builtin_sqrt(variance[0]), __builtin_sqrt(variance[1]),
                  __builtin_sqrt(variance[2]), __builtin_sqrt(variance[3])};
    reach *= WIDE(all)(band->width);
    const four mean = WIDE(all)(band->shift) + away;
    WIDE(store)(middle, mean);
    WIDE(store)(upper, mean + reach);
    WIDE(store)(lower, mean - reach);
}

static inline WIDE_TARGET void WIDE(band_one)(const WIDE(band) * band, double sum, double square,
                                              double *middle, double *upper, double *lower)
{
    const double away = sum * band->per_value;
    const double variance = (square - sum * away) * band->per_freedom;
    const double reach = band->width * __builtin_sqrt(variance > 0.0 ? variance : 0.0);
    const double mean = band->shift + away;
    *middle = mean;
    *upper = mean + reach;
    *lower = mean - reach;
}

/* The windows that end at values[-1 .. room - 1), values being where the newer block starts. The
 * older block's suffix sums stand in lower and upper. */
static WIDE_TARGET void WIDE(block)(const WIDE(band) * band, const double *values, size_t room,
                                    double *middle, double *upper, double *lower)
{
    double sums[WIDE_CHUNK], squares[WIDE_CHUNK], sum = 0.0, square = 0.0;
    for (size_t done = 0; done < room; done += WIDE_CHUNK) {
        const size_t left = room - done, count = left < WIDE_CHUNK ? left : WIDE_CHUNK;
        for (size_t i = 0; i < count; i++) {
            if (done + i > 0) {
                const double away = values[done + i - 1] - band->shift;
                sum += away;
                square += away * away;
            }
            sums[i] = sum;
            squares[i] = square;
        }
        size_t i = 0;
        for (; i + 4 <= count; i += 4)
            WIDE(bands)
        (band, sums + i, squares + i, middle + done + i, upper + done + i, lower + done + i);
        for (; i < count; i++) {
            const size_t at = done + i;
            WIDE(band_one)
            (band, sums[i] + lower[at], squares[i] + upper[at], middle + at, upper + at,
             lower + at);
        }
    }
}

static WIDE_TARGET void WIDE(bollinger)(const double *values, size_t count, size_t period,
                                        double width, size_t ddof, double *out_middle,
                                        double *out_upper, double *out_lower)
{
    const size_t head = count < period - 1 ? count : period - 1;
    WIDE(undefined)(out_middle, head);
    WIDE(undefined)(out_upper, head);
    WIDE(undefined)(out_lower, head);
    WIDE(band)
    band = {.per_value = 1.0 / (double)period,
            .per_freedom = period > ddof ? 1.0 / (double)(period - ddof) : 0.0,
            .width = width};
    for (size_t end = period; end <= count; end += period) {
        const size_t left = count - end + 1, room = left < period ? left : period;
        band.shift = values[end - 1];
        WIDE(suffixes)
        (values + end - period, period, room, out_lower + end - 1, out_upper + end - 1);
        WIDE(block)
        (&band, values + end, room, out_middle + end - 1, out_upper + end - 1, out_lower + end - 1);
    }
}
