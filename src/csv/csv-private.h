/* What the files of this room share: rows of fields, strict numbers, stamps and zones. */
#ifndef CSV_PRIVATE_H
#define CSV_PRIVATE_H

#include "csv/csv.h"

/* ---- text (inflate.c) ---------------------------------------------------------------------- */

/* csv_inflate with a limit of its own, for tests. */
GBytes *csv_inflate_limited(GBytes *bytes, const char *name, gsize limit, GError **error);
/* FALSE for what is no CSV at all: empty, UTF-16, an archive, JSON, HTML. */
gboolean csv_text_check(const char *text, gsize length, const char *name, GError **error);

/* ---- rows (rows.c) ------------------------------------------------------------------------- */

typedef struct csv_field {
    const char *text; /* into the file, or into the scratch of the row; not zero-terminated */
    guint32 length;
    guint quoted : 1;
    guint copied : 1; /* in the scratch */
} csv_field;

/* Walks over the rows of a text; the fields of a row are valid until the next one is read. Large:
 * on the heap. */
typedef struct csv_rows {
    const char *name; /* borrowed, as it stands in messages */
    const char *at, *end;
    gsize line; /* 1-based, where the current row starts */
    gsize next_line;
    char separator;
    guint count;
    csv_field fields[CSV_COLUMN_LIMIT];
    char scratch[CSV_LINE_LIMIT]; /* quoted fields with doubled quotes, made plain */
    gsize scratch_used;
} csv_rows;

/* Where the table starts: after a byte-order mark and banner lines. */
typedef struct csv_layout {
    char separator;
    gsize offset, line; /* of the first row */
    guint columns;      /* of that row, or of most rows where those have more */
} csv_layout;

csv_layout csv_layout_find(const char *text, gsize length);
csv_rows *csv_rows_new(const char *text, gsize length, const csv_layout *layout, const char *name);
void csv_rows_free(csv_rows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(csv_rows, csv_rows_free)
/* The next row that is not blank. FALSE at the end, or with error (FAILURE_BAD_DATA) when the
 * text cannot be cut into fields. */
gboolean csv_rows_next(csv_rows *rows, GError **error);

gboolean csv_text_is(const char *text, gsize length, const char *word); /* any case */

/* ---- numbers (number.c) -------------------------------------------------------------------- */

/* csv_number_scan for "1,234.50": digits in threes. */
gboolean csv_number_scan_grouped(const char *text, gsize length, double *out);
/* The same for "1234,50". */
gboolean csv_number_scan_comma(const char *text, gsize length, double *out);
/* How a number is printed: its significant digits, and the power of ten of the last one (2 and -1
 * of "1.0"). Commas are taken for points. FALSE for what is no number. */
gboolean csv_number_digits(const char *text, gsize length, int *out_significant, int *out_last);

/* ---- tables (table.c) ---------------------------------------------------------------------- */

/* The file's name as it stands in messages. */
const char *csv_table_name(const csv_table *table);
/* Adds "FILE:LINE: COLUMN: VALUE complaint"; always FALSE. */
gboolean csv_table_complain(const csv_table *table, gsize row, int column, failures *problems,
                            const char *complaint);

/* ---- stamps (stamp.c) ---------------------------------------------------------------------- */

typedef enum csv_order { CSV_ORDER_UNKNOWN, CSV_ORDER_YMD, CSV_ORDER_DMY, CSV_ORDER_MDY } csv_order;

/* A date and clock as written, before any zone. */
typedef struct csv_stamp {
    gint64 wall_us;   /* as if it were UTC */
    gboolean clock;   /* a time of day was written */
    gboolean zoned;   /* Z, an offset, or an epoch number: then offset_us holds */
    gint64 offset_us; /* east of UTC */
} csv_stamp;

typedef enum csv_stamp_status {
    CSV_STAMP_OK,
    CSV_STAMP_UNREADABLE,
    CSV_STAMP_ORDER,    /* day or month first: not known */
    CSV_STAMP_DIGITS,   /* digits alone, too few for an epoch number */
    CSV_STAMP_EXPONENT, /* 1.62207E+12: digits are lost */
    CSV_STAMP_RANGE,    /* a year outside 1800..2199 */
    CSV_STAMP_FINE,     /* finer than a microsecond */
    CSV_STAMP_GAP,      /* skipped when the clock went forward */
    CSV_STAMP_FOLD,     /* passed twice when the clock went back */
    CSV_STAMP_CLOCK,    /* no time of day, where the date is known from elsewhere */
} csv_stamp_status;

csv_stamp_status csv_stamp_scan(const char *text, gsize length, csv_order order, csv_stamp *out);
/* Date and time of day in two cells. */
csv_stamp_status csv_stamp_scan_pair(const char *date, gsize date_length, const char *time,
                                     gsize time_length, csv_order order, csv_stamp *out);
/* A time of day on a date known from elsewhere: a clock, or milliseconds since midnight. */
csv_stamp_status csv_stamp_scan_on(gint32 date, const char *text, gsize length, csv_stamp *out);
/* A bare date. */
gboolean csv_date_scan(const char *text, gsize length, csv_order order, gint32 *out);
/* "is not a date or time (expected ...)": what follows the value in a message. Static. */
const char *csv_stamp_complaint(csv_stamp_status status);
/* "ymd", "dmy", "mdy" or NULL; FAILURE_USAGE naming --date-order. */
gboolean csv_order_parse(const char *text, csv_order *out, GError **error);

/* What one date of two small numbers and a year says: CSV_ORDER_DMY or _MDY when only that order
 * is possible, CSV_ORDER_UNKNOWN when both are, or when it is no such date. */
csv_order csv_stamp_witness(const char *text, gsize length);

/* Wall clock of an IANA zone to UTC. */
typedef struct csv_zone csv_zone;
csv_zone *csv_zone_new(const char *name, GError **error); /* FAILURE_USAGE */
void csv_zone_free(csv_zone *zone);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(csv_zone, csv_zone_free)
csv_stamp_status csv_zone_to_utc(csv_zone *zone, gint64 wall_us, gint64 *out_us);

/* ---- periods (period.c) --------------------------------------------------------------------- */

/* What an observation's text names: a date (QB_1D), or the first day of a week, month, quarter or
 * year. */
typedef struct csv_period {
    gint32 date;
    qb_interval precision;
} csv_period;
csv_stamp_status csv_period_scan(const char *text, gsize length, csv_order order, csv_period *out);
/* The first day of the period of this interval that it stands for; with last, dates are their
 * period's last day. FALSE when it is no such period: 2020-02-15 of a month, 2020-02 of a
 * quarter. */
gboolean csv_period_start(const csv_period *period, qb_interval interval, gboolean last,
                          gint32 *out_start);
/* The interval at which most of these ascending dates follow each other, or
 * QB_MACRO_INTERVAL_COUNT. */
qb_interval csv_period_rhythm(const gint32 *dates, gsize count);

/* ---- columns (columns.c) ------------------------------------------------------------------- */

typedef enum csv_kind {
    CSV_TS,
    CSV_TIME, /* time of day, where CSV_TS holds the date alone */
    CSV_OPEN,
    CSV_HIGH,
    CSV_LOW,
    CSV_CLOSE,
    CSV_VOLUME,
    CSV_DIVIDEND,
    CSV_SPLIT,
    CSV_BID,
    CSV_ASK,
    CSV_FLAGS, /* QB_BAR_*, as data export writes them */
    CSV_SYMBOL,
    CSV_ADJUSTED,
    CSV_KIND_COUNT,
} csv_kind;

/* The key of --map: "ts", "open" ...; static. */
const char *csv_kind_name(csv_kind kind);

typedef struct csv_columns {
    int at[CSV_KIND_COUNT]; /* 0-based; -1: none */
    char *label[CSV_KIND_COUNT];
    gboolean header;      /* the first row names the columns */
    gboolean yahoo_heads; /* two more heading rows follow, as yfinance writes them */
    guint needed;         /* fields a row must have */
    char *adjusted_close; /* the name of such a column, which is read only when asked for */
    char *left_out;       /* a note about a column that was not taken, or NULL */
} csv_columns;

/* rows stands on the first row. FAILURE_USAGE for a map that does not fit, FAILURE_BAD_DATA for
 * a file whose columns cannot be told. */
gboolean csv_columns_find(const csv_rows *rows, const csv_bars_options *options, csv_columns *out,
                          GError **error);
void csv_columns_clear(csv_columns *columns);
/* Whether the row bears three known names or more. */
gboolean csv_columns_named(const csv_rows *rows);

#endif
