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
    QB_INTERVAL_COUNT, /* of bars; beyond, of macro series only */
    QB_1MO = QB_INTERVAL_COUNT,
    QB_1Q,
    QB_1Y,
    QB_MACRO_INTERVAL_COUNT,
} qb_interval;

/* "1m" .. "1w", "1mo" "1q" "1y"; static. */
const char *qb_interval_text(qb_interval interval);
/* Exactly the texts of bars (1M is elsewhere a month); QB_BAD_FORMAT else. */
QB_CHECKED qb_status qb_interval_from_text(const char *text, qb_interval *out);
/* Those of macro series: 1d 1w 1mo 1q 1y. */
QB_CHECKED qb_status qb_macro_interval_from_text(const char *text, qb_interval *out);
/* Of an interval of bars, nominal, in microseconds: 60e6 for 1m, a day for 1d, seven for 1w. */
int64_t qb_interval_us(qb_interval interval);
/* Of an interval of macro series: the end of the period that starts at start_us, 00:00 UTC of its
 * first day. Months, quarters and years are those of the calendar. */
int64_t qb_period_end_us(qb_interval interval, int64_t start_us);

/* ---- symbols and instruments -------------------------------------------------------------- */

#define QB_SYMBOL_SIZE 24 /* bytes with the terminating zero */

/* What has bars and can be traded; beyond, what has neither. */
typedef enum qb_asset {
    QB_EQUITY,
    QB_INDEX,
    QB_CRYPTO,
    QB_FX,
    QB_ASSET_COUNT,
    QB_MACRO = QB_ASSET_COUNT, /* a statistical series: values with vintages */
    QB_ANY_ASSET_COUNT,
} qb_asset;

/* "equity", "index", "crypto", "fx", "macro"; static. */
const char *qb_asset_text(qb_asset asset);
/* Those of instruments (not macro), in any case; QB_BAD_FORMAT else. */
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

#define QB_SECTOR_SIZE 40

typedef struct qb_instrument {
    char symbol[QB_SYMBOL_SIZE];
    qb_asset asset;
    char currency[8];                   /* "USD" */
    const struct qb_calendar *calendar; /* borrowed */
    qb_interval interval;               /* of the bars in this run */
    qb_price tick;                      /* 0: none */
    qb_quantity lot;                    /* 1 share; 1e-8 coin */
    int price_decimals;                 /* 0..8 */
    qb_rate multiplier;                 /* units of the underlying in one; 1 */
    char sector[QB_SECTOR_SIZE];        /* "": unknown */
    int32_t since; /* first date on which this symbol is this company; INT32_MIN: always */
} qb_instrument;

/* Defaults of an asset class: no tick, 8 decimals, multiplier 1, no sector, always, its calendar,
 * lot 1 share or unit of currency or 1e-8 coin, currency USD or for BASE-QUOTE the quote. The symbol
 * is normalised first, with that one's errors; QB_OUT_OF_RANGE for an asset or interval that does
 * not exist. */
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
/* Stable sort by stamp, then keeps the last of equal stamps. out_moved counts the rows that stood
 * below a later stamp, out_dropped those that gave way to a later row of the same stamp. O(n) for
 * a sorted series. On QB_NO_MEMORY the series is as before. */
QB_CHECKED qb_status qb_series_sort(qb_series *series, size_t *out_moved, size_t *out_dropped);
/* Frees the columns; the series is empty and may be used again. */
void qb_series_clear(qb_series *series);

#include "core/market/actions.h"
#include "core/market/calendar.h"
#include "core/market/compare.h"
#include "core/market/quality.h"
#include "core/market/resample.h"

#endif
