/* What the indicators commands share: an indicator by its name, and the columns of a file. */
#ifndef COMMANDS_INDICATORS_PRIVATE_H
#define COMMANDS_INDICATORS_PRIVATE_H

#include "core/indicators/table.h"
#include "platform/failure.h"

/* The one of that name; else NULL and FAILURE_USAGE with the nearest. */
const qb_indicator *indicators_find(const char *name, GError **error);

/* Where columns come from. */
typedef struct indicator_source {
    const char *path;
    const char *second; /* path of the second series; NULL: none */
    const char *map;    /* "close=Last,volume=none"; NULL: by name */
    const char *price;  /* what stands in for the close; NULL: itself */
} indicator_source;

/* Columns of a file that own themselves. Start from {0}. */
typedef struct indicator_columns {
    GPtrArray *stamps; /* of char *, as in the file */
    double *values[7]; /* by place in the table of inputs */
    gint64 *ts_us;
    double *price;
    qb_columns in;
} indicator_columns;
void indicator_columns_clear(indicator_columns *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(indicator_columns, indicator_columns_clear)

/* The columns that the indicator reads. FAILURE_USAGE for a map or a price that is none,
 * FAILURE_BAD_DATA naming file, line, column and value. out must be {0}. */
gboolean indicator_columns_read(const indicator_source *source, const qb_indicator *indicator,
                                indicator_columns *out, GError **error);

#endif
