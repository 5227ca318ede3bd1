/* The journal of a paper run: what happened, in order, appended and never changed. In: events, kept
 * in memory until a commit makes them durable together; that commit is what may be shown and acted
 * upon. Out: the events, in order, each proven to be what was written. One process writes a journal
 * (a lock beside it names that process); any may read. The file is FOLDER/RUN.db, SQLite.
 *
 * Events that are rows of the run log are carried there by the outbox (outbox.h); the others (what
 * was observed, flows, commands done, checkpoints) are for restarts and parity, and stay here. */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "control/control.h"
#include "runlog/runlog.h"

typedef enum journal_kind {
    JOURNAL_START,     /* the run's row, as it begins */
    JOURNAL_ORDER,     /* submitted */
    JOURNAL_ORDER_END, /* its final state: the whole row again */
    JOURNAL_FILL,
    JOURNAL_TRADE,
    JOURNAL_EQUITY,
    JOURNAL_DECISION,
    JOURNAL_RISK,
    JOURNAL_POSITION,
    JOURNAL_METRIC,
    JOURNAL_NOTE, /* a row of error_logs */
    JOURNAL_END,  /* the run's row, as it ended */
    /* Not carried; body as the writer likes it. */
    JOURNAL_FLOW,       /* text */
    JOURNAL_INPUT,      /* text: a bar or price as it was observed */
    JOURNAL_COMMAND,    /* text: the id of a command, in the transaction with its effect */
    JOURNAL_CHECKPOINT, /* bytes */
    JOURNAL_KINDS
} journal_kind;
const char *journal_kind_text(journal_kind kind);
/* The run log's table of a carried kind; NULL: not carried. */
const runlog_table *journal_kind_table(journal_kind kind);

#define JOURNAL_BODY_LIMIT (16u * 1024 * 1024) /* bytes of one event */
#define JOURNAL_PENDING_LIMIT 1000000u         /* events of one commit */

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct journal journal;
/* Makes or continues the journal of `run` in a folder, made when missing, and reads all of it: what
 * is damaged is refused by name. control (borrowed, outlives it; NULL: none) has the run's latch
 * closed by what goes wrong here. FAILURE_LOCKED names the process that writes it, FAILURE_USAGE a
 * run that cannot be a file's name. */
journal *journal_open(const char *folder, const char *run, control *control, GError **error);
/* Drops what was not committed. */
void journal_free(journal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(journal, journal_free)
/* How long a commit waits for the outbox's lock; 10 s unless set. */
void journal_set_wait_ms(journal *self, guint wait_ms);
const char *journal_run(const journal *self);
const char *journal_path(const journal *self);
/* The last durable event's seq; 0: none yet. */
gint64 journal_last(const journal *self);
/* The highest number of a kind so far, pending ones too; 0: none. The next one is one more. */
guint64 journal_number(const journal *self, journal_kind kind);

/* An event for the next commit: `number` counts within the kind (an order's end bears its order's;
 * start and end are 1), ts_us is when it happened. bytes are copied: UTF-8 text but for a
 * checkpoint. FAILURE_BAD_DATA for what exceeds a limit, and the failure of before in a journal
 * that has failed. */
gboolean journal_append(journal *self, journal_kind kind, guint64 number, gint64 ts_us,
                        gconstpointer bytes, gsize size, GError **error);
/* The same of a carried kind: a row of its table, cells as runlog_rows_put takes them. Ids, run and
 * number in it are not looked at: they derive from run and number ("RUN:f:00000001"). */
gboolean journal_row(journal *self, journal_kind kind, guint64 number, gint64 ts_us,
                     const runlog_cell *cells, GError **error);
/* Makes all of them durable, or none. An event that is there already with the same content is left
 * out: what a restart does again is there once; with another content it is a failure. After
 * FAILURE_LOCKED they may be committed again. Any other failure is the last: the run's latch is
 * closed, and this journal gives that failure from here on; nothing is tried twice. now_us: the
 * clock's, kept beside the events. */
gboolean journal_commit(journal *self, gint64 now_us, GError **error);

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct journal_event {
    gint64 seq; /* 1, 2, 3 ... */
    journal_kind kind;
    guint64 number;
    gint64 ts_us, recorded_us;
    const char
        *body; /* ends with a NUL that size does not count; borrowed until the call returns */
    gsize size;
} journal_event;
typedef gboolean (*journal_each)(const journal_event *event, gpointer data, GError **error);

typedef struct journal_reader journal_reader;
/* FAILURE_MISSING when there is none. */
journal_reader *journal_reader_open(const char *folder, const char *run, GError **error);
void journal_reader_free(journal_reader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(journal_reader, journal_reader_free)
/* Each event after `after` (0: from the first), at most limit (0: all), until `each` fails with an
 * error of its own. What is read is one moment's. FAILURE_DATABASE when an event is not what was
 * written, or one is missing. */
gboolean journal_reader_each(journal_reader *self, gint64 after, gint64 limit, journal_each each,
                             gpointer data, GError **error);

/* The last event alone, proven against the one before it and the end of the chain; `each` is not
 * called where there is none. Costs the same whatever the length. */
gboolean journal_reader_last(journal_reader *self, journal_each each, gpointer data,
                             GError **error);

/* The cells of a carried event's row, as runlog_rows_put takes them; texts belong to the row. */
typedef struct journal_cells journal_cells;
journal_cells *journal_cells_new(const char *run, const journal_event *event, GError **error);
const runlog_cell *journal_cells_get(const journal_cells *self);
void journal_cells_free(journal_cells *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(journal_cells, journal_cells_free)

/* The names of runs that have a journal in the folder, sorted; none where there is no folder.
 * Caller frees (g_strfreev). */
char **journal_runs(const char *folder, GError **error);

#endif
