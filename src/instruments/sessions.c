/* Sessions from a CSV: session,open,close[,break_start,break_end], dates and UTC times. What a list
 * says with its times alone is added here: the wall clock's offset, and which closes are early. */
#include "csv/csv.h"
#include "instruments/instruments-private.h"

#include <string.h>

typedef struct columns {
    int session, open, close, break_start, break_end; /* -1: absent */
} columns;

typedef struct reading {
    const csv_table *table;
    columns at;
    const char *file;
    failures *problems;
} reading;

static gboolean find_columns(const csv_table *table, const char *file, columns *out,
                             failures *problems)
{
    *out = (columns){
        csv_table_column(table, "session"),   csv_table_column(table, "open"),
        csv_table_column(table, "close"),     csv_table_column(table, "break_start"),
        csv_table_column(table, "break_end"),
    };
    if (out->session >= 0 && out->open >= 0 && out->close >= 0 &&
        (out->break_start >= 0) == (out->break_end >= 0))
        return TRUE;
    failures_add(problems,
                 "%s: the columns are not those of sessions (expected "
                 "session,open,close,break_start,break_end; the breaks may be absent)",
                 file);
    return FALSE;
}

static gboolean complain(const reading *self, gsize row, const char *complaint)
{
    gsize length;
    const char *text = csv_table_cell(self->table, row, self->at.session, &length);
    g_autofree char *session = failure_quote(text, (gssize)length);
    failures_add(self->problems, "%s:%" G_GSIZE_FORMAT ": session: %s %s", self->file,
                 csv_table_line(self->table, row), session, complaint);
    return FALSE;
}

static gboolean is_blank(const reading *self, gsize row, int column)
{
    gsize length = 0;
    if (column >= 0)
        csv_table_cell(self->table, row, column, &length);
    return length == 0;
}

static gboolean read_cells(const reading *self, gsize row, qb_session *out)
{
    const columns *at = &self->at;
    gint64 date_us, open_us, close_us, start_us = 0, end_us = 0;
    if (!csv_table_time(self->table, row, at->session, self->problems, &date_us) ||
        !csv_table_time(self->table, row, at->open, self->problems, &open_us) ||
        !csv_table_time(self->table, row, at->close, self->problems, &close_us))
        return FALSE;
    if (date_us % QB_DAY_US != 0)
        return complain(self, row, "is not a date (expected for example 2024-01-31)");
    const gboolean pauses = !is_blank(self, row, at->break_start);
    if (pauses == is_blank(self, row, at->break_end))
        return complain(self, row, "has half a break (expected break_start and break_end)");
    if (pauses && (!csv_table_time(self->table, row, at->break_start, self->problems, &start_us) ||
                   !csv_table_time(self->table, row, at->break_end, self->problems, &end_us)))
        return FALSE;
    *out = (qb_session){.date = qb_date_from_us(date_us),
                        .open_us = open_us,
                        .close_us = close_us,
                        .break_start_us = start_us,
                        .break_end_us = end_us};
    return TRUE;
}

/* What qb_calendar_new demands, here with the line. */
static gboolean check_session(const reading *self, gsize row, const qb_session *session,
                              const qb_session *before)
{
    const gint64 reach_us = QB_SESSION_REACH * QB_DAY_US, label_us = session->date * QB_DAY_US;
    if (session->open_us >= session->close_us)
        return complain(self, row, "closes before it opens (expected open < close)");
    if (session->break_start_us != 0 && (session->break_start_us <= session->open_us ||
                                         session->break_end_us <= session->break_start_us ||
                                         session->close_us <= session->break_end_us))
        return complain(self, row,
                        "has its break outside (expected open < break_start < break_end < close)");
    if (session->open_us < label_us - reach_us || session->close_us > label_us + reach_us)
        return complain(self, row, "is far from its times (expected at most 10 days)");
    if (before != NULL && before->date >= session->date)
        return complain(self, row, "does not follow the date above (expected ascending dates)");
    if (before != NULL && before->close_us > session->open_us)
        return complain(self, row, "opens before the one above closes");
    return TRUE;
}

/* ---- what follows from the times ------------------------------------------------------------ */

static gint64 zone_offset_us(GTimeZone *zone, gint64 at_us)
{
    const gint64 second = at_us / QB_SECOND_US - (at_us % QB_SECOND_US < 0);
    const gint interval = g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, second);
    return g_time_zone_get_offset(zone, interval) * QB_SECOND_US;
}

/* Of the wall clock's day that the session's date names. */
static gint64 close_of_day_us(const session_list *list, guint index)
{
    const qb_session *session = &g_array_index(list->sessions, qb_session, index);
    return session->close_us + g_array_index(list->offsets, gint64, index) -
           session->date * QB_DAY_US;
}

static int compare_times(const void *a, const void *b)
{
    const gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;
    return (left > right) - (left < right);
}

/* Early is what closes before most of the 41 sessions around it do, so that an exchange whose hours
 * change over the years needs no word about it. */
static void mark_early_closes(session_list *list)
{
    enum { AROUND = 20 };
    for (guint i = 0; i < list->sessions->len; i++) {
        gint64 closes[2 * AROUND + 1];
        const guint from = i > AROUND ? i - AROUND : 0;
        const guint to = MIN(i + AROUND + 1, list->sessions->len);
        for (guint k = from; k < to; k++)
            closes[k - from] = close_of_day_us(list, k);
        qsort(closes, to - from, sizeof *closes, compare_times);
        g_array_index(list->sessions, qb_session, i).early_close = close_of_day_us(list, i) <
                                                                   closes[(to - from) / 2];
    }
}

/* ---- reading -------------------------------------------------------------------------------- */

void session_list_clear(session_list *list)
{
    g_clear_pointer(&list->sessions, g_array_unref);
    g_clear_pointer(&list->offsets, g_array_unref);
}

static void add_session(session_list *list, GTimeZone *zone, const qb_session *session)
{
    const gint64 offset_us = zone_offset_us(zone, session->open_us);
    g_array_append_val(list->sessions, *session);
    g_array_append_val(list->offsets, offset_us);
}

static gboolean read_rows(const reading *self, GTimeZone *zone, session_list *list)
{
    gboolean good = TRUE;
    for (gsize row = 0; row < csv_table_rows(self->table); row++) {
        qb_session session;
        const guint count = list->sessions->len;
        const qb_session *before = count > 0 ? &g_array_index(list->sessions, qb_session, count - 1)
                                             : NULL;
        if (read_cells(self, row, &session) && check_session(self, row, &session, before))
            add_session(list, zone, &session);
        else
            good = FALSE;
    }
    return good;
}

static gboolean read_table(const csv_table *table, const char *file, GTimeZone *zone,
                           session_list *out, failures *problems)
{
    reading reading = {.table = table, .file = file, .problems = problems};
    if (!find_columns(table, file, &reading.at, problems))
        return FALSE;
    const gsize rows = csv_table_rows(table);
    if (rows == 0 || rows > INSTRUMENTS_SESSIONS_LIMIT) {
        failures_add(problems, "%s: %" G_GSIZE_FORMAT " sessions (expected 1 to %u)", file, rows,
                     INSTRUMENTS_SESSIONS_LIMIT);
        return FALSE;
    }
    session_list list = {g_array_sized_new(FALSE, FALSE, sizeof(qb_session), (guint)rows),
                         g_array_sized_new(FALSE, FALSE, sizeof(gint64), (guint)rows)};
    if (!read_rows(&reading, zone, &list)) {
        session_list_clear(&list);
        return FALSE;
    }
    mark_early_closes(&list);
    *out = list;
    return TRUE;
}

gboolean session_list_read(GBytes *bytes, const char *file, GTimeZone *zone, session_list *out,
                           failures *problems, GError **error)
{
    g_autoptr(GBytes) text = csv_inflate(bytes, file, error);
    if (text == NULL)
        return FALSE;
    if (g_bytes_get_size(text) > INSTRUMENTS_CSV_LIMIT) {
        failures_add(problems, "%s: is too large (expected at most %u bytes)", file,
                     INSTRUMENTS_CSV_LIMIT);
        return FALSE;
    }
    g_autoptr(csv_table) table = csv_table_parse(text, file, error);
    return table != NULL && read_table(table, file, zone, out, problems);
}
