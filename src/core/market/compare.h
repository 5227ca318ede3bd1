/* Two series of what should be the same: where they differ, and probably why.
 *
 * In: two columns of bars, the calendar that they should follow. Out: stretches and single bars that
 * differ, by time, each with its likely cause. Which of two sources is right, nobody knows from
 * two; a cause is what would explain the difference. Included by market.h. */
#ifndef QB_COMPARE_H
#define QB_COMPARE_H

typedef enum qb_cause {
    QB_CAUSE_ADJUSTMENT,  /* one factor over a stretch: another basis of splits or dividends */
    QB_CAUSE_CURRENCY,    /* a ratio far from 1 that drifts, as rates of exchange do */
    QB_CAUSE_OTHER_HOUR,  /* days that end at another hour */
    QB_CAUSE_OTHER_CLOSE, /* closes differ and opens do not: an auction, or trades after hours */
    QB_CAUSE_OTHER_MARKET, /* prices differ a little all the time: another exchange, or all of them */
    QB_CAUSE_BAD_TICK,     /* a bar far off in one series, between neighbours that agree */
    QB_CAUSE_SESSION,      /* bars of one series only, where the calendar has no session */
    QB_CAUSE_MISSING,      /* bars of one series only, in a session */
    QB_CAUSE_VOLUME_UNITS, /* volumes differ by one factor, or are amounts of money in one */
    QB_CAUSE_UNEXPLAINED,
    QB_CAUSE_COUNT,
} qb_cause;
/* "adjustment", "bad-tick" ...; static. */
const char *qb_cause_text(qb_cause cause);

typedef enum qb_which { QB_NEITHER, QB_FIRST, QB_SECOND } qb_which;

typedef struct qb_difference {
    qb_cause cause;
    qb_which which; /* which has the bad tick or the volume in money; which lacks the bars */
    int64_t from_us, to_us; /* stamps of its first and last bar */
    size_t rows;            /* bars that it concerns, not all from from to to */
    const char *field;      /* "open" .. "close", "volume", or "ts" where one has no bar; static */
    double first, second;   /* values of that field: on the first bar; of missing bars NaN on one
                               side */
    double factor;          /* second over first: of stretches the median, else of that bar; NaN */
    double last_factor;     /* of currency at its end; else as factor */
    double hours;           /* of another hour: how much later the second's day ends; else 0 */
} qb_difference;

typedef struct qb_compare_how {
    const qb_calendar *calendar; /* of both */
    qb_interval interval;
    double tolerance; /* relative, such as 0.001: prices closer than that are the same */
} qb_compare_how;

typedef struct qb_comparison {
    qb_difference *items; /* by time; freed by qb_comparison_clear */
    size_t count;
    size_t by_cause[QB_CAUSE_COUNT], rows_of_cause[QB_CAUSE_COUNT];
    int64_t from_us, to_us;         /* what both cover; from > to: nothing */
    size_t shared;                  /* bars with a stamp in both, sound in both */
    size_t agreeing;                /* of those, with all four prices within the tolerance */
    size_t only_first, only_second; /* in what both cover */
    size_t unfit;                   /* stamps in both, prices not positive and finite in one */
    double usual;        /* how far closes usually are apart beyond stretches' factors; 0: exact */
    double volume_ratio; /* the median of second over first; NaN: not known in both */
} qb_comparison;

/* Both ascending without equal stamps. Rules and thresholds stand in compare_*.c. What only one
 * series covers, before or after the other, is no difference. Stretches of fewer than five bars
 * are single bars. QB_OUT_OF_RANGE for a tolerance that is not positive and below 1,
 * QB_OUT_OF_ORDER, QB_NO_MEMORY; out is untouched then. O(rows). */
QB_CHECKED qb_status qb_compare(const qb_series *first, const qb_series *second,
                                const qb_compare_how *how, qb_comparison *out);
void qb_comparison_clear(qb_comparison *comparison);

#endif
