/* data import: files of bars into the cache. In: CSV files, plain or gzip, and what they hold. Out:
 * stored bars and an account of every row that was not stored as it stood. All files are read
 * before the first bar is written. */
#include "commands/data-private.h"
#include "csv/csv.h"
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
    "\n"
    "Keys of --map: ts time open high low close volume dividend split bid ask symbol; the column\n"
    "is a name or a number from 1, or none to leave it out.\n";

#define PROVIDER_LIMIT 31

typedef struct import_options {
    char *asset, *symbol, *interval, *calendar, *map, *zone, *date_order, *adjustment, *provider;
    gboolean skip_bad, extended, no_header, dry_run, json;
} import_options;

static void import_options_clear(import_options *self)
{
    char *texts[] = {self->asset, self->symbol,     self->interval,   self->calendar, self->map,
                     self->zone,  self->date_order, self->adjustment, self->provider};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(import_options, import_options_clear)

/* One file on its way. */
typedef struct import {
    const char *path;
    cache_key key;
    gboolean symbol_guessed;
    csv_bars_options bars;
    cache_adjustment adjustment;
    char *adjustment_note; /* why, and what was not used; or NULL */
    char *source_hash;
    qb_series series;
    csv_bars_report report;
    cache_change change;
} import;

static void import_clear(gpointer item)
{
    import *self = item;
    g_free(self->adjustment_note);
    g_free(self->source_hash);
    qb_series_clear(&self->series);
    csv_bars_report_clear(&self->report);
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

static gboolean is_provider(const char *text)
{
    gsize length = strlen(text);
    return length > 0 && length <= PROVIDER_LIMIT &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == length;
}

/* What all files have in common. */
static gboolean read_flags(const import_options *flags, import *out, GError **error)
{
    csv_bars_options *bars = &out->bars;
    cache_adjustment adjustment;
    if (qb_asset_from_text(flags->asset != NULL ? flags->asset : "equity", &bars->asset) != QB_OK)
        return usage_error(error, "--asset", flags->asset, "equity, index, crypto or fx");
    if (qb_interval_from_text(flags->interval != NULL ? flags->interval : "1d", &bars->interval) !=
        QB_OK)
        return usage_error(error, "--interval", flags->interval, "1m 5m 15m 30m 1h 4h 1d or 1w");
    bars->calendar = flags->calendar != NULL ? qb_calendar_find(flags->calendar)
                                             : qb_calendar_default(bars->asset);
    if (bars->calendar == NULL)
        return usage_error(error, "--calendar", flags->calendar, "XNYS, 24/7 or weekdays");
    if (flags->adjustment != NULL && !cache_adjustment_from_text(flags->adjustment, &adjustment))
        return usage_error(error, "--adjustment", flags->adjustment, "raw, split or full");
    if (flags->provider != NULL && !is_provider(flags->provider))
        return usage_error(error, "--provider", flags->provider,
                           "1 to 31 of a-z, 0-9, - and _, such as yahoo");
    bars->map = flags->map;
    bars->zone = flags->zone;
    bars->date_order = flags->date_order;
    bars->skip_bad = flags->skip_bad;
    bars->extended = flags->extended;
    bars->no_header = flags->no_header;
    out->key.asset = bars->asset;
    out->key.interval = bars->interval;
    return TRUE;
}

/* ---- a symbol in a file name ---------------------------------------------------------------- */

static char *cut_suffix(char *text, const char *suffix)
{
    gsize length = strlen(text), size = strlen(suffix);
    if (length > size && g_ascii_strcasecmp(text + length - size, suffix) == 0)
        text[length - size] = '\0';
    return text;
}

/* "BTCUSDT" or "BTC-USD": a pair, not a word that could be a coin's name. */
static gboolean is_pair(const char *piece, qb_asset asset, char out_symbol[QB_SYMBOL_SIZE])
{
    char symbol[QB_SYMBOL_SIZE];
    if (qb_symbol_normalise(piece, asset, symbol) != QB_OK)
        return FALSE;
    g_auto(GStrv) sides = g_strsplit(symbol, "-", 2);
    g_autofree char *joined = g_strjoinv("", sides);
    if (g_ascii_strcasecmp(piece, joined) != 0 && g_ascii_strcasecmp(piece, symbol) != 0)
        return FALSE;
    g_strlcpy(out_symbol, symbol, QB_SYMBOL_SIZE);
    return TRUE;
}

/* The one piece of "Binance_BTCUSDT_1h" that is a pair. Six letters of fx could be any word, so
 * only capitals count there, or a name that holds nothing else. */
static gboolean pair_in_name(const char *stem, qb_asset asset, char out_symbol[QB_SYMBOL_SIZE])
{
    g_auto(GStrv) pieces = g_strsplit(stem, "_", -1);
    guint found = 0, count = g_strv_length(pieces);
    for (char **piece = pieces; *piece != NULL; piece++) {
        g_autofree char *upper = g_ascii_strup(*piece, -1);
        if (asset == QB_FX && count > 1 && strcmp(upper, *piece) != 0)
            continue;
        found += is_pair(*piece, asset, out_symbol);
    }
    return found == 1;
}

/* AAPL, BRK.B, ^SPX in capitals; aapl.us and aapl_us_d as Stooq names its files. */
static gboolean ticker_in_name(char *stem, qb_asset asset, char out_symbol[QB_SYMBOL_SIZE])
{
    gsize before = strlen(stem);
    cut_suffix(stem, "_d");
    cut_suffix(stem, "_us");
    cut_suffix(stem, ".us");
    if (strlen(stem) == before) {
        g_autofree char *upper = g_ascii_strup(stem, -1);
        if (strcmp(upper, stem) != 0)
            return FALSE;
    }
    gsize letters = strspn(stem + (*stem == '^'),
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
    const char *rest = stem + (*stem == '^') + letters;
    gboolean share_class = (*rest == '.' || *rest == '-') && g_ascii_isalpha(rest[1]) &&
                           rest[2] == '\0';
    return letters >= 1 && letters <= 6 && (*rest == '\0' || share_class) &&
           qb_symbol_normalise(stem, asset, out_symbol) == QB_OK;
}

static gboolean symbol_in_name(const char *path, qb_asset asset, char out_symbol[QB_SYMBOL_SIZE])
{
    g_autofree char *stem = g_path_get_basename(path);
    cut_suffix(stem, ".gz");
    cut_suffix(stem, ".csv");
    cut_suffix(stem, ".txt");
    if (asset == QB_CRYPTO || asset == QB_FX)
        return pair_in_name(stem, asset, out_symbol);
    return ticker_in_name(stem, asset, out_symbol);
}

static gboolean find_symbol(const import_options *flags, import *self, GError **error)
{
    const char *asset = qb_asset_text(self->key.asset);
    if (flags->symbol != NULL) {
        if (qb_symbol_normalise(flags->symbol, self->key.asset, self->key.symbol) == QB_OK)
            return TRUE;
        g_autofree char *quoted = failure_quote(flags->symbol, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--symbol: %s is no symbol of asset %s (expected for example %s)", quoted,
                    asset,
                    self->key.asset == QB_CRYPTO ? "BTC-USD"
                    : self->key.asset == QB_FX   ? "EUR-USD"
                                                 : "AAPL or BRK.B");
        return FALSE;
    }
    if (symbol_in_name(self->path, self->key.asset, self->key.symbol)) {
        self->symbol_guessed = TRUE;
        return TRUE;
    }
    g_autofree char *file = failure_path(self->path);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s: the name of the file tells no symbol of asset %s (expected --symbol)", file,
                asset);
    return FALSE;
}

/* ---- adjustment ----------------------------------------------------------------------------- */

/* Yahoo's "Adj Close" stands beside prices that are adjusted for splits; other vendors' columns of
 * that kind stand beside raw prices. */
static gboolean is_yahoo_adjusted(const char *name)
{
    return name != NULL && g_ascii_strncasecmp(name, "Adj Close", strlen("Adj Close")) == 0;
}

/* Written by download or by Ticker.history; neither says how prices are adjusted. */
static gboolean is_yfinance(const csv_bars_report *report)
{
    return report->yfinance || (report->split_column != NULL &&
                                g_ascii_strcasecmp(report->split_column, "Stock Splits") == 0);
}

static gboolean choose_adjustment(const import_options *flags, import *self, GError **error)
{
    const csv_bars_report *report = &self->report;
    gboolean yahoo = is_yahoo_adjusted(report->adjusted_close);
    g_autofree char *beside = report->adjusted_close != NULL ? failure_path(report->adjusted_close)
                                                             : NULL;
    if (flags->adjustment != NULL) {
        cache_adjustment_from_text(flags->adjustment, &self->adjustment);
        if (beside != NULL)
            self->adjustment_note = g_strdup_printf("as told; %s is not used", beside);
        return TRUE;
    }
    if (!yahoo && is_yfinance(report)) {
        g_autofree char *file = failure_path(self->path);
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "%s: the columns are yfinance's, whose prices are adjusted (expected "
                    "--adjustment full, or split where auto_adjust=False was given)",
                    file);
        return FALSE;
    }
    self->adjustment = yahoo ? CACHE_SPLIT : CACHE_RAW;
    if (yahoo)
        self->adjustment_note =
            g_strdup_printf("Open to Close as Yahoo adjusts them; %s is not used", beside);
    else if (beside != NULL)
        self->adjustment_note = g_strdup_printf(
            "%s is not used; --adjustment split if open to close are adjusted", beside);
    return TRUE;
}

/* Adjusted prices contain their splits (and, full, their dividends): a second time would be wrong. */
static void drop_actions(import *self)
{
    qb_series *series = &self->series;
    if (self->adjustment == CACHE_RAW || (series->dividend == NULL && series->split_factor == NULL))
        return;
    qb_realloc(series->dividend, 0);
    qb_realloc(series->split_factor, 0);
    series->dividend = series->split_factor = NULL;
    g_autofree char *file = failure_path(self->path);
    g_ptr_array_add(self->report.notes,
                    g_strdup_printf("%s: dividends and splits are not stored: prices with "
                                    "adjustment %s contain them",
                                    file, cache_adjustment_text(self->adjustment)));
}

/* ---- reading and storing -------------------------------------------------------------------- */

static gboolean read_file(const import_options *flags, import *self, GError **error)
{
    if (!find_symbol(flags, self, error))
        return FALSE;
    self->bars.symbol = self->key.symbol;
    g_autoptr(GBytes) bytes = files_read(self->path, CSV_FILE_LIMIT, error);
    if (bytes == NULL)
        return FALSE;
    self->source_hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
    g_autoptr(GBytes) text = csv_inflate(bytes, self->path, error);
    if (text == NULL ||
        !csv_read_bars(text, self->path, &self->bars, &self->series, &self->report, error))
        return FALSE;
    if (!choose_adjustment(flags, self, error))
        return FALSE;
    drop_actions(self);
    return TRUE;
}

static gboolean store(const import_options *flags, import *self, cache *cache, GError **error)
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

/* ---- result --------------------------------------------------------------------------------- */

static char *stamp_text(qb_interval interval, gint64 ts_us)
{
    char text[QB_TIME_TEXT];
    qb_time_to_text(ts_us, text);
    text[10] = ' ';
    text[interval >= QB_1D ? 10 : 16] = '\0';
    return g_strdup(text);
}

static void print_count(GString *line, gsize count, const char *what)
{
    if (count > 0)
        g_string_append_printf(line, "%s%" G_GSIZE_FORMAT " %s", line->len > 0 ? ", " : "", count,
                               what);
}

/* The counts of rows that were not stored as they stood; nothing when there are none. */
static void print_counts(const import *self)
{
    const csv_bars_report *report = &self->report;
    g_autoptr(GString) out = g_string_new(NULL), met = g_string_new(NULL);
    print_count(out, report->skipped_bad, "bad");
    print_count(out, report->duplicates, "duplicate");
    if (!self->bars.extended)
        print_count(out, report->outside_session, "outside the session");
    print_count(out, report->other_symbols, "of other symbols");
    print_count(met, report->moved, "out of order (sorted)");
    if (self->bars.extended)
        print_count(met, report->outside_session, "outside the session (kept)");
    print_count(met, report->non_session, "without a session (kept)");
    print_count(met, report->forward_filled, "filled forward? (kept)");
    if (out->len > 0)
        printf("  left out    %s\n", out->str);
    if (met->len > 0)
        printf("  met         %s\n", met->str);
}

static void print_import(const import *self, gboolean dry_run)
{
    const qb_series *series = &self->series;
    g_autofree char *file = failure_path(self->path);
    g_autofree char *first = stamp_text(self->key.interval, series->ts_us[0]);
    g_autofree char *last = stamp_text(self->key.interval, series->ts_us[series->count - 1]);
    printf("%s %s %s from %s\n", self->key.symbol, qb_asset_text(self->key.asset),
           qb_interval_text(self->key.interval), file);
    if (self->symbol_guessed)
        printf("  symbol      %s, from the name of the file\n", self->key.symbol);
    printf("  bars        %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " rows, %s to %s (%s)\n",
           series->count, self->report.rows, first, last, qb_calendar_name(self->bars.calendar));
    printf("  columns     %s\n", self->report.columns);
    printf("  adjustment  %s%s%s\n", cache_adjustment_text(self->adjustment),
           self->adjustment_note != NULL ? ": " : "",
           self->adjustment_note != NULL ? self->adjustment_note : "");
    print_counts(self);
    if (dry_run)
        printf("  stored      nothing (--dry-run)\n");
    else
        printf("  stored      %" G_GSIZE_FORMAT " new, %" G_GSIZE_FORMAT
               " changed, %" G_GSIZE_FORMAT " as before, in %" G_GSIZE_FORMAT " files\n",
               self->change.added, self->change.changed, self->change.unchanged,
               self->change.files_written);
    for (guint i = 0; i < self->report.notes->len; i++)
        printf("  %s\n", (char *)g_ptr_array_index(self->report.notes, i));
}

static void set_count(json_t *object, const char *name, gsize count)
{
    json_object_set_new(object, name, json_integer((json_int_t)count));
}

static json_t *import_json(const import *self, gboolean dry_run)
{
    const csv_bars_report *report = &self->report;
    const qb_series *series = &self->series;
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    g_autofree char *file = failure_path(self->path);
    json_t *object = data_key_json(&self->key);
    json_object_set_new(object, "file", json_string(file));
    json_object_set_new(object, "source_sha256", json_string(self->source_hash));
    json_object_set_new(object, "symbol_from_name", json_boolean(self->symbol_guessed));
    json_object_set_new(object, "calendar", json_string(qb_calendar_name(self->bars.calendar)));
    json_object_set_new(object, "columns", json_string(report->columns));
    json_object_set_new(object, "adjustment", json_string(cache_adjustment_text(self->adjustment)));
    json_object_set_new(object, "adjustment_note",
                        self->adjustment_note != NULL ? json_string(self->adjustment_note)
                                                      : json_null());
    json_object_set_new(object, "first", json_string(qb_time_to_text(series->ts_us[0], first)));
    json_object_set_new(object, "last",
                        json_string(qb_time_to_text(series->ts_us[series->count - 1], last)));
    set_count(object, "rows", report->rows);
    set_count(object, "kept", report->kept);
    set_count(object, "skipped_bad", report->skipped_bad);
    set_count(object, "other_symbols", report->other_symbols);
    set_count(object, "out_of_order", report->moved);
    json_object_set_new(object, "newest_first", json_boolean(report->newest_first));
    set_count(object, "duplicates", report->duplicates);
    set_count(object, "duplicates_with_other_values", report->duplicates_other);
    set_count(object, "outside_session", report->outside_session);
    set_count(object, "non_session", report->non_session);
    set_count(object, "forward_filled", report->forward_filled);
    json_object_set_new(object, "stored", json_boolean(!dry_run));
    set_count(object, "added", self->change.added);
    set_count(object, "changed", self->change.changed);
    set_count(object, "unchanged", self->change.unchanged);
    set_count(object, "files_written", self->change.files_written);
    json_object_set_new(object, "notes", data_lines_json(report->notes));
    return object;
}

static void print_all(const GArray *imports, const import_options *flags)
{
    if (!flags->json) {
        for (guint i = 0; i < imports->len; i++)
            print_import(&g_array_index(imports, import, i), flags->dry_run);
        return;
    }
    json_auto_t *root = json_object();
    json_t *files = json_array();
    for (guint i = 0; i < imports->len; i++)
        json_array_append_new(files,
                              import_json(&g_array_index(imports, import, i), flags->dry_run));
    json_object_set_new(root, "files", files);
    data_print_json(root);
}

/* ---- entry ---------------------------------------------------------------------------------- */

/* Reads every file, so that all problems are told at once. Returns the first exit code. */
static int read_all(const import_options *flags, const import *common, int count, char **paths,
                    GArray *imports)
{
    int exit_code = 0;
    for (int i = 0; i < count; i++) {
import one = * common;
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

static int store_all(const import_options *flags, GArray *imports)
{
    int exit_code = 0;
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    g_autoptr(cache) cache = cache_new(settings_data_dir(settings), NULL);
    for (guint i = 0; i < imports->len; i++) {
        GError *error = NULL;
        if (!store(flags, &g_array_index(imports, import, i), cache, &error)) {
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
import common = {0 };
    GError *error = NULL;
    if (!read_flags(flags, &common, &error))
        return command_fail(error);
    g_autoptr(GArray) imports = g_array_new(FALSE, FALSE, sizeof(import));
    g_array_set_clear_func(imports, import_clear);
    int exit_code = read_all(flags, &common, count, paths, imports);
    if (exit_code == 0 && !flags->dry_run)
        exit_code = store_all(flags, imports);
    if (exit_code == 0)
        print_all(imports, flags);
    return exit_code;
}

int command_data_import(int argc, char **argv)
{
    g_auto(import_options) flags = {0};
    int exit_code = 0;
    const GOptionEntry entries[] = {
        {"asset", 0, 0, G_OPTION_ARG_STRING, &flags.asset, "equity (default), index, crypto or fx",
         "CLASS"},
        {"symbol", 0, 0, G_OPTION_ARG_STRING, &flags.symbol, "Symbol; default: from the file name",
         "SYMBOL"},
        {"interval", 0, 0, G_OPTION_ARG_STRING, &flags.interval,
         "1m 5m 15m 30m 1h 4h 1d (default) or 1w", "INTERVAL"},
        {"calendar", 0, 0, G_OPTION_ARG_STRING, &flags.calendar,
         "XNYS, 24/7 or weekdays; default: by asset", "NAME"},
        {"map", 0, 0, G_OPTION_ARG_STRING, &flags.map, "Columns: ts=Date,close=5,volume=none",
         "KEY=COLUMN,..."},
        {"tz", 0, 0, G_OPTION_ARG_STRING, &flags.zone, "Zone of stamps that have none; default UTC",
         "ZONE"},
        {"date-order", 0, 0, G_OPTION_ARG_STRING, &flags.date_order,
         "ymd, dmy or mdy, where the file leaves it open", "ORDER"},
        {"adjustment", 0, 0, G_OPTION_ARG_STRING, &flags.adjustment, "raw (default), split or full",
         "KIND"},
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
    if (argc < 2)
        return command_usage("data import", "no file is named (expected one or more CSV files)");
    return import_files(&flags, argc - 1, argv + 1);
}
