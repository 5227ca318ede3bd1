/* Every question that is asked of a run log, in both dialects; queries.c holds the texts. */
#ifndef RUNLOG_QUERIES_H
#define RUNLOG_QUERIES_H

#include "runlog/backend.h"

/* Questions about schemas older than this one give NULL for what they lack. */
#define QUERIES_TRADES_LATER_SINCE 3
#define QUERIES_EXPLAIN_SINCE 4

typedef struct query_purge {
    const char *table; /* NULL: the end */
    question count, remove;
} query_purge;

typedef struct query_set {
    question schema_version;
    /* $1 mode or NULL, $2 how many at most. */
    question runs;
    /* $1 prefix, $2 the last text with it, $3 how many at most. */
    question runs_with_prefix;
    question run_count;  /* $1 run: 1 where it is there, else 0 */
    question run_result; /* $1 run */
    question equity;     /* $1 run: ts, exact, number */
    /* $1 run, $2 its first trade's id, $3 beyond the last; $4 how many of the last. */
    question trades, trades_early, all_trades, all_trades_early;
    /* $1 run, $2 from, $3 until. */
    question equity_window, equity_blocks; /* blocks: $4 their size */
    question equity_ends;                  /* $1 run: first and last stamp */
    question profits;                      /* $1 run: day, trades, profit, fees */
    question positions;                    /* $1 run */
    question risks;                        /* $1 run, $2 how many at most */
    /* $1 run, $2 symbol, $3 instant, $4 how many at most: decisions that began by then, newest first;
     * orders submitted then. */
    question decisions_at, decisions_at_early, orders_at, orders_at_early;
    question last_point;     /* $1 run, $2 instant: the last one of the equity by then */
    question fills_of_order; /* $1 run, $2 order, $3 how many at most */
    /* For each of runlog_tables. */
    question count[RUNLOG_TABLE_COUNT];
    /* $1 mode or NULL for every simulation, $2 stamp or NULL. A paper run can never be in it. */
    query_purge purge[RUNLOG_TABLE_COUNT];
    /* By runlog_pruned; $1 the stamp that a run ended before. */
    query_purge prune[2];
} query_set;
extern const query_set queries;

#endif
