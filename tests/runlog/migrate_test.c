/* Logs of older versions brought to this one: by a step each, in one transaction, once. */
#include "homes.h"

#include "platform/failure.h"

#include <math.h>
#include <string.h>

/* The oldest version that each store can hold, made of the newest by taking away what came later;
 * and a table that stands in the way of a step. */
static const struct {
    gint64 version;
    const char *make, *obstacle, *said;
} oldest[] = {
    [RUNLOG_SQLITE] = {1,
                       "DROP TABLE risk_events; DROP TABLE equity_blocks; DROP INDEX trades_period;"
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
                       "INSERT INTO schema_version VALUES (1, '2020-01-01', 'first')",
                       "CREATE TABLE risk_events (mine TEXT)", "risk_events"},
    [RUNLOG_POSTGRES] = {4,
                         "DROP TABLE equity_blocks; DROP INDEX trades_period;"
                         "CREATE INDEX trades_run_id ON trades (run_id);"
                         "DELETE FROM schema_version;"
                         "INSERT INTO schema_version VALUES (4, now(), 'earlier')",
                         "CREATE TABLE equity_blocks (mine text)", "equity_blocks"},
};

static void make_oldest(const home *self)
{
    runlog *log = home_open(self);
    sample_log(log, "run-old", "backtest", SAMPLE_START_US, 50, 5);
    runlog_free(log);
    home_sql(self, oldest[self->store].make);
}

/* Every column of every table: name, type, whether it may be none. */
static char *columns_of(const home *self)
{
    return home_ask(self, self->store == RUNLOG_SQLITE
                              ? "SELECT m.name, c.name, c.type, c.\"notnull\", c.pk FROM"
                                " sqlite_schema AS m, pragma_table_info(m.name) AS c"
                                " WHERE m.type = 'table' ORDER BY m.name, c.cid"
                              : "SELECT table_name, column_name, data_type, is_nullable FROM"
                                " information_schema.columns WHERE table_schema = current_schema()"
                                " ORDER BY table_name, ordinal_position");
}

/* Of tables of ours in order: their indices, whatever they are called. */
static char *indices_of(const home *self)
{
    return home_ask(self,
                    self->store == RUNLOG_SQLITE
                        ? "SELECT m.name, group_concat(i.name) FROM sqlite_schema AS m,"
                          " pragma_index_list(m.name) AS l, pragma_index_info(l.name) AS i"
                          " WHERE m.type = 'table' GROUP BY m.name, l.name ORDER BY 1, 2"
                        : "SELECT tablename, regexp_replace(indexdef, '.* USING', '')"
                          " FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1, 2");
}

static void test_migrated(home *self, gconstpointer unused)
{
    GError *error = NULL;
    make_oldest(self);
    const gint64 orders = home_count(self, "SELECT count(*) FROM orders");
    g_autoptr(runlog) log = home_open(self);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM orders"), ==, orders);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM schema_version"), ==, 2);
    g_assert_cmpint(home_count(self, "SELECT max(version) FROM schema_version"), ==, 5);
    g_autoptr(GArray) none = runlog_risks(log, "run-old", 0, &error);
    g_assert_cmpuint(none->len, ==, 0);
    sample_log(log, "run-new", "backtest", SAMPLE_START_US, 100, 10);
    /* 100 points: two blocks of 64, one of 1,024; those of the older run were dropped */
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM equity_blocks"), ==, 3);

    g_autofree char *names = sample_names(&self->folder);
    g_autoptr(runlog) again = home_open(self);
    g_assert_null(runlog_backup_path(again)); /* once */
    g_autofree char *names_again = sample_names(&self->folder);
    g_assert_cmpstr(names, ==, names_again);
}

/* A file is copied before; a server undoes a step by itself. */
static void test_copied_before(home *self, gconstpointer unused)
{
    make_oldest(self);
    g_autoptr(runlog) log = home_open(self);
    const char *backup = runlog_backup_path(log);
    g_assert_nonnull(backup);
    g_assert_nonnull(strstr(backup, ".before-migration-"));
    g_assert_cmpint(sample_count(backup, "SELECT max(version) FROM schema_version"), ==, 1);
    g_assert_cmpint(sample_count(backup, "SELECT count(*) FROM orders"), ==,
                    home_count(self, "SELECT count(*) FROM orders"));
}

/* The tables that a migration leads to are those of a new log. */
static void test_same_tables(home *self, gconstpointer unused)
{
    runlog_free(home_open(self));
    g_autofree char *made = columns_of(self), *made_indices = indices_of(self);
    home_sql(self, oldest[self->store].make);
    g_autofree char *old = columns_of(self);
    g_assert_cmpstr(old, !=, made);
    runlog_free(home_open(self));
    g_autofree char *migrated = columns_of(self), *migrated_indices = indices_of(self);
    g_assert_cmpstr(migrated, ==, made);
    g_assert_cmpstr(migrated_indices, ==, made_indices);
}

static void test_older_is_read(home *self, gconstpointer unused)
{
    GError *error = NULL;
    make_oldest(self);
    g_autoptr(runlog) log = home_try(self, FALSE, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) none = runlog_risks(log, "run-old", 0, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(none->len, ==, 0);
    runlog_status status;
    g_assert_true(runlog_status_get(log, &status, &error));
    g_assert_cmpint(status.schema_version, ==, oldest[self->store].version);
    runlog_status_clear(&status);
    g_autoptr(GArray) trades = runlog_trades(log, "run-old", 0, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(trades->len, ==, 5);
    g_autofree char *result = NULL;
    g_assert_true(runlog_result_get(log, "run-old", &result, &error));
    g_assert_null(result);
    g_assert_cmpint(home_count(self, "SELECT max(version) FROM schema_version"), ==,
                    oldest[self->store].version);
}

/* What the first version did not have is none. */
static void test_first_version_is_read(home *self, gconstpointer unused)
{
    GError *error = NULL;
    make_oldest(self);
    g_autoptr(runlog) log = home_try(self, FALSE, &error);
    g_autoptr(GArray) trades = runlog_trades(log, "run-old", 0, &error);
    g_assert_no_error(error);
    const runlog_trade *trade = &g_array_index(trades, runlog_trade, 0);
    g_assert_cmpstr(trade->exit_reason, ==, "");
    g_assert_cmpint(trade->exit_date, ==, INT32_MIN);
    g_assert_true(isnan(trade->adverse));
}

/* A step that fails leaves the tables as they were, and no copy. */
static void test_failed(home *self, gconstpointer unused)
{
    GError *error = NULL;
    make_oldest(self);
    home_sql(self, oldest[self->store].obstacle);
    g_autofree char *before = sample_names(&self->folder);
    g_autofree char *tables = columns_of(self), *indices = indices_of(self);
    g_assert_null(home_try(self, TRUE, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_assert_nonnull(strstr(error->message, home_name(self)));
    g_assert_nonnull(strstr(error->message, oldest[self->store].said));
    g_clear_error(&error);
    g_autofree char *after = sample_names(&self->folder);
    g_autofree char *tables_after = columns_of(self), *indices_after = indices_of(self);
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpstr(tables, ==, tables_after);
    g_assert_cmpstr(indices, ==, indices_after);
    g_assert_cmpint(home_count(self, "SELECT max(version) FROM schema_version"), ==,
                    oldest[self->store].version);
    g_autofree char *remove = g_strdup_printf("DROP TABLE %s", oldest[self->store].said);
    home_sql(self, remove);
    runlog_free(home_open(self));
    g_assert_cmpint(home_count(self, "SELECT max(version) FROM schema_version"), ==, 5);
}

/* ---- at once -------------------------------------------------------------------------------- */

static gpointer open_in_thread(gpointer data)
{
    runlog *log = home_open(data);
    const runlog_origin origin = runlog_origin_of(log);
    runlog_free(log);
    return GINT_TO_POINTER(origin);
}

/* Opens from three threads; how many of them made the tables. */
static int open_at_once(home *self)
{
    GThread *threads[3];
    int made = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("open", open_in_thread, self);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        made += GPOINTER_TO_INT(g_thread_join(threads[i])) == RUNLOG_MADE;
    return made;
}

static void test_made_at_once(home *self, gconstpointer unused)
{
    g_assert_cmpint(open_at_once(self), ==, 1);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM schema_version"), ==, 1);
}

static void test_migrated_at_once(home *self, gconstpointer unused)
{
    make_oldest(self);
    g_assert_cmpint(open_at_once(self), ==, 0);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM schema_version"), ==, 2);
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM equity_points"), ==, 50);
}

/* ---- newer ---------------------------------------------------------------------------------- */

static void test_newer(home *self, gconstpointer unused)
{
    GError *error = NULL;
    runlog_free(home_open(self));
    home_sql(self, self->store == RUNLOG_SQLITE
                       ? "INSERT INTO schema_version VALUES (999, '2020-01-01', 'later')"
                       : "INSERT INTO schema_version VALUES (999, now(), 'later')");
    for (int writing = 0; writing < 2; writing++) {
        g_assert_null(home_try(self, writing, &error));
        g_assert_error(error, FAILURE, FAILURE_DATABASE);
        g_assert_nonnull(strstr(error->message, home_name(self)));
        g_assert_nonnull(strstr(error->message, "schema version 999 is newer"));
        g_assert_nonnull(strstr(error->message, "use a newer quantbot"));
        g_clear_error(&error);
    }
    g_assert_cmpint(home_count(self, "SELECT count(*) FROM schema_version"), ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    homes_add("migrate/migrated", test_migrated, NULL);
    homes_add_to(RUNLOG_SQLITE, "migrate/copied-before", test_copied_before, NULL);
    homes_add("migrate/same-tables", test_same_tables, NULL);
    homes_add("migrate/older-is-read", test_older_is_read, NULL);
    homes_add_to(RUNLOG_SQLITE, "migrate/first-version-is-read", test_first_version_is_read, NULL);
    homes_add("migrate/failed", test_failed, NULL);
    homes_add("migrate/made-at-once", test_made_at_once, NULL);
    homes_add("migrate/migrated-at-once", test_migrated_at_once, NULL);
    homes_add("migrate/newer", test_newer, NULL);
    return homes_run();
}
