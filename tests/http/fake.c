#include "fake.h"

#include <string.h>

typedef struct script {
    const fake_answer *answers;
    guint count, served;
} script;

#define ANY_PATH "*" /* no request's, which all begin with a slash */

struct fake {
    SoupServer *server;
    char *base;
    GHashTable *scripts; /* path to script */
    guint requests;
    GHashTable *headers; /* of the newest request */
    GHashTable *callers; /* set of ports that requests came from */
    char *query;
};

typedef struct drip {
    SoupServerMessage *message;
    char *body; /* a copy: a server drips on after its client has gone */
    const char *at;
    gsize left;
    guint timer;
} drip;

/* ---- answering ------------------------------------------------------------------------------ */

static void drip_free(gpointer item)
{
    drip *self = item;
    g_object_unref(self->message);
    g_free(self->body);
    g_free(self);
}

static void stop_dripping(SoupServerMessage *message, gpointer timer)
{
    GSource *source = g_main_context_find_source_by_id(NULL, GPOINTER_TO_UINT(timer));
    if (source != NULL)
        g_source_destroy(source);
}

static gboolean on_drip(gpointer item)
{
    drip *self = item;
    SoupMessageBody *body = soup_server_message_get_response_body(self->message);
    if (soup_server_message_get_socket(self->message) == NULL)
        return G_SOURCE_REMOVE; /* the client has gone */
    if (self->left == 0)
        soup_message_body_complete(body);
    else
        soup_message_body_append(body, SOUP_MEMORY_COPY, self->at, 1);
    soup_server_message_unpause(self->message);
    if (self->left == 0)
        return G_SOURCE_REMOVE;
    self->at++;
    self->left--;
    return G_SOURCE_CONTINUE;
}

static void start_dripping(SoupServerMessage *message, const fake_answer *answer, gsize length)
{
    drip *state = g_new0(drip, 1);
    state->message = g_object_ref(message);
    state->body = g_memdup2(answer->body, length);
    state->at = state->body;
    state->left = length;
    soup_message_headers_set_encoding(soup_server_message_get_response_headers(message),
                                      SOUP_ENCODING_CHUNKED);
    state->timer = g_timeout_add_full(G_PRIORITY_DEFAULT, answer->drip_ms, on_drip, state,
                                      drip_free);
    g_signal_connect(message, "finished", G_CALLBACK(stop_dripping),
                     GUINT_TO_POINTER(state->timer));
    soup_server_message_pause(message);
}

static void break_off(SoupServerMessage *message)
{
    g_autoptr(GIOStream) stream = soup_server_message_steal_connection(message);
    g_io_stream_close(stream, NULL, NULL);
}

/* Headers and half of the body, then the end of the connection. */
static void send_half(SoupServerMessage *message, const fake_answer *answer, gsize length)
{
    g_autoptr(GIOStream) stream = soup_server_message_steal_connection(message);
    g_autofree char *head = g_strdup_printf("HTTP/1.1 %u X\r\nContent-Type: application/json\r\n"
                                            "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n",
                                            answer->status, 2 * length);
    GOutputStream *out = g_io_stream_get_output_stream(stream);
    g_output_stream_write_all(out, head, strlen(head), NULL, NULL, NULL);
    g_output_stream_write_all(out, answer->body, length, NULL, NULL, NULL);
    g_io_stream_close(stream, NULL, NULL);
}

static void send_answer(SoupServerMessage *message, const fake_answer *answer)
{
    SoupMessageHeaders *headers = soup_server_message_get_response_headers(message);
    const gsize length = answer->body == NULL ? 0
                         : answer->length > 0 ? answer->length
                                              : strlen(answer->body);
    soup_server_message_set_status(message, answer->status > 0 ? answer->status : 200, NULL);
    /* Kept-alive connections that the client closes cost the server a descriptor each. */
    soup_message_headers_replace(headers, "Connection", "close");
    soup_message_headers_replace(headers, "Content-Type",
                                 answer->type != NULL ? answer->type : "application/json");
    for (guint i = 0; i + 1 < G_N_ELEMENTS(answer->headers) && answer->headers[i] != NULL; i += 2)
        soup_message_headers_replace(headers, answer->headers[i], answer->headers[i + 1]);
    if (answer->hang)
        soup_server_message_pause(message);
    else if (answer->reset)
        break_off(message);
    else if (answer->short_body)
        send_half(message, answer, length);
    else if (answer->drip_ms > 0)
        start_dripping(message, answer, length);
    else
        soup_message_body_append(soup_server_message_get_response_body(message), SOUP_MEMORY_COPY,
                                 answer->body != NULL ? answer->body : "", length);
}

static void remember_header(const char *name, const char *value, gpointer table)
{
    g_hash_table_insert(table, g_ascii_strdown(name, -1), g_strdup(value));
}

static void on_request(SoupServer *server, SoupServerMessage *message, const char *path,
                       GHashTable *query, gpointer data)
{
    fake *self = data;
    static const fake_answer nothing = {.status = 404, .body = "{\"error\":\"no such path\"}"};
    script *found = g_hash_table_lookup(self->scripts, path);
    if (found == NULL)
        found = g_hash_table_lookup(self->scripts, ANY_PATH);
    self->requests++;
    g_hash_table_remove_all(self->headers);
    soup_message_headers_foreach(soup_server_message_get_request_headers(message), remember_header,
                                 self->headers);
    GSocketAddress *caller = soup_server_message_get_remote_address(message);
    if (caller != NULL)
        g_hash_table_add(self->callers, GUINT_TO_POINTER(g_inet_socket_address_get_port(
                                            G_INET_SOCKET_ADDRESS(caller))));
    g_free(self->query);
    self->query = g_strdup(g_uri_get_query(soup_server_message_get_uri(message)));
    if (found == NULL || found->count == 0) {
        send_answer(message, &nothing);
        return;
    }
    send_answer(message, &found->answers[MIN(found->served, found->count - 1)]);
    found->served++;
}

/* ---- the object ----------------------------------------------------------------------------- */

/* Ours, since libsoup's lets only ten callers wait. */
static GSocket *listening_socket(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GInetAddress) loopback = g_inet_address_new_loopback(G_SOCKET_FAMILY_IPV4);
    g_autoptr(GSocketAddress) address = g_inet_socket_address_new(loopback, 0);
    GSocket *socket = g_socket_new(G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
                                   G_SOCKET_PROTOCOL_TCP, &error);
    g_assert_no_error(error);
    g_socket_set_listen_backlog(socket, 256);
    g_socket_bind(socket, address, TRUE, &error);
    g_assert_no_error(error);
    g_socket_listen(socket, &error);
    g_assert_no_error(error);
    return socket;
}

fake *fake_new(const char *cert)
{
    fake *self = g_new0(fake, 1);
    g_autoptr(GError) error = NULL;
    /* A client that leaves in the middle makes the server complain; that is no fault of ours. */
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
    self->server = soup_server_new("server-header", "fake", NULL);
    if (cert != NULL) {
        g_autoptr(GTlsCertificate) certificate = g_tls_certificate_new_from_file(cert, &error);
        g_assert_no_error(error);
        soup_server_set_tls_certificate(self->server, certificate);
    }
    soup_server_add_handler(self->server, NULL, on_request, self, NULL);
    g_autoptr(GSocket) socket = listening_socket();
    soup_server_listen_socket(self->server, socket, cert != NULL ? SOUP_SERVER_LISTEN_HTTPS : 0,
                              &error);
    g_assert_no_error(error);
    GSList *uris = soup_server_get_uris(self->server);
    self->base = g_strdup_printf("%s://127.0.0.1:%d", cert != NULL ? "https" : "http",
                                 g_uri_get_port(uris->data));
    g_slist_free_full(uris, (GDestroyNotify)g_uri_unref);
    self->callers = g_hash_table_new(NULL, NULL);
    self->scripts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->headers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return self;
}

void fake_free(fake *self)
{
    if (self == NULL)
        return;
    soup_server_disconnect(self->server);
    g_object_unref(self->server);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_hash_table_unref(self->scripts);
    g_hash_table_unref(self->headers);
    g_hash_table_unref(self->callers);
    g_free(self->query);
    g_free(self->base);
    g_free(self);
}

const char *fake_base(const fake *self)
{
    return self->base;
}

void fake_script(fake *self, const char *path, const fake_answer *answers, guint count)
{
    script *one = g_new0(script, 1);
    *one = (script){answers, count, 0};
    g_hash_table_insert(self->scripts, g_strdup(path != NULL ? path : ANY_PATH), one);
}

void fake_forget(fake *self)
{
    g_hash_table_remove_all(self->scripts);
    g_hash_table_remove_all(self->callers);
    self->requests = 0;
}

guint fake_count(const fake *self, const char *path)
{
    const script *found = path != NULL ? g_hash_table_lookup(self->scripts, path) : NULL;
    return path == NULL ? self->requests : found != NULL ? found->served : 0;
}

guint fake_connections(const fake *self)
{
    return g_hash_table_size(self->callers);
}

const char *fake_header(const fake *self, const char *name)
{
    g_autofree char *lower = g_ascii_strdown(name, -1);
    return g_hash_table_lookup(self->headers, lower);
}

const char *fake_query(const fake *self)
{
    return self->query;
}
