/* Requests through a proxy, and those that go past it. The proxy is told the host's name: nothing
 * here is looked up, and nobody outside is asked. */
#include "http/http-private.h"
#include "lab.h"

#include <string.h>

static const char *const hosts[] = {"elsewhere.invalid", NULL};
static const http_service outside = {.name = "fake", .hosts = hosts};

/* Plain HTTP: the proxy is asked for the whole address. */
static void test_plain(void)
{
    lab lab;
    http_options options = lab_options();
    const fake_answer answers[] = {{200, "[1]"}};
    g_autoptr(fake) proxy = fake_new(NULL);
    options.proxy = fake_base(proxy);
    lab_start(&lab, &options, &outside);
    fake_script(proxy, "/x", answers, 1);
    lab_get(&lab,
            &(http_request){
                .service = "fake", .base = "http://elsewhere.invalid", .path = "/x", .plain = TRUE},
            NULL);
    g_assert_no_error(lab.error);
    g_assert_cmpint(fake_count(proxy, "/x"), ==, 1);
    g_assert_cmpstr(fake_header(proxy, "host"), ==, "elsewhere.invalid");
    lab_end(&lab);
}

static void test_loopback_goes_past(void)
{
    lab lab;
    http_options options = lab_options();
    const fake_answer answers[] = {{200, "[1]"}};
    g_autoptr(fake) proxy = fake_new(NULL);
    options.proxy = fake_base(proxy);
    lab_start(&lab, &options, &outside);
    fake_script(lab.server, "/x", answers, 1);
    lab_get_path(&lab, "/x");
    g_assert_no_error(lab.error);
    g_assert_cmpint(fake_count(proxy, NULL), ==, 0);
    lab_end(&lab);
}

/* ---- TLS through a tunnel ------------------------------------------------------------------- */

/* Answers CONNECT, whatever host it names, with a way to one port of this machine. */
typedef struct tunnel {
    GSocketService *service;
    guint16 from, to;
    char asked[128]; /* the newest first line */
} tunnel;

typedef struct way {
    tunnel *tunnel;
    GSocketConnection *near, *far;
    char head[1024];
    gsize length;
} way;

static void way_free(way *self)
{
    g_clear_object(&self->near);
    g_clear_object(&self->far);
    g_free(self);
}

static void on_spliced(GObject *source, GAsyncResult *result, gpointer data)
{
    (void)source;
    g_io_stream_splice_finish(result, NULL);
    way_free(data);
}

static void open_way(way *self)
{
    static const char yes[] = "HTTP/1.1 200 OK\r\n\r\n";
    g_autoptr(GSocketClient) client = g_socket_client_new();
    g_strlcpy(self->tunnel->asked, self->head, sizeof self->tunnel->asked);
    *strchrnul(self->tunnel->asked, '\r') = '\0';
    g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(self->near)), yes,
                              strlen(yes), NULL, NULL, NULL);
    self->far = g_socket_client_connect_to_host(client, "127.0.0.1", self->tunnel->to, NULL, NULL);
    g_assert_nonnull(self->far);
    g_io_stream_splice_async(G_IO_STREAM(self->near), G_IO_STREAM(self->far),
                             G_IO_STREAM_SPLICE_CLOSE_STREAM1 | G_IO_STREAM_SPLICE_CLOSE_STREAM2,
                             G_PRIORITY_DEFAULT, NULL, on_spliced, self);
}

static void read_head(way *self);

static void on_head(GObject *source, GAsyncResult *result, gpointer data)
{
    way *self = data;
    const gssize got = g_input_stream_read_finish(G_INPUT_STREAM(source), result, NULL);
    if (got <= 0) {
        way_free(self);
        return;
    }
    self->length += (gsize)got;
    if (strstr(self->head, "\r\n\r\n") != NULL)
        open_way(self);
    else
        read_head(self);
}

static void read_head(way *self)
{
    const gsize room = sizeof self->head - 1 - self->length;
    g_assert_cmpint(room, >, 0);
    g_input_stream_read_async(g_io_stream_get_input_stream(G_IO_STREAM(self->near)),
                              self->head + self->length, room, G_PRIORITY_DEFAULT, NULL, on_head,
                              self);
}

static gboolean on_incoming(GSocketService *socket_service, GSocketConnection *connection,
                            GObject *source, gpointer data)
{
    (void)socket_service;
    (void)source;
    way *self = g_new0(way, 1);
    self->tunnel = data;
    self->near = g_object_ref(connection);
    read_head(self);
    return TRUE;
}

static void tunnel_start(tunnel *self, guint16 to)
{
    *self = (tunnel){.service = g_socket_service_new(), .to = to};
    self->from = g_socket_listener_add_any_inet_port(G_SOCKET_LISTENER(self->service), NULL, NULL);
    g_assert_cmpint(self->from, !=, 0);
    g_signal_connect(self->service, "incoming", G_CALLBACK(on_incoming), self);
}

static void tunnel_end(tunnel *self)
{
    g_socket_service_stop(self->service);
    g_socket_listener_close(G_SOCKET_LISTENER(self->service));
    g_clear_object(&self->service);
}

/* The certificate is the host's that was asked for, not the proxy's. */
static void check_tunnel(const char *cert_name, gboolean good)
{
    lab lab;
    tunnel tunnel;
    g_autofree char *ca = lab_file("ca.pem"), *cert = lab_file(cert_name);
    http_options options = lab_options();
    const fake_answer answers[] = {{200, "[1]"}};
    g_autoptr(fake) vendor = fake_new(cert);
    tunnel_start(&tunnel, (guint16)g_ascii_strtoull(strrchr(fake_base(vendor), ':') + 1, NULL, 10));
    g_autofree char *proxy = g_strdup_printf("http://127.0.0.1:%u", tunnel.from);
    options.ca_file = ca;
    options.proxy = proxy;
    lab_start(&lab, &options, &outside);
    fake_script(vendor, "/x", answers, 1);
    lab.base = "https://elsewhere.invalid";
    lab_get_path(&lab, "/x");
    g_assert_cmpstr(tunnel.asked, ==, "CONNECT elsewhere.invalid:443 HTTP/1.1");
    g_assert_cmpint(fake_count(vendor, "/x"), ==, good ? 1 : 0);
    if (good)
        g_assert_no_error(lab.error);
    else
        g_assert_nonnull(strstr(lab.error->message, "another host's"));
    lab_end(&lab);
    tunnel_end(&tunnel);
}

static void test_tunnel(void)
{
    check_tunnel("elsewhere.pem", TRUE);
    check_tunnel("server.pem", FALSE);
}

/* ---- who goes past -------------------------------------------------------------------------- */

static void test_no_proxy(void)
{
    static const struct {
        const char *no_proxy, *uri;
        gboolean direct;
    } cases[] = {
        {NULL, "https://api.example.com/", FALSE},
        {"", "https://api.example.com/", FALSE},
        {"api.example.com", "https://api.example.com/", TRUE},
        {"API.example.com", "https://api.example.com/", TRUE},
        {"example.com", "https://api.example.com/", TRUE},
        {".example.com", "https://api.example.com/", TRUE},
        {" other.net , example.com", "https://api.example.com/", TRUE},
        {"ample.com", "https://api.example.com/", FALSE},
        {"other.net", "https://api.example.com/", FALSE},
        {"10.0.0.0/8", "https://10.1.2.3/", TRUE},
        {"10.0.0.0/8", "https://11.1.2.3/", FALSE},
        {NULL, "http://localhost:8080/", TRUE},
        {NULL, "http://127.0.0.1:8080/", TRUE},
        {NULL, "http://127.9.9.9:8080/", TRUE},
        {NULL, "http://[::1]:8080/", TRUE},
        {NULL, "http://localhost.example.com/", FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GProxyResolver)
            resolver = hosts_proxy("http://proxy.example:3128", cases[i].no_proxy, &error);
        g_assert_no_error(error);
        g_auto(GStrv) found = g_proxy_resolver_lookup(resolver, cases[i].uri, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpint(g_strv_length(found), ==, 1);
        const char *want = cases[i].direct ? "direct://" : "http://proxy.example:3128";
        if (strcmp(found[0], want) != 0)
            g_error("%s without %s: %s", cases[i].uri, cases[i].no_proxy, found[0]);
    }
    g_assert_null(hosts_proxy(NULL, "example.com", NULL));
    g_assert_null(hosts_proxy("http://proxy.example:3128", "example.com, *", NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/proxy/plain", test_plain);
    g_test_add_func("/http/proxy/loopback-goes-past", test_loopback_goes_past);
    g_test_add_func("/http/proxy/tunnel", test_tunnel);
    g_test_add_func("/http/proxy/no-proxy", test_no_proxy);
    return g_test_run();
}
