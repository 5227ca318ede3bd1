/* Closing and opening the halt latch. The press counts when it is on disk; what is said after it is
 * read from there. */
#include "commands/log-private.h"
#include "commands/paper-private.h"

#include <unistd.h>

static const char about_halt[] =
    "Closes the halt latch of all paper runs, or of one: entries are refused and resting\n"
    "entries are cancelled; protective exits stay live. It says so when that is on disk\n"
    "(data/runtime/control.db), needs neither a server nor a run log, and holds until\n"
    "quantbot paper resume, over restarts too. A closing adds: after --freeze, a plain\n"
    "halt leaves exits stopped.\n"
    "\n"
    "Exit code 0: that latch is closed. 1: it is not, for --id is that of a halt which was\n"
    "resumed since. Any other: it failed; what the latch is all the same is said.\n"
    "\n"
    "Examples:\n"
    "  quantbot paper halt --reason \"CPI at 14:30\"\n"
    "  quantbot paper halt --run trend-1 --flatten\n";

static const char about_resume[] =
    "Opens the halt latch of all paper runs, or that of one run, and no other: a run that\n"
    "closed its own latch stays halted until it is resumed by name.\n"
    "\n"
    "Exit code 0: opened, and with --run nothing else holds that run. 1: the latch was\n"
    "open, or that run is still halted by the latch of all.\n"
    "\n"
    "Examples:\n"
    "  quantbot paper resume\n"
    "  quantbot paper resume --run trend-1 --reason \"looked at it\"\n";

/* ---- when it failed ------------------------------------------------------------------------- */

/* What stands though nothing could be written: who pressed must not believe in a halt. */
static char *standing_text(const paper_place *place, const char *run, gboolean *out_unread)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(control) control = paper_open_readonly(place, &failure);
    *out_unread = failure != NULL;
    if (failure != NULL)
        return NULL;
    const guint bits = control != NULL ? control_latch(control, run) : 0;
    *out_unread = (bits & CONTROL_UNREADABLE) != 0;
    if (bits != 0)
        return g_strdup_printf("the press failed; as it stands, %s %s halted", paper_run_text(run),
                               run != NULL ? "is" : "are");
    return g_strdup_printf(
        "the press failed: the latch of %s is OPEN. A trader stops when its process"
        " ends; data/runtime/paper/RUN.lock names it",
        paper_run_text(run));
}

static int fail(const paper_place *place, const paper_wish *wish, GError *error)
{
    if (error->code == FAILURE_USAGE)
        return command_fail(error);
    gboolean unread = FALSE;
    g_autofree char *standing = standing_text(place, wish->run, &unread);
    if (unread)
        return paper_fail_unread(place, error);
    const int code = paper_fail(place, error);
    return command_fail(g_error_new_literal(FAILURE, code, standing));
}

/* ---- what stands now ------------------------------------------------------------------------ */

static gboolean is_closed(const GPtrArray *halts, const char *run)
{
    const control_halt *halt = paper_halt_of(halts, run);
    return halt != NULL && halt->closed;
}

/* By this command, or by the press of before that it repeats. */
static gboolean has_opened(const GPtrArray *halts, const control_command *command)
{
    const control_halt *halt = paper_halt_of(halts, command->run);
    return halt != NULL && !halt->closed && g_strcmp0(halt->command, command->id) == 0;
}

static gboolean is_answered(const GPtrArray *halts, const control_command *command)
{
    if (command->state != CONTROL_DONE)
        return FALSE;
    if (command->action != CONTROL_RESUME)
        return is_closed(halts, command->run);
    return has_opened(halts, command) && (command->run == NULL || !is_closed(halts, NULL));
}

static char *closed_text(const control_halt *halt)
{
    return g_strdup_printf("%s %s halted: entries are refused, resting entries cancelled;"
                           " protective exits %s; positions %s.",
                           halt->run != NULL ? halt->run : "All runs",
                           halt->run != NULL ? "is" : "are",
                           halt->frozen ? "are stopped too" : "stay live",
                           halt->flatten ? "are closed by reduce-only orders" : "stay");
}

/* Runs whose own latch is closed, "a, b"; NULL: none. Caller frees. */
static char *own_latches(const GPtrArray *halts)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < halts->len; i++) {
        const control_halt *halt = halts->pdata[i];
        if (halt->run != NULL && halt->closed)
            g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", halt->run);
    }
    return names->len > 0 ? g_string_free(g_steal_pointer(&names), FALSE) : NULL;
}

static char *open_text(const GPtrArray *halts, const char *run)
{
    g_autofree char *own = own_latches(halts);
    if (run != NULL && is_closed(halts, NULL))
        return g_strdup_printf("%s is STILL HALTED, by the latch of all runs: quantbot paper resume"
                               " opens that one.",
                               run);
    if (run != NULL)
        return g_strdup_printf("%s is not halted.", run);
    if (own == NULL)
        return g_strdup("Nothing is halted.");
    return g_strdup_printf("All runs but those with a closed latch of their own may trade. Still"
                           " halted: %s; each is resumed by name (--run).",
                           own);
}

static char *verdict_text(const GPtrArray *halts, const char *run)
{
    return is_closed(halts, run) ? closed_text(paper_halt_of(halts, run)) : open_text(halts, run);
}

static void print_text(const paper_place *place, const paper_press *press, const GPtrArray *halts)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    g_autofree char *verdict = verdict_text(halts, press->command->run);
    report_text_print(verdict, 0, REPORT_STRONG, &style, stdout);
    paper_press_print(place, press, &style);
    if (press->command->repeated && !is_answered(halts, press->command))
        printf("It was undone since: another --id presses again.\n");
    putchar('\n');
    paper_print_latches(halts, NULL, &style);
}

static void print_json(const paper_place *place, const paper_press *press, const GPtrArray *halts)
{
    g_autoptr(GString) text = g_string_new("{");
    log_put_text(text, "control", place->control);
    log_put_flag(text, "answered", is_answered(halts, press->command));
    log_put_flag(text, "repeated", press->command->repeated);
    g_string_append(text, ",\"command\":");
    paper_put_command(text, press->command);
    paper_put_latches(text, halts);
    printf("%s}\n", text->str);
}

/* The press is on disk. Should another row of the latch be damaged, that is a halt of its own. */
static int report(const paper_place *place, const paper_wish *wish, const paper_press *press)
{
    GError *error = NULL;
    g_autoptr(GPtrArray) halts = control_halts(press->control, &error);
    if (halts == NULL) {
        command_warn("command %s was recorded", press->command->id);
        return paper_fail_unread(place, error);
    }
    paper_press_warn(place, wish, press);
    if (wish->json)
        print_json(place, press, halts);
    else
        print_text(place, press, halts);
    return is_answered(halts, press->command) ? 0 : FAILURE_NO;
}

static int press(const paper_place *place, control_action action, const paper_wish *wish)
{
    GError *error = NULL;
    g_auto(paper_press) press = {0};
    if (!paper_press_send(place, action, wish, &press, &error))
        return fail(place, wish, error);
    return report(place, wish, &press);
}

/* ---- the commands --------------------------------------------------------------------------- */

/* FILENAME: the bytes as they are, which GLib would else convert from a locale nobody has set. */
#define WISH_ENTRIES(wish)                                                                         \
    {"run", 0, 0, G_OPTION_ARG_FILENAME, &(wish).run, "Only this run (default: all)", "RUN"},      \
        {"reason", 0, 0, G_OPTION_ARG_FILENAME, &(wish).text, "Why, kept with the latch", "TEXT"}, \
        {"id",       0,                                                                            \
         0,          G_OPTION_ARG_FILENAME,                                                        \
         &(wish).id, "An id of yours: the same press twice is one command",                        \
         "ID"},                                                                                    \
    {                                                                                              \
        "json", 0, 0, G_OPTION_ARG_NONE, &(wish).json, "Print JSON", NULL                          \
    }

int command_paper_halt(int argc, char **argv)
{
    g_auto(paper_place) place = {0};
    g_auto(paper_wish) wish = {0};
    gboolean freeze = FALSE, flatten = FALSE;
    int exit_code = 0;
    const GOptionEntry entries[] = {
        {"freeze", 0, 0, G_OPTION_ARG_NONE, &freeze, "Protective exits stop too", NULL},
        {"flatten", 0, 0, G_OPTION_ARG_NONE, &flatten, "Positions are closed", NULL},
        WISH_ENTRIES(wish),
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about_halt, entries, &exit_code))
        return exit_code;
    if (argc > 1) {
        g_autofree char *quoted = failure_quote(argv[1], -1);
        return command_usage("paper halt", "unexpected argument %s", quoted);
    }
    if (freeze && flatten)
        return command_usage("paper halt", "--freeze stops the orders that --flatten needs");
    if (!paper_place_find(&place, &exit_code))
        return exit_code;
    return press(&place, freeze ? CONTROL_FREEZE : flatten ? CONTROL_FLATTEN : CONTROL_HALT, &wish);
}

int command_paper_resume(int argc, char **argv)
{
    g_auto(paper_place) place = {0};
    g_auto(paper_wish) wish = {0};
    int exit_code = 0;
    const GOptionEntry entries[] = {
        WISH_ENTRIES(wish),
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about_resume, entries, &exit_code))
        return exit_code;
    if (argc > 1) {
        g_autofree char *quoted = failure_quote(argv[1], -1);
        return command_usage("paper resume", "unexpected argument %s", quoted);
    }
    if (!paper_place_find(&place, &exit_code))
        return exit_code;
    return press(&place, CONTROL_RESUME, &wish);
}
