/* A run log's life: how it is opened in SQLite, what is told of it, how it ends. The file itself
 * is a store whose tables are ours to make, adopt and migrate (schema.c). */
#include "runlog/runlog-private.h"

/* Pages of a large run that stay in memory until its commit; more go to the log early. */
#define CACHE_KIB "16384"

static const store_kind kind = {
    .noun = "the run log",
    .remedy = "restore a copy, or move the file away and run: quantbot db init",
    .absent = "no run log yet (quantbot db init makes it, or the first backtest)",
    .application_id = SCHEMA_APPLICATION_ID,
    .version = SCHEMA_VERSION,
};

/* ---- opening -------------------------------------------------------------------------------- */

static runlog *new_log(const char *path)
{
    runlog *self = g_new0(runlog, 1);
    self->backend = &backend_sqlite;
    self->path = g_strdup(path);
    self->wait_ms = RUNLOG_WAIT_MS;
    return self;
}

runlog *runlog_open(const char *path, GError **error)
{
    g_autoptr(runlog) self = new_log(path);
    if (!store_connect(&self->file, path, &kind, FALSE, error) ||
        !store_settle(&self->file, schema_prepare(self, error), error) ||
        !store_run(&self->file, "PRAGMA cache_size=-" CACHE_KIB, error))
        return NULL;
    return g_steal_pointer(&self);
}

runlog *runlog_open_readonly(const char *path, GError **error)
{
    g_autoptr(runlog) self = new_log(path);
    if (!store_connect(&self->file, path, &kind, TRUE, error) ||
        !store_settle(&self->file, schema_check(self, error), error))
        return NULL;
    return g_steal_pointer(&self);
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
    if (self->file.db != NULL)
        store_set_wait_ms(&self->file, wait_ms);
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

gboolean runlog_copy_file(runlog *self, const char *path, GError **error)
{
    g_assert(self->file.db != NULL);
    return store_copy(&self->file, path, error);
}

gboolean runlog_check(runlog *self, gboolean *out_looked, GError **error)
{
    *out_looked = runlog_store_of(self) == RUNLOG_SQLITE;
    return !*out_looked || store_check(&self->file, error);
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
