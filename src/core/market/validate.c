/* The row-by-row rules. */
#include "core/market/quality-private.h"
#include "core/market/series-private.h"

#include <math.h>

/* ---- what a walk over the rows knows ----------------------------------------------------- */

typedef struct validation {
    const qb_series *series;
    const qb_calendar *calendar;
    qb_interval interval;
    qb_session_cursor cursor;
    const bool *repeats; /* by row: an earlier row has this stamp; NULL when neighbours tell */
    bool moves;          /* a bar of the series has a range */
    bool volumes;        /* a bar of the series has a volume above 0 */
    qb_defects *defects;
} validation;

static void report(validation *walk, qb_defect_kind kind, size_t row, double value,
                   const char *field)
{
    const qb_defect defect = {
        .kind = kind,
        .row = row,
        .rows = 1,
        .ts_us = walk->series->ts_us[row],
        .value = value,
        .field = field,
    };
    qb_defects_add(walk->defects, &defect);
}

/* ---- stamps ------------------------------------------------------------------------------- */

/* Whether each row's stamp stands in an earlier row; count flags, to be freed by qb_realloc.
 * NULL when memory is short. */
static bool *find_repeats(const qb_series *series)
{
    size_t count = series->count;
    bool *repeats = qb_realloc(NULL, count * sizeof *repeats);
    qb_keyed_row *rows = qb_realloc(NULL, 2 * count * sizeof *rows);
    if (repeats == NULL || rows == NULL) {
        qb_realloc(repeats, 0);
        qb_realloc(rows, 0);
        return NULL;
    }
    const qb_keyed_row *sorted = qb_rows_by_stamp(series, rows);
    for (size_t i = 0; i < count; i++)
        repeats[sorted[i].row] = i > 0 && sorted[i].ts_us == sorted[i - 1].ts_us;
    qb_realloc(rows, 0);
    return repeats;
}

static bool is_ordered(const qb_series *series)
{
    for (size_t i = 1; i < series->count; i++) {
        if (series->ts_us[i] < series->ts_us[i - 1])
            return false;
    }
    return true;
}

static void check_stamp(validation *walk, size_t row)
{
    const int64_t *ts_us = walk->series->ts_us;
    if (row > 0 && ts_us[row] < ts_us[row - 1])
        report(walk, QB_DEFECT_OUT_OF_ORDER, row, NAN, "ts");
    if (walk->repeats != NULL ? walk->repeats[row] : row > 0 && ts_us[row] == ts_us[row - 1])
        report(walk, QB_DEFECT_DUPLICATE, row, NAN, "ts");

    qb_bar_time times;
    if (qb_bar_times_next(walk->calendar, walk->interval, ts_us[row], &walk->cursor, &times))
        return;
    switch (qb_stamp_check(walk->calendar, walk->interval, ts_us[row])) {
    case QB_STAMP_FITS:
        break;
    case QB_STAMP_OFF_GRID:
        report(walk, QB_DEFECT_MISALIGNED, row, NAN, "ts");
        break;
    case QB_STAMP_NO_SESSION:
        report(walk, QB_DEFECT_NON_SESSION, row, NAN, "ts");
        break;
    case QB_STAMP_OUTSIDE_SESSION:
        report(walk, QB_DEFECT_OUTSIDE_SESSION, row, NAN, "ts");
        break;
    }
}

/* ---- numbers ------------------------------------------------------------------------------ */

static void check_price(validation *walk, size_t row, double price, const char *field)
{
    if (!isfinite(price))
        report(walk, QB_DEFECT_NOT_FINITE, row, price, field);
    else if (price <= 0)
        report(walk, QB_DEFECT_NOT_POSITIVE, row, price, field);
}

/* Comparisons with NaN are false: a price that is none breaks no relation. */
static void check_prices(validation *walk, size_t row)
{
    const qb_series *series = walk->series;
    double open = series->open[row], high = series->high[row];
    double low = series->low[row], close = series->close[row];
    check_price(walk, row, open, "open");
    check_price(walk, row, high, "high");
    check_price(walk, row, low, "low");
    check_price(walk, row, close, "close");
    if (high < open || high < close || high < low)
        report(walk, QB_DEFECT_HIGH_LOW, row, high, "high");
    if (low > open || low > close)
        report(walk, QB_DEFECT_HIGH_LOW, row, low, "low");
}

static void check_volume(validation *walk, size_t row)
{
    double volume = walk->series->volume != NULL ? walk->series->volume[row] : NAN;
    if (isinf(volume))
        report(walk, QB_DEFECT_NOT_FINITE, row, volume, "volume");
    else if (volume < 0)
        report(walk, QB_DEFECT_NOT_POSITIVE, row, volume, "volume");
}

/* Somebody filled a hole with the last close: four equal prices and nothing traded. */
static void check_forward_fill(validation *walk, size_t row)
{
    const qb_series *series = walk->series;
    if (row == 0 || !walk->moves || !walk->volumes)
        return;
    double above = series->close[row - 1];
    if (series->open[row] != above || series->high[row] != above || series->low[row] != above ||
        series->close[row] != above)
        return;
    bool traded = series->volume[row] != 0 && !isnan(series->volume[row]);
    bool told = series->flags != NULL &&
                (series->flags[row] & (QB_BAR_SYNTHETIC | QB_BAR_SAMPLED)) != 0;
    if (!traded && !told)
        report(walk, QB_DEFECT_FORWARD_FILL, row, above, "close");
}

static bool has_moving_bar(const qb_series *series)
{
    for (size_t i = 0; i < series->count; i++) {
        if (series->high[i] > series->low[i])
            return true;
    }
    return false;
}

static bool has_volume(const qb_series *series)
{
    for (size_t i = 0; series->volume != NULL && i < series->count; i++) {
        if (series->volume[i] > 0)
            return true;
    }
    return false;
}

qb_status qb_validate(const qb_series *series, const qb_calendar *calendar, qb_interval interval,
                      qb_defects *defects)
{
    bool *repeats = NULL;
    if (!is_ordered(series) && (repeats = find_repeats(series)) == NULL)
        return QB_NO_MEMORY;

    *defects = (qb_defects){
        .items = defects->items, .capacity = defects->capacity, .per_kind = defects->per_kind};
    validation walk = {
        .series = series,
        .calendar = calendar,
        .interval = interval,
        .repeats = repeats,
        .moves = has_moving_bar(series),
        .volumes = has_volume(series),
        .defects = defects,
    };
    for (size_t row = 0; row < series->count; row++) {
        check_stamp(&walk, row);
        check_prices(&walk, row);
        check_volume(&walk, row);
        check_forward_fill(&walk, row);
    }
    qb_realloc(repeats, 0);
    return QB_OK;
}
