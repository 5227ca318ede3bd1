#include "reports/axis-private.h"
#include "reports/reports.h"

#include <fontconfig/fontconfig.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

/* ---- axes ---------------------------------------------------------------------------------- */

static void check_ticks(const axis_tick *ticks, int count, double low, double high)
{
    g_assert_cmpint(count, >, 0);
    g_assert_cmpint(count, <=, AXIS_TICKS_LIMIT);
    for (int i = 0; i < count; i++) {
        g_assert_cmpfloat(ticks[i].at, >=, low - 1e-9 * fabs(low));
        g_assert_cmpfloat(ticks[i].at, <=, high + 1e-9 * fabs(high));
        if (i > 0) {
            g_assert_cmpfloat(ticks[i].at, >, ticks[i - 1].at);
            g_assert_cmpstr(ticks[i].label, !=, ticks[i - 1].label);
        }
    }
}

static void test_value_ticks(void)
{
    static const struct {
        double low, high;
        int wanted;
        const char *first, *last; /* by hand: round values inside the range */
    } cases[] = {
        {0, 10, 5, "0", "10"},
        {86000, 295000, 6, "100 k", "250 k"},
        {-22.4, 0, 3, "-20", "0"},
        {0.00011, 0.00049, 4, "0.0002", "0.0004"},
        {1.0e6, 1.4e6, 4, "1.0 M", "1.4 M"},
        {99.95, 100.05, 5, "99.96", "100.04"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        axis_tick ticks[AXIS_TICKS_LIMIT];
        const int count = axis_value_ticks(cases[i].low, cases[i].high, cases[i].wanted, ticks);
        check_ticks(ticks, count, cases[i].low, cases[i].high);
        g_assert_cmpstr(ticks[0].label, ==, cases[i].first);
        g_assert_cmpstr(ticks[count - 1].label, ==, cases[i].last);
    }
}

static void test_value_ticks_anywhere(void)
{
    qb_random random = {1};
    for (int i = 0; i < 20000; i++) {
        axis_tick ticks[AXIS_TICKS_LIMIT];
        const double low = (qb_random_unit(&random) - 0.5) * pow(10, (int)(i % 15) - 4);
        const double high = low + fabs(low) * (1e-3 + qb_random_unit(&random) * 10);
        check_ticks(ticks, axis_value_ticks(low, high, 2 + i % 9, ticks), low, high);
        if (low > 0)
            check_ticks(ticks, axis_log_ticks(low, high, 2 + i % 9, ticks), low, high);
    }
}

static gint64 at(const char *text)
{
    int64_t us = 0;
    g_assert_cmpint(qb_time_from_text(text, strlen(text), &us), ==, QB_OK);
    return us;
}

static void test_time_ticks(void)
{
    static const struct {
        const char *first, *last;
        int wanted;
        const char *label; /* of the first tick, by hand */
    } cases[] = {
        {"2013-05-13", "2018-05-11", 14, "Jul"},   /* half years */
        {"1990-01-02", "2022-03-10", 12, "1995"},  /* five years */
        {"2024-01-01", "2024-03-01", 12, "1 Jan"}, /* weeks: a Monday */
        {"2024-01-02T09:30:00Z", "2024-01-02T16:00:00Z", 8, "10:00"},
        {"2023-12-30", "2024-01-04", 8, "30 Dec"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        axis_tick ticks[AXIS_TICKS_LIMIT];
        const gint64 first = at(cases[i].first), last = at(cases[i].last);
        const int count = axis_time_ticks(first, last, cases[i].wanted, ticks);
        check_ticks(ticks, count, (double)first, (double)last);
        g_assert_cmpint(count, <=, cases[i].wanted + 1);
        g_assert_cmpstr(ticks[0].label, ==, cases[i].label);
    }
}

/* ---- pictures ------------------------------------------------------------------------------ */

static guint32 big_endian(const guint8 *bytes)
{
    guint32 value;
    memcpy(&value, bytes, sizeof value);
    return GUINT32_FROM_BE(value);
}

static GBytes *draw(gsize count, int width, int height, double last)
{
    g_autofree int64_t *ts_us = g_new(int64_t, count);
    g_autofree double *value = g_new(double, count);
    qb_random random = {7};
    for (gsize i = 0; i < count; i++) {
        ts_us[i] = at("2020-01-01") + (int64_t)i * QB_HOUR_US;
        value[i] = 100000 * exp(0.0001 * (double)i) * (0.9 + 0.2 * qb_random_unit(&random));
    }
    if (count > 0)
        value[count - 1] = last;
    const char *const facts[] = {"Sharpe", "0.98", "Max drawdown", "12.3 %", NULL};
    const chart chart = {.title = "A title",
                         .subtitle = "and more",
                         .footer = "Simulated.",
                         .equity = {"one", {ts_us, value, count}},
                         .benchmark = {"two", {ts_us, value, count / 2}},
                         .facts = facts,
                         .width = width,
                         .height = height};
    GError *error = NULL;
    GBytes *png = chart_png(&chart, &error);
    if (png == NULL)
        g_assert_true(
            g_error_matches(error, FAILURE, count < 2 ? FAILURE_BAD_DATA : FAILURE_USAGE));
    g_clear_error(&error);
    return png;
}

static void test_png(void)
{
    static const int sizes[][2] = {{0, 0}, {480, 320}, {2400, 1350}};
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GBytes) png = draw(1000, sizes[i][0], sizes[i][1], 150000);
        gsize size;
        const guint8 *bytes = g_bytes_get_data(png, &size);
        /* Signature and IHDR: PNG specification, 5.2 and 11.2.2. */
        g_assert_cmpint(memcmp(bytes, "\x89PNG\r\n\x1a\n", 8), ==, 0);
        g_assert_cmpuint(big_endian(bytes + 16), ==, (guint)(sizes[i][0] ? sizes[i][0] : 1200));
        g_assert_cmpuint(big_endian(bytes + 20), ==, (guint)(sizes[i][1] ? sizes[i][1] : 675));
        g_autoptr(GBytes) again = draw(1000, sizes[i][0], sizes[i][1], 150000);
        g_assert_true(g_bytes_equal(png, again));
    }
}

/* One last spike in a million points is still in the picture. */
static void test_no_spike_is_lost(void)
{
    g_autoptr(GBytes) plain = draw(30000, 0, 0, 300000);
    g_autoptr(GBytes) spike = draw(30000, 0, 0, 900000);
    g_assert_false(g_bytes_equal(plain, spike));
}

static void test_refusals(void)
{
    g_assert_null(draw(0, 0, 0, 0));
    g_assert_null(draw(1, 0, 0, 1));
    g_assert_null(draw(10, 100, 100, 1));
    g_assert_null(draw(10, 100000, 100, 1));
}

/* A ruined account and a flat one are pictures too. */
static void test_odd_curves(void)
{
    const int64_t ts_us[] = {0, QB_DAY_US, 2 * QB_DAY_US};
    const double flat[] = {1, 1, 1}, ruined[] = {1000, 10, -5}, zero[] = {0, 0, 0};
    const double *const values[] = {flat, ruined, zero};
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        const chart chart = {.title = "odd", .equity = {"odd", {ts_us, values[i], 3}}};
        GError *error = NULL;
        g_autoptr(GBytes) png = chart_png(&chart, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(g_bytes_get_size(png), >, 1000);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reports/axis/values", test_value_ticks);
    g_test_add_func("/reports/axis/values-anywhere", test_value_ticks_anywhere);
    g_test_add_func("/reports/axis/times", test_time_ticks);
    g_test_add_func("/reports/chart/png", test_png);
    g_test_add_func("/reports/chart/no-spike-is-lost", test_no_spike_is_lost);
    g_test_add_func("/reports/chart/refusals", test_refusals);
    g_test_add_func("/reports/chart/odd-curves", test_odd_curves);
    const int result = g_test_run();
    pango_cairo_font_map_set_default(NULL);
    FcFini(); /* what fontconfig keeps is no leak of ours */
    return result;
}
