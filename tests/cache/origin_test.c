/* Made bars and a source's: never in one series; and a series that is set aside whole or not at
 * all, whenever the process dies. */
#include "fixture.h"
#include "injection.h"

#include "platform/files.h"

#include <errno.h>
#include <glib/gstdio.h>

static const gint64 DAY = 86400 * G_GINT64_CONSTANT(1000000);

static cache_provenance from_provider(const char *provider)
{
    cache_provenance provenance = provenance_of("24/7");
    provenance.provider = provider;
    return provenance;
}

static qb_series days(int from, int to)
{
    return bars_between(at("2020-01-01") + from * DAY, at("2020-01-01") + to * DAY, DAY,
                        100 + from);
}

static void store(fixture *self, const cache_key *key, qb_series bars, const char *provider)
{
    g_autoptr(GError) error = NULL;
    const cache_provenance provenance = from_provider(provider);
    cache_change change;
    cache_merge(self->cache, key, &bars, &provenance, &change, &error);
    g_assert_no_error(error);
    qb_series_clear(&bars);
}

static void refuses(fixture *self, const cache_key *key, const char *provider, const char *stored)
{
    const cache_provenance provenance = from_provider(provider);
    g_autofree char *message = merge_fails(self, key, days(0, 400), &provenance, FAILURE_BAD_DATA);
    g_autofree char *expected = g_strdup_printf("crypto/BTC-USD/1d: holds bars of %s, and bars of "
                                                "%s are not mixed with them",
                                                stored, provider);
    assert_contains(message, expected);
    g_autoptr(GError) error = NULL;
    g_assert_false(cache_check_origin(self->cache, key, provider, &error));
    g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_not_mixed(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    char made[32];
    cache_made_provider(QB_1H, made);
    g_assert_cmpstr(made, ==, "resampled-1h");
    g_assert_true(cache_is_made(made));
    g_assert_false(cache_is_made("resample"));
    g_assert_true(cache_check_origin(self->cache, &key, made, NULL)); /* nothing is stored */

    store(self, &key, days(0, 60), "csv");
    store(self, &key, days(60, 90), "tiingo"); /* two sources may meet */
    refuses(self, &key, made, "csv");
    qb_series all = read_all(self, &key);
    g_assert_cmpuint(all.count, ==, 90);
    qb_series_clear(&all);

    const cache_key other = key_of(QB_CRYPTO, "ETH-USD", QB_1D);
    store(self, &other, days(0, 60), "resampled-1h");
    store(self, &other, days(50, 70), "resampled-1h");
    g_assert_false(cache_check_origin(self->cache, &other, "csv", NULL));
    g_assert_false(cache_check_origin(self->cache, &other, "resampled-1m", NULL));
}

/* Files that others put there are a source's. */
static void test_foreign(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    store(self, &key, days(0, 20), "csv");
    g_autofree char *manifest = file_path(self, "crypto/BTC-USD/1d/manifest.json");
    g_assert_cmpint(g_remove(manifest), ==, 0);
    refuses(self, &key, "resampled-1h", "foreign");
    g_assert_true(cache_check_origin(self->cache, &key, "csv", NULL));
}

static void store_named(fixture *self, const cache_key *key, qb_series bars, const char *provider,
                        const char *symbol, const char *fetched)
{
    g_autoptr(GError) error = NULL;
    cache_provenance provenance = from_provider(provider);
    cache_change change;
    provenance.provider_symbol = symbol;
    provenance.fetched_us = at(fetched);
    cache_merge(self->cache, key, &bars, &provenance, &change, &error);
    g_assert_no_error(error);
    qb_series_clear(&bars);
}

static void assert_name(fixture *self, const cache_key *key, const char *provider, const char *want)
{
    g_autoptr(GError) error = NULL;
    char name[CACHE_PROVIDER_SYMBOL_SIZE];
    cache_provider_symbol(self->cache, key, provider, name, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(name, ==, want);
}

/* What a provider calls the symbol, by his newest bars, of whatever interval. */
static void test_name(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "PEPE-USD", QB_1D);
    const cache_key hours = key_of(QB_CRYPTO, "PEPE-USD", QB_1H);
    const cache_key other = key_of(QB_CRYPTO, "WIF-USD", QB_1D);
    assert_name(self, &key, "coingecko", "");
    store_named(self, &key, days(0, 31), "coingecko", "pepe", "2024-01-01");
    store_named(self, &key, days(31, 60), "coingecko", "p\u00e9p\u00e9", "2024-01-02");
    store_named(self, &key, days(60, 91), "tiingo", "pepeusd", "2024-01-03");
    store_named(self, &key, days(91, 121), "csv", NULL, "2024-01-04");
    assert_name(self, &key, "coingecko", "p\u00e9p\u00e9");
    assert_name(self, &key, "tiingo", "pepeusd");
    assert_name(self, &key, "csv", "");
    assert_name(self, &hours, "tiingo", "pepeusd");
    assert_name(self, &other, "tiingo", "");
}

/* The files say it, too: a manifest that was lost is made anew with it. */
static void test_name_kept(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "PEPE-USD", QB_1D);
    const cache_fix_how how = {.adjustment = CACHE_UNKNOWN, .now_us = at("2024-05-06")};
    g_autoptr(GPtrArray)
        repairs = g_ptr_array_new_with_free_func((GDestroyNotify)cache_repair_free);
    g_autoptr(GError) error = NULL;
    store_named(self, &key, days(0, 31), "coingecko", "pepe", "2024-01-01");
    g_autofree char *manifest = file_path(self, "crypto/PEPE-USD/1d/manifest.json");
    g_assert_cmpint(g_remove(manifest), ==, 0);
    assert_name(self, &key, "coingecko", "");
    cache_fix(self->cache, &key, &how, repairs, &error);
    g_assert_no_error(error);
    assert_name(self, &key, "coingecko", "pepe");
}

static void test_bad_name(fixture *self, gconstpointer unused)
{
    static const char *const bad[] = {
        "two\nlines", "\xff", "0123456789012345678901234567890123456789012345678901234567890123"};
    const cache_key key = key_of(QB_CRYPTO, "PEPE-USD", QB_1D);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        cache_provenance provenance = from_provider("coingecko");
        provenance.provider_symbol = bad[i];
        g_free(merge_fails(self, &key, days(0, 3), &provenance, FAILURE_USAGE));
    }
}

static void test_set_aside(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    g_autofree char *first = NULL, *second = NULL, *none = NULL;
    g_assert_true(cache_set_aside(self->cache, &key, &none, NULL));
    g_assert_null(none);
    store(self, &key, days(0, 400), "csv");
    g_assert_true(cache_set_aside(self->cache, &key, &first, NULL));
    g_assert_cmpstr(first, ==, "crypto/BTC-USD/1d.replaced-1");
    g_free(read_fails(self, &key, FAILURE_MISSING));
    store(self, &key, days(0, 400), "resampled-1h");
    g_assert_true(cache_set_aside(self->cache, &key, &second, NULL));
    g_assert_cmpstr(second, ==, "crypto/BTC-USD/1d.replaced-2");
    g_autoptr(GArray) keys = cache_keys(self->cache, NULL);
    for (guint i = 0; i < keys->len; i++) /* nobody reads what was set aside */
        g_assert_cmpint(g_array_index(keys, cache_key, i).interval, ==, QB_1D);
}

/* A writer that waits while the series is moved away writes into the new one, and both go on. */
static gpointer write_later(gpointer data)
{
    fixture *self = data;
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    store(self, &key, days(0, 50), "csv");
    return NULL;
}

static void test_waiting_writer(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    store(self, &key, days(0, 400), "csv");
    g_autofree char *folder = file_path(self, "crypto/BTC-USD/1d");
    g_autofree char *moved = file_path(self, "crypto/BTC-USD/moved");
    g_autofree char *lock_path = g_build_filename(folder, ".lock", NULL);
    files_lock *lock = files_lock_take(lock_path, 0, NULL);
    g_assert_nonnull(lock);
    GThread *writer = g_thread_new("writer", write_later, self);
    g_assert_true(files_rename(folder, moved, NULL));
    files_lock_free(lock);
    g_thread_join(writer);
    g_autofree char *new_lock = g_build_filename(folder, ".lock", NULL);
    g_assert_true(files_exists(new_lock));
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 50);
    qb_series_clear(&bars);
}

/* ---- dying in between ----------------------------------------------------------------------- */

static int set_aside(void *data)
{
    fixture *self = data;
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    g_autofree char *aside = NULL;
    return cache_set_aside(self->cache, &key, &aside, NULL) ? 0 : 1;
}

/* Rows of the series; 0 when there is none. What is there must be sound. */
static gsize rows_of(fixture *self, const cache_key *key)
{
    g_autoptr(GError) error = NULL;
    qb_series bars = {0};
    cache_read(self->cache, key, INT64_MIN, INT64_MAX, CACHE_ALL, &bars, NULL, &error);
    if (!g_error_matches(error, FAILURE, FAILURE_MISSING))
        g_assert_no_error(error);
    const gsize rows = bars.count;
    qb_series_clear(&bars);
    return rows;
}

/* All of it, here or there. */
static void check_whole(fixture *self, const cache_key *key)
{
    g_autofree char *here = file_path(self, "crypto/BTC-USD/1d");
    g_autofree char *there = file_path(self, "crypto/BTC-USD/1d.replaced-1");
    if (files_exists(there)) {
        g_assert_false(files_exists(here));
        g_assert_cmpint(rename(there, here), ==, 0);
    }
    g_assert_cmpuint(rows_of(self, key), ==, 800);
}

static void test_death(gconstpointer unused)
{
    gboolean died = TRUE;
    int at_call = 1;
    for (; died; at_call++) {
        fixture self;
        const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
        fixture_set_up(&self, NULL);
        store(&self, &key, days(0, 800), "csv");
        died = injection_die(at_call, set_aside, &self);
        check_whole(&self, &key);
        fixture_tear_down(&self, NULL);
    }
    g_assert_cmpint(at_call, >, 4); /* the lock, its holder, the rename, the folder */
}

static void test_faults(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    store(self, &key, days(0, 40), "csv");
    g_autofree char *aside = NULL;
    g_autoptr(GError) error = NULL;
    injection_begin((injection_plan){.countdown = 2, .fault = EROFS, .forever = TRUE});
    g_assert_false(cache_set_aside(self->cache, &key, &aside, &error));
    injection_end();
    g_assert_error(error, FAILURE, FAILURE_IO);
    g_assert_cmpuint(rows_of(self, &key), ==, 40);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/cache/origin/not-mixed", test_not_mixed);
    ADD("/cache/origin/foreign", test_foreign);
    ADD("/cache/origin/name", test_name);
    ADD("/cache/origin/name-kept", test_name_kept);
    ADD("/cache/origin/bad-name", test_bad_name);
    ADD("/cache/origin/set-aside", test_set_aside);
    ADD("/cache/origin/faults", test_faults);
    ADD("/cache/origin/waiting-writer", test_waiting_writer);
    g_test_add_data_func("/cache/origin/death", NULL, test_death);
    return g_test_run();
}
