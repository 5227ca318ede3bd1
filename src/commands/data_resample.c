/* data resample: coarser bars from finer ones of the cache. In: a stored series. Out: another one,
 * which says what it was made from. Every series is looked at before the first is written. */
#include "commands/data-private.h"

#include <string.h>

static const char about[] =
    "Makes bars of --to out of finer ones in the cache, by the sessions of their calendar, and\n"
    "stores them beside those. A bar that is not over is left out, and so is a row without a\n"
    "session; nothing is filled, but bars that miss some of their finer ones are counted.\n"
    "The provider of what is stored is resampled-INTERVAL. Such bars are not mixed with those of\n"
    "a source: where some are stored already, --replace moves them to a folder beside.\n"
    "\n"
    "Examples:\n"
    "  quantbot data resample BTC --to 1d\n"
    "  quantbot data resample spy,qqq --from 1m --to 1h --dry-run\n"
    "  quantbot data resample @symbols.txt --to 1w --replace\n";

typedef struct resample_options {
    char *from, *to;
    gboolean replace, dry_run;
    int from_interval; /* -1: whichever there is */
    qb_interval to_interval;
} resample_options;

static void resample_options_clear(resample_options *self)
{
    g_free(self->from);
    g_free(self->to);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(resample_options, resample_options_clear)

/* One series on its way. */
typedef struct resampling {
    cache_key from, to;
    char provider[32];
    cache_entry source;
    gboolean replaces; /* bars of another origin are there */
    char *source_hash;
    GPtrArray *source_files; /* "FILE SHA256" */
    gsize rows;
    qb_series bars;
    qb_resampled report;
    cache_change change;
    char *aside;
} resampling;

static void resampling_clear(gpointer item)
{
    resampling *self = item;
    g_free(self->source_hash);
    g_clear_pointer(&self->source_files, g_ptr_array_unref);
    qb_series_clear(&self->bars);
    g_free(self->aside);
}

/* ---- what is asked -------------------------------------------------------------------------- */

static gboolean read_interval(const char *flag, const char *text, qb_interval *out, GError **error)
{
    if (text != NULL && qb_interval_from_text(text, out) == QB_OK)
        return TRUE;
    g_autofree char *quoted = text != NULL ? failure_quote(text, -1) : g_strdup("is missing");
    g_set_error(error, FAILURE, FAILURE_USAGE, "%s: %s (expected 1m 5m 15m 30m 1h 4h 1d or 1w)",
                flag, quoted);
    return FALSE;
}

static gboolean read_options(resample_options *options, const data_query *query, GError **error)
{
    qb_interval from;
    options->from_interval = -1;
    if (query->all) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "symbol: is missing (expected SPY, A,B or "
                    "@file)");
        return FALSE;
    }
    if (!read_interval("--to", options->to, &options->to_interval, error))
        return FALSE;
    if (options->from == NULL)
        return TRUE;
    if (!read_interval("--from", options->from, &from, error))
        return FALSE;
    options->from_interval = (int)from;
    if (from < options->to_interval)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "--from: %s is not shorter than --to %s (bars are made from finer ones only)",
                options->from, options->to);
    return FALSE;
}

/* ---- which series --------------------------------------------------------------------------- */

static gboolean is_same_symbol(const cache_key *a, const cache_key *b)
{
    return a->asset == b->asset && strcmp(a->symbol, b->symbol) == 0;
}

static void append_interval(GString *list, qb_interval interval)
{
    g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", qb_interval_text(interval));
}

/* The series to make bars from: the one that --from names, or the only finer one that a source
 * gave. The coarser of two would do as well only if it is the finer one's, which nobody knows. */
static gboolean choose_source(const data_query *query, const resample_options *options, guint first,
                              resampling *out, GError **error)
{
    const cache_key *key = &g_array_index(query->keys, cache_key, first);
    g_autoptr(GString) stored = g_string_new(NULL), finer = g_string_new(NULL);
    guint count = 0;
    for (guint i = first; i < query->keys->len; i++) {
        const cache_key *other = &g_array_index(query->keys, cache_key, i);
        cache_entry entry;
        if (!is_same_symbol(key, other))
            continue;
        append_interval(stored, other->interval);
        if (other->interval >= options->to_interval ||
            (options->from_interval >= 0 && (int)other->interval != options->from_interval))
            continue;
        if (!cache_stat(query->cache, other, &entry, error))
            return FALSE;
        if (options->from_interval < 0 && cache_is_made(entry.provider))
            continue;
        append_interval(finer, other->interval);
        out->from = *other;
        out->source = entry;
        count++;
    }
    if (count == 1)
        return TRUE;
    if (count > 1)
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    "%s: several series could be resampled: %s (expected --from with one of them)",
                    key->symbol, finer->str);
    else
        g_set_error(error, FAILURE, FAILURE_MISSING,
                    "%s: no bars of %s in the cache to make %s from (stored: %s)", key->symbol,
                    options->from != NULL ? options->from : "a shorter interval", options->to,
                    stored->str);
    return FALSE;
}

static gboolean plan_series(const data_query *query, const resample_options *options, guint first,
                            resampling *out, GError **error)
{
    if (!choose_source(query, options, first, out, error))
        return FALSE;
    if (out->source.adjustment == CACHE_UNKNOWN) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "%s: how the prices of the stored %s bars are adjusted is not known: files of "
                    "other programs need not say (expected raw, split or full in their metadata)",
                    out->from.symbol, qb_interval_text(out->from.interval));
        return FALSE;
    }
    out->to = out->from;
    out->to.interval = options->to_interval;
    cache_made_provider(out->from.interval, out->provider);
    g_autoptr(GError) conflict = NULL;
    if (cache_check_origin(query->cache, &out->to, out->provider, &conflict))
        return TRUE;
    out->replaces = options->replace && g_error_matches(conflict, FAILURE, FAILURE_BAD_DATA);
    if (out->replaces)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&conflict));
    return FALSE;
}

static gboolean is_first(const GArray *keys, guint index)
{
    for (guint i = 0; i < index; i++)
        if (is_same_symbol(&g_array_index(keys, cache_key, i),
                           &g_array_index(keys, cache_key, index)))
            return FALSE;
    return g_array_index(keys, cache_key, index).asset != QB_MACRO;
}

/* Every symbol once, in the order asked for; all problems are told. Returns the exit code. */
static int plan_all(const data_query *query, const resample_options *options, GArray *plans)
{
    int exit_code = 0;
    for (guint i = 0; i < query->keys->len; i++) {
        if (!is_first(query->keys, i))
            continue;
        resampling one = {0};
        GError *error = NULL;
        if (plan_series(query, options, i, &one, &error)) {
            g_array_append_val(plans, one);
            continue;
        }
        int code = command_fail(error);
        exit_code = exit_code == 0 ? code : exit_code;
    }
    if (exit_code == 0 && plans->len == 0)
        exit_code = command_usage("quantbot data resample", "macro series have no bars");
    return exit_code;
}

/* ---- making and storing --------------------------------------------------------------------- */

/* The instant up to which the bars are complete. A source that was asked in the middle of a day
 * does not say so, hence its last bar does. */
static gint64 known_until_us(const qb_series *bars, qb_interval interval,
                             const qb_calendar *calendar)
{
    qb_bar_time times;
    for (gsize i = bars->count; i-- > 0;)
        if (qb_bar_times(calendar, interval, bars->ts_us[i], &times))
            return times.known_us;
    return INT64_MIN;
}

/* One hash for all files that were read. */
static char *hash_of(const GPtrArray *files)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    for (guint i = 0; i < files->len; i++) {
        const char *line = g_ptr_array_index(files, i);
        g_checksum_update(checksum, (const guchar *)line, -1);
        g_checksum_update(checksum, (const guchar *)"\n", 1);
    }
    return g_strdup(g_checksum_get_string(checksum));
}

static gboolean make_bars(const data_query *query, resampling *self, GError **error)
{
    const qb_calendar *calendar = qb_calendars_find(cache_calendars(query->cache),
                                                    self->source.calendar);
    qb_series fine = {0};
    if (calendar == NULL) {
        g_set_error(error, FAILURE, FAILURE_CONFIG, "calendar %s is unknown",
                    self->source.calendar);
        return FALSE;
    }
    self->source_files = g_ptr_array_new_with_free_func(g_free);
    if (!cache_read(query->cache, &self->from, INT64_MIN, INT64_MAX, CACHE_ALL, &fine,
                    self->source_files, error))
        return FALSE;
    self->rows = fine.count;
    self->source_hash = hash_of(self->source_files);
    const qb_status status = qb_resample(&fine, self->from.interval, self->to.interval, calendar,
                                         known_until_us(&fine, self->from.interval, calendar),
                                         &self->bars, &self->report);
    qb_series_clear(&fine);
    return status == QB_OK || failure_from_status(error, status, "resampling");
}

static gboolean store_bars(const data_query *query, resampling *self, GError **error)
{
    const cache_provenance provenance = {
        .provider = self->provider,
        .adjustment = self->source.adjustment,
        .calendar = self->source.calendar,
        .source_hash = self->source_hash,
        .fetched_us = self->source.fetched_us,
    };
    if (self->replaces && self->bars.count > 0 &&
        !cache_set_aside(query->cache, &self->to, &self->aside, error))
        return FALSE;
    return cache_merge(query->cache, &self->to, &self->bars, &provenance, &self->change, error);
}

static int run_all(const data_query *query, const resample_options *options, GArray *plans)
{
    for (guint i = 0; i < plans->len; i++) {
        resampling *self = &g_array_index(plans, resampling, i);
        GError *error = NULL;
        if (make_bars(query, self, &error) && (options->dry_run || store_bars(query, self, &error)))
            continue;
        g_prefix_error(&error, "%s: ", self->to.symbol);
        const int exit_code = command_fail(error);
        if (i > 0 && !options->dry_run)
            command_warn("the %u series before it are stored", i);
        return exit_code;
    }
    return 0;
}

/* ---- result --------------------------------------------------------------------------------- */

static char *count_text(gsize count)
{
    return count == 0 ? g_strdup("-") : g_strdup_printf("%" G_GSIZE_FORMAT, count);
}

static char *day_text(const qb_series *bars, gsize row)
{
    char text[QB_TIME_TEXT];
    if (bars->count == 0)
        return g_strdup("-");
    return g_strdup(qb_date_to_text(qb_date_from_us(bars->ts_us[row]), text));
}

static void add_row(report_table *table, const resampling *self, gboolean dry_run)
{
    const qb_resampled *report = &self->report;
    g_autofree char *bars = count_text(self->bars.count);
    g_autofree char *first = day_text(&self->bars, 0);
    g_autofree char *last = day_text(&self->bars, self->bars.count - 1);
    g_autofree char *partial = count_text(report->partial);
    g_autofree char *left_out = count_text(report->no_session + report->unfinished);
    g_autofree char *stored = count_text(self->change.added + self->change.changed);
    const char *const cells[] = {self->to.symbol,
                                 qb_interval_text(self->from.interval),
                                 qb_interval_text(self->to.interval),
                                 bars,
                                 first,
                                 last,
                                 partial,
                                 left_out,
                                 stored};
    report_table_row(table, cells);
    report_table_tone(table, 0, REPORT_STRONG);
    report_table_tone(table, 6, report->partial > 0 ? REPORT_BAD : REPORT_DIM);
}

static void print_notes(const GArray *plans, gboolean dry_run)
{
    gboolean partial = FALSE, left_out = FALSE;
    for (guint i = 0; i < plans->len; i++) {
        const resampling *self = &g_array_index(plans, resampling, i);
        partial |= self->report.partial > 0;
        left_out |= self->report.unfinished + self->report.no_session > 0;
        if (self->aside != NULL)
            printf("%s: the %s bars that were stored are kept in %s\n", self->to.symbol,
                   qb_interval_text(self->to.interval), self->aside);
        else if (self->replaces && dry_run)
            printf("%s: the %s bars that are stored would be set aside\n", self->to.symbol,
                   qb_interval_text(self->to.interval));
    }
    if (partial)
        printf("Partial: bars that miss some of the finer ones that the calendar expects.\n");
    if (left_out)
        printf("Left out: rows of a last bar that is not over, and rows without a session.\n");
    if (dry_run)
        printf("Nothing was stored (--dry-run).\n");
}

static void print_table(const GArray *plans, gboolean dry_run)
{
    const report_style style = report_style_of(1);
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "from", REPORT_LEFT, 0);
    report_table_column(table, "to", REPORT_LEFT, 0);
    report_table_column(table, "bars", REPORT_RIGHT, 0);
    report_table_column(table, "first", REPORT_LEFT, 2);
    report_table_column(table, "last", REPORT_LEFT, 1);
    report_table_column(table, "partial", REPORT_RIGHT, 0);
    report_table_column(table, "left out", REPORT_RIGHT, 0);
    report_table_column(table, "stored", REPORT_RIGHT, 0);
    for (guint i = 0; i < plans->len; i++)
        add_row(table, &g_array_index(plans, resampling, i), dry_run);
    report_table_print(table, &style, stdout);
    print_notes(plans, dry_run);
}

static void set_count(json_t *object, const char *name, gsize count)
{
    json_object_set_new(object, name, json_integer((json_int_t)count));
}

static json_t *stamp_json(const qb_series *bars, gsize row)
{
    char text[QB_TIME_TEXT];
    return bars->count > 0 ? json_string(qb_time_to_text(bars->ts_us[row], text)) : json_null();
}

static json_t *series_json(const resampling *self, gboolean dry_run)
{
    json_t *object = data_key_json(&self->to);
    json_object_set_new(object, "from", json_string(qb_interval_text(self->from.interval)));
    json_object_set_new(object, "provider", json_string(self->provider));
    json_object_set_new(object, "calendar", json_string(self->source.calendar));
    json_object_set_new(object, "adjustment",
                        json_string(cache_adjustment_text(self->source.adjustment)));
    json_object_set_new(object, "source_sha256", json_string(self->source_hash));
    json_object_set_new(object, "source_files", data_lines_json(self->source_files));
    set_count(object, "rows", self->rows);
    set_count(object, "used", self->report.used);
    set_count(object, "no_session", self->report.no_session);
    set_count(object, "unfinished", self->report.unfinished);
    set_count(object, "bars", self->bars.count);
    set_count(object, "partial", self->report.partial);
    json_object_set_new(object, "first", stamp_json(&self->bars, 0));
    json_object_set_new(object, "last", stamp_json(&self->bars, self->bars.count - 1));
    json_object_set_new(object, "stored", json_boolean(!dry_run));
    set_count(object, "added", self->change.added);
    set_count(object, "changed", self->change.changed);
    set_count(object, "unchanged", self->change.unchanged);
    set_count(object, "files_written", self->change.files_written);
    json_object_set_new(object, "set_aside",
                        self->aside != NULL ? json_string(self->aside) : json_null());
    return object;
}

static void print_json(const GArray *plans, gboolean dry_run)
{
    json_auto_t *root = json_object();
    json_t *series = json_array();
    for (guint i = 0; i < plans->len; i++)
        json_array_append_new(series, series_json(&g_array_index(plans, resampling, i), dry_run));
    json_object_set_new(root, "series", series);
    data_print_json(root);
}

/* ---- entry ---------------------------------------------------------------------------------- */

static int resample(const data_query *query, resample_options *options)
{
    GError *error = NULL;
    g_autoptr(GArray) plans = g_array_new(FALSE, TRUE, sizeof(resampling));
    g_array_set_clear_func(plans, resampling_clear);
    if (!read_options(options, query, &error))
        return command_fail(error);
    int exit_code = plan_all(query, options, plans);
    if (exit_code == 0)
        exit_code = run_all(query, options, plans);
    if (exit_code != 0)
        return exit_code;
    if (query->json)
        print_json(plans, options->dry_run);
    else
        print_table(plans, options->dry_run);
    return 0;
}

int command_data_resample(int argc, char **argv)
{
    g_auto(resample_options) options = {0};
    g_auto(data_query) query = {0};
    int exit_code = 0;
    const GOptionEntry more[] = {
        {"to", 0, 0, G_OPTION_ARG_STRING, &options.to, "The interval to make", "INTERVAL"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &options.from,
         "The stored interval to make it from; default: the only finer one", "INTERVAL"},
        {"replace", 0, 0, G_OPTION_ARG_NONE, &options.replace,
         "Set bars of another origin aside first", NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &options.dry_run, "Store nothing", NULL},
        {NULL},
    };
    if (!data_query_read_more(argc, argv, about, more, &query, &exit_code))
        return exit_code;
    return resample(&query, &options);
}
