/* Any bytes are bars, actions, or an error with a message. The first three bytes choose the options,
 * the map and what the file does not say; what was read obeys the rules of core and agrees with the
 * report. */
#include "csv/csv.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

static const char *const maps[] = {
    NULL,
    "ts=1,open=2,high=3,low=4,close=5,volume=6",
    "ts=date",
    "ts=1,time=2,open=3,high=4,low=5,close=6",
    "open=close,high=close,low=close",
    "symbol=none,volume=none",
    "bid=open,ask=close,dividend=volume",
    "ts=Date,close=Last,volume=3,=,x=y,adjclose=open",
};

/* Few, so that the same zone files are not read over and over: reading them is the dear part. */
static const char *const zones[] = {NULL, NULL, NULL, "America/New_York"};
static const double scales[] = {0, 0.0001, 100, 1e-9};
static const char *const orders[] = {NULL, "dmy", "mdy", "ymd"};

static void check_bars(const qb_series *series, const csv_bars_options *options,
                       const csv_bars_report *report)
{
    qb_defects defects = {0};
    g_assert_cmpuint(series->count, ==, report->kept);
    g_assert_cmpuint(series->count, >, 0);
    g_assert_true(qb_validate(series, options->calendar, options->interval, &defects) == QB_OK);
    for (int kind = 0; kind < QB_DEFECT_KIND_COUNT; kind++)
        if (qb_defect_is_fatal(kind) || kind == QB_DEFECT_OUT_OF_ORDER ||
            kind == QB_DEFECT_DUPLICATE ||
            (kind == QB_DEFECT_OUTSIDE_SESSION && !options->extended))
            g_assert_cmpuint(defects.by_kind[kind], ==, 0);
    gsize left_out = report->skipped_bad + report->duplicates +
                     (options->extended ? 0 : report->outside_session);
    g_assert_cmpuint(report->rows, ==, report->kept + left_out);
    g_assert_true(options->skip_bad || report->skipped_bad == 0);
    g_assert_true(report->notes != NULL && report->columns != NULL);
    gsize faults = 0;
    for (int fault = 0; fault < CSV_FAULT_COUNT; fault++) {
        g_assert_cmpuint(report->faults[fault], <=, report->skipped_bad);
        faults += report->faults[fault];
    }
    g_assert_cmpuint(faults, >=, report->skipped_bad);
    g_assert_true((report->adjusted != NULL) == options->adjusted);
    for (gsize i = 0; options->adjusted && i < series->count; i++)
        g_assert_true(isnan(report->adjusted[i]) || report->adjusted[i] > 0);
}

static void check_error(const GError *error)
{
    g_assert_true(error != NULL && error->domain == FAILURE);
    g_assert_true(error->code == FAILURE_BAD_DATA || error->code == FAILURE_USAGE);
    g_assert_true(g_utf8_validate(error->message, -1, NULL));
    for (const char *at = error->message; *at != '\0'; at++)
        g_assert_true((guchar)*at >= 0x20 || *at == '\n');
}

static void fuzz_bars(GBytes *bytes, guint8 choice, guint8 second, guint8 third)
{
    qb_asset asset = (qb_asset)(choice % QB_ASSET_COUNT);
    csv_bars_options options = {
        .asset = asset,
        .interval = (qb_interval)((choice >> 2) % QB_INTERVAL_COUNT),
        .calendar = qb_calendar_default(asset),
        .skip_bad = (choice & 0x20) != 0,
        .extended = (choice & 0x40) != 0,
        .no_header = (choice & 0x80) != 0,
        .map = maps[second % G_N_ELEMENTS(maps)],
        .zone = zones[(second >> 3) % G_N_ELEMENTS(zones)],
        .date_order = orders[(second >> 5) % G_N_ELEMENTS(orders)],
        .scale = scales[third % G_N_ELEMENTS(scales)],
        .date = (third & 0x04) != 0 ? "2014-06-09" : NULL,
        .stamp_close = (third & 0x08) != 0,
        .adjusted = (third & 0x10) != 0,
        .symbol = (second & 0x80) != 0 ? (asset == QB_CRYPTO ? "BTC-USD" : "AAPL") : NULL,
    };
    qb_series series = {0};
    csv_bars_report report = {0};
    g_autoptr(GError) error = NULL;
    if (csv_read_bars(bytes, "fuzz.csv", &options, &series, &report, &error))
        check_bars(&series, &options, &report);
    else
        check_error(error);
    qb_series_clear(&series);
    csv_bars_report_clear(&report);
}

static void fuzz_actions(GBytes *bytes, guint8 third)
{
    const csv_actions_options options = {
        .calendar = qb_calendar_default(QB_EQUITY),
        .asset = QB_EQUITY,
        .symbol = (third & 0x20) != 0 ? "AAPL" : NULL,
        .date_order = orders[(third >> 6) % G_N_ELEMENTS(orders)],
    };
    csv_actions actions = {0};
    g_autoptr(GError) error = NULL;
    if (!csv_read_actions(bytes, "fuzz.csv", &options, &actions, &error)) {
        check_error(error);
        g_assert_null(actions.items);
        return;
    }
    g_assert_cmpuint(actions.items->len, <=, actions.rows);
    for (guint i = 0; i < actions.items->len; i++) {
        const csv_action *action = &g_array_index(actions.items, csv_action, i);
        g_assert_true(action->dividend > 0 || action->split > 0);
        g_assert_true(isfinite(action->dividend) && isfinite(action->split));
        g_assert_true(action->dividend >= 0 && action->split >= 0);
        g_assert_true(i == 0 || action[-1].date < action->date);
    }
    csv_actions_clear(&actions);
}

static void fuzz_table(GBytes *bytes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(csv_table) table = csv_table_parse(bytes, "fuzz.csv", &error);
    if (table == NULL) {
        check_error(error);
        return;
    }
    failures problems;
    failures_init(&problems);
    gsize line = 0;
    for (gsize row = 0; row < csv_table_rows(table); row++) {
        g_assert_cmpuint(csv_table_line(table, row), >, line);
        line = csv_table_line(table, row);
        for (int column = 0; column < 8; column++) {
            double number;
            gint64 us;
            if (csv_table_number(table, row, column, &problems, &number))
                g_assert_true(isfinite(number));
            csv_table_time(table, row, column, &problems, &us);
        }
    }
    g_autoptr(GError) complaint = NULL;
    if (!failures_finish(&problems, FAILURE_BAD_DATA, &complaint))
        check_error(complaint);
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    if (size < 3 || size > 65536)
        return 0;
    g_autoptr(GBytes) packed = g_bytes_new(data + 3, size - 3);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) bytes = NULL;
    /* Unpacking is bounded by 1 GiB, which is too slow to try here; one block is enough. */
    if (size < 4096)
        bytes = csv_inflate(packed, "fuzz.csv", &error);
    else
        bytes = g_bytes_ref(packed);
    if (bytes == NULL) {
        check_error(error);
        return 0;
    }
    if (g_bytes_get_size(bytes) > 1024 * 1024)
        return 0;
    fuzz_bars(bytes, data[0], data[1], data[2]);
    fuzz_actions(bytes, data[2]);
    fuzz_table(bytes);
    return 0;
}
