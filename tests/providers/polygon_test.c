/* Polygon: its recorded answers, each to the right bars or the right class. Expected values were
 * read from the files themselves. */
#include "parse.h"

#include <math.h>
#include <string.h>

extern const provider provider_polygon;

#define JSON(file) "polygon/" file ".json"

static const parse_case cases[] = {
    /* Midnight New York before and after clocks changed. */
    {JSON("aggs_aapl_1day_2005-04"), "bars", .interval = QB_1D, .bars = 2, .first = "2005-04-01",
     .last = "2005-04-04", .open = 1.4639, .high = 1.4754, .low = 1.4343, .close = 1.4675,
     .volume = 578172308},
    {JSON("aggs_aapl_page1_with_next_url"), "bars", .interval = QB_1D, .bars = 2,
     .first = "2020-01-02", .last = "2020-01-03", .open = 74.2875, .high = 75.145, .low = 74.125,
     .close = 74.3575, .volume = 146535512},
    {JSON("aggs_aapl_prev"), "prev", .ask = PROVIDER_LATEST, .bars = 1, .first = "2022-04-26",
     .last = "2022-04-26", .open = 162.25, .high = 162.34, .low = 156.72, .close = 156.8,
     .volume = 95595226},
    {JSON("aggs_empty_no_results_key"), "bars", .symbol = "DELL", .interval = QB_1D},
    /* Newest first. */
    {JSON("aggs_x_btcusd_1day_2023-01_desc"), "bars", .asset = QB_CRYPTO, .interval = QB_1D,
     .bars = 10, .first = "2023-01-01", .last = "2023-01-10", .open = 17177.94, .high = 17506,
     .low = 17145.1, .close = 17443.46, .volume = 28242.029977765436},
    {JSON("grouped_us_stocks"), "grouped", .symbol = "GIK", .interval = QB_1D, .bars = 1,
     .first = "2020-10-14", .last = "2020-10-14", .open = 9.99, .high = 10.02, .low = 9.9,
     .close = 10.02, .volume = 895345},
    {JSON("open_close_aapl"), "open-close", .interval = QB_1D, .bars = 1, .first = "2021-04-01",
     .last = "2021-04-01", .open = 123.66, .high = 124.18, .low = 122.49, .close = 123,
     .volume = 75089134},
    {JSON("last_trade_aapl"), "trade", .ask = PROVIDER_LATEST},
    {JSON("last_nbbo_aapl"), "nbbo", .ask = PROVIDER_LATEST},
    {JSON("last_crypto_btc_usd"), "last", .ask = PROVIDER_LATEST, .asset = QB_CRYPTO},
    {JSON("last_quote_aud_usd"), "last", .ask = PROVIDER_LATEST, .asset = QB_FX,
     .symbol = "AUD-USD"},
    {JSON("snapshot_aapl"), "snapshot", .ask = PROVIDER_LATEST},
    {JSON("snapshot_all"), "snapshot", .ask = PROVIDER_LATEST},
    {JSON("splits"), "splits", .symbol = "GOOGL", .interval = QB_1D,
     .refused = "9 of another symbol"},
    {JSON("tickers_page1"), "tickers", .ask = PROVIDER_SEARCH},
    {JSON("tickers_page2"), "tickers", .ask = PROVIDER_SEARCH},
    {JSON("marketstatus_now"), "status", .ask = PROVIDER_KEY},
    {JSON("error_401_no_key"), "bars", 401, .class = HTTP_AUTH},
    {JSON("error_401_unknown_key"), "bars", 401, .class = HTTP_AUTH},
    {JSON("error_403_timeframe_not_in_plan"), "bars", 403, .class = HTTP_PLAN},
    {JSON("error_429_per_minute"), "bars", 429, .class = HTTP_RATE_LIMIT},
};

static void test_fixtures(void)
{
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(cases); i++)
        parse_check(&provider_polygon, &cases[i]);
}

static const parse_case *case_of(const char *file)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        if (g_strcmp0(cases[i].file, file) == 0)
            return &cases[i];
    g_assert_not_reached();
}

static void test_latest(void)
{
    static const struct {
        const char *file;
        double price;
        const char *at;
        provider_price_kind kind;
    } prices[] = {
        {JSON("last_trade_aapl"), 166.25, "2022-04-28T20:55:19.310617Z", PROVIDER_PRICE_TRADE},
        {JSON("last_nbbo_aapl"), 155.655, "2022-05-10T14:25:54.171838Z", PROVIDER_PRICE_MID},
        {JSON("last_crypto_btc_usd"), 39976.89682331, "2022-04-28T21:13:29.688Z",
         PROVIDER_PRICE_TRADE},
        {JSON("last_quote_aud_usd"), (0.6952 + 0.69527) / 2, "2022-05-10T14:41:34Z",
         PROVIDER_PRICE_MID},
        {JSON("snapshot_aapl"), 159.99, "2022-04-29T17:05:48.294080Z", PROVIDER_PRICE_TRADE},
        {JSON("snapshot_all"), 20.506, "2020-11-12T14:54:54.630916Z", PROVIDER_PRICE_TRADE},
        {JSON("aggs_aapl_prev"), 156.8, "2022-04-26", PROVIDER_PRICE_CLOSE},
    };
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(prices); i++) {
        g_auto(provider_page) page;
        int64_t at_us;
        char text[QB_TIME_TEXT];
        parse_page(&provider_polygon, case_of(prices[i].file), &page);
        g_assert_cmpfloat_with_epsilon(page.price, prices[i].price, 1e-12);
        g_assert_cmpint(qb_time_from_text(prices[i].at, strlen(prices[i].at), &at_us), ==, QB_OK);
        if (page.price_us != at_us)
            g_error("%s: %s", prices[i].file, qb_time_to_text(page.price_us, text));
        g_assert_cmpint(page.price_kind, ==, prices[i].kind);
    }
}

static void test_splits(void)
{
    g_auto(provider_page) page = {0};
    if (!parse_has_fixtures())
        return;
    parse_page(&provider_polygon, case_of(JSON("splits")), &page);
    g_assert_cmpint(page.actions->len, ==, 1);
    const provider_action *split = &g_array_index(page.actions, provider_action, 0);
    g_assert_cmpfloat(split->split_factor, ==, 20);
    g_assert_cmpint(split->ts_us, ==,
                    (gint64)qb_date_from_civil((qb_civil){2022, 7, 18}) * QB_DAY_US);
}

/* A page leads on by path and cursor, whatever host its link names; one to itself is an error. */
static void test_paging(void)
{
    static const char first[] = "{\"status\":\"OK\",\"results\":[{\"o\":1,\"h\":1,\"l\":1,\"c\":1,"
                                "\"v\":1,\"t\":1577941200000}],"
                                "\"next_url\":\"https://evil.example.org/v2/aggs/ticker/AAPL/range/"
                                "1/day/1/2?cursor=abc%3D&x=1\"}";
    g_autoptr(GBytes) body = g_bytes_new_static(first, sizeof first - 1);
    g_autoptr(GError) error = NULL;
    provider_job job = {.provider = &provider_polygon,
                        .asset = QB_EQUITY,
                        .symbol = "AAPL",
                        .vendor_symbol = "AAPL",
                        .interval = QB_1D,
                        .calendar = qb_calendar_default(QB_EQUITY),
                        .from_us = 0,
                        .to_us = INT64_C(4102444800000000),
                        .now_us = INT64_C(4102444800000000),
                        .key = "secret-key"};
    provider_step step;
    provider_polygon.start(&job, &step);
    step.kind = 2;
    for (int round = 0; round < 2; round++) {
        g_auto(provider_page) page;
        provider_request request = {0};
        provider_page_init(&page);
        const gboolean good = provider_polygon.kinds[2].parse(&job, &step, body, &page, &error);
        if (round == 1) {
            g_assert_false(good);
            g_assert_error(error, FAILURE, FAILURE_PROVIDER);
            break;
        }
        g_assert_no_error(error);
        g_assert_false(step.over);
        provider_polygon.kinds[step.kind].request(&job, &step, &request);
        g_assert_cmpstr(request.path, ==, "/v2/aggs/ticker/AAPL/range/1/day/1/2");
        g_assert_cmpstr(request.query[0].name, ==, "cursor");
        g_assert_cmpstr(request.query[0].value, ==, "abc=");
        g_assert_true(request.headers[0].secret);
        provider_request_clear(&request);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/providers/polygon/fixtures", test_fixtures);
    g_test_add_func("/providers/polygon/latest", test_latest);
    g_test_add_func("/providers/polygon/splits", test_splits);
    g_test_add_func("/providers/polygon/paging", test_paging);
    return g_test_run();
}
