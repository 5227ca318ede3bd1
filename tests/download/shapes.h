/* Answers in the vendors' shapes, of rows that are written as they are given: in any order, twice,
 * or not over yet. After the answers that the vendors' documents show, with all their members, so
 * that other clients than ours can read them. Callers free the texts. */
#ifndef TESTS_DOWNLOAD_SHAPES_H
#define TESTS_DOWNLOAD_SHAPES_H

#include "core/market/market.h"

#include <glib.h>

typedef struct shape_rows {
    const char *symbol; /* as the vendor writes it */
    qb_interval interval;
    const qb_bar *bars;
    gsize count;
    const char *next; /* a URL or a cursor that leads on; NULL: it is the last page */
} shape_rows;

/* results of /v2/aggs; daily stamps are midnight in New York. */
char *shape_polygon(const shape_rows *rows);
/* /tiingo/daily/SYMBOL/prices and /tiingo/crypto/prices */
char *shape_tiingo_daily(const shape_rows *rows);
char *shape_tiingo_crypto(const shape_rows *rows);
/* TIME_SERIES_DAILY_ADJUSTED, and TIME_SERIES_DAILY, which has no dividends and splits; rows within
 * a day stand under New York's clock. */
char *shape_alphavantage(const shape_rows *rows);
char *shape_alphavantage_plain(const shape_rows *rows);
/* ohlc/range: stamped with their ends. market_chart/range: the closes, seconds after the start. */
char *shape_coingecko(const shape_rows *rows);
char *shape_coingecko_samples(const shape_rows *rows);
/* /data/v2/histohour and histoday */
char *shape_cryptocompare(const shape_rows *rows);
/* /datatables/WIKI/PRICES.json */
char *shape_quandl(const shape_rows *rows);

/* Of a statistic: the close is its value, published 90 days after the stamp and never revised.
 * Observations and the dates of their vintages; xml: what FRED answers unless it is asked for
 * JSON. */
char *shape_fred(const shape_rows *rows);
char *shape_fred_xml(const shape_rows *rows);
char *shape_fred_vintages(const shape_rows *rows);
#define SHAPE_FRED_LAG_DAYS 90

#endif
