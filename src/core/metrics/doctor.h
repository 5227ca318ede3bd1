/* What a careful reader would say against a result. In: the trades, months, fills and intervals of a
 * run. Out: findings, each with its figure, its threshold and the trades concerned; the words are
 * others'. Judgement alone: nothing is computed anew, nothing changes.
 *
 * Thresholds and why:
 *   few trades     fewer than 30 closed: below about 30 a mean says little of its deviation, the usual
 *                  bound for the central limit theorem
 *   one trade      the best trade made half of the profit or more: without it the rest, as many as
 *                  they are, would have earned less than it did alone (own choice)
 *   one month      the best month made half of the growth or more, in logarithms, of 3 months or more
 *   one instrument the best of 3 or more instruments made half of the profit or more
 *   costs          costs took half of what was earned before them, or more: costs twice as high, as
 *                  slippage easily is, would leave nothing
 *   large fills    above 2.5 % of their bar's volume: the default limit of zipline's and LEAN's
 *                  volume share slippage, beyond which prices are known to move
 *   late fills     expected bars were missing between decision and fill: the price is another market's
 *   idle fills     on bars in which nothing traded, of an instrument that trades elsewhere
 *   flagged bars   repaired or synthetic bars stand within trades: their extremes may be invented
 *   no edge        the interval of the Sharpe ratio holds 0 */
#ifndef QB_METRICS_DOCTOR_H
#define QB_METRICS_DOCTOR_H

#include "core/metrics/bootstrap.h"
#include "core/metrics/periods.h"
#include "core/metrics/trades.h"

#define QB_DOCTOR_TRADES 30
#define QB_DOCTOR_SHARE 0.5
#define QB_DOCTOR_COST_SHARE 0.5
#define QB_DOCTOR_VOLUME_SHARE 0.025

/* Bits of qb_closed_trade.touched, the same bits of a fill's. */
typedef enum qb_touch {
    QB_TOUCH_LARGE = 1, /* a fill above QB_DOCTOR_VOLUME_SHARE of its bar's volume */
    QB_TOUCH_LATE = 2,
    QB_TOUCH_IDLE = 4,
    QB_TOUCH_FLAGGED = 8,
} qb_touch;

typedef enum qb_symptom_kind {
    QB_SYMPTOM_FEW_TRADES,
    QB_SYMPTOM_ONE_TRADE,
    QB_SYMPTOM_ONE_MONTH,
    QB_SYMPTOM_ONE_INSTRUMENT,
    QB_SYMPTOM_COSTS,
    QB_SYMPTOM_LARGE_FILLS,
    QB_SYMPTOM_LATE_FILLS,
    QB_SYMPTOM_IDLE_FILLS,
    QB_SYMPTOM_FLAGGED_BARS,
    QB_SYMPTOM_NO_EDGE,
    QB_SYMPTOM_COUNT
} qb_symptom_kind;
typedef enum qb_grade { QB_GRADE_WARNING, QB_GRADE_SERIOUS } qb_grade;
/* "few-trades", "warning"; static, stable. */
const char *qb_symptom_text(qb_symptom_kind kind);
const char *qb_grade_text(qb_grade grade);

#define QB_SYMPTOM_SHOWN 5
typedef struct qb_symptom {
    qb_symptom_kind kind;
    qb_grade grade;
    double value, threshold;        /* what was found, and from where on it is told */
    uint64_t fills;                 /* concerned; 0 where none are meant */
    size_t trades;                  /* concerned */
    size_t shown[QB_SYMPTOM_SHOWN]; /* the first of them, min(trades, SHOWN) indices */
    qb_month_return month;          /* ONE_MONTH */
    uint32_t instrument;            /* ONE_INSTRUMENT; of the worst fill for LARGE_FILLS */
} qb_symptom;

typedef struct qb_doctor_input {
    const qb_closed_trade *trades;
    size_t trade_count;
    const qb_month_return *months;
    size_t month_count;
    double earned; /* equity less start, deposits and costs counted back: before costs */
    double costs;  /* fees, slippage, borrow and interest, >= 0 */
    uint64_t large_fills, late_fills, idle_fills;
    double largest_share; /* of a bar's volume */
    uint32_t largest_instrument;
    const qb_bootstrap *intervals; /* NULL: none */
} qb_doctor_input;

/* In the order of the list above, at most one of a kind; out has QB_SYMPTOM_COUNT entries. Returns
 * QB_NO_MEMORY, or QB_OK with *out_count. */
QB_CHECKED qb_status qb_doctor_examine(const qb_doctor_input *input, qb_symptom *out,
                                       size_t *out_count);

#endif
