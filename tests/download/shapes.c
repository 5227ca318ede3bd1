#include "shapes.h"

#include <string.h>

#define EXACT "%.17g"

/* text, list of items, text; item writes the row at hand. */
typedef void (*write_row)(GString *text, const shape_rows *rows, const qb_bar *bar);

static void add_rows(GString *text, const shape_rows *rows, write_row write)
{
    for (gsize i = 0; i < rows->count; i++) {
        g_string_append(text, i > 0 ? "," : "");
        write(text, rows, &rows->bars[i]);
    }
}

static char *between(const char *before, const shape_rows *rows, write_row write, const char *after)
{
    GString *text = g_string_new(before);
    add_rows(text, rows, write);
    g_string_append(text, after);
    return g_string_free(text, FALSE);
}

static char *date_text(gint64 us, char out[QB_TIME_TEXT])
{
    return qb_date_to_text(qb_date_from_us(us), out);
}

/* ---- Polygon -------------------------------------------------------------------------------- */

/* Nine and a half hours before the opening; of days without a session, by winter's clock. */
static gint64 midnight_new_york(gint64 ts_us)
{
    qb_session session;
    if (qb_calendar_session(qb_calendar_find("XNYS"), qb_date_from_us(ts_us), &session))
        return session.open_us - 9 * QB_HOUR_US - 30 * QB_MINUTE_US;
    return ts_us + 5 * QB_HOUR_US;
}

static void write_aggregate(GString *text, const shape_rows *rows, const qb_bar *bar)
{
    const gint64 us = rows->interval >= QB_1D ? midnight_new_york(bar->ts_us) : bar->ts_us;
    g_string_append_printf(text,
                           "{\"v\":" EXACT ",\"vw\":" EXACT ",\"o\":" EXACT ",\"c\":" EXACT
                           ",\"h\":" EXACT ",\"l\":" EXACT ",\"t\":%" G_GINT64_FORMAT ",\"n\":7}",
                           bar->volume, bar->close, bar->open, bar->close, bar->high, bar->low,
                           us / 1000);
}

char *shape_polygon(const shape_rows *rows)
{
    g_autofree char *before = g_strdup_printf(
        "{\"ticker\":\"%s\",\"queryCount\":%zu,\"resultsCount\":%zu,\"adjusted\":false,"
        "\"results\":[",
        rows->symbol, rows->count, rows->count);
    g_autofree char *after =
        g_strdup_printf("],\"status\":\"OK\",\"request_id\":\"1\",\"count\":%zu%s%s%s}",
                        rows->count, rows->next != NULL ? ",\"next_url\":\"" : "",
                        rows->next != NULL ? rows->next : "", rows->next != NULL ? "\"" : "");
    return between(before, rows, write_aggregate, after);
}

/* ---- Tiingo --------------------------------------------------------------------------------- */

static void write_prices(GString *text, const qb_bar *bar)
{
    char stamp[QB_TIME_TEXT];
    g_string_append_printf(text,
                           "{\"date\":\"%s\",\"open\":" EXACT ",\"high\":" EXACT ",\"low\":" EXACT
                           ",\"close\":" EXACT ",\"volume\":" EXACT,
                           qb_time_to_text(bar->ts_us, stamp), bar->open, bar->high, bar->low,
                           bar->close, bar->volume);
}

static void write_daily(GString *text, const shape_rows *rows, const qb_bar *bar)
{
    (void)rows;
    write_prices(text, bar);
    g_string_append_printf(text, ",\"divCash\":" EXACT ",\"splitFactor\":" EXACT "}", bar->dividend,
                           bar->split_factor);
}

static void write_pair(GString *text, const shape_rows *rows, const qb_bar *bar)
{
    (void)rows;
    write_prices(text, bar);
    g_string_append_printf(text, ",\"tradesDone\":7,\"volumeNotional\":" EXACT "}",
                           bar->volume * bar->close);
}

char *shape_tiingo_daily(const shape_rows *rows)
{
    return between("[", rows, write_daily, "]");
}

char *shape_tiingo_crypto(const shape_rows *rows)
{
    g_autofree char *before = g_strdup_printf(
        "[{\"ticker\":\"%s\",\"baseCurrency\":\"%.3s\",\"quoteCurrency\":\"usd\",\"priceData\":[",
        rows->symbol, rows->symbol);
    return between(before, rows, write_pair, "]}]");
}

/* ---- Alpha Vantage -------------------------------------------------------------------------- */

/* A date, or the exchange's clock. */
static char *row_name(const shape_rows *rows, const qb_bar *bar, char out[QB_TIME_TEXT])
{
    if (rows->interval >= QB_1D)
        return date_text(bar->ts_us, out);
    const gint64 day_us = (gint64)qb_date_from_us(bar->ts_us) * QB_DAY_US;
    qb_time_to_text(bar->ts_us - (midnight_new_york(day_us) - day_us), out);
    out[strlen("2018-01-02")] = ' ';
    *strchr(out, 'Z') = '\0';
    return out;
}

static void write_adjusted(GString *text, const shape_rows *rows, const qb_bar *bar)
{
    char date[QB_TIME_TEXT];
    g_string_append_printf(
        text,
        "\"%s\":{\"1. open\":\"" EXACT "\",\"2. high\":\"" EXACT "\",\"3. low\":\"" EXACT
        "\",\"4. close\":\"" EXACT "\",\"5. adjusted close\":\"" EXACT "\",\"6. volume\":\"" EXACT
        "\",\"7. dividend amount\":\"" EXACT "\",\"8. split coefficient\":\"" EXACT "\"}",
        row_name(rows, bar, date), bar->open, bar->high, bar->low, bar->close, bar->close / 2,
        bar->volume, bar->dividend, bar->split_factor);
}

static void write_plain(GString *text, const shape_rows *rows, const qb_bar *bar)
{
    char date[QB_TIME_TEXT];
    g_string_append_printf(
        text,
        "\"%s\":{\"1. open\":\"" EXACT "\",\"2. high\":\"" EXACT "\",\"3. low\":\"" EXACT
        "\",\"4. close\":\"" EXACT "\",\"5. volume\":\"" EXACT "\"}",
        row_name(rows, bar, date), bar->open, bar->high, bar->low, bar->close, bar->volume);
}

static char *time_series(const shape_rows *rows, const char *what, write_row write)
{
    char date[QB_TIME_TEXT] = "";
    if (rows->count > 0)
        row_name(rows, &rows->bars[0], date);
    g_autofree char *before = g_strdup_printf(
        "{\"Meta Data\":{\"1. Information\":\"%s\",\"2. Symbol\":\"%s\",\"3. Last Refreshed\":"
        "\"%s\",\"4. Output Size\":\"Full size\",\"5. Time Zone\":\"US/Eastern\"},"
        "\"Time Series (Daily)\":{",
        what, rows->symbol, date);
    return between(before, rows, write, "}}");
}

char *shape_alphavantage(const shape_rows *rows)
{
    return time_series(rows, "Daily Time Series with Splits and Dividend Events", write_adjusted);
}

char *shape_alphavantage_plain(const shape_rows *rows)
{
    return time_series(rows, "Daily Prices (open, high, low, close) and Volumes", write_plain);
}

/* ---- CoinGecko ------------------------------------------------------------------------------ */

static void write_ohlc(GString *text, const shape_rows *rows, const qb_bar *bar)
{
    g_string_append_printf(text, "[%" G_GINT64_FORMAT "," EXACT "," EXACT "," EXACT "," EXACT "]",
                           (bar->ts_us + qb_interval_us(rows->interval)) / 1000, bar->open,
                           bar->high, bar->low, bar->close);
}

static void write_sample(GString *text, const shape_rows *rows, const qb_bar *bar)
{
    (void)rows;
    g_string_append_printf(text, "[%" G_GINT64_FORMAT "," EXACT "]", bar->ts_us / 1000 + 4321,
                           bar->close);
}

static void write_day_volume(GString *text, const shape_rows *rows, const qb_bar *bar)
{
    (void)rows;
    g_string_append_printf(text, "[%" G_GINT64_FORMAT "," EXACT "]", bar->ts_us / 1000 + 4321,
                           bar->volume * 24);
}

char *shape_coingecko(const shape_rows *rows)
{
    return between("[", rows, write_ohlc, "]");
}

char *shape_coingecko_samples(const shape_rows *rows)
{
    GString *text = g_string_new("{\"prices\":[");
    add_rows(text, rows, write_sample);
    g_string_append(text, "],\"market_caps\":[");
    add_rows(text, rows, write_day_volume);
    g_string_append(text, "],\"total_volumes\":[");
    add_rows(text, rows, write_day_volume);
    g_string_append(text, "]}");
    return g_string_free(text, FALSE);
}

/* ---- CryptoCompare -------------------------------------------------------------------------- */

static void write_histo(GString *text, const shape_rows *rows, const qb_bar *bar)
{
    (void)rows;
    g_string_append_printf(text,
                           "{\"time\":%" G_GINT64_FORMAT ",\"high\":" EXACT ",\"low\":" EXACT
                           ",\"open\":" EXACT ",\"volumefrom\":" EXACT ",\"volumeto\":" EXACT
                           ",\"close\":" EXACT
                           ",\"conversionType\":\"direct\",\"conversionSymbol\":\"\"}",
                           bar->ts_us / QB_SECOND_US, bar->high, bar->low, bar->open, bar->volume,
                           bar->volume * bar->close, bar->close);
}

char *shape_cryptocompare(const shape_rows *rows)
{
    const gint64 from = rows->count > 0 ? rows->bars[0].ts_us / QB_SECOND_US : 0;
    const gint64 to = rows->count > 0 ? rows->bars[rows->count - 1].ts_us / QB_SECOND_US : 0;
    g_autofree char *before = g_strdup_printf(
        "{\"Response\":\"Success\",\"Message\":\"\",\"HasWarning\":false,\"Type\":100,"
        "\"RateLimit\":{},\"Data\":{\"Aggregated\":false,\"TimeFrom\":%" G_GINT64_FORMAT
        ",\"TimeTo\":%" G_GINT64_FORMAT ",\"Data\":[",
        from, to);
    return between(before, rows, write_histo, "]}}");
}

/* ---- Quandl --------------------------------------------------------------------------------- */

static void write_cells(GString *text, const shape_rows *rows, const qb_bar *bar)
{
    char date[QB_TIME_TEXT];
    g_string_append_printf(text, "[\"%s\",\"%s\"," EXACT "," EXACT "," EXACT "," EXACT "," EXACT,
                           rows->symbol, date_text(bar->ts_us, date), bar->open, bar->high,
                           bar->low, bar->close, bar->volume);
    /* Raw prices, then the adjusted ones, which are others. */
    g_string_append_printf(
        text, "," EXACT "," EXACT "," EXACT "," EXACT "," EXACT "," EXACT "," EXACT "]",
        bar->dividend, bar->split_factor, bar->open / 2, bar->high / 2, bar->low / 2,
        bar->close / 2, bar->volume * 2);
}

char *shape_quandl(const shape_rows *rows)
{
    static const char *const columns[][2] = {
        {"ticker", "String"},    {"date", "Date"},          {"open", "double"},
        {"high", "double"},      {"low", "double"},         {"close", "double"},
        {"volume", "double"},    {"ex-dividend", "double"}, {"split_ratio", "double"},
        {"adj_open", "double"},  {"adj_high", "double"},    {"adj_low", "double"},
        {"adj_close", "double"}, {"adj_volume", "double"},
    };
    GString *text = g_string_new("{\"datatable\":{\"data\":[");
    add_rows(text, rows, write_cells);
    g_string_append(text, "],\"columns\":[");
    for (gsize i = 0; i < G_N_ELEMENTS(columns); i++)
        g_string_append_printf(text, "%s{\"name\":\"%s\",\"type\":\"%s\"}", i > 0 ? "," : "",
                               columns[i][0], columns[i][1]);
    if (rows->next != NULL)
        g_string_append_printf(text, "]},\"meta\":{\"next_cursor_id\":\"%s\"}}", rows->next);
    else
        g_string_append(text, "]},\"meta\":{\"next_cursor_id\":null}}");
    return g_string_free(text, FALSE);
}

/* ---- FRED ----------------------------------------------------------------------------------- */

static gint64 published_us(const qb_bar *bar)
{
    return bar->ts_us + SHAPE_FRED_LAG_DAYS * QB_DAY_US;
}

static void write_observation(GString *text, const shape_rows *rows, const qb_bar *bar)
{
    char date[QB_TIME_TEXT], published[QB_TIME_TEXT];
    (void)rows;
    g_string_append_printf(text,
                           "{\"realtime_start\":\"%s\",\"realtime_end\":\"9999-12-31\","
                           "\"date\":\"%s\",\"value\":\"" EXACT "\"}",
                           date_text(published_us(bar), published), date_text(bar->ts_us, date),
                           bar->close);
}

static void write_vintage(GString *text, const shape_rows *rows, const qb_bar *bar)
{
    char published[QB_TIME_TEXT];
    (void)rows;
    g_string_append_printf(text, "\"%s\"", date_text(published_us(bar), published));
}

/* next, of FRED: how many rows there are in all. */
static char *fred_list(const shape_rows *rows, const char *name, write_row write)
{
    g_autofree char *count = g_strdup_printf("%zu", rows->count);
    g_autofree char *before = g_strdup_printf(
        "{\"realtime_start\":\"1776-07-04\",\"realtime_end\":\"9999-12-31\",\"order_by\":"
        "\"observation_date\",\"sort_order\":\"asc\",\"count\":%s,\"offset\":0,\"limit\":100000,"
        "\"%s\":[",
        rows->next != NULL ? rows->next : count, name);
    return between(before, rows, write, "]}");
}

char *shape_fred(const shape_rows *rows)
{
    return fred_list(rows, "observations", write_observation);
}

char *shape_fred_vintages(const shape_rows *rows)
{
    return fred_list(rows, "vintage_dates", write_vintage);
}

char *shape_fred_xml(const shape_rows *rows)
{
    GString *text = g_string_new("<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n");
    g_string_append_printf(text,
                           "<observations realtime_start=\"1776-07-04\" realtime_end="
                           "\"9999-12-31\" count=\"%zu\" offset=\"0\" limit=\"100000\">\n",
                           rows->count);
    for (gsize i = 0; i < rows->count; i++) {
        char date[QB_TIME_TEXT], published[QB_TIME_TEXT];
        const qb_bar *bar = &rows->bars[i];
        g_string_append_printf(text,
                               "<observation realtime_start=\"%s\" realtime_end=\"9999-12-31\" "
                               "date=\"%s\" value=\"" EXACT "\"/>\n",
                               date_text(published_us(bar), published), date_text(bar->ts_us, date),
                               bar->close);
    }
    g_string_append(text, "</observations>\n");
    return g_string_free(text, FALSE);
}
