#include "commands/journals-private.h"
#include "commands/log-private.h"

static const char about[] =
    "Carries runs from the local file to the PostgreSQL server of DATABASE_URL: those\n"
    "that were logged here while the server did not answer, and any other that it does\n"
    "not have. Each run goes in one transaction, is read again there and compared before\n"
    "it is kept; a run that is there already is left alone, so the command may be\n"
    "repeated. The local rows stay (quantbot db purge-sim removes simulations). Of paper\n"
    "runs whose trader no longer runs, what their journals still hold goes as well.\n"
    "\n"
    "Examples:\n"
    "  quantbot db sync\n"
    "  quantbot db sync --run 018f2c\n"
    "  quantbot db sync --json\n";

typedef struct sync_result {
    guint carried, known;
    gint64 events; /* of journals */
} sync_result;

static void print_result(const char *from, const runlog *to, const sync_result *result,
                         gboolean json)
{
    g_autofree char *source = failure_path(from);
    g_autofree char *events = log_count_text(result->events);
    if (json) {
        g_autoptr(GString) text = g_string_new("{");
        log_put_text(text, "from", from);
        log_put_text(text, "to", runlog_path(to));
        log_put_count(text, "carried", result->carried);
        log_put_count(text, "there_already", result->known);
        log_put_count(text, "journal_events", result->events);
        printf("%s}\n", text->str);
        return;
    }
    printf("From     %s\nTo       %s\n", source, runlog_path(to));
    printf("Carried  %u runs; %u were there already.\n", result->carried, result->known);
    if (result->events > 0)
        printf("         %s events of journals\n", events);
}

/* Of the file, when there is one, and of journals. */
static gboolean carry_everything(const settings *settings, runlog *to, const char *id,
                                 sync_result *out, GError **error)
{
    const char *path = settings_runlog_path(settings);
    if (files_exists(path)) {
        g_autoptr(runlog) from = runlog_open(path, error);
        if (from == NULL || !log_carry_all(from, to, id, &out->carried, &out->known, error))
            return FALSE;
    }
    return id != NULL || journals_carry(settings, to, &out->events, error);
}

static int sync_runs(const settings *settings, const char *id, gboolean json)
{
    GError *error = NULL;
    sync_result result = {0};
    g_autoptr(runlog) to = log_open(settings, TRUE, &error);
    if (to == NULL || !carry_everything(settings, to, id, &result, &error)) {
        if (result.carried > 0)
            command_warn("%u runs were carried before it failed", result.carried);
        return command_fail(error);
    }
    print_result(settings_runlog_path(settings), to, &result, json);
    return 0;
}

int command_db_sync(int argc, char **argv)
{
    gboolean json = FALSE;
    g_autofree char *id = NULL;
    int exit_code = 0;
    const GOptionEntry entries[] = {
        {"run", 0, 0, G_OPTION_ARG_STRING, &id, "Only one run: its id, the first characters, last",
         "ID"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("db sync", "unexpected argument %s", argv[1]);
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    if (settings_postgres(settings) == NULL)
        return command_usage("db sync", "DATABASE_URL names no PostgreSQL server to carry runs to");
    return sync_runs(settings, id, json);
}
