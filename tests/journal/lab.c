#include "lab.h"
#include "scratch.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void lab_in_memory(void)
{
    if (access("/dev/shm", W_OK) == 0)
        g_setenv("TMPDIR", "/dev/shm", TRUE);
}

void lab_open(lab *self, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    self->folder = g_dir_make_tmp("quantbot-journal-XXXXXX", &error);
    g_assert_no_error(error);
    self->paper = g_build_filename(self->folder, "runtime", "paper", NULL);
    self->journal = g_build_filename(self->paper, LAB_RUN ".db", NULL);
    self->control = g_build_filename(self->folder, "runtime", "control.db", NULL);
    self->log = g_build_filename(self->folder, "runtime", "quantbot.db", NULL);
}

void lab_close(lab *self, gconstpointer unused)
{
    scratch_remove(self->folder);
    g_free(self->folder);
    g_free(self->paper);
    g_free(self->journal);
    g_free(self->control);
    g_free(self->log);
}

/* ---- the script ----------------------------------------------------------------------------- */

static gint64 at_of(guint64 n)
{
    return LAB_NOW_US + (gint64)n * LAB_SECOND_US;
}

static gint64 price_of(guint64 n)
{
    return INT64_C(10000000000) + (gint64)(n % 97) * 1000000; /* 100 and up, in cents */
}

static gint64 quantity_of(guint64 n)
{
    return n % 2 == 0 ? INT64_C(-300000000) : INT64_C(300000000);
}

static gint64 equity_of(guint64 n)
{
    return INT64_C(10000000000000) + (gint64)n;
}

static runlog_cell *cell(const runlog_table *table, runlog_cell *cells, const char *name)
{
    for (guint i = 0; i < table->count; i++)
        if (strcmp(table->columns[i].name, name) == 0) {
            cells[i].none = FALSE;
            return &cells[i];
        }
    g_error("%s has no column %s", table->name, name);
}

static void clear_cells(runlog_cell *cells)
{
    for (guint i = 0; i < RUNLOG_COLUMNS_MAX; i++)
        cells[i] = (runlog_cell){.none = TRUE};
}

static gboolean put_run(journal *journal, journal_kind kind, const char *kpis, GError **error)
{
    const runlog_table *table = &runlog_tables[RUNLOG_RUNS];
    runlog_cell cells[RUNLOG_COLUMNS_MAX];
    clear_cells(cells);
    cell(table, cells, "started_at")->integer = LAB_NOW_US;
    cell(table, cells, "mode")->text = "paper";
    cell(table, cells, "universe")->text = "SPY";
    cell(table, cells, "params")->text = "{\"note\":\"\xc3\xa4\"}";
    if (kpis != NULL) {
        cell(table, cells, "kpis")->text = kpis;
        cell(table, cells, "ended_at")->integer = LAB_NOW_US + 1;
    }
    return journal_row(journal, kind, 1, LAB_NOW_US, cells, error);
}

gboolean lab_start(journal *journal, GError **error)
{
    return put_run(journal, JOURNAL_START, NULL, error);
}

gboolean lab_end(journal *journal, GError **error)
{
    return put_run(journal, JOURNAL_END, "{\"sharpe\":1}", error);
}

static gboolean put_order(journal *journal, journal_kind kind, guint64 n, GError **error)
{
    const runlog_table *table = &runlog_tables[RUNLOG_ORDERS];
    const gboolean ended = kind == JOURNAL_ORDER_END;
    runlog_cell cells[RUNLOG_COLUMNS_MAX];
    clear_cells(cells);
    cell(table, cells, "ts")->integer = at_of(n);
    cell(table, cells, "symbol")->text = "SPY";
    cell(table, cells, "side")->text = n % 2 == 0 ? "sell" : "buy";
    cell(table, cells, "qty")->number = 3;
    cell(table, cells, "qty_e8")->integer = INT64_C(300000000);
    cell(table, cells, "status")->text = ended ? "filled" : "open";
    if (ended)
        cell(table, cells, "final_ts")->integer = at_of(n);
    return journal_row(journal, kind, n, at_of(n), cells, error);
}

static gboolean put_fill(journal *journal, guint64 n, GError **error)
{
    const runlog_table *table = &runlog_tables[RUNLOG_FILLS];
    runlog_cell cells[RUNLOG_COLUMNS_MAX];
    g_autofree char *order = g_strdup_printf(LAB_RUN ":o:%08d", (int)n);
    clear_cells(cells);
    cell(table, cells, "order_id")->text = order;
    cell(table, cells, "ts")->integer = at_of(n);
    cell(table, cells, "symbol")->text = "SPY";
    cell(table, cells, "qty")->number = qb_raw_to_double(quantity_of(n));
    cell(table, cells, "qty_e8")->integer = quantity_of(n);
    cell(table, cells, "price")->number = qb_raw_to_double(price_of(n));
    cell(table, cells, "price_e8")->integer = price_of(n);
    cell(table, cells, "commission")->number = 0.1;
    return journal_row(journal, JOURNAL_FILL, n, at_of(n), cells, error);
}

static gboolean put_equity(journal *journal, guint64 n, GError **error)
{
    const runlog_table *table = &runlog_tables[RUNLOG_EQUITY_POINTS];
    runlog_cell cells[RUNLOG_COLUMNS_MAX];
    clear_cells(cells);
    cell(table, cells, "ts")->integer = at_of(n);
    cell(table, cells, "equity")->number = qb_raw_to_double(equity_of(n));
    cell(table, cells, "equity_e8")->integer = equity_of(n);
    return journal_row(journal, JOURNAL_EQUITY, n, at_of(n), cells, error);
}

gboolean lab_step(journal *journal, guint64 n, GError **error)
{
    return put_order(journal, JOURNAL_ORDER, n, error) && put_fill(journal, n, error) &&
           put_order(journal, JOURNAL_ORDER_END, n, error) && put_equity(journal, n, error);
}

/* ---- what it means -------------------------------------------------------------------------- */

static void add_line(GChecksum *sum, const char *line)
{
    g_checksum_update(sum, (const guchar *)line, -1);
    g_checksum_update(sum, (const guchar *)"\n", 1);
}

char *lab_expected(guint64 steps)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (guint64 n = 1; n <= steps; n++) {
        g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(at_of(n) / LAB_SECOND_US);
        g_autofree char *stamp = g_date_time_format(time, "%Y-%m-%d %H:%M:%S.000000");
        g_autofree char *line = g_strdup_printf(
            LAB_RUN ":o:%08d|filled|" LAB_RUN ":f:%08d|%s|SPY|%" G_GINT64_FORMAT
                    "|%" G_GINT64_FORMAT "|" LAB_RUN ":e:%08d|%" G_GINT64_FORMAT,
            (int)n, (int)n, stamp, quantity_of(n), price_of(n), (int)n, equity_of(n));
        add_line(sum, line);
    }
    return g_strdup(g_checksum_get_string(sum));
}

static sqlite3 *open_sql(const char *path)
{
    sqlite3 *db = NULL;
    g_assert_cmpint(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), ==, SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    return db;
}

static sqlite3_stmt *prepare_sql(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        g_error("%s: %s", sql, sqlite3_errmsg(db));
    return statement;
}

char *lab_found(const char *log)
{
    sqlite3 *db = open_sql(log);
    sqlite3_stmt *statement = prepare_sql(
        db, "SELECT o.id || '|' || o.status || '|' || f.id || '|' || f.ts || '|' || f.symbol || '|'"
            " || f.qty_e8 || '|' || f.price_e8 || '|' || e.id || '|' || e.equity_e8"
            " FROM orders o FULL JOIN fills f ON f.order_id = o.id"
            " FULL JOIN equity_points e ON e.run_id = o.run_id AND e.ts = o.ts ORDER BY o.id");
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(statement, 0);
        add_line(sum, line != NULL ? line : "a row without its others");
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return g_strdup(g_checksum_get_string(sum));
}

/* ---- opening -------------------------------------------------------------------------------- */

journal *lab_journal(const lab *self, control *control)
{
    g_autoptr(GError) error = NULL;
    journal *opened = journal_open(self->paper, LAB_RUN, control, &error);
    g_assert_no_error(error);
    return opened;
}

control *lab_control(const lab *self)
{
    g_autoptr(GError) error = NULL;
    control *opened = control_open(self->control, &error);
    g_assert_no_error(error);
    return opened;
}

runlog *lab_log(const lab *self)
{
    g_autoptr(GError) error = NULL;
    runlog *opened = runlog_open(self->log, &error);
    g_assert_no_error(error);
    return opened;
}

void lab_carry(const lab *self)
{
    gint64 now_us = LAB_NOW_US, next_us = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(runlog) log = lab_log(self);
    const outbox_target target = outbox_target_of(log);
    g_autoptr(outbox) box = outbox_new(self->paper, LAB_RUN, &target, 1, &error);
    g_assert_no_error(error);
    do {
        outbox_step(box, now_us, &next_us, &error);
        g_assert_no_error(error);
        if (outbox_trouble(box) != NULL)
            g_error("%s", outbox_trouble(box)->message);
    } while (next_us == now_us);
}

/* ---- SQL ------------------------------------------------------------------------------------ */

void lab_sql(const char *path, const char *sql)
{
    char *message = NULL;
    sqlite3 *db = open_sql(path);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        g_error("%s: %s", sql, message);
    sqlite3_close(db);
}

char *lab_ask(const char *path, const char *sql)
{
    sqlite3 *db = open_sql(path);
    sqlite3_stmt *statement = prepare_sql(db, sql);
    char *text = NULL;
    if (sqlite3_step(statement) == SQLITE_ROW)
        text = g_strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return text;
}

gint64 lab_count(const char *path, const char *sql)
{
    g_autofree char *text = lab_ask(path, sql);
    return text != NULL ? g_ascii_strtoll(text, NULL, 10) : 0;
}

void lab_answer_clear(lab_answer *self)
{
    g_free(self->out);
    g_free(self->errors);
}

lab_answer lab_program(const lab *self, const char *url, const char *const *words)
{
    lab_answer got = {0};
    int status = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_ptr_array_add(all, (char *)g_getenv("QUANTBOT_BINARY"));
    for (; *words != NULL; words++)
        g_ptr_array_add(all, (char *)*words);
    g_ptr_array_add(all, NULL);
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "DATABASE_URL", url, TRUE);
    environment = g_environ_setenv(environment, "QUANTBOT_DATA_DIR", self->folder, TRUE);
    g_spawn_sync(self->folder, (char **)all->pdata, environment, G_SPAWN_DEFAULT, NULL, NULL,
                 &got.out, &got.errors, &status, &error);
    g_assert_no_error(error);
    got.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return got;
}
