/* What a series takes on disk, by kind, and the removal of what nobody needs. Only names that this
 * program gives are ever removed; links are neither followed nor removed. */
#include "cache/ledger-private.h"

#include <glib/gstdio.h>
#include <string.h>

#define LOCK_WAIT_MS 10000
#define DEPTH_LIMIT 8 /* of folders that are not ours */

typedef enum stored_kind {
    STORED_BARS,
    STORED_MANIFEST,
    STORED_DAMAGED,
    STORED_COPY,
    STORED_LEFTOVER,
    STORED_OTHER,
} stored_kind;

typedef struct stored_file {
    char *path;
    stored_kind kind;
    gsize bytes;
} stored_file;

static void stored_file_clear(gpointer item)
{
    g_free(((stored_file *)item)->path);
}

/* ---- kinds ---------------------------------------------------------------------------------- */

static gboolean is_bars(const char *year, const char *name)
{
    month_id id;
    g_autofree char *relative = g_strdup_printf("%s/%s", year, name);
    return month_from_name(relative, &id);
}

static gboolean is_manifest(const char *name)
{
    return strcmp(name, "manifest.json") == 0 || strcmp(name, GAP_WORDS_NAME) == 0;
}

/* NAME.KIND-12, where NAME is one of ours. */
static gboolean is_aside(const char *year, const char *name, const char *kind)
{
    g_autofree char *mark = g_strdup_printf(".%s-", kind);
    const char *at = g_strrstr(name, mark);
    if (at == NULL)
        return FALSE;
    const char *number = at + strlen(mark);
    g_autofree char *base = g_strndup(name, (gsize)(at - name));
    return *number != '\0' && strspn(number, "0123456789") == strlen(number) &&
           (year != NULL ? is_bars(year, base) : is_manifest(base));
}

/* year: the folder that the file is in; NULL: the series' own. */
static stored_kind kind_of(const char *year, const char *name)
{
    if (g_str_has_prefix(name, ".tmp-"))
        return STORED_LEFTOVER;
    if (is_aside(year, name, "damaged"))
        return STORED_DAMAGED;
    if (is_aside(year, name, "foreign"))
        return STORED_COPY;
    if (year != NULL)
        return is_bars(year, name) ? STORED_BARS : STORED_OTHER;
    return is_manifest(name) || strcmp(name, ".lock") == 0 ? STORED_MANIFEST : STORED_OTHER;
}

static gboolean is_year(const char *name)
{
    return strlen(name) == 4 && strspn(name, "0123456789") == 4 && name[0] != '0';
}

/* ---- looking -------------------------------------------------------------------------------- */

/* Where in a series' folder a walk is. */
typedef struct level {
    const char *year; /* NULL: not in one */
    gboolean strange; /* in a folder that is not ours */
    gboolean aside;   /* in a series that made room for another: all of it is a copy */
    int depth;
} level;

static gboolean add_folder(const char *folder, const level *at, GArray *files, GError **error);

static gboolean add_one(const char *folder, const char *name, const level *at, GArray *files,
                        GError **error)
{
    GStatBuf info;
    stored_file file = {.path = g_build_filename(folder, name, NULL), .kind = STORED_OTHER};
    gboolean ok = TRUE;
    if (g_lstat(file.path, &info) != 0) {
        g_free(file.path); /* renamed or removed meanwhile */
        return TRUE;
    }
    if (S_ISDIR(info.st_mode)) {
        const gboolean year = at->depth == 0 && is_year(name);
        const level below = {year ? name : NULL, !year, at->aside, at->depth + 1};
        ok = at->depth >= DEPTH_LIMIT || add_folder(file.path, &below, files, error);
        g_free(file.path);
        return ok;
    }
    if (S_ISREG(info.st_mode) && !at->strange)
        file.kind = kind_of(at->year, name);
    if (at->aside && (file.kind == STORED_BARS || file.kind == STORED_MANIFEST))
        file.kind = STORED_COPY;
    file.bytes = (gsize)MAX(info.st_size, 0);
    g_array_append_val(files, file);
    return TRUE;
}

static gboolean add_folder(const char *folder, const level *at, GArray *files, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &reason);
    gboolean ok = TRUE;
    if (dir == NULL && g_error_matches(reason, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
    if (dir == NULL) {
        g_autofree char *name = failure_path(folder);
        g_set_error(error, FAILURE, FAILURE_IO, "%s: cannot list the folder: %s", name,
                    reason->message);
        return FALSE;
    }
    for (const char *name; ok && (name = g_dir_read_name(dir)) != NULL;)
        ok = add_one(folder, name, at, files, error);
    return ok;
}

static int compare_files(gconstpointer a, gconstpointer b)
{
    return strcmp(((const stored_file *)a)->path, ((const stored_file *)b)->path);
}

/* The folders FOLDER.replaced-N beside a series' own, which cache_set_aside has left. */
static GPtrArray *aside_folders(const char *folder)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *parent = g_path_get_dirname(folder);
    g_autofree char *base = g_path_get_basename(folder);
    g_autofree char *prefix = g_strdup_printf("%s.replaced-", base);
    g_auto(GStrv) names = files_list(parent, NULL);
    for (char **name = names; name != NULL && *name != NULL; name++)
        if (g_str_has_prefix(*name, prefix))
            g_ptr_array_add(found, g_build_filename(parent, *name, NULL));
    return found;
}

static gboolean add_series(const char *folder, GArray *files, GError **error)
{
    g_autoptr(GPtrArray) aside = aside_folders(folder);
    gboolean ok = add_folder(folder, &(level){NULL, FALSE, FALSE, 0}, files, error);
    for (guint i = 0; ok && i < aside->len; i++)
        ok = add_folder(g_ptr_array_index(aside, i), &(level){NULL, FALSE, TRUE, 0}, files, error);
    return ok;
}

static GArray *stored_files(const cache *self, const char *folder, GError **error)
{
    GArray *files = g_array_new(FALSE, FALSE, sizeof(stored_file));
    g_array_set_clear_func(files, stored_file_clear);
    if (layout_check_links(self, folder, error) && add_series(folder, files, error)) {
        g_array_sort(files, compare_files);
        return files;
    }
    g_array_unref(files);
    return NULL;
}

/* ---- size ----------------------------------------------------------------------------------- */

GArray *cache_folders(cache *self, GError **error)
{
    return layout_keys(self, error);
}

gsize cache_usage_bytes(const cache_usage *usage)
{
    return usage->bars + usage->manifests + usage->damaged + usage->copies + usage->leftovers +
           usage->other;
}

gboolean cache_du(cache *self, const cache_key *key, cache_usage *out, GError **error)
{
    g_autofree char *folder = layout_folder(self, key, error);
    g_autoptr(GArray) files = folder != NULL ? stored_files(self, folder, error) : NULL;
    if (files == NULL)
        return FALSE;
    cache_usage usage = {.files = files->len};
    gsize *const sums[] = {&usage.bars,   &usage.manifests, &usage.damaged,
                           &usage.copies, &usage.leftovers, &usage.other};
    for (guint i = 0; i < files->len; i++) {
        const stored_file *file = &g_array_index(files, stored_file, i);
        *sums[file->kind] += file->bytes;
    }
    *out = usage;
    return TRUE;
}

/* ---- removal -------------------------------------------------------------------------------- */

static gboolean is_garbage(stored_kind kind, gboolean set_aside)
{
    return kind == STORED_LEFTOVER ||
           (set_aside && (kind == STORED_DAMAGED || kind == STORED_COPY));
}

/* What is left of series that made room, once their files are gone. */
static void remove_aside_folders(const char *folder)
{
    g_autoptr(GPtrArray) aside = aside_folders(folder);
    for (guint i = 0; i < aside->len; i++) {
        const char *one = g_ptr_array_index(aside, i);
        g_auto(GStrv) names = files_list(one, NULL);
        for (char **name = names; name != NULL && *name != NULL; name++) {
            g_autofree char *year = g_build_filename(one, *name, NULL);
            files_remove_empty_folder(year);
        }
        files_remove_empty_folder(one);
    }
}

gboolean cache_gc(cache *self, const cache_key *key, gboolean set_aside, gboolean dry_run,
                  GPtrArray *removed, gsize *out_bytes, GError **error)
{
    g_autofree char *folder = layout_folder(self, key, error);
    g_autofree char *lock_path = folder != NULL ? g_build_filename(folder, ".lock", NULL) : NULL;
    g_autoptr(files_lock) lock = NULL;
    gsize bytes = 0;
    if (folder == NULL || !layout_check_links(self, folder, error))
        return FALSE;
    if (!dry_run && files_exists(folder)) {
        lock = files_lock_take(lock_path, LOCK_WAIT_MS, error);
        if (lock == NULL)
            return FALSE;
    }
    g_autoptr(GArray) files = stored_files(self, folder, error);
    for (guint i = 0; files != NULL && i < files->len; i++) {
        const stored_file *file = &g_array_index(files, stored_file, i);
        if (!is_garbage(file->kind, set_aside))
            continue;
        if (!dry_run && !files_remove(file->path, error))
            return FALSE;
        bytes += file->bytes;
        if (removed != NULL)
            g_ptr_array_add(removed, g_strdup(layout_relative(self, file->path)));
    }
    if (files != NULL && set_aside && !dry_run)
        remove_aside_folders(folder);
    if (files != NULL)
        *out_bytes = bytes;
    return files != NULL;
}
