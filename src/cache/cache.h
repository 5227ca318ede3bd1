/* The Parquet cache: DATA/cache/{asset}/{symbol}/{interval}/{YYYY}/{YYYY-MM}.parquet.
 *
 * In: validated bars with their provenance. Out: the same bars in columns, for years. Files are
 * replaced atomically and never shortened by a smaller answer; each interval folder has a
 * manifest with length and SHA-256 of its files, so that damage is found before it is used.
 * Nothing here downloads, repairs or fills. */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include "core/market/market.h"
#include "platform/failure.h"

typedef struct cache cache;
/* data_dir is QUANTBOT_DATA_DIR; folders are made when something is written. */
cache *cache_new(const char *data_dir);
void cache_free(cache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cache, cache_free)

typedef struct cache_key {
    qb_asset asset;
    char symbol[QB_SYMBOL_SIZE];
    qb_interval interval;
} cache_key;

typedef enum cache_adjustment { CACHE_RAW, CACHE_SPLIT, CACHE_FULL } cache_adjustment;
const char *cache_adjustment_text(cache_adjustment adjustment);
gboolean cache_adjustment_from_text(const char *text, cache_adjustment *out);

typedef struct cache_provenance {
    const char *provider; /* "csv", later "tiingo" ... */
    cache_adjustment adjustment;
    const char *calendar;    /* "XNYS" */
    const char *source_hash; /* SHA-256 (hex) of the bytes the bars came from */
    gint64 fetched_us;
} cache_provenance;

typedef struct cache_change {
    gsize added, changed, unchanged; /* rows, by key */
    gsize files_written;
} cache_change;

/* Merges by stamp: a later fetch wins, other rows stay. A series stored with another adjustment
 * or calendar is refused (FAILURE_BAD_DATA). Crash-safe between any two system calls; two
 * writers of one key wait for each other (FAILURE_LOCKED after 10 s). */
gboolean cache_merge(cache *self, const cache_key *key, const qb_series *bars,
                     const cache_provenance *provenance, cache_change *out_change, GError **error);

/* Rows with from_us <= ts < to_us. columns: a set of CACHE_*; the rest of out_series stays NULL.
 * FAILURE_MISSING when there is no such series, FAILURE_BAD_DATA naming the damaged file.
 * out_series must be {0}. out_hashes (may be NULL): one "FILE SHA256" per file used. */
enum {
    CACHE_CLOSE = 1,
    CACHE_OHLC = 3,
    CACHE_VOLUME = 4,
    CACHE_ACTIONS = 8,
    CACHE_QUOTES = 16,
    CACHE_FLAGS = 32,
    CACHE_ALL = 63
};
gboolean cache_read(cache *self, const cache_key *key, gint64 from_us, gint64 to_us, guint columns,
                    qb_series *out_series, GPtrArray *out_hashes, GError **error);

typedef struct cache_entry {
    cache_key key;
    cache_adjustment adjustment;
    char calendar[16];
    char provider[32];
    gsize rows, files, bytes;
    gint64 first_us, last_us, fetched_us;
    gsize expected; /* bars the calendar expects from first to last */
    gsize present;  /* of those, stored: coverage = present / expected <= 1 */
} cache_entry;

/* All series, sorted by asset, symbol, interval, from manifests. Array of cache_entry. */
GArray *cache_list(cache *self, GError **error);
/* The one entry; FAILURE_MISSING. A symbol without asset or interval: `cache_find`. */
gboolean cache_stat(cache *self, const cache_key *key, cache_entry *out, GError **error);
/* The stored series with this symbol as a person types it ("spy", "btc"); asset and interval may
 * be -1 for any. FAILURE_MISSING, or FAILURE_USAGE when several fit, naming them. */
gboolean cache_find(cache *self, const char *symbol, int asset, int interval, cache_key *out,
                    GError **error);

/* Verifies one series: manifest, hashes, page checksums, validation of every bar. Each problem
 * is one line in problems. FALSE with error only when it could not be done. */
gboolean cache_verify(cache *self, const cache_key *key, GPtrArray *problems, GError **error);

/* Present and expected bars per month, for coverage tables. */
typedef struct cache_month {
    int year, month;
    gsize present, expected, rows;
} cache_month;
GArray *cache_coverage(cache *self, const cache_key *key, GError **error);

#endif
