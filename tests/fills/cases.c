/* Cases are made to meet the edges: prices stand on a coarse grid and ranges are small, so that
 * openings touch limits, extremes are equally far, and several orders are reached at one price.
 *
 * One draw a statement (or between sequence points), so that every compiler makes the same cases. */
#include "cases.h"
#include "material.h"

#include <math.h>
#include <string.h>

typedef struct maker {
    qb_random random;
    unsigned repertoire;
    fills_case *out;
    double grid;
} maker;

static uint32_t below(maker *self, uint32_t count)
{
    return (uint32_t)(qb_random_next(&self->random) % count);
}

static bool one_in(maker *self, uint32_t count)
{
    return below(self, count) == 0;
}

static bool may(const maker *self, unsigned what)
{
    return (self->repertoire & what) != 0;
}

static int64_t raw(double amount)
{
    return (int64_t)llround(amount * 1e8);
}

/* ---- configuration ------------------------------------------------------------------------ */

static qb_costs some_costs(maker *self)
{
    qb_costs costs = {0};
    static const double slippages[] = {0, 0, 0.0005, 0.001, 0.0033};
    static const double rates[] = {0, 0, 0.001, 0.0025};
    costs.slippage.raw = raw(slippages[below(self, 5)]);
    costs.fee_rate.raw = raw(rates[below(self, 4)]);
    if (one_in(self, 3))
        costs.fee_per_unit.raw = raw(0.005);
    if (one_in(self, 3))
        costs.fee_minimum.raw = raw(1.0);
    if (!may(self, FILLS_COSTS))
        return costs;
    if (one_in(self, 2))
        costs.volume_cap.raw = raw(one_in(self, 2) ? 0.05 : 0.025);
    if (one_in(self, 4))
        costs.fee_cap.raw = raw(0.01);
    if (one_in(self, 4)) {
        costs.sell_rate.raw = raw(0.0000278);
        costs.sell_per_unit.raw = raw(0.000166);
    }
    if (one_in(self, 3))
        costs.maker_discount.raw = costs.fee_rate.raw / 2;
    if (one_in(self, 5)) {
        costs.impact = one_in(self, 2) ? QB_IMPACT_SQUARE_ROOT : QB_IMPACT_QUADRATIC;
        costs.impact_rate.raw = raw(0.1);
    }
    return costs;
}

static qb_instrument an_instrument(maker *self, bool share, qb_interval interval)
{
    qb_instrument out = {
        .asset = share ? QB_EQUITY : QB_CRYPTO,
        .currency = "USD",
        .calendar = qb_calendar_find(share ? "XNYS" : "24/7"),
        .interval = interval,
        .lot = {QB_ONE},
        .multiplier = {QB_ONE},
        .price_decimals = 8,
    };
    static const int64_t lots[] = {QB_ONE, QB_ONE, QB_ONE, 1, QB_ONE / 100, 5 * QB_ONE};
    static const double ticks[] = {0, 0, 1, 2, 5};
    out.lot.raw = lots[below(self, 6)];
    out.tick.raw = raw(ticks[below(self, 5)] * self->grid);
    if (one_in(self, 3))
        out.price_decimals = 2;
    if (one_in(self, 6))
        out.multiplier.raw = one_in(self, 2) ? 5 * QB_ONE : QB_ONE / 10;
    return out;
}

static void some_flows(maker *self, int64_t from_us, int64_t to_us)
{
    fills_case *out = self->out;
    qb_engine_config *config = &out->config;
    if (one_in(self, 2)) {
        config->borrow.raw = raw(0.05);
        config->interest.raw = raw(0.08);
    }
    if (one_in(self, 3)) {
        config->deposit_count = 1 + below(self, 3);
        int64_t at_us = from_us;
        for (size_t i = 0; i < config->deposit_count; i++) {
            at_us += (to_us - from_us) / 4 / QB_MINUTE_US * QB_MINUTE_US;
            int64_t amount = raw(100.0 * (1 + below(self, 60)));
            if (one_in(self, 2))
                amount = -amount;
            out->deposits[i] = (qb_deposit){at_us, {amount}};
        }
        config->deposits = out->deposits;
    }
    double price = out->bars[0][0].bar.open;
    int64_t units = (one_in(self, 3) ? -10 : 10) * QB_ONE;
    double value = 10.0 * price * (double)out->instruments[0].multiplier.raw / 1e8;
    if (one_in(self, 4) && value < 8000.0) { /* a short costs no more than the cash */
        config->holding_count = 1;
        out->holdings[0] = (qb_holding){0, {units}, {raw(price)}};
        config->holdings = out->holdings;
    }
}

/* ---- bars --------------------------------------------------------------------------------- */

static double on_grid(const maker *self, int64_t steps)
{
    return (double)steps / round(1.0 / self->grid);
}

/* One walk of whole steps within a bar; `wild` steps at most to each side. */
static qb_bar a_bar(maker *self, int64_t ts_us, int64_t *price, int wild)
{
    int64_t open = *price +
                   (one_in(self, 2) ? 0 : (int64_t)below(self, 2 * (uint32_t)wild + 1) - wild);
    int64_t close = open + (int64_t)below(self, 2 * (uint32_t)wild + 1) - wild;
    open = open < 40 ? 40 : open;
    close = close < 40 ? 40 : close;
    int64_t high = (open > close ? open : close) + below(self, (uint32_t)wild + 1);
    int64_t low = (open < close ? open : close) - below(self, (uint32_t)wild + 1);
    if (one_in(self, 3)) /* a tie of the extremes */
        low = 2 * open - high <= (open < close ? open : close) ? 2 * open - high : low;
    *price = close;
    return (qb_bar){
        .ts_us = ts_us,
        .open = on_grid(self, open),
        .high = on_grid(self, high),
        .low = on_grid(self, low),
        .close = on_grid(self, close),
        .volume = one_in(self, 12)   ? NAN
                  : one_in(self, 12) ? 0.0
                                     : 20.0 * below(self, 40),
        .split_factor = 1.0,
    };
}

static void in_finer_bars(maker *self, fills_bar *bar, int64_t *price, int wild)
{
    bar->detail_count = 2 + below(self, FILLS_DETAILS - 1);
    int64_t step_us = (bar->known_us - bar->open_us) / FILLS_DETAILS;
    qb_bar sum = {0};
    for (size_t i = 0; i < bar->detail_count; i++) {
        qb_bar finer = a_bar(self, bar->open_us + (int64_t)i * step_us, price, wild);
        bar->details[i] = finer;
        if (i == 0)
            sum = finer;
        sum.high = fmax(sum.high, finer.high);
        sum.low = fmin(sum.low, finer.low);
        sum.close = finer.close;
        sum.volume = i == 0 ? finer.volume : sum.volume + finer.volume;
    }
    sum.ts_us = bar->bar.ts_us;
    bar->bar = sum;
}

static void quote(maker *self, fills_bar *bar)
{
    bar->bid = bar->bar.open - self->grid * below(self, 2);
    bar->ask = bar->bar.open + self->grid * below(self, 3);
    bar->close_bid = bar->bar.close - self->grid * below(self, 2);
    bar->close_ask = bar->bar.close + self->grid * below(self, 3);
}

static void split(maker *self, fills_bar *bar, int64_t *price)
{
    static const struct {
        double factor;
        int fresh, old;
    } factors[] = {{2, 2, 1}, {0.5, 1, 2}, {1.5, 3, 2}, {0.25, 1, 4}, {4, 4, 1}};
    unsigned which = below(self, 5);
    bar->bar.split_factor = factors[which].factor;
    *price = *price * factors[which].old / factors[which].fresh;
    *price = *price < 60 ? 60 : *price;
}

static bool next_stamp(const qb_instrument *instrument, int64_t *ts_us, qb_bar_time *out)
{
    int64_t step_us = qb_interval_us(instrument->interval);
    for (int tries = 0; tries < 10000; tries++) {
        *ts_us += step_us;
        if (qb_bar_times(instrument->calendar, instrument->interval, *ts_us, out))
            return true;
    }
    return false;
}

static void random_bars(maker *self, uint32_t i, size_t count, int64_t start_us, bool quotes,
                        bool finer)
{
    fills_case *out = self->out;
    const qb_instrument *instrument = &out->instruments[i];
    int64_t price = 400 + below(self, 1200), ts_us = start_us, before_us = 0;
    int wild = one_in(self, 4) ? 1 : 2 + (int)below(self, 12);
    qb_bar_time time;
    for (size_t b = 0; b < count && next_stamp(instrument, &ts_us, &time); b++) {
        if (may(self, FILLS_GAPS) && one_in(self, 12))
            for (uint32_t gap = 1 + below(self, 7); gap > 0; gap--)
                if (!next_stamp(instrument, &ts_us, &time))
                    return;
        fills_bar *bar = &out->bars[i][b];
        *bar = (fills_bar){.open_us = time.open_us, .known_us = time.known_us};
        bar->bar.split_factor = 1.0;
        bool splits = may(self, FILLS_EVENTS) && b > 0 && one_in(self, 20);
        if (splits)
            split(self, bar, &price);
        double factor = bar->bar.split_factor;
        bar->bar.ts_us = ts_us;
        if (finer)
            in_finer_bars(self, bar, &price, wild);
        else
            bar->bar = a_bar(self, ts_us, &price, wild);
        bar->bar.split_factor = factor;
        if (may(self, FILLS_EVENTS) && b > 0 && one_in(self, 20))
            bar->bar.dividend = on_grid(self, 1 + below(self, 20));
        if (may(self, FILLS_GAPS) && one_in(self, 20))
            bar->bar.flags = one_in(self, 2) ? QB_BAR_REPAIRED : QB_BAR_SYNTHETIC;
        if (quotes)
            quote(self, bar);
        if (b > 0)
            bar->missed = (uint32_t)qb_expected_bars(instrument->calendar, instrument->interval,
                                                     before_us + 1, ts_us);
        before_us = ts_us;
        out->bar_count[i] = b + 1;
    }
}

/* A market that random bars live in, and the day of 1970 before which they begin. */
typedef struct market {
    bool share;
    qb_interval interval;
    int64_t start;
} market;

static market a_market(maker *self)
{
    static const market kinds[] = {
        {false, QB_1D, 18262}, {true, QB_1D, 18575}, /* 2020-11-09: a half day comes */
        {false, QB_1H, 18262}, {true, QB_1H, 18590}, {false, QB_1M, 18262}, {true, QB_30M, 18589},
    };
    return kinds[below(self, 6)];
}

/* Side by side: days and hours of a coin and of a share in the same week. */
static market a_mixed_market(maker *self)
{
    static const market kinds[] = {
        {false, QB_1D, 18589}, {true, QB_1D, 18589},  {false, QB_1H, 18589},
        {true, QB_1H, 18589},  {true, QB_30M, 18589}, {false, QB_4H, 18589},
    };
    return kinds[below(self, 6)];
}

static void random_market(maker *self)
{
    static const double grids[] = {0.05, 0.01, 0.25};
    fills_case *out = self->out;
    market kind = a_market(self);
    uint32_t count = 1 + below(self, 3);
    bool quotes = may(self, FILLS_QUOTES) && one_in(self, 5);
    bool finer = may(self, FILLS_FINER) && kind.interval != QB_1M && one_in(self, 5);
    bool mixed = may(self, FILLS_MIXED) && one_in(self, 5);
    size_t bars = 8 + below(self, 22);
    self->grid = grids[below(self, 3)];
    out->config.instrument_count = count;
    for (uint32_t i = 0; i < count; i++) {
        if (mixed)
            kind = a_mixed_market(self);
        out->instruments[i] = an_instrument(self, kind.share, kind.interval);
        out->instruments[i].symbol[0] = (char)('A' + i);
        int64_t before_us = kind.start * QB_DAY_US - qb_interval_us(kind.interval);
        random_bars(self, i, bars, before_us, quotes, finer);
    }
}

/* A window of a real series; prices and volumes are the world's, the edges are where they are. */
static void real_market(maker *self, const material *from)
{
    fills_case *out = self->out;
    size_t count = 8 + below(self, 22);
    size_t first = below(self, (uint32_t)(from->series.count - count - 1));
    out->config.instrument_count = 1;
    self->grid = from->grid;
    out->instruments[0] = an_instrument(self, from->share, from->interval);
    out->instruments[0].symbol[0] = 'R';
    const qb_instrument *instrument = &out->instruments[0];
    int64_t before_us = INT64_MIN;
    for (size_t row = first, b = 0; row < from->series.count && b < count; row++) {
        qb_bar_time time;
        qb_bar bar = qb_series_bar(&from->series, row);
        if (!qb_bar_times(instrument->calendar, instrument->interval, bar.ts_us, &time) ||
            bar.ts_us <= before_us)
            continue;
        bar.dividend = 0.0;
        bar.split_factor = 1.0;
        out->bars[0][b] =
            (fills_bar){.bar = bar, .open_us = time.open_us, .known_us = time.known_us};
        if (b > 0)
            out->bars[0][b].missed = (uint32_t)qb_expected_bars(
                instrument->calendar, instrument->interval, before_us + 1, bar.ts_us);
        before_us = bar.ts_us;
        out->bar_count[0] = ++b;
    }
}

/* ---- the script --------------------------------------------------------------------------- */

static qb_size a_size(maker *self, const fills_case *play, uint32_t instrument, double close)
{
    double lot = (double)play->instruments[instrument].lot.raw / 1e8;
    double multiplier = (double)play->instruments[instrument].multiplier.raw / 1e8;
    double units = (double)play->config.cash.raw / 1e8 / (close * multiplier) *
                   (double)(1 + below(self, 16)) / 16.0;
    qb_size size = {.kind = QB_SIZE_UNITS};
    if (may(self, FILLS_SIZES) && one_in(self, 3)) {
        size.kind = one_in(self, 2) ? QB_SIZE_CASH : QB_SIZE_WEIGHT;
        size.when = one_in(self, 2) ? QB_SIZE_AT_FILL : QB_SIZE_AT_DECISION;
        static const double weights[] = {0.125, 0.25, 0.5, 0.75, 1.0};
        size.amount = size.kind == QB_SIZE_CASH ? 500.0 * (1 + below(self, 24))
                                                : weights[below(self, 5)];
        return size;
    }
    size.amount = one_in(self, 3) ? lot * (1 + below(self, 10)) : floor(units / lot) * lot;
    if (one_in(self, 40))
        size.amount = lot * 0.5;
    return size;
}

static double near(maker *self, double close)
{
    int64_t steps = llround(close / self->grid) + (int64_t)below(self, 17) - 8;
    return on_grid(self, steps < 1 ? 1 : steps);
}

static qb_exit an_exit(maker *self, double close, int sign)
{
    qb_exit exit = {.kind = 1 + below(self, 3)};
    if (exit.kind == QB_EXIT_PRICE)
        exit.amount = on_grid(self,
                              llround(close / self->grid) + sign * (1 + (int64_t)below(self, 9)));
    else if (exit.kind == QB_EXIT_DISTANCE)
        exit.amount = on_grid(self, 1 + below(self, 9));
    else
        exit.amount = 0.005 * (1 + below(self, 8));
    return exit;
}

static void a_bracket(maker *self, qb_order_request *request, double close)
{
    if (one_in(self, 2))
        request->take_profit = an_exit(self, close, request->side);
    if (one_in(self, 2))
        request->stop_loss = an_exit(self, close, -(int)request->side);
    if (one_in(self, 3)) {
        request->trailing_stop = an_exit(self, close, -(int)request->side);
        if (request->trailing_stop.kind == QB_EXIT_PRICE)
            request->trailing_stop = (qb_exit){QB_EXIT_DISTANCE, on_grid(self, 3)};
    }
    const qb_engine_config *config = &self->out->config;
    bool at_once = config->instrument_costs == NULL && config->costs.volume_cap.raw == 0;
    if (may(self, FILLS_TIME_STOPS) && (at_once || may(self, FILLS_PARTED)) && one_in(self, 3))
        request->time_stop_bars = 2 + below(self, 4);
}

static void a_time(maker *self, qb_order_request *request, int64_t now_us, int64_t step_us)
{
    bool short_lived = request->type == QB_MARKET || request->type == QB_LIMIT;
    request->time_in_force = (qb_time_in_force)below(self, short_lived ? 5 : 3);
    if (request->time_in_force == QB_GTD) {
        int64_t steps_us = step_us * (1 + below(self, 8));
        request->good_until_us = now_us + (one_in(self, 2) ? steps_us : steps_us / 2);
    }
}

static void a_type(maker *self, qb_order_request *request, double close)
{
    unsigned types = may(self, FILLS_TIMES) ? 7 : 5;
    request->type = may(self, FILLS_RESTING) && !one_in(self, 4) ? 1 + below(self, types - 1)
                                                                 : QB_MARKET;
    bool limit = request->type == QB_LIMIT || request->type == QB_STOP_LIMIT;
    bool stop = request->type == QB_STOP || request->type == QB_STOP_LIMIT;
    if (limit)
        request->limit = one_in(self, 60) ? 0.0 : near(self, close);
    if (stop)
        request->stop = near(self, close);
    if (request->type == QB_TRAILING_STOP) {
        request->trail = an_exit(self, close, 1);
        if (request->trail.kind == QB_EXIT_PRICE)
            request->trail = (qb_exit){QB_EXIT_DISTANCE, on_grid(self, 1 + below(self, 6))};
    }
}

static void scale_exit(qb_exit *exit, double factor)
{
    if (exit->kind != QB_EXIT_FRACTION)
        exit->amount *= factor;
}

/* The same prices in the units of the history: all splits so far are in them. */
static void in_history_units(const fills_case *play, qb_order_request *request, int64_t now_us)
{
    double factor = 1.0;
    for (size_t b = 0; b < play->bar_count[request->instrument]; b++)
        if (play->bars[request->instrument][b].open_us < now_us)
            factor *= play->bars[request->instrument][b].bar.split_factor;
    request->raw_prices = false;
    request->limit *= factor;
    request->stop *= factor;
    scale_exit(&request->trail, factor);
    scale_exit(&request->take_profit, factor);
    scale_exit(&request->stop_loss, factor);
    scale_exit(&request->trailing_stop, factor);
}

/* Small ones in units, so that some are met exactly; a signal of a few strengths, so that some are
 * repeated. */
static void a_target(maker *self, ref_action *action)
{
    qb_order_request *request = &action->request;
    const qb_instrument *instrument = &self->out->instruments[request->instrument];
    if (one_in(self, 3)) {
        action->verb = REF_SIGNAL;
        request->size = (qb_size){.amount = 0.5 * below(self, 3)};
        return;
    }
    action->verb = REF_TARGET;
    if (request->size.kind == QB_SIZE_UNITS)
        request->size.amount = (double)instrument->lot.raw / 1e8 * below(self, 20);
    else if (one_in(self, 10))
        request->size.amount = one_in(self, 2) ? 0.0 : 1e-4;
}

static void an_action(maker *self, uint32_t asker, uint32_t instrument, const fills_bar *bar,
                      double close)
{
    fills_case *out = self->out;
    ref_action *action = &out->actions[out->action_count++];
    bool answers = may(self, FILLS_ON_FILL) && one_in(self, 6);
    *action = (ref_action){.at_us = bar->known_us, .asker = asker};
    if (answers)
        action->fill = 1 + below(self, 16);
    qb_order_request *request = &action->request;
    *request = (qb_order_request){
        .struct_size = sizeof *request,
        .instrument = instrument,
        .side = one_in(self, 2) ? QB_BUY : QB_SELL,
        .raw_prices = true,
    };
    request->size = a_size(self, out, instrument, close);
    if (may(self, FILLS_TIMES) && one_in(self, 8) && out->action_count > 1) {
        action->verb = REF_CANCEL;
        action->of = below(self, (uint32_t)out->action_count - 1);
        return;
    }
    if (may(self, FILLS_TARGETS) && one_in(self, 5)) {
        a_target(self, action);
        return;
    }
    if (!may(self, ~(unsigned)(FILLS_SIZES | FILLS_TARGETS)) || one_in(self, 8)) {
        action->verb = REF_ORDER;
        return;
    }
    action->verb = REF_SUBMIT;
    a_type(self, request, close);
    if (may(self, FILLS_TIMES) && one_in(self, 2))
        a_time(self, request, bar->known_us, qb_interval_us(out->instruments[instrument].interval));
    if (may(self, FILLS_REDUCE))
        request->reduce_only = one_in(self, 5);
    if (may(self, FILLS_GROUPS) && one_in(self, 6) && request->size.when == QB_SIZE_AT_DECISION)
        request->group = 1 + below(self, 2) + 2 * instrument;
    if (may(self, FILLS_BRACKETS) && one_in(self, 3) && !request->reduce_only)
        a_bracket(self, request, close);
    if (may(self, FILLS_HISTORY) && one_in(self, 3) && !answers)
        in_history_units(out, request, bar->known_us);
}

static double last_close(const fills_case *self, uint32_t instrument, int64_t now_us)
{
    double close = NAN;
    for (size_t b = 0; b < self->bar_count[instrument]; b++)
        if (self->bars[instrument][b].known_us <= now_us)
            close = self->bars[instrument][b].bar.close;
    return close;
}

/* In the order in which the decisions will be taken: by instant, then by instrument. */
static void a_script(maker *self)
{
    fills_case *out = self->out;
    size_t next[REF_INSTRUMENTS] = {0};
    uint32_t often = 2 + below(self, 4);
    for (;;) {
        int64_t now_us = INT64_MAX;
        for (uint32_t i = 0; i < out->config.instrument_count; i++)
            if (next[i] < out->bar_count[i] && out->bars[i][next[i]].known_us < now_us)
                now_us = out->bars[i][next[i]].known_us;
        if (now_us == INT64_MAX)
            return;
        for (uint32_t i = 0; i < out->config.instrument_count; i++) {
            if (next[i] >= out->bar_count[i] || out->bars[i][next[i]].known_us != now_us)
                continue;
            const fills_bar *bar = &out->bars[i][next[i]++];
            while (one_in(self, often) && out->action_count < FILLS_ACTIONS) {
                uint32_t which = one_in(self, 4) ? below(self, out->config.instrument_count) : i;
                double close = last_close(out, which, now_us);
                if (!isnan(close))
                    an_action(self, i, which, bar, close);
            }
        }
    }
}

void fills_case_make(uint64_t seed, unsigned repertoire, fills_case *out)
{
    static const double leverages[] = {1, 1, 1, 1.5, 2, 4};
    maker self = {.random = {seed * 2 + 1}, .repertoire = repertoire, .out = out, .grid = 0.05};
    *out = (fills_case){.seed = seed, .family = "random"};
    out->config = (qb_engine_config){
        .cash = {10000 * QB_ONE},
        .size = {.kind = QB_SIZE_UNITS, .amount = 1.0},
        .leverage = {raw(leverages[below(&self, 6)])},
        .seed = seed,
        .maintenance_off = true,
    };
    out->config.patience = 1 + below(&self, 6);
    out->config.costs = some_costs(&self);
    const material *real = material_for(seed);
    if (real != NULL) {
        out->family = real->name;
        real_market(&self, real);
    } else {
        random_market(&self);
    }
    if (may(&self, FILLS_FILL_AT) && one_in(&self, 3))
        out->config.fill_at = 1 + below(&self, 2);
    if (may(&self, FILLS_MODELS) && one_in(&self, 2))
        out->config.fill_model = 1 + below(&self, 2);
    if (may(&self, FILLS_MARGIN) && one_in(&self, 2)) {
        out->config.maintenance_off = false;
        if (one_in(&self, 2))
            out->config.maintenance.raw = raw(one_in(&self, 2) ? 0.25 : 0.6);
    }
    if (may(&self, FILLS_OWN_COSTS) && one_in(&self, 5)) {
        out->config.instrument_costs = out->costs;
        for (uint32_t i = 0; i < out->config.instrument_count; i++)
            out->costs[i] = some_costs(&self);
    }
    if (may(&self, FILLS_FLOWS) && out->bar_count[0] > 1)
        some_flows(&self, out->bars[0][0].open_us, out->bars[0][out->bar_count[0] - 1].known_us);
    out->config.instruments = out->instruments;
    if (may(&self, FILLS_TARGETS) && out->bar_count[0] > 0)
        out->config.size = a_size(&self, out, 0, out->bars[0][0].bar.close);
    if (out->config.size.amount == 0.0) /* a run's size is none */
        out->config.size.amount = 1.0;
    a_script(&self);
}
