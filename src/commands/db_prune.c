#include "commands/log-private.h"
#include "platform/clock.h"

#include <string.h>
#include <unistd.h>

static const char about[] =
    "Thins what old runs have for every bar. Each rule counts the days since a run ended,\n"
    "and is off unless it is given here or in the settings QUANTBOT_KEEP_DECISIONS_DAYS\n"
    "and QUANTBOT_KEEP_EQUITY_DAYS:\n"
    "  --decisions DAYS  decisions of older runs are deleted\n"
    "  --equity DAYS     of their equity the first point and the last of each day (UTC)\n"
    "                    stay; the lowest and highest for pictures stay too\n"
    "Orders, fills, trades, ratios and the state's hash are never touched. The rows are\n"
    "shown first; they go with --yes.\n"
    "\n"
    "Examples:\n"
    "  quantbot db prune --decisions 30 --equity 365\n"
    "  quantbot db prune --yes               by the settings, for a timer\n";

#define DAYS_MAXIMUM 36500

typedef struct rule {
    const char *name;
    runlog_pruned what;
    const char *setting;
    int days; /* -1: not asked for */
    gint64 rows;
} rule;

/* A rule that was not given is the settings'; their 0 means for ever. */
static gboolean complete(rule *rules, gsize count, const settings *settings)
{
    gboolean any = FALSE;
    for (gsize i = 0; i < count; i++) {
        const gint64 days = settings_integer(settings, rules[i].setting);
        if (rules[i].days < 0 && days > 0)
            rules[i].days = (int)days;
        any = any || rules[i].days >= 0;
    }
    return any;
}

static gboolean apply(runlog *log, rule *rule, gboolean dry_run, GError **error)
{
    const gint64 before_us = clock_now_us() - rule->days * QB_DAY_US;
    return rule->days < 0 || runlog_prune(log, rule->what, before_us, dry_run, &rule->rows, error);
}

static void print_rules(const rule *rules, gsize count, gboolean deleted, gboolean json)
{
    g_autoptr(GString) text = g_string_new("{");
    g_string_append_printf(text, "\"deleted\":%s", deleted ? "true" : "false");
    for (gsize i = 0; i < count; i++) {
        g_autofree char *rows = log_count_text(rules[i].rows);
        if (rules[i].days < 0)
            continue;
        log_put_count(text, rules[i].name, rules[i].rows);
        if (!json)
            printf("%-13s  %s rows of runs that ended more than %d days ago%s\n", rules[i].name,
                   rows, rules[i].days, deleted ? " were deleted" : "");
    }
    if (json)
        printf("%s}\n", text->str);
    else if (!deleted)
        printf("Nothing was deleted: --yes does it.\n");
}

static int prune(rule *rules, gsize count, gboolean yes, gboolean json)
{
    int exit_code = 0;
    GError *error = NULL;
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    if (!complete(rules, count, settings))
        return command_usage("db prune", "no rule is on: --decisions DAYS, --equity DAYS, or "
                                         "QUANTBOT_KEEP_DECISIONS_DAYS, QUANTBOT_KEEP_EQUITY_DAYS");
    g_autoptr(runlog) log = log_open(settings, yes, &error);
    if (log == NULL)
        return command_fail(error);
    for (gsize i = 0; i < count; i++)
        if (!apply(log, &rules[i], !yes, &error))
            return command_fail(error);
    print_rules(rules, count, yes, json);
    return 0;
}

int command_db_prune(int argc, char **argv)
{
    rule rules[] = {
        {"decisions", RUNLOG_DECISIONS_OLD, "QUANTBOT_KEEP_DECISIONS_DAYS", -1, 0},
        {"equity_points", RUNLOG_EQUITY_OLD, "QUANTBOT_KEEP_EQUITY_DAYS", -1, 0},
    };
    gboolean yes = FALSE, json = FALSE;
    int exit_code = 0;
    const GOptionEntry entries[] = {
        {"decisions", 0, 0, G_OPTION_ARG_INT, &rules[0].days, "Delete decisions after", "DAYS"},
        {"equity", 0, 0, G_OPTION_ARG_INT, &rules[1].days, "Thin equity to days after", "DAYS"},
        {"yes", 'y', 0, G_OPTION_ARG_NONE, &yes, "Delete; else only count", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "", about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("db prune", "unexpected argument %s", argv[1]);
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (rules[i].days > DAYS_MAXIMUM)
            return command_usage("db prune", "%d days (expected 0 to %d)", rules[i].days,
                                 DAYS_MAXIMUM);
    return prune(rules, G_N_ELEMENTS(rules), yes, json);
}
