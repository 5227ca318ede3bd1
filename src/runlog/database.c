/* A run log's life: how it is opened in SQLite, what is told of it, how it ends. The file itself
 * is a store whose tables are ours to make, adopt and migrate (schema.c). */
#include "runlog/runlog-private.h"

#include <string.h>

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
