/* The client, and the life of a request:
 *
 *     ask the breaker and the budget ──wait──┐
 *        │        ^──────────────────────────┘
 *        v
 *     exchange ──> judge ──> fine, or refused for good: done
 *        ^           │
 *        └── wait ───┘ rate limit, server or network error, HTTP_ATTEMPTS times at most
 *
 * Every arrow that waits has a bound; together they may not pass options.wait_us. */
#include "http/http-private.h"
#include "platform/clock.h"
#include "platform/log.h"

#include <string.h>

#define CONNECT_US (10 * QB_SECOND_US)
#define READ_US (20 * QB_SECOND_US)
#define EXCHANGE_US (60 * QB_SECOND_US)
#define WAIT_US (15 * QB_MINUTE_US)
#define BACKOFF_US QB_SECOND_US
#define RATE_LIMIT_US QB_MINUTE_US
#define CONNECTIONS 16

/* ---- the object ----------------------------------------------------------------------------- */

static void service_free(gpointer item)
{
    service *self = item;
    budget_clear(&self->budget);
    g_free(self);
}

static void set_defaults(http_options *options)
{
    const struct {
        gint64 *value, standard;
    } times[] = {
        {&options->connect_us, CONNECT_US},   {&options->read_us, READ_US},
        {&options->exchange_us, EXCHANGE_US}, {&options->wait_us, WAIT_US},
        {&options->backoff_us, BACKOFF_US},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(times); i++)
        if (*times[i].value == 0)
            *times[i].value = times[i].standard;
}

/* In whole seconds, which is all that libsoup takes. */
static guint read_seconds(const http_options *options)
{
    return (guint)MAX((options->read_us + QB_SECOND_US - 1) / QB_SECOND_US, 1);
}

static gboolean set_authorities(SoupSession *session, const char *ca_file, GError **error)
{
    if (ca_file == NULL)
        return TRUE;
    GError *reason = NULL;
    g_autoptr(GTlsDatabase) database = g_tls_file_database_new(ca_file, &reason);
    if (database == NULL) {
        g_set_error(error, FAILURE, FAILURE_CONFIG, "%s: %s", ca_file, reason->message);
        g_error_free(reason);
        return FALSE;
    }
    soup_session_set_tls_database(session, database);
    return TRUE;
}

http *http_new(const http_options *options, GError **error)
{
    g_autoptr(http) self = g_new0(http, 1);
    self->options = *options;
    set_defaults(&self->options);
    self->options.state_folder = g_strdup(options->state_folder);
    self->options.user_agent = self->options.ca_file = NULL;
    self->options.proxy = self->options.no_proxy = NULL;
    self->random = (qb_random){options->seed};
    self->services = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, service_free);
    self->pending = g_hash_table_new_full(NULL, NULL, g_object_unref, NULL);
    SoupSession *session = soup_session_new_with_options(
        "max-conns", CONNECTIONS, "max-conns-per-host", CONNECTIONS, "timeout",
        read_seconds(&self->options), "idle-timeout", 30, "user-agent", options->user_agent, NULL);
    exchange_room_init(&self->room, session);
    /* Cookies are not our business, and a cache of answers would lie about the present. */
    g_autoptr(GError) reason = NULL;
    g_autoptr(GProxyResolver) proxy = hosts_proxy(options->proxy, options->no_proxy, &reason);
    if (reason != NULL) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return NULL;
    }
    /* NULL: none at all, so that no plug-in goes looking for one. */
    soup_session_set_proxy_resolver(session, proxy);
    if (!set_authorities(session, options->ca_file, error))
        return NULL;
    return g_steal_pointer(&self);
}

void http_free(http *self)
{
    if (self == NULL)
        return;
    if (self->pending != NULL) {
        g_autoptr(GList) all = g_hash_table_get_keys(self->pending);
        for (GList *item = all; item != NULL; item = item->next)
            g_cancellable_cancel(item->data);
        while (g_hash_table_size(self->pending) > 0)
            g_main_context_iteration(NULL, TRUE);
    }
    exchange_room_clear(&self->room);
    g_clear_pointer(&self->pending, g_hash_table_unref);
    g_clear_pointer(&self->services, g_hash_table_unref);
    g_free((char *)self->options.state_folder);
    g_free(self);
}

gboolean http_add_service(http *self, const http_service *about, GError **error)
{
    service *added = g_new0(service, 1);
    added->about = about;
    budget_init(&added->budget, about->limits);
    g_hash_table_insert(self->services, (char *)about->name, added);
    return service_refresh(self, added, clock_now_us(), error);
}

void http_on_waiting(http *self, http_waiting function, gpointer data)
{
    self->waiting = function;
    self->waiting_data = data;
}

GArray *http_budget(http *self, const char *name, GError **error)
{
    service *service = client_service(self, name, error);
    const gint64 now_us = clock_now_us();
    if (service == NULL || !service_refresh(self, service, now_us, error))
        return NULL;
    GArray *uses = g_array_new(FALSE, FALSE, sizeof(http_budget_use));
    const http_limit *which;
    const gint64 free_us = budget_free_us(&service->budget, now_us, 1, &which);
    for (guint i = 0; i < service->budget.count; i++) {
        http_budget_use use = {&service->budget.limits[i], budget_used(&service->budget, i, now_us),
                               0};
        if (free_us > now_us && (which == NULL || which == use.limit))
            use.free_us = free_us;
        g_array_append_val(uses, use);
    }
    return uses;
}

/* ---- one request ---------------------------------------------------------------------------- */

typedef struct fetch {
    http *owner;
    service *service;
    http_request *request;
    GCancellable *stop; /* in owner->pending */
    GCancellable *caller;
    gulong caller_handler;
    GSource *timer;
    guint attempt; /* exchanges so far */
    gint64 started_us, sent_us;
    gint64 waited_us; /* spent waiting, on purpose */
    http_verdict verdict;
} fetch;

static void fetch_free(gpointer item)
{
    fetch *self = item;
    if (self->timer != NULL) {
        g_source_destroy(self->timer);
        g_source_unref(self->timer);
    }
    if (self->caller != NULL)
        g_cancellable_disconnect(self->caller, self->caller_handler);
    g_clear_object(&self->caller);
    g_clear_object(&self->stop);
    request_free(self->request);
    g_free(self);
}

static void done(GTask *task)
{
    fetch *self = g_task_get_task_data(task);
    g_hash_table_remove(self->owner->pending, self->stop);
    g_object_unref(task);
}

static void return_error(GTask *task, GError *error)
{
    g_task_return_error(task, error);
    done(task);
}

static void return_interrupted(GTask *task)
{
    const fetch *self = g_task_get_task_data(task);
    return_error(task, g_error_new(FAILURE, FAILURE_INTERRUPTED, "%s: the request was cancelled",
                                   self->service->about->name));
}

static const char *class_phrase(http_class class)
{
    static const char *const phrases[HTTP_CLASS_COUNT] = {
        [HTTP_FINE] = "answers",
        [HTTP_AUTH] = "refuses the key",
        [HTTP_PLAN] = "does not offer this to the key's plan",
        [HTTP_NOT_FOUND] = "does not know it",
        [HTTP_BAD_REQUEST] = "refuses the request",
        [HTTP_RATE_LIMIT] = "has had too many requests",
        [HTTP_SERVER] = "is in trouble",
        [HTTP_NETWORK] = "cannot be reached",
    };
    return phrases[class];
}

static void return_refused(GTask *task)
{
    const fetch *self = g_task_get_task_data(task);
    const http_verdict *verdict = &self->verdict;
    g_autofree char *tries = self->attempt > 1 ? g_strdup_printf(" (%u times)", self->attempt)
                                               : g_strdup("");
    return_error(task, g_error_new(FAILURE, FAILURE_PROVIDER, "%s %s%s%s%s",
                                   self->service->about->name, class_phrase(verdict->class), tries,
                                   *verdict->words != '\0' ? ": " : "", verdict->words));
}

static void return_too_long(GTask *task, gint64 until_us, const char *why)
{
    fetch *self = g_task_get_task_data(task);
    char text[QB_TIME_TEXT];
    const gboolean trouble = self->verdict.class == HTTP_SERVER ||
                             self->verdict.class == HTTP_NETWORK;
    const char *words = trouble ? self->verdict.words : "";
    if (!trouble)
        self->verdict.class = HTTP_RATE_LIMIT;
    self->verdict.wait_us = until_us - clock_now_us();
    return_error(task,
                 g_error_new(FAILURE, FAILURE_PROVIDER, "%s: %s%s%s%s; it goes on at %s",
                             self->service->about->name, why, *words != '\0' ? " (" : "", words,
                             *words != '\0' ? ")" : "", qb_time_to_text(until_us, text)));
}

/* ---- waiting -------------------------------------------------------------------------------- */

static void step(GTask *task);

static gboolean on_timer(gpointer data)
{
    GTask *task = data;
    fetch *self = g_task_get_task_data(task);
    g_clear_pointer(&self->timer, g_source_unref);
    step(task);
    return G_SOURCE_REMOVE;
}

static void sleep_then_step(GTask *task, gint64 wait_us)
{
    fetch *self = g_task_get_task_data(task);
    self->waited_us += wait_us;
    self->timer = g_timeout_source_new((guint)((wait_us + 999) / 1000));
    g_source_set_callback(self->timer, on_timer, task, NULL);
    g_source_attach(self->timer, g_main_context_get_thread_default());
}

/* Somebody is told of every wait; one beyond the bound is none, but the end of the request. */
static void wait_until(GTask *task, gint64 now_us, gint64 until_us, const char *why)
{
    fetch *self = g_task_get_task_data(task);
    http *owner = self->owner;
    const gint64 wait_us = MAX(until_us - now_us, 1000);
    if (self->waited_us + wait_us > owner->options.wait_us) {
        return_too_long(task, until_us, why);
        return;
    }
    log_event(LOG_DEBUG, "http", "%s waits %.3f s: %s", self->service->about->name,
              (double)wait_us / 1e6, why);
    if (owner->waiting != NULL)
        owner->waiting(self->service->about->name, until_us, why, owner->waiting_data);
    sleep_then_step(task, wait_us);
}

static void wait_for_budget(GTask *task, gint64 now_us, gint64 until_us, const char *unit)
{
    g_autofree char *why = unit != NULL
                               ? g_strdup_printf("its requests of this %s are used up", unit)
                               : g_strdup("it has asked us to wait");
    wait_until(task, now_us, until_us, why);
}

/* ---- after an exchange ---------------------------------------------------------------------- */

static void log_exchange(const fetch *self, const http_answer *answer)
{
    /* Host and path only: queries and headers hold keys. */
    log_event(LOG_DEBUG, "http", "%s GET %s%s: %u %s, %" G_GSIZE_FORMAT " bytes in %.0f ms",
              self->service->about->name, self->request->base, self->request->path,
              answer != NULL ? answer->status : 0, http_class_text(self->verdict.class),
              answer != NULL ? g_bytes_get_size(answer->body) : 0,
              (double)(clock_monotonic_us() - self->sent_us) / 1e3);
}

/* The next attempt of a rate limit waits for the service's word, kept for all who share the key;
 * of other trouble for a random while. */
static void try_again(GTask *task, const http_answer *answer)
{
    fetch *self = g_task_get_task_data(task);
    http *owner = self->owner;
    const gint64 now_us = clock_now_us();
    if (self->verdict.class != HTTP_RATE_LIMIT) {
        const gint64 pause_us = verdict_backoff_us(self->attempt - 1, owner->options.backoff_us,
                                                   &owner->random);
        wait_until(task, now_us, now_us + pause_us, "after an error");
        return;
    }
    gint64 wait_us = answer->retry_after_us >= 0 ? answer->retry_after_us : self->verdict.wait_us;
    if (wait_us < 0)
        wait_us = self->service->about->default_wait_us > 0 ? self->service->about->default_wait_us
                                                            : RATE_LIMIT_US;
    GError *error = NULL;
    if (!service_block(owner, self->service, now_us + wait_us, &error))
        return_error(task, error);
    else
        step(task);
}

static gboolean is_final(const fetch *self)
{
    return !verdict_is_worth_another(self->verdict.class) || self->attempt >= HTTP_ATTEMPTS;
}

static void on_answer(GTask *task, http_answer *answer)
{
    fetch *self = g_task_get_task_data(task);
    self->verdict = (http_verdict){.wait_us = -1};
    if (self->request->judge != NULL)
        self->request->judge(answer, self->request->data, &self->verdict);
    else
        http_judge_status(answer, &self->verdict);
    log_exchange(self, answer);
    breaker_end(&self->service->breaker, !verdict_is_worth_another(self->verdict.class),
                clock_now_us());
    if (self->verdict.class == HTTP_FINE) {
        g_task_return_pointer(task, answer, (GDestroyNotify)http_answer_free);
        done(task);
        return;
    }
    if (is_final(self))
        return_refused(task);
    else
        try_again(task, answer);
    http_answer_free(answer);
}

/* A certificate that is not believed will not be believed a second later. */
static gboolean is_hopeless(const GError *error)
{
    return error->domain == FAILURE || error->domain == G_TLS_ERROR;
}

static void on_no_answer(GTask *task, GError *error)
{
    fetch *self = g_task_get_task_data(task);
    if (g_cancellable_is_cancelled(self->stop)) {
        g_error_free(error);
        breaker_end(&self->service->breaker, TRUE, clock_now_us());
        return_interrupted(task);
        return;
    }
    const gboolean hopeless = is_hopeless(error);
    http_verdict_quote(&self->verdict, error->domain == FAILURE ? HTTP_SERVER : HTTP_NETWORK,
                       error->message, -1);
    g_error_free(error);
    log_exchange(self, NULL);
    breaker_end(&self->service->breaker, FALSE, clock_now_us());
    if (hopeless || is_final(self))
        return_refused(task);
    else
        try_again(task, NULL);
}

static void on_exchanged(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    GError *error = NULL;
    http_answer *answer = exchange_finish(result, &error);
    if (answer != NULL)
        on_answer(data, answer);
    else
        on_no_answer(data, error);
}

/* ---- before one ----------------------------------------------------------------------------- */

static void send_now(GTask *task)
{
    fetch *self = g_task_get_task_data(task);
    const http_options *options = &self->owner->options;
    const exchange_limits limits = {
        .connect_us = options->connect_us,
        .total_us = options->exchange_us,
        .body_limit = self->request->body_limit > 0 ? self->request->body_limit : HTTP_BODY_LIMIT,
    };
    self->attempt++;
    self->sent_us = clock_monotonic_us();
    breaker_begin(&self->service->breaker);
    exchange_async(&self->owner->room, self->request, &limits, self->stop, on_exchanged, task);
}

static void step(GTask *task)
{
    fetch *self = g_task_get_task_data(task);
    GError *error = NULL;
    const gint64 now_us = clock_now_us();
    gint64 at_us = 0;
    const char *unit;
    if (g_cancellable_is_cancelled(self->stop)) {
        return_interrupted(task);
        return;
    }
    const gint64 breaker_us = breaker_free_us(&self->service->breaker, now_us);
    if (breaker_us > now_us) {
        /* Before its own first try it shares the trouble of the others. */
        if (self->attempt == 0)
            self->verdict.class = HTTP_SERVER;
        wait_until(task, now_us, breaker_us, "it has failed again and again");
    } else if (!service_reserve(self->owner, self->service, self->request->credits, now_us, &at_us,
                                &unit, &error))
        return_error(task, error);
    else if (at_us > 0)
        wait_for_budget(task, now_us, at_us, unit);
    else
        send_now(task);
}

/* Cancelled while it waits: the timer need not run out. */
static gboolean on_stopped(gpointer data)
{
    GTask *task = data;
    fetch *self = g_task_get_task_data(task);
    if (self->timer != NULL) {
        g_source_destroy(self->timer);
        g_clear_pointer(&self->timer, g_source_unref);
        return_interrupted(task);
    }
    g_object_unref(task);
    return G_SOURCE_REMOVE;
}

static void on_stop(GCancellable *stop, gpointer data)
{
    (void)stop;
    g_idle_add(on_stopped, g_object_ref(data));
}

static void on_caller_cancelled(GCancellable *caller, gpointer data)
{
    (void)caller;
    g_cancellable_cancel(data);
}

/* Services and libraries echo keys in their messages; the redactor has to know them, and what
 * stands behind "Token " in a header by itself. */
static void register_secrets(const http_field *fields)
{
    for (; fields != NULL && fields->name != NULL; fields++) {
        if (!fields->secret)
            continue;
        const char *space = strrchr(fields->value, ' ');
        log_register_secret(fields->value);
        if (space != NULL)
            log_register_secret(space + 1);
    }
}

void http_get_async(http *self, const http_request *request, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer data)
{
    GTask *task = g_task_new(NULL, NULL, callback, data);
    fetch *work = g_new0(fetch, 1);
    GError *error = NULL;
    g_autofree char *host = NULL;
    g_task_set_task_data(task, work, fetch_free);
    register_secrets(request->query);
    register_secrets(request->headers);
    work->owner = self;
    work->request = request_copy(request);
    work->stop = g_cancellable_new();
    work->verdict = (http_verdict){.class = HTTP_BAD_REQUEST, .wait_us = -1};
    g_hash_table_add(self->pending, g_object_ref(work->stop));
    work->service = client_service(self, request->service, &error);
    if (work->service == NULL ||
        !hosts_check(request->base, work->service->about->hosts, request->plain, &host, &error)) {
        return_error(task, error);
        return;
    }
    g_cancellable_connect(work->stop, G_CALLBACK(on_stop), task, NULL);
    if (cancellable != NULL) {
        work->caller = g_object_ref(cancellable);
        work->caller_handler = g_cancellable_connect(cancellable, G_CALLBACK(on_caller_cancelled),
                                                     work->stop, NULL);
    }
    step(task);
}

http_answer *http_get_finish(http *self, GAsyncResult *result, http_verdict *out_verdict,
                             GError **error)
{
    (void)self;
    const fetch *work = g_task_get_task_data(G_TASK(result));
    if (out_verdict != NULL)
        *out_verdict = work->verdict;
    return g_task_propagate_pointer(G_TASK(result), error);
}
