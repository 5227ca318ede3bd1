/* data compare: where do two series differ, and why? In: a stored series and another, a file, or
 * what another data folder holds. Out: a table or JSON, by date. */
#include "commands/compare-private.h"

#include <string.h>

static const char about[] =
    "Compares two series bar by bar and shows where they differ, with what would explain it:\n"
    "  adjustment    one factor over a stretch: another basis of splits or dividends\n"
    "  currency      a ratio that drifts, as rates of exchange do\n"
    "  other-hour    days that end at another hour\n"
    "  other-close   closes differ and opens do not: an auction, or trades after hours\n"
    "  other-market  prices differ a little all the time\n"
    "  session       bars of one only, where the calendar has no session or it is over\n"
    "  missing       bars of one only, in a session\n"
    "  bad-tick      a bar far off in one, between neighbours that agree\n"
    "  volume-units  volumes in lots, in thousands, in money, or adjusted for splits\n"
    "  unexplained   the rest\n"
    "The cache holds one series of a symbol and interval. The other one is SYMBOL2 (and\n"
    "--asset2), --file FILE, --with FOLDER (another data folder), or of another provider with\n"
    "--providers A,B: each is looked for in the data folder itself and in its folder\n"
    "providers/NAME, which QUANTBOT_DATA_DIR=data/providers/NAME quantbot data equities ...\n"
    "fills. docs/QUALITY.md says how causes are found.\n"
    "\n"
    "Examples:\n"
    "  quantbot data compare AAPL --file aapl-from-elsewhere.csv\n"
    "  quantbot data compare AAPL --providers tiingo,polygon --start 2020-01-01\n"
    "  quantbot data compare btc btc-usdt --interval 1h --tolerance 0.5\n"
    "  quantbot data compare SPY --with ../old/data --cause bad-tick --json\n";

void compare_side_clear(compare_side *self)
{
    g_free(self->name);
    g_free(self->provider);
    qb_series_clear(&self->series);
}

static void compare_options_clear(compare_options *self)
{
    char *texts[] = {self->asset, self->interval,  self->asset2, self->file,
                     self->with,  self->providers, self->map,    self->zone,
                     self->start, self->end,       self->cause};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(compare_options, compare_options_clear)

static int compare(const compare_options *options, const compare_plan *plan)
{
    GError *error = NULL;
    qb_comparison comparison = {0};
    const qb_compare_how how = {plan->calendar, plan->key.interval, plan->tolerance};
    const qb_status status = qb_compare(&plan->first.series, &plan->second.series, &how,
                                        &comparison);
    if (status != QB_OK) {
        failure_from_status(&error, status, "comparison");
        return command_fail(error);
    }
    if (options->json)
        compare_print_json(plan, &comparison);
    else
        compare_print_table(plan, &comparison);
    qb_comparison_clear(&comparison);
    return 0;
}

static int run(const compare_options *options, int count, char **arguments)
{
    GError *error = NULL;
    int exit_code = 0;
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    g_autoptr(market) market = market_open(settings, &error);
    if (market == NULL)
        return command_fail(error);
    compare_plan plan = {.market = market, .settings = settings};
    exit_code = compare_read(options, count, arguments, &plan, &error) ? compare(options, &plan)
                                                                       : command_fail(error);
    compare_side_clear(&plan.first);
    compare_side_clear(&plan.second);
    return exit_code;
}

int command_data_compare(int argc, char **argv)
{
    g_auto(compare_options) options = {.tolerance = 0.1, .limit = -1};
    int exit_code = 0;
    const GOptionEntry entries[] = {
        {"asset", 0, 0, G_OPTION_ARG_STRING, &options.asset, "Class of SYMBOL", "CLASS"},
        {"asset2", 0, 0, G_OPTION_ARG_STRING, &options.asset2,
         "Class of SYMBOL2; default: that of SYMBOL, or any", "CLASS"},
        {"interval", 0, 0, G_OPTION_ARG_STRING, &options.interval, "Interval of both", "INTERVAL"},
        {"file", 0, 0, G_OPTION_ARG_FILENAME, &options.file, "Against a CSV file", "FILE"},
        {"map", 0, 0, G_OPTION_ARG_STRING, &options.map, "Its columns, as in data import",
         "KEY=COLUMN,..."},
        {"tz", 0, 0, G_OPTION_ARG_STRING, &options.zone, "Zone of its stamps that have none",
         "ZONE"},
        {"with", 0, 0, G_OPTION_ARG_FILENAME, &options.with, "Against another data folder",
         "FOLDER"},
        {"providers", 0, 0, G_OPTION_ARG_STRING, &options.providers,
         "One provider's against another's", "A,B"},
        {"start", 0, 0, G_OPTION_ARG_STRING, &options.start, "First day", "DATE"},
        {"end", 0, 0, G_OPTION_ARG_STRING, &options.end, "Last day, included", "DATE"},
        {"tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &options.tolerance,
         "Prices that close are the same; default 0.1", "PERCENT"},
        {"cause", 0, 0, G_OPTION_ARG_STRING, &options.cause, "Show only these", "CAUSE"},
        {"limit", 0, 0, G_OPTION_ARG_INT, &options.limit,
         "Differences shown, 0 for all; default 40, in JSON all", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "SYMBOL [SYMBOL2]", about, entries, &exit_code))
        return exit_code;
    if (argc < 2 || argc > 3)
        return command_usage("data compare", "%d symbols (expected one or two)", argc - 1);
    return run(&options, argc - 1, argv + 1);
}
