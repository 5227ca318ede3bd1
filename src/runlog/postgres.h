/* The connection to a PostgreSQL server: opening it, waiting for it, and how it fails. */
#ifndef RUNLOG_POSTGRES_H
#define RUNLOG_POSTGRES_H

#include "runlog/libpq.h"
#include "runlog/runlog-private.h"

typedef struct postgres {
    const libpq *pq;
    PGconn *connection;
    char **keywords, **values; /* what it was opened with, ours included; NULL-terminated */
    char *name;                /* for messages: host, port, database */
    gboolean pooled;
    gboolean reading;    /* rows are never changed through it */
    gboolean raised;     /* TLS is verified because we said so */
    gboolean keyed;      /* equity_points has its key, not only an id as an adopted one */
    gboolean asked_keys; /* that is known */
    gboolean inside;     /* a transaction is open */
    gboolean committing; /* a COMMIT was sent and not answered yet */
    gboolean unheard;    /* the link was cut by us, for nothing was said on it for answer_ms */
    guint answer_ms;
    runlog_reach reach;
} postgres;

/* How long connecting may take, and each answer until the server is known to answer. */
#define POSTGRES_CONNECT_MS 10000
/* NULL on failure; *out_reach says of which kind. */
postgres *postgres_connect(const runlog_server *server, runlog_reach *out_reach, GError **error);
/* Connects anew where the link was lost, outside a transaction. */
gboolean postgres_revive(runlog *self, GError **error);
void postgres_free(postgres *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(postgres, postgres_free)

/* What libpq says of a result (NULL: of the connection) as ours: "HOST/DATABASE: what: why".
 * Remembers whether the link is lost. FALSE. */
gboolean postgres_fail(runlog *self, const PGresult *result, const char *what, GError **error);

/* Sends what libpq holds back; FALSE when the link is lost. Afterwards nothing is held. */
gboolean postgres_flush(runlog *self);
/* The next result, within the wait; NULL at the end of a command, or when the link is lost, which
 * *out_ok tells. */
PGresult *postgres_result(runlog *self, gboolean *out_ok);
/* Takes what is left of a command's results. The first failure among them, else TRUE. */
gboolean postgres_drain(runlog *self, const char *what, GError **error);
/* One or several literal statements without results. */
gboolean postgres_run(runlog *self, const char *sql, GError **error);
/* Sends a literal statement with parameters; answers are binary. */
gboolean postgres_send(runlog *self, const char *what, const char *sql, const value *values,
                       guint count, GError **error);

gboolean postgres_begin(runlog *self, GError **error);
gboolean postgres_look(runlog *self, GError **error);
gboolean postgres_end(runlog *self, gboolean ok, GError **error);

/* ---- postgres_query.c ----------------------------------------------------------------------- */

gboolean postgres_open_cursor(cursor *self, const question *question, const value *values,
                              guint count, GError **error);
gboolean postgres_next(cursor *self, gboolean *out_row, GError **error);
gboolean postgres_is_none(const cursor *self, int column);
gint64 postgres_integer(const cursor *self, int column);
double postgres_number(const cursor *self, int column);
gint64 postgres_stamp(const cursor *self, int column);
const char *postgres_text(const cursor *self, int column);
void postgres_release(cursor *self);
gboolean postgres_change(runlog *self, const question *question, const value *values, guint count,
                         gint64 *out_rows, GError **error);

/* ---- postgres_rows.c ------------------------------------------------------------------------ */

rows *postgres_rows_begin(runlog *log, const runlog_table *table, rows_mode mode, GError **error);
void postgres_put_text(rows *base, const char *text, gsize size);
void postgres_put_integer(rows *base, gint64 integer);
void postgres_put_number(rows *base, double number);
void postgres_put_stamp(rows *base, gint64 instant_us);
void postgres_put_none(rows *base);
gboolean postgres_rows_next(rows *base, GError **error);
gboolean postgres_rows_end(rows *base, gboolean ok, GError **error);

/* ---- the wire ------------------------------------------------------------------------------- */

/* timestamptz in binary: microseconds since 2000-01-01 UTC. */
#define POSTGRES_EPOCH_US (INT64_C(946684800) * QB_SECOND_US)
enum {
    POSTGRES_BOOL = 16,
    POSTGRES_INT8 = 20,
    POSTGRES_INT2 = 21,
    POSTGRES_INT4 = 23,
    POSTGRES_TEXT = 25,
    POSTGRES_FLOAT4 = 700,
    POSTGRES_FLOAT8 = 701,
    POSTGRES_TIMESTAMPTZ = 1184,
    POSTGRES_JSONB = 3802,
};
/* The server refuses NUL and bytes that are no UTF-8. NULL where the text may stay as it is, else a
 * cleaned copy; caller frees. */
char *postgres_clean(const char *text, gsize size);

/* ---- schema_postgres.c ---------------------------------------------------------------------- */

gboolean postgres_has_table(runlog *self, const char *name, gboolean *out, GError **error);
/* The columns by which a row of a table is found again: its key, or the id where an adopted table
 * has no other. NULL on failure. */
const char *postgres_key_of(runlog *self, const runlog_table *table, GError **error);
/* Makes, adopts, migrates or refuses; for readers only refuses. */
gboolean postgres_prepare(runlog *self, gboolean writing, const runlog_server *server,
                          GError **error);

#endif
