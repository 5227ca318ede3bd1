/* What the files of this room share. */
#ifndef LOADER_PRIVATE_H
#define LOADER_PRIVATE_H

#include "loader/loader.h"

#define LOADER_SOURCE_LIMIT (4u * 1024 * 1024)
#define LOADER_OBJECT_LIMIT (64u * 1024 * 1024)

/* ---- headers.c, made when the program is built (embed_headers.py) ---------------------------- */

typedef struct loader_header {
    const char *path; /* "core/engine/strategy.h" */
    const char *text;
    gsize size;
} loader_header;
/* strategy.h and all that it includes; ends with a NULL path. */
extern const loader_header loader_headers[];
extern const char loader_headers_sha256[]; /* over paths and texts */
extern const char loader_example[];        /* example.c */

/* ---- hashes ---------------------------------------------------------------------------------- */

/* "SHA256 PATH" of a file as it is now, NULL with the failure. */
char *loader_hash_file(const char *path, gsize limit, GError **error);

/* ---- compile.c ------------------------------------------------------------------------------- */

/* The object made from a source (its path as typed), from the store when nothing has changed.
 * Sets *out_files as loaded_strategy.files and *out_said; both also when it fails to compile. */
char *compile_strategy(const char *path, const char *data_dir, GPtrArray **out_files,
                       char **out_said, GError **error);

/* ---- guard.c --------------------------------------------------------------------------------- */

/* The same strategy behind functions that note where its code is, so that a crash can be named.
 * The same strategy twice is the same answer. path: as typed, for the message. NULL with
 * FAILURE_CONFIG when there are too many, FAILURE_BAD_DATA when it is none. */
const qb_strategy *guard_strategy(const qb_strategy *strategy, const char *path, GError **error);
/* From now on until guard_leave this process runs code of that file: "loading". */
void guard_enter_loading(const char *path);
void guard_leave_loading(void);

#endif
