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
/* data_dir is QUANTBOT_DATA_DIR; folders are made when something is written. calendars: the user's
 * beside the built-in ones, borrowed as long as the cache; NULL: none. A stored series whose
 * calendar is in neither is FAILURE_CONFIG. */
cache *cache_new(const char *data_dir, const qb_calendars *calendars);
void cache_free(cache *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cache, cache_free)
/* Those it was given; borrowed, NULL: none. */
const qb_calendars *cache_calendars(const cache *self);

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

#define CACHE_PROVIDER_SYMBOL_SIZE 64
typedef struct cache_provenance {
    const char *provider;        /* "csv", later "tiingo" ... */
    const char *provider_symbol; /* the provider's own name of the symbol ("pepe"); NULL: none */
    cache_adjustment adjustment;
    const char *calendar;    /* "XNYS" */
    const char *source_hash; /* SHA-256 (hex) of the bytes the bars came from */
    gint64 fetched_us;
    gboolean any_basis; /* cache_merge: also where prices differ by a factor; see there */
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
 * changes nothing.
 *
 * A vendor who adjusts his history anew, or gives adjusted prices for raw ones, is noticed where
 * the new bars overlap stored ones: their closes differ by one factor over many rows (five at
 * least; of a shorter overlap all of it, of one row with more behind it only the ratio of a
 * split). Stored rows
 * that the new bars do not reach would stay on the old basis, and no strategy could tell: such a
 * merge is refused (FAILURE_BAD_DATA naming factor, first row and remedy). It is allowed when the
 * new bars replace every stored row, which is how a vendor's new history is taken over, and with
 * any_basis. Rows that differ otherwise are corrections, counted as changed.
 *
 * Crash-safe between any two system calls; two writers of one key wait for each
 * other (FAILURE_LOCKED after 10 s). After an I/O failure each month holds its old or new rows. */
gboolean cache_merge(cache *self, const cache_key *key, const qb_series *bars,
                     const cache_provenance *provenance, cache_change *out_change, GError **error);

/* A series holds bars of sources, or bars that were made from finer ones of this cache: those bear
 * the provider "resampled-1m" (of the interval they were made from), and cache_merge does not mix
 * them with others (FAILURE_BAD_DATA). */
void cache_made_provider(qb_interval from, char out[32]);
gboolean cache_is_made(const char *provider);
/* What cache_merge says to that provider. */
gboolean cache_check_origin(cache *self, const cache_key *key, const char *provider,
                            GError **error);
/* Text that can stand on one line of a terminal, and with its NUL in size bytes. */
gboolean cache_is_plain(const char *text, gsize size);
/* What that provider calls the symbol, by the newest bars (or values) of his that are stored: of
 * this series, else of the symbol's other intervals; "" where none says. */
gboolean cache_provider_symbol(cache *self, const cache_key *key, const char *provider,
                               char out[CACHE_PROVIDER_SYMBOL_SIZE], GError **error);
/* Moves a whole series, under its lock, to a folder INTERVAL.replaced-N beside its own, which
 * nobody reads, by one rename. *out_aside: that folder relative to DATA/cache, caller frees; NULL:
 * there was nothing. */
gboolean cache_set_aside(cache *self, const cache_key *key, char **out_aside, GError **error);

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
    char calendar[QB_CALENDAR_NAME_SIZE];
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

/* ---- verification --------------------------------------------------------------------------- */

/* One place of a finding. */
typedef struct cache_place {
    char *file;      /* relative to DATA/cache: a month file, or the series' folder */
    gsize row, rows; /* 1-based in that file, and how many from there on; 0: the file itself */
    gint64 ts_us;    /* of that row */
    char *text;      /* "low 0.06", "3121 bytes (expected 3711 after manifest.json)" */
} cache_place;

/* One kind of thing that was found in a series: a defect of its bars (qb_defect_text), or of its
 * files: "damaged", "unfit", "manifest", "link", "ledger" and "wrong-owner" are errors, "wrong-count" and
 * "ticker-reuse" warnings, "foreign", "half-written", "set-aside" and "not-read" notes. Rows out of
 * order or doubled are an error here: nothing reads them. */
typedef struct cache_finding {
    const char *kind; /* static */
    qb_severity severity;
    const char *suggestion; /* what to do; static, one sentence without its point */
    gsize count, rows;      /* places, and the rows they span; 0 rows of files */
    GPtrArray *places;      /* of cache_place: the first CACHE_PLACES */
} cache_finding;
#define CACHE_PLACES 20

/* What cache_verify met in one series. */
typedef struct cache_findings {
    gsize files, rows;                   /* looked at */
    gsize counts[QB_SEVERITY_ERROR + 1]; /* places by severity */
    GPtrArray *items;                    /* of cache_finding, errors first */
} cache_findings;
cache_findings *cache_findings_new(void);
void cache_findings_free(cache_findings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(cache_findings, cache_findings_free)

/* How much is looked at. Always: manifest, gap ledger, presence, length, rows, stamps and page
 * checksums of each file, every bar by itself and the series as a whole. That finds any damage.
 * deep also takes the SHA-256 of each file, so that a sound file which somebody put in the place of
 * another is found too; of minutes that takes several times as long. */
typedef struct cache_verify_how {
    gboolean deep;
    int32_t since; /* the first date on which the symbol is this company, INT32_MIN: always */
} cache_verify_how;
/* Verifies one series; nothing is changed. out must be new. FALSE with error only when it could not
 * be done. */
gboolean cache_verify(cache *self, const cache_key *key, const cache_verify_how *how,
                      cache_findings *out, GError **error);

/* One thing that was put right, or could not be. */
typedef struct cache_repair {
    const char *action; /* "settled", "adopted", "sorted", "deduplicated", "recounted", "removed",
                           "set-aside", "rebuilt"; "left" for what stays as it is; static */
    char *file;         /* relative to DATA/cache */
    char *text;         /* what was done, or why it was not */
} cache_repair;
void cache_repair_free(cache_repair *self);

/* Puts right what cannot lose information, under the series' lock, atomically:
 *   settles entries of half-way writes; takes sound foreign files into the manifest, which is made
 *   where there is none (adjustment: what they are when no file says it, CACHE_UNKNOWN: left);
 *   sorts a foreign file's rows and drops those that repeat another exactly (its own bytes are kept
 *   as NAME.foreign-N); counts a file's expected bars anew; removes leftovers of writers that died.
 * set_aside, what a person must ask for: a damaged or unfit file, or an unreadable manifest, is
 * renamed to NAME.damaged-N and forgotten, so that the rest can be read; the month is a hole then,
 * and the gap ledger says "to-retry" and how many rows it had. Without it such a file stays, and
 * reading it fails.
 * dry_run: only tells, without the lock. out_repairs gets a cache_repair each, in order; after a
 * failure what was done is a part of them, and a second run does the rest. */
typedef struct cache_fix_how {
    gboolean dry_run, set_aside;
    cache_adjustment adjustment;
    gint64 now_us; /* for the ledger */
} cache_fix_how;
gboolean cache_fix(cache *self, const cache_key *key, const cache_fix_how *how,
                   GPtrArray *out_repairs, GError **error);

/* Present and expected bars per month from the first stored bar to the last; months without a file
 * are there with rows 0. From manifests: only foreign files, and those written under a calendar
 * that has changed since, are opened. present <= expected always. Array of cache_month.
 * out_whole (may be NULL): the same as of cache_stat. */
typedef struct cache_month {
    int year, month;
    gsize present, expected, rows;
} cache_month;
GArray *cache_coverage(cache *self, const cache_key *key, cache_entry *out_whole, GError **error);

/* ---- the gap ledger ------------------------------------------------------------------------- */

/* Stretches of expected bars that are not stored, and what is known about them. gaps.json beside
 * the manifest holds what was said of ranges; a hole that nobody spoke of is unknown. Words are
 * about bars that are missing: what was said of bars that were stored since counts no more, and
 * the next writer drops it. A later word takes the place of an earlier one where they overlap. */
typedef enum cache_gap_state {
    CACHE_GAP_UNKNOWN,
    CACHE_GAP_EMPTY,  /* confirmed empty at the source: not asked again */
    CACHE_GAP_CLOSED, /* the market was closed, though the calendar does not say so */
    CACHE_GAP_RETRY,  /* to be asked for again */
} cache_gap_state;
#define CACHE_GAP_STATES 4
/* "unknown", "confirmed-empty", "market-closed", "to-retry"; static. */
const char *cache_gap_state_text(cache_gap_state state);
gboolean cache_gap_state_from_text(const char *text, cache_gap_state *out);

typedef struct cache_gap {
    gint64 from_us, to_us; /* stamps of the first missing bar, and of the first after it */
    gint64 last_us;        /* stamp of the last missing bar */
    gsize bars;            /* expected and missing */
    gboolean outside;      /* before the first stored bar, or after the last */
    cache_gap_state state;
    char who[32]; /* "tiingo", "user"; "" while unknown */
    gint64 said_us;
    char why[128];
} cache_gap;

/* Array of cache_gap, ascending: the holes from the first stored bar to the last, and outside of
 * those what something was said of. Neighbours in the same state with the same word are one.
 * Reads stamps of months that miss bars only. FAILURE_MISSING, FAILURE_BAD_DATA. */
GArray *cache_gaps(cache *self, const cache_key *key, GError **error);
/* Of the bars that `whole` (from cache_stat or cache_coverage) misses, how many are in each state.
 * Opens nothing where nobody said anything. */
gboolean cache_gap_counts(cache *self, const cache_entry *whole, gsize out_bars[CACHE_GAP_STATES],
                          GError **error);
/* What a download still has to ask for: the bars expected with from_us <= ts < to_us that are
 * neither stored nor confirmed empty or closed, also before the first stored bar and after the
 * last, and all of them when nothing is stored. Array of cache_gap (unknown or to-retry) that ends
 * at to_us at the latest. The caller leaves out bars that are not over yet. calendar: of a
 * series that is not stored; NULL: the asset's. FAILURE_BAD_DATA. */
GArray *cache_missing(cache *self, const cache_key *key, const qb_calendar *calendar,
                      gint64 from_us, gint64 to_us, GError **error);
/* Says something (state, who, said_us, why) about the missing bars with from_us <= ts < to_us, of
 * which bars is not read; CACHE_GAP_UNKNOWN takes back what was said. *out_bars: how many it
 * concerned; of none, nothing is kept. calendar as above. Under the series' lock, by atomic
 * replacement. FAILURE_USAGE for a who or why that is too long or no plain text, for a range that
 * ends before it begins or, unless closed, after said_us. */
gboolean cache_gap_say(cache *self, const cache_key *key, const qb_calendar *calendar,
                       const cache_gap *word, gsize *out_bars, GError **error);

/* ---- size ----------------------------------------------------------------------------------- */

/* Every series folder, also of macro series and of those without rows, sorted. Array of
 * cache_key. */
GArray *cache_folders(cache *self, GError **error);
/* Bytes of the files in one series' folder by kind: their lengths, which a file system rounds up to
 * its blocks. */
typedef struct cache_usage {
    gsize files;
    gsize bars;      /* month files */
    gsize manifests; /* manifest.json, gaps.json, the lock */
    gsize damaged;   /* set aside: NAME.damaged-N */
    gsize copies;    /* of foreign files that were merged: NAME.foreign-N; series that made room
                        for another: INTERVAL.replaced-N */
    gsize leftovers; /* of interrupted writes */
    gsize other;     /* not ours */
} cache_usage;
gboolean cache_du(cache *self, const cache_key *key, cache_usage *out, GError **error);
gsize cache_usage_bytes(const cache_usage *usage);
/* Removes what no reader needs: leftovers of interrupted writes, and with `set_aside` also damaged
 * files and copies that were kept beside their successors, whole series among them. Under the
 * series' lock. removed (may be NULL) gets each path, relative to DATA/cache; *out_bytes their
 * bytes. dry_run: only tells, and may name a file that a writer is at. */
gboolean cache_gc(cache *self, const cache_key *key, gboolean set_aside, gboolean dry_run,
                  GPtrArray *removed, gsize *out_bytes, GError **error);

/* ---- macro series --------------------------------------------------------------------------- */

/* How it is known when a value became known; in the files' metadata as words under "known_from". */
enum {
    MACRO_GIVEN = 1,    /* the source has vintages */
    MACRO_STATED = 2,   /* somebody's word */
    MACRO_IMPORTED = 4, /* from the moment of the import on */
    MACRO_ASSUMED = 8,  /* a delay of publication was assumed */
};
/* "given assumed"; "" for 0. Caller frees. */
char *macro_basis_text(guint basis);

/* Values with vintages: the row (ts, known_from) says what was known of the observation `ts` from
 * known_from on, until known_to (exclusive; INT64_MAX: still). Key: asset macro, the series'
 * name, interval 1d 1w 1mo 1q 1y; the same folders, manifest, locks and hashes as bars. Sorted by
 * ts, then known_from. Start from {0}; g_free each column, or macro_series_clear. */
typedef struct macro_series {
    gint64 *ts_us; /* start of the observed period */
    double *value; /* NaN: withdrawn, or published as missing */
    gint64 *known_from_us, *known_to_us;
    gsize count;
    guint basis; /* set of MACRO_*, of all rows together; 0: no file says */
} macro_series;
void macro_series_clear(macro_series *series);

/* Merges by (ts, known_from): a later fetch wins, nothing is removed; each vintage ends where the
 * next one of its observation begins, or at its own known_to if that is earlier. FAILURE_BAD_DATA
 * naming rows that are not sorted, doubled, infinite, or known before their period began.
 * Otherwise as cache_merge. */
gboolean cache_macro_merge(cache *self, const cache_key *key, const macro_series *rows,
                           const cache_provenance *provenance, cache_change *out_change,
                           GError **error);
/* All vintages with from_us <= ts < to_us. FAILURE_MISSING, FAILURE_BAD_DATA. */
gboolean cache_macro_read(cache *self, const cache_key *key, gint64 from_us, gint64 to_us,
                          macro_series *out, GPtrArray *out_hashes, GError **error);
/* What was known at that instant: per observation the vintage with known_from <= at < known_to.
 * Pure; out must be {0}. FALSE only without memory, as below. */
gboolean macro_series_as_of(const macro_series *all, gint64 at_us, macro_series *out);
/* The vintages that a table without vintages adds to what is stored: rows has one value per
 * observation, ascending, each with the known_from that was stated, or of the import, or assumed
 * (basis, one of those). A value that was known already at that time adds none. An assumed time is
 * the first publication's: there the earliest value that is stored stands, and a value that differs
 * from the stored one is a revision known from now_us on. Pure; out must be {0}; out_known counts
 * the rows that added nothing. */
gboolean macro_series_news(const macro_series *stored, const macro_series *rows, gint64 now_us,
                           macro_series *out, gsize *out_known);

#endif
