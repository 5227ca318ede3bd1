/* CryptoCompare: its recorded answers, each to the right bars or the right class. Expected values
 * were read from the files themselves. */
#include "parse.h"

#include <string.h>

extern const provider provider_cryptocompare;

#define JSON(file) "cryptocompare/" file ".json"
#define COIN .asset = QB_CRYPTO

static const parse_case cases[] = {
    /* The running bar's close lies outside its own range: it is not there yet. */
    {JSON("histoday_btc_usd_limit10_2017"), "histo", COIN, .interval = QB_1D,
     .now = "2017-08-13T01:00:00Z", .bars = 10, .first = "2017-08-03", .last = "2017-08-12",
     .open = 3654.37, .high = 3967.26, .low = 3611.36, .close = 3871.62, .volume = 123593.57,
     .refused = "1 unfinished"},
    {JSON("histohour_btc_usd_limit10_2017"), "histo", COIN, .interval = QB_1H,
     .now = "2017-08-13T00:05:00Z", .bars = 10, .first = "2017-08-12T14:00:00Z",
     .last = "2017-08-12T23:00:00Z", .open = 3841.7, .high = 3884.39, .low = 3826.86,
     .close = 3871.62, .volume = 4262.14, .refused = "1 unfinished"},
    {JSON("histominute_btc_usd_limit10_2017"), "histo", COIN, .interval = QB_1M,
     .now = "2017-08-12T05:39:10Z", .bars = 10, .first = "2017-08-12T05:29:00Z",
     .last = "2017-08-12T05:38:00Z", .open = 3699.45, .high = 3702.17, .low = 3698.53,
     .close = 3702.07, .volume = 36.38, .refused = "1 unfinished"},
    /* Long after, the same row is only impossible. */
    {JSON("histoday_btc_usd_limit10_2017"), "histo", COIN, .interval = QB_1D, .bars = 10,
     .first = "2017-08-03", .last = "2017-08-12", .open = 3654.37, .high = 3967.26, .low = 3611.36,
     .close = 3871.62, .volume = 123593.57, .refused = "1 impossible"},
    {JSON("histoday_btc_usd_tots_2017"), "histo", COIN, .interval = QB_1D, .bars = 31,
     .first = "2017-07-13", .last = "2017-08-12", .open = 3654.37, .high = 3967.26, .low = 3611.36,
     .close = 3871.62, .volume = 123593.57},
    {JSON("histoday_btc_usd_aggregate2_2017"), "histo", COIN, .interval = QB_1D, .bars = 31,
     .first = "2017-06-13", .last = "2017-08-12", .open = 3654.37, .high = 3967.26, .low = 3611.36,
     .close = 3937.92, .volume = 126205.44},
    {JSON("v2_histoday_btc_usd_limit30_2022-06-09"), "histo", COIN, .interval = QB_1D,
     .now = "2022-06-09T02:00:00Z", .bars = 30, .first = "2022-05-10", .last = "2022-06-08",
     .open = 31111.75, .high = 31305.48, .low = 29839.64, .close = 30189.27, .volume = 27741.65,
     .refused = "1 unfinished"},
    {JSON("data_api_days_eth_usd"), "historical", COIN, .symbol = "ETH-USD", .interval = QB_1D,
     .bars = 1, .first = "2020-11-03", .last = "2020-11-03", .open = 383.440335745339,
     .high = 389.982190902571, .low = 371.274622159419, .close = 387.920015862958,
     .volume = 3817858.85447304},
    {JSON("data_api_hours_btc_usd_first_page"), "historical", COIN, .interval = QB_1H, .bars = 171,
     .first = "2010-07-17T00:00:00Z", .last = "2010-07-24T02:00:00Z", .open = 0.06161,
     .high = 0.06161, .low = 0.06161, .close = 0.06161, .volume = 0},
    {JSON("data_api_hours_dpi_weth"), "historical", COIN, .symbol = "DPI-WETH", .interval = QB_1H,
     .bars = 10, .first = "2024-11-27T08:00:00Z", .last = "2024-11-27T17:00:00Z",
     .open = 0.0331680411894238, .high = 0.0331680411894238, .low = 0.0316726811233369,
     .close = 0.0318448528205841, .volume = 13.9434184},
    /* The beginning of the history is no error. */
    {JSON("data_api_error_404_before_first"), "historical", 404, COIN, .interval = QB_1H},
    {JSON("price_usd_eur_2022"), "price", .ask = PROVIDER_LATEST, COIN, .symbol = "USD-EUR"},
    {JSON("pricehistorical_eth"), "prices", .ask = PROVIDER_LATEST, COIN, .symbol = "ETH-USD"},
    {JSON("pricemulti_2017"), "prices", .ask = PROVIDER_LATEST, COIN, .symbol = "LTC-EUR"},
    {JSON("pricemulti_btc_dai_bnb_eth_2025"), "prices", .ask = PROVIDER_LATEST, COIN,
     .symbol = "BNB-ETH"},
    {JSON("pricemultifull_btc_usd_2017"), "full", .ask = PROVIDER_LATEST, COIN},
    {JSON("stats_rate_limit_2021"), "limits", .ask = PROVIDER_KEY, COIN},
    {JSON("error_200_no_market"), "histo", COIN, .class = HTTP_NOT_FOUND},
    {JSON("error_200_rate_limit"), "histo", COIN, .class = HTTP_RATE_LIMIT},
    {JSON("error_401_api_key_required"), "histo", 401, COIN, .class = HTTP_AUTH},
};

static void test_fixtures(void)
{
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(cases); i++)
        parse_check(&provider_cryptocompare, &cases[i]);
}

static void test_latest(void)
{
    static const struct {
        gsize at;
        double price;
        gint64 second;
    } prices[] = {
        {11, 0.932, 0}, {12, 1.13, 0}, {13, 42.61, 0}, {14, 0.2673, 0}, {15, 4563.88, 1504754372}};
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(prices); i++) {
        g_auto(provider_page) page;
        parse_page(&provider_cryptocompare, &cases[prices[i].at], &page);
        g_assert_cmpfloat(page.price, ==, prices[i].price);
        g_assert_cmpint(page.price_us, ==, prices[i].second * QB_SECOND_US);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/providers/cryptocompare/fixtures", test_fixtures);
    g_test_add_func("/providers/cryptocompare/latest", test_latest);
    return g_test_run();
}
