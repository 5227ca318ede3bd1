/* Rows of the run log as JSON by column, and back. By name, so that a journal outlives a column
 * that a later version adds: what is not in it is none. Whole numbers stand for stamps
 * (microseconds) and amounts (1e-8); measurements have 17 digits, which is every bit of a
 * double. */
#include "journal/journal-private.h"
#include "runlog/events.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

struct journal_cells {
    json_t *root; /* owns the texts */
    char id[RUNLOG_ROW_ID_SIZE];
    runlog_cell cells[RUNLOG_COLUMNS_MAX];
};

/* ---- to JSON -------------------------------------------------------------------------------- */

/* These follow from the run and the number. */
static gboolean is_derived(const runlog_table *table, const char *column)
{
    return strcmp(column, "run_id") == 0 || strcmp(column, "id") == 0 ||
           strcmp(column, "number") == 0;
}

static json_t *value_of(runlog_kind kind, const runlog_cell *cell)
{
    switch (kind) {
    case RUNLOG_TEXT:
        return json_string(cell->text);
    case RUNLOG_REAL:
        return json_real(cell->number);
    case RUNLOG_STAMP:
    case RUNLOG_COUNT:
    case RUNLOG_AMOUNT:
        break;
    }
    return json_integer(cell->integer);
}

static gboolean is_none(runlog_kind kind, const runlog_cell *cell)
{
    return cell->none || (kind == RUNLOG_REAL && isnan(cell->number));
}

char *row_body(journal_kind kind, const runlog_cell *cells, GError **error)
{
    const runlog_table *table = journal_kind_table(kind);
    g_assert(table != NULL);
    json_t *root = json_object();
    const char *bad = NULL;
    for (guint i = 0; i < table->count && bad == NULL; i++) {
        const runlog_column *column = &table->columns[i];
        if (is_derived(table, column->name) || is_none(column->kind, &cells[i]))
            continue;
        /* NULL for what JSON cannot say: an infinity, bytes that are not UTF-8. */
        json_t *value = value_of(column->kind, &cells[i]);
        if (value == NULL || json_object_set_new_nocheck(root, column->name, value) != 0)
            bad = column->name;
    }
    char *dumped = bad == NULL ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(17)) : NULL;
    char *body = g_strdup(dumped);
    free(dumped);
    json_decref(root);
    if (body == NULL)
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: %s: a value that is neither a finite number nor UTF-8 text",
                    journal_kind_text(kind), bad != NULL ? bad : "row");
    return body;
}

/* ---- and back ------------------------------------------------------------------------------- */

static gboolean read_value(runlog_kind kind, const json_t *value, runlog_cell *out)
{
    switch (kind) {
    case RUNLOG_TEXT:
        out->text = json_string_value(value);
        return out->text != NULL;
    case RUNLOG_REAL:
        out->number = json_number_value(value);
        return json_is_number(value);
    case RUNLOG_STAMP:
    case RUNLOG_COUNT:
    case RUNLOG_AMOUNT:
        break;
    }
    out->integer = json_integer_value(value);
    return json_is_integer(value);
}

static void derive(journal_cells *self, const char *run, const journal_event *event,
                   const char *column, runlog_cell *out)
{
    out->none = FALSE;
    if (strcmp(column, "number") == 0)
        out->integer = (gint64)event->number;
    else if (strcmp(column, "run_id") == 0)
        out->text = run;
    else
        out->text = self->id[0] != '\0' ? self->id : run; /* a run's own row */
}

journal_cells *journal_cells_new(const char *run, const journal_event *event, GError **error)
{
    const runlog_table *table = journal_kind_table(event->kind);
    g_assert(table != NULL && table->count <= RUNLOG_COLUMNS_MAX);
    g_autoptr(journal_cells) self = g_new0(journal_cells, 1);
    self->root = json_loadb(event->body, event->size, JSON_REJECT_DUPLICATES, NULL);
    if (table->letter != 0)
        runlog_row_id(run, table, event->number, self->id);
    gboolean fits = json_is_object(self->root);
    for (guint i = 0; fits && i < table->count; i++) {
        const runlog_column *column = &table->columns[i];
        const json_t *value = json_object_get(self->root, column->name);
        self->cells[i].none = value == NULL;
        if (is_derived(table, column->name))
            derive(self, run, event, column->name, &self->cells[i]);
        else if (value != NULL)
            fits = read_value(column->kind, value, &self->cells[i]);
    }
    if (fits)
        return g_steal_pointer(&self);
    g_set_error(error, FAILURE, FAILURE_DATABASE,
                "journal of %s: event %" G_GINT64_FORMAT ": not a row of %s", run, event->seq,
                table->name);
    return NULL;
}

const runlog_cell *journal_cells_get(const journal_cells *self)
{
    return self->cells;
}

void journal_cells_free(journal_cells *self)
{
    if (self == NULL)
        return;
    json_decref(self->root);
    g_free(self);
}
