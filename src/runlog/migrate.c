/* From an older schema of ours to this one: a backup beside the file, then every missing step and
 * its version row in one transaction. A step is never changed once a release had it; the tables of a
 * new file (schema.c) are what all steps together lead to. */
#include "runlog/runlog-private.h"

#include "platform/files.h"

#define AS_ALTER(table, name, kind) \
    "ALTER TABLE " #table " ADD COLUMN " #name " " SQLITE_OF_##kind ";"

static const struct {
    gint64 version; /* that the step leads to; ascending, without a gap */
    const char *sql;
} steps[] = {
    {2, "ALTER TABLE orders ADD COLUMN risk_rule TEXT;"
        "ALTER TABLE orders ADD COLUMN risk_limit REAL;"
        "ALTER TABLE orders ADD COLUMN risk_value REAL;" SCHEMA_CREATE_RISK_EVENTS},
    {3, "ALTER TABLE runs ADD COLUMN result TEXT;" SCHEMA_TRADES_LATER(AS_ALTER)},
    {4, SCHEMA_ORDERS_LATER(AS_ALTER) SCHEMA_DECISIONS_LATER(AS_ALTER)},
    {5, "DROP INDEX IF EXISTS trades_run_id;" SCHEMA_CREATE_PERIODS SCHEMA_CREATE_BLOCKS},
};

gboolean schema_change_safely(runlog *self, const char *why, schema_change change,
                              gboolean *out_changed, GError **error)
{
    gboolean changed = FALSE;
    g_free(self->backup);
    self->backup = store_copy_beside(&self->file, why, error);
    if (self->backup == NULL)
        return FALSE;
    const gboolean ok = store_begin(&self->file, error) &&
                        store_end(&self->file, change(self, &changed, error), error);
    if (!ok || !changed) {
        files_remove(self->backup, NULL);
        g_clear_pointer(&self->backup, g_free);
    }
    *out_changed = ok && changed;
    return ok;
}

static gboolean take_steps(runlog *self, gint64 version, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++)
        if (steps[i].version > version && !store_run(&self->file, steps[i].sql, error))
            return FALSE;
    return schema_write_version(self, error);
}

/* Another process may have done it since we looked. */
static gboolean change(runlog *self, gboolean *out_changed, GError **error)
{
    gint64 version = 0;
    if (!store_integer(&self->file, "SELECT max(version) FROM schema_version", &version, error))
        return FALSE;
    *out_changed = version < SCHEMA_VERSION;
    return !*out_changed || take_steps(self, version, error);
}

gboolean migrate_to_current(runlog *self, GError **error)
{
    gboolean changed = FALSE;
    return schema_change_safely(self, "migration", change, &changed, error);
}
