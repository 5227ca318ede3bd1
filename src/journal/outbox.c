/* read, put, remember; and when the target fails, wait.
 *
 * The position is written without a sync of its own (synchronous=NORMAL; the write-ahead log keeps
 * the order): losing it in a power cut means that a batch goes twice, which the target bears. So
 * the outbox costs the writer's commits no disk time. */
#include "journal/outbox.h"

#include "journal/journal-private.h"
#include "platform/files.h"
#include "platform/log.h"

#include <string.h>

struct outbox {
    store store;
    files_lock *lock;
    char *run;
    outbox_target target;
    qb_random random;
    chain position; /* carried and remembered */
    guint failures; /* in a row */
    gint64 next_us;
    GError *trouble;
};

typedef struct batch {
    GArray *events;    /* of journal_event: carried ones; bodies are owned */
    GPtrArray *bodies; /* who frees them */
    gsize bytes;
} batch;

static void batch_init(batch *self)
{
    *self = (batch){g_array_new(FALSE, FALSE, sizeof(journal_event)),
                    g_ptr_array_new_with_free_func(g_free), 0};
}

static void batch_clear(batch *self)
{
    g_array_unref(self->events);
    g_ptr_array_unref(self->bodies);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(batch, batch_clear)

/* ---- opening -------------------------------------------------------------------------------- */

static gboolean read_position(store *store, const char *run, chain *out, GError **error)
{
    gboolean found = FALSE;
    chain at, head;
    g_autoptr(sqlite3_stmt)
        statement = store_prepare(store, "SELECT seq, chain FROM outbox WHERE one = 1", error);
    if (statement == NULL || !store_step(store, statement, "outbox", &found, error) ||
        !chain_head(store, run, &head, error))
        return FALSE;
    const gint64 seq = found ? sqlite3_column_int64(statement, 0) : 0;
    const gint64 digest = found ? sqlite3_column_int64(statement, 1) : 0;
    sqlite3_reset(statement);
    if (seq > head.seq)
        return store_damaged(store, "outbox", "more was carried than the journal holds", error);
    if (!chain_at(store, run, seq, &at, error))
        return FALSE;
    if (found && seq != 0 && at.digest != digest)
        return store_damaged(store, "outbox", "other events were carried", error);
    *out = at;
    return TRUE;
}

static gboolean look(store *store, const char *run, chain *out, GError **error)
{
    return store_run(store, "BEGIN", error) &&
           store_end(store, read_position(store, run, out, error), error);
}

static gboolean open_file(outbox *self, const char *path, GError **error)
{
    if (!files_exists(path)) {
        g_autofree char *name = failure_path(path);
        g_set_error(error, FAILURE, FAILURE_MISSING, "%s: there is no such journal", name);
        return FALSE;
    }
    return store_open(&self->store, path, &journal_store_kind, error) &&
           store_run(&self->store, "PRAGMA synchronous=NORMAL", error) &&
           look(&self->store, self->run, &self->position, error);
}

outbox *outbox_new(const char *folder, const char *run, const outbox_target *target, guint64 seed,
                   GError **error)
{
    g_autofree char *path = journal_file(folder, run, ".db", error);
    g_autofree char *lock = path != NULL ? journal_file(folder, run, ".outbox.lock", error) : NULL;
    if (lock == NULL)
        return NULL;
    g_autoptr(outbox) self = g_new0(outbox, 1);
    self->run = g_strdup(run);
    self->target = *target;
    self->random = (qb_random){seed};
    self->next_us = G_MININT64;
    self->lock = files_lock_take(lock, 0, error);
    if (self->lock == NULL || !open_file(self, path, error))
        return NULL;
    return g_steal_pointer(&self);
}

void outbox_free(outbox *self)
{
    if (self == NULL)
        return;
    store_clear(&self->store);
    files_lock_free(self->lock);
    g_clear_error(&self->trouble);
    g_free(self->run);
    g_free(self);
}

/* ---- the position --------------------------------------------------------------------------- */

static gboolean write_position(outbox *self, const chain *to, gint64 now_us, GError **error)
{
    g_autoptr(sqlite3_stmt) statement =
        store_prepare(&self->store,
                      "INSERT INTO outbox (one, seq, chain, carried_us) VALUES (1, ?1, ?2, ?3)"
                      " ON CONFLICT (one) DO UPDATE SET seq = ?1, chain = ?2, carried_us = ?3",
                      error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, to->seq);
    sqlite3_bind_int64(statement, 2, to->digest);
    sqlite3_bind_int64(statement, 3, now_us);
    return store_do(&self->store, statement, "outbox", error);
}

static gboolean remember(outbox *self, const chain *to, gint64 now_us, GError **error)
{
    if (!store_begin(&self->store, error) ||
        !store_end(&self->store, write_position(self, to, now_us, error), error))
        return FALSE;
    self->position = *to;
    return TRUE;
}

gboolean outbox_rewind(outbox *self, GError **error)
{
    const chain start = chain_start(self->run);
    self->next_us = G_MININT64;
    return remember(self, &start, 0, error);
}

/* ---- a batch -------------------------------------------------------------------------------- */

static gboolean take(const journal_event *event, gpointer data, GError **error)
{
    batch *self = data;
    if (journal_kind_table(event->kind) == NULL)
        return TRUE;
    journal_event kept = *event;
    char *body = g_malloc(event->size + 1);
    memcpy(body, event->body, event->size);
    body[event->size] = '\0';
    kept.body = body;
    g_ptr_array_add(self->bodies, body);
    g_array_append_val(self->events, kept);
    self->bytes += event->size;
    return TRUE;
}

/* Piece by piece, so that large bodies do not add up; `to` is where it got to. */
static gboolean read_pieces(outbox *self, batch *into, chain *to, gboolean *out_more,
                            GError **error)
{
    enum { PIECE = 50 };
    for (guint i = 0; i < OUTBOX_BATCH && into->bytes < OUTBOX_BATCH_BYTES; i += PIECE) {
        const gint64 before = to->seq;
        if (!events_each(&self->store, to, PIECE, take, into, error))
            return FALSE;
        if (to->seq - before < PIECE) {
            *out_more = FALSE;
            return TRUE;
        }
    }
    *out_more = TRUE;
    return TRUE;
}

static gboolean read_batch(outbox *self, batch *into, chain *to, gboolean *out_more, GError **error)
{
    *to = self->position;
    return store_run(&self->store, "BEGIN", error) &&
           store_end(&self->store, read_pieces(self, into, to, out_more, error), error);
}

/* ---- back-off ------------------------------------------------------------------------------- */

static void fail(outbox *self, GError *trouble, gint64 now_us)
{
    const gint64 ceiling = MIN(OUTBOX_BACKOFF_MAX_US,
                               OUTBOX_BACKOFF_US << MIN(self->failures, 10u));
    if (self->failures == 0)
        log_event(LOG_WARNING, "outbox", "run=%s target=%s does not take rows, they wait: %s",
                  self->run, self->target.name, trouble->message);
    self->failures++;
    self->next_us = now_us + (gint64)(qb_random_unit(&self->random) * (double)ceiling);
    g_clear_error(&self->trouble);
    self->trouble = trouble;
}

static void recover(outbox *self)
{
    if (self->failures > 0)
        log_event(LOG_INFO, "outbox", "run=%s target=%s takes rows again after %u failures",
                  self->run, self->target.name, self->failures);
    self->failures = 0;
    g_clear_error(&self->trouble);
}

const GError *outbox_trouble(const outbox *self)
{
    return self->trouble;
}

gboolean outbox_step(outbox *self, gint64 now_us, gint64 *out_next_us, GError **error)
{
    chain to;
    gboolean more = FALSE;
    GError *trouble = NULL;
    *out_next_us = self->next_us;
    if (now_us < self->next_us)
        return TRUE;
    g_auto(batch) rows;
    batch_init(&rows);
    if (!read_batch(self, &rows, &to, &more, error))
        return FALSE;
    if (rows.events->len > 0 &&
        !self->target.put(self->target.self, self->run, (const journal_event *)rows.events->data,
                          rows.events->len, &trouble)) {
        fail(self, trouble, now_us);
        *out_next_us = self->next_us;
        return TRUE;
    }
    if (rows.events->len > 0)
        recover(self);
    if (to.seq > self->position.seq && !remember(self, &to, now_us, error))
        return FALSE;
    self->next_us = more ? now_us : now_us + OUTBOX_IDLE_US;
    *out_next_us = self->next_us;
    return TRUE;
}

/* ---- lag ------------------------------------------------------------------------------------ */

static gboolean read_lag(store *store, const char *run, gint64 now_us, outbox_lag *out,
                         GError **error)
{
    gboolean found = FALSE;
    chain position, head;
    if (!read_position(store, run, &position, error) || !chain_head(store, run, &head, error))
        return FALSE;
    g_autoptr(sqlite3_stmt)
        statement = store_prepare(store, "SELECT recorded_us FROM events WHERE seq = ?1", error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_int64(statement, 1, position.seq + 1);
    if (!store_step(store, statement, "events", &found, error))
        return FALSE;
    const gint64 since_us = found ? sqlite3_column_int64(statement, 0) : now_us;
    sqlite3_reset(statement);
    *out = (outbox_lag){head.seq - position.seq, MAX(now_us - since_us, 0)};
    return TRUE;
}

gboolean outbox_lag_of(const char *folder, const char *run, gint64 now_us, outbox_lag *out,
                       GError **error)
{
    store store = {0};
    g_autofree char *path = journal_file(folder, run, ".db", error);
    if (path == NULL)
        return FALSE;
    const gboolean ok = store_open_readonly(&store, path, &journal_store_kind, error) &&
                        store_run(&store, "BEGIN", error) &&
                        store_end(&store, read_lag(&store, run, now_us, out, error), error);
    store_clear(&store);
    return ok;
}
