/* What the run log asks of a database: questions with typed parameters, rows in bulk, transactions.
 * SQLite (sqlite.c) and PostgreSQL (postgres*.c) answer alike: stamps are microseconds, amounts
 * integers, and NaN is no value. */
#ifndef RUNLOG_BACKEND_H
#define RUNLOG_BACKEND_H

#include "runlog/runlog.h"

typedef struct backend backend;

/* One question in both dialects, literal text; parameters are $1, $2 ... in both. */
typedef struct question {
    const char *what; /* the table, for messages */
    const char *sqlite, *postgres;
} question;
/* Where both say it alike. */
#define QUESTION(what, text) \
    {                        \
        what, text, text     \
    }

typedef enum value_kind { VALUE_TEXT, VALUE_INTEGER, VALUE_STAMP } value_kind;
/* A parameter. Texts are borrowed while the cursor lives. */
typedef struct value {
    value_kind kind;
    gboolean none;
    gint64 integer; /* also of a stamp */
    const char *text;
} value;

static inline value value_text(const char *text)
{
    return (value){VALUE_TEXT, text == NULL, 0, text};
}

static inline value value_integer(gint64 integer)
{
    return (value){VALUE_INTEGER, FALSE, integer, NULL};
}

static inline value value_stamp(gint64 instant_us)
{
    return (value){VALUE_STAMP, FALSE, instant_us, NULL};
}

static inline value value_stamp_or_none(gint64 instant_us)
{
    return (value){VALUE_STAMP, instant_us == 0, instant_us, NULL};
}

/* FAILURE_DATABASE with our own words, after the file's or the server's name and ": ". FALSE. */
gboolean backend_refuse(const runlog *self, GError **error, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* ---- reading -------------------------------------------------------------------------------- */

/* Rows of a question, one at a time: a long answer is never in memory at once. One cursor of a log
 * is open at a time. */
typedef struct cursor {
    const backend *backend;
    runlog *log;
    const char *what;
    void *row; /* the backend's */
    gboolean failed;
} cursor;
/* NULL on failure. Caller frees. */
cursor *cursor_open(runlog *self, const question *question, const value *values, guint count,
                    GError **error);
/* One row (out_row TRUE) or the end (FALSE). */
gboolean cursor_next(cursor *self, gboolean *out_row, GError **error);
gboolean cursor_is_none(const cursor *self, int column);
gint64 cursor_integer(const cursor *self, int column); /* 0 for none */
double cursor_number(const cursor *self, int column);  /* NaN for none */
gint64 cursor_stamp(const cursor *self, int column);   /* 0 for none, or for what is no stamp */
/* NULL for none. Borrowed until the next row. */
const char *cursor_text(const cursor *self, int column);
void cursor_free(cursor *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cursor, cursor_free)

/* The integer that a question gives in its first row; 0 when it gives none. */
gboolean cursor_ask(runlog *self, const question *question, const value *values, guint count,
                    gint64 *out, GError **error);

/* ---- rows in bulk --------------------------------------------------------------------------- */

typedef enum rows_mode {
    ROWS_NEW,     /* a row that is there already is a failure */
    ROWS_MISSING, /* is left as it is */
    ROWS_LATEST,  /* becomes the new one (runlog_table.key) */
} rows_mode;
/* Rows of one table, value by value in the order of its columns, inside the caller's transaction.
 * What one value does not fit is told by rows_next. */
typedef struct rows {
    const backend *backend;
    runlog *log;
    const runlog_table *table;
    guint column;    /* the next one's */
    const char *bad; /* what is wrong with the row; NULL: nothing */
} rows;
rows *rows_begin(runlog *self, const runlog_table *table, rows_mode mode, GError **error);
void rows_text(rows *self, const char *text); /* NULL: none. Borrowed until rows_next */
void rows_text_sized(rows *self, const char *text, gsize size);
void rows_integer(rows *self, gint64 integer);
void rows_number(rows *self, double number); /* NaN: none */
void rows_stamp(rows *self, gint64 instant_us);
void rows_none(rows *self);
/* Ends a row; every column must have been given. */
gboolean rows_next(rows *self, GError **error);
/* ok: sends what is still held back. Frees in any case. Returns whether all of it was taken. */
gboolean rows_end(rows *self, gboolean ok, GError **error);

/* ---- transactions --------------------------------------------------------------------------- */

/* Waits for another writer at most the log's wait. */
gboolean backend_begin(runlog *self, GError **error);
/* Begins a reading: until backend_end every question sees one state. */
gboolean backend_look(runlog *self, GError **error);
/* Commits when ok, else rolls back. Returns whether everything since the begin is durable. */
gboolean backend_end(runlog *self, gboolean ok, GError **error);
/* Changes rows; how many in *out_rows (may be NULL). */
gboolean backend_change(runlog *self, const question *question, const value *values, guint count,
                        gint64 *out_rows, GError **error);
gboolean backend_has_table(runlog *self, const char *name, gboolean *out, GError **error);

/* ---- what a backend is ---------------------------------------------------------------------- */

struct backend {
    runlog_store store;
    void (*close)(runlog *self);
    gboolean (*size)(runlog *self, gint64 *out_bytes, GError **error);
    /* Gives room back after rows were deleted; its failure is none of theirs. */
    void (*shrink)(runlog *self);
    /* Literal statements without results. */
    gboolean (*run)(runlog *self, const char *sql, GError **error);

    gboolean (*open)(cursor *self, const question *question, const value *values, guint count,
                     GError **error);
    gboolean (*next)(cursor *self, gboolean *out_row, GError **error);
    gboolean (*is_none)(const cursor *self, int column);
    gint64 (*integer)(const cursor *self, int column);
    double (*number)(const cursor *self, int column);
    gint64 (*stamp)(const cursor *self, int column);
    const char *(*text)(const cursor *self, int column);
    void (*release)(cursor *self);

    rows *(*rows_begin)(runlog *self, const runlog_table *table, rows_mode mode, GError **error);
    void (*put_text)(rows *self, const char *text, gsize size);
    void (*put_integer)(rows *self, gint64 integer);
    void (*put_number)(rows *self, double number);
    void (*put_stamp)(rows *self, gint64 instant_us);
    void (*put_none)(rows *self);
    gboolean (*rows_next)(rows *self, GError **error);
    gboolean (*rows_end)(rows *self, gboolean ok, GError **error);

    gboolean (*begin)(runlog *self, GError **error);
    gboolean (*look)(runlog *self, GError **error);
    gboolean (*end)(runlog *self, gboolean ok, GError **error);
    gboolean (*change)(runlog *self, const question *question, const value *values, guint count,
                       gint64 *out_rows, GError **error);
    gboolean (*has_table)(runlog *self, const char *name, gboolean *out, GError **error);
};
extern const backend backend_sqlite;
extern const backend backend_postgres;

#endif
