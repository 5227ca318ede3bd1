/* instruments list: what is known of each instrument. In: instruments.ini and the cache. Out: a
 * table, or JSON. */
#include "commands/instruments-private.h"

#include <string.h>

static const char about[] =
    "Shows every instrument of instruments.ini and of the cache with what a run takes it to be:\n"
    "currency, calendar, lot, tick and the rest. QUANTBOT_INSTRUMENTS names the file;\n"
    "docs/INSTRUMENTS.md says what may stand in it.\n"
    "\n"
    "Examples:\n"
    "  quantbot instruments list\n"
    "  quantbot instruments list --json\n";

/* ---- what the instruments commands share ---------------------------------------------------- */

market *instruments_market(int *out_exit)
{
    g_autoptr(settings) settings = command_settings(out_exit);
    if (settings == NULL)
        return NULL;
    GError *error = NULL;
    market *market = market_open(settings, &error);
    if (market == NULL)
        *out_exit = command_fail(error);
    return market;
}

/* The one of that name and class; *index leads from "CLASS SYMBOL" to its place and one more. */
static known_instrument *known_item(GArray *known, GHashTable *index, const char *symbol,
                                    qb_asset asset)
{
    g_autofree char *name = g_strdup_printf("%d %s", (int)asset, symbol);
    const guint place = GPOINTER_TO_UINT(g_hash_table_lookup(index, name));
    if (place > 0)
        return &g_array_index(known, known_instrument, place - 1);
    known_instrument item = {.asset = asset};
    g_strlcpy(item.symbol, symbol, sizeof item.symbol);
    g_array_append_val(known, item);
    g_hash_table_insert(index, g_steal_pointer(&name), GUINT_TO_POINTER(known->len));
    return &g_array_index(known, known_instrument, known->len - 1);
}

GArray *instruments_known(const market *market, GError **error)
{
    g_autoptr(GArray) keys = cache_keys(market->cache, error);
    if (keys == NULL)
        return NULL;
    GArray *known = g_array_new(FALSE, FALSE, sizeof(known_instrument));
    g_autoptr(GHashTable) index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const GPtrArray *symbols = instruments_symbols(market->instruments);
    for (guint i = 0; i < symbols->len; i++) {
        const char *symbol = g_ptr_array_index(symbols, i);
        known_item(known, index, symbol, instruments_asset(market->instruments, symbol))->in_file =
            TRUE;
    }
    for (guint i = 0; i < keys->len; i++) {
        const cache_key *key = &g_array_index(keys, cache_key, i);
        if (key->asset >= QB_ASSET_COUNT)
            continue;
        known_instrument *item = known_item(known, index, key->symbol, key->asset);
        item->in_cache = TRUE;
        if (item->intervals[0] != '\0')
            g_strlcat(item->intervals, " ", sizeof item->intervals);
        g_strlcat(item->intervals, qb_interval_text(key->interval), sizeof item->intervals);
    }
    return known;
}

char *instruments_tick_text(qb_price tick)
{
    char text[QB_RAW_TEXT];
    return g_strdup(tick.raw == 0 ? "none" : qb_raw_to_text(tick.raw, text));
}

/* ---- the list ------------------------------------------------------------------------------- */

static void add_row(report_table *table, const market *market, const known_instrument *item,
                    const qb_instrument *instrument)
{
    char lot[QB_RAW_TEXT], multiplier[QB_RAW_TEXT];
    g_autofree char *tick = instruments_tick_text(instrument->tick);
    g_autofree char *decimals = g_strdup_printf("%d", instrument->price_decimals);
    const char *const cells[] = {
        instrument->symbol,
        qb_asset_text(instrument->asset),
        instrument->currency,
        qb_calendar_name(instrument->calendar),
        qb_raw_to_text(instrument->lot.raw, lot),
        tick,
        decimals,
        qb_raw_to_text(instrument->multiplier.raw, multiplier),
        instrument->sector,
        instruments_aliases(market->instruments, item->symbol),
        item->in_file ? "yes" : "no",
        item->intervals,
    };
    report_table_row(table, cells);
    report_table_tone(table, 0, REPORT_STRONG);
}

static report_table *new_table(void)
{
    report_table *table = report_table_new(NULL);
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "asset", REPORT_LEFT, 0);
    report_table_column(table, "money", REPORT_LEFT, 0);
    report_table_column(table, "calendar", REPORT_LEFT, 0);
    report_table_column(table, "lot", REPORT_RIGHT, 0);
    report_table_column(table, "tick", REPORT_RIGHT, 1);
    report_table_column(table, "digits", REPORT_RIGHT, 4);
    report_table_column(table, "multiplier", REPORT_RIGHT, 6);
    report_table_column(table, "sector", REPORT_LEFT, 3);
    report_table_column(table, "aliases", REPORT_LEFT, 3);
    report_table_column(table, "in file", REPORT_LEFT, 5);
    report_table_column(table, "in cache", REPORT_LEFT, 2);
    return table;
}

static json_t *item_json(const market *market, const known_instrument *item,
                         const qb_instrument *instrument)
{
    char lot[QB_RAW_TEXT], multiplier[QB_RAW_TEXT], tick[QB_RAW_TEXT], since[QB_TIME_TEXT];
    const gboolean always = instrument->since <= -QB_CALENDAR_DAYS;
    const char *aliases = instruments_aliases(market->instruments, item->symbol);
    json_t *list = json_array();
    g_auto(GStrv) names = g_strsplit(aliases != NULL ? aliases : "", ", ", -1);
    for (char **name = names; *name != NULL; name++)
        json_array_append_new(list, json_string(*name));
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:i, s:s, s:s?, s:s?, s:o, s:b, s:b}",
                     "symbol", instrument->symbol, "asset", qb_asset_text(instrument->asset),
                     "currency", instrument->currency, "calendar",
                     qb_calendar_name(instrument->calendar), "lot",
                     qb_raw_to_text(instrument->lot.raw, lot), "tick",
                     instrument->tick.raw > 0 ? qb_raw_to_text(instrument->tick.raw, tick) : NULL,
                     "price_decimals", instrument->price_decimals, "multiplier",
                     qb_raw_to_text(instrument->multiplier.raw, multiplier), "sector",
                     *instrument->sector != '\0' ? instrument->sector : NULL, "since",
                     always ? NULL : qb_date_to_text(instrument->since, since), "aliases", list,
                     "in_file", item->in_file, "in_cache", item->in_cache);
}

static void print_end(const market *market)
{
    const char *file = instruments_file(market->instruments);
    if (file != NULL)
        printf("File: %s\n", file);
    else
        printf("No instruments.ini here: built-in defaults (docs/INSTRUMENTS.md).\n");
}

int command_instruments_list(int argc, char **argv)
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
        return command_usage("instruments list", "unexpected \"%s\"", argv[1]);
    g_autoptr(market) market = instruments_market(&exit_code);
    if (market == NULL)
        return exit_code;
    GError *error = NULL;
    g_autoptr(GArray) known = instruments_known(market, &error);
    if (known == NULL)
        return command_fail(error);
    json_auto_t *list = json_array();
    g_autoptr(report_table) table = new_table();
    for (guint i = 0; i < known->len; i++) {
        const known_instrument *item = &g_array_index(known, known_instrument, i);
        qb_instrument instrument;
        if (!instruments_get(market->instruments, item->symbol, item->asset, QB_1D, &instrument,
                             &error)) {
            exit_code = command_fail(g_steal_pointer(&error));
            continue;
        }
        json_array_append_new(list, item_json(market, item, &instrument));
        add_row(table, market, item, &instrument);
    }
    const report_style style = report_style_of(1);
    if (json) {
        data_print_json(list);
        return exit_code;
    }
    if (json_array_size(list) > 0)
        report_table_print(table, &style, stdout);
    print_end(market);
    return exit_code;
}
