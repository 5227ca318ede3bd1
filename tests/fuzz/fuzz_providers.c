/* Any bytes are some vendor's answer: an error with a class and words, bytes that are no answer,
 * or rows that keep what providers.h promises. The first HEAD bytes choose vendor, kind, asset,
 * interval, status and plan, range, the rest is the body.
 *
 * A page's bars are ascending, sound and known before now. A step never moves on at a failure,
 * always moves on else, and leads to a request that can be sent. What an answer settles lies
 * within what was asked. */
#include "providers/providers.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

#define HEAD 6
#define PAGES 3
#define BODY_LIMIT 32768
#define NOW_US ((gint64)1789041600 * QB_SECOND_US) /* 2026-09-10 12:00 UTC */

/* ---- texts ---------------------------------------------------------------------------------- */

static void check_text(const char *text)
{
    g_assert_true(g_utf8_validate(text, -1, NULL));
    for (const char *at = text; *at != '\0'; at++)
        g_assert_true((guchar)*at >= 0x20);
}

static void check_error(const GError *error)
{
    g_assert_nonnull(error);
    g_assert_true(g_error_matches(error, FAILURE, FAILURE_PROVIDER));
    check_text(error->message);
}

/* What can stand in the first line of a request as it is. */
static void check_request(const provider_request *request)
{
    g_assert_nonnull(request->path);
    g_assert_true(*request->path == '/');
    for (const char *at = request->path; *at != '\0'; at++)
        g_assert_true((guchar)*at > 0x20 && (guchar)*at < 0x7f && *at != '?' && *at != '#');
    for (guint i = 0; i < request->query_count; i++)
        g_assert_true(g_utf8_validate(request->query[i].value, -1, NULL));
    g_assert_cmpint(request->from_us, <=, request->to_us);
}

/* ---- pages ---------------------------------------------------------------------------------- */

static gint64 known_us(const provider_job *job, qb_interval interval, gint64 ts_us)
{
    qb_session_cursor cursor = {0};
    qb_bar_time times;
    return qb_bar_times_next(job->calendar, interval, ts_us, &cursor, &times)
               ? times.known_us
               : ts_us + qb_interval_us(interval);
}

static void check_bars(const provider_job *job, const provider_page *page)
{
    const qb_series *bars = &page->bars;
    qb_defects defects = {0};
    if (bars->count == 0)
        return;
    g_assert_nonnull(job->calendar);
    g_assert_cmpint(qb_validate(bars, job->calendar, page->interval, &defects), ==, QB_OK);
    for (int kind = 0; kind < QB_DEFECT_KIND_COUNT; kind++)
        if (qb_defect_is_fatal((qb_defect_kind)kind))
            g_assert_cmpuint(defects.by_kind[kind], ==, 0);
    for (size_t i = 0; i < bars->count; i++) {
        if (i > 0)
            g_assert_cmpint(bars->ts_us[i], >, bars->ts_us[i - 1]);
        g_assert_cmpint(known_us(job, page->interval, bars->ts_us[i]), <=, job->now_us);
        if (job->ask == PROVIDER_BARS && page->interval == job->interval)
            g_assert_true(bars->ts_us[i] >= job->from_us && bars->ts_us[i] < job->to_us);
    }
}

static void check_others(const provider_page *page)
{
    for (guint i = 0; i < page->actions->len; i++) {
        const provider_action *action = &g_array_index(page->actions, provider_action, i);
        g_assert_true(isfinite(action->dividend) && action->dividend >= 0);
        g_assert_true(isfinite(action->split_factor) && action->split_factor > 0);
    }
    for (guint i = 0; i < page->values->len; i++) {
        const provider_value *value = &g_array_index(page->values, provider_value, i);
        g_assert_cmpint(value->known_from_us, <, value->known_to_us);
        g_assert_false(isinf(value->value));
    }
    for (guint i = 0; i < page->matches->len; i++) {
        const provider_match *match = &g_array_index(page->matches, provider_match, i);
        g_assert_true(*match->vendor_symbol != '\0');
    }
    for (guint i = 0; i < page->notes->len; i++)
        check_text(g_ptr_array_index(page->notes, i));
    g_assert_true(isnan(page->price) || (isfinite(page->price) && page->price > 0));
}

static void check_settled(const provider_job *job, const provider_request *request,
                          const provider_page *page)
{
    const gboolean asked = request->to_us > request->from_us;
    g_assert_cmpint(page->settled_from_us, <=, page->settled_to_us);
    if (page->settled_from_us == page->settled_to_us)
        return;
    g_assert_cmpint(page->settled_from_us, >=, asked ? request->from_us : job->from_us);
    g_assert_cmpint(page->settled_to_us, <=, asked ? request->to_us : job->to_us);
}

/* ---- one answer ----------------------------------------------------------------------------- */

static guint count_kinds(const provider *about)
{
    guint count = 0;
    while (about->kinds[count].name != NULL)
        count++;
    return count;
}

static guint count_providers(void)
{
    guint count = 0;
    while (providers_table[count] != NULL)
        count++;
    return count;
}

static gboolean same_step(const provider_step *a, const provider_step *b)
{
    return a->kind == b->kind && a->page == b->page && a->at_us == b->at_us && a->over == b->over &&
           strcmp(a->token, b->token) == 0;
}

/* FALSE where a download would end. */
static gboolean try_page(const provider_job *job, provider_step *step, GBytes *body)
{
    const provider_kind *kind = &job->provider->kinds[step->kind];
    const provider_step before = *step;
    provider_request request = {0};
    g_auto(provider_page) page;
    g_autoptr(GError) error = NULL;
    provider_page_init(&page);
    if (kind->request != NULL) {
        kind->request(job, step, &request);
        check_request(&request);
    }
    const gboolean good = kind->parse(job, step, body, &page, &error);
    if (good) {
        g_assert_no_error(error);
        g_assert_cmpuint(step->page, >, before.page);
        g_assert_cmpuint(step->kind, <, count_kinds(job->provider));
        /* Kinds that are only read from files may stand still. */
        g_assert_true(step->over || kind->request == NULL ||
                      job->provider->kinds[step->kind].request != NULL);
        check_bars(job, &page);
        check_others(&page);
        check_settled(job, &request, &page);
    } else {
        check_error(error);
        g_assert_true(same_step(step, &before));
    }
    provider_request_clear(&request);
    return good && !step->over;
}

static void try_body(const provider_job *job, guint kind, guint status, GBytes *body)
{
    const http_answer answer = {.status = status,
                                .body = body,
                                .content_type = (char *)"application/json",
                                .retry_after_us = -1};
    http_verdict verdict = {.wait_us = -1};
    provider_step step = {0};
    job->provider->judge(&answer, (gpointer)job, &verdict);
    check_text(verdict.words);
    if (verdict.class != HTTP_FINE) {
        g_assert_true(*verdict.words != '\0');
        return;
    }
    job->provider->start(job, &step);
    step.kind = kind;
    for (int i = 0; i < PAGES && try_page(job, &step, body); i++)
        ;
}

/* ---- the job -------------------------------------------------------------------------------- */

static qb_asset asset_of(const provider *about, guint wanted)
{
    for (guint i = 0; i < QB_ANY_ASSET_COUNT; i++) {
        const guint asset = (wanted + i) % QB_ANY_ASSET_COUNT;
        if ((about->assets & (1u << asset)) != 0)
            return (qb_asset)asset;
    }
    return QB_EQUITY;
}

static qb_interval interval_of(const provider *about, guint wanted)
{
    for (guint i = 0; i < QB_MACRO_INTERVAL_COUNT; i++) {
        const guint interval = (wanted + i) % QB_MACRO_INTERVAL_COUNT;
        if ((about->intervals & (1u << interval)) != 0)
            return (qb_interval)interval;
    }
    return QB_1D;
}

static gint64 day_us(int year, int month, int day)
{
    return (gint64)qb_date_from_civil((qb_civil){year, month, day}) * QB_DAY_US;
}

static provider_job job_of(const guint8 head[HEAD], guint *out_kind)
{
    static const char *const symbols[QB_ANY_ASSET_COUNT] = {"AAPL", "SPX", "BTC-USD", "EUR-USD",
                                                            "GDP"};
    const gint64 ranges[][2] = {{day_us(1990, 1, 1), NOW_US},
                                {day_us(2018, 1, 5), day_us(2018, 1, 20)},
                                {day_us(2026, 1, 1), NOW_US - QB_HOUR_US}};
    const provider *about = providers_table[head[0] % count_providers()];
    g_autofree char *why = NULL;
    *out_kind = head[1] % count_kinds(about);
    const guint range = head[5] % G_N_ELEMENTS(ranges);
    provider_job job = {.provider = about,
                        .ask = about->kinds[*out_kind].ask,
                        .asset = asset_of(about, head[2]),
                        .interval = interval_of(about, head[3]),
                        .from_us = ranges[range][0],
                        .to_us = ranges[range][1],
                        .now_us = NOW_US,
                        .extended = (head[5] & 0x40) != 0,
                        .paid = (head[5] & 0x80) != 0,
                        .key = "a-key-of-the-tests",
                        .base = (head[5] & 0x20) != 0 ? "https://data-api.cryptocompare.com"
                                                      : "https://127.0.0.1"};
    job.calendar = job.asset == QB_MACRO ? NULL : qb_calendar_default(job.asset);
    g_strlcpy(job.symbol, symbols[job.asset], sizeof job.symbol);
    g_assert_true(about->name_symbol(job.symbol, job.asset, job.vendor_symbol, &why));
    return job;
}

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
    static const guint statuses[] = {200, 200, 200, 200, 401, 403, 404, 422, 429, 500};
    guint kind;
    if (size < HEAD || size > HEAD + BODY_LIMIT)
        return 0;
    provider_job job = job_of(data, &kind);
    provider_job narrowed = job;
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GBytes) body = g_bytes_new(data + HEAD, size - HEAD);
    /* As a download would narrow it; data parse reads without. */
    if (job.provider->check(&narrowed, notes, NULL))
        job = narrowed;
    try_body(&job, kind, statuses[data[4] % G_N_ELEMENTS(statuses)], body);
    return 0;
}
