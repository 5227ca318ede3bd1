/* The file: its tables and how it is opened.
 *
 * commands is an audit: what was asked never changes (a trigger sees to it), only what came of it,
 * and an open command cannot be deleted. latch has one row per scope, '' for all runs, with a
 * digest over its values: a flipped bit is not an open latch. Instants are microseconds since 1970
 * UTC; the view `log` writes them out for people. */
#include "control/control-private.h"

static const char create[] =
    "CREATE TABLE commands ("
    " number INTEGER PRIMARY KEY AUTOINCREMENT," /* never used twice, also after a prune */
    " id TEXT NOT NULL UNIQUE, actor TEXT NOT NULL, created_us INTEGER NOT NULL,"
    " recorded_us INTEGER NOT NULL, action TEXT NOT NULL, run TEXT,"
    " args TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('queued', 'claimed', 'done', 'refused', 'expired')),"
    " claimed_by TEXT, claimed_us INTEGER, ended_us INTEGER, effect TEXT) STRICT;"
    "CREATE INDEX commands_open ON commands (run, state, number)"
    " WHERE state IN ('queued', 'claimed');"
    "CREATE TRIGGER commands_fixed BEFORE UPDATE OF number, id, actor, created_us, recorded_us,"
    " action, run, args ON commands BEGIN SELECT RAISE(ABORT, 'a command never changes'); END;"
    "CREATE TRIGGER commands_ended BEFORE UPDATE ON commands"
    " WHEN OLD.state IN ('done', 'refused', 'expired')"
    " BEGIN SELECT RAISE(ABORT, 'a command ends once'); END;"
    "CREATE TRIGGER commands_kept BEFORE DELETE ON commands WHEN OLD.state IN ('queued', 'claimed')"
    " BEGIN SELECT RAISE(ABORT, 'an open command is kept'); END;"
    "CREATE TABLE latch ("
    " run TEXT NOT NULL PRIMARY KEY,"
    " closed INTEGER NOT NULL CHECK (closed IN (0, 1)),"
    " frozen INTEGER NOT NULL CHECK (frozen IN (0, 1)),"
    " flatten INTEGER NOT NULL CHECK (flatten IN (0, 1)),"
    " actor TEXT NOT NULL, reason TEXT, since_us INTEGER NOT NULL,"
    " command INTEGER NOT NULL REFERENCES commands(number),"
    " digest INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TRIGGER latch_kept BEFORE DELETE ON latch"
    " BEGIN SELECT RAISE(ABORT, 'a latch is opened by a resume'); END;"
    "CREATE VIEW log AS SELECT number, datetime(recorded_us / 1000000, 'unixepoch') AS recorded,"
    " actor, action, coalesce(run, 'all') AS run, args, state, claimed_by, effect FROM commands"
    " ORDER BY number;"
    "CREATE VIEW halts AS SELECT CASE run WHEN '' THEN 'all' ELSE run END AS run,"
    " CASE closed WHEN 1 THEN 'closed' ELSE 'open' END AS latch, frozen, flatten, actor, reason,"
    " datetime(since_us / 1000000, 'unixepoch') AS since FROM latch ORDER BY latch.run;";

static const store_kind kind = {
    .noun = "the control database",
    .remedy = "every run is halted; move the file away, or restore a copy, and resume by hand",
    .create = create,
    .application_id = 0x51424354, /* "QBCT" */
    .version = 1,
};

static control *finish_open(control *self, gboolean opened, GError **error)
{
    if (opened && latch_prepare(self, error))
        return self;
    control_free(self);
    return NULL;
}

control *control_open(const char *path, GError **error)
{
    control *self = g_new0(control, 1);
    return finish_open(self, store_open(&self->store, path, &kind, error), error);
}

control *control_open_readonly(const char *path, GError **error)
{
    control *self = g_new0(control, 1);
    return finish_open(self, store_open_readonly(&self->store, path, &kind, error), error);
}

void control_free(control *self)
{
    if (self == NULL)
        return;
    latch_clear(self);
    sqlite3_finalize(self->queued);
    store_clear(&self->store);
    g_free(self);
}

void control_set_wait_ms(control *self, guint wait_ms)
{
    store_set_wait_ms(&self->store, wait_ms);
}

gboolean control_check(control *self, GError **error)
{
    return store_check(&self->store, error);
}
