/* Providers as this user has them: key, address, budget. */
#include "download/download-private.h"

#include <string.h>

/* The address that the user set counts as one of the provider's. */
static void add_host(GPtrArray *hosts, const char *base)
{
    g_autoptr(GUri) uri = g_uri_parse(base, G_URI_FLAGS_NONE, NULL);
    if (uri == NULL || g_uri_get_host(uri) == NULL)
        return; /* http says what is wrong with it */
    const int standard = g_strcmp0(g_uri_get_scheme(uri), "https") == 0 ? 443 : 80;
    const int port = g_uri_get_port(uri) > 0 ? g_uri_get_port(uri) : standard;
    g_ptr_array_add(hosts, g_strdup_printf("%s:%d", g_uri_get_host(uri), port));
}

static void read_base(vendor *self, const settings *settings)
{
    const char *setting = self->provider->base_setting;
    const gboolean own = settings_source(settings, setting) != SETTING_DEFAULT;
    self->base = g_strdup(settings_get(settings, setting));
    while (g_str_has_suffix(self->base, "/"))
        self->base[strlen(self->base) - 1] = '\0';
    self->plain = own && g_ascii_strncasecmp(self->base, "http://", strlen("http://")) == 0;
    if (own)
        add_host(self->hosts, self->base);
}

vendor *vendor_of(download *self, const provider *provider)
{
    vendor *found = g_hash_table_lookup(self->vendors, provider);
    if (found != NULL)
        return found;
    found = g_new0(vendor, 1);
    found->provider = provider;
    found->key = settings_get(self->options.settings, provider->key_setting);
    found->hosts = g_ptr_array_new_with_free_func(g_free);
    for (const char *const *host = provider->service.hosts; *host != NULL; host++)
        g_ptr_array_add(found->hosts, g_strdup(*host));
    read_base(found, self->options.settings);
    g_ptr_array_add(found->hosts, NULL);
    found->service = provider->service;
    found->service.hosts = (const char *const *)found->hosts->pdata;
    /* What a paid plan allows is between the user and the provider, whose 429 is heeded. */
    if (self->options.paid)
        found->service.limits = NULL;
    g_hash_table_insert(self->vendors, (gpointer)provider, found);
    return found;
}

void vendor_free(gpointer item)
{
    vendor *self = item;
    g_free(self->base);
    g_ptr_array_unref(self->hosts);
    g_clear_error(&self->stopped);
    g_free(self);
}

http *vendor_client(download *self, vendor *vendor, GError **error)
{
    if (self->client == NULL)
        self->client = http_new(&self->http_options, error);
    if (self->client == NULL)
        return NULL;
    if (!vendor->added && !http_add_service(self->client, &vendor->service, error))
        return NULL;
    vendor->added = TRUE;
    return self->client;
}

void vendor_send(http *client, const vendor *vendor, const provider_job *job,
                 const provider_step *step, GCancellable *cancellable, GAsyncReadyCallback callback,
                 gpointer data)
{
    provider_request request = {0};
    job->provider->kinds[step->kind].request(job, step, &request);
    const http_request sent = {
        .service = vendor->service.name,
        .base = job->base,
        .path = request.path,
        .query = request.query,
        .headers = request.headers,
        .credits = request.credits,
        .plain = vendor->plain,
        .judge = job->provider->judge,
        .data = (gpointer)job,
    };
    http_get_async(client, &sent, cancellable, callback, data);
    provider_request_clear(&request);
}
