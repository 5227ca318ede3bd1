/* Files of dividends and splits: layouts as their makers write them, by hand. */
#include "csv/csv.h"

#include <string.h>

static gboolean read_text(const char *text, const char *symbol, csv_actions *out, GError **error)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
    const csv_actions_options options = {
        .calendar = qb_calendar_default(QB_EQUITY), .asset = QB_EQUITY, .symbol = symbol};
    gboolean good = csv_read_actions(bytes, "a.csv", &options, out, error);
    g_assert_true(good == (out->items != NULL));
    return good;
}

static void assert_action(const csv_actions *actions, guint i, const char *date, double dividend,
                          double split)
{
    char text[QB_TIME_TEXT];
    g_assert_cmpuint(i, <, actions->items->len);
    const csv_action *action = &g_array_index(actions->items, csv_action, i);
    g_assert_cmpstr(qb_date_to_text(action->date, text), ==, date);
    g_assert_cmpfloat(action->dividend, ==, dividend);
    g_assert_cmpfloat(action->split, ==, split);
}

static void refuses(const char *text, const char *message)
{
    csv_actions got = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(read_text(text, "AAPL", &got, &error));
    g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
    if (strstr(error->message, message) == NULL)
        g_error("got \"%s\", expected \"%s\"", error->message, message);
}

static void test_zipline(void)
{
    csv_actions got = {0};
    g_autoptr(GError) error = NULL;
    read_text("effective_date,symbol,ratio\n2014-06-09,AAPL,0.14285714285714285\n"
              "2005-02-28,AAPL,0.5\n2005-02-28,X,0.5\n",
              "AAPL", &got, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(got.items->len, ==, 2);
    assert_action(&got, 0, "2005-02-28", 0, 0.5);
    assert_action(&got, 1, "2014-06-09", 0, 0.14285714285714285);
    g_assert_cmpint(got.split_as, ==, CSV_SPLIT_UNKNOWN);
    g_assert_cmpstr(got.split_column, ==, "ratio");
    g_assert_cmpuint(got.other_symbols, ==, 1);
    g_assert_true(got.has_symbols);
    csv_actions_clear(&got);
    read_text("ex_date,symbol,amount\n2012-09-27,DELL,0.08\n", "DELL", &got, &error);
    g_assert_no_error(error);
    assert_action(&got, 0, "2012-09-27", 0.08, 0);
    g_assert_null(got.split_column);
    csv_actions_clear(&got);
}

/* Alpha Vantage and yfinance list all days, with 0 and 1 where nothing happened. */
static void test_all_days(void)
{
    csv_actions got = {0};
    g_autoptr(GError) error = NULL;
    read_text("Date,Dividends,Stock Splits\n2020-08-07 00:00:00-04:00,0.82,0.0\n"
              "2020-08-10 00:00:00-04:00,0.0,0.0\n2020-08-31 00:00:00-04:00,0.0,4.0\n",
              NULL, &got, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(got.rows, ==, 3);
    g_assert_cmpuint(got.items->len, ==, 2);
    assert_action(&got, 0, "2020-08-07", 0.82, 0);
    assert_action(&got, 1, "2020-08-31", 0, 4);
    g_assert_cmpint(got.split_as, ==, CSV_SPLIT_FACTOR);
    csv_actions_clear(&got);
    read_text("timestamp,dividend_amount,split_coefficient\n2020-08-10,0,1\n2020-08-07,,1.0\n",
              NULL, &got, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(got.items->len, ==, 0);
    csv_actions_clear(&got);
}

static void test_pairs(void)
{
    csv_actions got = {0};
    g_autoptr(GError) error = NULL;
    read_text("date,ratio\n20140609,7:1\n2009-07-01,1/20\n", NULL, &got, &error);
    g_assert_no_error(error);
    assert_action(&got, 0, "2009-07-01", 0, 0.05);
    assert_action(&got, 1, "2014-06-09", 0, 7);
    g_assert_true(g_array_index(got.items, csv_action, 1).is_factor);
    csv_actions_clear(&got);
}

static void test_one_date(void)
{
    csv_actions got = {0};
    g_autoptr(GError) error = NULL;
    read_text("date,dividend,split\n2012-12-10,0.25,\n2012-12-10,3,\n2012-12-10,,2\n", NULL, &got,
              &error);
    g_assert_no_error(error);
    g_assert_cmpuint(got.items->len, ==, 1);
    assert_action(&got, 0, "2012-12-10", 3.25, 2);
    g_assert_cmpuint(got.summed, ==, 1);
    csv_actions_clear(&got);
    refuses("date,dividend\n2012-12-10,1\n2012-12-10,0.5\n2012-12-10,1\n",
            "a.csv:4: the same dividend again of 2012-12-10, after line 2 (expected one)");
    refuses("date,split\n2012-12-10,2\n2012-12-10,3\n",
            "a.csv:3: a second split of 2012-12-10, after line 2 (expected one)");
}

static void test_refused(void)
{
    refuses("date,price\n2012-12-10,1\n", "a.csv: no column for dividends or splits (expected a");
    refuses("pay_date,amount\n2012-12-10,1\n", "a.csv: no column for the ex-date");
    refuses("date,amount\n2012-12-10,-1\n2012-13-10,x\n",
            "a.csv:2: dividend: \"-1\" is no dividend (expected cash per share, >= 0)\n"
            "a.csv:3: date: \"2012-13-10\" is not a date or time");
    refuses("date,split\n2012-12-10,1e6\n2012-12-11,two\n2012-12-12,-2\n2012-12-13,1:0\n",
            "a.csv:2: split: \"1e6\" is no split (expected 1e-5 to 1e5)\n"
            "a.csv:3: split: \"two\" is no split (expected for example 7, 0.142857 or 7:1)\n"
            "a.csv:4: split: \"-2\" is no split (expected 1e-5 to 1e5)\n"
            "a.csv:5: split: \"1:0\" is no split");
    refuses("date,split\n05/06/2012,2\n", "may be day/month or month/day");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/csv/actions/zipline", test_zipline);
    g_test_add_func("/csv/actions/all-days", test_all_days);
    g_test_add_func("/csv/actions/pairs", test_pairs);
    g_test_add_func("/csv/actions/one-date", test_one_date);
    g_test_add_func("/csv/actions/refused", test_refused);
    return g_test_run();
}
