/* The connection: how it is opened, how it fails, how a transaction begins and ends.
 *
 * Durability is SQLite's: write-ahead log, full sync, one writer. What is set here per connection
 * is what SQLite does not keep in the file. A file that will be refused must stay as it is, byte
 * for byte, so nothing is written (no journal mode, no checkpoint) before its schema is known. */
#include "runlog/runlog-private.h"

#include "platform/clock.h"
#include "platform/files.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>

#define FILE_MODE 0600
#define WAL_TRIES_NAP_US 2000
/* Pages of a large run that stay in memory until its commit; more go to the log early. */
#define CACHE_KIB "16384"

/* ---- failing -------------------------------------------------------------------------------- */

gboolean database_refuse(const runlog *self, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *name = failure_path(self->path);
    g_set_error(error, FAILURE, FAILURE_DATABASE, "%s: %s", name, text);
    return FALSE;
}

/* How SQLite's failures become ours is the same for every file of ours. */
gboolean database_fail(runlog *self, const char *what, GError **error)
{
    static const store_kind kind = {
        .noun = "the run log",
        .remedy = "restore a copy, or move the file away and run: quantbot db init",
    };
    const store file = {
        .db = self->db,
        .path = self->path,
        .kind = &kind,
        .wait_ms = self->wait_ms,
    };
    return store_fail(&file, what, error);
}

/* ---- statements ----------------------------------------------------------------------------- */

sqlite3_stmt *database_prepare(runlog *self, const char *sql, GError **error)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(self->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        database_fail(self, "query", error);
        return NULL;
    }
    return statement;
}

gboolean database_run(runlog *self, const char *sql, GError **error)
{
    if (sqlite3_exec(self->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return database_fail(self, "statement", error);
    return TRUE;
}

gboolean database_step(runlog *self, sqlite3_stmt *statement, const char *what, gboolean *out_row,
                       GError **error)
{
    const int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return database_fail(self, what, error);
    *out_row = code == SQLITE_ROW;
    return TRUE;
}

gboolean database_integer(runlog *self, const char *sql, gint64 *out, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = database_prepare(self, sql, error);
    if (statement == NULL || !database_step(self, statement, "query", &row, error))
        return FALSE;
    *out = row ? sqlite3_column_int64(statement, 0) : 0;
    return TRUE;
}

/* ---- transactions --------------------------------------------------------------------------- */

gboolean database_begin(runlog *self, GError **error)
{
    if (sqlite3_exec(self->db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return database_fail(self, "begin", error);
    return TRUE;
}

/* The first read, not BEGIN, fixes what is seen; and preparing a statement is none. */
gboolean database_look(runlog *self, GError **error)
{
    gint64 count = 0;
    return database_run(self, "BEGIN", error) &&
           (database_integer(self, "SELECT count(*) FROM sqlite_schema", &count, error) ||
            database_end(self, FALSE, NULL));
}

gboolean database_end(runlog *self, gboolean ok, GError **error)
{
    if (ok && sqlite3_exec(self->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        ok = database_fail(self, "commit", error);
    /* After some failures SQLite has rolled back by itself. A failed sync is never tried again:
     * the kernel may have dropped the pages and would report success. */
    if (!ok && !sqlite3_get_autocommit(self->db))
        sqlite3_exec(self->db, "ROLLBACK", NULL, NULL, NULL);
    return ok;
}

static gboolean uses_wal(runlog *self, const char *sql, gboolean *out, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = database_prepare(self, sql, error);
    if (statement == NULL || !database_step(self, statement, "journal mode", &row, error))
        return FALSE;
    *out = row && g_strcmp0((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    return TRUE;
}

gboolean database_use_wal(runlog *self, GError **error)
{
    gboolean wal = FALSE;
    if (!uses_wal(self, "PRAGMA journal_mode", &wal, error) || wal)
        return wal;
    /* SQLite does not wait by itself for this lock, which two founders of one file may want. */
    const gint64 end_us = clock_monotonic_us() + (gint64)self->wait_ms * 1000;
    for (;;) {
        g_autoptr(GError) failure = NULL;
        if (uses_wal(self, "PRAGMA journal_mode=WAL", &wal, &failure) && wal)
            return TRUE;
        const gboolean locked = g_error_matches(failure, FAILURE, FAILURE_LOCKED);
        if (failure == NULL)
            return database_refuse(self, error,
                                   "no write-ahead log here (is this a network disk?)");
        if (!locked || clock_monotonic_us() >= end_us) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        clock_sleep_us(WAL_TRIES_NAP_US);
    }
}

/* ---- backup --------------------------------------------------------------------------------- */

/* data/quantbot.db: data/quantbot.before-adoption-20240131T143000Z.db */
static char *backup_name(const runlog *self, const char *why)
{
    char time[QB_TIME_TEXT];
    const gint64 now_us = clock_now_us();
    qb_time_to_text(now_us - now_us % QB_SECOND_US, time);
    g_autofree char *stem = g_strdup(self->path);
    if (g_str_has_suffix(stem, ".db"))
        stem[strlen(stem) - strlen(".db")] = '\0';
    g_autofree char *name = g_strdup_printf("%s.before-%s-%s.db", stem, why, time);
    /* Colons and hyphens of the time only: the rest of the path is not ours to change. */
    char *stamp = name + strlen(name) - strlen(".db") - strlen(time);
    GString *compact = g_string_new_len(name, stamp - name);
    for (; *stamp != '\0'; stamp++)
        if (*stamp != ':' && *stamp != '-')
            g_string_append_c(compact, *stamp);
    return g_string_free(compact, FALSE);
}

/* SQLite makes files 0644 and follows what stands there; an empty file made first by us is 0600,
 * and O_EXCL says whether it was there before. */
static gboolean make_private_file(const char *path, gboolean *out_made, GError **error)
{
    const int descriptor = g_open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (descriptor < 0 && errno != EEXIST) {
        const int reason = errno;
        g_autofree char *name = failure_path(path);
        g_set_error(error, FAILURE, FAILURE_DATABASE, "%s: cannot be made: %s", name,
                    g_strerror(reason));
        return FALSE;
    }
    *out_made = descriptor >= 0;
    return descriptor < 0 || g_close(descriptor, error);
}

static gboolean vacuum_into(runlog *self, const char *path, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = database_prepare(self, "VACUUM INTO ?1", error);
    if (statement == NULL)
        return FALSE;
    if (sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC) != SQLITE_OK)
        return database_fail(self, "backup", error);
    return database_step(self, statement, "backup", &row, error);
}

gboolean runlog_copy_file(runlog *self, const char *path, GError **error)
{
    gboolean made = FALSE;
    g_assert(self->db != NULL);
    if (!make_private_file(path, &made, error))
        return FALSE;
    if (!made) {
        g_autofree char *name = failure_path(path);
        return database_refuse(self, error, "the backup %s is there already", name);
    }
    /* A reader's connection may not write, not even another file. */
    const gboolean ok = database_run(self, "PRAGMA query_only=OFF", error) &&
                        vacuum_into(self, path, error);
    if (!ok) {
        files_remove(path, NULL);
        return FALSE;
    }
    g_autofree char *folder = g_path_get_dirname(path);
    return files_sync_folder(folder, error);
}

gboolean database_backup(runlog *self, const char *why, GError **error)
{
    g_autofree char *path = backup_name(self, why);
    if (!runlog_copy_file(self, path, error))
        return FALSE;
    g_free(self->backup);
    self->backup = g_steal_pointer(&path);
    return TRUE;
}

/* ---- opening -------------------------------------------------------------------------------- */

static gboolean configure(runlog *self, GError **error)
{
    sqlite3_extended_result_codes(self->db, 1);
    sqlite3_busy_timeout(self->db, (int)self->wait_ms);
    if (sqlite3_db_config(self->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL) != SQLITE_OK ||
        sqlite3_db_config(self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK)
        return database_fail(self, "configure", error);
    return TRUE;
}

static runlog *open_file(const char *path, int flags, GError **error)
{
    g_autoptr(runlog) self = g_new0(runlog, 1);
    self->backend = &backend_sqlite;
    self->path = g_strdup(path);
    self->wait_ms = RUNLOG_WAIT_MS;
    if (sqlite3_open_v2(path, &self->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        database_fail(self, "open", error);
        return NULL;
    }
    return configure(self, error) ? g_steal_pointer(&self) : NULL;
}

/* TRUE when committed rows stand in the write-ahead log only. */
static gboolean log_holds_rows(runlog *self)
{
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    if (sqlite3_file_control(self->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK ||
        file == NULL || file->pMethods == NULL)
        return FALSE;
    return file->pMethods->xFileSize(file, &size) != SQLITE_OK || size > 0;
}

/* From here on closing may move the log's rows into the file, so that at rest a run log is one
 * file that can be copied. */
static void allow_checkpoint(runlog *self)
{
    sqlite3_db_config(self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
}

runlog *runlog_open(const char *path, GError **error)
{
    gboolean made = FALSE;
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(runlog) self = NULL;
    if (!files_exists(path) &&
        (!files_make_folder(folder, error) || !make_private_file(path, &made, error)))
        return NULL;
    self = open_file(path, SQLITE_OPEN_READWRITE, error);
    if (self == NULL)
        return NULL;
    if (!schema_prepare(self, error)) {
        if (!log_holds_rows(self))
            allow_checkpoint(self);
        return NULL;
    }
    allow_checkpoint(self);
    if (!database_use_wal(self, error) ||
        !database_run(self, "PRAGMA synchronous=FULL; PRAGMA cache_size=-" CACHE_KIB, error))
        return NULL;
    return g_steal_pointer(&self);
}

/* A reader opens for writing where it may: only so can the last one to leave remove the log's
 * files. query_only keeps it from changing a row. */
runlog *runlog_open_readonly(const char *path, GError **error)
{
    if (!files_exists(path)) {
        g_autofree char *name = failure_path(path);
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "%s: no run log yet (quantbot db init makes it, or the first backtest)", name);
        return NULL;
    }
    g_autoptr(runlog) self = open_file(path, SQLITE_OPEN_READWRITE, error);
    if (self == NULL || !database_run(self, "PRAGMA query_only=ON", error))
        return NULL;
    const gboolean fits = schema_check(self, error);
    if (fits || !log_holds_rows(self))
        allow_checkpoint(self);
    return fits ? g_steal_pointer(&self) : NULL;
}

void runlog_free(runlog *self)
{
    if (self == NULL)
        return;
    self->backend->close(self);
    g_free(self->path);
    g_free(self->backup);
    g_free(self->refuge);
    g_free(self->refuge_reason);
    g_free(self);
}

void runlog_set_wait_ms(runlog *self, guint wait_ms)
{
    self->wait_ms = wait_ms;
    if (self->db != NULL)
        sqlite3_busy_timeout(self->db, (int)MIN(wait_ms, (guint)G_MAXINT));
}

runlog_store runlog_store_of(const runlog *self)
{
    return self->backend->store;
}

runlog_origin runlog_origin_of(const runlog *self)
{
    return self->origin;
}

const char *runlog_backup_path(const runlog *self)
{
    return self->backup;
}

const char *runlog_path(const runlog *self)
{
    return self->refuge_reason != NULL ? self->refuge : self->path;
}

gboolean runlog_check_writable(runlog *self, GError **error)
{
    if (!backend_begin(self, error))
        return FALSE;
    const gboolean ok =
        self->backend->run(self,
                           "INSERT INTO error_logs (id, ts, level, message)"
                           " VALUES ('check', '1970-01-01 00:00:00.000000', 'DEBUG', 'writable');"
                           "DELETE FROM error_logs WHERE id = 'check'",
                           error);
    backend_end(self, FALSE, NULL);
    return ok;
}

/* ---- stamps --------------------------------------------------------------------------------- */

static void put_digits(char *at, int count, gint64 value)
{
    for (int i = count - 1; i >= 0; i--, value /= 10)
        at[i] = (char)('0' + value % 10);
}

static gboolean set_date(stamp *self, int32_t date)
{
    const qb_civil civil = qb_civil_from_date(date);
    if (civil.year < 1000 || civil.year > 9999)
        return FALSE;
    memcpy(self->text, "0000-00-00 00:00:00.000000", STAMP_SIZE + 1);
    put_digits(self->text, 4, civil.year);
    put_digits(self->text + 5, 2, civil.month);
    put_digits(self->text + 8, 2, civil.day);
    self->day_us = date * QB_DAY_US;
    self->known = TRUE;
    return TRUE;
}

gboolean stamp_set(stamp *self, gint64 instant_us)
{
    if (!self->known || instant_us < self->day_us || instant_us - self->day_us >= QB_DAY_US)
        if (!set_date(self, qb_date_from_us(instant_us)))
            return FALSE;
    const gint64 within_us = instant_us - self->day_us;
    const gint64 second = within_us / QB_SECOND_US;
    put_digits(self->text + 11, 2, second / 3600);
    put_digits(self->text + 14, 2, second / 60 % 60);
    put_digits(self->text + 17, 2, second % 60);
    put_digits(self->text + 20, 6, within_us % QB_SECOND_US);
    return TRUE;
}

gint64 stamp_read(const char *text)
{
    int64_t instant_us = 0;
    if (text == NULL || qb_time_from_text(text, strlen(text), &instant_us) != QB_OK)
        return 0;
    return instant_us;
}
