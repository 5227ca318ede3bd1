/* CryptoCompare's min-api and its successor, the CoinDesk data-api, chosen by the base's host.
 * Since May 2026 neither answers without a subscription. Wire facts: answers recorded between 2017
 * and 2025, the provider's OpenAPI document of 2023, probes of 2026.
 *
 * Pages go backwards: the newest first, each ending before the oldest bar of the one before.
 * Before a listing min-api goes on with rows of zeros for ever, and the data-api says 404 with the
 * first stamp it has; both mean that the beginning is reached. The last row of a page that reaches
 * the present is the running bar. */
#include "platform/clock.h"
#include "providers/providers-private.h"

#include <math.h>
#include <string.h>

enum { HISTO, HISTORICAL, PRICE, PRICES, FULL, TICK, LIMITS };

#define PAGE_ROWS 2000
#define SUBSCRIPTION "CryptoCompare answers subscribers only since May 2026"

/* ---- asking --------------------------------------------------------------------------------- */

static gboolean name_symbol(const char *symbol, qb_asset asset, char out[PROVIDER_SYMBOL_SIZE],
                            char **out_why)
{
    g_strlcpy(out, symbol, PROVIDER_SYMBOL_SIZE);
    return strchr(symbol, '-') != NULL;
}

static gboolean check(provider_job *job, GPtrArray *notes, GError **error)
{
    if (job->key == NULL) {
        g_set_error(error, FAILURE, FAILURE_CONFIG,
                    SUBSCRIPTION ", and CRYPTOCOMPARE_API_KEY is not set (CoinGecko works without "
                                 "a key; Tiingo has crypto bars with a free one)");
        return FALSE;
    }
    if (!provider_check_basics(job, error))
        return FALSE;
    if (job->ask == PROVIDER_BARS && job->interval < QB_1H &&
        job->from_us < job->now_us - 7 * QB_DAY_US)
        g_ptr_array_add(notes, g_strdup("CryptoCompare keeps minutes for about a week, longer in "
                                        "higher plans"));
    return TRUE;
}

static gboolean is_successor(const provider_job *job)
{
    return strstr(job->base, "data-api") != NULL;
}

/* Units a bar: minutes, hours or days. */
static int aggregate_of(qb_interval interval)
{
    static const int units[QB_INTERVAL_COUNT] = {
        [QB_1M] = 1, [QB_5M] = 5, [QB_15M] = 15, [QB_30M] = 30,
        [QB_1H] = 1, [QB_4H] = 4, [QB_1D] = 1,
    };
    return units[interval];
}

static int page_rows(const provider_job *job)
{
    return PAGE_ROWS / aggregate_of(job->interval);
}

static guint estimate(const provider_job *job)
{
    if (job->ask != PROVIDER_BARS)
        return 1;
    const gint64 bars = (job->to_us - job->from_us) / qb_interval_us(job->interval);
    return (guint)MIN(bars / page_rows(job) + 1, (gint64)PROVIDER_PAGES_LIMIT);
}

static void start(const provider_job *job, provider_step *step)
{
    *step = (provider_step){.at_us = job->to_us};
    switch (job->ask) {
    case PROVIDER_BARS:
        step->kind = is_successor(job) ? HISTORICAL : HISTO;
        break;
    case PROVIDER_LATEST:
        step->kind = is_successor(job) ? TICK : FULL;
        break;
    default:
        step->kind = is_successor(job) ? TICK : LIMITS;
        break;
    }
}

static void add_key(const provider_job *job, provider_request *out)
{
    provider_request_key_header(out, "Authorization", "Apikey %s", job->key);
}

/* The last bar's start before the step, in seconds: it is part of the answer. */
static gint64 last_start_s(const provider_job *job, const provider_step *step)
{
    const gint64 length_us = qb_interval_us(job->interval);
    return (step->at_us - 1) / length_us * length_us / QB_SECOND_US;
}

/* No more rows than the range has bars: what lies before it may be there already. more: rows that
 * come beyond the limit. */
static int wanted_rows(const provider_job *job, const provider_step *step, int more)
{
    const gint64 span_us = last_start_s(job, step) * QB_SECOND_US - job->from_us;
    const gint64 bars = span_us / qb_interval_us(job->interval) + 1;
    return (int)CLAMP(bars, 1 + more, page_rows(job)) - more;
}

static void add_window(const provider_job *job, const provider_step *step, const char *until,
                       int more, provider_request *out)
{
    out->from_us = job->from_us;
    out->to_us = step->at_us;
    provider_request_query(out, "limit", "%d", wanted_rows(job, step, more));
    provider_request_query(out, until, "%" G_GINT64_FORMAT, last_start_s(job, step));
    if (aggregate_of(job->interval) > 1)
        provider_request_query(out, "aggregate", "%d", aggregate_of(job->interval));
    add_key(job, out);
}

static void add_pair(const provider_job *job, const char *quote_name, const char *base_name,
                     provider_request *out)
{
    g_auto(GStrv) sides = g_strsplit(job->vendor_symbol, "-", 2);
    provider_request_query(out, base_name, "%s", sides[0]);
    provider_request_query(out, quote_name, "%s", sides[1]);
}

static void request_histo(const provider_job *job, const provider_step *step, provider_request *out)
{
    const char *unit = job->interval >= QB_1D ? "day" : job->interval >= QB_1H ? "hour" : "minute";
    provider_request_path(out, "/data/v2/histo%s", unit);
    add_pair(job, "tsym", "fsym", out);
    /* One row more comes than is asked for. */
    add_window(job, step, "toTs", 1, out);
    provider_request_query(out, "tryConversion", "false");
}

static void request_historical(const provider_job *job, const provider_step *step,
                               provider_request *out)
{
    const char *unit = job->interval >= QB_1D   ? "days"
                       : job->interval >= QB_1H ? "hours"
                                                : "minutes";
    provider_request_path(out, "/index/cc/v1/historical/%s", unit);
    provider_request_query(out, "market", "cadli");
    provider_request_query(out, "instrument", "%s", job->vendor_symbol);
    provider_request_query(out, "fill", "false"); /* holes stay holes */
    add_window(job, step, "to_ts", 0, out);
}

static void request_full(const provider_job *job, const provider_step *step, provider_request *out)
{
    provider_request_path(out, "/data/pricemultifull");
    add_pair(job, "tsyms", "fsyms", out);
    add_key(job, out);
}

static void request_tick(const provider_job *job, const provider_step *step, provider_request *out)
{
    provider_request_path(out, "/index/cc/v1/latest/tick");
    provider_request_query(out, "market", "cadli");
    provider_request_query(out, "instruments", "%s",
                           *job->vendor_symbol != '\0' ? job->vendor_symbol : "BTC-USD");
    add_key(job, out);
}

static void request_limits(const provider_job *job, const provider_step *step,
                           provider_request *out)
{
    provider_request_path(out, "/stats/rate/limit");
    add_key(job, out);
}

/* ---- judging -------------------------------------------------------------------------------- */

/* Which of the windows in the answer is used up, and so when it opens again. */
static gint64 wait_of(GBytes *body, gint64 now_us)
{
    static const struct {
        const char *made, *most;
        gint64 length_us;
    } windows[] = {
        {"RateLimit/calls_made/second", "RateLimit/max_calls/second", QB_SECOND_US},
        {"RateLimit/calls_made/minute", "RateLimit/max_calls/minute", QB_MINUTE_US},
        {"RateLimit/calls_made/hour", "RateLimit/max_calls/hour", QB_HOUR_US},
        {"RateLimit/calls_made/day", "RateLimit/max_calls/day", QB_DAY_US},
    };
    gint64 wait_us = QB_MINUTE_US;
    for (gsize i = 0; i < G_N_ELEMENTS(windows); i++) {
        g_autofree char *made = provider_body_text(body, windows[i].made);
        g_autofree char *most = provider_body_text(body, windows[i].most);
        if (made != NULL && most != NULL &&
            g_ascii_strtoll(made, NULL, 10) >= g_ascii_strtoll(most, NULL, 10))
            wait_us = windows[i].length_us - now_us % windows[i].length_us;
    }
    return wait_us;
}

/* Errors come with 200: the old interface says Response "Error". */
static void judge_old(const http_answer *answer, const char *message, http_verdict *out)
{
    g_autofree char *type = provider_body_text(answer->body, "Type");
    http_class class = HTTP_BAD_REQUEST;
    if (g_strcmp0(type, "99") == 0 || strstr(message, "rate limit") != NULL)
        class = HTTP_RATE_LIMIT;
    else if (strstr(message, "does not exist") != NULL)
        class = HTTP_NOT_FOUND;
    else if (strstr(message, "api_key") != NULL || strstr(message, "auth key") != NULL)
        class = HTTP_AUTH;
    http_verdict_quote(out, class, message, -1);
    if (class == HTTP_RATE_LIMIT)
        out->wait_us = wait_of(answer->body, clock_now_us());
}

static void judge(const http_answer *answer, gpointer data, http_verdict *out)
{
    http_judge_status(answer, out);
    g_autofree char *response = provider_body_text(answer->body, "Response");
    g_autofree char *message = provider_body_text(answer->body, "Message");
    g_autofree char *wrong = provider_body_text(answer->body, "Err/message");
    g_autofree char *first = provider_body_text(answer->body, "Err/other_info/first");
    if (g_strcmp0(response, "Error") == 0)
        judge_old(answer, message != NULL ? message : "", out);
    else if (answer->status == 404 && first != NULL)
        http_verdict_set(out, HTTP_FINE, "%s", ""); /* the beginning of the history */
    else if (wrong != NULL && out->class == HTTP_FINE)
        http_verdict_quote(out, HTTP_BAD_REQUEST, wrong, -1);
    else if (wrong != NULL)
        http_verdict_quote(out, out->class, wrong, -1);
    else if (out->class == HTTP_FINE && provider_body_first(answer->body) != '{')
        http_verdict_set(out, HTTP_SERVER, "a page instead of data");
    if (out->class == HTTP_RATE_LIMIT && out->wait_us < 0)
        out->wait_us = QB_MINUTE_US;
}

/* ---- reading -------------------------------------------------------------------------------- */

static const provider_members old_members = {
    "time", "open", "high", "low", "close", "volumefrom", .stamp = PROVIDER_STAMP_S};
static const provider_members new_members = {
    "TIMESTAMP", "OPEN", "HIGH", "LOW", "CLOSE", "VOLUME", .stamp = PROVIDER_STAMP_S};

typedef struct history {
    const provider_members *members;
    provider_rows rows;
    gsize count;        /* rows that bear a stamp */
    gint64 earliest_us; /* of them */
    gboolean found;     /* the member that holds them */
    gboolean any_price; /* a row that is not all zeros */
    double price;       /* the rest: of a single price */
    gint64 price_us;
    const char *base, *quote;
} history;

static gboolean is_zeros(const qb_bar *bar)
{
    return bar->open == 0 && bar->high == 0 && bar->low == 0 && bar->close == 0;
}

static void read_rows(scan *at, history *into)
{
    provider_row row;
    if (!scan_enter_array(at))
        return;
    while (scan_element(at) && provider_row_read(at, into->members, &row)) {
        if (!row.stamped) {
            provider_rows_refuse(&into->rows, PROVIDER_OFF_GRID);
            continue;
        }
        into->earliest_us = into->count == 0 ? row.bar.ts_us
                                             : MIN(into->earliest_us, row.bar.ts_us);
        into->count++;
        into->any_price |= !is_zeros(&row.bar);
        if (is_zeros(&row.bar))
            provider_rows_refuse(&into->rows, PROVIDER_EMPTY_ROW);
        else
            provider_rows_add(&into->rows, &row.bar);
    }
}

/* "Data" is the array itself, or an object that holds it as "Data". */
static void read_history(scan *at, const scan_text *key, gpointer data)
{
    if (!scan_text_is(key, "Data")) {
        scan_skip(at);
        return;
    }
    ((history *)data)->found = TRUE;
    if (scan_peek(at) == SCAN_OBJECT)
        scan_members(at, read_history, data);
    else if (scan_peek(at) == SCAN_ARRAY)
        read_rows(at, data);
    else
        scan_skip(at);
}

/* Backwards: what lies before the earliest row is next, unless the beginning is reached or the page
 * brought nothing new. */
static gboolean advance(const provider_job *job, const history *from, provider_step *step,
                        provider_page *page, GError **error)
{
    const gboolean beginning = from->count == 0 || !from->any_price;
    if (!beginning && from->earliest_us >= step->at_us) {
        g_set_error(error, FAILURE, FAILURE_PROVIDER,
                    "CryptoCompare: a page that does not lead back");
        return FALSE;
    }
    page->settled_to_us = step->at_us;
    page->settled_from_us = beginning ? job->from_us : MAX(from->earliest_us, job->from_us);
    step->page++;
    step->at_us = beginning ? job->from_us : from->earliest_us;
    step->over = step->at_us <= job->from_us;
    return TRUE;
}

static gboolean parse_rows(const provider_job *job, const provider_members *members,
                           provider_step *step, GBytes *body, provider_page *page, GError **error)
{
    history into = {.members = members};
    provider_rows_begin(&into.rows, job, job->interval, page);
    return provider_walk(job, body, read_history, &into, error) &&
           provider_expect(into.found, "CryptoCompare", "Data", error) &&
           provider_rows_finish(&into.rows, error) && advance(job, &into, step, page, error);
}

static gboolean parse_histo(const provider_job *job, provider_step *step, GBytes *body,
                            provider_page *page, GError **error)
{
    return parse_rows(job, &old_members, step, body, page, error);
}

static gboolean parse_historical(const provider_job *job, provider_step *step, GBytes *body,
                                 provider_page *page, GError **error)
{
    return parse_rows(job, &new_members, step, body, page, error);
}

/* ---- prices --------------------------------------------------------------------------------- */

static void read_seconds(scan *at, gint64 *out_us)
{
    gint64 seconds;
    if (scan_peek(at) != SCAN_NUMBER)
        scan_skip(at);
    else if (scan_int64(at, &seconds) && seconds > 0 && seconds < PROVIDER_FAR_US / QB_SECOND_US)
        *out_us = seconds * QB_SECOND_US;
}

static void read_full_price(scan *at, const scan_text *key, gpointer data)
{
    history *into = data;
    if (scan_text_is(key, "PRICE") || scan_text_is(key, "VALUE"))
        scan_loose_double(at, &into->price);
    else if (scan_text_is(key, "LASTUPDATE") || scan_text_is(key, "VALUE_LAST_UPDATE_TS"))
        read_seconds(at, &into->price_us);
    else
        scan_skip(at);
}

/* {"BTC":{"USD":1.0}} or {"USD":1.0}, and the same with objects for prices. */
static void read_prices(scan *at, const scan_text *key, gpointer data)
{
    history *into = data;
    const gboolean wanted = scan_text_is(key, into->base) || scan_text_is(key, into->quote);
    if (scan_text_is(key, "RAW") && scan_peek(at) == SCAN_OBJECT)
        scan_members(at, read_prices, into);
    else if (scan_text_is(key, into->base) && scan_peek(at) == SCAN_OBJECT)
        scan_members(at, read_prices, into);
    else if (scan_text_is(key, into->quote) && scan_peek(at) == SCAN_OBJECT)
        scan_members(at, read_full_price, into);
    else if (wanted && scan_peek(at) == SCAN_NUMBER)
        scan_double(at, &into->price);
    else
        scan_skip(at);
}

/* {"Data":{"BTC-USD":{"VALUE":1.0,...}}} */
static void read_ticks(scan *at, const scan_text *key, gpointer data)
{
    history *into = data;
    if (scan_text_is(key, "Data") && scan_peek(at) == SCAN_OBJECT)
        scan_members(at, read_ticks, into);
    else if (scan_text_is(key, into->base) && scan_peek(at) == SCAN_OBJECT)
        scan_members(at, read_full_price, into);
    else
        scan_skip(at);
}

static gboolean take_price(const history *from, provider_step *step, provider_page *page)
{
    provider_price(page, from->price, from->price_us, PROVIDER_PRICE_REFERENCE);
    return provider_end(step);
}

static gboolean parse_prices(const provider_job *job, provider_step *step, GBytes *body,
                             provider_page *page, GError **error)
{
    g_auto(GStrv) sides = g_strsplit(job->vendor_symbol, "-", 2);
    history into = {.price = NAN, .base = sides[0], .quote = sides[1]};
    return provider_walk(job, body, read_prices, &into, error) && take_price(&into, step, page);
}

static gboolean parse_tick(const provider_job *job, provider_step *step, GBytes *body,
                           provider_page *page, GError **error)
{
    history into = {.price = NAN, .base = job->vendor_symbol};
    return provider_walk(job, body, read_ticks, &into, error) && take_price(&into, step, page);
}

/* ---- the vendor ----------------------------------------------------------------------------- */

static const provider_kind kinds[] = {
    [HISTO] = {"histo", "bars of min-api, both shapes", request_histo, parse_histo},
    [HISTORICAL] = {"historical", "bars of the data-api", request_historical, parse_historical},
    [PRICE] = {"price", "a price, or prices of several quotes", NULL, parse_prices,
               PROVIDER_LATEST},
    [PRICES] = {"prices", "prices of several coins", NULL, parse_prices, PROVIDER_LATEST},
    [FULL] = {"full", "a price and how old it is", request_full, parse_prices, PROVIDER_LATEST},
    [TICK] = {"tick", "the newest index value of the data-api", request_tick, parse_tick,
              PROVIDER_LATEST},
    [LIMITS] = {"limits", "what is left of the key's budget", request_limits,
                provider_parse_anything, PROVIDER_KEY},
    {NULL},
};

static const char *const hosts[] = {"min-api.cryptocompare.com", "data-api.cryptocompare.com",
                                    "data-api.coindesk.com", NULL};
static const http_limit limits[] = {{"second", 20}, {"minute", 300}, {"hour", 3000}, {NULL, 0}};

const provider provider_cryptocompare = {
    .name = "cryptocompare",
    .title = "CryptoCompare",
    .key_setting = "CRYPTOCOMPARE_API_KEY",
    .base_setting = "QUANTBOT_CRYPTOCOMPARE_BASE_URL",
    .register_at = "https://developers.coindesk.com/settings/api-keys",
    .key_needed = TRUE,
    .assets = 1u << QB_CRYPTO,
    .intervals = 1u << QB_1M | 1u << QB_5M | 1u << QB_15M | 1u << QB_30M | 1u << QB_1H |
                 1u << QB_4H | 1u << QB_1D,
    .asks = 1u << PROVIDER_BARS | 1u << PROVIDER_LATEST | 1u << PROVIDER_KEY,
    .service = {"cryptocompare", hosts, limits, QB_MINUTE_US},
    .free_tier = "none: subscribers only since May 2026",
    .name_symbol = name_symbol,
    .check = check,
    .estimate = estimate,
    .start = start,
    .kinds = kinds,
    .judge = judge,
};
