/* W8: the run log. A backtest of 100,000 fills and 1,000,000 equity points is stored in one
 * transaction, in SQLite and, where a server is installed, in PostgreSQL; with W8_RUNS=10 ten of
 * them, and what bot and reports read of ten million points and a million fills is timed. Exits 1
 * when a count is wrong; time alone never fails. */
#include "runlog/runlog.h"

#include "../tests/runlog/server.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define FILLS 100000
#define POINTS 1000000
#define START_US (INT64_C(1577836800) * 1000000)

static const char *const symbols[] = {"WALK-USD"};

static void feed(const qb_sink *sink)
{
    for (guint i = 0; i < POINTS; i++) {
        const gint64 at_us = START_US + i * INT64_C(60000000);
        sink->equity(sink->self, at_us, (qb_money){100000 * QB_ONE + (gint64)(i % 997) * 12345});
        if (i % (POINTS / FILLS) != 0)
            continue;
        const guint64 number = i / (POINTS / FILLS) + 1;
        const qb_side side = number % 2 == 1 ? QB_BUY : QB_SELL;
        const qb_order order = {.id = number,
                                .side = side,
                                .quantity = {QB_ONE},
                                .filled = {QB_ONE},
                                .submitted_us = at_us,
                                .final_us = at_us,
                                .status = QB_ORDER_FILLED};
        const qb_fill fill = {.id = number,
                              .order_id = number,
                              .ts_us = at_us,
                              .quantity = {side == QB_BUY ? QB_ONE : -QB_ONE},
                              .price = {100 * QB_ONE},
                              .bar_ts_us = at_us};
        sink->fill(sink->self, &fill);
        sink->order(sink->self, &order);
        const qb_trade trade = {.side = QB_BUY,
                                .entry_us = at_us,
                                .exit_us = at_us,
                                .quantity = {QB_ONE},
                                .profit = {(gint64)number}};
        if (side == QB_SELL)
            sink->trade(sink->self, &trade);
    }
}

static long peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static gboolean store(runlog *log, const char *name, guint runs_before)
{
    GError *error = NULL;
    const runlog_run run = {.mode = "backtest",
                            .universe = "WALK-USD",
                            .params = "{}",
                            .symbols = symbols,
                            .instrument_count = 1};
    g_autoptr(runlog_writer) writer = runlog_writer_new(log, &run, &error);
    g_assert_no_error(error);
    const qb_sink sink = runlog_writer_sink(writer);
    feed(&sink);
    const long before_kib = peak_kib();
    const gint64 start_us = g_get_monotonic_time();
    if (!runlog_writer_commit(writer, "{}", NULL, START_US, &error))
        g_error("%s", error->message);
    const double spent = (double)(g_get_monotonic_time() - start_us) / 1e6;
    runlog_status status;
    if (!runlog_status_get(log, &status, &error))
        g_error("%s", error->message);
    const gint64 points = g_array_index(status.tables, runlog_row, RUNLOG_EQUITY_POINTS).count;
    const gint64 fills = g_array_index(status.tables, runlog_row, RUNLOG_FILLS).count;
    if (runs_before == 0)
        printf(
            "    %-10s %d fills, %d points stored in %.2f s (must 3), %.1f MiB more memory: %s\n",
            name, FILLS, POINTS, spent, (double)(peak_kib() - before_kib) / 1024,
            points == POINTS && fills == FILLS ? "all there" : "ROWS ARE MISSING");
    runlog_status_clear(&status);
    return points == POINTS * (gint64)(runs_before + 1) &&
           fills == FILLS * (gint64)(runs_before + 1);
}

/* ---- reading ------------------------------------------------------------------------------- */

#define TIMES 21

static int compare(const void *a, const void *b)
{
    const gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

typedef enum reading { PICTURE, WINDOW, LAST_TRADES, BY_DAY, RUNS, READINGS } reading;

static const char *const readings[] = {[PICTURE] = "equity of a run, 1,200 columns",
                                       [WINDOW] = "equity of a month of it",
                                       [LAST_TRADES] = "last 50 trades",
                                       [BY_DAY] = "profit by day",
                                       [RUNS] = "last 20 runs"};

static guint read_once(runlog *log, const char *run, reading what)
{
    GError *error = NULL;
    const gint64 month_us = START_US + 300 * QB_DAY_US;
    g_autoptr(GArray) rows = NULL;
    g_autoptr(GPtrArray) runs = NULL;
    switch (what) {
    case PICTURE:
        rows = runlog_equity_thinned(log, run, 0, 0, 1200, &error);
        break;
    case WINDOW:
        rows = runlog_equity_thinned(log, run, month_us, month_us + 30 * QB_DAY_US, 1200, &error);
        break;
    case LAST_TRADES:
        rows = runlog_trades(log, run, 50, &error);
        break;
    case BY_DAY:
        rows = runlog_profits(log, run, RUNLOG_BY_DAY, &error);
        break;
    case RUNS:
    case READINGS:
        runs = runlog_list(log, NULL, 20, &error);
        break;
    }
    g_assert_no_error(error);
    return rows != NULL ? rows->len : runs->len;
}

static void read_all(runlog *log)
{
    GError *error = NULL;
    g_autoptr(runlog_summary) run = runlog_find(log, "last", &error);
    g_assert_no_error(error);
    for (reading what = 0; what < READINGS; what++) {
        gint64 spent_us[TIMES];
        guint rows = 0;
        for (int i = 0; i < TIMES; i++) {
            const gint64 start_us = g_get_monotonic_time();
            rows = read_once(log, run->id, what);
            spent_us[i] = g_get_monotonic_time() - start_us;
        }
        qsort(spent_us, TIMES, sizeof spent_us[0], compare);
        printf("      %-32s %5u rows  %6.1f ms median, %6.1f ms least (must 50)\n", readings[what],
               rows, (double)spent_us[TIMES / 2] / 1e3, (double)spent_us[0] / 1e3);
    }
}

static gboolean measure(runlog *log, const char *name, guint runs, server *postgres)
{
    gboolean ok = TRUE;
    for (guint i = 0; i < runs && ok; i++)
        ok = store(log, name, i);
    if (postgres != NULL) /* as the server's own housekeeping does within a minute */
        server_sql(postgres, NULL, "ANALYZE");
    read_all(log);
    return ok;
}

static guint wanted_runs(void)
{
    const char *text = g_getenv("W8_RUNS");
    return text != NULL ? (guint)CLAMP(g_ascii_strtoll(text, NULL, 10), 1, 100) : 1;
}

int main(void)
{
    GError *error = NULL;
    const char *why = NULL;
    g_autofree char *folder = g_dir_make_tmp("quantbot-w8-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "quantbot.db", NULL);
    printf("W8  run log: one large backtest in one transaction\n");
    runlog *log = runlog_open(path, &error);
    g_assert_no_error(error);
    gboolean ok = measure(log, "SQLite", wanted_runs(), NULL);
    runlog_free(log);
    sync(); /* what the file has left to the disk is not the server's to wait for */
    server *postgres = server_start(&why);
    if (postgres == NULL) {
        printf("    PostgreSQL not measured: %s\n", why);
    } else {
        log = runlog_open_server(server_place(postgres, NULL), TRUE, NULL, &error);
        g_assert_no_error(error);
        ok = measure(log, "PostgreSQL", wanted_runs(), postgres) && ok;
        runlog_free(log);
        server_free(postgres);
    }
    g_remove(path);
    g_rmdir(folder);
    return ok ? 0 : 1;
}
