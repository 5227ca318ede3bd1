/* What was read: values, and what follows from them. */
#include "config/config-private.h"

#include "platform/log.h"

#include <string.h>

void erase_text(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    g_free(text);
}

settings *settings_new(void)
{
    settings *self = g_new0(settings, 1);
    self->entries = g_new0(setting_entry, settings_table_count);
    return self;
}

/* ---- what follows from the values ----------------------------------------------------------- */

void settings_derive(settings *self)
{
    const char *url = settings_get(self, "DATABASE_URL");
    g_autofree char *path = NULL;
    database_kind kind = url != NULL ? database_url_kind(url, &path) : DATABASE_BAD;

    g_clear_pointer(&self->data_dir, g_free);
    g_clear_pointer(&self->runlog_path, g_free);
    g_clear_pointer(&self->postgres_masked, g_free);
    g_clear_pointer(&self->postgres_host, g_free);
    g_clear_pointer(&self->database, database_free);
    self->data_dir = g_canonicalize_filename(settings_get(self, "QUANTBOT_DATA_DIR"), NULL);
    if (kind == DATABASE_SQLITE)
        self->runlog_path = g_canonicalize_filename(path, NULL);
    else
        self->runlog_path = g_build_filename(self->data_dir, "runtime", "quantbot.db", NULL);
    if (kind != DATABASE_POSTGRES)
        return;
    self->database = database_parse(url);
    for (gsize i = 0; self->database->keywords[i] != NULL; i++)
        if (strcmp(self->database->keywords[i], "host") == 0)
            self->postgres_host = g_strdup(self->database->values[i]);
    url_parts parts;
    g_autofree char *plain = NULL;
    if (url_split(url, &parts))
        plain = g_strdup_printf("postgresql%s", strstr(url, "://"));
    else
        plain = g_strdup_printf("postgresql://%s/x",
                                self->postgres_host != NULL ? self->postgres_host : "");
    self->postgres_masked = log_mask_url(plain);
}

void settings_free(settings *self)
{
    if (self == NULL)
        return;
    for (gsize row = 0; row < settings_table_count; row++)
        erase_text(self->entries[row].value);
    g_free(self->entries);
    g_free(self->data_dir);
    g_free(self->runlog_path);
    g_free(self->postgres_masked);
    g_free(self->postgres_host);
    database_free(self->database);
    g_free(self);
}

/* ---- looking up ----------------------------------------------------------------------------- */

static gsize row_of(const char *name)
{
    gssize row = table_find(name, strlen(name));
    g_assert(row >= 0);
    return (gsize)row;
}

const char *settings_get(const settings *self, const char *name)
{
    gsize row = row_of(name);
    const char *value = self->entries[row].value;
    return value != NULL ? value : settings_table[row].standard;
}

gint64 settings_integer(const settings *self, const char *name)
{
    g_assert(settings_table[row_of(name)].type == SETTING_INTEGER);
    const char *value = settings_get(self, name);
    return value != NULL ? g_ascii_strtoll(value, NULL, 10) : 0;
}

setting_source settings_source(const settings *self, const char *name)
{
    return self->entries[row_of(name)].source;
}

gboolean settings_override(settings *self, const char *name, const char *value, GError **error)
{
    gsize row = row_of(name);
    const setting_info *info = &settings_table[row];
    g_autofree char *expected = NULL;
    char *checked = NULL;
    if (!value_check(info, value, &checked, &expected)) {
        g_autofree char *text = value_problem(info, value, expected);
        g_set_error(error, FAILURE, FAILURE_CONFIG, "%s: %s", name, text);
        return FALSE;
    }
    erase_text(self->entries[row].value);
    self->entries[row] = (setting_entry){checked, SETTING_FLAG};
    settings_derive(self);
    return TRUE;
}

const char *settings_data_dir(const settings *self)
{
    return self->data_dir;
}

const char *settings_runlog_path(const settings *self)
{
    return self->runlog_path;
}

const char *settings_postgres_masked(const settings *self)
{
    return self->postgres_masked;
}

const settings_database *settings_postgres(const settings *self)
{
    return self->database;
}

const char *settings_postgres_host(const settings *self)
{
    return self->postgres_host;
}

/* ---- providers ------------------------------------------------------------------------------ */

static const struct {
    const char *asset, *provider, *key;
} preferences[] = {
    {"equities", "polygon", "POLYGON_API_KEY"},
    {"equities", "tiingo", "TIINGO_API_KEY"},
    {"equities", "alphavantage", "ALPHA_VANTAGE_API_KEY"},
    {"crypto", "coingecko", "COINGECKO_API_KEY"},
    {"crypto", "cryptocompare", "CRYPTOCOMPARE_API_KEY"},
    {"macro", "fred", "FRED_API_KEY"},
};

const char *settings_preferred_provider(const settings *self, const char *asset)
{
    if (strcmp(asset, "equity") == 0)
        asset = "equities";
    for (gsize i = 0; i < G_N_ELEMENTS(preferences); i++)
        if (strcmp(preferences[i].asset, asset) == 0 && settings_get(self, preferences[i].key))
            return preferences[i].provider;
    return strcmp(asset, "crypto") == 0 ? "coingecko" : NULL;
}
