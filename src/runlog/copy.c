/* A run's rows as a whole: from one run log to another, and their hash. The questions are made of
 * the tables' own column names, so a new column is carried and hashed without a word here. */
#include "runlog/queries.h"
#include "runlog/runlog-private.h"

#include <string.h>

/* ---- the hash ------------------------------------------------------------------------------- */

static void hash_integer(GChecksum *sum, gint64 integer)
{
    const gint64 little = GINT64_TO_LE(integer);
    g_checksum_update(sum, (const guchar *)&little, sizeof little);
}

static void hash_cell(GChecksum *sum, const runlog_column *column, const runlog_cell *cell)
{
    gint64 bits;
    const double number = cell->number == 0 ? 0 : cell->number; /* one zero */
    g_checksum_update(sum, (const guchar *)(cell->none ? "-" : "+"), 1);
    if (cell->none || column_is_json(column->name))
        return;
    switch (column->kind) {
    case RUNLOG_TEXT:
        g_checksum_update(sum, (const guchar *)cell->text, (gssize)strlen(cell->text) + 1);
        break;
    case RUNLOG_REAL:
        memcpy(&bits, &number, sizeof bits);
        hash_integer(sum, bits);
        break;
    case RUNLOG_STAMP:
    case RUNLOG_COUNT:
    case RUNLOG_AMOUNT:
        hash_integer(sum, cell->integer);
        break;
    }
}

typedef struct table_hash {
    const runlog_table *table;
    GChecksum *sum;
} table_hash;

static gboolean hash_row(const runlog_cell *cells, gpointer data, GError **error)
{
    const table_hash *self = data;
    for (guint i = 0; i < self->table->count; i++)
        hash_cell(self->sum, &self->table->columns[i], &cells[i]);
    return TRUE;
}

char *runlog_digest(runlog *self, const char *run_id, GError **error)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (gsize i = 0; i < RUNLOG_TABLE_COUNT; i++) {
        const runlog_table *table = &runlog_tables[i];
        g_checksum_update(sum, (const guchar *)table->name, (gssize)strlen(table->name) + 1);
        table_hash hash = {table, sum};
        if (!rows_read(self, table, SCHEMA_VERSION, run_id, hash_row, &hash, error))
            return NULL;
    }
    return g_strdup(g_checksum_get_string(sum));
}

/* ---- carrying ------------------------------------------------------------------------------- */

gboolean copy_has_run(runlog *self, const char *run_id, gboolean *out, GError **error)
{
    const value run = value_text(run_id);
    gint64 count = 0;
    if (!cursor_ask(self, &queries.run_count, &run, 1, &count, error))
        return FALSE;
    *out = count > 0;
    return TRUE;
}

static gboolean put_row(const runlog_cell *cells, gpointer data, GError **error)
{
    rows *out = data;
    rows_cells(out, cells);
    return rows_next(out, error);
}

static gboolean carry_table(runlog *from, runlog *to, const runlog_table *table, const char *run_id,
                            GError **error)
{
    rows *out = rows_begin(to, table, ROWS_NEW, error);
    return out != NULL &&
           rows_end(out, rows_read(from, table, SCHEMA_VERSION, run_id, put_row, out, error),
                    error);
}

/* What has come is read again before it is kept. */
static gboolean is_same(runlog *from, runlog *to, const char *run_id, GError **error)
{
    g_autofree char *given = runlog_digest(from, run_id, error);
    g_autofree char *taken = given != NULL ? runlog_digest(to, run_id, error) : NULL;
    if (taken == NULL)
        return FALSE;
    return strcmp(given, taken) == 0 ||
           backend_refuse(to, error, "run %s: what arrived is not what was sent", run_id);
}

static gboolean carry_new(runlog *from, runlog *to, const char *run_id, gboolean *out_carried,
                          GError **error)
{
    gboolean known = FALSE;
    if (!copy_has_run(to, run_id, &known, error))
        return FALSE;
    *out_carried = !known;
    for (gsize i = 0; !known && i < RUNLOG_TABLE_COUNT; i++)
        if (!carry_table(from, to, &runlog_tables[i], run_id, error))
            return FALSE;
    return known || is_same(from, to, run_id, error);
}

gboolean runlog_carry(runlog *from, runlog *to, const char *run_id, gboolean *out_carried,
                      GError **error)
{
    gboolean carried = FALSE;
    if (!backend_look(from, error))
        return FALSE;
    gboolean ok = backend_begin(to, error);
    if (ok)
        ok = backend_end(to, carry_new(from, to, run_id, &carried, error), error);
    backend_end(from, FALSE, NULL); /* nothing was changed there */
    if (ok)
        *out_carried = carried;
    return ok;
}
