/* What the files of data compare share: two series, where they come from, what is shown. */
#ifndef COMMANDS_COMPARE_PRIVATE_H
#define COMMANDS_COMPARE_PRIVATE_H

#include "commands/data-private.h"

typedef struct compare_side {
    char *name;     /* "AAPL 1d", "aapl.csv" */
    char *provider; /* NULL: of a file */
    cache_adjustment adjustment;
    qb_series series;
} compare_side;
void compare_side_clear(compare_side *self);

typedef struct compare_options {
    char *asset, *interval, *asset2, *file, *with, *providers, *map, *zone, *start, *end, *cause;
    double tolerance; /* per cent */
    int limit;        /* differences shown; negative: the standard */
    gboolean json;
} compare_options;

/* What was asked for, read. */
typedef struct compare_plan {
    const market *market;
    const settings *settings;
    cache_key key;   /* of the first */
    gint64 first_us; /* its first bar */
    compare_side first, second;
    const qb_calendar *calendar;
    double tolerance;
    int cause; /* only this qb_cause; -1: all */
    gsize limit;
} compare_plan;

/* data_compare_read.c: the two series that the arguments and options mean. */
gboolean compare_read(const compare_options *options, int count, char **arguments,
                      compare_plan *plan, GError **error);

/* data_compare_report.c */
void compare_print_table(const compare_plan *plan, const qb_comparison *comparison);
void compare_print_json(const compare_plan *plan, const qb_comparison *comparison);

#endif
