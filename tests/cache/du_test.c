/* What a series takes on disk, and what may be removed: only names of ours, never a link. */
#include "fixture.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define DAY QB_DAY_US

static const char series[] = "crypto/BTC-USD/1d";

static void put(fixture *self, const char *name, gsize bytes)
{
    g_autofree char *relative = g_build_filename(series, name, NULL);
    g_autofree char *path = file_path(self, relative);
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *content = g_strnfill(bytes, 'x');
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, content, (gssize)bytes, NULL));
}

static gboolean is_there(fixture *self, const char *name)
{
    g_autofree char *relative = g_build_filename(series, name, NULL);
    g_autofree char *path = file_path(self, relative);
    return g_file_test(path, G_FILE_TEST_EXISTS) || g_file_test(path, G_FILE_TEST_IS_SYMLINK);
}

static gsize length_of(fixture *self, const char *name)
{
    g_autofree char *relative = g_build_filename(series, name, NULL);
    g_autofree char *path = file_path(self, relative);
    GStatBuf info;
    g_assert_cmpint(g_lstat(path, &info), ==, 0);
    return (gsize)info.st_size;
}

static cache_usage usage_of(fixture *self, const cache_key *key)
{
    g_autoptr(GError) error = NULL;
    cache_usage usage = {0};
    cache_du(self->cache, key, &usage, &error);
    g_assert_no_error(error);
    return usage;
}

/* The removed names, joined; *out_bytes theirs. */
static char *gc(fixture *self, const cache_key *key, gboolean set_aside, gboolean dry_run,
                gsize *out_bytes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) removed = g_ptr_array_new_with_free_func(g_free);
    cache_gc(self->cache, key, set_aside, dry_run, removed, out_bytes, &error);
    g_assert_no_error(error);
    g_ptr_array_add(removed, NULL);
    return g_strjoinv(" ", (char **)removed->pdata);
}

static void litter(fixture *self)
{
    put(self, ".tmp-manifest.json-12-0", 100);
    put(self, "2020/.tmp-2020-01.parquet-12-1", 200);
    put(self, "2020/2020-01.parquet.damaged-1", 1000);
    put(self, "manifest.json.damaged-2", 2000);
    put(self, "2020/2020-02.parquet.foreign-1", 4000);
    /* Not ours: names that only look so, and folders of others. */
    put(self, "2020/2020-01.parquet.damaged-", 10);
    put(self, "2020/2020-01.parquet.damaged-1a", 20);
    put(self, "2020/notes.txt.damaged-1", 40);
    put(self, "2020-01.parquet.damaged-1", 80);
    put(self, "2021/2020-01.parquet", 160);
    put(self, "old/.tmp-x-1-1", 320);
    put(self, "old/2020/2020-01.parquet.damaged-1", 640);
    g_autofree char *link = file_path(self, "crypto/BTC-USD/1d/2020/.tmp-link-1-1");
    g_assert_cmpint(symlink("/etc/hostname", link), ==, 0);
}

static void test_kinds(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    cache_usage usage = usage_of(self, &key);
    g_assert_cmpuint(usage.files, ==, 0);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-02-20"), DAY, 100));
    litter(self);
    usage = usage_of(self, &key);
    g_assert_cmpuint(usage.bars, ==,
                     length_of(self, "2020/2020-01.parquet") +
                         length_of(self, "2020/2020-02.parquet"));
    g_assert_cmpuint(usage.manifests, ==,
                     length_of(self, "manifest.json") + length_of(self, ".lock"));
    g_assert_cmpuint(usage.leftovers, ==, 300);
    g_assert_cmpuint(usage.damaged, ==, 3000);
    g_assert_cmpuint(usage.copies, ==, 4000);
    g_assert_cmpuint(usage.other, ==,
                     10 + 20 + 40 + 80 + 160 + 320 + 640 + strlen("/etc/hostname"));
    g_assert_cmpuint(usage.files, ==, 4 + 2 + 2 + 1 + 7 + 1);
    g_assert_cmpuint(cache_usage_bytes(&usage), ==,
                     usage.bars + usage.manifests + 3000 + 4000 + 300 + usage.other);
}

static void test_gc(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    gsize bytes = 0;
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-02-20"), DAY, 100));
    litter(self);
    const cache_usage before = usage_of(self, &key);

    g_autofree char *told = gc(self, &key, FALSE, TRUE, &bytes);
    g_assert_cmpstr(told, ==,
                    "crypto/BTC-USD/1d/.tmp-manifest.json-12-0 "
                    "crypto/BTC-USD/1d/2020/.tmp-2020-01.parquet-12-1");
    g_assert_cmpuint(bytes, ==, 300);
    cache_usage now = usage_of(self, &key);
    g_assert_cmpmem(&now, sizeof now, &before, sizeof before);

    g_autofree char *removed = gc(self, &key, FALSE, FALSE, &bytes);
    g_assert_cmpstr(removed, ==, told);
    g_assert_false(is_there(self, ".tmp-manifest.json-12-0"));
    g_assert_true(is_there(self, "2020/2020-01.parquet.damaged-1"));
    g_autofree char *aside = gc(self, &key, TRUE, FALSE, &bytes);
    g_assert_cmpstr(aside, ==,
                    "crypto/BTC-USD/1d/2020/2020-01.parquet.damaged-1 "
                    "crypto/BTC-USD/1d/2020/2020-02.parquet.foreign-1 "
                    "crypto/BTC-USD/1d/manifest.json.damaged-2");
    g_assert_cmpuint(bytes, ==, 7000);
    now = usage_of(self, &key);
    g_assert_cmpuint(now.bars, ==, before.bars);
    g_assert_cmpuint(now.other, ==, before.other);
    g_assert_cmpuint(now.damaged + now.copies + now.leftovers, ==, 0);
    g_assert_true(is_there(self, "2020/.tmp-link-1-1"));
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 50);
    qb_series_clear(&bars);
    g_autofree char *nothing = gc(self, &key, TRUE, FALSE, &bytes);
    g_assert_cmpstr(nothing, ==, "");
    g_assert_cmpuint(bytes, ==, 0);
}

/* A series that made room for another counts as a copy, and leaves no folder behind. */
static void test_made_room(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    g_autoptr(GError) error = NULL;
    g_autofree char *aside = NULL;
    gsize bytes = 0;
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-02-20"), DAY, 100));
    const cache_usage before = usage_of(self, &key);
    g_assert_true(cache_set_aside(self->cache, &key, &aside, &error));
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-01-05"), DAY, 100));
    const cache_usage now = usage_of(self, &key);
    g_assert_cmpuint(now.copies, ==, before.bars + before.manifests);
    g_autofree char *kept = gc(self, &key, FALSE, FALSE, &bytes);
    g_assert_cmpstr(kept, ==, "");
    g_autofree char *removed = gc(self, &key, TRUE, FALSE, &bytes);
    g_assert_nonnull(strstr(removed, "crypto/BTC-USD/1d.replaced-1/2020/2020-02.parquet"));
    g_assert_cmpuint(bytes, ==, now.copies);
    g_autofree char *folder = file_path(self, aside);
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 4);
    qb_series_clear(&bars);
}

/* A first import that died leaves a folder without rows: it has a size, and gc cleans it. */
static void test_without_rows(fixture *self, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    gsize bytes = 0;
    put(self, "2020/.tmp-2020-01.parquet-12-1", 200);
    g_autoptr(GArray) folders = cache_folders(self->cache, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(folders->len, ==, 1);
    g_autofree char *removed = gc(self, &g_array_index(folders, cache_key, 0), FALSE, FALSE,
                                  &bytes);
    g_assert_cmpuint(bytes, ==, 200);
    g_assert_cmpstr(removed, ==, "crypto/BTC-USD/1d/2020/.tmp-2020-01.parquet-12-1");
    const cache_key none = key_of(QB_CRYPTO, "ETH-USD", QB_1D);
    g_autofree char *nothing = gc(self, &none, TRUE, FALSE, &bytes);
    g_assert_cmpuint(bytes, ==, 0);
    g_assert_cmpstr(nothing, ==, "");
    g_autofree char *folder = file_path(self, "crypto/ETH-USD");
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/cache/du/kinds", test_kinds);
    ADD("/cache/du/gc", test_gc);
    ADD("/cache/du/made-room", test_made_room);
    ADD("/cache/du/without-rows", test_without_rows);
    return g_test_run();
}
