#include "core/market/series-private.h"

#include <math.h>
#include <string.h>

#define SERIES_CAPACITY_MIN ((size_t)256)
#define SERIES_CAPACITY_MAX (SIZE_MAX / 64) /* so that no size below can wrap */

/* ---- columns ------------------------------------------------------------------------------ */

/* Where each column's pointer lies in the series. Pointers are read and written by memcpy: an
 * int64_t * may not be touched as a void *. */
enum { MANDATORY_COLUMNS = 5, COLUMNS = 11 };

static const struct {
    size_t offset; /* of the pointer */
    size_t width;  /* of an item */
} columns[COLUMNS] = {
    {offsetof(qb_series, ts_us), sizeof(int64_t)},
    {offsetof(qb_series, open), sizeof(double)},
    {offsetof(qb_series, high), sizeof(double)},
    {offsetof(qb_series, low), sizeof(double)},
    {offsetof(qb_series, close), sizeof(double)},
    {offsetof(qb_series, volume), sizeof(double)},
    {offsetof(qb_series, dividend), sizeof(double)},
    {offsetof(qb_series, split_factor), sizeof(double)},
    {offsetof(qb_series, bid), sizeof(double)},
    {offsetof(qb_series, ask), sizeof(double)},
    {offsetof(qb_series, flags), sizeof(int32_t)},
};

static void *column(const qb_series *series, int index)
{
    void *data;
    memcpy(&data, (const char *)series + columns[index].offset, sizeof data);
    return data;
}

static void set_column(qb_series *series, int index, void *data)
{
    memcpy((char *)series + columns[index].offset, &data, sizeof data);
}

qb_status qb_series_reserve(qb_series *series, size_t capacity)
{
    if (capacity <= series->capacity)
        return QB_OK;
    if (capacity > SERIES_CAPACITY_MAX)
        return QB_NO_MEMORY;
    /* A failure half way leaves some columns longer than they need be, and the capacity that all
     * of them have. */
    for (int i = 0; i < COLUMNS; i++) {
        void *old = column(series, i);
        if (old == NULL && i >= MANDATORY_COLUMNS)
            continue;
        void *longer = qb_realloc(old, capacity * columns[i].width);
        if (longer == NULL)
            return QB_NO_MEMORY;
        set_column(series, i, longer);
    }
    series->capacity = capacity;
    return QB_OK;
}

void qb_series_clear(qb_series *series)
{
    for (int i = 0; i < COLUMNS; i++)
        qb_realloc(column(series, i), 0);
    *series = (qb_series){0};
}

/* ---- rows --------------------------------------------------------------------------------- */

static bool add_doubles(qb_series *series, double **field, double value)
{
    double *data = qb_realloc(NULL, series->capacity * sizeof(double));
    if (data == NULL)
        return false;
    for (size_t i = 0; i < series->count; i++)
        data[i] = value;
    *field = data;
    return true;
}

static bool add_flags(qb_series *series)
{
    int32_t *data = qb_realloc(NULL, series->capacity * sizeof(int32_t));
    if (data == NULL)
        return false;
    memset(data, 0, series->count * sizeof(int32_t));
    series->flags = data;
    return true;
}

/* The optional columns that this bar needs and the series does not have yet. */
static bool add_columns_for(qb_series *series, const qb_bar *bar)
{
    if (series->volume == NULL && !isnan(bar->volume) && !add_doubles(series, &series->volume, NAN))
        return false;
    if (series->dividend == NULL && bar->dividend != 0 &&
        !add_doubles(series, &series->dividend, 0))
        return false;
    if (series->split_factor == NULL && bar->split_factor != 1 &&
        !add_doubles(series, &series->split_factor, 1))
        return false;
    return series->flags != NULL || bar->flags == 0 || add_flags(series);
}

qb_status qb_series_append(qb_series *series, const qb_bar *bar)
{
    if (series->count == series->capacity) {
        size_t capacity = series->capacity * 2;
        qb_status status = qb_series_reserve(
            series, capacity < SERIES_CAPACITY_MIN ? SERIES_CAPACITY_MIN : capacity);
        if (status != QB_OK)
            return status;
    }
    if (!add_columns_for(series, bar))
        return QB_NO_MEMORY;

    size_t row = series->count;
    series->ts_us[row] = bar->ts_us;
    series->open[row] = bar->open;
    series->high[row] = bar->high;
    series->low[row] = bar->low;
    series->close[row] = bar->close;
    if (series->volume != NULL)
        series->volume[row] = bar->volume;
    if (series->dividend != NULL)
        series->dividend[row] = bar->dividend;
    if (series->split_factor != NULL)
        series->split_factor[row] = bar->split_factor;
    if (series->bid != NULL)
        series->bid[row] = NAN;
    if (series->ask != NULL)
        series->ask[row] = NAN;
    if (series->flags != NULL)
        series->flags[row] = bar->flags;
    series->count++;
    return QB_OK;
}

qb_bar qb_series_bar(const qb_series *series, size_t index)
{
    return (qb_bar){
        .ts_us = series->ts_us[index],
        .open = series->open[index],
        .high = series->high[index],
        .low = series->low[index],
        .close = series->close[index],
        .volume = series->volume != NULL ? series->volume[index] : NAN,
        .dividend = series->dividend != NULL ? series->dividend[index] : 0,
        .split_factor = series->split_factor != NULL ? series->split_factor[index] : 1,
        .flags = series->flags != NULL ? series->flags[index] : 0,
    };
}

size_t qb_series_lower_bound(const qb_series *series, int64_t instant_us)
{
    size_t from = 0, length = series->count;
    while (length > 0) {
        size_t half = length / 2;
        if (series->ts_us[from + half] < instant_us) {
            from += half + 1;
            length -= half + 1;
        } else {
            length = half;
        }
    }
    return from;
}

/* ---- sorting ------------------------------------------------------------------------------ */

static void merge_runs(const qb_keyed_row *from, size_t left, size_t middle, size_t right,
                       qb_keyed_row *to)
{
    size_t a = left, b = middle;
    for (size_t i = left; i < right; i++) {
        bool take_left = a < middle && (b >= right || from[a].ts_us <= from[b].ts_us);
        to[i] = from[take_left ? a++ : b++];
    }
}

/* A bottom-up merge sort between the two halves. */
qb_keyed_row *qb_rows_by_stamp(const qb_series *series, qb_keyed_row *rows)
{
    size_t count = series->count;
    qb_keyed_row *spare = rows + count;
    for (size_t i = 0; i < count; i++)
        rows[i] = (qb_keyed_row){series->ts_us[i], i};
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t left = 0; left < count; left += 2 * width) {
            size_t middle = left + width < count ? left + width : count;
            size_t right = left + 2 * width < count ? left + 2 * width : count;
            merge_runs(rows, left, middle, right, spare);
        }
        qb_keyed_row *sorted = spare;
        spare = rows;
        rows = sorted;
    }
    return rows;
}

/* Keeps the last of each run of equal stamps; returns how many are left. */
static size_t keep_last(qb_keyed_row *rows, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 == count || rows[i + 1].ts_us != rows[i].ts_us)
            rows[kept++] = rows[i];
    }
    return kept;
}

/* Each column's rows in the order given; spare has room for kept items of the widest column. */
static void gather(qb_series *series, const qb_keyed_row *rows, size_t kept, void *spare)
{
    for (int c = 0; c < COLUMNS; c++) {
        char *data = column(series, c);
        size_t width = columns[c].width;
        if (data == NULL)
            continue;
        for (size_t i = 0; i < kept; i++)
            memcpy((char *)spare + i * width, data + rows[i].row * width, width);
        memcpy(data, spare, kept * width);
    }
    series->count = kept;
}

/* Rows below a later stamp, and whether all stamps rise strictly. */
static size_t count_late(const qb_series *series, bool *out_ascending)
{
    size_t late = 0;
    bool ascending = true;
    int64_t latest_us = INT64_MIN;
    for (size_t i = 0; i < series->count; i++) {
        int64_t ts_us = series->ts_us[i];
        late += ts_us < latest_us;
        ascending = ascending && (i == 0 || ts_us > latest_us);
        latest_us = ts_us > latest_us ? ts_us : latest_us;
    }
    *out_ascending = ascending;
    return late;
}

qb_status qb_series_sort(qb_series *series, size_t *out_moved, size_t *out_dropped)
{
    bool ascending;
    size_t count = series->count;
    size_t late = count_late(series, &ascending);
    size_t kept = count;
    if (!ascending) {
        /* The half that the sort leaves free is wide enough for any column. */
        qb_keyed_row *rows = qb_realloc(NULL, 2 * count * sizeof *rows);
        if (rows == NULL)
            return QB_NO_MEMORY;
        qb_keyed_row *sorted = qb_rows_by_stamp(series, rows);
        kept = keep_last(sorted, count);
        gather(series, sorted, kept, sorted == rows ? rows + count : rows);
        qb_realloc(rows, 0);
    }
    *out_moved = late;
    *out_dropped = count - kept;
    return QB_OK;
}
