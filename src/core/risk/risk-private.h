/* The parts of a run's rules.
 *
 *   keys.c       what a user may set
 *   risk.c       a run's rules: which are on, and their order at the gate
 *   averages.c   what bars leave behind: ATR, daily volume, daily volatility
 *   sizers.c     rules that reduce an order
 *   limits.c     rules that refuse one for its size
 *   throttles.c  rules that refuse one for its time or number
 *   stops.c      equity through days and weeks: drawdown, day and week stop, past returns
 *   exits.c      stops and targets that an entry brings along
 *
 * Shares of equity are compared as integers: value x 1e8 against equity x rate in 128 bits, so that
 * what is exactly at a limit is within it. */
#ifndef QB_RISK_PRIVATE_H
#define QB_RISK_PRIVATE_H

#include "core/indicators/atr.h"
#include "core/indicators/deviation.h"
#include "core/risk/risk.h"

/* The rows of qb_risk_keys. */
enum risk_place {
    RISK_PER_TRADE,
    RISK_ATR_SIZE,
    RISK_KELLY,
    RISK_KELLY_DAYS,
    RISK_VOLATILITY,
    RISK_VOLATILITY_DAYS,
    RISK_GROSS,
    RISK_NAME,
    RISK_SECTOR,
    RISK_CRYPTO,
    RISK_ADV,
    RISK_ADV_DAYS,
    RISK_MINIMUM,
    RISK_DRAWDOWN,
    RISK_DAY_STOP,
    RISK_WEEK_STOP,
    RISK_BLACKOUT,
    RISK_DAY_TRADES,
    RISK_DAY_TRADES_DAYS,
    RISK_DAY_TRADES_EQUITY,
    RISK_COOL_DOWN,
    RISK_COOL_DOWN_HOURS,
    RISK_ORDER_RATE,
    RISK_TRAILING,
    RISK_TIME_STOP,
    RISK_TAKE_PROFIT,
    RISK_STOP_LOSS,
    RISK_ATR_BARS,
    RISK_PLACES,
};

bool risk_value_fits(const qb_risk_key *key, double value);

/* ---- what is known ------------------------------------------------------------------------- */

#define RISK_NO_DATE INT32_MIN
#define RISK_NO_SECTOR UINT32_MAX
#define RISK_NOT_HELD UINT32_MAX

/* Of one instrument. */
typedef struct risk_average {
    qb_atr atr;
    qb_rolling volume;    /* of whole days; NaN while a day's volume is unknown */
    qb_deviation returns; /* of daily closes */
    double last_close;    /* of the day before; NaN: none */
    /* the day under way */
    int64_t day_end_us;
    bool day_open;
    double day_volume, day_close;
} risk_average;

typedef struct risk_instrument {
    uint32_t sector;     /* number; RISK_NO_SECTOR */
    uint32_t place;      /* in risk.held; RISK_NOT_HELD */
    int8_t direction;    /* of what is held */
    int32_t opened_date; /* of the last fill that added to it and is not yet a day trade's half */
} risk_instrument;

/* Equity since the first call. References are carried over flows: what a deposit does to equity it
 * does to them. */
typedef struct risk_equity {
    const qb_calendar *calendar; /* whose sessions are the account's days */
    bool started;
    int64_t last, peak, day_start, week_start; /* money, raw */
    int32_t date, monday;
    int64_t day_end_us;
    bool day_counted; /* its return is in the sums below */
    bool day_tripped, week_tripped;
    /* of daily returns: Welford's mean and sum of squares about it */
    uint64_t returns;
    double mean, squares;
} risk_equity;

typedef struct risk_latch {
    qb_risk_rule rule; /* QB_RISK_NONE: open */
    double limit, value;
    int64_t until_us; /* INT64_MAX: for good */
} risk_latch;

typedef struct risk_day_trades {
    int32_t date; /* 0 trades: never */
    uint32_t count;
} risk_day_trades;

typedef struct risk_gate risk_gate;
typedef void risk_check(risk_gate *gate);
#define RISK_CHECKS 15

struct qb_risk {
    double values[RISK_PLACES];
    int64_t rates[RISK_PLACES]; /* the same in 1e-8; 0 where off */
    const qb_instrument *instruments;
    uint32_t count;
    risk_check *checks[RISK_CHECKS]; /* those that are on, in their order */
    size_t check_count;

    bool keeps_atr, keeps_volume, keeps_returns;
    risk_average *averages;  /* [count]; NULL: no rule asks for them */
    risk_instrument *states; /* [count] */
    uint32_t *held;          /* [held_count] of count: instruments with a position */
    uint32_t held_count;

    risk_equity equity;
    risk_latch latch;

    const qb_blackout *blackouts;
    size_t blackout_count, blackouts_over; /* those before this one have ended */
    int64_t blackouts_asked_us;

    risk_day_trades *day_trades; /* [day-trades-days]: a ring by session */
    size_t day_trades_next;
    uint64_t losses; /* losing trades in a row */
    int64_t cool_until_us;
    int64_t *order_times; /* [order-rate]: a ring */
    size_t order_next;
};

static inline bool risk_is_on(const qb_risk *risk, enum risk_place place)
{
    return risk->values[place] == risk->values[place];
}

/* ---- the gate ------------------------------------------------------------------------------ */

/* One order on its way through the rules. */
struct risk_gate {
    qb_risk *risk;
    const qb_risk_ask *ask;
    const qb_instrument *instrument;
    int64_t units; /* still allowed, whole lots */
    qb_risk_event *out;
    bool done; /* refused, or halted */
};

void risk_refuse(risk_gate *gate, qb_risk_rule rule, double limit, double value);
void risk_refuse_unknown(risk_gate *gate, qb_risk_rule rule, double limit); /* no history */
/* To at most `cap` units, in whole lots; refuses where nothing is left. */
void risk_reduce(risk_gate *gate, qb_risk_rule rule, double limit, double value, int64_t cap);
void risk_halt(risk_gate *gate, qb_risk_rule rule, double limit);
void risk_close_latch(qb_risk *risk, qb_risk_rule rule, double limit, double value,
                      int64_t until_us);

/* What is held once `units` more have filled, as an amount >= 0. */
int64_t risk_units_after(const qb_risk_ask *ask, int64_t units);
/* amount / equity for events; NaN where there is no equity. */
double risk_of_equity(const qb_risk_ask *ask, double amount);

/* sizers.c */
risk_check risk_size_per_trade, risk_size_atr, risk_size_kelly, risk_size_volatility;
/* limits.c */
risk_check risk_limit_gross, risk_limit_name, risk_limit_sector, risk_limit_crypto, risk_limit_adv,
    risk_limit_minimum;
/* throttles.c */
risk_check risk_check_latch, risk_check_blackout, risk_check_day_trades, risk_check_cool_down,
    risk_check_order_rate;
void risk_count_order(qb_risk *risk, int64_t now_us);
void risk_count_fill(qb_risk *risk, const qb_fill *fill, const qb_instrument *instrument);
void risk_count_trade(qb_risk *risk, const qb_trade *trade);
QB_CHECKED qb_status risk_throttles_init(qb_risk *risk, qb_arena *arena);

/* limits.c: |value| of all other positions, of those that share the sector, of those in crypto. */
QB_CHECKED qb_status risk_gross_others(const risk_gate *gate, int64_t *out);

/* averages.c */
QB_CHECKED qb_status risk_averages_init(qb_risk *risk, qb_arena *arena);
/* NaN: no history yet. */
double risk_atr(const qb_risk *risk, uint32_t instrument);
double risk_daily_volume(const qb_risk *risk, uint32_t instrument);
double risk_yearly_volatility(const qb_risk *risk, uint32_t instrument);

/* stops.c */
QB_CHECKED qb_status risk_equity_init(qb_risk *risk);

/* exits.c: whether the rules give every entry a stop, and the nearest one's distance of price; NaN:
 * no history. */
bool risk_has_stop(const qb_risk *risk);
double risk_stop_distance(const qb_risk *risk, uint32_t instrument);

#endif
