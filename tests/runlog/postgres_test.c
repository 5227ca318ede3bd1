/* The run log in a real PostgreSQL, which this test starts and stops. That SQLite holds what it
 * should is shown elsewhere, by hand-worked values; here every row of every table must be the same
 * in both. */
#include "homes.h"

#include <string.h>

/* The same test's log in a file. */
static runlog *open_file(const home *self)
{
    GError *error = NULL;
    runlog *log = runlog_open(self->folder.path, &error);
    g_assert_no_error(error);
    return log;
}

static char *digest(runlog *log, const char *run)
{
    GError *error = NULL;
    char *hex = runlog_digest(log, run, &error);
    g_assert_no_error(error);
    return hex;
}

/* ---- equal ---------------------------------------------------------------------------------- */

static void log_odd_run(runlog *log)
{
    GError *error = NULL;
    const runlog_run run = {.id = "odd",
                            .mode = "replay",
                            .universe = "AAPL,BTC-USD",
                            .params = "{\"text\": \"tab\\t\", \"n\": 1.10}",
                            .symbols = sample_symbols,
                            .instrument_count = SAMPLE_INSTRUMENTS,
                            .started_us = SAMPLE_START_US - 1};
    g_autoptr(runlog_writer) writer = runlog_writer_new(log, &run, &error);
    const qb_sink sink = runlog_writer_sink(writer);
    const qb_risk_event event = {.at_us = SAMPLE_START_US,
                                 .instrument = UINT32_MAX,
                                 .limit = 0.1,
                                 .value = 1.0 / 3,
                                 .asked = {QB_ONE},
                                 .what = "tab\t, line\n and \\"};
    g_assert_cmpint(sink.risk(sink.self, &event), ==, QB_OK);
    g_assert_true(runlog_writer_metric(writer, SAMPLE_START_US, "tiny", 5e-324, &error));
    runlog_writer_log(writer, SAMPLE_START_US, "ERROR", "\\N \xc3\xa9 \xf0\x9f\x93\x88", "{}");
    runlog_writer_log(writer, SAMPLE_START_US, "ERROR", "", NULL);
    runlog_writer_result(writer, "{\"months\":[]}");
    g_assert_true(runlog_writer_commit(writer, NULL, NULL, 0, &error));
}

typedef struct collected {
    const runlog_view *view;
    GArray *integers; /* of every cell */
} collected;

static gboolean collect(const runlog_cell *cells, gpointer data, GError **error)
{
    const collected *self = data;
    for (guint i = 0; i < self->view->count; i++)
        g_array_append_vals(self->integers, &cells[i].integer, 1);
    return TRUE;
}

static void assert_same_views(runlog *a, runlog *b, const char *run)
{
    GError *error = NULL;
    const runlog_view *view;
    for (guint i = 0; (view = runlog_view_at(i)) != NULL; i++) {
        g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(gint64));
        g_autoptr(GArray) two = g_array_new(FALSE, FALSE, sizeof(gint64));
        g_assert_true(runlog_view_read(a, view, run, collect, &(collected){view, one}, &error));
        g_assert_true(runlog_view_read(b, view, run, collect, &(collected){view, two}, &error));
        g_assert_cmpmem(one->data, one->len * 8, two->data, two->len * 8);
    }
}

static void assert_same_reads(runlog *a, runlog *b, const char *run)
{
    GError *error = NULL;
    g_autoptr(GArray) equity = runlog_equity(a, run, &error);
    g_autoptr(GArray) equity_too = runlog_equity(b, run, &error);
    g_assert_cmpmem(equity->data, equity->len * sizeof(runlog_point), equity_too->data,
                    equity_too->len * sizeof(runlog_point));
    for (guint limit = 0; limit < 8; limit += 7) {
        g_autoptr(GArray) trades = runlog_trades(a, run, limit, &error);
        g_autoptr(GArray) trades_too = runlog_trades(b, run, limit, &error);
        g_assert_cmpuint(trades->len, >, 0);
        g_assert_cmpuint(trades->len, ==, trades_too->len);
        for (guint i = 0; i < trades->len; i++) {
            const runlog_trade *x = &g_array_index(trades, runlog_trade, i);
            const runlog_trade *y = &g_array_index(trades_too, runlog_trade, i);
            g_assert_cmpstr(x->symbol, ==, y->symbol);
            g_assert_cmpint(x->exit_us, ==, y->exit_us);
            g_assert_cmpint(x->profit_e8, ==, y->profit_e8);
            g_assert_cmpint(x->exit_date, ==, y->exit_date);
        }
    }
    assert_same_views(a, b, run);
}

static void test_equal(home *self, gconstpointer unused)
{
    g_autoptr(runlog) file = open_file(self);
    g_autoptr(runlog) log = home_open(self);
    g_assert_cmpint(runlog_origin_of(log), ==, RUNLOG_MADE);
    runlog *const both[] = {file, log};
    for (int i = 0; i < 2; i++) {
        sample_log(both[i], "run-1", "backtest", SAMPLE_START_US, 3000, 10);
        log_odd_run(both[i]);
    }
    static const char *const runs[] = {"run-1", "odd"};
    for (gsize i = 0; i < G_N_ELEMENTS(runs); i++) {
        g_autofree char *here = digest(file, runs[i]), *there = digest(log, runs[i]);
        g_assert_cmpstr(here, ==, there);
    }
    assert_same_reads(file, log, "run-1");
    g_autofree char *params = home_ask(self, "SELECT params FROM runs WHERE id = 'odd'");
    g_assert_cmpstr(params, ==, "{\"text\": \"tab\\t\", \"n\": 1.10}");
}

static void test_found(home *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = home_open(self);
    sample_log(log, "aaaa-1", "backtest", SAMPLE_START_US, 10, 0);
    sample_log(log, "aaaa-2", "paper", SAMPLE_START_US + 1, 10, 0);
    g_autoptr(runlog_summary) last = runlog_find(log, "last", &error);
    g_assert_cmpstr(last->id, ==, "aaaa-2");
    g_assert_null(runlog_find(log, "aaaa", &error));
    g_assert_error(error, FAILURE, FAILURE_USAGE);
    g_clear_error(&error);
    g_assert_null(runlog_find(log, "a%'_", &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
    g_clear_error(&error);
    g_autoptr(GPtrArray) papers = runlog_list(log, "paper", 0, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(papers->len, ==, 1);
    runlog_status status;
    g_assert_true(runlog_status_get(log, &status, &error));
    g_assert_cmpstr(status.last_run, ==, "aaaa-2");
    g_assert_cmpint(status.bytes, >, 0);
    g_assert_cmpint(g_array_index(status.tables, runlog_row, RUNLOG_EQUITY_POINTS).count, ==, 20);
    runlog_status_clear(&status);
    /* the id is taken; nothing is stored */
    g_assert_null(sample_log_run(log, "aaaa-1", "backtest", SAMPLE_START_US, 20, 2, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_clear_error(&error);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM equity_points"), ==, 20);
    g_assert_true(runlog_check_writable(log, &error));
}

/* ---- rows by key ---------------------------------------------------------------------------- */

static void put_points(runlog *log, gint64 first, gint64 last)
{
    GError *error = NULL;
    const runlog_table *table = runlog_table_find("equity_points");
    g_autoptr(GArray) cells = g_array_new(FALSE, TRUE, sizeof(runlog_cell));
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    for (gint64 i = first; i <= last; i++) {
        g_ptr_array_add(ids, g_strdup_printf("r:e:%08d", (int)i));
        const runlog_cell row[] = {{.text = "r"},
                                   {.text = ids->pdata[ids->len - 1]},
                                   {.integer = SAMPLE_START_US + i},
                                   {.number = (double)i / 7},
                                   {.none = i % 5 == 0, .integer = i}};
        g_assert_cmpuint(table->count, ==, G_N_ELEMENTS(row));
        g_array_append_vals(cells, row, table->count);
    }
    g_assert_true(runlog_batch_begin(log, &error));
    const gboolean put = runlog_rows_put(log, table, (const runlog_cell *)cells->data,
                                         (gsize)(last - first + 1), &error);
    g_assert_no_error(error);
    g_assert_true(runlog_batch_end(log, put, &error));
}

static void put_run(runlog *log)
{
    GError *error = NULL;
    const runlog_cell none = {.none = TRUE};
    const runlog_cell row[] = {{.text = "r"},
                               {.integer = SAMPLE_START_US},
                               none,
                               {.text = "paper"},
                               {.text = "AAPL"},
                               {.text = "{\"a\":1}"},
                               none,
                               none,
                               none,
                               none,
                               none,
                               none,
                               none,
                               none,
                               none};
    g_assert_cmpuint(runlog_tables[RUNLOG_RUNS].count, ==, G_N_ELEMENTS(row));
    g_assert_true(runlog_batch_begin(log, &error));
    const gboolean put = runlog_rows_put(log, &runlog_tables[RUNLOG_RUNS], row, 1, &error);
    g_assert_no_error(error);
    g_assert_true(runlog_batch_end(log, put, &error));
}

static void test_rows_put(home *self, gconstpointer unused)
{
    g_autoptr(runlog) file = open_file(self);
    g_autoptr(runlog) log = home_open(self);
    runlog *const both[] = {file, log};
    for (int i = 0; i < 2; i++) {
        put_run(both[i]);
        put_points(both[i], 1, 700);
        put_points(both[i], 600, 1300); /* 101 of them are there */
        put_run(both[i]);
    }
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM equity_points"), ==, 1300);
    g_autofree char *here = digest(file, "r"), *there = digest(log, "r");
    g_assert_cmpstr(here, ==, there);
}

static void test_carried(home *self, gconstpointer unused)
{
    GError *error = NULL;
    gboolean carried = FALSE;
    g_autoptr(runlog) file = open_file(self);
    g_autoptr(runlog) log = home_open(self);
    sample_log(file, "run-1", "backtest", SAMPLE_START_US, 3000, 10);
    log_odd_run(file);
    static const char *const runs[] = {"run-1", "odd"};
    for (gsize i = 0; i < G_N_ELEMENTS(runs); i++) {
        g_assert_true(runlog_carry(file, log, runs[i], &carried, &error));
        g_assert_true(carried);
        g_autofree char *here = digest(file, runs[i]), *there = digest(log, runs[i]);
        g_assert_cmpstr(here, ==, there);
        g_assert_true(runlog_carry(file, log, runs[i], &carried, &error));
        g_assert_false(carried);
    }
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM equity_points"), ==, 3000);
}

/* ---- schema --------------------------------------------------------------------------------- */

static const char earlier_bot[] =
    "CREATE TABLE runs (id varchar PRIMARY KEY, started_at timestamptz NOT NULL,"
    " ended_at timestamptz, mode varchar NOT NULL, universe text, params jsonb, kpis jsonb);"
    "CREATE TABLE orders (id varchar PRIMARY KEY, run_id varchar REFERENCES runs(id),"
    " ts timestamptz, symbol varchar(32), side varchar, qty double precision,"
    " price double precision, status varchar);"
    "CREATE TABLE fills (id varchar PRIMARY KEY, run_id varchar REFERENCES runs(id),"
    " order_id varchar, ts timestamptz, symbol varchar, qty double precision,"
    " price double precision, commission double precision);"
    "CREATE TABLE equity_points (id varchar PRIMARY KEY, run_id varchar REFERENCES runs(id),"
    " ts timestamptz, equity double precision);"
    "CREATE TABLE metrics (id varchar PRIMARY KEY, run_id varchar REFERENCES runs(id),"
    " ts timestamptz, name varchar, value double precision);"
    "CREATE TABLE error_logs (id varchar PRIMARY KEY, run_id varchar, ts timestamptz,"
    " level varchar, message text, meta jsonb);"
    "CREATE INDEX ix_orders_run_id ON orders (run_id);"
    "INSERT INTO runs VALUES ('old-run', '2020-01-01 00:00+00', NULL, 'backtest', 'AAPL',"
    " '{\"fast\": 10}', NULL);"
    "INSERT INTO equity_points VALUES ('p1', 'old-run', '2020-01-01 00:00+00', 1000.5);"
    "INSERT INTO fills VALUES ('f1', 'old-run', 'o1', '2020-01-01 00:00+00', 'AAPL', 1, 2.5, 0)";

static void test_adopted(home *self, gconstpointer unused)
{
    GError *error = NULL;
    home_sql(self, earlier_bot);
    g_assert_null(home_try(self, FALSE, &error));
    g_assert_nonnull(strstr(error->message, "db init adopts"));
    g_clear_error(&error);
    g_autoptr(runlog) log = home_open(self);
    g_assert_cmpint(runlog_origin_of(log), ==, RUNLOG_ADOPTED);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM runs"), ==, 1);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM equity_points"), ==, 1);
    g_autoptr(GArray) points = runlog_equity(log, "old-run", &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_array_index(points, runlog_point, 0).ts_us, ==, SAMPLE_START_US);
    g_assert_cmpint(g_array_index(points, runlog_point, 0).equity_e8, ==, INT64_C(100050000000));
    g_autoptr(runlog_summary) run = runlog_find(log, "old-run", &error);
    g_assert_cmpstr(run->params, ==, "{\"fast\": 10}");
    g_assert_cmpint(run->fills, ==, 1);
    sample_log(log, "new-run", "backtest", SAMPLE_START_US, 100, 10);
    /* no second index where theirs serves */
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM pg_indexes WHERE schemaname ="
                                     " current_schema() AND tablename = 'orders' AND indexdef LIKE"
                                     " '%(run_id%'"),
                    ==, 1);
}

static void test_refused(home *self, gconstpointer unused)
{
    static const struct {
        const char *change, *said;
    } cases[] = {
        {"ALTER TABLE fills DROP COLUMN commission", "fills.commission: no such column"},
        {"ALTER TABLE fills ALTER COLUMN qty TYPE numeric", "fills.qty: declared \"numeric\""},
        {"ALTER TABLE orders ALTER COLUMN ts TYPE timestamp",
         "orders.ts: declared \"timestamp without time zone\""},
        {"DROP TABLE metrics", "metrics: no such table"},
        {"CREATE TABLE trades (x int)", "trades: a table of that name"},
        {"ALTER TABLE runs ADD COLUMN version int", "runs.version: a column of that name"},
        {"ALTER TABLE runs ADD CHECK (mode = 'backtest')", "a trial replay run does not fit"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        GError *error = NULL;
        home other = *self;
        other.schema = server_new_schema(homes_server());
        home_sql(&other, earlier_bot);
        home_sql(&other, cases[i].change);
        g_assert_null(home_try(&other, TRUE, &error));
        g_assert_error(error, FAILURE, FAILURE_DATABASE);
        if (strstr(error->message, cases[i].said) == NULL)
            g_error("%s: %s", cases[i].change, error->message);
        g_clear_error(&error);
        g_assert_cmpint(home_count(&other, "SELECT count(*) FROM information_schema.tables WHERE"
                                           " table_schema = current_schema() AND table_name ="
                                           " 'schema_version'"),
                        ==, 0);
        g_free(other.schema);
    }
}

/* The same columns in the same order as SQLite's, and every one of them known to tables.c. */
static void test_columns(home *self, gconstpointer unused)
{
    runlog_free(home_open(self));
    runlog_free(open_file(self));
    for (gsize i = 0; i < RUNLOG_TABLE_COUNT; i++) {
        const char *table = runlog_tables[i].name;
        g_autofree char *there = g_strdup_printf(
            "SELECT string_agg(column_name, ' ' ORDER BY column_name COLLATE \"C\") FROM"
            " information_schema.columns WHERE table_schema = current_schema() AND table_name ="
            " '%s'",
            table);
        g_autofree char *here = g_strdup_printf("SELECT group_concat(name, ' ') FROM (SELECT name"
                                                " FROM pragma_table_info('%s') ORDER BY name)",
                                                table);
        g_autofree char *one = home_ask(self, there);
        g_autofree char *two = sample_ask(self->folder.path, here);
        g_assert_cmpstr(one, ==, two);
        g_auto(GStrv) names = g_strsplit(one, " ", -1);
        g_assert_cmpuint(g_strv_length(names), ==, runlog_tables[i].count);
        for (guint k = 0; k < runlog_tables[i].count; k++)
            g_assert_true(
                g_strv_contains((const char *const *)names, runlog_tables[i].columns[k].name));
    }
}

/* ---- pooler --------------------------------------------------------------------------------- */

static void test_pooled(home *self, gconstpointer unused)
{
    GError *error = NULL;
    if (!server_start_pooler(homes_server())) {
        g_test_skip("no PgBouncer is installed (pgbouncer)");
        return;
    }
    server_sql(homes_server(), NULL, "CREATE DATABASE pooled");
    const runlog_server *place = server_pooled_place(homes_server(), "pooled");
    g_autoptr(runlog) log = runlog_open_server(place, TRUE, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(runlog_origin_of(log), ==, RUNLOG_MADE); /* over the direct host */
    g_autoptr(runlog) other = runlog_open_server(place, TRUE, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(runlog) file = open_file(self);
    runlog *const all[] = {log, other, file};
    for (gsize i = 0; i < G_N_ELEMENTS(all); i++) {
        g_autofree char *id = g_strdup_printf("run-%d", (int)MIN(i, 1));
        sample_log(all[i], id, "backtest", SAMPLE_START_US, 2000, 10);
        put_run(all[i]);
        put_points(all[i], 1, 700);
    }
    g_autofree char *here = digest(file, "run-1"), *there = digest(log, "run-1");
    g_assert_cmpstr(here, ==, there);
    g_autofree char *paper = digest(file, "r"), *paper_there = digest(other, "r");
    g_assert_cmpstr(paper, ==, paper_there);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    homes_add_to(RUNLOG_POSTGRES, "equal", test_equal, NULL);
    homes_add_to(RUNLOG_POSTGRES, "found", test_found, NULL);
    homes_add_to(RUNLOG_POSTGRES, "rows-put", test_rows_put, NULL);
    homes_add_to(RUNLOG_POSTGRES, "carried", test_carried, NULL);
    homes_add_to(RUNLOG_POSTGRES, "adopted", test_adopted, NULL);
    homes_add_to(RUNLOG_POSTGRES, "refused", test_refused, NULL);
    homes_add_to(RUNLOG_POSTGRES, "columns", test_columns, NULL);
    homes_add_to(RUNLOG_POSTGRES, "pooled", test_pooled, NULL);
    return homes_run();
}
