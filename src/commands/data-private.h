/* What data list, verify and coverage share. */
#ifndef COMMANDS_DATA_PRIVATE_H
#define COMMANDS_DATA_PRIVATE_H

#include "cache/cache.h"
#include "commands/commands-private.h"
#include "reports/reports.h"

#include <jansson.h>
#include <stdio.h>

/* The stored series that the arguments ("spy", "a,b", "@file"; none: all) mean, narrowed by asset
 * and interval (NULL: any). Array of cache_key, in the cache's order for each argument.
 * FAILURE_MISSING naming an argument that means none, FAILURE_USAGE. */
GArray *data_series(cache *cache, char **arguments, const char *asset_text,
                    const char *interval_text, GError **error);

/* "98.4 %", rounded down; "-" where nothing is expected. Caller frees. */
char *data_coverage_text(gsize present, gsize expected);
json_t *data_coverage_json(gsize present, gsize expected);
report_tone data_coverage_tone(gsize present, gsize expected);

/* {"asset", "symbol", "interval"}; a new reference. */
json_t *data_key_json(const cache_key *key);
json_t *data_lines_json(const GPtrArray *lines);
void data_print_json(const json_t *root);

#endif
