/* One request and its answer.
 *
 * libsoup's own timeout holds for single reads and writes. Connecting (name, TCP, TLS) and the
 * whole exchange have timers of ours, which cancel it and say which of them it was. The body is
 * counted as it comes out of the decompressor, against the limit and against the bytes that came
 * in, so that a small answer cannot become a large one.
 *
 * Over HTTP/2 libsoup looks at a cancellable only when the connection has something to read, which
 * may be as late as its timeout. So the caller has his answer at once, and what libsoup still holds
 * lives on until it lets go; exchange_room_clear shuts the sockets to make it. */
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

/* ---- connections ---------------------------------------------------------------------------- */

void exchange_room_init(exchange_room *self, SoupSession *session)
{
    *self = (exchange_room){.session = session, .sockets = g_hash_table_new(NULL, NULL)};
}

static void on_socket_gone(gpointer room, GObject *socket)
{
    g_hash_table_remove(((exchange_room *)room)->sockets, socket);
}

static void on_network_event(SoupMessage *message, GSocketClientEvent event, GIOStream *connection,
                             gpointer data)
{
    (void)message;
    exchange_room *room = data;
    if (event != G_SOCKET_CLIENT_CONNECTED || !G_IS_SOCKET_CONNECTION(connection))
        return;
    GSocket *socket = g_socket_connection_get_socket(G_SOCKET_CONNECTION(connection));
    if (g_hash_table_add(room->sockets, socket))
        g_object_weak_ref(G_OBJECT(socket), on_socket_gone, room);
}

void exchange_room_clear(exchange_room *self)
{
    if (self->session == NULL)
        return;
    GHashTableIter each;
    gpointer socket;
    soup_session_abort(self->session);
    g_hash_table_iter_init(&each, self->sockets);
    while (g_hash_table_iter_next(&each, &socket, NULL))
        g_socket_shutdown(socket, TRUE, TRUE, NULL);
    while (self->under_way > 0)
        g_main_context_iteration(NULL, TRUE);
    g_clear_object(&self->session);
    g_hash_table_iter_init(&each, self->sockets);
    while (g_hash_table_iter_next(&each, &socket, NULL))
        g_object_weak_unref(socket, on_socket_gone, self);
    g_clear_pointer(&self->sockets, g_hash_table_unref);
}

/* ---- one exchange --------------------------------------------------------------------------- */

typedef struct exchange {
    exchange_room *room;
    GTask *task; /* NULL: the caller has his answer, and libsoup does not know yet */
    SoupMessage *message;
    GInputStream *stream;
    GCancellable *stop;
    GSource *connecting, *whole, *caller;
    GByteArray *body;
    gsize limit;
} exchange;

static void drop_source(GSource **source)
{
    if (*source == NULL)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

/* When nothing of it is in libsoup's hands any more. */
static void let_go(exchange *self)
{
    self->room->under_way--;
    g_signal_handlers_disconnect_by_data(self->message, self);
    g_signal_handlers_disconnect_by_data(self->message, self->room);
    g_clear_object(&self->stream);
    g_clear_object(&self->stop);
    g_clear_object(&self->message);
    g_clear_pointer(&self->body, g_byte_array_unref);
    g_free(self);
}

static GTask *take_task(exchange *self)
{
    drop_source(&self->connecting);
    drop_source(&self->whole);
    drop_source(&self->caller);
    return g_steal_pointer(&self->task);
}

static void return_error(exchange *self, GError *error)
{
    g_autoptr(GTask) task = take_task(self);
    if (task != NULL)
        g_task_return_error(task, error);
    else
        g_error_free(error);
}

/* The caller first: cancelling may let go of self. */
static void abandon(exchange *self, GError *error)
{
    g_autoptr(GCancellable) stop = g_object_ref(self->stop);
    return_error(self, error);
    g_cancellable_cancel(stop);
}

static gboolean on_connecting_late(gpointer data)
{
    abandon(data, g_error_new(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "no connection in time"));
    return G_SOURCE_REMOVE;
}

static gboolean on_whole_late(gpointer data)
{
    abandon(data, g_error_new(G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "no whole answer in time"));
    return G_SOURCE_REMOVE;
}

static gboolean on_caller_cancelled(GCancellable *caller, gpointer data)
{
    (void)caller;
    abandon(data, g_error_new(G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled"));
    return G_SOURCE_REMOVE;
}

static GSource *start_source(GSource *source, GSourceFunc function, exchange *self)
{
    g_source_set_callback(source, function, self, NULL);
    g_source_attach(source, g_main_context_get_thread_default());
    return source;
}

static GSource *start_timer(gint64 after_us, GSourceFunc function, exchange *self)
{
    return start_source(g_timeout_source_new((guint)(after_us / 1000)), function, self);
}

/* The request could be written: there is a connection. */
static void on_wrote_headers(SoupMessage *message, gpointer data)
{
    (void)message;
    drop_source(&((exchange *)data)->connecting);
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

/* libsoup has failed, perhaps because it was cancelled. */
static void fail(exchange *self, GError *error)
{
    if (g_error_matches(error, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE)) {
        const GTlsCertificateFlags flags =
            soup_message_get_tls_peer_certificate_errors(self->message);
        g_clear_error(&error);
        error = g_error_new_literal(G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE,
                                    certificate_words(flags));
    }
    return_error(self, error);
    let_go(self);
}

static void finish(exchange *self)
{
    SoupMessageHeaders *headers = soup_message_get_response_headers(self->message);
    const char *type = soup_message_headers_get_content_type(headers, NULL);
    http_answer *answer = g_new0(http_answer, 1);
    answer->status = (guint)soup_message_get_status(self->message);
    answer->body = g_byte_array_free_to_bytes(g_steal_pointer(&self->body));
    answer->content_type = g_ascii_strdown(type != NULL ? type : "", -1);
    answer->retry_after_us =
        verdict_retry_after(soup_message_headers_get_one(headers, "Retry-After"), clock_now_us());
    g_autoptr(GTask) task = take_task(self);
    let_go(self);
    g_task_return_pointer(task, answer, (GDestroyNotify)http_answer_free);
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

static void read_more(exchange *self);

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
    exchange *self = data;
    GError *error = NULL;
    g_autoptr(GBytes)
        bytes = g_input_stream_read_bytes_finish(G_INPUT_STREAM(source), result, &error);
    if (bytes == NULL) {
        fail(self, error);
        return;
    }
    if (self->task == NULL) {
        let_go(self);
        return;
    }
    if (g_bytes_get_size(bytes) == 0) {
        finish(self);
        return;
    }
    g_byte_array_append(self->body, g_bytes_get_data(bytes, NULL), (guint)g_bytes_get_size(bytes));
    if (is_too_large(self, &error)) {
        g_cancellable_cancel(self->stop);
        fail(self, error);
        return;
    }
    read_more(self);
}

static void read_more(exchange *self)
{
    g_input_stream_read_bytes_async(self->stream, CHUNK, G_PRIORITY_DEFAULT, self->stop, on_read,
                                    self);
}

static void on_sent(GObject *source, GAsyncResult *result, gpointer data)
{
    exchange *self = data;
    GError *error = NULL;
    self->stream = soup_session_send_finish(SOUP_SESSION(source), result, &error);
    if (self->stream == NULL)
        fail(self, error);
    else if (self->task == NULL)
        let_go(self);
    else
        read_more(self);
}

static void add_headers(SoupMessage *message, const http_field *headers)
{
    SoupMessageHeaders *into = soup_message_get_request_headers(message);
    soup_message_headers_replace(into, "Accept", "application/json, text/csv;q=0.9");
    for (const http_field *field = headers; field != NULL && field->name != NULL; field++)
        soup_message_headers_replace(into, field->name, field->value);
}

/* NULL when the address cannot be read. */
static SoupMessage *new_message(const http_request *request)
{
    g_autofree char *url = exchange_url(request, TRUE);
    SoupMessage *message = soup_message_new("GET", url);
    if (message == NULL)
        return NULL;
    soup_message_add_flags(message, SOUP_MESSAGE_NO_REDIRECT | SOUP_MESSAGE_COLLECT_METRICS);
    add_headers(message, request->headers);
    return message;
}

void exchange_async(exchange_room *room, const http_request *request, const exchange_limits *limits,
                    GCancellable *cancellable, GAsyncReadyCallback callback, gpointer data)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, callback, data);
    SoupMessage *message = new_message(request);
    if (message == NULL) {
        g_task_return_new_error(task, FAILURE, FAILURE_USAGE, "the address cannot be read");
        return;
    }
    exchange *self = g_new0(exchange, 1);
    *self = (exchange){.room = room,
                       .task = g_steal_pointer(&task),
                       .message = message,
                       .stop = g_cancellable_new(),
                       .body = g_byte_array_new(),
                       .limit = limits->body_limit};
    g_signal_connect(message, "wrote-headers", G_CALLBACK(on_wrote_headers), self);
    g_signal_connect(message, "network-event", G_CALLBACK(on_network_event), room);
    self->connecting = start_timer(limits->connect_us, on_connecting_late, self);
    self->whole = start_timer(limits->total_us, on_whole_late, self);
    if (cancellable != NULL)
        self->caller = start_source(g_cancellable_source_new(cancellable),
                                    G_SOURCE_FUNC(on_caller_cancelled), self);
    room->under_way++;
    soup_session_send_async(room->session, message, G_PRIORITY_DEFAULT, self->stop, on_sent, self);
}

http_answer *exchange_finish(GAsyncResult *result, GError **error)
{
    return g_task_propagate_pointer(G_TASK(result), error);
}
