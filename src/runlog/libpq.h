/* PostgreSQL's client library, loaded when the first connection is made: it and what it pulls in
 * cost each process more than a whole backtest of daily bars, and most never need it. */
#ifndef RUNLOG_LIBPQ_H
#define RUNLOG_LIBPQ_H

#include <glib.h>
#include <libpq-fe.h>

#define LIBPQ_FUNCTIONS(X)  \
    X(PQclear)              \
    X(PQcmdTuples)          \
    X(PQconnectPoll)        \
    X(PQconnectStartParams) \
    X(PQconsumeInput)       \
    X(PQerrorMessage)       \
    X(PQfinish)             \
    X(PQflush)              \
    X(PQftype)              \
    X(PQgetResult)          \
    X(PQgetisnull)          \
    X(PQgetlength)          \
    X(PQgetvalue)           \
    X(PQcmdStatus)          \
    X(PQisBusy)             \
    X(PQlibVersion)         \
    X(PQntuples)            \
    X(PQputCopyData)        \
    X(PQputCopyEnd)         \
    X(PQresultErrorField)   \
    X(PQresultErrorMessage) \
    X(PQresultStatus)       \
    X(PQsendQuery)          \
    X(PQsendQueryParams)    \
    X(PQserverVersion)      \
    X(PQsetErrorVerbosity)  \
    X(PQsetNoticeProcessor) \
    X(PQsetSingleRowMode)   \
    X(PQsetnonblocking)     \
    X(PQsocket)             \
    X(PQstatus)             \
    X(PQtransactionStatus)

#define LIBPQ_POINTER(name) __typeof__(name) *name;
typedef struct libpq {
    LIBPQ_FUNCTIONS(LIBPQ_POINTER)
} libpq;
/* Static. NULL with FAILURE_MISSING where the library is not installed. From one thread at a time. */
const libpq *libpq_load(GError **error);

#endif
