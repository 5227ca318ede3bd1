#include "run.h"

#include "strategies/strategies.h"

#include <unistd.h>

#define PARAMS_MAX 8

static void give_up(const char *what, const char *name)
{
    printf("Bail out! %s: %s\n", what, name);
    exit(1);
}

static void must(qb_status status, const char *what)
{
    if (status != QB_OK)
        give_up(what, qb_status_text(status));
}

/* ---- listening ----------------------------------------------------------------------------- */

/* An array grows to the next power of two when its count is one. */
static void *grown(void *items, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return items;
    void *fresh = realloc(items, (count == 0 ? 1 : 2 * count) * size);
    if (fresh == NULL)
        give_up("no memory", "run");
    return fresh;
}

static qb_status keep_order(void *self, const qb_order *order)
{
    golden_run *run = self;
    if (order->reason == QB_REASON_END_OF_DATA && !order->reduce_only)
        run->overtaken = order->side;
    while (run->order_count < order->id) {
        run->orders = grown(run->orders, run->order_count, sizeof *run->orders);
        run->orders[run->order_count++] = (qb_order){0};
    }
    run->orders[order->id - 1] = *order;
    return QB_OK;
}

static qb_status keep_fill(void *self, const qb_fill *fill)
{
    golden_run *run = self;
    run->fills = grown(run->fills, run->fill_count, sizeof *run->fills);
    run->fills[run->fill_count++] = *fill;
    return QB_OK;
}

static qb_status keep_trade(void *self, const qb_trade *trade)
{
    golden_run *run = self;
    run->trades = grown(run->trades, run->trade_count, sizeof *run->trades);
    run->trades[run->trade_count++] = *trade;
    return QB_OK;
}

static qb_status keep_equity(void *self, int64_t at_us, qb_money equity)
{
    golden_run *run = self;
    run->equity = grown(run->equity, run->equity_count, sizeof *run->equity);
    run->equity[run->equity_count++] = qb_raw_to_double(equity.raw);
    return QB_OK;
}

/* ---- running ------------------------------------------------------------------------------- */

static qb_instrument instrument_of(const golden_spec *spec)
{
    qb_instrument instrument;
    must(qb_instrument_default("GOLDEN", QB_INDEX, spec->interval, &instrument), "instrument");
    instrument.calendar = qb_calendar_find(spec->calendar);
    if (instrument.calendar == NULL)
        give_up("no calendar", spec->calendar);
    if (spec->multiplier != NULL)
        instrument.multiplier.raw = golden_raw(spec->multiplier);
    if (spec->lot != NULL)
        instrument.lot.raw = golden_raw(spec->lot);
    return instrument;
}

static const qb_strategy *strategy_of(const golden_spec *spec, double params[PARAMS_MAX])
{
    if (spec->own != NULL)
        return spec->own;
    const qb_strategy *strategy = strategies_find(spec->strategy);
    if (strategy == NULL || strategy->param_count > PARAMS_MAX)
        give_up("no strategy", spec->strategy);
    size_t count = 0, bad;
    const char *why = "";
    while (spec->params[count] != NULL)
        count++;
    if (qb_params_from_text(strategy, spec->params, count, params, &bad, &why) != QB_OK)
        give_up("parameters", why);
    return strategy;
}

static int64_t raw_or_zero(const char *text)
{
    return text != NULL ? golden_raw(text) : 0;
}

static qb_costs costs_of(const golden_spec *spec)
{
    return (qb_costs){
        .fee_rate = {raw_or_zero(spec->fee_rate)},
        .fee_per_unit = {raw_or_zero(spec->fee_per_unit)},
        .fee_minimum = {raw_or_zero(spec->fee_minimum)},
        .slippage = {raw_or_zero(spec->slippage)},
        .volume_cap = {raw_or_zero(spec->volume_cap)},
        .impact = spec->quadratic_impact != NULL ? QB_IMPACT_QUADRATIC : QB_IMPACT_NONE,
        .impact_rate = {raw_or_zero(spec->quadratic_impact)},
    };
}

golden_run golden_run_universe(const golden_spec *spec, const qb_series *series, uint32_t count)
{
    qb_instrument *instruments = calloc(count, sizeof *instruments);
    if (instruments == NULL)
        give_up("no memory", "universe");
    for (uint32_t i = 0; i < count; i++)
        instruments[i] = instrument_of(spec);
    double params[PARAMS_MAX] = {0};
    const qb_engine_config config = {
        .instruments = instruments,
        .instrument_count = count,
        .strategy = strategy_of(spec, params),
        .params = params,
        .cash = {golden_raw(spec->cash)},
        .costs = costs_of(spec),
        .size = spec->size,
        .fill_at = spec->fill_at,
        .fill_model = spec->fill_model,
        .leverage = {spec->leverage != NULL ? golden_raw(spec->leverage) : QB_ONE},
        /* None of the programs compared with lets an order expire in a gap, or calls for margin. */
        .patience = 1000,
        .maintenance_off = true,
    };
    golden_run run = {0};
    const qb_sink sink = {.self = &run,
                          .order = keep_order,
                          .fill = keep_fill,
                          .trade = keep_trade,
                          .equity = keep_equity};
    qb_series_feed *feed = NULL;
    qb_engine *engine = NULL;
    must(qb_series_feed_new(instruments, series, count, &feed), "feed");
    must(qb_engine_new(&config, &sink, &engine), "engine");
    const qb_feed source = qb_series_feed_as_feed(feed);
    must(qb_engine_run(engine, &source), "run");
    must(qb_engine_finish(engine), "finish");
    qb_engine_totals_get(engine, &run.totals);
    run.position = qb_engine_portfolio(engine)->positions[0];
    for (uint32_t i = 0; i < count; i++)
        run.skipped += qb_series_feed_skipped(feed, i) + qb_series_feed_unpriced(feed, i);
    qb_engine_free(engine);
    qb_series_feed_free(feed);
    free(instruments);
    return run;
}

golden_run golden_run_series(const golden_spec *spec, const qb_series *series)
{
    return golden_run_universe(spec, series, 1);
}

void golden_run_clear(golden_run *run)
{
    free(run->orders);
    free(run->fills);
    free(run->trades);
    free(run->equity);
    *run = (golden_run){0};
}

/* ---- reading ------------------------------------------------------------------------------- */

const char *golden_shared(void)
{
    static char folder[512];
    const char *shared = tap_shared();
    if (shared == NULL)
        return NULL;
    snprintf(folder, sizeof folder, "%s/data", shared);
    return access(folder, R_OK) == 0 ? folder : NULL;
}

const char *golden_own(void)
{
    static char folder[512];
    const char *source = getenv("QUANTBOT_SOURCE");
    if (source == NULL)
        give_up("not set", "QUANTBOT_SOURCE");
    snprintf(folder, sizeof folder, "%s/tests/golden/data", source);
    return folder;
}

qb_series golden_series(const char *folder, const char *path, const char *stamp)
{
    columns *file = columns_read(folder, path);
    int64_t *ts_us = columns_times(file, stamp);
    double *open = columns_numbers(file, "open"), *high = columns_numbers(file, "high");
    double *low = columns_numbers(file, "low"), *close = columns_numbers(file, "close");
    double *volume = columns_has(file, "volume") ? columns_numbers(file, "volume") : NULL;
    qb_series series = {0};
    for (size_t i = 0; i < columns_rows(file); i++) {
        const double units = volume != NULL ? volume[i] : NAN;
        const qb_bar bar = {ts_us[i], open[i], high[i], low[i], close[i], units, 0.0, 1.0, 0};
        must(qb_series_append(&series, &bar), path);
    }
    size_t moved, dropped;
    must(qb_series_sort(&series, &moved, &dropped), path);
    free(ts_us);
    free(open);
    free(high);
    free(low);
    free(close);
    free(volume);
    columns_free(file);
    return series;
}

json_t *golden_json(const char *folder, const char *path)
{
    char name[1024];
    json_error_t error;
    snprintf(name, sizeof name, "%s/%s", folder, path);
    json_t *root = json_load_file(name, 0, &error);
    if (root == NULL)
        give_up(name, error.text);
    return root;
}

const char *golden_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL)
        give_up("no text", key);
    return text;
}

double golden_number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        give_up("no number", key);
    return json_number_value(value);
}

int64_t golden_raw(const char *text)
{
    int64_t raw = 0;
    must(qb_raw_from_text(text, strlen(text), &raw), text);
    return raw;
}

int64_t golden_time(const char *text)
{
    int64_t time_us = 0;
    must(qb_time_from_text(text, strlen(text), &time_us), text);
    return time_us;
}
