/* The run. Each series goes its own way, a few at a time:
 *
 *     range ─> request ─> answer ─> parse ─> store ─┐
 *       ^         ^────────── next page ────────────┤
 *       └──────────────── next range ───────────────┘
 *
 * http waits, repeats and judges; here an answer is either understood or the series ends. */
#include "download/download-private.h"

#include "platform/clock.h"

#include <string.h>

#define FAULTS_LIMIT 2u /* answers in a row that cannot be read: the second ends the series */
#define STUCK_LIMIT 3u  /* pages in a row that bring nothing new */

static void ask(series *self);
static void begin_more(download *self);

static void tell(series *self)
{
    const download_observer *observer = self->owner->observer;
    if (observer != NULL && observer->changed != NULL)
        observer->changed(self->owner, &self->item, observer->data);
}

/* ---- ending --------------------------------------------------------------------------------- */

static void end(series *self, download_state state)
{
    download *owner = self->owner;
    self->item.state = state;
    self->item.waiting_us = 0;
    tell(self);
    owner->active--;
    begin_more(owner);
}

/* A refused key is refused for all. */
static void stop_provider(series *self)
{
    download *owner = self->owner;
    vendor *vendor = self->vendor;
    if (vendor->stopped != NULL)
        return;
    vendor->stopped = g_error_copy(self->item.error);
    for (guint i = 0; i < owner->items->len; i++) {
        series *other = g_ptr_array_index(owner->items, i);
        if (other != self && other->vendor == vendor && other->item.state == DOWNLOAD_RUNNING)
            g_cancellable_cancel(other->stop);
    }
}

static GError *interrupted(void)
{
    return g_error_new(FAILURE, FAILURE_INTERRUPTED,
                       "interrupted (the same command goes on where it stopped)");
}

static void fail(series *self, GError *error, http_class class)
{
    const vendor *vendor = self->vendor;
    const gboolean cancelled = g_error_matches(error, FAILURE, FAILURE_INTERRUPTED);
    self->item.class = class;
    if (cancelled && vendor->stopped != NULL) {
        g_error_free(error);
        error = g_error_copy(vendor->stopped);
        self->item.class = HTTP_AUTH;
    } else if (cancelled) {
        g_error_free(error);
        error = interrupted();
        self->item.class = HTTP_FINE;
    } else if (class == HTTP_AUTH) {
        g_autofree char *words = g_steal_pointer(&error->message);
        error->message = g_strdup_printf("%s (%s; keys are had at %s)", words,
                                         vendor->provider->key_setting,
                                         vendor->provider->register_at);
    }
    self->item.error = error;
    if (class == HTTP_AUTH)
        stop_provider(self);
    end(self, DOWNLOAD_FAILED);
}

static void fail_server(series *self, const char *what)
{
    fail(self, g_error_new(FAILURE, FAILURE_PROVIDER, "%s: %s", self->job.provider->title, what),
         HTTP_SERVER);
}

/* ---- ranges --------------------------------------------------------------------------------- */

static void begin_range(series *self)
{
    const download_range *range = &g_array_index(self->item.ranges, download_range, self->range);
    self->job.from_us = range->from_us;
    self->job.to_us = range->to_us;
    g_array_set_size(self->actions, 0);
    qb_series_clear(&self->fine);
    self->finished_us = G_MININT64;
    self->seen = (download_range){0};
    g_clear_pointer(&self->last_hash, g_free);
    self->last_rows = 0;
    self->faults = self->stuck = 0;
    self->job.provider->start(&self->job, &self->step);
    ask(self);
}

static void next_range(series *self)
{
    self->range++;
    if (self->range < self->item.ranges->len)
        begin_range(self);
    else
        end(self, DOWNLOAD_DONE);
}

/* ---- does it lead on? ----------------------------------------------------------------------- */

static gboolean widen(download_range *seen, gint64 from_us, gint64 to_us)
{
    if (from_us >= to_us)
        return FALSE;
    if (seen->from_us == seen->to_us) {
        *seen = (download_range){from_us, to_us};
        return TRUE;
    }
    const gboolean wider = from_us < seen->from_us || to_us > seen->to_us;
    seen->from_us = MIN(seen->from_us, from_us);
    seen->to_us = MAX(seen->to_us, to_us);
    return wider;
}

/* Another question, and the very bytes of the answer before: its rows are not those of this page,
 * and what this page settles they say nothing about. */
static gboolean repeats(const series *self, const char *hash)
{
    return self->last_rows > 0 && self->last_kind == self->step.kind &&
           g_strcmp0(self->last_hash, hash) == 0;
}

static void remember(series *self, const provider_page *page, guint kind, const char *hash)
{
    g_free(self->last_hash);
    self->last_hash = g_strdup(hash);
    self->last_rows = page->rows;
    self->last_kind = kind;
}

/* Whatever cursors and offsets say: a page has to bring bars beyond those seen, or settle more, or
 * be another kind of answer. Of actions and values, which have no such order, it must be another
 * answer than the one before. */
static gboolean brings_news(series *self, const provider_page *page, guint kind, const char *hash)
{
    const qb_series *bars = &page->bars;
    gboolean news = self->step.kind != kind || self->step.over;
    if (bars->count > 0)
        news |= widen(&self->seen, bars->ts_us[0], bars->ts_us[bars->count - 1] + 1);
    news |= widen(&self->seen, page->settled_from_us, page->settled_to_us);
    if (page->actions->len > 0 || page->values->len > 0)
        news |= g_strcmp0(self->last_hash, hash) != 0;
    return news;
}

/* NULL: it does. */
static const char *why_not_on(series *self, const provider_page *page, guint kind, const char *hash)
{
    self->stuck = brings_news(self, page, kind, hash) ? 0 : self->stuck + 1;
    if (self->stuck >= STUCK_LIMIT)
        return "its pages go on without anything new";
    return self->step.page >= PROVIDER_PAGES_LIMIT ? "its pages do not end" : NULL;
}

/* ---- an answer ------------------------------------------------------------------------------ */

static void count_page(series *self, const provider_page *page)
{
    self->item.answers++;
    self->item.rows += page->rows;
    for (int i = 0; i < PROVIDER_REFUSAL_COUNT; i++)
        self->item.refused[i] += page->refused[i];
    for (guint i = 0; i < page->notes->len; i++)
        series_note(self, g_ptr_array_index(page->notes, i));
    for (guint i = 0; i < page->actions->len; i++) {
        const found_action found = {g_array_index(page->actions, provider_action, i), FALSE};
        g_array_append_val(self->actions, found);
    }
}

static gboolean store(series *self, provider_page *page, const char *hash, GError **error)
{
    if (self->job.ask == PROVIDER_VALUES)
        return values_store(self, page, hash, error);
    return page_store(self, page, hash, self->step.over, error);
}

/* Bytes that are no such answer: once may be an accident on the way. */
static void take_fault(series *self, GError *error)
{
    if (++self->faults < FAULTS_LIMIT) {
        g_error_free(error);
        ask(self);
        return;
    }
    fail(self, error, HTTP_SERVER);
}

static void take(series *self, GBytes *body)
{
    const guint kind = self->step.kind;
    g_auto(provider_page) page = {0};
    GError *error = NULL;
    g_autofree char *hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, body);
    provider_page_init(&page);
    if (repeats(self, hash)) {
        take_fault(self, g_error_new(FAILURE, FAILURE_PROVIDER, "%s: the same page again",
                                     self->job.provider->title));
        return;
    }
    if (!self->job.provider->kinds[kind].parse(&self->job, &self->step, body, &page, &error)) {
        take_fault(self, error);
        return;
    }
    self->faults = 0;
    count_page(self, &page);
    if (!store(self, &page, hash, &error)) {
        fail(self, error, error->code == FAILURE_PROVIDER ? HTTP_SERVER : HTTP_FINE);
        return;
    }
    const char *why = why_not_on(self, &page, kind, hash);
    remember(self, &page, kind, hash);
    if (why != NULL) {
        fail_server(self, why);
        return;
    }
    tell(self);
    if (self->step.over)
        next_range(self);
    else
        ask(self);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer data)
{
    series *self = data;
    GError *error = NULL;
    http_verdict verdict;
    (void)source;
    g_autoptr(http_answer) answer = http_get_finish(self->owner->client, result, &verdict, &error);
    self->item.waiting_us = 0;
    if (answer != NULL)
        take(self, answer->body);
    else
        fail(self, error, error->code == FAILURE_PROVIDER ? verdict.class : HTTP_FINE);
}

/* ---- a request ------------------------------------------------------------------------------ */

static void ask(series *self)
{
    vendor_send(self->owner->client, self->vendor, &self->job, &self->step, self->stop, on_answer,
                self);
}

static void begin(series *self)
{
    GError *error = NULL;
    self->stop = g_cancellable_new();
    self->item.state = DOWNLOAD_RUNNING;
    self->owner->active++;
    if (self->owner->cancelled)
        error = interrupted();
    else if (self->vendor->stopped != NULL)
        error = g_error_copy(self->vendor->stopped);
    else
        vendor_client(self->owner, self->vendor, &error);
    if (error != NULL) {
        self->item.class = self->vendor->stopped != NULL ? HTTP_AUTH : HTTP_FINE;
        self->item.error = error;
        self->item.state = DOWNLOAD_FAILED;
        self->owner->active--;
        tell(self);
        return;
    }
    tell(self);
    begin_range(self);
}

/* ---- the run -------------------------------------------------------------------------------- */

static void begin_more(download *self)
{
    while (self->active < self->options.parallel && self->next < self->items->len) {
        series *next = g_ptr_array_index(self->items, self->next++);
        if (next->item.state == DOWNLOAD_READY)
            begin(next);
    }
    if (self->active == 0 && self->next == self->items->len)
        g_main_loop_quit(self->loop);
}

static void on_cancelled(GCancellable *cancellable, gpointer data)
{
    download *self = data;
    (void)cancellable;
    self->cancelled = TRUE;
    for (guint i = 0; i < self->items->len; i++) {
        const series *one = g_ptr_array_index(self->items, i);
        if (one->item.state == DOWNLOAD_RUNNING)
            g_cancellable_cancel(one->stop);
    }
}

/* A wait concerns all that is asked of that service. */
static void on_waiting(const char *service, gint64 until_us, const char *why, gpointer data)
{
    download *self = data;
    (void)why;
    for (guint i = 0; i < self->items->len; i++) {
        series *one = g_ptr_array_index(self->items, i);
        if (one->item.state != DOWNLOAD_RUNNING || strcmp(one->vendor->service.name, service) != 0)
            continue;
        one->item.waiting_us = until_us;
        tell(one);
    }
}

void download_run(download *self, const download_observer *observer, GCancellable *cancellable)
{
    gulong handler = 0;
    self->observer = observer;
    self->next = self->active = 0;
    self->loop = g_main_loop_new(NULL, FALSE);
    http_on_waiting(self->client, on_waiting, self);
    if (cancellable != NULL)
        handler = g_cancellable_connect(cancellable, G_CALLBACK(on_cancelled), self, NULL);
    begin_more(self);
    if (self->active > 0)
        g_main_loop_run(self->loop);
    if (handler != 0)
        g_cancellable_disconnect(cancellable, handler);
    http_on_waiting(self->client, NULL, NULL);
    g_clear_pointer(&self->loop, g_main_loop_unref);
    self->observer = NULL;
}

int download_exit_code(const download *self)
{
    int shared = 0;
    if (self->cancelled)
        return FAILURE_INTERRUPTED;
    for (guint i = 0; i < self->items->len; i++) {
        const series *one = g_ptr_array_index(self->items, i);
        if (one->item.error == NULL)
            continue;
        if (shared != 0 && shared != one->item.error->code)
            return FAILURE_PROVIDER;
        shared = one->item.error->code;
    }
    return shared;
}
