/* Copies of a file while others read and write it. */
#include "store/store.h"

#include "platform/clock.h"
#include "platform/files.h"

#include <string.h>

#define NAMES_MAX 100 /* of copies in one second */

/* SQLite would make the file 0644 and follow what stands there: an empty one of ours is 0600, and
 * new where *out_made. */
static gboolean make_empty(const char *path, gboolean *out_made, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(files_stream) stream = files_stream_new(path, &failure);
    *out_made = stream != NULL && files_stream_finish(stream, FALSE, &failure);
    if (*out_made || files_exists(path))
        return TRUE;
    g_set_error_literal(error, FAILURE, FAILURE_DATABASE, failure->message);
    return FALSE;
}

static gboolean vacuum_into(store *self, const char *path, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = store_prepare(self, "VACUUM INTO ?1", error);
    if (statement == NULL)
        return FALSE;
    if (sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC) != SQLITE_OK)
        return store_fail(self, "backup", error);
    return store_do(self, statement, "backup", error);
}

/* A reader's connection may not write, not even another file. */
static gboolean fill(store *self, const char *path, GError **error)
{
    if (!self->reading)
        return vacuum_into(self, path, error);
    return store_run(self, "PRAGMA query_only=OFF", error) && vacuum_into(self, path, error) &&
           store_run(self, "PRAGMA query_only=ON", error);
}

static gboolean fill_or_remove(store *self, const char *path, GError **error)
{
    if (!fill(self, path, error)) {
        files_remove(path, NULL);
        return FALSE;
    }
    g_autofree char *folder = g_path_get_dirname(path);
    return files_sync_folder(folder, error);
}

gboolean store_copy(store *self, const char *path, GError **error)
{
    gboolean made = FALSE;
    if (!make_empty(path, &made, error))
        return FALSE;
    if (made)
        return fill_or_remove(self, path, error);
    g_autofree char *name = failure_path(path);
    return store_refuse(self, error, "the backup %s is there already", name);
}

/* "20240131T143000Z" */
static char *compact_now(void)
{
    char time[QB_TIME_TEXT];
    const gint64 now_us = clock_now_us();
    GString *compact = g_string_new(NULL);
    qb_time_to_text(now_us - now_us % QB_SECOND_US, time);
    for (const char *at = time; *at != '\0'; at++)
        if (*at != ':' && *at != '-')
            g_string_append_c(compact, *at);
    return g_string_free(compact, FALSE);
}

static char *name_beside(const store *self, const char *why, const char *time, int number)
{
    g_autofree char *stem = g_strdup(self->path);
    if (g_str_has_suffix(stem, ".db"))
        stem[strlen(stem) - strlen(".db")] = '\0';
    return number == 1 ? g_strdup_printf("%s.before-%s-%s.db", stem, why, time)
                       : g_strdup_printf("%s.before-%s-%s-%d.db", stem, why, time, number);
}

/* Two processes may each want one in the same second. */
char *store_copy_beside(store *self, const char *why, GError **error)
{
    g_autofree char *time = compact_now();
    for (int number = 1; number <= NAMES_MAX; number++) {
        gboolean made = FALSE;
        g_autofree char *path = name_beside(self, why, time, number);
        if (!make_empty(path, &made, error))
            return NULL;
        if (made)
            return fill_or_remove(self, path, error) ? g_steal_pointer(&path) : NULL;
    }
    store_refuse(self, error, "there are %d backups of this second already", NAMES_MAX);
    return NULL;
}
