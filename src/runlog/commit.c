/* A run's end: all of its rows in one transaction, and where they go when the server does not take
 * them. */
#include "runlog/writer.h"

/* ---- rows ----------------------------------------------------------------------------------- */

static void make_order(runlog_event *out, const runlog_writer *self, guint index)
{
    runlog_event_order(out, &self->run, &g_array_index(self->orders, qb_order, index));
}

static void make_fill(runlog_event *out, const runlog_writer *self, guint index)
{
    runlog_event_fill(out, &self->run, &g_array_index(self->fills, qb_fill, index));
}

static void make_trade(runlog_event *out, const runlog_writer *self, guint index)
{
    runlog_event_trade(out, &self->run, index + 1, &g_array_index(self->trades, qb_trade, index),
                       g_array_index(self->touches, guint32, index));
}

static void make_point(runlog_event *out, const runlog_writer *self, guint index)
{
    runlog_event_point(out, &self->run, index + 1,
                       &g_array_index(self->points, runlog_point, index));
}

static void make_decision(runlog_event *out, const runlog_writer *self, guint index)
{
    runlog_event_decision(out, &self->run, index + 1,
                          &g_array_index(self->decisions, qb_decision, index));
}

static void make_risk(runlog_event *out, const runlog_writer *self, guint index)
{
    runlog_event_risk(out, &self->run, index + 1,
                      &g_array_index(self->risks, qb_risk_event, index));
}

static void make_position(runlog_event *out, const runlog_writer *self, guint index)
{
    runlog_event_position(out, &self->run, index + 1,
                          &g_array_index(self->positions, qb_position, index));
}

static void make_metric(runlog_event *out, const runlog_writer *self, guint index)
{
    const metric_row *metric = &g_array_index(self->metrics, metric_row, index);
    runlog_event_metric(out, &self->run, index + 1, metric->ts_us, metric->name, metric->value);
}

static void make_log(runlog_event *out, const runlog_writer *self, guint index)
{
    const log_row *log = &g_array_index(self->logs, log_row, index);
    runlog_event_log(out, &self->run, index + 1, log->ts_us, log->level, log->message, log->meta);
}

/* What refers to others comes after them. */
static const struct {
    runlog_table_id table;
    gsize events; /* offset of the GArray in runlog_writer */
    void (*make)(runlog_event *out, const runlog_writer *self, guint index);
} stored[] = {
    {RUNLOG_ORDERS, G_STRUCT_OFFSET(runlog_writer, orders), make_order},
    {RUNLOG_FILLS, G_STRUCT_OFFSET(runlog_writer, fills), make_fill},
    {RUNLOG_TRADES, G_STRUCT_OFFSET(runlog_writer, trades), make_trade},
    {RUNLOG_EQUITY_POINTS, G_STRUCT_OFFSET(runlog_writer, points), make_point},
    {RUNLOG_DECISIONS, G_STRUCT_OFFSET(runlog_writer, decisions), make_decision},
    {RUNLOG_RISK_EVENTS, G_STRUCT_OFFSET(runlog_writer, risks), make_risk},
    {RUNLOG_POSITIONS, G_STRUCT_OFFSET(runlog_writer, positions), make_position},
    {RUNLOG_METRICS, G_STRUCT_OFFSET(runlog_writer, metrics), make_metric},
    {RUNLOG_ERROR_LOGS, G_STRUCT_OFFSET(runlog_writer, logs), make_log},
};

static gboolean put_events(const runlog_writer *self, gsize index, guint count, rows *out,
                           GError **error)
{
    runlog_event event;
    for (guint i = 0; i < count; i++) {
        stored[index].make(&event, self, i);
        rows_cells(out, event.cells);
        if (!rows_next(out, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean write_table(runlog_writer *self, gsize index, GError **error)
{
    const GArray *events = G_STRUCT_MEMBER(GArray *, self, stored[index].events);
    if (events == NULL || events->len == 0)
        return TRUE;
    rows *out = rows_begin(self->log, &runlog_tables[stored[index].table], ROWS_NEW, error);
    return out != NULL && rows_end(out, put_events(self, index, events->len, out, error), error);
}

static gboolean write_blocks(runlog_writer *self, GError **error)
{
    if (self->points->len == 0)
        return TRUE;
    rows *out = rows_begin(self->log, &runlog_tables[RUNLOG_EQUITY_BLOCKS], ROWS_NEW, error);
    return out != NULL && rows_end(out, put_blocks(self, out, error), error);
}

static gboolean write_run(runlog_writer *self, const char *kpis, const char *state_hash,
                          gint64 ended_us, GError **error)
{
    runlog_event event;
    const runlog_outcome outcome = {.kpis = kpis,
                                    .state_hash = state_hash,
                                    .result = self->result,
                                    .ended_us = ended_us,
                                    .has_cash = self->positions != NULL,
                                    .cash_e8 = self->cash_e8,
                                    .orders = self->orders->len,
                                    .fills = self->fills->len,
                                    .trades = self->trades->len,
                                    .points = self->points->len};
    rows *out = rows_begin(self->log, &runlog_tables[RUNLOG_RUNS], ROWS_NEW, error);
    if (out == NULL)
        return FALSE;
    runlog_event_run(&event, &self->run, &outcome);
    rows_cells(out, event.cells);
    return rows_end(out, rows_next(out, error), error);
}

gboolean writer_store(runlog_writer *self, const char *kpis, const char *state_hash,
                      gint64 ended_us, GError **error)
{
    if (!write_run(self, kpis, state_hash, ended_us, error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(stored); i++)
        if (!write_table(self, i, error))
            return FALSE;
    return write_blocks(self, error);
}

/* ---- the transaction ------------------------------------------------------------------------ */

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
