/* A file of windows in which nothing is entered: meetings of a central bank, earnings.
 *
 *     from,to,symbol,what
 *     2024-01-31,,,FOMC
 *     2024-02-01T20:30:00Z,2024-02-02T15:00:00Z,AAPL,earnings
 *
 * A bare date is that whole day on the wall clock of the instrument's calendar, as `to` its end is
 * meant; without `to` a date is one day. A time without a zone is UTC. Without a symbol a row is
 * for every instrument; rows of instruments that the run does not have are left out. */
#include "commands/run-private.h"
#include "csv/csv.h"
#include "platform/files.h"

#include <string.h>

#define FILE_LIMIT (16u * 1024u * 1024u)
#define WINDOW_LIMIT 100000u
#define DATE_LENGTH strlen("2024-01-31")

/* A row before it is laid over a calendar. */
typedef struct window_row {
    gint64 from_us, to_us; /* of dates: 00:00 UTC, of the day after for `to` */
    gboolean from_is_date, to_is_date;
    char *symbol; /* as written; NULL: all */
    const char *what;
} window_row;

typedef struct reader {
    const csv_table *table;
    const char *path;
    int from, to, symbol, what; /* columns; -1: absent */
    failures problems;
    const run_plan *plan;
    run_risk *risk;
} reader;

/* ---- cells --------------------------------------------------------------------------------- */

static char *cell_text(const reader *self, gsize row, int column)
{
    gsize length = 0;
    if (column < 0)
        return g_strdup("");
    const char *text = csv_table_cell(self->table, row, column, &length);
    return g_strstrip(g_strndup(text, length));
}

static gboolean read_moment(reader *self, gsize row, int column, gint64 *out_us, gboolean *out_date)
{
    gsize length = 0;
    csv_table_cell(self->table, row, column, &length);
    *out_date = length == DATE_LENGTH;
    return csv_table_time(self->table, row, column, &self->problems, out_us);
}

static void complain(reader *self, gsize row, const char *column, const char *value,
                     const char *expected)
{
    g_autofree char *path = failure_path(self->path), *quoted = failure_quote(value, -1);
    failures_add(&self->problems, "%s:%" G_GSIZE_FORMAT ": %s: %s (expected %s)", path,
                 csv_table_line(self->table, row), column, quoted, expected);
}

static gboolean read_row(reader *self, gsize row, window_row *out)
{
    g_autofree char *to = cell_text(self, row, self->to);
    if (!read_moment(self, row, self->from, &out->from_us, &out->from_is_date))
        return FALSE;
    out->to_is_date = out->from_is_date;
    out->to_us = out->from_us;
    if (*to != '\0' && !read_moment(self, row, self->to, &out->to_us, &out->to_is_date))
        return FALSE;
    if (*to == '\0' && !out->from_is_date) {
        complain(self, row, "to", to, "a date or a time: from has a time");
        return FALSE;
    }
    if (out->to_is_date)
        out->to_us += QB_DAY_US;
    if (out->to_us <= out->from_us) {
        complain(self, row, "to", to, "after from");
        return FALSE;
    }
    g_autofree char *what = cell_text(self, row, self->what);
    out->what = g_string_chunk_insert(self->risk->words, *what != '\0' ? what : "blackout");
    out->symbol = cell_text(self, row, self->symbol);
    return TRUE;
}

/* ---- windows ------------------------------------------------------------------------------- */

/* 00:00 of a date on the calendar's wall clock. */
static gint64 midnight_us(const qb_calendar *calendar, gint64 date_us)
{
    return date_us - qb_calendar_offset_us(calendar, date_us);
}

static void add_window(reader *self, const window_row *row, const qb_calendar *calendar,
                       guint32 instrument)
{
    const qb_blackout window = {
        .from_us = row->from_is_date ? midnight_us(calendar, row->from_us) : row->from_us,
        .to_us = row->to_is_date ? midnight_us(calendar, row->to_us) : row->to_us,
        .instrument = instrument,
        .what = row->what,
    };
    g_array_append_val(self->risk->windows, window);
}

static gboolean is_symbol(const qb_instrument *instrument, const char *text)
{
    char symbol[QB_SYMBOL_SIZE];
    return qb_symbol_normalise(text, instrument->asset, symbol) == QB_OK &&
           strcmp(symbol, instrument->symbol) == 0;
}

/* One window for all where they share a wall clock, or the row has times; else one for each. */
static void add_row(reader *self, const window_row *row)
{
    const qb_instrument *instruments = self->plan->instruments;
    const guint32 count = self->plan->count;
    gboolean one_clock = !row->from_is_date && !row->to_is_date;
    if (!one_clock) {
        one_clock = TRUE;
        for (guint32 i = 1; i < count; i++)
            one_clock &= instruments[i].calendar == instruments[0].calendar;
    }
    if (*row->symbol == '\0' && one_clock) {
        add_window(self, row, instruments[0].calendar, UINT32_MAX);
        return;
    }
    for (guint32 i = 0; i < count; i++)
        if (*row->symbol == '\0' || is_symbol(&instruments[i], row->symbol))
            add_window(self, row, instruments[i].calendar, i);
}

static int compare_windows(const void *a, const void *b)
{
    const qb_blackout *left = a, *right = b;
    if (left->from_us != right->from_us)
        return left->from_us < right->from_us ? -1 : 1;
    if (left->to_us != right->to_us)
        return left->to_us < right->to_us ? -1 : 1;
    return (left->instrument > right->instrument) - (left->instrument < right->instrument);
}

/* ---- the file ------------------------------------------------------------------------------ */

static csv_table *open_table(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = files_read(path, FILE_LIMIT, error);
    if (bytes == NULL)
        return NULL;
    g_autoptr(GBytes) text = csv_inflate(bytes, path, error);
    return text != NULL ? csv_table_parse(text, path, error) : NULL;
}

static gboolean find_columns(reader *self)
{
    g_autofree char *path = failure_path(self->path);
    self->from = csv_table_column(self->table, "from");
    self->to = csv_table_column(self->table, "to");
    self->symbol = csv_table_column(self->table, "symbol");
    self->what = csv_table_column(self->table, "what");
    if (self->from < 0)
        failures_add(&self->problems, "%s: there is no column from (expected from,to,symbol,what)",
                     path);
    if (self->to < 0)
        failures_add(&self->problems, "%s: there is no column to (expected from,to,symbol,what)",
                     path);
    return self->from >= 0 && self->to >= 0;
}

static void read_rows(reader *self)
{
    for (gsize row = 0; row < csv_table_rows(self->table); row++) {
        window_row item = {0};
        if (read_row(self, row, &item))
            add_row(self, &item);
        g_free(item.symbol);
        if (self->risk->windows->len > WINDOW_LIMIT) {
            g_autofree char *path = failure_path(self->path);
            failures_add(&self->problems, "%s: more than %u windows for this universe", path,
                         WINDOW_LIMIT);
            return;
        }
    }
}

gboolean run_blackouts_read(const char *path, const run_plan *plan, run_risk *risk, GError **error)
{
    g_autoptr(csv_table) table = open_table(path, error);
    if (table == NULL)
        return FALSE;
    reader self = {.table = table, .path = path, .plan = plan, .risk = risk};
    failures_init(&self.problems);
    if (find_columns(&self))
        read_rows(&self);
    g_array_sort(risk->windows, compare_windows);
    return failures_finish(&self.problems, FAILURE_BAD_DATA, error);
}

/* ---- as the run's row keeps them ------------------------------------------------------------ */

json_t *run_blackouts_to_json(const run_plan *plan)
{
    json_t *all = json_array();
    for (guint i = 0; i < plan->risk.windows->len; i++) {
        const qb_blackout *window = &g_array_index(plan->risk.windows, qb_blackout, i);
        char from[QB_TIME_TEXT], to[QB_TIME_TEXT];
        json_t *item = json_pack("{s:s, s:s, s:s}", "from", qb_time_to_text(window->from_us, from),
                                 "to", qb_time_to_text(window->to_us, to), "what", window->what);
        if (window->instrument != UINT32_MAX)
            json_object_set_new(item, "symbol", json_string(plan->symbols[window->instrument]));
        json_array_append_new(all, item);
    }
    return all;
}

static gboolean moment_of(const json_t *item, const char *key, int64_t *out_us)
{
    const char *text = json_string_value(json_object_get(item, key));
    return text != NULL && qb_time_from_text(text, strlen(text), out_us) == QB_OK;
}

gboolean run_blackouts_from_json(const json_t *all, const run_plan *plan, run_risk *risk,
                                 GError **error)
{
    gsize index;
    const json_t *item;
    json_array_foreach(all, index, item)
    {
        qb_blackout window = {.instrument = UINT32_MAX};
        const char *what = json_string_value(json_object_get(item, "what"));
        const char *symbol = json_string_value(json_object_get(item, "symbol"));
        for (guint32 i = 0; symbol != NULL && i < plan->count; i++)
            if (strcmp(plan->symbols[i], symbol) == 0)
                window.instrument = i;
        if (what == NULL || !moment_of(item, "from", &window.from_us) ||
            !moment_of(item, "to", &window.to_us) ||
            (symbol != NULL && window.instrument == UINT32_MAX) || index >= WINDOW_LIMIT) {
            g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                        "the run's stored blackouts cannot be read");
            return FALSE;
        }
        window.what = g_string_chunk_insert(risk->words, what);
        g_array_append_val(risk->windows, window);
    }
    return TRUE;
}
