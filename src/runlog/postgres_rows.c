/* Rows into PostgreSQL in bulk.
 *
 * Rows that are new go through COPY in its binary form, in pieces of CHUNK_BYTES: half a million a
 * second, and no more memory than a piece. COPY knows no ON CONFLICT, so rows of which some may be
 * there already go through INSERTs of many rows, in text, for the server then makes of each what
 * its column wants; so do the few rows of tables with JSON, whose binary form depends on whether
 * the column is json or jsonb. */
#include "runlog/postgres.h"

#include <string.h>

#define CHUNK_BYTES (64 * 1024)
#define INSERT_ROWS 250
#define INSERT_BYTES (4 * 1024 * 1024)

typedef struct postgres_rows {
    rows base;
    gboolean copies;
    rows_mode mode;
    const char *key;   /* INSERT: by which a row is replaced */
    GByteArray *bytes; /* COPY: what is to be sent. INSERT: texts, each with its NUL */
    GArray *offsets;   /* INSERT: of gssize, where each value begins; -1: none */
    guint count;       /* INSERT: whole rows held */
    char *sql;         /* INSERT of `sql_rows` rows */
    guint sql_rows;
} postgres_rows;

/* ---- COPY ----------------------------------------------------------------------------------- */

/* Signature, no flags, no extension: PostgreSQL, "COPY", section "Binary Format". */
static const guint8 copy_head[] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n',
                                   0,   0,   0,   0,   0,   0,   0,    0,    0};

static void append_size(GByteArray *bytes, gint32 size)
{
    const gint32 big = GINT32_TO_BE(size);
    g_byte_array_append(bytes, (const guint8 *)&big, sizeof big);
}

static void append_count(GByteArray *bytes, gint16 count)
{
    const gint16 big = GINT16_TO_BE(count);
    g_byte_array_append(bytes, (const guint8 *)&big, sizeof big);
}

static void append_integer(GByteArray *bytes, gint64 integer)
{
    const gint64 big = GINT64_TO_BE(integer);
    append_size(bytes, sizeof big);
    g_byte_array_append(bytes, (const guint8 *)&big, sizeof big);
}

static gboolean start_copy(runlog *log, const runlog_table *table, GError **error)
{
    const libpq *pq = log->server->pq;
    gboolean heard = TRUE;
    g_autofree char *sql = statement_copy(table);
    if (!pq->PQsendQuery(log->server->connection, sql))
        return postgres_fail(log, NULL, table->name, error);
    PGresult *result = postgres_result(log, &heard);
    const gboolean ready = result != NULL && pq->PQresultStatus(result) == PGRES_COPY_IN;
    if (!ready)
        postgres_fail(log, result, table->name, error);
    pq->PQclear(result);
    return ready || (postgres_drain(log, table->name, NULL), FALSE);
}

static gboolean send_chunk(postgres_rows *self, GError **error)
{
    runlog *log = self->base.log;
    const gboolean ok = log->server->pq->PQputCopyData(log->server->connection,
                                                       (const char *)self->bytes->data,
                                                       (int)self->bytes->len) == 1 &&
                        postgres_flush(log);
    g_byte_array_set_size(self->bytes, 0);
    return ok || postgres_fail(log, NULL, self->base.table->name, error);
}

static gboolean end_copy(postgres_rows *self, gboolean ok, GError **error)
{
    runlog *log = self->base.log;
    const char *name = self->base.table->name;
    if (ok) {
        append_count(self->bytes, -1);
        ok = send_chunk(self, error);
    }
    /* What the server has to say of a row is said at the end, also when we give up. */
    if (log->server->pq->PQputCopyEnd(log->server->connection, ok ? NULL : "given up") != 1)
        return ok ? postgres_fail(log, NULL, name, error) : FALSE;
    return ok ? postgres_drain(log, name, error) : (postgres_drain(log, name, NULL), FALSE);
}

/* ---- INSERT --------------------------------------------------------------------------------- */

static gboolean send_inserts(postgres_rows *self, GError **error)
{
    runlog *log = self->base.log;
    const guint count = self->offsets->len;
    if (count == 0)
        return TRUE;
    if (self->sql_rows != self->count) {
        g_free(self->sql);
        self->sql = statement_insert(self->base.table, self->count, self->mode, RUNLOG_POSTGRES,
                                     self->key);
        self->sql_rows = self->count;
    }
    g_autofree const char **values = g_new(const char *, count);
    for (guint i = 0; i < count; i++) {
        const gssize offset = g_array_index(self->offsets, gssize, i);
        values[i] = offset >= 0 ? (const char *)self->bytes->data + offset : NULL;
    }
    const gboolean sent = log->server->pq->PQsendQueryParams(
        log->server->connection, self->sql, (int)count, NULL, values, NULL, NULL, 1);
    g_array_set_size(self->offsets, 0);
    g_byte_array_set_size(self->bytes, 0);
    self->count = 0;
    return sent ? postgres_drain(log, self->base.table->name, error)
                : postgres_fail(log, NULL, self->base.table->name, error);
}

static void hold_text(postgres_rows *self, const char *text, gsize size)
{
    const gssize offset = self->bytes->len;
    g_array_append_val(self->offsets, offset);
    g_byte_array_append(self->bytes, (const guint8 *)text, (guint)size);
    g_byte_array_append(self->bytes, (const guint8 *)"", 1);
}

/* ---- values --------------------------------------------------------------------------------- */

static void begin_row(postgres_rows *self)
{
    if (self->copies && self->base.column == 0)
        append_count(self->bytes, (gint16)self->base.table->count);
}

void postgres_put_text(rows *base, const char *text, gsize size)
{
    postgres_rows *self = (postgres_rows *)base;
    g_autofree char *clean = postgres_clean(text, size);
    if (clean != NULL) {
        text = clean;
        size = strlen(clean);
    }
    begin_row(self);
    if (!self->copies) {
        hold_text(self, text, size);
        return;
    }
    append_size(self->bytes, (gint32)size);
    g_byte_array_append(self->bytes, (const guint8 *)text, (guint)size);
}

void postgres_put_integer(rows *base, gint64 integer)
{
    postgres_rows *self = (postgres_rows *)base;
    char text[32];
    begin_row(self);
    if (self->copies)
        append_integer(self->bytes, integer);
    else
        hold_text(self, text, (gsize)g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, integer));
}

void postgres_put_number(rows *base, double number)
{
    postgres_rows *self = (postgres_rows *)base;
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    gint64 bits;
    memcpy(&bits, &number, sizeof bits);
    begin_row(self);
    if (self->copies)
        append_integer(self->bytes, bits);
    else
        hold_text(self, text, strlen(g_ascii_dtostr(text, sizeof text, number)));
}

void postgres_put_stamp(rows *base, gint64 instant_us)
{
    postgres_rows *self = (postgres_rows *)base;
    stamp time = {0};
    /* As in SQLite, so that a run fits either or neither. */
    if (!stamp_set(&time, instant_us)) {
        base->bad = "a time outside the years 1000 to 9999";
        return;
    }
    begin_row(self);
    if (self->copies) {
        append_integer(self->bytes, instant_us - POSTGRES_EPOCH_US);
        return;
    }
    char text[STAMP_SIZE + 4];
    g_snprintf(text, sizeof text, "%s+00", time.text);
    hold_text(self, text, strlen(text));
}

void postgres_put_none(rows *base)
{
    postgres_rows *self = (postgres_rows *)base;
    const gssize none = -1;
    begin_row(self);
    if (self->copies)
        append_size(self->bytes, -1);
    else
        g_array_append_val(self->offsets, none);
}

/* ---- rows ----------------------------------------------------------------------------------- */

rows *postgres_rows_begin(runlog *log, const runlog_table *table, rows_mode mode, GError **error)
{
    const gboolean copies = mode == ROWS_NEW && !table->has_json;
    const char *key = mode == ROWS_LATEST ? postgres_key_of(log, table, error) : table->key;
    if (key == NULL)
        return NULL;
    if (copies && !start_copy(log, table, error))
        return NULL;
    postgres_rows *self = g_new0(postgres_rows, 1);
    self->copies = copies;
    self->mode = mode;
    self->key = key;
    self->bytes = g_byte_array_sized_new(CHUNK_BYTES + 4096);
    self->offsets = g_array_new(FALSE, FALSE, sizeof(gssize));
    if (copies)
        g_byte_array_append(self->bytes, copy_head, sizeof copy_head);
    return &self->base;
}

gboolean postgres_rows_next(rows *base, GError **error)
{
    postgres_rows *self = (postgres_rows *)base;
    if (self->copies)
        return self->bytes->len < CHUNK_BYTES || send_chunk(self, error);
    self->count++;
    return (self->count < INSERT_ROWS && self->bytes->len < INSERT_BYTES) ||
           send_inserts(self, error);
}

gboolean postgres_rows_end(rows *base, gboolean ok, GError **error)
{
    postgres_rows *self = (postgres_rows *)base;
    ok = self->copies ? end_copy(self, ok, error) : ok && send_inserts(self, error);
    g_byte_array_unref(self->bytes);
    g_array_unref(self->offsets);
    g_free(self->sql);
    g_free(self);
    return ok;
}
