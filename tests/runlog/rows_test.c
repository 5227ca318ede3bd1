/* What is kept of a trade beside its amounts, and the rows of a run as tables. */
#include "core/metrics/doctor.h"
#include "homes.h"

#include <math.h>
#include <string.h>

/* 03:30 UTC on a Thursday is still Wednesday in New York. */
#define EXIT_US (SAMPLE_START_US + QB_DAY_US + 210 * QB_MINUTE_US)

static const qb_trade trade = {.instrument = 1,
                               .side = QB_SELL,
                               .entry_us = SAMPLE_START_US,
                               .exit_us = EXIT_US,
                               .quantity = {QB_ONE / 2},
                               .entry_price = {100 * QB_ONE},
                               .exit_price = {90 * QB_ONE},
                               .profit = {5 * QB_ONE - 1},
                               .fees = {1},
                               .return_fraction = 0.1,
                               .bars = 3,
                               .entry = QB_FOR_SIGNAL,
                               .exit = QB_FOR_STOP_LOSS,
                               .owner = 1,
                               .adverse = 0.5,
                               .favourable = 6.25};

static void log_trade(runlog *log, const char *id, const qb_calendar *calendar, gboolean strategies,
                      GError **error)
{
    static const char *const names[] = {"first", "second"};
    const runlog_run run = {.id = id,
                            .mode = "backtest",
                            .universe = "AAPL,BTC-USD",
                            .params = "{}",
                            .symbols = sample_symbols,
                            .instrument_count = SAMPLE_INSTRUMENTS,
                            .started_us = SAMPLE_START_US,
                            .strategies = strategies ? names : NULL,
                            .strategy_count = strategies ? 2 : 0,
                            .calendar = calendar};
    g_autoptr(runlog_writer) writer = runlog_writer_new(log, &run, error);
    const qb_sink sink = runlog_writer_sink(writer);
    runlog_writer_touch(writer, 64); /* there is no trade yet */
    g_assert_cmpint(sink.trade(sink.self, &trade), ==, QB_OK);
    runlog_writer_touch(writer, QB_TOUCH_LATE);
    runlog_writer_touch(writer, QB_TOUCH_FLAGGED);
    runlog_writer_result(writer, "{\"months\":[]}");
    g_assert_true(runlog_writer_commit(writer, NULL, NULL, SAMPLE_START_US, error));
    g_assert_no_error(*error);
}

static void test_trade(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    log_trade(log, "run-ny", qb_calendar_find("XNYS"), TRUE, &error);
    log_trade(log, "run-utc", NULL, FALSE, &error);
    g_autoptr(GArray) trades = runlog_trades(log, "run-ny", 0, &error);
    g_assert_cmpuint(trades->len, ==, 1);
    const runlog_trade *got = &g_array_index(trades, runlog_trade, 0);
    g_assert_cmpstr(got->symbol, ==, "BTC-USD");
    g_assert_true(got->is_short);
    g_assert_cmpstr(got->strategy, ==, "second");
    g_assert_cmpstr(got->entry_reason, ==, "signal");
    g_assert_cmpstr(got->exit_reason, ==, "stop-loss");
    g_assert_cmpint(got->exit_date, ==, qb_date_from_civil((qb_civil){2020, 1, 1}));
    g_assert_cmpfloat(got->adverse, ==, 0.5);
    g_assert_cmpfloat(got->favourable, ==, 6.25);
    g_assert_cmpuint(got->touched, ==, QB_TOUCH_LATE | QB_TOUCH_FLAGGED);
    g_autofree char *result = NULL;
    g_assert_true(runlog_result_get(log, "run-ny", &result, &error));
    g_assert_cmpstr(result, ==, "{\"months\":[]}");

    g_autoptr(GArray) others = runlog_trades(log, "run-utc", 0, &error);
    const runlog_trade *other = &g_array_index(others, runlog_trade, 0);
    g_assert_cmpstr(other->strategy, ==, "");
    g_assert_cmpint(other->exit_date, ==, qb_date_from_civil((qb_civil){2020, 1, 2}));
}

/* ---- views ---------------------------------------------------------------------------------- */

typedef struct seen {
    const runlog_view *view;
    guint rows, limit;
    char *last; /* its cells, joined */
} seen;

static gboolean see(const runlog_cell *cells, gpointer data, GError **error)
{
    seen *self = data;
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < self->view->count; i++) {
        g_string_append(text, i > 0 ? "|" : "");
        if (cells[i].none)
            g_string_append(text, "-");
        else if (self->view->columns[i].kind == RUNLOG_TEXT)
            g_string_append(text, cells[i].text);
        else if (self->view->columns[i].kind == RUNLOG_REAL)
            g_string_append_printf(text, "%g", cells[i].number);
        else
            g_string_append_printf(text, "%" G_GINT64_FORMAT, cells[i].integer);
    }
    g_free(self->last);
    self->last = g_string_free(text, FALSE);
    if (++self->rows < self->limit)
        return TRUE;
    g_set_error_literal(error, FAILURE, FAILURE_IO, "enough");
    return FALSE;
}

static void expect_rows(runlog *log, const char *run, const char *name, guint rows,
                        const char *last)
{
    GError *error = NULL;
    seen self = {.view = runlog_view_find(name), .limit = G_MAXUINT};
    g_assert_nonnull(self.view);
    g_assert_cmpuint(self.view->count, <=, RUNLOG_COLUMNS_MAX);
    g_assert_true(runlog_view_read(log, self.view, run, see, &self, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(self.rows, ==, rows);
    if (last != NULL)
        g_assert_cmpstr(self.last, ==, last);
    g_free(self.last);
}

static void test_views(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    log_trade(log, "run-utc", NULL, TRUE, &error);
    sample_log(log, "run-a", "backtest", SAMPLE_START_US, 50, 5);
    expect_rows(log, "run-utc", "trades", 1,
                "run-utc|run-utc:t:00000001|BTC-USD|short|1577836800000000|1577935800000000|0.5|"
                "100|90|5|1e-08|0.1|3|50000000|10000000000|9000000000|499999999|1|second|signal|"
                "stop-loss|2020-01-02|0.5|6.25|10");
    expect_rows(log, "run-utc", "fills", 0, NULL);
    expect_rows(log, "run-a", "equity", 50, NULL);
    expect_rows(log, "run-a", "orders", 11, NULL); /* the last one stays open */
    expect_rows(log, "run-a", "decisions", 10, NULL);
    expect_rows(log, "run-a", "fills", 9, NULL); /* the seventh order of ten is rejected */
    g_assert_null(runlog_view_find("runs"));
    guint count = 0;
    while (runlog_view_at(count) != NULL)
        count++;
    g_assert_cmpuint(count, ==, 5);
    seen stopped = {.view = runlog_view_find("equity"), .limit = 3};
    g_assert_false(runlog_view_read(log, stopped.view, "run-a", see, &stopped, &error));
    g_assert_error(error, FAILURE, FAILURE_IO);
    g_assert_cmpuint(stopped.rows, ==, 3);
    g_free(stopped.last);
    g_clear_error(&error);
}

/* Rows of the earlier bot have no exact amounts: they are rounded from the numbers. */
static void test_rounded(home *self, gconstpointer unused)
{
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, "run-a", "backtest", SAMPLE_START_US, 2, 0);
    home_sql(self, "UPDATE equity_points SET equity_e8 = NULL, equity = 0.29");
    expect_rows(log, "run-a", "equity", 2, "run-a|run-a:e:00000002|1577836860000000|0.29|29000000");
}

/* Columns that a reader's older log does not have yet are none. */
static void test_older(home *self, gconstpointer unused)
{
    GError *error = NULL;
    runlog *log = home_open(self);
    sample_log(log, "run-a", "backtest", SAMPLE_START_US, 2, 0);
    log_trade(log, "run-utc", NULL, TRUE, &error);
    runlog_free(log);
    home_sql(self,
             "ALTER TABLE trades DROP COLUMN touched; ALTER TABLE trades DROP COLUMN adverse;"
             "ALTER TABLE orders DROP COLUMN parent; ALTER TABLE decisions DROP COLUMN filter;"
             "UPDATE schema_version SET version = 2");
    g_autoptr(runlog) older = home_try(self, FALSE, &error);
    g_assert_no_error(error);
    expect_rows(older, "run-a", "orders", 0, NULL);
    expect_rows(older, "run-a", "decisions", 0, NULL);
    expect_rows(older, "run-utc", "trades", 1,
                "run-utc|run-utc:t:00000001|BTC-USD|short|1577836800000000|1577935800000000|0.5|"
                "100|90|5|1e-08|0.1|3|50000000|10000000000|9000000000|499999999|1|-|-|-|-|-|-|-");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    homes_add("rows/trade", test_trade, NULL);
    homes_add("rows/views", test_views, NULL);
    homes_add("rows/rounded", test_rounded, NULL);
    homes_add_to(RUNLOG_SQLITE, "rows/older", test_older, NULL);
    return homes_run();
}
