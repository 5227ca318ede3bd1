/* What is shown of a result beside its ratios: trades, breakdowns, months, drawdowns, the doctor. One
 * path for a run that has just ended and for one out of the run log, so that both show the same.
 *
 * In: the closed trades, and one JSON object (the rest) that is made once, when the run ends, and
 * stored with it. Out: tables fitted to the window, JSON. Whatever follows from the trades alone is
 * made anew from them. */
#ifndef SHEET_PRIVATE_H
#define SHEET_PRIVATE_H

#include "core/metrics/doctor.h"
#include "reports/reports.h"
#include "runlog/runlog.h"

#include <jansson.h>

typedef struct result_sheet {
    const GArray *trades; /* of runlog_trade, oldest first; borrowed */
    json_t *rest;         /* NULL: none is stored, as in older logs */
    gboolean daily;       /* bars of a day or longer: the day of a trade says it all */
} result_sheet;
/* text may be NULL. */
result_sheet result_sheet_of(const GArray *trades, const char *rest, gboolean daily);
void result_sheet_clear(result_sheet *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(result_sheet, result_sheet_clear)

/* ---- what is asked for ---------------------------------------------------------------------- */

#define SHEET_TRADES_STANDARD 20
#define SHEET_TRADES_JSON 1000
#define SHEET_ROWS_MAXIMUM 1000000
#define SHEET_DRAWDOWNS_STANDARD 5
#define SHEET_DRAWDOWNS_STORED 20
typedef struct sheet_wish {
    gboolean trades;    /* the list of them */
    int limit;          /* the last so many; 0: the standard */
    char **by;          /* keys as given; NULL: none */
    qb_trade_key *keys; /* [key_count], once checked */
    guint key_count;
    gboolean monthly;
    int drawdowns; /* 0: not asked for */
} sheet_wish;
/* Options into one static wish of the process, which has one command line. */
#define SHEET_ENTRIES 5
void sheet_wish_entries(sheet_wish *wish, GOptionEntry *out_entries);
/* FALSE: a usage error of that command was printed, *out_exit is to be returned. */
gboolean sheet_wish_check(sheet_wish *wish, const char *command, int *out_exit);
void sheet_wish_clear(sheet_wish *wish);

/* ---- trades as numbers ---------------------------------------------------------------------- */

/* The trades with a number for each of their names. */
typedef struct sheet_trades {
    qb_closed_trade *items;
    gsize count;
    GPtrArray *names; /* of char *, borrowed from the trades: "AAPL", "signal", ... */
} sheet_trades;
sheet_trades sheet_trades_of(const GArray *trades);
void sheet_trades_clear(sheet_trades *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sheet_trades, sheet_trades_clear)
/* What a group is called: "AAPL", "Monday", "2024-01", "short"; "-" for a name that is not known.
 * Caller frees. */
char *sheet_key_text(const sheet_trades *trades, qb_trade_key key, int64_t value);

/* ---- showing -------------------------------------------------------------------------------- */

/* The lines above the ratios: money, trades. Nothing where nothing is stored. */
void sheet_print_head(const result_sheet *sheet, const report_style *style);
/* The paragraph under them: warnings and the doctor, then notes. */
void sheet_print_doctor(const result_sheet *sheet, const report_style *style);
/* The tables asked for, each with an empty line after it. */
void sheet_print_tables(const result_sheet *sheet, const sheet_wish *wish,
                        const report_style *style);

/* ,"money":{...},...: the rest's members, then "trade_summary", "breakdown" and "trade_list", to be
 * put before the last brace of an object. */
void sheet_put_json(GString *text, const result_sheet *sheet, const sheet_wish *wish);
/* One trade as an object. */
void sheet_put_trade(GString *text, const runlog_trade *trade, guint number);
/* "12.3 %" with a sign for losses. Caller frees. */
char *sheet_percent_text(double fraction);

#endif
