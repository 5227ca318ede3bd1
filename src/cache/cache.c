/* The room's front: keys, reading, and what is stored. */
#include "cache/cache-private.h"

#include "platform/files.h"

#include <string.h>

/* ---- the object ----------------------------------------------------------------------------- */

cache *cache_new(const char *data_dir, const qb_calendars *calendars)
{
    cache *self = g_new0(cache, 1);
    self->root = g_build_filename(data_dir, "cache", NULL);
    self->calendars = calendars;
    return self;
}

const qb_calendar *cache_calendar(const cache *self, const char *name, const char *where,
                                  GError **error)
{
    const qb_calendar *calendar = qb_calendars_find(self->calendars, name != NULL ? name : "");
    if (calendar != NULL)
        return calendar;
    g_autofree char *quoted = failure_quote(name != NULL ? name : "", -1);
    g_set_error(error, FAILURE, FAILURE_CONFIG,
                "%s: calendar: %s is unknown here (expected XNYS, 24/7, weekdays or a section "
                "[calendar NAME] of instruments.ini)",
                where, quoted);
    return NULL;
}

const qb_calendars *cache_calendars(const cache *self)
{
    return self->calendars;
}

const qb_calendar *cache_default_calendar(const cache *self, qb_asset asset)
{
    return qb_calendars_find(self->calendars, qb_calendar_name(qb_calendar_default(asset)));
}

void cache_free(cache *self)
{
    if (self == NULL)
        return;
    g_free(self->root);
    g_free(self);
}

static const char *const adjustments[] = {"raw", "split", "full", "unknown"};

const char *cache_adjustment_text(cache_adjustment adjustment)
{
    return adjustments[MIN((unsigned)adjustment, CACHE_UNKNOWN)];
}

gboolean cache_adjustment_from_text(const char *text, cache_adjustment *out)
{
    for (int i = 0; i < CACHE_UNKNOWN; i++) {
        if (g_ascii_strcasecmp(text, adjustments[i]) == 0) {
            *out = (cache_adjustment)i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean cache_fail_missing(const cache_key *key, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_MISSING,
                "%s %s %s is not in the cache (quantbot data list shows what is)",
                qb_asset_text(key->asset), key->symbol, qb_interval_text(key->interval));
    return FALSE;
}

gboolean cache_check_bars(const cache_key *key, GError **error)
{
    if (key->asset != QB_MACRO)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "macro %.*s: holds values with vintages (expected a series of bars)",
                QB_SYMBOL_SIZE - 1, key->symbol);
    return FALSE;
}

gboolean cache_check_values(const cache_key *key, GError **error)
{
    if (key->asset == QB_MACRO)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s %.*s: holds bars (expected a macro series of values)",
                (unsigned)key->asset < QB_ANY_ASSET_COUNT ? qb_asset_text(key->asset) : "series",
                QB_SYMBOL_SIZE - 1, key->symbol);
    return FALSE;
}

gsize cache_expected(const cache_key *key, const qb_calendar *calendar, gint64 from_us,
                     gint64 to_us)
{
    if (calendar == NULL || key->asset == QB_MACRO)
        return 0;
    return qb_expected_bars(calendar, key->interval, from_us, to_us);
}

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct range {
    gint64 from_us, to_us;
    GPtrArray *hashes; /* may be NULL */
} range;

/* Rows that the manifest promises in the range: the columns' first size. */
static gsize listed_rows(const series_files *files, const range *wanted)
{
    gsize rows = 0;
    for (guint i = 0; i < files->manifest->entries->len; i++) {
        const manifest_entry *entry = &g_array_index(files->manifest->entries, manifest_entry, i);
        if (entry->now.last_us >= wanted->from_us && entry->now.first_us < wanted->to_us)
            rows += entry->now.rows;
    }
    return MIN(rows, PARQUET_ROWS_LIMIT);
}

/* What nobody validated before it was stored is validated now, all of it. */
static gboolean check_foreign(series_files *files, const month_file *file, GError **error)
{
    cache_adjustment adjustment;
    const qb_calendar *calendar;
    bars_builder whole = {.columns = CACHE_ALL};
    qb_series bars = {0};
    g_autoptr(parquet_table) footer = NULL;
    gboolean ok = series_files_facts(files, &adjustment, &calendar, error) &&
                  month_read(files->reader, file->bytes, file->path, file->id, &whole, &footer,
                             error);
    bars_builder_finish(&whole, &bars);
    ok = ok && bars_check(&bars, calendar, files->key.interval, file->path, error);
    qb_series_clear(&bars);
    return ok;
}

static gboolean append_month(series_files *files, month_id id, const range *wanted,
                             bars_builder *into, GError **error)
{
    month_file file = {0};
    if (!series_files_read(files, id, wanted->hashes != NULL, into, &file, error))
        return FALSE;
    const gboolean ok = file.absent || file.listed || check_foreign(files, &file, error);
    if (ok && !file.absent) {
        bars_builder_trim(into, file.start, wanted->from_us, wanted->to_us);
        if (wanted->hashes != NULL && into->series.count > file.start)
            g_ptr_array_add(
                wanted->hashes,
                g_strdup_printf("%s %s", layout_relative(files->cache, file.path), file.sha256));
    }
    month_file_clear(&file);
    return ok;
}

static gboolean read_months(series_files *files, const range *wanted, bars_builder *into,
                            GError **error)
{
    if (!bars_builder_room(into, listed_rows(files, wanted), error))
        return FALSE;
    for (guint i = 0; i < files->months->len; i++) {
        const month_id id = g_array_index(files->months, month_id, i);
        if (month_end_us(id) <= wanted->from_us || month_start_us(id) >= wanted->to_us)
            continue;
        if (!append_month(files, id, wanted, into, error))
            return FALSE;
    }
    return TRUE;
}

gboolean cache_read(cache *self, const cache_key *key, gint64 from_us, gint64 to_us, guint columns,
                    qb_series *out_series, GPtrArray *out_hashes, GError **error)
{
    const range wanted = {from_us, to_us, out_hashes};
    const guint hashes_before = out_hashes != NULL ? out_hashes->len : 0;
    bars_builder bars = {.columns = columns};
    series_files files = {0};
    if (!cache_check_bars(key, error) || !series_files_open(self, key, NULL, &files, error))
        return FALSE;
    gboolean ok = files.months->len > 0 || cache_fail_missing(key, error);
    ok = ok && read_months(&files, &wanted, &bars, error);
    series_files_clear(&files);
    if (ok) {
        bars_builder_finish(&bars, out_series);
        return TRUE;
    }
    bars_builder_clear(&bars);
    if (out_hashes != NULL)
        g_ptr_array_set_size(out_hashes, (gint)hashes_before);
    return FALSE;
}

/* ---- finding -------------------------------------------------------------------------------- */

/* Does the series folder hold a month file, or a manifest that may miss some? Cheap: a command
 * that finds its series reads the manifest soon enough. */
static gboolean has_bars(const cache *self, const cache_key *key, gboolean *out, GError **error)
{
    g_autofree char *folder = layout_folder(self, key, error);
    if (folder == NULL)
        return FALSE;
    g_autofree char *listed = g_build_filename(folder, "manifest.json", NULL);
    *out = files_exists(listed);
    if (*out)
        return TRUE;
    g_autoptr(GArray) months = layout_months(folder, NULL, error);
    *out = months != NULL && months->len > 0;
    return months != NULL;
}

GArray *cache_keys(cache *self, GError **error)
{
    g_autoptr(GArray) folders = layout_keys(self, error);
    g_autoptr(GArray) keys = g_array_new(FALSE, TRUE, sizeof(cache_key));
    for (guint i = 0; folders != NULL && i < folders->len; i++) {
        const cache_key key = g_array_index(folders, cache_key, i);
        gboolean there = FALSE;
        if (!has_bars(self, &key, &there, error))
            return NULL;
        if (there)
            g_array_append_val(keys, key);
    }
    return folders != NULL ? g_steal_pointer(&keys) : NULL;
}

static gboolean find_in_asset(cache *self, const char *typed, qb_asset asset, int interval,
                              GArray *found, GError **error)
{
    char symbol[QB_SYMBOL_SIZE];
    if (qb_symbol_normalise(typed, asset, symbol) != QB_OK)
        return TRUE;
    g_autoptr(GArray) keys = layout_intervals(self, asset, symbol, error);
    if (keys == NULL)
        return FALSE;
    for (guint i = 0; i < keys->len; i++) {
        const cache_key key = g_array_index(keys, cache_key, i);
        gboolean there = FALSE;
        if (interval >= 0 && (int)key.interval != interval)
            continue;
        if (!has_bars(self, &key, &there, error))
            return FALSE;
        if (there)
            g_array_append_val(found, key);
    }
    return TRUE;
}

static gboolean fail_several(const char *typed, const GArray *found, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++) {
        const cache_key *key = &g_array_index(found, cache_key, i);
        g_string_append_printf(names, "%s%s %s %s", i > 0 ? ", " : "", qb_asset_text(key->asset),
                               key->symbol, qb_interval_text(key->interval));
    }
    g_autofree char *quoted = failure_quote(typed, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "symbol: %s could be %s (say which with --asset and --interval)", quoted,
                names->str);
    return FALSE;
}

/* Bars that are not there can be made where finer ones are. */
static gboolean fail_not_found(cache *self, const char *symbol, int asset, int interval,
                               GError **error)
{
    g_autoptr(GArray) stored = g_array_new(FALSE, TRUE, sizeof(cache_key));
    g_autofree char *quoted = failure_quote(symbol, -1);
    for (int i = 0; interval >= 0 && i < QB_ASSET_COUNT; i++)
        if ((asset < 0 || i == asset) &&
            !find_in_asset(self, symbol, (qb_asset)i, -1, stored, error))
            return FALSE;
    if (stored->len > 0 && (int)g_array_index(stored, cache_key, 0).interval < interval) {
        const cache_key *finest = &g_array_index(stored, cache_key, 0);
        const char *wanted = qb_interval_text((qb_interval)interval);
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "symbol: %s %s is not in the cache; it can be made of the %s bars that are: "
                    "quantbot data resample %s --from %s --to %s",
                    quoted, wanted, qb_interval_text(finest->interval), finest->symbol,
                    qb_interval_text(finest->interval), wanted);
        return FALSE;
    }
    g_set_error(error, FAILURE, FAILURE_MISSING,
                "symbol: %s%s%s is not in the cache (quantbot data list shows what is)", quoted,
                interval >= 0 ? " " : "",
                interval >= 0 ? qb_interval_text((qb_interval)interval) : "");
    return FALSE;
}

gboolean cache_find(cache *self, const char *symbol, int asset, int interval, cache_key *out,
                    GError **error)
{
    g_autoptr(GArray) found = g_array_new(FALSE, TRUE, sizeof(cache_key));
    for (int i = 0; i < QB_ANY_ASSET_COUNT; i++) {
        /* A macro series may bear the name of a share: it is meant where nothing else is. */
        const gboolean meant = asset < 0 ? i != QB_MACRO || found->len == 0 : i == asset;
        if (meant && !find_in_asset(self, symbol, (qb_asset)i, interval, found, error))
            return FALSE;
    }
    if (found->len > 1)
        return fail_several(symbol, found, error);
    if (found->len == 1) {
        *out = g_array_index(found, cache_key, 0);
        return TRUE;
    }
    return fail_not_found(self, symbol, asset, interval, error);
}
