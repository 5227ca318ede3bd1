#include "journal/listener.h"

#include <math.h>

struct journal_listener {
    journal *journal;
    const runlog_run *run;
    qb_trade trade; /* told last, and not appended yet */
    gboolean has_trade;
    guint32 touched;
    gint64 last_us;  /* of the equity */
    gint64 overtook; /* points that an earlier one of their instant gave way to */
    GError *error;
};

journal_listener *journal_listener_new(journal *journal, const runlog_run *run)
{
    journal_listener *self = g_new0(journal_listener, 1);
    self->journal = journal;
    self->run = run;
    self->last_us = G_MININT64;
    g_assert(g_str_equal(run->id, journal_run(journal)));
    return self;
}

void journal_listener_free(journal_listener *self)
{
    if (self == NULL)
        return;
    g_clear_error(&self->error);
    g_free(self);
}

const GError *journal_listener_error(const journal_listener *self)
{
    return self->error;
}

/* ---- appending ------------------------------------------------------------------------------ */

static guint64 next_number(const journal_listener *self, journal_kind kind)
{
    return journal_number(self->journal, kind) + 1;
}

static gboolean append(journal_listener *self, journal_kind kind, guint64 number, gint64 ts_us,
                       const runlog_event *row, GError **error)
{
    return journal_row(self->journal, kind, number, ts_us, row->cells, error);
}

gboolean journal_listener_flush(journal_listener *self, GError **error)
{
    runlog_event row;
    const guint64 number = next_number(self, JOURNAL_TRADE);
    if (!self->has_trade)
        return TRUE;
    self->has_trade = FALSE;
    runlog_event_trade(&row, self->run, number, &self->trade, self->touched);
    return append(self, JOURNAL_TRADE, number, self->trade.exit_us, &row, error);
}

/* Events stand in the order in which they were told. */
static qb_status tell(journal_listener *self, journal_kind kind, guint64 number, gint64 ts_us,
                      const runlog_event *row)
{
    if (self->error == NULL && journal_listener_flush(self, &self->error) &&
        append(self, kind, number, ts_us, row, &self->error))
        return QB_OK;
    return QB_SINK_FAILED;
}

static qb_status reject(journal_listener *self, const char *what)
{
    if (self->error == NULL)
        g_set_error(&self->error, FAILURE, FAILURE_INTERNAL, "run %s: %s", self->run->id, what);
    return QB_SINK_FAILED;
}

static gboolean is_known(const journal_listener *self, guint32 instrument)
{
    return instrument < self->run->instrument_count;
}

/* ---- listening ------------------------------------------------------------------------------ */

/* Told on submission and on its end; one refused at once is told once, and stands in both. */
static qb_status hear_order(void *object, const qb_order *order)
{
    journal_listener *self = object;
    runlog_event row;
    if (!is_known(self, order->instrument))
        return reject(self, "an order of an unknown instrument");
    runlog_event_order(&row, self->run, order);
    if (order->id > journal_number(self->journal, JOURNAL_ORDER) &&
        tell(self, JOURNAL_ORDER, order->id, order->submitted_us, &row) != QB_OK)
        return QB_SINK_FAILED;
    return order->status == QB_ORDER_OPEN
               ? QB_OK
               : tell(self, JOURNAL_ORDER_END, order->id, order->final_us, &row);
}

static qb_status hear_fill(void *object, const qb_fill *fill)
{
    journal_listener *self = object;
    runlog_event row;
    if (!is_known(self, fill->instrument))
        return reject(self, "a fill of an unknown instrument");
    runlog_event_fill(&row, self->run, fill);
    return tell(self, JOURNAL_FILL, fill->id, fill->ts_us, &row);
}

static qb_status hear_trade(void *object, const qb_trade *trade)
{
    journal_listener *self = object;
    if (!is_known(self, trade->instrument))
        return reject(self, "a trade of an unknown instrument");
    if (self->error != NULL || !journal_listener_flush(self, &self->error))
        return QB_SINK_FAILED;
    self->trade = *trade;
    self->touched = 0;
    self->has_trade = TRUE;
    return QB_OK;
}

void journal_listener_touch(journal_listener *self, guint32 touched)
{
    self->touched |= touched;
}

static qb_status hear_equity(void *object, int64_t at_us, qb_money equity)
{
    journal_listener *self = object;
    runlog_event row;
    const runlog_point point = {at_us, equity.raw};
    const guint64 number = next_number(self, JOURNAL_EQUITY);
    if (at_us < self->last_us)
        return reject(self, "equity points do not ascend in time");
    self->overtook += at_us == self->last_us;
    self->last_us = at_us;
    runlog_event_point(&row, self->run, number, &point);
    return tell(self, JOURNAL_EQUITY, number, at_us, &row);
}

static qb_status hear_decision(void *object, const qb_decision *decision)
{
    journal_listener *self = object;
    runlog_event row;
    const guint64 number = next_number(self, JOURNAL_DECISION);
    if (!is_known(self, decision->instrument))
        return reject(self, "a decision on an unknown instrument");
    runlog_event_decision(&row, self->run, number, decision);
    return tell(self, JOURNAL_DECISION, number, decision->last_us, &row);
}

static qb_status hear_risk(void *object, const qb_risk_event *risk)
{
    journal_listener *self = object;
    runlog_event row;
    const guint64 number = next_number(self, JOURNAL_RISK);
    if (risk->instrument != UINT32_MAX && !is_known(self, risk->instrument))
        return reject(self, "a risk event of an unknown instrument");
    runlog_event_risk(&row, self->run, number, risk);
    return tell(self, JOURNAL_RISK, number, risk->at_us, &row);
}

qb_sink journal_listener_sink(journal_listener *self)
{
    return (qb_sink){.self = self,
                     .order = hear_order,
                     .fill = hear_fill,
                     .trade = hear_trade,
                     .equity = hear_equity,
                     .decision = hear_decision,
                     .risk = hear_risk};
}

/* ---- what the engine does not tell ---------------------------------------------------------- */

gboolean journal_listener_start(journal_listener *self, GError **error)
{
    runlog_event row;
    runlog_event_run(&row, self->run, NULL);
    return append(self, JOURNAL_START, 1, self->run->started_us, &row, error);
}

gboolean journal_listener_metric(journal_listener *self, gint64 ts_us, const char *name,
                                 double value, GError **error)
{
    runlog_event row;
    const guint64 number = next_number(self, JOURNAL_METRIC);
    if (!isfinite(value)) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "metric %s is not a finite number", name);
        return FALSE;
    }
    runlog_event_metric(&row, self->run, number, ts_us, name, value);
    return journal_listener_flush(self, error) &&
           append(self, JOURNAL_METRIC, number, ts_us, &row, error);
}

gboolean journal_listener_note(journal_listener *self, gint64 ts_us, const char *level,
                               const char *message, const char *meta, GError **error)
{
    runlog_event row;
    const guint64 number = next_number(self, JOURNAL_NOTE);
    runlog_event_log(&row, self->run, number, ts_us, level, message, meta);
    return journal_listener_flush(self, error) &&
           append(self, JOURNAL_NOTE, number, ts_us, &row, error);
}

static gboolean append_positions(journal_listener *self, const qb_portfolio *portfolio,
                                 gint64 ts_us, GError **error)
{
    for (guint32 i = 0; i < portfolio->count; i++) {
        runlog_event row;
        runlog_event_position(&row, self->run, i + 1, &portfolio->positions[i]);
        if (!append(self, JOURNAL_POSITION, i + 1, ts_us, &row, error))
            return FALSE;
    }
    return TRUE;
}

gboolean journal_listener_end(journal_listener *self, const qb_portfolio *portfolio,
                              const runlog_outcome *outcome, GError **error)
{
    runlog_event row;
    runlog_outcome filled = *outcome;
    g_assert(portfolio->count <= self->run->instrument_count);
    if (!journal_listener_flush(self, error) ||
        !append_positions(self, portfolio, outcome->ended_us, error))
        return FALSE;
    filled.has_cash = TRUE;
    filled.cash_e8 = portfolio->cash.raw;
    filled.orders = (gint64)journal_number(self->journal, JOURNAL_ORDER);
    filled.fills = (gint64)journal_number(self->journal, JOURNAL_FILL);
    filled.trades = (gint64)journal_number(self->journal, JOURNAL_TRADE);
    filled.points = (gint64)journal_number(self->journal, JOURNAL_EQUITY) - self->overtook;
    runlog_event_run(&row, self->run, &filled);
    return append(self, JOURNAL_END, 1, outcome->ended_us, &row, error);
}
