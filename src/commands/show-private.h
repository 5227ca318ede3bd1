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
/* 14 significant digits at most, NaN as "-". Caller frees. */
char *show_number(double value);
/* The number, or null for NaN. */
json_t *show_number_json(double value);
json_t *show_time_json(gint64 us);

/* data_show_bars.c and data_show_values.c. FALSE with error when the series cannot be read. */
gboolean show_bars(cache *cache, const cache_key *key, const show_options *options, GError **error);
gboolean show_values(cache *cache, const cache_key *key, const show_options *options,
                     GError **error);

#endif
