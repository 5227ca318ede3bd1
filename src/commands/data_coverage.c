/* data coverage: how much of what the calendars expect is stored? In: manifests. Out: a line per
 * series, or per month of one, as table or JSON; a heat map. */
#include "commands/coverage-private.h"

#include <string.h>

static const char about[] =
    "Coverage is the share of bars that the calendar expects, from the first stored bar to the\n"
    "last, which are stored. Bars outside sessions are stored too and never counted. "
    "\"known\"\n"
    "are missing bars of which somebody said that the source has none or the market was closed\n"
    "(quantbot data gaps --help).\n"
    "\n"
    "One series is shown month by month, several with a line each.\n"
    "\n"
    "Examples:\n"
    "  quantbot data coverage\n"
    "  quantbot data coverage spy --png spy.png\n"
    "  quantbot data coverage --asset equity --interval 1d --png equities.png\n"
    "  quantbot data coverage --asset crypto --months --json\n";

static void coverage_clear(gpointer item)
{
    g_array_unref(((coverage *)item)->months);
}

static gsize missing_bars(const cache_entry *whole)
{
    return whole->expected - whole->present;
}

static gsize known_bars(const coverage *self)
{
    return self->missing[CACHE_GAP_EMPTY] + self->missing[CACHE_GAP_CLOSED];
}

/* ---- months --------------------------------------------------------------------------------- */

static void add_month(report_table *table, const char *name, const cache_month *month)
{
    g_autofree char *expected = g_strdup_printf("%" G_GSIZE_FORMAT, month->expected);
    g_autofree char *present = g_strdup_printf("%" G_GSIZE_FORMAT, month->present);
    g_autofree char *rows = g_strdup_printf("%" G_GSIZE_FORMAT, month->rows);
    g_autofree char *share = data_coverage_text(month->present, month->expected);
    const char *const cells[] = {name, expected, present, share, rows};
    report_table_row(table, cells);
    report_table_tone(table, 3, data_coverage_tone(month->present, month->expected));
}

static void print_months(const coverage *self, const report_style *style)
{
    g_autofree char *title = data_key_text(&self->whole.key, TRUE);
    g_autoptr(report_table) table = report_table_new(title);
    const cache_month all = {
        .expected = self->whole.expected, .present = self->whole.present, .rows = self->whole.rows};
    report_table_column(table, "month", REPORT_LEFT, 0);
    report_table_column(table, "expected", REPORT_RIGHT, 0);
    report_table_column(table, "present", REPORT_RIGHT, 0);
    report_table_column(table, "coverage", REPORT_RIGHT, 0);
    report_table_column(table, "rows", REPORT_RIGHT, 1);
    for (guint i = 0; i < self->months->len; i++) {
        const cache_month *month = &g_array_index(self->months, cache_month, i);
        g_autofree char *name = g_strdup_printf("%04d-%02d", month->year, month->month);
        add_month(table, name, month);
    }
    report_table_rule(table);
    add_month(table, "all", &all);
    report_table_print(table, style, stdout);
    if (missing_bars(&self->whole) > 0)
        printf("%" G_GSIZE_FORMAT " missing, %" G_GSIZE_FORMAT
               " of them known to be so; quantbot data gaps %s shows them.\n",
               missing_bars(&self->whole), known_bars(self), self->whole.key.symbol);
}

/* ---- series --------------------------------------------------------------------------------- */

/* Numbers are as wide as their headings, so that a narrow window loses a column, not the words. */
static void add_series(report_table *table, const char *const names[5], const cache_entry *whole,
                       gsize known)
{
    g_autofree char *expected = g_strdup_printf("%8" G_GSIZE_FORMAT, whole->expected);
    g_autofree char *present = g_strdup_printf("%7" G_GSIZE_FORMAT, whole->present);
    g_autofree char *text = data_coverage_text(whole->present, whole->expected);
    g_autofree char *share = g_strdup_printf("%8s", text);
    g_autofree char *missing = g_strdup_printf("%7" G_GSIZE_FORMAT, missing_bars(whole));
    g_autofree char *known_text = g_strdup_printf("%5" G_GSIZE_FORMAT, known);
    const char *const cells[] = {names[0], names[1], names[2], names[3], names[4],
                                 expected, present,  share,    missing,  known_text};
    report_table_row(table, cells);
    report_table_tone(table, 0, REPORT_STRONG);
    report_table_tone(table, 7, data_coverage_tone(whole->present, whole->expected));
}

static void print_series(const GArray *all, const report_style *style)
{
    g_autoptr(report_table) table = report_table_new(NULL);
    cache_entry sum = {0};
    gsize known = 0;
    report_table_column(table, "symbol", REPORT_LEFT, 0);
    report_table_column(table, "asset", REPORT_LEFT, 4);
    report_table_column(table, "bar", REPORT_LEFT, 0);
    report_table_column(table, "from", REPORT_LEFT, 2);
    report_table_column(table, "to", REPORT_LEFT, 2);
    report_table_column(table, "expected", REPORT_RIGHT, 3);
    report_table_column(table, "present", REPORT_RIGHT, 5);
    report_table_column(table, "coverage", REPORT_RIGHT, 0);
    report_table_column(table, "missing", REPORT_RIGHT, 0);
    report_table_column(table, "known", REPORT_RIGHT, 1);
    for (guint i = 0; i < all->len; i++) {
        const coverage *one = &g_array_index(all, coverage, i);
        const cache_key *key = &one->whole.key;
        g_autofree char *from = data_stamp_text(one->whole.first_us, QB_1D);
        g_autofree char *to = data_stamp_text(one->whole.last_us, QB_1D);
        const char *const names[5] = {key->symbol, qb_asset_text(key->asset),
                                      qb_interval_text(key->interval), from, to};
        add_series(table, names, &one->whole, known_bars(one));
        sum.expected += one->whole.expected;
        sum.present += one->whole.present;
        known += known_bars(one);
    }
    report_table_rule(table);
    add_series(table, (const char *const[5]){"all", "", "", "", ""}, &sum, known);
    report_table_print(table, style, stdout);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *month_json(const cache_month *month)
{
    g_autofree char *name = g_strdup_printf("%04d-%02d", month->year, month->month);
    return json_pack("{s:s, s:I, s:I, s:I, s:o}", "month", name, "expected",
                     (json_int_t)month->expected, "present", (json_int_t)month->present, "rows",
                     (json_int_t)month->rows, "coverage",
                     data_coverage_json(month->present, month->expected));
}

static json_t *series_json(const coverage *self, gboolean with_months)
{
    const cache_entry *whole = &self->whole;
    json_t *object = data_key_json(&whole->key), *missing = json_object();
    for (int state = 0; state < CACHE_GAP_STATES; state++)
        json_object_set_new(missing, cache_gap_state_text((cache_gap_state)state),
                            json_integer((json_int_t)self->missing[state]));
    json_object_set_new(object, "first", data_time_json(whole->first_us));
    json_object_set_new(object, "last", data_time_json(whole->last_us));
    json_object_set_new(object, "rows", json_integer((json_int_t)whole->rows));
    json_object_set_new(object, "expected", json_integer((json_int_t)whole->expected));
    json_object_set_new(object, "present", json_integer((json_int_t)whole->present));
    json_object_set_new(object, "coverage", data_coverage_json(whole->present, whole->expected));
    json_object_set_new(object, "missing", missing);
    if (with_months) {
        json_t *months = json_array();
        for (guint i = 0; i < self->months->len; i++)
            json_array_append_new(months, month_json(&g_array_index(self->months, cache_month, i)));
        json_object_set_new(object, "months", months);
    }
    return object;
}

static void print_json(const GArray *all, gboolean months, const char *png)
{
    json_auto_t *root = json_object();
    json_t *series = json_array();
    for (guint i = 0; i < all->len; i++)
        json_array_append_new(series, series_json(&g_array_index(all, coverage, i), months));
    json_object_set_new(root, "series", series);
    if (png != NULL)
        json_object_set_new(root, "png", json_string(png));
    data_print_json(root);
}

/* ---- the command ---------------------------------------------------------------------------- */

/* Those that can be told; the others are printed as errors. Returns the exit code. */
static int cover_all(cache *cache, const GArray *keys, GArray *all)
{
    int exit_code = 0;
    for (guint i = 0; i < keys->len; i++) {
        GError *error = NULL;
        coverage one = {0};
        one.months = cache_coverage(cache, &g_array_index(keys, cache_key, i), &one.whole, &error);
        if (one.months != NULL && cache_gap_counts(cache, &one.whole, one.missing, &error)) {
            g_array_append_val(all, one);
            continue;
        }
        if (one.months != NULL)
            g_array_unref(one.months);
        if (g_error_matches(error, FAILURE, FAILURE_MISSING))
            g_clear_error(&error); /* a first import ended before its first file */
        else
            exit_code = command_fail(error);
    }
    return exit_code;
}

static void print_text(const GArray *all, gboolean months)
{
    const report_style style = report_style_of(1);
    if (all->len == 0)
        printf("No series stored yet; quantbot data import --help shows how.\n");
    else if (!months)
        print_series(all, &style);
    for (guint i = 0; months && i < all->len; i++) {
        if (i > 0)
            putchar('\n');
        print_months(&g_array_index(all, coverage, i), &style);
    }
}

static int show(const data_query *query, gboolean months, const char *png)
{
    g_autoptr(GArray) all = g_array_new(FALSE, TRUE, sizeof(coverage));
    g_array_set_clear_func(all, coverage_clear);
    const int exit_code = cover_all(query->cache, query->keys, all);
    const gboolean detail = months || all->len == 1;
    GError *error = NULL;
    if (png != NULL && all->len > 0 && !coverage_draw(all, png, &error))
        return command_fail(error);
    if (query->json)
        print_json(all, detail, all->len > 0 ? png : NULL);
    else
        print_text(all, detail);
    if (!query->json && png != NULL && all->len > 0)
        printf("Heat map: %s\n", png);
    return exit_code;
}

int command_data_coverage(int argc, char **argv)
{
    g_auto(data_query) query = {0};
    gboolean months = FALSE;
    g_autofree char *png = NULL;
    int exit_code = 0;
    const GOptionEntry more[] = {
        {"months", 0, 0, G_OPTION_ARG_NONE, &months, "Month by month, also of several series",
         NULL},
        {"png", 0, 0, G_OPTION_ARG_FILENAME, &png, "Write a heat map", "FILE"},
        {NULL},
    };
    if (!data_query_read_more(argc, argv, about, more, &query, &exit_code) ||
        !data_query_bars_only(&query, &exit_code))
        return exit_code;
    return show(&query, months, png);
}
