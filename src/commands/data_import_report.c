/* What data import says about each file: text for people, JSON for programs. */
#include "commands/import-private.h"

char *import_stamp_text(qb_interval interval, gint64 ts_us)
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
static void print_counts(const import_file *self)
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

static void print_bars(const import_file *self)
{
    const qb_series *series = &self->series;
    g_autofree char *first = import_stamp_text(self->key.interval, series->ts_us[0]);
    g_autofree char *last = import_stamp_text(self->key.interval, series->ts_us[series->count - 1]);
    if (self->symbol_guessed)
        printf("  symbol      %s, from the name of the file\n", self->key.symbol);
    printf("  bars        %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " rows, %s to %s (%s)\n",
           series->count, self->report.rows, first, last, qb_calendar_name(self->bars.calendar));
    printf("  columns     %s\n", self->report.columns);
    printf("  adjustment  %s%s%s\n", cache_adjustment_text(self->adjustment),
           self->adjustment_note != NULL ? ": " : "",
           self->adjustment_note != NULL ? self->adjustment_note : "");
    print_counts(self);
    import_print_defects(self);
}

static void print_import(const import_file *self, gboolean dry_run)
{
    g_autofree char *file = failure_path(self->path);
    printf("%s %s %s%s\n", self->key.symbol, qb_asset_text(self->key.asset),
           qb_interval_text(self->key.interval), self->stored_bars ? ", stored" : "");
    if (!self->stored_bars) {
        printf("  file        %s\n", file);
        print_bars(self);
    }
    import_print_actions(self);
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

static void set_text(json_t *object, const char *name, const char *text)
{
    json_object_set_new(object, name, text != NULL ? json_string(text) : json_null());
}

static void set_rows(json_t *object, const import_file *self)
{
    const csv_bars_report *report = &self->report;
    const qb_series *series = &self->series;
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    set_text(object, "columns", report->columns);
    set_text(object, "first", qb_time_to_text(series->ts_us[0], first));
    set_text(object, "last", qb_time_to_text(series->ts_us[series->count - 1], last));
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
    json_object_set_new(object, "defects", import_defects_json(self));
}

static json_t *import_json(const import_file *self, gboolean dry_run)
{
    g_autofree char *file = failure_path(self->path);
    json_t *object = data_key_json(&self->key);
    set_text(object, "file", file);
    set_text(object, "source_sha256", self->source_hash);
    json_object_set_new(object, "symbol_from_name", json_boolean(self->symbol_guessed));
    set_text(object, "calendar", qb_calendar_name(self->bars.calendar));
    set_text(object, "adjustment", cache_adjustment_text(self->adjustment));
    set_text(object, "adjustment_note", self->adjustment_note);
    if (!self->stored_bars)
        set_rows(object, self);
    json_object_set_new(object, "actions", import_actions_json(self));
    json_object_set_new(object, "stored", json_boolean(!dry_run));
    set_count(object, "added", self->change.added);
    set_count(object, "changed", self->change.changed);
    set_count(object, "unchanged", self->change.unchanged);
    set_count(object, "files_written", self->change.files_written);
    json_object_set_new(object, "notes", data_lines_json(self->report.notes));
    return object;
}

void import_print(const GArray *imports, const import_options *flags)
{
    if (!flags->json) {
        for (guint i = 0; i < imports->len; i++)
            print_import(&g_array_index(imports, import_file, i), flags->dry_run);
        return;
    }
    json_auto_t *root = json_object();
    json_t *files = json_array();
    for (guint i = 0; i < imports->len; i++)
        json_array_append_new(files,
                              import_json(&g_array_index(imports, import_file, i), flags->dry_run));
    json_object_set_new(root, "files", files);
    data_print_json(root);
}
