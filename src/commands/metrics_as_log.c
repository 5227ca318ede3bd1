/* A logged run as another tool would print it. The log has the equity after every bar and the
 * closed trades; the ends of the periods are found again, by the calendar that gives the start and
 * the count of periods that the run's ratios rest on. */
#include "commands/log-private.h"
#include "commands/metrics-private.h"
#include "commands/run-private.h"

#include <math.h>
#include <string.h>

/* What a run's figures are made of, in arrays of its own. */
typedef struct logged {
    GArray *full_us, *full;     /* gint64, double: E_0 first */
    GArray *period_us, *period; /* the same at the ends of periods */
    GArray *trades;             /* qb_trade_result */
    qb_kpis kpis;
    gboolean guessed; /* no calendar fits: periods are the days that have equity */
} logged;

static void logged_init(logged *self)
{
    self->full_us = g_array_new(FALSE, FALSE, sizeof(gint64));
    self->full = g_array_new(FALSE, FALSE, sizeof(double));
    self->period_us = g_array_new(FALSE, TRUE, sizeof(gint64));
    self->period = g_array_new(FALSE, TRUE, sizeof(double));
    self->trades = g_array_new(FALSE, FALSE, sizeof(qb_trade_result));
}

static void logged_clear(logged *self)
{
    g_array_unref(self->full_us);
    g_array_unref(self->full);
    g_array_unref(self->period_us);
    g_array_unref(self->period);
    g_array_unref(self->trades);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(logged, logged_clear)

/* ---- reading ------------------------------------------------------------------------------- */

static gboolean read_equity(runlog *log, const char *id, logged *out, GError **error)
{
    g_autoptr(GArray) points = runlog_equity(log, id, error);
    if (points == NULL)
        return FALSE;
    if (points->len == 0 || !isfinite(out->kpis.start)) {
        g_set_error(
            error, FAILURE, FAILURE_MISSING,
            "run %s has no equity or no ratios stored, of which other figures could be made", id);
        return FALSE;
    }
    const gint64 start_us = out->kpis.start_us;
    g_array_append_val(out->full_us, start_us);
    g_array_append_val(out->full, out->kpis.start);
    for (guint i = 0; i < points->len; i++) {
        const runlog_point *point = &g_array_index(points, runlog_point, i);
        const double value = qb_raw_to_double(point->equity_e8);
        g_array_append_val(out->full_us, point->ts_us);
        g_array_append_val(out->full, value);
    }
    return TRUE;
}

static gboolean read_trades(runlog *log, const char *id, logged *out, GError **error)
{
    g_autoptr(GArray) trades = runlog_trades(log, id, 0, error);
    for (guint i = 0; trades != NULL && i < trades->len; i++) {
        const runlog_trade *trade = &g_array_index(trades, runlog_trade, i);
        const qb_trade_result row = {trade->entry_us, trade->exit_us,
                                     qb_raw_to_double(trade->profit_e8), trade->return_fraction};
        g_array_append_val(out->trades, row);
    }
    return trades != NULL;
}

/* ---- periods ------------------------------------------------------------------------------- */

static gint64 time_at(const GArray *times, guint index)
{
    return g_array_index(times, gint64, index);
}

/* The last point of each day; a point at midnight belongs to the day that it ends. */
static GArray *ends_by_day(const GArray *full_us)
{
    GArray *ends = g_array_new(FALSE, FALSE, sizeof(gint64));
    for (guint i = 1; i < full_us->len; i++) {
        const gint64 end_us = time_at(full_us, i);
        if (i + 1 == full_us->len ||
            qb_date_from_us(time_at(full_us, i + 1) - 1) != qb_date_from_us(end_us - 1))
            g_array_append_val(ends, end_us);
    }
    return ends;
}

static GArray *find_ends(logged *self)
{
    static const char *const names[] = {"XNYS", "24/7", "weekdays"};
    const gint64 first_us = time_at(self->full_us, 1);
    const gint64 last_us = time_at(self->full_us, self->full_us->len - 1);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const qb_calendar *calendar = qb_calendar_find(names[i]);
        gint64 start_us = 0;
        if (calendar == NULL)
            continue;
        GArray *ends = run_period_ends(calendar, first_us, last_us, &start_us);
        if (ends->len == self->kpis.periods && start_us == self->kpis.start_us)
            return ends;
        g_array_unref(ends);
    }
    self->guessed = TRUE;
    return ends_by_day(self->full_us);
}

static void sample(logged *self)
{
    g_autoptr(GArray) ends = find_ends(self);
    const qb_curve full = {(const int64_t *)self->full_us->data, (const double *)self->full->data,
                           self->full_us->len};
    g_array_set_size(self->period_us, ends->len + 1);
    g_array_set_size(self->period, ends->len + 1);
    qb_curve_sample(&full, self->kpis.start, self->kpis.start_us, (const int64_t *)ends->data,
                    ends->len, (int64_t *)self->period_us->data, (double *)self->period->data);
}

/* ---- all of it ----------------------------------------------------------------------------- */

static gboolean fills_at_close(const runlog_summary *run)
{
    json_auto_t *params = log_json_object(run->params);
    const char *at =
        json_string_value(json_object_get(json_object_get(params, "config"), "fill-at"));
    return at != NULL && strcmp(at, "next-open") != 0;
}

/* Equity alone does not tell a deposit from a gain. */
static gboolean refuse_flows(const runlog_summary *run, GError **error)
{
    json_auto_t *params = log_json_object(run->params);
    if (json_object_get(json_object_get(params, "config"), "deposit") == NULL)
        return TRUE;
    g_set_error(error, FAILURE, FAILURE_MISSING,
                "run %s had deposits, which its logged equity does not tell from gains (backtest "
                "--metrics-as makes these figures as it runs)",
                run->id);
    return FALSE;
}

gboolean metrics_as_of_log(qb_dialect dialect, runlog *log, const runlog_summary *run,
                           metrics_as *out, GError **error)
{
    g_auto(logged) all = {0};
    json_auto_t *stored = log_json_object(run->kpis);
    logged_init(&all);
    log_kpis_read(stored, &all.kpis);
    if (!refuse_flows(run, error) || !read_equity(log, run->id, &all, error) ||
        !read_trades(log, run->id, &all, error))
        return FALSE;
    sample(&all);
    const qb_kpi_input input = {
        .periods = {(const int64_t *)all.period_us->data, (const double *)all.period->data,
                    all.period_us->len},
        .full = {(const int64_t *)all.full_us->data, (const double *)all.full->data,
                 all.full_us->len},
        .trades = (const qb_trade_result *)all.trades->data,
        .trade_count = all.trades->len,
        .periods_per_year = all.kpis.periods_per_year,
        .risk_free = isfinite(all.kpis.risk_free) ? all.kpis.risk_free : 0,
        .traded = NAN,
    };
    if (!metrics_as_of_run(dialect, &input, fills_at_close(run), out, error))
        return FALSE;
    if (all.guessed && out->note == NULL)
        out->note = "No calendar fits its periods: the days that have equity are taken.";
    return TRUE;
}
