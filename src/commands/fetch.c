/* From a command line to wishes, and the run of them. */
#include "commands/fetch-private.h"
#include "platform/clock.h"
#include "platform/log.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>

#define LONGEST_WAIT_US (31 * QB_DAY_US)
#define STANDARD_DAYS 365 /* without --start */

static const char options_about[] =
    "Symbols are names as you know them (spy, btc, BRK.B); SYM=ID gives the provider's own name\n"
    "of one (PEPE-USD=pepe). It is kept with the bars, so it has to be said only once, and "
    "another\n"
    "ID for the same symbol is refused.\n"
    "Only what the cache lacks is asked for, page by page, and each page is stored at once: after\n"
    "an interruption the same command goes on where it stopped. Bars that the provider turned out\n"
    "not to have are remembered (quantbot data gaps) and not asked for again. quantbot data plan\n"
    "shows what a download will cost.\n";

static const fetch_class *const classes[] = {&fetch_crypto, &fetch_equities, &fetch_macro};

const fetch_class *fetch_class_find(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(classes); i++)
        if (g_ascii_strcasecmp(classes[i]->name, name) == 0)
            return classes[i];
    return NULL;
}

void fetch_options_clear(fetch_options *self)
{
    char *texts[] = {self->provider, self->symbols,  self->start,
                     self->end,      self->interval, self->wait};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}

void fetch_clear(fetch *self)
{
    g_clear_pointer(&self->download, download_free);
    g_clear_pointer(&self->market, market_free);
    g_clear_pointer(&self->settings, settings_free);
}

/* ---- the download --------------------------------------------------------------------------- */

/* "90s", "15m", "2h", "1d". */
static gboolean read_wait(const char *text, gint64 *out_us, GError **error)
{
    static const struct {
        char unit;
        gint64 length_us;
    } units[] = {{'s', QB_SECOND_US}, {'m', QB_MINUTE_US}, {'h', QB_HOUR_US}, {'d', QB_DAY_US}};
    char *end = NULL;
    *out_us = 0;
    if (text == NULL)
        return TRUE;
    const gint64 count = g_ascii_isdigit(*text) ? g_ascii_strtoll(text, &end, 10) : -1;
    for (gsize i = 0; count >= 0 && i < G_N_ELEMENTS(units); i++)
        if (end[0] == units[i].unit && end[1] == '\0' &&
            count <= LONGEST_WAIT_US / units[i].length_us) {
            /* 0 is http's word for its own default. */
            *out_us = MAX(count * units[i].length_us, 1);
            return TRUE;
        }
    g_autofree char *quoted = failure_quote(text, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "--wait: %s is no duration (expected 90s, 15m, 2h or 1d, up to 31d)", quoted);
    return FALSE;
}

static const char *environment(const char *upper, const char *lower)
{
    const char *value = g_getenv(upper);
    return value != NULL && *value != '\0' ? value : g_getenv(lower);
}

/* A proxy's address may hold a password. */
static void protect_password(const char *proxy)
{
    g_autoptr(GUri) uri = proxy != NULL ? g_uri_parse(proxy, G_URI_FLAGS_HAS_PASSWORD, NULL) : NULL;
    if (uri != NULL && g_uri_get_password(uri) != NULL)
        log_register_secret(g_uri_get_password(uri));
}

gboolean fetch_open(fetch *self, const char *wait, gboolean paid, GError **error)
{
    g_autofree char *limits = g_build_filename(settings_data_dir(self->settings), "runtime",
                                               "limits", NULL);
    http_options http = {
        .state_folder = limits,
        .user_agent = "quantbot/" QUANTBOT_VERSION,
        .ca_file = g_getenv("SSL_CERT_FILE"),
        .proxy = environment("HTTPS_PROXY", "https_proxy"),
        .no_proxy = environment("NO_PROXY", "no_proxy"),
        .seed = (guint64)clock_monotonic_us(),
    };
    if (!read_wait(wait, &http.wait_us, error))
        return FALSE;
    protect_password(http.proxy);
    const download_options options = {
        .cache = self->market->cache,
        .settings = self->settings,
        .http = &http,
        .now_us = clock_now_us(),
        .paid = paid,
    };
    self->download = download_new(&options, error);
    return self->download != NULL;
}

gboolean fetch_add(fetch *self, const download_wish *wish, GError **error)
{
    const GPtrArray *items = download_items(self->download);
    for (guint i = 0; i < items->len; i++) {
        const download_item *item = g_ptr_array_index(items, i);
        const cache_key *key = &item->wish.key;
        if (key->asset == wish->key.asset && key->interval == wish->key.interval &&
            strcmp(key->symbol, wish->key.symbol) == 0)
            return TRUE;
    }
    return download_add(self->download, wish, error);
}

/* ---- wishes --------------------------------------------------------------------------------- */

static gboolean fail_no_provider(const fetch_class *class, GError **error)
{
    g_autoptr(GString) known = g_string_new(NULL);
    const unsigned bit = 1u << class->asset;
    for (const provider *const *at = providers_table; *at != NULL; at++)
        if (((*at)->assets & bit) != 0)
            g_string_append_printf(known, "%s%s for %s (%s)", known->len > 0 ? ", " : "",
                                   (*at)->key_setting, (*at)->title, (*at)->register_at);
    g_set_error(error, FAILURE, FAILURE_CONFIG, "no provider of %s has a key: set one of %s",
                class->name, known->str);
    return FALSE;
}

const provider *fetch_provider_named(const char *name, GError **error)
{
    const provider *found = providers_find(name);
    if (found != NULL)
        return found;
    g_autoptr(GString) known = g_string_new(NULL);
    for (const provider *const *at = providers_table; *at != NULL; at++)
        g_string_append_printf(known, "%s%s", known->len > 0 ? ", " : "", (*at)->name);
    g_autofree char *quoted = failure_quote(name, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "--provider: %s is unknown (expected one of %s)",
                quoted, known->str);
    return NULL;
}

const provider *fetch_provider(const settings *settings, const fetch_class *class, const char *name,
                               GError **error)
{
    if (name == NULL)
        name = settings_preferred_provider(settings, class->name);
    if (name != NULL)
        return fetch_provider_named(name, error);
    fail_no_provider(class, error);
    return NULL;
}

static gboolean read_interval(const fetch_class *class, const char *text, qb_interval *out,
                              GError **error)
{
    const gboolean macro = class->asset == QB_MACRO;
    *out = QB_1D;
    if (text == NULL && !macro)
        return TRUE;
    if (text != NULL && (macro ? qb_macro_interval_from_text(text, out)
                               : qb_interval_from_text(text, out)) == QB_OK)
        return TRUE;
    g_autofree char *quoted = text != NULL ? failure_quote(text, -1) : g_strdup("is missing");
    g_set_error(error, FAILURE, FAILURE_USAGE, "--interval: %s (expected %s)", quoted,
                macro ? "how often the series is published: 1d 1w 1mo 1q or 1y"
                      : "1m 5m 15m 30m 1h 4h 1d or 1w");
    return FALSE;
}

/* --end is included: a date to its end, a time with the bar that is stamped so. */
static gboolean read_range(const fetch_options *options, const fetch_class *class,
                           download_wish *wish, GError **error)
{
    const gint64 now_us = clock_now_us();
    wish->from_us = (gint64)(qb_date_from_us(now_us) - STANDARD_DAYS) * QB_DAY_US;
    wish->to_us = now_us;
    if (class->asset == QB_MACRO)
        wish->from_us = (gint64)qb_date_from_civil((qb_civil){1900, 1, 1}) * QB_DAY_US;
    if (options->start != NULL && !command_time("--start", options->start, &wish->from_us, error))
        return FALSE;
    if (options->end != NULL) {
        if (!command_time("--end", options->end, &wish->to_us, error))
            return FALSE;
        wish->to_us += strlen(options->end) == strlen("2020-01-31") ? QB_DAY_US : 1;
    }
    if (wish->from_us < wish->to_us && wish->from_us < now_us)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE, "--start: %s is not before %s",
                options->start != NULL ? options->start : "a year ago",
                options->end != NULL && wish->from_us < now_us ? options->end : "now");
    return FALSE;
}

static gboolean fail_symbol(const char *text, const fetch_class *class, GError **error)
{
    g_autofree char *quoted = failure_quote(text, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "--symbols: %s is no symbol of %s", quoted,
                class->name);
    return FALSE;
}

/* An index is an equity to those who ask for one. */
static qb_asset asset_of(const fetch_class *class, const char *symbol)
{
    return class->asset == QB_EQUITY && *symbol == '^' ? QB_INDEX : class->asset;
}

static gboolean read_symbol(const fetch *self, const fetch_class *class, const char *text,
                            download_wish *wish, GError **error)
{
    const instruments *known = self->market->instruments;
    g_auto(GStrv) sides = g_strsplit(text, "=", 2);
    const qb_asset wanted = asset_of(class, sides[0]);
    qb_instrument instrument;
    int asset = (int)wanted;
    wish->key.asset = wanted;
    *wish->vendor_symbol = '\0';
    if (sides[1] != NULL) {
        if (*sides[1] == '\0' || !cache_is_plain(sides[1], sizeof wish->vendor_symbol))
            return fail_symbol(text, class, error);
        g_strlcpy(wish->vendor_symbol, sides[1], sizeof wish->vendor_symbol);
    }
    if (wanted == QB_MACRO)
        return qb_symbol_normalise(sides[0], QB_MACRO, wish->key.symbol) == QB_OK ||
               fail_symbol(text, class, error);
    if (!instruments_symbol(known, sides[0], (int)wanted, wish->key.symbol, &asset) ||
        asset != (int)wanted)
        return fail_symbol(text, class, error);
    if (!instruments_get(known, wish->key.symbol, wanted, wish->key.interval, &instrument, error))
        return FALSE;
    wish->calendar = instrument.calendar;
    return TRUE;
}

static gboolean add_wishes(fetch *self, const fetch_options *options, const fetch_class *class,
                           GError **error)
{
    download_wish wish = {.extended = options->extended};
    if (options->symbols == NULL) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--symbols: is missing (expected A, A,B or @file)");
        return FALSE;
    }
    g_auto(GStrv) symbols = command_symbols(options->symbols, error);
    if (symbols == NULL || !read_interval(class, options->interval, &wish.key.interval, error) ||
        !read_range(options, class, &wish, error))
        return FALSE;
    wish.provider = fetch_provider(self->settings, class, options->provider, error);
    if (wish.provider == NULL)
        return FALSE;
    for (char **symbol = symbols; *symbol != NULL; symbol++)
        if (!read_symbol(self, class, *symbol, &wish, error) || !fetch_add(self, &wish, error))
            return FALSE;
    return TRUE;
}

/* ---- the command line ----------------------------------------------------------------------- */

static gboolean open_market(fetch *self, int *out_exit)
{
    GError *error = NULL;
    self->settings = command_settings(out_exit);
    if (self->settings == NULL)
        return FALSE;
    self->market = market_open(self->settings, &error);
    if (self->market == NULL)
        *out_exit = command_fail(error);
    return self->market != NULL;
}

gboolean fetch_read(int argc, char **argv, const fetch_class *class, const char *about,
                    fetch *out_fetch, int *out_exit)
{
    g_auto(fetch_options) options = {0};
    g_autofree char *text = g_strconcat(about, "\n", options_about, NULL);
    g_autofree char *command = g_strdup(argv[0]);
    GError *error = NULL;
    const GOptionEntry entries[] = {
        {"symbols", 0, 0, G_OPTION_ARG_STRING, &options.symbols, "What to download", "A,B|@FILE"},
        {"provider", 0, 0, G_OPTION_ARG_STRING, &options.provider,
         "Of whom; default: the preferred one that has a key", "NAME"},
        {"start", 0, 0, G_OPTION_ARG_STRING, &options.start,
         "First day or time, UTC; default: a year ago, of macro series 1900", "DATE"},
        {"end", 0, 0, G_OPTION_ARG_STRING, &options.end,
         "Last one, included; default: the last bar that is over", "DATE"},
        {"interval", 0, 0, G_OPTION_ARG_STRING, &options.interval, "Of the bars (1d)", "INTERVAL"},
        {"wait", 0, 0, G_OPTION_ARG_STRING, &options.wait,
         "The longest wait for a provider's limits (15m)", "DURATION"},
        {"extended", 0, 0, G_OPTION_ARG_NONE, &options.extended,
         "Keep bars outside the regular session", NULL},
        {"paid", 0, 0, G_OPTION_ARG_NONE, &options.paid,
         "The key's plan is a paid one: the free tier's limits do not hold", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, class == NULL ? "crypto|equities|macro" : NULL, text,
                         entries, out_exit))
        return FALSE;
    const int arguments = class == NULL ? 1 : 0;
    if (class == NULL && argc > 1)
        class = fetch_class_find(argv[1]);
    if (class == NULL || argc > 1 + arguments) {
        *out_exit = command_usage(command, class == NULL ? "expected crypto, equities or macro"
                                                         : "expected options only");
        return FALSE;
    }
    out_fetch->json = options.json;
    if (!open_market(out_fetch, out_exit))
        return FALSE;
    if (fetch_open(out_fetch, options.wait, options.paid, &error) &&
        add_wishes(out_fetch, &options, class, &error))
        return TRUE;
    *out_exit = command_fail(error);
    return FALSE;
}

/* ---- the run -------------------------------------------------------------------------------- */

static gboolean on_signal(gpointer cancellable)
{
    g_cancellable_cancel(cancellable);
    return G_SOURCE_CONTINUE;
}

int fetch_run(fetch *self)
{
    GError *error = NULL;
    g_autoptr(GCancellable) cancellable = g_cancellable_new();
    g_autoptr(fetch_progress) progress = NULL;
    if (!fetch_print_forecast(self, &error))
        return command_fail(error);
    const guint interrupt = g_unix_signal_add(SIGINT, on_signal, cancellable);
    const guint terminate = g_unix_signal_add(SIGTERM, on_signal, cancellable);
    progress = fetch_progress_new(self->download);
    const download_observer observer = {fetch_progress_changed, progress};
    download_run(self->download, &observer, cancellable);
    g_clear_pointer(&progress, fetch_progress_free);
    g_source_remove(interrupt);
    g_source_remove(terminate);
    if (!self->json)
        fetch_print_account(self);
    else if (!fetch_print_json(self, TRUE, &error))
        return command_fail(error);
    fetch_print_errors(self);
    return download_exit_code(self->download);
}

int fetch_command(int argc, char **argv, const fetch_class *class)
{
    g_auto(fetch) fetch = {0};
    int exit_code = 0;
    if (!fetch_read(argc, argv, class, class->about, &fetch, &exit_code))
        return exit_code;
    return fetch_run(&fetch);
}
