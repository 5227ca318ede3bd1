/* W7 of the performance page: a million 1-minute bars as Polygon sends them, in 20 answers of
 * 50,000 rows, read into columns on one thread by what a download uses: grammar, symbols,
 * calendar, soundness and order checked.
 *
 * Prints MB/s (median and best of several runs) beside a plain loop of the same run that trusts
 * the text and calls strtod for whatever stands behind a colon. Every column of every bar is
 * compared with the generator's. Exits 1 when one differs; time alone never fails. */
#include "providers/providers.h"
#include "walk64.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PAGES 20u
#define ROWS 50000u
#define BARS (PAGES * ROWS)
#define RUNS 9

typedef struct bench {
    qb_series bars;
    GBytes *pages[PAGES];
    gsize bytes;
    double *columns[6]; /* of the plain loop: v o c h l t, [BARS] */
} bench;

static void require(gboolean done, const char *what)
{
    if (done)
        return;
    fprintf(stderr, "bench_w7_parse: %s\n", what);
    exit(1);
}

static double now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* ---- the answers ---------------------------------------------------------------------------- */

/* Volumes of coins and their mean prices come with all 17 digits. */
static void add_row(GString *text, const qb_bar *bar, gsize row)
{
    g_string_append_printf(
        text,
        "%s{\"v\":%.17g,\"vw\":%.17g,\"o\":%.8g,\"c\":%.8g,\"h\":%.8g,\"l\":%.8g,"
        "\"t\":%" G_GINT64_FORMAT ",\"n\":%d}",
        row > 0 ? "," : "", bar->volume, (bar->open + bar->close) / 3, bar->open, bar->close,
        bar->high, bar->low, bar->ts_us / 1000, (int)(row % 97 + 1));
}

static GBytes *make_page(const qb_series *bars, gsize from)
{
    GString *text = g_string_new("{\"ticker\":\"X:BTCUSD\",\"queryCount\":50000,\"resultsCount\":"
                                 "50000,\"adjusted\":false,\"results\":[");
    for (gsize i = 0; i < ROWS; i++) {
        const qb_bar bar = qb_series_bar(bars, from + i);
        add_row(text, &bar, i);
    }
    g_string_append(text, "],\"status\":\"OK\",\"request_id\":\"0\",\"count\":50000}");
    return g_string_free_to_bytes(text);
}

static void prepare(bench *self)
{
    require(walk64_append(&self->bars, WALK64_SEED, BARS, WALK64_MINUTES, QB_MINUTE_US) == QB_OK,
            "no memory");
    for (gsize i = 0; i < BARS; i++) { /* to what "%.8g" says */
        double *const prices[] = {self->bars.open, self->bars.high, self->bars.low,
                                  self->bars.close};
        char text[32];
        self->bars.volume[i] /= 7;
        for (gsize p = 0; p < G_N_ELEMENTS(prices); p++) {
            g_snprintf(text, sizeof text, "%.8g", prices[p][i]);
            prices[p][i] = strtod(text, NULL);
        }
    }
    for (guint page = 0; page < PAGES; page++) {
        self->pages[page] = make_page(&self->bars, page * (gsize)ROWS);
        self->bytes += g_bytes_get_size(self->pages[page]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(self->columns); i++)
        self->columns[i] = g_new(double, BARS);
}

/* ---- as a download reads -------------------------------------------------------------------- */

static provider_job make_job(void)
{
    provider_job job = {.provider = providers_find("polygon"),
                        .ask = PROVIDER_BARS,
                        .asset = QB_CRYPTO,
                        .symbol = "BTC-USD",
                        .vendor_symbol = "X:BTCUSD",
                        .interval = QB_1M,
                        .calendar = qb_calendar_default(QB_CRYPTO),
                        .from_us = WALK64_START_US,
                        .to_us = WALK64_START_US + (gint64)BARS * QB_MINUTE_US,
                        .now_us = WALK64_START_US + (gint64)(BARS + 1) * QB_MINUTE_US,
                        .key = "key",
                        .base = "https://127.0.0.1"};
    return job;
}

static guint bars_kind(const provider *about)
{
    guint kind = 0;
    while (strcmp(about->kinds[kind].name, "bars") != 0)
        kind++;
    return kind;
}

static gboolean same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static gboolean same_bars(const qb_series *got, const qb_series *want, gsize from)
{
    gboolean equal = got->count == ROWS;
    for (gsize i = 0; i < ROWS && equal; i++) {
        const qb_bar a = qb_series_bar(got, i), b = qb_series_bar(want, from + i);
        equal = a.ts_us == b.ts_us && same(a.open, b.open) && same(a.high, b.high) &&
                same(a.low, b.low) && same(a.close, b.close) && same(a.volume, b.volume);
    }
    return equal;
}

/* Seconds for all pages; compares outside of the time. */
static double read_pages(const bench *self, gboolean *out_equal)
{
    const provider_job job = make_job();
    const guint kind = bars_kind(job.provider);
    double spent_s = 0;
    *out_equal = TRUE;
    for (guint i = 0; i < PAGES; i++) {
        g_auto(provider_page) page;
        provider_step step = {.kind = kind, .at_us = job.from_us};
        provider_page_init(&page);
        const double start_s = now_s();
        const gboolean good = job.provider->kinds[kind].parse(&job, &step, self->pages[i], &page,
                                                              NULL);
        spent_s += now_s() - start_s;
        *out_equal = *out_equal && good && same_bars(&page.bars, &self->bars, i * (gsize)ROWS);
    }
    return spent_s;
}

/* ---- the plain loop ------------------------------------------------------------------------- */

static double read_plainly(const bench *self, gboolean *out_equal)
{
    static const char order[] = "vochlt";
    const double start_s = now_s();
    gsize count = 0;
    for (guint i = 0; i < PAGES; i++) {
        gsize size;
        const char *text = g_bytes_get_data(self->pages[i], &size);
        const char *at = strstr(text, "\"results\":"), *end = text + size;
        while ((at = memchr(at, '{', (gsize)(end - at))) != NULL) {
            for (; *at != '}'; at++) {
                const char *column = *at == '"' && at[2] == '"' ? strchr(order, at[1]) : NULL;
                if (column == NULL)
                    continue;
                char *next;
                self->columns[column - order][count] = strtod(at + 4, &next);
                at = next - 1;
            }
            count++;
        }
    }
    const double spent_s = now_s() - start_s;
    *out_equal = count == BARS;
    for (gsize i = 0; i < BARS && *out_equal; i++)
        *out_equal = self->columns[2][i] == self->bars.close[i] &&
                     self->columns[5][i] == (double)(self->bars.ts_us[i] / 1000);
    return spent_s;
}

/* ---- measuring ------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double measure(const bench *self, double (*read)(const bench *, gboolean *),
                      double *out_best_s, gboolean *out_equal)
{
    double spent_s[RUNS];
    *out_equal = TRUE;
    for (int i = 0; i < RUNS; i++) {
        gboolean equal;
        spent_s[i] = read(self, &equal);
        *out_equal = *out_equal && equal;
    }
    qsort(spent_s, RUNS, sizeof spent_s[0], compare);
    *out_best_s = spent_s[0];
    return spent_s[RUNS / 2];
}

int main(void)
{
    bench self = {0};
    gboolean equal, plain_equal;
    double best_s, plain_best_s;
    prepare(&self);
    const double megabytes = (double)self.bytes / 1e6;
    const double ours_s = measure(&self, read_pages, &best_s, &equal);
    const double plain_s = measure(&self, read_plainly, &plain_best_s, &plain_equal);
    printf("W7  provider JSON: %u bars, %.0f MB, into columns on one core\n", BARS, megabytes);
    printf("    every bar: %s\n", equal && plain_equal ? "equal to the generator" : "NOT EQUAL");
    printf("    %.0f MB/s median, %.0f MB/s best of %d (must 100); a plain strtod loop %.0f MB/s: "
           "ratio %.2f\n",
           megabytes / ours_s, megabytes / best_s, RUNS, megabytes / plain_s, plain_s / ours_s);
    for (guint i = 0; i < PAGES; i++)
        g_bytes_unref(self.pages[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(self.columns); i++)
        g_free(self.columns[i]);
    qb_series_clear(&self.bars);
    return equal && plain_equal ? 0 : 1;
}
