/* The outbox: carries the events of one journal to the run log, in order, each exactly once, while
 * servers come and go. How far it got stands in the journal itself; a batch whose answer was lost
 * is sent again, and the target takes a row that it has for done. So neither a kill nor a lost
 * server loses or doubles a row. Trading never waits for it. One outbox serves a journal at a time,
 * in the writer's process or in another; a lock beside the journal names it. */
#ifndef JOURNAL_OUTBOX_H
#define JOURNAL_OUTBOX_H

#include "journal/journal.h"

/* Where rows go. */
typedef struct outbox_target {
    const char *name; /* for the log: a host or a path; borrowed */
    void *self;
    /* Stores all of these carried events or none, also those that it has already, and does not
     * return TRUE before they are durable. Events are in order and borrowed. */
    gboolean (*put)(void *self, const char *run, const journal_event *events, gsize count,
                    GError **error);
} outbox_target;

#define OUTBOX_BATCH 1000u                      /* events of one put */
#define OUTBOX_BATCH_BYTES (8u * 1024 * 1024)   /* of their bodies, but for a single larger one */
#define OUTBOX_IDLE_US (INT64_C(250) * 1000)    /* between looks when all is carried */
#define OUTBOX_BACKOFF_US (INT64_C(250) * 1000) /* after a first failure; doubles */
/* Short, for one client and one server: caught up within 5 s of its return. */
#define OUTBOX_BACKOFF_MAX_US (INT64_C(4) * 1000000)

typedef struct outbox outbox;
/* target: copied; what it points to outlives the outbox. seed: of the jitter. FAILURE_MISSING when
 * there is no journal, FAILURE_LOCKED when another outbox serves it. */
outbox *outbox_new(const char *folder, const char *run, const outbox_target *target, guint64 seed,
                   GError **error);
void outbox_free(outbox *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(outbox, outbox_free)
/* Carries at most one batch, when it is time for it. *out_next_us: when to call again (now_us:
 * there is more). A target that fails is not a failure here: the next call is due after full-jitter
 * back-off (uniform in 0 .. min(4 s, 0.25 s x 2^n); Brooker, Exponential Backoff And Jitter, 2015),
 * for ever. FALSE when the journal cannot be read or its position cannot be written: then nothing
 * is lost, and the same batch goes again. */
gboolean outbox_step(outbox *self, gint64 now_us, gint64 *out_next_us, GError **error);
/* Why the target does not take rows; NULL: it does. Borrowed until the next step. */
const GError *outbox_trouble(const outbox *self);
/* From the first event again, for a target that was restored from an older copy. */
gboolean outbox_rewind(outbox *self, GError **error);

typedef struct outbox_lag {
    gint64 events;    /* not yet carried */
    gint64 behind_us; /* age of the oldest of them; 0: none */
} outbox_lag;
/* Of a journal at rest or in use; changes nothing. */
gboolean outbox_lag_of(const char *folder, const char *run, gint64 now_us, outbox_lag *out,
                       GError **error);

/* The run log as a target, SQLite or PostgreSQL. log is borrowed. */
outbox_target outbox_target_of(runlog *log);

#endif
