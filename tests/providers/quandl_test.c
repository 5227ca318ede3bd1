/* Quandl: its recorded answers, each to the right bars or values, or the right class. Expected
 * values were read from the files themselves. */
#include "parse.h"

#include <math.h>

extern const provider provider_quandl;

#define JSON(file) "quandl/" file ".json"
#define CSV(file) "quandl/" file ".csv", .type = "text/csv"

static const parse_case cases[] = {
    {JSON("datatable_wiki_prices_aapl_2017-11-22"), "table", .interval = QB_1D, .bars = 1,
     .first = "2017-11-22", .last = "2017-11-22", .open = 173.36, .high = 175, .low = 173.05,
     .close = 174.96, .volume = 24997274},
    {CSV("datatable_wiki_prices_aapl_zen_2014"), .kind = "table", .interval = QB_1D, .bars = 252,
     .first = "2014-01-02", .last = "2014-12-31", .open = 112.82, .high = 113.13, .low = 110.21,
     .close = 110.38, .volume = 41403351, .refused = "160 of another symbol"},
    {CSV("datatable_wiki_prices_aapl_zen_2014"), .kind = "table", .symbol = "ZEN",
     .interval = QB_1D, .bars = 160, .first = "2014-05-15", .last = "2014-12-31", .open = 24.5,
     .high = 24.6499, .low = 24.2556, .close = 24.37, .volume = 245891,
     .refused = "252 of another symbol"},
    {CSV("dataset_bitstamp_usd_no_rows"), .kind = "dataset", .interval = QB_1D},
    {CSV("dataset_bucharest_indices_rdiff_column4"), .kind = "dataset", .interval = QB_1D,
     .refused = "28 empty"},
    {CSV("dataset_ice_rgm2014_quarterly_cumul"), .kind = "dataset", .interval = QB_1D},
    {CSV("dataset_worldal_palcap_normalize"), .kind = "dataset", .interval = QB_1D},
    {JSON("dataset_data_lbma_gold_asc_head"), "dataset", .interval = QB_1D},
    {JSON("dataset_wiki_fb_monthly_diff_2014"), "dataset", .interval = QB_1D},
    {CSV("datatable_export_status"), .kind = "export", .interval = QB_1D},
    {JSON("error_400_unknown_key"), "table", 400, .class = HTTP_AUTH},
    {JSON("error_403_subscription_needed"), "table", 403, .class = HTTP_PLAN},
    {JSON("error_422_column_not_filterable"), "table", 422, .class = HTTP_BAD_REQUEST},
    {JSON("error_422_missing_operator_value"), "table", 422, .class = HTTP_BAD_REQUEST},
    {JSON("error_429_ten_minute_limit"), "table", 429, .class = HTTP_RATE_LIMIT},
    {JSON("error_500_server"), "table", 500, .class = HTTP_SERVER},
};

static void test_fixtures(void)
{
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(cases); i++)
        parse_check(&provider_quandl, &cases[i]);
}

static gint64 day(int year, int month, int day_of_month)
{
    return (gint64)qb_date_from_civil((qb_civil){year, month, day_of_month}) * QB_DAY_US;
}

/* Datasets without bars are values of their first column. */
static void test_values(void)
{
    static const struct {
        gsize at;
        guint count;
        double first, last;
    } files[] = {
        {4, 353, -1, NAN},
        {5, 5, 1773.4, 0},
        {6, 4, 104.70527404343, 100},
        {7, 30, 35.18, 37},
        {8, 11, 0.31999999999999, 5.89},
    };
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(files); i++) {
        g_auto(provider_page) page;
        parse_page(&provider_quandl, &cases[files[i].at], &page);
        g_assert_cmpint(page.values->len, ==, files[i].count);
        const provider_value *values = (const provider_value *)(const void *)page.values->data;
        g_assert_cmpfloat(values[0].value, ==, files[i].first);
        if (!isnan(files[i].last))
            g_assert_cmpfloat(values[files[i].count - 1].value, ==, files[i].last);
    }
}

/* Apple's 7:1 split and the year's four dividends (3.05, 3.29, 0.47, 0.47). */
static void test_actions(void)
{
    g_auto(provider_page) page = {0};
    double dividends = 0;
    gsize splits = 0;
    if (!parse_has_fixtures())
        return;
    parse_page(&provider_quandl, &cases[1], &page);
    for (gsize i = 0; i < page.bars.count; i++) {
        dividends += page.bars.dividend[i];
        if (page.bars.split_factor[i] == 1)
            continue;
        splits++;
        g_assert_cmpfloat(page.bars.split_factor[i], ==, 7);
        g_assert_cmpint(page.bars.ts_us[i], ==, day(2014, 6, 9));
    }
    g_assert_cmpint(splits, ==, 1);
    g_assert_cmpfloat_with_epsilon(dividends, 3.05 + 3.29 + 0.47 + 0.47, 1e-9);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/providers/quandl/fixtures", test_fixtures);
    g_test_add_func("/providers/quandl/values", test_values);
    g_test_add_func("/providers/quandl/actions", test_actions);
    return g_test_run();
}
