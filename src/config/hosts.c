/* The hosts that may be contacted. What is not here, loopback, or set by the user in so many words
 * is out of reach, whatever an answer or a link says. */
#include "config/config-private.h"

#include <string.h>

#define HOSTS_PER_SERVICE 2

static const struct {
    const char *service, *base_setting;
    const char *hosts[HOSTS_PER_SERVICE];
} services[] = {
    {"Polygon", "QUANTBOT_POLYGON_BASE_URL", {"api.polygon.io", "api.massive.com"}},
    {"Tiingo", "QUANTBOT_TIINGO_BASE_URL", {"api.tiingo.com"}},
    {"Alpha Vantage", "QUANTBOT_ALPHAVANTAGE_BASE_URL", {"www.alphavantage.co"}},
    {"CoinGecko", "QUANTBOT_COINGECKO_BASE_URL", {"api.coingecko.com", "pro-api.coingecko.com"}},
    {"CryptoCompare",
     "QUANTBOT_CRYPTOCOMPARE_BASE_URL",
     {"min-api.cryptocompare.com", "data-api.cryptocompare.com"}},
    {"FRED", "QUANTBOT_FRED_BASE_URL", {"api.stlouisfed.org"}},
    {"Quandl", "QUANTBOT_QUANDL_BASE_URL", {"data.nasdaq.com"}},
    {"Discord", "QUANTBOT_DISCORD_BASE_URL", {"discord.com", "gateway.discord.gg"}},
    {"OpenAI", "OPENAI_BASE_URL", {"api.openai.com"}},
    {"W&B", "WANDB_BASE_URL", {"api.wandb.ai"}},
};

static void clear_host(gpointer item)
{
    settings_host *host = item;
    g_free(host->service);
    g_free(host->host);
}

static void add_host(GArray *hosts, const char *service, char *host, gboolean ours)
{
    for (guint i = 0; i < hosts->len; i++)
        if (g_ascii_strcasecmp(g_array_index(hosts, settings_host, i).host, host) == 0) {
            g_free(host);
            return;
        }
    g_array_append_vals(hosts, &(settings_host){g_strdup(service), host, ours}, 1);
}

/* The host of a URL setting, unless it is unset or loopback. */
static void add_set(GArray *hosts, const settings *self, const char *service, const char *name)
{
    url_parts url;
    const char *text = settings_get(self, name);
    if (text == NULL || settings_source(self, name) == SETTING_DEFAULT || !url_split(text, &url) ||
        url_host_is_loopback(url.host))
        return;
    GString *host = g_string_new_len(url.host.text, (gssize)url.host.length);
    if (url.port.text != NULL)
        g_string_append_printf(host, ":%.*s", (int)url.port.length, url.port.text);
    add_host(hosts, service, g_string_free(host, FALSE), FALSE);
}

GArray *settings_hosts(const settings *self)
{
    GArray *hosts = g_array_new(FALSE, FALSE, sizeof(settings_host));
    g_array_set_clear_func(hosts, clear_host);
    for (gsize i = 0; i < G_N_ELEMENTS(services); i++) {
        for (gsize j = 0; j < HOSTS_PER_SERVICE && services[i].hosts[j] != NULL; j++)
            add_host(hosts, services[i].service, g_strdup(services[i].hosts[j]), TRUE);
        add_set(hosts, self, services[i].service, services[i].base_setting);
    }
    add_set(hosts, self, "Discord webhook", "DISCORD_WEBHOOK_URL");
    return hosts;
}
