/* The run log as the outbox's target: a batch is a transaction, and rows of one table that follow
 * each other go together. A row that is there is left alone, but for what changes in its life: an
 * order's end, the run's end, a second equity point of one instant. */
#include "journal/journal-private.h"
#include "journal/outbox.h"

#include <string.h>

/* Events of one kind, from the first on. */
static gsize stretch_of(const journal_event *events, gsize count)
{
    gsize size = 1;
    while (size < count && events[size].kind == events[0].kind)
        size++;
    return size;
}

static gboolean put_cells(runlog *log, journal_kind kind, const runlog_cell *cells, gsize count,
                          GError **error)
{
    const runlog_table *table = journal_kind_table(kind);
    return kind_rows[kind].replaces ? runlog_rows_replace(log, table, cells, count, error)
                                    : runlog_rows_put(log, table, cells, count, error);
}

static gboolean put_stretch(runlog *log, const char *run, const journal_event *events, gsize count,
                            GError **error)
{
    const guint columns = journal_kind_table(events[0].kind)->count;
    g_autofree runlog_cell *cells = g_new(runlog_cell, count * columns);
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)journal_cells_free);
    for (gsize i = 0; i < count; i++) {
        journal_cells *row = journal_cells_new(run, &events[i], error);
        if (row == NULL)
            return FALSE;
        g_ptr_array_add(rows, row);
        memcpy(cells + i * columns, journal_cells_get(row), columns * sizeof *cells);
    }
    return put_cells(log, events[0].kind, cells, count, error);
}

static gboolean put_all(runlog *log, const char *run, const journal_event *events, gsize count,
                        GError **error)
{
    for (gsize at = 0; at < count;) {
        const gsize size = stretch_of(events + at, count - at);
        if (!put_stretch(log, run, events + at, size, error))
            return FALSE;
        at += size;
    }
    return TRUE;
}

static gboolean put(void *self, const char *run, const journal_event *events, gsize count,
                    GError **error)
{
    runlog *log = self;
    return runlog_batch_begin(log, error) &&
           runlog_batch_end(log, put_all(log, run, events, count, error), error);
}

outbox_target outbox_target_of(runlog *log)
{
    return (outbox_target){runlog_path(log), log, put};
}
