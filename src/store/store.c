/* What is set per connection is what SQLite does not keep in the file. Nothing is written (no
 * journal mode, no checkpoint) before the file is known to be ours and of our version. */
#include "store/store.h"

#include "platform/clock.h"
#include "platform/files.h"

#include <string.h>

#define WAL_NAP_US 2000

/* ---- failing -------------------------------------------------------------------------------- */

static gboolean refuse(const store *self, failure_code code, const char *text, GError **error)
{
    g_autofree char *name = failure_path(self->path);
    g_set_error(error, FAILURE, code, "%s: %s", name, text);
    return FALSE;
}

gboolean store_refuse(const store *self, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return refuse(self, FAILURE_DATABASE, text, error);
}

gboolean store_damaged(const store *self, const char *what, const char *why, GError **error)
{
    return store_refuse(self, error, "%s: damaged (%s): %s", what, why, self->kind->remedy);
}

static gboolean fail_locked(const store *self, GError **error)
{
    g_autofree char *text =
        g_strdup_printf("locked by another process (waited %.3g s; try again when it has ended)",
                        self->wait_ms / 1000.0);
    return refuse(self, FAILURE_LOCKED, text, error);
}

/* Messages of SQLite name tables and columns, never values of rows. */
gboolean store_fail(const store *self, const char *what, GError **error)
{
    const char *why = self->db != NULL ? sqlite3_errmsg(self->db) : "out of memory";
    const int code = self->db != NULL ? sqlite3_errcode(self->db) & 0xff : SQLITE_NOMEM;
    const int reason = self->db != NULL ? sqlite3_system_errno(self->db) : 0;
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail_locked(self, error);
    case SQLITE_NOTADB:
        return store_refuse(self, error, "not a SQLite database (expected %s)", self->kind->noun);
    case SQLITE_CORRUPT:
        return store_damaged(self, what, why, error);
    case SQLITE_FULL:
        return store_refuse(self, error, "%s: the disk is full; nothing was stored", what);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return store_refuse(self, error, "%s: %s%s%s", what, why, reason != 0 ? ": " : "",
                            reason != 0 ? g_strerror(reason) : "");
    case SQLITE_READONLY:
        return store_refuse(self, error, "%s: the file or its folder cannot be written", what);
    default:
        return store_refuse(self, error, "%s: %s", what, why);
    }
}

/* ---- statements ----------------------------------------------------------------------------- */

sqlite3_stmt *store_prepare(store *self, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(self->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        store_fail(self, "query", error);
        return NULL;
    }
    return statement;
}

gboolean store_run(store *self, const char *sql, GError **error)
{
    if (sqlite3_exec(self->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(self, "statement", error);
    return TRUE;
}

gboolean store_step(store *self, sqlite3_stmt *statement, const char *what, gboolean *out_row,
                    GError **error)
{
    const int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        store_fail(self, what, error);
        sqlite3_reset(statement);
        return FALSE;
    }
    *out_row = code == SQLITE_ROW;
    if (!*out_row)
        sqlite3_reset(statement);
    return TRUE;
}

gboolean store_do(store *self, sqlite3_stmt *statement, const char *what, GError **error)
{
    gboolean row = FALSE;
    const gboolean ok = store_step(self, statement, what, &row, error);
    sqlite3_reset(statement);
    return ok;
}

static gboolean ask_integer(store *self, const char *sql, gint64 *out, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = store_prepare(self, sql, error);
    if (statement == NULL || !store_step(self, statement, "open", &row, error))
        return FALSE;
    *out = row ? sqlite3_column_int64(statement, 0) : 0;
    return TRUE;
}

/* ---- transactions --------------------------------------------------------------------------- */

gboolean store_begin(store *self, GError **error)
{
    if (sqlite3_exec(self->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return store_fail(self, "begin", error);
    return TRUE;
}

/* A failed sync is never tried again: the kernel may have dropped the pages, and a second call
 * would claim success. After some failures SQLite has rolled back by itself. */
gboolean store_end(store *self, gboolean ok, GError **error)
{
    if (ok && sqlite3_exec(self->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        ok = store_fail(self, "commit", error);
    if (!ok && !sqlite3_get_autocommit(self->db))
        sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    return ok;
}

static gboolean uses_wal(store *self, const char *sql, gboolean *out, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = store_prepare(self, sql, error);
    if (statement == NULL || !store_step(self, statement, "journal mode", &row, error))
        return FALSE;
    *out = row && g_strcmp0((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    return TRUE;
}

/* SQLite does not wait by itself for this lock, which two founders of one file may want. */
static gboolean use_wal(store *self, GError **error)
{
    gboolean wal = FALSE;
    if (!uses_wal(self, "PRAGMA journal_mode", &wal, error) || wal)
        return wal;
    const gint64 end_us = clock_monotonic_us() + (gint64)self->wait_ms * 1000;
    for (;;) {
        g_autoptr(GError) failure = NULL;
        if (uses_wal(self, "PRAGMA journal_mode=WAL", &wal, &failure) && wal)
            return TRUE;
        if (failure == NULL)
            return store_refuse(self, error, "no write-ahead log here (is this a network disk?)");
        if (!g_error_matches(failure, FAILURE, FAILURE_LOCKED) || clock_monotonic_us() >= end_us) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        clock_sleep_us(WAL_NAP_US);
    }
}

/* ---- opening -------------------------------------------------------------------------------- */

/* An empty file of mode 0600: SQLite would make one of 0644. Another process may be faster. */
static gboolean make_file(const char *path, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(files_stream) stream = files_stream_new(path, &failure);
    if (stream != NULL && files_stream_finish(stream, FALSE, &failure))
        return TRUE;
    if (files_exists(path))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

static gboolean configure(store *self, GError **error)
{
    sqlite3_extended_result_codes(self->db, 1);
    sqlite3_busy_timeout(self->db, (int)self->wait_ms);
    if (sqlite3_db_config(self->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK)
        return store_fail(self, "configure", error);
    return TRUE;
}

static gboolean connect(store *self, const char *path, const store_kind *kind, GError **error)
{
    *self = (store){.path = g_strdup(path), .kind = kind, .wait_ms = STORE_WAIT_MS};
    if (sqlite3_open_v2(path, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        return store_fail(self, "open", error);
    return configure(self, error);
}

/* *out_empty: no table yet. */
static gboolean recognise(store *self, gboolean *out_empty, GError **error)
{
    gint64 mark = 0, version = 0, tables = 0;
    if (!ask_integer(self, "PRAGMA application_id", &mark, error) ||
        !ask_integer(self, "PRAGMA user_version", &version, error) ||
        !ask_integer(self, "SELECT count(*) FROM sqlite_schema", &tables, error))
        return FALSE;
    *out_empty = tables == 0 && mark == 0 && version == 0;
    if (*out_empty)
        return TRUE;
    if (mark != self->kind->application_id)
        return store_refuse(self, error,
                            "a database of something else (application id %" G_GINT64_FORMAT
                            ", expected %d of %s)",
                            mark, self->kind->application_id, self->kind->noun);
    if (version > self->kind->version)
        return store_refuse(self, error,
                            "schema version %" G_GINT64_FORMAT " is newer than this program's %d"
                            " (quantbot " QUANTBOT_VERSION "): use a newer quantbot",
                            version, self->kind->version);
    if (version < 1 || tables == 0)
        return store_damaged(self, "schema", "no version", error);
    return TRUE;
}

/* The questions of one reading see one state of the file, though another process makes it. */
static gboolean look(store *self, gboolean *out_empty, GError **error)
{
    if (!store_run(self, "BEGIN", error))
        return FALSE;
    const gboolean ok = recognise(self, out_empty, error);
    return store_end(self, ok, error);
}

static gboolean create_tables(store *self, GError **error)
{
    /* Pragmas take no parameters; the numbers are the program's own. */
    g_autofree char *marks = g_strdup_printf("PRAGMA application_id=%d; PRAGMA user_version=%d",
                                             self->kind->application_id, self->kind->version);
    return store_run(self, self->kind->create, error) && store_run(self, marks, error);
}

/* Another process may have made them since we looked: then there is nothing to do. */
static gboolean create(store *self, GError **error)
{
    gboolean empty = FALSE;
    if (!use_wal(self, error) || !store_run(self, "PRAGMA synchronous=FULL", error) ||
        !store_begin(self, error))
        return FALSE;
    const gboolean ok = recognise(self, &empty, error) && (!empty || create_tables(self, error));
    return store_end(self, ok, error);
}

/* From here on closing may move the log's rows into the file: at rest it is one file. */
static void allow_checkpoint(store *self)
{
    sqlite3_db_config(self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
}

gboolean store_open(store *self, const char *path, const store_kind *kind, GError **error)
{
    gboolean empty = FALSE;
    *self = (store){0};
    if (!files_exists(path) && !make_file(path, error))
        return FALSE;
    if (!connect(self, path, kind, error) || !look(self, &empty, error) ||
        (empty && !create(self, error)))
        return FALSE;
    allow_checkpoint(self);
    return use_wal(self, error) && store_run(self, "PRAGMA synchronous=FULL", error);
}

/* A reader opens for writing where it may: only so can the last one to leave tidy up the log's
 * files. query_only keeps it from changing a row. */
gboolean store_open_readonly(store *self, const char *path, const store_kind *kind, GError **error)
{
    gboolean empty = FALSE;
    *self = (store){0};
    if (!files_exists(path)) {
        g_autofree char *name = failure_path(path);
        g_set_error(error, FAILURE, FAILURE_MISSING, "%s: %s is not there yet", name, kind->noun);
        return FALSE;
    }
    if (!connect(self, path, kind, error) || !store_run(self, "PRAGMA query_only=ON", error) ||
        !look(self, &empty, error))
        return FALSE;
    if (empty)
        return store_refuse(self, error, "empty (expected %s)", kind->noun);
    allow_checkpoint(self);
    return TRUE;
}

void store_clear(store *self)
{
    sqlite3_close(self->db);
    g_free(self->path);
    *self = (store){0};
}

void store_set_wait_ms(store *self, guint wait_ms)
{
    self->wait_ms = wait_ms;
    sqlite3_busy_timeout(self->db, (int)MIN(wait_ms, (guint)G_MAXINT));
}

gboolean store_check(store *self, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = store_prepare(self, "PRAGMA integrity_check(1)", error);
    if (statement == NULL || !store_step(self, statement, "integrity check", &row, error))
        return FALSE;
    const char *text = row ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (g_strcmp0(text, "ok") == 0)
        return TRUE;
    g_autofree char *quoted = failure_quote(text != NULL ? text : "no answer", -1);
    return store_damaged(self, "integrity check", quoted, error);
}

gboolean store_in_place(store *self)
{
    int moved = 0;
    return sqlite3_file_control(self->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
           moved == 0;
}

/* ---- digest --------------------------------------------------------------------------------- */

gint64 store_digest(gint64 seed, const store_value *values, gsize count)
{
    guint8 bytes[32];
    gsize size = sizeof bytes;
    guint64 out = 0;
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, (const guint8 *)&seed, sizeof seed);
    for (gsize i = 0; i < count; i++) {
        const gint64 length = values[i].bytes != NULL ? (gint64)values[i].size : -1;
        g_checksum_update(sum, (const guint8 *)&length, sizeof length);
        if (length > 0)
            g_checksum_update(sum, values[i].bytes, (gssize)length);
    }
    g_checksum_get_digest(sum, bytes, &size);
    g_checksum_free(sum);
    for (int i = 0; i < 8; i++)
        out = out << 8 | bytes[i];
    return (gint64)out;
}
