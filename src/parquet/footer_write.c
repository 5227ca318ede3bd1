/* The footer as this room writes it; footer.c tells why its checksums stand where they stand. */
#include "parquet/parquet-private.h"

#include <string.h>

static void put_string(thrift_out *out, gint id, const char *text)
{
    thrift_put_text(out, id, text, strlen(text));
}

static guint physical_of(parquet_type type)
{
    return type == PARQUET_INT32    ? PHYSICAL_INT32
           : type == PARQUET_TEXT   ? PHYSICAL_BYTES
           : type == PARQUET_DOUBLE ? PHYSICAL_DOUBLE
                                    : PHYSICAL_INT64;
}

static void put_timestamp_type(thrift_out *out)
{
    thrift_put_int(out, 6, THRIFT_I32, CONVERTED_TIMESTAMP_MICROS);
    thrift_begin(out, 10);
    thrift_begin(out, LOGICAL_TIMESTAMP);
    thrift_put_bool(out, 1, TRUE); /* isAdjustedToUTC */
    thrift_begin(out, 2);
    thrift_begin(out, 2); /* microseconds */
    thrift_end(out);
    thrift_end(out);
    thrift_end(out);
    thrift_end(out);
}

static void put_text_type(thrift_out *out)
{
    thrift_put_int(out, 6, THRIFT_I32, CONVERTED_UTF8);
    thrift_begin(out, 10);
    thrift_begin(out, LOGICAL_STRING);
    thrift_end(out);
    thrift_end(out);
}

static void put_schema(thrift_out *out, const parquet_table *table)
{
    thrift_put_list(out, 2, THRIFT_STRUCT, table->columns->len + 1);
    thrift_begin(out, 0);
    put_string(out, 4, "schema");
    thrift_put_int(out, 5, THRIFT_I32, table->columns->len);
    thrift_end(out);
    for (guint i = 0; i < table->columns->len; i++) {
        const parquet_column *column = table->columns->pdata[i];
        thrift_begin(out, 0);
        thrift_put_int(out, 1, THRIFT_I32, physical_of(column->type));
        thrift_put_int(out, 3, THRIFT_I32, column->optional ? 1 : 0);
        put_string(out, 4, column->name);
        if (column->type == PARQUET_TIMESTAMP_US)
            put_timestamp_type(out);
        if (column->type == PARQUET_TEXT)
            put_text_type(out);
        thrift_end(out);
    }
}

static void put_range(thrift_out *out, const parquet_written *written)
{
    thrift_begin(out, 12);
    thrift_put_int(out, 3, THRIFT_I64, (gint64)written->nulls);
    thrift_put_text(out, 5, &written->maximum, sizeof written->maximum);
    thrift_put_text(out, 6, &written->minimum, sizeof written->minimum);
    thrift_end(out);
}

static void put_chunk(thrift_out *out, const parquet_table *table, const parquet_column *column,
                      const parquet_written *written)
{
    char check[PARQUET_CHECK_SIZE];
    parquet_check_text(written->headers_crc, check);
    thrift_begin(out, 0);
    thrift_put_int(out, 2, THRIFT_I64, 0); /* file_offset: deprecated, must be written */
    thrift_begin(out, 3);
    thrift_put_int(out, 1, THRIFT_I32, physical_of(column->type));
    thrift_put_list(out, 2, THRIFT_I32, 2);
    thrift_put_int(out, 0, THRIFT_I32, ENCODING_RLE);
    thrift_put_int(out, 0, THRIFT_I32, parquet_encoding_of(column->type));
    thrift_put_list(out, 3, THRIFT_TEXT, 1);
    put_string(out, 0, column->name);
    thrift_put_int(out, 4, THRIFT_I32, CODEC_ZSTD);
    thrift_put_int(out, 5, THRIFT_I64, (gint64)table->rows);
    thrift_put_int(out, 6, THRIFT_I64, written->size);
    thrift_put_int(out, 7, THRIFT_I64, written->packed_size);
    thrift_put_list(out, 8, THRIFT_STRUCT, 1);
    thrift_begin(out, 0);
    put_string(out, 1, PARQUET_HEADERS_KEY);
    thrift_put_text(out, 2, check, sizeof check);
    thrift_end(out);
    thrift_put_int(out, 9, THRIFT_I64, written->start);
    if (written->has_range)
        put_range(out, written);
    thrift_end(out);
    thrift_end(out);
}

static void put_group(thrift_out *out, const parquet_table *table, const parquet_written *columns)
{
    gint64 size = 0, packed_size = 0;
    thrift_begin(out, 0);
    thrift_put_list(out, 1, THRIFT_STRUCT, table->columns->len);
    for (guint i = 0; i < table->columns->len; i++) {
        put_chunk(out, table, table->columns->pdata[i], &columns[i]);
        size += columns[i].size;
        packed_size += columns[i].packed_size;
    }
    thrift_put_int(out, 2, THRIFT_I64, size);
    thrift_put_int(out, 3, THRIFT_I64, (gint64)table->rows);
    thrift_put_int(out, 5, THRIFT_I64, PARQUET_MAGIC_SIZE);
    thrift_put_int(out, 6, THRIFT_I64, packed_size);
    thrift_end(out);
}

/* Sorted by key: the order of a hash table is nobody's. */
static void put_metadata(thrift_out *out, const parquet_table *table)
{
    g_autoptr(GList) keys = g_hash_table_get_keys(table->metadata);
    keys = g_list_sort(keys, (GCompareFunc)strcmp);
    if (keys == NULL)
        return;
    thrift_put_list(out, 5, THRIFT_STRUCT, g_hash_table_size(table->metadata));
    for (GList *key = keys; key != NULL; key = key->next) {
        thrift_begin(out, 0);
        put_string(out, 1, key->data);
        put_string(out, 2, g_hash_table_lookup(table->metadata, key->data));
        thrift_end(out);
    }
}

/* Min and max mean something to other readers only where the order is stated. */
static void put_orders(thrift_out *out, gsize columns)
{
    thrift_put_list(out, 7, THRIFT_STRUCT, columns);
    for (gsize i = 0; i < columns; i++) {
        thrift_begin(out, 0);
        thrift_begin(out, 1);
        thrift_end(out);
        thrift_end(out);
    }
}

void parquet_footer_write(GByteArray *bytes, const parquet_table *table,
                          const parquet_written *columns)
{
    gsize start = bytes->len;
    thrift_out out = {.bytes = bytes};
    thrift_put_int(&out, 1, THRIFT_I32, 2);
    put_schema(&out, table);
    thrift_put_int(&out, 3, THRIFT_I64, (gint64)table->rows);
    thrift_put_list(&out, 4, THRIFT_STRUCT, table->rows > 0 ? 1 : 0);
    if (table->rows > 0)
        put_group(&out, table, columns);
    put_metadata(&out, table);
    put_string(&out, 6,
               PARQUET_MARK_PROGRAM QUANTBOT_VERSION PARQUET_MARK_CHECK PARQUET_NO_CHECK ")");
    gsize digits_at = bytes->len - PARQUET_CHECK_SIZE - 1;
    put_orders(&out, table->columns->len);
    thrift_end(&out);

    guint32 length = (guint32)(bytes->len - start);
    guint32 crc = parquet_footer_crc(bytes->data + start, length, digits_at - start);
    parquet_check_text(crc, (char *)bytes->data + digits_at);
    g_byte_array_append(bytes, (const guint8 *)&length, sizeof length);
    g_byte_array_append(bytes, (const guint8 *)PARQUET_MAGIC, PARQUET_MAGIC_SIZE);
}
