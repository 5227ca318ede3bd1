/* Hours with their minutes are filled as the minutes themselves: one list of orders on both. */
#include "program.h"

#include <sqlite3.h>
#include <string.h>

#define LAST "(SELECT id FROM runs ORDER BY started_at DESC, id DESC LIMIT 1)"

/* Units, prices and purposes in order; the moments differ, for an hour is known as a whole. */
static char *fills_of(const program *self)
{
    g_autofree char *path = g_build_filename(self->folder, "data", "runtime", "quantbot.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
    g_assert_cmpint(
        sqlite3_prepare_v2(
            db, "SELECT qty_e8 || ' ' || price_e8 FROM fills WHERE run_id = " LAST " ORDER BY id",
            -1, &statement, NULL),
        ==, SQLITE_OK);
    GString *text = g_string_new(NULL);
    while (sqlite3_step(statement) == SQLITE_ROW)
        g_string_append_printf(text, "%s\n", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return g_string_free(text, FALSE);
}

static guint lines_of(const char *text)
{
    guint lines = 0;
    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

/* ---- by hand ------------------------------------------------------------------------------- */

/* The hour goes from 100 to 110 and to 90: a tie, so the adverse extreme is first, and the stop
 * fills. Its minutes went up first. In the next one they say nothing of the high of 120. */
static void test_stop_and_target(void)
{
    g_autoptr(program) self = program_new();
    program_write(self, "h.csv",
                  "time,open,high,low,close,volume\n"
                  "2020-01-01T00:00:00Z,100,100,100,100,1000\n"
                  "2020-01-01T01:00:00Z,100,110,90,100,1000\n"
                  "2020-01-01T02:00:00Z,100,120,80,100,1000\n"
                  "2020-01-01T03:00:00Z,100,100,100,100,1000\n");
    program_write(self, "m.csv",
                  "time,open,high,low,close,volume\n"
                  "2020-01-01T00:00:00Z,100,100,100,100,1000\n"
                  "2020-01-01T01:00:00Z,100,110,100,109,500\n"
                  "2020-01-01T01:30:00Z,109,109,90,100,500\n"
                  "2020-01-01T02:00:00Z,100,119,100,100,500\n"
                  "2020-01-01T02:30:00Z,100,100,80,100,500\n"
                  "2020-01-01T03:00:00Z,100,100,100,100,1000\n");
    program_write(self, "o.csv",
                  "time,symbol,side,quantity,take_profit,stop_loss\n"
                  "2020-01-01T01:00:00Z,BTC,buy,1,108,92\n"
                  "2020-01-01T02:00:00Z,BTC,buy,1,108,92\n");
    program_expect(self, 0, "data", "import", "h.csv", "--symbol", "BTC", "--asset", "crypto",
                   "--interval", "1h");
    program_expect(self, 0, "data", "import", "m.csv", "--symbol", "BTC", "--asset", "crypto",
                   "--interval", "1m");
#define BY_HAND                                                                                   \
    "backtest", "--orders", "o.csv", "--interval", "1h", "--fee-bps", "0", "--slippage-bps", "0", \
        "--beside", "none"
    program_expect(self, 0, BY_HAND);
    g_autofree char *coarse = fills_of(self);
    g_assert_cmpstr(coarse, ==,
                    "100000000 10000000000\n-100000000 9200000000\n"
                    "100000000 10000000000\n-100000000 9200000000\n");
    program_expect(self, 0, BY_HAND, "--detail", "1m");
    g_autofree char *fine = fills_of(self);
    g_assert_cmpstr(fine, ==,
                    "100000000 10000000000\n-100000000 10800000000\n"
                    "100000000 10000000000\n-100000000 9200000000\n");
    if (strstr(self->out, "1 of 4 bars were walked whole") == NULL)
        g_error("no note of the bar that was walked whole:\n%s", self->out);
    program_expect(self, 0, "runs", "reproduce", "last");
    program_expect(self, 3, BY_HAND, "--detail", "1h");
    program_expect(self, 3, BY_HAND, "--detail", "often");
    program_expect(self, 5, BY_HAND, "--detail", "15m");
    program_write(self, "m.csv",
                  "time,open,high,low,close,volume\n"
                  "2020-01-01T01:45:00Z,100,100,100,100,500\n");
    program_expect(self, 0, "data", "import", "m.csv", "--symbol", "BTC", "--asset", "crypto",
                   "--interval", "1m");
    program_expect(self, 5, "runs", "reproduce", "last");
}

/* ---- real minutes -------------------------------------------------------------------------- */

static gboolean import_shared(program *self, const char *file, const char *symbol,
                              const char *asset)
{
    const char *shared = g_getenv("QUANTBOT_SHARED");
    g_autofree char *path = g_build_filename(shared != NULL ? shared : "", "data", file, NULL);
    if (shared == NULL || !g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        g_test_skip("QUANTBOT_SHARED is absent");
        return FALSE;
    }
    program_expect(self, 0, "data", "import", path, "--symbol", symbol, "--asset", asset,
                   "--interval", "1m");
    program_expect(self, 0, "data", "resample", symbol, "--from", "1m", "--to", "1h");
    return TRUE;
}

/* Orders at full hours from `first` on, `days` long: brackets, limits, stops, trailing stops. */
static void write_orders(const program *self, const char *symbol, const char *first, int days,
                         double low, double high, guint count)
{
    static const char *const kinds[] = {"limit", "stop", "stop-limit", "trailing-stop", "market"};
    g_autoptr(GRand) random = g_rand_new_with_seed(20131007);
    g_autoptr(GDateTime) start = g_date_time_new_from_iso8601(first, NULL);
    g_autoptr(GString) text = g_string_new("time,symbol,side,quantity,type,limit,stop,trail,tif,"
                                           "take_profit,stop_loss,trailing_stop\n");
    for (guint i = 0; i < count; i++) {
        g_autoptr(GDateTime)
            when = g_date_time_add_hours(start, g_rand_int_range(random, 0, days * 24));
        g_autofree char *stamp = g_date_time_format(when, "%Y-%m-%dT%H:00:00Z");
        const guint kind = (guint)g_rand_int_range(random, 0, G_N_ELEMENTS(kinds));
        const double a = g_rand_double_range(random, low, high), span = (high - low) / 40;
        const gboolean buys = g_rand_boolean(random);
        g_string_append_printf(text, "%s,%s,%s,%d,%s,", stamp, symbol, buys ? "buy" : "sell",
                               g_rand_int_range(random, 1, 50), kinds[kind]);
        if (kind == 0)
            g_string_append_printf(text, "%.2f,,,", a);
        else if (kind == 1)
            g_string_append_printf(text, ",%.2f,,", a);
        else if (kind == 2)
            g_string_append_printf(text, "%.2f,%.2f,,", buys ? a + span / 4 : a - span / 4, a);
        else if (kind == 3)
            g_string_append_printf(text, ",,%.2f,", span);
        else
            g_string_append(text, ",,,");
        g_string_append_printf(text, "%s,", g_rand_boolean(random) ? "DAY" : "GTC");
        if (g_rand_boolean(random))
            g_string_append_printf(text, "%.2fd,%.2fd,\n", span, span);
        else if (g_rand_boolean(random))
            g_string_append_printf(text, ",,%.2f\n", span);
        else
            g_string_append(text, ",,\n");
    }
    program_write(self, "o.csv", text->str);
}

static void expect_same(program *self)
{
/* Patience counts bars, of which an hour has but one. */
#define ON_BOTH                                                                                 \
    "backtest", "--orders", "o.csv", "--cash", "100000000", "--volume-cap", "off", "--fee-bps", \
        "0", "--slippage-bps", "3", "--patience", "10000", "--beside", "none", "--interval"
    program_expect(self, 0, ON_BOTH, "1m");
    g_autofree char *minutes = fills_of(self);
    program_expect(self, 0, ON_BOTH, "1h", "--detail", "1m");
    g_assert_null(strstr(self->out, "walked whole"));
    g_autofree char *detailed = fills_of(self);
    program_expect(self, 0, ON_BOTH, "1h");
    g_autofree char *hours = fills_of(self);
    g_test_message("%u fills on minutes, %u on hours with minutes, %u on hours", lines_of(minutes),
                   lines_of(detailed), lines_of(hours));
    g_assert_cmpuint(lines_of(minutes), >, 200);
    g_assert_cmpstr(minutes, !=, hours);
    if (strcmp(minutes, detailed) != 0) {
        g_auto(GStrv) a = g_strsplit(minutes, "\n", -1), b = g_strsplit(detailed, "\n", -1);
        guint i = 0;
        while (a[i] != NULL && b[i] != NULL && strcmp(a[i], b[i]) == 0)
            i++;
        g_error("fill %u is %s on minutes, %s on hours with minutes", i + 1, a[i], b[i]);
    }
}

static void test_shares(void)
{
    g_autoptr(program) self = program_new();
    if (!import_shared(self, "equities/minute_raw/SPY_2013-10_trade.csv.gz", "SPY", "equity"))
        return;
    write_orders(self, "SPY", "2013-10-07T12:00:00Z", 4, 164, 171, 300);
    expect_same(self);
}

static void test_coins(void)
{
    g_autoptr(program) self = program_new();
    if (!import_shared(self, "crypto/minute_bitfinex/BTCUSD_2016.csv.gz", "BTC", "crypto"))
        return;
    write_orders(self, "BTC", "2016-01-05T00:00:00Z", 40, 360, 450, 400);
    expect_same(self);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/detail/stop-and-target", test_stop_and_target);
    g_test_add_func("/detail/shares", test_shares);
    g_test_add_func("/detail/coins", test_coins);
    return g_test_run();
}
