/* What reading one file of bars knows: shared by bars.c (the file) and bar_row.c (one row). */
#ifndef CSV_BARS_PRIVATE_H
#define CSV_BARS_PRIVATE_H

#include "csv/csv-private.h"

/* A row that was taken. */
typedef struct csv_taken {
    gint64 ts_us;
    guint32 row; /* in the series as read */
    guint32 line;
} csv_taken;

typedef struct csv_reader {
    const csv_bars_options *options;
    char *file; /* as in messages */
    const char *text;
    gsize length;
    csv_layout layout;
    csv_rows *rows;
    csv_columns columns;
    csv_zone *zone; /* NULL: none given */
    csv_order order;
    gint32 date;           /* with options->date */
    double scale, divisor; /* of prices; divisor 0: multiply by scale */
    gboolean labels;       /* daily and weekly bars of an exchange: stamps are session dates */
    GError *fatal;         /* why the file as a whole cannot be read */

    gint64 label_us, label_raw_us; /* the session date above, and the stamp it came from */
    gsize label_line;              /* 0: none yet */
    gsize naive;                   /* rows whose stamp has no zone */
    gsize weeks_moved;             /* weekly stamps that were no Mondays */
    gsize point_line, comma_line;  /* the first with such decimals, where commas are possible */
    char *symbol_cell;             /* a cell that is the symbol asked for, or the only one */
    char *other_cell;              /* the first that is not */
    gsize bad_rows;
    guint faults;                       /* of the row at hand: bits 1 << csv_fault */
    int adjusted_digits, adjusted_last; /* of the adjusted close printed most finely */

    qb_series series;
    GArray *adjusted; /* of double, in file order; empty unless asked for */
    GArray *taken;    /* of csv_taken, in file order */
    qb_session_cursor cursor;
    gint64 latest_us, earliest_us;
    gsize rises, falls; /* steps from row to row */
    csv_bars_report report;
    /* One line per row, see FAILURE_LINES. late, early: below a later, above an earlier stamp. */
    failures bad, late, early, outside, non_session, doubled, filled;
} csv_reader;

/* What a row holds. */
typedef struct csv_bar_cells {
    qb_bar bar;
    double bid, ask, adjusted; /* NaN: none */
} csv_bar_cells;

/* Reads the row that reader->rows stands on. FALSE when it is not to be stored: it is left out
 * (another symbol, outside the session) or bad, and then said so in reader->bad and
 * reader->faults, or in reader->fatal. */
gboolean csv_bar_row(csv_reader *reader, csv_bar_cells *out);

/* TRUE when the list is full: then the line is counted, and its text need not be made. */
gboolean csv_only_counted(failures *list);
/* Adds "FILE:LINE: COLUMN: STAMP what". */
void csv_remark(const csv_reader *reader, failures *list, gsize line, gint64 ts_us,
                const char *what);

#endif
