/* SYM=ID: the provider's own name of a symbol is said once, kept with the bars, used ever after, and
 * never mixed with another. The fake has another price for every id. */
#include "beside.h"
#include "cache/cache.h"
#include "market.h"
#include "program.h"

#include <string.h>

#define PEPE "--symbols", "PEPE-USD=pepe"

typedef struct stage {
    program *program;
    GPid vendors;
    char *log, *start, *end;
} stage;

/* Thirty days ago to ten days ago. */
static char *days_ago(int days)
{
    char text[QB_TIME_TEXT];
    return g_strdup(qb_date_to_text(qb_date_from_us(g_get_real_time()) - days, text));
}

static void stage_open(stage *self)
{
    *self = (stage){.program = program_new(), .start = days_ago(30), .end = days_ago(10)};
    self->log = g_build_filename(self->program->folder, "requests.log", NULL);
    g_autofree char *settings = beside_settings(beside_start(self->log, NULL, &self->vendors));
    program_write(self->program, ".env", settings);
}

static void stage_close(stage *self)
{
    beside_stop(self->vendors);
    program_free(self->program);
    g_free(self->log);
    g_free(self->start);
    g_free(self->end);
}

/* The names that were asked for, each once, in order. Caller frees. */
static char *asked(const stage *self)
{
    g_autofree char *text = NULL;
    GString *names = g_string_new(NULL);
    if (!g_file_get_contents(self->log, &text, NULL, NULL))
        text = g_strdup("");
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL && *lines[i] != '\0'; i++) {
        g_autofree char *name = g_strndup(lines[i], strcspn(lines[i], " "));
        if (strstr(names->str, name) == NULL)
            g_string_append_printf(names, "%s%s", names->len > 0 ? " " : "", name);
    }
    return g_string_free(names, FALSE);
}

static void assert_asked(const stage *self, const char *want)
{
    g_autofree char *names = asked(self);
    g_assert_cmpstr(names, ==, want);
}

/* The last price of each day: that of its last hour. */
static gsize assert_days(const stage *self, const char *symbol, const char *id)
{
    g_autofree char *folder = g_build_filename(self->program->folder, "data", NULL);
    g_autoptr(cache) stored = cache_new(folder, NULL);
    g_autoptr(GError) error = NULL;
    cache_key key = {.asset = QB_CRYPTO, .interval = QB_1D};
    qb_series days = {0};
    g_strlcpy(key.symbol, symbol, sizeof key.symbol);
    cache_read(stored, &key, G_MININT64, G_MAXINT64, CACHE_ALL, &days, NULL, &error);
    g_assert_no_error(error);
    for (gsize i = 0; i < days.count; i++) {
        qb_series hours = market_bars(id, QB_1H, days.ts_us[i], days.ts_us[i] + QB_DAY_US);
        g_assert_cmpfloat(days.close[i], ==, hours.close[hours.count - 1]);
        qb_series_clear(&hours);
    }
    const gsize count = days.count;
    qb_series_clear(&days);
    return count;
}

/* An update asks for the same coin, with no word of the user. */
static void test_update(void)
{
    stage self;
    stage_open(&self);
    program_expect(self.program, 0, "data", "crypto", PEPE, "--start", self.start, "--end",
                   self.end);
    g_assert_cmpuint(assert_days(&self, "PEPE-USD", "pepe"), ==, 21);
    program_expect(self.program, 0, "data", "update");
    g_assert_cmpuint(assert_days(&self, "PEPE-USD", "pepe"), ==, 30);
    assert_asked(&self, "pepe");
    stage_close(&self);
}

/* Other ranges and intervals need no ID any more, and take no other. */
static void test_again(void)
{
    stage self;
    stage_open(&self);
    program_expect(self.program, 7, "data", "crypto", "--symbols", "PEPE-USD", "--start",
                   self.start);
    g_assert_nonnull(strstr(self.program->err, "say which with PEPE-USD=ID"));
    program_expect(self.program, 0, "data", "crypto", PEPE, "--start", self.end);
    program_expect(self.program, 0, "data", "crypto", "--symbols", "pepe-usd", "--start",
                   self.start);
    program_expect(self.program, 0, "data", "crypto", "--symbols", "pepe-usd", "--start", self.end,
                   "--interval", "1h");
    program_expect(self.program, 0, "data", "crypto", PEPE, "--start", self.start);
    assert_asked(&self, "pepe");
    stage_close(&self);
}

static void assert_refused(const stage *self)
{
    g_assert_nonnull(strstr(self->program->err, "what is stored is \"pepe\" at CoinGecko, not "
                                                "\"pepe-2\""));
    assert_asked(self, "pepe");
}

/* Another coin under the same symbol would be nobody's history; nothing is asked for it. */
static void test_other(void)
{
    stage self;
    stage_open(&self);
    program_expect(self.program, 0, "data", "crypto", PEPE, "--start", self.start, "--end",
                   self.end);
    program_expect(self.program, 4, "data", "crypto", "--symbols", "PEPE-USD=pepe-2", "--start",
                   self.start);
    assert_refused(&self);
    program_expect(self.program, 4, "data", "crypto", "--symbols", "PEPE-USD=pepe-2", "--start",
                   self.start, "--interval", "1h");
    assert_refused(&self);
    /* Also where nothing is missing. */
    program_expect(self.program, 4, "data", "plan", "crypto", "--symbols", "PEPE-USD=pepe-2",
                   "--start", self.start, "--end", self.end);
    assert_refused(&self);
    g_assert_cmpuint(assert_days(&self, "PEPE-USD", "pepe"), ==, 21);
    stage_close(&self);
}

/* The names of one provider are nothing to another, and coins known by name have theirs, too. */
static void test_known(void)
{
    stage self;
    stage_open(&self);
    program_expect(self.program, 0, "data", "crypto", "--provider", "tiingo", "--symbols", "btc",
                   "--interval", "1h", "--start", self.start, "--end", self.end);
    program_expect(self.program, 0, "data", "crypto", "--symbols", "btc", "--start", self.end);
    assert_asked(&self, "btcusd bitcoin");
    program_expect(self.program, 4, "data", "crypto", "--symbols", "BTC-USD=bitcoin-cash",
                   "--start", self.start);
    g_assert_nonnull(strstr(self.program->err, "\"bitcoin\""));
    stage_close(&self);
}

/* What no manifest could hold is refused before anything is asked. */
static void test_names(void)
{
    static const char *const bad[] = {"PEPE-USD=", "PEPE-USD=pe\npe", "PEPE-USD=\x7f"};
    stage self;
    stage_open(&self);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        program_expect(self.program, 2, "data", "crypto", "--symbols", bad[i]);
    g_autofree char *name = g_strnfill(CACHE_PROVIDER_SYMBOL_SIZE, 'x');
    g_autofree char *wide = g_strconcat("PEPE-USD=", name, NULL);
    program_expect(self.program, 2, "data", "crypto", "--symbols", wide);
    assert_asked(&self, "");
    stage_close(&self);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/download/symbols/update", test_update);
    g_test_add_func("/download/symbols/again", test_again);
    g_test_add_func("/download/symbols/other", test_other);
    g_test_add_func("/download/symbols/known", test_known);
    g_test_add_func("/download/symbols/names", test_names);
    return g_test_run();
}
