#include "allocations.h"
#include "core/market/market.h"
#include "tap.h"

#include <time.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- intervals and assets ----------------------------------------------------------------- */

static void interval_texts(void)
{
    static const char *const texts[] = {"1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w"};
    static const int64_t minutes[] = {1, 5, 15, 30, 60, 240, 1440, 10080};
    for (int i = 0; i < QB_INTERVAL_COUNT; i++) {
        qb_interval back = QB_INTERVAL_COUNT;
        CHECK_TEXT(qb_interval_text((qb_interval)i), texts[i]);
        CHECK_OK(qb_interval_from_text(texts[i], &back));
        CHECK_INT(back, i);
        CHECK_INT(qb_interval_us((qb_interval)i), minutes[i] * 60 * 1000000);
    }
    static const char *const bad[] = {"", "1", "1M", "1D", "2m", "1d ", "1min", "1mo", "daily"};
    qb_interval untouched = QB_4H;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK_INT(qb_interval_from_text(bad[i], &untouched), QB_BAD_FORMAT);
    CHECK_INT(untouched, QB_4H);
}

/* By the Gregorian calendar. */
static void period_ends(void)
{
    static const struct {
        qb_interval interval;
        const char *start, *end;
    } cases[] = {
        {QB_1D, "2020-02-28", "2020-02-29"},  {QB_1W, "2019-12-30", "2020-01-06"},
        {QB_1MO, "2020-02-01", "2020-03-01"}, {QB_1MO, "2019-12-01", "2020-01-01"},
        {QB_1Q, "2020-10-01", "2021-01-01"},  {QB_1Q, "1960-01-01", "1960-04-01"},
        {QB_1Y, "1900-01-01", "1901-01-01"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t start_us = 0, end_us = 0;
        CHECK_OK(qb_time_from_text(cases[i].start, strlen(cases[i].start), &start_us));
        CHECK_OK(qb_time_from_text(cases[i].end, strlen(cases[i].end), &end_us));
        CHECK_INT(qb_period_end_us(cases[i].interval, start_us), end_us);
    }
}

static void asset_texts(void)
{
    static const char *const texts[] = {"equity", "index", "crypto", "fx"};
    for (int i = 0; i < QB_ASSET_COUNT; i++) {
        qb_asset back = QB_ASSET_COUNT;
        CHECK_TEXT(qb_asset_text((qb_asset)i), texts[i]);
        CHECK_OK(qb_asset_from_text(texts[i], &back));
        CHECK_INT(back, i);
    }
    qb_asset asset = QB_EQUITY;
    CHECK_OK(qb_asset_from_text("FX", &asset));
    CHECK_INT(asset, QB_FX);
    CHECK_INT(qb_asset_from_text("stock", &asset), QB_BAD_FORMAT);
    CHECK_INT(qb_asset_from_text("", &asset), QB_BAD_FORMAT);
    CHECK_INT(asset, QB_FX);
}

/* ---- symbols ------------------------------------------------------------------------------ */

static void symbol_cases(void)
{
    static const struct {
        const char *text;
        qb_asset asset;
        const char *symbol; /* NULL: refused */
    } cases[] = {
        {"spy", QB_EQUITY, "SPY"},
        {"brk.b", QB_EQUITY, "BRK.B"},
        {"BRK-B", QB_EQUITY, "BRK-B"},
        {"brk/b", QB_EQUITY, NULL},
        {"^gspc", QB_INDEX, "^GSPC"},
        {"A", QB_EQUITY, "A"},
        {"0700.hk", QB_EQUITY, "0700.HK"},
        {"btc_x", QB_EQUITY, "BTC_X"},
        {"", QB_EQUITY, NULL},
        {".", QB_EQUITY, NULL},
        {"..", QB_EQUITY, NULL},
        {".hidden", QB_EQUITY, NULL},
        {"-rf", QB_EQUITY, NULL},
        {"a b", QB_EQUITY, NULL},
        {" spy", QB_EQUITY, NULL},
        {"spy\n", QB_EQUITY, NULL},
        {"a/../b", QB_EQUITY, NULL},
        {"sp\xc3\xbf", QB_EQUITY, NULL},
        {"ABCDEFGHIJKLMNOPQRSTUVW", QB_EQUITY, "ABCDEFGHIJKLMNOPQRSTUVW"}, /* 23 */
        {"ABCDEFGHIJKLMNOPQRSTUVWX", QB_EQUITY, NULL},
        {"btc", QB_CRYPTO, "BTC-USD"},
        {"BTC", QB_CRYPTO, "BTC-USD"},
        {"BTC/USD", QB_CRYPTO, "BTC-USD"},
        {"BTCUSD", QB_CRYPTO, "BTC-USD"},
        {"btc-usd", QB_CRYPTO, "BTC-USD"},
        {"btc_usd", QB_CRYPTO, "BTC-USD"},
        {"BTCUSDT", QB_CRYPTO, "BTC-USDT"},
        {"ethbtc", QB_CRYPTO, "ETH-BTC"},
        {"etheur", QB_CRYPTO, "ETH-EUR"},
        {"xrpeth", QB_CRYPTO, "XRP-ETH"},
        {"solusdc", QB_CRYPTO, "SOL-USDC"},
        {"BTCJPY", QB_CRYPTO, "BTC-JPY"},
        {"BTCGBP", QB_CRYPTO, "BTC-GBP"},
        {"1inchusdt", QB_CRYPTO, "1INCH-USDT"},
        {"usdt", QB_CRYPTO, "USDT-USD"},
        {"usdc", QB_CRYPTO, "USDC-USD"},
        {"usdcusdt", QB_CRYPTO, "USDC-USDT"},
        {"eth", QB_CRYPTO, "ETH-USD"},
        {"doge", QB_CRYPTO, "DOGE-USD"},
        {"wbtc", QB_CRYPTO, "WBTC-USD"},
        {"steth", QB_CRYPTO, "STETH-USD"},
        {"tusd", QB_CRYPTO, "TUSD-USD"},
        {"t/usd", QB_CRYPTO, "T-USD"},
        {"wbtcusd", QB_CRYPTO, "WBTC-USD"},
        {"wbtcbtc", QB_CRYPTO, "WBTC-BTC"},
        {"btc/dai", QB_CRYPTO, "BTC-DAI"},
        {"btc-", QB_CRYPTO, NULL},
        {"-usd", QB_CRYPTO, NULL},
        {"/", QB_CRYPTO, NULL},
        {"btc--usd", QB_CRYPTO, NULL},
        {"btc-usd-perp", QB_CRYPTO, NULL},
        {"btc.usd", QB_CRYPTO, NULL},
        {"../usd", QB_CRYPTO, NULL},
        {"", QB_CRYPTO, NULL},
        {"ABCDEFGHIJKLMNOPQRS", QB_CRYPTO, "ABCDEFGHIJKLMNOPQRS-USD"}, /* 19 + 4 */
        {"ABCDEFGHIJKLMNOPQRST", QB_CRYPTO, NULL},
        {"eurusd", QB_FX, "EUR-USD"},
        {"EUR/USD", QB_FX, "EUR-USD"},
        {"usdjpy", QB_FX, "USD-JPY"},
        {"xauusd", QB_FX, "XAU-USD"},
        {"eur", QB_FX, NULL},
        {"eurusdx", QB_FX, NULL},
        {"eu/rusd", QB_FX, NULL},
        {"eur/us1", QB_FX, NULL},
        {"eur--usd", QB_FX, NULL},
        {"eur-us", QB_FX, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char symbol[QB_SYMBOL_SIZE] = "untouched", again[QB_SYMBOL_SIZE];
        int failed_before = tap_failed;
        qb_status status = qb_symbol_normalise(cases[i].text, cases[i].asset, symbol);
        CHECK_INT(status, cases[i].symbol != NULL ? QB_OK : QB_BAD_FORMAT);
        CHECK_TEXT(symbol, cases[i].symbol != NULL ? cases[i].symbol : "untouched");
        if (status == QB_OK) {
            CHECK_OK(qb_symbol_normalise(symbol, cases[i].asset, again));
            CHECK_TEXT(again, symbol);
        }
        if (tap_failed > failed_before)
            printf("# in case \"%s\"\n", cases[i].text);
    }
}

/* Any bytes: refused, or of the promised alphabet, short enough, and the same when put in again. */
static void symbols_are_safe(void)
{
    static const char alphabet[] = "abBTCUSDTETHusd/-_.^ \x80\n09%\\~";
    qb_random random = {21};
    for (int i = 0; i < 200000; i++) {
        char text[40], symbol[QB_SYMBOL_SIZE], again[QB_SYMBOL_SIZE];
        size_t length = qb_random_next(&random) % 30;
        for (size_t k = 0; k < length; k++)
            text[k] = alphabet[qb_random_next(&random) % (sizeof alphabet - 1)];
        text[length] = '\0';
        qb_asset asset = (qb_asset)(i % QB_ASSET_COUNT);
        if (qb_symbol_normalise(text, asset, symbol) != QB_OK)
            continue;
        size_t size = strlen(symbol);
        CHECK(size > 0 && size < QB_SYMBOL_SIZE);
        CHECK(strspn(symbol, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.^_-") == size);
        CHECK(symbol[0] != '.' && symbol[0] != '-');
        CHECK_OK(qb_symbol_normalise(symbol, asset, again));
        CHECK_TEXT(again, symbol);
    }
}

static void instrument_defaults(void)
{
    static const struct {
        const char *text;
        qb_asset asset;
        const char *symbol, *currency, *calendar;
        int64_t lot;
    } cases[] = {
        {"aapl", QB_EQUITY, "AAPL", "USD", "XNYS", 100000000},
        {"^spx", QB_INDEX, "^SPX", "USD", "XNYS", 100000000},
        {"btc", QB_CRYPTO, "BTC-USD", "USD", "24/7", 1},
        {"ethbtc", QB_CRYPTO, "ETH-BTC", "BTC", "24/7", 1},
        {"eurgbp", QB_FX, "EUR-GBP", "GBP", "weekdays", 100000000},
    };
    qb_instrument instrument;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        CHECK_OK(qb_instrument_default(cases[i].text, cases[i].asset, QB_1H, &instrument));
        CHECK_TEXT(instrument.symbol, cases[i].symbol);
        CHECK_TEXT(instrument.currency, cases[i].currency);
        CHECK_TEXT(qb_calendar_name(instrument.calendar), cases[i].calendar);
        CHECK_INT(instrument.lot.raw, cases[i].lot);
        CHECK_INT(instrument.tick.raw, 0);
        CHECK_INT(instrument.price_decimals, 8);
        CHECK_INT(instrument.interval, QB_1H);
        CHECK_INT(instrument.asset, cases[i].asset);
    }
    qb_instrument before = instrument;
    CHECK_INT(qb_instrument_default("a b", QB_EQUITY, QB_1D, &instrument), QB_BAD_FORMAT);
    CHECK_INT(qb_instrument_default("btc-abcdefgh", QB_CRYPTO, QB_1D, &instrument), QB_BAD_FORMAT);
    CHECK_INT(qb_instrument_default("a", QB_ASSET_COUNT, QB_1D, &instrument), QB_OUT_OF_RANGE);
    CHECK_INT(qb_instrument_default("a", QB_EQUITY, QB_INTERVAL_COUNT, &instrument),
              QB_OUT_OF_RANGE);
    CHECK_TEXT(instrument.symbol, before.symbol);
}

/* ---- series ------------------------------------------------------------------------------- */

static qb_bar plain_bar(int64_t ts_us, double close)
{
    return (qb_bar){
        .ts_us = ts_us,
        .open = close,
        .high = close + 1,
        .low = close - 1,
        .close = close,
        .volume = NAN,
        .split_factor = 1,
    };
}

static bool same_number(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void check_bar(qb_bar got, qb_bar want)
{
    CHECK_INT(got.ts_us, want.ts_us);
    CHECK(got.open == want.open && got.high == want.high && got.low == want.low &&
          got.close == want.close);
    CHECK(same_number(got.volume, want.volume));
    CHECK(got.dividend == want.dividend && got.split_factor == want.split_factor);
    CHECK_INT(got.flags, want.flags);
}

/* Row i of a series whose optional columns begin at rows of their own. */
static qb_bar sample_bar(size_t i)
{
    qb_bar bar = plain_bar((int64_t)i * QB_MINUTE_US, 100 + (double)i);
    bar.volume = i >= 300 ? (double)i : NAN;
    bar.dividend = i == 700 ? 0.25 : 0;
    bar.split_factor = i == 900 ? 2 : 1;
    bar.flags = i == 1100 ? QB_BAR_REPAIRED : 0;
    return bar;
}

static void series_append(void)
{
    qb_series series = {0};
    for (size_t i = 0; i < 2000; i++) {
        qb_bar bar = sample_bar(i);
        CHECK_OK(qb_series_append(&series, &bar));
        CHECK((series.volume != NULL) == (i >= 300));
        CHECK((series.dividend != NULL) == (i >= 700));
        CHECK((series.split_factor != NULL) == (i >= 900));
        CHECK((series.flags != NULL) == (i >= 1100));
        CHECK(series.bid == NULL && series.ask == NULL);
    }
    CHECK_INT(series.count, 2000);
    for (size_t i = 0; i < series.count; i++)
        check_bar(qb_series_bar(&series, i), sample_bar(i));
    qb_series_clear(&series);
    CHECK(series.ts_us == NULL && series.count == 0 && series.capacity == 0);
    qb_series_clear(&series);
}

/* Quotes are columns that a reader fills; rows appended later have none. */
static void series_quotes(void)
{
    qb_series series = {0};
    CHECK_OK(qb_series_reserve(&series, 10));
    series.bid = qb_realloc(NULL, series.capacity * sizeof(double));
    series.ask = qb_realloc(NULL, series.capacity * sizeof(double));
    for (size_t i = 0; i < 400; i++) {
        qb_bar bar = sample_bar(i);
        CHECK_OK(qb_series_append(&series, &bar));
        CHECK(isnan(series.bid[i]) && isnan(series.ask[i]));
        series.bid[i] = (double)i;
    }
    for (size_t i = 0; i < 400; i++)
        CHECK(series.bid[i] == (double)i);
    qb_series_clear(&series);
}

static void series_reserve(void)
{
    qb_series series = {0};
    CHECK_OK(qb_series_reserve(&series, 0));
    CHECK(series.ts_us == NULL);
    CHECK_OK(qb_series_reserve(&series, 1000));
    CHECK_INT(series.capacity, 1000);
    const int64_t *column = series.ts_us;
    CHECK_OK(qb_series_reserve(&series, 10));
    CHECK_INT(series.capacity, 1000);
    for (size_t i = 0; i < 1000; i++) {
        qb_bar bar = sample_bar(i);
        CHECK_OK(qb_series_append(&series, &bar));
    }
    CHECK(series.ts_us == column);
    CHECK_INT(qb_series_reserve(&series, SIZE_MAX / 8), QB_NO_MEMORY);
    CHECK_INT(qb_series_reserve(&series, SIZE_MAX), QB_NO_MEMORY);
    CHECK_INT(series.count, 1000);
    check_bar(qb_series_bar(&series, 999), sample_bar(999));
    qb_series_clear(&series);
}

static void series_lower_bound(void)
{
    qb_series series = {0};
    CHECK_INT(qb_series_lower_bound(&series, 0), 0);
    for (int i = 0; i < 300; i++) {
        qb_bar bar = plain_bar(i * 10, 1);
        CHECK_OK(qb_series_append(&series, &bar));
        for (int64_t at = -15; at < i * 10 + 15; at += 5) {
            size_t want = at <= 0 ? 0 : (size_t)((at + 9) / 10);
            CHECK_INT(qb_series_lower_bound(&series, at),
                      want > series.count ? series.count : want);
        }
    }
    CHECK_INT(qb_series_lower_bound(&series, INT64_MIN), 0);
    CHECK_INT(qb_series_lower_bound(&series, INT64_MAX), 300);
    qb_series_clear(&series);
}

/* Each allocation fails once: rows stay as they were, the call works when tried again, and
 * nothing leaks. */
static void series_survives_failure(void)
{
    for (int failing = 0;; failing++) {
        qb_series series = {0};
        int refused = 0;
        allocations_begin(failing);
        for (size_t i = 0; i < 1500; i++) {
            qb_bar bar = sample_bar(i);
            qb_status status = qb_series_append(&series, &bar);
            if (status != QB_OK) {
                CHECK_INT(status, QB_NO_MEMORY);
                CHECK_INT(series.count, i);
                refused++;
                CHECK_OK(qb_series_append(&series, &bar));
            }
        }
        for (size_t i = 0; i < series.count; i++)
            check_bar(qb_series_bar(&series, i), sample_bar(i));
        qb_series_clear(&series);
        CHECK_INT(allocations_end(), 0);
        CHECK_INT(refused, allocations_failed());
        if (!allocations_failed()) {
            CHECK(failing >= 5 + 4);
            return;
        }
    }
}

/* ---- sorting ------------------------------------------------------------------------------ */

static void fill_stamps(qb_series *series, const int64_t *stamps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        qb_bar bar = plain_bar(stamps[i], 1 + (double)i); /* the close tells the original row */
        bar.flags = (int32_t)i;
        CHECK_OK(qb_series_append(series, &bar));
    }
}

static void sort_cases(void)
{
    static const struct {
        int64_t stamps[6];
        size_t count;
        int sorted_rows[6]; /* original rows, in order */
        size_t kept, moved, dropped;
    } cases[] = {
        {{0}, 0, {0}, 0, 0, 0},
        {{1}, 1, {0}, 1, 0, 0},
        {{1, 2, 3}, 3, {0, 1, 2}, 3, 0, 0},
        {{3, 2, 1}, 3, {2, 1, 0}, 3, 2, 0},
        {{1, 2, 5, 3, 4}, 5, {0, 1, 3, 4, 2}, 5, 2, 0},
        {{1, 1, 2}, 3, {1, 2}, 2, 0, 1},
        {{2, 1, 2, 1, 2}, 5, {3, 4}, 2, 2, 3},
        {{7, 7, 7, 7}, 4, {3}, 1, 0, 3},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        qb_series series = {0};
        size_t moved = 99, dropped = 99;
        fill_stamps(&series, cases[i].stamps, cases[i].count);
        CHECK_OK(qb_series_sort(&series, &moved, &dropped));
        CHECK_INT(moved, cases[i].moved);
        CHECK_INT(dropped, cases[i].dropped);
        CHECK_INT(series.count, cases[i].kept);
        for (size_t k = 0; k < series.count && k < cases[i].kept; k++) {
            int row = cases[i].sorted_rows[k];
            CHECK_INT(series.ts_us[k], cases[i].stamps[row]);
            qb_bar bar = qb_series_bar(&series, k);
            CHECK(bar.close == 1 + row && bar.flags == row);
        }
        qb_series_clear(&series);
    }
}

typedef struct row {
    int64_t ts_us;
    int number;
} row;

static int by_stamp_then_number(const void *a, const void *b)
{
    const row *left = a, *right = b;
    if (left->ts_us != right->ts_us)
        return left->ts_us < right->ts_us ? -1 : 1;
    return left->number - right->number;
}

/* Against the C library's sort, random series with many equal stamps. */
static void sort_equals_library(void)
{
    qb_random random = {22};
    for (int round = 0; round < 300; round++) {
        enum { MOST = 700 };
        row rows[MOST];
        int64_t stamps[MOST];
        size_t count = qb_random_next(&random) % MOST;
        uint64_t spread = 1 + qb_random_next(&random) % 1000;
        for (size_t i = 0; i < count; i++) {
            stamps[i] = (int64_t)(qb_random_next(&random) % spread);
            rows[i] = (row){stamps[i], (int)i};
        }
        qb_series series = {0};
        fill_stamps(&series, stamps, count);
        qsort(rows, count, sizeof *rows, by_stamp_then_number);

        size_t moved, dropped, kept = 0;
        CHECK_OK(qb_series_sort(&series, &moved, &dropped));
        for (size_t i = 0; i < count; i++) {
            if (i + 1 < count && rows[i + 1].ts_us == rows[i].ts_us)
                continue;
            CHECK(kept < series.count);
            CHECK_INT(series.ts_us[kept], rows[i].ts_us);
            CHECK(series.close[kept] == 1 + rows[i].number);
            CHECK_INT(qb_series_bar(&series, kept).flags, rows[i].number);
            kept++;
        }
        CHECK_INT(series.count, kept);
        CHECK_INT(dropped, count - kept);
        qb_series_clear(&series);
    }
}

static void sort_survives_failure(void)
{
    static const int64_t stamps[] = {3, 1, 2, 1};
    qb_series series = {0};
    size_t moved = 99, dropped = 99;
    fill_stamps(&series, stamps, COUNT_OF(stamps));
    allocations_begin(0);
    CHECK_INT(qb_series_sort(&series, &moved, &dropped), QB_NO_MEMORY);
    CHECK_INT(allocations_end(), 0);
    CHECK_INT(moved, 99);
    CHECK_INT(series.count, 4);
    CHECK_INT(series.ts_us[0], 3);
    allocations_begin(-1);
    CHECK_OK(qb_series_sort(&series, &moved, &dropped));
    CHECK_INT(allocations_end(), 0);
    CHECK_INT(series.count, 3);
    qb_series_clear(&series);
}

/* ---- validation --------------------------------------------------------------------------- */

enum { MOST_DEFECTS = 64 };

typedef struct judged {
    qb_defect items[MOST_DEFECTS];
    qb_defects defects;
} judged;

static void judge(judged *judged, const qb_series *series, const char *calendar,
                  qb_interval interval)
{
    judged->defects = (qb_defects){.items = judged->items, .capacity = MOST_DEFECTS, .count = 5};
    CHECK_OK(qb_validate(series, qb_calendar_find(calendar), interval, &judged->defects));
}

static void check_defect(const judged *judged, size_t index, qb_defect_kind kind, size_t row,
                         const char *field, double value)
{
    CHECK(index < judged->defects.stored);
    if (index >= judged->defects.stored)
        return;
    const qb_defect *defect = &judged->items[index];
    CHECK_TEXT(qb_defect_text(defect->kind), qb_defect_text(kind));
    CHECK_INT(defect->row, row);
    CHECK_TEXT(defect->field, field);
    CHECK(same_number(defect->value, value));
}

static void add_bar(qb_series *series, const char *ts, double open, double high, double low,
                    double close, double volume, int32_t flags)
{
    qb_bar bar = {.open = open,
                  .high = high,
                  .low = low,
                  .close = close,
                  .volume = volume,
                  .split_factor = 1,
                  .flags = flags};
    CHECK_OK(qb_time_from_text(ts, strlen(ts), &bar.ts_us));
    CHECK_OK(qb_series_append(series, &bar));
}

static void defect_texts(void)
{
    int fatal = 0;
    for (int kind = 0; kind < QB_DEFECT_KIND_COUNT; kind++) {
        const char *text = qb_defect_text((qb_defect_kind)kind);
        CHECK(text != NULL && strlen(text) > 3);
        for (int other = 0; other < kind; other++)
            CHECK(strcmp(text, qb_defect_text((qb_defect_kind)other)) != 0);
        fatal += qb_defect_is_fatal((qb_defect_kind)kind);
    }
    CHECK_INT(fatal, 4);
    CHECK(qb_defect_is_fatal(QB_DEFECT_MISALIGNED) && qb_defect_is_fatal(QB_DEFECT_HIGH_LOW) &&
          qb_defect_is_fatal(QB_DEFECT_NOT_FINITE) && qb_defect_is_fatal(QB_DEFECT_NOT_POSITIVE));
}

static void sound_series(void)
{
    qb_series series = {0};
    judged judged;
    judge(&judged, &series, "XNYS", QB_1D);
    CHECK_INT(judged.defects.count, 0);
    add_bar(&series, "2024-01-02", 10, 11, 9, 10.5, 100, 0);
    add_bar(&series, "2024-01-03", 10, 10, 10, 10, 100, 0);
    add_bar(&series, "2024-01-04", 10, 10, 10, 10, 50, 0); /* still, but traded */
    add_bar(&series, "2024-01-05", 11, 11, 11, 11, 0, 0);  /* still, but elsewhere */
    add_bar(&series, "2024-01-08", 11, 12, 11, 12, NAN, 0);
    judge(&judged, &series, "XNYS", QB_1D);
    CHECK_INT(judged.defects.count, 0);
    CHECK_INT(judged.defects.stored, 0);
    qb_series_clear(&series);
}

static void every_defect(void)
{
    qb_series series = {0};
    judged judged;
    add_bar(&series, "2024-01-02T15:00", 10, 11, 9, 10, 5, 0);        /* 0 */
    add_bar(&series, "2024-01-02T16:00", 10, 9.5, 9, 9.2, 5, 0);      /* 1 high below open */
    add_bar(&series, "2024-01-02T17:00", NAN, 11, 9, 10, 5, 0);       /* 2 */
    add_bar(&series, "2024-01-02T18:00", 10, HUGE_VAL, 9, 10, -1, 0); /* 3 */
    add_bar(&series, "2024-01-02T19:00", 10, 11, 0, 10, 5, 0);        /* 4 zero low */
    add_bar(&series, "2024-01-02T20:00", 10, 11, 10.5, 11, 5, 0);     /* 5 low above open */
    add_bar(&series, "2024-01-02T21:00", 10, 11, 9, 10, 5, 0);        /* 6 after the close */
    add_bar(&series, "2024-01-03T14:30", 10, 11, 9, 10, 5, 0);        /* 7 off the grid */
    add_bar(&series, "2024-01-06T15:00", 10, 11, 9, 10, 5, 0);        /* 8 Saturday */
    add_bar(&series, "2024-01-05T15:00", 10, 11, 9, 10, 5, 0);        /* 9 before row 8 */
    add_bar(&series, "2024-01-02T15:00", 10, 11, 9, 10, HUGE_VAL, 0); /* 10 before, again */
    add_bar(&series, "2024-01-08T15:00", 10, 10, 10, 10, 0, 0);       /* 11 filled */
    add_bar(&series, "2024-01-08T16:00", 10, 10, 10, 10, NAN, 0);     /* 12 filled */
    add_bar(&series, "2024-01-08T17:00", 10, 10, 10, 10, 0, QB_BAR_SYNTHETIC);
    add_bar(&series, "2024-01-08T18:00", 10, 10, 10, 10, NAN, QB_BAR_SAMPLED);
    add_bar(&series, "2024-01-08T19:00", 10, 10, 10, 10, 0, QB_BAR_REPAIRED); /* 15 filled */
    judge(&judged, &series, "XNYS", QB_1H);
    size_t i = 0;
    check_defect(&judged, i++, QB_DEFECT_HIGH_LOW, 1, "high", 9.5);
    check_defect(&judged, i++, QB_DEFECT_NOT_FINITE, 2, "open", NAN);
    check_defect(&judged, i++, QB_DEFECT_NOT_FINITE, 3, "high", HUGE_VAL);
    check_defect(&judged, i++, QB_DEFECT_NOT_POSITIVE, 3, "volume", -1);
    check_defect(&judged, i++, QB_DEFECT_NOT_POSITIVE, 4, "low", 0);
    check_defect(&judged, i++, QB_DEFECT_HIGH_LOW, 5, "low", 10.5);
    check_defect(&judged, i++, QB_DEFECT_OUTSIDE_SESSION, 6, "ts", NAN);
    check_defect(&judged, i++, QB_DEFECT_MISALIGNED, 7, "ts", NAN);
    check_defect(&judged, i++, QB_DEFECT_NON_SESSION, 8, "ts", NAN);
    check_defect(&judged, i++, QB_DEFECT_OUT_OF_ORDER, 9, "ts", NAN);
    check_defect(&judged, i++, QB_DEFECT_OUT_OF_ORDER, 10, "ts", NAN);
    check_defect(&judged, i++, QB_DEFECT_DUPLICATE, 10, "ts", NAN);
    check_defect(&judged, i++, QB_DEFECT_NOT_FINITE, 10, "volume", HUGE_VAL);
    check_defect(&judged, i++, QB_DEFECT_FORWARD_FILL, 11, "close", 10);
    check_defect(&judged, i++, QB_DEFECT_FORWARD_FILL, 12, "close", 10);
    check_defect(&judged, i++, QB_DEFECT_FORWARD_FILL, 15, "close", 10);
    CHECK_INT(judged.defects.count, i);
    CHECK_INT(judged.items[8].ts_us, series.ts_us[8]);
    size_t sum = 0;
    for (int kind = 0; kind < QB_DEFECT_KIND_COUNT; kind++) {
        CHECK_INT(judged.defects.by_kind[kind] > 0, kind <= QB_DEFECT_FORWARD_FILL);
        sum += judged.defects.by_kind[kind];
    }
    CHECK_INT(sum, i);
    CHECK_INT(judged.defects.by_kind[QB_DEFECT_FORWARD_FILL], 3);

    /* Room for fewer: the first ones are kept, all are counted. */
    qb_defects few = {.items = judged.items, .capacity = 2};
    CHECK_OK(qb_validate(&series, qb_calendar_find("XNYS"), QB_1H, &few));
    CHECK_INT(few.stored, 2);
    CHECK_INT(few.count, i);
    qb_defects none = {0};
    CHECK_OK(qb_validate(&series, qb_calendar_find("XNYS"), QB_1H, &none));
    CHECK_INT(none.count, i);
    qb_series_clear(&series);
}

static void duplicates_in_order(void)
{
    qb_series series = {0};
    judged judged;
    add_bar(&series, "2024-01-02", 10, 11, 9, 10, 5, 0);
    add_bar(&series, "2024-01-02", 10, 11, 9, 10, 5, 0);
    add_bar(&series, "2024-01-02", 10, 11, 9, 10, 5, 0);
    add_bar(&series, "2024-01-03", 10, 11, 9, 10, 5, 0);
    allocations_begin(0); /* none is needed */
    judge(&judged, &series, "XNYS", QB_1D);
    CHECK_INT(allocations_made(), 0);
    CHECK_INT(allocations_end(), 0);
    check_defect(&judged, 0, QB_DEFECT_DUPLICATE, 1, "ts", NAN);
    check_defect(&judged, 1, QB_DEFECT_DUPLICATE, 2, "ts", NAN);
    CHECK_INT(judged.defects.count, 2);
    qb_series_clear(&series);
}

/* A series without any range is a list of samples, and one without volumes a list of quotes or
 * index levels: repeats there say nothing. */
static void still_series_has_no_leak(void)
{
    qb_series series = {0};
    judged judged;
    for (int i = 0; i < 5; i++) {
        char ts[32];
        snprintf(ts, sizeof ts, "2024-01-01T%02d:00", i);
        add_bar(&series, ts, 10, 10, 10, 10, NAN, 0);
    }
    judge(&judged, &series, "24/7", QB_1H);
    CHECK_INT(judged.defects.count, 0);
    add_bar(&series, "2024-01-01T05:00", 10, 10.5, 10, 10, 0, 0);
    judge(&judged, &series, "24/7", QB_1H);
    CHECK_INT(judged.defects.count, 0);
    series.volume[5] = 3;
    judge(&judged, &series, "24/7", QB_1H);
    CHECK_INT(judged.defects.by_kind[QB_DEFECT_FORWARD_FILL], 4);
    CHECK_INT(judged.defects.count, 4);
    qb_series_clear(&series);
}

/* Random stamps: out of order and duplicate rows as two plain loops find them. */
static void stamps_equal_plain(void)
{
    qb_random random = {23};
    for (int round = 0; round < 100; round++) {
        enum { MOST = 300 };
        static qb_defect items[MOST * 3];
        int64_t stamps[MOST];
        size_t count = 2 + qb_random_next(&random) % (MOST - 2), want = 0;
        for (size_t i = 0; i < count; i++)
            stamps[i] = (int64_t)(qb_random_next(&random) % 200) * QB_MINUTE_US;
        qb_series series = {0};
        fill_stamps(&series, stamps, count);
        qb_defects defects = {.items = items, .capacity = COUNT_OF(items)};
        for (size_t i = 0; i < count; i++)
            series.low[i] = 0.5; /* row 0's would be zero */
        CHECK_OK(qb_validate(&series, qb_calendar_find("24/7"), QB_1M, &defects));
        for (size_t i = 0; i < count; i++) {
            bool repeated = false;
            for (size_t k = 0; k < i; k++)
                repeated |= stamps[k] == stamps[i];
            if (i > 0 && stamps[i] < stamps[i - 1]) {
                CHECK(items[want].kind == QB_DEFECT_OUT_OF_ORDER && items[want].row == i);
                want++;
            }
            if (repeated) {
                CHECK(items[want].kind == QB_DEFECT_DUPLICATE && items[want].row == i);
                want++;
            }
        }
        CHECK_INT(defects.count, want);
        qb_series_clear(&series);
    }
}

static void validation_survives_failure(void)
{
    static const int64_t stamps[] = {2 * QB_MINUTE_US, QB_MINUTE_US, 2 * QB_MINUTE_US};
    qb_series series = {0};
    fill_stamps(&series, stamps, COUNT_OF(stamps));
    for (int failing = 0; failing < 2; failing++) {
        qb_defects defects = {.count = 7};
        allocations_begin(failing);
        CHECK_INT(qb_validate(&series, qb_calendar_find("24/7"), QB_1M, &defects), QB_NO_MEMORY);
        CHECK_INT(allocations_end(), 0);
        CHECK_INT(defects.count, 7);
    }
    qb_series_clear(&series);
}

/* Work grows with n log n: a reversed series of many equal stamps is judged and sorted at once. */
static void large_unsorted_series(void)
{
    enum { COUNT = 1 << 18 };
    qb_series series = {0};
    for (int i = 0; i < COUNT; i++) {
        qb_bar bar = plain_bar((COUNT - i) / 2 * QB_MINUTE_US, 100);
        CHECK_OK(qb_series_append(&series, &bar));
    }
    qb_defects defects = {0};
    size_t moved, dropped;
    CHECK_OK(qb_validate(&series, qb_calendar_find("24/7"), QB_1M, &defects));
    CHECK_INT(defects.by_kind[QB_DEFECT_OUT_OF_ORDER], COUNT / 2);
    CHECK_INT(defects.by_kind[QB_DEFECT_DUPLICATE], COUNT / 2 - 1);
    CHECK_OK(qb_series_sort(&series, &moved, &dropped));
    CHECK_INT(dropped, COUNT / 2 - 1);
    CHECK_INT(series.count, COUNT / 2 + 1);
    CHECK_OK(qb_validate(&series, qb_calendar_find("24/7"), QB_1M, &defects));
    CHECK_INT(defects.count, 0);
    qb_series_clear(&series);
}

int main(void)
{
    static const tap_case cases[] = {
        {"/market/interval/text", interval_texts},
        {"/market/interval/period-ends", period_ends},
        {"/market/asset/text", asset_texts},
        {"/market/symbol/cases", symbol_cases},
        {"/market/symbol/safe", symbols_are_safe},
        {"/market/instrument/defaults", instrument_defaults},
        {"/market/series/append", series_append},
        {"/market/series/quotes", series_quotes},
        {"/market/series/reserve", series_reserve},
        {"/market/series/lower-bound", series_lower_bound},
        {"/market/series/failure", series_survives_failure},
        {"/market/sort/cases", sort_cases},
        {"/market/sort/library", sort_equals_library},
        {"/market/sort/failure", sort_survives_failure},
        {"/market/validate/texts", defect_texts},
        {"/market/validate/sound", sound_series},
        {"/market/validate/every-defect", every_defect},
        {"/market/validate/duplicates-in-order", duplicates_in_order},
        {"/market/validate/still-series", still_series_has_no_leak},
        {"/market/validate/stamps-plain", stamps_equal_plain},
        {"/market/validate/failure", validation_survives_failure},
        {"/market/validate/large", large_unsorted_series},
    };
    return tap_run(cases, COUNT_OF(cases));
}
