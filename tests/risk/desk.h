/* A desk with six instruments, an account and the rules that a test asks for. Amounts are written
 * as a person would, and turned into the ledger's integers here. */
#ifndef DESK_H
#define DESK_H

#include "core/risk/risk.h"
#include "tap.h"

enum { AAA, BBB, CCC, DDD, BTC, ETH, DESK_INSTRUMENTS }; /* tech, tech, energy, -, crypto, crypto */

typedef struct desk {
    qb_arena arena;
    qb_instrument instruments[DESK_INSTRUMENTS];
    uint32_t count; /* of them in use; DESK_INSTRUMENTS unless set before desk_open */
    qb_interval interval;
    qb_portfolio portfolio;
    qb_risk_config config;
    qb_risk *risk;
    double equity;        /* told to the rules; 100,000 */
    double stop_distance; /* of the orders that ask; NaN */
    int64_t now_us;       /* 2024-01-02T21:00:00Z, New York's close of a Tuesday */
    bool at_fill;
    uint64_t fills;
} desk;

#define DESK_NOW_US (INT64_C(1704229200) * QB_SECOND_US)

/* "drawdown=20%" ..., space-parted; "" for none, "standard" first for the standard. Start from {0}
 * or with count, interval or config.blackouts set. */
void desk_open(desk *self, const char *settings);
void desk_close(desk *self);
/* A purchase (units > 0) or sale that fills, with the trade that it closes, told to the rules. */
void desk_trade(desk *self, uint32_t instrument, double units, double price, int64_t bar_ts_us);
qb_risk_event desk_ask(desk *self, uint32_t instrument, double units, double price); /* < 0: sell */
/* count bars of that shape, each known a day after the one before, the first at now_us. */
void desk_bars(desk *self, uint32_t instrument, double high, double low, double close,
               double volume, int count);
/* Equity at an instant. */
bool desk_equity(desk *self, int64_t at_us, double equity, double flows, qb_risk_event *out);
int64_t desk_raw(double value);

#define CHECK_PASSED(event, units) desk_check(&(event), QB_RISK_PASSED, QB_RISK_NONE, units)
#define CHECK_REDUCED(event, rule, units) desk_check(&(event), QB_RISK_REDUCED, rule, units)
#define CHECK_REFUSED(event, rule) desk_check(&(event), QB_RISK_REFUSED, rule, 0)
#define CHECK_HALTED(event, rule) desk_check(&(event), QB_RISK_HALT, rule, 0)
void desk_check(const qb_risk_event *event, qb_risk_action action, qb_risk_rule rule, double units);

#endif
