/* What the two files that read statistics share: which columns hold what. */
#ifndef CSV_VALUES_PRIVATE_H
#define CSV_VALUES_PRIVATE_H

#include "csv/csv-private.h"

typedef struct value_column {
    int at;
    gint64 known_from_us; /* of all its cells; CSV_NOT_TOLD: see value_columns.known_from */
} value_column;

/* One cell that a row must have. */
typedef struct value_filter {
    int at;
    char *text;
} value_filter;

typedef struct value_columns {
    int ts, known_from; /* known_from -1: none */
    GArray *filters;    /* of value_filter */
} value_columns;

/* FAILURE_USAGE for a map or filter that does not fit, FAILURE_BAD_DATA for a table without
 * periods. out must be {0}; clear it in any case. */
gboolean value_columns_find(const csv_table *table, const csv_values_options *options,
                            value_columns *out, GError **error);
void value_columns_clear(value_columns *self);
/* The columns of that series (an array of value_column), or NULL with FAILURE_USAGE. */
GArray *value_columns_of(const csv_table *table, const value_columns *self,
                         const csv_values_options *options, const char *name, GError **error);
/* Series by name, see csv_values_names. */
char **value_columns_names(const csv_table *table, const value_columns *self,
                           const csv_values_options *options, GError **error);

/* "", ".", "NA" and the like. */
gboolean csv_value_is_blank(const char *text, gsize length);

#endif
