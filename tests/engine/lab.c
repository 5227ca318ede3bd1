#include "lab.h"

lab_on_bar lab_bar;
lab_on_fill lab_fill;
size_t lab_warmup = 1;

/* ---- the strategy ------------------------------------------------------------------------- */

static size_t warmup(const double *params)
{
    return lab_warmup;
}

static qb_status init(const qb_setup *setup, void **out_state)
{
    *out_state = NULL;
    return QB_OK;
}

static void on_bar(void *state, const qb_context *context, uint32_t instrument)
{
    if (lab_bar != NULL)
        lab_bar(context, instrument);
}

static void on_fill(void *state, const qb_context *context, const qb_fill *fill)
{
    if (lab_fill != NULL)
        lab_fill(context, fill);
}

const qb_strategy lab_strategy = {
    .abi_version = QB_STRATEGY_ABI,
    .struct_size = sizeof(qb_strategy),
    .name = "lab",
    .summary = "Does what the test says",
    .warmup = warmup,
    .init = init,
    .on_bar = on_bar,
    .on_fill = on_fill,
};

/* ---- the listener ------------------------------------------------------------------------- */

#define GROW(items, count)                                      \
    do {                                                        \
        if (((count) & ((count)-1)) == 0) {                     \
            size_t room = (count) == 0 ? 1 : 2 * (count);       \
            (items) = realloc((items), room * sizeof *(items)); \
            if ((items) == NULL)                                \
                abort();                                        \
        }                                                       \
    } while (0)

static void fault(lab *lab, const char *what)
{
    if (lab->broken++ == 0)
        printf("# lab: %s\n", what);
}

static void require(lab *lab, bool condition, const char *what)
{
    if (!condition)
        fault(lab, what);
}

static void mix(lab *lab, uint64_t word)
{
    qb_random random = {lab->hash ^ word};
    lab->hash = qb_random_next(&random);
}

static void see(lab *lab, int64_t at_us)
{
    require(lab, at_us >= lab->last_us, "time went back");
    lab->last_us = at_us;
    mix(lab, (uint64_t)at_us);
    if (lab->engine != NULL)
        require(lab, qb_portfolio_check(qb_engine_portfolio(lab->engine)) == QB_OK,
                "the ledger is broken");
}

static lab_order *order_of(lab *lab, uint64_t id)
{
    if (id == lab->order_count + 1) {
        GROW(lab->orders, lab->order_count);
        lab->orders[lab->order_count++] = (lab_order){0};
    }
    require(lab, id >= 1 && id <= lab->order_count, "an order's id is out of turn");
    return id >= 1 && id <= lab->order_count ? &lab->orders[id - 1] : NULL;
}

static void check_end(lab *lab, const lab_order *known, const qb_order *order)
{
    int64_t filled = order->filled.raw;
    require(lab, filled == known->filled, "an order's fills do not add up");
    bool complete = order->quantity.raw > 0 && filled == order->quantity.raw;
    /* Of a child others may have taken the rest, before its parent ended. */
    bool emptied = complete && order->parent != 0 && order->status == QB_ORDER_CANCELLED;
    require(lab, (order->status == QB_ORDER_FILLED) == complete || emptied,
            "filled, and something is left");
    require(lab, order->status != QB_ORDER_REJECTED || filled == 0, "rejected after a fill");
    require(lab, (order->reason == QB_REASON_NONE) == (order->status == QB_ORDER_FILLED),
            "an end without a reason");
    require(lab, order->final_us == lab->last_us, "the end has another time");
}

static qb_status take_order(void *self, const qb_order *order)
{
    lab *lab = self;
    bool open = order->status == QB_ORDER_OPEN;
    see(lab, open ? order->submitted_us : order->final_us);
    mix(lab, order->id * 31 + (uint64_t)order->status * 7 + (uint64_t)order->reason);
    mix(lab, (uint64_t)order->quantity.raw ^ (uint64_t)order->filled.raw);
    lab_order *known = order_of(lab, order->id);
    if (known == NULL)
        return QB_OK;
    if (known->told == 0)
        known->first = *order;
    require(lab, known->told < 2 && (known->told == 0 || known->first.status == QB_ORDER_OPEN),
            "an order was told after its end");
    require(lab, !open || known->told == 0, "an order was opened twice");
    require(lab, open || known->told == 1 || order->status == QB_ORDER_REJECTED,
            "an order ended before it was opened");
    known->last = *order;
    known->told++;
    if (!open)
        check_end(lab, known, order);
    return QB_OK;
}

static qb_status take_fill(void *self, const qb_fill *fill)
{
    lab *lab = self;
    see(lab, fill->ts_us);
    mix(lab, (uint64_t)fill->quantity.raw);
    mix(lab, (uint64_t)fill->price.raw ^ (uint64_t)fill->fee.raw);
    require(lab, fill->id == lab->fill_count + 1, "a fill's id is out of turn");
    require(lab, fill->fee.raw >= 0 && fill->price.raw > 0 && fill->quantity.raw != 0,
            "a fill without price or quantity, or with a fee below zero");
    lab_order *order = order_of(lab, fill->order_id);
    if (order != NULL) {
        require(lab, order->told == 1, "a fill of an order that is not open");
        order->filled += fill->quantity.raw < 0 ? -fill->quantity.raw : fill->quantity.raw;
    }
    GROW(lab->fills, lab->fill_count);
    lab->fills[lab->fill_count++] = *fill;
    return QB_OK;
}

static qb_status take_trade(void *self, const qb_trade *trade)
{
    lab *lab = self;
    see(lab, trade->exit_us);
    mix(lab, (uint64_t)trade->profit.raw);
    require(lab, trade->entry_us <= trade->exit_us && trade->quantity.raw > 0, "a trade is odd");
    GROW(lab->trades, lab->trade_count);
    lab->trades[lab->trade_count++] = *trade;
    return QB_OK;
}

static qb_status take_equity(void *self, int64_t at_us, qb_money equity)
{
    lab *lab = self;
    see(lab, at_us);
    mix(lab, (uint64_t)equity.raw);
    if (lab->equity_count > 0)
        require(lab, at_us > lab->equity[lab->equity_count - 1].at_us || equity.raw <= 0,
                "two equities at once");
    GROW(lab->equity, lab->equity_count);
    lab->equity[lab->equity_count++] = (lab_point){at_us, equity.raw};
    return QB_OK;
}

static qb_status take_decision(void *self, const qb_decision *decision)
{
    lab *lab = self;
    uint64_t signal;
    memcpy(&signal, &decision->signal, sizeof signal);
    mix(lab, decision->bars * 5 + (uint64_t)decision->stage);
    mix(lab, isnan(decision->signal) ? 1 : signal);
    mix(lab, decision->order_id);
    require(lab, decision->first_us <= decision->last_us, "a decision runs backwards");
    GROW(lab->decisions, lab->decision_count);
    lab->decisions[lab->decision_count++] = *decision;
    return QB_OK;
}

static qb_status take_flow(void *self, const qb_flow *flow)
{
    lab *lab = self;
    see(lab, flow->at_us);
    mix(lab, (uint64_t)flow->amount.raw ^ (uint64_t)flow->refused);
    GROW(lab->flows, lab->flow_count);
    lab->flows[lab->flow_count++] = *flow;
    return QB_OK;
}

static qb_status take_risk(void *self, const qb_risk_event *event)
{
    lab *lab = self;
    see(lab, event->at_us);
    mix(lab, (uint64_t)event->rule * 16 + (uint64_t)event->action);
    require(lab, event->action != QB_RISK_PASSED, "a rule is told that let through");
    GROW(lab->risks, lab->risk_count);
    lab->risks[lab->risk_count++] = *event;
    return QB_OK;
}

/* ---- runs --------------------------------------------------------------------------------- */

static void check_after(lab *lab)
{
    const qb_engine_totals *totals = &lab->totals;
    for (size_t i = 0; i < lab->order_count; i++)
        require(lab, lab->orders[i].told > 0 && lab->orders[i].last.status != QB_ORDER_OPEN,
                "an order has no end");
    require(lab, totals->orders == lab->order_count, "orders are counted otherwise");
    require(lab, totals->fills == lab->fill_count, "fills are counted otherwise");
    require(lab, totals->trades == lab->trade_count, "trades are counted otherwise");
    uint64_t bars = 0;
    for (size_t i = 0; i < lab->decision_count; i++)
        bars += lab->decisions[i].bars;
    require(lab, totals->bankrupt || bars == totals->bars, "bars without a decision");
}

static lab run(const qb_engine_config *config, const qb_series *series, bool stepwise)
{
    lab lab = {.last_us = INT64_MIN};
    const qb_sink sink = {
        .self = &lab,
        .order = take_order,
        .fill = take_fill,
        .trade = take_trade,
        .equity = take_equity,
        .decision = take_decision,
        .flow = take_flow,
        .risk = take_risk,
    };
    qb_series_feed *feed = NULL;
    lab.status = qb_series_feed_new(config->instruments, series, config->instrument_count, &feed);
    if (lab.status == QB_OK)
        lab.status = qb_engine_new(config, &sink, &lab.engine);
    if (lab.status == QB_OK) {
        qb_feed source = qb_series_feed_as_feed(feed);
        if (stepwise) {
            source.stretch = NULL;
            source.sheet = NULL;
        }
        lab.status = qb_engine_run(lab.engine, &source);
    }
    if (lab.status == QB_OK)
        lab.status = qb_engine_finish(lab.engine);
    if (lab.engine != NULL)
        qb_engine_totals_get(lab.engine, &lab.totals);
    if (lab.status == QB_OK)
        check_after(&lab);
    CHECK_INT(lab.broken, 0);
    qb_engine_free(lab.engine);
    qb_series_feed_free(feed);
    lab.engine = NULL;
    return lab;
}

lab lab_run(const qb_engine_config *config, const qb_series *series)
{
    return run(config, series, false);
}

lab lab_run_stepwise(const qb_engine_config *config, const qb_series *series)
{
    return run(config, series, true);
}

void lab_clear(lab *lab)
{
    free(lab->orders);
    free(lab->fills);
    free(lab->trades);
    free(lab->equity);
    free(lab->decisions);
    free(lab->flows);
    free(lab->risks);
    *lab = (struct lab){0};
}

/* ---- material ----------------------------------------------------------------------------- */

qb_engine_config lab_config(const qb_instrument *instruments, uint32_t count)
{
    return (qb_engine_config){
        .instruments = instruments,
        .instrument_count = count,
        .strategy = &lab_strategy,
        .cash = {10000 * QB_ONE},
        .size = {.kind = QB_SIZE_UNITS, .amount = 1.0},
        .leverage = {QB_ONE},
        .patience = 5,
        .seed = 1,
    };
}

qb_instrument lab_coin(qb_interval interval)
{
    return (qb_instrument){
        .symbol = "LAB-USD",
        .asset = QB_CRYPTO,
        .currency = "USD",
        .calendar = qb_calendar_find("24/7"),
        .interval = interval,
        .lot = {QB_ONE},
        .multiplier = {QB_ONE},
        .price_decimals = 8,
    };
}

qb_instrument lab_share(void)
{
    qb_instrument share = lab_coin(QB_1D);
    share.asset = QB_EQUITY;
    share.calendar = qb_calendar_find("XNYS");
    return share;
}

void lab_day(qb_series *series, int day, double open, double close)
{
    CHECK_OK(qb_series_append(series, &(qb_bar){
                                          .ts_us = LAB_START + day * QB_DAY_US,
                                          .open = open,
                                          .high = open > close ? open : close,
                                          .low = open < close ? open : close,
                                          .close = close,
                                          .volume = NAN,
                                          .split_factor = 1.0,
                                      }));
}

void lab_bar_day(qb_series *series, int day, double open, double high, double low, double close,
                 double volume)
{
    CHECK_OK(qb_series_append(series, &(qb_bar){
                                          .ts_us = LAB_START + day * QB_DAY_US,
                                          .open = open,
                                          .high = high,
                                          .low = low,
                                          .close = close,
                                          .volume = volume,
                                          .split_factor = 1.0,
                                      }));
}

/* ---- words of the cases ------------------------------------------------------------------- */

uint64_t lab_bar_index(const qb_context *context, uint32_t instrument)
{
    return context->history[instrument].total - 1;
}

void lab_always_long(const qb_context *context, uint32_t instrument)
{
    context->host->signal(context, instrument, 1.0);
}

qb_side lab_once_side;
qb_size lab_once_size;
uint64_t lab_once_id;

void lab_order_once(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) == 0)
        lab_once_id = context->host->order(context, instrument, lab_once_side, lab_once_size);
}

qb_size lab_units(double amount)
{
    return (qb_size){QB_SIZE_UNITS, QB_SIZE_AT_DECISION, amount};
}

qb_series lab_stairs(int count)
{
    qb_series series = {0};
    for (int day = 0; day < count; day++)
        lab_day(&series, day, 10.0 * (day + 1), 10.0 * (day + 1) + 1.0);
    return series;
}

void lab_use(lab_on_bar bar)
{
    lab_bar = bar;
    lab_fill = NULL;
    lab_warmup = 1;
}

void lab_check_fill(const lab *lab, size_t index, int day, double units_signed, double price)
{
    if (index >= lab->fill_count) {
        CHECK(index < lab->fill_count);
        return;
    }
    const qb_fill *fill = &lab->fills[index];
    CHECK_INT(fill->bar_ts_us, LAB_START + day * QB_DAY_US);
    CHECK_INT(fill->quantity.raw, LAB_RAW(units_signed));
    CHECK_INT(fill->price.raw, LAB_RAW(price));
}

void lab_check_order(const lab *lab, size_t index, qb_order_status status, qb_reason reason)
{
    if (index >= lab->order_count) {
        CHECK(index < lab->order_count);
        return;
    }
    CHECK_TEXT(qb_order_status_text(lab->orders[index].last.status), qb_order_status_text(status));
    CHECK_TEXT(qb_reason_text(lab->orders[index].last.reason), qb_reason_text(reason));
}
