/* The built-in strategies on WALK64 against expected/, which an independent program has made from the
 * rules in their headers (expected.py, which names its libraries). */
#include "../engine/lab.h"
#include "walk64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INSTRUMENTS_MAX 6

typedef struct universe {
    qb_series series[INSTRUMENTS_MAX];
    qb_instrument instruments[INSTRUMENTS_MAX];
    uint32_t count;
} universe;

static universe walks(uint64_t seed, uint32_t count, size_t bars)
{
    universe self = {.count = count};
    for (uint32_t i = 0; i < count; i++) {
        self.instruments[i] = lab_coin(QB_1D);
        CHECK_OK(walk64_append(&self.series[i], seed + i, bars, WALK64_DAYS, QB_DAY_US));
    }
    return self;
}

static void universe_clear(universe *self)
{
    for (uint32_t i = 0; i < self->count; i++)
        qb_series_clear(&self->series[i]);
}

/* ---- what is expected ---------------------------------------------------------------------- */

typedef struct row {
    int bar, instrument;
    double value;
} row;

typedef struct rows {
    row *rows;
    size_t count;
} rows;

static rows read_expected(const char *name)
{
    rows self = {.rows = calloc(1000, sizeof(row))};
    char path[512];
    const char *source = getenv("QUANTBOT_SOURCE");
    snprintf(path, sizeof path, "%s/tests/strategies/expected/%s.txt",
             source != NULL ? source : ".", name);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    while (file != NULL && self.count < 1000) {
        row *row = &self.rows[self.count];
        if (fscanf(file, "%d %d %lf", &row->bar, &row->instrument, &row->value) != 3)
            break;
        self.count++;
    }
    if (file != NULL)
        fclose(file);
    CHECK(self.count > 10);
    return self;
}

static int bar_of(int64_t ts_us)
{
    return (int)((ts_us - WALK64_START_US) / QB_DAY_US);
}

/* ---- a run --------------------------------------------------------------------------------- */

static lab run(const char *strategy, const universe *universe, const char *const *texts,
               size_t text_count, qb_engine_config *config)
{
    double params[QB_PARAM_LIMIT];
    size_t bad;
    const char *why = NULL;
    config->strategy = strategies_find(strategy);
    CHECK(config->strategy != NULL);
    CHECK_OK(qb_params_from_text(config->strategy, texts, text_count, params, &bad, &why));
    config->params = params;
    return lab_run(config, universe->series);
}

/* ---- positions after each fill ------------------------------------------------------------- */

/* signs: only long, flat or short counts, else units. */
static void check_positions(const lab *lab, const rows *expected, bool signs)
{
    int64_t held[INSTRUMENTS_MAX] = {0};
    CHECK_INT(lab->fill_count, expected->count);
    size_t count = lab->fill_count < expected->count ? lab->fill_count : expected->count;
    for (size_t i = 0; i < count; i++) {
        const qb_fill *fill = &lab->fills[i];
        const row *want = &expected->rows[i];
        held[fill->instrument] += fill->quantity.raw;
        const double raw = (double)held[fill->instrument] / (double)QB_ONE;
        const double position = signs ? (double)((raw > 0.0) - (raw < 0.0)) : raw;
        if (bar_of(fill->bar_ts_us) != want->bar || (int)fill->instrument != want->instrument ||
            fabs(position - want->value) > 1e-7) {
            printf("# fill %zu: bar %d instrument %u position %.8f, expected %d %d %.8f\n", i,
                   bar_of(fill->bar_ts_us), fill->instrument, position, want->bar, want->instrument,
                   want->value);
            CHECK(false);
            return;
        }
    }
}

static void check_single(const char *strategy, const char *file, const char *const *texts,
                         size_t count)
{
    universe universe = walks(WALK64_SEED, 1, 2000);
    rows expected = read_expected(file);
    qb_engine_config config = lab_config(universe.instruments, 1);
    config.cash.raw = 1000000 * QB_ONE;
    universe.instruments[0].lot.raw = 1;
    lab lab = run(strategy, &universe, texts, count, &config);
    check_positions(&lab, &expected, false);
    lab_clear(&lab);
    free(expected.rows);
    universe_clear(&universe);
}

#define TEXTS(...) \
    (const char *const[]){__VA_ARGS__}, sizeof(const char *[]){__VA_ARGS__} / sizeof(char *)

static void ema_cross(void)
{
    check_single("ema_cross", "ema_cross", TEXTS("side=both"));
}

static void macd(void)
{
    check_single("macd", "macd", TEXTS("fast=12"));
}

static void rsi_reversion(void)
{
    check_single("rsi_reversion", "rsi_reversion", TEXTS("side=both"));
    check_single("rsi_reversion", "rsi_reversion_trend",
                 TEXTS("side=both", "period=2", "buy=10", "exit=65", "trend=200"));
}

static void bollinger(void)
{
    check_single("bollinger", "bollinger_reversion", TEXTS("side=both"));
    check_single("bollinger", "bollinger_breakout", TEXTS("side=both", "mode=breakout"));
}

static void donchian(void)
{
    check_single("donchian", "donchian", TEXTS("side=both"));
}

static void scalper_sigma(void)
{
    check_single("scalper_sigma", "scalper_sigma", TEXTS("side=both"));
}

static void gamma_reversal(void)
{
    check_single("gamma_reversal", "gamma_reversal", TEXTS("side=both"));
}

static void bull_mode(void)
{
    check_single("bull_mode", "bull_mode", TEXTS("regime=1"));
}

static int by_bar_and_instrument(const void *a, const void *b)
{
    const qb_fill *x = a, *y = b;
    if (x->bar_ts_us != y->bar_ts_us)
        return x->bar_ts_us < y->bar_ts_us ? -1 : 1;
    if (x->instrument != y->instrument)
        return x->instrument < y->instrument ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static void check_many(const char *strategy, universe universe, const char *const *texts,
                       size_t count)
{
    rows expected = read_expected(strategy);
    qb_engine_config config = lab_config(universe.instruments, universe.count);
    config.cash.raw = 1000000 * QB_ONE;
    if (strcmp(strategy, "market_neutral") == 0)
        config.size = (qb_size){.kind = QB_SIZE_WEIGHT, .amount = 0.2};
    for (uint32_t i = 0; i < universe.count; i++)
        universe.instruments[i].lot.raw = 1;
    lab lab = run(strategy, &universe, texts, count, &config);
    qsort(lab.fills, lab.fill_count, sizeof *lab.fills, by_bar_and_instrument);
    check_positions(&lab, &expected, true);
    lab_clear(&lab);
    free(expected.rows);
    universe_clear(&universe);
}

static void trend_breakout(void)
{
    check_many("trend_breakout", walks(1000, 4, 1500), TEXTS("trend=100"));
}

/* ---- pairs --------------------------------------------------------------------------------- */

static void flatten_bars(qb_series *series)
{
    for (size_t i = 0; i < series->count; i++)
        series->open[i] = series->high[i] = series->low[i] = series->close[i];
}

/* log a = 1 + 0.8 log b + a spread that comes back; in 64ths. */
static void hang_on(qb_series *a, const qb_series *b, const qb_series *noise)
{
    double spread = 0.0;
    for (size_t i = 0; i < b->count; i++) {
        spread = 0.9 * spread + (noise->close[i] / noise->open[i] - 1.0);
        a->close[i] = nearbyint(exp(1.0 + 0.8 * log(b->close[i]) + spread) * 64.0) / 64.0;
    }
    flatten_bars(a);
}

static void market_neutral(void)
{
    const size_t bars = 900;
    universe universe = walks(0, 5, bars);
    const uint64_t seeds[] = {2000, 2001, 2002};
    for (uint32_t i = 0; i < 3; i++) {
        qb_series *leg = &universe.series[i == 2 ? 4 : 2 * i + 1];
        qb_series noise = {0};
        leg->count = 0;
        CHECK_OK(walk64_append(leg, seeds[i], bars, WALK64_DAYS, QB_DAY_US));
        CHECK_OK(walk64_append(&noise, seeds[i] + 500, bars, WALK64_DAYS, QB_DAY_US));
        if (i < 2)
            hang_on(&universe.series[2 * i], leg, &noise);
        flatten_bars(leg);
        qb_series_clear(&noise);
    }
    check_many("market_neutral", universe, TEXTS("formation=120", "pairs=2"));
}

/* ---- weights of orders --------------------------------------------------------------------- */

static void check_weights(const char *strategy, const char *const *texts, size_t count)
{
    universe universe = walks(1000, 6, 800);
    rows expected = read_expected(strategy);
    qb_engine_config config = lab_config(universe.instruments, universe.count);
    config.cash.raw = 1000000 * QB_ONE;
    for (uint32_t i = 0; i < universe.count; i++)
        universe.instruments[i].lot.raw = 1;
    lab lab = run(strategy, &universe, texts, count, &config);
    CHECK_INT(lab.order_count, expected.count);
    for (size_t i = 0; i < lab.order_count && i < expected.count; i++) {
        const qb_order *order = &lab.orders[i].first;
        const row *want = &expected.rows[i];
        /* Decided when the bar before is known: that is the bar's own stamp, with days of 24/7. */
        CHECK_INT(bar_of(order->submitted_us), want->bar);
        CHECK_INT(order->instrument, want->instrument);
        CHECK_NEAR(order->size.amount, want->value, 1e-9);
    }
    lab_clear(&lab);
    free(expected.rows);
    universe_clear(&universe);
}

static void hrp(void)
{
    check_weights("hrp", TEXTS("lookback=100"));
}

static void momentum_rotation(void)
{
    check_weights("momentum_rotation", TEXTS("lookback=100", "top=3"));
}

/* ---- schedules, by hand -------------------------------------------------------------------- */

/* 2020-01-01 is bar 0, so bar 31 is 1 February and bar 60 is 1 March. */
#define MONTHS_BARS 70

static universe flat_months(uint32_t count)
{
    universe self = {.count = count};
    for (uint32_t i = 0; i < count; i++) {
        self.instruments[i] = lab_coin(QB_1D);
        self.instruments[i].lot.raw = 1;
        for (int day = 0; day < MONTHS_BARS; day++) {
            /* The second one is dearer for a month, so that weights have to be set right. */
            const double price = i == 1 && day >= 20 && day < 50 ? 150 : 100;
            lab_day(&self.series[i], day, price, price);
        }
    }
    return self;
}

static void check_schedule(const lab *lab, size_t each, const int *bars, size_t count,
                           double amount)
{
    CHECK_INT(lab->order_count, each * count);
    for (size_t i = 0; i < lab->order_count && i < each * count; i++) {
        const qb_order *order = &lab->orders[i].first;
        CHECK_INT(bar_of(order->submitted_us), bars[i / each] + 1); /* when that bar is known */
        CHECK_INT(order->instrument, i % each);
        CHECK_NEAR(order->size.amount, amount, 1e-12);
    }
}

static void dollar_cost_average(void)
{
    universe universe = flat_months(1);
    qb_engine_config config = lab_config(universe.instruments, 1);
    const int bars[] = {0, 31, 60};
    lab lab = run("dollar_cost_average", &universe, TEXTS("amount=500"), &config);
    check_schedule(&lab, 1, bars, 3, 500);
    CHECK_INT(lab.fill_count, 3);
    CHECK_INT(lab.fill_count > 0 ? lab.fills[0].quantity.raw : 0, 5 * QB_ONE);
    lab_clear(&lab);
    universe_clear(&universe);
}

static void equal_weight(void)
{
    universe universe = flat_months(2);
    qb_engine_config config = lab_config(universe.instruments, 2);
    const int months[] = {0, 31, 60}, once[] = {0};
    lab lab = run("equal_weight", &universe, TEXTS("invest=0.9"), &config);
    check_schedule(&lab, 2, months, 3, 0.45);
    CHECK_INT(lab.fill_count, 6);
    /* 45 units at 150 are 6,750 of 12,250; 0.45 of that is 36.75 units. */
    CHECK_NEAR(lab.fill_count > 3 ? (double)lab.fills[2].quantity.raw : 0, -8.25e8, 1.0);
    lab_clear(&lab);
    /* 22 % too much and 18 % too little in February, 18 % and 22 % in March: let be. */
    lab = run("equal_weight", &universe, TEXTS("invest=0.9", "band=0.25"), &config);
    check_schedule(&lab, 2, once, 1, 0.45);
    lab_clear(&lab);
    universe_clear(&universe);
}

static const tap_case cases[] = {
    {"/strategies/ema-cross", ema_cross},
    {"/strategies/macd", macd},
    {"/strategies/rsi-reversion", rsi_reversion},
    {"/strategies/bollinger", bollinger},
    {"/strategies/donchian", donchian},
    {"/strategies/scalper-sigma", scalper_sigma},
    {"/strategies/gamma-reversal", gamma_reversal},
    {"/strategies/bull-mode", bull_mode},
    {"/strategies/trend-breakout", trend_breakout},
    {"/strategies/market-neutral", market_neutral},
    {"/strategies/hrp", hrp},
    {"/strategies/momentum-rotation", momentum_rotation},
    {"/strategies/dollar-cost-average", dollar_cost_average},
    {"/strategies/equal-weight", equal_weight},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
