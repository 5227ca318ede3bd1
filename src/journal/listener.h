/* An engine's events into a journal, as a paper run tells them: the rows that runlog_writer would
 * store of a backtest, made by the same code (runlog/events.h). Nothing is durable before
 * journal_commit. */
#ifndef JOURNAL_LISTENER_H
#define JOURNAL_LISTENER_H

#include "journal/journal.h"
#include "runlog/events.h"

typedef struct journal_listener journal_listener;
/* Both are borrowed and outlive it, with all that run points to. run->id is the journal's. Numbers
 * go on behind those that the journal has. */
journal_listener *journal_listener_new(journal *journal, const runlog_run *run);
void journal_listener_free(journal_listener *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(journal_listener, journal_listener_free)

/* A sink for the engine. After QB_SINK_FAILED the reason is in journal_listener_error
 * (FAILURE_BAD_DATA for what a journal cannot hold). Borrowed. */
qb_sink journal_listener_sink(journal_listener *self);
const GError *journal_listener_error(const journal_listener *self);
/* What the trade told last was like: bits of qb_touch. Until the next event or a flush. */
void journal_listener_touch(journal_listener *self, guint32 touched);

/* The run as it begins; before all else. */
gboolean journal_listener_start(journal_listener *self, GError **error);
/* As runlog_writer_metric and runlog_writer_log. */
gboolean journal_listener_metric(journal_listener *self, gint64 ts_us, const char *name,
                                 double value, GError **error);
gboolean journal_listener_note(journal_listener *self, gint64 ts_us, const char *level,
                               const char *message, const char *meta, GError **error);
/* The trade told last waits for its touch; this ends the wait. Before each journal_commit. */
gboolean journal_listener_flush(journal_listener *self, GError **error);
/* What the run holds, and its row as it ended. Of outcome, cash and counts are filled in here. */
gboolean journal_listener_end(journal_listener *self, const qb_portfolio *portfolio,
                              const runlog_outcome *outcome, GError **error);

#endif
