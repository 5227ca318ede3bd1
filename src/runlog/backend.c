/* The run log's questions, handed to whichever database holds it. */
#include "runlog/backend.h"
#include "runlog/runlog-private.h"

#include <math.h>
#include <string.h>

gboolean backend_refuse(const runlog *self, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *name = failure_path(self->path);
    g_set_error(error, FAILURE, FAILURE_DATABASE, "%s: %s", name, text);
    return FALSE;
}

/* ---- reading -------------------------------------------------------------------------------- */

cursor *cursor_open(runlog *self, const question *question, const value *values, guint count,
                    GError **error)
{
    g_autoptr(cursor) made = g_new0(cursor, 1);
    made->backend = self->backend;
    made->log = self;
    made->what = question->what;
    return self->backend->open(made, question, values, count, error) ? g_steal_pointer(&made)
                                                                     : NULL;
}

gboolean cursor_next(cursor *self, gboolean *out_row, GError **error)
{
    const gboolean ok = self->backend->next(self, out_row, error);
    self->failed = !ok;
    return ok;
}

gboolean cursor_is_none(const cursor *self, int column)
{
    return self->backend->is_none(self, column);
}

gint64 cursor_integer(const cursor *self, int column)
{
    return cursor_is_none(self, column) ? 0 : self->backend->integer(self, column);
}

double cursor_number(const cursor *self, int column)
{
    return cursor_is_none(self, column) ? NAN : self->backend->number(self, column);
}

gint64 cursor_stamp(const cursor *self, int column)
{
    return cursor_is_none(self, column) ? 0 : self->backend->stamp(self, column);
}

const char *cursor_text(const cursor *self, int column)
{
    return cursor_is_none(self, column) ? NULL : self->backend->text(self, column);
}

void cursor_free(cursor *self)
{
    if (self == NULL)
        return;
    self->backend->release(self);
    g_free(self);
}

gboolean cursor_ask(runlog *self, const question *question, const value *values, guint count,
                    gint64 *out, GError **error)
{
    gboolean row = FALSE;
    g_autoptr(cursor) answer = cursor_open(self, question, values, count, error);
    if (answer == NULL || !cursor_next(answer, &row, error))
        return FALSE;
    *out = row ? cursor_integer(answer, 0) : 0;
    return TRUE;
}

/* ---- rows in bulk --------------------------------------------------------------------------- */

rows *rows_begin(runlog *self, const runlog_table *table, rows_mode mode, GError **error)
{
    rows *made = self->backend->rows_begin(self, table, mode, error);
    if (made == NULL)
        return NULL;
    made->backend = self->backend;
    made->log = self;
    made->table = table;
    return made;
}

void rows_text(rows *self, const char *text)
{
    if (text != NULL)
        rows_text_sized(self, text, strlen(text));
    else
        rows_none(self);
}

void rows_text_sized(rows *self, const char *text, gsize size)
{
    g_assert(self->column < self->table->count);
    self->backend->put_text(self, text, size);
    self->column++;
}

void rows_integer(rows *self, gint64 integer)
{
    g_assert(self->column < self->table->count);
    self->backend->put_integer(self, integer);
    self->column++;
}

void rows_number(rows *self, double number)
{
    g_assert(self->column < self->table->count);
    if (isnan(number))
        self->backend->put_none(self);
    else
        self->backend->put_number(self, number);
    self->column++;
}

void rows_stamp(rows *self, gint64 instant_us)
{
    g_assert(self->column < self->table->count);
    self->backend->put_stamp(self, instant_us);
    self->column++;
}

void rows_none(rows *self)
{
    g_assert(self->column < self->table->count);
    self->backend->put_none(self);
    self->column++;
}

gboolean rows_next(rows *self, GError **error)
{
    g_assert(self->column == self->table->count);
    self->column = 0;
    if (self->bad != NULL)
        return backend_refuse(self->log, error, "%s: %s", self->table->name, self->bad);
    return self->backend->rows_next(self, error);
}

gboolean rows_end(rows *self, gboolean ok, GError **error)
{
    return self->backend->rows_end(self, ok, error);
}

/* ---- transactions --------------------------------------------------------------------------- */

gboolean backend_begin(runlog *self, GError **error)
{
    return self->backend->begin(self, error);
}

gboolean backend_look(runlog *self, GError **error)
{
    return self->backend->look(self, error);
}

gboolean backend_end(runlog *self, gboolean ok, GError **error)
{
    return self->backend->end(self, ok, error);
}

gboolean backend_change(runlog *self, const question *question, const value *values, guint count,
                        gint64 *out_rows, GError **error)
{
    return self->backend->change(self, question, values, count, out_rows, error);
}

gboolean backend_has_table(runlog *self, const char *name, gboolean *out, GError **error)
{
    return self->backend->has_table(self, name, out, error);
}
