/* data import: files of bars into the cache. In: CSV files, plain or gzip, and what they hold. Out:
 * stored bars and an account of every row that was not stored as it stood. All files are read
 * before the first bar is written. */
#include "commands/import-private.h"
#include "platform/clock.h"
#include "platform/files.h"

#include <string.h>

static const char about[] =
    "Reads CSV files, plain or gzip, and stores their bars. Columns are found by the names that\n"
    "Yahoo, yfinance, Stooq, CryptoDataDownload, Nasdaq, Tiingo and others use; --map names odd\n"
    "ones. Nothing is written unless every row of every file is sound, or --skip-bad is given.\n"
    "Rows out of order are sorted, of equal stamps the last row counts, and both are listed.\n"
    "docs/IMPORT.md has a recipe for each vendor.\n"
    "\n"
    "Examples:\n"
    "  quantbot data import samples/AAPL-2013-2018.csv --symbol AAPL\n"
    "  quantbot data import Binance_BTCUSDT_1h.csv --asset crypto --interval 1h\n"
    "  quantbot data import spy_1min.csv.gz --symbol SPY --interval 1m --tz America/New_York\n"
    "  quantbot data import odd.csv --symbol X --map ts=Day,open=2,high=3,low=4,close=Last\n"
    "  quantbot data import ibm.csv --symbol IBM --actions splits.csv --actions dividends.csv\n"
    "  quantbot data import --actions splits.csv --symbol AAPL\n"
    "\n"
    "Keys of --map: ts time open high low close volume dividend split bid ask symbol\n"
    "adjclose; the column is a name or a number from 1, or none to leave it out.\n";

#define PROVIDER_LIMIT 31

static void import_options_clear(import_options *self)
{
    char *texts[] = {self->asset,    self->symbol, self->interval,   self->calendar,
                     self->map,      self->zone,   self->date_order, self->adjustment,
                     self->provider, self->date,   self->stamp,      self->split_as};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
    g_strfreev(self->actions);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(import_options, import_options_clear)

void import_clear(gpointer item)
{
    import_file *self = item;
    g_free(self->adjustment_note);
    g_free(self->source_hash);
    qb_series_clear(&self->series);
    csv_bars_report_clear(&self->report);
    g_clear_pointer(&self->actions, g_array_unref);
    g_free(self->actions_from);
    g_free(self->defects.items);
}

/* ---- what the flags say --------------------------------------------------------------------- */

static gboolean usage_error(GError **error, const char *flag, const char *value,
                            const char *expected)
{
    g_autofree char *quoted = failure_quote(value, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "%s: %s is unknown (expected %s)", flag, quoted,
                expected);
    return FALSE;
}

gboolean import_is_provider(const char *text)
{
    gsize length = strlen(text);
    return length > 0 && length <= PROVIDER_LIMIT &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

/* What all files have in common. */
static gboolean read_flags(const import_options *flags, const market *market, import_file *out,
                           GError **error)
{
    csv_bars_options *bars = &out->bars;
    cache_adjustment adjustment;
    if (qb_asset_from_text(flags->asset != NULL ? flags->asset : "equity", &bars->asset) != QB_OK)
        return usage_error(error, "--asset", flags->asset, "equity, index, crypto or fx");
    if (qb_interval_from_text(flags->interval != NULL ? flags->interval : "1d", &bars->interval) !=
        QB_OK)
        return usage_error(error, "--interval", flags->interval, "1m 5m 15m 30m 1h 4h 1d or 1w");
    if (flags->calendar != NULL &&
        (bars->calendar = market_calendar(market, "--calendar", flags->calendar, error)) == NULL)
        return FALSE;
    if (flags->adjustment != NULL && !cache_adjustment_from_text(flags->adjustment, &adjustment))
        return usage_error(error, "--adjustment", flags->adjustment, "raw, split or full");
    if (flags->provider != NULL && !import_is_provider(flags->provider))
        return usage_error(error, "--provider", flags->provider,
                           "1 to 31 of a-z, 0-9, - and _, such as yahoo");
    if (flags->stamp != NULL && g_ascii_strcasecmp(flags->stamp, "open") != 0 &&
        g_ascii_strcasecmp(flags->stamp, "close") != 0)
        return usage_error(error, "--stamp", flags->stamp, "open or close");
    if (flags->split_as != NULL && g_ascii_strcasecmp(flags->split_as, "factor") != 0 &&
        g_ascii_strcasecmp(flags->split_as, "ratio") != 0)
        return usage_error(error, "--split-as", flags->split_as, "factor or ratio");
    if (flags->split_as != NULL && flags->actions == NULL) {
        g_set_error(error, FAILURE, FAILURE_USAGE, "--split-as: is for --actions FILE");
        return FALSE;
    }
    bars->adjusted = flags->derive_actions;
    bars->stamp_close = flags->stamp != NULL && g_ascii_strcasecmp(flags->stamp, "close") == 0;
    bars->date = flags->date;
    bars->scale = flags->scale;
    bars->map = flags->map;
    bars->zone = flags->zone;
    bars->date_order = flags->date_order;
    bars->skip_bad = flags->skip_bad;
    bars->extended = flags->extended;
    bars->no_header = flags->no_header;
    out->key.asset = bars->asset;
    out->key.interval = bars->interval;
    out->market = market;
    return TRUE;
}

/* ---- reading and storing -------------------------------------------------------------------- */

/* The file's own or what is stored, then those of other files; what the adjusted closes say is held
 * against all of them. */
static gboolean find_actions(const import_options *flags, import_file *self, GError **error)
{
    return import_keep_actions(self, error) &&
           (flags->actions == NULL || import_apply_actions(flags, self, error)) &&
           (!flags->derive_actions || import_derive_actions(self, error));
}

static gboolean read_file(const import_options *flags, import_file *self, GError **error)
{
    qb_instrument instrument;
    if (!import_find_symbol(flags, self, error) ||
        !instruments_get(self->market->instruments, self->key.symbol, self->key.asset,
                         self->key.interval, &instrument, error))
        return FALSE;
    self->bars.symbol = self->key.symbol;
    if (flags->calendar == NULL)
        self->bars.calendar = instrument.calendar;
    g_autoptr(GBytes) bytes = files_read(self->path, CSV_FILE_LIMIT, error);
    if (bytes == NULL)
        return FALSE;
    self->source_hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
    g_autoptr(GBytes) text = csv_inflate(bytes, self->path, error);
    if (text == NULL ||
        !csv_read_bars(text, self->path, &self->bars, &self->series, &self->report, error))
        return FALSE;
    char *reuse = market_reuse_note(&instrument, self->series.ts_us, self->series.count);
    if (reuse != NULL)
        g_ptr_array_add(self->report.notes, reuse);
    return import_settle_adjustment(flags, self, error) && find_actions(flags, self, error) &&
           import_judge(self, error);
}

gboolean import_store(const import_options *flags, import_file *self, cache *cache, GError **error)
{
    const cache_provenance provenance = {
        .provider = flags->provider != NULL ? flags->provider : "csv",
        .adjustment = self->adjustment,
        .calendar = qb_calendar_name(self->bars.calendar),
        .source_hash = self->source_hash,
        .fetched_us = clock_now_us(),
    };
    if (cache_merge(cache, &self->key, &self->series, &provenance, &self->change, error))
        return TRUE;
    g_autofree char *file = failure_path(self->path);
    g_prefix_error(error, "%s: ", file);
    return FALSE;
}

/* ---- entry ---------------------------------------------------------------------------------- */

/* Reads every file, so that all problems are told at once. Returns the first exit code. */
static int read_all(const import_options *flags, const import_file *common, int count, char **paths,
                    GArray *imports)
{
    int exit_code = 0;
    for (int i = 0; i < count; i++) {
        import_file one = *common;
        GError *error = NULL;
        one.path = paths[i];
        gboolean good = read_file(flags, &one, &error);
        g_array_append_val(imports, one);
        if (good)
            continue;
        int code = command_fail(error);
        exit_code = exit_code == 0 ? code : exit_code;
    }
    if (exit_code != 0)
        command_warn("nothing was stored");
    return exit_code;
}

static int store_all(const import_options *flags, const market *market, GArray *imports)
{
    int exit_code = 0;
    for (guint i = 0; i < imports->len; i++) {
        GError *error = NULL;
        if (!import_store(flags, &g_array_index(imports, import_file, i), market->cache, &error)) {
            exit_code = command_fail(error);
            if (i > 0)
                command_warn("the %u files before it are stored", i);
            return exit_code;
        }
    }
    return 0;
}

static int import_files(const import_options *flags, int count, char **paths)
{
    import_file common = {0};
    GError *error = NULL;
    int exit_code = 0;
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    g_autoptr(market) market = market_open(settings, &error);
    if (market == NULL || !read_flags(flags, market, &common, &error))
        return command_fail(error);
    if (count == 0)
        return import_stored(flags, &common);
    g_autoptr(GArray) imports = g_array_new(FALSE, FALSE, sizeof(import_file));
    g_array_set_clear_func(imports, import_clear);
    exit_code = read_all(flags, &common, count, paths, imports);
    if (exit_code == 0 && !flags->dry_run)
        exit_code = store_all(flags, market, imports);
    if (exit_code == 0)
        import_print(imports, flags);
    return exit_code;
}

int command_data_import(int argc, char **argv)
{
    if (import_is_macro(argc, argv))
        return import_macro(argc, argv);
    g_auto(import_options) flags = {0};
    int exit_code = 0;
    const GOptionEntry entries[] = {
        {"asset", 0, 0, G_OPTION_ARG_STRING, &flags.asset,
         "equity (default), index, crypto or fx; statistics: see --asset macro --help", "CLASS"},
        {"symbol", 0, 0, G_OPTION_ARG_STRING, &flags.symbol, "Symbol; default: from the file name",
         "SYMBOL"},
        {"interval", 0, 0, G_OPTION_ARG_STRING, &flags.interval,
         "1m 5m 15m 30m 1h 4h 1d (default) or 1w", "INTERVAL"},
        {"calendar", 0, 0, G_OPTION_ARG_STRING, &flags.calendar,
         "XNYS, 24/7, weekdays or one of instruments.ini; default: by instrument", "NAME"},
        {"map", 0, 0, G_OPTION_ARG_STRING, &flags.map, "Columns: ts=Date,close=5,volume=none",
         "KEY=COLUMN,..."},
        {"tz", 0, 0, G_OPTION_ARG_STRING, &flags.zone, "Zone of stamps that have none; default UTC",
         "ZONE"},
        {"date-order", 0, 0, G_OPTION_ARG_STRING, &flags.date_order,
         "ymd, dmy or mdy, where the file leaves it open", "ORDER"},
        {"date", 0, 0, G_OPTION_ARG_STRING, &flags.date,
         "The date of stamps that are clocks, or milliseconds since midnight", "DATE"},
        {"stamp", 0, 0, G_OPTION_ARG_STRING, &flags.stamp,
         "What stamps are of their bars: open (default) or close", "WHICH"},
        {"scale", 0, 0, G_OPTION_ARG_DOUBLE, &flags.scale,
         "Multiply prices and dividends: 0.0001 where 926800 means 92.68", "FACTOR"},
        {"adjustment", 0, 0, G_OPTION_ARG_STRING, &flags.adjustment, "raw (default), split or full",
         "KIND"},
        {"actions", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &flags.actions,
         "Dividends and splits for these bars, or without FILE for stored ones", "FILE"},
        {"split-as", 0, 0, G_OPTION_ARG_STRING, &flags.split_as,
         "Splits of that file are a factor (7 for one is 7) or a ratio (0.142857)", "KIND"},
        {"derive-actions", 0, 0, G_OPTION_ARG_NONE, &flags.derive_actions,
         "Dividends and splits out of raw and adjusted closes", NULL},
        {"skip-bad", 0, 0, G_OPTION_ARG_NONE, &flags.skip_bad, "Leave bad rows out and list them",
         NULL},
        {"extended", 0, 0, G_OPTION_ARG_NONE, &flags.extended,
         "Keep bars outside the regular session", NULL},
        {"no-header", 0, 0, G_OPTION_ARG_NONE, &flags.no_header, "The first row is data", NULL},
        {"provider", 0, 0, G_OPTION_ARG_STRING, &flags.provider, "Who made the file; default csv",
         "NAME"},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &flags.dry_run, "Read and report, store nothing",
         NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &flags.json, "Print JSON", NULL},
        {NULL},
    };
    if (!command_options(&argc, &argv, "FILE...", about, entries, &exit_code))
        return exit_code;
    if (argc < 2 && flags.actions == NULL)
        return command_usage("data import", "no file is named (expected one or more CSV files)");
    flags.file_count = argc - 1;
    return import_files(&flags, argc - 1, argv + 1);
}
