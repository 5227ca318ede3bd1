/* Merging bars by stamp; writer.c puts the months on disk. */
#include "cache/cache-private.h"

#include <string.h>

typedef struct merge {
    series_writer writer;
    const qb_series *bars;
    basis_check basis;
    gsize stored; /* rows in the months that the bars touch */
} merge;

/* ---- what may be merged --------------------------------------------------------------------- */

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
    if (self->writer.files.months->len == 0 && !self->writer.files.manifest->exists)
        return TRUE;
    if (!series_files_facts(&self->writer.files, &adjustment, &calendar, error))
        return FALSE;
    const char *name = layout_relative(self->writer.files.cache, self->writer.files.folder);
    if (adjustment != self->writer.provenance->adjustment) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: adjustment: \"%s\" (expected \"%s\", as the stored bars are; one series "
                    "has one adjustment)",
                    name, cache_adjustment_text(self->writer.provenance->adjustment),
                    cache_adjustment_text(adjustment));
        return FALSE;
    }
    if (calendar != self->writer.calendar) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: calendar: \"%s\" (expected \"%s\", as the stored bars have; one series "
                    "has one calendar)",
                    name, self->writer.provenance->calendar, qb_calendar_name(calendar));
        return FALSE;
    }
    return series_files_check_origin(&self->writer.files, self->writer.provenance->provider, error);
}

/* ---- one month ------------------------------------------------------------------------------ */

static month_span span_of(const qb_series *bars)
{
    return (month_span){bars->count, bars->ts_us[0], bars->ts_us[bars->count - 1]};
}

/* The stored rows of the month into earlier, and the state they have into change. */
static gboolean read_month(merge *self, const qb_series *bars, bars_builder *earlier,
                           month_change *change, GError **error)
{
    series_writer *writer = &self->writer;
    const month_span rows = span_of(bars);
    GError *damage = NULL;
    month_file file = {0};
    if (!series_files_read(&writer->files, change->id, TRUE, earlier, &file, &damage))
        return writer_take_damage(writer, &rows, damage, change, error);
    if (!file.absent) {
        change->had_before = TRUE;
        series_files_state(&writer->files, &file, earlier->series.ts_us + file.start,
                           writer->calendar, &change->before);
        if (!file.listed && month_has_other_columns(file.footer))
            change->foreign = g_bytes_ref(file.bytes);
    }
    month_file_clear(&file);
    return TRUE;
}

static gboolean add_change(merge *self, const qb_series *merged, month_change *change,
                           GError **error)
{
    series_writer *writer = &self->writer;
    const month_span rows = span_of(merged);
    GBytes *bytes = month_write(merged, &writer->files.key, writer->provenance, error);
    if (bytes == NULL)
        return FALSE;
    writer_add(
        writer, change, bytes, &rows,
        month_present(merged->ts_us, merged->count, writer->calendar, writer->files.key.interval));
    return TRUE;
}

static gboolean merge_month(merge *self, month_id id, const qb_series *bars, GError **error)
{
    bars_builder stored = {.columns = CACHE_ALL};
    qb_series earlier = {0}, merged = {0};
    month_change change = {.id = id};
    cache_change counts = {0};
    gboolean ok = read_month(self, bars, &stored, &change, error);
    bars_builder_finish(&stored, &earlier);
    basis_compare(&self->basis, &earlier, bars);
    self->stored += earlier.count;
    ok = ok && series_merge(&earlier, bars, &merged, &counts, error);
    if (ok && counts.added + counts.changed > 0)
        ok = add_change(self, &merged, &change, error);
    if (ok)
        writer_count(&self->writer, &counts);
    month_change_clear(&change);
    qb_series_clear(&earlier);
    qb_series_clear(&merged);
    return ok;
}

/* ---- basis ---------------------------------------------------------------------------------- */

/* Stored rows that no new bar takes the place of. */
static gsize rows_that_stay(const merge *self)
{
    const series_files *files = &self->writer.files;
    const gint64 first_us = self->bars->ts_us[0];
    const gint64 last_us = self->bars->ts_us[self->bars->count - 1];
    gsize rows = self->stored - self->basis.overlap;
    for (guint i = 0; i < files->months->len; i++) {
        const month_id id = g_array_index(files->months, month_id, i);
        const manifest_entry *entry = manifest_find(files->manifest, id);
        if (month_end_us(id) <= month_start_us(month_of(first_us)) || month_start_us(id) > last_us)
            rows += entry != NULL ? entry->now.rows : 1; /* foreign: some */
    }
    return rows;
}

static gboolean check_basis(merge *self, GError **error)
{
    const basis_run run = basis_finish(&self->basis);
    const gsize stay = run.rows > 0 ? rows_that_stay(self) : 0;
    /* One row alone is a correction. */
    if (stay == 0 || self->writer.provenance->any_basis || self->bars->count == 1)
        return TRUE;
    char first[QB_TIME_TEXT];
    const series_files *files = &self->writer.files;
    g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                "%s: close: %.6g times the stored one in %" G_GSIZE_FORMAT
                " rows, first at %s (expected the same basis; %" G_GSIZE_FORMAT
                " stored rows would stay on the old one): import the whole history again, or move "
                "the folder away first; if these bars are adjusted, say so with --adjustment",
                layout_relative(files->cache, files->folder), run.factor, run.rows,
                qb_time_to_text(run.first_us, first), stay);
    return FALSE;
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
    return check_basis(self, error) && writer_commit(&self->writer, error);
}

static gboolean merge_bars(merge *self, GError **error)
{
    series_writer *writer = &self->writer;
    const cache *owner = writer->files.cache;
    const char *name = layout_relative(owner, writer->files.folder);
    writer->calendar = cache_calendar(owner, writer->provenance->calendar, name, error);
    if (writer->calendar == NULL ||
        !bars_check(self->bars, writer->calendar, writer->files.key.interval, name, error) ||
        !check_range(self->bars, name, error))
        return FALSE;
    return writer_lock(writer, error) && check_facts(self, error) && writer_settle(writer, error) &&
           merge_months(self, error);
}

gboolean cache_merge(cache *self, const cache_key *key, const qb_series *bars,
                     const cache_provenance *provenance, cache_change *out_change, GError **error)
{
    merge work = {.bars = bars};
    if (!cache_check_bars(key, error) || !writer_init(&work.writer, self, key, provenance, error))
        return FALSE;
    const gboolean ok = bars->count == 0 || merge_bars(&work, error);
    if (ok)
        *out_change = work.writer.change;
    writer_clear(&work.writer);
    return ok;
}
