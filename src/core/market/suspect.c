/* The rules that look at a series as a whole. None of them is certain, so each is tuned to be
 * silent on what markets really do: the numbers were chosen on 650 series of shares, coins,
 * currencies and indices from 1985 to 2024, through the crashes of 2000, 2008 and 2020, so that
 * what is left is what a person would look up. All scales are medians, which a tenth of bad rows
 * does not move. */
#include "core/market/suspect-private.h"

#include <math.h>

/* Below that many sound rows there is no usual, and only stamps and zeros are judged. */
#define ROWS_NEEDED 30

/* ---- order statistics ----------------------------------------------------------------------- */

static void swap(double *a, double *b)
{
    double kept = *a;
    *a = *b;
    *b = kept;
}

/* Quickselect with the median of three as pivot (Hoare, Algorithm 65, 1961). */
double qb_select(double *values, size_t count, size_t nth)
{
    size_t low = 0, high = count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (values[middle] < values[low])
            swap(&values[middle], &values[low]);
        if (values[high] < values[low])
            swap(&values[high], &values[low]);
        if (values[high] < values[middle])
            swap(&values[high], &values[middle]);
        double pivot = values[middle];
        size_t i = low, j = high;
        while (i <= j) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i > j)
                break;
            swap(&values[i++], &values[j]);
            if (j == 0)
                break;
            j--;
        }
        if (nth <= j)
            high = j;
        else if (nth >= i)
            low = i;
        else
            break;
    }
    return values[nth];
}

double qb_median(double *values, size_t count)
{
    return qb_select(values, count, count / 2);
}

/* ---- the workspace -------------------------------------------------------------------------- */

static bool row_is_sound(const qb_series *series, size_t row)
{
    double open = series->open[row], high = series->high[row];
    double low = series->low[row], close = series->close[row];
    return isfinite(high) && low > 0 && low <= open && low <= close && high >= open &&
           high >= close;
}

static size_t count_sound(const qb_series *series)
{
    size_t count = 0;
    for (size_t row = 0; row < series->count; row++)
        count += row_is_sound(series, row);
    return count;
}

static void collect_rows(qb_suspicion *self)
{
    size_t at = 0;
    for (size_t row = 0; row < self->series->count; row++)
        if (row_is_sound(self->series, row))
            self->rows[at++] = row;
    for (size_t place = 0; place < at; place++)
        self->marks[place] = QB_MARK_NONE;
}

static void free_workspace(qb_suspicion *self)
{
    qb_realloc(self->rows, 0);
    qb_realloc(self->moves, 0);
    qb_realloc(self->usual, 0);
    qb_realloc(self->spare, 0);
    qb_realloc(self->marks, 0);
    qb_realloc(self->spans, 0);
    qb_realloc(self->splits, 0);
}

/* All memory is taken before the first report, so that a failure leaves the list as it was. */
static bool make_workspace(qb_suspicion *self)
{
    size_t count = self->count, blocks = count / QB_SUSPECT_BLOCK + 1;
    self->rows = qb_realloc(NULL, count * sizeof *self->rows);
    self->moves = qb_realloc(NULL, count * sizeof *self->moves);
    self->usual = qb_realloc(NULL, blocks * sizeof *self->usual);
    self->spare = qb_realloc(NULL, count * sizeof *self->spare);
    self->marks = qb_realloc(NULL, count * sizeof *self->marks);
    self->spans = qb_realloc(NULL, count * sizeof *self->spans);
    if (self->split_count > 0)
        self->splits = qb_realloc(NULL, self->split_count * sizeof *self->splits);
    return self->rows != NULL && self->moves != NULL && self->usual != NULL &&
           self->spare != NULL && self->marks != NULL && self->spans != NULL &&
           (self->split_count == 0 || self->splits != NULL);
}

/* ---- reports -------------------------------------------------------------------------------- */

void qb_suspect_report(qb_suspicion *self, qb_defect_kind kind, size_t place, size_t places,
                       double value, const char *field)
{
    size_t row = self->rows[place];
    const qb_defect defect = {
        .kind = kind,
        .row = row,
        .rows = self->rows[place + places - 1] - row + 1,
        .ts_us = self->series->ts_us[row],
        .value = value,
        .field = field,
    };
    qb_defects_add(self->defects, &defect);
}

static void report_spikes(qb_suspicion *self)
{
    const qb_series *series = self->series;
    for (size_t place = 0; place < self->count; place++) {
        size_t row = self->rows[place];
        switch ((qb_suspect_mark)self->marks[place]) {
        case QB_MARK_SPIKE_OPEN:
            qb_suspect_report(self, QB_DEFECT_SPIKE, place, 1, series->open[row], "open");
            break;
        case QB_MARK_SPIKE_HIGH:
            qb_suspect_report(self, QB_DEFECT_SPIKE, place, 1, series->high[row], "high");
            break;
        case QB_MARK_SPIKE_LOW:
            qb_suspect_report(self, QB_DEFECT_SPIKE, place, 1, series->low[row], "low");
            break;
        case QB_MARK_SPIKE_CLOSE:
            qb_suspect_report(self, QB_DEFECT_SPIKE, place, self->spans[place], series->close[row],
                              "close");
            break;
        default:
            break;
        }
    }
}

static void report_outliers(qb_suspicion *self)
{
    const qb_series *series = self->series;
    for (size_t place = 1; place < self->count; place++)
        if (self->marks[place] == QB_MARK_OUTLIER)
            qb_suspect_report(
                self, QB_DEFECT_OUTLIER, place, 1,
                series->close[self->rows[place]] / series->close[self->rows[place - 1]], "close");
}

static void report_splits(qb_suspicion *self)
{
    for (size_t i = 0, place = 0; i < self->split_count; i++) {
        const qb_split_suspect *split = &self->splits[i];
        while (place < self->count && self->rows[place] < split->row)
            place++;
        if (place < self->count && self->rows[place] == split->row &&
            self->marks[place] == QB_MARK_SPLIT)
            qb_suspect_report(self, QB_DEFECT_UNDECLARED_SPLIT, place, 1, split->ratio, "open");
    }
}

static double factor_at(const qb_suspicion *self, size_t place)
{
    return exp(qb_suspect_move(self, place, self->series->close[self->rows[place]]));
}

/* Whether a piece told by its level begins there, so that its digits are explained. */
static bool holds_piece(const qb_suspicion *self, size_t from, size_t to)
{
    for (size_t place = from; place < to; place++)
        if (self->marks[place] == QB_MARK_MIXED)
            return true;
    return false;
}

static void report_pieces(qb_suspicion *self)
{
    size_t told = 0; /* up to there */
    for (size_t place = 0; place < self->count; place++) {
        size_t span = self->spans[place];
        if (self->marks[place] == QB_MARK_MIXED) {
            qb_suspect_report(self, QB_DEFECT_MIXED_BASIS, place, span, factor_at(self, place),
                              "close");
            told = place + span;
        } else if (self->marks[place] == QB_MARK_DIGITS && place >= told &&
                   !holds_piece(self, place, place + span)) {
            qb_suspect_report(self, QB_DEFECT_MIXED_BASIS, place, span, NAN, "close");
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------ */

static void judge(qb_suspicion *self)
{
    collect_rows(self);
    qb_suspect_zero_volume(self);
    if (self->count >= ROWS_NEEDED) {
        qb_suspect_moves(self);
        qb_suspect_mark_pieces(self);
        qb_suspect_mark_splits(self);
        qb_suspect_mark_spikes(self);
        qb_suspect_mark_outliers(self);
        qb_suspect_mark_digits(self);
        qb_suspect_stale(self);
        report_spikes(self);
        report_outliers(self);
        report_splits(self);
        qb_suspect_volume(self);
    }
    qb_suspect_zone(self);
    if (self->count >= ROWS_NEEDED)
        report_pieces(self);
}

qb_status qb_suspect(const qb_series *series, const qb_calendar *calendar, qb_interval interval,
                     bool adjusted, qb_defects *defects)
{
    qb_suspicion self = {
        .series = series,
        .calendar = calendar,
        .interval = interval,
        .adjusted = adjusted,
        .defects = defects,
        .count = count_sound(series),
        .split_count = adjusted ? 0 : qb_splits_undeclared(series, NULL, 0),
    };
    if (self.count == 0)
        return QB_OK;
    bool ready = make_workspace(&self);
    if (ready) {
        if (self.split_count > 0)
            qb_splits_undeclared(series, self.splits, self.split_count);
        judge(&self);
    }
    free_workspace(&self);
    return ready ? QB_OK : QB_NO_MEMORY;
}
