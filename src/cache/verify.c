/* Verification. Each file is held against the manifest by length and SHA-256, against
 * itself by its page checksums, and its bars against the calendar and against each other. */
#include "cache/cache-private.h"

#include <string.h>

/* ---- findings ------------------------------------------------------------------------------- */

/* Takes the line. */
static void keep(GPtrArray *lines, char *line)
{
    if (lines != NULL)
        g_ptr_array_add(lines, line);
    else
        g_free(line);
}

static void add_problem(cache_findings *findings, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_problem(cache_findings *findings, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    keep(findings->problems, g_strdup_vprintf(format, arguments));
    va_end(arguments);
    findings->problem_count++;
}

static void add_note(cache_findings *findings, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void add_note(cache_findings *findings, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    keep(findings->notes, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/* ---- one series ----------------------------------------------------------------------------- */

/* Where the rows of a file begin in the series that was put together. */
typedef struct part {
    month_id id;
    gsize start;
} part;

typedef struct verification {
    series_files files;
    cache_findings *findings;
    cache_adjustment adjustment;
    const qb_calendar *calendar;
    bars_builder bars;
    macro_builder values; /* instead of bars */
    GArray *parts;
} verification;

/* "equity/SPY/1d/2020/2020-03.parquet"; caller frees. */
static char *place(const verification *self, month_id id)
{
    g_autofree char *name = month_name(id);
    return g_build_filename(layout_relative(self->files.cache, self->files.folder), name, NULL);
}

static void check_present(verification *self, const month_file *file, const char *where)
{
    if (self->calendar == NULL)
        return;
    const gsize present = month_present(self->bars.series.ts_us + file->start, file->rows,
                                        self->calendar, self->files.key.interval);
    if (present != file->state.present)
        add_problem(self->findings,
                    "%s: %" G_GSIZE_FORMAT
                    " bars on expected stamps (manifest.json says %" G_GSIZE_FORMAT ")",
                    where, present, file->state.present);
}

/* A file of ours says whose it is; one from another folder is no bar of this series. */
static void check_owner(verification *self, const month_file *file, const char *where)
{
    const cache_key *key = &self->files.key;
    const char *const pairs[][2] = {
        {"asset", qb_asset_text(key->asset)},
        {"symbol", key->symbol},
        {"interval", qb_interval_text(key->interval)},
        {"adjustment", cache_adjustment_text(self->adjustment)},
        {"calendar", self->calendar != NULL ? qb_calendar_name(self->calendar) : ""},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(pairs); i++) {
        const char *value = g_hash_table_lookup(file->footer->metadata, pairs[i][0]);
        if (value == NULL || g_ascii_strcasecmp(value, pairs[i][1]) == 0)
            continue;
        g_autofree char *quoted = failure_quote(value, -1);
        add_problem(self->findings, "%s: %s: %s (expected %s)", where, pairs[i][0], quoted,
                    pairs[i][1]);
    }
}

/* Values are validated as they are read. */
static gboolean read_month(verification *self, month_id id, month_file *file, GError **error)
{
    if (self->files.key.asset == QB_MACRO)
        return series_files_read_macro(&self->files, id, TRUE, &self->values, file, error);
    return series_files_read(&self->files, id, TRUE, &self->bars, file, error);
}

static void verify_month(verification *self, month_id id)
{
    g_autofree char *where = place(self, id);
    g_autoptr(GError) reason = NULL;
    month_file file = {0};
    if (!read_month(self, id, &file, &reason)) {
        self->findings->files++;
        add_problem(self->findings, "%s", layout_relative(self->files.cache, reason->message));
        return;
    }
    if (!file.absent) {
        const part here = {id, file.start};
        self->findings->files++;
        self->findings->rows += file.rows;
        check_owner(self, &file, where);
        if (file.listed)
            check_present(self, &file, where);
        else
            add_note(self->findings,
                     "%s: foreign: not in manifest.json, checked by its page checksums only",
                     where);
        g_array_append_val(self->parts, here);
    }
    month_file_clear(&file);
}

static void note_unsettled(verification *self)
{
    const GArray *entries = self->files.manifest->entries;
    for (guint i = 0; i < entries->len; i++) {
        const manifest_entry *entry = &g_array_index(entries, manifest_entry, i);
        if (!entry->changing)
            continue;
        g_autofree char *where = place(self, entry->id);
        add_note(self->findings, "%s: a write ended half way; the next one settles it", where);
    }
}

static void note_strangers(verification *self, const GPtrArray *strangers)
{
    const char *folder = layout_relative(self->files.cache, self->files.folder);
    for (guint i = 0; i < strangers->len; i++)
        add_note(self->findings, "%s/%s: not read (expected names such as 2020/2020-03.parquet)",
                 folder, (const char *)g_ptr_array_index(strangers, i));
}

/* ---- bars ----------------------------------------------------------------------------------- */

static const part *part_of(const verification *self, gsize row)
{
    const part *found = &g_array_index(self->parts, part, 0);
    for (guint i = 1; i < self->parts->len; i++) {
        const part *candidate = &g_array_index(self->parts, part, i);
        if (candidate->start > row)
            break;
        found = candidate;
    }
    return found;
}

static char *defect_line(const verification *self, const qb_defect *defect)
{
    const part *from = part_of(self, defect->row);
    g_autofree char *where = place(self, from->id);
    g_autofree char *text = defect_text(defect, defect->row - from->start + 1);
    return g_strdup_printf("%s: %s", where, text);
}

/* A kind that makes bars unfit is a problem row by row; the others are one note with a count, and
 * the first rows of it. */
static void report_kind(verification *self, const qb_defects *defects, qb_defect_kind kind)
{
    cache_findings *findings = self->findings;
    const gboolean unfit = bars_unfit(kind);
    const gsize count = defects->by_kind[kind];
    GPtrArray *lines = unfit ? findings->problems : findings->notes;
    gsize listed = 0;
    for (gsize i = 0; i < defects->stored && listed < CACHE_DEFECTS_LISTED; i++) {
        if (defects->items[i].kind != kind)
            continue;
        keep(lines, defect_line(self, &defects->items[i]));
        listed++;
    }
    if (count > listed)
        keep(lines, g_strdup_printf("%s: ... and %" G_GSIZE_FORMAT " more rows: %s",
                                    layout_relative(self->files.cache, self->files.folder),
                                    count - listed, qb_defect_text(kind)));
    if (unfit)
        findings->problem_count += count;
}

static gboolean verify_bars(verification *self, GError **error)
{
    qb_series bars = {0};
    qb_defects defects = {0};
    if (self->parts->len == 0 || self->files.key.asset == QB_MACRO)
        return TRUE;
    bars_builder_finish(&self->bars, &bars);
    const gboolean ok = bars_defects(&bars, self->calendar, self->files.key.interval, &defects,
                                     error);
    for (int kind = 0; ok && kind < QB_DEFECT_KIND_COUNT; kind++)
        if (defects.by_kind[kind] > 0)
            report_kind(self, &defects, (qb_defect_kind)kind);
    g_free(defects.items);
    qb_series_clear(&bars);
    return ok;
}

/* ---- the series ----------------------------------------------------------------------------- */

/* Without facts (no manifest, and the first file cannot be read) each file still is looked at. */
static void find_facts(verification *self)
{
    if (series_files_facts(&self->files, &self->adjustment, &self->calendar, NULL))
        return;
    self->adjustment = CACHE_UNKNOWN;
    self->calendar = qb_calendar_default(self->files.key.asset);
}

static gboolean verify_files(verification *self, GError **error)
{
    for (guint i = 0; i < self->files.months->len; i++)
        verify_month(self, g_array_index(self->files.months, month_id, i));
    note_unsettled(self);
    return verify_bars(self, error);
}

gboolean cache_verify(cache *self, const cache_key *key, cache_findings *findings, GError **error)
{
    verification work = {.findings = findings, .bars.columns = CACHE_ALL};
    g_autoptr(GPtrArray) strangers = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) reason = NULL;
    if (!series_files_open(self, key, strangers, &work.files, &reason)) {
        /* A manifest or a link that cannot be believed is what verify is asked to find. */
        if (g_error_matches(reason, FAILURE, FAILURE_BAD_DATA)) {
            add_problem(findings, "%s", layout_relative(self, reason->message));
            return TRUE;
        }
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    work.parts = g_array_new(FALSE, FALSE, sizeof(part));
    find_facts(&work);
    note_strangers(&work, strangers);
    const gboolean ok = work.files.months->len == 0 ? cache_fail_missing(key, error)
                                                    : verify_files(&work, error);
    g_array_unref(work.parts);
    bars_builder_clear(&work.bars);
    macro_builder_clear(&work.values);
    series_files_clear(&work.files);
    return ok;
}
