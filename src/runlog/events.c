#include "runlog/events.h"

#include <math.h>
#include <string.h>

#define ID_DIGITS 8

void runlog_row_id(const char *run, const runlog_table *table, guint64 number,
                   char out[RUNLOG_ROW_ID_SIZE])
{
    char digits[20];
    gsize count = 0;
    const gsize size = strlen(run);
    g_assert(size <= RUNLOG_ID_LIMIT && table->letter != 0);
    for (guint64 rest = number; rest > 0 || count < ID_DIGITS; rest /= 10)
        digits[count++] = (char)('0' + rest % 10);
    memcpy(out, run, size);
    out += size;
    *out++ = ':';
    *out++ = table->letter;
    *out++ = ':';
    while (count > 0)
        *out++ = digits[--count];
    *out = '\0';
}

/* ---- cells ---------------------------------------------------------------------------------- */

static void put_none(runlog_event *self)
{
    self->cells[self->count++] = (runlog_cell){.none = TRUE};
}

static void put_text(runlog_event *self, const char *text)
{
    self->cells[self->count++] = (runlog_cell){.none = text == NULL, .text = text};
}

static void put_integer(runlog_event *self, gint64 integer)
{
    self->cells[self->count++] = (runlog_cell){.integer = integer};
}

/* NaN: none. */
static void put_number(runlog_event *self, double number)
{
    self->cells[self->count++] = (runlog_cell){.none = isnan(number), .number = number};
}

static void put_stamp_or_none(runlog_event *self, gint64 instant_us)
{
    self->cells[self->count++] = (runlog_cell){.none = instant_us == 0, .integer = instant_us};
}

/* Exact integers of 1e-8 as numbers to read. */
static void put_amounts(runlog_event *self, const gint64 *raw, gsize count)
{
    for (gsize i = 0; i < count; i++)
        put_number(self, qb_raw_to_double(raw[i]));
}

static void put_integers(runlog_event *self, const gint64 *raw, gsize count)
{
    for (gsize i = 0; i < count; i++)
        put_integer(self, raw[i]);
}

/* The id of an order that the row names; 0: it names none. */
static void put_order_id(runlog_event *self, const runlog_run *run, guint64 order)
{
    if (order != 0)
        runlog_row_id(run->id, &runlog_tables[RUNLOG_ORDERS], order, self->other);
    put_text(self, order != 0 ? self->other : NULL);
}

static const char *strategy_of(const runlog_run *run, guint32 owner)
{
    return run->strategies != NULL && owner < run->strategy_count ? run->strategies[owner] : NULL;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void begin(runlog_event *self, const runlog_run *run)
{
    self->count = 0;
    put_text(self, run->id);
}

static void begin_with_id(runlog_event *self, const runlog_run *run, runlog_table_id table,
                          guint64 number)
{
    begin(self, run);
    runlog_row_id(run->id, &runlog_tables[table], number, self->id);
    put_text(self, self->id);
}

static void begin_with_number(runlog_event *self, const runlog_run *run, guint64 number)
{
    begin(self, run);
    put_integer(self, (gint64)number);
}

static void end(const runlog_event *self, runlog_table_id table)
{
    g_assert(self->count == runlog_tables[table].count);
}

void runlog_event_run(runlog_event *out, const runlog_run *run, const runlog_outcome *outcome)
{
    static const runlog_outcome nothing = {0};
    const runlog_outcome *so_far = outcome != NULL ? outcome : &nothing;
    const gint64 counts[] = {so_far->orders, so_far->fills, so_far->trades, so_far->points};
    begin(out, run);
    put_integer(out, run->started_us);
    put_stamp_or_none(out, so_far->ended_us);
    put_text(out, run->mode);
    put_text(out, run->universe);
    put_text(out, run->params);
    put_text(out, so_far->kpis);
    put_text(out, QUANTBOT_VERSION);
    put_text(out, so_far->state_hash);
    if (so_far->has_cash)
        put_integer(out, so_far->cash_e8);
    else
        put_none(out);
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
        if (outcome != NULL)
            put_integer(out, counts[i]);
        else
            put_none(out);
    put_text(out, so_far->result);
    end(out, RUNLOG_RUNS);
}

/* A limit or a stop; orders without one have none. */
static void put_price(runlog_event *self, qb_price price)
{
    if (price.raw == 0)
        put_none(self);
    else
        put_integer(self, price.raw);
}

/* Which rule refused or cut an order; none where none did. */
static void put_ruling(runlog_event *self, const qb_order *order)
{
    const gboolean ruled = order->risk_rule != QB_RISK_NONE;
    put_text(self, ruled ? qb_risk_rule_text((qb_risk_rule)order->risk_rule) : NULL);
    put_number(self, ruled ? order->risk_limit : NAN);
    put_number(self, ruled ? order->risk_value : NAN);
}

static const char *size_kind_text(qb_size_kind kind)
{
    return kind == QB_SIZE_UNITS ? "units" : kind == QB_SIZE_CASH ? "cash" : "weight";
}

void runlog_event_order(runlog_event *out, const runlog_run *run, const qb_order *order)
{
    begin_with_id(out, run, RUNLOG_ORDERS, order->id);
    put_integer(out, order->submitted_us);
    put_text(out, run->symbols[order->instrument]);
    put_text(out, order->side == QB_BUY ? "buy" : "sell");
    put_number(out, qb_raw_to_double(order->quantity.raw));
    put_number(out, order->limit.raw != 0 ? qb_raw_to_double(order->limit.raw) : NAN);
    put_text(out, qb_order_status_text(order->status));
    put_integer(out, order->quantity.raw);
    put_price(out, order->limit);
    put_integer(out, order->filled.raw);
    put_text(out, qb_reason_text(order->reason));
    put_stamp_or_none(out, order->final_us);
    put_integer(out, order->reduce_only);
    put_text(out, size_kind_text(order->size.kind));
    put_number(out, order->size.amount);
    put_ruling(out, order);
    put_text(out, qb_order_type_text(order->type));
    put_text(out, qb_time_in_force_text(order->time_in_force));
    put_price(out, order->stop);
    put_text(out, qb_purpose_text(order->purpose));
    put_order_id(out, run, order->parent);
    put_text(out, strategy_of(run, order->owner));
    end(out, RUNLOG_ORDERS);
}

void runlog_event_fill(runlog_event *out, const runlog_run *run, const qb_fill *fill)
{
    const gint64 amounts[] = {fill->quantity.raw, fill->price.raw, fill->fee.raw};
    begin_with_id(out, run, RUNLOG_FILLS, fill->id);
    runlog_row_id(run->id, &runlog_tables[RUNLOG_ORDERS], fill->order_id, out->other);
    put_text(out, out->other);
    put_integer(out, fill->ts_us);
    put_text(out, run->symbols[fill->instrument]);
    put_amounts(out, amounts, G_N_ELEMENTS(amounts));
    put_integers(out, amounts, G_N_ELEMENTS(amounts));
    put_integer(out, fill->reference.raw);
    put_integer(out, fill->bar_ts_us);
    end(out, RUNLOG_FILLS);
}

static gint32 exit_date_of(const runlog_run *run, const qb_trade *trade)
{
    return run->calendar != NULL ? qb_calendar_date(run->calendar, trade->exit_us)
                                 : qb_date_from_us(trade->exit_us);
}

void runlog_event_trade(runlog_event *out, const runlog_run *run, guint64 number,
                        const qb_trade *trade, guint32 touched)
{
    const gint64 amounts[] = {trade->quantity.raw, trade->entry_price.raw, trade->exit_price.raw,
                              trade->profit.raw, trade->fees.raw};
    begin_with_id(out, run, RUNLOG_TRADES, number);
    put_text(out, run->symbols[trade->instrument]);
    put_text(out, trade->side == QB_BUY ? "long" : "short");
    put_integer(out, trade->entry_us);
    put_integer(out, trade->exit_us);
    put_amounts(out, amounts, G_N_ELEMENTS(amounts));
    put_number(out, trade->return_fraction);
    put_integer(out, (gint64)trade->bars);
    put_integers(out, amounts, G_N_ELEMENTS(amounts));
    put_text(out, strategy_of(run, trade->owner));
    put_text(out, qb_purpose_text(trade->entry));
    put_text(out, qb_purpose_text(trade->exit));
    put_text(out, qb_date_to_text(exit_date_of(run, trade), out->date));
    put_number(out, trade->adverse);
    put_number(out, trade->favourable);
    put_integer(out, touched);
    end(out, RUNLOG_TRADES);
}

void runlog_event_point(runlog_event *out, const runlog_run *run, guint64 number,
                        const runlog_point *point)
{
    begin_with_id(out, run, RUNLOG_EQUITY_POINTS, number);
    put_integer(out, point->ts_us);
    put_number(out, qb_raw_to_double(point->equity_e8));
    put_integer(out, point->equity_e8);
    end(out, RUNLOG_EQUITY_POINTS);
}

void runlog_event_decision(runlog_event *out, const runlog_run *run, guint64 number,
                           const qb_decision *decision)
{
    begin_with_number(out, run, number);
    put_text(out, run->symbols[decision->instrument]);
    put_integer(out, decision->first_us);
    put_integer(out, decision->last_us);
    put_integer(out, (gint64)decision->bars);
    put_number(out, decision->signal);
    put_text(out, qb_stage_text(decision->stage));
    put_text(out, qb_reason_text(decision->reason));
    put_order_id(out, run, decision->order_id);
    put_text(out, decision->filter);
    end(out, RUNLOG_DECISIONS);
}

void runlog_event_risk(runlog_event *out, const runlog_run *run, guint64 number,
                       const qb_risk_event *risk)
{
    begin_with_number(out, run, number);
    put_integer(out, risk->at_us);
    put_text(out, risk->instrument != UINT32_MAX ? run->symbols[risk->instrument] : NULL);
    put_order_id(out, run, risk->order_id);
    put_text(out, qb_risk_rule_text(risk->rule));
    put_text(out, qb_risk_action_text(risk->action));
    put_number(out, risk->limit);
    put_number(out, risk->value);
    put_integer(out, risk->asked.raw);
    put_integer(out, risk->allowed.raw);
    put_stamp_or_none(out, risk->until_us);
    put_integer(out, risk->flatten);
    put_text(out, risk->what);
    end(out, RUNLOG_RISK_EVENTS);
}

void runlog_event_position(runlog_event *out, const runlog_run *run, guint64 number,
                           const qb_position *position)
{
    const gint64 amounts[] = {position->quantity.raw, position->cost.raw, position->mark.raw};
    begin_with_number(out, run, number);
    put_text(out, run->symbols[number - 1]);
    put_amounts(out, amounts, G_N_ELEMENTS(amounts));
    put_integers(out, amounts, G_N_ELEMENTS(amounts));
    end(out, RUNLOG_POSITIONS);
}

void runlog_event_metric(runlog_event *out, const runlog_run *run, guint64 number, gint64 ts_us,
                         const char *name, double value)
{
    begin_with_id(out, run, RUNLOG_METRICS, number);
    put_integer(out, ts_us);
    put_text(out, name);
    put_number(out, value);
    end(out, RUNLOG_METRICS);
}

void runlog_event_log(runlog_event *out, const runlog_run *run, guint64 number, gint64 ts_us,
                      const char *level, const char *message, const char *meta)
{
    begin_with_id(out, run, RUNLOG_ERROR_LOGS, number);
    put_integer(out, ts_us);
    put_text(out, level);
    put_text(out, message);
    put_text(out, meta);
    end(out, RUNLOG_ERROR_LOGS);
}
