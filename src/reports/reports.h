/* What a person sees: tables on a terminal, charts as PNG. In: numbers and words. Out: text that
 * fits the window, pictures one would like to post. Never computes a result. */
#ifndef REPORTS_REPORTS_H
#define REPORTS_REPORTS_H

#include "core/metrics/dialects.h"
#include "platform/failure.h"

#include <stdio.h>

/* ---- terminal ------------------------------------------------------------------------------ */

#define REPORT_WIDTH_MIN 20
#define REPORT_WIDTH_MAX 400

typedef struct report_style {
    int width;        /* columns of the window, REPORT_WIDTH_MIN..MAX; 80 when unknown */
    gboolean colour;  /* only on a terminal, never with NO_COLOR */
    gboolean unicode; /* box lines and sparklines where the locale is UTF-8 */
} report_style;
/* Of this descriptor: COLUMNS when set, else the window's size; TERM and NO_COLOR; the encoding
 * that LC_ALL, LC_CTYPE or LANG name. */
report_style report_style_of(int descriptor);

typedef enum report_align { REPORT_LEFT, REPORT_RIGHT } report_align;
typedef enum report_tone {
    REPORT_PLAIN,
    REPORT_GOOD,
    REPORT_BAD,
    REPORT_DIM,
    REPORT_STRONG
} report_tone;

/* Every text that enters a table is cleaned: invalid UTF-8, control and bidi characters become
 * '?', so that a name from outside cannot move the cursor. */
typedef struct report_table report_table;
report_table *report_table_new(const char *title); /* title may be NULL */
/* priority 0 is always shown; columns of higher numbers go first when the window is narrow. */
void report_table_column(report_table *table, const char *heading, report_align align,
                         int priority);
/* As many cells as columns; NULL is an empty cell. Cells are copied. */
void report_table_row(report_table *table, const char *const *cells);
/* Tone of the last row's cell. */
void report_table_tone(report_table *table, int column, report_tone tone);
void report_table_rule(report_table *table); /* a line between rows */
void report_table_gap(report_table *table);  /* an empty line between rows */
/* Never a line wider than the window: first columns of priority > 0 are left out, then text is
 * cut (with a mark), then headings, and numbers only when nothing else is left. */
void report_table_print(const report_table *table, const report_style *style, FILE *stream);
void report_table_free(report_table *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(report_table, report_table_free)

/* Words broken into lines of the window's width, each after `indent` blanks. */
void report_text_print(const char *text, int indent, report_tone tone, const report_style *style,
                       FILE *stream);
/* Terminal columns that a text takes: wide characters two, combining ones none. */
int report_text_width(const char *text);

/* "12.31 %", "1,234.56", "0.98", "715" (periods, rounded up), "-": how a ratio is written
 * everywhere. Caller frees. */
char *report_ratio_text(const qb_kpi_info *info, const qb_ratio *ratio);
/* 131962.06 as "131,962.06", NaN as "-". Caller frees. */
char *report_money_text(double value);
/* A row of block characters, width columns: each the mean of its share of the values. NaN is a
 * blank. Caller frees. */
char *report_sparkline(const double *values, gsize count, int width);

/* The table of a run: one column per run (the strategy, buy-and-hold, ...), one row per ratio,
 * and in wide windows what each ratio is. Ratios that no run has are left out; below stand the
 * period, N and why a ratio is undefined. Runs that do not fit beside each other follow below. */
typedef struct report_run {
    const char *name;
    const qb_kpis *kpis;
    qb_curve equity; /* for a sparkline; count 0: none */
} report_run;
void report_kpis_print(const report_run *runs, gsize count, const report_style *style,
                       FILE *stream);
/* JSON object on one line: each ratio by its key, null where undefined with the reason under the
 * same key in "undefined"; "drawdown" with its dates; what the ratios rest on ("periods",
 * "periods_per_year", "risk_free", "trades", "start", "end", "start_equity", "end_equity").
 * Numbers in the shortest form that reads back equal. Caller frees. */
char *report_kpis_json(const qb_kpis *kpis);
/* Shortest text that strtod reads back equal; "null" for NaN and infinity. Returns buffer. */
char *report_json_number(double value, char buffer[32]);
/* Appends a text as a CSV field: quoted where it must be (RFC 4180), and after an apostrophe where a
 * spreadsheet would take it for a formula. */
void report_csv_field(GString *line, const char *text);

/* How a figure of another tool is written: "14.91 %" where it prints per cents, else "0.9815";
 * "131,962.06", "50", "260 days"; "inf" and "nan" where it gives those, "-" for what is not known.
 * Caller frees. */
char *report_dialect_text(const qb_dialect_kpi *kpi);
/* Headed "As quantstats 0.0.86 would print them": the tool's figures, ours, why they differ. note
 * (may be NULL): a sentence on how the curve was sampled for it. */
void report_dialect_print(const qb_dialect_sheet *sheet, const qb_kpis *ours, const char *note,
                          const report_style *style, FILE *stream);
/* JSON object on one line: "tool", "version", "periods_per_year", "manner", "note", and "figures",
 * each by its key with "title", "value" (null where it is no finite number), "text" (as above),
 * "missing" (why it is not known, or null), "ours", "differs". Caller frees. */
char *report_dialect_json(const qb_dialect_sheet *sheet, const qb_kpis *ours, const char *note);

/* ---- chart --------------------------------------------------------------------------------- */

typedef struct chart_line {
    const char *label;
    qb_curve curve;
} chart_line;

typedef struct chart {
    const char *title;    /* "AAPL - sma_cross 20/50" */
    const char *subtitle; /* period, costs */
    const char *footer;   /* "Simulated results, no advice." */
    chart_line equity;
    chart_line benchmark;     /* count 0: none; drawn from the same start value */
    const char *const *facts; /* pairs: label, value, label, value, NULL */
    int width, height;        /* 0: 1200 x 675 */
} chart;
/* Equity above, drawdown below, one time axis. PNG bytes. */
GBytes *chart_png(const chart *chart, GError **error);

/* Rows of months, each cell the share of expected bars that is there: full, partial, empty, or not
 * expected at all. Rows and months beyond what fits are joined, and the picture says so. */
typedef struct heatmap_row {
    const char *label;
    const double *share; /* [months]; NaN: nothing expected */
} heatmap_row;
typedef struct heatmap {
    const char *title, *subtitle, *footer;
    int first_year, first_month; /* of column 0 */
    gsize months;
    const heatmap_row *rows;
    gsize row_count;
    int width; /* 0: 1200; the height follows from the rows */
} heatmap;
/* PNG bytes. */
GBytes *heatmap_png(const heatmap *map, GError **error);

#endif
