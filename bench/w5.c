/* W5 of the performance page, (a) and (b): five years of 1-minute bars of one symbol in month
 * files, mapped and decoded on one thread into columns that are there already; all columns, then
 * the close alone.
 *
 * Prints milliseconds, ns per row and MB/s of columns (median, least and first of several runs)
 * beside a plain copy of the same columns from one mapped file of raw numbers, and compares every
 * column with the bars that were written. Exits 1 when they differ; time alone never fails. */
#include "parquet/parquet.h"
#include "platform/files.h"
#include "walk64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BARS 2628000u /* 1825 days */
#define RUNS 15
#define COLUMNS 6u

static const char *const names[COLUMNS] = {"ts", "open", "high", "low", "close", "volume"};

typedef struct bench {
    char *folder;
    GPtrArray *paths; /* of month files, in order */
    char *raw_path;
    gsize bytes; /* in month files */
    qb_series bars;
    void *columns[COLUMNS]; /* [BARS] of 8 bytes each */
} bench;

static void require(gboolean done, const GError *error)
{
    if (done)
        return;
    fprintf(stderr, "bench_w5: %s\n", error != NULL ? error->message : "failed");
    exit(1);
}

static double now_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static const void *bar_column(const bench *self, guint column)
{
    const void *const all[COLUMNS] = {self->bars.ts_us, self->bars.open,  self->bars.high,
                                      self->bars.low,   self->bars.close, self->bars.volume};
    return all[column];
}

/* ---- the files ----------------------------------------------------------------------------- */

static parquet_table *month_table(const bench *self, gsize from, gsize to)
{
    parquet_table *table = parquet_table_new(to - from);
    for (guint i = 0; i < COLUMNS; i++) {
        parquet_column *column = parquet_table_add(table, names[i],
                                                   i == 0 ? PARQUET_TIMESTAMP_US : PARQUET_DOUBLE,
                                                   g_str_equal(names[i], "volume"));
        memcpy(column->values, (const double *)bar_column(self, i) + from, (to - from) * 8);
        if (column->valid != NULL)
            memset(column->valid, 1, to - from);
    }
    return table;
}

static void write_month(bench *self, gsize from, gsize to)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(parquet_table) table = month_table(self, from, to);
    g_autoptr(GBytes) bytes = parquet_write(table, &error);
    require(bytes != NULL, error);
    char *path = g_strdup_printf("%s/%02u.parquet", self->folder, self->paths->len);
    g_ptr_array_add(self->paths, path);
    require(files_replace(path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &error),
            error);
    self->bytes += g_bytes_get_size(bytes);
}

static gint32 month_of(gint64 ts_us)
{
    qb_civil day = qb_civil_from_date(qb_date_from_us(ts_us));
    return day.year * 12 + day.month;
}

static void write_months(bench *self)
{
    double start = now_ms();
    for (gsize from = 0; from < BARS;) {
        gsize to = from;
        while (to < BARS && month_of(self->bars.ts_us[to]) == month_of(self->bars.ts_us[from]))
            to++;
        write_month(self, from, to);
        from = to;
    }
    printf("W5 %u bars, %u month files, %.1f MB; %.1f ms to write and sync each\n", BARS,
           self->paths->len, (double)self->bytes / 1e6, (now_ms() - start) / self->paths->len);
}

static void write_raw(bench *self)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GByteArray) raw = g_byte_array_new();
    for (guint i = 0; i < COLUMNS; i++)
        g_byte_array_append(raw, bar_column(self, i), BARS * 8);
    self->raw_path = g_build_filename(self->folder, "raw", NULL);
    require(files_replace(self->raw_path, raw->data, raw->len, &error), error);
}

/* ---- what is timed ------------------------------------------------------------------------- */

static GBytes *map(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, &error);
    require(file != NULL, error);
    return g_mapped_file_get_bytes(file);
}

static void load_parquet(bench *self, guint first, guint last)
{
    g_autoptr(parquet_reader) reader = parquet_reader_new();
    gsize rows = 0;
    for (guint i = 0; i < self->paths->len; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = map(self->paths->pdata[i]);
        parquet_target targets[COLUMNS];
        guint count = 0;
        for (guint k = first; k <= last; k++)
            targets[count++] = (parquet_target){.name = names[k],
                                                .type = k == 0 ? PARQUET_TIMESTAMP_US
                                                               : PARQUET_DOUBLE,
                                                .values = (double *)self->columns[k] + rows};
        gsize got = 0;
        require(parquet_reader_read(reader, bytes, self->paths->pdata[i], targets, count,
                                    BARS - rows, &got, &error),
                error);
        rows += got;
    }
    require(rows == BARS, NULL);
}

static void load_raw(bench *self, guint first, guint last)
{
    g_autoptr(GBytes) bytes = map(self->raw_path);
    const double *raw = g_bytes_get_data(bytes, NULL);
    for (guint k = first; k <= last; k++)
        memcpy(self->columns[k], raw + (gsize)k * BARS, BARS * 8);
}

/* ---- time and equality --------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

typedef struct timing {
    double median, least, first;
    int failures;
} timing;

static timing measure(bench *self, void (*load)(bench *, guint, guint), guint first, guint last)
{
    double ms[RUNS];
    timing result = {0};
    for (int run = 0; run < RUNS; run++) {
        for (guint k = first; k <= last; k++)
            memset(self->columns[k], 0xa5, BARS * 8);
        double start = now_ms();
        load(self, first, last);
        ms[run] = now_ms() - start;
        for (guint k = first; k <= last; k++)
            result.failures += memcmp(self->columns[k], bar_column(self, k), BARS * 8) != 0;
    }
    result.first = ms[0];
    qsort(ms, RUNS, sizeof *ms, ascending);
    result.median = ms[RUNS / 2];
    result.least = ms[0];
    return result;
}

static int report(bench *self, const char *what, guint first, guint last)
{
    timing own = measure(self, load_parquet, first, last);
    timing raw = measure(self, load_raw, first, last);
    double megabytes = (double)BARS * 8.0 * (last - first + 1) / 1e6;
    printf("W5%s: %.1f ms (least %.1f, first run %.1f), %.1f ns/row, %.0f MB/s; plain copy of raw "
           "numbers %.1f ms, ratio %.2f; %s\n",
           what, own.median, own.least, own.first, own.median * 1e6 / BARS,
           megabytes / own.median * 1e3, raw.median, own.median / raw.median,
           own.failures + raw.failures == 0 ? "equal" : "NOT EQUAL");
    return own.failures + raw.failures;
}

static void clean_up(bench *self)
{
    for (guint i = 0; i < self->paths->len; i++)
        remove(self->paths->pdata[i]);
    remove(self->raw_path);
    remove(self->folder);
    for (guint i = 0; i < COLUMNS; i++)
        g_free(self->columns[i]);
    qb_series_clear(&self->bars);
    g_ptr_array_unref(self->paths);
    g_free(self->raw_path);
    g_free(self->folder);
}

int main(void)
{
    g_autoptr(GError) error = NULL;
    bench self = {.paths = g_ptr_array_new_with_free_func(g_free)};
    self.folder = g_dir_make_tmp("quantbot-w5-XXXXXX", &error);
    require(self.folder != NULL, error);
    require(walk64_append(&self.bars, WALK64_SEED, BARS, WALK64_MINUTES, QB_MINUTE_US) == QB_OK,
            NULL);
    for (guint i = 0; i < COLUMNS; i++)
        self.columns[i] = g_malloc(BARS * 8);
    write_months(&self);
    write_raw(&self);
    int failures = report(&self, "a all columns, must 64 ms, aim 35", 0, COLUMNS - 1);
    failures += report(&self, "b close only", 4, 4);
    clean_up(&self);
    return failures != 0;
}
