/* The ledger, by hand: what each fill, split and dividend does to cash, cost and profit. */
#include "core/portfolio/portfolio.h"
#include "tap.h"

#define UNITS(count) ((count)*QB_ONE)
#define CENTS(count) ((count) * (QB_ONE / 100))

typedef struct bench {
    qb_arena arena;
    qb_portfolio portfolio;
    bool closed;
    qb_trade trade;
    int64_t now_us;
} bench;

static bench setup(int64_t cash)
{
    bench self = {0};
    CHECK_OK(qb_portfolio_init(&self.portfolio, &self.arena, 2, (qb_money){cash}));
    return self;
}

static void clear(bench *self)
{
    qb_arena_clear(&self->arena);
}

/* A fill in cents, and the ledger after it. */
static void fill(bench *self, int64_t units, int64_t price_cents, int64_t fee_cents)
{
    const qb_fill one = {
        .instrument = 0,
        .ts_us = ++self->now_us,
        .quantity = {UNITS(units)},
        .price = {CENTS(price_cents)},
        .fee = {CENTS(fee_cents)},
    };
    self->closed = false;
    CHECK_OK(qb_portfolio_apply_fill(&self->portfolio, &one, &self->closed, &self->trade));
    CHECK_OK(qb_portfolio_check(&self->portfolio));
    CHECK(qb_portfolio_balances(&self->portfolio));
}

static void mark(bench *self, int64_t price_cents)
{
    CHECK_OK(qb_portfolio_mark(&self->portfolio, &self->portfolio.positions[0],
                               (qb_price){CENTS(price_cents)}));
    CHECK_OK(qb_portfolio_check(&self->portfolio));
}

static void actions(bench *self, qb_split split, int64_t dividend_cents, int64_t open_cents)
{
    const qb_actions what = {
        .instrument = 0,
        .split = split,
        .dividend = {CENTS(dividend_cents)},
        .open = {CENTS(open_cents)},
        .lot = {QB_ONE},
        .at_us = ++self->now_us,
    };
    self->closed = false;
    CHECK_OK(qb_portfolio_apply_actions(&self->portfolio, &what, &self->closed, &self->trade));
    CHECK_OK(qb_portfolio_check(&self->portfolio));
}

static void long_trade(void)
{
    bench self = setup(UNITS(1000));
    const qb_position *position = &self.portfolio.positions[0];
    fill(&self, 3, 1000, 10); /* 30.00 + 0.10 */
    CHECK_INT(self.portfolio.cash.raw, CENTS(96990));
    CHECK_INT(position->cost.raw, CENTS(3000));
    fill(&self, 1, 2000, 10); /* average (30 + 20) / 4 = 12.50 */
    CHECK_INT(position->cost.raw, CENTS(5000));
    mark(&self, 1500);
    CHECK_INT(position->value.raw, CENTS(6000));
    CHECK_INT(self.portfolio.exposure.raw, CENTS(6000));
    fill(&self, -2, 1400, 10); /* 28 - 25 = 3 */
    CHECK_INT(self.portfolio.realised.raw, CENTS(300));
    CHECK_INT(position->cost.raw, CENTS(2500));
    CHECK(!self.closed);
    fill(&self, -2, 1200, 10); /* 24 - 25 = -1 */
    CHECK(self.closed);
    CHECK_INT(self.portfolio.realised.raw, CENTS(200));
    CHECK_INT(self.portfolio.cash.raw, CENTS(100000 + 200 - 40));
    CHECK_INT(self.portfolio.value.raw, 0);
    CHECK_INT(self.portfolio.exposure.raw, 0);
    CHECK_INT(self.portfolio.traded.raw, CENTS(3000 + 2000 + 2800 + 2400));

    CHECK_INT(self.trade.side, QB_BUY);
    CHECK_INT(self.trade.quantity.raw, UNITS(4));
    CHECK_INT(self.trade.entry_price.raw, CENTS(1250));
    CHECK_INT(self.trade.exit_price.raw, CENTS(1300));
    CHECK_INT(self.trade.profit.raw, CENTS(160)); /* 2.00 - 0.40 */
    CHECK_INT(self.trade.fees.raw, CENTS(40));
    CHECK_NEAR(self.trade.return_fraction, 1.6 / 50.0, 1e-15);
    CHECK_INT(self.trade.entry_us, 1);
    CHECK_INT(self.trade.exit_us, 4);
    clear(&self);
}

static void short_trade(void)
{
    bench self = setup(UNITS(1000));
    const qb_position *position = &self.portfolio.positions[0];
    fill(&self, -4, 1000, 0);
    CHECK_INT(self.portfolio.cash.raw, CENTS(104000));
    CHECK_INT(position->cost.raw, CENTS(-4000));
    CHECK_INT(position->value.raw, CENTS(-4000));
    CHECK_INT(self.portfolio.exposure.raw, CENTS(4000));
    mark(&self, 1100);
    CHECK_INT(self.portfolio.value.raw, CENTS(-4400));
    CHECK_INT(self.portfolio.exposure.raw, CENTS(4400));
    fill(&self, 1, 900, 0); /* 10 - 9 */
    CHECK_INT(self.portfolio.realised.raw, CENTS(100));
    fill(&self, 3, 1200, 0); /* 30 - 36 */
    CHECK(self.closed);
    CHECK_INT(self.trade.side, QB_SELL);
    CHECK_INT(self.trade.profit.raw, CENTS(-500));
    CHECK_INT(self.portfolio.cash.raw, CENTS(99500));
    clear(&self);
}

/* 0.5 - 0.4 - 0.1 closes a position, which doubles cannot promise. */
static void tenths(void)
{
    bench self = setup(UNITS(1000));
    static const int64_t tenths_of[] = {5, -4, -1};
    for (int i = 0; i < 3; i++) {
        const qb_fill one = {
            .ts_us = i,
            .quantity = {tenths_of[i] * (QB_ONE / 10)},
            .price = {33333333},
            .fee = {1},
        };
        CHECK_OK(qb_portfolio_apply_fill(&self.portfolio, &one, &self.closed, &self.trade));
        CHECK_OK(qb_portfolio_check(&self.portfolio));
    }
    CHECK(self.closed);
    CHECK_INT(self.portfolio.positions[0].quantity.raw, 0);
    CHECK_INT(self.portfolio.positions[0].cost.raw, 0);
    clear(&self);
}

static void no_crossing(void)
{
    bench self = setup(UNITS(1000));
    fill(&self, 3, 1000, 0);
    const qb_portfolio before = self.portfolio;
    const qb_fill across = {.quantity = {UNITS(-4)}, .price = {CENTS(1000)}};
    const qb_fill nothing = {.price = {CENTS(1000)}};
    CHECK_INT(qb_portfolio_apply_fill(&self.portfolio, &across, &self.closed, &self.trade),
              QB_OUT_OF_RANGE);
    CHECK_INT(qb_portfolio_apply_fill(&self.portfolio, &nothing, &self.closed, &self.trade),
              QB_OUT_OF_RANGE);
    CHECK(memcmp(&before, &self.portfolio, sizeof before) == 0);
    clear(&self);
}

static void overflow_leaves_all(void)
{
    bench self = setup(UNITS(1000));
    fill(&self, 3, 1000, 0);
    const qb_portfolio before = self.portfolio;
    const qb_position held = self.portfolio.positions[0];
    const qb_fill huge = {.quantity = {UNITS(90000000000)}, .price = {UNITS(90000000000)}};
    CHECK_INT(qb_portfolio_apply_fill(&self.portfolio, &huge, &self.closed, &self.trade),
              QB_OVERFLOW);
    /* The notional fits, the sum of cash does not. */
    const qb_fill large = {.quantity = {UNITS(-1)}, .price = {UNITS(92233720368)}};
    CHECK_INT(qb_portfolio_apply_fill(&self.portfolio, &large, &self.closed, &self.trade),
              QB_OVERFLOW);
    CHECK_INT(
        qb_portfolio_mark(&self.portfolio, &self.portfolio.positions[0], (qb_price){INT64_MAX}),
        QB_OVERFLOW);
    CHECK(memcmp(&before, &self.portfolio, sizeof before) == 0);
    CHECK(memcmp(&held, &self.portfolio.positions[0], sizeof held) == 0);
    CHECK_OK(qb_portfolio_check(&self.portfolio));
    clear(&self);
}

static void split_with_rest(void)
{
    bench self = setup(UNITS(1000));
    fill(&self, 7, 3000, 0);                   /* cost 210 */
    actions(&self, (qb_split){3, 2}, 0, 2200); /* 10.5: half a share at 22 is 11 in cash */
    CHECK_INT(self.portfolio.positions[0].quantity.raw, UNITS(10));
    CHECK_INT(self.portfolio.in_lieu.raw, CENTS(1100));
    CHECK_INT(self.portfolio.positions[0].cost.raw, CENTS(20000)); /* 210 x 10 / 10.5 */
    CHECK_INT(self.portfolio.realised.raw, CENTS(-1000));
    CHECK_INT(self.portfolio.cash.raw, CENTS(100000 - 21000 + 1100));
    fill(&self, -10, 2500, 0);
    CHECK(self.closed);
    /* 250 for ten shares and 11 for the half, less 210 */
    CHECK_INT(self.trade.profit.raw, CENTS(5100));
    CHECK_INT(self.trade.quantity.raw, UNITS(21) / 2);
    CHECK_INT(self.trade.entry_price.raw, CENTS(2000)); /* 210 / 10.5 */
    clear(&self);
}

static void reverse_split_closes(void)
{
    bench self = setup(UNITS(1000));
    fill(&self, -10, 100, 0);
    actions(&self, (qb_split){1, 20}, 0, 3000); /* half a share short at 30: pays 15 */
    CHECK(self.closed);
    CHECK_INT(self.portfolio.positions[0].quantity.raw, 0);
    CHECK_INT(self.portfolio.in_lieu.raw, CENTS(-1500));
    CHECK_INT(self.portfolio.cash.raw, CENTS(100000 + 1000 - 1500));
    CHECK_INT(self.trade.profit.raw, CENTS(-500));
    CHECK_INT(self.trade.side, QB_SELL);
    clear(&self);
}

static void dividends(void)
{
    bench self = setup(UNITS(1000));
    fill(&self, 10, 1000, 0);
    actions(&self, (qb_split){2, 1}, 25, 480); /* per fresh unit: 20 x 0.25 */
    CHECK_INT(self.portfolio.dividends.raw, CENTS(500));
    CHECK_INT(self.portfolio.positions[0].mark.raw, CENTS(480));
    fill(&self, -20, 480, 0); /* 96 - 100 + 5 */
    CHECK_INT(self.trade.profit.raw, CENTS(100));
    fill(&self, -10, 500, 0);
    actions(&self, (qb_split){1, 1}, 30, 500); /* a short position pays */
    CHECK_INT(self.portfolio.dividends.raw, CENTS(500 - 300));
    actions(&self, (qb_split){1, 1}, 0, 510);
    CHECK_INT(self.portfolio.positions[0].value.raw, CENTS(-5100));
    clear(&self);
}

/* An odd factor (a spin-off coded as a split) on a large position stays within the ledger. */
static void odd_split(void)
{
    bench self = setup(UNITS(10000000));
    qb_split split;
    CHECK_OK(qb_split_from_factor(1.589, &split));
    fill(&self, 100001, 5000, 0);
    actions(&self, split, 0, 3147);
    CHECK_INT(self.portfolio.positions[0].quantity.raw, UNITS(158901)); /* 158901.589 */
    CHECK_INT(self.portfolio.in_lieu.raw, 1853583000);                  /* 0.589 x 31.47 */
    clear(&self);
}

/* ---- excursions ----------------------------------------------------------------------------- */

static void seen(bench *self, double low, double high)
{
    qb_position_seen(&self->portfolio.positions[0], low, high);
}

static void excursions(void)
{
    bench self = setup(UNITS(1000));
    fill(&self, 10, 1000, 100);
    seen(&self, 9.5, 10.5); /* -5, +5 */
    seen(&self, 9.0, 12.0); /* -10, +20 */
    fill(&self, 10, 1100, 100);
    seen(&self, 10.0, 11.5);   /* cost 210: -10, +20 again */
    seen(&self, 9.0, 11.0);    /* -30 */
    fill(&self, -10, 1200, 0); /* 12 is seen as well: +30; realised 15 of cost 105 */
    seen(&self, 8.0, 14.0);    /* 15 + 80 - 105 = -10; 15 + 140 - 105 = +50 */
    fill(&self, -10, 1200, 0);
    CHECK(self.closed);
    CHECK_NEAR(self.trade.adverse, 30.0, 1e-12);
    CHECK_NEAR(self.trade.favourable, 50.0, 1e-12);

    /* What was seen before belongs to that trade, and an exit counts without a bar. */
    fill(&self, -10, 1000, 0);
    fill(&self, 10, 1050, 0);
    CHECK_NEAR(self.trade.adverse, 5.0, 1e-12);
    CHECK_NEAR(self.trade.favourable, 0.0, 0.0);

    /* A short's worst is the high. */
    fill(&self, -10, 1000, 0);
    seen(&self, 9.0, 12.5);
    fill(&self, 10, 1000, 0);
    CHECK_NEAR(self.trade.adverse, 25.0, 1e-12);
    CHECK_NEAR(self.trade.favourable, 10.0, 1e-12);
    clear(&self);
}

/* Before a split in old prices, after it in new ones; the dividend is part of where it stood. */
static void excursions_over_actions(void)
{
    bench self = setup(UNITS(1000));
    fill(&self, 10, 1000, 0);
    seen(&self, 9.0, 11.0);
    actions(&self, (qb_split){2, 1}, 25, 500); /* 5 of dividends on 20 */
    seen(&self, 4.2, 5.1);                     /* 84 + 5 - 100 = -11; 102 + 5 - 100 = +7 */
    fill(&self, -20, 500, 0);
    CHECK_NEAR(self.trade.adverse, 11.0, 1e-12);
    CHECK_NEAR(self.trade.favourable, 10.0, 1e-12);
    clear(&self);
}

static void excursions_of_contracts(void)
{
    bench self = setup(UNITS(100000));
    self.portfolio.positions[0].multiplier.raw = 50 * QB_ONE;
    fill(&self, 2, 10000, 0);
    seen(&self, 99.0, 101.5); /* x 50 x 2 */
    fill(&self, -2, 10000, 0);
    CHECK_NEAR(self.trade.adverse, 100.0, 1e-9);
    CHECK_NEAR(self.trade.favourable, 150.0, 1e-9);
    clear(&self);
}

static void purposes(void)
{
    bench self = setup(UNITS(1000));
    qb_fill one = {
        .quantity = {UNITS(2)}, .price = {CENTS(1000)}, .purpose = QB_FOR_ORDER, .owner = 3};
    CHECK_OK(qb_portfolio_apply_fill(&self.portfolio, &one, &self.closed, &self.trade));
    one.purpose = QB_FOR_SIGNAL;
    one.owner = 4;
    CHECK_OK(qb_portfolio_apply_fill(&self.portfolio, &one, &self.closed, &self.trade));
    one.quantity.raw = UNITS(-4);
    one.purpose = QB_FOR_STOP_LOSS;
    CHECK_OK(qb_portfolio_apply_fill(&self.portfolio, &one, &self.closed, &self.trade));
    CHECK(self.closed);
    CHECK_INT(self.trade.entry, QB_FOR_ORDER);
    CHECK_INT(self.trade.exit, QB_FOR_STOP_LOSS);
    CHECK_INT(self.trade.owner, 3);
    fill(&self, -10, 100, 0);
    actions(&self, (qb_split){1, 20}, 0, 3000);
    CHECK_INT(self.trade.exit, QB_FOR_ACTION);
    CHECK_INT(self.trade.entry, QB_FOR_SIGNAL);
    clear(&self);
}

/* ---- money from outside, and what it costs ------------------------------------------------- */

static void deposits(void)
{
    bench self = setup(UNITS(1000));
    CHECK_OK(qb_portfolio_deposit(&self.portfolio, (qb_money){UNITS(500)}));
    CHECK_INT(self.portfolio.cash.raw, UNITS(1500));
    CHECK_INT(self.portfolio.deposits.raw, UNITS(500));
    fill(&self, 10, 10000, 0);
    CHECK_OK(qb_portfolio_deposit(&self.portfolio, (qb_money){UNITS(-1499)}));
    CHECK_INT(self.portfolio.cash.raw, UNITS(-999)); /* on margin: the position is worth 1,000 */
    CHECK_INT(self.portfolio.deposits.raw, UNITS(-999));
    const qb_portfolio before = self.portfolio;
    CHECK_INT(qb_portfolio_deposit(&self.portfolio, (qb_money){UNITS(-1)}), QB_OUT_OF_RANGE);
    CHECK_INT(qb_portfolio_deposit(&self.portfolio, (qb_money){INT64_MAX}), QB_OVERFLOW);
    CHECK(memcmp(&before, &self.portfolio, sizeof before) == 0);
    CHECK_OK(qb_portfolio_check(&self.portfolio));
    clear(&self);
}

static void holdings(void)
{
    bench self = setup(UNITS(1000));
    CHECK_OK(qb_portfolio_open(&self.portfolio, 0, (qb_quantity){UNITS(10)},
                               (qb_price){CENTS(5000)}, 7));
    CHECK_OK(qb_portfolio_open(&self.portfolio, 1, (qb_quantity){UNITS(-4)},
                               (qb_price){CENTS(2500)}, 7));
    CHECK_INT(self.portfolio.start.raw, UNITS(1000 + 500 - 100));
    CHECK_INT(self.portfolio.cash.raw, UNITS(1000));
    CHECK_INT(self.portfolio.exposure.raw, UNITS(600));
    CHECK_OK(qb_portfolio_check(&self.portfolio));
    mark(&self, 6000);
    fill(&self, -10, 6000, 0);
    CHECK(self.closed);
    CHECK_INT(self.trade.profit.raw, UNITS(100));
    CHECK_INT(self.trade.entry, QB_FOR_START);
    CHECK_INT(self.trade.entry_us, 7);
    CHECK_INT(self.trade.entry_price.raw, CENTS(5000));
    CHECK_INT(self.portfolio.traded.raw, UNITS(600)); /* nothing was bought */

    const qb_portfolio before = self.portfolio;
    CHECK_INT(qb_portfolio_open(&self.portfolio, 1, (qb_quantity){1}, (qb_price){QB_ONE}, 7),
              QB_OUT_OF_RANGE); /* held already */
    CHECK_INT(qb_portfolio_open(&self.portfolio, 0, (qb_quantity){0}, (qb_price){QB_ONE}, 7),
              QB_OUT_OF_RANGE);
    CHECK_INT(qb_portfolio_open(&self.portfolio, 0, (qb_quantity){1}, (qb_price){0}, 7),
              QB_OUT_OF_RANGE);
    CHECK_INT(qb_portfolio_open(&self.portfolio, 2, (qb_quantity){1}, (qb_price){QB_ONE}, 7),
              QB_OUT_OF_RANGE); /* no such instrument */
    CHECK_INT(
        qb_portfolio_open(&self.portfolio, 0, (qb_quantity){INT64_MAX}, (qb_price){INT64_MAX}, 7),
        QB_OVERFLOW);
    CHECK(memcmp(&before, &self.portfolio, sizeof before) == 0);
    clear(&self);
}

static void charges(void)
{
    bench self = setup(UNITS(1000));
    const qb_rate borrow = {QB_ONE * 73 / 1000}, interest = {QB_ONE * 365 / 10000};
    fill(&self, -10, 5000, 0); /* short 500; cash 1,500 */
    CHECK_OK(qb_portfolio_charge(&self.portfolio, 3, borrow, interest));
    CHECK_INT(self.portfolio.borrow.raw, CENTS(30)); /* 500 x 7.3 % x 3 / 365 */
    CHECK_INT(self.portfolio.interest.raw, 0);
    CHECK_INT(self.portfolio.cash.raw, UNITS(1500) - CENTS(30));
    mark(&self, 6000);
    CHECK_OK(qb_portfolio_charge(&self.portfolio, 1, borrow, interest));
    CHECK_INT(self.portfolio.borrow.raw, CENTS(42)); /* 600 x 7.3 % / 365 = 0.12 */
    fill(&self, 10, 5000, 0);
    fill(&self, 5, 5000, 0);
    CHECK_OK(qb_portfolio_charge(&self.portfolio, 1, borrow, (qb_rate){0}));
    CHECK_INT(self.portfolio.borrow.raw, CENTS(42)); /* nothing is short */
    clear(&self);

    self = setup(UNITS(1000));
    fill(&self, 30, 10000, 0); /* longs 3,000, equity 1,000: debit 2,000 */
    CHECK_OK(qb_portfolio_charge(&self.portfolio, 10, borrow, interest));
    CHECK_INT(self.portfolio.interest.raw, UNITS(2)); /* 2,000 x 3.65 % x 10 / 365 */
    CHECK_OK(qb_portfolio_check(&self.portfolio));
    mark(&self, 9000); /* what was lent does not change with the mark: 2,002 */
    CHECK_OK(qb_portfolio_charge(&self.portfolio, 10, borrow, interest));
    CHECK_INT(self.portfolio.interest.raw, UNITS(2) + 200200000);
    clear(&self);

    /* Short proceeds lend nothing to the longs: longs 1,000 + shorts 500, equity 1,000 */
    self = setup(UNITS(1000));
    fill(&self, 10, 10000, 0);
    const qb_fill other = {.instrument = 1, .quantity = {UNITS(-5)}, .price = {UNITS(100)}};
    CHECK_OK(qb_portfolio_apply_fill(&self.portfolio, &other, &self.closed, &self.trade));
    CHECK_OK(qb_portfolio_charge(&self.portfolio, 365, (qb_rate){0}, interest));
    CHECK_INT(self.portfolio.interest.raw, 0);
    const qb_portfolio before = self.portfolio;
    CHECK_INT(qb_portfolio_charge(&self.portfolio, 1, (qb_rate){-1}, interest), QB_OUT_OF_RANGE);
    CHECK_INT(qb_portfolio_charge(&self.portfolio, UINT32_MAX, (qb_rate){INT64_MAX}, interest),
              QB_OVERFLOW);
    CHECK(memcmp(&before, &self.portfolio, sizeof before) == 0);
    clear(&self);
}

/* Whatever happens in whatever order, every sum is what its parts are, and a refusal changes
 * nothing. */
static void random_events(void)
{
    qb_random random = {3};
    bench self = setup(UNITS(1000000));
    CHECK_OK(qb_portfolio_open(&self.portfolio, 1, (qb_quantity){UNITS(50)},
                               (qb_price){CENTS(2000)}, 0));
    int refused = 0, done = 0;
    for (int i = 0; i < 20000 && tap_failed == 0; i++) {
        const qb_portfolio before = self.portfolio;
        const uint32_t which = (uint32_t)(qb_random_next(&random) % 2);
        qb_position *position = &self.portfolio.positions[which];
        const qb_price price = {(int64_t)(qb_random_next(&random) % (100 * QB_ONE)) + QB_ONE};
        qb_status status = QB_OK;
        qb_fill one = {
            .instrument = which,
            .ts_us = i,
            .quantity = {(int64_t)(qb_random_next(&random) % (200 * QB_ONE)) - 100 * QB_ONE},
            .price = price,
            .fee = {(int64_t)(qb_random_next(&random) % QB_ONE)}};
        switch (qb_random_next(&random) % 6) {
        case 0:
        case 1:
            status = qb_portfolio_apply_fill(&self.portfolio, &one, &self.closed, &self.trade);
            break;
        case 2:
            status = qb_portfolio_mark(&self.portfolio, position, price);
            qb_position_seen(position, qb_raw_to_double(price.raw), qb_raw_to_double(price.raw));
            break;
        case 3:
            status = qb_portfolio_deposit(
                &self.portfolio,
                (qb_money){(int64_t)(qb_random_next(&random) % (2000 * QB_ONE)) - 1000 * QB_ONE});
            break;
        case 4:
            status = qb_portfolio_charge(&self.portfolio, (uint32_t)(qb_random_next(&random) % 9),
                                         (qb_rate){3000000}, (qb_rate){7000000});
            break;
        default: {
            const qb_actions what = {.instrument = which,
                                     .split = {1 + (int64_t)(qb_random_next(&random) % 3),
                                               1 + (int64_t)(qb_random_next(&random) % 3)},
                                     .dividend = {(int64_t)(qb_random_next(&random) % QB_ONE)},
                                     .open = price,
                                     .lot = {QB_ONE},
                                     .at_us = i};
            status = qb_portfolio_apply_actions(&self.portfolio, &what, &self.closed, &self.trade);
        }
        }
        if (status != QB_OK)
            CHECK(memcmp(&before, &self.portfolio, sizeof before) == 0);
        refused += status != QB_OK;
        done += status == QB_OK;
        CHECK_OK(qb_portfolio_check(&self.portfolio));
    }
    CHECK(done > 10000 && refused > 10);
    clear(&self);
}

static const tap_case cases[] = {
    {"/engine/portfolio/long", long_trade},
    {"/engine/portfolio/short", short_trade},
    {"/engine/portfolio/tenths", tenths},
    {"/engine/portfolio/no-crossing", no_crossing},
    {"/engine/portfolio/overflow-leaves-all", overflow_leaves_all},
    {"/engine/portfolio/split-with-rest", split_with_rest},
    {"/engine/portfolio/reverse-split-closes", reverse_split_closes},
    {"/engine/portfolio/dividends", dividends},
    {"/engine/portfolio/odd-split", odd_split},
    {"/engine/portfolio/excursions", excursions},
    {"/engine/portfolio/excursions-over-actions", excursions_over_actions},
    {"/engine/portfolio/excursions-of-contracts", excursions_of_contracts},
    {"/engine/portfolio/purposes", purposes},
    {"/engine/portfolio/deposits", deposits},
    {"/engine/portfolio/holdings", holdings},
    {"/engine/portfolio/charges", charges},
    {"/engine/portfolio/random-events", random_events},
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
