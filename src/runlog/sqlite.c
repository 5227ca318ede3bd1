/* The run log's questions and rows in SQLite. Parameters are found by their names, $1 and so on.
 * Rows go through one prepared statement, a step for each: in one transaction that is as fast as
 * statements of many rows, and takes no memory. */
#include "runlog/runlog-private.h"

#include <math.h>
#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

static int bind_value(sqlite3_stmt *statement, int index, const value *value)
{
    stamp time = {0};
    if (value->none)
        return sqlite3_bind_null(statement, index);
    switch (value->kind) {
    case VALUE_TEXT:
        return sqlite3_bind_text(statement, index, value->text, -1, SQLITE_STATIC);
    case VALUE_INTEGER:
        return sqlite3_bind_int64(statement, index, value->integer);
    case VALUE_STAMP:
        break;
    }
    /* An instant outside the years of stamps lies before or behind them all. */
    if (!stamp_set(&time, value->integer))
        return sqlite3_bind_text(statement, index, value->integer < 0 ? "" : "~", -1,
                                 SQLITE_STATIC);
    return sqlite3_bind_text(statement, index, time.text, STAMP_SIZE, SQLITE_TRANSIENT);
}

static sqlite3_stmt *prepare(runlog *self, const question *question, const value *values,
                             guint count, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = store_prepare(&self->file, question->sqlite, error);
    if (statement == NULL)
        return NULL;
    for (guint i = 0; i < count; i++) {
        char name[16];
        g_snprintf(name, sizeof name, "$%u", i + 1);
        const int index = sqlite3_bind_parameter_index(statement, name);
        if (index > 0 && bind_value(statement, index, &values[i]) != SQLITE_OK) {
            store_fail(&self->file, question->what, error);
            return NULL;
        }
    }
    return g_steal_pointer(&statement);
}

static gboolean open_cursor(cursor *self, const question *question, const value *values,
                            guint count, GError **error)
{
    self->row = prepare(self->log, question, values, count, error);
    return self->row != NULL;
}

static gboolean next_row(cursor *self, gboolean *out_row, GError **error)
{
    return store_step(&self->log->file, self->row, self->what, out_row, error);
}

static gboolean is_none(const cursor *self, int column)
{
    return sqlite3_column_type(self->row, column) == SQLITE_NULL;
}

static gint64 get_integer(const cursor *self, int column)
{
    return sqlite3_column_int64(self->row, column);
}

static double get_number(const cursor *self, int column)
{
    return sqlite3_column_double(self->row, column);
}

static const char *get_text(const cursor *self, int column)
{
    return (const char *)sqlite3_column_text(self->row, column);
}

static gint64 get_stamp(const cursor *self, int column)
{
    return stamp_read(get_text(self, column));
}

static void release(cursor *self)
{
    sqlite3_finalize(self->row);
}

/* ---- rows ----------------------------------------------------------------------------------- */

typedef struct sqlite_rows {
    rows base;
    sqlite3_stmt *statement;
    int bad;
    /* One a column: neighbouring rows mostly share their date. */
    stamp times[RUNLOG_COLUMNS_MAX];
} sqlite_rows;

static rows *begin_rows(runlog *log, const runlog_table *table, rows_mode mode, GError **error)
{
    g_autofree char *text = statement_insert(table, 1, mode, RUNLOG_SQLITE);
    sqlite3_stmt *statement = store_prepare(&log->file, text, error);
    if (statement == NULL)
        return NULL;
    g_assert(table->count <= RUNLOG_COLUMNS_MAX);
    sqlite_rows *self = g_new0(sqlite_rows, 1);
    self->statement = statement;
    return &self->base;
}

static void put_text(rows *base, const char *text, gsize size)
{
    sqlite_rows *self = (sqlite_rows *)base;
    self->bad |= sqlite3_bind_text64(self->statement, (int)base->column + 1, text, size,
                                     SQLITE_STATIC, SQLITE_UTF8);
}

static void put_integer(rows *base, gint64 integer)
{
    sqlite_rows *self = (sqlite_rows *)base;
    self->bad |= sqlite3_bind_int64(self->statement, (int)base->column + 1, integer);
}

static void put_number(rows *base, double number)
{
    sqlite_rows *self = (sqlite_rows *)base;
    self->bad |= sqlite3_bind_double(self->statement, (int)base->column + 1, number);
}

static void put_stamp(rows *base, gint64 instant_us)
{
    sqlite_rows *self = (sqlite_rows *)base;
    stamp *time = &self->times[base->column];
    if (stamp_set(time, instant_us))
        put_text(base, time->text, STAMP_SIZE);
    else
        base->bad = "a time outside the years 1000 to 9999";
}

static void put_none(rows *base)
{
    sqlite_rows *self = (sqlite_rows *)base;
    self->bad |= sqlite3_bind_null(self->statement, (int)base->column + 1);
}

static gboolean next_of_rows(rows *base, GError **error)
{
    sqlite_rows *self = (sqlite_rows *)base;
    if (self->bad != SQLITE_OK)
        return backend_refuse(base->log, error, "%s: out of memory", base->table->name);
    if (sqlite3_step(self->statement) != SQLITE_DONE)
        return store_fail(&base->log->file, base->table->name, error);
    sqlite3_reset(self->statement);
    return TRUE;
}

static gboolean end_rows(rows *base, gboolean ok, GError **error)
{
    sqlite_rows *self = (sqlite_rows *)base;
    sqlite3_finalize(self->statement);
    g_free(self);
    return ok;
}

/* ---- the rest ------------------------------------------------------------------------------- */

static gboolean change(runlog *self, const question *question, const value *values, guint count,
                       gint64 *out_rows, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(sqlite3_stmt) statement = prepare(self, question, values, count, error);
    if (statement == NULL || !store_step(&self->file, statement, question->what, &row, error))
        return FALSE;
    if (out_rows != NULL)
        *out_rows = sqlite3_changes(self->file.db);
    return TRUE;
}

static gboolean file_size(runlog *self, gint64 *out_bytes, GError **error)
{
    return store_integer(&self->file,
                         "SELECT page_count * page_size FROM pragma_page_count,"
                         " pragma_page_size",
                         out_bytes, error);
}

/* Give the disk back when at least this share of the file is free. */
#define FREE_SHARE 4

static void shrink(runlog *self)
{
    gint64 unused = 0, pages = 0;
    if (store_integer(&self->file, "PRAGMA freelist_count", &unused, NULL) &&
        store_integer(&self->file, "PRAGMA page_count", &pages, NULL) && unused > 0 &&
        unused * FREE_SHARE >= pages)
        sqlite3_exec(self->file.db, "VACUUM", NULL, NULL, NULL);
}

static gboolean run(runlog *self, const char *sql, GError **error)
{
    return store_run(&self->file, sql, error);
}

static gboolean begin(runlog *self, GError **error)
{
    return store_begin(&self->file, error);
}

static gboolean look(runlog *self, GError **error)
{
    return store_look(&self->file, error);
}

static gboolean end(runlog *self, gboolean ok, GError **error)
{
    return store_end(&self->file, ok, error);
}

static void close_file(runlog *self)
{
    store_clear(&self->file);
}

const backend backend_sqlite = {
    .store = RUNLOG_SQLITE,
    .close = close_file,
    .size = file_size,
    .shrink = shrink,
    .run = run,
    .open = open_cursor,
    .next = next_row,
    .is_none = is_none,
    .integer = get_integer,
    .number = get_number,
    .stamp = get_stamp,
    .text = get_text,
    .release = release,
    .rows_begin = begin_rows,
    .put_text = put_text,
    .put_integer = put_integer,
    .put_number = put_number,
    .put_stamp = put_stamp,
    .put_none = put_none,
    .rows_next = next_of_rows,
    .rows_end = end_rows,
    .begin = begin,
    .look = look,
    .end = end,
    .change = change,
    .has_table = schema_has_table,
};
