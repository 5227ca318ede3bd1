/* risk list: the rules there are, from the table of the rules themselves. */
#include "commands/commands-private.h"
#include "core/risk/risk.h"

#include <jansson.h>
#include <stdio.h>

static const char about[] =
    "Lists the risk rules: what --risk standard switches on and with which value, what NAME=on\n"
    "takes for the others, and what each does. All are off unless set. docs/RISK.md explains "
    "them.\n"
    "\n"
    "Examples:\n"
    "  quantbot risk list\n"
    "  quantbot risk list --json\n"
    "  quantbot backtest --symbols SPY --risk standard --risk drawdown=15% --risk crypto=off\n";

static json_t *key_json(const qb_risk_key *key)
{
    return json_pack("{s:s, s:s, s:b, s:b, s:f, s:f, s:f, s:s, s:s}", "name", key->name, "rule",
                     qb_risk_rule_text(key->rule), "limit", (int)key->is_limit, "in_standard",
                     (int)key->in_standard, "standard", key->standard, "minimum", key->minimum,
                     "maximum", key->maximum, "unit", key->unit, "help", key->help);
}

static void print_json(void)
{
    json_t *all = json_array();
    for (const qb_risk_key *key = qb_risk_keys; key->name != NULL; key++)
        json_array_append_new(all, key_json(key));
    g_autofree char *text = json_dumps(all, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(all);
    puts(text);
}

/* "20%", "5 bars". Caller frees. */
static char *with_unit(const qb_risk_key *key, double value)
{
    char text[QB_RISK_VALUE_TEXT];
    qb_risk_value_to_text(key, value, text);
    const gboolean bare = *key->unit == '\0' || *key->unit == '%';
    return bare ? g_strdup(text) : g_strdup_printf("%s %s", text, key->unit);
}

static void print_key(const qb_risk_key *key)
{
    char low[QB_RISK_VALUE_TEXT], high[QB_RISK_VALUE_TEXT];
    g_autofree char *value = with_unit(key, key->standard);
    printf("%s%s=%s  (%s to %s)\n      %s\n", key->is_limit ? "\n  " : "  ", key->name, value,
           qb_risk_value_to_text(key, key->minimum, low),
           qb_risk_value_to_text(key, key->maximum, high), key->help);
}

/* The limits of one kind, each with the settings that belong to it. */
static void print_keys(gboolean in_standard)
{
    for (const qb_risk_key *key = qb_risk_keys; key->name != NULL; key++) {
        const qb_risk_key *limit = qb_risk_key_of(key->rule);
        const gboolean standard = limit == NULL || limit->in_standard;
        if (standard == in_standard)
            print_key(key);
    }
}

static void print_text(void)
{
    puts("--risk standard switches these on:");
    print_keys(TRUE);
    puts("\nThese stay off until they are set; NAME=on takes the value shown:");
    print_keys(FALSE);
}

int command_risk_list(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "As JSON", NULL},
        {NULL},
    };
    int exit_code = 0;
    if (!command_options(&argc, &argv, NULL, about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("risk list", "unexpected \"%s\"", argv[1]);
    if (json)
        print_json();
    else
        print_text();
    return 0;
}
