/* What data list, verify and coverage share. */
#ifndef COMMANDS_DATA_PRIVATE_H
#define COMMANDS_DATA_PRIVATE_H

#include "cache/cache.h"
#include "commands/commands-private.h"
#include "commands/market-private.h"
#include "reports/reports.h"

#include <jansson.h>
#include <stdio.h>

/* What was asked of the cache: the stored series that the arguments ("spy", "a,b", "@file"; none:
 * all) mean, narrowed by --asset and --interval. */
typedef struct data_query {
    settings *settings;
    market *market;
    cache *cache; /* the market's */
    GArray *keys; /* of cache_key, in the cache's order for each argument */
    gboolean all; /* no argument was given */
    gboolean json;
} data_query;

/* Reads the command line of such a command. FALSE: *out_exit is what to return; an argument that
 * means no series has been named. Cleared by data_query_clear in either case. */
gboolean data_query_read(int argc, char **argv, const char *about, data_query *out_query,
                         int *out_exit);
/* With options of the command's own (NULL-terminated) beside those. */
gboolean data_query_read_more(int argc, char **argv, const char *about, const GOptionEntry *more,
                              data_query *out_query, int *out_exit);
void data_query_clear(data_query *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(data_query, data_query_clear)

/* What --asset and --interval say; NULL texts are any: -1. FAILURE_USAGE. */
gboolean data_filter_read(const char *asset_text, const char *interval_text, int *out_asset,
                          int *out_interval, GError **error);

/* "98.4 %", rounded down; "-" where nothing is expected. Caller frees. */
char *data_coverage_text(gsize present, gsize expected);
json_t *data_coverage_json(gsize present, gsize expected);
report_tone data_coverage_tone(gsize present, gsize expected);

/* {"asset", "symbol", "interval"}; a new reference. */
json_t *data_key_json(const cache_key *key);
json_t *data_lines_json(const GPtrArray *lines);
void data_print_json(const json_t *root);

#endif
