#include "commands/log-private.h"

static const char about[] =
    "Makes the run log, or says that it is there. The six tables of an earlier bot\n"
    "are adopted: a copy is made beside the file, rows are kept, columns are added. A\n"
    "database that does not fit, or that a newer quantbot has made, stays as it is.\n"
    "\n"
    "Examples:\n"
    "  quantbot db init\n"
    "  QUANTBOT_DATA_DIR=/srv/quantbot quantbot db init\n"
    "  quantbot db init --json\n";

static const char *done_text(runlog_origin origin)
{
    switch (origin) {
    case RUNLOG_MADE:
        return "made";
    case RUNLOG_ADOPTED:
        return "adopted";
    case RUNLOG_FOUND:
        break;
    }
    return "found";
}

static void print_json(const runlog *log, int version)
{
    g_autoptr(GString) text = g_string_new("{");
    log_put_text(text, "path", runlog_path(log));
    log_put_text(text, "kind", log_kind(log));
    log_put_count(text, "schema_version", version);
    log_put_text(text, "result", done_text(runlog_origin_of(log)));
    log_put_text(text, "backup", runlog_backup_path(log));
    printf("%s}\n", text->str);
}

static void print_words(const runlog *log, int version)
{
    static const char *const said[] = {
        [RUNLOG_FOUND] = "is there already",
        [RUNLOG_MADE] = "was made",
        [RUNLOG_ADOPTED] = "was adopted from an earlier bot",
    };
    g_autofree char *path = failure_path(runlog_path(log));
    printf("Run log  %s\n", path);
    printf("         %s, schema version %d; it %s.\n", log_kind_text(log), version,
           said[runlog_origin_of(log)]);
    if (runlog_backup_path(log) != NULL) {
        g_autofree char *backup = failure_path(runlog_backup_path(log));
        printf("Copy     %s\n", backup);
    }
}

int command_db_init(int argc, char **argv)
{
    gboolean json = FALSE;
    int exit_code = 0;
    GError *error = NULL;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("db init", "unexpected argument %s", argv[1]);
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    runlog_status status;
    log_warn_of_pooler(settings);
    g_autoptr(runlog) log = log_open(settings, TRUE, &error);
    if (log == NULL || !runlog_check_writable(log, &error) ||
        !runlog_status_get(log, &status, &error))
        return command_fail(error);
    if (json)
        print_json(log, status.schema_version);
    else
        print_words(log, status.schema_version);
    runlog_status_clear(&status);
    return 0;
}
