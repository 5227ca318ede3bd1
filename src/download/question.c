/* One question that stores nothing: a price, a search, whether the key is good. */
#include "download/download-private.h"

#include "platform/clock.h"

typedef struct question {
    http *client;
    GMainLoop *loop;
    http_answer *answer;
    http_verdict verdict;
    GError *error;
} question;

static void on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
    question *self = data;
    (void)source;
    self->answer = http_get_finish(self->client, result, &self->verdict, &self->error);
    g_main_loop_quit(self->loop);
}

/* The question of a job whose step has been set; waits for its answer. */
static http_answer *ask(const provider_job *job, const provider_step *step, vendor *vendor,
                        http *client, http_class *out_class, GError **error)
{
    question self = {.client = client, .loop = g_main_loop_new(NULL, FALSE)};
    vendor_send(client, vendor, job, step, NULL, on_answer, &self);
    g_main_loop_run(self.loop);
    g_main_loop_unref(self.loop);
    *out_class = self.verdict.class;
    if (self.error != NULL)
        g_propagate_error(error, self.error);
    return self.answer;
}

static gboolean name_symbol(provider_job *job, const char *text, GError **error)
{
    g_autofree char *why = NULL;
    if (job->ask == PROVIDER_SEARCH) {
        g_strlcpy(job->vendor_symbol, text, sizeof job->vendor_symbol);
        return TRUE;
    }
    g_strlcpy(job->symbol, text, sizeof job->symbol);
    if (job->ask == PROVIDER_KEY ||
        job->provider->name_symbol(text, job->asset, job->vendor_symbol, &why))
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_PROVIDER, "%s: %s", job->provider->title,
                why != NULL ? why : "it has no name for that symbol");
    return FALSE;
}

gboolean download_question(download *self, const download_asked *asked, provider_page *page,
                           http_class *out_class, GError **error)
{
    vendor *vendor = vendor_of(self, asked->provider);
    provider_job job = {
        .provider = asked->provider,
        .ask = asked->ask,
        .asset = asked->asset,
        .interval = QB_1D,
        .calendar = asked->asset < QB_ASSET_COUNT ? qb_calendar_default(asked->asset) : NULL,
        .to_us = self->options.now_us,
        .now_us = self->options.now_us,
        .key = vendor->key,
        .paid = self->options.paid,
        .base = vendor->base,
    };
    provider_step step;
    *out_class = HTTP_FINE;
    if (!name_symbol(&job, asked->text, error) || !job.provider->check(&job, page->notes, error))
        return FALSE;
    http *client = vendor_client(self, vendor, error);
    if (client == NULL)
        return FALSE;
    job.provider->start(&job, &step);
    g_autoptr(http_answer) answer = ask(&job, &step, vendor, client, out_class, error);
    return answer != NULL &&
           job.provider->kinds[step.kind].parse(&job, &step, answer->body, page, error);
}
