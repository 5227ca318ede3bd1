/* Two series against each other: every planted difference gets its cause, and real pairs theirs. */
#include "allocations.h"
#include "core/market/market.h"
#include "price_file.h"
#include "tap.h"

#define TOLERANCE 0.001

/* ---- series --------------------------------------------------------------------------------- */

/* Roughly normal, with a deviation of 1. */
static double noise(qb_random *random)
{
    double sum = 0;
    for (int i = 0; i < 12; i++)
        sum += qb_random_unit(random);
    return sum - 6;
}

/* Bars of the calendar from 2010 on, moving by `usual` each. */
static qb_series walk(const char *calendar, qb_interval interval, size_t count, double usual)
{
    const int64_t step_us = interval == QB_1D ? QB_DAY_US : qb_interval_us(interval);
    qb_random random = {7};
    qb_series series = {0};
    double close = 80;
    for (int64_t ts_us = 14610 * QB_DAY_US; series.count < count; ts_us += step_us) {
        qb_bar_time times;
        if (!qb_bar_times(qb_calendar_find(calendar), interval, ts_us, &times))
            continue;
        qb_bar bar = {.ts_us = ts_us, .split_factor = 1, .open = close};
        close = bar.close = close * exp(usual * noise(&random));
        bar.high = fmax(bar.open, bar.close) * (1 + 0.3 * usual);
        bar.low = fmin(bar.open, bar.close) * (1 - 0.3 * usual);
        bar.volume = 1e6 * exp(0.4 * noise(&random));
        CHECK_OK(qb_series_append(&series, &bar));
    }
    return series;
}

static qb_series copy_of(const qb_series *series)
{
    qb_series copy = {0};
    for (size_t row = 0; row < series->count; row++) {
        const qb_bar bar = qb_series_bar(series, row);
        CHECK_OK(qb_series_append(&copy, &bar));
    }
    return copy;
}

static void scale(qb_series *series, size_t from, size_t to, double factor)
{
    for (size_t row = from; row < to; row++) {
        series->open[row] *= factor;
        series->high[row] *= factor;
        series->low[row] *= factor;
        series->close[row] *= factor;
    }
}

static void drop(qb_series *series, size_t from, size_t to)
{
    qb_series kept = {0};
    for (size_t row = 0; row < series->count; row++) {
        const qb_bar bar = qb_series_bar(series, row);
        if (row < from || row >= to)
            CHECK_OK(qb_series_append(&kept, &bar));
    }
    qb_series_clear(series);
    *series = kept;
}

static qb_comparison compare(const qb_series *first, const qb_series *second, const char *calendar,
                             qb_interval interval)
{
    qb_comparison out = {0};
    const qb_compare_how how = {qb_calendar_find(calendar), interval, TOLERANCE};
    CHECK_OK(qb_compare(first, second, &how, &out));
    return out;
}

/* A pair of series, the second of which the test changes. */
typedef struct pair {
    qb_series first, second;
    const char *calendar;
    qb_interval interval;
} pair;

static pair pair_of(const char *calendar, qb_interval interval, size_t count, double usual)
{
    pair self = {.calendar = calendar, .interval = interval};
    self.first = walk(calendar, interval, count, usual);
    self.second = copy_of(&self.first);
    return self;
}

static pair daily_pair(void)
{
    return pair_of("XNYS", QB_1D, 600, 0.012);
}

static qb_comparison pair_compare(const pair *self)
{
    return compare(&self->first, &self->second, self->calendar, self->interval);
}

static void pair_end(pair *self, qb_comparison *comparison)
{
    qb_comparison_clear(comparison);
    qb_series_clear(&self->first);
    qb_series_clear(&self->second);
}

/* The item at that index: cause, from, to and how many. */
static const qb_difference *check_item(const qb_comparison *comparison, const qb_series *series,
                                       size_t index, qb_cause cause, size_t from, size_t to)
{
    static const qb_difference none = {0};
    CHECK(index < comparison->count);
    if (index >= comparison->count)
        return &none;
    const qb_difference *item = &comparison->items[index];
    CHECK_TEXT(qb_cause_text(item->cause), qb_cause_text(cause));
    CHECK_INT(item->from_us, series->ts_us[from]);
    CHECK_INT(item->to_us, series->ts_us[to]);
    CHECK_INT(item->rows, to - from + 1);
    return item;
}

/* ---- planted -------------------------------------------------------------------------------- */

static void equal_series(void)
{
    pair pair = daily_pair();
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.count, 0);
    CHECK_INT(out.shared, 600);
    CHECK_INT(out.agreeing, 600);
    CHECK_NEAR(out.usual, 0, 0);
    CHECK_NEAR(out.volume_ratio, 1, 0);
    CHECK_INT(out.from_us, pair.first.ts_us[0]);
    CHECK_INT(out.to_us, pair.first.ts_us[599]);
    pair_end(&pair, &out);
}

/* Prices of one are adjusted for 7:1 up to the day before, volumes along with them. */
static void split_basis(void)
{
    pair pair = daily_pair();
    scale(&pair.second, 0, 300, 1.0 / 7);
    for (size_t row = 0; row < 300; row++)
        pair.second.volume[row] *= 7;
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.count, 1);
    const qb_difference *item = check_item(&out, &pair.first, 0, QB_CAUSE_ADJUSTMENT, 0, 299);
    CHECK_NEAR(item->factor, 1.0 / 7, 1e-12);
    CHECK_INT(out.agreeing, 300);
    CHECK_INT(out.rows_of_cause[QB_CAUSE_ADJUSTMENT], 300);
    pair_end(&pair, &out);
}

/* Four dividends of half a per cent each: one basis after the other. */
static void dividend_basis(void)
{
    pair pair = daily_pair();
    for (size_t dividend = 1; dividend <= 4; dividend++)
        scale(&pair.second, 0, dividend * 100, 0.995);
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.count, 4);
    for (size_t i = 0; i < 4; i++) {
        const qb_difference *item = check_item(&out, &pair.first, i, QB_CAUSE_ADJUSTMENT, i * 100,
                                               i * 100 + 99);
        CHECK_NEAR(item->factor, pow(0.995, 4.0 - (double)i), 1e-12);
    }
    pair_end(&pair, &out);
}

static void bad_ticks(void)
{
    pair pair = daily_pair();
    pair.second.close[100] *= 1.2;
    pair.first.low[200] *= 0.7;
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.count, 2);
    const qb_difference *item = check_item(&out, &pair.first, 0, QB_CAUSE_BAD_TICK, 100, 100);
    CHECK_INT(item->which, QB_SECOND);
    CHECK_TEXT(item->field, "close");
    CHECK_NEAR(item->factor, 1.2, 1e-12);
    item = check_item(&out, &pair.first, 1, QB_CAUSE_BAD_TICK, 200, 200);
    CHECK_INT(item->which, QB_FIRST);
    CHECK_TEXT(item->field, "low");
    CHECK_INT(out.agreeing, 598);
    pair_end(&pair, &out);
}

/* A tick on another basis is one too, and does not cut its stretch. */
static void bad_tick_in_stretch(void)
{
    pair pair = daily_pair();
    scale(&pair.second, 0, 300, 0.5);
    scale(&pair.second, 150, 151, 3);
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.by_cause[QB_CAUSE_ADJUSTMENT], 1);
    CHECK_INT(out.by_cause[QB_CAUSE_BAD_TICK], 1);
    check_item(&out, &pair.first, 0, QB_CAUSE_ADJUSTMENT, 0, 299);
    pair_end(&pair, &out);
}

/* Half a per cent is less than the price usually moves: nobody can tell who is wrong. */
static void small_difference(void)
{
    pair pair = daily_pair();
    pair.second.close[100] *= 1.005;
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.count, 1);
    const qb_difference *item = check_item(&out, &pair.first, 0, QB_CAUSE_UNEXPLAINED, 100, 100);
    CHECK_INT(item->which, QB_NEITHER);
    pair_end(&pair, &out);
}

static void within_tolerance(void)
{
    pair pair = daily_pair();
    scale(&pair.second, 0, 600, 1.0009);
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.count, 0);
    CHECK_INT(out.agreeing, 600);
    pair_end(&pair, &out);
}

/* At a rate of exchange that moves half a per cent a day, and one that moves a fiftieth an hour. */
static void currency(void)
{
    static const struct {
        const char *calendar;
        qb_interval interval;
        double usual, moves;
    } cases[] = {{"XNYS", QB_1D, 0.012, 0.005}, {"24/7", QB_1H, 0.004, 0.0002}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pair pair = pair_of(cases[i].calendar, cases[i].interval, 2000, cases[i].usual);
        qb_random random = {3};
        double rate = 1.31;
        for (size_t row = 0; row < 2000; row++) {
            rate *= exp(cases[i].moves * noise(&random));
            scale(&pair.second, row, row + 1, rate);
        }
        qb_comparison out = pair_compare(&pair);
        CHECK_INT(out.by_cause[QB_CAUSE_CURRENCY], 1);
        CHECK_INT(out.by_cause[QB_CAUSE_ADJUSTMENT], 0);
        const qb_difference *item = check_item(&out, &pair.first, 0, QB_CAUSE_CURRENCY, 0, 1999);
        CHECK_NEAR(item->factor / 1.31, 1, 0.02);
        CHECK_NEAR(item->last_factor / rate, 1, 0.02);
        pair_end(&pair, &out);
    }
}

/* Days of 24 hours that begin `shift` hours after midnight, under the dates on which most of them
 * lies. */
static qb_series days_of(const qb_series *hours, int shift)
{
    qb_series days = {0};
    for (int64_t from_us = hours->ts_us[0] + (shift + 24) * QB_HOUR_US;; from_us += QB_DAY_US) {
        const size_t from = qb_series_lower_bound(hours, from_us);
        const size_t to = qb_series_lower_bound(hours, from_us + QB_DAY_US);
        if (to >= hours->count)
            return days;
        if (from == to)
            continue;
        qb_bar bar = qb_series_bar(hours, from);
        bar.ts_us = from_us - shift * QB_HOUR_US;
        bar.close = hours->close[to - 1];
        for (size_t row = from; row < to; row++) {
            bar.high = fmax(bar.high, hours->high[row]);
            bar.low = fmin(bar.low, hours->low[row]);
        }
        CHECK_OK(qb_series_append(&days, &bar));
    }
}

static void check_hours(const qb_series *hours, int shift, double slack)
{
    qb_series first = days_of(hours, 0), second = days_of(hours, shift);
    qb_comparison out = compare(&first, &second, "24/7", QB_1D);
    CHECK_INT(out.by_cause[QB_CAUSE_OTHER_HOUR], 1);
    for (size_t i = 0; i < out.count; i++)
        if (out.items[i].cause == QB_CAUSE_OTHER_HOUR)
            CHECK_NEAR(out.items[i].hours, shift, slack);
    qb_comparison_clear(&out);
    qb_series_clear(&first);
    qb_series_clear(&second);
}

static void other_hour(void)
{
    qb_series hours = walk("24/7", QB_1H, 24 * 700, 0.005);
    check_hours(&hours, 5, 2);
    check_hours(&hours, -7, 2);
    check_hours(&hours, 12, 3);
    check_hours(&hours, 24, 0);
    check_hours(&hours, -24, 0);
    qb_series_clear(&hours);
}

/* Real hours of two years, closed at midnight UTC and at other hours. */
static void real_other_hour(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is not set");
    price_file file = price_file_read(tap_shared(), "data/crypto/hourly/BTCUSD_coinbase.csv", "ts",
                                      PRICE_FILE_VOLUME);
    size_t moved, dropped;
    file.series.capacity = file.series.count;
    CHECK_OK(qb_series_sort(&file.series, &moved, &dropped));
    check_hours(&file.series, 5, 3);
    check_hours(&file.series, -8, 3);
    price_file_clear(&file);
}

static void other_close(void)
{
    pair pair = daily_pair();
    qb_random random = {5};
    for (size_t row = 0; row < 600; row++)
        pair.second.close[row] *= exp(0.003 * noise(&random));
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.by_cause[QB_CAUSE_OTHER_CLOSE], 1);
    CHECK_INT(out.by_cause[QB_CAUSE_BAD_TICK], 0);
    pair_end(&pair, &out);
}

static void other_market(void)
{
    pair pair = daily_pair();
    qb_random random = {5};
    for (size_t row = 0; row < 600; row++)
        scale(&pair.second, row, row + 1, exp(0.003 * noise(&random)));
    pair.second.close[300] *= 1.3;
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.by_cause[QB_CAUSE_OTHER_MARKET], 1);
    CHECK_INT(out.by_cause[QB_CAUSE_OTHER_HOUR], 0);
    CHECK_INT(out.by_cause[QB_CAUSE_BAD_TICK], 1);
    CHECK_INT(out.count, 2);
    CHECK(out.usual > 0.002 && out.usual < 0.006);
    pair_end(&pair, &out);
}

/* Another market and a split: the step is far beyond what is usual. */
static void other_market_and_split(void)
{
    pair pair = daily_pair();
    qb_random random = {5};
    for (size_t row = 0; row < 600; row++)
        scale(&pair.second, row, row + 1, exp(0.003 * noise(&random)) * (row < 250 ? 0.5 : 1));
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.by_cause[QB_CAUSE_ADJUSTMENT], 1);
    const qb_difference *item = check_item(&out, &pair.first, 0, QB_CAUSE_ADJUSTMENT, 0, 249);
    CHECK_NEAR(item->factor, 0.5, 0.002);
    pair_end(&pair, &out);
}

static void missing_bars(void)
{
    pair pair = daily_pair();
    drop(&pair.second, 100, 103);
    drop(&pair.first, 300, 301);
    drop(&pair.second, 0, 10); /* before the second begins: no difference */
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.count, 2);
    CHECK_INT(out.only_first, 3);
    CHECK_INT(out.only_second, 1);
    const qb_difference *item = check_item(&out, &pair.first, 0, QB_CAUSE_MISSING, 100, 102);
    CHECK_INT(item->which, QB_SECOND);
    CHECK_NEAR(item->first, pair.first.close[100], 0);
    CHECK_NEAR(item->second, NAN, 0);
    CHECK_INT(out.items[1].which, QB_FIRST);
    CHECK_INT(out.items[1].rows, 1);
    pair_end(&pair, &out);
}

/* The Friday after Thanksgiving 2010 closes at 13:00, an hour's bar of New York starts at 18:00
 * UTC: bars from there on are after the session, one at 15:00 UTC is missing. */
static void session_bars(void)
{
    pair pair = pair_of("XNYS", QB_1H, 1700, 0.004);
    const int64_t friday_us = 14939 * QB_DAY_US; /* 2010-11-26 */
    const size_t row = qb_series_lower_bound(&pair.first, friday_us + 15 * QB_HOUR_US);
    CHECK_INT(pair.first.ts_us[row], friday_us + 15 * QB_HOUR_US);
    drop(&pair.second, row, row + 1);
    qb_series longer = {0};
    for (size_t i = 0; i < pair.first.count; i++) {
        qb_bar bar = qb_series_bar(&pair.first, i);
        CHECK_OK(qb_series_append(&longer, &bar));
        for (int hour = 18; bar.ts_us == friday_us + 17 * QB_HOUR_US && hour < 21; hour++) {
            qb_bar late = bar;
            late.ts_us = friday_us + hour * QB_HOUR_US;
            CHECK_OK(qb_series_append(&longer, &late));
        }
    }
    qb_comparison out = compare(&longer, &pair.second, "XNYS", QB_1H);
    CHECK_INT(out.count, 2);
    CHECK_TEXT(qb_cause_text(out.items[0].cause), "missing");
    CHECK_TEXT(qb_cause_text(out.items[1].cause), "session");
    CHECK_INT(out.items[1].rows, 3);
    CHECK_INT(out.items[1].from_us, friday_us + 18 * QB_HOUR_US);
    CHECK_INT(out.items[1].which, QB_SECOND);
    qb_series_clear(&longer);
    pair_end(&pair, &out);
}

static void volume_units(void)
{
    pair pair = daily_pair();
    for (size_t row = 0; row < 400; row++)
        pair.second.volume[row] /= 100;
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.count, 1);
    const qb_difference *item = check_item(&out, &pair.first, 0, QB_CAUSE_VOLUME_UNITS, 0, 399);
    CHECK_NEAR(item->factor, 0.01, 1e-12);
    CHECK_INT(item->which, QB_NEITHER);
    CHECK_INT(out.agreeing, 600);
    pair_end(&pair, &out);
}

static void volume_in_money(void)
{
    for (int turn = 0; turn < 2; turn++) {
        pair pair = daily_pair();
        qb_series *series = turn == 0 ? &pair.first : &pair.second;
        for (size_t row = 0; row < 600; row++)
            series->volume[row] *= series->close[row] * 1.002;
        qb_comparison out = pair_compare(&pair);
        CHECK_INT(out.count, 1);
        const qb_difference *item = check_item(&out, &pair.first, 0, QB_CAUSE_VOLUME_UNITS, 0, 599);
        CHECK_INT(item->which, turn == 0 ? QB_FIRST : QB_SECOND);
        pair_end(&pair, &out);
    }
}

/* Volumes that two markets counted are no other unit. */
static void other_volumes(void)
{
    pair pair = daily_pair();
    qb_random random = {5};
    for (size_t row = 0; row < 600; row++)
        pair.second.volume[row] *= exp(-1 + 0.5 * noise(&random));
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.count, 0);
    CHECK(out.volume_ratio > 0.3 && out.volume_ratio < 0.45); /* 1/e is 0.37 */
    pair_end(&pair, &out);
}

/* ---- edges ---------------------------------------------------------------------------------- */

static void nothing_in_common(void)
{
    const qb_series none = {0};
    pair pair = daily_pair();
    qb_comparison out = compare(&none, &pair.second, "XNYS", QB_1D);
    CHECK_INT(out.count, 0);
    CHECK_INT(out.shared, 0);
    CHECK(out.from_us > out.to_us);
    qb_comparison_clear(&out);
    drop(&pair.first, 300, 600);
    drop(&pair.second, 0, 300);
    out = pair_compare(&pair);
    CHECK_INT(out.count, 0);
    CHECK_INT(out.shared, 0);
    CHECK(out.from_us > out.to_us);
    pair_end(&pair, &out);
}

/* Each number of bars that both have, down to one, with a difference in it. */
static void few_bars(void)
{
    for (size_t count = 1; count <= 30; count++) {
        pair pair = pair_of("XNYS", QB_1D, count, 0.012);
        pair.second.close[count / 2] *= 1.5;
        qb_comparison out = pair_compare(&pair);
        CHECK_INT(out.shared, count);
        CHECK_INT(out.agreeing, count - 1);
        pair_end(&pair, &out);
    }
}

static void unfit_bars(void)
{
    pair pair = daily_pair();
    pair.first.open[7] = 0;
    pair.second.close[9] = NAN;
    pair.second.high[11] = INFINITY;
    qb_comparison out = pair_compare(&pair);
    CHECK_INT(out.unfit, 3);
    CHECK_INT(out.shared, 597);
    CHECK_INT(out.count, 0);
    pair_end(&pair, &out);
}

static void refusals(void)
{
    static const double tolerances[] = {0, -0.1, 1, NAN, INFINITY};
    pair pair = daily_pair();
    qb_comparison out = {.count = 77};
    for (size_t i = 0; i < sizeof tolerances / sizeof *tolerances; i++) {
        const qb_compare_how how = {qb_calendar_find("XNYS"), QB_1D, tolerances[i]};
        CHECK_INT(qb_compare(&pair.first, &pair.second, &how, &out), QB_OUT_OF_RANGE);
    }
    const qb_compare_how how = {qb_calendar_find("XNYS"), QB_1D, TOLERANCE};
    pair.second.ts_us[5] = pair.second.ts_us[4];
    CHECK_INT(qb_compare(&pair.first, &pair.second, &how, &out), QB_OUT_OF_ORDER);
    CHECK_INT(out.count, 77);
    out = (qb_comparison){0};
    pair_end(&pair, &out);
}

static void failing_allocations(void)
{
    pair pair = daily_pair();
    const qb_compare_how how = {qb_calendar_find("XNYS"), QB_1D, TOLERANCE};
    scale(&pair.second, 0, 100, 0.5);
    for (size_t row = 110; row < 600; row += 4) /* more items than fit at first */
        pair.second.close[row] *= 1.4;
    int failing = 0;
    for (bool failed = true; failed; failing++) {
        qb_comparison out = {.count = 77};
        allocations_begin(failing);
        const qb_status status = qb_compare(&pair.first, &pair.second, &how, &out);
        failed = allocations_failed();
        CHECK_INT(status, failed ? QB_NO_MEMORY : QB_OK);
        if (failed)
            CHECK_INT(out.count, 77);
        else
            qb_comparison_clear(&out);
        CHECK_INT(allocations_end(), 0);
    }
    CHECK(failing > 15);
    qb_series_clear(&pair.first);
    qb_series_clear(&pair.second);
}

/* Exchanged, the same is found with the ratios turned over. */
static void symmetry(void)
{
    pair pair = daily_pair();
    scale(&pair.second, 0, 200, 0.25);
    pair.second.close[400] *= 1.2;
    drop(&pair.second, 300, 305);
    qb_comparison there = compare(&pair.first, &pair.second, "XNYS", QB_1D);
    qb_comparison back = compare(&pair.second, &pair.first, "XNYS", QB_1D);
    CHECK_INT(there.count, back.count);
    for (size_t i = 0; i < there.count && i < back.count; i++) {
        CHECK_INT(there.items[i].cause, back.items[i].cause);
        CHECK_INT(there.items[i].from_us, back.items[i].from_us);
        CHECK_INT(there.items[i].to_us, back.items[i].to_us);
        CHECK_NEAR(there.items[i].factor * back.items[i].factor,
                   there.items[i].cause == QB_CAUSE_MISSING ? NAN : 1, 1e-12);
    }
    qb_comparison_clear(&back);
    pair_end(&pair, &there);
}

/* ---- real pairs ----------------------------------------------------------------------------- */

typedef struct real_pair {
    price_file first, second;
    qb_comparison out;
} real_pair;

static real_pair compare_files(const char *first, const char *second, const char *calendar)
{
    real_pair self = {
        .first = price_file_read(tap_shared(), first, "date", PRICE_FILE_VOLUME),
        .second = price_file_read(tap_shared(), second, "date", PRICE_FILE_VOLUME),
    };
    self.out = compare(&self.first.series, &self.second.series, calendar, QB_1D);
    return self;
}

static void real_pair_end(real_pair *self)
{
    qb_comparison_clear(&self->out);
    price_file_clear(&self->first);
    price_file_clear(&self->second);
}

static int64_t day(int year, int month, int day_of_month)
{
    return qb_date_from_civil((qb_civil){year, month, day_of_month}) * QB_DAY_US;
}

/* Apple split 7:1 on 2014-06-09; 2010-04-01 is not in the adjusted file. */
static void apple_split_basis(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is not set");
    real_pair pair = compare_files("data/equities/daily_adjusted/AAPL.csv",
                                   "data/equities/daily_djia_splitadj/AAPL.csv", "XNYS");
    CHECK_INT(pair.out.by_cause[QB_CAUSE_ADJUSTMENT], 1);
    CHECK_INT(pair.out.by_cause[QB_CAUSE_CURRENCY], 0);
    CHECK_INT(pair.out.by_cause[QB_CAUSE_VOLUME_UNITS], 0);
    CHECK_INT(pair.out.by_cause[QB_CAUSE_MISSING], 1);
    const qb_difference *item = &pair.out.items[0];
    CHECK_TEXT(qb_cause_text(item->cause), "adjustment");
    CHECK_INT(item->to_us, day(2014, 6, 6)); /* the session before */
    CHECK_NEAR(item->factor * 7, 1, 1e-4);
    for (size_t i = 0; i < pair.out.count; i++) {
        if (pair.out.items[i].cause != QB_CAUSE_MISSING)
            continue;
        CHECK_INT(pair.out.items[i].from_us, day(2010, 4, 1));
        CHECK_INT(pair.out.items[i].which, QB_SECOND);
    }
    real_pair_end(&pair);
}

/* Raw prices in both, but one has its volumes in shares of after the splits of 2005 (2:1) and
 * 2014 (7:1). */
static void apple_volumes(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is not set");
    real_pair pair = compare_files("data/equities/daily_adjusted/AAPL.csv",
                                   "data/equities/daily_raw_2004_2014/AAPL.csv", "XNYS");
    size_t found = 0;
    static const double factors[] = {14, 7};
    for (size_t i = 0; i < pair.out.count; i++) {
        const qb_difference *item = &pair.out.items[i];
        if (item->cause != QB_CAUSE_VOLUME_UNITS || found == 2)
            continue;
        CHECK_NEAR(item->factor / factors[found], 1, 0.01);
        found++;
        if (found == 2)
            CHECK_INT(item->to_us, day(2014, 6, 6));
    }
    CHECK_INT(pair.out.by_cause[QB_CAUSE_VOLUME_UNITS], 2);
    CHECK_INT(pair.out.by_cause[QB_CAUSE_ADJUSTMENT], 0);
    CHECK_INT(pair.out.only_first + pair.out.only_second, 0);
    real_pair_end(&pair);
}

/* Two exchanges; of the first, 34 days between 2014-12-05 and 2015-01-18 are missing, and its first
 * weeks hold trades far from any market. */
static void bitcoin_exchanges(void)
{
    if (tap_shared() == NULL)
        SKIP("QUANTBOT_SHARED is not set");
    real_pair pair = compare_files("data/crypto/daily/BTCUSD_coinbase.csv",
                                   "data/crypto/daily/BTCUSD_bitstamp.csv", "24/7");
    CHECK_INT(pair.out.by_cause[QB_CAUSE_OTHER_MARKET], 1);
    CHECK_INT(pair.out.by_cause[QB_CAUSE_OTHER_HOUR], 0);
    CHECK_INT(pair.out.by_cause[QB_CAUSE_ADJUSTMENT], 0);
    CHECK_INT(pair.out.by_cause[QB_CAUSE_CURRENCY], 0);
    CHECK_INT(pair.out.by_cause[QB_CAUSE_VOLUME_UNITS], 0);
    CHECK_INT(pair.out.rows_of_cause[QB_CAUSE_MISSING], 34);
    CHECK_INT(pair.out.shared, 1318);
    real_pair_end(&pair);
}

int main(void)
{
    static const tap_case cases[] = {
        {"/compare/equal", equal_series},
        {"/compare/adjustment/split", split_basis},
        {"/compare/adjustment/dividends", dividend_basis},
        {"/compare/bad-tick", bad_ticks},
        {"/compare/bad-tick/in-stretch", bad_tick_in_stretch},
        {"/compare/small-difference", small_difference},
        {"/compare/within-tolerance", within_tolerance},
        {"/compare/currency", currency},
        {"/compare/other-hour", other_hour},
        {"/compare/other-hour/real", real_other_hour},
        {"/compare/other-close", other_close},
        {"/compare/other-market", other_market},
        {"/compare/other-market/and-split", other_market_and_split},
        {"/compare/missing", missing_bars},
        {"/compare/session", session_bars},
        {"/compare/volume/units", volume_units},
        {"/compare/volume/money", volume_in_money},
        {"/compare/volume/other", other_volumes},
        {"/compare/edges/nothing", nothing_in_common},
        {"/compare/edges/few", few_bars},
        {"/compare/edges/unfit", unfit_bars},
        {"/compare/edges/refusals", refusals},
        {"/compare/edges/memory", failing_allocations},
        {"/compare/symmetry", symmetry},
        {"/compare/real/apple-split", apple_split_basis},
        {"/compare/real/apple-volumes", apple_volumes},
        {"/compare/real/bitcoin", bitcoin_exchanges},
    };
    return tap_run(cases, sizeof cases / sizeof *cases);
}
