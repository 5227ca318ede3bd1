/* Columns of bars: their names and defaults stand in one table; building, merging, reading and
 * writing all go through it. */
#include "cache/cache-private.h"

#include <math.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- columns -------------------------------------------------------------------------------- */

const bars_column bars_columns[BARS_DOUBLES] = {
    {"open", offsetof(qb_series, open), NAN, CACHE_OHLC & ~CACHE_CLOSE, TRUE},
    {"high", offsetof(qb_series, high), NAN, CACHE_OHLC & ~CACHE_CLOSE, TRUE},
    {"low", offsetof(qb_series, low), NAN, CACHE_OHLC & ~CACHE_CLOSE, TRUE},
    {"close", offsetof(qb_series, close), NAN, CACHE_CLOSE, TRUE},
    {"volume", offsetof(qb_series, volume), NAN, CACHE_VOLUME, FALSE},
    {"dividend", offsetof(qb_series, dividend), 0, CACHE_ACTIONS, FALSE},
    {"split_factor", offsetof(qb_series, split_factor), 1, CACHE_ACTIONS, FALSE},
    {"bid", offsetof(qb_series, bid), NAN, CACHE_QUOTES, FALSE},
    {"ask", offsetof(qb_series, ask), NAN, CACHE_QUOTES, FALSE},
};

static double **field_of(qb_series *series, const bars_column *info)
{
    return (double **)(void *)((char *)series + info->offset);
}

const double *bars_values(const qb_series *series, const bars_column *info)
{
    return *(double *const *)(const void *)((const char *)series + info->offset);
}

static gboolean same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* ---- series --------------------------------------------------------------------------------- */

static gboolean resize(void *field, gsize capacity, gsize width, GError **error)
{
    void *old, *longer;
    memcpy(&old, field, sizeof old);
    longer = qb_realloc(old, capacity * width);
    if (longer == NULL)
        return failure_from_status(error, QB_NO_MEMORY, "bars");
    memcpy(field, &longer, sizeof longer);
    return TRUE;
}

qb_series series_slice(const qb_series *series, gsize start, gsize count)
{
    qb_series slice = *series;
    slice.ts_us += start;
    for (gsize c = 0; c < BARS_DOUBLES; c++) {
        double **field = field_of(&slice, &bars_columns[c]);
        if (*field != NULL)
            *field += start;
    }
    if (slice.flags != NULL)
        slice.flags += start;
    slice.count = slice.capacity = count;
    return slice;
}

/* ---- merging -------------------------------------------------------------------------------- */

/* Where a merged row comes from: rows of the earlier and the later series, or NONE. */
#define NONE G_MAXSIZE
typedef struct merged_row {
    gsize earlier, later;
} merged_row;

static gsize pair_rows(const qb_series *earlier, const qb_series *later, merged_row *rows)
{
    gsize count = 0, a = 0, b = 0;
    while (a < earlier->count || b < later->count) {
        const gboolean from_a = b == later->count ||
                                (a < earlier->count && earlier->ts_us[a] <= later->ts_us[b]);
        const gboolean from_b = a == earlier->count ||
                                (b < later->count && later->ts_us[b] <= earlier->ts_us[a]);
        rows[count++] = (merged_row){from_a ? a++ : NONE, from_b ? b++ : NONE};
    }
    return count;
}

static double row_value(const double *values, gsize row, double standard)
{
    return values != NULL && row != NONE ? values[row] : standard;
}

/* The later row's value; but what it does not know (NaN) leaves what was known. */
static double merged_value(const bars_column *info, const double *earlier, const double *later,
                           const merged_row *row)
{
    const double old = row_value(earlier, row->earlier, info->standard);
    if (row->later == NONE)
        return old;
    const double new = row_value(later, row->later, info->standard);
    return isnan(new) && row->earlier != NONE ? old : new;
}

static gboolean merge_column(const bars_column *info, const qb_series *earlier,
                             const qb_series *later, const merged_row *rows, qb_series *out,
                             guint8 *differs, GError **error)
{
    const double *old = bars_values(earlier, info), *new = bars_values(later, info);
    double **field = field_of(out, info);
    if (!info->mandatory && old == NULL && new == NULL)
        return TRUE;
    if (!resize(field, out->capacity, sizeof(double), error))
        return FALSE;
    for (gsize i = 0; i < out->count; i++) {
        const double value = merged_value(info, old, new, &rows[i]);
        (*field)[i] = value;
        differs[i] |= !same_number(value, row_value(old, rows[i].earlier, info->standard));
    }
    return TRUE;
}

static gboolean merge_flags(const qb_series *earlier, const qb_series *later,
                            const merged_row *rows, qb_series *out, guint8 *differs, GError **error)
{
    if (earlier->flags == NULL && later->flags == NULL)
        return TRUE;
    if (!resize(&out->flags, out->capacity, sizeof(gint32), error))
        return FALSE;
    for (gsize i = 0; i < out->count; i++) {
        const gboolean had = earlier->flags != NULL && rows[i].earlier != NONE;
        const gint32 old = had ? earlier->flags[rows[i].earlier] : 0;
        const gint32 new = later->flags != NULL &&rows[i].later != NONE
                               ? later->flags[rows[i].later]
                               : 0;
        out->flags[i] = rows[i].later != NONE ? new : old;
        differs[i] |= out->flags[i] != old;
    }
    return TRUE;
}

static gboolean merge_columns(const qb_series *earlier, const qb_series *later,
                              const merged_row *rows, gsize count, qb_series *out,
                              cache_change *change, GError **error)
{
    g_autofree guint8 *differs = g_new0(guint8, count);
    if (!resize(&out->ts_us, MAX(count, 1), sizeof(gint64), error))
        return FALSE;
    out->capacity = MAX(count, 1);
    out->count = count;
    for (gsize i = 0; i < count; i++)
        out->ts_us[i] = rows[i].earlier != NONE ? earlier->ts_us[rows[i].earlier]
                                                : later->ts_us[rows[i].later];
    for (gsize c = 0; c < BARS_DOUBLES; c++)
        if (!merge_column(&bars_columns[c], earlier, later, rows, out, differs, error))
            return FALSE;
    if (!merge_flags(earlier, later, rows, out, differs, error))
        return FALSE;
    for (gsize i = 0; i < count; i++) {
        if (rows[i].later == NONE)
            continue;
        change->added += rows[i].earlier == NONE;
        change->changed += rows[i].earlier != NONE && differs[i];
        change->unchanged += rows[i].earlier != NONE && !differs[i];
    }
    return TRUE;
}

gboolean series_merge(const qb_series *earlier, const qb_series *later, qb_series *out_series,
                      cache_change *change, GError **error)
{
    const gsize most = earlier->count + later->count;
    g_autofree merged_row *rows = g_try_new(merged_row, MAX(most, 1));
    if (rows == NULL)
        return failure_from_status(error, QB_NO_MEMORY, "merge");
    const gsize count = pair_rows(earlier, later, rows);
    if (merge_columns(earlier, later, rows, count, out_series, change, error))
        return TRUE;
    qb_series_clear(out_series);
    return FALSE;
}

/* ---- building ------------------------------------------------------------------------------- */

/* Memory for a column that turns out to be absent, or to hold its default only, is reserved but
 * never touched, so that it costs nothing. */

#define FLAGS_BIT (1u << BARS_DOUBLES)

static gboolean is_wanted(const bars_builder *self, gsize c)
{
    return (self->columns & bars_columns[c].group) != 0;
}

gboolean bars_column_is_mandatory(const char *name)
{
    gboolean mandatory = strcmp(name, "ts") == 0;
    for (gsize c = 0; c < BARS_DOUBLES; c++)
        mandatory |= bars_columns[c].mandatory && strcmp(name, bars_columns[c].name) == 0;
    return mandatory;
}

/* Fresh pages of 4 KiB cost more than decoding what goes into them: half of a read of five years
 * of minutes. A hint, and only for long columns; a kernel without huge pages ignores it. */
#define HUGE_BYTES ((gsize)4 << 20)
static void prefer_huge_pages(void *memory, gsize size)
{
#ifdef MADV_HUGEPAGE
    const gsize page = (gsize)sysconf(_SC_PAGESIZE);
    if (memory == NULL || size < HUGE_BYTES)
        return;
    const gsize skip = page - (gsize)((guintptr)memory % page);
    if (madvise((char *)memory + skip, (size - skip) / page * page, MADV_HUGEPAGE) != 0)
        return;
#endif
}

static void prefer_huge_columns(qb_series *series)
{
    prefer_huge_pages(series->ts_us, series->capacity * sizeof(gint64));
    for (gsize c = 0; c < BARS_DOUBLES; c++)
        prefer_huge_pages(*field_of(series, &bars_columns[c]), series->capacity * sizeof(double));
    prefer_huge_pages(series->flags, series->capacity * sizeof(gint32));
}

gboolean bars_builder_room(bars_builder *self, gsize capacity, GError **error)
{
    qb_series *series = &self->series;
    if (capacity <= series->capacity && series->ts_us != NULL)
        return TRUE;
    const gsize room = MAX(MAX(capacity, series->capacity * 2), 64);
    if (!resize(&series->ts_us, room, sizeof(gint64), error))
        return FALSE;
    for (gsize c = 0; c < BARS_DOUBLES; c++)
        if (is_wanted(self, c) &&
            !resize(field_of(series, &bars_columns[c]), room, sizeof(double), error))
            return FALSE;
    if ((self->columns & CACHE_FLAGS) != 0 && !resize(&series->flags, room, sizeof(gint32), error))
        return FALSE;
    series->capacity = room;
    prefer_huge_columns(series);
    return TRUE;
}

guint bars_builder_targets(bars_builder *self, parquet_target out[BARS_TARGETS])
{
    qb_series *series = &self->series;
    guint count = 0;
    out[count++] = (parquet_target){
        .name = "ts", .type = PARQUET_TIMESTAMP_US, .values = series->ts_us + series->count};
    for (gsize c = 0; c < BARS_DOUBLES; c++)
        if (is_wanted(self, c))
            out[count++] =
                (parquet_target){.name = bars_columns[c].name,
                                 .type = PARQUET_DOUBLE,
                                 .values = *field_of(series, &bars_columns[c]) + series->count};
    if ((self->columns & CACHE_FLAGS) != 0)
        out[count++] = (parquet_target){
            .name = "flags", .type = PARQUET_INT32, .values = series->flags + series->count};
    return count;
}

static void fill(double *values, gsize from, gsize to, double value)
{
    for (gsize i = from; i < to; i++)
        values[i] = value;
}

/* A null double was read as NaN; a null dividend is none. */
static void fill_nulls(double *values, gsize from, gsize to, double value)
{
    for (gsize i = from; i < to; i++)
        if (isnan(values[i]))
            values[i] = value;
}

static gboolean all_equal(const double *values, gsize from, gsize to, double value)
{
    gboolean equal = TRUE;
    for (gsize i = from; i < to && equal; i++)
        equal = same_number(values[i], value);
    return equal;
}

static void added_doubles(bars_builder *self, gsize c, const parquet_target *target, gsize end)
{
    const bars_column *info = &bars_columns[c];
    double *values = *field_of(&self->series, info);
    const guint bit = 1u << c;
    const gsize start = self->series.count;
    if (!target->found) {
        if ((self->needed & bit) != 0)
            fill(values, start, end, info->standard);
        return;
    }
    if (target->nulls > 0 && !isnan(info->standard))
        fill_nulls(values, start, end, info->standard);
    if ((self->needed & bit) != 0 || all_equal(values, start, end, info->standard))
        return;
    /* The first rows that need this column: those before have the default. */
    fill(values, 0, start, info->standard);
    self->needed |= bit;
}

static void added_flags(bars_builder *self, const parquet_target *target, gsize end)
{
    gint32 *flags = self->series.flags;
    const gsize start = self->series.count;
    gint32 any = 0;
    if (!target->found)
        memset(flags + start, 0, (end - start) * sizeof *flags);
    for (gsize i = start; i < end; i++)
        any |= flags[i];
    if (any == 0 || (self->needed & FLAGS_BIT) != 0)
        return;
    memset(flags, 0, start * sizeof *flags);
    self->needed |= FLAGS_BIT;
}

void bars_builder_added(bars_builder *self, const parquet_target *targets, guint count, gsize rows)
{
    const gsize end = self->series.count + rows;
    for (guint t = 0; t < count; t++) {
        if (strcmp(targets[t].name, "flags") == 0)
            added_flags(self, &targets[t], end);
        for (gsize c = 0; c < BARS_DOUBLES; c++)
            if (targets[t].name == bars_columns[c].name)
                added_doubles(self, c, &targets[t], end);
    }
    self->series.count = end;
}

static void move_rows(void *values, gsize width, gsize to, gsize from, gsize count)
{
    if (values != NULL && to != from)
        memmove((char *)values + to * width, (char *)values + from * width, count * width);
}

void bars_builder_trim(bars_builder *self, gsize start, gint64 from_us, gint64 to_us)
{
    qb_series *series = &self->series;
    qb_series tail = {.ts_us = series->ts_us + start, .count = series->count - start};
    const gsize first = start + qb_series_lower_bound(&tail, from_us);
    const gsize end = start + qb_series_lower_bound(&tail, to_us);
    const gsize count = end > first ? end - first : 0;
    move_rows(series->ts_us, sizeof(gint64), start, first, count);
    for (gsize c = 0; c < BARS_DOUBLES; c++)
        if (bars_columns[c].mandatory || (self->needed & (1u << c)) != 0)
            move_rows(*field_of(series, &bars_columns[c]), sizeof(double), start, first, count);
    if ((self->needed & FLAGS_BIT) != 0)
        move_rows(series->flags, sizeof(gint32), start, first, count);
    series->count = start + count;
}

static void drop(void *field)
{
    void *memory;
    memcpy(&memory, field, sizeof memory);
    qb_realloc(memory, 0);
    memset(field, 0, sizeof memory);
}

void bars_builder_finish(bars_builder *self, qb_series *out)
{
    qb_series *series = &self->series;
    for (gsize c = 0; c < BARS_DOUBLES; c++)
        if (!bars_columns[c].mandatory && (self->needed & (1u << c)) == 0)
            drop(field_of(series, &bars_columns[c]));
    if ((self->needed & FLAGS_BIT) == 0)
        drop(&series->flags);
    *out = *series;
    *self = (bars_builder){0};
}

void bars_builder_clear(bars_builder *self)
{
    qb_series_clear(&self->series);
    *self = (bars_builder){0};
}
