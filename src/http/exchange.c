/* One request and its answer.
 *
 * libsoup's own timeout holds for single reads and writes. Connecting (name, TCP, TLS) and the
 * whole exchange have timers of ours, which cancel it and say which of them it was. The body is
 * counted as it comes out of the decompressor, against the limit and against the bytes that came
 * in, so that a small answer cannot become a large one. */
#include "http/http-private.h"
#include "platform/clock.h"

#include <string.h>

#define CHUNK (64u * 1024u)
#define RATIO_FREE (1024u * 1024u) /* below this no ratio is looked at */

/* ---- the address ---------------------------------------------------------------------------- */

char *http_path_segment(const char *text)
{
    return g_uri_escape_string(text, NULL, FALSE);
}

char *exchange_url(const http_request *request, gboolean secrets)
{
    gsize length = strlen(request->base);
    while (length > 0 && request->base[length - 1] == '/')
        length--;
    GString *url = g_string_new_len(request->base, (gssize)length);
    g_string_append(url, request->path);
    char separator = '?';
    for (const http_field *field = request->query; field != NULL && field->name != NULL; field++) {
        g_autofree char *name = g_uri_escape_string(field->name, NULL, FALSE);
        g_autofree char *value = field->secret && !secrets
                                     ? g_strdup("****")
                                     : g_uri_escape_string(field->value, ",:", FALSE);
        g_string_append_printf(url, "%c%s=%s", separator, name, value);
        separator = '&';
    }
    return g_string_free(url, FALSE);
}

char *http_request_text(const http_request *request)
{
    return exchange_url(request, FALSE);
}

void http_answer_free(http_answer *answer)
{
    if (answer == NULL)
        return;
    g_clear_pointer(&answer->body, g_bytes_unref);
    g_free(answer->content_type);
    g_free(answer);
}

/* ---- one exchange --------------------------------------------------------------------------- */

typedef struct exchange {
    SoupMessage *message;
    GInputStream *stream;
    GCancellable *stop; /* ours; the caller's cancels it too */
    GCancellable *caller;
    gulong caller_handler;
    GSource *connecting, *whole;
    const char *late; /* which deadline has passed */
    GByteArray *body;
    gsize limit;
} exchange;

static void drop_timer(GSource **timer)
{
    if (*timer == NULL)
        return;
    g_source_destroy(*timer);
    g_clear_pointer(timer, g_source_unref);
}

static void exchange_free(gpointer item)
{
    exchange *self = item;
    drop_timer(&self->connecting);
    drop_timer(&self->whole);
    if (self->caller != NULL)
        g_cancellable_disconnect(self->caller, self->caller_handler);
    g_clear_object(&self->caller);
    g_clear_object(&self->stream);
    g_clear_object(&self->stop);
    if (self->message != NULL)
        g_signal_handlers_disconnect_by_data(self->message, self);
    g_clear_object(&self->message);
    g_clear_pointer(&self->body, g_byte_array_unref);
    g_free(self);
}

static gboolean on_connecting_late(gpointer data)
{
    exchange *self = data;
    self->late = "no connection in time";
    g_cancellable_cancel(self->stop);
    drop_timer(&self->connecting);
    return G_SOURCE_REMOVE;
}

static gboolean on_whole_late(gpointer data)
{
    exchange *self = data;
    self->late = "no whole answer in time";
    g_cancellable_cancel(self->stop);
    drop_timer(&self->whole);
    return G_SOURCE_REMOVE;
}

static GSource *start_timer(gint64 after_us, GSourceFunc function, exchange *self)
{
    GSource *timer = g_timeout_source_new((guint)(after_us / 1000));
    g_source_set_callback(timer, function, self, NULL);
    g_source_attach(timer, g_main_context_get_thread_default());
    return timer;
}

/* The request could be written: there is a connection. */
static void on_wrote_headers(SoupMessage *message, gpointer data)
{
    (void)message;
    drop_timer(&((exchange *)data)->connecting);
}

/* Bytes of the body as they came over the wire. */
static guint64 received(const exchange *self)
{
    SoupMessageMetrics *metrics = soup_message_get_metrics(self->message);
    return metrics != NULL ? soup_message_metrics_get_response_body_bytes_received(metrics) : 0;
}

/* What is wrong with the certificate, worst first: GIO only says that it is unacceptable. */
static const char *certificate_words(GTlsCertificateFlags flags)
{
    static const struct {
        GTlsCertificateFlags flag;
        const char *words;
    } faults[] = {
        {G_TLS_CERTIFICATE_REVOKED, "its certificate has been revoked"},
        {G_TLS_CERTIFICATE_BAD_IDENTITY, "its certificate is another host's"},
        {G_TLS_CERTIFICATE_EXPIRED, "its certificate has expired"},
        {G_TLS_CERTIFICATE_NOT_ACTIVATED, "its certificate is not valid yet"},
        {G_TLS_CERTIFICATE_INSECURE, "its certificate is signed in a way that is not safe"},
        {G_TLS_CERTIFICATE_UNKNOWN_CA, "its certificate is signed by nobody whom we trust"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++)
        if ((flags & faults[i].flag) != 0)
            return faults[i].words;
    return "its certificate cannot be believed";
}

/* A cancelled read means one of our deadlines, or the caller's wish; a deadline has a name. */
static void fail(GTask *task, GError *error)
{
    const exchange *self = g_task_get_task_data(task);
    if (self->late != NULL) {
        g_clear_error(&error);
        error = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, self->late);
    } else if (g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE)) {
        const GTlsCertificateFlags flags =
            soup_message_get_tls_peer_certificate_errors(self->message);
        g_clear_error(&error);
        error = g_error_new_literal(G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE,
                                    certificate_words(flags));
    }
    g_task_return_error(task, error);
    g_object_unref(task);
}

static void finish(GTask *task)
{
    exchange *self = g_task_get_task_data(task);
    SoupMessageHeaders *headers = soup_message_get_response_headers(self->message);
    const char *type = soup_message_headers_get_content_type(headers, NULL);
    http_answer *answer = g_new0(http_answer, 1);
    answer->status = (guint)soup_message_get_status(self->message);
    answer->body = g_byte_array_free_to_bytes(g_steal_pointer(&self->body));
    answer->content_type = g_ascii_strdown(type != NULL ? type : "", -1);
    answer->retry_after_us =
        verdict_retry_after(soup_message_headers_get_one(headers, "Retry-After"), clock_now_us());
    g_task_return_pointer(task, answer, (GDestroyNotify)http_answer_free);
    g_object_unref(task);
}

static gboolean is_too_large(const exchange *self, GError **error)
{
    if (self->body->len > self->limit) {
        g_set_error(error, FAILURE, FAILURE_PROVIDER,
                    "the answer is longer than %" G_GSIZE_FORMAT " bytes", self->limit);
        return TRUE;
    }
    if (self->body->len > RATIO_FREE && self->body->len / HTTP_RATIO_LIMIT > received(self)) {
        g_set_error(error, FAILURE, FAILURE_PROVIDER,
                    "the answer unpacks to more than %u times its size", HTTP_RATIO_LIMIT);
        return TRUE;
    }
    return FALSE;
}

static void read_more(GTask *task);

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
    GTask *task = data;
    exchange *self = g_task_get_task_data(task);
    GError *error = NULL;
    g_autoptr(GBytes)
        bytes = g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, &error);
    if (bytes == NULL) {
        fail(task, error);
        return;
    }
    if (g_bytes_get_size(bytes) == 0) {
        finish(task);
        return;
    }
    g_byte_array_append(self->body, g_bytes_get_data(bytes, NULL), (guint)g_bytes_get_size(bytes));
    if (is_too_large(self, &error)) {
        g_cancellable_cancel(self->stop);
        fail(task, error);
        return;
    }
    read_more(task);
}

static void read_more(GTask *task)
{
    exchange *self = g_task_get_task_data(task);
    g_input_stream_read_bytes_async(self->stream, CHUNK, G_PRIORITY_DEFAULT, self->stop, on_read,
                                    task);
}

static void on_sent(GObject *source, GAsyncResult *result, gpointer data)
{
    GTask *task = data;
    exchange *self = g_task_get_task_data(task);
    GError *error = NULL;
    self->stream = soup_session_send_finish(SOUP_SESSION(source), result, &error);
    if (self->stream == NULL)
        fail(task, error);
    else
        read_more(task);
}

static void on_caller_cancelled(GCancellable *caller, gpointer data)
{
    (void)caller;
    g_cancellable_cancel(((exchange *)data)->stop);
}

static void add_headers(SoupMessage *message, const http_field *headers)
{
    SoupMessageHeaders *into = soup_message_get_request_headers(message);
    soup_message_headers_replace(into, "Accept", "application/json, text/csv;q=0.9");
    for (const http_field *field = headers; field != NULL && field->name != NULL; field++)
        soup_message_headers_replace(into, field->name, field->value);
}

void exchange_async(SoupSession *session, const http_request *request,
                    const exchange_limits *limits, GCancellable *cancellable,
                    GAsyncReadyCallback callback, gpointer data)
{
    GTask *task = g_task_new(session, cancellable, callback, data);
    exchange *self = g_new0(exchange, 1);
    g_task_set_task_data(task, self, exchange_free);
    g_task_set_check_cancellable(task, FALSE);
    self->stop = g_cancellable_new();
    self->limit = limits->body_limit;
    self->body = g_byte_array_new();
    g_autofree char *url = exchange_url(request, TRUE);
    self->message = soup_message_new("GET", url);
    if (self->message == NULL) {
        fail(task, g_error_new(FAILURE, FAILURE_USAGE, "the address cannot be read"));
        return;
    }
    soup_message_add_flags(self->message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_COLLECT_METRICS);
    add_headers(self->message, request->headers);
    g_signal_connect(self->message, "wrote-headers", G_CALLBACK(on_wrote_headers), self);
    self->connecting = start_timer(limits->connect_us, on_connecting_late, self);
    self->whole = start_timer(limits->total_us, on_whole_late, self);
    if (cancellable != NULL) {
        self->caller = g_object_ref(cancellable);
        self->caller_handler = g_cancellable_connect(cancellable, G_CALLBACK(on_caller_cancelled),
                                                     self, NULL);
    }
    soup_session_send_async(session, self->message, G_PRIORITY_DEFAULT, self->stop, on_sent, task);
}

http_answer *exchange_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
