/* Tiingo. Daily bars are raw with dividend and split of the day; intraday stock bars are those of
 * one exchange (IEX), whose volume is a few per cent of the market's and therefore unknown here;
 * crypto and forex bars are mixes over venues. Wire facts: Tiingo's documentation as of 2026, and
 * answers recorded between 2017 and 2026.
 *
 * No paging and no documented row cap. Daily ranges come whole; intraday ones are asked in windows,
 * and where an answer starts days after its window, only what it covers counts as settled. */
#include "csv/csv.h"
#include "platform/clock.h"
#include "providers/providers-private.h"

#include <math.h>
#include <string.h>

enum { DAILY, IEX, CRYPTO, FX, QUOTES, CRYPTO_TOP, FX_TOP, META, CRYPTO_META, SEARCH, SUPPORTED };

#define IEX_WINDOW_US (30 * QB_DAY_US)
#define FINE_WINDOW_US (3 * QB_DAY_US) /* of crypto and forex below an hour */
#define LATE_START_US (4 * QB_DAY_US)  /* a weekend with a holiday is no missing data */

/* ---- symbols -------------------------------------------------------------------------------- */

static gboolean name_symbol(const char *symbol, qb_asset asset, char out[PROVIDER_SYMBOL_SIZE],
                            char **out_why)
{
    gsize used = 0;
    for (const char *at = symbol; *at != '\0'; at++) {
        if (asset == QB_CRYPTO || asset == QB_FX) {
            if (*at != '-')
                out[used++] = g_ascii_tolower(*at);
        } else {
            out[used++] = *at == '.' || *at == '/' ? '-' : *at;
        }
    }
    out[used] = '\0';
    return TRUE;
}

/* ---- asking --------------------------------------------------------------------------------- */

static gboolean check(provider_job *job, GPtrArray *notes, GError **error)
{
    if (!provider_check_basics(job, error))
        return FALSE;
    if (job->ask == PROVIDER_BARS && job->asset == QB_EQUITY && job->interval < QB_1D)
        g_ptr_array_add(notes,
                        g_strdup("Tiingo's intraday stock bars are those of IEX alone; their "
                                 "volume is stored as unknown"));
    return TRUE;
}

/* Stock bars of an hour and more are made from half hours, which stand on our grid. */
static qb_interval asked_interval(const provider_job *job)
{
    const gboolean coarse = job->interval == QB_1H || job->interval == QB_4H;
    return job->asset == QB_EQUITY && coarse ? QB_30M : job->interval;
}

static gint64 window_us(const provider_job *job)
{
    if (job->asset == QB_EQUITY)
        return job->interval == QB_1D ? G_MAXINT64 : IEX_WINDOW_US;
    if (job->interval >= QB_1D)
        return G_MAXINT64;
    /* As many bars as three days of minutes have. */
    return FINE_WINDOW_US * (qb_interval_us(job->interval) / QB_MINUTE_US);
}

static gint64 window_end_us(const provider_job *job, gint64 from_us)
{
    const gint64 length_us = window_us(job);
    return job->to_us - from_us > length_us ? from_us + length_us : job->to_us;
}

static guint estimate(const provider_job *job)
{
    guint count = 0;
    if (job->ask != PROVIDER_BARS)
        return 1;
    for (gint64 at_us = job->from_us; at_us < job->to_us; at_us = window_end_us(job, at_us))
        count++;
    return MAX(count, 1);
}

static guint bars_kind(const provider_job *job)
{
    if (job->asset == QB_CRYPTO)
        return CRYPTO;
    if (job->asset == QB_FX)
        return FX;
    return job->interval == QB_1D ? DAILY : IEX;
}

static guint latest_kind(const provider_job *job)
{
    if (job->asset == QB_CRYPTO)
        return CRYPTO;
    return job->asset == QB_FX ? FX_TOP : QUOTES;
}

static void start(const provider_job *job, provider_step *step)
{
    *step = (provider_step){.at_us = job->from_us};
    switch (job->ask) {
    case PROVIDER_BARS:
        step->kind = bars_kind(job);
        break;
    case PROVIDER_LATEST:
        step->kind = latest_kind(job);
        break;
    case PROVIDER_SEARCH:
        step->kind = SEARCH;
        break;
    default:
        step->kind = META;
        break;
    }
}

static void add_key(const provider_job *job, provider_request *out)
{
    provider_request_key_header(out, "Authorization", "Token %s", job->key);
}

/* Both ends are dates and inclusive. */
static void add_range(const provider_job *job, const provider_step *step, provider_request *out)
{
    char text[QB_TIME_TEXT];
    out->from_us = step->at_us;
    out->to_us = window_end_us(job, step->at_us);
    provider_request_query(out, "startDate", "%s",
                           qb_date_to_text(qb_date_from_us(out->from_us), text));
    provider_request_query(out, "endDate", "%s",
                           qb_date_to_text(qb_date_from_us(out->to_us - 1), text));
}

static const char *resample_text(qb_interval interval)
{
    static const char *const texts[QB_INTERVAL_COUNT] = {
        [QB_1M] = "1min",  [QB_5M] = "5min",  [QB_15M] = "15min", [QB_30M] = "30min",
        [QB_1H] = "1hour", [QB_4H] = "4hour", [QB_1D] = "1day",
    };
    return texts[interval];
}

static void request_daily(const provider_job *job, const provider_step *step, provider_request *out)
{
    g_autofree char *symbol = http_path_segment(job->vendor_symbol);
    provider_request_path(out, "/tiingo/daily/%s/prices", symbol);
    add_range(job, step, out);
    add_key(job, out);
}

static void request_iex(const provider_job *job, const provider_step *step, provider_request *out)
{
    g_autofree char *symbol = http_path_segment(job->vendor_symbol);
    provider_request_path(out, "/iex/%s/prices", symbol);
    provider_request_query(out, "resampleFreq", "%s", resample_text(asked_interval(job)));
    provider_request_query(out, "columns", "open,high,low,close,volume");
    if (job->extended)
        provider_request_query(out, "afterHours", "true");
    add_range(job, step, out);
    add_key(job, out);
}

static void request_crypto(const provider_job *job, const provider_step *step,
                           provider_request *out)
{
    provider_request_path(out, "/tiingo/crypto/prices");
    provider_request_query(out, "tickers", "%s", job->vendor_symbol);
    if (job->ask == PROVIDER_LATEST) {
        provider_request_query(out, "resampleFreq", "1min");
    } else {
        provider_request_query(out, "resampleFreq", "%s", resample_text(job->interval));
        add_range(job, step, out);
    }
    add_key(job, out);
}

static void request_fx(const provider_job *job, const provider_step *step, provider_request *out)
{
    g_autofree char *symbol = http_path_segment(job->vendor_symbol);
    provider_request_path(out, "/tiingo/fx/%s/prices", symbol);
    provider_request_query(out, "resampleFreq", "%s", resample_text(job->interval));
    add_range(job, step, out);
    add_key(job, out);
}

/* With the slash: without it the answer is a redirect. */
static void request_quotes(const provider_job *job, const provider_step *step,
                           provider_request *out)
{
    provider_request_path(out, "/iex/");
    provider_request_query(out, "tickers", "%s", job->vendor_symbol);
    add_key(job, out);
}

static void request_fx_top(const provider_job *job, const provider_step *step,
                           provider_request *out)
{
    provider_request_path(out, "/tiingo/fx/top");
    provider_request_query(out, "tickers", "%s", job->vendor_symbol);
    add_key(job, out);
}

static void request_meta(const provider_job *job, const provider_step *step, provider_request *out)
{
    g_autofree char *symbol = http_path_segment(*job->vendor_symbol != '\0' ? job->vendor_symbol
                                                                            : "SPY");
    provider_request_path(out, "/tiingo/daily/%s", symbol);
    add_key(job, out);
}

static void request_search(const provider_job *job, const provider_step *step,
                           provider_request *out)
{
    provider_request_path(out, "/tiingo/utilities/search");
    provider_request_query(out, "query", "%s", job->vendor_symbol);
    provider_request_query(out, "limit", "%d", 20);
    add_key(job, out);
}

/* ---- judging -------------------------------------------------------------------------------- */

static void judge_limit(const char *words, http_verdict *out)
{
    const gint64 now_us = clock_now_us();
    http_verdict_quote(out, HTTP_RATE_LIMIT, words, -1);
    if (strstr(words, "month") != NULL)
        out->wait_us = QB_DAY_US; /* looked at again tomorrow */
    else if (strstr(words, "daily") != NULL)
        out->wait_us = provider_until_midnight_new_york_us(now_us);
    else
        out->wait_us = provider_until_hour_us(now_us);
}

/* The service says what is wrong in words, with whatever status. */
static gboolean judge_words(const char *words, http_verdict *out)
{
    static const struct {
        const char *part;
        http_class class;
    } meanings[] = {
        {"not found", HTTP_NOT_FOUND},         {"Not found", HTTP_NOT_FOUND},
        {"Invalid token", HTTP_AUTH},          {"supply a token", HTTP_AUTH},
        {"do not have permission", HTTP_PLAN},
    };
    if (strstr(words, "run over") != NULL || strstr(words, "allocation") != NULL) {
        judge_limit(words, out);
        return TRUE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(meanings); i++)
        if (strstr(words, meanings[i].part) != NULL) {
            http_verdict_quote(out, meanings[i].class, words, -1);
            return TRUE;
        }
    return FALSE;
}

static void judge(const http_answer *answer, gpointer data, http_verdict *out)
{
    http_judge_status(answer, out);
    const char first = provider_body_first(answer->body);
    g_autofree char *detail = first == '{' ? provider_body_text(answer->body, "detail") : NULL;
    g_autofree char *plain = first == 'E' ? provider_body_plain(answer->body) : NULL;
    if (detail != NULL && judge_words(detail, out))
        return;
    if (plain != NULL && g_str_has_prefix(plain, "Error:") && judge_words(plain, out))
        return;
    /* The text "None" is what the CSV endpoints say to a wrong key. */
    if (answer->status == 403 && first == 'N')
        http_verdict_set(out, HTTP_AUTH, "HTTP 403: None");
    else if (out->class == HTTP_FINE && first == '<')
        http_verdict_set(out, HTTP_SERVER, "a page instead of data");
    else if (out->class == HTTP_FINE && (detail != NULL || plain != NULL))
        http_verdict_quote(out, HTTP_SERVER, detail != NULL ? detail : plain, -1);
    else if (out->class == HTTP_RATE_LIMIT)
        out->wait_us = provider_until_hour_us(clock_now_us());
}

/* ---- reading bars --------------------------------------------------------------------------- */

static const provider_members members = {"date",  "open",   "high",    "low",
                                         "close", "volume", "divCash", "splitFactor"};

/* An array of rows, wherever it stands. keep_volume: it is the market's. */
static void read_rows(scan *at, provider_rows *rows, gboolean keep_volume)
{
    provider_row row;
    if (!scan_enter_array(at))
        return;
    while (scan_element(at) && provider_row_read(at, &members, &row)) {
        if (!row.stamped) {
            provider_rows_refuse(rows, PROVIDER_OFF_GRID);
            continue;
        }
        if (!keep_volume)
            row.bar.volume = NAN;
        provider_rows_add(rows, &row.bar);
    }
}

/* What one window's answer settles: all of it, or from its first bar on where that comes late. */
static void settle_window(const provider_job *job, const provider_step *step, provider_page *page,
                          gboolean empty_counts)
{
    const gint64 to_us = window_end_us(job, step->at_us);
    /* Bars may lie behind the window: then they say nothing of it. */
    if (!empty_counts && (page->bars.count == 0 || page->bars.ts_us[0] >= to_us))
        return;
    page->settled_from_us = step->at_us;
    page->settled_to_us = to_us;
    if (page->bars.count > 0 && !empty_counts && page->bars.ts_us[0] - step->at_us > LATE_START_US)
        page->settled_from_us = page->bars.ts_us[0];
}

static void next_window(const provider_job *job, provider_step *step)
{
    step->page++;
    step->at_us = window_end_us(job, step->at_us);
    step->over = job->ask != PROVIDER_BARS || step->at_us >= job->to_us;
}

static gboolean end_bars(const provider_job *job, provider_step *step, scan *at,
                         provider_rows *rows, gboolean empty_counts, GError **error)
{
    scan_finish(at);
    if (scan_failed(at, "Tiingo", error) || !provider_rows_finish(rows, error))
        return FALSE;
    settle_window(job, step, rows->page, empty_counts);
    next_window(job, step);
    return TRUE;
}

/* The same columns as CSV, where bare dates are session dates. */
static gboolean read_csv(GBytes *body, provider_rows *rows, GError **error)
{
    static const char *const names[] = {"open",   "high",    "low",        "close",
                                        "volume", "divCash", "splitFactor"};
    g_autoptr(csv_table) table = provider_csv(body, "Tiingo", error);
    if (table == NULL)
        return FALSE;
    const int date = csv_table_column(table, "date");
    if (date < 0) {
        g_set_error(error, FAILURE, FAILURE_PROVIDER, "Tiingo: no column \"date\"");
        return FALSE;
    }
    for (gsize row = 0; row < csv_table_rows(table); row++) {
        qb_bar bar = provider_no_row.bar;
        double *const into[] = {&bar.open,   &bar.high,     &bar.low,         &bar.close,
                                &bar.volume, &bar.dividend, &bar.split_factor};
        scan_text text = {0};
        for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
            provider_csv_number(table, row, csv_table_column(table, names[i]), into[i]);
        text.text = csv_table_cell(table, row, date, &text.length);
        if (provider_time(&text, &bar.ts_us))
            provider_rows_add(rows, &bar);
        else
            provider_rows_refuse(rows, PROVIDER_OFF_GRID);
    }
    return TRUE;
}

static gboolean parse_daily(const provider_job *job, provider_step *step, GBytes *body,
                            provider_page *page, GError **error)
{
    provider_rows rows;
    scan at;
    provider_rows_begin(&rows, job, job->interval, page);
    if (provider_body_first(body) != '[') {
        scan_init(&at, "", 0);
        return read_csv(body, &rows, error) && end_bars(job, step, &at, &rows, TRUE, error);
    }
    scan_init_bytes(&at, body);
    read_rows(&at, &rows, TRUE);
    return end_bars(job, step, &at, &rows, TRUE, error);
}

/* Symbols without IEX data have an empty answer too, so that one settles nothing. */
static gboolean parse_iex(const provider_job *job, provider_step *step, GBytes *body,
                          provider_page *page, GError **error)
{
    provider_rows rows;
    scan at;
    provider_rows_begin(&rows, job, asked_interval(job), page);
    scan_init_bytes(&at, body);
    read_rows(&at, &rows, FALSE);
    return end_bars(job, step, &at, &rows, FALSE, error);
}

static gboolean parse_fx(const provider_job *job, provider_step *step, GBytes *body,
                         provider_page *page, GError **error)
{
    provider_rows rows;
    scan at;
    provider_rows_begin(&rows, job, job->interval, page);
    scan_init_bytes(&at, body);
    read_rows(&at, &rows, FALSE);
    return end_bars(job, step, &at, &rows, FALSE, error);
}

/* ---- reading crypto ------------------------------------------------------------------------- */

/* One element per pair; those of other pairs are counted, not taken. */
static void read_pair(scan *at, const provider_job *job, provider_rows *rows)
{
    scan_text key, ticker = {0};
    if (!scan_enter_object(at))
        return;
    while (scan_member(at, &key)) {
        if (scan_text_is(&key, "ticker")) {
            if (!scan_string(at, &ticker))
                return;
        } else if (scan_text_is(&key, "priceData") && scan_text_is(&ticker, job->vendor_symbol)) {
            read_rows(at, rows, TRUE);
        } else if (!scan_skip(at)) {
            return;
        }
    }
    if (at->fault == NULL && !scan_text_is(&ticker, job->vendor_symbol))
        provider_rows_refuse(rows, PROVIDER_OTHER_SYMBOL);
}

/* The newest finished minute's close is the newest price that can be trusted: the book's best bid
 * and ask come from different venues. */
static void take_latest(provider_page *page)
{
    const qb_series *bars = &page->bars;
    if (bars->count == 0)
        return;
    page->price = bars->close[bars->count - 1];
    page->price_us = bars->ts_us[bars->count - 1] + qb_interval_us(page->interval);
    page->price_kind = PROVIDER_PRICE_TRADE;
}

static gboolean parse_crypto(const provider_job *job, provider_step *step, GBytes *body,
                             provider_page *page, GError **error)
{
    provider_rows rows;
    scan at;
    provider_rows_begin(&rows, job, job->ask == PROVIDER_LATEST ? QB_1M : job->interval, page);
    scan_init_bytes(&at, body);
    if (scan_enter_array(&at))
        while (scan_element(&at))
            read_pair(&at, job, &rows);
    if (!end_bars(job, step, &at, &rows, FALSE, error))
        return FALSE;
    if (job->ask == PROVIDER_LATEST)
        take_latest(page);
    else if (page->rows == 0)
        provider_note(page, "Tiingo has nothing of %s there (it may not know the pair)",
                      job->vendor_symbol);
    return TRUE;
}

static gboolean end_single(provider_step *step, scan *at, GError **error)
{
    scan_finish(at);
    return !scan_failed(at, "Tiingo", error) && provider_end(step);
}

/* ---- reading prices ------------------------------------------------------------------------- */

/* Members of one quote, whichever endpoint it comes from; absent ones are NaN or 0. */
typedef struct quote {
    scan_text ticker;
    double reference, last, mid;
    gint64 at_us;
} quote;

static gboolean read_quote(scan *at, quote *out)
{
    scan_text key, text;
    *out = (quote){.reference = NAN, .last = NAN, .mid = NAN};
    if (!scan_enter_object(at))
        return FALSE;
    while (scan_member(at, &key)) {
        const gboolean stamp = scan_text_is(&key, "timestamp") ||
                               scan_text_is(&key, "quoteTimestamp");
        gboolean good;
        if (scan_text_is(&key, "ticker"))
            good = scan_string(at, &out->ticker);
        else if (stamp && scan_peek(at) == SCAN_STRING)
            good = scan_string(at, &text) && provider_time(&text, &out->at_us);
        else if (scan_text_is(&key, "tngoLast"))
            good = scan_loose_double(at, &out->reference);
        else if (scan_text_is(&key, "last"))
            good = scan_loose_double(at, &out->last);
        else if (scan_text_is(&key, "midPrice"))
            good = scan_loose_double(at, &out->mid);
        else
            good = scan_skip(at);
        if (!good)
            return FALSE;
    }
    return at->fault == NULL;
}

static gboolean is_ticker(const scan_text *text, const char *symbol)
{
    return !text->escaped && text->length == strlen(symbol) &&
           g_ascii_strncasecmp(text->text, symbol, text->length) == 0;
}

/* Accounts without an agreement with the exchange have no last trade: the reference price then. */
static void take_quote(const quote *from, provider_page *page)
{
    const struct {
        double price;
        provider_price_kind kind;
    } prices[] = {
        {from->reference, PROVIDER_PRICE_REFERENCE},
        {from->last, PROVIDER_PRICE_TRADE},
        {from->mid, PROVIDER_PRICE_MID},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(prices) && !(page->price > 0); i++) {
        if (!(prices[i].price > 0))
            continue;
        page->price = prices[i].price;
        page->price_kind = prices[i].kind;
        page->price_us = from->at_us;
    }
}

/* An array, not in the order asked; unknown symbols are left out of it. */
static gboolean parse_quotes(const provider_job *job, provider_step *step, GBytes *body,
                             provider_page *page, GError **error)
{
    scan at;
    quote one;
    scan_init_bytes(&at, body);
    if (scan_enter_array(&at)) {
        while (scan_element(&at) && read_quote(&at, &one)) {
            page->rows++;
            if (is_ticker(&one.ticker, job->vendor_symbol))
                take_quote(&one, page);
            else
                page->refused[PROVIDER_OTHER_SYMBOL]++;
        }
    }
    return end_single(step, &at, error);
}

typedef struct top {
    const provider_job *job;
    provider_page *page;
    scan_text ticker;
    double price;
    gint64 at_us;
} top;

static void read_top_price(scan *at, const scan_text *key, gpointer data)
{
    top *self = data;
    scan_text text;
    if (scan_text_is(key, "lastPrice"))
        scan_loose_double(at, &self->price);
    else if (scan_text_is(key, "lastSaleTimestamp") && scan_peek(at) == SCAN_STRING &&
             scan_string(at, &text))
        provider_time(&text, &self->at_us);
    else
        scan_skip(at);
}

static void take_top(top *self)
{
    self->page->rows++;
    if (!is_ticker(&self->ticker, self->job->vendor_symbol))
        self->page->refused[PROVIDER_OTHER_SYMBOL]++;
    else if (self->price > 0)
        take_quote(&(quote){.last = self->price, .at_us = self->at_us}, self->page);
}

static void read_top(scan *at, const scan_text *key, gpointer data)
{
    top *self = data;
    if (scan_text_is(key, "ticker")) {
        scan_string(at, &self->ticker);
    } else if (scan_text_is(key, "topOfBookData") && scan_enter_array(at)) {
        while (scan_element(at)) {
            self->price = NAN;
            self->at_us = 0;
            scan_members(at, read_top_price, self);
            take_top(self);
        }
    } else {
        scan_skip(at);
    }
}

/* The book of a pair, for saved answers only: see take_latest. */
static gboolean parse_crypto_top(const provider_job *job, provider_step *step, GBytes *body,
                                 provider_page *page, GError **error)
{
    scan at;
    scan_init_bytes(&at, body);
    if (scan_enter_array(&at))
        while (scan_element(&at))
            scan_members(&at, read_top, &(top){.job = job, .page = page});
    return end_single(step, &at, error);
}

/* ---- reading what there is ------------------------------------------------------------------ */

static const provider_match_members match_members = {.symbol = "ticker",
                                                     .name = "name",
                                                     .kind = "assetType",
                                                     .other_kind = "exchangeCode",
                                                     .currency = "quoteCurrency",
                                                     .first = "startDate",
                                                     .last = "endDate"};

/* One object, or an array of them. */
static gboolean parse_matches(const provider_job *job, provider_step *step, GBytes *body,
                              provider_page *page, GError **error)
{
    scan at;
    scan_init_bytes(&at, body);
    if (scan_peek(&at) == SCAN_OBJECT)
        provider_match_read(&at, &match_members, page);
    else
        provider_matches_read(&at, &match_members, page);
    return end_single(step, &at, error);
}

static void copy_date(const csv_table *table, gsize row, const char *column, gint64 *into)
{
    char cell[PROVIDER_SYMBOL_SIZE] = "";
    provider_csv_text(table, row, column, cell, sizeof cell);
    provider_date(&(scan_text){cell, strlen(cell), FALSE}, into);
}

/* The list of all daily symbols, one row for each company that bore one; dates may be blank. */
static gboolean parse_supported(const provider_job *job, provider_step *step, GBytes *body,
                                provider_page *page, GError **error)
{
    g_autoptr(csv_table) table = provider_csv(body, "Tiingo", error);
    if (table == NULL)
        return FALSE;
    for (gsize row = 0; row < csv_table_rows(table); row++) {
        provider_match match = {0};
        provider_csv_text(table, row, "ticker", match.vendor_symbol, sizeof match.vendor_symbol);
        provider_csv_text(table, row, "assetType", match.kind, sizeof match.kind);
        provider_csv_text(table, row, "priceCurrency", match.currency, sizeof match.currency);
        copy_date(table, row, "startDate", &match.first_us);
        copy_date(table, row, "endDate", &match.last_us);
        provider_match_take(page, &match);
    }
    return provider_end(step);
}

/* ---- the vendor ----------------------------------------------------------------------------- */

static const provider_kind kinds[] = {
    [DAILY] = {"daily", "daily stock bars, JSON or CSV", request_daily, parse_daily},
    [IEX] = {"iex", "intraday stock bars", request_iex, parse_iex},
    [CRYPTO] = {"crypto", "crypto bars", request_crypto, parse_crypto, PROVIDER_BARS, QB_CRYPTO},
    [FX] = {"fx", "forex bars", request_fx, parse_fx, PROVIDER_BARS, QB_FX},
    [QUOTES] = {"quotes", "latest stock prices", request_quotes, parse_quotes, PROVIDER_LATEST},
    [FX_TOP] = {"fx-top", "latest forex prices", request_fx_top, parse_quotes, PROVIDER_LATEST,
                QB_FX},
    [CRYPTO_TOP] = {"crypto-top", "best bid and ask of a pair", NULL, parse_crypto_top,
                    PROVIDER_LATEST, QB_CRYPTO},
    [META] = {"meta", "one symbol's name and history", request_meta, parse_matches,
              PROVIDER_SEARCH},
    [CRYPTO_META] = {"crypto-meta", "names of pairs", NULL, parse_matches, PROVIDER_SEARCH,
                     QB_CRYPTO},
    [SEARCH] = {"search", "symbols by name", request_search, parse_matches, PROVIDER_SEARCH},
    [SUPPORTED] = {"supported", "all daily symbols, CSV", NULL, parse_supported, PROVIDER_SEARCH},
    {NULL},
};

static const char *const hosts[] = {"api.tiingo.com", NULL};
static const http_limit limits[] = {{"hour", 50}, {"day", 1000}, {NULL, 0}};

const provider provider_tiingo = {
    .name = "tiingo",
    .title = "Tiingo",
    .key_setting = "TIINGO_API_KEY",
    .base_setting = "QUANTBOT_TIINGO_BASE_URL",
    .register_at = "https://www.tiingo.com/account/api/token",
    .key_needed = TRUE,
    .assets = 1u << QB_EQUITY | 1u << QB_CRYPTO | 1u << QB_FX,
    .intervals = 1u << QB_1M | 1u << QB_5M | 1u << QB_15M | 1u << QB_30M | 1u << QB_1H |
                 1u << QB_4H | 1u << QB_1D,
    .asks = 1u << PROVIDER_BARS | 1u << PROVIDER_LATEST | 1u << PROVIDER_SEARCH |
            1u << PROVIDER_KEY,
    .service = {"tiingo", hosts, limits, QB_HOUR_US},
    .free_tier = "50 requests an hour, 1,000 a day, 500 symbols a month (2026)",
    .name_symbol = name_symbol,
    .check = check,
    .estimate = estimate,
    .start = start,
    .kinds = kinds,
    .judge = judge,
};
