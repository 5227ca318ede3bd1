/* The same faults played to every vendor, plain, with TLS and over HTTP/2: what differs between them
 * stands in one table. Each ends in its class, after a bounded number of requests, with nothing in
 * the cache that the answers did not say. */
#include "lab.h"
#include "shapes.h"
#include "workshop.h"

#include <string.h>

/* ---- the vendors ---------------------------------------------------------------------------- */

typedef struct vendor_case {
    const char *name, *path; /* of its first request */
    qb_asset asset;
    const char *symbol;
    qb_interval interval;
    const char *first, *last;
    const char *vendor_symbol; /* in answers */
    char *(*shape)(const shape_rows *);
    struct {
        const char *path;
        char *(*shape)(const shape_rows *);
    } before[2];                   /* what is asked before the bars */
    http_class forbidden, missing; /* what 403 and 404 without words mean */
    struct {
        const char *body;
        http_class class;
    } worded[3];            /* errors with 200 */
    const char *long_first; /* from then on one answer is longer than LONG_BODY; NULL: none is */
    const char *now;        /* the last bar of the answer is running; NULL: it has no bars */
} vendor_case;

static char *no_rows(const shape_rows *rows)
{
    return shape_polygon(&(shape_rows){rows->symbol, rows->interval, NULL, 0, NULL});
}

#define STOCK QB_EQUITY, "AAPL", QB_1D, "2018-01-02", "2018-01-31", "AAPL"
#define COIN QB_CRYPTO, "BTC-USD", QB_1H, "2020-01-01", "2020-01-02"
#define SERIES QB_MACRO, "GDP", QB_1Q, "2000-01-01", "2009-12-31", "GDP"
#define LONG_BODY (64u * 1024u)
#define SESSION_RUNS "2018-01-31T18:00:00Z"
#define HOUR_RUNS "2020-01-02T23:30:00Z"

static const vendor_case vendors[] = {
    {"polygon",
     "/v3/reference/splits",
     STOCK,
     shape_polygon,
     {{"/v3/reference/splits", no_rows}, {"/v3/reference/dividends", no_rows}},
     HTTP_PLAN,
     HTTP_BAD_REQUEST,
     {{"{\"status\":\"ERROR\",\"error\":\"Unknown API Key\"}", HTTP_BAD_REQUEST},
      {"{\"status\":\"NOT_AUTHORIZED\",\"message\":\"not in your plan\"}", HTTP_PLAN},
      {"{\"status\":\"NOT_FOUND\",\"message\":\"Data not found.\"}", HTTP_NOT_FOUND}},
     "2009-01-02",
     SESSION_RUNS},
    {"tiingo",
     "/tiingo/daily/AAPL/prices",
     STOCK,
     shape_tiingo_daily,
     {{NULL}},
     HTTP_PLAN,
     HTTP_NOT_FOUND,
     {{"{\"detail\":\"Error: Ticker 'AAPL' not found\"}", HTTP_NOT_FOUND},
      {"Error: You have run over your hourly request allocation.", HTTP_RATE_LIMIT},
      {"{\"detail\":\"Something went wrong\"}", HTTP_SERVER}},
     "2009-01-02",
     SESSION_RUNS},
    {"alphavantage",
     "/query",
     STOCK,
     shape_alphavantage,
     {{NULL}},
     HTTP_PLAN,
     HTTP_NOT_FOUND,
     {{"{\"Error Message\":\"Invalid API call.\"}", HTTP_NOT_FOUND},
      {"{\"Information\":\"our standard API rate limit is 25 requests per day\"}", HTTP_RATE_LIMIT},
      {"{}", HTTP_NOT_FOUND}},
     "2009-01-02",
     SESSION_RUNS},
    {"coingecko",
     "/coins/bitcoin/ohlc/range",
     COIN,
     "bitcoin",
     shape_coingecko,
     {{NULL}},
     HTTP_RATE_LIMIT,
     HTTP_NOT_FOUND,
     {{"{\"status\":{\"error_code\":429,\"error_message\":\"exceeded\"}}", HTTP_RATE_LIMIT},
      {"{\"error\":{\"status\":{\"error_code\":10002,\"error_message\":\"key missing\"}}}",
       HTTP_AUTH},
      {"{\"status\":{\"error_code\":10005,\"error_message\":\"paid plans only\"}}", HTTP_PLAN}},
     NULL,
     HOUR_RUNS},
    {"cryptocompare",
     "/data/v2/histohour",
     COIN,
     "btcusd",
     shape_cryptocompare,
     {{NULL}},
     HTTP_PLAN,
     HTTP_NOT_FOUND,
     {{"{\"Response\":\"Error\",\"Message\":\"You are over your rate limit\",\"Type\":99}",
       HTTP_RATE_LIMIT},
      {"{\"Response\":\"Error\",\"Message\":\"fsym param is invalid: does not exist\"}",
       HTTP_NOT_FOUND},
      {"{\"Response\":\"Error\",\"Message\":\"You need a valid auth key\"}", HTTP_AUTH}},
     "2019-12-05",
     HOUR_RUNS},
    {"fred",
     "/series/vintagedates",
     SERIES,
     shape_fred,
     {{"/series/vintagedates", shape_fred_vintages}},
     HTTP_SERVER,
     HTTP_BAD_REQUEST,
     {{"{\"error_code\":500,\"error_message\":\"Internal Server Error\"}", HTTP_SERVER},
      {"<?xml version=\"1.0\"?><error code=\"500\"/>", HTTP_SERVER},
      {"{\"count\":0}", HTTP_SERVER}},
     "1820-01-01",
     NULL},
    {"quandl",
     "/datatables/WIKI/PRICES.json",
     STOCK,
     shape_quandl,
     {{NULL}},
     HTTP_PLAN,
     HTTP_NOT_FOUND,
     {{"{\"quandl_error\":{\"code\":\"QEPx04\",\"message\":\"no permission\"}}", HTTP_PLAN},
      {"{\"quandl_error\":{\"code\":\"QELx01\",\"message\":\"limit exceeded\"}}", HTTP_RATE_LIMIT},
      {"{\"quandl_error\":{\"code\":\"QEAx01\",\"message\":\"not a valid key\"}}", HTTP_AUTH}},
     "2009-01-02",
     SESSION_RUNS},
};

/* ---- what they have ------------------------------------------------------------------------- */

/* The nth bar of a market that only rises. */
static qb_bar bar_of(gint64 ts_us, gsize n)
{
    const double low = 100 + 0.25 * (double)n;
    return (qb_bar){.ts_us = ts_us,
                    .open = low + 0.5,
                    .high = low + 2,
                    .low = low,
                    .close = low + 1.5,
                    .volume = 1000 + (double)n,
                    .split_factor = 1};
}

static gint64 next_stamp(qb_interval interval, gint64 ts_us)
{
    if (interval != QB_1Q)
        return ts_us + qb_interval_us(interval);
    const qb_civil civil = qb_civil_from_date(qb_date_from_us(ts_us));
    return (gint64)qb_date_from_civil(
               (qb_civil){civil.year + (civil.month + 2) / 12, (civil.month + 2) % 12 + 1, 1}) *
           QB_DAY_US;
}

/* Is there a bar of the regular session? */
static gboolean is_expected(const download_wish *wish, gint64 ts_us)
{
    return wish->calendar == NULL ||
           qb_expected_bars(wish->calendar, wish->key.interval, ts_us, ts_us + 1) > 0;
}

/* Of qb_bar: all bars from the wish's first to that instant. */
static GArray *bars_until(const download_wish *wish, gint64 to_us)
{
    GArray *bars = g_array_new(FALSE, FALSE, sizeof(qb_bar));
    for (gint64 us = wish->from_us; us < to_us; us = next_stamp(wish->key.interval, us))
        if (is_expected(wish, us))
            g_array_append_vals(bars, &(qb_bar[]){bar_of(us, bars->len)}, 1);
    return bars;
}

/* ---- a stage -------------------------------------------------------------------------------- */

typedef struct stage {
    workshop *shop;
    const vendor_case *vendor;
    download_wish wish;
    GArray *bars;       /* that there are */
    GPtrArray *written; /* texts and fake_answers of this scene, which the fake borrows */
} stage;

static fake_answer *keep_answer(stage *self, char *body)
{
    fake_answer *answer = g_new0(fake_answer, 1);
    *answer = (fake_answer){200, body, .type = *body == '<' ? "text/html" : NULL};
    g_ptr_array_add(self->written, body);
    g_ptr_array_add(self->written, answer);
    return answer;
}

static shape_rows rows_of(const stage *self, const GArray *bars, const char *next)
{
    return (shape_rows){self->vendor->vendor_symbol, self->wish.key.interval,
                        (const qb_bar *)bars->data, bars->len, next};
}

/* All that this vendor is asked for is answered with those rows. */
static void serve(stage *self, const GArray *bars, const char *next)
{
    const shape_rows rows = rows_of(self, bars, next), whole = rows_of(self, bars, NULL);
    fake_script(self->shop->fake, NULL, keep_answer(self, self->vendor->shape(&rows)), 1);
    for (gsize i = 0; i < G_N_ELEMENTS(self->vendor->before); i++)
        if (self->vendor->before[i].path != NULL)
            fake_script(self->shop->fake, self->vendor->before[i].path,
                        keep_answer(self, self->vendor->before[i].shape(&whole)), 1);
}

/* How many requests an undisturbed download takes. */
static guint requests_of(const vendor_case *vendor)
{
    guint count = 1;
    for (gsize i = 0; i < G_N_ELEMENTS(vendor->before); i++)
        count += vendor->before[i].path != NULL;
    return count;
}

static void open_scene(stage *self)
{
    const vendor_case *vendor = self->vendor;
    workshop_renew(self->shop);
    self->shop->paid = TRUE; /* no budget is in the way */
    g_ptr_array_set_size(self->written, 0);
    self->wish = workshop_wish(vendor->name, vendor->asset, vendor->symbol, vendor->interval,
                               vendor->first, vendor->last);
    g_clear_pointer(&self->bars, g_array_unref);
    self->bars = bars_until(&self->wish, self->wish.to_us);
}

static void assert_values(stage *self, const GArray *want)
{
    macro_series got = {0};
    g_autoptr(GError) error = NULL;
    if (!cache_macro_read(self->shop->cache, &self->wish.key, G_MININT64, G_MAXINT64, &got, NULL,
                          &error))
        g_assert_error(error, FAILURE, FAILURE_MISSING);
    g_assert_cmpuint(got.count, ==, want->len);
    for (gsize i = 0; i < got.count; i++) {
        const qb_bar *bar = &g_array_index(want, qb_bar, i);
        g_assert_cmpint(got.ts_us[i], ==, bar->ts_us);
        g_assert_cmpfloat(got.value[i], ==, bar->close);
        /* From the end of the day of its publication. */
        g_assert_cmpint(got.known_from_us[i], ==,
                        bar->ts_us + (SHAPE_FRED_LAG_DAYS + 1) * QB_DAY_US);
    }
    macro_series_clear(&got);
}

static void assert_bar(const qb_bar *got, const qb_bar *want)
{
    g_assert_cmpint(got->ts_us, ==, want->ts_us);
    g_assert_true(got->open == want->open && got->high == want->high && got->low == want->low &&
                  got->close == want->close && got->dividend == 0 && got->split_factor == 1);
}

/* Exactly those, and no word of any that the source has not got. */
static void assert_stored(stage *self, const GArray *want)
{
    if (self->wish.key.asset == QB_MACRO) {
        assert_values(self, want);
        return;
    }
    qb_series got = workshop_stored(self->shop, &self->wish);
    g_assert_cmpuint(got.count, ==, want->len);
    for (gsize i = 0; i < got.count; i++) {
        const qb_bar bar = qb_series_bar(&got, i);
        assert_bar(&bar, &g_array_index(want, qb_bar, i));
    }
    qb_series_clear(&got);
}

static void assert_nothing_stored(stage *self)
{
    g_autoptr(GArray) nothing = g_array_new(FALSE, FALSE, sizeof(qb_bar));
    assert_stored(self, nothing);
}

static const download_item *run(stage *self)
{
    return workshop_run(self->shop, &self->wish, 1);
}

static guint asked(const stage *self)
{
    return fake_count(self->shop->fake, NULL);
}

/* How many exchanges a class is worth: the last two are tried again, a rate limit of an hour or a
 * minute is not waited for, and an answer that cannot be read is asked for twice. */
static void assert_failed(stage *self, const char *fault, const download_item *item,
                          http_class class)
{
    const gboolean again = class == HTTP_SERVER || class == HTTP_NETWORK;
    if (item->state != DOWNLOAD_FAILED || item->class != class)
        g_error("%s, %s: %s, %s (expected %s): %s", self->vendor->name, fault,
                download_state_text(item->state), http_class_text(item->class),
                http_class_text(class), item->error != NULL ? item->error->message : "no error");
    /* libsoup itself repeats a GET whose connection turned out dead, and so does nghttpx; and a
     * deadline may pass before the request is there. */
    if ((asked(self) < 1 && class != HTTP_NETWORK) || asked(self) > (again ? 2 * HTTP_ATTEMPTS : 1))
        g_error("%s, %s: %u requests", self->vendor->name, fault, asked(self));
    assert_nothing_stored(self);
}

static void assert_done(stage *self, const char *fault, const download_item *item, guint requests)
{
    if (item->state != DOWNLOAD_DONE)
        g_error("%s, %s: %s: %s", self->vendor->name, fault, download_state_text(item->state),
                item->error != NULL ? item->error->message : "");
    if (asked(self) != requests)
        g_error("%s, %s: %u requests (expected %u)", self->vendor->name, fault, asked(self),
                requests);
}

/* ---- one answer after another --------------------------------------------------------------- */

typedef enum meaning { SAME, FORBIDDEN, MISSING, GATEWAY } meaning;

static const char good[] = "good"; /* stands for the right answer */

static const struct fault {
    const char *name;
    fake_answer answers[3]; /* status 0 ends them; the last comes for ever */
    http_class class;       /* HTTP_FINE: all is stored */
    meaning meaning;        /* SAME: class holds for all */
} faults[] = {
    {"nothing wrong", {{200, good}}, HTTP_FINE},
    {"401", {{401, ""}}, HTTP_AUTH},
    {"403", {{403, ""}}, .meaning = FORBIDDEN},
    {"404", {{404, ""}}, .meaning = MISSING},
    {"429 for long", {{429, "{}", .headers = {"Retry-After", "3600"}}}, HTTP_RATE_LIMIT},
    {"429 without Retry-After", {{429, "{}"}}, HTTP_RATE_LIMIT},
    {"429 once", {{429, "{}", .headers = {"Retry-After", "0"}}, {200, good}}, HTTP_FINE},
    {"500 for ever", {{500, "<html>"}}, HTTP_SERVER},
    {"500 twice", {{500, ""}, {503, ""}, {200, good}}, HTTP_FINE},
    {"a page", {{200, "<html>maintenance</html>"}}, HTTP_SERVER},
    {"nothing at all", {{200, ""}}, HTTP_SERVER},
    {"half an answer", {{200, "{\"a\":[1,"}}, HTTP_SERVER},
    {"another object", {{200, "{\"a\":{}}"}}, HTTP_SERVER},
    {"a number for an answer", {{200, "42"}}, HTTP_SERVER},
    {"a body cut short", {{200, "{\"results\":[", .short_body = TRUE}}, HTTP_NETWORK},
    {"a reset", {{200, "", .reset = TRUE}}, .meaning = GATEWAY},
    {"a reset once", {{200, "", .reset = TRUE}, {200, good}}, HTTP_FINE},
};

static http_class class_of(const stage *self, const struct fault *fault)
{
    switch (fault->meaning) {
    case FORBIDDEN:
        return self->vendor->forbidden;
    case MISSING:
        return self->vendor->missing;
    case GATEWAY: /* a front has words for it: 502 */
        return self->shop->front != NULL ? HTTP_SERVER : HTTP_NETWORK;
    default:
        return fault->class;
    }
}

/* The fault comes in the place of the first answer. */
static guint serve_fault(stage *self, const struct fault *fault)
{
    const gboolean bars_first = self->vendor->before[0].path == NULL;
    const shape_rows rows = rows_of(self, self->bars, NULL);
    fake_answer *answers = g_new0(fake_answer, G_N_ELEMENTS(fault->answers));
    guint count = 0;
    serve(self, self->bars, NULL);
    g_ptr_array_add(self->written, answers);
    for (; count < G_N_ELEMENTS(fault->answers) && fault->answers[count].status > 0; count++) {
        answers[count] = fault->answers[count];
        if (answers[count].body == good)
            answers[count].body = keep_answer(self, bars_first
                                                        ? self->vendor->shape(&rows)
                                                        : self->vendor->before[0].shape(&rows))
                                      ->body;
    }
    fake_script(self->shop->fake, self->vendor->path, answers, count);
    return count;
}

static void play_fault(stage *self, const struct fault *fault)
{
    open_scene(self);
    const guint answers = serve_fault(self, fault);
    const http_class class = class_of(self, fault);
    /* libsoup may miss the end of a stream over HTTP/2: then the deadline is the end. */
    if (fault->answers[0].short_body)
        self->shop->exchange_us = QB_SECOND_US / 2;
    const download_item *item = run(self);
    if (class != HTTP_FINE) {
        assert_failed(self, fault->name, item, class);
        g_assert_cmpuint(fake_count(self->shop->fake, self->vendor->path), ==, asked(self));
        return;
    }
    assert_done(self, fault->name, item, requests_of(self->vendor) + answers - 1);
    assert_stored(self, self->bars);
}

static void play_worded(stage *self)
{
    for (gsize i = 0; i < G_N_ELEMENTS(self->vendor->worded); i++) {
        const char *body = self->vendor->worded[i].body;
        open_scene(self);
        fake_script(self->shop->fake, self->vendor->path, &(fake_answer){200, body}, 1);
        assert_failed(self, body, run(self), self->vendor->worded[i].class);
    }
}

/* ---- bodies --------------------------------------------------------------------------------- */

static void play_body(stage *self, const char *fault, const fake_answer *answer, http_class class)
{
    open_scene(self);
    self->shop->exchange_us = answer->drip_ms > 0 ? QB_SECOND_US / 10 : 0;
    fake_script(self->shop->fake, self->vendor->path, answer, 1);
    assert_failed(self, fault, run(self), class);
}

static void play_bodies(stage *self)
{
    const gsize size = HTTP_BODY_LIMIT + 2;
    g_autofree char *blanks = g_malloc(size);
    gsize packed_size = 0;
    memset(blanks, ' ', size);
    g_autofree guchar *packed = lab_gzip((guchar *)blanks, size, &packed_size);
    play_body(self, "oversized", &(fake_answer){200, blanks, size}, HTTP_SERVER);
    g_assert_cmpuint(asked(self), ==, 1);
    play_body(
        self, "a bomb",
        &(fake_answer){200, (char *)packed, packed_size, .headers = {"Content-Encoding", "gzip"}},
        HTTP_SERVER);
    g_assert_cmpuint(asked(self), ==, 1);
    play_body(self, "a drip", &(fake_answer){200, blanks, 1000, .drip_ms = 10}, HTTP_NETWORK);
}

/* The first half of a good answer. */
static void play_half(stage *self)
{
    open_scene(self);
    serve(self, self->bars, NULL);
    const shape_rows rows = rows_of(self, self->bars, NULL);
    fake_answer *half = keep_answer(self, self->vendor->shape(&rows));
    half->length = strlen(half->body) / 2;
    fake_script(self->shop->fake, NULL, half, 1);
    const download_item *item = run(self);
    g_assert_cmpint(item->class, ==, HTTP_SERVER);
    g_assert_cmpuint(asked(self), <, requests_of(self->vendor) + HTTP_ATTEMPTS);
    assert_nothing_stored(self);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void play_empty(stage *self)
{
    g_autoptr(GArray) nothing = g_array_new(FALSE, FALSE, sizeof(qb_bar));
    const gboolean ends = self->vendor->asset == QB_MACRO; /* no vintage, no value */
    open_scene(self);
    serve(self, nothing, NULL);
    assert_done(self, "an empty list", run(self), ends ? 1 : requests_of(self->vendor));
    assert_stored(self, nothing);
}

/* What tells errors from answers must not be at a loss with a long one. */
static void play_long(stage *self)
{
    const vendor_case *vendor = self->vendor;
    vendor_case wide = *vendor;
    if (vendor->long_first == NULL)
        return;
    wide.first = vendor->long_first;
    self->vendor = &wide;
    open_scene(self);
    serve(self, self->bars, NULL);
    const shape_rows rows = rows_of(self, self->bars, NULL);
    g_autofree char *body = vendor->shape(&rows);
    g_assert_cmpuint(strlen(body), >, LONG_BODY);
    assert_done(self, "a long answer", run(self), requests_of(vendor));
    assert_stored(self, self->bars);
    self->vendor = vendor;
}

static void play_reversed(stage *self)
{
    open_scene(self);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(qb_bar));
    for (guint i = self->bars->len; i-- > 0;)
        g_array_append_val(rows, g_array_index(self->bars, qb_bar, i));
    serve(self, rows, NULL);
    assert_done(self, "wrong order", run(self), requests_of(self->vendor));
    assert_stored(self, self->bars);
}

/* The last row of a stamp counts. */
static void play_doubled(stage *self)
{
    open_scene(self);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(qb_bar));
    for (guint i = 0; i < self->bars->len; i++) {
        const qb_bar right = g_array_index(self->bars, qb_bar, i), wrong = bar_of(right.ts_us, 777);
        g_array_append_val(rows, wrong);
        g_array_append_val(rows, right);
    }
    serve(self, rows, NULL);
    const download_item *item = run(self);
    assert_done(self, "duplicates", item, requests_of(self->vendor));
    if (self->vendor->asset != QB_MACRO)
        g_assert_cmpuint(item->refused[PROVIDER_DUPLICATE], ==, self->bars->len);
    assert_stored(self, self->bars);
}

/* The last candle is not over. */
static void play_unfinished(stage *self)
{
    if (self->vendor->now == NULL)
        return;
    open_scene(self);
    self->shop->now_us = workshop_us(self->vendor->now);
    serve(self, self->bars, NULL);
    assert_done(self, "an unfinished candle", run(self), requests_of(self->vendor));
    g_array_set_size(self->bars, self->bars->len - 1);
    assert_stored(self, self->bars);
}

/* ---- a page that repeats for ever ----------------------------------------------------------- */

/* Wishes of several pages. The page that comes again and again holds the bars from since to until
 * and says, where this vendor's pages do, that there are more. */
static const struct repeat {
    const char *vendor;
    qb_asset asset;
    const char *symbol;
    qb_interval interval;
    const char *first, *last, *vendor_symbol;
    char *(*shape)(const shape_rows *);
    const char *since, *until, *next;
} repeats[] = {
    {"polygon", STOCK, shape_polygon, "2018-01-02", "2018-01-16",
     "http://elsewhere.example/v2/aggs/next?cursor=abc"},
    {"tiingo", QB_CRYPTO, "BTC-USD", QB_1H, "2020-01-01", "2020-12-31", "btcusd",
     shape_tiingo_crypto, "2020-01-01", "2020-06-29", NULL},
    {"alphavantage", QB_EQUITY, "AAPL", QB_30M, "2018-01-02", "2018-03-29", "AAPL",
     shape_alphavantage, "2018-01-02", "2018-02-01", NULL},
    {"coingecko", QB_CRYPTO, "BTC-USD", QB_1H, "2020-01-01", "2020-03-31", "bitcoin",
     shape_coingecko, "2020-01-01", "2020-02-01", NULL},
    {"cryptocompare", QB_CRYPTO, "BTC-USD", QB_1H, "2019-06-01", "2020-01-02", "btcusd",
     shape_cryptocompare, "2019-12-30", "2020-01-03", NULL},
    {"fred", SERIES, shape_fred, "2000-01-01", "2010-01-01", "1000"},
    {"quandl", STOCK, shape_quandl, "2018-01-02", "2018-02-01", "abc"},
};

static vendor_case as_repeat(const vendor_case *vendor, const struct repeat *repeat)
{
    vendor_case paged = *vendor;
    paged.asset = repeat->asset;
    paged.symbol = repeat->symbol;
    paged.interval = repeat->interval;
    paged.first = repeat->first;
    paged.last = repeat->last;
    paged.vendor_symbol = repeat->vendor_symbol;
    paged.shape = repeat->shape;
    return paged;
}

static void keep_bars(GArray *bars, gint64 from_us, gint64 to_us)
{
    for (guint i = bars->len; i-- > 0;) {
        const gint64 us = g_array_index(bars, qb_bar, i).ts_us;
        if (us < from_us || us >= to_us)
            g_array_remove_index(bars, i);
    }
}

/* The first was an answer; the second, and the question asked once more, were none. */
static void play_repeat(stage *self, const struct repeat *repeat)
{
    const vendor_case *vendor = self->vendor;
    const vendor_case paged = as_repeat(vendor, repeat);
    self->vendor = &paged;
    open_scene(self);
    keep_bars(self->bars, workshop_us(repeat->since), workshop_us(repeat->until));
    serve(self, self->bars, repeat->next);
    const download_item *item = run(self);
    if (item->class != HTTP_SERVER || asked(self) != requests_of(vendor) + 2)
        g_error("%s, the same page: %s, %u requests: %s", vendor->name,
                http_class_text(item->class), asked(self),
                item->error != NULL ? item->error->message : "no error");
    g_assert_cmpuint(item->empty, ==, 0); /* of the others it has said nothing */
    assert_stored(self, self->bars);
    self->vendor = vendor;
}

/* ---- the table ------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    workshop_transport transport;
} transports[] = {{"plain", WORKSHOP_PLAIN}, {"tls", WORKSHOP_TLS}, {"http2", WORKSHOP_HTTP2}};

static void play_all(stage *self)
{
    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++)
        play_fault(self, &faults[i]);
    play_worded(self);
    play_bodies(self);
    play_half(self);
    play_long(self);
    play_empty(self);
    play_reversed(self);
    play_doubled(self);
    play_unfinished(self);
    for (gsize i = 0; i < G_N_ELEMENTS(repeats); i++)
        if (strcmp(repeats[i].vendor, self->vendor->name) == 0)
            play_repeat(self, &repeats[i]);
}

/* Nothing went past the front by another protocol. */
static void assert_http2(workshop *shop)
{
    g_auto(GStrv) lines = front_finish(shop->front);
    g_assert_cmpuint(g_strv_length(lines), >, G_N_ELEMENTS(faults));
    for (guint i = 0; lines[i] != NULL; i++)
        g_assert_nonnull(strstr(lines[i], " h2 "));
}

static void test_vendor(gsize vendor, workshop_transport transport)
{
    stage self = {.shop = workshop_new_over(transport), .vendor = &vendors[vendor]};
    if (self.shop == NULL) {
        g_test_skip("there is no nghttpx (Debian package nghttp2-proxy)");
        return;
    }
    self.written = g_ptr_array_new_with_free_func(g_free);
    play_all(&self);
    if (self.shop->front != NULL)
        assert_http2(self.shop);
    workshop_free(self.shop);
    g_ptr_array_unref(self.written);
    g_array_unref(self.bars);
}

static void test_one(gconstpointer data)
{
    const gsize number = GPOINTER_TO_SIZE(data);
    test_vendor(number % G_N_ELEMENTS(vendors),
                transports[number / G_N_ELEMENTS(vendors)].transport);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(vendors) * G_N_ELEMENTS(transports); i++) {
        g_autofree char *path = g_strdup_printf("/vendors/%s/%s",
                                                transports[i / G_N_ELEMENTS(vendors)].name,
                                                vendors[i % G_N_ELEMENTS(vendors)].name);
        g_test_add_data_func(path, GSIZE_TO_POINTER(i), test_one);
    }
    return g_test_run();
}
