/* data price, data search, data key: one question to a provider, whose answer is shown and not
 * stored. In: a symbol, words, or nothing. Out: a price with its age, symbols, or whether the key is
 * good. */
#include "commands/fetch-private.h"
#include "platform/clock.h"

#include <math.h>
#include <string.h>

typedef struct ask_flags {
    char *provider, *asset;
    gboolean paid, json;
} ask_flags;

static void ask_flags_clear(ask_flags *self)
{
    g_free(self->provider);
    g_free(self->asset);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ask_flags, ask_flags_clear)

/* What the three commands differ in. */
typedef struct ask_command {
    provider_ask ask;
    const char *argument, *about;
    void (*print)(const download_asked *asked, const provider_page *page, gboolean json);
} ask_command;

/* ---- a price -------------------------------------------------------------------------------- */

static const char *kind_text(provider_price_kind kind)
{
    static const char *const texts[] = {
        [PROVIDER_PRICE_TRADE] = "last trade",
        [PROVIDER_PRICE_REFERENCE] = "the provider's reference price",
        [PROVIDER_PRICE_MID] = "middle of bid and ask",
        [PROVIDER_PRICE_CLOSE] = "close of the last session",
    };
    return texts[kind];
}

static char *age_text(gint64 price_us)
{
    if (price_us == 0)
        return g_strdup("it does not say of when");
    char text[QB_TIME_TEXT];
    g_autofree char *age = fetch_duration_text(MAX(clock_now_us() - price_us, 0));
    return g_strdup_printf("%s (%s old)", qb_time_to_text(price_us, text), age);
}

static void print_price(const download_asked *asked, const provider_page *page, gboolean json)
{
    char number[32], text[QB_TIME_TEXT];
    if (!json) {
        g_autofree char *age = age_text(page->price_us);
        printf("%s  %s  %s, %s: %s\n", asked->text, report_json_number(page->price, number), age,
               asked->provider->title, kind_text(page->price_kind));
        return;
    }
    json_auto_t *root = json_pack("{s:s, s:s, s:f, s:s}", "provider", asked->provider->name,
                                  "symbol", asked->text, "price", page->price, "kind",
                                  kind_text(page->price_kind));
    json_object_set_new(root, "at",
                        page->price_us != 0 ? json_string(qb_time_to_text(page->price_us, text))
                                            : json_null());
    data_print_json(root);
}

/* ---- symbols -------------------------------------------------------------------------------- */

static char *span_text(const provider_match *match)
{
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    if (match->first_us == 0 && match->last_us == 0)
        return g_strdup("");
    qb_date_to_text(qb_date_from_us(match->first_us), first);
    qb_date_to_text(qb_date_from_us(match->last_us), last);
    return g_strdup_printf("%s to %s", first, match->last_us != 0 ? last : "now");
}

static void print_matches_json(const GArray *matches)
{
    json_auto_t *root = json_array();
    for (guint i = 0; i < matches->len; i++) {
        const provider_match *match = &g_array_index(matches, provider_match, i);
        json_array_append_new(root, json_pack("{s:s, s:s, s:s, s:s}", "symbol",
                                              match->vendor_symbol, "name", match->name, "kind",
                                              match->kind, "currency", match->currency));
    }
    data_print_json(root);
}

static void print_matches(const download_asked *asked, const provider_page *page, gboolean json)
{
    const report_style style = report_style_of(1);
    g_autoptr(report_table) table = report_table_new(NULL);
    if (json) {
        print_matches_json(page->matches);
        return;
    }
    if (page->matches->len == 0) {
        printf("%s finds nothing.\n", asked->provider->title);
        return;
    }
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "name", REPORT_LEFT, 0);
    report_table_column(table, "kind", REPORT_LEFT, 1);
    report_table_column(table, "money", REPORT_LEFT, 2);
    report_table_column(table, "history", REPORT_LEFT, 3);
    for (guint i = 0; i < page->matches->len; i++) {
        const provider_match *match = &g_array_index(page->matches, provider_match, i);
        g_autofree char *span = span_text(match);
        const char *const cells[] = {match->vendor_symbol, match->name, match->kind,
                                     match->currency, span};
        report_table_row(table, cells);
    }
    report_table_print(table, &style, stdout);
}

/* ---- a key ---------------------------------------------------------------------------------- */

static void print_key(const download_asked *asked, const provider_page *page, gboolean json)
{
    if (!json) {
        printf("%s answers: %s is good.\n", asked->provider->title, asked->provider->key_setting);
        return;
    }
    json_auto_t *root = json_pack("{s:s, s:b}", "provider", asked->provider->name, "good", 1);
    data_print_json(root);
}

/* ---- asking --------------------------------------------------------------------------------- */

static const fetch_class *class_of(qb_asset asset)
{
    if (asset == QB_MACRO)
        return &fetch_macro;
    return asset == QB_CRYPTO ? &fetch_crypto : &fetch_equities;
}

/* Without --asset: what its spelling says, else a stock. */
static gboolean read_asset(const ask_flags *flags, const char *text, qb_asset *out, GError **error)
{
    *out = text != NULL && strpbrk(text, "-/") != NULL ? QB_CRYPTO : QB_EQUITY;
    if (flags->asset == NULL || qb_asset_from_text(flags->asset, out) == QB_OK)
        return TRUE;
    if (g_ascii_strcasecmp(flags->asset, "macro") == 0) {
        *out = QB_MACRO;
        return TRUE;
    }
    g_autofree char *quoted = failure_quote(flags->asset, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "--asset: %s (expected equity, index, crypto, fx or macro)", quoted);
    return FALSE;
}

static gboolean complete(const fetch *fetch, const ask_flags *flags, const char *text,
                         download_asked *out, char symbol[QB_SYMBOL_SIZE], GError **error)
{
    int asset;
    if (!read_asset(flags, text, &out->asset, error))
        return FALSE;
    out->provider = fetch_provider(fetch->settings, class_of(out->asset), flags->provider, error);
    if (out->provider == NULL)
        return FALSE;
    /* A vendor of one class needs no --asset. */
    for (int i = 0; flags->asset == NULL && i < QB_ANY_ASSET_COUNT; i++)
        if (out->provider->assets == 1u << i)
            out->asset = (qb_asset)i;
    out->text = text != NULL ? text : "";
    if (out->ask != PROVIDER_LATEST)
        return TRUE;
    if (!instruments_symbol(fetch->market->instruments, text, (int)out->asset, symbol, &asset)) {
        g_autofree char *quoted = failure_quote(text, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE, "%s is no symbol of asset %s", quoted,
                    qb_asset_text(out->asset));
        return FALSE;
    }
    out->text = symbol;
    return TRUE;
}

static int ask(const ask_command *command, const ask_flags *flags, const char *text)
{
    g_auto(fetch) fetch = {0};
    g_auto(provider_page) page = {0};
    download_asked asked = {.ask = command->ask};
    char symbol[QB_SYMBOL_SIZE];
    GError *error = NULL;
    http_class class;
    int exit_code = 0;
    provider_page_init(&page);
    fetch.settings = command_settings(&exit_code);
    if (fetch.settings == NULL)
        return exit_code;
    fetch.market = market_open(fetch.settings, &error);
    if (fetch.market == NULL || !complete(&fetch, flags, text, &asked, symbol, &error) ||
        !fetch_open(&fetch, NULL, flags->paid, &error) ||
        !download_question(fetch.download, &asked, &page, &class, &error))
        return command_fail(error);
    for (guint i = 0; i < page.notes->len; i++)
        command_warn("%s", (char *)g_ptr_array_index(page.notes, i));
    if (command->ask == PROVIDER_LATEST && !(page.price > 0)) {
        g_set_error(&error, FAILURE, FAILURE_PROVIDER, "%s has no price of %s",
                    asked.provider->title, asked.text);
        return command_fail(error);
    }
    command->print(&asked, &page, flags->json);
    return 0;
}

static int run(const ask_command *command, int argc, char **argv)
{
    g_auto(ask_flags) flags = {0};
    int exit_code = 0;
    g_autofree char *name = g_strdup(argv[0]);
    const gboolean wants = command->argument != NULL;
    const GOptionEntry entries[] = {
        {"provider", 0, 0, G_OPTION_ARG_STRING, &flags.provider,
         "Whom to ask; default: the preferred one that has a key", "NAME"},
        {"asset", 0, 0, G_OPTION_ARG_STRING, &flags.asset, "equity, index, crypto, fx or macro",
         "CLASS"},
        {"paid", 0, 0, G_OPTION_ARG_NONE, &flags.paid, "The key's plan is a paid one", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &flags.json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, command->argument, command->about, entries, &exit_code))
        return exit_code;
    if (argc != (wants ? 2 : 1))
        return command_usage(name, "expected %s",
                             wants ? command->argument : "no argument besides options");
    return ask(command, &flags, wants ? argv[1] : NULL);
}

int command_data_price(int argc, char **argv)
{
    static const ask_command command = {
        PROVIDER_LATEST, "SYMBOL",
        "Shows the newest price that a provider has, of which kind it is and how old.\n"
        "\n"
        "Examples:\n"
        "  quantbot data price btc-usd\n"
        "  quantbot data price AAPL --provider tiingo --json\n",
        print_price};
    return run(&command, argc, argv);
}

int command_data_search(int argc, char **argv)
{
    static const ask_command command = {
        PROVIDER_SEARCH, "WORDS",
        "Lists the symbols that a provider has for some words, as it writes them. Of coins with\n"
        "one symbol (pepe) it lists the ids, for data crypto --symbols PEPE-USD=ID.\n"
        "\n"
        "Examples:\n"
        "  quantbot data search apple --provider tiingo\n"
        "  quantbot data search pepe --provider coingecko\n"
        "  quantbot data search \"unemployment rate\" --provider fred\n",
        print_matches};
    return run(&command, argc, argv);
}

int command_data_key(int argc, char **argv)
{
    static const ask_command command = {
        PROVIDER_KEY, NULL,
        "Asks a provider the cheapest question there is, to see whether its key is good. It costs\n"
        "one request.\n"
        "\n"
        "Example:\n"
        "  quantbot data key --provider tiingo\n",
        print_key};
    return run(&command, argc, argv);
}
