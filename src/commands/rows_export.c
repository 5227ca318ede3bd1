#include "commands/rows-private.h"

#include "commands/export-private.h"
#include "parquet/parquet.h"
#include "platform/files.h"
#include "reports/reports.h"

#include <jansson.h>
#include <string.h>

#define BUFFER_BYTES 65536u

static const char *const formats[ROWS_FORMATS] = {"csv", "json", "parquet"};

const char *rows_format_text(rows_format format)
{
    return formats[format];
}

gboolean rows_format_from_text(const char *text, rows_format *out)
{
    for (int i = 0; i < ROWS_FORMATS; i++) {
        if (g_ascii_strcasecmp(text, formats[i]) != 0)
            continue;
        *out = (rows_format)i;
        return TRUE;
    }
    return FALSE;
}

void rows_file_clear(rows_file *self)
{
    g_clear_pointer(&self->path, g_free);
    g_clear_pointer(&self->sha256, g_free);
}

/* What a column keeps for Parquet: numbers or texts, and which rows have one. */
typedef struct kept {
    GArray *integers; /* of gint64: stamps, counts, amounts */
    GArray *numbers;  /* of double */
    GPtrArray *texts; /* of char * */
    GByteArray *valid;
} kept;

typedef struct rows_target {
    const runlog_view *view;
    rows_format format;
    files_stream *stream;
    GString *buffer;
    GChecksum *checksum;
    kept columns[RUNLOG_COLUMNS_MAX];
    gsize rows, bytes;
} rows_target;

/* ---- bytes out ------------------------------------------------------------------------------ */

static gboolean put_bytes(rows_target *self, const void *bytes, gsize count, GError **error)
{
    self->bytes += count;
    g_checksum_update(self->checksum, bytes, (gssize)count);
    return files_stream_write(self->stream, bytes, count, error);
}

static gboolean empty_buffer(rows_target *self, gsize allowed, GError **error)
{
    if (self->buffer->len <= allowed)
        return TRUE;
    const gboolean ok = put_bytes(self, self->buffer->str, self->buffer->len, error);
    g_string_truncate(self->buffer, 0);
    return ok;
}

/* ---- text ----------------------------------------------------------------------------------- */

static void put_text(rows_target *self, const char *text)
{
    if (self->format == ROWS_CSV) {
        report_csv_field(self->buffer, text);
        return;
    }
    json_t *value = json_string(text);
    char *encoded = value != NULL ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    g_string_append(self->buffer, encoded != NULL ? encoded : "null");
    free(encoded);
    json_decref(value);
}

static void put_cell(rows_target *self, runlog_kind kind, const runlog_cell *cell)
{
    char text[QB_TIME_TEXT], number[32];
    const char *quote = self->format == ROWS_JSON ? "\"" : "";
    if (cell->none) {
        g_string_append(self->buffer, self->format == ROWS_JSON ? "null" : "");
        return;
    }
    switch (kind) {
    case RUNLOG_TEXT:
        put_text(self, cell->text);
        break;
    case RUNLOG_STAMP:
        g_string_append_printf(self->buffer, "%s%s%s", quote, qb_time_to_text(cell->integer, text),
                               quote);
        break;
    case RUNLOG_REAL:
        g_string_append(self->buffer, report_json_number(cell->number, number));
        break;
    case RUNLOG_COUNT:
    case RUNLOG_AMOUNT:
        g_string_append_printf(self->buffer, "%" G_GINT64_FORMAT, cell->integer);
        break;
    }
}

static void put_csv(rows_target *self, const runlog_cell *cells)
{
    for (guint i = 0; i < self->view->count; i++) {
        g_string_append(self->buffer, i > 0 ? "," : "");
        put_cell(self, self->view->columns[i].kind, &cells[i]);
    }
    g_string_append_c(self->buffer, '\n');
}

static void put_json(rows_target *self, const runlog_cell *cells)
{
    g_string_append(self->buffer, self->rows > 0 ? ",\n" : "\n");
    for (guint i = 0; i < self->view->count; i++) {
        g_string_append_printf(self->buffer, "%s\"%s\":", i > 0 ? "," : "{",
                               self->view->columns[i].name);
        put_cell(self, self->view->columns[i].kind, &cells[i]);
    }
    g_string_append_c(self->buffer, '}');
}

static void begin_text(rows_target *self)
{
    if (self->format == ROWS_JSON)
        g_string_append_c(self->buffer, '[');
    for (guint i = 0; self->format == ROWS_CSV && i < self->view->count; i++)
        g_string_append_printf(self->buffer, "%s%s", i > 0 ? "," : "", self->view->columns[i].name);
    if (self->format == ROWS_CSV)
        g_string_append_c(self->buffer, '\n');
}

/* ---- Parquet -------------------------------------------------------------------------------- */

static void begin_kept(rows_target *self)
{
    for (guint i = 0; i < self->view->count; i++) {
        kept *column = &self->columns[i];
        column->valid = g_byte_array_new();
        switch (self->view->columns[i].kind) {
        case RUNLOG_TEXT:
            column->texts = g_ptr_array_new_with_free_func(g_free);
            break;
        case RUNLOG_REAL:
            column->numbers = g_array_new(FALSE, FALSE, sizeof(double));
            break;
        case RUNLOG_STAMP:
        case RUNLOG_COUNT:
        case RUNLOG_AMOUNT:
            column->integers = g_array_new(FALSE, FALSE, sizeof(gint64));
            break;
        }
    }
}

static void keep(rows_target *self, const runlog_cell *cells)
{
    for (guint i = 0; i < self->view->count; i++) {
        kept *column = &self->columns[i];
        const guint8 valid = !cells[i].none;
        g_byte_array_append(column->valid, &valid, 1);
        if (column->texts != NULL)
            g_ptr_array_add(column->texts, g_strdup(cells[i].text));
        else if (column->numbers != NULL)
            g_array_append_val(column->numbers, cells[i].number);
        else
            g_array_append_val(column->integers, cells[i].integer);
    }
}

static void clear_kept(rows_target *self)
{
    for (guint i = 0; i < self->view->count; i++) {
        kept *column = &self->columns[i];
        g_clear_pointer(&column->integers, g_array_unref);
        g_clear_pointer(&column->numbers, g_array_unref);
        g_clear_pointer(&column->texts, g_ptr_array_unref);
        g_clear_pointer(&column->valid, g_byte_array_unref);
    }
}

static parquet_column *add_column(const rows_target *self, parquet_table *table, const char *name,
                                  parquet_type type, const kept *from)
{
    parquet_column *column = parquet_table_add(table, name, type, TRUE);
    if (self->rows > 0)
        memcpy(column->valid, from->valid->data, self->rows);
    return column;
}

static void add_integers(const rows_target *self, parquet_table *table, const char *name,
                         parquet_type type, const kept *from)
{
    parquet_column *column = add_column(self, table, name, type, from);
    if (self->rows > 0)
        memcpy(column->values, from->integers->data, self->rows * sizeof(gint64));
}

static void add_numbers(const rows_target *self, parquet_table *table, const char *name,
                        const kept *from)
{
    parquet_column *column = add_column(self, table, name, PARQUET_DOUBLE, from);
    if (self->rows > 0)
        memcpy(column->values, from->numbers->data, self->rows * sizeof(double));
}

static void add_texts(const rows_target *self, parquet_table *table, const char *name, kept *from)
{
    char **values = add_column(self, table, name, PARQUET_TEXT, from)->values;
    for (gsize row = 0; row < self->rows; row++)
        values[row] = g_steal_pointer(&g_ptr_array_index(from->texts, row));
}

static void fill_column(rows_target *self, parquet_table *table, guint index)
{
    const runlog_column *column = &self->view->columns[index];
    kept *from = &self->columns[index];
    switch (column->kind) {
    case RUNLOG_TEXT:
        add_texts(self, table, column->name, from);
        break;
    case RUNLOG_STAMP:
        add_integers(self, table, column->name, PARQUET_TIMESTAMP_US, from);
        break;
    case RUNLOG_COUNT:
    case RUNLOG_AMOUNT:
        add_integers(self, table, column->name, PARQUET_INT64, from);
        break;
    case RUNLOG_REAL:
        add_numbers(self, table, column->name, from);
        break;
    }
}

static gboolean put_parquet(rows_target *self, const char *run_id, GError **error)
{
    g_autoptr(parquet_table) table = parquet_table_new(self->rows);
    for (guint i = 0; i < self->view->count; i++)
        fill_column(self, table, i);
    g_hash_table_insert(table->metadata, g_strdup("run"), g_strdup(run_id));
    g_hash_table_insert(table->metadata, g_strdup("what"), g_strdup(self->view->name));
    g_autoptr(GBytes) bytes = parquet_write(table, error);
    if (bytes == NULL)
        return FALSE;
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    return put_bytes(self, data, size, error);
}

/* ---- files ---------------------------------------------------------------------------------- */

static gboolean add_row(const runlog_cell *cells, gpointer data, GError **error)
{
    rows_target *self = data;
    if (self->format == ROWS_PARQUET && self->rows == PARQUET_ROWS_LIMIT) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "%s: more rows than a Parquet file of ours may have (%u: take csv)",
                    self->view->name, PARQUET_ROWS_LIMIT);
        return FALSE;
    }
    if (self->format == ROWS_PARQUET)
        keep(self, cells);
    else if (self->format == ROWS_CSV)
        put_csv(self, cells);
    else
        put_json(self, cells);
    self->rows++;
    return empty_buffer(self, BUFFER_BYTES, error);
}

static gboolean write_rows(rows_target *self, runlog *log, const char *run_id, gboolean overwrite,
                           GError **error)
{
    if (self->format == ROWS_PARQUET)
        begin_kept(self);
    else
        begin_text(self);
    if (!runlog_view_read(log, self->view, run_id, add_row, self, error))
        return FALSE;
    if (self->format == ROWS_JSON)
        g_string_append(self->buffer, "\n]\n");
    if (!empty_buffer(self, 0, error))
        return FALSE;
    return (self->format != ROWS_PARQUET || put_parquet(self, run_id, error)) &&
           files_stream_finish(self->stream, overwrite, error);
}

gboolean rows_export(runlog *log, const runlog_view *view, const char *run_id, rows_format format,
                     const char *path, gboolean overwrite, rows_file *out, GError **error)
{
    if (!export_may_write(path, overwrite, error))
        return FALSE;
    rows_target self = {.view = view, .format = format};
    self.stream = files_stream_new(path, error);
    if (self.stream == NULL)
        return FALSE;
    self.buffer = g_string_sized_new(BUFFER_BYTES + 1024);
    self.checksum = g_checksum_new(G_CHECKSUM_SHA256);
    const gboolean ok = write_rows(&self, log, run_id, overwrite, error);
    if (ok)
        *out = (rows_file){.path = g_strdup(path),
                           .sha256 = g_strdup(g_checksum_get_string(self.checksum)),
                           .rows = self.rows,
                           .bytes = self.bytes};
    clear_kept(&self);
    files_stream_free(self.stream);
    g_string_free(self.buffer, TRUE);
    g_checksum_free(self.checksum);
    return ok;
}
