/* The only writer of the cache: what a merge of bars and one of values have in common. Under the
 * series' lock:
 *
 *   1. the manifest says of each month that changes what it was and what it will be,
 *   2. each month file is replaced (temp file, sync, rename, sync of the folder),
 *   3. the manifest says what it is.
 *
 * A process that dies in between leaves months that are either; the next writer looks which, and
 * settles them before it goes on. */
#include "cache/cache-private.h"

#include "platform/log.h"

#include <string.h>

#define LOCK_WAIT_MS 10000

void month_change_clear(gpointer data)
{
    month_change *change = data;
    g_clear_pointer(&change->bytes, g_bytes_unref);
    g_clear_pointer(&change->foreign, g_bytes_unref);
}

/* ---- the start and the end ------------------------------------------------------------------ */

static gboolean check_provenance(const cache_provenance *provenance, GError **error)
{
    const char *provider = provenance->provider;
    if (provider == NULL || *provider == '\0' ||
        strlen(provider) >= sizeof(file_state){0}.provider || !g_str_is_ascii(provider)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "provider: expected 1 to 31 ASCII characters");
        return FALSE;
    }
    if (provenance->provider_symbol != NULL &&
        !cache_is_plain(provenance->provider_symbol, CACHE_PROVIDER_SYMBOL_SIZE)) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "provider's symbol: expected at most 63 bytes of plain text");
        return FALSE;
    }
    if (provenance->source_hash == NULL || strlen(provenance->source_hash) >= CACHE_SHA256_SIZE ||
        !g_str_is_ascii(provenance->source_hash)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "source hash: expected at most 64 hex digits");
        return FALSE;
    }
    if ((unsigned)provenance->adjustment >= CACHE_UNKNOWN) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "adjustment: expected raw, split or full");
        return FALSE;
    }
    return TRUE;
}

gboolean writer_init(series_writer *self, const cache *owner, const cache_key *key,
                     const cache_provenance *provenance, GError **error)
{
    if (!check_provenance(provenance, error))
        return FALSE;
    series_writer work = {.provenance = provenance, .files = {.cache = owner, .key = *key}};
    work.files.folder = layout_folder(owner, key, error);
    if (work.files.folder == NULL)
        return FALSE;
    work.changes = g_array_new(FALSE, TRUE, sizeof(month_change));
    g_array_set_clear_func(work.changes, month_change_clear);
    *self = work;
    return TRUE;
}

gboolean writer_lock(series_writer *self, GError **error)
{
    const cache *owner = self->files.cache;
    const cache_key key = self->files.key;
    g_autofree char *lock_path = g_build_filename(self->files.folder, ".lock", NULL);
    if (!layout_check_links(owner, self->files.folder, error))
        return FALSE;
    self->lock = files_lock_take(lock_path, LOCK_WAIT_MS, error);
    if (self->lock == NULL)
        return FALSE;
    files_remove_leftovers(self->files.folder);
    series_files opened = {0};
    if (!series_files_open(owner, &key, NULL, &opened, error))
        return FALSE;
    series_files_clear(&self->files);
    self->files = opened;
    return TRUE;
}

void writer_clear(series_writer *self)
{
    if (self->changes != NULL)
        g_array_unref(self->changes);
    series_files_clear(&self->files);
    files_lock_free(self->lock);
    *self = (series_writer){0};
}

/* ---- settling ------------------------------------------------------------------------------- */

/* What the file of a changing entry is now. A damaged one stays as it is, for whoever cures it. */
static gboolean settle_entry(series_writer *self, month_id id, GError **error)
{
    g_autoptr(GError) reason = NULL;
    month_file file = {0};
    const gboolean known = series_files_check(&self->files, id, &file, &reason);
    if (!known && g_error_matches(reason, FAILURE, FAILURE_BAD_DATA))
        return TRUE;
    if (!known) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    /* The rename may have been seen and not yet be on disk. */
    g_autofree char *folder = g_path_get_dirname(file.path);
    const gboolean ok = !files_exists(folder) || files_sync_folder(folder, error);
    if (ok && file.absent)
        manifest_remove(self->files.manifest, id);
    else if (ok)
        *manifest_find(self->files.manifest, id) = (manifest_entry){.id = id, .now = file.state};
    month_file_clear(&file);
    self->settled = TRUE;
    return ok;
}

gboolean writer_settle(series_writer *self, GError **error)
{
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(month_id));
    const GArray *entries = self->files.manifest->entries;
    for (guint i = 0; i < entries->len; i++)
        if (g_array_index(entries, manifest_entry, i).changing)
            g_array_append_val(ids, g_array_index(entries, manifest_entry, i).id);
    for (guint i = 0; i < ids->len; i++)
        if (!settle_entry(self, g_array_index(ids, month_id, i), error))
            return FALSE;
    return TRUE;
}

/* ---- one month ------------------------------------------------------------------------------ */

static gboolean covers(const month_span *rows, const file_state *state)
{
    return rows->count >= state->rows && rows->first_us <= state->first_us &&
           rows->last_us >= state->last_us;
}

/* The file cannot be read. Its rows may be replaced only by at least as many over the same span:
 * never less over more. */
static gboolean check_cover(const series_writer *self, const month_span *rows, const GError *damage,
                            month_change *change, GError **error)
{
    const manifest_entry *entry = manifest_find(self->files.manifest, change->id);
    if (entry == NULL) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s; it is not in manifest.json, so which rows it held is not known: move it "
                    "away, then import again",
                    damage->message);
        return FALSE;
    }
    const gboolean two = entry->changing && entry->had_before;
    const file_state *lost = two && entry->before.rows > entry->now.rows ? &entry->before
                                                                         : &entry->now;
    if (covers(rows, &entry->now) && (!two || covers(rows, &entry->before))) {
        change->damaged = TRUE;
        change->had_before = TRUE;
        change->before = *lost;
        return TRUE;
    }
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s; import all %" G_GSIZE_FORMAT
                " rows of that month again, from %s to %s (these are %" G_GSIZE_FORMAT " of them)",
                damage->message, lost->rows, qb_time_to_text(lost->first_us, first),
                qb_time_to_text(lost->last_us, last), rows->count);
    return FALSE;
}

gboolean writer_take_damage(const series_writer *self, const month_span *rows, GError *damage,
                            month_change *change, GError **error)
{
    g_autoptr(GError) reason = damage;
    if (g_error_matches(reason, FAILURE, FAILURE_BAD_DATA))
        return check_cover(self, rows, reason, change, error);
    g_propagate_error(error, g_steal_pointer(&reason));
    return FALSE;
}

void writer_add(series_writer *self, month_change *change, GBytes *bytes, const month_span *rows,
                gsize present)
{
    const cache_provenance *provenance = self->provenance;
    file_state *now = &change->now;
    change->bytes = bytes;
    now->bytes = (gint64)g_bytes_get_size(bytes);
    sha256_text(bytes, now->sha256);
    now->rows = rows->count;
    now->first_us = rows->first_us;
    now->last_us = rows->last_us;
    now->present = present;
    now->expected = cache_expected(&self->files.key, self->calendar, month_start_us(change->id),
                                   month_end_us(change->id));
    now->fetched_us = provenance->fetched_us;
    g_strlcpy(now->provider, provenance->provider, sizeof now->provider);
    if (provenance->provider_symbol != NULL)
        g_strlcpy(now->provider_symbol, provenance->provider_symbol, sizeof now->provider_symbol);
    g_strlcpy(now->source_sha256, provenance->source_hash, sizeof now->source_sha256);
    g_array_append_val(self->changes, *change);
    *change = (month_change){0}; /* the array owns it now */
}

void writer_count(series_writer *self, const cache_change *counts)
{
    self->change.added += counts->added;
    self->change.changed += counts->changed;
    self->change.unchanged += counts->unchanged;
}

/* ---- writing -------------------------------------------------------------------------------- */

char *writer_aside_name(const char *path, const char *kind)
{
    for (guint n = 1;; n++) {
        char *name = g_strdup_printf("%s.%s-%u", path, kind, n);
        if (!files_exists(name))
            return name;
        g_free(name);
    }
}

static gboolean move_damaged_aside(series_writer *self, const char *path, GError **error)
{
    if (!files_exists(path))
        return TRUE; /* lost altogether: nothing to keep */
    g_autofree char *aside = writer_aside_name(path, "damaged");
    if (!files_rename(path, aside, error))
        return FALSE;
    self->change.moved_aside++;
    log_event(LOG_WARNING, "cache", "damaged file kept as %s, its rows imported anew", aside);
    return TRUE;
}

static gboolean replace(const char *path, GBytes *bytes, GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    return files_replace(path, data, size, error);
}

static gboolean keep_foreign(const char *path, GBytes *bytes, GError **error)
{
    g_autofree char *aside = writer_aside_name(path, "foreign");
    log_event(LOG_INFO, "cache", "foreign file kept as %s", aside);
    return replace(aside, bytes, error);
}

static gboolean write_month(series_writer *self, const month_change *change, GError **error)
{
    g_autofree char *name = month_name(change->id);
    g_autofree char *path = g_build_filename(self->files.folder, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    files_remove_leftovers(folder);
    if (change->foreign != NULL && !keep_foreign(path, change->foreign, error))
        return FALSE;
    if (change->damaged && !move_damaged_aside(self, path, error))
        return FALSE;
    if (!replace(path, change->bytes, error))
        return FALSE;
    self->change.files_written++;
    return TRUE;
}

static gboolean save_manifest(series_writer *self, GError **error)
{
    manifest *listed = self->files.manifest;
    if (!listed->exists) {
        listed->exists = TRUE;
        listed->adjustment = self->provenance->adjustment;
        if (self->calendar != NULL)
            g_strlcpy(listed->calendar, qb_calendar_name(self->calendar), sizeof listed->calendar);
    }
    return manifest_save(listed, self->files.folder, &self->files.key, error);
}

static gboolean commit(series_writer *self, GError **error)
{
    manifest *listed = self->files.manifest;
    for (guint i = 0; i < self->changes->len; i++) {
        const month_change *change = &g_array_index(self->changes, month_change, i);
        *manifest_add(listed, change->id) = (manifest_entry){.id = change->id,
                                                             .changing = TRUE,
                                                             .had_before = change->had_before,
                                                             .now = change->now,
                                                             .before = change->before};
    }
    if (!save_manifest(self, error))
        return FALSE;
    for (guint i = 0; i < self->changes->len; i++)
        if (!write_month(self, &g_array_index(self->changes, month_change, i), error))
            return FALSE;
    for (guint i = 0; i < self->changes->len; i++) {
        const month_change *change = &g_array_index(self->changes, month_change, i);
        *manifest_find(listed, change->id) = (manifest_entry){.id = change->id, .now = change->now};
    }
    return save_manifest(self, error);
}

gboolean writer_commit(series_writer *self, GError **error)
{
    if (self->changes->len > 0)
        return commit(self, error);
    return !self->settled || save_manifest(self, error);
}
