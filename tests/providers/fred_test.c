/* FRED: its recorded answers, each to the right values or the right class. Expected values were
 * read from the files themselves. */
#include "parse.h"

#include <math.h>
#include <string.h>

extern const provider provider_fred;

#define JSON(file) "fred/" file ".json"
#define VALUES .ask = PROVIDER_VALUES, .asset = QB_MACRO, .interval = QB_1Q

static const parse_case cases[] = {
    {JSON("observations_gdp_2024-10-30"), "observations", VALUES, .refused = "4 empty"},
    {JSON("observations_gdp_all_vintages_head"), "observations", VALUES, .refused = "38 empty"},
    {JSON("observations_gdp_initial_release"), "observations", VALUES},
    {JSON("vintagedates_gdp"), "vintages", VALUES},
    {JSON("series_gdp"), "series", .ask = PROVIDER_SEARCH, .asset = QB_MACRO},
    {JSON("error_400_key_not_registered"), "observations", 400, VALUES, .class = HTTP_AUTH},
    {JSON("error_400_key_not_set"), "observations", 400, VALUES, .class = HTTP_AUTH},
    {JSON("error_400_series_does_not_exist"), "observations", 400, VALUES, .class = HTTP_NOT_FOUND},
    {JSON("error_400_too_many_vintages"), "observations", 400, VALUES, .class = HTTP_BAD_REQUEST},
    {JSON("error_404_not_found"), "observations", 404, VALUES, .class = HTTP_BAD_REQUEST},
    {JSON("error_429_rate_limit"), "observations", 429, VALUES, .class = HTTP_RATE_LIMIT},
};

static void test_fixtures(void)
{
    for (gsize i = 0; parse_has_fixtures() && i < G_N_ELEMENTS(cases); i++)
        parse_check(&provider_fred, &cases[i]);
}

static gint64 day(int year, int month, int day_of_month)
{
    return (gint64)qb_date_from_civil((qb_civil){year, month, day_of_month}) * QB_DAY_US;
}

static const provider_value *value_at(const provider_page *page, guint index)
{
    return &g_array_index(page->values, provider_value, index);
}

/* What was said on a day counts from that day's end, and until the next word's day ends. */
static void test_vintages(void)
{
    g_auto(provider_page) page = {0};
    if (!parse_has_fixtures())
        return;
    parse_page(&provider_fred, &cases[1], &page);
    g_assert_cmpint(page.values->len, ==, 160);
    const provider_value *first = value_at(&page, 0), *second = value_at(&page, 1);
    const provider_value *fourth = value_at(&page, 3), *last = value_at(&page, 159);
    g_assert_cmpint(first->ts_us, ==, day(1946, 1, 1));
    g_assert_cmpint(first->known_from_us, ==, day(1992, 12, 23));
    g_assert_cmpint(first->known_to_us, ==, day(1996, 1, 20));
    g_assert_cmpfloat(first->value, ==, 199.7);
    g_assert_cmpint(second->known_from_us, ==, first->known_to_us);
    g_assert_true(isnan(second->value)); /* withdrawn */
    g_assert_cmpint(fourth->known_to_us, ==, G_MAXINT64);
    g_assert_cmpfloat(last->value, ==, 308.51);
    g_assert_cmpint(last->known_from_us, ==, day(2017, 10, 28));
}

/* 4,500 vintages over two pages of dates: three windows of 2,000 at most. */
static void test_windows(void)
{
    provider_job job = {.provider = &provider_fred,
                        .ask = PROVIDER_VALUES,
                        .asset = QB_MACRO,
                        .symbol = "DGS10",
                        .vendor_symbol = "DGS10",
                        .interval = QB_1D,
                        .from_us = 0,
                        .to_us = day(2030, 1, 1),
                        .now_us = day(2030, 1, 1),
                        .key = "k"};
    provider_step step;
    g_autoptr(GError) error = NULL;
    provider_fred.start(&job, &step);
    for (int from = 0; from < 4500; from += 2500) {
        g_auto(provider_page) page;
        GString *text = g_string_new(NULL);
        const int to = MIN(from + 2500, 4500);
        provider_page_init(&page);
        g_string_append_printf(text,
                               "{\"count\":4500,\"offset\":%d,\"limit\":2500,"
                               "\"vintage_dates\":[",
                               from);
        for (int i = from; i < to; i++) {
            char date[QB_TIME_TEXT];
            g_string_append_printf(text, "%s\"%s\"", i > from ? "," : "",
                                   qb_date_to_text(12000 + i, date));
        }
        g_string_append(text, "]}");
        g_autoptr(GBytes) body = g_string_free_to_bytes(text);
        g_assert_true(provider_fred.kinds[step.kind].parse(&job, &step, body, &page, &error));
        g_assert_false(step.over);
    }
    /* Dates 12000, 14000 and 16000 of 1970: 2002-11-09, 2008-05-01, 2013-10-22. */
    static const char *const windows[][2] = {
        {"1776-07-04", "2008-04-30"}, {"2008-05-01", "2013-10-21"}, {"2013-10-22", "9999-12-31"}};
    static const char none[] = "{\"count\":0,\"offset\":0,\"limit\":1,\"observations\":[]}";
    g_autoptr(GBytes) empty = g_bytes_new_static(none, sizeof none - 1);
    for (gsize i = 0; i < G_N_ELEMENTS(windows); i++) {
        g_auto(provider_page) page;
        provider_request request = {0};
        provider_page_init(&page);
        g_assert_false(step.over);
        provider_fred.kinds[step.kind].request(&job, &step, &request);
        g_assert_cmpstr(request.path, ==, "/series/observations");
        g_assert_cmpstr(request.query[1].value, ==, windows[i][0]);
        g_assert_cmpstr(request.query[2].value, ==, windows[i][1]);
        provider_request_clear(&request);
        g_assert_true(provider_fred.kinds[step.kind].parse(&job, &step, empty, &page, &error));
    }
    g_assert_true(step.over);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/providers/fred/fixtures", test_fixtures);
    g_test_add_func("/providers/fred/vintages", test_vintages);
    g_test_add_func("/providers/fred/windows", test_windows);
    return g_test_run();
}
