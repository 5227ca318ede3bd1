/* What risk rules did, stored and read again; and older logs brought to the schema that has it. */
#include "sample.h"

#include "platform/files.h"

#include <math.h>
#include <string.h>

static runlog_writer *new_writer(runlog *log)
{
    GError *error = NULL;
    const runlog_run run = {.id = "run-1",
                            .mode = "backtest",
                            .universe = "AAPL,BTC-USD",
                            .params = "{}",
                            .symbols = sample_symbols,
                            .instrument_count = SAMPLE_INSTRUMENTS,
                            .started_us = SAMPLE_START_US};
    runlog_writer *writer = runlog_writer_new(log, &run, &error);
    g_assert_no_error(error);
    return writer;
}

static void send_events(const qb_sink *sink)
{
    const qb_order order = {.id = 1,
                            .instrument = 1,
                            .side = QB_BUY,
                            .quantity = {2 * QB_ONE},
                            .status = QB_ORDER_REJECTED,
                            .reason = QB_REASON_RISK,
                            .submitted_us = SAMPLE_START_US,
                            .final_us = SAMPLE_START_US,
                            .risk_rule = QB_RISK_CRYPTO,
                            .risk_limit = 0.5,
                            .risk_value = 0.625};
    const qb_risk_event refused = {.at_us = SAMPLE_START_US,
                                   .instrument = 1,
                                   .order_id = 1,
                                   .rule = QB_RISK_CRYPTO,
                                   .action = QB_RISK_REFUSED,
                                   .limit = 0.5,
                                   .value = 0.625,
                                   .asked = {2 * QB_ONE}};
    const qb_risk_event stopped = {.at_us = SAMPLE_START_US + 1,
                                   .instrument = UINT32_MAX,
                                   .rule = QB_RISK_DAY_STOP,
                                   .action = QB_RISK_SUSPENDED,
                                   .limit = 0.06,
                                   .value = NAN,
                                   .until_us = SAMPLE_START_US + QB_DAY_US,
                                   .flatten = true,
                                   .what = "because"};
    g_assert_cmpint(sink->order(sink->self, &order), ==, QB_OK);
    g_assert_cmpint(sink->risk(sink->self, &refused), ==, QB_OK);
    g_assert_cmpint(sink->risk(sink->self, &stopped), ==, QB_OK);
    g_assert_cmpint(sink->equity(sink->self, SAMPLE_START_US, (qb_money){QB_ONE}), ==, QB_OK);
}

static void test_stored(sample_folder *folder, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = runlog_open(folder->path, &error);
    g_assert_no_error(error);
    g_autoptr(runlog_writer) writer = new_writer(log);
    const qb_sink sink = runlog_writer_sink(writer);
    send_events(&sink);
    g_assert_true(runlog_writer_commit(writer, NULL, NULL, SAMPLE_START_US, &error));
    g_autofree char *order = sample_ask(
        folder->path, "SELECT reason || ' ' || risk_rule || ' ' || risk_limit || ' ' || risk_value"
                      " FROM orders");
    g_assert_cmpstr(order, ==, "risk crypto 0.5 0.625");

    g_autoptr(GArray) risks = runlog_risks(log, "run-1", 0, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(risks->len, ==, 2);
    const runlog_risk *first = &g_array_index(risks, runlog_risk, 0), *second = first + 1;
    g_assert_cmpstr(first->symbol, ==, "BTC-USD");
    g_assert_cmpstr(first->order_id, ==, "run-1:o:00000001");
    g_assert_cmpstr(first->rule, ==, "crypto");
    g_assert_cmpstr(first->action, ==, "refused");
    g_assert_cmpfloat(first->limit, ==, 0.5);
    g_assert_cmpfloat(first->value, ==, 0.625);
    g_assert_cmpint(first->asked_e8, ==, 2 * QB_ONE);
    g_assert_cmpint(first->allowed_e8, ==, 0);
    g_assert_cmpint(first->until_us, ==, 0);
    g_assert_false(first->flatten);
    g_assert_null(first->what);
    g_assert_cmpstr(second->symbol, ==, "");
    g_assert_null(second->order_id);
    g_assert_true(isnan(second->value));
    g_assert_cmpint(second->until_us, ==, SAMPLE_START_US + QB_DAY_US);
    g_assert_true(second->flatten);
    g_assert_cmpstr(second->what, ==, "because");
    g_autoptr(GArray) one = runlog_risks(log, "run-1", 1, &error);
    g_assert_cmpuint(one->len, ==, 1);
}

static void test_purged(sample_folder *folder, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = runlog_open(folder->path, &error);
    g_autoptr(runlog_writer) writer = new_writer(log);
    const qb_sink sink = runlog_writer_sink(writer);
    send_events(&sink);
    g_assert_true(runlog_writer_commit(writer, NULL, NULL, SAMPLE_START_US, &error));
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM risk_events"), ==, 2);
    sample_sql(folder->path, "PRAGMA foreign_keys = ON; DELETE FROM runs");
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM risk_events"), ==, 0);
}

static void test_stranger(sample_folder *folder, gconstpointer unused)
{
    GError *error = NULL;
    g_autoptr(runlog) log = runlog_open(folder->path, &error);
    g_autoptr(runlog_writer) writer = new_writer(log);
    const qb_sink sink = runlog_writer_sink(writer);
    const qb_risk_event event = {.instrument = SAMPLE_INSTRUMENTS};
    g_assert_cmpint(sink.risk(sink.self, &event), ==, QB_SINK_FAILED);
}

/* A log as the first version made it, with a run in it. */
static void make_first_version(const sample_folder *folder)
{
    GError *error = NULL;
    runlog *log = runlog_open(folder->path, &error);
    g_assert_no_error(error);
    sample_log(log, "run-old", "backtest", SAMPLE_START_US, 50, 5);
    runlog_free(log);
    sample_sql(folder->path, "DROP TABLE risk_events; DROP TABLE equity_blocks;"
                             "DROP INDEX trades_period;"
                             "CREATE INDEX trades_run_id ON trades (run_id);"
                             "ALTER TABLE orders DROP COLUMN risk_rule;"
                             "ALTER TABLE orders DROP COLUMN risk_limit;"
                             "ALTER TABLE orders DROP COLUMN risk_value;"
                             "ALTER TABLE runs DROP COLUMN result;"
                             "ALTER TABLE trades DROP COLUMN strategy;"
                             "ALTER TABLE trades DROP COLUMN entry_reason;"
                             "ALTER TABLE trades DROP COLUMN exit_reason;"
                             "ALTER TABLE trades DROP COLUMN exit_date;"
                             "ALTER TABLE trades DROP COLUMN adverse;"
                             "ALTER TABLE trades DROP COLUMN favourable;"
                             "ALTER TABLE trades DROP COLUMN touched;"
                             "ALTER TABLE orders DROP COLUMN type;"
                             "ALTER TABLE orders DROP COLUMN tif;"
                             "ALTER TABLE orders DROP COLUMN stop_e8;"
                             "ALTER TABLE orders DROP COLUMN purpose;"
                             "ALTER TABLE orders DROP COLUMN parent;"
                             "ALTER TABLE orders DROP COLUMN strategy;"
                             "ALTER TABLE decisions DROP COLUMN filter;"
                             "DELETE FROM schema_version;"
                             "INSERT INTO schema_version VALUES (1, '2020-01-01', 'first')");
}

static void test_migrated(sample_folder *folder, gconstpointer unused)
{
    GError *error = NULL;
    make_first_version(folder);
    const gint64 orders = sample_count(folder->path, "SELECT count(*) FROM orders");
    g_autoptr(runlog) log = runlog_open(folder->path, &error);
    g_assert_no_error(error);
    const char *backup = runlog_backup_path(log);
    g_assert_nonnull(backup);
    g_assert_nonnull(strstr(backup, ".before-migration-"));
    g_assert_cmpint(sample_count(backup, "SELECT max(version) FROM schema_version"), ==, 1);
    g_assert_cmpint(sample_count(backup, "SELECT count(*) FROM orders"), ==, orders);
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM orders"), ==, orders);
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM schema_version"), ==, 2);
    g_assert_cmpint(sample_count(folder->path, "SELECT max(version) FROM schema_version"), ==, 5);
    g_autoptr(GArray) none = runlog_risks(log, "run-old", 0, &error);
    g_assert_cmpuint(none->len, ==, 0);
    g_autoptr(runlog_writer) writer = new_writer(log);
    const qb_sink sink = runlog_writer_sink(writer);
    send_events(&sink);
    g_assert_true(runlog_writer_commit(writer, NULL, NULL, SAMPLE_START_US, &error));
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM risk_events"), ==, 2);

    g_autofree char *names = sample_names(folder);
    g_autoptr(runlog) again = runlog_open(folder->path, &error);
    g_assert_null(runlog_backup_path(again)); /* once */
    g_autofree char *names_again = sample_names(folder);
    g_assert_cmpstr(names, ==, names_again);
}

/* The tables that a migration leads to are those of a new file. */
static void test_same_tables(sample_folder *folder, gconstpointer unused)
{
    static const char columns[] =
        "SELECT group_concat(line, ';') FROM (SELECT m.name || '.' || c.name || ' ' || c.type ||"
        " ' ' || c.\"notnull\" || ' ' || c.pk AS line FROM sqlite_schema AS m,"
        " pragma_table_info(m.name) AS c WHERE m.type = 'table' ORDER BY m.name, c.cid)";
    GError *error = NULL;
    g_autofree char *other = g_build_filename(folder->folder, "new.db", NULL);
    make_first_version(folder);
    runlog_free(runlog_open(folder->path, &error));
    g_assert_no_error(error);
    runlog_free(runlog_open(other, &error));
    g_assert_no_error(error);
    g_autofree char *migrated = sample_ask(folder->path, columns);
    g_autofree char *made = sample_ask(other, columns);
    g_assert_cmpstr(migrated, ==, made);
}

static void test_older_is_read(sample_folder *folder, gconstpointer unused)
{
    GError *error = NULL;
    make_first_version(folder);
    g_autoptr(runlog) log = runlog_open_readonly(folder->path, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) none = runlog_risks(log, "run-old", 0, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(none->len, ==, 0);
    runlog_status status;
    g_assert_true(runlog_status_get(log, &status, &error));
    g_assert_cmpint(status.schema_version, ==, 1);
    g_autoptr(GArray) trades = runlog_trades(log, "run-old", 0, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(trades->len, ==, 5);
    const runlog_trade *trade = &g_array_index(trades, runlog_trade, 0);
    g_assert_cmpstr(trade->exit_reason, ==, "");
    g_assert_cmpint(trade->exit_date, ==, INT32_MIN);
    g_assert_true(isnan(trade->adverse));
    g_autofree char *result = NULL;
    g_assert_true(runlog_result_get(log, "run-old", &result, &error));
    g_assert_null(result);
    runlog_status_clear(&status);
}

/* A step that fails leaves the file as it was, and no copy. */
static void test_failed_migration(sample_folder *folder, gconstpointer unused)
{
    GError *error = NULL;
    make_first_version(folder);
    sample_sql(folder->path, "CREATE TABLE risk_events (mine TEXT)");
    g_autofree char *before = sample_names(folder);
    g_assert_null(runlog_open(folder->path, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_assert_nonnull(strstr(error->message, "risk_events"));
    g_clear_error(&error);
    g_autofree char *after = sample_names(folder);
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpint(sample_count(folder->path, "SELECT max(version) FROM schema_version"), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                             \
    g_test_add("/runlog/risk/" name, sample_folder, NULL, sample_folder_make, function, \
               sample_folder_remove)
    ADD("stored", test_stored);
    ADD("purged", test_purged);
    ADD("stranger", test_stranger);
    ADD("migrated", test_migrated);
    ADD("same tables", test_same_tables);
    ADD("older is read", test_older_is_read);
    ADD("failed migration", test_failed_migration);
    return g_test_run();
}
