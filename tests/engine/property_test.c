/* What must hold for any run: the prefix property (a run on the first n bars makes the first n
 * decisions of the full run), one ledger and one end per order in any storm, agreement with a
 * slow plain account, equal bytes for equal seeds, and no harm from failing allocations. */
#include "allocations.h"
#include "lab.h"
#include "walk64.h"

/* ---- series ------------------------------------------------------------------------------- */

static qb_series walk(size_t count)
{
    qb_series series = {0};
    CHECK_OK(walk64_append(&series, WALK64_SEED, count, WALK64_MINUTES, QB_MINUTE_US));
    return series;
}

/* The sample of real days that every clone has: AAPL 2013-2018, split-adjusted. */
static qb_series sample(void)
{
    qb_series series = {0};
    const char *source = getenv("QUANTBOT_SOURCE");
    char path[4096], line[512];
    snprintf(path, sizeof path, "%s/samples/AAPL-2013-2018.csv", source != NULL ? source : ".");
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return series;
    CHECK(fgets(line, sizeof line, file) != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        char date[16];
        qb_bar bar = {.split_factor = 1.0};
        double adjusted;
        if (sscanf(line, "%10[0-9-],%lf,%lf,%lf,%lf,%lf,%lf", date, &bar.open, &bar.high, &bar.low,
                   &bar.close, &adjusted, &bar.volume) != 7)
            continue;
        CHECK_OK(qb_time_from_text(date, strlen(date), &bar.ts_us));
        CHECK_OK(qb_series_append(&series, &bar));
    }
    fclose(file);
    return series;
}

#define INSTRUMENTS_MAX 2 /* of the prefix cases */

static qb_series head(const qb_series *series, size_t count)
{
    qb_series first = *series; /* borrows the columns */
    first.count = count < series->count ? count : series->count;
    return first;
}

/* ---- the prefix property ------------------------------------------------------------------ */

/* Decisions bar by bar: runs may be cut at another place, what they say of a bar may not. */
typedef struct verdict {
    double signal;
    qb_stage stage;
    qb_reason reason;
    uint64_t order_id;
} verdict;

static verdict *verdicts(const lab *lab, uint32_t instrument, size_t *out_count)
{
    verdict *all = calloc(lab->totals.bars + 1, sizeof *all);
    size_t count = 0;
    for (size_t i = 0; i < lab->decision_count; i++) {
        const qb_decision *decision = &lab->decisions[i];
        if (decision->instrument != instrument)
            continue;
        for (uint64_t bar = 0; bar < decision->bars && count < lab->totals.bars; bar++)
            all[count++] = (verdict){decision->signal, decision->stage, decision->reason,
                                     decision->order_id};
    }
    *out_count = count;
    return all;
}

static bool same_verdict(const verdict *a, const verdict *b)
{
    bool signal = a->signal == b->signal || (isnan(a->signal) && isnan(b->signal));
    return signal && a->stage == b->stage && a->reason == b->reason && a->order_id == b->order_id;
}

static size_t check_verdicts_of(const lab *part, const lab *full, uint32_t instrument)
{
    size_t part_count, full_count, differ = 0;
    verdict *first = verdicts(part, instrument, &part_count);
    verdict *all = verdicts(full, instrument, &full_count);
    CHECK(part_count <= full_count);
    for (size_t i = 0; i < part_count && i < full_count; i++)
        differ += !same_verdict(&first[i], &all[i]);
    CHECK_INT(differ, 0);
    free(first);
    free(all);
    return part_count;
}

static void check_verdicts(const lab *part, const lab *full)
{
    size_t count = 0;
    for (uint32_t i = 0; i < INSTRUMENTS_MAX; i++)
        count += check_verdicts_of(part, full, i);
    CHECK_INT(count, part->totals.bars);
}

static bool same_request(const qb_order *a, const qb_order *b)
{
    return a->id == b->id && a->instrument == b->instrument && a->side == b->side &&
           a->quantity.raw == b->quantity.raw && a->submitted_us == b->submitted_us &&
           a->status == b->status && a->reason == b->reason && a->reduce_only == b->reduce_only;
}

static bool same_fill(const qb_fill *a, const qb_fill *b)
{
    return a->id == b->id && a->order_id == b->order_id && a->instrument == b->instrument &&
           a->ts_us == b->ts_us && a->bar_ts_us == b->bar_ts_us &&
           a->quantity.raw == b->quantity.raw && a->price.raw == b->price.raw &&
           a->reference.raw == b->reference.raw && a->fee.raw == b->fee.raw;
}

static void check_prefix(const lab *part, const lab *full)
{
    check_verdicts(part, full);
    CHECK(part->order_count <= full->order_count && part->fill_count <= full->fill_count);
    for (size_t i = 0; i < part->order_count && i < full->order_count; i++)
        CHECK(same_request(&part->orders[i].first, &full->orders[i].first));
    for (size_t i = 0; i < part->fill_count && i < full->fill_count; i++)
        CHECK(same_fill(&part->fills[i], &full->fills[i]));
    CHECK(part->equity_count <= full->equity_count);
    for (size_t i = 0; i < part->equity_count && i < full->equity_count; i++)
        CHECK(part->equity[i].at_us == full->equity[i].at_us &&
              part->equity[i].equity == full->equity[i].equity);
}

/* series: one for each instrument of the configuration, with the same stamps. */
static void prefixes_of(qb_engine_config *config, const qb_series *series)
{
    lab full = lab_run(config, series);
    CHECK_OK(full.status);
    CHECK(full.fill_count > 0);
    static const size_t shares[] = {0, 1, 3, 17, 250, 500, 777, 999}; /* of 1,000 */
    for (size_t i = 0; i < sizeof shares / sizeof *shares && tap_failed == 0; i++) {
        qb_series first[INSTRUMENTS_MAX] = {{0}};
        for (uint32_t k = 0; k < config->instrument_count; k++)
            first[k] = head(&series[k], series->count * shares[i] / 1000 + 1);
        lab part = lab_run(config, first);
        CHECK_OK(part.status);
        check_prefix(&part, &full);
        lab_clear(&part);
    }
    lab_clear(&full);
}

/* Short periods and daily schedules, so that much is decided within a few hundred bars. */
static const struct {
    const char *strategy;
    double params[8]; /* in the order of its table */
    uint32_t instruments;
} built_in[] = {
    {"buy_and_hold", {0}, 1},
    {"sma_cross", {10, 30, 0, 0}, 1},
    {"sma_cross", {10, 30, 1, 1}, 1},
    {"sma_cross", {3, 7, 2, 1}, 1},
    {"sma_cross", {1, 15, 2, 0}, 1},
    {"sma_cross", {5, 20, 0, 1}, 1},
    {"dollar_cost_average", {20000, 0}, 1},
    {"equal_weight", {0.9, 0.01, 0}, 2},
    {"hrp", {20, 0.9, 0}, 2},
    {"momentum_rotation", {20, 2, 1, 0.9, 1, 0, 0}, 2},
    {"ema_cross", {5, 13, 1}, 1},
    {"macd", {5, 13, 4, 1}, 1},
    {"donchian", {20, 10, 2, 5, 1}, 1},
    {"trend_breakout", {10, 5, 20, 20, 0.5, 90, 2}, 2},
    {"bull_mode", {1, 60, 20, 0.12, 20, 252, 0.1}, 1},
    {"rsi_reversion", {5, 30, 50, 0, 1}, 1},
    {"bollinger", {20, 2, 0, 1}, 1},
    {"bollinger", {20, 1, 1, 1}, 1},
    {"scalper_sigma", {20, 2, 0.5, 1.5, 5, 10, 1}, 1},
    {"gamma_reversal", {3, 1.5, 20, 3, 2, 1}, 1},
    {"market_neutral", {30, 1, 2, 1, 0.2, 4, 0}, 2},
};

/* Every built-in strategy has its row above. */
static void all_listed(void)
{
    for (size_t i = 0; strategies_builtin[i] != NULL; i++) {
        bool listed = false;
        for (size_t k = 0; k < sizeof built_in / sizeof *built_in; k++)
            listed = listed || strcmp(built_in[k].strategy, strategies_builtin[i]->name) == 0;
        CHECK(listed);
    }
}

static void prefixes_of_row(size_t row, qb_instrument instrument, const qb_series *series)
{
    static const qb_size sizes[] = {
        {QB_SIZE_UNITS, QB_SIZE_AT_DECISION, 2},
        {QB_SIZE_WEIGHT, QB_SIZE_AT_DECISION, 0.9},
        {QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 1.0},
    };
    const qb_instrument instruments[] = {instrument, instrument};
    for (int fill_at = QB_FILL_NEXT_OPEN; fill_at <= QB_FILL_NEXT_CLOSE; fill_at++) {
        qb_engine_config config = lab_config(instruments, built_in[row].instruments);
        config.cash.raw = 1000000 * QB_ONE;
        config.strategy = strategies_find(built_in[row].strategy);
        config.params = built_in[row].params;
        config.costs = (qb_costs){.fee_rate = {100000}, .slippage = {50000}};
        config.size = sizes[(row + (size_t)fill_at) % 3];
        config.fill_at = (qb_fill_at)fill_at;
        prefixes_of(&config, series);
    }
}

/* series: [2], the second for those that need a universe. */
static void prefixes(qb_instrument instrument, const qb_series *series)
{
    for (size_t row = 0; row < sizeof built_in / sizeof *built_in; row++)
        prefixes_of_row(row, instrument, series);
}

static double beside(double price, double first, size_t row)
{
    return 50.0 * pow(price / first, 0.7) * (1.0 + 0.01 * sin(0.7 * (double)row));
}

/* A second instrument that goes where the first one goes, and comes back to it when it strays. */
static qb_series companion(const qb_series *series)
{
    qb_series self = {0};
    for (size_t i = 0; i < series->count; i++) {
        qb_bar bar = qb_series_bar(series, i);
        const double first = series->open[0];
        bar.open = beside(bar.open, first, i);
        bar.high = beside(bar.high, first, i);
        bar.low = beside(bar.low, first, i);
        bar.close = beside(bar.close, first, i);
        CHECK_OK(qb_series_append(&self, &bar));
    }
    return self;
}

static void prefix_walk(void)
{
    qb_series series[INSTRUMENTS_MAX] = {walk(3000)};
    series[1] = companion(&series[0]);
    prefixes(lab_coin(QB_1M), series);
    qb_series_clear(&series[0]);
    qb_series_clear(&series[1]);
}

static void prefix_real(void)
{
    qb_series series[INSTRUMENTS_MAX] = {sample()};
    if (series[0].count == 0)
        SKIP("needs samples/AAPL-2013-2018.csv (QUANTBOT_SOURCE)");
    CHECK(series[0].count > 1000);
    series[1] = companion(&series[0]);
    prefixes(lab_share(), series);
    qb_series_clear(&series[0]);
    qb_series_clear(&series[1]);
}

/* ---- storms ------------------------------------------------------------------------------- */

static double storm_weight; /* the share of bars on which something is asked */
static double storm_amount; /* the largest size in units */

static qb_size storm_size(const qb_context *context)
{
    double kind = context->host->random(context), amount = context->host->random(context);
    qb_size size = {.when = context->host->random(context) < 0.5 ? QB_SIZE_AT_DECISION
                                                                 : QB_SIZE_AT_FILL};
    if (kind < 0.4) {
        size.kind = QB_SIZE_UNITS;
        size.amount = amount * storm_amount;
    } else if (kind < 0.6) {
        size.kind = QB_SIZE_CASH;
        size.amount = amount * 3000.0;
    } else {
        size.kind = QB_SIZE_WEIGHT;
        size.amount = amount;
    }
    return size;
}

static qb_exit storm_exit(const qb_context *context, double price, double sign)
{
    const qb_host *host = context->host;
    double kind = host->random(context), far = 0.002 + 0.05 * host->random(context);
    if (kind < 0.6)
        return (qb_exit){0};
    if (kind < 0.75 && sign != 0.0)
        return (qb_exit){QB_EXIT_PRICE, price * (1.0 + sign * far)};
    return kind < 0.9 ? (qb_exit){QB_EXIT_DISTANCE, price * far} : (qb_exit){QB_EXIT_FRACTION, far};
}

/* Any order that there is, and some that there are not. */
static void storm_submit(const qb_context *context, uint32_t which, qb_side side, qb_size size)
{
    const qb_host *host = context->host;
    const qb_history *history = &context->history[which];
    double price = history->count > 0 ? history->close[history->count - 1] : 1.0;
    qb_order_request request = {
        .struct_size = sizeof request,
        .instrument = which,
        .side = side,
        .type = (qb_order_type)(host->random(context) * QB_ORDER_TYPE_COUNT),
        .time_in_force = (qb_time_in_force)(host->random(context) * QB_TIME_IN_FORCE_COUNT),
        .reduce_only = host->random(context) < 0.1,
        .size = size,
        .limit = price * (0.96 + 0.08 * host->random(context)),
        .stop = price * (0.96 + 0.08 * host->random(context)),
        .good_until_us = context->now_us + (int64_t)(host->random(context) * 10.0) * QB_DAY_US / 2,
        .group = host->random(context) < 0.3 ? 1 + (uint64_t)(host->random(context) * 3.0) : 0,
    };
    if (request.type == QB_TRAILING_STOP)
        request.trail = (qb_exit){QB_EXIT_FRACTION, 0.002 + 0.03 * host->random(context)};
    if (!request.reduce_only && host->random(context) < 0.4) {
        request.take_profit = storm_exit(context, price, (double)side);
        request.stop_loss = storm_exit(context, price, -(double)side);
        request.trailing_stop = storm_exit(context, price, 0.0);
        request.time_stop_bars = (uint32_t)(host->random(context) * 6.0);
    }
    uint64_t id = host->submit(context, &request);
    if (id > 3 && host->random(context) < 0.1)
        host->cancel(context, id - (uint64_t)(host->random(context) * 4.0));
}

static bool storm_submits; /* orders of every type, beside those at market */

static void storm_bar(const qb_context *context, uint32_t instrument)
{
    const qb_host *host = context->host;
    while (host->random(context) < storm_weight) {
        uint32_t which = (uint32_t)(host->random(context) * context->instrument_count);
        qb_side side = host->random(context) < 0.5 ? QB_BUY : QB_SELL;
        double what = host->random(context);
        if (storm_submits && host->random(context) < 0.5)
            storm_submit(context, which, side, storm_size(context));
        else if (what < 0.4)
            host->order(context, which, side, storm_size(context));
        else if (what < 0.7)
            host->target(context, which, side, storm_size(context));
        else if (what < 0.8)
            host->target(context, which, side, (qb_size){0});
        else
            host->signal(context, which, floor(host->random(context) * 5.0) / 2.0 - 1.0);
    }
}

static void storm_fill(const qb_context *context, const qb_fill *fill)
{
    if (context->host->random(context) < storm_weight / 4)
        context->host->target(context, fill->instrument, fill->quantity.raw > 0 ? QB_SELL : QB_BUY,
                              storm_size(context));
}

static qb_series storm_series(qb_random *random, size_t count, qb_interval interval, bool plain)
{
    qb_series series = {0};
    double price = 20.0 + 80.0 * qb_random_unit(random);
    int64_t ts_us = LAB_START;
    for (size_t i = 0; i < count; i++) {
        double open = price * (0.97 + 0.06 * qb_random_unit(random));
        qb_bar bar = {.ts_us = ts_us, .split_factor = 1.0, .volume = 1000 * qb_random_unit(random)};
        if (!plain && qb_random_next(random) % 40 == 0) {
            static const double factors[] = {2, 1.5, 0.1, 7.000007, 1.487, 0.05};
            bar.split_factor = factors[qb_random_next(random) % 6];
            open /= bar.split_factor;
        }
        if (!plain && qb_random_next(random) % 30 == 0)
            bar.dividend = open * 0.01;
        if (!plain && qb_random_next(random) % 30 == 0)
            bar.flags = 1 << (qb_random_next(random) % 3);
        if (qb_random_next(random) % 20 == 0)
            bar.volume = qb_random_next(random) % 2 ? NAN : 0.0;
        price = open * (0.97 + 0.0605 * qb_random_unit(random));
        price = price < 1e-3 ? 1.0 : price;
        bar.open = open;
        bar.close = price;
        bar.high = (open > price ? open : price) * (1.0 + 0.02 * qb_random_unit(random));
        bar.low = (open < price ? open : price) * (1.0 - 0.02 * qb_random_unit(random));
        CHECK_OK(qb_series_append(&series, &bar));
        ts_us += qb_interval_us(interval);
        if (!plain && qb_random_next(random) % 25 == 0)
            ts_us += qb_interval_us(interval) * (int64_t)(qb_random_next(random) % 9);
    }
    return series;
}

enum { STORM_MOST = 12 };

static qb_engine_config storm_config(qb_random *random, qb_instrument *instruments, uint32_t count,
                                     qb_interval interval)
{
    static const int64_t lots[] = {1, QB_ONE / 1000, QB_ONE, 10 * QB_ONE};
    static const int64_t ticks[] = {0, 0, QB_ONE / 100, QB_ONE / 20};
    for (uint32_t i = 0; i < count; i++) {
        instruments[i] = lab_coin(interval);
        instruments[i].lot.raw = lots[qb_random_next(random) % 4];
        instruments[i].tick.raw = ticks[qb_random_next(random) % 4];
        instruments[i].multiplier.raw = i % 4 == 3 ? QB_ONE / 10 : i % 4 == 2 ? 5 * QB_ONE : QB_ONE;
        instruments[i].price_decimals = 4 + (int)(qb_random_next(random) % 5);
    }
    qb_engine_config config = lab_config(instruments, count);
    config.costs = (qb_costs){
        .fee_rate = {(int64_t)(qb_random_next(random) % 1000000)},
        .fee_per_unit = {(int64_t)(qb_random_next(random) % 2 * 500000)},
        .fee_minimum = {(int64_t)(qb_random_next(random) % 2 * QB_ONE)},
        .slippage = {(int64_t)(qb_random_next(random) % 500000)},
        .volume_cap = {qb_random_next(random) % 2 ? QB_ONE / 20 : 0},
    };
    config.fill_at = (qb_fill_at)(qb_random_next(random) % 3);
    config.leverage.raw = (qb_random_next(random) % 4 == 0 ? 25 : 1) * QB_ONE;
    config.size = (qb_size){QB_SIZE_WEIGHT, (qb_size_when)(qb_random_next(random) % 2), 0.4};
    config.patience = 1 + (uint32_t)(qb_random_next(random) % 6);
    config.seed = qb_random_next(random);
    config.fill_model = (qb_fill_model)(qb_random_next(random) % 3);
    config.borrow.raw = config.interest.raw = (int64_t)(qb_random_next(random) % 2) * QB_ONE / 20;
    storm_submits = qb_random_next(random) % 3 != 0;
    storm_weight = 0.2 + 0.5 * qb_random_unit(random);
    storm_amount = 1.0 + 60.0 * qb_random_unit(random);
    return config;
}

static void storms(void)
{
    lab_bar = storm_bar;
    lab_fill = storm_fill;
    lab_warmup = 2;
    uint64_t fills = 0, statuses[QB_ORDER_EXPIRED + 1] = {0}, reasons[QB_REASON_COUNT] = {0};
    size_t bankrupt = 0, crossed_lieu = 0;
    for (uint64_t seed = 1; seed <= 300 && tap_failed == 0; seed++) {
        qb_random random = {seed};
        qb_instrument instruments[STORM_MOST];
        qb_series series[STORM_MOST];
        uint32_t count = 1 + (uint32_t)(qb_random_next(&random) % STORM_MOST);
        qb_interval interval = seed % 2 ? QB_1D : QB_1H;
        qb_engine_config config = storm_config(&random, instruments, count, interval);
        for (uint32_t i = 0; i < count; i++)
            series[i] = storm_series(&random, 60 + qb_random_next(&random) % 120, interval, false);
        lab first = lab_run(&config, series), again = lab_run(&config, series);
        CHECK_OK(first.status);
        CHECK(first.hash == again.hash); /* same bytes in, same events out */
        config.seed++;
        lab other = lab_run(&config, series);
        CHECK(first.order_count == 0 || first.hash != other.hash);
        fills += first.fill_count;
        bankrupt += first.totals.bankrupt;
        crossed_lieu += first.totals.in_lieu.raw != 0;
        for (size_t i = 0; i < first.order_count; i++) {
            statuses[first.orders[i].last.status]++;
            reasons[first.orders[i].last.reason]++;
        }
        if (tap_failed > 0)
            printf("# in storm %llu\n", (unsigned long long)seed);
        lab_clear(&first);
        lab_clear(&again);
        lab_clear(&other);
        for (uint32_t i = 0; i < count; i++)
            qb_series_clear(&series[i]);
    }
    /* The storms have been everywhere. */
    CHECK(fills > 20000);
    CHECK(bankrupt > 0);
    CHECK(crossed_lieu > 50);
    for (int status = QB_ORDER_FILLED; status <= QB_ORDER_EXPIRED; status++)
        CHECK(statuses[status] > 0);
    static const qb_reason expected[] = {
        QB_REASON_NONE,        QB_REASON_UNCHANGED, QB_REASON_BELOW_LOT, QB_REASON_CASH,
        QB_REASON_REDUCE_ONLY, QB_REASON_REPLACED,  QB_REASON_NO_DATA,   QB_REASON_END_OF_DATA,
        QB_REASON_BANKRUPT,    QB_REASON_BAD_ORDER, QB_REASON_TIME,      QB_REASON_NOT_FILLED,
        QB_REASON_OCO,         QB_REASON_PARENT,    QB_REASON_CLOSED,    QB_REASON_ASKED,
        QB_REASON_MARGIN,
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        CHECK(reasons[expected[i]] > 0);
}

/* A stretch means the same as its instants. */
static void stretches_change_nothing(void)
{
    lab_bar = storm_bar;
    lab_fill = storm_fill;
    lab_warmup = 3;
    uint64_t fills = 0;
    for (uint64_t seed = 1; seed <= 60 && tap_failed == 0; seed++) {
        qb_random random = {seed};
        qb_instrument instrument;
        qb_engine_config config = storm_config(&random, &instrument, 1, QB_1M);
        storm_weight *= 0.2; /* quiet enough for openings that nobody waits for */
        qb_series series = storm_series(&random, 4000, QB_1M, true);
        lab one = lab_run(&config, &series), step = lab_run_stepwise(&config, &series);
        CHECK_OK(one.status);
        CHECK_OK(step.status);
        CHECK(one.hash == step.hash);
        CHECK_INT(one.totals.bars, step.totals.bars);
        CHECK_INT(one.totals.bars_held, step.totals.bars_held);
        CHECK_INT(one.totals.equity.raw, step.totals.equity.raw);
        CHECK_INT(one.totals.traded.raw, step.totals.traded.raw);
        fills += one.fill_count;
        lab_clear(&one);
        lab_clear(&step);
        qb_series_clear(&series);
    }
    CHECK(fills > 1000);
}

/* Nor does a sheet: a universe whose bars come together, of a strategy that is told of no fill. */
static void sheets_change_nothing(void)
{
    qb_strategy deaf = lab_strategy;
    deaf.on_fill = NULL;
    uint64_t fills = 0;
    for (uint64_t seed = 1; seed <= 60 && tap_failed == 0; seed++) {
        lab_bar = storm_bar;
        lab_fill = NULL;
        lab_warmup = 3;
        qb_random random = {seed};
        qb_instrument instruments[STORM_MOST];
        qb_series series[STORM_MOST];
        uint32_t count = 2 + (uint32_t)(qb_random_next(&random) % (STORM_MOST - 1));
        qb_interval interval = seed % 2 ? QB_1D : QB_1H;
        qb_engine_config config = storm_config(&random, instruments, count, interval);
        config.strategy = &deaf;
        storm_weight *= 0.1; /* rows that nobody waits for, and rows that orders wait for */
        deaf.once_per_instant = false;
        deaf.columns = seed % 3 == 0 ? QB_READ_CLOSE : 0;
        for (uint32_t i = 0; i < count; i++) {
            if (seed % 4 == 1) { /* an opening is then another instant than the close before */
                instruments[i].calendar = qb_calendar_find("XNYS");
                instruments[i].interval = QB_1D;
            }
            series[i] = storm_series(&random, 700, QB_1D, true);
            instruments[i].interval = QB_1D;
        }
        for (uint32_t i = 0; i < count && seed % 4 == 1; i++) /* to its sessions */
            series[i].count = 0;
        qb_session session;
        for (int32_t date = qb_date_from_us(LAB_START); seed % 4 == 1 && series[0].count < 300;
             date++)
            if (qb_calendar_session(qb_calendar_find("XNYS"), date, &session))
                for (uint32_t i = 0; i < count; i++) {
                    series[i].ts_us[series[i].count] = date * QB_DAY_US;
                    series[i].count++;
                }
        lab sheet = lab_run(&config, series), step = lab_run_stepwise(&config, series);
        CHECK_OK(sheet.status);
        CHECK_OK(step.status);
        CHECK(sheet.hash == step.hash);
        CHECK_INT(sheet.totals.bars, step.totals.bars);
        CHECK_INT(sheet.totals.bars_held, step.totals.bars_held);
        CHECK_INT(sheet.totals.equity.raw, step.totals.equity.raw);
        CHECK_INT(sheet.trade_count, step.trade_count);
        for (size_t i = 0; i < sheet.trade_count && i < step.trade_count; i++)
            CHECK(sheet.trades[i].adverse == step.trades[i].adverse &&
                  sheet.trades[i].favourable == step.trades[i].favourable);
        fills += sheet.fill_count;
        lab_clear(&sheet);
        lab_clear(&step);
        for (uint32_t i = 0; i < count; i++)
            qb_series_clear(&series[i]);
    }
    CHECK(fills > 1000);
}

/* Many instruments, cut at a moment: the storm's own decisions depend on the run's random numbers
 * and on its holdings, and still the first part is the same. */
static void prefix_of_storms(void)
{
    lab_bar = storm_bar;
    lab_fill = NULL;
    lab_warmup = 1;
    for (uint64_t seed = 1; seed <= 40 && tap_failed == 0; seed++) {
        qb_random random = {seed};
        qb_instrument instruments[STORM_MOST];
        qb_series series[STORM_MOST], first[STORM_MOST];
        uint32_t count = 1 + (uint32_t)(qb_random_next(&random) % STORM_MOST);
        qb_engine_config config = storm_config(&random, instruments, count, QB_1D);
        int64_t end_us = LAB_START + (int64_t)(20 + qb_random_next(&random) % 80) * QB_DAY_US;
        for (uint32_t i = 0; i < count; i++) {
            series[i] = storm_series(&random, 120, QB_1D, false);
            first[i] = head(&series[i], qb_series_lower_bound(&series[i], end_us));
        }
        lab part = lab_run(&config, first), full = lab_run(&config, series);
        CHECK(part.order_count <= full.order_count && part.fill_count <= full.fill_count);
        for (size_t i = 0; i < part.order_count && i < full.order_count; i++)
            CHECK(same_request(&part.orders[i].first, &full.orders[i].first));
        for (size_t i = 0; i < part.fill_count && i < full.fill_count; i++)
            CHECK(same_fill(&part.fills[i], &full.fills[i]));
        for (size_t i = 0; i < part.equity_count && i < full.equity_count; i++)
            CHECK(part.equity[i].equity == full.equity[i].equity);
        lab_clear(&part);
        lab_clear(&full);
        for (uint32_t i = 0; i < count; i++)
            qb_series_clear(&series[i]);
    }
}

/* ---- a plain account ---------------------------------------------------------------------- */

/* price x quantity / 1e8, half to even, the long way. */
static int64_t times(int64_t a, int64_t b)
{
    __int128 product = (__int128)a * b, one = QB_ONE;
    __int128 sign = product < 0 ? -1 : 1;
    product *= sign;
    __int128 whole = product / one, rest = product % one;
    if (2 * rest > one || (2 * rest == one && whole % 2 == 1))
        whole++;
    return (int64_t)(whole * sign);
}

static int64_t nearest(double value)
{
    return (int64_t)llroundl((long double)value * 1e8L);
}

/* What the script wants after bar i, in thousandths of a unit; same for both accounts. */
static int32_t *wanted;

static void follow_script(const qb_context *context, uint32_t instrument)
{
    int32_t target = wanted[context->history[instrument].total - 1];
    context->host->target(context, instrument, target < 0 ? QB_SELL : QB_BUY,
                          (qb_size){.kind = QB_SIZE_UNITS, .amount = fabs(target / 1000.0)});
}

typedef struct plain_account {
    int64_t cash, held, fees;
    size_t fills;
} plain_account;

static void plain_trade(plain_account *account, const qb_engine_config *config, int64_t open,
                        int64_t change)
{
    if (change == 0)
        return;
    int64_t factor = QB_ONE + (change > 0 ? 1 : -1) * config->costs.slippage.raw;
    int64_t price = times(open, factor);
    /* fee: price x quantity x rate, rounded once */
    __int128 exact = (__int128)price * (change < 0 ? -change : change) * config->costs.fee_rate.raw;
    __int128 scale = (__int128)QB_ONE * QB_ONE, fee = exact / scale, rest = exact % scale;
    if (2 * rest > scale || (2 * rest == scale && fee % 2 == 1))
        fee++;
    account->cash -= times(price, change) + (int64_t)fee;
    account->fees += (int64_t)fee;
    account->held += change;
    account->fills++;
}

static void plain_agrees(void)
{
    lab_bar = follow_script;
    lab_fill = NULL;
    lab_warmup = 1;
    enum { BARS = 2000 };
    wanted = calloc(BARS, sizeof *wanted);
    CHECK(wanted != NULL);
    for (uint64_t seed = 1; seed <= 20 && tap_failed == 0 && wanted != NULL; seed++) {
        qb_random random = {seed};
        for (size_t i = 0, hold = 0; i < BARS; i++, hold--) {
            if (i == 0 || hold == 0) {
                wanted[i] = (int32_t)(qb_random_next(&random) % 20001) - 10000;
                if (qb_random_next(&random) % 4 == 0)
                    wanted[i] = 0;
                hold = 1 + qb_random_next(&random) % 9;
            } else {
                wanted[i] = wanted[i - 1];
            }
        }
        qb_instrument instrument = lab_coin(QB_1M);
        instrument.lot.raw = 1;
        qb_engine_config config = lab_config(&instrument, 1);
        config.cash.raw = 100000000 * QB_ONE;
        config.costs = (qb_costs){.fee_rate = {123457}, .slippage = {54321}};
        qb_series series = storm_series(&random, BARS, QB_1M, true);
        lab lab = lab_run(&config, &series);

        plain_account account = {.cash = config.cash.raw};
        size_t differ = 0;
        for (size_t i = 0; i < BARS; i++) {
            if (i > 0) {
                int64_t open = nearest(series.open[i]);
                int64_t target = (int64_t)wanted[i - 1] * (QB_ONE / 1000);
                bool crosses = account.held != 0 && target != 0 &&
                               (account.held < 0) != (target < 0);
                if (crosses)
                    plain_trade(&account, &config, open, -account.held);
                plain_trade(&account, &config, open, target - account.held);
            }
            int64_t equity = account.cash + times(nearest(series.close[i]), account.held);
            differ += i >= lab.equity_count || lab.equity[i].equity != equity;
        }
        CHECK_INT(differ, 0);
        CHECK_INT(lab.fill_count, account.fills);
        CHECK_INT(lab.totals.cash.raw, account.cash);
        CHECK_INT(lab.totals.fees.raw, account.fees);
        lab_clear(&lab);
        qb_series_clear(&series);
    }
    free(wanted);
}

/* ---- memory ------------------------------------------------------------------------------- */

static void allocation_failure(void)
{
    qb_instrument coins[] = {lab_coin(QB_1M), lab_coin(QB_1M), lab_coin(QB_1M)};
    static const double params[] = {100, 30000, 0, 0};
    qb_engine_config config = lab_config(coins, 3);
    config.strategy = strategies_find("sma_cross");
    config.params = params;
    for (int failing = 0;; failing++) {
        qb_engine *engine = NULL;
        allocations_begin(failing);
        qb_status status = qb_engine_new(&config, NULL, &engine);
        bool failed = allocations_failed();
        qb_engine_free(engine);
        CHECK_INT(allocations_end(), 0);
        CHECK_INT(status, failed ? QB_NO_MEMORY : QB_OK);
        CHECK(!failed || engine == NULL);
        if (!failed) {
            CHECK(failing > 3);
            break;
        }
    }
}

/* The bar loop allocates nothing. */
static void no_allocation_in_the_loop(void)
{
    qb_series series = walk(2000);
    qb_instrument coin = lab_coin(QB_1M);
    static const double params[] = {3, 7, 0, 1};
    qb_engine_config config = lab_config(&coin, 1);
    config.strategy = strategies_find("sma_cross");
    config.params = params;
    config.cash.raw = 1000000 * QB_ONE;
    qb_engine *engine = NULL;
    qb_series_feed *feed = NULL;
    CHECK_OK(qb_series_feed_new(&coin, &series, 1, &feed));
    CHECK_OK(qb_engine_new(&config, NULL, &engine));
    const qb_feed source = qb_series_feed_as_feed(feed);
    allocations_begin(0);
    CHECK_OK(qb_engine_run(engine, &source));
    CHECK_OK(qb_engine_finish(engine));
    CHECK_INT(allocations_made(), 0);
    CHECK_INT(allocations_end(), 0);
    qb_engine_totals totals;
    qb_engine_totals_get(engine, &totals);
    CHECK(totals.fills > 100);
    qb_engine_free(engine);
    qb_series_feed_free(feed);
    qb_series_clear(&series);
}

/* ---- the data set of the benchmarks ------------------------------------------------------- */

static void walk64(void)
{
    /* Check values of the performance page. */
    qb_series series = walk(1000000);
    CHECK_NEAR(series.close[0], 9995.671875, 0.0);
    CHECK_NEAR(series.close[999999], 8095.859375, 0.0);
    qb_series_clear(&series);
}

/* W1 of the performance page, 100,000 bars: vectorbt and backtrader agree on these. */
static void w1(void)
{
    qb_series series = walk(100000);
    qb_instrument coin = lab_coin(QB_1M);
    coin.lot.raw = 1;
    static const double params[] = {10, 30, 0, 0};
    qb_engine_config config = lab_config(&coin, 1);
    config.strategy = strategies_find("sma_cross");
    config.params = params;
    config.cash.raw = 10000000 * QB_ONE;
    config.costs = (qb_costs){.fee_rate = {100000}, .slippage = {50000}};
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 3841);
    CHECK_NEAR(qb_raw_to_double(lab.totals.equity.raw), 9938055.36539300, 3841e-8);
    CHECK_NEAR(qb_raw_to_double(lab.totals.fees.raw), 42510.955912, 3841e-8 + 5e-7);
    CHECK_INT(lab.orders[0].first.submitted_us % QB_MINUTE_US, 0);
    CHECK(lab.orders[0].first.submitted_us >= WALK64_START_US + 30 * QB_MINUTE_US);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* W3 of the performance page: each 21 days the 50 of 500 with the best momentum, at 0.99/50 of the
 * equity valued at the next open, sales first. Its golden value is the number of fills. */
enum { W3_INSTRUMENTS = 500, W3_DAYS = 5040, W3_HELD = 50 };

/* The instruments in descending order of momentum, ties by the lower number: the first W3_HELD. */
static void w3_select(const qb_context *context, bool *chosen)
{
    static double momentum[W3_INSTRUMENTS];
    for (uint32_t i = 0; i < W3_INSTRUMENTS; i++) {
        const qb_history *history = &context->history[i];
        const double *close = history->close + history->count - 1;
        momentum[i] = close[-21] / close[-252] - 1.0;
        chosen[i] = false;
    }
    for (int place = 0; place < W3_HELD; place++) {
        uint32_t best = W3_INSTRUMENTS;
        for (uint32_t i = 0; i < W3_INSTRUMENTS; i++)
            if (!chosen[i] && (best == W3_INSTRUMENTS || momentum[i] > momentum[best]))
                best = i;
        chosen[best] = true;
    }
}

static void w3_bar(const qb_context *context, uint32_t instrument)
{
    static bool chosen[W3_INSTRUMENTS];
    uint64_t day = context->history[0].total - 1;
    if (instrument != W3_INSTRUMENTS - 1 || day % 21 != 20 || day < 252)
        return;
    w3_select(context, chosen);
    for (uint32_t i = 0; i < W3_INSTRUMENTS; i++)
        if (chosen[i] || context->host->position(context, i) != 0.0)
            context->host->target(
                context, i, QB_BUY,
                (qb_size){QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, chosen[i] ? 0.99 / W3_HELD : 0.0});
}

static void w3(void)
{
    static qb_series series[W3_INSTRUMENTS];
    static qb_instrument coins[W3_INSTRUMENTS];
    for (uint32_t i = 0; i < W3_INSTRUMENTS; i++) {
        coins[i] = lab_coin(QB_1D);
        coins[i].lot.raw = 1;
        CHECK_OK(walk64_append(&series[i], 1000 + i, W3_DAYS, WALK64_DAYS, QB_DAY_US));
    }
    lab_bar = w3_bar;
    lab_fill = NULL;
    lab_warmup = 253;
    qb_engine_config config = lab_config(coins, W3_INSTRUMENTS);
    config.cash.raw = 1000000 * QB_ONE;
    config.costs.fee_rate.raw = 100000;
    lab lab = lab_run(&config, series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.fill_count, 14703);
    CHECK_INT(lab.totals.rejected, 0);
    lab_clear(&lab);
    for (uint32_t i = 0; i < W3_INSTRUMENTS; i++)
        qb_series_clear(&series[i]);
}

static const tap_case cases[] = {
    {"/engine/property/all-built-in-are-listed", all_listed},
    {"/engine/property/prefix-walk64", prefix_walk},
    {"/engine/property/prefix-real-days", prefix_real},
    {"/engine/property/prefix-of-storms", prefix_of_storms},
    {"/engine/property/storms", storms},
    {"/engine/property/stretches-change-nothing", stretches_change_nothing},
    {"/engine/property/sheets-change-nothing", sheets_change_nothing},
    {"/engine/property/plain-account-agrees", plain_agrees},
    {"/engine/property/allocation-failure", allocation_failure},
    {"/engine/property/no-allocation-in-the-loop", no_allocation_in_the_loop},
    {"/engine/property/walk64", walk64},
    {"/engine/property/w1", w1},
    {"/engine/property/w3", w3},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
