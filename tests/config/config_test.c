/* Settings and run files: what is read, what is refused and in which words. */
#include "config/config.h"
#include "platform/log.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* ---- settings ------------------------------------------------------------------------------- */

/* Parses a .env text alone; the caller frees what comes back. */
static settings *parse(const char *text, GPtrArray *warnings, GError **error)
{
    return settings_parse(".env", text, strlen(text), NULL, warnings, error);
}

static void assert_value(const char *text, const char *name, const char *want)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(settings) parsed = parse(text, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(settings_get(parsed, name), ==, want);
}

/* Syntax: as the comments of env_file.c and SETUP_ENV.md say, and where python-dotenv 1.0 reads
 * the same text, as it does. */
static void test_syntax(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"WANDB_PROJECT=plain", "plain"},
        {"WANDB_PROJECT=plain\r\n", "plain"},
        {"\xef\xbb\xbfWANDB_PROJECT=bom", "bom"},
        {"export WANDB_PROJECT=exported", "exported"},
        {"  export\tWANDB_PROJECT = spaced  ", "spaced"},
        {"WANDB_PROJECT=two words", "two words"},
        {"WANDB_PROJECT=value # comment", "value"},
        {"WANDB_PROJECT=value\t#comment", "value"},
        {"WANDB_PROJECT=pass#word", "pass#word"},
        {"WANDB_PROJECT=#hash", "#hash"},
        {"WANDB_PROJECT= # only a comment", NULL},
        {"WANDB_PROJECT=", NULL},
        {"WANDB_PROJECT=\"\"", NULL},
        {"WANDB_PROJECT='  '", NULL},
        {"WANDB_PROJECT='single # kept'", "single # kept"},
        {"WANDB_PROJECT='it\\'s'", "it's"},
        {"WANDB_PROJECT='back\\\\slash \\n'", "back\\slash \\n"},
        {"WANDB_PROJECT=\"double # kept\" # gone", "double # kept"},
        {"WANDB_PROJECT=\"q\\\"q \\\\ \\$x\"", "q\"q \\ $x"},
        {"WANDB_PROJECT=\"\\z\"", "\\z"},
        {"WANDB_PROJECT=a=b=c", "a=b=c"},
        {"WANDB_PROJECT=it's", "it's"},
        {"# comment\n\n  # another\nWANDB_PROJECT=after", "after"},
        {"WANDB_PROJECT=one\nWANDB_PROJECT=two", "two"},
        {"WANDB_PROJECT=$HOME", "$HOME"},
        {"WANDB_PROJECT=todo", "todo"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_value(cases[i].text, "WANDB_PROJECT", cases[i].want);
}

static void test_defaults(void)
{
    g_autoptr(settings) parsed = parse("", NULL, NULL);
    g_assert_cmpstr(settings_get(parsed, "RUN_MODE"), ==, "paper");
    g_assert_cmpstr(settings_get(parsed, "APP_ENV"), ==, "dev");
    g_assert_cmpstr(settings_get(parsed, "LOG_LEVEL"), ==, "INFO");
    g_assert_cmpstr(settings_get(parsed, "TZ"), ==, "UTC");
    g_assert_null(settings_get(parsed, "TIINGO_API_KEY"));
    g_assert_cmpint(settings_integer(parsed, "QUANTBOT_LOG_FILES"), ==, 5);
    g_assert_cmpint(settings_integer(parsed, "ADMIN_API_PORT"), ==, 0);
    g_assert_cmpint(settings_source(parsed, "RUN_MODE"), ==, SETTING_DEFAULT);
    g_autofree char *cwd = g_get_current_dir();
    g_autofree char *data = g_build_filename(cwd, "data", NULL);
    g_autofree char *log = g_build_filename(cwd, "data/runtime/quantbot.db", NULL);
    g_assert_cmpstr(settings_data_dir(parsed), ==, data);
    g_assert_cmpstr(settings_runlog_path(parsed), ==, log);
    g_assert_null(settings_postgres_masked(parsed));
}

static void test_valid(void)
{
    static const struct {
        const char *text, *name, *want;
    } cases[] = {
        {"APP_ENV=PROD", "APP_ENV", "prod"},
        {"RUN_MODE=Paper", "RUN_MODE", "paper"},
        {"LOG_LEVEL=warn", "LOG_LEVEL", "WARN"},
        {"LOG_LEVEL=notset", "LOG_LEVEL", "NOTSET"},
        {"TZ=Europe/Berlin", "TZ", "Europe/Berlin"},
        {"ADMIN_API_PORT=65535", "ADMIN_API_PORT", "65535"},
        {"ADMIN_API_HOST=::1", "ADMIN_API_HOST", "::1"},
        {"ADMIN_API_HOST=localhost", "ADMIN_API_HOST", "localhost"},
        {"DISCORD_GUILD_ID=175928847299117063", "DISCORD_GUILD_ID", "175928847299117063"},
        {"ALLOWED_USER_IDS= 175928847299117063 , 80351110224678912,", "ALLOWED_USER_IDS",
         "175928847299117063,80351110224678912"},
        {"OPENAI_BASE_URL=http://127.0.0.1:11434/v1/", "OPENAI_BASE_URL",
         "http://127.0.0.1:11434/v1"},
        {"QUANTBOT_TIINGO_BASE_URL=http://[::1]:80", "QUANTBOT_TIINGO_BASE_URL", "http://[::1]:80"},
        {"DATABASE_URL=sqlite:///x.db", "DATABASE_URL", "sqlite:///x.db"},
        {"DATABASE_URL=postgresql+psycopg2://u:p@h/d", "DATABASE_URL",
         "postgresql+psycopg2://u:p@h/d"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_value(cases[i].text, cases[i].name, cases[i].want);
}

/* Each text has one problem, told in one line. */
static void test_refused(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"RUN_MODE=live", ".env:1: RUN_MODE: \"live\" is refused, for this program only trades on "
                          "paper and has no other mode (expected paper)"},
        {"\nAPP_ENV=test", ".env:2: APP_ENV: \"test\" is not a known choice (expected one of dev, "
                           "prod)"},
        {"QUANTBOT_LOG_FILES=0",
         ".env:1: QUANTBOT_LOG_FILES: \"0\" is not a number in range (expected a whole number from "
         "1 to 100)"},
        {"QUANTBOT_LOG_FILES=5.0",
         ".env:1: QUANTBOT_LOG_FILES: \"5.0\" is not a number in range (expected a whole number "
         "from 1 to 100)"},
        {"ADMIN_API_PORT=99999999999999999999",
         ".env:1: ADMIN_API_PORT: \"99999999999999999999\" is not a number in range (expected a "
         "whole number from 1 to 65535)"},
        {"TZ=Mars/Olympus", ".env:1: TZ: \"Mars/Olympus\" is not a known time zone (expected a "
                            "time zone such as UTC or Europe/Berlin)"},
        {"DISCORD_GUILD_ID=12345", ".env:1: DISCORD_GUILD_ID: \"12345\" is not a Discord id "
                                   "(expected a Discord id of 15 to 20 digits)"},
        {"DISCORD_GUILD_ID=99999999999999999999",
         ".env:1: DISCORD_GUILD_ID: \"99999999999999999999\" is not a Discord id (expected a "
         "Discord id of 15 to 20 digits)"},
        {"ALLOWED_USER_IDS=175928847299117063;2",
         ".env:1: ALLOWED_USER_IDS: \"175928847299117063;2\" is not a list of Discord ids "
         "(expected Discord ids of 15 to 20 digits, separated by commas)"},
        {"OPENAI_BASE_URL=ftp://example.com",
         ".env:1: OPENAI_BASE_URL: \"ftp://example.com\" is not a web address (expected "
         "http://HOST or https://HOST, without user name)"},
        {"OPENAI_BASE_URL=https://me:hunter2@example.com/v1",
         ".env:1: OPENAI_BASE_URL: \"https://example.com/****\" is not a web address (expected "
         "http://HOST or https://HOST, without user name)"},
        {"WANDB_PROJECT=\"a\\nb\"",
         ".env:1: WANDB_PROJECT: \"a\\nb\" is not plain text (expected text of at most 8192 bytes "
         "without control characters)"},
        {"TIINGO_API_KEY=\"a\\nb\"",
         ".env:1: TIINGO_API_KEY: the value is not plain text (expected text of at most 8192 bytes "
         "without control characters)"},
        {"QUANTBOT_DATA_DIRR=x",
         ".env:1: QUANTBOT_DATA_DIRR: unknown setting (nearest known: QUANTBOT_DATA_DIR)"},
        {"hello", ".env:1: the line is not a setting (expected NAME=value)"},
        {"1X=y", ".env:1: the line is not a setting (expected NAME=value)"},
        {"=y", ".env:1: the line is not a setting (expected NAME=value)"},
        {"A-B=y", ".env:1: the line is not a setting (expected NAME=value)"},
        {"WANDB_PROJECT=\"open",
         ".env:1: WANDB_PROJECT: the quote is not closed (expected the value on one line)"},
        {"WANDB_PROJECT='a' b",
         ".env:1: WANDB_PROJECT: text after the closing quote (expected nothing, or a comment "
         "after a blank)"},
        {"WANDB_PROJECT=\xff", ".env:1: the line is not UTF-8 text"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(parse(cases[i].text, NULL, &error));
        g_assert_error(error, FAILURE, FAILURE_CONFIG);
        g_assert_cmpstr(error->message, ==, cases[i].want);
    }
}

static void test_database_urls(void)
{
    static const struct {
        const char *url, *runlog, *postgres; /* both NULL: refused */
    } cases[] = {
        {"sqlite:////tmp/x/y.db", "/tmp/x/y.db", NULL},
        {"sqlite+pysqlite:////tmp/y.db", "/tmp/y.db", NULL},
        {"sqlite:////tmp/a/../y.db", "/tmp/y.db", NULL},
        {"postgres://u:p@db.example.com/d", "*", "postgresql://db.example.com/****"},
        {"postgresql://u:p@db.example.com:5432/d?sslmode=require", "*",
         "postgresql://db.example.com:5432/****"},
        {"postgresql+asyncpg://u@db.example.com/d", "*", "postgresql://db.example.com/****"},
        {"postgresql://u:p@a:1,b:2/d", "*", "postgresql://a:1,b:2/****"},
        {"postgresql:///d?host=/tmp", "*", "postgresql:///****"},
        {"sqlite://", NULL, NULL},
        {"sqlite:///", NULL, NULL},
        {"sqlite:///:memory:", NULL, NULL},
        {"sqlite://elsewhere/x.db", NULL, NULL},
        {"sqlite:///x.db?mode=ro", NULL, NULL},
        {"postgresql://", NULL, NULL},
        {"postgresql+://h/d", NULL, NULL},
        {"postgresql://u:p/w@h/d", NULL, NULL},
        {"postgresql://u:p#w@h/d", NULL, NULL},
        {"postgresql://u:100%@h/d", NULL, NULL},
        {"postgresql://h:0/d", NULL, NULL},
        {"postgresql://h:65536/d", NULL, NULL},
        {"mysql://u:p@h/d", NULL, NULL},
        {"host=h dbname=d", "*", "postgresql://h/****"},
        {"dbname=d colour=red", NULL, NULL},
        {"postgresql://h/d?colour=red", NULL, NULL},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = g_strdup_printf("DATABASE_URL='%s'", cases[i].url);
        g_autoptr(settings) parsed = parse(text, NULL, &error);
        g_test_message("%s", cases[i].url);
        if (cases[i].runlog == NULL) {
            g_assert_error(error, FAILURE, FAILURE_CONFIG);
            g_assert_true(g_str_has_prefix(error->message,
                                           ".env:1: DATABASE_URL: the value is not a database"));
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpstr(settings_postgres_masked(parsed), ==, cases[i].postgres);
        if (strcmp(cases[i].runlog, "*") != 0)
            g_assert_cmpstr(settings_runlog_path(parsed), ==, cases[i].runlog);
        else
            g_assert_true(g_str_has_suffix(settings_runlog_path(parsed), "/runtime/quantbot.db"));
    }
}

/* libpq's own reading of these, but for passwords pasted without encoding. */
static void test_database_parameters(void)
{
    static const struct {
        const char *url, *parameters, *name;
        gboolean local, pooled;
    } cases[] = {
        {"postgresql://u:p@db.example.com/d", "user=u password=p host=db.example.com dbname=d",
         "db.example.com/d", FALSE, FALSE},
        {"postgresql+psycopg2://u:a%40b%20@db.example.com:6543/d?sslmode=require&channel_binding="
         "require",
         "user=u password=a@b  host=db.example.com port=6543 dbname=d sslmode=require "
         "channel_binding=require",
         "db.example.com:6543/d", FALSE, FALSE},
        {"postgres://u:p@ss@h/d", "user=u password=p@ss host=h dbname=d", "h/d", FALSE, FALSE},
        {"postgresql://u@[::1]:5433/d", "user=u host=::1 port=5433 dbname=d", "::1:5433/d", TRUE,
         FALSE},
        {"postgresql://[2001:db8::1]/d", "host=2001:db8::1 dbname=d", "2001:db8::1/d", FALSE,
         FALSE},
        {"postgresql://u:p@a:1,b:2/d", "user=u password=p host=a,b port=1,2 dbname=d", "a,b:1,2/d",
         FALSE, FALSE},
        {"postgresql:///d?host=/tmp&port=5433", "dbname=d host=/tmp port=5433", "/tmp:5433/d", TRUE,
         FALSE},
        {"postgresql://%2Fvar%2Frun/d", "host=/var/run dbname=d", "/var/run/d", TRUE, FALSE},
        {"postgresql:///d", "dbname=d", "local socket/d", TRUE, FALSE},
        {"postgresql://localhost,127.0.0.2/d", "host=localhost,127.0.0.2 dbname=d",
         "localhost,127.0.0.2/d", TRUE, FALSE},
        {"postgresql://localhost,h/d", "host=localhost,h dbname=d", "localhost,h/d", FALSE, FALSE},
        {"postgresql://ep-a-1-pooler.eu.aws.neon.tech/d",
         "host=ep-a-1-pooler.eu.aws.neon.tech dbname=d", "ep-a-1-pooler.eu.aws.neon.tech/d", FALSE,
         TRUE},
        {"postgresql://h/d?ssl=true&pgbouncer=true", "host=h dbname=d sslmode=require", "h/d",
         FALSE, TRUE},
        {"host=/tmp  dbname = 'my data' password='it\\'s' ",
         "host=/tmp dbname=my data password=it's", "/tmp/my data", TRUE, FALSE},
        {"dbname=a dbname=b host=h", "dbname=b host=h", "h/b", FALSE, FALSE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(settings) parsed = parse("", NULL, &error);
        g_assert_true(settings_override(parsed, "DATABASE_URL", cases[i].url, &error));
        g_assert_no_error(error);
        const settings_database *server = settings_postgres(parsed);
        g_autoptr(GString) text = g_string_new(NULL);
        for (gsize k = 0; server->keywords[k] != NULL; k++)
            g_string_append_printf(text, "%s%s=%s", k > 0 ? " " : "", server->keywords[k],
                                   server->values[k]);
        g_assert_cmpstr(text->str, ==, cases[i].parameters);
        g_assert_cmpstr(server->name, ==, cases[i].name);
        g_assert_cmpint(server->local, ==, cases[i].local);
        g_assert_cmpint(server->pooled, ==, cases[i].pooled);
    }
}

/* In the order of lines, whichever pass found them; the environment last. */
static void test_all_problems_at_once(void)
{
    g_autoptr(GError) error = NULL;
    static const char text[] = "RUN_MODE=live\nnonsense\nAPP_ENV=x\nQUANTBOT_X=1\nTZ=Nowhere";
    static const char *const environment[] = {"LOG_LEVEL=loud", NULL};
    static const char *const starts[] = {".env:1: RUN_MODE: ",      ".env:2: the line ",
                                         ".env:3: APP_ENV: ",       ".env:4: QUANTBOT_X: ",
                                         ".env:5: TZ: \"Nowhere\"", "environment: LOG_LEVEL: "};
    g_assert_null(settings_parse(".env", text, strlen(text), environment, NULL, &error));
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, G_N_ELEMENTS(starts));
    for (gsize i = 0; i < G_N_ELEMENTS(starts); i++)
        g_assert_true(g_str_has_prefix(lines[i], starts[i]));
}

static void test_precedence(void)
{
    static const char text[] = "WANDB_PROJECT=file\nWANDB_ENTITY=file\nTIINGO_API_KEY=file-key\n";
    static const char *const environment[] = {
        "WANDB_PROJECT=environment", "WANDB_ENTITY=", "NO_SETTING=x", "=odd", "odd", NULL};
    g_autoptr(GError) error = NULL;
    g_autoptr(settings)
        parsed = settings_parse(".env", text, strlen(text), environment, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(settings_get(parsed, "WANDB_PROJECT"), ==, "environment");
    g_assert_cmpint(settings_source(parsed, "WANDB_PROJECT"), ==, SETTING_ENVIRONMENT);
    g_assert_cmpstr(settings_get(parsed, "WANDB_ENTITY"), ==, "file"); /* empty means unset */
    g_assert_cmpint(settings_source(parsed, "WANDB_ENTITY"), ==, SETTING_FILE);
    g_assert_true(settings_override(parsed, "WANDB_PROJECT", "flag", NULL));
    g_assert_cmpstr(settings_get(parsed, "WANDB_PROJECT"), ==, "flag");
    g_assert_true(settings_override(parsed, "QUANTBOT_DATA_DIR", "/tmp/elsewhere", NULL));
    g_assert_cmpstr(settings_runlog_path(parsed), ==, "/tmp/elsewhere/runtime/quantbot.db");
    g_assert_false(settings_override(parsed, "QUANTBOT_LOG_FILES", "many", &error));
    g_assert_error(error, FAILURE, FAILURE_CONFIG);
    g_assert_cmpint(settings_integer(parsed, "QUANTBOT_LOG_FILES"), ==, 5);
}

static void test_unknown_in_environment(void)
{
    static const char *const environment[] = {"QUANTBOT_DATADIR=/x", NULL};
    g_autoptr(GError) error = NULL;
    g_assert_null(settings_parse(".env", "", 0, environment, NULL, &error));
    g_assert_cmpstr(error->message, ==,
                    "environment: QUANTBOT_DATADIR: unknown setting (nearest known: "
                    "QUANTBOT_DATA_DIR)");
}

static void test_warnings(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"OPENAI_KEY=x", ".env:1: OPENAI_KEY: unknown setting, ignored (nearest known: "
                         "OPENAI_API_KEY)"},
        {"tiingo_api_key=x", ".env:1: tiingo_api_key: unknown setting, ignored (nearest known: "
                             "TIINGO_API_KEY)"},
        {"TZ=UTC\nTZ=UTC", ".env:2: TZ: also set at .env:1; the later one counts"},
        {"TIINGO_API_KEY=your_key_here",
         ".env:1: TIINGO_API_KEY: holds a placeholder, treated as unset"},
        {"DISCORD_BOT_TOKEN=changeme",
         ".env:1: DISCORD_BOT_TOKEN: holds a placeholder, treated as unset"},
        {"OPENAI_API_KEY=sk-...", ".env:1: OPENAI_API_KEY: holds a placeholder, treated as unset"},
        {"DISCORD_GUILD_ID=your-server-id",
         ".env:1: DISCORD_GUILD_ID: holds a placeholder, treated as unset"},
        {"DATABASE_URL=postgresql://your_user:your_password@localhost/db",
         ".env:1: DATABASE_URL: holds a placeholder, treated as unset"},
        {"DISCORD_WEBHOOK_URL=<webhook>",
         ".env:1: DISCORD_WEBHOOK_URL: holds a placeholder, treated as unset"},
        {"WANDB_PROJECT=${HOME}",
         ".env:1: WANDB_PROJECT: ${...} is not expanded, it is taken as written"},
        {"OPENAI_BASE_URL=http://models.example.com/v1",
         ".env:1: OPENAI_BASE_URL: http is not encrypted; keys would be sent in the clear"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GError) error = NULL;
        g_autoptr(settings) parsed = parse(cases[i].text, warnings, &error);
        g_assert_no_error(error);
        g_assert_nonnull(parsed);
        g_assert_cmpuint(warnings->len, ==, 1);
        g_assert_cmpstr(g_ptr_array_index(warnings, 0), ==, cases[i].want);
    }
}

static void test_limits(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < 5000; i++)
        g_string_append_printf(text, "STRANGER_%d=x\n", i);
    g_autoptr(settings) parsed = parse(text->str, warnings, NULL);
    g_assert_nonnull(parsed);
    g_assert_cmpuint(warnings->len, ==, 101);
    g_assert_cmpstr(g_ptr_array_index(warnings, 100), ==, "... and 4900 more warnings");

    g_autoptr(GError) error = NULL;
    g_string_truncate(text, 0);
    for (int i = 0; i < 3000; i++)
        g_string_append(text, "junk\n");
    g_assert_null(parse(text->str, NULL, &error));
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 21);
    g_assert_cmpstr(lines[20], ==, "... and 2980 more");
    g_clear_error(&error);

    g_autofree char *longer = g_strnfill(70000, 'x');
    g_autofree char *line = g_strconcat("WANDB_PROJECT=", longer, NULL);
    g_assert_null(parse(line, NULL, &error));
    g_assert_cmpstr(error->message, ==,
                    ".env:1: the line is too long (expected at most 65536 bytes)");
    g_clear_error(&error);
    g_autofree char *huge = g_strnfill(1024 * 1024 + 1, '#');
    g_assert_null(parse(huge, NULL, &error));
    g_assert_cmpstr(error->message, ==, ".env: is too large (expected at most 1048576 bytes)");
}

/* design.md: equities polygon > tiingo > alphavantage, crypto coingecko > cryptocompare. */
static void test_preferred(void)
{
    static const struct {
        const char *text, *asset, *want;
    } cases[] = {
        {"", "equities", NULL},
        {"", "crypto", "coingecko"},
        {"", "macro", NULL},
        {"ALPHA_VANTAGE_API_KEY=k", "equities", "alphavantage"},
        {"ALPHA_VANTAGE_API_KEY=k\nTIINGO_API_KEY=k", "equity", "tiingo"},
        {"TIINGO_API_KEY=k\nPOLYGON_API_KEY=k", "equities", "polygon"},
        {"CRYPTOCOMPARE_API_KEY=k", "crypto", "cryptocompare"},
        {"CRYPTOCOMPARE_API_KEY=k\nCOINGECKO_API_KEY=k", "crypto", "coingecko"},
        {"QUANDL_API_KEY=k", "macro", NULL}, /* its statistics are closed */
        {"QUANDL_API_KEY=k\nFRED_API_KEY=k", "macro", "fred"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(settings) parsed = parse(cases[i].text, NULL, NULL);
        g_assert_cmpstr(settings_preferred_provider(parsed, cases[i].asset), ==, cases[i].want);
    }
}

static gboolean has_host(GArray *hosts, const char *name, gboolean ours)
{
    for (guint i = 0; i < hosts->len; i++) {
        const settings_host *host = &g_array_index(hosts, settings_host, i);
        if (strcmp(host->host, name) == 0)
            return host->ours == ours;
    }
    return FALSE;
}

static void test_hosts(void)
{
    g_autoptr(settings)
        parsed = parse("QUANTBOT_TIINGO_BASE_URL=https://proxy.example.com:8443/t\n"
                       "QUANTBOT_FRED_BASE_URL=http://127.0.0.1:9000\n"
                       "ALPACA_BASE_URL=https://paper-api.alpaca.markets\n"
                       "DISCORD_WEBHOOK_URL=https://hooks.example.com/api/webhooks/1/t0ken-t0ken\n",
                       NULL, NULL);
    GArray *hosts = settings_hosts(parsed);
    g_assert_true(has_host(hosts, "api.tiingo.com", TRUE));
    g_assert_true(has_host(hosts, "proxy.example.com:8443", FALSE));
    g_assert_true(has_host(hosts, "hooks.example.com", FALSE));
    g_assert_false(has_host(hosts, "127.0.0.1:9000", FALSE));
    g_assert_false(has_host(hosts, "paper-api.alpaca.markets", FALSE));
    g_array_unref(hosts);
}

static char *read_source(const char *name)
{
    const char *source = g_getenv("QUANTBOT_SOURCE");
    char *text = NULL;
    g_autofree char *path = source ? g_build_filename(source, name, NULL) : NULL;
    if (path == NULL || !g_file_get_contents(path, &text, NULL, NULL))
        g_test_skip("QUANTBOT_SOURCE is not set to the source folder");
    return text;
}

/* An unedited copy passes without a word, and the files say what the table says. */
static void test_example(void)
{
    g_autofree char *example = settings_example();
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    g_autoptr(settings) parsed = parse(example, warnings, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(warnings->len, ==, 0);
    for (gsize i = 0; i < settings_table_count; i++)
        g_assert_cmpint(settings_source(parsed, settings_table[i].name), ==, SETTING_DEFAULT);
    g_autofree char *file = read_source(".env.example");
    g_test_message("when the table has changed: quantbot env example >.env.example");
    if (file != NULL)
        g_assert_cmpstr(file, ==, example);
}

static void test_markdown(void)
{
    g_autofree char *table = settings_markdown();
    g_autofree char *file = read_source("SETUP_ENV.md");
    if (file == NULL)
        return;
    g_test_message("when the table has changed: put the output of quantbot env example "
                   "--markdown between the marks of SETUP_ENV.md");
    static const char begin[] = "<!-- quantbot env example --markdown -->\n\n";
    const char *found = strstr(file, begin);
    g_assert_nonnull(found);
    g_assert_true(g_str_has_prefix(found + strlen(begin), table));
    g_assert_true(
        g_str_has_prefix(found + strlen(begin) + strlen(table), "\n<!-- end of the table -->"));
}

/* The default of each setting is itself a value that passes. */
static void test_table(void)
{
    for (gsize i = 0; i < settings_table_count; i++) {
        const setting_info *info = &settings_table[i];
        g_assert_true(info->help != NULL && *info->help != '\0' && info->group != NULL);
        for (gsize j = 0; j < i; j++)
            g_assert_cmpstr(info->name, !=, settings_table[j].name);
        if (info->standard == NULL)
            continue;
        g_autofree char *text = g_strdup_printf("%s=%s", info->name, info->standard);
        assert_value(text, info->name, info->standard);
    }
}

/* Every name of design.md is in the table. */
static void test_known_names(void)
{
    static const char names[] =
        "APP_ENV RUN_MODE LOG_LEVEL TZ DISCORD_BOT_TOKEN DISCORD_GUILD_ID "
        "DISCORD_REPORTS_CHANNEL_ID DISCORD_WEBHOOK_URL DISCORD_APP_ID ALLOWED_USER_IDS "
        "QUANTBOT_DISCORD_ADMIN_IDS ALPACA_API_KEY ALPACA_API_SECRET ALPACA_BASE_URL "
        "ALPHA_VANTAGE_API_KEY POLYGON_API_KEY TIINGO_API_KEY FRED_API_KEY QUANDL_API_KEY "
        "COINGECKO_API_KEY CRYPTOCOMPARE_API_KEY OPENAI_API_KEY OPENAI_BASE_URL OPENAI_MODEL "
        "OPENAI_ORG_ID OPENAI_PROJECT_ID WANDB_API_KEY WANDB_PROJECT WANDB_ENTITY WANDB_MODE "
        "WANDB_BASE_URL DATABASE_URL ADMIN_TOKEN ADMIN_API_HOST ADMIN_API_PORT";
    g_auto(GStrv) list = g_strsplit(names, " ", -1);
    g_autofree char *example = settings_example();
    for (char **name = list; *name != NULL; name++) {
        g_autofree char *line = g_strdup_printf("\n%s=\n", *name);
        g_assert_nonnull(strstr(example, line));
    }
}

/* ---- files of secrets ----------------------------------------------------------------------- */

typedef struct folder {
    char *path, *env, *key;
} folder;

static void folder_open(folder *self, gconstpointer data)
{
    self->path = g_dir_make_tmp("quantbot-config-XXXXXX", NULL);
    g_assert_nonnull(self->path);
    self->env = g_build_filename(self->path, ".env", NULL);
    self->key = g_build_filename(self->path, "key", NULL);
}

static void folder_close(folder *self, gconstpointer data)
{
    log_forget_secrets();
    log_set_level(LOG_INFO);
    g_unlink(self->env);
    g_unlink(self->key);
    g_rmdir(self->path);
    g_free(self->path);
    g_free(self->env);
    g_free(self->key);
}

static void write_file(const char *path, const char *text, int mode)
{
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_assert_cmpint(chmod(path, (mode_t)mode), ==, 0);
}

static void test_secret_file(folder *self, gconstpointer data)
{
    g_autofree char *text = g_strdup_printf("TIINGO_API_KEY_FILE=%s\n", self->key);
    g_autoptr(GError) error = NULL;
    write_file(self->key, "the-key-in-a-file\n", 0600);
    g_autoptr(settings) parsed = parse(text, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(settings_get(parsed, "TIINGO_API_KEY"), ==, "the-key-in-a-file");
    g_assert_cmpint(settings_source(parsed, "TIINGO_API_KEY"), ==, SETTING_SECRET_FILE);
}

static void test_secret_file_readers(folder *self, gconstpointer data)
{
    g_autofree char *dev = g_strdup_printf("TIINGO_API_KEY_FILE=%s\n", self->key);
    g_autofree char *prod = g_strconcat(dev, "APP_ENV=prod\n", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    write_file(self->key, "the-key-in-a-file", 0604);
    g_autoptr(settings) parsed = parse(dev, warnings, &error);
    g_assert_no_error(error);
    g_assert_nonnull(parsed);
    g_assert_cmpuint(warnings->len, ==, 1);
    g_assert_null(parse(prod, NULL, &error));
    g_assert_nonnull(strstr(error->message, "others may read it (expected mode 600"));
    g_assert_null(strstr(error->message, "the-key"));
}

static void test_secret_file_problems(folder *self, gconstpointer data)
{
    g_autofree char *absent = g_strdup_printf("TIINGO_API_KEY_FILE=%s/absent\n", self->path);
    g_autofree char *both = g_strdup_printf("TIINGO_API_KEY=abc\nTIINGO_API_KEY_FILE=%s\n",
                                            self->key);
    g_autofree char *plain = g_strdup_printf("LOG_LEVEL_FILE=%s\n", self->key);
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    write_file(self->key, "x", 0600);
    g_assert_null(parse(absent, NULL, &error));
    g_autofree char *want = g_strdup_printf(
        ".env:1: TIINGO_API_KEY_FILE: %s/absent: cannot open: No such file or directory",
        self->path);
    g_assert_cmpstr(error->message, ==, want);
    g_clear_error(&error);
    /* The secret where its file was meant. */
    g_assert_null(parse("TIINGO_API_KEY_FILE=0123456789abcdef", NULL, &error));
    g_assert_cmpstr(error->message, ==,
                    ".env:1: TIINGO_API_KEY_FILE: there is no file of that name");
    g_clear_error(&error);
    g_assert_null(parse(both, NULL, &error));
    g_assert_cmpstr(error->message, ==,
                    ".env:2: TIINGO_API_KEY_FILE: TIINGO_API_KEY is set as well (expected one of "
                    "the two)");
    g_autoptr(settings) parsed = parse(plain, warnings, NULL);
    g_assert_nonnull(parsed); /* only secrets have files: this is a stranger */
    g_assert_cmpuint(warnings->len, ==, 1);
}

/* ---- loading -------------------------------------------------------------------------------- */

static void test_load(folder *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(settings_load(self->env, TRUE, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
    g_clear_error(&error);

    write_file(self->env, "LOG_LEVEL=ERROR\nFRED_API_KEY=fred-0123456789abcdef\n", 0600);
    g_setenv("TIINGO_API_KEY", "tiingo-0123456789abcdef", TRUE);
    g_autoptr(settings) loaded = settings_load(self->env, TRUE, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(settings_get(loaded, "TIINGO_API_KEY"), ==, "tiingo-0123456789abcdef");
    g_assert_null(g_getenv("TIINGO_API_KEY"));
    g_autofree char *clean = log_redact("tiingo-0123456789abcdef fred-0123456789abcdef");
    g_assert_cmpstr(clean, ==, "**** ****");
}

static void test_load_readers(folder *self, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    write_file(self->env, "FRED_API_KEY=fred-0123456789abcdef\n", 0644);
    g_autoptr(settings) loaded = settings_load(self->env, TRUE, warnings, &error);
    g_assert_no_error(error);
    g_assert_nonnull(loaded);
    g_assert_cmpuint(warnings->len, ==, 1);
    write_file(self->env, "FRED_API_KEY=fred-0123456789abcdef\nAPP_ENV=prod\n", 0644);
    g_assert_null(settings_load(self->env, TRUE, NULL, &error));
    g_assert_error(error, FAILURE, FAILURE_CONFIG);
    g_clear_error(&error);
    write_file(self->env, "FRED_API_KEY=\nAPP_ENV=prod\n", 0644); /* nothing to hide */
    g_autoptr(settings) empty = settings_load(self->env, TRUE, NULL, &error);
    g_assert_no_error(error);
    g_assert_nonnull(empty);
}

/* ---- canary --------------------------------------------------------------------------------- */

#define CANARY "canary/7f3a+91Zq=\"x\""

/* A part of the canary of this length counts as a leak. */
#define CANARY_PART 8

static void assert_no_part(const char *text, const char *form)
{
    gsize length = strlen(form);
    for (gsize at = 0; at + CANARY_PART <= length; at++) {
        g_autofree char *part = g_strndup(form + at, CANARY_PART);
        if (strstr(text, part) != NULL)
            g_error("\"%s\" of the canary in: %s", part, text);
    }
}

static void assert_no_canary(const char *text)
{
    static const char *const texts[] = {CANARY, "xCANARY", "xyCANARY"};
    g_autofree char *percent = g_uri_escape_string(CANARY, NULL, FALSE);
    assert_no_part(text, CANARY);
    assert_no_part(text, percent);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *whole = g_strdup_printf("%.*s%s", (int)i, "xy", CANARY);
        g_autofree char *encoded = g_base64_encode((const guchar *)whole, strlen(whole));
        assert_no_part(text, encoded + (i * 8 + 5) / 6);
    }
}

/* Every secret holds the canary, in a form that its type refuses as well as in one it takes. */
static void write_canaries(const char *path, gboolean valid)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (gsize i = 0; i < settings_table_count; i++) {
        const setting_info *info = &settings_table[i];
        if (!info->secret)
            continue;
        if (info->type == SETTING_URL)
            g_string_append_printf(text, "%s='https://hooks.example.com/%s'\n", info->name,
                                   valid ? "canary%2F7f3a%2B91Zq%3D%22x%22" : CANARY);
        else if (info->type == SETTING_DATABASE_URL)
            g_string_append_printf(text, "%s='postgresql://u:%s@db.example.com/d'\n", info->name,
                                   valid ? "canary%2F7f3a%2B91Zq%3D%22x%22" : CANARY);
        else
            g_string_append_printf(text, "%s='" CANARY "%s'\n", info->name, valid ? "" : "\x01");
    }
    g_string_append(text, valid ? "STRANGER=" : "RUN_MODE=");
    g_string_append(text, "'" CANARY "'\n");
    write_file(path, text->str, 0600);
}

static void assert_lines_clean(folder *self, gboolean valid)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    write_canaries(self->env, valid);
    g_autoptr(settings) loaded = settings_load(self->env, TRUE, warnings, &error);
    g_assert_true((loaded != NULL) == valid);
    for (guint i = 0; i < warnings->len; i++)
        assert_no_canary(g_ptr_array_index(warnings, i));
    if (error != NULL)
        assert_no_canary(error->message);
    if (loaded != NULL)
        assert_no_canary(settings_postgres_masked(loaded));
}

static void test_canary(folder *self, gconstpointer data)
{
    assert_lines_clean(self, FALSE);
    assert_lines_clean(self, TRUE);
    g_autofree char *base64 = g_base64_encode((const guchar *)"user:" CANARY, 5 + strlen(CANARY));
    g_autofree char *percent = g_uri_escape_string(CANARY, NULL, FALSE);
    g_autofree char *text = g_strdup_printf("GET /?key=%s Basic %s raw %s", percent, base64,
                                            CANARY);
    g_assert_true(log_open_file(self->key, 100000, 1, NULL));
    log_event(LOG_ERROR, "http", "%s", text);
    log_close_file();
    g_autofree char *logged = NULL;
    g_assert_true(g_file_get_contents(self->key, &logged, NULL, NULL));
    assert_no_canary(logged);
}

/* ---- run files ------------------------------------------------------------------------------ */

static run_file *parse_run(const char *text, GError **error)
{
    return run_file_parse("run.ini", text, strlen(text), error);
}

static void test_run_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(run_file) file = parse_run("\xef\xbb\xbf# a run\r\n; of mine\r\n"
                                         "[ run ]\r\n symbols = AAPL, MSFT \r\nempty=\r\n\r\n"
                                         "[params]\nfast=20\nslow = 50\npath=C:\\x;y\n",
                                         &error);
    g_assert_no_error(error);
    g_assert_cmpstr(run_file_get(file, "run", "symbols"), ==, "AAPL, MSFT");
    g_assert_cmpstr(run_file_get(file, "run", "empty"), ==, "");
    g_assert_null(run_file_get(file, "run", "absent"));
    g_autofree char *place = run_file_place(file, "params", "slow");
    g_assert_cmpstr(place, ==, "run.ini:9");
    g_autofree char *nowhere = run_file_place(file, "run", "absent");
    g_assert_cmpstr(nowhere, ==, "run.ini");
    g_auto(GStrv) keys = run_file_keys(file, "params");
    g_autofree char *joined = g_strjoinv(" ", keys);
    g_assert_cmpstr(joined, ==, "fast slow path");
    g_assert_cmpstr(run_file_get(file, "params", "path"), ==, "C:\\x;y");
    g_assert_true(run_file_finish(file, &error));
    g_assert_no_error(error);
}

static void test_run_file_unknown(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(run_file)
        file = parse_run("[run]\nsymbls=AAPL\nstart=2020-01-01\n[cost]\nfee_bps=1\n", NULL);
    run_file_get(file, "run", "symbols");
    run_file_get(file, "run", "start");
    run_file_get(file, "costs", "fee_bps");
    g_assert_false(run_file_finish(file, &error));
    g_assert_error(error, FAILURE, FAILURE_CONFIG);
    g_assert_cmpstr(error->message, ==,
                    "run.ini:2: [run] symbls: is no known key (nearest known: symbols)\n"
                    "run.ini:5: [cost] fee_bps: is no known key (nearest known: [costs])");
}

static void test_run_file_refused(void)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a=b", "run.ini:1: \"a\" stands before the first [group]"},
        {"[x]\nnothing",
         "run.ini:2: \"nothing\" is not a line of a run file (expected [group], key=value or # "
         "comment)"},
        {"[x", "run.ini:1: \"[x\" is not a group (expected [name] alone on the line)"},
        {"[x] y", "run.ini:1: \"[x] y\" is not a group (expected [name] alone on the line)"},
        {"[a b]", "run.ini:1: \"a b\" is not a group's name (expected letters, digits, _ - .)"},
        {"[]", "run.ini:1: \"\" is not a group's name (expected letters, digits, _ - .)"},
        {"[x]\na b=c", "run.ini:2: \"a b\" is not a key (expected letters, digits, _ - .)"},
        {"[x]\n=c", "run.ini:2: \"\" is not a key (expected letters, digits, _ - .)"},
        {"[x]\na=1\n[y]\n[x]\na=2", "run.ini:5: [x] a: is set a second time (first in line 2)"},
        {"[x]\na=\xff", "run.ini:2: the line is not UTF-8 text"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(parse_run(cases[i].text, &error));
        g_assert_error(error, FAILURE, FAILURE_CONFIG);
        g_assert_cmpstr(error->message, ==, cases[i].want);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(run_file_load("/nonexistent/run.ini", &error));
    g_assert_error(error, FAILURE, FAILURE_MISSING);
}

#define ADD(name, function) \
    g_test_add("/config/" name, folder, NULL, folder_open, function, folder_close)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/settings/syntax", test_syntax);
    g_test_add_func("/config/settings/defaults", test_defaults);
    g_test_add_func("/config/settings/valid", test_valid);
    g_test_add_func("/config/settings/refused", test_refused);
    g_test_add_func("/config/settings/database-urls", test_database_urls);
    g_test_add_func("/config/settings/database-parameters", test_database_parameters);
    g_test_add_func("/config/settings/all-problems-at-once", test_all_problems_at_once);
    g_test_add_func("/config/settings/precedence", test_precedence);
    g_test_add_func("/config/settings/unknown-in-environment", test_unknown_in_environment);
    g_test_add_func("/config/settings/warnings", test_warnings);
    g_test_add_func("/config/settings/limits", test_limits);
    g_test_add_func("/config/settings/preferred", test_preferred);
    g_test_add_func("/config/settings/hosts", test_hosts);
    g_test_add_func("/config/settings/table", test_table);
    g_test_add_func("/config/settings/known-names", test_known_names);
    g_test_add_func("/config/settings/example", test_example);
    g_test_add_func("/config/settings/markdown", test_markdown);
    ADD("secret-file/read", test_secret_file);
    ADD("secret-file/readers", test_secret_file_readers);
    ADD("secret-file/problems", test_secret_file_problems);
    ADD("load/file-and-environment", test_load);
    ADD("load/readers", test_load_readers);
    ADD("canary", test_canary);
    g_test_add_func("/config/run-file/values", test_run_file);
    g_test_add_func("/config/run-file/unknown", test_run_file_unknown);
    g_test_add_func("/config/run-file/refused", test_run_file_refused);
    return g_test_run();
}
