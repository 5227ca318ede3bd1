/* Control: what people asked of the trader, and whether it may trade. In: commands, as rows of
 * data/runtime/control.db; closings of the halt latch by the trader itself. Out: commands, each
 * claimed once; the latch, read before each order. Never here: what a command does to a run, and
 * who a person is: the caller knows that and tells the rights. Backtest and replay do not come
 * here.
 *
 * Times are given by the caller, so that tests need no clock. One handle belongs to one thread. */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include "platform/failure.h"

typedef struct control control;
/* Makes the file when it is missing. FAILURE_DATABASE, FAILURE_LOCKED: whoever trades must then
 * take every run for halted. */
control *control_open(const char *path, GError **error);
/* FAILURE_MISSING when it is absent. */
control *control_open_readonly(const char *path, GError **error);
void control_free(control *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(control, control_free)
void control_set_wait_ms(control *self, guint wait_ms);
/* Looks at every page. */
gboolean control_check(control *self, GError **error);

/* ---- commands ------------------------------------------------------------------------------- */

typedef enum control_action {
    CONTROL_HALT,    /* entries stop, resting entries are cancelled, protective exits live on */
    CONTROL_FREEZE,  /* the same, and protective exits stop too */
    CONTROL_FLATTEN, /* halt, and positions are closed by reduce-only orders */
    CONTROL_RESUME,  /* opens the latch that it names, and no other */
    CONTROL_STOP,    /* ends the run */
    CONTROL_CHECKPOINT,
    CONTROL_NOTE, /* a remark that is kept with the run */
    CONTROL_ACTIONS
} control_action;
const char *control_action_text(control_action action);
gboolean control_action_from_text(const char *text, control_action *out);
/* "halt, freeze, ...", for messages. Static. */
const char *control_action_list(void);

typedef enum control_right {
    CONTROL_MAY_HALT = 1,  /* halt, freeze */
    CONTROL_MAY_CHANGE = 2 /* everything */
} control_right;

typedef enum control_state {
    CONTROL_QUEUED,
    CONTROL_CLAIMED, /* somebody is at it */
    CONTROL_DONE,
    CONTROL_REFUSED, /* effect says why */
    CONTROL_EXPIRED  /* nobody took it in time, or it came too late */
} control_state;
const char *control_state_text(control_state state);
gboolean control_state_from_text(const char *text, control_state *out);
/* "queued, claimed, ...", for messages. Static. */
const char *control_state_list(void);

typedef struct control_request {
    const char *id; /* made by the client, so that the same press twice is one command: 1 to 64 of
                         * A-Z a-z 0-9 . _ - : ; NULL: a random one */
    const char *actor; /* "discord:1234", "user:ann": 1 to 64 printable characters */
    guint rights;      /* of control_right */
    gint64 created_us; /* 0: now */
    control_action action;
    const char *run;  /* NULL: all runs (halt, freeze, flatten, resume) */
    const char *args; /* a JSON object: {"reason": text}, of a note {"text": text}; NULL: {} */
} control_request;
#define CONTROL_ID_LIMIT 64
#define CONTROL_ACTOR_LIMIT 64
#define CONTROL_TEXT_LIMIT 500  /* characters of a reason or a text */
#define CONTROL_ARGS_LIMIT 4096 /* bytes */
/* A command that asks for something new (all but halt and freeze, which are never too late) is good
 * for ten minutes after it was made: a stop pressed while nothing ran must not end tomorrow's
 * run. */
#define CONTROL_EXPIRY_US (INT64_C(600) * 1000000)

typedef struct control_command {
    gint64 number; /* in the order of arrival */
    char *id, *actor;
    gint64 created_us, recorded_us;
    control_action action;
    char *run; /* NULL: all */
    char *args;
    control_state state;
    char *claimed_by;            /* NULL: nobody */
    gint64 claimed_us, ended_us; /* 0: not yet */
    char *effect;                /* what came of it; NULL: not yet */
    gboolean repeated; /* of control_send: the id was there already, and nothing was done now */
} control_command;
void control_command_free(control_command *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(control_command, control_command_free)

/* Every field of it as above, before a file is touched: FAILURE_USAGE naming the field. control_send
 * does the same. */
gboolean control_request_check(const control_request *request, GError **error);
/* Records a command; what moves the latch moves it in the same transaction and is done (or refused)
 * when this returns; the rest is queued. An id that is there already changes nothing and gives the
 * stored command. Durable when it returns. A right that is missing is a row too: state refused.
 * FAILURE_USAGE, and no row, for a field that is none, arguments that the action does not have, or
 * the id of another command. */
control_command *control_send(control *self, const control_request *request, gint64 now_us,
                              GError **error);
/* The next command of that run, now claimed by `holder` (a process); NULL without error: there is
 * none. However many ask, one gets it. Those that are too old are set to expired first. Without
 * anything queued it costs one read. */
control_command *control_claim(control *self, const char *run, const char *holder, gint64 now_us,
                               GError **error);
/* Of that run, claimed and not ended: those that a holder which died had begun. Whoever holds the
 * run's journal asks at its start, looks there whether the effect is in, and ends them. Array of
 * control_command *. */
GPtrArray *control_unfinished(control *self, const char *run, GError **error);
/* Ends a claimed command: CONTROL_DONE or CONTROL_REFUSED. The same end twice is fine; another one
 * is FAILURE_USAGE. */
gboolean control_finish(control *self, const char *id, control_state state, const char *effect,
                        gint64 now_us, GError **error);
/* NULL with FAILURE_MISSING. */
control_command *control_find(control *self, const char *id, GError **error);
typedef struct control_filter {
    const char *run; /* those that name it, or all runs; NULL: every one */
    guint states;    /* of 1u << control_state; 0: any */
    gint64 before;   /* only lower numbers: the next page; 0: from the newest */
    guint limit;     /* 0: all */
} control_filter;
/* Newest first. A queued one that nobody can take any more is told as expired, for so the next
 * claim will leave it. Array of control_command *. */
GPtrArray *control_list(control *self, const control_filter *filter, gint64 now_us, GError **error);
/* Deletes ended commands (and queued ones that are too old) recorded before now - age, but those
 * that the latch speaks of; with dry_run it only counts them. Age at least CONTROL_PRUNE_MIN_US
 * (FAILURE_USAGE). Nothing else ever deletes one. */
#define CONTROL_PRUNE_MIN_US (INT64_C(30) * 86400 * 1000000)
gboolean control_prune(control *self, gint64 age_us, gint64 now_us, gboolean dry_run,
                       gint64 *out_count, GError **error);

/* ---- the halt latch ------------------------------------------------------------------------- */

/* What an order must know. */
typedef enum control_latch_bits {
    CONTROL_CLOSED = 1,  /* nothing that increases exposure */
    CONTROL_FROZEN = 2,  /* no protective exits either */
    CONTROL_TO_FLAT = 4, /* positions are to be closed */
    CONTROL_UNREADABLE = 8
} control_latch_bits;
/* The latch of all runs and that of this run together; 0: open. Asked before each order: without a
 * change since the last time it costs a look at shared memory. Never fails: what cannot be read is
 * CONTROL_CLOSED | CONTROL_UNREADABLE, and stays closed, for it closes the latch of all runs as
 * soon as that can be written. */
guint control_latch(control *self, const char *run);
/* Why the last reading failed; NULL: it did not. Borrowed until the next one. */
const GError *control_latch_error(const control *self);

/* Why a run closes its own latch. */
typedef enum control_cause {
    CONTROL_CAUSE_JOURNAL,  /* could not be written */
    CONTROL_CAUSE_LEDGER,   /* the identity is broken */
    CONTROL_CAUSE_STATE,    /* unreadable */
    CONTROL_CAUSE_RISK,     /* a rule that cannot be evaluated */
    CONTROL_CAUSE_DRAWDOWN, /* the kill switch */
    CONTROL_CAUSE_CONTROL   /* control itself was unreadable */
} control_cause;
/* Closes the run's latch (NULL: that of all) by itself: a row with actor "quantbot" and the move,
 * in one transaction. A latch that is closed stays as it is, and there is no row. When it cannot be
 * written this handle remembers it, and control_latch says closed from here on: FALSE, and still
 * nothing is let through. detail: one line, cut at CONTROL_TEXT_LIMIT. */
gboolean control_close(control *self, const char *run, control_cause cause, const char *detail,
                       gint64 now_us, GError **error);

typedef struct control_halt {
    char *run; /* NULL: all */
    gboolean closed, frozen, flatten;
    char *actor, *reason; /* of whoever moved it last; reason may be NULL */
    gint64 since_us;
    char *command; /* the id of the row that moved it */
} control_halt;
void control_halt_free(control_halt *self);
/* Every latch that was ever moved, that of all first. Array of control_halt *. */
GPtrArray *control_halts(control *self, GError **error);

/* 1 to 64 of A-Z a-z 0-9 . _ -, not beginning with a dot: it becomes a file's name. */
gboolean control_run_valid(const char *run);
#define CONTROL_RUN_LIMIT 64

#endif
