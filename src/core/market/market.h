/* Instruments, bars, calendars and the honesty of data.
 *
 * In: columns of bars as somebody stored or sent them. Out: the sessions in which those bars may
 * stand, the moment each one became known, and a list of every defect with its row. Never fills,
 * repairs or drops a bar by itself. */
#ifndef QB_MARKET_H
#define QB_MARKET_H

#include "core/base/base.h"

/* ---- intervals ---------------------------------------------------------------------------- */

typedef enum qb_interval {
    QB_1M,
    QB_5M,
    QB_15M,
    QB_30M,
    QB_1H,
    QB_4H,
    QB_1D,
    QB_1W,
    QB_INTERVAL_COUNT,
} qb_interval;

/* "1m" .. "1w"; static. */
const char *qb_interval_text(qb_interval interval);
/* Exactly those texts (1M is elsewhere a month); QB_BAD_FORMAT else. */
QB_CHECKED qb_status qb_interval_from_text(const char *text, qb_interval *out);
/* Nominal length in microseconds: 60e6 for 1m, a day for 1d, seven for 1w. */
int64_t qb_interval_us(qb_interval interval);

/* ---- symbols and instruments -------------------------------------------------------------- */

#define QB_SYMBOL_SIZE 24 /* bytes with the terminating zero */

typedef enum qb_asset { QB_EQUITY, QB_INDEX, QB_CRYPTO, QB_FX, QB_ASSET_COUNT } qb_asset;

/* "equity", "index", "crypto", "fx"; static. */
const char *qb_asset_text(qb_asset asset);
/* Those, in any case; QB_BAD_FORMAT else. */
QB_CHECKED qb_status qb_asset_from_text(const char *text, qb_asset *out);

/* The stored form of what a person typed, and of itself the same.
 * Equities and indices: upper case ("brk.b" is "BRK.B"), characters of [A-Z0-9.^_-].
 * Crypto: BASE-QUOTE of letters and digits, parted by one '-', '/' or '_' ("btc/usd"), or by a
 * quote known at the end ("btcusdt" is "BTC-USDT", "ethbtc" is "ETH-BTC": USDT USDC USD EUR GBP
 * JPY BTC ETH); what is left is a bare coin in USD ("btc" is "BTC-USD"), as are the coins that
 * are themselves called like a pair ("wbtc", "steth", "tusd" ...; write "T/USD" for the pair).
 * FX: two codes of three letters, parted likewise or not at all ("eurusd" is "EUR-USD").
 * QB_BAD_FORMAT for anything else, a text that is empty or too long, or an equity that starts
 * with '.' or '-'. So the result is always safe as a file name. */
QB_CHECKED qb_status qb_symbol_normalise(const char *text, qb_asset asset,
                                         char out_symbol[QB_SYMBOL_SIZE]);

typedef struct qb_instrument {
    char symbol[QB_SYMBOL_SIZE];
    qb_asset asset;
    char currency[8];                   /* "USD" */
    const struct qb_calendar *calendar; /* borrowed, static */
    qb_interval interval;               /* of the bars in this run */
    qb_price tick;                      /* 0: none */
    qb_quantity lot;                    /* 1 share; 1e-8 coin */
    int price_decimals;                 /* 0..8 */
} qb_instrument;

/* Defaults of an asset class: no tick, 8 decimals, its calendar, lot 1 share or unit of currency
 * or 1e-8 coin, currency USD or for BASE-QUOTE the quote. The symbol is normalised first, with
 * that one's errors; QB_OUT_OF_RANGE for an asset or interval that does not exist. */
QB_CHECKED qb_status qb_instrument_default(const char *symbol, qb_asset asset, qb_interval interval,
                                           qb_instrument *out);

/* ---- bars and series ---------------------------------------------------------------------- */

enum {
    QB_BAR_REPAIRED = 1,  /* a value was changed after the source gave it */
    QB_BAR_SYNTHETIC = 2, /* made, not observed; never filled on */
    QB_BAR_SAMPLED = 4,   /* one price sample, O = H = L = C, volume unknown */
};

typedef struct qb_bar {
    int64_t ts_us; /* open time; a daily bar of an exchange: 00:00 UTC of its session date */
    double open, high, low, close;
    double volume;       /* NaN: unknown */
    double dividend;     /* cash per share on the ex-date, else 0 */
    double split_factor; /* new shares per old on the ex-date, else 1 */
    int32_t flags;
} qb_bar;

/* Columns of equal length, ascending ts_us. Optional columns are NULL where every row has the
 * default: volume NaN, dividend 0, split 1, flags 0, bid and ask NaN. Start from {0}. */
typedef struct qb_series {
    int64_t *ts_us;
    double *open, *high, *low, *close;
    double *volume;
    double *dividend, *split_factor;
    double *bid, *ask;
    int32_t *flags;
    size_t count, capacity;
} qb_series;

/* Room for capacity rows in the mandatory columns and those optional ones already present. */
QB_CHECKED qb_status qb_series_reserve(qb_series *series, size_t capacity);
/* Appends, in whatever order (see qb_validate, qb_series_sort); an optional column appears when
 * the first value that is not its default does. On QB_NO_MEMORY the rows are as before. */
QB_CHECKED qb_status qb_series_append(qb_series *series, const qb_bar *bar);
/* index < count. */
qb_bar qb_series_bar(const qb_series *series, size_t index);
/* First index with ts_us >= instant; count when none. Binary search. */
size_t qb_series_lower_bound(const qb_series *series, int64_t instant_us);
/* Frees the columns; the series is empty and may be used again. */
void qb_series_clear(qb_series *series);

/* ---- calendars ---------------------------------------------------------------------------- */

typedef struct qb_session {
    int32_t date; /* the exchange's own date */
    int64_t open_us, close_us;
    bool early_close;
} qb_session;

typedef struct qb_calendar qb_calendar;

/* "XNYS", "24/7", "weekdays" (any case); NULL when unknown. Static objects. */
const qb_calendar *qb_calendar_find(const char *name);
const qb_calendar *qb_calendar_default(qb_asset asset);
const char *qb_calendar_name(const qb_calendar *calendar);
/* Periods a year for ratios: 252 or 365. */
int qb_calendar_periods(const qb_calendar *calendar);
/* Whether the calendar vouches for that date: XNYS 1990-01-01 .. 2030-12-31, others always.
 * Outside, XNYS goes on by rule. */
bool qb_calendar_covers(const qb_calendar *calendar, int32_t date);
/* Beyond these days of 1970 (some 290,000 years) no calendar has sessions, so that instants in and
 * around one never overflow. */
#define QB_CALENDAR_DAYS 106000000
/* The session of that date; false when there is none. 24/7: 00:00 to 24:00 UTC. Weekdays: the
 * UTC day Monday to Friday. XNYS: 09:30 to 16:00 (13:00, 14:00) New York. */
bool qb_calendar_session(const qb_calendar *calendar, int32_t date, qb_session *out);
/* The exchange's date of an instant: New York for XNYS, UTC for the others. */
int32_t qb_calendar_date(const qb_calendar *calendar, int64_t instant_us);
/* The offset of the calendar's wall clock from UTC at that instant, in microseconds
 * (XNYS -4 h or -5 h by the US rules of 1967, 1987 and 2007; 0 else). */
int64_t qb_calendar_offset_us(const qb_calendar *calendar, int64_t instant_us);

/* Where a bar stands in time, after semantics.md: trading in it starts at open_us and it is
 * known at known_us (= ts + interval, or the session's close if that is first; daily: the
 * session's open and close; weekly: first open and last close of the week's sessions).
 * Intraday grids start at midnight on the calendar's wall clock: the first hourly bar of XNYS is
 * 09:00, holds 09:30-10:00 and so opens at 09:30; its first 4h bar is 08:00.
 * False when the stamp lies in no session, or does not stand on the interval's grid; out is
 * untouched then. */
typedef struct qb_bar_time {
    int64_t open_us, known_us;
} qb_bar_time;
bool qb_bar_times(const qb_calendar *calendar, qb_interval interval, int64_t ts_us,
                  qb_bar_time *out);
/* The same for a walk through many bars: the cursor remembers the day it saw last, which
 * makes ascending intraday bars several times cheaper. Start from {0}; one calendar per cursor. */
typedef struct qb_session_cursor {
    int64_t day_us, next_day_us; /* the day's two midnights on the wall clock; equal: none yet */
    int64_t open_us, close_us;   /* of its session; both day_us where it has none */
} qb_session_cursor;
bool qb_bar_times_next(const qb_calendar *calendar, qb_interval interval, int64_t ts_us,
                       qb_session_cursor *cursor, qb_bar_time *out);
/* Why qb_bar_times says false. */
typedef enum qb_stamp_fit {
    QB_STAMP_FITS,
    QB_STAMP_OFF_GRID,        /* not where a bar of this interval may start */
    QB_STAMP_NO_SESSION,      /* on the grid, on a day (week) without a session */
    QB_STAMP_OUTSIDE_SESSION, /* on a session day, before its open or from its close on */
} qb_stamp_fit;
qb_stamp_fit qb_stamp_check(const qb_calendar *calendar, qb_interval interval, int64_t ts_us);
/* Bars that the calendar expects with from_us <= ts < to_us: as many stamps as qb_bar_times takes
 * there, so coverage never passes 100 %. Some ns for 24/7 and weekdays, for XNYS some per day. */
size_t qb_expected_bars(const qb_calendar *calendar, qb_interval interval, int64_t from_us,
                        int64_t to_us);

/* ---- validation --------------------------------------------------------------------------- */

typedef enum qb_defect_kind {
    QB_DEFECT_OUT_OF_ORDER,    /* stamp before the row above */
    QB_DEFECT_DUPLICATE,       /* stamp equal to an earlier row: the last one counts */
    QB_DEFECT_NOT_FINITE,      /* NaN or infinity in open, high, low or close */
    QB_DEFECT_NOT_POSITIVE,    /* price <= 0, or volume < 0 */
    QB_DEFECT_HIGH_LOW,        /* high below, or low above, another price of the bar */
    QB_DEFECT_MISALIGNED,      /* stamp off the interval's grid */
    QB_DEFECT_NON_SESSION,     /* on a day without a session */
    QB_DEFECT_OUTSIDE_SESSION, /* on a session day, outside its regular hours */
    QB_DEFECT_FORWARD_FILL,    /* a run of rows that repeat the row above: see below */
    QB_DEFECT_KIND_COUNT,
} qb_defect_kind;

typedef struct qb_defect {
    qb_defect_kind kind;
    size_t row;        /* 0-based index into the series */
    int64_t ts_us;     /* of that row */
    double value;      /* the offending number, NaN where there is none */
    const char *field; /* "open" .. "volume", "ts"; static */
} qb_defect;

/* Defects are stored up to capacity; count goes on counting, by kind too. */
typedef struct qb_defects {
    qb_defect *items; /* caller's array of capacity entries, may be NULL with 0 */
    size_t capacity, stored, count;
    size_t by_kind[QB_DEFECT_KIND_COUNT];
} qb_defects;

/* "duplicate", "high-low" ...; static. */
const char *qb_defect_text(qb_defect_kind kind);
/* True for the kinds that make a file unfit (not finite, not positive, high-low, misaligned). */
bool qb_defect_is_fatal(qb_defect_kind kind);

/* Every rule over every row, in row order; the series may be unsorted here. defects' counts start
 * at zero again; its array is the caller's. QB_NO_MEMORY only for an unsorted series, whose
 * duplicates take a sorted copy of the stamps to find; defects is untouched then.
 *
 * A stamp has at most one of misaligned, non-session and outside-session, in that order. Each
 * bad number of a row is a defect of its own; an infinite volume counts as not finite.
 * A forward-fill leak is a row whose open, high, low and close all equal the close of the row
 * above, with volume 0 or unknown, while the row is not flagged synthetic or sampled, in a
 * series that otherwise has moving bars (one at least with high above low): each such row is one
 * defect. */
QB_CHECKED qb_status qb_validate(const qb_series *series, const qb_calendar *calendar,
                                 qb_interval interval, qb_defects *defects);

/* Stable sort by stamp, then keeps the last of equal stamps. out_moved counts the rows that stood
 * below a later stamp, out_dropped those that gave way to a later row of the same stamp. O(n) for
 * a sorted series. On QB_NO_MEMORY the series is as before. */
QB_CHECKED qb_status qb_series_sort(qb_series *series, size_t *out_moved, size_t *out_dropped);

#endif
