/* The merge of series into instants, against a slow plain version: every event of every bar,
 * sorted by moment, closes before opens, instruments ascending. */
#include "allocations.h"
#include "lab.h"

typedef struct event {
    int64_t at_us;
    int opens; /* 0: closes */
    uint32_t instrument;
    uint32_t missed;
    qb_bar bar;
} event;

static int in_order(const void *a, const void *b)
{
    const event *left = a, *right = b;
    if (left->at_us != right->at_us)
        return left->at_us < right->at_us ? -1 : 1;
    if (left->opens != right->opens)
        return left->opens - right->opens;
    return left->instrument < right->instrument ? -1 : 1;
}

/* ---- the plain version -------------------------------------------------------------------- */

static bool priced(const qb_bar *bar)
{
    const double prices[] = {bar->open, bar->high, bar->low, bar->close};
    for (int i = 0; i < 4; i++)
        if (!isfinite(prices[i]) || prices[i] <= 0)
            return false;
    return true;
}

static size_t plain_events(const qb_instrument *instruments, const qb_series *series,
                           uint32_t count, event *out)
{
    size_t events = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t before_us = INT64_MIN;
        for (size_t row = 0; row < series[i].count; row++) {
            qb_bar bar = qb_series_bar(&series[i], row);
            qb_bar_time time;
            if (!priced(&bar) ||
                !qb_bar_times(instruments[i].calendar, instruments[i].interval, bar.ts_us, &time))
                continue;
            uint32_t missed = 0;
            if (before_us != INT64_MIN)
                missed = (uint32_t)qb_expected_bars(
                    instruments[i].calendar, instruments[i].interval,
                    before_us + qb_interval_us(instruments[i].interval), bar.ts_us);
            out[events++] = (event){time.open_us, 1, i, missed, bar};
            out[events++] = (event){time.known_us, 0, i, missed, bar};
            before_us = bar.ts_us;
        }
    }
    qsort(out, events, sizeof *out, in_order);
    return events;
}

/* ---- random series ------------------------------------------------------------------------ */

static const struct {
    const char *calendar;
    qb_interval interval;
} kinds[] = {
    {"24/7", QB_1M},     {"24/7", QB_1H}, {"24/7", QB_1D},  {"XNYS", QB_1M},
    {"XNYS", QB_1H},     {"XNYS", QB_1D}, {"XNYS", QB_4H},  {"weekdays", QB_1D},
    {"weekdays", QB_1H}, {"24/7", QB_1W}, {"XNYS", QB_30M}, {"XNYS", QB_1W},
};

/* Rows on the UTC grid, many of them in no session, with holes, bad prices, splits and flags. */
static qb_series random_series(qb_random *random, qb_interval interval, size_t count, bool plain)
{
    qb_series series = {0};
    int64_t step_us = qb_interval_us(interval);
    /* 2020-01-06 is a Monday, so that weeks stand on their grid. */
    int64_t ts_us = LAB_START + 5 * QB_DAY_US;
    for (size_t i = 0; i < count; i++) {
        double price = 1.0 + 99.0 * qb_random_unit(random);
        qb_bar bar = {
            .ts_us = ts_us,
            .open = price,
            .high = price * 1.5,
            .low = price * 0.5,
            .close = price * 1.1,
            .volume = (double)(qb_random_next(random) % 5),
            .split_factor = 1.0,
        };
        if (qb_random_next(random) % 50 == 0)
            bar.low = qb_random_next(random) % 2 ? NAN : -1.0;
        if (!plain && qb_random_next(random) % 20 == 0)
            bar.split_factor = 2.0;
        if (!plain && qb_random_next(random) % 20 == 0)
            bar.dividend = 0.25;
        if (!plain && qb_random_next(random) % 20 == 0)
            bar.flags = QB_BAR_REPAIRED;
        CHECK_OK(qb_series_append(&series, &bar));
        ts_us += step_us;
        if (qb_random_next(random) % 8 == 0)
            ts_us += step_us * (int64_t)(qb_random_next(random) % 9);
    }
    return series;
}

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void check_opening(const qb_opening *got, const event *want)
{
    CHECK_INT(got->instrument, want->instrument);
    CHECK_INT(got->bars_missed, want->missed);
    CHECK_INT(got->bar_ts_us, want->bar.ts_us);
    CHECK_INT(got->flags, want->bar.flags);
    CHECK(got->price == want->bar.open && same_number(got->volume, want->bar.volume) &&
          got->dividend == want->bar.dividend && got->split_factor == want->bar.split_factor);
}

static void check_closed(const qb_closed_bar *got, const event *want)
{
    CHECK_INT(got->instrument, want->instrument);
    CHECK_INT(got->bars_missed, want->missed);
    CHECK_INT(got->bar.ts_us, want->bar.ts_us);
    CHECK_INT(got->bar.flags, want->bar.flags);
    CHECK(got->bar.open == want->bar.open && got->bar.high == want->bar.high &&
          got->bar.low == want->bar.low && got->bar.close == want->bar.close &&
          same_number(got->bar.volume, want->bar.volume) &&
          got->bar.dividend == want->bar.dividend &&
          got->bar.split_factor == want->bar.split_factor);
}

/* The instants of the feed, without stretches, are the events in their order. */
static void check_instants(const qb_feed *feed, const event *events, size_t count)
{
    size_t at = 0;
    qb_instant instant;
    while (feed->next(feed->self, &instant)) {
        for (size_t i = 0; i < instant.bar_count && at < count; i++, at++) {
            CHECK(events[at].opens == 0);
            CHECK_INT(instant.at_us, events[at].at_us);
            check_closed(&instant.bars[i], &events[at]);
        }
        for (size_t i = 0; i < instant.opening_count && at < count; i++, at++) {
            CHECK(events[at].opens == 1);
            CHECK_INT(instant.at_us, events[at].at_us);
            check_opening(&instant.openings[i], &events[at]);
        }
        CHECK(instant.bar_count + instant.opening_count > 0);
        CHECK(at >= count || events[at].at_us > instant.at_us);
        if (tap_failed > 0)
            return;
    }
    CHECK_INT(at, count);
    CHECK(!feed->next(feed->self, &instant));
}

static void merges(void)
{
    qb_random random = {11};
    enum { MOST = 150, ROWS = 120 };
    static const uint32_t counts[] = {1, 2, 5, 63, 64, 65, MOST};
    qb_instrument instruments[MOST];
    qb_series series[MOST];
    event *events = calloc(2 * MOST * ROWS, sizeof *events);
    CHECK(events != NULL);
    for (int round = 0; round < 42 && tap_failed == 0 && events != NULL; round++) {
        uint32_t count = counts[round % 7];
        for (uint32_t i = 0; i < count; i++) {
            size_t kind = qb_random_next(&random) % (sizeof kinds / sizeof *kinds);
            instruments[i] = lab_coin(kinds[kind].interval);
            instruments[i].calendar = qb_calendar_find(kinds[kind].calendar);
            series[i] = random_series(&random, kinds[kind].interval, qb_random_next(&random) % ROWS,
                                      round % 2 == 0);
        }
        size_t event_count = plain_events(instruments, series, count, events);
        qb_series_feed *feed = NULL;
        CHECK_OK(qb_series_feed_new(instruments, series, count, &feed));
        const qb_feed source = qb_series_feed_as_feed(feed);
        check_instants(&source, events, event_count);
        for (uint32_t i = 0; i < count; i++) {
            size_t left_out =
                (size_t)(qb_series_feed_skipped(feed, i) + qb_series_feed_unpriced(feed, i));
            size_t delivered = 0;
            for (size_t k = 0; k < event_count; k++)
                delivered += events[k].opens && events[k].instrument == i;
            CHECK_INT(delivered + left_out, series[i].count);
        }
        qb_series_feed_free(feed);
        for (uint32_t i = 0; i < count; i++)
            qb_series_clear(&series[i]);
    }
    free(events);
}

/* Stretches and instants taken as they come are the same events as instants alone. */
static void stretches(void)
{
    qb_random random = {5};
    size_t rows_in_stretches = 0;
    event *events = calloc(2 * 4000, sizeof *events);
    for (int round = 0; round < 24 && tap_failed == 0 && events != NULL; round++) {
        size_t kind = (size_t)round % (sizeof kinds / sizeof *kinds);
        qb_instrument instrument = lab_coin(kinds[kind].interval);
        instrument.calendar = qb_calendar_find(kinds[kind].calendar);
        qb_series series = random_series(&random, kinds[kind].interval, 4000, true);
        size_t count = plain_events(&instrument, &series, 1, events), at = 0;
        qb_series_feed *feed = NULL;
        CHECK_OK(qb_series_feed_new(&instrument, &series, 1, &feed));
        const qb_feed source = qb_series_feed_as_feed(feed);
        for (;;) {
            qb_stretch stretch;
            qb_instant instant;
            if (source.stretch(source.self, &stretch)) {
                CHECK(stretch.count > 0);
                rows_in_stretches += stretch.count;
                for (size_t row = 0; row < stretch.count; row++, at += 2) {
                    const event *closes = &events[at], *opens = &events[at + 1];
                    CHECK(at + 1 < count && closes->opens == 0 && opens->opens == 1);
                    CHECK_INT(stretch.ts_us[row], closes->bar.ts_us);
                    CHECK_INT(stretch.ts_us[row] + stretch.interval_us, closes->at_us);
                    CHECK_INT(stretch.ts_us[row + 1], opens->bar.ts_us);
                    CHECK_INT(stretch.ts_us[row + 1], opens->at_us);
                    CHECK_INT(opens->missed, 0);
                    CHECK(stretch.close[row] == closes->bar.close);
                    CHECK(stretch.open[row + 1] == opens->bar.open);
                }
            } else if (source.next(source.self, &instant)) {
                at += instant.bar_count + instant.opening_count;
            } else {
                break;
            }
        }
        CHECK_INT(at, count);
        qb_series_feed_free(feed);
        qb_series_clear(&series);
    }
    CHECK(rows_in_stretches > 10000);
    free(events);
}

static void edges(void)
{
    qb_instrument coin = lab_coin(QB_1D);
    qb_series empty = {0};
    qb_series_feed *feed = NULL;
    qb_instant instant;
    CHECK_INT(qb_series_feed_new(&coin, &empty, 0, &feed), QB_OUT_OF_RANGE);
    CHECK_OK(qb_series_feed_new(&coin, &empty, 1, &feed));
    const qb_feed source = qb_series_feed_as_feed(feed);
    CHECK(!source.next(source.self, &instant));
    qb_series_feed_free(feed);
    qb_series_feed_free(NULL);

    /* A series that is not sorted is found out by the engine. */
    qb_series unsorted = {0};
    lab_day(&unsorted, 5, 1, 1);
    lab_day(&unsorted, 3, 1, 1);
    lab_day(&unsorted, 4, 1, 1);
    lab_bar = NULL;
    qb_engine_config config = lab_config(&coin, 1);
    lab lab = lab_run(&config, &unsorted);
    CHECK_INT(lab.status, QB_OUT_OF_ORDER);
    lab_clear(&lab);
    qb_series_clear(&unsorted);
}

/* Quotes are those of the close; what is unknown is no number, and nothing is left of the row
 * before. */
static void quotes(void)
{
    qb_instrument coin = lab_coin(QB_1D);
    qb_series series = {0};
    for (int day = 0; day < 3; day++)
        lab_day(&series, day, 10, 10);
    double bid[] = {9.5, NAN, 9.75}, ask[] = {10.5, 10.25, NAN};
    series.bid = bid;
    series.ask = ask;
    qb_series_feed *feed = NULL;
    CHECK_OK(qb_series_feed_new(&coin, &series, 1, &feed));
    const qb_feed source = qb_series_feed_as_feed(feed);
    qb_stretch stretch;
    qb_instant instant;
    size_t row = 0;
    while (source.next(source.self, &instant)) {
        CHECK(!source.stretch(source.self, &stretch)); /* it has no quotes */
        for (size_t i = 0; i < instant.opening_count; i++)
            CHECK(instant.openings[i].bid == 0.0 && instant.openings[i].ask == 0.0);
        for (size_t i = 0; i < instant.bar_count; i++, row++) {
            const qb_closed_bar *bar = &instant.bars[i];
            CHECK(isnan(bid[row]) ? isnan(bar->bid) : bar->bid == bid[row]);
            CHECK(isnan(ask[row]) ? isnan(bar->ask) : bar->ask == ask[row]);
        }
    }
    CHECK_INT(row, 3);
    qb_series_feed_free(feed);
    series.bid = series.ask = NULL;
    qb_series_clear(&series);
}

static void allocation_failure(void)
{
    qb_instrument coins[] = {lab_coin(QB_1D), lab_coin(QB_1D)};
    qb_series series[2] = {{0}, {0}};
    lab_day(&series[0], 0, 1, 1);
    lab_day(&series[1], 0, 1, 1);
    for (int failing = 0;; failing++) {
        qb_series_feed *feed = NULL;
        allocations_begin(failing);
        qb_status status = qb_series_feed_new(coins, series, 2, &feed);
        bool failed = allocations_failed();
        qb_series_feed_free(feed);
        CHECK_INT(allocations_end(), 0);
        CHECK_INT(status, failed ? QB_NO_MEMORY : QB_OK);
        CHECK(!failed || feed == NULL);
        if (!failed)
            break;
    }
    qb_series_clear(&series[0]);
    qb_series_clear(&series[1]);
}

static const tap_case cases[] = {
    {"/engine/feed/merges", merges},
    {"/engine/feed/stretches", stretches},
    {"/engine/feed/edges", edges},
    {"/engine/feed/quotes", quotes},
    {"/engine/feed/allocation-failure", allocation_failure},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
