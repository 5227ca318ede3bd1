/* What the user knows about instruments and calendars: instruments.ini over the built-in defaults.
 *
 * In: an ini file, and the CSV files of sessions it names. Out: complete instruments, calendars,
 * and the stored form of a symbol that a person typed. Every key is checked when the file is read,
 * and all problems are told at once, with line and value. Nothing here looks at bars.
 *
 *   [equity]                      defaults of a class: equity, index, crypto, fx
 *   lot = 0.001                   fractional shares
 *
 *   [BRK.B]                       one instrument, by its stored symbol
 *   asset = equity                needed where the class cannot be told from the symbol
 *   aliases = BRK-B, BRK/B
 *   currency = USD
 *   calendar = XNYS
 *   tick = 0.01
 *   lot = 1
 *   price_decimals = 2
 *   multiplier = 50
 *   sector = Financials
 *   since = 1996-05-09            earlier bars are another company's
 *   fee_preset = ibkr-fixed       of quantbot fees list
 *
 *   [calendar XLON]               a list of sessions: session,open,close[,break_start,break_end]
 *   sessions = calendars/XLON.csv beside instruments.ini
 *   zone = Europe/London          of the wall clock that hours start from
 *   periods = 252
 *
 *   [calendar XNYS]               the built-in one, with what nobody knew before
 *   closed = 2027-01-09, 2028-03-03
 *   early = 2027-07-02 13:00
 *
 * A line is blank, a comment (# or ; at its start), [section] or key = value; sections and keys
 * stand once. The class is told from the symbol: ^X is an index, AAA-BBB of two currencies fx, of
 * a coin and a currency crypto, a symbol without a dash an equity. A calendar may have a list of
 * sessions and changes to it. */
#ifndef INSTRUMENTS_INSTRUMENTS_H
#define INSTRUMENTS_INSTRUMENTS_H

#include "core/trading/trading.h"
#include "platform/failure.h"

#define INSTRUMENTS_LIMIT 20000u                    /* sections */
#define INSTRUMENTS_FILE_LIMIT (8u * 1024u * 1024u) /* bytes of the ini */
#define INSTRUMENTS_SESSIONS_LIMIT 200000u          /* of one calendar */
#define INSTRUMENTS_CSV_LIMIT (32u * 1024u * 1024u) /* bytes of a CSV, after decompression */

typedef struct instruments instruments;
/* path: QUANTBOT_INSTRUMENTS. A file that is absent is no failure unless it must exist: the
 * built-in defaults hold then. FAILURE_CONFIG lists every problem; when the ini has none,
 * FAILURE_BAD_DATA (or MISSING, IO) for its CSV files. */
instruments *instruments_load(const char *path, gboolean must_exist, GError **error);
/* The same from memory, for tests and fuzzing. read gives the bytes of a file of sessions, plain
 * or gzip. */
typedef GBytes *(*instruments_reader)(gpointer data, const char *path, GError **error);
instruments *instruments_parse(const char *file_name, const char *text, gsize length,
                               instruments_reader read, gpointer data, GError **error);
void instruments_free(instruments *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(instruments, instruments_free)

/* The file as it stands in messages; NULL when there was none. Borrowed. */
const char *instruments_file(const instruments *self);

/* For cache_new; valid as long as self. */
const qb_calendars *instruments_calendars(const instruments *self);
/* Where a calendar comes from: "built-in", "built-in, 3 dates changed", "calendars/XLON.csv", "...
 * 1 date changed". Borrowed; NULL when it is unknown. */
const char *instruments_calendar_origin(const instruments *self, const char *name);

/* The stored symbol that a person means: an alias of the file, else qb_symbol_normalise, for
 * equities with share classes as their exchange writes them (BRK-B and BRK/B are BRK.B). asset -1:
 * any; what is no alias then stays as typed, in upper case. *out_asset is the alias's class, else
 * asset. FALSE: no symbol at all. */
gboolean instruments_symbol(const instruments *self, const char *text, int asset,
                            char out_symbol[QB_SYMBOL_SIZE], int *out_asset);

/* Built-in defaults, then the class's section, then the instrument's, for a stored symbol.
 * FAILURE_CONFIG when it cannot be one (a section of another class, a text that is no symbol). */
gboolean instruments_get(const instruments *self, const char *symbol, qb_asset asset,
                         qb_interval interval, qb_instrument *out, GError **error);

/* Which keys were set, for `instruments show`: "BRK.B", "equity" or "built-in" (static or borrowed)
 * for "tick", "lot" ... as in the file. */
const char *instruments_source(const instruments *self, const char *symbol, qb_asset asset,
                               const char *key);
/* The fee schedule that the section of a symbol, or of its class, names; NULL: none. Static. */
const qb_fee_preset *instruments_fees(const instruments *self, const char *symbol, qb_asset asset);
/* The sections that are instruments, in file order: (char *) stored symbols, and their classes.
 * Borrowed. */
const GPtrArray *instruments_symbols(const instruments *self);
/* symbol: one of those. */
qb_asset instruments_asset(const instruments *self, const char *symbol);
/* The aliases of one, comma-joined, or NULL. Borrowed. */
const char *instruments_aliases(const instruments *self, const char *symbol);

/* The first date on which an equity's ticker means the company that bears it today, where an
 * earlier one is known to have had it; INT32_MIN else. instruments_get gives it as `since`. */
int32_t instruments_reused_since(const char *symbol);

#endif
