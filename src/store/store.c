/* What is set per connection is what SQLite does not keep in the file. Nothing is written (no
 * journal mode, no checkpoint) before the file is known to be ours and of our version. */
#include "store/store.h"

#include "platform/clock.h"
#include "platform/files.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

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

static gboolean refuse_absent(const store *self, GError **error)
{
    g_autofree char *text = self->kind->absent != NULL
                                ? g_strdup(self->kind->absent)
                                : g_strconcat(self->kind->noun, " is not there yet", NULL);
    return refuse(self, FAILURE_MISSING, text, error);
}

static gboolean fail_locked(const store *self, GError **error)
{
    g_autofree char *text =
        g_strdup_printf("locked by another process (waited %.3g s; try again when it has ended)",
                        self->wait_ms / 1000.0);
    return refuse(self, FAILURE_LOCKED, text, error);
}

#define UNWRITABLE                                                                              \
    "%s: the file or its folder cannot be written (look at the rights, and whether the disk is" \
    " mounted read-only)"

/* What the kernel knew and SQLite does not tell: that a call failed for want of room, or of
 * leave. */
static int meaning_of(int code, int reason)
{
    if (code != SQLITE_IOERR && code != SQLITE_CANTOPEN)
        return code;
    return reason == ENOSPC || reason == EDQUOT  ? SQLITE_FULL
           : reason == EROFS || reason == EACCES ? SQLITE_READONLY
                                                 : code;
}

/* Messages of SQLite name tables and columns, never values of rows. */
gboolean store_fail(const store *self, const char *what, GError **error)
{
    const char *why = self->db != NULL ? sqlite3_errmsg(self->db) : "out of memory";
    const int code = self->db != NULL ? sqlite3_errcode(self->db) & 0xff : SQLITE_NOMEM;
    const int reason = self->db != NULL ? sqlite3_system_errno(self->db) : 0;
    switch (meaning_of(code, reason)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return fail_locked(self, error);
    case SQLITE_NOTADB:
        return store_refuse(self, error, "not a SQLite database (expected %s)", self->kind->noun);
    case SQLITE_CORRUPT:
        return store_damaged(self, what, why, error);
    case SQLITE_FULL:
        return store_refuse(
            self, error, "%s: the disk is full, nothing was stored; make room and try again", what);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return store_refuse(self, error, "%s: %s%s%s", what, why, reason != 0 ? ": " : "",
                            reason != 0 ? g_strerror(reason) : "");
    case SQLITE_READONLY:
        return store_refuse(self, error, UNWRITABLE, what);
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

gboolean store_integer(store *self, const char *sql, gint64 *out, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = store_prepare(self, sql, error);
    if (statement == NULL || !store_step(self, statement, "query", &row, error))
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

/* The first read, not BEGIN, fixes what is seen; and preparing a statement is none. */
gboolean store_look(store *self, GError **error)
{
    gint64 count = 0;
    return store_run(self, "BEGIN", error) &&
           (store_integer(self, "SELECT count(*) FROM sqlite_schema", &count, error) ||
            store_end(self, FALSE, NULL));
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
    g_set_error_literal(error, FAILURE, FAILURE_DATABASE, failure->message);
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
    return store_run(self, "PRAGMA cell_size_check=ON", error);
}

static gboolean is_on_read_only_disk(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    return access(folder, W_OK) != 0 && errno == EROFS;
}

/* SQLite wants to make files beside one with a write-ahead log, even to read it. Where it cannot, a
 * file at rest is told to be one that nobody changes. */
static gboolean open_unchanging(store *self, GError **error)
{
    g_autofree char *log = g_strconcat(self->path, "-wal", NULL);
    g_autofree char *index = g_strconcat(self->path, "-shm", NULL);
    g_autofree char *name = g_uri_escape_string(self->path, "/", FALSE);
    const gboolean at_rest = !files_exists(log);
    g_autofree char *uri = g_strconcat("file:", name, at_rest ? "?immutable=1" : "", NULL);
    if (!at_rest && !files_exists(index))
        return store_refuse(self, error,
                            "its last rows stand in the file of the same name with -wal, which"
                            " cannot be read on a read-only disk (copy both to one that can be"
                            " written)");
    if (sqlite3_open_v2(uri, &self->db,
                        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return store_fail(self, "open", error);
    return TRUE;
}

/* A reader opens for writing where it may: only so can the last one to leave tidy up the log's
 * files. */
static gboolean open_file(store *self, GError **error)
{
    const gboolean fixed = is_on_read_only_disk(self->path);
    if (fixed)
        return self->reading ? open_unchanging(self, error)
                             : store_refuse(self, error, UNWRITABLE, "open");
    if (sqlite3_open_v2(self->path, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK)
        return store_fail(self, "open", error);
    return TRUE;
}

/* query_only keeps a reader from changing a row. */
gboolean store_connect(store *self, const char *path, const store_kind *kind, gboolean reading,
                       GError **error)
{
    *self =
        (store){.path = g_strdup(path), .kind = kind, .wait_ms = STORE_WAIT_MS, .reading = reading};
    if (!files_exists(path) && !(reading ? refuse_absent(self, error) : make_file(path, error)))
        return FALSE;
    return open_file(self, error) && configure(self, error) &&
           (!reading || store_run(self, "PRAGMA query_only=ON", error));
}

/* TRUE when committed rows stand in the write-ahead log only. */
static gboolean log_holds_rows(store *self)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    if (sqlite3_file_control(self->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK ||
        file == NULL || file->pMethods == NULL)
        return FALSE;
    return file->pMethods->xFileSize(file, &size) != SQLITE_OK || size > 0;
}

/* With a checkpoint at the close a file at rest is one file that can be copied. A refused one is
 * only tidied up after where that moves no row into it. */
gboolean store_settle(store *self, gboolean fits, GError **error)
{
    if (self->db != NULL && (fits || !log_holds_rows(self)))
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    if (!fits || self->reading)
        return fits;
    return use_wal(self, error) && store_run(self, "PRAGMA synchronous=FULL", error);
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

/* ---- one schema ----------------------------------------------------------------------------- */

/* *out_empty: no table yet. */
static gboolean recognise(store *self, gboolean *out_empty, GError **error)
{
    gint64 mark = 0, version = 0, tables = 0;
    if (!store_integer(self, "PRAGMA application_id", &mark, error) ||
        !store_integer(self, "PRAGMA user_version", &version, error) ||
        !store_integer(self, "SELECT count(*) FROM sqlite_schema", &tables, error))
        return FALSE;
    *out_empty = tables == 0 && mark == 0 && version == 0;
    if (*out_empty)
        return TRUE;
    if (mark != self->kind->application_id)
        return store_refuse(self, error, STORE_FOREIGN_MARK, mark, self->kind->application_id,
                            self->kind->noun);
    if (version > self->kind->version)
        return store_refuse(self, error, STORE_NEWER, version, self->kind->version);
    if (version < 1 || tables == 0)
        return store_damaged(self, "schema", "no version", error);
    return TRUE;
}

/* The questions of one reading see one state of the file, though another process makes it. */
static gboolean look(store *self, gboolean *out_empty, GError **error)
{
    return store_look(self, error) && store_end(self, recognise(self, out_empty, error), error);
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

gboolean store_open(store *self, const char *path, const store_kind *kind, GError **error)
{
    gboolean empty = FALSE;
    if (!store_connect(self, path, kind, FALSE, error))
        return FALSE;
    const gboolean fits = look(self, &empty, error) && (!empty || create(self, error));
    return store_settle(self, fits, error);
}

gboolean store_open_readonly(store *self, const char *path, const store_kind *kind, GError **error)
{
    gboolean empty = FALSE;
    if (!store_connect(self, path, kind, TRUE, error))
        return FALSE;
    const gboolean fits = look(self, &empty, error) &&
                          (!empty || store_refuse(self, error, "empty (expected %s)", kind->noun));
    return store_settle(self, fits, error);
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
