/* Proofs: whatever happens to our files, nobody is ever given other numbers. Each byte flipped,
 * each length cut, a writer killed, failing or robbed of its folder at every call, several at once. */
#include "fixture.h"
#include "injection.h"

#include "cache/ledger-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY QB_DAY_US
#define SEED 20201124u /* of all random damage here; a failure prints what it did */

/* ---- one file and what was in it ------------------------------------------------------------ */

typedef struct victim {
    char *path;
    char *bytes;
    gsize size;
    qb_series rows; /* of the whole series */
    gsize detected, harmless;
} victim;

static gboolean same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static gboolean same_column(const double *a, const double *b, gsize count)
{
    gboolean equal = (a == NULL) == (b == NULL);
    for (gsize i = 0; a != NULL && equal && i < count; i++)
        equal = same(a[i], b[i]);
    return equal;
}

static gboolean same_rows(const qb_series *a, const qb_series *b)
{
    return a->count == b->count && memcmp(a->ts_us, b->ts_us, a->count * sizeof *a->ts_us) == 0 &&
           same_column(a->open, b->open, a->count) && same_column(a->high, b->high, a->count) &&
           same_column(a->low, b->low, a->count) && same_column(a->close, b->close, a->count) &&
           same_column(a->volume, b->volume, a->count) &&
           same_column(a->dividend, b->dividend, a->count) &&
           same_column(a->split_factor, b->split_factor, a->count) &&
           (a->flags == NULL) == (b->flags == NULL) &&
           (a->flags == NULL || memcmp(a->flags, b->flags, a->count * sizeof *a->flags) == 0);
}

static void victim_load(victim *self, fixture *owner, const cache_key *key, const char *name)
{
    self->path = file_path(owner, name);
    g_assert_true(g_file_get_contents(self->path, &self->bytes, &self->size, NULL));
    self->rows = read_all(owner, key);
}

static void victim_clear(victim *self)
{
    g_test_message("%s: %" G_GSIZE_FORMAT " found, %" G_GSIZE_FORMAT " harmless", self->path,
                   self->detected, self->harmless);
    g_free(self->path);
    g_free(self->bytes);
    qb_series_clear(&self->rows);
}

/* One byte on disk; 0 puts it back. */
static void victim_flip(const victim *self, gsize at, char mask)
{
    const char byte = (char)(self->bytes[at] ^ mask);
    const int fd = open(self->path, O_WRONLY);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(pwrite(fd, &byte, 1, (off_t)at), ==, 1);
    close(fd);
}

static void victim_restore(const victim *self)
{
    g_assert_true(g_file_set_contents(self->path, self->bytes, (gssize)self->size, NULL));
}

/* Found, or the same rows; never others. hashes: with them or without. */
static void check_read(victim *self, fixture *owner, const cache_key *key, gboolean hashes,
                       const char *what)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) list = hashes ? g_ptr_array_new_with_free_func(g_free) : NULL;
    qb_series rows = {0};
    if (!cache_read(owner->cache, key, G_MININT64, G_MAXINT64, CACHE_ALL, &rows, list, &error)) {
        if (!g_error_matches(error, FAILURE, FAILURE_BAD_DATA))
            g_error("%s: %s", what, error->message);
        self->detected++;
        return;
    }
    if (!same_rows(&rows, &self->rows))
        g_error("%s: other numbers", what);
    self->harmless++;
    qb_series_clear(&rows);
}

static gboolean verify_finds(fixture *owner, const cache_key *key)
{
    g_autoptr(cache_findings) findings = verify_deep(owner, key);
    return findings->counts[QB_SEVERITY_ERROR] > 0;
}

static void check_flip(victim *self, fixture *owner, const cache_key *key, gsize at, char mask,
                       gboolean thorough)
{
    char what[80];
    g_snprintf(what, sizeof what, "byte %" G_GSIZE_FORMAT " ^ 0x%02x", at, (guint)(guchar)mask);
    victim_flip(self, at, mask);
    check_read(self, owner, key, FALSE, what);
    if (thorough) {
        check_read(self, owner, key, TRUE, what);
        if (!verify_finds(owner, key))
            g_error("%s: not found by verify --deep", what);
    }
    victim_flip(self, at, 0);
}

static void check_cut(victim *self, fixture *owner, const cache_key *key, gsize length)
{
    char what[80];
    g_snprintf(what, sizeof what, "cut to %" G_GSIZE_FORMAT, length);
    g_assert_cmpint(truncate(self->path, (off_t)length), ==, 0);
    const gsize before = self->detected;
    check_read(self, owner, key, FALSE, what);
    check_read(self, owner, key, TRUE, what);
    if (self->detected != before + 2 || !verify_finds(owner, key))
        g_error("%s: not found", what);
    victim_restore(self);
}

/* ---- a small file, entirely ----------------------------------------------------------------- */

static cache_key small_series(fixture *self)
{
    const cache_key key = key_of(QB_EQUITY, "SPY", QB_1D);
    qb_series bars = bars_between(at("2020-01-01"), at("2020-01-10"), DAY, 100);
    qb_bar bar = qb_series_bar(&bars, 8);
    bar.ts_us += DAY;
    bar.dividend = 0.25;
    bar.split_factor = 2;
    bar.flags = QB_BAR_REPAIRED;
    bar.volume = NAN;
    g_assert_cmpint(qb_series_append(&bars, &bar), ==, QB_OK);
    merge_bars(self, &key, bars);
    return key;
}

#define SMALL "equity/SPY/1d/2020/2020-01.parquet"

static void test_every_byte(fixture *self, gconstpointer unused)
{
    static const char masks[] = {0x01, 0x40, (char)0xff};
    const cache_key key = small_series(self);
    victim file = {0};
    victim_load(&file, self, &key, SMALL);
    for (gsize byte = 0; byte < file.size; byte++)
        for (gsize m = 0; m < G_N_ELEMENTS(masks); m++)
            check_flip(&file, self, &key, byte, masks[m], TRUE);
    g_assert_cmpuint(file.harmless, ==, 0);
    for (gsize length = 0; length < file.size; length++)
        check_cut(&file, self, &key, length);
    victim_clear(&file);
}

/* Nobody listed it: its own checksums are all there is. What they do not cover changes no
 * number. */
static void test_every_byte_unlisted(fixture *self, gconstpointer unused)
{
    const cache_key key = small_series(self);
    victim file = {0};
    victim_load(&file, self, &key, SMALL);
    g_autofree char *listed = file_path(self, "equity/SPY/1d/manifest.json");
    g_assert_cmpint(g_remove(listed), ==, 0);
    for (gsize byte = 0; byte < file.size; byte++)
        for (int bit = 0; bit < 8; bit++)
            check_flip(&file, self, &key, byte, (char)(1 << bit), FALSE);
    victim_clear(&file);
}

/* ---- what stands beside it ------------------------------------------------------------------ */

static gboolean same_entry(const cache_entry *a, const cache_entry *b)
{
    return a->adjustment == b->adjustment && strcmp(a->calendar, b->calendar) == 0 &&
           strcmp(a->provider, b->provider) == 0 && a->rows == b->rows && a->files == b->files &&
           a->bytes == b->bytes && a->first_us == b->first_us && a->last_us == b->last_us &&
           a->fetched_us == b->fetched_us && a->expected == b->expected && a->present == b->present;
}

static void test_every_byte_of_the_manifest(fixture *self, gconstpointer unused)
{
    const cache_key key = small_series(self);
    victim file = {0};
    victim_load(&file, self, &key, "equity/SPY/1d/manifest.json");
    g_autoptr(GError) error = NULL;
    cache_entry before, entry;
    g_assert_true(cache_stat(self->cache, &key, &before, &error));
    for (gsize byte = 0; byte < file.size; byte++) {
        for (int bit = 0; bit < 8; bit++) {
            char what[80];
            g_snprintf(what, sizeof what, "manifest.json: byte %" G_GSIZE_FORMAT " bit %d", byte,
                       bit);
            victim_flip(&file, byte, (char)(1 << bit));
            check_read(&file, self, &key, TRUE, what);
            g_clear_error(&error);
            if (cache_stat(self->cache, &key, &entry, &error) && !same_entry(&entry, &before))
                g_error("%s: other facts", what);
            victim_flip(&file, byte, 0);
        }
    }
    for (gsize length = 0; length < file.size; length++) {
        g_assert_cmpint(truncate(file.path, (off_t)length), ==, 0);
        check_read(&file, self, &key, TRUE, "manifest.json cut");
        victim_restore(&file);
    }
    victim_clear(&file);
}

static gboolean same_gaps(const GArray *a, const GArray *b)
{
    gboolean equal = a->len == b->len;
    for (guint i = 0; equal && i < a->len; i++) {
        const cache_gap *x = &g_array_index(a, cache_gap, i), *y = &g_array_index(b, cache_gap, i);
        equal = x->from_us == y->from_us && x->to_us == y->to_us && x->bars == y->bars &&
                x->state == y->state && strcmp(x->who, y->who) == 0 &&
                strcmp(x->why, y->why) == 0 && x->said_us == y->said_us;
    }
    return equal;
}

static void test_every_byte_of_the_ledger(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1D);
    merge_bars(self, &key, bars_between(at("2020-01-01"), at("2020-01-10"), DAY, 100));
    merge_bars(self, &key, bars_between(at("2020-01-20"), at("2020-01-25"), DAY, 100));
    const cache_gap word = {.from_us = at("2020-01-12"),
                            .to_us = at("2020-01-14"),
                            .state = CACHE_GAP_EMPTY,
                            .who = "test",
                            .why = "asked twice",
                            .said_us = at("2024-01-01")};
    g_autoptr(GError) error = NULL;
    gsize bars = 0;
    g_assert_true(cache_gap_say(self->cache, &key, NULL, &word, &bars, &error));
    g_assert_cmpuint(bars, ==, 2);
    g_autoptr(GArray) before = cache_gaps(self->cache, &key, &error);
    victim file = {0};
    victim_load(&file, self, &key, "crypto/BTC-USD/1d/gaps.json");
    for (gsize byte = 0; byte < file.size; byte++) {
        for (int bit = 0; bit < 8; bit++) {
            victim_flip(&file, byte, (char)(1 << bit));
            g_clear_error(&error);
            g_autoptr(GArray) gaps = cache_gaps(self->cache, &key, &error);
            if (gaps == NULL)
                g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
            else if (!same_gaps(gaps, before))
                g_error("gaps.json: byte %" G_GSIZE_FORMAT " bit %d: other gaps", byte, bit);
            if (gaps == NULL && !verify_finds(self, &key))
                g_error("gaps.json: byte %" G_GSIZE_FORMAT ": not found by verify", byte);
            file.detected += gaps == NULL;
            file.harmless += gaps != NULL;
            victim_flip(&file, byte, 0);
        }
    }
    victim_clear(&file);
}

/* ---- a large file, at random ---------------------------------------------------------------- */

/* A month of five-minute bars: prices that wander, as real ones. */
static qb_series large_bars(guint32 seed)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    qb_series bars = {0};
    double price = 9000;
    for (gint64 ts_us = at("2020-05-01"); ts_us < at("2020-06-01"); ts_us += 5 * QB_MINUTE_US) {
        price = rint(price * exp(g_rand_double_range(random, -0.002, 0.002)) * 100) / 100;
        add_bar(&bars, ts_us, price, g_rand_double_range(random, 0, 50));
    }
    return bars;
}

static void test_random_damage(fixture *self, gconstpointer unused)
{
    const int flips = 10000, cuts = 1000, thorough_each = 10;
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_5M);
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
    victim file = {0};
    merge_bars(self, &key, large_bars(SEED));
    victim_load(&file, self, &key, "crypto/BTC-USD/5m/2020/2020-05.parquet");
    g_test_message("seed %u, %" G_GSIZE_FORMAT " bytes, %" G_GSIZE_FORMAT " rows", SEED, file.size,
                   file.rows.count);
    for (int i = 0; i < flips; i++) {
        const gsize byte = (gsize)g_rand_int_range(random, 0, (gint32)file.size);
        const char mask = (char)g_rand_int_range(random, 1, 256);
        check_flip(&file, self, &key, byte, mask, i % thorough_each == 0);
    }
    g_assert_cmpuint(file.harmless, ==, 0);
    for (int i = 0; i < cuts; i++) {
        const gsize length = (gsize)g_rand_int_range(random, 0, (gint32)file.size);
        g_assert_cmpint(truncate(file.path, (off_t)length), ==, 0);
        check_read(&file, self, &key, i % thorough_each == 0, "cut");
        victim_restore(&file);
    }
    g_assert_cmpuint(file.harmless, ==, 0);
    victim_clear(&file);
}

/* ---- fix, interrupted ----------------------------------------------------------------------- */

/* A series with everything to put right: ours with a half-way entry, a wrong count and a damaged
 * month, foreign months sound and unsorted, a leftover. */
#define FIXED "equity/XYZ/1d"
static cache_key broken_series(fixture *self)
{
    const cache_key key = key_of(QB_EQUITY, "XYZ", QB_1D);
    g_autoptr(GError) error = NULL;
    merge_bars(self, &key, bars_between(at("2020-04-01"), at("2020-07-01"), DAY, 100));
    g_autofree char *folder = file_path(self, FIXED);
    g_autoptr(manifest) listed = manifest_load(folder, &key, &error);
    manifest_entry *entries = (manifest_entry *)(void *)listed->entries->data;
    entries[0].now.present = 3;
    entries[2].changing = entries[2].had_before = TRUE;
    entries[2].before = entries[2].now;
    memset(entries[2].now.sha256, 'b', 64);
    g_assert_true(manifest_save(listed, folder, &key, &error));
    g_autofree char *damaged = file_path(self, FIXED "/2020/2020-05.parquet");
    file_flip(damaged, 70);
    static const char *const placed[][2] = {
        {"unsorted.parquet", FIXED "/2020/2020-01.parquet"},
        {"polars-2020-02.parquet", FIXED "/2020/2020-02.parquet"}};
    for (gsize i = 0; i < G_N_ELEMENTS(placed); i++) {
        g_autofree char *from = fixture_path(placed[i][0]);
        g_autofree char *to = file_path(self, placed[i][1]);
        file_copy(from, to);
    }
    g_autofree char *left = file_path(self, FIXED "/2020/.tmp-2020-05.parquet-1-1");
    g_assert_true(g_file_set_contents(left, "x", 1, NULL));
    return key;
}

static gboolean fix_all(fixture *self, GError **error)
{
    const cache_key key = key_of(QB_EQUITY, "XYZ", QB_1D);
    const cache_fix_how how = {
        .set_aside = TRUE, .adjustment = CACHE_RAW, .now_us = at("2024-05-06T07:08:09Z")};
    g_autoptr(GPtrArray)
        repairs = g_ptr_array_new_with_free_func((GDestroyNotify)cache_repair_free);
    return cache_fix(self->cache, &key, &how, repairs, error);
}

static int fix_in_child(void *data)
{
    g_autoptr(GError) error = NULL;
    return fix_all(data, &error) ? 0 : 1;
}

static void add_hashes(const char *path, GHashTable *to)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        g_autofree char *bytes = NULL;
        gsize size;
        add_hashes(child, to);
        if (g_file_get_contents(child, &bytes, &size, NULL))
            g_hash_table_add(
                to, g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)bytes, size));
    }
}

/* The Parquet files' contents, wherever they are now. */
static GHashTable *contents(fixture *self)
{
    GHashTable *hashes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *years = file_path(self, FIXED "/2020");
    add_hashes(years, hashes);
    return hashes;
}

static void assert_nothing_lost(GHashTable *before, fixture *self)
{
    g_autoptr(GHashTable) after = contents(self);
    GHashTableIter iterator;
    gpointer hash;
    g_hash_table_iter_init(&iterator, before);
    while (g_hash_table_iter_next(&iterator, &hash, NULL)) {
        /* "x" is the leftover. */
        if (!g_str_has_prefix(hash, "2d711642b726b044"))
            g_assert_true(g_hash_table_contains(after, hash));
    }
}

/* In the end: months 1, 2, 4 and 6 sound and listed, 5 aside and to be fetched again. */
static void assert_fixed(fixture *self)
{
    const cache_key key = key_of(QB_EQUITY, "XYZ", QB_1D);
    qb_series rows = read_all(self, &key);
    g_assert_cmpuint(rows.count, ==, 21 + 19 + 30 + 30);
    for (gsize i = 0; i < 40; i++)
        g_assert_cmpfloat(rows.close[i], ==, 100 + (double)(i < 21 ? i : i - 21));
    for (gsize i = 40; i < 70; i++)
        g_assert_cmpfloat(rows.open[i], ==, 100 + (double)(i - 40));
    qb_series_clear(&rows);
    g_autofree char *notes = NULL;
    g_autofree char *errors = verify_text(self, &key, &notes);
    g_assert_cmpstr(errors, ==, "");
    if (strstr(notes, ": foreign") != NULL)
        g_error("%s", notes);
    g_assert_null(strstr(notes, "half-written"));
    g_assert_null(strstr(notes, "wrong-count"));
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) gaps = cache_gaps(self->cache, &key, &error);
    g_assert_no_error(error);
    gboolean retry = FALSE;
    for (guint i = 0; i < gaps->len; i++)
        retry |= g_array_index(gaps, cache_gap, i).state == CACHE_GAP_RETRY;
    g_assert_true(retry);
}

static void start_over(fixture *self)
{
    fixture_tear_down(self, NULL);
    fixture_set_up(self, NULL);
}

static void test_fix_killed(fixture *self, gconstpointer unused)
{
    int calls = 0;
    for (gboolean killed = TRUE; killed; start_over(self)) {
        broken_series(self);
        g_autoptr(GHashTable) before = contents(self);
        killed = injection_die(++calls, fix_in_child, self);
        assert_nothing_lost(before, self);
        g_autoptr(GError) error = NULL;
        fix_all(self, &error);
        g_assert_no_error(error);
        assert_nothing_lost(before, self);
        assert_fixed(self);
    }
    g_test_message("%d mutating calls", calls - 1);
    g_assert_cmpint(calls, >, 25);
}

static void fail_fix(fixture *self, int fault, gboolean forever)
{
    int failed = 0;
    gboolean happened = TRUE;
    for (int call = 1; happened; call++, start_over(self)) {
        g_autoptr(GError) error = NULL;
        broken_series(self);
        g_autoptr(GHashTable) before = contents(self);
        injection_begin((injection_plan){.countdown = call, .fault = fault, .forever = forever});
        const gboolean ok = fix_all(self, &error);
        injection_end();
        happened = injection.happened;
        assert_nothing_lost(before, self);
        if (!ok) {
            failed++;
            g_assert_error(error, FAILURE, FAILURE_IO);
            assert_contains(error->message, self->folder);
            assert_contains(error->message, g_strerror(fault));
        }
        g_clear_error(&error);
        fix_all(self, &error);
        g_assert_no_error(error);
        assert_fixed(self);
    }
    g_assert_cmpint(failed, >, 20);
}

static void test_fix_faults(fixture *self, gconstpointer unused)
{
    static const int faults[] = {ENOSPC, EIO, EMFILE};
    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        fail_fix(self, faults[i], FALSE);
        fail_fix(self, faults[i], TRUE);
    }
}

/* ---- descriptors, folders ------------------------------------------------------------------- */

static cache_key plain_key(void)
{
    return key_of(QB_CRYPTO, "BTC-USD", QB_1D);
}

static qb_series earlier_bars(void)
{
    return bars_between(at("2020-01-01"), at("2020-03-15"), DAY, 100);
}

static gboolean merge_more(fixture *self, GError **error)
{
    const cache_key key = plain_key();
    const cache_provenance provenance = provenance_of("24/7");
    qb_series bars = bars_between(at("2020-03-10"), at("2020-05-01"), DAY, 169);
    cache_change change;
    const gboolean ok = cache_merge(self->cache, &key, &bars, &provenance, &change, error);
    qb_series_clear(&bars);
    return ok;
}

/* With so few descriptors left a read, a merge and a verification either work or say so; damage is
 * not what they say. 0: all worked. */
static int work_with_descriptors(fixture *self, rlim_t most)
{
    const struct rlimit limit = {most, most};
    const cache_key key = plain_key();
    qb_series rows = {0};
    g_autoptr(GError) reading = NULL;
    g_autoptr(GError) merging = NULL;
    g_autoptr(GError) verifying = NULL;
    g_autoptr(cache_findings) findings = cache_findings_new();
    const cache_verify_how how = {.deep = TRUE, .since = INT32_MIN};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 9;
    const gboolean read = cache_read(self->cache, &key, G_MININT64, G_MAXINT64, CACHE_ALL, &rows,
                                     NULL, &reading);
    const gboolean verified = cache_verify(self->cache, &key, &how, findings, &verifying);
    const gboolean merged = merge_more(self, &merging);
    if ((!read && !g_error_matches(reading, FAILURE, FAILURE_IO)) ||
        (!verified && !g_error_matches(verifying, FAILURE, FAILURE_IO)) ||
        (verified && findings->counts[QB_SEVERITY_ERROR] > 0) ||
        (!merged && !g_error_matches(merging, FAILURE, FAILURE_IO)))
        return 2;
    return read && verified && merged ? 0 : 1;
}

static void test_descriptors_run_out(fixture *self, gconstpointer unused)
{
    int code = 1, limits = 0;
    for (rlim_t most = 0; code == 1; most++, start_over(self)) {
        const cache_key key = plain_key();
        merge_bars(self, &key, earlier_bars());
        const pid_t child = fork();
        g_assert_cmpint(child, >=, 0);
        if (child == 0)
            _exit(work_with_descriptors(self, most));
        int status = 0;
        g_assert_cmpint(waitpid(child, &status, 0), ==, child);
        g_assert_true(WIFEXITED(status));
        code = WEXITSTATUS(status);
        g_assert_cmpint(code, <=, 1);
        g_autoptr(GError) error = NULL;
        g_assert_true(merge_more(self, &error));
        qb_series rows = read_all(self, &key);
        g_assert_cmpuint(rows.count, ==, 121);
        qb_series_clear(&rows);
        limits++;
    }
    g_test_message("%d limits", limits);
    g_assert_cmpint(limits, >, 4);
}

static void remove_series(void *data)
{
    g_autofree char *folder = file_path(data, "crypto");
    remove_tree(folder);
}

static void replace_by_file(void *data)
{
    g_autofree char *folder = file_path(data, "crypto/BTC-USD/1d/2020");
    remove_tree(folder);
    g_assert_true(g_file_set_contents(folder, "x", 1, NULL));
}

/* Somebody does that between two calls of a merge: it fails and says so, or makes the folders
 * again; what is there afterwards is sound or said to be missing, and the next merge works. */
static void rob_at_every_call(fixture *self, void (*robbery)(void *), gboolean file_stays)
{
    gboolean happened = TRUE;
    int failed = 0;
    for (int call = 1; happened; call++, start_over(self)) {
        const cache_key key = plain_key();
        g_autoptr(GError) error = NULL;
        merge_bars(self, &key, earlier_bars());
        injection_begin((injection_plan){.countdown = call, .instead = robbery, .data = self});
        const gboolean ok = merge_more(self, &error);
        injection_end();
        happened = injection.happened;
        if (!ok) {
            failed++;
            g_assert_true(error->code == FAILURE_IO || error->code == FAILURE_MISSING ||
                          error->code == FAILURE_BAD_DATA);
            assert_contains(error->message, "BTC-USD");
        }
        if (file_stays) {
            g_autofree char *folder = file_path(self, "crypto/BTC-USD/1d/2020");
            if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
                g_remove(folder);
        }
        /* Nobody lost rows but he who removed them: with the manifest gone, or the rows imported
         * again, everything reads. */
        g_autofree char *listed = file_path(self, "crypto/BTC-USD/1d/manifest.json");
        g_clear_error(&error);
        qb_series rows = {0};
        if (!cache_read(self->cache, &key, G_MININT64, G_MAXINT64, CACHE_ALL, &rows, NULL,
                        &error)) {
            g_assert_true(error->code == FAILURE_MISSING || error->code == FAILURE_BAD_DATA);
            g_remove(listed);
        }
        qb_series_clear(&rows);
        g_clear_error(&error);
        merge_bars(self, &key, earlier_bars());
        g_assert_true(merge_more(self, &error));
        rows = read_all(self, &key);
        g_assert_cmpuint(rows.count, ==, 121);
        qb_series_clear(&rows);
    }
    g_assert_cmpint(failed, >, 5);
}

static void test_vanished_folder(fixture *self, gconstpointer unused)
{
    rob_at_every_call(self, remove_series, FALSE);
}

static void test_folder_becomes_file(fixture *self, gconstpointer unused)
{
    rob_at_every_call(self, replace_by_file, TRUE);
}

/* ---- several at once ------------------------------------------------------------------------ */

#define WRITERS 2
#define ROUNDS 60
#define BARS_A_ROUND 9

/* Writer w owns every second bar, a few per merge, so that both change the same months. */
static int write_share(fixture *self, int writer)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_4H);
    const cache_provenance provenance = provenance_of("24/7");
    for (int round = 0; round < ROUNDS; round++) {
        qb_series bars = {0};
        cache_change change;
        g_autoptr(GError) error = NULL;
        for (int i = 0; i < BARS_A_ROUND; i++) {
            const gint64 bar = WRITERS * (round + ROUNDS * i) + writer; /* months apart */
            add_bar(&bars, at("2020-01-01") + bar * 4 * QB_HOUR_US, 10 + (double)bar, 1);
        }
        if (!cache_merge(self->cache, &key, &bars, &provenance, &change, &error))
            return 1;
        qb_series_clear(&bars);
    }
    return 0;
}

/* Meanwhile a third puts right whatever it thinks is wrong. */
static int fix_meanwhile(fixture *self)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_4H);
    const cache_fix_how how = {.adjustment = CACHE_RAW, .set_aside = TRUE};
    for (int round = 0; round < ROUNDS; round++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray)
            repairs = g_ptr_array_new_with_free_func((GDestroyNotify)cache_repair_free);
        if (!cache_fix(self->cache, &key, &how, repairs, &error) &&
            !g_error_matches(error, FAILURE, FAILURE_MISSING))
            return 1;
        if (repairs->len > 0)
            return 2; /* writers that are alive leave nothing to put right */
    }
    return 0;
}

static void test_writers_and_fixer(fixture *self, gconstpointer unused)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_4H);
    pid_t children[WRITERS + 1];
    for (int c = 0; c <= WRITERS; c++) {
        children[c] = fork();
        g_assert_cmpint(children[c], >=, 0);
        if (children[c] == 0)
            _exit(c < WRITERS ? write_share(self, c) : fix_meanwhile(self));
    }
    for (int c = 0; c <= WRITERS; c++) {
        int status = 0;
        g_assert_cmpint(waitpid(children[c], &status, 0), ==, children[c]);
        g_assert_cmpint(status, ==, 0);
    }
    qb_series rows = read_all(self, &key);
    g_assert_cmpuint(rows.count, ==, WRITERS * ROUNDS * BARS_A_ROUND);
    for (gsize i = 0; i < rows.count; i++)
        g_assert_cmpfloat(rows.open[i], ==, 10 + (double)i);
    qb_series_clear(&rows);
    g_assert_false(verify_finds(self, &key));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/integrity/byte/file", test_every_byte);
    ADD("/integrity/byte/unlisted", test_every_byte_unlisted);
    ADD("/integrity/byte/manifest", test_every_byte_of_the_manifest);
    ADD("/integrity/byte/ledger", test_every_byte_of_the_ledger);
    ADD("/integrity/random", test_random_damage);
    ADD("/integrity/fix/killed", test_fix_killed);
    ADD("/integrity/fix/faults", test_fix_faults);
    ADD("/integrity/descriptors", test_descriptors_run_out);
    ADD("/integrity/folder/vanished", test_vanished_folder);
    ADD("/integrity/folder/file", test_folder_becomes_file);
    ADD("/integrity/concurrent", test_writers_and_fixer);
    return g_test_run();
}
