/* Orders in time: sessions, half days and weekends; splits while orders rest; finer bars within a
 * bar. The exchange's hours of these days are those of the holiday calendars of 2019 and 2020. */
#include "lab.h"

static int64_t at(const char *text)
{
    int64_t us = 0;
    CHECK_OK(qb_time_from_text(text, strlen(text), &us));
    return us;
}

static void add(qb_series *series, const char *text, double open, double high, double low,
                double close)
{
    CHECK_OK(qb_series_append(series, &(qb_bar){
                                          .ts_us = at(text),
                                          .open = open,
                                          .high = high,
                                          .low = low,
                                          .close = close,
                                          .volume = NAN,
                                          .split_factor = 1.0,
                                      }));
}

static qb_order_request asked[3];

static void ask_at_first(const qb_context *context, uint32_t instrument)
{
    if (instrument != 0 || lab_bar_index(context, instrument) != 0)
        return;
    for (int i = 0; i < 3 && asked[i].side != 0; i++) {
        qb_order_request request = asked[i];
        request.struct_size = sizeof request;
        request.size = lab_units(10);
        CHECK(context->host->submit(context, &request) != 0);
    }
}

static void ask(qb_order_request first, qb_order_request second)
{
    lab_use(ask_at_first);
    asked[0] = first;
    asked[1] = second;
    asked[2] = (qb_order_request){0};
}

static void check_time(const lab *lab, size_t fill, const char *text, double price)
{
    CHECK(fill < lab->fill_count);
    if (fill >= lab->fill_count)
        return;
    CHECK_INT(lab->fills[fill].ts_us, at(text));
    CHECK_INT(lab->fills[fill].price.raw, LAB_RAW(price));
}

/* ---- sessions ----------------------------------------------------------------------------- */

/* The Friday after Thanksgiving 2019 ended at 13:00 New York, 18:00 UTC; hourly bars stand on the
 * hour, the first holds 09:30 to 10:00. Decided at 10:00 on that day. */
static void half_day(void)
{
    ask((qb_order_request){.side = QB_BUY, .type = QB_MARKET_ON_CLOSE},
        (qb_order_request){.side = QB_BUY, .type = QB_MARKET_ON_OPEN});
    qb_instrument share = lab_share();
    share.interval = QB_1H;
    qb_engine_config config = lab_config(&share, 1);
    qb_series series = {0};
    add(&series, "2019-11-29T14:00Z", 100, 100, 100, 100);
    add(&series, "2019-11-29T15:00Z", 101, 101, 101, 101);
    add(&series, "2019-11-29T16:00Z", 102, 102, 102, 102);
    add(&series, "2019-11-29T17:00Z", 103, 104, 103, 104);
    add(&series, "2019-12-02T14:00Z", 105, 106, 105, 106);
    add(&series, "2019-12-02T15:00Z", 107, 107, 107, 107);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.fill_count, 2);
    check_time(&lab, 0, "2019-11-29T18:00Z", 104); /* the close of the half day */
    check_time(&lab, 1, "2019-12-02T14:30Z", 105); /* Monday's opening */
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* Decided at Friday's close, good for the day: Monday. */
static void over_the_weekend(void)
{
    ask((qb_order_request){.side = QB_BUY, .type = QB_LIMIT, .limit = 95, .time_in_force = QB_DAY},
        (qb_order_request){0});
    qb_instrument share = lab_share();
    qb_engine_config config = lab_config(&share, 1);
    qb_series series = {0};
    add(&series, "2020-01-03", 100, 100, 100, 100);
    add(&series, "2020-01-06", 100, 101, 96, 100);
    add(&series, "2020-01-07", 94, 96, 93, 95);
    lab lab = lab_run(&config, &series);
    lab_check_order(&lab, 0, QB_ORDER_EXPIRED, QB_REASON_TIME);
    CHECK_INT(lab.orders[0].last.good_until_us, at("2020-01-06T21:00Z"));
    CHECK_INT(lab.orders[0].last.final_us, at("2020-01-06T21:00Z"));
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* Within a session the order lives to its end. */
static void within_the_session(void)
{
    ask((qb_order_request){.side = QB_BUY, .type = QB_LIMIT, .limit = 95, .time_in_force = QB_DAY},
        (qb_order_request){0});
    qb_instrument share = lab_share();
    share.interval = QB_4H;
    qb_engine_config config = lab_config(&share, 1);
    qb_series series = {0};
    add(&series, "2020-01-03T13:00Z", 100, 100, 100, 100); /* 08:00, to 12:00 */
    add(&series, "2020-01-03T17:00Z", 100, 101, 96, 100);
    add(&series, "2020-01-06T13:00Z", 94, 96, 93, 95);
    lab lab = lab_run(&config, &series);
    CHECK_INT(lab.orders[0].last.good_until_us, at("2020-01-03T21:00Z"));
    CHECK_INT(lab.fill_count, 0);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* ---- splits ------------------------------------------------------------------------------- */

/* Three for one on day 2: a limit of 90 for 10 units becomes one of 30 for 30, a stop of 110 for 10
 * one of 36.66666667. The strategy of day 3 sees prices of the history, three times those of the
 * day. */
static void ask_again(const qb_context *context, uint32_t instrument)
{
    if (lab_bar_index(context, instrument) == 2) {
        CHECK_NEAR(qb_close_now(context, instrument), 105.0, 1e-9); /* 35 */
        context->host->submit(context, &(qb_order_request){
                                           .struct_size = sizeof(qb_order_request),
                                           .side = QB_BUY,
                                           .type = QB_LIMIT,
                                           .size = lab_units(1),
                                           .limit = 93, /* 31 of the day */
                                       });
        context->host->submit(context, &(qb_order_request){
                                           .struct_size = sizeof(qb_order_request),
                                           .side = QB_BUY,
                                           .type = QB_LIMIT,
                                           .size = lab_units(1),
                                           .limit = 32,
                                           .raw_prices = true,
                                       });
    }
    ask_at_first(context, instrument);
}

static void splits(void)
{
    ask((qb_order_request){.side = QB_BUY,
                           .type = QB_LIMIT,
                           .limit = 90,
                           .take_profit = {QB_EXIT_DISTANCE, 6},
                           .stop_loss = {QB_EXIT_PRICE, 60}},
        (qb_order_request){.side = QB_BUY, .type = QB_STOP, .stop = 110});
    lab_bar = ask_again;
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = {0};
    lab_bar_day(&series, 0, 100, 100, 100, 100, NAN);
    lab_bar_day(&series, 1, 100, 101, 99, 100, NAN);
    CHECK_OK(qb_series_append(&series, &(qb_bar){.ts_us = LAB_START + 2 * QB_DAY_US,
                                                 .open = 34,
                                                 .high = 35,
                                                 .low = 33,
                                                 .close = 35,
                                                 .volume = NAN,
                                                 .split_factor = 3.0}));
    lab_bar_day(&series, 3, 35, 35.5, 29, 30, NAN);
    lab_bar_day(&series, 4, 30, 37, 30, 37, NAN);
    lab lab = lab_run(&config, &series);
    CHECK_OK(lab.status);
    /* Down from 35 on day 3: 32, 31, 30; up on day 4: the target at 30 + 2, the stop. */
    CHECK_INT(lab.fill_count, 5);
    lab_check_fill(&lab, 0, 3, 1, 32);
    lab_check_fill(&lab, 1, 3, 1, 31);
    lab_check_fill(&lab, 2, 3, 30, 30);
    lab_check_fill(&lab, 3, 4, -30, 32);
    lab_check_fill(&lab, 4, 4, 30, 36.66666667);
    CHECK_INT(lab.orders[2].last.stop.raw, LAB_RAW(20)); /* of the stop-loss */
    lab_check_order(&lab, 2, QB_ORDER_CANCELLED, QB_REASON_OCO);
    lab_clear(&lab);
    qb_series_clear(&series);
}

/* ---- finer bars --------------------------------------------------------------------------- */

/* A day that opened at 100, with 111 and 94: its own path goes by 94 first. Its hours say that 111
 * came first. */
static void finer_bars(void)
{
    lab_use(ask_at_first);
    asked[0] = (qb_order_request){
        .side = QB_BUY, .take_profit = {QB_EXIT_PRICE, 110}, .stop_loss = {QB_EXIT_PRICE, 95}};
    asked[1] = (qb_order_request){0};
    qb_instrument coin = lab_coin(QB_1D);
    qb_engine_config config = lab_config(&coin, 1);
    qb_series series = {0}, hours = {0};
    lab_bar_day(&series, 0, 100, 100, 100, 100, NAN);
    lab_bar_day(&series, 1, 100, 111, 94, 100, NAN);
    add(&hours, "2019-12-31T23:00Z", 50, 50, 50, 50); /* of no bar */
    add(&hours, "2020-01-02T00:00Z", 100, 104, 99, 104);
    add(&hours, "2020-01-02T05:00Z", 104, 111, 103, 110);
    add(&hours, "2020-01-02T06:00Z", 110, 110, 94, 100);

    qb_series_feed *feed = NULL;
    qb_engine *engine = NULL;
    CHECK_OK(qb_series_feed_new(&coin, &series, 1, &feed));
    CHECK_INT(qb_series_feed_detail(feed, &hours, QB_1D), QB_OUT_OF_RANGE);
    CHECK_OK(qb_series_feed_detail(feed, &hours, QB_1H));
    CHECK_OK(qb_engine_new(&config, NULL, &engine));
    const qb_feed source = qb_series_feed_as_feed(feed);
    CHECK_OK(qb_engine_run(engine, &source));
    CHECK_INT(qb_engine_portfolio(engine)->cash.raw, LAB_RAW(10100)); /* 10 x 10 */
    qb_engine_free(engine);
    qb_series_feed_free(feed);

    lab lab = lab_run(&config, &series); /* and without them */
    lab_check_fill(&lab, 1, 1, -10, 95);
    lab_clear(&lab);
    qb_series_clear(&series);
    qb_series_clear(&hours);
}

/* ---- calendars that overlap --------------------------------------------------------------- */

/* The share decides at its close, 21:00, while the coin's day is under way, whose low of 90 may have
 * been before: the order takes part from the coin's next day on. */
static void ask_other(const qb_context *context, uint32_t instrument)
{
    if (instrument != 0 || lab_bar_index(context, 0) != 0)
        return;
    context->host->submit(context, &(qb_order_request){
                                       .struct_size = sizeof(qb_order_request),
                                       .instrument = 1,
                                       .side = QB_BUY,
                                       .type = QB_LIMIT,
                                       .size = lab_units(1),
                                       .limit = 95,
                                   });
}

static void bar_under_way(void)
{
    lab_use(ask_other);
    qb_instrument both[] = {lab_share(), lab_coin(QB_1D)};
    qb_engine_config config = lab_config(both, 2);
    qb_series series[2] = {{0}, {0}};
    add(&series[0], "2020-01-02", 50, 50, 50, 50);
    add(&series[0], "2020-01-03", 50, 50, 50, 50);
    add(&series[1], "2020-01-01", 100, 100, 100, 100);
    add(&series[1], "2020-01-02", 100, 101, 90, 100);
    add(&series[1], "2020-01-03", 100, 101, 92, 100);
    lab lab = lab_run(&config, series);
    CHECK_OK(lab.status);
    CHECK_INT(lab.fill_count, 1);
    check_time(&lab, 0, "2020-01-04T00:00Z", 95);
    lab_clear(&lab);
    qb_series_clear(&series[0]);
    qb_series_clear(&series[1]);
}

static const tap_case cases[] = {
    {"/engine/sessions/half-day", half_day},
    {"/engine/sessions/over-the-weekend", over_the_weekend},
    {"/engine/sessions/within-the-session", within_the_session},
    {"/engine/sessions/splits", splits},
    {"/engine/sessions/finer-bars", finer_bars},
    {"/engine/sessions/bar-under-way", bar_under_way},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
