/* What data import --asset macro says about each series: text for people, JSON for programs. */
#include "commands/macro-private.h"

static gint64 first_known(const macro_series *rows)
{
    gint64 first = G_MAXINT64;
    for (gsize i = 0; i < rows->count; i++)
        first = MIN(first, rows->known_from_us[i]);
    return first;
}

static gint64 last_known(const macro_series *rows)
{
    gint64 last = G_MININT64;
    for (gsize i = 0; i < rows->count; i++)
        last = MAX(last, rows->known_from_us[i]);
    return last;
}

static gsize observations(const macro_series *rows)
{
    gsize count = 0;
    for (gsize i = 0; i < rows->count; i++)
        count += i == 0 || rows->ts_us[i] != rows->ts_us[i - 1];
    return count;
}

/* The date, and the time where it is not midnight. */
static char *time_text(gint64 us)
{
    char text[QB_TIME_TEXT];
    return g_strdup(us % QB_DAY_US == 0 ? qb_date_to_text(qb_date_from_us(us), text)
                                        : qb_time_to_text(us, text));
}

static char *knowledge_text(const macro_import *self, const macro_plan *plan,
                            const macro_options *flags)
{
    g_autofree char *first = time_text(first_known(&self->rows));
    g_autofree char *last = time_text(last_known(&self->rows));
    if (self->values.vintages)
        return g_strdup_printf("as its vintages say, %s to %s", first, last);
    if (plan->basis == MACRO_ASSUMED)
        return g_strdup_printf("%s after each period: assumed, and marked so", flags->lag);
    if (plan->basis == MACRO_STATED)
        return g_strdup_printf("%s, as --known-from says", first);
    return g_strdup_printf("this import, of no use for the past: --lag 45d assumes a delay after "
                           "each period, --known-from DATE states a day");
}

static void print_count(GString *line, gsize count, const char *what)
{
    if (count > 0)
        g_string_append_printf(line, "%s%" G_GSIZE_FORMAT " %s", line->len > 0 ? ", " : "", count,
                               what);
}

static void print_counts(const csv_values *values)
{
    g_autoptr(GString) line = g_string_new(NULL);
    print_count(line, values->blanks - values->withdrawn, "blank");
    print_count(line, values->withdrawn, "withdrawn (kept)");
    print_count(line, values->other_rows, "rows of others");
    print_count(line, values->duplicates, "repeated");
    print_count(line, values->moved, "out of order (sorted)");
    if (line->len > 0)
        printf("  met         %s\n", line->str);
}

static void print_import(const macro_import *self, const macro_plan *plan,
                         const macro_options *flags, const report_style *style)
{
    const macro_series *rows = &self->rows;
    g_autofree char *file = failure_path(self->path);
    g_autofree char *column = failure_path(self->values.name);
    printf("%s macro %s from %s, column %s\n", self->key.symbol,
           qb_interval_text(self->key.interval), file, column);
    if (rows->count > 0) {
        g_autofree char *first = time_text(rows->ts_us[0]);
        g_autofree char *last = time_text(rows->ts_us[rows->count - 1]);
        printf("  values      %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " rows, %" G_GSIZE_FORMAT
               " periods, %s to %s\n",
               rows->count, self->values.rows, observations(rows), first, last);
    } else {
        printf("  values      none in %" G_GSIZE_FORMAT " rows\n", self->values.rows);
    }
    print_counts(&self->values);
    if (rows->count > 0) {
        g_autofree char *known = knowledge_text(self, plan, flags);
        g_autofree char *line = g_strconcat("known from  ", known, NULL);
        report_text_print(line, 2, REPORT_PLAIN, style, stdout);
    }
    if (flags->dry_run)
        printf("  stored      nothing (--dry-run)\n");
    else
        printf("  stored      %" G_GSIZE_FORMAT " new, %" G_GSIZE_FORMAT
               " changed, %" G_GSIZE_FORMAT " as before, in %" G_GSIZE_FORMAT " files\n",
               self->change.added, self->change.changed, self->change.unchanged + self->known,
               self->change.files_written);
}

static void set_count(json_t *object, const char *name, gsize count)
{
    json_object_set_new(object, name, json_integer((json_int_t)count));
}

static json_t *time_json(const macro_series *rows, gint64 us)
{
    char text[QB_TIME_TEXT];
    return rows->count > 0 ? json_string(qb_time_to_text(us, text)) : json_null();
}

static json_t *import_json(const macro_import *self, const macro_options *flags)
{
    const macro_series *rows = &self->rows;
    const csv_values *values = &self->values;
    g_autofree char *file = failure_path(self->path);
    g_autofree char *column = failure_path(values->name);
    g_autofree char *basis = macro_basis_text(rows->basis);
    const gsize count = rows->count;
    json_t *object = data_key_json(&self->key);
    json_object_set_new(object, "file", json_string(file));
    json_object_set_new(object, "source_sha256", json_string(self->source_hash));
    json_object_set_new(object, "column", json_string(column));
    json_object_set_new(object, "first", time_json(rows, count > 0 ? rows->ts_us[0] : 0));
    json_object_set_new(object, "last", time_json(rows, count > 0 ? rows->ts_us[count - 1] : 0));
    json_object_set_new(object, "known_from", json_string(basis));
    json_object_set_new(object, "first_known", time_json(rows, first_known(rows)));
    json_object_set_new(object, "last_known", time_json(rows, last_known(rows)));
    set_count(object, "rows", values->rows);
    set_count(object, "values", count);
    set_count(object, "periods", observations(rows));
    set_count(object, "blanks", values->blanks);
    set_count(object, "withdrawn", values->withdrawn);
    set_count(object, "other_rows", values->other_rows);
    set_count(object, "duplicates", values->duplicates);
    set_count(object, "out_of_order", values->moved);
    json_object_set_new(object, "stored", json_boolean(!flags->dry_run));
    set_count(object, "added", self->change.added);
    set_count(object, "changed", self->change.changed);
    set_count(object, "unchanged", self->change.unchanged + self->known);
    set_count(object, "files_written", self->change.files_written);
    return object;
}

void macro_import_print(const GArray *imports, const macro_plan *plan, const macro_options *flags)
{
    const report_style style = report_style_of(1);
    json_auto_t *root = json_object();
    json_t *series = json_array();
    for (guint i = 0; i < imports->len; i++) {
        const macro_import *import = &g_array_index(imports, macro_import, i);
        if (flags->json)
            json_array_append_new(series, import_json(import, flags));
        else
            print_import(import, plan, flags, &style);
    }
    json_object_set_new(root, "series", series);
    if (flags->json)
        data_print_json(root);
}
