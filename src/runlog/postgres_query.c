/* Questions to PostgreSQL: parameters and answers in binary, rows one by one as they come. */
#include "runlog/postgres.h"

#include <math.h>
#include <string.h>
#include <sys/socket.h>

/* ---- reading -------------------------------------------------------------------------------- */

gboolean postgres_open_cursor(cursor *self, const question *question, const value *values,
                              guint count, GError **error)
{
    postgres *server = self->log->server;
    if (!server->inside && !postgres_revive(self->log, error)) {
        self->failed = TRUE;
        return FALSE;
    }
    if (!postgres_send(self->log, question->what, question->postgres, values, count, error)) {
        self->failed = TRUE;
        return FALSE;
    }
    server->pq->PQsetSingleRowMode(server->connection);
    return TRUE;
}

static void drop_row(cursor *self)
{
    if (self->row != NULL)
        self->log->server->pq->PQclear(self->row);
    self->row = NULL;
}

gboolean postgres_next(cursor *self, gboolean *out_row, GError **error)
{
    const libpq *pq = self->log->server->pq;
    gboolean heard = TRUE;
    drop_row(self);
    self->row = postgres_result(self->log, &heard);
    if (self->row == NULL && !heard)
        return postgres_fail(self->log, NULL, self->what, error);
    const ExecStatusType status = self->row != NULL ? pq->PQresultStatus(self->row)
                                                    : PGRES_TUPLES_OK;
    if (status != PGRES_SINGLE_TUPLE && status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        return postgres_fail(self->log, self->row, self->what, error);
    *out_row = status == PGRES_SINGLE_TUPLE;
    if (!*out_row)
        drop_row(self);
    return TRUE;
}

/* An answer that nobody wants to the end is not read: its link is cut, and the next question makes
 * another. To call it off takes a second link, for whose answer libpq waits without an end; and
 * within a transaction it would end that too, as the cut would: there it is read. */
void postgres_release(cursor *self)
{
    postgres *server = self->log->server;
    const libpq *pq = server->pq;
    const runlog_reach reach = server->reach;
    const gboolean unread = self->row != NULL;
    drop_row(self);
    if (unread && !server->inside && pq->PQisBusy(server->connection))
        shutdown(pq->PQsocket(server->connection), SHUT_RDWR);
    if (pq->PQtransactionStatus(server->connection) == PQTRANS_ACTIVE)
        postgres_drain(self->log, self->what, NULL);
    server->reach = reach; /* that the rest was not taken is no failure of the server's */
}

/* ---- values --------------------------------------------------------------------------------- */

gboolean postgres_is_none(const cursor *self, int column)
{
    return self->log->server->pq->PQgetisnull(self->row, 0, column);
}

static gint64 whole(const guint8 *bytes, int size)
{
    guint64 value = size > 0 && (bytes[0] & 0x80) != 0 ? G_MAXUINT64 : 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return (gint64)value;
}

static double number_of(const guint8 *bytes, Oid type, int size)
{
    const gint64 bits = whole(bytes, size);
    const guint32 half = (guint32)bits;
    double number;
    float single;
    memcpy(&number, &bits, sizeof number);
    memcpy(&single, &half, sizeof single);
    return type == POSTGRES_FLOAT8 ? number : type == POSTGRES_FLOAT4 ? single : (double)bits;
}

gint64 postgres_integer(const cursor *self, int column)
{
    const libpq *pq = self->log->server->pq;
    const guint8 *bytes = (const guint8 *)pq->PQgetvalue(self->row, 0, column);
    const int size = pq->PQgetlength(self->row, 0, column);
    const Oid type = pq->PQftype(self->row, column);
    if (type == POSTGRES_FLOAT8 || type == POSTGRES_FLOAT4)
        return (gint64)number_of(bytes, type, size);
    return size <= 8 ? whole(bytes, size) : 0;
}

double postgres_number(const cursor *self, int column)
{
    const libpq *pq = self->log->server->pq;
    const int size = pq->PQgetlength(self->row, 0, column);
    if (size > 8)
        return NAN;
    return number_of((const guint8 *)pq->PQgetvalue(self->row, 0, column),
                     pq->PQftype(self->row, column), size);
}

/* "infinity" and its negative are the ends of the range; they stand for no instant of ours. */
gint64 postgres_stamp(const cursor *self, int column)
{
    const gint64 raw = postgres_integer(self, column);
    if (self->log->server->pq->PQftype(self->row, column) != POSTGRES_TIMESTAMPTZ ||
        raw > G_MAXINT64 - POSTGRES_EPOCH_US || raw == G_MININT64)
        return 0;
    return raw + POSTGRES_EPOCH_US;
}

/* jsonb comes with a byte of version before its text. */
const char *postgres_text(const cursor *self, int column)
{
    const libpq *pq = self->log->server->pq;
    const char *text = pq->PQgetvalue(self->row, 0, column);
    return pq->PQftype(self->row, column) == POSTGRES_JSONB && *text == 1 ? text + 1 : text;
}

/* ---- changing ------------------------------------------------------------------------------- */

gboolean postgres_change(runlog *self, const question *question, const value *values, guint count,
                         gint64 *out_rows, GError **error)
{
    const libpq *pq = self->server->pq;
    gboolean heard = TRUE, ok = TRUE;
    PGresult *result;
    if (!postgres_send(self, question->what, question->postgres, values, count, error))
        return FALSE;
    while ((result = postgres_result(self, &heard)) != NULL) {
        const ExecStatusType status = pq->PQresultStatus(result);
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && ok)
            ok = postgres_fail(self, result, question->what, error);
        else if (out_rows != NULL)
            *out_rows = g_ascii_strtoll(pq->PQcmdTuples(result), NULL, 10);
        pq->PQclear(result);
    }
    return ok && (heard || postgres_fail(self, NULL, question->what, error));
}
