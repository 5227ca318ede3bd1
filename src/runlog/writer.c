/* One run while it goes on: the engine's events, as they come.
 *
 * They are kept in columns of plain structs and stored at the commit (commit.c): while a backtest
 * computes it holds no lock, and the transaction is as short as the disk allows. An order is kept
 * once and updated until it has ended. The hash takes the same events through the hasher that also
 * serves runs without a log, so the two cannot differ. */
#include "runlog/writer.h"

#include "platform/clock.h"

#include <math.h>
#include <string.h>

/* ---- listening ------------------------------------------------------------------------------ */

static qb_status reject(runlog_writer *self, const char *what)
{
    if (self->error == NULL)
        g_set_error(&self->error, FAILURE, FAILURE_INTERNAL, "run %s: %s", self->id, what);
    return QB_SINK_FAILED;
}

static qb_status keep_order(void *object, const qb_order *order)
{
    runlog_writer *self = object;
    if (order->instrument >= self->run.instrument_count || order->id == 0 ||
        order->id > (guint64)self->orders->len + 1)
        return reject(self, "an order out of sequence");
    if (order->id == (guint64)self->orders->len + 1)
        g_array_append_val(self->orders, *order);
    else if (g_array_index(self->orders, qb_order, order->id - 1).status == QB_ORDER_OPEN)
        g_array_index(self->orders, qb_order, order->id - 1) = *order;
    else
        return reject(self, "an order changed after its end");
    return self->hash.order(self->hash.self, order);
}

static qb_status keep_fill(void *object, const qb_fill *fill)
{
    runlog_writer *self = object;
    if (fill->instrument >= self->run.instrument_count)
        return reject(self, "a fill of an unknown instrument");
    g_array_append_val(self->fills, *fill);
    return self->hash.fill(self->hash.self, fill);
}

static qb_status keep_trade(void *object, const qb_trade *trade)
{
    runlog_writer *self = object;
    if (trade->instrument >= self->run.instrument_count)
        return reject(self, "a trade of an unknown instrument");
    const guint32 none = 0;
    g_array_append_val(self->trades, *trade);
    g_array_append_val(self->touches, none);
    return self->hash.trade(self->hash.self, trade);
}

static qb_status keep_equity(void *object, int64_t at_us, qb_money equity)
{
    runlog_writer *self = object;
    const runlog_point point = {at_us, equity.raw};
    runlog_point *last = self->points->len > 0
                             ? &g_array_index(self->points, runlog_point, self->points->len - 1)
                             : NULL;
    if (last != NULL && at_us < last->ts_us)
        return reject(self, "equity points do not ascend in time");
    if (last != NULL && at_us == last->ts_us)
        *last = point; /* the opening of an instant overtakes its close */
    else
        g_array_append_val(self->points, point);
    return self->hash.equity(self->hash.self, at_us, equity);
}

static qb_status keep_decision(void *object, const qb_decision *decision)
{
    runlog_writer *self = object;
    if (decision->instrument >= self->run.instrument_count)
        return reject(self, "a decision on an unknown instrument");
    g_array_append_val(self->decisions, *decision);
    return QB_OK;
}

static qb_status keep_risk(void *object, const qb_risk_event *event)
{
    runlog_writer *self = object;
    if (event->instrument != UINT32_MAX && event->instrument >= self->run.instrument_count)
        return reject(self, "a risk event of an unknown instrument");
    g_array_append_val(self->risks, *event);
    return QB_OK;
}

qb_sink runlog_writer_sink(runlog_writer *self)
{
    return (qb_sink){.self = self,
                     .order = keep_order,
                     .fill = keep_fill,
                     .trade = keep_trade,
                     .equity = keep_equity,
                     .decision = keep_decision,
                     .risk = keep_risk};
}

gboolean runlog_writer_metric(runlog_writer *self, gint64 ts_us, const char *name, double value,
                              GError **error)
{
    if (!isfinite(value)) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "metric %s is not a finite number", name);
        return FALSE;
    }
    const metric_row row = {ts_us, g_strdup(name), value};
    g_array_append_val(self->metrics, row);
    return TRUE;
}

void runlog_writer_result(runlog_writer *self, const char *json)
{
    g_free(self->result);
    self->result = g_strdup(json);
}

void runlog_writer_touch(runlog_writer *self, guint32 touched)
{
    if (self->touches->len > 0)
        g_array_index(self->touches, guint32, self->touches->len - 1) |= touched;
}

void runlog_writer_log(runlog_writer *self, gint64 ts_us, const char *level, const char *message,
                       const char *meta)
{
    const log_row row = {ts_us, g_strdup(level), g_strdup(message), g_strdup(meta)};
    g_array_append_val(self->logs, row);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void clear_metric(void *row)
{
    g_free(((metric_row *)row)->name);
}

static void clear_log(void *row)
{
    log_row *log = row;
    g_free(log->level);
    g_free(log->message);
    g_free(log->meta);
}

static char **copy_texts(const char *const *texts, guint32 count)
{
    char **copy = g_new0(char *, count + 1);
    for (guint32 i = 0; i < count; i++)
        copy[i] = g_strdup(texts[i]);
    return copy;
}

runlog_writer *runlog_writer_new(runlog *log, const runlog_run *run, GError **error)
{
    if (run->id != NULL && (run->id[0] == '\0' || strlen(run->id) > RUNLOG_ID_LIMIT)) {
        g_autofree char *quoted = failure_quote(run->id, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE, "run id %s (expected 1 to %d characters)",
                    quoted, RUNLOG_ID_LIMIT);
        return NULL;
    }
    runlog_writer *self = g_new0(runlog_writer, 1);
    self->log = log;
    self->id = run->id != NULL ? g_strdup(run->id) : run_id_new(clock_now_us());
    self->mode = g_strdup(run->mode);
    self->universe = g_strdup(run->universe);
    self->params = g_strdup(run->params);
    self->symbols = copy_texts(run->symbols, run->instrument_count);
    self->strategies = copy_texts(run->strategies, run->strategy_count);
    self->run = (runlog_run){
        .id = self->id,
        .mode = self->mode,
        .universe = self->universe,
        .params = self->params,
        .symbols = (const char *const *)self->symbols,
        .instrument_count = run->instrument_count,
        .started_us = run->started_us != 0 ? run->started_us : clock_now_us(),
        .strategies = (const char *const *)self->strategies,
        .strategy_count = run->strategy_count,
        .calendar = run->calendar,
    };
    self->orders = g_array_new(FALSE, FALSE, sizeof(qb_order));
    self->fills = g_array_new(FALSE, FALSE, sizeof(qb_fill));
    self->trades = g_array_new(FALSE, FALSE, sizeof(qb_trade));
    self->touches = g_array_new(FALSE, FALSE, sizeof(guint32));
    self->points = g_array_new(FALSE, FALSE, sizeof(runlog_point));
    self->decisions = g_array_new(FALSE, FALSE, sizeof(qb_decision));
    self->risks = g_array_new(FALSE, FALSE, sizeof(qb_risk_event));
    self->metrics = g_array_new(FALSE, FALSE, sizeof(metric_row));
    self->logs = g_array_new(FALSE, FALSE, sizeof(log_row));
    g_array_set_clear_func(self->metrics, clear_metric);
    g_array_set_clear_func(self->logs, clear_log);
    self->hasher = runlog_hasher_new();
    self->hash = runlog_hasher_sink(self->hasher);
    return self;
}

void runlog_writer_free(runlog_writer *self)
{
    if (self == NULL)
        return;
    GArray *const arrays[] = {self->orders, self->fills,     self->trades,
                              self->points, self->decisions, self->metrics,
                              self->logs,   self->risks,     self->touches};
    for (gsize i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_array_unref(arrays[i]);
    g_clear_pointer(&self->positions, g_array_unref);
    runlog_hasher_free(self->hasher);
    g_strfreev(self->symbols);
    g_strfreev(self->strategies);
    g_free(self->result);
    g_free(self->id);
    g_free(self->mode);
    g_free(self->universe);
    g_free(self->params);
    g_clear_error(&self->error);
    g_free(self);
}

const char *runlog_writer_id(const runlog_writer *self)
{
    return self->id;
}

const GError *runlog_writer_error(const runlog_writer *self)
{
    return self->error;
}

char *runlog_writer_state_hash(runlog_writer *self, const qb_portfolio *portfolio, const char *kpis)
{
    g_clear_pointer(&self->positions, g_array_unref);
    self->positions = g_array_sized_new(FALSE, FALSE, sizeof(qb_position), portfolio->count);
    g_array_append_vals(self->positions, portfolio->positions, portfolio->count);
    self->cash_e8 = portfolio->cash.raw;
    return runlog_hasher_finish(self->hasher, portfolio, kpis);
}
