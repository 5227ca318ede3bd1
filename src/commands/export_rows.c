/* Rows as CSV, JSON lines and Parquet. Text formats are put together in a buffer that is emptied
 * every 64 KiB, so that a series of any length takes no more memory than the stretch at hand. */
#include "commands/export-private.h"

#include "parquet/parquet.h"
#include "platform/files.h"
#include "reports/reports.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define BUFFER_BYTES 65536u

static const char *const formats[EXPORT_FORMATS] = {"csv", "jsonl", "parquet"};

struct export_target {
    files_stream *stream; /* NULL: standard output */
    gboolean overwrite;
    const export_layout *layout;
    char *keys[EXPORT_COLUMNS_MAX]; /* what stands before each cell of a row */
    GString *buffer;
    GChecksum *checksum;
    GHashTable *metadata;
    gsize rows, bytes;
};

const char *export_format_text(export_format format)
{
    return formats[format];
}

gboolean export_format_from_text(const char *text, export_format *out)
{
    for (int i = 0; i < EXPORT_FORMATS; i++) {
        if (g_ascii_strcasecmp(text, formats[i]) == 0) {
            *out = (export_format)i;
            return TRUE;
        }
    }
    return FALSE;
}

/* ---- columns -------------------------------------------------------------------------------- */

#define OF(member) offsetof(qb_series, member)
static const export_column bar_columns[] = {
    {"symbol", EXPORT_TEXT, FALSE, 0, 0},
    {"ts", EXPORT_STAMP, FALSE, 0, OF(ts_us)},
    {"open", EXPORT_NUMBER, FALSE, NAN, OF(open)},
    {"high", EXPORT_NUMBER, FALSE, NAN, OF(high)},
    {"low", EXPORT_NUMBER, FALSE, NAN, OF(low)},
    {"close", EXPORT_NUMBER, FALSE, NAN, OF(close)},
    {"volume", EXPORT_NUMBER, TRUE, NAN, OF(volume)},
    {"dividend", EXPORT_NUMBER, FALSE, 0, OF(dividend)},
    {"split_factor", EXPORT_NUMBER, FALSE, 1, OF(split_factor)},
    {"bid", EXPORT_NUMBER, TRUE, NAN, OF(bid)},
    {"ask", EXPORT_NUMBER, TRUE, NAN, OF(ask)},
    {"flags", EXPORT_FLAGS, FALSE, 0, OF(flags)},
};
static const export_column macro_columns[] = {
    {"symbol", EXPORT_TEXT, FALSE, 0, 0},
    {"ts", EXPORT_STAMP, FALSE, 0, offsetof(macro_series, ts_us)},
    {"value", EXPORT_NUMBER, TRUE, NAN, offsetof(macro_series, value)},
    {"known_from", EXPORT_STAMP, FALSE, 0, offsetof(macro_series, known_from_us)},
    {"known_to", EXPORT_STAMP, TRUE, 0, offsetof(macro_series, known_to_us)},
};
G_STATIC_ASSERT(G_N_ELEMENTS(bar_columns) == EXPORT_COLUMNS_MAX);

const export_column *export_columns_of(gboolean macro, guint *out_count)
{
    *out_count = macro ? G_N_ELEMENTS(macro_columns) : G_N_ELEMENTS(bar_columns);
    return macro ? macro_columns : bar_columns;
}

static const void *values_of(const export_rows *rows, const export_column *column)
{
    const void *values;
    memcpy(&values, (const char *)rows->series + column->offset, sizeof values);
    return values;
}

static double number_at(const export_column *column, const void *values, gsize row)
{
    return values != NULL ? ((const double *)values)[row] : column->standard;
}

/* ---- bytes out ------------------------------------------------------------------------------ */

static gboolean put_bytes(export_target *self, const void *bytes, gsize count, GError **error)
{
    self->bytes += count;
    g_checksum_update(self->checksum, bytes, (gssize)count);
    if (self->stream != NULL)
        return files_stream_write(self->stream, bytes, count, error);
    if (fwrite(bytes, 1, count, stdout) == count)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_IO, "standard output: cannot write: %s", g_strerror(errno));
    return FALSE;
}

static gboolean empty_buffer(export_target *self, gsize allowed, GError **error)
{
    if (self->buffer->len <= allowed)
        return TRUE;
    const gboolean ok = put_bytes(self, self->buffer->str, self->buffer->len, error);
    g_string_truncate(self->buffer, 0);
    return ok;
}

/* ---- text ----------------------------------------------------------------------------------- */

/* Nothing in CSV, null in JSON. */
static void put_none(export_target *self)
{
    if (self->layout->format == EXPORT_JSONL)
        g_string_append(self->buffer, "null");
}

static void put_stamp(export_target *self, gint64 ts_us)
{
    char text[QB_TIME_TEXT];
    const char *quote = self->layout->format == EXPORT_JSONL ? "\"" : "";
    if (ts_us == INT64_MAX) {
        put_none(self);
        return;
    }
    g_string_append(self->buffer, quote);
    g_string_append(self->buffer, qb_time_to_text(ts_us, text));
    g_string_append(self->buffer, quote);
}

static void put_number(export_target *self, double value)
{
    char text[32];
    if (isnan(value))
        put_none(self);
    else
        g_string_append(self->buffer, report_json_number(value, text));
}

/* Stored symbols hold neither quotes nor backslashes. */
static void put_symbol(export_target *self, const char *symbol)
{
    if (self->layout->format == EXPORT_JSONL)
        g_string_append_printf(self->buffer, "\"%s\"", symbol);
    else
        report_csv_field(self->buffer, symbol);
}

static void put_cell(export_target *self, const export_column *column, const export_rows *rows,
                     const void *values, gsize row)
{
    switch (column->type) {
    case EXPORT_TEXT:
        put_symbol(self, rows->symbol);
        break;
    case EXPORT_STAMP:
        put_stamp(self, ((const gint64 *)values)[row]);
        break;
    case EXPORT_NUMBER:
        put_number(self, number_at(column, values, row));
        break;
    case EXPORT_FLAGS:
        g_string_append_printf(self->buffer, "%d",
                               values != NULL ? ((const gint32 *)values)[row] : 0);
        break;
    }
}

static void put_row(export_target *self, const export_rows *rows, const void *const *values,
                    gsize row)
{
    for (guint c = 0; c < self->layout->count; c++) {
        g_string_append(self->buffer, self->keys[c]);
        put_cell(self, self->layout->columns[c], rows, values[c], row);
    }
    g_string_append(self->buffer, self->layout->format == EXPORT_JSONL ? "}\n" : "\n");
}

static void put_header(export_target *self)
{
    for (guint c = 0; c < self->layout->count; c++)
        g_string_append_printf(self->buffer, "%s%s", c > 0 ? "," : "",
                               self->layout->columns[c]->name);
    g_string_append_c(self->buffer, '\n');
}

static gboolean add_text(export_target *self, const export_rows *rows, GError **error)
{
    const export_layout *layout = self->layout;
    const void *values[EXPORT_COLUMNS_MAX] = {NULL};
    for (guint c = 0; c < layout->count; c++)
        if (layout->columns[c]->type != EXPORT_TEXT)
            values[c] = values_of(rows, layout->columns[c]);
    if (layout->format == EXPORT_CSV && self->rows == 0 && rows->count > 0)
        put_header(self);
    for (gsize row = 0; row < rows->count; row++) {
        put_row(self, rows, values, row);
        if (!empty_buffer(self, BUFFER_BYTES, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- Parquet -------------------------------------------------------------------------------- */

static parquet_type type_of(const export_column *column)
{
    return column->type == EXPORT_STAMP    ? PARQUET_TIMESTAMP_US
           : column->type == EXPORT_NUMBER ? PARQUET_DOUBLE
                                           : PARQUET_INT32;
}

static void fill_stamps(parquet_column *to, const gint64 *values, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        const gboolean there = values[i] != INT64_MAX;
        ((gint64 *)to->values)[i] = there ? values[i] : 0;
        if (to->valid != NULL)
            to->valid[i] = there;
    }
}

static void fill_column(parquet_column *to, const export_column *column, const export_rows *rows)
{
    const void *values = values_of(rows, column);
    if (column->type == EXPORT_STAMP) {
        fill_stamps(to, values, rows->count);
    } else if (column->type == EXPORT_FLAGS) {
        if (values != NULL)
            memcpy(to->values, values, rows->count * sizeof(gint32));
    } else {
        double *numbers = to->values;
        for (gsize i = 0; i < rows->count; i++)
            numbers[i] = number_at(column, values, i);
        for (gsize i = 0; to->valid != NULL && i < rows->count; i++)
            to->valid[i] = !isnan(numbers[i]);
    }
}

/* Those that the cache's own files have only where a row needs them. */
static gboolean may_lack(const export_column *column)
{
    return column->offset == OF(bid) || column->offset == OF(ask) || column->offset == OF(flags);
}

static gboolean add_parquet(export_target *self, const export_rows *rows, GError **error)
{
    if (rows->count > PARQUET_ROWS_LIMIT) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "%" G_GSIZE_FORMAT " rows are too many for one Parquet file (expected at most "
                    "%u: narrow them with --start and --end)",
                    rows->count, PARQUET_ROWS_LIMIT);
        return FALSE;
    }
    g_autoptr(parquet_table) table = parquet_table_new(rows->count);
    for (guint c = 0; c < self->layout->count; c++) {
        const export_column *column = self->layout->columns[c];
        if (self->layout->chosen || !may_lack(column) || values_of(rows, column) != NULL)
            fill_column(parquet_table_add(table, column->name, type_of(column), column->optional),
                        column, rows);
    }
    g_hash_table_unref(table->metadata);
    table->metadata = g_hash_table_ref(self->metadata);
    g_autoptr(GBytes) bytes = parquet_write(table, error);
    if (bytes == NULL)
        return FALSE;
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    return put_bytes(self, data, size, error);
}

/* ---- targets -------------------------------------------------------------------------------- */

gboolean export_may_write(const char *path, gboolean overwrite, GError **error)
{
    if (overwrite || !files_exists(path))
        return TRUE;
    g_autofree char *name = failure_path(path);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s: is there already (expected --force to replace "
                "it)",
                name);
    return FALSE;
}

static char *key_text(const export_layout *layout, guint column)
{
    if (layout->format == EXPORT_JSONL)
        return g_strdup_printf("%c\"%s\":", column > 0 ? ',' : '{', layout->columns[column]->name);
    return g_strdup(column > 0 ? "," : "");
}

export_target *export_target_new(const char *path, gboolean overwrite, const export_layout *layout,
                                 GError **error)
{
    files_stream *stream = NULL;
    if (path != NULL) {
        stream = export_may_write(path, overwrite, error) ? files_stream_new(path, error) : NULL;
        if (stream == NULL)
            return NULL;
    }
    export_target *self = g_new0(export_target, 1);
    self->stream = stream;
    self->overwrite = overwrite;
    self->layout = layout;
    for (guint c = 0; c < layout->count; c++)
        self->keys[c] = key_text(layout, c);
    self->buffer = g_string_sized_new(BUFFER_BYTES + 1024);
    self->checksum = g_checksum_new(G_CHECKSUM_SHA256);
    self->metadata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return self;
}

void export_target_say(export_target *self, const char *name, const char *text)
{
    g_hash_table_insert(self->metadata, g_strdup(name), g_strdup(text));
}

gboolean export_target_add(export_target *self, const export_rows *rows, GError **error)
{
    const gboolean ok = self->layout->format == EXPORT_PARQUET ? add_parquet(self, rows, error)
                                                               : add_text(self, rows, error);
    self->rows += rows->count;
    return ok;
}

gsize export_target_rows(const export_target *self)
{
    return self->rows;
}

gboolean export_target_finish(export_target *self, gsize *out_rows, gsize *out_bytes,
                              const char **out_sha256, GError **error)
{
    if (!empty_buffer(self, 0, error))
        return FALSE;
    if (self->stream == NULL && fflush(stdout) != 0) {
        g_set_error(error, FAILURE, FAILURE_IO, "standard output: cannot write: %s",
                    g_strerror(errno));
        return FALSE;
    }
    if (self->stream != NULL && !files_stream_finish(self->stream, self->overwrite, error))
        return FALSE;
    *out_rows = self->rows;
    *out_bytes = self->bytes;
    *out_sha256 = g_checksum_get_string(self->checksum);
    return TRUE;
}

void export_target_free(export_target *self)
{
    if (self == NULL)
        return;
    files_stream_free(self->stream);
    for (guint c = 0; c < self->layout->count; c++)
        g_free(self->keys[c]);
    g_string_free(self->buffer, TRUE);
    g_checksum_free(self->checksum);
    g_hash_table_unref(self->metadata);
    g_free(self);
}
