/* fees list: the fee schedules that have a name. */
#include "commands/commands-private.h"
#include "commands/data-private.h"
#include "commands/run-private.h"
#include "reports/reports.h"

#include <unistd.h>

static const char about[] =
    "Lists the fee schedules that --fee-preset and fee_preset in instruments.ini know, with the\n"
    "day from which each is known and its source. docs/COSTS.md says what the numbers mean and\n"
    "what they leave out. Fees change: check your broker's own page.\n"
    "\n"
    "Examples:\n"
    "  quantbot fees list\n"
    "  quantbot fees list --json\n"
    "  quantbot backtest --symbols SPY --fee-preset ibkr-fixed\n";

static char *bps_text(gint64 rate)
{
    char text[QB_RAW_TEXT];
    return g_strdup(rate == 0 ? "-" : qb_raw_to_text(rate * 10000, text));
}

static char *amount_text(qb_money amount)
{
    char text[QB_RAW_TEXT];
    return g_strdup(amount.raw == 0 ? "-" : qb_raw_to_text(amount.raw, text));
}

static void add_row(report_table *table, const qb_fee_preset *preset)
{
    const qb_costs *costs = &preset->costs;
    char cap_text[QB_RAW_TEXT];
    g_autofree char *taker = bps_text(costs->fee_rate.raw);
    g_autofree char *maker = bps_text(costs->fee_rate.raw - costs->maker_discount.raw);
    g_autofree char *unit = amount_text(costs->fee_per_unit);
    g_autofree char *minimum = amount_text(costs->fee_minimum);
    g_autofree char *cap =
        costs->fee_cap.raw == 0
            ? g_strdup("-")
            : g_strdup_printf("%s%%", qb_raw_to_text(costs->fee_cap.raw * 100, cap_text));
    g_autofree char *sale = bps_text(costs->sell_rate.raw);
    g_autofree char *sale_unit = amount_text(costs->sell_per_unit);
    const char *const cells[] = {preset->name, taker, maker,     unit,          minimum,
                                 cap,          sale,  sale_unit, preset->since, preset->what};
    report_table_row(table, cells);
    report_table_tone(table, 0, REPORT_STRONG);
}

static void print_table(void)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "preset", REPORT_LEFT, 0);
    report_table_column(table, "taker", REPORT_RIGHT, 0);
    report_table_column(table, "maker", REPORT_RIGHT, 0);
    report_table_column(table, "a unit", REPORT_RIGHT, 0);
    report_table_column(table, "least", REPORT_RIGHT, 0);
    report_table_column(table, "cap", REPORT_RIGHT, 0);
    report_table_column(table, "sale", REPORT_RIGHT, 1);
    report_table_column(table, "unit sold", REPORT_RIGHT, 1);
    report_table_column(table, "since", REPORT_LEFT, 2);
    report_table_column(table, "what", REPORT_LEFT, 3);
    for (const qb_fee_preset *preset = qb_fee_presets; preset->name != NULL; preset++)
        add_row(table, preset);
    report_table_print(table, &style, stdout);
    printf("Taker, maker, sale: basis points of the value. Sources: --json, docs/COSTS.md.\n");
}

static void print_json(void)
{
    json_auto_t *list = json_array();
    for (const qb_fee_preset *preset = qb_fee_presets; preset->name != NULL; preset++)
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", preset->name, "what",
                                        preset->what, "since", preset->since, "source",
                                        preset->source, "fees", run_costs_to_json(&preset->costs)));
    data_print_json(list);
}

int command_fees_list(int argc, char **argv)
{
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    int exit_code = 0;
    if (!command_options(&argc, &argv, NULL, about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("fees list", "unexpected \"%s\"", argv[1]);
    if (json)
        print_json();
    else
        print_table();
    return 0;
}
