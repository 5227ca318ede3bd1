/* Tables as people keep them: CSV text, plain or gzip. In: bytes and a mapping. Out: rows, or
 * every problem with file, line, column and value. Parsing needs no file and no network. */
#ifndef CSV_CSV_H
#define CSV_CSV_H

#include "core/market/market.h"
#include "platform/failure.h"

#define CSV_FILE_LIMIT (1024u * 1024u * 1024u) /* after decompression */
#define CSV_LINE_LIMIT 65536u
#define CSV_COLUMN_LIMIT 512u

/* Gunzips when the bytes start with 1f 8b, else returns them again. Limit after decompression. */
GBytes *csv_inflate(GBytes *bytes, const char *name, GError **error);

/* ---- any table ---------------------------------------------------------------------------- */

/* Fields are slices of the text; quotes per RFC 4180; separator , ; or tab, found by itself. */
typedef struct csv_table csv_table;
/* A table with a header line. A byte-order mark and banner lines before the header (fewer fields
 * than the rest) are skipped. FAILURE_BAD_DATA. The bytes are referenced. */
csv_table *csv_table_parse(GBytes *bytes, const char *name, GError **error);
gsize csv_table_rows(const csv_table *table);
/* Case-insensitive; -1 when absent. */
int csv_table_column(const csv_table *table, const char *name);
/* The cell, not zero-terminated, without quotes; "" with length 0 when the row is short. */
const char *csv_table_cell(const csv_table *table, gsize row, int column, gsize *out_length);
/* 1-based line in the file. */
gsize csv_table_line(const csv_table *table, gsize row);
/* Strict numbers and times; adds "FILE:LINE: COLUMN: VALUE is not ..." to problems. */
gboolean csv_table_number(const csv_table *table, gsize row, int column, failures *problems,
                          double *out);
gboolean csv_table_time(const csv_table *table, gsize row, int column, failures *problems,
                        gint64 *out_us);
void csv_table_free(csv_table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(csv_table, csv_table_free)

/* ---- bars --------------------------------------------------------------------------------- */

typedef struct csv_bars_options {
    qb_asset asset;
    qb_interval interval;
    const qb_calendar *calendar;
    const char *map;  /* "ts=Date,close=Last,volume=3": names or 1-based numbers; NULL: detect */
    const char *zone; /* IANA zone of stamps without one; NULL: UTC, or the calendar's for daily */
    const char *date_order; /* "ymd", "dmy", "mdy"; NULL: detect, refuse what stays ambiguous */
    gboolean skip_bad;      /* leave bad rows out and list them, instead of failing the file */
    gboolean extended;      /* keep bars outside the regular session */
    gboolean no_header;
} csv_bars_options;

/* What the reader did and met; every list has "FILE:LINE: ..." lines, bounded like failures. */
typedef struct csv_bars_report {
    gsize rows; /* data rows in the file */
    gsize kept;
    gsize skipped_bad;     /* with skip_bad */
    gsize moved;           /* rows that were out of order and were sorted */
    gsize duplicates;      /* dropped: the last of equal stamps was kept */
    gsize outside_session; /* left out, unless extended */
    gsize non_session;     /* kept, never seen by the engine */
    gsize forward_filled;  /* rows that repeat the row above: kept, reported */
    GPtrArray *notes;      /* of char *, one line each, with rows */
} csv_bars_report;
void csv_bars_report_clear(csv_bars_report *report);

/* Bars in ascending order, validated. FAILURE_BAD_DATA lists up to 20 bad cells; out_series and
 * out_report must be {0} and are filled only on success. */
gboolean csv_read_bars(GBytes *bytes, const char *name, const csv_bars_options *options,
                       qb_series *out_series, csv_bars_report *out_report, GError **error);

#endif
