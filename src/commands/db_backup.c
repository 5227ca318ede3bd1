#include "commands/log-private.h"
#include "platform/clock.h"

static const char about[] =
    "Copies the run log into one new SQLite file, whichever database it is in. The copy\n"
    "is a run log itself: DATABASE_URL=sqlite:///FILE reads it, db restore puts its runs\n"
    "back. Of a PostgreSQL server every run is copied with its rows; for the server's\n"
    "own kind of backup use pg_dump over the direct host.\n"
    "\n"
    "Examples:\n"
    "  quantbot db backup\n"
    "  quantbot db backup /mnt/backups/quantbot.db --json\n";

/* runtime/backups/quantbot-20240131T143000Z.db */
static char *standard_path(const settings *settings)
{
    char time[QB_TIME_TEXT];
    const gint64 now_us = clock_now_us();
    qb_time_to_text(now_us - now_us % QB_SECOND_US, time);
    g_autoptr(GString) name = g_string_new("quantbot-");
    for (const char *c = time; *c != '\0'; c++)
        if (*c != ':' && *c != '-')
            g_string_append_c(name, *c);
    g_string_append(name, ".db");
    return g_build_filename(settings_data_dir(settings), "runtime", "backups", name->str, NULL);
}

static gboolean copy_runs(runlog *log, const char *path, GError **error)
{
    guint carried = 0, known = 0;
    g_autoptr(runlog) copy = runlog_open(path, error);
    if (copy != NULL && log_carry_all(log, copy, NULL, &carried, &known, error))
        return TRUE;
    g_clear_pointer(&copy, runlog_free);
    files_remove(path, NULL);
    return FALSE;
}

static gboolean back_up(const settings *settings, const char *path, gint64 *out_runs,
                        GError **error)
{
    runlog_status status;
    g_autoptr(runlog) log = log_open(settings, FALSE, error);
    if (log == NULL)
        return FALSE;
    if (files_exists(path)) {
        g_autofree char *shown = failure_path(path);
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s is there already; nothing was written",
                    shown);
        return FALSE;
    }
    g_autofree char *folder = g_path_get_dirname(path);
    if (!files_make_folder(folder, error) ||
        !(runlog_store_of(log) == RUNLOG_POSTGRES ? copy_runs(log, path, error)
                                                  : runlog_copy_file(log, path, error)))
        return FALSE;
    g_autoptr(runlog) copy = runlog_open_readonly(path, error);
    if (copy == NULL || !runlog_status_get(copy, &status, error))
        return FALSE;
    *out_runs = g_array_index(status.tables, runlog_row, RUNLOG_RUNS).count;
    runlog_status_clear(&status);
    return TRUE;
}

int command_db_backup(int argc, char **argv)
{
    gboolean json = FALSE;
    int exit_code = 0;
    gint64 runs = 0;
    GError *error = NULL;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "[FILE]", about, entries, &exit_code))
        return exit_code;
    if (argc > 2)
        return command_usage("db backup", "unexpected argument %s", argv[2]);
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    g_autofree char *path = argc > 1 ? g_canonicalize_filename(argv[1], NULL)
                                     : standard_path(settings);
    if (!back_up(settings, path, &runs, &error))
        return command_fail(error);
    g_autofree char *shown = failure_path(path);
    if (json) {
        g_autoptr(GString) text = g_string_new("{");
        log_put_text(text, "path", path);
        log_put_count(text, "runs", runs);
        printf("%s}\n", text->str);
    } else {
        printf("Copy     %s\n         %d runs.\n", shown, (int)runs);
    }
    return 0;
}
