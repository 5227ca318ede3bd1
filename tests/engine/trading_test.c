/* Prices, fees, sizes and splits of the trading room. Expected values are worked out by hand in
 * the comments, or by a slow plain version beside. */
#include "core/trading/trading.h"
#include "tap.h"

static int64_t raw(const char *text)
{
    int64_t value = 0;
    CHECK_OK(qb_raw_from_text(text, strlen(text), &value));
    return value;
}

/* ---- price -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    qb_side side;
    const char *reference, *slippage, *tick;
    int decimals;
    const char *want; /* NULL: refused */
} prices[] = {
    {"no slippage", QB_BUY, "187.23", "0", "0", 8, "187.23"},
    {"buy pays more", QB_BUY, "100", "0.0005", "0", 8, "100.05"},
    {"sell gets less", QB_SELL, "100", "0.0005", "0", 8, "99.95"},
    /* 12.34 x 1.0005 = 12.34617 */
    {"tick, buy: up", QB_BUY, "12.34", "0.0005", "0.01", 8, "12.35"},
    /* 12.34 x 0.9995 = 12.33383 */
    {"tick, sell: down", QB_SELL, "12.34", "0.0005", "0.01", 8, "12.33"},
    {"on the tick: exact", QB_BUY, "12.34", "0", "0.01", 8, "12.34"},
    {"odd tick", QB_SELL, "10", "0", "0.3", 8, "9.9"},
    /* 0.125 to two decimals lies half way: to the even cent */
    {"half to even, down", QB_BUY, "0.125", "0", "0", 2, "0.12"},
    {"half to even, up", QB_BUY, "0.135", "0", "0", 2, "0.14"},
    {"sell rounds the same way without a tick", QB_SELL, "0.126", "0", "0", 2, "0.13"},
    {"whole", QB_BUY, "10.5", "0", "0", 0, "10"},
    /* 0.00000001 x 1.5 is half way between 1 and 2 units: even is 2 */
    {"eight decimals, half to even", QB_BUY, "0.00000001", "0.5", "0", 8, "0.00000002"},
    {"nothing left", QB_SELL, "0.004", "0", "0.01", 8, NULL},
    {"nothing left of a unit", QB_SELL, "0.00000001", "0.9", "0", 8, NULL},
    {"no price", QB_BUY, "0", "0", "0", 8, NULL},
    {"slippage of all", QB_SELL, "10", "1", "0", 8, NULL},
};

static void fill_price(void)
{
    for (size_t i = 0; i < sizeof prices / sizeof *prices; i++) {
        const qb_instrument instrument = {
            .tick = {raw(prices[i].tick)},
            .lot = {1},
            .price_decimals = prices[i].decimals,
        };
        const qb_costs costs = {.slippage = {raw(prices[i].slippage)}};
        qb_price got = {-1};
        qb_status status = qb_fill_price(&instrument, &costs, prices[i].side,
                                         (qb_price){raw(prices[i].reference)}, &got);
        int failed = tap_failed;
        CHECK_INT(status, prices[i].want != NULL ? QB_OK : QB_OUT_OF_RANGE);
        CHECK_INT(got.raw, prices[i].want != NULL ? raw(prices[i].want) : -1);
        if (tap_failed != failed)
            printf("# in: %s\n", prices[i].name);
    }
}

/* ---- fee ---------------------------------------------------------------------------------- */

static const struct {
    const char *rate, *per_unit, *minimum, *price, *quantity, *want;
} fees[] = {
    {"0", "0", "0", "100", "5", "0"},
    {"0.001", "0", "0", "100", "5", "0.5"},
    {"0.001", "0", "0", "100", "-5", "0.5"},
    {"0", "0.005", "1", "145", "697", "3.485"}, /* LEAN's daily template: 697 x 0.005 */
    {"0", "0.005", "1", "145", "100", "1"},
    {"0.001", "0.01", "0", "10", "3", "0.06"}, /* 0.03 + 0.03 */
    {"0.001", "0", "1", "10", "0", "0"},
    /* 0.00001 x 0.5 x 0.001 = 5e-9, half a unit: to even, 0 */
    {"0.001", "0", "0", "0.00001", "0.5", "0"},
};

static void fill_fee(void)
{
    for (size_t i = 0; i < sizeof fees / sizeof *fees; i++) {
        const qb_costs costs = {
            .fee_rate = {raw(fees[i].rate)},
            .fee_per_unit = {raw(fees[i].per_unit)},
            .fee_minimum = {raw(fees[i].minimum)},
        };
        qb_money got;
        CHECK_OK(qb_fill_fee(&costs, (qb_price){raw(fees[i].price)},
                             (qb_quantity){raw(fees[i].quantity)}, &got));
        CHECK_INT(got.raw, raw(fees[i].want));
    }
}

/* ---- size for a budget -------------------------------------------------------------------- */

static int64_t cost(const qb_costs *costs, qb_price price, int64_t quantity)
{
    qb_money notional, fee;
    if (qb_notional(price, (qb_quantity){quantity}, &notional) != QB_OK ||
        qb_fill_fee(costs, price, (qb_quantity){quantity}, &fee) != QB_OK)
        return INT64_MAX;
    return notional.raw + fee.raw;
}

/* What was asked for: it fits, and one lot more does not. */
static void check_budget(int64_t lot, const qb_costs *costs, qb_price price, int64_t budget)
{
    const qb_instrument instrument = {.lot = {lot}, .price_decimals = 8};
    qb_quantity got = {-1};
    CHECK_OK(qb_quantity_for_budget(&instrument, costs, QB_BUY, price, (qb_money){budget}, &got));
    CHECK_INT(got.raw % lot, 0);
    CHECK(got.raw >= 0);
    CHECK(got.raw == 0 || cost(costs, price, got.raw) <= budget);
    CHECK(cost(costs, price, got.raw + lot) > budget);
}

static void budget_random(void)
{
    qb_random random = {7};
    static const int64_t lots[] = {1, 1000, QB_ONE / 100, QB_ONE, 100 * QB_ONE};
    for (int i = 0; i < 20000; i++) {
        qb_costs costs = {
            .fee_rate = {(int64_t)(qb_random_next(&random) % 2000000)},
            .fee_per_unit = {(int64_t)(qb_random_next(&random) % 3 * 500000)},
            .fee_minimum = {(int64_t)(qb_random_next(&random) % 3 * QB_ONE)},
        };
        int64_t lot = lots[qb_random_next(&random) % 5];
        /* Prices from a hundred units of the last place to a hundred million, so that lots and
         * rounding meet in every ratio. */
        int shift = (int)(qb_random_next(&random) % 48);
        qb_price price = {(int64_t)(qb_random_next(&random) >> (63 - shift - 7)) + 1};
        if (price.raw > INT64_C(10000000000000000))
            price.raw = INT64_C(10000000000000000);
        int64_t budget = (int64_t)(qb_random_next(&random) >> (8 + qb_random_next(&random) % 40));
        if (price.raw < 100 && lot < QB_ONE)
            lot = QB_ONE; /* a billion coins of nothing: still within the ledger */
        if (budget / price.raw > 40000000)
            budget = price.raw * 40000000; /* quantities within +-92 billion */
        check_budget(lot, &costs, price, budget);
    }
}

static void budget_edges(void)
{
    const qb_instrument share = {.lot = {QB_ONE}, .price_decimals = 8};
    const qb_costs none = {0};
    qb_quantity got = {-1};
    CHECK_OK(qb_quantity_for_budget(&share, &none, QB_BUY, (qb_price){100 * QB_ONE},
                                    (qb_money){1000 * QB_ONE}, &got));
    CHECK_INT(got.raw, 10 * QB_ONE); /* exactly all of it */
    CHECK_OK(qb_quantity_for_budget(&share, &none, QB_BUY, (qb_price){100 * QB_ONE},
                                    (qb_money){1000 * QB_ONE - 1}, &got));
    CHECK_INT(got.raw, 9 * QB_ONE);
    CHECK_OK(qb_quantity_for_budget(&share, &none, QB_BUY, (qb_price){100 * QB_ONE},
                                    (qb_money){-5 * QB_ONE}, &got));
    CHECK_INT(got.raw, 0);
    CHECK_INT(qb_quantity_for_budget(&share, &none, QB_BUY, (qb_price){0}, (qb_money){1}, &got),
              QB_OUT_OF_RANGE);
}

/* ---- splits ------------------------------------------------------------------------------- */

static const struct {
    double factor;
    int64_t fresh, old;
} factors[] = {
    {1.0, 1, 1},
    {2.0, 2, 1},
    {7.000007, 7, 1},              /* AAPL 2014-06-09, as a source writes it */
    {0.142857, 1, 7},              /* MSI 2011-01-04 */
    {1.4999993, 3, 2},             /* a rounded ratio */
    {0.05, 1, 20},                 /* AIG 2009-07-01 */
    {0.03125, 1, 32},              /* EQIX 2002-12-31 */
    {0.1667, 16670000, 100000000}, /* BKNG 2003-06-16: 3.3e-5 from 1/6, so as written */
    {1.589, 158900000, 100000000}, /* RTX 2020-04-03: a spin-off, no ratio of small numbers */
    {0.001, 100000, 100000000},    /* 1 for 1000 */
};

static void split_factors(void)
{
    qb_split split;
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
        CHECK_OK(qb_split_from_factor(factors[i].factor, &split));
        CHECK_INT(split.fresh, factors[i].fresh);
        CHECK_INT(split.old, factors[i].old);
        CHECK_NEAR(qb_split_factor(split), factors[i].factor, 1e-5);
    }
    CHECK_INT(qb_split_from_factor(NAN, &split), QB_NOT_FINITE);
    CHECK_INT(qb_split_from_factor(INFINITY, &split), QB_NOT_FINITE);
    CHECK_INT(qb_split_from_factor(0.0, &split), QB_OUT_OF_RANGE);
    CHECK_INT(qb_split_from_factor(-2.0, &split), QB_OUT_OF_RANGE);
    CHECK_INT(qb_split_from_factor(1e7, &split), QB_OUT_OF_RANGE);
}

static const struct {
    int64_t fresh, old;
    const char *quantity, *lot, *whole;
    int64_t rest; /* 1e-8 / old */
} split_cases[] = {
    {2, 1, "10", "1", "20", 0},
    {3, 2, "7", "1", "10", QB_ONE}, /* 10.5: half a share is 1e8 of 1e-8/2 */
    {3, 2, "-7", "1", "-10", -QB_ONE},
    {1, 20, "10", "1", "0", 10 * QB_ONE}, /* half a share: nothing whole */
    {1, 3, "1", "0.00000001", "0.33333333", 1},
};

static void split_apply(void)
{
    for (size_t i = 0; i < sizeof split_cases / sizeof *split_cases; i++) {
        qb_quantity whole = {-1};
        int64_t rest = -1;
        CHECK_OK(qb_split_apply((qb_split){split_cases[i].fresh, split_cases[i].old},
                                (qb_quantity){raw(split_cases[i].quantity)},
                                (qb_quantity){raw(split_cases[i].lot)}, &whole, &rest));
        CHECK_INT(whole.raw, raw(split_cases[i].whole));
        CHECK_INT(rest, split_cases[i].rest);
    }
    qb_quantity whole;
    int64_t rest;
    CHECK_INT(qb_split_apply((qb_split){1000000, 1}, (qb_quantity){INT64_MAX / 10},
                             (qb_quantity){1}, &whole, &rest),
              QB_OVERFLOW);
}

/* ---- words -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    qb_status status;
    qb_size_kind kind;
    double amount;
} sizes[] = {
    {"100%", QB_OK, QB_SIZE_WEIGHT, 1.0},
    {"12.5%", QB_OK, QB_SIZE_WEIGHT, 0.125},
    {"0.5w", QB_OK, QB_SIZE_WEIGHT, 0.5},
    {"10u", QB_OK, QB_SIZE_UNITS, 10.0},
    {"10", QB_OK, QB_SIZE_UNITS, 10.0},
    {"0.001", QB_OK, QB_SIZE_UNITS, 0.001},
    {"5000cash", QB_OK, QB_SIZE_CASH, 5000.0},
    {"", QB_BAD_FORMAT, 0, 0},
    {"%", QB_BAD_FORMAT, 0, 0},
    {"cash", QB_BAD_FORMAT, 0, 0},
    {"ten", QB_BAD_FORMAT, 0, 0},
    {"1e3", QB_BAD_FORMAT, 0, 0},
    {"nan%", QB_BAD_FORMAT, 0, 0},
    {"10 %", QB_BAD_FORMAT, 0, 0},
    {"0", QB_OUT_OF_RANGE, 0, 0},
    {"-5u", QB_OUT_OF_RANGE, 0, 0},
    {"10001%", QB_OUT_OF_RANGE, 0, 0},
    {"99999999999999999999u", QB_OUT_OF_RANGE, 0, 0},
};

static void size_texts(void)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        qb_size size = {.amount = -1.0};
        int failed = tap_failed;
        CHECK_INT(qb_size_from_text(sizes[i].text, QB_SIZE_AT_FILL, &size), sizes[i].status);
        CHECK_NEAR(size.amount, sizes[i].status == QB_OK ? sizes[i].amount : -1.0, 0.0);
        if (sizes[i].status == QB_OK)
            CHECK(size.kind == sizes[i].kind && size.when == QB_SIZE_AT_FILL);
        if (tap_failed != failed)
            printf("# in: \"%s\"\n", sizes[i].text);
    }
}

static void words(void)
{
    qb_fill_at fill_at = QB_FILL_CLOSE;
    for (int i = 0; i <= QB_FILL_NEXT_CLOSE; i++) {
        CHECK_OK(qb_fill_at_from_text(qb_fill_at_text((qb_fill_at)i), &fill_at));
        CHECK_INT(fill_at, i);
    }
    CHECK_INT(qb_fill_at_from_text("open", &fill_at), QB_BAD_FORMAT);
    for (int i = 0; i < QB_REASON_COUNT; i++)
        for (int k = 0; k < i; k++)
            CHECK(strcmp(qb_reason_text((qb_reason)i), qb_reason_text((qb_reason)k)) != 0);
    CHECK_TEXT(qb_order_status_text(QB_ORDER_EXPIRED), "expired");
    CHECK_TEXT(qb_reason_text(QB_REASON_NO_DATA), "no-data");
}

static const tap_case cases[] = {
    {"/engine/trading/fill-price", fill_price},
    {"/engine/trading/fill-fee", fill_fee},
    {"/engine/trading/budget-random", budget_random},
    {"/engine/trading/budget-edges", budget_edges},
    {"/engine/trading/split-factors", split_factors},
    {"/engine/trading/split-apply", split_apply},
    {"/engine/trading/size-texts", size_texts},
    {"/engine/trading/words", words},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
