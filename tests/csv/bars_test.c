/* Files of bars: forms, columns, what is refused and how it is said. Texts are made by hand after
 * the layouts that the vendors named beside them write. */
#include "csv/csv.h"

#include <math.h>
#include <string.h>

typedef struct result {
    gboolean good;
    qb_series series;
    csv_bars_report report;
    GError *error;
} result;

static result read_text(const char *text, csv_bars_options options)
{
    g_autoptr(GBytes) bytes = g_bytes_new_static(text, strlen(text));
    if (options.calendar == NULL)
        options.calendar = qb_calendar_default(options.asset);
    result got = {0};
    got.good = csv_read_bars(bytes, "f.csv", &options, &got.series, &got.report, &got.error);
    if (!got.good)
        g_assert_true(got.series.count == 0 && got.report.notes == NULL && got.error != NULL);
    return got;
}

static void clear(result *got)
{
    qb_series_clear(&got->series);
    csv_bars_report_clear(&got->report);
    g_clear_error(&got->error);
}

static const csv_bars_options daily = {.asset = QB_EQUITY, .interval = QB_1D};
static const csv_bars_options coin_hour = {.asset = QB_CRYPTO, .interval = QB_1H};

static void assert_stamps(const char *text, csv_bars_options options, const char *const *want)
{
    result got = read_text(text, options);
    g_assert_no_error(got.error);
    gsize i = 0;
    for (; want[i] != NULL; i++) {
        char stamp[QB_TIME_TEXT];
        g_assert_cmpuint(i, <, got.series.count);
        g_assert_cmpstr(qb_time_to_text(got.series.ts_us[i], stamp), ==, want[i]);
    }
    g_assert_cmpuint(got.series.count, ==, i);
    g_assert_cmpuint(got.report.kept, ==, i);
    clear(&got);
}
#define STAMPS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void refuses(const char *text, csv_bars_options options, int code, const char *message)
{
    result got = read_text(text, options);
    g_assert_error(got.error, FAILURE, code);
    if (strstr(got.error->message, message) == NULL)
        g_error("got \"%s\", expected \"%s\"", got.error->message, message);
    clear(&got);
}

static gboolean has_note(const result *got, const char *text)
{
    for (guint i = 0; i < got->report.notes->len; i++)
        if (strstr(g_ptr_array_index(got->report.notes, i), text) != NULL)
            return TRUE;
    for (guint i = 0; i < got->report.notes->len; i++)
        g_test_message("note: %s", (char *)g_ptr_array_index(got->report.notes, i));
    return FALSE;
}

/* ---- vendors' forms ------------------------------------------------------------------------- */

static void test_yahoo(void)
{
    /* Column names and digits as in the sample that the repository ships. */
    result got =
        read_text("Date,Open,High,Low,Close,Adj Close,Volume\n"
                  "2013-05-13,64.501427,65.414284,64.500000,64.962860,50.961628,79237200\n"
                  "2013-05-14,64.835716,65.028572,63.164288,63.408573,49.742329,111779500\n",
                  daily);
    g_assert_no_error(got.error);
    g_assert_cmpuint(got.series.count, ==, 2);
    g_assert_cmpfloat(got.series.open[0], ==, 64.501427);
    g_assert_cmpfloat(got.series.high[0], ==, 65.414284);
    g_assert_cmpfloat(got.series.low[0], ==, 64.5);
    g_assert_cmpfloat(got.series.close[0], ==, 64.96286);
    g_assert_cmpfloat(got.series.volume[1], ==, 111779500);
    g_assert_null(got.series.dividend);
    g_assert_null(got.series.flags);
    g_assert_cmpint(got.series.ts_us[0], ==, G_GINT64_CONSTANT(1368403200000000));
    g_assert_cmpstr(got.report.adjusted_close, ==, "Adj Close");
    g_assert_cmpstr(got.report.columns, ==,
                    "ts=Date open=Open high=High low=Low close=Close volume=Volume");
    g_assert_cmpuint(got.report.notes->len, ==, 0);
    clear(&got);
}

static void test_yfinance(void)
{
    const char *text = "Price,Close,High,Low,Open,Volume\n"
                       "Ticker,AAPL,AAPL,AAPL,AAPL,AAPL\n"
                       "Date,,,,,\n"
                       "2020-01-02,75.0,76.0,74.0,75.5,100\n"
                       "2020-01-03,74.0,75.0,73.0,74.5,100\n";
    csv_bars_options options = daily;
    assert_stamps(text, options, STAMPS("2020-01-02T00:00:00Z", "2020-01-03T00:00:00Z"));
    options.symbol = "AAPL";
    assert_stamps(text, options, STAMPS("2020-01-02T00:00:00Z", "2020-01-03T00:00:00Z"));
    options.symbol = "MSFT";
    refuses(text, options, FAILURE_BAD_DATA, "f.csv:2: the ticker is \"AAPL\" (expected MSFT)");
    refuses("Price,Close,High,Low,Open\nTicker\nDate,,,,\n2020-01-02,2,3,1,2\n", daily,
            FAILURE_BAD_DATA, "no column of dates");
    refuses("Price,Close,High,Low,Open\nTicker,A,B,A,A\nDate,,,,\n2020-01-02,2,3,1,2\n", daily,
            FAILURE_BAD_DATA, "several tickers side by side");
    refuses("Price,Close,Close,High\nTicker,A,B,A\nDate,,,\n2020-01-02,1,2,3\n", daily,
            FAILURE_BAD_DATA, "columns 2 and 3 are both called \"Close\"");
    /* Ticker.history().to_csv() */
    assert_stamps("Date,Open,High,Low,Close,Volume,Dividends,Stock Splits\n"
                  "2020-08-28 00:00:00-04:00,1,2,1,2,5,0.0,0.0\n"
                  "2020-08-31 00:00:00-04:00,1,2,1,2,5,0.0,4.0\n",
                  daily, STAMPS("2020-08-28T00:00:00Z", "2020-08-31T00:00:00Z"));
}

static void test_stooq(void)
{
    /* The columns of Stooq's bulk files. */
    const char *text = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
                       "AAPL.US,5,20210527,153000,126.44,126.50,126.20,126.40,1000,0\n"
                       "AAPL.US,5,20210527,153500,126.40,126.60,126.30,126.50,1000,0\n";
    csv_bars_options options = {
        .asset = QB_EQUITY, .interval = QB_5M, .symbol = "AAPL", .zone = "Europe/Warsaw"};
    assert_stamps(text, options, STAMPS("2021-05-27T13:30:00Z", "2021-05-27T13:35:00Z"));
    assert_stamps("<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
                  "AAPL.US,D,20210527,000000,126.44,127.64,125.08,125.28,94625600,0\n",
                  daily, STAMPS("2021-05-27T00:00:00Z"));
    assert_stamps("Date,Open,High,Low,Close,Volume\n2021-05-27,126.44,127.64,125.08,125.28,9\n",
                  daily, STAMPS("2021-05-27T00:00:00Z"));
}

static void test_cryptodatadownload(void)
{
    const char *text = "https://www.CryptoDataDownload.com\n"
                       "Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount\n"
                       "1622077200000,2021-05-27 01-AM,BTC/USDT,2,3,1,2,0.5,1.0,7\n"
                       "1622073600000,2021-05-27 12-AM,BTC/USDT,2,3,1,2,0.25,1.0,NULL\n";
    csv_bars_options options = coin_hour;
    options.symbol = "BTC-USDT";
    result got = read_text(text, options);
    g_assert_no_error(got.error);
    g_assert_cmpuint(got.series.count, ==, 2);
    g_assert_cmpfloat(got.series.volume[0], ==, 0.25);
    g_assert_cmpint(got.series.ts_us[0], ==, G_GINT64_CONSTANT(1622073600000000));
    g_assert_true(got.report.newest_first);
    g_assert_cmpuint(got.report.moved, ==, 0);
    g_assert_true(has_note(&got, "the newest row came first: turned round"));
    clear(&got);

    options.map = "ts=Date";
    assert_stamps(text, options, STAMPS("2021-05-27T00:00:00Z", "2021-05-27T01:00:00Z"));
    /* The quote coin's volume alone is no volume of the base. */
    options.map = NULL;
    got = read_text("date,open,high,low,close,Volume USDT\n2021-05-27 12-AM,2,3,1,2,9\n", options);
    g_assert_no_error(got.error);
    g_assert_null(got.series.volume);
    g_assert_true(has_note(&got, "volume: \"Volume USDT\" is not known to count the base"));
    clear(&got);
}

static void test_other_vendors(void)
{
    /* Nasdaq */
    result got = read_text("Date,Close/Last,Volume,Open,High,Low\n"
                           "05/27/2021,$125.28,94625600,$126.44,$127.64,$125.08\n",
                           daily);
    g_assert_no_error(got.error);
    g_assert_cmpfloat(got.series.close[0], ==, 125.28);
    clear(&got);
    /* Tiingo: raw prices with the actions of the day. */
    got = read_text("date,close,high,low,open,volume,adjClose,adjHigh,adjLow,adjOpen,adjVolume,"
                    "divCash,splitFactor\n"
                    "2020-08-28,499,505,498,504,1,124,126,124,126,1,0.0,1.0\n"
                    "2020-08-31,129,131,126,127,1,129,131,126,127,1,0.205,4.0\n",
                    daily);
    g_assert_no_error(got.error);
    g_assert_cmpfloat(got.series.split_factor[1], ==, 4);
    g_assert_cmpfloat(got.series.dividend[1], ==, 0.205);
    g_assert_cmpfloat(got.series.dividend[0], ==, 0);
    g_assert_cmpstr(got.report.adjusted_close, ==, "adjClose");
    clear(&got);
    /* MetaTrader 5: tabs, brackets, dots in dates. */
    assert_stamps("<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
                  "2021.05.27\t11:00:00\t1\t2\t1\t2\t10\t0\t1\n",
                  (csv_bars_options){.asset = QB_FX, .interval = QB_1H},
                  STAMPS("2021-05-27T11:00:00Z"));
    /* Binance's monthly archives: no header, twelve columns. */
    csv_bars_options binance = coin_hour;
    binance.map = "ts=1,open=2,high=3,low=4,close=5,volume=6";
    assert_stamps("1622073600000,2,3,1,2,9,1622077199999,1,1,1,1,0\n", binance,
                  STAMPS("2021-05-27T00:00:00Z"));
    /* pandas: an index without a name. */
    assert_stamps(",open,high,low,close\n2021-05-27 00:00:00+00:00,2,3,1,2\n", coin_hour,
                  STAMPS("2021-05-27T00:00:00Z"));
}

static void test_german_numbers(void)
{
    result got = read_text("Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke\n"
                           "27.05.2021;1,5;2,5;1,25;2;1000\n",
                           (csv_bars_options){
                               .asset = QB_EQUITY,
                               .interval = QB_1D,
                               .map = "ts=Datum,open=Erster,high=Hoch,low=Tief,close=Schlusskurs,"
                                      "volume=Stuecke",
                           });
    g_assert_no_error(got.error);
    g_assert_cmpfloat(got.series.open[0], ==, 1.5);
    g_assert_cmpfloat(got.series.low[0], ==, 1.25);
    clear(&got);
    refuses("date;open;high;low;close\n2021-05-27;1,5;2,5;1,5;2\n2021-05-28;1.5;2.5;1.5;2\n", daily,
            FAILURE_BAD_DATA, "a decimal comma (line 2) and with a decimal point (line 3)");
    refuses("date;open;high;low;close\n2021-05-27;1.234,5;2;1;2\n", daily, FAILURE_BAD_DATA,
            "f.csv:2: open: \"1.234,5\" is not a number (expected for example 1234.5 or 1234,5)");
    got = read_text("date,open,high,low,close,volume\n2021-05-27,\"1,234.5\",\"2,000\",1,2,"
                    "\"12,345,678\"\n",
                    daily);
    g_assert_no_error(got.error);
    g_assert_cmpfloat(got.series.open[0], ==, 1234.5);
    g_assert_cmpfloat(got.series.volume[0], ==, 12345678);
    clear(&got);
    refuses("date,open,high,low,close\n2021-05-27,1,5,2,5,1,5,2\n", daily, FAILURE_BAD_DATA,
            "f.csv:2: the row has 8 fields (expected 5; numbers with a comma inside need quotes");
    refuses("date,open,high,low,close\n2021-05-27,\"1,5\",2,1,2\n", daily, FAILURE_BAD_DATA,
            "\"1,5\" is not a number (expected for example 1234.5 or \"1,234.5\"; decimal commas");
}

/* ---- stamps --------------------------------------------------------------------------------- */

static void test_daily_stamps(void)
{
    /* semantics.md: a bare date or 00:00 UTC is the session date, any other stamp its date in the
     * exchange's zone: 2021-05-27 20:00 -04:00 is 00:00 UTC of the 28th. */
    assert_stamps("date,open,high,low,close\n"
                  "2021-05-24,2,3,1,2\n"
                  "2021-05-25 00:00,2,3,1,2\n"
                  "2021-05-26T13:30:00Z,2,3,1,2\n"
                  "2021-05-27 00:00:00-04:00,2,3,1,2\n"
                  "2021-05-27 20:00:00-04:00,2,3,1,2\n",
                  daily,
                  STAMPS("2021-05-24T00:00:00Z", "2021-05-25T00:00:00Z", "2021-05-26T00:00:00Z",
                         "2021-05-27T00:00:00Z", "2021-05-28T00:00:00Z"));
    /* A naive clock is the exchange's own; a bare date stays itself in any zone. */
    assert_stamps("date,open,high,low,close\n2021-05-24 16:00,2,3,1,2\n2021-05-25 23:30,2,3,1,2\n",
                  daily, STAMPS("2021-05-24T00:00:00Z", "2021-05-25T00:00:00Z"));
    csv_bars_options berlin = daily;
    berlin.zone = "Europe/Berlin";
    assert_stamps("date,open,high,low,close\n2021-05-24,2,3,1,2\n2021-05-26 01:00,2,3,1,2\n",
                  berlin, STAMPS("2021-05-24T00:00:00Z", "2021-05-25T00:00:00Z"));
    refuses("ts,open,high,low,close\n2021-05-24T13:30:00Z,2,3,1,2\n2021-05-24T14:30:00Z,2,3,1,2\n",
            daily, FAILURE_BAD_DATA,
            "f.csv:3: ts: \"2021-05-24T14:30:00Z\" is a second bar of the session 2021-05-24, "
            "beside line 2 (expected one; is --interval right?)");
    refuses("ts,open,high,low,close\n2021-05-24T13:30:00Z,2,3,1,2\n",
            (csv_bars_options){.asset = QB_CRYPTO, .interval = QB_1D}, FAILURE_BAD_DATA,
            "is off the grid of 1d bars (expected 00:00 UTC");
}

static void test_weekly_stamps(void)
{
    csv_bars_options weekly = {.asset = QB_INDEX, .interval = QB_1W};
    result got = read_text("date,open,high,low,close\n2006-01-06,2,3,1,2\n2006-01-13,2,3,1,2\n",
                           weekly);
    g_assert_no_error(got.error);
    g_assert_cmpint(got.series.ts_us[0], ==, 13150 * QB_DAY_US); /* 2006-01-02, a Monday */
    g_assert_true(has_note(&got, "2 weekly stamps moved to the Monday"));
    clear(&got);
    refuses("date,open,high,low,close\n2006-01-07,2,3,1,2\n", weekly, FAILURE_BAD_DATA,
            "is off the grid of 1w bars (expected a Monday");
    refuses("date,open,high,low,close\n2006-01-05,2,3,1,2\n2006-01-06,2,3,1,2\n", weekly,
            FAILURE_BAD_DATA, "is a second bar of the week of 2006-01-02, beside line 2");
    weekly.asset = QB_CRYPTO;
    refuses("date,open,high,low,close\n2006-01-06,2,3,1,2\n", weekly, FAILURE_BAD_DATA,
            "off the grid of 1w bars");
}

static void test_date_order(void)
{
    csv_bars_options options = daily;
    const char *dmy = "date,open,high,low,close\n03/05/2021,2,3,1,2\n27/05/2021,2,3,1,2\n";
    const char *open = "date,open,high,low,close\n03/05/2021,2,3,1,2\n04/05/2021,2,3,1,2\n";
    assert_stamps(dmy, options, STAMPS("2021-05-03T00:00:00Z", "2021-05-27T00:00:00Z"));
    assert_stamps("date,open,high,low,close\n03/05/2021,2,3,1,2\n03/15/2021,2,3,1,2\n", options,
                  STAMPS("2021-03-05T00:00:00Z", "2021-03-15T00:00:00Z"));
    refuses(open, options, FAILURE_BAD_DATA,
            "f.csv:2: date: \"03/05/2021\" may be day/month or month/day, as all dates of the file "
            "(expected --date-order dmy or mdy)");
    refuses(
        "date,open,high,low,close\n03/05/2021,2,3,1,2\n27/05/2021,2,3,1,2\n05/28/2021,2,3,1,2\n",
        options, FAILURE_BAD_DATA, "line 3 has the day first, line 4 the month");
    options.date_order = "DMY";
    assert_stamps(open, options, STAMPS("2021-05-03T00:00:00Z", "2021-05-04T00:00:00Z"));
    options.date_order = "mdy";
    refuses(dmy, options, FAILURE_BAD_DATA, "f.csv:3: date: \"27/05/2021\" is not a date");
    options.date_order = "dym";
    refuses(dmy, options, FAILURE_USAGE,
            "--date-order: \"dym\" is unknown (expected ymd, dmy or mdy");
}

static void test_zones(void)
{
    csv_bars_options options = {.asset = QB_EQUITY, .interval = QB_1M};
    const char *text =
        "ts,open,high,low,close\n2021-05-27 09:30,2,3,1,2\n2021-05-27 09:31,2,3,1,2\n"
        "2021-05-27 15:59,2,3,1,2\n";
    refuses(text, options, FAILURE_BAD_DATA,
            "f.csv: 2 of 3 bars lie outside the session of XNYS when their stamps, which have no "
            "zone, are read as UTC (expected --tz, for example --tz America/New_York");
    options.zone = "America/New_York";
    assert_stamps(text, options,
                  STAMPS("2021-05-27T13:30:00Z", "2021-05-27T13:31:00Z", "2021-05-27T19:59:00Z"));
    options.zone = "UTC";
    assert_stamps(text, options, STAMPS("2021-05-27T15:59:00Z"));

    csv_bars_options coin = coin_hour;
    coin.zone = "America/New_York";
    refuses("ts,open,high,low,close\n2021-03-14 01:00,2,3,1,2\n2021-03-14 02:00,2,3,1,2\n", coin,
            FAILURE_BAD_DATA, "f.csv:3: ts: \"2021-03-14 02:00\" does not exist in this zone");
    refuses("ts,open,high,low,close\n2021-11-07 00:00,2,3,1,2\n2021-11-07 01:00,2,3,1,2\n", coin,
            FAILURE_BAD_DATA, "f.csv:3: ts: \"2021-11-07 01:00\" happens twice in this zone");
    coin.zone = "America/Atlantis";
    refuses(text, coin, FAILURE_USAGE, "--tz: \"America/Atlantis\" is not a known time zone");
}

/* ---- columns -------------------------------------------------------------------------------- */

static void test_maps(void)
{
    csv_bars_options options = daily;
    const char *text = "day,first,top,bottom,end,n\n2021-05-27,2,3,1,2,5\n";
    refuses(text, options, FAILURE_BAD_DATA,
            "f.csv:1: no column for ts, open, high, low, close in the header "
            "\"day,first,top,bottom,end,n\" (expected such names, or --map ts=COLUMN");
    options.map = "ts=day,open=first,high=3,low=bottom,close=End";
    assert_stamps(text, options, STAMPS("2021-05-27T00:00:00Z"));
    static const struct {
        const char *map, *message;
    } bad[] = {
        {"ts", "--map: \"ts\" is not KEY=COLUMN"},
        {"tz=day", "--map: \"tz=day\" has an unknown key"},
        {"ts=day,ts=1", "--map: ts is given twice"},
        {"ts=nope", "--map: \"ts=nope\" names no column of f.csv (its header is \"day,first"},
        {"ts=7", "or a number from 1 to 6)"},
        {"ts=0", "--map: \"ts=0\" names no column"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        options.map = bad[i].map;
        refuses(text, options, FAILURE_USAGE, bad[i].message);
    }
    /* Order open-close-high-low without a header, as Bitfinex sends it. */
    csv_bars_options coin = coin_hour;
    const char *headless = "1622073600000,2,3,4,1,9\n";
    refuses(headless, coin, FAILURE_BAD_DATA,
            "f.csv:1: there is no header: the first row is \"1622073600000,2,3,4,1,9\" (expected "
            "names, or --map with numbers for ts, open, high, low, close");
    coin.map = "ts=1,open=2,close=3,high=4,low=5,volume=6";
    result got = read_text(headless, coin);
    g_assert_no_error(got.error);
    g_assert_cmpfloat(got.series.close[0], ==, 3);
    g_assert_cmpfloat(got.series.high[0], ==, 4);
    clear(&got);
    coin.map = "ts=unix";
    refuses(headless, coin, FAILURE_USAGE, "which has no header (its first row is");
}

static void test_samples(void)
{
    csv_bars_options options = daily;
    const char *text = "date,close,volume\n2021-05-26,2,5\n2021-05-27,3,5\n";
    refuses(text, options, FAILURE_BAD_DATA, "no column for open, high, low in the header");
    options.map = "open=close,high=close,low=close";
    result got = read_text(text, options);
    g_assert_no_error(got.error);
    g_assert_cmpint(got.series.flags[1], ==, QB_BAR_SAMPLED);
    g_assert_cmpfloat(got.series.low[1], ==, 3);
    g_assert_null(got.series.volume); /* semantics.md: volume of samples is unknown */
    clear(&got);
}

static void test_quotes(void)
{
    csv_bars_options options = {
        .asset = QB_FX,
        .interval = QB_1D,
        .map =
            "open=bid_open,high=bid_high,low=bid_low,close=bid_close,bid=bid_close,ask=ask_close",
    };
    result got = read_text("date,bid_open,bid_high,bid_low,bid_close,ask_close\n"
                           "2007-04-03,1.3,1.4,1.2,1.35,1.36\n2007-04-02,1.3,1.4,1.2,1.34,\n",
                           options);
    g_assert_no_error(got.error);
    g_assert_cmpfloat(got.series.bid[0], ==, 1.34);
    g_assert_true(isnan(got.series.ask[0]));
    g_assert_cmpfloat(got.series.ask[1], ==, 1.36);
    clear(&got);
    refuses("date,bid_open,bid_high,bid_low,bid_close,ask_close\n2007-04-03,1.3,1.4,1.2,1.35,0\n",
            options, FAILURE_BAD_DATA,
            "ask_close: \"0\" is not positive (expected a price > 0, or");
}

static void test_flags(void)
{
    const char *head = "date,open,high,low,close,flags\n2020-01-02,2,3,1,2,";
    result got = read_text("date,open,high,low,close,flags\n2020-01-02,2,3,1,2,3\n"
                           "2020-01-03,2,3,1,2,\n2020-01-06,2,3,1,2,0\n",
                           daily);
    g_assert_no_error(got.error);
    g_assert_cmpint(got.series.flags[0], ==, QB_BAR_REPAIRED | QB_BAR_SYNTHETIC);
    g_assert_cmpint(got.series.flags[1], ==, 0);
    clear(&got);
    static const char *const bad[] = {"8", "1.5", "-1", "x", "1e9"};
    for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *text = g_strconcat(head, bad[i], "\n", NULL);
        refuses(text, daily, FAILURE_BAD_DATA, "f.csv:2: flags: ");
    }
}

static void test_symbols(void)
{
    const char *text = "date,symbol,open,high,low,close\n"
                       "2021-05-26,A,2,3,1,2\n2021-05-26,BRK.B,3,4,2,3\n"
                       "2021-05-27,A,2,3,1,2\n2021-05-27,brk.b,3,4,2,3\n";
    csv_bars_options options = daily;
    refuses(text, options, FAILURE_BAD_DATA,
            "f.csv:3: symbol: \"BRK.B\" follows \"A\" (expected one symbol in a file");
    options.symbol = "BRK.B";
    result got = read_text(text, options);
    g_assert_no_error(got.error);
    g_assert_cmpuint(got.series.count, ==, 2);
    g_assert_cmpfloat(got.series.close[0], ==, 3);
    g_assert_cmpuint(got.report.rows, ==, 2);
    g_assert_cmpuint(got.report.other_symbols, ==, 2);
    clear(&got);
    options.symbol = "C";
    refuses(text, options, FAILURE_BAD_DATA, "symbol: none of 4 rows is C, the first is \"A\"");
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void test_bad_rows(void)
{
    const char *text = "Date,Open,High,Low,Close,Volume\n" /* 1 */
                       "2021-05-24,2,3,1,2,5\n"
                       "2021-05-25,,3,1,2,5\n"
                       "2021-05-26,2,nan,1,2,5\n"
                       "2021-05-27,2,3,-1,2,5\n" /* 5 */
                       "2021-05-28,2,3,0,2,5\n"
                       "2021-05-29x,2,3,1,abc,5\n"
                       "2021-06-01,4,3,1,2,5\n"
                       "2021-06-02,2,3,2.5,2,5\n"
                       "2021-06-03,2,1,3,2,5\n" /* 10 */
                       "2021-06-04,2,3,1,2,-5\n"
                       "2021-06-07,2,3,1,2,NULL\n"
                       "2021-06-08,2,3,1,2,\n"
                       "2021-06-09,2,3\n"
                       "2021-06-10,2,3,1,0x10,5\n";
    result got = read_text(text, daily);
    g_assert_error(got.error, FAILURE, FAILURE_BAD_DATA);
    g_assert_cmpstr(
        got.error->message, ==,
        "f.csv:3: Open: \"\" is missing (expected a price > 0)\n"
        "f.csv:4: High: \"nan\" is missing (expected a price > 0)\n"
        "f.csv:5: Low: \"-1\" is not positive (expected a price > 0)\n"
        "f.csv:6: Low: \"0\" is not positive (expected a price > 0)\n"
        "f.csv:7: Date: \"2021-05-29x\" is not a date or time (expected for example 2020-01-31, "
        "2020-01-31T14:30:00Z or 1580481000)\n"
        "f.csv:7: Close: \"abc\" is not a number (expected for example 12.5)\n"
        "f.csv:8: High: \"3\" is below the open, 4 (expected the highest price of the bar)\n"
        "f.csv:9: Low: \"2.5\" is above the open, 2 (expected the lowest price of the bar)\n"
        "f.csv:10: High: \"1\" is below the low, 3 (expected the highest price of the bar)\n"
        "f.csv:11: Volume: \"-5\" is negative (expected >= 0, or blank where unknown)\n"
        "f.csv:14: the row has 3 fields (expected 6)\n"
        "f.csv:15: Close: \"0x10\" is not a number (expected for example 12.5)\n"
        "f.csv: 11 of 14 rows are bad (--skip-bad leaves them out)");
    clear(&got);

    csv_bars_options skip = daily;
    skip.skip_bad = TRUE;
    got = read_text(text, skip);
    g_assert_no_error(got.error);
    g_assert_cmpuint(got.report.rows, ==, 14);
    g_assert_cmpuint(got.report.skipped_bad, ==, 11);
    g_assert_cmpuint(got.report.kept, ==, 3);
    g_assert_true(isnan(got.series.volume[1]) && isnan(got.series.volume[2]));
    g_assert_true(
        has_note(&got, "f.csv:3: Open: \"\" is missing (expected a price > 0): left out"));
    clear(&got);
}

static void test_many_bad_rows(void)
{
    g_autoptr(GString) text = g_string_new("date,open,high,low,close\n");
    for (int i = 0; i < 1000; i++)
        g_string_append(text, "2021-05-27,2,3,1,x\n");
    result got = read_text(text->str, daily);
    g_auto(GStrv) lines = g_strsplit(got.error->message, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, FAILURE_LINES + 2);
    g_assert_cmpstr(lines[FAILURE_LINES], ==, "... and 980 more");
    clear(&got);
}

static void test_order_and_duplicates(void)
{
    const char *text = "date,open,high,low,close\n" /* 1 */
                       "2021-05-24,2,3,1,2\n"
                       "2021-05-27,2,3,1,2\n"
                       "2021-05-25,2,3,1,2\n"
                       "2021-05-26,2,3,1,2\n" /* 5 */
                       "2021-05-27,2,3,1,2.5\n"
                       "2021-05-24,2,3,1,2\n"
                       "2021-05-28,2,3,1,2\n";
    result got = read_text(text, daily);
    g_assert_no_error(got.error);
    g_assert_cmpuint(got.report.moved, ==, 3);
    g_assert_cmpuint(got.report.duplicates, ==, 2);
    g_assert_cmpuint(got.report.duplicates_other, ==, 1);
    g_assert_false(got.report.newest_first);
    g_assert_cmpuint(got.report.kept, ==, 5);
    g_assert_cmpfloat(got.series.close[3], ==, 2.5);
    g_assert_true(has_note(&got, "f.csv:4: date: 2021-05-25 stands below a later row: sorted"));
    g_assert_true(has_note(
        &got, "f.csv:3: date: 2021-05-27 stands again in line 6, which is kept (other values)"));
    g_assert_true(has_note(
        &got, "f.csv:2: date: 2021-05-24 stands again in line 7, which is kept (the same values)"));
    for (gsize i = 1; i < got.series.count; i++)
        g_assert_cmpint(got.series.ts_us[i], >, got.series.ts_us[i - 1]);
    clear(&got);
}

static void test_sessions(void)
{
    /* 2021-05-31 was Memorial Day; regular hours 13:30 to 20:00 UTC in summer. */
    const char *text = "ts,open,high,low,close\n"
                       "2021-05-28T13:29:00Z,2,3,1,2\n"
                       "2021-05-28T13:30:00Z,2,3,1,2\n"
                       "2021-05-28T19:59:00Z,2,3,1,2\n"
                       "2021-05-28T20:00:00Z,2,3,1,2\n"
                       "2021-05-31T15:00:00Z,2,3,1,2\n";
    csv_bars_options options = {.asset = QB_EQUITY, .interval = QB_1M};
    result got = read_text(text, options);
    g_assert_no_error(got.error);
    g_assert_cmpuint(got.report.outside_session, ==, 2);
    g_assert_cmpuint(got.report.non_session, ==, 1);
    g_assert_cmpuint(got.report.kept, ==, 3);
    g_assert_true(has_note(
        &got, "f.csv:2: ts: 2021-05-28T13:29:00Z is outside the regular session: left out"));
    g_assert_true(has_note(&got, "f.csv:6: ts: 2021-05-31T15:00:00Z has no session: stored"));
    clear(&got);
    options.extended = TRUE;
    got = read_text(text, options);
    g_assert_no_error(got.error);
    g_assert_cmpuint(got.report.outside_session, ==, 2);
    g_assert_cmpuint(got.report.kept, ==, 5);
    clear(&got);
    refuses("ts,open,high,low,close\n2021-05-28T13:30:30Z,2,3,1,2\n", options, FAILURE_BAD_DATA,
            "f.csv:2: ts: \"2021-05-28T13:30:30Z\" is off the grid of 1m bars");
}

static void test_forward_fill(void)
{
    result got = read_text("ts,open,high,low,close,volume\n"
                           "2021-05-27T00:00Z,2,3,1,2,5\n"
                           "2021-05-27T01:00Z,2,2,2,2,0\n"
                           "2021-05-27T02:00Z,2,2,2,2,0\n"
                           "2021-05-27T03:00Z,2,2,2,2,1\n",
                           coin_hour);
    g_assert_no_error(got.error);
    g_assert_cmpuint(got.report.forward_filled, ==, 2);
    g_assert_cmpuint(got.report.kept, ==, 4);
    g_assert_true(has_note(&got, "f.csv:3: ts: 2021-05-27T01:00:00Z repeats the close before it"));
    clear(&got);
}

static void test_spacing(void)
{
    g_autoptr(GString) text = g_string_new("date,open,high,low,close\n");
    for (int i = 0; i < 20; i++) {
        char date[QB_TIME_TEXT];
        g_string_append_printf(text, "%s,2,3,1,2\n", qb_date_to_text(13150 + 7 * i, date));
    }
    result got = read_text(text->str, daily);
    g_assert_no_error(got.error);
    g_assert_true(
        has_note(&got, "no two bars stand 1d apart, the closest 7d: is --interval right?"));
    clear(&got);
}

static void test_no_bars(void)
{
    refuses("date,open,high,low,close\n", daily, FAILURE_BAD_DATA,
            "f.csv: no bar is left of 0 rows");
    refuses("<html><body>limit</body></html>", daily, FAILURE_BAD_DATA, "no CSV but a web page");
    refuses("Exceeded the daily hits limit", daily, FAILURE_BAD_DATA, "no column for ts, open");
    /* Excel ruined the epoch, and another column can be read instead. */
    refuses("unix,date,open,high,low,close\n1.62207E+12,2021-05-27,2,3,1,2\n", coin_hour,
            FAILURE_BAD_DATA,
            "f.csv:2: unix: \"1.62207E+12\" has lost its last digits, as spreadsheets do");
}

/* ---- what files do not say ------------------------------------------------------------------ */

/* LEAN's minute files: no header, prices x 10000, milliseconds since New York midnight; 9 June
 * 2014 was in daylight-saving time, so 09:30 is 13:30 UTC. */
static void test_clock_of_a_date(void)
{
    csv_bars_options options = {
        .asset = QB_EQUITY,
        .interval = QB_1M,
        .map = "ts=1,open=2,high=3,low=4,close=5,volume=6",
        .zone = "America/New_York",
        .date = "2014-06-09",
        .scale = 0.0001,
    };
    result got = read_text("34200000,926800,929800,926600,927000,10\n"
                           "34260000,927000,927000,927000,6455700,20\n",
                           options);
    g_assert_true(got.error != NULL); /* the second high is below its close */
    clear(&got);
    got = read_text("34200000,926800,929800,926600,927000,10\n"
                    "34260000,927000,6455700,927000,6455700,20\n",
                    options);
    g_assert_no_error(got.error);
    g_assert_cmpint(got.series.ts_us[0], ==, G_GINT64_CONSTANT(1402320600) * QB_SECOND_US);
    g_assert_cmpfloat(got.series.open[0], ==, 92.68);
    g_assert_cmpfloat(got.series.close[1], ==, 645.57); /* to the last bit: divided by 10000 */
    g_assert_cmpfloat(got.series.volume[1], ==, 20);
    clear(&got);
    options.map = NULL;
    options.scale = 0;
    assert_stamps("time,open,high,low,close\n09:30,2,3,1,2\n09:31:00,2,3,1,2\n", options,
                  STAMPS("2014-06-09T13:30:00Z", "2014-06-09T13:31:00Z"));
    refuses("time,open,high,low,close\n2014-06-09 09:30,2,3,1,2\n", options, FAILURE_BAD_DATA,
            "f.csv:2: time: \"2014-06-09 09:30\" is no time of day, which --date adds to");
    refuses("time,open,high,low,close\n86400000,2,3,1,2\n", options, FAILURE_BAD_DATA,
            "f.csv:2: time: \"86400000\" is no time of day");
    refuses("date,time,open,high,low,close\n2014-06-09,09:30,2,3,1,2\n", options, FAILURE_USAGE,
            "--date: \"2014-06-09\" (expected no such option: the file has a column of dates)");
    options.date = "9 June";
    refuses("time,open,high,low,close\n09:30,2,3,1,2\n", options, FAILURE_USAGE,
            "--date: \"9 June\" (expected a date such as 2014-06-09)");
    options = daily;
    options.date = "2014-06-09";
    refuses("time,open,high,low,close\n09:30,2,3,1,2\n", options, FAILURE_USAGE,
            "(expected bars within a day, --interval 1m to 4h)");
}

static void test_scale(void)
{
    static const double wrong[] = {-1, 1e-10, 1e10, NAN, INFINITY};
    csv_bars_options options = daily;
    options.scale = 100;
    result got = read_text("date,open,high,low,close,volume,dividend,split,bid,ask\n"
                           "2021-05-27,2,3,1,2,7,0.5,4,1.5,2.5\n",
                           options);
    g_assert_no_error(got.error);
    qb_bar bar = qb_series_bar(&got.series, 0);
    g_assert_true(bar.open == 200 && bar.high == 300 && bar.low == 100 && bar.close == 200);
    g_assert_true(bar.volume == 7 && bar.dividend == 50 && bar.split_factor == 4);
    g_assert_true(got.series.bid[0] == 150 && got.series.ask[0] == 250);
    clear(&got);
    refuses("date,open,high,low,close\n2021-05-27,2,1e307,1,2\n", options, FAILURE_BAD_DATA,
            "f.csv:2: high: \"1e307\" is out of range");
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        options.scale = wrong[i];
        refuses("date,open,high,low,close\n2021-05-27,2,3,1,2\n", options, FAILURE_USAGE,
                "(expected 1e-9 to 1e9, for example 0.0001)");
    }
}

/* The first hour of XNYS, 09:30 to 10:00 New York, is stamped 10:00 at its end and 09:00 here. */
static void test_stamps_at_the_close(void)
{
    csv_bars_options options = {
        .asset = QB_EQUITY, .interval = QB_1H, .zone = "America/New_York", .stamp_close = TRUE};
    assert_stamps("time,open,high,low,close\n2021-05-27 10:00,2,3,1,2\n2021-05-27 16:00,2,3,1,2\n",
                  options, STAMPS("2021-05-27T13:00:00Z", "2021-05-27T19:00:00Z"));
    options = coin_hour;
    options.interval = QB_1D;
    options.stamp_close = TRUE;
    assert_stamps("date,open,high,low,close\n2021-05-28,2,3,1,2\n", options,
                  STAMPS("2021-05-27T00:00:00Z"));
    options = daily;
    options.stamp_close = TRUE;
    refuses("date,open,high,low,close\n2021-05-28,2,3,1,2\n", options, FAILURE_USAGE,
            "--stamp: \"close\" (expected open: a daily or weekly bar bears the date of its");
}

static void test_adjusted(void)
{
    const char *text = "date,open,high,low,close,adj_close\n"
                       "2021-05-27,2,3,1,2,1.5000\n"
                       "2021-05-25,2,3,1,2,1.2\n"
                       "2021-05-26,2,3,1,2,1.35\n"
                       "2021-05-25,2,3,1,2,1.25\n";
    csv_bars_options options = daily;
    result got = read_text(text, options);
    g_assert_no_error(got.error);
    g_assert_null(got.report.adjusted);
    g_assert_cmpstr(got.report.adjusted_close, ==, "adj_close");
    g_assert_cmpstr(got.report.columns, ==, "ts=date open=open high=high low=low close=close");
    clear(&got);
    options.adjusted = TRUE;
    got = read_text(text, options);
    g_assert_no_error(got.error);
    g_assert_cmpuint(got.series.count, ==, 3);
    g_assert_cmpfloat(got.report.adjusted[0], ==, 1.25);
    g_assert_cmpfloat(got.report.adjusted[1], ==, 1.35);
    g_assert_cmpfloat(got.report.adjusted[2], ==, 1.5);
    g_assert_cmpfloat(fabs(got.report.adjusted_step - 1e-4), <, 1e-12);
    g_assert_nonnull(strstr(got.report.columns, "adjclose=adj_close"));
    clear(&got);
    got = read_text("date,open,high,low,close,adj_close\n2021-05-27,2,3,1,2,\n", options);
    g_assert_no_error(got.error);
    g_assert_true(isnan(got.report.adjusted[0]));
    clear(&got);
    refuses("date,open,high,low,close,adj_close\n2021-05-27,2,3,1,2,0\n", options, FAILURE_BAD_DATA,
            "f.csv:2: adj_close: \"0\" is not positive (expected a price > 0)");
    refuses("date,open,high,low,close,adj_close,Adj Close\n2021-05-27,2,3,1,2,1,1\n", options,
            FAILURE_BAD_DATA, "columns 6 and 7 are both called \"adj_close\"");
    refuses("date,open,high,low,close\n2021-05-27,2,3,1,2\n", options, FAILURE_BAD_DATA,
            "f.csv:1: no column of adjusted closes in \"date,open,high,low,close\" (expected Adj");
    options.map = "adjclose=Total";
    got = read_text("date,open,high,low,close,Total\n2021-05-27,2,3,1,2,1.5\n", options);
    g_assert_no_error(got.error);
    g_assert_cmpfloat(got.report.adjusted[0], ==, 1.5);
    clear(&got);
}

/* Ten digits each, as %.10g writes them: the coarsest of the longest is what all can carry. */
static void test_printed_digits(void)
{
    csv_bars_options options = daily;
    options.adjusted = TRUE;
    result got = read_text("date,open,high,low,close,adj_close\n"
                           "2021-05-26,2,3,1,2,9.123456789\n"
                           "2021-05-27,2,3,1,2,123.4567891\n"
                           "2021-05-28,2,3,1,2,1024.5\n",
                           options);
    g_assert_no_error(got.error);
    g_assert_cmpfloat(fabs(got.report.adjusted_step - 1e-7), <, 1e-15);
    clear(&got);
}

static void test_faults(void)
{
    csv_bars_options options = {.asset = QB_CRYPTO, .interval = QB_1H, .skip_bad = TRUE};
    result got = read_text("ts,open,high,low,close,volume\n"
                           "2021-05-27T00:00Z,2,3,1,2,5\n"
                           "2021-05-27T01:00Z,2,1,1,2,5\n"   /* high */
                           "2021-05-27T02:00Z,2,3,2.5,2,5\n" /* low */
                           "2021-05-27T03:00Z,2,1,3,2,5\n"   /* both */
                           "2021-05-27T04:30Z,2,3,1,x,5\n" /* off the grid is told of sound rows */
                           "2021-05-27T04:30Z,2,3,1,2,5\n"
                           "2021-05-27T05:00Z,0,,1,2,-5\n"
                           "yesterday,2,3,1,2,x\n"
                           "2021-05-27T06:00Z,2,3,1,2,5,6\n",
                           options);
    static const gsize want[CSV_FAULT_COUNT] = {1, 1, 2, 1, 2, 2, 2};
    g_assert_no_error(got.error);
    g_assert_cmpuint(got.report.skipped_bad, ==, 8);
    for (int fault = 0; fault < CSV_FAULT_COUNT; fault++) {
        g_test_message("%s", csv_fault_text(fault));
        g_assert_cmpuint(got.report.faults[fault], ==, want[fault]);
    }
    clear(&got);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/csv/bars/yahoo", test_yahoo);
    g_test_add_func("/csv/bars/yfinance", test_yfinance);
    g_test_add_func("/csv/bars/stooq", test_stooq);
    g_test_add_func("/csv/bars/cryptodatadownload", test_cryptodatadownload);
    g_test_add_func("/csv/bars/other-vendors", test_other_vendors);
    g_test_add_func("/csv/bars/german-numbers", test_german_numbers);
    g_test_add_func("/csv/bars/daily-stamps", test_daily_stamps);
    g_test_add_func("/csv/bars/weekly-stamps", test_weekly_stamps);
    g_test_add_func("/csv/bars/date-order", test_date_order);
    g_test_add_func("/csv/bars/zones", test_zones);
    g_test_add_func("/csv/bars/maps", test_maps);
    g_test_add_func("/csv/bars/samples", test_samples);
    g_test_add_func("/csv/bars/quotes", test_quotes);
    g_test_add_func("/csv/bars/flags", test_flags);
    g_test_add_func("/csv/bars/symbols", test_symbols);
    g_test_add_func("/csv/bars/bad-rows", test_bad_rows);
    g_test_add_func("/csv/bars/many-bad-rows", test_many_bad_rows);
    g_test_add_func("/csv/bars/order-and-duplicates", test_order_and_duplicates);
    g_test_add_func("/csv/bars/sessions", test_sessions);
    g_test_add_func("/csv/bars/forward-fill", test_forward_fill);
    g_test_add_func("/csv/bars/spacing", test_spacing);
    g_test_add_func("/csv/bars/no-bars", test_no_bars);
    g_test_add_func("/csv/bars/clock-of-a-date", test_clock_of_a_date);
    g_test_add_func("/csv/bars/scale", test_scale);
    g_test_add_func("/csv/bars/stamps-at-the-close", test_stamps_at_the_close);
    g_test_add_func("/csv/bars/adjusted", test_adjusted);
    g_test_add_func("/csv/bars/printed-digits", test_printed_digits);
    g_test_add_func("/csv/bars/faults", test_faults);
    return g_test_run();
}
