/* CoinGecko. Without a paid plan it has no bars, only prices sampled about once an hour: each
 * becomes a bar of its hour with four equal prices, flagged as sampled, its volume unknown (the
 * volume it gives is that of the last 24 hours); longer bars are made from those. A paid plan has
 * real bars, stamped with their end. Wire facts: the provider's OpenAPI documents of 2026-06 and
 * answers recorded between 2021 and 2025.
 *
 * Coins are addressed by an id. Symbols are not unique (six coins are called btc), so only the
 * large ones have a built-in id, and for all others the user says which is meant. */
#include "providers/providers-private.h"

#include <math.h>
#include <string.h>

enum { RANGE, BARS, CHART, OHLC, PRICE, MARKETS, LIST, HISTORY, PING, USAGE, CURRENCIES };

#define FREE_DAYS 365
#define SAMPLES_WINDOW_US (90 * QB_DAY_US) /* hourly up to here, daily beyond */
#define SAMPLES_LEAST_US (2 * QB_DAY_US)   /* below, samples come every five minutes */
#define DAILY_WINDOW_US (180 * QB_DAY_US)
#define HOURLY_WINDOW_US (31 * QB_DAY_US)

/* ---- symbols -------------------------------------------------------------------------------- */

static const struct {
    const char *symbol, *id;
} coins[] = {
    {"BTC", "bitcoin"},      {"ETH", "ethereum"},
    {"SOL", "solana"},       {"XRP", "ripple"},
    {"BNB", "binancecoin"},  {"ADA", "cardano"},
    {"DOGE", "dogecoin"},    {"LTC", "litecoin"},
    {"LINK", "chainlink"},   {"DOT", "polkadot"},
    {"AVAX", "avalanche-2"}, {"MATIC", "matic-network"},
    {"UNI", "uniswap"},      {"USDT", "tether"},
    {"USDC", "usd-coin"},    {"POL", "polygon-ecosystem-token"},
};

static gboolean name_symbol(const char *symbol, qb_asset asset, char out[PROVIDER_SYMBOL_SIZE],
                            char **out_why)
{
    g_auto(GStrv) sides = g_strsplit(symbol, "-", 2);
    const char *quote = g_strv_length(sides) == 2 ? sides[1] : "USD";
    if (strcmp(quote, "USDT") == 0 || strcmp(quote, "USDC") == 0) {
        *out_why = g_strdup_printf("CoinGecko has no prices in %s (%s-USD is the nearest)", quote,
                                   sides[0]);
        return FALSE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(coins); i++)
        if (strcmp(coins[i].symbol, sides[0]) == 0) {
            g_strlcpy(out, coins[i].id, PROVIDER_SYMBOL_SIZE);
            return TRUE;
        }
    *out_why = g_strdup_printf("several coins may be called %s: say which with %s=ID", sides[0],
                               symbol);
    return FALSE;
}

/* "usd": what prices are given in. Caller frees. */
static char *quote_of(const provider_job *job)
{
    const char *cut = strchr(job->symbol, '-');
    return g_ascii_strdown(cut != NULL ? cut + 1 : "usd", -1);
}

/* ---- asking --------------------------------------------------------------------------------- */

static gboolean check(provider_job *job, GPtrArray *notes, GError **error)
{
    const gint64 oldest_us = (qb_date_from_us(job->now_us) - FREE_DAYS + 1) * QB_DAY_US;
    char text[QB_TIME_TEXT];
    if (!provider_check_basics(job, error))
        return FALSE;
    if (job->ask != PROVIDER_BARS || job->paid)
        return TRUE;
    qb_date_to_text(qb_date_from_us(oldest_us), text);
    if (job->to_us <= oldest_us) {
        g_set_error(error, FAILURE, FAILURE_PROVIDER,
                    "CoinGecko's free plan goes back 365 days, to %s (Tiingo's crypto bars go back "
                    "further)",
                    text);
        return FALSE;
    }
    if (job->from_us < oldest_us) {
        job->from_us = oldest_us;
        g_ptr_array_add(notes,
                        g_strdup_printf("CoinGecko's free plan goes back 365 days: from %s", text));
    }
    g_ptr_array_add(notes, g_strdup("CoinGecko's free plan has price samples, about one an hour: "
                                    "bars are marked as sampled, their volume is unknown"));
    return TRUE;
}

static gint64 window_us(const provider_job *job)
{
    if (!job->paid)
        return SAMPLES_WINDOW_US;
    return job->interval >= QB_1D ? DAILY_WINDOW_US : HOURLY_WINDOW_US;
}

static gint64 window_end_us(const provider_job *job, gint64 from_us)
{
    const gint64 length_us = window_us(job);
    return job->to_us - from_us > length_us ? from_us + length_us : job->to_us;
}

static guint estimate(const provider_job *job)
{
    if (job->ask != PROVIDER_BARS)
        return 1;
    return (guint)MIN((job->to_us - job->from_us) / window_us(job) + 1,
                      (gint64)PROVIDER_PAGES_LIMIT);
}

static void start(const provider_job *job, provider_step *step)
{
    /* Windows begin at midnight. */
    *step = (provider_step){.at_us = (gint64)qb_date_from_us(job->from_us) * QB_DAY_US};
    switch (job->ask) {
    case PROVIDER_BARS:
        step->kind = job->paid ? BARS : RANGE;
        break;
    case PROVIDER_LATEST:
        step->kind = PRICE;
        break;
    case PROVIDER_SEARCH:
        step->kind = MARKETS;
        break;
    default:
        step->kind = job->paid ? USAGE : PING;
        break;
    }
}

static void add_key(const provider_job *job, provider_request *out)
{
    if (job->key != NULL)
        provider_request_key_header(out, job->paid ? "x-cg-pro-api-key" : "x-cg-demo-api-key", "%s",
                                    job->key);
}

/* Seconds in, milliseconds out. */
static void add_range(gint64 from_us, gint64 to_us, provider_request *out)
{
    provider_request_query(out, "from", "%" G_GINT64_FORMAT, from_us / QB_SECOND_US);
    provider_request_query(out, "to", "%" G_GINT64_FORMAT, to_us / QB_SECOND_US);
}

static void request_coin(const provider_job *job, const char *what, provider_request *out)
{
    g_autofree char *id = http_path_segment(job->vendor_symbol);
    g_autofree char *quote = quote_of(job);
    provider_request_path(out, "/coins/%s/%s", id, what);
    provider_request_query(out, "vs_currency", "%s", quote);
}

static void request_range(const provider_job *job, const provider_step *step, provider_request *out)
{
    out->from_us = step->at_us;
    out->to_us = window_end_us(job, step->at_us);
    request_coin(job, "market_chart/range", out);
    add_range(MIN(out->from_us, out->to_us - SAMPLES_LEAST_US), out->to_us, out);
    provider_request_query(out, "precision", "full");
    add_key(job, out);
}

static void request_bars(const provider_job *job, const provider_step *step, provider_request *out)
{
    out->from_us = step->at_us;
    out->to_us = window_end_us(job, step->at_us);
    request_coin(job, "ohlc/range", out);
    /* Stamps are ends: the last bar's lies on the end of the range. */
    add_range(out->from_us, out->to_us, out);
    provider_request_query(out, "interval", "%s", job->interval >= QB_1D ? "daily" : "hourly");
    add_key(job, out);
}

static void request_price(const provider_job *job, const provider_step *step, provider_request *out)
{
    g_autofree char *quote = quote_of(job);
    provider_request_path(out, "/simple/price");
    provider_request_query(out, "ids", "%s", job->vendor_symbol);
    provider_request_query(out, "vs_currencies", "%s", quote);
    provider_request_query(out, "include_last_updated_at", "true");
    provider_request_query(out, "precision", "full");
    add_key(job, out);
}

static void request_markets(const provider_job *job, const provider_step *step,
                            provider_request *out)
{
    g_autofree char *symbol = g_ascii_strdown(job->vendor_symbol, -1);
    provider_request_path(out, "/coins/markets");
    provider_request_query(out, "vs_currency", "usd");
    provider_request_query(out, "symbols", "%s", symbol);
    provider_request_query(out, "include_tokens", "all");
    provider_request_query(out, "per_page", "%d", 50);
    add_key(job, out);
}

static void request_ping(const provider_job *job, const provider_step *step, provider_request *out)
{
    provider_request_path(out, "/ping");
    add_key(job, out);
}

static void request_usage(const provider_job *job, const provider_step *step, provider_request *out)
{
    provider_request_path(out, "/key");
    add_key(job, out);
}

/* ---- judging -------------------------------------------------------------------------------- */

/* The code stands in one of three places. */
static int code_of(GBytes *body)
{
    static const char *const places[] = {"error_code", "status/error_code",
                                         "error/status/error_code"};
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *text = provider_body_text(body, places[i]);
        if (text != NULL)
            return (int)g_ascii_strtoll(text, NULL, 10);
    }
    return 0;
}

static char *words_of(GBytes *body)
{
    static const char *const places[] = {"status/error_message", "error/status/error_message",
                                         "error"};
    for (gsize i = 0; i < G_N_ELEMENTS(places); i++) {
        char *text = provider_body_text(body, places[i]);
        if (text != NULL)
            return text;
    }
    return NULL;
}

static http_class class_of_code(int code, http_class otherwise)
{
    switch (code) {
    case 429:
        return HTTP_RATE_LIMIT;
    case 10002: /* no key */
    case 10010: /* key and host do not belong together */
    case 10011:
        return HTTP_AUTH;
    case 10005: /* not in the plan */
        return HTTP_PLAN;
    case 10012: /* too far back: 401, but the key is fine */
        return HTTP_PLAN;
    default:
        return otherwise;
    }
}

static void judge(const http_answer *answer, gpointer data, http_verdict *out)
{
    http_judge_status(answer, out);
    const int code = code_of(answer->body);
    const char first = provider_body_first(answer->body);
    g_autofree char *words = words_of(answer->body);
    out->class = class_of_code(code, out->class);
    if (answer->status == 403 && code == 0)
        out->class = HTTP_RATE_LIMIT; /* the front has blocked this address for a while */
    if (out->class == HTTP_FINE && first != '{' && first != '[')
        http_verdict_set(out, HTTP_SERVER, "a page instead of data");
    else if (out->class != HTTP_FINE && words != NULL)
        http_verdict_quote(out, out->class, words, -1);
    else if (out->class != HTTP_FINE && *out->words == '\0')
        http_verdict_set(out, out->class, "HTTP %u", answer->status);
    if (out->class == HTTP_RATE_LIMIT)
        out->wait_us = QB_MINUTE_US;
}

/* ---- samples -------------------------------------------------------------------------------- */

typedef struct reading {
    const provider_job *job;
    provider_page *page;
    provider_rows rows;
    gboolean found;     /* the member that holds samples */
    const char *wanted; /* the member that holds what is read */
    double price;
    gint64 at_us;
} reading;

static gboolean read_milliseconds(scan *at, gint64 *out_us)
{
    double count;
    if (!scan_loose_double(at, &count))
        return FALSE;
    *out_us = isfinite(count) && fabs(count) < PROVIDER_FAR_US / 1000 ? (gint64)count * 1000
                                                                      : G_MININT64;
    return TRUE;
}

/* The price of a moment is all that is known of its hour. */
static void take_sample(reading *into, gint64 at_us, double price)
{
    if (at_us == G_MININT64) {
        provider_rows_refuse(&into->rows, PROVIDER_OFF_GRID);
        return;
    }
    const qb_bar bar = {
        .ts_us = at_us - ((at_us % QB_HOUR_US) + QB_HOUR_US) % QB_HOUR_US,
        .open = price,
        .high = price,
        .low = price,
        .close = price,
        .volume = NAN,
        .split_factor = 1,
        .flags = QB_BAR_SAMPLED,
    };
    provider_rows_add(&into->rows, &bar);
}

/* "prices": [[ms, price], ...]; capitalisation and volume are not read. */
static void read_samples(scan *at, const scan_text *key, gpointer data)
{
    reading *into = data;
    if (!scan_text_is(key, "prices") || scan_peek(at) != SCAN_ARRAY) {
        scan_skip(at);
        return;
    }
    into->found = TRUE;
    scan_enter_array(at);
    while (scan_element(at) && scan_enter_array(at)) {
        gint64 at_us = G_MININT64;
        double price = NAN;
        for (gsize i = 0; scan_element(at); i++) {
            if (i == 0)
                read_milliseconds(at, &at_us);
            else if (i == 1)
                scan_loose_double(at, &price);
            else
                scan_skip(at);
        }
        if (at->fault == NULL)
            take_sample(into, at_us, price);
    }
}

static void next_window(const provider_job *job, provider_step *step, provider_page *page)
{
    page->settled_from_us = MAX(step->at_us, job->from_us);
    step->page++;
    step->at_us = window_end_us(job, step->at_us);
    step->over = step->at_us >= job->to_us;
    page->settled_to_us = step->at_us;
}

static gboolean parse_range(const provider_job *job, provider_step *step, GBytes *body,
                            provider_page *page, GError **error)
{
    reading into = {.job = job, .page = page};
    provider_rows_begin(&into.rows, job, QB_1H, page);
    if (!provider_walk(job, body, read_samples, &into, error) ||
        !provider_expect(into.found, "CoinGecko", "prices", error) ||
        !provider_rows_finish(&into.rows, error))
        return FALSE;
    next_window(job, step, page);
    return TRUE;
}

/* ---- bars ----------------------------------------------------------------------------------- */

/* [end in ms, open, high, low, close] */
static void read_bar(scan *at, reading *into)
{
    provider_row row = provider_no_row;
    double *const prices[] = {&row.bar.open, &row.bar.high, &row.bar.low, &row.bar.close};
    gint64 end_us = G_MININT64;
    if (!scan_enter_array(at))
        return;
    for (gsize i = 0; scan_element(at); i++) {
        if (i == 0)
            read_milliseconds(at, &end_us);
        else if (i <= G_N_ELEMENTS(prices))
            scan_loose_double(at, prices[i - 1]);
        else
            scan_skip(at);
    }
    if (at->fault != NULL)
        return;
    if (end_us == G_MININT64) {
        provider_rows_refuse(&into->rows, PROVIDER_OFF_GRID);
        return;
    }
    row.bar.ts_us = end_us - qb_interval_us(into->job->interval);
    provider_rows_add(&into->rows, &row.bar);
}

static gboolean read_bars(const provider_job *job, GBytes *body, provider_page *page,
                          GError **error)
{
    reading into = {.job = job, .page = page};
    scan at;
    provider_rows_begin(&into.rows, job, job->interval, page);
    scan_init_bytes(&at, body);
    if (scan_enter_array(&at))
        while (scan_element(&at))
            read_bar(&at, &into);
    scan_finish(&at);
    return !scan_failed(&at, "CoinGecko", error) && provider_rows_finish(&into.rows, error);
}

static gboolean parse_bars(const provider_job *job, provider_step *step, GBytes *body,
                           provider_page *page, GError **error)
{
    if (!read_bars(job, body, page, error))
        return FALSE;
    next_window(job, step, page);
    return TRUE;
}

static gboolean parse_ohlc(const provider_job *job, provider_step *step, GBytes *body,
                           provider_page *page, GError **error)
{
    return read_bars(job, body, page, error) && provider_end(step);
}

/* ---- prices --------------------------------------------------------------------------------- */

static void read_quote(scan *at, const scan_text *key, gpointer data)
{
    reading *into = data;
    gint64 seconds;
    if (scan_text_is(key, into->wanted))
        scan_loose_double(at, &into->price);
    else if (scan_text_is(key, "last_updated_at") && scan_peek(at) == SCAN_NUMBER) {
        if (scan_int64(at, &seconds) && seconds > 0 && seconds < PROVIDER_FAR_US / QB_SECOND_US)
            into->at_us = seconds * QB_SECOND_US;
    } else
        scan_skip(at);
}

/* {"bitcoin":{"usd":1.0,"last_updated_at":1}} */
static void read_prices(scan *at, const scan_text *key, gpointer data)
{
    reading *into = data;
    if (scan_text_is(key, into->job->vendor_symbol) && scan_peek(at) == SCAN_OBJECT)
        scan_members(at, read_quote, into);
    else
        scan_skip(at);
}

static gboolean parse_price(const provider_job *job, provider_step *step, GBytes *body,
                            provider_page *page, GError **error)
{
    g_autofree char *quote = quote_of(job);
    reading into = {.job = job, .page = page, .wanted = quote, .price = NAN};
    if (!provider_walk(job, body, read_prices, &into, error))
        return FALSE;
    provider_price(page, into.price, into.at_us, PROVIDER_PRICE_REFERENCE);
    return provider_end(step);
}

/* market_data/current_price/usd of a day's snapshot at 00:00 UTC. */
static void read_history(scan *at, const scan_text *key, gpointer data)
{
    if (scan_peek(at) == SCAN_OBJECT && scan_text_is(key, "market_data"))
        scan_members(at, read_history, data);
    else if (scan_peek(at) == SCAN_OBJECT && scan_text_is(key, "current_price"))
        scan_members(at, read_quote, data);
    else
        scan_skip(at);
}

static gboolean parse_history(const provider_job *job, provider_step *step, GBytes *body,
                              provider_page *page, GError **error)
{
    g_autofree char *quote = quote_of(job);
    reading into = {.job = job, .page = page, .wanted = quote, .price = NAN};
    if (!provider_walk(job, body, read_history, &into, error))
        return FALSE;
    provider_price(page, into.price, into.at_us, PROVIDER_PRICE_REFERENCE);
    return provider_end(step);
}

/* ---- what there is -------------------------------------------------------------------------- */

static const provider_match_members match_members = {
    .symbol = "id", .name = "name", .kind = "symbol"};

static gboolean parse_matches(const provider_job *job, provider_step *step, GBytes *body,
                              provider_page *page, GError **error)
{
    scan at;
    scan_init_bytes(&at, body);
    provider_matches_read(&at, &match_members, page);
    scan_finish(&at);
    return !scan_failed(&at, "CoinGecko", error) && provider_end(step);
}

/* ---- the vendor ----------------------------------------------------------------------------- */

static const provider_kind kinds[] = {
    [RANGE] = {"range", "price samples of a range", request_range, parse_range},
    [BARS] = {"bars", "bars of a range (paid)", request_bars, parse_bars},
    [CHART] = {"chart", "price samples up to now", NULL, parse_range},
    [OHLC] = {"ohlc", "bars up to now, of --interval", NULL, parse_ohlc},
    [PRICE] = {"price", "the latest price", request_price, parse_price, PROVIDER_LATEST},
    [MARKETS] = {"markets", "coins of a symbol, the largest first", request_markets, parse_matches,
                 PROVIDER_SEARCH},
    [LIST] = {"list", "all coins", NULL, parse_matches, PROVIDER_SEARCH},
    [HISTORY] = {"history", "a price at the start of a day", NULL, parse_history, PROVIDER_LATEST},
    [PING] = {"ping", "is it there?", request_ping, provider_parse_anything, PROVIDER_KEY},
    [USAGE] = {"usage", "what is left of a paid key's budget", request_usage,
               provider_parse_anything, PROVIDER_KEY},
    [CURRENCIES] = {"currencies", "what prices are given in", NULL, provider_parse_anything,
                    PROVIDER_KEY},
    {NULL},
};

static const char *const hosts[] = {"api.coingecko.com", "pro-api.coingecko.com", NULL};
static const http_limit limits[] = {{"minute", 30}, {"month", 10000, TRUE}, {NULL, 0}};

const provider provider_coingecko = {
    .name = "coingecko",
    .title = "CoinGecko",
    .key_setting = "COINGECKO_API_KEY",
    .base_setting = "QUANTBOT_COINGECKO_BASE_URL",
    .register_at = "https://www.coingecko.com/en/developers/dashboard",
    .assets = 1u << QB_CRYPTO,
    .intervals = 1u << QB_1H | 1u << QB_4H | 1u << QB_1D,
    .asks = 1u << PROVIDER_BARS | 1u << PROVIDER_LATEST | 1u << PROVIDER_SEARCH |
            1u << PROVIDER_KEY,
    .service = {"coingecko", hosts, limits, QB_MINUTE_US},
    .free_tier = "30 requests a minute, 10,000 a month, 365 days back (2026)",
    .name_symbol = name_symbol,
    .check = check,
    .estimate = estimate,
    .start = start,
    .kinds = kinds,
    .judge = judge,
};
