/* What the vendors' files share: rows that become bars, stamps, and errors in JSON. */
#ifndef PROVIDERS_PRIVATE_H
#define PROVIDERS_PRIVATE_H

#include "csv/csv.h"
#include "providers/providers.h"
#include "providers/scan.h"

extern const provider provider_alphavantage, provider_coingecko, provider_cryptocompare,
    provider_fred, provider_polygon, provider_quandl, provider_tiingo;

/* ---- rows that become bars (rows.c) --------------------------------------------------------- */

/* Applies to each row what holds for all vendors: every refusal of provider_refusal that a bar can
 * have, then order. */
typedef struct provider_rows {
    const provider_job *job;
    provider_page *page;
    qb_interval interval;
    qb_session_cursor cursor;
    gboolean failed; /* memory */
} provider_rows;

/* interval: of the rows, the job's or a finer one. */
void provider_rows_begin(provider_rows *self, const provider_job *job, qb_interval interval,
                         provider_page *page);
/* ts_us in our convention: an instant, or for daily and weekly bars of an exchange the stamp of the
 * session date (provider_session_stamp). An unknown volume is NaN. */
void provider_rows_add(provider_rows *self, const qb_bar *bar);
/* Names of the members of a row that is an object; NULL: it has none. */
typedef struct provider_members {
    const char *ts, *open, *high, *low, *close, *volume, *dividend, *split;
    enum provider_stamp { PROVIDER_STAMP_TEXT, PROVIDER_STAMP_MS, PROVIDER_STAMP_S } stamp;
} provider_members;
typedef struct provider_row {
    qb_bar bar; /* prices that are absent or null are NaN; ts_us as the vendor stamps it */
    gboolean stamped;
} provider_row;
/* Reads the object that stands next; members without a name here are skipped. FALSE at a fault. */
gboolean provider_row_read(scan *at, const provider_members *members, provider_row *out);
/* An empty row: NaN prices and volume, no dividend, split 1. */
extern const provider_row provider_no_row;
/* A row that could not even be read. */
void provider_rows_refuse(provider_rows *self, provider_refusal why);
/* Sorts, keeps the last of equal stamps. FAILURE_INTERNAL without memory. */
gboolean provider_rows_finish(provider_rows *self, GError **error);

/* No stamp is further from 1970 than this, some 31,000 years: sums with it cannot overflow. */
#define PROVIDER_FAR_US INT64_C(1000000000000000000)

/* ---- stamps (stamps.c) ---------------------------------------------------------------------- */

/* "2031-03-03" to its 00:00 UTC; FALSE for anything else. */
gboolean provider_date(const scan_text *text, gint64 *out_us);
/* A date and time with Z, an offset or (naive: read as UTC) none, blanks or T between, up to nine
 * digits of a second; "2031-03-03" too. */
gboolean provider_time(const scan_text *text, gint64 *out_us);
/* A string of that kind as it stands next; anything else is skipped and leaves out as it was. */
void provider_read_time(scan *at, gint64 *out_us);
/* The wall clock of New York as UTC, after the calendar's rules; the hour that clocks skip or pass
 * twice is FALSE. */
gboolean provider_new_york(gint64 wall_us, gint64 *out_us);
/* The stamp of the session to which an instant's date on the exchange's clock belongs; for 24/7
 * and weekdays the UTC day. */
gint64 provider_session_stamp(const provider_job *job, gint64 instant_us);

/* ---- errors (errors.c) ---------------------------------------------------------------------- */

/* The text of a member on a path of names ("error", "status/error_message") in a JSON body, or
 * NULL; a number as its digits. Caller frees. For bodies up to 64 KiB; larger ones are data. */
char *provider_body_text(GBytes *body, const char *path);
/* The first byte that is no blank, 0 for an empty body. */
char provider_body_first(GBytes *body);
/* At most 64 KiB: no error is longer, and a longer body's members are not looked into. */
gboolean provider_body_is_short(GBytes *body);
/* The body as text, cut to 64 KiB. Caller frees. */
char *provider_body_plain(GBytes *body);
gboolean provider_body_contains(GBytes *body, const char *words); /* any case, first 64 KiB */
/* When the vendor's clock next shows that start of an hour or day, as a wait from now. */
gint64 provider_until_hour_us(gint64 now_us);
gint64 provider_until_midnight_utc_us(gint64 now_us);
gint64 provider_until_midnight_new_york_us(gint64 now_us);

/* A body that is a table of text; FAILURE_PROVIDER where it is none. */
csv_table *provider_csv(GBytes *body, const char *title, GError **error);
/* A cell of a table as a number; blank, or a column that is absent (-1): NaN stays or is set. What
 * is no number becomes NaN. */
void provider_csv_number(const csv_table *table, gsize row, int column, double *into);

/* ---- answers of common shapes (answers.c) --------------------------------------------------- */

/* The job has no further request. Always TRUE, for `return provider_end(step)`. */
gboolean provider_end(provider_step *step);
/* A body that is one object: each member goes to read. FAILURE_PROVIDER. */
gboolean provider_walk(const provider_job *job, GBytes *body, scan_member_reader read,
                       gpointer data, GError **error);
/* A provider_kind.parse for what only has to be JSON. */
gboolean provider_parse_anything(const provider_job *job, provider_step *step, GBytes *body,
                                 provider_page *page, GError **error);
/* The price of a page, which counts as a row; nothing where it is none (NaN, 0). */
void provider_price(provider_page *page, double price, gint64 at_us, provider_price_kind kind);

/* Names of the members of a symbol's object; NULL: it has none. */
typedef struct provider_match_members {
    const char *symbol, *name, *kind, *other_kind, *currency, *first, *last;
} provider_match_members;
/* Counts a row, and takes its match when that has a symbol. */
void provider_match_take(provider_page *page, const provider_match *match);
/* The object that stands next, or the array of them. */
void provider_match_read(scan *at, const provider_match_members *members, provider_page *page);
void provider_matches_read(scan *at, const provider_match_members *members, provider_page *page);
/* A cell, cut to size; `into` stays as it was where there is no such column. */
void provider_csv_text(const csv_table *table, gsize row, const char *column, char *into,
                       gsize size);

/* Common parts of check: FAILURE_CONFIG for a missing key, FAILURE_PROVIDER for an asset, interval
 * or question that the vendor does not have. */
gboolean provider_check_basics(const provider_job *job, GError **error);
/* FAILURE_PROVIDER when an answer lacks the member that holds its rows: without it, nothing was
 * answered, which is not the same as nothing being there. */
gboolean provider_expect(gboolean found, const char *title, const char *member, GError **error);
void provider_note(provider_page *page, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
