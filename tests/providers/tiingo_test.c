/* Tiingo: its recorded answers, each to the right bars or the right class. Expected values were
 * read from the files themselves. */
#include "parse.h"

#include <math.h>
#include <string.h>

extern const provider provider_tiingo;

#define JSON(file) "tiingo/" file ".json"

static const parse_case cases[] = {
    {JSON("daily_googl_range_2018-01"), "daily", .symbol = "GOOGL", .interval = QB_1D, .bars = 10,
     .first = "2018-01-05", .last = "2018-01-19", .open = 1138.03, .high = 1143.78, .low = 1132.5,
     .close = 1143.5, .volume = 1418376},
    {"tiingo/daily_googl_range_2018-01.csv", "daily", .type = "text/csv", .symbol = "GOOGL",
     .interval = QB_1D, .bars = 10, .first = "2018-01-05", .last = "2018-01-19", .open = 1138.03,
     .high = 1143.78, .low = 1132.5, .close = 1143.5, .volume = 1418376},
    /* At 16:00 New York on the last day (21:00 UTC in winter) its bar is still running. */
    {JSON("daily_googl_range_2018-01"), "daily", .symbol = "GOOGL", .interval = QB_1D,
     .now = "2018-01-19T20:59:59Z", .from = "2018-01-09", .bars = 7, .first = "2018-01-09",
     .last = "2018-01-18", .open = 1139.35, .high = 1140.59, .low = 1124.46, .close = 1135.97,
     .volume = 1333633, .refused = "1 unfinished, 2 outside the range"},
    {JSON("daily_googl_latest"), "daily", .symbol = "GOOGL", .interval = QB_1D, .bars = 1,
     .first = "2018-04-12", .last = "2018-04-12", .open = 1031.47, .high = 1044.65, .low = 1026.05,
     .close = 1037.29, .volume = 1644794},
    {JSON("daily_googl_latest_columns"), "daily", .symbol = "GOOGL", .interval = QB_1D, .bars = 1,
     .first = "2024-10-22", .last = "2024-10-22", .open = 162.98, .high = 165.77, .low = 162.98,
     .close = 165.14, .volume = 16568121},
    /* Weeks labelled by their Fridays: as daily bars they are what they say. */
    {JSON("weekly_googl_2018-01"), "daily", .symbol = "GOOGL", .interval = QB_1D, .bars = 3,
     .first = "2018-01-05", .last = "2018-01-19", .open = 1140.31, .high = 1148.88, .low = 1123.49,
     .close = 1135.97, .volume = 4470611},
    {JSON("empty_known_ticker_no_bars"), "daily", .symbol = "KFS", .interval = QB_1D},
    {JSON("iex_googl_30min_2018-01-02"), "iex", .symbol = "GOOGL", .interval = QB_30M, .bars = 13,
     .first = "2018-01-02T14:30:00Z", .last = "2018-01-02T20:30:00Z", .open = 1073.83,
     .high = 1075.87, .low = 1073.23, .close = 1073.315, .volume = NAN},
    {JSON("iex_aapl_5min_volume_2026-09-03_head"), "iex", .interval = QB_5M, .bars = 12,
     .first = "2026-09-03T13:30:00Z", .last = "2026-09-03T14:25:00Z", .open = 329.115,
     .high = 330.34, .low = 328.78, .close = 329.675, .volume = NAN},
    {JSON("crypto_prices_btcusd_1day_2023_head"), "crypto", .asset = QB_CRYPTO, .interval = QB_1D,
     .bars = 10, .first = "2023-01-01", .last = "2023-01-10", .open = 17172.797115007168,
     .high = 17493.595691785365, .low = 17139.96726397043, .close = 17436.2637252567,
     .volume = 255246.05909687202},
    {JSON("crypto_prices_btcusd_1min_2026-09-05_head"), "crypto", .asset = QB_CRYPTO,
     .interval = QB_1M, .bars = 12, .first = "2026-09-05", .last = "2026-09-05T00:11:00Z",
     .open = 79733.18922091396, .high = 79733.19920597563, .low = 79721.5252616378,
     .close = 79727.42034318318, .volume = 0.5489231899999998},
    {JSON("crypto_prices_btcusd_1day_raw_2019"), "crypto", .asset = QB_CRYPTO, .interval = QB_1D,
     .bars = 2, .first = "2019-05-01", .last = "2019-05-02", .open = 5441.491804492167,
     .high = 5590.235084334595, .low = 5426.033480300644, .close = 5545.697488248552,
     .volume = 40036.510605330004, .refused = "1 of another symbol"},
    {JSON("crypto_meta"), "crypto-meta", .ask = PROVIDER_SEARCH, .asset = QB_CRYPTO},
    {JSON("daily_meta_googl"), "meta", .ask = PROVIDER_SEARCH},
    {"tiingo/supported_tickers_sample.csv", "supported", .type = "text/csv",
     .ask = PROVIDER_SEARCH},
    {JSON("iex_quotes_msft_aapl_2026-09-04"), "quotes", .ask = PROVIDER_LATEST,
     .refused = "1 of another symbol"},
    {JSON("crypto_top_raw_2019"), "crypto-top", .ask = PROVIDER_LATEST, .asset = QB_CRYPTO,
     .refused = "1 of another symbol"},
    {JSON("error_401_invalid_token"), "daily", 401, .class = HTTP_AUTH},
    {JSON("error_403_no_news_permission"), "daily", 403, .class = HTTP_PLAN},
    {"tiingo/error_403_csv_bad_key.txt", "daily", 403, .type = "text/csv", .class = HTTP_AUTH},
    {JSON("error_404_ticker_not_found"), "daily", 404, .class = HTTP_NOT_FOUND},
    {JSON("error_404_not_found_path"), "iex", 404, .class = HTTP_NOT_FOUND},
    {JSON("error_429_hourly"), "daily", 429, .class = HTTP_RATE_LIMIT},
    {"tiingo/error_200_csv_ticker_not_found.txt", "daily", .type = "text/csv",
     .class = HTTP_NOT_FOUND},
};

static void test_fixtures(void)
{
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(cases); i++)
        parse_check(&provider_tiingo, &cases[i]);
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
        {JSON("iex_quotes_msft_aapl_2026-09-04"), 319.97, "2026-09-04T20:00:00Z",
         PROVIDER_PRICE_REFERENCE},
        {JSON("crypto_top_raw_2019"), 8220.83, "2019-10-13T20:20:03.712Z", PROVIDER_PRICE_TRADE},
    };
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(prices); i++) {
        g_auto(provider_page) page;
        int64_t at_us;
        parse_page(&provider_tiingo, case_of(prices[i].file), &page);
        g_assert_cmpfloat(page.price, ==, prices[i].price);
        g_assert_cmpint(qb_time_from_text(prices[i].at, strlen(prices[i].at), &at_us), ==, QB_OK);
        g_assert_cmpint(page.price_us, ==, at_us);
        g_assert_cmpint(page.price_kind, ==, prices[i].kind);
    }
}

static void test_meta(void)
{
    g_auto(provider_page) page = {0};
    if (!parse_has_fixtures())
        return;
    parse_page(&provider_tiingo, case_of(JSON("daily_meta_googl")), &page);
    g_assert_cmpint(page.matches->len, ==, 1);
    const provider_match *match = &g_array_index(page.matches, provider_match, 0);
    g_assert_cmpstr(match->vendor_symbol, ==, "GOOGL");
    g_assert_cmpstr(match->name, ==, "Alphabet Inc.(\"Google\") - Class A");
    g_assert_cmpint(match->first_us, ==,
                    (gint64)qb_date_from_civil((qb_civil){2004, 8, 19}) * QB_DAY_US);
}

static void test_supported(void)
{
    g_auto(provider_page) page = {0};
    if (!parse_has_fixtures())
        return;
    parse_page(&provider_tiingo, case_of("tiingo/supported_tickers_sample.csv"), &page);
    g_assert_cmpint(page.matches->len, ==, 2);
    const provider_match *match = &g_array_index(page.matches, provider_match, 1);
    g_assert_cmpstr(match->vendor_symbol, ==, "X");
    g_assert_cmpstr(match->kind, ==, "ETF");
    g_assert_cmpstr(match->currency, ==, "USD");
    /* The sample's dates are written like 1/1/2010, which could be read in two ways. */
    g_assert_cmpint(match->first_us, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/providers/tiingo/fixtures", test_fixtures);
    g_test_add_func("/providers/tiingo/latest", test_latest);
    g_test_add_func("/providers/tiingo/meta", test_meta);
    g_test_add_func("/providers/tiingo/supported", test_supported);
    return g_test_run();
}
