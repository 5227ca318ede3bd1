/* Every request that is sent to CoinGecko, Polygon and CryptoCompare's data-api, checked against
 * the vendor's own document: path, parameters, types, enumerations, bounds, what is required. Where
 * the sheet of wire facts and a document differ, the case is named here. */
#include "openapi.h"

#include <string.h>

#define PAGES 5
#define DOCUMENT_LIMIT 64

/* ---- the checker itself --------------------------------------------------------------------- */

static const char small[] =
    "{\"components\":{\"parameters\":{\"limit\":{\"name\":\"limit\",\"in\":\"query\",\"schema\":"
    "{\"type\":\"integer\",\"minimum\":1,\"maximum\":50}}}},\"paths\":{\"/coins/{id}\":{\"get\":"
    "{\"parameters\":[{\"name\":\"id\",\"in\":\"path\",\"required\":true,\"schema\":{\"type\":"
    "\"string\",\"enum\":[\"a\",\"b\"]}},{\"$ref\":\"#/components/parameters/limit\"},{\"name\":"
    "\"full\",\"in\":\"query\",\"required\":true,\"schema\":{\"type\":\"boolean\"}}]}},"
    "\"/coins/list\":{\"get\":{}}}}";

static void test_checker(void)
{
    static const struct {
        const char *path, *names[3], *values[3], *wrong;
    } cases[] = {
        {"/coins/a", {"full", "limit"}, {"true", "50"}, NULL},
        {"/coins/list", {NULL}, {NULL}, NULL},
        {"/coins", {NULL}, {NULL}, "no such path"},
        {"/coins/c", {"full"}, {"true"}, "enum"},
        {"/coins/a", {NULL}, {NULL}, "full is required"},
        {"/coins/a", {"full"}, {"yes"}, "not a boolean"},
        {"/coins/a", {"full", "limit"}, {"true", "51"}, "out of bounds"},
        {"/coins/a", {"full", "limit"}, {"true", "0"}, "out of bounds"},
        {"/coins/a", {"full", "limit"}, {"true", "1.5"}, "not an integer"},
        {"/coins/a", {"full", "color"}, {"true", "1"}, "knows no color"},
    };
    json_auto_t *document = json_loads(small, 0, NULL);
    g_assert_nonnull(document);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        provider_request request = {0};
        provider_request_path(&request, "%s", cases[i].path);
        for (int k = 0; cases[i].names[k] != NULL; k++)
            provider_request_query(&request, cases[i].names[k], "%s", cases[i].values[k]);
        g_autofree char *wrong = openapi_check(document, &request, FALSE);
        if ((wrong == NULL) != (cases[i].wrong == NULL) ||
            (wrong != NULL && strstr(wrong, cases[i].wrong) == NULL))
            g_error("case %zu: %s (expected %s)", i, wrong, cases[i].wrong);
        provider_request_clear(&request);
    }
}

/* ---- a document ----------------------------------------------------------------------------- */

typedef struct document {
    const char *file, *provider, *base;
    gboolean paid;
    const char *skipped; /* kinds of another address: "a b" */
} document;

static const document documents[] = {
    {"coingecko-demo-openapi.json", "coingecko", "https://api.coingecko.com/api/v3", FALSE,
     "bars usage"},
    {"coingecko-pro-openapi.json", "coingecko", "https://pro-api.coingecko.com/api/v3", TRUE,
     "range ping"},
    {"polygon-openapi.json", "polygon", "https://api.polygon.io", FALSE, "trade last"},
    {"polygon-openapi.json", "polygon", "https://api.polygon.io", TRUE, "prev"},
    {"cryptocompare-data-api-openapi-subset.json", "cryptocompare",
     "https://data-api.cryptocompare.com", TRUE, "histo full limits"},
};

static json_t *load(const char *file)
{
    const char *shared = g_getenv("QUANTBOT_SHARED");
    g_autofree char *path = g_build_filename(shared != NULL ? shared : "", "specs", file, NULL);
    json_error_t problem;
    json_t *root = shared != NULL ? json_load_file(path, 0, &problem) : NULL;
    if (root == NULL)
        g_test_skip("the vendors' documents are absent (QUANTBOT_SHARED)");
    return root;
}

/* ---- answers that lead on ------------------------------------------------------------------- */

/* A page of the kind asked for, which says that there is more, or that there is not. */
static GBytes *answer(const document *of, const provider_job *job, const provider_step *step,
                      const provider_request *request, gboolean more)
{
    const char *kind = job->provider->kinds[step->kind].name;
    char *text;
    if (strcmp(of->provider, "polygon") == 0 && more)
        text = g_strdup_printf("{\"results\":[],\"next_url\":\"%s%s?cursor=c%u\"}", of->base,
                               request->path, step->page);
    else if (strcmp(of->provider, "coingecko") == 0)
        text = g_strdup(strcmp(kind, "bars") == 0 ? "[]" : "{}");
    else if (strcmp(of->provider, "cryptocompare") == 0 && more)
        text = g_strdup_printf("{\"Data\":[{\"TIMESTAMP\":%" G_GINT64_FORMAT ",\"OPEN\":1,"
                               "\"HIGH\":1,\"LOW\":1,\"CLOSE\":1,\"VOLUME\":1}]}",
                               step->at_us / QB_SECOND_US - 30 * 86400);
    else
        text = g_strdup(strcmp(of->provider, "cryptocompare") == 0 ? "{\"Data\":[]}"
                                                                   : "{\"results\":[]}");
    return g_bytes_new_take(text, strlen(text));
}

/* Asks as a download does, page after page, and marks the kinds it met. */
static guint walk(const document *of, const json_t *root, const provider_job *job, gboolean more,
                  gboolean seen[])
{
    provider_step step = {0};
    guint count = 0;
    job->provider->start(job, &step);
    for (; !step.over && count < PAGES; count++) {
        const provider_kind *kind = &job->provider->kinds[step.kind];
        provider_request request = {0};
        g_auto(provider_page) page;
        provider_page_init(&page);
        kind->request(job, &step, &request);
        const gboolean following = strcmp(of->provider, "polygon") == 0 && step.token[0] != '\0';
        g_autofree char *wrong = openapi_check(root, &request, following);
        if (wrong != NULL)
            g_error("%s, %s, %s %s: %s", of->file, kind->name, qb_asset_text(job->asset),
                    qb_interval_text(job->interval), wrong);
        seen[step.kind] = TRUE;
        g_autoptr(GBytes) body = answer(of, job, &step, &request, more);
        provider_request_clear(&request);
        if (!kind->parse(job, &step, body, &page, NULL))
            return count + 1;
    }
    return count;
}

/* ---- jobs ----------------------------------------------------------------------------------- */

static gint64 day_us(int year, int month, int day)
{
    return (gint64)qb_date_from_civil((qb_civil){year, month, day}) * QB_DAY_US;
}

static guint walk_job(const document *of, const json_t *root, provider_job *job, gboolean seen[])
{
    static const char *const symbols[] = {"BRK.B", "SPX", "BTC-USD", "EUR-USD"};
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *why = NULL;
    if ((job->provider->assets & (1u << job->asset)) == 0)
        return 0;
    g_strlcpy(job->symbol, symbols[job->asset], sizeof job->symbol);
    g_assert_true(job->provider->name_symbol(job->symbol, job->asset, job->vendor_symbol, &why));
    if (!job->provider->check(job, notes, NULL))
        return 0;
    return walk(of, root, job, FALSE, seen) + walk(of, root, job, TRUE, seen);
}

static guint walk_jobs(const document *of, const json_t *root, gboolean seen[])
{
    const gint64 now_us = day_us(2026, 9, 10) + 12 * QB_HOUR_US;
    const gint64 ranges[][2] = {{now_us - 3 * QB_DAY_US, now_us},
                                {day_us(2026, 1, 2), day_us(2026, 1, 3)},
                                {day_us(2019, 12, 31), now_us},
                                {now_us - QB_HOUR_US, now_us + QB_DAY_US}};
    const provider *about = providers_find(of->provider);
    guint count = 0;
    for (guint bits = 0; bits < PROVIDER_ASK_COUNT * 4 * QB_INTERVAL_COUNT * G_N_ELEMENTS(ranges);
         bits++) {
        guint left = bits;
        provider_job job = {.provider = about, .now_us = now_us, .key = "key", .base = of->base};
        job.ask = (provider_ask)(left % PROVIDER_ASK_COUNT);
        left /= PROVIDER_ASK_COUNT;
        job.asset = (qb_asset)(left % 4);
        left /= 4;
        job.interval = (qb_interval)(left % QB_INTERVAL_COUNT);
        left /= QB_INTERVAL_COUNT;
        job.from_us = ranges[left][0];
        job.to_us = ranges[left][1];
        job.paid = of->paid;
        job.calendar = qb_calendar_default(job.asset);
        count += walk_job(of, root, &job, seen);
    }
    return count;
}

static gboolean is_skipped(const document *of, const char *kind)
{
    g_auto(GStrv) names = g_strsplit(of->skipped, " ", -1);
    return g_strv_contains((const char *const *)names, kind);
}

static void test_document(gconstpointer data)
{
    const document *of = data;
    const provider *about = providers_find(of->provider);
    gboolean seen[DOCUMENT_LIMIT] = {FALSE};
    json_auto_t *root = load(of->file);
    if (root == NULL)
        return;
    g_test_message("%u requests", walk_jobs(of, root, seen));
    for (guint i = 0; about->kinds[i].name != NULL; i++) {
        const gboolean wanted = about->kinds[i].request != NULL &&
                                !is_skipped(of, about->kinds[i].name);
        if (seen[i] != wanted)
            g_error("%s: %s %s", of->file, about->kinds[i].name,
                    wanted ? "was never asked for" : "was asked for");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/openapi/checker", test_checker);
    for (gsize i = 0; i < G_N_ELEMENTS(documents); i++) {
        g_autofree char *path = g_strdup_printf("/openapi/%s/%s", documents[i].file,
                                                documents[i].paid ? "paid" : "free");
        g_test_add_data_func(path, &documents[i], test_document);
    }
    return g_test_run();
}
