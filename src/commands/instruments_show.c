/* instruments show: one instrument, and where each of its values comes from. */
#include "commands/instruments-private.h"

#include <string.h>

static const char about[] =
    "Shows what a run takes an instrument to be, and where each value comes from: built-in, the\n"
    "section of its class, or its own section in instruments.ini. The symbol may be an alias.\n"
    "\n"
    "Examples:\n"
    "  quantbot instruments show SPY\n"
    "  quantbot instruments show xbt --json\n"
    "  quantbot instruments show ES --asset index\n";

typedef struct value {
    const char *key;
    char *text; /* NULL: none */
} value;

#define VALUES 9

static void values_of(const market *market, const qb_instrument *instrument, value out[VALUES])
{
    const qb_fee_preset *fees = instruments_fees(market->instruments, instrument->symbol,
                                                 instrument->asset);
    char text[QB_RAW_TEXT], date[QB_TIME_TEXT];
    const gboolean always = instrument->since <= -QB_CALENDAR_DAYS;
    const value all[VALUES] = {
        {"currency", g_strdup(instrument->currency)},
        {"calendar", g_strdup(qb_calendar_name(instrument->calendar))},
        {"lot", g_strdup(qb_raw_to_text(instrument->lot.raw, text))},
        {"tick",
         instrument->tick.raw > 0 ? g_strdup(qb_raw_to_text(instrument->tick.raw, text)) : NULL},
        {"price_decimals", g_strdup_printf("%d", instrument->price_decimals)},
        {"multiplier", g_strdup(qb_raw_to_text(instrument->multiplier.raw, text))},
        {"sector", *instrument->sector != '\0' ? g_strdup(instrument->sector) : NULL},
        {"since", always ? NULL : g_strdup(qb_date_to_text(instrument->since, date))},
        {"fee_preset", fees != NULL ? g_strdup(fees->name) : NULL},
    };
    memcpy(out, all, sizeof all);
}

static void print_values(const market *market, const qb_instrument *instrument,
                         const value values[VALUES])
{
    const report_style style = report_style_of(1);
    const char *aliases = instruments_aliases(market->instruments, instrument->symbol);
    g_autofree char *title = g_strdup_printf("%s (%s)", instrument->symbol,
                                             qb_asset_text(instrument->asset));
    g_autoptr(report_table) table = report_table_new(title);
    report_table_column(table, "", REPORT_LEFT, 0);
    report_table_column(table, "value", REPORT_LEFT, 0);
    report_table_column(table, "from", REPORT_LEFT, 0);
    for (int i = 0; i < VALUES; i++) {
        const char *source = instruments_source(market->instruments, instrument->symbol,
                                                instrument->asset, values[i].key);
        g_autofree char *from = strcmp(source, "built-in") == 0 ? g_strdup(source)
                                                                : g_strdup_printf("[%s]", source);
        const char *const cells[] = {values[i].key, values[i].text != NULL ? values[i].text : "-",
                                     from};
        report_table_row(table, cells);
        report_table_tone(table, 2, *from == '[' ? REPORT_PLAIN : REPORT_DIM);
    }
    report_table_print(table, &style, stdout);
    if (aliases != NULL)
        printf("Aliases: %s\n", aliases);
}

static void print_json(const market *market, const qb_instrument *instrument,
                       const value values[VALUES])
{
    json_auto_t *root = json_pack("{s:s, s:s}", "symbol", instrument->symbol, "asset",
                                  qb_asset_text(instrument->asset));
    json_t *aliases = json_array();
    const char *joined = instruments_aliases(market->instruments, instrument->symbol);
    g_auto(GStrv) names = g_strsplit(joined != NULL ? joined : "", ", ", -1);
    for (int i = 0; i < VALUES; i++)
        json_object_set_new(root, values[i].key,
                            json_pack("{s:s?, s:s}", "value", values[i].text, "from",
                                      instruments_source(market->instruments, instrument->symbol,
                                                         instrument->asset, values[i].key)));
    for (char **name = names; *name != NULL; name++)
        json_array_append_new(aliases, json_string(*name));
    json_object_set_new(root, "aliases", aliases);
    data_print_json(root);
}

/* Of the file, or stored; with a class any symbol of it. */
static gboolean find_instrument(const market *market, const char *typed, int asset,
                                char out_symbol[QB_SYMBOL_SIZE], qb_asset *out_asset,
                                GError **error)
{
    int meant;
    if (instruments_symbol(market->instruments, typed, asset, out_symbol, &meant) && meant >= 0) {
        *out_asset = (qb_asset)meant;
        return TRUE;
    }
    g_autoptr(GArray) known = instruments_known(market, error);
    if (known == NULL)
        return FALSE;
    for (guint i = 0; i < known->len; i++) {
        const known_instrument *item = &g_array_index(known, known_instrument, i);
        cache_key wanted = {.asset = item->asset};
        g_strlcpy(wanted.symbol, item->symbol, sizeof wanted.symbol);
        if (!market_means(market, typed, &wanted))
            continue;
        g_strlcpy(out_symbol, item->symbol, QB_SYMBOL_SIZE);
        *out_asset = item->asset;
        return TRUE;
    }
    g_autofree char *quoted = failure_quote(typed, -1);
    g_set_error(error, FAILURE, FAILURE_MISSING,
                "%s is neither in instruments.ini nor in the cache (--asset shows what would hold "
                "for it)",
                quoted);
    return FALSE;
}

static gboolean read_asset(const char *text, int *out, GError **error)
{
    qb_asset asset;
    *out = -1;
    if (text == NULL)
        return TRUE;
    if (qb_asset_from_text(text, &asset) == QB_OK) {
        *out = (int)asset;
        return TRUE;
    }
    g_autofree char *quoted = failure_quote(text, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "--asset: %s (expected equity, index, crypto or fx)",
                quoted);
    return FALSE;
}

static gboolean show(const char *typed, int asset, gboolean json, const market *market,
                     GError **error)
{
    char symbol[QB_SYMBOL_SIZE];
    qb_asset found;
    qb_instrument instrument;
    if (!find_instrument(market, typed, asset, symbol, &found, error) ||
        !instruments_get(market->instruments, symbol, found, QB_1D, &instrument, error))
        return FALSE;
    value values[VALUES];
    values_of(market, &instrument, values);
    if (json)
        print_json(market, &instrument, values);
    else
        print_values(market, &instrument, values);
    for (int i = 0; i < VALUES; i++)
        g_free(values[i].text);
    return TRUE;
}

int command_instruments_show(int argc, char **argv)
{
    g_autofree char *asset_text = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"asset", 0, 0, G_OPTION_ARG_STRING, &asset_text, "equity, index, crypto or fx", "CLASS"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON", NULL},
        {NULL},
    };
    int exit_code = 0, asset;
    GError *error = NULL;
    if (!command_options(&argc, &argv, "SYMBOL", about, entries, &exit_code))
        return exit_code;
    if (argc != 2)
        return command_usage("instruments show", "give one symbol");
    if (!read_asset(asset_text, &asset, &error))
        return command_fail(error);
    g_autoptr(market) market = instruments_market(&exit_code);
    if (market == NULL)
        return exit_code;
    return show(argv[1], asset, json, market, &error) ? 0 : command_fail(error);
}
