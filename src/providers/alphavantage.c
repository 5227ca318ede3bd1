/* Alpha Vantage. Every answer has HTTP 200, errors too: the body tells. Numbers are strings under
 * numbered names, rows hang on their date, newest first; one reader takes all series that have that
 * shape, as JSON or CSV. Daily stock prices are raw. Wire facts: answers recorded between 2017 and
 * 2026, and bodies that public projects quote.
 *
 * A free key has the last 100 sessions of a stock (the whole history became premium at the end of
 * 2025), some 350 days of a coin, and no intraday bars. */
#include "platform/clock.h"
#include "providers/providers-private.h"

#include <math.h>
#include <string.h>

enum {
    DAILY,
    INTRADAY,
    CRYPTO_DAILY,
    CRYPTO_INTRADAY,
    FX_DAILY,
    SERIES,
    QUOTE,
    RATE,
    BULK,
    SEARCH,
    STATUS
};

#define FREE_SESSIONS 100
#define FREE_DAYS 143 /* hold a hundred sessions */
#define FREE_COIN_DAYS 349

/* ---- asking --------------------------------------------------------------------------------- */

static gboolean name_symbol(const char *symbol, qb_asset asset, char out[PROVIDER_SYMBOL_SIZE],
                            char **out_why)
{
    g_strlcpy(out, symbol, PROVIDER_SYMBOL_SIZE);
    if (asset == QB_EQUITY)
        g_strdelimit(out, ".", '-');
    return TRUE;
}

static gboolean fail_plan(GError **error, const char *what, const char *instead)
{
    g_set_error(error, FAILURE, FAILURE_PROVIDER, "Alpha Vantage's free plan has no %s (%s)", what,
                instead);
    return FALSE;
}

/* A free key's history of daily bars; beyond, the range is narrowed. */
static gboolean narrow(provider_job *job, gint64 days, const char *what, GPtrArray *notes,
                       GError **error)
{
    const gint64 oldest_us = (qb_date_from_us(job->now_us) - days) * QB_DAY_US;
    char text[QB_TIME_TEXT];
    if (job->from_us >= oldest_us)
        return TRUE;
    qb_date_to_text(qb_date_from_us(oldest_us), text);
    if (job->to_us <= oldest_us)
        return fail_plan(error, "such old bars", "Tiingo's daily bars go back decades");
    g_ptr_array_add(notes,
                    g_strdup_printf("Alpha Vantage's free plan has %s: from about %s", what, text));
    job->from_us = oldest_us;
    return TRUE;
}

static gboolean check(provider_job *job, GPtrArray *notes, GError **error)
{
    if (!provider_check_basics(job, error))
        return FALSE;
    if (job->ask != PROVIDER_BARS || job->paid)
        return TRUE;
    if (job->interval < QB_1D)
        return fail_plan(error, "intraday bars", "Tiingo and Polygon do");
    if (job->asset == QB_CRYPTO)
        return narrow(job, FREE_COIN_DAYS, "some 350 days of a coin", notes, error);
    if (job->asset == QB_EQUITY)
        g_ptr_array_add(notes, g_strdup("Alpha Vantage's free plan tells neither dividends nor "
                                        "splits: prices are raw without them"));
    return narrow(job, FREE_DAYS, "the last 100 bars", notes, error);
}

/* Intraday bars of stocks come by calendar month. */
static gint64 month_end_us(gint64 at_us)
{
    qb_civil civil = qb_civil_from_date(qb_date_from_us(at_us));
    const int month = civil.month;
    return (gint64)qb_date_from_civil((qb_civil){civil.year + month / 12, month % 12 + 1, 1}) *
           QB_DAY_US;
}

static guint estimate(const provider_job *job)
{
    guint count = 0;
    if (job->ask != PROVIDER_BARS || job->interval >= QB_1D || job->asset != QB_EQUITY)
        return 1;
    for (gint64 at_us = job->from_us; at_us < job->to_us && count < PROVIDER_PAGES_LIMIT;
         at_us = month_end_us(at_us))
        count++;
    return count;
}

static guint bars_kind(const provider_job *job)
{
    if (job->asset == QB_CRYPTO)
        return job->interval >= QB_1D ? CRYPTO_DAILY : CRYPTO_INTRADAY;
    if (job->asset == QB_FX)
        return FX_DAILY;
    return job->interval >= QB_1D ? DAILY : INTRADAY;
}

static void start(const provider_job *job, provider_step *step)
{
    *step = (provider_step){.at_us = job->from_us};
    switch (job->ask) {
    case PROVIDER_BARS:
        step->kind = bars_kind(job);
        break;
    case PROVIDER_LATEST:
        step->kind = job->asset == QB_EQUITY || job->asset == QB_INDEX ? QUOTE : RATE;
        break;
    case PROVIDER_SEARCH:
        step->kind = SEARCH;
        break;
    default:
        step->kind = STATUS;
        break;
    }
}

static void begin(const provider_job *job, const char *function, provider_request *out)
{
    provider_request_path(out, "/query");
    provider_request_query(out, "function", "%s", function);
    provider_request_key_query(out, "apikey", job->key);
}

static void add_pair(const provider_job *job, const char *base, const char *quote,
                     provider_request *out)
{
    g_auto(GStrv) sides = g_strsplit(job->vendor_symbol, "-", 2);
    provider_request_query(out, base, "%s", sides[0] != NULL ? sides[0] : "");
    provider_request_query(out, quote, "%s", g_strv_length(sides) == 2 ? sides[1] : "USD");
}

static const char *interval_text(qb_interval interval)
{
    static const char *const texts[QB_INTERVAL_COUNT] = {
        [QB_1M] = "1min",   [QB_5M] = "5min",  [QB_15M] = "15min",
        [QB_30M] = "30min", [QB_1H] = "60min",
    };
    return texts[interval];
}

/* Hours of stocks start on the half hour at this vendor; ours are made from half hours. */
static qb_interval asked_interval(const provider_job *job)
{
    return job->asset == QB_EQUITY && job->interval == QB_1H ? QB_30M : job->interval;
}

static void request_daily(const provider_job *job, const provider_step *step, provider_request *out)
{
    begin(job, job->paid ? "TIME_SERIES_DAILY_ADJUSTED" : "TIME_SERIES_DAILY", out);
    provider_request_query(out, "symbol", "%s", job->vendor_symbol);
    provider_request_query(out, "outputsize", "%s", job->paid ? "full" : "compact");
    out->from_us = job->from_us;
    out->to_us = job->to_us;
}

static void request_intraday(const provider_job *job, const provider_step *step,
                             provider_request *out)
{
    const qb_civil civil = qb_civil_from_date(qb_date_from_us(step->at_us));
    begin(job, "TIME_SERIES_INTRADAY", out);
    provider_request_query(out, "symbol", "%s", job->vendor_symbol);
    provider_request_query(out, "interval", "%s", interval_text(asked_interval(job)));
    provider_request_query(out, "adjusted", "false");
    provider_request_query(out, "extended_hours", "%s", job->extended ? "true" : "false");
    provider_request_query(out, "month", "%04d-%02d", civil.year, civil.month);
    provider_request_query(out, "outputsize", "full");
    out->from_us = step->at_us;
    out->to_us = MIN(month_end_us(step->at_us), job->to_us);
}

static void request_crypto_daily(const provider_job *job, const provider_step *step,
                                 provider_request *out)
{
    begin(job, "DIGITAL_CURRENCY_DAILY", out);
    add_pair(job, "symbol", "market", out);
    out->from_us = job->from_us;
    out->to_us = job->to_us;
}

static void request_crypto_intraday(const provider_job *job, const provider_step *step,
                                    provider_request *out)
{
    begin(job, "CRYPTO_INTRADAY", out);
    add_pair(job, "symbol", "market", out);
    provider_request_query(out, "interval", "%s", interval_text(job->interval));
    provider_request_query(out, "outputsize", "full");
    out->from_us = job->from_us;
    out->to_us = job->to_us;
}

static void request_fx_daily(const provider_job *job, const provider_step *step,
                             provider_request *out)
{
    begin(job, "FX_DAILY", out);
    add_pair(job, "from_symbol", "to_symbol", out);
    provider_request_query(out, "outputsize", "%s", job->paid ? "full" : "compact");
    out->from_us = job->from_us;
    out->to_us = job->to_us;
}

static void request_quote(const provider_job *job, const provider_step *step, provider_request *out)
{
    begin(job, "GLOBAL_QUOTE", out);
    provider_request_query(out, "symbol", "%s", job->vendor_symbol);
}

static void request_rate(const provider_job *job, const provider_step *step, provider_request *out)
{
    begin(job, "CURRENCY_EXCHANGE_RATE", out);
    add_pair(job, "from_currency", "to_currency", out);
}

static void request_search(const provider_job *job, const provider_step *step,
                           provider_request *out)
{
    begin(job, "SYMBOL_SEARCH", out);
    provider_request_query(out, "keywords", "%s", job->vendor_symbol);
    provider_request_query(out, "datatype", "csv");
}

static void request_status(const provider_job *job, const provider_step *step,
                           provider_request *out)
{
    begin(job, "MARKET_STATUS", out);
}

/* ---- judging -------------------------------------------------------------------------------- */

/* Limits before plans: the texts about limits mention premium plans too, and the one about a second
 * mentions the day. The key stands in some of them: it is masked with the other secrets. */
static void judge_information(GBytes *body, const char *words, http_verdict *out)
{
    const gint64 now_us = clock_now_us();
    if (provider_body_contains(body, "per second") ||
        provider_body_contains(body, "spreading out")) {
        http_verdict_quote(out, HTTP_RATE_LIMIT, words, -1);
        out->wait_us = 2 * QB_SECOND_US;
    } else if (provider_body_contains(body, "calls per minute")) {
        http_verdict_quote(out, HTTP_RATE_LIMIT, words, -1);
        out->wait_us = QB_MINUTE_US;
    } else if (provider_body_contains(body, "per day")) {
        http_verdict_quote(out, HTTP_RATE_LIMIT, words, -1);
        out->wait_us = provider_until_midnight_new_york_us(now_us);
    } else if (provider_body_contains(body, "premium")) {
        http_verdict_quote(out, HTTP_PLAN, words, -1);
    } else {
        http_verdict_quote(out, HTTP_AUTH, words, -1);
    }
}

/* "{}" and {"Global Quote": {}} are how an unknown symbol looks. */
static gboolean is_empty_object(GBytes *body)
{
    g_autofree char *plain = provider_body_plain(body);
    GString *bare = g_string_new(NULL);
    for (const char *at = plain; *at != '\0'; at++)
        if (!g_ascii_isspace(*at))
            g_string_append_c(bare, *at);
    const gboolean empty = strcmp(bare->str, "{}") == 0 ||
                           strcmp(bare->str, "{\"GlobalQuote\":{}}") == 0;
    g_string_free(bare, TRUE);
    return empty;
}

static void judge(const http_answer *answer, gpointer data, http_verdict *out)
{
    http_judge_status(answer, out);
    g_autofree char *wrong = provider_body_text(answer->body, "Error Message");
    g_autofree char *information = provider_body_text(answer->body, "Information");
    g_autofree char *note = provider_body_text(answer->body, "Note");
    g_autofree char *message = provider_body_text(answer->body, "message");
    if (wrong != NULL)
        http_verdict_quote(out, strstr(wrong, "apikey") != NULL ? HTTP_AUTH : HTTP_NOT_FOUND, wrong,
                           -1);
    else if (information != NULL || note != NULL)
        judge_information(answer->body, information != NULL ? information : note, out);
    else if (message != NULL) /* sample rows that are no prices */
        http_verdict_quote(out, HTTP_PLAN, message, -1);
    else if (out->class == HTTP_FINE && is_empty_object(answer->body))
        http_verdict_set(out, HTTP_NOT_FOUND, "an empty answer");
    else if (out->class == HTTP_FINE && provider_body_first(answer->body) == '<')
        http_verdict_set(out, HTTP_SERVER, "a page instead of data");
}

/* ---- series --------------------------------------------------------------------------------- */

typedef struct series {
    const provider_job *job;
    provider_rows rows;
    gboolean found;    /* the member that holds the rows */
    const char *quote; /* of a pair: "USD" */
    provider_row row;
    double price;
    gint64 at_us;
} series;

/* "1. open" is "open", "1a. open (EUR)" is "open" where EUR is the quote asked for. */
static gboolean is_field(const scan_text *key, const char *name, const char *quote)
{
    g_autofree char *plain = scan_text_copy(key);
    char *dot = strstr(plain, ". ");
    const char *bare = dot != NULL ? dot + 2 : plain;
    const gsize length = strlen(name);
    if (strncmp(bare, name, length) != 0)
        return FALSE;
    if (bare[length] == '\0')
        return TRUE;
    g_autofree char *suffix = g_strdup_printf(" (%s)", quote);
    return strcmp(bare + length, suffix) == 0;
}

static void read_field(scan *at, const scan_text *key, gpointer data)
{
    series *into = data;
    qb_bar *bar = &into->row.bar;
    const struct {
        const char *name;
        double *into;
    } fields[] = {
        {"open", &bar->open},
        {"high", &bar->high},
        {"low", &bar->low},
        {"close", &bar->close},
        {"volume", &bar->volume},
        {"dividend amount", &bar->dividend},
        {"split coefficient", &bar->split_factor},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (is_field(key, fields[i].name, into->quote)) {
            scan_loose_double(at, fields[i].into);
            return;
        }
    scan_skip(at);
}

/* Dates are sessions; clock times are New York's for stocks, UTC for the rest. */
static gboolean stamp_of(const series *of, const scan_text *text, gint64 *out_us)
{
    if (provider_date(text, out_us))
        return TRUE;
    if (!provider_time(text, out_us))
        return FALSE;
    const gboolean stock = of->job->asset == QB_EQUITY || of->job->asset == QB_INDEX;
    return !stock || provider_new_york(*out_us, out_us);
}

static void read_row(scan *at, const scan_text *key, gpointer data)
{
    series *into = data;
    gint64 ts_us;
    const gboolean stamped = stamp_of(into, key, &ts_us);
    into->row = provider_no_row;
    scan_members(at, read_field, into);
    into->row.bar.ts_us = ts_us;
    if (at->fault != NULL)
        return;
    if (stamped)
        provider_rows_add(&into->rows, &into->row.bar);
    else
        provider_rows_refuse(&into->rows, PROVIDER_OFF_GRID);
}

/* The one member whose name speaks of a time series. */
static void read_series(scan *at, const scan_text *key, gpointer data)
{
    g_autofree char *name = scan_text_copy(key);
    if (strstr(name, "Time Series") == NULL || scan_peek(at) != SCAN_OBJECT) {
        scan_skip(at);
        return;
    }
    ((series *)data)->found = TRUE;
    scan_members(at, read_row, data);
}

static gboolean read_json(GBytes *body, scan_member_reader read, series *into, GError **error)
{
    scan at;
    scan_init_bytes(&at, body);
    scan_members(&at, read, into);
    scan_finish(&at);
    return !scan_failed(&at, "Alpha Vantage", error);
}

static gboolean read_csv(GBytes *body, series *into, GError **error)
{
    g_autoptr(csv_table) table = provider_csv(body, "Alpha Vantage", error);
    if (table == NULL)
        return FALSE;
    const int stamp = csv_table_column(table, "timestamp");
    if (stamp < 0) {
        g_set_error(error, FAILURE, FAILURE_PROVIDER, "Alpha Vantage: no column \"timestamp\"");
        return FALSE;
    }
    for (gsize row = 0; row < csv_table_rows(table); row++) {
        qb_bar bar = provider_no_row.bar;
        scan_text text = {0};
        provider_csv_number(table, row, csv_table_column(table, "open"), &bar.open);
        provider_csv_number(table, row, csv_table_column(table, "high"), &bar.high);
        provider_csv_number(table, row, csv_table_column(table, "low"), &bar.low);
        provider_csv_number(table, row, csv_table_column(table, "close"), &bar.close);
        provider_csv_number(table, row, csv_table_column(table, "volume"), &bar.volume);
        provider_csv_number(table, row, csv_table_column(table, "dividend_amount"), &bar.dividend);
        provider_csv_number(table, row, csv_table_column(table, "split_coefficient"),
                            &bar.split_factor);
        text.text = csv_table_cell(table, row, stamp, &text.length);
        if (stamp_of(into, &text, &bar.ts_us))
            provider_rows_add(&into->rows, &bar);
        else
            provider_rows_refuse(&into->rows, PROVIDER_OFF_GRID);
    }
    return TRUE;
}

static gboolean read_bars(const provider_job *job, qb_interval interval, GBytes *body,
                          provider_page *page, GError **error)
{
    const char *cut = strchr(job->symbol, '-');
    series into = {.job = job, .quote = cut != NULL ? cut + 1 : "USD"};
    provider_rows_begin(&into.rows, job, interval, page);
    const gboolean good = provider_body_first(body) == '{'
                              ? read_json(body, read_series, &into, error) &&
                                    provider_expect(into.found, "Alpha Vantage", "Time Series",
                                                    error)
                              : read_csv(body, &into, error);
    return good && provider_rows_finish(&into.rows, error);
}

/* A whole history in one answer. What a short one settles begins with its first bar. */
static gboolean parse_whole(const provider_job *job, provider_step *step, GBytes *body,
                            provider_page *page, GError **error)
{
    if (!read_bars(job, job->interval, body, page, error))
        return FALSE;
    if (page->bars.count > 0) {
        page->settled_from_us = page->bars.ts_us[0];
        page->settled_to_us = job->to_us;
    }
    return provider_end(step);
}

static gboolean parse_intraday(const provider_job *job, provider_step *step, GBytes *body,
                               provider_page *page, GError **error)
{
    if (!read_bars(job, asked_interval(job), body, page, error))
        return FALSE;
    page->settled_from_us = step->at_us;
    step->at_us = MIN(month_end_us(step->at_us), job->to_us);
    page->settled_to_us = step->at_us;
    step->page++;
    step->over = step->at_us >= job->to_us;
    return TRUE;
}

/* ---- prices --------------------------------------------------------------------------------- */

static void read_quote_field(scan *at, const scan_text *key, gpointer data)
{
    series *into = data;
    scan_text text;
    if (is_field(key, "price", "") || is_field(key, "Exchange Rate", ""))
        scan_loose_double(at, &into->price);
    else if ((is_field(key, "latest trading day", "") || is_field(key, "Last Refreshed", "")) &&
             scan_peek(at) == SCAN_STRING) {
        if (scan_string(at, &text))
            provider_time(&text, &into->at_us);
    } else
        scan_skip(at);
}

static void read_quote(scan *at, const scan_text *key, gpointer data)
{
    if (scan_peek(at) == SCAN_OBJECT)
        scan_members(at, read_quote_field, data);
    else
        scan_skip(at);
}

static gboolean read_quote_csv(GBytes *body, series *into, GError **error)
{
    g_autoptr(csv_table) table = provider_csv(body, "Alpha Vantage", error);
    scan_text text = {0};
    if (table == NULL)
        return FALSE;
    const int day = csv_table_column(table, "latestDay");
    if (csv_table_rows(table) == 0 || day < 0)
        return TRUE;
    provider_csv_number(table, 0, csv_table_column(table, "price"), &into->price);
    text.text = csv_table_cell(table, 0, day, &text.length);
    provider_time(&text, &into->at_us);
    return TRUE;
}

static gboolean parse_price(const provider_job *job, provider_page *page, GBytes *body,
                            provider_price_kind kind, GError **error)
{
    series into = {.job = job, .price = NAN};
    const gboolean good = provider_body_first(body) == '{'
                              ? read_json(body, read_quote, &into, error)
                              : read_quote_csv(body, &into, error);
    if (good)
        provider_price(page, into.price, into.at_us, kind);
    return good;
}

static gboolean parse_quote(const provider_job *job, provider_step *step, GBytes *body,
                            provider_page *page, GError **error)
{
    return parse_price(job, page, body, PROVIDER_PRICE_CLOSE, error) && provider_end(step);
}

static gboolean parse_rate(const provider_job *job, provider_step *step, GBytes *body,
                           provider_page *page, GError **error)
{
    return parse_price(job, page, body, PROVIDER_PRICE_REFERENCE, error) && provider_end(step);
}

/* ---- what there is -------------------------------------------------------------------------- */

static gboolean parse_search(const provider_job *job, provider_step *step, GBytes *body,
                             provider_page *page, GError **error)
{
    g_autoptr(csv_table) table = provider_csv(body, "Alpha Vantage", error);
    if (table == NULL)
        return FALSE;
    for (gsize row = 0; row < csv_table_rows(table); row++) {
        provider_match match = {0};
        provider_csv_text(table, row, "symbol", match.vendor_symbol, sizeof match.vendor_symbol);
        provider_csv_text(table, row, "name", match.name, sizeof match.name);
        provider_csv_text(table, row, "region", match.kind, sizeof match.kind);
        provider_csv_text(table, row, "currency", match.currency, sizeof match.currency);
        provider_match_take(page, &match);
    }
    return provider_end(step);
}

/* ---- the vendor ----------------------------------------------------------------------------- */

static const provider_kind kinds[] = {
    [DAILY] = {"daily", "daily stock bars, JSON or CSV", request_daily, parse_whole},
    [INTRADAY] = {"intraday", "a month of stock bars (paid)", request_intraday, parse_intraday},
    [CRYPTO_DAILY] = {"crypto-daily", "daily bars of a pair", request_crypto_daily, parse_whole,
                      PROVIDER_BARS, QB_CRYPTO},
    [CRYPTO_INTRADAY] = {"crypto-intraday", "bars of a pair (paid)", request_crypto_intraday,
                         parse_whole, PROVIDER_BARS, QB_CRYPTO},
    [FX_DAILY] = {"fx-daily", "daily forex bars", request_fx_daily, parse_whole, PROVIDER_BARS,
                  QB_FX},
    [SERIES] = {"series", "any other time series", NULL, parse_whole},
    [QUOTE] = {"quote", "the last session's close", request_quote, parse_quote, PROVIDER_LATEST},
    [RATE] = {"rate", "an exchange rate", request_rate, parse_rate, PROVIDER_LATEST, QB_CRYPTO},
    [BULK] = {"bulk", "prices of many stocks (paid)", NULL, provider_parse_anything,
              PROVIDER_LATEST},
    [SEARCH] = {"search", "symbols by words", request_search, parse_search, PROVIDER_SEARCH},
    [STATUS] = {"status", "which markets are open", request_status, provider_parse_anything,
                PROVIDER_KEY},
    {NULL},
};

static const char *const hosts[] = {"www.alphavantage.co", NULL};
static const http_limit limits[] = {{"second", 1}, {"day", 25}, {NULL, 0}};

const provider provider_alphavantage = {
    .name = "alphavantage",
    .title = "Alpha Vantage",
    .key_setting = "ALPHA_VANTAGE_API_KEY",
    .base_setting = "QUANTBOT_ALPHAVANTAGE_BASE_URL",
    .register_at = "https://www.alphavantage.co/support/#api-key",
    .key_needed = TRUE,
    .assets = 1u << QB_EQUITY | 1u << QB_CRYPTO | 1u << QB_FX,
    .intervals = 1u << QB_1M | 1u << QB_5M | 1u << QB_15M | 1u << QB_30M | 1u << QB_1H |
                 1u << QB_1D,
    .asks = 1u << PROVIDER_BARS | 1u << PROVIDER_LATEST | 1u << PROVIDER_SEARCH |
            1u << PROVIDER_KEY,
    .service = {"alphavantage", hosts, limits, QB_MINUTE_US},
    .free_tier = "25 requests a day, one a second, the last 100 daily bars (2026)",
    .name_symbol = name_symbol,
    .check = check,
    .estimate = estimate,
    .start = start,
    .kinds = kinds,
    .judge = judge,
};
