/* The rules at the gate, for backtest and paper alike.
 *
 * In: bars, equity, fills and closed trades as they become known, and orders that ask to be let
 * through. Out: how much of an order may pass and which rule said so; exits that an entry has to
 * bring along; and what has to happen to the whole account: flatten, suspend, halt. It never
 * touches orders, cash or positions: the engine does. A limit refuses, a sizer reduces; what only
 * reduces exposure is never refused. Every rule is off unless set. Rules, units, defaults and
 * sources: docs/RISK.md.
 *
 * Pure: what the rules know is what they were told. A rule that is on and cannot be evaluated
 * because a number is none (NaN equity, overflow) halts; one that lacks history (no 14 bars for
 * an ATR yet) refuses with its own name, unless its row in the table says that it waits. */
#ifndef QB_RISK_H
#define QB_RISK_H

#include "core/portfolio/portfolio.h"

typedef enum qb_risk_rule {
    QB_RISK_NONE,
    QB_RISK_PER_TRADE,   /* sizer: equity x limit / (distance to the stop) */
    QB_RISK_ATR_SIZE,    /* sizer: equity x limit / ATR */
    QB_RISK_KELLY,       /* sizer: fraction of mean / variance of the run's own daily returns */
    QB_RISK_VOLATILITY,  /* sizer: yearly volatility of a position's contribution */
    QB_RISK_GROSS,       /* sum of |value| / equity */
    QB_RISK_NAME,        /* |value| of one instrument / equity */
    QB_RISK_SECTOR,      /* sum of |value| of one sector / equity */
    QB_RISK_CRYPTO,      /* sum of |value| of crypto / equity */
    QB_RISK_ADV,         /* units of one order / average daily volume */
    QB_RISK_MINIMUM,     /* least value of an order */
    QB_RISK_DRAWDOWN,    /* kill switch: halts, latched, and flattens */
    QB_RISK_DAY_STOP,    /* loss of the day: flattens, suspended until the next day */
    QB_RISK_WEEK_STOP,   /* loss of the week: flattens, suspended until the next week */
    QB_RISK_BLACKOUT,    /* windows of a file */
    QB_RISK_DAY_TRADES,  /* pattern day trader: day trades within 5 sessions */
    QB_RISK_COOL_DOWN,   /* pause after so many losing trades in a row */
    QB_RISK_ORDER_RATE,  /* orders a minute */
    QB_RISK_TRAILING,    /* exit: trailing stop, in ATR */
    QB_RISK_TIME_STOP,   /* exit: bars */
    QB_RISK_TAKE_PROFIT, /* exit: in ATR */
    QB_RISK_STOP_LOSS,   /* exit: in ATR */
    QB_RISK_RULE_COUNT,
} qb_risk_rule;
/* "drawdown", "single-name"; static, stable. */
const char *qb_risk_rule_text(qb_risk_rule rule);

/* ---- settings ------------------------------------------------------------------------------ */

/* One row per number that a user may set; several may belong to one rule (its limit, its window).
 * The limit's row bears the rule's name: setting it switches the rule on. */
typedef struct qb_risk_key {
    const char *name;  /* "drawdown", "volatility", "volatility-days" */
    qb_risk_rule rule; /* QB_RISK_NONE: shared by several */
    bool is_limit;
    bool in_standard;        /* a limit that --risk standard switches on */
    bool whole;              /* whole numbers only */
    double standard;         /* of NAME=on; of a row that is no limit: until it is set */
    double minimum, maximum; /* accepted */
    const char *unit;        /* "%" (stored as a fraction), "x", "days", "ATR", "" */
    const char *help;
} qb_risk_key;
extern const qb_risk_key qb_risk_keys[]; /* ends with a NULL name */
#define QB_RISK_KEYS_MAX 40
/* The row of a rule's limit, whose unit its events' limit and value have; NULL for QB_RISK_NONE. */
const qb_risk_key *qb_risk_key_of(qb_risk_rule rule);
/* A value of that row as a person writes it: "20%", "1.75", "off". Returns buffer. */
#define QB_RISK_VALUE_TEXT 32
char *qb_risk_value_to_text(const qb_risk_key *key, double value, char buffer[QB_RISK_VALUE_TEXT]);

/* From from_us (included) to to_us (excluded) nothing increases exposure. */
typedef struct qb_blackout {
    int64_t from_us, to_us;
    uint32_t instrument; /* UINT32_MAX: all */
    const char *what;    /* "FOMC"; borrowed for the run */
} qb_blackout;

typedef struct qb_risk_config {
    double values[QB_RISK_KEYS_MAX]; /* in the order of qb_risk_keys, percents as fractions; a limit
                                      * that is NaN is off, other rows have their standard */
    const qb_blackout *blackouts;    /* [blackout_count], ascending from_us, borrowed for the run */
    size_t blackout_count;           /* they count where the limit "blackout" is on */
} qb_risk_config;
void qb_risk_config_off(qb_risk_config *out);
void qb_risk_config_standard(qb_risk_config *out);
bool qb_risk_config_is_off(const qb_risk_config *config);
/* One "name=value": "drawdown=20%", "gross=2", "drawdown=on" (its standard), "drawdown=off";
 * "triple-barrier" stands for take-profit, stop-loss and time-stop, on or off. QB_NOT_FOUND (no
 * such name), QB_BAD_FORMAT, QB_OUT_OF_RANGE, with a static phrase in *out_why. */
QB_CHECKED qb_status qb_risk_config_set(qb_risk_config *config, const char *text,
                                        const char **out_why);

/* ---- the rules of a run -------------------------------------------------------------------- */

typedef struct qb_risk qb_risk;

/* What was decided, for the run log. */
typedef enum qb_risk_action {
    QB_RISK_PASSED,
    QB_RISK_REDUCED,
    QB_RISK_REFUSED,
    QB_RISK_SUSPENDED, /* no entries until until_us */
    QB_RISK_HALT,      /* no entries any more */
} qb_risk_action;
const char *qb_risk_action_text(qb_risk_action action);

typedef struct qb_risk_event {
    int64_t at_us;
    uint32_t instrument; /* UINT32_MAX: the account */
    uint64_t order_id;   /* 0: none */
    qb_risk_rule rule;
    qb_risk_action action;
    double limit, value; /* what the rule allows, and what it found, in its unit */
    qb_quantity asked, allowed;
    int64_t until_us; /* when the rule lets through again, where that is known; else 0 */
    bool flatten;     /* positions are to be closed */
    const char *what; /* more in words: a blackout's name, "no history"; NULL: none. Static, or
                       * borrowed for the run */
} qb_risk_event;

/* An order that asks. Only the part that increases exposure is asked about. */
typedef struct qb_risk_ask {
    int64_t now_us;
    uint32_t instrument;
    qb_side side;
    qb_quantity held;  /* signed, once what is in front of the order has filled */
    qb_quantity units; /* > 0: that would be added */
    qb_price unit;     /* what one unit is worth: at the last close, or at the fill */
    qb_money equity;
    const qb_portfolio *portfolio;
    double stop_distance; /* price from entry to the order's own stop-loss; NaN: none */
    bool at_fill;         /* counted at admission already: rates of orders are not counted twice */
} qb_risk_ask;

/* Memory from the arena. instruments are borrowed for the run. QB_OUT_OF_RANGE for a value outside
 * its row's range, QB_NO_MEMORY. */
QB_CHECKED qb_status qb_risk_new(const qb_risk_config *config, const qb_instrument *instruments,
                                 uint32_t instrument_count, qb_arena *arena, qb_risk **out_risk);

/* What the run begins with, before anything else. */
void qb_risk_hold(qb_risk *risk, uint32_t instrument, qb_quantity quantity);
/* A bar became known. Prices in money of the day; `split`: fresh per old since the bar before, to
 * carry averages over (1: none). O(1). */
void qb_risk_bar(qb_risk *risk, uint32_t instrument, const qb_bar *bar, double split,
                 int64_t known_us);
/* After each instant with a bar; the first call is what gains and losses are counted from. True
 * when something has to happen: *out says what. `flows` is what came from outside since the call
 * before: neither gain nor loss. */
bool qb_risk_equity(qb_risk *risk, int64_t at_us, qb_money equity, qb_money flows,
                    qb_risk_event *out);
/* In place of it, where equity is beyond the ledger: a rule that looks at equity cannot be evaluated
 * and halts. False: there is none, or all is halted already. */
bool qb_risk_equity_unknown(qb_risk *risk, int64_t at_us, qb_risk_event *out);
/* Each fill, and then the trade that it closed. */
void qb_risk_fill(qb_risk *risk, const qb_fill *fill, const qb_instrument *instrument);
void qb_risk_trade(qb_risk *risk, const qb_trade *trade);

/* The rule that has the last word, and how many whole lots may pass. QB_RISK_PASSED leaves rule
 * QB_RISK_NONE. */
void qb_risk_ask_gate(qb_risk *risk, const qb_risk_ask *ask, qb_risk_event *out);

/* Exits that an entry has to bring along where it has none of its kind, as distances of price in
 * money of the day; 0: none. */
typedef struct qb_risk_exits {
    double take_profit, stop_loss, trailing;
    uint32_t time_stop_bars;
} qb_risk_exits;
/* False while their ATR has no history: the entry is refused with the rule in *out_rule. */
bool qb_risk_exits_of(const qb_risk *risk, uint32_t instrument, qb_risk_exits *out,
                      qb_risk_rule *out_rule);

/* Whether qb_risk_equity, or a rule that could not be evaluated, has stopped all entries at now_us:
 * by which rule; QB_RISK_NONE: they are not. */
qb_risk_rule qb_risk_stopped(const qb_risk *risk, int64_t now_us);

#endif
