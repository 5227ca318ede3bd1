/* What the files of data show share. */
#ifndef COMMANDS_SHOW_PRIVATE_H
#define COMMANDS_SHOW_PRIVATE_H

#include "commands/data-private.h"

/* Rows that a terminal gets when nobody says how many. */
#define SHOW_ROWS 20

typedef struct show_options {
    gint64 from_us, to_us; /* from_us <= ts < to_us */
    gsize head, tail;      /* the first or last so many; 0: not asked for */
    gint64 as_of_us;       /* of values; G_MAXINT64: what is known now */
    gint64 period_us;      /* --vintages: an instant within the period */
    gboolean as_of, vintages, json;
} show_options;

/* Rows [first, first + count) of all that --head and --tail leave; without either, and for people,
 * the last SHOW_ROWS. */
void show_window(const show_options *options, gsize all, gsize *out_first, gsize *out_count);
/* "20 of 1258 rows; --head, --tail, --start and --end show others", when rows are left out. */
void show_left_out(gsize shown, gsize all);
/* "2020-01-31", or "2020-01-31 14:30" where it is not midnight, or always. Caller frees. */
char *show_time(gint64 us, gboolean clock);
/* The shortest text that reads back equal, NaN as "-". Caller frees. */
char *show_number(double value);
/* JSON by hand, for jansson writes no shortest numbers, and rows read best on a line each: appends
 * "NAME": VALUE with a comma before all but the first of a row. NaN is null. */
void show_add_number(GString *row, const char *name, double value);
/* us G_MAXINT64 is null. */
void show_add_time(GString *row, const char *name, gint64 us);
/* Prints the members of an object, each on a line with its comma; and "NAME": [{row}, ...]. */
void show_print_members(const json_t *head);
void show_print_rows(const char *name, const GPtrArray *rows);
/* An object of the members of head and then "rows". */
void show_print_json(const json_t *head, const GPtrArray *rows);

/* A table of rows [first, first + rows). */
void show_bars_table(const char *title, qb_interval interval, const qb_series *bars, gsize first,
                     gsize rows);
/* One row as the members of an object, without its braces. Caller frees. */
char *show_bar_json(const qb_series *bars, gsize row);

/* data_show_bars.c and data_show_values.c. FALSE with error when the series cannot be read. */
gboolean show_bars(cache *cache, const cache_key *key, const show_options *options, GError **error);
gboolean show_values(cache *cache, const cache_key *key, const show_options *options,
                     GError **error);

#endif
