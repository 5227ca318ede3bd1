/* What the run log's files share: the connection, the schema, stamps. */
#ifndef RUNLOG_PRIVATE_H
#define RUNLOG_PRIVATE_H

#include "runlog/backend.h"
#include "runlog/runlog.h"
#include "store/store.h"

struct runlog {
    const backend *backend;
    store file;              /* of backend_sqlite */
    struct postgres *server; /* of backend_postgres */
    char *path;              /* the file's, or the server's name for messages */
    char *refuge; /* path of the file for runs that the server does not take; NULL: none */
    char *refuge_reason;
    char *backup; /* made by an adoption or a migration; NULL: none */
    runlog_origin origin;
    guint wait_ms;
};

/* ---- tables.c ------------------------------------------------------------------------------- */

/* One row as cells, of the table's columns. */
void rows_cells(rows *self, const runlog_cell *cells);
/* rows.c: a column of a cursor as a cell; its text lives until the next row. */
runlog_cell cell_of(const cursor *row, int column, runlog_kind kind);
/* A text of ours that is kept in place; NULL is empty. */
void name_of(const cursor *row, int column, char out[RUNLOG_NAME_SIZE]);
/* Whether a text column holds JSON, which a database may keep in a form of its own. */
gboolean column_is_json(const char *name);
/* Every row of a run in a table of a log of that version, in order. */
gboolean rows_read(runlog *self, const runlog_table *table, gint64 version, const char *run_id,
                   runlog_row_func each, gpointer data, GError **error);

/* ---- statements.c --------------------------------------------------------------------------- */

/* `count` rows, with parameters $1, $2 ... row by row. key: the columns by which ROWS_LATEST
 * replaces in PostgreSQL; SQLite takes any key that is in the way. Caller frees, as of the
 * others. */
char *statement_insert(const runlog_table *table, guint count, rows_mode mode, runlog_store store,
                       const char *key);
/* PostgreSQL's, in binary. */
char *statement_copy(const runlog_table *table);
/* Every column of the rows of run $1, in one order in both; NULL for what a log of that version
 * does not have. */
char *statement_select(const runlog_table *table, gint64 version, runlog_store store);

/* ---- schema.c, adopt.c, migrate.c ----------------------------------------------------------- */

#define SCHEMA_VERSION 5
#define SCHEMA_APPLICATION_ID 0x51424c47 /* "QBLG" */

/* How the kinds of columns are declared. Instants are text in SQLite. */
#define SQLITE_OF_TEXT "TEXT"
#define SQLITE_OF_STAMP "TEXT"
#define SQLITE_OF_REAL "REAL"
#define SQLITE_OF_INTEGER "INTEGER"
#define POSTGRES_OF_TEXT "text"
#define POSTGRES_OF_STAMP "timestamptz"
#define POSTGRES_OF_REAL "double precision"
#define POSTGRES_OF_INTEGER "bigint"

typedef struct schema_column {
    const char *table, *name;
    const char *add_sqlite, *add_postgres; /* literal ALTER TABLE that makes it */
} schema_column;
typedef struct schema_index {
    const char *table, *column;
    const char *create; /* literal */
} schema_index;
/* Our columns in the six tables, and the indices that adopted tables must have. */
extern const schema_column schema_our_columns[];
extern const gsize schema_our_columns_count;
extern const schema_index schema_indices[];
extern const gsize schema_indices_count;
extern const char *const schema_our_tables[]; /* NULL-terminated */
extern const char *const schema_six_tables[]; /* NULL-terminated */

/* Makes, adopts or refuses, so that the tables are those of SCHEMA_VERSION. */
gboolean schema_prepare(runlog *self, GError **error);
/* For readers: refuses whatever is not SCHEMA_VERSION. */
gboolean schema_check(runlog *self, GError **error);
/* Everything of ours that the earlier bot's database does not have, and the version row; inside
 * the caller's transaction. */
gboolean schema_create_ours(runlog *self, GError **error);
gboolean schema_has_table(runlog *self, const char *name, gboolean *out, GError **error);
/* The file's own version, which may be older than SCHEMA_VERSION for a reader. */
gboolean schema_version_get(runlog *self, gint64 *out, GError **error);

/* The row of SCHEMA_VERSION. */
gboolean schema_write_version(runlog *self, GError **error);

/* What risk rules did; number counts up within the run. No symbol: the whole account. NULL for a
 * limit or value that is none, and where no order or end is meant. */
#define SCHEMA_CREATE_RISK_EVENTS                                                              \
    "CREATE TABLE risk_events ("                                                               \
    " run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE, number INTEGER NOT NULL,"    \
    " ts TEXT NOT NULL, symbol TEXT, order_id TEXT, rule TEXT NOT NULL, action TEXT NOT NULL," \
    " limit_value REAL, found_value REAL, asked_e8 INTEGER NOT NULL,"                          \
    " allowed_e8 INTEGER NOT NULL, until_ts TEXT, flatten INTEGER NOT NULL, what TEXT,"        \
    " PRIMARY KEY (run_id, number)) STRICT, WITHOUT ROWID;"

/* Columns of trades that came after the first release: one list, for new files and for old ones.
 * exit_date is the day in the zone of the portfolio's calendar; adverse and favourable are amounts,
 * touched is qb_closed_trade's. */
#define SCHEMA_TRADES_LATER(X)    \
    X(trades, strategy, TEXT)     \
    X(trades, entry_reason, TEXT) \
    X(trades, exit_reason, TEXT)  \
    X(trades, exit_date, TEXT)    \
    X(trades, adverse, REAL)      \
    X(trades, favourable, REAL)   \
    X(trades, touched, INTEGER)

/* The same of orders: what kind they were and why; stop_e8 is the stop price, parent the id of the
 * order whose bracket it belongs to. Of decisions: the strategy's name of its own filter. */
#define SCHEMA_ORDERS_LATER(X)  \
    X(orders, type, TEXT)       \
    X(orders, tif, TEXT)        \
    X(orders, stop_e8, INTEGER) \
    X(orders, purpose, TEXT)    \
    X(orders, parent, TEXT)     \
    X(orders, strategy, TEXT)
#define SCHEMA_DECISIONS_LATER(X) X(decisions, filter, TEXT)

/* Lowest and highest of each 64 and each 1,024 points of a run (size), so that a picture of millions of
 * them is drawn from thousands of rows; and the profit of each day out of an index alone. */
#define SCHEMA_CREATE_BLOCKS                                                                     \
    "CREATE TABLE equity_blocks (run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,"    \
    " size INTEGER NOT NULL, number INTEGER NOT NULL, first_ts TEXT NOT NULL, last_ts TEXT NOT " \
    "NULL,"                                                                                      \
    " low_ts TEXT NOT NULL, low_e8 INTEGER NOT NULL, high_ts TEXT NOT NULL,"                     \
    " high_e8 INTEGER NOT NULL, PRIMARY KEY (run_id, size, number)) STRICT, WITHOUT ROWID;"
#define SCHEMA_CREATE_PERIODS \
    "CREATE INDEX trades_period ON trades (run_id, exit_date, profit_e8, fees_e8);"
#define RUNLOG_BLOCK_FINE 64
#define RUNLOG_BLOCK_COARSE 1024

/* A change of the tables, all or nothing, after a copy beside the file that self->backup names.
 * What failed, or what another process did meanwhile (*out_changed FALSE), needs no copy. */
typedef gboolean (*schema_change)(runlog *self, gboolean *out_changed, GError **error);
gboolean schema_change_safely(runlog *self, const char *why, schema_change change,
                              gboolean *out_changed, GError **error);
/* From an older version of ours to SCHEMA_VERSION; a copy of before is made. */
gboolean migrate_to_current(runlog *self, GError **error);

/* The earlier bot's six tables: checks, backs up, adds columns, all or nothing. */
gboolean adopt_six_tables(runlog *self, GError **error);
/* Writes one run of each mode on trial, inside the caller's transaction, and takes it back. */
gboolean adopt_try_rows(runlog *self, GError **error);

/* A connection, whatever tables there are. */
runlog *postgres_open(const runlog_server *server, GError **error);

/* ---- copy.c, commit.c ----------------------------------------------------------------------- */

/* Whether a run is there. */
gboolean copy_has_run(runlog *self, const char *run_id, gboolean *out, GError **error);

/* The rows of a run, inside the caller's transaction. */
gboolean writer_store(runlog_writer *self, const char *kpis, const char *state_hash,
                      gint64 ended_us, GError **error);

/* ---- stamp.c -------------------------------------------------------------------------------- */

/* "YYYY-MM-DD HH:MM:SS.ffffff" in UTC, as the contract has it. The date part is kept between
 * calls, for neighbouring rows mostly share it. Start from {0}. */
#define STAMP_SIZE 26
typedef struct stamp {
    char text[STAMP_SIZE + 1];
    gboolean known;
    gint64 day_us; /* 00:00 of the date in text */
} stamp;
/* FALSE outside years 1000 .. 9999. */
gboolean stamp_set(stamp *self, gint64 instant_us);
/* 0 for NULL or what is no stamp. */
gint64 stamp_read(const char *text);

#endif
