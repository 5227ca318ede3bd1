#include "commands/journals-private.h"

#include "commands/fetch-private.h"
#include "commands/log-private.h"
#include "control/control.h"
#include "journal/outbox.h"
#include "platform/clock.h"

#include <string.h>

char *journals_folder(const settings *settings)
{
    return g_build_filename(settings_data_dir(settings), "runtime", "paper", NULL);
}

char *journals_control_path(const settings *settings)
{
    return g_build_filename(settings_data_dir(settings), "runtime", "control.db", NULL);
}

/* NULL without error: there is no control database. */
static GPtrArray *read_halts(const settings *settings, GError **error)
{
    g_autofree char *path = journals_control_path(settings);
    if (!files_exists(path))
        return NULL;
    g_autoptr(control) control = control_open_readonly(path, error);
    return control != NULL ? control_halts(control, error) : NULL;
}

/* What is shown of one journal. */
typedef struct journal_facts {
    outbox_lag lag;
    gint64 seq, ts_us; /* of the last event; 0: none yet */
    journal_kind kind;
} journal_facts;

static gboolean keep_last(const journal_event *event, gpointer data, GError **error)
{
    journal_facts *facts = data;
    facts->seq = event->seq;
    facts->ts_us = event->ts_us;
    facts->kind = event->kind;
    return TRUE;
}

static gboolean read_facts(const char *folder, const char *run, journal_facts *out, GError **error)
{
    journal_facts facts = {0};
    g_autoptr(journal_reader) reader = journal_reader_open(folder, run, error);
    if (reader == NULL || !journal_reader_last(reader, keep_last, &facts, error) ||
        !outbox_lag_of(folder, run, clock_now_us(), &facts.lag, error))
        return FALSE;
    *out = facts;
    return TRUE;
}

/* ---- for people ----------------------------------------------------------------------------- */

/* "equity 2026-03-11 14:15" */
static char *last_text(const journal_facts *facts)
{
    g_autofree char *time = log_time_text(facts->ts_us);
    return facts->seq > 0 ? g_strdup_printf("%s %s", journal_kind_text(facts->kind), time)
                          : g_strdup("none yet");
}

static char *behind_text(const outbox_lag *lag)
{
    if (lag->events == 0)
        return g_strdup("-");
    if (lag->behind_us > 2 * QB_MINUTE_US)
        return fetch_duration_text(lag->behind_us);
    return g_strdup_printf("%.1f s", (double)lag->behind_us / QB_SECOND_US);
}

static void add_facts(report_table *table, const char *name, const journal_facts *facts)
{
    g_autofree char *events = log_count_text(facts->seq);
    g_autofree char *last = last_text(facts);
    g_autofree char *waiting = log_count_text(facts->lag.events);
    g_autofree char *behind = behind_text(&facts->lag);
    const char *const cells[] = {name, events, last, waiting, behind};
    report_table_row(table, cells);
}

/* Tables cut text before numbers: names are given as numbers are, with blanks that keep them at the
 * left. */
static report_table *journal_table(int name_width)
{
    g_autofree char *run = g_strdup_printf("%-*s", name_width, "run");
    report_table *table = report_table_new(NULL);
    report_table_column(table, run, REPORT_RIGHT, 0);
    report_table_column(table, "events", REPORT_RIGHT, 3);
    report_table_column(table, "last event", REPORT_RIGHT, 2);
    report_table_column(table, "waits", REPORT_RIGHT, 0);
    report_table_column(table, "behind", REPORT_RIGHT, 1);
    return table;
}

static int name_width(char *const *runs)
{
    gsize width = strlen("run");
    for (; *runs != NULL; runs++)
        width = MAX(width, strlen(*runs));
    return (int)width;
}

void journals_print_runs(const settings *settings, const report_style *style)
{
    g_autofree char *folder = journals_folder(settings);
    g_auto(GStrv) runs = journal_runs(folder, NULL);
    if (runs == NULL || runs[0] == NULL)
        return;
    const int width = name_width(runs);
    g_autofree char *shown = failure_path(folder);
    g_autoptr(report_table) table = journal_table(width);
    g_autoptr(GPtrArray) failures = g_ptr_array_new_with_free_func(g_free);
    for (char **run = runs; *run != NULL; run++) {
        journal_facts facts;
        g_autoptr(GError) failure = NULL;
        g_autofree char *name = g_strdup_printf("%-*s", width, *run);
        const char *const unknown[] = {name, NULL, "unreadable", NULL, NULL};
        if (read_facts(folder, *run, &facts, &failure)) {
            add_facts(table, name, &facts);
        } else {
            report_table_row(table, unknown);
            g_ptr_array_add(failures, g_strdup(failure->message));
        }
    }
    printf("\nJournals  %s\n", shown);
    report_table_print(table, style, stdout);
    for (guint i = 0; i < failures->len; i++)
        report_text_print(failures->pdata[i], 2, REPORT_BAD, style, stdout);
}

const char *journals_halt_text(const control_halt *halt)
{
    return !halt->closed                   ? "open"
           : halt->flatten && halt->frozen ? "frozen, to be flat"
           : halt->flatten                 ? "halted, to be flat"
           : halt->frozen                  ? "frozen"
                                           : "halted";
}

static void print_halts(const settings *settings)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(GPtrArray) halts = read_halts(settings, &failure);
    if (failure != NULL)
        printf("\nHalt      every run is halted: %s\n", failure->message);
    for (guint i = 0, shown = 0; halts != NULL && i < halts->len; i++) {
        const control_halt *halt = halts->pdata[i];
        if (!halt->closed)
            continue;
        g_autofree char *since = log_time_text(halt->since_us);
        g_autofree char *reason = halt->reason != NULL ? failure_quote(halt->reason, -1)
                                                       : g_strdup("no reason given");
        printf("%s%s %s since %s by %s: %s\n", shown++ == 0 ? "\nHalt      " : "          ",
               halt->run != NULL ? halt->run : "all runs", journals_halt_text(halt), since,
               halt->actor, reason);
    }
}

void journals_print(const settings *settings, const report_style *style)
{
    journals_print_runs(settings, style);
    print_halts(settings);
}

/* ---- for programs --------------------------------------------------------------------------- */

static void put_journal(GString *out, const char *folder, const char *run)
{
    journal_facts facts;
    g_autoptr(GError) failure = NULL;
    const gboolean known = read_facts(folder, run, &facts, &failure);
    g_string_append_c(out, '{');
    log_put_text(out, "run", run);
    if (known) {
        log_put_count(out, "last_seq", facts.seq);
        log_put_text(out, "last_kind", facts.seq > 0 ? journal_kind_text(facts.kind) : NULL);
        log_put_time(out, "last_at", facts.ts_us);
        log_put_count(out, "events_waiting", facts.lag.events);
        log_put_count(out, "behind_us", facts.lag.behind_us);
    }
    log_put_text(out, "error", known ? NULL : failure->message);
    g_string_append_c(out, '}');
}

void journals_put_runs(GString *out, const settings *settings)
{
    g_autofree char *folder = journals_folder(settings);
    g_auto(GStrv) runs = journal_runs(folder, NULL);
    g_string_append(out, ",\"journals\":[");
    for (char **run = runs; run != NULL && *run != NULL; run++) {
        g_string_append(out, run == runs ? "" : ",");
        put_journal(out, folder, *run);
    }
    g_string_append_c(out, ']');
}

static void put_halt(GString *out, const control_halt *halt)
{
    g_string_append_c(out, '{');
    log_put_text(out, "run", halt->run);
    log_put_text(out, "latch", journals_halt_text(halt));
    log_put_time(out, "since", halt->since_us);
    log_put_text(out, "actor", halt->actor);
    log_put_text(out, "reason", halt->reason);
    log_put_text(out, "command", halt->command);
    g_string_append_c(out, '}');
}

void journals_put(GString *out, const settings *settings)
{
    guint shown = 0;
    g_autoptr(GError) failure = NULL;
    g_autoptr(GPtrArray) halts = read_halts(settings, &failure);
    journals_put_runs(out, settings);
    log_put_text(out, "control_error", failure != NULL ? failure->message : NULL);
    g_string_append(out, ",\"halts\":[");
    for (guint i = 0; halts != NULL && i < halts->len; i++) {
        const control_halt *halt = halts->pdata[i];
        if (!halt->closed)
            continue;
        g_string_append(out, shown++ == 0 ? "" : ",");
        put_halt(out, halt);
    }
    g_string_append_c(out, ']');
}

/* ---- carrying ------------------------------------------------------------------------------- */

static gboolean waiting(const char *folder, const char *run, gint64 *out, GError **error)
{
    outbox_lag lag;
    if (!outbox_lag_of(folder, run, clock_now_us(), &lag, error))
        return FALSE;
    *out = lag.events;
    return TRUE;
}

/* Without back-off: somebody stands before the screen, and the first failure is the answer. */
static gboolean carry(outbox *box, GError **error)
{
    gint64 now_us, next_us;
    do {
        now_us = next_us = clock_now_us();
        if (!outbox_step(box, now_us, &next_us, error))
            return FALSE;
        if (outbox_trouble(box) != NULL) {
            g_propagate_error(error, g_error_copy(outbox_trouble(box)));
            return FALSE;
        }
    } while (next_us <= now_us);
    return TRUE;
}

static gboolean carry_run(const char *folder, const char *run, const outbox_target *target,
                          gint64 *out_events, GError **error)
{
    gint64 before = 0, after = 0;
    g_autoptr(GError) failure = NULL;
    if (!waiting(folder, run, &before, error))
        return FALSE;
    g_autoptr(outbox) box = outbox_new(folder, run, target, 1, &failure);
    if (g_error_matches(failure, FAILURE, FAILURE_LOCKED))
        return TRUE; /* its trader is at it */
    if (box == NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (!carry(box, error) || !waiting(folder, run, &after, error))
        return FALSE;
    *out_events += MAX(before - after, 0);
    return TRUE;
}

gboolean journals_carry(const settings *settings, runlog *to, gint64 *out_events, GError **error)
{
    g_autofree char *folder = journals_folder(settings);
    g_auto(GStrv) runs = journal_runs(folder, error);
    if (runs == NULL)
        return FALSE;
    const outbox_target target = outbox_target_of(to);
    for (char **run = runs; *run != NULL; run++)
        if (!carry_run(folder, *run, &target, out_events, error))
            return FALSE;
    return TRUE;
}
