/* data parse: a vendor's saved answer, judged and read as a download would do it. In: a file. Out:
 * its bars, values, matches or price, or the class of the error. Never a request. */
#include "commands/fetch-private.h"
#include "commands/parse-private.h"
#include "csv/csv.h"
#include "platform/clock.h"
#include "platform/files.h"

#include <string.h>

static const char about[] =
    "Reads a saved answer of a data provider, plain or gzip, as a download would read it, and "
    "shows\n"
    "what it holds, which rows were refused and why, or the class of the error and the provider's\n"
    "words. No network, no cache: for bug reports and tests. --request names the kind of answer;\n"
    "without it, the kinds of the provider are listed.\n"
    "\n"
    "Examples:\n"
    "  quantbot data parse --provider tiingo\n"
    "  quantbot data parse --provider tiingo --request daily --symbol AAPL answer.json\n"
    "  quantbot data parse --provider coingecko --request ohlc --interval 4h --symbol btc "
    "ohlc.json\n"
    "  quantbot data parse --provider polygon --request bars --status 429 error.json\n"
    "\n"
    "Exit codes: 0 for an answer, 7 for an error of the provider, 4 for bytes that are no "
    "answer.\n";

/* What may be saved is more than what a download would take in one piece. */
#define ANSWER_LIMIT (256u * 1024u * 1024u)

typedef struct parse_flags {
    char *provider, *request, *symbol, *asset, *interval, *start, *end, *now;
    int status;
    gboolean json;
} parse_flags;

static void parse_flags_clear(parse_flags *self)
{
    char *texts[] = {self->provider, self->request, self->symbol, self->asset,
                     self->interval, self->start,   self->end,    self->now};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(parse_flags, parse_flags_clear)

static void parsed_clear(parsed *self)
{
    provider_page_clear(&self->page);
    g_clear_error(&self->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(parsed, parsed_clear)

/* ---- which vendor, which kind --------------------------------------------------------------- */

static gboolean fail_flag(GError **error, const char *flag, const char *value, const char *expected)
{
    g_autofree char *quoted = failure_quote(value, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "%s: %s (expected %s)", flag, quoted, expected);
    return FALSE;
}

static gboolean find_kind(const provider *about, const char *name, guint *out, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; about->kinds[i].name != NULL; i++) {
        if (g_ascii_strcasecmp(about->kinds[i].name, name) == 0) {
            *out = i;
            return TRUE;
        }
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", about->kinds[i].name);
    }
    return fail_flag(error, "--request", name, names->str);
}

static void list_kinds_json(const provider *about)
{
    json_auto_t *root = json_object();
    json_t *kinds = json_array();
    for (const provider_kind *kind = about->kinds; kind->name != NULL; kind++)
        json_array_append_new(
            kinds, json_pack("{s:s, s:s, s:s, s:b}", "request", kind->name, "about", kind->about,
                             "for", provider_ask_text(kind->ask), "sent", kind->request != NULL));
    json_object_set_new(root, "provider", json_string(about->name));
    json_object_set_new(root, "kinds", kinds);
    data_print_json(root);
}

static int list_kinds(const provider *about, gboolean json)
{
    const report_style style = report_style_of(1);
    g_autofree char *title = g_strdup_printf("answers of %s", about->title);
    g_autoptr(report_table) table = report_table_new(title);
    if (json) {
        list_kinds_json(about);
        return 0;
    }
    report_table_column(table, "--request", REPORT_LEFT, 0);
    report_table_column(table, "what it holds", REPORT_LEFT, 0);
    report_table_column(table, "for", REPORT_LEFT, 1);
    report_table_column(table, "sent", REPORT_LEFT, 2);
    for (const provider_kind *kind = about->kinds; kind->name != NULL; kind++) {
        const char *const cells[] = {kind->name, kind->about, provider_ask_text(kind->ask),
                                     kind->request != NULL ? "yes" : "no"};
        report_table_row(table, cells);
    }
    report_table_print(table, &style, stdout);
    return 0;
}

/* ---- the job that it answers ---------------------------------------------------------------- */

static qb_asset asset_of(const provider *about, const provider_kind *kind)
{
    if ((about->assets & (1u << kind->asset)) != 0)
        return kind->asset;
    for (int i = 0; i < QB_ANY_ASSET_COUNT; i++)
        if ((about->assets & (1u << i)) != 0)
            return (qb_asset)i;
    return kind->asset;
}

static gboolean read_times(const parse_flags *flags, parsed *out, GError **error)
{
    provider_job *job = &out->job;
    const qb_civil first = {1900, 1, 1}, last = {2100, 1, 1};
    job->now_us = clock_now_us();
    job->from_us = (gint64)qb_date_from_civil(first) * QB_DAY_US;
    job->to_us = (gint64)qb_date_from_civil(last) * QB_DAY_US;
    out->ranged = flags->start != NULL || flags->end != NULL;
    if ((flags->now != NULL && !command_time("--now", flags->now, &job->now_us, error)) ||
        (flags->start != NULL && !command_time("--start", flags->start, &job->from_us, error)) ||
        (flags->end != NULL && !command_time("--end", flags->end, &job->to_us, error)))
        return FALSE;
    if (flags->end != NULL && job->to_us % QB_DAY_US == 0)
        job->to_us += QB_DAY_US; /* the last day is part of it */
    if (job->from_us < job->to_us)
        return TRUE;
    return fail_flag(error, "--end", flags->end != NULL ? flags->end : "2100-01-01",
                     "a time after --start");
}

static gboolean read_asset(const parse_flags *flags, parsed *out, GError **error)
{
    provider_job *job = &out->job;
    const provider_kind *kind = &job->provider->kinds[out->kind];
    int asset, interval;
    if (!data_filter_read(flags->asset, flags->interval, &asset, &interval, error))
        return FALSE;
    job->ask = kind->ask;
    job->asset = asset >= 0 ? (qb_asset)asset : asset_of(job->provider, kind);
    job->interval = interval >= 0                 ? (qb_interval)interval
                    : job->ask == PROVIDER_VALUES ? QB_1Q
                                                  : QB_1D;
    if (job->asset != QB_MACRO && job->interval >= QB_INTERVAL_COUNT)
        return fail_flag(error, "--interval", flags->interval, "1m 5m 15m 30m 1h 4h 1d or 1w");
    return TRUE;
}

/* "btc", or "pepe=pepe-token": what the vendor calls it, where that cannot be told. */
static gboolean read_symbol(const parse_flags *flags, const market *market, parsed *out,
                            GError **error)
{
    static const char *const stand_ins[QB_ANY_ASSET_COUNT] = {"AAPL", "SPX", "BTC-USD", "EUR-USD",
                                                              "GDP"};
    provider_job *job = &out->job;
    g_autofree char *typed = g_strdup(flags->symbol != NULL ? flags->symbol
                                                            : stand_ins[job->asset]);
    char *own = strchr(typed, '=');
    int asset;
    g_autofree char *why = NULL;
    out->assumed = flags->symbol == NULL;
    if (own != NULL)
        *own++ = '\0';
    if (!instruments_symbol(market->instruments, typed, (int)job->asset, job->symbol, &asset))
        return fail_flag(error, "--symbol", typed, "a symbol");
    if (own != NULL) {
        g_strlcpy(job->vendor_symbol, own, sizeof job->vendor_symbol);
        return TRUE;
    }
    if (job->provider->name_symbol(job->symbol, job->asset, job->vendor_symbol, &why))
        return TRUE;
    return fail_flag(error, "--symbol", typed, why != NULL ? why : "another symbol");
}

static gboolean read_calendar(const market *market, provider_job *job, GError **error)
{
    qb_instrument instrument;
    if (job->asset == QB_MACRO)
        return TRUE;
    if (!instruments_get(market->instruments, job->symbol, job->asset, job->interval, &instrument,
                         error))
        return FALSE;
    job->calendar = instrument.calendar;
    return TRUE;
}

static gboolean read_job(const parse_flags *flags, const settings *settings, const market *market,
                         parsed *out, GError **error)
{
    const provider *about = out->job.provider;
    const char *base = settings_get(settings, about->base_setting);
    out->job.base = base != NULL ? base : "https://127.0.0.1";
    out->job.key = settings_get(settings, about->key_setting);
    if (flags->status != 0 && (flags->status < 100 || flags->status > 599)) {
        g_autofree char *status = g_strdup_printf("%d", flags->status);
        return fail_flag(error, "--status", status, "100 to 599");
    }
    out->status = flags->status != 0 ? (guint)flags->status : 200;
    return find_kind(about, flags->request, &out->kind, error) && read_asset(flags, out, error) &&
           read_times(flags, out, error) && read_symbol(flags, market, out, error) &&
           read_calendar(market, &out->job, error);
}

/* ---- reading it ----------------------------------------------------------------------------- */

static const char *content_type(const char *path)
{
    g_autofree char *lower = g_ascii_strdown(path, -1);
    return g_str_has_suffix(lower, ".csv") || g_str_has_suffix(lower, ".csv.gz")
               ? "text/csv"
               : "application/json";
}

static GBytes *read_answer(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = files_read(path, ANSWER_LIMIT, error);
    return bytes != NULL ? csv_inflate(bytes, path, error) : NULL;
}

/* FALSE only when the file cannot be had: everything else is a result. */
static gboolean read_file(const char *path, parsed *out, GError **error)
{
    const provider *about = out->job.provider;
    g_autoptr(GBytes) body = read_answer(path, error);
    if (body == NULL)
        return FALSE;
    const http_answer answer = {.status = out->status,
                                .body = body,
                                .content_type = (char *)content_type(path),
                                .retry_after_us = -1};
    out->verdict.wait_us = -1;
    about->judge(&answer, &out->job, &out->verdict);
    if (out->verdict.class != HTTP_FINE)
        return TRUE;
    about->start(&out->job, &out->step);
    out->step.kind = out->kind;
    about->kinds[out->kind].parse(&out->job, &out->step, body, &out->page, &out->error);
    return TRUE;
}

static int report(const parsed *of, gboolean json, const char *path)
{
    if (json)
        parse_report_json(of);
    else if (of->error == NULL)
        parse_report_text(of);
    if (of->error == NULL)
        return of->verdict.class == HTTP_FINE ? 0 : FAILURE_PROVIDER;
    /* To a download this is the provider's fault; here it is the file that is no such answer. */
    g_autofree char *file = failure_path(path);
    return command_fail(g_error_new(FAILURE, FAILURE_BAD_DATA, "%s: %s", file, of->error->message));
}

int command_data_parse(int argc, char **argv)
{
    g_auto(parse_flags) flags = {0};
    const GOptionEntry entries[] = {
        {"provider", 0, 0, G_OPTION_ARG_STRING, &flags.provider, "Whose answer it is", "NAME"},
        {"request", 0, 0, G_OPTION_ARG_STRING, &flags.request, "Which kind of answer", "KIND"},
        {"symbol", 0, 0, G_OPTION_ARG_STRING, &flags.symbol,
         "What it is about; SYMBOL=NAME where the provider has a name of its own", "SYMBOL"},
        {"asset", 0, 0, G_OPTION_ARG_STRING, &flags.asset, "equity, index, crypto, fx or macro",
         "CLASS"},
        {"interval", 0, 0, G_OPTION_ARG_STRING, &flags.interval, "Of its bars (1d)", "INTERVAL"},
        {"start", 0, 0, G_OPTION_ARG_STRING, &flags.start, "What was asked for: from this day",
         "DATE"},
        {"end", 0, 0, G_OPTION_ARG_STRING, &flags.end, "To this day, or before this time", "DATE"},
        {"now", 0, 0, G_OPTION_ARG_STRING, &flags.now,
         "When it came: later bars are unfinished (now)", "TIME"},
        {"status", 0, 0, G_OPTION_ARG_INT, &flags.status, "HTTP status it came with (200)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &flags.json, "Print JSON, with all rows", NULL},
        {NULL},
    };
    int exit_code = 0;
    GError *error = NULL;
    if (!command_options(&argc, &argv, "FILE", about, entries, &exit_code))
        return exit_code;
    const provider *vendor = fetch_provider_named(flags.provider != NULL ? flags.provider : "",
                                                  &error);
    if (vendor == NULL)
        return command_fail(error);
    if (flags.request == NULL && argc == 1)
        return list_kinds(vendor, flags.json);
    if (argc != 2 || flags.request == NULL)
        return command_usage(argv[0], "%s", argc != 2 ? "expected one file" : "--request: missing");
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    g_autoptr(market) market = market_open(settings, &error);
    g_auto(parsed) result = {.job.provider = vendor};
    provider_page_init(&result.page);
    if (market == NULL || !read_job(&flags, settings, market, &result, &error) ||
        !read_file(argv[1], &result, &error))
        return command_fail(error);
    return report(&result, flags.json, argv[1]);
}
