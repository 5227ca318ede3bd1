/* What is read of a log, and what is purged. */
#include "homes.h"

#include "platform/failure.h"

#include <string.h>

#define ID_A "0193580f-0000-7abc-8def-000000000001"
#define ID_B "0193580f-0001-7abc-8def-000000000002"
#define ID_C "0193ffff-0001-7abc-8def-000000000003"

static void log_run(runlog *log, const char *id, const char *mode, gint64 started_us)
{
    sample_log(log, id, mode, started_us, 20, 2);
}

static void test_list(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    g_autoptr(GPtrArray) none = runlog_list(log, NULL, 0, &error);
    g_assert_cmpint(none->len, ==, 0);
    g_assert_null(runlog_find(log, "last", &error));
    ASSERT_FAILS(error, FAILURE_MISSING, "no run");
    log_run(log, ID_B, "replay", SAMPLE_START_US + 2);
    log_run(log, ID_A, "backtest", SAMPLE_START_US + 1);
    log_run(log, ID_C, "paper", SAMPLE_START_US + 3);
    g_autoptr(GPtrArray) all = runlog_list(log, NULL, 0, &error);
    g_assert_cmpint(all->len, ==, 3);
    g_assert_cmpstr(((runlog_summary *)all->pdata[0])->id, ==, ID_C);
    g_assert_cmpstr(((runlog_summary *)all->pdata[2])->id, ==, ID_A);
    g_autoptr(GPtrArray) one = runlog_list(log, NULL, 1, &error);
    g_assert_cmpint(one->len, ==, 1);
    g_autoptr(GPtrArray) replays = runlog_list(log, "replay", 0, &error);
    g_assert_cmpint(replays->len, ==, 1);
    g_autoptr(GPtrArray) injected = runlog_list(log, "x' OR '1'='1", 0, &error);
    g_assert_cmpint(injected->len, ==, 0);
}

static void test_find(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    log_run(log, ID_A, "backtest", SAMPLE_START_US);
    log_run(log, ID_B, "backtest", SAMPLE_START_US + 1);
    log_run(log, ID_B "x", "backtest", SAMPLE_START_US);
    g_autoptr(runlog_summary) last = runlog_find(log, "last", &error);
    g_assert_cmpstr(last->id, ==, ID_B);
    g_autoptr(runlog_summary) first = runlog_find(log, "0193580f-0000", &error);
    g_assert_cmpstr(first->id, ==, ID_A);
    g_assert_cmpint(first->equity_points, ==, 20);
    g_assert_cmpint(first->orders, ==, 11);
    g_assert_cmpint(first->fills, ==, 9); /* ten orders, the seventh is rejected */
    g_assert_cmpint(first->trades, ==, 5);
    g_assert_cmpint(first->ended_us, ==, SAMPLE_START_US + 1);
    g_assert_cmpstr(first->universe, ==, "AAPL,BTC-USD");
    g_assert_cmpint(strlen(first->state_hash), ==, 64);
    g_autoptr(runlog_summary) exact = runlog_find(log, ID_B, &error);
    g_assert_cmpstr(exact->id, ==, ID_B);
    g_assert_null(runlog_find(log, "0193580f", &error));
    ASSERT_FAILS(error, FAILURE_USAGE, "fits several");
    g_assert_null(runlog_find(log, "01935810", &error));
    ASSERT_FAILS(error, FAILURE_MISSING, "no such run");
    g_assert_null(runlog_find(log, "019", &error));
    ASSERT_FAILS(error, FAILURE_USAGE, "at least 4");
    g_assert_null(runlog_find(log, "%%%%", &error));
    ASSERT_FAILS(error, FAILURE_MISSING, "no such run");
}

static void test_rows(home *self, gconstpointer unused)
{
    GError *error = NULL;
    {
        g_autoptr(runlog) made = home_open(self);
        log_run(made, ID_A, "backtest", SAMPLE_START_US);
    }
    g_autoptr(runlog) log = home_try(self, FALSE, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) points = runlog_equity(log, ID_A, &error);
    g_assert_cmpint(points->len, ==, 20);
    for (guint i = 0; i < points->len; i++)
        g_assert_cmpint(g_array_index(points, runlog_point, i).ts_us, ==,
                        SAMPLE_START_US + i * SAMPLE_STEP_US);
    g_autoptr(GArray) trades = runlog_trades(log, ID_A, 2, &error);
    g_assert_cmpint(trades->len, ==, 2);
    const runlog_trade *last = &g_array_index(trades, runlog_trade, 1);
    g_assert_cmpint(last->bars, ==, 10); /* the sample numbers them so */
    g_assert_cmpint(last->exit_us - last->entry_us, ==, SAMPLE_STEP_US);
    g_assert_cmpint(last->exit_price_e8 - last->entry_price_e8, ==, 7);
    g_assert_false(last->is_short);
    g_autoptr(GArray) positions = runlog_positions(log, ID_A, &error);
    g_assert_cmpint(positions->len, ==, 1);
    const runlog_position *held = &g_array_index(positions, runlog_position, 0);
    g_assert_cmpstr(held->symbol, ==, "AAPL");
    g_assert_cmpint(held->qty_e8, ==, -2 * QB_ONE);
    g_assert_cmpint(held->cost_e8, ==, -300 * QB_ONE - 1);
    g_assert_cmpint(held->mark_e8, ==, 149 * QB_ONE);
    g_assert_null(sample_log_run(log, ID_B, "backtest", SAMPLE_START_US, 5, 2, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE); /* a reader cannot write */
    g_clear_error(&error);
}

static gint64 rows_of(const GArray *rows, const char *table)
{
    for (guint i = 0; i < rows->len; i++)
        if (strcmp(g_array_index(rows, runlog_row, i).table, table) == 0)
            return g_array_index(rows, runlog_row, i).count;
    return -1;
}

static void test_status(home *self, gconstpointer unused)
{
    GError *error = NULL;
    runlog_status status;
    g_autoptr(runlog) log = home_open(self);
    g_assert_true(runlog_status_get(log, &status, &error));
    g_assert_null(status.last_run);
    g_assert_cmpint(rows_of(status.tables, "runs"), ==, 0);
    runlog_status_clear(&status);
    log_run(log, ID_A, "backtest", SAMPLE_START_US);
    g_assert_true(runlog_status_get(log, &status, &error));
    g_assert_cmpstr(status.path, ==, home_name(self));
    g_assert_cmpstr(status.last_run, ==, ID_A);
    g_assert_cmpint(status.schema_version, ==, 5);
    g_assert_cmpint(status.bytes, >, 4096);
    g_assert_cmpint(rows_of(status.tables, "runs"), ==, 1);
    g_assert_cmpint(rows_of(status.tables, "equity_points"), ==, 20);
    g_assert_cmpint(rows_of(status.tables, "orders"), ==, 11);
    g_assert_cmpint(rows_of(status.tables, "positions"), ==, 2);
    runlog_status_clear(&status);
}

/* ---- purged --------------------------------------------------------------------------------- */

static GArray *purge(runlog *log, const char *mode, gint64 before_us, gboolean dry_run)
{
    GError *error = NULL;
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(runlog_row));
    runlog_purge(log, mode, before_us, dry_run, rows, &error);
    g_assert_no_error(error);
    return rows;
}

static void test_purge(home *self, gconstpointer unused)
{
    g_autoptr(runlog) log = home_open(self);
    log_run(log, ID_A, "backtest", SAMPLE_START_US);
    log_run(log, ID_B, "replay", SAMPLE_START_US + QB_DAY_US);
    log_run(log, ID_C, "paper", SAMPLE_START_US);
    g_autoptr(GArray) dry = purge(log, NULL, 0, TRUE);
    g_assert_cmpint(rows_of(dry, "runs"), ==, 2);
    g_assert_cmpint(rows_of(dry, "equity_points"), ==, 40);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM runs"), ==, 3);
    g_autoptr(GArray) old = purge(log, NULL, SAMPLE_START_US + QB_DAY_US, TRUE);
    g_assert_cmpint(rows_of(old, "runs"), ==, 1);
    g_autoptr(GArray) replays = purge(log, "replay", 0, FALSE);
    g_assert_cmpint(rows_of(replays, "runs"), ==, 1);
    g_assert_cmpint(rows_of(replays, "fills"), ==, 9);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM runs WHERE mode = 'replay'"), ==, 0);
    g_autoptr(GArray) rest = purge(log, NULL, 0, FALSE);
    g_assert_cmpint(rows_of(rest, "runs"), ==, 1);
    /* The paper run is whole. */
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM runs"), ==, 1);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM equity_points"), ==, 20);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM positions"), ==, 2);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM schema_version"), ==, 1);
    if (self->store == RUNLOG_SQLITE) {
        g_autofree char *sound = home_ask(self, "PRAGMA integrity_check");
        g_assert_cmpstr(sound, ==, "ok");
    }
}

static void test_purge_refuses(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(runlog_row));
    g_assert_false(runlog_purge(log, "paper", 0, FALSE, rows, &error));
    ASSERT_FAILS(error, FAILURE_USAGE, "\"paper\"");
    g_assert_cmpint(rows->len, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    homes_add("read/list", test_list, NULL);
    homes_add("read/find", test_find, NULL);
    homes_add("read/rows", test_rows, NULL);
    homes_add("read/status", test_status, NULL);
    homes_add("purge/chosen", test_purge, NULL);
    homes_add("purge/refused", test_purge_refuses, NULL);
    return homes_run();
}
