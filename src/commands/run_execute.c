#include "commands/run-private.h"
#include "platform/clock.h"
#include "reports/reports.h"

#include <math.h>
#include <string.h>

/* ---- listening ----------------------------------------------------------------------------- */

/* Stands between the engine and the run log: keeps what the ratios need, passes all on. */
typedef struct recorder {
    qb_sink inner;
    const run_bars *bars;
    run_result *result;
    qb_short_check *check; /* NULL: none */
    const run_plan *plan;
    runlog_writer *writer; /* NULL: not logged */
    guint32 *touched;      /* [count]: of qb_touch, what the trade under way has touched */
    guint32 last;          /* instrument of the trade that was closed last */
} recorder;

static void touch_last(recorder *self, guint32 touched)
{
    GArray *closed = self->result->closed;
    g_array_index(closed, runlog_trade, closed->len - 1).touched |= touched;
    if (self->writer != NULL)
        runlog_writer_touch(self->writer, touched);
}

/* Its end is told after its fill, and so after the trade that the fill has closed. */
static void note_late(recorder *self, const qb_order *order)
{
    const GArray *closed = self->result->closed;
    if (order->status != QB_ORDER_FILLED || order->bars_missed == 0)
        return;
    self->result->late_fills++;
    if (closed->len > 0 && self->last == order->instrument &&
        g_array_index(closed, runlog_trade, closed->len - 1).exit_us == order->final_us)
        touch_last(self, QB_TOUCH_LATE);
    else
        self->touched[order->instrument] |= QB_TOUCH_LATE;
}

static qb_status record_order(void *self, const qb_order *order)
{
    const qb_sink *inner = &((recorder *)self)->inner;
    note_late(self, order);
    return inner->order != NULL ? inner->order(inner->self, order) : QB_OK;
}

/* A fill on a bar in which nothing traded, of an instrument that has volumes elsewhere. */
static gboolean is_idle(const run_bars *bars, const qb_fill *fill)
{
    const qb_series *series = &bars->series[fill->instrument];
    if (!bars->has_volume[fill->instrument])
        return FALSE;
    const gsize row = qb_series_lower_bound(series, fill->bar_ts_us);
    return row < series->count && series->ts_us[row] == fill->bar_ts_us &&
           series->volume[row] == 0.0;
}

/* What is paid above the reference price, or got below it. */
static double slippage_of(const run_plan *plan, const qb_fill *fill)
{
    return qb_raw_to_double(fill->price.raw - fill->reference.raw) *
           qb_raw_to_double(fill->quantity.raw) *
           qb_raw_to_double(plan->instruments[fill->instrument].multiplier.raw);
}

static void note_fill(recorder *self, const qb_fill *fill)
{
    run_result *result = self->result;
    const double share = fabs(qb_raw_to_double(fill->quantity.raw)) / fill->volume;
    result->slippage += slippage_of(self->plan, fill);
    if (is_idle(self->bars, fill)) {
        result->idle_fills++;
        self->touched[fill->instrument] |= QB_TOUCH_IDLE;
    }
    /* An unknown volume is NaN and no volume makes infinity: neither is a share. */
    if (!(share > QB_DOCTOR_VOLUME_SHARE && isfinite(share)))
        return;
    result->large_fills++;
    self->touched[fill->instrument] |= QB_TOUCH_LARGE;
    if (share > result->largest_share) {
        result->largest_share = share;
        result->largest_instrument = fill->instrument;
    }
}

static qb_status record_fill(void *self, const qb_fill *fill)
{
    const qb_sink *inner = &((recorder *)self)->inner;
    note_fill(self, fill);
    return inner->fill != NULL ? inner->fill(inner->self, fill) : QB_OK;
}

static gboolean spans_flags(const qb_series *series, const qb_trade *trade)
{
    if (series->flags == NULL)
        return FALSE;
    for (gsize i = qb_series_lower_bound(series, trade->entry_us);
         i < series->count && series->ts_us[i] < trade->exit_us; i++)
        if ((series->flags[i] & (QB_BAR_REPAIRED | QB_BAR_SYNTHETIC)) != 0)
            return TRUE;
    return FALSE;
}

static runlog_trade closed_trade(const recorder *self, const qb_trade *trade)
{
    runlog_trade row = {
        .is_short = trade->side == QB_SELL,
        .entry_us = trade->entry_us,
        .exit_us = trade->exit_us,
        .qty_e8 = trade->quantity.raw,
        .entry_price_e8 = trade->entry_price.raw,
        .exit_price_e8 = trade->exit_price.raw,
        .profit_e8 = trade->profit.raw,
        .fees_e8 = trade->fees.raw,
        .return_fraction = trade->return_fraction,
        .bars = (gint64)trade->bars,
        .exit_date = qb_calendar_date(run_plan_calendar(self->plan), trade->exit_us),
        .adverse = trade->adverse,
        .favourable = trade->favourable,
        .touched = self->touched[trade->instrument],
    };
    if (spans_flags(&self->bars->series[trade->instrument], trade))
        row.touched |= QB_TOUCH_FLAGGED;
    g_strlcpy(row.symbol, self->plan->symbols[trade->instrument], sizeof row.symbol);
    g_strlcpy(row.strategy, run_plan_owner(self->plan, trade->owner), sizeof row.strategy);
    g_strlcpy(row.entry_reason, qb_purpose_text(trade->entry), sizeof row.entry_reason);
    g_strlcpy(row.exit_reason, qb_purpose_text(trade->exit), sizeof row.exit_reason);
    return row;
}

static qb_status record_trade(void *self, const qb_trade *trade)
{
    recorder *recorder = self;
    const qb_sink *inner = &recorder->inner;
    const qb_trade_result row = {
        .entry_us = trade->entry_us,
        .exit_us = trade->exit_us,
        .profit = qb_raw_to_double(trade->profit.raw),
        .return_fraction = trade->return_fraction,
    };
    const runlog_trade closed = closed_trade(recorder, trade);
    g_array_append_val(recorder->result->trades, row);
    g_array_append_val(recorder->result->closed, closed);
    recorder->last = trade->instrument;
    recorder->touched[trade->instrument] = 0;
    const qb_status status = inner->trade != NULL ? inner->trade(inner->self, trade) : QB_OK;
    if (status == QB_OK && recorder->writer != NULL)
        runlog_writer_touch(recorder->writer, closed.touched);
    return status;
}

static qb_status record_equity(void *self, int64_t at_us, qb_money equity)
{
    recorder *recorder = self;
    const double value = qb_raw_to_double(equity.raw);
    const gint64 at = at_us;
    GArray *times = recorder->result->equity_us, *values = recorder->result->equity;
    /* An opening that ruins the account overtakes the close that it shares its instant with. */
    if (times->len > 0 && g_array_index(times, gint64, times->len - 1) == at) {
        g_array_index(values, double, values->len - 1) = value;
    } else {
        g_array_append_val(times, at);
        g_array_append_val(values, value);
    }
    return recorder->inner.equity != NULL
               ? recorder->inner.equity(recorder->inner.self, at_us, equity)
               : QB_OK;
}

static qb_status record_decision(void *self, const qb_decision *decision)
{
    const recorder *recorder = self;
    const qb_sink *inner = &recorder->inner;
    if (recorder->check != NULL) {
        const qb_status status = qb_short_check_hear(recorder->check, decision);
        if (status != QB_OK)
            return status;
    }
    return inner->decision != NULL ? inner->decision(inner->self, decision) : QB_OK;
}

static qb_status record_flow(void *self, const qb_flow *flow)
{
    recorder *recorder = self;
    const qb_curve_flow row = {
        .at_us = flow->at_us,
        .before = qb_raw_to_double(flow->equity.raw),
        .after = qb_raw_to_double(flow->equity.raw + flow->amount.raw),
    };
    if (!flow->refused)
        g_array_append_val(recorder->result->flows, row);
    return recorder->inner.flow != NULL ? recorder->inner.flow(recorder->inner.self, flow) : QB_OK;
}

static qb_status record_risk(void *self, const qb_risk_event *event)
{
    const recorder *recorder = self;
    const qb_sink *inner = &recorder->inner;
    if (event->order_id != 0)
        recorder->result->ruled[event->rule]++;
    return inner->risk != NULL ? inner->risk(inner->self, event) : QB_OK;
}

/* ---- periods ------------------------------------------------------------------------------- */

static gboolean is_named(const qb_calendar *calendar, const char *name)
{
    return strcmp(qb_calendar_name(calendar), name) == 0;
}

const qb_calendar *run_plan_calendar(const run_plan *plan)
{
    const qb_calendar *calendar = plan->instruments[0].calendar;
    for (guint32 i = 0; i < plan->count; i++) {
        const qb_calendar *other = plan->instruments[i].calendar;
        if (qb_calendar_periods(other) > 300)
            return other;
        if (is_named(other, "XNYS") || is_named(calendar, "weekdays"))
            calendar = other;
    }
    return calendar;
}

/* The benchmark's closes by the moment they were known. */
static gboolean benchmark_curve(const run_plan *plan, const run_bars *bars, gint64 start_us,
                                GArray *times, GArray *values, double *out_start)
{
    const qb_series *series = &bars->benchmark;
    const qb_calendar *calendar = plan->instruments[0].calendar;
    if (series->count == 0)
        for (guint32 i = 0; i < plan->count; i++)
            if (strcmp(plan->symbols[i], plan->benchmark.symbol) == 0) {
                series = &bars->series[i];
                calendar = plan->instruments[i].calendar;
            }
    qb_session_cursor cursor = {0};
    *out_start = NAN;
    for (gsize i = 0; i < series->count; i++) {
        qb_bar_time when;
        if (!qb_bar_times_next(calendar, plan->benchmark.interval, series->ts_us[i], &cursor,
                               &when))
            continue;
        const gint64 known_us = when.known_us;
        /* Before the first bar of all, the first open is the last price anyone knew. */
        if (known_us <= start_us || isnan(*out_start))
            *out_start = known_us <= start_us ? series->close[i] : series->open[i];
        g_array_append_val(times, known_us);
        g_array_append_val(values, series->close[i]);
    }
    return times->len > 0;
}

static void sample_benchmark(const run_plan *plan, const run_bars *bars, const GArray *ends,
                             gint64 start_us, run_result *result)
{
    g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
    double start;
    if (!plan->has_benchmark || !benchmark_curve(plan, bars, start_us, times, values, &start))
        return;
    const qb_curve curve = {(const int64_t *)times->data, (const double *)values->data, times->len};
    g_autofree gint64 *stamps = g_new(gint64, ends->len + 1);
    result->benchmark = g_array_sized_new(FALSE, TRUE, sizeof(double), ends->len + 1);
    g_array_set_size(result->benchmark, ends->len + 1);
    qb_curve_sample(&curve, start, start_us, (const int64_t *)ends->data, ends->len,
                    (int64_t *)stamps, (double *)result->benchmark->data);
}

/* ---- ratios -------------------------------------------------------------------------------- */

qb_curve run_result_curve(const run_result *result)
{
    const GArray *values = result->growth != NULL ? result->growth : result->equity;
    return (qb_curve){(const int64_t *)result->equity_us->data, (const double *)values->data,
                      values->len};
}

qb_kpi_input run_result_input(const run_plan *plan, const run_result *result)
{
    const int64_t *stamps = (const int64_t *)result->period_us->data;
    const guint count = result->period_us->len;
    qb_kpi_input input = {
        .periods = {stamps, (const double *)result->periods->data, count},
        .full = run_result_curve(result),
        .trades = (const qb_trade_result *)result->trades->data,
        .trade_count = result->trades->len,
        .periods_per_year = qb_calendar_periods(run_plan_calendar(plan)),
        .risk_free = plan->risk_free,
        .bars_held = (double)result->totals.bars_held,
        .bars = (double)result->totals.bars,
        .traded = qb_raw_to_double(result->totals.traded.raw),
    };
    if (result->period_money != NULL)
        input.money = (qb_curve){stamps, (const double *)result->period_money->data, count};
    if (result->benchmark != NULL)
        input.benchmark = (qb_curve){stamps, (const double *)result->benchmark->data, count};
    return input;
}

/* The equity at the period ends, E_0 first. */
static GArray *sample_periods(const run_result *result, const GArray *values, double start,
                              const GArray *ends, gint64 start_us)
{
    const qb_curve full = {(const int64_t *)result->equity_us->data, (const double *)values->data,
                           values->len};
    GArray *sampled = g_array_sized_new(FALSE, TRUE, sizeof(double), ends->len + 1);
    g_array_set_size(sampled, ends->len + 1);
    qb_curve_sample(&full, start, start_us, (const int64_t *)ends->data, ends->len,
                    (int64_t *)result->period_us->data, (double *)sampled->data);
    return sampled;
}

/* A flow is no gain: what the returns alone would have made of the start. */
static gboolean weigh(run_result *result, GError **error)
{
    const qb_curve money = run_result_curve(result);
    GArray *growth = g_array_sized_new(FALSE, TRUE, sizeof(double), (guint)money.count);
    g_array_set_size(growth, (guint)money.count);
    const qb_status status = qb_curve_time_weighted(&money,
                                                    (const qb_curve_flow *)result->flows->data,
                                                    result->flows->len, (double *)growth->data);
    result->growth = growth;
    return status == QB_OK || failure_from_status(error, status, "time-weighted returns");
}

/* start: cash and the cost of what the run began with. */
static gboolean measure(const run_plan *plan, const run_bars *bars, double start,
                        run_result *result, GError **error)
{
    const qb_engine_totals *totals = &result->totals;
    gint64 start_us = 0;
    g_autoptr(GArray) ends = run_period_ends(run_plan_calendar(plan), totals->first_us,
                                             totals->last_us, &start_us);
    /* The start belongs to the full curve: a first bar that loses is a drawdown. */
    g_array_prepend_val(result->equity_us, start_us);
    g_array_prepend_val(result->equity, start);
    g_array_set_size(result->period_us, ends->len + 1);
    result->periods = sample_periods(result, result->equity, start, ends, start_us);
    if (result->flows->len > 0) {
        if (!weigh(result, error))
            return FALSE;
        result->period_money = g_steal_pointer(&result->periods);
        result->periods = sample_periods(result, result->growth, start, ends, start_us);
    }
    sample_benchmark(plan, bars, ends, start_us, result);

    const qb_kpi_input input = run_result_input(plan, result);
    const qb_status status = qb_kpis_compute(&input, &result->kpis);
    if (status != QB_OK)
        return failure_from_status(error, status, "ratios");
    result->kpis_json = report_kpis_json(&result->kpis);
    return TRUE;
}

/* ---- running ------------------------------------------------------------------------------- */

qb_engine_config run_plan_config(const run_plan *plan, const run_bars *bars)
{
    return (qb_engine_config){
        .instruments = plan->instruments,
        .instrument_count = plan->count,
        .strategy = plan->strategy,
        .params = plan->params,
        .cash = plan->cash,
        .costs = plan->costs,
        .size = plan->size,
        .fill_at = plan->fill_at,
        .leverage = plan->leverage,
        .patience = plan->patience,
        .seed = plan->seed,
        .fill_model = plan->fill_model,
        .instrument_costs = plan->instrument_costs,
        .borrow = plan->borrow,
        .interest = plan->interest,
        .maintenance_off = plan->maintenance_off,
        .maintenance = plan->maintenance,
        .deposits = plan->deposits,
        .deposit_count = plan->deposit_count,
        .holdings = plan->holdings,
        .holding_count = plan->holding_count,
        .risk = plan->risk.on ? &plan->risk.config : NULL,
        .macros = bars->macro_feeds,
        .macro_count = bars->macro_count,
    };
}

static gboolean run_engine(const run_plan *plan, const run_bars *bars,
                           const qb_engine_config *config, const qb_sink *sink,
                           qb_engine **out_engine, run_result *result, GError **error)
{
    qb_series_feed *feed = NULL;
    qb_status status = qb_series_feed_new(plan->instruments, bars->series, plan->count, &feed);
    if (status == QB_OK && bars->finer != NULL)
        status = qb_series_feed_detail(feed, bars->finer, plan->detail);
    if (status == QB_OK)
        status = qb_engine_new(config, sink, out_engine);
    if (status == QB_OK) {
        const qb_feed source = qb_series_feed_as_feed(feed);
        status = qb_engine_run(*out_engine, &source);
    }
    if (status == QB_OK)
        status = qb_engine_finish(*out_engine);
    for (guint32 i = 0; feed != NULL && i < plan->count; i++) {
        result->skipped_bars += qb_series_feed_skipped(feed, i);
        result->unpriced_bars += qb_series_feed_unpriced(feed, i);
        result->coarse_bars += qb_series_feed_uncovered(feed, i);
    }
    qb_series_feed_free(feed);
    if (status != QB_OK)
        return failure_from_status(error, status, plan->name);
    qb_engine_totals_get(*out_engine, &result->totals);
    if (result->totals.bars == 0) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA,
                    "none of the %" G_GSIZE_FORMAT " bars stands in a session of its calendar",
                    bars->rows);
        return FALSE;
    }
    return TRUE;
}

static runlog_writer *open_writer(const run_plan *plan, const run_bars *bars, runlog *log,
                                  GError **error)
{
    json_t *params = run_plan_to_json(plan, bars);
    g_autofree char *params_text = json_dumps(params, JSON_COMPACT);
    json_decref(params);
    g_autofree char *universe = g_strjoinv(",", plan->symbols);
    g_autofree const char **owners = g_new0(const char *, MAX(plan->member_count, 1));
    for (guint32 i = 0; i < MAX(plan->member_count, 1); i++)
        owners[i] = run_plan_owner(plan, i);
    const runlog_run run = {
        .mode = "backtest",
        .universe = universe,
        .params = params_text,
        .symbols = (const char *const *)plan->symbols,
        .instrument_count = plan->count,
        .started_us = plan->started_us != 0 ? plan->started_us : clock_now_us(),
        .strategies = owners,
        .strategy_count = MAX(plan->member_count, 1),
        .calendar = run_plan_calendar(plan),
    };
    return runlog_writer_new(log, &run, error);
}

static run_result *result_new(void)
{
    run_result *result = g_new0(run_result, 1);
    result->equity_us = g_array_new(FALSE, FALSE, sizeof(gint64));
    result->equity = g_array_new(FALSE, FALSE, sizeof(double));
    result->period_us = g_array_new(FALSE, TRUE, sizeof(gint64));
    result->flows = g_array_new(FALSE, FALSE, sizeof(qb_curve_flow));
    result->trades = g_array_new(FALSE, FALSE, sizeof(qb_trade_result));
    result->closed = g_array_new(FALSE, FALSE, sizeof(runlog_trade));
    return result;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(qb_short_check, qb_short_check_free)

/* After the run, which is to be the first that the strategy's code has seen; before the commit. */
static gboolean finish_check(const run_plan *plan, qb_short_check *check, runlog_writer *writer,
                             run_result *result, GError **error)
{
    if (check == NULL)
        return TRUE;
    const qb_status status = qb_short_check_finish(check, &result->honesty);
    if (status != QB_OK)
        return failure_from_status(error, status, "the run's beginning made again");
    result->checked = TRUE;
    return writer == NULL ||
           run_check_store(plan, &result->honesty, result->totals.last_us, writer, error);
}

run_result *run_execute(const run_plan *plan, const run_bars *bars, runlog *log, GError **error)
{
    g_autoptr(run_result) result = result_new();
    g_autoptr(runlog_writer) writer = NULL;
    g_autoptr(runlog_hasher) hasher = NULL;
    g_autoptr(qb_short_check) check = NULL;
    g_autofree guint32 *touched = g_new0(guint32, plan->count);
    recorder recorder = {.bars = bars, .result = result, .plan = plan, .touched = touched};
    const qb_engine_config config = run_plan_config(plan, bars);
    if (plan->check) {
        const qb_status status = qb_short_check_new(&config, bars->series, &check);
        if (status != QB_OK) {
            failure_from_status(error, status, plan->name);
            return NULL;
        }
        recorder.check = check;
    }
    if (log != NULL) {
        writer = open_writer(plan, bars, log, error);
        if (writer == NULL)
            return NULL;
        recorder.inner = runlog_writer_sink(writer);
        recorder.writer = writer;
    } else {
        hasher = runlog_hasher_new();
        recorder.inner = runlog_hasher_sink(hasher);
    }
    const qb_sink sink = {.self = &recorder,
                          .order = record_order,
                          .fill = record_fill,
                          .trade = record_trade,
                          .equity = record_equity,
                          .decision = record_decision,
                          .flow = record_flow,
                          .risk = record_risk};
    qb_engine *engine = NULL;
    gboolean ok = run_engine(plan, bars, &config, &sink, &engine, result, error) &&
                  measure(plan, bars, qb_raw_to_double(qb_engine_portfolio(engine)->start.raw),
                          result, error);
    if (ok) {
        const qb_portfolio *portfolio = qb_engine_portfolio(engine);
        result->state_hash = writer != NULL
                                 ? runlog_writer_state_hash(writer, portfolio, result->kpis_json)
                                 : runlog_hasher_finish(hasher, portfolio, result->kpis_json);
    } else if (writer != NULL && runlog_writer_error(writer) != NULL) {
        g_clear_error(error);
        g_propagate_error(error, g_error_copy(runlog_writer_error(writer)));
    }
    /* Before the commit: the strategy's last words may be a crash. */
    qb_engine_free(engine);
    ok = ok && finish_check(plan, check, writer, result, error) &&
         run_result_describe(plan, bars, result, error);
    if (ok && writer != NULL) {
        result->id = g_strdup(runlog_writer_id(writer));
        runlog_writer_result(writer, result->rest_json);
        ok = runlog_writer_commit(writer, result->kpis_json, result->state_hash, clock_now_us(),
                                  error);
    }
    return ok ? g_steal_pointer(&result) : NULL;
}

void run_result_free(run_result *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->equity_us);
    g_array_unref(self->equity);
    g_array_unref(self->period_us);
    g_clear_pointer(&self->periods, g_array_unref);
    g_array_unref(self->flows);
    g_clear_pointer(&self->growth, g_array_unref);
    g_clear_pointer(&self->period_money, g_array_unref);
    g_array_unref(self->trades);
    g_array_unref(self->closed);
    g_clear_pointer(&self->names, g_ptr_array_unref);
    g_clear_pointer(&self->benchmark, g_array_unref);
    g_free(self->id);
    g_free(self->state_hash);
    g_free(self->kpis_json);
    g_free(self->rest_json);
    g_free(self);
}
