/* What others ask of the run log. Rows of the earlier bot have no exact amounts and no counts:
 * amounts are then rounded from the numbers beside them, counts are counted. */
#include "runlog/queries.h"
#include "runlog/runlog-private.h"

#include <math.h>
#include <string.h>

#define PREFIX_MINIMUM 4
#define PREFIX_SHOWN 5 /* runs named when a prefix fits several */

/* ---- rows ----------------------------------------------------------------------------------- */

static char *column_text(const cursor *row, int column)
{
    return g_strdup(cursor_text(row, column));
}

/* The exact column, else the rounded number in the next one; 0 for what neither can give. */
static gint64 column_amount(const cursor *row, int column)
{
    int64_t raw = 0;
    if (!cursor_is_none(row, column))
        return cursor_integer(row, column);
    if (qb_raw_from_double(cursor_number(row, column + 1), &raw) != QB_OK)
        return 0;
    return raw;
}

static void column_symbol(const cursor *row, int column, char out[QB_SYMBOL_SIZE])
{
    const char *text = cursor_text(row, column);
    g_strlcpy(out, text != NULL ? text : "", QB_SYMBOL_SIZE);
}

/* How many at most, where 0 means all. */
static value value_limit(guint limit)
{
    return value_integer(limit > 0 ? (gint64)limit : G_MAXINT64);
}

/* ---- runs ----------------------------------------------------------------------------------- */

static runlog_summary *summary_of(const cursor *row)
{
    runlog_summary *run = g_new0(runlog_summary, 1);
    run->id = column_text(row, 0);
    run->mode = column_text(row, 1);
    run->universe = column_text(row, 2);
    run->params = column_text(row, 3);
    run->kpis = column_text(row, 4);
    run->state_hash = column_text(row, 5);
    run->started_us = cursor_stamp(row, 6);
    run->ended_us = cursor_stamp(row, 7);
    run->orders = cursor_integer(row, 8);
    run->fills = cursor_integer(row, 9);
    run->trades = cursor_integer(row, 10);
    run->equity_points = cursor_integer(row, 11);
    return run;
}

void runlog_summary_free(runlog_summary *self)
{
    if (self == NULL)
        return;
    g_free(self->id);
    g_free(self->mode);
    g_free(self->universe);
    g_free(self->params);
    g_free(self->kpis);
    g_free(self->state_hash);
    g_free(self);
}

static void free_summary(void *run)
{
    runlog_summary_free(run);
}

static GPtrArray *collect_runs(cursor *answer, GError **error)
{
    g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func(free_summary);
    gboolean row = FALSE;
    while (cursor_next(answer, &row, error)) {
        if (!row)
            return g_steal_pointer(&runs);
        g_ptr_array_add(runs, summary_of(answer));
    }
    return NULL;
}

GPtrArray *runlog_list(runlog *self, const char *mode, guint limit, GError **error)
{
    const value values[] = {value_text(mode), value_limit(limit)};
    g_autoptr(cursor) answer = cursor_open(self, &queries.runs, values, 2, error);
    return answer != NULL ? collect_runs(answer, error) : NULL;
}

static void fail_several(const GPtrArray *runs, const char *quoted, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < MIN(runs->len, PREFIX_SHOWN); i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               ((const runlog_summary *)runs->pdata[i])->id);
    g_set_error(error, FAILURE, FAILURE_USAGE, "run %s fits several (%s%s): give more of the id",
                quoted, names->str, runs->len > PREFIX_SHOWN ? ", ..." : "");
}

static GPtrArray *runs_with_prefix(runlog *self, const char *prefix, GError **error)
{
    /* A range, so that the primary key serves it and no character of the prefix is special: up to
     * the last code point there is. */
    g_autofree char *last = g_strconcat(prefix, "\xf4\x8f\xbf\xbf", NULL);
    const value values[] = {value_text(prefix), value_text(last), value_integer(PREFIX_SHOWN + 1)};
    g_autoptr(cursor) answer = cursor_open(self, &queries.runs_with_prefix, values, 3, error);
    return answer != NULL ? collect_runs(answer, error) : NULL;
}

static runlog_summary *take_first(GPtrArray *runs)
{
    return g_ptr_array_steal_index(runs, 0);
}

static runlog_summary *find_last(runlog *self, GError **error)
{
    g_autoptr(GPtrArray) runs = runlog_list(self, NULL, 1, error);
    if (runs == NULL)
        return NULL;
    if (runs->len == 0) {
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "no run is logged yet (quantbot backtest --help shows how)");
        return NULL;
    }
    return take_first(runs);
}

runlog_summary *runlog_find(runlog *self, const char *id, GError **error)
{
    if (strcmp(id, "last") == 0)
        return find_last(self, error);
    g_autofree char *quoted = failure_quote(id, -1);
    if (strlen(id) < PREFIX_MINIMUM) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "run %s: at least %d characters of the id are needed, or last", quoted,
                    PREFIX_MINIMUM);
        return NULL;
    }
    g_autoptr(GPtrArray) runs = runs_with_prefix(self, id, error);
    if (runs == NULL)
        return NULL;
    if (runs->len == 0) {
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "run %s: no such run (quantbot runs list shows them)", quoted);
        return NULL;
    }
    if (runs->len > 1 && strcmp(((const runlog_summary *)runs->pdata[0])->id, id) != 0) {
        fail_several(runs, quoted, error);
        return NULL;
    }
    return take_first(runs);
}

/* ---- rows of a run -------------------------------------------------------------------------- */

GArray *runlog_equity(runlog *self, const char *run_id, GError **error)
{
    const value run = value_text(run_id);
    g_autoptr(cursor) answer = cursor_open(self, &queries.equity, &run, 1, error);
    if (answer == NULL)
        return NULL;
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(runlog_point));
    gboolean row = FALSE;
    while (cursor_next(answer, &row, error)) {
        if (!row)
            return g_steal_pointer(&points);
        const runlog_point point = {cursor_stamp(answer, 0), column_amount(answer, 1)};
        g_array_append_val(points, point);
    }
    return NULL;
}

static gint32 column_date(const cursor *row, int column)
{
    const char *text = cursor_text(row, column);
    int64_t day_us = 0;
    if (text == NULL || qb_time_from_text(text, strlen(text), &day_us) != QB_OK)
        return INT32_MIN;
    return qb_date_from_us(day_us);
}

static runlog_trade trade_of(const cursor *row)
{
    runlog_trade trade = {
        .is_short = g_strcmp0(cursor_text(row, 1), "short") == 0,
        .entry_us = cursor_stamp(row, 2),
        .exit_us = cursor_stamp(row, 3),
        .qty_e8 = cursor_integer(row, 4),
        .entry_price_e8 = cursor_integer(row, 5),
        .exit_price_e8 = cursor_integer(row, 6),
        .profit_e8 = cursor_integer(row, 7),
        .fees_e8 = cursor_integer(row, 8),
        .return_fraction = cursor_is_none(row, 9) ? 0 : cursor_number(row, 9),
        .bars = cursor_integer(row, 10),
        .exit_date = column_date(row, 14),
        .adverse = cursor_number(row, 15),
        .favourable = cursor_number(row, 16),
        .touched = (guint32)cursor_integer(row, 17),
    };
    column_symbol(row, 0, trade.symbol);
    name_of(row, 11, trade.strategy);
    name_of(row, 12, trade.entry_reason);
    name_of(row, 13, trade.exit_reason);
    return trade;
}

GArray *runlog_trades(runlog *self, const char *run_id, guint limit, GError **error)
{
    gint64 version = 0;
    if (!schema_version_get(self, &version, error))
        return NULL;
    const gboolean early = version < QUERIES_TRADES_LATER_SINCE;
    const question *last = early ? &queries.trades_early : &queries.trades;
    const question *all = early ? &queries.all_trades_early : &queries.all_trades;
    g_autofree char *first = g_strconcat(run_id, ":t:", NULL);
    g_autofree char *beyond = g_strconcat(run_id, ":t;", NULL);
    const value values[] = {value_text(run_id), value_text(first), value_text(beyond),
                            value_limit(limit)};
    g_autoptr(cursor)
        answer = cursor_open(self, limit > 0 ? last : all, values, limit > 0 ? 4 : 3, error);
    if (answer == NULL)
        return NULL;
    g_autoptr(GArray) trades = g_array_new(FALSE, FALSE, sizeof(runlog_trade));
    gboolean row = FALSE;
    while (cursor_next(answer, &row, error)) {
        if (!row)
            return g_steal_pointer(&trades);
        const runlog_trade trade = trade_of(answer);
        g_array_append_val(trades, trade);
    }
    return NULL;
}

gboolean runlog_result_get(runlog *self, const char *run_id, char **out, GError **error)
{
    gint64 version = 0;
    gboolean row = FALSE;
    const value run = value_text(run_id);
    if (!schema_version_get(self, &version, error))
        return FALSE;
    *out = NULL;
    if (version < QUERIES_TRADES_LATER_SINCE)
        return TRUE;
    g_autoptr(cursor) answer = cursor_open(self, &queries.run_result, &run, 1, error);
    if (answer == NULL || !cursor_next(answer, &row, error))
        return FALSE;
    *out = row ? column_text(answer, 0) : NULL;
    return TRUE;
}

GArray *runlog_positions(runlog *self, const char *run_id, GError **error)
{
    const value run = value_text(run_id);
    g_autoptr(cursor) answer = cursor_open(self, &queries.positions, &run, 1, error);
    if (answer == NULL)
        return NULL;
    g_autoptr(GArray) positions = g_array_new(FALSE, FALSE, sizeof(runlog_position));
    gboolean row = FALSE;
    while (cursor_next(answer, &row, error)) {
        if (!row)
            return g_steal_pointer(&positions);
        runlog_position position = {.qty_e8 = cursor_integer(answer, 1),
                                    .cost_e8 = cursor_integer(answer, 2),
                                    .mark_e8 = cursor_integer(answer, 3)};
        column_symbol(answer, 0, position.symbol);
        g_array_append_val(positions, position);
    }
    return NULL;
}

static void clear_risk(void *row)
{
    runlog_risk *risk = row;
    g_free(risk->order_id);
    g_free(risk->rule);
    g_free(risk->action);
    g_free(risk->what);
}

static runlog_risk risk_of(const cursor *row)
{
    runlog_risk risk = {
        .ts_us = cursor_stamp(row, 0),
        .order_id = column_text(row, 2),
        .rule = column_text(row, 3),
        .action = column_text(row, 4),
        .limit = cursor_number(row, 5),
        .value = cursor_number(row, 6),
        .asked_e8 = cursor_integer(row, 7),
        .allowed_e8 = cursor_integer(row, 8),
        .until_us = cursor_stamp(row, 9),
        .flatten = cursor_integer(row, 10) != 0,
        .what = column_text(row, 11),
    };
    column_symbol(row, 1, risk.symbol);
    return risk;
}

GArray *runlog_risks(runlog *self, const char *run_id, guint limit, GError **error)
{
    gboolean present = FALSE, row = FALSE;
    if (!backend_has_table(self, "risk_events", &present, error))
        return NULL;
    g_autoptr(GArray) risks = g_array_new(FALSE, FALSE, sizeof(runlog_risk));
    g_array_set_clear_func(risks, clear_risk);
    if (!present)
        return g_steal_pointer(&risks);
    const value values[] = {value_text(run_id), value_limit(limit)};
    g_autoptr(cursor) answer = cursor_open(self, &queries.risks, values, 2, error);
    if (answer == NULL)
        return NULL;
    while (cursor_next(answer, &row, error)) {
        if (!row)
            return g_steal_pointer(&risks);
        const runlog_risk risk = risk_of(answer);
        g_array_append_val(risks, risk);
    }
    return NULL;
}

/* ---- the file ------------------------------------------------------------------------------- */

static gboolean read_status(runlog *self, runlog_status *status, GError **error)
{
    gint64 version = 0;
    for (gsize i = 0; i < RUNLOG_TABLE_COUNT; i++) {
        runlog_row row = {runlog_tables[i].name, 0};
        gboolean present = FALSE; /* a reader may meet an older log */
        if (!backend_has_table(self, row.table, &present, error) ||
            (present && !cursor_ask(self, &queries.count[i], NULL, 0, &row.count, error)))
            return FALSE;
        g_array_append_val(status->tables, row);
    }
    if (!schema_version_get(self, &version, error))
        return FALSE;
    status->schema_version = (int)version;
    if (!self->backend->size(self, &status->bytes, error))
        return FALSE;
    g_autoptr(GPtrArray) runs = runlog_list(self, NULL, 1, error);
    if (runs == NULL)
        return FALSE;
    if (runs->len > 0)
        status->last_run = g_strdup(((const runlog_summary *)runs->pdata[0])->id);
    return TRUE;
}

gboolean runlog_status_get(runlog *self, runlog_status *out, GError **error)
{
    runlog_status status = {.path = g_strdup(self->path)};
    status.tables = g_array_new(FALSE, FALSE, sizeof(runlog_row));
    if (!read_status(self, &status, error)) {
        runlog_status_clear(&status);
        return FALSE;
    }
    *out = status;
    return TRUE;
}

void runlog_status_clear(runlog_status *status)
{
    g_clear_pointer(&status->path, g_free);
    g_clear_pointer(&status->last_run, g_free);
    g_clear_pointer(&status->tables, g_array_unref);
}
