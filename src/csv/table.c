/* Any table, held whole: the text stays where it is, a cell is an offset and a length. */
#include "csv/csv-private.h"

#include <string.h>

#define CELL_LIMIT (64u * 1024u * 1024u)
#define ROW_LIMIT (64u * 1024u * 1024u)
#define COPIED G_GUINT64_CONSTANT(0x8000000000000000)

/* Offset in the low 32 bits (files end at 1 GiB), length in the 31 above, COPIED when the offset
 * is into `copies`, where fields with doubled quotes lie. */
typedef guint64 cell;

typedef struct row {
    guint32 first_cell;
    guint32 line;
} row;

struct csv_table {
    GBytes *bytes;
    const char *text;
    char *name; /* as it stands in messages */
    char **columns;
    GArray *cells; /* of cell */
    GArray *rows;  /* of row, and one more at the end */
    GByteArray *copies;
};

static void add_cell(csv_table *table, const csv_field *field)
{
    cell item = (guint64)field->length << 32;
    if (!field->copied) {
        item |= (guint64)(field->text - table->text);
    } else {
        item |= table->copies->len | COPIED;
        g_byte_array_append(table->copies, (const guint8 *)field->text, field->length);
    }
    g_array_append_val(table->cells, item);
}

static void add_row(csv_table *table, gsize line)
{
    row item = {.first_cell = table->cells->len, .line = (guint32)line};
    g_array_append_val(table->rows, item);
}

static gboolean too_large(const csv_table *table, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: more than %u cells", table->name,
                CELL_LIMIT);
    return FALSE;
}

static gboolean read_header(csv_table *table, csv_rows *rows, GError **error)
{
    GError *problem = NULL;
    if (!csv_rows_next(rows, &problem)) {
        if (problem == NULL)
            g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: there is no table", table->name);
        else
            g_propagate_error(error, problem);
        return FALSE;
    }
    table->columns = g_new0(char *, rows->count + 1);
    for (guint i = 0; i < rows->count; i++)
        table->columns[i] = g_strndup(rows->fields[i].text, rows->fields[i].length);
    return TRUE;
}

static gboolean read_rows(csv_table *table, csv_rows *rows, GError **error)
{
    GError *problem = NULL;
    while (csv_rows_next(rows, &problem)) {
        if (table->cells->len + rows->count > CELL_LIMIT || table->rows->len >= ROW_LIMIT)
            return too_large(table, error);
        add_row(table, rows->line);
        for (guint i = 0; i < rows->count; i++)
            add_cell(table, &rows->fields[i]);
    }
    add_row(table, rows->line);
    if (problem != NULL)
        g_propagate_error(error, problem);
    return problem == NULL;
}

csv_table *csv_table_parse(GBytes *bytes, const char *name, GError **error)
{
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    if (!csv_text_check(text, length, name, error))
        return NULL;
    if (length > CSV_FILE_LIMIT) {
        g_autofree char *file = failure_path(name);
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: more than %u bytes", file,
                    CSV_FILE_LIMIT);
        return NULL;
    }
    g_autoptr(csv_table) table = g_new0(csv_table, 1);
    table->bytes = g_bytes_ref(bytes);
    table->text = text;
    table->name = failure_path(name);
    table->cells = g_array_new(FALSE, FALSE, sizeof(cell));
    table->rows = g_array_new(FALSE, FALSE, sizeof(row));
    table->copies = g_byte_array_new();

    csv_layout layout = csv_layout_find(text, length);
    g_autoptr(csv_rows) rows = csv_rows_new(text, length, &layout, table->name);
    if (!read_header(table, rows, error) || !read_rows(table, rows, error))
        return NULL;
    return g_steal_pointer(&table);
}

void csv_table_free(csv_table *table)
{
    if (table == NULL)
        return;
    g_clear_pointer(&table->cells, g_array_unref);
    g_clear_pointer(&table->rows, g_array_unref);
    g_clear_pointer(&table->copies, g_byte_array_unref);
    g_strfreev(table->columns);
    g_free(table->name);
    g_bytes_unref(table->bytes);
    g_free(table);
}

gsize csv_table_rows(const csv_table *table)
{
    return table->rows->len - 1;
}

int csv_table_column(const csv_table *table, const char *name)
{
    for (int i = 0; table->columns[i] != NULL; i++)
        if (g_ascii_strcasecmp(table->columns[i], name) == 0)
            return i;
    return -1;
}

const char *csv_table_cell(const csv_table *table, gsize index, int column, gsize *out_length)
{
    g_assert(index < csv_table_rows(table) && column >= 0);
    gsize first = g_array_index(table->rows, row, index).first_cell;
    gsize stop = g_array_index(table->rows, row, index + 1).first_cell;
    *out_length = 0;
    if (first + (gsize)column >= stop)
        return "";
    cell item = g_array_index(table->cells, cell, first + (gsize)column);
    gsize offset = item & G_MAXUINT32;
    *out_length = (item & ~COPIED) >> 32;
    return (item & COPIED) != 0 ? (const char *)table->copies->data + offset : table->text + offset;
}

const char *csv_table_name(const csv_table *table)
{
    return table->name;
}

const char *csv_table_heading(const csv_table *table, int column)
{
    g_assert(column >= 0);
    return (guint)column < g_strv_length(table->columns) ? table->columns[column] : NULL;
}

gsize csv_table_line(const csv_table *table, gsize index)
{
    g_assert(index < csv_table_rows(table));
    return g_array_index(table->rows, row, index).line;
}

gboolean csv_table_complain(const csv_table *table, gsize index, int column, failures *problems,
                            const char *complaint)
{
    gsize length;
    const char *text = csv_table_cell(table, index, column, &length);
    guint known = g_strv_length(table->columns);
    g_autofree char *label = (guint)column < known ? failure_path(table->columns[column])
                                                   : g_strdup_printf("column %d", column + 1);
    g_autofree char *value = failure_quote(text, (gssize)length);
    failures_add(problems, "%s:%" G_GSIZE_FORMAT ": %s: %s %s", table->name,
                 csv_table_line(table, index), label, value, complaint);
    return FALSE;
}

gboolean csv_table_number(const csv_table *table, gsize index, int column, failures *problems,
                          double *out)
{
    gsize length;
    const char *text = csv_table_cell(table, index, column, &length);
    if (csv_number_scan(text, length, out))
        return TRUE;
    return csv_table_complain(table, index, column, problems,
                              "is not a number (expected for example 12.5)");
}

gboolean csv_table_time(const csv_table *table, gsize index, int column, failures *problems,
                        gint64 *out_us)
{
    gsize length;
    const char *text = csv_table_cell(table, index, column, &length);
    csv_stamp stamp;
    csv_stamp_status status = csv_stamp_scan(text, length, CSV_ORDER_UNKNOWN, &stamp);
    if (status == CSV_STAMP_OK) {
        *out_us = stamp.wall_us - stamp.offset_us;
        return TRUE;
    }
    if (status == CSV_STAMP_ORDER)
        return csv_table_complain(
            table, index, column, problems,
            "may be day/month or month/day (expected year first, 2020-01-31)");
    return csv_table_complain(table, index, column, problems, csv_stamp_complaint(status));
}
