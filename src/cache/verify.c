/* Verification. Each file is held against the manifest and against its own page checksums, each bar
 * against the calendar, and the series as a whole against what it usually does. */
#include "cache/findings-private.h"
#include "cache/ledger-private.h"

#include <math.h>
#include <string.h>

/* ---- one series ----------------------------------------------------------------------------- */

/* Where the rows of a file begin in the series that was put together. */
typedef struct part {
    month_id id;
    gsize start;
} part;

typedef struct verification {
    series_files files;
    const cache_verify_how *how;
    cache_findings *findings;
    cache_adjustment adjustment;
    const qb_calendar *calendar;
    bars_builder bars;
    macro_builder values; /* instead of bars */
    GArray *parts;
} verification;

/* "equity/SPY/1d/NAME"; caller frees. */
static char *name_in_series(const verification *self, const char *name)
{
    return g_build_filename(layout_relative(self->files.cache, self->files.folder), name, NULL);
}

static char *name_of_month(const verification *self, month_id id)
{
    g_autofree char *name = month_name(id);
    return name_in_series(self, name);
}

/* A message begins with the path it is about; what follows is what a finding says. */
static const char *after_path(const char *message, const char *path)
{
    const gsize length = strlen(path);
    if (strncmp(message, path, length) != 0)
        return message;
    message += length;
    /* "PATH: what", or "PATH:LINE:COLUMN: what". */
    return g_str_has_prefix(message, ": ") ? message + 2 : message + (*message == ':');
}

/* A message of several lines is as many places. */
static void add_failure(verification *self, file_finding kind, const char *file, const char *path,
                        const GError *reason)
{
    g_auto(GStrv) lines = g_strsplit(reason->message, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        const char *text = after_path(*line, path);
        if (kind == FILE_DAMAGED && g_str_has_prefix(text, "damaged: "))
            text += strlen("damaged: ");
        findings_add_file(self->findings, kind, file, text);
    }
}

/* ---- files ---------------------------------------------------------------------------------- */

static void check_present(verification *self, const month_file *file, const char *name)
{
    if (self->calendar == NULL)
        return;
    const gsize present = month_present(self->bars.series.ts_us + file->start, file->rows,
                                        self->calendar, self->files.key.interval);
    if (present == file->state.present)
        return;
    g_autofree char *text = g_strdup_printf(
        "%" G_GSIZE_FORMAT " bars on expected stamps (manifest.json says %" G_GSIZE_FORMAT ")",
        present, file->state.present);
    findings_add_file(self->findings, FILE_COUNT, name, text);
}

/* A file of ours says whose it is; one from another folder is no bar of this series. */
static void check_owner(verification *self, const month_file *file, const char *name)
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
        g_autofree char *text = g_strdup_printf("%s: %s (expected %s)", pairs[i][0], quoted,
                                                pairs[i][1]);
        findings_add_file(self->findings, FILE_OWNER, name, text);
    }
}

/* Values are validated as they are read. */
static gboolean read_month(verification *self, month_id id, month_file *file, GError **error)
{
    const gboolean hash = self->how->deep;
    if (self->files.key.asset == QB_MACRO)
        return series_files_read_macro(&self->files, id, hash, &self->values, file, error);
    return series_files_read(&self->files, id, hash, &self->bars, file, error);
}

static void check_file(verification *self, const month_file *file, const char *name)
{
    const part here = {file->id, file->start};
    self->findings->files++;
    self->findings->rows += file->rows;
    check_owner(self, file, name);
    if (file->listed) {
        check_present(self, file, name);
    } else {
        g_autofree char *text = g_strdup_printf("%" G_GSIZE_FORMAT " rows", file->rows);
        findings_add_file(self->findings, FILE_FOREIGN, name, text);
    }
    g_array_append_val(self->parts, here);
}

static gboolean verify_month(verification *self, month_id id, GError **error)
{
    g_autofree char *name = name_of_month(self, id);
    g_autofree char *path = g_build_filename(self->files.cache->root, name, NULL);
    g_autoptr(GError) reason = NULL;
    month_file file = {0};
    if (read_month(self, id, &file, &reason)) {
        if (!file.absent)
            check_file(self, &file, name);
        month_file_clear(&file);
        return TRUE;
    }
    /* A disk that does not answer says nothing about the data. */
    if (!g_error_matches(reason, FAILURE, FAILURE_BAD_DATA)) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    self->findings->files++;
    const gboolean listed = manifest_find(self->files.manifest, id) != NULL;
    add_failure(self, listed ? FILE_DAMAGED : FILE_UNFIT, name, path, reason);
    return TRUE;
}

static void check_unsettled(verification *self)
{
    const GArray *entries = self->files.manifest->entries;
    for (guint i = 0; i < entries->len; i++) {
        const manifest_entry *entry = &g_array_index(entries, manifest_entry, i);
        if (!entry->changing)
            continue;
        g_autofree char *name = name_of_month(self, entry->id);
        findings_add_file(self->findings, FILE_HALF_WRITTEN, name,
                          "manifest.json says what it was and what it was to be");
    }
}

/* "2020-03.parquet.damaged-1", ".foreign-2": ours. */
static gboolean is_set_aside(const char *name)
{
    return strstr(name, ".damaged-") != NULL || strstr(name, ".foreign-") != NULL;
}

static void check_strangers(verification *self, const GPtrArray *strangers)
{
    for (guint i = 0; i < strangers->len; i++) {
        const char *stranger = g_ptr_array_index(strangers, i);
        g_autofree char *name = name_in_series(self, stranger);
        const gboolean aside = is_set_aside(stranger);
        findings_add_file(self->findings, aside ? FILE_SET_ASIDE : FILE_NOT_READ, name,
                          aside ? "not read" : "neither bars nor manifest");
    }
}

static void check_ledger(verification *self)
{
    g_autoptr(GError) reason = NULL;
    g_autofree char *name = name_in_series(self, GAP_WORDS_NAME);
    g_autofree char *path = g_build_filename(self->files.folder, GAP_WORDS_NAME, NULL);
    g_autoptr(GArray)
        words = gap_words_load(self->files.cache, self->files.folder, &self->files.key, &reason);
    if (words == NULL)
        add_failure(self, FILE_LEDGER, name, path, reason);
}

/* ---- bars ----------------------------------------------------------------------------------- */

static const part *part_of(const verification *self, gsize row)
{
    guint low = 0, high = self->parts->len;
    while (high - low > 1) {
        const guint middle = low + (high - low) / 2;
        if (g_array_index(self->parts, part, middle).start <= row)
            low = middle;
        else
            high = middle;
    }
    return &g_array_index(self->parts, part, low);
}

static void add_defect(verification *self, cache_finding *finding, const qb_defect *defect)
{
    char value[40] = "";
    const part *from = part_of(self, defect->row);
    g_autofree char *name = name_of_month(self, from->id);
    if (!isnan(defect->value))
        g_snprintf(value, sizeof value, " %.10g", defect->value);
    g_autofree char *text = g_strconcat(defect->field, value, NULL);
    const cache_place place = {.file = name,
                               .row = defect->row - from->start + 1,
                               .rows = defect->rows,
                               .ts_us = defect->ts_us,
                               .text = text};
    finding_add_place(finding, &place);
}

static void report_defects(verification *self, const qb_defects *defects)
{
    cache_finding *findings[QB_DEFECT_KIND_COUNT] = {NULL};
    for (int kind = 0; kind < QB_DEFECT_KIND_COUNT; kind++)
        if (defects->by_kind[kind] > 0)
            findings[kind] = findings_add_defects(self->findings, (qb_defect_kind)kind,
                                                  defects->by_kind[kind],
                                                  defects->rows_of_kind[kind]);
    for (gsize i = 0; i < defects->stored; i++)
        add_defect(self, findings[defects->items[i].kind], &defects->items[i]);
}

/* Bars from before the symbol was this company's. */
static void check_since(verification *self, const qb_series *bars)
{
    if (self->how->since == INT32_MIN)
        return;
    const gsize before = qb_series_lower_bound(bars, self->how->since * QB_DAY_US);
    if (before == 0)
        return;
    char since[QB_TIME_TEXT];
    const part *from = part_of(self, 0);
    g_autofree char *name = name_of_month(self, from->id);
    g_autofree char *text = g_strdup_printf("instruments.ini: since %s",
                                            qb_date_to_text(self->how->since, since));
    const cache_place place = {
        .file = name, .row = 1, .rows = before, .ts_us = bars->ts_us[0], .text = text};
    findings_add_rows(self->findings, FILE_REUSE, &place);
}

/* Only shares are split; what is adjusted has no splits to declare. */
static gboolean has_no_splits(const verification *self)
{
    return self->files.key.asset != QB_EQUITY || self->adjustment == CACHE_SPLIT ||
           self->adjustment == CACHE_FULL;
}

static gboolean verify_bars(verification *self, GError **error)
{
    qb_series bars = {0};
    qb_defect items[QB_DEFECT_KIND_COUNT * CACHE_PLACES];
    qb_defects defects = {
        .items = items, .capacity = G_N_ELEMENTS(items), .per_kind = CACHE_PLACES};
    const qb_interval interval = self->files.key.interval;
    if (self->parts->len == 0 || self->files.key.asset == QB_MACRO)
        return TRUE;
    bars_builder_finish(&self->bars, &bars);
    qb_status status = qb_validate(&bars, self->calendar, interval, &defects);
    if (status == QB_OK)
        status = qb_suspect(&bars, self->calendar, interval, has_no_splits(self), &defects);
    if (status == QB_OK) {
        report_defects(self, &defects);
        check_since(self, &bars);
    }
    qb_series_clear(&bars);
    return status == QB_OK || failure_from_status(error, status, "validation of bars");
}

/* ---- the series ----------------------------------------------------------------------------- */

/* Without facts (no manifest, and the first file cannot be read) each file still is looked at. */
static void find_facts(verification *self)
{
    if (series_files_facts(&self->files, &self->adjustment, &self->calendar, NULL))
        return;
    self->adjustment = CACHE_UNKNOWN;
    self->calendar = cache_default_calendar(self->files.cache, self->files.key.asset);
}

static gboolean verify_files(verification *self, GError **error)
{
    for (guint i = 0; i < self->files.months->len; i++)
        if (!verify_month(self, g_array_index(self->files.months, month_id, i), error))
            return FALSE;
    check_unsettled(self);
    check_ledger(self);
    return verify_bars(self, error);
}

/* A manifest or a link that cannot be believed is what verify is asked to find. */
static gboolean report_unopened(verification *self, const cache *owner, const cache_key *key,
                                GError *reason, GError **error)
{
    g_autoptr(GError) why = reason;
    g_autofree char *folder = layout_folder(owner, key, NULL);
    if (folder == NULL || !g_error_matches(why, FAILURE, FAILURE_BAD_DATA)) {
        g_propagate_error(error, g_steal_pointer(&why));
        return FALSE;
    }
    g_autofree char *path = g_build_filename(folder, "manifest.json", NULL);
    const gboolean of_manifest = g_str_has_prefix(why->message, path);
    const gboolean is_link = strstr(why->message, "is a symbolic link") != NULL;
    const char *about = of_manifest ? path : folder;
    add_failure(self, is_link ? FILE_LINK : FILE_MANIFEST, layout_relative(owner, about), about,
                why);
    return TRUE;
}

gboolean cache_verify(cache *self, const cache_key *key, const cache_verify_how *how,
                      cache_findings *out, GError **error)
{
    verification work = {.findings = out, .how = how, .bars.columns = CACHE_ALL};
    g_autoptr(GPtrArray) strangers = g_ptr_array_new_with_free_func(g_free);
    GError *reason = NULL;
    if (!series_files_open(self, key, strangers, &work.files, &reason))
        return report_unopened(&work, self, key, reason, error);
    work.parts = g_array_new(FALSE, FALSE, sizeof(part));
    find_facts(&work);
    check_strangers(&work, strangers);
    const gboolean ok = work.files.months->len == 0 ? cache_fail_missing(key, error)
                                                    : verify_files(&work, error);
    findings_sort(out);
    g_array_unref(work.parts);
    bars_builder_clear(&work.bars);
    macro_builder_clear(&work.values);
    series_files_clear(&work.files);
    return ok;
}
