/* What a run tells, as rows of the run log's tables: the one place for all who write such rows, at
 * once (runlog_writer) or through a journal, so that those of a backtest and of a paper run cannot
 * differ. */
#ifndef RUNLOG_EVENTS_H
#define RUNLOG_EVENTS_H

#include "runlog/runlog.h"

/* "RUN:o:00000042": eight digits, so that ids sort as they were made; more when they need more. */
#define RUNLOG_ROW_ID_SIZE (RUNLOG_ID_LIMIT + 3 + 20 + 1)
void runlog_row_id(const char *run, const runlog_table *table, guint64 number,
                   char out[RUNLOG_ROW_ID_SIZE]);

/* One row: a cell for each column of its table, in order. Cells point into it and to what it was
 * made of, so it is used before either changes, and never copied. */
typedef struct runlog_event {
    runlog_cell cells[RUNLOG_COLUMNS_MAX];
    guint count;
    char id[RUNLOG_ROW_ID_SIZE], other[RUNLOG_ROW_ID_SIZE]; /* other: of the order it names */
    char date[QB_TIME_TEXT];
} runlog_event;

/* What a run came to. */
typedef struct runlog_outcome {
    const char *kpis, *state_hash, *result; /* JSON, hex, JSON; NULL: none */
    gint64 ended_us;                        /* 0: not ended */
    gboolean has_cash;                      /* else cash is not known */
    gint64 cash_e8;
    gint64 orders, fills, trades, points; /* rows of each */
} runlog_outcome;

/* run->id is given. Numbers count from 1 within the run and the table; the instruments of events
 * are those of run->symbols. outcome NULL: the run as it begins. */
void runlog_event_run(runlog_event *out, const runlog_run *run, const runlog_outcome *outcome);
void runlog_event_order(runlog_event *out, const runlog_run *run, const qb_order *order);
void runlog_event_fill(runlog_event *out, const runlog_run *run, const qb_fill *fill);
/* touched: bits of qb_touch. */
void runlog_event_trade(runlog_event *out, const runlog_run *run, guint64 number,
                        const qb_trade *trade, guint32 touched);
void runlog_event_point(runlog_event *out, const runlog_run *run, guint64 number,
                        const runlog_point *point);
void runlog_event_decision(runlog_event *out, const runlog_run *run, guint64 number,
                           const qb_decision *decision);
void runlog_event_risk(runlog_event *out, const runlog_run *run, guint64 number,
                       const qb_risk_event *risk);
/* number: the instrument's, plus one. */
void runlog_event_position(runlog_event *out, const runlog_run *run, guint64 number,
                           const qb_position *position);
void runlog_event_metric(runlog_event *out, const runlog_run *run, guint64 number, gint64 ts_us,
                         const char *name, double value);
/* meta: JSON or NULL. */
void runlog_event_log(runlog_event *out, const runlog_run *run, guint64 number, gint64 ts_us,
                      const char *level, const char *message, const char *meta);

#endif
