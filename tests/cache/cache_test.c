/* Merging, reading, months, facts and damage. */
#include "fixture.h"

#include "cache/cache-private.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define DAY QB_DAY_US
#define HOUR QB_HOUR_US

static gboolean same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void assert_same_series(const qb_series *a, const qb_series *b)
{
    g_assert_cmpuint(a->count, ==, b->count);
    for (gsize i = 0; i < a->count; i++) {
        const qb_bar x = qb_series_bar(a, i), y = qb_series_bar(b, i);
        g_assert_cmpint(x.ts_us, ==, y.ts_us);
        g_assert_true(same(x.open, y.open) && same(x.high, y.high) && same(x.low, y.low) &&
                      same(x.close, y.close) && same(x.volume, y.volume) &&
                      same(x.dividend, y.dividend) && same(x.split_factor, y.split_factor));
        g_assert_cmpint(x.flags, ==, y.flags);
    }
}

/* ---- merging -------------------------------------------------------------------------------- */

static void test_round_trip(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    qb_series bars = {0};
    /* XNYS sessions around a year's end, with a dividend, a split, a flag, an unknown volume. */
    add_bar(&bars, at("2019-12-30"), 0.1, 5);
    add_bar(&bars, at("2019-12-31"), 1e-8, NAN);
    qb_bar bar = {.ts_us = at("2020-01-02"), .open = 10, .high = 12, .low = 9, .close = 11};
    bar.volume = 0;
    bar.dividend = 0.25;
    bar.split_factor = 7;
    bar.flags = QB_BAR_REPAIRED;
    g_assert_cmpint(qb_series_append(&bars, &bar), ==, QB_OK);
    add_bar(&bars, at("2020-01-03"), 1234.5678, 1e15);

    g_autoptr(GError) error = NULL;
    cache_change change = {0};
    cache_provenance provenance = provenance_of("xnys");
    provenance.adjustment = CACHE_SPLIT;
    cache_merge(self->cache, &key, &bars, &provenance, &change, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(change.added, ==, 4);
    g_assert_cmpuint(change.changed + change.unchanged + change.moved_aside, ==, 0);
    g_assert_cmpuint(change.files_written, ==, 2);

    qb_series stored = read_all(self, &key);
    assert_same_series(&stored, &bars);
    g_assert_null(stored.bid);
    g_autofree char *problems = verify_text(self, &key, NULL);
    g_assert_cmpstr(problems, ==, "");

    cache_entry entry;
    g_assert_true(cache_stat(self->cache, &key, &entry, &error));
    g_assert_cmpint(entry.adjustment, ==, CACHE_SPLIT);
    g_assert_cmpstr(entry.calendar, ==, "XNYS");
    g_assert_cmpstr(entry.provider, ==, "test");
    g_assert_cmpuint(entry.rows, ==, 4);
    g_assert_cmpuint(entry.files, ==, 2);
    g_assert_cmpint(entry.first_us, ==, at("2019-12-30"));
    g_assert_cmpint(entry.last_us, ==, at("2020-01-03"));
    g_assert_cmpint(entry.fetched_us, ==, at("2024-01-02T03:04:05Z"));
    g_assert_cmpuint(entry.expected, ==, 4);
    g_assert_cmpuint(entry.present, ==, 4);
    qb_series_clear(&stored);
    qb_series_clear(&bars);
}

static void test_idempotent(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    const gint64 from = at("2020-01-15"), to = at("2020-03-10");
    merge_bars(self, &key, bars_between(from, to, DAY, 100));
    g_autofree char *path = file_path(self, "crypto/BTC-USD/1d/manifest.json");
    g_autofree char *before = NULL, *after = NULL;
    g_assert_true(g_file_get_contents(path, &before, NULL, NULL));
    const cache_change again = merge_bars(self, &key, bars_between(from, to, DAY, 100));
    g_assert_cmpuint(again.unchanged, ==, 55); /* 17 + 29 + 9 days */
    g_assert_cmpuint(again.added + again.changed + again.files_written, ==, 0);
    g_assert_true(g_file_get_contents(path, &after, NULL, NULL));
    g_assert_cmpstr(before, ==, after);
}

static void test_never_shorter(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "ETH-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-02-01"), DAY, 100));
    /* A smaller, later answer: one row of the middle with another price, volume unknown. */
    qb_series smaller = {0};
    add_bar(&smaller, at("2020-01-10"), 500, NAN);
    const cache_change change = merge_bars(self, &key, smaller);
    g_assert_cmpuint(change.changed, ==, 1);
    g_assert_cmpuint(change.added, ==, 0);
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 31);
    g_assert_cmpfloat(bars.open[9], ==, 500);
    g_assert_cmpfloat(bars.volume[9], ==, 1009); /* what was known stays known */
    g_assert_cmpfloat(bars.open[8], ==, 108);
    qb_series_clear(&bars);
}

static void test_month_boundaries(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1H);
    merge_bars(self, &key,
               bars_between(at("2019-12-31T22:00:00Z"), at("2020-03-01T02:00:00Z"), HOUR, 1));
    static const char *const names[] = {"2019/2019-12", "2020/2020-01", "2020/2020-02",
                                        "2020/2020-03"};
    static const gsize rows[] = {2, 744, 696, 2}; /* 31 and 29 days of 24 hours */
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) months = cache_coverage(self->cache, &key, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(months->len, ==, G_N_ELEMENTS(names));
    for (guint i = 0; i < months->len; i++) {
        g_autofree char *name = g_strdup_printf("crypto/BTC-USD/1h/%s.parquet", names[i]);
        g_autofree char *path = file_path(self, name);
        g_assert_true(g_file_test(path, G_FILE_TEST_IS_REGULAR));
        const cache_month *month = &g_array_index(months, cache_month, i);
        g_assert_cmpuint(month->rows, ==, rows[i]);
        g_assert_cmpuint(month->present, ==, rows[i]);
        g_assert_cmpuint(month->expected, ==, rows[i]);
    }
    /* [from, to): the last stamp of January is in, the first of February is not. */
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    qb_series bars = {0};
    cache_read(self->cache, &key, at("2019-12-31T23:00:00Z"), at("2020-02-01"), CACHE_CLOSE, &bars,
               hashes, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(bars.count, ==, 745);
    g_assert_cmpint(bars.ts_us[0], ==, at("2019-12-31T23:00:00Z"));
    g_assert_cmpint(bars.ts_us[744], ==, at("2020-01-31T23:00:00Z"));
    g_assert_cmpfloat(bars.close[0], ==, 3); /* the second bar: 1 + 1, close + 1 */
    g_assert_cmpfloat(bars.close[744], ==, 747);
    g_assert_null(bars.open);
    g_assert_null(bars.volume);
    g_assert_cmpuint(hashes->len, ==, 2);
    g_assert_true(g_str_has_prefix(hashes->pdata[0], "crypto/BTC-USD/1h/2019/2019-12.parquet "));
    qb_series_clear(&bars);
    /* Nothing in the range is no failure. */
    g_assert_true(cache_read(self->cache, &key, 0, 1, CACHE_OHLC, &bars, NULL, &error));
    g_assert_cmpuint(bars.count, ==, 0);
    qb_series_clear(&bars);
}

/* The hash of a file is GLib's SHA-256 of its bytes. */
static void test_hashes(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-01-20"), DAY, 100));
    g_autofree char *path = file_path(self, "crypto/BTC-USD/1d/2020/2020-01.parquet");
    g_autofree char *bytes = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    g_autofree char *sha = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes,
                                                       size);
    g_autofree char *line = g_strdup_printf("crypto/BTC-USD/1d/2020/2020-01.parquet %s", sha);
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    qb_series bars = {0};
    cache_read(self->cache, &key, G_MININT64, G_MAXINT64, CACHE_ALL, &bars, hashes, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(hashes->len, ==, 1);
    g_assert_cmpstr(hashes->pdata[0], ==, line);
    qb_series_clear(&bars);

    g_autofree char *text = NULL, *manifest = file_path(self, "crypto/BTC-USD/1d/manifest.json");
    g_assert_true(g_file_get_contents(manifest, &text, NULL, NULL));
    assert_contains(text, sha);
    assert_contains(text, "\"rows\": 19");
    assert_contains(text, "\"present\": 19");
    assert_contains(text, "\"first\": \"2020-01-01T00:00:00Z\"");
    assert_contains(text, "\"last\": \"2020-01-19T00:00:00Z\"");
    g_assert_null(strstr(text, "before"));
}

/* Against a map from stamp to bar kept in memory. */
#define SLOTS 300
typedef struct slot {
    gboolean there;
    double price, volume;
} slot;

static cache_change merge_random(fixture *self, const cache_key *key, GRand *random,
                                 slot reference[SLOTS], cache_change *want)
{
    qb_series bars = {0};
    const gint64 start = at("2019-12-25");
    const int from = g_rand_int_range(random, 0, SLOTS);
    const int length = g_rand_int_range(random, 1, 120);
    const int to = MIN(SLOTS, from + length);
    const double density = g_rand_double(random);
    *want = (cache_change){0};
    for (int i = from; i < to; i++) {
        if (g_rand_double(random) > density)
            continue;
        const slot new = {TRUE, g_rand_int_range(random, 1, 3),
                          g_rand_boolean(random) ? NAN : g_rand_int_range(random, 0, 2)};
        slot *old = &reference[i];
        add_bar(&bars, start + i * 4 * HOUR, new.price, new.volume);
        const double volume = isnan(new.volume) && old->there ? old->volume : new.volume;
        if (!old->there)
            want->added++;
        else if (old->price != new.price || !same(old->volume, volume))
            want->changed++;
        else
            want->unchanged++;
        *old = (slot){TRUE, new.price, volume};
    }
    /* Prices of two values differ by one factor often enough. */
    g_autoptr(GError) error = NULL;
    cache_change change = {0};
    cache_provenance provenance = provenance_of("24/7");
    provenance.any_basis = TRUE;
    cache_merge(self->cache, key, &bars, &provenance, &change, &error);
    g_assert_no_error(error);
    qb_series_clear(&bars);
    return change;
}

static void check_reference(const qb_series *bars, const slot reference[SLOTS])
{
    gsize row = 0;
    for (int i = 0; i < SLOTS; i++) {
        if (!reference[i].there)
            continue;
        g_assert_cmpuint(row, <, bars->count);
        const qb_bar bar = qb_series_bar(bars, row++);
        g_assert_cmpint(bar.ts_us, ==, at("2019-12-25") + i * 4 * HOUR);
        g_assert_cmpfloat(bar.open, ==, reference[i].price);
        g_assert_cmpfloat(bar.close, ==, reference[i].price + 1);
        g_assert_true(same(bar.volume, reference[i].volume));
    }
    g_assert_cmpuint(row, ==, bars->count);
}

static void test_random_merges(fixture *self, gconstpointer unused)
{
    for (guint sequence = 0; sequence < 200; sequence++) {
        g_autoptr(GRand) random = g_rand_new_with_seed(sequence);
        g_autofree char *symbol = g_strdup_printf("A%u-USD", sequence);
        const cache_key key = key_of(QB_CRYPTO, symbol, QB_4H);
        slot reference[SLOTS] = {{0}};
        gboolean any = FALSE;
        for (int step = g_rand_int_range(random, 1, 6); step > 0; step--) {
            cache_change want;
            const cache_change got = merge_random(self, &key, random, reference, &want);
            g_assert_cmpuint(got.added, ==, want.added);
            g_assert_cmpuint(got.changed, ==, want.changed);
            g_assert_cmpuint(got.unchanged, ==, want.unchanged);
            any |= want.added > 0;
        }
        if (!any)
            continue;
        qb_series bars = read_all(self, &key);
        check_reference(&bars, reference);
        qb_series_clear(&bars);
        g_autofree char *problems = verify_text(self, &key, NULL);
        g_assert_cmpstr(problems, ==, "");
    }
}

/* ---- refusals ------------------------------------------------------------------------------- */

static void test_facts_refused(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-01-05"), DAY, 100));
    cache_provenance other = provenance_of("24/7");
    other.adjustment = CACHE_FULL;
    g_autofree char *adjustment =
        merge_fails(self, &key, bars_between(at("2020-01-05"), at("2020-01-06"), DAY, 9), &other,
                    FAILURE_BAD_DATA);
    assert_contains(adjustment, "crypto/BTC-USD/1d: adjustment: \"full\" (expected \"raw\"");
    other = provenance_of("weekdays");
    g_autofree char *calendar =
        merge_fails(self, &key, bars_between(at("2020-01-06"), at("2020-01-07"), DAY, 9), &other,
                    FAILURE_BAD_DATA);
    assert_contains(calendar, "calendar: \"weekdays\" (expected \"24/7\"");
    other = provenance_of("XLON");
    g_autofree char *unknown = merge_fails(self, &key,
                                           bars_between(at("2020-01-06"), at("2020-01-07"), DAY, 9),
                                           &other, FAILURE_CONFIG);
    assert_contains(unknown, "\"XLON\"");
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 4);
    qb_series_clear(&bars);
}

static void test_bad_bars_refused(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    qb_series bars = bars_between(at("2020-01-01"), at("2020-01-09"), DAY, 100);
    bars.high[3] = 1;
    bars.close[5] = NAN;
    bars.ts_us[7] = bars.ts_us[6];
    g_autofree char *message = merge_fails(self, &key, bars, NULL, FAILURE_BAD_DATA);
    assert_contains(message, "row 4");
    assert_contains(message, "row 6");
    assert_contains(message, "row 8");
    g_autofree char *folder = file_path(self, "");
    g_assert_false(g_file_test(folder, G_FILE_TEST_EXISTS));
    g_autofree char *missing = read_fails(self, &key, FAILURE_MISSING);
    assert_contains(missing, "BTC-USD 1d");
}

/* ---- names ---------------------------------------------------------------------------------- */

static void test_names(fixture *self, gconstpointer unused)
{
    static const struct {
        const char *symbol, *folder;
        qb_asset asset;
    } plain[] = {
        {"SPY", "equity/SPY", QB_EQUITY},         {"BRK.B", "equity/BRK.B", QB_EQUITY},
        {"BTC-USD", "crypto/BTC-USD", QB_CRYPTO}, {"^GSPC", "index/^GSPC", QB_INDEX},
        {"AB.", "equity/AB%2E", QB_EQUITY}, /* some file systems drop a final dot */
        {"AB", "equity/AB", QB_EQUITY},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(plain); i++) {
        const cache_key key = key_of(plain[i].asset, plain[i].symbol, QB_1D);
        merge_bars(self, &key,
                   bars_between(at("2020-01-02"), at("2020-01-03"), DAY, 10 + (double)i));
        g_autofree char *path = file_path(self, plain[i].folder);
        g_assert_true(g_file_test(path, G_FILE_TEST_IS_DIR));
        qb_series bars = read_all(self, &key);
        g_assert_cmpfloat(bars.open[0], ==, 10 + (double)i);
        qb_series_clear(&bars);
    }
    /* Sorted by asset, symbol, interval. */
    static const char *const sorted[] = {"AB", "AB.", "BRK.B", "SPY", "^GSPC", "BTC-USD"};
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) keys = cache_keys(self->cache, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(keys->len, ==, G_N_ELEMENTS(sorted));
    for (guint i = 0; i < keys->len; i++)
        g_assert_cmpstr(g_array_index(keys, cache_key, i).symbol, ==, sorted[i]);

    static const char *const refused[] = {"",      "..",   ".",    "spy",  "A/B", "../SPY",
                                          "SPY\n", "-SPY", ".SPY", "S%2E", "Ä"};
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        const cache_key key = key_of(QB_EQUITY, refused[i], QB_1D);
        g_autofree char *message =
            merge_fails(self, &key, bars_between(at("2020-01-02"), at("2020-01-03"), DAY, 1), NULL,
                        FAILURE_USAGE);
        assert_contains(message, "symbol: ");
        g_autofree char *reading = read_fails(self, &key, FAILURE_USAGE);
        assert_contains(reading, "symbol: ");
    }
}

static void test_find(fixture *self, gconstpointer unused)
{
    const cache_key daily = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    const cache_key hourly = key_of(QB_CRYPTO, "BTC-USD", QB_1H);
    const cache_key stock = key_of(QB_EQUITY, "SPY", QB_1D);
    merge_bars(self, &daily, bars_between(at("2020-01-01"), at("2020-01-03"), DAY, 1));
    merge_bars(self, &stock, bars_between(at("2020-01-02"), at("2020-01-03"), DAY, 1));
    g_autoptr(GError) error = NULL;
    cache_key found;
    g_assert_true(cache_find(self->cache, "btc", -1, -1, &found, &error));
    g_assert_cmpstr(found.symbol, ==, "BTC-USD");
    g_assert_cmpint(found.asset, ==, QB_CRYPTO);
    g_assert_true(cache_find(self->cache, "spy", -1, -1, &found, &error));
    g_assert_cmpint(found.asset, ==, QB_EQUITY);
    merge_bars(self, &hourly, bars_between(at("2020-01-01"), at("2020-01-02"), HOUR, 1));
    g_assert_false(cache_find(self->cache, "BTC/USD", -1, -1, &found, &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    assert_contains(error->message, "crypto BTC-USD 1h, crypto BTC-USD 1d");
    g_clear_error(&error);
    g_assert_true(cache_find(self->cache, "BTC/USD", -1, QB_1H, &found, &error));
    g_assert_cmpint(found.interval, ==, QB_1H);
    g_assert_false(cache_find(self->cache, "btc", QB_EQUITY, -1, &found, &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
    g_clear_error(&error);
    g_assert_false(cache_find(self->cache, "../../etc", -1, -1, &found, &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
}

static void test_links(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-03-03"), DAY, 1));
    static const char *const linked[] = {"crypto/BTC-USD/1d/2020/2020-02.parquet",
                                         "crypto/BTC-USD/1d/manifest.json",
                                         "crypto/BTC-USD/1d/2020",
                                         "crypto/BTC-USD/1d",
                                         "crypto/BTC-USD",
                                         "crypto"};
    for (gsize i = 0; i < G_N_ELEMENTS(linked); i++) {
        g_autofree char *path = file_path(self, linked[i]);
        g_autofree char *elsewhere = g_build_filename(self->folder, "elsewhere", NULL);
        g_assert_cmpint(g_rename(path, elsewhere), ==, 0);
        g_assert_cmpint(symlink(elsewhere, path), ==, 0);
        g_autofree char *message = read_fails(self, &key, FAILURE_BAD_DATA);
        assert_contains(message, "is a symbolic link");
        g_autofree char *merging =
            merge_fails(self, &key, bars_between(at("2020-02-01"), at("2020-02-02"), DAY, 9), NULL,
                        FAILURE_BAD_DATA);
        assert_contains(merging, "is a symbolic link");
        g_assert_cmpint(g_remove(path), ==, 0);
        g_assert_cmpint(g_rename(elsewhere, path), ==, 0);
    }
    g_autofree char *problems = verify_text(self, &key, NULL);
    g_assert_cmpstr(problems, ==, "");
}

/* ---- damage --------------------------------------------------------------------------------- */

static void test_each_byte(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-01-08"), DAY, 100));
    g_autofree char *path = file_path(self, "crypto/BTC-USD/1d/2020/2020-01.parquet");
    g_autofree char *bytes = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(path, &bytes, &size, NULL));
    /* cache_read without hashes: lengths, rows, stamps and page checksums alone. */
    for (gsize i = 0; i < size; i++) {
        g_autofree char *broken = g_memdup2(bytes, size);
        broken[i] ^= 0x40;
        g_assert_true(g_file_set_contents(path, broken, (gssize)size, NULL));
        g_autofree char *message = read_fails(self, &key, FAILURE_BAD_DATA);
        assert_contains(message, "2020-01.parquet");
    }
    for (gsize length = 0; length < size; length += 7) {
        g_assert_true(g_file_set_contents(path, bytes, (gssize)length, NULL));
        g_autofree char *message = read_fails(self, &key, FAILURE_BAD_DATA);
        assert_contains(message, "2020-01.parquet: damaged: ");
    }
}

static void test_wrong_file(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    const cache_key other = key_of(QB_CRYPTO, "ETH-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-04-01"), DAY, 100));
    merge_bars(self, &other, bars_between(at("2020-01-01"), at("2020-04-01"), DAY, 300));
    g_autofree char *march = file_path(self, "crypto/BTC-USD/1d/2020/2020-03.parquet");
    g_autofree char *january = file_path(self, "crypto/BTC-USD/1d/2020/2020-01.parquet");
    g_autofree char *kept = file_path(self, "kept");
    file_copy(march, kept);
    /* Another month of the series; another series' month: sound files in the wrong place. */
    file_copy(january, march);
    g_autofree char *message = read_fails(self, &key, FAILURE_BAD_DATA);
    assert_contains(message, "2020-03.parquet");
    g_autofree char *foreign = file_path(self, "crypto/ETH-USD/1d/2020/2020-03.parquet");
    file_copy(foreign, march);
    g_autofree char *problems = verify_text(self, &key, NULL);
    assert_contains(problems, "crypto/BTC-USD/1d/2020/2020-03.parquet: damaged: ");
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    qb_series bars = {0};
    g_assert_false(
        cache_read(self->cache, &key, G_MININT64, G_MAXINT64, CACHE_ALL, &bars, hashes, &error));
    g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    g_assert_cmpuint(hashes->len, ==, 0);
    /* Gone altogether. */
    g_assert_cmpint(g_remove(march), ==, 0);
    g_autofree char *gone = read_fails(self, &key, FAILURE_BAD_DATA);
    assert_contains(gone, "2020-03.parquet: damaged: is not there (expected 31 rows");
    file_copy(kept, march);
    g_autofree char *sound = verify_text(self, &key, NULL);
    g_assert_cmpstr(sound, ==, "");
}

static void test_merge_into_damage(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-04-01"), DAY, 100));
    g_autofree char *path = file_path(self, "crypto/BTC-USD/1d/2020/2020-02.parquet");
    g_autofree char *january = file_path(self, "crypto/BTC-USD/1d/2020/2020-01.parquet");
    g_autofree char *before = NULL, *after = NULL;
    gsize size;
    file_flip(path, 60);
    g_assert_true(g_file_get_contents(january, &before, &size, NULL));
    /* Fewer rows than the file held: refused, named, nothing written, not in January either. */
    g_autofree char *message = merge_fails(self, &key,
                                           bars_between(at("2020-01-20"), at("2020-02-20"), DAY, 7),
                                           NULL, FAILURE_BAD_DATA);
    assert_contains(message, "2020-02.parquet: ");
    assert_contains(message, "import all 29 rows of that month again, from 2020-02-01T00:00:00Z to "
                             "2020-02-29T00:00:00Z (these are 19 of them)");
    g_assert_true(g_file_get_contents(january, &after, NULL, NULL));
    g_assert_cmpmem(before, size, after, size);
    /* The whole month again: written, the damaged file kept. */
    const cache_change change =
        merge_bars(self, &key, bars_between(at("2020-02-01"), at("2020-03-01"), DAY, 131));
    g_assert_cmpuint(change.moved_aside, ==, 1);
    g_assert_cmpuint(change.files_written, ==, 1);
    g_autofree char *aside = g_strconcat(path, ".damaged-1", NULL);
    g_assert_true(g_file_test(aside, G_FILE_TEST_IS_REGULAR));
    qb_series bars = read_all(self, &key);
    qb_series want = bars_between(at("2020-01-01"), at("2020-04-01"), DAY, 100);
    for (gsize i = 31; i < 60; i++)
        want.volume[i] = 1000 + (double)i - 31;
    assert_same_series(&bars, &want);
    g_autofree char *notes = NULL;
    g_autofree char *problems = verify_text(self, &key, &notes);
    g_assert_cmpstr(problems, ==, "");
    assert_contains(notes, "2020/2020-02.parquet.damaged-1: set-aside");
    qb_series_clear(&bars);
    qb_series_clear(&want);
}

static void test_bad_manifest(fixture *self, gconstpointer unused)
{
    static const struct {
        const char *from, *to, *message;
    } cases[] = {
        {"\"rows\": 7", "\"rows\": -7", "rows: \"-7\" (expected a whole number"},
        {"\"rows\": 7", "\"rows\": 7.5", "rows: \"7.5\" (expected a whole number"},
        {"\"rows\": 7", "\"lines\": 7", "rows: is missing"},
        {"\"schema\": 1", "\"schema\": 2", "schema: \"2\" (expected 1; a newer program"},
        {"\"symbol\": \"BTC-USD\"", "\"symbol\": \"ETH-USD\"", "(expected BTC-USD)"},
        {"\"interval\": \"1d\"", "\"interval\": \"1h\"", "(expected 1d)"},
        {"\"raw\"", "\"rough\"", "adjustment: \"\\\"rough\\\"\" (expected raw, split or full)"},
        {"2020/2020-01.parquet", "../2020-01.parquet", "names such as"},
        {"2020-01-07T00", "2020-02-07T00", "do not lie in that month"},
        {"\"present\": 7", "\"present\": 8", "at most rows"},
        {"\"files\": {", "\"files\": [", "manifest.json:"},
        {"{", "", "is not JSON"},
    };
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-01-08"), DAY, 100));
    g_autofree char *path = file_path(self, "crypto/BTC-USD/1d/manifest.json");
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(GStrv) parts = g_strsplit(text, cases[i].from, 2);
        g_assert_nonnull(parts[1]);
        g_autofree char *broken = g_strconcat(parts[0], cases[i].to, parts[1], NULL);
        g_assert_true(g_file_set_contents(path, broken, -1, NULL));
        g_autofree char *message = read_fails(self, &key, FAILURE_BAD_DATA);
        assert_contains(message, cases[i].message);
        assert_contains(message, "manifest.json");
        g_autofree char *merging =
            merge_fails(self, &key, bars_between(at("2020-01-08"), at("2020-01-09"), DAY, 9), NULL,
                        FAILURE_BAD_DATA);
        assert_contains(merging, cases[i].message);
        g_autofree char *problems = verify_text(self, &key, NULL);
        assert_contains(problems, cases[i].message);
    }
    /* Without it the files are foreign, say themselves what they are, and can be merged. */
    g_assert_cmpint(g_remove(path), ==, 0);
    g_autofree char *notes = NULL;
    g_autofree char *problems = verify_text(self, &key, &notes);
    g_assert_cmpstr(problems, ==, "");
    assert_contains(notes, "2020-01.parquet: foreign");
    const cache_change change =
        merge_bars(self, &key, bars_between(at("2020-01-08"), at("2020-01-10"), DAY, 107));
    g_assert_cmpuint(change.added, ==, 2);
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 9);
    qb_series_clear(&bars);
}

/* ---- foreign files -------------------------------------------------------------------------- */

static void place_foreign(fixture *self, const char *fixture_name, const char *name)
{
    g_autofree char *from = fixture_path(fixture_name);
    g_autofree char *to = file_path(self, name);
    file_copy(from, to);
}

/* Files of pandas 2.x, polars and DuckDB (make_fixtures.py): close = 100 + row of its month. */
static void test_foreign(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "XYZ", QB_1D);
    place_foreign(self, "pandas-2020-01.parquet", "equity/XYZ/1d/2020/2020-01.parquet");
    place_foreign(self, "polars-2020-02.parquet", "equity/XYZ/1d/2020/2020-02.parquet");
    place_foreign(self, "duckdb-2020-03.parquet", "equity/XYZ/1d/2020/2020-03.parquet");
    /* XNYS sessions: 21 in January 2020, 19 in February, 22 in March. */
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 62);
    for (gsize i = 0; i < 62; i++) {
        const gsize row = i < 21 ? i : i < 40 ? i - 21 : i - 40;
        g_assert_cmpfloat(bars.close[i], ==, 100 + (double)row);
        g_assert_cmpfloat(bars.low[i], ==, 98 + (double)row);
        const gboolean unknown = i == 24 || i >= 40;
        g_assert_true(same(bars.volume[i], unknown ? NAN : 1000 + (double)row));
    }
    g_assert_cmpint(bars.ts_us[0], ==, at("2020-01-02"));
    g_assert_cmpint(bars.ts_us[61], ==, at("2020-03-31"));
    g_assert_null(bars.dividend);
    qb_series_clear(&bars);

    g_autoptr(GError) error = NULL;
    cache_entry entry;
    g_assert_true(cache_stat(self->cache, &key, &entry, &error));
    g_assert_cmpint(entry.adjustment, ==, CACHE_UNKNOWN);
    g_assert_cmpstr(entry.calendar, ==, "XNYS");
    g_assert_cmpstr(entry.provider, ==, "foreign");
    g_assert_cmpuint(entry.rows, ==, 62);
    g_assert_cmpuint(entry.expected, ==, 62);
    g_assert_cmpuint(entry.present, ==, 62);
    g_autofree char *notes = NULL;
    g_autofree char *problems = verify_text(self, &key, &notes);
    g_assert_cmpstr(problems, ==, "");
    assert_contains(notes, "2020-02.parquet: foreign: 19 rows");
    /* Nobody said how these prices are adjusted, so nothing is mixed with them. */
    g_autofree char *message = merge_fails(self, &key,
                                           bars_between(at("2020-04-01"), at("2020-04-02"), DAY, 9),
                                           NULL, FAILURE_BAD_DATA);
    assert_contains(message, "adjustment: \"raw\" (expected \"unknown\"");
}

/* A foreign month beside ours, then merged: its rows stay, its other columns are kept aside. */
static void test_foreign_beside_ours(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "XYZ", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-02-03"), at("2020-02-08"), DAY, 50));
    place_foreign(self, "pandas-2020-01.parquet", "equity/XYZ/1d/2020/2020-01.parquet");
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 26);
    qb_series_clear(&bars);
    const cache_change change =
        merge_bars(self, &key, bars_between(at("2020-01-31"), at("2020-02-01"), DAY, 70));
    g_assert_cmpuint(change.changed, ==, 1);
    bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, 26);
    g_assert_cmpfloat(bars.close[19], ==, 119);
    g_assert_cmpfloat(bars.close[20], ==, 71);
    qb_series_clear(&bars);
    g_autofree char *aside = file_path(self, "equity/XYZ/1d/2020/2020-01.parquet.foreign-1");
    g_assert_true(g_file_test(aside, G_FILE_TEST_IS_REGULAR));
    g_autofree char *notes = NULL;
    g_autofree char *problems = verify_text(self, &key, &notes);
    g_assert_cmpstr(problems, ==, "");
    g_assert_null(strstr(notes, ": foreign:"));
}

static void test_foreign_refused(fixture *self, gconstpointer unused)
{
    static const struct {
        const char *file, *message, *finding;
    } cases[] = {
        {"no-close.parquet", "column close: is missing", "unfit"},
        {"null-low.parquet", "column low: has nulls", "unfit"},
        {"unsorted.parquet",
         "column ts: row 2: 2020-01-30T00:00:00Z (expected a stamp after the row above)", "unfit"},
        {"high-low.parquet", "high 50", "row 3: high-low"},
        {"polars-2020-02.parquet",
         "column ts: row 1: 2020-02-03T00:00:00Z (expected a stamp of the month in the file name)",
         "unfit"},
    };
    const cache_key key = key_of(QB_EQUITY, "XYZ", QB_1D);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        place_foreign(self, cases[i].file, "equity/XYZ/1d/2020/2020-01.parquet");
        g_autofree char *message = read_fails(self, &key, FAILURE_BAD_DATA);
        assert_contains(message, "2020-01.parquet: ");
        assert_contains(message, cases[i].message);
        g_autofree char *problems = verify_text(self, &key, NULL);
        g_autofree char *finding = g_strdup_printf("2020-01.parquet: %s: %s", cases[i].finding,
                                                   cases[i].message);
        assert_contains(problems, finding);
    }
}

/* ---- verify and coverage -------------------------------------------------------------------- */

static void test_coverage(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    /* Every calendar day but 2020-03-10 and all of April: XNYS has 19 sessions in February 2020
     * (Washington's birthday on the 17th), 22 in March, 20 in May (Memorial Day on the 25th). */
    merge_bars(self, &key, bars_between(at("2020-02-01"), at("2020-03-10"), DAY, 100));
    merge_bars(self, &key, bars_between(at("2020-03-11"), at("2020-04-01"), DAY, 138));
    merge_bars(self, &key, bars_between(at("2020-05-01"), at("2020-06-01"), DAY, 160));
    static const cache_month want[] = {
        {2020, 2, 19, 19, 29}, {2020, 3, 21, 22, 30}, {2020, 4, 0, 21, 0}, {2020, 5, 20, 20, 31}};
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) months = cache_coverage(self->cache, &key, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(months->len, ==, G_N_ELEMENTS(want));
    for (guint i = 0; i < months->len; i++) {
        const cache_month *got = &g_array_index(months, cache_month, i);
        g_assert_cmpint(got->month, ==, want[i].month);
        g_assert_cmpuint(got->present, ==, want[i].present);
        g_assert_cmpuint(got->expected, ==, want[i].expected);
        g_assert_cmpuint(got->rows, ==, want[i].rows);
    }
    /* Bars on days without a session are facts, not damage. */
    g_autofree char *notes = NULL;
    g_autofree char *problems = verify_text(self, &key, &notes);
    g_assert_cmpstr(problems, ==, "");
    assert_contains(notes, "equity/SPY/1d/2020/2020-02.parquet: row 1: ");
    assert_contains(notes, "(2020-02-01T00:00:00Z)");
    assert_contains(notes, "more rows");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/cache/merge/round-trip", test_round_trip);
    ADD("/cache/merge/idempotent", test_idempotent);
    ADD("/cache/merge/never-shorter", test_never_shorter);
    ADD("/cache/merge/month-boundaries", test_month_boundaries);
    ADD("/cache/merge/hashes", test_hashes);
    ADD("/cache/merge/random", test_random_merges);
    ADD("/cache/refuse/facts", test_facts_refused);
    ADD("/cache/refuse/bad-bars", test_bad_bars_refused);
    ADD("/cache/names/folders", test_names);
    ADD("/cache/names/find", test_find);
    ADD("/cache/names/links", test_links);
    ADD("/cache/damage/each-byte", test_each_byte);
    ADD("/cache/damage/wrong-file", test_wrong_file);
    ADD("/cache/damage/merge", test_merge_into_damage);
    ADD("/cache/damage/manifest", test_bad_manifest);
    ADD("/cache/foreign/read", test_foreign);
    ADD("/cache/foreign/merge", test_foreign_beside_ours);
    ADD("/cache/foreign/refused", test_foreign_refused);
    ADD("/cache/coverage", test_coverage);
    return g_test_run();
}
