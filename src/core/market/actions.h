/* Dividends and splits as data: found, or derived, never guessed into the bars.
 *
 * In: raw prices, and where there is one a second column of adjusted closes. Out: what happened on
 * which row, with what remains unexplained. Nothing here changes a series. Included by market.h. */
#ifndef QB_ACTIONS_H
#define QB_ACTIONS_H

typedef struct qb_action {
    size_t row; /* of the ex-date */
    int64_t ts_us;
    double dividend;     /* cash per new share, 0: none */
    double split_factor; /* new shares per old, 1: none */
    double error;        /* of the dividend: how much the printed digits leave open */
} qb_action;

/* Why a step of the adjusted closes was not turned into an action. */
typedef struct qb_unexplained {
    size_t row;
    int64_t ts_us;
    double ratio; /* of the factor adjusted/close after to before; 1 would be no step */
    double cash;  /* the dividend per share that it would take, NaN where none could */
} qb_unexplained;

/* How a source makes adjusted closes of dividends: by the close of the day before (CRSP, Yahoo,
 * LEAN), or by that of the ex-date (Alpha Vantage). */
typedef enum qb_adjust_rule {
    QB_ADJUST_UNKNOWN,
    QB_ADJUST_PREVIOUS_CLOSE,
    QB_ADJUST_EX_CLOSE,
} qb_adjust_rule;

/* What is derived, in row order; both arrays hold capacity entries, the counts go on counting. */
typedef struct qb_derived {
    qb_action *actions;
    qb_unexplained *unexplained;
    size_t capacity, action_count, unexplained_count;
    qb_adjust_rule rule; /* in: the source's, or unknown; out: what it was found to be */
    size_t coarse_rows;  /* where printed digits hide what is below 0.1 % of the price */
} qb_derived;

/* Dividends and splits from close and adjusted close; the series' own are not read. The factor
 * adjusted/close steps on an ex-date: by a split p/q (p, q <= 32, or a usual one) when the close
 * steps by it too; else by a dividend
 *     close[t-1] (1 - f[t-1]/f[t])  or  close[t] (f[t]/f[t-1] - 1)
 * after the source's rule, when it lies between 0 and a tenth of the price. Anything else is
 * unexplained: spin-offs, large distributions, splits dated wrongly, ratios like 1.589, a split and
 * a dividend on one day (a spin-off looks no other), steps across rows without an adjusted close
 * (not a positive number), and what coarse digits leave between a small split and a dividend.
 *
 * An unknown rule is found by which of the two gives round amounts. Where neither does the common
 * one, of the previous close, is taken, the rule stays unknown, and the errors are wide enough for
 * both. Dividends have the fewest decimals (2 to 6) that the digits allow.
 *
 * adjusted_step is the unit of the last printed digit (0.01, 1e-6), 0: exact. Steps below what the
 * printed digits can carry are none. The series is ascending with sound closes; adjusted_close has
 * an entry for each row. QB_OUT_OF_RANGE for a step or a rule that is none. Formula: CRSP, Data
 * Definitions, "Factor to Adjust Price". */
QB_CHECKED qb_status qb_actions_derive(const qb_series *series, const double *adjusted_close,
                                       double adjusted_step, qb_derived *out);

/* A row that opens at close[row-1] * old/new while no split_factor says so. */
typedef struct qb_split_suspect {
    size_t row;
    int64_t ts_us;
    double ratio;                   /* open, with the dividend of the day, over the close above */
    int32_t new_shares, old_shares; /* 7, 1: seven for one */
} qb_split_suspect;
/* Raw prices, ascending. Stores up to capacity and returns how many there are. A crash is no
 * split: the opening, after a pause between sessions, must lie within 2 % (large ratios: 6 % of
 * their logarithm) of a usual one (5:4 4:3 3:2 2:1 5:2 3:1 4:1 5:1 6:1 7:1 8:1 10:1 15:1 20:1 25:1
 * 50:1 or the reverse), that day's range and turnover be those of the days before, and the level
 * stay. It needs two days before the split. O(rows), and some hundred rows for each large step. */
size_t qb_splits_undeclared(const qb_series *series, qb_split_suspect *out, size_t capacity);

#endif
