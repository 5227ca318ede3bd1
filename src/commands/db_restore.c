#include "commands/log-private.h"

static const char about[] =
    "Puts back the runs of a backup: those of FILE that the run log does not have, each\n"
    "whole, in one transaction, and compared before it is kept. Nothing that is there is\n"
    "changed, so the command may be repeated. A damaged run log is moved away first;\n"
    "this command then makes a new one.\n"
    "\n"
    "Examples:\n"
    "  quantbot db restore data/runtime/backups/quantbot-20240131T143000Z.db\n";

static gboolean restore(const settings *settings, const char *path, guint *out_carried,
                        guint *out_known, GError **error)
{
    runlog_status status;
    g_autoptr(runlog) from = runlog_open_readonly(path, error);
    if (from == NULL || !runlog_status_get(from, &status, error))
        return FALSE;
    const int version = status.schema_version;
    runlog_status_clear(&status);
    g_autoptr(runlog) to = log_open(settings, TRUE, error);
    if (to == NULL || !runlog_status_get(to, &status, error))
        return FALSE;
    const int wanted = status.schema_version;
    runlog_status_clear(&status);
    if (version != wanted) {
        g_autofree char *shown = failure_path(path);
        g_set_error(error, FAILURE, FAILURE_DATABASE,
                    "%s: schema version %d (expected %d): copy the file, and bring the copy up to "
                    "date with DATABASE_URL=sqlite:///COPY quantbot db migrate",
                    shown, version, wanted);
        return FALSE;
    }
    return log_carry_all(from, to, NULL, out_carried, out_known, error);
}

int command_db_restore(int argc, char **argv)
{
    gboolean json = FALSE;
    int exit_code = 0;
    guint carried = 0, known = 0;
    GError *error = NULL;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "FILE", about, entries, &exit_code))
        return exit_code;
    if (argc != 2)
        return command_usage("db restore", "one backup file is needed");
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    if (!restore(settings, argv[1], &carried, &known, &error))
        return command_fail(error);
    if (json)
        printf("{\"restored\":%u,\"there_already\":%u}\n", carried, known);
    else
        printf("Restored %u runs; %u were there already.\n", carried, known);
    return 0;
}
