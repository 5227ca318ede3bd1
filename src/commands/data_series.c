/* What the data commands share: which stored series are meant, and how coverage is written. */
#include "commands/data-private.h"

#include <math.h>
#include <string.h>

gboolean data_filter_read(const char *asset_text, const char *interval_text, int *out_asset,
                          int *out_interval, GError **error)
{
    qb_asset asset;
    qb_interval interval;
    *out_asset = *out_interval = -1;
    if (asset_text != NULL) {
        if (g_ascii_strcasecmp(asset_text, qb_asset_text(QB_MACRO)) == 0) {
            asset = QB_MACRO;
        } else if (qb_asset_from_text(asset_text, &asset) != QB_OK) {
            g_autofree char *quoted = failure_quote(asset_text, -1);
            g_set_error(error, FAILURE, FAILURE_USAGE,
                        "--asset: %s (expected equity, index, crypto, fx or macro)", quoted);
            return FALSE;
        }
        *out_asset = (int)asset;
    }
    if (interval_text != NULL) {
        if (qb_interval_from_text(interval_text, &interval) != QB_OK &&
            qb_macro_interval_from_text(interval_text, &interval) != QB_OK) {
            g_autofree char *quoted = failure_quote(interval_text, -1);
            g_set_error(error, FAILURE, FAILURE_USAGE,
                        "--interval: %s (expected 1m 5m 15m 30m 1h 4h 1d or 1w; of macro series "
                        "1d 1w 1mo 1q or 1y)",
                        quoted);
            return FALSE;
        }
        *out_interval = (int)interval;
    }
    return TRUE;
}

static gboolean is_meant(const market *market, const cache_key *key, const char *typed, int asset,
                         int interval)
{
    if ((asset >= 0 && (int)key->asset != asset) ||
        (interval >= 0 && (int)key->interval != interval))
        return FALSE;
    return typed == NULL || market_means(market, typed, key);
}

static gboolean contains(const GArray *keys, const cache_key *key)
{
    for (guint i = 0; i < keys->len; i++) {
        const cache_key *other = &g_array_index(keys, cache_key, i);
        if (other->asset == key->asset && other->interval == key->interval &&
            strcmp(other->symbol, key->symbol) == 0)
            return TRUE;
    }
    return FALSE;
}

/* Adds the series that one typed symbol means; none is an error. */
static gboolean add_symbol(const market *market, const GArray *stored, const char *typed, int asset,
                           int interval, GArray *keys, GError **error)
{
    gboolean any = FALSE;
    for (guint i = 0; i < stored->len; i++) {
        const cache_key *key = &g_array_index(stored, cache_key, i);
        if (!is_meant(market, key, typed, asset, interval))
            continue;
        any = TRUE;
        if (!contains(keys, key))
            g_array_append_val(keys, *key);
    }
    if (any)
        return TRUE;
    g_autofree char *quoted = failure_quote(typed, -1);
    g_set_error(error, FAILURE, FAILURE_MISSING,
                "symbol: %s%s is not in the cache (quantbot data list shows what is)", quoted,
                asset >= 0 || interval >= 0 ? " of that asset and interval" : "");
    return FALSE;
}

static gboolean add_argument(const market *market, const GArray *stored, const char *argument,
                             int asset, int interval, GArray *keys, GError **error)
{
    g_auto(GStrv) symbols = command_symbols(argument, error);
    for (char **symbol = symbols; symbols != NULL && *symbol != NULL; symbol++)
        if (!add_symbol(market, stored, *symbol, asset, interval, keys, error))
            return FALSE;
    return symbols != NULL;
}

static GArray *find_series(const market *market, gboolean folders, char **arguments,
                           const char *asset_text, const char *interval_text, GError **error)
{
    int asset, interval;
    if (!data_filter_read(asset_text, interval_text, &asset, &interval, error))
        return NULL;
    g_autoptr(GArray) stored = folders ? cache_folders(market->cache, error)
                                       : cache_keys(market->cache, error);
    if (stored == NULL)
        return NULL;
    g_autoptr(GArray) keys = g_array_new(FALSE, TRUE, sizeof(cache_key));
    for (char **argument = arguments; *argument != NULL; argument++)
        if (!add_argument(market, stored, *argument, asset, interval, keys, error))
            return NULL;
    for (guint i = 0; *arguments == NULL && i < stored->len; i++) {
        const cache_key *key = &g_array_index(stored, cache_key, i);
        if (is_meant(market, key, NULL, asset, interval))
            g_array_append_val(keys, *key);
    }
    return g_steal_pointer(&keys);
}

gboolean data_query_read(int argc, char **argv, const char *about, data_query *out_query,
                         int *out_exit)
{
    return data_query_read_more(argc, argv, about, NULL, out_query, out_exit);
}

gboolean data_query_read_more(int argc, char **argv, const char *about, const GOptionEntry *more,
                              data_query *out_query, int *out_exit)
{
    g_autofree char *asset = NULL, *interval = NULL;
    const GOptionEntry common[] = {
        {"asset", 0, 0, G_OPTION_ARG_STRING, &asset, "Only this class", "CLASS"},
        {"interval", 0, 0, G_OPTION_ARG_STRING, &interval, "Only this interval", "INTERVAL"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &out_query->json, "Print JSON", NULL},
    };
    g_autoptr(GArray) entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    g_array_append_vals(entries, common, G_N_ELEMENTS(common));
    for (; more != NULL && more->long_name != NULL; more++)
        g_array_append_val(entries, *more);
    if (!command_options(&argc, &argv, "[SYMBOL...]", about, (const GOptionEntry *)entries->data,
                         out_exit))
        return FALSE;
    out_query->settings = command_settings(out_exit);
    if (out_query->settings == NULL)
        return FALSE;
    GError *error = NULL;
    out_query->all = argv[1] == NULL;
    out_query->market = market_open(out_query->settings, &error);
    if (out_query->market != NULL) {
        out_query->cache = out_query->market->cache;
        out_query->keys = find_series(out_query->market, out_query->folders, argv + 1, asset,
                                      interval, &error);
    }
    if (out_query->keys == NULL)
        *out_exit = command_fail(error);
    return out_query->keys != NULL;
}

void data_query_clear(data_query *query)
{
    g_clear_pointer(&query->keys, g_array_unref);
    g_clear_pointer(&query->market, market_free);
    g_clear_pointer(&query->settings, settings_free);
}

gboolean data_query_bars_only(data_query *query, int *out_exit)
{
    for (guint i = query->keys->len; i-- > 0;) {
        const cache_key key = g_array_index(query->keys, cache_key, i);
        if (key.asset != QB_MACRO)
            continue;
        if (!query->all) {
            *out_exit = command_fail(
                g_error_new(FAILURE, FAILURE_USAGE,
                            "macro %s: holds values without a calendar (expected a series of bars)",
                            key.symbol));
            return FALSE;
        }
        g_array_remove_index(query->keys, i);
    }
    return TRUE;
}

/* ---- words ---------------------------------------------------------------------------------- */

char *data_key_text(const cache_key *key, gboolean asset)
{
    return g_strdup_printf("%s%s%s %s", asset ? qb_asset_text(key->asset) : "", asset ? " " : "",
                           key->symbol, qb_interval_text(key->interval));
}

char *data_stamp_text(gint64 ts_us, qb_interval interval)
{
    char text[QB_TIME_TEXT];
    if (interval >= QB_1D)
        return g_strdup(qb_date_to_text(qb_date_from_us(ts_us), text));
    qb_time_to_text(ts_us, text); /* 2020-01-31T14:30:00Z */
    text[strlen("2020-01-31")] = ' ';
    text[strlen("2020-01-31 14:30")] = '\0';
    return g_strdup(text);
}

char *data_bytes_text(gsize bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    double value = (double)bytes;
    gsize unit = 0;
    while (value >= 999.95 && unit + 1 < G_N_ELEMENTS(units)) {
        value /= 1000;
        unit++;
    }
    return g_strdup_printf(unit > 0 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

/* ---- coverage ------------------------------------------------------------------------------- */

char *data_coverage_text(gsize present, gsize expected)
{
    if (expected == 0)
        return g_strdup("-");
    /* Rounded down: 100 % is said of nothing that misses a bar. */
    const double tenths = floor((double)present * 1000.0 / (double)expected);
    return g_strdup_printf("%.1f %%", tenths / 10.0);
}

json_t *data_coverage_json(gsize present, gsize expected)
{
    if (expected == 0)
        return json_null();
    return json_real(floor((double)present * 1e6 / (double)expected) / 1e6);
}

report_tone data_coverage_tone(gsize present, gsize expected)
{
    if (expected == 0)
        return REPORT_DIM;
    if (present == expected)
        return REPORT_GOOD;
    return (double)present < 0.9 * (double)expected ? REPORT_BAD : REPORT_PLAIN;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

json_t *data_time_json(gint64 ts_us)
{
    char text[QB_TIME_TEXT];
    return json_string(qb_time_to_text(ts_us, text));
}

json_t *data_key_json(const cache_key *key)
{
    return json_pack("{s:s, s:s, s:s}", "asset", qb_asset_text(key->asset), "symbol", key->symbol,
                     "interval", qb_interval_text(key->interval));
}

json_t *data_lines_json(const GPtrArray *lines)
{
    json_t *array = json_array();
    for (guint i = 0; i < lines->len; i++)
        json_array_append_new(array, json_string(g_ptr_array_index(lines, i)));
    return array;
}

void data_print_json(const json_t *root)
{
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    putchar('\n');
}
