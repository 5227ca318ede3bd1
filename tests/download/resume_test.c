/* The program against a server beside it: what is stored equals the market, nothing is asked for
 * twice, and a kill at any moment costs no more than the answer in flight.
 *
 * The moments come from a seed that is printed; QUANTBOT_KILL_SEED replays one. */
#include "beside.h"
#include "cache/cache.h"
#include "market.h"
#include "program.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY "k3y-that-nobody-may-see"

/* ---- a vendor and a program ----------------------------------------------------------------- */

typedef struct lab {
    program *program;
    GPid vendors;
    int port;
    char *log;
} lab;

/* The key says which run a request is of, however late it is noted. */
static void set_run(const lab *self, guint run)
{
    g_autofree char *settings = g_strdup_printf(
        "TIINGO_API_KEY=" KEY "-%u\nQUANTBOT_TIINGO_BASE_URL=http://127.0.0.1:%d/\n"
        "CRYPTOCOMPARE_API_KEY=" KEY "-%u\nQUANTBOT_CRYPTOCOMPARE_BASE_URL=http://127.0.0.1:%d\n",
        run, self->port, run, self->port);
    program_write(self->program, ".env", settings);
}

/* most: after so many requests the vendors fall silent; NULL: never. */
static lab lab_open(const char *most)
{
    lab self = {.program = program_new()};
    self.log = g_build_filename(self.program->folder, "requests.log", NULL);
    self.port = beside_start(self.log, most, &self.vendors);
    set_run(&self, 0);
    return self;
}

static void lab_close(lab *self)
{
    beside_stop(self->vendors);
    program_free(self->program);
    g_free(self->log);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(lab, lab_close)

/* ---- requests ------------------------------------------------------------------------------- */

typedef struct request {
    char symbol[16];
    int first, last; /* days, both included */
    guint run;
    gboolean in_flight; /* the last of its symbol in a run that was killed */
} request;

/* All that were noted. */
static GArray *read_requests(const lab *self)
{
    GArray *requests = g_array_new(FALSE, FALSE, sizeof(request));
    g_autofree char *text = NULL;
    if (!g_file_get_contents(self->log, &text, NULL, NULL))
        return requests;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; i + 1 < g_strv_length(lines); i++) {
        request one = {0};
        g_assert_cmpint(
            sscanf(lines[i], "%15s %d %d %u", one.symbol, &one.first, &one.last, &one.run), ==, 4);
        g_array_append_val(requests, one);
    }
    return requests;
}

static guint request_count(const lab *self)
{
    g_autoptr(GArray) requests = read_requests(self);
    return requests->len;
}

/* ---- bars ----------------------------------------------------------------------------------- */

static gint64 date_us(const char *text)
{
    int64_t us = 0;
    g_assert_cmpint(qb_time_from_text(text, strlen(text), &us), ==, QB_OK);
    return us;
}

static void assert_same_bar(const qb_bar *got, const qb_bar *want)
{
    g_assert_cmpint(got->ts_us, ==, want->ts_us);
    g_assert_true(got->open == want->open && got->high == want->high && got->low == want->low &&
                  got->close == want->close && got->volume == want->volume);
    g_assert_true(got->dividend == want->dividend && got->split_factor == want->split_factor);
    g_assert_cmpint(got->flags, ==, 0);
}

/* The stored bars are the market's in that range, to the last bit. */
static void assert_market(const lab *self, qb_asset asset, const char *symbol, const char *vendor,
                          qb_interval interval, gint64 from_us, gint64 to_us)
{
    g_autofree char *data = g_build_filename(self->program->folder, "data", NULL);
    g_autoptr(cache) cache = cache_new(data, NULL);
    cache_key key = {.asset = asset, .interval = interval};
    qb_series got = {0}, want = market_bars(vendor, interval, from_us, to_us);
    GError *error = NULL;
    g_strlcpy(key.symbol, symbol, sizeof key.symbol);
    cache_read(cache, &key, G_MININT64, G_MAXINT64, CACHE_ALL, &got, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(got.count, ==, want.count);
    for (gsize i = 0; i < want.count; i++) {
        const qb_bar a = qb_series_bar(&got, i), b = qb_series_bar(&want, i);
        assert_same_bar(&a, &b);
    }
    qb_series_clear(&got);
    qb_series_clear(&want);
}

/* ---- complete ------------------------------------------------------------------------------- */

static json_t *account_of(json_t *root, gsize series)
{
    return json_object_get(json_array_get(json_object_get(root, "series"), series), "account");
}

static gint64 number(json_t *object, const char *name)
{
    g_assert_true(json_is_integer(json_object_get(object, name)));
    return json_integer_value(json_object_get(object, name));
}

static void test_complete(void)
{
    g_auto(lab) self = lab_open(NULL);
    const gint64 from_us = date_us("2020-01-01"), to_us = date_us("2021-01-01");
    program_expect(self.program, 0, "data", "crypto", "--provider", "tiingo", "--symbols",
                   "btc,ETH/USD", "--interval", "1h", "--start", "2020-01-01", "--end",
                   "2020-12-31", "--json");
    json_t *root = program_json(self.program);
    g_assert_cmpint(number(account_of(root, 0), "added") +
                        number(account_of(root, 0), "confirmed_empty"),
                    ==, 366 * 24);
    json_decref(root);
    g_assert_null(strstr(self.program->out, KEY));
    g_assert_null(strstr(self.program->err, KEY));
    assert_market(&self, QB_CRYPTO, "BTC-USD", "btcusd", QB_1H, from_us, to_us);
    assert_market(&self, QB_CRYPTO, "ETH-USD", "ethusd", QB_1H, from_us, to_us);
    program_expect(self.program, 0, "data", "verify");
    /* 366 days in windows of 180. */
    g_assert_cmpuint(request_count(&self), ==, 6);
}

/* Holes too: they are known by now. */
static void test_again(void)
{
    g_auto(lab) self = lab_open(NULL);
    const char *words[] = {"data",  "crypto",     "--provider", "tiingo",  "--symbols",
                           "btc",   "--interval", "1h",         "--start", "2020-01-01",
                           "--end", "2020-03-31", NULL};
    g_assert_cmpint(program_run_vector(self.program, words), ==, 0);
    g_assert_cmpuint(request_count(&self), ==, 1);
    g_assert_cmpint(program_run_vector(self.program, words), ==, 0);
    g_assert_cmpuint(request_count(&self), ==, 1);

    program_expect(self.program, 0, "data", "gaps", "btc", "--json");
    json_t *root = program_json(self.program);
    json_t *bars = json_object_get(json_array_get(json_object_get(root, "series"), 0), "bars");
    qb_series want = market_bars("btcusd", QB_1H, date_us("2020-01-01"), date_us("2020-04-01"));
    g_assert_cmpint(number(bars, "confirmed-empty"), ==, (gint64)(91 * 24 - want.count));
    g_assert_cmpint(number(bars, "unknown"), ==, 0);
    qb_series_clear(&want);
    json_decref(root);

    /* More of it: only what is new is asked for. */
    words[11] = "2020-06-30";
    g_assert_cmpint(program_run_vector(self.program, words), ==, 0);
    g_autoptr(GArray) requests = read_requests(&self);
    g_assert_cmpuint(requests->len, ==, 2);
    g_assert_cmpint(g_array_index(requests, request, 1).first, ==,
                    qb_date_from_us(date_us("2020-04-01")));
    assert_market(&self, QB_CRYPTO, "BTC-USD", "btcusd", QB_1H, date_us("2020-01-01"),
                  date_us("2020-07-01"));
}

static void test_daily(void)
{
    g_auto(lab) self = lab_open(NULL);
    program_expect(self.program, 0, "data", "equities", "--symbols", "spy", "--start", "2018-06-01",
                   "--end", "2022-12-31");
    assert_market(&self, QB_EQUITY, "SPY", "SPY", QB_1D, date_us("2018-06-01"),
                  date_us("2023-01-01"));
    /* The half year before the listing is one word. */
    program_expect(self.program, 0, "data", "gaps", "SPY", "--json");
    json_t *root = program_json(self.program);
    json_t *first = json_array_get(
        json_object_get(json_array_get(json_object_get(root, "series"), 0), "gaps"), 0);
    g_assert_cmpstr(json_string_value(json_object_get(first, "from")), ==, "2018-06-01T00:00:00Z");
    g_assert_cmpstr(json_string_value(json_object_get(first, "last")), ==, "2018-12-31T00:00:00Z");
    g_assert_cmpstr(json_string_value(json_object_get(first, "who")), ==, "tiingo");
    json_decref(root);
}

/* Pages that go back in time, to before the listing. */
static void test_backwards(void)
{
    g_auto(lab) self = lab_open(NULL);
    program_expect(self.program, 0, "data", "crypto", "--provider", "cryptocompare", "--symbols",
                   "btc", "--interval", "1h", "--start", "2018-10-01", "--end", "2019-12-31");
    assert_market(&self, QB_CRYPTO, "BTC-USD", "btcusd", QB_1H, date_us("2018-10-01"),
                  date_us("2020-01-01"));
    const guint asked = request_count(&self);
    program_expect(self.program, 0, "data", "crypto", "--provider", "cryptocompare", "--symbols",
                   "btc", "--interval", "1h", "--start", "2018-10-01", "--end", "2019-12-31");
    g_assert_cmpuint(request_count(&self), ==, asked);
}

static void test_plan(void)
{
    g_auto(lab) self = lab_open(NULL);
    program_expect(self.program, 0, "data", "plan", "crypto", "--provider", "tiingo", "--symbols",
                   "btc,eth", "--interval", "1h", "--start", "2020-01-01", "--end", "2022-12-31",
                   "--json");
    g_assert_cmpuint(request_count(&self), ==, 0);
    json_t *root = program_json(self.program);
    json_t *provider = json_array_get(json_object_get(root, "providers"), 0);
    g_assert_cmpint(number(provider, "requests"), ==, 14); /* 1,096 days in windows of 180, twice */
    json_t *plan = json_object_get(json_array_get(json_object_get(root, "series"), 1), "plan");
    g_assert_cmpint(number(plan, "missing"), ==, 1096 * 24);
    json_decref(root);
}

/* A few bars are there: the rest comes, from the series' own provider, up to now. */
static void test_update(void)
{
    g_auto(lab) self = lab_open(NULL);
    const gint64 now_us = g_get_real_time();
    char start[QB_TIME_TEXT], end[QB_TIME_TEXT];
    qb_date_to_text(qb_date_from_us(now_us) - 40, start);
    qb_date_to_text(qb_date_from_us(now_us) - 30, end);
    program_expect(self.program, 0, "data", "crypto", "--provider", "tiingo", "--symbols", "btc",
                   "--interval", "1h", "--start", start, "--end", end);
    program_expect(self.program, 0, "data", "update", "--json");
    json_t *root = program_json(self.program);
    json_t *series = json_array_get(json_object_get(root, "series"), 0);
    const char *last = json_string_value(json_object_get(json_object_get(series, "cache"), "last"));
    const gint64 last_us = date_us(last);
    g_assert_cmpint(last_us, >, now_us - 8 * QB_HOUR_US);
    g_assert_cmpint(last_us + QB_HOUR_US, <=, g_get_real_time());
    json_decref(root);
    assert_market(&self, QB_CRYPTO, "BTC-USD", "btcusd", QB_1H,
                  (qb_date_from_us(now_us) - 40) * QB_DAY_US, last_us + 1);
}

/* ---- what stops it -------------------------------------------------------------------------- */

static void test_no_key(void)
{
    g_autoptr(program) self = program_new();
    program_expect(self, 3, "data", "equities", "--provider", "tiingo", "--symbols", "SPY");
    g_assert_nonnull(strstr(self->err, "TIINGO_API_KEY"));
    g_assert_nonnull(strstr(self->err, "https://www.tiingo.com/account/api/token"));
    program_expect(self, 3, "data", "equities", "--symbols", "SPY");
    g_assert_nonnull(strstr(self->err, "POLYGON_API_KEY"));
}

static void test_usage(void)
{
    static const struct {
        const char *words[8];
        const char *expected;
    } cases[] = {
        {{"data", "crypto", NULL}, "--symbols: is missing"},
        {{"data", "crypto", "--symbols", "btc", "--interval", "2h", NULL}, "--interval: \"2h\""},
        {{"data", "crypto", "--symbols", "btc", "--wait", "soon", NULL}, "--wait: \"soon\""},
        {{"data", "crypto", "--symbols", "btc", "--provider", "nobody", NULL},
         "--provider: \"nobody\""},
        {{"data", "crypto", "--symbols", "b$t$c", NULL}, "--symbols: \"b$t$c\""},
        {{"data", "crypto", "--symbols", "btc", "--start", "2999-01-01", NULL},
         "--start: 2999-01-01"},
        {{"data", "macro", "--symbols", "GDP", NULL}, "--interval: is missing"},
        {{"data", "plan", "--symbols", "btc", NULL}, "crypto, equities or macro"},
    };
    g_autoptr(program) self = program_new();
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_cmpint(program_run_vector(self, cases[i].words), ==, 2);
        if (strstr(self->err, cases[i].expected) == NULL)
            g_error("%s is not in: %s", cases[i].expected, self->err);
    }
}

static void await_requests(const lab *self, guint count)
{
    while (request_count(self) < count)
        g_usleep(200);
}

static void test_interrupt(int signal)
{
    g_auto(lab) self = lab_open("2");
    const char *words[] = {"data",  "crypto",     "--provider", "tiingo",  "--symbols",
                           "btc",   "--interval", "1h",         "--start", "2020-01-01",
                           "--end", "2022-12-31", NULL};
    const GPid pid = program_start(self.program, words);
    int status = 0;
    await_requests(&self, 3); /* the third is not answered */
    kill(pid, signal);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 130);
    assert_market(&self, QB_CRYPTO, "BTC-USD", "btcusd", QB_1H, date_us("2020-01-01"),
                  date_us("2020-01-01") + 360 * QB_DAY_US);
}

static void test_ctrl_c(void)
{
    test_interrupt(SIGINT);
}

static void test_terminate(void)
{
    test_interrupt(SIGTERM);
}

/* ---- kill ----------------------------------------------------------------------------------- */

typedef struct killing {
    const char *provider;
    const char *symbols[2], *vendors[2];
    guint kills;
} killing;

/* Of the run that was killed the last request of each symbol. */
static void mark_in_flight(GArray *requests, guint run, const killing *how)
{
    for (gsize s = 0; s < G_N_ELEMENTS(how->vendors); s++)
        for (guint i = requests->len; i-- > 0;) {
            request *one = &g_array_index(requests, request, i);
            if (one->run == run && g_ascii_strcasecmp(one->symbol, how->vendors[s]) == 0) {
                one->in_flight = TRUE;
                break;
            }
        }
}

/* Days that two requests share have been in flight when a run was killed. Windows that follow each
 * other may share a day where one ends in its middle. */
static void assert_nothing_twice(const GArray *requests, int shared_days)
{
    for (guint i = 0; i < requests->len; i++)
        for (guint k = i + 1; k < requests->len; k++) {
            const request *a = &g_array_index(requests, request, i);
            const request *b = &g_array_index(requests, request, k);
            const int common = MIN(a->last, b->last) - MAX(a->first, b->first) + 1;
            if (strcmp(a->symbol, b->symbol) == 0 && common > shared_days && !a->in_flight)
                g_error("%s: days %d-%d of run %u asked again as %d-%d in run %u", a->symbol,
                        a->first, a->last, a->run, b->first, b->last, b->run);
        }
}

/* TRUE: it was killed; FALSE: it had ended well before. */
static gboolean run_and_kill(program *self, const char *const *words, gint64 after_us)
{
    const GPid pid = program_start(self, words);
    const gint64 until = g_get_monotonic_time() + after_us;
    int status = 0;
    pid_t ended = 0;
    while ((ended = waitpid(pid, &status, WNOHANG)) == 0 && g_get_monotonic_time() < until)
        g_usleep(50);
    if (ended == 0) {
        kill(pid, SIGKILL);
        g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
        return TRUE;
    }
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    return FALSE;
}

/* The shortest of three: what a kill must fall into. */
static gint64 duration_us(const char *const *words)
{
    gint64 best = G_MAXINT64;
    for (int i = 0; i < 3; i++) {
        g_auto(lab) self = lab_open(NULL);
        const gint64 start = g_get_monotonic_time();
        g_assert_cmpint(program_run_vector(self.program, words), ==, 0);
        best = MIN(best, g_get_monotonic_time() - start);
    }
    return best;
}

static gint compare_runs(gconstpointer a, gconstpointer b)
{
    return (int)((const request *)a)->run - (int)((const request *)b)->run;
}

/* One download, killed until it ends; returns the kills. */
static guint kill_one(const killing *how, const char *const *words, qb_random *random,
                      gint64 whole_us)
{
    g_auto(lab) self = lab_open(NULL);
    guint kills = 0;
    while (run_and_kill(self.program, words, (gint64)(qb_random_unit(random) * (double)whole_us)))
        set_run(&self, ++kills);
    g_autoptr(GArray) requests = read_requests(&self);
    g_array_sort(requests, compare_runs); /* stable */
    for (guint run = 0; run < kills; run++)
        mark_in_flight(requests, run, how);
    assert_nothing_twice(requests, 1);
    for (gsize s = 0; s < G_N_ELEMENTS(how->symbols); s++)
        assert_market(&self, QB_CRYPTO, how->symbols[s], how->vendors[s], QB_1H,
                      date_us("2020-01-01"), date_us("2023-01-01"));
    const guint asked = requests->len;
    g_assert_cmpint(program_run_vector(self.program, words), ==, 0);
    g_assert_cmpuint(request_count(&self), ==, asked);
    program_expect(self.program, 0, "data", "verify");
    return kills;
}

static void kill_all(const killing *how)
{
    const char *words[] = {"data",    "crypto",     "--provider", how->provider, "--symbols",
                           "btc,eth", "--interval", "1h",         "--start",     "2020-01-01",
                           "--end",   "2022-12-31", "--paid",     NULL};
    const char *text = g_getenv("QUANTBOT_KILL_SEED");
    qb_random random = {text != NULL ? g_ascii_strtoull(text, NULL, 10) : 20200101};
    g_test_message("QUANTBOT_KILL_SEED=%" G_GUINT64_FORMAT, random.state);
    const gint64 whole_us = duration_us(words);
    guint kills = 0, downloads = 0;
    for (; kills < how->kills; downloads++)
        kills += kill_one(how, words, &random, whole_us);
    g_test_message("%u kills in %u downloads", kills, downloads);
}

static void test_kill_forwards(void)
{
    kill_all(&(killing){"tiingo", {"BTC-USD", "ETH-USD"}, {"btcusd", "ethusd"}, 100});
}

static void test_kill_backwards(void)
{
    kill_all(&(killing){"cryptocompare", {"BTC-USD", "ETH-USD"}, {"BTCUSD", "ETHUSD"}, 30});
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/download/complete", test_complete);
    g_test_add_func("/download/again", test_again);
    g_test_add_func("/download/daily", test_daily);
    g_test_add_func("/download/backwards", test_backwards);
    g_test_add_func("/download/plan", test_plan);
    g_test_add_func("/download/update", test_update);
    g_test_add_func("/download/no-key", test_no_key);
    g_test_add_func("/download/usage", test_usage);
    g_test_add_func("/download/ctrl-c", test_ctrl_c);
    g_test_add_func("/download/terminate", test_terminate);
    g_test_add_func("/download/kill/forwards", test_kill_forwards);
    g_test_add_func("/download/kill/backwards", test_kill_backwards);
    return g_test_run();
}
