/* The messy files of the shared data, each loaded with the right mapping or refused with a message
 * that says why. Those not named here are not allowed to be there. */
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

/* First and last bar: by hand from the file. Counts: by Python's csv and datetime modules over the
 * same files (a row is sound when its date reads, its prices are > 0, high and low enclose them,
 * and volume is blank or >= 0). */
typedef struct messy {
    const char *file;
    csv_bars_options options;
    gsize rows, kept, skipped, duplicates, duplicates_other; /* when message is NULL */
    gsize outside;
    const char *message; /* of the refusal, or a note */
    gboolean refused;
    const char *first, *last; /* stamps */
    qb_bar first_bar, last_bar;
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
     .first = "2017-08-17T04:00:00Z",
     .first_bar = {0, 652.74, 652.74, 298, 300.79, 122.52},
     .last = "2021-05-27T00:00:00Z",
     .last_bar = {0, 2884.82, 2889.74, 2871, 2872.19, 3233.81083},
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
     .kept = 1500,
     .first = "2016-01-01T00:05:00Z",
     .first_bar = {0, 3.4686, 3.4686, 3.4686, 3.4686, 19.5108},
     .last = "2016-01-11T16:54:00Z",
     .last_bar = {0, 3.5387, 3.5387, 3.5387, 3.5387, 5.30903082}},
    {.file = "cryptodatadownload_daily_banner_line_newest_first.csv.gz",
     .options = {.asset = QB_CRYPTO, .interval = QB_1D, .symbol = "BTC-USD"},
     .rows = 1770,
     .kept = 1770,
     .first = "2014-12-01",
     .first_bar = {0, 300, 370, 300, 370, 0.05656},
     .last = "2019-10-17",
     .last_bar = {0, 7993.54, 8070, 7937.01, 8034.32, 1570.08},
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
    {.file = "lean_minute_AAPL_20140609_no_header_deci_cents.csv",
     .options = {.asset = QB_EQUITY,
                 .interval = QB_1M,
                 .map = "ts=1,open=2,high=3,low=4,close=5,volume=6",
                 .zone = "America/New_York",
                 .date = "2014-06-09",
                 .scale = 0.0001},
     .rows = 834,
     .kept = 390,
     .outside = 444,
     .first = "2014-06-09T13:30:00Z",
     .first_bar = {0, 92.69, 92.95, 92.5, 92.72, 2467914},
     .last = "2014-06-09T19:59:00Z",
     .last_bar = {0, 93.64, 93.7, 93.62, 93.7, 2414761}},
    {.file = "skender_bad.csv",
     .options = {.asset = QB_EQUITY, .interval = QB_1D},
     .refused = TRUE,
     .message = "skender_bad.csv:202: date: \"\" is missing (expected a date or time)"},
    {.file = "skender_bad.csv",
     .options = {.asset = QB_EQUITY, .interval = QB_1D, .skip_bad = TRUE},
     .rows = 502,
     .kept = 337,
     .skipped = 165,
     .first = "2017-01-03",
     .first_bar = {0, 212.61, 213.35, 211.52, 212.8, 96708880},
     .last = "2018-12-31",
     .last_bar = {0, 244.92, 245.54, 242.87, 245.28, 147031456}},
    {.file = "skender_issue0859.adx.nan.csv", /* 3-minute bars of an Indian exchange */
     .options = {.asset = QB_FX, .interval = QB_1M},
     .rows = 595,
     .kept = 595,
     .first = "2022-07-25T03:45:00Z",
     .first_bar = {0, 498.075, 502.1, 494.05, 498.075, 50},
     .last = "2022-08-01T03:48:00Z",
     .last_bar = {0, 99.21374243, 112, 96.05, 104.875, 1010300},
     .message = "no two bars stand 1m apart, the closest 3m: is --interval right?"},
    {.file = "skender_max.csv",
     .options = {.asset = QB_CRYPTO, .interval = QB_1D},
     .rows = 502,
     .kept = 502,
     .first = "2019-08-30",
     .first_bar = {0, 9583943.05677936, 9685705.61850764, 9421913.05554497, 9588653.63826083,
                   1713240492460.72},
     .last = "2021-01-12",
     .last_bar = {0, 34053353.59872720, 37854672.83946370, 32383997.53082780, 37375993.75057530,
                  12449328258168.00}},
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

static void assert_bar(const messy *want, const qb_series *series, gsize row, const char *stamp,
                       const qb_bar *bar)
{
    char text[QB_TIME_TEXT];
    qb_bar got = qb_series_bar(series, row);
    qb_time_to_text(got.ts_us, text);
    if (!g_str_has_prefix(text, stamp))
        g_error("%s: %s, expected %s", want->file, text, stamp);
    g_assert_true(got.open == bar->open && got.high == bar->high && got.low == bar->low &&
                  got.close == bar->close && got.volume == bar->volume);
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
    g_assert_cmpuint(report.outside_session, ==, want->outside);
    assert_bar(want, &series, 0, want->first, &want->first_bar);
    assert_bar(want, &series, series.count - 1, want->last, &want->last_bar);
    g_assert_true(want->message == NULL || has_note(&report, want->message));
    qb_series_clear(&series);
    csv_bars_report_clear(&report);
}

static gboolean is_named(const char *file)
{
    for (gsize i = 0; i < G_N_ELEMENTS(messy_files); i++)
        if (strcmp(messy_files[i].file, file) == 0)
            return TRUE;
    return FALSE;
}

static void test_all_named(void)
{
    g_autofree char *folder = shared("messy");
    if (folder == NULL) {
        g_test_skip("no shared data (QUANTBOT_SHARED)");
        return;
    }
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *file; (file = g_dir_read_name(dir)) != NULL;)
        if (!is_named(file))
            g_error("messy/%s is not tested", file);
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

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/csv/messy/files", test_messy);
    g_test_add_func("/csv/messy/all-named", test_all_named);
    return g_test_run();
}
