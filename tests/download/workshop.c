#include "workshop.h"

#include "lab.h"
#include "platform/clock.h"
#include "platform/log.h"

#include <glib/gstdio.h>
#include <string.h>

static settings *read_settings(const char *base, gboolean keys)
{
    static const struct {
        const char *key, *base;
    } names[] = {
        {"TIINGO_API_KEY", "TIINGO"},
        {"POLYGON_API_KEY", "POLYGON"},
        {"ALPHA_VANTAGE_API_KEY", "ALPHAVANTAGE"},
        {"COINGECKO_API_KEY", "COINGECKO"},
        {"CRYPTOCOMPARE_API_KEY", "CRYPTOCOMPARE"},
        {"FRED_API_KEY", "FRED"},
        {"QUANDL_API_KEY", "QUANDL"},
    };
    g_autoptr(GString) text = g_string_new(NULL);
    GError *error = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_string_append_printf(text, "%s=%s\nQUANTBOT_%s_BASE_URL=%s\n", names[i].key,
                               keys ? WORKSHOP_KEY : "", names[i].base, base);
    settings *read = settings_parse(".env", text->str, text->len, NULL, NULL, &error);
    g_assert_no_error(error);
    return read;
}

static char *make_folder(void)
{
    GError *error = NULL;
    char *folder = g_dir_make_tmp("quantbot-test-XXXXXX", &error);
    g_assert_no_error(error);
    return folder;
}

/* FALSE: there is no nghttpx. */
static gboolean open_service(workshop *self, workshop_transport transport)
{
    g_autofree char *certificate = lab_file("server.pem");
    self->fake = fake_new(transport == WORKSHOP_TLS ? certificate : NULL);
    self->base = fake_base(self->fake);
    if (transport != WORKSHOP_PLAIN)
        self->authority = lab_file("ca.pem");
    if (transport != WORKSHOP_HTTP2)
        return TRUE;
    self->front = front_new(self->base);
    if (self->front != NULL)
        self->base = front_base(self->front);
    return self->front != NULL;
}

static void close_service(workshop *self)
{
    front_free(self->front);
    fake_free(self->fake);
    g_free(self->authority);
}

workshop *workshop_new_over(workshop_transport transport)
{
    workshop *self = g_new0(workshop, 1);
    log_register_secret(WORKSHOP_KEY);
    if (!open_service(self, transport)) {
        close_service(self);
        g_free(self);
        return NULL;
    }
    self->folder = make_folder();
    self->settings = read_settings(self->base, TRUE);
    self->cache = cache_new(self->folder, NULL);
    self->cancellable = g_cancellable_new();
    return self;
}

workshop *workshop_new(void)
{
    return workshop_new_over(WORKSHOP_PLAIN);
}

void workshop_lose_keys(workshop *self)
{
    g_clear_pointer(&self->download, download_free);
    settings_free(self->settings);
    self->settings = read_settings(self->base, FALSE);
}

/* Every file is looked at before it goes. */
static void remove_tree(const char *path)
{
    g_autofree char *content = NULL;
    gsize length = 0;
    GDir *dir = g_dir_open(path, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_tree(child);
    }
    if (dir != NULL)
        g_dir_close(dir);
    else if (g_file_get_contents(path, &content, &length, NULL))
        g_assert_null(memmem(content, length, WORKSHOP_KEY, strlen(WORKSHOP_KEY)));
    g_remove(path);
}

/* What was stored, and who asked for it. */
static void end_storing(workshop *self)
{
    g_clear_pointer(&self->download, download_free);
    cache_free(self->cache);
    remove_tree(self->folder);
    g_free(self->folder);
}

void workshop_renew(workshop *self)
{
    end_storing(self);
    fake_forget(self->fake);
    self->folder = make_folder();
    self->cache = cache_new(self->folder, NULL);
    self->now_us = self->exchange_us = 0;
}

void workshop_free(workshop *self)
{
    end_storing(self);
    close_service(self);
    settings_free(self->settings);
    g_object_unref(self->cancellable);
    g_free(self);
}

gint64 workshop_us(const char *time)
{
    int64_t us = 0;
    g_assert_cmpint(qb_time_from_text(time, strlen(time), &us), ==, QB_OK);
    return us;
}

download_wish workshop_wish(const char *provider, qb_asset asset, const char *symbol,
                            qb_interval interval, const char *first, const char *last)
{
    download_wish wish = {.provider = providers_find(provider),
                          .key = {.asset = asset, .interval = interval},
                          .calendar = asset != QB_MACRO ? qb_calendar_default(asset) : NULL,
                          .from_us = workshop_us(first),
                          .to_us = workshop_us(last) + QB_DAY_US};
    g_assert_nonnull(wish.provider);
    g_strlcpy(wish.key.symbol, symbol, sizeof wish.key.symbol);
    return wish;
}

const download_item *workshop_plan(workshop *self, const download_wish *wishes, guint count)
{
    /* Waits are short or end the series. */
    const http_options http = {.user_agent = "test",
                               .ca_file = self->authority,
                               .exchange_us = self->exchange_us,
                               .backoff_us = 1000,
                               .wait_us = QB_SECOND_US};
    const download_options options = {.cache = self->cache,
                                      .settings = self->settings,
                                      .http = &http,
                                      .now_us = self->now_us > 0 ? self->now_us : clock_now_us(),
                                      .parallel = self->parallel,
                                      .paid = self->paid};
    GError *error = NULL;
    download_free(self->download);
    self->download = download_new(&options, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < count; i++)
        g_assert_true(download_add(self->download, &wishes[i], NULL));
    return count > 0 ? g_ptr_array_index(download_items(self->download), 0) : NULL;
}

static void assert_no_key(const download_item *item)
{
    if (item->error != NULL)
        g_assert_null(strstr(item->error->message, WORKSHOP_KEY));
    for (guint i = 0; i < item->notes->len; i++)
        g_assert_null(strstr(g_ptr_array_index(item->notes, i), WORKSHOP_KEY));
}

const download_item *workshop_run(workshop *self, const download_wish *wishes, guint count)
{
    workshop_plan(self, wishes, count);
    download_run(self->download, NULL, self->cancellable);
    const GPtrArray *items = download_items(self->download);
    for (guint i = 0; i < items->len; i++)
        assert_no_key(g_ptr_array_index(items, i));
    return g_ptr_array_index(items, 0);
}

qb_series workshop_stored(workshop *self, const download_wish *wish)
{
    qb_series bars = {0};
    g_autoptr(GError) error = NULL;
    if (!cache_read(self->cache, &wish->key, G_MININT64, G_MAXINT64, CACHE_ALL, &bars, NULL,
                    &error))
        g_assert_error(error, FAILURE, FAILURE_MISSING);
    return bars;
}
