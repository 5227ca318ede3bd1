/* A service's budget on disk: one small file, shared by all processes that spend it. */
#include "http/http-private.h"
#include "platform/files.h"

#include <string.h>

#define STATE_LIMIT (1024u * 1024u)
#define LOCK_WAIT_MS 10000u

service *client_service(const http *self, const char *name, GError **error)
{
    service *found = g_hash_table_lookup(self->services, name);
    if (found == NULL)
        g_set_error(error, FAILURE, FAILURE_INTERNAL, "%s: no such service", name);
    return found;
}

static char *state_path(const http *self, const service *service)
{
    g_autofree char *name = g_strconcat(service->about->name, ".json", NULL);
    return g_build_filename(self->options.state_folder, name, NULL);
}

static gboolean load(const http *self, service *service, gint64 now_us, GError **error)
{
    g_autofree char *path = state_path(self, service);
    g_autoptr(GError) reason = NULL;
    g_autoptr(GBytes) bytes = files_read(path, STATE_LIMIT, &reason);
    if (bytes == NULL && g_error_matches(reason, FAILURE, FAILURE_MISSING))
        return TRUE; /* never used, or what we know ourselves */
    if (bytes == NULL) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    gsize length;
    const char *text = g_bytes_get_data(bytes, &length);
    budget_parse(&service->budget, text != NULL ? text : "", length, now_us);
    return TRUE;
}

static gboolean save(const http *self, const service *service, GError **error)
{
    g_autofree char *path = state_path(self, service);
    g_autofree char *text = budget_text(&service->budget, service->about->name);
    return files_replace(path, text, strlen(text), error);
}

/* The lock under which processes read and write the state; no file, no lock. */
static gboolean lock_state(const http *self, const service *service, files_lock **out_lock,
                           GError **error)
{
    *out_lock = NULL;
    if (self->options.state_folder == NULL)
        return TRUE;
    if (!files_make_folder(self->options.state_folder, error))
        return FALSE;
    g_autofree char *name = g_strdup_printf(".%s.lock", service->about->name);
    g_autofree char *path = g_build_filename(self->options.state_folder, name, NULL);
    *out_lock = files_lock_take(path, LOCK_WAIT_MS, error);
    return *out_lock != NULL;
}

gboolean service_refresh(http *self, service *service, gint64 now_us, GError **error)
{
    return self->options.state_folder == NULL || load(self, service, now_us, error);
}

gboolean service_reserve(http *self, service *service, guint credits, gint64 now_us,
                         gint64 *out_at_us, const char **out_why, GError **error)
{
    g_autoptr(files_lock) lock = NULL;
    const http_limit *limit;
    if (!lock_state(self, service, &lock, error) ||
        (lock != NULL && !load(self, service, now_us, error)))
        return FALSE;
    *out_at_us = budget_free_us(&service->budget, now_us, credits, &limit);
    *out_why = limit != NULL ? limit->unit : NULL;
    if (*out_at_us > now_us)
        return TRUE;
    *out_at_us = 0;
    budget_use(&service->budget, now_us, credits);
    return lock == NULL || save(self, service, error);
}

gboolean service_block(http *self, service *service, gint64 until_us, GError **error)
{
    g_autoptr(files_lock) lock = NULL;
    if (!lock_state(self, service, &lock, error) ||
        (lock != NULL && !load(self, service, until_us, error)))
        return FALSE;
    service->budget.blocked_until_us = MAX(service->budget.blocked_until_us, until_us);
    return lock == NULL || save(self, service, error);
}
