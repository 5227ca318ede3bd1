/* Bars in which nothing happens, and volumes that cannot be what their neighbours are. */
#include "core/market/suspect-private.h"

#include <math.h>

/* A run of bars with one single price is stale when chance would hardly make it so long: with the
 * share p of bars that repeat, the longest run of n independent bars is about log(n) / log(1/p)
 * (Erdos and Renyi, 1970). Repeats come in clusters (quiet nights), hence five times that. */
#define STALE_CHANCE 1000.0 /* once in so many series */
#define STALE_CLUSTERS 5.0
#define STALE_LEAST_DAYS 5.0
#define STALE_LEAST_BARS 15.0 /* of less than a day */

/* Volumes are judged by logarithm against the medians of their block of 64 and of the two beside
 * it: fiftyfold at least, eight deviations (of the median kind: a thin market's volumes are spread
 * over decades), and beyond what one in a thousand of the series is. Bars outside sessions are not
 * judged, nor are the first ten: listings begin with a rush, or when-issued with a trickle. */
#define VOLUME_FACTOR 50.0
#define VOLUME_DEVIATIONS 8.0
#define VOLUME_TAIL 1.2
#define VOLUME_START 10
#define MAD_TO_SIGMA 1.4826
/* Another unit: four blocks before and four after differ thirtyfold, and not one of them lies in
 * between. Splits are taken out: raw volume grows by them. */
#define UNIT_FACTOR 30.0
#define UNIT_BLOCKS 4

static double volume_at(const qb_suspicion *self, size_t place)
{
    return self->series->volume[self->rows[place]];
}

static bool has_volumes(const qb_suspicion *self)
{
    for (size_t place = 0; self->series->volume != NULL && place < self->count; place++)
        if (volume_at(self, place) > 0)
            return true;
    return false;
}

void qb_suspect_zero_volume(qb_suspicion *self)
{
    if (!has_volumes(self))
        return;
    for (size_t place = 0; place < self->count;) {
        size_t run = 0;
        while (place + run < self->count && volume_at(self, place + run) == 0 &&
               (run == 0 || self->rows[place + run] == self->rows[place + run - 1] + 1))
            run++;
        if (run > 0)
            qb_suspect_report(self, QB_DEFECT_ZERO_VOLUME, place, run, 0, "volume");
        place += run > 0 ? run : 1;
    }
}

/* ---- stale ---------------------------------------------------------------------------------- */

/* One price only, that of the close before. */
static bool repeats(const qb_suspicion *self, size_t place)
{
    const qb_series *series = self->series;
    size_t row = self->rows[place];
    double price = series->close[self->rows[place - 1]];
    return series->high[row] == price && series->low[row] == price;
}

static double stale_length(const qb_suspicion *self)
{
    size_t repeated = 1; /* one more, so that there is a logarithm */
    for (size_t place = 1; place < self->count; place++)
        repeated += repeats(self, place);
    double bars_a_repeat = (1 + (double)self->count) / (double)repeated; /* 1/p */
    double chance = log((double)self->count * STALE_CHANCE) / log(bars_a_repeat);
    double least = self->interval >= QB_1D ? STALE_LEAST_DAYS : STALE_LEAST_BARS;
    return fmax(least, STALE_CLUSTERS * chance);
}

void qb_suspect_stale(qb_suspicion *self)
{
    double length = stale_length(self);
    bool volumes = has_volumes(self);
    for (size_t place = 1; place < self->count;) {
        size_t run = 0, traded = 0;
        for (; place + run < self->count && repeats(self, place + run); run++)
            traded += volumes && volume_at(self, place + run) > 0;
        /* Where volumes are known, rows without one are reported as filled forward. */
        if ((traded > 0 || !volumes) && (double)run >= length)
            qb_suspect_report(self, QB_DEFECT_STALE, place - 1, run + 1,
                              self->series->close[self->rows[place]], "close");
        place += run > 0 ? run : 1;
    }
}

/* ---- volume --------------------------------------------------------------------------------- */

/* Log of volume; NaN where nothing traded, or outside the session. */
static double log_volume(const qb_suspicion *self, size_t place, qb_session_cursor *cursor)
{
    qb_bar_time times;
    double volume = volume_at(self, place);
    int64_t ts_us = self->series->ts_us[self->rows[place]];
    bool judged = volume > 0 && isfinite(volume) &&
                  qb_bar_times_next(self->calendar, self->interval, ts_us, cursor, &times);
    return judged ? log(volume) : NAN;
}

/* moves and usual are done with: from here on they hold volumes, in today's shares, and their
 * blocks' medians. */
static void collect_volumes(qb_suspicion *self)
{
    const double *factor = self->series->split_factor;
    qb_session_cursor cursor = {0};
    double shares = 0;
    for (size_t place = 0; place < self->count; place++) {
        double split = factor != NULL && !self->adjusted ? factor[self->rows[place]] : 1;
        if (split > 0 && isfinite(split))
            shares += log(split);
        self->moves[place] = log_volume(self, place, &cursor) - shares;
    }
}

static double block_median(const qb_suspicion *self, size_t block)
{
    double traded[QB_SUSPECT_BLOCK];
    size_t count = 0;
    for (size_t i = 0; i < QB_SUSPECT_BLOCK; i++) {
        size_t place = block * QB_SUSPECT_BLOCK + i;
        if (place < self->count && !isnan(self->moves[place]))
            traded[count++] = self->moves[place];
    }
    return count > 0 ? qb_median(traded, count) : NAN;
}

/* How far beyond the blocks around it, below 0 when under them; 0 within, and where unknown. */
static double beyond_neighbours(const qb_suspicion *self, size_t place, size_t blocks)
{
    size_t block = place / QB_SUSPECT_BLOCK;
    double low = self->usual[block], high = low;
    if (block > 0) {
        low = fmin(low, self->usual[block - 1]);
        high = fmax(high, self->usual[block - 1]);
    }
    if (block + 1 < blocks) {
        low = fmin(low, self->usual[block + 1]);
        high = fmax(high, self->usual[block + 1]);
    }
    double volume = self->moves[place];
    return volume > high ? volume - high : volume < low ? volume - low : 0;
}

/* The value that all but `beyond` of them do not exceed. */
static double upper(double *values, size_t count, size_t beyond)
{
    return qb_select(values, count, count > beyond ? count - beyond : 0);
}

static double volume_limit(qb_suspicion *self, size_t blocks)
{
    size_t count = 0;
    for (size_t place = 0; place < self->count; place++)
        if (!isnan(self->moves[place]))
            self->spare[count++] = fabs(self->moves[place] - self->usual[place / QB_SUSPECT_BLOCK]);
    double deviation = count > 0 ? MAD_TO_SIGMA * qb_median(self->spare, count) : 0;
    for (size_t place = 0; place < self->count; place++)
        self->spare[place] = fabs(beyond_neighbours(self, place, blocks));
    double tail = upper(self->spare, self->count, self->count / 1000 + 5);
    return fmax(fmax(log(VOLUME_FACTOR), VOLUME_DEVIATIONS * deviation), VOLUME_TAIL * tail);
}

/* ---- units ---------------------------------------------------------------------------------- */

/* Blocks to look at on either side: four, and of intraday bars five days, which have nights. */
static size_t unit_window(const qb_suspicion *self)
{
    int64_t bars = 5 * QB_DAY_US / qb_interval_us(self->interval);
    size_t blocks = (size_t)(bars / QB_SUSPECT_BLOCK);
    return blocks > UNIT_BLOCKS ? blocks : UNIT_BLOCKS;
}

/* Log of the step between all blocks of the window before and all of the window after; 0: none. */
static double step_between(const double *medians, size_t block, size_t window)
{
    double low_before = INFINITY, high_before = -INFINITY;
    double low_after = INFINITY, high_after = -INFINITY;
    for (size_t i = 0; i < window; i++) {
        low_before = fmin(low_before, medians[block - 1 - i]);
        high_before = fmax(high_before, medians[block - 1 - i]);
        low_after = fmin(low_after, medians[block + i]);
        high_after = fmax(high_after, medians[block + i]);
    }
    if (!isfinite(high_before) || !isfinite(high_after))
        return 0; /* a side on which nothing traded */
    if (low_after - high_before >= log(UNIT_FACTOR))
        return low_after - high_before;
    if (low_before - high_after >= log(UNIT_FACTOR))
        return high_after - low_before;
    return 0;
}

/* The place from which volumes are on the other side of the middle, with the fewest exceptions. */
static size_t place_of_step(const qb_suspicion *self, size_t block, double middle, bool up)
{
    size_t from = (block - 1) * QB_SUSPECT_BLOCK, to = (block + 1) * QB_SUSPECT_BLOCK;
    size_t best = block * QB_SUSPECT_BLOCK;
    long score = 0, most = 0;
    for (size_t place = from; place < to && place < self->count; place++) {
        bool below = self->moves[place] < middle;
        score += below == up ? 1 : -1;
        if (score > most) {
            most = score;
            best = place + 1;
        }
    }
    return best < self->count ? best : self->count - 1;
}

/* Reports it and returns how many blocks to skip: the next windows see the same step. */
static size_t check_unit(qb_suspicion *self, size_t block, size_t window)
{
    double step = step_between(self->usual, block, window);
    if (step == 0)
        return 0;
    double middle = (self->usual[block - 1] + self->usual[block]) / 2;
    size_t place = place_of_step(self, block, middle, step > 0);
    qb_suspect_report(self, QB_DEFECT_VOLUME, place, 1, volume_at(self, place), "volume");
    return window;
}

void qb_suspect_volume(qb_suspicion *self)
{
    if (!has_volumes(self))
        return;
    size_t blocks = (self->count + QB_SUSPECT_BLOCK - 1) / QB_SUSPECT_BLOCK;
    collect_volumes(self);
    for (size_t block = 0; block < blocks; block++)
        self->usual[block] = block_median(self, block);
    double limit = volume_limit(self, blocks);
    size_t window = unit_window(self), next_step = window;
    for (size_t place = 0; place < self->count; place++) {
        size_t block = place / QB_SUSPECT_BLOCK;
        if (place % QB_SUSPECT_BLOCK == 0 && block >= next_step && block + window <= blocks)
            next_step = block + 1 + check_unit(self, block, window);
        if (place >= VOLUME_START && fabs(beyond_neighbours(self, place, blocks)) >= limit)
            qb_suspect_report(self, QB_DEFECT_VOLUME, place, 1, volume_at(self, place), "volume");
    }
}
