/* Commands that a run's trader carries out: they are queued here. */
#include "commands/log-private.h"
#include "commands/paper-private.h"

#include <unistd.h>

#define QUEUED_WORDS                                                                          \
    "It is a row in data/runtime/control.db, on disk when this returns; the trader of that\n" \
    "run takes it, once. What nobody took within 10 minutes has expired: it does nothing\n"   \
    "to a later run.\n"                                                                       \
    "\n"                                                                                      \
    "Examples:\n"

static const char about_stop[] = "Asks the trader of a paper run to end it.\n" QUEUED_WORDS
                                 "  quantbot paper stop --run trend-1\n"
                                 "  quantbot paper commands --run trend-1\n";
static const char about_checkpoint[] =
    "Asks the trader of a paper run for a checkpoint.\n" QUEUED_WORDS
    "  quantbot paper checkpoint --run trend-1\n";
static const char about_note[] = "Keeps a remark with a paper run.\n" QUEUED_WORDS
                                 "  quantbot paper note --run trend-1 \"new broker fees today\"\n";

static void print_text(const paper_place *place, const paper_press *press)
{
    const control_command *command = press->command;
    const report_style style = report_style_of(STDOUT_FILENO);
    g_autofree char *until = log_second_text(command->created_us + CONTROL_EXPIRY_US);
    g_autofree char *queued = g_strdup_printf("Queued for run %s: %s. Expires at %s UTC.",
                                              command->run, control_action_text(command->action),
                                              until);
    if (command->state == CONTROL_QUEUED)
        report_text_print(queued, 0, REPORT_STRONG, &style, stdout);
    paper_press_print(place, press, &style);
}

static void print_json(const paper_place *place, const paper_press *press)
{
    g_autoptr(GString) text = g_string_new("{");
    log_put_text(text, "control", place->control);
    log_put_flag(text, "repeated", press->command->repeated);
    g_string_append(text, ",\"command\":");
    paper_put_command(text, press->command);
    log_put_time(text, "expires_at", press->command->created_us + CONTROL_EXPIRY_US);
    printf("%s}\n", text->str);
}

/* Refused or expired, as a repeated one may be by now: the answer is no. */
static int queue(control_action action, const paper_wish *wish)
{
    int exit_code = 0;
    GError *error = NULL;
    g_auto(paper_press) press = {0};
    g_auto(paper_place) place = {0};
    if (!paper_place_find(&place, &exit_code))
        return exit_code;
    if (!paper_press_send(&place, action, wish, &press, &error))
        return paper_fail(&place, error);
    paper_press_warn(&place, wish, &press);
    if (wish->json)
        print_json(&place, &press);
    else
        print_text(&place, &press);
    return press.command->state <= CONTROL_DONE ? 0 : FAILURE_NO;
}

#define RUN_ENTRY(wish)                                                   \
    {                                                                     \
        "run", 0, 0, G_OPTION_ARG_FILENAME, &(wish).run, "The run", "RUN" \
    }
#define ID_ENTRY(wish)                                            \
    {                                                             \
        "id", 0, 0, G_OPTION_ARG_FILENAME, &(wish).id,            \
            "An id of yours: the same twice is one command", "ID" \
    }
#define JSON_ENTRY(wish)                                                  \
    {                                                                     \
        "json", 0, 0, G_OPTION_ARG_NONE, &(wish).json, "Print JSON", NULL \
    }

/* One that needs a run, and may have a reason. */
static int command_of(control_action action, const char *name, const char *about, int argc,
                      char **argv)
{
    g_auto(paper_wish) wish = {0};
    int exit_code = 0;
    const GOptionEntry entries[] = {
        RUN_ENTRY(wish), {"reason", 0, 0, G_OPTION_ARG_FILENAME, &wish.text, "Why", "TEXT"},
        ID_ENTRY(wish),  JSON_ENTRY(wish),
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about, entries, &exit_code))
        return exit_code;
    if (argc > 1) {
        g_autofree char *quoted = failure_quote(argv[1], -1);
        return command_usage(name, "unexpected argument %s", quoted);
    }
    if (wish.run == NULL)
        return command_usage(name, "--run: the id of one run is needed");
    return queue(action, &wish);
}

int command_paper_stop(int argc, char **argv)
{
    return command_of(CONTROL_STOP, "paper stop", about_stop, argc, argv);
}

int command_paper_checkpoint(int argc, char **argv)
{
    return command_of(CONTROL_CHECKPOINT, "paper checkpoint", about_checkpoint, argc, argv);
}

int command_paper_note(int argc, char **argv)
{
    g_auto(paper_wish) wish = {0};
    int exit_code = 0;
    const GOptionEntry entries[] = {RUN_ENTRY(wish), ID_ENTRY(wish), JSON_ENTRY(wish), {NULL}};
    if (!command_options(&argc, &argv, "TEXT", about_note, entries, &exit_code))
        return exit_code;
    if (wish.run == NULL)
        return command_usage("paper note", "--run: the id of one run is needed");
    /* GLib leaves "--" where what follows looks like an option. */
    const int first = argc > 1 && g_str_equal(argv[1], "--") ? 2 : 1;
    if (argc != first + 1)
        return command_usage("paper note", "give one text (quote it if it has blanks)");
    wish.text = g_strdup(argv[first]);
    return queue(CONTROL_NOTE, &wish);
}
