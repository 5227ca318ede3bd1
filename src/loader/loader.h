/* Users' strategies, from a file to code that runs.
 *
 * In: the path of a C source, which is compiled with the system's compiler, or of a shared object.
 * Out: a strategy that has passed qb_strategy_check, and the hashes of what it was made from. What
 * is loaded stays loaded until the process ends. A crash in its code ends the process with one line
 * that names it. Never decides, prints nothing else, leaves the user's files alone.
 *
 * Compiled objects are kept in DATA/runtime/strategies, a folder for each source, compiler and
 * version of the interface; the headers that a source includes come out of the program itself. All
 * of it may be deleted at any time. */
#ifndef LOADER_LOADER_H
#define LOADER_LOADER_H

#include "core/engine/strategy.h"
#include "platform/failure.h"

typedef struct loaded_strategy {
    const qb_strategy *strategy; /* good until the process ends, as all that it points to */
    char *path;                  /* absolute */
    GPtrArray *files;            /* "SHA256 PATH": the file itself first, then its own headers */
    char *said;                  /* what the compiler said, NULL: nothing */
} loaded_strategy;

/* True for what --strategy takes as a file: it ends in ".c" or ".so", or has a slash in it. */
gboolean loader_is_file(const char *text);

/* data_dir: of the settings. FAILURE_MISSING: no such file; FAILURE_CONFIG: no compiler, or too
 * many strategies in one process; FAILURE_BAD_DATA: it does not compile (what the compiler said is
 * then in *out_said, caller frees; untouched else), or is no strategy; FAILURE_IO. */
loaded_strategy *loader_load(const char *path, const char *data_dir, char **out_said,
                             GError **error);
void loaded_strategy_free(loaded_strategy *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(loaded_strategy, loaded_strategy_free)

/* FAILURE_MISSING naming the first file that has changed or gone since its hash was taken. */
gboolean loader_check_files(const GPtrArray *files, GError **error);

/* The source that `strategy new` writes: a small rule, every part of the interface explained.
 * name: [a-z][a-z0-9_]*, at most 64. Caller frees. */
char *loader_template(const char *name);
gboolean loader_is_name(const char *name);

#endif
