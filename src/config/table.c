/* The settings, and all that follows from their table alone: spelling help, .env.example and
 * the documentation. */
#include "config/config-private.h"

#include <string.h>

const setting_info settings_table[] = {
    {.name = "APP_ENV",
     .type = SETTING_CHOICE,
     .choices = "dev prod",
     .standard = "dev",
     .group = "General",
     .help = "prod refuses secret files that others may read; dev only warns"},
    {.name = "RUN_MODE",
     .type = SETTING_CHOICE,
     .choices = "paper",
     .standard = "paper",
     .group = "General",
     .help = "Paper is all there is; any other value is refused"},
    {.name = "LOG_LEVEL",
     .type = SETTING_CHOICE,
     .choices = "DEBUG INFO WARNING ERROR CRITICAL NOTSET WARN FATAL",
     .standard = "INFO",
     .group = "General",
     .help = "Least level that is logged; Python's level names"},
    {.name = "TZ",
     .type = SETTING_ZONE,
     .standard = "UTC",
     .group = "General",
     .help = "Zone in which times are shown, such as Europe/Berlin; results never depend on it"},

    {.name = "QUANTBOT_DATA_DIR",
     .type = SETTING_PATH,
     .standard = "data",
     .group = "Data and log",
     .help = "Folder of cache, run log and journals"},
    {.name = "QUANTBOT_INSTRUMENTS",
     .type = SETTING_PATH,
     .standard = "instruments.ini",
     .group = "Data and log",
     .help = "File of instruments and calendars (docs/INSTRUMENTS.md); the default may be absent"},
    {.name = "QUANTBOT_CACHE_MAX_MB",
     .type = SETTING_INTEGER,
     .minimum = 0,
     .maximum = 100000000,
     .standard = "0",
     .group = "Data and log",
     .help = "Size of the bar cache above which data du warns, 0 means none; nothing is removed"},
    {.name = "QUANTBOT_LOG_FILE_MAX_MB",
     .type = SETTING_INTEGER,
     .minimum = 1,
     .maximum = 10000,
     .standard = "10",
     .group = "Data and log",
     .help = "Size at which a log file is rotated; no command writes one yet"},
    {.name = "QUANTBOT_LOG_FILES",
     .type = SETTING_INTEGER,
     .minimum = 1,
     .maximum = 100,
     .standard = "5",
     .group = "Data and log",
     .help = "Rotated log files that are kept; no command writes one yet"},
    {.name = "DATABASE_URL",
     .type = SETTING_DATABASE_URL,
     .secret = TRUE,
     .group = "Data and log",
     .help = "Run log elsewhere: postgresql://USER:PASSWORD@HOST/DATABASE or sqlite:///PATH"},
    {.name = "QUANTBOT_DATABASE_TLS",
     .type = SETTING_CHOICE,
     .choices = "verify as-given",
     .standard = "verify",
     .group = "Data and log",
     .help = "verify: a PostgreSQL server elsewhere must prove its name, whatever sslmode says; "
             "as-given: sslmode as it stands in DATABASE_URL"},
    {.name = "QUANTBOT_KEEP_DECISIONS_DAYS",
     .type = SETTING_INTEGER,
     .minimum = 0,
     .maximum = 36500,
     .standard = "0",
     .group = "Data and log",
     .help = "Days after a run's end that db prune keeps its decisions; 0 means for ever"},
    {.name = "QUANTBOT_KEEP_EQUITY_DAYS",
     .type = SETTING_INTEGER,
     .minimum = 0,
     .maximum = 36500,
     .standard = "0",
     .group = "Data and log",
     .help = "Days after which db prune thins a run's equity to one point a day; 0 means never"},

    {.name = "POLYGON_API_KEY",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Market data",
     .help = "Polygon (Massive); first choice for equities"},
    {.name = "TIINGO_API_KEY",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Market data",
     .help = "Tiingo; second choice for equities"},
    {.name = "ALPHA_VANTAGE_API_KEY",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Market data",
     .help = "Alpha Vantage; third choice for equities"},
    {.name = "COINGECKO_API_KEY",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Market data",
     .help = "CoinGecko; first choice for crypto, works without a key as well"},
    {.name = "CRYPTOCOMPARE_API_KEY",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Market data",
     .help = "CryptoCompare; second choice for crypto"},
    {.name = "FRED_API_KEY",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Market data",
     .help = "FRED; macro series"},
    {.name = "QUANDL_API_KEY",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Market data",
     .help = "Quandl (Nasdaq Data Link); macro and other series"},

    {.name = "DISCORD_BOT_TOKEN",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Discord",
     .help = "Token of the bot"},
    {.name = "DISCORD_APP_ID",
     .type = SETTING_SNOWFLAKE,
     .group = "Discord",
     .help = "Application id of the bot"},
    {.name = "DISCORD_GUILD_ID",
     .type = SETTING_SNOWFLAKE,
     .group = "Discord",
     .help = "The one server the bot serves; it does not start without"},
    {.name = "DISCORD_REPORTS_CHANNEL_ID",
     .type = SETTING_SNOWFLAKE,
     .group = "Discord",
     .help = "Channel for reports"},
    {.name = "DISCORD_WEBHOOK_URL",
     .type = SETTING_URL,
     .secret = TRUE,
     .group = "Discord",
     .help = "Webhook for reports when no bot runs"},
    {.name = "ALLOWED_USER_IDS",
     .type = SETTING_SNOWFLAKE_LIST,
     .group = "Discord",
     .help = "Users who may halt"},
    {.name = "QUANTBOT_DISCORD_ADMIN_IDS",
     .type = SETTING_SNOWFLAKE_LIST,
     .group = "Discord",
     .help = "Users who may also resume and change; with neither list set, Manage Server may"},

    {.name = "OPENAI_API_KEY",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Narration",
     .help = "Key of an OpenAI-compatible service; without one, reports use a template"},
    {.name = "OPENAI_MODEL",
     .type = SETTING_TEXT,
     .group = "Narration",
     .help = "Model name; there is no default, for models come and go"},
    {.name = "OPENAI_BASE_URL",
     .type = SETTING_URL,
     .standard = "https://api.openai.com/v1",
     .group = "Narration",
     .help = "Address of the service, such as http://127.0.0.1:11434/v1"},
    {.name = "OPENAI_ORG_ID",
     .type = SETTING_TEXT,
     .group = "Narration",
     .help = "Organisation to bill"},
    {.name = "OPENAI_PROJECT_ID",
     .type = SETTING_TEXT,
     .group = "Narration",
     .help = "Project to bill"},

    {.name = "WANDB_API_KEY",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Weights & Biases",
     .help = "Key; without one, nothing is tracked online"},
    {.name = "WANDB_PROJECT",
     .type = SETTING_TEXT,
     .group = "Weights & Biases",
     .help = "Project that runs go to"},
    {.name = "WANDB_ENTITY",
     .type = SETTING_TEXT,
     .group = "Weights & Biases",
     .help = "User or team that owns the project"},
    {.name = "WANDB_MODE",
     .type = SETTING_CHOICE,
     .choices = "online offline disabled",
     .group = "Weights & Biases",
     .help = "Unset: online when there is a key, else disabled"},
    {.name = "WANDB_BASE_URL",
     .type = SETTING_URL,
     .standard = "https://api.wandb.ai",
     .group = "Weights & Biases",
     .help = "Address of the service, where it is self-hosted"},

    {.name = "ALPACA_API_KEY",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Recognised, not used",
     .help = "Reported, used for nothing: orders never leave this program"},
    {.name = "ALPACA_API_SECRET",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Recognised, not used",
     .help = "Likewise"},
    {.name = "ALPACA_BASE_URL",
     .type = SETTING_URL,
     .group = "Recognised, not used",
     .help = "Likewise; never contacted"},
    {.name = "ADMIN_TOKEN",
     .type = SETTING_TEXT,
     .secret = TRUE,
     .group = "Recognised, not used",
     .help = "Recognised, not yet used"},
    {.name = "ADMIN_API_HOST",
     .type = SETTING_HOST,
     .group = "Recognised, not used",
     .help = "Recognised, not yet used"},
    {.name = "ADMIN_API_PORT",
     .type = SETTING_INTEGER,
     .minimum = 1,
     .maximum = 65535,
     .group = "Recognised, not used",
     .help = "Recognised, not yet used"},

    {.name = "QUANTBOT_POLYGON_BASE_URL",
     .type = SETTING_URL,
     .standard = "https://api.polygon.io",
     .group = "Addresses for tests and proxies",
     .help = "Polygon"},
    {.name = "QUANTBOT_TIINGO_BASE_URL",
     .type = SETTING_URL,
     .standard = "https://api.tiingo.com",
     .group = "Addresses for tests and proxies",
     .help = "Tiingo"},
    {.name = "QUANTBOT_ALPHAVANTAGE_BASE_URL",
     .type = SETTING_URL,
     .standard = "https://www.alphavantage.co",
     .group = "Addresses for tests and proxies",
     .help = "Alpha Vantage"},
    {.name = "QUANTBOT_COINGECKO_BASE_URL",
     .type = SETTING_URL,
     .standard = "https://api.coingecko.com/api/v3",
     .group = "Addresses for tests and proxies",
     .help = "CoinGecko; https://pro-api.coingecko.com/api/v3 with a paid key"},
    {.name = "QUANTBOT_CRYPTOCOMPARE_BASE_URL",
     .type = SETTING_URL,
     .standard = "https://min-api.cryptocompare.com",
     .group = "Addresses for tests and proxies",
     .help = "CryptoCompare"},
    {.name = "QUANTBOT_FRED_BASE_URL",
     .type = SETTING_URL,
     .standard = "https://api.stlouisfed.org/fred",
     .group = "Addresses for tests and proxies",
     .help = "FRED"},
    {.name = "QUANTBOT_QUANDL_BASE_URL",
     .type = SETTING_URL,
     .standard = "https://data.nasdaq.com/api/v3",
     .group = "Addresses for tests and proxies",
     .help = "Quandl"},
    {.name = "QUANTBOT_DISCORD_BASE_URL",
     .type = SETTING_URL,
     .standard = "https://discord.com/api/v10",
     .group = "Addresses for tests and proxies",
     .help = "Discord"},

    {.name = "QUANTBOT_CLOCK_US",
     .type = SETTING_INTEGER,
     .minimum = 0,
     .maximum = G_MAXINT64,
     .hidden = TRUE,
     .group = "Tests",
     .help = "Fixes the clock, microseconds since 1970"},
    {.name = "QUANTBOT_SHARED",
     .type = SETTING_PATH,
     .hidden = TRUE,
     .group = "Tests",
     .help = "Shared data set of the tests"},
    {.name = "QUANTBOT_SOURCE",
     .type = SETTING_PATH,
     .hidden = TRUE,
     .group = "Tests",
     .help = "Source folder"},
    {.name = "QUANTBOT_BINARY",
     .type = SETTING_PATH,
     .hidden = TRUE,
     .group = "Tests",
     .help = "The program under test"},
};
const gsize settings_table_count = G_N_ELEMENTS(settings_table);

gssize table_find(const char *name, gsize length)
{
    for (gsize i = 0; i < settings_table_count; i++)
        if (strlen(settings_table[i].name) == length &&
            memcmp(settings_table[i].name, name, length) == 0)
            return (gssize)i;
    return -1;
}

/* ---- spelling ------------------------------------------------------------------------------- */

#define NAME_LIMIT 64u /* longer names are compared by their beginning */

/* Optimal string alignment distance, upper case (Damerau 1964 with non-overlapping swaps). */
static guint edit_distance(const char *a, const char *b)
{
    gsize a_length = strnlen(a, NAME_LIMIT), b_length = strnlen(b, NAME_LIMIT);
    guint rows[3][NAME_LIMIT + 1];
    guint *before = rows[0], *last = rows[1], *now = rows[2];

    for (gsize j = 0; j <= b_length; j++)
        last[j] = (guint)j;
    memcpy(before, last, sizeof rows[0]);
    for (gsize i = 1; i <= a_length; i++) {
        char x = g_ascii_toupper(a[i - 1]);
        now[0] = (guint)i;
        for (gsize j = 1; j <= b_length; j++) {
            char y = g_ascii_toupper(b[j - 1]);
            guint best = MIN(last[j], now[j - 1]) + 1;
            best = MIN(best, last[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == g_ascii_toupper(b[j - 2]) && y == g_ascii_toupper(a[i - 2]))
                best = MIN(best, before[j - 2] + 1);
            now[j] = best;
        }
        guint *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b_length];
}

const char *nearest_name(const char *name, const char *const *candidates, gsize count)
{
    const char *nearest = NULL;
    guint best = G_MAXUINT;
    for (gsize i = 0; i < count; i++) {
        guint distance = edit_distance(name, candidates[i]);
        if (distance < best) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

const char *table_nearest(const char *name)
{
    const char *names[G_N_ELEMENTS(settings_table)];
    gsize count = 0;
    for (gsize i = 0; i < settings_table_count; i++)
        if (!settings_table[i].hidden)
            names[count++] = settings_table[i].name;
    return nearest_name(name, names, count);
}

/* ---- words ---------------------------------------------------------------------------------- */

static char *choices_text(const char *choices)
{
    g_auto(GStrv) words = g_strsplit(choices, " ", -1);
    return g_strjoinv(", ", words);
}

char *table_expected(const setting_info *info)
{
    switch (info->type) {
    case SETTING_TEXT:
        return g_strdup_printf("text of at most %u bytes without control characters", VALUE_LIMIT);
    case SETTING_CHOICE: {
        g_autofree char *list = choices_text(info->choices);
        return strchr(info->choices, ' ') ? g_strdup_printf("one of %s", list) : g_strdup(list);
    }
    case SETTING_INTEGER:
        return g_strdup_printf("a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                               info->minimum, info->maximum);
    case SETTING_SNOWFLAKE:
        return g_strdup("a Discord id of 15 to 20 digits");
    case SETTING_SNOWFLAKE_LIST:
        return g_strdup("Discord ids of 15 to 20 digits, separated by commas");
    case SETTING_URL:
        return g_strdup("http://HOST or https://HOST, without user name");
    case SETTING_DATABASE_URL:
        return g_strdup("sqlite:///PATH, postgresql://USER:PASSWORD@HOST/DATABASE or "
                        "host=HOST dbname=DATABASE");
    case SETTING_ZONE:
        return g_strdup("a time zone such as UTC or Europe/Berlin");
    case SETTING_PATH:
        return g_strdup("a file name");
    case SETTING_HOST:
        return g_strdup("a host name or address");
    }
    g_assert_not_reached();
}

/* The values of the documentation table: shorter than what an error says. */
static char *values_text(const setting_info *info)
{
    switch (info->type) {
    case SETTING_TEXT:
        return g_strdup("text");
    case SETTING_CHOICE:
        return choices_text(info->choices);
    case SETTING_INTEGER:
        return g_strdup_printf("%" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, info->minimum,
                               info->maximum);
    case SETTING_SNOWFLAKE:
        return g_strdup("Discord id");
    case SETTING_SNOWFLAKE_LIST:
        return g_strdup("Discord ids, commas between");
    case SETTING_URL:
        return g_strdup("http or https URL");
    case SETTING_DATABASE_URL:
        return g_strdup("sqlite or postgresql URL, or libpq's key=value form");
    case SETTING_ZONE:
        return g_strdup("time zone");
    case SETTING_PATH:
        return g_strdup("path");
    case SETTING_HOST:
        return g_strdup("host");
    }
    g_assert_not_reached();
}

char *settings_example(void)
{
    GString *out = g_string_new(
        "# Settings of quantbot. Copy this file to .env and fill in what you use; everything is\n"
        "# optional, and an empty value means unset. The environment wins over this file, a flag\n"
        "# over both. A secret can stand in a file of its own: TIINGO_API_KEY_FILE=/run/key\n"
        "# SETUP_ENV.md says more; quantbot env check tells what the program understood.\n");
    const char *group = "";
    for (gsize i = 0; i < settings_table_count; i++) {
        const setting_info *info = &settings_table[i];
        if (info->hidden)
            continue;
        if (strcmp(group, info->group) != 0)
            g_string_append_printf(out, "\n# ---- %s ----\n", info->group);
        group = info->group;
        g_autofree char *values = values_text(info);
        g_string_append_printf(out, "\n# %s\n# %s%s%s%s\n%s=\n", info->help, values,
                               info->standard ? "; default " : "",
                               info->standard ? info->standard : "", info->secret ? "; secret" : "",
                               info->name);
    }
    return g_string_free(out, FALSE);
}

char *settings_markdown(void)
{
    GString *out = g_string_new(NULL);
    const char *group = "";
    for (gsize i = 0; i < settings_table_count; i++) {
        const setting_info *info = &settings_table[i];
        if (info->hidden)
            continue;
        if (strcmp(group, info->group) != 0)
            g_string_append_printf(out,
                                   "%s### %s\n\n| setting | what it does | values | default |\n"
                                   "| --- | --- | --- | --- |\n",
                                   *group ? "\n" : "", info->group);
        group = info->group;
        g_autofree char *values = values_text(info);
        g_string_append_printf(out, "| `%s` | %s | %s%s | %s%s%s |\n", info->name, info->help,
                               values, info->secret ? " (secret)" : "", info->standard ? "`" : "",
                               info->standard ? info->standard : "", info->standard ? "`" : "");
    }
    return g_string_free(out, FALSE);
}
