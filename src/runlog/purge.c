/* Throwing away simulations. What is counted and what is deleted is chosen by the same words. */
#include "runlog/runlog-private.h"

#include <string.h>

/* ?1: a mode, or NULL for every simulation; ?2: a stamp, or NULL. A paper run can never be in it. */
#define CHOSEN                                                                                 \
    " (SELECT id FROM runs WHERE mode IN ('backtest', 'replay') AND (?1 IS NULL OR mode = ?1)" \
    " AND (?2 IS NULL OR started_at < ?2))"
#define TABLE(table, key)                                                   \
    {                                                                       \
#table, "SELECT count(*) FROM " #table " WHERE " #key " IN" CHOSEN, \
            "DELETE FROM " #table " WHERE " #key " IN" CHOSEN               \
    }

/* runs last: the others are chosen through it. Adopted tables may not cascade. */
static const struct {
    const char *table, *count, *remove;
} purged[] = {
    TABLE(orders, run_id),    TABLE(fills, run_id),      TABLE(equity_points, run_id),
    TABLE(metrics, run_id),   TABLE(error_logs, run_id), TABLE(trades, run_id),
    TABLE(decisions, run_id), TABLE(positions, run_id),  TABLE(risk_events, run_id),
    TABLE(runs, id),
};

/* Give the disk back when at least this share of the file is free. */
#define FREE_SHARE 4

static gboolean run_on_table(runlog *self, const char *sql, const char *table, const char *mode,
                             const char *before, gint64 *out_rows, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = database_prepare(self, sql, error);
    if (statement == NULL)
        return FALSE;
    if (sqlite3_bind_text(statement, 1, mode, -1, SQLITE_STATIC) != SQLITE_OK ||
        sqlite3_bind_text(statement, 2, before, -1, SQLITE_STATIC) != SQLITE_OK)
        return database_fail(self, table, error);
    if (!database_step(self, statement, table, &row, error))
        return FALSE;
    *out_rows = row ? sqlite3_column_int64(statement, 0) : sqlite3_changes(self->db);
    return TRUE;
}

static gboolean run_on_tables(runlog *self, gboolean remove, const char *mode, const char *before,
                              GArray *rows, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(purged); i++) {
        runlog_row row = {purged[i].table, 0};
        const char *sql = remove ? purged[i].remove : purged[i].count;
        if (!run_on_table(self, sql, row.table, mode, before, &row.count, error))
            return FALSE;
        g_array_append_val(rows, row);
    }
    return TRUE;
}

/* The rows are gone whether or not this works out, so its failure is none of the purge. */
static void shrink(runlog *self)
{
    gint64 unused = 0, pages = 0;
    if (database_integer(self, "PRAGMA freelist_count", &unused, NULL) &&
        database_integer(self, "PRAGMA page_count", &pages, NULL) && unused > 0 &&
        unused * FREE_SHARE >= pages)
        sqlite3_exec(self->db, "VACUUM", NULL, NULL, NULL);
}

static gboolean delete_chosen(runlog *self, const char *mode, const char *before, GArray *rows,
                              GError **error)
{
    if (!database_begin(self, error) ||
        !database_end(self, run_on_tables(self, TRUE, mode, before, rows, error), error))
        return FALSE;
    shrink(self);
    return TRUE;
}

gboolean runlog_purge(runlog *self, const char *mode, gint64 before_us, gboolean dry_run,
                      GArray *out_rows, GError **error)
{
    stamp before = {0};
    if (mode != NULL && strcmp(mode, "backtest") != 0 && strcmp(mode, "replay") != 0) {
        g_autofree char *quoted = failure_quote(mode, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "mode %s cannot be purged (expected backtest or replay)", quoted);
        return FALSE;
    }
    if (before_us != 0 && !stamp_set(&before, before_us)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "a date outside the years 1000 to 9999");
        return FALSE;
    }
    const char *limit = before_us != 0 ? before.text : NULL;
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(runlog_row));
    if (!(dry_run ? run_on_tables(self, FALSE, mode, limit, rows, error)
                  : delete_chosen(self, mode, limit, rows, error)))
        return FALSE;
    g_array_append_vals(out_rows, rows->data, rows->len);
    return TRUE;
}
