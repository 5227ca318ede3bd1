/* What services do wrong: each fault ends in the right class, after a bounded number of requests,
 * with nothing wrong in the cache and no key in any text. */
#include "market.h"
#include "workshop.h"

#include <string.h>
#include <zlib.h>

#define TIINGO "/tiingo/crypto/prices"
#define HISTO "/data/v2/histohour"

/* Two days of hours. */
static download_wish wish_of(const char *provider)
{
    return workshop_wish(provider, QB_CRYPTO, "BTC-USD", QB_1H, "2020-01-01", "2020-01-02");
}

static char *good_body(void)
{
    const gint32 first = qb_date_from_us(workshop_us("2020-01-01"));
    return market_tiingo_crypto("btcusd", first, first + 1, G_MAXINT64);
}

static void assert_same(const qb_series *got, const qb_series *want)
{
    g_assert_cmpuint(got->count, ==, want->count);
    for (gsize i = 0; i < want->count; i++) {
        const qb_bar a = qb_series_bar(got, i), b = qb_series_bar(want, i);
        g_assert_cmpint(a.ts_us, ==, b.ts_us);
        g_assert_true(a.open == b.open && a.high == b.high && a.low == b.low &&
                      a.close == b.close && a.volume == b.volume);
    }
}

/* all: everything is stored; else nothing is. */
static void assert_stored(workshop *self, const download_wish *wish, gboolean all)
{
    qb_series got = workshop_stored(self, wish), want = {0};
    if (all)
        want = market_bars("btcusd", QB_1H, wish->from_us, wish->to_us);
    assert_same(&got, &want);
    qb_series_clear(&got);
    qb_series_clear(&want);
}

/* ---- one answer after another --------------------------------------------------------------- */

#define GOOD "good" /* stands for the right answer */

typedef struct fault {
    const char *name, *provider, *path;
    fake_answer answers[3]; /* status 0 ends them; the last comes for ever */
    http_class class;       /* HTTP_FINE: it is done */
    guint requests;
    gboolean stored;
    const char *words; /* in the message */
} fault;

static const fault faults[] = {
    {"401",
     "tiingo",
     TIINGO,
     {{401, "{\"detail\":\"Invalid token " WORKSHOP_KEY ".\"}"}},
     HTTP_AUTH,
     1,
     FALSE,
     "TIINGO_API_KEY"},
    {"403",
     "tiingo",
     TIINGO,
     {{403, "{\"detail\":\"You do not have permission to access it\"}"}},
     HTTP_PLAN,
     1,
     FALSE,
     "permission"},
    {"403 without words", "tiingo", TIINGO, {{403, ""}}, HTTP_PLAN, 1, FALSE, "403"},
    {"404", "tiingo", TIINGO, {{404, "{\"detail\":\"Not found.\"}"}}, HTTP_NOT_FOUND, 1},
    {"400", "tiingo", TIINGO, {{400, "{}"}}, HTTP_BAD_REQUEST, 1},
    {"a redirect",
     "tiingo",
     TIINGO,
     {{301, "", .headers = {"Location", "http://elsewhere.example/"}}},
     HTTP_BAD_REQUEST,
     1,
     FALSE,
     "redirect"},
    {"429 with Retry-After",
     "tiingo",
     TIINGO,
     {{429, "{}", .headers = {"Retry-After", "0"}}, {200, GOOD}},
     HTTP_FINE,
     2,
     TRUE},
    {"429 for long",
     "tiingo",
     TIINGO,
     {{429, "{}", .headers = {"Retry-After", "3600"}}},
     HTTP_RATE_LIMIT,
     1,
     FALSE,
     "goes on at"},
    {"429 without Retry-After",
     "tiingo",
     TIINGO,
     {{429, "{\"detail\":\"Error: You have run over your daily request allocation.\"}"}},
     HTTP_RATE_LIMIT,
     1,
     FALSE,
     "goes on at"},
    {"a limit with 200",
     "cryptocompare",
     HISTO,
     {{200, "{\"Response\":\"Error\",\"Message\":\"You are over your rate limit\",\"Type\":99,"
            "\"RateLimit\":{\"calls_made\":{\"day\":9},\"max_calls\":{\"day\":9}}}"}},
     HTTP_RATE_LIMIT,
     1,
     FALSE,
     "goes on at"},
    {"500 for ever", "tiingo", TIINGO, {{500, "<html>"}}, HTTP_SERVER, HTTP_ATTEMPTS},
    {"500 twice", "tiingo", TIINGO, {{500, ""}, {502, ""}, {200, GOOD}}, HTTP_FINE, 3, TRUE},
    {"an error with 200",
     "tiingo",
     TIINGO,
     {{200, "{\"detail\":\"Something went wrong\"}"}},
     HTTP_SERVER,
     HTTP_ATTEMPTS,
     FALSE,
     "Something went wrong"},
    {"an unknown coin with 200",
     "cryptocompare",
     HISTO,
     {{200, "{\"Response\":\"Error\",\"Message\":\"fsym param is invalid: it does not exist\"}"}},
     HTTP_NOT_FOUND,
     1},
    {"a page", "tiingo", TIINGO, {{200, "<html>maintenance</html>"}}, HTTP_SERVER, HTTP_ATTEMPTS},
    {"nothing at all", "tiingo", TIINGO, {{200, ""}}, HTTP_SERVER, 2},
    {"half an answer",
     "tiingo",
     TIINGO,
     {{200, "[{\"ticker\":\"btcusd\",\"priceData\":[{\"da"}},
     HTTP_SERVER,
     2,
     FALSE,
     "Tiingo"},
    {"half an answer once",
     "tiingo",
     TIINGO,
     {{200, "[{\"ticker\":"}, {200, GOOD}},
     HTTP_FINE,
     2,
     TRUE},
    {"a number for an answer", "tiingo", TIINGO, {{200, "42"}}, HTTP_SERVER, 2},
    {"a body cut short",
     "tiingo",
     TIINGO,
     {{200, "[{\"ticker\"", .short_body = TRUE}},
     HTTP_NETWORK,
     HTTP_ATTEMPTS},
    {"a reset", "tiingo", TIINGO, {{200, "", .reset = TRUE}}, HTTP_NETWORK, HTTP_ATTEMPTS},
    {"a reset once", "tiingo", TIINGO, {{200, "", .reset = TRUE}, {200, GOOD}}, HTTP_FINE, 2, TRUE},
};

static void test_fault(gconstpointer data)
{
    const fault *one = data;
    g_autoptr(workshop) self = workshop_new();
    g_autofree char *good = good_body();
    const download_wish wish = wish_of(one->provider);
    fake_answer answers[G_N_ELEMENTS(one->answers)];
    guint count = 0;
    for (; count < G_N_ELEMENTS(answers) && one->answers[count].status > 0; count++) {
        answers[count] = one->answers[count];
        if (strcmp(answers[count].body, GOOD) == 0)
            answers[count].body = good;
    }
    fake_script(self->fake, one->path, answers, count);
    const download_item *item = workshop_run(self, &wish, 1);
    g_assert_cmpint(item->class, ==, one->class);
    g_assert_cmpint(item->state, ==, one->class == HTTP_FINE ? DOWNLOAD_DONE : DOWNLOAD_FAILED);
    g_assert_cmpint(download_exit_code(self->download), ==,
                    one->class == HTTP_FINE ? 0 : FAILURE_PROVIDER);
    g_assert_cmpuint(fake_count(self->fake, NULL), ==, one->requests);
    if (one->words != NULL && strstr(item->error->message, one->words) == NULL)
        g_error("%s is not in: %s", one->words, item->error->message);
    assert_stored(self, &wish, one->stored);
}

/* ---- too large ------------------------------------------------------------------------------ */

static void run_large(const fake_answer *answer)
{
    g_autoptr(workshop) self = workshop_new();
    const download_wish wish = wish_of("tiingo");
    fake_script(self->fake, TIINGO, answer, 1);
    const download_item *item = workshop_run(self, &wish, 1);
    g_assert_cmpint(item->class, ==, HTTP_SERVER);
    g_assert_cmpuint(fake_count(self->fake, NULL), ==, 1);
    assert_stored(self, &wish, FALSE);
}

static void test_oversized(void)
{
    g_autofree char *body = g_malloc(HTTP_BODY_LIMIT + 2);
    memset(body, ' ', HTTP_BODY_LIMIT + 2);
    run_large(&(fake_answer){200, body, HTTP_BODY_LIMIT + 2});
}

/* 24 MiB of blanks in some 24 kB. */
static void test_bomb(void)
{
    const gsize size = 24u * 1024u * 1024u;
    g_autofree char *plain = g_malloc(size), *packed = g_malloc(size);
    z_stream stream = {.next_in = (Bytef *)plain,
                       .avail_in = (uInt)size,
                       .next_out = (Bytef *)packed,
                       .avail_out = (uInt)size};
    memset(plain, ' ', size);
    g_assert_cmpint(deflateInit2(&stream, 9, Z_DEFLATED, 31, 9, Z_DEFAULT_STRATEGY), ==, Z_OK);
    g_assert_cmpint(deflate(&stream, Z_FINISH), ==, Z_STREAM_END);
    deflateEnd(&stream);
    run_large(&(fake_answer){200, packed, stream.total_out,
                             .headers = {"Content-Encoding", "gzip", NULL}});
}

/* ---- odd rows ------------------------------------------------------------------------------- */

/* The rows of the good answer, each as its own text. */
static char **good_rows(void)
{
    g_autofree char *body = good_body();
    char *start = strchr(strstr(body, "priceData"), '{');
    *strrchr(body, '}') = '\0'; /* the pair's */
    *strrchr(body, ']') = '\0';
    char **rows = g_strsplit(start, "},", -1);
    char *last = rows[g_strv_length(rows) - 1];
    *strrchr(last, '}') = '\0';
    return rows;
}

/* rows without their closing braces. */
static char *answer_of(GPtrArray *rows)
{
    GString *text = g_string_new("[{\"ticker\":\"btcusd\",\"priceData\":[");
    for (guint i = 0; i < rows->len; i++)
        g_string_append_printf(text, "%s%s}", i > 0 ? "," : "", (char *)rows->pdata[i]);
    g_string_append(text, "]}]");
    return g_string_free(text, FALSE);
}

static const download_item *run_rows(workshop *self, const download_wish *wish, GPtrArray *rows)
{
    g_autofree char *body = answer_of(rows);
    fake_script(self->fake, TIINGO, &(fake_answer){200, body}, 1);
    const download_item *item = workshop_run(self, wish, 1);
    g_assert_cmpint(item->state, ==, DOWNLOAD_DONE);
    g_assert_cmpuint(fake_count(self->fake, NULL), ==, 1);
    return item;
}

static void test_wrong_order(void)
{
    g_autoptr(workshop) self = workshop_new();
    g_auto(GStrv) good = good_rows();
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    const download_wish wish = wish_of("tiingo");
    for (guint i = g_strv_length(good); i-- > 0;)
        g_ptr_array_add(rows, good[i]);
    run_rows(self, &wish, rows);
    assert_stored(self, &wish, TRUE);
}

/* The last row of a stamp counts. */
static void test_duplicates(void)
{
    g_autoptr(workshop) self = workshop_new();
    g_auto(GStrv) good = good_rows();
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
    const download_wish wish = wish_of("tiingo");
    for (guint i = 0; good[i] != NULL; i++) {
        g_auto(GStrv) parts = g_strsplit(good[i], "\"open\"", 2);
        g_ptr_array_add(rows, g_strconcat(parts[0],
                                          "\"open\":7,\"high\":7,\"low\":7,\"close\":7,"
                                          "\"volume\":1",
                                          NULL));
        g_ptr_array_add(rows, g_strdup(good[i]));
    }
    const download_item *item = run_rows(self, &wish, rows);
    g_assert_cmpuint(item->refused[PROVIDER_DUPLICATE], ==, g_strv_length(good));
    assert_stored(self, &wish, TRUE);
}

static void test_bad_rows(void)
{
    static const struct {
        const char *row;
        provider_refusal why;
    } bad[] = {
        {"{\"date\":\"2020-01-01T00:30:00Z\",\"open\":1,\"high\":1,\"low\":1,\"close\":1",
         PROVIDER_OFF_GRID},
        {"{\"date\":\"2019-12-31T23:00:00Z\",\"open\":1,\"high\":1,\"low\":1,\"close\":1",
         PROVIDER_OUTSIDE},
        {"{\"date\":\"2020-01-01T01:00:00Z\",\"open\":1,\"high\":1,\"low\":-1,\"close\":1",
         PROVIDER_IMPOSSIBLE},
        {"{\"date\":\"2020-01-01T01:00:00Z\",\"open\":1,\"high\":null,\"low\":1,\"close\":1",
         PROVIDER_NOT_FINITE},
        {"{\"date\":\"2999-01-01T00:00:00Z\",\"open\":1,\"high\":1,\"low\":1,\"close\":1",
         PROVIDER_FUTURE},
    };
    g_autoptr(workshop) self = workshop_new();
    g_auto(GStrv) good = good_rows();
    g_autoptr(GPtrArray) rows = g_ptr_array_new();
    const download_wish wish = wish_of("tiingo");
    for (guint i = 0; good[i] != NULL; i++)
        g_ptr_array_add(rows, good[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_ptr_array_add(rows, (char *)bad[i].row);
    const download_item *item = run_rows(self, &wish, rows);
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_cmpuint(item->refused[bad[i].why], ==, 1);
    assert_stored(self, &wish, TRUE);
}

static void test_other_symbol(void)
{
    g_autoptr(workshop) self = workshop_new();
    const download_wish wish = wish_of("tiingo");
    const gint32 first = qb_date_from_us(wish.from_us);
    g_autofree char *body = market_tiingo_crypto("ethusd", first, first + 1, G_MAXINT64);
    fake_script(self->fake, TIINGO, &(fake_answer){200, body}, 1);
    const download_item *item = workshop_run(self, &wish, 1);
    g_assert_cmpuint(item->refused[PROVIDER_OTHER_SYMBOL], ==, 1);
    assert_stored(self, &wish, FALSE);
}

/* At 11:30 the bar of 11:00 is running and that of 12:00 is a dream. */
static void test_unfinished(void)
{
    g_autoptr(workshop) self = workshop_new();
    g_autofree char *body = good_body();
    const download_wish wish = wish_of("tiingo");
    qb_series want = market_bars("btcusd", QB_1H, wish.from_us,
                                 workshop_us("2020-01-02T11:00:00Z"));
    self->now_us = workshop_us("2020-01-02T11:30:00Z");
    fake_script(self->fake, TIINGO, &(fake_answer){200, body}, 1);
    const download_item *item = workshop_run(self, &wish, 1);
    qb_series got = workshop_stored(self, &wish);
    g_assert_cmpint(item->state, ==, DOWNLOAD_DONE);
    g_assert_cmpint(item->to_us, ==, workshop_us("2020-01-02T11:00:00Z"));
    assert_same(&got, &want);
    qb_series_clear(&got);
    qb_series_clear(&want);
}

/* ---- pages without end ---------------------------------------------------------------------- */

/* Pages that go back bring the same one again and again. */
static void test_same_page(void)
{
    g_autoptr(workshop) self = workshop_new();
    const download_wish wish = workshop_wish("cryptocompare", QB_CRYPTO, "BTC-USD", QB_1H,
                                             "2019-06-01", "2020-01-02");
    g_autofree char *body = market_histohour("btcusd", wish.to_us / QB_SECOND_US - 1, 100);
    fake_script(self->fake, HISTO, &(fake_answer){200, body}, 1);
    const download_item *item = workshop_run(self, &wish, 1);
    qb_series got = workshop_stored(self, &wish);
    qb_series want = market_bars("btcusd", QB_1H, wish.to_us - 101 * QB_HOUR_US, wish.to_us);
    g_assert_cmpint(item->class, ==, HTTP_SERVER);
    g_assert_cmpuint(fake_count(self->fake, NULL), ==, 3);
    assert_same(&got, &want); /* the first was an answer */
    qb_series_clear(&got);
    qb_series_clear(&want);
}

/* Cursors that differ lead round in a circle. */
static void test_circle(void)
{
    static const char rows[] =
        "{\"status\":\"OK\",\"results\":[{\"t\":1577975400000,\"o\":1,\"h\":1,\"l\":1,\"c\":1,"
        "\"v\":1}],\"request_id\":\"%u\","
        "\"next_url\":\"%s/v2/aggs/next?cursor=%u\"}";
    static const char nothing[] = "{\"status\":\"OK\",\"results\":[]}";
    g_autoptr(workshop) self = workshop_new();
    const download_wish wish = workshop_wish("polygon", QB_EQUITY, "SPY", QB_30M, "2020-01-02",
                                             "2020-01-03");
    fake_answer answers[50];
    self->now_us = workshop_us("2020-02-01");
    self->paid = TRUE;
    const download_range range = g_array_index(workshop_plan(self, &wish, 1)->ranges,
                                               download_range, 0);
    g_autofree char *path = g_strdup_printf("/v2/aggs/ticker/SPY/range/30/minute/%" G_GINT64_FORMAT
                                            "/%" G_GINT64_FORMAT,
                                            range.from_us / 1000, (range.to_us - 1) / 1000);
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++)
        answers[i] = (fake_answer){200, g_strdup_printf(rows, i, fake_base(self->fake), i)};
    fake_script(self->fake, "/v3/reference/splits", &(fake_answer){200, nothing}, 1);
    fake_script(self->fake, "/v3/reference/dividends", &(fake_answer){200, nothing}, 1);
    fake_script(self->fake, path, answers, 1);
    fake_script(self->fake, "/v2/aggs/next", answers + 1, G_N_ELEMENTS(answers) - 1);
    const download_item *item = workshop_run(self, &wish, 1);
    g_assert_cmpint(item->class, ==, HTTP_SERVER);
    /* Splits, dividends, a page, and three that say nothing new. */
    g_assert_cmpuint(fake_count(self->fake, NULL), ==, 6);
    for (guint i = 0; i < G_N_ELEMENTS(answers); i++)
        g_free((char *)answers[i].body);
}

/* ---- several series ------------------------------------------------------------------------- */

static void test_auth_stops_all(void)
{
    g_autoptr(workshop) self = workshop_new();
    static const char *const symbols[] = {"BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD"};
    download_wish wishes[G_N_ELEMENTS(symbols)];
    self->parallel = 2;
    for (gsize i = 0; i < G_N_ELEMENTS(symbols); i++)
        wishes[i] = workshop_wish("tiingo", QB_CRYPTO, symbols[i], QB_1H, "2020-01-01",
                                  "2020-01-02");
    fake_script(self->fake, TIINGO, &(fake_answer){401, "{\"detail\":\"Invalid token.\"}"}, 1);
    workshop_run(self, wishes, G_N_ELEMENTS(wishes));
    const GPtrArray *items = download_items(self->download);
    for (guint i = 0; i < items->len; i++) {
        const download_item *item = g_ptr_array_index(items, i);
        g_assert_cmpint(item->state, ==, DOWNLOAD_FAILED);
        g_assert_cmpint(item->class, ==, HTTP_AUTH);
    }
    g_assert_cmpuint(fake_count(self->fake, NULL), <=, 2); /* those under way */
}

static void test_one_bad_symbol(void)
{
    g_autoptr(workshop) self = workshop_new();
    const download_wish wishes[] = {
        workshop_wish("tiingo", QB_EQUITY, "NONE", QB_1D, "2020-01-02", "2020-02-28"),
        workshop_wish("tiingo", QB_EQUITY, "SPY", QB_1D, "2020-01-02", "2020-02-28"),
    };
    const gint32 first = qb_date_from_us(wishes[1].from_us);
    g_autofree char *body = market_tiingo_daily("SPY", first, first + 57, G_MAXINT64);
    fake_script(self->fake, "/tiingo/daily/NONE/prices",
                &(fake_answer){404, "{\"detail\":\"Error: Ticker 'NONE' not found\"}"}, 1);
    fake_script(self->fake, "/tiingo/daily/SPY/prices", &(fake_answer){200, body}, 1);
    const download_item *bad = workshop_run(self, wishes, 2);
    const download_item *fine = g_ptr_array_index(download_items(self->download), 1);
    g_assert_cmpint(bad->class, ==, HTTP_NOT_FOUND);
    g_assert_cmpint(fine->state, ==, DOWNLOAD_DONE);
    g_assert_cmpint(download_exit_code(self->download), ==, FAILURE_PROVIDER);
    qb_series got = workshop_stored(self, &wishes[1]);
    qb_series want = market_bars("SPY", QB_1D, wishes[1].from_us, wishes[1].to_us);
    assert_same(&got, &want);
    qb_series_clear(&got);
    qb_series_clear(&want);
}

/* A service in trouble is asked little more for four series than for one: the breaker opens. */
static void test_trouble_shared(void)
{
    g_autoptr(workshop) self = workshop_new();
    static const char *const symbols[] = {"BTC-USD", "ETH-USD", "SOL-USD", "XRP-USD"};
    download_wish wishes[G_N_ELEMENTS(symbols)];
    for (gsize i = 0; i < G_N_ELEMENTS(symbols); i++)
        wishes[i] = workshop_wish("tiingo", QB_CRYPTO, symbols[i], QB_1H, "2020-01-01",
                                  "2020-01-02");
    fake_script(self->fake, TIINGO, &(fake_answer){503, "{}"}, 1);
    workshop_run(self, wishes, G_N_ELEMENTS(wishes));
    for (guint i = 0; i < G_N_ELEMENTS(wishes); i++) {
        const download_item *item = g_ptr_array_index(download_items(self->download), i);
        g_assert_cmpint(item->class, ==, HTTP_SERVER);
    }
    g_assert_cmpuint(fake_count(self->fake, NULL), <=, 2 * HTTP_ATTEMPTS);
}

static gboolean cancel_when_asked(gpointer data)
{
    workshop *self = data;
    if (fake_count(self->fake, NULL) == 0)
        return G_SOURCE_CONTINUE;
    g_cancellable_cancel(self->cancellable);
    return G_SOURCE_REMOVE;
}

static void test_cancelled(void)
{
    g_autoptr(workshop) self = workshop_new();
    const download_wish wishes[] = {
        wish_of("tiingo"),
        workshop_wish("tiingo", QB_CRYPTO, "ETH-USD", QB_1H, "2020-01-01", "2020-01-02"),
    };
    self->parallel = 1;
    fake_script(self->fake, TIINGO, &(fake_answer){200, "", .hang = TRUE}, 1);
    g_timeout_add(1, cancel_when_asked, self);
    const download_item *item = workshop_run(self, wishes, 2);
    g_assert_error(item->error, FAILURE, FAILURE_INTERRUPTED);
    g_assert_cmpint(download_exit_code(self->download), ==, FAILURE_INTERRUPTED);
    g_assert_cmpuint(fake_count(self->fake, NULL), ==, 1);
    assert_stored(self, &wishes[0], FALSE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *path = g_strconcat("/faults/", faults[i].name, NULL);
        g_test_add_data_func(path, &faults[i], test_fault);
    }
    g_test_add_func("/faults/oversized", test_oversized);
    g_test_add_func("/faults/bomb", test_bomb);
    g_test_add_func("/faults/wrong-order", test_wrong_order);
    g_test_add_func("/faults/duplicates", test_duplicates);
    g_test_add_func("/faults/bad-rows", test_bad_rows);
    g_test_add_func("/faults/other-symbol", test_other_symbol);
    g_test_add_func("/faults/unfinished", test_unfinished);
    g_test_add_func("/faults/same-page", test_same_page);
    g_test_add_func("/faults/circle", test_circle);
    g_test_add_func("/faults/auth-stops-all", test_auth_stops_all);
    g_test_add_func("/faults/one-bad-symbol", test_one_bad_symbol);
    g_test_add_func("/faults/trouble-shared", test_trouble_shared);
    g_test_add_func("/faults/cancelled", test_cancelled);
    return g_test_run();
}
