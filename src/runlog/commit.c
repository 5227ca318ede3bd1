/* A run's end: all of its rows in one transaction, and where they go when the server does not take
 * them. */
#include "runlog/writer.h"

static gboolean put_run(runlog_writer *self, rows *row, const char *kpis, const char *state_hash,
                        gint64 ended_us, GError **error)
{
    rows_text(row, self->id);
    rows_stamp(row, self->started_us);
    rows_stamp_or_none(row, ended_us);
    rows_text(row, self->mode);
    rows_text(row, self->universe);
    rows_text(row, self->params);
    rows_text(row, kpis);
    rows_text(row, QUANTBOT_VERSION);
    rows_text(row, state_hash);
    if (self->positions != NULL)
        rows_integer(row, self->cash_e8);
    else
        rows_none(row);
    rows_integer(row, self->orders->len);
    rows_integer(row, self->fills->len);
    rows_integer(row, self->trades->len);
    rows_integer(row, self->points->len);
    rows_text(row, self->result);
    return rows_next(row, error);
}

/* ---- the transaction ------------------------------------------------------------------------ */

static const struct {
    runlog_table_id table;
    gsize rows; /* offset of the GArray in runlog_writer */
    gboolean (*store)(runlog_writer *self, rows *row, GError **error);
} stored[] = {
    {RUNLOG_ORDERS, G_STRUCT_OFFSET(runlog_writer, orders), put_orders},
    {RUNLOG_FILLS, G_STRUCT_OFFSET(runlog_writer, fills), put_fills},
    {RUNLOG_TRADES, G_STRUCT_OFFSET(runlog_writer, trades), put_trades},
    {RUNLOG_EQUITY_POINTS, G_STRUCT_OFFSET(runlog_writer, points), put_points},
    {RUNLOG_EQUITY_BLOCKS, G_STRUCT_OFFSET(runlog_writer, points), put_blocks},
    {RUNLOG_DECISIONS, G_STRUCT_OFFSET(runlog_writer, decisions), put_decisions},
    {RUNLOG_RISK_EVENTS, G_STRUCT_OFFSET(runlog_writer, risks), put_risks},
    {RUNLOG_POSITIONS, G_STRUCT_OFFSET(runlog_writer, positions), put_positions},
    {RUNLOG_METRICS, G_STRUCT_OFFSET(runlog_writer, metrics), put_metrics},
    {RUNLOG_ERROR_LOGS, G_STRUCT_OFFSET(runlog_writer, logs), put_logs},
};

static gboolean write_table(runlog_writer *self, gsize index, GError **error)
{
    const GArray *events = G_STRUCT_MEMBER(GArray *, self, stored[index].rows);
    if (events == NULL || events->len == 0)
        return TRUE;
    rows *out = rows_begin(self->log, &runlog_tables[stored[index].table], ROWS_NEW, error);
    return out != NULL && rows_end(out, stored[index].store(self, out, error), error);
}

gboolean writer_store(runlog_writer *self, const char *kpis, const char *state_hash,
                      gint64 ended_us, GError **error)
{
    rows *run = rows_begin(self->log, &runlog_tables[RUNLOG_RUNS], ROWS_NEW, error);
    if (run == NULL || !rows_end(run, put_run(self, run, kpis, state_hash, ended_us, error), error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(stored); i++)
        if (!write_table(self, i, error))
            return FALSE;
    return TRUE;
}

static gboolean commit_to(runlog_writer *self, runlog *log, const char *kpis,
                          const char *state_hash, gint64 ended_us, GError **error)
{
    runlog *const given = self->log;
    if (!backend_begin(log, error))
        return FALSE;
    self->log = log;
    const gboolean ok = backend_end(log, writer_store(self, kpis, state_hash, ended_us, error),
                                    error);
    self->log = given;
    return ok;
}

/* The server is away. If only its answer was lost the run may be there: asked for by its id. If not
 * even that can be known, the refuge has it too, and a later sync finds which holds. */
static gboolean take_refuge(runlog_writer *self, const char *kpis, const char *state_hash,
                            gint64 ended_us, GError **error)
{
    gboolean there = FALSE;
    g_autoptr(GError) refused = NULL;
    if (copy_has_run(self->log, self->id, &there, NULL) &&
        (there || commit_to(self, self->log, kpis, state_hash, ended_us, NULL)))
        return TRUE; /* it is back */
    g_autoptr(runlog) refuge = runlog_open(self->log->refuge, &refused);
    if (refuge == NULL || !commit_to(self, refuge, kpis, state_hash, ended_us, &refused)) {
        g_prefix_error(error, "%s; ", refused->message);
        return FALSE;
    }
    g_free(self->log->refuge_reason);
    self->log->refuge_reason = g_strdup((*error)->message);
    return TRUE;
}

gboolean runlog_writer_commit(runlog_writer *self, const char *kpis, const char *state_hash,
                              gint64 ended_us, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_assert(!self->committed);
    if (self->error != NULL) {
        g_propagate_error(error, g_error_copy(self->error));
        return FALSE;
    }
    self->committed = commit_to(self, self->log, kpis, state_hash, ended_us, &failure);
    if (!self->committed && self->log->refuge != NULL && runlog_reach_of(self->log) == RUNLOG_AWAY)
        self->committed = take_refuge(self, kpis, state_hash, ended_us, &failure);
    if (!self->committed)
        g_propagate_error(error, g_steal_pointer(&failure));
    return self->committed;
}
