/* What others ask of the run log. Rows of the earlier bot have no exact amounts and no counts:
 * amounts are then rounded from the numbers beside them, counts are counted. */
#include "runlog/runlog-private.h"

#include <math.h>
#include <string.h>

#define PREFIX_MINIMUM 4
#define PREFIX_SHOWN 5 /* runs named when a prefix fits several */

/* ---- rows ----------------------------------------------------------------------------------- */

static char *column_text(sqlite3_stmt *row, int column)
{
    return g_strdup((const char *)sqlite3_column_text(row, column));
}

static gint64 column_stamp(sqlite3_stmt *row, int column)
{
    return stamp_read((const char *)sqlite3_column_text(row, column));
}

/* The exact column, else the rounded number in the next one; 0 for what neither can give. */
static gint64 column_amount(sqlite3_stmt *row, int column)
{
    int64_t raw = 0;
    if (sqlite3_column_type(row, column) != SQLITE_NULL)
        return sqlite3_column_int64(row, column);
    if (qb_raw_from_double(sqlite3_column_double(row, column + 1), &raw) != QB_OK)
        return 0;
    return raw;
}

static void column_symbol(sqlite3_stmt *row, int column, char out[QB_SYMBOL_SIZE])
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    g_strlcpy(out, text != NULL ? text : "", QB_SYMBOL_SIZE);
}

static gboolean bind_text(runlog *self, sqlite3_stmt *statement, int index, const char *text,
                          GError **error)
{
    if (sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC) != SQLITE_OK)
        return database_fail(self, "query", error);
    return TRUE;
}

/* ---- runs ----------------------------------------------------------------------------------- */

#define RUN_COLUMNS                                                                       \
    "SELECT id, mode, universe, params, kpis, state_hash, started_at, ended_at,"          \
    " coalesce(order_count, (SELECT count(*) FROM orders WHERE run_id = runs.id)),"       \
    " coalesce(fill_count, (SELECT count(*) FROM fills WHERE run_id = runs.id)),"         \
    " coalesce(trade_count, (SELECT count(*) FROM trades WHERE run_id = runs.id)),"       \
    " coalesce(point_count, (SELECT count(*) FROM equity_points WHERE run_id = runs.id))" \
    " FROM runs"

static runlog_summary *summary_of(sqlite3_stmt *row)
{
    runlog_summary *run = g_new0(runlog_summary, 1);
    run->id = column_text(row, 0);
    run->mode = column_text(row, 1);
    run->universe = column_text(row, 2);
    run->params = column_text(row, 3);
    run->kpis = column_text(row, 4);
    run->state_hash = column_text(row, 5);
    run->started_us = column_stamp(row, 6);
    run->ended_us = column_stamp(row, 7);
    run->orders = sqlite3_column_int64(row, 8);
    run->fills = sqlite3_column_int64(row, 9);
    run->trades = sqlite3_column_int64(row, 10);
    run->equity_points = sqlite3_column_int64(row, 11);
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

static GPtrArray *collect_runs(runlog *self, sqlite3_stmt *statement, GError **error)
{
    g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func(free_summary);
    gboolean row = FALSE;
    while (database_step(self, statement, "runs", &row, error)) {
        if (!row)
            return g_steal_pointer(&runs);
        g_ptr_array_add(runs, summary_of(statement));
    }
    return NULL;
}

GPtrArray *runlog_list(runlog *self, const char *mode, guint limit, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = database_prepare(
        self,
        RUN_COLUMNS " WHERE ?1 IS NULL OR mode = ?1 ORDER BY started_at DESC, id DESC LIMIT ?2",
        error);
    if (statement == NULL || !bind_text(self, statement, 1, mode, error))
        return NULL;
    if (sqlite3_bind_int64(statement, 2, limit > 0 ? (gint64)limit : -1) != SQLITE_OK) {
        database_fail(self, "runs", error);
        return NULL;
    }
    return collect_runs(self, statement, error);
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
    /* A range, so that the primary key serves it and no character of the prefix is special. */
    g_autoptr(sqlite3_stmt)
        statement = database_prepare(self,
                                     RUN_COLUMNS " WHERE id >= ?1 AND id <= ?1 || char(1114111)"
                                                 " ORDER BY id = ?1 DESC, started_at DESC LIMIT 6",
                                     error);
    if (statement == NULL || !bind_text(self, statement, 1, prefix, error))
        return NULL;
    return collect_runs(self, statement, error);
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
    g_autoptr(sqlite3_stmt) statement = database_prepare(
        self, "SELECT ts, equity_e8, equity FROM equity_points WHERE run_id = ?1 ORDER BY ts",
        error);
    if (statement == NULL || !bind_text(self, statement, 1, run_id, error))
        return NULL;
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(runlog_point));
    gboolean row = FALSE;
    while (database_step(self, statement, "equity_points", &row, error)) {
        if (!row)
            return g_steal_pointer(&points);
        const runlog_point point = {column_stamp(statement, 0), column_amount(statement, 1)};
        g_array_append_val(points, point);
    }
    return NULL;
}

static double column_number(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) != SQLITE_NULL ? sqlite3_column_double(row, column)
                                                           : NAN;
}

/* A text of ours that is kept in place; NULL is empty. */
static void column_name(sqlite3_stmt *row, int column, char out[RUNLOG_NAME_SIZE])
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    g_strlcpy(out, text != NULL ? text : "", RUNLOG_NAME_SIZE);
}

static gint32 column_date(sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    int64_t day_us = 0;
    if (text == NULL || qb_time_from_text(text, strlen(text), &day_us) != QB_OK)
        return INT32_MIN;
    return qb_date_from_us(day_us);
}

static runlog_trade trade_of(sqlite3_stmt *row)
{
    runlog_trade trade = {
        .is_short = g_strcmp0((const char *)sqlite3_column_text(row, 1), "short") == 0,
        .entry_us = column_stamp(row, 2),
        .exit_us = column_stamp(row, 3),
        .qty_e8 = sqlite3_column_int64(row, 4),
        .entry_price_e8 = sqlite3_column_int64(row, 5),
        .exit_price_e8 = sqlite3_column_int64(row, 6),
        .profit_e8 = sqlite3_column_int64(row, 7),
        .fees_e8 = sqlite3_column_int64(row, 8),
        .return_fraction = sqlite3_column_double(row, 9),
        .bars = sqlite3_column_int64(row, 10),
        .exit_date = column_date(row, 14),
        .adverse = column_number(row, 15),
        .favourable = column_number(row, 16),
        .touched = (guint32)sqlite3_column_int64(row, 17),
    };
    column_symbol(row, 0, trade.symbol);
    column_name(row, 11, trade.strategy);
    column_name(row, 12, trade.entry_reason);
    column_name(row, 13, trade.exit_reason);
    return trade;
}

/* Trades had fewer columns before version 3. */
#define TRADES_LATER_SINCE 3
#define TRADES(later)                                                                      \
    "SELECT * FROM (SELECT symbol, side, entry_ts, exit_ts, qty_e8, entry_price_e8,"       \
    " exit_price_e8, profit_e8, fees_e8, return_fraction, bars, " later ", id FROM trades" \
    " WHERE run_id = ?1 ORDER BY id DESC LIMIT ?2) ORDER BY id"
static const char trades_now[] =
    TRADES("strategy, entry_reason, exit_reason, exit_date, adverse, favourable, touched");
static const char trades_before[] = TRADES("NULL, NULL, NULL, NULL, NULL, NULL, NULL");

GArray *runlog_trades(runlog *self, const char *run_id, guint limit, GError **error)
{
    gint64 version = 0;
    if (!schema_version_get(self, &version, error))
        return NULL;
    g_autoptr(sqlite3_stmt) statement =
        database_prepare(self, version >= TRADES_LATER_SINCE ? trades_now : trades_before, error);
    if (statement == NULL || !bind_text(self, statement, 1, run_id, error))
        return NULL;
    if (sqlite3_bind_int64(statement, 2, limit > 0 ? (gint64)limit : -1) != SQLITE_OK) {
        database_fail(self, "trades", error);
        return NULL;
    }
    g_autoptr(GArray) trades = g_array_new(FALSE, FALSE, sizeof(runlog_trade));
    gboolean row = FALSE;
    while (database_step(self, statement, "trades", &row, error)) {
        if (!row)
            return g_steal_pointer(&trades);
        const runlog_trade trade = trade_of(statement);
        g_array_append_val(trades, trade);
    }
    return NULL;
}

gboolean runlog_result_get(runlog *self, const char *run_id, char **out, GError **error)
{
    gint64 version = 0;
    gboolean row = FALSE;
    if (!schema_version_get(self, &version, error))
        return FALSE;
    *out = NULL;
    if (version < TRADES_LATER_SINCE)
        return TRUE;
    g_autoptr(sqlite3_stmt)
        statement = database_prepare(self, "SELECT result FROM runs WHERE id = ?1", error);
    if (statement == NULL || !bind_text(self, statement, 1, run_id, error) ||
        !database_step(self, statement, "runs", &row, error))
        return FALSE;
    *out = row ? column_text(statement, 0) : NULL;
    return TRUE;
}

GArray *runlog_positions(runlog *self, const char *run_id, GError **error)
{
    g_autoptr(sqlite3_stmt)
        statement = database_prepare(self,
                                     "SELECT symbol, qty_e8, cost_e8, mark_e8 FROM positions"
                                     " WHERE run_id = ?1 AND qty_e8 <> 0 ORDER BY number",
                                     error);
    if (statement == NULL || !bind_text(self, statement, 1, run_id, error))
        return NULL;
    g_autoptr(GArray) positions = g_array_new(FALSE, FALSE, sizeof(runlog_position));
    gboolean row = FALSE;
    while (database_step(self, statement, "positions", &row, error)) {
        if (!row)
            return g_steal_pointer(&positions);
        runlog_position position = {.qty_e8 = sqlite3_column_int64(statement, 1),
                                    .cost_e8 = sqlite3_column_int64(statement, 2),
                                    .mark_e8 = sqlite3_column_int64(statement, 3)};
        column_symbol(statement, 0, position.symbol);
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

static runlog_risk risk_of(sqlite3_stmt *row)
{
    runlog_risk risk = {
        .ts_us = column_stamp(row, 0),
        .order_id = column_text(row, 2),
        .rule = column_text(row, 3),
        .action = column_text(row, 4),
        .limit = column_number(row, 5),
        .value = column_number(row, 6),
        .asked_e8 = sqlite3_column_int64(row, 7),
        .allowed_e8 = sqlite3_column_int64(row, 8),
        .until_us = column_stamp(row, 9),
        .flatten = sqlite3_column_int64(row, 10) != 0,
        .what = column_text(row, 11),
    };
    column_symbol(row, 1, risk.symbol);
    return risk;
}

GArray *runlog_risks(runlog *self, const char *run_id, guint limit, GError **error)
{
    gboolean present = FALSE, row = FALSE;
    if (!schema_has_table(self, "risk_events", &present, error))
        return NULL;
    g_autoptr(GArray) risks = g_array_new(FALSE, FALSE, sizeof(runlog_risk));
    g_array_set_clear_func(risks, clear_risk);
    if (!present)
        return g_steal_pointer(&risks);
    g_autoptr(sqlite3_stmt) statement = database_prepare(
        self,
        "SELECT ts, symbol, order_id, rule, action, limit_value, found_value, asked_e8,"
        " allowed_e8, until_ts, flatten, what FROM risk_events WHERE run_id = ?1"
        " ORDER BY number LIMIT ?2",
        error);
    if (statement == NULL || !bind_text(self, statement, 1, run_id, error))
        return NULL;
    if (sqlite3_bind_int64(statement, 2, limit > 0 ? (gint64)limit : -1) != SQLITE_OK) {
        database_fail(self, "risk_events", error);
        return NULL;
    }
    while (database_step(self, statement, "risk_events", &row, error)) {
        if (!row)
            return g_steal_pointer(&risks);
        const runlog_risk risk = risk_of(statement);
        g_array_append_val(risks, risk);
    }
    return NULL;
}

/* ---- the file ------------------------------------------------------------------------------- */

static const struct {
    const char *table, *count;
} counted[] = {
    {"runs", "SELECT count(*) FROM runs"},
    {"orders", "SELECT count(*) FROM orders"},
    {"fills", "SELECT count(*) FROM fills"},
    {"equity_points", "SELECT count(*) FROM equity_points"},
    {"metrics", "SELECT count(*) FROM metrics"},
    {"error_logs", "SELECT count(*) FROM error_logs"},
    {"trades", "SELECT count(*) FROM trades"},
    {"decisions", "SELECT count(*) FROM decisions"},
    {"positions", "SELECT count(*) FROM positions"},
    {"risk_events", "SELECT count(*) FROM risk_events"},
};

static gboolean read_status(runlog *self, runlog_status *status, GError **error)
{
    gint64 version = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(counted); i++) {
        runlog_row row = {counted[i].table, 0};
        gboolean present = FALSE; /* a reader may meet an older log */
        if (!schema_has_table(self, row.table, &present, error) ||
            (present && !database_integer(self, counted[i].count, &row.count, error)))
            return FALSE;
        g_array_append_val(status->tables, row);
    }
    if (!database_integer(self, "SELECT max(version) FROM schema_version", &version, error))
        return FALSE;
    status->schema_version = (int)version;
    if (!database_integer(self,
                          "SELECT page_count * page_size FROM pragma_page_count,"
                          " pragma_page_size",
                          &status->bytes, error))
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
