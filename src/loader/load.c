#include "loader/loader-private.h"
#include "platform/files.h"

#include <dlfcn.h>
#include <string.h>

gboolean loader_is_file(const char *text)
{
    return strchr(text, '/') != NULL || g_str_has_suffix(text, ".c") ||
           g_str_has_suffix(text, ".so");
}

char *loader_hash_file(const char *path, gsize limit, GError **error)
{
    g_autoptr(GBytes) bytes = files_read(path, limit, error);
    if (bytes == NULL)
        return NULL;
    g_autofree char *sum = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
    g_autofree char *absolute = g_canonicalize_filename(path, NULL);
    return g_strdup_printf("%s %s", sum, absolute);
}

gboolean loader_check_files(const GPtrArray *files, GError **error)
{
    for (guint i = 0; i < files->len; i++) {
        const char *entry = g_ptr_array_index(files, i);
        const char *path = strchr(entry, ' ');
        path = path != NULL ? path + 1 : "";
        g_autoptr(GError) problem = NULL;
        g_autofree char *now = loader_hash_file(path, LOADER_OBJECT_LIMIT, &problem);
        if (now != NULL && strcmp(now, entry) == 0)
            continue;
        g_autofree char *name = failure_path(path);
        if (now != NULL)
            g_set_error(error, FAILURE, FAILURE_MISSING,
                        "%s: has changed since the run (SHA-256 %.12s, run used %.12s)", name, now,
                        entry);
        else
            g_set_error(error, FAILURE, FAILURE_MISSING, "the run's strategy: %s",
                        problem->message);
        return FALSE;
    }
    return TRUE;
}

/* RTLD_NOW: what is missing is missed here, not in the middle of a run. */
static const qb_strategy *open_object(const char *object, const char *path, GError **error)
{
    g_autofree char *name = failure_path(path);
    guard_enter_loading(name);
    void *handle = dlopen(object, RTLD_NOW | RTLD_LOCAL);
    const char *why = handle == NULL ? dlerror() : NULL;
    const qb_strategy *strategy = handle != NULL ? dlsym(handle, G_STRINGIFY(QB_STRATEGY_EXPORT))
                                                 : NULL;
    guard_leave_loading();
    if (handle == NULL)
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: cannot be loaded: %s", name,
                    why != NULL ? why : "unknown reason");
    else if (strategy == NULL)
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: exports no strategy (expected: const qb_strategy %s = {...};)", name,
                    G_STRINGIFY(QB_STRATEGY_EXPORT));
    return strategy;
}

loaded_strategy *loader_load(const char *path, const char *data_dir, char **out_said,
                             GError **error)
{
    g_autoptr(loaded_strategy) self = g_new0(loaded_strategy, 1);
    g_autofree char *object = NULL;
    self->path = g_canonicalize_filename(path, NULL);
    if (g_str_has_suffix(path, ".so")) {
        char *entry = loader_hash_file(path, LOADER_OBJECT_LIMIT, error);
        if (entry == NULL)
            return NULL;
        self->files = g_ptr_array_new_with_free_func(g_free);
        g_ptr_array_add(self->files, entry);
        object = g_strdup(self->path);
    } else if (g_str_has_suffix(path, ".c")) {
        object = compile_strategy(path, data_dir, &self->files, &self->said, error);
    } else {
        g_autofree char *name = failure_path(path);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "%s: neither C source (.c) nor a shared object (.so)", name);
    }
    if (object == NULL) {
        if (self->said != NULL)
            *out_said = g_steal_pointer(&self->said);
        return NULL;
    }
    const qb_strategy *strategy = open_object(object, path, error);
    self->strategy = strategy != NULL ? guard_strategy(strategy, path, error) : NULL;
    return self->strategy != NULL ? g_steal_pointer(&self) : NULL;
}

void loaded_strategy_free(loaded_strategy *self)
{
    if (self == NULL)
        return;
    g_clear_pointer(&self->files, g_ptr_array_unref);
    g_free(self->path);
    g_free(self->said);
    g_free(self);
}
