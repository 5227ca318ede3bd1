/* Money that no order moves: margin calls, charges, flows, what a run begins with, and the risk rules
 * at the gate. Worked by hand from docs/FILLS.md and docs/RISK.md. */
#include "lab.h"

/* One bar a day whose prices are all the same. */
static qb_series flat_days(const double *prices, int count)
{
    qb_series series = {0};
    for (int day = 0; day < count; day++)
        lab_bar_day(&series, day, prices[day], prices[day], prices[day], prices[day], NAN);
    return series;
}
#define DAYS(...) \
    flat_days((double[]){__VA_ARGS__}, (int)(sizeof((double[]){__VA_ARGS__}) / sizeof(double)))

static void short_100(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) == 0)
        context->host->order(context, instrument, QB_SELL, lab_units(100));
}

/* ---- margin ------------------------------------------------------------------------------- */

/* 10,000 and 100 short at 100. At 153 equity is 20,000 - 15,300 = 4,700 >= 30 % of 15,300 = 4,590; at
 * 154 it is 4,600 < 4,620: called, and bought back at the next opening, whatever that is. */
static void short_call(void)
{
    lab_use(short_100);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = DAYS(100, 100, 153, 154, 160, 160);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.fill_count, 2);
    lab_check_fill(&lab, 1, 4, 100, 160);
    CHECK_TEXT(qb_purpose_text(lab.fills[1].purpose), "margin");
    CHECK_TEXT(qb_purpose_text(lab.trades[0].exit), "margin");
    CHECK_INT(lab.totals.equity.raw, LAB_RAW(4000));
    lab_clear(&lab);

    config.maintenance_off = true;
    lab = lab_run(&config, &series);
    CHECK_INT(lab.fill_count, 1);
    lab_clear(&lab);

    config.maintenance_off =
        false; /* at 100 % the short itself is a call: 10,000 < 15,300 at 153 */
    config.maintenance.raw = QB_ONE;
    lab = lab_run(&config, &series);
    lab_check_fill(&lab, 1, 3, 100, 154);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* Leverage 4: half of 1/4 is 12.5 %, below 25 %. Two longs of 25,000 and 15,000 on 10,000: at 78 and
 * 100 equity is 10,000 - 5,500 = 4,500 against 12.5 % of 34,500 = 4,312.50; at 77 it is 4,250 < 4,281.25. 4 x
 * 4,250 = 17,000: the larger one goes, 19,250, and what remains is 15,000. */
static void buy_both(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) != 0)
        return;
    context->host->order(context, instrument, QB_BUY, lab_units(instrument == 0 ? 250 : 150));
    if (instrument == 1)
        context->host->submit(context, &(qb_order_request){
                                           .struct_size = sizeof(qb_order_request),
                                           .instrument = 1,
                                           .side = QB_BUY,
                                           .type = QB_LIMIT,
                                           .size = lab_units(1),
                                           .limit = 50,
                                       });
}

static void largest_first(void)
{
    lab_use(buy_both);
    qb_instrument coins[] = {lab_coin(QB_1D), lab_coin(QB_1D)};
    qb_engine_config config = lab_config(coins, 2);
    config.leverage.raw = 4 * QB_ONE;
    qb_series series[] = {DAYS(100, 100, 78, 77, 77), DAYS(100, 100, 100, 100, 100)};
    lab lab = lab_run(&config, series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.fill_count, 3);
    lab_check_fill(&lab, 2, 4, -250, 77);
    CHECK_INT(lab.fills[2].instrument, 0);
    lab_check_order(&lab, 2, QB_ORDER_CANCELLED, QB_REASON_MARGIN); /* the resting entry */
    lab_clear(&lab);
    qb_series_clear(&series[0]);
    qb_series_clear(&series[1]);
}

/* ---- charges, flows, holdings ------------------------------------------------------------- */

/* 3.65 % a year of 10,000 short is 1 a day: over the nights into days 2 and 3, the fill being on
 * day 1, and at the end of day 3. */
static void borrow(void)
{
    lab_use(short_100);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.borrow.raw = LAB_RAW(0.0365);
    qb_series series = DAYS(100, 100, 100, 100);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.totals.borrow.raw, LAB_RAW(3));
    CHECK_INT(lab.equity[1].equity, LAB_RAW(9999));
    CHECK_INT(lab.totals.equity.raw, LAB_RAW(9997));
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void buy_150(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) == 0)
        context->host->order(context, instrument, QB_BUY, lab_units(150));
}

/* 15,000 long on 10,000: 7.3 % a year of 5,000 owed is 1 a day, then of 5,001: 1.0002, of 5,002.0002:
 * 1.00040004. */
static void interest(void)
{
    lab_use(buy_150);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.leverage.raw = 2 * QB_ONE;
    config.interest.raw = LAB_RAW(0.073);
    qb_series series = DAYS(100, 100, 100, 100);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.totals.interest.raw, LAB_RAW(3.00060004));
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void flows(void)
{
    lab_use(NULL);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    const qb_deposit deposits[] = {
        {LAB_START - QB_DAY_US, {LAB_RAW(5)}},          /* before the run: at its first instant */
        {LAB_START + QB_DAY_US + 1, {LAB_RAW(500)}},    /* within day 1: at the opening of day 2 */
        {LAB_START + 2 * QB_DAY_US, {-LAB_RAW(20000)}}, /* more than there is */
        {LAB_START + 2 * QB_DAY_US, {-LAB_RAW(505)}},   {LAB_START + 99 * QB_DAY_US, {LAB_RAW(1)}},
    };
    config.deposits = deposits;
    config.deposit_count = 5;
    qb_series series = DAYS(100, 100, 100);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.flow_count, 4);
    CHECK_INT(lab.flows[0].at_us, LAB_START);
    CHECK_INT(lab.flows[1].at_us, LAB_START + 2 * QB_DAY_US);
    CHECK_INT(lab.flows[1].equity.raw, LAB_RAW(10005));
    CHECK(lab.flows[2].refused && !lab.flows[3].refused);
    CHECK_INT(lab.totals.deposits.raw, 0); /* 5 + 500 - 505 */
    CHECK_INT(lab.totals.cash.raw, LAB_RAW(10000));
    lab_clear(&lab);
    qb_series_clear(&series);
}

static void sell_all(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) == 1)
        context->host->target(context, instrument, QB_BUY, lab_units(0));
}

/* 10 at a cost of 50, beside 10,000: start is 10,500. */
static void holdings(void)
{
    lab_use(sell_all);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    const qb_holding held = {0, {10 * QB_ONE}, {LAB_RAW(50)}};
    config.holdings = &held;
    config.holding_count = 1;
    qb_series series = DAYS(60, 60, 70);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.equity[0].equity, LAB_RAW(10600));
    lab_check_fill(&lab, 0, 2, -10, 70);
    CHECK_INT(lab.trade_count, 1);
    CHECK_INT(lab.trades[0].profit.raw, LAB_RAW(200));
    CHECK_INT(lab.trades[0].entry_us, LAB_START);
    CHECK_TEXT(qb_purpose_text(lab.trades[0].entry), "start");
    lab_clear(&lab);

    const qb_holding twice[] = {held, held};
    config.holdings = twice;
    config.holding_count = 2;
    qb_engine *engine = NULL;
    CHECK_INT(qb_engine_new(&config, NULL, &engine), QB_OUT_OF_RANGE);
    qb_series_clear(&series);
}

static void order_both(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) == 0)
        context->host->order(context, instrument, QB_BUY, lab_units(1));
}

static void own_costs(void)
{
    lab_use(order_both);
    qb_instrument coins[] = {lab_coin(QB_1D), lab_coin(QB_1D)};
    qb_engine_config config = lab_config(coins, 2);
    const qb_costs costs[] = {{.fee_rate = {LAB_RAW(0.01)}}, {.slippage = {LAB_RAW(0.02)}}};
    config.instrument_costs = costs;
    qb_series series[] = {DAYS(100, 100, 100), DAYS(100, 100, 100)};
    lab lab = lab_run(&config, series);
    CHECK_OK(lab.status);
    lab_check_fill(&lab, 0, 1, 1, 100);
    lab_check_fill(&lab, 1, 1, 1, 102);
    CHECK_INT(lab.fills[0].fee.raw, LAB_RAW(1));
    CHECK_INT(lab.fills[1].fee.raw, 0);
    lab_clear(&lab);
    qb_series_clear(&series[0]);
    qb_series_clear(&series[1]);
}

/* ---- the risk rules ----------------------------------------------------------------------- */

static qb_risk_config rules(const char *const *texts, size_t count)
{
    qb_risk_config config;
    const char *why;
    qb_risk_config_off(&config);
    for (size_t i = 0; i < count; i++)
        CHECK_OK(qb_risk_config_set(&config, texts[i], &why));
    return config;
}

/* A size of 50 at 100 of 10,000. The peak is 10,000; at 70 equity is 8,500, 15 % below. */
static void drawdown(void)
{
    lab_use(lab_always_long);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.size.amount = 50;
    const char *const texts[] = {"drawdown=15%"};
    qb_risk_config risk = rules(texts, 1);
    config.risk = &risk;
    qb_series series = DAYS(100, 100, 71, 70, 60, 60, 60);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.fill_count, 2);
    lab_check_fill(&lab, 1, 4, -50, 60);
    CHECK_TEXT(qb_purpose_text(lab.fills[1].purpose), "risk");
    CHECK(lab.risk_count >= 1 && lab.risks[0].action == QB_RISK_HALT && lab.risks[0].flatten);
    CHECK_INT(lab.risks[0].at_us, LAB_START + 4 * QB_DAY_US);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* Lost 6 % of the day's start: flattened, suspended until the next day, and then the wish counts
 * anew, though it never changed. */
static void day_stop(void)
{
    lab_use(lab_always_long);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.size.amount = 50;
    const char *const texts[] = {"day-stop=6%"};
    qb_risk_config risk = rules(texts, 1);
    config.risk = &risk;
    qb_series series = DAYS(100, 100, 80, 80, 80, 80, 80);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.fill_count, 3);
    lab_check_fill(&lab, 1, 3, -50, 80);
    CHECK(lab.fill_count < 3 || lab.fills[2].quantity.raw == 50 * QB_ONE);
    CHECK(lab.risk_count >= 1 && lab.risks[0].action == QB_RISK_SUSPENDED);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* At most 10 % of 10,000 in one name: 50 at 100 is 50 %. */
static void single_name(void)
{
    lab_use(lab_always_long);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    config.size.amount = 50;
    const char *const texts[] = {"single-name=10%"};
    qb_risk_config risk = rules(texts, 1);
    config.risk = &risk;
    qb_series series = DAYS(100, 100, 100);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.fill_count, 0);
    lab_check_order(&lab, 0, QB_ORDER_REJECTED, QB_REASON_RISK);
    CHECK_INT(lab.orders[0].last.risk_rule, QB_RISK_NAME);
    CHECK_NEAR(lab.orders[0].last.risk_limit, 0.10, 1e-12);
    CHECK_NEAR(lab.orders[0].last.risk_value, 0.50, 1e-12);
    CHECK_INT(lab.risk_count, 1);
    CHECK_INT(lab.risks[0].order_id, 1);
    CHECK_INT(lab.decisions[0].reason, QB_REASON_RISK);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* Bars of range 10 make an ATR of 10; the triple barrier adds a stop 1 ATR and a target 1.75 ATR
 * away, and an end after 5 bars. The first 14 bars have no ATR: refused. */
static void long_at_20(const qb_context *context, uint32_t instrument)
{
    uint64_t bar = lab_bar_index(context, instrument);
    context->host->signal(context, instrument, bar == 5 || bar >= 20 ? 1.0 : 0.0);
}

static void barrier(void)
{
    lab_use(long_at_20);
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    const char *const texts[] = {"triple-barrier=on"};
    qb_risk_config risk = rules(texts, 1);
    config.risk = &risk;
    qb_series series = {0};
    for (int day = 0; day < 30; day++)
        lab_bar_day(&series, day, 100, 105, 95, 100, NAN);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    lab_check_order(&lab, 0, QB_ORDER_REJECTED, QB_REASON_RISK); /* bar 5 */
    lab_check_order(&lab, 1, QB_ORDER_FILLED, QB_REASON_NONE);
    CHECK_INT(lab.orders[2].last.limit.raw, LAB_RAW(117.5));
    CHECK_INT(lab.orders[3].last.stop.raw, LAB_RAW(90));
    CHECK_INT(lab.fill_count, 2);
    lab_check_fill(&lab, 0, 21, 1, 100);
    lab_check_fill(&lab, 1, 26, -1, 100); /* after the closes of days 21 to 25 */
    CHECK_TEXT(qb_purpose_text(lab.fills[1].purpose), "time-stop");
    lab_clear(&lab);
    qb_series_clear(&series);
}

static const tap_case cases[] = {
    {"/engine/account/short-call", short_call}, {"/engine/account/largest-first", largest_first},
    {"/engine/account/borrow", borrow},         {"/engine/account/interest", interest},
    {"/engine/account/flows", flows},           {"/engine/account/holdings", holdings},
    {"/engine/account/own-costs", own_costs},   {"/engine/account/drawdown", drawdown},
    {"/engine/account/day-stop", day_stop},     {"/engine/account/single-name", single_name},
    {"/engine/account/barrier", barrier},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
