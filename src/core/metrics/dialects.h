/* The same curve in other tools' words: what quantstats, empyrical, backtesting.py, freqtrade,
 * LEAN and vectorbt would print, and why it differs from ours.
 *
 * In: what qb_kpis_compute takes. Out: each tool's own figures under its own names, never mixed
 * with ours. The definitions were read from each tool's sources; versions stand in dialects.c. */
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
/* Those, in any case; QB_BAD_FORMAT else. */
QB_CHECKED qb_status qb_dialect_from_text(const char *text, qb_dialect *out);

/* One figure as that tool names it. */
typedef struct qb_dialect_kpi {
    const char *key;     /* "sharpe": ours, where it is the same idea; else the tool's */
    const char *title;   /* as the tool prints it */
    const char *differs; /* in one line, how it differs from ours; NULL: it does not */
    qb_kpi_unit unit;
    bool percent;   /* the tool prints it times 100 */
    qb_ratio ratio; /* as a fraction or number, not times 100; the tool's own value for
                     * "undefined" (freqtrade: -100) is kept as a value */
} qb_dialect_kpi;
#define QB_DIALECT_KPIS_LIMIT 32

/* Fills out[0 .. *out_count). Trades are needed for freqtrade and for the trade figures of
 * backtesting.py; without them those are undefined. */
QB_CHECKED qb_status qb_dialect_compute(qb_dialect dialect, const qb_kpi_input *input,
                                        qb_dialect_kpi out[QB_DIALECT_KPIS_LIMIT],
                                        size_t *out_count);

/* What `kpi explain` prints about one of our ratios: formula, when it is undefined, why other tools
 * differ. Static texts; NULL members where there is nothing to say. */
typedef struct qb_kpi_lesson {
    const char *key, *formula, *undefined, *source;
    const char *differs[QB_DIALECT_COUNT];
} qb_kpi_lesson;
/* By our key ("sharpe"); NULL when unknown. */
const qb_kpi_lesson *qb_kpi_lesson_of(const char *key);

#endif
