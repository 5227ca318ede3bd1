/* Sending a command as the person at this terminal. */
#include "commands/journals-private.h"
#include "commands/log-private.h"
#include "commands/paper-private.h"
#include "journal/journal.h"
#include "platform/clock.h"
#include "platform/log.h"
#include "platform/process.h"

#include <string.h>
#include <unistd.h>

#define RUNS_NAMED 5 /* in a warning */

void paper_wish_clear(paper_wish *self)
{
    g_clear_pointer(&self->run, g_free);
    g_clear_pointer(&self->text, g_free);
    g_clear_pointer(&self->id, g_free);
}

void paper_press_clear(paper_press *self)
{
    g_clear_pointer(&self->command, control_command_free);
    g_clear_pointer(&self->control, control_free);
}

/* ---- what is sent --------------------------------------------------------------------------- */

/* A name that is too long for an actor goes by its number in the user database of nobody else. */
static char *actor_text(void)
{
    g_autofree char *name = process_user();
    g_autofree char *actor = g_strconcat("user:", name, NULL);
    if (g_utf8_strlen(actor, -1) <= CONTROL_ACTOR_LIMIT)
        return g_steal_pointer(&actor);
    return g_strdup_printf("user:#%lu", (unsigned long)getuid());
}

/* {"reason": text}; NULL with FAILURE_USAGE for what no row may hold. The length and characters are
 * control's to judge. */
static char *args_text(control_action action, const char *text, GError **error)
{
    const char *key = action == CONTROL_NOTE ? "text" : "reason";
    g_autofree char *quoted = failure_quote(text, -1);
    g_autofree char *masked = log_redact(text);
    if (!g_str_equal(masked, text)) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "command: %s: a secret of the settings is in it: %s", key, quoted);
        return NULL;
    }
    json_auto_t *object = json_pack("{s:s}", key, text);
    char *dumped = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    if (dumped == NULL) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "command: %s: %s (expected UTF-8)", key, quoted);
        return NULL;
    }
    char *args = g_strdup(dumped);
    free(dumped);
    return args;
}

gboolean paper_press_send(const paper_place *place, control_action action, const paper_wish *wish,
                          paper_press *out, GError **error)
{
    g_auto(paper_press) press = {.made = !files_exists(place->control)};
    g_autofree char *actor = actor_text();
    g_autofree char *args = wish->text != NULL ? args_text(action, wish->text, error) : NULL;
    if (wish->text != NULL && args == NULL)
        return FALSE;
    const control_request request = {
        .id = wish->id,
        .actor = actor,
        .rights = CONTROL_MAY_HALT | CONTROL_MAY_CHANGE, /* who can write the file may */
        .action = action,
        .run = wish->run,
        .args = args,
    };
    if (!control_request_check(&request, error))
        return FALSE; /* before a file is made */
    press.control = control_open(place->control, error);
    if (press.control == NULL)
        return FALSE;
    press.command = control_send(press.control, &request, clock_now_us(), error);
    if (press.command == NULL)
        return FALSE;
    *out = press;
    press = (paper_press){0};
    return TRUE;
}

/* ---- what is said --------------------------------------------------------------------------- */

static void warn_of_run(const paper_place *place, const char *run)
{
    g_autofree char *folder = journals_folder(place->settings);
    g_autofree char *shown = failure_path(folder);
    g_auto(GStrv) runs = journal_runs(folder, NULL);
    g_autoptr(GString) known = g_string_new(NULL);
    if (runs != NULL && g_strv_contains((const char *const *)runs, run))
        return;
    for (guint i = 0; runs != NULL && runs[i] != NULL && i < RUNS_NAMED; i++)
        g_string_append_printf(known, "%s%s", i > 0 ? ", " : "; there are: ", runs[i]);
    command_warn("no run %s has a journal in %s%s", run, shown, known->str);
}

void paper_press_warn(const paper_place *place, const paper_wish *wish, const paper_press *press)
{
    if (press->made) {
        g_autofree char *shown = failure_path(place->control);
        command_warn("%s was not there before: has a trader ever run in this data directory"
                     " (QUANTBOT_DATA_DIR)?",
                     shown);
    }
    if (wish->run != NULL)
        warn_of_run(place, wish->run);
}

void paper_press_print(const paper_place *place, const paper_press *press,
                       const report_style *style)
{
    const control_command *command = press->command;
    g_autofree char *shown = failure_path(place->control);
    g_autofree char *given = log_second_text(command->recorded_us);
    g_autofree char *what = g_strdup_printf(
        "Command %s of %s: %s.", command->id, command->actor,
        command->effect != NULL ? command->effect : control_state_text(command->state));
    g_autofree char *again =
        g_strdup_printf("It is the same command as at %s UTC; nothing was done this time.", given);
    report_text_print(what, 0, REPORT_PLAIN, style, stdout);
    if (command->repeated)
        report_text_print(again, 0, REPORT_PLAIN, style, stdout);
    printf("On disk in %s\n", shown); /* never cut, as a table's text is */
}
