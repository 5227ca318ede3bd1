/* How things fail outside core. One error domain whose codes are the program's exit codes, so a
 * failure found five calls deep already knows what the process returns. A message may hold
 * several lines: each is one problem, printed with its own prefix. Never a secret in it. */
#ifndef PLATFORM_FAILURE_H
#define PLATFORM_FAILURE_H

#include "core/base/base.h"

#include <glib.h>

#define FAILURE (failure_quark())
GQuark failure_quark(void);

typedef enum failure_code {
    FAILURE_NO = 1, /* the answer is no (a check that did not pass) */
    FAILURE_USAGE = 2,
    FAILURE_CONFIG = 3,
    FAILURE_BAD_DATA = 4,
    FAILURE_MISSING = 5,
    FAILURE_IO = 6,
    FAILURE_PROVIDER = 7,
    FAILURE_DATABASE = 8,
    FAILURE_LOCKED = 9,
    FAILURE_INTERNAL = 70,
    FAILURE_INTERRUPTED = 130,
} failure_code;

/* The one place where core's statuses become failures: no memory, sink and broken ledger are
 * INTERNAL, what input can cause is BAD_DATA. Always FALSE, for `return failure_from_status()`. */
gboolean failure_from_status(GError **error, qb_status status, const char *what);

/* Collects the problems of one read: the first FAILURE_LINES are kept, all are counted. */
#define FAILURE_LINES 20
typedef struct failures {
    GString *lines; /* joined by '\n' */
    guint count;
} failures;
void failures_init(failures *self);
void failures_add(failures *self, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* TRUE when there was none; else sets the error ("... and N more" at the end). Clears self. */
gboolean failures_finish(failures *self, failure_code code, GError **error);

/* A value as it may stand in a message: control and bidi characters escaped, at most 80
 * characters, in double quotes, known secrets masked. length -1: to the NUL. Caller frees. */
char *failure_quote(const char *text, gssize length);
/* A file name as it stands at the head of a message: escaped likewise, without quotes, at most
 * 300 characters. Caller frees. */
char *failure_path(const char *path);
/* Somebody else's message, which may repeat what was given to it, as a line of ours: escaped and cut
 * like a file name. Caller frees. */
char *failure_line(const char *text);

#endif
