/* The engine's events as rows. */
#include "runlog/writer.h"

#include <math.h>

static void put_id(rows *row, const row_id *id)
{
    rows_text_sized(row, id->text, (gsize)id->size);
}

static void put_amount(rows *row, gint64 raw)
{
    rows_number(row, qb_raw_to_double(raw));
}

static const char *side_text(qb_side side)
{
    return side == QB_BUY ? "buy" : "sell";
}

static const char *size_kind_text(qb_size_kind kind)
{
    return kind == QB_SIZE_UNITS ? "units" : kind == QB_SIZE_CASH ? "cash" : "weight";
}

static void put_order_or_null(rows *self, row_id *id, guint64 order)
{
    row_id_set(id, order);
    if (order != 0)
        put_id(self, id);
    else
        rows_none(self);
}

/* A limit or a stop; orders without one have none. */
static void put_price(rows *self, qb_price price, gboolean as_number)
{
    if (price.raw == 0)
        rows_none(self);
    else if (as_number)
        put_amount(self, price.raw);
    else
        rows_integer(self, price.raw);
}

static const char *name_of(const runlog_writer *self, guint32 owner)
{
    return owner < self->strategy_count ? self->strategies[owner] : NULL;
}

/* Which rule refused or cut an order; NULL where none did. */
static void put_risk(rows *self, const qb_order *order)
{
    const gboolean ruled = order->risk_rule != QB_RISK_NONE;
    rows_text(self, ruled ? qb_risk_rule_text((qb_risk_rule)order->risk_rule) : NULL);
    rows_number(self, ruled ? order->risk_limit : NAN);
    rows_number(self, ruled ? order->risk_value : NAN);
}

gboolean put_orders(runlog_writer *self, rows *row, GError **error)
{
    row_id id, parent;
    row_id_init(&id, self->id, 'o');
    row_id_init(&parent, self->id, 'o');
    for (guint i = 0; i < self->orders->len; i++) {
        const qb_order *order = &g_array_index(self->orders, qb_order, i);
        row_id_set(&id, order->id);
        rows_text(row, self->id);
        put_id(row, &id);
        rows_stamp(row, order->submitted_us);
        rows_text(row, self->symbols[order->instrument]);
        rows_text(row, side_text(order->side));
        put_amount(row, order->quantity.raw);
        put_price(row, order->limit, TRUE);
        rows_text(row, qb_order_status_text(order->status));
        rows_integer(row, order->quantity.raw);
        put_price(row, order->limit, FALSE);
        rows_integer(row, order->filled.raw);
        rows_text(row, qb_reason_text(order->reason));
        rows_stamp_or_none(row, order->final_us);
        rows_integer(row, order->reduce_only);
        rows_text(row, size_kind_text(order->size.kind));
        rows_number(row, order->size.amount);
        put_risk(row, order);
        rows_text(row, qb_order_type_text(order->type));
        rows_text(row, qb_time_in_force_text(order->time_in_force));
        put_price(row, order->stop, FALSE);
        rows_text(row, qb_purpose_text(order->purpose));
        put_order_or_null(row, &parent, order->parent);
        rows_text(row, name_of(self, order->owner));
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

gboolean put_fills(runlog_writer *self, rows *row, GError **error)
{
    row_id id, order_id;
    row_id_init(&id, self->id, 'f');
    row_id_init(&order_id, self->id, 'o');
    for (guint i = 0; i < self->fills->len; i++) {
        const qb_fill *fill = &g_array_index(self->fills, qb_fill, i);
        row_id_set(&id, fill->id);
        row_id_set(&order_id, fill->order_id);
        rows_text(row, self->id);
        put_id(row, &id);
        put_id(row, &order_id);
        rows_stamp(row, fill->ts_us);
        rows_text(row, self->symbols[fill->instrument]);
        put_amount(row, fill->quantity.raw);
        put_amount(row, fill->price.raw);
        put_amount(row, fill->fee.raw);
        rows_integer(row, fill->quantity.raw);
        rows_integer(row, fill->price.raw);
        rows_integer(row, fill->fee.raw);
        rows_integer(row, fill->reference.raw);
        rows_stamp(row, fill->bar_ts_us);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

gboolean put_points(runlog_writer *self, rows *row, GError **error)
{
    row_id id;
    row_id_init(&id, self->id, 'e');
    for (guint i = 0; i < self->points->len; i++) {
        const runlog_point *point = &g_array_index(self->points, runlog_point, i);
        row_id_set(&id, i + 1);
        rows_text(row, self->id);
        put_id(row, &id);
        rows_stamp(row, point->ts_us);
        put_amount(row, point->equity_e8);
        rows_integer(row, point->equity_e8);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

static gint32 exit_date_of(const runlog_writer *self, const qb_trade *trade)
{
    return self->calendar != NULL ? qb_calendar_date(self->calendar, trade->exit_us)
                                  : qb_date_from_us(trade->exit_us);
}

gboolean put_trades(runlog_writer *self, rows *row, GError **error)
{
    row_id id;
    char date[QB_TIME_TEXT];
    row_id_init(&id, self->id, 't');
    for (guint i = 0; i < self->trades->len; i++) {
        const qb_trade *trade = &g_array_index(self->trades, qb_trade, i);
        const gint64 amounts[] = {trade->quantity.raw, trade->entry_price.raw,
                                  trade->exit_price.raw, trade->profit.raw, trade->fees.raw};
        row_id_set(&id, i + 1);
        rows_text(row, self->id);
        put_id(row, &id);
        rows_text(row, self->symbols[trade->instrument]);
        rows_text(row, trade->side == QB_BUY ? "long" : "short");
        rows_stamp(row, trade->entry_us);
        rows_stamp(row, trade->exit_us);
        for (gsize k = 0; k < G_N_ELEMENTS(amounts); k++)
            put_amount(row, amounts[k]);
        rows_number(row, trade->return_fraction);
        rows_integer(row, (gint64)trade->bars);
        for (gsize k = 0; k < G_N_ELEMENTS(amounts); k++)
            rows_integer(row, amounts[k]);
        rows_text(row, name_of(self, trade->owner));
        rows_text(row, qb_purpose_text(trade->entry));
        rows_text(row, qb_purpose_text(trade->exit));
        rows_text(row, qb_date_to_text(exit_date_of(self, trade), date));
        rows_number(row, trade->adverse);
        rows_number(row, trade->favourable);
        rows_integer(row, g_array_index(self->touches, guint32, i));
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

gboolean put_decisions(runlog_writer *self, rows *row, GError **error)
{
    row_id order_id;
    row_id_init(&order_id, self->id, 'o');
    for (guint i = 0; i < self->decisions->len; i++) {
        const qb_decision *decision = &g_array_index(self->decisions, qb_decision, i);
        rows_text(row, self->id);
        rows_integer(row, i + 1);
        rows_text(row, self->symbols[decision->instrument]);
        rows_stamp(row, decision->first_us);
        rows_stamp(row, decision->last_us);
        rows_integer(row, (gint64)decision->bars);
        rows_number(row, decision->signal);
        rows_text(row, qb_stage_text(decision->stage));
        rows_text(row, qb_reason_text(decision->reason));
        put_order_or_null(row, &order_id, decision->order_id);
        rows_text(row, decision->filter);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

gboolean put_risks(runlog_writer *self, rows *row, GError **error)
{
    row_id order_id;
    row_id_init(&order_id, self->id, 'o');
    for (guint i = 0; i < self->risks->len; i++) {
        const qb_risk_event *event = &g_array_index(self->risks, qb_risk_event, i);
        rows_text(row, self->id);
        rows_integer(row, i + 1);
        rows_stamp(row, event->at_us);
        rows_text(row, event->instrument != UINT32_MAX ? self->symbols[event->instrument] : NULL);
        put_order_or_null(row, &order_id, event->order_id);
        rows_text(row, qb_risk_rule_text(event->rule));
        rows_text(row, qb_risk_action_text(event->action));
        rows_number(row, event->limit);
        rows_number(row, event->value);
        rows_integer(row, event->asked.raw);
        rows_integer(row, event->allowed.raw);
        rows_stamp_or_none(row, event->until_us);
        rows_integer(row, event->flatten);
        rows_text(row, event->what);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

gboolean put_positions(runlog_writer *self, rows *row, GError **error)
{
    for (guint i = 0; self->positions != NULL && i < self->positions->len; i++) {
        const qb_position *position = &g_array_index(self->positions, qb_position, i);
        const gint64 amounts[] = {position->quantity.raw, position->cost.raw, position->mark.raw};
        rows_text(row, self->id);
        rows_integer(row, i + 1);
        rows_text(row, self->symbols[i]);
        for (gsize k = 0; k < G_N_ELEMENTS(amounts); k++)
            put_amount(row, amounts[k]);
        for (gsize k = 0; k < G_N_ELEMENTS(amounts); k++)
            rows_integer(row, amounts[k]);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

gboolean put_metrics(runlog_writer *self, rows *row, GError **error)
{
    row_id id;
    row_id_init(&id, self->id, 'm');
    for (guint i = 0; i < self->metrics->len; i++) {
        const metric_row *metric = &g_array_index(self->metrics, metric_row, i);
        row_id_set(&id, i + 1);
        rows_text(row, self->id);
        put_id(row, &id);
        rows_stamp(row, metric->ts_us);
        rows_text(row, metric->name);
        rows_number(row, metric->value);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

gboolean put_logs(runlog_writer *self, rows *row, GError **error)
{
    row_id id;
    row_id_init(&id, self->id, 'l');
    for (guint i = 0; i < self->logs->len; i++) {
        const log_row *log = &g_array_index(self->logs, log_row, i);
        row_id_set(&id, i + 1);
        rows_text(row, self->id);
        put_id(row, &id);
        rows_stamp(row, log->ts_us);
        rows_text(row, log->level);
        rows_text(row, log->message);
        rows_text(row, log->meta);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}
