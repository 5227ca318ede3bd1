/* The same curve in other tools' words: what quantstats, empyrical, backtesting.py, freqtrade,
 * LEAN and vectorbt would print, and why it differs from ours.
 *
 * In: what qb_kpis_compute takes. Out: each tool's own figures under its own names, never mixed
 * with ours. The definitions were read from each tool's sources; versions and files stand at the
 * head of each dialect_NAME.c. */
#ifndef QB_DIALECTS_H
#define QB_DIALECTS_H

#include "core/metrics/metrics.h"

typedef enum qb_dialect {
    QB_DIALECT_QUANTSTATS,
    QB_DIALECT_EMPYRICAL,
    QB_DIALECT_BACKTESTING,
    QB_DIALECT_FREQTRADE,
    QB_DIALECT_LEAN,
    QB_DIALECT_VECTORBT,
    QB_DIALECT_COUNT,
} qb_dialect;

/* "quantstats" "empyrical" "backtesting.py" "freqtrade" "lean" "vectorbt"; static. */
const char *qb_dialect_text(qb_dialect dialect);
/* The version whose sources were read: "0.0.86"; static. */
const char *qb_dialect_version(qb_dialect dialect);
/* What the whole of it does differently, in one sentence; static. */
const char *qb_dialect_manner(qb_dialect dialect);
/* Those names, in any case; QB_BAD_FORMAT else. */
QB_CHECKED qb_status qb_dialect_from_text(const char *text, qb_dialect *out);

/* One figure as that tool names it. */
typedef struct qb_dialect_kpi {
    const char *key;     /* "sharpe": ours, where it is the same idea; else the tool's */
    const char *title;   /* as the tool prints it */
    const char *differs; /* in one line, how it differs from ours; NULL: it does not. Of a figure
                          * that we have not: what it is */
    qb_kpi_unit unit;
    bool percent; /* the tool prints it times 100 */
    bool missing; /* the input lacks what it is made of: ratio.undefined says what */
    /* A fraction or number, not times 100. The tool's own value for "undefined" is kept:
     * infinity, or freqtrade's -100, as a value; NaN where the tool gives NaN. */
    qb_ratio ratio;
} qb_dialect_kpi;
#define QB_DIALECT_KPIS_LIMIT 32

typedef struct qb_dialect_sheet {
    qb_dialect dialect;
    double periods_per_year; /* the N that it used */
    size_t count;
    qb_dialect_kpi kpis[QB_DIALECT_KPIS_LIMIT];
} qb_dialect_sheet;

/* periods_per_year 0: what the tool takes unless told, whatever input says (quantstats, empyrical
 * and LEAN 252, vectorbt 365); else what it is told. backtesting.py finds its own and freqtrade
 * always takes 365. Each point of input->periods is one return of the tool's; input->full is its
 * curve for growth and drawdown where the tool knows more than the periods.
 *
 * Trades that are NULL are not known: figures made of them are missing. A pointer with count 0
 * says that none was closed, and the tool's own answer to that is given.
 * QB_NO_MEMORY, with *out untouched. */
QB_CHECKED qb_status qb_dialect_compute(qb_dialect dialect, const qb_kpi_input *input,
                                        double periods_per_year, qb_dialect_sheet *out);
/* The figure of this key, or NULL. */
const qb_dialect_kpi *qb_dialect_find(const qb_dialect_sheet *sheet, const char *key);

/* ---- explaining ---------------------------------------------------------------------------- */

/* What `kpi explain` prints about one of our ratios. Static texts; like alone may be NULL. */
typedef struct qb_kpi_lesson {
    const char *key;
    const char *formula;
    const char *enters;    /* what it is made of, N and rf included */
    const char *undefined; /* when it is null, with the reasons given then */
    const char *source;
    const char
        *like; /* the key under which most tools have it: "cagr" for cagr_count; NULL: its own */
} qb_kpi_lesson;
/* By our key ("sharpe"); NULL when unknown. Every row of qb_kpi_table has one. */
const qb_kpi_lesson *qb_kpi_lesson_of(const char *key);

/* The curve on which figures are shown where the user gives none: 504 business days from
 * 2023-01-02 of a strategy that follows its benchmark, from a generator of 32 bits, and 50 blocks
 * of 10 days as trades; docs/RATIOS.md has the formula. */
#define QB_EXAMPLE_POINTS 504
#define QB_EXAMPLE_TRADES 50
typedef struct qb_kpi_example {
    int64_t ts_us[QB_EXAMPLE_POINTS];
    double equity[QB_EXAMPLE_POINTS], price[QB_EXAMPLE_POINTS];
    qb_trade_result trades[QB_EXAMPLE_TRADES];
} qb_kpi_example;
void qb_kpi_example_fill(qb_kpi_example *out);
/* Borrows from the example; N = 252, risk-free 0. */
qb_kpi_input qb_kpi_example_input(const qb_kpi_example *example);

#endif
