/* The files of a curve from elsewhere, read and lined up with each other. */
#include "commands/kpi-private.h"
#include "csv/csv.h"
#include "platform/files.h"

#include <math.h>
#include <string.h>

#define SPARSE_LIMIT_US (QB_DAY_US * 6 / 10) /* closer points than this are not daily */
#define PERIODS_LIMIT 1e8                    /* a period every third of a second */

static void points_init(kpi_points *self)
{
    self->ts_us = g_array_new(FALSE, FALSE, sizeof(gint64));
    self->value = g_array_new(FALSE, FALSE, sizeof(double));
    self->line = g_array_new(FALSE, FALSE, sizeof(gsize));
}

static void points_clear(kpi_points *self)
{
    g_array_unref(self->ts_us);
    g_array_unref(self->value);
    g_array_unref(self->line);
}
/* ---- files --------------------------------------------------------------------------------- */

static csv_table *open_table(const char *path, GError **error)
{
    g_autoptr(GBytes) bytes = files_read(path, CSV_FILE_LIMIT, error);
    if (bytes == NULL)
        return NULL;
    g_autoptr(GBytes) text = csv_inflate(bytes, path, error);
    return text != NULL ? csv_table_parse(text, path, error) : NULL;
}

/* The first of these names that the table has; -1 and a problem when it has none. */
static int find_column(const csv_table *table, const char *path, const char *const *names,
                       failures *problems)
{
    for (const char *const *name = names; *name != NULL; name++)
        if (csv_table_column(table, *name) >= 0)
            return csv_table_column(table, *name);
    g_autofree char *list = g_strjoinv(" or ", (char **)names);
    failures_add(problems, "%s: there is no column %s", path, list);
    return -1;
}

static const char *const stamp_names[] = {"ts", "date", "timestamp", NULL};
static const char *const equity_names[] = {"equity", NULL};
static const char *const close_names[] = {"close", NULL};

static void read_point(const csv_table *table, gsize row, int stamp, int value, const char *path,
                       gboolean positive, kpi_points *out, failures *problems)
{
    gint64 ts_us = 0;
    double number = 0;
    const gsize line = csv_table_line(table, row);
    const guint before = problems->count, count = out->ts_us->len;
    csv_table_time(table, row, stamp, problems, &ts_us);
    csv_table_number(table, row, value, problems, &number);
    if (problems->count > before)
        return;
    if (count > 0 && ts_us <= g_array_index(out->ts_us, gint64, count - 1)) {
        char text[QB_TIME_TEXT];
        failures_add(problems,
                     "%s:%" G_GSIZE_FORMAT ": ts: %s is not after line %" G_GSIZE_FORMAT
                     " (expected ascending stamps)",
                     path, line, qb_time_to_text(ts_us, text),
                     g_array_index(out->line, gsize, count - 1));
        return;
    }
    if (positive && number <= 0) {
        failures_add(problems, "%s:%" G_GSIZE_FORMAT ": close: %g is not a price (expected > 0)",
                     path, line, number);
        return;
    }
    g_array_append_val(out->ts_us, ts_us);
    g_array_append_val(out->value, number);
    g_array_append_val(out->line, line);
}

static gboolean read_points(const char *path, const char *const *value_names, gboolean positive,
                            kpi_points *out, GError **error)
{
    g_autoptr(csv_table) table = open_table(path, error);
    if (table == NULL)
        return FALSE;
    failures problems;
    failures_init(&problems);
    const int stamp = find_column(table, path, stamp_names, &problems);
    const int value = find_column(table, path, value_names, &problems);
    for (gsize row = 0; stamp >= 0 && value >= 0 && row < csv_table_rows(table); row++)
        read_point(table, row, stamp, value, path, positive, out, &problems);
    if (problems.count == 0 && out->ts_us->len == 0)
        failures_add(&problems, "%s: there are no rows", path);
    return failures_finish(&problems, FAILURE_BAD_DATA, error);
}

static void read_trade(const csv_table *table, gsize row, const int columns[4], const char *path,
                       GArray *out, failures *problems)
{
    qb_trade_result trade = {0};
    gint64 entry_us = 0, exit_us = 0;
    const guint before = problems->count;
    csv_table_time(table, row, columns[0], problems, &entry_us);
    csv_table_time(table, row, columns[1], problems, &exit_us);
    csv_table_number(table, row, columns[2], problems, &trade.profit);
    csv_table_number(table, row, columns[3], problems, &trade.return_fraction);
    if (problems->count > before)
        return;
    if (exit_us < entry_us) {
        failures_add(problems, "%s:%" G_GSIZE_FORMAT ": exit_ts: lies before entry_ts", path,
                     csv_table_line(table, row));
        return;
    }
    trade.entry_us = entry_us;
    trade.exit_us = exit_us;
    g_array_append_val(out, trade);
}

static gboolean read_trades(const char *path, GArray *out, GError **error)
{
    static const char *const names[4][3] = {
        {"entry_ts"}, {"exit_ts"}, {"pnl"}, {"return", "return_fraction"}};
    g_autoptr(csv_table) table = open_table(path, error);
    if (table == NULL)
        return FALSE;
    failures problems;
    failures_init(&problems);
    int columns[4];
    for (gsize i = 0; i < 4; i++)
        columns[i] = find_column(table, path, names[i], &problems);
    const gboolean complete = problems.count == 0;
    for (gsize row = 0; complete && row < csv_table_rows(table); row++)
        read_trade(table, row, columns, path, out, &problems);
    return failures_finish(&problems, FAILURE_BAD_DATA, error);
}

/* ---- benchmark ----------------------------------------------------------------------------- */

/* Keeps the benchmark's points at the equity's stamps. Nothing is filled forward: one that is
 * missing is a problem. */
static gboolean align_benchmark(const kpi_flags *flags, const kpi_points *equity,
                                kpi_points *benchmark, GError **error)
{
    failures problems;
    failures_init(&problems);
    g_autoptr(GArray) value = g_array_new(FALSE, FALSE, sizeof(double));
    guint next = 0;
    for (guint i = 0; i < equity->ts_us->len; i++) {
        const gint64 ts_us = g_array_index(equity->ts_us, gint64, i);
        while (next < benchmark->ts_us->len &&
               g_array_index(benchmark->ts_us, gint64, next) < ts_us)
            next++;
        if (next < benchmark->ts_us->len &&
            g_array_index(benchmark->ts_us, gint64, next) == ts_us) {
            g_array_append_val(value, g_array_index(benchmark->value, double, next));
            continue;
        }
        char text[QB_TIME_TEXT];
        failures_add(&problems, "%s: ts: there is no close at %s (%s:%" G_GSIZE_FORMAT " needs it)",
                     flags->benchmark, qb_time_to_text(ts_us, text), flags->equity,
                     g_array_index(equity->line, gsize, i));
    }
    if (!failures_finish(&problems, FAILURE_BAD_DATA, error))
        return FALSE;
    g_array_unref(benchmark->ts_us);
    benchmark->ts_us = g_array_ref(equity->ts_us);
    g_array_unref(benchmark->value);
    benchmark->value = g_steal_pointer(&value);
    return TRUE;
}

/* ---- N and the risk-free rate -------------------------------------------------------------- */

static double periods_from_stamps(const kpi_points *equity)
{
    for (guint i = 0; i < equity->ts_us->len; i++)
        if (qb_weekday(qb_date_from_us(g_array_index(equity->ts_us, gint64, i))) >= 5)
            return 365;
    return 252;
}

static void warn_of_intraday(const kpi_points *equity, double periods_per_year)
{
    const guint count = equity->ts_us->len;
    if (count < 2)
        return;
    const gint64 span_us = g_array_index(equity->ts_us, gint64, count - 1) -
                           g_array_index(equity->ts_us, gint64, 0);
    if (span_us / (count - 1) < SPARSE_LIMIT_US)
        command_warn("the points are closer than a day, but N = %g a year is used "
                     "(--periods-per-year sets it)",
                     periods_per_year);
}

/* A plain number and nothing behind it; NaN else. */
static double parse_number(const char *text)
{
    char *end = NULL;
    const double value = g_ascii_strtod(text, &end);
    return end != text && *end == '\0' && isfinite(value) ? value : NAN;
}

int kpi_flags_check(kpi_flags *flags, const char *name)
{
    if (flags->equity == NULL && (flags->benchmark != NULL || flags->trades != NULL))
        return command_usage(name, "--equity FILE.csv is missing");
    if (flags->periods_text != NULL) {
        flags->periods_per_year = parse_number(flags->periods_text);
        if (!(flags->periods_per_year > 0 && flags->periods_per_year <= PERIODS_LIMIT))
            return command_usage(name,
                                 "--periods-per-year: \"%s\" is not a number of periods "
                                 "(expected above 0, 252 say)",
                                 flags->periods_text);
    }
    if (flags->risk_free_text != NULL) {
        flags->risk_free = parse_number(flags->risk_free_text);
        if (!(fabs(flags->risk_free) < 1))
            return command_usage(name,
                                 "--risk-free: \"%s\" is not a yearly rate (expected 0.02 "
                                 "for 2 %%)",
                                 flags->risk_free_text);
    }
    return 0;
}

void kpi_flags_clear(kpi_flags *self)
{
    g_free(self->equity);
    g_free(self->benchmark);
    g_free(self->trades);
    g_free(self->periods_text);
    g_free(self->risk_free_text);
    g_free(self->metrics_as);
}

/* ---- all of it ----------------------------------------------------------------------------- */

static qb_curve curve_of(const kpi_points *points)
{
    return (qb_curve){(const int64_t *)points->ts_us->data,
                      (const double *)(const void *)points->value->data, points->ts_us->len};
}

void kpi_curves_init(kpi_curves *self)
{
    points_init(&self->equity);
    points_init(&self->benchmark);
    self->trades = g_array_new(FALSE, FALSE, sizeof(qb_trade_result));
}

gboolean kpi_curves_read(const kpi_flags *flags, kpi_curves *out, GError **error)
{
    if (!read_points(flags->equity, equity_names, FALSE, &out->equity, error))
        return FALSE;
    if (flags->benchmark != NULL &&
        (!read_points(flags->benchmark, close_names, TRUE, &out->benchmark, error) ||
         !align_benchmark(flags, &out->equity, &out->benchmark, error)))
        return FALSE;
    if (flags->trades != NULL && !read_trades(flags->trades, out->trades, error))
        return FALSE;
    double years = flags->periods_per_year;
    if (flags->periods_text == NULL) {
        years = periods_from_stamps(&out->equity);
        warn_of_intraday(&out->equity, years);
    }
    static const qb_trade_result none;
    out->input = (qb_kpi_input){
        .periods = curve_of(&out->equity),
        .benchmark = curve_of(&out->benchmark),
        .trades = out->trades->len > 0    ? (const qb_trade_result *)(const void *)out->trades->data
                  : flags->trades != NULL ? &none
                                          : NULL,
        .trade_count = out->trades->len,
        .periods_per_year = years,
        .risk_free = flags->risk_free,
        .traded = NAN,
    };
    return TRUE;
}

void kpi_curves_clear(kpi_curves *self)
{
    points_clear(&self->equity);
    points_clear(&self->benchmark);
    g_array_unref(self->trades);
}
