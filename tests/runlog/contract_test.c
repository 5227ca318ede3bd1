/* The six tables as other people's queries know them: names and types of columns in order, indices,
 * and queries themselves. The names are those of design.md, "Run log": numbers REAL or double
 * precision, ids text, stamps timestamptz or TEXT, JSON in three columns. */
#include "homes.h"

#include <string.h>

/* In SQLite TEXT, REAL and TEXT; in PostgreSQL these. */
#define T "text"
#define S "timestamp with time zone"
#define N "double precision"
#define J "json"

static const struct {
    const char *table, *columns[16]; /* name, type, name, type ... */
} contract[] = {
    {"runs",
     {"id", T, "started_at", S, "ended_at", S, "mode", T, "universe", T, "params", J, "kpis", J}},
    {"orders",
     {"id", T, "run_id", T, "ts", S, "symbol", T, "side", T, "qty", N, "price", N, "status", T}},
    {"fills",
     {"id", T, "run_id", T, "order_id", T, "ts", S, "symbol", T, "qty", N, "price", N, "commission",
      N}},
    {"equity_points", {"id", T, "run_id", T, "ts", S, "equity", N}},
    {"metrics", {"id", T, "run_id", T, "ts", S, "name", T, "value", N}},
    {"error_logs", {"id", T, "run_id", T, "ts", S, "level", T, "message", T, "meta", J}},
};

static const char *type_in(runlog_store store, const char *type)
{
    return store == RUNLOG_POSTGRES ? type : strcmp(type, N) == 0 ? "REAL" : "TEXT";
}

static char *columns_of(const home *self, const char *table)
{
    g_autofree char *sql = g_strdup_printf(
        self->store == RUNLOG_SQLITE
            ? "SELECT name, type FROM pragma_table_info('%s') ORDER BY cid"
            : "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema ="
              " current_schema() AND table_name = '%s' ORDER BY ordinal_position",
        table);
    return home_ask(self, sql);
}

/* Ours stand behind them. */
static void test_columns(home *self, gconstpointer unused)
{
    runlog_free(home_open(self));
    for (gsize i = 0; i < G_N_ELEMENTS(contract); i++) {
        g_autoptr(GString) want = g_string_new(NULL);
        for (const char *const *column = contract[i].columns;
             column < contract[i].columns + 16 && *column != NULL; column += 2)
            g_string_append_printf(want, "%s%s|%s", want->len > 0 ? "\n" : "", column[0],
                                   type_in(self->store, column[1]));
        g_autofree char *columns = columns_of(self, contract[i].table);
        if (!g_str_has_prefix(columns, want->str)) /* ours follow */
            g_assert_cmpstr(columns, ==, want->str);
    }
}

static const char *const indexed[] = {"runs.mode",       "runs.started_at",      "orders.run_id",
                                      "orders.ts",       "orders.symbol",        "fills.run_id",
                                      "fills.ts",        "fills.symbol",         "metrics.name",
                                      "metrics.run_id",  "equity_points.run_id", "equity_points.ts",
                                      "metrics.ts",      "error_logs.run_id",    "error_logs.ts",
                                      "error_logs.level"};

static void test_indices(home *self, gconstpointer unused)
{
    runlog_free(home_open(self));
    for (gsize i = 0; i < G_N_ELEMENTS(indexed); i++) {
        g_auto(GStrv) parts = g_strsplit(indexed[i], ".", 2);
        g_autofree char *sql = g_strdup_printf(
            self->store == RUNLOG_SQLITE
                ? "SELECT count(*) FROM pragma_index_list('%s') AS l, pragma_index_info(l.name) AS "
                  "i"
                  " WHERE i.name = '%s'"
                : "SELECT count(*) FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND "
                  "attnum"
                  " = ANY (indkey) WHERE indrelid = to_regclass('%s') AND attname = '%s'",
            parts[0], parts[1]);
        if (home_count(self, sql) == 0)
            g_error("%s has no index", indexed[i]);
    }
}

/* A query by time alone walks no table: SQLite skips from run to run in the shared index,
 * PostgreSQL has one by time. */
static void test_plans(home *self, gconstpointer unused)
{
    static const char *const asked[] = {
        "SELECT equity FROM equity_points WHERE ts > '2024-01-01'",
        "SELECT status FROM orders WHERE ts BETWEEN '2024-01-01' AND '2025-01-01'",
        "SELECT price FROM fills WHERE ts < '2024-01-01'",
        "SELECT value FROM metrics WHERE ts > '2024-01-01'",
        "SELECT message FROM error_logs WHERE ts > '2024-01-01'",
        "SELECT equity FROM equity_points WHERE run_id = 'x' ORDER BY ts",
        "SELECT price FROM fills WHERE symbol = 'AAPL'",
    };
    const gboolean file = self->store == RUNLOG_SQLITE;
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, "run-1", "backtest", SAMPLE_START_US, 100, 10);
    for (gsize i = 0; i < G_N_ELEMENTS(asked); i++) {
        /* A table of few pages is read whole for good reason; the question is what a large one
         * is. */
        g_autofree char *sql = g_strconcat(
            file ? "EXPLAIN QUERY PLAN " : "SET enable_seqscan = off; EXPLAIN ", asked[i], NULL);
        g_autofree char *plan = home_ask(self, sql);
        if (strstr(plan, file ? "SEARCH" : "Index") == NULL ||
            strstr(plan, file ? "SCAN" : "Seq Scan") != NULL)
            g_error("%s: %s", asked[i], plan);
    }
}

/* Queries of the kind that dashboards had, in SQL that both know. By hand: 20 minutes, ten orders,
 * every second a sale, the seventh rejected; the eleventh stays open. */
static void test_queries(home *self, gconstpointer unused)
{
    static const char *const cases[][2] = {
        {"SELECT count(*) FROM orders WHERE run_id = 'run-1' AND status = 'filled'", "9"},
        {"SELECT side, count(*) FROM orders WHERE status <> 'open' GROUP BY side ORDER BY side",
         "buy|5\nsell|5"},
        {"SELECT count(*) FROM fills WHERE qty < 0", "5"},
        {"SELECT CAST(sum(qty) AS integer) FROM fills WHERE qty > 0", "6"},
        {"SELECT stamp(max(ts)) FROM equity_points WHERE run_id = 'run-1'",
         "2020-01-01 00:19:00.000000"},
        {"SELECT count(*) FROM equity_points WHERE ts >= '2020-01-01 00:10:00' AND"
         " ts < '2020-01-01 00:15:00' AND equity BETWEEN 1000000 AND 1000001",
         "5"},
        {"SELECT r.id, r.mode, count(f.id) FROM runs AS r LEFT JOIN fills AS f ON f.run_id = r.id"
         " GROUP BY r.id, r.mode ORDER BY r.started_at DESC LIMIT 1",
         "run-1|backtest|9"},
        {"SELECT count(*) FROM fills AS f JOIN orders AS o ON o.id = f.order_id"
         " WHERE o.symbol = f.symbol",
         "9"},
    };
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, "run-1", "backtest", SAMPLE_START_US, 20, 2);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = home_ask(self, cases[i][0]);
        if (strcmp(got, cases[i][1]) != 0)
            g_error("%s: %s (expected %s)", cases[i][0], got, cases[i][1]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    homes_add("contract/columns", test_columns, NULL);
    homes_add("contract/indices", test_indices, NULL);
    homes_add("contract/plans", test_plans, NULL);
    homes_add("contract/queries", test_queries, NULL);
    return homes_run();
}
