/* What the files of this room share: where things are, the manifest, one month's table. */
#ifndef CACHE_PRIVATE_H
#define CACHE_PRIVATE_H

#include "cache/cache.h"
#include "parquet/parquet.h"
#include "platform/files.h"

#define CACHE_FILE_LIMIT (1024u * 1024u * 1024u) /* bytes of one month file */
#define CACHE_SHA256_SIZE 65                     /* hex digits and the terminating zero */
#define CACHE_DEFECTS_LISTED 20u
/* Years that a stamp may have: folder names have four digits. */
#define CACHE_FIRST_US (-30610224000 * QB_SECOND_US) /* 1000-01-01 */
#define CACHE_END_US (253402300800 * QB_SECOND_US)   /* 10000-01-01 */

struct cache {
    char *root; /* DATA/cache */
    const qb_calendars *calendars;
};

/* The calendar of that name; FAILURE_CONFIG, headed by `where`, when it is unknown here. */
const qb_calendar *cache_calendar(const cache *self, const char *name, const char *where,
                                  GError **error);
/* That of files which do not say: the class's, with the user's changes to it. */
const qb_calendar *cache_default_calendar(const cache *self, qb_asset asset);

/* FAILURE_MISSING; always FALSE. */
gboolean cache_fail_missing(const cache_key *key, GError **error);
/* FALSE with FAILURE_USAGE for a key of the other kind. */
gboolean cache_check_bars(const cache_key *key, GError **error);
gboolean cache_check_values(const cache_key *key, GError **error);
/* Bars that the calendar expects from from_us to before to_us; of values 0, and calendar NULL. */
gsize cache_expected(const cache_key *key, const qb_calendar *calendar, gint64 from_us,
                     gint64 to_us);

/* ---- layout ------------------------------------------------------------------------------- */

typedef struct month_id {
    int year, month;
} month_id;

month_id month_of(gint64 ts_us);
gint64 month_start_us(month_id id);
gint64 month_end_us(month_id id);
int month_compare(month_id a, month_id b);
/* "2020/2020-03.parquet"; caller frees. */
char *month_name(month_id id);
gboolean month_from_name(const char *name, month_id *out);

/* ROOT/{asset}/{symbol}/{interval}; FAILURE_USAGE for a symbol that is not in stored form. */
char *layout_folder(const cache *self, const cache_key *key, GError **error);
/* The part of a path below ROOT, for messages and hashes; borrowed. */
const char *layout_relative(const cache *self, const char *path);
/* All series that have a folder, sorted. Array of cache_key. */
GArray *layout_keys(const cache *self, GError **error);
/* Folders of one symbol's series, in interval order; array of cache_key, maybe empty. */
GArray *layout_intervals(const cache *self, qb_asset asset, const char *symbol, GError **error);
/* The month files of a series folder, sorted; array of month_id, empty when there is no folder.
 * strangers (may be NULL): names, relative to the folder, that are not of the layout. A link is an
 * error. */
GArray *layout_months(const char *folder, GPtrArray *strangers, GError **error);
/* FALSE when the path, or a folder between ROOT and it, is a link. Absent is fine. */
gboolean layout_check_links(const cache *self, const char *path, GError **error);

/* ---- manifest ------------------------------------------------------------------------------- */

/* One state of a month file. */
typedef struct file_state {
    gint64 bytes;
    char sha256[CACHE_SHA256_SIZE];
    gsize rows, present;
    gsize expected; /* in the whole month, when present was counted; 0: not recorded */
    gint64 first_us, last_us, fetched_us;
    char provider[32];
    char provider_symbol[CACHE_PROVIDER_SYMBOL_SIZE]; /* "": none is known */
    char source_sha256[CACHE_SHA256_SIZE];
} file_state;

/* While a writer changes a file its entry holds the state before and after, from before the
 * rename until the folder is synced: whichever the file has is sound. A new file's state before is
 * its absence (had_before FALSE). */
typedef struct manifest_entry {
    month_id id;
    gboolean changing, had_before;
    file_state now, before;
} manifest_entry;

typedef struct manifest {
    gboolean exists;
    cache_adjustment adjustment;
    char calendar[QB_CALENDAR_NAME_SIZE];
    GArray *entries; /* of manifest_entry, sorted */
} manifest;

/* An absent manifest is one without entries. FAILURE_BAD_DATA naming the field. */
manifest *manifest_load(const char *folder, const cache_key *key, GError **error);
/* From and to text, for tests and fuzzing. Caller frees. */
manifest *manifest_parse(const char *path, const cache_key *key, const char *text, gsize length,
                         GError **error);
char *manifest_text(const manifest *self, const cache_key *key);
gboolean manifest_save(const manifest *self, const char *folder, const cache_key *key,
                       GError **error);
manifest_entry *manifest_find(const manifest *self, month_id id);
/* The entry of that month, made when absent; valid until the next call. */
manifest_entry *manifest_add(manifest *self, month_id id);
void manifest_remove(manifest *self, month_id id);
manifest *manifest_copy(const manifest *self);
void manifest_free(manifest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(manifest, manifest_free)

/* ---- bars in columns ------------------------------------------------------------------------ */

typedef struct bars_column {
    const char *name;
    gsize offset;    /* of the pointer in qb_series */
    double standard; /* value of a row that has none */
    guint group;     /* the CACHE_ bit that asks for it */
    gboolean mandatory;
} bars_column;

#define BARS_DOUBLES 9
#define BARS_TARGETS (BARS_DOUBLES + 2) /* and ts, flags */
extern const bars_column bars_columns[BARS_DOUBLES];
gboolean bars_column_is_mandatory(const char *name);
const double *bars_values(const qb_series *series, const bars_column *info);

/* A series that grows by the rows of files. Start from {.columns = ...}, a set of CACHE_* (0: only
 * stamps). Optional columns have memory from the first row on; finish gives back those that no
 * row needed. */
typedef struct bars_builder {
    guint columns;
    guint needed; /* bit per optional column: some row differs from the default */
    qb_series series;
} bars_builder;

gboolean bars_builder_room(bars_builder *self, gsize capacity, GError **error);
/* Where the next rows go; added tells that they are there. */
guint bars_builder_targets(bars_builder *self, parquet_target out[BARS_TARGETS]);
void bars_builder_added(bars_builder *self, const parquet_target *targets, guint count, gsize rows);
/* Of the rows from start on only those with from_us <= ts < to_us stay. */
void bars_builder_trim(bars_builder *self, gsize start, gint64 from_us, gint64 to_us);
void bars_builder_finish(bars_builder *self, qb_series *out);
void bars_builder_clear(bars_builder *self);

/* Both ascending; `later` wins. out_series must be {0}. */
gboolean series_merge(const qb_series *earlier, const qb_series *later, qb_series *out_series,
                      cache_change *change, GError **error);
/* A view of rows [start, start + count); borrowed, never cleared. */
qb_series series_slice(const qb_series *series, gsize start, gsize count);

/* ---- one month ------------------------------------------------------------------------------ */

/* From a file's metadata; what no manifest could hold is left out ("foreign", ""). */
void month_provider(const parquet_table *footer, char out_provider[32],
                    char out_symbol[CACHE_PROVIDER_SYMBOL_SIZE]);
/* The SHA-256 of bytes in lower-case hex. */
void sha256_text(GBytes *bytes, char out[CACHE_SHA256_SIZE]);

/* Appends the rows of a month file whose mandatory columns are there, complete, ascending and of
 * that month. out_footer: its columns and metadata. */
gboolean month_read(parquet_reader *reader, GBytes *bytes, const char *path, month_id id,
                    bars_builder *into, parquet_table **out_footer, GError **error);
/* The same of rows in any order, with any stamps. */
gboolean month_read_rows(parquet_reader *reader, GBytes *bytes, const char *path,
                         bars_builder *into, parquet_table **out_footer, GError **error);
gboolean month_has_other_columns(const parquet_table *footer);
/* Bars that stand where the calendar expects one. */
gsize month_present(const gint64 *ts_us, gsize count, const qb_calendar *calendar,
                    qb_interval interval);
GBytes *month_write(const qb_series *bars, const cache_key *key, const cache_provenance *provenance,
                    GError **error);

/* ---- values with vintages ------------------------------------------------------------------- */

/* A series that grows by the rows of files. Start from {0}. */
typedef struct macro_builder {
    macro_series series;
    gsize capacity;
} macro_builder;
gboolean macro_builder_room(macro_builder *self, gsize capacity, GError **error);
/* Of the rows from start on only those with from_us <= ts < to_us stay. */
void macro_builder_trim(macro_builder *self, gsize start, gint64 from_us, gint64 to_us);
void macro_builder_clear(macro_builder *self);

/* A view of rows [start, start + count); borrowed, never cleared. */
macro_series macro_slice(const macro_series *series, gsize start, gsize count);
/* No vintage outlives the start of the next one of its observation. */
void macro_close(macro_series *rows);
/* FAILURE_BAD_DATA with up to 20 rows, see cache_macro_merge. */
gboolean macro_check(const macro_series *rows, const char *name, GError **error);
/* As month_read and month_write, for the columns ts, value, known_from, known_to. */
gboolean macro_month_read(parquet_reader *reader, GBytes *bytes, const char *path, month_id id,
                          macro_builder *into, parquet_table **out_footer, GError **error);
gboolean macro_month_has_other_columns(const parquet_table *footer);
GBytes *macro_month_write(const macro_series *rows, const cache_key *key,
                          const cache_provenance *provenance, GError **error);

/* ---- basis ---------------------------------------------------------------------------------- */

/* Whether new closes are old ones times one factor, row by row in order. Start from {0}. */
typedef struct basis_run {
    double factor; /* of its first row: new over old */
    gint64 first_us;
    gsize rows;
} basis_run;
typedef struct basis_check {
    basis_run run;   /* the one that is going on */
    basis_run first; /* the first that is long enough; rows 0: none */
    gsize overlap;   /* rows that both have */
    gsize differing; /* of those, closes more than 0.2 % apart */
    gsize in_runs;   /* of those, in runs that are long enough */
} basis_check;
/* Both ascending. */
void basis_compare(basis_check *self, const qb_series *stored, const qb_series *bars);
/* The factor between them, or a run with rows 0. */
basis_run basis_finish(basis_check *self);

/* ---- defects ------------------------------------------------------------------------------- */

/* Kinds that a stored series must not have: the fatal ones, and rows out of order or doubled. */
gboolean bars_unfit(qb_defect_kind kind);
/* All of them; out->items is the caller's to g_free. */
gboolean bars_defects(const qb_series *bars, const qb_calendar *calendar, qb_interval interval,
                      qb_defects *out, GError **error);
/* "row 7: high 12.5: high-low (2020-01-31T00:00:00Z)"; caller frees. */
char *defect_text(const qb_defect *defect, gsize row);
/* FAILURE_BAD_DATA with up to 20 rows when a bar is out of order, doubled or impossible. */
gboolean bars_check(const qb_series *bars, const qb_calendar *calendar, qb_interval interval,
                    const char *name, GError **error);

/* ---- a file of a series --------------------------------------------------------------------- */

/* One month file that was read. Clear it before the builder that its rows went to. */
typedef struct month_file {
    month_id id;
    char *path;
    gboolean absent;  /* not there, and the manifest does not miss it */
    gboolean listed;  /* in the manifest; else foreign */
    file_state state; /* listed: the one the file has */
    GBytes *bytes;
    parquet_table *footer;
    char sha256[CACHE_SHA256_SIZE]; /* of bytes, when it was asked for */
    gsize start, rows;              /* in the builder */
} month_file;
void month_file_clear(month_file *file);

/* A series as it stands: its folder, the months on disk or in the manifest, the manifest. */
typedef struct series_files {
    const cache *cache;
    cache_key key;
    char *folder;
    GArray *months; /* of month_id, sorted */
    manifest *manifest;
    parquet_reader *reader;
} series_files;
/* strangers may be NULL. */
gboolean series_files_open(const cache *self, const cache_key *key, GPtrArray *strangers,
                           series_files *out, GError **error);
void series_files_clear(series_files *self);
/* Appends the rows of one month, checked; hash: also by SHA-256. FAILURE_BAD_DATA when it is
 * damaged; the builder has its rows of before then. */
gboolean series_files_read(series_files *self, month_id id, gboolean hash, bars_builder *into,
                           month_file *out, GError **error);
gboolean series_files_read_macro(series_files *self, month_id id, gboolean hash,
                                 macro_builder *into, month_file *out, GError **error);
/* The same without keeping the rows: only whether and how the file is there. */
gboolean series_files_check(series_files *self, month_id id, month_file *out, GError **error);
/* The state of a file whose rows have these stamps, or (look) of one that need not be opened
 * when it is listed, settled, and counted under the calendar as it is now. absent: no rows
 * there. */
void series_files_state(const series_files *self, const month_file *file, const gint64 *ts_us,
                        const qb_calendar *calendar, file_state *out);
gboolean series_files_look(series_files *self, month_id id, const qb_calendar *calendar,
                           file_state *out, gboolean *out_absent, GError **error);
/* The calendar and the adjustment: of the manifest, else of the first file that says; of values
 * none (NULL) and raw. */
gboolean series_files_facts(series_files *self, cache_adjustment *out_adjustment,
                            const qb_calendar **out_calendar, GError **error);
/* Whether bars of that provider may be merged into the series, see cache_made_provider. */
gboolean series_files_check_origin(const series_files *files, const char *provider, GError **error);

/* ---- writing a series ----------------------------------------------------------------------- */

/* Rows of one month. */
typedef struct month_span {
    gsize count;
    gint64 first_us, last_us;
} month_span;

/* All changes are made in memory, a third of the rows' own size at most, before the first is
 * written: so what is refused in one month writes none. */
typedef struct month_change {
    month_id id;
    GBytes *bytes;
    GBytes *foreign; /* a user's file with columns that are not ours: a copy is kept */
    file_state now, before;
    gboolean had_before, damaged;
} month_change;
void month_change_clear(gpointer data);

/* One writer at work on a series. Start from {0}; clear it in any case. */
typedef struct series_writer {
    series_files files; /* until the lock is held: cache, key and folder only */
    const cache_provenance *provenance;
    const qb_calendar *calendar; /* of the bars; NULL for values */
    cache_change change;
    GArray *changes;  /* of month_change */
    gboolean settled; /* the manifest in memory differs from the one on disk */
    files_lock *lock;
} series_writer;
/* Checks the provenance and finds the folder. */
gboolean writer_init(series_writer *self, const cache *owner, const cache_key *key,
                     const cache_provenance *provenance, GError **error);
/* Takes the lock and opens the files. */
gboolean writer_lock(series_writer *self, GError **error);
/* Looks what an interrupted write left, and says so in the manifest. */
gboolean writer_settle(series_writer *self, GError **error);
/* The month's file could not be read, for the reason `damage` (taken). TRUE when it is damaged and
 * the new rows cover all that it held: change says so. */
gboolean writer_take_damage(const series_writer *self, const month_span *rows, GError *damage,
                            month_change *change, GError **error);
/* The month's file as it will be (takes bytes and change); written by commit. */
void writer_add(series_writer *self, month_change *change, GBytes *bytes, const month_span *rows,
                gsize present);
void writer_count(series_writer *self, const cache_change *counts);
gboolean writer_commit(series_writer *self, GError **error);
/* The first name of PATH.KIND-1, -2, ... that is free; caller frees. */
char *writer_aside_name(const char *path, const char *kind);
void writer_clear(series_writer *self);

#endif
