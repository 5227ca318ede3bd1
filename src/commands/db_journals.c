#include "commands/journals-private.h"

#include "commands/log-private.h"
#include "control/control.h"
#include "journal/outbox.h"
#include "platform/clock.h"

static char *paper_folder(const settings *settings)
{
    return g_build_filename(settings_data_dir(settings), "runtime", "paper", NULL);
}

/* NULL without error: there is no control database. */
static GPtrArray *read_halts(const settings *settings, GError **error)
{
    g_autofree char *path = g_build_filename(settings_data_dir(settings), "runtime", "control.db",
                                             NULL);
    if (!files_exists(path))
        return NULL;
    g_autoptr(control) control = control_open_readonly(path, error);
    return control != NULL ? control_halts(control, error) : NULL;
}

/* ---- for people ----------------------------------------------------------------------------- */

static char *lag_text(const outbox_lag *lag)
{
    if (lag->events == 0)
        return g_strdup("carried");
    g_autofree char *events = log_count_text(lag->events);
    return g_strdup_printf("%s events wait, the oldest for %.1f s", events,
                           (double)lag->behind_us / QB_SECOND_US);
}

static void print_journals(const settings *settings, const report_style *style)
{
    g_autofree char *folder = paper_folder(settings);
    g_auto(GStrv) runs = journal_runs(folder, NULL);
    if (runs == NULL || runs[0] == NULL)
        return;
    g_autofree char *shown = failure_path(folder);
    printf("\nJournals  %s\n", shown);
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "run", REPORT_LEFT, 0);
    report_table_column(table, "to the run log", REPORT_LEFT, 1);
    for (char **run = runs; *run != NULL; run++) {
        outbox_lag lag;
        g_autoptr(GError) failure = NULL;
        const gboolean known = outbox_lag_of(folder, *run, clock_now_us(), &lag, &failure);
        g_autofree char *text = known ? lag_text(&lag) : g_strdup(failure->message);
        const char *const cells[] = {*run, text};
        report_table_row(table, cells);
    }
    report_table_print(table, style, stdout);
}

static const char *halt_text(const control_halt *halt)
{
    return halt->flatten && halt->frozen ? "frozen, to be flat"
           : halt->flatten               ? "halted, to be flat"
           : halt->frozen                ? "frozen"
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
               halt->run != NULL ? halt->run : "all runs", halt_text(halt), since, halt->actor,
               reason);
    }
}

void journals_print(const settings *settings, const report_style *style)
{
    print_journals(settings, style);
    print_halts(settings);
}

/* ---- for programs --------------------------------------------------------------------------- */

static void put_journals(GString *out, const settings *settings)
{
    g_autofree char *folder = paper_folder(settings);
    g_auto(GStrv) runs = journal_runs(folder, NULL);
    g_string_append(out, ",\"journals\":[");
    for (char **run = runs; run != NULL && *run != NULL; run++) {
        outbox_lag lag = {0};
        g_autoptr(GError) failure = NULL;
        const gboolean known = outbox_lag_of(folder, *run, clock_now_us(), &lag, &failure);
        g_string_append(out, run == runs ? "{" : ",{");
        log_put_text(out, "run", *run);
        if (known) {
            log_put_count(out, "events_waiting", lag.events);
            log_put_count(out, "behind_us", lag.behind_us);
        }
        log_put_text(out, "error", known ? NULL : failure->message);
        g_string_append_c(out, '}');
    }
    g_string_append_c(out, ']');
}

static void put_halt(GString *out, const control_halt *halt)
{
    g_string_append_c(out, '{');
    log_put_text(out, "run", halt->run);
    log_put_text(out, "latch", halt_text(halt));
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
    put_journals(out, settings);
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
    g_autofree char *folder = paper_folder(settings);
    g_auto(GStrv) runs = journal_runs(folder, error);
    if (runs == NULL)
        return FALSE;
    const outbox_target target = outbox_target_of(to);
    for (char **run = runs; *run != NULL; run++)
        if (!carry_run(folder, *run, &target, out_events, error))
            return FALSE;
    return TRUE;
}
