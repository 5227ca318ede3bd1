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
    cache *cache;     /* the market's */
    GArray *keys;     /* of cache_key, in the cache's order for each argument */
    gboolean all;     /* no argument was given */
    gboolean folders; /* set before: series without rows count too */
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
/* Leaves out macro series, which have no calendar; one that was named is refused: FALSE,
 * *out_exit. */
gboolean data_query_bars_only(data_query *query, int *out_exit);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(data_query, data_query_clear)

/* What --asset and --interval say; NULL texts are any: -1. FAILURE_USAGE. */
gboolean data_filter_read(const char *asset_text, const char *interval_text, int *out_asset,
                          int *out_interval, GError **error);

/* "98.4 %", rounded down; "-" where nothing is expected. Caller frees. */
char *data_coverage_text(gsize present, gsize expected);
json_t *data_coverage_json(gsize present, gsize expected);
report_tone data_coverage_tone(gsize present, gsize expected);

/* "SPY 1d", with the class of asset in front when `asset`. Caller frees. */
char *data_key_text(const cache_key *key, gboolean asset);
/* "2020-01-31", or "2020-01-31 14:30" of bars within a day. Caller frees. */
char *data_stamp_text(gint64 ts_us, qb_interval interval);
/* "812 B", "1.2 MB" (of 1000 x 1000). Caller frees. */
char *data_bytes_text(gsize bytes);
json_t *data_time_json(gint64 ts_us);
/* {"asset", "symbol", "interval"}; a new reference. */
json_t *data_key_json(const cache_key *key);
json_t *data_lines_json(const GPtrArray *lines);
void data_print_json(const json_t *root);

#endif
