/* The run log: what every run was given and what it did. Results are read from here by whoever
 * shows them. SQLite now; design.md names the six tables whose columns other people's queries
 * rely on. Canonical numbers are the *_e8 integers; the doubles beside them are for reading. */
#ifndef RUNLOG_RUNLOG_H
#define RUNLOG_RUNLOG_H

#include "core/engine/engine.h"
#include "core/metrics/metrics.h"
#include "platform/failure.h"

typedef struct runlog runlog;
/* Opens or makes the database (WAL, full sync, STRICT tables), migrates an older schema, adopts
 * the earlier bot's six tables, refuses a newer schema. FAILURE_DATABASE. */
runlog *runlog_open(const char *path, GError **error);
/* FAILURE_MISSING when the file is absent. Never writes. */
runlog *runlog_open_readonly(const char *path, GError **error);
void runlog_free(runlog *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(runlog, runlog_free)
/* Writes and deletes a row in a transaction that is rolled back. */
gboolean runlog_check_writable(runlog *self, GError **error);

/* ---- writing one run, in one transaction --------------------------------------------------- */

typedef struct runlog_run {
    const char *id;       /* NULL: a fresh UUID version 7 */
    const char *mode;     /* "backtest", "paper", "replay" */
    const char *universe; /* "AAPL,MSFT" */
    const char *params;   /* JSON: the resolved configuration, version, seed and data hashes */
    const char *const *symbols; /* [instrument_count] */
    guint32 instrument_count;
    gint64 started_us;
} runlog_run;

typedef struct runlog_writer runlog_writer;
/* BEGIN IMMEDIATE. Nothing is visible until runlog_writer_commit. */
runlog_writer *runlog_writer_new(runlog *self, const runlog_run *run, GError **error);
const char *runlog_writer_id(const runlog_writer *self);
/* A sink for the engine: rows go into the transaction. After QB_SINK_FAILED the reason is in
 * runlog_writer_error. Borrowed. */
qb_sink runlog_writer_sink(runlog_writer *self);
const GError *runlog_writer_error(const runlog_writer *self);
gboolean runlog_writer_metric(runlog_writer *self, gint64 ts_us, const char *name, double value,
                              GError **error);
/* kpis: JSON. state_hash: hex. Durable when it returns TRUE. */
gboolean runlog_writer_commit(runlog_writer *self, const char *kpis, const char *state_hash,
                              gint64 ended_us, GError **error);
/* SHA-256 over the canonical state of the run so far: orders, fills, equity, final cash and
 * positions in fixed order, integers only, run id left out. Caller frees. */
char *runlog_writer_state_hash(runlog_writer *self, const qb_portfolio *portfolio,
                               const char *kpis);
/* Rolls back what was not committed. */
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

typedef struct runlog_row {
    const char *table;
    gint64 count;
} runlog_row;
typedef struct runlog_status {
    char *path;
    gint64 bytes;
    int schema_version;
    GArray *tables; /* of runlog_row */
    char *last_run;
} runlog_status;
gboolean runlog_status_get(runlog *self, runlog_status *out, GError **error);
void runlog_status_clear(runlog_status *status);

/* Runs of simulations (modes backtest and replay, or the one given; a live paper run never)
 * started before before_us (0: any). With dry_run only counts. out_rows: runlog_row per table. */
gboolean runlog_purge(runlog *self, const char *mode, gint64 before_us, gboolean dry_run,
                      GArray *out_rows, GError **error);

#endif
