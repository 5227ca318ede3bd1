/* One run, from the engine's events to rows.
 *
 * Events are kept in columns of plain structs and stored at the commit: while a backtest computes
 * it holds no lock, and the transaction is as short as the disk allows. An order is kept once and
 * updated until it has ended. The hash takes the same events through the hasher that also serves
 * runs without a log, so the two cannot differ. */
#include "runlog/runlog-private.h"

#include "platform/clock.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <sys/random.h>

typedef struct metric_row {
    gint64 ts_us;
    char *name;
    double value;
} metric_row;

typedef struct log_row {
    gint64 ts_us;
    char *level, *message, *meta;
} log_row;

struct runlog_writer {
    runlog *log;
    char *id, *mode, *universe, *params;
    char *result;
    char **symbols, **strategies;
    guint32 instrument_count, strategy_count;
    const qb_calendar *calendar;
    gint64 started_us;
    GArray *orders;    /* of qb_order, by id */
    GArray *fills;     /* of qb_fill */
    GArray *trades;    /* of qb_trade */
    GArray *touches;   /* of guint32: what each trade touched */
    GArray *points;    /* of runlog_point */
    GArray *decisions; /* of qb_decision */
    GArray *risks;     /* of qb_risk_event */
    GArray *metrics;   /* of metric_row */
    GArray *logs;      /* of log_row */
    GArray *positions; /* of qb_position, as the state's hash was taken; NULL: not yet */
    gint64 cash_e8;
    runlog_hasher *hasher;
    qb_sink hash;
    GError *error;
    gboolean committed;
};

/* ---- ids ------------------------------------------------------------------------------------ */

/* Random bytes of the kernel; getrandom gives up to 256 whole, but for a signal. */
static void fill_random(guint8 *bytes, gsize count)
{
    ssize_t got;
    do
        got = getrandom(bytes, count, 0);
    while (got < 0 && errno == EINTR);
    g_assert(got == (ssize_t)count);
}

/* RFC 9562, version 7: 48 bits of milliseconds, 12 bits of the fraction of a millisecond (method 3
 * of section 6.2, so that ids of one process ascend), 62 random bits. */
static char *make_uuid(gint64 now_us)
{
    guint8 b[16];
    const guint64 ms = (guint64)(now_us / 1000);
    const guint fraction = (guint)(now_us % 1000) * 4096 / 1000;
    fill_random(b, sizeof b);
    for (int i = 0; i < 6; i++)
        b[i] = (guint8)(ms >> (40 - 8 * i));
    b[6] = (guint8)(0x70 | fraction >> 8);
    b[7] = (guint8)fraction;
    b[8] = (guint8)(0x80 | (b[8] & 0x3f));
    return g_strdup_printf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
                           b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
                           b[12], b[13], b[14], b[15]);
}

/* "RUN:o:00000042": eight digits, so that ids sort as they were made; more when they need more. */
#define ID_DIGITS 8
typedef struct row_id {
    char text[RUNLOG_ID_LIMIT + 3 + 20 + 1];
    int prefix; /* bytes up to the number */
    int size;
} row_id;

static void row_id_init(row_id *self, const char *run, char kind)
{
    self->prefix = g_snprintf(self->text, sizeof self->text, "%s:%c:", run, kind);
    self->size = self->prefix;
}

static void row_id_set(row_id *self, guint64 number)
{
    char digits[20];
    int count = 0;
    for (guint64 rest = number; rest > 0 || count < ID_DIGITS; rest /= 10)
        digits[count++] = (char)('0' + rest % 10);
    self->size = self->prefix + count;
    for (int i = 0; i < count; i++)
        self->text[self->prefix + i] = digits[count - 1 - i];
}

/* ---- listening ------------------------------------------------------------------------------ */

static qb_status reject(runlog_writer *self, const char *what)
{
    if (self->error == NULL)
        g_set_error(&self->error, FAILURE, FAILURE_INTERNAL, "run %s: %s", self->id, what);
    return QB_SINK_FAILED;
}

static qb_status keep_order(void *object, const qb_order *order)
{
    runlog_writer *self = object;
    if (order->instrument >= self->instrument_count || order->id == 0 ||
        order->id > (guint64)self->orders->len + 1)
        return reject(self, "an order out of sequence");
    if (order->id == (guint64)self->orders->len + 1)
        g_array_append_val(self->orders, *order);
    else if (g_array_index(self->orders, qb_order, order->id - 1).status == QB_ORDER_OPEN)
        g_array_index(self->orders, qb_order, order->id - 1) = *order;
    else
        return reject(self, "an order changed after its end");
    return self->hash.order(self->hash.self, order);
}

static qb_status keep_fill(void *object, const qb_fill *fill)
{
    runlog_writer *self = object;
    if (fill->instrument >= self->instrument_count)
        return reject(self, "a fill of an unknown instrument");
    g_array_append_val(self->fills, *fill);
    return self->hash.fill(self->hash.self, fill);
}

static qb_status keep_trade(void *object, const qb_trade *trade)
{
    runlog_writer *self = object;
    if (trade->instrument >= self->instrument_count)
        return reject(self, "a trade of an unknown instrument");
    const guint32 none = 0;
    g_array_append_val(self->trades, *trade);
    g_array_append_val(self->touches, none);
    return self->hash.trade(self->hash.self, trade);
}

static qb_status keep_equity(void *object, int64_t at_us, qb_money equity)
{
    runlog_writer *self = object;
    const runlog_point point = {at_us, equity.raw};
    runlog_point *last = self->points->len > 0
                             ? &g_array_index(self->points, runlog_point, self->points->len - 1)
                             : NULL;
    if (last != NULL && at_us < last->ts_us)
        return reject(self, "equity points do not ascend in time");
    if (last != NULL && at_us == last->ts_us)
        *last = point; /* the opening of an instant overtakes its close */
    else
        g_array_append_val(self->points, point);
    return self->hash.equity(self->hash.self, at_us, equity);
}

static qb_status keep_decision(void *object, const qb_decision *decision)
{
    runlog_writer *self = object;
    if (decision->instrument >= self->instrument_count)
        return reject(self, "a decision on an unknown instrument");
    g_array_append_val(self->decisions, *decision);
    return QB_OK;
}

static qb_status keep_risk(void *object, const qb_risk_event *event)
{
    runlog_writer *self = object;
    if (event->instrument != UINT32_MAX && event->instrument >= self->instrument_count)
        return reject(self, "a risk event of an unknown instrument");
    g_array_append_val(self->risks, *event);
    return QB_OK;
}

qb_sink runlog_writer_sink(runlog_writer *self)
{
    return (qb_sink){.self = self,
                     .order = keep_order,
                     .fill = keep_fill,
                     .trade = keep_trade,
                     .equity = keep_equity,
                     .decision = keep_decision,
                     .risk = keep_risk};
}

gboolean runlog_writer_metric(runlog_writer *self, gint64 ts_us, const char *name, double value,
                              GError **error)
{
    if (!isfinite(value)) {
        g_set_error(error, FAILURE, FAILURE_BAD_DATA, "metric %s is not a finite number", name);
        return FALSE;
    }
    const metric_row row = {ts_us, g_strdup(name), value};
    g_array_append_val(self->metrics, row);
    return TRUE;
}

void runlog_writer_result(runlog_writer *self, const char *json)
{
    g_free(self->result);
    self->result = g_strdup(json);
}

void runlog_writer_touch(runlog_writer *self, guint32 touched)
{
    if (self->touches->len > 0)
        g_array_index(self->touches, guint32, self->touches->len - 1) |= touched;
}

void runlog_writer_log(runlog_writer *self, gint64 ts_us, const char *level, const char *message,
                       const char *meta)
{
    const log_row row = {ts_us, g_strdup(level), g_strdup(message), g_strdup(meta)};
    g_array_append_val(self->logs, row);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void clear_metric(void *row)
{
    g_free(((metric_row *)row)->name);
}

static void clear_log(void *row)
{
    log_row *log = row;
    g_free(log->level);
    g_free(log->message);
    g_free(log->meta);
}

static char **copy_texts(const char *const *texts, guint32 count)
{
    char **copy = g_new0(char *, count + 1);
    for (guint32 i = 0; i < count; i++)
        copy[i] = g_strdup(texts[i]);
    return copy;
}

runlog_writer *runlog_writer_new(runlog *log, const runlog_run *run, GError **error)
{
    if (run->id != NULL && (run->id[0] == '\0' || strlen(run->id) > RUNLOG_ID_LIMIT)) {
        g_autofree char *quoted = failure_quote(run->id, -1);
        g_set_error(error, FAILURE, FAILURE_USAGE, "run id %s (expected 1 to %d characters)",
                    quoted, RUNLOG_ID_LIMIT);
        return NULL;
    }
    runlog_writer *self = g_new0(runlog_writer, 1);
    self->log = log;
    self->started_us = run->started_us != 0 ? run->started_us : clock_now_us();
    self->id = run->id != NULL ? g_strdup(run->id) : make_uuid(clock_now_us());
    self->mode = g_strdup(run->mode);
    self->universe = g_strdup(run->universe);
    self->params = g_strdup(run->params);
    self->symbols = copy_texts(run->symbols, run->instrument_count);
    self->instrument_count = run->instrument_count;
    self->strategies = copy_texts(run->strategies, run->strategy_count);
    self->strategy_count = run->strategy_count;
    self->calendar = run->calendar;
    self->orders = g_array_new(FALSE, FALSE, sizeof(qb_order));
    self->fills = g_array_new(FALSE, FALSE, sizeof(qb_fill));
    self->trades = g_array_new(FALSE, FALSE, sizeof(qb_trade));
    self->touches = g_array_new(FALSE, FALSE, sizeof(guint32));
    self->points = g_array_new(FALSE, FALSE, sizeof(runlog_point));
    self->decisions = g_array_new(FALSE, FALSE, sizeof(qb_decision));
    self->risks = g_array_new(FALSE, FALSE, sizeof(qb_risk_event));
    self->metrics = g_array_new(FALSE, FALSE, sizeof(metric_row));
    self->logs = g_array_new(FALSE, FALSE, sizeof(log_row));
    g_array_set_clear_func(self->metrics, clear_metric);
    g_array_set_clear_func(self->logs, clear_log);
    self->hasher = runlog_hasher_new();
    self->hash = runlog_hasher_sink(self->hasher);
    return self;
}

void runlog_writer_free(runlog_writer *self)
{
    if (self == NULL)
        return;
    GArray *const arrays[] = {self->orders, self->fills,     self->trades,
                              self->points, self->decisions, self->metrics,
                              self->logs,   self->risks,     self->touches};
    for (gsize i = 0; i < G_N_ELEMENTS(arrays); i++)
        g_array_unref(arrays[i]);
    g_clear_pointer(&self->positions, g_array_unref);
    runlog_hasher_free(self->hasher);
    g_strfreev(self->symbols);
    g_strfreev(self->strategies);
    g_free(self->result);
    g_free(self->id);
    g_free(self->mode);
    g_free(self->universe);
    g_free(self->params);
    g_clear_error(&self->error);
    g_free(self);
}

const char *runlog_writer_id(const runlog_writer *self)
{
    return self->id;
}

const GError *runlog_writer_error(const runlog_writer *self)
{
    return self->error;
}

char *runlog_writer_state_hash(runlog_writer *self, const qb_portfolio *portfolio, const char *kpis)
{
    g_clear_pointer(&self->positions, g_array_unref);
    self->positions = g_array_sized_new(FALSE, FALSE, sizeof(qb_position), portfolio->count);
    g_array_append_vals(self->positions, portfolio->positions, portfolio->count);
    self->cash_e8 = portfolio->cash.raw;
    return runlog_hasher_finish(self->hasher, portfolio, kpis);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void put_id(rows *row, const row_id *id)
{
    rows_text_sized(row, id->text, (gsize)id->size);
}

static void put_amount(rows *row, gint64 raw)
{
    rows_number(row, qb_raw_to_double(raw));
}

static const char *side_text(qb_side side)
{
    return side == QB_BUY ? "buy" : "sell";
}

static const char *size_kind_text(qb_size_kind kind)
{
    return kind == QB_SIZE_UNITS ? "units" : kind == QB_SIZE_CASH ? "cash" : "weight";
}

static void put_order_or_null(rows *self, row_id *id, guint64 order)
{
    row_id_set(id, order);
    if (order != 0)
        put_id(self, id);
    else
        rows_none(self);
}

/* A limit or a stop; orders without one have none. */
static void put_price(rows *self, qb_price price, gboolean as_number)
{
    if (price.raw == 0)
        rows_none(self);
    else if (as_number)
        put_amount(self, price.raw);
    else
        rows_integer(self, price.raw);
}

static const char *name_of(const runlog_writer *self, guint32 owner)
{
    return owner < self->strategy_count ? self->strategies[owner] : NULL;
}

/* Which rule refused or cut an order; NULL where none did. */
static void put_risk(rows *self, const qb_order *order)
{
    const gboolean ruled = order->risk_rule != QB_RISK_NONE;
    rows_text(self, ruled ? qb_risk_rule_text((qb_risk_rule)order->risk_rule) : NULL);
    rows_number(self, ruled ? order->risk_limit : NAN);
    rows_number(self, ruled ? order->risk_value : NAN);
}

static gboolean put_orders(runlog_writer *self, rows *row, GError **error)
{
    row_id id, parent;
    row_id_init(&id, self->id, 'o');
    row_id_init(&parent, self->id, 'o');
    for (guint i = 0; i < self->orders->len; i++) {
        const qb_order *order = &g_array_index(self->orders, qb_order, i);
        row_id_set(&id, order->id);
        rows_text(row, self->id);
        put_id(row, &id);
        rows_stamp(row, order->submitted_us);
        rows_text(row, self->symbols[order->instrument]);
        rows_text(row, side_text(order->side));
        put_amount(row, order->quantity.raw);
        put_price(row, order->limit, TRUE);
        rows_text(row, qb_order_status_text(order->status));
        rows_integer(row, order->quantity.raw);
        put_price(row, order->limit, FALSE);
        rows_integer(row, order->filled.raw);
        rows_text(row, qb_reason_text(order->reason));
        rows_stamp_or_none(row, order->final_us);
        rows_integer(row, order->reduce_only);
        rows_text(row, size_kind_text(order->size.kind));
        rows_number(row, order->size.amount);
        put_risk(row, order);
        rows_text(row, qb_order_type_text(order->type));
        rows_text(row, qb_time_in_force_text(order->time_in_force));
        put_price(row, order->stop, FALSE);
        rows_text(row, qb_purpose_text(order->purpose));
        put_order_or_null(row, &parent, order->parent);
        rows_text(row, name_of(self, order->owner));
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean put_fills(runlog_writer *self, rows *row, GError **error)
{
    row_id id, order_id;
    row_id_init(&id, self->id, 'f');
    row_id_init(&order_id, self->id, 'o');
    for (guint i = 0; i < self->fills->len; i++) {
        const qb_fill *fill = &g_array_index(self->fills, qb_fill, i);
        row_id_set(&id, fill->id);
        row_id_set(&order_id, fill->order_id);
        rows_text(row, self->id);
        put_id(row, &id);
        put_id(row, &order_id);
        rows_stamp(row, fill->ts_us);
        rows_text(row, self->symbols[fill->instrument]);
        put_amount(row, fill->quantity.raw);
        put_amount(row, fill->price.raw);
        put_amount(row, fill->fee.raw);
        rows_integer(row, fill->quantity.raw);
        rows_integer(row, fill->price.raw);
        rows_integer(row, fill->fee.raw);
        rows_integer(row, fill->reference.raw);
        rows_stamp(row, fill->bar_ts_us);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean put_points(runlog_writer *self, rows *row, GError **error)
{
    row_id id;
    row_id_init(&id, self->id, 'e');
    for (guint i = 0; i < self->points->len; i++) {
        const runlog_point *point = &g_array_index(self->points, runlog_point, i);
        row_id_set(&id, i + 1);
        rows_text(row, self->id);
        put_id(row, &id);
        rows_stamp(row, point->ts_us);
        put_amount(row, point->equity_e8);
        rows_integer(row, point->equity_e8);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean put_block(runlog_writer *self, rows *row, guint size, guint first, GError **error)
{
    const guint end = MIN(first + size, self->points->len);
    const runlog_point *points = (const runlog_point *)self->points->data;
    const runlog_point *low = &points[first], *high = low;
    for (guint i = first; i < end; i++) {
        low = points[i].equity_e8 < low->equity_e8 ? &points[i] : low;
        high = points[i].equity_e8 > high->equity_e8 ? &points[i] : high;
    }
    rows_text(row, self->id);
    rows_integer(row, size);
    rows_integer(row, first / size + 1);
    rows_stamp(row, points[first].ts_us);
    rows_stamp(row, points[end - 1].ts_us);
    rows_stamp(row, low->ts_us);
    rows_integer(row, low->equity_e8);
    rows_stamp(row, high->ts_us);
    rows_integer(row, high->equity_e8);
    return rows_next(row, error);
}

static gboolean put_blocks(runlog_writer *self, rows *row, GError **error)
{
    static const guint sizes[] = {RUNLOG_BLOCK_FINE, RUNLOG_BLOCK_COARSE};
    for (gsize k = 0; k < G_N_ELEMENTS(sizes); k++)
        for (guint i = 0; i < self->points->len; i += sizes[k])
            if (!put_block(self, row, sizes[k], i, error))
                return FALSE;
    return TRUE;
}

static gint32 exit_date_of(const runlog_writer *self, const qb_trade *trade)
{
    return self->calendar != NULL ? qb_calendar_date(self->calendar, trade->exit_us)
                                  : qb_date_from_us(trade->exit_us);
}

static gboolean put_trades(runlog_writer *self, rows *row, GError **error)
{
    row_id id;
    char date[QB_TIME_TEXT];
    row_id_init(&id, self->id, 't');
    for (guint i = 0; i < self->trades->len; i++) {
        const qb_trade *trade = &g_array_index(self->trades, qb_trade, i);
        const gint64 amounts[] = {trade->quantity.raw, trade->entry_price.raw,
                                  trade->exit_price.raw, trade->profit.raw, trade->fees.raw};
        row_id_set(&id, i + 1);
        rows_text(row, self->id);
        put_id(row, &id);
        rows_text(row, self->symbols[trade->instrument]);
        rows_text(row, trade->side == QB_BUY ? "long" : "short");
        rows_stamp(row, trade->entry_us);
        rows_stamp(row, trade->exit_us);
        for (gsize k = 0; k < G_N_ELEMENTS(amounts); k++)
            put_amount(row, amounts[k]);
        rows_number(row, trade->return_fraction);
        rows_integer(row, (gint64)trade->bars);
        for (gsize k = 0; k < G_N_ELEMENTS(amounts); k++)
            rows_integer(row, amounts[k]);
        rows_text(row, name_of(self, trade->owner));
        rows_text(row, qb_purpose_text(trade->entry));
        rows_text(row, qb_purpose_text(trade->exit));
        rows_text(row, qb_date_to_text(exit_date_of(self, trade), date));
        rows_number(row, trade->adverse);
        rows_number(row, trade->favourable);
        rows_integer(row, g_array_index(self->touches, guint32, i));
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean put_decisions(runlog_writer *self, rows *row, GError **error)
{
    row_id order_id;
    row_id_init(&order_id, self->id, 'o');
    for (guint i = 0; i < self->decisions->len; i++) {
        const qb_decision *decision = &g_array_index(self->decisions, qb_decision, i);
        rows_text(row, self->id);
        rows_integer(row, i + 1);
        rows_text(row, self->symbols[decision->instrument]);
        rows_stamp(row, decision->first_us);
        rows_stamp(row, decision->last_us);
        rows_integer(row, (gint64)decision->bars);
        rows_number(row, decision->signal);
        rows_text(row, qb_stage_text(decision->stage));
        rows_text(row, qb_reason_text(decision->reason));
        put_order_or_null(row, &order_id, decision->order_id);
        rows_text(row, decision->filter);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean put_risks(runlog_writer *self, rows *row, GError **error)
{
    row_id order_id;
    row_id_init(&order_id, self->id, 'o');
    for (guint i = 0; i < self->risks->len; i++) {
        const qb_risk_event *event = &g_array_index(self->risks, qb_risk_event, i);
        rows_text(row, self->id);
        rows_integer(row, i + 1);
        rows_stamp(row, event->at_us);
        rows_text(row, event->instrument != UINT32_MAX ? self->symbols[event->instrument] : NULL);
        put_order_or_null(row, &order_id, event->order_id);
        rows_text(row, qb_risk_rule_text(event->rule));
        rows_text(row, qb_risk_action_text(event->action));
        rows_number(row, event->limit);
        rows_number(row, event->value);
        rows_integer(row, event->asked.raw);
        rows_integer(row, event->allowed.raw);
        rows_stamp_or_none(row, event->until_us);
        rows_integer(row, event->flatten);
        rows_text(row, event->what);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean put_positions(runlog_writer *self, rows *row, GError **error)
{
    for (guint i = 0; self->positions != NULL && i < self->positions->len; i++) {
        const qb_position *position = &g_array_index(self->positions, qb_position, i);
        const gint64 amounts[] = {position->quantity.raw, position->cost.raw, position->mark.raw};
        rows_text(row, self->id);
        rows_integer(row, i + 1);
        rows_text(row, self->symbols[i]);
        for (gsize k = 0; k < G_N_ELEMENTS(amounts); k++)
            put_amount(row, amounts[k]);
        for (gsize k = 0; k < G_N_ELEMENTS(amounts); k++)
            rows_integer(row, amounts[k]);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean put_metrics(runlog_writer *self, rows *row, GError **error)
{
    row_id id;
    row_id_init(&id, self->id, 'm');
    for (guint i = 0; i < self->metrics->len; i++) {
        const metric_row *metric = &g_array_index(self->metrics, metric_row, i);
        row_id_set(&id, i + 1);
        rows_text(row, self->id);
        put_id(row, &id);
        rows_stamp(row, metric->ts_us);
        rows_text(row, metric->name);
        rows_number(row, metric->value);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean put_logs(runlog_writer *self, rows *row, GError **error)
{
    row_id id;
    row_id_init(&id, self->id, 'l');
    for (guint i = 0; i < self->logs->len; i++) {
        const log_row *log = &g_array_index(self->logs, log_row, i);
        row_id_set(&id, i + 1);
        rows_text(row, self->id);
        put_id(row, &id);
        rows_stamp(row, log->ts_us);
        rows_text(row, log->level);
        rows_text(row, log->message);
        rows_text(row, log->meta);
        if (!rows_next(row, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean put_run(runlog_writer *self, rows *row, const char *kpis, const char *state_hash,
                        gint64 ended_us, GError **error)
{
    rows_text(row, self->id);
    rows_stamp(row, self->started_us);
    rows_stamp_or_none(row, ended_us);
    rows_text(row, self->mode);
    rows_text(row, self->universe);
    rows_text(row, self->params);
    rows_text(row, kpis);
    rows_text(row, QUANTBOT_VERSION);
    rows_text(row, state_hash);
    if (self->positions != NULL)
        rows_integer(row, self->cash_e8);
    else
        rows_none(row);
    rows_integer(row, self->orders->len);
    rows_integer(row, self->fills->len);
    rows_integer(row, self->trades->len);
    rows_integer(row, self->points->len);
    rows_text(row, self->result);
    return rows_next(row, error);
}

/* ---- the transaction ------------------------------------------------------------------------ */

static const struct {
    runlog_table_id table;
    gsize rows; /* offset of the GArray in runlog_writer */
    gboolean (*store)(runlog_writer *self, rows *row, GError **error);
} stored[] = {
    {RUNLOG_ORDERS, G_STRUCT_OFFSET(runlog_writer, orders), put_orders},
    {RUNLOG_FILLS, G_STRUCT_OFFSET(runlog_writer, fills), put_fills},
    {RUNLOG_TRADES, G_STRUCT_OFFSET(runlog_writer, trades), put_trades},
    {RUNLOG_EQUITY_POINTS, G_STRUCT_OFFSET(runlog_writer, points), put_points},
    {RUNLOG_EQUITY_BLOCKS, G_STRUCT_OFFSET(runlog_writer, points), put_blocks},
    {RUNLOG_DECISIONS, G_STRUCT_OFFSET(runlog_writer, decisions), put_decisions},
    {RUNLOG_RISK_EVENTS, G_STRUCT_OFFSET(runlog_writer, risks), put_risks},
    {RUNLOG_POSITIONS, G_STRUCT_OFFSET(runlog_writer, positions), put_positions},
    {RUNLOG_METRICS, G_STRUCT_OFFSET(runlog_writer, metrics), put_metrics},
    {RUNLOG_ERROR_LOGS, G_STRUCT_OFFSET(runlog_writer, logs), put_logs},
};

static gboolean write_table(runlog_writer *self, gsize index, GError **error)
{
    const GArray *events = G_STRUCT_MEMBER(GArray *, self, stored[index].rows);
    if (events == NULL || events->len == 0)
        return TRUE;
    rows *out = rows_begin(self->log, &runlog_tables[stored[index].table], ROWS_NEW, error);
    return out != NULL && rows_end(out, stored[index].store(self, out, error), error);
}

gboolean writer_store(runlog_writer *self, const char *kpis, const char *state_hash,
                      gint64 ended_us, GError **error)
{
    rows *run = rows_begin(self->log, &runlog_tables[RUNLOG_RUNS], ROWS_NEW, error);
    if (run == NULL || !rows_end(run, put_run(self, run, kpis, state_hash, ended_us, error), error))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(stored); i++)
        if (!write_table(self, i, error))
            return FALSE;
    return TRUE;
}

static gboolean commit_to(runlog_writer *self, runlog *log, const char *kpis,
                          const char *state_hash, gint64 ended_us, GError **error)
{
    runlog *const given = self->log;
    if (!backend_begin(log, error))
        return FALSE;
    self->log = log;
    const gboolean ok = backend_end(log, writer_store(self, kpis, state_hash, ended_us, error),
                                    error);
    self->log = given;
    return ok;
}

/* The server is away. If only its answer was lost the run may be there: asked for by its id. If not
 * even that can be known, the refuge has it too, and a later sync finds which holds. */
static gboolean take_refuge(runlog_writer *self, const char *kpis, const char *state_hash,
                            gint64 ended_us, GError **error)
{
    gboolean there = FALSE;
    g_autoptr(GError) refused = NULL;
    if (copy_has_run(self->log, self->id, &there, NULL) &&
        (there || commit_to(self, self->log, kpis, state_hash, ended_us, NULL)))
        return TRUE; /* it is back */
    g_autoptr(runlog) refuge = runlog_open(self->log->refuge, &refused);
    if (refuge == NULL || !commit_to(self, refuge, kpis, state_hash, ended_us, &refused)) {
        g_prefix_error(error, "%s; ", refused->message);
        return FALSE;
    }
    g_free(self->log->refuge_reason);
    self->log->refuge_reason = g_strdup((*error)->message);
    return TRUE;
}

gboolean runlog_writer_commit(runlog_writer *self, const char *kpis, const char *state_hash,
                              gint64 ended_us, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_assert(!self->committed);
    if (self->error != NULL) {
        g_propagate_error(error, g_error_copy(self->error));
        return FALSE;
    }
    self->committed = commit_to(self, self->log, kpis, state_hash, ended_us, &failure);
    if (!self->committed && self->log->refuge != NULL && runlog_reach_of(self->log) == RUNLOG_AWAY)
        self->committed = take_refuge(self, kpis, state_hash, ended_us, &failure);
    if (!self->committed)
        g_propagate_error(error, g_steal_pointer(&failure));
    return self->committed;
}
