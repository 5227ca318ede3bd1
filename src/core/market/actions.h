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
} qb_action;

/* Why a step of the adjusted closes was not turned into an action. */
typedef struct qb_unexplained {
    size_t row;
    int64_t ts_us;
    double ratio; /* of the adjustment factor after to before; 1 would be no step */
} qb_unexplained;

/* What is derived, in row order; both arrays hold capacity entries and the counts go on counting. */
typedef struct qb_derived {
    qb_action *actions;
    qb_unexplained *unexplained;
    size_t capacity, action_count, unexplained_count;
} qb_derived;

/* Dividends and splits from close and adjusted close. The factor adjusted/close steps on an
 * ex-date: by a split of p/q (p, q <= 32, when the close jumps by it too), else by a dividend of
 * close[t-1] * (1 - f[t-1]/f[t]) where that lies between 0 and a tenth of the price; anything else
 * is unexplained. Steps below what the printed digits of both columns can carry are none:
 * adjusted_step is the unit of the last printed digit (0.01, 1e-6), 0: exact. The series is
 * ascending with sound closes. Formula: CRSP, Data Definitions, "Factor to Adjust Price". */
QB_CHECKED qb_status qb_actions_derive(const qb_series *series, const double *adjusted_close,
                                       double adjusted_step, qb_derived *out);

/* A row that opens at close[row-1] * q/p while no split_factor says so. */
typedef struct qb_split_suspect {
    size_t row;
    int64_t ts_us;
    double ratio;                   /* open over the close above */
    int32_t new_shares, old_shares; /* 7, 1: seven for one */
} qb_split_suspect;
/* Raw prices only. Stores up to capacity and returns how many there are. A crash is no split: the
 * ratio must be within 2 % of a usual one (2:1 3:1 3:2 4:1 5:1 5:4 6:1 7:1 8:1 10:1 15:1 20:1 25:1
 * 50:1 or the reverse), the bar itself calm against that ratio, and the level stays there. */
size_t qb_splits_undeclared(const qb_series *series, qb_split_suspect *out, size_t capacity);

#endif
