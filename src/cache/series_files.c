/* The files of one series as they stand on disk, checked against the manifest.
 *
 * Readers take no lock. So the folder is listed before the manifest is read (a writer lists a file
 * before it appears), and a file that does not agree with the manifest is looked at again with the
 * manifest read anew: only what disagrees with a manifest that has not moved is damaged. */
#include "cache/cache-private.h"

#include "platform/files.h"

#include <string.h>

/* A reader that meets a writer this often in one file gives up. */
#define READ_ATTEMPTS 100

void month_file_clear(month_file *file)
{
    g_free(file->path);
    g_clear_pointer(&file->bytes, g_bytes_unref);
    parquet_table_free(file->footer);
    *file = (month_file){0};
}

/* ---- opening -------------------------------------------------------------------------------- */

static int compare_months(gconstpointer a, gconstpointer b)
{
    return month_compare(*(const month_id *)a, *(const month_id *)b);
}

/* Adds the months that only the manifest knows. */
static void add_listed_months(GArray *months, const manifest *listed)
{
    const guint on_disk = months->len;
    for (guint i = 0, at = 0; i < listed->entries->len; i++) {
        const month_id id = g_array_index(listed->entries, manifest_entry, i).id;
        while (at < on_disk && month_compare(g_array_index(months, month_id, at), id) < 0)
            at++;
        if (at == on_disk || month_compare(g_array_index(months, month_id, at), id) != 0)
            g_array_append_val(months, id);
    }
    if (months->len > on_disk)
        g_array_sort(months, compare_months);
}

static gboolean load_manifest(series_files *self, GError **error)
{
    g_autofree char *path = g_build_filename(self->folder, "manifest.json", NULL);
    if (!layout_check_links(self->cache, path, error))
        return FALSE;
    manifest *loaded = manifest_load(self->folder, &self->key, error);
    if (loaded == NULL)
        return FALSE;
    manifest_free(self->manifest);
    self->manifest = loaded;
    return TRUE;
}

gboolean series_files_open(const cache *self, const cache_key *key, GPtrArray *strangers,
                           series_files *out, GError **error)
{
    series_files files = {.cache = self, .key = *key};
    files.folder = layout_folder(self, key, error);
    if (files.folder != NULL && layout_check_links(self, files.folder, error))
        files.months = layout_months(files.folder, strangers, error);
    if (files.months == NULL || !load_manifest(&files, error)) {
        series_files_clear(&files);
        return FALSE;
    }
    add_listed_months(files.months, files.manifest);
    files.reader = parquet_reader_new();
    *out = files;
    return TRUE;
}

void series_files_clear(series_files *self)
{
    g_free(self->folder);
    g_clear_pointer(&self->months, g_array_unref);
    manifest_free(self->manifest);
    parquet_reader_free(self->reader);
    *self = (series_files){0};
}

/* ---- one file ------------------------------------------------------------------------------- */

static gboolean fail_damaged(const char *path, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static gboolean fail_damaged(const char *path, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, FAILURE, FAILURE_BAD_DATA, "%s: damaged: %s", path, what);
    return FALSE;
}

/* The entry's states that the file could have; NULLs where there is none. */
static void candidates(const manifest_entry *entry, const file_state *out[2])
{
    out[0] = &entry->now;
    out[1] = entry->changing && entry->had_before ? &entry->before : NULL;
}

static gboolean check_length(month_file *file, const file_state *states[2], GError **error)
{
    const gint64 bytes = (gint64)g_bytes_get_size(file->bytes);
    const gint64 expected = states[0]->bytes;
    for (int i = 0; i < 2; i++)
        if (states[i] != NULL && states[i]->bytes != bytes)
            states[i] = NULL;
    if (states[0] != NULL || states[1] != NULL)
        return TRUE;
    return fail_damaged(file->path, error,
                        "%" G_GINT64_FORMAT " bytes (expected %" G_GINT64_FORMAT
                        " after manifest.json)",
                        bytes, expected);
}

static gboolean check_hash(month_file *file, const file_state *states[2], GError **error)
{
    const char *expected = states[states[0] != NULL ? 0 : 1]->sha256;
    for (int i = 0; i < 2; i++)
        if (states[i] != NULL && strcmp(states[i]->sha256, file->sha256) != 0)
            states[i] = NULL;
    if (states[0] != NULL || states[1] != NULL)
        return TRUE;
    return fail_damaged(file->path, error, "SHA-256 %s (expected %s after manifest.json)",
                        file->sha256, expected);
}

static gboolean has_rows(const month_file *file, const gint64 *ts_us, const file_state *state)
{
    return state != NULL && file->rows == state->rows && ts_us[0] == state->first_us &&
           ts_us[file->rows - 1] == state->last_us;
}

static gboolean check_rows(month_file *file, const gint64 *ts_us, const file_state *states[2],
                           GError **error)
{
    const file_state *expected = states[states[0] != NULL ? 0 : 1];
    for (int i = 0; i < 2; i++) {
        if (has_rows(file, ts_us, states[i])) {
            file->state = *states[i];
            return TRUE;
        }
    }
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    return fail_damaged(file->path, error,
                        "%" G_GSIZE_FORMAT " rows (expected %" G_GSIZE_FORMAT
                        " from %s to %s after manifest.json)",
                        file->rows, expected->rows, qb_time_to_text(expected->first_us, first),
                        qb_time_to_text(expected->last_us, last));
}

/* A foreign file may say how its prices are adjusted; then it must be as the rest. Values have no
 * such facts. */
static gboolean check_foreign(const series_files *self, const month_file *file, GError **error)
{
    const char *adjustment = g_hash_table_lookup(file->footer->metadata, "adjustment");
    const char *calendar = g_hash_table_lookup(file->footer->metadata, "calendar");
    if (!self->manifest->exists || self->key.asset == QB_MACRO)
        return TRUE;
    const char *stored = cache_adjustment_text(self->manifest->adjustment);
    if (adjustment != NULL && g_ascii_strcasecmp(adjustment, stored) != 0) {
        g_autofree char *quoted = failure_quote(adjustment, -1);
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: adjustment: %s (expected %s as in manifest.json)", file->path, quoted,
                    stored);
        return FALSE;
    }
    if (calendar != NULL && g_ascii_strcasecmp(calendar, self->manifest->calendar) != 0) {
        g_autofree char *quoted = failure_quote(calendar, -1);
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: calendar: %s (expected %s as in manifest.json)", file->path, quoted,
                    self->manifest->calendar);
        return FALSE;
    }
    return TRUE;
}

static gboolean fill_absent(month_file *file, const manifest_entry *entry, GError **error)
{
    if (entry == NULL || (entry->changing && !entry->had_before)) {
        file->absent = TRUE;
        return TRUE;
    }
    return fail_damaged(file->path, error,
                        "is not there (expected %" G_GSIZE_FORMAT " rows after manifest.json)",
                        entry->now.rows);
}

/* Where the rows of a file go: one of the two. */
typedef struct rows_sink {
    bars_builder *bars;
    macro_builder *values;
} rows_sink;

static gsize sink_rows(const rows_sink *sink)
{
    return sink->values != NULL ? sink->values->series.count : sink->bars->series.count;
}

static const gint64 *sink_stamps(const rows_sink *sink)
{
    return sink->values != NULL ? sink->values->series.ts_us : sink->bars->series.ts_us;
}

static void sink_cut(const rows_sink *sink, gsize rows)
{
    if (sink->values != NULL)
        sink->values->series.count = rows;
    else
        sink->bars->series.count = rows;
}

static gboolean sink_read(const series_files *self, month_file *file, const rows_sink *sink,
                          GError **error)
{
    if (sink->values != NULL)
        return macro_month_read(self->reader, file->bytes, file->path, file->id, sink->values,
                                &file->footer, error);
    return month_read(self->reader, file->bytes, file->path, file->id, sink->bars, &file->footer,
                      error);
}

static gboolean read_once(const series_files *self, month_file *file, gboolean hash,
                          const rows_sink *into, GError **error)
{
    const manifest_entry *entry = manifest_find(self->manifest, file->id);
    const file_state *states[2] = {NULL, NULL};
    g_autoptr(GError) reason = NULL;
    file->bytes = files_read(file->path, CACHE_FILE_LIMIT, &reason);
    if (file->bytes == NULL && g_error_matches(reason, FAILURE, FAILURE_MISSING))
        return fill_absent(file, entry, error);
    if (file->bytes == NULL) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    file->listed = entry != NULL;
    if (file->listed) {
        candidates(entry, states);
        if (!check_length(file, states, error))
            return FALSE;
    }
    if (hash) {
        sha256_text(file->bytes, file->sha256);
        if (file->listed && !check_hash(file, states, error))
            return FALSE;
    }
    file->start = sink_rows(into);
    if (!sink_read(self, file, into, error))
        return FALSE;
    file->rows = sink_rows(into) - file->start;
    return file->listed ? check_rows(file, sink_stamps(into) + file->start, states, error)
                        : check_foreign(self, file, error);
}

static gboolean same_entry(const manifest_entry *a, const manifest_entry *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->changing == b->changing && strcmp(a->now.sha256, b->now.sha256) == 0 &&
           strcmp(a->before.sha256, b->before.sha256) == 0;
}

/* Reads the manifest anew; *out_moved tells whether this month's entry is another one now. */
static gboolean reload(series_files *self, month_id id, gboolean *out_moved, GError **error)
{
    const manifest_entry *found = manifest_find(self->manifest, id);
    const manifest_entry old = found != NULL ? *found : (manifest_entry){0};
    const gboolean had = found != NULL;
    if (!load_manifest(self, error))
        return FALSE;
    *out_moved = !same_entry(had ? &old : NULL, manifest_find(self->manifest, id));
    return TRUE;
}

static gboolean read_into(series_files *self, month_id id, gboolean hash, const rows_sink *into,
                          month_file *out, GError **error)
{
    const gsize start = sink_rows(into);
    g_autofree char *name = month_name(id);
    for (int attempt = 0;; attempt++) {
        g_autoptr(GError) reason = NULL;
        month_file file = {.id = id, .path = g_build_filename(self->folder, name, NULL)};
        if (read_once(self, &file, hash, into, &reason)) {
            *out = file;
            return TRUE;
        }
        month_file_clear(&file);
        sink_cut(into, start);
        gboolean moved = FALSE;
        if (g_error_matches(reason, FAILURE, FAILURE_BAD_DATA) && attempt < READ_ATTEMPTS &&
            !reload(self, id, &moved, error))
            return FALSE;
        if (!moved) {
            g_propagate_error(error, g_steal_pointer(&reason));
            return FALSE;
        }
    }
}

gboolean series_files_read(series_files *self, month_id id, gboolean hash, bars_builder *into,
                           month_file *out, GError **error)
{
    return read_into(self, id, hash, &(rows_sink){.bars = into}, out, error);
}

gboolean series_files_read_macro(series_files *self, month_id id, gboolean hash,
                                 macro_builder *into, month_file *out, GError **error)
{
    return read_into(self, id, hash, &(rows_sink){.values = into}, out, error);
}

/* Stamps of whichever kind of rows the series has. */
typedef struct stamps_builder {
    bars_builder bars;
    macro_builder values;
} stamps_builder;

static gboolean read_stamps(series_files *self, month_id id, gboolean hash, stamps_builder *into,
                            month_file *out, const gint64 **out_stamps, GError **error)
{
    const rows_sink sink = {.bars = &into->bars,
                            .values = self->key.asset == QB_MACRO ? &into->values : NULL};
    const gboolean ok = read_into(self, id, hash, &sink, out, error);
    *out_stamps = sink_stamps(&sink);
    return ok;
}

static void stamps_builder_clear(stamps_builder *self)
{
    bars_builder_clear(&self->bars);
    macro_builder_clear(&self->values);
}

gboolean series_files_check(series_files *self, month_id id, month_file *out, GError **error)
{
    stamps_builder rows = {0};
    const gint64 *ts_us;
    const gboolean ok = read_stamps(self, id, TRUE, &rows, out, &ts_us, error);
    stamps_builder_clear(&rows);
    return ok;
}

/* ---- what is known without opening files ---------------------------------------------------- */

static gboolean facts_of_file(const series_files *self, const parquet_table *footer,
                              cache_adjustment *adjustment, const qb_calendar **calendar)
{
    const char *stored = g_hash_table_lookup(footer->metadata, "adjustment");
    const char *name = g_hash_table_lookup(footer->metadata, "calendar");
    const qb_calendar *found = name != NULL ? qb_calendars_find(self->cache->calendars, name)
                                            : NULL;
    if (found != NULL)
        *calendar = found;
    return stored != NULL && cache_adjustment_from_text(stored, adjustment);
}

/* *out_told: this month's file said how its prices are adjusted. */
static gboolean facts_of_month(series_files *self, month_id id, cache_adjustment *adjustment,
                               const qb_calendar **calendar, gboolean *out_told, GError **error)
{
    bars_builder stamps = {0};
    month_file file = {0};
    const gboolean ok = series_files_read(self, id, FALSE, &stamps, &file, error);
    *out_told = ok && !file.absent && facts_of_file(self, file.footer, adjustment, calendar);
    month_file_clear(&file);
    bars_builder_clear(&stamps);
    return ok;
}

gboolean series_files_facts(series_files *self, cache_adjustment *out_adjustment,
                            const qb_calendar **out_calendar, GError **error)
{
    if (self->key.asset == QB_MACRO) {
        *out_adjustment = CACHE_RAW;
        *out_calendar = NULL;
        return TRUE;
    }
    if (self->manifest->exists) {
        *out_adjustment = self->manifest->adjustment;
        *out_calendar = cache_calendar(self->cache, self->manifest->calendar, self->folder, error);
        return *out_calendar != NULL;
    }
    gboolean told = FALSE;
    *out_adjustment = CACHE_UNKNOWN;
    *out_calendar = cache_default_calendar(self->cache, self->key.asset);
    for (guint i = 0; i < self->months->len && !told; i++)
        if (!facts_of_month(self, g_array_index(self->months, month_id, i), out_adjustment,
                            out_calendar, &told, error))
            return FALSE;
    return TRUE;
}

static void state_of_foreign(const month_file *file, const gint64 *ts_us,
                             const qb_calendar *calendar, qb_interval interval, file_state *out)
{
    const char *fetched = g_hash_table_lookup(file->footer->metadata, "fetched_at");
    *out = (file_state){.bytes = (gint64)g_bytes_get_size(file->bytes), .rows = file->rows};
    g_strlcpy(out->sha256, file->sha256, sizeof out->sha256);
    month_provider(file->footer, out->provider, out->provider_symbol);
    if (fetched == NULL || qb_time_from_text(fetched, strlen(fetched), &out->fetched_us) != QB_OK)
        out->fetched_us = 0;
    if (file->rows == 0)
        return;
    out->first_us = ts_us[0];
    out->last_us = ts_us[file->rows - 1];
    out->present = calendar != NULL ? month_present(ts_us, file->rows, calendar, interval) : 0;
}

void series_files_state(const series_files *self, const month_file *file, const gint64 *ts_us,
                        const qb_calendar *calendar, file_state *out)
{
    if (file->listed)
        *out = file->state;
    else
        state_of_foreign(file, ts_us, calendar, self->key.interval, out);
}

/* Present bars are counted under a calendar, which may since have learned of a closure. */
static gboolean is_outdated(const series_files *self, month_id id, const file_state *state,
                            const qb_calendar *calendar)
{
    const gsize expected = cache_expected(&self->key, calendar, month_start_us(id),
                                          month_end_us(id));
    return calendar != NULL &&
           (state->present > expected || (state->expected > 0 && state->expected != expected));
}

gboolean series_files_look(series_files *self, month_id id, const qb_calendar *calendar,
                           file_state *out, gboolean *out_absent, GError **error)
{
    const manifest_entry *entry = manifest_find(self->manifest, id);
    *out_absent = FALSE;
    if (entry != NULL && !entry->changing && !is_outdated(self, id, &entry->now, calendar)) {
        *out = entry->now;
        return TRUE;
    }
    stamps_builder rows = {0};
    month_file file = {0};
    const gint64 *ts_us;
    const gboolean ok = read_stamps(self, id, TRUE, &rows, &file, &ts_us, error);
    *out_absent = file.absent || file.rows == 0;
    if (ok && !*out_absent)
        series_files_state(self, &file, ts_us, calendar, out);
    if (ok && !*out_absent && calendar != NULL)
        out->present = month_present(ts_us + file.start, file.rows, calendar, self->key.interval);
    month_file_clear(&file);
    stamps_builder_clear(&rows);
    return ok;
}
