/* One month's Parquet table, read into columns of bars and written from them. */
#include "cache/cache-private.h"

#include <math.h>
#include <string.h>

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

static gboolean check_columns(const parquet_table *footer, const char *path, GError **error)
{
    const parquet_column *ts = parquet_table_find(footer, "ts");
    if (ts == NULL)
        return fail_column(path, "ts", "is missing (expected a timestamp)", error);
    if (ts->type != PARQUET_TIMESTAMP_US)
        return fail_column(path, "ts", "is no timestamp (expected TIMESTAMP in UTC)", error);
    for (gsize c = 0; c < BARS_DOUBLES; c++) {
        const parquet_column *column = parquet_table_find(footer, bars_columns[c].name);
        if (column == NULL && bars_columns[c].mandatory)
            return fail_column(path, bars_columns[c].name, "is missing (expected numbers)", error);
        if (column != NULL && !is_number(column))
            return fail_column(path, bars_columns[c].name, "holds no numbers (expected DOUBLE)",
                               error);
    }
    const parquet_column *flags = parquet_table_find(footer, "flags");
    if (flags != NULL && !is_number(flags))
        return fail_column(path, "flags", "holds no numbers (expected INT32)", error);
    return TRUE;
}

static gboolean check_stamps(const gint64 *ts_us, gsize count, const char *path, month_id id,
                             GError **error)
{
    const gint64 from_us = month_start_us(id), to_us = month_end_us(id);
    gboolean sound = TRUE;
    for (gsize i = 0; i < count; i++)
        sound &= (i == 0 || ts_us[i] > ts_us[i - 1]) & (ts_us[i] >= from_us) & (ts_us[i] < to_us);
    for (gsize i = 0; !sound && i < count; i++) {
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
    return sound;
}

gboolean month_read_rows(parquet_reader *reader, GBytes *bytes, const char *path,
                         bars_builder *into, parquet_table **out_footer, GError **error)
{
    g_autoptr(parquet_table) footer = NULL;
    const gsize start = into->series.count;
    if (!parquet_read_footer(bytes, path, &footer, error) || !check_columns(footer, path, error) ||
        !bars_builder_room(into, start + footer->rows, error))
        return FALSE;

    parquet_target targets[BARS_TARGETS];
    gsize rows = 0;
    const guint count = bars_builder_targets(into, targets);
    if (!parquet_reader_read(reader, bytes, path, targets, count, footer->rows, &rows, error))
        return FALSE;
    for (guint i = 0; i < count; i++)
        if (targets[i].nulls > 0 && bars_column_is_mandatory(targets[i].name))
            return fail_column(path, targets[i].name, "has nulls (expected a value in each row)",
                               error);
    bars_builder_added(into, targets, count, rows);
    *out_footer = g_steal_pointer(&footer);
    return TRUE;
}

gboolean month_read(parquet_reader *reader, GBytes *bytes, const char *path, month_id id,
                    bars_builder *into, parquet_table **out_footer, GError **error)
{
    g_autoptr(parquet_table) footer = NULL;
    const gsize start = into->series.count;
    if (!month_read_rows(reader, bytes, path, into, &footer, error))
        return FALSE;
    if (!check_stamps(into->series.ts_us + start, into->series.count - start, path, id, error)) {
        into->series.count = start;
        return FALSE;
    }
    *out_footer = g_steal_pointer(&footer);
    return TRUE;
}

gboolean month_has_other_columns(const parquet_table *footer)
{
    for (guint i = 0; i < footer->columns->len; i++) {
        const parquet_column *column = g_ptr_array_index(footer->columns, i);
        gboolean known = strcmp(column->name, "ts") == 0 || strcmp(column->name, "flags") == 0;
        for (gsize c = 0; c < BARS_DOUBLES; c++)
            known |= strcmp(column->name, bars_columns[c].name) == 0;
        if (!known)
            return TRUE;
    }
    return FALSE;
}

gsize month_present(const gint64 *ts_us, gsize count, const qb_calendar *calendar,
                    qb_interval interval)
{
    qb_session_cursor cursor = {0};
    gsize present = 0;
    for (gsize i = 0; i < count; i++) {
        qb_bar_time times;
        present += qb_bar_times_next(calendar, interval, ts_us[i], &cursor, &times);
    }
    return present;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void put_doubles(parquet_table *table, const qb_series *bars, const bars_column *info,
                        gboolean always)
{
    const double *values = bars_values(bars, info);
    if (values == NULL && !always)
        return;
    const gboolean optional = isnan(info->standard) && !info->mandatory;
    parquet_column *column = parquet_table_add(table, info->name, PARQUET_DOUBLE, optional);
    double *to = column->values;
    for (gsize i = 0; i < bars->count; i++)
        to[i] = values != NULL ? values[i] : info->standard;
    for (gsize i = 0; optional && i < bars->count; i++)
        column->valid[i] = !isnan(to[i]);
}

static void put_flags(parquet_table *table, const qb_series *bars)
{
    if (bars->flags == NULL)
        return;
    parquet_column *column = parquet_table_add(table, "flags", PARQUET_INT32, TRUE);
    memcpy(column->values, bars->flags, bars->count * sizeof(gint32));
    memset(column->valid, 1, bars->count);
}

/* Cut anywhere, other text might end within a character. */
void month_provider(const parquet_table *footer, char out_provider[32],
                    char out_symbol[CACHE_PROVIDER_SYMBOL_SIZE])
{
    const char *provider = g_hash_table_lookup(footer->metadata, "provider");
    const char *symbol = g_hash_table_lookup(footer->metadata, "provider_symbol");
    const gboolean usable = provider != NULL && *provider != '\0' && strlen(provider) < 32 &&
                            g_str_is_ascii(provider);
    g_strlcpy(out_provider, usable ? provider : "foreign", 32);
    g_strlcpy(out_symbol,
              usable && symbol != NULL && cache_is_plain(symbol, CACHE_PROVIDER_SYMBOL_SIZE)
                  ? symbol
                  : "",
              CACHE_PROVIDER_SYMBOL_SIZE);
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
    if (provenance->provider_symbol != NULL && *provenance->provider_symbol != '\0')
        put_text(table, "provider_symbol", provenance->provider_symbol);
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
    for (gsize c = 0; c < BARS_DOUBLES; c++) {
        /* Every file of ours has a volume column, every one of an equity its actions, so that a
         * reader of many files finds one schema. */
        const gboolean actions = bars_columns[c].group == CACHE_ACTIONS && key->asset == QB_EQUITY;
        const gboolean always = bars_columns[c].mandatory ||
                                bars_columns[c].group == CACHE_VOLUME || actions;
        put_doubles(table, bars, &bars_columns[c], always);
    }
    put_flags(table, bars);
    put_provenance(table, key, provenance);
    return parquet_write(table, error);
}
