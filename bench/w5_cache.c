/* W5 of the performance page, through the cache as every command goes:
 *   (a) five years of 1-minute bars of one symbol into columns, in a process that just started,
 *       and again in the same process; with and without the SHA-256 of each file, as a run does;
 *   (b) the close alone;
 *   (c) one day of 1,440 bars appended durably, sixty days in a row;
 *   (d) 500 symbols x 20 years of daily bars, 120,000 month files, read; and their coverage, from
 *       manifests, told by the program in a process of its own.
 *
 * The 120,000 files are 240 real ones of one symbol under 500 names (hard links), each series with
 * a manifest of its own: opening and decoding is the same work, but all names share the page cache
 * of 240 files. Prints median, least and first run. Exits 1 when columns, rows or counts are not
 * those that were written; time alone never fails. */
#include "cache/cache-private.h"
#include "walk64.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BARS 2628000u /* 1825 days */
#define DAY_BARS 1440u
#define RUNS 9
#define APPENDS 60
#define SYMBOLS 500u
#define FIRST_YEAR 2000
#define YEARS 20

static int unequal;

static void require(gboolean done, const GError *error)
{
    if (done)
        return;
    fprintf(stderr, "bench_w5_cache: %s\n", error != NULL ? error->message : "failed");
    exit(1);
}

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void print_times(const char *what, double *ms, int count, const char *verdict)
{
    const double first = ms[0];
    qsort(ms, (size_t)count, sizeof *ms, ascending);
    printf("W5%s: %.1f ms (least %.1f, most %.1f, first %.1f); %s\n", what, ms[count / 2], ms[0],
           ms[count - 1], first, verdict);
}

static const char *verdict(gboolean equal)
{
    unequal += !equal;
    return equal ? "equal" : "NOT EQUAL";
}

static cache_key key_of(qb_asset asset, const char *symbol, qb_interval interval)
{
    cache_key key = {.asset = asset, .interval = interval};
    g_strlcpy(key.symbol, symbol, sizeof key.symbol);
    return key;
}

static void merge(cache *cache, const cache_key *key, const qb_series *bars)
{
    g_autoptr(GError) error = NULL;
    const cache_provenance provenance = {.provider = "walk64",
                                         .adjustment = CACHE_RAW,
                                         .calendar = key->asset == QB_CRYPTO ? "24/7" : "XNYS",
                                         .source_hash = "",
                                         .fetched_us = WALK64_START_US};
    cache_change change;
    require(cache_merge(cache, key, bars, &provenance, &change, &error), error);
    require(change.added == bars->count && change.changed == 0, NULL);
}

/* ---- (a) (b) reading minutes --------------------------------------------------------------- */

static gboolean same_columns(const qb_series *got, const qb_series *want, guint columns)
{
    const gsize size = want->count * 8;
    if (got->count != want->count || memcmp(got->ts_us, want->ts_us, size) != 0 ||
        memcmp(got->close, want->close, size) != 0)
        return FALSE;
    return columns == CACHE_CLOSE ||
           (memcmp(got->open, want->open, size) == 0 && memcmp(got->high, want->high, size) == 0 &&
            memcmp(got->low, want->low, size) == 0 && memcmp(got->volume, want->volume, size) == 0);
}

/* One read; *out_same whether it gave what was written. */
static double read_once(const char *folder, const cache_key *key, guint columns, gboolean hashed,
                        const qb_series *want, gboolean *out_same)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(cache) cache = cache_new(folder, NULL);
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    qb_series bars = {0};
    const double start = now_ms();
    require(cache_read(cache, key, G_MININT64, G_MAXINT64, columns, &bars, hashed ? hashes : NULL,
                       &error),
            error);
    const double ms = now_ms() - start;
    *out_same = same_columns(&bars, want, columns);
    qb_series_clear(&bars);
    return ms;
}

/* In a child of a process that holds nothing large: what the first read of a command costs. */
static double read_fresh(const char *program, const char *folder, const char *mode,
                         gboolean *out_same)
{
    g_autofree char *out = NULL;
    char *argv[] = {(char *)program, (char *)"--read", (char *)folder, (char *)mode, NULL};
    g_autoptr(GError) error = NULL;
    int status;
    require(
        g_spawn_sync(NULL, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status, &error),
        error);
    *out_same = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return g_ascii_strtod(out, NULL);
}

static void write_walk(qb_series *bars)
{
    require(walk64_append(bars, WALK64_SEED, BARS, WALK64_MINUTES, QB_MINUTE_US) == QB_OK, NULL);
}

/* What the kernel, and a host beneath it, take for the pages of six columns alone. */
static int touch_for_parent(void)
{
    const gsize size = (gsize)BARS * 8 * 6;
    const double start = now_ms();
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    require(memory != MAP_FAILED, NULL);
    if (madvise(memory, size, MADV_HUGEPAGE) != 0)
        fprintf(stderr, "bench_w5_cache: this kernel has no huge pages\n");
    for (gsize at = 0; at < size; at += 4096)
        ((volatile char *)memory)[at] = 1;
    printf("%.3f\n", now_ms() - start);
    return 0;
}

/* The child's part: reads first, and makes the walk to compare with afterwards. */
static int read_for_parent(const char *folder, const char *mode)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1M);
    const guint columns = strcmp(mode, "close") == 0 ? CACHE_CLOSE : CACHE_ALL;
    g_autoptr(GError) error = NULL;
    g_autoptr(cache) cache = cache_new(folder, NULL);
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    qb_series bars = {0}, want = {0};
    const double start = now_ms();
    require(cache_read(cache, &key, G_MININT64, G_MAXINT64, columns, &bars,
                       strcmp(mode, "hashed") == 0 ? hashes : NULL, &error),
            error);
    printf("%.3f\n", now_ms() - start);
    write_walk(&want);
    return same_columns(&bars, &want, columns) ? 0 : 1;
}

static void bench_reads(const char *program, const char *folder, const qb_series *want)
{
    static const struct {
        const char *mode, *fresh, *again;
        guint columns;
        gboolean hashed;
    } kinds[] = {
        {"all", "a all columns, fresh process, must 64 ms, aim 35",
         "a all columns, same process, must 64 ms, aim 35", CACHE_ALL, FALSE},
        {"hashed", "a with SHA-256 of each file, fresh process",
         "a with SHA-256 of each file, same process", CACHE_ALL, TRUE},
        {"close", "b close only, fresh process", "b close only, same process", CACHE_CLOSE, FALSE},
    };
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1M);
    double pages[RUNS];
    for (int run = 0; run < RUNS; run++) {
        gboolean same;
        pages[run] = read_fresh(program, folder, "pages", &same);
        require(same, NULL);
    }
    print_times("a of which fresh pages for the columns alone", pages, RUNS, "no data");
    for (gsize kind = 0; kind < G_N_ELEMENTS(kinds); kind++) {
        double fresh[RUNS], again[RUNS];
        gboolean all_same = TRUE;
        for (int run = 0; run < RUNS; run++) {
            gboolean same, same_fresh;
            fresh[run] = read_fresh(program, folder, kinds[kind].mode, &same_fresh);
            again[run] = read_once(folder, &key, kinds[kind].columns, kinds[kind].hashed, want,
                                   &same);
            all_same = all_same && same && same_fresh;
        }
        print_times(kinds[kind].fresh, fresh, RUNS, verdict(all_same));
        print_times(kinds[kind].again, again, RUNS, verdict(all_same));
    }
}

/* ---- (c) appending -------------------------------------------------------------------------- */

static void bench_appends(const char *folder, qb_series *bars)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1M);
    g_autoptr(GError) error = NULL;
    g_autoptr(cache) cache = cache_new(folder, NULL);
    double ms[APPENDS];
    qb_series more = {0}, got = {0};
    require(walk64_append(&more, WALK64_SEED, BARS + APPENDS * DAY_BARS, WALK64_MINUTES,
                          QB_MINUTE_US) == QB_OK,
            NULL);
    for (gsize day = 0; day < APPENDS; day++) {
        const qb_series slice = series_slice(&more, BARS + day * DAY_BARS, DAY_BARS);
        const double start = now_ms();
        merge(cache, &key, &slice);
        ms[day] = now_ms() - start;
    }
    require(cache_read(cache, &key, G_MININT64, G_MAXINT64, CACHE_ALL, &got, NULL, &error), error);
    print_times("c one day appended durably, must 20 ms, aim 8", ms, APPENDS,
                verdict(same_columns(&got, &more, CACHE_ALL)));
    qb_series_clear(&got);
    qb_series_clear(bars);
    *bars = more;
}

/* ---- (d) many files ------------------------------------------------------------------------- */

static void symbol_name(gsize index, char out[QB_SYMBOL_SIZE])
{
    g_snprintf(out, QB_SYMBOL_SIZE, "S%03u", (unsigned)index);
}

static gsize write_daily(cache *cache)
{
    const cache_key key = key_of(QB_EQUITY, "S000", QB_1D);
    const qb_calendar *calendar = qb_calendar_find("XNYS");
    qb_series walk = {0}, bars = {0};
    gsize used = 0;
    require(walk64_append(&walk, 1000, 366 * YEARS, WALK64_DAYS, QB_DAY_US) == QB_OK, NULL);
    for (int32_t date = qb_date_from_civil((qb_civil){FIRST_YEAR, 1, 1});
         date < qb_date_from_civil((qb_civil){FIRST_YEAR + YEARS, 1, 1}); date++) {
        qb_session session;
        if (!qb_calendar_session(calendar, date, &session))
            continue;
        qb_bar bar = qb_series_bar(&walk, used++);
        bar.ts_us = date * QB_DAY_US;
        require(qb_series_append(&bars, &bar) == QB_OK, NULL);
    }
    merge(cache, &key, &bars);
    qb_series_clear(&walk);
    qb_series_clear(&bars);
    return used;
}

static void link_months(const char *from, const char *to, const manifest *listed)
{
    int year = 0;
    for (guint i = 0; i < listed->entries->len; i++) {
        const month_id id = g_array_index(listed->entries, manifest_entry, i).id;
        g_autofree char *name = month_name(id);
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        if (id.year != year) {
            g_autofree char *folder = g_path_get_dirname(target);
            require(g_mkdir_with_parents(folder, 0700) == 0, NULL);
            year = id.year;
        }
        require(link(source, target) == 0, NULL);
    }
}

/* Bars of one symbol, and of the others by hard links. */
static gsize write_many(const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(cache) cache = cache_new(folder, NULL);
    cache_key key = key_of(QB_EQUITY, "S000", QB_1D);
    const gsize bars = write_daily(cache);
    g_autofree char *first = layout_folder(cache, &key, &error);
    g_autoptr(manifest) listed = manifest_load(first, &key, &error);
    require(listed != NULL, error);
    require(listed->entries->len == 12 * YEARS, NULL);
    for (gsize i = 1; i < SYMBOLS; i++) {
        symbol_name(i, key.symbol);
        g_autofree char *other = layout_folder(cache, &key, &error);
        link_months(first, other, listed);
        g_autofree char *text = manifest_text(listed, &key);
        g_autofree char *path = g_build_filename(other, "manifest.json", NULL);
        require(g_file_set_contents(path, text, -1, &error), error);
    }
    return bars;
}

static void bench_many(const char *folder, gsize bars)
{
    double ms[3];
    gboolean equal = TRUE;
    for (gsize run = 0; run < G_N_ELEMENTS(ms); run++) {
        g_autoptr(cache) cache = cache_new(folder, NULL);
        const double start = now_ms();
        for (gsize i = 0; i < SYMBOLS; i++) {
            g_autoptr(GError) error = NULL;
            cache_key key = key_of(QB_EQUITY, "", QB_1D);
            qb_series got = {0};
            symbol_name(i, key.symbol);
            require(cache_read(cache, &key, G_MININT64, G_MAXINT64, CACHE_ALL, &got, NULL, &error),
                    error);
            equal = equal && got.count == bars;
            qb_series_clear(&got);
        }
        ms[run] = now_ms() - start;
    }
    print_times("d 500 symbols x 20 years of days, 120000 files, read", ms, G_N_ELEMENTS(ms),
                verdict(equal));
}

/* The program itself: keys, manifests, counting, table. */
static void bench_coverage(const char *quantbot, const char *folder, gsize bars)
{
    double ms[5];
    gboolean equal = TRUE;
    g_autofree char *want = g_strdup_printf("%" G_GSIZE_FORMAT, bars * SYMBOLS);
    g_setenv("QUANTBOT_DATA_DIR", folder, TRUE);
    g_setenv("COLUMNS", "120", TRUE);
    for (gsize run = 0; run < G_N_ELEMENTS(ms); run++) {
        char *argv[] = {(char *)quantbot, (char *)"data", (char *)"coverage", NULL};
        g_autofree char *out = NULL;
        g_autoptr(GError) error = NULL;
        int status;
        const double start = now_ms();
        require(g_spawn_sync(folder, argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status,
                             &error),
                error);
        ms[run] = now_ms() - start;
        const char *all = g_strrstr(out, "\nall ");
        equal = equal && WIFEXITED(status) && WEXITSTATUS(status) == 0 && all != NULL &&
                strstr(all, want) != NULL && strstr(all, "100.0 %") != NULL;
    }
    print_times(" coverage of 500 symbols x 20 years, must 2000 ms", ms, G_N_ELEMENTS(ms),
                verdict(equal));
}

/* ---- all ------------------------------------------------------------------------------------ */

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (unlink(child) != 0 && (errno == EISDIR || errno == EPERM))
            remove_tree(child);
    }
    rmdir(path);
}

static char *temporary_folder(void)
{
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("quantbot-w5-XXXXXX", &error);
    require(folder != NULL, error);
    return folder;
}

static void bench_minutes(const char *program)
{
    const cache_key key = key_of(QB_CRYPTO, "BTC-USD", QB_1M);
    g_autofree char *folder = temporary_folder();
    g_autoptr(cache) cache = cache_new(folder, NULL);
    qb_series bars = {0};
    write_walk(&bars);
    const double start = now_ms();
    merge(cache, &key, &bars);
    printf("W5 %u bars in 60 month files: %.1f s to write durably\n", BARS,
           (now_ms() - start) / 1e3);
    bench_reads(program, folder, &bars);
    bench_appends(folder, &bars);
    qb_series_clear(&bars);
    remove_tree(folder);
}

static void bench_days(const char *quantbot)
{
    if (quantbot == NULL) {
        printf("W5d skipped: QUANTBOT_BINARY names no program\n");
        return;
    }
    g_autofree char *program = g_canonicalize_filename(quantbot, NULL);
    g_autofree char *folder = temporary_folder();
    const double start = now_ms();
    const gsize bars = write_many(folder);
    printf("W5 %u symbols x %d years: %u names of 240 files, %.1f s to make\n", SYMBOLS, YEARS,
           SYMBOLS * 12 * YEARS, (now_ms() - start) / 1e3);
    bench_many(folder, bars);
    bench_coverage(program, folder, bars);
    remove_tree(folder);
}

/* bench_w5_cache [--keep-days FOLDER]: also makes the daily files there and stays out of them. */
int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "--read") == 0 && strcmp(argv[3], "pages") == 0)
        return touch_for_parent();
    if (argc == 4 && strcmp(argv[1], "--read") == 0)
        return read_for_parent(argv[2], argv[3]);
    if (argc == 3 && strcmp(argv[1], "--keep-days") == 0)
        return write_many(argv[2]) > 0 ? 0 : 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    const char *quantbot = g_getenv("QUANTBOT_BINARY");
    g_autofree char *self = g_canonicalize_filename(argv[0], NULL);
    bench_minutes(self);
    bench_days(quantbot);
    return unequal != 0;
}
