/* What the db commands do with paper runs: say how far the outbox has carried each journal and what
 * the halt latch is (nothing is made or changed by it; where there is no such file there is nothing
 * to say), and carry what a trader that no longer runs has left. */
#ifndef JOURNALS_PRIVATE_H
#define JOURNALS_PRIVATE_H

#include "commands/commands-private.h"
#include "reports/reports.h"
#include "runlog/runlog.h"

/* After an empty line each; what cannot be read is said in its place. */
void journals_print(const settings *settings, const report_style *style);
/* The members ,"journals":[...],"control_error":...,"halts":[...] */
void journals_put(GString *out, const settings *settings);
/* Carries every journal that no running trader serves to the run log, all of it. *out_events: how
 * many were. */
gboolean journals_carry(const settings *settings, runlog *to, gint64 *out_events, GError **error);

#endif
