/* Resampling: bars by hand, publishers' own coarser files, a slow plain version over every pair of
 * intervals and calendar, and what a reader of half the series may know. */
#include "allocations.h"
#include "core/market/market.h"
#include "tap.h"

#include <zlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static int64_t at(const char *text)
{
    int64_t us = 0;
    CHECK_OK(qb_time_from_text(text, strlen(text), &us));
    return us;
}

static void append(qb_series *series, qb_bar bar)
{
    CHECK_OK(qb_series_append(series, &bar));
}

/* Both series bar by bar; volumes within a few roundings, all else exactly. */
static int differences(const qb_series *got, const qb_series *want)
{
    int count = got->count != want->count;
    for (size_t i = 0; i < got->count && i < want->count; i++) {
        qb_bar a = qb_series_bar(got, i), b = qb_series_bar(want, i);
        bool volume = isnan(a.volume) ? isnan(b.volume)
                                      : fabs(a.volume - b.volume) <= 1e-9 * fabs(b.volume);
        bool same = a.ts_us == b.ts_us && a.open == b.open && a.high == b.high && a.low == b.low &&
                    a.close == b.close && volume && fabs(a.dividend - b.dividend) <= 1e-12 &&
                    a.split_factor == b.split_factor && a.flags == b.flags;
        if (!same && count++ == 0) {
            char text[QB_TIME_TEXT];
            printf("# first difference: bar %zu of %zu, %s\n", i, want->count,
                   qb_time_to_text(a.ts_us, text));
        }
    }
    return count;
}

/* ---- by hand ------------------------------------------------------------------------------ */

/* AAPL 2000-06-19..23, with the 2:1 split of the Wednesday (Alpha Vantage's raw bars). In shares of
 * after the split Monday is 45.28 48.935 44.905 48.31 7035800, Tuesday 49.25 51.97 49.185 50.625
 * 8953400; the high of the week is Thursday's 57.63, the low Monday's. */
static void split_within_a_week(void)
{
    static const qb_bar days[] = {
        {.open = 90.56, .high = 97.87, .low = 89.81, .close = 96.62, .volume = 3517900},
        {.open = 98.5, .high = 103.94, .low = 98.37, .close = 101.25, .volume = 4476700},
        {.open = 50.5, .high = 56.94, .low = 50.31, .close = 55.63, .volume = 4375000},
        {.open = 55.75, .high = 57.63, .low = 53.56, .close = 53.75, .volume = 8352000},
        {.open = 53.78, .high = 54.63, .low = 50.81, .close = 51.69, .volume = 3660100},
    };
    qb_series fine = {0}, weeks = {0};
    for (size_t i = 0; i < COUNT_OF(days); i++) {
        qb_bar day = days[i];
        day.ts_us = at("2000-06-19") + (int64_t)i * QB_DAY_US;
        day.split_factor = i == 2 ? 2 : 1;
        day.dividend = i == 0 ? 0.5 : i == 4 ? 0.125 : 0;
        append(&fine, day);
    }
    qb_resampled report;
    CHECK_OK(
        qb_resample(&fine, QB_1D, QB_1W, qb_calendar_find("XNYS"), INT64_MAX, &weeks, &report));
    CHECK_INT(weeks.count, 1);
    qb_bar week = qb_series_bar(&weeks, 0);
    CHECK_INT(week.ts_us, at("2000-06-19"));
    CHECK_NEAR(week.open, 45.28, 0);
    CHECK_NEAR(week.high, 57.63, 0);
    CHECK_NEAR(week.low, 44.905, 0);
    CHECK_NEAR(week.close, 51.69, 0);
    CHECK_NEAR(week.volume, 7035800 + 8953400 + 4375000 + 8352000 + 3660100, 0);
    CHECK_NEAR(week.split_factor, 2, 0);
    CHECK_NEAR(week.dividend, 0.25 + 0.125, 0); /* half a dollar an old share */
    CHECK_INT(report.used, 5);
    CHECK_INT(report.partial, 0);
    qb_series_clear(&weeks);
    qb_series_clear(&fine);
}

/* AAPL's hourly bars of 2014-06-06 and 2014-06-09, 7:1 before the second open (QuantConnect/Lean):
 * the split stands on the first bar of its day, so the days' bars keep their own shares. The week
 * of 2014-06-09 is not over, that of the 6th misses four days. */
static void split_at_an_open(void)
{
    static const struct {
        const char *ts;
        double open, high, low, close, volume;
    } hours[] = {
        {"2014-06-06T13:00:00Z", 650, 650.49, 645.87, 647.86, 1948738},
        {"2014-06-06T14:00:00Z", 647.96, 648.44, 645.5, 647.52, 1502908},
        {"2014-06-06T15:00:00Z", 647.43, 649.93, 646.91, 649.69, 1413387},
        {"2014-06-06T16:00:00Z", 649.71, 651.25, 649.15, 649.74, 1534883},
        {"2014-06-06T17:00:00Z", 649.77, 649.8, 644.48, 645.74, 1803198},
        {"2014-06-06T18:00:00Z", 645.65, 649.12, 645.42, 648.43, 1193992},
        {"2014-06-06T19:00:00Z", 648.42, 648.49, 645.22, 645.57, 2719565},
        {"2014-06-09T13:00:00Z", 92.69, 93.08, 92.12, 92.31, 13290879},
        {"2014-06-09T14:00:00Z", 92.32, 92.75, 91.75, 92.62, 11791715},
        {"2014-06-09T15:00:00Z", 92.62, 93.16, 92.46, 93.01, 9444633},
        {"2014-06-09T16:00:00Z", 93.01, 93.73, 92.46, 93.7, 10895108},
        {"2014-06-09T17:00:00Z", 93.7, 93.82, 93.41, 93.76, 8375530},
        {"2014-06-09T18:00:00Z", 93.77, 93.84, 92.14, 93.69, 7481477},
        {"2014-06-09T19:00:00Z", 93.69, 93.88, 93.49, 93.7, 11596606},
    };
    const qb_calendar *xnys = qb_calendar_find("XNYS");
    qb_series fine = {0}, days = {0}, weeks = {0}, quarters = {0};
    for (size_t i = 0; i < COUNT_OF(hours); i++)
        append(&fine, (qb_bar){at(hours[i].ts), hours[i].open, hours[i].high, hours[i].low,
                               hours[i].close, hours[i].volume, 0, i == 7 ? 7 : 1, 0});
    qb_resampled report;
    CHECK_OK(qb_resample(&fine, QB_1H, QB_1D, xnys, at("2014-06-09T20:00:00Z"), &days, &report));
    CHECK_INT(days.count, 2);
    qb_bar day = qb_series_bar(&days, 0);
    CHECK_INT(day.ts_us, at("2014-06-06"));
    CHECK_NEAR(day.open, 650, 0);
    CHECK_NEAR(day.high, 651.25, 0);
    CHECK_NEAR(day.low, 644.48, 0);
    CHECK_NEAR(day.close, 645.57, 0);
    CHECK_NEAR(day.volume, 12116671, 0);
    CHECK_NEAR(day.split_factor, 1, 0);
    day = qb_series_bar(&days, 1);
    CHECK_NEAR(day.open, 92.69, 0);
    CHECK_NEAR(day.split_factor, 7, 0);
    qb_series_clear(&days);

    /* A minute before the close the day is no bar yet. */
    CHECK_OK(qb_resample(&fine, QB_1H, QB_1D, xnys, at("2014-06-09T19:59:00Z"), &days, &report));
    CHECK_INT(days.count, 1);
    CHECK_INT(report.used, 7);
    CHECK_INT(report.unfinished, 7);
    CHECK_OK(qb_resample(&fine, QB_1H, QB_1W, xnys, at("2014-06-09T20:00:00Z"), &weeks, &report));
    CHECK_INT(weeks.count, 1);
    CHECK_INT(qb_series_bar(&weeks, 0).ts_us, at("2014-06-02"));
    CHECK_INT(report.partial, 1);
    CHECK_INT(report.unfinished, 7);
    /* From midnight in New York: 08:00 holds 09:30 to 12:00, 12:00 the rest. */
    CHECK_OK(qb_resample(&fine, QB_1H, QB_4H, xnys, INT64_MAX, &quarters, &report));
    CHECK_INT(quarters.count, 4);
    CHECK_INT(quarters.ts_us[0], at("2014-06-06T12:00:00Z"));
    CHECK_INT(quarters.ts_us[1], at("2014-06-06T16:00:00Z"));
    CHECK_NEAR(quarters.close[0], 649.69, 0);
    CHECK_NEAR(quarters.volume[0], 1948738 + 1502908 + 1413387, 0);
    CHECK_INT(report.partial, 0);
    qb_series_clear(&quarters);
    qb_series_clear(&weeks);
    qb_series_clear(&days);
    qb_series_clear(&fine);
}

static void columns_that_are_joined(void)
{
    qb_series fine = {0}, out = {0};
    int64_t start_us = at("2020-01-01");
    for (int i = 0; i < 10; i++)
        append(&fine, (qb_bar){start_us + i * QB_MINUTE_US, 2, 3, 1, 2, i == 7 ? NAN : 10, 0, 1,
                               i == 1   ? QB_BAR_REPAIRED
                               : i == 2 ? QB_BAR_SAMPLED
                                        : 0});
    fine.bid = qb_realloc(NULL, fine.capacity * sizeof(double));
    for (size_t i = 0; i < fine.count; i++)
        fine.bid[i] = i == 9 ? NAN : (double)i;
    qb_resampled report;
    CHECK_OK(qb_resample(&fine, QB_1M, QB_5M, qb_calendar_find("24/7"), INT64_MAX, &out, &report));
    CHECK_INT(out.count, 2);
    CHECK_NEAR(out.volume[0], 50, 0);
    CHECK_NEAR(out.volume[1], NAN, 0); /* one is unknown */
    CHECK_INT(out.flags[0], QB_BAR_REPAIRED | QB_BAR_SAMPLED);
    CHECK_INT(out.flags[1], 0);
    CHECK_NEAR(out.bid[0], 4, 0);
    CHECK_NEAR(out.bid[1], NAN,
               0); /* the last minute has none, and an older one is not filled in */
    CHECK(out.ask == NULL && out.dividend == NULL && out.split_factor == NULL);
    qb_series_clear(&out);
    qb_series_clear(&fine);
}

static void refusals(void)
{
    const qb_calendar *always = qb_calendar_find("24/7");
    qb_series fine = {0}, out = {0};
    qb_resampled report = {.used = 77};
    append(&fine, (qb_bar){at("2020-01-01T00:01:00Z"), 1, 1, 1, 1, 1, 0, 1, 0});
    append(&fine, (qb_bar){at("2020-01-01T00:00:00Z"), 1, 1, 1, 1, 1, 0, 1, 0});
    CHECK_INT(qb_resample(&fine, QB_1M, QB_1M, always, 0, &out, &report), QB_OUT_OF_RANGE);
    CHECK_INT(qb_resample(&fine, QB_1H, QB_1M, always, 0, &out, &report), QB_OUT_OF_RANGE);
    CHECK_INT(qb_resample(&fine, QB_1D, QB_1MO, always, 0, &out, &report), QB_OUT_OF_RANGE);
    CHECK_INT(qb_resample(&fine, QB_1M, QB_1H, always, 0, &out, &report), QB_OUT_OF_ORDER);
    CHECK_INT(report.used, 77);
    fine.count = 0;
    CHECK_OK(qb_resample(&fine, QB_1M, QB_1H, always, 0, &out, &report));
    CHECK_INT(out.count + report.used, 0);
    qb_series_clear(&fine);
}

/* ---- a slow plain version ----------------------------------------------------------------- */

static uint64_t seed;

static double unit(void)
{
    qb_random random = {seed};
    double value = qb_random_unit(&random);
    seed = random.state;
    return value;
}

/* Bars at random places of the grid, and some off it; every column may hold something. Splits are
 * by powers of two, so that their order does not matter to the last bit. */
static qb_series random_bars(qb_interval from, int64_t start_us, int64_t end_us, double kept)
{
    qb_series series = {0};
    bool hole = false;
    double price = 100;
    for (int64_t ts_us = start_us; ts_us < end_us; ts_us += qb_interval_us(from)) {
        hole = unit() < 0.01 ? !hole : hole;
        if (hole || unit() > kept)
            continue;
        price *= 1 + (unit() - 0.5) / 100;
        qb_bar bar = {
            ts_us, price, price * 1.01, price * 0.99, price * 1.001, floor(unit() * 1000), 0, 1, 0};
        bar.volume = unit() < 0.002 ? NAN : bar.volume;
        bar.dividend = unit() < 0.01 ? floor(unit() * 64) / 64 : 0;
        bar.split_factor = unit() < 0.01 ? (unit() < 0.5 ? 2 : 0.25) : 1;
        bar.flags = unit() < 0.01 ? 1 << (int)(unit() * 3) : 0;
        bar.ts_us += unit() < 0.01 ? QB_SECOND_US : 0;
        append(&series, bar);
    }
    series.ask = qb_realloc(NULL, series.capacity * sizeof(double));
    for (size_t i = 0; i < series.count; i++)
        series.ask[i] = unit() < 0.5 ? NAN : unit();
    return series;
}

/* All stamps at which a bar of that interval may stand, found by trying. */
static bool next_stamp(const qb_calendar *calendar, qb_interval interval, int64_t *ts_us,
                       int64_t end_us, qb_bar_time *times)
{
    const int64_t step_us = interval >= QB_1D  ? QB_DAY_US
                            : interval < QB_1H ? qb_interval_us(interval)
                                               : QB_HOUR_US;
    for (*ts_us += step_us; *ts_us < end_us; *ts_us += step_us)
        if (qb_bar_times(calendar, interval, *ts_us, times))
            return true;
    return false;
}

static qb_bar join(const qb_series *fine, const size_t *rows, size_t count, int64_t ts_us)
{
    qb_bar bar = {.ts_us = ts_us, .split_factor = 1, .high = -INFINITY, .low = INFINITY};
    for (size_t i = count; i-- > 0;) { /* from the last: its shares count */
        qb_bar one = qb_series_bar(fine, rows[i]);
        double factor = bar.split_factor;
        bar.open = one.open / factor;
        bar.high = fmax(bar.high, one.high / factor);
        bar.low = fmin(bar.low, one.low / factor);
        bar.close = i + 1 == count ? one.close : bar.close;
        bar.volume += one.volume * factor;
        bar.dividend += one.dividend / factor;
        bar.flags |= one.flags;
        bar.split_factor *= one.split_factor;
    }
    return bar;
}

/* Each coarse stamp in turn collects its fine rows. */
static qb_series slow_resample(const qb_series *fine, qb_interval from, qb_interval to,
                               const qb_calendar *calendar, int64_t known_until_us,
                               qb_resampled *report, double *asks)
{
    qb_series out = {0};
    size_t *rows = calloc(fine->count + 1, sizeof *rows), row = 0;
    *report = (qb_resampled){0};
    if (fine->count == 0) {
        free(rows);
        return out;
    }
    int64_t ts_us = qb_date_from_us(fine->ts_us[0]) * QB_DAY_US - 8 * QB_DAY_US;
    int64_t end_us = fine->ts_us[fine->count - 1] + 8 * QB_DAY_US;
    qb_bar_time coarse, one;
    while (next_stamp(calendar, to, &ts_us, end_us, &coarse)) {
        size_t count = 0, expected = 0;
        for (; row < fine->count; row++) {
            if (!qb_bar_times(calendar, from, fine->ts_us[row], &one)) {
                report->no_session++;
                continue;
            }
            CHECK(one.open_us >= coarse.open_us);
            if (one.open_us >= coarse.known_us)
                break;
            rows[count++] = row;
        }
        if (count == 0)
            continue;
        if (coarse.known_us > known_until_us) {
            report->unfinished += count;
            continue;
        }
        int64_t stamp_us = qb_date_from_us(coarse.open_us) * QB_DAY_US - QB_DAY_US;
        while (next_stamp(calendar, from, &stamp_us, coarse.known_us, &one))
            expected += one.open_us >= coarse.open_us;
        report->used += count;
        report->partial += expected > count;
        asks[out.count] = fine->ask[rows[count - 1]];
        append(&out, join(fine, rows, count, ts_us));
    }
    report->no_session += fine->count - row;
    free(rows);
    return out;
}

static void compare_with_slow(const qb_series *fine, qb_interval from, qb_interval to,
                              const qb_calendar *calendar, int64_t known_until_us)
{
    qb_series out = {0};
    qb_resampled report, want_report;
    double *asks = calloc(fine->count + 1, sizeof *asks);
    qb_series want = slow_resample(fine, from, to, calendar, known_until_us, &want_report, asks);
    CHECK_OK(qb_resample(fine, from, to, calendar, known_until_us, &out, &report));
    int count = differences(&out, &want);
    count += memcmp(&report, &want_report, sizeof report) != 0;
    for (size_t i = 0; count == 0 && i < out.count; i++) {
        double ask = out.ask != NULL ? out.ask[i] : NAN;
        count += isnan(ask) ? !isnan(asks[i]) : ask != asks[i];
    }
    CHECK_INT(count, 0);
    if (count > 0)
        printf("# %s from %s to %s: used %zu %zu, no session %zu %zu, unfinished %zu %zu, partial "
               "%zu %zu\n",
               qb_calendar_name(calendar), qb_interval_text(from), qb_interval_text(to),
               report.used, want_report.used, report.no_session, want_report.no_session,
               report.unfinished, want_report.unfinished, report.partial, want_report.partial);
    free(asks);
    qb_series_clear(&want);
    qb_series_clear(&out);
}

/* Thanksgiving with its half day, Christmas, and both changes of the clocks in New York. */
static const char *const windows[] = {"2013-11-22", "2014-12-22", "2014-03-03", "2014-10-30",
                                      "1991-12-20"};

static void every_pair_against_the_slow_version(void)
{
    static const char *const names[] = {"XNYS", "24/7", "weekdays"};
    static const double kept[] = {1, 0.98, 0.3, 0.01};
    int compared = 0;
    seed = 20260101;
    for (size_t i = 0; i < COUNT_OF(names) * COUNT_OF(windows) * COUNT_OF(kept); i++) {
        const qb_calendar *calendar = qb_calendar_find(names[i % COUNT_OF(names)]);
        int64_t start_us = at(windows[i / COUNT_OF(names) % COUNT_OF(windows)]);
        double share = kept[i / COUNT_OF(names) / COUNT_OF(windows)];
        for (int from = QB_1M; from < QB_1W; from++) {
            int64_t days = from < QB_15M ? 5 : from < QB_1D ? 16 : 300;
            qb_series fine = random_bars((qb_interval)from, start_us, start_us + days * QB_DAY_US,
                                         share);
            int64_t until_us = start_us + (int64_t)((double)days * unit() * 1.2) * QB_DAY_US;
            for (int to = from + 1; to < QB_INTERVAL_COUNT; to++, compared++)
                compare_with_slow(&fine, (qb_interval)from, (qb_interval)to, calendar, until_us);
            qb_series_clear(&fine);
        }
    }
    printf("# %d comparisons\n", compared);
}

/* A list with a break at midday and sessions that open on the evening before: the one thing that
 * no built-in calendar has. */
static void lists_of_sessions(void)
{
    enum { DAYS = 24 };
    qb_session sessions[DAYS];
    int64_t offsets_us[DAYS];
    int32_t first = qb_date_from_us(at("2021-03-01"));
    size_t count = 0;
    for (int32_t day = 0; day < DAYS; day++) {
        if (qb_weekday(first + day) >= 5)
            continue;
        int64_t midnight_us = (first + day) * QB_DAY_US - 8 * QB_HOUR_US;
        offsets_us[count] = 8 * QB_HOUR_US;
        sessions[count++] = (qb_session){
            .date = first + day,
            .open_us = midnight_us + 19 * QB_HOUR_US / 2,
            .close_us = midnight_us + (day % 7 == 3 ? 12 : 16) * QB_HOUR_US,
            .break_start_us = day % 7 == 3 ? 0 : midnight_us + 12 * QB_HOUR_US,
            .break_end_us = day % 7 == 3 ? 0 : midnight_us + 13 * QB_HOUR_US,
        };
    }
    qb_calendar *hong_kong = NULL;
    CHECK_OK(qb_calendar_new("XHKG", sessions, offsets_us, count, 252, &hong_kong));
    for (size_t i = 0; i < count;
         i++) { /* 18:00 to 17:00 in New York's winter, hours 17 to 18 off */
        int64_t midnight_us = sessions[i].date * QB_DAY_US + 6 * QB_HOUR_US;
        offsets_us[i] = -6 * QB_HOUR_US;
        sessions[i] = (qb_session){.date = sessions[i].date,
                                   .open_us = midnight_us - 7 * QB_HOUR_US,
                                   .close_us = midnight_us + 16 * QB_HOUR_US};
    }
    qb_calendar *futures = NULL;
    CHECK_OK(qb_calendar_new("CMES", sessions, offsets_us, count, 252, &futures));
    seed = 7;
    for (int round = 0; round < 6; round++) {
        const qb_calendar *calendar = round % 2 == 0 ? hong_kong : futures;
        for (int from = QB_1M; calendar != NULL && from < QB_1W; from++) {
            qb_series fine = random_bars((qb_interval)from, at("2021-02-28"),
                                         at("2021-02-28") + (from < QB_15M ? 6 : 26) * QB_DAY_US,
                                         round < 2   ? 1
                                         : round < 4 ? 0.95
                                                     : 0.1);
            for (int to = from + 1; to < QB_INTERVAL_COUNT; to++)
                compare_with_slow(&fine, (qb_interval)from, (qb_interval)to, calendar, INT64_MAX);
            qb_series_clear(&fine);
        }
    }
    qb_calendar_free(hong_kong);
    qb_calendar_free(futures);
}

/* ---- properties --------------------------------------------------------------------------- */

/* Two steps give what one gives. */
static void stable(void)
{
    static const char *const names[] = {"XNYS", "24/7"};
    seed = 99;
    for (size_t i = 0; i < COUNT_OF(names) * COUNT_OF(windows); i++) {
        const qb_calendar *calendar = qb_calendar_find(names[i % COUNT_OF(names)]);
        int64_t start_us = at(windows[i / COUNT_OF(names)]);
        qb_series fine = random_bars(QB_1M, start_us, start_us + 12 * QB_DAY_US, 0.9);
        for (int by = QB_5M; by < QB_1W; by++) {
            qb_series middle = {0}, twice = {0}, once = {0};
            qb_resampled report;
            CHECK_OK(
                qb_resample(&fine, QB_1M, (qb_interval)by, calendar, INT64_MAX, &middle, &report));
            CHECK_OK(
                qb_resample(&middle, (qb_interval)by, QB_1W, calendar, INT64_MAX, &twice, &report));
            CHECK_OK(qb_resample(&fine, QB_1M, QB_1W, calendar, INT64_MAX, &once, &report));
            CHECK_INT(differences(&twice, &once), 0);
            qb_series_clear(&twice);
            qb_series_clear(&once);
            if (by < QB_1D) {
                CHECK_OK(qb_resample(&middle, (qb_interval)by, QB_1D, calendar, INT64_MAX, &twice,
                                     &report));
                CHECK_OK(qb_resample(&fine, QB_1M, QB_1D, calendar, INT64_MAX, &once, &report));
                CHECK_INT(differences(&twice, &once), 0);
            }
            qb_series_clear(&middle);
            qb_series_clear(&twice);
            qb_series_clear(&once);
        }
        qb_series_clear(&fine);
    }
}

/* What is made from the first rows is what the whole series begins with: no bar changes once it is
 * known. */
static void nothing_from_the_future(void)
{
    const qb_calendar *calendar = qb_calendar_find("XNYS");
    qb_series fine, whole = {0};
    qb_resampled report;
    seed = 5;
    fine = random_bars(QB_5M, at("2014-03-03"), at("2014-03-20"), 0.9);
    for (int to = QB_15M; to < QB_INTERVAL_COUNT; to++) {
        CHECK_OK(qb_resample(&fine, QB_5M, (qb_interval)to, calendar, INT64_MAX, &whole, &report));
        for (size_t rows = 1; rows < fine.count; rows += 37) {
            qb_bar_time last;
            qb_series part = fine, out = {0};
            if (!qb_bar_times(calendar, QB_5M, fine.ts_us[rows - 1], &last))
                continue;
            part.count = rows;
            CHECK_OK(
                qb_resample(&part, QB_5M, (qb_interval)to, calendar, last.known_us, &out, &report));
            CHECK(out.count <= whole.count);
            qb_series begin = whole;
            begin.count = out.count;
            CHECK_INT(differences(&out, &begin), 0);
            qb_series_clear(&out);
        }
        qb_series_clear(&whole);
    }
    qb_series_clear(&fine);
}

static void failing_memory(void)
{
    seed = 3;
    qb_series fine = random_bars(QB_1M, at("2020-01-01"), at("2020-01-05"), 0.9);
    int failed = 0;
    for (int k = 0; k < 100; k++) {
        qb_series out = {0};
        qb_resampled report = {0};
        allocations_begin(k);
        qb_status status = qb_resample(&fine, QB_1M, QB_5M, qb_calendar_find("24/7"), INT64_MAX,
                                       &out, &report);
        bool hit = allocations_failed();
        CHECK_INT(status, hit ? QB_NO_MEMORY : QB_OK);
        CHECK(!hit || (out.count == 0 && out.ts_us == NULL && report.used == 0));
        qb_series_clear(&out);
        CHECK_INT(allocations_end(), 0);
        failed += hit;
        if (!hit)
            break;
    }
    CHECK(failed > 20 && failed < 100);
    qb_series_clear(&fine);
}

/* ---- publishers' own files ---------------------------------------------------------------- */

/* Rows of "stamp,open,high,low,close,volume" below the shared data. */
static qb_series load(const char *name)
{
    qb_series series = {0};
    char path[4096], line[256];
    snprintf(path, sizeof path, "%s/data/%s", tap_shared(), name);
    gzFile file = gzopen(path, "rb");
    CHECK(file != NULL && gzgets(file, line, sizeof line) != NULL);
    while (file != NULL && gzgets(file, line, sizeof line) != NULL) {
        char *rest = strchr(line, ',');
        qb_bar bar = {.split_factor = 1};
        CHECK_OK(qb_time_from_text(line, (size_t)(rest - line), &bar.ts_us));
        double *const fields[] = {&bar.open, &bar.high, &bar.low, &bar.close, &bar.volume};
        for (size_t i = 0; i < COUNT_OF(fields); i++)
            *fields[i] = strtod(rest + 1, &rest);
        append(&series, bar);
    }
    if (file != NULL)
        gzclose(file);
    return series;
}

/* The publisher's weekly file, made from the daily one and stamped with the last session of the
 * week (backtrader's samples). Ours bear the Monday. */
static void eurostoxx_weeks(void)
{
    if (tap_shared() == NULL)
        SKIP("no shared data: QUANTBOT_SHARED");
    qb_series days = load("index/EUROSTOXX50_daily_2006.csv"), out = {0};
    qb_series weeks = load("index/EUROSTOXX50_weekly_2006.csv");
    for (size_t i = 0; i < weeks.count; i++)
        weeks.ts_us[i] -= qb_weekday(qb_date_from_us(weeks.ts_us[i])) * QB_DAY_US;
    qb_resampled report;
    CHECK_OK(
        qb_resample(&days, QB_1D, QB_1W, qb_calendar_find("weekdays"), INT64_MAX, &out, &report));
    CHECK_INT(out.count, 52);
    CHECK_INT(differences(&out, &weeks), 0);
    CHECK_INT(report.used, days.count);
    qb_series_clear(&out);
    qb_series_clear(&weeks);
    qb_series_clear(&days);
}

/* 23 years of SPY: Lean's daily bars are its hourly ones joined. On half days it goes on joining
 * after the close, which we do not: those days differ, in what may come from a later hour. */
static void spy_days(void)
{
    if (tap_shared() == NULL)
        SKIP("no shared data: QUANTBOT_SHARED");
    const qb_calendar *xnys = qb_calendar_find("XNYS");
    qb_series hours = load("equities/hourly_raw/SPY.csv.gz"), out = {0};
    qb_series days = load("equities/daily_raw/SPY.csv.gz");
    qb_resampled report;
    size_t equal = 0, half_days = 0;
    CHECK_OK(qb_resample(&hours, QB_1H, QB_1D, xnys, INT64_MAX, &out, &report));
    CHECK_INT(out.count, 5849);
    CHECK_INT(days.count, 5849);
    for (size_t i = 0; i < out.count && i < days.count; i++) {
        qb_session session;
        qb_bar got = qb_series_bar(&out, i), want = qb_series_bar(&days, i);
        bool same = got.open == want.open && got.high == want.high && got.low == want.low &&
                    got.close == want.close && got.volume == want.volume;
        CHECK(qb_calendar_session(xnys, qb_date_from_us(want.ts_us), &session));
        CHECK_INT(got.ts_us, want.ts_us);
        CHECK(same || (session.early_close && got.open == want.open && got.volume < want.volume));
        equal += same;
        half_days += !same;
    }
    CHECK_INT(half_days, 23);
    CHECK_INT(equal, 5849 - 23);
    CHECK_INT(report.used + report.no_session, hours.count);
    CHECK_INT(report.no_session, 47);
    qb_series_clear(&out);
    qb_series_clear(&days);
    qb_series_clear(&hours);
}

/* The exchange's own candles of one and of five minutes, with two thirds of the minutes without a
 * trade (freqtrade's samples). */
static void coin_minutes(void)
{
    if (tap_shared() == NULL)
        SKIP("no shared data: QUANTBOT_SHARED");
    qb_series minutes = load("crypto/candles_bittrex_2018/XRP_ETH_1m.csv.gz"), out = {0};
    qb_series fives = load("crypto/candles_bittrex_2018/XRP_ETH_5m.csv.gz");
    qb_resampled report;
    CHECK_OK(
        qb_resample(&minutes, QB_1M, QB_5M, qb_calendar_find("24/7"), INT64_MAX, &out, &report));
    CHECK_INT(out.count, 706);
    CHECK_INT(differences(&out, &fives), 0);
    qb_series_clear(&out);
    qb_series_clear(&fives);
    qb_series_clear(&minutes);
}

/* Hours of both files from Lean's minutes, which include trading before and after the session. The
 * hourly file was made from trades, so prices differ here and there, mostly by a tick; volumes are
 * equal. */
static void hours_from_minutes(void)
{
    static const struct {
        const char *minutes, *hours;
        size_t count;
    } cases[] = {
        {"equities/minute_raw/SPY_2013-10_trade.csv.gz", "equities/hourly_raw/SPY.csv.gz", 42},
        {"equities/minute_raw/AAPL_2014-06_trade.csv.gz", "equities/hourly_raw/AAPL.csv.gz", 21},
    };
    if (tap_shared() == NULL)
        SKIP("no shared data: QUANTBOT_SHARED");
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        qb_series minutes = load(cases[c].minutes), hours = load(cases[c].hours), out = {0};
        qb_resampled report;
        CHECK_OK(qb_resample(&minutes, QB_1M, QB_1H, qb_calendar_find("XNYS"), INT64_MAX, &out,
                             &report));
        CHECK_INT(out.count, cases[c].count);
        CHECK_INT(report.used + report.no_session, minutes.count);
        for (size_t i = 0; i < out.count; i++) {
            size_t row = qb_series_lower_bound(&hours, out.ts_us[i]);
            CHECK_INT(hours.ts_us[row], out.ts_us[i]);
            CHECK_NEAR(out.volume[i], hours.volume[row], 0);
            CHECK_NEAR(out.open[i], hours.open[row], hours.open[row] / 1000);
            CHECK_NEAR(out.high[i], hours.high[row], hours.high[row] / 100);
            CHECK_NEAR(out.low[i], hours.low[row], hours.low[row] / 100);
            CHECK_NEAR(out.close[i], hours.close[row], hours.close[row] / 1000);
        }
        qb_series_clear(&out);
        qb_series_clear(&hours);
        qb_series_clear(&minutes);
    }
}

int main(void)
{
    static const tap_case cases[] = {
        {"/market/resample/split-within-a-week", split_within_a_week},
        {"/market/resample/split-at-an-open", split_at_an_open},
        {"/market/resample/columns-that-are-joined", columns_that_are_joined},
        {"/market/resample/refusals", refusals},
        {"/market/resample/every-pair", every_pair_against_the_slow_version},
        {"/market/resample/lists-of-sessions", lists_of_sessions},
        {"/market/resample/stable", stable},
        {"/market/resample/nothing-from-the-future", nothing_from_the_future},
        {"/market/resample/failing-memory", failing_memory},
        {"/market/resample/eurostoxx-weeks", eurostoxx_weeks},
        {"/market/resample/spy-days", spy_days},
        {"/market/resample/coin-minutes", coin_minutes},
        {"/market/resample/hours-from-minutes", hours_from_minutes},
    };
    return tap_run(cases, COUNT_OF(cases));
}
