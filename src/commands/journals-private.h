/* What the db and paper commands do with paper runs: say how far the outbox has carried each journal and what
 * the halt latch is (nothing is made or changed by it; where there is no such file there is nothing
 * to say), and carry what a trader that no longer runs has left. */
#ifndef JOURNALS_PRIVATE_H
#define JOURNALS_PRIVATE_H

#include "commands/commands-private.h"
#include "control/control.h"
#include "reports/reports.h"
#include "runlog/runlog.h"

/* Of the settings, absolute: data/runtime/paper, data/runtime/control.db. Caller frees. */
char *journals_folder(const settings *settings);
char *journals_control_path(const settings *settings);

/* "open", "halted", "frozen", "halted, to be flat", "frozen, to be flat". Static. */
const char *journals_halt_text(const control_halt *halt);
/* The journals alone, after an empty line: last event, how far the outbox is. Nothing where there
 * is none. As JSON: the member ,"journals":[...] */
void journals_print_runs(const settings *settings, const report_style *style);
void journals_put_runs(GString *out, const settings *settings);
/* After an empty line each; what cannot be read is said in its place. */
void journals_print(const settings *settings, const report_style *style);
/* The members ,"journals":[...],"control_error":...,"halts":[...] */
void journals_put(GString *out, const settings *settings);
/* Carries every journal that no running trader serves to the run log, all of it. *out_events: how
 * many were. */
gboolean journals_carry(const settings *settings, runlog *to, gint64 *out_events, GError **error);

#endif
