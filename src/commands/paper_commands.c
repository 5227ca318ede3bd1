/* The audit of commands, and what goes out of it. */
#include "commands/log-private.h"
#include "commands/paper-private.h"
#include "platform/clock.h"

#include <unistd.h>

static const char about[] =
    "Shows the commands that were given, newest first: who, when, what, for which run, and\n"
    "what came of it. With --run those that name it or all runs. Nothing is ever changed\n"
    "in it; --prune DAYS deletes ended commands that are older (at least 30 days), but\n"
    "those that the latch speaks of. They are counted first; they go with --yes. --json\n"
    "has every id and argument.\n"
    "\n"
    "Examples:\n"
    "  quantbot paper commands\n"
    "  quantbot paper commands --run trend-1 --state queued\n"
    "  quantbot paper commands --prune 365 --yes\n";

#define LAST_DEFAULT 20
#define LAST_MAXIMUM 10000
#define DAYS_MINIMUM ((int)(CONTROL_PRUNE_MIN_US / QB_DAY_US))
#define DAYS_MAXIMUM 36500

typedef struct commands_wish {
    char *run, *state;
    int last, prune_days; /* prune_days 0: not asked for */
    gint64 before;
    gboolean yes, json;
} commands_wish;

static void commands_wish_clear(commands_wish *self)
{
    g_free(self->run);
    g_free(self->state);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(commands_wish, commands_wish_clear)

/* ---- listing -------------------------------------------------------------------------------- */

static void print_json(const paper_place *place, const GPtrArray *commands)
{
    g_autoptr(GString) text = g_string_new("{");
    log_put_text(text, "control", place->control);
    g_string_append(text, ",\"commands\":[");
    for (guint i = 0; i < commands->len; i++) {
        g_string_append(text, i > 0 ? "," : "");
        paper_put_command(text, commands->pdata[i]);
    }
    printf("%s]}\n", text->str);
}

static void print_text(const GPtrArray *commands, const commands_wish *wish, gint64 now_us)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    if (commands->len == 0) {
        printf("No such command was given.\n");
        return;
    }
    paper_print_commands(commands, now_us, FALSE, &style);
    if (commands->len == (guint)wish->last) {
        const control_command *oldest = commands->pdata[commands->len - 1];
        printf("\nOlder ones: --before %" G_GINT64_FORMAT "\n", oldest->number);
    }
}

static int list(const paper_place *place, const commands_wish *wish, guint states)
{
    GError *error = NULL;
    const gint64 now_us = clock_now_us();
    const control_filter filter = {
        .run = wish->run, .states = states, .before = wish->before, .limit = (guint)wish->last};
    g_autoptr(GPtrArray) commands = NULL;
    g_autoptr(control) control = paper_open_readonly(place, &error);
    if (control != NULL)
        commands = control_list(control, &filter, now_us, &error);
    else if (error == NULL)
        commands = g_ptr_array_new();
    if (commands == NULL) {
        g_clear_pointer(&control, control_free);
        return paper_fail_unread(place, error);
    }
    if (wish->json)
        print_json(place, commands);
    else
        print_text(commands, wish, now_us);
    return 0;
}

/* ---- pruning -------------------------------------------------------------------------------- */

static void print_pruned(const commands_wish *wish, gint64 count)
{
    g_autoptr(GString) text = g_string_new("{");
    g_autofree char *counted = log_count_text(count);
    log_put_flag(text, "deleted", wish->yes);
    log_put_count(text, "commands", count);
    if (wish->json) {
        printf("%s}\n", text->str);
        return;
    }
    printf("%s ended commands recorded more than %d days ago%s\n", counted, wish->prune_days,
           wish->yes ? " were deleted" : "");
    if (!wish->yes)
        printf("Nothing was deleted: --yes does it.\n");
}

static int prune(const paper_place *place, const commands_wish *wish)
{
    GError *error = NULL;
    gint64 count = 0;
    if (!files_exists(place->control)) {
        print_pruned(wish, 0);
        return 0;
    }
    g_autoptr(control) control = wish->yes ? control_open(place->control, &error)
                                           : control_open_readonly(place->control, &error);
    if (control == NULL || !control_prune(control, wish->prune_days * QB_DAY_US, clock_now_us(),
                                          !wish->yes, &count, &error)) {
        g_clear_pointer(&control, control_free);
        return paper_fail(place, error);
    }
    print_pruned(wish, count);
    return 0;
}

/* ---- the command ---------------------------------------------------------------------------- */

/* 0, or the exit code of a usage error that was printed. */
static int check(const commands_wish *wish, gboolean prunes, guint *out_states)
{
    control_state state = CONTROL_QUEUED;
    g_autofree char *quoted = failure_quote(wish->state != NULL ? wish->state
                                            : wish->run != NULL ? wish->run
                                                                : "",
                                            -1);
    if (wish->state != NULL && !control_state_from_text(wish->state, &state))
        return command_usage("paper commands", "--state: %s (expected %s)", quoted,
                             control_state_list());
    *out_states = wish->state != NULL ? 1u << state : 0;
    if (wish->run != NULL && !control_run_valid(wish->run)) {
        g_autofree char *run = failure_quote(wish->run, -1);
        return command_usage("paper commands", "--run: %s (expected 1 to 64 of A-Z a-z 0-9 . _ -)",
                             run);
    }
    if (wish->last < 1 || wish->last > LAST_MAXIMUM)
        return command_usage("paper commands", "--last: %d (expected 1 to %d)", wish->last,
                             LAST_MAXIMUM);
    if (wish->before < 0)
        return command_usage("paper commands", "--before: expected the number of a command");
    if (prunes && (wish->prune_days < DAYS_MINIMUM || wish->prune_days > DAYS_MAXIMUM))
        return command_usage("paper commands", "--prune: %d days (expected %d to %d)",
                             wish->prune_days, DAYS_MINIMUM, DAYS_MAXIMUM);
    if (prunes && (wish->run != NULL || wish->state != NULL))
        return command_usage("paper commands", "--prune goes with --yes and --json only");
    if (wish->yes && !prunes)
        return command_usage("paper commands", "--yes goes with --prune DAYS");
    return 0;
}

#define NOT_ASKED G_MININT

int command_paper_commands(int argc, char **argv)
{
    g_auto(paper_place) place = {0};
    g_auto(commands_wish) wish = {.last = LAST_DEFAULT, .prune_days = NOT_ASKED};
    guint states = 0;
    int exit_code = 0;
    const GOptionEntry entries[] = {
        {"run", 0, 0, G_OPTION_ARG_FILENAME, &wish.run, "Those that concern this run", "RUN"},
        {"last", 0, 0, G_OPTION_ARG_INT, &wish.last, "The newest N (default: 20)", "N"},
        {"before", 0, 0, G_OPTION_ARG_INT64, &wish.before, "Only those before number N", "N"},
        {"state", 0, 0, G_OPTION_ARG_FILENAME, &wish.state,
         "Only queued, claimed, done, refused or expired", "STATE"},
        {"prune", 0, 0, G_OPTION_ARG_INT, &wish.prune_days, "Delete ended ones after", "DAYS"},
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &wish.yes, "Delete; else only count", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &wish.json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about, entries, &exit_code))
        return exit_code;
    if (argc > 1) {
        g_autofree char *quoted = failure_quote(argv[1], -1);
        return command_usage("paper commands", "unexpected argument %s", quoted);
    }
    const gboolean prunes = wish.prune_days != NOT_ASKED;
    /* The settings first: only they tell the redactor what must not be repeated. */
    if (!paper_place_find(&place, &exit_code) || (exit_code = check(&wish, prunes, &states)) != 0)
        return exit_code;
    return prunes ? prune(&place, &wish) : list(&place, &wish, states);
}
