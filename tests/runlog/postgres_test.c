/* The run log in a real PostgreSQL, which this test starts and stops. That SQLite holds what it
 * should is shown elsewhere, by hand-worked values; here every row of every table must be the same
 * in both. */
#include "sample.h"
#include "server.h"

#include "platform/failure.h"

#include <stdio.h>
#include <string.h>

static server *postgres;

typedef struct fixture {
    sample_folder folder;
    char *schema;
} fixture;

static void set_up(fixture *self, gconstpointer unused)
{
    sample_folder_make(&self->folder, NULL);
    self->schema = server_new_schema(postgres);
}

static void tear_down(fixture *self, gconstpointer unused)
{
    sample_folder_remove(&self->folder, NULL);
    g_free(self->schema);
}

static runlog *open_log(const fixture *self)
{
    GError *error = NULL;
    runlog *log = runlog_open_server(server_place(postgres, self->schema), TRUE, NULL, &error);
    g_assert_no_error(error);
    return log;
}

static runlog *open_file(const fixture *self)
{
    GError *error = NULL;
    runlog *log = runlog_open(self->folder.path, &error);
    g_assert_no_error(error);
    return log;
}

static gint64 count(const fixture *self, const char *sql)
{
    g_autofree char *answer = server_ask(postgres, self->schema, sql);
    return answer != NULL ? g_ascii_strtoll(answer, NULL, 10) : -1;
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

static gboolean collect(const runlog_cell *cells, gpointer data, GError **error)
{
    g_array_append_vals(data, &cells[0].integer, 1);
    return TRUE;
}

static void assert_same_views(runlog *a, runlog *b, const char *run)
{
    GError *error = NULL;
    const runlog_view *view;
    for (guint i = 0; (view = runlog_view_at(i)) != NULL; i++) {
        g_autoptr(GArray) one = g_array_new(FALSE, FALSE, sizeof(gint64));
        g_autoptr(GArray) two = g_array_new(FALSE, FALSE, sizeof(gint64));
        g_assert_true(runlog_view_read(a, view, run, collect, one, &error));
        g_assert_true(runlog_view_read(b, view, run, collect, two, &error));
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

static void test_equal(fixture *self, gconstpointer unused)
{
    g_autoptr(runlog) file = open_file(self);
    g_autoptr(runlog) log = open_log(self);
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
    g_autofree char *params = server_ask(postgres, self->schema,
                                         "SELECT params FROM runs WHERE id = 'odd'");
    g_assert_cmpstr(params, ==, "{\"text\": \"tab\\t\", \"n\": 1.10}");
}

static void test_found(fixture *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = open_log(self);
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
    g_assert_cmpint(count(self, "SELECT count(*) FROM equity_points"), ==, 20);
    g_assert_true(runlog_check_writable(log, &error));
}

static void test_purged(fixture *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = open_log(self);
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(runlog_row));
    sample_log(log, "old", "backtest", SAMPLE_START_US, 10, 2);
    sample_log(log, "new", "backtest", SAMPLE_START_US + QB_DAY_US, 10, 2);
    sample_log(log, "paper", "paper", SAMPLE_START_US, 10, 2);
    g_assert_true(runlog_purge(log, NULL, SAMPLE_START_US + 1, FALSE, rows, &error));
    g_assert_cmpint(count(self, "SELECT count(*) FROM runs"), ==, 2);
    g_assert_cmpint(count(self, "SELECT count(*) FROM orders"), ==, 12);
    g_assert_true(runlog_purge(log, "backtest", 0, FALSE, rows, &error));
    g_assert_no_error(error);
    g_assert_cmpint(count(self, "SELECT count(*) FROM equity_points"), ==, 10);
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

static void test_rows_put(fixture *self, gconstpointer unused)
{
    g_autoptr(runlog) file = open_file(self);
    g_autoptr(runlog) log = open_log(self);
    runlog *const both[] = {file, log};
    for (int i = 0; i < 2; i++) {
        put_run(both[i]);
        put_points(both[i], 1, 700);
        put_points(both[i], 600, 1300); /* 101 of them are there */
        put_run(both[i]);
    }
    g_assert_cmpint(count(self, "SELECT count(*) FROM equity_points"), ==, 1300);
    g_autofree char *here = digest(file, "r"), *there = digest(log, "r");
    g_assert_cmpstr(here, ==, there);
}

static void test_carried(fixture *self, gconstpointer unused)
{
    GError *error = NULL;
    gboolean carried = FALSE;
    g_autoptr(runlog) file = open_file(self);
    g_autoptr(runlog) log = open_log(self);
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
    g_assert_cmpint(count(self, "SELECT count(*) FROM equity_points"), ==, 3000);
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

static void test_adopted(fixture *self, gconstpointer unused)
{
    GError *error = NULL;
    server_sql(postgres, self->schema, earlier_bot);
    g_assert_null(runlog_open_server(server_place(postgres, self->schema), FALSE, NULL, &error));
    g_assert_nonnull(strstr(error->message, "db init adopts"));
    g_clear_error(&error);
    g_autoptr(runlog) log = open_log(self);
    g_assert_cmpint(runlog_origin_of(log), ==, RUNLOG_ADOPTED);
    g_assert_cmpint(count(self, "SELECT count(*) FROM runs"), ==, 1);
    g_assert_cmpint(count(self, "SELECT count(*) FROM equity_points"), ==, 1);
    g_autoptr(GArray) points = runlog_equity(log, "old-run", &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_array_index(points, runlog_point, 0).ts_us, ==, SAMPLE_START_US);
    g_assert_cmpint(g_array_index(points, runlog_point, 0).equity_e8, ==, INT64_C(100050000000));
    g_autoptr(runlog_summary) run = runlog_find(log, "old-run", &error);
    g_assert_cmpstr(run->params, ==, "{\"fast\": 10}");
    g_assert_cmpint(run->fills, ==, 1);
    sample_log(log, "new-run", "backtest", SAMPLE_START_US, 100, 10);
    /* no second index where theirs serves */
    g_assert_cmpint(count(self, "SELECT count(*) FROM pg_indexes WHERE schemaname ="
                                " current_schema() AND tablename = 'orders' AND indexdef LIKE"
                                " '%(run_id%'"),
                    ==, 1);
}

static void test_refused(fixture *self, gconstpointer unused)
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
        fixture other = {.schema = server_new_schema(postgres)};
        server_sql(postgres, other.schema, earlier_bot);
        server_sql(postgres, other.schema, cases[i].change);
        g_assert_null(runlog_open_server(server_place(postgres, other.schema), TRUE, NULL, &error));
        g_assert_error(error, FAILURE, FAILURE_DATABASE);
        if (strstr(error->message, cases[i].said) == NULL)
            g_error("%s: %s", cases[i].change, error->message);
        g_clear_error(&error);
        g_assert_cmpint(count(&other, "SELECT count(*) FROM information_schema.tables WHERE"
                                      " table_schema = current_schema() AND table_name ="
                                      " 'schema_version'"),
                        ==, 0);
        g_free(other.schema);
    }
}

static void test_newer(fixture *self, gconstpointer unused)
{
    GError *error = NULL;
    runlog_reach reach = RUNLOG_AWAY;
    runlog_free(open_log(self));
    server_sql(postgres, self->schema, "INSERT INTO schema_version VALUES (999, now(), 'later')");
    g_assert_null(runlog_open_server(server_place(postgres, self->schema), TRUE, &reach, &error));
    g_assert_nonnull(strstr(error->message, "schema version 999 is newer"));
    g_assert_cmpint(reach, !=, RUNLOG_AWAY);
    g_clear_error(&error);
    g_assert_cmpint(count(self, "SELECT count(*) FROM schema_version"), ==, 2);
}

static gpointer open_in_thread(gpointer place)
{
    GError *error = NULL;
    runlog *log = runlog_open_server(place, TRUE, NULL, &error);
    g_assert_no_error(error);
    const runlog_origin origin = runlog_origin_of(log);
    runlog_free(log);
    return GINT_TO_POINTER(origin);
}

static void test_two_at_once(fixture *self, gconstpointer unused)
{
    for (int round = 0; round < 5; round++) {
        g_autofree char *schema = server_new_schema(postgres);
        GThread *threads[3];
        int made = 0;
        const runlog_server *place = server_place(postgres, schema);
        for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
            threads[i] = g_thread_new("open", open_in_thread, (gpointer)place);
        for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
            made += GPOINTER_TO_INT(g_thread_join(threads[i])) == RUNLOG_MADE;
        g_assert_cmpint(made, ==, 1);
        const fixture other = {.schema = schema};
        g_assert_cmpint(count(&other, "SELECT count(*) FROM schema_version"), ==, 1);
    }
}

/* Tables as version 4 made them. */
static void make_older(const char *schema)
{
    GError *error = NULL;
    runlog_free(runlog_open_server(server_place(postgres, schema), TRUE, NULL, &error));
    g_assert_no_error(error);
    server_sql(postgres, schema,
               "DROP TABLE equity_blocks; DROP INDEX trades_period;"
               "CREATE INDEX trades_run_id ON trades (run_id); DELETE FROM schema_version;"
               "INSERT INTO schema_version VALUES (4, now(), 'earlier')");
}

static void test_migrated(fixture *self, gconstpointer unused)
{
    GError *error = NULL;
    GThread *threads[3];
    make_older(self->schema);
    const runlog_server *place = server_place(postgres, self->schema);
    g_autoptr(runlog) reader = runlog_open_server(place, FALSE, NULL, &error);
    g_assert_no_error(error); /* as it is */
    g_assert_cmpint(count(self, "SELECT max(version) FROM schema_version"), ==, 4);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("open", open_in_thread, (gpointer)place);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpint(count(self, "SELECT count(*) FROM schema_version"), ==, 2);
    g_assert_cmpint(count(self, "SELECT max(version) FROM schema_version"), ==, 5);
    g_autoptr(runlog) log = open_log(self);
    sample_log(log, "run-1", "backtest", SAMPLE_START_US, 100, 10);
    g_assert_cmpint(count(self, "SELECT count(*) FROM equity_blocks"), ==, 3);
}

/* A step that fails half-way is undone. */
static void test_not_migrated(fixture *self, gconstpointer unused)
{
    GError *error = NULL;
    make_older(self->schema);
    server_sql(postgres, self->schema, "CREATE TABLE equity_blocks (mine text)");
    g_assert_null(runlog_open_server(server_place(postgres, self->schema), TRUE, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_clear_error(&error);
    g_assert_cmpint(count(self, "SELECT max(version) FROM schema_version"), ==, 4);
    g_assert_cmpint(count(self, "SELECT count(*) FROM pg_indexes WHERE schemaname ="
                                " current_schema() AND indexname = 'trades_run_id'"),
                    ==, 1);
}

/* The same columns in the same order as SQLite's, and every one of them known to tables.c. */
static void test_columns(fixture *self, gconstpointer unused)
{
    runlog_free(open_log(self));
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
        g_autofree char *one = server_ask(postgres, self->schema, there);
        g_autofree char *two = sample_ask(self->folder.path, here);
        g_assert_cmpstr(one, ==, two);
        g_auto(GStrv) names = g_strsplit(one, " ", -1);
        g_assert_cmpuint(g_strv_length(names), ==, runlog_tables[i].count);
        for (guint k = 0; k < runlog_tables[i].count; k++)
            g_assert_true(
                g_strv_contains((const char *const *)names, runlog_tables[i].columns[k].name));
    }
}

/* ---- faults --------------------------------------------------------------------------------- */

#define OTHERS                                                      \
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity" \
    " WHERE application_name = 'quantbot' AND pid <> pg_backend_pid()"

static void test_terminated(fixture *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = open_log(self);
    sample_log(log, "run-1", "backtest", SAMPLE_START_US, 100, 10);
    server_sql(postgres, NULL, OTHERS);
    g_autoptr(GArray) lost = runlog_equity(log, "run-1", &error);
    g_assert_null(lost);
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_assert_cmpint(runlog_reach_of(log), ==, RUNLOG_AWAY);
    g_clear_error(&error);
    g_autoptr(GArray) found = runlog_equity(log, "run-1", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(found->len, ==, 100);
    /* in the middle of a batch: all of it is gone, and the next one holds */
    g_assert_true(runlog_batch_begin(log, &error));
    server_sql(postgres, NULL, OTHERS);
    g_assert_false(runlog_batch_end(log, TRUE, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_clear_error(&error);
    sample_log(log, "run-2", "backtest", SAMPLE_START_US, 100, 10);
    g_assert_cmpint(count(self, "SELECT count(*) FROM runs"), ==, 2);
}

static void test_crashed(fixture *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = open_log(self);
    sample_log(log, "run-1", "backtest", SAMPLE_START_US, 100, 10);
    server_stop(postgres, "immediate");
    g_autofree char *none = sample_log_run(log, "run-2", "backtest", SAMPLE_START_US, 100, 10,
                                           &error);
    g_assert_null(none);
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_assert_cmpint(runlog_reach_of(log), ==, RUNLOG_AWAY);
    g_clear_error(&error);
    runlog_reach reach = RUNLOG_REACHED;
    g_assert_null(runlog_open_server(server_place(postgres, self->schema), TRUE, &reach, &error));
    g_assert_cmpint(reach, ==, RUNLOG_AWAY);
    g_clear_error(&error);
    server_go_on(postgres);
    sample_log(log, "run-2", "backtest", SAMPLE_START_US, 100, 10);
    g_assert_cmpint(count(self, "SELECT count(*) FROM equity_points"), ==, 200);
}

#define ROUNDS 8
#define ROUND_POINTS 20000

typedef struct writing {
    runlog *log;
    gint number, done; /* atomic */
} writing;

static gpointer write_round(gpointer data)
{
    writing *self = data;
    GError *error = NULL;
    g_autofree char *id = g_strdup_printf("round-%d", self->number);
    g_autofree char *stored = sample_log_run(self->log, id, "backtest", SAMPLE_START_US,
                                             ROUND_POINTS, 100, &error);
    g_assert_no_error(error);
    g_atomic_int_set(&self->done, TRUE);
    return NULL;
}

/* The link is cut again and again while runs are stored: each is on the server or in the refuge,
 * whole, and once both are brought together each is there once. */
static void test_cut_while_writing(fixture *self, gconstpointer unused)
{
    GError *error = NULL;
    int refuges = 0;
    runlog_free(open_file(self));
    for (int i = 0; i < ROUNDS; i++) {
        g_autoptr(runlog) log = open_log(self);
        runlog_set_refuge(log, self->folder.path);
        writing work = {.log = log, .number = i};
        GThread *thread = g_thread_new("writer", write_round, &work);
        for (int cuts = 0; !g_atomic_int_get(&work.done); cuts++)
            if (i % 4 == 0 || cuts == i) /* for ever, or once somewhere in it */
                server_sql(postgres, NULL, OTHERS);
            else
                server_sql(postgres, NULL, "SELECT 1");
        g_thread_join(thread);
        refuges += runlog_refuge_reason(log) != NULL;
    }
    g_test_message("%d of %d runs took refuge", refuges, ROUNDS);
    g_autoptr(runlog) log = open_log(self);
    g_autoptr(runlog) file = open_file(self);
    g_autoptr(GPtrArray) kept = runlog_list(file, NULL, 0, &error);
    g_assert_cmpuint(kept->len, ==, (guint)refuges);
    for (guint i = 0; i < kept->len; i++) {
        gboolean carried = FALSE;
        const runlog_summary *run = kept->pdata[i];
        g_assert_true(runlog_carry(file, log, run->id, &carried, &error));
        g_assert_no_error(error);
    }
    g_assert_cmpint(count(self, "SELECT count(*) FROM runs"), ==, ROUNDS);
    g_assert_cmpint(count(self, "SELECT count(*) FROM equity_points"), ==, ROUNDS * ROUND_POINTS);
    g_assert_cmpint(count(self, "SELECT count(DISTINCT state_hash) FROM runs"), ==, 1);
}

/* Two writers at once, each with its own link. */
static void test_two_writers(fixture *self, gconstpointer unused)
{
    writing work[3] = {{0}};
    GThread *threads[G_N_ELEMENTS(work)];
    for (gsize i = 0; i < G_N_ELEMENTS(work); i++)
        work[i] = (writing){.log = open_log(self), .number = (gint)i};
    for (gsize i = 0; i < G_N_ELEMENTS(work); i++)
        threads[i] = g_thread_new("writer", write_round, &work[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(work); i++) {
        g_thread_join(threads[i]);
        runlog_free(work[i].log);
    }
    g_assert_cmpint(count(self, "SELECT count(*) FROM equity_points"), ==,
                    (gint64)(G_N_ELEMENTS(work) * ROUND_POINTS));
}

static void test_locked(fixture *self, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) holder = open_log(self);
    g_autoptr(runlog) log = open_log(self);
    g_assert_true(runlog_batch_begin(holder, &error));
    runlog_set_wait_ms(log, 50);
    {
        const runlog_cell none = {.none = TRUE};
        const runlog_cell row[] = {{.text = "r"}, {.integer = 1}, none, {.text = "paper"},
                                   {.text = ""},  {.text = "{}"}, none, none,
                                   none,          none,           none, none,
                                   none,          none,           none};
        g_assert_true(runlog_rows_put(holder, &runlog_tables[RUNLOG_RUNS], row, 1, &error));
        g_assert_true(runlog_batch_begin(log, &error));
        g_assert_false(runlog_rows_put(log, &runlog_tables[RUNLOG_RUNS], row, 1, &error));
        g_assert_error(error, FAILURE, FAILURE_LOCKED);
        g_clear_error(&error);
        g_assert_false(runlog_batch_end(log, FALSE, &error));
    }
    g_assert_true(runlog_batch_end(holder, TRUE, &error));
}

/* ---- pooler --------------------------------------------------------------------------------- */

static void test_pooled(fixture *self, gconstpointer has_pooler)
{
    GError *error = NULL;
    if (!GPOINTER_TO_INT(has_pooler)) {
        g_test_skip("no PgBouncer is installed (pgbouncer)");
        return;
    }
    server_sql(postgres, NULL, "CREATE DATABASE pooled");
    const runlog_server *place = server_pooled_place(postgres, "pooled");
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
    const char *why = NULL;
    g_test_init(&argc, &argv, NULL);
    postgres = server_start(&why);
    if (postgres == NULL) {
        printf("1..0 # SKIP %s\n", why);
        return 0;
    }
    const gpointer pooler = GINT_TO_POINTER(server_start_pooler(postgres));
#define ADD(name, function, data) \
    g_test_add("/runlog/postgres/" name, fixture, data, set_up, function, tear_down)
    ADD("equal", test_equal, NULL);
    ADD("found", test_found, NULL);
    ADD("purged", test_purged, NULL);
    ADD("rows-put", test_rows_put, NULL);
    ADD("carried", test_carried, NULL);
    ADD("adopted", test_adopted, NULL);
    ADD("refused", test_refused, NULL);
    ADD("newer", test_newer, NULL);
    ADD("two-at-once", test_two_at_once, NULL);
    ADD("migrated", test_migrated, NULL);
    ADD("not-migrated", test_not_migrated, NULL);
    ADD("columns", test_columns, NULL);
    ADD("terminated", test_terminated, NULL);
    ADD("cut-while-writing", test_cut_while_writing, NULL);
    ADD("two-writers", test_two_writers, NULL);
    ADD("locked", test_locked, NULL);
    ADD("pooled", test_pooled, pooler);
    ADD("crashed", test_crashed, NULL);
    const int status = g_test_run();
    server_free(postgres);
    return status;
}
