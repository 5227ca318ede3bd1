/* CoinGecko: its recorded answers, each to the right bars or the right class. Expected values were
 * read from the files themselves: a sample counts for the hour it was taken in, the last one of an
 * hour wins. */
#include "parse.h"

#include <math.h>
#include <string.h>

extern const provider provider_coingecko;

#define JSON(file) "coingecko/" file ".json"
#define COIN .asset = QB_CRYPTO
#define FLAT(price) .open = price, .high = price, .low = price, .close = price, .volume = NAN

static const parse_case cases[] = {
    /* 288 points in 25 hours, 13 of them in the one that was running. */
    {JSON("market_chart_bitcoin_usd_1d_2021"), "chart", COIN, .interval = QB_1H,
     .now = "2021-05-15T15:00:00Z", .bars = 25, .first = "2021-05-14T14:00:00Z",
     .last = "2021-05-15T14:00:00Z", FLAT(49078.83040364477), .refused = "263 duplicate"},
    {JSON("market_chart_bitcoin_usd_90d_daily_2021"), "chart", COIN, .interval = QB_1H,
     .now = "2021-05-15T14:40:00Z", .bars = 90, .first = "2021-02-15",
     .last = "2021-05-15T00:00:00Z", FLAT(49913.26314398822), .refused = "1 unfinished"},
    {JSON("market_chart_range_bitcoin_usd_sample"), "range", COIN, .interval = QB_1H, .bars = 3,
     .first = "2024-03-31", .last = "2024-04-01T15:00:00Z", FLAT(68887.7495158568)},
    /* Stamps are ends: the last candle's lay in the future when it was recorded at 15:34. */
    {JSON("ohlc_bitcoin_usd_7d_2021-05-15"), "ohlc", COIN, .interval = QB_4H,
     .now = "2021-05-15T15:34:00Z", .bars = 41, .first = "2021-05-08T16:00:00Z",
     .last = "2021-05-15T08:00:00Z", .open = 48810.93, .high = 49065.53, .low = 48572.17,
     .close = 48574.71, .volume = NAN, .refused = "1 unfinished"},
    {JSON("ohlc_bitcoin_usd_30d_sample"), "ohlc", COIN, .interval = QB_4H, .bars = 3,
     .first = "2024-03-02T12:00:00Z", .last = "2024-03-02T20:00:00Z", .open = 62171, .high = 62210,
     .low = 61821, .close = 62068, .volume = NAN},
    {JSON("simple_price_bitcoin_usd"), "price", .ask = PROVIDER_LATEST, COIN},
    {JSON("simple_price_bitcoin_ethereum_eur"), "price", .ask = PROVIDER_LATEST, COIN,
     .symbol = "ETH-EUR"},
    {JSON("simple_price_space_after_comma"), "price", .ask = PROVIDER_LATEST, COIN},
    {JSON("simple_price_unknown_vs_currency"), "price", .ask = PROVIDER_LATEST, COIN},
    {JSON("history_bitcoin_2017-12-30"), "history", .ask = PROVIDER_LATEST, COIN},
    {JSON("coins_markets_bitcoin_usd"), "markets", .ask = PROVIDER_SEARCH, COIN},
    {JSON("coins_list_2021-05"), "list", .ask = PROVIDER_SEARCH, COIN},
    {JSON("ping"), "ping", .ask = PROVIDER_KEY, COIN},
    {JSON("key_usage_pro"), "usage", .ask = PROVIDER_KEY, COIN},
    {JSON("supported_vs_currencies"), "currencies", .ask = PROVIDER_KEY, COIN},
    {JSON("error_400_pro_key_on_demo_host"), "range", 400, COIN, .class = HTTP_AUTH},
    {JSON("error_401_history_beyond_365_days"), "range", 401, COIN, .class = HTTP_PLAN},
    {JSON("error_404_coin_not_found"), "range", 404, COIN, .class = HTTP_NOT_FOUND},
    {JSON("error_422_missing_ids"), "price", 422, COIN, .class = HTTP_BAD_REQUEST},
    {JSON("error_422_missing_vs_currency"), "range", 422, COIN, .class = HTTP_BAD_REQUEST},
    {JSON("error_429_rate_limit"), "price", 429, COIN, .class = HTTP_RATE_LIMIT},
    {JSON("error_429_rate_limit"), "history", 200, COIN, .class = HTTP_RATE_LIMIT},
    {JSON("error_500_ohlc_without_parameters"), "ohlc", 500, COIN, .class = HTTP_SERVER},
};

static void test_fixtures(void)
{
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(cases); i++)
        parse_check(&provider_coingecko, &cases[i]);
}

static void test_latest(void)
{
    static const double prices[] = {49326, 1441.93, 49357, NAN, 13620.3618741461};
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(prices); i++) {
        g_auto(provider_page) page;
        parse_page(&provider_coingecko, &cases[5 + i], &page);
        if (isnan(prices[i]))
            g_assert_true(isnan(page.price));
        else
            g_assert_cmpfloat(page.price, ==, prices[i]);
        g_assert_cmpint(page.price_us, ==, 0); /* these answers do not say when */
    }
}

static void test_samples_say_so(void)
{
    g_auto(provider_page) page = {0};
    if (!parse_has_fixtures())
        return;
    parse_page(&provider_coingecko, &cases[2], &page);
    g_assert_nonnull(page.bars.flags);
    for (gsize i = 0; i < page.bars.count; i++)
        g_assert_cmpint(page.bars.flags[i], ==, QB_BAR_SAMPLED);
}

static void test_list(void)
{
    g_auto(provider_page) page = {0};
    if (!parse_has_fixtures())
        return;
    parse_page(&provider_coingecko, &cases[11], &page);
    g_assert_cmpint(page.matches->len, ==, 7248);
}

static void test_symbols(void)
{
    static const struct {
        const char *symbol, *id;
    } names[] = {{"BTC-USD", "bitcoin"},
                 {"ETH-EUR", "ethereum"},
                 {"AVAX-USD", "avalanche-2"},
                 {"BTC-USDT", NULL},
                 {"PEPE-USD", NULL}};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        char out[PROVIDER_SYMBOL_SIZE];
        g_autofree char *why = NULL;
        const gboolean good = provider_coingecko.name_symbol(names[i].symbol, QB_CRYPTO, out, &why);
        g_assert_true(good == (names[i].id != NULL));
        if (good)
            g_assert_cmpstr(out, ==, names[i].id);
        else
            g_assert_nonnull(why);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/providers/coingecko/fixtures", test_fixtures);
    g_test_add_func("/providers/coingecko/latest", test_latest);
    g_test_add_func("/providers/coingecko/samples-say-so", test_samples_say_so);
    g_test_add_func("/providers/coingecko/list", test_list);
    g_test_add_func("/providers/coingecko/symbols", test_symbols);
    return g_test_run();
}
