#include "allocations.h"
#include "core/base/base.h"
#include "tap.h"

#include <time.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* After a table's row: names the row whose checks failed. */
static void row_done(const char *text)
{
    static int failed_before;
    if (tap_failed > 0 && tap_failed != failed_before)
        printf("# in case \"%s\"\n", text);
    failed_before = tap_failed;
}

/* Integers of every magnitude rather than mostly huge ones. */
static int64_t random_raw(qb_random *random, unsigned most_bits)
{
    unsigned bits = (unsigned)(qb_random_next(random) % most_bits) + 1;
    int64_t value = (int64_t)(qb_random_next(random) >> (64 - bits));
    return qb_random_next(random) & 1 ? -value : value;
}

/* ---- status ------------------------------------------------------------------------------- */

static void status_has_text(void)
{
    for (int status = QB_OK; status <= QB_SINK_FAILED; status++) {
        CHECK(strlen(qb_status_text((qb_status)status)) > 1);
        CHECK(strcmp(qb_status_text((qb_status)status), "unknown status") != 0);
    }
    CHECK_TEXT(qb_status_text((qb_status)999), "unknown status");
}

/* ---- money from double -------------------------------------------------------------------- */

/* The exact decimal expansion of a double (glibc prints it exactly), rounded half-even by hand at
 * the eighth decimal. Slow and plain. */
static qb_status raw_by_decimal_text(double value, int64_t *out)
{
    char text[1600];
    int length = snprintf(text, sizeof text, "%.1100f", fabs(value));
    char *point = strchr(text, '.');
    unsigned __int128 raw = 0;
    for (char *at = text; at < point + 9 && at < text + length; at++) {
        if (at != point)
            raw = raw * 10 + (unsigned)(*at - '0');
        if (raw >> 70)
            return QB_OVERFLOW;
    }
    const char *rest = point + 9;
    bool beyond = rest[strspn(rest + 1, "0") + 1] != '\0';
    if (*rest > '5' || (*rest == '5' && (beyond || (raw & 1))))
        raw++;
    if (raw > INT64_MAX)
        return QB_OVERFLOW;
    *out = value < 0 ? -(int64_t)raw : (int64_t)raw;
    return QB_OK;
}

static void check_from_double(double value)
{
    int64_t got = 77, want = 77;
    qb_status got_status = qb_raw_from_double(value, &got);
    qb_status want_status = raw_by_decimal_text(value, &want);
    if (got_status != want_status || got != want)
        printf("# value %.17g\n", value);
    CHECK_INT(got_status, want_status);
    CHECK_INT(got, want);
}

static void from_double_cases(void)
{
    static const struct {
        double value;
        qb_status status;
        int64_t raw;
    } cases[] = {
        {0.0, QB_OK, 0},
        {-0.0, QB_OK, 0},
        {1.0, QB_OK, 100000000},
        {0.1, QB_OK, 10000000},
        {-187.23, QB_OK, -18723000000},
        {8095.859375, QB_OK, 809585937500},
        /* by hand: k/2^9 x 1e8 = k x 195312.5, an exact tie for odd k */
        {1 / 512.0, QB_OK, 195312},
        {3 / 512.0, QB_OK, 585938},
        {5 / 512.0, QB_OK, 976562},
        {-3 / 512.0, QB_OK, -585938},
        {1e-300, QB_OK, 0},
        {5e-324, QB_OK, 0},
        {92233720368.0, QB_OK, 9223372036800000000},
        {92233720369.0, QB_OVERFLOW, 77},
        {-92233720369.0, QB_OVERFLOW, 77},
        {1e300, QB_OVERFLOW, 77},
        {HUGE_VAL, QB_NOT_FINITE, 77},
        {-HUGE_VAL, QB_NOT_FINITE, 77},
        {NAN, QB_NOT_FINITE, 77},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t raw = 77;
        CHECK_INT(qb_raw_from_double(cases[i].value, &raw), cases[i].status);
        CHECK_INT(raw, cases[i].raw);
    }
    qb_price price;
    qb_money money;
    qb_quantity quantity;
    qb_rate rate;
    CHECK_OK(qb_price_from_double(1.5, &price));
    CHECK_OK(qb_money_from_double(-1.5, &money));
    CHECK_OK(qb_quantity_from_double(2.5, &quantity));
    CHECK_OK(qb_rate_from_double(0.001, &rate));
    CHECK_INT(price.raw, 150000000);
    CHECK_INT(money.raw, -150000000);
    CHECK_INT(quantity.raw, 250000000);
    CHECK_INT(rate.raw, 100000);
}

static void from_double_is_exact(void)
{
    qb_random random = {1};
    for (int i = 0; i < 20000; i++) {
        double unit = qb_random_unit(&random) - 0.5;
        check_from_double(ldexp(unit, (int)(qb_random_next(&random) % 80) - 40));
    }
    /* Near ties: the doubles about (k + 1/2) / 1e8, whose product often rounds to the tie. */
    for (int i = 0; i < 20000; i++) {
        double near = ((double)random_raw(&random, 52) + 0.5) / 1e8;
        for (double value = nextafter(near, -HUGE_VAL); value <= nextafter(near, HUGE_VAL);
             value = nextafter(value, HUGE_VAL))
            check_from_double(value);
    }
    /* True ties: odd multiples of 2^-9. */
    for (int i = 0; i < 20000; i++)
        check_from_double((double)(random_raw(&random, 45) | 1) / 512.0);
    /* About the seam of the two paths and the end of the range. */
    static const double seams[] = {0x1p51 / 1e8, 0x1p52 / 1e8, 0x1p53 / 1e8, 0x1p63 / 1e8};
    for (size_t s = 0; s < COUNT_OF(seams); s++) {
        double value = seams[s];
        for (int i = 0; i < 300; i++)
            value = nextafter(value, 0);
        for (int i = 0; i < 600; i++, value = nextafter(value, HUGE_VAL)) {
            check_from_double(value);
            check_from_double(-value);
        }
    }
}

/* ---- money and text ----------------------------------------------------------------------- */

static void from_text_cases(void)
{
    static const struct {
        const char *text;
        qb_status status;
        int64_t raw;
    } cases[] = {
        {"0", QB_OK, 0},
        {"-0", QB_OK, 0},
        {"1", QB_OK, 100000000},
        {"-12.5", QB_OK, -1250000000},
        {"0.00000001", QB_OK, 1},
        {"0.000000010000", QB_OK, 1},
        {"0.000000001", QB_BAD_FORMAT, 77},
        {"00012.50", QB_OK, 1250000000},
        {"92233720368.54775807", QB_OK, INT64_MAX},
        {"-92233720368.54775807", QB_OK, -INT64_MAX},
        {"92233720368.54775808", QB_OVERFLOW, 77},
        {"-92233720368.54775808", QB_OVERFLOW, 77},
        {"92233720369", QB_OVERFLOW, 77},
        {"99999999999999999999999999", QB_OVERFLOW, 77},
        {"99999999999999999999999999x", QB_BAD_FORMAT, 77},
        {"", QB_BAD_FORMAT, 77},
        {"-", QB_BAD_FORMAT, 77},
        {".", QB_BAD_FORMAT, 77},
        {".5", QB_BAD_FORMAT, 77},
        {"5.", QB_BAD_FORMAT, 77},
        {"+5", QB_BAD_FORMAT, 77},
        {"--5", QB_BAD_FORMAT, 77},
        {" 5", QB_BAD_FORMAT, 77},
        {"5 ", QB_BAD_FORMAT, 77},
        {"1e5", QB_BAD_FORMAT, 77},
        {"1,5", QB_BAD_FORMAT, 77},
        {"1.2.3", QB_BAD_FORMAT, 77},
        {"nan", QB_BAD_FORMAT, 77},
        {"0x10", QB_BAD_FORMAT, 77},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t raw = 77;
        CHECK_INT(qb_raw_from_text(cases[i].text, strlen(cases[i].text), &raw), cases[i].status);
        CHECK_INT(raw, cases[i].raw);
        row_done(cases[i].text);
    }
    /* The length ends the text, not a zero byte. */
    int64_t raw = 77;
    CHECK_OK(qb_raw_from_text("12.345", 4, &raw));
    CHECK_INT(raw, 1230000000);
    CHECK_INT(qb_raw_from_text("1\0002", 3, &raw), QB_BAD_FORMAT);
}

static void to_text_cases(void)
{
    static const struct {
        int64_t raw;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "0.00000001"},
        {-1, "-0.00000001"},
        {100000000, "1"},
        {-1250000000, "-12.5"},
        {10, "0.0000001"},
        {INT64_MAX, "92233720368.54775807"},
        {INT64_MIN, "-92233720368.54775808"},
    };
    char buffer[QB_RAW_TEXT];
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CHECK(qb_raw_to_text(cases[i].raw, buffer) == buffer);
        CHECK_TEXT(buffer, cases[i].text);
    }
}

static void text_round_trip(void)
{
    qb_random random = {2};
    for (int i = 0; i < 100000; i++) {
        int64_t raw = random_raw(&random, 63), back = 77;
        char buffer[QB_RAW_TEXT];
        qb_raw_to_text(raw, buffer);
        CHECK_OK(qb_raw_from_text(buffer, strlen(buffer), &back));
        CHECK_INT(back, raw);
    }
}

/* ---- products ----------------------------------------------------------------------------- */

/* value / divisor, half-even, by the compiler's own signed 128-bit division. */
static qb_status divide_plainly(__int128 value, __int128 divisor, int64_t *out)
{
    __int128 quotient = value / divisor, remainder = value % divisor;
    __int128 twice = remainder < 0 ? -remainder * 2 : remainder * 2;
    if (twice > divisor || (twice == divisor && quotient % 2 != 0))
        quotient += value < 0 ? -1 : 1;
    if (quotient > INT64_MAX || quotient < -INT64_MAX)
        return QB_OVERFLOW;
    *out = (int64_t)quotient;
    return QB_OK;
}

static void check_notional(int64_t price, int64_t quantity)
{
    qb_money got = {77};
    int64_t want = 77;
    qb_status want_status = divide_plainly((__int128)price * quantity, QB_ONE, &want);
    CHECK_INT(qb_notional((qb_price){price}, (qb_quantity){quantity}, &got), want_status);
    CHECK_INT(got.raw, want);
}

static void notional_equals_plain(void)
{
    qb_random random = {3};
    for (int i = 0; i < 300000; i++)
        check_notional(random_raw(&random, 63), random_raw(&random, 63));
    /* Exact ties: quantity 0.5 of an odd number of units. */
    for (int i = 0; i < 10000; i++)
        check_notional(random_raw(&random, 50) | 1, QB_ONE / 2);
    /* Whole units, about where their value leaves 64 bits. */
    for (int i = 0; i < 100000; i++)
        check_notional(random_raw(&random, 48), random_raw(&random, 34) * QB_ONE);
    /* About multiples of 1e8, where an estimate that is off by one would show. */
    for (int i = 0; i < 100000; i++) {
        int64_t quantity = random_raw(&random, 40) | 1;
        int64_t price = random_raw(&random, 22) * QB_ONE;
        check_notional(price + 1, quantity);
        check_notional(price - 1, quantity);
        check_notional(price, quantity);
    }
    static const int64_t edges[] = {0, 1, -1, INT64_MAX, -INT64_MAX, INT64_MIN, QB_ONE, -QB_ONE};
    for (size_t i = 0; i < COUNT_OF(edges); i++) {
        for (size_t k = 0; k < COUNT_OF(edges); k++)
            check_notional(edges[i], edges[k]);
    }
}

static void notional_cases(void)
{
    static const struct {
        int64_t price, quantity;
        int64_t cost;
    } cases[] = {
        /* style.md: through a double 187.23 x 1,000,000 is already a unit off */
        {18723000000, INT64_C(100000000000000), INT64_C(18723000000000000)},
        {1, 50000000, 0}, /* 0.5 units: to even */
        {3, 50000000, 2}, /* 1.5 */
        {5, 50000000, 2}, /* 2.5 */
        {3, -50000000, -2},
        {1, 50000001, 1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        qb_money cost;
        CHECK_OK(qb_notional((qb_price){cases[i].price}, (qb_quantity){cases[i].quantity}, &cost));
        CHECK_INT(cost.raw, cases[i].cost);
    }
}

static bool check_rate(int64_t price, int64_t quantity, int64_t rate)
{
    qb_money got = {77};
    int64_t want = 77;
    __int128 product;
    bool beyond = __builtin_mul_overflow((__int128)price * quantity, (__int128)rate, &product);
    qb_status want_status = beyond ? QB_OVERFLOW
                                   : divide_plainly(product, (__int128)QB_ONE * QB_ONE, &want);
    CHECK_INT(
        qb_notional_at_rate((qb_price){price}, (qb_quantity){quantity}, (qb_rate){rate}, &got),
        want_status);
    CHECK_INT(got.raw, want);
    return want_status == QB_OK;
}

static void rate_equals_plain(void)
{
    qb_random random = {4};
    int good = 0, whole = 0;
    for (int i = 0; i < 300000; i++) {
        int64_t price = random_raw(&random, 63), quantity = random_raw(&random, 63);
        good += check_rate(price, quantity, random_raw(&random, i & 1 ? 63 : 30));
    }
    CHECK(good > 10000 && good < 299000);
    /* Whole units, about where their product leaves 64 bits. */
    for (int i = 0; i < 100000; i++) {
        int64_t quantity = random_raw(&random, 20) * QB_ONE;
        whole += check_rate(random_raw(&random, 44), quantity, random_raw(&random, 28));
    }
    CHECK(whole > 90000);
    /* Ties: 1e-8 x 0.5 x an odd rate, of a fraction and of whole units. */
    for (int64_t rate = -9; rate <= 9; rate += 2) {
        check_rate(QB_ONE, QB_ONE / 2, rate);
        check_rate(QB_ONE / 2, QB_ONE, rate);
        check_rate(QB_ONE / 2, -3 * QB_ONE, rate);
    }
}

static void muldiv_equals_plain(void)
{
    qb_random random = {5};
    for (int i = 0; i < 300000; i++) {
        int64_t amount = random_raw(&random, 63), numerator = random_raw(&random, 63);
        int64_t denominator = llabs(random_raw(&random, 63)) | 1, got = 77, want = 77;
        denominator -= qb_random_next(&random) & 1 && denominator > 1; /* even ones can tie */
        qb_status want_status = divide_plainly((__int128)amount * numerator, denominator, &want);
        CHECK_INT(qb_muldiv(amount, numerator, denominator, &got), want_status);
        CHECK_INT(got, want);
    }
    int64_t out = 77;
    CHECK_OK(qb_muldiv(INT64_MAX, INT64_MAX, INT64_MAX, &out));
    CHECK_INT(out, INT64_MAX);
    out = 77;
    CHECK_INT(qb_muldiv(INT64_MAX, 3, 2, &out), QB_OVERFLOW);
    CHECK_INT(qb_muldiv(INT64_MIN, 1, 1, &out), QB_OVERFLOW);
    CHECK_INT(qb_muldiv(1, 1, 0, &out), QB_OUT_OF_RANGE);
    CHECK_INT(qb_muldiv(1, 1, -1, &out), QB_OUT_OF_RANGE);
    CHECK_INT(out, 77);
}

static void add_cases(void)
{
    int64_t out = 77;
    CHECK_INT(qb_add(INT64_MAX, 1, &out), QB_OVERFLOW);
    CHECK_INT(qb_add(-INT64_MAX, -1, &out), QB_OVERFLOW);
    CHECK_INT(qb_add(INT64_MIN, -1, &out), QB_OVERFLOW);
    CHECK_INT(out, 77);
    CHECK_OK(qb_add(INT64_MAX, -INT64_MAX, &out));
    CHECK_INT(out, 0);
}

/* ---- dates -------------------------------------------------------------------------------- */

static bool is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Against counting the days one by one. */
static void dates_by_counting(void)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int32_t date = qb_date_from_civil((qb_civil){1600, 1, 1});
    CHECK_INT(date, -135140); /* date -u -d 1600-01-01 +%s = -11676096000 = -135140 x 86400 */
    CHECK_INT(qb_weekday(date), 5);
    for (int32_t year = 1600; year <= 2400; year++) {
        for (int32_t month = 1; month <= 12; month++) {
            int32_t days = lengths[month - 1] + (month == 2 && is_leap(year));
            CHECK_INT(qb_days_in_month(year, month), days);
            for (int32_t day = 1; day <= days; day++, date++) {
                qb_civil civil = qb_civil_from_date(date);
                CHECK(civil.year == year && civil.month == month && civil.day == day);
                CHECK_INT(qb_date_from_civil(civil), date);
                CHECK_INT(qb_weekday(date + 1), (qb_weekday(date) + 1) % 7);
            }
        }
    }
}

/* Against the C library, over all dates that both can hold. */
static void dates_by_library(void)
{
    qb_random random = {6};
    for (int i = 0; i < 100000; i++) {
        int32_t date = (int32_t)random_raw(&random, 31);
        time_t seconds = (time_t)date * 86400;
        struct tm tm;
        if (gmtime_r(&seconds, &tm) == NULL)
            continue;
        qb_civil civil = qb_civil_from_date(date);
        CHECK_INT(civil.year, tm.tm_year + 1900);
        CHECK_INT(civil.month, tm.tm_mon + 1);
        CHECK_INT(civil.day, tm.tm_mday);
        CHECK_INT(qb_weekday(date), (tm.tm_wday + 6) % 7);
        if (abs(civil.year) < 5000000)
            CHECK_INT(qb_date_from_civil(civil), date);
    }
    CHECK_INT(qb_weekday(INT32_MAX), qb_weekday(INT32_MAX - 7));
    CHECK_INT(qb_weekday(INT32_MIN), qb_weekday(INT32_MIN + 7));
}

static void date_of_instant(void)
{
    CHECK_INT(qb_date_from_us(0), 0);
    CHECK_INT(qb_date_from_us(-1), -1);
    CHECK_INT(qb_date_from_us(QB_DAY_US - 1), 0);
    CHECK_INT(qb_date_from_us(QB_DAY_US), 1);
    CHECK_INT(qb_date_from_us(-QB_DAY_US), -1);
    CHECK_INT(qb_date_from_us(INT64_MIN), -106751992); /* floor(-2^63 / 86400e6) */
    CHECK_INT(qb_date_from_us(INT64_MAX), 106751991);
}

/* ---- time text ---------------------------------------------------------------------------- */

/* Seconds by `date -u -d TEXT +%s` of GNU coreutils. */
static void time_text_cases(void)
{
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {
        {"1970-01-01", 0},
        {"2020-01-31", INT64_C(1580428800000000)},
        {"2020-02-29", INT64_C(1582934400000000)},
        {"2020-01-31T14:30", INT64_C(1580481000000000)},
        {"2020-01-31 14:30", INT64_C(1580481000000000)},
        {"2020-01-31T14:30Z", INT64_C(1580481000000000)},
        {"2020-01-31T14:30:05Z", INT64_C(1580481005000000)},
        {"2020-01-31T14:30:05.5Z", INT64_C(1580481005500000)},
        {"2020-01-31T14:30:05.000001", INT64_C(1580481005000001)},
        {"2020-01-31T14:30:05.000001000Z", INT64_C(1580481005000001)},
        {"2020-01-31T14:30:05+05:30", INT64_C(1580461205000000)},
        {"2020-01-31T14:30-05:00", INT64_C(1580499000000000)},
        {"1969-12-31T23:59:59.999999Z", -1},
        {"1000-01-01", INT64_C(-30610224000000000)},
        {"9999-12-31T23:59:59Z", INT64_C(253402300799000000)},
    };
    static const char *const bad[] = {
        "",
        "2020",
        "2020-01",
        "2020-1-31",
        "20200131",
        "2020-13-01",
        "2020-00-01",
        "2020-01-00",
        "2021-02-29",
        "1900-02-29",
        "0999-01-01",
        "2020-01-31Z",
        "2020-01-31T",
        "2020-01-31T14",
        "2020-01-31T24:00",
        "2020-01-31T14:60",
        "2020-01-31T14:30:60Z",
        "2020-01-31T14:30:05.Z",
        "2020-01-31T14:30:05.0000001Z",
        "2020-01-31T14:30:05z",
        "2020-01-31t14:30:05Z",
        "2020-01-31  14:30",
        "2020-01-31T14:30 Z",
        "2020-01-31T14:30+05",
        "2020-01-31T14:30+0530",
        "2020-01-31T14:30+24:00",
        "2020-01-31T14:30ZZ",
        "+2020-01-31",
        " 2020-01-31",
        "2020-01-31 ",
        "2020/01/31",
        "2020-01-3\xb2",
    };
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        int64_t us = 77;
        CHECK_OK(qb_time_from_text(good[i].text, strlen(good[i].text), &us));
        CHECK_INT(us, good[i].us);
        row_done(good[i].text);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        int64_t us = 77;
        CHECK_INT(qb_time_from_text(bad[i], strlen(bad[i]), &us), QB_BAD_FORMAT);
        CHECK_INT(us, 77);
        row_done(bad[i]);
    }
}

static void time_to_text_cases(void)
{
    char buffer[QB_TIME_TEXT];
    CHECK(qb_time_to_text(0, buffer) == buffer);
    CHECK_TEXT(buffer, "1970-01-01T00:00:00Z");
    CHECK_TEXT(qb_time_to_text(-1, buffer), "1969-12-31T23:59:59.999999Z");
    CHECK_TEXT(qb_time_to_text(INT64_C(1580481005000001), buffer), "2020-01-31T14:30:05.000001Z");
    CHECK_TEXT(qb_time_to_text(INT64_C(1580481005500000), buffer), "2020-01-31T14:30:05.500000Z");
    CHECK_TEXT(qb_date_to_text(18292, buffer), "2020-01-31");
    /* The ends of int64: numpy.datetime64(2**63 - 1, "us") and (-2**63 + 1, "us"). */
    CHECK_TEXT(qb_time_to_text(INT64_MAX, buffer), "294247-01-10T04:00:54.775807Z");
    CHECK_TEXT(qb_time_to_text(INT64_MIN + 1, buffer), "-290308-12-21T19:59:05.224193Z");
    CHECK_TEXT(qb_date_to_text(INT32_MIN, buffer), "-5877641-06-23"); /* numpy, unit D */
}

static void time_text_round_trip(void)
{
    int64_t from_us = INT64_C(-30610224000000000), to_us = INT64_C(253402300800000000);
    qb_random random = {7};
    for (int i = 0; i < 200000; i++) {
        int64_t us = from_us + (int64_t)(qb_random_next(&random) % (uint64_t)(to_us - from_us));
        int64_t back = 77;
        us -= i % 2 ? us % QB_SECOND_US : 0;
        char buffer[QB_TIME_TEXT];
        qb_time_to_text(us, buffer);
        CHECK_OK(qb_time_from_text(buffer, strlen(buffer), &back));
        CHECK_INT(back, us);
    }
}

/* Whatever the bytes, the parsers read nothing beyond the length (the sanitizer sees to that). */
static void parsers_stay_inside(void)
{
    static const char seeds[][32] = {"2020-01-31T14:30:05.000001+05:30", "92233720368.54775807"};
    qb_random random = {8};
    for (int i = 0; i < 100000; i++) {
        size_t length = qb_random_next(&random) % 33;
        char *bytes = malloc(length + 1);
        memcpy(bytes, seeds[i % 2], length < 32 ? length : 32);
        bytes = realloc(bytes, length > 0 ? length : 1);
        if (length > 0)
            bytes[qb_random_next(&random) % length] = (char)qb_random_next(&random);
        int64_t ignored;
        if (qb_time_from_text(bytes, length, &ignored) == QB_OK)
            CHECK(length >= 10);
        if (qb_raw_from_text(bytes, length, &ignored) == QB_OK)
            CHECK(length >= 1);
        free(bytes);
    }
}

/* ---- arena -------------------------------------------------------------------------------- */

static bool is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static void arena_gives_aligned_zeroed_memory(void)
{
    enum { BLOCKS = 500 };
    qb_arena arena = {0};
    qb_random random = {9};
    static unsigned char *blocks[BLOCKS];
    static size_t sizes[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        sizes[i] = qb_random_next(&random) % (i % 50 == 0 ? 200000 : 3000);
        blocks[i] = qb_arena_alloc(&arena, sizes[i], 1);
        CHECK(blocks[i] != NULL);
        CHECK_INT((uintptr_t)blocks[i] % 64, 0);
        CHECK(is_zero(blocks[i], sizes[i]));
        memset(blocks[i], 1 + i % 255, sizes[i]);
    }
    for (int i = 0; i < BLOCKS; i++) { /* no block overlaps another */
        for (size_t k = 0; k < sizes[i]; k++)
            CHECK(blocks[i][k] == 1 + i % 255);
    }
    qb_arena_clear(&arena);
    CHECK(arena.chunks == NULL && arena.used == 0 && arena.reserved == 0);
    qb_arena_clear(&arena);
}

static void arena_limits(void)
{
    qb_arena arena = {0};
    unsigned char *empty = qb_arena_alloc(&arena, 0, 8);
    unsigned char *other = qb_arena_alloc(&arena, 8, 0);
    CHECK(empty != NULL && other != NULL && empty != other);
    size_t reserved = arena.reserved;
    CHECK(qb_arena_alloc(&arena, SIZE_MAX / 2, 3) == NULL);
    CHECK(qb_arena_alloc(&arena, SIZE_MAX, 1) == NULL);
    CHECK(qb_arena_alloc(&arena, SIZE_MAX - 63, 1) == NULL);
    CHECK(qb_arena_alloc(&arena, SIZE_MAX - 128, 1) == NULL);
    CHECK_INT(arena.reserved, reserved);
    CHECK(qb_arena_alloc(&arena, 1, 1) != NULL);
    qb_arena_clear(&arena);
}

/* With the address sanitizer, the bytes about a block may not be touched. */
static void arena_guards_its_blocks(void)
{
#ifdef __SANITIZE_ADDRESS__
    qb_arena arena = {0};
    static const size_t sizes[] = {1, 63, 64, 65, 1000, 65536};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        unsigned char *memory = qb_arena_alloc(&arena, sizes[i], 1);
        CHECK(memory != NULL && __asan_region_is_poisoned(memory, sizes[i]) == NULL);
        CHECK(__asan_address_is_poisoned(memory + sizes[i]));
        CHECK(__asan_address_is_poisoned(memory + sizes[i] + 63));
    }
    qb_arena_clear(&arena);
#else
    SKIP("only with the address sanitizer");
#endif
}

/* A hundred thousand small blocks take a handful of chunks. */
static void arena_grows_in_big_steps(void)
{
    qb_arena arena = {0};
    allocations_begin(-1);
    for (int i = 0; i < 100000; i++)
        CHECK(qb_arena_alloc(&arena, 1, 100) != NULL);
    CHECK(allocations_made() < 12);
    CHECK(arena.reserved < 2 * (size_t)100000 * 192 + 65536); /* a guarded block takes 192 */
    qb_arena_clear(&arena);
    CHECK_INT(allocations_end(), 0);
}

/* Each allocation fails once: the arena stays as it was, goes on working, leaks nothing. */
static void arena_survives_failure(void)
{
    for (int failing = 0;; failing++) {
        qb_arena arena = {0};
        allocations_begin(failing);
        int refused = 0;
        for (size_t size = 1; size < ((size_t)1 << 20); size *= 2) {
            qb_arena before = arena;
            unsigned char *memory = qb_arena_alloc(&arena, size, 1);
            if (memory == NULL) {
                refused++;
                CHECK(memcmp(&before, &arena, sizeof arena) == 0);
                memory = qb_arena_alloc(&arena, size, 1);
            }
            CHECK(memory != NULL && is_zero(memory, size));
        }
        qb_arena_clear(&arena);
        CHECK_INT(allocations_end(), 0);
        CHECK_INT(refused, allocations_failed());
        if (!allocations_failed()) {
            CHECK(failing > 2);
            return;
        }
    }
}

/* ---- random numbers ----------------------------------------------------------------------- */

/* performance.md gives the generator and the price walk's check values: close[0] and
 * close[999999] of WALK64, which two million draws lead to. */
static void random_walk64(void)
{
    qb_random random = {42};
    int64_t price = 640000, first = 0;
    for (int i = 0; i < 1000000; i++) {
        uint64_t r1 = qb_random_next(&random), r2 = qb_random_next(&random);
        int64_t d =
            (int64_t)((r1 & 0xffff) + ((r1 >> 16) & 0xffff) + ((r1 >> 32) & 0xffff) + (r1 >> 48)) -
            131070;
        int64_t open = i == 0 ? price : price + (int64_t)(r2 % 13) - 6;
        int64_t move = (open * d + (1 << 25)) >> 26;
        price = open + move;
        if (price < 64000 || price > 6400000)
            price = open - move;
        first = i == 0 ? price : first;
    }
    CHECK(first / 64.0 == 9995.671875);
    CHECK(price / 64.0 == 8095.859375);
}

static void random_unit_range(void)
{
    qb_random random = {10};
    double sum = 0;
    for (int i = 0; i < 1000000; i++) {
        double unit = qb_random_unit(&random);
        CHECK(unit >= 0 && unit < 1);
        sum += unit;
    }
    CHECK_NEAR(sum / 1e6, 0.5, 5 * 0.2887e-3); /* five standard errors of the mean */
}

int main(void)
{
    static const tap_case cases[] = {
        {"/base/status/text", status_has_text},
        {"/base/money/from-double/cases", from_double_cases},
        {"/base/money/from-double/exact", from_double_is_exact},
        {"/base/money/from-text", from_text_cases},
        {"/base/money/to-text", to_text_cases},
        {"/base/money/text-round-trip", text_round_trip},
        {"/base/money/notional/cases", notional_cases},
        {"/base/money/notional/plain", notional_equals_plain},
        {"/base/money/notional-at-rate/plain", rate_equals_plain},
        {"/base/money/muldiv/plain", muldiv_equals_plain},
        {"/base/money/add", add_cases},
        {"/base/time/dates/counting", dates_by_counting},
        {"/base/time/dates/library", dates_by_library},
        {"/base/time/dates/instant", date_of_instant},
        {"/base/time/from-text", time_text_cases},
        {"/base/time/to-text", time_to_text_cases},
        {"/base/time/text-round-trip", time_text_round_trip},
        {"/base/parsers/stay-inside", parsers_stay_inside},
        {"/base/arena/memory", arena_gives_aligned_zeroed_memory},
        {"/base/arena/limits", arena_limits},
        {"/base/arena/guards", arena_guards_its_blocks},
        {"/base/arena/growth", arena_grows_in_big_steps},
        {"/base/arena/failure", arena_survives_failure},
        {"/base/random/walk64", random_walk64},
        {"/base/random/unit", random_unit_range},
    };
    return tap_run(cases, COUNT_OF(cases));
}
