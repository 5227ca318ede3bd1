/* The writer. Events wait in memory; a commit stores them, moves the head, and syncs. */
#include "journal/journal-private.h"

#include "platform/clock.h"
#include "platform/files.h"

#include <string.h>

typedef struct pending_event {
    journal_kind kind;
    guint64 number;
    gint64 ts_us;
    GBytes *body;
} pending_event;

struct journal {
    store store;
    files_lock *lock;
    char *run;
    control *control; /* NULL: none */
    chain head;       /* durable */
    guint64 numbers[JOURNAL_KINDS];
    GArray *pending; /* of pending_event */
    sqlite3_stmt *insert;
    GError *failure; /* the first one, which is the last */
};

static void clear_pending(void *item)
{
    g_bytes_unref(((pending_event *)item)->body);
}

/* ---- opening -------------------------------------------------------------------------------- */

static gboolean count_event(const journal_event *event, gpointer data, GError **error)
{
    journal *self = data;
    self->numbers[event->kind] = MAX(self->numbers[event->kind], event->number);
    return TRUE;
}

static gboolean prove(journal *self, GError **error)
{
    chain at = chain_start(self->run);
    if (!chain_head(&self->store, self->run, &self->head, error) ||
        !events_each(&self->store, &at, 0, count_event, self, error))
        return FALSE;
    if (at.seq != self->head.seq || at.digest != self->head.digest)
        return store_damaged(&self->store, "events", "events are missing at the end", error);
    return TRUE;
}

static gboolean open_file(journal *self, const char *path, GError **error)
{
    if (!store_open(&self->store, path, &journal_store_kind, error) ||
        !store_run(&self->store, "BEGIN", error))
        return FALSE;
    if (!store_end(&self->store, prove(self, error), error))
        return FALSE;
    self->insert = store_prepare(&self->store,
                                 "INSERT INTO events (seq, kind, number, ts_us, recorded_us, body,"
                                 " chain) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                                 " ON CONFLICT (kind, number) DO NOTHING",
                                 error);
    return self->insert != NULL;
}

/* Somebody else's lock, or a wait that ended, says nothing against the state. */
static void halt(control *control, const char *run, control_cause cause, const GError *why,
                 gint64 now_us)
{
    if (control != NULL && !g_error_matches(why, FAILURE, FAILURE_LOCKED))
        control_close(control, run, cause, why->message, now_us, NULL);
}

journal *journal_open(const char *folder, const char *run, control *control, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autofree char *path = journal_file(folder, run, ".db", error);
    g_autofree char *lock = path != NULL ? journal_file(folder, run, ".lock", error) : NULL;
    if (lock == NULL)
        return NULL;
    g_autoptr(journal) self = g_new0(journal, 1);
    self->run = g_strdup(run);
    self->control = control;
    self->pending = g_array_new(FALSE, FALSE, sizeof(pending_event));
    g_array_set_clear_func(self->pending, clear_pending);
    self->lock = files_lock_take(lock, 0, error);
    if (self->lock == NULL)
        return NULL;
    if (open_file(self, path, &failure))
        return g_steal_pointer(&self);
    halt(control, run, CONTROL_CAUSE_STATE, failure, clock_now_us());
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

void journal_free(journal *self)
{
    if (self == NULL)
        return;
    sqlite3_finalize(self->insert);
    store_clear(&self->store);
    files_lock_free(self->lock);
    g_clear_pointer(&self->pending, g_array_unref);
    g_clear_error(&self->failure);
    g_free(self->run);
    g_free(self);
}

void journal_set_wait_ms(journal *self, guint wait_ms)
{
    store_set_wait_ms(&self->store, wait_ms);
}

const char *journal_run(const journal *self)
{
    return self->run;
}

const char *journal_path(const journal *self)
{
    return self->store.path;
}

gint64 journal_last(const journal *self)
{
    return self->head.seq;
}

guint64 journal_number(const journal *self, journal_kind kind)
{
    return self->numbers[kind];
}

/* ---- appending ------------------------------------------------------------------------------ */

static gboolean refuse(const journal *self, journal_kind kind, const char *what, GError **error)
{
    g_autofree char *name = failure_path(self->store.path);
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: %s: %s", name, journal_kind_text(kind),
                what);
    return FALSE;
}

gboolean journal_append(journal *self, journal_kind kind, guint64 number, gint64 ts_us,
                        gconstpointer bytes, gsize size, GError **error)
{
    g_assert((guint)kind < JOURNAL_KINDS);
    if (self->failure != NULL) {
        g_propagate_error(error, g_error_copy(self->failure));
        return FALSE;
    }
    if (number == 0 || number > G_MAXINT64)
        return refuse(self, kind, "a number below 1", error);
    if (size > JOURNAL_BODY_LIMIT || self->pending->len >= JOURNAL_PENDING_LIMIT)
        return refuse(self, kind, "too large, or too many without a commit", error);
    if (kind != JOURNAL_CHECKPOINT &&
        (!g_utf8_validate_len(bytes, size, NULL) || memchr(bytes, '\0', size) != NULL))
        return refuse(self, kind, "not UTF-8 text", error);
    const pending_event event = {kind, number, ts_us, g_bytes_new(bytes, size)};
    g_array_append_val(self->pending, event);
    self->numbers[kind] = MAX(self->numbers[kind], number);
    return TRUE;
}

gboolean journal_row(journal *self, journal_kind kind, guint64 number, gint64 ts_us,
                     const runlog_cell *cells, GError **error)
{
    g_autofree char *body = row_body(kind, cells, error);
    return body != NULL && journal_append(self, kind, number, ts_us, body, strlen(body), error);
}

/* ---- the commit ----------------------------------------------------------------------------- */

/* The same event, or another one under its name? */
static gboolean check_again(journal *self, const pending_event *event, GError **error)
{
    gsize size = 0;
    gboolean found = FALSE;
    const void *bytes = g_bytes_get_data(event->body, &size);
    g_autoptr(sqlite3_stmt)
        statement = store_prepare(&self->store,
                                  "SELECT ts_us, CAST(body AS BLOB) FROM events WHERE kind = ?1"
                                  " AND number = ?2",
                                  error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, journal_kind_text(event->kind), -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2, (gint64)event->number);
    if (!store_step(&self->store, statement, "events", &found, error))
        return FALSE;
    if (found && sqlite3_column_int64(statement, 0) == event->ts_us &&
        (gsize)sqlite3_column_bytes(statement, 1) == size &&
        (size == 0 || memcmp(sqlite3_column_blob(statement, 1), bytes, size) == 0))
        return TRUE;
    return store_refuse(&self->store, error,
                        "%s %" G_GUINT64_FORMAT " is there already with another content",
                        journal_kind_text(event->kind), event->number);
}

static int bind_body(sqlite3_stmt *statement, journal_kind kind, const journal_event *event)
{
    return kind == JOURNAL_CHECKPOINT
               ? sqlite3_bind_blob64(statement, 6, event->body, event->size, SQLITE_STATIC)
               : sqlite3_bind_text64(statement, 6, event->body, event->size, SQLITE_STATIC,
                                     SQLITE_UTF8);
}

static gboolean store_event(journal *self, const pending_event *pending, gint64 now_us, chain *head,
                            GError **error)
{
    gsize size = 0;
    const char *body = g_bytes_get_data(pending->body, &size);
    const journal_event event = {.seq = head->seq + 1,
                                 .kind = pending->kind,
                                 .number = pending->number,
                                 .ts_us = pending->ts_us,
                                 .recorded_us = now_us,
                                 .body = body != NULL ? body : "",
                                 .size = size};
    const gint64 digest = chain_digest(head, &event);
    int bad = sqlite3_bind_int64(self->insert, 1, event.seq);
    bad |= sqlite3_bind_text(self->insert, 2, journal_kind_text(event.kind), -1, SQLITE_STATIC);
    bad |= sqlite3_bind_int64(self->insert, 3, (gint64)event.number);
    bad |= sqlite3_bind_int64(self->insert, 4, event.ts_us);
    bad |= sqlite3_bind_int64(self->insert, 5, event.recorded_us);
    bad |= bind_body(self->insert, event.kind, &event);
    bad |= sqlite3_bind_int64(self->insert, 7, digest);
    if (bad != SQLITE_OK)
        return store_fail(&self->store, "events", error);
    if (!store_do(&self->store, self->insert, "events", error))
        return FALSE;
    if (sqlite3_changes64(self->store.db) == 0)
        return check_again(self, pending, error);
    *head = (chain){event.seq, digest};
    return TRUE;
}

static gboolean move_head(journal *self, const chain *head, GError **error)
{
    g_autoptr(sqlite3_stmt)
        statement = store_prepare(&self->store,
                                  "INSERT INTO head (one, seq, chain) VALUES (1, ?1, ?2)"
                                  " ON CONFLICT (one) DO UPDATE SET seq = ?1, chain = ?2",
                                  error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, head->seq);
    sqlite3_bind_int64(statement, 2, head->digest);
    return store_do(&self->store, statement, "head", error);
}

static gboolean store_pending(journal *self, gint64 now_us, chain *head, GError **error)
{
    for (guint i = 0; i < self->pending->len; i++)
        if (!store_event(self, &g_array_index(self->pending, pending_event, i), now_us, head,
                         error))
            return FALSE;
    return move_head(self, head, error);
}

/* A file that is no longer where its name says is lost to whoever starts next. */
static gboolean commit(journal *self, gint64 now_us, GError **error)
{
    chain head = self->head;
    if (!store_in_place(&self->store))
        return store_refuse(&self->store, error, "was moved away or replaced: %s",
                            self->store.kind->remedy);
    if (!store_begin(&self->store, error))
        return FALSE;
    const gboolean ok = store_pending(self, now_us, &head, error);
    if (!store_end(&self->store, ok, error))
        return FALSE;
    self->head = head;
    return TRUE;
}

gboolean journal_commit(journal *self, gint64 now_us, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (self->failure != NULL) {
        g_propagate_error(error, g_error_copy(self->failure));
        return FALSE;
    }
    if (self->pending->len == 0)
        return TRUE;
    if (commit(self, now_us, &failure)) {
        g_array_set_size(self->pending, 0);
        return TRUE;
    }
    if (!g_error_matches(failure, FAILURE, FAILURE_LOCKED))
        self->failure = g_error_copy(failure);
    halt(self->control, self->run, CONTROL_CAUSE_JOURNAL, failure, now_us);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}
