/* What stands: the latch, commands that wait, journals. Looking makes and changes nothing. */
#include "commands/journals-private.h"
#include "commands/log-private.h"
#include "commands/paper-private.h"
#include "journal/journal.h"
#include "platform/clock.h"

#include <unistd.h>

static const char about[] =
    "Shows who has halted what, which commands wait, and how far each paper run's journal\n"
    "and its outbox are. Works without a server, a run log or a trader.\n"
    "\n"
    "Exit code 8: control cannot be read, which means that every run is halted.\n"
    "\n"
    "Examples:\n"
    "  quantbot paper status\n"
    "  quantbot paper status --json\n";

/* One reading of control. */
typedef struct standing {
    gboolean there; /* FALSE: there is no control database */
    gint64 now_us;
    GPtrArray *halts, *open; /* of control_halt, control_command; empty when not there */
} standing;

static void standing_clear(standing *self)
{
    g_clear_pointer(&self->halts, g_ptr_array_unref);
    g_clear_pointer(&self->open, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(standing, standing_clear)

static gboolean read_standing(const paper_place *place, standing *out, GError **error)
{
    const control_filter waiting = {.states = 1u << CONTROL_QUEUED | 1u << CONTROL_CLAIMED};
    g_autoptr(GError) failure = NULL;
    g_autoptr(control) control = paper_open_readonly(place, &failure);
    out->now_us = clock_now_us();
    out->there = control != NULL;
    if (control == NULL && failure == NULL) {
        out->halts = g_ptr_array_new();
        out->open = g_ptr_array_new();
        return TRUE;
    }
    if (control != NULL && (out->halts = control_halts(control, &failure)) != NULL)
        out->open = control_list(control, &waiting, out->now_us, &failure);
    if (failure != NULL)
        g_propagate_error(error, g_steal_pointer(&failure));
    return out->open != NULL;
}

/* ---- for people ----------------------------------------------------------------------------- */

static void print_verdict(const standing *standing, const report_style *style)
{
    const control_halt *all = paper_halt_of(standing->halts, NULL);
    guint own = 0;
    for (guint i = 0; i < standing->halts->len; i++) {
        const control_halt *halt = standing->halts->pdata[i];
        own += halt->run != NULL && halt->closed;
    }
    const gboolean every = all != NULL && all->closed;
    const char *verdict = every ? "Every run is halted."
                          : own > 0
                              ? "Some runs are halted by a latch of their own; others may trade."
                          : standing->there
                              ? "Nothing is halted."
                              : "Nothing was ever halted: there is no control database yet.";
    report_text_print(verdict, 0, every || own > 0 ? REPORT_BAD : REPORT_STRONG, style, stdout);
}

static void print_text(const paper_place *place, const standing *standing,
                       const report_style *style)
{
    g_autofree char *shown = failure_path(place->control);
    g_autofree char *folder = journals_folder(place->settings);
    g_auto(GStrv) runs = journal_runs(folder, NULL);
    print_verdict(standing, style);
    printf("\nControl   %s\n", shown);
    paper_print_latches(standing->halts, runs, style);
    if (standing->open->len > 0) {
        printf("\nCommands that wait\n");
        paper_print_commands(standing->open, standing->now_us, TRUE, style);
    }
}

/* ---- for programs --------------------------------------------------------------------------- */

static void put_control(GString *text, const standing *standing)
{
    paper_put_latches(text, standing->halts);
    g_string_append(text, ",\"commands\":[");
    for (guint i = 0; i < standing->open->len; i++) {
        g_string_append(text, i > 0 ? "," : "");
        paper_put_command(text, standing->open->pdata[i]);
    }
    g_string_append_c(text, ']');
}

static void print_json(const paper_place *place, const standing *standing, const GError *failure)
{
    g_autoptr(GString) text = g_string_new("{");
    g_autofree char *folder = journals_folder(place->settings);
    log_put_text(text, "control", place->control);
    log_put_flag(text, "exists", files_exists(place->control));
    log_put_text(text, "control_error", failure != NULL ? failure->message : NULL);
    if (failure == NULL)
        put_control(text, standing);
    log_put_text(text, "journals_folder", folder);
    journals_put_runs(text, place->settings);
    printf("%s}\n", text->str);
}

int command_paper_status(int argc, char **argv)
{
    g_auto(paper_place) place = {0};
    g_auto(standing) standing = {0};
    GError *error = NULL;
    gboolean json = FALSE;
    int exit_code = 0;
    const report_style style = report_style_of(STDOUT_FILENO);
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about, entries, &exit_code))
        return exit_code;
    if (argc > 1) {
        g_autofree char *quoted = failure_quote(argv[1], -1);
        return command_usage("paper status", "unexpected argument %s", quoted);
    }
    if (!paper_place_find(&place, &exit_code))
        return exit_code;
    const gboolean known = read_standing(&place, &standing, &error);
    if (json) {
        print_json(&place, &standing, error);
    } else {
        if (known)
            print_text(&place, &standing, &style);
        journals_print_runs(place.settings, &style);
    }
    return known ? 0 : paper_fail_unread(&place, error);
}
