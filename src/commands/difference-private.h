/* Two logged runs beside each other: what they were given, what came out, and where they first part.
 * In: rows of the run log. Out: pairs and indices; runs_compare.c has the words. */
#ifndef DIFFERENCE_PRIVATE_H
#define DIFFERENCE_PRIVATE_H

#include "commands/log-private.h"

typedef struct difference_fill {
    char symbol[QB_SYMBOL_SIZE];
    gint64 ts_us, qty_e8, price_e8, fee_e8;
} difference_fill;

typedef struct difference_side {
    runlog_summary *run;
    GArray *trades; /* of runlog_trade */
    GArray *fills;  /* of difference_fill */
    GArray *points; /* of runlog_point */
    json_t *stored; /* its ratios; NULL: none */
    qb_kpis kpis;   /* reasons borrowed from stored */
} difference_side;

/* A text of params that differs; NULL: that run has none of that name. */
typedef struct difference_param {
    char *name, *values[2];
} difference_param;

/* Trades of one instrument, side and entry, of which something else differs. */
typedef struct difference_pair {
    guint index[2];
    gboolean exit, quantity, price, profit; /* what does */
} difference_pair;

typedef struct difference {
    difference_side sides[2];
    GPtrArray *params; /* of difference_param */
    guint data_files;  /* whose hashes differ, or that one run alone has read */
    GArray *only[2];   /* of guint: trades that the other run has not entered */
    GArray *changed;   /* of difference_pair */
    guint same_trades;
    gboolean
        fills_part; /* first_fill is set: the first place where they differ, or one has ended */
    guint first_fill;
    gboolean points_part;
    guint first_point; /* the first equity point that differs, or where one run has ended */
    gboolean ratios_same;
} difference;

/* ids as runlog_find takes them. */
gboolean difference_read(runlog *log, const char *const ids[2], difference *out, GError **error);
/* Trades, fills, equity and ratios are equal, whatever they were given. */
gboolean difference_is_none(const difference *self);
void difference_clear(difference *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(difference, difference_clear)

#endif
