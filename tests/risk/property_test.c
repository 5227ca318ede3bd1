/* Whatever is asked, what fills breaks no limit at the moment of the fill. The limits are measured
 * anew here, in plain doubles over all positions, by formulas of docs/RISK.md. */
#include "desk.h"

#define RUNS 200
#define STEPS 400

static const char all_rules[] =
    "per-trade=2% atr-size=3% kelly=0.5 kelly-days=5 volatility=8% volatility-days=5 gross=1.5"
    " single-name=40% sector=60% crypto=50% adv=5% adv-days=3 minimum-value=200 drawdown=60%"
    " day-stop=30% week-stop=40% day-trades=3 day-trades-equity=1000000 cool-down=3 "
    "cool-down-hours=48 order-rate=5"
    " blackout=10";

typedef struct market {
    desk desk;
    qb_random random;
    double prices[DESK_INSTRUMENTS];
    int64_t order_times[STEPS];
    size_t orders;
    uint64_t verdicts[QB_RISK_RULE_COUNT]; /* by rule: it refused or reduced */
} market;

static double unit(market *self)
{
    return qb_random_unit(&self->random);
}

/* ---- measured anew ------------------------------------------------------------------------- */

static double value_of(const market *self, uint32_t instrument)
{
    return fabs(qb_raw_to_double(self->desk.portfolio.positions[instrument].value.raw));
}

static double sum(const market *self, bool (*counts)(const market *, uint32_t, uint32_t),
                  uint32_t instrument)
{
    double total = 0;
    for (uint32_t i = 0; i < DESK_INSTRUMENTS; i++)
        if (counts(self, i, instrument))
            total += value_of(self, i);
    return total;
}

static bool any(const market *self, uint32_t i, uint32_t instrument)
{
    return true;
}

static bool same_sector(const market *self, uint32_t i, uint32_t instrument)
{
    const qb_instrument *all = self->desk.instruments;
    return all[instrument].sector[0] != '\0' && strcmp(all[i].sector, all[instrument].sector) == 0;
}

static bool both_crypto(const market *self, uint32_t i, uint32_t instrument)
{
    const qb_instrument *all = self->desk.instruments;
    return all[instrument].asset == QB_CRYPTO && all[i].asset == QB_CRYPTO;
}

static void check_limits(const market *self, uint32_t instrument, double units, double price)
{
    const double equity = self->desk.equity, slack = 1 + 1e-12;
    const double held =
        fabs(qb_raw_to_double(self->desk.portfolio.positions[instrument].quantity.raw));
    CHECK(sum(self, any, instrument) <= 1.5 * equity * slack);
    CHECK(value_of(self, instrument) <= 0.4 * equity * slack);
    CHECK(sum(self, same_sector, instrument) <= 0.6 * equity * slack);
    CHECK(sum(self, both_crypto, instrument) <= 0.5 * equity * slack);
    CHECK(units * price >= 200 / slack);
    CHECK(units <= 0.05 * 10000 * slack); /* every day trades 10,000 */
    CHECK(held * self->desk.stop_distance <= 0.02 * equity * slack);
    CHECK(equity > 0.4 * 100000); /* nothing is bought after a fall of 60 % */
}

/* ---- a random market ----------------------------------------------------------------------- */

static void mark_all(market *self)
{
    int64_t equity = 0;
    qb_portfolio *portfolio = &self->desk.portfolio;
    for (uint32_t i = 0; i < DESK_INSTRUMENTS; i++)
        CHECK_OK(qb_portfolio_mark(portfolio, &portfolio->positions[i],
                                   (qb_price){desk_raw(self->prices[i])}));
    CHECK_OK(qb_add(portfolio->cash.raw, portfolio->value.raw, &equity));
    self->desk.equity = qb_raw_to_double(equity);
}

static void next_day(market *self)
{
    qb_risk_event event;
    self->desk.now_us += QB_DAY_US;
    for (uint32_t i = 0; i < DESK_INSTRUMENTS; i++) {
        const double from = self->prices[i], to = from * (0.97 + 0.06 * unit(self));
        const qb_bar bar = {.ts_us = self->desk.now_us,
                            .open = from,
                            .high = fmax(from, to) * 1.01,
                            .low = fmin(from, to) * 0.99,
                            .close = to,
                            .volume = 10000};
        self->prices[i] = to;
        qb_risk_bar(self->desk.risk, i, &bar, 1, self->desk.now_us);
    }
    mark_all(self);
    if (desk_equity(&self->desk, self->desk.now_us, self->desk.equity, 0, &event))
        self->verdicts[event.rule]++;
}

/* No more than five entries within any minute. */
static void check_rate(market *self)
{
    self->order_times[self->orders++] = self->desk.now_us;
    if (self->orders > 5)
        CHECK(self->desk.now_us - self->order_times[self->orders - 6] >= QB_MINUTE_US);
}

static void close_some(market *self, uint32_t instrument)
{
    const int64_t held = self->desk.portfolio.positions[instrument].quantity.raw;
    desk_trade(&self->desk, instrument, -qb_raw_to_double(held), self->prices[instrument],
               self->desk.now_us);
    mark_all(self);
}

static void ask_some(market *self, uint32_t instrument)
{
    const int64_t held = self->desk.portfolio.positions[instrument].quantity.raw;
    const int side = held != 0 ? (held > 0 ? 1 : -1) : unit(self) < 0.5 ? -1 : 1;
    const double lot = qb_raw_to_double(self->desk.instruments[instrument].lot.raw);
    const double most = 60000 * unit(self) / self->prices[instrument];
    const double units = floor(most / lot) * lot;
    self->desk.stop_distance = self->prices[instrument] * (0.01 + 0.1 * unit(self));
    if (!(units > 0))
        return;
    const qb_risk_event event = desk_ask(&self->desk, instrument, side * units,
                                         self->prices[instrument]);
    if (event.action != QB_RISK_PASSED)
        self->verdicts[event.rule]++;
    CHECK(event.action != QB_RISK_HALT);
    CHECK(event.allowed.raw >= 0 && event.allowed.raw <= event.asked.raw);
    CHECK((event.action == QB_RISK_PASSED) == (event.allowed.raw == event.asked.raw));
    CHECK((event.action == QB_RISK_REFUSED) == (event.allowed.raw == 0));
    CHECK_INT(event.allowed.raw % self->desk.instruments[instrument].lot.raw, 0);
    if (event.allowed.raw == 0)
        return;
    const double allowed = qb_raw_to_double(event.allowed.raw);
    check_rate(self);
    desk_trade(&self->desk, instrument, side * allowed, self->prices[instrument],
               self->desk.now_us);
    check_limits(self, instrument, allowed, self->prices[instrument]);
}

static void run(market *self, uint64_t seed)
{
    static const double prices[] = {100, 50, 20, 10, 40000, 2000};
    const qb_blackout window = {DESK_NOW_US + 40 * QB_DAY_US, DESK_NOW_US + 45 * QB_DAY_US,
                                UINT32_MAX, "x"};
    self->desk = (desk){.config = {.blackouts = &window, .blackout_count = 1}};
    self->random.state = seed;
    self->orders = 0;
    memcpy(self->prices, prices, sizeof prices);
    desk_open(&self->desk, all_rules);
    for (int step = 0; step < STEPS; step++) {
        const uint32_t instrument = (uint32_t)(unit(self) * DESK_INSTRUMENTS);
        const double what = unit(self);
        if (what < 0.25)
            next_day(self);
        else if (what < 0.4 && self->desk.portfolio.positions[instrument].quantity.raw != 0)
            close_some(self, instrument);
        else
            ask_some(self, instrument);
        self->desk.now_us += (int64_t)(unit(self) * 40) * QB_SECOND_US;
    }
    desk_close(&self->desk);
}

static void test_no_limit_is_exceeded(void)
{
    static market market;
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        run(&market, seed);
    static const qb_risk_rule seen[] = {QB_RISK_PER_TRADE,  QB_RISK_ATR_SIZE,  QB_RISK_KELLY,
                                        QB_RISK_VOLATILITY, QB_RISK_GROSS,     QB_RISK_NAME,
                                        QB_RISK_SECTOR,     QB_RISK_CRYPTO,    QB_RISK_ADV,
                                        QB_RISK_MINIMUM,    QB_RISK_BLACKOUT,  QB_RISK_DAY_TRADES,
                                        QB_RISK_COOL_DOWN,  QB_RISK_ORDER_RATE};
    for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
        tap_check(market.verdicts[seen[i]] > 0, __FILE__, __LINE__, qb_risk_rule_text(seen[i]));
    }
}

int main(void)
{
    static const tap_case cases[] = {
        {"/risk/property/no limit is exceeded", test_no_limit_is_exceeded},
    };
    return tap_run(cases, sizeof cases / sizeof *cases);
}
