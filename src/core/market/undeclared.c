/* Splits that nobody declared: raw prices that step by the ratio of a usual split.
 *
 * A crash steps too, and one in a hundred lands near 3/4 or 4/5. What tells them apart is the day
 * itself: a split is bookkeeping, so its day is as calm as those before it and turns over as much
 * money, and the level stays. A crash has a wide range and many times the turnover. All limits are
 * fractions of the step's logarithm, so that 5:4 must be far calmer than 20:1. They were chosen on
 * 124 large companies 1999-2021 (129 declared splits, the crashes of 2000, 2008 and 2020) and
 * checked against factor files of another source; tests/core/undeclared_test.c lists what is found
 * there, what is missed and why.
 *
 * Days are windows of 24 hours counted from the row, so one rule serves bars of all intervals. */
#include "core/market/actions-private.h"

#include <math.h>

#define STEP_MIN 1.18                 /* smaller steps reach no usual ratio */
#define BREAK_MIN_US (4 * QB_HOUR_US) /* splits take effect between sessions */
#define BREAK_MAX_US (15 * QB_DAY_US) /* after a longer silence the symbol may be another company */
#define DAYS_BEFORE 20
#define DAYS_BEFORE_MIN 2
#define DAYS_AFTER 5
#define DAYS_REACH 150 /* back or ahead, so that weekly bars find their days */

/* Each as a fraction of the logarithm of the split's ratio. */
#define OFF_MAX \
    0.06 /* of the opening from the ratio, and 2 % in any case; 15 and 25 are rare
                         beside 20, so they get no more than that */
#define OFF_LEAST 0.02
#define USUAL_RANGE_MAX 0.2 /* of the days before: a wild series proves nothing */
#define RANGE_MAX 0.35      /* of the day itself */
#define RANGE_MAX_ALONE 0.2 /* where the turnover is unknown */
#define LEVEL_MAX 0.35      /* of the closes after, from those before */
/* The day's turnover to that of the days before. Where it is unknown, ratios below 3:2 are left
 * alone. Of a reverse split's day some sources give the volume in old shares, and a price that
 * opens five times higher needs no more evidence. */
#define TURNOVER_MIN 0.02 /* below, hardly anybody could trade: a halt or a delisting */
#define TURNOVER_MAX 3.0
#define TURNOVER_MAX_SMALL 2.0      /* below 3:2 */
#define TURNOVER_MAX_THREEFOLD 25.0 /* of reverse splits from 1:3 on; from 1:5 on, any */

/* ---- days --------------------------------------------------------------------------------- */

typedef struct day {
    double high, low, close;
    double turnover; /* price x volume; NaN: unknown */
} day;

static bool is_price(double price)
{
    return price > 0.0 && isfinite(price);
}

static bool row_is_fit(const qb_series *series, size_t row)
{
    return is_price(series->open[row]) && is_price(series->high[row]) &&
           is_price(series->low[row]) && is_price(series->close[row]);
}

static double row_turnover(const qb_series *series, size_t row)
{
    return series->volume == NULL ? (double)NAN : series->close[row] * series->volume[row];
}

/* Rows come in either direction; the close is that of the latest. */
static void day_add(day *day, const qb_series *series, size_t row, bool is_latest)
{
    day->high = fmax(day->high, series->high[row]);
    day->low = fmin(day->low, series->low[row]);
    if (is_latest)
        day->close = series->close[row];
    day->turnover += row_turnover(series, row);
}

static day day_begin(const qb_series *series, size_t row)
{
    return (day){
        .high = series->high[row],
        .low = series->low[row],
        .close = series->close[row],
        .turnover = row_turnover(series, row),
    };
}

/* From one stamp to a later one; stamps may be anything. */
static int64_t elapsed_us(int64_t from_us, int64_t to_us)
{
    int64_t elapsed;
    return __builtin_sub_overflow(to_us, from_us, &elapsed) ? INT64_MAX : elapsed;
}

/* The last days above the row, latest first; returns how many. */
static size_t days_before(const qb_series *series, size_t row, day days[DAYS_BEFORE])
{
    size_t count = 0;
    int64_t current = -1;
    for (size_t i = row; i-- > 0;) {
        int64_t back = (elapsed_us(series->ts_us[i], series->ts_us[row]) - 1) / QB_DAY_US;
        if (back >= DAYS_REACH)
            break;
        if (!row_is_fit(series, i))
            continue;
        if (back == current) {
            day_add(&days[count - 1], series, i, false);
            continue;
        }
        if (count == DAYS_BEFORE)
            break;
        days[count++] = day_begin(series, i);
        current = back;
    }
    return count;
}

/* The first days from the row on; returns how many, at least the row's own. */
static size_t days_after(const qb_series *series, size_t row, day days[DAYS_AFTER])
{
    size_t count = 0;
    int64_t current = -1;
    for (size_t i = row; i < series->count; i++) {
        int64_t ahead = elapsed_us(series->ts_us[row], series->ts_us[i]) / QB_DAY_US;
        if (ahead >= DAYS_REACH)
            break;
        if (!row_is_fit(series, i))
            continue;
        if (ahead == current) {
            day_add(&days[count - 1], series, i, true);
            continue;
        }
        if (count == DAYS_AFTER)
            break;
        days[count++] = day_begin(series, i);
        current = ahead;
    }
    return count;
}

/* Of the finite values; NaN when there is none. Reorders them. */
static double median(double *values, size_t count)
{
    size_t known = 0;
    for (size_t i = 0; i < count; i++) {
        double value = values[i];
        if (!isfinite(value))
            continue;
        size_t at = known++;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
    if (known == 0)
        return (double)NAN;
    return known % 2 == 1 ? values[known / 2] : 0.5 * (values[known / 2 - 1] + values[known / 2]);
}

static double day_range(const day *day)
{
    return log(day->high / day->low);
}

static double median_range(const day *days, size_t count)
{
    double values[DAYS_BEFORE] = {0};
    for (size_t i = 0; i < count; i++)
        values[i] = day_range(&days[i]);
    return median(values, count);
}

static double median_turnover(const day *days, size_t count)
{
    double values[DAYS_BEFORE] = {0};
    for (size_t i = 0; i < count; i++)
        values[i] = days[i].turnover;
    return median(values, count);
}

static double median_close(const day *days, size_t count)
{
    double values[DAYS_BEFORE] = {0};
    size_t some = count < DAYS_AFTER ? count : DAYS_AFTER;
    for (size_t i = 0; i < some; i++)
        values[i] = days[i].close;
    return median(values, some);
}

/* ---- the judgement ------------------------------------------------------------------------ */

static bool is_small(qb_ratio ratio)
{
    return 2 * ratio.fresh < 3 * ratio.old && 2 * ratio.old < 3 * ratio.fresh;
}

static double turnover_most(qb_ratio ratio)
{
    if (ratio.old >= 5 * ratio.fresh)
        return (double)INFINITY;
    if (ratio.old >= 3 * ratio.fresh)
        return TURNOVER_MAX_THREEFOLD;
    return is_small(ratio) ? TURNOVER_MAX_SMALL : TURNOVER_MAX;
}

static bool days_agree(const qb_series *series, size_t row, qb_ratio ratio)
{
    day before[DAYS_BEFORE], after[DAYS_AFTER];
    size_t before_count = days_before(series, row, before);
    if (before_count < DAYS_BEFORE_MIN)
        return false;
    size_t after_count = days_after(series, row, after);

    double factor = qb_ratio_factor(ratio), size = fabs(log(factor));
    double turnover = after[0].turnover / median_turnover(before, before_count);
    bool known = turnover > 0.0 && isfinite(turnover);
    if (known ? turnover < TURNOVER_MIN || turnover > turnover_most(ratio) : is_small(ratio))
        return false;
    double level = median_close(after, after_count) / median_close(before, before_count) * factor;
    return day_range(&after[0]) <= (known ? RANGE_MAX : RANGE_MAX_ALONE) * size &&
           median_range(before, before_count) <= USUAL_RANGE_MAX * size &&
           fabs(log(level)) <= LEVEL_MAX * size;
}

/* The opening, with the dividend that left with it, over the close above; 0 where no split can
 * be or one is declared. */
static double step_at(const qb_series *series, size_t row)
{
    int64_t gap_us = elapsed_us(series->ts_us[row - 1], series->ts_us[row]);
    if (gap_us <= BREAK_MIN_US || gap_us > BREAK_MAX_US)
        return 0.0;
    if (series->split_factor != NULL && series->split_factor[row] != 1.0)
        return 0.0;
    double dividend = series->dividend != NULL ? series->dividend[row] : 0.0;
    return (series->open[row] + dividend) / series->close[row - 1];
}

/* The usual ratio that the opening is near enough to. */
static bool ratio_near(double step, qb_ratio *out)
{
    double best = (double)INFINITY;
    for (size_t i = 0; i < QB_RATIOS; i++) {
        qb_ratio ratio = qb_ratio_usual(i);
        double size = log(qb_ratio_factor(ratio)), off = fabs(log(step) + size);
        bool rare = ratio.fresh % 10 == 5 || ratio.old % 10 == 5;
        double room = rare && fabs(size) > log(10.0) ? 0.0 : OFF_MAX * fabs(size);
        if (off < best && off <= fmax(OFF_LEAST, room)) {
            best = off;
            *out = ratio;
        }
    }
    return isfinite(best);
}

static bool suspect_at(const qb_series *series, size_t row, qb_split_suspect *out)
{
    double step = step_at(series, row);
    bool large = step >= STEP_MIN || (step > 0.0 && step <= 1.0 / STEP_MIN); /* NaN: neither */
    qb_ratio ratio;
    if (!large || !isfinite(step) || !row_is_fit(series, row) || !row_is_fit(series, row - 1) ||
        !ratio_near(step, &ratio) || !days_agree(series, row, ratio))
        return false;
    *out = (qb_split_suspect){
        .row = row,
        .ts_us = series->ts_us[row],
        .ratio = step,
        .new_shares = ratio.fresh,
        .old_shares = ratio.old,
    };
    return true;
}

size_t qb_splits_undeclared(const qb_series *series, qb_split_suspect *out, size_t capacity)
{
    size_t count = 0;
    qb_split_suspect suspect;
    for (size_t row = 1; row < series->count; row++) {
        if (!suspect_at(series, row, &suspect))
            continue;
        if (count < capacity)
            out[count] = suspect;
        count++;
    }
    return count;
}
