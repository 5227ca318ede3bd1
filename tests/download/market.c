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

gboolean market_bar(const char *symbol, qb_interval interval, gint64 ts_us, qb_bar *out)
{
    const guint64 hole = draw(symbol, ts_us, 0);
    if (ts_us < MARKET_LISTED_US || hole % (interval == QB_1D ? 101 : 53) == 0)
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

static gboolean is_bar_time(qb_interval interval, gint64 ts_us)
{
    qb_session session;
    return interval != QB_1D ||
           qb_calendar_session(qb_calendar_find("XNYS"), qb_date_from_us(ts_us), &session);
}

qb_series market_bars(const char *symbol, qb_interval interval, gint64 from_us, gint64 to_us)
{
    qb_series bars = {0};
    const gint64 step_us = qb_interval_us(interval);
    qb_bar bar;
    for (gint64 ts_us = (from_us + step_us - 1) / step_us * step_us; ts_us < to_us;
         ts_us += step_us)
        if (is_bar_time(interval, ts_us) && market_bar(symbol, interval, ts_us, &bar))
            g_assert_cmpint(qb_series_append(&bars, &bar), ==, QB_OK);
    return bars;
}

/* ---- Tiingo --------------------------------------------------------------------------------- */

static void append_prices(GString *text, const qb_bar *bar)
{
    char stamp[QB_TIME_TEXT];
    g_string_append_printf(text,
                           "{\"date\":\"%s\",\"open\":%.17g,\"high\":%.17g,\"low\":%.17g,"
                           "\"close\":%.17g,\"volume\":%.17g",
                           qb_time_to_text(bar->ts_us, stamp), bar->open, bar->high, bar->low,
                           bar->close, bar->volume);
}

static char *tiingo_rows(const char *symbol, qb_interval interval, gint32 first, gint32 last,
                         gint64 now_us, const char *before, const char *after)
{
    GString *text = g_string_new(before);
    const gint64 to_us = MIN(((gint64)last + 1) * QB_DAY_US, now_us);
    qb_series bars = market_bars(symbol, interval, (gint64)first * QB_DAY_US, to_us);
    for (gsize i = 0; i < bars.count; i++) {
        const qb_bar bar = qb_series_bar(&bars, i);
        g_string_append(text, i > 0 ? "," : "");
        append_prices(text, &bar);
        if (interval == QB_1D)
            g_string_append_printf(text, ",\"divCash\":%.17g,\"splitFactor\":%.17g", bar.dividend,
                                   bar.split_factor);
        g_string_append_c(text, '}');
    }
    qb_series_clear(&bars);
    g_string_append(text, after);
    return g_string_free(text, FALSE);
}

char *market_tiingo_crypto(const char *symbol, gint32 first_date, gint32 last_date, gint64 now_us)
{
    g_autofree char *before = g_strdup_printf("[{\"ticker\":\"%s\",\"priceData\":[", symbol);
    return tiingo_rows(symbol, QB_1H, first_date, last_date, now_us, before, "]}]");
}

char *market_tiingo_daily(const char *symbol, gint32 first_date, gint32 last_date, gint64 now_us)
{
    return tiingo_rows(symbol, QB_1D, first_date, last_date, now_us, "[", "]");
}

/* ---- CryptoCompare -------------------------------------------------------------------------- */

char *market_histohour(const char *symbol, gint64 to_s, gint64 limit)
{
    GString *text = g_string_new("{\"Response\":\"Success\",\"Data\":{\"Data\":[");
    const gint64 last_s = to_s / 3600 * 3600;
    gboolean first = TRUE;
    for (gint64 ts = last_s - limit * 3600; ts <= last_s; ts += 3600) {
        qb_bar bar = {0};
        const gboolean before = ts * QB_SECOND_US < MARKET_LISTED_US;
        if (!before && !market_bar(symbol, QB_1H, ts * QB_SECOND_US, &bar))
            continue;
        g_string_append_printf(text,
                               "%s{\"time\":%" G_GINT64_FORMAT
                               ",\"open\":%.17g,\"high\":%.17g,\"low\":%.17g,\"close\":%.17g,"
                               "\"volumefrom\":%.17g,\"volumeto\":1}",
                               first ? "" : ",", ts, bar.open, bar.high, bar.low, bar.close,
                               bar.volume);
        first = FALSE;
    }
    g_string_append(text, "]}}");
    return g_string_free(text, FALSE);
}
