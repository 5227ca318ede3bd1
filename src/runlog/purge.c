/* Throwing away simulations. What is counted and what is deleted is chosen by the same words. */
#include "runlog/queries.h"
#include "runlog/runlog-private.h"

#include <string.h>

static gboolean run_on_table(runlog *self, const query_purge *purge, gboolean remove,
                             const value *chosen, gint64 *out_rows, GError **error)
{
    return remove ? backend_change(self, &purge->remove, chosen, 2, out_rows, error)
                  : cursor_ask(self, &purge->count, chosen, 2, out_rows, error);
}

static gboolean run_on_tables(runlog *self, gboolean remove, const value *chosen, GArray *rows,
                              GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(queries.purge); i++) {
        runlog_row row = {queries.purge[i].table, 0};
        gboolean present = FALSE; /* a reader may meet an older log */
        if (!backend_has_table(self, row.table, &present, error) ||
            (present && !run_on_table(self, &queries.purge[i], remove, chosen, &row.count, error)))
            return FALSE;
        g_array_append_val(rows, row);
    }
    return TRUE;
}

static gboolean delete_chosen(runlog *self, const value *chosen, GArray *rows, GError **error)
{
    if (!backend_begin(self, error) ||
        !backend_end(self, run_on_tables(self, TRUE, chosen, rows, error), error))
        return FALSE;
    self->backend->shrink(self);
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
    const value chosen[] = {value_text(mode), value_stamp_or_none(before_us)};
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(runlog_row));
    if (!(dry_run ? run_on_tables(self, FALSE, chosen, rows, error)
                  : delete_chosen(self, chosen, rows, error)))
        return FALSE;
    g_array_append_vals(out_rows, rows->data, rows->len);
    return TRUE;
}

static gboolean prune_now(runlog *self, const query_purge *prune, const value *before,
                          gint64 *out_rows, GError **error)
{
    if (!backend_begin(self, error))
        return FALSE;
    return backend_end(self, backend_change(self, &prune->remove, before, 1, out_rows, error),
                       error);
}

gboolean runlog_prune(runlog *self, runlog_pruned what, gint64 before_us, gboolean dry_run,
                      gint64 *out_rows, GError **error)
{
    const query_purge *prune = &queries.prune[what];
    const value before = value_stamp(before_us);
    gint64 rows = 0;
    if (!(dry_run ? cursor_ask(self, &prune->count, &before, 1, &rows, error)
                  : prune_now(self, prune, &before, &rows, error)))
        return FALSE;
    if (!dry_run && rows > 0)
        self->backend->shrink(self);
    *out_rows = rows;
    return TRUE;
}
