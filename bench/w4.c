/* W4 of the performance page: a cold command line. A new process reads 2 instruments x 1,260
 * daily bars from the cache, runs, writes the run and its 99 fills to SQLite in one committed
 * transaction, prints JSON and ends.
 *
 * The reference of the same run is the same process doing nothing (quantbot --version): what the
 * loader alone costs. Exits 1 when the golden values are missed; time alone never fails. */
#include "walk64.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define BARS 1260
#define SECOND_START 5000
#define RUNS 41
#define GOLDEN_FILLS 99
#define GOLDEN_EQUITY 998343.66201246

/* ---- the cache ----------------------------------------------------------------------------- */

/* Consecutive days from 2020-01-01; prices are whole 64ths, so nine digits after the point say
 * them exactly. */
static void write_csv(const char *path, const qb_series *walk, size_t start)
{
    g_autoptr(GString) text = g_string_new("date,open,high,low,close,volume\n");
    for (size_t i = 0; i < BARS; i++) {
        char date[QB_TIME_TEXT];
        const qb_bar bar = qb_series_bar(walk, start + i);
        const int32_t day = qb_date_from_us(WALK64_START_US) + (int32_t)i;
        g_string_append_printf(text, "%s,%.6f,%.6f,%.6f,%.6f,%.0f\n", qb_date_to_text(day, date),
                               bar.open, bar.high, bar.low, bar.close, bar.volume);
    }
    g_assert_true(g_file_set_contents(path, text->str, (gssize)text->len, NULL));
}

static void run(const char *folder, const char *const *words, char **out_text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *errors = NULL;
    int status = 0;
    g_spawn_sync(folder, (char **)words, NULL, G_SPAWN_DEFAULT, NULL, NULL, out_text, &errors,
                 &status, &error);
    if (error != NULL || status != 0) {
        fprintf(stderr, "w4: %s: %s%s\n", words[1], error ? error->message : "", errors);
        exit(1);
    }
}

static void prepare(const char *binary, const char *folder)
{
    qb_series walk = {0};
    g_assert_cmpint(
        walk64_append(&walk, WALK64_SEED, SECOND_START + BARS, WALK64_MINUTES, QB_MINUTE_US), ==,
        QB_OK);
    static const char *const symbols[] = {"WALKA-USD", "WALKB-USD"};
    for (size_t i = 0; i < G_N_ELEMENTS(symbols); i++) {
        g_autofree char *name = g_strdup_printf("%s.csv", symbols[i]);
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_autofree char *text = NULL;
        write_csv(path, &walk, i * SECOND_START);
        const char *const words[] = {binary,       "data",     "import",  name,
                                     "--symbol",   symbols[i], "--asset", "crypto",
                                     "--interval", "1d",       NULL};
        run(folder, words, &text);
    }
    qb_series_clear(&walk);
}

/* ---- measuring ----------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

typedef struct timing {
    double median_ms, least_ms;
} timing;

static timing measure(const char *folder, const char *const *words, char **out_text)
{
    gint64 spent_us[RUNS];
    for (int i = 0; i < RUNS; i++) {
        g_clear_pointer(out_text, g_free);
        const gint64 start_us = g_get_monotonic_time();
        run(folder, words, out_text);
        spent_us[i] = g_get_monotonic_time() - start_us;
    }
    qsort(spent_us, RUNS, sizeof spent_us[0], compare);
    return (timing){(double)spent_us[RUNS / 2] / 1e3, (double)spent_us[0] / 1e3};
}

static gboolean check(const char *text)
{
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    const json_int_t fills = json_integer_value(json_object_get(root, "fills"));
    const double equity = json_number_value(json_object_get(root, "equity"));
    json_decref(root);
    /* The ledger rounds each fill to 1e-8. */
    const gboolean equal = fills == GOLDEN_FILLS &&
                           fabs(equity - GOLDEN_EQUITY) <= 1e-8 * GOLDEN_FILLS;
    printf("    fills %d, equity %.8f: %s\n", (int)fills, equity,
           equal ? "equal to the golden values" : "NOT EQUAL");
    return equal;
}

static void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_tree(child);
    }
    if (dir != NULL)
        g_dir_close(dir);
    g_remove(path);
}

int main(void)
{
    const char *given = g_getenv("QUANTBOT_BINARY");
    g_autofree char *binary = g_canonicalize_filename(given ? given : "build/src/quantbot", NULL);
    g_autofree char *folder = g_dir_make_tmp("quantbot-w4-XXXXXX", NULL);
    g_autofree char *text = NULL, *nothing = NULL;
    g_assert_nonnull(folder);
    prepare(binary, folder);
    const char *const words[] = {
        binary,           "backtest",  "--symbols",    "WALKA-USD,WALKB-USD",
        "--strategy",     "sma_cross", "--param",      "fast=10",
        "--param",        "slow=30",   "--cash",       "1000000",
        "--size",         "1u",        "--fee-bps",    "10",
        "--slippage-bps", "5",         "--volume-cap", "off",
        "--beside",       "none",      "--json",       NULL};
    const char *const idle[] = {binary, "--version", NULL};
    const timing whole = measure(folder, words, &text);
    const timing start = measure(folder, idle, &nothing);
    printf("W4  cold command line: 2 x %d daily bars, run logged and committed\n", BARS);
    const gboolean equal = check(text);
    printf("    %.1f ms median, %.1f ms least of %d (must 40, aim 12); an idle process %.1f ms: "
           "ratio %.1f\n",
           whole.median_ms, whole.least_ms, RUNS, start.median_ms,
           whole.median_ms / start.median_ms);
    remove_tree(folder);
    return equal ? 0 : 1;
}
