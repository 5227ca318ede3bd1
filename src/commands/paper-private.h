/* What the paper commands share: where control is, who presses, what is said of commands and of the
 * latch. Everything that is shown may come from a chat; it is cleaned or quoted on its way out. */
#ifndef PAPER_PRIVATE_H
#define PAPER_PRIVATE_H

#include "commands/commands-private.h"
#include "control/control.h"
#include "reports/reports.h"

typedef struct paper_place {
    settings *settings;
    char *control; /* data/runtime/control.db, absolute */
} paper_place;
/* Settings that are wrong elsewhere keep nobody from a halt: they are warned of, and
 * QUANTBOT_DATA_DIR alone is read. FALSE: *out_exit is to be returned. */
gboolean paper_place_find(paper_place *out, int *out_exit);
void paper_place_clear(paper_place *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(paper_place, paper_place_clear)
/* For looking. NULL without error: there is no control database, so nothing was ever asked for. */
control *paper_open_readonly(const paper_place *place, GError **error);
/* Prints the error, with the process to wait for where the file is locked. Takes it; the exit
 * code. */
int paper_fail(const paper_place *place, GError *error);
/* The same where control could not be read, with what that means. */
int paper_fail_unread(const paper_place *place, GError *error);

/* ---- pressing ------------------------------------------------------------------------------- */

/* The options that pressing commands have, as given: bytes, not yet looked at. */
typedef struct paper_wish {
    char *run, *text, *id;
    gboolean json;
} paper_wish;
void paper_wish_clear(paper_wish *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(paper_wish, paper_wish_clear)

typedef struct paper_press {
    control *control; /* still open */
    control_command *command;
    gboolean made; /* there was no control database before */
} paper_press;
void paper_press_clear(paper_press *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(paper_press, paper_press_clear)
/* Sends it as "user:NAME", the real user. Durable when TRUE. Else nothing stands in the file. */
gboolean paper_press_send(const paper_place *place, control_action action, const paper_wish *wish,
                          paper_press *out, GError **error);
/* Warns where a press may have missed: no control database was here, or no journal of that run. */
void paper_press_warn(const paper_place *place, const paper_wish *wish, const paper_press *press);
/* What was pressed, for people: again or not, id, effect, file. */
void paper_press_print(const paper_place *place, const paper_press *press,
                       const report_style *style);

/* ---- words ---------------------------------------------------------------------------------- */

/* "all runs" for NULL. */
const char *paper_run_text(const char *run);
/* Of control_halts: the row of that scope (NULL: all runs); NULL: it was never moved. */
const control_halt *paper_halt_of(const GPtrArray *halts, const char *run);
/* Table of latches, each given run without one as open (runs may be NULL), and the reasons. */
void paper_print_latches(const GPtrArray *halts, char *const *runs, const report_style *style);
/* ,"latches":[...], every one that was ever moved */
void paper_put_latches(GString *out, const GPtrArray *halts);
/* Table of commands; those that wait with their age, else with the time. */
void paper_print_commands(const GPtrArray *commands, gint64 now_us, gboolean waits,
                          const report_style *style);
/* One command as an object. */
void paper_put_command(GString *out, const control_command *command);

#endif
