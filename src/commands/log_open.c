/* Which database the run log is in, and what is done where a server does not answer. */
#include "commands/log-private.h"

#include <string.h>

static runlog_server server_of(const settings *settings)
{
    const settings_database *database = settings_postgres(settings);
    return (runlog_server){
        .keywords = (const char *const *)database->keywords,
        .values = (const char *const *)database->values,
        .name = database->name,
        .local = database->local,
        .tls_as_given = strcmp(settings_get(settings, "QUANTBOT_DATABASE_TLS"), "as-given") == 0,
        .pooled = database->pooled,
    };
}

runlog *log_open_server(const settings *settings, gboolean writing, runlog_reach *out_reach,
                        GError **error)
{
    const runlog_server server = server_of(settings);
    return runlog_open_server(&server, writing, out_reach, error);
}

runlog *log_open(const settings *settings, gboolean writing, GError **error)
{
    const char *path = settings_runlog_path(settings);
    if (settings_postgres(settings) != NULL)
        return log_open_server(settings, writing, NULL, error);
    return writing ? runlog_open(path, error) : runlog_open_readonly(path, error);
}

void log_warn_of_pooler(const settings *settings)
{
    const settings_database *database = settings_postgres(settings);
    if (database != NULL && database->pooled)
        command_warn("%s is behind a pooler: notifications are lost there, and tables are changed "
                     "over the direct host, the same name without \"-pooler\"; better use that",
                     database->name);
}

static void warn_of_refuge(const char *why, const char *path)
{
    g_autofree char *shown = failure_path(path);
    command_warn(
        "%s; the run log is %s until the server answers, quantbot db sync then carries its "
        "runs over",
        why, shown);
}

runlog *log_open_or_refuge(const settings *settings, GError **error)
{
    g_autoptr(GError) failure = NULL;
    runlog_reach reach = RUNLOG_REACHED;
    const char *path = settings_runlog_path(settings);
    if (settings_postgres(settings) == NULL)
        return runlog_open(path, error);
    runlog *log = log_open_server(settings, TRUE, &reach, &failure);
    if (log != NULL) {
        runlog_set_refuge(log, path);
        return log;
    }
    if (reach != RUNLOG_AWAY) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    log = runlog_open(path, error);
    if (log != NULL)
        warn_of_refuge(failure->message, path);
    return log;
}

void log_warn_of_refuge(const runlog *log)
{
    if (runlog_refuge_reason(log) != NULL)
        warn_of_refuge(runlog_refuge_reason(log), runlog_path(log));
}

runlog *log_open_readonly(int *out_exit)
{
    GError *error = NULL;
    g_autoptr(settings) settings = command_settings(out_exit);
    if (settings == NULL)
        return NULL;
    runlog *log = log_open(settings, FALSE, &error);
    if (log == NULL)
        *out_exit = command_fail(error);
    return log;
}

const char *log_kind(const runlog *log)
{
    return runlog_store_of(log) == RUNLOG_POSTGRES ? "postgresql" : "sqlite";
}

const char *log_kind_text(const runlog *log)
{
    return runlog_store_of(log) == RUNLOG_POSTGRES ? "PostgreSQL" : "SQLite";
}

static GPtrArray *runs_of(runlog *log, const char *id, GError **error)
{
    if (id == NULL)
        return runlog_list(log, NULL, 0, error);
    runlog_summary *run = runlog_find(log, id, error);
    if (run == NULL)
        return NULL;
    GPtrArray *runs = g_ptr_array_new_with_free_func((GDestroyNotify)runlog_summary_free);
    g_ptr_array_add(runs, run);
    return runs;
}

gboolean log_carry_all(runlog *from, runlog *to, const char *id, guint *out_carried,
                       guint *out_known, GError **error)
{
    g_autoptr(GPtrArray) runs = runs_of(from, id, error);
    if (runs == NULL)
        return FALSE;
    /* The oldest first, as they happened. */
    for (guint i = runs->len; i > 0; i--) {
        const runlog_summary *run = runs->pdata[i - 1];
        gboolean carried = FALSE;
        if (!runlog_carry(from, to, run->id, &carried, error))
            return FALSE;
        *(carried ? out_carried : out_known) += 1;
    }
    return TRUE;
}
