/* data show, for macro series: what is or was known, or how one value was revised. */
#include "commands/show-private.h"

#include <math.h>

/* ---- text ----------------------------------------------------------------------------------- */

static char *end_text(gint64 known_to_us)
{
    return known_to_us == G_MAXINT64 ? g_strdup("now") : show_time(known_to_us, FALSE);
}

static char *title_of(const cache_key *key, const show_options *options)
{
    g_autofree char *period = show_time(options->vintages ? options->period_us : 0, FALSE);
    g_autofree char *as_of = show_time(options->as_of ? options->as_of_us : 0, TRUE);
    return g_strdup_printf("macro %s %s%s%s%s%s", key->symbol, qb_interval_text(key->interval),
                           options->vintages ? ", every version of " : "",
                           options->vintages ? period : "", options->as_of ? ", as known on " : "",
                           options->as_of ? as_of : "");
}

static void print_basis(const macro_series *values)
{
    if ((values->basis & MACRO_ASSUMED) != 0)
        printf("When values became known is assumed (import --lag), at least in part.\n");
    if ((values->basis & MACRO_IMPORTED) != 0)
        printf("Some values count from their import on, for want of a publication date.\n");
}

static void print_table(const cache_key *key, const macro_series *values,
                        const show_options *options)
{
    const report_style style = report_style_of(1);
    g_autofree char *title = title_of(key, options);
    g_autoptr(report_table) table = report_table_new(title);
    gsize first, rows;
    report_table_column(table, "period", REPORT_LEFT, 0);
    report_table_column(table, "value", REPORT_RIGHT, 0);
    report_table_column(table, "known from", REPORT_LEFT, 0);
    report_table_column(table, "until", REPORT_LEFT, 1);
    show_window(options, values->count, &first, &rows);
    for (gsize i = first; i < first + rows; i++) {
        g_autofree char *period = show_time(values->ts_us[i], FALSE);
        g_autofree char *value = isnan(values->value[i]) ? g_strdup("withdrawn")
                                                         : show_number(values->value[i]);
        g_autofree char *from = show_time(values->known_from_us[i], FALSE);
        g_autofree char *to = end_text(values->known_to_us[i]);
        const char *const cells[] = {period, value, from, to};
        report_table_row(table, cells);
    }
    if (values->count > 0)
        report_table_print(table, &style, stdout);
    else
        printf("%s: nothing%s\n", title, options->as_of ? " was known" : "");
    show_left_out(rows, values->count);
    print_basis(values);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static char *row_json(const macro_series *values, gsize i)
{
    GString *text = g_string_new(NULL);
    show_add_time(text, "ts", values->ts_us[i]);
    show_add_number(text, "value", values->value[i]);
    show_add_time(text, "known_from", values->known_from_us[i]);
    show_add_time(text, "known_to", values->known_to_us[i]);
    return g_string_free(text, FALSE);
}

static void print_json(const cache_key *key, const macro_series *values,
                       const show_options *options)
{
    char as_of[QB_TIME_TEXT];
    json_auto_t *head = data_key_json(key);
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *basis = macro_basis_text(values->basis);
    gsize first, shown;
    show_window(options, values->count, &first, &shown);
    for (gsize i = first; i < first + shown; i++)
        g_ptr_array_add(rows, row_json(values, i));
    json_object_set_new(head, "as_of",
                        options->as_of ? json_string(qb_time_to_text(options->as_of_us, as_of))
                                       : json_null());
    json_object_set_new(head, "known_from", json_string(basis));
    json_object_set_new(head, "count", json_integer((json_int_t)values->count));
    show_print_json(head, rows);
}

/* ---- which values --------------------------------------------------------------------------- */

static gboolean no_memory(GError **error)
{
    return failure_from_status(error, QB_NO_MEMORY, "values");
}

/* Only the period that this instant lies in. */
static void keep_period(macro_series *values, qb_interval interval, gint64 instant_us)
{
    gsize count = 0;
    for (gsize i = 0; i < values->count; i++) {
        if (values->ts_us[i] > instant_us ||
            qb_period_end_us(interval, values->ts_us[i]) <= instant_us)
            continue;
        values->ts_us[count] = values->ts_us[i];
        values->value[count] = values->value[i];
        values->known_from_us[count] = values->known_from_us[i];
        values->known_to_us[count++] = values->known_to_us[i];
    }
    values->count = count;
}

static gboolean choose(macro_series *all, const cache_key *key, const show_options *options,
                       GError **error)
{
    macro_series known = {0};
    if (options->vintages)
        keep_period(all, key->interval, options->period_us);
    if (options->vintages && !options->as_of)
        return TRUE;
    if (!macro_series_as_of(all, options->as_of_us, &known))
        return no_memory(error);
    macro_series_clear(all);
    *all = known;
    return TRUE;
}

gboolean show_values(cache *cache, const cache_key *key, const show_options *options,
                     GError **error)
{
    macro_series values = {0};
    if (!cache_macro_read(cache, key, options->from_us, options->to_us, &values, NULL, error))
        return FALSE;
    const gboolean ok = choose(&values, key, options, error);
    if (ok && options->json)
        print_json(key, &values, options);
    else if (ok)
        print_table(key, &values, options);
    macro_series_clear(&values);
    return ok;
}
