/* Pieces on another basis, told by their digits.
 *
 * A dividend moves adjusted prices by a percent, which no statistics of moves can tell from a day's
 * news. But quoted prices stand on a grid of cents (before 2001 of fractions down to 1/64), and
 * prices that were multiplied by a factor do not. A series that was quoted, or adjusted, throughout
 * changes its digits at most once: at decimalisation, or where the last dividend was. So months in
 * other digits than the months on both their sides are a piece from elsewhere. */
#include "core/market/suspect-private.h"

#include <math.h>

#define PRICE_LEAST 5.0 /* below, quotes have four decimals */
#define PRICES_LEAST 40 /* of a month that says something: ten bars */
#define SHARE_QUOTED 0.97
#define SHARE_ADJUSTED 0.5

typedef enum digits {
    DIGITS_SILENT,
    DIGITS_QUOTED,
    DIGITS_ADJUSTED,
} digits;

/* Months in a row of one kind; silent ones belong to whatever stands before them. */
typedef struct digits_run {
    digits kind;
    size_t first, end, months; /* places */
} digits_run;

static bool is_quoted(double price)
{
    double cents = price * 100, parts = price * 64;
    return fabs(cents - rint(cents)) < 1e-4 || fabs(parts - rint(parts)) < 0.0006 * 64;
}

static size_t count_quoted(const qb_series *series, size_t row)
{
    return (size_t)is_quoted(series->open[row]) + (size_t)is_quoted(series->high[row]) +
           (size_t)is_quoted(series->low[row]) + (size_t)is_quoted(series->close[row]);
}

static int32_t month_end(int64_t ts_us)
{
    qb_civil civil = qb_civil_from_date(qb_date_from_us(ts_us));
    civil.day = qb_days_in_month(civil.year, civil.month);
    return qb_date_from_civil(civil);
}

/* The month that begins at that place. */
static digits_run read_month(const qb_suspicion *self, size_t first)
{
    const qb_series *series = self->series;
    digits_run month = {.first = first, .end = first, .months = 1};
    int64_t end_us = (month_end(series->ts_us[self->rows[first]]) + INT64_C(1)) * QB_DAY_US;
    size_t quoted = 0, prices = 0;
    for (; month.end < self->count; month.end++) {
        size_t row = self->rows[month.end];
        if (series->ts_us[row] >= end_us)
            break;
        if (series->low[row] < PRICE_LEAST)
            continue;
        quoted += count_quoted(series, row);
        prices += 4;
    }
    double share = prices > 0 ? (double)quoted / (double)prices : 0;
    if (prices >= PRICES_LEAST && share >= SHARE_QUOTED)
        month.kind = DIGITS_QUOTED;
    else if (prices >= PRICES_LEAST && share <= SHARE_ADJUSTED)
        month.kind = DIGITS_ADJUSTED;
    return month;
}

/* The middle one of three runs; the smaller part is the piece. */
static void judge_middle(qb_suspicion *self, const digits_run runs[3])
{
    const digits_run *piece = &runs[1];
    if (runs[0].months == 0 || piece->months >= runs[0].months + runs[2].months ||
        self->marks[piece->first] != QB_MARK_NONE)
        return;
    self->marks[piece->first] = QB_MARK_DIGITS;
    self->spans[piece->first] = piece->end - piece->first;
}

void qb_suspect_mark_digits(qb_suspicion *self)
{
    digits_run runs[3] = {{0}}; /* the last one is still growing */
    for (size_t place = 0; place < self->count;) {
        digits_run month = read_month(self, place);
        place = month.end;
        if (month.kind == DIGITS_SILENT)
            continue;
        if (month.kind == runs[2].kind) {
            runs[2].months++;
            runs[2].end = month.end;
            continue;
        }
        judge_middle(self, runs);
        runs[0] = runs[1];
        runs[1] = runs[2];
        runs[2] = month;
    }
    judge_middle(self, runs);
}
