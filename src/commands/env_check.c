/* env check: can the program work with these settings, and what will it use? In: .env and the
 * environment. Out: a summary without a secret, and whether the run log takes a write. The only
 * thing it makes is the run log itself. */
#include "commands/env_check.h"
#include "commands/log-private.h"

#include "platform/files.h"
#include "platform/log.h"
#include "runlog/runlog.h"

#include <string.h>

static const char about[] =
    "Reads the settings as every command does and says what they amount to. Keys are shown as\n"
    "****, with the last four characters when there are 16 or more. Exit code 0 when the program\n"
    "can work, 3 when a setting is wrong, 8 when the run log cannot be written.\n"
    "\n"
    "Examples:\n"
    "  quantbot env check\n"
    "  quantbot env check --env prod.env --json\n";

#define DATABASE_WAIT_MS 2000

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

const char *check_get(const check *self, const char *name)
{
    return settings_get(self->settings, name);
}

char *check_masked(const check *self, const char *name)
{
    const char *value = check_get(self, name);
    return value != NULL ? log_mask(value) : NULL;
}

char *check_plain(const check *self, const char *name)
{
    const char *value = check_get(self, name);
    return value != NULL ? failure_path(value) : NULL;
}

/* "1,2" as "1, 2", so that it can be wrapped; NULL stays. Caller frees. */
static char *spaced(const char *list)
{
    g_auto(GStrv) items = list != NULL ? g_strsplit(list, ",", -1) : NULL;
    return items != NULL ? g_strjoinv(", ", items) : NULL;
}

/* ---- what there is to say ------------------------------------------------------------------- */

static void check_general(check *self)
{
    static const char section[] = "General";
    g_autofree char *zone = check_plain(self, "TZ");
    g_autofree char *file = failure_path(self->env_path);
    g_autofree char *folder = failure_path(settings_data_dir(self->settings));
    add(self, section, "mode", MARK_OK, "%s, %s", check_get(self, "RUN_MODE"),
        check_get(self, "APP_ENV"));
    add(self, section, "settings", MARK_OK, "%s",
        self->env_exists ? file : "environment and defaults (no .env)");
    add(self, section, "log level", MARK_OK, "%s", check_get(self, "LOG_LEVEL"));
    add(self, section, "time zone", MARK_OK, "%s (display only)", zone);
    add(self, section, "data folder", MARK_OK, "%s", folder);
}

const check_provider check_providers_table[CHECK_PROVIDERS] = {
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
    for (gsize i = 0; i < CHECK_PROVIDERS; i++) {
        g_autofree char *key = check_masked(self, check_providers_table[i].key);
        add(self, "Market data", check_providers_table[i].name, key != NULL ? MARK_OK : MARK_OFF,
            "%s", key != NULL ? key : check_providers_table[i].without);
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
    g_autofree char *token = check_masked(self, "DISCORD_BOT_TOKEN");
    g_autofree char *webhook = NULL;
    const char *guild = check_get(self, "DISCORD_GUILD_ID");
    const char *channel = check_get(self, "DISCORD_REPORTS_CHANNEL_ID");
    g_autofree char *users = spaced(check_get(self, "ALLOWED_USER_IDS"));
    g_autofree char *admins = spaced(check_get(self, "QUANTBOT_DISCORD_ADMIN_IDS"));

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
    if (check_get(self, "DISCORD_WEBHOOK_URL") != NULL) {
        webhook = log_mask_url(check_get(self, "DISCORD_WEBHOOK_URL"));
        add(self, section, "webhook", MARK_OK, "%s", webhook);
    }
    add(self, section, "may halt", MARK_OK, "%s",
        users != NULL    ? users
        : admins != NULL ? "the admins"
                         : "who has Manage Server");
    if (admins == NULL && users != NULL)
        add(self, section, "may resume", MARK_WARN, "nobody; set QUANTBOT_DISCORD_ADMIN_IDS");
    else
        add(self, section, "may resume", MARK_OK, "%s",
            admins != NULL ? admins : "who has Manage Server");
}

static void check_narration(check *self)
{
    static const char section[] = "Narration (OpenAI)";
    g_autofree char *key = check_masked(self, "OPENAI_API_KEY");
    g_autofree char *model = check_plain(self, "OPENAI_MODEL");
    g_autofree char *base = log_mask_url(check_get(self, "OPENAI_BASE_URL"));
    if (key == NULL)
        add(self, section, "model", MARK_WARN, "no key; reports use the template");
    else if (model == NULL)
        add(self, section, "model", MARK_WARN,
            "key %s without OPENAI_MODEL; reports use the template. Name a model that the service "
            "offers",
            key);
    else
        add(self, section, "model", MARK_OK, "%s, key %s, %s", model, key, base);
}

const char *check_wandb_mode(const check *self)
{
    const char *mode = check_get(self, "WANDB_MODE");
    if (mode != NULL)
        return mode;
    return check_get(self, "WANDB_API_KEY") != NULL ? "online" : "disabled";
}

static void check_tracking(check *self)
{
    static const char section[] = "Tracking (W&B)";
    g_autofree char *key = check_masked(self, "WANDB_API_KEY");
    g_autofree char *project = check_plain(self, "WANDB_PROJECT");
    const char *mode = check_wandb_mode(self);
    if (strcmp(mode, "online") == 0 && key == NULL)
        add(self, section, "mode", MARK_WARN, "online, but there is no WANDB_API_KEY");
    else if (key == NULL)
        add(self, section, "mode", check_get(self, "WANDB_MODE") != NULL ? MARK_OFF : MARK_WARN,
            "%s; no key, nothing is tracked", mode);
    else
        add(self, section, "mode", MARK_OK, "%s, key %s", mode, key);
    if (project != NULL)
        add(self, section, "project", MARK_OK, "%s", project);
}

gboolean check_has_alpaca(const check *self)
{
    return check_get(self, "ALPACA_API_KEY") != NULL ||
           check_get(self, "ALPACA_API_SECRET") != NULL ||
           check_get(self, "ALPACA_BASE_URL") != NULL;
}

gboolean check_has_admin(const check *self)
{
    return check_get(self, "ADMIN_TOKEN") != NULL || check_get(self, "ADMIN_API_HOST") != NULL ||
           check_get(self, "ADMIN_API_PORT") != NULL;
}

static void check_unused(check *self)
{
    static const char section[] = "Recognised, not used";
    add(self, section, "Alpaca", MARK_OFF, "%s",
        check_has_alpaca(self) ? "set, and used for nothing: orders never leave this program"
                               : "not set");
    add(self, section, "admin API", MARK_OFF, "%s",
        check_has_admin(self) ? "set, not yet used" : "not set");
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
gboolean check_has_pooler(const check *self)
{
    const char *host = settings_postgres_host(self->settings);
    g_autofree char *lower = g_ascii_strdown(host != NULL ? host : "", -1);
    return strstr(lower, "-pooler.") != NULL && strstr(lower, "neon.tech") != NULL;
}

static gboolean check_writable(runlog *log, GError **error)
{
    if (log == NULL)
        return FALSE;
    runlog_set_wait_ms(log, DATABASE_WAIT_MS);
    return runlog_check_writable(log, error);
}

/* TRUE when it is there, or fails for good; FALSE when the file takes its place. */
static gboolean check_server(check *self, const char *section)
{
    runlog_reach reach = RUNLOG_REACHED;
    g_autoptr(GError) error = NULL;
    const char *name = settings_postgres(self->settings)->name;
    g_autoptr(runlog) log = log_open_server(self->settings, TRUE, &reach, &error);
    const gboolean ok = check_writable(log, &error);
    if (!ok && (reach == RUNLOG_AWAY || (log != NULL && runlog_reach_of(log) == RUNLOG_AWAY))) {
        add(self, section, "PostgreSQL", MARK_WARN,
            "%s; backtests are logged in the file below until it answers, then: quantbot db sync",
            error->message);
        return FALSE;
    }
    self->on_server = TRUE;
    add(self, section, "run log", ok ? MARK_OK : MARK_BAD, "PostgreSQL, %s", name);
    if (!ok)
        self->database_error = g_steal_pointer(&error);
    return TRUE;
}

static void check_database(check *self)
{
    static const char section[] = "Database";
    const char *path = settings_runlog_path(self->settings);
    const settings_database *server = settings_postgres(self->settings);
    g_autofree char *shown = failure_path(path);
    if (check_has_pooler(self))
        add(self, section, "pooler", MARK_WARN,
            "this Neon host is a pooler, where LISTEN hears nothing and migrations fail; use the "
            "direct host, the same name without \"-pooler\"");
    if (server != NULL && !server->local &&
        strcmp(settings_get(self->settings, "QUANTBOT_DATABASE_TLS"), "as-given") == 0)
        add(self, section, "TLS", MARK_WARN,
            "QUANTBOT_DATABASE_TLS=as-given: the server need not prove its name");
    if (server != NULL && check_server(self, section))
        return;
    g_autoptr(runlog) log = runlog_open(path, &self->database_error);
    const gboolean ok = check_writable(log, &self->database_error);
    add(self, section, "run log", ok ? MARK_OK : MARK_BAD, "%s", shown);
}

/* ---- the command ---------------------------------------------------------------------------- */

/* Settings that do not load: the errors go to standard error, and as data too. */
static int fail_settings(GError *error, GPtrArray *warnings, gboolean json)
{
    if (json)
        check_print_json_errors(error, warnings);
    for (guint i = 0; !json && i < warnings->len; i++)
        command_warn("%s", (char *)g_ptr_array_index(warnings, i));
    return command_fail(error);
}

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
        check_print_json(&self);
    else
        check_print_text(&self, setting_warnings);
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
