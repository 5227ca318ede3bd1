/* Polygon, renamed Massive in 2025: two hosts, one interface. Stock bars are asked raw
 * (adjusted=false), with splits and dividends from the reference endpoints, because adjusted bars
 * are rewritten by each split. Wire facts: the provider's OpenAPI document of 2026-07 and the
 * answers that its own clients are tested with.
 *
 * Pages: `limit` counts base aggregates (minutes, days), not bars, so it is always at its maximum;
 * next_url leads on until it is absent. Its host is not believed: path and cursor are taken out of
 * it and asked of our own base. Hour bars of stocks hold pre-market trades and start before the
 * session, so they are made from half hours. */
#include "platform/clock.h"
#include "providers/providers-private.h"

#include <math.h>
#include <string.h>

enum {
    SPLITS,
    DIVIDENDS,
    BARS,
    PREV,
    GROUPED,
    OPEN_CLOSE,
    TRADE,
    NBBO,
    LAST,
    SNAPSHOT,
    TICKERS,
    STATUS
};

#define BASE_LIMIT 50000 /* base aggregates a request */
#define REFERENCE_LIMIT 1000
#define FREE_HISTORY_DAYS 730
#define NANOSECONDS_US 1000

/* ---- symbols -------------------------------------------------------------------------------- */

static gboolean name_symbol(const char *symbol, qb_asset asset, char out[PROVIDER_SYMBOL_SIZE],
                            char **out_why)
{
    const char *prefix = asset == QB_CRYPTO ? "X:" : asset == QB_FX ? "C:" : "";
    g_auto(GStrv)
        sides = g_strsplit(symbol, asset == QB_EQUITY || asset == QB_INDEX ? "\n" : "-", -1);
    g_autofree char *joined = g_strjoinv("", sides);
    if (asset == QB_INDEX)
        prefix = "I:";
    g_snprintf(out, PROVIDER_SYMBOL_SIZE, "%s%s", prefix, joined + (*joined == '^'));
    return TRUE;
}

/* ---- asking --------------------------------------------------------------------------------- */

static gboolean check(provider_job *job, GPtrArray *notes, GError **error)
{
    const gint64 oldest_us = (qb_date_from_us(job->now_us) - FREE_HISTORY_DAYS) * QB_DAY_US;
    char text[QB_TIME_TEXT];
    if (!provider_check_basics(job, error))
        return FALSE;
    if (job->ask == PROVIDER_LATEST && !job->paid)
        g_ptr_array_add(notes, g_strdup("Polygon's free plan has no live prices: the latest is the "
                                        "close of the last session"));
    if (job->ask != PROVIDER_BARS || job->paid || job->from_us >= oldest_us)
        return TRUE;
    qb_date_to_text(qb_date_from_us(oldest_us), text);
    if (job->to_us <= oldest_us) {
        g_set_error(error, FAILURE, FAILURE_PROVIDER,
                    "Polygon's free plan goes back two years, to %s (Tiingo's daily bars go back "
                    "decades)",
                    text);
        return FALSE;
    }
    g_ptr_array_add(notes,
                    g_strdup_printf("Polygon's free plan goes back two years: from %s", text));
    job->from_us = oldest_us;
    return TRUE;
}

static qb_interval asked_interval(const provider_job *job)
{
    const gboolean coarse = job->interval == QB_1H || job->interval == QB_4H;
    return coarse && (job->asset == QB_EQUITY || job->asset == QB_INDEX) ? QB_30M : job->interval;
}

static guint estimate(const provider_job *job)
{
    if (job->ask != PROVIDER_BARS)
        return 1;
    const gint64 base_us = job->interval >= QB_1D ? QB_DAY_US : QB_MINUTE_US;
    const gint64 base_bars = (job->to_us - job->from_us) / base_us;
    return (guint)MIN(base_bars / BASE_LIMIT + 1, (gint64)PROVIDER_PAGES_LIMIT) +
           (job->asset == QB_EQUITY ? 2 : 0);
}

static guint latest_kind(const provider_job *job)
{
    if (!job->paid)
        return PREV;
    return job->asset == QB_EQUITY || job->asset == QB_INDEX ? TRADE : LAST;
}

static void start(const provider_job *job, provider_step *step)
{
    *step = (provider_step){.at_us = job->from_us};
    switch (job->ask) {
    case PROVIDER_BARS:
        step->kind = job->asset == QB_EQUITY ? SPLITS : BARS;
        break;
    case PROVIDER_LATEST:
        step->kind = latest_kind(job);
        break;
    case PROVIDER_SEARCH:
        step->kind = TICKERS;
        break;
    default:
        step->kind = STATUS;
        break;
    }
}

static void add_key(const provider_job *job, provider_request *out)
{
    provider_request_key_header(out, "Authorization", "Bearer %s", job->key);
}

/* What next_url said, where it said something: "PATH\nCURSOR". */
static gboolean request_next(const provider_job *job, const provider_step *step,
                             provider_request *out)
{
    const char *cut = strchr(step->token, '\n');
    if (cut == NULL)
        return FALSE;
    provider_request_path(out, "%.*s", (int)(cut - step->token), step->token);
    provider_request_query(out, "cursor", "%s", cut + 1);
    add_key(job, out);
    return TRUE;
}

static void request_bars(const provider_job *job, const provider_step *step, provider_request *out)
{
    static const struct {
        int multiplier;
        const char *span;
    } spans[QB_INTERVAL_COUNT] = {
        [QB_1M] = {1, "minute"},   [QB_5M] = {5, "minute"}, [QB_15M] = {15, "minute"},
        [QB_30M] = {30, "minute"}, [QB_1H] = {1, "hour"},   [QB_4H] = {4, "hour"},
        [QB_1D] = {1, "day"},
    };
    const qb_interval interval = asked_interval(job);
    char from[QB_TIME_TEXT], to[QB_TIME_TEXT];
    out->from_us = step->at_us;
    out->to_us = job->to_us;
    if (request_next(job, step, out))
        return;
    if (interval == QB_1D) {
        qb_date_to_text(qb_date_from_us(job->from_us), from);
        qb_date_to_text(qb_date_from_us(job->to_us - 1), to);
    } else {
        g_snprintf(from, sizeof from, "%" G_GINT64_FORMAT, job->from_us / 1000);
        g_snprintf(to, sizeof to, "%" G_GINT64_FORMAT, (job->to_us - 1) / 1000);
    }
    g_autofree char *symbol = http_path_segment(job->vendor_symbol);
    provider_request_path(out, "/v2/aggs/ticker/%s/range/%d/%s/%s/%s", symbol,
                          spans[interval].multiplier, spans[interval].span, from, to);
    provider_request_query(out, "adjusted", "false");
    provider_request_query(out, "sort", "asc");
    provider_request_query(out, "limit", "%d", BASE_LIMIT);
    add_key(job, out);
}

static void request_actions(const provider_job *job, const provider_step *step, const char *path,
                            const char *date, provider_request *out)
{
    char text[QB_TIME_TEXT], name[40];
    if (request_next(job, step, out))
        return;
    provider_request_path(out, "%s", path);
    provider_request_query(out, "ticker", "%s", job->vendor_symbol);
    g_snprintf(name, sizeof name, "%s.gte", date);
    provider_request_query(out, name, "%s", qb_date_to_text(qb_date_from_us(job->from_us), text));
    g_snprintf(name, sizeof name, "%s.lte", date);
    provider_request_query(out, name, "%s", qb_date_to_text(qb_date_from_us(job->to_us - 1), text));
    provider_request_query(out, "limit", "%d", REFERENCE_LIMIT);
    add_key(job, out);
}

static void request_splits(const provider_job *job, const provider_step *step,
                           provider_request *out)
{
    request_actions(job, step, "/v3/reference/splits", "execution_date", out);
}

static void request_dividends(const provider_job *job, const provider_step *step,
                              provider_request *out)
{
    request_actions(job, step, "/v3/reference/dividends", "ex_dividend_date", out);
}

static void request_prev(const provider_job *job, const provider_step *step, provider_request *out)
{
    g_autofree char *symbol = http_path_segment(job->vendor_symbol);
    provider_request_path(out, "/v2/aggs/ticker/%s/prev", symbol);
    provider_request_query(out, "adjusted", "false");
    add_key(job, out);
}

static void request_trade(const provider_job *job, const provider_step *step, provider_request *out)
{
    g_autofree char *symbol = http_path_segment(job->vendor_symbol);
    provider_request_path(out, "/v2/last/trade/%s", symbol);
    add_key(job, out);
}

/* Two segments for a pair. */
static void request_last(const provider_job *job, const provider_step *step, provider_request *out)
{
    g_auto(GStrv) sides = g_strsplit(job->symbol, "-", 2);
    if (g_strv_length(sides) == 2)
        provider_request_path(
            out, job->asset == QB_FX ? "/v1/last_quote/currencies/%s/%s" : "/v1/last/crypto/%s/%s",
            sides[0], sides[1]);
    else
        provider_request_path(out, "/v1/last/crypto/%s/USD", job->symbol);
    add_key(job, out);
}

static void request_tickers(const provider_job *job, const provider_step *step,
                            provider_request *out)
{
    if (request_next(job, step, out))
        return;
    provider_request_path(out, "/v3/reference/tickers");
    provider_request_query(out, "search", "%s", job->vendor_symbol);
    provider_request_query(out, "limit", "%d", 50);
    add_key(job, out);
}

static void request_status(const provider_job *job, const provider_step *step,
                           provider_request *out)
{
    provider_request_path(out, "/v1/marketstatus/now");
    add_key(job, out);
}

/* ---- judging -------------------------------------------------------------------------------- */

static void judge(const http_answer *answer, gpointer data, http_verdict *out)
{
    const provider_job *job = data;
    http_judge_status(answer, out);
    if (provider_body_first(answer->body) != '{') {
        if (out->class == HTTP_FINE && provider_body_first(answer->body) != '[')
            http_verdict_set(out, HTTP_SERVER, "a page instead of data");
        else if (answer->status == 404)
            http_verdict_set(out, HTTP_BAD_REQUEST, "HTTP 404: no such path");
        return;
    }
    g_autofree char *status = provider_body_text(answer->body, "status");
    g_autofree char *message = provider_body_text(answer->body, "message");
    g_autofree char *text = message != NULL ? g_steal_pointer(&message)
                                            : provider_body_text(answer->body, "error");
    const char *words = text != NULL ? text : status != NULL ? status : "";
    /* Plans are told by the word, whatever the number says. */
    if (g_strcmp0(status, "NOT_AUTHORIZED") == 0)
        http_verdict_quote(out, HTTP_PLAN, words, -1);
    else if (out->class == HTTP_FINE && g_strcmp0(status, "NOT_FOUND") == 0)
        http_verdict_quote(out, HTTP_NOT_FOUND, words, -1);
    else if (out->class == HTTP_FINE && g_strcmp0(status, "ERROR") == 0)
        http_verdict_quote(out, HTTP_BAD_REQUEST, words, -1);
    else if (out->class != HTTP_FINE && *words != '\0')
        http_verdict_quote(out, out->class, words, -1);
    /* After long results the word stands at the end, where only the parser comes. */
    else if (out->class == HTTP_FINE && status == NULL && job->ask == PROVIDER_BARS &&
             provider_body_is_short(answer->body))
        http_verdict_set(out, HTTP_SERVER, "an answer that does not say \"OK\"");
    if (out->class == HTTP_RATE_LIMIT)
        out->wait_us = QB_MINUTE_US;
}

/* ---- paging --------------------------------------------------------------------------------- */

/* Path and cursor of a next_url, whatever host it names. */
static gboolean take_next(const scan_text *url, provider_step *step, const char **out_fault)
{
    g_autofree char *plain = scan_text_copy(url);
    g_autoptr(GUri)
        uri = g_uri_parse(plain, G_URI_FLAGS_ENCODED_PATH | G_URI_FLAGS_ENCODED_QUERY, NULL);
    g_autoptr(GHashTable) query = NULL;
    if (uri != NULL && g_uri_get_query(uri) != NULL)
        query = g_uri_parse_params(g_uri_get_query(uri), -1, "&", G_URI_PARAMS_NONE, NULL);
    const char *cursor = query != NULL ? g_hash_table_lookup(query, "cursor") : NULL;
    if (cursor == NULL || g_uri_get_path(uri)[0] != '/' || strchr(cursor, '\n') != NULL) {
        *out_fault = "next_url without a cursor";
        return FALSE;
    }
    g_autofree char *token = g_strdup_printf("%s\n%s", g_uri_get_path(uri), cursor);
    if (strlen(token) >= PROVIDER_TOKEN_SIZE || strcmp(token, step->token) == 0) {
        *out_fault = "next_url leads back to the same page";
        return FALSE;
    }
    g_strlcpy(step->token, token, sizeof step->token);
    return TRUE;
}

/* What every envelope holds beside its results. */
typedef struct envelope {
    const provider_job *job;
    provider_page *page;
    provider_rows *rows;
    scan_text next;
    gboolean has_next, other, has_status;
    provider_action action;
    double price, ask, from, to;
    gint64 at_us;
} envelope;

static gboolean fail(GError **error, const char *what)
{
    g_set_error(error, FAILURE, FAILURE_PROVIDER, "Polygon: %s", what);
    return FALSE;
}

/* After a page of this kind: its next one, else the next kind in the order of the enum. */
static gboolean advance(const envelope *from, provider_step *step, guint next_kind, gboolean over,
                        GError **error)
{
    const char *fault = NULL;
    if (from->has_next && !take_next(&from->next, step, &fault))
        return fail(error, fault);
    step->page++;
    if (from->has_next)
        return TRUE;
    step->token[0] = '\0';
    step->kind = next_kind;
    step->over = over;
    return TRUE;
}

static gboolean is_next(scan *at, const scan_text *key, envelope *into)
{
    if (!scan_text_is(key, "next_url"))
        return FALSE;
    if (scan_peek(at) == SCAN_STRING)
        into->has_next = scan_string(at, &into->next);
    else
        scan_skip(at);
    return TRUE;
}

/* ---- bars ----------------------------------------------------------------------------------- */

static const provider_members members = {"t", "o", "h", "l", "c", "v", .stamp = PROVIDER_STAMP_MS};

/* Daily stamps are midnight (or in some answers the close) on the market's clock: their date
 * counts. */
static gint64 stamp_of(const provider_job *job, gint64 ts_us)
{
    return job->interval >= QB_1D ? provider_session_stamp(job, ts_us) : ts_us;
}

static void read_bars(scan *at, const scan_text *key, gpointer data)
{
    envelope *into = data;
    provider_row row;
    if (is_next(at, key, into))
        return;
    into->has_status |= scan_text_is(key, "status");
    if (!scan_text_is(key, "results") || scan_peek(at) != SCAN_ARRAY) {
        scan_skip(at);
        return;
    }
    scan_enter_array(at);
    while (scan_element(at) && provider_row_read(at, &members, &row)) {
        row.bar.ts_us = stamp_of(into->job, row.bar.ts_us);
        if (into->job->asset == QB_FX)
            row.bar.volume = NAN; /* a count of quotes */
        if (row.stamped)
            provider_rows_add(into->rows, &row.bar);
        else
            provider_rows_refuse(into->rows, PROVIDER_OFF_GRID);
    }
}

static void settle(const provider_job *job, provider_step *step, provider_page *page,
                   gboolean has_next)
{
    page->settled_from_us = page->settled_to_us = step->at_us;
    if (!has_next)
        page->settled_to_us = job->to_us;
    else if (page->bars.count > 0)
        page->settled_to_us = CLAMP(page->bars.ts_us[page->bars.count - 1] + 1, step->at_us,
                                    job->to_us);
    step->at_us = page->settled_to_us;
}

static gboolean parse_bars(const provider_job *job, provider_step *step, GBytes *body,
                           provider_page *page, GError **error)
{
    provider_rows rows;
    envelope into = {.job = job, .page = page, .rows = &rows};
    provider_rows_begin(&rows, job, asked_interval(job), page);
    if (!provider_walk(job, body, read_bars, &into, error) ||
        !provider_expect(into.has_status, "Polygon", "status", error) ||
        !provider_rows_finish(&rows, error) || !advance(&into, step, BARS, TRUE, error))
        return FALSE;
    /* An unknown symbol and an empty range are the same answer. */
    if (page->rows == 0 && step->page == 1 && !into.has_next)
        provider_note(page, "Polygon has nothing of %s there (it may not know the symbol)",
                      job->vendor_symbol);
    settle(job, step, page, into.has_next);
    return TRUE;
}

static gboolean parse_prev(const provider_job *job, provider_step *step, GBytes *body,
                           provider_page *page, GError **error)
{
    provider_job daily = *job;
    provider_rows rows;
    daily.interval = QB_1D;
    envelope into = {.job = &daily, .page = page, .rows = &rows};
    provider_rows_begin(&rows, &daily, QB_1D, page);
    if (!provider_walk(job, body, read_bars, &into, error) || !provider_rows_finish(&rows, error))
        return FALSE;
    const qb_series *bars = &page->bars;
    if (bars->count > 0)
        provider_price(page, bars->close[bars->count - 1], bars->ts_us[bars->count - 1],
                       PROVIDER_PRICE_CLOSE);
    return provider_end(step);
}

/* ---- splits and dividends ------------------------------------------------------------------- */

static void read_action(scan *at, const scan_text *key, gpointer data)
{
    envelope *into = data;
    scan_text text;
    if (scan_text_is(key, "ticker")) {
        if (scan_string(at, &text))
            into->other = !scan_text_is(&text, into->job->vendor_symbol);
    } else if (scan_text_is(key, "execution_date") || scan_text_is(key, "ex_dividend_date")) {
        provider_read_time(at, &into->action.ts_us);
    } else if (scan_text_is(key, "split_from")) {
        scan_loose_double(at, &into->from);
    } else if (scan_text_is(key, "split_to")) {
        scan_loose_double(at, &into->to);
    } else if (scan_text_is(key, "cash_amount")) {
        scan_loose_double(at, &into->action.dividend);
    } else {
        scan_skip(at);
    }
}

static void take_action(envelope *into)
{
    provider_action *action = &into->action;
    into->page->rows++;
    if (into->from > 0 && into->to > 0)
        action->split_factor = into->to / into->from;
    if (into->other)
        into->page->refused[PROVIDER_OTHER_SYMBOL]++;
    else if (action->ts_us == 0 || !(action->dividend >= 0) || !isfinite(action->dividend) ||
             !(action->split_factor > 0) || !isfinite(action->split_factor))
        into->page->refused[PROVIDER_IMPOSSIBLE]++;
    else if (action->dividend > 0 || action->split_factor != 1)
        g_array_append_val(into->page->actions, *action);
}

static void read_actions(scan *at, const scan_text *key, gpointer data)
{
    envelope *into = data;
    if (is_next(at, key, into))
        return;
    if (!scan_text_is(key, "results") || scan_peek(at) != SCAN_ARRAY) {
        scan_skip(at);
        return;
    }
    scan_enter_array(at);
    while (scan_element(at)) {
        into->action = (provider_action){.split_factor = 1};
        into->from = into->to = 0;
        into->other = FALSE;
        scan_members(at, read_action, into);
        if (at->fault == NULL)
            take_action(into);
    }
}

static gboolean parse_splits(const provider_job *job, provider_step *step, GBytes *body,
                             provider_page *page, GError **error)
{
    envelope into = {.job = job, .page = page};
    return provider_walk(job, body, read_actions, &into, error) &&
           advance(&into, step, DIVIDENDS, FALSE, error);
}

static gboolean parse_dividends(const provider_job *job, provider_step *step, GBytes *body,
                                provider_page *page, GError **error)
{
    envelope into = {.job = job, .page = page};
    return provider_walk(job, body, read_actions, &into, error) &&
           advance(&into, step, BARS, FALSE, error);
}

/* ---- prices --------------------------------------------------------------------------------- */

/* Nanoseconds or milliseconds since 1970, told by their size: both are later than 2001. */
static void read_instant(scan *at, gint64 *out_us)
{
    gint64 count;
    if (scan_peek(at) != SCAN_NUMBER)
        scan_skip(at);
    else if (scan_int64(at, &count) && count > 0)
        *out_us = count > INT64_C(1000000000000000) ? count / NANOSECONDS_US : count * 1000;
}

static void read_price_member(scan *at, const scan_text *key, gpointer data)
{
    envelope *into = data;
    if (scan_text_is(key, "p") || scan_text_is(key, "price") || scan_text_is(key, "bid"))
        scan_loose_double(at, &into->price);
    else if (scan_text_is(key, "P") || scan_text_is(key, "ask"))
        scan_loose_double(at, &into->ask);
    else if (scan_text_is(key, "t") || scan_text_is(key, "timestamp"))
        read_instant(at, &into->at_us);
    else
        scan_skip(at);
}

static void read_price(scan *at, const scan_text *key, gpointer data)
{
    const gboolean holds = scan_text_is(key, "results") || scan_text_is(key, "last");
    if (holds && scan_peek(at) == SCAN_OBJECT)
        scan_members(at, read_price_member, data);
    else
        scan_skip(at);
}

/* A trade, or the middle of bid and ask where they are the right way round. */
static gboolean parse_price(const provider_job *job, provider_step *step, GBytes *body,
                            provider_page *page, GError **error)
{
    envelope into = {.job = job, .page = page, .price = NAN, .ask = NAN};
    if (!provider_walk(job, body, read_price, &into, error))
        return FALSE;
    if (isnan(into.ask))
        provider_price(page, into.price, into.at_us, PROVIDER_PRICE_TRADE);
    else if (into.ask >= into.price)
        provider_price(page, into.price / 2 + into.ask / 2, into.at_us, PROVIDER_PRICE_MID);
    return provider_end(step);
}

/* A snapshot's last trade. Before 04:00 New York they are empty: zeros, which are no prices. */
static void read_snapshot(scan *at, const scan_text *key, gpointer data)
{
    if (scan_text_is(key, "lastTrade") && scan_peek(at) == SCAN_OBJECT)
        scan_members(at, read_price_member, data);
    else if (scan_text_is(key, "ticker") && scan_peek(at) == SCAN_OBJECT)
        scan_members(at, read_snapshot, data);
    else
        scan_skip(at);
}

static void read_snapshots(scan *at, const scan_text *key, gpointer data)
{
    if (!scan_text_is(key, "tickers") || scan_peek(at) != SCAN_ARRAY) {
        read_snapshot(at, key, data);
        return;
    }
    scan_enter_array(at);
    while (scan_element(at))
        scan_members(at, read_snapshot, data);
}

static gboolean parse_snapshot(const provider_job *job, provider_step *step, GBytes *body,
                               provider_page *page, GError **error)
{
    envelope into = {.job = job, .page = page, .price = NAN, .ask = NAN};
    if (!provider_walk(job, body, read_snapshots, &into, error))
        return FALSE;
    provider_price(page, into.price, into.at_us, PROVIDER_PRICE_TRADE);
    return provider_end(step);
}

/* ---- what there is -------------------------------------------------------------------------- */

static const provider_match_members match_members = {
    .symbol = "ticker", .name = "name", .kind = "market", .currency = "currency_name"};

static void read_tickers(scan *at, const scan_text *key, gpointer data)
{
    envelope *into = data;
    if (is_next(at, key, into))
        return;
    if (scan_text_is(key, "results") && scan_peek(at) == SCAN_ARRAY)
        provider_matches_read(at, &match_members, into->page);
    else
        scan_skip(at);
}

/* One page is enough to choose from. */
static gboolean parse_tickers(const provider_job *job, provider_step *step, GBytes *body,
                              provider_page *page, GError **error)
{
    envelope into = {.job = job, .page = page};
    if (!provider_walk(job, body, read_tickers, &into, error))
        return FALSE;
    if (into.has_next)
        provider_note(page, "there are more: a longer text narrows the search");
    return provider_end(step);
}

/* ---- answers about a day, from files only --------------------------------------------------- */

typedef struct day {
    provider_row row;
    scan_text symbol;
} day;

static void read_day_member(scan *at, const scan_text *key, gpointer data)
{
    day *self = data;
    const struct {
        const char *name;
        double *into;
    } numbers[] = {
        {"open", &self->row.bar.open},     {"o", &self->row.bar.open},
        {"high", &self->row.bar.high},     {"h", &self->row.bar.high},
        {"low", &self->row.bar.low},       {"l", &self->row.bar.low},
        {"close", &self->row.bar.close},   {"c", &self->row.bar.close},
        {"volume", &self->row.bar.volume}, {"v", &self->row.bar.volume},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
        if (scan_text_is(key, numbers[i].name)) {
            scan_loose_double(at, numbers[i].into);
            return;
        }
    if (scan_text_is(key, "symbol") || scan_text_is(key, "T"))
        scan_string(at, &self->symbol);
    else if (scan_text_is(key, "from"))
        provider_read_time(at, &self->row.bar.ts_us);
    else if (scan_text_is(key, "t"))
        read_instant(at, &self->row.bar.ts_us);
    else
        scan_skip(at);
}

static void add_day(envelope *into, day *one)
{
    /* A bare date is the session's; an instant (the close) is turned into its date. */
    if (one->row.bar.ts_us % QB_DAY_US != 0)
        one->row.bar.ts_us = provider_session_stamp(into->job, one->row.bar.ts_us);
    if (scan_text_is(&one->symbol, into->job->vendor_symbol))
        provider_rows_add(into->rows, &one->row.bar);
    else
        provider_rows_refuse(into->rows, PROVIDER_OTHER_SYMBOL);
}

static void read_grouped(scan *at, const scan_text *key, gpointer data)
{
    if (!scan_text_is(key, "results") || scan_peek(at) != SCAN_ARRAY) {
        scan_skip(at);
        return;
    }
    scan_enter_array(at);
    while (scan_element(at)) {
        day one = {.row = provider_no_row};
        scan_members(at, read_day_member, &one);
        if (at->fault == NULL)
            add_day(data, &one);
    }
}

static gboolean parse_grouped(const provider_job *job, provider_step *step, GBytes *body,
                              provider_page *page, GError **error)
{
    provider_rows rows;
    envelope into = {.job = job, .page = page, .rows = &rows};
    provider_rows_begin(&rows, job, QB_1D, page);
    if (!provider_walk(job, body, read_grouped, &into, error) ||
        !provider_rows_finish(&rows, error))
        return FALSE;
    return provider_end(step);
}

static gboolean parse_open_close(const provider_job *job, provider_step *step, GBytes *body,
                                 provider_page *page, GError **error)
{
    provider_rows rows;
    scan at;
    day one = {.row = provider_no_row};
    envelope into = {.job = job, .page = page, .rows = &rows};
    provider_rows_begin(&rows, job, QB_1D, page);
    scan_init_bytes(&at, body);
    scan_members(&at, read_day_member, &one);
    scan_finish(&at);
    if (scan_failed(&at, "Polygon", error))
        return FALSE;
    add_day(&into, &one);
    return provider_rows_finish(&rows, error) && provider_end(step);
}

/* ---- the vendor ----------------------------------------------------------------------------- */

static const provider_kind kinds[] = {
    [SPLITS] = {"splits", "splits of a stock", request_splits, parse_splits},
    [DIVIDENDS] = {"dividends", "dividends of a stock", request_dividends, parse_dividends},
    [BARS] = {"bars", "bars of any interval", request_bars, parse_bars},
    [PREV] = {"prev", "the last session's bar", request_prev, parse_prev, PROVIDER_LATEST},
    [GROUPED] = {"grouped", "one day of a whole market", NULL, parse_grouped},
    [OPEN_CLOSE] = {"open-close", "one day of a stock", NULL, parse_open_close},
    [TRADE] = {"trade", "the last trade of a stock", request_trade, parse_price, PROVIDER_LATEST},
    [NBBO] = {"nbbo", "the best bid and ask of a stock", NULL, parse_price, PROVIDER_LATEST},
    [LAST] = {"last", "the last price of a pair", request_last, parse_price, PROVIDER_LATEST,
              QB_CRYPTO},
    [SNAPSHOT] = {"snapshot", "the state of one or all stocks", NULL, parse_snapshot,
                  PROVIDER_LATEST},
    [TICKERS] = {"tickers", "symbols by name", request_tickers, parse_tickers, PROVIDER_SEARCH},
    [STATUS] = {"status", "which markets are open", request_status, provider_parse_anything,
                PROVIDER_KEY},
    {NULL},
};

static const char *const hosts[] = {"api.polygon.io", "api.massive.com", NULL};
static const http_limit limits[] = {{"minute", 5}, {NULL, 0}};

const provider provider_polygon = {
    .name = "polygon",
    .title = "Polygon",
    .key_setting = "POLYGON_API_KEY",
    .base_setting = "QUANTBOT_POLYGON_BASE_URL",
    .register_at = "https://massive.com/dashboard/keys",
    .key_needed = TRUE,
    .assets = 1u << QB_EQUITY | 1u << QB_INDEX | 1u << QB_CRYPTO | 1u << QB_FX,
    .intervals = 1u << QB_1M | 1u << QB_5M | 1u << QB_15M | 1u << QB_30M | 1u << QB_1H |
                 1u << QB_4H | 1u << QB_1D,
    .asks = 1u << PROVIDER_BARS | 1u << PROVIDER_LATEST | 1u << PROVIDER_SEARCH |
            1u << PROVIDER_KEY,
    .service = {"polygon", hosts, limits, QB_MINUTE_US},
    .free_tier = "5 requests a minute, two years, end of day (2026)",
    .name_symbol = name_symbol,
    .check = check,
    .estimate = estimate,
    .start = start,
    .kinds = kinds,
    .judge = judge,
};
