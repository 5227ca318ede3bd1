/* What a series looks like as a whole: the questions that data verify asks of what is stored, asked
 * of a file before anything is stored. */
#include "commands/import-private.h"

#include <math.h>

/* Row by row nothing is left that the reader did not count. */
static qb_status judge(const import_file *self, qb_defects *out)
{
    return qb_suspect(&self->series, self->bars.calendar, self->key.interval,
                      self->adjustment != CACHE_RAW, out);
}

gboolean import_judge(import_file *self, GError **error)
{
    qb_defects defects = {0};
    qb_status status = judge(self, &defects);
    if (status == QB_OK && defects.count > 0) {
        gsize count = defects.count;
        defects = (qb_defects){.items = g_try_new(qb_defect, count), .capacity = count};
        self->defects = defects;
        status = defects.items != NULL ? judge(self, &defects) : QB_NO_MEMORY;
        self->defects = defects;
    }
    return status == QB_OK || failure_from_status(error, status, self->path);
}

/* ---- every kind ----------------------------------------------------------------------------- */

/* Rows of the file, or places of the series, with that defect. */
static gsize count_of(const import_file *self, qb_defect_kind kind)
{
    const csv_bars_report *report = &self->report;
    switch (kind) {
    case QB_DEFECT_OUT_OF_ORDER:
        return report->moved;
    case QB_DEFECT_DUPLICATE:
        return report->duplicates;
    case QB_DEFECT_NOT_FINITE:
        return report->faults[CSV_FAULT_NO_PRICE];
    case QB_DEFECT_NOT_POSITIVE:
        return report->faults[CSV_FAULT_NOT_POSITIVE];
    case QB_DEFECT_HIGH_LOW:
        return report->high_low;
    case QB_DEFECT_MISALIGNED:
        return report->faults[CSV_FAULT_OFF_GRID];
    case QB_DEFECT_NON_SESSION:
        return report->non_session;
    case QB_DEFECT_OUTSIDE_SESSION:
        return report->outside_session;
    case QB_DEFECT_FORWARD_FILL:
        return report->forward_filled;
    default:
        return self->defects.by_kind[kind];
    }
}

/* The rows that they span. */
static gsize rows_of(const import_file *self, qb_defect_kind kind)
{
    gsize rows = 0;
    for (gsize i = 0; i < self->defects.stored; i++)
        if (self->defects.items[i].kind == kind)
            rows += self->defects.items[i].rows;
    return rows > 0 ? rows : count_of(self, kind);
}

/* What became of such rows. */
static const char *fate_of(const import_file *self, qb_defect_kind kind)
{
    if (kind == QB_DEFECT_OUT_OF_ORDER)
        return "sorted";
    if (kind == QB_DEFECT_DUPLICATE || qb_defect_is_fatal(kind) ||
        (kind == QB_DEFECT_OUTSIDE_SESSION && !self->bars.extended))
        return "left out";
    return "kept";
}

/* The gravest first; `at` counts from 0. QB_DEFECT_KIND_COUNT at the end. */
static qb_defect_kind kind_at(const import_file *self, guint at)
{
    for (int severity = QB_SEVERITY_ERROR; severity >= QB_SEVERITY_NOTE; severity--)
        for (int kind = 0; kind < QB_DEFECT_KIND_COUNT; kind++)
            if ((int)qb_defect_severity(kind) == severity && count_of(self, kind) > 0 && at-- == 0)
                return (qb_defect_kind)kind;
    return QB_DEFECT_KIND_COUNT;
}

/* ---- text ----------------------------------------------------------------------------------- */

#define PLACES_SHOWN 3

static char *place_text(const import_file *self, const qb_defect *defect)
{
    g_autofree char *stamp = import_stamp_text(self->key.interval, defect->ts_us);
    g_autofree char *rows = defect->rows > 1
                                ? g_strdup_printf(" (%" G_GSIZE_FORMAT " bars)", defect->rows)
                                : g_strdup("");
    if (isnan(defect->value))
        return g_strdup_printf("%s%s", stamp, rows);
    return g_strdup_printf("%s %s %.6g%s", stamp, defect->field, defect->value, rows);
}

/* ": 2014-06-09 open 0.1436, ..." for those of the series; lines of the file stand in the notes. */
static char *places_text(const import_file *self, qb_defect_kind kind)
{
    GString *text = g_string_new(NULL);
    gsize shown = 0;
    for (gsize i = 0; i < self->defects.stored && shown < PLACES_SHOWN; i++) {
        const qb_defect *defect = &self->defects.items[i];
        if (defect->kind != kind)
            continue;
        g_autofree char *place = place_text(self, defect);
        g_string_append_printf(text, "%s%s", shown++ == 0 ? ": " : ", ", place);
    }
    if (self->defects.by_kind[kind] > shown)
        g_string_append(text, " ...");
    return g_string_free(text, FALSE);
}

void import_print_defects(const import_file *self)
{
    qb_defect_kind kind;
    for (guint at = 0; (kind = kind_at(self, at)) < QB_DEFECT_KIND_COUNT; at++) {
        g_autofree char *places = places_text(self, kind);
        printf("  %-10s  %-7s  %s, %" G_GSIZE_FORMAT " %s%s\n", at == 0 ? "defects" : "",
               qb_severity_text(qb_defect_severity(kind)), qb_defect_text(kind),
               count_of(self, kind), fate_of(self, kind), places);
        printf("                       %s\n", qb_defect_suggestion(kind));
    }
}

/* ---- JSON ----------------------------------------------------------------------------------- */

#define PLACES_LISTED 20

static json_t *place_json(const qb_defect *defect)
{
    char stamp[QB_TIME_TEXT];
    json_t *object = json_object();
    json_object_set_new(object, "ts", json_string(qb_time_to_text(defect->ts_us, stamp)));
    json_object_set_new(object, "bars", json_integer((json_int_t)defect->rows));
    json_object_set_new(object, "field", json_string(defect->field));
    json_object_set_new(object, "value",
                        isfinite(defect->value) ? json_real(defect->value) : json_null());
    return object;
}

static json_t *places_json(const import_file *self, qb_defect_kind kind)
{
    json_t *list = json_array();
    for (gsize i = 0; i < self->defects.stored && json_array_size(list) < PLACES_LISTED; i++)
        if (self->defects.items[i].kind == kind)
            json_array_append_new(list, place_json(&self->defects.items[i]));
    return list;
}

json_t *import_defects_json(const import_file *self)
{
    json_t *list = json_array();
    qb_defect_kind kind;
    for (guint at = 0; (kind = kind_at(self, at)) < QB_DEFECT_KIND_COUNT; at++) {
        json_t *object = json_object();
        json_object_set_new(object, "kind", json_string(qb_defect_text(kind)));
        json_object_set_new(object, "severity",
                            json_string(qb_severity_text(qb_defect_severity(kind))));
        json_object_set_new(object, "count", json_integer((json_int_t)count_of(self, kind)));
        json_object_set_new(object, "rows", json_integer((json_int_t)rows_of(self, kind)));
        json_object_set_new(object, "fate", json_string(fate_of(self, kind)));
        json_object_set_new(object, "suggestion", json_string(qb_defect_suggestion(kind)));
        json_object_set_new(object, "places", places_json(self, kind));
        json_array_append_new(list, object);
    }
    return list;
}
