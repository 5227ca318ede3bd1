/* What data verify finds beyond damage, what fix puts right, and bars on another basis. */
#include "fixture.h"

#include "cache/ledger-private.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define DAY QB_DAY_US

/* ---- helpers -------------------------------------------------------------------------------- */

static GPtrArray *repairs_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)cache_repair_free);
}

/* "ACTION FILE: TEXT" a line; caller frees. */
static char *repairs_text(const GPtrArray *repairs)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < repairs->len; i++) {
        const cache_repair *repair = g_ptr_array_index(repairs, i);
        g_string_append_printf(text, "%s %s: %s\n", repair->action, repair->file, repair->text);
    }
    return g_string_free(text, FALSE);
}

static char *fix(fixture *self, const cache_key *key, cache_fix_how how)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) repairs = repairs_new();
    how.now_us = at("2024-05-06T07:08:09Z");
    cache_fix(self->cache, key, &how, repairs, &error);
    g_assert_no_error(error);
    return repairs_text(repairs);
}

static const cache_fix_how plain = {.adjustment = CACHE_UNKNOWN};
static const cache_fix_how raw = {.adjustment = CACHE_RAW};
static const cache_fix_how aside = {.adjustment = CACHE_UNKNOWN, .set_aside = TRUE};

static void place_foreign(fixture *self, const char *fixture_name, const char *name)
{
    g_autofree char *from = fixture_path(fixture_name);
    g_autofree char *to = file_path(self, name);
    file_copy(from, to);
}

static char *hash_of_file(const char *path)
{
    g_autofree char *bytes = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, size);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every name below the folder with its content's hash, for before-and-after. */
static void add_tree(const char *path, GString *to)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;)
        g_ptr_array_add(names, g_build_filename(path, name, NULL));
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *hash = g_file_test(name, G_FILE_TEST_IS_DIR) ? NULL : hash_of_file(name);
        g_string_append_printf(to, "%s %s\n", name, hash != NULL ? hash : "");
        if (hash == NULL)
            add_tree(name, to);
    }
}

static char *tree_text(const fixture *self)
{
    GString *text = g_string_new(NULL);
    add_tree(self->folder, text);
    return g_string_free(text, FALSE);
}

static char *month_path(const fixture *self, const cache_key *key, const char *month)
{
    g_autofree char *name = g_strdup_printf("%s/%s/%s/%.4s/%s.parquet", qb_asset_text(key->asset),
                                            key->symbol, qb_interval_text(key->interval), month,
                                            month);
    return file_path(self, name);
}

/* The manifest of a series, changed by hand. */
static manifest *load_manifest(fixture *self, const cache_key *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = layout_folder(self->cache, key, &error);
    manifest *loaded = manifest_load(folder, key, &error);
    g_assert_no_error(error);
    return loaded;
}

static void save_manifest(fixture *self, const cache_key *key, const manifest *changed)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = layout_folder(self->cache, key, &error);
    g_assert_true(manifest_save(changed, folder, key, &error));
}

static void assert_sound(fixture *self, const cache_key *key)
{
    g_autofree char *notes = NULL;
    g_autofree char *errors = verify_text(self, key, &notes);
    g_assert_cmpstr(errors, ==, "");
    g_assert_null(strstr(notes, ": foreign"));
    g_assert_null(strstr(notes, ": half-written"));
    g_assert_null(strstr(notes, ": wrong-count"));
    g_autofree char *again = fix(self, key, plain);
    g_assert_cmpstr(again, ==, "");
}

/* ---- foreign files -------------------------------------------------------------------------- */

static void test_adopt(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "XYZ", QB_1D);
    place_foreign(self, "pandas-2020-01.parquet", "equity/XYZ/1d/2020/2020-01.parquet");
    place_foreign(self, "polars-2020-02.parquet", "equity/XYZ/1d/2020/2020-02.parquet");
    place_foreign(self, "duckdb-2020-03.parquet", "equity/XYZ/1d/2020/2020-03.parquet");
    g_autofree char *left = fix(self, &key, plain);
    assert_contains(left, "left equity/XYZ/1d/2020/2020-01.parquet: no file says how its prices");
    g_autofree char *january = month_path(self, &key, "2020-01");
    g_autofree char *before = hash_of_file(january);
    g_autofree char *done = fix(self, &key, raw);
    assert_contains(done, "adopted equity/XYZ/1d/2020/2020-01.parquet: 21 rows, its bytes as they");
    assert_contains(done, "adopted equity/XYZ/1d/2020/2020-02.parquet: 19 rows");
    assert_contains(done, "adopted equity/XYZ/1d/2020/2020-03.parquet: 22 rows");
    assert_contains(done, "rebuilt equity/XYZ/1d/manifest.json: 3 files, adjustment raw, calendar "
                          "XNYS");
    g_autofree char *after = hash_of_file(january);
    g_assert_cmpstr(before, ==, after);
    assert_sound(self, &key);

    g_autoptr(GError) error = NULL;
    cache_entry entry;
    g_assert_true(cache_stat(self->cache, &key, &entry, &error));
    g_assert_cmpint(entry.adjustment, ==, CACHE_RAW);
    g_assert_cmpuint(entry.present, ==, 62);
    g_assert_cmpstr(entry.provider, ==, "foreign");
    /* Now that it is known what they are, bars can be merged. */
    merge_bars(self, &key, bars_between(at("2020-04-01"), at("2020-04-02"), DAY, 121));
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 63);
    qb_series_clear(&bars);
}

/* pandas wrote the newest first. */
static void test_sort(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "XYZ", QB_1D);
    place_foreign(self, "unsorted.parquet", "equity/XYZ/1d/2020/2020-01.parquet");
    g_autofree char *path = month_path(self, &key, "2020-01");
    g_autofree char *before = hash_of_file(path);
    g_autofree char *problem = read_fails(self, &key, FAILURE_BAD_DATA);
    assert_contains(problem, "a stamp after the row above");
    g_autofree char *done = fix(self, &key, raw);
    assert_contains(done, "sorted equity/XYZ/1d/2020/2020-01.parquet: 20 rows stood below a later");
    assert_contains(done, "adopted equity/XYZ/1d/2020/2020-01.parquet: 21 rows, rewritten");
    g_autofree char *kept = g_strconcat(path, ".foreign-1", NULL);
    g_autofree char *after = hash_of_file(kept);
    g_assert_cmpstr(before, ==, after);
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 21);
    for (gsize i = 0; i < 21; i++)
        g_assert_cmpfloat(bars.close[i], ==, 100 + (double)i);
    qb_series_clear(&bars);
    assert_sound(self, &key);
}

/* A foreign file of these bars in this order. */
static void write_foreign(fixture *self, const cache_key *key, const char *month,
                          const qb_series *bars)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = month_path(self, key, month);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autoptr(parquet_table) table = parquet_table_new(bars->count);
    const double *const columns[] = {bars->open, bars->high, bars->low, bars->close, bars->volume};
    static const char *const names[] = {"open", "high", "low", "close", "volume"};
    parquet_column *ts = parquet_table_add(table, "ts", PARQUET_TIMESTAMP_US, FALSE);
    memcpy(ts->values, bars->ts_us, bars->count * sizeof *bars->ts_us);
    for (gsize c = 0; c < G_N_ELEMENTS(columns); c++) {
        parquet_column *column = parquet_table_add(table, names[c], PARQUET_DOUBLE, FALSE);
        memcpy(column->values, columns[c], bars->count * sizeof(double));
    }
    g_autoptr(GBytes) bytes = parquet_write(table, &error);
    g_assert_no_error(error);
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, data, (gssize)size, NULL));
}

static void test_duplicates(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    qb_series bars = bars_between(at("2020-01-01"), at("2020-01-11"), DAY, 100);
    for (gsize row = 3; row < 6; row++) {
        const qb_bar again = qb_series_bar(&bars, row);
        g_assert_cmpint(qb_series_append(&bars, &again), ==, QB_OK);
    }
    write_foreign(self, &key, "2020-01", &bars);
    g_autofree char *done = fix(self, &key, raw);
    assert_contains(done, "deduplicated crypto/BTC-USD/1d/2020/2020-01.parquet: 3 rows repeated "
                          "another exactly, 10 are left");
    qb_series stored = read_all(self, &key);
    g_assert_cmpuint(stored.count, ==, 10);
    for (gsize row = 0; row < 10; row++)
        g_assert_cmpfloat(stored.open[row], ==, 100 + (double)row);
    qb_series_clear(&stored);
    assert_sound(self, &key);
    /* Which of two that differ is right, nobody knows here. */
    bars.volume[12] += 1;
    write_foreign(self, &key, "2020-02", &bars);
    for (gsize row = 0; row < bars.count; row++)
        bars.ts_us[row] += 31 * DAY;
    write_foreign(self, &key, "2020-02", &bars);
    g_autofree char *left = fix(self, &key, raw);
    g_assert_cmpstr(left, ==,
                    "left crypto/BTC-USD/1d/2020/2020-02.parquet: rows 6 and 13 have one stamp and "
                    "differ: keep the right one\n");
    qb_series_clear(&bars);
}

static void test_unfit(fixture *self, gconstpointer unused)
{
    static const struct {
        const char *file, *reason;
    } cases[] = {
        {"no-close.parquet", "column close: is missing"},
        {"null-low.parquet", "column low: has nulls"},
        {"high-low.parquet", "row 3: high 50"},
        {"polars-2020-02.parquet", "row 1: 2020-02-03T00:00:00Z is not of that month"},
    };
    const cache_key key = key_of(QB_EQUITY, "XYZ", QB_1D);
    place_foreign(self, "polars-2020-02.parquet", "equity/XYZ/1d/2020/2020-02.parquet");
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        place_foreign(self, cases[i].file, "equity/XYZ/1d/2020/2020-01.parquet");
        g_autofree char *left = fix(self, &key, raw);
        assert_contains(left, "left equity/XYZ/1d/2020/2020-01.parquet: ");
        assert_contains(left, cases[i].reason);
        g_autofree char *moved = fix(self, &key, aside);
        g_autofree char *name = g_strdup_printf("2020-01.parquet.damaged-%" G_GSIZE_FORMAT, i + 1);
        assert_contains(moved, "set-aside equity/XYZ/1d/2020/2020-01.parquet: kept as ");
        assert_contains(moved, name);
    }
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 19);
    qb_series_clear(&bars);
}

/* ---- the manifest --------------------------------------------------------------------------- */

static void test_rebuild(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-03-10"), DAY, 100));
    g_autofree char *path = file_path(self, "crypto/BTC-USD/1d/manifest.json");
    g_autoptr(manifest) before = load_manifest(self, &key);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_autofree char *done = fix(self, &key, plain);
    assert_contains(done, "rebuilt crypto/BTC-USD/1d/manifest.json: 3 files, adjustment raw, "
                          "calendar 24/7");
    g_autoptr(manifest) after = load_manifest(self, &key);
    g_assert_cmpuint(after->entries->len, ==, 3);
    for (guint i = 0; i < 3; i++) {
        const file_state *old = &g_array_index(before->entries, manifest_entry, i).now;
        const file_state *new = &g_array_index(after->entries, manifest_entry, i).now;
        g_assert_cmpstr(old->sha256, ==, new->sha256);
        g_assert_cmpuint(old->rows, ==, new->rows);
        g_assert_cmpuint(old->present, ==, new->present);
        g_assert_cmpint(old->fetched_us, ==, new->fetched_us);
        g_assert_cmpstr(new->provider, ==, "test");
    }
    assert_sound(self, &key);
}

/* A digit that flipped: nothing is believed. It goes aside when asked, and is made anew. */
static void test_unreadable(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-03-10"), DAY, 100));
    g_autofree char *path = file_path(self, "crypto/BTC-USD/1d/manifest.json");
    g_autofree char *text = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(path, &text, &size, NULL));
    char *digit = strstr(text, "\"present\": 31") + strlen("\"present\": ");
    *digit = '2';
    g_assert_true(g_file_set_contents(path, text, (gssize)size, NULL));
    g_autofree char *error = read_fails(self, &key, FAILURE_BAD_DATA);
    assert_contains(error, "sha256: ");
    assert_contains(error, "damaged, or changed by hand");
    g_autofree char *left = fix(self, &key, plain);
    assert_contains(left, "left crypto/BTC-USD/1d/manifest.json: ");
    g_autofree char *done = fix(self, &key, aside);
    assert_contains(done, "set-aside crypto/BTC-USD/1d/manifest.json: ");
    assert_contains(done, "rebuilt crypto/BTC-USD/1d/manifest.json: 3 files");
    g_autofree char *kept = g_strconcat(path, ".damaged-1", NULL);
    g_assert_true(g_file_test(kept, G_FILE_TEST_IS_REGULAR));
    assert_sound(self, &key);
}

/* Without its hash, as manifests were written before: read all the same. */
static void test_manifest_without_hash(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-01-10"), DAY, 100));
    g_autofree char *path = file_path(self, "crypto/BTC-USD/1d/manifest.json");
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    char *hash = g_strrstr(text, "  \"sha256\"");
    char *end = strchr(hash, '\n') + 1;
    memmove(hash, end, strlen(end) + 1);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 9);
    qb_series_clear(&bars);
    assert_sound(self, &key);
}

static void test_settle(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-03-10"), DAY, 100));
    g_autoptr(manifest) listed = load_manifest(self, &key);
    file_state other = g_array_index(listed->entries, manifest_entry, 0).now;
    memset(other.sha256, 'a', 64);
    other.bytes += 5;
    manifest_entry *entries = (manifest_entry *)(void *)listed->entries->data;
    /* January was done, February was not begun, April was to be new. */
    entries[0].changing = entries[0].had_before = TRUE;
    entries[0].before = other;
    entries[1].changing = entries[1].had_before = TRUE;
    entries[1].before = entries[1].now;
    entries[1].now.bytes += 9;
    memset(entries[1].now.sha256, 'b', 64);
    file_state april = entries[2].now;
    april.first_us = at("2020-04-01");
    april.last_us = at("2020-04-09");
    *manifest_add(listed, (month_id){2020, 4}) =
        (manifest_entry){.id = {2020, 4}, .changing = TRUE, .now = april};
    save_manifest(self, &key, listed);
    g_autofree char *notes = NULL;
    g_autofree char *errors = verify_text(self, &key, &notes);
    g_assert_cmpstr(errors, ==, "");
    assert_contains(notes, "2020-04.parquet: half-written");
    g_autofree char *done = fix(self, &key, plain);
    assert_contains(done, "settled crypto/BTC-USD/1d/2020/2020-01.parquet: the write that ended "
                          "half way had been done");
    assert_contains(done, "settled crypto/BTC-USD/1d/2020/2020-02.parquet: the write that ended "
                          "half way had not begun");
    assert_contains(done, "settled crypto/BTC-USD/1d/2020/2020-04.parquet: ");
    g_autoptr(manifest) after = load_manifest(self, &key);
    g_assert_cmpuint(after->entries->len, ==, 3);
    assert_sound(self, &key);
}

static void test_recount(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-02-10"), DAY, 100));
    g_autoptr(manifest) listed = load_manifest(self, &key);
    g_array_index(listed->entries, manifest_entry, 0).now.present = 7;
    save_manifest(self, &key, listed);
    g_autofree char *notes = NULL;
    g_autofree char *errors = verify_text(self, &key, &notes);
    g_assert_cmpstr(errors, ==, "");
    assert_contains(notes, "2020-01.parquet: wrong-count: 31 bars on expected stamps "
                           "(manifest.json says 7)");
    g_autofree char *done = fix(self, &key, plain);
    g_assert_cmpstr(done, ==,
                    "recounted crypto/BTC-USD/1d/2020/2020-01.parquet: 31 bars on expected stamps "
                    "(was 7)\n");
    assert_sound(self, &key);
}

/* ---- damage --------------------------------------------------------------------------------- */

static void test_set_aside(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-04-01"), DAY, 100));
    g_autofree char *path = month_path(self, &key, "2020-02");
    file_flip(path, 60);
    g_autofree char *before = hash_of_file(path);
    g_autofree char *left = fix(self, &key, plain);
    assert_contains(left, "left crypto/BTC-USD/1d/2020/2020-02.parquet: damaged: ");
    g_autofree char *fails = read_fails(self, &key, FAILURE_BAD_DATA);
    assert_contains(fails, "2020-02.parquet");
    g_autofree char *done = fix(self, &key, aside);
    assert_contains(done, "set-aside crypto/BTC-USD/1d/2020/2020-02.parquet: kept as "
                          "2020-02.parquet.damaged-1: damaged: ");
    g_autofree char *kept = g_strconcat(path, ".damaged-1", NULL);
    g_autofree char *after = hash_of_file(kept);
    g_assert_cmpstr(before, ==, after);
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 31 + 31);
    qb_series_clear(&bars);
    /* The hole is known, and why. */
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) gaps = cache_gaps(self->cache, &key, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(gaps->len, ==, 1);
    const cache_gap *gap = &g_array_index(gaps, cache_gap, 0);
    g_assert_cmpint(gap->state, ==, CACHE_GAP_RETRY);
    g_assert_cmpuint(gap->bars, ==, 29);
    g_assert_cmpstr(gap->who, ==, "verify");
    g_assert_cmpstr(gap->why, ==, "damaged, set aside as 2020-02.parquet.damaged-1: 29 rows");
    g_assert_cmpint(gap->said_us, ==, at("2024-05-06T07:08:09Z"));
    /* The month again. */
    merge_bars(self, &key, bars_between(at("2020-02-01"), at("2020-03-01"), DAY, 131));
    assert_sound(self, &key);
    bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 91);
    qb_series_clear(&bars);
}

static void test_leftovers(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-01-10"), DAY, 100));
    g_autofree char *left = file_path(self, "crypto/BTC-USD/1d/2020/.tmp-2020-01.parquet-1-1");
    g_assert_true(g_file_set_contents(left, "x", 1, NULL));
    g_autofree char *done = fix(self, &key, plain);
    g_assert_cmpstr(done, ==,
                    "removed crypto/BTC-USD/1d/2020/.tmp-2020-01.parquet-1-1: left by a writer "
                    "that died\n");
    g_assert_false(g_file_test(left, G_FILE_TEST_EXISTS));
    assert_sound(self, &key);
}

/* The same list, and not a byte changed. */
static void test_dry_run(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "XYZ", QB_1D);
    place_foreign(self, "unsorted.parquet", "equity/XYZ/1d/2020/2020-01.parquet");
    place_foreign(self, "polars-2020-02.parquet", "equity/XYZ/1d/2020/2020-02.parquet");
    place_foreign(self, "high-low.parquet", "equity/XYZ/1d/2020/2020-03.parquet");
    g_autofree char *left = file_path(self, "equity/XYZ/1d/.tmp-manifest.json-1-1");
    g_assert_true(g_file_set_contents(left, "x", 1, NULL));
    cache_fix_how how = {.adjustment = CACHE_RAW, .set_aside = TRUE, .dry_run = TRUE};
    g_autofree char *before = tree_text(self);
    g_autofree char *told = fix(self, &key, how);
    g_autofree char *after = tree_text(self);
    g_assert_cmpstr(before, ==, after);
    how.dry_run = FALSE;
    g_autofree char *done = fix(self, &key, how);
    g_assert_cmpstr(told, ==, done);
    assert_contains(done, "set-aside equity/XYZ/1d/2020/2020-03.parquet");
    assert_sound(self, &key);
}

static void test_nothing_to_fix(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    const cache_key missing = key_of(QB_CRYPTO, "ETH-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-01-10"), DAY, 100));
    g_autofree char *before = tree_text(self);
    g_autofree char *done = fix(self, &key, aside);
    g_autofree char *after = tree_text(self);
    g_assert_cmpstr(done, ==, "");
    g_assert_cmpstr(before, ==, after);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) repairs = repairs_new();
    g_assert_false(cache_fix(self->cache, &missing, &plain, repairs, &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
    g_autofree char *folder = file_path(self, "crypto/ETH-USD");
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
}

/* ---- findings ------------------------------------------------------------------------------- */

static const cache_finding *find(const cache_findings *findings, const char *kind)
{
    for (guint i = 0; i < findings->items->len; i++) {
        const cache_finding *finding = g_ptr_array_index(findings->items, i);
        if (strcmp(finding->kind, kind) == 0)
            return finding;
    }
    return NULL;
}

/* Sorted by severity, twenty places each, with file, row and what to do. */
static void test_findings(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    qb_series bars = bars_between(at("2020-01-01"), at("2020-06-01"), DAY, 100);
    for (gsize row = 40; row < 43; row++)
        bars.volume[row] = 0;
    merge_bars(self, &key, bars);
    g_autofree char *path = month_path(self, &key, "2020-05");
    file_flip(path, 60);
    g_autoptr(cache_findings) findings = verify_deep(self, &key);
    const cache_finding *first = g_ptr_array_index(findings->items, 0);
    g_assert_cmpstr(first->kind, ==, "damaged");
    g_assert_cmpint(first->severity, ==, QB_SEVERITY_ERROR);
    assert_contains(first->suggestion, "import or fetch all of that month again");
    const cache_finding *closed = find(findings, "non-session");
    /* Of 121 days to 30 April 2020, XNYS was open on 21 + 19 + 22 + 21. */
    g_assert_cmpuint(closed->count, ==, 121 - 83);
    g_assert_cmpuint(closed->places->len, ==, CACHE_PLACES);
    const cache_place *place = g_ptr_array_index(closed->places, 0);
    g_assert_cmpstr(place->file, ==, "equity/SPY/1d/2020/2020-01.parquet");
    g_assert_cmpuint(place->row, ==, 1);
    const cache_finding *idle = find(findings, "zero-volume");
    g_assert_cmpuint(idle->count, ==, 1);
    g_assert_cmpuint(idle->rows, ==, 3);
    place = g_ptr_array_index(idle->places, 0);
    g_assert_cmpstr(place->file, ==, "equity/SPY/1d/2020/2020-02.parquet");
    g_assert_cmpuint(place->row, ==, 10);
    g_assert_cmpint(place->ts_us, ==, at("2020-02-10"));
    g_assert_cmpuint(findings->counts[QB_SEVERITY_ERROR], ==, 1);
    g_assert_cmpuint(findings->counts[QB_SEVERITY_NOTE], ==, closed->count + 1);
}

static void test_since(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "FB", QB_1D);
    merge_bars(self, &key, bars_between(at("2012-05-01"), at("2012-06-01"), DAY, 30));
    g_autoptr(GError) error = NULL;
    g_autoptr(cache_findings) findings = cache_findings_new();
    const cache_verify_how how = {.since = qb_date_from_us(at("2012-05-18"))};
    g_assert_true(cache_verify(self->cache, &key, &how, findings, &error));
    const cache_finding *reuse = find(findings, "ticker-reuse");
    g_assert_nonnull(reuse);
    g_assert_cmpuint(reuse->rows, ==, 17);
    g_assert_cmpint(reuse->severity, ==, QB_SEVERITY_WARNING);
    const cache_place *place = g_ptr_array_index(reuse->places, 0);
    g_assert_cmpstr(place->text, ==, "instruments.ini: since 2012-05-18");
}

/* A sound file of equal length in the place of another: only the hash tells. */
static void test_deep(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-02-01"), DAY, 100));
    g_autofree char *path = month_path(self, &key, "2020-01");
    g_autofree char *bytes = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    g_autoptr(manifest) listed = load_manifest(self, &key);
    memset(g_array_index(listed->entries, manifest_entry, 0).now.sha256, 'c', 64);
    save_manifest(self, &key, listed);
    g_autoptr(GError) error = NULL;
    g_autoptr(cache_findings) quick = cache_findings_new();
    const cache_verify_how how = {.since = INT32_MIN};
    g_assert_true(cache_verify(self->cache, &key, &how, quick, &error));
    g_assert_cmpuint(quick->counts[QB_SEVERITY_ERROR], ==, 0);
    g_autofree char *errors = verify_text(self, &key, NULL);
    assert_contains(errors, "2020-01.parquet: damaged: SHA-256 ");
}

/* ---- another basis -------------------------------------------------------------------------- */

/* Prices that wander, so that two series differ in no constant way by chance. */
static qb_series wander(const char *from, const char *to)
{
    qb_series bars = {0};
    const gint64 start = at("2020-01-01");
    for (gint64 ts_us = at(from); ts_us < at(to); ts_us += DAY) {
        const double day = (double)((ts_us - start) / DAY);
        add_bar(&bars, ts_us, 100 + 10 * sin(day / 7) + 5 * sin(day), 1000 + day);
    }
    return bars;
}

static void scale(qb_series *bars, gsize from, gsize to, double factor)
{
    for (gsize row = from; row < to; row++) {
        bars->open[row] *= factor;
        bars->high[row] *= factor;
        bars->low[row] *= factor;
        bars->close[row] *= factor;
    }
}

static void test_basis_refused(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    static const struct {
        const char *from, *to;
        gsize scaled; /* rows of the new bars, from the first on */
        double factor;
        const char *told;
    } cases[] = {
        {"2020-04-01", "2020-05-01", 30, 0.25, "close: 0.25 times the stored one in 30 rows"},
        {"2020-04-01", "2020-05-01", 30, 0.993, "close: 0.993 times the stored one in 30 rows"},
        /* The split was in the middle: before it other prices, after it the same. */
        {"2020-03-01", "2020-05-01", 30, 1 / 7.0, "close: 0.142857 times the stored one in 30"},
        {"2020-05-30", "2020-06-10", 11, 0.98, "close: 0.98 times the stored one in 2 rows"},
        {"2020-05-31", "2020-06-10", 10, 0.5, "close: 0.5 times the stored one in 1 rows"},
    };
    merge_bars(self, &key, wander("2020-01-01", "2020-06-01"));
    g_autofree char *before = tree_text(self);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        qb_series bars = wander(cases[i].from, cases[i].to);
        scale(&bars, 0, cases[i].scaled, cases[i].factor);
        g_autofree char *message = merge_fails(self, &key, bars, NULL, FAILURE_BAD_DATA);
        assert_contains(message, "equity/SPY/1d: ");
        assert_contains(message, cases[i].told);
        assert_contains(message, cases[i].from);
        assert_contains(message, "import the whole history again");
    }
    g_autofree char *after = tree_text(self);
    g_assert_cmpstr(before, ==, after);
}

/* A second dividend makes a second factor; both are constant between them. */
static void test_basis_in_steps(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    merge_bars(self, &key, wander("2020-01-01", "2020-06-01"));
    qb_series bars = wander("2020-02-01", "2020-06-01");
    scale(&bars, 0, 40, 0.985);
    scale(&bars, 40, 90, 0.9925);
    g_autofree char *message = merge_fails(self, &key, bars, NULL, FAILURE_BAD_DATA);
    assert_contains(message, "close: 0.985 times the stored one in 40 rows, first at 2020-02-01");
    assert_contains(message, "31 stored rows would stay");
}

static void test_basis_allowed(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    merge_bars(self, &key, wander("2020-01-01", "2020-06-01"));
    /* All of it anew: taken over, and so is what follows. */
    qb_series whole = wander("2020-01-01", "2020-06-03");
    scale(&whole, 0, whole.count, 0.25);
    cache_change change = merge_bars(self, &key, whole);
    g_assert_cmpuint(change.changed, ==, 152);
    g_assert_cmpuint(change.added, ==, 2);
    /* The caller knows better. */
    qb_series part = wander("2020-05-01", "2020-05-20");
    cache_provenance provenance = provenance_of("XNYS");
    provenance.any_basis = TRUE;
    g_autoptr(GError) error = NULL;
    g_assert_true(cache_merge(self->cache, &key, &part, &provenance, &change, &error));
    g_assert_cmpuint(change.changed, ==, 19);
    qb_series_clear(&part);
}

/* Single rows that differ are corrections. */
static void test_corrections(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    merge_bars(self, &key, wander("2020-01-01", "2020-06-01"));
    qb_series bars = wander("2020-03-01", "2020-05-01");
    scale(&bars, 10, 11, 0.5);
    scale(&bars, 20, 23, 1.02);
    scale(&bars, 40, 41, 3);
    cache_change change = merge_bars(self, &key, bars);
    g_assert_cmpuint(change.changed, ==, 5);
    g_assert_cmpuint(change.unchanged, ==, 56);
    /* One row alone, whatever it was. */
    bars = wander("2020-02-01", "2020-02-02");
    scale(&bars, 0, 1, 2);
    change = merge_bars(self, &key, bars);
    g_assert_cmpuint(change.changed, ==, 1);
    /* The last bar was unfinished when it was stored, and is 4 % off. */
    bars = wander("2020-05-31", "2020-06-05");
    scale(&bars, 0, 1, 1.04);
    change = merge_bars(self, &key, bars);
    g_assert_cmpuint(change.changed, ==, 1);
    g_assert_cmpuint(change.added, ==, 4);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/cache/fix/adopt", test_adopt);
    ADD("/cache/fix/sort", test_sort);
    ADD("/cache/fix/duplicates", test_duplicates);
    ADD("/cache/fix/unfit", test_unfit);
    ADD("/cache/fix/rebuild", test_rebuild);
    ADD("/cache/fix/unreadable", test_unreadable);
    ADD("/cache/fix/without-hash", test_manifest_without_hash);
    ADD("/cache/fix/settle", test_settle);
    ADD("/cache/fix/recount", test_recount);
    ADD("/cache/fix/set-aside", test_set_aside);
    ADD("/cache/fix/leftovers", test_leftovers);
    ADD("/cache/fix/dry-run", test_dry_run);
    ADD("/cache/fix/nothing", test_nothing_to_fix);
    ADD("/cache/verify/findings", test_findings);
    ADD("/cache/verify/since", test_since);
    ADD("/cache/verify/deep", test_deep);
    ADD("/cache/basis/refused", test_basis_refused);
    ADD("/cache/basis/steps", test_basis_in_steps);
    ADD("/cache/basis/allowed", test_basis_allowed);
    ADD("/cache/basis/corrections", test_corrections);
    return g_test_run();
}
