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

/* Digits with an optional sign, decimal point and exponent, nothing else: no blanks, hexadecimal,
 * "nan" or "inf", and nothing beyond the range of double. The nearest double. */
gboolean csv_number_scan(const char *text, gsize length, double *out);

/* ---- any table ---------------------------------------------------------------------------- */

/* Fields are slices of the text; quotes per RFC 4180; separator , ; or tab, found by itself. */
typedef struct csv_table csv_table;
/* A table with a header line. A byte-order mark and banner lines before the header (fewer fields
 * than the rest) are skipped. At most 64 Mi cells. FAILURE_BAD_DATA. The bytes are referenced; plain
 * text, see csv_inflate. */
csv_table *csv_table_parse(GBytes *bytes, const char *name, GError **error);
gsize csv_table_rows(const csv_table *table);
/* Case-insensitive; -1 when absent. */
int csv_table_column(const csv_table *table, const char *name);
/* The column's name, or NULL past the last one. */
const char *csv_table_heading(const csv_table *table, int column);
/* The cell, not zero-terminated, without quotes, valid as long as the table; "" with length 0 when
 * the row is short. row and column >= 0 must exist. */
const char *csv_table_cell(const csv_table *table, gsize row, int column, gsize *out_length);
/* 1-based line in the file. */
gsize csv_table_line(const csv_table *table, gsize row);
/* Strict numbers and times (without a zone: UTC); adds "FILE:LINE: COLUMN: VALUE is not ..." to
 * problems and leaves out as it was. */
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
    const char *symbol; /* stored form. Where the file has a column of symbols, rows of others are
                         * left out; of two volume columns it tells the base coin's. NULL: the file
                         * must hold one symbol */
    const char *map;    /* "ts=Date,close=Last,volume=3": names or 1-based numbers, "none" leaves a
                         * column out. Keys: ts time open high low close volume dividend split bid
                         * ask flags symbol adjclose; with open, high and low the same column as
                         * close, bars are samples. NULL: detect */
    const char *zone; /* IANA zone of stamps without one; NULL: UTC, or the calendar's for daily */
    const char *date_order; /* "ymd", "dmy", "mdy"; NULL: detect, refuse what stays ambiguous */
    gboolean skip_bad;      /* leave bad rows out and list them, instead of failing the file */
    gboolean extended;      /* keep bars outside the regular session */
    gboolean no_header;     /* the first row is data; else detected */
    const char *date; /* "2014-06-09": stamps are clocks, or milliseconds since midnight, of that
                          * date in `zone`; NULL: they hold their date */
    gboolean stamp_close; /* stamps are the ends of bars */
    double scale;         /* what prices and dividends are multiplied by, 1e-9 to 1e9; 0: 1 */
    gboolean adjusted;    /* also read the column of adjusted closes; a file without fails */
} csv_bars_options;

/* What is wrong with a row that cannot be stored. */
typedef enum csv_fault {
    CSV_FAULT_STAMP,        /* no date or time, or one that its zone does not have */
    CSV_FAULT_OFF_GRID,     /* not where a bar of this interval starts */
    CSV_FAULT_NO_PRICE,     /* blank, or no number */
    CSV_FAULT_NOT_POSITIVE, /* a price <= 0, or a volume < 0 */
    CSV_FAULT_HIGH,         /* below the open or the close */
    CSV_FAULT_LOW,          /* above the open or the close */
    CSV_FAULT_OTHER,        /* too many or too few fields, other cells that are no numbers */
    CSV_FAULT_COUNT,
} csv_fault;
/* "no date or time", "off the grid" ...; static. */
const char *csv_fault_text(csv_fault fault);

/* What the reader did and met. */
typedef struct csv_bars_report {
    gsize rows; /* data rows in the file, of the symbol asked for */
    gsize kept;
    gsize other_symbols;           /* rows left out before anything else */
    gsize skipped_bad;             /* rows, with skip_bad */
    gsize faults[CSV_FAULT_COUNT]; /* of those rows; one may have several */
    gsize high_low;                /* of those, with a high or a low at fault, or both */
    gsize moved; /* rows out of order, sorted; in a newest-first file against that order */
    gboolean newest_first;  /* turned round */
    gsize duplicates;       /* dropped: the last of equal stamps was kept */
    gsize duplicates_other; /* of those, with other values than the row kept */
    gsize outside_session;  /* left out, unless extended */
    gsize non_session;      /* kept, never seen by the engine */
    gsize forward_filled;   /* rows that repeat the row above: kept, reported */
    char *columns;          /* "ts=Date open=Open ..." */
    char *adjusted_close;   /* the name of a column of adjusted closes, or NULL */
    double *adjusted;       /* with `adjusted`: those closes, one per bar (NaN: blank); else NULL */
    double adjusted_step;   /* the unit of their last printed digit: 0.01, 1e-6 */
    char *split_column;     /* the name of the column of splits, or NULL */
    char *dividend_column;  /* likewise */
    gboolean yfinance;      /* three heading rows, as yfinance writes them */
    GPtrArray *notes;       /* of char *, one line each, "FILE:LINE: ..."; 20 of a kind and how many
                             * more */
} csv_bars_report;
void csv_bars_report_clear(csv_bars_report *report);

/* Bars in ascending order, validated, from plain text (see csv_inflate). FAILURE_BAD_DATA lists up
 * to 20 bad cells, FAILURE_USAGE what is wrong in the options. out_series and out_report must be
 * {0} and are filled only on success.
 *
 * scale: a power of ten below 1 divides, so that 6455700 at 0.0001 is 645.57 to the last bit.
 *
 * Stamps: a bare date or 00:00 of a daily exchange bar is its session date, any other stamp its
 * date in the exchange's zone; a weekly exchange bar stamped Monday to Friday bears its Monday.
 * A wall clock that its zone skips or passes twice is a bad row. */
gboolean csv_read_bars(GBytes *bytes, const char *name, const csv_bars_options *options,
                       qb_series *out_series, csv_bars_report *out_report, GError **error);

/* ---- dividends and splits ----------------------------------------------------------------- */

/* What a number in a column of splits is. 7:1 is 7 as a factor, 0.142857 as a ratio. */
typedef enum csv_split_as {
    CSV_SPLIT_UNKNOWN,
    CSV_SPLIT_FACTOR, /* new shares per old */
    CSV_SPLIT_RATIO,  /* new price per old */
} csv_split_as;

/* What a file says of one ex-date. */
typedef struct csv_action {
    gint32 date;
    double dividend;    /* cash per share; 0: none */
    double split;       /* > 0, as written; 0: none */
    gboolean is_factor; /* split was written "7:1" or "7/1": new shares per old in any case */
    guint32 line;       /* of the split, else of the dividend */
} csv_action;

typedef struct csv_actions_options {
    const qb_calendar *calendar; /* turns stamps that are no bare dates into dates */
    qb_asset asset;
    const char *symbol;     /* stored form; where the file has symbols, other rows are left out */
    const char *date_order; /* as for bars */
} csv_actions_options;

typedef struct csv_actions {
    GArray *items;         /* of csv_action, by date, one a date */
    csv_split_as split_as; /* as the column's name says: split_factor is a factor, ratio is open */
    char *split_column;    /* or NULL */
    gsize rows, other_symbols;
    gboolean has_symbols; /* there is a column of them */
    gsize summed;         /* dividends added to another one of their date */
} csv_actions;
void csv_actions_clear(csv_actions *actions);

/* A file of dividends, splits or both. Columns, by name: the ex-date (ex_date, effective_date,
 * date ...), dividend or amount, split, split_factor or ratio, symbol. Two different dividends of
 * one date add up; the same one twice, or two splits, are an error. FAILURE_BAD_DATA lists all.
 * out must be {0} and is filled only on success. */
gboolean csv_read_actions(GBytes *bytes, const char *name, const csv_actions_options *options,
                          csv_actions *out, GError **error);

/* ---- values of statistics ----------------------------------------------------------------- */

typedef struct csv_values_options {
    qb_interval interval; /* of a macro series; QB_MACRO_INTERVAL_COUNT: as the stamps tell */
    const char *map;   /* "ts=Quarter,known_from=Vintage,value=3": names or 1-based numbers, "none"
                        * leaves known_from out. NULL: detect */
    const char *where; /* "location=USA,frequency=Q": only rows with these cells; NULL: all */
    const char *date_order; /* as for bars */
    gboolean stamp_last;    /* a date is the last day of its period, not the first */
    gint64 known_time_us;   /* time of day, UTC, from which a bare date of known_from counts */
} csv_values_options;

#define CSV_NOT_TOLD G_MININT64
typedef struct csv_value {
    gint64 ts_us;         /* first day of the observed period, 00:00 UTC */
    gint64 known_from_us; /* CSV_NOT_TOLD in a table without vintages */
    double value;         /* NaN: withdrawn by this vintage */
    gsize line;           /* of the file */
} csv_value;

typedef struct csv_values {
    char *name; /* the column's, or the one of the series whose vintages are the columns */
    qb_interval interval;
    gboolean vintages; /* the table tells when its values became known */
    GArray *items;     /* of csv_value, by ts and known_from, each pair once */
    gsize rows;        /* of the table, those that `where` leaves */
    gsize other_rows;  /* left out by `where` */
    gsize blanks;      /* cells without a value ("", ".", NA, null ...): no observation */
    gsize withdrawn;   /* of those, kept as NaN: an earlier vintage had a value */
    gsize moved;       /* rows below a later period or vintage: sorted */
    gsize duplicates;  /* dropped: same period, vintage and value */
} csv_values;
void csv_values_clear(csv_values *values);

/* The series that a table holds, by the name of their column: one in a long table, many in a wide
 * one. Columns NAME_YYYYMMDD are the vintages of one series NAME (ALFRED's layout). Caller frees
 * (g_strfreev); never empty. FAILURE_USAGE for options that do not fit, FAILURE_BAD_DATA. */
char **csv_values_names(const csv_table *table, const csv_values_options *options, GError **error);
/* One of them, or the column that this names. FAILURE_BAD_DATA lists up to 20 cells: no number, no
 * period of that interval, two values for one period and vintage. out must be {0}. */
gboolean csv_read_values(const csv_table *table, const char *name,
                         const csv_values_options *options, csv_values *out, GError **error);

#endif
