/* Finer bars within coarse ones: which of them belong to which bar, and when they do not serve. */
#include "lab.h"

#define MINUTE INT64_C(60000000)
#define HOUR (60 * MINUTE)

static void add(qb_series *series, int64_t ts_us, double open, double high, double low,
                double close)
{
    const qb_bar bar = {.ts_us = ts_us,
                        .open = open,
                        .high = high,
                        .low = low,
                        .close = close,
                        .volume = NAN,
                        .split_factor = 1};
    CHECK_OK(qb_series_append(series, &bar));
}

/* A bar of one price. */
static void dot(qb_series *series, int64_t ts_us, double price)
{
    add(series, ts_us, price, price, price, price);
}

/* The next instant at which the first instrument closes. */
static const qb_closed_bar *next_closed(const qb_feed *feed)
{
    static qb_instant instant;
    while (feed->next(feed->self, &instant))
        if (instant.bar_count > 0)
            return &instant.bars[0];
    return NULL;
}

/* ---- what belongs to a bar ----------------------------------------------------------------- */

static void hours_of_minutes(void)
{
    const qb_instrument coin = lab_coin(QB_1H);
    qb_series hours = {0}, minutes = {0};
    add(&hours, LAB_START, 100, 110, 90, 100);
    add(&hours, LAB_START + HOUR, 100, 105, 100, 105);
    add(&hours, LAB_START + 2 * HOUR, 105, 108, 101, 104);
    add(&hours, LAB_START + 3 * HOUR, 104, 104, 104, 104);
    dot(&minutes, LAB_START - MINUTE, 500); /* before the first bar */
    add(&minutes, LAB_START, 100, 110, 100, 109);
    add(&minutes, LAB_START + 2 * MINUTE, 109, 109, 90, 91); /* a minute without trades before it */
    dot(&minutes, LAB_START + 59 * MINUTE, 100);
    dot(&minutes, LAB_START + HOUR, 100);
    dot(&minutes, LAB_START + HOUR + MINUTE, 104);           /* the high of 105 is missing */
    add(&minutes, LAB_START + 2 * HOUR, 105, 109, 101, 104); /* one above the bar's */

    qb_series_feed *feed = NULL;
    CHECK_OK(qb_series_feed_new(&coin, &hours, 1, &feed));
    CHECK_OK(qb_series_feed_detail(feed, &minutes, QB_1M));
    const qb_feed source = qb_series_feed_as_feed(feed);
    const qb_closed_bar *bar = next_closed(&source);
    CHECK_INT(bar->detail_count, 3);
    CHECK_INT(bar->details[0].ts_us, LAB_START);
    CHECK_INT(bar->details[1].ts_us, LAB_START + 2 * MINUTE);
    CHECK_NEAR(bar->details[1].low, 90, 0);
    CHECK_INT(bar->details[2].ts_us, LAB_START + 59 * MINUTE);
    CHECK_INT(qb_series_feed_uncovered(feed, 0), 0);
    for (uint64_t i = 1; i <= 3; i++) { /* too low, too high, none at all */
        bar = next_closed(&source);
        CHECK(bar->details == NULL);
        CHECK_INT(bar->detail_count, 0);
        CHECK_INT(qb_series_feed_uncovered(feed, 0), i);
    }
    CHECK(next_closed(&source) == NULL);
    qb_series_feed_free(feed);
    qb_series_clear(&hours);
    qb_series_clear(&minutes);
}

/* Hours of a session: the first begins at 09:00, holds what is traded from 09:30 on, and so belongs
 * to the day. What stands outside of the session does not. */
static void days_of_hours(void)
{
    const qb_instrument share = lab_share();
    qb_series days = {0}, hours = {0};
    const int64_t day = INT64_C(1577923200000000); /* 2020-01-02: 14:30 to 21:00 UTC */
    add(&days, day, 100, 110, 90, 100);
    dot(&hours, day + 13 * HOUR, 300);
    add(&hours, day + 14 * HOUR, 100, 110, 100, 105);
    add(&hours, day + 20 * HOUR, 105, 105, 90, 100);
    dot(&hours, day + 21 * HOUR, 200);
    qb_series_feed *feed = NULL;
    CHECK_OK(qb_series_feed_new(&share, &days, 1, &feed));
    CHECK_OK(qb_series_feed_detail(feed, &hours, QB_1H));
    const qb_feed source = qb_series_feed_as_feed(feed);
    const qb_closed_bar *bar = next_closed(&source);
    CHECK_INT(bar->detail_count, 2);
    CHECK_INT(bar->details[0].ts_us, day + 14 * HOUR);
    CHECK_INT(bar->details[1].ts_us, day + 20 * HOUR);
    qb_series_feed_free(feed);

    feed = NULL;
    CHECK_OK(qb_series_feed_new(&share, &days, 1, &feed));
    CHECK_INT(qb_series_feed_detail(feed, &days, QB_1D), QB_OUT_OF_RANGE);
    CHECK_INT(qb_series_feed_detail(feed, &days, QB_1W), QB_OUT_OF_RANGE);
    qb_series_feed_free(feed);
    qb_series_clear(&days);
    qb_series_clear(&hours);
}

/* ---- what they decide ---------------------------------------------------------------------- */

static void bracket_once(const qb_context *context, uint32_t instrument)
{
    const qb_order_request request = {
        .struct_size = sizeof request,
        .instrument = instrument,
        .side = QB_BUY,
        .size = lab_units(1),
        .take_profit = {QB_EXIT_PRICE, 108},
        .stop_loss = {QB_EXIT_PRICE, 92},
    };
    if (lab_bar_index(context, instrument) == 0)
        context->host->submit(context, &request);
}

/* An hour from 100 to 110 and 90: a tie, so the adverse extreme comes first and the stop fills. Its
 * minutes went up first, and the target fills. */
static void the_order_of_stop_and_target(void)
{
    const qb_instrument coin = lab_coin(QB_1H);
    qb_engine_config config = lab_config(&coin, 1);
    config.strategy = &lab_strategy;
    qb_series hours = {0}, minutes = {0};
    dot(&hours, LAB_START, 100);
    add(&hours, LAB_START + HOUR, 100, 110, 90, 100);
    dot(&minutes, LAB_START + HOUR, 100);
    add(&minutes, LAB_START + HOUR + MINUTE, 100, 110, 100, 109);
    add(&minutes, LAB_START + HOUR + 2 * MINUTE, 109, 109, 90, 100);

    lab_use(bracket_once);
    lab coarse = lab_run(&config, &hours);
    CHECK_INT(coarse.fill_count, 2);
    CHECK_INT(coarse.fills[1].price.raw, LAB_RAW(92));
    lab_clear(&coarse);

    lab_use(bracket_once);
    qb_series_feed *feed = NULL;
    qb_engine *engine = NULL;
    qb_engine_totals totals;
    CHECK_OK(qb_series_feed_new(&coin, &hours, 1, &feed));
    CHECK_OK(qb_series_feed_detail(feed, &minutes, QB_1M));
    CHECK_OK(qb_engine_new(&config, NULL, &engine));
    const qb_feed source = qb_series_feed_as_feed(feed);
    CHECK_OK(qb_engine_run(engine, &source));
    CHECK_OK(qb_engine_finish(engine));
    qb_engine_totals_get(engine, &totals);
    CHECK_INT(totals.fills, 2);
    CHECK_INT(totals.cash.raw, config.cash.raw + LAB_RAW(8)); /* 100 to 108, no costs */
    qb_engine_free(engine);
    qb_series_feed_free(feed);
    qb_series_clear(&hours);
    qb_series_clear(&minutes);
}

static const tap_case cases[] = {
    {"/engine/details/hours-of-minutes", hours_of_minutes},
    {"/engine/details/days-of-hours", days_of_hours},
    {"/engine/details/the-order-of-stop-and-target", the_order_of_stop_and_target},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
