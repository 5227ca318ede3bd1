/* DATABASE_URL where it names PostgreSQL, as libpq's parameters: from an URL as SQLAlchemy and
 * libpq write it, or from libpq's own "key=value" form. Taken apart here rather than by libpq, for
 * passwords are pasted without encoding, and nothing of a bad one may be printed. */
#include "config/config-private.h"

#include <string.h>

/* What PostgreSQL's "Parameter Key Words" lists and a client may want; no others. */
static const char *const known_keywords[] = {"application_name",
                                             "channel_binding",
                                             "client_encoding",
                                             "connect_timeout",
                                             "dbname",
                                             "fallback_application_name",
                                             "gssencmode",
                                             "host",
                                             "hostaddr",
                                             "keepalives",
                                             "keepalives_count",
                                             "keepalives_idle",
                                             "keepalives_interval",
                                             "krbsrvname",
                                             "load_balance_hosts",
                                             "options",
                                             "passfile",
                                             "password",
                                             "port",
                                             "require_auth",
                                             "requirepeer",
                                             "service",
                                             "ssl_max_protocol_version",
                                             "ssl_min_protocol_version",
                                             "sslcert",
                                             "sslcompression",
                                             "sslcrl",
                                             "sslcrldir",
                                             "sslkey",
                                             "sslmode",
                                             "sslnegotiation",
                                             "sslpassword",
                                             "sslrootcert",
                                             "sslsni",
                                             "target_session_attrs",
                                             "tcp_user_timeout",
                                             "user",
                                             NULL};

typedef struct pairs {
    GPtrArray *keywords, *values;
    gboolean pooled;
} pairs;

static void pairs_init(pairs *self)
{
    *self = (pairs){g_ptr_array_new_with_free_func(g_free),
                    g_ptr_array_new_with_free_func((GDestroyNotify)erase_text), FALSE};
}

static void pairs_clear(pairs *self)
{
    g_ptr_array_unref(self->keywords);
    g_ptr_array_unref(self->values);
}

/* Of two with one keyword the later counts, as in libpq. Takes the value. */
static gboolean put(pairs *self, const char *keyword, char *value)
{
    if (value == NULL || !g_strv_contains(known_keywords, keyword)) {
        erase_text(value);
        return FALSE;
    }
    for (guint i = 0; i < self->keywords->len; i++)
        if (strcmp(self->keywords->pdata[i], keyword) == 0) {
            erase_text(self->values->pdata[i]);
            self->values->pdata[i] = value;
            return TRUE;
        }
    g_ptr_array_add(self->keywords, g_strdup(keyword));
    g_ptr_array_add(self->values, value);
    return TRUE;
}

static const char *get(const pairs *self, const char *keyword)
{
    for (guint i = 0; i < self->keywords->len; i++)
        if (strcmp(self->keywords->pdata[i], keyword) == 0)
            return self->values->pdata[i];
    return NULL;
}

/* ---- URLs ----------------------------------------------------------------------------------- */

/* "a:1,[::1]:2,%2Ftmp" as two lists, hosts without brackets and decoded. */
static gboolean put_hosts(pairs *self, const char *text, gsize length)
{
    g_autofree char *all = g_strndup(text, length);
    g_auto(GStrv) parts = g_strsplit(all, ",", -1);
    g_autoptr(GString) hosts = g_string_new(NULL);
    g_autoptr(GString) ports = g_string_new(NULL);
    gboolean any_port = FALSE;
    for (char **part = parts; *part != NULL; part++) {
        char *host = *part, *end = host[0] == '[' ? strchr(host, ']') : NULL;
        char *colon = end != NULL ? (end[1] == ':' ? end + 1 : NULL) : strrchr(host, ':');
        if (host[0] == '[' && end == NULL)
            return FALSE;
        const char *port = colon != NULL ? colon + 1 : "";
        if (strspn(port, "0123456789") != strlen(port))
            return FALSE;
        g_string_append_printf(ports, "%s%s", part > parts ? "," : "", port);
        any_port = any_port || *port != '\0';
        if (colon != NULL)
            *colon = '\0';
        if (end != NULL) {
            *end = '\0';
            host++;
        }
        g_autofree char *plain = url_decode((url_part){host, strlen(host)});
        if (plain == NULL)
            return FALSE;
        g_string_append_printf(hosts, "%s%s", part > parts ? "," : "", plain);
    }
    return (hosts->len == 0 || put(self, "host", g_strdup(hosts->str))) &&
           (!any_port || put(self, "port", g_strdup(ports->str)));
}

/* pgbouncer=true is Prisma's word for a pooler, ssl=true JDBC's for TLS. */
static gboolean put_option(pairs *self, const char *text, gsize length)
{
    const char *equals = memchr(text, '=', length);
    if (equals == NULL)
        return FALSE;
    g_autofree char *keyword = url_decode((url_part){text, (gsize)(equals - text)});
    char *value = url_decode((url_part){equals + 1, length - (gsize)(equals + 1 - text)});
    if (keyword == NULL || value == NULL) {
        erase_text(value);
        return FALSE;
    }
    const gboolean yes = strcmp(value, "true") == 0;
    if (strcmp(keyword, "pgbouncer") == 0 || (strcmp(keyword, "ssl") == 0 && yes)) {
        self->pooled = self->pooled || (yes && keyword[0] == 'p');
        erase_text(value);
        return keyword[0] == 'p' || put(self, "sslmode", g_strdup("require"));
    }
    return put(self, keyword, value);
}

static gboolean put_query(pairs *self, url_part query)
{
    for (gsize at = 0; at < query.length;) {
        const gsize length = strcspn(query.text + at, "&");
        const gsize within = MIN(length, query.length - at);
        if (within > 0 && !put_option(self, query.text + at, within))
            return FALSE;
        at += within + 1;
    }
    return TRUE;
}

static gboolean parse_url(const char *text, pairs *out)
{
    url_parts parts;
    if (!url_split(text, &parts) || parts.fragment.text != NULL)
        return FALSE;
    /* An @ beyond the host means that a slash in the password was not encoded. */
    if (memchr(parts.path.text, '@', parts.path.length) != NULL)
        return FALSE;
    const char *end = parts.port.text != NULL ? parts.port.text + parts.port.length
                                              : parts.host.text + parts.host.length;
    if ((parts.user.length > 0 && !put(out, "user", url_decode(parts.user))) ||
        (parts.password.length > 0 && !put(out, "password", url_decode(parts.password))) ||
        !put_hosts(out, parts.host.text, (gsize)(end - parts.host.text)))
        return FALSE;
    if (parts.path.length > 1 &&
        !put(out, "dbname", url_decode((url_part){parts.path.text + 1, parts.path.length - 1})))
        return FALSE;
    return put_query(out, parts.query) && (get(out, "host") != NULL || get(out, "dbname") != NULL);
}

/* A password in a pair may hold "://" too; a scheme has no blank and no equals sign. */
static gboolean database_is_url(const char *text)
{
    const char *colon = strstr(text, "://");
    return colon != NULL && strcspn(text, "= ") > (gsize)(colon - text);
}

/* ---- key=value ------------------------------------------------------------------------------ */

/* A value ends at a blank, or at the quote that it began with; a backslash keeps what follows. */
static gboolean take_value(const char **at, GString *out)
{
    const gboolean quoted = **at == '\'';
    if (quoted)
        (*at)++;
    while (**at != '\0' && (quoted ? **at != '\'' : !g_ascii_isspace(**at))) {
        if (**at == '\\' && (*at)[1] != '\0')
            (*at)++;
        g_string_append_c(out, *(*at)++);
    }
    if (!quoted)
        return TRUE;
    return *(*at)++ == '\'';
}

static gboolean parse_pairs(const char *text, pairs *out)
{
    const char *at = text;
    for (;;) {
        while (g_ascii_isspace(*at))
            at++;
        if (*at == '\0')
            return get(out, "host") != NULL || get(out, "dbname") != NULL;
        const gsize length = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
        g_autofree char *keyword = g_strndup(at, length);
        at += length;
        while (g_ascii_isspace(*at))
            at++;
        if (*at++ != '=')
            return FALSE;
        while (g_ascii_isspace(*at))
            at++;
        GString *value = g_string_new(NULL);
        const gboolean whole = take_value(&at, value);
        if (!put(out, keyword, g_string_free(value, FALSE)) || !whole)
            return FALSE;
    }
}

/* ---- what follows --------------------------------------------------------------------------- */

static gboolean is_local(const pairs *self)
{
    const char *host = get(self, "host"), *address = get(self, "hostaddr");
    if (get(self, "service") != NULL)
        return FALSE;
    g_auto(GStrv) hosts = g_strsplit(host != NULL ? host : address != NULL ? address : "", ",", -1);
    for (char **one = hosts; *one != NULL; one++) {
        g_autofree char *bracketed = g_strdup_printf("[%s]", *one);
        const gboolean socket = **one == '\0' || **one == '/' || **one == '@';
        if (!socket && !url_host_is_loopback((url_part){*one, strlen(*one)}) &&
            !url_host_is_loopback((url_part){bracketed, strlen(bracketed)}))
            return FALSE;
    }
    return TRUE;
}

static char *name_of(const pairs *self)
{
    const char *host = get(self, "host"), *port = get(self, "port"), *name = get(self, "dbname");
    if (host == NULL)
        host = get(self, "hostaddr");
    return g_strdup_printf("%s%s%s/%s", host != NULL ? host : "local socket",
                           port != NULL ? ":" : "", port != NULL ? port : "",
                           name != NULL ? name : "");
}

static char **take(GPtrArray **array)
{
    g_ptr_array_add(*array, NULL);
    g_ptr_array_set_free_func(*array, NULL);
    char **texts = (char **)g_ptr_array_free(*array, FALSE);
    *array = g_ptr_array_new();
    return texts;
}

settings_database *database_parse(const char *text)
{
    pairs found;
    pairs_init(&found);
    const gboolean ok = database_is_url(text) ? parse_url(text, &found) : parse_pairs(text, &found);
    settings_database *self = ok ? g_new0(settings_database, 1) : NULL;
    if (self != NULL) {
        const char *host = get(&found, "host");
        self->local = is_local(&found);
        self->pooled = found.pooled || (host != NULL && strstr(host, "-pooler") != NULL);
        self->name = name_of(&found);
        self->keywords = take(&found.keywords);
        self->values = take(&found.values);
    }
    pairs_clear(&found);
    return self;
}

void database_free(settings_database *self)
{
    if (self == NULL)
        return;
    for (char **value = self->values; *value != NULL; value++)
        erase_text(*value);
    g_free(self->values);
    g_strfreev(self->keywords);
    g_free(self->name);
    g_free(self);
}
