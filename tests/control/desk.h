/* A folder with a control database, and short ways to press its buttons. */
#ifndef CONTROL_DESK_H
#define CONTROL_DESK_H

#include "control/control.h"

#define DESK_NOW_US (INT64_C(1700000000) * 1000000) /* 2023-11-14 22:13:20 UTC */
#define DESK_MINUTE_US (INT64_C(60) * 1000000)

typedef struct desk {
    char *folder, *path;
    control *control;
} desk;
void desk_open(desk *self, gconstpointer unused);
void desk_close(desk *self, gconstpointer unused);
/* Closes the handle and opens the file again, as after a restart. */
void desk_reopen(desk *self);

/* By somebody who may do everything, now. What must work: a failure fails the test. */
control_command *desk_send(control *control, const char *id, control_action action,
                           const char *run);
/* The state after it, the effect compared. */
void desk_assert_send(control *control, const char *id, control_action action, const char *run,
                      control_state state, const char *effect);

/* With a connection of its own. */
void desk_sql(const char *path, const char *sql);
gint64 desk_count(const char *path, const char *sql);
/* First column of the first row; NULL when there is none. Caller frees. */
char *desk_ask(const char *path, const char *sql);

#endif
