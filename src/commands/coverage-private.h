/* What data coverage shows of a series: in a table, as JSON, as a picture. */
#ifndef COMMANDS_COVERAGE_PRIVATE_H
#define COMMANDS_COVERAGE_PRIVATE_H

#include "commands/data-private.h"

typedef struct coverage {
    cache_entry whole;
    GArray *months;                  /* of cache_month */
    gsize missing[CACHE_GAP_STATES]; /* bars, by what is known of them */
} coverage;

/* Draws them all (array of coverage, not empty) and writes the file. */
gboolean coverage_draw(const GArray *all, const char *path, GError **error);

#endif
