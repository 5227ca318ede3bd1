#include "commands/log-private.h"

static const char about[] =
    "Brings the run log's tables to this version: a copy of a SQLite file first, then\n"
    "every step in one transaction; of two processes one does it. Any command that\n"
    "writes does the same; this one only says what came of it. Behind a pooler it goes\n"
    "over the direct host. A run log made by a newer quantbot stays as it is.\n"
    "\n"
    "Examples:\n"
    "  quantbot db migrate\n"
    "  quantbot db migrate --json\n";

/* The version as it is found; 0 where a reader cannot open it for want of tables. */
static gboolean version_of(const settings *settings, gboolean writing, gint64 *out,
                           char **out_backup, const char **out_kind, GError **error)
{
    runlog_status status;
    g_autoptr(runlog) log = log_open(settings, writing, error);
    if (log == NULL || !runlog_status_get(log, &status, error))
        return FALSE;
    *out = status.schema_version;
    *out_kind = log_kind(log);
    if (out_backup != NULL)
        *out_backup = g_strdup(runlog_backup_path(log));
    runlog_status_clear(&status);
    return TRUE;
}

int command_db_migrate(int argc, char **argv)
{
    gboolean json = FALSE;
    int exit_code = 0;
    gint64 before = 0, after = 0;
    const char *kind = NULL;
    g_autofree char *backup = NULL;
    GError *error = NULL;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("db migrate", "unexpected argument %s", argv[1]);
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    log_warn_of_pooler(settings);
    if (!version_of(settings, FALSE, &before, NULL, &kind, &error) ||
        !version_of(settings, TRUE, &after, &backup, &kind, &error))
        return command_fail(error);
    if (json) {
        g_autoptr(GString) text = g_string_new("{");
        log_put_text(text, "kind", kind);
        log_put_count(text, "from", before);
        log_put_count(text, "to", after);
        log_put_text(text, "backup", backup);
        printf("%s}\n", text->str);
    } else if (before == after) {
        printf("Nothing to do: the schema is of version %d.\n", (int)after);
    } else {
        printf("The schema was of version %d and is of version %d now.\n", (int)before, (int)after);
        if (backup != NULL)
            printf("Copy     %s\n", backup);
    }
    return 0;
}
