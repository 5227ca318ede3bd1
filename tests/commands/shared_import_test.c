/* Real files through the real program: imported, listed and verified. What data verify says of what
 * is stored must be what data import said of the file; the facts are data/INVENTORY.csv's. Each
 * month is a file that is synced, so the samples are short where there is a choice. */
#include "program.h"

#include <string.h>

static char *shared(const char *path)
{
    const char *root = g_getenv("QUANTBOT_SHARED");
    g_autofree char *file = g_build_filename(root != NULL ? root : ".", "data", path, NULL);
    return root != NULL && g_file_test(file, G_FILE_TEST_EXISTS) ? g_steal_pointer(&file) : NULL;
}

#define QUOTES "open=bid_open,high=bid_high,low=bid_low,close=bid_close,bid=bid_close,ask=ask_close"

typedef struct sample {
    const char *path, *symbol, *asset, *interval;
    const char *words[8]; /* more options */
    json_int_t rows, kept;
    const char *defect; /* NULL, or a kind that both must name ... */
    json_int_t bars;    /* ... of so many bars */
} sample;

static const sample samples[] = {
    {"equities/daily_adjusted/AMCR.csv.gz", "AMCR", "equity", "1d", {NULL}, 470, 470, NULL, 0},
    {"equities/daily_raw_2004_2014/DELL.csv.gz",
     "DELL",
     "equity",
     "1d",
     {NULL},
     2494,
     2494,
     "non-session",
     20},
    {"equities/daily_djia_splitadj/UNH.csv.gz",
     "UNH",
     "equity",
     "1d",
     {"--adjustment", "split", "--skip-bad", NULL},
     3020,
     3013,
     NULL,
     0},
    {"equities/sector_etf_close/XLC.csv.gz",
     "XLC",
     "equity",
     "1d",
     {"--map", "open=close,high=close,low=close", NULL},
     1894,
     1894,
     NULL,
     0},
    {"equities/panel_2020_2021.csv.gz", "ZTS", "equity", "1d", {NULL}, 328, 328, NULL, 0},
    {"crypto/hourly/ETHUSDT_binance.csv.gz",
     "ETH-USDT",
     "crypto",
     "1h",
     {NULL},
     35726,
     33077,
     NULL,
     0},
    {"crypto/candles_bittrex_2018/ETH_BTC_5m.csv.gz",
     "ETH-BTC",
     "crypto",
     "5m",
     {NULL},
     5760,
     5760,
     NULL,
     0},
    {"fx/daily_quote_oanda/XAUUSD.csv.gz",
     "XAU-USD",
     "fx",
     "1d",
     {"--map", QUOTES, NULL},
     3949,
     3949,
     NULL,
     0},
    {"futures/FESX_1m_2006_01_02.csv.gz",
     "FESX",
     "index",
     "1m",
     {"--calendar", "weekdays", "--stamp", "close", NULL},
     30889,
     30889,
     NULL,
     0},
    {"index/SPX_daily_1990_2022.csv.gz",
     "^SPX",
     "index",
     "1d",
     {NULL},
     8111,
     8111,
     "zero-volume",
     2215},
};

static json_int_t integer(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    if (!json_is_integer(value))
        g_error("%s is no integer", name);
    return json_integer_value(value);
}

static void import_sample(program *self, const sample *want, const char *file, json_t **out)
{
    GPtrArray *words = g_ptr_array_new();
    const char *first[] = {"data",    "import",    file,         "--symbol",     want->symbol,
                           "--asset", want->asset, "--interval", want->interval, "--json"};
    for (gsize i = 0; i < G_N_ELEMENTS(first); i++)
        g_ptr_array_add(words, (gpointer)first[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(want->words) && want->words[i] != NULL; i++)
        g_ptr_array_add(words, (gpointer)want->words[i]);
    g_ptr_array_add(words, NULL);
    if (program_run_vector(self, (const char *const *)words->pdata) != 0)
        g_error("%s: %s", want->path, self->err);
    g_ptr_array_unref(words);
    json_auto_t *root = program_json(self);
    *out = json_incref(json_array_get(json_object_get(root, "files"), 0));
}

static json_int_t number_of(const json_t *list, const char *kind, const char *name)
{
    gsize i;
    json_t *item;
    json_array_foreach(list, i, item) if (strcmp(json_string_value(json_object_get(item, "kind")),
                                                 kind) == 0) return integer(item, name);
    return 0;
}

static void check_listed(program *self, const sample *want)
{
    program_expect(self, 0, "data", "list", want->symbol, "--json");
    json_auto_t *root = program_json(self);
    json_t *entry = json_array_get(json_object_get(root, "series"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(entry, "symbol")), ==, want->symbol);
    g_assert_cmpint(integer(entry, "rows"), ==, want->kept);
}

/* Kinds that stored bars still have; the rest was put right or left out on the way in. */
static void check_verified(program *self, const sample *want, const json_t *defects)
{
    program_expect(self, 0, "data", "verify", want->symbol, "--json");
    json_auto_t *root = program_json(self);
    json_t *found = json_object_get(json_array_get(json_object_get(root, "series"), 0), "findings");
    gsize i;
    json_t *item;
    json_array_foreach(defects, i, item)
    {
        const char *kind = json_string_value(json_object_get(item, "kind"));
        gboolean kept = strcmp(json_string_value(json_object_get(item, "fate")), "kept") == 0;
        g_test_message("  %s: %d", kind, (int)integer(item, "count"));
        g_assert_cmpint(number_of(found, kind, "count"), ==, kept ? integer(item, "count") : 0);
        g_assert_cmpint(number_of(found, kind, "rows"), ==, kept ? integer(item, "rows") : 0);
    }
    if (want->defect != NULL)
        g_assert_cmpint(number_of(found, want->defect, "rows"), ==, want->bars);
}

static void test_samples(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autofree char *file = shared(samples[i].path);
        if (file == NULL) {
            g_test_skip("no shared data (QUANTBOT_SHARED)");
            return;
        }
        g_test_message("%s", samples[i].path);
        g_autoptr(program) self = program_new();
        json_auto_t *told = NULL;
        import_sample(self, &samples[i], file, &told);
        g_assert_cmpint(integer(told, "rows"), ==, samples[i].rows);
        g_assert_cmpint(integer(told, "kept"), ==, samples[i].kept);
        g_assert_cmpint(integer(told, "added"), ==, samples[i].kept);
        check_listed(self, &samples[i]);
        check_verified(self, &samples[i], json_object_get(told, "defects"));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/commands/shared-import", test_samples);
    return g_test_run();
}
