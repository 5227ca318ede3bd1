/* What is asked for and what is not, and what becomes of the answers: dividends, splits, finer bars,
 * words about holes, values. */
#include "market.h"
#include "workshop.h"

#include <string.h>

#define TIINGO "/tiingo/crypto/prices"

static const char provider_day[] = "/tiingo/daily/SPY/prices";

static download_wish hours(const char *first, const char *last)
{
    return workshop_wish("tiingo", QB_CRYPTO, "BTC-USD", QB_1H, first, last);
}

static download_range range_at(const download_item *item, guint i)
{
    g_assert_cmpuint(i, <, item->ranges->len);
    return g_array_index(item->ranges, download_range, i);
}

/* Bars of a price, all of [from, to) but for a hole of [hole_from, hole_to). */
static qb_series flat_bars(qb_interval interval, const char *from, const char *to, double price)
{
    qb_series bars = {0};
    const gint64 step_us = qb_interval_us(interval);
    for (gint64 ts_us = workshop_us(from); ts_us < workshop_us(to); ts_us += step_us) {
        const qb_bar bar = {ts_us, price, price, price, price, 5, 0, 1, 0};
        g_assert_cmpint(qb_series_append(&bars, &bar), ==, QB_OK);
    }
    return bars;
}

static void put(workshop *self, const download_wish *wish, qb_series bars, const char *provider,
                cache_adjustment adjustment)
{
    const cache_provenance provenance = {
        .provider = provider,
        .adjustment = adjustment,
        .calendar = qb_calendar_name(wish->calendar),
        .source_hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        .fetched_us = workshop_us("2020-12-31"),
    };
    cache_change change;
    GError *error = NULL;
    cache_merge(self->cache, &wish->key, &bars, &provenance, &change, &error);
    g_assert_no_error(error);
    qb_series_clear(&bars);
}

static void say(workshop *self, const download_wish *wish, const char *who, const char *from,
                const char *to)
{
    gsize bars = 0;
    GError *error = NULL;
    cache_gap word = {.from_us = workshop_us(from),
                      .to_us = workshop_us(to),
                      .state = CACHE_GAP_EMPTY,
                      .said_us = workshop_us("2021-01-01")};
    g_strlcpy(word.who, who, sizeof word.who);
    cache_gap_say(self->cache, &wish->key, wish->calendar, &word, &bars, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(bars, >, 0);
}

/* ---- ranges --------------------------------------------------------------------------------- */

/* January and March are stored; windows of 180 days take all that is between and after in one. */
static void test_joined(void)
{
    g_autoptr(workshop) self = workshop_new();
    const download_wish wish = hours("2020-01-01", "2020-06-28");
    put(self, &wish, flat_bars(QB_1H, "2020-01-01", "2020-02-01", 9), "tiingo", CACHE_RAW);
    put(self, &wish, flat_bars(QB_1H, "2020-03-01", "2020-04-01", 9), "tiingo", CACHE_RAW);
    const download_item *item = workshop_plan(self, &wish, 1);
    g_assert_cmpint(item->state, ==, DOWNLOAD_READY);
    g_assert_cmpuint(item->ranges->len, ==, 1);
    g_assert_cmpuint(item->wanted->len, ==, 2);
    g_assert_cmpuint(item->requests, ==, 1);
    g_assert_cmpint(range_at(item, 0).from_us, ==, workshop_us("2020-02-01"));
    g_assert_cmpint(range_at(item, 0).to_us, ==, workshop_us("2020-06-29"));
    g_assert_cmpuint(item->expected, ==, 180 * 24);
    g_assert_cmpuint(item->stored, ==, 62 * 24);
    g_assert_cmpuint(item->missing, ==, 118 * 24);
    g_assert_cmpuint(fake_count(self->fake, NULL), ==, 0);
}

/* Two holes a year apart cost a request each; all between would cost three. */
static void test_apart(void)
{
    g_autoptr(workshop) self = workshop_new();
    const download_wish wish = hours("2020-01-01", "2021-01-31");
    put(self, &wish, flat_bars(QB_1H, "2020-01-02", "2021-01-31", 9), "tiingo", CACHE_RAW);
    const download_item *item = workshop_plan(self, &wish, 1);
    g_assert_cmpuint(item->ranges->len, ==, 2);
    g_assert_cmpuint(item->requests, ==, 2);
}

/* What is stored stays, though the answer has it again. */
static void test_stored_stays(void)
{
    g_autoptr(workshop) self = workshop_new();
    const download_wish wish = hours("2020-01-01", "2020-01-04");
    const gint32 first = qb_date_from_us(wish.from_us);
    g_autofree char *body = market_tiingo_crypto("btcusd", first, first + 3, G_MAXINT64);
    put(self, &wish, flat_bars(QB_1H, "2020-01-02", "2020-01-03", 9), "csv", CACHE_RAW);
    fake_script(self->fake, TIINGO, &(fake_answer){200, body}, 1);
    const download_item *item = workshop_run(self, &wish, 1);
    qb_series got = workshop_stored(self, &wish);
    const gsize row = qb_series_lower_bound(&got, workshop_us("2020-01-02T05:00:00Z"));
    g_assert_cmpint(item->state, ==, DOWNLOAD_DONE);
    g_assert_cmpuint(item->left_stored, >, 15);
    g_assert_cmpfloat(got.close[row], ==, 9);
    g_assert_cmpfloat(got.close[0], >, 80);
    qb_series_clear(&got);
}

/* ---- words ---------------------------------------------------------------------------------- */

static void test_words(void)
{
    g_autoptr(workshop) self = workshop_new();
    const download_wish wish = hours("2020-01-01", "2020-01-10");
    put(self, &wish, flat_bars(QB_1H, "2020-01-01", "2020-01-03", 9), "tiingo", CACHE_RAW);
    put(self, &wish, flat_bars(QB_1H, "2020-01-07", "2020-01-11", 9), "tiingo", CACHE_RAW);
    say(self, &wish, "tiingo", "2020-01-03", "2020-01-04");
    say(self, &wish, "cryptocompare", "2020-01-04", "2020-01-05"); /* may be had here */
    say(self, &wish, "user", "2020-01-05", "2020-01-07");
    const download_item *item = workshop_plan(self, &wish, 1);
    g_assert_cmpuint(item->ranges->len, ==, 1);
    g_assert_cmpint(range_at(item, 0).from_us, ==, workshop_us("2020-01-04"));
    g_assert_cmpint(range_at(item, 0).to_us, ==, workshop_us("2020-01-05"));
    g_assert_cmpuint(item->missing, ==, 24);
    g_assert_cmpuint(item->known, ==, 72);
    g_assert_cmpuint(item->stored, ==, 144);
}

/* The last bars of an answer may yet come; a hole of last week will not. */
static void test_yet_to_come(void)
{
    g_autoptr(workshop) self = workshop_new();
    const download_wish wish = hours("2020-01-01", "2020-01-10");
    const gint32 first = qb_date_from_us(wish.from_us);
    /* The market is told to end a day before now. */
    g_autofree char *body = market_tiingo_crypto("btcusd", first, first + 9,
                                                 workshop_us("2020-01-09"));
    fake_script(self->fake, TIINGO, &(fake_answer){200, body}, 1);
    self->now_us = workshop_us("2020-01-10");
    const download_item *item = workshop_run(self, &wish, 1);
    g_assert_cmpint(item->state, ==, DOWNLOAD_DONE);
    item = workshop_plan(self, &wish, 1);
    g_assert_cmpint(item->state, ==, DOWNLOAD_READY);
    g_assert_cmpint(range_at(item, 0).from_us, >=, workshop_us("2020-01-08"));
    g_assert_cmpuint(item->missing, >=, 24);
    g_assert_cmpuint(item->missing, <=, 48);
}

/* ---- refusals ------------------------------------------------------------------------------- */

static void assert_refused(workshop *self, const download_wish *wish, int code, const char *words)
{
    const download_item *item = workshop_run(self, wish, 1);
    g_assert_cmpint(item->state, ==, DOWNLOAD_REFUSED);
    g_assert_cmpint(item->error->code, ==, code);
    if (strstr(item->error->message, words) == NULL)
        g_error("%s is not in: %s", words, item->error->message);
    g_assert_cmpint(download_exit_code(self->download), ==, code);
    g_assert_cmpuint(fake_count(self->fake, NULL), ==, 0);
}

static void test_refused(void)
{
    g_autoptr(workshop) self = workshop_new();
    download_wish wish = workshop_wish("tiingo", QB_EQUITY, "AAA", QB_1D, "2020-01-01",
                                       "2020-02-01");
    put(self, &wish, flat_bars(QB_1D, "2020-01-02", "2020-01-03", 9), "csv", CACHE_SPLIT);
    assert_refused(self, &wish, FAILURE_BAD_DATA, "adjustment");
    g_strlcpy(wish.key.symbol, "BBB", sizeof wish.key.symbol);
    put(self, &wish, flat_bars(QB_1D, "2020-01-02", "2020-01-03", 9), "resampled-1m", CACHE_RAW);
    assert_refused(self, &wish, FAILURE_BAD_DATA, "resampled-1m");
    wish = workshop_wish("tiingo", QB_EQUITY, "AAA", QB_1W, "2020-01-01", "2020-02-01");
    assert_refused(self, &wish, FAILURE_PROVIDER, "has no interval 1w");
    wish = workshop_wish("coingecko", QB_CRYPTO, "XYZ-USD", QB_1H, "2020-01-01", "2020-02-01");
    assert_refused(self, &wish, FAILURE_PROVIDER, "XYZ-USD=ID");
    workshop_lose_keys(self);
    wish = workshop_wish("alphavantage", QB_EQUITY, "AAA", QB_1H, "2020-01-01", "2020-02-01");
    assert_refused(self, &wish, FAILURE_CONFIG, "ALPHA_VANTAGE_API_KEY");
}

/* Without a key, but nothing is missing: no reason to complain. */
static void test_nothing_missing(void)
{
    g_autoptr(workshop) self = workshop_new();
    const download_wish wish = workshop_wish("alphavantage", QB_EQUITY, "AAA", QB_1D, "2020-01-02",
                                             "2020-01-03");
    put(self, &wish, flat_bars(QB_1D, "2020-01-02", "2020-01-04", 9), "csv", CACHE_RAW);
    workshop_lose_keys(self);
    const download_item *item = workshop_run(self, &wish, 1);
    g_assert_cmpint(item->state, ==, DOWNLOAD_DONE);
    g_assert_no_error(item->error);
    g_assert_cmpint(download_exit_code(self->download), ==, 0);
}

/* ---- dividends and splits ------------------------------------------------------------------- */

#define SPLITS                                                                               \
    "{\"status\":\"OK\",\"results\":[{\"ticker\":\"AAA\",\"execution_date\":\"2020-01-06\"," \
    "\"split_from\":1,"                                                                      \
    "\"split_to\":4}]}"
#define DIVIDENDS                                                                              \
    "{\"status\":\"OK\",\"results\":[{\"ticker\":\"AAA\",\"ex_dividend_date\":\"2020-01-03\"," \
    "\"cash_amount\":0.5},{\"ticker\":\"AAA\",\"ex_dividend_date\":\"2020-01-03\","            \
    "\"cash_amount\":0.25},{\"ticker\":\"AAA\",\"ex_dividend_date\":\"2020-01-04\","           \
    "\"cash_amount\":1}]}"

/* "{"results":[...]}" of bars at those times, prices rising by one. */
static char *polygon_bars(const char *const *times, guint first, guint count, const char *next)
{
    GString *text = g_string_new("{\"status\":\"OK\",\"results\":[");
    for (guint i = first; i < first + count; i++)
        g_string_append_printf(
            text, "%s{\"t\":%" G_GINT64_FORMAT ",\"o\":%u,\"h\":%u,\"l\":%u,\"c\":%u,\"v\":%u}",
            i > first ? "," : "", workshop_us(times[i]) / 1000, 10 + i, 12 + i, 9 + i, 11 + i,
            100 + i);
    g_string_append(text, "]");
    if (next != NULL)
        g_string_append_printf(text, ",\"next_url\":\"%s\"", next);
    g_string_append(text, "}");
    return g_string_free(text, FALSE);
}

static char *polygon_path(const download_item *item, const char *span)
{
    const download_range range = range_at(item, 0);
    char from[QB_TIME_TEXT], to[QB_TIME_TEXT];
    if (strcmp(span, "1/day") == 0)
        return g_strdup_printf("/v2/aggs/ticker/AAA/range/1/day/%s/%s",
                               qb_date_to_text(qb_date_from_us(range.from_us), from),
                               qb_date_to_text(qb_date_from_us(range.to_us - 1), to));
    return g_strdup_printf("/v2/aggs/ticker/AAA/range/%s/%" G_GINT64_FORMAT "/%" G_GINT64_FORMAT,
                           span, range.from_us / 1000, (range.to_us - 1) / 1000);
}

static void script_actions(workshop *self)
{
    static const fake_answer splits = {200, SPLITS}, dividends = {200, DIVIDENDS};
    self->now_us = workshop_us("2020-02-01");
    fake_script(self->fake, "/v3/reference/splits", &splits, 1);
    fake_script(self->fake, "/v3/reference/dividends", &dividends, 1);
}

static void assert_action(const qb_series *bars, const char *time, double dividend, double split)
{
    const gsize row = qb_series_lower_bound(bars, workshop_us(time));
    g_assert_cmpuint(row, <, bars->count);
    const qb_bar bar = qb_series_bar(bars, row);
    g_assert_cmpint(bar.ts_us, ==, workshop_us(time));
    g_assert_cmpfloat(bar.dividend, ==, dividend);
    g_assert_cmpfloat(bar.split_factor, ==, split);
}

static void test_daily_actions(void)
{
    static const char *const times[] = {"2020-01-02T05:00:00Z", "2020-01-03T05:00:00Z",
                                        "2020-01-06T05:00:00Z"};
    g_autoptr(workshop) self = workshop_new();
    const download_wish wish = workshop_wish("polygon", QB_EQUITY, "AAA", QB_1D, "2020-01-02",
                                             "2020-01-06");
    script_actions(self);
    g_autofree char *path = polygon_path(workshop_plan(self, &wish, 1), "1/day");
    g_autofree char *body = polygon_bars(times, 0, 3, NULL);
    fake_script(self->fake, path, &(fake_answer){200, body}, 1);
    const download_item *item = workshop_run(self, &wish, 1);
    qb_series got = workshop_stored(self, &wish);
    g_assert_cmpint(item->state, ==, DOWNLOAD_DONE);
    g_assert_cmpuint(got.count, ==, 3);
    assert_action(&got, "2020-01-02", 0, 1);
    assert_action(&got, "2020-01-03", 0.75, 1); /* two on one day */
    assert_action(&got, "2020-01-06", 0, 4);
    /* The dividend of a Saturday has no bar, and is told. */
    g_assert_cmpuint(item->notes->len, ==, 1);
    g_assert_nonnull(strstr(g_ptr_array_index(item->notes, 0), "2020-01-04"));
    qb_series_clear(&got);
}

/* Hours of half hours, with the cut between two pages in the middle of one. By hand: 09:30-10:00 is
 * the bar of 09:00 New York (14:00 UTC), then 10:00 and 10:30 make that of 10:00. */
static void test_finer(void)
{
    static const char *const times[] = {"2020-01-03T14:30:00Z", "2020-01-03T15:00:00Z",
                                        "2020-01-03T15:30:00Z", "2020-01-03T16:00:00Z",
                                        "2020-01-03T16:30:00Z"};
    g_autoptr(workshop) self = workshop_new();
    download_wish wish = workshop_wish("polygon", QB_EQUITY, "AAA", QB_1H, "2020-01-03",
                                       "2020-01-03");
    script_actions(self);
    g_autofree char *path = polygon_path(workshop_plan(self, &wish, 1), "30/minute");
    g_autofree char *first = polygon_bars(times, 0, 2, "http://127.0.0.1/v2/aggs/next?cursor=a");
    g_autofree char *second = polygon_bars(times, 2, 3, NULL);
    fake_script(self->fake, path, &(fake_answer){200, first}, 1);
    fake_script(self->fake, "/v2/aggs/next", &(fake_answer){200, second}, 1);
    const download_item *item = workshop_run(self, &wish, 1);
    qb_series got = workshop_stored(self, &wish);
    g_assert_cmpint(item->state, ==, DOWNLOAD_DONE);
    g_assert_cmpuint(got.count, ==, 3);
    assert_action(&got, "2020-01-03T14:00:00Z", 0.75, 1); /* the day's first bar */
    assert_action(&got, "2020-01-03T15:00:00Z", 0, 1);
    const qb_bar second_hour = qb_series_bar(&got, 1);
    g_assert_cmpfloat(second_hour.open, ==, 11);
    g_assert_cmpfloat(second_hour.high, ==, 14);
    g_assert_cmpfloat(second_hour.low, ==, 10);
    g_assert_cmpfloat(second_hour.close, ==, 13);
    g_assert_cmpfloat(second_hour.volume, ==, 203);
    qb_series_clear(&got);

    /* Asked again, the day's dividend is not put on a later bar. */
    item = workshop_plan(self, &wish, 1);
    g_assert_cmpint(item->state, ==, DOWNLOAD_DONE);
}

/* Asked again with what follows: a correction is taken over, a dividend that the source does not
 * know stays. */
static void test_again(void)
{
    g_autoptr(workshop) self = workshop_new();
    download_wish wish = workshop_wish("tiingo", QB_EQUITY, "SPY", QB_1D, "2020-01-02",
                                       "2020-01-10");
    const gint32 first = qb_date_from_us(wish.from_us);
    qb_series stored = {0};
    qb_bar bar;
    for (gint32 date = first; date < first + 6; date++)
        if (market_bar("SPY", QB_1D, (gint64)date * QB_DAY_US, &bar) && qb_weekday(date) < 5) {
            bar.close = bar.open; /* before the correction */
            bar.dividend = 0.125;
            g_assert_cmpint(qb_series_append(&stored, &bar), ==, QB_OK);
        }
    put(self, &wish, stored, "tiingo", CACHE_RAW);
    g_autofree char *body = market_tiingo_daily("SPY", first, first + 8, G_MAXINT64);
    fake_script(self->fake, provider_day, &(fake_answer){200, body}, 1);
    wish.again = DOWNLOAD_AGAIN;
    const download_item *item = workshop_run(self, &wish, 1);
    qb_series got = workshop_stored(self, &wish);
    g_assert_cmpint(item->state, ==, DOWNLOAD_DONE);
    g_assert_cmpuint(item->change.changed, >, 0);
    const qb_bar corrected = qb_series_bar(&got, 0);
    g_assert_true(market_bar("SPY", QB_1D, corrected.ts_us, &bar));
    g_assert_cmpfloat(corrected.close, ==, bar.close);
    g_assert_cmpfloat(corrected.dividend, ==, bar.dividend != 0 ? bar.dividend : 0.125);
    qb_series_clear(&got);
}

/* ---- values --------------------------------------------------------------------------------- */

#define DATES \
    "{\"count\":2,\"offset\":0,\"limit\":10000,\"vintage_dates\":[\"2020-02-10\",\"2020-03-10\"]}"
#define ROW(date, from, to, value)                                                  \
    "{\"realtime_start\":\"" from "\",\"realtime_end\":\"" to "\",\"date\":\"" date \
    "\",\"value\":\"" value "\"}"
#define VALUES                                                                                  \
    "{\"count\":4,\"offset\":0,\"limit\":100000,\"observations\":[" ROW(                        \
        "2019-11-01", "2020-02-10", "9999-12-31",                                               \
        "1.5") "," ROW("2019-12-01", "2020-02-10", "2020-03-09",                                \
                       "2.5") "," ROW("2019-12-01", "2020-03-10", "9999-12-31",                 \
                                      "2.75") "," ROW("2020-01-01", "2020-03-10", "9999-12-31", \
                                                      "3.5") "]}"

static const download_item *run_values(workshop *self, qb_interval interval)
{
    const download_wish wish = workshop_wish("fred", QB_MACRO, "RATE", interval, "2019-01-01",
                                             "2020-12-31");
    fake_script(self->fake, "/series/vintagedates", &(fake_answer){200, DATES}, 1);
    fake_script(self->fake, "/series/observations", &(fake_answer){200, VALUES}, 1);
    return workshop_run(self, &wish, 1);
}

static void test_values(void)
{
    g_autoptr(workshop) self = workshop_new();
    macro_series all = {0}, known = {0};
    GError *error = NULL;
    const download_item *item = run_values(self, QB_1MO);
    g_assert_no_error(item->error);
    g_assert_cmpuint(item->change.added, ==, 4);
    cache_macro_read(self->cache, &item->wish.key, G_MININT64, G_MAXINT64, &all, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(all.count, ==, 4);
    g_assert_cmpuint(all.basis, ==, MACRO_GIVEN);
    /* In the middle of February the first release of December was known, and January not yet. */
    g_assert_true(macro_series_as_of(&all, workshop_us("2020-02-15"), &known));
    g_assert_cmpuint(known.count, ==, 2);
    g_assert_cmpfloat(known.value[1], ==, 2.5);
    macro_series_clear(&known);
    macro_series_clear(&all);
}

static void test_wrong_interval(void)
{
    g_autoptr(workshop) self = workshop_new();
    const download_item *item = run_values(self, QB_1Q);
    g_assert_error(item->error, FAILURE, FAILURE_USAGE);
    g_assert_nonnull(strstr(item->error->message, "--interval 1mo"));
    g_autoptr(GArray) keys = cache_keys(self->cache, NULL);
    g_assert_cmpuint(keys->len, ==, 0);
}

/* ---- what it costs -------------------------------------------------------------------------- */

/* 50 an hour: 60 requests wait for one more hour. */
static void test_forecast(void)
{
    g_autoptr(workshop) self = workshop_new();
    download_wish wishes[60];
    GError *error = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(wishes); i++) {
        wishes[i] = workshop_wish("tiingo", QB_EQUITY, "A", QB_1D, "2019-01-01", "2020-12-31");
        g_snprintf(wishes[i].key.symbol, sizeof wishes[i].key.symbol, "A%u", i);
    }
    workshop_plan(self, wishes, G_N_ELEMENTS(wishes));
    g_autoptr(GArray) all = download_forecasts(self->download, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(all->len, ==, 1);
    const download_forecast *forecast = &g_array_index(all, download_forecast, 0);
    g_assert_cmpuint(forecast->requests, ==, 60);
    g_assert_cmpint(forecast->duration_us, ==, QB_HOUR_US);
    g_assert_cmpuint(fake_count(self->fake, NULL), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plan/joined", test_joined);
    g_test_add_func("/plan/apart", test_apart);
    g_test_add_func("/plan/stored-stays", test_stored_stays);
    g_test_add_func("/plan/words", test_words);
    g_test_add_func("/plan/yet-to-come", test_yet_to_come);
    g_test_add_func("/plan/refused", test_refused);
    g_test_add_func("/plan/nothing-missing", test_nothing_missing);
    g_test_add_func("/plan/forecast", test_forecast);
    g_test_add_func("/answers/daily-actions", test_daily_actions);
    g_test_add_func("/answers/finer", test_finer);
    g_test_add_func("/answers/again", test_again);
    g_test_add_func("/answers/values", test_values);
    g_test_add_func("/answers/wrong-interval", test_wrong_interval);
    return g_test_run();
}
