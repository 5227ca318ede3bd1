/* The Parquet cache: DATA/cache/{asset}/{symbol}/{interval}/{YYYY}/{YYYY-MM}.parquet.
 *
 * In: validated bars with their provenance. Out: the same bars in columns, for years. Files are
 * replaced atomically and never shortened by a smaller answer; each interval folder has a
 * manifest (manifest.json) with length and SHA-256 of its files, so that damage is found before
 * it is used. Files of the same layout that others put there ("foreign": not in the manifest) are
 * read too. Links below DATA/cache are not followed. Nothing here downloads, repairs or fills. */
#ifndef CACHE_CACHE_H
#define CACHE_CACHE_H

#include "core/market/market.h"
#include "platform/failure.h"

typedef struct cache cache;
/* data_dir is QUANTBOT_DATA_DIR; folders are made when something is written. */
cache *cache_new(const char *data_dir);
void cache_free(cache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cache, cache_free)

/* The symbol in its stored form (qb_symbol_normalise). */
typedef struct cache_key {
    qb_asset asset;
    char symbol[QB_SYMBOL_SIZE];
    qb_interval interval;
} cache_key;

typedef enum cache_adjustment {
    CACHE_RAW,
    CACHE_SPLIT,
    CACHE_FULL,
    CACHE_UNKNOWN, /* foreign files that do not say */
} cache_adjustment;
const char *cache_adjustment_text(cache_adjustment adjustment);
/* "raw", "split" or "full", any case. */
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
    gsize moved_aside; /* damaged files kept as NAME.damaged-N, since the new bars replace them */
} cache_change;

/* Merges by stamp: a later fetch wins, other rows stay; an unknown volume, bid or ask keeps the
 * one that was known. bars: ascending, sound (else FAILURE_BAD_DATA with rows, 1-based). A series
 * stored with another adjustment or calendar is refused (FAILURE_BAD_DATA). A month whose file is
 * damaged is written only when the new bars cover all the rows that it held; the damaged file is
 * kept beside it and named in the log. Otherwise the merge fails, naming file and rows needed, and
 * changes nothing. Crash-safe between any two system calls; two writers of one key wait for each
 * other (FAILURE_LOCKED after 10 s). After an I/O failure each month holds its old or new rows. */
gboolean cache_merge(cache *self, const cache_key *key, const qb_series *bars,
                     const cache_provenance *provenance, cache_change *out_change, GError **error);

/* Rows with from_us <= ts < to_us. columns: a set of CACHE_*; the rest of out_series stays NULL,
 * so do optional columns that hold only their default. FAILURE_MISSING when there is no such
 * series, FAILURE_BAD_DATA naming the damaged file; no rows in the range is no failure.
 * out_series must be {0}.
 *
 * out_hashes (may be NULL): one "FILE SHA256" (char *, freed by the array) per file used, FILE
 * relative to DATA/cache. A hash given out is always taken from the bytes that were read, and
 * compared with the manifest. Without out_hashes a listed file must agree with the manifest in
 * length, row count and stamps, and in its own page checksums; that finds every damage but not a
 * sound file of equal length that somebody put in its place, which cache_verify does. Readers take
 * no lock: a month that is replaced meanwhile is seen old or new. */
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
    char provider[32]; /* of the latest fetch; "foreign" when no file says */
    gsize rows, files, bytes;
    gint64 first_us, last_us, fetched_us;
    gsize expected; /* bars the calendar expects from first to last */
    gsize present;  /* of those, stored: coverage = present / expected <= 1 */
} cache_entry;

/* All series, sorted by asset, symbol, interval. Array of cache_key. */
GArray *cache_keys(cache *self, GError **error);
/* What is stored, from the manifest (foreign files are opened). FAILURE_MISSING. A symbol without
 * asset or interval: `cache_find`. */
gboolean cache_stat(cache *self, const cache_key *key, cache_entry *out, GError **error);
/* The stored series with this symbol as a person types it ("spy", "btc"); asset and interval may
 * be -1 for any. FAILURE_MISSING, or FAILURE_USAGE when several fit, naming them. */
gboolean cache_find(cache *self, const char *symbol, int asset, int interval, cache_key *out,
                    GError **error);

/* What cache_verify met. Start from {0}; the arrays may be NULL. */
typedef struct cache_findings {
    gsize files, rows;   /* looked at */
    gsize problem_count; /* all of them; problems holds at most 20 of one kind and series */
    GPtrArray *problems; /* of char *, one line each: damage and defects that make data unfit */
    GPtrArray *notes;    /* facts to know: foreign files, bars on non-sessions, repeated rows */
} cache_findings;
/* Verifies one series: manifest, hashes, page checksums, validation of every bar. Adds to
 * findings. FALSE with error only when it could not be done. */
gboolean cache_verify(cache *self, const cache_key *key, cache_findings *findings, GError **error);

/* Present and expected bars per month from the first stored bar to the last, for coverage tables;
 * months without a file are there with rows 0. Array of cache_month. */
typedef struct cache_month {
    int year, month;
    gsize present, expected, rows;
} cache_month;
GArray *cache_coverage(cache *self, const cache_key *key, GError **error);

#endif
