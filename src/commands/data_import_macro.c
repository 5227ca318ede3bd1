/* data import --asset macro: tables of statistics into the cache. In: CSV files, plain or gzip.
 * Out: values with the times from which they were known, and an account of how those times are
 * known. All files are read before the first value is written. */
#include "commands/import-private.h"
#include "commands/macro-private.h"
#include "platform/clock.h"
#include "platform/files.h"

#include <string.h>

static const char about[] =
    "Stores statistics: one value per day, week, month, quarter or year, and from when on it was\n"
    "known. A column of vintages (vintage_date, realtime_start ...) or columns NAME_20240131 tell\n"
    "that. Without them values are known from this import on, which is of no use for the past;\n"
    "--known-from and --lag say otherwise. Blank cells and \".\" are no observation.\n"
    "docs/MACRO.md tells what revisions do.\n"
    "\n"
    "Examples:\n"
    "  quantbot data import GDPC1.csv --asset macro --lag 30d\n"
    "  quantbot data import GDP_vintages.csv --asset macro --symbol GDPC1\n"
    "  quantbot data import curve.csv --asset macro --symbol UST --column all --lag 1d\n"
    "  quantbot data import oecd.csv --asset macro --interval 1q --symbol STIR.USA \\\n"
    "      --where location=USA,frequency=Q --lag 60d\n"
    "\n"
    "Keys of --map: ts value known_from; the column is a name or a number from 1.\n";

#define LAG_LIMIT_DAYS 3660

static void macro_options_clear(macro_options *self)
{
    char *texts[] = {self->asset, self->interval,   self->symbol,   self->map,
                     self->where, self->column,     self->stamp,    self->known_from,
                     self->lag,   self->known_time, self->provider, self->date_order};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_free(texts[i]);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(macro_options, macro_options_clear)

static void macro_import_clear(gpointer item)
{
    macro_import *self = item;
    csv_values_clear(&self->values);
    macro_series_clear(&self->rows);
    g_free(self->source_hash);
}

/* ---- what the flags say --------------------------------------------------------------------- */

static gboolean fail_flag(GError **error, const char *flag, const char *value, const char *expected)
{
    g_autofree char *quoted = failure_quote(value, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE, "%s: %s (expected %s)", flag, quoted, expected);
    return FALSE;
}

/* "45d", "6w", "12h" */
static gboolean read_lag(const char *text, gint64 *out_us, GError **error)
{
    char *end;
    const gint64 count = g_ascii_strtoll(text, &end, 10);
    const gint64 unit = strcmp(end, "d") == 0   ? QB_DAY_US
                        : strcmp(end, "w") == 0 ? 7 * QB_DAY_US
                        : strcmp(end, "h") == 0 ? QB_HOUR_US
                                                : 0;
    if (!g_ascii_isdigit(*text) || unit == 0 || count > LAG_LIMIT_DAYS * QB_DAY_US / unit)
        return fail_flag(error, "--lag", text,
                         "a delay after the period's end, such as 45d or 12h");
    *out_us = count * unit;
    return TRUE;
}

static gboolean read_time_of_day(const char *text, gint64 *out_us, GError **error)
{
    gint64 us;
    g_autofree char *whole = g_strconcat("1970-01-01T", text, NULL);
    if (strlen(text) < 5 || strpbrk(text, "Z+-") != NULL ||
        qb_time_from_text(whole, strlen(whole), &us) != QB_OK)
        return fail_flag(error, "--known-time", text, "a time of day in UTC, such as 13:30");
    *out_us = us;
    return TRUE;
}

static gboolean read_interval(const macro_options *flags, macro_plan *out, GError **error)
{
    out->values.interval = QB_MACRO_INTERVAL_COUNT;
    if (flags->interval == NULL ||
        qb_macro_interval_from_text(flags->interval, &out->values.interval) == QB_OK)
        return TRUE;
    return fail_flag(error, "--interval", flags->interval, "1d 1w 1mo 1q or 1y");
}

static gboolean read_stamp(const macro_options *flags, macro_plan *out, GError **error)
{
    const gboolean close = flags->stamp != NULL && g_ascii_strcasecmp(flags->stamp, "close") == 0;
    out->values.stamp_last = close;
    if (flags->stamp == NULL || close || g_ascii_strcasecmp(flags->stamp, "open") == 0)
        return TRUE;
    return fail_flag(error, "--stamp", flags->stamp,
                     "open (dates are their periods' first days) or close (their last)");
}

static gboolean read_knowledge(const macro_options *flags, macro_plan *out, GError **error)
{
    if (flags->known_from != NULL && flags->lag != NULL) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "--lag: stands beside --known-from (expected one of them)");
        return FALSE;
    }
    out->basis = flags->known_from != NULL ? MACRO_STATED
                 : flags->lag != NULL      ? MACRO_ASSUMED
                                           : MACRO_IMPORTED;
    if (flags->known_from != NULL)
        return command_time("--known-from", flags->known_from, &out->known_from_us, error);
    return flags->lag == NULL || read_lag(flags->lag, &out->lag_us, error);
}

static gboolean read_flags(const macro_options *flags, macro_plan *out, GError **error)
{
    out->now_us = clock_now_us();
    out->values.map = flags->map;
    out->values.where = flags->where;
    out->values.date_order = flags->date_order;
    if (flags->provider != NULL && !import_is_provider(flags->provider))
        return fail_flag(error, "--provider", flags->provider,
                         "1 to 31 of a-z, 0-9, - and _, such as fred");
    return read_interval(flags, out, error) && read_stamp(flags, out, error) &&
           read_knowledge(flags, out, error) &&
           (flags->known_time == NULL ||
            read_time_of_day(flags->known_time, &out->values.known_time_us, error));
}

/* ---- which series --------------------------------------------------------------------------- */

static gboolean is_symbol(const char *text, char out[QB_SYMBOL_SIZE])
{
    return qb_symbol_normalise(text, QB_MACRO, out) == QB_OK;
}

/* GDPC1.csv.gz is GDPC1; fredgraph.csv is no series' name. */
static gboolean symbol_of_file(const char *path, char out[QB_SYMBOL_SIZE])
{
    g_autofree char *stem = g_path_get_basename(path);
    static const char *const endings[] = {".gz", ".csv", ".txt"};
    for (gsize i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(stem, endings[i]))
            stem[strlen(stem) - strlen(endings[i])] = '\0';
    g_autofree char *upper = g_ascii_strup(stem, -1);
    return strcmp(upper, stem) == 0 && is_symbol(stem, out);
}

/* A column that is called like a series, not like what it holds. */
static gboolean symbol_of_column(const char *name, char out[QB_SYMBOL_SIZE])
{
    g_autofree char *upper = g_ascii_strup(name, -1);
    return g_ascii_strcasecmp(name, "value") != 0 && strcmp(upper, name) == 0 &&
           is_symbol(name, out);
}

/* One series: --symbol, else the column's name, else the file's. Several: SYMBOL.COLUMN, or the
 * column's name. */
static gboolean find_symbol(const macro_options *flags, macro_import *self, const char *name,
                            gboolean several, GError **error)
{
    g_autofree char *joined = several && flags->symbol != NULL
                                  ? g_strdup_printf("%s.%s", flags->symbol, name)
                                  : g_strdup(several ? name : flags->symbol);
    if (joined != NULL && is_symbol(joined, self->key.symbol))
        return TRUE;
    if (joined != NULL)
        return fail_flag(error, several ? "--column" : "--symbol", joined,
                         "a name of at most 23 letters, digits and .^_-");
    if (symbol_of_column(name, self->key.symbol) || symbol_of_file(self->path, self->key.symbol))
        return TRUE;
    g_autofree char *file = failure_path(self->path);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s: neither column nor file is called like a series (expected --symbol)", file);
    return FALSE;
}

/* The columns to read: those of --column, or the only one there is. */
static char **choose_columns(const macro_options *flags, const macro_plan *plan,
                             const csv_table *table, const char *path, GError **error)
{
    g_auto(GStrv) names = csv_values_names(table, &plan->values, error);
    if (names == NULL)
        return NULL;
    if (flags->column != NULL && g_ascii_strcasecmp(flags->column, "all") != 0)
        return g_strsplit(flags->column, ",", -1);
    if (flags->column != NULL || names[1] == NULL)
        return g_steal_pointer(&names);
    g_autofree char *list = g_strjoinv(", ", names);
    g_autofree char *shown = failure_quote(list, -1);
    g_autofree char *file = failure_path(path);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s: several columns of numbers: %s (expected --column NAME,... or --column all)",
                file, shown);
    return NULL;
}

/* ---- from when on --------------------------------------------------------------------------- */

static gboolean fail_told_twice(const macro_import *self, const macro_plan *plan, GError **error)
{
    g_autofree char *file = failure_path(self->path);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "%s: the table tells its vintages (expected no %s; --map known_from=none passes "
                "them over)",
                file, plan->basis == MACRO_STATED ? "--known-from" : "--lag");
    return FALSE;
}

static gint64 known_from(const macro_import *self, const macro_plan *plan, const csv_value *value)
{
    if (self->values.vintages)
        return value->known_from_us;
    if (plan->basis == MACRO_ASSUMED)
        return MIN(qb_period_end_us(self->key.interval, value->ts_us) + plan->lag_us, plan->now_us);
    return plan->basis == MACRO_STATED ? plan->known_from_us : plan->now_us;
}

static void complain_early(const macro_import *self, const csv_value *value, gint64 known_us,
                           failures *problems)
{
    char known[QB_TIME_TEXT], began[QB_TIME_TEXT];
    g_autofree char *file = failure_path(self->path);
    failures_add(problems,
                 "%s:%" G_GSIZE_FORMAT ": known_from: %s is before the period began (expected %s "
                 "or later)",
                 file, value->line, qb_time_to_text(known_us, known),
                 qb_date_to_text(qb_date_from_us(value->ts_us), began));
}

static gboolean date_rows(macro_import *self, const macro_plan *plan, GError **error)
{
    const guint count = self->values.items->len;
    macro_series *rows = &self->rows;
    failures problems;
    if (self->values.vintages && plan->basis != MACRO_IMPORTED)
        return fail_told_twice(self, plan, error);
    rows->ts_us = g_new(gint64, MAX(count, 1));
    rows->value = g_new(double, MAX(count, 1));
    rows->known_from_us = g_new(gint64, MAX(count, 1));
    rows->known_to_us = g_new(gint64, MAX(count, 1));
    rows->basis = self->values.vintages ? MACRO_GIVEN : plan->basis;
    failures_init(&problems);
    for (guint i = 0; i < count; i++) {
        const csv_value *value = &g_array_index(self->values.items, csv_value, i);
        const gint64 known_us = known_from(self, plan, value);
        if (known_us < value->ts_us)
            complain_early(self, value, known_us, &problems);
        rows->ts_us[i] = value->ts_us;
        rows->value[i] = value->value;
        rows->known_from_us[i] = known_us;
        rows->known_to_us[i] = G_MAXINT64;
    }
    rows->count = count;
    return failures_finish(&problems, FAILURE_BAD_DATA, error);
}

/* ---- reading -------------------------------------------------------------------------------- */

static gboolean read_series(const macro_options *flags, const macro_plan *plan,
                            const csv_table *table, const char *name, gboolean several,
                            macro_import *self, GError **error)
{
    self->key.asset = QB_MACRO;
    if (!find_symbol(flags, self, name, several, error) ||
        !csv_read_values(table, name, &plan->values, &self->values, error))
        return FALSE;
    self->key.interval = self->values.interval;
    return date_rows(self, plan, error);
}

static csv_table *read_table(const char *path, char **out_hash, GError **error)
{
    g_autoptr(GBytes) bytes = files_read(path, CSV_FILE_LIMIT, error);
    if (bytes == NULL)
        return NULL;
    *out_hash = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, bytes);
    g_autoptr(GBytes) text = csv_inflate(bytes, path, error);
    return text != NULL ? csv_table_parse(text, path, error) : NULL;
}

static gboolean read_file(const macro_options *flags, const macro_plan *plan, const char *path,
                          GArray *imports, GError **error)
{
    g_autofree char *hash = NULL;
    g_autoptr(csv_table) table = read_table(path, &hash, error);
    if (table == NULL)
        return FALSE;
    g_auto(GStrv) names = choose_columns(flags, plan, table, path, error);
    const gboolean several = names != NULL && names[0] != NULL && names[1] != NULL;
    for (char **name = names; names != NULL && *name != NULL; name++) {
        macro_import one = {.path = path, .source_hash = g_strdup(hash)};
        const gboolean good = read_series(flags, plan, table, *name, several, &one, error);
        g_array_append_val(imports, one);
        if (!good)
            return FALSE;
    }
    return names != NULL;
}

/* ---- storing -------------------------------------------------------------------------------- */

/* Of a table without vintages only what is new. */
static gboolean find_news(cache *cache, const macro_plan *plan, macro_import *self,
                          macro_series *out, GError **error)
{
    macro_series stored = {0};
    g_autoptr(GError) reason = NULL;
    if (!cache_macro_read(cache, &self->key, G_MININT64, G_MAXINT64, &stored, NULL, &reason) &&
        !g_error_matches(reason, FAILURE, FAILURE_MISSING)) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    const gboolean ok = macro_series_news(&stored, &self->rows, plan->now_us, out, &self->known);
    macro_series_clear(&stored);
    return ok || failure_from_status(error, QB_NO_MEMORY, "vintages");
}

static gboolean store(const macro_options *flags, const macro_plan *plan, cache *cache,
                      macro_import *self, GError **error)
{
    macro_series news = {0};
    const cache_provenance provenance = {
        .provider = flags->provider != NULL ? flags->provider : "csv",
        .source_hash = self->source_hash,
        .fetched_us = plan->now_us,
    };
    const gboolean given = self->values.vintages;
    const gboolean ok = (given || find_news(cache, plan, self, &news, error)) &&
                        cache_macro_merge(cache, &self->key, given ? &self->rows : &news,
                                          &provenance, &self->change, error);
    macro_series_clear(&news);
    g_autofree char *file = failure_path(self->path);
    if (!ok)
        g_prefix_error(error, "%s: ", file);
    return ok;
}

static int store_all(const macro_options *flags, const macro_plan *plan, GArray *imports)
{
    int exit_code = 0;
    g_autoptr(settings) settings = command_settings(&exit_code);
    if (settings == NULL)
        return exit_code;
    g_autoptr(cache) cache = cache_new(settings_data_dir(settings), NULL);
    for (guint i = 0; i < imports->len; i++) {
        GError *error = NULL;
        if (!store(flags, plan, cache, &g_array_index(imports, macro_import, i), &error)) {
            exit_code = command_fail(error);
            if (i > 0)
                command_warn("the %u series before it are stored", i);
            return exit_code;
        }
    }
    return 0;
}

/* ---- entry ---------------------------------------------------------------------------------- */

static int import_files(const macro_options *flags, char **paths)
{
    macro_plan plan = {0};
    GError *error = NULL;
    if (!read_flags(flags, &plan, &error))
        return command_fail(error);
    int exit_code = 0;
    g_autoptr(GArray) imports = g_array_new(FALSE, FALSE, sizeof(macro_import));
    g_array_set_clear_func(imports, macro_import_clear);
    for (; *paths != NULL; paths++) {
        error = NULL;
        if (read_file(flags, &plan, *paths, imports, &error))
            continue;
        const int code = command_fail(error);
        exit_code = exit_code == 0 ? code : exit_code;
    }
    if (exit_code != 0)
        command_warn("nothing was stored");
    if (exit_code == 0 && !flags->dry_run)
        exit_code = store_all(flags, &plan, imports);
    if (exit_code == 0)
        macro_import_print(imports, &plan, flags);
    return exit_code;
}

gboolean import_is_macro(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = g_str_has_prefix(argv[i], "--asset=")             ? argv[i] + 8
                            : strcmp(argv[i], "--asset") == 0 && i + 1 < argc ? argv[i + 1]
                                                                              : "";
        if (g_ascii_strcasecmp(value, qb_asset_text(QB_MACRO)) == 0)
            return TRUE;
    }
    return FALSE;
}

int import_macro(int argc, char **argv)
{
    g_auto(macro_options) flags = {0};
    int exit_code = 0;
    const GOptionEntry entries[] = {
        {"asset", 0, 0, G_OPTION_ARG_STRING, &flags.asset, "macro", "CLASS"},
        {"symbol", 0, 0, G_OPTION_ARG_STRING, &flags.symbol,
         "Name of the series; default: from the column or the file", "NAME"},
        {"interval", 0, 0, G_OPTION_ARG_STRING, &flags.interval,
         "1d 1w 1mo 1q or 1y; default: as the periods tell", "INTERVAL"},
        {"column", 0, 0, G_OPTION_ARG_STRING, &flags.column,
         "Columns of a wide table, or all; each becomes a series", "NAME,..."},
        {"where", 0, 0, G_OPTION_ARG_STRING, &flags.where,
         "Only rows with these cells: location=USA,frequency=Q", "COLUMN=TEXT,..."},
        {"map", 0, 0, G_OPTION_ARG_STRING, &flags.map,
         "Columns: ts=quarter,value=3,known_from=none", "KEY=COLUMN,..."},
        {"stamp", 0, 0, G_OPTION_ARG_STRING, &flags.stamp,
         "Dates are their periods' first (open, default) or last days (close)", "WHICH"},
        {"date-order", 0, 0, G_OPTION_ARG_STRING, &flags.date_order,
         "ymd, dmy or mdy, where dates leave it open", "ORDER"},
        {"lag", 0, 0, G_OPTION_ARG_STRING, &flags.lag,
         "Assume that values were published so long after their period: 45d", "DELAY"},
        {"known-from", 0, 0, G_OPTION_ARG_STRING, &flags.known_from,
         "All values were known from then on", "DATE"},
        {"known-time", 0, 0, G_OPTION_ARG_STRING, &flags.known_time,
         "Time of day, UTC, of vintages that are bare dates; default 00:00", "HH:MM"},
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
    return import_files(&flags, argv + 1);
}
