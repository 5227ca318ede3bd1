/* A market that never was: bars that follow from symbol and time alone, and answers about them in
 * the vendors' shapes. Tests compare what was stored with the bars, never with the answers. */
#ifndef TESTS_DOWNLOAD_MARKET_H
#define TESTS_DOWNLOAD_MARKET_H

#include "shapes.h"

/* The bar of an hour ("btcusd"), or of a session of New York ("SPY"), with dividends and splits
 * here and there; FALSE where the market has none: about one hour in fifty, one session in a
 * hundred, and all before it was listed. */
gboolean market_bar(const char *symbol, qb_interval interval, gint64 ts_us, qb_bar *out);
#define MARKET_LISTED_US (INT64_C(1546300800) * 1000000) /* 2019-01-01; AAPL 2010-01-01 */
/* All of [from, to): of coins ("btcusd", "BTCUSD", "pepe") around the clock, of stocks by
 * sessions, within a day from 04:00 to 20:00 in New York. Caller clears. */
qb_series market_bars(const char *symbol, qb_interval interval, gint64 from_us, gint64 to_us);

/* Quarters of a statistic from 2000 on that begin in [from, to). Caller clears. */
qb_series market_quarters(const char *symbol, gint64 from_us, gint64 to_us);

/* All bars of [from, to) in that shape; caller frees. */
char *market_answer(char *(*shape)(const shape_rows *), const char *symbol, qb_interval interval,
                    gint64 from_us, gint64 to_us);
/* Answers; caller frees. dates: both included. */
char *market_tiingo_crypto(const char *symbol, gint32 first_date, gint32 last_date, gint64 now_us);
char *market_tiingo_daily(const char *symbol, gint32 first_date, gint32 last_date, gint64 now_us);
/* limit + 1 hours, the last of which contains to_s; zeros before the listing. */
char *market_histohour(const char *symbol, gint64 to_s, gint64 limit);

#endif
