/* Whole rows of a run: read for the hash, for other logs, and as views for other programs. */
#include "runlog/runlog-private.h"

#include <math.h>
#include <string.h>

/* ---- rows ----------------------------------------------------------------------------------- */

runlog_cell cell_of(const cursor *row, int column, runlog_kind kind)
{
    runlog_cell cell = {.none = cursor_is_none(row, column), .number = NAN};
    if (cell.none)
        return cell;
    switch (kind) {
    case RUNLOG_TEXT:
        cell.text = cursor_text(row, column);
        break;
    case RUNLOG_STAMP:
        cell.integer = cursor_stamp(row, column);
        break;
    case RUNLOG_REAL:
        cell.number = cursor_number(row, column);
        break;
    case RUNLOG_COUNT:
    case RUNLOG_AMOUNT:
        cell.integer = cursor_integer(row, column);
        break;
    }
    return cell;
}

void name_of(const cursor *row, int column, char out[RUNLOG_NAME_SIZE])
{
    const char *text = cursor_text(row, column);
    g_strlcpy(out, text != NULL ? text : "", RUNLOG_NAME_SIZE);
}

gboolean column_is_json(const char *name)
{
    return strcmp(name, "params") == 0 || strcmp(name, "kpis") == 0 || strcmp(name, "meta") == 0;
}

gboolean rows_read(runlog *self, const runlog_table *table, gint64 version, const char *run_id,
                   runlog_row_func each, gpointer data, GError **error)
{
    runlog_cell cells[RUNLOG_COLUMNS_MAX];
    gboolean row = FALSE;
    g_autofree char *text = statement_select(table, version, runlog_store_of(self));
    const question about = {table->name, text, text};
    const value run = value_text(run_id);
    g_autoptr(cursor) answer = cursor_open(self, &about, &run, 1, error);
    if (answer == NULL)
        return FALSE;
    while (cursor_next(answer, &row, error)) {
        if (!row)
            return TRUE;
        for (guint i = 0; i < table->count; i++)
            cells[i] = cell_of(answer, (int)i, table->columns[i].kind);
        if (!each(cells, data, error))
            return FALSE;
    }
    return FALSE;
}

/* ---- views ---------------------------------------------------------------------------------- */

typedef struct view_reading {
    const runlog_view *view;
    int number_of
        [RUNLOG_COLUMNS_MAX]; /* the column of the number beside an exact amount; -1: none */
    runlog_row_func each;
    gpointer data;
} view_reading;

/* "qty" stands beside "qty_e8". */
static int number_beside(const runlog_view *view, guint column)
{
    const char *name = view->columns[column].name;
    for (guint i = 0; view->columns[column].kind == RUNLOG_AMOUNT && i < view->count; i++) {
        const gsize size = strlen(view->columns[i].name);
        if (strncmp(name, view->columns[i].name, size) == 0 && strcmp(name + size, "_e8") == 0)
            return (int)i;
    }
    return -1;
}

static gboolean see_row(const runlog_cell *cells, gpointer data, GError **error)
{
    const view_reading *self = data;
    runlog_cell seen[RUNLOG_COLUMNS_MAX];
    for (guint i = 0; i < self->view->count; i++) {
        const runlog_cell *number = self->number_of[i] >= 0 ? &cells[self->number_of[i]] : NULL;
        int64_t raw = 0;
        seen[i] = cells[i];
        if (cells[i].none && number != NULL && !number->none &&
            qb_raw_from_double(number->number, &raw) == QB_OK)
            seen[i] = (runlog_cell){.integer = raw};
    }
    return self->each(seen, self->data, error);
}

gboolean runlog_view_read(runlog *self, const runlog_view *view, const char *run_id,
                          runlog_row_func each, gpointer data, GError **error)
{
    view_reading reading = {.view = view, .each = each, .data = data};
    const runlog_table *table = runlog_tables;
    gint64 version = 0;
    while (table->columns != view->columns)
        table++;
    for (guint i = 0; i < view->count; i++)
        reading.number_of[i] = number_beside(view, i);
    return schema_version_get(self, &version, error) &&
           rows_read(self, table, version, run_id, see_row, &reading, error);
}
