/* calendar show: when an exchange trades. In: a calendar and dates. Out: sessions a year, the days
 * that are not as the others, and each session of the dates asked for. */
#include "commands/instruments-private.h"
#include "platform/clock.h"

#include <string.h>

static const char about[] =
    "Shows per year how many sessions there are, which close early, and which weekdays are "
    "closed.\n"
    "With --start or --end each session is listed, on the exchange's clock and in UTC; (-1) is "
    "the\n"
    "day before. Without them: this year, or the last one that a list covers.\n"
    "\n"
    "Examples:\n"
    "  quantbot calendar show XNYS\n"
    "  quantbot calendar show XNYS --start 2024-11-25 --end 2024-12-06\n"
    "  quantbot calendar show XLON --start 1990-01-01 --expected 1h --json\n";

#define DAYS_LIMIT (200 * 366)

typedef struct year_sum {
    int year;
    gsize sessions, early, closed, expected;
} year_sum;

typedef struct show {
    const qb_calendar *calendar;
    int32_t first, last;
    gboolean each; /* list each session */
    int interval;  /* of --expected; -1: none */
    GArray *years; /* of year_sum */
} show;

/* ---- days ----------------------------------------------------------------------------------- */

/* A day on which one would expect a session. */
static gboolean is_trading_day(const qb_calendar *calendar, int32_t date)
{
    return qb_calendar_periods(calendar) > 300 || qb_weekday(date) < 5;
}

static year_sum *sum_of(const show *self, int32_t date)
{
    const int year = qb_civil_from_date(date).year;
    if (self->years->len == 0 ||
        g_array_index(self->years, year_sum, self->years->len - 1).year != year) {
        const year_sum fresh = {.year = year};
        g_array_append_val(self->years, fresh);
    }
    return &g_array_index(self->years, year_sum, self->years->len - 1);
}

/* Stamps of the sessions first..last. Of daily bars the label counts; an intraday bar that holds
 * the end of a session and the start of the next belongs to the former. */
static gsize count_bars(const show *self, int32_t first, int32_t last)
{
    const qb_interval interval = (qb_interval)self->interval;
    qb_session session, before;
    if (interval >= QB_1D)
        return qb_expected_bars(self->calendar, interval, first * QB_DAY_US,
                                (last + 1) * QB_DAY_US);
    while (first <= last && !qb_calendar_session(self->calendar, first, &session))
        first++;
    if (first > last)
        return 0;
    gint64 from_us = session.open_us - qb_interval_us(interval) + 1;
    for (int32_t date = first - 1; date > first - 2 * QB_SESSION_REACH; date--)
        if (qb_calendar_session(self->calendar, date, &before)) {
            from_us = MAX(from_us, before.close_us);
            break;
        }
    while (!qb_calendar_session(self->calendar, last, &session))
        last--;
    return qb_expected_bars(self->calendar, interval, from_us, session.close_us);
}

static void count_days(const show *self)
{
    for (int32_t date = self->first; date <= self->last; date++) {
        qb_session session;
        year_sum *year = sum_of(self, date);
        if (qb_calendar_session(self->calendar, date, &session)) {
            year->sessions++;
            year->early += session.early_close;
        } else {
            year->closed += is_trading_day(self->calendar, date);
        }
    }
    for (guint i = 0; self->interval >= 0 && i < self->years->len; i++) {
        year_sum *year = &g_array_index(self->years, year_sum, i);
        const int32_t from = qb_date_from_civil((qb_civil){year->year, 1, 1});
        const int32_t to = qb_date_from_civil((qb_civil){year->year, 12, 31});
        year->expected = count_bars(self, MAX(from, self->first), MIN(to, self->last));
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

static const char *const weekdays[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

/* "09:30", or "17:00(-1)" on the day before the session's date. Caller frees. */
static char *clock_text(gint64 wall_us, int32_t date)
{
    const int32_t day = qb_date_from_us(wall_us);
    const int minute = (int)((wall_us - day * QB_DAY_US) / QB_MINUTE_US);
    g_autofree char *shift = day == date ? g_strdup("") : g_strdup_printf("(%+d)", day - date);
    return g_strdup_printf("%02d:%02d%s", minute / 60, minute % 60, shift);
}

static char *span_text(gint64 from_us, gint64 to_us, gint64 offset_us, int32_t date)
{
    g_autofree char *from = clock_text(from_us + offset_us, date);
    g_autofree char *to = clock_text(to_us + offset_us, date);
    return g_strdup_printf("%s - %s", from, to);
}

static void add_day(const show *self, report_table *table, int32_t date)
{
    char text[QB_TIME_TEXT];
    qb_session session;
    if (!qb_calendar_session(self->calendar, date, &session)) {
        const char *const cells[] = {
            qb_date_to_text(date, text), weekdays[qb_weekday(date)], "closed", "", "", ""};
        report_table_row(table, cells);
        report_table_tone(table, 2, REPORT_DIM);
        return;
    }
    const gint64 offset_us = qb_calendar_offset_us(self->calendar, session.open_us);
    g_autofree char *local = span_text(session.open_us, session.close_us, offset_us, date);
    g_autofree char *utc = span_text(session.open_us, session.close_us, 0, date);
    g_autofree char *pause = session.break_start_us < session.break_end_us
                                 ? span_text(session.break_start_us, session.break_end_us,
                                             offset_us, date)
                                 : g_strdup("");
    const char *const cells[] = {qb_date_to_text(date, text),
                                 weekdays[qb_weekday(date)],
                                 session.early_close ? "early" : "",
                                 local,
                                 utc,
                                 pause};
    report_table_row(table, cells);
    report_table_tone(table, 0, session.early_close ? REPORT_STRONG : REPORT_PLAIN);
}

static void print_days(const show *self, const report_style *style)
{
    gboolean pauses = FALSE, any = FALSE;
    g_autoptr(report_table) table = report_table_new(NULL);
    for (int32_t date = self->first; date <= self->last && !pauses; date++) {
        qb_session session;
        pauses = qb_calendar_session(self->calendar, date, &session) &&
                 session.break_start_us < session.break_end_us;
    }
    report_table_column(table, "session", REPORT_LEFT, 0);
    report_table_column(table, "day", REPORT_LEFT, 1);
    report_table_column(table, "", REPORT_LEFT, 0);
    report_table_column(table, "its clock", REPORT_LEFT, 0);
    report_table_column(table, "UTC", REPORT_LEFT, 0);
    report_table_column(table, pauses ? "break" : "", REPORT_LEFT, 2);
    for (int32_t date = self->first; date <= self->last; date++) {
        qb_session session;
        const gboolean open = qb_calendar_session(self->calendar, date, &session);
        if (open ? !self->each && !session.early_close : !is_trading_day(self->calendar, date))
            continue;
        add_day(self, table, date);
        any = TRUE;
    }
    if (any)
        report_table_print(table, style, stdout);
    else
        puts("No day is closed or short.");
}

static void add_sum(report_table *table, const char *year, const year_sum *sum, gboolean bars)
{
    g_autofree char *sessions = g_strdup_printf("%" G_GSIZE_FORMAT, sum->sessions);
    g_autofree char *early = g_strdup_printf("%" G_GSIZE_FORMAT, sum->early);
    g_autofree char *closed = g_strdup_printf("%" G_GSIZE_FORMAT, sum->closed);
    g_autofree char *expected = g_strdup_printf("%" G_GSIZE_FORMAT, sum->expected);
    const char *const cells[] = {year, sessions, early, closed, bars ? expected : ""};
    report_table_row(table, cells);
}

static year_sum total(const show *self)
{
    year_sum all = {0};
    for (guint i = 0; i < self->years->len; i++) {
        const year_sum *year = &g_array_index(self->years, year_sum, i);
        all.sessions += year->sessions;
        all.early += year->early;
        all.closed += year->closed;
    }
    if (self->interval >= 0)
        all.expected = count_bars(self, self->first, self->last);
    return all;
}

static void print_years(const show *self, const report_style *style)
{
    const gboolean bars = self->interval >= 0;
    g_autofree char *heading = bars ? g_strdup_printf("bars of %s",
                                                      qb_interval_text((qb_interval)self->interval))
                                    : g_strdup("");
    g_autoptr(report_table) table = report_table_new(NULL);
    report_table_column(table, "year", REPORT_LEFT, 0);
    report_table_column(table, "sessions", REPORT_RIGHT, 0);
    report_table_column(table, "early", REPORT_RIGHT, 0);
    report_table_column(table, "closed", REPORT_RIGHT, 0);
    report_table_column(table, heading, REPORT_RIGHT, 0);
    for (guint i = 0; i < self->years->len; i++) {
        const year_sum *year = &g_array_index(self->years, year_sum, i);
        g_autofree char *text = g_strdup_printf("%d", year->year);
        add_sum(table, text, year, bars);
    }
    if (self->years->len > 1) {
        const year_sum all = total(self);
        report_table_rule(table);
        add_sum(table, "all", &all, bars);
    }
    report_table_print(table, style, stdout);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *session_json(const show *self, const qb_session *session)
{
    char date[QB_TIME_TEXT], open[QB_TIME_TEXT], close[QB_TIME_TEXT];
    char start[QB_TIME_TEXT], end[QB_TIME_TEXT];
    const gboolean pauses = session->break_start_us < session->break_end_us;
    return json_pack(
        "{s:s, s:s, s:s, s:s?, s:s?, s:b, s:I}", "session", qb_date_to_text(session->date, date),
        "open", qb_time_to_text(session->open_us, open), "close",
        qb_time_to_text(session->close_us, close), "break_start",
        pauses ? qb_time_to_text(session->break_start_us, start) : NULL, "break_end",
        pauses ? qb_time_to_text(session->break_end_us, end) : NULL, "early_close",
        (int)session->early_close, "utc_offset_minutes",
        (json_int_t)(qb_calendar_offset_us(self->calendar, session->open_us) / QB_MINUTE_US));
}

static json_t *sum_json(const show *self, const year_sum *sum)
{
    json_t *object = json_pack("{s:I, s:I, s:I}", "sessions", (json_int_t)sum->sessions,
                               "early_closes", (json_int_t)sum->early, "closed_days",
                               (json_int_t)sum->closed);
    if (self->interval >= 0)
        json_object_set_new(object, "expected", json_integer((json_int_t)sum->expected));
    return object;
}

static void print_json(const show *self, const char *origin)
{
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT], text[QB_TIME_TEXT];
    json_t *sessions = json_array(), *closed = json_array(), *years = json_array();
    for (int32_t date = self->first; date <= self->last; date++) {
        qb_session session;
        if (qb_calendar_session(self->calendar, date, &session))
            json_array_append_new(sessions, session_json(self, &session));
        else if (is_trading_day(self->calendar, date))
            json_array_append_new(closed, json_string(qb_date_to_text(date, text)));
    }
    for (guint i = 0; i < self->years->len; i++) {
        const year_sum *year = &g_array_index(self->years, year_sum, i);
        json_t *object = sum_json(self, year);
        json_object_set_new(object, "year", json_integer(year->year));
        json_array_append_new(years, object);
    }
    const year_sum all = total(self);
    json_auto_t *root = json_pack(
        "{s:s, s:s, s:s, s:s, s:s?, s:o, s:o, s:o, s:o}", "calendar",
        qb_calendar_name(self->calendar), "from", origin, "first",
        qb_date_to_text(self->first, first), "last", qb_date_to_text(self->last, last), "interval",
        self->interval >= 0 ? qb_interval_text((qb_interval)self->interval) : NULL, "total",
        sum_json(self, &all), "years", years, "closed", closed, "sessions", sessions);
    data_print_json(root);
}

/* ---- entry ---------------------------------------------------------------------------------- */

static gboolean read_date(const char *flag, const char *text, int32_t *out, GError **error)
{
    gint64 us;
    if (!command_time(flag, text, &us, error))
        return FALSE;
    *out = qb_date_from_us(us);
    return TRUE;
}

static gboolean read_interval(const char *text, int *out, GError **error)
{
    qb_interval interval;
    *out = -1;
    if (text == NULL)
        return TRUE;
    if (qb_interval_from_text(text, &interval) == QB_OK) {
        *out = (int)interval;
        return TRUE;
    }
    g_autofree char *quoted = failure_quote(text, -1);
    g_set_error(error, FAILURE, FAILURE_USAGE,
                "--expected: %s (expected 1m 5m 15m 30m 1h 4h 1d or 1w)", quoted);
    return FALSE;
}

/* The year that holds now, else the list's first or last. */
static int default_year(const qb_calendar *calendar)
{
    const int32_t today = qb_date_from_us(clock_now_us());
    if (qb_calendar_covers(calendar, today))
        return qb_civil_from_date(today).year;
    for (int back = 0; back < 400 * 366; back++) {
        if (qb_calendar_covers(calendar, today - back))
            return qb_civil_from_date(today - back).year;
        if (qb_calendar_covers(calendar, today + back))
            return qb_civil_from_date(today + back).year;
    }
    return qb_civil_from_date(today).year;
}

/* Without dates from the user, a list is not asked about what it does not cover. */
static void keep_covered(show *self, gboolean at_start, gboolean at_end)
{
    const int32_t first = self->first, last = self->last;
    int32_t from = first, to = last;
    while (at_start && from < last && !qb_calendar_covers(self->calendar, from))
        from++;
    while (at_end && to > first && !qb_calendar_covers(self->calendar, to))
        to--;
    self->first = MIN(from, to);
    self->last = MAX(from, to);
}

static gboolean read_range(const char *start, const char *end, show *self, GError **error)
{
    int year = default_year(self->calendar);
    if (start != NULL && !read_date("--start", start, &self->first, error))
        return FALSE;
    if (end != NULL && !read_date("--end", end, &self->last, error))
        return FALSE;
    if (start == NULL && end != NULL)
        year = qb_civil_from_date(self->last).year;
    if (start == NULL)
        self->first = qb_date_from_civil((qb_civil){year, 1, 1});
    if (end == NULL) {
        year = MAX(year, qb_civil_from_date(self->first).year);
        self->last = qb_date_from_civil((qb_civil){year, 12, 31});
    }
    self->each = start != NULL || end != NULL;
    if (self->first > self->last || self->last - self->first >= DAYS_LIMIT) {
        g_set_error(error, FAILURE, FAILURE_USAGE,
                    self->first > self->last ? "--start: is after --end"
                                             : "--start: more than 200 years (expected fewer)");
        return FALSE;
    }
    keep_covered(self, start == NULL, end == NULL);
    return TRUE;
}

static void print_text(const show *self, const char *origin)
{
    const report_style style = report_style_of(1);
    char first[QB_TIME_TEXT], last[QB_TIME_TEXT];
    printf("%s (%s), %s to %s\n\n", qb_calendar_name(self->calendar), origin,
           qb_date_to_text(self->first, first), qb_date_to_text(self->last, last));
    print_years(self, &style);
    putchar('\n');
    print_days(self, &style);
    if (!qb_calendar_covers(self->calendar, self->first) ||
        !qb_calendar_covers(self->calendar, self->last))
        puts(
            "Not all of these dates are covered (see quantbot calendar list): beyond, rules go on\n"
            "and lists have no sessions.");
}

int command_calendar_show(int argc, char **argv)
{
    g_autofree char *start = NULL, *end = NULL, *expected = NULL;
    gboolean json = FALSE;
    const GOptionEntry entries[] = {
        {"start", 0, 0, G_OPTION_ARG_STRING, &start, "First date", "DATE"},
        {"end", 0, 0, G_OPTION_ARG_STRING, &end, "Last date, included", "DATE"},
        {"expected", 0, 0, G_OPTION_ARG_STRING, &expected,
         "Count the bars of this interval that sessions hold", "INTERVAL"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &json, "Print JSON, with every session", NULL},
        {NULL},
    };
    int exit_code = 0;
    GError *error = NULL;
    show self = {0};
    if (!command_options(&argc, &argv, "NAME", about, entries, &exit_code))
        return exit_code;
    if (argc != 2)
        return command_usage("calendar show", "give one calendar");
    if (!read_interval(expected, &self.interval, &error))
        return command_fail(error);
    g_autoptr(market) market = instruments_market(&exit_code);
    if (market == NULL)
        return exit_code;
    self.calendar = market_calendar(market, "calendar", argv[1], &error);
    if (self.calendar == NULL || !read_range(start, end, &self, &error))
        return command_fail(error);
    g_autoptr(GArray) years = g_array_new(FALSE, FALSE, sizeof(year_sum));
    self.years = years;
    count_days(&self);
    const char *origin = instruments_calendar_origin(market->instruments,
                                                     qb_calendar_name(self.calendar));
    if (json)
        print_json(&self, origin);
    else
        print_text(&self, origin);
    return 0;
}
