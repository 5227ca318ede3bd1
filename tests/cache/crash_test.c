/* A writer that dies or fails at any system call, and several at once. */
#include "fixture.h"
#include "injection.h"

#include "platform/files.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAY QB_DAY_US

/* ---- two states ----------------------------------------------------------------------------- */

/* Before: January to the middle of March. The merge changes February, adds to March, makes April,
 * and leaves January as it is. */
static cache_key series_key(void)
{
    return key_of(QB_CRYPTO, "BTC-USD", QB_1D);
}

static qb_series bars_before(void)
{
    return bars_between(at("2020-01-01"), at("2020-03-15"), DAY, 100);
}

static qb_series bars_merged(void)
{
    return bars_between(at("2020-02-10"), at("2020-04-20"), DAY, 700);
}

static void merge_before(fixture *self, gboolean empty)
{
    const cache_key key = series_key();
    if (!empty)
        merge_bars(self, &key, bars_before());
}

/* Only in a child: exit code 0 when the merge succeeded, 1 when it failed. */
static int merge_in_child(void *data)
{
    fixture *self = data;
    const cache_key key = series_key();
    const cache_provenance provenance = provenance_of("24/7");
    qb_series bars = bars_merged();
    cache_change change;
    g_autoptr(GError) error = NULL;
    return cache_merge(self->cache, &key, &bars, &provenance, &change, &error) ? 0 : 1;
}

/* TRUE when the child was killed at its call number `at_call`. */
static gboolean merge_and_die(fixture *self, int at_call)
{
    return injection_die(at_call, merge_in_child, self);
}

/* ---- old or new, month by month ------------------------------------------------------------- */

static qb_series month_rows(const qb_series *bars, const char *from, const char *to)
{
    qb_series rows = {0};
    for (gsize i = 0; i < bars->count; i++)
        if (bars->ts_us[i] >= at(from) && bars->ts_us[i] < at(to)) {
            const qb_bar bar = qb_series_bar(bars, i);
            g_assert_cmpint(qb_series_append(&rows, &bar), ==, QB_OK);
        }
    return rows;
}

static gboolean equal_rows(const qb_series *a, const qb_series *b)
{
    gboolean equal = a->count == b->count;
    for (gsize i = 0; equal && i < a->count; i++)
        equal = a->ts_us[i] == b->ts_us[i] && a->open[i] == b->open[i] &&
                a->high[i] == b->high[i] && a->low[i] == b->low[i] && a->close[i] == b->close[i] &&
                a->volume[i] == b->volume[i];
    return equal;
}

/* By hand: where both have a stamp the merged bars win. */
static qb_series bars_after(gboolean empty)
{
    qb_series before = bars_before(), merged = bars_merged(), after = {0};
    for (gint64 ts_us = at("2020-01-01"); ts_us < at("2020-05-01"); ts_us += DAY) {
        const gsize old = qb_series_lower_bound(&before, ts_us);
        const gsize new = qb_series_lower_bound(&merged, ts_us);
        qb_bar bar;
        if (new < merged.count && merged.ts_us[new] == ts_us)
            bar = qb_series_bar(&merged, new);
        else if (!empty && old < before.count && before.ts_us[old] == ts_us)
            bar = qb_series_bar(&before, old);
        else
            continue;
        g_assert_cmpint(qb_series_append(&after, &bar), ==, QB_OK);
    }
    qb_series_clear(&before);
    qb_series_clear(&merged);
    return after;
}

static qb_series read_some(fixture *self)
{
    const cache_key key = series_key();
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    qb_series bars = {0};
    if (!cache_read(self->cache, &key, G_MININT64, G_MAXINT64, CACHE_ALL, &bars, hashes, &error))
        g_assert_error(error, FAILURE, FAILURE_MISSING);
    return bars;
}

static void assert_old_or_new(fixture *self, gboolean empty)
{
    static const char *const months[] = {"2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01",
                                         "2020-05-01"};
    const cache_key key = series_key();
    qb_series none = {0}, before = bars_before(), after = bars_after(empty);
    qb_series stored = read_some(self);
    for (gsize m = 0; m + 1 < G_N_ELEMENTS(months); m++) {
        qb_series got = month_rows(&stored, months[m], months[m + 1]);
        qb_series old = month_rows(empty ? &none : &before, months[m], months[m + 1]);
        qb_series new = month_rows(&after, months[m], months[m + 1]);
        g_assert_true(equal_rows(&got, &old) || equal_rows(&got, &new));
        qb_series_clear(&got);
        qb_series_clear(&old);
        qb_series_clear(&new);
    }
    if (stored.count > 0) {
        g_autofree char *problems = verify_text(self, &key, NULL);
        g_assert_cmpstr(problems, ==, "");
    }
    qb_series_clear(&stored);
    qb_series_clear(&before);
    qb_series_clear(&after);
}

static gboolean has_temp_files(const char *path)
{
    gboolean found = FALSE;
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        found |= g_str_has_prefix(name, ".tmp-") || has_temp_files(child);
    }
    return found;
}

/* The next writer completes, settles the manifest and clears up. */
static void assert_recovers(fixture *self, gboolean empty)
{
    const cache_key key = series_key();
    merge_bars(self, &key, bars_merged());
    qb_series after = bars_after(empty), stored = read_all(self, &key);
    g_assert_true(equal_rows(&stored, &after));
    qb_series_clear(&after);
    qb_series_clear(&stored);
    g_autofree char *notes = NULL;
    g_autofree char *problems = verify_text(self, &key, &notes);
    g_assert_cmpstr(problems, ==, "");
    /* The prices are made up and may look odd; the files must not. */
    g_assert_null(strstr(notes, "half-written"));
    g_assert_null(strstr(notes, "foreign"));
    g_autofree char *path = file_path(self, "crypto/BTC-USD/1d/manifest.json");
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_null(strstr(text, "\"before\""));
}

static void start_over(fixture *self)
{
    fixture_tear_down(self, NULL);
    fixture_set_up(self, NULL);
}

static void kill_everywhere(fixture *self, gboolean empty)
{
    int calls = 0;
    for (gboolean killed = TRUE; killed; start_over(self)) {
        calls++;
        merge_before(self, empty);
        killed = merge_and_die(self, calls);
        assert_old_or_new(self, empty);
        assert_recovers(self, empty);
    }
    g_test_message("%d mutating calls", calls - 1);
    g_assert_cmpint(calls, >, 20);
}

static void test_kill_update(fixture *self, gconstpointer unused)
{
    kill_everywhere(self, FALSE);
}

static void test_kill_first_import(fixture *self, gconstpointer unused)
{
    kill_everywhere(self, TRUE);
}

/* Killed, and killed again while it recovers: pairs of points. */
static void test_kill_twice(fixture *self, gconstpointer unused)
{
    gboolean killed = TRUE;
    for (int first = 1; killed; first++) {
        gboolean again = TRUE;
        for (int second = 1; again; second += 5) {
            merge_before(self, FALSE);
            killed = merge_and_die(self, first);
            again = merge_and_die(self, second);
            assert_old_or_new(self, FALSE);
            if (!again)
                assert_recovers(self, FALSE);
            start_over(self);
        }
    }
}

/* Leftovers of a dead writer are removed by the next that writes in their folder. */
static void test_leftovers(fixture *self, gconstpointer unused)
{
    merge_before(self, FALSE);
    gboolean seen = FALSE;
    for (int call = 1; merge_and_die(self, call); call++)
        seen |= has_temp_files(self->folder);
    g_assert_true(seen);
    g_autofree char *path = file_path(self, "crypto/BTC-USD/1d/2020/.tmp-x-1-1");
    g_assert_true(g_file_set_contents(path, "x", 1, NULL));
    const cache_key key = series_key();
    merge_bars(self, &key, bars_between(at("2020-02-01"), at("2020-02-03"), DAY, 5));
    g_assert_false(has_temp_files(self->folder));
}

/* ---- calls that fail ------------------------------------------------------------------------ */

/* TRUE when the merge failed; FALSE when it succeeded in spite of the fault, or met none. */
static gboolean merge_with_fault(fixture *self, int call, int fault, gboolean forever)
{
    const cache_key key = series_key();
    const cache_provenance provenance = provenance_of("24/7");
    qb_series bars = bars_merged();
    cache_change change;
    g_autoptr(GError) error = NULL;
    injection_begin((injection_plan){.countdown = call, .fault = fault, .forever = forever});
    const gboolean ok = cache_merge(self->cache, &key, &bars, &provenance, &change, &error);
    injection_end();
    qb_series_clear(&bars);
    if (ok)
        return FALSE;
    g_assert_error(error, FAILURE, FAILURE_IO);
    assert_contains(error->message, self->folder);
    assert_contains(error->message, g_strerror(fault));
    return TRUE;
}

static void fail_everywhere(fixture *self, int fault, gboolean forever)
{
    int failed = 0;
    injection.happened = TRUE;
    for (int call = 1; injection.happened; call++) {
        merge_before(self, FALSE);
        failed += merge_with_fault(self, call, fault, forever);
        assert_old_or_new(self, FALSE);
        assert_recovers(self, FALSE);
        g_assert_false(has_temp_files(self->folder) && !forever);
        start_over(self);
    }
    g_assert_cmpint(failed, >, 15);
}

static void test_disk_full(fixture *self, gconstpointer unused)
{
    fail_everywhere(self, ENOSPC, FALSE);
    fail_everywhere(self, ENOSPC, TRUE);
}

static void test_io_error(fixture *self, gconstpointer unused)
{
    fail_everywhere(self, EIO, FALSE);
    fail_everywhere(self, EIO, TRUE);
}

static void test_no_descriptors(fixture *self, gconstpointer unused)
{
    fail_everywhere(self, EMFILE, FALSE);
    fail_everywhere(self, EMFILE, TRUE);
}

static void test_short_writes(fixture *self, gconstpointer unused)
{
    merge_before(self, FALSE);
    g_assert_false(merge_with_fault(self, 1, FILES_SHORT_WRITE, TRUE));
    assert_recovers(self, FALSE);
}

/* ---- folders that cannot be written --------------------------------------------------------- */

static void change_tree(const char *path, mode_t folder_mode)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        change_tree(child, folder_mode);
    }
    if (geteuid() == 0)
        g_assert_cmpint(chown(path, 65534, 65534), ==, 0);
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        g_assert_cmpint(chmod(path, folder_mode), ==, 0);
}

/* The super-user may write anywhere, so a child gives that up first. */
static int merge_read_only(fixture *self)
{
    const cache_key key = series_key();
    const cache_provenance provenance = provenance_of("24/7");
    qb_series bars = bars_merged(), stored = {0};
    cache_change change;
    g_autoptr(GError) error = NULL;
    if (geteuid() == 0 && seteuid(65534) != 0)
        return 2;
    if (cache_merge(self->cache, &key, &bars, &provenance, &change, &error) ||
        !g_error_matches(error, FAILURE, FAILURE_IO) ||
        strstr(error->message, g_strerror(EACCES)) == NULL ||
        strstr(error->message, self->folder) == NULL)
        return 3;
    /* Reading needs no right to write. */
    g_clear_error(&error);
    if (!cache_read(self->cache, &key, G_MININT64, G_MAXINT64, CACHE_ALL, &stored, NULL, &error) ||
        stored.count != 74)
        return 4;
    qb_series_clear(&stored);
    qb_series_clear(&bars);
    return 0;
}

static void test_read_only(fixture *self, gconstpointer unused)
{
    merge_before(self, FALSE);
    g_autofree char *lock = file_path(self, "crypto/BTC-USD/1d/.lock");
    g_assert_cmpint(g_remove(lock), ==, 0);
    change_tree(self->folder, 0500);
    const pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0)
        _exit(merge_read_only(self));
    int status = 0;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    change_tree(self->folder, 0700);
    assert_old_or_new(self, FALSE);
}

/* ---- several at once ------------------------------------------------------------------------ */

#define WRITERS 3
#define MERGES 25

/* Writer w stores the days w, w + 3, ... of four months, one merge per few days. */
static int write_share(fixture *self, int writer)
{
    const cache_key key = series_key();
    const cache_provenance provenance = provenance_of("24/7");
    for (int merge = 0; merge < MERGES; merge++) {
        qb_series bars = {0};
        cache_change change;
        g_autoptr(GError) error = NULL;
        const gint64 day = writer + WRITERS * merge;
        add_bar(&bars, at("2020-01-01") + day * DAY, 10 + (double)day, (double)day);
        if (!cache_merge(self->cache, &key, &bars, &provenance, &change, &error))
            return 1;
        qb_series_clear(&bars);
    }
    return 0;
}

static void test_concurrent(fixture *self, gconstpointer unused)
{
    pid_t writers[WRITERS];
    for (int w = 0; w < WRITERS; w++) {
        writers[w] = fork();
        g_assert_cmpint(writers[w], >=, 0);
        if (writers[w] == 0)
            _exit(write_share(self, w));
    }
    /* A reader meanwhile: never damage, never fewer rows than before. */
    gsize rows = 0, reads = 0;
    for (int left = WRITERS; left > 0; reads++) {
        int status = 0;
        qb_series bars = read_some(self);
        g_assert_cmpuint(bars.count, >=, rows);
        rows = bars.count;
        qb_series_clear(&bars);
        if (waitpid(-1, &status, WNOHANG) > 0) {
            g_assert_cmpint(status, ==, 0);
            left--;
        }
    }
    g_test_message("%" G_GSIZE_FORMAT " reads beside the writers", reads);
    const cache_key key = series_key();
    qb_series bars = read_all(self, &key);
    g_assert_cmpuint(bars.count, ==, WRITERS * MERGES);
    for (gsize i = 0; i < bars.count; i++)
        g_assert_cmpfloat(bars.open[i], ==, 10 + (double)i);
    qb_series_clear(&bars);
    g_autofree char *problems = verify_text(self, &key, NULL);
    g_assert_cmpstr(problems, ==, "");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("/cache/kill/update", test_kill_update);
    ADD("/cache/kill/first-import", test_kill_first_import);
    ADD("/cache/kill/twice", test_kill_twice);
    ADD("/cache/kill/leftovers", test_leftovers);
    ADD("/cache/fault/disk-full", test_disk_full);
    ADD("/cache/fault/io-error", test_io_error);
    ADD("/cache/fault/no-descriptors", test_no_descriptors);
    ADD("/cache/fault/short-writes", test_short_writes);
    ADD("/cache/fault/read-only", test_read_only);
    ADD("/cache/concurrent", test_concurrent);
    return g_test_run();
}
