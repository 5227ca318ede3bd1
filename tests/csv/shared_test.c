/* Real files: the messy ones, each loaded with the right mapping or refused with a clear message,
 * and those whose rows and defects data/INVENTORY.csv of the shared data counts. */
#include "csv/csv.h"
#include "platform/files.h"

#include <string.h>

static char *shared(const char *path)
{
    const char *root = g_getenv("QUANTBOT_SHARED");
    g_autofree char *file = g_build_filename(root != NULL ? root : ".", "data", path, NULL);
    return root != NULL && files_exists(file) ? g_steal_pointer(&file) : NULL;
}

/* NULL when the shared data is not there: the test is skipped. */
static GBytes *load(const char *path)
{
    g_autofree char *file = shared(path);
    if (file == NULL) {
        g_test_skip("no shared data (QUANTBOT_SHARED)");
        return NULL;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = files_read(file, CSV_FILE_LIMIT, &error);
    g_assert_no_error(error);
    GBytes *text = csv_inflate(bytes, path, &error);
    g_assert_no_error(error);
    return text;
}

/* ---- messy ---------------------------------------------------------------------------------- */

/* Counts: by Python's csv and datetime modules over the same files (a row is sound when its date
 * reads, its prices are > 0, high and low enclose them, and volume is blank or >= 0). */
typedef struct messy {
    const char *file;
    csv_bars_options options;
    gsize rows, kept, skipped, duplicates, duplicates_other; /* when message is NULL */
    const char *message;                                     /* of the refusal, or a note */
    gboolean refused;
} messy;

static const messy messy_files[] = {
    {.file = "BF.B_error_body_saved_as_csv.csv",
     .options = {.asset = QB_EQUITY, .interval = QB_1D},
     .refused = TRUE,
     .message = "the file is no CSV but JSON, perhaps the error message of a web service; it "
                "starts with \"{\\nError Message"},
    {.file = "ETHUSDT_1h_excel_mangled_original.csv.gz",
     .options = {.asset = QB_CRYPTO, .interval = QB_1H, .symbol = "ETH-USDT"},
     .refused = TRUE,
     .message =
         ".gz:2: unix: \"1.62207E+12\" has lost its last digits, as spreadsheets do to epoch "
         "numbers (expected all digits; is there another column of dates? --map ts=COLUMN)"},
    {.file = "ETHUSDT_1h_excel_mangled_original.csv.gz",
     .options = {.asset = QB_CRYPTO, .interval = QB_1H, .symbol = "ETH-USDT", .map = "ts=date"},
     .rows = 1019,
     .kept = 859,
     .duplicates = 160,
     .duplicates_other = 159,
     .message = "the newest row came first: turned round"},
    {.file = "backtrader_bidask_dmy.csv",
     .options = {.asset = QB_FX, .interval = QB_1M},
     .refused = TRUE,
     .message = "no column for open, high, low, close in the header \"TIMESTAMP,BID,ASK\""},
    {.file = "backtrader_bidask_dmy.csv",
     .options = {.asset = QB_FX, .interval = QB_1M, .map = "open=BID,high=BID,low=BID,close=BID"},
     .refused = TRUE,
     .message = ":2: TIMESTAMP: \"02/03/2010 16:53:50\" may be day/month or month/day"},
    {.file = "backtrader_bidask_dmy.csv",
     .options = {.asset = QB_FX,
                 .interval = QB_1M,
                 .date_order = "dmy",
                 .map = "open=BID,high=BID,low=BID,close=BID"},
     .refused = TRUE,
     .message = ":2: TIMESTAMP: \"02/03/2010 16:53:50\" is off the grid of 1m bars"},
    {.file = "backtrader_ticksample_iso_ms.csv",
     .options = {.asset = QB_FX, .interval = QB_1M},
     .refused = TRUE,
     .message = ":2: Datetime: \"2015-09-23T20:57:42.146\" is off the grid of 1m bars"},
    {.file = "bitfinex_epoch_ms_no_header_OCHL.csv",
     .options = {.asset = QB_CRYPTO, .interval = QB_1M},
     .refused = TRUE,
     .message = ":1: there is no header: the first row is \"1451606700000,3.4686,"},
    {.file = "bitfinex_epoch_ms_no_header_OCHL.csv",
     .options = {.asset = QB_CRYPTO,
                 .interval = QB_1M,
                 .map = "ts=1,open=2,close=3,high=4,low=5,volume=6"},
     .rows = 1500,
     .kept = 1500},
    {.file = "cryptodatadownload_daily_banner_line_newest_first.csv.gz",
     .options = {.asset = QB_CRYPTO, .interval = QB_1D, .symbol = "BTC-USD"},
     .rows = 1770,
     .kept = 1770,
     .message = "the newest row came first: turned round"},
    {.file = "kraken_trades_BCHEUR_no_header.csv",
     .options = {.asset = QB_CRYPTO,
                 .interval = QB_1M,
                 .map = "ts=1,open=2,high=2,low=2,close=2,volume=3"},
     .refused = TRUE,
     .message = ":1: column 1: \"1672531436\" is off the grid of 1m bars"},
    {.file = "lean_minute_AAPL_20140609_no_header_deci_cents.csv",
     .options = {.asset = QB_EQUITY,
                 .interval = QB_1M,
                 .map = "ts=1,open=2,high=3,low=4,close=5,volume=6"},
     .refused = TRUE,
     .message = ":1: column 1: \"14400000\" is no date, and too short for an epoch number"},
    {.file = "skender_bad.csv",
     .options = {.asset = QB_EQUITY, .interval = QB_1D},
     .refused = TRUE,
     .message = "skender_bad.csv:202: date: \"\" is missing (expected a date or time)"},
    {.file = "skender_bad.csv",
     .options = {.asset = QB_EQUITY, .interval = QB_1D, .skip_bad = TRUE},
     .rows = 502,
     .kept = 337,
     .skipped = 165},
    {.file = "skender_issue0859.adx.nan.csv", /* 3-minute bars of an Indian exchange */
     .options = {.asset = QB_FX, .interval = QB_1M},
     .rows = 595,
     .kept = 595,
     .message = "no two bars stand 1m apart, the closest 3m: is --interval right?"},
    {.file = "skender_max.csv",
     .options = {.asset = QB_CRYPTO, .interval = QB_1D},
     .rows = 502,
     .kept = 502},
    {.file = "skender_zeros.csv",
     .options = {.asset = QB_EQUITY, .interval = QB_1D},
     .refused = TRUE,
     .message = ":2: open: \"0.00\" is not positive (expected a price > 0)"},
};

static gboolean has_note(const csv_bars_report *report, const char *text)
{
    for (guint i = 0; i < report->notes->len; i++)
        if (strstr(g_ptr_array_index(report->notes, i), text) != NULL)
            return TRUE;
    return FALSE;
}

static void check_messy(const messy *want, GBytes *text)
{
    g_autoptr(GError) error = NULL;
    qb_series series = {0};
    csv_bars_report report = {0};
    csv_bars_options options = want->options;
    options.calendar = qb_calendar_default(options.asset);
    gboolean good = csv_read_bars(text, want->file, &options, &series, &report, &error);
    if (want->refused) {
        g_assert_error(error, FAILURE, FAILURE_BAD_DATA);
        if (strstr(error->message, want->message) == NULL)
            g_error("%s: got \"%s\"", want->file, error->message);
        return;
    }
    g_assert_no_error(error);
    g_assert_true(good);
    g_assert_cmpuint(report.rows, ==, want->rows);
    g_assert_cmpuint(report.kept, ==, want->kept);
    g_assert_cmpuint(report.skipped_bad, ==, want->skipped);
    g_assert_cmpuint(report.duplicates, ==, want->duplicates);
    g_assert_cmpuint(report.duplicates_other, ==, want->duplicates_other);
    g_assert_true(want->message == NULL || has_note(&report, want->message));
    qb_series_clear(&series);
    csv_bars_report_clear(&report);
}

static void test_messy(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(messy_files); i++) {
        g_autofree char *path = g_build_filename("messy", messy_files[i].file, NULL);
        g_autoptr(GBytes) text = load(path);
        if (text == NULL)
            return;
        g_test_message("%s %s", messy_files[i].file,
                       messy_files[i].options.map != NULL ? messy_files[i].options.map : "");
        check_messy(&messy_files[i], text);
    }
}

/* ---- inventory ------------------------------------------------------------------------------ */

typedef struct facts {
    gsize rows, duplicates, out_of_order, high, low, blank, non_session;
    char *first, *last;
} facts;

static char *cell_text(const csv_table *table, gsize row, const char *column)
{
    gsize length;
    const char *text = csv_table_cell(table, row, csv_table_column(table, column), &length);
    return g_strndup(text, length);
}

/* The number after "NAME=" in the column of defects; 0 when it is not named. */
static gsize fact(const char *text, const char *name)
{
    g_autofree char *key = g_strconcat(name, "=", NULL);
    const char *at = strstr(text, key);
    return at != NULL ? (gsize)g_ascii_strtoull(at + strlen(key), NULL, 10) : 0;
}

static facts read_facts(const csv_table *table, gsize row)
{
    g_autofree char *rows = cell_text(table, row, "rows");
    g_autofree char *text = cell_text(table, row, "measured_facts_and_defects");
    return (facts){
        .rows = (gsize)g_ascii_strtoull(rows, NULL, 10),
        .duplicates = fact(text, "dup_ts"),
        .out_of_order = fact(text, "out_of_order"),
        .high = fact(text, "high<open/close"),
        .low = fact(text, "low>open/close"),
        .blank = fact(text, "blank_or_nonnumeric_ohlc"),
        .non_session = fact(text, "non_session_days"),
        .first = cell_text(table, row, "first"),
        .last = cell_text(table, row, "last"),
    };
}

static gsize count_notes(const csv_bars_report *report, const char *text)
{
    gsize count = 0;
    for (guint i = 0; i < report->notes->len; i++)
        count += strstr(g_ptr_array_index(report->notes, i), text) != NULL;
    return count;
}

static void assert_instant(const char *file, gint64 us, const char *want)
{
    char text[QB_TIME_TEXT];
    qb_time_to_text(us, text);
    if (!g_str_has_prefix(text, want))
        g_error("%s: %s, inventory %s", file, text, want);
}

static void compare(const char *path, const facts *want, const csv_bars_options *options)
{
    g_autoptr(GBytes) text = load(path);
    g_autoptr(GError) error = NULL;
    qb_series series = {0};
    csv_bars_report report = {0};
    csv_read_bars(text, path, options, &series, &report, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(report.rows, ==, want->rows);
    g_assert_cmpuint(report.duplicates, ==, want->duplicates);
    g_assert_cmpuint(report.moved, ==, want->out_of_order);
    g_assert_cmpuint(count_notes(&report, "(expected the highest price"), ==, want->high);
    g_assert_cmpuint(count_notes(&report, "(expected the lowest price"), ==, want->low);
    if (report.skipped_bad > 0)
        g_assert_cmpuint(report.rows, ==, report.kept + report.skipped_bad + report.duplicates);
    if (want->blank > 0)
        g_assert_cmpuint(count_notes(&report, "is missing (expected a price"), >=, want->blank);
    if (g_str_has_prefix(path, "equities/daily_raw"))
        g_assert_cmpuint(report.non_session, ==, want->non_session);
    assert_instant(path, series.ts_us[0], want->first);
    assert_instant(path, series.ts_us[series.count - 1], want->last);
    qb_series_clear(&series);
    csv_bars_report_clear(&report);
}

static gboolean options_for(const char *path, csv_bars_options *out)
{
    *out = (csv_bars_options){.interval = QB_1D, .skip_bad = TRUE};
    if (g_str_has_prefix(path, "equities/daily_"))
        out->asset = QB_EQUITY;
    else if (g_str_has_prefix(path, "index/"))
        out->asset = QB_INDEX;
    else if (g_str_has_prefix(path, "crypto/daily/"))
        out->asset = QB_CRYPTO;
    else if (g_str_has_prefix(path, "crypto/hourly/"))
        *out = (csv_bars_options){.asset = QB_CRYPTO, .interval = QB_1H, .skip_bad = TRUE};
    else
        return FALSE;
    out->calendar = qb_calendar_default(out->asset);
    return TRUE;
}

static void test_inventory(void)
{
    g_autoptr(GBytes) bytes = load("INVENTORY.csv");
    if (bytes == NULL)
        return;
    g_autoptr(GError) error = NULL;
    g_autoptr(csv_table) table = csv_table_parse(bytes, "INVENTORY.csv", &error);
    g_assert_no_error(error);
    gsize compared = 0;
    for (gsize row = 0; row < csv_table_rows(table); row++) {
        csv_bars_options options;
        g_autofree char *path = cell_text(table, row, "file");
        g_autofree char *interval = cell_text(table, row, "interval_s");
        if (*interval == '\0' || !options_for(path, &options))
            continue;
        g_test_message("%s", path);
        facts want = read_facts(table, row);
        compare(path, &want, &options);
        g_free(want.first);
        g_free(want.last);
        compared++;
    }
    /* 124 adjusted, 16 raw, 2 of 2004-2014, 2 Yahoo, 12 DJIA, 3 reference; 3 indices; 2 + 3 coins. */
    g_assert_cmpuint(compared, ==, 167);
}

/* ---- other families ------------------------------------------------------------------------- */

/* Rows after INVENTORY.csv; every one is read with the mapping a user would give. */
static void test_families(void)
{
    static const char quotes[] =
        "open=bid_open,high=bid_high,low=bid_low,close=bid_close,bid=bid_close,ask=ask_close";
    static const struct {
        const char *file, *symbol, *map;
        qb_asset asset;
        qb_interval interval;
        gsize rows;
        gboolean extended;
    } files[] = {
        {"fx/daily_quote_fxcm/EURUSD.csv.gz", NULL, quotes, QB_FX, QB_1D, 0, FALSE},
        {"fx/hourly_quote_fxcm/EURUSD.csv.gz", NULL, quotes, QB_FX, QB_1H, 69928, FALSE},
        {"fx/daily_quote_oanda/XAUUSD.csv.gz", NULL, quotes, QB_FX, QB_1D, 3949, FALSE},
        {"fx/minute_fxcm_2013_02/USDJPY_ask.csv.gz", NULL, NULL, QB_FX, QB_1M, 0, FALSE},
        {"futures/6EH4_1m_2024_01.csv.gz", NULL, NULL, QB_FX, QB_1M, 0, FALSE},
        {"crypto/minute_bitfinex/BTCUSD_2016.csv.gz", NULL, NULL, QB_CRYPTO, QB_1M, 293230, FALSE},
        {"crypto/candles_bittrex_2018/ETH_BTC_5m.csv.gz", NULL, NULL, QB_CRYPTO, QB_5M, 5760,
         FALSE},
        {"crypto/minute_btc_perp_2022_01/BTC-PERP.csv.gz", NULL, NULL, QB_CRYPTO, QB_1M, 45031,
         FALSE},
        {"equities/hourly_raw/SPY.csv.gz", NULL, NULL, QB_EQUITY, QB_1H, 0, FALSE},
        {"equities/minute_reference/SPY_2020-12-15_18.csv", NULL, NULL, QB_EQUITY, QB_1M, 1564,
         FALSE},
        {"equities/minute_raw/SPY_2013-10_trade.csv.gz", NULL, NULL, QB_EQUITY, QB_1M, 0, TRUE},
        {"equities/sector_etf_close/XLF.csv.gz", NULL, "open=close,high=close,low=close", QB_EQUITY,
         QB_1D, 0, FALSE},
        {"equities/panel_2020_2021.csv.gz", "AAPL", NULL, QB_EQUITY, QB_1D, 0, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autoptr(GBytes) text = load(files[i].file);
        if (text == NULL)
            return;
        g_test_message("%s", files[i].file);
        csv_bars_options options = {
            .asset = files[i].asset,
            .interval = files[i].interval,
            .calendar = qb_calendar_default(files[i].asset),
            .symbol = files[i].symbol,
            .map = files[i].map,
            .extended = files[i].extended,
        };
        qb_series series = {0};
        csv_bars_report report = {0};
        g_autoptr(GError) error = NULL;
        csv_read_bars(text, files[i].file, &options, &series, &report, &error);
        g_assert_no_error(error);
        if (files[i].rows > 0)
            g_assert_cmpuint(report.rows, ==, files[i].rows);
        g_assert_cmpuint(report.kept, >, 0);
        g_test_message("  %" G_GSIZE_FORMAT " rows, %" G_GSIZE_FORMAT " kept, %" G_GSIZE_FORMAT
                       " outside, %" G_GSIZE_FORMAT " without session",
                       report.rows, report.kept, report.outside_session, report.non_session);
        qb_series_clear(&series);
        csv_bars_report_clear(&report);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/csv/shared/messy", test_messy);
    g_test_add_func("/csv/shared/inventory", test_inventory);
    g_test_add_func("/csv/shared/families", test_families);
    return g_test_run();
}
