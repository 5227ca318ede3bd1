/* One month: its Parquet table, and columns of bars. The columns' names and defaults stand in one
 * table; reading, writing and merging all go through it. */
#include "cache/cache-private.h"

#include <math.h>
#include <string.h>

/* ---- columns -------------------------------------------------------------------------------- */

typedef struct column_info {
    const char *name;
    gsize offset;    /* of the pointer in qb_series */
    double standard; /* value of a row that has none */
    guint group;     /* the CACHE_ bit that asks for it */
    gboolean mandatory;
} column_info;

static const column_info doubles[] = {
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

static double **double_field(qb_series *series, const column_info *info)
{
    return (double **)(void *)((char *)series + info->offset);
}

static const double *double_values(const qb_series *series, const column_info *info)
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

gboolean series_make_room(qb_series *series, guint columns, gsize capacity, GError **error)
{
    if (capacity <= series->capacity)
        return TRUE;
    if (!resize(&series->ts_us, capacity, sizeof(gint64), error))
        return FALSE;
    for (gsize c = 0; c < G_N_ELEMENTS(doubles); c++) {
        const gboolean wanted = doubles[c].mandatory && (columns & doubles[c].group) != 0;
        double **field = double_field(series, &doubles[c]);
        if ((wanted || *field != NULL) && !resize(field, capacity, sizeof(double), error))
            return FALSE;
    }
    if (series->flags != NULL && !resize(&series->flags, capacity, sizeof(gint32), error))
        return FALSE;
    series->capacity = capacity;
    return TRUE;
}

qb_series series_slice(const qb_series *series, gsize start, gsize count)
{
    qb_series slice = *series;
    slice.ts_us += start;
    for (gsize c = 0; c < G_N_ELEMENTS(doubles); c++) {
        double **field = double_field(&slice, &doubles[c]);
        if (*field != NULL)
            *field += start;
    }
    if (slice.flags != NULL)
        slice.flags += start;
    slice.count = slice.capacity = count;
    return slice;
}

/* An optional column appears: its rows so far have the default. */
static gboolean add_column(qb_series *series, const column_info *info, GError **error)
{
    double **field = double_field(series, info);
    if (!resize(field, series->capacity, sizeof(double), error))
        return FALSE;
    for (gsize i = 0; i < series->count; i++)
        (*field)[i] = info->standard;
    return TRUE;
}

static gboolean add_flags(qb_series *series, GError **error)
{
    if (!resize(&series->flags, series->capacity, sizeof(gint32), error))
        return FALSE;
    memset(series->flags, 0, series->count * sizeof(gint32));
    return TRUE;
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
static double merged_value(const column_info *info, const double *earlier, const double *later,
                           const merged_row *row)
{
    const double old = row_value(earlier, row->earlier, info->standard);
    if (row->later == NONE)
        return old;
    const double new = row_value(later, row->later, info->standard);
    return isnan(new) && row->earlier != NONE ? old : new;
}

static gboolean merge_column(const column_info *info, const qb_series *earlier,
                             const qb_series *later, const merged_row *rows, qb_series *out,
                             guint8 *differs, GError **error)
{
    const double *old = double_values(earlier, info), *new = double_values(later, info);
    double **field = double_field(out, info);
    if (!info->mandatory && old == NULL && new == NULL)
        return TRUE;
    if (*field == NULL && !resize(field, out->capacity, sizeof(double), error))
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
    if (!series_make_room(out, CACHE_ALL, MAX(count, 1), error))
        return FALSE;
    out->count = count;
    for (gsize i = 0; i < count; i++)
        out->ts_us[i] = rows[i].earlier != NONE ? earlier->ts_us[rows[i].earlier]
                                                : later->ts_us[rows[i].later];
    for (gsize c = 0; c < G_N_ELEMENTS(doubles); c++)
        if (!merge_column(&doubles[c], earlier, later, rows, out, differs, error))
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

/* ---- reading -------------------------------------------------------------------------------- */

static gboolean fail_column(const char *path, const char *name, const char *what, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: column %s: %s", path, name, what);
    return FALSE;
}

static gboolean is_number(const parquet_column *column)
{
    return column->type == PARQUET_DOUBLE || column->type == PARQUET_INT64 ||
           column->type == PARQUET_INT32;
}

static gboolean fail_null(const parquet_table *table, const parquet_column *column,
                          const char *path, GError **error)
{
    for (gsize i = 0; column->valid != NULL && i < table->rows; i++) {
        if (column->valid[i])
            continue;
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: column %s: row %" G_GSIZE_FORMAT " is null (expected a value)", path,
                    column->name, i + 1);
        return TRUE;
    }
    return FALSE;
}

static gboolean check_columns(const parquet_table *table, const char *path, GError **error)
{
    const parquet_column *ts = parquet_table_find(table, "ts");
    if (ts == NULL)
        return fail_column(path, "ts", "is missing (expected a timestamp)", error);
    if (ts->type != PARQUET_TIMESTAMP_US)
        return fail_column(path, "ts", "is no timestamp (expected TIMESTAMP in UTC)", error);
    if (fail_null(table, ts, path, error))
        return FALSE;
    for (gsize c = 0; c < G_N_ELEMENTS(doubles); c++) {
        const parquet_column *column = parquet_table_find(table, doubles[c].name);
        if (column == NULL && doubles[c].mandatory)
            return fail_column(path, doubles[c].name, "is missing (expected numbers)", error);
        if (column == NULL)
            continue;
        if (!is_number(column))
            return fail_column(path, doubles[c].name, "holds no numbers (expected DOUBLE)", error);
        if (doubles[c].mandatory && fail_null(table, column, path, error))
            return FALSE;
    }
    const parquet_column *flags = parquet_table_find(table, "flags");
    if (flags != NULL && !is_number(flags))
        return fail_column(path, "flags", "holds no numbers (expected INT32)", error);
    return TRUE;
}

static gboolean check_stamps(const parquet_table *table, const char *path, month_id id,
                             GError **error)
{
    const gint64 *ts_us = month_stamps(table);
    const gint64 from_us = month_start_us(id), to_us = month_end_us(id);
    gboolean sound = TRUE;
    for (gsize i = 0; i < table->rows; i++)
        sound &= (i == 0 || ts_us[i] > ts_us[i - 1]) & (ts_us[i] >= from_us) & (ts_us[i] < to_us);
    if (sound)
        return TRUE;
    for (gsize i = 0; i < table->rows; i++) {
        const gboolean late = i > 0 && ts_us[i] <= ts_us[i - 1];
        if (!late && ts_us[i] >= from_us && ts_us[i] < to_us)
            continue;
        char text[QB_TIME_TEXT];
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: column ts: row %" G_GSIZE_FORMAT ": %s (expected %s)", path, i + 1,
                    qb_time_to_text(ts_us[i], text),
                    late ? "a stamp after the row above" : "a stamp of the month in the file name");
        break;
    }
    return FALSE;
}

gint64 *month_stamps(const parquet_table *table)
{
    return parquet_table_find(table, "ts")->values;
}

parquet_table *month_parse(GBytes *bytes, const char *path, month_id id, guint columns,
                           GError **error)
{
    const char *names[G_N_ELEMENTS(doubles) + 3];
    gsize count = 0;
    names[count++] = "ts";
    for (gsize c = 0; c < G_N_ELEMENTS(doubles); c++)
        if ((columns & doubles[c].group) != 0)
            names[count++] = doubles[c].name;
    if ((columns & CACHE_FLAGS) != 0)
        names[count++] = "flags";
    names[count] = NULL;

    g_autoptr(parquet_table) table = parquet_read(bytes, path, names, error);
    if (table == NULL || !check_columns(table, path, error) ||
        !check_stamps(table, path, id, error))
        return NULL;
    return g_steal_pointer(&table);
}

static double number_at(const parquet_column *column, gsize row)
{
    switch (column->type) {
    case PARQUET_INT64:
        return (double)((const gint64 *)column->values)[row];
    case PARQUET_INT32:
        return ((const gint32 *)column->values)[row];
    default:
        return ((const double *)column->values)[row];
    }
}

static gboolean is_null(const parquet_column *column, gsize row)
{
    return column->valid != NULL && !column->valid[row];
}

/* TRUE when no row of the range differs from the default, so that the column need not be there. */
static gboolean all_standard(const parquet_column *column, double standard, gsize start,
                             gsize count)
{
    for (gsize i = start; i < start + count; i++)
        if (!is_null(column, i) && !same_number(number_at(column, i), standard))
            return FALSE;
    return TRUE;
}

static void copy_numbers(const parquet_column *column, double standard, gsize start, gsize count,
                         double *to)
{
    if (column->type == PARQUET_DOUBLE)
        memcpy(to, (const double *)column->values + start, count * sizeof *to);
    else
        for (gsize i = 0; i < count; i++)
            to[i] = number_at(column, start + i);
    for (gsize i = 0; column->valid != NULL && i < count; i++)
        if (!column->valid[start + i])
            to[i] = standard;
}

static gboolean append_doubles(const parquet_table *table, const column_info *info, gsize start,
                               gsize count, qb_series *into, GError **error)
{
    const parquet_column *column = parquet_table_find(table, info->name);
    double **field = double_field(into, info);
    if (*field == NULL) {
        if (column == NULL || all_standard(column, info->standard, start, count))
            return TRUE;
        if (!add_column(into, info, error))
            return FALSE;
    }
    double *to = *field + into->count;
    if (column != NULL)
        copy_numbers(column, info->standard, start, count, to);
    else
        for (gsize i = 0; i < count; i++)
            to[i] = info->standard;
    return TRUE;
}

static gboolean append_flags(const parquet_table *table, gsize start, gsize count, qb_series *into,
                             GError **error)
{
    const parquet_column *column = parquet_table_find(table, "flags");
    if (into->flags == NULL && (column == NULL || all_standard(column, 0, start, count)))
        return TRUE;
    if (into->flags == NULL && !add_flags(into, error))
        return FALSE;
    for (gsize i = 0; i < count; i++) {
        const double value = column != NULL && !is_null(column, start + i)
                                 ? number_at(column, start + i)
                                 : 0;
        /* A foreign file may hold anything in a double; the cast is only defined inside. */
        into->flags[into->count + i] = value >= G_MININT32 && value <= G_MAXINT32 ? (gint32)value
                                                                                  : 0;
    }
    return TRUE;
}

gboolean month_append(const parquet_table *table, guint columns, gsize start, gsize count,
                      qb_series *into, GError **error)
{
    const gsize needed = into->count + count;
    if (needed > into->capacity &&
        !series_make_room(into, columns, MAX(needed, into->capacity * 2), error))
        return FALSE;
    for (gsize c = 0; c < G_N_ELEMENTS(doubles); c++)
        if ((columns & doubles[c].group) != 0 &&
            !append_doubles(table, &doubles[c], start, count, into, error))
            return FALSE;
    if ((columns & CACHE_FLAGS) != 0 && !append_flags(table, start, count, into, error))
        return FALSE;
    memcpy(into->ts_us + into->count, month_stamps(table) + start, count * sizeof(gint64));
    into->count += count;
    return TRUE;
}

gboolean month_has_other_columns(const parquet_table *table)
{
    for (guint i = 0; i < table->columns->len; i++) {
        const parquet_column *column = g_ptr_array_index(table->columns, i);
        gboolean known = strcmp(column->name, "ts") == 0 || strcmp(column->name, "flags") == 0;
        for (gsize c = 0; c < G_N_ELEMENTS(doubles); c++)
            known |= strcmp(column->name, doubles[c].name) == 0;
        if (!known)
            return TRUE;
    }
    return FALSE;
}

gboolean month_matches(const parquet_table *table, const file_state *state)
{
    const gint64 *ts_us = month_stamps(table);
    return table->rows == state->rows && table->rows > 0 && ts_us[0] == state->first_us &&
           ts_us[table->rows - 1] == state->last_us;
}

gsize month_present(const gint64 *ts_us, gsize count, const char *calendar, qb_interval interval)
{
    const qb_calendar *found = qb_calendar_find(calendar);
    gsize present = 0;
    for (gsize i = 0; found != NULL && i < count; i++) {
        qb_bar_time times;
        present += qb_bar_times(found, interval, ts_us[i], &times);
    }
    return present;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void put_doubles(parquet_table *table, const qb_series *bars, const column_info *info,
                        gboolean always)
{
    const double *values = double_values(bars, info);
    if (values == NULL && !always)
        return;
    const gboolean optional = isnan(info->standard) && !info->mandatory;
    parquet_column *column = parquet_table_add(table, info->name, PARQUET_DOUBLE, optional);
    double *to = column->values;
    gboolean nulls = FALSE;
    for (gsize i = 0; i < bars->count; i++) {
        to[i] = values != NULL ? values[i] : info->standard;
        nulls |= optional && isnan(to[i]);
    }
    if (!nulls)
        return;
    column->valid = g_new(guint8, MAX(bars->count, 1));
    for (gsize i = 0; i < bars->count; i++)
        column->valid[i] = !isnan(to[i]);
}

static void put_flags(parquet_table *table, const qb_series *bars)
{
    if (bars->flags == NULL)
        return;
    parquet_column *column = parquet_table_add(table, "flags", PARQUET_INT32, TRUE);
    memcpy(column->values, bars->flags, bars->count * sizeof(gint32));
}

static void put_text(parquet_table *table, const char *name, const char *text)
{
    g_hash_table_insert(table->metadata, g_strdup(name), g_strdup(text));
}

static void put_provenance(parquet_table *table, const cache_key *key,
                           const cache_provenance *provenance)
{
    char fetched[QB_TIME_TEXT];
    put_text(table, "schema_version", "1");
    put_text(table, "asset", qb_asset_text(key->asset));
    put_text(table, "symbol", key->symbol);
    put_text(table, "interval", qb_interval_text(key->interval));
    put_text(table, "provider", provenance->provider);
    put_text(table, "fetched_at", qb_time_to_text(provenance->fetched_us, fetched));
    put_text(table, "adjustment", cache_adjustment_text(provenance->adjustment));
    put_text(table, "calendar", provenance->calendar);
    put_text(table, "source_hash", provenance->source_hash);
}

GBytes *month_write(const qb_series *bars, const cache_key *key, const cache_provenance *provenance,
                    GError **error)
{
    g_autoptr(parquet_table) table = parquet_table_new(bars->count);
    parquet_column *ts = parquet_table_add(table, "ts", PARQUET_TIMESTAMP_US, FALSE);
    memcpy(ts->values, bars->ts_us, bars->count * sizeof(gint64));
    for (gsize c = 0; c < G_N_ELEMENTS(doubles); c++) {
        /* Every file of ours has a volume column, every one of an equity its actions, so that a
         * reader of many files finds one schema. */
        const gboolean actions = doubles[c].group == CACHE_ACTIONS && key->asset == QB_EQUITY;
        const gboolean always = doubles[c].mandatory || doubles[c].group == CACHE_VOLUME || actions;
        put_doubles(table, bars, &doubles[c], always);
    }
    put_flags(table, bars);
    put_provenance(table, key, provenance);
    return parquet_write(table, error);
}
