/* Whom we may talk to, and through which proxy. */
#include "http/http-private.h"

#include <string.h>

gboolean hosts_is_loopback(const char *host)
{
    g_autoptr(GInetAddress) address = g_inet_address_new_from_string(host);
    if (address != NULL)
        return g_inet_address_get_is_loopback(address);
    return g_ascii_strcasecmp(host, "localhost") == 0;
}

static gboolean refuse(const char *base, const char *why, GError **error)
{
    g_autofree char *quoted = failure_quote(base, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "%s: %s", quoted, why);
    return FALSE;
}

/* A table's entry is "host" or "host:port". */
static gboolean is_listed(const char *const *hosts, const char *host, int port, int standard)
{
    g_autofree char *with_port = g_strdup_printf("%s:%d", host, port);
    for (; hosts != NULL && *hosts != NULL; hosts++)
        if ((port == standard && g_ascii_strcasecmp(*hosts, host) == 0) ||
            g_ascii_strcasecmp(*hosts, with_port) == 0)
            return TRUE;
    return FALSE;
}

gboolean hosts_check(const char *base, const char *const *hosts, gboolean plain, char **out_host,
                     GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(base, G_URI_FLAGS_NONE, NULL);
    if (uri == NULL || g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == '\0')
        return refuse(base, "is no address of a service (expected https://host)", error);
    const char *scheme = g_uri_get_scheme(uri), *host = g_uri_get_host(uri);
    const gboolean tls = strcmp(scheme, "https") == 0, loopback = hosts_is_loopback(host);
    if (!tls && strcmp(scheme, "http") != 0)
        return refuse(base, "is neither https nor http", error);
    if (g_uri_get_userinfo(uri) != NULL || g_uri_get_query(uri) != NULL ||
        g_uri_get_fragment(uri) != NULL)
        return refuse(base, "has more than host and path", error);
    if (!tls && !loopback && !plain)
        return refuse(base, "is not encrypted (expected https://)", error);
    const int standard = tls ? 443 : 80;
    const int port = g_uri_get_port(uri) > 0 ? g_uri_get_port(uri) : standard;
    if (!loopback && !is_listed(hosts, host, port, standard))
        return refuse(base, "is not among the hosts of this service", error);
    *out_host = g_strdup(host);
    return TRUE;
}

/* A password may stand before an @, whatever else is wrong with it. */
static void refuse_proxy(const char *proxy, GError **error)
{
    g_autofree char *quoted = strchr(proxy, '@') != NULL ? g_strdup("the one that is set")
                                                         : failure_quote(proxy, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "proxy: %s is no address (expected http://host:port)", quoted);
}

GProxyResolver *hosts_proxy(const char *proxy, const char *no_proxy, GError **error)
{
    if (proxy == NULL || *proxy == '\0')
        return NULL;
    g_autoptr(GUri) uri = g_uri_parse(proxy, G_URI_FLAGS_NONE, NULL);
    if (uri == NULL || g_uri_get_host(uri) == NULL || *g_uri_get_host(uri) == '\0') {
        refuse_proxy(proxy, error);
        return NULL;
    }
    g_auto(GStrv) ignored = g_strsplit(no_proxy != NULL ? no_proxy : "", ",", -1);
    g_autoptr(GPtrArray) hosts = g_ptr_array_new();
    for (char **item = ignored; *item != NULL; item++) {
        if (strcmp(g_strstrip(*item), "*") == 0)
            return NULL;
        if (**item != '\0')
            g_ptr_array_add(hosts, *item);
    }
    static const char *const loopback[] = {"localhost", "127.0.0.0/8", "::1"};
    for (gsize i = 0; i < G_N_ELEMENTS(loopback); i++)
        g_ptr_array_add(hosts, (char *)loopback[i]);
    g_ptr_array_add(hosts, NULL);
    return g_simple_proxy_resolver_new(proxy, (char **)hosts->pdata);
}
