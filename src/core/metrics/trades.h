/* Closed trades looked at from all sides: by instrument, reason, weekday ..., their streaks, how far
 * they went for and against the account, how long they lasted.
 *
 * In: closed trades in the order of their ends. Out: groups and spreads. Names stay with the caller:
 * here an instrument, a strategy or a reason is a number. */
#ifndef QB_METRICS_TRADES_H
#define QB_METRICS_TRADES_H

#include "core/metrics/metrics.h"

typedef struct qb_closed_trade {
    uint32_t instrument, strategy;
    uint32_t entry, exit; /* why it was entered and left */
    bool is_short;
    int32_t exit_date; /* in the zone of the portfolio's calendar */
    int64_t entry_us, exit_us;
    double profit;          /* after fees */
    double fees;            /* >= 0 */
    double return_fraction; /* profit / entry notional */
    double adverse,
        favourable; /* >= 0: the worst and the best it stood at, before fees (MAE, MFE) */
    uint64_t bars;
    uint32_t touched; /* of qb_touch: what its fills and bars were like */
} qb_closed_trade;

typedef enum qb_trade_key {
    QB_BY_INSTRUMENT,
    QB_BY_STRATEGY,
    QB_BY_ENTRY,
    QB_BY_EXIT,
    QB_BY_WEEKDAY, /* of the exit: 0 Monday */
    QB_BY_MONTH,   /* of the exit: 12 x year + month - 1 */
    QB_BY_YEAR,    /* of the exit */
    QB_BY_SIDE,    /* 0 long, 1 short */
    QB_TRADE_KEY_COUNT
} qb_trade_key;
/* "instrument", "exit", "weekday"; static. */
const char *qb_trade_key_text(qb_trade_key key);
QB_CHECKED qb_status qb_trade_key_from_text(const char *text, qb_trade_key *out);
int64_t qb_trade_key_of(const qb_closed_trade *trade, qb_trade_key key);

typedef struct qb_trade_group {
    int64_t key;
    size_t count, wins, losses;  /* the rest are draws */
    double profit, gained, lost; /* profit = gained - lost; both >= 0 */
    double fees, best, worst;
    uint64_t bars;
    qb_ratio win_rate;            /* draws count in the denominator */
    qb_ratio profit_factor;       /* gained / lost */
    qb_ratio expectancy;          /* mean profit of a trade */
    qb_ratio expectancy_fraction; /* mean return of a trade */
    qb_ratio share;               /* of the profit of all trades; undefined where that is 0 */
} qb_trade_group;

/* Ascending keys; *out_groups is freed with qb_realloc(groups, 0) and NULL where there
 * is no trade. QB_NO_MEMORY. */
QB_CHECKED qb_status qb_trades_by(const qb_closed_trade *trades, size_t count, qb_trade_key key,
                                  qb_trade_group **out_groups, size_t *out_count);
/* All of them as one group, of key 0. */
qb_trade_group qb_trades_together(const qb_closed_trade *trades, size_t count);

/* Where values lie; NaN without values. Quantiles are interpolated as R's type 7 and numpy do
 * (Hyndman and Fan, Sample Quantiles in Statistical Packages, 1996). */
typedef struct qb_spread {
    double least, quarter, median, three_quarters, most, mean;
} qb_spread;
/* Sorts values, which are finite. */
qb_spread qb_spread_of(double *values, size_t count);
/* Of ascending values, count >= 1, 0 <= p <= 1. */
double qb_quantile_of_sorted(const double *values, size_t count, double p);

typedef struct qb_trade_summary {
    size_t longest_wins, longest_losses; /* in a row; a draw ends both */
    size_t best, worst;                  /* indices by profit, the first of equals */
    qb_ratio average_win, average_loss;  /* money; the loss > 0 */
    qb_ratio payoff;                     /* average win / average loss */
    qb_spread adverse, favourable;       /* money */
    qb_spread winners_adverse;           /* what the winning ones had to stand */
    qb_ratio
        captured; /* sum of profit before fees / sum of favourable excursion, of winning trades */
    qb_spread held_days, held_bars;
} qb_trade_summary;
/* QB_NO_MEMORY. Without trades every spread is NaN and every ratio undefined. */
QB_CHECKED qb_status qb_trades_summarise(const qb_closed_trade *trades, size_t count,
                                         qb_trade_summary *out);

#endif
