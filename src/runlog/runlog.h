/* The run log: what every run was given and what it did. Results are read from here by whoever
 * shows them. In a SQLite file or on a PostgreSQL server, alike (docs/RUNLOG.md); six of its tables
 * have columns that other people's queries rely on. Canonical numbers are the *_e8 integers; the
 * doubles beside them are for reading. */
#ifndef RUNLOG_RUNLOG_H
#define RUNLOG_RUNLOG_H

#include "core/engine/engine.h"
#include "core/metrics/metrics.h"
#include "platform/failure.h"

typedef struct runlog runlog;
typedef enum runlog_store { RUNLOG_SQLITE, RUNLOG_POSTGRES } runlog_store;
runlog_store runlog_store_of(const runlog *self);
/* Opens or makes the database (WAL, full sync, STRICT tables, mode 0600, missing folders too).
 * Adopts the earlier bot's six tables after a backup beside the file, or refuses them naming table
 * and column. What it refuses (a newer schema too) it leaves as it is, byte for byte.
 * FAILURE_DATABASE; FAILURE_LOCKED when another process keeps it longer than the wait. */
runlog *runlog_open(const char *path, GError **error);
/* FAILURE_MISSING when the file is absent. Never changes a row. */
runlog *runlog_open_readonly(const char *path, GError **error);

/* A PostgreSQL server, as DATABASE_URL names it. All borrowed while a call lasts. */
typedef struct runlog_server {
    const char *const *keywords, *const *values; /* libpq's parameters; NULL-terminated */
    const char *name;      /* for messages, without secrets: "db.example.com:5432/quantbot" */
    gboolean local;        /* on this machine: TLS is left as it is given */
    gboolean tls_as_given; /* elsewhere too; else the certificate and the name are verified */
    gboolean pooled;       /* behind a pooler in transaction mode: see docs/RUNLOG.md */
} runlog_server;
typedef enum runlog_reach {
    RUNLOG_REACHED,
    RUNLOG_AWAY,    /* nobody there, starting, full, or the link is lost: worth trying again */
    RUNLOG_REFUSED, /* password, certificate, tables, rights: it will fail again */
} runlog_reach;
/* The same run log in PostgreSQL. writing: makes or adopts the tables, brings older ones up to
 * date (over the direct host where it is pooled); else it only reads. *out_reach (may be NULL)
 * tells failures apart. FAILURE_MISSING without the client library. */
runlog *runlog_open_server(const runlog_server *server, gboolean writing, runlog_reach *out_reach,
                           GError **error);
/* How the server was found by the last call that failed; always reached with SQLite. A lost link is
 * connected anew by the next call outside a batch. */
runlog_reach runlog_reach_of(const runlog *self);
/* Where a run is stored whose commit the server does not take because it is away: a file, which
 * runlog_path then names. A lost answer to a commit is asked for first. */
void runlog_set_refuge(runlog *self, const char *path);
/* Why a run went there; NULL: none did. Borrowed. */
const char *runlog_refuge_reason(const runlog *self);
void runlog_free(runlog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(runlog, runlog_free)
/* Writes and deletes a row in a transaction that is rolled back. */
gboolean runlog_check_writable(runlog *self, GError **error);
/* Looks at every page and index of a file: FAILURE_DATABASE names the first damage. A server looks
 * after its own pages: *out_looked is FALSE then. Linear in the file's size. */
gboolean runlog_check(runlog *self, gboolean *out_looked, GError **error);
/* How long a write waits for another writer; RUNLOG_WAIT_MS unless set. */
#define RUNLOG_WAIT_MS 10000
void runlog_set_wait_ms(runlog *self, guint wait_ms);
/* How long a server may say and take nothing before it is taken for lost; RUNLOG_ANSWER_MS unless
 * set. SQLite has no such wait. */
#define RUNLOG_ANSWER_MS 300000
void runlog_set_answer_ms(runlog *self, guint answer_ms);

/* What runlog_open did. */
typedef enum runlog_origin { RUNLOG_FOUND, RUNLOG_MADE, RUNLOG_ADOPTED } runlog_origin;
runlog_origin runlog_origin_of(const runlog *self);
/* The copy made before an adoption; NULL: none. Borrowed. */
const char *runlog_backup_path(const runlog *self);
const char *runlog_path(const runlog *self); /* as given; borrowed */

/* ---- writing one run, in one transaction --------------------------------------------------- */

typedef struct runlog_run {
    const char *id;       /* NULL: a fresh UUID version 7; at most RUNLOG_ID_LIMIT characters */
    const char *mode;     /* "backtest", "paper", "replay" */
    const char *universe; /* "AAPL,MSFT" */
    const char *params;   /* JSON: the resolved configuration, version, seed and data hashes */
    const char *const *symbols; /* [instrument_count] */
    guint32 instrument_count;
    gint64 started_us; /* 0: now */
    /* Names of the strategies, by the owner that trades tell; NULL: trades have none. */
    const char *const *strategies; /* [strategy_count] */
    guint32 strategy_count;
    /* The portfolio's, for the day on which a trade ended; borrowed, NULL: UTC. */
    const qb_calendar *calendar;
} runlog_run;
#define RUNLOG_ID_LIMIT 64

/* Keeps a run's rows in memory and stores them at the commit, so that a long backtest holds no
 * lock and a run is there whole or not at all. Row ids derive from the run's id and the row's
 * number ("RUN:o:00000001", :f: fills, :t: trades, :e: equity, :m: metrics, :l: log), so the same
 * run makes the same ids. */
typedef struct runlog_writer runlog_writer;
/* The texts of run are copied. FAILURE_USAGE for an id that is empty or too long. */
runlog_writer *runlog_writer_new(runlog *self, const runlog_run *run, GError **error);
const char *runlog_writer_id(const runlog_writer *self);
/* A sink for the engine. After QB_SINK_FAILED the reason is in runlog_writer_error. Borrowed.
 * Equity stamps must not go back; of two points with one stamp the later counts. */
qb_sink runlog_writer_sink(runlog_writer *self);
const GError *runlog_writer_error(const runlog_writer *self);
/* FAILURE_BAD_DATA for a value that is not finite. */
gboolean runlog_writer_metric(runlog_writer *self, gint64 ts_us, const char *name, double value,
                              GError **error);
/* The rest of what is shown of the run, as JSON, beside its ratios; not in the state's hash. */
void runlog_writer_result(runlog_writer *self, const char *json);
/* What the fills and bars of the trade told last were like: bits of qb_touch. */
void runlog_writer_touch(runlog_writer *self, guint32 touched);
/* A row of error_logs: level "WARNING", "ERROR"; meta is JSON or NULL. */
void runlog_writer_log(runlog_writer *self, gint64 ts_us, const char *level, const char *message,
                       const char *meta);
/* kpis: JSON or NULL. state_hash: hex or NULL. BEGIN IMMEDIATE, every row, COMMIT with full sync:
 * durable when it returns TRUE, and nothing is stored when it returns FALSE. Once per writer.
 * FAILURE_LOCKED when another writer does not end in time. */
gboolean runlog_writer_commit(runlog_writer *self, const char *kpis, const char *state_hash,
                              gint64 ended_us, GError **error);
/* SHA-256 over the canonical state of the run so far, as hash.c lays it out: orders, fills, trades,
 * equity, cash and positions in fixed order, integers only, the run id left out, and the KPIs as
 * they will be stored. The holdings are remembered and stored with the run. Caller frees. */
char *runlog_writer_state_hash(runlog_writer *self, const qb_portfolio *portfolio,
                               const char *kpis);
/* Drops what was not committed. */
void runlog_writer_free(runlog_writer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(runlog_writer, runlog_writer_free)

/* The same hash without a database, for runs that are not logged. */
typedef struct runlog_hasher runlog_hasher;
runlog_hasher *runlog_hasher_new(void);
qb_sink runlog_hasher_sink(runlog_hasher *self);
char *runlog_hasher_finish(runlog_hasher *self, const qb_portfolio *portfolio, const char *kpis);
void runlog_hasher_free(runlog_hasher *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(runlog_hasher, runlog_hasher_free)

/* ---- reading ------------------------------------------------------------------------------- */

typedef struct runlog_summary {
    char *id, *mode, *universe, *params, *kpis, *state_hash;
    gint64 started_us, ended_us; /* ended 0: not ended */
    gint64 orders, fills, trades, equity_points;
} runlog_summary;
void runlog_summary_free(runlog_summary *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(runlog_summary, runlog_summary_free)

/* Newest first; limit 0: all. mode NULL: any. Array of runlog_summary *. */
GPtrArray *runlog_list(runlog *self, const char *mode, guint limit, GError **error);
/* id may be a unique prefix of at least 4 characters, or "last". FAILURE_MISSING; FAILURE_USAGE
 * when several fit. */
runlog_summary *runlog_find(runlog *self, const char *id, GError **error);
/* Equity points in order. Array of runlog_point. */
typedef struct runlog_point {
    gint64 ts_us, equity_e8;
} runlog_point;
GArray *runlog_equity(runlog *self, const char *run_id, GError **error);

/* The same of a window (until_us 0: to the end), thinned to a picture of `width` columns: the lowest
 * and the highest point of each, in order, at most 2 * width. Over many points a column's edges are
 * those of blocks of 64 or 1,024. Array of runlog_point. */
GArray *runlog_equity_thinned(runlog *self, const char *run_id, gint64 from_us, gint64 until_us,
                              guint width, GError **error);

/* What the trades that ended in a period brought. */
typedef struct runlog_profit {
    char period[12]; /* "2024-01-31", "2024-01" or "2024", in the portfolio's calendar */
    gint64 trades, profit_e8, fees_e8;
} runlog_profit;
typedef enum runlog_period {
    RUNLOG_BY_YEAR = 4,
    RUNLOG_BY_MONTH = 7,
    RUNLOG_BY_DAY = 10
} runlog_period;
/* In order; none of logs older than the dates of trades. Array of runlog_profit. */
GArray *runlog_profits(runlog *self, const char *run_id, runlog_period period, GError **error);

#define RUNLOG_NAME_SIZE 32 /* longer names of strategies are cut */
typedef struct runlog_trade {
    char symbol[QB_SYMBOL_SIZE];
    gboolean is_short;
    gint64 entry_us, exit_us;
    gint64 qty_e8, entry_price_e8, exit_price_e8, profit_e8, fees_e8;
    double return_fraction;
    gint64 bars;
    /* Of logs older than these: no texts, INT32_MIN, NaN and 0. */
    char strategy[RUNLOG_NAME_SIZE], entry_reason[RUNLOG_NAME_SIZE], exit_reason[RUNLOG_NAME_SIZE];
    gint32 exit_date;           /* in the zone of the portfolio's calendar */
    double adverse, favourable; /* amounts >= 0: the worst and the best it stood at */
    guint32 touched;            /* of qb_touch */
} runlog_trade;
/* The last `limit` closed trades (0: all), oldest first. Array of runlog_trade. */
GArray *runlog_trades(runlog *self, const char *run_id, guint limit, GError **error);

/* *out: as runlog_writer_result was given it; NULL: none, as in older logs. Caller frees. */
gboolean runlog_result_get(runlog *self, const char *run_id, char **out, GError **error);

/* What a risk rule of a run did. */
typedef struct runlog_risk {
    gint64 ts_us;
    char symbol[QB_SYMBOL_SIZE]; /* "": the whole account */
    char *order_id;              /* NULL: none */
    char *rule, *action;
    double limit, value; /* NaN: none */
    gint64 asked_e8, allowed_e8;
    gint64 until_us; /* 0: not told */
    gboolean flatten;
    char *what; /* NULL: nothing more */
} runlog_risk;
/* The first `limit` of them (0: all), in order; none in a log that is older than they are. Array of
 * runlog_risk, which frees its texts. */
GArray *runlog_risks(runlog *self, const char *run_id, guint limit, GError **error);

/* What was decided about one instrument: a stretch of its bars with the same outcome; bars 0: an
 * outcome that another one of the same instant has overtaken. */
typedef struct runlog_decision {
    gint64 number, first_us, last_us, bars;
    double signal; /* NaN: none */
    char stage[RUNLOG_NAME_SIZE], reason[RUNLOG_NAME_SIZE];
    char *order_id; /* NULL: none */
    char *filter;   /* the strategy's name of its own filter; NULL: none, as in older logs */
} runlog_decision;
/* Those in force at the last of its bars known by at_us, the bar's own last, and that moment; empty
 * where there was none. Array of runlog_decision, which frees its texts. */
GArray *runlog_decisions_at(runlog *self, const char *run_id, const char *symbol, gint64 at_us,
                            gint64 *out_at_us, GError **error);

typedef struct runlog_order {
    char *id;
    gint64 ts_us, final_us; /* final 0: still open */
    gboolean is_sell, reduce_only;
    gint64 qty_e8, filled_e8;
    gint64 limit_e8, stop_e8; /* 0: none */
    double size_amount;
    char size_kind[RUNLOG_NAME_SIZE], status[RUNLOG_NAME_SIZE], reason[RUNLOG_NAME_SIZE];
    char risk_rule[RUNLOG_NAME_SIZE]; /* "": none; else what it allows and what it found */
    double risk_limit, risk_value;
    /* Of older logs: no texts. */
    char type[RUNLOG_NAME_SIZE], tif[RUNLOG_NAME_SIZE], purpose[RUNLOG_NAME_SIZE];
    char strategy[RUNLOG_NAME_SIZE];
    char *parent; /* NULL: it is no bracket's */
} runlog_order;
/* Orders submitted at that moment. Array of runlog_order, which frees its texts. */
GArray *runlog_orders_at(runlog *self, const char *run_id, const char *symbol, gint64 at_us,
                         GError **error);

typedef struct runlog_fill {
    gint64 ts_us, qty_e8, price_e8, fee_e8, reference_e8;
} runlog_fill;
/* Of one order. Array of runlog_fill. */
GArray *runlog_fills_of(runlog *self, const char *run_id, const char *order_id, GError **error);

typedef struct runlog_position {
    char symbol[QB_SYMBOL_SIZE];
    gint64 qty_e8, cost_e8, mark_e8;
} runlog_position;
/* What the run held at its end, without flat instruments. Array of runlog_position. */
GArray *runlog_positions(runlog *self, const char *run_id, GError **error);

/* ---- the rows of a run, for export and comparison -------------------------------------------- */

typedef enum runlog_kind {
    RUNLOG_TEXT,
    RUNLOG_STAMP,  /* microseconds */
    RUNLOG_REAL,   /* a measurement */
    RUNLOG_COUNT,  /* whole */
    RUNLOG_AMOUNT, /* exact, in 1e-8 */
} runlog_kind;
typedef struct runlog_column {
    const char *name;
    runlog_kind kind;
    int since; /* the schema's version that has it first; 0: the first one */
} runlog_column;
#define RUNLOG_COLUMNS_MAX 32
/* A table's rows under a short name: every column, in the order of runlog_tables. */
typedef struct runlog_view {
    const char *name; /* "equity" "trades" "fills" "orders" "decisions" */
    const runlog_column *columns;
    guint count;
} runlog_view;
/* Static; NULL: there is none of that name; none at that index. */
const runlog_view *runlog_view_find(const char *name);
const runlog_view *runlog_view_at(guint index);

typedef struct runlog_cell {
    gboolean none;    /* what follows is then nothing */
    gint64 integer;   /* stamp, count, amount */
    double number;    /* real */
    const char *text; /* borrowed until the call returns */
} runlog_cell;
typedef gboolean (*runlog_row_func)(const runlog_cell *cells, gpointer data, GError **error);
/* Each row in order, until `each` returns FALSE with an error of its own. What an older log lacks
 * is none; exact amounts that an earlier bot's rows lack are rounded from the numbers beside them. */
gboolean runlog_view_read(runlog *self, const runlog_view *view, const char *run_id,
                          runlog_row_func each, gpointer data, GError **error);

/* ---- whole rows, for the outbox ------------------------------------------------------------- */

typedef enum runlog_table_id {
    RUNLOG_RUNS,
    RUNLOG_ORDERS,
    RUNLOG_FILLS,
    RUNLOG_TRADES,
    RUNLOG_EQUITY_POINTS,
    RUNLOG_DECISIONS,
    RUNLOG_RISK_EVENTS,
    RUNLOG_POSITIONS,
    RUNLOG_METRICS,
    RUNLOG_ERROR_LOGS,
    RUNLOG_EQUITY_BLOCKS,
    RUNLOG_TABLE_COUNT
} runlog_table_id;
/* Every column of a table, in the order in which rows_put takes them. Static. */
typedef struct runlog_table {
    const char *name;
    const runlog_column *columns;
    guint count;
    gboolean has_json;
    const char *key; /* its columns, by comma: rows of equal keys are the same row */
    char letter; /* of its rows' derived ids ("RUN:f:00000001"); 0: they have a number instead */
} runlog_table;
extern const runlog_table runlog_tables[RUNLOG_TABLE_COUNT];
const runlog_table *runlog_table_find(const char *name); /* NULL: there is none of that name */
/* A transaction around several runlog_rows_put. After a failed end nothing of it is stored, but for
 * a lost server's answer: then ask again by putting the same rows. */
gboolean runlog_batch_begin(runlog *self, GError **error);
gboolean runlog_batch_end(runlog *self, gboolean ok, GError **error);
/* Inserts those of `count` whole rows whose key is not there yet (INSERT ... ON CONFLICT DO
 * NOTHING), inside a batch. cells: [count * table->count], row by row. A row of runs comes before
 * the rows of that run. */
gboolean runlog_rows_put(runlog *self, const runlog_table *table, const runlog_cell *cells,
                         gsize count, GError **error);
/* The same, but a row whose key is there becomes this one: an order that has ended, a run's end. Of
 * equal keys in one call the last counts. */
gboolean runlog_rows_replace(runlog *self, const runlog_table *table, const runlog_cell *cells,
                             gsize count, GError **error);

/* SHA-256, as hex, over every row of a run in every table, whatever database holds it; of JSON only
 * whether it is there, for jsonb rewrites it. Caller frees. */
char *runlog_digest(runlog *self, const char *run_id, GError **error);
/* Copies a run with all its rows in one transaction, unless it is there already; before the commit
 * its digest must be the same on both sides. */
gboolean runlog_carry(runlog *from, runlog *to, const char *run_id, gboolean *out_carried,
                      GError **error);

typedef struct runlog_row {
    const char *table; /* static */
    gint64 count;
} runlog_row;
typedef struct runlog_status {
    char *path;
    gint64 bytes;
    int schema_version;
    GArray *tables; /* of runlog_row */
    char *last_run; /* id of the newest; NULL: none */
} runlog_status;
gboolean runlog_status_get(runlog *self, runlog_status *out, GError **error);
void runlog_status_clear(runlog_status *status);

/* What old runs have for every bar: of runs that ended before before_us either all decisions, or the
 * equity points that are neither the first of the run nor the last of their day (UTC). In one
 * transaction; with dry_run only counts. */
typedef enum runlog_pruned { RUNLOG_DECISIONS_OLD, RUNLOG_EQUITY_OLD } runlog_pruned;
gboolean runlog_prune(runlog *self, runlog_pruned what, gint64 before_us, gboolean dry_run,
                      gint64 *out_rows, GError **error);
/* The committed state of a SQLite log as a new file, mode 0600. */
gboolean runlog_copy_file(runlog *self, const char *path, GError **error);

/* Deletes runs of simulations (modes backtest and replay, or the one of them that is given; a paper
 * run never: FAILURE_USAGE) started before before_us (0: any), in one transaction. With dry_run
 * only counts. out_rows: a runlog_row per table is appended. */
gboolean runlog_purge(runlog *self, const char *mode, gint64 before_us, gboolean dry_run,
                      GArray *out_rows, GError **error);

#endif
