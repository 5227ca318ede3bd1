/* What control's files share: the connection, what is remembered of the latch, the table of
 * actions. */
#ifndef CONTROL_PRIVATE_H
#define CONTROL_PRIVATE_H

#include "control/control.h"
#include "store/store.h"

struct control {
    store store;
    sqlite3_stmt *version; /* PRAGMA data_version */
    sqlite3_stmt *latches; /* every row of latch */
    sqlite3_stmt *queued;  /* is anything queued for a run? */
    gboolean known;        /* `closed` is what stood in the file at data_version seen */
    gint64 seen;
    GArray *closed;  /* of latch_bits: closed latches only */
    GArray *pending; /* of latch_pending: closings that could not be written */
    GError *unread;  /* why the last reading of the latch failed */
};

typedef struct latch_bits {
    char run[CONTROL_RUN_LIMIT + 1]; /* "": all */
    guint bits;
} latch_bits;
typedef struct latch_pending {
    char run[CONTROL_RUN_LIMIT + 1]; /* "": all */
    control_cause cause;
    char *detail;
    gint64 since_us;
} latch_pending;

/* ---- actions.c ------------------------------------------------------------------------------ */

typedef struct action_row {
    const char *name;
    guint right;      /* any of these rights will do */
    gboolean latch;   /* moves the latch at once; may mean all runs */
    gboolean expires; /* too late is worse than not at all */
    const char *text; /* its argument */
    gboolean text_needed;
} action_row;
extern const action_row action_rows[CONTROL_ACTIONS];

/* Every field as the header says; *out_reason: the argument's text, NULL when there is none. Caller
 * frees. FAILURE_USAGE. */
gboolean action_check(const control_request *request, char **out_reason, GError **error);

/* ---- latch.c -------------------------------------------------------------------------------- */

typedef struct latch_move {
    control_action action; /* halt, freeze, flatten, resume */
    const char *run;       /* "": all */
    const char *actor, *reason;
    gint64 now_us, command; /* the number of its row */
} latch_move;
/* Inside the caller's transaction. *out_effect in words; caller frees. *out_moved FALSE: it stands
 * as it stood. */
gboolean latch_apply(control *self, const latch_move *move, char **out_effect, gboolean *out_moved,
                     GError **error);
gboolean latch_prepare(control *self, GError **error);
void latch_clear(control *self);

/* ---- queue.c -------------------------------------------------------------------------------- */

/* A row of commands, queued, inside the caller's transaction; id NULL: a random one. */
gboolean queue_insert(control *self, const control_request *request, gint64 now_us,
                      gint64 *out_number, GError **error);
gboolean queue_end(control *self, gint64 number, control_state state, const char *effect,
                   gint64 now_us, GError **error);

#endif
