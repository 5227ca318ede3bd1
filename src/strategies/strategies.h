/* The built-in strategies, one file each; they see only core/engine/strategy.h and what stands
 * here, and each is a struct like any user's, put through the same checks. */
#ifndef STRATEGIES_STRATEGIES_H
#define STRATEGIES_STRATEGIES_H

#include "core/engine/strategy.h"

extern const qb_strategy strategies_bollinger;
extern const qb_strategy strategies_bull_mode;
extern const qb_strategy strategies_buy_and_hold;
extern const qb_strategy strategies_dollar_cost_average;
extern const qb_strategy strategies_donchian;
extern const qb_strategy strategies_ema_cross;
extern const qb_strategy strategies_equal_weight;
extern const qb_strategy strategies_gamma_reversal;
extern const qb_strategy strategies_hrp;
extern const qb_strategy strategies_macd;
extern const qb_strategy strategies_market_neutral;
extern const qb_strategy strategies_momentum_rotation;
extern const qb_strategy strategies_rsi_reversion;
extern const qb_strategy strategies_scalper_sigma;
extern const qb_strategy strategies_sma_cross;
extern const qb_strategy strategies_trend_breakout;

/* NULL-terminated, in the order in which they are listed. */
extern const qb_strategy *const strategies_builtin[];
/* NULL when there is none of that name. */
const qb_strategy *strategies_find(const char *name);

/* ---- what several of them share ------------------------------------------------------------ */

/* The choice "side": only longs, or shorts as well. */
enum { STRATEGIES_LONG, STRATEGIES_BOTH };
extern const char *const strategies_sides[3];

/* Buys or sells short at market, with a stop-loss so far from the fill (0: none) and a time stop of so
 * many bars (0: none); one entry at a time per instrument: what is left of the one before is cancelled
 * first. *order is its id, 0 at the start. */
typedef struct strategies_entry {
    uint32_t instrument;
    qb_side side;
    qb_size size;
    double stop_distance;
    uint32_t time_stop_bars;
} strategies_entry;
void strategies_enter(const qb_context *context, const strategies_entry *entry, uint64_t *order);
/* Cancels what is left of the entry and closes the position. */
void strategies_leave(const qb_context *context, uint32_t instrument, uint64_t *order);

/* The choice "every": when a portfolio is looked at again, at the first bar of the new period. */
enum {
    STRATEGIES_DAILY,
    STRATEGIES_WEEKLY,
    STRATEGIES_MONTHLY,
    STRATEGIES_QUARTERLY,
    STRATEGIES_YEARLY
};
extern const char *const strategies_periods[6];
#define STRATEGIES_NO_PERIOD INT64_MIN
/* True when the stamp lies in another period (UTC; weeks begin on Monday) than *period, which is
 * brought up to date. Start with STRATEGIES_NO_PERIOD: of the first bar nobody can say whether it
 * begins one, so the answer is no, wherever the data begin. */
bool strategies_period_begins(int every, int64_t ts_us, int64_t *period);

/* True for the first bar that is decided at an instant: all others of the instant stand in the
 * histories already, so that a whole universe can be judged at once. *last_us starts as INT64_MIN. */
bool strategies_instant_begins(const qb_context *context, int64_t *last_us);

#endif
