#include "parse.h"

#include "platform/files.h"

#include <math.h>
#include <string.h>

#define LIMIT (64u * 1024u * 1024u)

gboolean parse_has_fixtures(void)
{
    const char *shared = g_getenv("QUANTBOT_SHARED");
    g_autofree char *folder = g_build_filename(shared != NULL ? shared : "", "fixtures", NULL);
    if (shared != NULL && files_exists(folder))
        return TRUE;
    g_test_skip("the recorded answers are absent (QUANTBOT_SHARED)");
    return FALSE;
}

static GBytes *read_fixture(const char *file)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(g_getenv("QUANTBOT_SHARED"), "fixtures", file, NULL);
    GBytes *bytes = files_read(path, LIMIT, &error);
    g_assert_no_error(error);
    return bytes;
}

static gint64 time_of(const char *text, gint64 standard)
{
    int64_t at_us = standard;
    if (text != NULL)
        g_assert_cmpint(qb_time_from_text(text, strlen(text), &at_us), ==, QB_OK);
    return at_us;
}

static provider_job job_of(const provider *about, const parse_case *of)
{
    static const char *const symbols[] = {"AAPL", "SPX", "BTC-USD", "EUR-USD", "GDP"};
    provider_job job = {
        .provider = about,
        .ask = of->ask,
        .asset = of->asset,
        .interval = of->interval,
        .calendar = of->asset == QB_MACRO ? NULL : qb_calendar_default(of->asset),
        .from_us = time_of(of->from, time_of("1900-01-01", 0)),
        .to_us = time_of(of->to, time_of("2100-01-01", 0)),
        .now_us = time_of(of->now, time_of("2100-01-01", 0)),
        .key = "key",
        .base = "https://127.0.0.1",
    };
    g_strlcpy(job.symbol, of->symbol != NULL ? of->symbol : symbols[of->asset], sizeof job.symbol);
    g_autofree char *why = NULL;
    if (!about->name_symbol(job.symbol, job.asset, job.vendor_symbol, &why))
        g_error("%s: %s", of->file, why != NULL ? why : "no such symbol");
    return job;
}

static guint kind_of(const provider *about, const char *name)
{
    for (guint i = 0; about->kinds[i].name != NULL; i++)
        if (strcmp(about->kinds[i].name, name) == 0)
            return i;
    g_error("%s has no kind %s", about->name, name);
}

/* Judges, and where the answer is fine, parses. */
static http_class run(const provider *about, const parse_case *of, provider_page *page)
{
    provider_job job = job_of(about, of);
    provider_step step = {0};
    g_autoptr(GBytes) body = read_fixture(of->file);
    http_answer answer = {.status = of->status > 0 ? of->status : 200,
                          .body = body,
                          .content_type = (char *)(of->type ? of->type : "application/json"),
                          .retry_after_us = -1};
    http_verdict verdict = {0};
    g_autoptr(GError) error = NULL;
    about->judge(&answer, &job, &verdict);
    if (verdict.class != HTTP_FINE) {
        g_assert_cmpint(strlen(verdict.words), >, 0);
        return verdict.class;
    }
    about->start(&job, &step);
    step.kind = kind_of(about, of->kind);
    if (!about->kinds[step.kind].parse(&job, &step, body, page, &error))
        g_error("%s: %s", of->file, error->message);
    return HTTP_FINE;
}

void parse_page(const provider *about, const parse_case *of, provider_page *out)
{
    provider_page_init(out);
    g_assert_cmpint(run(about, of, out), ==, of->class);
}

static char *refused_text(const provider_page *page)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < PROVIDER_REFUSAL_COUNT; i++)
        if (page->refused[i] > 0)
            g_string_append_printf(text, "%s%" G_GSIZE_FORMAT " %s", text->len > 0 ? ", " : "",
                                   page->refused[i], provider_refusal_text((provider_refusal)i));
    return g_string_free(text, FALSE);
}

static void check_stamp(const char *file, gint64 ts_us, const char *expected)
{
    char text[QB_TIME_TEXT];
    if (ts_us != time_of(expected, 0))
        g_error("%s: a bar at %s (expected %s)", file, qb_time_to_text(ts_us, text), expected);
}

static void check_number(const char *file, const char *what, double value, double expected)
{
    if (!(value == expected || (isnan(value) && isnan(expected))))
        g_error("%s: %s %.17g (expected %.17g)", file, what, value, expected);
}

static void check_bars(const parse_case *expected, const provider_page *page)
{
    const char *file = expected->file;
    const qb_series *bars = &page->bars;
    if (bars->count != expected->bars)
        g_error("%s: %zu bars (expected %u)", file, bars->count, expected->bars);
    g_autofree char *refused = refused_text(page);
    if (strcmp(refused, expected->refused != NULL ? expected->refused : "") != 0)
        g_error("%s: refused: \"%s\" (expected \"%s\")", file, refused,
                expected->refused != NULL ? expected->refused : "");
    if (bars->count == 0)
        return;
    const qb_bar last = qb_series_bar(bars, bars->count - 1);
    check_stamp(file, bars->ts_us[0], expected->first);
    check_stamp(file, last.ts_us, expected->last);
    check_number(file, "open", last.open, expected->open);
    check_number(file, "high", last.high, expected->high);
    check_number(file, "low", last.low, expected->low);
    check_number(file, "close", last.close, expected->close);
    check_number(file, "volume", last.volume, expected->volume);
}

void parse_check(const provider *about, const parse_case *expected)
{
    g_auto(provider_page) page;
    provider_page_init(&page);
    const http_class class = run(about, expected, &page);
    if (class != expected->class)
        g_error("%s: %s (expected %s)", expected->file, http_class_text(class),
                http_class_text(expected->class));
    if (class == HTTP_FINE)
        check_bars(expected, &page);
}
