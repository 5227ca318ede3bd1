#include "fixture.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

void remove_tree(const char *path)
{
    GDir *dir = g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_tree(child);
    }
    if (dir != NULL)
        g_dir_close(dir);
    g_remove(path);
}

void fixture_set_up(fixture *self, gconstpointer unused)
{
    /* Thousands of synced writes: in memory where there is such a place. */
    const char *parent = g_access("/dev/shm", W_OK) == 0 ? "/dev/shm" : g_get_tmp_dir();
    self->folder = g_build_filename(parent, "quantbot-cache-XXXXXX", NULL);
    g_assert_nonnull(g_mkdtemp(self->folder));
    self->cache = cache_new(self->folder, NULL);
}

void fixture_tear_down(fixture *self, gconstpointer unused)
{
    cache_free(self->cache);
    remove_tree(self->folder);
    g_free(self->folder);
}

gint64 at(const char *time)
{
    gint64 us = 0;
    g_assert_cmpint(qb_time_from_text(time, strlen(time), &us), ==, QB_OK);
    return us;
}

cache_key key_of(qb_asset asset, const char *symbol, qb_interval interval)
{
    cache_key key = {.asset = asset, .interval = interval};
    g_strlcpy(key.symbol, symbol, sizeof key.symbol);
    return key;
}

void add_bar(qb_series *bars, gint64 ts_us, double price, double volume)
{
    const qb_bar bar = {.ts_us = ts_us,
                        .open = price,
                        .high = price + 2,
                        .low = price / 2,
                        .close = price + 1,
                        .volume = volume,
                        .split_factor = 1};
    g_assert_cmpint(qb_series_append(bars, &bar), ==, QB_OK);
}

qb_series bars_between(gint64 from_us, gint64 to_us, gint64 step_us, double first)
{
    qb_series bars = {0};
    for (gint64 ts_us = from_us; ts_us < to_us; ts_us += step_us)
        add_bar(&bars, ts_us, first + (double)bars.count, 1000 + (double)bars.count);
    return bars;
}

cache_provenance provenance_of(const char *calendar)
{
    return (cache_provenance){
        .provider = "test",
        .adjustment = CACHE_RAW,
        .calendar = calendar,
        .source_hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        .fetched_us = at("2024-01-02T03:04:05Z")};
}

static cache_provenance standard_provenance(const cache_key *key)
{
    return provenance_of(qb_calendar_name(qb_calendar_default(key->asset)));
}

cache_change merge_bars(fixture *self, const cache_key *key, qb_series bars)
{
    g_autoptr(GError) error = NULL;
    cache_change change = {0};
    const cache_provenance provenance = standard_provenance(key);
    cache_merge(self->cache, key, &bars, &provenance, &change, &error);
    g_assert_no_error(error);
    qb_series_clear(&bars);
    return change;
}

char *merge_fails(fixture *self, const cache_key *key, qb_series bars,
                  const cache_provenance *provenance, int code)
{
    g_autoptr(GError) error = NULL;
    cache_change change;
    const cache_provenance standard = standard_provenance(key);
    g_assert_false(cache_merge(self->cache, key, &bars, provenance != NULL ? provenance : &standard,
                               &change, &error));
    g_assert_error(error, FAILURE, code);
    qb_series_clear(&bars);
    return g_strdup(error->message);
}

qb_series read_all(fixture *self, const cache_key *key)
{
    g_autoptr(GError) error = NULL;
    qb_series bars = {0};
    cache_read(self->cache, key, G_MININT64, G_MAXINT64, CACHE_ALL, &bars, NULL, &error);
    g_assert_no_error(error);
    return bars;
}

char *read_fails(fixture *self, const cache_key *key, int code)
{
    g_autoptr(GError) error = NULL;
    qb_series bars = {0};
    g_assert_false(
        cache_read(self->cache, key, G_MININT64, G_MAXINT64, CACHE_ALL, &bars, NULL, &error));
    g_assert_error(error, FAILURE, code);
    g_assert_null(bars.ts_us);
    return g_strdup(error->message);
}

/* "FILE: row R: KIND: TEXT (TIME)", with "FILE: KIND: TEXT" for files. */
static void append_finding(GString *to, const cache_finding *finding)
{
    for (guint i = 0; i < finding->places->len; i++) {
        const cache_place *place = g_ptr_array_index(finding->places, i);
        char time[QB_TIME_TEXT];
        g_string_append_printf(to, "%s%s: ", to->len > 0 ? "\n" : "", place->file);
        if (place->row > 0)
            g_string_append_printf(to, "row %" G_GSIZE_FORMAT ": ", place->row);
        g_string_append_printf(to, "%s: %s", finding->kind, place->text);
        if (place->row > 0)
            g_string_append_printf(to, " (%s)", qb_time_to_text(place->ts_us, time));
    }
    if (finding->count > finding->places->len)
        g_string_append_printf(to, "\nand %" G_GSIZE_FORMAT " more rows: %s",
                               finding->count - finding->places->len, finding->kind);
}

cache_findings *verify_deep(fixture *self, const cache_key *key)
{
    g_autoptr(GError) error = NULL;
    cache_findings *findings = cache_findings_new();
    const cache_verify_how how = {.deep = TRUE, .since = INT32_MIN};
    cache_verify(self->cache, key, &how, findings, &error);
    g_assert_no_error(error);
    return findings;
}

char *verify_text(fixture *self, const cache_key *key, char **out_notes)
{
    g_autoptr(cache_findings) findings = verify_deep(self, key);
    g_autoptr(GString) errors = g_string_new(NULL);
    g_autoptr(GString) others = g_string_new(NULL);
    for (guint i = 0; i < findings->items->len; i++) {
        const cache_finding *finding = g_ptr_array_index(findings->items, i);
        append_finding(finding->severity == QB_SEVERITY_ERROR ? errors : others, finding);
    }
    g_assert_cmpint(findings->counts[QB_SEVERITY_ERROR] == 0, ==, errors->len == 0);
    if (out_notes != NULL)
        *out_notes = g_strdup(others->str);
    return g_strdup(errors->str);
}

char *file_path(const fixture *self, const char *name)
{
    return g_build_filename(self->folder, "cache", name, NULL);
}

void file_flip(const char *path, gsize offset)
{
    g_autofree char *bytes = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    g_assert_cmpuint(offset, <, size);
    bytes[offset] ^= 0x10;
    g_assert_true(g_file_set_contents(path, bytes, (gssize)size, NULL));
}

void file_copy(const char *from, const char *to)
{
    g_autofree char *bytes = NULL;
    g_autofree char *folder = g_path_get_dirname(to);
    gsize size;
    g_assert_true(g_file_get_contents(from, &bytes, &size, NULL));
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(to, bytes, (gssize)size, NULL));
}

char *fixture_path(const char *name)
{
    return g_build_filename(g_getenv("QUANTBOT_SOURCE"), "tests", "cache", "fixtures", name, NULL);
}
