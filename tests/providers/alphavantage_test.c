/* Alpha Vantage: its recorded answers, each to the right bars or the right class. Expected values
 * were read from the files themselves. */
#include "parse.h"

#include <math.h>
#include <string.h>

extern const provider provider_alphavantage;

#define JSON(file) "alphavantage/" file ".json"
#define CSV(file) "alphavantage/" file ".csv", .type = "application/x-download"
#define COIN .asset = QB_CRYPTO

static const parse_case cases[] = {
    {JSON("time_series_daily_ibm_2020"), "daily", .interval = QB_1D, .bars = 2,
     .first = "2020-05-07", .last = "2020-05-08", .open = 122.67, .high = 122.8, .low = 121.06,
     .close = 121.79, .volume = 2538547},
    /* Recorded at 14:07 New York: the day was not over. */
    {JSON("time_series_daily_ibm_2020"), "daily", .interval = QB_1D, .now = "2020-05-08T18:07:03Z",
     .bars = 1, .first = "2020-05-07", .last = "2020-05-07", .open = 122.98, .high = 123.26,
     .low = 120.85, .close = 121.23, .volume = 4412047, .refused = "1 unfinished"},
    {JSON("time_series_daily_adjusted_ibm_2020"), "daily", .interval = QB_1D, .bars = 2,
     .first = "2020-05-07", .last = "2020-05-08", .open = 122.67, .high = 122.8, .low = 121.06,
     .close = 121.805, .volume = 2542577},
    {CSV("time_series_daily_ibm_2026-05-17"), .kind = "daily", .interval = QB_1D, .bars = 100,
     .first = "2025-12-22", .last = "2026-05-15", .open = 218.2, .high = 220.91, .low = 217.615,
     .close = 219.3, .volume = 6154450},
    {CSV("time_series_daily_adjusted_ibm_2026-05-17"), .kind = "daily", .interval = QB_1D,
     .bars = 100, .first = "2025-12-22", .last = "2026-05-15", .open = 218.2, .high = 220.91,
     .low = 217.615, .close = 219.3, .volume = 6154450},
    /* New York clocks without an offset: 13:17 in winter is 18:17 UTC, 15:55 in summer 19:55. */
    {JSON("time_series_intraday_msft_1min_2017"), "intraday", .symbol = "MSFT", .interval = QB_1M,
     .bars = 100, .first = "2017-12-18T18:17:00Z", .last = "2017-12-18T19:56:00Z", .open = 86.49,
     .high = 86.5, .low = 86.475, .close = 86.5, .volume = 10494},
    {CSV("time_series_intraday_ibm_5min_2026-05-17"), .kind = "intraday", .interval = QB_5M,
     .bars = 52, .first = "2026-05-15T15:40:00Z", .last = "2026-05-15T19:55:00Z", .open = 219.74,
     .high = 219.91, .low = 219.3, .close = 219.3, .volume = 323841,
     .refused = "48 outside the session"},
    {CSV("time_series_monthly_ibm_2026-05-17"), .kind = "series", .interval = QB_1D, .bars = 318,
     .first = "1999-12-31", .last = "2026-05-15", .open = 234.55, .high = 235.95, .low = 212.34,
     .close = 219.3, .volume = 63442866},
    {JSON("digital_currency_daily_btc_eur_2025"), "crypto-daily", COIN, .symbol = "BTC-EUR",
     .interval = QB_1D, .now = "2025-08-24T03:00:00Z", .bars = 2, .first = "2025-08-22",
     .last = "2025-08-23", .open = 99318.46, .high = 99404.71, .low = 97251.01, .close = 97909.36,
     .volume = 118.22280715, .refused = "1 unfinished"},
    {CSV("digital_currency_daily_btc_eur_2026-05-17"), .kind = "crypto-daily", COIN,
     .symbol = "BTC-EUR", .interval = QB_1D, .now = "2026-05-18", .bars = 350,
     .first = "2025-06-02", .last = "2026-05-17", .open = 67260.37, .high = 67339.19,
     .low = 67250.26, .close = 67310.48, .volume = 0.49400276},
    {JSON("crypto_intraday_eth_usd_2025"), "crypto-intraday", COIN, .symbol = "ETH-USD",
     .interval = QB_5M, .bars = 3, .first = "2025-08-24T15:30:00Z", .last = "2025-08-24T15:40:00Z",
     .open = 4812.58, .high = 4814.35, .low = 4803.41, .close = 4812.08, .volume = 636},
    {CSV("crypto_intraday_eth_usd_5min_2026-05-17"), .kind = "crypto-intraday", COIN,
     .symbol = "ETH-USD", .interval = QB_5M, .bars = 100, .first = "2026-05-17T08:55:00Z",
     .last = "2026-05-17T17:10:00Z", .open = 2182.04, .high = 2182.04, .low = 2179.67,
     .close = 2180.17, .volume = 16},
    {JSON("global_quote_ibm_2020"), "quote", .ask = PROVIDER_LATEST},
    {CSV("global_quote_ibm_2026-05-17"), .kind = "quote", .ask = PROVIDER_LATEST},
    {JSON("currency_exchange_rate_usd_jpy"), "rate", .ask = PROVIDER_LATEST, .asset = QB_FX,
     .symbol = "USD-JPY"},
    {CSV("symbol_search_tesco"), .kind = "search", .ask = PROVIDER_SEARCH},
    {JSON("market_status"), "status", .ask = PROVIDER_KEY},
    {JSON("global_quote_unknown_symbol"), "quote", .ask = PROVIDER_LATEST, .class = HTTP_NOT_FOUND},
    {JSON("realtime_bulk_quotes_not_entitled"), "bulk", .ask = PROVIDER_LATEST, .class = HTTP_PLAN},
    {JSON("error_200_information_1_per_second"), "daily", .class = HTTP_RATE_LIMIT},
    {JSON("error_200_information_25_per_day"), "daily", .class = HTTP_RATE_LIMIT},
    {JSON("error_200_information_premium_outputsize"), "daily", .class = HTTP_PLAN},
    {JSON("error_200_note_5_per_minute"), "daily", .class = HTTP_RATE_LIMIT},
    {JSON("error_200_invalid_call"), "daily", .class = HTTP_NOT_FOUND},
    {JSON("error_200_invalid_key"), "daily", .class = HTTP_AUTH},
};

static void test_fixtures(void)
{
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(cases); i++)
        parse_check(&provider_alphavantage, &cases[i]);
}

static void test_latest(void)
{
    static const struct {
        gsize at;
        double price;
        const char *when;
    } prices[] = {{12, 121.74, "2020-05-08"},
                  {13, 219.3, "2026-05-15"},
                  {14, 158.73166867, "2026-05-17T17:12:44Z"}};
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(prices); i++) {
        g_auto(provider_page) page;
        int64_t at_us;
        parse_page(&provider_alphavantage, &cases[prices[i].at], &page);
        g_assert_cmpfloat(page.price, ==, prices[i].price);
        g_assert_cmpint(qb_time_from_text(prices[i].when, strlen(prices[i].when), &at_us), ==,
                        QB_OK);
        g_assert_cmpint(page.price_us, ==, at_us);
    }
}

/* 1.68 on 2026-02-10 and 1.69 on 2026-05-08. */
static void test_actions(void)
{
    g_auto(provider_page) page = {0};
    double dividends = 0;
    if (!parse_has_fixtures())
        return;
    parse_page(&provider_alphavantage, &cases[4], &page);
    for (gsize i = 0; page.bars.dividend != NULL && i < page.bars.count; i++)
        dividends += page.bars.dividend[i];
    g_assert_cmpfloat_with_epsilon(dividends, 1.68 + 1.69, 1e-12);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/providers/alphavantage/fixtures", test_fixtures);
    g_test_add_func("/providers/alphavantage/latest", test_latest);
    g_test_add_func("/providers/alphavantage/actions", test_actions);
    return g_test_run();
}
