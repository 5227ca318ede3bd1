/* FRED, with ALFRED's vintages: statistics, dated by the start of the period they observe and
 * published and revised long after it. A series is asked for with all its vintages, so that a
 * backtest can be told what was known on a day. Wire facts: the Bank's documentation as of 2026 and
 * answers recorded in 2024.
 *
 * One request holds at most 2,000 vintages, which daily series pass. So the dates of the vintages
 * are asked for first, and the observations then in windows of real time with that many each. A
 * vintage that spans two windows is given twice, with the window's first day as its start; the
 * cache keeps equal values as one vintage.
 *
 * A vintage counts from the end of its day (UTC): the hour of a release is not told, and a backtest
 * must never know a number before the world did. */
#include "platform/clock.h"
#include "providers/providers-private.h"

#include <math.h>
#include <string.h>

enum { VINTAGES, OBSERVATIONS, SERIES, SEARCH };

#define VINTAGES_LIMIT 2000
#define DATES_LIMIT 10000
#define ROWS_LIMIT 100000
#define DATE_LENGTH 10 /* of "2031-03-03" */
#define FIRST_DAY "1776-07-04"
#define LAST_DAY "9999-12-31"

/* ---- asking --------------------------------------------------------------------------------- */

static gboolean name_symbol(const char *symbol, qb_asset asset, char out[PROVIDER_SYMBOL_SIZE],
                            char **out_why)
{
    g_strlcpy(out, symbol, PROVIDER_SYMBOL_SIZE);
    return TRUE;
}

static gboolean check(provider_job *job, GPtrArray *notes, GError **error)
{
    if (job->ask == PROVIDER_BARS || job->ask == PROVIDER_LATEST) {
        g_set_error(error, FAILURE, FAILURE_PROVIDER,
                    "FRED has statistics, published with a lag and revised; it is no source of "
                    "prices (quantbot data macro stores its series)");
        return FALSE;
    }
    return provider_check_basics(job, error);
}

/* A page of vintage dates and one of observations; daily series take more. */
static guint estimate(const provider_job *job)
{
    if (job->ask != PROVIDER_VALUES)
        return 1;
    return job->interval == QB_1D ? 8 : 2;
}

static void start(const provider_job *job, provider_step *step)
{
    *step = (provider_step){.kind = SERIES};
    if (job->ask == PROVIDER_VALUES)
        step->kind = VINTAGES;
    else if (job->ask == PROVIDER_SEARCH)
        step->kind = SEARCH;
}

static void add_common(const provider_job *job, provider_request *out)
{
    provider_request_query(out, "file_type", "json"); /* else all is XML, errors too */
    provider_request_key_query(out, "api_key", job->key);
}

/* at_us counts rows here: the offset of the next page. */
static void request_vintages(const provider_job *job, const provider_step *step,
                             provider_request *out)
{
    provider_request_path(out, "/series/vintagedates");
    provider_request_query(out, "series_id", "%s", job->vendor_symbol);
    provider_request_query(out, "realtime_start", FIRST_DAY);
    provider_request_query(out, "realtime_end", LAST_DAY);
    provider_request_query(out, "limit", "%d", DATES_LIMIT);
    provider_request_query(out, "offset", "%" G_GINT64_FORMAT, step->at_us);
    add_common(job, out);
}

/* token: the first days of the windows, ten characters each; the step stands at the first. */
static void window_of(const provider_step *step, char first[QB_TIME_TEXT], char last[QB_TIME_TEXT])
{
    int64_t next_us;
    g_strlcpy(first, FIRST_DAY, QB_TIME_TEXT);
    g_strlcpy(last, LAST_DAY, QB_TIME_TEXT);
    const gsize length = strlen(step->token);
    if (length >= DATE_LENGTH)
        g_strlcpy(first, step->token, DATE_LENGTH + 1);
    if (length >= 2 * DATE_LENGTH &&
        qb_time_from_text(step->token + DATE_LENGTH, DATE_LENGTH, &next_us) == QB_OK)
        qb_date_to_text(qb_date_from_us(next_us) - 1, last);
}

static void request_observations(const provider_job *job, const provider_step *step,
                                 provider_request *out)
{
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT], text[QB_TIME_TEXT];
    window_of(step, first, last);
    out->from_us = job->from_us;
    out->to_us = job->to_us;
    provider_request_path(out, "/series/observations");
    provider_request_query(out, "series_id", "%s", job->vendor_symbol);
    provider_request_query(out, "realtime_start", "%s", first);
    provider_request_query(out, "realtime_end", "%s", last);
    provider_request_query(out, "observation_start", "%s",
                           qb_date_to_text(qb_date_from_us(job->from_us), text));
    provider_request_query(out, "observation_end", "%s",
                           qb_date_to_text(qb_date_from_us(job->to_us - 1), text));
    provider_request_query(out, "limit", "%d", ROWS_LIMIT);
    provider_request_query(out, "offset", "%" G_GINT64_FORMAT, step->at_us);
    add_common(job, out);
}

static void request_series(const provider_job *job, const provider_step *step,
                           provider_request *out)
{
    provider_request_path(out, "/series");
    provider_request_query(out, "series_id", "%s",
                           *job->vendor_symbol != '\0' ? job->vendor_symbol : "GDP");
    add_common(job, out);
}

static void request_search(const provider_job *job, const provider_step *step,
                           provider_request *out)
{
    provider_request_path(out, "/series/search");
    provider_request_query(out, "search_text", "%s", job->vendor_symbol);
    provider_request_query(out, "limit", "%d", 20);
    add_common(job, out);
}

/* ---- judging -------------------------------------------------------------------------------- */

/* Wrong keys and unknown series are both 400: the words tell. The XML of a forgotten file_type
 * holds the same words. */
static void judge(const http_answer *answer, gpointer data, http_verdict *out)
{
    http_judge_status(answer, out);
    g_autofree char *message = provider_body_text(answer->body, "error_message");
    const char first = provider_body_first(answer->body);
    if (answer->status == 400 && provider_body_contains(answer->body, "api_key"))
        out->class = HTTP_AUTH;
    else if (answer->status == 400 && provider_body_contains(answer->body, "does not exist"))
        out->class = HTTP_NOT_FOUND;
    else if (answer->status == 404)
        out->class = HTTP_BAD_REQUEST; /* an unknown path: series are not found with 400 */
    else if (answer->status == 403)
        out->class = HTTP_SERVER; /* the front's doing: a region or a client it does not like */
    else if (out->class == HTTP_FINE && first != '{')
        http_verdict_set(out, HTTP_SERVER, "a page instead of data");
    if (out->class != HTTP_FINE && message != NULL)
        http_verdict_quote(out, out->class, message, -1);
    if (out->class == HTTP_RATE_LIMIT)
        out->wait_us = QB_MINUTE_US;
}

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct envelope {
    const provider_job *job;
    provider_page *page;
    gint64 count, offset, limit, rows;
    gboolean found;   /* the list */
    GPtrArray *dates; /* of char *, vintage dates */
} envelope;

static gboolean read_count(scan *at, const scan_text *key, envelope *into)
{
    const struct {
        const char *name;
        gint64 *into;
    } counts[] = {{"count", &into->count}, {"offset", &into->offset}, {"limit", &into->limit}};
    for (gsize i = 0; i < G_N_ELEMENTS(counts); i++)
        if (scan_text_is(key, counts[i].name))
            return scan_int64(at, counts[i].into), TRUE;
    return FALSE;
}

#define PLACE_LIMIT 1000000000 /* rows; no series has a thousandth of them */

/* A page that stands before the one asked for would be asked for without end. */
static gboolean check_place(const envelope *of, const provider_step *step, GError **error)
{
    if (of->offset >= step->at_us && of->offset <= PLACE_LIMIT && of->count <= PLACE_LIMIT)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_PROVIDER,
                "FRED: a page at row %" G_GINT64_FORMAT " (expected %" G_GINT64_FORMAT ")",
                of->offset, step->at_us);
    return FALSE;
}

/* Rows up to this page's end, where the service has more. */
static gboolean has_more(const envelope *of)
{
    return of->rows > 0 && of->offset + of->rows < of->count;
}

static void read_vintages(scan *at, const scan_text *key, gpointer data)
{
    envelope *into = data;
    scan_text text;
    gint64 ignored;
    if (read_count(at, key, into))
        return;
    if (!scan_text_is(key, "vintage_dates") || scan_peek(at) != SCAN_ARRAY) {
        scan_skip(at);
        return;
    }
    into->found = TRUE;
    scan_enter_array(at);
    while (scan_element(at) && scan_string(at, &text)) {
        into->rows++;
        if (provider_date(&text, &ignored))
            g_ptr_array_add(into->dates, scan_text_copy(&text));
    }
}

/* Windows begin with every 2,000th vintage; before the first vintage nothing was known. offset: how
 * many vintages earlier pages held. */
static gboolean add_windows(provider_step *step, const GPtrArray *dates, gint64 offset)
{
    for (guint i = 0; i < dates->len; i++) {
        const gint64 place = offset + i;
        if (place > 0 && place % VINTAGES_LIMIT != 0)
            continue;
        const char *day = place == 0 ? FIRST_DAY : (const char *)g_ptr_array_index(dates, i);
        if (g_strlcat(step->token, day, sizeof step->token) >= sizeof step->token)
            return FALSE;
    }
    return TRUE;
}

static gboolean parse_vintages(const provider_job *job, provider_step *step, GBytes *body,
                               provider_page *page, GError **error)
{
    g_autoptr(GPtrArray) dates = g_ptr_array_new_with_free_func(g_free);
    envelope into = {.job = job, .page = page, .dates = dates};
    provider_step next = *step;
    if (!provider_walk(job, body, read_vintages, &into, error) ||
        !provider_expect(into.found, "FRED", "vintage_dates", error) ||
        !check_place(&into, step, error))
        return FALSE;
    page->rows = (gsize)into.rows;
    if (!add_windows(&next, dates, into.offset)) {
        g_set_error(error, FAILURE, FAILURE_PROVIDER,
                    "FRED: %s has too many vintages (%" G_GINT64_FORMAT ")", job->vendor_symbol,
                    into.count);
        return FALSE;
    }
    next.page++;
    next.at_us = has_more(&into) ? into.offset + into.rows : 0;
    if (!has_more(&into)) {
        next.kind = OBSERVATIONS;
        next.over = next.token[0] == '\0'; /* no vintage, no value */
    }
    *step = next;
    return TRUE;
}

static gint64 end_of_day(gint64 day_us)
{
    return day_us + QB_DAY_US;
}

static void read_observation(scan *at, const scan_text *key, gpointer data)
{
    provider_value *value = data;
    if (scan_text_is(key, "date"))
        provider_read_time(at, &value->ts_us);
    else if (scan_text_is(key, "realtime_start"))
        provider_read_time(at, &value->known_from_us);
    else if (scan_text_is(key, "realtime_end"))
        provider_read_time(at, &value->known_to_us);
    else if (scan_text_is(key, "value"))
        scan_loose_double(at, &value->value);
    else
        scan_skip(at);
}

static void take_observation(envelope *into, provider_value *value, gint64 window_end_us)
{
    const provider_job *job = into->job;
    if (value->ts_us == G_MININT64 || value->known_from_us == G_MININT64) {
        into->page->refused[PROVIDER_OFF_GRID]++;
        return;
    }
    if (value->ts_us < job->from_us || value->ts_us >= job->to_us) {
        into->page->refused[PROVIDER_OUTSIDE]++;
        return;
    }
    if (value->known_to_us < value->known_from_us) {
        into->page->refused[PROVIDER_IMPOSSIBLE]++;
        return;
    }
    /* A vintage that lasts to the end of the window may last on. */
    value->known_to_us = value->known_to_us >= window_end_us
                             ? G_MAXINT64
                             : end_of_day(value->known_to_us) + QB_DAY_US;
    value->known_from_us = end_of_day(value->known_from_us);
    if (isnan(value->value))
        into->page->refused[PROVIDER_EMPTY_ROW]++;
    g_array_append_vals(into->page->values, value, 1);
}

typedef struct observations {
    envelope common;
    gint64 window_end_us;
} observations;

static void read_observations(scan *at, const scan_text *key, gpointer data)
{
    observations *into = data;
    if (read_count(at, key, &into->common))
        return;
    if (!scan_text_is(key, "observations") || scan_peek(at) != SCAN_ARRAY) {
        scan_skip(at);
        return;
    }
    into->common.found = TRUE;
    scan_enter_array(at);
    while (scan_element(at)) {
        provider_value value = {G_MININT64, G_MININT64, G_MAXINT64, NAN};
        scan_members(at, read_observation, &value);
        into->common.rows++;
        into->common.page->rows++;
        if (at->fault == NULL)
            take_observation(&into->common, &value, into->window_end_us);
    }
}

/* The next page of this window, else the next window. */
static void advance(const envelope *from, provider_step *step)
{
    step->page++;
    if (has_more(from)) {
        step->at_us = from->offset + from->rows;
        return;
    }
    step->at_us = 0;
    step->over = strlen(step->token) < 2 * DATE_LENGTH;
    if (!step->over)
        memmove(step->token, step->token + DATE_LENGTH, strlen(step->token + DATE_LENGTH) + 1);
}

static gboolean parse_observations(const provider_job *job, provider_step *step, GBytes *body,
                                   provider_page *page, GError **error)
{
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    int64_t end_us = G_MAXINT64;
    observations into = {.common = {.job = job, .page = page}};
    window_of(step, first, last);
    if (qb_time_from_text(last, strlen(last), &end_us) != QB_OK)
        end_us = G_MAXINT64;
    into.window_end_us = end_us;
    page->interval = job->interval;
    scan at;
    scan_init_bytes(&at, body);
    scan_members(&at, read_observations, &into);
    scan_finish(&at);
    if (scan_failed(&at, "FRED", error) ||
        !provider_expect(into.common.found, "FRED", "observations", error) ||
        !check_place(&into.common, step, error))
        return FALSE;
    advance(&into.common, step);
    if (step->over) {
        page->settled_from_us = job->from_us;
        page->settled_to_us = job->to_us;
    }
    return TRUE;
}

/* ---- what there is -------------------------------------------------------------------------- */

static const provider_match_members match_members = {.symbol = "id",
                                                     .name = "title",
                                                     .kind = "frequency",
                                                     .currency = "units_short",
                                                     .first = "observation_start",
                                                     .last = "observation_end"};

/* The list really is called "seriess". */
static void read_matches(scan *at, const scan_text *key, gpointer data)
{
    if (scan_text_is(key, "seriess") && scan_peek(at) == SCAN_ARRAY)
        provider_matches_read(at, &match_members, ((envelope *)data)->page);
    else
        scan_skip(at);
}

static gboolean parse_matches(const provider_job *job, provider_step *step, GBytes *body,
                              provider_page *page, GError **error)
{
    envelope into = {.job = job, .page = page};
    if (!provider_walk(job, body, read_matches, &into, error))
        return FALSE;
    return provider_end(step);
}

/* ---- the vendor ----------------------------------------------------------------------------- */

static const provider_kind kinds[] = {
    [VINTAGES] = {"vintages", "the days on which a series was revised", request_vintages,
                  parse_vintages, PROVIDER_VALUES},
    [OBSERVATIONS] = {"observations", "values with the days on which they were the known ones",
                      request_observations, parse_observations, PROVIDER_VALUES},
    [SERIES] = {"series", "one series' name, frequency and units", request_series, parse_matches,
                PROVIDER_SEARCH},
    [SEARCH] = {"search", "series by words", request_search, parse_matches, PROVIDER_SEARCH},
    {NULL},
};

static const char *const hosts[] = {"api.stlouisfed.org", NULL};
static const http_limit limits[] = {{"minute", 120}, {NULL, 0}};

const provider provider_fred = {
    .name = "fred",
    .title = "FRED",
    .key_setting = "FRED_API_KEY",
    .base_setting = "QUANTBOT_FRED_BASE_URL",
    .register_at = "https://fredaccount.stlouisfed.org/apikeys",
    .key_needed = TRUE,
    .assets = 1u << QB_MACRO,
    .intervals = 1u << QB_1D | 1u << QB_1W | 1u << QB_1MO | 1u << QB_1Q | 1u << QB_1Y,
    .asks = 1u << PROVIDER_VALUES | 1u << PROVIDER_SEARCH | 1u << PROVIDER_KEY,
    .service = {"fred", hosts, limits, QB_MINUTE_US},
    .free_tier = "120 requests a minute (2026)",
    .name_symbol = name_symbol,
    .check = check,
    .estimate = estimate,
    .start = start,
    .kinds = kinds,
    .judge = judge,
};
