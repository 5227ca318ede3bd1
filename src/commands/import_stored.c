/* Dividends and splits of stored bars. With --actions and no file of bars they are added to: only
 * the bars of the ex-dates are merged again, with the prices that they have. And a file of bars
 * that has no such columns leaves them as they are. */
#include "commands/import-private.h"
#include "platform/files.h"

#include <string.h>

/* ---- kept ----------------------------------------------------------------------------------- */

/* Where the file has no column of dividends the stored ones, and the same for splits. */
static gboolean keep_row(import_file *self, gsize row, const qb_bar *stored, gsize *kept,
                         GError **error)
{
    qb_bar bar = qb_series_bar(&self->series, row);
    if (self->report.dividend_column == NULL && stored->dividend != 0) {
        bar.dividend = stored->dividend;
        ++*kept;
    }
    if (self->report.split_column == NULL && stored->split_factor != 1) {
        bar.split_factor = stored->split_factor;
        ++*kept;
    }
    return import_set_action(&self->series, row, bar.dividend, bar.split_factor, error);
}

static gboolean keep_rows(import_file *self, const qb_series *stored, gsize *kept, GError **error)
{
    gsize row = 0;
    for (gsize i = 0; i < stored->count; i++) {
        const qb_bar bar = qb_series_bar(stored, i);
        if (bar.dividend == 0 && bar.split_factor == 1)
            continue;
        while (row < self->series.count && self->series.ts_us[row] < bar.ts_us)
            row++;
        if (row < self->series.count && self->series.ts_us[row] == bar.ts_us &&
            !keep_row(self, row, &bar, kept, error))
            return FALSE;
    }
    return TRUE;
}

/* What cannot be read cannot be kept; whether it can be replaced is for the merge to say. */
static gboolean read_kept(import_file *self, qb_series *out)
{
    cache_entry entry;
    g_autoptr(GError) error = NULL;
    cache *cache = self->market->cache;
    gint64 from_us = self->series.ts_us[0], to_us = self->series.ts_us[self->series.count - 1] + 1;
    if (cache_stat(cache, &self->key, &entry, &error) &&
        (entry.adjustment != CACHE_RAW ||
         cache_read(cache, &self->key, from_us, to_us, CACHE_OHLC | CACHE_ACTIONS, out, NULL,
                    &error)))
        return TRUE;
    if (!g_error_matches(error, FAILURE, FAILURE_MISSING))
        g_ptr_array_add(
            self->report.notes,
            g_strdup_printf("stored dividends and splits are not kept: %s", error->message));
    return FALSE;
}

gboolean import_keep_actions(import_file *self, GError **error)
{
    qb_series stored = {0};
    gsize kept = 0;
    if (self->adjustment != CACHE_RAW ||
        (self->report.dividend_column != NULL && self->report.split_column != NULL) ||
        !read_kept(self, &stored))
        return TRUE;
    gboolean good = keep_rows(self, &stored, &kept, error);
    qb_series_clear(&stored);
    g_autofree char *file = failure_path(self->path);
    if (kept > 0)
        g_ptr_array_add(self->report.notes,
                        g_strdup_printf("%s: %" G_GSIZE_FORMAT " stored dividends and splits stay: "
                                        "the file has no column of them",
                                        file, kept));
    return good;
}

/* ---- added ---------------------------------------------------------------------------------- */

static gboolean check_flags(const import_options *flags, GError **error)
{
    static const char why[] = "is for files of bars, and none is named";
    const char *flag = flags->derive_actions ? "--derive-actions"
                       : flags->map != NULL  ? "--map"
                       : flags->scale != 0   ? "--scale"
                                             : NULL;
    if (flag != NULL)
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s: %s", flag, why);
    else if (flags->symbol == NULL)
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--actions: no file of bars is named, so the stored bars are meant (expected "
                    "--symbol for which)");
    return flag == NULL && flags->symbol != NULL;
}

static gboolean read_stored(import_file *self, cache_entry *entry, GError **error)
{
    cache *cache = self->market->cache;
    if (!cache_stat(cache, &self->key, entry, error) ||
        !cache_read(cache, &self->key, G_MININT64, G_MAXINT64, CACHE_ALL & ~CACHE_QUOTES,
                    &self->series, NULL, error))
        return FALSE;
    self->bars.calendar = market_calendar(self->market, "calendar", entry->calendar, error);
    self->adjustment = entry->adjustment;
    if (self->bars.calendar != NULL && entry->adjustment == CACHE_UNKNOWN)
        g_set_error(
            error, FAILURE, FAILURE_BAD_DATA,
            "%s: no file says whether its prices are raw (expected bars that were imported)",
            self->key.symbol);
    return self->bars.calendar != NULL && entry->adjustment != CACHE_UNKNOWN;
}

/* The bars that an action of this import lies on; their quotes stay as they are stored. */
static gboolean keep_changed(import_file *self, GError **error)
{
    qb_series changed = {0};
    for (guint i = 0; self->actions != NULL && i < self->actions->len; i++) {
        const import_action *action = &g_array_index(self->actions, import_action, i);
        if (action->state == IMPORT_OUTSIDE ||
            (changed.count > 0 && changed.ts_us[changed.count - 1] >= action->ts_us))
            continue;
        qb_bar bar = qb_series_bar(&self->series,
                                   qb_series_lower_bound(&self->series, action->ts_us));
        if (qb_series_append(&changed, &bar) != QB_OK) {
            qb_series_clear(&changed);
            return failure_from_status(error, QB_NO_MEMORY, self->path);
        }
    }
    qb_series_clear(&self->series);
    self->series = changed;
    return TRUE;
}

/* Of all files, since the provenance has room for one. */
static char *hash_of(char **paths, GError **error)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (char **path = paths; *path != NULL; path++) {
        g_autoptr(GBytes) bytes = files_read(*path, CSV_FILE_LIMIT, error);
        if (bytes == NULL)
            return NULL;
        g_checksum_update(sum, g_bytes_get_data(bytes, NULL), (gssize)g_bytes_get_size(bytes));
    }
    return g_strdup(g_checksum_get_string(sum));
}

static gboolean find_actions(const import_options *flags, import_file *self, cache_entry *entry,
                             GError **error)
{
    if (!check_flags(flags, error) || !import_find_symbol(flags, self, error) ||
        !read_stored(self, entry, error) || !import_apply_actions(flags, self, error))
        return FALSE;
    self->source_hash = hash_of(flags->actions, error);
    return self->source_hash != NULL && keep_changed(self, error);
}

static gboolean store_actions(const import_options *flags, import_file *self,
                              const cache_entry *entry, GError **error)
{
    if (flags->dry_run || self->series.count == 0)
        return TRUE;
    import_options same_provider = *flags;
    if (flags->provider == NULL && strcmp(entry->provider, "foreign") != 0)
        same_provider.provider = (char *)entry->provider;
    return import_store(&same_provider, self, self->market->cache, error);
}

int import_stored(const import_options *flags, const import_file *common)
{
    import_file self = *common;
    cache_entry entry;
    GError *error = NULL;
    self.path = flags->actions[0];
    self.stored_bars = TRUE;
    self.report.notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) imports = g_array_new(FALSE, FALSE, sizeof(import_file));
    g_array_set_clear_func(imports, import_clear);
    gboolean good = find_actions(flags, &self, &entry, &error) &&
                    store_actions(flags, &self, &entry, &error);
    g_array_append_val(imports, self);
    if (!good)
        return command_fail(error);
    import_print(imports, flags);
    return 0;
}
