/* data compare: the two series that are meant, read. */
#include "commands/compare-private.h"
#include "commands/import-private.h"
#include "platform/files.h"
#include "providers/providers.h"

#include <string.h>

#define SHOWN 40

/* ---- what the options say ------------------------------------------------------------------- */

static gboolean usage(GError **error, const char *format, const char *value)
{
    g_autofree char *quoted = failure_quote(value, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, format, quoted);
    return FALSE;
}

static gboolean read_cause(const char *text, int *out, GError **error)
{
    *out = -1;
    if (text == NULL)
        return TRUE;
    for (int cause = 0; cause < QB_CAUSE_COUNT; cause++)
        if (g_ascii_strcasecmp(text, qb_cause_text((qb_cause)cause)) == 0) {
            *out = cause;
            return TRUE;
        }
    return usage(error, "--cause: %s is none (data compare --help lists them)", text);
}

static gboolean read_range(const compare_options *options, gint64 *out_from_us, gint64 *out_to_us,
                           GError **error)
{
    *out_from_us = INT64_MIN;
    *out_to_us = INT64_MAX;
    if ((options->start != NULL && !command_time("--start", options->start, out_from_us, error)) ||
        (options->end != NULL && !command_time("--end", options->end, out_to_us, error)))
        return FALSE;
    if (options->end != NULL)
        *out_to_us += strlen(options->end) == strlen("2020-01-31") ? QB_DAY_US : 1;
    if (*out_from_us < *out_to_us)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE, "--start: is after --end");
    return FALSE;
}

/* Exactly one other series. */
static gboolean check_ways(const compare_options *options, int count, GError **error)
{
    const int ways = (count == 2) + (options->file != NULL) + (options->with != NULL) +
                     (options->providers != NULL);
    if (ways == 1)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s (expected one of SYMBOL2, --file, --with and --providers)",
                ways == 0 ? "there is nothing to compare with"
                          : "there is too much to compare with");
    return FALSE;
}

static gboolean read_plain(const compare_options *options, compare_plan *plan, GError **error)
{
    const int standard = options->json ? 0 : SHOWN;
    const int limit = options->limit >= 0 ? options->limit : standard;
    plan->limit = limit > 0 ? (gsize)limit : G_MAXSIZE;
    plan->tolerance = options->tolerance / 100;
    if (!(plan->tolerance > 0 && plan->tolerance < 1)) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--tolerance: %g is out of range (expected per cent, above 0 and below 100)",
                    options->tolerance);
        return FALSE;
    }
    return read_cause(options->cause, &plan->cause, error);
}

/* ---- series of a cache ---------------------------------------------------------------------- */

typedef struct range {
    gint64 from_us, to_us;
} range;

static gboolean read_stored(cache *cache, const cache_key *key, const range *range,
                            compare_side *out, GError **error)
{
    cache_entry entry;
    if (!cache_stat(cache, key, &entry, error) ||
        !cache_read(cache, key, range->from_us, range->to_us, CACHE_OHLC | CACHE_VOLUME,
                    &out->series, NULL, error))
        return FALSE;
    out->name = data_key_text(key, FALSE);
    out->provider = g_strdup(entry.provider);
    out->adjustment = entry.adjustment;
    return TRUE;
}

static gboolean refuse_macro(const cache_key *key, GError **error)
{
    if (key->asset != QB_MACRO)
        return FALSE;
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "macro %s: holds values, not bars (expected a series of bars)", key->symbol);
    return TRUE;
}

static gboolean find_calendar(cache *from, compare_plan *plan, GError **error)
{
    cache_entry entry;
    if (!cache_stat(from, &plan->key, &entry, error))
        return FALSE;
    plan->first_us = entry.first_us;
    plan->calendar = qb_calendars_find(cache_calendars(from), entry.calendar);
    if (plan->calendar != NULL)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_CONFIG, "%s: its calendar %s is unknown", plan->key.symbol,
                entry.calendar);
    return FALSE;
}

static gboolean find_first(const compare_options *options, const char *symbol, compare_plan *plan,
                           GError **error)
{
    int asset, interval;
    return data_filter_read(options->asset, options->interval, &asset, &interval, error) &&
           market_find(plan->market, symbol, asset, interval, &plan->key, error) &&
           !refuse_macro(&plan->key, error) && find_calendar(plan->market->cache, plan, error);
}

static gboolean read_other_symbol(const compare_options *options, const char *symbol,
                                  const range *range, compare_plan *plan, GError **error)
{
    int asset, interval;
    cache_key key;
    if (!data_filter_read(options->asset2 != NULL ? options->asset2 : options->asset, NULL, &asset,
                          &interval, error) ||
        !market_find(plan->market, symbol, asset, (int)plan->key.interval, &key, error) ||
        refuse_macro(&key, error))
        return FALSE;
    if (key.asset == plan->key.asset && strcmp(key.symbol, plan->key.symbol) == 0) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s: is the same series twice", key.symbol);
        return FALSE;
    }
    return read_stored(plan->market->cache, &key, range, &plan->second, error);
}

static gboolean read_folder(const char *folder, const range *range, compare_plan *plan,
                            compare_side *out, GError **error)
{
    g_autoptr(cache) other = cache_new(folder, cache_calendars(plan->market->cache));
    if (read_stored(other, &plan->key, range, out, error))
        return TRUE;
    g_autofree char *name = failure_path(folder);
    g_prefix_error(error, "%s: ", name);
    return FALSE;
}

/* ---- providers ------------------------------------------------------------------------------ */

/* DATA/providers/NAME; caller frees. */
static char *provider_folder(const compare_plan *plan, const char *name)
{
    return g_build_filename(settings_data_dir(plan->settings), "providers", name, NULL);
}

/* With the command that fetches it, ready to be copied; where there can be none, why. */
static gboolean fail_not_stored(const compare_plan *plan, const char *name, GError **error)
{
    const cache_key *key = &plan->key;
    const provider *provider = providers_find(name);
    g_autofree char *folder = provider_folder(plan, name), *quoted = g_shell_quote(folder);
    char start[QB_TIME_TEXT];
    const char *interval = qb_interval_text(key->interval), *asset = qb_asset_text(key->asset);
    if (provider == NULL)
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "%s %s of %s is not stored (QUANTBOT_DATA_DIR=%s quantbot data import FILE "
                    "--asset %s --symbol %s --provider %s imports it)",
                    key->symbol, interval, name, quoted, asset, key->symbol, name);
    else if ((provider->assets & 1u << key->asset) == 0 ||
             (provider->intervals & 1u << key->interval) == 0)
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "%s %s of %s is not stored, and %s has no %s bars of that kind (%s)",
                    key->symbol, interval, name, provider->title, interval, asset);
    else
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "%s %s of %s is not stored (QUANTBOT_DATA_DIR=%s quantbot data %s --provider "
                    "%s --symbols %s --interval %s --start %s downloads it)",
                    key->symbol, interval, name, quoted,
                    key->asset == QB_CRYPTO ? "crypto" : "equities", name, key->symbol, interval,
                    qb_date_to_text(qb_date_from_us(plan->first_us), start));
    return FALSE;
}

/* Of that provider: the series of the data folder, else of its folder below. */
static gboolean read_provider(const char *name, const range *range, compare_plan *plan,
                              compare_side *out, GError **error)
{
    cache_entry entry;
    if (cache_stat(plan->market->cache, &plan->key, &entry, NULL) &&
        strcmp(entry.provider, name) == 0)
        return read_stored(plan->market->cache, &plan->key, range, out, error);
    g_autofree char *folder = provider_folder(plan, name);
    g_autoptr(GError) reason = NULL;
    if (read_folder(folder, range, plan, out, &reason))
        return TRUE;
    if (g_error_matches(reason, FAILURE, FAILURE_MISSING))
        return fail_not_stored(plan, name, error);
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}

static char **provider_names(const char *text, GError **error)
{
    g_auto(GStrv) names = g_strsplit(text, ",", -1);
    if (g_strv_length(names) != 2 || strcmp(names[0], names[1]) == 0) {
        usage(error, "--providers: %s (expected two, such as tiingo,polygon)", text);
        return NULL;
    }
    for (guint i = 0; names[i] != NULL; i++)
        if (!import_is_provider(names[i])) {
            usage(error, "--providers: %s (expected two, such as tiingo,polygon)", names[i]);
            return NULL;
        }
    return g_steal_pointer(&names);
}

/* A symbol that the data folder lacks may be in both providers' folders. */
static gboolean find_at_providers(const compare_options *options, const char *symbol,
                                  char *const *names, compare_plan *plan, GError **error)
{
    int asset, interval;
    if (!data_filter_read(options->asset, options->interval, &asset, &interval, error))
        return FALSE;
    for (guint i = 0; names[i] != NULL; i++) {
        g_autofree char *folder = provider_folder(plan, names[i]);
        g_autoptr(cache) other = cache_new(folder, cache_calendars(plan->market->cache));
        g_autoptr(GError) reason = NULL;
        if (cache_find(other, symbol, asset, interval, &plan->key, &reason))
            return !refuse_macro(&plan->key, error) && find_calendar(other, plan, error);
        if (!g_error_matches(reason, FAILURE, FAILURE_MISSING)) {
            g_propagate_error(error, g_steal_pointer(&reason));
            return FALSE;
        }
    }
    g_autofree char *quoted = failure_quote(symbol, -1);
    g_set_error(error, FAILURE, FAILURE_MISSING,
                "symbol: %s is stored of neither (quantbot data equities --provider %s --symbols "
                "%s downloads it of the first; of coins data crypto)",
                quoted, names[0], symbol);
    return FALSE;
}

static gboolean read_providers(const compare_options *options, const char *symbol,
                               const range *range, compare_plan *plan, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_auto(GStrv) names = provider_names(options->providers, error);
    if (names == NULL)
        return FALSE;
    if (!find_first(options, symbol, plan, &reason)) {
        if (!g_error_matches(reason, FAILURE, FAILURE_MISSING)) {
            g_propagate_error(error, g_steal_pointer(&reason));
            return FALSE;
        }
        if (!find_at_providers(options, symbol, names, plan, error))
            return FALSE;
    }
    return read_provider(names[0], range, plan, &plan->first, error) &&
           read_provider(names[1], range, plan, &plan->second, error);
}

/* ---- a file --------------------------------------------------------------------------------- */

static void cut(qb_series *series, const range *range)
{
    const gsize from = qb_series_lower_bound(series, range->from_us);
    const gsize to = qb_series_lower_bound(series, range->to_us);
    double **const columns[] = {&series->open, &series->high, &series->low, &series->close,
                                &series->volume};
    const gsize count = to - from;
    memmove(series->ts_us, series->ts_us + from, count * sizeof *series->ts_us);
    for (gsize i = 0; i < G_N_ELEMENTS(columns); i++)
        if (*columns[i] != NULL)
            memmove(*columns[i], *columns[i] + from, count * sizeof **columns[i]);
    series->count = count;
}

static gboolean read_file(const compare_options *options, const range *range, compare_plan *plan,
                          GError **error)
{
    const csv_bars_options bars = {
        .asset = plan->key.asset,
        .interval = plan->key.interval,
        .calendar = plan->calendar,
        .symbol = plan->key.symbol,
        .map = options->map,
        .zone = options->zone,
        .skip_bad = TRUE,
        .extended = TRUE, /* bars outside sessions are what is to be seen */
    };
    csv_bars_report report = {0};
    g_autoptr(GBytes) bytes = files_read(options->file, CSV_FILE_LIMIT, error);
    g_autoptr(GBytes) text = bytes != NULL ? csv_inflate(bytes, options->file, error) : NULL;
    if (text == NULL ||
        !csv_read_bars(text, options->file, &bars, &plan->second.series, &report, error))
        return FALSE;
    if (report.skipped_bad > 0) {
        g_autofree char *shown = failure_path(options->file);
        command_warn("%s: %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT
                     " rows hold no sound bar and are left out (data import --dry-run lists them)",
                     shown, report.skipped_bad, report.rows);
    }
    csv_bars_report_clear(&report);
    if (plan->second.series.count > 0)
        cut(&plan->second.series, range);
    plan->second.name = failure_path(options->file);
    plan->second.adjustment = CACHE_UNKNOWN;
    return TRUE;
}

/* ---- entry ---------------------------------------------------------------------------------- */

gboolean compare_read(const compare_options *options, int count, char **arguments,
                      compare_plan *plan, GError **error)
{
    range range;
    if (!check_ways(options, count, error) || !read_plain(options, plan, error) ||
        !read_range(options, &range.from_us, &range.to_us, error))
        return FALSE;
    if (options->providers != NULL)
        return read_providers(options, arguments[0], &range, plan, error);
    if (!find_first(options, arguments[0], plan, error) ||
        !read_stored(plan->market->cache, &plan->key, &range, &plan->first, error))
        return FALSE;
    if (options->file != NULL)
        return read_file(options, &range, plan, error);
    if (options->with != NULL)
        return read_folder(options->with, &range, plan, &plan->second, error);
    return read_other_symbol(options, arguments[1], &range, plan, error);
}
