#include "desk.h"

int64_t desk_raw(double value)
{
    int64_t raw = 0;
    CHECK_OK(qb_raw_from_double(value, &raw));
    return raw;
}

static void make_instruments(desk *self)
{
    static const struct {
        const char *symbol, *sector;
        qb_asset asset;
    } rows[] = {{"AAA", "tech", QB_EQUITY},   {"BBB", "tech", QB_EQUITY},
                {"CCC", "energy", QB_EQUITY}, {"DDD", "", QB_EQUITY},
                {"BTC-USD", "", QB_CRYPTO},   {"ETH-USD", "", QB_CRYPTO}};
    for (size_t i = 0; i < DESK_INSTRUMENTS; i++) {
        qb_instrument *out = &self->instruments[i];
        CHECK_OK(qb_instrument_default(rows[i].symbol, rows[i].asset, self->interval, out));
        snprintf(out->sector, sizeof out->sector, "%s", rows[i].sector);
    }
}

static void read_settings(desk *self, const char *settings)
{
    char text[512], *rest = text;
    const qb_risk_config given = self->config;
    snprintf(text, sizeof text, "%s", settings);
    qb_risk_config_off(&self->config);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        const char *why = NULL;
        if (strcmp(word, "standard") == 0)
            qb_risk_config_standard(&self->config);
        else
            CHECK_OK(qb_risk_config_set(&self->config, word, &why));
    }
    self->config.blackouts = given.blackouts;
    self->config.blackout_count = given.blackout_count;
}

void desk_open(desk *self, const char *settings)
{
    if (self->count == 0)
        self->count = DESK_INSTRUMENTS;
    if (self->interval == QB_1M)
        self->interval = QB_1D;
    make_instruments(self);
    read_settings(self, settings);
    self->equity = 100000;
    self->stop_distance = NAN;
    self->now_us = DESK_NOW_US;
    CHECK_OK(qb_portfolio_init(&self->portfolio, &self->arena, DESK_INSTRUMENTS,
                               (qb_money){desk_raw(100000)}));
    CHECK_OK(qb_risk_new(&self->config, self->instruments, self->count, &self->arena, &self->risk));
}

void desk_close(desk *self)
{
    qb_arena_clear(&self->arena);
}

void desk_trade(desk *self, uint32_t instrument, double units, double price, int64_t bar_ts_us)
{
    bool closed = false;
    qb_trade trade;
    const qb_price paid = {desk_raw(price)};
    const qb_fill fill = {.id = ++self->fills,
                          .order_id = self->fills,
                          .instrument = instrument,
                          .ts_us = self->now_us,
                          .quantity = {desk_raw(units)},
                          .price = paid,
                          .reference = paid,
                          .bar_ts_us = bar_ts_us,
                          .volume = NAN};
    CHECK_OK(qb_portfolio_apply_fill(&self->portfolio, &fill, &closed, &trade));
    qb_risk_fill(self->risk, &fill, &self->instruments[instrument]);
    if (closed)
        qb_risk_trade(self->risk, &trade);
}

qb_risk_event desk_ask(desk *self, uint32_t instrument, double units, double price)
{
    qb_risk_event out;
    const qb_risk_ask ask = {
        .now_us = self->now_us,
        .instrument = instrument,
        .side = units < 0 ? QB_SELL : QB_BUY,
        .held = self->portfolio.positions[instrument].quantity,
        .units = {desk_raw(fabs(units))},
        .unit = {desk_raw(price)},
        .equity = {desk_raw(self->equity)},
        .portfolio = &self->portfolio,
        .stop_distance = self->stop_distance,
        .at_fill = self->at_fill,
    };
    qb_risk_ask_gate(self->risk, &ask, &out);
    CHECK_INT(out.asked.raw, ask.units.raw);
    CHECK_INT(out.instrument, instrument);
    CHECK_INT(out.at_us, self->now_us);
    return out;
}

void desk_bars(desk *self, uint32_t instrument, double high, double low, double close,
               double volume, int count)
{
    for (int i = 0; i < count; i++, self->now_us += QB_DAY_US) {
        const qb_bar bar = {.ts_us = self->now_us,
                            .open = close,
                            .high = high,
                            .low = low,
                            .close = close,
                            .volume = volume,
                            .split_factor = 1};
        qb_risk_bar(self->risk, instrument, &bar, 1, self->now_us);
    }
}

bool desk_equity(desk *self, int64_t at_us, double equity, double flows, qb_risk_event *out)
{
    self->equity = equity;
    return qb_risk_equity(self->risk, at_us, (qb_money){desk_raw(equity)},
                          (qb_money){desk_raw(flows)}, out);
}

void desk_check(const qb_risk_event *event, qb_risk_action action, qb_risk_rule rule, double units)
{
    CHECK_TEXT(qb_risk_action_text(event->action), qb_risk_action_text(action));
    CHECK_TEXT(qb_risk_rule_text(event->rule), qb_risk_rule_text(rule));
    CHECK_INT(event->allowed.raw, desk_raw(units));
}
