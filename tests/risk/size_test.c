/* The rules that look at an order's size. Every figure is worked by hand: equity is 100,000. */
#include "desk.h"

/* ---- limits -------------------------------------------------------------------------------- */

static void test_nothing_on(void)
{
    desk desk = {0};
    desk_open(&desk, "");
    CHECK(qb_risk_config_is_off(&desk.config));
    qb_risk_event event = desk_ask(&desk, AAA, 1e6, 100);
    CHECK_PASSED(event, 1e6);
    desk_close(&desk);
}

static void test_gross(void)
{
    desk desk = {0};
    desk_open(&desk, "gross=2");
    desk_trade(&desk, BBB, -500, 100, desk.now_us); /* 50,000 short counts as much as long */
    qb_risk_event event = desk_ask(&desk, AAA, 1500, 100);
    CHECK_PASSED(event, 1500); /* exactly 200,000 */
    event = desk_ask(&desk, AAA, 1501, 100);
    CHECK_REFUSED(event, QB_RISK_GROSS);
    CHECK_NEAR(event.limit, 2, 0);
    CHECK_NEAR(event.value, 2.001, 1e-15);
    desk_close(&desk);
}

static void test_single_name(void)
{
    desk desk = {0};
    desk_open(&desk, "single-name=10%");
    desk_trade(&desk, BBB, 5000, 100, desk.now_us); /* of no concern */
    qb_risk_event event = desk_ask(&desk, AAA, 100, 100);
    CHECK_PASSED(event, 100);
    event = desk_ask(&desk, AAA, -101, 100);
    CHECK_REFUSED(event, QB_RISK_NAME);
    CHECK_NEAR(event.value, 0.101, 1e-15);
    desk_trade(&desk, AAA, 40, 100, desk.now_us);
    event = desk_ask(&desk, AAA, 60, 100);
    CHECK_PASSED(event, 60);
    event = desk_ask(&desk, AAA, 61, 100);
    CHECK_REFUSED(event, QB_RISK_NAME);
    desk_close(&desk);
}

static void test_sector(void)
{
    desk desk = {0};
    desk_open(&desk, "sector=30%");
    desk_trade(&desk, BBB, 200, 100, desk.now_us);
    desk_trade(&desk, CCC, 900, 100, desk.now_us);
    qb_risk_event event = desk_ask(&desk, AAA, 100, 100);
    CHECK_PASSED(event, 100); /* 20,000 + 10,000 */
    event = desk_ask(&desk, AAA, 101, 100);
    CHECK_REFUSED(event, QB_RISK_SECTOR);
    CHECK_NEAR(event.value, 0.301, 1e-15);
    event = desk_ask(&desk, DDD, 5000, 100);
    CHECK_PASSED(event, 5000); /* no sector */
    desk_trade(&desk, BBB, -200, 100, desk.now_us);
    event = desk_ask(&desk, AAA, 300, 100);
    CHECK_PASSED(event, 300); /* BBB is gone */
    desk_close(&desk);
}

static void test_sector_of_what_the_run_began_with(void)
{
    desk desk = {0};
    desk_open(&desk, "sector=30%");
    CHECK_OK(qb_portfolio_open(&desk.portfolio, BBB, (qb_quantity){desk_raw(-250)},
                               (qb_price){desk_raw(100)}, desk.now_us));
    qb_risk_hold(desk.risk, BBB, (qb_quantity){desk_raw(-250)});
    qb_risk_event event = desk_ask(&desk, AAA, 50, 100);
    CHECK_PASSED(event, 50);
    event = desk_ask(&desk, AAA, 51, 100);
    CHECK_REFUSED(event, QB_RISK_SECTOR);
    desk_close(&desk);
}

static void test_crypto(void)
{
    desk desk = {0};
    desk_open(&desk, "crypto=50%");
    desk_trade(&desk, BTC, 1, 40000, desk.now_us);
    desk_trade(&desk, AAA, 300, 100, desk.now_us); /* no crypto */
    qb_risk_event event = desk_ask(&desk, ETH, 5, 2000);
    CHECK_PASSED(event, 5);
    event = desk_ask(&desk, ETH, 5.00001, 2000);
    CHECK_REFUSED(event, QB_RISK_CRYPTO);
    CHECK_NEAR(event.value, 0.5000002, 1e-15);
    event = desk_ask(&desk, AAA, 5000, 100);
    CHECK_PASSED(event, 5000);
    desk_close(&desk);
}

static void test_adv(void)
{
    desk desk = {0};
    desk_open(&desk, "adv=5% adv-days=2");
    desk_bars(&desk, AAA, 101, 99, 100, 1000, 1);
    qb_risk_event event = desk_ask(&desk, AAA, 1, 100);
    CHECK_REFUSED(event, QB_RISK_ADV); /* one day is no history of two */
    CHECK_TEXT(event.what, "no history");
    CHECK(isnan(event.value));
    desk_bars(&desk, AAA, 101, 99, 100, 3000, 1);
    event = desk_ask(&desk, AAA, 100, 100);
    CHECK_PASSED(event, 100); /* 5 % of 2,000 */
    event = desk_ask(&desk, AAA, 101, 100);
    CHECK_REFUSED(event, QB_RISK_ADV);
    CHECK_NEAR(event.value, 0.0505, 1e-15);
    desk_bars(&desk, AAA, 101, 99, 100, NAN, 1);
    event = desk_ask(&desk, AAA, 1, 100);
    CHECK_REFUSED(event, QB_RISK_ADV); /* unknown is not enough */
    desk_bars(&desk, AAA, 101, 99, 100, 5000, 2);
    event = desk_ask(&desk, AAA, 250, 100);
    CHECK_PASSED(event, 250); /* the unknown day has left the window */
    desk_close(&desk);
}

static void test_minimum(void)
{
    desk desk = {0};
    desk_open(&desk, "minimum-value=1000");
    qb_risk_event event = desk_ask(&desk, AAA, -10, 100);
    CHECK_PASSED(event, 10);
    event = desk_ask(&desk, AAA, 9, 111.11);
    CHECK_REFUSED(event, QB_RISK_MINIMUM);
    CHECK_NEAR(event.limit, 1000, 0);
    CHECK_NEAR(event.value, 999.99, 1e-9);
    desk_close(&desk);
}

/* ---- sizers -------------------------------------------------------------------------------- */

static void test_per_trade(void)
{
    desk desk = {0};
    desk_open(&desk, "per-trade=1%");
    desk.stop_distance = 2;
    qb_risk_event event = desk_ask(&desk, AAA, 500, 100);
    CHECK_PASSED(event, 500); /* 500 x 2 = 1 % of 100,000 */
    event = desk_ask(&desk, AAA, 600, 100);
    CHECK_REDUCED(event, QB_RISK_PER_TRADE, 500);
    CHECK_NEAR(event.limit, 0.01, 0);
    CHECK_NEAR(event.value, 0.012, 1e-15);
    desk.stop_distance = 3;
    event = desk_ask(&desk, AAA, -1000, 100);
    CHECK_REDUCED(event, QB_RISK_PER_TRADE, 333); /* whole lots */
    desk_trade(&desk, AAA, 300, 100, desk.now_us);
    event = desk_ask(&desk, AAA, 100, 100);
    CHECK_REDUCED(event, QB_RISK_PER_TRADE, 33);
    desk_trade(&desk, AAA, 33, 100, desk.now_us);
    event = desk_ask(&desk, AAA, 1, 100);
    CHECK_REFUSED(event, QB_RISK_PER_TRADE);
    desk_close(&desk);
}

static void test_per_trade_without_a_stop(void)
{
    desk desk = {0};
    desk_open(&desk, "per-trade=1%");
    qb_risk_event event = desk_ask(&desk, AAA, 600, 100);
    CHECK_REDUCED(event, QB_RISK_PER_TRADE, 10); /* it may lose all of 100 */
    desk_close(&desk);
}

static void test_per_trade_with_the_rules_stop(void)
{
    desk desk = {0};
    desk_open(&desk, "per-trade=1% stop-loss=2");
    qb_risk_event event = desk_ask(&desk, AAA, 600, 100);
    CHECK_REFUSED(event, QB_RISK_PER_TRADE);
    CHECK_TEXT(event.what, "no history");
    desk_bars(&desk, AAA, 101, 99, 100, 1000, 15); /* every true range is 2 */
    event = desk_ask(&desk, AAA, 600, 100);
    CHECK_REDUCED(event, QB_RISK_PER_TRADE, 250); /* stop at 2 x 2 = 4 */
    desk.stop_distance = 8;
    event = desk_ask(&desk, AAA, 600, 100);
    CHECK_REDUCED(event, QB_RISK_PER_TRADE, 125); /* its own goes first */
    desk_close(&desk);

    memset(&desk, 0, sizeof desk);
    desk_open(&desk, "per-trade=1% stop-loss=4 trailing=1");
    desk_bars(&desk, AAA, 101, 99, 100, 1000, 15);
    event = desk_ask(&desk, AAA, 600, 100);
    CHECK_REDUCED(event, QB_RISK_PER_TRADE, 500); /* the nearer one */
    desk_close(&desk);
}

static void test_per_trade_counts_the_multiplier(void)
{
    desk desk = {0};
    desk_open(&desk, "per-trade=1%");
    desk.instruments[AAA].multiplier.raw = 50 * QB_ONE;
    desk.stop_distance = 2;
    qb_risk_event event = desk_ask(&desk, AAA, 20, 5000);
    CHECK_REDUCED(event, QB_RISK_PER_TRADE, 10); /* 10 x 2 x 50 = 1,000 */
    desk_close(&desk);
}

static void test_atr_size(void)
{
    desk desk = {0};
    desk_open(&desk, "atr-size=1%");
    desk_bars(&desk, AAA, 101, 99, 100, 1000, 14);
    qb_risk_event event = desk_ask(&desk, AAA, 600, 100);
    CHECK_REFUSED(event, QB_RISK_ATR_SIZE); /* the first bar has no true range */
    desk_bars(&desk, AAA, 101, 99, 100, 1000, 1);
    event = desk_ask(&desk, AAA, 600, 100);
    CHECK_REDUCED(event, QB_RISK_ATR_SIZE, 500);
    desk_bars(&desk, AAA, 108, 92, 100, 1000, 1); /* Wilder: (13 x 2 + 16) / 14 = 3 */
    event = desk_ask(&desk, AAA, 600, 100);
    CHECK_REDUCED(event, QB_RISK_ATR_SIZE, 333);
    const qb_bar split = {.open = 50, .high = 51.5, .low = 48.5, .close = 50, .volume = 1};
    qb_risk_bar(desk.risk, AAA, &split, 2, desk.now_us); /* (13 x 1.5 + 3) / 14 = 22.5 / 14 */
    event = desk_ask(&desk, AAA, 1000, 50);
    CHECK_REDUCED(event, QB_RISK_ATR_SIZE, 622); /* 1,000 x 14 / 22.5 = 622.2 */
    desk_close(&desk);
}

static void test_volatility(void)
{
    desk desk = {0};
    desk_open(&desk, "volatility=12% volatility-days=2");
    desk_bars(&desk, AAA, 101, 99, 100, 1, 1);
    desk_bars(&desk, AAA, 111, 99, 110, 1, 1);
    qb_risk_event event = desk_ask(&desk, AAA, 100, 100);
    CHECK_REFUSED(event, QB_RISK_VOLATILITY);
    desk_bars(&desk, AAA, 111, 98, 99, 1, 1);
    /* Returns 10 % and -10 %, deviation 0.141421, a year's x sqrt(252) = 2.244994. */
    event = desk_ask(&desk, AAA, 100, 100);
    CHECK_REDUCED(event, QB_RISK_VOLATILITY, 53); /* 12,000 / 224.4994 = 53.45 */
    CHECK_NEAR(event.value, 0.2244994, 1e-7);
    event = desk_ask(&desk, AAA, 53, 100);
    CHECK_PASSED(event, 53);
    desk_close(&desk);
}

static void test_flat_market_has_no_volatility(void)
{
    desk desk = {0};
    desk_open(&desk, "volatility=12% volatility-days=2");
    desk_bars(&desk, AAA, 100, 100, 100, 1, 3);
    qb_risk_event event = desk_ask(&desk, AAA, 100, 100);
    CHECK_PASSED(event, 100);
    desk_close(&desk);
}

static void test_kelly(void)
{
    desk desk = {.count = 4};
    qb_risk_event event;
    desk_open(&desk, "kelly=0.25 kelly-days=2");
    desk_equity(&desk, desk.now_us, 100000, 0, &event);
    desk_equity(&desk, desk.now_us + QB_DAY_US, 104000, 0, &event);
    event = desk_ask(&desk, AAA, 5000, 100);
    CHECK_PASSED(event, 5000); /* one return: it waits */
    desk_equity(&desk, desk.now_us + 2 * QB_DAY_US, 101920, 0, &event);
    /* 4 % and -2 %: mean 0.01, variance 2 x 0.03^2 = 0.0018; 0.25 x 5.5556 = 1.38889 times. */
    event = desk_ask(&desk, AAA, 5000, 100);
    CHECK_REDUCED(event, QB_RISK_KELLY, 1415); /* 1.38889 x 101,920 = 141,556 */
    CHECK_NEAR(event.limit, 1.3888889, 1e-6);
    desk_trade(&desk, BBB, -1000, 100, desk.now_us);
    event = desk_ask(&desk, AAA, 5000, 100);
    CHECK_REDUCED(event, QB_RISK_KELLY, 415); /* of all positions together */
    desk_close(&desk);
}

static void test_kelly_is_never_negative(void)
{
    desk desk = {.count = 4};
    qb_risk_event event;
    desk_open(&desk, "kelly=0.25 kelly-days=2");
    desk_equity(&desk, desk.now_us, 100000, 0, &event);
    desk_equity(&desk, desk.now_us + QB_DAY_US, 99000, 0, &event);
    desk_equity(&desk, desk.now_us + 2 * QB_DAY_US, 99000, 0, &event);
    event = desk_ask(&desk, AAA, 10, 100);
    CHECK_PASSED(event, 10); /* a day without any move is no return */
    desk_equity(&desk, desk.now_us + 3 * QB_DAY_US, 97020, 0, &event);
    event = desk_ask(&desk, AAA, 10, 100);
    CHECK_REFUSED(event, QB_RISK_KELLY);
    CHECK_NEAR(event.limit, 0, 0);
    desk_close(&desk);
}

/* ---- together ------------------------------------------------------------------------------ */

static void test_limits_see_what_sizers_leave(void)
{
    desk desk = {0};
    desk_open(&desk, "per-trade=1% single-name=10% minimum-value=5000");
    desk.stop_distance = 10;
    qb_risk_event event = desk_ask(&desk, AAA, 5000, 100);
    CHECK_REDUCED(event, QB_RISK_PER_TRADE, 100); /* and 10,000 is 10 % */
    desk.stop_distance = 9;
    event = desk_ask(&desk, AAA, 5000, 100);
    CHECK_REFUSED(event, QB_RISK_NAME); /* 111 x 100 */
    CHECK_NEAR(event.value, 0.111, 1e-15);
    desk.stop_distance = 25;
    event = desk_ask(&desk, AAA, 5000, 100);
    CHECK_REFUSED(event, QB_RISK_MINIMUM); /* 40 x 100 */
    desk_close(&desk);
}

static void test_what_cannot_be_evaluated_halts(void)
{
    desk desk = {0};
    desk_open(&desk, "per-trade=1%");
    desk.stop_distance = INFINITY;
    qb_risk_event event = desk_ask(&desk, AAA, 10, 100);
    CHECK_HALTED(event, QB_RISK_PER_TRADE);
    CHECK_TEXT(event.what, "cannot be evaluated");
    desk.stop_distance = 1;
    event = desk_ask(&desk, BBB, 10, 100);
    CHECK_REFUSED(event, QB_RISK_PER_TRADE); /* for good */
    CHECK_INT(qb_risk_stopped(desk.risk, INT64_MAX - 1), QB_RISK_PER_TRADE);
    desk_close(&desk);

    memset(&desk, 0, sizeof desk);
    desk_open(&desk, "gross=2");
    event = desk_ask(&desk, AAA, 9e10, 1000); /* worth more than the ledger holds */
    CHECK_HALTED(event, QB_RISK_GROSS);
    desk_close(&desk);
}

static void test_no_equity_allows_nothing(void)
{
    static const char *const rules[] = {"gross=2", "single-name=10%", "per-trade=1%"};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        desk desk = {0};
        desk_open(&desk, rules[i]);
        desk.equity = 0;
        qb_risk_event event = desk_ask(&desk, AAA, 1, 100);
        CHECK_INT(event.action, QB_RISK_REFUSED);
        CHECK(isnan(event.value));
        desk_close(&desk);
    }
}

int main(void)
{
    static const tap_case cases[] = {
        {"/risk/size/nothing on", test_nothing_on},
        {"/risk/size/gross", test_gross},
        {"/risk/size/single name", test_single_name},
        {"/risk/size/sector", test_sector},
        {"/risk/size/sector of starting positions", test_sector_of_what_the_run_began_with},
        {"/risk/size/crypto", test_crypto},
        {"/risk/size/average daily volume", test_adv},
        {"/risk/size/minimum", test_minimum},
        {"/risk/size/per trade", test_per_trade},
        {"/risk/size/per trade without a stop", test_per_trade_without_a_stop},
        {"/risk/size/per trade with the rules' stop", test_per_trade_with_the_rules_stop},
        {"/risk/size/per trade with a multiplier", test_per_trade_counts_the_multiplier},
        {"/risk/size/atr", test_atr_size},
        {"/risk/size/volatility", test_volatility},
        {"/risk/size/flat market", test_flat_market_has_no_volatility},
        {"/risk/size/kelly", test_kelly},
        {"/risk/size/kelly is never negative", test_kelly_is_never_negative},
        {"/risk/size/limits see what sizers leave", test_limits_see_what_sizers_leave},
        {"/risk/size/what cannot be evaluated halts", test_what_cannot_be_evaluated_halts},
        {"/risk/size/no equity", test_no_equity_allows_nothing},
    };
    return tap_run(cases, sizeof cases / sizeof *cases);
}
