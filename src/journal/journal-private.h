/* What the journal's files share: the table of kinds, the file, how events are read and proven. */
#ifndef JOURNAL_PRIVATE_H
#define JOURNAL_PRIVATE_H

#include "journal/journal.h"
#include "store/store.h"

typedef struct kind_row {
    const char *name;
    int table;         /* runlog_table_id; -1: not carried */
    gboolean replaces; /* a row of that key that was carried before */
} kind_row;
extern const kind_row kind_rows[JOURNAL_KINDS];
gboolean kind_from_text(const char *text, journal_kind *out);

/* ---- events.c ------------------------------------------------------------------------------- */

extern const store_kind journal_store_kind;
/* FOLDER/RUN.SUFFIX; NULL with FAILURE_USAGE for a name that cannot be a file's. Caller frees. */
char *journal_file(const char *folder, const char *run, const char *suffix, GError **error);

/* The end of the chain: each event bears a digest over itself and the one before, the first over
 * the run's name, so that none can change, go, or come from another run unseen. */
typedef struct chain {
    gint64 seq, digest;
} chain;
chain chain_start(const char *run);
/* kind_text: its name. */
gint64 chain_digest(const chain *before, const journal_event *event);
/* What head says of the end; the start when there is none yet. */
gboolean chain_head(store *store, const char *run, chain *out, GError **error);
/* The chain at that event; FAILURE_DATABASE when it is not there. */
gboolean chain_at(store *store, const char *run, gint64 seq, chain *out, GError **error);
/* Each event after `from`, at most limit (0: all), which then is where it got to. Inside the
 * caller's transaction. */
gboolean events_each(store *store, chain *from, gint64 limit, journal_each each, gpointer data,
                     GError **error);

/* ---- rows.c --------------------------------------------------------------------------------- */

/* The body of a row. NULL with FAILURE_BAD_DATA. Caller frees. */
char *row_body(journal_kind kind, const runlog_cell *cells, GError **error);

#endif
