/* The file, and how it is read.
 *
 * SQLite has no checksum over a page of the main file, so a flipped bit in a price would be another
 * price. Each row therefore bears a digest over its values and the digest of the row before it
 * (a chain), and `head` bears the end of the chain, so that rows missing at the end are seen too.
 * Rows are not changed and not deleted; triggers see to that. */
#include "journal/journal-private.h"

#include "platform/files.h"

#include <string.h>

const kind_row kind_rows[JOURNAL_KINDS] = {
    [JOURNAL_START] = {"start", RUNLOG_RUNS, FALSE},
    [JOURNAL_ORDER] = {"order", RUNLOG_ORDERS, FALSE},
    [JOURNAL_ORDER_END] = {"order-end", RUNLOG_ORDERS, TRUE},
    [JOURNAL_FILL] = {"fill", RUNLOG_FILLS, FALSE},
    [JOURNAL_TRADE] = {"trade", RUNLOG_TRADES, FALSE},
    [JOURNAL_EQUITY] = {"equity", RUNLOG_EQUITY_POINTS, TRUE},
    [JOURNAL_DECISION] = {"decision", RUNLOG_DECISIONS, FALSE},
    [JOURNAL_RISK] = {"risk", RUNLOG_RISK_EVENTS, FALSE},
    [JOURNAL_POSITION] = {"position", RUNLOG_POSITIONS, FALSE},
    [JOURNAL_METRIC] = {"metric", RUNLOG_METRICS, FALSE},
    [JOURNAL_NOTE] = {"note", RUNLOG_ERROR_LOGS, FALSE},
    [JOURNAL_END] = {"end", RUNLOG_RUNS, TRUE},
    [JOURNAL_FLOW] = {"flow", -1, FALSE},
    [JOURNAL_INPUT] = {"input", -1, FALSE},
    [JOURNAL_COMMAND] = {"command", -1, FALSE},
    [JOURNAL_CHECKPOINT] = {"checkpoint", -1, FALSE},
};

static const char create[] =
    "CREATE TABLE events ("
    " seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, number INTEGER NOT NULL,"
    " ts_us INTEGER NOT NULL, recorded_us INTEGER NOT NULL,"
    " body ANY NOT NULL," /* text, JSON of a row by column; bytes of a checkpoint */
    " chain INTEGER NOT NULL, UNIQUE (kind, number)) STRICT;"
    "CREATE TRIGGER events_fixed BEFORE UPDATE ON events"
    " BEGIN SELECT RAISE(ABORT, 'an event never changes'); END;"
    "CREATE TRIGGER events_kept BEFORE DELETE ON events"
    " BEGIN SELECT RAISE(ABORT, 'an event is never deleted'); END;"
    "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL,"
    " chain INTEGER NOT NULL) STRICT;"
    /* How far the outbox has carried them. */
    "CREATE TABLE outbox (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL,"
    " chain INTEGER NOT NULL, carried_us INTEGER NOT NULL) STRICT;"
    "CREATE VIEW log AS SELECT seq, datetime(ts_us / 1000000, 'unixepoch') AS time, kind, number,"
    " body FROM events ORDER BY seq;";

const store_kind journal_store_kind = {
    .noun = "the journal of a run",
    .remedy = "the run stays halted; keep the file, and restore a copy of it or start a new run",
    .create = create,
    .application_id = 0x51424a4c, /* "QBJL" */
    .version = 1,
};

const char *journal_kind_text(journal_kind kind)
{
    return kind_rows[kind].name;
}

const runlog_table *journal_kind_table(journal_kind kind)
{
    return kind_rows[kind].table >= 0 ? &runlog_tables[kind_rows[kind].table] : NULL;
}

gboolean kind_from_text(const char *text, journal_kind *out)
{
    for (int i = 0; i < JOURNAL_KINDS; i++)
        if (g_strcmp0(kind_rows[i].name, text) == 0) {
            *out = (journal_kind)i;
            return TRUE;
        }
    return FALSE;
}

char *journal_file(const char *folder, const char *run, const char *suffix, GError **error)
{
    if (!control_run_valid(run)) {
        g_autofree char *quoted = failure_quote(run, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "run %s (expected 1 to 64 of A-Z a-z 0-9 . _ -, not a dot first)", quoted);
        return NULL;
    }
    g_autofree char *name = g_strconcat(run, suffix, NULL);
    return g_build_filename(folder, name, NULL);
}

char **journal_runs(const char *folder, GError **error)
{
    g_auto(GStrv) names = NULL;
    g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func(g_free);
    if (files_exists(folder) && (names = files_list(folder, error)) == NULL)
        return NULL;
    for (char **name = names; name != NULL && *name != NULL; name++) {
        if (!g_str_has_suffix(*name, ".db"))
            continue;
        g_autofree char *run = g_strndup(*name, strlen(*name) - strlen(".db"));
        if (control_run_valid(run))
            g_ptr_array_add(runs, g_steal_pointer(&run));
    }
    g_ptr_array_add(runs, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&runs), FALSE);
}

/* ---- the chain ------------------------------------------------------------------------------ */

chain chain_start(const char *run)
{
    const store_value name = STORE_TEXT(run);
    return (chain){0, store_digest(0, &name, 1)};
}

gint64 chain_digest(const chain *before, const journal_event *event)
{
    const gint64 number = (gint64)event->number;
    const char *kind = journal_kind_text(event->kind);
    const store_value values[] = {STORE_INTEGER(event->seq),
                                  STORE_TEXT(kind),
                                  STORE_INTEGER(number),
                                  STORE_INTEGER(event->ts_us),
                                  STORE_INTEGER(event->recorded_us),
                                  {event->body, event->size}};
    return store_digest(before->digest, values, G_N_ELEMENTS(values));
}

/* One row of seq and chain; *out as it was when there is none. */
static gboolean read_chain(store *store, const char *sql, gint64 seq, chain *out,
                           gboolean *out_found, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = store_prepare(store, sql, error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, seq);
    if (!store_step(store, statement, "events", out_found, error))
        return FALSE;
    if (*out_found)
        *out = (chain){sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)};
    return TRUE;
}

gboolean chain_head(store *store, const char *run, chain *out, GError **error)
{
    gboolean found = FALSE;
    chain end = chain_start(run);
    if (!read_chain(store, "SELECT seq, chain FROM head WHERE one = ?1", 1, &end, &found, error))
        return FALSE;
    *out = end;
    return TRUE;
}

gboolean chain_at(store *store, const char *run, gint64 seq, chain *out, GError **error)
{
    gboolean found = FALSE;
    chain at = chain_start(run);
    if (seq != 0) {
        if (!read_chain(store, "SELECT seq, chain FROM events WHERE seq = ?1", seq, &at, &found,
                        error))
            return FALSE;
        if (!found)
            return store_damaged(store, "events", "an event is missing", error);
    }
    *out = at;
    return TRUE;
}

/* ---- reading -------------------------------------------------------------------------------- */

static gboolean read_event(store *store, sqlite3_stmt *row, const chain *before,
                           journal_event *event, chain *out, GError **error)
{
    const int type = sqlite3_column_type(row, 5);
    /* The bytes first: for a text, column_text would add the NUL and column_bytes not count it. */
    const char *body = type == SQLITE_BLOB ? sqlite3_column_blob(row, 5)
                                           : (const char *)sqlite3_column_text(row, 5);
    *event = (journal_event){.seq = sqlite3_column_int64(row, 0),
                             .number = (guint64)sqlite3_column_int64(row, 2),
                             .ts_us = sqlite3_column_int64(row, 3),
                             .recorded_us = sqlite3_column_int64(row, 4),
                             .body = body != NULL ? body : "",
                             .size = (gsize)sqlite3_column_bytes(row, 5)};
    if (event->seq != before->seq + 1)
        return store_damaged(store, "events", "an event is missing", error);
    if (!kind_from_text((const char *)sqlite3_column_text(row, 1), &event->kind))
        return store_damaged(store, "events", "an unknown kind", error);
    *out = (chain){event->seq, chain_digest(before, event)};
    return out->digest == sqlite3_column_int64(row, 6) ||
           store_damaged(store, "events", "an event is not what was written", error);
}

gboolean events_each(store *store, chain *from, gint64 limit, journal_each each, gpointer data,
                     GError **error)
{
    g_autoptr(sqlite3_stmt) statement =
        store_prepare(store,
                      "SELECT seq, kind, number, ts_us, recorded_us, body, chain FROM events"
                      " WHERE seq > ?1 ORDER BY seq LIMIT ?2",
                      error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, from->seq);
    sqlite3_bind_int64(statement, 2, limit > 0 ? limit : -1);
    for (;;) {
        chain next;
        gboolean more = FALSE;
        journal_event event;
        if (!store_step(store, statement, "events", &more, error))
            return FALSE;
        if (!more)
            return TRUE;
        if (!read_event(store, statement, from, &event, &next, error) || !each(&event, data, error))
            return FALSE;
        *from = next;
    }
}

struct journal_reader {
    store store;
    char *run;
};

journal_reader *journal_reader_open(const char *folder, const char *run, GError **error)
{
    g_autofree char *path = journal_file(folder, run, ".db", error);
    if (path == NULL)
        return NULL;
    g_autoptr(journal_reader) self = g_new0(journal_reader, 1);
    self->run = g_strdup(run);
    return store_open_readonly(&self->store, path, &journal_store_kind, error)
               ? g_steal_pointer(&self)
               : NULL;
}

void journal_reader_free(journal_reader *self)
{
    if (self == NULL)
        return;
    store_clear(&self->store);
    g_free(self->run);
    g_free(self);
}

static gboolean read_all(journal_reader *self, gint64 after, gint64 limit, journal_each each,
                         gpointer data, GError **error)
{
    chain from, head;
    if (!chain_at(&self->store, self->run, after, &from, error) ||
        !chain_head(&self->store, self->run, &head, error) ||
        !events_each(&self->store, &from, limit, each, data, error))
        return FALSE;
    if (limit == 0 && from.seq != head.seq)
        return store_damaged(&self->store, "events", "events are missing at the end", error);
    return TRUE;
}

gboolean journal_reader_each(journal_reader *self, gint64 after, gint64 limit, journal_each each,
                             gpointer data, GError **error)
{
    if (!store_run(&self->store, "BEGIN", error))
        return FALSE;
    return store_end(&self->store, read_all(self, after, limit, each, data, error), error);
}

static gboolean read_last(journal_reader *self, journal_each each, gpointer data, GError **error)
{
    chain head, from;
    if (!chain_head(&self->store, self->run, &head, error))
        return FALSE;
    from = head; /* none yet: then there must be no event either */
    if (head.seq > 0 && !chain_at(&self->store, self->run, head.seq - 1, &from, error))
        return FALSE;
    if (!events_each(&self->store, &from, 1, each, data, error))
        return FALSE;
    return (from.seq == head.seq && from.digest == head.digest) ||
           store_damaged(&self->store, "events", "events are missing at the end", error);
}

gboolean journal_reader_last(journal_reader *self, journal_each each, gpointer data, GError **error)
{
    if (!store_run(&self->store, "BEGIN", error))
        return FALSE;
    return store_end(&self->store, read_last(self, each, data, error), error);
}
