/* All vendors as one server, to be run beside the program or other clients: it answers from the
 * market of market.h by the range it is asked for, and keeps a line of every request.
 *
 *     vendors LOG [COUNT]    prints its port; ends with whoever started it
 *
 * After COUNT requests it takes more, but does not answer. */
#include "market.h"

#include <libsoup/soup.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#define PAGE_ROWS 300u /* of vendors whose pages have a cursor */
#define COMPACT_ROWS 100u

static FILE *requests;
static gint64 count, most = G_MAXINT64;
static int asker, port;

typedef struct question {
    const char *path;
    char **parts; /* of the path, after its first slash */
    guint length;
    GHashTable *query;
} question;

/* ---- what is asked -------------------------------------------------------------------------- */

static const char *field(const question *of, const char *name)
{
    const char *value = of->query != NULL ? g_hash_table_lookup(of->query, name) : NULL;
    return value != NULL ? value : "";
}

static gint64 number(const question *of, const char *name)
{
    return g_ascii_strtoll(field(of, name), NULL, 10);
}

/* A date or time, else 0. */
static gint64 us_of(const char *text)
{
    int64_t us = 0;
    return qb_time_from_text(text, strlen(text), &us) == QB_OK ? us : 0;
}

static gint64 day_after(const char *text)
{
    return us_of(text) + QB_DAY_US;
}

/* One line: symbol, first and last day that were asked for, and who asked: keys end in "-NUMBER". */
static void note(const char *symbol, gint64 from_us, gint64 last_us)
{
    fprintf(requests, "%s %d %d %d\n", symbol, qb_date_from_us(from_us), qb_date_from_us(last_us),
            asker);
    fflush(requests);
}

/* All bars there are of that range, now. */
static qb_series bars_between(const char *symbol, qb_interval interval, gint64 from_us,
                              gint64 to_us)
{
    note(symbol, from_us, to_us - 1);
    return market_bars(symbol, interval, from_us, MIN(to_us, g_get_real_time()));
}

/* Rows from..from+most of bars, forwards or newest first, in that shape. Takes the bars. */
typedef struct cut {
    gsize from, most;
    gboolean newest_first;
    const char *next;
} cut;

static char *write_bars(char *(*shape)(const shape_rows *), const char *symbol,
                        qb_interval interval, qb_series *bars, const cut *cut)
{
    const gsize left = bars->count - MIN(cut->from, bars->count), rows = MIN(left, cut->most);
    g_autofree qb_bar *list = g_new(qb_bar, rows + 1);
    for (gsize i = 0; i < rows; i++)
        list[i] = qb_series_bar(bars, cut->newest_first ? bars->count - 1 - i : cut->from + i);
    char *text = shape(&(shape_rows){symbol, interval, list, rows, cut->next});
    qb_series_clear(bars);
    return text;
}

static const cut whole = {.most = G_MAXSIZE};

/* ---- Tiingo --------------------------------------------------------------------------------- */

static char *tiingo_crypto(const question *of)
{
    const char *symbol = field(of, "tickers");
    qb_series bars = bars_between(symbol, QB_1H, us_of(field(of, "startDate")),
                                  day_after(field(of, "endDate")));
    return write_bars(shape_tiingo_crypto, symbol, QB_1H, &bars, &whole);
}

/* tiingo/daily/SYMBOL/prices */
static char *tiingo_daily(const question *of)
{
    qb_series bars = bars_between(of->parts[2], QB_1D, us_of(field(of, "startDate")),
                                  day_after(field(of, "endDate")));
    return write_bars(shape_tiingo_daily, of->parts[2], QB_1D, &bars, &whole);
}

/* ---- Polygon -------------------------------------------------------------------------------- */

static gboolean span_of(const question *of, qb_interval *out)
{
    static const struct {
        const char *multiplier, *span;
        qb_interval interval;
    } spans[] = {
        {"1", "minute", QB_1M},   {"5", "minute", QB_5M}, {"15", "minute", QB_15M},
        {"30", "minute", QB_30M}, {"1", "hour", QB_1H},   {"4", "hour", QB_4H},
        {"1", "day", QB_1D},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(spans); i++)
        if (strcmp(of->parts[5], spans[i].multiplier) == 0 &&
            strcmp(of->parts[6], spans[i].span) == 0) {
            *out = spans[i].interval;
            return TRUE;
        }
    return FALSE;
}

/* "2020-01-02", or milliseconds. */
static gint64 limit_of(const char *text, gint64 after_date_us)
{
    return strchr(text, '-') != NULL ? us_of(text) + after_date_us
                                     : g_ascii_strtoll(text, NULL, 10) * 1000;
}

/* "X:BTCUSD" is the market's btcusd. */
static char *market_name(const char *ticker)
{
    return g_str_has_prefix(ticker, "X:") ? g_ascii_strdown(ticker + 2, -1) : g_strdup(ticker);
}

/* limit counts minutes or days. */
static gsize page_rows(const question *of, qb_interval interval)
{
    const gint64 base_us = interval >= QB_1D ? QB_DAY_US : QB_MINUTE_US;
    const gint64 rows = number(of, "limit") * base_us / qb_interval_us(interval);
    return rows > 0 ? (gsize)rows : PAGE_ROWS;
}

/* v2/aggs/ticker/SYMBOL/range/MULTIPLIER/SPAN/FROM/TO; a cursor is "FROM-ROWS". */
static char *polygon_bars(const question *of)
{
    qb_interval interval;
    gsize from = 0, rows;
    if (of->length != 9 || !span_of(of, &interval))
        return NULL;
    if (sscanf(field(of, "cursor"), "%zu-%zu", &from, &rows) != 2)
        rows = page_rows(of, interval);
    g_autofree char *name = market_name(of->parts[3]);
    qb_series bars = bars_between(name, interval, limit_of(of->parts[7], 0),
                                  limit_of(of->parts[8], QB_DAY_US - 1) + 1);
    g_autofree char *next = g_strdup_printf("http://127.0.0.1:%d%s?cursor=%zu-%zu", port, of->path,
                                            from + rows, rows);
    const gboolean more = bars.count > from + rows;
    return write_bars(shape_polygon, of->parts[3], interval, &bars,
                      &(cut){from, rows, .next = more ? next : NULL});
}

static char *polygon_actions(const question *of)
{
    (void)of;
    return g_strdup("{\"results\":[],\"status\":\"OK\",\"request_id\":\"1\"}");
}

/* ---- Alpha Vantage -------------------------------------------------------------------------- */

static char *alphavantage(const question *of)
{
    const gboolean adjusted = strcmp(field(of, "function"), "TIME_SERIES_DAILY_ADJUSTED") == 0;
    const gboolean full = strcmp(field(of, "outputsize"), "full") == 0;
    if (!adjusted && strcmp(field(of, "function"), "TIME_SERIES_DAILY") != 0)
        return g_strdup("{\"Error Message\":\"This API function does not exist.\"}");
    qb_series bars = bars_between(field(of, "symbol"), QB_1D, MARKET_LISTED_US, G_MAXINT64);
    return write_bars(adjusted ? shape_alphavantage : shape_alphavantage_plain, field(of, "symbol"),
                      QB_1D, &bars,
                      &(cut){.most = full ? G_MAXSIZE : COMPACT_ROWS, .newest_first = TRUE});
}

/* ---- CoinGecko ------------------------------------------------------------------------------ */

/* coins/ID/...; an id that begins with "no" is unknown. */
static char *coingecko(const question *of)
{
    const gboolean bars = strcmp(of->parts[2], "ohlc") == 0;
    const gboolean daily = strcmp(field(of, "interval"), "daily") == 0;
    const qb_interval interval = bars && daily ? QB_1D : QB_1H;
    const gint64 from_us = number(of, "from") * QB_SECOND_US,
                 to_us = number(of, "to") * QB_SECOND_US;
    if (g_str_has_prefix(of->parts[1], "no"))
        return NULL;
    qb_series found = bars_between(of->parts[1], interval, from_us, to_us);
    return write_bars(bars ? shape_coingecko : shape_coingecko_samples, of->parts[1], interval,
                      &found, &whole);
}

/* ---- CryptoCompare -------------------------------------------------------------------------- */

static char *cryptocompare(const question *of)
{
    const gint64 to = number(of, "toTs"), limit = number(of, "limit");
    if (limit < 1 || limit > 2000)
        return NULL;
    g_autofree char *symbol = g_strconcat(field(of, "fsym"), field(of, "tsym"), NULL);
    note(symbol, (to - limit * 3600) * QB_SECOND_US, to * QB_SECOND_US);
    return market_histohour(symbol, to, limit);
}

/* ---- FRED ----------------------------------------------------------------------------------- */

static char *fred(const question *of)
{
    const gboolean dates = strcmp(of->parts[1], "vintagedates") == 0;
    const gboolean json = strcmp(field(of, "file_type"), "json") == 0;
    const char *symbol = field(of, "series_id"), *last = field(of, "observation_end");
    const gint64 from_us = us_of(field(of, "observation_start"));
    const gint64 published_us = g_get_real_time() - SHAPE_FRED_LAG_DAYS * QB_DAY_US;
    qb_series values = market_quarters(
        symbol, from_us, *last != '\0' ? MIN(day_after(last), published_us) : published_us);
    note(symbol, from_us, g_get_real_time());
    return write_bars(dates  ? shape_fred_vintages
                      : json ? shape_fred
                             : shape_fred_xml,
                      symbol, QB_1Q, &values, &whole);
}

/* ---- Quandl --------------------------------------------------------------------------------- */

/* Its cursor is the number of rows before. */
static char *quandl(const question *of)
{
    const gsize from = (gsize)MAX(number(of, "qopts.cursor_id"), 0);
    const char *symbol = field(of, "ticker");
    qb_series bars = bars_between(symbol, QB_1D, us_of(field(of, "date.gte")),
                                  day_after(field(of, "date.lte")));
    g_autofree char *next = g_strdup_printf("%zu", from + PAGE_ROWS);
    const gboolean more = bars.count > from + PAGE_ROWS;
    return write_bars(shape_quandl, symbol, QB_1D, &bars,
                      &(cut){from, PAGE_ROWS, .next = more ? next : NULL});
}

/* ---- the server ----------------------------------------------------------------------------- */

/* Words of a path; "*" is any. */
static const struct route {
    const char *path;
    char *(*answer)(const question *of);
    gboolean open; /* without a key, too */
} routes[] = {
    {"tiingo/crypto/prices", tiingo_crypto},
    {"tiingo/daily/*/prices", tiingo_daily},
    {"v2/aggs/ticker/*/range/*/*/*/*", polygon_bars},
    {"v3/reference/*", polygon_actions},
    {"query", alphavantage},
    {"coins/*/*/range", coingecko, TRUE},
    {"data/v2/histohour", cryptocompare},
    {"series/observations", fred},
    {"series/vintagedates", fred},
    {"datatables/WIKI/PRICES.json", quandl},
    {"datatables/WIKI/PRICES", quandl},
};

static gboolean fits(const char *path, char **parts)
{
    g_auto(GStrv) words = g_strsplit(path, "/", -1);
    guint i = 0;
    for (; words[i] != NULL && parts[i] != NULL; i++)
        if (strcmp(words[i], "*") != 0 && strcmp(words[i], parts[i]) != 0)
            return FALSE;
    return words[i] == NULL && parts[i] == NULL;
}

static const struct route *route_of(char **parts)
{
    for (gsize i = 0; i < G_N_ELEMENTS(routes); i++)
        if (fits(routes[i].path, parts))
            return &routes[i];
    return NULL;
}

/* In one of the places where the vendors take it; NULL. */
static const char *key_of(SoupMessageHeaders *headers, const question *of)
{
    static const char *const fields[] = {"apikey", "api_key"};
    static const char *const names[] = {"Authorization", "x-api-token", "x-cg-demo-api-key",
                                        "x-cg-pro-api-key"};
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (*field(of, fields[i]) != '\0')
            return field(of, fields[i]);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *key = soup_message_headers_get_one(headers, names[i]);
        if (key != NULL)
            return key;
    }
    return NULL;
}

static char *answer_of(const question *of, const char *key, guint *out_status)
{
    const struct route *route = route_of(of->parts);
    *out_status = 401;
    if (key == NULL && (route == NULL || !route->open))
        return NULL;
    char *body = route != NULL ? route->answer(of) : NULL;
    *out_status = body != NULL ? 200 : 404;
    return body;
}

static void on_request(SoupServer *server, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer data)
{
    (void)server;
    (void)data;
    g_auto(GStrv) parts = g_strsplit(path + 1, "/", -1);
    const question of = {path, parts, g_strv_length(parts), query};
    const char *key = key_of(soup_server_message_get_request_headers(message), &of);
    const char *end = key != NULL ? strrchr(key, '-') : NULL;
    guint status;
    asker = end != NULL ? (int)g_ascii_strtoll(end + 1, NULL, 10) : 0;
    g_autofree char *body = answer_of(&of, key, &status);
    if (++count > most) {
        soup_server_message_pause(message);
        return;
    }
    const char *sent = body != NULL ? body : "{\"detail\":\"Not found.\"}";
    soup_server_message_set_status(message, status, NULL);
    soup_server_message_set_response(message, *sent == '<' ? "text/xml" : "application/json",
                                     SOUP_MEMORY_COPY, sent, strlen(sent));
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    requests = argc >= 2 ? fopen(argv[1], "a") : NULL;
    if (argc == 3)
        most = g_ascii_strtoll(argv[2], NULL, 10);
    if (requests == NULL)
        return 2;
    SoupServer *server = soup_server_new(NULL, NULL);
    soup_server_add_handler(server, NULL, on_request, NULL, NULL);
    if (!soup_server_listen_local(server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error)) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    GSList *uris = soup_server_get_uris(server);
    port = g_uri_get_port(uris->data);
    printf("%d\n", port);
    fflush(stdout);
    g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
    g_main_loop_run(loop);
    return 0;
}
