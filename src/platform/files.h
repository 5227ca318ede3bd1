/* Files as this program needs them: read whole with a limit, written so that a power cut leaves
 * the old or the new one, locked against a second writer. The only room that calls the system
 * about files; reports name the file and the system's reason. Files 0600, folders 0700. */
#ifndef PLATFORM_FILES_H
#define PLATFORM_FILES_H

#include "platform/failure.h"

/* The whole file, at most limit bytes; regular files only, so that a read cannot hang. Links are
 * followed. FAILURE_MISSING when absent, FAILURE_IO else. */
GBytes *files_read(const char *path, gsize limit, GError **error);
/* Temp file ".tmp-NAME-PID-N" beside it, written, synced, renamed, folder synced. Makes missing
 * folders. A link at path is replaced, not followed. */
gboolean files_replace(const char *path, gconstpointer bytes, gsize count, GError **error);
/* The same for what does not fit into memory: piece by piece into the temp file, which finish syncs
 * and renames. overwrite FALSE: a file that is there by then stays, and finish fails. Freeing
 * before finish, or after it failed, leaves nothing behind. */
typedef struct files_stream files_stream;
files_stream *files_stream_new(const char *path, GError **error);
gboolean files_stream_write(files_stream *self, gconstpointer bytes, gsize count, GError **error);
gboolean files_stream_finish(files_stream *self, gboolean overwrite, GError **error);
void files_stream_free(files_stream *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(files_stream, files_stream_free)
/* With all folders above it; one that exists is left as it is. */
gboolean files_make_folder(const char *path, GError **error);
/* fsync of a folder, after renames in it. */
gboolean files_sync_folder(const char *path, GError **error);
/* Removes leftovers of files_replace (".tmp-*") from a folder that the caller has locked. */
void files_remove_leftovers(const char *folder);

gboolean files_exists(const char *path);
/* The names in a folder, sorted by byte, without those that begin with a dot; NULL-terminated.
 * At most FILES_LIST_LIMIT. FAILURE_MISSING when absent. Caller frees (g_strfreev). */
#define FILES_LIST_LIMIT 1000000u
char **files_list(const char *folder, GError **error);
/* The same with what each name is; nothing is opened or followed. Array of files_entry, which owns
 * the names. */
typedef enum files_kind { FILES_REGULAR, FILES_FOLDER, FILES_LINK, FILES_OTHER } files_kind;
typedef struct files_entry {
    char *name;
    files_kind kind;
} files_entry;
GArray *files_entries(const char *folder, GError **error);
/* Renames within one file system and syncs both folders. An existing target is replaced. */
gboolean files_rename(const char *from, const char *to, GError **error);
/* Removes a file and syncs its folder; one that is absent is fine. */
gboolean files_remove(const char *path, GError **error);
/* Removes a folder that is empty; one that is not stays, and that is no failure. */
void files_remove_empty_folder(const char *path);

/* TRUE when others than owner and group may read it, FALSE also when it cannot be looked at. */
gboolean files_readable_by_others(const char *path);

/* An exclusive lock on path (made when absent), held until freed or the process ends. Waits at
 * most wait_ms; FAILURE_LOCKED names the holder's process. Who holds it may rename its folder:
 * those that wait then lock the file of that name in the new one. */
typedef struct files_lock files_lock;
files_lock *files_lock_take(const char *path, guint wait_ms, GError **error);
void files_lock_free(files_lock *lock);
/* The process that has a record lock for writing on any of the paths, as SQLite takes them; 0: nobody,
 * or it is not told here. For messages: it may have ended since. Opens none of the files. */
gint64 files_lock_holder(const char *const *paths);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(files_lock, files_lock_free)

/* The seam of kill and fault tests: called before each system call that changes something on
 * disk ("create", "write", "fsync", "rename", "mkdir", "unlink") with the path it concerns.
 * Returns 0 to go on, an errno value to fail with it, or FILES_SHORT_WRITE to let "write" write
 * one byte only. NULL outside tests. */
#define FILES_SHORT_WRITE (-1)
extern int (*files_before_mutation)(const char *what, const char *path);

#endif
