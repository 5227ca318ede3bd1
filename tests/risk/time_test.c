/* The rules that look at time, number and equity. Figures by hand; sessions are New York's of
 * January 2024: Tuesday 2 to Friday 5, 8 to 12; Monday 15 is a holiday. */
#include "desk.h"

static int64_t at(const char *text)
{
    int64_t out_us = 0;
    CHECK_OK(qb_time_from_text(text, strlen(text), &out_us));
    return out_us;
}

/* ---- blackouts ----------------------------------------------------------------------------- */

static void test_blackout(void)
{
    const qb_blackout windows[] = {
        {at("2024-01-03T14:30Z"), at("2024-01-10T21:00Z"), BBB, "earnings"},
        {at("2024-01-04T18:00Z"), at("2024-01-04T20:00Z"), UINT32_MAX, "FOMC"},
    };
    desk desk = {.config = {.blackouts = windows, .blackout_count = 2}};
    desk_open(&desk, "blackout=on");
    static const struct {
        const char *now;
        uint32_t instrument;
        bool refused;
    } cases[] = {
        {"2024-01-04T17:59:59.999999Z", AAA, false},
        {"2024-01-04T18:00Z", AAA, true}, /* the beginning is in it */
        {"2024-01-04T19:59:59.999999Z", AAA, true},
        {"2024-01-04T20:00Z", AAA, false}, /* the end is not */
        {"2024-01-04T20:00Z", BBB, true},  /* its own, which began before */
        {"2024-01-10T21:00Z", BBB, false},
        {"2024-01-04T19:00Z", AAA, true}, /* asked out of order */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        desk.now_us = at(cases[i].now);
        qb_risk_event event = desk_ask(&desk, cases[i].instrument, 1, 100);
        CHECK_INT(event.action, cases[i].refused ? QB_RISK_REFUSED : QB_RISK_PASSED);
    }
    qb_risk_event event = desk_ask(&desk, CCC, 1, 100);
    CHECK_REFUSED(event, QB_RISK_BLACKOUT);
    CHECK_TEXT(event.what, "FOMC");
    CHECK_NEAR(event.value, 60, 0); /* minutes to go */
    CHECK_INT(event.until_us, windows[1].to_us);
    desk_close(&desk);
}

static void test_blackout_reaches_around(void)
{
    const qb_blackout window = {at("2024-01-04T18:00Z"), at("2024-01-04T20:00Z"), UINT32_MAX, "x"};
    desk desk = {.config = {.blackouts = &window, .blackout_count = 1}};
    desk_open(&desk, "blackout=30");
    desk.now_us = at("2024-01-04T17:29:59Z");
    CHECK_INT(desk_ask(&desk, AAA, 1, 100).action, QB_RISK_PASSED);
    desk.now_us = at("2024-01-04T17:30Z");
    CHECK_INT(desk_ask(&desk, AAA, 1, 100).action, QB_RISK_REFUSED);
    desk.now_us = at("2024-01-04T20:29:59Z");
    CHECK_INT(desk_ask(&desk, AAA, 1, 100).action, QB_RISK_REFUSED);
    desk.now_us = at("2024-01-04T20:30Z");
    CHECK_INT(desk_ask(&desk, AAA, 1, 100).action, QB_RISK_PASSED);
    desk_close(&desk);
}

static void test_blackouts_are_checked(void)
{
    const qb_blackout backward = {10, 10, UINT32_MAX, "x"}, stranger = {10, 20, 99, "x"};
    const qb_blackout unordered[] = {{10, 20, UINT32_MAX, "x"}, {9, 20, UINT32_MAX, "x"}};
    const struct {
        const qb_blackout *windows;
        size_t count;
        qb_status want;
    } cases[] = {{&backward, 1, QB_OUT_OF_RANGE},
                 {&stranger, 1, QB_OUT_OF_RANGE},
                 {unordered, 2, QB_OUT_OF_ORDER}};
    desk desk = {0};
    desk_open(&desk, "blackout=on");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        desk.config.blackouts = cases[i].windows;
        desk.config.blackout_count = cases[i].count;
        CHECK_INT(qb_risk_new(&desk.config, desk.instruments, 1, &desk.arena, &desk.risk),
                  cases[i].want);
    }
    desk_close(&desk);
}

/* ---- day trades ---------------------------------------------------------------------------- */

static void day_trade(desk *desk, const char *when, int exits)
{
    desk->now_us = at(when);
    desk_trade(desk, AAA, 10.0 * exits, 100, desk->now_us);
    for (int i = 0; i < exits; i++)
        desk_trade(desk, AAA, -10, 100, desk->now_us + QB_MINUTE_US);
}

static void test_day_trades(void)
{
    desk desk = {.interval = QB_5M};
    desk_open(&desk, "day-trades=3");
    desk.equity = 24999.99;
    day_trade(&desk, "2024-01-02T15:00Z", 3); /* sold in parts, it is one */
    day_trade(&desk, "2024-01-02T16:00Z", 1);
    desk.now_us = at("2024-01-03T15:00Z");
    desk_trade(&desk, BBB, 10, 100, desk.now_us);
    desk.now_us = at("2024-01-04T15:00Z");
    desk_trade(&desk, BBB, -10, 100, desk.now_us); /* overnight: none */
    qb_risk_event event = desk_ask(&desk, AAA, 1, 100);
    CHECK_PASSED(event, 1);
    day_trade(&desk, "2024-01-04T16:00Z", 1);
    event = desk_ask(&desk, CCC, 1, 100);
    CHECK_REFUSED(event, QB_RISK_DAY_TRADES);
    CHECK_NEAR(event.limit, 3, 0);
    CHECK_NEAR(event.value, 3, 0);
    event = desk_ask(&desk, BTC, 1, 100);
    CHECK_PASSED(event, 1); /* coins have no such rule */
    desk.equity = 25000;
    event = desk_ask(&desk, CCC, 1, 100);
    CHECK_PASSED(event, 1);
    desk.equity = 1000;
    desk.now_us = at("2024-01-08T20:00Z"); /* 2, 3, 4, 5, 8: the fifth session */
    event = desk_ask(&desk, CCC, 1, 100);
    CHECK_REFUSED(event, QB_RISK_DAY_TRADES);
    desk.now_us = at("2024-01-08T21:00Z"); /* the close: it can fill on the 9th only */
    event = desk_ask(&desk, CCC, 1, 100);
    CHECK_PASSED(event, 1);
    desk_close(&desk);
}

static void test_day_trades_of_both_sides(void)
{
    desk desk = {.interval = QB_5M};
    desk_open(&desk, "day-trades=2");
    desk.equity = 1000;
    desk.now_us = at("2024-01-02T15:00Z");
    desk_trade(&desk, AAA, 10, 100, desk.now_us);
    desk_trade(&desk, AAA, -10, 100, desk.now_us);
    desk_trade(&desk, AAA, -10, 100, desk.now_us); /* turned round: short from here on */
    qb_risk_event event = desk_ask(&desk, BBB, 1, 100);
    CHECK_PASSED(event, 1);
    desk_trade(&desk, AAA, 10, 100, desk.now_us);
    event = desk_ask(&desk, BBB, 1, 100);
    CHECK_REFUSED(event, QB_RISK_DAY_TRADES);
    CHECK_NEAR(event.value, 2, 0);
    desk_close(&desk);
}

static void test_day_trades_of_shorts_and_daily_bars(void)
{
    desk desk = {0};
    desk_open(&desk, "day-trades=1");
    desk.equity = 1000;
    const int64_t stamp = at("2024-01-02"); /* of a daily bar: its date, whatever the zone */
    desk.now_us = at("2024-01-02T21:00Z");
    desk_trade(&desk, AAA, -10, 100, stamp);
    desk_trade(&desk, AAA, 10, 99, stamp);
    desk.at_fill = true;
    desk.now_us = at("2024-01-08T14:30Z");
    qb_risk_event event = desk_ask(&desk, AAA, 1, 100);
    CHECK_REFUSED(event, QB_RISK_DAY_TRADES);
    desk.now_us = at("2024-01-09T14:30Z");
    event = desk_ask(&desk, AAA, 1, 100);
    CHECK_PASSED(event, 1);
    desk_close(&desk);
}

/* ---- losses and orders --------------------------------------------------------------------- */

static void round_trip(desk *desk, double exit)
{
    desk_trade(desk, AAA, 1, 100, desk->now_us);
    desk_trade(desk, AAA, -1, exit, desk->now_us);
}

static void test_cool_down(void)
{
    desk desk = {0};
    desk_open(&desk, "cool-down=2 cool-down-hours=24");
    round_trip(&desk, 99);
    round_trip(&desk, 101);
    round_trip(&desk, 99);
    round_trip(&desk, 100); /* a draw is neither */
    qb_risk_event event = desk_ask(&desk, BBB, 1, 100);
    CHECK_PASSED(event, 1);
    round_trip(&desk, 99);
    event = desk_ask(&desk, BBB, 1, 100);
    CHECK_REFUSED(event, QB_RISK_COOL_DOWN);
    CHECK_NEAR(event.limit, 2, 0);
    CHECK_NEAR(event.value, 2, 0);
    CHECK_INT(event.until_us, desk.now_us + QB_DAY_US);
    desk.now_us += QB_DAY_US - 1;
    event = desk_ask(&desk, BBB, 1, 100);
    CHECK_REFUSED(event, QB_RISK_COOL_DOWN);
    desk.now_us += 1;
    event = desk_ask(&desk, BBB, 1, 100);
    CHECK_PASSED(event, 1);
    round_trip(&desk, 99);
    event = desk_ask(&desk, BBB, 1, 100);
    CHECK_PASSED(event, 1); /* counting has started anew */
    desk_close(&desk);
}

static void test_order_rate(void)
{
    desk desk = {0};
    desk_open(&desk, "order-rate=2 single-name=10%");
    CHECK_INT(desk_ask(&desk, AAA, 1, 100).action, QB_RISK_PASSED);
    CHECK_INT(desk_ask(&desk, AAA, 1e6, 100).action, QB_RISK_REFUSED); /* not sent: not counted */
    desk.now_us += 30 * QB_SECOND_US;
    CHECK_INT(desk_ask(&desk, AAA, 1, 100).action, QB_RISK_PASSED);
    desk.now_us += 30 * QB_SECOND_US - 1;
    qb_risk_event event = desk_ask(&desk, BBB, 1, 100);
    CHECK_REFUSED(event, QB_RISK_ORDER_RATE);
    CHECK_NEAR(event.value, 3, 0);
    CHECK_INT(event.until_us, DESK_NOW_US + QB_MINUTE_US);
    desk.at_fill = true;
    CHECK_INT(desk_ask(&desk, AAA, 1, 100).action, QB_RISK_PASSED);
    desk.at_fill = false;
    desk.now_us += 1; /* the first is a minute ago */
    CHECK_INT(desk_ask(&desk, BBB, 1, 100).action, QB_RISK_PASSED);
    CHECK_INT(desk_ask(&desk, BBB, 1, 100).action, QB_RISK_REFUSED);
    desk_close(&desk);
}

/* ---- drawdown ------------------------------------------------------------------------------ */

static void test_drawdown_is_latched(void)
{
    desk desk = {0};
    qb_risk_event event;
    desk_open(&desk, "drawdown=20%");
    CHECK(!desk_equity(&desk, desk.now_us, 100000, 0, &event));
    CHECK(!desk_equity(&desk, desk.now_us + 1, 150000, 0, &event));
    CHECK(!desk_equity(&desk, desk.now_us + 2, 120000.00000001, 0, &event));
    CHECK_INT(desk_ask(&desk, AAA, 1, 100).action, QB_RISK_PASSED);
    CHECK(desk_equity(&desk, desk.now_us + 3, 120000, 0, &event)); /* of the highest, 150,000 */
    CHECK_HALTED(event, QB_RISK_DRAWDOWN);
    CHECK(event.flatten);
    CHECK_INT(event.instrument, UINT32_MAX);
    CHECK_NEAR(event.limit, 0.2, 0);
    CHECK_NEAR(event.value, 0.2, 0);
    CHECK(!desk_equity(&desk, desk.now_us + 4, 500000, 0, &event)); /* told once */
    desk.now_us += 1000 * QB_DAY_US;
    event = desk_ask(&desk, AAA, 1, 100);
    CHECK_REFUSED(event, QB_RISK_DRAWDOWN);
    CHECK_NEAR(event.value, 0.2, 0);
    CHECK_INT(qb_risk_stopped(desk.risk, desk.now_us), QB_RISK_DRAWDOWN);
    desk_close(&desk);
}

static void test_deposits_are_no_gain(void)
{
    desk desk = {0};
    qb_risk_event event;
    desk_open(&desk, "drawdown=20% day-stop=15%");
    CHECK(!desk_equity(&desk, desk.now_us, 100000, 0, &event));
    CHECK(!desk_equity(&desk, desk.now_us + 1, 90000, 0, &event)); /* 10 % down */
    CHECK(!desk_equity(&desk, desk.now_us + 2, 180000, 90000, &event));
    CHECK(!desk_equity(&desk, desk.now_us + 3, 45000, -135000, &event));    /* no loss either */
    CHECK(!desk_equity(&desk, desk.now_us + 4, 42500.00000001, 0, &event)); /* of 50,000 */
    CHECK(desk_equity(&desk, desk.now_us + 5, 42500, 0, &event));
    CHECK_INT(event.rule, QB_RISK_DAY_STOP);
    CHECK(desk_equity(&desk, desk.now_us + 6, 40000, 0, &event));
    CHECK_INT(event.rule, QB_RISK_DRAWDOWN);
    desk_close(&desk);
}

static void test_no_amount_halts(void)
{
    desk desk = {0};
    qb_risk_event event;
    desk_open(&desk, "day-stop=6%");
    CHECK(qb_risk_equity(desk.risk, desk.now_us, (qb_money){INT64_MIN}, (qb_money){0}, &event));
    CHECK_HALTED(event, QB_RISK_DAY_STOP);
    CHECK_TEXT(event.what, "cannot be evaluated");
    CHECK_INT(qb_risk_stopped(desk.risk, desk.now_us), QB_RISK_DAY_STOP);
    desk_close(&desk);
}

/* ---- day and week -------------------------------------------------------------------------- */

static void test_day_stop(void)
{
    desk desk = {.count = 4};
    qb_risk_event event;
    desk_open(&desk, "day-stop=6%");
    CHECK(!desk_equity(&desk, at("2024-01-02T21:00Z"), 100000, 0, &event));
    CHECK(!desk_equity(&desk, at("2024-01-03T15:00Z"), 94000.01, 0, &event));
    CHECK(desk_equity(&desk, at("2024-01-03T16:00Z"), 94000, 0, &event));
    CHECK_INT(event.action, QB_RISK_SUSPENDED);
    CHECK_INT(event.rule, QB_RISK_DAY_STOP);
    CHECK(event.flatten);
    CHECK_NEAR(event.value, 0.06, 1e-15);
    CHECK_INT(event.until_us, at("2024-01-04T14:30Z"));
    CHECK(!desk_equity(&desk, at("2024-01-03T17:00Z"), 80000, 0, &event)); /* once a day */
    CHECK_INT(qb_risk_stopped(desk.risk, at("2024-01-04T14:29:59Z")), QB_RISK_DAY_STOP);
    desk.now_us = at("2024-01-03T20:00Z");
    event = desk_ask(&desk, AAA, 1, 100);
    CHECK_REFUSED(event, QB_RISK_DAY_STOP);
    CHECK_INT(qb_risk_stopped(desk.risk, at("2024-01-04T14:30Z")), QB_RISK_NONE);
    desk.now_us = at("2024-01-04T14:30Z");
    event = desk_ask(&desk, AAA, 1, 100);
    CHECK_PASSED(event, 1);
    CHECK(!desk_equity(&desk, at("2024-01-04T21:00Z"), 75200.01, 0, &event)); /* of 80,000 */
    CHECK(desk_equity(&desk, at("2024-01-05T21:00Z"), 70000, 0, &event));
    CHECK_INT(event.until_us, at("2024-01-08T14:30Z")); /* over the weekend */
    desk_close(&desk);
}

static void test_week_stop(void)
{
    desk desk = {.count = 4};
    qb_risk_event event;
    desk_open(&desk, "week-stop=10%");
    CHECK(!desk_equity(&desk, at("2024-01-05T21:00Z"), 100000, 0, &event));
    CHECK(!desk_equity(&desk, at("2024-01-08T21:00Z"), 95000, 0, &event));
    CHECK(!desk_equity(&desk, at("2024-01-09T21:00Z"), 90000.01, 0, &event));
    CHECK(desk_equity(&desk, at("2024-01-10T21:00Z"), 90000, 0, &event));
    CHECK_INT(event.rule, QB_RISK_WEEK_STOP);
    CHECK_INT(event.action, QB_RISK_SUSPENDED);
    CHECK_INT(event.until_us, at("2024-01-16T14:30Z")); /* Monday 15 is a holiday */
    CHECK(!desk_equity(&desk, at("2024-01-12T21:00Z"), 80000, 0, &event));
    CHECK(!desk_equity(&desk, at("2024-01-16T21:00Z"), 72000.01, 0, &event)); /* a new week */
    CHECK(desk_equity(&desk, at("2024-01-17T21:00Z"), 72000, 0, &event));
    CHECK_INT(event.until_us, at("2024-01-22T14:30Z")); /* the next Monday */
    desk_close(&desk);
}

static void test_days_around_the_clock(void)
{
    desk desk = {0}; /* equities and coins: UTC days */
    qb_risk_event event;
    desk_open(&desk, "day-stop=6%");
    CHECK(!desk_equity(&desk, at("2024-01-02T23:00Z"), 100000, 0, &event));
    CHECK(!desk_equity(&desk, at("2024-01-03T00:00Z"), 95000, 0, &event)); /* still the 2nd */
    CHECK(!desk_equity(&desk, at("2024-01-03T00:01Z"), 90000, 0, &event)); /* 5.3 % of 95,000 */
    CHECK(desk_equity(&desk, at("2024-01-03T00:02Z"), 89300, 0, &event));
    CHECK_INT(event.until_us, at("2024-01-04T00:00Z"));
    desk_close(&desk);
}

/* ---- exits --------------------------------------------------------------------------------- */

static void test_exits(void)
{
    desk desk = {0};
    qb_risk_exits exits;
    qb_risk_rule rule = QB_RISK_NONE;
    desk_open(&desk, "triple-barrier=on trailing=3");
    desk_bars(&desk, AAA, 101, 99, 100, 1, 14);
    CHECK(!qb_risk_exits_of(desk.risk, AAA, &exits, &rule));
    CHECK_INT(rule, QB_RISK_STOP_LOSS);
    desk_bars(&desk, AAA, 101, 99, 100, 1, 1);
    CHECK(qb_risk_exits_of(desk.risk, AAA, &exits, &rule));
    CHECK_NEAR(exits.take_profit, 3.5, 0); /* 1.75 x 2 */
    CHECK_NEAR(exits.stop_loss, 2, 0);
    CHECK_NEAR(exits.trailing, 6, 0);
    CHECK_INT(exits.time_stop_bars, 5);
    CHECK(!qb_risk_exits_of(desk.risk, BBB, &exits, &rule)); /* it has had no bars */
    desk_close(&desk);
}

static void test_time_stop_needs_no_history(void)
{
    desk desk = {0};
    qb_risk_exits exits;
    qb_risk_rule rule = QB_RISK_NONE;
    desk_open(&desk, "time-stop=7");
    CHECK(qb_risk_exits_of(desk.risk, AAA, &exits, &rule));
    CHECK_INT(exits.time_stop_bars, 7);
    CHECK_NEAR(exits.take_profit + exits.stop_loss + exits.trailing, 0, 0);
    desk_close(&desk);
}

/* Hourly bars make days: 14:30 to 21:00 UTC, then the next. */
static void test_days_of_hours(void)
{
    desk desk = {.interval = QB_1H};
    desk_open(&desk, "adv=10% adv-days=2");
    static const struct {
        const char *known;
        double volume;
    } bars[] = {{"2024-01-02T15:00Z", 100},
                {"2024-01-02T16:00Z", 300}, /* the day's last bars are missing */
                {"2024-01-03T20:00Z", 500},
                {"2024-01-03T21:00Z", 700}};
    for (size_t i = 0; i < sizeof bars / sizeof *bars; i++) {
        const qb_bar bar = {
            .open = 100, .high = 100, .low = 100, .close = 100, .volume = bars[i].volume};
        qb_risk_bar(desk.risk, AAA, &bar, 1, at(bars[i].known));
        if (i + 1 < sizeof bars / sizeof *bars)
            CHECK_INT(desk_ask(&desk, AAA, 1, 100).action, QB_RISK_REFUSED);
    }
    qb_risk_event event = desk_ask(&desk, AAA, 80, 100);
    CHECK_PASSED(event, 80); /* a tenth of (400 + 1,200) / 2, the moment the session closes */
    event = desk_ask(&desk, AAA, 81, 100);
    CHECK_REFUSED(event, QB_RISK_ADV);
    desk_close(&desk);
}

/* Around the clock a day ends at 00:00 UTC, and the bar known then is its last. */
static void test_days_of_coins(void)
{
    desk desk = {.interval = QB_1H};
    desk_open(&desk, "adv=10% adv-days=1");
    const qb_bar bar = {.open = 100, .high = 100, .low = 100, .close = 100, .volume = 1000};
    qb_risk_bar(desk.risk, BTC, &bar, 1, at("2024-01-02T23:00Z"));
    CHECK_INT(desk_ask(&desk, BTC, 1, 100).action, QB_RISK_REFUSED);
    qb_risk_bar(desk.risk, BTC, &bar, 1, at("2024-01-03T00:00Z"));
    qb_risk_event event = desk_ask(&desk, BTC, 200, 100);
    CHECK_PASSED(event, 200);
    qb_risk_bar(desk.risk, BTC, &bar, 1, at("2024-01-03T01:00Z")); /* a day under way */
    event = desk_ask(&desk, BTC, 200.00000001, 100);
    CHECK_REFUSED(event, QB_RISK_ADV);
    desk_close(&desk);
}

int main(void)
{
    static const tap_case cases[] = {
        {"/risk/time/blackout", test_blackout},
        {"/risk/time/blackout reaches around", test_blackout_reaches_around},
        {"/risk/time/blackouts are checked", test_blackouts_are_checked},
        {"/risk/time/day trades", test_day_trades},
        {"/risk/time/day trades of both sides", test_day_trades_of_both_sides},
        {"/risk/time/day trades of shorts", test_day_trades_of_shorts_and_daily_bars},
        {"/risk/time/cool down", test_cool_down},
        {"/risk/time/order rate", test_order_rate},
        {"/risk/time/drawdown is latched", test_drawdown_is_latched},
        {"/risk/time/deposits are no gain", test_deposits_are_no_gain},
        {"/risk/time/no amount halts", test_no_amount_halts},
        {"/risk/time/day stop", test_day_stop},
        {"/risk/time/week stop", test_week_stop},
        {"/risk/time/days around the clock", test_days_around_the_clock},
        {"/risk/time/exits", test_exits},
        {"/risk/time/time stop needs no history", test_time_stop_needs_no_history},
        {"/risk/time/days of hours", test_days_of_hours},
        {"/risk/time/days of coins", test_days_of_coins},
    };
    return tap_run(cases, sizeof cases / sizeof *cases);
}
