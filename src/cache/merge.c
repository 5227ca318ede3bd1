/* Merging: the only writer of the cache. Under the series' lock:
 *
 *   1. the manifest says of each month that changes what it was and what it will be,
 *   2. each month file is replaced (temp file, sync, rename, sync of the folder),
 *   3. the manifest says what it is.
 *
 * A process that dies in between leaves months that are either; the next writer looks which, and
 * settles them before it goes on. */
#include "cache/cache-private.h"

#include "platform/files.h"
#include "platform/log.h"

#include <string.h>

#define LOCK_WAIT_MS 10000

/* All changes are made in memory, a third of the bars' own size at most, before the first is
 * written: so what is refused in one month writes none. */
typedef struct month_change {
    month_id id;
    GBytes *bytes;
    GBytes *foreign; /* a user's file with columns that are not ours: a copy is kept */
    file_state now, before;
    gboolean had_before, damaged;
} month_change;

static void month_change_clear(gpointer data)
{
    month_change *change = data;
    g_clear_pointer(&change->bytes, g_bytes_unref);
    g_clear_pointer(&change->foreign, g_bytes_unref);
}

typedef struct merge {
    series_files files;
    const qb_series *bars;
    const cache_provenance *provenance;
    const qb_calendar *calendar; /* the one that provenance names */
    cache_change change;
    GArray *changes;  /* of month_change */
    gboolean settled; /* the manifest in memory differs from the one on disk */
} merge;

/* ---- what may be merged --------------------------------------------------------------------- */

static gboolean check_provenance(const cache_provenance *provenance, GError **error)
{
    const char *provider = provenance->provider;
    if (provider == NULL || *provider == '\0' ||
        strlen(provider) >= sizeof(file_state){0}.provider || !g_str_is_ascii(provider)) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "provider: expected 1 to 31 ASCII characters");
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

static gboolean check_range(const qb_series *bars, const char *name, GError **error)
{
    if (bars->ts_us[0] >= CACHE_FIRST_US && bars->ts_us[bars->count - 1] < CACHE_END_US)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: stamps outside the years 1000 to 9999",
                name);
    return FALSE;
}

/* One series has one adjustment and one calendar. */
static gboolean check_facts(merge *self, GError **error)
{
    cache_adjustment adjustment;
    const qb_calendar *calendar;
    if (self->files.months->len == 0 && !self->files.manifest->exists)
        return TRUE;
    if (!series_files_facts(&self->files, &adjustment, &calendar, error))
        return FALSE;
    const char *name = layout_relative(self->files.cache, self->files.folder);
    if (adjustment != self->provenance->adjustment) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: adjustment: \"%s\" (expected \"%s\", as the stored bars are; one series "
                    "has one adjustment)",
                    name, cache_adjustment_text(self->provenance->adjustment),
                    cache_adjustment_text(adjustment));
        return FALSE;
    }
    if (calendar != self->calendar) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: calendar: \"%s\" (expected \"%s\", as the stored bars have; one series "
                    "has one calendar)",
                    name, self->provenance->calendar, qb_calendar_name(calendar));
        return FALSE;
    }
    return TRUE;
}

/* ---- settling ------------------------------------------------------------------------------- */

/* What the file of a changing entry is now. A damaged one stays as it is, for whoever cures it. */
static gboolean settle_entry(merge *self, month_id id, GError **error)
{
    g_autoptr(GError) reason = NULL;
    bars_builder stamps = {0};
    month_file file = {0};
    const gboolean known = series_files_read(&self->files, id, TRUE, &stamps, &file, &reason);
    bars_builder_clear(&stamps);
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

static gboolean settle(merge *self, GError **error)
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

/* ---- writing -------------------------------------------------------------------------------- */

/* The first name of PATH.KIND-1, -2, ... that is free; caller frees. */
static char *aside_name(const char *path, const char *kind)
{
    for (guint n = 1;; n++) {
        char *name = g_strdup_printf("%s.%s-%u", path, kind, n);
        if (!files_exists(name))
            return name;
        g_free(name);
    }
}

static gboolean move_damaged_aside(merge *self, const char *path, GError **error)
{
    if (!files_exists(path))
        return TRUE; /* lost altogether: nothing to keep */
    g_autofree char *aside = aside_name(path, "damaged");
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
    g_autofree char *aside = aside_name(path, "foreign");
    log_event(LOG_INFO, "cache", "foreign file with further columns kept as %s", aside);
    return replace(aside, bytes, error);
}

static gboolean write_month(merge *self, const month_change *change, GError **error)
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

static gboolean save_manifest(merge *self, GError **error)
{
    manifest *listed = self->files.manifest;
    if (!listed->exists) {
        listed->exists = TRUE;
        listed->adjustment = self->provenance->adjustment;
        g_strlcpy(listed->calendar, qb_calendar_name(self->calendar), sizeof listed->calendar);
    }
    return manifest_save(listed, self->files.folder, &self->files.key, error);
}

static gboolean commit(merge *self, GError **error)
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

/* ---- one month ------------------------------------------------------------------------------ */

static gboolean covers(const qb_series *bars, const file_state *state)
{
    return bars->count >= state->rows && bars->ts_us[0] <= state->first_us &&
           bars->ts_us[bars->count - 1] >= state->last_us;
}

/* The file cannot be read. Its rows may be replaced only by at least as many over the same span:
 * never less over more. */
static gboolean check_cover(const merge *self, month_id id, const qb_series *bars,
                            const GError *damage, month_change *change, GError **error)
{
    const manifest_entry *entry = manifest_find(self->files.manifest, id);
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
    if (covers(bars, &entry->now) && (!two || covers(bars, &entry->before))) {
        change->damaged = TRUE;
        change->had_before = TRUE;
        change->before = *lost;
        return TRUE;
    }
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s; import all %" G_GSIZE_FORMAT
                " rows of that month again, from %s to %s (these bars have %" G_GSIZE_FORMAT
                " of it)",
                damage->message, lost->rows, qb_time_to_text(lost->first_us, first),
                qb_time_to_text(lost->last_us, last), bars->count);
    return FALSE;
}

/* The stored rows of the month into earlier, and the state they have into change. */
static gboolean read_month(merge *self, month_id id, const qb_series *bars, bars_builder *earlier,
                           month_change *change, GError **error)
{
    g_autoptr(GError) damage = NULL;
    month_file file = {0};
    if (!series_files_read(&self->files, id, TRUE, earlier, &file, &damage)) {
        if (g_error_matches(damage, FAILURE, FAILURE_BAD_DATA))
            return check_cover(self, id, bars, damage, change, error);
        g_propagate_error(error, g_steal_pointer(&damage));
        return FALSE;
    }
    if (!file.absent) {
        change->had_before = TRUE;
        series_files_state(&self->files, &file, earlier, self->calendar, &change->before);
        if (!file.listed && month_has_other_columns(file.footer))
            change->foreign = g_bytes_ref(file.bytes);
    }
    month_file_clear(&file);
    return TRUE;
}

static void describe(const merge *self, const qb_series *bars, month_change *change)
{
    const cache_provenance *provenance = self->provenance;
    file_state *now = &change->now;
    now->bytes = (gint64)g_bytes_get_size(change->bytes);
    sha256_text(change->bytes, now->sha256);
    now->rows = bars->count;
    now->first_us = bars->ts_us[0];
    now->last_us = bars->ts_us[bars->count - 1];
    now->present = month_present(bars->ts_us, bars->count, self->calendar,
                                 self->files.key.interval);
    now->fetched_us = provenance->fetched_us;
    g_strlcpy(now->provider, provenance->provider, sizeof now->provider);
    g_strlcpy(now->source_sha256, provenance->source_hash, sizeof now->source_sha256);
}

static gboolean add_change(merge *self, const qb_series *merged, month_change *change,
                           GError **error)
{
    change->bytes = month_write(merged, &self->files.key, self->provenance, error);
    if (change->bytes == NULL)
        return FALSE;
    describe(self, merged, change);
    g_array_append_val(self->changes, *change);
    *change = (month_change){0}; /* the array owns it now */
    return TRUE;
}

static gboolean merge_month(merge *self, month_id id, const qb_series *bars, GError **error)
{
    bars_builder stored = {.columns = CACHE_ALL};
    qb_series earlier = {0}, merged = {0};
    month_change change = {.id = id};
    cache_change counts = {0};
    gboolean ok = read_month(self, id, bars, &stored, &change, error);
    bars_builder_finish(&stored, &earlier);
    ok = ok && series_merge(&earlier, bars, &merged, &counts, error);
    if (ok && counts.added + counts.changed > 0)
        ok = add_change(self, &merged, &change, error);
    if (ok) {
        self->change.added += counts.added;
        self->change.changed += counts.changed;
        self->change.unchanged += counts.unchanged;
    }
    month_change_clear(&change);
    qb_series_clear(&earlier);
    qb_series_clear(&merged);
    return ok;
}

/* ---- the merge ------------------------------------------------------------------------------ */

static gboolean merge_months(merge *self, GError **error)
{
    for (gsize start = 0; start < self->bars->count;) {
        const month_id id = month_of(self->bars->ts_us[start]);
        const gsize end = qb_series_lower_bound(self->bars, month_end_us(id));
        const qb_series slice = series_slice(self->bars, start, end - start);
        if (!merge_month(self, id, &slice, error))
            return FALSE;
        start = end;
    }
    if (self->changes->len > 0)
        return commit(self, error);
    return !self->settled || save_manifest(self, error);
}

static gboolean merge_locked(merge *self, const cache_key *key, GError **error)
{
    files_remove_leftovers(self->files.folder);
    const cache *owner = self->files.cache;
    series_files opened = {0};
    if (!series_files_open(owner, key, NULL, &opened, error))
        return FALSE;
    series_files_clear(&self->files);
    self->files = opened;
    return check_facts(self, error) && settle(self, error) && merge_months(self, error);
}

static gboolean merge_bars(merge *self, const cache *owner, const cache_key *key, GError **error)
{
    self->files.cache = owner;
    self->files.key = *key;
    self->files.folder = layout_folder(owner, key, error);
    if (self->files.folder == NULL)
        return FALSE;
    const char *name = layout_relative(owner, self->files.folder);
    g_autofree char *lock_path = g_build_filename(self->files.folder, ".lock", NULL);
    self->calendar = cache_calendar(owner, self->provenance->calendar, name, error);
    if (self->calendar == NULL ||
        !bars_check(self->bars, self->calendar, key->interval, name, error) ||
        !check_range(self->bars, name, error) ||
        !layout_check_links(owner, self->files.folder, error))
        return FALSE;
    g_autoptr(files_lock) lock = files_lock_take(lock_path, LOCK_WAIT_MS, error);
    return lock != NULL && merge_locked(self, key, error);
}

gboolean cache_merge(cache *self, const cache_key *key, const qb_series *bars,
                     const cache_provenance *provenance, cache_change *out_change, GError **error)
{
    if (!check_provenance(provenance, error))
        return FALSE;
    merge work = {.bars = bars, .provenance = provenance};
    work.changes = g_array_new(FALSE, TRUE, sizeof(month_change));
    g_array_set_clear_func(work.changes, month_change_clear);
    const gboolean ok = bars->count == 0 || merge_bars(&work, self, key, error);
    if (ok)
        *out_change = work.change;
    g_array_unref(work.changes);
    series_files_clear(&work.files);
    return ok;
}
