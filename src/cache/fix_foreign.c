/* Foreign files, and whether they can be taken into the manifest: as they are, or sorted and without
 * repetitions. */
#include "cache/fix-private.h"

#include <string.h>

/* A foreign file as it is, its rows in any order. */
typedef struct foreign_file {
    month_id id;
    GBytes *bytes;
    parquet_table *footer;
    qb_series bars;
    char sha256[CACHE_SHA256_SIZE], provider[32], provider_symbol[CACHE_PROVIDER_SYMBOL_SIZE];
    gint64 fetched_us;
} foreign_file;

static void foreign_clear(foreign_file *file)
{
    g_clear_pointer(&file->bytes, g_bytes_unref);
    parquet_table_free(file->footer);
    qb_series_clear(&file->bars);
}

static void read_provenance(foreign_file *file)
{
    const char *fetched = g_hash_table_lookup(file->footer->metadata, "fetched_at");
    month_provider(file->footer, file->provider, file->provider_symbol);
    if (fetched == NULL || qb_time_from_text(fetched, strlen(fetched), &file->fetched_us) != QB_OK)
        file->fetched_us = 0;
    sha256_text(file->bytes, file->sha256);
}

static gboolean read_foreign(fixing *self, month_id id, foreign_file *out, GError **error)
{
    g_autofree char *path = fix_path(self, id);
    bars_builder rows = {.columns = CACHE_ALL};
    *out = (foreign_file){.id = id, .bytes = files_read(path, CACHE_FILE_LIMIT, error)};
    if (out->bytes == NULL ||
        !month_read_rows(self->writer.files.reader, out->bytes, path, &rows, &out->footer, error)) {
        bars_builder_clear(&rows);
        return FALSE;
    }
    bars_builder_finish(&rows, &out->bars);
    read_provenance(out);
    return TRUE;
}

static gboolean rows_are_equal(const qb_series *bars, gsize a, gsize b)
{
    gboolean equal = bars->flags == NULL || bars->flags[a] == bars->flags[b];
    for (gsize c = 0; c < BARS_DOUBLES && equal; c++) {
        const double *values = bars_values(bars, &bars_columns[c]);
        /* By bits, so that unknown (NaN) equals unknown. */
        equal = values == NULL || memcmp(&values[a], &values[b], sizeof *values) == 0;
    }
    return equal;
}

/* Why rows of one stamp cannot become one; NULL when they can, being equal. Caller frees. */
static char *find_conflict(const qb_series *bars)
{
    g_autoptr(GHashTable) first = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (gsize row = 0; row < bars->count; row++) {
        gpointer stored;
        if (!g_hash_table_lookup_extended(first, &bars->ts_us[row], NULL, &stored)) {
            g_hash_table_insert(first, &bars->ts_us[row], GSIZE_TO_POINTER(row));
            continue;
        }
        const gsize other = GPOINTER_TO_SIZE(stored);
        if (!rows_are_equal(bars, other, row))
            return g_strdup_printf("rows %" G_GSIZE_FORMAT " and %" G_GSIZE_FORMAT
                                   " have one stamp and differ: keep the right one",
                                   other + 1, row + 1);
    }
    return NULL;
}

/* What of the file's metadata says that it is another series'; NULL when nothing does. Caller
 * frees. */
static char *find_stranger(const fixing *self, const parquet_table *footer)
{
    const cache_key *key = &self->writer.files.key;
    const qb_calendar *calendar = self->writer.calendar; /* none of values */
    const char *const pairs[][2] = {
        {"asset", qb_asset_text(key->asset)},
        {"symbol", key->symbol},
        {"interval", qb_interval_text(key->interval)},
        {"adjustment", cache_adjustment_text(self->adjustment)},
        {"calendar", calendar != NULL ? qb_calendar_name(calendar) : ""},
    };
    const gsize count = key->asset == QB_MACRO ? 3 : G_N_ELEMENTS(pairs);
    for (gsize i = 0; i < count; i++) {
        const char *value = g_hash_table_lookup(footer->metadata, pairs[i][0]);
        if (value == NULL || g_ascii_strcasecmp(value, pairs[i][1]) == 0)
            continue;
        g_autofree char *quoted = failure_quote(value, -1);
        return g_strdup_printf("%s: %s (expected %s)", pairs[i][0], quoted, pairs[i][1]);
    }
    return NULL;
}

/* Why the file cannot be taken in; NULL when it can. Caller frees. */
static char *find_objection(const fixing *self, const foreign_file *file)
{
    char *stranger = find_stranger(self, file->footer);
    if (stranger != NULL)
        return stranger;
    if (file->bars.count == 0)
        return g_strdup("has no rows");
    for (gsize row = 0; row < file->bars.count; row++) {
        char time[QB_TIME_TEXT];
        const gint64 ts_us = file->bars.ts_us[row];
        if (ts_us < month_start_us(file->id) || ts_us >= month_end_us(file->id))
            return g_strdup_printf("row %" G_GSIZE_FORMAT ": %s is not of that month", row + 1,
                                   qb_time_to_text(ts_us, time));
    }
    return find_conflict(&file->bars);
}

static month_span span_of(const qb_series *bars)
{
    return (month_span){bars->count, bars->ts_us[0], bars->ts_us[bars->count - 1]};
}

static gsize present_of(const fixing *self, const qb_series *bars)
{
    return month_present(bars->ts_us, bars->count, self->writer.calendar,
                         self->writer.files.key.interval);
}

static void adopt(fixing *self, const foreign_file *file, const char *how)
{
    g_autofree char *name = month_name(file->id);
    const month_span rows = span_of(&file->bars);
    file_state now = {.bytes = (gint64)g_bytes_get_size(file->bytes),
                      .rows = rows.count,
                      .first_us = rows.first_us,
                      .last_us = rows.last_us,
                      .present = present_of(self, &file->bars),
                      .expected = fix_expected(self, file->id),
                      .fetched_us = file->fetched_us};
    memcpy(now.sha256, file->sha256, sizeof now.sha256);
    memcpy(now.source_sha256, file->sha256, sizeof now.source_sha256);
    memcpy(now.provider, file->provider, sizeof now.provider);
    memcpy(now.provider_symbol, file->provider_symbol, sizeof now.provider_symbol);
    *manifest_add(self->planned, file->id) = (manifest_entry){.id = file->id, .now = now};
    self->manifest_changed = TRUE;
    fix_note(self, "adopted", name, "%" G_GSIZE_FORMAT " rows, %s", rows.count, how);
}

/* Rows in order, each once; the file as it was is kept beside. Not by way of a changing entry: what
 * the file was cannot be read, and what it becomes is sound by itself before it is listed. */
static gboolean rewrite(fixing *self, foreign_file *file, gsize moved, gsize dropped,
                        GError **error)
{
    g_autofree char *name = month_name(file->id);
    const cache_provenance provenance = {.provider = file->provider,
                                         .provider_symbol = file->provider_symbol,
                                         .adjustment = self->adjustment,
                                         .calendar = qb_calendar_name(self->writer.calendar),
                                         .source_hash = file->sha256,
                                         .fetched_us = file->fetched_us};
    rewritten change = {.id = file->id};
    change.bytes = month_write(&file->bars, &self->writer.files.key, &provenance, error);
    if (change.bytes == NULL)
        return FALSE;
    if (moved > 0)
        fix_note(self, "sorted", name, "%" G_GSIZE_FORMAT " rows stood below a later one", moved);
    if (dropped > 0)
        fix_note(self, "deduplicated", name,
                 "%" G_GSIZE_FORMAT " rows repeated another exactly, %" G_GSIZE_FORMAT " are left",
                 dropped, file->bars.count);
    change.original = g_steal_pointer(&file->bytes);
    g_array_append_val(self->rewrites, change);
    file->bytes = g_bytes_ref(change.bytes);
    sha256_text(file->bytes, file->sha256);
    adopt(self, file, "rewritten, as it was kept as .foreign-N");
    return TRUE;
}

static gboolean take_in(fixing *self, foreign_file *file, GError **error)
{
    size_t moved = 0, dropped = 0;
    g_autoptr(GError) unfit = NULL;
    g_autofree char *name = month_name(file->id);
    g_autofree char *objection = find_objection(self, file);
    if (objection != NULL) {
        fix_set_aside(self, file->id, objection);
        return TRUE;
    }
    const qb_status status = qb_series_sort(&file->bars, &moved, &dropped);
    if (status != QB_OK)
        return failure_from_status(error, status, name);
    if (!bars_check(&file->bars, self->writer.calendar, self->writer.files.key.interval, "unfit",
                    &unfit)) {
        fix_set_aside(self, file->id, unfit->message);
        return TRUE;
    }
    if (self->adjustment == CACHE_UNKNOWN) {
        fix_note(self, "left", name,
                 "no file says how its prices are adjusted: say --adjustment raw, split or full");
        return TRUE;
    }
    if (moved + dropped > 0)
        return rewrite(self, file, moved, dropped, error);
    adopt(self, file, "its bytes as they are");
    return TRUE;
}

/* ---- values --------------------------------------------------------------------------------- */

static void adopt_values(fixing *self, const month_file *file, const gint64 *ts_us)
{
    file_state now;
    g_autofree char *name = month_name(file->id);
    series_files_state(&self->writer.files, file, ts_us, NULL, &now);
    memcpy(now.source_sha256, now.sha256, sizeof now.source_sha256);
    *manifest_add(self->planned, file->id) = (manifest_entry){.id = file->id, .now = now};
    self->manifest_changed = TRUE;
    fix_note(self, "adopted", name, "%" G_GSIZE_FORMAT " rows, its bytes as they are", now.rows);
}

/* Reading has checked order, vintages and stamps. */
static gboolean take_in_values(fixing *self, month_id id, GError **error)
{
    g_autoptr(GError) reason = NULL;
    macro_builder rows = {0};
    month_file file = {0};
    gboolean ok = series_files_read_macro(&self->writer.files, id, TRUE, &rows, &file, &reason);
    g_autofree char *objection = ok ? find_stranger(self, file.footer) : NULL;
    if (ok && objection == NULL && file.rows == 0)
        objection = g_strdup("has no rows");
    if (ok && objection == NULL)
        adopt_values(self, &file, rows.series.ts_us);
    else if (ok)
        fix_set_aside(self, id, objection);
    else if ((ok = g_error_matches(reason, FAILURE, FAILURE_BAD_DATA)))
        fix_set_aside(self, id, fix_reason(self, id, reason));
    else
        g_propagate_error(error, g_steal_pointer(&reason));
    month_file_clear(&file);
    macro_builder_clear(&rows);
    return ok;
}

/* ---- entry ---------------------------------------------------------------------------------- */

gboolean fix_foreign(fixing *self, month_id id, GError **error)
{
    g_autoptr(GError) reason = NULL;
    foreign_file file;
    if (self->writer.files.key.asset == QB_MACRO)
        return take_in_values(self, id, error);
    gboolean ok = TRUE;
    if (read_foreign(self, id, &file, &reason)) {
        ok = take_in(self, &file, error);
    } else if (g_error_matches(reason, FAILURE, FAILURE_BAD_DATA)) {
        fix_set_aside(self, id, fix_reason(self, id, reason));
    } else {
        g_propagate_error(error, g_steal_pointer(&reason));
        ok = FALSE;
    }
    foreign_clear(&file);
    return ok;
}
