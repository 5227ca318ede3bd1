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
};

int main(void)
{
    return tap_run(cases, sizeof cases / sizeof *cases);
}
