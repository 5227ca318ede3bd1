/* What the files of the writer share: the events of a run as they wait for its commit. */
#ifndef RUNLOG_WRITER_H
#define RUNLOG_WRITER_H

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
    char *result;
    char **symbols, **strategies;
    guint32 instrument_count, strategy_count;
    const qb_calendar *calendar;
    gint64 started_us;
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

/* ---- ids.c ---------------------------------------------------------------------------------- */

/* A fresh UUID version 7. Caller frees. */
char *run_id_new(gint64 now_us);
/* "RUN:o:00000042": eight digits, so that ids sort as they were made; more when they need more. */
typedef struct row_id {
    char text[RUNLOG_ID_LIMIT + 3 + 20 + 1];
    int prefix; /* bytes up to the number */
    int size;
} row_id;
void row_id_init(row_id *self, const char *run, char kind);
void row_id_set(row_id *self, guint64 number);

/* ---- event_rows.c, blocks.c ----------------------------------------------------------------- */

/* Every row of one kind, in order. */
gboolean put_orders(runlog_writer *self, rows *row, GError **error);
gboolean put_fills(runlog_writer *self, rows *row, GError **error);
gboolean put_trades(runlog_writer *self, rows *row, GError **error);
gboolean put_points(runlog_writer *self, rows *row, GError **error);
gboolean put_blocks(runlog_writer *self, rows *row, GError **error);
gboolean put_decisions(runlog_writer *self, rows *row, GError **error);
gboolean put_risks(runlog_writer *self, rows *row, GError **error);
gboolean put_positions(runlog_writer *self, rows *row, GError **error);
gboolean put_metrics(runlog_writer *self, rows *row, GError **error);
gboolean put_logs(runlog_writer *self, rows *row, GError **error);

#endif
