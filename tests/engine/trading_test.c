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

static const struct {
    const char *name;
    qb_side side;
    const char *reference, *slippage;
    qb_impact impact;
    const char *impact_rate;
    double units, volume;
    uint32_t slips;
    const char *limit, *tick, *want; /* NULL: refused */
} terms[] = {
    /* zipline, tests/finance/test_slippage.py of 2012: 50 of 200 at 3.0, price impact 0.1 */
    {"zipline, a quarter", QB_BUY, "3", "0", QB_IMPACT_QUADRATIC, "0.1", 50, 200, 1, "0", "0",
     "3.01875"},
    /* the same of 2017, volume limit 2.5 %: 5 of 200 */
    {"zipline, a fortieth", QB_BUY, "3", "0", QB_IMPACT_QUADRATIC, "0.1", 5, 200, 1, "0", "0",
     "3.0001875"},
    {"quadratic, sold", QB_SELL, "3", "0", QB_IMPACT_QUADRATIC, "0.1", 50, 200, 1, "0", "0",
     "2.98125"},
    /* 0.02 x sqrt(0.25) = 1 % */
    {"square root", QB_BUY, "100", "0", QB_IMPACT_SQUARE_ROOT, "0.02", 50, 200, 1, "0", "0", "101"},
    /* sqrt(2) x 0.01 = 0.0141421356...: the rate has eight decimals */
    {"square root of 2", QB_SELL, "100", "0", QB_IMPACT_SQUARE_ROOT, "0.01", 400, 200, 1, "0", "0",
     "98.585786"},
    {"slippage and impact together", QB_BUY, "100", "0.001", QB_IMPACT_SQUARE_ROOT, "0.02", 50, 200,
     1, "0", "0", "101.1"},
    {"twice", QB_SELL, "100", "0.001", QB_IMPACT_SQUARE_ROOT, "0.02", 50, 200, 2, "0", "0", "97.8"},
    {"not at all", QB_BUY, "100", "0.001", QB_IMPACT_SQUARE_ROOT, "0.02", 50, 200, 0, "0", "0",
     "100"},
    {"no volume", QB_BUY, "100", "0", QB_IMPACT_QUADRATIC, "0.1", 50, 0, 1, "0", "0", "100"},
    {"unknown volume", QB_BUY, "100", "0", QB_IMPACT_QUADRATIC, "0.1", 50, NAN, 1, "0", "0", "100"},
    {"no units", QB_BUY, "100", "0", QB_IMPACT_QUADRATIC, "0.1", 0, 50, 1, "0", "0", "100"},
    {"off", QB_BUY, "100", "0", QB_IMPACT_NONE, "0.1", 50, 200, 1, "0", "0", "100"},
    {"a sale of ten times the volume", QB_SELL, "100", "0", QB_IMPACT_QUADRATIC, "0.1", 2000, 200,
     1, "0", "0", NULL},
    {"a limit does not slip", QB_BUY, "100", "0.01", QB_IMPACT_QUADRATIC, "0.1", 50, 200, 1, "100",
     "0", "100"},
    {"a better open, on the tick", QB_BUY, "9.987", "0.01", QB_IMPACT_NONE, "0", 0, NAN, 1, "10",
     "0.01", "9.99"},
    {"a limit off the tick is exact", QB_BUY, "10.005", "0", QB_IMPACT_NONE, "0", 0, NAN, 1,
     "10.005", "0.01", "10.005"},
    {"sold at a limit off the tick", QB_SELL, "10.005", "0", QB_IMPACT_NONE, "0", 0, NAN, 1,
     "10.005", "0.01", "10.005"},
    {"below a tick", QB_SELL, "0.004", "0", QB_IMPACT_NONE, "0", 0, NAN, 1, "0.004", "0.01",
     "0.004"},
};

static void fill_price_terms(void)
{
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        const qb_instrument instrument = {
            .tick = {raw(terms[i].tick)}, .lot = {1}, .price_decimals = 8};
        const qb_costs costs = {
            .slippage = {raw(terms[i].slippage)},
            .impact = terms[i].impact,
            .impact_rate = {raw(terms[i].impact_rate)},
        };
        const qb_fill_terms about = {
            .side = terms[i].side,
            .reference = {raw(terms[i].reference)},
            .units = {(int64_t)(terms[i].units * (double)QB_ONE)},
            .volume = terms[i].volume,
            .slips = terms[i].slips,
            .limit = {raw(terms[i].limit)},
        };
        qb_price got = {-1};
        int failed = tap_failed;
        CHECK_INT(qb_fill_price_at(&instrument, &costs, &about, &got),
                  terms[i].want != NULL ? QB_OK : QB_OUT_OF_RANGE);
        CHECK_INT(got.raw, terms[i].want != NULL ? raw(terms[i].want) : -1);
        if (tap_failed != failed)
            printf("# in: %s\n", terms[i].name);
    }
}

/* At the ends of every range: an answer or a refusal, never a wrong number. */
static void fill_price_ends(void)
{
    const qb_instrument cent = {.tick = {QB_ONE / 100}, .lot = {1}, .price_decimals = 8};
    const qb_instrument none = {.lot = {1}, .price_decimals = 8};
    const qb_costs costs = {
        .slippage = {QB_ONE - 1}, .impact = QB_IMPACT_QUADRATIC, .impact_rate = {10 * QB_ONE}};
    qb_fill_terms about = {.side = QB_BUY,
                           .reference = {INT64_MAX},
                           .units = {INT64_MAX},
                           .volume = 1e-300,
                           .slips = 1};
    qb_price got = {-1};
    CHECK_INT(qb_fill_price_at(&none, &costs, &about, &got), QB_NOT_FINITE); /* 1e310 */
    about.volume = 1.0;
    CHECK_INT(qb_fill_price_at(&none, &costs, &about, &got), QB_OVERFLOW);
    about.volume = NAN;
    CHECK_INT(qb_fill_price_at(&none, &costs, &about, &got), QB_OVERFLOW);
    CHECK_INT(qb_fill_price_at(&cent, &costs, &about, &got), QB_OVERFLOW);
    about.slips = UINT32_MAX;
    CHECK_INT(qb_fill_price_at(&none, &costs, &about, &got), QB_OVERFLOW);
    about.side = QB_SELL;
    CHECK_INT(qb_fill_price_at(&none, &costs, &about, &got), QB_OUT_OF_RANGE);
    about.slips = 0;
    CHECK_OK(qb_fill_price_at(&none, &costs, &about, &got));
    CHECK_INT(got.raw, INT64_MAX);
    about.side = QB_BUY; /* up to a tick beyond what there is */
    CHECK_INT(qb_fill_price_at(&cent, &costs, &about, &got), QB_OVERFLOW);
}

/* ---- fee ---------------------------------------------------------------------------------- */

static const struct {
    const char *rate, *per_unit, *minimum, *price, *quantity, *want;
    const char *cap, *sell_rate, *sell_per_unit; /* NULL: 0 */
} fees[] = {
    /* The three examples of interactivebrokers.co.uk, fixed pricing: 1.00, 5.00 and 2.50 */
    {"0", "0.005", "1", "25", "100", "1", .cap = "0.01"},
    {"0", "0.005", "1", "25", "1000", "5", .cap = "0.01"},
    {"0", "0.005", "1", "0.25", "1000", "2.5", .cap = "0.01"},
    /* A cap below the minimum is what is paid. */
    {"0", "0.005", "1", "0.25", "10", "0.025", .cap = "0.01"},
    /* 10,000.00 x 20.60 a million = 0.206; 100 x 0.000195 = 0.0195 */
    {"0", "0", "0", "100", "-100", "0.2255", .sell_rate = "0.0000206", .sell_per_unit = "0.000195"},
    {"0", "0", "0", "100", "100", "0", .sell_rate = "0.0000206", .sell_per_unit = "0.000195"},
    /* Sale fees stand outside minimum and cap: 1 + 2,500 x 0.1 */
    {"0", "0.005", "1", "25", "-100", "251", .cap = "0.5", .sell_rate = "0.1"},
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
            .fee_cap = {fees[i].cap != NULL ? raw(fees[i].cap) : 0},
            .sell_rate = {fees[i].sell_rate != NULL ? raw(fees[i].sell_rate) : 0},
            .sell_per_unit = {fees[i].sell_per_unit != NULL ? raw(fees[i].sell_per_unit) : 0},
        };
        qb_money got;
        CHECK_OK(qb_fill_fee(&costs, (qb_price){raw(fees[i].price)},
                             (qb_quantity){raw(fees[i].quantity)}, &got));
        CHECK_INT(got.raw, raw(fees[i].want));
    }
}

/* An order that fills in parts pays what it would have paid at once. */
static void fee_of_parts(void)
{
    const qb_costs ibkr = qb_fee_preset_find("ibkr-fixed")->costs;
    const qb_price price = {25 * QB_ONE};
    qb_fee_account account = {0};
    qb_money fee = {0};
    CHECK_OK(
        qb_fee_charge(&ibkr, QB_BUY, false, price, (qb_quantity){100 * QB_ONE}, &account, &fee));
    CHECK_INT(fee.raw, QB_ONE); /* the minimum */
    CHECK_OK(
        qb_fee_charge(&ibkr, QB_BUY, false, price, (qb_quantity){100 * QB_ONE}, &account, &fee));
    CHECK_INT(fee.raw, 0); /* 200 x 0.005 is still the minimum */
    CHECK_OK(
        qb_fee_charge(&ibkr, QB_BUY, false, price, (qb_quantity){800 * QB_ONE}, &account, &fee));
    CHECK_INT(fee.raw, 4 * QB_ONE);
    CHECK_INT(account.paid.raw, 5 * QB_ONE);
    CHECK_INT(account.notional.raw, 25000 * QB_ONE);

    /* A first penny fill is capped at 1 %; the second lifts the cap to the minimum. */
    account = (qb_fee_account){0};
    CHECK_OK(qb_fee_charge(&ibkr, QB_BUY, false, price, (qb_quantity){QB_ONE}, &account, &fee));
    CHECK_INT(fee.raw, QB_ONE / 4);
    CHECK_OK(qb_fee_charge(&ibkr, QB_BUY, false, price, (qb_quantity){3 * QB_ONE}, &account, &fee));
    CHECK_INT(fee.raw, 3 * QB_ONE / 4);
}

static void fee_of_makers(void)
{
    const qb_costs kraken = qb_fee_preset_find("kraken-pro")->costs;
    const qb_price price = {1000 * QB_ONE};
    qb_fee_account account = {0};
    qb_money fee = {0};
    CHECK_OK(qb_fee_charge(&kraken, QB_SELL, true, price, (qb_quantity){QB_ONE}, &account, &fee));
    CHECK_INT(fee.raw, 5 * QB_ONE / 2); /* 25 bps of 1,000 */
    CHECK_OK(qb_fee_charge(&kraken, QB_SELL, false, price, (qb_quantity){QB_ONE}, &account, &fee));
    CHECK_INT(fee.raw, 4 * QB_ONE);
}

static void fee_ends(void)
{
    const qb_costs costs = {.fee_rate = {QB_ONE}, .fee_cap = {QB_ONE}, .sell_rate = {QB_ONE}};
    const qb_fee_account before = {.notional = {1}, .uncut = {2}, .sale = {3}, .paid = {4}};
    qb_fee_account account = before;
    qb_money fee = {-1};
    CHECK_INT(qb_fee_charge(&costs, QB_SELL, false, (qb_price){INT64_MAX}, (qb_quantity){INT64_MAX},
                            &account, &fee),
              QB_OVERFLOW);
    CHECK_INT(qb_fee_charge(&costs, QB_SELL, false, (qb_price){INT64_MAX}, (qb_quantity){QB_ONE},
                            &account, &fee),
              QB_OVERFLOW); /* fee and sale fee together */
    CHECK_INT(fee.raw, -1);
    CHECK_INT(memcmp(&account, &before, sizeof account), 0);
}

/* What a random order pays: never less for more, the same in parts, and no fill is
 * paid for. The slow version is the formula of costs.h in doubles. */
static void fee_random(void)
{
    qb_random random = {11};
    for (int i = 0; i < 20000 && tap_failed == 0; i++) {
        const qb_costs costs = {
            .fee_rate = {(int64_t)(qb_random_next(&random) % 2000000)},
            .fee_per_unit = {(int64_t)(qb_random_next(&random) % 3 * 500000)},
            .fee_minimum = {(int64_t)(qb_random_next(&random) % 3 * QB_ONE)},
            .fee_cap = {(int64_t)(qb_random_next(&random) % 2 *
                                  (qb_random_next(&random) % 3000000))},
            .sell_rate = {(int64_t)(qb_random_next(&random) % 5000)},
            .sell_per_unit = {(int64_t)(qb_random_next(&random) % 30000)},
        };
        const qb_price price = {(int64_t)(qb_random_next(&random) % (1000 * QB_ONE)) + 1};
        const qb_side side = qb_random_next(&random) % 2 ? QB_BUY : QB_SELL;
        qb_fee_account account = {0};
        int64_t units = 0;
        double notional = 0.0;
        for (int part = 0; part < 5; part++) {
            const int64_t more = (int64_t)(qb_random_next(&random) % (100 * QB_ONE)) + 1;
            qb_money fee = {-1};
            CHECK_OK(
                qb_fee_charge(&costs, side, false, price, (qb_quantity){more}, &account, &fee));
            CHECK(fee.raw >= 0);
            units += more;
            notional += (double)price.raw / 1e8 * (double)more / 1e8;
        }
        double quantity = (double)units / 1e8;
        double want = notional * (double)costs.fee_rate.raw / 1e8 +
                      quantity * (double)costs.fee_per_unit.raw / 1e8;
        if (want < (double)costs.fee_minimum.raw / 1e8)
            want = (double)costs.fee_minimum.raw / 1e8;
        if (costs.fee_cap.raw != 0 && want > notional * (double)costs.fee_cap.raw / 1e8)
            want = notional * (double)costs.fee_cap.raw / 1e8;
        if (side == QB_SELL)
            want += notional * (double)costs.sell_rate.raw / 1e8 +
                    quantity * (double)costs.sell_per_unit.raw / 1e8;
        /* Each part's four products are rounded by half a unit. */
        CHECK_NEAR((double)account.paid.raw / 1e8, want, 10.5e-8 + want * 1e-12);
    }
}

#define UNSOUND(member, value)              \
    do {                                    \
        qb_costs costs = sound;             \
        costs.member = (value);             \
        CHECK(!qb_costs_are_sound(&costs)); \
    } while (0)

static void soundness(void)
{
    const qb_costs sound = {.fee_rate = {QB_ONE}, .maker_discount = {QB_ONE}};
    const qb_costs none = {0};
    CHECK(qb_costs_are_sound(&sound) && qb_costs_are_sound(&none));
    UNSOUND(fee_rate.raw, QB_ONE + 1);
    UNSOUND(fee_rate.raw, QB_ONE - 1); /* below the maker's discount */
    UNSOUND(maker_discount.raw, -1);
    UNSOUND(fee_per_unit.raw, 1000000 * QB_ONE + 1);
    UNSOUND(fee_minimum.raw, -1);
    UNSOUND(fee_cap.raw, QB_ONE + 1);
    UNSOUND(sell_rate.raw, -1);
    UNSOUND(sell_per_unit.raw, INT64_MAX);
    UNSOUND(slippage.raw, QB_ONE);
    UNSOUND(volume_cap.raw, QB_ONE + 1);
    UNSOUND(impact, (qb_impact)3);
    UNSOUND(impact_rate.raw, 10 * QB_ONE + 1);
}

static void presets(void)
{
    size_t count = 0;
    for (const qb_fee_preset *preset = qb_fee_presets; preset->name != NULL; preset++, count++) {
        CHECK(qb_fee_preset_find(preset->name) == preset);
        CHECK(strlen(preset->what) > 0 && strlen(preset->what) <= 70);
        CHECK(strlen(preset->since) == 10 && strlen(preset->source) > 0);
        CHECK(preset->costs.slippage.raw == 0 && preset->costs.volume_cap.raw == 0);
        CHECK(qb_costs_are_sound(&preset->costs));
    }
    CHECK(count >= 10);
    CHECK(qb_fee_preset_find("none of these") == NULL);
}

/* ---- size for a budget -------------------------------------------------------------------- */

static int64_t cost(const qb_costs *costs, qb_side side, qb_price price, int64_t quantity)
{
    qb_money notional, fee;
    int64_t sum;
    if (qb_notional(price, (qb_quantity){quantity}, &notional) != QB_OK ||
        qb_fill_fee(costs, price, (qb_quantity){quantity * side}, &fee) != QB_OK ||
        qb_add(notional.raw, fee.raw, &sum) != QB_OK)
        return INT64_MAX;
    return sum;
}

/* What was asked for: it fits, and one lot more does not. */
static void check_budget(int64_t lot, const qb_costs *costs, qb_side side, qb_price price,
                         int64_t budget)
{
    const qb_instrument instrument = {.lot = {lot}, .price_decimals = 8};
    qb_quantity got = {-1};
    CHECK_OK(qb_quantity_for_budget(&instrument, costs, side, price, (qb_money){budget}, &got));
    CHECK_INT(got.raw % lot, 0);
    CHECK(got.raw >= 0);
    CHECK(got.raw == 0 || cost(costs, side, price, got.raw) <= budget);
    CHECK(cost(costs, side, price, got.raw + lot) > budget);
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
        qb_side side = qb_random_next(&random) % 2 ? QB_BUY : QB_SELL;
        if (qb_random_next(&random) % 2) /* now and then of the size that a margin gate scales to */
            costs.fee_cap.raw = (int64_t)(qb_random_next(&random) >> (31 + i % 20));
        if (costs.fee_cap.raw > 100 * QB_ONE)
            costs.fee_cap.raw = 100 * QB_ONE;
        if (qb_random_next(&random) % 2) {
            costs.sell_rate.raw = (int64_t)(qb_random_next(&random) % 5000000);
            costs.sell_per_unit.raw = (int64_t)(qb_random_next(&random) % 3 * 19500);
        }
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
        check_budget(lot, &costs, side, price, budget);
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
    const qb_costs beyond = {.fee_cap = {101 * QB_ONE}}, below = {.sell_per_unit = {-1}};
    CHECK_INT(qb_quantity_for_budget(&share, &beyond, QB_BUY, (qb_price){1}, (qb_money){1}, &got),
              QB_OUT_OF_RANGE);
    CHECK_INT(qb_quantity_for_budget(&share, &below, QB_BUY, (qb_price){1}, (qb_money){1}, &got),
              QB_OUT_OF_RANGE);
    /* All the money there is (less the unit that tells an overflow), and the least and the largest price. */
    const qb_costs ibkr = qb_fee_preset_find("ibkr-fixed")->costs;
    for (int side = -1; side <= 1; side += 2) {
        check_budget(QB_ONE, &ibkr, (qb_side)side, (qb_price){INT64_MAX}, INT64_MAX - 1);
        check_budget(1, &ibkr, (qb_side)side, (qb_price){INT64_MAX}, INT64_MAX - 1);
        check_budget(QB_ONE, &ibkr, (qb_side)side, (qb_price){QB_ONE}, INT64_MAX - 1);
        CHECK_OK(qb_quantity_for_budget(&share, &ibkr, (qb_side)side, (qb_price){1},
                                        (qb_money){INT64_MAX}, &got));
        CHECK(got.raw > 0);
    }
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
    for (int i = 0; i < QB_ORDER_TYPE_COUNT; i++) {
        qb_order_type type = QB_ORDER_TYPE_COUNT;
        CHECK_OK(qb_order_type_from_text(qb_order_type_text((qb_order_type)i), &type));
        CHECK_INT(type, i);
    }
    for (int i = 0; i < QB_TIME_IN_FORCE_COUNT; i++) {
        qb_time_in_force when = QB_TIME_IN_FORCE_COUNT;
        CHECK_OK(qb_time_in_force_from_text(qb_time_in_force_text((qb_time_in_force)i), &when));
        CHECK_INT(when, i);
    }
    for (int i = 0; i <= QB_OPTIMISTIC; i++) {
        qb_fill_model model = QB_NEUTRAL;
        CHECK_OK(qb_fill_model_from_text(qb_fill_model_text((qb_fill_model)i), &model));
        CHECK_INT(model, i);
    }
    for (int i = 0; i < QB_PURPOSE_COUNT; i++)
        for (int k = 0; k < i; k++)
            CHECK(strcmp(qb_purpose_text((qb_purpose)i), qb_purpose_text((qb_purpose)k)) != 0);
    qb_order_type type = QB_MARKET;
    qb_time_in_force when = QB_GTC;
    CHECK_OK(qb_order_type_from_text("Stop_Limit", &type));
    CHECK_INT(type, QB_STOP_LIMIT);
    CHECK_OK(qb_time_in_force_from_text("fok", &when));
    CHECK_INT(when, QB_FOK);
    CHECK_INT(qb_order_type_from_text("stop-limi", &type), QB_BAD_FORMAT);
    CHECK_INT(qb_order_type_from_text("stop-limits", &type), QB_BAD_FORMAT);
    CHECK_INT(qb_order_type_from_text("", &type), QB_BAD_FORMAT);
    CHECK_TEXT(qb_order_type_text((qb_order_type)99), "unknown");
    CHECK_TEXT(qb_purpose_text((qb_purpose)-1), "unknown");
    CHECK_TEXT(qb_order_status_text(QB_ORDER_EXPIRED), "expired");
    CHECK_TEXT(qb_reason_text(QB_REASON_NO_DATA), "no-data");
}

static const tap_case cases[] = {
    {"/engine/trading/fill-price", fill_price},
    {"/engine/trading/fill-price-terms", fill_price_terms},
    {"/engine/trading/fill-price-ends", fill_price_ends},
    {"/engine/trading/fill-fee", fill_fee},
    {"/engine/trading/fee-of-parts", fee_of_parts},
    {"/engine/trading/fee-of-makers", fee_of_makers},
    {"/engine/trading/fee-ends", fee_ends},
    {"/engine/trading/fee-random", fee_random},
    {"/engine/trading/soundness", soundness},
    {"/engine/trading/presets", presets},
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
