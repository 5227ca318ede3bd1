/* Any bytes are a table or an error. A table that was read can be written, and comes back to the
 * bit; and the road through the caller's memory gives the same numbers. */
#include "parquet/parquet.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static gsize size_of(const parquet_table *table, const parquet_column *column)
{
    return table->rows * (column->type == PARQUET_INT32 ? sizeof(gint32) : sizeof(gint64));
}

static void check_into(GBytes *bytes, const parquet_table *table, const parquet_column *column)
{
    if (parquet_table_find(table, column->name) != column)
        return; /* a second one of that name */
    g_autoptr(parquet_reader) reader = parquet_reader_new();
    g_autofree void *values = g_malloc(size_of(table, column) + 1);
    parquet_target target = {.name = column->name, .type = column->type, .values = values};
    gsize rows;
    g_assert_true(parquet_reader_read(reader, bytes, "fuzz", &target, 1, table->rows, &rows, NULL));
    g_assert_true(rows == table->rows && target.found);
    g_assert_true((target.nulls > 0) == (column->valid != NULL));
    if (rows > 0)
        g_assert_cmpint(memcmp(values, column->values, size_of(table, column)), ==, 0);
}

static void check_again(const parquet_table *table)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = parquet_write(table, &error);
    if (bytes == NULL) {
        g_assert_error(error, FAILURE, FAILURE_USAGE);
        return;
    }
    g_autoptr(parquet_table) again = parquet_read(bytes, "again", NULL, &error);
    g_assert_no_error(error);
    g_autoptr(GBytes) twice = parquet_write(again, &error);
    g_assert_no_error(error);
    g_assert_true(g_bytes_equal(bytes, twice));
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(data, size);
    g_autoptr(GError) error = NULL;
    g_autoptr(parquet_table) table = parquet_read(bytes, "fuzz", NULL, &error);
    if (table == NULL) {
        g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
        return 0;
    }
    for (guint i = table->columns->len; i-- > 0;) {
        const parquet_column *column = table->columns->pdata[i];
        if (column->type == PARQUET_OTHER)
            g_ptr_array_remove_index(table->columns, i);
        else
            check_into(bytes, table, column);
    }
    check_again(table);
    return 0;
}
