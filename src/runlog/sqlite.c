/* The run log's questions and rows in SQLite. Parameters are found by their names, $1 and so on. */
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

/* Rows of new runs go in statements of ROWS_HELD, for a step costs as much as storing a row of
 * equity. 1,000,000 points and 100,000 orders and fills: 1.87 s row by row, 1.75 with 8 rows a
 * statement, 1.49 with 32, 1.36 with 100, and 0.4 MiB more memory (bench/w8_runlog.c).
 *
 * A statement that fails in the middle takes back its own first rows, and SQLite would keep each
 * page as it was for that, which costs all that is won. But a row that is not taken ends the whole
 * transaction, so these say OR FAIL (statements.c), and nothing is kept. */
#define ROWS_HELD 100
#define ROWS_HELD_BYTES (256 * 1024) /* of texts */

typedef enum held_kind { HELD_NONE, HELD_INTEGER, HELD_NUMBER, HELD_TEXT } held_kind;
typedef struct held {
    held_kind kind;
    union {
        gint64 integer;
        double number;
        struct {
            gsize offset, size; /* in texts */
        } text;
    } is;
} held;

typedef struct sqlite_rows {
    rows base;
    rows_mode mode;
    sqlite3_stmt *statement; /* of `prepared` rows; NULL: none yet */
    guint prepared;
    GArray *values;    /* of held: those not sent yet */
    GByteArray *texts; /* theirs */
    guint count;       /* whole rows among them */
    /* One a column: neighbouring rows mostly share their date. */
    stamp times[RUNLOG_COLUMNS_MAX];
} sqlite_rows;

static rows *begin_rows(runlog *log, const runlog_table *table, rows_mode mode, GError **error)
{
    g_assert(table->count <= RUNLOG_COLUMNS_MAX);
    sqlite_rows *self = g_new0(sqlite_rows, 1);
    self->mode = mode;
    self->values = g_array_new(FALSE, FALSE, sizeof(held));
    self->texts = g_byte_array_new();
    return &self->base;
}

static void hold(rows *base, held value)
{
    g_array_append_val(((sqlite_rows *)base)->values, value);
}

static void put_text(rows *base, const char *text, gsize size)
{
    sqlite_rows *self = (sqlite_rows *)base;
    hold(base, (held){HELD_TEXT, .is.text = {self->texts->len, size}});
    g_byte_array_append(self->texts, (const guint8 *)text, (guint)size);
    g_byte_array_append(self->texts, (const guint8 *)"", 1); /* no bytes would be no text */
}

static void put_integer(rows *base, gint64 integer)
{
    hold(base, (held){HELD_INTEGER, .is.integer = integer});
}

static void put_number(rows *base, double number)
{
    hold(base, (held){HELD_NUMBER, .is.number = number});
}

static void put_stamp(rows *base, gint64 instant_us)
{
    stamp *time = &((sqlite_rows *)base)->times[base->column];
    if (stamp_set(time, instant_us))
        put_text(base, time->text, STAMP_SIZE);
    else
        base->bad = "a time outside the years 1000 to 9999";
}

static void put_none(rows *base)
{
    hold(base, (held){HELD_NONE});
}

static int bind_held(const sqlite_rows *self, int index, const held *value)
{
    switch (value->kind) {
    case HELD_INTEGER:
        return sqlite3_bind_int64(self->statement, index, value->is.integer);
    case HELD_NUMBER:
        return sqlite3_bind_double(self->statement, index, value->is.number);
    case HELD_TEXT:
        return sqlite3_bind_text64(self->statement, index,
                                   (const char *)self->texts->data + value->is.text.offset,
                                   value->is.text.size, SQLITE_STATIC, SQLITE_UTF8);
    case HELD_NONE:
        break;
    }
    return sqlite3_bind_null(self->statement, index);
}

static gboolean prepare_rows(sqlite_rows *self, GError **error)
{
    if (self->prepared == self->count)
        return TRUE;
    g_autofree char *text = statement_insert(self->base.table, self->count, self->mode,
                                             RUNLOG_SQLITE, NULL);
    sqlite3_finalize(self->statement);
    self->statement = store_prepare(&self->base.log->file, text, error);
    self->prepared = self->statement != NULL ? self->count : 0;
    return self->statement != NULL;
}

static gboolean send_rows(sqlite_rows *self, GError **error)
{
    store *file = &self->base.log->file;
    const char *name = self->base.table->name;
    int bad = SQLITE_OK;
    if (self->count == 0)
        return TRUE;
    if (!prepare_rows(self, error))
        return FALSE;
    for (guint i = 0; i < self->values->len; i++)
        bad |= bind_held(self, (int)i + 1, &g_array_index(self->values, held, i));
    if (bad != SQLITE_OK)
        return store_fail(file, name, error);
    if (!store_do(file, self->statement, name, error))
        return FALSE;
    g_array_set_size(self->values, 0);
    g_byte_array_set_size(self->texts, 0);
    self->count = 0;
    return TRUE;
}

static gboolean next_of_rows(rows *base, GError **error)
{
    sqlite_rows *self = (sqlite_rows *)base;
    const guint most = self->mode == ROWS_NEW ? ROWS_HELD : 1;
    self->count++;
    return (self->count < most && self->texts->len < ROWS_HELD_BYTES) || send_rows(self, error);
}

static gboolean end_rows(rows *base, gboolean ok, GError **error)
{
    sqlite_rows *self = (sqlite_rows *)base;
    ok = ok && send_rows(self, error);
    sqlite3_finalize(self->statement);
    g_array_unref(self->values);
    g_byte_array_unref(self->texts);
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
