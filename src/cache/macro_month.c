/* One month's table of values with vintages: the columns ts, value, known_from, known_to. */
#include "cache/cache-private.h"

#include <math.h>
#include <string.h>

/* ---- building ------------------------------------------------------------------------------- */

static gboolean grow(gpointer column, gsize capacity, gsize width, GError **error)
{
    void *old, *longer;
    memcpy(&old, column, sizeof old);
    longer = g_try_realloc_n(old, capacity, width);
    if (longer == NULL)
        return failure_from_status(error, QB_NO_MEMORY, "values");
    memcpy(column, &longer, sizeof longer);
    return TRUE;
}

gboolean macro_builder_room(macro_builder *self, gsize capacity, GError **error)
{
    macro_series *series = &self->series;
    if (capacity <= self->capacity && series->ts_us != NULL)
        return TRUE;
    const gsize room = MAX(MAX(capacity, self->capacity * 2), 64);
    if (!grow(&series->ts_us, room, sizeof(gint64), error) ||
        !grow(&series->value, room, sizeof(double), error) ||
        !grow(&series->known_from_us, room, sizeof(gint64), error) ||
        !grow(&series->known_to_us, room, sizeof(gint64), error))
        return FALSE;
    self->capacity = room;
    return TRUE;
}

void macro_builder_trim(macro_builder *self, gsize start, gint64 from_us, gint64 to_us)
{
    macro_series *series = &self->series;
    gsize count = start;
    for (gsize i = start; i < series->count; i++) {
        if (series->ts_us[i] < from_us || series->ts_us[i] >= to_us)
            continue;
        series->ts_us[count] = series->ts_us[i];
        series->value[count] = series->value[i];
        series->known_from_us[count] = series->known_from_us[i];
        series->known_to_us[count] = series->known_to_us[i];
        count++;
    }
    series->count = count;
}

void macro_builder_clear(macro_builder *self)
{
    macro_series_clear(&self->series);
    self->capacity = 0;
}

/* ---- how a publication time is known -------------------------------------------------------- */

static const char *const basis_words[] = {"given", "stated", "imported", "assumed"};

char *macro_basis_text(guint basis)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(basis_words); i++)
        if ((basis & (1u << i)) != 0)
            g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", basis_words[i]);
    return g_string_free(text, FALSE);
}

/* Words of a later program are passed over. */
static guint basis_from_text(const char *text)
{
    guint basis = 0;
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    for (char **word = words; *word != NULL; word++)
        for (guint i = 0; i < G_N_ELEMENTS(basis_words); i++)
            if (strcmp(*word, basis_words[i]) == 0)
                basis |= 1u << i;
    return basis;
}

/* ---- reading -------------------------------------------------------------------------------- */

static gboolean check_column(const parquet_table *footer, const char *name, gboolean mandatory,
                             gboolean stamp, const char *path, GError **error)
{
    const parquet_column *column = parquet_table_find(footer, name);
    const char *expected = stamp ? "TIMESTAMP in UTC" : "DOUBLE";
    if (column == NULL && !mandatory)
        return TRUE;
    if (column == NULL) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: column %s: is missing (expected %s)",
                    path, name, expected);
        return FALSE;
    }
    const gboolean number = column->type == PARQUET_DOUBLE || column->type == PARQUET_INT64 ||
                            column->type == PARQUET_INT32;
    if (stamp ? column->type == PARQUET_TIMESTAMP_US : number)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: column %s: is of another type (expected %s)",
                path, name, expected);
    return FALSE;
}

static gboolean check_columns(const parquet_table *footer, const char *path, GError **error)
{
    return check_column(footer, "ts", TRUE, TRUE, path, error) &&
           check_column(footer, "value", TRUE, FALSE, path, error) &&
           check_column(footer, "known_from", TRUE, TRUE, path, error) &&
           check_column(footer, "known_to", FALSE, TRUE, path, error);
}

static gboolean check_month(const macro_series *rows, const char *path, month_id id, GError **error)
{
    if (rows->count == 0 ||
        (rows->ts_us[0] >= month_start_us(id) && rows->ts_us[rows->count - 1] < month_end_us(id)))
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s: column ts: stamps of another month than the one in the file name", path);
    return FALSE;
}

enum { TS, VALUE, KNOWN_FROM, KNOWN_TO, TARGETS };

static gboolean read_rows(parquet_reader *reader, GBytes *bytes, const char *path,
                          macro_series *rows, gsize capacity, GError **error)
{
    g_autofree guint8 *ended = g_try_malloc0(MAX(capacity, 1));
    parquet_target targets[TARGETS] = {
        [TS] = {"ts", PARQUET_TIMESTAMP_US, rows->ts_us, NULL, FALSE, 0},
        [VALUE] = {"value", PARQUET_DOUBLE, rows->value, NULL, FALSE, 0},
        [KNOWN_FROM] = {"known_from", PARQUET_TIMESTAMP_US, rows->known_from_us, NULL, FALSE, 0},
        [KNOWN_TO] = {"known_to", PARQUET_TIMESTAMP_US, rows->known_to_us, ended, FALSE, 0},
    };
    if (ended == NULL)
        return failure_from_status(error, QB_NO_MEMORY, "values");
    if (!parquet_reader_read(reader, bytes, path, targets, TARGETS, capacity, &rows->count, error))
        return FALSE;
    if (targets[TS].nulls + targets[KNOWN_FROM].nulls > 0) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: column %s: has nulls (expected a time in each row)", path,
                    targets[TS].nulls > 0 ? "ts" : "known_from");
        return FALSE;
    }
    for (gsize i = 0; i < rows->count; i++)
        if (!targets[KNOWN_TO].found || !ended[i])
            rows->known_to_us[i] = G_MAXINT64;
    return TRUE;
}

gboolean macro_month_read(parquet_reader *reader, GBytes *bytes, const char *path, month_id id,
                          macro_builder *into, parquet_table **out_footer, GError **error)
{
    g_autoptr(parquet_table) footer = NULL;
    const gsize start = into->series.count;
    if (!parquet_read_footer(bytes, path, &footer, error) || !check_columns(footer, path, error) ||
        !macro_builder_room(into, start + footer->rows, error))
        return FALSE;
    macro_series rows = macro_slice(&into->series, start, 0);
    if (!read_rows(reader, bytes, path, &rows, footer->rows, error) ||
        !macro_check(&rows, path, error) || !check_month(&rows, path, id, error))
        return FALSE;
    macro_close(&rows); /* others may leave known_to out */
    const char *basis = g_hash_table_lookup(footer->metadata, "known_from");
    into->series.basis |= basis != NULL ? basis_from_text(basis) : 0;
    into->series.count += rows.count;
    *out_footer = g_steal_pointer(&footer);
    return TRUE;
}

gboolean macro_month_has_other_columns(const parquet_table *footer)
{
    static const char *const names[] = {"ts", "value", "known_from", "known_to"};
    for (guint i = 0; i < footer->columns->len; i++) {
        const parquet_column *column = g_ptr_array_index(footer->columns, i);
        gboolean known = FALSE;
        for (gsize n = 0; n < G_N_ELEMENTS(names); n++)
            known |= strcmp(column->name, names[n]) == 0;
        if (!known)
            return TRUE;
    }
    return FALSE;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void put_stamps(parquet_table *table, const char *name, const gint64 *stamps)
{
    parquet_column *column = parquet_table_add(table, name, PARQUET_TIMESTAMP_US, FALSE);
    memcpy(column->values, stamps, table->rows * sizeof(gint64));
}

static void put_values(parquet_table *table, const double *values)
{
    parquet_column *column = parquet_table_add(table, "value", PARQUET_DOUBLE, TRUE);
    memcpy(column->values, values, table->rows * sizeof(double));
    for (gsize i = 0; i < table->rows; i++)
        column->valid[i] = !isnan(values[i]);
}

/* Null where the vintage still holds: no date of ours would be true. */
static void put_ends(parquet_table *table, const gint64 *ends)
{
    parquet_column *column = parquet_table_add(table, "known_to", PARQUET_TIMESTAMP_US, TRUE);
    gint64 *to = column->values;
    for (gsize i = 0; i < table->rows; i++) {
        column->valid[i] = ends[i] != G_MAXINT64;
        to[i] = column->valid[i] ? ends[i] : 0;
    }
}

static void put_text(parquet_table *table, const char *name, const char *text)
{
    g_hash_table_insert(table->metadata, g_strdup(name), g_strdup(text));
}

GBytes *macro_month_write(const macro_series *rows, const cache_key *key,
                          const cache_provenance *provenance, GError **error)
{
    char fetched[QB_TIME_TEXT];
    g_autoptr(parquet_table) table = parquet_table_new(rows->count);
    g_autofree char *basis = macro_basis_text(rows->basis);
    put_stamps(table, "ts", rows->ts_us);
    put_values(table, rows->value);
    put_stamps(table, "known_from", rows->known_from_us);
    put_ends(table, rows->known_to_us);
    put_text(table, "schema_version", "1");
    put_text(table, "asset", qb_asset_text(key->asset));
    put_text(table, "symbol", key->symbol);
    put_text(table, "interval", qb_interval_text(key->interval));
    put_text(table, "provider", provenance->provider);
    if (provenance->provider_symbol != NULL && *provenance->provider_symbol != '\0')
        put_text(table, "provider_symbol", provenance->provider_symbol);
    put_text(table, "fetched_at", qb_time_to_text(provenance->fetched_us, fetched));
    put_text(table, "source_hash", provenance->source_hash);
    put_text(table, "known_from", basis);
    return parquet_write(table, error);
}
