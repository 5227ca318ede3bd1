/* From columns to the bytes of a file: one row group, one chunk per column, each a row of pages
 * of version 1 (which every reader knows), values in the encoding that suits their kind. */
#include "parquet/parquet-private.h"

#include <string.h>
#include <zstd.h>

/* A month of minutes is one page. More rows would pass the 128 KiB of a zstd block per plane;
 * fewer mean more headers and more tables. 512 KiB of doubles stay in a core's own cache. */
#define PAGE_ROWS 65536u
/* GByteArray counts in 32 bits; this leaves room for compression that does not shrink. */
#define TABLE_LIMIT ((guint64)G_MAXINT32)

typedef struct writer {
    GByteArray *file;
    GByteArray *body;    /* a page before compression */
    GByteArray *packed;  /* and after */
    GByteArray *present; /* the values of an optional page without its nulls */
    ZSTD_CCtx *zstd;
} writer;

static guint width_of(parquet_type type)
{
    return type == PARQUET_INT32 ? 4 : 8;
}

gint64 parquet_encoding_of(parquet_type type)
{
    return type == PARQUET_DOUBLE ? ENCODING_SPLIT
           : type == PARQUET_TEXT ? ENCODING_PLAIN
                                  : ENCODING_DELTA;
}

/* ---- what can be written ------------------------------------------------------------------- */

static gboolean refuse(GError **error, const char *what, const char *text, const char *expected)
{
    g_autofree char *quoted = failure_quote(text, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "parquet: %s %s %s", what, quoted, expected);
    return FALSE;
}

static const char *text_at(const parquet_column *column, gsize row)
{
    const char *text = ((char *const *)column->values)[row];
    return text != NULL ? text : "";
}

static guint32 text_size(const char *text)
{
    return (guint32)MIN(strlen(text), (gsize)G_MAXUINT32);
}

static gboolean check_texts(const parquet_table *table, GError **error)
{
    for (guint i = 0; i < table->columns->len; i++) {
        const parquet_column *column = table->columns->pdata[i];
        for (gsize row = 0; column->type == PARQUET_TEXT && row < table->rows; row++)
            if (!g_utf8_validate(text_at(column, row), -1, NULL))
                return refuse(error, "column", column->name, "has a text that is not UTF-8");
    }
    return TRUE;
}

/* As a reader holds it: values, and a byte for valid. */
static guint64 table_size(const parquet_table *table)
{
    guint64 size = 0;
    for (guint i = 0; i < table->columns->len; i++) {
        const parquet_column *column = table->columns->pdata[i];
        for (gsize row = 0; column->type == PARQUET_TEXT && row < table->rows; row++)
            size += text_size(text_at(column, row));
        size += (guint64)table->rows * (width_of(column->type) + 1);
    }
    return size;
}

static gboolean check_columns(const parquet_table *table, GError **error)
{
    if (table->columns->len == 0 || table->columns->len > PARQUET_COLUMNS_LIMIT ||
        table->rows > PARQUET_ROWS_LIMIT) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "parquet: %zu rows of %u columns (expected at most %u of 1 to %u)", table->rows,
                    table->columns->len, PARQUET_ROWS_LIMIT, PARQUET_COLUMNS_LIMIT);
        return FALSE;
    }
    for (guint i = 0; i < table->columns->len; i++) {
        const parquet_column *column = table->columns->pdata[i];
        if (column->name[0] == '\0' || !g_utf8_validate(column->name, -1, NULL))
            return refuse(error, "column", column->name, "has no name in UTF-8");
        if (parquet_table_find(table, column->name) != column)
            return refuse(error, "column", column->name, "is there twice");
        if (column->type == PARQUET_OTHER || column->values == NULL)
            return refuse(error, "column", column->name, "has no numbers");
    }
    if (!check_texts(table, error))
        return FALSE;
    guint64 size = table_size(table);
    if (size <= TABLE_LIMIT)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "parquet: a table of %" G_GUINT64_FORMAT " bytes (expected at most 2 GiB)", size);
    return FALSE;
}

static gboolean check_metadata(const parquet_table *table, GError **error)
{
    GHashTableIter pairs;
    gpointer key, value;
    gsize size = 0;
    g_hash_table_iter_init(&pairs, table->metadata);
    while (g_hash_table_iter_next(&pairs, &key, &value)) {
        if (!g_utf8_validate(key, -1, NULL) || !g_utf8_validate(value, -1, NULL))
            return refuse(error, "metadata", key, "is not UTF-8");
        size += strlen(key) + strlen(value);
    }
    return size <= PARQUET_FOOTER_LIMIT / 4 ||
           refuse(error, "metadata", "...", "is longer than 1 MiB");
}

/* ---- pages --------------------------------------------------------------------------------- */

/* The values of rows [at, at + count), without nulls; *out_present of them. */
static const void *gather(writer *self, const parquet_column *column, gsize at, gsize count,
                          gsize *out_present)
{
    guint width = width_of(column->type);
    const guint8 *values = (const guint8 *)column->values + at * width;
    *out_present = count;
    if (!column->optional || column->valid == NULL)
        return values;
    g_byte_array_set_size(self->present, (guint)(count * width));
    guint8 *out = self->present->data;
    for (gsize i = 0; i < count; i++) {
        if (!column->valid[at + i])
            continue;
        memcpy(out, values + i * width, width);
        out += width;
    }
    *out_present = (gsize)(out - self->present->data) / width;
    return self->present->data;
}

/* Each text after its length. Returns how many. */
static gsize put_texts(writer *self, const parquet_column *column, gsize at, gsize count)
{
    gsize present = 0;
    for (gsize row = at; row < at + count; row++) {
        if (column->optional && column->valid != NULL && !column->valid[row])
            continue;
        const char *text = text_at(column, row);
        const guint32 size = GUINT32_TO_LE(text_size(text));
        g_byte_array_append(self->body, (const guint8 *)&size, sizeof size);
        g_byte_array_append(self->body, (const guint8 *)text, text_size(text));
        present++;
    }
    return present;
}

/* Length, then levels of 0 and 1. */
static void put_levels(writer *self, const parquet_column *column, gsize at, gsize count)
{
    guint32 length = 0;
    g_byte_array_append(self->body, (const guint8 *)&length, sizeof length);
    if (column->valid != NULL) {
        levels_encode(column->valid + at, count, self->body);
    } else {
        guint8 one = 1;
        thrift_put_varint(self->body, count << 1);
        g_byte_array_append(self->body, &one, 1);
    }
    length = (guint32)(self->body->len - sizeof length);
    memcpy(self->body->data, &length, sizeof length);
}

/* Fills body and the sizes of the parts that are compressed each for itself. */
static guint build_body(writer *self, const parquet_column *column, gsize at, gsize count,
                        gsize parts[9], parquet_written *written)
{
    gsize present = 0;
    guint part_count = 0;
    const gboolean text = column->type == PARQUET_TEXT;
    const void *values = text ? NULL : gather(self, column, at, count, &present);
    g_byte_array_set_size(self->body, 0);
    if (column->optional)
        put_levels(self, column, at, count);
    gsize levels = self->body->len;
    if (levels > 0)
        parts[part_count++] = levels;
    if (text) {
        present = put_texts(self, column, at, count);
        if (present > 0)
            parts[part_count++] = self->body->len - levels;
    } else if (column->type == PARQUET_DOUBLE) {
        split_encode(values, present, self->body);
        for (guint i = 0; i < 8 && present > 0; i++)
            parts[part_count++] = present;
    } else {
        delta_encode(values, present, width_of(column->type), self->body);
        parts[part_count++] = self->body->len - levels;
    }
    written->nulls += count - present;
    return part_count;
}

static gboolean put_page(writer *self, const parquet_column *column, gsize at, gsize count,
                         parquet_written *written, GError **error)
{
    gsize parts[9];
    guint part_count = build_body(self, column, at, count, parts, written);
    g_byte_array_set_size(self->packed, 0);
    const char *fault = codec_pack(self->zstd, self->body->data, parts, part_count, self->packed);
    if (fault != NULL) {
        g_set_error(error, FAILURE, FAILURE_INTERNAL, "parquet: %s", fault);
        return FALSE;
    }
    parquet_page_header header = {
        .type = PAGE_DATA,
        .size = self->body->len,
        .packed_size = self->packed->len,
        .values = (gint64)count,
        .encoding = parquet_encoding_of(column->type),
        .crc = parquet_crc(0, self->packed->data, self->packed->len),
    };
    guint start = self->file->len;
    parquet_page_header_write(self->file, &header);
    guint header_size = self->file->len - start;
    written->headers_crc = parquet_crc(written->headers_crc, self->file->data + start, header_size);
    g_byte_array_append(self->file, self->packed->data, self->packed->len);
    written->packed_size += header_size + self->packed->len;
    written->size += header_size + self->body->len;
    return TRUE;
}

/* ---- columns ------------------------------------------------------------------------------- */

static void find_range(const parquet_table *table, const parquet_column *column,
                       parquet_written *written)
{
    const gint64 *values = column->values;
    for (gsize i = 0; i < table->rows; i++) {
        if (column->optional && column->valid != NULL && !column->valid[i])
            continue;
        written->minimum = written->has_range ? MIN(written->minimum, values[i]) : values[i];
        written->maximum = written->has_range ? MAX(written->maximum, values[i]) : values[i];
        written->has_range = TRUE;
    }
}

static gboolean put_column(writer *self, const parquet_table *table, const parquet_column *column,
                           parquet_written *written, GError **error)
{
    written->start = self->file->len;
    if (column->type == PARQUET_TIMESTAMP_US)
        find_range(table, column, written);
    for (gsize at = 0; at < table->rows; at += PAGE_ROWS)
        if (!put_page(self, column, at, MIN(PAGE_ROWS, table->rows - at), written, error))
            return FALSE;
    return TRUE;
}

static gboolean put_file(writer *self, const parquet_table *table, GError **error)
{
    if (self->zstd == NULL) {
        g_set_error_literal(error, FAILURE, FAILURE_INTERNAL, "zstd: no memory");
        return FALSE;
    }
    g_autofree parquet_written *columns = g_new0(parquet_written, table->columns->len);
    g_byte_array_append(self->file, (const guint8 *)PARQUET_MAGIC, PARQUET_MAGIC_SIZE);
    for (guint i = 0; i < table->columns->len; i++)
        if (!put_column(self, table, table->columns->pdata[i], &columns[i], error))
            return FALSE;
    parquet_footer_write(self->file, table, columns);
    /* A reader counts columns and unpacked pages, and so does this. */
    if (2 * table_size(table) <= PARQUET_DECODED_LIMIT(self->file->len))
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "parquet: %zu rows that say so little (%u bytes) would look like a bomb",
                table->rows, self->file->len);
    return FALSE;
}

GBytes *parquet_write(const parquet_table *table, GError **error)
{
    if (!check_columns(table, error) || !check_metadata(table, error))
        return NULL;
    writer self = {.file = g_byte_array_new(),
                   .body = g_byte_array_new(),
                   .packed = g_byte_array_new(),
                   .present = g_byte_array_new(),
                   .zstd = ZSTD_createCCtx()};
    gboolean written = put_file(&self, table, error);
    ZSTD_freeCCtx(self.zstd);
    g_byte_array_unref(self.body);
    g_byte_array_unref(self.packed);
    g_byte_array_unref(self.present);
    GBytes *bytes = g_byte_array_free_to_bytes(self.file);
    if (!written)
        g_clear_pointer(&bytes, g_bytes_unref);
    return bytes;
}
