/* env check: can the program work with these settings, and what will it use? In: .env and the
 * environment. Out: a summary without a secret, and whether the run log takes a write. The only
 * thing it makes is the run log itself. */
#include "commands/commands-private.h"

#include "platform/files.h"
#include "platform/log.h"
#include "reports/reports.h"
#include "runlog/runlog.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char about[] =
    "Reads the settings as every command does and says what they amount to. Keys are shown as\n"
    "****, with the last four characters when there are 16 or more. Exit code 0 when the program\n"
    "can work, 3 when a setting is wrong, 8 when the run log cannot be written.\n"
    "\n"
    "Examples:\n"
    "  quantbot env check\n"
    "  quantbot env check --env prod.env --json\n";

#define DATABASE_WAIT_MS 2000

/* ---- the summary as rows -------------------------------------------------------------------- */

typedef enum mark { MARK_OK, MARK_OFF, MARK_WARN, MARK_BAD } mark;

typedef struct check_row {
    const char *section, *name;
    mark mark;
    char *text;
} check_row;

typedef struct check {
    const settings *settings;
    const char *env_path;
    gboolean env_exists;
    GArray *rows;        /* of check_row */
    GPtrArray *warnings; /* of char *: of the settings first, then of rows with MARK_WARN */
    GArray *hosts;
    GError *database_error; /* NULL: the run log takes a write */
} check;

static void clear_row(gpointer item)
{
    g_free(((check_row *)item)->text);
}

static void add(check *self, const char *section, const char *name, mark mark, const char *format,
                ...) G_GNUC_PRINTF(5, 6);
static void add(check *self, const char *section, const char *name, mark mark, const char *format,
                ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (mark == MARK_WARN)
        g_ptr_array_add(self->warnings, g_strdup_printf("%s: %s: %s", section, name, text));
    check_row row = {section, name, mark, g_steal_pointer(&text)};
    g_array_append_val(self->rows, row);
}

static const char *get(const check *self, const char *name)
{
    return settings_get(self->settings, name);
}

/* A key as it may be shown, or NULL. Caller frees. */
static char *masked(const check *self, const char *name)
{
    const char *value = get(self, name);
    return value != NULL ? log_mask(value) : NULL;
}

/* Names of settings and hosts need no escape; values of people do. */
static char *plain(const check *self, const char *name)
{
    const char *value = get(self, name);
    return value != NULL ? failure_path(value) : NULL;
}

/* ---- what there is to say ------------------------------------------------------------------- */

static void check_general(check *self)
{
    static const char section[] = "General";
    g_autofree char *zone = plain(self, "TZ");
    g_autofree char *file = failure_path(self->env_path);
    g_autofree char *folder = failure_path(settings_data_dir(self->settings));
    add(self, section, "mode", MARK_OK, "%s, %s", get(self, "RUN_MODE"), get(self, "APP_ENV"));
    add(self, section, "settings", MARK_OK, "%s",
        self->env_exists ? file : "environment and defaults (no .env)");
    add(self, section, "log level", MARK_OK, "%s", get(self, "LOG_LEVEL"));
    add(self, section, "time zone", MARK_OK, "%s (display only)", zone);
    add(self, section, "data folder", MARK_OK, "%s", folder);
}

static const struct {
    const char *id, *name, *key;
    const char *without; /* what is missing without the key; NULL: nothing */
} providers[] = {
    {"polygon", "Polygon", "POLYGON_API_KEY", "no key"},
    {"tiingo", "Tiingo", "TIINGO_API_KEY", "no key"},
    {"alphavantage", "Alpha Vantage", "ALPHA_VANTAGE_API_KEY", "no key"},
    {"coingecko", "CoinGecko", "COINGECKO_API_KEY", "no key; works without, slower"},
    {"cryptocompare", "CryptoCompare", "CRYPTOCOMPARE_API_KEY", "no key"},
    {"fred", "FRED", "FRED_API_KEY", "no key"},
    {"quandl", "Quandl", "QUANDL_API_KEY", "no key"},
};

static const struct {
    const char *asset, *missing;
} assets[] = {
    {"equities", "none; set POLYGON_API_KEY, TIINGO_API_KEY or ALPHA_VANTAGE_API_KEY to download, "
                 "or import files"},
    {"crypto", "none"},
    {"macro", "none; set FRED_API_KEY or QUANDL_API_KEY to download"},
};

static void check_providers(check *self)
{
    for (gsize i = 0; i < G_N_ELEMENTS(providers); i++) {
        g_autofree char *key = masked(self, providers[i].key);
        add(self, "Market data", providers[i].name, key != NULL ? MARK_OK : MARK_OFF, "%s",
            key != NULL ? key : providers[i].without);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(assets); i++) {
        const char *chosen = settings_preferred_provider(self->settings, assets[i].asset);
        add(self, "Preferred provider", assets[i].asset, chosen != NULL ? MARK_OK : MARK_WARN, "%s",
            chosen != NULL ? chosen : assets[i].missing);
    }
}

static void check_discord(check *self)
{
    static const char section[] = "Discord";
    g_autofree char *token = masked(self, "DISCORD_BOT_TOKEN");
    g_autofree char *webhook = NULL;
    const char *guild = get(self, "DISCORD_GUILD_ID");
    const char *channel = get(self, "DISCORD_REPORTS_CHANNEL_ID");
    const char *users = get(self, "ALLOWED_USER_IDS");
    const char *admins = get(self, "QUANTBOT_DISCORD_ADMIN_IDS");

    if (token == NULL)
        add(self, section, "bot", MARK_WARN, "off; set DISCORD_BOT_TOKEN and DISCORD_GUILD_ID");
    else if (guild == NULL)
        add(self, section, "bot", MARK_WARN,
            "token %s, but it will not start: set "
            "DISCORD_GUILD_ID",
            token);
    else
        add(self, section, "bot", MARK_OK, "token %s, server %s", token, guild);
    if (channel != NULL)
        add(self, section, "reports", MARK_OK, "channel %s", channel);
    if (get(self, "DISCORD_WEBHOOK_URL") != NULL) {
        webhook = log_mask_url(get(self, "DISCORD_WEBHOOK_URL"));
        add(self, section, "webhook", MARK_OK, "%s", webhook);
    }
    add(self, section, "may halt", MARK_OK, "%s",
        users != NULL    ? users
        : admins != NULL ? "the admins"
                         : "who has Manage Server");
    add(self, section, "may resume", MARK_OK, "%s",
        admins != NULL  ? admins
        : users != NULL ? "nobody; set QUANTBOT_DISCORD_ADMIN_IDS"
                        : "who has Manage Server");
}

static void check_narration(check *self)
{
    static const char section[] = "Narration (OpenAI)";
    g_autofree char *key = masked(self, "OPENAI_API_KEY");
    g_autofree char *model = plain(self, "OPENAI_MODEL");
    g_autofree char *base = log_mask_url(get(self, "OPENAI_BASE_URL"));
    if (key == NULL)
        add(self, section, "model", MARK_OFF, "no key; reports use the template");
    else if (model == NULL)
        add(self, section, "model", MARK_WARN,
            "key %s without OPENAI_MODEL; reports use the template. Name a model that the service "
            "offers",
            key);
    else
        add(self, section, "model", MARK_OK, "%s, key %s, %s", model, key, base);
}

static const char *wandb_mode(const check *self)
{
    const char *mode = get(self, "WANDB_MODE");
    if (mode != NULL)
        return mode;
    return get(self, "WANDB_API_KEY") != NULL ? "online" : "disabled";
}

static void check_tracking(check *self)
{
    static const char section[] = "Tracking (W&B)";
    g_autofree char *key = masked(self, "WANDB_API_KEY");
    g_autofree char *project = plain(self, "WANDB_PROJECT");
    const char *mode = wandb_mode(self);
    if (strcmp(mode, "online") == 0 && key == NULL)
        add(self, section, "mode", MARK_WARN, "online, but there is no WANDB_API_KEY");
    else if (key == NULL)
        add(self, section, "mode", MARK_OFF, "%s; no key", mode);
    else
        add(self, section, "mode", MARK_OK, "%s, key %s", mode, key);
    if (project != NULL)
        add(self, section, "project", MARK_OK, "%s", project);
}

static gboolean has_alpaca(const check *self)
{
    return get(self, "ALPACA_API_KEY") != NULL || get(self, "ALPACA_API_SECRET") != NULL ||
           get(self, "ALPACA_BASE_URL") != NULL;
}

static gboolean has_admin(const check *self)
{
    return get(self, "ADMIN_TOKEN") != NULL || get(self, "ADMIN_API_HOST") != NULL ||
           get(self, "ADMIN_API_PORT") != NULL;
}

static void check_unused(check *self)
{
    static const char section[] = "Recognised, not used";
    add(self, section, "Alpaca", MARK_OFF, "%s",
        has_alpaca(self) ? "set, and used for nothing: orders never leave this program"
                         : "not set");
    add(self, section, "admin API", MARK_OFF, "%s",
        has_admin(self) ? "set, not yet used" : "not set");
}

static char *join_hosts(const check *self, gboolean ours)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < self->hosts->len; i++) {
        const settings_host *host = &g_array_index(self->hosts, settings_host, i);
        if (host->ours == ours)
            g_string_append_printf(out, "%s%s", out->len ? ", " : "", host->host);
    }
    return g_string_free(out, FALSE);
}

static void check_hosts(check *self)
{
    static const char section[] = "Hosts that may be contacted";
    g_autofree char *ours = join_hosts(self, TRUE), *set = join_hosts(self, FALSE);
    add(self, section, "built in", MARK_OK, "%s", ours);
    add(self, section, "set by you", *set ? MARK_OK : MARK_OFF, "%s", *set ? set : "none");
    add(self, section, "loopback", MARK_OK, "127.0.0.0/8, ::1, localhost");
}

/* Neon names its transaction-mode PgBouncer like this; LISTEN and session state are lost there. */
static gboolean is_neon_pooler(const char *host)
{
    if (host == NULL)
        return FALSE;
    g_autofree char *lower = g_ascii_strdown(host, -1);
    return strstr(lower, "-pooler.") != NULL && strstr(lower, "neon.tech") != NULL;
}

static gboolean write_database(const char *path, GError **error)
{
    g_autoptr(runlog) log = runlog_open(path, error);
    if (log == NULL)
        return FALSE;
    runlog_set_wait_ms(log, DATABASE_WAIT_MS);
    return runlog_check_writable(log, error);
}

static void check_database(check *self)
{
    static const char section[] = "Database";
    const char *path = settings_runlog_path(self->settings);
    const char *postgres = settings_postgres_masked(self->settings);
    g_autofree char *shown = failure_path(path);
    if (postgres != NULL)
        add(self, section, "PostgreSQL", MARK_WARN, "%s: not yet used, the run log is SQLite",
            postgres);
    if (is_neon_pooler(settings_postgres_host(self->settings)))
        add(self, section, "pooler", MARK_WARN,
            "this Neon host is a pooler, where LISTEN hears nothing and migrations fail; use the "
            "direct host, the same name without \"-pooler\"");
    gboolean ok = write_database(path, &self->database_error);
    add(self, section, "run log", ok ? MARK_OK : MARK_BAD, "%s", shown);
}

/* ---- printing ------------------------------------------------------------------------------- */

#define NAME_COLUMNS 14
#define INDENT 2
#define WIDTH_MAX 100
#define WIDTH_MIN 32

static const struct {
    const char *unicode, *ascii, *colour;
} marks[] = {
    [MARK_OK] = {"✓", "+", "\033[32m"},
    [MARK_OFF] = {"·", "-", "\033[2m"},
    [MARK_WARN] = {"!", "!", "\033[33m"},
    [MARK_BAD] = {"✗", "x", "\033[31m"},
};

static const char *paint(const report_style *style, const char *colour)
{
    return style->colour ? colour : "";
}

/* Bytes of text that fill one line of `room` characters: up to a blank, else cut. */
static gsize line_bytes(const char *text, glong room)
{
    if (g_utf8_strlen(text, -1) <= room)
        return strlen(text);
    const char *end = g_utf8_offset_to_pointer(text, room);
    for (const char *c = end; c > text; c--)
        if (*c == ' ')
            return (gsize)(c - text);
    return (gsize)(end - text);
}

/* Wraps text into the columns from `left` on; the first line is begun already. */
static void print_wrapped(const char *text, int left, const report_style *style)
{
    glong room = CLAMP(style->width, WIDTH_MIN, WIDTH_MAX) - left;
    for (;;) {
        gsize bytes = line_bytes(text, room);
        printf("%.*s\n", (int)bytes, text);
        text += bytes;
        text += strspn(text, " ");
        if (*text == '\0')
            return;
        printf("%*s", left, "");
    }
}

static void print_row(const check_row *row, const report_style *style)
{
    printf("%*s%s%s%s %-*s ", INDENT, "", paint(style, marks[row->mark].colour),
           style->unicode ? marks[row->mark].unicode : marks[row->mark].ascii,
           paint(style, "\033[0m"), NAME_COLUMNS, row->name);
    print_wrapped(row->text, INDENT + 3 + NAME_COLUMNS, style);
}

static void print_rows(const check *self, const report_style *style)
{
    const char *section = NULL;
    for (guint i = 0; i < self->rows->len; i++) {
        const check_row *row = &g_array_index(self->rows, check_row, i);
        if (g_strcmp0(section, row->section) != 0)
            printf("%s%s%s%s\n", section ? "\n" : "", paint(style, "\033[1m"), row->section,
                   paint(style, "\033[0m"));
        section = row->section;
        print_row(row, style);
    }
}

static void print_text(const check *self, guint setting_warnings)
{
    report_style style = report_style_of(STDOUT_FILENO);
    print_rows(self, &style);
    if (setting_warnings > 0)
        printf("\n%sWarnings%s\n", paint(&style, "\033[1m"), paint(&style, "\033[0m"));
    for (guint i = 0; i < setting_warnings; i++) {
        printf("%*s%s!%s ", INDENT, "", paint(&style, marks[MARK_WARN].colour),
               paint(&style, "\033[0m"));
        print_wrapped(g_ptr_array_index(self->warnings, i), INDENT + 2, &style);
    }
    if (self->database_error == NULL)
        printf("\n%sDB OK (sqlite)%s\n", paint(&style, marks[MARK_OK].colour),
               paint(&style, "\033[0m"));
}

/* ---- the same as data ----------------------------------------------------------------------- */

/* NULL becomes null; takes nothing. */
static json_t *text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

static void set_masked(json_t *object, const char *key, const check *self, const char *name)
{
    g_autofree char *text = masked(self, name);
    json_object_set_new(object, key, text_or_null(text));
}

static json_t *json_providers(const check *self)
{
    json_t *list = json_array();
    for (gsize i = 0; i < G_N_ELEMENTS(providers); i++) {
        json_t *item = json_object();
        json_object_set_new(item, "name", json_string(providers[i].id));
        set_masked(item, "key", self, providers[i].key);
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *json_preferred(const check *self)
{
    json_t *object = json_object();
    for (gsize i = 0; i < G_N_ELEMENTS(assets); i++)
        json_object_set_new(
            object, assets[i].asset,
            text_or_null(settings_preferred_provider(self->settings, assets[i].asset)));
    return object;
}

static json_t *json_discord(const check *self)
{
    json_t *object = json_object();
    const char *webhook = get(self, "DISCORD_WEBHOOK_URL");
    g_autofree char *shown = webhook != NULL ? log_mask_url(webhook) : NULL;
    set_masked(object, "token", self, "DISCORD_BOT_TOKEN");
    json_object_set_new(object, "app_id", text_or_null(get(self, "DISCORD_APP_ID")));
    json_object_set_new(object, "guild_id", text_or_null(get(self, "DISCORD_GUILD_ID")));
    json_object_set_new(object, "reports_channel_id",
                        text_or_null(get(self, "DISCORD_REPORTS_CHANNEL_ID")));
    json_object_set_new(object, "webhook", text_or_null(shown));
    json_object_set_new(object, "allowed_user_ids", text_or_null(get(self, "ALLOWED_USER_IDS")));
    json_object_set_new(object, "admin_ids", text_or_null(get(self, "QUANTBOT_DISCORD_ADMIN_IDS")));
    return object;
}

static json_t *json_database(const check *self)
{
    json_t *object = json_object();
    const GError *error = self->database_error;
    g_autofree char *path = failure_path(settings_runlog_path(self->settings));
    g_autofree char *reason = error != NULL ? log_redact(error->message) : NULL;
    json_object_set_new(object, "ok", json_boolean(error == NULL));
    json_object_set_new(object, "kind", json_string("sqlite"));
    json_object_set_new(object, "path", json_string(path));
    json_object_set_new(object, "error", text_or_null(reason));
    json_object_set_new(object, "postgresql",
                        text_or_null(settings_postgres_masked(self->settings)));
    json_object_set_new(object, "pooler",
                        json_boolean(is_neon_pooler(settings_postgres_host(self->settings))));
    return object;
}

static json_t *json_openai(const check *self)
{
    json_t *object = json_object();
    g_autofree char *model = plain(self, "OPENAI_MODEL");
    g_autofree char *base = log_mask_url(get(self, "OPENAI_BASE_URL"));
    gboolean usable = model != NULL && get(self, "OPENAI_API_KEY") != NULL;
    set_masked(object, "key", self, "OPENAI_API_KEY");
    json_object_set_new(object, "model", text_or_null(model));
    json_object_set_new(object, "base_url", json_string(base));
    json_object_set_new(object, "narration", json_string(usable ? "model" : "template"));
    return object;
}

static json_t *json_wandb(const check *self)
{
    json_t *object = json_object();
    g_autofree char *project = plain(self, "WANDB_PROJECT"), *entity = plain(self, "WANDB_ENTITY");
    set_masked(object, "key", self, "WANDB_API_KEY");
    json_object_set_new(object, "mode", json_string(wandb_mode(self)));
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

static void print_json(const check *self)
{
    json_t *root = json_object();
    g_autofree char *folder = failure_path(settings_data_dir(self->settings));
    g_autofree char *zone = plain(self, "TZ"), *file = failure_path(self->env_path);
    json_object_set_new(root, "ok", json_boolean(self->database_error == NULL));
    json_object_set_new(root, "mode", json_string(get(self, "RUN_MODE")));
    json_object_set_new(root, "environment", json_string(get(self, "APP_ENV")));
    json_object_set_new(root, "settings_file", self->env_exists ? json_string(file) : json_null());
    json_object_set_new(root, "log_level", json_string(get(self, "LOG_LEVEL")));
    json_object_set_new(root, "time_zone", json_string(zone));
    json_object_set_new(root, "data_folder", json_string(folder));
    json_object_set_new(root, "providers", json_providers(self));
    json_object_set_new(root, "preferred_provider", json_preferred(self));
    json_object_set_new(root, "discord", json_discord(self));
    json_object_set_new(root, "openai", json_openai(self));
    json_object_set_new(root, "wandb", json_wandb(self));
    json_object_set_new(root, "alpaca", json_unused(has_alpaca(self)));
    json_object_set_new(root, "admin", json_unused(has_admin(self)));
    json_object_set_new(root, "hosts", json_hosts(self));
    json_object_set_new(root, "database", json_database(self));
    json_object_set_new(root, "warnings", json_warnings(self->warnings));
    print_json_object(root);
}

/* Settings that do not load: the errors go to standard error, and as data too. */
static int fail_settings(GError *error, GPtrArray *warnings, gboolean json)
{
    if (json) {
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
    for (guint i = 0; !json && i < warnings->len; i++)
        command_warn("%s", (char *)g_ptr_array_index(warnings, i));
    return command_fail(error);
}

/* ---- the command ---------------------------------------------------------------------------- */

static int finish(check *self)
{
    if (self->database_error == NULL)
        return 0;
    /* Whatever kept it from being written, it is the database that does not work. */
    gboolean locked = g_error_matches(self->database_error, FAILURE, FAILURE_LOCKED);
    command_fail(g_steal_pointer(&self->database_error));
    return locked ? FAILURE_LOCKED : FAILURE_DATABASE;
}

static int run_check(const settings *settings, const char *env_path, GPtrArray *warnings,
                     gboolean json)
{
    guint setting_warnings = warnings->len;
    check self = {.settings = settings,
                  .env_path = env_path,
                  .env_exists = files_exists(env_path),
                  .rows = g_array_new(FALSE, FALSE, sizeof(check_row)),
                  .warnings = warnings,
                  .hosts = settings_hosts(settings)};
    g_array_set_clear_func(self.rows, clear_row);
    check_general(&self);
    check_providers(&self);
    check_discord(&self);
    check_narration(&self);
    check_tracking(&self);
    check_unused(&self);
    check_hosts(&self);
    check_database(&self);
    if (json)
        print_json(&self);
    else
        print_text(&self, setting_warnings);
    g_array_unref(self.rows);
    g_array_unref(self.hosts);
    return finish(&self);
}

int command_env_check(int argc, char **argv)
{
    gboolean json = FALSE;
    g_autofree char *env = NULL;
    int exit_code = 0;
    const GOptionEntry entries[] = {
        {"env", 0, 0, G_OPTION_ARG_FILENAME, &env, "Read FILE instead of .env", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "The same as data", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, NULL, about, entries, &exit_code))
        return exit_code;
    if (argc > 1)
        return command_usage("env check", "unexpected \"%s\"", argv[1]);

    GError *error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    const char *env_path = env != NULL ? env : ".env";
    g_autoptr(settings) loaded = settings_load(env_path, env != NULL, warnings, &error);
    if (loaded == NULL)
        return fail_settings(error, warnings, json);
    return run_check(loaded, env_path, warnings, json);
}
