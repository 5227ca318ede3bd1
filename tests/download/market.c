#include "market.h"

#include <string.h>

/* splitmix64: Steele, Lea, Flood (2014). */
static guint64 mix(guint64 x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static guint64 draw(const char *symbol, gint64 ts_us, guint which)
{
    guint64 seed = which;
    for (const char *at = symbol; *at != '\0'; at++)
        seed = mix(seed ^ (guint64)g_ascii_tolower(*at));
    return mix(seed ^ (guint64)ts_us);
}

/* A price in cents, so that two decimals say it exactly. */
static double cents(guint64 random, guint64 from, guint64 width)
{
    return (double)(from + random % width) / 100.0;
}

static gint64 listed_us(const char *symbol, qb_interval interval)
{
    if (interval == QB_1Q)
        return G_MININT64;
    return strcmp(symbol, "AAPL") == 0 ? MARKET_LISTED_US - 9 * 365 * QB_DAY_US - 2 * QB_DAY_US
                                       : MARKET_LISTED_US;
}

gboolean market_bar(const char *symbol, qb_interval interval, gint64 ts_us, qb_bar *out)
{
    const guint64 hole = draw(symbol, ts_us, 0);
    if (ts_us < listed_us(symbol, interval) || hole % (interval == QB_1D ? 101 : 53) == 0)
        return FALSE;
    *out = (qb_bar){.ts_us = ts_us, .split_factor = 1};
    out->low = cents(draw(symbol, ts_us, 1), 9000, 1000);
    out->high = out->low + cents(draw(symbol, ts_us, 2), 10, 300);
    out->open = out->low + (out->high - out->low) * 0.5;
    out->close = draw(symbol, ts_us, 3) % 2 == 0 ? out->low : out->high;
    out->volume = (double)(draw(symbol, ts_us, 4) % 1000000);
    if (interval == QB_1D && hole % 61 == 1)
        out->dividend = cents(draw(symbol, ts_us, 5), 5, 95);
    if (interval == QB_1D && hole % 401 == 2)
        out->split_factor = 2;
    return TRUE;
}

#define EARLY_US (5 * QB_HOUR_US + 30 * QB_MINUTE_US) /* before the opening */
#define DAY_US (16 * QB_HOUR_US)

static gboolean is_stock(const char *symbol)
{
    return g_ascii_isupper(*symbol) && !g_str_has_suffix(symbol, "USD");
}

static gboolean is_bar_time(const char *symbol, qb_interval interval, gint64 ts_us)
{
    qb_session session;
    if (!is_stock(symbol))
        return TRUE;
    /* What is traded early or late belongs to the same date in UTC, or to the night after it. */
    for (int before = 0; before < (interval == QB_1D ? 1 : 2); before++) {
        const int32_t date = qb_date_from_us(ts_us) - before;
        if (!qb_calendar_session(qb_calendar_find("XNYS"), date, &session))
            continue;
        const gint64 begin_us = session.open_us - EARLY_US;
        if (interval == QB_1D || (ts_us >= begin_us && ts_us < begin_us + DAY_US))
            return TRUE;
    }
    return FALSE;
}

qb_series market_quarters(const char *symbol, gint64 from_us, gint64 to_us)
{
    qb_series values = {0};
    for (int quarter = 2000 * 4;; quarter++) {
        const qb_civil day = {quarter / 4, quarter % 4 * 3 + 1, 1};
        const gint64 us = (gint64)qb_date_from_civil(day) * QB_DAY_US;
        qb_bar bar;
        if (us >= to_us)
            return values;
        if (us >= from_us && market_bar(symbol, QB_1Q, us, &bar))
            g_assert_cmpint(qb_series_append(&values, &bar), ==, QB_OK);
    }
}

qb_series market_bars(const char *symbol, qb_interval interval, gint64 from_us, gint64 to_us)
{
    qb_series bars = {0};
    const gint64 step_us = qb_interval_us(interval);
    qb_bar bar;
    for (gint64 ts_us = (from_us + step_us - 1) / step_us * step_us; ts_us < to_us;
         ts_us += step_us)
        if (is_bar_time(symbol, interval, ts_us) && market_bar(symbol, interval, ts_us, &bar))
            g_assert_cmpint(qb_series_append(&bars, &bar), ==, QB_OK);
    return bars;
}

/* ---- answers -------------------------------------------------------------------------------- */

static qb_bar *rows_of(const qb_series *bars)
{
    qb_bar *rows = g_new(qb_bar, bars->count + 1);
    for (gsize i = 0; i < bars->count; i++)
        rows[i] = qb_series_bar(bars, i);
    return rows;
}

char *market_answer(char *(*shape)(const shape_rows *), const char *symbol, qb_interval interval,
                    gint64 from_us, gint64 to_us)
{
    qb_series bars = market_bars(symbol, interval, from_us, to_us);
    g_autofree qb_bar *rows = rows_of(&bars);
    char *text = shape(&(shape_rows){symbol, interval, rows, bars.count, NULL});
    qb_series_clear(&bars);
    return text;
}

char *market_tiingo_crypto(const char *symbol, gint32 first_date, gint32 last_date, gint64 now_us)
{
    const gint64 to_us = MIN(((gint64)last_date + 1) * QB_DAY_US, now_us);
    return market_answer(shape_tiingo_crypto, symbol, QB_1H, (gint64)first_date * QB_DAY_US, to_us);
}

char *market_tiingo_daily(const char *symbol, gint32 first_date, gint32 last_date, gint64 now_us)
{
    const gint64 to_us = MIN(((gint64)last_date + 1) * QB_DAY_US, now_us);
    return market_answer(shape_tiingo_daily, symbol, QB_1D, (gint64)first_date * QB_DAY_US, to_us);
}

char *market_histohour(const char *symbol, gint64 to_s, gint64 limit)
{
    const gint64 last_us = to_s / 3600 * 3600 * QB_SECOND_US;
    g_autofree qb_bar *rows = g_new0(qb_bar, (gsize)limit + 1);
    gsize count = 0;
    for (gint64 us = last_us - limit * QB_HOUR_US; us <= last_us; us += QB_HOUR_US) {
        rows[count] = (qb_bar){.ts_us = us};
        if (us < MARKET_LISTED_US || market_bar(symbol, QB_1H, us, &rows[count]))
            count++;
    }
    return shape_cryptocompare(&(shape_rows){symbol, QB_1H, rows, count, NULL});
}
