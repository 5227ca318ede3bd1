#include "parquet/parquet.h"

static gsize width_of(parquet_type type)
{
    return type == PARQUET_INT32  ? sizeof(gint32)
           : type == PARQUET_TEXT ? sizeof(char *)
                                  : sizeof(gint64);
}

/* The column does not know its rows; texts are owned by a table, which does. */
static void free_texts(const parquet_table *table)
{
    for (guint i = 0; i < table->columns->len; i++) {
        const parquet_column *column = table->columns->pdata[i];
        for (gsize row = 0; column->type == PARQUET_TEXT && row < table->rows; row++)
            g_free(((char **)column->values)[row]);
    }
}

static void column_free(gpointer data)
{
    parquet_column *column = data;
    g_free(column->name);
    g_free(column->values);
    g_free(column->valid);
    g_free(column);
}

parquet_table *parquet_table_new(gsize rows)
{
    g_assert(rows <= PARQUET_ROWS_LIMIT);
    parquet_table *table = g_new0(parquet_table, 1);
    table->rows = rows;
    table->columns = g_ptr_array_new_with_free_func(column_free);
    table->metadata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return table;
}

parquet_column *parquet_table_add(parquet_table *table, const char *name, parquet_type type,
                                  gboolean optional)
{
    parquet_column *column = g_new0(parquet_column, 1);
    column->name = g_strdup(name);
    column->type = type;
    column->optional = optional;
    if (type != PARQUET_OTHER)
        column->values = g_malloc0_n(MAX(table->rows, 1), width_of(type));
    if (type != PARQUET_OTHER && optional)
        column->valid = g_malloc0(MAX(table->rows, 1));
    g_ptr_array_add(table->columns, column);
    return column;
}

parquet_column *parquet_table_find(const parquet_table *table, const char *name)
{
    for (guint i = 0; i < table->columns->len; i++) {
        parquet_column *column = table->columns->pdata[i];
        if (g_str_equal(column->name, name))
            return column;
    }
    return NULL;
}

void parquet_table_free(parquet_table *table)
{
    if (table == NULL)
        return;
    free_texts(table);
    g_ptr_array_unref(table->columns);
    g_hash_table_unref(table->metadata);
    g_free(table->created_by);
    g_free(table);
}
