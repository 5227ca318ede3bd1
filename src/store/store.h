/* A SQLite file of ours: control, the journals, the run log. Here is how such a file is made,
 * recognised, opened, copied, and how it fails; what stands in it is its owner's. Write-ahead log,
 * full sync, STRICT tables, mode 0600. A file that is refused (not ours, newer, damaged) stays as
 * it is, byte for byte. One connection belongs to one thread at a time. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "platform/failure.h"

#include <sqlite3.h>

typedef struct store_kind {
    const char *noun;   /* in messages: "the control database" */
    const char *remedy; /* what to do about a damaged one */
    const char *absent; /* of a reader's file that is not there; NULL: "NOUN is not there yet" */
    const char *create; /* literal SQL: every table of `version`; NULL: see store_connect */
    gint32 application_id;
    gint32 version; /* >= 1 */
} store_kind;

typedef struct store {
    sqlite3 *db;
    char *path;
    const store_kind *kind;
    guint wait_ms; /* for a lock; STORE_WAIT_MS unless store_set_wait_ms said otherwise */
    gboolean reading;
} store;
#define STORE_WAIT_MS 10000

/* Opens the file, or makes it with its folders. FAILURE_DATABASE; FAILURE_LOCKED when another
 * process keeps it longer than the wait. On failure self may still be cleared. kind is static. */
gboolean store_open(store *self, const char *path, const store_kind *kind, GError **error);
/* One that must be there (FAILURE_MISSING), whose rows cannot be changed through this
 * connection. */
gboolean store_open_readonly(store *self, const char *path, const store_kind *kind, GError **error);
/* The same without a look at the tables, for an owner that makes, adopts and migrates them itself:
 * it does so, or refuses the file, and tells store_settle. Until then nothing is written that the
 * owner does not write, not even the kind of journal. */
gboolean store_connect(store *self, const char *path, const store_kind *kind, gboolean reading,
                       GError **error);
/* What the owner found. fits: from here on the file is in WAL with full sync. Else FALSE, with the
 * owner's error left in place. */
gboolean store_settle(store *self, gboolean fits, GError **error);
/* {0} is fine. The last one to leave a file moves its log's rows into it. */
void store_clear(store *self);
void store_set_wait_ms(store *self, guint wait_ms);
/* Deep look at every page: FAILURE_DATABASE naming the file. Linear in its size. */
gboolean store_check(store *self, GError **error);
/* FALSE when another file, or none, stands at the path now. One system call. */
gboolean store_in_place(store *self);

/* ---- copies -------------------------------------------------------------------------------- */

/* The committed state as a new file, mode 0600, durable. Not inside a transaction.
 * FAILURE_DATABASE, also where a file is there already. */
gboolean store_copy(store *self, const char *path, GError **error);
/* A copy beside the file: "data/quantbot.db" as "data/quantbot.before-WHY-20240131T143000Z.db", or
 * with "-2" and so on behind the time where that is taken. Caller frees. NULL on failure. */
char *store_copy_beside(store *self, const char *why, GError **error);

/* ---- failing ------------------------------------------------------------------------------- */

/* Turns the last error of this connection into ours: file, what was done, why, what to do.
 * FALSE. */
gboolean store_fail(const store *self, const char *what, GError **error);
/* FAILURE_DATABASE with our own words, after "PATH: ". FALSE. */
gboolean store_refuse(const store *self, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* "PATH: WHAT: damaged (WHY): REMEDY". FALSE. */
gboolean store_damaged(const store *self, const char *what, const char *why, GError **error);
/* For store_refuse. Of the mark, the program's, the noun; of the version, the program's. */
#define STORE_FOREIGN_MARK \
    "a database of something else (application id %" G_GINT64_FORMAT ", expected %d of %s)"
#define STORE_NEWER                                                       \
    "schema version %" G_GINT64_FORMAT " is newer than this program's %d" \
    " (quantbot " QUANTBOT_VERSION "): use a newer quantbot"

/* ---- statements ---------------------------------------------------------------------------- */

/* sql is a literal, one statement, kept for long. NULL on failure. */
sqlite3_stmt *store_prepare(store *self, const char *sql, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)
/* sql is a literal, any number of statements, results ignored. */
gboolean store_run(store *self, const char *sql, GError **error);
/* One row (out_row TRUE) or the end (FALSE). `what` names the table in messages. On failure and at
 * the end the statement is reset, so that it holds no lock. */
gboolean store_step(store *self, sqlite3_stmt *statement, const char *what, gboolean *out_row,
                    GError **error);
/* A statement that gives no rows, from its bound values to its end; reset after. */
gboolean store_do(store *self, sqlite3_stmt *statement, const char *what, GError **error);
/* The integer that a literal query without parameters gives; 0 when it gives no row. */
gboolean store_integer(store *self, const char *sql, gint64 *out, GError **error);
/* BEGIN IMMEDIATE: waits for another writer at most wait_ms. */
gboolean store_begin(store *self, GError **error);
/* Begins a reading: until store_end every query sees the file as it is at this moment, though
 * another process changes it. Several questions about it have one answer only so. */
gboolean store_look(store *self, GError **error);
/* Ends the transaction: COMMIT when ok, else ROLLBACK; a commit that failed is rolled back and
 * never tried again. TRUE when everything since store_begin is durable. */
gboolean store_end(store *self, gboolean ok, GError **error);

/* ---- digest -------------------------------------------------------------------------------- */

/* SHA-256 over a number and some values, each with its length; the first 8 bytes. A row that bears
 * it shows whether its bytes are still those that were written. */
typedef struct store_value {
    const void *bytes; /* NULL: none, which is not the same as empty */
    gsize size;
} store_value;
gint64 store_digest(gint64 seed, const store_value *values, gsize count);
#define STORE_TEXT(text) ((store_value){(text), (text) != NULL ? strlen(text) : 0})
#define STORE_INTEGER(variable) ((store_value){&(variable), sizeof(gint64)})

#endif
