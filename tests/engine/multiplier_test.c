/* Contracts on several units of an underlying. By hand; and as a law: fifty units a contract at a
 * price is the same account as one unit at fifty times the price. */
#include "lab.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static void by_hand(void)
{
    lab_use(lab_order_once);
    lab_once_side = QB_BUY;
    lab_once_size = lab_units(2);
    qb_instrument contract = lab_coin(QB_1D);
    contract.multiplier.raw = 50 * QB_ONE;
    contract.tick.raw = QB_ONE / 4;
    qb_engine_config config = lab_config(&contract, 1);
    config.cash.raw = 500000 * QB_ONE;
    config.costs = (qb_costs){.fee_per_unit = {2 * QB_ONE}, .fee_rate = {QB_ONE / 10000}};
    qb_series series = {0};
    lab_day(&series, 0, 4000, 4000);
    lab_day(&series, 1, 4010.1, 4020); /* bought at 4010.25 by the tick */
    lab_day(&series, 2, 4030, 4030);
    lab lab = lab_run(&config, &series);
    lab_check_fill(&lab, 0, 1, 2, 4010.25);
    CHECK_INT(lab.fills[0].fee.raw, LAB_RAW(40.1025 + 4)); /* a basis point of 401,025; 2 each */
    CHECK_INT(lab.totals.traded.raw, LAB_RAW(401025));
    CHECK_INT(lab.totals.cash.raw, LAB_RAW(500000 - 401025 - 44.1025));
    CHECK_INT(lab.totals.equity.raw, LAB_RAW(500000 - 44.1025 + (4030 - 4010.25) * 100));
    CHECK_INT(lab.totals.unrealised.raw, LAB_RAW(1975));
    lab_clear(&lab);

    /* Sizes and the gate count what a contract is worth: 500,000 buy two at 200,505 each, and a
     * short of three is refused. */
    lab_once_size = (qb_size){QB_SIZE_WEIGHT, QB_SIZE_AT_FILL, 1.0};
    lab = lab_run(&config, &series);
    lab_check_fill(&lab, 0, 1, 2, 4010.25);
    lab_clear(&lab);
    lab_once_size = (qb_size){QB_SIZE_CASH, QB_SIZE_AT_DECISION, 250000};
    lab = lab_run(&config, &series);
    lab_check_fill(&lab, 0, 1, 1, 4010.25);
    lab_clear(&lab);
    lab_once_size = lab_units(3);
    lab = lab_run(&config, &series);
    lab_check_order(&lab, 0, QB_ORDER_REJECTED, QB_REASON_CASH);
    lab_clear(&lab);
    config.leverage.raw = 2 * QB_ONE;
    lab = lab_run(&config, &series);
    lab_check_fill(&lab, 0, 1, 3, 4010.25);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void out_and_in(const qb_context *context, uint32_t instrument)
{
    static const double wishes[] = {1, 1, -1, -1, 0};
    uint64_t bar = lab_bar_index(context, instrument);
    if (bar < COUNT_OF(wishes))
        context->host->signal(context, instrument, wishes[bar]);
}

/* A trade is told in prices and counted in money; a dividend is per unit of the underlying. */
static void trades_and_dividends(void)
{
    lab_use(out_and_in);
    qb_instrument contract = lab_coin(QB_1D);
    contract.multiplier.raw = QB_ONE / 10;
    qb_engine_config config = lab_config(&contract, 1);
    config.size = lab_units(3);
    qb_series series = {0};
    for (int day = 0; day < 7; day++)
        lab_day(&series, day, 100 + 10 * day, 100 + 10 * day);
    series.dividend = calloc(series.capacity, sizeof(double));
    series.dividend[2] = 5.0;
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.trade_count, 2);
    CHECK_INT(lab.trades[0].entry_price.raw, 110 * QB_ONE);
    CHECK_INT(lab.trades[0].exit_price.raw, 130 * QB_ONE);
    CHECK_INT(lab.trades[0].profit.raw, LAB_RAW(0.3 * 20 + 0.3 * 5));
    CHECK_NEAR(lab.trades[0].return_fraction, 7.5 / 33.0, 1e-12);
    CHECK_INT(lab.trades[1].side, QB_SELL);
    CHECK_INT(lab.trades[1].entry_price.raw, 130 * QB_ONE);
    CHECK_INT(lab.trades[1].profit.raw, LAB_RAW(0.3 * -20));
    CHECK_INT(lab.totals.dividends.raw, LAB_RAW(1.5));
    CHECK_INT(lab.totals.equity.raw, LAB_RAW(10000 + 7.5 - 6));
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* ---- the law ------------------------------------------------------------------------------ */

static void random_orders(const qb_context *context, uint32_t instrument)
{
    const qb_host *host = context->host;
    while (host->random(context) < 0.4) {
        qb_side side = host->random(context) < 0.5 ? QB_BUY : QB_SELL;
        qb_size size = {
            .kind = (qb_size_kind)(host->random(context) * 3.0),
            .when = host->random(context) < 0.5 ? QB_SIZE_AT_DECISION : QB_SIZE_AT_FILL,
        };
        double amount = host->random(context);
        size.amount = size.kind == QB_SIZE_UNITS  ? floor(amount * 8.0)
                      : size.kind == QB_SIZE_CASH ? floor(amount * 9000.0)
                                                  : amount;
        if (host->random(context) < 0.5)
            host->order(context, instrument, side, size);
        else
            host->target(context, instrument, side, size);
    }
}

/* Prices in cents, times an integer: both accounts can be kept exactly. */
static qb_series random_walk(uint64_t seed, double times)
{
    qb_series series = {0};
    qb_random random = {seed};
    double price = 30.0;
    for (int day = 0; day < 150; day++) {
        static const double factors[] = {2, 0.5, 1.25, 4};
        qb_bar bar = {.ts_us = LAB_START + day * QB_DAY_US, .volume = 900, .split_factor = 1};
        if (qb_random_next(&random) % 25 == 0)
            bar.split_factor = factors[qb_random_next(&random) % COUNT_OF(factors)];
        double open = nearbyint(price / bar.split_factor * 100.0) / 100.0;
        open = open < 1.0 ? 1.0 : open;
        if (qb_random_next(&random) % 20 == 0)
            bar.dividend = times * nearbyint(open) / 100.0;
        price = nearbyint(open * (0.97 + 0.0605 * qb_random_unit(&random)) * 100.0) / 100.0;
        bar.open = times * open;
        bar.close = times * price;
        bar.high = fmax(bar.open, bar.close);
        bar.low = fmin(bar.open, bar.close);
        CHECK_OK(qb_series_append(&series, &bar));
    }
    return series;
}

static void check_law(uint64_t seed, int64_t times, uint64_t *fills)
{
    qb_instrument contract = lab_coin(QB_1D);
    contract.lot.raw = seed % 3 == 0 ? QB_ONE / 8 : QB_ONE;
    qb_engine_config config = lab_config(&contract, 1);
    config.costs = (qb_costs){
        .fee_rate = {QB_ONE / 1000},
        .fee_per_unit = {seed % 2 ? QB_ONE / 4 : 0},
        .fee_minimum = {seed % 5 == 0 ? QB_ONE : 0},
        .slippage = {QB_ONE / 2000},
        .volume_cap = {seed % 4 == 0 ? QB_ONE / 100 : 0},
    };
    config.leverage.raw = (seed % 7 == 0 ? 3 : 1) * QB_ONE;
    config.fill_at = (qb_fill_at)(seed % 3);
    config.seed = seed;
    config.cash.raw = 10000 * times * QB_ONE / (seed % 2 ? 1 : 2);
    qb_series dear = random_walk(seed, (double)times), cheap = random_walk(seed, 1.0);
    lab one = lab_run(&config, &dear);
    contract.multiplier.raw = times * QB_ONE;
    lab many = lab_run(&config, &cheap);
    CHECK_OK(one.status);
    CHECK_OK(many.status);
    CHECK_INT(many.order_count, one.order_count);
    CHECK_INT(many.fill_count, one.fill_count);
    CHECK_INT(many.trade_count, one.trade_count);
    CHECK_INT(many.equity_count, one.equity_count);
    for (size_t i = 0; i < one.fill_count && i < many.fill_count; i++) {
        CHECK_INT(many.fills[i].quantity.raw, one.fills[i].quantity.raw);
        CHECK_INT(many.fills[i].price.raw * times, one.fills[i].price.raw);
        CHECK_INT(many.fills[i].fee.raw, one.fills[i].fee.raw);
    }
    for (size_t i = 0; i < one.equity_count && i < many.equity_count; i++)
        CHECK_INT(many.equity[i].equity, one.equity[i].equity);
    for (size_t i = 0; i < one.trade_count && i < many.trade_count; i++) {
        CHECK_INT(many.trades[i].profit.raw, one.trades[i].profit.raw);
        CHECK_NEAR((double)(many.trades[i].entry_price.raw * times),
                   (double)one.trades[i].entry_price.raw, 0.5 * (double)times + 1.0);
    }
    CHECK_INT(many.totals.realised.raw, one.totals.realised.raw);
    CHECK_INT(many.totals.fees.raw, one.totals.fees.raw);
    CHECK_INT(many.totals.dividends.raw, one.totals.dividends.raw);
    CHECK_INT(many.totals.in_lieu.raw, one.totals.in_lieu.raw);
    CHECK_INT(many.totals.bankrupt, one.totals.bankrupt);
    *fills += one.fill_count;
    lab_clear(&one);
    lab_clear(&many);
    qb_series_clear(&dear);
    qb_series_clear(&cheap);
}

static void the_law(void)
{
    static const int64_t times[] = {2, 5, 50, 100};
    uint64_t fills = 0;
    lab_use(random_orders);
    for (uint64_t seed = 1; seed <= 120 && tap_failed == 0; seed++) {
        check_law(seed, times[seed % COUNT_OF(times)], &fills);
        if (tap_failed > 0)
            printf("# seed %llu\n", (unsigned long long)seed);
    }
    CHECK(fills > 3000);
}

/* ---- limits ------------------------------------------------------------------------------- */

static void limits(void)
{
    lab_use(lab_always_long);
    qb_instrument contract = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&contract, 1);
    qb_engine *engine = NULL;
    static const int64_t bad[] = {0, -1, INT64_MIN};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        contract.multiplier.raw = bad[i];
        CHECK_INT(qb_engine_new(&config, NULL, &engine), QB_OUT_OF_RANGE);
    }
    CHECK(engine == NULL);

    /* What the ledger cannot hold is refused or reported, never wrapped. */
    qb_price unit = {7};
    CHECK_INT(qb_unit_value((qb_rate){50 * QB_ONE}, (qb_price){INT64_MAX / 49}, &unit),
              QB_OVERFLOW);
    CHECK_INT(qb_unit_value((qb_rate){1}, (qb_price){QB_ONE / 10}, &unit), QB_OUT_OF_RANGE);
    CHECK_INT(unit.raw, 7);
    CHECK_OK(qb_unit_value((qb_rate){QB_ONE / 2}, (qb_price){3}, &unit));
    CHECK_INT(unit.raw, 2); /* 1.5, half-even */
    CHECK_OK(qb_unit_value((qb_rate){QB_ONE}, (qb_price){0}, &unit));
    CHECK_INT(unit.raw, 0);

    /* A contract worth more than the ledger holds is never bought. */
    contract.multiplier.raw = 80000000 * QB_ONE;
    qb_series series = lab_stairs(4); /* from 10 up, so each is worth at least 800 million */
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.fill_count, 0);
    lab_check_order(&lab, 0, QB_ORDER_REJECTED, QB_REASON_CASH);
    lab_clear(&lab);
    contract.multiplier.raw = INT64_MAX;
    lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.fill_count, 0);
    lab_clear(&lab);
    qb_series_clear(&series);
}

static const tap_case cases[] = {
    {"/engine/multiplier/by-hand", by_hand},
    {"/engine/multiplier/trades-and-dividends", trades_and_dividends},
    {"/engine/multiplier/the-law", the_law},
    {"/engine/multiplier/limits", limits},
};

int main(void)
{
    return tap_run(cases, COUNT_OF(cases));
}
