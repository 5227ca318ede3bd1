/* data export: what the cache holds, for other programs. In: stored series. Out: files that are
 * whole or absent, or standard output. */
#include "commands/data-private.h"
#include "commands/export-private.h"

#include <string.h>
#include <unistd.h>

static const char about[] =
    "Writes stored bars, or macro series with all their vintages, as CSV, JSON lines or Parquet.\n"
    "Stamps are ISO, numbers in the shortest form that reads back equal; what is unknown is empty\n"
    "in CSV and null elsewhere. data import reads the CSV back as the same bars. Several symbols\n"
    "go into one file with a column symbol, or with {symbol} in --out into one file each. Text\n"
    "formats take no more memory for a long series than for a short one.\n"
    "\n"
    "Examples:\n"
    "  quantbot data export SPY > spy.csv\n"
    "  quantbot data export spy,qqq --interval 1d --start 2020-01-01 --out bars.jsonl\n"
    "  quantbot data export @symbols.txt --out 'bars/{symbol}.parquet' --force\n"
    "  quantbot data export btc --interval 1h --columns ts,close --out -\n"
    "\n"
    "Columns: symbol ts open high low close volume dividend split_factor bid ask flags; of macro\n"
    "series symbol ts value known_from known_to. The cache itself is Parquet: docs/READING.md.\n";

#define PLACEHOLDER "{symbol}"

typedef struct export_options {
    char *format, *out, *start, *end, *columns;
    gboolean force;
} export_options;

static void export_options_clear(export_options *self)
{
    g_free(self->format);
    g_free(self->out);
    g_free(self->start);
    g_free(self->end);
    g_free(self->columns);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(export_options, export_options_clear)

/* What is asked, understood. */
typedef struct export_plan {
    const data_query *query;
    GArray *keys; /* of cache_key: one series a symbol, all of one interval */
    gboolean macro;
    export_layout layout;
    const char *out; /* NULL: standard output */
    gboolean separate, force;
    gint64 start_us, end_us;
} export_plan;

/* A file that was written. */
typedef struct export_file {
    char *path, *sha256;
    char *symbol; /* NULL: several */
    gsize rows, bytes;
} export_file;

static void export_file_clear(gpointer item)
{
    export_file *self = item;
    g_free(self->path);
    g_free(self->sha256);
    g_free(self->symbol);
}

/* ---- which series --------------------------------------------------------------------------- */

static gboolean has_symbol(const GArray *keys, const char *symbol)
{
    for (guint i = 0; i < keys->len; i++)
        if (strcmp(g_array_index(keys, cache_key, i).symbol, symbol) == 0)
            return TRUE;
    return FALSE;
}

/* The series of the symbol at `first`; a macro series of the same name is meant where nothing else
 * is, as everywhere. */
static GArray *series_of(const GArray *keys, guint first)
{
    const char *symbol = g_array_index(keys, cache_key, first).symbol;
    GArray *found = g_array_new(FALSE, TRUE, sizeof(cache_key)), *macro = NULL;
    for (guint i = first; i < keys->len; i++) {
        const cache_key *key = &g_array_index(keys, cache_key, i);
        if (strcmp(key->symbol, symbol) != 0)
            continue;
        if (key->asset != QB_MACRO) {
            g_array_append_val(found, *key);
            continue;
        }
        if (macro == NULL)
            macro = g_array_new(FALSE, TRUE, sizeof(cache_key));
        g_array_append_val(macro, *key);
    }
    if (found->len == 0 && macro != NULL)
        g_array_append_vals(found, macro->data, macro->len);
    if (macro != NULL)
        g_array_unref(macro);
    return found;
}

static gboolean fail_several(const GArray *found, GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++) {
        const cache_key *key = &g_array_index(found, cache_key, i);
        g_string_append_printf(list, "%s%s %s", i > 0 ? ", " : "", qb_asset_text(key->asset),
                               qb_interval_text(key->interval));
    }
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "symbol: %s is stored as %s (say which with --interval or --asset)",
                g_array_index(found, cache_key, 0).symbol, list->str);
    return FALSE;
}

static gboolean find_series(export_plan *plan, GError **error)
{
    const GArray *keys = plan->query->keys;
    plan->keys = g_array_new(FALSE, TRUE, sizeof(cache_key));
    for (guint i = 0; i < keys->len; i++) {
        if (has_symbol(plan->keys, g_array_index(keys, cache_key, i).symbol))
            continue;
        g_autoptr(GArray) found = series_of(keys, i);
        if (found->len > 1)
            return fail_several(found, error);
        g_array_append_vals(plan->keys, found->data, 1);
    }
    const cache_key *first = &g_array_index(plan->keys, cache_key, 0);
    plan->macro = first->asset == QB_MACRO;
    for (guint i = 1; i < plan->keys->len; i++) {
        const cache_key *key = &g_array_index(plan->keys, cache_key, i);
        if (key->interval == first->interval && (key->asset == QB_MACRO) == plan->macro)
            continue;
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "symbols: %s is %s %s and %s is %s %s (expected series of one interval, all "
                    "bars or all macro series)",
                    first->symbol, qb_asset_text(first->asset), qb_interval_text(first->interval),
                    key->symbol, qb_asset_text(key->asset), qb_interval_text(key->interval));
        return FALSE;
    }
    return TRUE;
}

/* ---- what is asked -------------------------------------------------------------------------- */

static gboolean find_format(const export_options *options, export_plan *plan, GError **error)
{
    static const struct {
        const char *suffix;
        export_format format;
    } suffixes[] = {{".csv", EXPORT_CSV},
                    {".jsonl", EXPORT_JSONL},
                    {".ndjson", EXPORT_JSONL},
                    {".parquet", EXPORT_PARQUET}};
    if (options->format != NULL) {
        if (export_format_from_text(options->format, &plan->layout.format))
            return TRUE;
        g_autofree char *quoted = failure_quote(options->format, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE, "--format: %s (expected csv, jsonl or parquet)",
                    quoted);
        return FALSE;
    }
    plan->layout.format = EXPORT_CSV;
    for (gsize i = 0; plan->out != NULL && i < G_N_ELEMENTS(suffixes); i++)
        if (g_str_has_suffix(plan->out, suffixes[i].suffix))
            plan->layout.format = suffixes[i].format;
    return TRUE;
}

static gboolean check_out(const export_plan *plan, GError **error)
{
    const char *problem = NULL;
    if (plan->layout.format == EXPORT_PARQUET && plan->keys->len > 1 && !plan->separate)
        problem = "--out: a Parquet file of ours holds numbers, hence one symbol (expected "
                  "'" PLACEHOLDER ".parquet' for a file each)";
    else if (plan->layout.format == EXPORT_PARQUET && plan->out == NULL && isatty(STDOUT_FILENO))
        problem = "--out: Parquet is nothing for a terminal (expected a file)";
    else if (plan->query->json && plan->out == NULL)
        problem = "--json: tells of the files that were written (expected --out FILE)";
    if (problem != NULL)
        g_set_error_literal(error, FAILURE, FAILURE_USAGE, problem);
    return problem == NULL;
}

static gboolean add_column(export_plan *plan, const char *name, GError **error)
{
    guint count;
    const export_column *known = export_columns_of(plan->macro, &count);
    g_autofree char *quoted = failure_quote(name, -1);
    for (guint i = 0; i < plan->layout.count; i++) {
        if (g_ascii_strcasecmp(plan->layout.columns[i]->name, name) != 0)
            continue;
        g_set_error(error, FAILURE, FAILURE_USAGE, "--columns: %s is given twice", quoted);
        return FALSE;
    }
    for (guint i = 0; i < count; i++) {
        if (g_ascii_strcasecmp(known[i].name, name) != 0)
            continue;
        if (known[i].type == EXPORT_TEXT && plan->layout.format == EXPORT_PARQUET)
            break;
        plan->layout.columns[plan->layout.count++] = &known[i];
        return TRUE;
    }
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = plan->layout.format == EXPORT_PARQUET; i < count; i++)
        g_string_append_printf(names, " %s", known[i].name);
    g_set_error(error, FAILURE, FAILURE_USAGE, "--columns: %s is no column (expected some of%s)",
                quoted, names->str);
    return FALSE;
}

static gboolean find_columns(const export_options *options, export_plan *plan, GError **error)
{
    guint count;
    const export_column *known = export_columns_of(plan->macro, &count);
    if (options->columns == NULL) {
        const gboolean symbol = plan->keys->len > 1 && !plan->separate;
        for (guint i = symbol ? 0 : 1; i < count; i++)
            plan->layout.columns[plan->layout.count++] = &known[i];
        return TRUE;
    }
    plan->layout.chosen = TRUE;
    g_auto(GStrv) names = g_strsplit(options->columns, ",", -1);
    for (char **name = names; *name != NULL; name++)
        if (!add_column(plan, g_strstrip(*name), error))
            return FALSE;
    return plan->layout.count > 0 || add_column(plan, "", error);
}

/* A bare date of --end is included, as in a backtest. */
static gboolean find_range(const export_options *options, export_plan *plan, GError **error)
{
    plan->start_us = INT64_MIN;
    plan->end_us = INT64_MAX;
    if ((options->start != NULL &&
         !command_time("--start", options->start, &plan->start_us, error)) ||
        (options->end != NULL && !command_time("--end", options->end, &plan->end_us, error)))
        return FALSE;
    if (options->end != NULL)
        plan->end_us += strlen(options->end) == strlen("2020-01-31") ? QB_DAY_US : 1;
    if (plan->start_us < plan->end_us)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE, "--start: %s is after --end %s", options->start,
                options->end);
    return FALSE;
}

static gboolean read_plan(const export_options *options, export_plan *plan, GError **error)
{
    if (plan->query->all) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "symbol: is missing (expected SPY, A,B or @file)");
        return FALSE;
    }
    plan->force = options->force;
    plan->out = options->out != NULL && strcmp(options->out, "-") != 0 ? options->out : NULL;
    plan->separate = plan->out != NULL && strstr(plan->out, PLACEHOLDER) != NULL;
    return find_format(options, plan, error) && find_series(plan, error) &&
           check_out(plan, error) && find_columns(options, plan, error) &&
           find_range(options, plan, error);
}

/* ---- reading -------------------------------------------------------------------------------- */

/* What one stretch holds at most: a month of short bars, a year of longer ones. */
static gint64 stretch_end_us(gint64 from_us, qb_interval interval)
{
    qb_civil civil = qb_civil_from_date(qb_date_from_us(from_us));
    civil.day = 1;
    civil.month += interval < QB_1H ? 1 : 12;
    if (civil.month > 12) {
        civil.month -= 12;
        civil.year++;
    }
    return qb_date_from_civil(civil) * QB_DAY_US;
}

static gboolean add_bars(const export_plan *plan, const cache_key *key, gint64 from_us,
                         gint64 to_us, export_target *target, GError **error)
{
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    qb_series bars = {0};
    if (!cache_read(plan->query->cache, key, from_us, to_us, CACHE_ALL, &bars, hashes, error))
        return FALSE;
    const export_rows rows = {key->symbol, &bars, bars.count};
    const gboolean ok = rows.count == 0 || export_target_add(target, &rows, error);
    qb_series_clear(&bars);
    return ok;
}

static gboolean add_values(const export_plan *plan, const cache_key *key, export_target *target,
                           GError **error)
{
    g_autoptr(GPtrArray) hashes = g_ptr_array_new_with_free_func(g_free);
    macro_series values = {0};
    if (!cache_macro_read(plan->query->cache, key, plan->start_us, plan->end_us, &values, hashes,
                          error))
        return FALSE;
    g_autofree char *basis = macro_basis_text(values.basis);
    export_target_say(target, "known_from", basis);
    const export_rows rows = {key->symbol, &values, values.count};
    const gboolean ok = rows.count == 0 || export_target_add(target, &rows, error);
    macro_series_clear(&values);
    return ok;
}

/* The facts that the cache's own files state. */
static void say_facts(const cache_entry *entry, export_target *target)
{
    char fetched[QB_TIME_TEXT];
    export_target_say(target, "schema_version", "1");
    export_target_say(target, "asset", qb_asset_text(entry->key.asset));
    export_target_say(target, "symbol", entry->key.symbol);
    export_target_say(target, "interval", qb_interval_text(entry->key.interval));
    export_target_say(target, "provider", entry->provider);
    export_target_say(target, "fetched_at", qb_time_to_text(entry->fetched_us, fetched));
    if (entry->key.asset == QB_MACRO)
        return;
    export_target_say(target, "adjustment", cache_adjustment_text(entry->adjustment));
    export_target_say(target, "calendar", entry->calendar);
}

static gboolean add_series(const export_plan *plan, const cache_key *key, export_target *target,
                           GError **error)
{
    cache_entry entry;
    if (!cache_stat(plan->query->cache, key, &entry, error))
        return FALSE;
    say_facts(&entry, target);
    if (plan->macro)
        return add_values(plan, key, target, error);
    const gint64 end_us = MIN(plan->end_us, entry.last_us + 1);
    for (gint64 from_us = MAX(plan->start_us, entry.first_us); from_us < end_us;) {
        const gint64 to_us = plan->layout.format == EXPORT_PARQUET
                                 ? end_us
                                 : MIN(end_us, stretch_end_us(from_us, key->interval));
        if (!add_bars(plan, key, from_us, to_us, target, error))
            return FALSE;
        from_us = to_us;
    }
    return TRUE;
}

/* ---- writing -------------------------------------------------------------------------------- */

static gboolean finish(const export_plan *plan, const cache_key *only, const char *path,
                       export_target *target, GArray *files, GError **error)
{
    export_file file = {0};
    const char *sha256;
    if (!export_target_finish(target, &file.rows, &file.bytes, &sha256, error))
        return FALSE;
    file.path = g_strdup(path);
    file.sha256 = g_strdup(sha256);
    file.symbol = only != NULL ? g_strdup(only->symbol) : NULL;
    g_array_append_val(files, file);
    return TRUE;
}

static gboolean fail_empty(const cache_key *only, GError **error)
{
    g_set_error(error, FAILURE, FAILURE_MISSING,
                "no rows%s%s between --start and --end (quantbot data list shows what there is)",
                only != NULL ? " of " : "", only != NULL ? only->symbol : "");
    return FALSE;
}

/* keys[first, end) into one file. */
static gboolean write_file(const export_plan *plan, guint first, guint end, const char *path,
                           GArray *files, GError **error)
{
    const cache_key *key = &g_array_index(plan->keys, cache_key, first);
    const cache_key *only = end - first == 1 ? key : NULL;
    g_autoptr(export_target) target = export_target_new(path, plan->force, &plan->layout, error);
    if (target == NULL)
        return FALSE;
    for (guint i = first; i < end; i++) {
        key = &g_array_index(plan->keys, cache_key, i);
        if (add_series(plan, key, target, error))
            continue;
        g_prefix_error(error, "%s: ", key->symbol);
        return FALSE;
    }
    if (export_target_rows(target) == 0)
        return fail_empty(only, error);
    return finish(plan, only, path, target, files, error);
}

static char *path_of(const char *pattern, const char *symbol)
{
    g_auto(GStrv) parts = g_strsplit(pattern, PLACEHOLDER, -1);
    return g_strjoinv(symbol, parts);
}

static gboolean write_all(const export_plan *plan, GArray *files, GError **error)
{
    if (!plan->separate)
        return write_file(plan, 0, plan->keys->len, plan->out, files, error);
    for (guint i = 0; i < plan->keys->len; i++) {
        g_autofree char *path = path_of(plan->out, g_array_index(plan->keys, cache_key, i).symbol);
        if (!export_may_write(path, plan->force, error))
            return FALSE;
    }
    for (guint i = 0; i < plan->keys->len; i++) {
        g_autofree char *path = path_of(plan->out, g_array_index(plan->keys, cache_key, i).symbol);
        if (!write_file(plan, i, i + 1, path, files, error))
            return FALSE;
    }
    return TRUE;
}

/* ---- result --------------------------------------------------------------------------------- */

static void print_lines(const export_plan *plan, const GArray *files)
{
    const cache_key *first = &g_array_index(plan->keys, cache_key, 0);
    for (guint i = 0; i < files->len; i++) {
        const export_file *file = &g_array_index(files, export_file, i);
        g_autofree char *path = failure_path(file->path);
        g_autofree char *size = g_format_size_full(file->bytes, G_FORMAT_SIZE_IEC_UNITS);
        g_autofree char *several = g_strdup_printf("%u symbols", plan->keys->len);
        printf("%s %s: %" G_GSIZE_FORMAT " rows to %s (%s)\n",
               file->symbol != NULL ? file->symbol : several, qb_interval_text(first->interval),
               file->rows, path, size);
    }
}

static void print_json(const export_plan *plan, const GArray *files)
{
    const cache_key *first = &g_array_index(plan->keys, cache_key, 0);
    json_auto_t *root = json_object();
    json_t *array = json_array();
    for (guint i = 0; i < files->len; i++) {
        const export_file *file = &g_array_index(files, export_file, i);
        g_autofree char *path = failure_path(file->path);
        json_t *object = json_pack("{s:s, s:s?, s:s, s:s, s:I, s:I, s:s}", "file", path, "symbol",
                                   file->symbol, "interval", qb_interval_text(first->interval),
                                   "format", export_format_text(plan->layout.format), "rows",
                                   (json_int_t)file->rows, "bytes", (json_int_t)file->bytes,
                                   "sha256", file->sha256);
        json_array_append_new(array, object);
    }
    json_object_set_new(root, "files", array);
    data_print_json(root);
}

/* ---- entry ---------------------------------------------------------------------------------- */

static int run_export(const export_plan *plan)
{
    GError *error = NULL;
    g_autoptr(GArray) files = g_array_new(FALSE, TRUE, sizeof(export_file));
    g_array_set_clear_func(files, export_file_clear);
    if (!write_all(plan, files, &error)) {
        const int exit_code = command_fail(error);
        if (files->len > 0)
            command_warn("the %u files before it are written", files->len);
        return exit_code;
    }
    if (plan->out != NULL && plan->query->json)
        print_json(plan, files);
    else if (plan->out != NULL)
        print_lines(plan, files);
    return 0;
}

int command_data_export(int argc, char **argv)
{
    g_auto(export_options) options = {0};
    g_auto(data_query) query = {0};
    int exit_code = 0;
    const GOptionEntry more[] = {
        {"format", 0, 0, G_OPTION_ARG_STRING, &options.format,
         "csv, jsonl or parquet; default: as the file is called, else csv", "FORMAT"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &options.out,
         "The file to write; default or -: standard output", "FILE"},
        {"start", 0, 0, G_OPTION_ARG_STRING, &options.start, "First day", "DATE"},
        {"end", 0, 0, G_OPTION_ARG_STRING, &options.end, "Last day, included", "DATE"},
        {"columns", 0, 0, G_OPTION_ARG_STRING, &options.columns, "Which, in that order",
         "NAME,..."},
        {"force", 0, 0, G_OPTION_ARG_NONE, &options.force, "Replace a file that is there", NULL},
        {NULL},
    };
    if (!data_query_read_more(argc, argv, about, more, &query, &exit_code))
        return exit_code;
    GError *error = NULL;
    export_plan plan = {.query = &query};
    exit_code = read_plan(&options, &plan, &error) ? run_export(&plan) : command_fail(error);
    g_clear_pointer(&plan.keys, g_array_unref);
    return exit_code;
}
