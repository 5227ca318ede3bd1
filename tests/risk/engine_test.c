/* The rules in a run of the engine: exits that they give to entries, worked by hand; rules that
 * never speak change nothing; and whatever a strategy asks for, what fills breaks no limit. */
#include "lab.h"

/* ---- exits --------------------------------------------------------------------------------- */

/* Days 0 .. 15 have a true range of 2 about 100, so the ATR of 14 is 2 from day 14 on. The strategy
 * buys 10 on day 15; they fill at the open of day 16, at 100. */
#define ENTRY_DAY 16

static const struct exit_case {
    const char *rule;
    double bars[8][4]; /* open, high, low, close of day 16 on; 0 ends them */
    qb_purpose purpose;
    double price;
    int day; /* of the exit's fill */
} exit_cases[] = {
    {"take-profit=1.75",
     {{100, 104, 99.5, 103}, {103, 103, 103, 103}},
     QB_FOR_TAKE_PROFIT,
     103.5,
     16},
    {"stop-loss=1", {{100, 100.5, 97, 99}, {99, 99, 99, 99}}, QB_FOR_STOP_LOSS, 98, 16},
    {"stop-loss=1", {{100, 101, 99, 100}, {95, 96, 94, 95}}, QB_FOR_STOP_LOSS, 95, 17}, /* a gap */
    {"trailing=3",
     {{100, 110, 99.5, 108}, {108, 109, 103, 103}, {103, 103, 103, 103}},
     QB_FOR_TRAILING_STOP,
     104,
     17}, /* 110 - 3 x 2 */
    {"time-stop=2",
     {{100, 101, 99, 100}, {100, 101, 99, 101}, {102, 103, 101, 102}, {1, 1, 1, 1}},
     QB_FOR_TIME_STOP,
     102,
     18}, /* the close of the second bar, so the open of the third */
    {"triple-barrier=on",
     {{100, 104, 99.5, 103}, {103, 103, 103, 103}},
     QB_FOR_TAKE_PROFIT,
     103.5,
     16},
};

static void add_bar(qb_series *series, int day, const double prices[4])
{
    const qb_bar bar = {.ts_us = LAB_START + day * QB_DAY_US,
                        .open = prices[0],
                        .high = prices[1],
                        .low = prices[2],
                        .close = prices[3],
                        .volume = NAN,
                        .split_factor = 1};
    CHECK_OK(qb_series_append(series, &bar));
}

static void buy_before_entry(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) == ENTRY_DAY - 1)
        context->host->order(context, instrument, QB_BUY, lab_units(10));
}

static void set_rules(qb_risk_config *config, const char *rules)
{
    char text[512], *rest = text;
    const char *why = NULL;
    snprintf(text, sizeof text, "%s", rules);
    qb_risk_config_off(config);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest))
        CHECK_OK(qb_risk_config_set(config, word, &why));
}

static void check_exit(const struct exit_case *test)
{
    static const double flat[4] = {100, 101, 99, 100};
    const qb_instrument coin = lab_coin(QB_1D);
    qb_series series = {0};
    qb_risk_config rules;
    for (int day = 0; day < ENTRY_DAY; day++)
        add_bar(&series, day, flat);
    for (int i = 0; i < 8 && test->bars[i][0] > 0; i++)
        add_bar(&series, ENTRY_DAY + i, test->bars[i]);
    set_rules(&rules, test->rule);
    qb_engine_config config = lab_config(&coin, 1);
    config.risk = &rules;
    lab_use(buy_before_entry);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.trade_count, 1);
    if (lab.trade_count == 1) {
        CHECK_TEXT(qb_purpose_text(lab.trades[0].exit), qb_purpose_text(test->purpose));
        CHECK_INT(lab.trades[0].entry_price.raw, LAB_RAW(100));
        CHECK_INT(lab.trades[0].exit_price.raw, LAB_RAW(test->price));
        CHECK_INT(lab.fills[1].bar_ts_us, LAB_START + test->day * QB_DAY_US);
    }
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void test_exits(void)
{
    for (size_t i = 0; i < sizeof exit_cases / sizeof *exit_cases; i++)
        check_exit(&exit_cases[i]);
}

/* ---- random runs --------------------------------------------------------------------------- */

#define SHARES 4
#define DAYS 250

static double between(const qb_context *context, double low, double high)
{
    return low + (high - low) * context->host->random(context);
}

/* Orders of every size and side, with and without stops, on some days. */
static void order_at_random(const qb_context *context, uint32_t instrument)
{
    if (context->host->random(context) < 0.5)
        return;
    const double close = context->history[instrument].close[context->history[instrument].count - 1];
    const double held = context->host->position(context, instrument);
    qb_order_request request = {
        .struct_size = sizeof request,
        .instrument = instrument,
        .side = context->host->random(context) < 0.5 ? QB_BUY : QB_SELL,
        .size = {QB_SIZE_WEIGHT, QB_SIZE_AT_DECISION, between(context, 0.01, 0.6)},
    };
    if (context->host->random(context) < 0.3)
        request.stop_loss = (qb_exit){QB_EXIT_DISTANCE, close * between(context, 0.02, 0.2)};
    if (held != 0 && context->host->random(context) < 0.4)
        request.side = held > 0 ? QB_SELL : QB_BUY;
    context->host->submit(context, &request);
}

static void random_series(qb_series *series, uint64_t seed)
{
    qb_random random = {seed};
    double close = 50;
    for (int day = 0; day < DAYS; day++) {
        const double open = close * (0.99 + 0.02 * qb_random_unit(&random));
        close = open * (0.95 + 0.1001 * qb_random_unit(&random));
        const qb_bar bar = {.ts_us = LAB_START + day * QB_DAY_US,
                            .open = open,
                            .high = fmax(open, close) * 1.01,
                            .low = fmin(open, close) * 0.99,
                            .close = close,
                            .volume = 1e6,
                            .split_factor = 1};
        CHECK_OK(qb_series_append(series, &bar));
    }
}

typedef struct random_run {
    qb_instrument coins[SHARES];
    qb_series series[SHARES];
    qb_engine_config config;
} random_run;

static void random_run_init(random_run *self, uint64_t seed)
{
    for (uint32_t i = 0; i < SHARES; i++) {
        self->coins[i] = lab_coin(QB_1D);
        snprintf(self->coins[i].symbol, sizeof self->coins[i].symbol, "C%u-USD", i);
        snprintf(self->coins[i].sector, sizeof self->coins[i].sector, "%s", i < 2 ? "a" : "b");
        self->series[i] = (qb_series){0};
        random_series(&self->series[i], seed * SHARES + i);
    }
    self->config = lab_config(self->coins, SHARES);
    self->config.leverage.raw = 3 * QB_ONE;
    self->config.seed = seed;
}

static void random_run_clear(random_run *self)
{
    for (uint32_t i = 0; i < SHARES; i++)
        qb_series_clear(&self->series[i]);
}

static uint64_t hash_with(random_run *run, const qb_risk_config *rules, size_t *out_fills)
{
    lab_use(order_at_random);
    run->config.risk = rules;
    lab lab = lab_run(&run->config, run->series);
    CHECK_OK(lab.status);
    const uint64_t hash = lab.hash;
    *out_fills = lab.fill_count;
    lab_clear(&lab);
    return hash;
}

static void test_silent_rules_change_nothing(void)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        random_run run;
        qb_risk_config off, loose;
        size_t fills = 0;
        random_run_init(&run, seed);
        set_rules(&off, "");
        set_rules(&loose, "gross=100 single-name=10000% sector=10000% crypto=10000%"
                          " minimum-value=0.00000001 order-rate=10000 drawdown=100%"
                          " cool-down=1000 blackout=0");
        const uint64_t none = hash_with(&run, NULL, &fills);
        CHECK(fills > 50);
        CHECK(hash_with(&run, &off, &fills) == none);
        CHECK(hash_with(&run, &loose, &fills) == none);
        random_run_clear(&run);
    }
}

/* ---- limits at the fill --------------------------------------------------------------------- */

static uint32_t entries_seen;

/* After each fill that entered. A strategy sees the others' last closes, while they are valued at
 * their openings, which lie within 1 % of those: so much more a sum may come to. */
static void check_after_fill(const qb_context *context, const qb_fill *fill)
{
    double gross = 0, sector = 0, own = 0;
    const double equity = context->host->equity(context), slack = 1 + 1e-9;
    const double held = context->host->position(context, fill->instrument);
    const bool entered = fill->purpose == QB_FOR_ORDER && (fill->quantity.raw > 0) == (held > 0) &&
                         held != 0;
    if (!entered)
        return;
    entries_seen++;
    const qb_history *history = context->history;
    for (uint32_t i = 0; i < context->instrument_count; i++) {
        const double value = fabs(context->host->position(context, i)) *
                             (i == fill->instrument ? qb_raw_to_double(fill->price.raw)
                                                    : history[i].close[history[i].count - 1]);
        gross += value;
        sector += i / 2 == fill->instrument / 2 ? value : 0;
        own += i == fill->instrument ? value : 0;
    }
    CHECK(own <= 0.25 * equity * slack);
    CHECK(gross <= 0.8 * equity * slack * 1.011);
    CHECK(sector <= 0.4 * equity * slack * 1.011);
}

static void test_no_limit_is_exceeded(void)
{
    size_t refused = 0;
    entries_seen = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        random_run run;
        qb_risk_config rules;
        random_run_init(&run, seed);
        set_rules(&rules, "gross=0.8 single-name=25% sector=40% crypto=100% per-trade=5%"
                          " volatility=60% atr-size=2% minimum-value=50 kelly=1 kelly-days=20"
                          " drawdown=40% day-stop=8% week-stop=15% cool-down=5 order-rate=3");
        lab_use(order_at_random);
        lab_fill = check_after_fill;
        run.config.risk = &rules;
        lab lab = lab_run(&run.config, run.series);
        CHECK_OK(lab.status);
        CHECK_INT(lab.broken, 0);
        for (size_t i = 0; i < lab.order_count; i++) {
            const qb_order *order = &lab.orders[i].last;
            const bool ruled = order->reason == QB_REASON_RISK || order->reason == QB_REASON_HALTED;
            refused += ruled;
            /* A refusal names its rule; what a stop of the account cancels was refused by none. */
            if (order->reason == QB_REASON_RISK)
                CHECK(order->risk_rule > QB_RISK_NONE && order->risk_rule < QB_RISK_RULE_COUNT);
        }
        lab_clear(&lab);
        random_run_clear(&run);
    }
    CHECK(entries_seen > 500);
    CHECK(refused > 500);
}

/* ---- equity that cannot be told ------------------------------------------------------------- */

static void buy_and_wait(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) != 0)
        return;
    context->host->order(context, instrument, QB_BUY, lab_units(30e9));
    const qb_order_request waiting = {
        .struct_size = sizeof waiting,
        .side = QB_BUY,
        .type = QB_LIMIT,
        .size = lab_units(1),
        .limit = 0.5,
    };
    context->host->submit(context, &waiting);
}

/* Of 90 billion 30 are spent at 1; at 2 the account is worth 60 + 60, and the ledger ends at 92. A
 * rule that looks at equity halts before the run ends, and what waits to enter is cancelled. */
static void test_equity_beyond_the_ledger(void)
{
    static const struct {
        const char *rules;
        qb_risk_rule rule;
        qb_reason waiting;
    } cases[] = {
        {"drawdown=20%", QB_RISK_DRAWDOWN, QB_REASON_HALTED},
        {"day-stop=5% kelly=1", QB_RISK_DAY_STOP, QB_REASON_HALTED},
        {"single-name=100%", QB_RISK_NONE, QB_REASON_NONE}, /* looks at orders alone */
    };
    const qb_instrument coin = lab_coin(QB_1D);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        qb_series series = {0};
        qb_risk_config rules;
        lab_day(&series, 0, 1, 1);
        lab_day(&series, 1, 1, 2);
        lab_day(&series, 2, 2, 2);
        set_rules(&rules, cases[i].rules);
        qb_engine_config config = lab_config(&coin, 1);
        config.cash.raw = LAB_RAW(90e9);
        config.risk = &rules;
        lab_use(buy_and_wait);
        lab lab = lab_run(&config, &series);
        CHECK_INT(lab.status, QB_OVERFLOW);
        CHECK_INT(lab.equity_count, 1);
        CHECK_INT(lab.risk_count, cases[i].rule != QB_RISK_NONE);
        CHECK_INT(lab.order_count >= 2 ? (int)lab.orders[1].last.reason : -1, cases[i].waiting);
        if (lab.risk_count == 1) {
            CHECK_INT(lab.risks[0].action, QB_RISK_HALT);
            CHECK_INT(lab.risks[0].rule, cases[i].rule);
            CHECK_TEXT(lab.risks[0].what, "cannot be evaluated");
        }
        lab_clear(&lab);
        qb_series_clear(&series);
    }
}

int main(void)
{
    static const tap_case cases[] = {
        {"/risk/engine/exits", test_exits},
        {"/risk/engine/silent rules change nothing", test_silent_rules_change_nothing},
        {"/risk/engine/no limit is exceeded", test_no_limit_is_exceeded},
        {"/risk/engine/equity beyond the ledger", test_equity_beyond_the_ledger},
    };
    return tap_run(cases, sizeof cases / sizeof *cases);
}
