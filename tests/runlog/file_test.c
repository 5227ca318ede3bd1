/* The file: made, found, adopted, refused. Columns and indices are in
 * contract_test.c. */
#include "sample.h"

#include "platform/failure.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID_A "0193580f-0000-7abc-8def-000000000001"
#define ID_B "0193580f-0001-7abc-8def-000000000002"

static runlog *open_log(const char *path)
{
    GError *error = NULL;
    runlog *log = runlog_open(path, &error);
    g_assert_no_error(error);
    return log;
}

static void log_run(runlog *log, const char *id, const char *mode, gint64 started_us)
{
    sample_log(log, id, mode, started_us, 20, 2);
}

static void make_log(const char *path)
{
    g_autoptr(runlog) log = open_log(path);
    log_run(log, ID_A, "backtest", SAMPLE_START_US);
}

/* ---- made ----------------------------------------------------------------------------------- */

static void test_made(sample_folder *folder, gconstpointer unused)
{
    GStatBuf file;
    g_autofree char *deep = g_build_filename(folder->folder, "a", "b", "quantbot.db", NULL);
    g_autoptr(runlog) log = open_log(deep);
    g_assert_cmpint(runlog_origin_of(log), ==, RUNLOG_MADE);
    g_assert_cmpstr(runlog_path(log), ==, deep);
    g_assert_null(runlog_backup_path(log));
    g_assert_cmpint(g_stat(deep, &file), ==, 0);
    g_assert_cmpint(file.st_mode & 0777, ==, 0600);
    g_autofree char *wal = g_strconcat(deep, "-wal", NULL);
    log_run(log, ID_A, "backtest", SAMPLE_START_US);
    g_assert_cmpint(g_stat(wal, &file), ==, 0);
    g_assert_cmpint(file.st_mode & 0777, ==, 0600);
    GError *error = NULL;
    g_assert_true(runlog_check_writable(log, &error));
    g_assert_no_error(error);
    g_assert_cmpint(sample_count(deep, "SELECT count(*) FROM error_logs"), ==, 0);
    g_autofree char *mode = sample_ask(deep, "PRAGMA journal_mode");
    g_assert_cmpstr(mode, ==, "wal");
    g_assert_cmpint(sample_count(deep, "PRAGMA application_id"), ==, 0x51424c47);
    g_assert_cmpint(sample_count(deep, "SELECT max(version) FROM schema_version"), ==, 5);
}

static void test_found(sample_folder *folder, gconstpointer unused)
{
    make_log(folder->path);
    g_autofree char *names = sample_names(folder);
    g_assert_cmpstr(names, ==, "quantbot.db"); /* at rest it is one file */
    g_autoptr(runlog) log = open_log(folder->path);
    g_assert_cmpint(runlog_origin_of(log), ==, RUNLOG_FOUND);
    log_run(log, ID_B, "backtest", SAMPLE_START_US);
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM runs"), ==, 2);
}

/* Eight processes found the same file at once: all succeed, one schema. */
static void test_founders(sample_folder *folder, gconstpointer unused)
{
    pid_t children[8];
    for (gsize i = 0; i < G_N_ELEMENTS(children); i++) {
        children[i] = fork();
        g_assert_cmpint(children[i], >=, 0);
        if (children[i] == 0) {
            GError *error = NULL;
            runlog *log = runlog_open(folder->path, &error);
            char *id = log != NULL
                           ? sample_log_run(log, NULL, "backtest", SAMPLE_START_US, 5, 2, &error)
                           : NULL;
            if (error != NULL)
                fprintf(stderr, "# %s\n", error->message);
            runlog_free(log);
            _exit(id != NULL ? 0 : 1);
        }
    }
    for (gsize i = 0; i < G_N_ELEMENTS(children); i++) {
        int status = 0;
        g_assert_cmpint(waitpid(children[i], &status, 0), ==, children[i]);
        g_assert_cmpint(status, ==, 0);
    }
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM runs"), ==, 8);
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM schema_version"), ==, 1);
}

/* ---- refused -------------------------------------------------------------------------------- */

typedef struct refusal {
    const char *name;
    const char *sql;  /* made of the empty file */
    const char *says; /* part of the message */
} refusal;

static const refusal refusals[] = {
    {"newer",
     "CREATE TABLE schema_version (version INTEGER, note TEXT);"
     "INSERT INTO schema_version VALUES (1, ''), (6, ''); CREATE TABLE runs (id TEXT)",
     "schema version 6 is newer than this program's 5"},
    {"newer-wal",
     "PRAGMA journal_mode=WAL; CREATE TABLE schema_version (version INTEGER);"
     "INSERT INTO schema_version VALUES (99)",
     "schema version 99 is newer"},
    {"zero", "CREATE TABLE schema_version (version INTEGER); INSERT INTO schema_version VALUES (0)",
     "schema version 0"},
    {"empty-version", "CREATE TABLE schema_version (version INTEGER)", "no version"},
    {"odd-version", "CREATE TABLE schema_version (number INTEGER)", "no column version"},
    {"foreign", "CREATE TABLE bookmarks (url TEXT)", "bookmarks"},
    {"other-kind",
     "PRAGMA application_id = 77; CREATE TABLE schema_version (version INTEGER);"
     "INSERT INTO schema_version VALUES (1)",
     "application id 77"},
    {"some-of-six", "CREATE TABLE runs (id TEXT); CREATE TABLE orders (id TEXT)",
     "fills: no such table"},
};

static void assert_refused_untouched(const sample_folder *folder, const char *says)
{
    GError *error = NULL;
    g_autofree char *before = NULL, *after = NULL;
    gsize before_size = 0, after_size = 0;
    g_autofree char *names_before = sample_names(folder);
    g_assert_true(g_file_get_contents(folder->path, &before, &before_size, NULL));
    g_assert_null(runlog_open(folder->path, &error));
    g_assert_true(strstr(error->message, folder->path) != NULL);
    ASSERT_FAILS(error, FAILURE_DATABASE, says);
    g_assert_true(g_file_get_contents(folder->path, &after, &after_size, NULL));
    g_assert_cmpmem(before, before_size, after, after_size);
    g_autofree char *names_after = sample_names(folder);
    g_assert_cmpstr(names_before, ==, names_after);
}

static void test_refused(sample_folder *folder, gconstpointer data)
{
    const refusal *refusal = data;
    sample_sql(folder->path, refusal->sql);
    assert_refused_untouched(folder, refusal->says);
    GError *error = NULL;
    g_assert_null(runlog_open_readonly(folder->path, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_clear_error(&error);
}

/* A newer program died and left rows in the log: they are neither moved nor lost. */
static void test_newer_with_log(sample_folder *folder, gconstpointer unused)
{
    g_autofree char *wal = g_strconcat(folder->path, "-wal", NULL);
    g_autofree char *copy = g_build_filename(folder->folder, "copy.db", NULL);
    g_autofree char *copy_wal = g_strconcat(copy, "-wal", NULL);
    g_autofree char *bytes = NULL, *again = NULL, *main_bytes = NULL, *main_again = NULL;
    gsize size = 0, again_size = 0, main_size = 0, main_again_size = 0;
    sqlite3 *db = NULL;
    g_assert_cmpint(sqlite3_open(folder->path, &db), ==, SQLITE_OK);
    sqlite3_exec(db,
                 "PRAGMA journal_mode=WAL; CREATE TABLE schema_version (version INTEGER);"
                 "INSERT INTO schema_version VALUES (7)",
                 NULL, NULL, NULL);
    g_assert_true(g_file_get_contents(folder->path, &main_bytes, &main_size, NULL));
    g_assert_true(g_file_get_contents(wal, &bytes, &size, NULL));
    g_assert_cmpint(size, >, 0);
    g_assert_true(g_file_set_contents(copy, main_bytes, (gssize)main_size, NULL));
    g_assert_true(g_file_set_contents(copy_wal, bytes, (gssize)size, NULL));
    sqlite3_close(db);
    GError *error = NULL;
    g_assert_null(runlog_open(copy, &error));
    ASSERT_FAILS(error, FAILURE_DATABASE, "schema version 7 is newer");
    g_assert_null(runlog_open_readonly(copy, &error));
    ASSERT_FAILS(error, FAILURE_DATABASE, "schema version 7 is newer");
    g_assert_true(g_file_get_contents(copy, &main_again, &main_again_size, NULL));
    g_assert_true(g_file_get_contents(copy_wal, &again, &again_size, NULL));
    g_assert_cmpmem(main_bytes, main_size, main_again, main_again_size);
    g_assert_cmpmem(bytes, size, again, again_size);
}

static void test_not_sqlite(sample_folder *folder, gconstpointer unused)
{
    g_autofree char *text = g_strnfill(5000, 'x');
    g_assert_true(g_file_set_contents(folder->path, text, -1, NULL));
    assert_refused_untouched(folder, "not a SQLite database");
}

static void test_is_folder(sample_folder *folder, gconstpointer unused)
{
    GError *error = NULL;
    g_assert_null(runlog_open(folder->folder, &error));
    g_assert_error(error, FAILURE, FAILURE_DATABASE);
    g_clear_error(&error);
}

/* A page of the table is overwritten: reading says which file and that it is damaged. */
static void test_corrupt(sample_folder *folder, gconstpointer unused)
{
    GError *error = NULL;
    {
        g_autoptr(runlog) log = open_log(folder->path);
        sample_log(log, ID_A, "backtest", SAMPLE_START_US, 500, 2);
    }
    g_autofree char *bytes = NULL;
    gsize size = 0;
    g_assert_true(g_file_get_contents(folder->path, &bytes, &size, NULL));
    memset(bytes + 4096, 0xa5, size - 4096); /* all but the first page, which holds the schema */
    g_assert_true(g_file_set_contents(folder->path, bytes, (gssize)size, NULL));
    g_autoptr(runlog) log = runlog_open_readonly(folder->path, &error);
    if (log != NULL)
        g_assert_null(runlog_equity(log, ID_A, &error));
    ASSERT_FAILS(error, FAILURE_DATABASE, "damaged");
}

static void test_absent(sample_folder *folder, gconstpointer unused)
{
    GError *error = NULL;
    g_assert_null(runlog_open_readonly(folder->path, &error));
    ASSERT_FAILS(error, FAILURE_MISSING, "quantbot db init");
    g_assert_false(g_file_test(folder->path, G_FILE_TEST_EXISTS));
}

static void test_locked(sample_folder *folder, gconstpointer unused)
{
    GError *error = NULL;
    sqlite3 *other = NULL;
    g_autoptr(runlog) log = open_log(folder->path);
    runlog_set_wait_ms(log, 20);
    g_assert_cmpint(sqlite3_open(folder->path, &other), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
    g_assert_null(sample_log_run(log, ID_A, "backtest", SAMPLE_START_US, 5, 2, &error));
    g_assert_true(strstr(error->message, folder->path) != NULL);
    ASSERT_FAILS(error, FAILURE_LOCKED, "waited 0.02 s");
    g_assert_false(runlog_check_writable(log, &error));
    ASSERT_FAILS(error, FAILURE_LOCKED, "locked");
    sqlite3_close(other);
    log_run(log, ID_A, "backtest", SAMPLE_START_US);
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM runs"), ==, 1);
}

/* ---- adopted -------------------------------------------------------------------------------- */

/* Six tables as an object mapper makes them: other type names, its own CHECKs and indices. */
static const char bot_tables[] =
    "CREATE TABLE runs (id VARCHAR(36) NOT NULL, started_at DATETIME NOT NULL, ended_at DATETIME,"
    " mode VARCHAR(16) NOT NULL, universe VARCHAR NOT NULL, params JSON NOT NULL, kpis JSON,"
    " PRIMARY KEY (id));"
    "CREATE INDEX ix_runs_mode ON runs (mode);"
    "CREATE TABLE orders (id VARCHAR(36) NOT NULL, run_id VARCHAR(36) NOT NULL, ts DATETIME NOT"
    " NULL, symbol VARCHAR(32) NOT NULL, side VARCHAR(4) NOT NULL, qty FLOAT NOT NULL, price FLOAT,"
    " status VARCHAR(16) NOT NULL, PRIMARY KEY (id), FOREIGN KEY(run_id) REFERENCES runs (id));"
    "CREATE TABLE fills (id VARCHAR(36) NOT NULL, run_id VARCHAR(36) NOT NULL, order_id VARCHAR(36)"
    " NOT NULL, ts DATETIME NOT NULL, symbol VARCHAR(32) NOT NULL, qty FLOAT NOT NULL, price FLOAT"
    " NOT NULL, commission FLOAT NOT NULL, PRIMARY KEY (id), FOREIGN KEY(run_id) REFERENCES runs"
    " (id), FOREIGN KEY(order_id) REFERENCES orders (id));"
    "CREATE TABLE equity_points (id VARCHAR(36) NOT NULL, run_id VARCHAR(36) NOT NULL, ts DATETIME"
    " NOT NULL, equity NUMERIC(20, 8) NOT NULL, PRIMARY KEY (id));"
    "CREATE INDEX ix_equity_points_ts ON equity_points (ts);"
    "CREATE TABLE metrics (id VARCHAR(36) NOT NULL, run_id VARCHAR(36) NOT NULL, ts DATETIME NOT"
    " NULL, name VARCHAR(64) NOT NULL, value FLOAT NOT NULL, PRIMARY KEY (id));"
    "CREATE TABLE error_logs (id VARCHAR(36) NOT NULL, run_id VARCHAR(36), ts DATETIME NOT NULL,"
    " level VARCHAR(16) NOT NULL, message TEXT NOT NULL, meta JSON, PRIMARY KEY (id));"
    "INSERT INTO runs VALUES ('aaaa1111-1111-4111-8111-111111111111', '2024-03-01 10:00:00.000001',"
    " '2024-03-01 10:05:00.000000', 'backtest', 'SPY', '{\"fast\": 10}', '{\"sharpe\": 1.25}');"
    "INSERT INTO orders VALUES ('o1', 'aaaa1111-1111-4111-8111-111111111111',"
    " '2024-03-01 10:01:00.000000', 'SPY', 'buy', 10, 500.25, 'filled');"
    "INSERT INTO fills VALUES ('f1', 'aaaa1111-1111-4111-8111-111111111111', 'o1',"
    " '2024-03-01 10:01:00.000000', 'SPY', 10.0, 500.25, 0.5);"
    "INSERT INTO equity_points VALUES"
    " ('e2', 'aaaa1111-1111-4111-8111-111111111111', '2024-03-01 10:02:00.000000', 100012.5),"
    " ('e1', 'aaaa1111-1111-4111-8111-111111111111', '2024-03-01 10:01:00.000000', 100000);"
    "INSERT INTO error_logs VALUES ('l1', NULL, '2024-03-01 09:00:00.000000', 'ERROR', 'no net',"
    " '{}');"
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)";

#define BOT_RUN "aaaa1111-1111-4111-8111-111111111111"

static void test_adopted(sample_folder *folder, gconstpointer unused)
{
    GError *error = NULL;
    GStatBuf file;
    sample_sql(folder->path, bot_tables);
    g_autoptr(runlog) log = open_log(folder->path);
    g_assert_cmpint(runlog_origin_of(log), ==, RUNLOG_ADOPTED);

    const char *backup = runlog_backup_path(log);
    g_assert_true(g_str_has_prefix(backup, folder->folder));
    g_assert_true(
        g_regex_match_simple("/quantbot\\.before-adoption-\\d{8}T\\d{6}Z\\.db$", backup, 0, 0));
    g_assert_cmpint(g_stat(backup, &file), ==, 0);
    g_assert_cmpint(file.st_mode & 0777, ==, 0600);
    g_assert_cmpint(sample_count(backup, "SELECT count(*) FROM equity_points"), ==, 2);
    g_assert_cmpint(
        sample_count(backup, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'"),
        ==, 0);

    g_autoptr(runlog_summary) run = runlog_find(log, "aaaa1111", &error);
    g_assert_no_error(error);
    g_assert_cmpstr(run->kpis, ==, "{\"sharpe\": 1.25}");
    g_assert_cmpint(run->orders, ==, 1);
    g_assert_cmpint(run->fills, ==, 1);
    g_assert_cmpint(run->trades, ==, 0);
    g_assert_cmpint(run->equity_points, ==, 2);
    g_assert_null(run->state_hash);
    /* date -ud '2024-03-01 10:00:00' +%s is 1709287200 */
    g_assert_cmpint(run->started_us, ==, INT64_C(1709287200000001));
    g_autoptr(GArray) points = runlog_equity(log, BOT_RUN, &error);
    g_assert_cmpint(points->len, ==, 2);
    g_assert_cmpint(g_array_index(points, runlog_point, 0).equity_e8, ==, 100000 * QB_ONE);
    g_assert_cmpint(g_array_index(points, runlog_point, 1).equity_e8, ==, INT64_C(10001250000000));

    log_run(log, ID_B, "paper", SAMPLE_START_US);
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM runs"), ==, 2);
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM equity_points"), ==, 22);
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM fills WHERE id = 'f1' AND"
                                               " qty = 10 AND qty_e8 IS NULL"),
                    ==, 1);
    g_assert_cmpint(sample_count(folder->path, "SELECT count(*) FROM pragma_index_list('runs')"),
                    ==, 3); /* id, theirs on mode, ours on started_at */
    g_clear_pointer(&log, runlog_free);
    log = open_log(folder->path);
    g_assert_cmpint(runlog_origin_of(log), ==, RUNLOG_FOUND);
}

/* What makes the bot's database unfit, and the table and column that the refusal names. */
static const refusal misfits[] = {
    {"missing-column", "ALTER TABLE fills DROP COLUMN commission", "fills.commission: no such"},
    {"missing-table", "DROP TABLE metrics", "metrics: no such table"},
    {"integer-id", "UPDATE orders SET id = x'00'", "orders.id: "},
    {"text-number", "UPDATE fills SET qty = 'ten'", "fills.qty: \"'ten'\" (expected a number)"},
    {"other-stamp", "UPDATE equity_points SET ts = '2024-03-01T10:00:00Z'",
     "equity_points.ts: \"'2024-03-01T10:00:00Z'\""},
    {"numeric-stamp", "UPDATE runs SET started_at = 1709287200", "runs.started_at: "},
    {"broken-json", "UPDATE runs SET params = '{fast: 10'", "runs.params: "},
    {"our-column", "ALTER TABLE orders ADD COLUMN reason TEXT", "orders.reason: a column"},
    {"our-table", "CREATE TABLE trades (x)", "trades: a table"},
    {"mandatory-column",
     "ALTER TABLE metrics ADD COLUMN account TEXT NOT NULL DEFAULT 'a';"
     "CREATE TRIGGER strict_account BEFORE INSERT ON metrics WHEN new.account = 'a'"
     " BEGIN SELECT raise(ABORT, 'account is mandatory'); END",
     "metrics: account is mandatory"},
    {"check",
     "ALTER TABLE error_logs RENAME TO old; CREATE TABLE error_logs (id TEXT PRIMARY KEY,"
     " run_id TEXT, ts TEXT, level TEXT CHECK (level IN ('ERROR')), message TEXT, meta JSON);"
     "DROP TABLE old",
     "error_logs: CHECK constraint failed"},
    {"text-column",
     "ALTER TABLE metrics RENAME TO old; CREATE TABLE metrics (id TEXT PRIMARY KEY, run_id TEXT,"
     " ts TEXT, name TEXT, value VARCHAR(20)); DROP TABLE old",
     "metrics.value: declared \"VARCHAR(20)\""},
    {"integer-key",
     "ALTER TABLE metrics RENAME TO old; CREATE TABLE metrics (id INTEGER PRIMARY KEY, run_id TEXT,"
     " ts TEXT, name TEXT, value REAL); DROP TABLE old",
     "metrics: datatype mismatch"},
};

static void test_misfit(sample_folder *folder, gconstpointer data)
{
    const refusal *misfit = data;
    sample_sql(folder->path, bot_tables);
    sample_sql(folder->path, misfit->sql);
    assert_refused_untouched(folder, misfit->says);
}

static void test_all_misfits_at_once(sample_folder *folder, gconstpointer unused)
{
    GError *error = NULL;
    sample_sql(folder->path, bot_tables);
    sample_sql(folder->path, "UPDATE fills SET qty = 'ten', price = 'x'; DROP TABLE metrics");
    g_assert_null(runlog_open(folder->path, &error));
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    g_assert_cmpint(g_strv_length(lines), ==, 3);
    g_clear_error(&error);
}

/* ---- main ----------------------------------------------------------------------------------- */

static void add(const char *path, void (*run)(sample_folder *, gconstpointer), gconstpointer data)
{
    g_test_add(path, sample_folder, data, sample_folder_make, run, sample_folder_remove);
}

static void add_table(const char *group, const refusal *cases, gsize count,
                      void (*run)(sample_folder *, gconstpointer))
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *path = g_strdup_printf("%s/%s", group, cases[i].name);
        add(path, run, &cases[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/runlog/made/file", test_made, NULL);
    add("/runlog/found", test_found, NULL);
    add("/runlog/founders", test_founders, NULL);
    add_table("/runlog/refused", refusals, G_N_ELEMENTS(refusals), test_refused);
    add("/runlog/refused/newer-with-log", test_newer_with_log, NULL);
    add("/runlog/refused/not-sqlite", test_not_sqlite, NULL);
    add("/runlog/refused/folder", test_is_folder, NULL);
    add("/runlog/refused/corrupt", test_corrupt, NULL);
    add("/runlog/refused/absent", test_absent, NULL);
    add("/runlog/refused/locked", test_locked, NULL);
    add("/runlog/adopted", test_adopted, NULL);
    add_table("/runlog/misfit", misfits, G_N_ELEMENTS(misfits), test_misfit);
    add("/runlog/misfit/all-at-once", test_all_misfits_at_once, NULL);
    return g_test_run();
}
