#include "commands/log-private.h"

#include <unistd.h>

static const char about[] =
    "Deletes logged simulations: backtests and replays, with all of theirs.\n"
    "Paper runs, the schema and the cache of market data are never touched. The rows\n"
    "are shown first; on a terminal the command asks, elsewhere it needs --yes.\n"
    "\n"
    "Examples:\n"
    "  quantbot db purge-sim\n"
    "  quantbot db purge-sim --mode replay --before 2024-01-01\n"
    "  quantbot db purge-sim --before 2024-01-01 --yes --json\n";

typedef struct purge_flags {
    char *mode, *before;
    gint64 before_us;
    gboolean yes, json;
} purge_flags;

static gint64 runs_in(const GArray *rows)
{
    for (guint i = 0; i < rows->len; i++)
        if (g_str_equal(g_array_index(rows, runlog_row, i).table, "runs"))
            return g_array_index(rows, runlog_row, i).count;
    return 0;
}

static void print_json(const char *path, const GArray *rows, gboolean deleted)
{
    g_autoptr(GString) text = g_string_new("{");
    log_put_text(text, "path", path);
    g_string_append_printf(text, ",\"deleted\":%s,\"rows\":{", deleted ? "true" : "false");
    for (guint i = 0; i < rows->len; i++)
        log_put_count(text, g_array_index(rows, runlog_row, i).table,
                      g_array_index(rows, runlog_row, i).count);
    printf("%s}}\n", text->str);
}

static void print_table(const char *path, const GArray *rows)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    g_autofree char *name = failure_path(path);
    g_autoptr(report_table) table = report_table_new(NULL);
    printf("Run log  %s\n\n", name);
    report_table_column(table, "table", REPORT_LEFT, 0);
    report_table_column(table, "rows to delete", REPORT_RIGHT, 0);
    for (guint i = 0; i < rows->len; i++) {
        const runlog_row *row = &g_array_index(rows, runlog_row, i);
        g_autofree char *count = log_count_text(row->count);
        const char *const cells[] = {row->table, count};
        report_table_row(table, cells);
    }
    report_table_print(table, &style, stdout);
}

/* Only y and yes are a yes. */
static gboolean confirmed(void)
{
    char line[16];
    printf("\nDelete them for good? [y/N] ");
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        return FALSE;
    g_strstrip(line);
    return g_ascii_strcasecmp(line, "y") == 0 || g_ascii_strcasecmp(line, "yes") == 0;
}

static int delete_rows(const settings *settings, const purge_flags *flags)
{
    GError *error = NULL;
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(runlog_row));
    g_autoptr(runlog) log = log_open(settings, TRUE, &error);
    if (log == NULL || !runlog_purge(log, flags->mode, flags->before_us, FALSE, rows, &error))
        return command_fail(error);
    g_autofree char *runs = log_count_text(runs_in(rows));
    if (flags->json)
        print_json(runlog_path(log), rows, TRUE);
    else
        printf("Deleted %s runs.\n", runs);
    return 0;
}

/* Shows what would go; then asks, or needs --yes. */
static int purge(const settings *settings, const purge_flags *flags)
{
    GError *error = NULL;
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, sizeof(runlog_row));
    g_autoptr(runlog) log = log_open(settings, FALSE, &error);
    if (log == NULL || !runlog_purge(log, flags->mode, flags->before_us, TRUE, rows, &error))
        return command_fail(error);
    const gboolean none = runs_in(rows) == 0;
    if (flags->json && (none || !flags->yes))
        print_json(runlog_path(log), rows, FALSE);
    else if (!flags->json)
        print_table(runlog_path(log), rows);
    g_clear_pointer(&log, runlog_free);
    if (none) {
        if (!flags->json)
            printf("\nNothing to delete.\n");
        return 0;
    }
    if (flags->yes)
        return delete_rows(settings, flags);
    if (flags->json || !isatty(STDIN_FILENO))
        return command_usage("db purge-sim", "nothing was deleted: --yes is needed here");
    if (!confirmed()) {
        printf("Nothing was deleted.\n");
        return FAILURE_NO;
    }
    return delete_rows(settings, flags);
}

int command_db_purge_sim(int argc, char **argv)
{
    g_autofree char *mode = NULL, *before = NULL;
    purge_flags flags = {0};
    int exit_code = 0;
    GError *error = NULL;
    const GOptionEntry entries[] = {
        {"mode", 0, 0, G_OPTION_ARG_STRING, &mode, "Only backtest or replay (default: both)",
         "MODE"},
        {"before", 0, 0, G_OPTION_ARG_STRING, &before, "Only runs started before", "DATE"},
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &flags.yes, "Delete without asking", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &flags.json, "Print JSON; deletes only with --yes", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("db purge-sim", "unexpected argument %s", argv[1]);
    flags.mode = mode;
    if (before != NULL && !command_time("--before", before, &flags.before_us, &error))
        return command_fail(error);
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    return purge(settings, &flags);
}
