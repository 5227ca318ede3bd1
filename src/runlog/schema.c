/* The tables.
 *
 * Six of them are a contract with the earlier bot's users: names, columns and types are theirs,
 * and columns of ours are only ever added behind. Ids and stamps are text, numbers REAL; beside
 * each amount stands its exact integer, 1e-8 units, in NAME_e8. Quantities of fills are signed
 * (sells < 0), those of orders are not. A market order has no price.
 *
 * Indices: run_id and ts share one, (run_id, ts). An index on ts alone would scatter each run's
 * rows over those of all runs before it: after 300 small backtests of the same days, the next one
 * wrote three times as many pages. A query for ts alone still uses the shared index, for the
 * statistics written below let SQLite skip from run to run. equity_points, the only table with a
 * row per bar, is stored in that order and has no other index. */
#include "runlog/queries.h"
#include "runlog/runlog-private.h"

#include "platform/clock.h"

const char *const schema_six_tables[] = {"runs",    "orders",     "fills", "equity_points",
                                         "metrics", "error_logs", NULL};
const char *const schema_our_tables[] = {
    "trades", "decisions", "positions", "risk_events", "equity_blocks", "schema_version", NULL};

/* One list, read as columns of CREATE TABLE and as ALTER TABLE for adopted tables. */
#define RUNS_COLUMNS(X)           \
    X(runs, version, TEXT)        \
    X(runs, state_hash, TEXT)     \
    X(runs, cash_e8, INTEGER)     \
    X(runs, order_count, INTEGER) \
    X(runs, fill_count, INTEGER)  \
    X(runs, trade_count, INTEGER) \
    X(runs, point_count, INTEGER) \
    X(runs, result, TEXT)
#define ORDERS_COLUMNS(X)           \
    X(orders, qty_e8, INTEGER)      \
    X(orders, price_e8, INTEGER)    \
    X(orders, filled_e8, INTEGER)   \
    X(orders, reason, TEXT)         \
    X(orders, final_ts, STAMP)      \
    X(orders, reduce_only, INTEGER) \
    X(orders, size_kind, TEXT)      \
    X(orders, size_amount, REAL)    \
    X(orders, risk_rule, TEXT)      \
    X(orders, risk_limit, REAL)     \
    X(orders, risk_value, REAL)     \
    SCHEMA_ORDERS_LATER(X)
#define FILLS_COLUMNS(X)             \
    X(fills, qty_e8, INTEGER)        \
    X(fills, price_e8, INTEGER)      \
    X(fills, commission_e8, INTEGER) \
    X(fills, reference_e8, INTEGER)  \
    X(fills, bar_ts, STAMP)
#define POINTS_COLUMNS(X) X(equity_points, equity_e8, INTEGER)

#define AS_COLUMN(table, name, kind) ", " #name " " SQLITE_OF_##kind
#define ADD_COLUMN(table, name) "ALTER TABLE " #table " ADD COLUMN " #name " "
#define AS_ALTER(table, name, kind)                           \
    {#table, #name, ADD_COLUMN(table, name) SQLITE_OF_##kind, \
     ADD_COLUMN(table, name) POSTGRES_OF_##kind},

const schema_column schema_our_columns[] = {RUNS_COLUMNS(AS_ALTER) ORDERS_COLUMNS(AS_ALTER)
                                                FILLS_COLUMNS(AS_ALTER) POINTS_COLUMNS(AS_ALTER)};
const gsize schema_our_columns_count = G_N_ELEMENTS(schema_our_columns);

#define RUNS_OURS RUNS_COLUMNS(AS_COLUMN)
#define ORDERS_OURS ORDERS_COLUMNS(AS_COLUMN)
#define FILLS_OURS FILLS_COLUMNS(AS_COLUMN)
#define POINTS_OURS POINTS_COLUMNS(AS_COLUMN)
#define OF_RUN " run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"

static const char create_six[] =
    "CREATE TABLE runs (id TEXT NOT NULL PRIMARY KEY, started_at TEXT NOT NULL, ended_at TEXT,"
    " mode TEXT NOT NULL, universe TEXT NOT NULL, params TEXT NOT NULL, kpis TEXT" RUNS_OURS
    ") STRICT;"
    "CREATE TABLE orders (id TEXT NOT NULL PRIMARY KEY," OF_RUN
    " ts TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL, qty REAL NOT NULL, price REAL,"
    " status TEXT NOT NULL" ORDERS_OURS ") STRICT;"
    "CREATE TABLE fills (id TEXT NOT NULL PRIMARY KEY," OF_RUN
    " order_id TEXT NOT NULL, ts TEXT NOT NULL, symbol TEXT NOT NULL, qty REAL NOT NULL,"
    " price REAL NOT NULL, commission REAL NOT NULL" FILLS_OURS ") STRICT;"
    /* No reference to runs: a look-up for each of a million rows that one transaction writes. */
    "CREATE TABLE equity_points (id TEXT NOT NULL, run_id TEXT NOT NULL, ts TEXT NOT NULL,"
    " equity REAL NOT NULL" POINTS_OURS ", PRIMARY KEY (run_id, ts)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE metrics (id TEXT NOT NULL PRIMARY KEY," OF_RUN
    " ts TEXT NOT NULL, name TEXT NOT NULL, value REAL NOT NULL) STRICT;"
    /* What goes wrong before there is a run has no run. */
    "CREATE TABLE error_logs (id TEXT NOT NULL PRIMARY KEY,"
    " run_id TEXT REFERENCES runs(id) ON DELETE CASCADE, ts TEXT NOT NULL, level TEXT NOT NULL,"
    " message TEXT NOT NULL, meta TEXT) STRICT;";

/* Rows, rows of a run, rows of an instant of a run: only their proportions matter. */
static const char create_statistics[] =
    "ANALYZE equity_points;"
    "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES"
    " ('equity_points', 'equity_points', '1000000 2500 1'),"
    " ('orders', 'orders_run_id', '100000 100 2'), ('fills', 'fills_run_id', '100000 100 2'),"
    " ('metrics', 'metrics_run_id', '100000 100 2'),"
    " ('error_logs', 'error_logs_run_id', '100000 100 2')";

static const char create_ours[] =
    "CREATE TABLE trades (id TEXT NOT NULL PRIMARY KEY," OF_RUN
    " symbol TEXT NOT NULL, side TEXT NOT NULL, entry_ts TEXT NOT NULL, exit_ts TEXT NOT NULL,"
    " qty REAL NOT NULL, entry_price REAL NOT NULL, exit_price REAL NOT NULL,"
    " profit REAL NOT NULL, fees REAL NOT NULL, return_fraction REAL, bars INTEGER NOT NULL,"
    " qty_e8 INTEGER NOT NULL, entry_price_e8 INTEGER NOT NULL, exit_price_e8 INTEGER NOT NULL,"
    " profit_e8 INTEGER NOT NULL, fees_e8 INTEGER NOT NULL" SCHEMA_TRADES_LATER(
        AS_COLUMN) ") STRICT;" SCHEMA_CREATE_PERIODS SCHEMA_CREATE_BLOCKS
                   "CREATE INDEX trades_symbol ON trades (symbol);"
                   "CREATE TABLE decisions (" OF_RUN
                   " number INTEGER NOT NULL, symbol TEXT NOT NULL, first_ts TEXT NOT NULL,"
                   " last_ts TEXT NOT NULL, bars INTEGER NOT NULL, signal REAL, stage TEXT NOT "
                   "NULL,"
                   " reason TEXT NOT NULL, order_id TEXT" SCHEMA_DECISIONS_LATER(
                       AS_COLUMN) ", PRIMARY KEY (run_id, number)) STRICT, "
                                  "WITHOUT ROWID;"
                                  "CREATE TABLE positions (" OF_RUN
                                  " number INTEGER NOT NULL, symbol TEXT NOT "
                                  "NULL, qty REAL NOT NULL, cost REAL NOT NULL,"
                                  " mark REAL NOT NULL, qty_e8 INTEGER NOT NULL, cost_e8 INTEGER "
                                  "NOT NULL,"
                                  " mark_e8 INTEGER NOT NULL, PRIMARY KEY (run_id, number)) "
                                  "STRICT, WITHOUT "
                                  "ROWID;" SCHEMA_CREATE_RISK_EVENTS
                                  "CREATE TABLE schema_version (version INTEGER NOT NULL PRIMARY "
                                  "KEY,"
                                  " applied_at TEXT NOT NULL, program TEXT NOT NULL) STRICT;"
                                  "PRAGMA application_id = " G_STRINGIFY(SCHEMA_APPLICATION_ID);

const schema_index schema_indices[] = {
    {"runs", "mode", "CREATE INDEX runs_mode ON runs (mode)"},
    {"runs", "started_at", "CREATE INDEX runs_started_at ON runs (started_at)"},
    {"orders", "run_id", "CREATE INDEX orders_run_id ON orders (run_id, ts)"},
    {"orders", "symbol", "CREATE INDEX orders_symbol ON orders (symbol)"},
    {"fills", "run_id", "CREATE INDEX fills_run_id ON fills (run_id, ts)"},
    {"fills", "symbol", "CREATE INDEX fills_symbol ON fills (symbol)"},
    {"metrics", "run_id", "CREATE INDEX metrics_run_id ON metrics (run_id, ts)"},
    {"metrics", "name", "CREATE INDEX metrics_name ON metrics (name)"},
    {"error_logs", "run_id", "CREATE INDEX error_logs_run_id ON error_logs (run_id, ts)"},
    {"error_logs", "level", "CREATE INDEX error_logs_level ON error_logs (level)"},
};
const gsize schema_indices_count = G_N_ELEMENTS(schema_indices);

/* ---- what is in the file -------------------------------------------------------------------- */

typedef enum schema_kind {
    SCHEMA_EMPTY,
    SCHEMA_VERSIONED,
    SCHEMA_SIX,     /* the earlier bot's tables, no version */
    SCHEMA_FOREIGN, /* tables, and none of the six */
} schema_kind;

gboolean schema_has_table(runlog *self, const char *name, gboolean *out, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = store_prepare(
        &self->file, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1", error);
    if (statement == NULL)
        return FALSE;
    if (sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) != SQLITE_OK)
        return store_fail(&self->file, "sqlite_schema", error);
    return store_step(&self->file, statement, "sqlite_schema", out, error);
}

static gboolean classify_without_version(runlog *self, schema_kind *out, GError **error)
{
    gint64 tables = 0;
    if (!store_integer(&self->file, "SELECT count(*) FROM sqlite_schema", &tables, error))
        return FALSE;
    *out = tables == 0 ? SCHEMA_EMPTY : SCHEMA_FOREIGN;
    for (const char *const *table = schema_six_tables; *table != NULL; table++) {
        gboolean present = FALSE;
        if (!schema_has_table(self, *table, &present, error))
            return FALSE;
        if (present)
            *out = SCHEMA_SIX;
    }
    return TRUE;
}

/* `known`: there is a table of that name. *out_kind is left as it is where it turns out not. */
static gboolean ask_version(runlog *self, gboolean known, schema_kind *out_kind,
                            gint64 *out_version, GError **error)
{
    sqlite3_stmt *prepared = NULL;
    const int code = sqlite3_prepare_v2(self->file.db, "SELECT max(version) FROM schema_version",
                                        -1, &prepared, NULL);
    g_autoptr(sqlite3_stmt) statement = prepared;
    if ((code & 0xff) == SQLITE_ERROR)
        return !known || backend_refuse(self, error, "schema_version: no column version");
    gboolean row = FALSE;
    if (code != SQLITE_OK)
        return store_fail(&self->file, "open", error);
    if (!store_step(&self->file, statement, "schema_version", &row, error))
        return FALSE;
    if (!row || sqlite3_column_type(statement, 0) != SQLITE_INTEGER)
        return backend_refuse(self, error, "schema_version: no version (expected %d)",
                              SCHEMA_VERSION);
    *out_version = sqlite3_column_int64(statement, 0);
    *out_kind = SCHEMA_VERSIONED;
    return TRUE;
}

static gboolean classify(runlog *self, schema_kind *out_kind, gint64 *out_version, GError **error)
{
    gboolean present = FALSE;
    if (!schema_has_table(self, "schema_version", &present, error))
        return FALSE;
    return present ? ask_version(self, TRUE, out_kind, out_version, error)
                   : classify_without_version(self, out_kind, error);
}

/* The usual case is one small query. Where it fails, sqlite_schema is asked, and in one reading:
 * else another process could make the tables between two questions, and an empty file would look
 * like an earlier bot's. */
static gboolean read_version(runlog *self, schema_kind *out_kind, gint64 *out_version,
                             GError **error)
{
    schema_kind kind = SCHEMA_EMPTY;
    if (!ask_version(self, FALSE, &kind, out_version, error))
        return FALSE;
    if (kind != SCHEMA_VERSIONED) {
        const gboolean inside = !sqlite3_get_autocommit(self->file.db);
        if (!inside && !store_look(&self->file, error))
            return FALSE;
        const gboolean ok = classify(self, &kind, out_version, error);
        if (!(inside ? ok : store_end(&self->file, ok, error)))
            return FALSE;
    }
    *out_kind = kind;
    return TRUE;
}

/* 0 passes: a copy made through SQL text has lost the mark. */
static gboolean check_mark(runlog *self, GError **error)
{
    gint64 mark = 0;
    if (!store_integer(&self->file, "PRAGMA application_id", &mark, error))
        return FALSE;
    if (mark != 0 && mark != SCHEMA_APPLICATION_ID)
        return backend_refuse(self, error, STORE_FOREIGN_MARK, mark, SCHEMA_APPLICATION_ID,
                              self->file.kind->noun);
    return TRUE;
}

static gboolean check_version(runlog *self, gint64 version, GError **error)
{
    if (!check_mark(self, error))
        return FALSE;
    if (version > SCHEMA_VERSION)
        return backend_refuse(self, error, STORE_NEWER, version, SCHEMA_VERSION);
    if (version < 1)
        return backend_refuse(self, error, "schema version %" G_GINT64_FORMAT " (expected 1 to %d)",
                              version, SCHEMA_VERSION);
    return TRUE;
}

static gboolean refuse_foreign(runlog *self, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement =
        store_prepare(&self->file,
                      "SELECT group_concat(name, ', ') FROM (SELECT name FROM sqlite_schema"
                      " WHERE type = 'table' ORDER BY name LIMIT 5)",
                      error);
    if (statement == NULL || !store_step(&self->file, statement, "sqlite_schema", &row, error))
        return FALSE;
    const char *names = row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    g_autofree char *quoted = failure_quote(names != NULL ? names : "", -1);
    return backend_refuse(self, error,
                          "a database of something else (tables %s; expected an empty file or a "
                          "run log)",
                          quoted);
}

gboolean schema_version_get(runlog *self, gint64 *out, GError **error)
{
    return cursor_ask(self, &queries.schema_version, NULL, 0, out, error);
}

/* ---- making it ------------------------------------------------------------------------------ */

gboolean schema_write_version(runlog *self, GError **error)
{
    stamp now = {0};
    gboolean row = FALSE;
    stamp_set(&now, clock_now_us());
    g_autoptr(sqlite3_stmt) statement =
        store_prepare(&self->file,
                      "INSERT INTO schema_version (version, applied_at, program)"
                      " VALUES (" G_STRINGIFY(SCHEMA_VERSION) ", ?1, '" QUANTBOT_VERSION "')",
                      error);
    if (statement == NULL)
        return FALSE;
    if (sqlite3_bind_text(statement, 1, now.text, STAMP_SIZE, SQLITE_STATIC) != SQLITE_OK)
        return store_fail(&self->file, "schema_version", error);
    return store_step(&self->file, statement, "schema_version", &row, error);
}

gboolean schema_create_ours(runlog *self, GError **error)
{
    return store_run(&self->file, create_ours, error) && schema_write_version(self, error);
}

static gboolean create_all(runlog *self, GError **error)
{
    if (!store_run(&self->file, create_six, error) || !schema_create_ours(self, error))
        return FALSE;
    for (gsize i = 0; i < schema_indices_count; i++)
        if (!store_run(&self->file, schema_indices[i].create, error))
            return FALSE;
    return store_run(&self->file, create_statistics, error);
}

/* Another process may have made it since we looked: then there is nothing to do. */
static gboolean create(runlog *self, GError **error)
{
    schema_kind kind = SCHEMA_EMPTY;
    gint64 version = 0;
    if (!store_begin(&self->file, error))
        return FALSE;
    const gboolean known = read_version(self, &kind, &version, error);
    const gboolean empty = known && kind == SCHEMA_EMPTY;
    const gboolean ok = known && (!empty || create_all(self, error));
    if (!store_end(&self->file, ok, error))
        return FALSE;
    if (empty)
        self->origin = RUNLOG_MADE;
    return empty || schema_check(self, error);
}

gboolean schema_prepare(runlog *self, GError **error)
{
    schema_kind kind = SCHEMA_EMPTY;
    gint64 version = 0;
    if (!read_version(self, &kind, &version, error))
        return FALSE;
    switch (kind) {
    case SCHEMA_VERSIONED:
        return check_version(self, version, error) &&
               (version == SCHEMA_VERSION || migrate_to_current(self, error));
    case SCHEMA_EMPTY:
        return check_mark(self, error) && create(self, error);
    case SCHEMA_SIX:
        return check_mark(self, error) && adopt_six_tables(self, error);
    case SCHEMA_FOREIGN:
        break;
    }
    return refuse_foreign(self, error);
}

gboolean schema_check(runlog *self, GError **error)
{
    schema_kind kind = SCHEMA_EMPTY;
    gint64 version = 0;
    if (!read_version(self, &kind, &version, error))
        return FALSE;
    switch (kind) {
    case SCHEMA_VERSIONED:
        return check_version(self, version, error);
    case SCHEMA_EMPTY:
        return backend_refuse(self, error, "empty (quantbot db init makes the run log)");
    case SCHEMA_SIX:
        return backend_refuse(
            self, error,
            "tables of an earlier bot without a version (quantbot db init adopts them)");
    case SCHEMA_FOREIGN:
        break;
    }
    return refuse_foreign(self, error);
}
