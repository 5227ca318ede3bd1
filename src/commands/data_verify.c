/* data verify: is what the cache holds sound? In: the chosen series. Out: what was found, by series
 * and gravest first, each kind with what to do; exit code 1 when there is an error. With --fix it
 * first puts right what cannot lose information. */
#include "commands/data-private.h"
#include "platform/clock.h"

#include <string.h>

static const char about[] =
    "Holds each file against the manifest and its own page checksums, each bar against the\n"
    "calendar and the rules of a bar, and each series against what it usually does. Errors are\n"
    "damage and impossible bars, warnings may well be wrong, notes are facts to know. Exit code\n"
    "1 when there is an error (with --strict: or a warning). Nothing is changed without --fix.\n"
    "\n"
    "--fix settles half-way writes, takes sound foreign files into the manifest, sorts their\n"
    "rows, drops exact repetitions, makes a manifest that is missing and removes leftovers.\n"
    "--set-aside also renames damaged files, so that the rest can be read and the month be\n"
    "fetched again. What each rule means: docs/QUALITY.md.\n"
    "\n"
    "Examples:\n"
    "  quantbot data verify\n"
    "  quantbot data verify spy btc --interval 1d --strict\n"
    "  quantbot data verify --deep --json\n"
    "  quantbot data verify spy --fix --dry-run\n";

typedef struct verify_options {
    gboolean deep, strict, fix, dry_run, set_aside;
    char *adjustment;
} verify_options;

/* Sums of all series; series is the JSON array, or NULL to print text as it comes. */
typedef struct verify_totals {
    gsize files, rows, counts[QB_SEVERITY_ERROR + 1];
    guint series, repairs;
    json_t *json;
} verify_totals;

/* ---- text ----------------------------------------------------------------------------------- */

/* Places that a person is shown; --json has all that are kept. */
static guint places_shown(qb_severity severity)
{
    static const guint most[] = {
        [QB_SEVERITY_NOTE] = 3, [QB_SEVERITY_WARNING] = 10, [QB_SEVERITY_ERROR] = CACHE_PLACES};
    return most[severity];
}

/* "2020/2020-03.parquet:7" of "equity/SPY/1d/2020/2020-03.parquet". */
static const char *in_series(const char *file, const char *series)
{
    const gsize length = strlen(series);
    return g_str_has_prefix(file, series) && file[length] == '/' ? file + length + 1 : file;
}

/* "2020-01-31" of a daily stamp, else with its time. */
static const char *stamp_text(gint64 ts_us, char buffer[QB_TIME_TEXT])
{
    return ts_us % QB_DAY_US == 0 ? qb_date_to_text(qb_date_from_us(ts_us), buffer)
                                  : qb_time_to_text(ts_us, buffer);
}

static void print_place(const cache_place *place, const char *series)
{
    char time[QB_TIME_TEXT];
    printf("    %s", in_series(place->file, series));
    if (place->row > 0)
        printf(":%" G_GSIZE_FORMAT "  %s  %s", place->row, stamp_text(place->ts_us, time),
               place->text);
    else
        printf("  %s", place->text);
    if (place->rows > 1)
        printf(", %" G_GSIZE_FORMAT " rows", place->rows);
    putchar('\n');
}

static report_tone severity_tone(qb_severity severity)
{
    return severity == QB_SEVERITY_ERROR     ? REPORT_BAD
           : severity == QB_SEVERITY_WARNING ? REPORT_STRONG
                                             : REPORT_PLAIN;
}

static void print_finding(const cache_finding *finding, const char *series,
                          const report_style *style)
{
    const guint shown = MIN(places_shown(finding->severity), finding->places->len);
    g_autofree char *head = g_strdup_printf("%s: %s (%" G_GSIZE_FORMAT "): %s",
                                            qb_severity_text(finding->severity), finding->kind,
                                            finding->count, finding->suggestion);
    report_text_print(head, 2, severity_tone(finding->severity), style, stdout);
    for (guint i = 0; i < shown; i++)
        print_place(g_ptr_array_index(finding->places, i), series);
    if (finding->count > shown)
        printf("    ... and %" G_GSIZE_FORMAT " more\n", finding->count - shown);
}

static void print_repair(const cache_repair *repair, const char *series, gboolean dry_run)
{
    const gboolean left = strcmp(repair->action, "left") == 0;
    printf("  %s%s: %s: %s\n", dry_run && !left ? "would be " : "", repair->action,
           in_series(repair->file, series), repair->text);
}

static void print_series(const cache_key *key, const GPtrArray *repairs,
                         const cache_findings *findings, const verify_options *options)
{
    const report_style style = report_style_of(1);
    g_autofree char *series = g_strdup_printf("%s/%s/%s", qb_asset_text(key->asset), key->symbol,
                                              qb_interval_text(key->interval));
    if (repairs->len + findings->items->len == 0)
        return;
    printf("%s\n", series);
    for (guint i = 0; i < repairs->len; i++)
        print_repair(g_ptr_array_index(repairs, i), series, options->dry_run);
    for (guint i = 0; i < findings->items->len; i++)
        print_finding(g_ptr_array_index(findings->items, i), series, &style);
}

static const char *plural(gsize count)
{
    return count == 1 ? "" : "s";
}

static void print_summary(const verify_totals *sum)
{
    static const char *const words[] = {"note", "warning", "error"};
    printf("%u series, %" G_GSIZE_FORMAT " file%s, %" G_GSIZE_FORMAT " row%s verified", sum->series,
           sum->files, plural(sum->files), sum->rows, plural(sum->rows));
    const char *separator = ": ";
    for (int severity = QB_SEVERITY_ERROR; severity >= QB_SEVERITY_NOTE; severity--) {
        const gsize count = sum->counts[severity];
        if (count > 0)
            printf("%s%" G_GSIZE_FORMAT " %s%s", separator, count, words[severity], plural(count));
        separator = count > 0 ? ", " : separator;
    }
    putchar('\n');
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *place_json(const cache_place *place)
{
    char time[QB_TIME_TEXT];
    json_t *object = json_object();
    json_object_set_new(object, "file", json_string(place->file));
    if (place->row > 0) {
        json_object_set_new(object, "row", json_integer((json_int_t)place->row));
        json_object_set_new(object, "rows", json_integer((json_int_t)place->rows));
        json_object_set_new(object, "ts", json_string(qb_time_to_text(place->ts_us, time)));
    }
    json_object_set_new(object, "text", json_string(place->text));
    return object;
}

static json_t *finding_json(const cache_finding *finding)
{
    json_t *object = json_object(), *places = json_array();
    for (guint i = 0; i < finding->places->len; i++)
        json_array_append_new(places, place_json(g_ptr_array_index(finding->places, i)));
    json_object_set_new(object, "kind", json_string(finding->kind));
    json_object_set_new(object, "severity", json_string(qb_severity_text(finding->severity)));
    json_object_set_new(object, "suggestion", json_string(finding->suggestion));
    json_object_set_new(object, "count", json_integer((json_int_t)finding->count));
    json_object_set_new(object, "rows", json_integer((json_int_t)finding->rows));
    json_object_set_new(object, "places", places);
    return object;
}

static json_t *repair_json(const cache_repair *repair)
{
    json_t *object = json_object();
    json_object_set_new(object, "action", json_string(repair->action));
    json_object_set_new(object, "file", json_string(repair->file));
    json_object_set_new(object, "text", json_string(repair->text));
    return object;
}

/* "errors", "warnings", "notes". */
static void set_counts(json_t *object, const gsize counts[])
{
    json_object_set_new(object, "errors", json_integer((json_int_t)counts[QB_SEVERITY_ERROR]));
    json_object_set_new(object, "warnings", json_integer((json_int_t)counts[QB_SEVERITY_WARNING]));
    json_object_set_new(object, "notes", json_integer((json_int_t)counts[QB_SEVERITY_NOTE]));
}

static json_t *series_json(const cache_key *key, const GPtrArray *repairs,
                           const cache_findings *findings)
{
    json_t *object = data_key_json(key), *list = json_array(), *done = json_array();
    for (guint i = 0; i < findings->items->len; i++)
        json_array_append_new(list, finding_json(g_ptr_array_index(findings->items, i)));
    for (guint i = 0; i < repairs->len; i++)
        json_array_append_new(done, repair_json(g_ptr_array_index(repairs, i)));
    json_object_set_new(object, "files", json_integer((json_int_t)findings->files));
    json_object_set_new(object, "rows", json_integer((json_int_t)findings->rows));
    set_counts(object, findings->counts);
    json_object_set_new(object, "findings", list);
    json_object_set_new(object, "repairs", done);
    return object;
}

static void print_json(const verify_totals *sum, const verify_options *options)
{
    json_auto_t *root = json_object();
    json_object_set(root, "series", sum->json);
    json_object_set_new(root, "files", json_integer((json_int_t)sum->files));
    json_object_set_new(root, "rows", json_integer((json_int_t)sum->rows));
    set_counts(root, sum->counts);
    json_object_set_new(root, "deep", json_boolean(options->deep));
    json_object_set_new(root, "dry_run", json_boolean(options->dry_run));
    data_print_json(root);
}

/* ---- the work ------------------------------------------------------------------------------- */

static gboolean fix_one(cache *cache, const cache_key *key, const verify_options *options,
                        GPtrArray *repairs, GError **error)
{
    cache_fix_how how = {.dry_run = options->dry_run,
                         .set_aside = options->set_aside,
                         .adjustment = CACHE_UNKNOWN,
                         .now_us = clock_now_us()};
    if (options->adjustment != NULL)
        cache_adjustment_from_text(options->adjustment, &how.adjustment);
    return !options->fix || cache_fix(cache, key, &how, repairs, error);
}

/* The first date on which the symbol is this company, after instruments.ini. */
static gboolean find_since(const market *market, const cache_key *key, int32_t *out, GError **error)
{
    qb_instrument instrument;
    *out = INT32_MIN;
    if (key->asset == QB_MACRO)
        return TRUE;
    if (!instruments_get(market->instruments, key->symbol, key->asset, key->interval, &instrument,
                         error))
        return FALSE;
    *out = instrument.since;
    return TRUE;
}

static gboolean verify_one(const market *market, const cache_key *key,
                           const verify_options *options, verify_totals *sum, GError **error)
{
    g_autoptr(GPtrArray)
        repairs = g_ptr_array_new_with_free_func((GDestroyNotify)cache_repair_free);
    g_autoptr(cache_findings) findings = cache_findings_new();
    cache_verify_how how = {.deep = options->deep};
    if (!find_since(market, key, &how.since, error) ||
        !fix_one(market->cache, key, options, repairs, error) ||
        !cache_verify(market->cache, key, &how, findings, error))
        return FALSE;
    if (sum->json != NULL)
        json_array_append_new(sum->json, series_json(key, repairs, findings));
    else
        print_series(key, repairs, findings, options);
    sum->series++;
    sum->files += findings->files;
    sum->rows += findings->rows;
    for (int severity = 0; severity <= QB_SEVERITY_ERROR; severity++)
        sum->counts[severity] += findings->counts[severity];
    return TRUE;
}

static int verify_all(const data_query *query, const verify_options *options)
{
    json_auto_t *json = query->json ? json_array() : NULL;
    verify_totals sum = {.json = json};
    for (guint i = 0; i < query->keys->len; i++) {
        GError *error = NULL;
        if (!verify_one(query->market, &g_array_index(query->keys, cache_key, i), options, &sum,
                        &error))
            return command_fail(error);
    }
    if (query->json)
        print_json(&sum, options);
    else
        print_summary(&sum);
    const gboolean bad = sum.counts[QB_SEVERITY_ERROR] > 0 ||
                         (options->strict && sum.counts[QB_SEVERITY_WARNING] > 0);
    return bad ? FAILURE_NO : 0;
}

/* ---- the command line ----------------------------------------------------------------------- */

/* 0, or the exit code of what does not go together. */
static int check_options(const verify_options *options)
{
    cache_adjustment adjustment;
    if (!options->fix && (options->dry_run || options->set_aside || options->adjustment != NULL))
        return command_usage("data verify", "--dry-run, --set-aside and --adjustment need --fix");
    if (options->adjustment != NULL &&
        !cache_adjustment_from_text(options->adjustment, &adjustment)) {
        g_autofree char *quoted = failure_quote(options->adjustment, -1);
        return command_usage("data verify", "--adjustment: %s (expected raw, split or full)",
                             quoted);
    }
    return 0;
}

int command_data_verify(int argc, char **argv)
{
    verify_options options = {0};
    const GOptionEntry entries[] = {
        {"deep", 0, 0, G_OPTION_ARG_NONE, &options.deep, "also the SHA-256 of every file", NULL},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &options.strict, "warnings count as errors do", NULL},
        {"fix", 0, 0, G_OPTION_ARG_NONE, &options.fix,
         "put right what cannot lose information, each change listed", NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &options.dry_run, "with --fix: only tell", NULL},
        {"set-aside", 0, 0, G_OPTION_ARG_NONE, &options.set_aside,
         "with --fix: rename damaged files to NAME.damaged-N", NULL},
        {"adjustment", 0, 0, G_OPTION_ARG_STRING, &options.adjustment,
         "with --fix: of foreign files that do not say: raw, split, full", "KIND"},
        {NULL},
    };
    g_auto(data_query) query = {0};
    int exit_code = 0;
    if (data_query_read_more(argc, argv, about, entries, &query, &exit_code)) {
        exit_code = check_options(&options);
        if (exit_code == 0)
            exit_code = verify_all(&query, &options);
    }
    g_free(options.adjustment);
    return exit_code;
}
