/* URLs by hand, for their parts must stay as they were written: a password is masked in the form
 * in which it stands, and PostgreSQL takes host lists that RFC 3986 does not know. */
#include "config/config-private.h"

#include <arpa/inet.h>
#include <string.h>

static gboolean is_plain(const char *text)
{
    for (const guchar *c = (const guchar *)text; *c != '\0'; c++) {
        if (*c <= ' ' || *c == 0x7f || *c == '\\' || *c == '"' || *c == '<' || *c == '>')
            return FALSE;
        if (*c == '%' && !(g_ascii_isxdigit(c[1]) && g_ascii_isxdigit(c[2])))
            return FALSE;
    }
    return g_utf8_validate(text, -1, NULL);
}

static gboolean split_scheme(const char **at, url_part *out)
{
    const char *colon = strstr(*at, "://");
    if (colon == NULL || !g_ascii_isalpha(**at))
        return FALSE;
    for (const char *c = *at; c < colon; c++)
        if (!g_ascii_isalnum(*c) && *c != '+' && *c != '-' && *c != '.')
            return FALSE;
    *out = (url_part){*at, (gsize)(colon - *at)};
    *at = colon + 3;
    return TRUE;
}

/* user[:password]@; the last @ counts, for people paste passwords unencoded. */
static const char *split_user(const char *begin, const char *end, url_parts *out)
{
    const char *sign = memrchr(begin, '@', (gsize)(end - begin));
    if (sign == NULL)
        return begin;
    const char *colon = memchr(begin, ':', (gsize)(sign - begin));
    const char *user_end = colon != NULL ? colon : sign;
    out->user = (url_part){begin, (gsize)(user_end - begin)};
    if (colon != NULL)
        out->password = (url_part){colon + 1, (gsize)(sign - colon - 1)};
    return sign + 1;
}

static gboolean port_is_valid(url_part port)
{
    guint value = 0;
    for (gsize i = 0; i < port.length; i++) {
        if (!g_ascii_isdigit(port.text[i]) || port.length > 5)
            return FALSE;
        value = value * 10 + (guint)(port.text[i] - '0');
    }
    return port.length > 0 && value > 0 && value <= 65535;
}

/* host[:port] or [address]:port. */
static gboolean split_host(const char *begin, const char *end, url_parts *out)
{
    const char *host_end = end;
    if (begin < end && *begin == '[') {
        const char *bracket = memchr(begin, ']', (gsize)(end - begin));
        if (bracket == NULL || (bracket + 1 < end && bracket[1] != ':'))
            return FALSE;
        host_end = bracket + 1;
    } else {
        /* The last colon: a list "a:1,b:2" keeps the earlier ones in its host. */
        const char *colon = memrchr(begin, ':', (gsize)(end - begin));
        if (colon != NULL)
            host_end = colon;
    }
    out->host = (url_part){begin, (gsize)(host_end - begin)};
    if (host_end == end)
        return TRUE;
    out->port = (url_part){host_end + 1, (gsize)(end - host_end - 1)};
    return port_is_valid(out->port);
}

gboolean url_split(const char *text, url_parts *out)
{
    url_parts parts = {0};
    const char *at = text;
    if (!is_plain(text) || !split_scheme(&at, &parts.scheme))
        return FALSE;
    const char *end = at + strcspn(at, "/?#");
    if (!split_host(split_user(at, end, &parts), end, &parts))
        return FALSE;
    at = end;
    parts.path = (url_part){at, strcspn(at, "?#")};
    at += parts.path.length;
    if (*at == '?') {
        parts.query = (url_part){at + 1, strcspn(at + 1, "#")};
        at += 1 + parts.query.length;
    }
    if (*at == '#')
        parts.fragment = (url_part){at + 1, strlen(at + 1)};
    *out = parts;
    return TRUE;
}

char *url_decode(url_part part)
{
    if (part.text == NULL)
        return NULL;
    return g_uri_unescape_segment(part.text, part.text + part.length, NULL);
}

gboolean url_part_is(url_part part, const char *text)
{
    return part.text != NULL && part.length == strlen(text) &&
           g_ascii_strncasecmp(part.text, text, part.length) == 0;
}

gboolean url_host_is_loopback(url_part host)
{
    struct in_addr address;
    g_autofree char *text = g_strndup(host.text, host.length);
    if (inet_pton(AF_INET, text, &address) == 1)
        return (ntohl(address.s_addr) >> 24) == 127;
    return url_part_is(host, "localhost") || url_part_is(host, "[::1]");
}

/* ---- databases ------------------------------------------------------------------------------ */

/* SQLAlchemy's "dialect+driver": the driver is the earlier bot's affair. */
static gboolean dialect_is(url_part scheme, const char *name)
{
    const char *plus = memchr(scheme.text, '+', scheme.length);
    if (plus != NULL && plus + 1 == scheme.text + scheme.length)
        return FALSE;
    if (plus != NULL)
        scheme.length = (gsize)(plus - scheme.text);
    return url_part_is(scheme, name);
}

/* sqlite:///relative and sqlite:////absolute, as SQLAlchemy reads them; without query, for none of
 * its options would be honoured. The path is taken as written. */
static database_kind sqlite_kind(const char *text, char **out_path)
{
    const char *path = strstr(text, "://") + 3;
    if (path[0] != '/' || path[1] == '\0' || strpbrk(path, "?#") != NULL ||
        strcmp(path + 1, ":memory:") == 0 || g_str_has_suffix(path, "/"))
        return DATABASE_BAD;
    *out_path = g_strdup(path + 1);
    return DATABASE_SQLITE;
}

database_kind database_url_kind(const char *url, char **out_path)
{
    const char *at = url;
    url_part scheme;
    settings_database *server;
    if (!split_scheme(&at, &scheme)) {
        server = database_parse(url);
        database_free(server);
        return server != NULL ? DATABASE_POSTGRES : DATABASE_BAD;
    }
    if (dialect_is(scheme, "sqlite"))
        return sqlite_kind(url, out_path);
    if (!dialect_is(scheme, "postgresql") && !dialect_is(scheme, "postgres"))
        return DATABASE_BAD;
    server = database_parse(url);
    database_free(server);
    return server != NULL ? DATABASE_POSTGRES : DATABASE_BAD;
}
