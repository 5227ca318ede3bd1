/* Macro series: what was published of each observation, and when. A month file holds the
 * observations whose periods began in that month, with all their vintages. */
#include "cache/cache-private.h"

#include <math.h>
#include <string.h>

/* ---- series --------------------------------------------------------------------------------- */

void macro_series_clear(macro_series *series)
{
    g_free(series->ts_us);
    g_free(series->value);
    g_free(series->known_from_us);
    g_free(series->known_to_us);
    *series = (macro_series){0};
}

macro_series macro_slice(const macro_series *series, gsize start, gsize count)
{
    return (macro_series){.ts_us = series->ts_us + start,
                          .value = series->value + start,
                          .known_from_us = series->known_from_us + start,
                          .known_to_us = series->known_to_us + start,
                          .count = count,
                          .basis = series->basis};
}

/* Why this row cannot stand below the one above; NULL when it can. */
static const char *row_defect(const macro_series *rows, gsize i)
{
    if (rows->ts_us[i] < CACHE_FIRST_US || rows->ts_us[i] >= CACHE_END_US)
        return "a stamp outside the years 1000 to 9999";
    if (isinf(rows->value[i]))
        return "a value that is infinite";
    if (rows->known_from_us[i] < rows->ts_us[i])
        return "known before its period began";
    if (rows->known_to_us[i] <= rows->known_from_us[i])
        return "known_to is not after known_from";
    if (i == 0 || rows->ts_us[i] > rows->ts_us[i - 1])
        return NULL;
    if (rows->ts_us[i] < rows->ts_us[i - 1])
        return "an observation before the one above";
    if (rows->known_from_us[i] == rows->known_from_us[i - 1])
        return "the same observation and known_from as above";
    return rows->known_from_us[i] < rows->known_from_us[i - 1] ? "known before the vintage above"
                                                               : NULL;
}

void macro_close(macro_series *rows)
{
    for (gsize i = 0; i + 1 < rows->count; i++)
        if (rows->ts_us[i] == rows->ts_us[i + 1])
            rows->known_to_us[i] = MIN(rows->known_to_us[i], rows->known_from_us[i + 1]);
}

gboolean macro_check(const macro_series *rows, const char *name, GError **error)
{
    failures problems;
    failures_init(&problems);
    for (gsize i = 0; i < rows->count; i++) {
        const char *defect = row_defect(rows, i);
        if (defect == NULL)
            continue;
        char ts[QB_TIME_TEXT], known[QB_TIME_TEXT];
        failures_add(&problems, "%s: row %" G_GSIZE_FORMAT ": %s, known from %s: %s", name, i + 1,
                     qb_time_to_text(rows->ts_us[i], ts),
                     qb_time_to_text(rows->known_from_us[i], known), defect);
    }
    return failures_finish(&problems, FAILURE_BAD_DATA, error);
}

static gboolean same_value(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void append(macro_series *to, const macro_series *from, gsize row)
{
    to->ts_us[to->count] = from->ts_us[row];
    to->value[to->count] = from->value[row];
    to->known_from_us[to->count] = from->known_from_us[row];
    to->known_to_us[to->count] = from->known_to_us[row];
    to->count++;
}

gboolean macro_series_as_of(const macro_series *all, gint64 at_us, macro_series *out)
{
    macro_builder known = {0};
    if (!macro_builder_room(&known, all->count, NULL))
        return FALSE;
    for (gsize i = 0; i < all->count; i++)
        if (all->known_from_us[i] <= at_us && at_us < all->known_to_us[i])
            append(&known.series, all, i);
    known.series.basis = all->basis;
    *out = known.series;
    return TRUE;
}

/* ---- tables without vintages ---------------------------------------------------------------- */

/* The vintages [start, end) of one observation, and what was known of it. */
typedef struct observation {
    const macro_series *stored;
    gsize start, end;
} observation;

static const double *value_at(const observation *self, gint64 at_us)
{
    const macro_series *stored = self->stored;
    for (gsize i = self->end; i > self->start; i--)
        if (stored->known_from_us[i - 1] <= at_us && at_us < stored->known_to_us[i - 1])
            return &stored->value[i - 1];
    return NULL;
}

static void add_vintage(macro_series *to, gint64 ts_us, double value, gint64 known_from_us)
{
    to->ts_us[to->count] = ts_us;
    to->value[to->count] = value;
    to->known_from_us[to->count] = known_from_us;
    to->known_to_us[to->count] = G_MAXINT64;
    to->count++;
}

static void add_told(const observation *self, const macro_series *rows, gsize row,
                     macro_series *out)
{
    const double *known = value_at(self, rows->known_from_us[row]);
    if (known == NULL || !same_value(*known, rows->value[row]))
        add_vintage(out, rows->ts_us[row], rows->value[row], rows->known_from_us[row]);
}

static void add_assumed(const observation *self, const macro_series *rows, gsize row, gint64 now_us,
                        macro_series *out)
{
    const double value = rows->value[row];
    const gint64 assumed_us = MIN(rows->known_from_us[row], now_us);
    const gboolean none = self->start == self->end;
    const double first = none ? value : self->stored->value[self->start];
    const double *known = value_at(self, now_us);
    if (none || assumed_us < self->stored->known_from_us[self->start])
        add_vintage(out, rows->ts_us[row], first, assumed_us);
    if (!none && (known == NULL || !same_value(*known, value)))
        add_vintage(out, rows->ts_us[row], value, now_us);
}

gboolean macro_series_news(const macro_series *stored, const macro_series *rows, gint64 now_us,
                           macro_series *out, gsize *out_known)
{
    macro_builder news = {0};
    observation seen = {.stored = stored};
    gsize known = 0;
    if (!macro_builder_room(&news, 2 * rows->count, NULL))
        return FALSE;
    for (gsize i = 0; i < rows->count; i++) {
        const gsize before = news.series.count;
        for (seen.start = seen.end;
             seen.start < stored->count && stored->ts_us[seen.start] < rows->ts_us[i];)
            seen.start++;
        for (seen.end = seen.start;
             seen.end < stored->count && stored->ts_us[seen.end] == rows->ts_us[i];)
            seen.end++;
        if (rows->basis == MACRO_ASSUMED)
            add_assumed(&seen, rows, i, now_us, &news.series);
        else
            add_told(&seen, rows, i, &news.series);
        known += news.series.count == before;
    }
    news.series.basis = rows->basis;
    *out = news.series;
    *out_known = known;
    return TRUE;
}

/* ---- merging rows --------------------------------------------------------------------------- */

static int compare_keys(const macro_series *a, gsize i, const macro_series *b, gsize k)
{
    if (a->ts_us[i] != b->ts_us[k])
        return a->ts_us[i] < b->ts_us[k] ? -1 : 1;
    return (a->known_from_us[i] > b->known_from_us[k]) -
           (a->known_from_us[i] < b->known_from_us[k]);
}

static gboolean merge_rows(const macro_series *earlier, const macro_series *later,
                           macro_builder *out, cache_change *counts, GError **error)
{
    gsize a = 0, b = 0;
    if (!macro_builder_room(out, earlier->count + later->count, error))
        return FALSE;
    out->series.basis = earlier->basis | later->basis;
    while (a < earlier->count || b < later->count) {
        const int order = a == earlier->count ? 1
                          : b == later->count ? -1
                                              : compare_keys(earlier, a, later, b);
        const gboolean same = order == 0 && same_value(earlier->value[a], later->value[b]);
        counts->added += order > 0;
        counts->changed += order == 0 && !same;
        counts->unchanged += same;
        append(&out->series, order < 0 || same ? earlier : later, order < 0 || same ? a : b);
        a += order <= 0;
        b += order >= 0;
    }
    macro_close(&out->series);
    return TRUE;
}

/* ---- one month ------------------------------------------------------------------------------ */

static month_span span_of(const macro_series *rows)
{
    return (month_span){rows->count, rows->ts_us[0], rows->ts_us[rows->count - 1]};
}

static gboolean read_month(series_writer *writer, const macro_series *rows, macro_builder *earlier,
                           month_change *change, GError **error)
{
    const month_span span = span_of(rows);
    GError *damage = NULL;
    month_file file = {0};
    if (!series_files_read_macro(&writer->files, change->id, TRUE, earlier, &file, &damage))
        return writer_take_damage(writer, &span, damage, change, error);
    if (!file.absent) {
        change->had_before = TRUE;
        series_files_state(&writer->files, &file, earlier->series.ts_us + file.start, NULL,
                           &change->before);
        if (!file.listed && macro_month_has_other_columns(file.footer))
            change->foreign = g_bytes_ref(file.bytes);
    }
    month_file_clear(&file);
    return TRUE;
}

static gboolean write_month(series_writer *writer, const macro_series *merged, month_change *change,
                            GError **error)
{
    const month_span span = span_of(merged);
    GBytes *bytes = macro_month_write(merged, &writer->files.key, writer->provenance, error);
    if (bytes != NULL)
        writer_add(writer, change, bytes, &span, 0);
    return bytes != NULL;
}

static gboolean merge_month(series_writer *writer, month_id id, const macro_series *rows,
                            GError **error)
{
    macro_builder earlier = {0}, merged = {0};
    month_change change = {.id = id};
    cache_change counts = {0};
    gboolean ok = read_month(writer, rows, &earlier, &change, error) &&
                  merge_rows(&earlier.series, rows, &merged, &counts, error);
    if (ok && counts.added + counts.changed > 0)
        ok = write_month(writer, &merged.series, &change, error);
    if (ok)
        writer_count(writer, &counts);
    month_change_clear(&change);
    macro_builder_clear(&earlier);
    macro_builder_clear(&merged);
    return ok;
}

/* ---- the cache ------------------------------------------------------------------------------ */

/* Rows from start on whose period began in the same month. */
static gsize month_rows(const macro_series *rows, gsize start, month_id id)
{
    const gint64 end_us = month_end_us(id);
    gsize end = start;
    while (end < rows->count && rows->ts_us[end] < end_us)
        end++;
    return end - start;
}

static gboolean merge_months(series_writer *writer, const macro_series *rows, GError **error)
{
    for (gsize start = 0; start < rows->count;) {
        const month_id id = month_of(rows->ts_us[start]);
        const gsize count = month_rows(rows, start, id);
        const macro_series slice = macro_slice(rows, start, count);
        if (!merge_month(writer, id, &slice, error))
            return FALSE;
        start += count;
    }
    return writer_commit(writer, error);
}

gboolean cache_macro_merge(cache *self, const cache_key *key, const macro_series *rows,
                           const cache_provenance *provenance, cache_change *out_change,
                           GError **error)
{
    series_writer writer = {0};
    if (!cache_check_values(key, error) || !writer_init(&writer, self, key, provenance, error))
        return FALSE;
    const char *name = layout_relative(self, writer.files.folder);
    const gboolean ok = macro_check(rows, name, error) &&
                        (rows->count == 0 ||
                         (writer_lock(&writer, error) && writer_settle(&writer, error) &&
                          merge_months(&writer, rows, error)));
    if (ok)
        *out_change = writer.change;
    writer_clear(&writer);
    return ok;
}

static gboolean append_month(series_files *files, month_id id, gint64 from_us, gint64 to_us,
                             macro_builder *into, GPtrArray *hashes, GError **error)
{
    month_file file = {0};
    if (!series_files_read_macro(files, id, hashes != NULL, into, &file, error))
        return FALSE;
    if (!file.absent) {
        macro_builder_trim(into, file.start, from_us, to_us);
        if (hashes != NULL && into->series.count > file.start)
            g_ptr_array_add(
                hashes,
                g_strdup_printf("%s %s", layout_relative(files->cache, file.path), file.sha256));
    }
    month_file_clear(&file);
    return TRUE;
}

static gboolean read_months(series_files *files, gint64 from_us, gint64 to_us, macro_builder *into,
                            GPtrArray *hashes, GError **error)
{
    if (files->months->len == 0)
        return cache_fail_missing(&files->key, error);
    if (!macro_builder_room(into, 0, error))
        return FALSE;
    for (guint i = 0; i < files->months->len; i++) {
        const month_id id = g_array_index(files->months, month_id, i);
        if (month_end_us(id) > from_us && month_start_us(id) < to_us &&
            !append_month(files, id, from_us, to_us, into, hashes, error))
            return FALSE;
    }
    return TRUE;
}

gboolean cache_macro_read(cache *self, const cache_key *key, gint64 from_us, gint64 to_us,
                          macro_series *out, GPtrArray *out_hashes, GError **error)
{
    const guint hashes_before = out_hashes != NULL ? out_hashes->len : 0;
    macro_builder values = {0};
    series_files files = {0};
    if (!cache_check_values(key, error) || !series_files_open(self, key, NULL, &files, error))
        return FALSE;
    const gboolean ok = read_months(&files, from_us, to_us, &values, out_hashes, error);
    series_files_clear(&files);
    if (ok) {
        *out = values.series;
        return TRUE;
    }
    macro_builder_clear(&values);
    if (out_hashes != NULL)
        g_ptr_array_set_size(out_hashes, (gint)hashes_before);
    return FALSE;
}
