/* Ratios of a curve that comes from elsewhere: read the files, line the benchmark up with the
 * equity, compute, print. */
#include "commands/commands-private.h"
#include "csv/csv.h"
#include "platform/files.h"
#include "reports/reports.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define SPARSE_LIMIT_US (QB_DAY_US * 6 / 10) /* closer points than this are not daily */
#define PERIODS_LIMIT 1e8                    /* a period every third of a second */

typedef struct flags {
    char *equity, *benchmark, *trades;
    char *periods_text, *risk_free_text; /* as given; NULL: not */
    double periods_per_year;             /* 0 until it is known */
    double risk_free;
    gboolean json;
} flags;

/* Stamps and values of one file, in ascending order, each with its line. */
typedef struct points {
    GArray *ts_us; /* of gint64 */
    GArray *value; /* of double */
    GArray *line;  /* of gsize */
} points;

static void points_init(points *self)
{
    self->ts_us = g_array_new(FALSE, FALSE, sizeof(gint64));
    self->value = g_array_new(FALSE, FALSE, sizeof(double));
    self->line = g_array_new(FALSE, FALSE, sizeof(gsize));
}

static void points_clear(points *self)
{
    g_array_unref(self->ts_us);
    g_array_unref(self->value);
    g_array_unref(self->line);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(points, points_clear)

static qb_curve points_curve(const points *self)
{
    return (qb_curve){(const int64_t *)self->ts_us->data, (const double *)self->value->data,
                      self->ts_us->len};
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
                       gboolean positive, points *out, failures *problems)
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
                            points *out, GError **error)
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
static gboolean align_benchmark(const flags *flags, const points *equity, points *benchmark,
                                GError **error)
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

/* ---- computing ----------------------------------------------------------------------------- */

static double periods_from_stamps(const points *equity)
{
    for (guint i = 0; i < equity->ts_us->len; i++)
        if (qb_weekday(qb_date_from_us(g_array_index(equity->ts_us, gint64, i))) >= 5)
            return 365;
    return 252;
}

static void warn_of_intraday(const points *equity, double periods_per_year)
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

static gboolean compute(const flags *flags, const points *equity, const points *benchmark,
                        const GArray *trades, qb_kpis *out, GError **error)
{
    const qb_kpi_input input = {
        .periods = points_curve(equity),
        .benchmark = points_curve(benchmark),
        .trades = (const qb_trade_result *)(const void *)trades->data,
        .trade_count = trades->len,
        .periods_per_year = flags->periods_per_year,
        .risk_free = flags->risk_free,
        .traded = NAN,
    };
    const qb_status status = qb_kpis_compute(&input, out);
    return status == QB_OK || failure_from_status(error, status, "ratios");
}

/* The benchmark from the equity's start value on, as holding it would have gone. */
static void scale_to(points *benchmark, double start)
{
    double *value = (double *)(void *)benchmark->value->data;
    const double factor = start / value[0];
    for (guint i = 0; start > 0 && i < benchmark->value->len; i++)
        value[i] *= factor;
}

static gboolean print_table(const flags *flags, const points *equity, points *benchmark,
                            const qb_kpis *kpis, GError **error)
{
    const report_style style = report_style_of(STDOUT_FILENO);
    const gboolean two = benchmark->value->len > 0;
    g_autoptr(GArray) no_trades = g_array_new(FALSE, FALSE, sizeof(qb_trade_result));
    g_auto(points) none;
    points_init(&none);
    qb_kpis beside;
    if (two)
        scale_to(benchmark, kpis->start);
    if (two && !compute(flags, benchmark, &none, no_trades, &beside, error))
        return FALSE;
    const report_run runs[] = {
        {"equity", kpis, points_curve(equity)},
        {"benchmark", &beside, points_curve(benchmark)},
    };
    report_kpis_print(runs, two ? 2 : 1, &style, stdout);
    return TRUE;
}

static gboolean print(const flags *flags, const points *equity, points *benchmark,
                      const qb_kpis *kpis, GError **error)
{
    if (!flags->json)
        return print_table(flags, equity, benchmark, kpis, error);
    g_autofree char *json = report_kpis_json(kpis);
    puts(json);
    return TRUE;
}

static gboolean run(flags *flags, GError **error)
{
    g_auto(points) equity, benchmark;
    g_autoptr(GArray) trades = g_array_new(FALSE, FALSE, sizeof(qb_trade_result));
    points_init(&equity);
    points_init(&benchmark);
    if (!read_points(flags->equity, equity_names, FALSE, &equity, error))
        return FALSE;
    if (flags->benchmark != NULL &&
        (!read_points(flags->benchmark, close_names, TRUE, &benchmark, error) ||
         !align_benchmark(flags, &equity, &benchmark, error)))
        return FALSE;
    if (flags->trades != NULL && !read_trades(flags->trades, trades, error))
        return FALSE;
    if (flags->periods_text == NULL) {
        flags->periods_per_year = periods_from_stamps(&equity);
        warn_of_intraday(&equity, flags->periods_per_year);
    }
    qb_kpis kpis;
    return compute(flags, &equity, &benchmark, trades, &kpis, error) &&
           print(flags, &equity, &benchmark, &kpis, error);
}

/* ---- command ------------------------------------------------------------------------------- */

static const char about[] =
    "Ratios of an equity curve that comes from elsewhere, by quantbot's definitions.\n"
    "Files are CSV, plain or gzip, with a header line:\n"
    "  equity     ts,equity                     ascending; the first point is the start\n"
    "  benchmark  ts,close                      must have every stamp of the equity\n"
    "  trades     entry_ts,exit_ts,pnl,return   closed trades; return 0.01 is 1 %\n"
    "Each point is one period. N, the periods in a year, is 365 if any stamp falls on\n"
    "a weekend, else 252.\n"
    "\n"
    "Examples:\n"
    "  quantbot kpi compute --equity curve.csv\n"
    "  quantbot kpi compute --equity curve.csv --benchmark SPY.csv.gz --json\n"
    "  quantbot kpi compute --equity months.csv --periods-per-year 12 --risk-free 0.02\n";

/* A plain number and nothing behind it; NaN else. */
static double parse_number(const char *text)
{
    char *end = NULL;
    const double value = g_ascii_strtod(text, &end);
    return end != text && *end == '\0' && isfinite(value) ? value : NAN;
}

static int check_flags(flags *flags, int argc, char **argv)
{
    const char *const name = "kpi compute";
    if (argc > 1)
        return command_usage(name, "unexpected \"%s\"", argv[1]);
    if (flags->equity == NULL)
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

static void flags_clear(flags *self)
{
    g_free(self->equity);
    g_free(self->benchmark);
    g_free(self->trades);
    g_free(self->periods_text);
    g_free(self->risk_free_text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(flags, flags_clear)

int command_kpi_compute(int argc, char **argv)
{
    g_auto(flags) flags = {0};
    const GOptionEntry entries[] = {
        {"equity", 0, 0, G_OPTION_ARG_FILENAME, &flags.equity, "The equity curve", "FILE.csv"},
        {"benchmark", 0, 0, G_OPTION_ARG_FILENAME, &flags.benchmark,
         "Prices to compare with: alpha, beta", "FILE.csv"},
        {"trades", 0, 0, G_OPTION_ARG_FILENAME, &flags.trades,
         "Closed trades: win rate, profit factor, expectancy, SQN", "FILE.csv"},
        {"periods-per-year", 0, 0, G_OPTION_ARG_STRING, &flags.periods_text, "Periods in a year",
         "N"},
        {"risk-free", 0, 0, G_OPTION_ARG_STRING, &flags.risk_free_text,
         "Risk-free rate per year (default 0)", "R"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &flags.json, "Print JSON", NULL},
        {NULL},
    };
    int exit_code = 0;
    GError *error = NULL;
    if (!command_options(&argc, &argv, NULL, about, entries, &exit_code))
        return exit_code;
    exit_code = check_flags(&flags, argc, argv);
    if (exit_code == 0 && !run(&flags, &error))
        exit_code = command_fail(error);
    return exit_code;
}
