/* Prices that leave their neighbours: spikes, outliers, splits, and pieces on another basis.
 *
 * Moves are measured in usual moves: the median of |log(close / close before)| in blocks of 64
 * rows, of the calmest to the wildest of three neighbouring blocks the wildest, and never less
 * than that of the whole series: volatility comes in clusters (Mandelbrot, 1963), and a move of
 * 10 % is nothing in October 2008. 1.4826 makes a median deviation comparable with a standard
 * deviation. */
#include "core/market/suspect-private.h"

#include <math.h>

#define MAD_TO_SIGMA 1.4826
#define LEAST_USUAL 1e-5 /* of a series that hardly moves: a tenth of a basis point */

/* A close that was gone at the next open: both ways at least so many usual moves, and more than
 * all but one in a thousand moves of the series; at the next open and close at most a fifth of the
 * way is left. What stays for up to SPIKE_ROWS bars counts when they stand apart as a whole: panics
 * and short squeezes trade their way there and back. */
#define SPIKE_SIZE 10.0
#define SPIKE_ROWS 3
#define SPIKE_LEFT 0.2
/* Within one bar the bar's own open and close prove the return. But real panics have such wicks
 * too (6 May 2010, 24 August 2015), so these need to be larger. */
#define WICK_SIZE 25.0
#define WICK_LEAST 0.25 /* log: 28 % */
#define WICK_TAIL 3.0   /* and that many times what one in a hundred wicks of the series exceeds */

/* A move that stays: OUTLIER_SIZE usual ones, and more than 2.5 times what only one in a
 * thousand moves of this series exceeds: the tails of some series are simply fatter. */
#define OUTLIER_SIZE 15.0
#define OUTLIER_TAIL 2.5

/* A piece on another basis: in by a factor, out by its reverse, 3 % apart at most, both in the
 * night (open and close alike) and both beyond what is usual. From a split's 7:5 on anywhere; less
 * than that, down to 20 %, only where both ends are a month's first bar, as those of files are:
 * results disappoint by 25 %, and delight by as much two years later. */
#define PIECE_FACTOR 0.33
#define PIECE_FACTOR_OF_MONTHS 0.18
#define PIECE_SIZE 8.0
#define PIECE_APART 0.03

/* ---- moves ---------------------------------------------------------------------------------- */

static double declared_split(const qb_suspicion *self, size_t row)
{
    const double *factor = self->series->split_factor;
    return !self->adjusted && factor != NULL && factor[row] > 0 && isfinite(factor[row])
               ? factor[row]
               : 1;
}

static double declared_dividend(const qb_suspicion *self, size_t row)
{
    const double *dividend = self->series->dividend;
    return !self->adjusted && dividend != NULL && dividend[row] > 0 && isfinite(dividend[row])
               ? dividend[row]
               : 0;
}

double qb_suspect_move(const qb_suspicion *self, size_t place, double price)
{
    if (place == 0)
        return 0;
    size_t row = self->rows[place], before = self->rows[place - 1];
    double now = (price + declared_dividend(self, row)) * declared_split(self, row);
    return log(now / self->series->close[before]);
}

static double root_of_gap(const qb_suspicion *self, size_t place)
{
    if (place == 0)
        return 1;
    const int64_t *ts_us = self->series->ts_us;
    double bars = (double)(ts_us[self->rows[place]] - ts_us[self->rows[place - 1]]) /
                  (double)qb_interval_us(self->interval);
    return bars > 1 ? sqrt(bars) : 1;
}

double qb_suspect_size(const qb_suspicion *self, size_t place, double distance, bool gap)
{
    double usual = self->usual[place / QB_SUSPECT_BLOCK];
    return fabs(distance) / usual / (gap ? root_of_gap(self, place) : 1);
}

/* The median move of places [from, to), of those that moved at all. */
static double median_move(const qb_suspicion *self, size_t from, size_t to)
{
    size_t count = 0;
    for (size_t place = from > 0 ? from : 1; place < to; place++)
        if (self->moves[place] != 0)
            self->spare[count++] = fabs(self->moves[place]) / root_of_gap(self, place);
    return count > 0 ? qb_median(self->spare, count) : 0;
}

static void spread_to_neighbours(double *usual, size_t blocks, double least)
{
    double before = 0;
    for (size_t b = 0; b < blocks; b++) {
        double here = usual[b], after = b + 1 < blocks ? usual[b + 1] : 0;
        usual[b] = fmax(fmax(here, least), fmax(before, after));
        before = here;
    }
}

void qb_suspect_moves(qb_suspicion *self)
{
    size_t count = self->count, blocks = (count + QB_SUSPECT_BLOCK - 1) / QB_SUSPECT_BLOCK;
    self->moves[0] = 0;
    for (size_t place = 1; place < count; place++)
        self->moves[place] = qb_suspect_move(self, place, self->series->close[self->rows[place]]);
    for (size_t b = 0; b < blocks; b++) {
        size_t from = b * QB_SUSPECT_BLOCK, to = from + QB_SUSPECT_BLOCK;
        self->usual[b] = MAD_TO_SIGMA * median_move(self, from, to < count ? to : count);
    }
    double whole = MAD_TO_SIGMA * median_move(self, 0, count);
    spread_to_neighbours(self->usual, blocks, fmax(whole, LEAST_USUAL));
}

static double move_size(const qb_suspicion *self, size_t place)
{
    return qb_suspect_size(self, place, self->moves[place], true);
}

/* The size that one move in a thousand exceeds, and five at least do. */
static double size_of_tail(qb_suspicion *self)
{
    size_t count = self->count - 1, beyond = count / 1000 + 5;
    for (size_t place = 1; place <= count; place++)
        self->spare[place - 1] = move_size(self, place);
    return qb_select(self->spare, count, count > beyond ? count - beyond : 0);
}

/* ---- pieces --------------------------------------------------------------------------------- */

/* Opens and closes at the new level. */
static bool jumps_at_the_open(const qb_suspicion *self, size_t place)
{
    double move = self->moves[place];
    double at_open = qb_suspect_move(self, place, self->series->open[self->rows[place]]);
    return fabs(move) >= PIECE_FACTOR_OF_MONTHS && move_size(self, place) >= PIECE_SIZE &&
           fabs(at_open - move) <= 0.25 * fabs(move);
}

static int month_at(const qb_suspicion *self, size_t place)
{
    qb_civil civil = qb_civil_from_date(qb_date_from_us(self->series->ts_us[self->rows[place]]));
    return civil.year * 12 + civil.month;
}

static bool begins_a_month(const qb_suspicion *self, size_t place)
{
    return month_at(self, place) != month_at(self, place - 1);
}

static bool is_piece(const qb_suspicion *self, size_t start, size_t end)
{
    double in = self->moves[start], out = self->moves[end];
    bool large = fabs(in) >= PIECE_FACTOR && fabs(out) >= PIECE_FACTOR;
    return end - start > SPIKE_ROWS && fabs(in + out) <= PIECE_APART &&
           (large || (begins_a_month(self, start) && begins_a_month(self, end)));
}

void qb_suspect_mark_pieces(qb_suspicion *self)
{
    size_t start = 0; /* of a piece that may be one; 0: none */
    for (size_t place = 1; place < self->count; place++) {
        if (!jumps_at_the_open(self, place))
            continue;
        bool returns = start > 0 && is_piece(self, start, place);
        if (returns) {
            self->marks[start] = QB_MARK_MIXED;
            self->spans[start] = place - start;
            self->marks[place] = QB_MARK_EXPLAINED;
        }
        start = returns ? 0 : place;
    }
}

/* ---- splits --------------------------------------------------------------------------------- */

void qb_suspect_mark_splits(qb_suspicion *self)
{
    for (size_t i = 0, place = 0; i < self->split_count; i++) {
        while (place < self->count && self->rows[place] < self->splits[i].row)
            place++;
        if (place < self->count && self->rows[place] == self->splits[i].row &&
            self->marks[place] == QB_MARK_NONE)
            self->marks[place] = QB_MARK_SPLIT;
    }
}

/* ---- spikes --------------------------------------------------------------------------------- */

/* All of the bar on the far side of half way. */
static bool stands_apart(const qb_suspicion *self, size_t place, double level, double away)
{
    size_t row = self->rows[place];
    double near = away > 0 ? self->series->low[row] : self->series->high[row];
    return (log(near) - level) / away >= 0.5;
}

/* Places from there on that are away, 0: none. */
static size_t places_away(const qb_suspicion *self, size_t place, double size)
{
    const qb_series *series = self->series;
    double away = self->moves[place];
    if (move_size(self, place) < size)
        return 0;
    double level = log(series->close[self->rows[place]]) - away; /* of before */
    bool apart = stands_apart(self, place, level, away);
    for (size_t n = 1; n <= SPIKE_ROWS && place + n < self->count; n++) {
        size_t row = self->rows[place + n];
        double back = self->moves[place + n];
        if (self->marks[place + n] != QB_MARK_NONE)
            return 0;
        if (fabs(log(series->open[row]) - level) <= SPIKE_LEFT * fabs(away) &&
            fabs(log(series->close[row]) - level) <= SPIKE_LEFT * fabs(away) &&
            move_size(self, place + n) >= size && back * away < 0)
            return n == 1 || apart ? n : 0;
        apart = apart && stands_apart(self, place + n, level, away);
    }
    return 0;
}

/* An open away from the close before and from its own close, or a first one from all the rest. */
static bool open_is_away(const qb_suspicion *self, size_t place, double size)
{
    const qb_series *series = self->series;
    size_t row = self->rows[place];
    double to_close = log(series->open[row] / series->close[row]);
    double from_before = to_close;
    if (place > 0)
        from_before = qb_suspect_move(self, place, series->open[row]);
    else if (self->count > 1)
        from_before = log(series->open[row] / series->open[self->rows[1]]);
    double distance = fmin(fabs(to_close), fabs(from_before));
    return to_close * from_before > 0 && distance >= WICK_LEAST &&
           qb_suspect_size(self, place, distance, false) >= size;
}

/* The longer wick of the bar, as a ratio: how far beyond its open and close the bar went. */
static double wick_ratio(const qb_suspicion *self, size_t place, bool *out_up)
{
    const qb_series *series = self->series;
    size_t row = self->rows[place];
    double open = series->open[row], close = series->close[row];
    double up = series->high[row] / fmax(open, close), down = fmin(open, close) / series->low[row];
    *out_up = up > down;
    return fmax(up, down);
}

/* The least log of a wick that is a spike. */
static double least_wick(qb_suspicion *self)
{
    bool up;
    size_t beyond = self->count / 100 + 5;
    for (size_t place = 0; place < self->count; place++)
        self->spare[place] = wick_ratio(self, place, &up);
    double tail = qb_select(self->spare, self->count,
                            self->count > beyond ? self->count - beyond : 0);
    return fmax(WICK_LEAST, WICK_TAIL * log(tail));
}

static qb_suspect_mark mark_within_bar(const qb_suspicion *self, size_t place, double least)
{
    bool up;
    if (open_is_away(self, place, WICK_SIZE))
        return QB_MARK_SPIKE_OPEN;
    double ratio = wick_ratio(self, place, &up);
    if (ratio < 1 + WICK_LEAST) /* log(1 + x) < x: most need no logarithm */
        return QB_MARK_NONE;
    double wick = log(ratio);
    if (wick < least || qb_suspect_size(self, place, wick, false) < WICK_SIZE)
        return QB_MARK_NONE;
    return up ? QB_MARK_SPIKE_HIGH : QB_MARK_SPIKE_LOW;
}

void qb_suspect_mark_spikes(qb_suspicion *self)
{
    double tail = size_of_tail(self), least = least_wick(self);
    for (size_t place = 0; place < self->count; place++) {
        if (self->marks[place] != QB_MARK_NONE)
            continue;
        size_t away = place > 0 ? places_away(self, place, fmax(SPIKE_SIZE, tail)) : 0;
        self->marks[place] = (uint8_t)(away > 0 ? QB_MARK_SPIKE_CLOSE
                                                : mark_within_bar(self, place, least));
        self->spans[place] = away;
        for (size_t n = 1; n <= away; n++)
            self->marks[place + n] = QB_MARK_EXPLAINED;
    }
}

/* ---- outliers ------------------------------------------------------------------------------- */

void qb_suspect_mark_outliers(qb_suspicion *self)
{
    double size = fmax(OUTLIER_SIZE, OUTLIER_TAIL * size_of_tail(self));
    for (size_t place = 1; place < self->count; place++)
        if (self->marks[place] == QB_MARK_NONE && move_size(self, place) >= size)
            self->marks[place] = QB_MARK_OUTLIER;
}
