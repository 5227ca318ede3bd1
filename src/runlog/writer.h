/* What the files of the writer share: the events of a run as they wait for its commit. */
#ifndef RUNLOG_WRITER_H
#define RUNLOG_WRITER_H

#include "runlog/events.h"
#include "runlog/runlog-private.h"

typedef struct metric_row {
    gint64 ts_us;
    char *name;
    double value;
} metric_row;

typedef struct log_row {
    gint64 ts_us;
    char *level, *message, *meta;
} log_row;

struct runlog_writer {
    runlog *log;
    char *id, *mode, *universe, *params;
    char **symbols, **strategies;
    runlog_run run; /* made of these */
    char *result;
    GArray *orders;    /* of qb_order, by id */
    GArray *fills;     /* of qb_fill */
    GArray *trades;    /* of qb_trade */
    GArray *touches;   /* of guint32: what each trade touched */
    GArray *points;    /* of runlog_point */
    GArray *decisions; /* of qb_decision */
    GArray *risks;     /* of qb_risk_event */
    GArray *metrics;   /* of metric_row */
    GArray *logs;      /* of log_row */
    GArray *positions; /* of qb_position, as the state's hash was taken; NULL: not yet */
    gint64 cash_e8;
    runlog_hasher *hasher;
    qb_sink hash;
    GError *error;
    gboolean committed;
};

/* A fresh UUID version 7. Caller frees. */
char *run_id_new(gint64 now_us);
/* The rows of equity_blocks. */
gboolean put_blocks(const runlog_writer *self, rows *row, GError **error);

#endif
