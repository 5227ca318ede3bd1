/* Where a series' bars come from: a source, or finer bars of this cache. The two are not mixed: a
 * bar that a source gave and one that was made from minutes differ in what they leave out, and
 * nobody could tell them apart afterwards. */
#include "cache/cache-private.h"

#include "platform/files.h"

#include <string.h>

#define LOCK_WAIT_MS 10000
#define MADE_PREFIX "resampled-"

void cache_made_provider(qb_interval from, char out[32])
{
    g_snprintf(out, 32, MADE_PREFIX "%s", qb_interval_text(from));
}

gboolean cache_is_made(const char *provider)
{
    return g_str_has_prefix(provider, MADE_PREFIX);
}

/* Two sources may be merged, and bars made from one interval with their like. */
static gboolean fit(const char *stored, const char *provider)
{
    return strcmp(stored, provider) == 0 || (!cache_is_made(stored) && !cache_is_made(provider));
}

/* The first provider in the series that does not go with this one, or NULL. */
static const char *other_origin(const series_files *files, const char *provider)
{
    const manifest *listed = files->manifest;
    for (guint i = 0; i < listed->entries->len; i++) {
        const manifest_entry *entry = &g_array_index(listed->entries, manifest_entry, i);
        if (!fit(entry->now.provider, provider))
            return entry->now.provider;
        if (entry->changing && entry->had_before && !fit(entry->before.provider, provider))
            return entry->before.provider;
    }
    for (guint i = 0; cache_is_made(provider) && i < files->months->len; i++)
        if (manifest_find(files->manifest, g_array_index(files->months, month_id, i)) == NULL)
            return "foreign";
    return NULL;
}

gboolean series_files_check_origin(const series_files *files, const char *provider, GError **error)
{
    const char *stored = other_origin(files, provider);
    if (stored == NULL)
        return TRUE;
    g_set_error(
        error, FAILURE, FAILURE_BAD_DATA,
        "%s: holds bars of %s, and bars of %s are not mixed with them: what a source gave and "
        "what was made from finer bars differ in what they leave out (data resample has "
        "--replace; for others, move that folder away first)",
        layout_relative(files->cache, files->folder), stored, provider);
    return FALSE;
}

gboolean cache_check_origin(cache *self, const cache_key *key, const char *provider, GError **error)
{
    series_files files = {0};
    if (!series_files_open(self, key, NULL, &files, error))
        return FALSE;
    const gboolean ok = series_files_check_origin(&files, provider, error);
    series_files_clear(&files);
    return ok;
}

/* ---- the provider's own name ---------------------------------------------------------------- */

static void newest_name(const manifest *listed, const char *provider,
                        char out[CACHE_PROVIDER_SYMBOL_SIZE])
{
    const file_state *newest = NULL;
    for (guint i = 0; i < listed->entries->len; i++) {
        const file_state *state = &g_array_index(listed->entries, manifest_entry, i).now;
        if (strcmp(state->provider, provider) == 0 && *state->provider_symbol != '\0' &&
            (newest == NULL || state->fetched_us >= newest->fetched_us))
            newest = state;
    }
    g_strlcpy(out, newest != NULL ? newest->provider_symbol : "", CACHE_PROVIDER_SYMBOL_SIZE);
}

static gboolean name_of_series(const cache *self, const cache_key *key, const char *provider,
                               char out[CACHE_PROVIDER_SYMBOL_SIZE], GError **error)
{
    g_autofree char *folder = layout_folder(self, key, error);
    if (folder == NULL || !layout_check_links(self, folder, error))
        return FALSE;
    g_autoptr(manifest) listed = manifest_load(folder, key, error);
    if (listed == NULL)
        return FALSE;
    newest_name(listed, provider, out);
    return TRUE;
}

gboolean cache_provider_symbol(cache *self, const cache_key *key, const char *provider,
                               char out[CACHE_PROVIDER_SYMBOL_SIZE], GError **error)
{
    if (!name_of_series(self, key, provider, out, error))
        return FALSE;
    if (*out != '\0')
        return TRUE;
    g_autoptr(GArray) others = layout_intervals(self, key->asset, key->symbol, error);
    if (others == NULL)
        return FALSE;
    for (guint i = 0; i < others->len && *out == '\0'; i++)
        if (!name_of_series(self, &g_array_index(others, cache_key, i), provider, out, error))
            return FALSE;
    return TRUE;
}

/* ---- setting aside -------------------------------------------------------------------------- */

static char *free_name(const char *folder)
{
    for (guint n = 1;; n++) {
        char *name = g_strdup_printf("%s.replaced-%u", folder, n);
        if (!files_exists(name))
            return name;
        g_free(name);
    }
}

gboolean cache_set_aside(cache *self, const cache_key *key, char **out_aside, GError **error)
{
    g_autofree char *folder = layout_folder(self, key, error);
    if (folder == NULL || !layout_check_links(self, folder, error))
        return FALSE;
    g_autofree char *lock_path = g_build_filename(folder, ".lock", NULL);
    g_autoptr(files_lock) lock = files_lock_take(lock_path, LOCK_WAIT_MS, error);
    if (lock == NULL)
        return FALSE;
    g_auto(GStrv) names = files_list(folder, error);
    if (names == NULL)
        return FALSE;
    if (*names == NULL) {
        *out_aside = NULL;
        return TRUE;
    }
    /* One rename: whoever looks sees all of the series or none. The lock goes with it, and a writer
     * that waits for it takes the one of the next folder of that name. */
    g_autofree char *aside = free_name(folder);
    if (!files_rename(folder, aside, error))
        return FALSE;
    *out_aside = g_strdup(layout_relative(self, aside));
    return TRUE;
}
