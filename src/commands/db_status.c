#include "commands/journals-private.h"
#include "commands/log-private.h"

#include <unistd.h>

static const char about[] =
    "Shows where the run log is, how large it is, and how many rows each table has; of\n"
    "paper runs, what waits to be carried to it; and who has halted what.\n"
    "\n"
    "Examples:\n"
    "  quantbot db status\n"
    "  quantbot db status --deep     looks at every page and index of the file too\n"
    "  quantbot db status --json\n";

static void put_kept(GString *text, const settings *settings)
{
    log_put_count(text, "keep_decisions_days",
                  settings_integer(settings, "QUANTBOT_KEEP_DECISIONS_DAYS"));
    log_put_count(text, "keep_equity_days",
                  settings_integer(settings, "QUANTBOT_KEEP_EQUITY_DAYS"));
}

static void print_kept(const settings *settings)
{
    const gint64 decisions = settings_integer(settings, "QUANTBOT_KEEP_DECISIONS_DAYS");
    const gint64 equity = settings_integer(settings, "QUANTBOT_KEEP_EQUITY_DAYS");
    if (decisions > 0)
        printf("Kept      decisions %d days after a run's end (db prune)\n", (int)decisions);
    if (equity > 0)
        printf("%s equity of each bar %d days after a run's end (db prune)\n",
               decisions > 0 ? "         " : "Kept     ", (int)equity);
}

/* What a deep look found; it ends the command where it finds damage. */
typedef enum deep_look { NOT_LOOKED, NOT_OURS, SOUND } deep_look;

static void print_json(const runlog *log, const runlog_status *status, deep_look looked,
                       const settings *settings)
{
    g_autoptr(GString) text = g_string_new("{");
    log_put_text(text, "path", status->path);
    log_put_text(text, "kind", log_kind(log));
    log_put_count(text, "bytes", status->bytes);
    log_put_count(text, "schema_version", status->schema_version);
    log_put_text(text, "last_run", status->last_run);
    if (looked == SOUND)
        log_put_flag(text, "sound", TRUE);
    put_kept(text, settings);
    g_string_append(text, ",\"rows\":{");
    for (guint i = 0; i < status->tables->len; i++) {
        const runlog_row *row = &g_array_index(status->tables, runlog_row, i);
        log_put_count(text, row->table, row->count);
    }
    g_string_append_c(text, '}');
    journals_put(text, settings);
    printf("%s}\n", text->str);
}

static const char *meaning_of(const char *table)
{
    static const char *const meanings[][2] = {
        {"runs", "what each run was given, and its ratios"},
        {"orders", "every order with its end and the reason"},
        {"fills", "price, quantity and fee of each"},
        {"equity_points", "equity at each instant with a bar"},
        {"metrics", "series of numbers, by name"},
        {"error_logs", "what went wrong"},
        {"trades", "closed round trips, flat to flat"},
        {"decisions", "runs of bars with the same outcome"},
        {"positions", "what was held at the end"},
        {"equity_blocks", "equity's lowest and highest, for pictures"},
        {"risk_events", "what risk rules refused, cut or stopped"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(meanings); i++)
        if (g_str_equal(meanings[i][0], table))
            return meanings[i][1];
    return NULL;
}

static void print_table(const runlog *log, const runlog_status *status, deep_look looked,
                        const settings *settings, const report_style *style)
{
    g_autofree char *path = failure_path(status->path);
    g_autofree char *size = g_format_size_full((guint64)status->bytes, G_FORMAT_SIZE_IEC_UNITS);
    printf("Run log   %s\n", path);
    printf("          %s, schema version %d, %s\n", log_kind_text(log), status->schema_version,
           size);
    if (looked != NOT_LOOKED)
        printf("Looked    %s\n", looked == SOUND ? "at every page and index: sound"
                                                 : "at nothing: a server checks its own pages");
    printf("Last run  %s\n", status->last_run != NULL ? status->last_run : "none yet");
    print_kept(settings);
    putchar('\n');
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "table", REPORT_LEFT, 0);
    report_table_column(table, "rows", REPORT_RIGHT, 0);
    report_table_column(table, "holds", REPORT_LEFT, 1);
    for (guint i = 0; i < status->tables->len; i++) {
        const runlog_row *row = &g_array_index(status->tables, runlog_row, i);
        g_autofree char *count = log_count_text(row->count);
        const char *const cells[] = {row->table, count, meaning_of(row->table)};
        report_table_row(table, cells);
        report_table_tone(table, 2, REPORT_DIM);
    }
    report_table_print(table, style, stdout);
}

int command_db_status(int argc, char **argv)
{
    gboolean json = FALSE, deep = FALSE, ours = FALSE;
    int exit_code = 0;
    GError *error = NULL;
    const report_style style = report_style_of(STDOUT_FILENO);
    const GOptionEntry entries[] = {
        {"deep", 0, 0, G_OPTION_ARG_NONE, &deep, "Look at every page", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("db status", "unexpected argument %s", argv[1]);
    runlog_status status;
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    g_autoptr(runlog) log = log_open(settings, FALSE, &error);
    if (log == NULL || (deep && !runlog_check(log, &ours, &error)) ||
        !runlog_status_get(log, &status, &error)) {
        if (!json) /* what waits for a server that is away matters most now */
            journals_print(settings, &style);
        return command_fail(error);
    }
    const deep_look looked = !deep ? NOT_LOOKED : ours ? SOUND : NOT_OURS;
    if (json)
        print_json(log, &status, looked, settings);
    else
        print_table(log, &status, looked, settings, &style);
    if (!json)
        journals_print(settings, &style);
    runlog_status_clear(&status);
    return 0;
}
