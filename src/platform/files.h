/* Files as this program needs them: read whole with a limit, written so that a power cut leaves
 * the old or the new one, locked against a second writer. The only room that calls the system
 * about files; reports name the file and the system's reason. Files 0600, folders 0700. */
#ifndef PLATFORM_FILES_H
#define PLATFORM_FILES_H

#include "platform/failure.h"

/* The whole file, at most limit bytes. FAILURE_MISSING when absent, FAILURE_IO else. */
GBytes *files_read(const char *path, gsize limit, GError **error);
/* Temp file beside it, written, synced, renamed, folder synced. Makes missing folders. */
gboolean files_replace(const char *path, gconstpointer bytes, gsize count, GError **error);
gboolean files_make_folder(const char *path, GError **error);
/* fsync of a folder, after renames in it. */
gboolean files_sync_folder(const char *path, GError **error);
/* Removes leftovers of files_replace (".tmp-*") from a folder that the caller has locked. */
void files_remove_leftovers(const char *folder);

/* An exclusive lock on path (made when absent), held until freed or the process ends. Waits at
 * most wait_ms; FAILURE_LOCKED names the holder's process. */
typedef struct files_lock files_lock;
files_lock *files_lock_take(const char *path, guint wait_ms, GError **error);
void files_lock_free(files_lock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(files_lock, files_lock_free)

#endif
