/* The table of indicators: what each is called, takes and gives, and its whole-column form.
 *
 * In: columns of bars, parameters. Out: one column per output, NaN where it is not defined. A
 * column is the streaming form in a loop, or a kernel of kernels.h where there is one. What needs
 * several instruments at once (rank.h) has no column of one file and is not here. */
#ifndef QB_INDICATOR_TABLE_H
#define QB_INDICATOR_TABLE_H

#include "core/base/base.h"
#include "core/base/param.h"

#define QB_OUTPUT_LIMIT 6 /* columns of one indicator */

/* What a row reads, as bits. */
enum {
    QB_INPUT_TIME = 1, /* ts_us */
    QB_INPUT_OPEN = 2,
    QB_INPUT_HIGH = 4,
    QB_INPUT_LOW = 8,
    QB_INPUT_CLOSE = 16,
    QB_INPUT_VOLUME = 32,
    QB_INPUT_SECOND = 64, /* another instrument's closes, bar by bar */
};
#define QB_INPUT_BARS (QB_INPUT_HIGH | QB_INPUT_LOW | QB_INPUT_CLOSE)

/* Borrowed columns of equal length; what a row does not read may be NULL. Prices are finite,
 * volumes may be NaN. An indicator of one series reads `close`: whatever it is given there. */
typedef struct qb_columns {
    const int64_t *ts_us;
    const double *open, *high, *low, *close, *volume, *second;
    size_t count;
} qb_columns;

typedef struct qb_indicator {
    const char *name;    /* [a-z0-9_]+ */
    const char *summary; /* one line */
    unsigned inputs;
    const qb_param *params;
    size_t param_count;
    const char *const *outputs; /* names, NULL-terminated, 1 to QB_OUTPUT_LIMIT */
    /* Number of the first bar (from 1) on which every output may be defined. */
    size_t (*warmup)(const double *params);
    size_t (*room)(const double *params); /* doubles of workspace; NULL: none */
    /* Writes what is defined; everything else is NaN already. */
    void (*compute)(const qb_columns *in, const double *params, double *room, double *const *out);
    /* NULL, or a static sentence that says what is wrong with this combination. Optional. */
    const char *(*check)(const double *params);
} qb_indicator;

size_t qb_indicator_count(void);
/* index < qb_indicator_count(); static. */
const qb_indicator *qb_indicator_at(size_t index);
/* NULL: no such name. */
const qb_indicator *qb_indicator_find(const char *name);
size_t qb_indicator_outputs(const qb_indicator *indicator);

/* Every output over the whole columns. params has param_count values that pass `check`, room as
 * many doubles as the row wants (any contents), out one column of in->count each. */
void qb_indicator_compute(const qb_indicator *indicator, const qb_columns *in, const double *params,
                          double *room, double *const *out);

#endif
