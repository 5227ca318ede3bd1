/* Commands and latches in words, as tables and as JSON. */
#include "commands/fetch-private.h"
#include "commands/journals-private.h"
#include "commands/log-private.h"
#include "commands/paper-private.h"

#include <string.h>

const char *paper_run_text(const char *run)
{
    return run != NULL ? run : "all runs";
}

/* ---- latches -------------------------------------------------------------------------------- */

const control_halt *paper_halt_of(const GPtrArray *halts, const char *run)
{
    for (guint i = 0; i < halts->len; i++) {
        const control_halt *halt = halts->pdata[i];
        if (g_strcmp0(halt->run, run) == 0)
            return halt;
    }
    return NULL;
}

static void add_latch(report_table *table, const char *run, const control_halt *halt)
{
    g_autofree char *since = log_second_text(halt != NULL ? halt->since_us : 0);
    const char *const cells[] = {paper_run_text(run),
                                 halt != NULL ? journals_halt_text(halt) : "open",
                                 halt != NULL ? halt->actor : "-", since};
    report_table_row(table, cells);
    report_table_tone(table, 0, REPORT_STRONG);
    report_table_tone(table, 1, halt != NULL && halt->closed ? REPORT_BAD : REPORT_GOOD);
}

static void print_reasons(const GPtrArray *halts, const report_style *style)
{
    guint shown = 0;
    for (guint i = 0; i < halts->len; i++) {
        const control_halt *halt = halts->pdata[i];
        if (!halt->closed)
            continue;
        g_autofree char *line = g_strdup_printf("%s: %s", paper_run_text(halt->run),
                                                halt->reason != NULL ? halt->reason
                                                                     : "no reason was given");
        if (shown++ == 0)
            printf("\nWhy\n");
        report_text_print(line, 2, REPORT_PLAIN, style, stdout);
    }
}

void paper_print_latches(const GPtrArray *halts, char *const *runs, const report_style *style)
{
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "run", REPORT_LEFT, 0);
    report_table_column(table, "latch", REPORT_LEFT, 0);
    report_table_column(table, "by", REPORT_LEFT, 1);
    report_table_column(table, "since (UTC)", REPORT_LEFT, 2);
    add_latch(table, NULL, paper_halt_of(halts, NULL));
    for (guint i = 0; i < halts->len; i++) {
        const control_halt *halt = halts->pdata[i];
        if (halt->run != NULL)
            add_latch(table, halt->run, halt);
    }
    for (char *const *run = runs; run != NULL && *run != NULL; run++)
        if (paper_halt_of(halts, *run) == NULL)
            add_latch(table, *run, NULL);
    report_table_print(table, style, stdout);
    print_reasons(halts, style);
}

void paper_put_latches(GString *out, const GPtrArray *halts)
{
    g_string_append(out, ",\"latches\":[");
    for (guint i = 0; i < halts->len; i++) {
        const control_halt *halt = halts->pdata[i];
        g_string_append(out, i > 0 ? ",{" : "{");
        log_put_text(out, "run", halt->run);
        log_put_flag(out, "closed", halt->closed);
        log_put_flag(out, "frozen", halt->frozen);
        log_put_flag(out, "flatten", halt->flatten);
        log_put_time(out, "since", halt->since_us);
        log_put_text(out, "actor", halt->actor);
        log_put_text(out, "reason", halt->reason);
        log_put_text(out, "command", halt->command);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

/* ---- commands ------------------------------------------------------------------------------- */

/* What came of it, or what is to come. */
static char *outcome_text(const control_command *command, gint64 now_us)
{
    const gint64 left_us = command->created_us + CONTROL_EXPIRY_US - now_us;
    if (command->state == CONTROL_QUEUED) {
        g_autofree char *left = fetch_duration_text(MAX(left_us, 0));
        return g_strdup_printf("expires in %s", left);
    }
    if (command->state == CONTROL_CLAIMED) {
        g_autofree char *age = fetch_duration_text(MAX(now_us - command->claimed_us, 0));
        return g_strdup_printf("taken %s ago by %s", age, command->claimed_by);
    }
    return g_strdup(command->effect);
}

/* The one text that its arguments may hold. NULL: none. Caller frees. */
static char *argument_text(const control_command *command)
{
    const char *key = NULL, *found = NULL;
    json_t *value = NULL;
    json_auto_t *args = log_json_object(command->args);
    json_object_foreach(args, key, value) if (found == NULL) found = json_string_value(value);
    return g_strdup(found);
}

/* Tables cut text before numbers. Instants and names of runs, half of which say nothing, are given
 * as numbers are; blanks keep the names at the left. */
static int run_width(const GPtrArray *commands)
{
    gsize width = strlen("run");
    for (guint i = 0; i < commands->len; i++)
        width = MAX(width, strlen(paper_run_text(((control_command *)commands->pdata[i])->run)));
    return (int)MIN(width, CONTROL_RUN_LIMIT);
}

static void add_command(report_table *table, const control_command *command, gint64 now_us,
                        gboolean waits, int width)
{
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, command->number);
    g_autofree char *age = fetch_duration_text(MAX(now_us - command->recorded_us, 0));
    g_autofree char *recorded = log_second_text(command->recorded_us);
    g_autofree char *run = g_strdup_printf("%-*s", width, paper_run_text(command->run));
    g_autofree char *outcome = outcome_text(command, now_us);
    g_autofree char *argument = argument_text(command);
    const char *const cells[] = {number,
                                 waits ? age : recorded,
                                 control_action_text(command->action),
                                 run,
                                 control_state_text(command->state),
                                 command->actor,
                                 outcome,
                                 argument};
    report_table_row(table, cells);
    report_table_tone(table, 2, REPORT_STRONG);
}

void paper_print_commands(const GPtrArray *commands, gint64 now_us, gboolean waits,
                          const report_style *style)
{
    const int width = run_width(commands);
    g_autofree char *run = g_strdup_printf("%-*s", width, "run");
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "no.", REPORT_RIGHT, 0);
    report_table_column(table, waits ? "age" : "recorded (UTC)", REPORT_RIGHT, waits ? 0 : 3);
    report_table_column(table, "command", REPORT_LEFT, 0);
    report_table_column(table, run, REPORT_RIGHT, 0);
    report_table_column(table, "state", REPORT_LEFT, 0);
    report_table_column(table, "by", REPORT_LEFT, 2);
    report_table_column(table, waits ? "what is next" : "what came of it", REPORT_LEFT, 4);
    report_table_column(table, "why, or text", REPORT_LEFT, 5);
    for (guint i = 0; i < commands->len; i++)
        add_command(table, commands->pdata[i], now_us, waits, width);
    report_table_print(table, style, stdout);
}

void paper_put_command(GString *out, const control_command *command)
{
    g_string_append_c(out, '{');
    log_put_count(out, "number", command->number);
    log_put_text(out, "id", command->id);
    log_put_text(out, "actor", command->actor);
    log_put_time(out, "created_at", command->created_us);
    log_put_time(out, "recorded_at", command->recorded_us);
    log_put_text(out, "action", control_action_text(command->action));
    log_put_text(out, "run", command->run);
    log_put_json(out, "args", command->args);
    log_put_text(out, "state", control_state_text(command->state));
    log_put_text(out, "claimed_by", command->claimed_by);
    log_put_time(out, "claimed_at", command->claimed_us);
    log_put_time(out, "ended_at", command->ended_us);
    log_put_text(out, "effect", command->effect);
    g_string_append_c(out, '}');
}
