/* Putting right what cannot lose information. Everything is planned from the files as they are,
 * then done in an order in which a crash leaves nothing worse: the ledger's words, the files that
 * go aside, the month files that are rewritten, the manifest. A run that was cut off is simply run
 * again. */
#include "cache/fix-private.h"

#include "platform/log.h"

#include <string.h>

#define WHO "verify" /* in the gap ledger */

void cache_repair_free(cache_repair *self)
{
    if (self == NULL)
        return;
    g_free(self->file);
    g_free(self->text);
    g_free(self);
}

/* ---- what was done -------------------------------------------------------------------------- */

void fix_note(fixing *self, const char *action, const char *name, const char *format, ...)
{
    va_list arguments;
    cache_repair *repair = g_new0(cache_repair, 1);
    const series_files *files = &self->writer.files;
    va_start(arguments, format);
    repair->action = action;
    repair->file = g_build_filename(layout_relative(files->cache, files->folder), name, NULL);
    repair->text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(self->repairs, repair);
}

char *fix_path(const fixing *self, month_id id)
{
    g_autofree char *name = month_name(id);
    return g_build_filename(self->writer.files.folder, name, NULL);
}

const char *fix_reason(const fixing *self, month_id id, const GError *reason)
{
    g_autofree char *path = fix_path(self, id);
    const gsize length = strlen(path);
    const gboolean headed = strncmp(reason->message, path, length) == 0 &&
                            g_str_has_prefix(reason->message + length, ": ");
    return headed ? reason->message + length + 2 : reason->message;
}

/* ---- leftovers ------------------------------------------------------------------------------ */

static gboolean remove_leftovers(fixing *self, GError **error)
{
    const series_files *files = &self->writer.files;
    const gsize folder = strlen(layout_relative(files->cache, files->folder));
    g_autoptr(GPtrArray) removed = g_ptr_array_new_with_free_func(g_free);
    gsize bytes;
    if (!cache_gc((cache *)files->cache, &files->key, FALSE, self->how->dry_run, removed, &bytes,
                  error))
        return FALSE;
    for (guint i = 0; i < removed->len; i++)
        fix_note(self, "removed", (const char *)g_ptr_array_index(removed, i) + folder + 1,
                 "left by a writer that died");
    return TRUE;
}

/* ---- half-way writes ------------------------------------------------------------------------ */

static gboolean settle_entry(fixing *self, manifest_entry *entry, gboolean *out_gone,
                             GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autofree char *name = month_name(entry->id);
    month_file file = {0};
    *out_gone = FALSE;
    if (!series_files_check(&self->writer.files, entry->id, &file, &reason)) {
        if (g_error_matches(reason, FAILURE, FAILURE_BAD_DATA))
            return TRUE; /* damaged: told with its month */
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    *out_gone = file.absent;
    const gboolean is_new = !file.absent && strcmp(file.state.sha256, entry->now.sha256) == 0;
    fix_note(self, "settled", name, "%s",
             is_new ? "the write that ended half way had been done"
                    : "the write that ended half way had not begun: as it was before");
    if (!file.absent)
        *entry = (manifest_entry){.id = entry->id, .now = file.state};
    self->manifest_changed = TRUE;
    month_file_clear(&file);
    return TRUE;
}

static gboolean settle(fixing *self, GError **error)
{
    manifest *listed = self->planned;
    for (guint i = 0; i < listed->entries->len;) {
        gboolean gone = FALSE;
        manifest_entry *entry = &g_array_index(listed->entries, manifest_entry, i);
        if (entry->changing && !settle_entry(self, entry, &gone, error))
            return FALSE;
        if (gone)
            manifest_remove(listed, entry->id);
        else
            i++;
    }
    return TRUE;
}

/* ---- what the series is --------------------------------------------------------------------- */

static void take_facts(fixing *self, GHashTable *metadata)
{
    const char *adjustment = g_hash_table_lookup(metadata, "adjustment");
    const char *name = g_hash_table_lookup(metadata, "calendar");
    const qb_calendar *calendar =
        name == NULL ? NULL : qb_calendars_find(self->writer.files.cache->calendars, name);
    if (self->adjustment == CACHE_UNKNOWN && adjustment != NULL)
        cache_adjustment_from_text(adjustment, &self->adjustment);
    if (self->writer.calendar == NULL)
        self->writer.calendar = calendar;
}

/* Without a manifest, files that can be read say it; those that cannot are told with their
 * month. */
static void facts_of_files(fixing *self)
{
    const series_files *files = &self->writer.files;
    self->adjustment = CACHE_UNKNOWN;
    for (guint i = 0; i < files->months->len; i++) {
        g_autofree char *path = fix_path(self, g_array_index(files->months, month_id, i));
        g_autoptr(parquet_table) footer = NULL;
        g_autoptr(GBytes) bytes = files_read(path, CACHE_FILE_LIMIT, NULL);
        if (bytes != NULL && parquet_read_footer(bytes, path, &footer, NULL))
            take_facts(self, footer->metadata);
    }
    if (self->adjustment == CACHE_UNKNOWN)
        self->adjustment = self->how->adjustment;
    if (self->writer.calendar == NULL)
        self->writer.calendar = cache_default_calendar(files->cache, files->key.asset);
}

static gboolean find_facts(fixing *self, GError **error)
{
    series_files *files = &self->writer.files;
    if (files->key.asset == QB_MACRO)
        return TRUE;
    if (files->manifest->exists)
        return series_files_facts(files, &self->adjustment, &self->writer.calendar, error);
    facts_of_files(self);
    return TRUE;
}

/* ---- going aside ---------------------------------------------------------------------------- */

/* What the hole is, for whoever fetches it again. A file that nobody listed may have held all of
 * its month. */
static void say_retry(fixing *self, month_id id, const char *aside)
{
    const manifest_entry *entry = manifest_find(self->planned, id);
    cache_gap word = {.from_us = month_start_us(id),
                      .to_us = month_end_us(id),
                      .state = CACHE_GAP_RETRY,
                      .who = WHO,
                      .said_us = self->how->now_us};
    if (entry != NULL) {
        word.from_us = entry->now.first_us;
        word.to_us = entry->now.last_us + 1;
        g_snprintf(word.why, sizeof word.why, "damaged, set aside as %s: %" G_GSIZE_FORMAT " rows",
                   aside, entry->now.rows);
    } else {
        g_snprintf(word.why, sizeof word.why, "damaged, set aside as %s", aside);
    }
    word.to_us = MIN(word.to_us, word.said_us);
    if (self->words == NULL || word.to_us <= word.from_us)
        return;
    GArray *with = gap_words_put(self->words, &word);
    g_array_unref(self->words);
    self->words = with;
    self->words_changed = TRUE;
}

void fix_set_aside(fixing *self, month_id id, const char *reason)
{
    g_autofree char *name = month_name(id);
    g_autofree char *path = fix_path(self, id);
    g_autofree char *target = writer_aside_name(path, "damaged");
    g_autofree char *base = g_path_get_basename(target);
    if (!self->how->set_aside) {
        fix_note(self, "left", name, "%s", reason);
        return;
    }
    fix_note(self, "set-aside", name, "kept as %s: %s", base, reason);
    say_retry(self, id, base);
    g_array_append_val(self->aside, id);
    manifest_remove(self->planned, id);
    self->manifest_changed = TRUE;
}

/* ---- files of the manifest ------------------------------------------------------------------ */

gsize fix_expected(const fixing *self, month_id id)
{
    return cache_expected(&self->writer.files.key, self->writer.calendar, month_start_us(id),
                          month_end_us(id));
}

static gboolean check_listed(fixing *self, month_id id, GError **error)
{
    series_files *files = &self->writer.files;
    g_autofree char *name = month_name(id);
    g_autoptr(GError) reason = NULL;
    bars_builder stamps = {0};
    month_file file = {0};
    const gboolean values = files->key.asset == QB_MACRO;
    const gboolean ok = values ? series_files_check(files, id, &file, &reason)
                               : series_files_read(files, id, TRUE, &stamps, &file, &reason);
    if (ok && !values && !file.absent) {
        manifest_entry *entry = manifest_find(self->planned, id);
        const gsize present = month_present(stamps.series.ts_us, file.rows, self->writer.calendar,
                                            files->key.interval);
        if (present != entry->now.present && !entry->changing) {
            fix_note(self, "recounted", name,
                     "%" G_GSIZE_FORMAT " bars on expected stamps (was %" G_GSIZE_FORMAT ")",
                     present, entry->now.present);
            entry->now.present = present;
            entry->now.expected = fix_expected(self, id);
            self->manifest_changed = TRUE;
        }
    }
    month_file_clear(&file);
    bars_builder_clear(&stamps);
    if (!ok && !g_error_matches(reason, FAILURE, FAILURE_BAD_DATA)) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    if (!ok)
        fix_set_aside(self, id, fix_reason(self, id, reason));
    return TRUE;
}

/* ---- all months ----------------------------------------------------------------------------- */

static gboolean plan_months(fixing *self, GError **error)
{
    series_files *files = &self->writer.files;
    const gboolean mixed = !series_files_check_origin(files, "foreign", NULL);
    for (guint i = 0; i < files->months->len; i++) {
        const month_id id = g_array_index(files->months, month_id, i);
        g_autofree char *name = month_name(id);
        const gboolean listed = manifest_find(self->planned, id) != NULL;
        g_autofree char *path = fix_path(self, id);
        if (listed ? !check_listed(self, id, error)
                   : files_exists(path) && !mixed && !fix_foreign(self, id, error))
            return FALSE;
        if (!listed && mixed)
            fix_note(self, "left", name, "foreign beside bars that were made from finer ones");
    }
    return TRUE;
}

/* A manifest of ours must say how prices are adjusted; there is none without files. */
static void make_manifest(fixing *self)
{
    manifest *listed = self->planned;
    if (listed->exists || listed->entries->len == 0)
        return;
    listed->exists = TRUE;
    if (self->writer.files.key.asset == QB_MACRO) {
        fix_note(self, "rebuilt", "manifest.json", "%u files", listed->entries->len);
        return;
    }
    listed->adjustment = self->adjustment;
    g_strlcpy(listed->calendar, qb_calendar_name(self->writer.calendar), sizeof listed->calendar);
    fix_note(self, "rebuilt", "manifest.json", "%u files, adjustment %s, calendar %s",
             listed->entries->len, cache_adjustment_text(self->adjustment), listed->calendar);
}

static gboolean plan(fixing *self, GError **error)
{
    const series_files *files = &self->writer.files;
    self->planned = manifest_copy(files->manifest);
    if (!settle(self, error) || !find_facts(self, error))
        return FALSE;
    if (self->how->set_aside &&
        (self->words = gap_words_load(files->cache, files->folder, &files->key, error)) == NULL)
        return FALSE;
    if (!plan_months(self, error))
        return FALSE;
    make_manifest(self);
    return TRUE;
}

/* ---- doing it ------------------------------------------------------------------------------- */

static gboolean move_aside(const char *path, GError **error)
{
    if (!files_exists(path))
        return TRUE;
    g_autofree char *target = writer_aside_name(path, "damaged");
    log_event(LOG_WARNING, "cache", "damaged file kept as %s", target);
    return files_rename(path, target, error);
}

static gboolean put_bytes(const char *path, GBytes *bytes, GError **error)
{
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    return files_replace(path, data, size, error);
}

static gboolean write_rewritten(fixing *self, const rewritten *change, GError **error)
{
    g_autofree char *path = fix_path(self, change->id);
    g_autofree char *copy = writer_aside_name(path, "foreign");
    return put_bytes(copy, change->original, error) && put_bytes(path, change->bytes, error);
}

static gboolean carry_out(fixing *self, GError **error)
{
    const series_files *files = &self->writer.files;
    if (self->words_changed && !gap_words_save(self->words, files->folder, &files->key, error))
        return FALSE;
    for (guint i = 0; i < self->aside->len; i++) {
        g_autofree char *path = fix_path(self, g_array_index(self->aside, month_id, i));
        if (!move_aside(path, error))
            return FALSE;
    }
    for (guint i = 0; i < self->rewrites->len; i++)
        if (!write_rewritten(self, &g_array_index(self->rewrites, rewritten, i), error))
            return FALSE;
    return !self->manifest_changed ||
           manifest_save(self->planned, files->folder, &files->key, error);
}

/* ---- the series ----------------------------------------------------------------------------- */

/* A manifest that cannot be read goes aside when that is asked for; the rest is planned without. */
static gboolean open_without_manifest(fixing *self, GError *reason, GError **error)
{
    g_autoptr(GError) kept = reason;
    series_files *files = &self->writer.files;
    const cache *owner = files->cache;
    const cache_key key = files->key;
    g_autofree char *path = g_build_filename(files->folder, "manifest.json", NULL);
    if (!g_error_matches(kept, FAILURE, FAILURE_BAD_DATA) ||
        !g_str_has_prefix(kept->message, path) || strstr(kept->message, "symbolic link") != NULL) {
        g_propagate_error(error, g_steal_pointer(&kept));
        return FALSE;
    }
    if (!self->how->set_aside || self->how->dry_run) {
        fix_note(self, self->how->set_aside ? "set-aside" : "left", "manifest.json", "%s",
                 kept->message + strlen(path) + 1);
        self->blocked = TRUE;
        return TRUE;
    }
    fix_note(self, "set-aside", "manifest.json", "%s", kept->message + strlen(path) + 1);
    series_files opened = {0};
    if (!move_aside(path, error) || !series_files_open(owner, &key, NULL, &opened, error))
        return FALSE;
    series_files_clear(files);
    *files = opened;
    return TRUE;
}

static gboolean open_series(fixing *self, GError **error)
{
    series_files *files = &self->writer.files;
    GError *reason = NULL;
    if (!self->how->dry_run) {
        if (writer_lock(&self->writer, &reason))
            return TRUE;
        if (self->writer.lock == NULL) {
            g_propagate_error(error, reason);
            return FALSE;
        }
        return open_without_manifest(self, reason, error);
    }
    series_files opened = {0};
    if (!series_files_open(files->cache, &files->key, NULL, &opened, &reason))
        return open_without_manifest(self, reason, error);
    series_files_clear(files);
    *files = opened;
    return TRUE;
}

static gboolean fix_series(fixing *self, GError **error)
{
    if (!remove_leftovers(self, error) || !open_series(self, error))
        return FALSE;
    if (self->blocked)
        return TRUE;
    if (self->writer.files.months->len == 0)
        return cache_fail_missing(&self->writer.files.key, error);
    return plan(self, error) && (self->how->dry_run || carry_out(self, error));
}

static void rewritten_clear(gpointer data)
{
    rewritten *change = data;
    g_bytes_unref(change->bytes);
    g_bytes_unref(change->original);
}

gboolean cache_fix(cache *self, const cache_key *key, const cache_fix_how *how,
                   GPtrArray *out_repairs, GError **error)
{
    fixing work = {.how = how, .adjustment = CACHE_UNKNOWN, .repairs = out_repairs};
    work.writer.files = (series_files){.cache = self, .key = *key};
    work.writer.files.folder = layout_folder(self, key, error);
    if (work.writer.files.folder == NULL)
        return FALSE;
    if (!files_exists(work.writer.files.folder)) {
        writer_clear(&work.writer);
        return cache_fail_missing(key, error);
    }
    work.aside = g_array_new(FALSE, FALSE, sizeof(month_id));
    work.rewrites = g_array_new(FALSE, FALSE, sizeof(rewritten));
    g_array_set_clear_func(work.rewrites, rewritten_clear);
    const gboolean ok = fix_series(&work, error);
    g_array_unref(work.aside);
    g_array_unref(work.rewrites);
    g_clear_pointer(&work.words, g_array_unref);
    manifest_free(work.planned);
    writer_clear(&work.writer);
    return ok;
}
