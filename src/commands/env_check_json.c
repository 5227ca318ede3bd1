/* The summary of env check as data. */
#include "commands/env_check.h"

#include "platform/log.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* NULL becomes null; takes nothing. */
static json_t *text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

static void set_masked(json_t *object, const char *key, const check *self, const char *name)
{
    g_autofree char *text = check_masked(self, name);
    json_object_set_new(object, key, text_or_null(text));
}

static json_t *json_providers(const check *self)
{
    json_t *list = json_array();
    for (gsize i = 0; i < CHECK_PROVIDERS; i++) {
        json_t *item = json_object();
        json_object_set_new(item, "name", json_string(check_providers_table[i].id));
        set_masked(item, "key", self, check_providers_table[i].key);
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *json_preferred(const check *self)
{
    static const char *const assets[] = {"equities", "crypto", "macro"};
    json_t *object = json_object();
    for (gsize i = 0; i < G_N_ELEMENTS(assets); i++) {
        const char *chosen = settings_preferred_provider(self->settings, assets[i]);
        json_object_set_new(object, assets[i], text_or_null(chosen));
    }
    return object;
}

/* Ids are text: they do not fit a double. */
static json_t *json_ids(const char *list)
{
    json_t *ids = json_array();
    g_auto(GStrv) items = g_strsplit(list != NULL ? list : "", ",", -1);
    for (char **item = items; *item != NULL; item++)
        json_array_append_new(ids, json_string(*item));
    return ids;
}

static json_t *json_discord(const check *self)
{
    json_t *object = json_object();
    const char *webhook = check_get(self, "DISCORD_WEBHOOK_URL");
    g_autofree char *shown = webhook != NULL ? log_mask_url(webhook) : NULL;
    set_masked(object, "token", self, "DISCORD_BOT_TOKEN");
    json_object_set_new(object, "app_id", text_or_null(check_get(self, "DISCORD_APP_ID")));
    json_object_set_new(object, "guild_id", text_or_null(check_get(self, "DISCORD_GUILD_ID")));
    json_object_set_new(object, "reports_channel_id",
                        text_or_null(check_get(self, "DISCORD_REPORTS_CHANNEL_ID")));
    json_object_set_new(object, "webhook", text_or_null(shown));
    json_object_set_new(object, "allowed_user_ids", json_ids(check_get(self, "ALLOWED_USER_IDS")));
    json_object_set_new(object, "admin_ids",
                        json_ids(check_get(self, "QUANTBOT_DISCORD_ADMIN_IDS")));
    return object;
}

static json_t *json_database(const check *self)
{
    json_t *object = json_object();
    const GError *error = self->database_error;
    g_autofree char *path = self->on_server ? g_strdup(settings_postgres(self->settings)->name)
                                            : failure_path(settings_runlog_path(self->settings));
    g_autofree char *reason = error != NULL ? log_redact(error->message) : NULL;
    json_object_set_new(object, "ok", json_boolean(error == NULL));
    json_object_set_new(object, "kind", json_string(self->on_server ? "postgresql" : "sqlite"));
    json_object_set_new(object, "path", json_string(path));
    json_object_set_new(object, "error", text_or_null(reason));
    json_object_set_new(object, "postgresql",
                        text_or_null(settings_postgres_masked(self->settings)));
    json_object_set_new(object, "pooler", json_boolean(check_has_pooler(self)));
    return object;
}

static json_t *json_openai(const check *self)
{
    json_t *object = json_object();
    g_autofree char *model = check_plain(self, "OPENAI_MODEL");
    g_autofree char *base = log_mask_url(check_get(self, "OPENAI_BASE_URL"));
    gboolean usable = model != NULL && check_get(self, "OPENAI_API_KEY") != NULL;
    set_masked(object, "key", self, "OPENAI_API_KEY");
    json_object_set_new(object, "model", text_or_null(model));
    json_object_set_new(object, "base_url", json_string(base));
    json_object_set_new(object, "narration", json_string(usable ? "model" : "template"));
    return object;
}

static json_t *json_wandb(const check *self)
{
    json_t *object = json_object();
    g_autofree char *project = check_plain(self, "WANDB_PROJECT"),
                    *entity = check_plain(self, "WANDB_ENTITY");
    set_masked(object, "key", self, "WANDB_API_KEY");
    json_object_set_new(object, "mode", json_string(check_wandb_mode(self)));
    json_object_set_new(object, "project", text_or_null(project));
    json_object_set_new(object, "entity", text_or_null(entity));
    return object;
}

static json_t *json_unused(gboolean recognised)
{
    json_t *object = json_object();
    json_object_set_new(object, "recognised", json_boolean(recognised));
    json_object_set_new(object, "used", json_false());
    return object;
}

static json_t *json_hosts(const check *self)
{
    json_t *list = json_array();
    for (guint i = 0; i < self->hosts->len; i++) {
        const settings_host *host = &g_array_index(self->hosts, settings_host, i);
        json_t *item = json_object();
        json_object_set_new(item, "service", json_string(host->service));
        json_object_set_new(item, "host", json_string(host->host));
        json_object_set_new(item, "built_in", json_boolean(host->ours));
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *json_warnings(const GPtrArray *warnings)
{
    json_t *list = json_array();
    for (guint i = 0; i < warnings->len; i++) {
        g_autofree char *clean = log_redact(g_ptr_array_index(warnings, i));
        json_array_append_new(list, json_string(clean));
    }
    return list;
}

static void print_json_object(json_t *object)
{
    char *text = json_dumps(object, JSON_INDENT(2));
    puts(text);
    free(text);
    json_decref(object);
}

void check_print_json(const check *self)
{
    json_t *root = json_object();
    g_autofree char *folder = failure_path(settings_data_dir(self->settings));
    g_autofree char *zone = check_plain(self, "TZ"), *file = failure_path(self->env_path);
    json_object_set_new(root, "ok", json_boolean(self->database_error == NULL));
    json_object_set_new(root, "mode", json_string(check_get(self, "RUN_MODE")));
    json_object_set_new(root, "environment", json_string(check_get(self, "APP_ENV")));
    json_object_set_new(root, "settings_file", self->env_exists ? json_string(file) : json_null());
    json_object_set_new(root, "log_level", json_string(check_get(self, "LOG_LEVEL")));
    json_object_set_new(root, "time_zone", json_string(zone));
    json_object_set_new(root, "data_folder", json_string(folder));
    json_object_set_new(root, "providers", json_providers(self));
    json_object_set_new(root, "preferred_provider", json_preferred(self));
    json_object_set_new(root, "discord", json_discord(self));
    json_object_set_new(root, "openai", json_openai(self));
    json_object_set_new(root, "wandb", json_wandb(self));
    json_object_set_new(root, "alpaca", json_unused(check_has_alpaca(self)));
    json_object_set_new(root, "admin", json_unused(check_has_admin(self)));
    json_object_set_new(root, "hosts", json_hosts(self));
    json_object_set_new(root, "database", json_database(self));
    json_object_set_new(root, "warnings", json_warnings(self->warnings));
    print_json_object(root);
}

void check_print_json_errors(const GError *error, const GPtrArray *warnings)
{
    json_t *root = json_object(), *errors = json_array();
    g_autofree char *clean = log_redact(error->message);
    g_auto(GStrv) lines = g_strsplit(clean, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        json_array_append_new(errors, json_string(*line));
    json_object_set_new(root, "ok", json_false());
    json_object_set_new(root, "errors", errors);
    json_object_set_new(root, "warnings", json_warnings(warnings));
    print_json_object(root);
}
