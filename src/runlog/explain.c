/* What was decided about one instrument at one moment, and what became of it. */
#include "runlog/queries.h"
#include "runlog/runlog-private.h"

#include <math.h>
#include <string.h>

/* How many rows of one instant are looked at. */
#define ROWS_LIMIT 64

/* ---- decisions ------------------------------------------------------------------------------ */

static void clear_decision(void *row)
{
    runlog_decision *decision = row;
    g_free(decision->order_id);
    g_free(decision->filter);
}

static runlog_decision decision_of(const cursor *row)
{
    runlog_decision decision = {
        .number = cursor_integer(row, 0),
        .first_us = cursor_stamp(row, 1),
        .last_us = cursor_stamp(row, 2),
        .bars = cursor_integer(row, 3),
        .signal = cursor_number(row, 4),
        .order_id = g_strdup(cursor_text(row, 7)),
        .filter = g_strdup(cursor_text(row, 8)),
    };
    name_of(row, 5, decision.stage);
    name_of(row, 6, decision.reason);
    return decision;
}

/* Newest first: the one in force, and those of the same instant before it. */
static gboolean read_decisions(runlog *self, const question *question, const value *values,
                               gint64 at_us, GArray *out, gint64 *out_at_us, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(cursor) answer = cursor_open(self, question, values, 4, error);
    if (answer == NULL)
        return FALSE;
    while (cursor_next(answer, &row, error)) {
        if (!row)
            return TRUE;
        runlog_decision decision = decision_of(answer);
        if (out->len == 0)
            *out_at_us = MIN(at_us, decision.last_us);
        if (decision.first_us <= *out_at_us && decision.last_us >= *out_at_us)
            g_array_append_val(out, decision);
        else
            clear_decision(&decision);
    }
    return FALSE;
}

static void reverse(GArray *array)
{
    for (guint i = 0; i + 1 < array->len - i; i++) {
        runlog_decision *a = &g_array_index(array, runlog_decision, i);
        runlog_decision *b = &g_array_index(array, runlog_decision, array->len - 1 - i);
        const runlog_decision kept = *a;
        *a = *b;
        *b = kept;
    }
}

/* Stretches do not keep each of their bars, but equity has a point at every instant with a bar. */
static gboolean last_instant(runlog *self, const char *run_id, gint64 at_us, gint64 *out,
                             GError **error)
{
    gboolean row = FALSE;
    const value values[] = {value_text(run_id), value_stamp(at_us)};
    g_autoptr(cursor) answer = cursor_open(self, &queries.last_point, values, 2, error);
    if (answer == NULL || !cursor_next(answer, &row, error))
        return FALSE;
    *out = row && !cursor_is_none(answer, 0) ? cursor_stamp(answer, 0) : at_us;
    return TRUE;
}

GArray *runlog_decisions_at(runlog *self, const char *run_id, const char *symbol, gint64 at_us,
                            gint64 *out_at_us, GError **error)
{
    gint64 version = 0;
    if (!schema_version_get(self, &version, error) ||
        !last_instant(self, run_id, at_us, &at_us, error))
        return NULL;
    const value values[] = {value_text(run_id), value_text(symbol), value_stamp(at_us),
                            value_integer(ROWS_LIMIT)};
    g_autoptr(GArray) decisions = g_array_new(FALSE, FALSE, sizeof(runlog_decision));
    g_array_set_clear_func(decisions, clear_decision);
    if (!read_decisions(self,
                        version >= QUERIES_EXPLAIN_SINCE ? &queries.decisions_at
                                                         : &queries.decisions_at_early,
                        values, at_us, decisions, out_at_us, error))
        return NULL;
    if (decisions->len > 1)
        reverse(decisions);
    return g_steal_pointer(&decisions);
}

/* ---- orders and fills ----------------------------------------------------------------------- */

static void clear_order(void *row)
{
    runlog_order *order = row;
    g_free(order->id);
    g_free(order->parent);
}

static runlog_order order_of(const cursor *row)
{
    runlog_order order = {
        .id = g_strdup(cursor_text(row, 0)),
        .ts_us = cursor_stamp(row, 1),
        .final_us = cursor_stamp(row, 2),
        .is_sell = g_strcmp0(cursor_text(row, 3), "sell") == 0,
        .qty_e8 = cursor_integer(row, 4),
        .filled_e8 = cursor_integer(row, 5),
        .limit_e8 = cursor_integer(row, 6),
        .reduce_only = cursor_integer(row, 9) != 0,
        .size_amount = cursor_number(row, 11),
        .risk_limit = cursor_number(row, 13),
        .risk_value = cursor_number(row, 14),
        .stop_e8 = cursor_integer(row, 17),
        .parent = g_strdup(cursor_text(row, 19)),
    };
    name_of(row, 7, order.status);
    name_of(row, 8, order.reason);
    name_of(row, 10, order.size_kind);
    name_of(row, 12, order.risk_rule);
    name_of(row, 15, order.type);
    name_of(row, 16, order.tif);
    name_of(row, 18, order.purpose);
    name_of(row, 20, order.strategy);
    return order;
}

GArray *runlog_orders_at(runlog *self, const char *run_id, const char *symbol, gint64 at_us,
                         GError **error)
{
    gint64 version = 0;
    gboolean row = FALSE;
    if (!schema_version_get(self, &version, error))
        return NULL;
    const value values[] = {value_text(run_id), value_text(symbol), value_stamp(at_us),
                            value_integer(ROWS_LIMIT)};
    g_autoptr(GArray) orders = g_array_new(FALSE, FALSE, sizeof(runlog_order));
    g_array_set_clear_func(orders, clear_order);
    g_autoptr(cursor) answer = cursor_open(
        self, version >= QUERIES_EXPLAIN_SINCE ? &queries.orders_at : &queries.orders_at_early,
        values, 4, error);
    if (answer == NULL)
        return NULL;
    while (cursor_next(answer, &row, error)) {
        if (!row)
            return g_steal_pointer(&orders);
        const runlog_order order = order_of(answer);
        g_array_append_val(orders, order);
    }
    return NULL;
}

GArray *runlog_fills_of(runlog *self, const char *run_id, const char *order_id, GError **error)
{
    gboolean row = FALSE;
    const value values[] = {value_text(run_id), value_text(order_id), value_integer(ROWS_LIMIT)};
    g_autoptr(GArray) fills = g_array_new(FALSE, FALSE, sizeof(runlog_fill));
    g_autoptr(cursor) answer = cursor_open(self, &queries.fills_of_order, values, 3, error);
    if (answer == NULL)
        return NULL;
    while (cursor_next(answer, &row, error)) {
        if (!row)
            return g_steal_pointer(&fills);
        const runlog_fill fill = {
            .ts_us = cursor_stamp(answer, 0),
            .qty_e8 = cursor_integer(answer, 1),
            .price_e8 = cursor_integer(answer, 2),
            .fee_e8 = cursor_integer(answer, 3),
            .reference_e8 = cursor_integer(answer, 4),
        };
        g_array_append_val(fills, fill);
    }
    return NULL;
}
